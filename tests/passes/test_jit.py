"""The JIT pass: what it proposes, what it leaves alone, and how its patches look."""

from __future__ import annotations

import ast
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hasten.core.facts import Facts, LineTime, Profile, RegionFacts, ValueFact
from hasten.core.finding import Region
from hasten.core.recipe import Change, Pass, Recipe, Risk
from hasten.core.source import SourceFile
from hasten.core.workload import Entry, ScriptWorkload
from hasten.kernel.regions import regions_of
from hasten.observe.describe import describe
from hasten.passes.source.jit import Jit, surely_bound


def asked(
    text: str, types: dict[str, Any], wanted: str = "block", **profile: Any
) -> tuple[list[Change], str, ScriptWorkload]:
    """Changes for the last (innermost) region of a kind that holds a loop, and why there are none."""
    source = SourceFile("a.py", textwrap.dedent(text).encode())
    work = ScriptWorkload(Path("."), Entry("script", "a.py"), "a.py").with_sources({"a.py": source})
    facts_of: dict[str, tuple[ValueFact, ...]] = {k: (describe(v),) for k, v in types.items()}
    found: list[Region] = [r for r in regions_of(source, entry=True) if r.kind == wanted]
    loops = [
        r
        for r in found
        if "for " in source.lines[r.first - 1] or "while " in source.lines[r.first - 1] or wanted == "function"
    ]
    if not loops:
        return [], "no region", work
    region = loops[0]
    facts = Facts(Profile(**profile), {region.id: RegionFacts(region.id, types=facts_of)})
    changes = [c for f in Jit().find(work, region, facts) for c in Jit().propose(work, f, facts)]
    return changes, Jit().explain(work, region, facts), work


def test_is_a_pass() -> None:
    assert isinstance(Jit(), Pass)
    assert Jit.code == "HST301" and Jit.name == "jit"


LOOP = """
import numpy as np
def run(x, n):
    total = 0.0
    for i in range(n):
        total += x[i]
    return total
"""


def test_patch_keeps_the_original_and_adds_guards() -> None:
    changes, why, work = asked(LOOP, {"x": np.ones(3), "n": 3, "total": 0.0})
    assert not why
    (change,) = changes
    text = Recipe((change,)).apply(work).source("a.py").text
    ast.parse(text)
    assert change.risk is Risk.EXACT and change.needs == ("numba", "numpy")
    assert "hasten" not in text
    assert "        for i in range(n):\n            total += x[i]\n" in text
    assert "_plain_array(x, np.float64, 1)" in text


def test_two_changes_of_one_file_share_helpers() -> None:
    text = LOOP + LOOP.split("np\n")[1].replace("run", "walk")
    source = SourceFile("a.py", text.encode())
    work = ScriptWorkload(Path("."), Entry("script", "a.py"), "a.py").with_sources({"a.py": source})
    facts = {"x": (describe(np.ones(3)),), "n": (describe(3),), "total": (describe(0.0),)}
    regions = [r for r in regions_of(source, entry=True) if r.kind == "function"]
    known = Facts(regions={r.id: RegionFacts(r.id, types=facts) for r in regions})
    changes = tuple(next(Jit().propose(work, next(Jit().find(work, r, known)), known)) for r in regions)
    patched = Recipe(changes).apply(work).source("a.py").text
    tree = ast.parse(patched)
    names = [n.name for n in tree.body if isinstance(n, ast.FunctionDef)]
    assert len(names) == len(set(names))
    assert patched.count("from numba import njit\n") == 1


def test_a_file_with_kernels_of_an_earlier_round_gets_more() -> None:
    text = LOOP + LOOP.split("np\n")[1].replace("run", "walk").replace("x[i]", "x[i] / 2.0")
    work = ScriptWorkload(Path("."), Entry("script", "a.py"), "a.py")
    work = work.with_sources({"a.py": SourceFile("a.py", text.encode())})
    facts = {"x": (describe(np.ones(3)),), "n": (describe(3),), "total": (describe(0.0),)}
    for name in ("run", "walk"):
        (region,) = [
            r for r in regions_of(work.source("a.py"), entry=True) if r.kind == "function" and r.qualname == name
        ]
        known = Facts(regions={region.id: RegionFacts(region.id, types=facts)})
        assert Jit().explain(work, region, known) == ""
        work = next(Jit().propose(work, next(Jit().find(work, region, known)), known)).apply(work)
    space: dict[str, Any] = {}
    patched = work.source("a.py").text
    assert patched.count("from numba.core.errors import NumbaError\n") == 1
    names = [n.name for n in ast.parse(patched).body if isinstance(n, ast.FunctionDef)]
    assert len(names) == len(set(names))
    exec(compile(patched.replace("cache=True, ", ""), "a.py", "exec"), space)
    assert space["_fast_walk"](np.arange(4.0), 4) == (3.0,)
    shadowed = LOOP + "class NumbaError(Exception):\n    pass\n"
    assert asked(shadowed, {"x": np.ones(3), "n": 3, "total": 0.0})[0] == []


def test_cold_code_is_left_alone() -> None:
    cold = {"samples": 100, "lines": {("a.py", 2): LineTime()}, "stacks": ((("a.py:m:90",), 100),)}
    changes, _, _ = asked(LOOP, {"x": np.ones(3), "n": 3, "total": 0.0}, **cold)
    assert changes == []


