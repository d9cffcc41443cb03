"""Calls in a loop whose kernel reads containers that the loop leaves alone: made ready once, or left as they are."""

from __future__ import annotations

import ast
import contextlib
import functools
import inspect
import io
import itertools
import random
import sys
import textwrap
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from hasten.core.facts import Facts, RegionFacts, ValueFact
from hasten.core.recipe import Change, Recipe
from hasten.core.source import SourceFile
from hasten.core.workload import Entry, ScriptWorkload
from hasten.kernel.regions import regions_of
from hasten.observe.describe import describe, join
from hasten.passes.source.jit import Jit

TITLE = "made ready once"


def proposed(tmp: Path, text: str) -> tuple[list[Change], ScriptWorkload]:
    """What is made ready, when the functions were seen with what the program gives them."""
    text = textwrap.dedent(text).lstrip()
    (tmp / "a.py").write_text(text)
    source = SourceFile("a.py", text.encode())
    work = ScriptWorkload(tmp, Entry("script", "a.py"), "a.py")
    seen: dict[str, dict[str, tuple[ValueFact, ...]]] = {}

    def watched(function: Any) -> Any:
        known = seen.setdefault(function.__name__, {})
        calls = itertools.count()

        @functools.wraps(function)
        def call(*args: Any, **named: Any) -> Any:
            if next(calls) >= 5:
                return function(*args, **named)
            given = inspect.signature(function).bind(*args, **named)
            given.apply_defaults()
            for name, value in given.arguments.items():
                fact = (describe(value),)
                known[name] = join(known[name], fact) if name in known else fact
            return function(*args, **named)

        return call

    tree = ast.parse(text)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            node.decorator_list.append(ast.copy_location(ast.Name("_watched", ast.Load()), node))
    state: dict[str, Any] = {"_watched": watched, "__name__": "__main__"}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(tree, "a.py", "exec"), state)
    facts = {}
    regions = list(regions_of(source, entry=True))
    for region in regions:
        types = dict(seen.get(region.qualname, {})) if region.kind == "function" else {}
        types |= {n: (describe(state[n]),) for n in (*region.globals_read, *region.live_in) if n in state}
        facts[region.id] = RegionFacts(region.id, types=types)
    known = Facts(regions=facts)
    found = []
    for region in regions:
        for finding in Jit().find(work, region, known):
            found += [c for c in Jit().propose(work, finding, known) if TITLE in c.title]
    return list({c.edits: c for c in found}.values()), work


def ran(text: str, tmp: Path) -> tuple[str, str, list[bool]]:
    """What the program printed, the error that ended it, and for each call whether the kernel served it."""
    path = tmp / "patched.py"
    path.write_text(text)
    served: list[bool] = []

    def watched(wrapper: Any) -> Any:
        @functools.wraps(wrapper)
        def call(*args: Any) -> Any:
            result = wrapper(*args)
            served.append(result is not None)
            return result

        return call

    tree = ast.parse(text)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("_fast_"):
            node.decorator_list.append(ast.copy_location(ast.Name("_watched", ast.Load()), node))
    module = sys.modules["patched"] = ModuleType("patched")
    module.__dict__.update({"_watched": watched, "__file__": str(path), "__name__": "__main__"})
    out, error = io.StringIO(), ""
    random.seed(3)
    with contextlib.redirect_stdout(out):
        try:
            exec(compile(tree, str(path), "exec"), module.__dict__)
        except Exception as problem:  # noqa: BLE001  (whatever the program raises is compared)
            error = repr(problem)
    return out.getvalue(), error, served


RECOMMEND = """
def score(user, item, ratings, table):
    total = 0.0
    weight = 0.0
    for other in ratings[user]:
        if other in table[item]:
            total += table[item][other] * ratings[user][other]
            weight += abs(table[item][other])
    return total / weight if weight > 0 else 0.0

def recommend(user, ratings, table, n=2):
    found = []
    for item in table:
        if item not in ratings[user]:
            found.append((score(user, item, ratings, table), item))
    found.sort(key=lambda f: (-f[0], f[1]))
    return found[:n]

def main():
    ratings = {u: {(u * 7 + k * 3) % 11: float(k + u % 3) for k in range(4)} for u in range(9)}
    table = {i: {j: 1.0 / (1 + abs(i - j)) for j in range(11) if (i + j) % 3} for i in range(11)}
    every = []
    for user in list(ratings)[:6]:
        best = recommend(user, ratings, table)
        every.append(best[0])
        print(user, [item for _, item in best], f"{best[0][0]:.6f}")
    print(sorted(every))

main()
"""

