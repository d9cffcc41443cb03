"""A net in machine code of its own: C that was written for it, and compiled for this kind of processor.

The library says what it was compiled for (`level`); on a lesser processor, or where it does not load, the C beside it
is compiled anew.
"""

from __future__ import annotations

import gzip
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.serve.native import FLAGS, compiled, opened
from hasten.serve.stored import load as stored

MODULE = "hasten_net"
SOURCE, LIBRARY, WEIGHTS = "net.c.gz", "net.so.gz", "weights.npz"
LENGTH = "L"
# what each level of x86-64 has, as the kernel names it, best first
V4 = {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl", "avx2", "fma", "bmi2"}
LEVELS = {
    "x86-64-v4, VNNI": {*V4, "avx512_vnni"},
    "x86-64-v4": V4,
    "x86-64-v3": {"avx2", "fma", "bmi1", "bmi2", "f16c", "movbe", "abm"},
}
LANES = {"x86-64-v4, VNNI": 16, "x86-64-v4": 16, "x86-64-v3": 8}
USUAL_LANES = 4
REFUSED = {1: "an index is out of the range of the net's table", 2: "the net takes no inputs of this length"}


def level() -> str:
    """The best of `LEVELS` that this processor has; empty: none."""
    if platform.machine() not in ("x86_64", "AMD64"):
        return ""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
    flags = set(next((line for line in text.splitlines() if line.startswith("flags")), "").split())
    return next((name for name, needed in LEVELS.items() if needed <= flags), "")


def flags(for_level: str) -> tuple[str, ...]:
    """What the compiler is told. Products and sums may be fused, as the runtimes of nets do."""
    own = tuple(f for f in FLAGS if f != "-ffp-contract=off")
    small = ("-s", "-Wl,-z,noseparate-code") if sys.platform == "linux" else ()
    return (*own, *small, "-ffp-contract=fast", "-fno-trapping-math", *_machine(for_level))


def _machine(for_level: str) -> tuple[str, ...]:
    base, _, more = for_level.partition(", ")
    return (*((f"-march={base}",) if base else ()), *(("-mavx512vnni",) if more else ()))


def load(folder: Path, options: Mapping[str, Any], threads: int | None) -> Callable[[list[NDArray[Any]]], NDArray[Any]]:
    """What answers: arrays in, scores out. Always by one thread."""
    library = _library(folder, options["level"])
    weights = _placed(stored(folder / WEIGHTS), options["weights"], options["floats"])
    at, run, scratch = weights.ctypes.data, library.run, library.scratch
    shape, free = tuple(options["answer"]), options["free"]
    empty, single = np.empty, np.float32
    pool: list[tuple[int, NDArray[Any], int]] = []

    def memory(length: int) -> tuple[int, NDArray[Any], int]:
        """Aligned scratch memory: its size, itself, and where it begins."""
        size = max(64, int(scratch(length)))
        held = empty(size + 64, np.uint8)
        return size, held, -(-held.ctypes.data // 64) * 64

    def asked(arrays: list[NDArray[Any]], length: int, answer: tuple[int, ...]) -> NDArray[Any]:
        try:
            some = pool.pop()
        except IndexError:
            some = memory(length)
        if length and some[0] < scratch(length):
            some = memory(length)
        out = empty(answer, single)
        code = run(at, some[2], length, out, *arrays)
        pool.append(some)
        if code:
            raise ValueError(REFUSED[code])
        return out

    if free is None:

        def ask(arrays: list[NDArray[Any]]) -> NDArray[Any]:
            return asked(arrays, 0, (len(arrays[0]), *shape))

    else:
        place, axis = free
        tail = [compile(str(n), "size", "eval") for n in shape]

        def ask(arrays: list[NDArray[Any]]) -> NDArray[Any]:
            length = arrays[place].shape[axis]
            if not length:
                raise ValueError("no steps, and the net needs one at least")
            rest = [int(eval(n, {"__builtins__": {}}, {LENGTH: length})) for n in tail]
            return asked(arrays, length, (len(arrays[0]), *rest))

    def direct(
        names: tuple[str, ...], dtypes: tuple[np.dtype[Any], ...], limit: int | None, slow: Callable[..., Any]
    ) -> Callable[..., Any] | None:
        """What answers calls of up to `limit` rows without Python between, and asks `slow` where inputs are not what
        is usual; None where there is no such code. `names` and `dtypes` are those of the inputs."""
        make = getattr(library, "direct", None)
        if make is None or free is not None:
            return None
        probe = np.empty((2, 3), single)
        interned, kinds = tuple(map(sys.intern, names)), tuple(map(np.dtype, dtypes))
        most = -1 if limit is None else limit
        made: Callable[..., Any] | None = make(
            at, (weights, library), most, slow, empty, (1, *shape), shape, interned, kinds, probe, probe.ctypes.data
        )
        return made

    ask.kept = (weights, library)  # type: ignore[attr-defined]
    ask.direct = direct  # type: ignore[attr-defined]
    return ask


def write(folder: Path, text: str) -> None:
    """Compile the C text for this processor, and keep both. Raises `TargetError`."""
    (folder / SOURCE).write_bytes(gzip.compress(text.encode(), mtime=0))
    with _source(folder) as source:
        library = source.with_name("net.so")
        compiled(source, library, flags(level()))
        (folder / LIBRARY).write_bytes(gzip.compress(library.read_bytes(), mtime=0))


@contextmanager
def _source(folder: Path) -> Iterator[Path]:
    """The C text as a file, for as long as that is needed."""
    with tempfile.TemporaryDirectory(prefix="hasten-part-") as place:
        path = Path(place) / "net.c"
        path.write_bytes(gzip.decompress((folder / SOURCE).read_bytes()))
        yield path


def _library(folder: Path, made_for: str) -> Any:
    here = level()
    own = flags(here)
    with _source(folder) as source:
        # from a place of its own: Python knows modules by their paths, and would give back what lay there before
        library = source.with_name("net.so")
        known = [*LEVELS, ""]
        if made_for in known[known.index(here) :]:
            library.write_bytes(gzip.decompress((folder / LIBRARY).read_bytes()))
        else:
            compiled(source, library, own)
        return opened(library, source, MODULE, own)


def _placed(arrays: Mapping[str, NDArray[Any]], weights: Any, floats: int) -> NDArray[np.float32]:
    """All weights in one piece of memory, as the code reads them."""
    held = np.zeros(floats + 16, np.float32)
    start = -held.ctypes.data % 64 // 4
    made = held[start : start + floats]
    for name, at, tiles in weights:
        array = arrays[name]
        if not tiles and array.dtype == np.int8:
            made[at : at + -(-array.size // 4)].view(np.int8)[: array.size] = array.reshape(-1)
        elif not tiles:
            made[at : at + array.size] = array.reshape(-1)
        elif array.dtype == np.int8:  # four columns of a row lie side by side
            fours = array.shape[1] // 4
            for first, rows, lanes in tiles:
                place = made[at : at + lanes * fours].view(np.int8).reshape(fours, lanes, 4)
                place[:, :rows] = array[first : first + rows].reshape(rows, fours, 4).transpose(1, 0, 2)
                at += lanes * fours
            continue
        for first, rows, lanes in tiles:
            size = lanes * array.shape[1]
            made[at : at + size].reshape(array.shape[1], lanes)[:, :rows] = array[first : first + rows].T
            at += size
    return made
