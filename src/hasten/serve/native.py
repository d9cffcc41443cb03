"""Machine code of a part: compiled where it is built, and again where it does not load."""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Sequence
from importlib.machinery import ExtensionFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any

import numpy as np

from hasten.errors import TargetError

# no contraction: a fused multiply-add would round once where the original rounds twice
FLAGS = ("-O3", "-std=gnu11", "-ffp-contract=off", "-fno-math-errno", "-fPIC", "-shared")
COMPILE_S = 120.0
_COMPILED: dict[str, bytes] = {}  # libraries by the text that they were made from


def compiler() -> str | None:
    """The C compiler here: `CC`, gcc, clang or cc."""
    named = os.environ.get("CC", "").split()
    return next((found for c in (*named[:1], "gcc", "clang", "cc") if (found := shutil.which(c))), None)


def compiled(source: Path, library: Path, flags: tuple[str, ...] = FLAGS) -> None:
    """Compile `source` (with the headers beside it) to `library`; in one process the same text once.

    Raises `TargetError` where there is no compiler or it fails.
    """
    by = compiler()
    if by is None:
        raise TargetError("no C compiler here: install gcc")
    texts = [
        by.encode(),
        " ".join(flags).encode(),
        source.read_bytes(),
        *(h.read_bytes() for h in sorted(source.parent.glob("*.h"))),
    ]
    key = hashlib.sha256(b"\0".join(texts)).hexdigest()
    if key in _COMPILED:
        library.write_bytes(_COMPILED[key])
        return
    include = sysconfig.get_paths()["include"]
    command = [by, *flags, f"-I{include}", str(source), "-o", str(library), "-lm"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=COMPILE_S, check=False)
    if done.returncode:
        raise TargetError(f"{by} does not compile {source.name}: {done.stderr.strip()[-500:]}")
    _COMPILED[key] = library.read_bytes()


def opened(library: Path, source: Path, module: str, flags: tuple[str, ...] = FLAGS) -> Any:
    """`library` as the Python module `module`, or by ctypes where it holds none.

    Where it does not load (another kind of machine), it is compiled anew from `source`, into a folder of this process.
    """
    try:
        return _opened(library, module)
    except (OSError, ImportError):
        with tempfile.TemporaryDirectory(prefix="hasten-part-") as folder:
            again = Path(folder) / library.name
            compiled(source, again, flags)
            return _opened(again, module)


def runner(
    library: Any, function: str, leading: Sequence[Any], columns: Callable[[int], int] | None = None
) -> Callable[..., int]:
    """`run(*leading, x, out, ...)` of the library: its Python module's own, or its C function by ctypes, called with
    the address of `x`, its number of rows, and the address of `out`.

    By ctypes nothing else looks at `x`: it has to be a matrix of float64 that lies row after row, with as many
    `columns` as the first argument is for (None: not asked). Raises `ValueError`.
    """
    if not isinstance(library, ctypes.CDLL):
        direct: Callable[..., int] = library.run
        return direct
    called, number = getattr(library, function), len(leading)
    called.restype = ctypes.c_int
    called.argtypes = [*leading, ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p]

    def run(*given: Any) -> int:
        x, out = given[number], given[number + 1]
        fits = x.ndim == 2 and x.dtype == np.float64 and x.flags.c_contiguous
        if not fits or columns is not None and x.shape[1] != columns(given[0]):
            raise ValueError("X should be a float64 matrix (rows, columns)")
        return int(called(*given[:number], x.ctypes.data, len(x), out.ctypes.data))

    return run


def _opened(library: Path, module: str) -> Any:
    if sys.implementation.name == "cpython":
        loader = ExtensionFileLoader(module, str(library))
        spec = spec_from_loader(module, loader)
        assert spec is not None
        try:
            made = module_from_spec(spec)
            loader.exec_module(made)
        except ImportError as error:
            if "PyInit" not in str(error):  # it was built without Python's headers
                raise
        else:
            return made
    return ctypes.CDLL(str(library))
