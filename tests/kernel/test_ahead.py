"""Kernels in files of their own: what is split off, and that the extension module does what Numba does."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from hasten.core.source import SourceFile
from hasten.kernel import ahead
from hasten.kernel.ahead_build import MADE
from hasten.observe.runtime import runtime_folder
from hasten.search.ahead import build, specify

TEXT = '''"""A program."""

import math
import numpy as np
from numba import njit
from numba.core.errors import NumbaError


@njit(cache=True, error_model="python")
def _checked(x):
    """x, if it is positive."""
    if x < 0:
        raise ValueError
    return math.sqrt(x)


@njit(cache=True, boundscheck=True, error_model="python")
def _total_kernel(values, start):
    total = start
    for i in range(len(values)):
        total += _checked(values[i])
    return total, values[:2].copy()


@njit(cache=True, boundscheck=True, error_model="python")
def _lists_kernel(n, flag):
    rows = [[1.5] for _ in range(0)]
    for i in range(n):
        rows.append([float(i), 2.0])
    keys = [(i, i + 1) for i in range(n) if i % 2 == 0]
    return rows, keys, flag and n > 2


@njit(cache=True, boundscheck=True, error_model="python")
def _element_kernel(kernel, i, kernel_0):
    return kernel[i, kernel_0] // (kernel_0 - 1)


@njit(cache=True, boundscheck=True, error_model="python")
def _draw_kernel(rng, n):
    total = 0.0
    for _ in range(n):
        total += rng.standard_normal()
    return total


@njit(cache=True, boundscheck=True, error_model="python")
def _stream_kernel(stream, n):
    for _ in range(n):
        stream[0][1] += stream[0][0]
    stream[1][0] += 0.5
    return stream[0][1] * stream[1][0]


def _fast_total(values, start):
    try:
        total = _total_kernel(values, start)
    except (LookupError, RuntimeError, ValueError, NumbaError):
        return None
    return total


def total(values):
    done = _fast_total(values, 0.5)
    if done is None:
        return "plain"
    return done


def others(rng):
    stream = (np.array([3, 0]), np.zeros(1))
    return _lists_kernel(3, True), _element_kernel, _draw_kernel(rng, 3), _stream_kernel(stream, 2)
'''


def parts_of(text: str, original: str = "x = 1\n", path: str = "prog.py", taken: tuple[str, ...] = ()) -> ahead.Split:
    found = ahead.split(SourceFile(path, text.encode()), original, taken, relative=False)
    assert found is not None
    return found


def test_kernels_and_the_import_of_numba_leave_the_file() -> None:
    parts = parts_of(TEXT)
    left = parts.file.text
    assert "njit" not in left
    assert "NumbaError" not in left
    assert (
        "from prog_kernels import _total_kernel, _lists_kernel, _element_kernel, _draw_kernel, _stream_kernel\n" in left
    )
    assert "_checked" not in left
    assert "except (LookupError, RuntimeError, ValueError):" in left
    assert parts.numba.path == "prog_numba.py"
    assert parts.numba.text.count("@njit(") == 6
    assert "import math\nfrom numba import njit\n" in parts.numba.text
    assert parts.parameters["_element_kernel"] == ("kernel", "i", "kernel_0")


def test_constants_of_helpers_go_along() -> None:
    constant = "_COMPENSATED = sys.version_info >= (3, 12)"
    text = TEXT.replace("return math.sqrt(x)", "return math.sqrt(x) if _COMPENSATED else x")
    parts = parts_of(text.replace("import math\n", f"import math\nimport sys\n\n{constant}\n"))
    assert constant not in parts.file.text
    moved = parts.numba.text
    assert "import sys\n" in moved
    assert moved.index(constant) < moved.index("@njit")


def test_names_that_are_taken_and_names_that_are_no_module() -> None:
    assert parts_of(TEXT, taken=("prog_numba.py",)).shim_path == "prog_fast_kernels.py"
    assert parts_of(TEXT, path="a b/my-prog.py").shim_path == "a b/fast_kernels.py"


@pytest.mark.parametrize(
    ("text", "original"),
    [
        (TEXT, "from numba import njit\n"),  # the user's own kernels
        ("x = 1\n", "x = 1\n"),
        (TEXT.replace("math.sqrt(x)", "LIMIT * x"), "LIMIT = 3\n"),  # a kernel that names something of the file
        (TEXT + "\nprint(njit)\n", "x = 1\n"),
    ],
)
def test_what_is_left_alone(text: str, original: str) -> None:
    assert ahead.split(SourceFile("prog.py", text.encode()), original, (), relative=False) is None


def test_inside_a_package_the_files_find_each_other() -> None:
    parts = ahead.split(SourceFile("pkg/prog.py", TEXT.encode()), "", (), relative=True)
    assert parts is not None
    assert "from .prog_kernels import" in parts.file.text
    made = ahead.shim(parts, [ahead.Signature("_total_kernel", "total_kernel_0", ())]).text
    assert f"from . import {parts.module} as _ahead" in made
    assert "from . import prog_numba" in made


USE = """
import sys
import numpy as np
import prog
import prog_kernels as kernels

