"""Source files as text that can be edited without disturbing a byte that was not meant.

A `SourceFile` keeps the encoding, byte-order mark and newline of the file it came from. Passes see text
with `\n` newlines and lines numbered from 1, as `ast` and tracebacks do.
"""

from __future__ import annotations

import ast
import codecs
import hashlib
import io
import threading
import tokenize
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

_PARSING = threading.Lock()


def parsed(text: str, filename: str = "<text>") -> ast.Module:
    """`ast.parse`, by one thread at a time: CPython 3.11 counts the depth of all threads together, and raises."""
    with _PARSING:
        return ast.parse(text, filename=filename)


@dataclass(frozen=True)
class SourceFile:
    """One Python source file. `path` is relative to the project root, with forward slashes."""

    path: str
    data: bytes

    @cached_property
    def encoding(self) -> str:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(self.data).readline)
        return encoding

    @cached_property
    def newline(self) -> str:
        r"""`\r\n` when every line ends so, else `\n`. A file that mixes them raises `ValueError`."""
        crlf, lf = self.data.count(b"\r\n"), self.data.count(b"\n")
        if crlf and crlf != lf:
            raise ValueError(f"{self.path}: mixes CRLF and LF line ends; convert it to one of them first")
        return "\r\n" if crlf else "\n"

    @cached_property
    def text(self) -> str:
        r"""The decoded source with `\n` line ends. Raises `SyntaxError` or `UnicodeDecodeError`."""
        text = self.data.decode(self.encoding)
        return text.replace("\r\n", "\n") if self.newline == "\r\n" else text

    @cached_property
    def lines(self) -> tuple[str, ...]:
        r"""The text's lines, each with its `\n` (the last one may lack it)."""
        return tuple(io.StringIO(self.text, newline="\n").readlines())

    @cached_property
    def _parsed_lines(self) -> tuple[str, ...]:
        r"""Lines as the parser counts them: a single `\r` ends one too."""
        return tuple(io.StringIO(self.text, newline="").readlines())

    def segment(self, node: ast.AST) -> str | None:
        """What is written of a node of `tree`, None for one without a place: `ast.get_source_segment`, which takes the
        whole file apart each time."""
        first, last = getattr(node, "lineno", None), getattr(node, "end_lineno", None)
        start, end = getattr(node, "col_offset", None), getattr(node, "end_col_offset", None)
        if first is None or last is None or start is None or end is None:
            return None
        lines = self._parsed_lines
        if first == last:
            return _columns(lines[first - 1], start, end)
        inner = "".join(lines[first : last - 1])
        return _columns(lines[first - 1], start, None) + inner + _columns(lines[last - 1], 0, end)

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed module. Shared by all readers: never mutate it. Raises `SyntaxError`."""
        return parsed(self.text, self.path)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    def with_text(self, text: str) -> SourceFile:
        """The same file with another text, in the same encoding, byte-order mark and newline."""
        if self.newline == "\r\n":
            text = text.replace("\n", "\r\n")
        data = text.encode("utf-8" if self.encoding == "utf-8-sig" else self.encoding)
        if self.encoding == "utf-8-sig":
            data = codecs.BOM_UTF8 + data
        return SourceFile(self.path, data)


def _columns(line: str, start: int, end: int | None) -> str:
    """A part of a line, by places in its UTF-8 bytes, which is how `ast` counts."""
    return line[start:end] if line.isascii() else line.encode()[start:end].decode()


@dataclass(frozen=True, order=True)
class Edit:
    r"""Whole lines `first`..`last` (1-based, inclusive) of one file become `text`.

    `last == first - 1` inserts before line `first` and replaces nothing. `text` is empty or ends in `\n`.
    """

    path: str
    first: int
    last: int
    text: str

    @property
    def inserts(self) -> bool:
        return self.last < self.first

    def overlaps(self, other: Edit) -> bool:
        """True when both replace a common line, or one inserts strictly inside what the other replaces."""
        if self.path != other.path or (self.inserts and other.inserts):
            return False
        if self.inserts:
            return other.first < self.first <= other.last
        if other.inserts:
            return self.first < other.first <= self.last
        return self.first <= other.last and other.first <= self.last


def apply_edits(source: SourceFile, edits: Iterable[Edit]) -> SourceFile:
    """A new source file with `edits` (of this path) applied at once, all in the old file's coordinates.

    Insertions before the same line keep their order; identical insertions there are made once (imports,
    shared helpers). Raises `ValueError` when two edits overlap.
    """
    todo = sorted((e for e in dict.fromkeys(edits) if e.path == source.path), key=lambda e: (e.first, not e.inserts))
    for i, a in enumerate(todo):
        for b in todo[i + 1 :]:
            if a.overlaps(b):
                raise ValueError(f"{source.path}: edits of lines {a.first}-{a.last} and {b.first}-{b.last} overlap")
    lines = list(source.lines)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    out: list[str] = []
    at = 1
    for edit in todo:
        out.extend(lines[at - 1 : edit.first - 1])
        out.append(edit.text)
        at = max(at, edit.first if edit.inserts else edit.last + 1)
    out.extend(lines[at - 1 :])
    return source.with_text("".join(out))


def replace_nodes(source: SourceFile, replacements: Iterable[tuple[ast.AST, str]]) -> list[Edit]:
    """Line edits that put text in place of (disjoint) expression or statement nodes, leaving the rest alone."""
    spans = []
    for node, text in replacements:
        n: Any = node
        spans.append(((n.lineno, n.col_offset), (n.end_lineno, n.end_col_offset), text))
    spans.sort()
    edits: list[Edit] = []
    group: list[tuple[tuple[int, int], tuple[int, int], str]] = []

    def flush() -> None:
        if not group:
            return
        first, last = group[0][0][0], max(s[1][0] for s in group)
        raw = [line.encode() for line in source.lines[first - 1 : last]]
        for (l0, c0), (l1, c1), text in reversed(group):
            a, b = l0 - first, l1 - first
            raw[a : b + 1] = [raw[a][:c0] + text.encode() + raw[b][c1:]]
            raw[a + 1 : a + 1] = [b""] * (b - a)
        joined = b"".join(raw).decode()
        edits.append(Edit(source.path, first, last, joined if joined.endswith("\n") else joined + "\n"))
        group.clear()

    end = 0
    for span in spans:
        if span[0][0] > end:
            flush()
        group.append(span)
        end = max(end, span[1][0])
    flush()
    return edits


def indent(text: str, by: str = "    ") -> str:
    """`text` (whole statements) moved right by `by`, leaving the inside of multi-line strings as it is."""
    inside: set[int] = set()
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, IndentationError, SyntaxError):
        tokens = []
    depth_start: list[int] = []
    for tok in tokens:
        name = tokenize.tok_name[tok.type]
        if name == "STRING":
            inside.update(range(tok.start[0] + 1, tok.end[0] + 1))
        elif name == "FSTRING_START":
            depth_start.append(tok.start[0])
        elif name == "FSTRING_END" and depth_start:
            inside.update(range(depth_start.pop() + 1, tok.end[0] + 1))
    return "".join(
        line if (n in inside or not line.strip()) else by + line
        for n, line in enumerate(io.StringIO(text, newline="\n").readlines(), 1)
    )


def prelude_line(source: SourceFile) -> int:
    """The line before which new imports and helpers go: after the docstring, `__future__` and leading imports.

    Only the unbroken run of top-level imports at the head counts, so what is inserted sees no name early.
    """
    at = 1
    body = source.tree.body
    for i, node in enumerate(body):
        docstring = i == 0 and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if docstring or isinstance(node, (ast.Import, ast.ImportFrom)):
            at = (node.end_lineno or node.lineno) + 1
            continue
        break
    else:
        return len(source.lines) + 1
    if at == 1:
        # keep a leading comment block (shebang, licence) above what is inserted
        for n, line in enumerate(source.lines, 1):
            if not line.lstrip().startswith("#"):
                return n
    return at


def edited(files: Mapping[str, SourceFile], edits: Iterable[Edit]) -> dict[str, SourceFile]:
    """The files that `edits` touch, edited. Raises `KeyError` for a path that is not in `files`."""
    edits = list(edits)
    return {path: apply_edits(files[path], edits) for path in dict.fromkeys(e.path for e in edits)}
