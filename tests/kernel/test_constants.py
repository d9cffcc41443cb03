"""Constants that a file writes out, or has from another file: tuples, numbers, lists and dicts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hasten.core.facts import Facts, RegionFacts
from hasten.core.recipe import Recipe
from hasten.core.source import SourceFile
from hasten.core.workload import Entry, ScriptWorkload
from hasten.kernel import constants
from hasten.kernel.program import Module
from hasten.kernel.regions import regions_of
from hasten.observe.describe import describe
from hasten.passes.source.jit import Jit

SETTINGS = """STEPS = ((0, 1), (1, 0), (-1, 0), (0, -1))
LEVELS = (0.25, 0.5, 0.75, 1.5, 2.5)
WEIGHTS = {3: 1.5, 5: 0.5}
RING = [(1, 2), (3, 4)]
MARKS = ("a", "b")
DAY = 24 * 60
FLAGS = (True, False, True)
MIXED = (1, 2.0)
EMPTY = ()
TWICE = (1, 2)
TWICE = (1, 2, 3)
"""
OWN = "import sys\n" + SETTINGS + "\n\n"
IMPORTED = "import sys\nimport settings as s\nfrom settings import DAY, FLAGS, LEVELS, MARKS, MIXED, RING, STEPS, WEIGHTS\n\n\n"
TOTAL = """def total(xs, words):
    t = 0.0
    for i in range(len(xs)):
        for dy, dx in STEPS:
            t += dy * xs[i] + dx
        step = STEPS[i % 4]
        sy, sx = STEPS[-1 - i % 4]
        t += step[0] * 3 + sy + 2 * sx + STEPS[2][0] - STEPS[i % 2][i % 2]
        t += LEVELS[i % 5] + LEVELS[-2] + len(LEVELS) + sum(LEVELS)
        for k, level in enumerate(LEVELS):
            if xs[i] < level:
                t += k
                break
        t += WEIGHTS[5] + DAY
        a, b = RING[i % 2]
        t += a * b
        if i > MIXED[0] and i * 1.0 > MIXED[-1] and FLAGS[i % 3]:
            t -= 0.125
        if words[i] in MARKS:
            t += 1.0
    return t