values = np.array([1.0, 4.0, 9.0])
assert (kernels._ahead is not None) == (sys.argv[1] == "compiled"), kernels._ahead
total, first = prog.total(values)
assert total == 6.5 and first.tolist() == [1.0, 4.0], (total, first)
assert prog.total(np.array([1.0, -1.0])) == "plain"
rows, keys, flag = kernels._lists_kernel(4, True)
assert rows == [[0.0, 2.0], [1.0, 2.0], [2.0, 2.0], [3.0, 2.0]] and keys == [(0, 1), (2, 3)] and flag is True
assert all(type(k) is tuple and type(k[0]) is int for k in keys)
table = np.arange(6, dtype=np.int64).reshape(2, 3)
assert kernels._element_kernel(table, 1, 2) == 5
assert kernels._element_kernel(table, 1, 0) == -3
for i, j, error in ((2, 0, IndexError), (0, 3, IndexError), (0, 1, ZeroDivisionError)):
    try:
        kernels._element_kernel(table, i, j)
    except error:
        continue
    raise AssertionError((i, j))
# the kernel was called with an array that must not be written, so either kind is as good
table.flags.writeable = False
assert kernels._element_kernel(table, 1, 2) == 5
rng, same = np.random.default_rng(5), np.random.default_rng(5)
assert kernels._draw_kernel(rng, 3) == sum(same.standard_normal() for _ in range(3))
assert rng.bit_generator.state == same.bit_generator.state
stream = (np.array([3, 0]), np.zeros(1))
assert kernels._stream_kernel(stream, 2) == 3.0
assert stream[0].tolist() == [3, 6] and stream[1].tolist() == [0.5], "changed in place"
before = "numba" in sys.modules
assert before == (sys.argv[1] != "compiled")
# what the extension module does not take, Numba compiles: strides, other types, arrays that must not be written
assert kernels._element_kernel(table[:, ::-1], 1, 0) == -5
assert kernels._element_kernel(np.asfortranarray(table), 1, 2) == 5
for stream in ((np.array([3, 9, 0, 9])[::2], np.zeros(1)), (np.array([3, 0]), np.zeros(1, np.float32))):
    assert kernels._stream_kernel(stream, 2) == 3.0
    assert stream[0].tolist() == [3, 6] and stream[1].tolist() == [0.5]
assert "numba" in sys.modules
print("done")
"""

SEEN = """
import numpy as np
import prog
prog.total(np.array([1.0]))
prog.others(np.random.default_rng(1))
fixed = np.zeros((2, 3), np.int64)
fixed.flags.writeable = False
prog._element_kernel(fixed, 0, 0)
"""


def run(folder: Path, *words: str) -> str:
    env = {**os.environ, "PYTHONPATH": str(folder), "NUMBA_CACHE_DIR": str(folder / "cache")}
    done = subprocess.run([sys.executable, *words], cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_extension_module_does_what_numba_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = parts_of(TEXT)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    project = tmp_path / "project"
    project.mkdir()
    out, runtime = tmp_path / "out", runtime_folder(tmp_path)
    specify(parts, tmp_path / "types", out)
    for file in (parts.file, parts.numba, ahead.recorder(parts, str(out), str(runtime))):
        (project / file.path).write_bytes(file.data)
    # the run that shows the types builds the module as it ends, whatever becomes of its forked children
    run(project, "-c", SEEN + "import os\nif os.fork() == 0:\n    raise SystemExit\nos.wait()\n")
    assert set(pickle.loads((tmp_path / "types").read_bytes())) == set(parts.kernels)
    at_once = (out / MADE).read_text()
    (out / MADE).unlink()
    # a process of its own, for runs that ended otherwise, builds the same
    signatures = build(parts, out, python=sys.executable, runtime=runtime, deadline_s=300)
    assert not isinstance(signatures, str), signatures
    assert not list(temporary.iterdir()), "what compilers leave behind lies beside what they made"
    assert [s.export for s in signatures] == [m["export"] for m in json.loads(at_once)]
    (project / parts.shim_path).write_bytes(ahead.shim(parts, signatures).data)
    (extension,) = out.glob(f"{parts.module}.*")
    (project / extension.name).write_bytes(extension.read_bytes())
    assert run(project, "-c", USE, "compiled") == "done\n"
    # an edited kernel is compiled anew, never the old code run
    edited = parts.numba.text.replace("(kernel_0 - 1)", "(kernel_0 - 1)  # mine")
    (project / parts.numba.path).write_text(edited)
    assert run(project, "-c", USE, "edited") == "done\n"
    # and so it is without the extension module, as after `git apply`
    (project / parts.numba.path).write_bytes(parts.numba.data)
    (project / extension.name).unlink()
    assert run(project, "-c", USE, "missing") == "done\n"
