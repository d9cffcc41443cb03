"""Sorting again for one item; and what all containers passes have in common."""

from __future__ import annotations

from pathlib import Path

import pytest

from hasten.core.facts import Facts
from hasten.core.recipe import Pass
from hasten.kernel.regions import regions_of
from hasten.passes.source.containers import PASSES
from hasten.passes.source.containers.sorting import Sorting
from tests.passes.test_containers_harness import changed, check, left_alone, work_of

CHANGED = {
    "insert": """
def f(ys):
    xs = []
    out = []
    for y in ys:
        xs.append(y)
        xs.sort()
        out.append(xs[len(xs) // 2])
    return out, xs
print(f([3, 1, 2, 2, 5]), f([2, 1.0, True, 1, 0.0, -0.0]), f("hello"), f([-0.0, 0.0, 0.5, -0.0]))
print(f([(1, "a"), (0, "b"), (1, "a"), (0.5, "a")]), f([]), f([1.0, float("nan"), 0.5, 2.0]))
for bad in (["a", 1], [None, None], [(1, None), (1, None)]):
    try:
        f(bad)
    except TypeError as e:
        print(e)
""",
    "queue by cost": """
def walk(graph):
    todo = [(0, "a")]
    cost = {}
    while todo:
        c, n = todo.pop(0)
        if n in cost:
            continue
        cost[n] = c
        for m, d in graph.get(n, []):
            todo.append((c + d, m))
            todo.sort()
    return cost
print(walk({"a": [("b", 3), ("c", 1)], "c": [("b", 1)], "b": [("a", 1.5)]}))
""",
    "ends": """
def f(xs):
    return sorted(xs)[0], sorted(xs)[-1], sorted(xs)[:2], sorted(xs, reverse=True)[:2], sorted(xs, reverse=True)[0]
print(f([3, 1, 2]), f("hello"), f([1, True, 1.0, 0.0, -0.0]), f((2, 2)), f([float("nan"), 1.0, 0.5]))
for bad in ([], ["a", 1], [None], 3):
    try:
        f(bad)
    except (IndexError, TypeError) as e:
        print(repr(e))
""",
}
ALONE = {
    "other changes": """
def f(ys):
    xs = []
    for y in ys:
        xs.append(y)
        xs.sort()
        xs[0] = 9
    return xs
print(f([3, 1, 2]))
""",
    "alias": """
def f(xs, zs):
    for y in [3, 1, 2]:
        xs.append(y)
        xs.sort()
        zs.append(0)
    return xs
a = []
print(f(a, a))
""",
    "by key": """
def f(ys):
    xs = []
    for y in ys:
        xs.append(y)
        xs.sort(key=abs)
    return xs, sorted(ys, key=abs)[0]
print(f([3, -1, 2]))
""",
    "own sorted": """
def sorted(xs):
    print("sorted")
    return xs
print(sorted([2, 1])[0])
""",
}


@pytest.mark.parametrize("name", CHANGED)
def test_changed(name: str, tmp_path: Path) -> None:
    changed(Sorting(), tmp_path, CHANGED[name])


@pytest.mark.parametrize("name", ALONE)
def test_left_alone(name: str, tmp_path: Path) -> None:
    left_alone(Sorting(), tmp_path, ALONE[name])


def test_passes_meet_the_protocol() -> None:
    assert all(isinstance(p, Pass) for p in PASSES)
    assert len({p.code for p in PASSES}) == len(PASSES)
    assert all(p.code.startswith("HST1") and p.name for p in PASSES)


def _programs() -> list[str]:
    from tests.passes import (
        test_containers_join_index as a,
    )
    from tests.passes import (
        test_containers_membership as b,
    )
    from tests.passes import (
        test_containers_memo as c,
    )
    from tests.passes import (
        test_containers_more as d,
    )
    from tests.passes import (
        test_containers_queue as e,
    )

    out = []
    for module in (a, b, c, d, e):
        for table in vars(module).values():
            if isinstance(table, dict) and table and all(isinstance(v, str) for v in table.values()):
                out += [v for k, v in table.items() if not k.startswith("__") and isinstance(v, str) and "\n" in v]
    return [*dict.fromkeys(out), *CHANGED.values(), *ALONE.values()]


@pytest.mark.parametrize("number", range(6))
def test_every_pass_on_every_program_of_the_others(number: int, tmp_path: Path) -> None:
    for source in _programs()[number::6]:
        for p in PASSES:
            check(p, tmp_path, source)


def test_programs_that_do_not_parse_are_left(tmp_path: Path) -> None:
    region = next(iter(regions_of(work_of(tmp_path, "for i in []:\n    pass\n").source("script.py"), entry=True)))
    broken = work_of(tmp_path, "for (:\n")
    assert all(not list(p.find(broken, region, Facts())) for p in PASSES)
