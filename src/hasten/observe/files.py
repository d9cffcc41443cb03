"""Files that a program wrote: what of them repeats, and the first difference in words.

Text is compared as text with numbers, `.npy` and `.npz` by structure and values, gzip and zip archives by what is in
them (their headers carry the time), everything else byte by byte.
"""

from __future__ import annotations

import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hasten.core.contract import NEAR_ZERO
from hasten.observe.text import NO_MASK, Mask, decoded, find_mask, text_difference

_LARGEST_TEXT = 64_000_000  # bytes; longer files are compared byte by byte
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")

_DIGEST = re.compile(r"[0-9a-f]{64}")

# What a run left under one name: a copy of the content, the digest of a file that is too large to keep, a phrase for
# what is no plain file, or None for nothing.
Version = Path | str | None


@dataclass(frozen=True)
class FileMask:
    """What of one file is not repeatable. `members` are those of an archive."""

    whole: bool = False
    text: Mask = NO_MASK
    members: Mapping[str, FileMask] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        return not self.whole and self.text.empty and not self.members


NO_FILE_MASK = FileMask()


def file_mask(name: str, versions: Sequence[Version]) -> tuple[FileMask, tuple[str, ...]]:
    """What differs between the files that runs of one program left under `name`, and a sentence for each thing."""
    if any(v is None for v in versions):
        if all(v is None for v in versions):
            return NO_FILE_MASK, ()
        return FileMask(whole=True), (f"file {name}: is not there after every run",)
    if any(isinstance(v, str) for v in versions):
        if all(v == versions[0] for v in versions):
            return NO_FILE_MASK, ()
        if all(map(_is_file, versions)):
            return FileMask(whole=True), (
                f"file {name}: its content changes from run to run, and it is too large to look inside, so it is not "
                "compared",
            )
        return FileMask(whole=True), (f"file {name}: changes its kind or target from run to run",)
    contents = [v.read_bytes() for v in versions if isinstance(v, Path)]
    return _content_mask(f"file {name}", contents)


def _content_mask(where: str, contents: Sequence[bytes]) -> tuple[FileMask, tuple[str, ...]]:
    if all(c == contents[0] for c in contents):
        return NO_FILE_MASK, ()
    members = [_members(c) for c in contents]
    known = [m for m in members if m is not None]
    if len(known) == len(contents):
        if any(list(m) != list(known[0]) for m in known):
            return FileMask(whole=True), (f"{where}: what it contains changes from run to run",)
        inner: dict[str, FileMask] = {}
        said: list[str] = []
        for name in known[0]:
            mask, words = _content_mask(f"{where}, {name}" if name else where, [m[name] for m in known])
            if not mask.empty:
                inner[name] = mask
                said += words
        return FileMask(members=inner), tuple(said)
    if all(_is_text(c) for c in contents):
        text, words = find_mask([decoded(c) for c in contents], where)
        return FileMask(text=text), words
    return FileMask(whole=True), (f"{where}: its content changes from run to run, so it is not compared",)


def file_difference(name: str, old: Version, new: Version, *, rtol: float, mask: FileMask = NO_FILE_MASK) -> str | None:
    """The first difference between two versions of a file in words, or None."""
    if mask.whole:
        return None
    if isinstance(old, Path) and isinstance(new, Path):
        return _content_difference(f"file {name}", old.read_bytes(), new.read_bytes(), rtol, mask)
    if old == new:
        return None
    if old is None:
        return f"file {name}: is written now, and was not before"
    if new is None:
        return f"file {name}: is not written any more"
    if _is_file(old) and _is_file(new):
        return f"file {name}: differs (too large to say where: such files are compared by their digests)"
    return f"file {name}: {_kind(old)} became {_kind(new)}"


def _is_file(version: Version) -> bool:
    return isinstance(version, Path) or _DIGEST.fullmatch(version or "") is not None


def _kind(version: Version) -> str:
    return "a file" if _is_file(version) else str(version)


