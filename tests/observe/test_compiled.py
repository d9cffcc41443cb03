"""Compiled kernels that are lent from run to run: only where the very same code would be compiled again."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

from hasten.core.source import SourceFile
from hasten.observe.compiled import Compiled, elsewhere, kernels

TEXT = """import math
import numpy as np
from numba import njit

_K = 4 * math.exp(-0.5)


@njit(cache=True, error_model="python")
def _twice(x):
    return x * 2 + _K


@njit(cache=True, error_model="python")
def _total(xs):
    t = 0.0
    for i in range(len(xs)):
        t += _twice(xs[i])
    return t


def main():
    print(round(_total(np.arange(5.0)), 3), sum(_total.stats.cache_hits.values()))


main()
"""


def source(text: str) -> SourceFile:
    return SourceFile("tools/slow.py", text.encode())


def told(text: str) -> dict[str, str]:
    return {name: digest for name, _, digest in kernels(source(text))}


def test_the_text_of_a_kernel_and_of_all_that_it_names_counts_and_its_place_does_not() -> None:
    assert set(told(TEXT)) == {"_twice", "_total"}
    assert told(TEXT) == told("# a comment\nimport os\n\n" + TEXT.replace("return t\n", "return t  # the sum\n"))
    other = told(TEXT.replace("x * 2", "x * 3"))
    assert other["_twice"] != told(TEXT)["_twice"] and other["_total"] != told(TEXT)["_total"]
    other = told(TEXT.replace("t = 0.0", "t = 1.0"))
    assert other["_twice"] == told(TEXT)["_twice"] and other["_total"] != told(TEXT)["_total"]
    for a, b in (("exp(-0.5)", "exp(-0.6)"), ("import math", "import cmath as math"), ('"python"', '"numpy"')):
        assert not set(told(TEXT).values()) & set(told(TEXT.replace(a, b)).values()) - {""}, a


def test_what_may_mean_something_else_is_not_lent() -> None:
    for a, b in (
        ("_K = 4 * math.exp(-0.5)", "_K = np.load('k.npy')"),
        ("_K = 4 * math.exp(-0.5)", "_K = 1.0\n_K = 2.0"),
        ("_K = 4 * math.exp(-0.5)", "from settings import _K"),
        ("_K = 4 * math.exp(-0.5)", "try:\n    _K = 1.0\nexcept ValueError:\n    _K = 2.0"),
        ("_K = 4 * math.exp(-0.5)", "_K = 1.0\n\n\ndef change():\n    global _K\n    _K = 2.0"),
        ("_K = 4 * math.exp(-0.5)", "_K = make()"),
        ("_K = 4 * math.exp(-0.5)", ""),
        ("import math", "from settings import *\nimport math"),
        ('@njit(cache=True, error_model="python")\ndef _twice', "def _twice"),
        ('@njit(cache=True, error_model="python")\ndef _twice', "@njit(cache=False)\ndef _twice"),
        ('@njit(cache=True, error_model="python")\ndef _twice', "@timed\n@njit(cache=True)\ndef _twice"),
    ):
        assert "_total" not in told(TEXT.replace(a, b)), b


def test_no_kernels_no_question() -> None:
    assert not told("def f(x):\n    return x\n") and not told("njit = (\n")


def test_lent_to_another_text_around_the_same_kernels(tmp_path: Path) -> None:
    compiled = Compiled(tmp_path / "aside")
    before, after = source(TEXT), source("# one more line\n" + TEXT)
    changed = source(TEXT.replace("x * 2", "x * 3"))

    def run(text: SourceFile, folder: Path) -> tuple[str, int]:
        (folder / "tools").mkdir(parents=True)
        (folder / text.path).write_bytes(text.data)
        lent = compiled.lend(text, folder / "tools" / "__pycache__")
        done = subprocess.run([sys.executable, "tools/slow.py"], cwd=folder, capture_output=True, text=True)
        assert not done.stderr
        compiled.keep(text, folder / "tools" / "__pycache__")
        return done.stdout.strip(), lent

    assert run(before, tmp_path / "a") == ("32.131 0", 0)
    assert run(after, tmp_path / "b") == ("32.131 1", 2), "loaded, not compiled"
    assert run(changed, tmp_path / "c") == ("42.131 0", 0), "another callee: compiled anew"
    # what was compiled where NUMBA_CACHE_DIR says serves too
    folder = elsewhere(tmp_path / "numba", tmp_path / "d" / "tools" / "slow.py")
    assert compiled.lend(after, folder) == 2 and compiled.lend(after, folder) == 0, "what is there stays"
    locator: Any = importlib.import_module("numba.core.caching").UserProvidedCacheLocator
    assert folder.name == locator.get_suitable_cache_subpath(str(tmp_path / "d" / "tools" / "slow.py"))
    part = next(iter(folder.glob("*.nbc")))
    part.unlink()
    compiled.keep(after, folder)  # an index without its data is no reason to stop


def test_a_run_that_was_stopped_leaves_nothing_to_lend(tmp_path: Path) -> None:
    compiled = Compiled(tmp_path / "aside")
    text = source(TEXT)
    cache = tmp_path / "__pycache__"
    compiled.keep(text, cache)
    cache.mkdir()
    (cache / "slow._twice-8.py311.nbi").write_bytes(b"an index of another version, without a digest")
    compiled.keep(text, cache)
    assert compiled.lend(text, tmp_path / "new") == 0 and not (tmp_path / "new").exists()
