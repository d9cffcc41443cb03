"""Trees that were compiled: a library of C, with its source beside it for machines on which it does not load."""

from __future__ import annotations

import ctypes
import os
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.errors import TargetError
from hasten.serve.answering import Answered

LIBRARY, SOURCE = "trees.so", "source"
FLAGS = (
    "-O1",  # more takes twice as long, and finds nothing more in comparisons
    "-fPIC",
    "-ffp-contract=off",
)
SHARE = 128  # rows a thread that are worth handing out
Ask = Callable[[str], Callable[[NDArray[np.float64]], NDArray[Any]]]


def compiled(source: Path, library: Path) -> None:
    """Make the library out of its source. Raises `OSError` with what the compiler says."""
    with tempfile.TemporaryDirectory() as scratch:
        files = sorted(source.glob("*.c"))
        objects = [Path(scratch) / f"{f.stem}.o" for f in files]

        def one(pair: tuple[Path, Path]) -> str:
            command = ["gcc", *FLAGS, "-c", str(pair[0]), "-o", str(pair[1])]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            return done.stderr if done.returncode else ""

        with ThreadPoolExecutor(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1) as pool:
            wrong = [text for text in pool.map(one, zip(files, objects, strict=True)) if text]
        if wrong:
            raise OSError(f"gcc: {wrong[0].strip().splitlines()[-1][:200]}")
        command = ["gcc", "-shared", "-o", str(library), *map(str, objects), "-lm"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise OSError(f"gcc: {done.stderr.strip()[-200:]}")


def _library(folder: Path) -> ctypes.CDLL:
    try:
        return ctypes.CDLL(str(folder / LIBRARY))
    except OSError as error:
        with tempfile.TemporaryDirectory(prefix="hasten-trees-") as scratch:
            try:
                compiled(folder / SOURCE, Path(scratch) / LIBRARY)
            except OSError as failure:
                raise TargetError(
                    f"{folder / LIBRARY} does not load here ({error}), and compiling it again failed ({failure}): "
                    "install gcc, or make the artifact on a machine of this kind"
                ) from None
            return ctypes.CDLL(str(Path(scratch) / LIBRARY))  # what is loaded outlives its file


def opened(folder: Path, options: Mapping[str, Any], threads: int | None) -> Ask:
    """What gives a function for an output: "answer", or "margin" (before the last transformation)."""
    rows = _library(folder).hasten_rows
    pointer, number = ctypes.c_void_p, ctypes.c_long
    rows.argtypes = [pointer, number, number, ctypes.c_int, pointer, number]
    rows.restype = None
    width, dtype = options["width"], np.dtype(options["dtype"])
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    most = min(threads or usable, usable)
    pool = ThreadPoolExecutor(most - 1) if most > 1 else None  # the caller takes a share too

    def ask(output: str) -> Callable[[NDArray[np.float64]], NDArray[Any]]:
        margin = int(output == "margin")

        def run(x: NDArray[np.float64]) -> NDArray[Any]:
            n, k = x.shape
            out: NDArray[Any] = np.empty((n, width), dtype)
            start, end = x.__array_interface__["data"][0], out.__array_interface__["data"][0]
            if pool is None or n < 2 * SHARE:
                rows(start, n, k, margin, end, width)
                return out
            share = -(-n // most)
            waiting = [
                pool.submit(
                    rows, start + 8 * k * i, min(share, n - i), k, margin, end + dtype.itemsize * width * i, width
                )
                for i in range(share, n, share)
            ]
            rows(start, share, k, margin, end, width)
            for each in waiting:
                each.result()
            return out

        return run

    return ask


def load(folder: Path, options: Mapping[str, Any], threads: int | None) -> Answered:
    return Answered(opened(folder, options, threads), options["answers"])
