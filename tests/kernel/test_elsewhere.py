"""Kernels that call functions of the project's other files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hasten.core.facts import Facts, RegionFacts
from hasten.core.recipe import Recipe
from hasten.core.workload import Entry, ScriptWorkload
from hasten.kernel.regions import regions_of
from hasten.observe.describe import describe
from hasten.passes.source.jit import Jit

TOOLS = '''"""Tools."""
import math as m
import random
from math import pi as PI

SCALE = 3
TABLE = list((1, 2))


def scaled(x):
    return half(x) * SCALE + m.e + PI


def half(x):
    return x / 2


def noisy(x):
    return x + random.random()


def listed(x):
    return TABLE[0] + x


def twice(f, x):
    return f(f(x))
'''

MAIN = """import sys
{imports}


def total(xs):
    s = 0.0
    for x in xs:
        s += {call}
    return s


{before}
print(repr(total([float(i) for i in range(int(sys.argv[1]))])))
"""


def made(folder: Path, imports: str, call: str, before: str = "", path: str = "main.py") -> str | Recipe:
    """The change of `total`, or why there is none."""
    (folder / "main.py").write_text(MAIN.format(imports=imports, call=call, before=before))
    (folder / "tools.py").write_text(TOOLS)
    work = ScriptWorkload(folder, Entry("script", "main.py"), "main.py")
    region = next(
        r for r in regions_of(work.source(path), entry=True) if r.qualname == "total" and r.kind == "function"
    )
    facts = Facts(regions={region.id: RegionFacts(region.id, types={"xs": (describe([1.0, 2.0]),)})})
    why = Jit().explain(work, region, facts)
    if why:
        return why
    (finding,) = Jit().find(work, region, facts)
    return Recipe((next(iter(Jit().propose(work, finding, facts))),))


def run(folder: Path, *words: str) -> str:
    env = {**os.environ, "NUMBA_CACHE_DIR": str(folder / "cache")}
    done = subprocess.run(
        [sys.executable, "main.py", *words], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    return done.stdout + "".join(done.stderr.splitlines()[-1:])


SPY = "import tools as spied\nif sys.argv[2:]:\n    spied.SCALE = {'7': 7, '2.5': 2.5, 'None': None}[sys.argv[2]]\n"
SEEN = "done = _fast_total(xs)\n    print('fast' if done else 'plain')"


@pytest.mark.parametrize(
    ("imports", "call"), [("from tools import scaled", "scaled(x)"), ("import tools as t", "t.scaled(x) + t.half(x)")]
)
def test_functions_of_another_file(tmp_path: Path, imports: str, call: str) -> None:
    recipe = made(tmp_path, imports, call, before=SPY)
    assert isinstance(recipe, Recipe), recipe
    inputs = [("5",), ("0",), ("4", "7"), ("4", "2.5"), ("4", "None")]
    before = [run(tmp_path, *words) for words in inputs]
    work = ScriptWorkload(tmp_path, Entry("script", "main.py"), "main.py")
    text = recipe.apply(work).source("main.py").text
    assert "SCALE" not in text.split("def total")[0].replace('.get("SCALE")', "")
    (tmp_path / "main.py").write_text(text.replace("done = _fast_total(xs)", SEEN))
    for words, old in zip(inputs, before, strict=True):
        # a number of the other file is looked at when the kernel is called: another one is for the plain code
        way = "plain" if len(words) > 1 or words == ("0",) else "fast"
        assert run(tmp_path, *words) == f"{way}\n{old}", words


@pytest.mark.parametrize(
    ("imports", "call", "why"),
    [
        ("from tools import noisy", "noisy(x)", "random"),
        ("from tools import listed", "listed(x)", "TABLE of another file"),
        ("from tools import scaled\nscaled = abs", "scaled(x)", "scaled"),
        ("from tools import *", "scaled(x)", ""),
        ("from tools import scaled, twice", "twice(scaled, x)", ""),
        ("from statistics import harmonic_mean", "harmonic_mean([x])", "harmonic_mean"),
        ("from nowhere import gone", "gone(x)", "gone"),
    ],
)
def test_what_is_left_alone(tmp_path: Path, imports: str, call: str, why: str) -> None:
    found = made(tmp_path, imports, call)
    assert isinstance(found, str)
    assert why in found


def package(folder: Path, init: str, **others: str) -> None:
    (folder / "pack").mkdir()
    (folder / "pack" / "__init__.py").write_text(init)
    (folder / "pack" / "tools.py").write_text(TOOLS)
    for name, text in others.items():
        (folder / "pack" / f"{name}.py").write_text(text)


@pytest.mark.parametrize(
    ("imports", "call", "init"),
    [
        ("from pack import scaled", "scaled(x)", "from .tools import *\nfrom .other import *\n"),
        ("import pack as p", "p.wider(x)", "from pack.tools import half, scaled as wider\n"),
    ],
)
def test_functions_that_a_package_hands_on(tmp_path: Path, imports: str, call: str, init: str) -> None:
    package(tmp_path, init, other="def nothing():\n    pass\n")
    spy = "import pack.tools as spied\nif sys.argv[2:]:\n    spied.SCALE = int(sys.argv[2])\n"
    recipe = made(tmp_path, imports, call, before=spy)
    assert isinstance(recipe, Recipe), recipe
    before = [run(tmp_path, "5"), run(tmp_path, "4", "7")]
    text = recipe.apply(ScriptWorkload(tmp_path, Entry("script", "main.py"), "main.py")).source("main.py").text
    (tmp_path / "main.py").write_text(text.replace("done = _fast_total(xs)", SEEN))
    assert run(tmp_path, "5") == f"fast\n{before[0]}"
    assert run(tmp_path, "4", "7") == f"plain\n{before[1]}"


@pytest.mark.parametrize(
    ("init", "other"),
    [
        ("from .tools import *\nfrom .other import *\n", "def scaled(x):\n    return x\n"),
        ("from .tools import *\nfrom .other import *\n", "from math import *\n"),
        ("from .tools import *\nfrom numpy import *\n", ""),
        ("from .tools import *\nscaled = abs\n", ""),
        ("from .tools import *\nglobals()['scaled'] = abs\n", ""),
        ("from .tools import scaled\ntry:\n    from fast import scaled\nexcept ImportError:\n    pass\n", ""),
        ("from .tools import *\nfrom .other import *\n", "__all__ = ['scaled']\nfrom .tools import half as scaled\n"),
        ("from .other import scaled\n", "from . import scaled\n"),
    ],
)
def test_names_that_may_come_from_elsewhere(tmp_path: Path, init: str, other: str) -> None:
    package(tmp_path, init, other=other)
    found = made(tmp_path, "from pack import scaled", "scaled(x)")
    assert isinstance(found, str)
    assert "scaled" in found