def _content_difference(where: str, old: bytes, new: bytes, rtol: float, mask: FileMask) -> str | None:
    if mask.whole or old == new:
        return None
    if old.startswith(b"\x93NUMPY") and new.startswith(b"\x93NUMPY"):
        return array_difference(where, old, new, rtol)
    a, b = _members(old), _members(new)
    if a is not None and b is not None:
        if list(a) != list(b):
            return f"{where}: contains {', '.join(b)} instead of {', '.join(a)}"
        for name in a:
            inner = mask.members.get(name, NO_FILE_MASK)
            found = _content_difference(f"{where}, {name}" if name else where, a[name], b[name], rtol, inner)
            if found:
                return found
        return None
    if _is_text(old) and _is_text(new):
        return text_difference(decoded(old), decoded(new), rtol=rtol, mask=mask.text, where=where)
    at = next((i for i, (x, y) in enumerate(zip(old, new, strict=False)) if x != y), min(len(old), len(new)))
    return f"{where}: differs from byte {at} on ({len(old)} bytes before, {len(new)} now)"


def _members(content: bytes) -> dict[str, bytes] | None:
    """What an archive holds, by name in order; None when it is none or is damaged."""
    try:
        if content.startswith(b"\x1f\x8b"):
            return {"": gzip.decompress(content)}
        if content.startswith(b"PK\x03\x04"):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                return {info.filename: archive.read(info) for info in archive.infolist()}
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError):
        return None
    return None


def _is_text(content: bytes) -> bool:
    if len(content) > _LARGEST_TEXT or _CONTROL.search(content[:65536]):
        return False
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def array_difference(where: str, old: bytes, new: bytes, rtol: float) -> str | None:
    """The first difference between two `.npy` files in words. Arrays of objects are compared byte by byte."""
    import numpy as np

    def load(content: bytes) -> Any:
        return np.load(io.BytesIO(content), allow_pickle=False)

    try:
        a, b = load(old), load(new)
    except (ValueError, OSError, EOFError):
        return f"{where}: differs"
    if a.dtype != b.dtype:
        return f"{where}: dtype {a.dtype} became {b.dtype}"
    if a.shape != b.shape:
        return f"{where}: shape {a.shape} became {b.shape}"
    if a.dtype.kind not in "fc" or rtol <= 0:
        same = np.frombuffer(a.tobytes(), np.uint8) == np.frombuffer(b.tobytes(), np.uint8)
        return None if same.all() else f"{where}: {_first(a, b)}"
    parts = [(a.real, b.real), (a.imag, b.imag)] if a.dtype.kind == "c" else [(a, b)]
    for x, y in parts:
        finite = np.isfinite(x)
        odd = ~finite
        if (finite != np.isfinite(y)).any() or not np.array_equal(x[odd], y[odd], equal_nan=True):
            return f"{where}: {_first(a, b)}"
        if not odd.all():
            u, v = x[finite], y[finite]
            largest = np.abs(u).max()
            # scaled before squaring: an overflow to infinity would excuse every difference
            scale = largest * np.sqrt(np.mean(np.square(u / largest))) if largest > 0 else largest
            if (np.abs(u - v) > rtol * np.maximum(np.maximum(np.abs(u), np.abs(v)), NEAR_ZERO * scale)).any():
                return f"{where}: {_first(a, b)}"
    return None


def _first(a: Any, b: Any) -> str:
    """Where two arrays of one shape and dtype first differ by value, in words."""
    import numpy as np

    x, y = a.ravel(), b.ravel()
    apart = (x != y) & ~((x != x) & (y != y)) if a.dtype.kind in "fc" else x != y
    where = np.flatnonzero(apart)
    if not where.size:
        return "the bits differ (signed zeros, NaN payloads or the order in memory)"
    index = tuple(int(i) for i in np.unravel_index(where[0], a.shape)) if a.shape else ()
    return f"{where.size} of {x.size} values differ; the first, at {index}: {x[where[0]]!r} became {y[where[0]]!r}"