"""
MAIN = """n = int(sys.argv[1])
print(repr(total([0.3 * i for i in range(n)], ["a", "c"] * n)))
"""


def made(folder: Path, text: str) -> str | Recipe:
    """The change of `total`, or why there is none."""
    (folder / "main.py").write_text(text)
    (folder / "settings.py").write_text(SETTINGS)
    work = ScriptWorkload(folder, Entry("script", "main.py"), "main.py")
    regions = regions_of(work.source("main.py"), entry=True)
    region = next(r for r in regions if r.qualname == "total" and r.kind == "function")
    types = {"xs": (describe([1.0, 2.0]),), "words": (describe(["a", "c"]),)}
    for name in ("WEIGHTS", "RING"):
        if name in region.globals_read:
            types[name] = (describe({3: 1.5} if name == "WEIGHTS" else [(1, 2)]),)
    facts = Facts(regions={region.id: RegionFacts(region.id, types=types)})
    why = Jit().explain(work, region, facts)
    if why:
        return why
    (finding,) = Jit().find(work, region, facts)
    return Recipe((next(iter(Jit().propose(work, finding, facts))),))


@pytest.mark.parametrize("head", [OWN, IMPORTED], ids=["own", "imported"])
def test_constants_of_a_file(tmp_path: Path, head: str) -> None:
    change = "if sys.argv[2:]:\n    exec(sys.argv[2])\n"
    text = head + TOTAL
    # the file that is compiled has no `exec`: what is set from outside is set by another file
    (tmp_path / "outer.py").write_text(
        "import sys\nimport main\n\n" + change + "\n" + MAIN.replace("total(", "main.total(")
    )
    recipe = made(tmp_path, text)
    assert isinstance(recipe, Recipe), recipe
    work = ScriptWorkload(tmp_path, Entry("script", "main.py"), "main.py")
    patched = recipe.apply(work).source("main.py").text
    seen = patched.replace("done = _fast_total(", "done = _seen(_fast_total, ")
    seen += "\n\ndef _seen(f, *args):\n    done = f(*args)\n    print('fast' if done else 'plain')\n    return done\n"

    def outer(text: str, *words: str) -> str:
        (tmp_path / "main.py").write_text(text)
        env = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
        done = subprocess.run(
            [sys.executable, "outer.py", *words], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
        )
        return done.stdout + "".join(done.stderr.splitlines()[-1:])

    for words, way in (
        (("7",), "fast"),
        (("1",), "fast"),
        (("7", "main.STEPS = ((0, 1), (1, 0), (-1, 0), (0, 1))"), "plain"),
        (("7", "main.STEPS = ((0, True), (1, 0), (-1, 0), (0, -1))"), "plain"),
        (("7", "main.LEVELS = (0.25, 0.5, 0.75, 1.5, 3)"), "plain"),
        (("7", "main.LEVELS = [0.25, 0.5, 0.75, 1.5, 2.5]"), "plain"),
        (("7", "main.MARKS = ('c',)"), "plain"),
        (("7", "main.DAY = 2.5"), "plain"),
        (("7", "main.WEIGHTS[5] = 4.5"), "fast"),
        (("7", "main.RING.append((7, 8))"), "fast"),
        (("7", "main.RING[0] = (7, 8, 9)"), "plain"),
        (("7", "main.STEPS = None"), "plain"),
    ):
        plain = outer(text, *words)
        assert outer(seen, *words) == f"{way}\n{plain}", words


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("t += TWICE[0]", "TWICE"),
        ("t += [EMPTY for EMPTY in xs][0]", ""),
        ("t += STEPS[i][0:1][0]", "tuple"),
        ("t += LEVELS[i % 5:][0]", "tuple"),
        ("STEPS[0] = 1", "assignment"),
        ("t += MIXED[i % 2]", "tuple"),
        ("t += len(EMPTY)", "EMPTY"),
    ],
)
def test_what_is_no_constant_here(tmp_path: Path, line: str, why: str) -> None:
    text = f"{OWN}def total(xs, words):\n    t = 0.0\n    for i in range(len(xs)):\n        {line}\n    return t\n"
    recipe = made(tmp_path, text)
    assert isinstance(recipe, Recipe) if not why else why in str(recipe), recipe


def test_a_name_that_a_comprehension_binds_is_not_the_constant(tmp_path: Path) -> None:
    body = "    t = 0.0\n    for i in range(3):\n        t += sum([LEVELS for LEVELS in xs])\n    return t\n"
    recipe = made(tmp_path, f"{OWN}def total(xs, words):\n{body}")
    if isinstance(recipe, Recipe):
        assert "0.25" not in "".join(e.text for e in recipe.changes[0].edits)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("X = (1, (2.5, -3))", (1, (2.5, -3))),
        ("X: tuple = (1,)", (1,)),
        ("X = 3 * 8 - 1", 23),
        ("X = 2 ** 9", constants.MISSING),
        ("X = 1 / 0", constants.MISSING),
        ("X = 1\nX = 1", constants.MISSING),
        ("X = 1\ndef f(X): pass", constants.MISSING),
        ("X = 1\ndef f():\n    global X\n    X = 2", constants.MISSING),
        ("from a import *\nX = 1", constants.MISSING),
        ("X = 1\nglobals()['X'] = 2", constants.MISSING),
        ("def f():\n    X = 1", constants.MISSING),
        ("X = f(1)", constants.MISSING),
        ("X = 1 + True", constants.MISSING),
    ],
)
def test_values_that_are_written_out(text: str, value: object) -> None:
    found = constants.of(Module(SourceFile("a.py", text.encode())), "X")
    assert found == value and type(found) is type(value)