SEARCH = """
index = {}
documents = ["a red fox ran", "a quick red dog", "the fox and the dog", "no one", "red red red"]
for number, line in enumerate(documents):
    for word in line.split():
        index.setdefault(word, {})
        index[word][number] = index[word].get(number, 0) + 1

def search(words, index, sizes):
    scores = {}
    for word in words:
        if word in index:
            for number in index[word]:
                scores[number] = scores.get(number, 0.0) + index[word][number] / sizes[number]
    return sorted(scores.items(), key=lambda s: (-s[1], s[0]))

sizes = [len(line.split()) for line in documents]
for query in ["red fox", "dog", "nothing here", "the the red"]:
    hits = search(query.split(), index, sizes)
    print(query, "->", hits)
"""

NEAREST = """
def nearest(row, points, labels, k):
    pairs = []
    for i in range(len(points)):
        d = 0.0
        for a, b in zip(row, points[i]):
            d += (a - b) ** 2
        pairs.append((d, labels[i]))
    pairs.sort()
    votes = 0
    for d, label in pairs[:k]:
        votes += label
    return 1 if votes * 2 > k else 0

def main(points, labels, rows):
    report = []
    for row in rows:
        report.append(f"{row[0]:.3f}")
        label = nearest(row, points, labels, k=3)
        report.append(str(label))
    print(" ".join(report))

points = [[(i * 37 % 17) / 3.0, (i * 11 % 13) / 2.0] for i in range(30)]
main(points, [i % 2 for i in range(30)], [[p[1], p[0]] for p in points[:5]])
"""

GLOBALS = """
graph = {n: [(n * 3) % 20, (n * 7 + 1) % 20] for n in range(20)}
graph[20] = []

def far(start):
    found = {start: 0}
    queue = [start]
    while queue:
        node = queue.pop(0)
        for other in graph[node]:
            if other not in found:
                found[other] = found[node] + 1
                queue.append(other)
    return max(found.values()), len(found)

farthest = [far(start) for start in graph]
print(farthest)
"""

RANKED = """
def rank(extra, table, k):
    found = []
    for item in table:
        found.append((table[item].get(k, 0.5), item))
    for item in extra:
        found.append((0.5, item))
    found.sort(key=lambda f: (-f[0], f[1]))
    return found[:9]

table = {name: {len(name): 1.0, 5: 0.25} for name in ["pear", "fig", "apple", "kiwi", "plum"]}
rows = []
for turn, k in enumerate([1, 4, 5, 3]):
    # strings that were not there before come in between those that were
    rows.append(rank(["q" * turn, chr(97 + 7 * turn) + "a", "fig" + str(k)], table, k))
print(rows)
"""

HELD = {
    "rank": (RANKED, 4),
    "recommend": (RECOMMEND, 6),
    "search": (SEARCH, 4),
    "nearest": (NEAREST, 5),
    "far": (GLOBALS, 21),
}


@pytest.mark.parametrize("name", HELD)
def test_made_ready_once(name: str, tmp_path: Path) -> None:
    text, calls = HELD[name]
    changes, work = proposed(tmp_path, text)
    (change,) = [c for c in changes if c.title.startswith(f"compiled {name},")]
    patched = Recipe((change,)).apply(work).source("a.py").text
    old, new = ran(textwrap.dedent(text), tmp_path), ran(patched, tmp_path)
    assert old[:2] == new[:2], patched
    assert new[2] == [True] * calls, patched
    assert "hasten" not in patched


def test_what_is_not_as_recorded_runs_as_it_was(tmp_path: Path) -> None:
    """The containers hold other types by the time that they are made ready, or a call gets something else."""
    changes, work = proposed(tmp_path, RECOMMEND)
    patched = Recipe((changes[-1],)).apply(work).source("a.py").text
    for was, now, served in (
        ("1.0 / (1 + abs(i - j))", "1 / (1 + abs(i - j)) if j else 1", [False] * 6),  # one of them is an int
        ("float(k + u % 3)", "float('nan') if k == 2 else -0.0", None),
        ("list(ratings)[:6]", "[0, True, 2**70, 1]", None),
        ("list(ratings)[:6]", "[]", []),
        ("    every = []\n", "    every = []\n    ratings[100] = {}\n", [True] * 6),
    ):
        assert was in patched
        old, new = ran(RECOMMEND.replace(was, now), tmp_path), ran(patched.replace(was, now), tmp_path)
        assert old[:2] == new[:2], now
        assert served is None or new[2] == served, now