def test_tabs_and_names_that_are_taken() -> None:
    text = "import numpy as np\ndef run(x, n, done):\n\ttotal = 0.0\n\tfor i in range(n):\n\t\ttotal += x[i]\n\treturn total\n"
    changes, why, work = asked(text, {"x": np.ones(3), "n": 3, "total": 0.0, "done": 1})
    assert not why
    patched = Recipe((changes[0],)).apply(work).source("a.py").text
    ast.parse(patched)
    assert "done_2 = " in patched


LEFT_ALONE = {
    "global behind a local of the same name": (
        """
        scale = 2.0
        def helper(v):
            return v * scale
        def run(x, scale):
            total = 0.0
            for v in x:
                total += helper(v)
            return total
        """,
        {"x": [1.0], "scale": 3.0, "total": 0.0},
    ),
    "waits for a thread": (
        """
        def run(stop, n):
            while not stop:
                n += 1
            return n
        """,
        {"stop": False, "n": 0},
    ),
    "may be unbound": (
        """
        def run(n):
            for k in [1, 2, 3]:
                print(k)
                for i in range(n):
                    if k > 1:
                        n = int(s)
                    s = float(i)
            return s
        """,
        {"n": 3, "k": 2, "s": 1.0},
    ),
    "looks at its own names": ("x = 0\nfor i in range(9):\n    x += i\nprint(sorted(globals()))\n", {"x": 0}),
    "a builtin of its own": ("float = int\nx = 0\nfor i in range(9):\n    x += i\nprint(x)\n", {"x": 0}),
    "star import": ("from somewhere import *\nx = 0\nfor i in range(9):\n    x += i\nprint(x)\n", {"x": 0}),
    "property": (
        """
        class A:
            @property
            def w(self):
                print("read")
                return [1.0]
            def run(self, n):
                t = 0.0
                for i in range(n):
                    t += self.w[0]
                return t
        """,
        {"n": 3, "self.w": [1.0], "t": 0.0},
    ),
    "print": ("for i in range(3):\n    print(i)\n", {}),
    # streams that kernels follow bit for bit are in tests/kernel/test_draws.py
    "system stream": (
        "import random\nr = random.SystemRandom()\ns = 0.0\nfor i in range(3):\n    s += r.random()\nprint(s)\n",
        {"s": 0.0},
    ),
    "weighted stream": (
        "import numpy as np\ns = 0.0\nfor i in range(3):\n    s += np.random.multinomial(3, [0.5, 0.5])[0]\nprint(s)\n",
        {"s": 0.0},
    ),
    "rebound helper": (
        "def f(v):\n    return v\ndef g(v):\n    return -v\ns = 0.0\nfor i in range(3):\n    s += f(1.0)\nf = g\nprint(s)\n",
        {"s": 0.0},
    ),
    "decorated helper": (
        "from functools import cache\n@cache\ndef f(v):\n    return v\ns = 0.0\nfor i in range(3):\n    s += f(1.0)\nprint(s)\n",
        {"s": 0.0},
    ),
    "helper that counts": (
        "n = 0\ndef f(v):\n    global n\n    n += 1\n    return v\ns = 0.0\nfor i in range(3):\n    s += f(1.0)\nprint(s)\n",
        {"s": 0.0, "n": 0},
    ),
    "sum and list share": (
        "a = [1.0]\nfor i in range(3):\n    b = a\n    b[0] = 2.0\nprint(b, a)\n",
        {"a": [1.0], "b": [1.0]},
    ),
    "try inside": (
        "s = 0\nfor i in range(3):\n    try:\n        s += 1 // i\n    except ZeroDivisionError:\n        s = 9\nprint(s)\n",
        {"s": 0},
    ),
    "user object": ("s = 0\nfor i in range(3):\n    s += thing\nprint(s)\n", {"s": 0, "thing": object()}),
    "decimal text": ("s = 0.5\nfor i in range(3):\n    s = float(f'{s * 1.1:.2f}')\nprint(s)\n", {"s": 0.5}),
    "float32": (
        "import numpy as np\ns = 0\nfor i in range(3):\n    s += x[i]\nprint(s)\n",
        {"s": 0, "x": np.ones(3, "f4")},
    ),
    "generator": ("def f(x):\n    for i in range(3):\n        yield i\n", {"x": 1}),
}


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_left_alone(name: str) -> None:
    text, types = LEFT_ALONE[name]
    changes, why, _ = asked(text, types)
    assert changes == [] and why


def test_surely_bound_follows_paths() -> None:
    tree = ast.parse(
        "import os\n"
        "def f(a):\n"
        "    b = 1\n"
        "    if a:\n"
        "        c = 2\n"
        "    for k in range(3):\n"
        "        d = 4\n"
        "        x = 1\n"
    )
    function = tree.body[1]
    assert isinstance(function, ast.FunctionDef)
    loop = function.body[2]
    assert isinstance(loop, ast.For)
    sure = surely_bound(tree, function, loop.body[1])
    assert {"a", "b", "k", "d", "os"} <= sure and "c" not in sure