MAIN = """
    for user in list(ratings)[:6]:
        best = recommend(user, ratings, table)
"""
CHANGED = {
    "stored into": MAIN + "        ratings[user][99] = 1.0\n",
    "an item is stored into": MAIN + "        row = ratings[user]\n        row[99] = 1.0\n",
    "rebound": MAIN + "        table = dict(table)\n",
    "the items of one that may be the same": MAIN + "        other = pick(ratings)\n        other[99] = 1.0\n",
    "changed by another function": MAIN + "        spoil(table)\n",
    "changed by a method": MAIN + "        Keeper(table).spoil()\n",
    "changed when it is printed": MAIN + "        print(Keeper(table))\n",
    "changed when it is compared": MAIN + "        print(Keeper(table) == 3)\n",
    "changed by a generator": MAIN.replace("list(ratings)[:6]", "spoiling(table)"),
    "changed by a lambda": MAIN + "        sorted([2, 1], key=lambda v: table.pop(v, v))\n",
    "changed through a partner": MAIN + "        table.setdefault(user, {})\n",
    "deleted from": MAIN + "        del table[list(table)[0]]\n",
}
HELPERS = """
def pick(rows):
    return rows[0]

def spoil(rows):
    rows.clear()

def spoiling(rows):
    for k in list(rows)[:6]:
        yield k
        rows[k] = {}

class Keeper:
    def __init__(self, rows):
        self.rows = rows

    def spoil(self):
        self.rows.clear()
"""
DUNDERS = """
    def __str__(self):
        self.rows.clear()
        return "spoilt"

    def __eq__(self, other):
        self.rows.clear()
        return True
"""


@pytest.mark.parametrize("name", CHANGED)
def test_what_may_change_is_not_made_ready(name: str, tmp_path: Path) -> None:
    head, tail = RECOMMEND.split("    every = []\n")
    assert "for user" in tail
    helpers = HELPERS + (DUNDERS if "when it is" in name else "")
    text = (
        helpers
        + head
        + CHANGED[name].lstrip("\n")
        + "        print(best)\n\ntry:\n    main()\nexcept Exception:\n    pass\n"
    )
    changes, _ = proposed(tmp_path, text)
    assert not [c for c in changes if c.title.startswith("compiled recommend,")]


CALLED_LATER = {
    "the loop hands control away": """
def results(users, ratings, table):
    for user in users:
        yield recommend(user, ratings, table)

def main():
    {data}
    for best in results(list(ratings)[:6], ratings, table):
        ratings[0][5] = 1.0
        print(best)
""",
    "a generator expression is used up later": """
def main():
    {data}
    found = (recommend(user, ratings, table) for user in list(ratings)[:6])
    for best in found:
        table[0][5] = ratings[0][5] = 1.0
        print(best)
""",
    "another function takes its place": """
import sys

def other(user, ratings, table, n=2):
    return [(0.0, user)]

def main():
    {data}
    for user in list(ratings)[:6]:
        best = recommend(user, ratings, table)
        print(best)
        sys.modules[__name__].recommend = other
""",
}


@pytest.mark.parametrize("name", CALLED_LATER)
def test_what_is_called_later_or_replaced_is_left_alone(name: str, tmp_path: Path) -> None:
    head, tail = RECOMMEND.split("def main():\n")
    data = "\n    ".join(line.strip() for line in tail.splitlines()[:2])
    assert "table =" in data
    changes, _ = proposed(tmp_path, head + CALLED_LATER[name].format(data=data) + "\nmain()\n")
    assert not [c for c in changes if c.title.startswith("compiled recommend,")]


def test_a_generator_expression_that_is_used_up_at_once(tmp_path: Path) -> None:
    head, _ = RECOMMEND.split("    every = []\n")
    text = head + "    print(max(recommend(user, ratings, table)[0] for user in list(ratings)[:6]))\n\nmain()\n"
    changes, work = proposed(tmp_path, text)
    (change,) = [c for c in changes if c.title.startswith("compiled recommend,")]
    patched = Recipe((change,)).apply(work).source("a.py").text
    old, new = ran(text, tmp_path), ran(patched, tmp_path)
    assert old[:2] == new[:2] and new[2] == [True] * 6
