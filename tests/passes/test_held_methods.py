"""Calls of a method in a loop: what its kernel reads of the object is made ready once, or left as it is."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hasten.core.facts import Facts, RegionFacts
from hasten.core.recipe import Change
from hasten.core.workload import Entry, ScriptWorkload
from hasten.kernel.regions import regions_of
from hasten.observe.describe import describe
from hasten.passes.source.jit import Jit

STORE = """class Store:
    def __init__(self):
        self.by_user = {}
        self.log = []

    def add(self, user, item, value):
        self.by_user.setdefault(user, {})[item] = value

    def note(self, text):
        self.log.append(text)
"""

MODEL = """from kept import Store


class Model:
    def __init__(self, store, rows):
        self.store = store
        self.rows = rows
        self.rate = 0.5
        self.asked = 0

    def norm(self, user):
        total = 0.0
        for r in self.store.by_user[user].values():
            total += r * r
        return total

    def predict(self, user, item, shrink=0.25):
        total = self.norm(user) * self.rate
        for other in self.store.by_user:
            theirs = self.store.by_user[other]
            if item in theirs:
                total += theirs[item] * shrink
        for x in self.rows[item]:
            total += x
        return total


def build():
    store = Store()
    for u in range(6):
        for i in range(5):
            if (u + i) % 3:
                store.add(u, i, 0.5 * u + i)
    return Model(store, [[0.1 * i + j for j in range(4)] for i in range(5)])
"""

MAIN = """import sys
from maker import Model, build
{imports}


def evaluate(model, pairs):
    lines = []
    {before}
    for user, item in pairs:
        {first}
        guess = model.predict(user, item)
        lines.append(f"{{user}} {{item}} {{guess:.6f}}")
        {last}
    return lines


class Other(Model):
    def norm(self, user):
        return -1.0


def strange(text, model):
    if text == "other":
        return Other(model.store, model.rows)
    if text == "own":
        model.norm = lambda user: 9.0
    if text == "ints":
        model.rows[2][1] = 7
    if text == "none":
        model.store = None
    if text == "gone":
        model.store.by_user[3] = None
    return model


if __name__ == "__main__":
    model = build()
    pairs = [(u % 6, (u * 7) % 5) for u in range(40)]
    if sys.argv[1:]:
        model = strange(sys.argv[1], model)
        pairs += [(77, 1)] if sys.argv[1] == "missing" else []
    print(evaluate(model, pairs))
"""


def proposed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, main: str, model: str = MODEL, store: str = STORE
) -> str | Change:
    """What is made ready in `evaluate`, or why nothing is."""
    for name, text in (("main", main), ("maker", model), ("kept", store)):
        (folder / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(str(folder))
    for name in ("maker", "kept"):
        sys.modules.pop(name, None)
    try:
        module: Any = importlib.import_module("maker")
        types = {
            "self": (describe(module.build()),), "user": (describe(3),), "item": (describe(2),),
            "shrink": (describe(0.25),),
        }  # fmt: skip
    finally:
        for name in ("maker", "kept"):
            sys.modules.pop(name, None)
    work = ScriptWorkload(folder, Entry("script", "main.py"), "main.py")
    source = work.source("main.py")
    regions = list(regions_of(source, entry=True))
    line = next(n for n, text in enumerate(source.lines, 1) if text.startswith("    for user, item in pairs"))
    region = next(r for r in regions if r.first == line and r.kind == "block")
    method = next(r for r in regions_of(work.source("maker.py"), entry=False) if r.qualname == "Model.predict")
    facts = Facts(
        regions={
            region.id: RegionFacts(region.id, calls=1),
            method.id: RegionFacts(method.id, calls=40, types=types),
        }
    )
    why = Jit().explain(work, region, facts)
    if why:
        return why
    (finding,) = Jit().find(work, region, facts)
    return next(iter(Jit().propose(work, finding, facts)))


def main(imports: str = "", before: str = "pass", first: str = "pass", last: str = "pass") -> str:
    return MAIN.format(imports=imports, before=before, first=first, last=last)


def run(folder: Path, *words: str) -> str:
    env = {**os.environ, "NUMBA_CACHE_DIR": str(folder / "cache")}
    done = subprocess.run(
        [sys.executable, "main.py", *words], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    return done.stdout + "".join(done.stderr.splitlines()[-1:])


def test_made_ready_before_the_loop_in_another_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = proposed(tmp_path, monkeypatch, main(last="model.store.note(item)"))
    assert isinstance(found, Change), found
    words = [(), ("other",), ("own",), ("ints",), ("none",), ("gone",), ("missing",)]
    before = [run(tmp_path, *w) for w in words]
    new = found.apply(ScriptWorkload(tmp_path, Entry("script", "main.py"), "main.py"))
    text = new.source("main.py").text
    assert "    model_predict_ready = _ready_model_predict(model)\n    for user, item in pairs:" in text
    assert "_model_predict_when_ready(model_predict_ready, model, user, item)" in text
    for path, changed in new.changed.items():
        (tmp_path / path).write_bytes(changed.data)
    seen = new.source("maker.py").text.replace(
        "    return self.predict(user, item, shrink) if done is None else done[0]",
        "    print('fast' if done else 'plain')\n    return self.predict(user, item, shrink) if done is None else done[0]",
    )
    (tmp_path / "maker.py").write_text(seen)
    for w, old, way in zip(words, before, ["fast"] + ["plain"] * 5 + ["fast"], strict=True):
        shown = run(tmp_path, *w)
        assert shown.replace("fast\n", "").replace("plain\n", "") == old, w
        assert shown.startswith(way), w


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"last": "model.store.add(user, item, 1.0)"}, ""),
        ({"last": "model.store.by_user[user][item] = 1.0"}, ""),
        ({"before": "row = model.store.by_user[3]", "last": "row[item] = 1.0"}, ""),
        ({"before": "rows = model.rows", "last": "rows[0] = [1.0, 2.0, 3.0, 4.0]"}, ""),
        ({"last": "model.rows = model.rows[:] + [[1.0]]\n        model.store = model.store"}, ""),
        ({"first": "model = build()"}, "build"),
        ({"first": "model, other = model, user"}, "model changes"),
        ({"last": "exec('model.rows.clear()')"}, ""),
        ({"last": "setattr(model, 'store', None)"}, ""),
        ({"last": "model.rows[0].sort()"}, ""),
        ({"last": "change(model)", "imports": "def change(m):\n    for row in m.rows:\n        row.append(0.0)"}, ""),
        ({"imports": "Model.predict = lambda self, user, item: 0.0"}, ""),
        ({"imports": "from threading import Thread"}, ""),
    ],
)
def test_what_may_change_in_the_loop_is_not_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, str], why: str
) -> None:
    found = proposed(tmp_path, monkeypatch, main(**change))
    assert isinstance(found, str) and why in found, found


def test_only_what_stays_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = proposed(tmp_path, monkeypatch, main(last="model.rows = [[0.5, 1.5]] * 5"))
    if isinstance(found, Change):
        text = "".join(e.text for e in found.edits if e.path == "maker.py")
        assert "same_self_store_by_user" in text and "same_self_rows" not in text
        before = run(tmp_path)
        for path, changed in found.apply(
            ScriptWorkload(tmp_path, Entry("script", "main.py"), "main.py")
        ).changed.items():
            (tmp_path / path).write_bytes(changed.data)
        assert run(tmp_path) == before


def test_a_file_that_does_not_import_the_class_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = main().replace("from maker import Model, build", "").replace("class Other(Model)", "class Other")
    text = text.replace("model = build()", "model = __import__('maker').build()")
    assert isinstance(proposed(tmp_path, monkeypatch, text), str)


SCORING = """SMOOTH = (0.5, 1.5)


def score(index, lengths, query, doc):
    total = 0.0
    for term in query:
        postings = index.get(term, {})
        if doc in postings:
            total += postings[doc] * SMOOTH[1] / (postings[doc] + SMOOTH[0] * lengths[doc])
    return total
"""

SEARCH = """from scoring import score as points
{imports}


def search(index, lengths, queries):
    found = []
    for query in queries:
        for doc in range(len(lengths)):
            s = points(index, lengths, query, doc)
            {last}
            found.append(f"{{doc}}:{{s:.4f}}")
    return found


index = {{t: {{d: (t * d) % 4 + 1 for d in range(t % 5 + 1)}} for t in range(30)}}
print(search(index, [2.0, 3.0, 4.0, 5.5, 9.0], [[1, 4, 7], [2, 2, 29], [77]]))
"""


def found_in_search(folder: Path, imports: str = "", last: str = "pass") -> tuple[str | Change, ScriptWorkload]:
    (folder / "main.py").write_text(SEARCH.format(imports=imports, last=last))
    (folder / "scoring.py").write_text(SCORING)
    work = ScriptWorkload(folder, Entry("script", "main.py"), "main.py")
    source = work.source("main.py")
    line = next(n for n, text in enumerate(source.lines, 1) if text.startswith("    for query in queries"))
    region = next(r for r in regions_of(source, entry=True) if r.first == line and r.kind == "block")
    function = next(r for r in regions_of(work.source("scoring.py"), entry=False) if r.qualname == "score")
    types = {
        "index": (describe({t: {2: 3, 4: 5} for t in range(30)}),), "lengths": (describe([2.0, 3.0]),),
        "query": (describe([1, 4]),), "doc": (describe(3),),
    }  # fmt: skip
    facts = Facts(
        regions={
            region.id: RegionFacts(region.id, calls=1),
            function.id: RegionFacts(function.id, calls=40, types=types),
        }
    )
    why = Jit().explain(work, region, facts)
    if why:
        return why, work
    (finding,) = Jit().find(work, region, facts)
    return next(iter(Jit().propose(work, finding, facts))), work


def test_a_function_of_another_file(tmp_path: Path) -> None:
    found, work = found_in_search(tmp_path)
    assert isinstance(found, Change), found
    before = run(tmp_path)
    new = found.apply(work)
    # not before the inner loop: the index is much, a query little
    assert "    score_ready = _ready_score(index, lengths)\n    for query in queries:" in new.source("main.py").text
    for path, changed in new.changed.items():
        (tmp_path / path).write_bytes(changed.data)
    assert run(tmp_path) == before


@pytest.mark.parametrize(
    ("imports", "last"),
    [
        ("", "index[3][7] = 1"),
        ("", "lengths.append(1.0)\n            index.clear()"),
        ("import scoring\nscoring.score = None", "pass"),
        ("points = len", "pass"),
        ("from scoring import *", "pass"),
        ("", "index = dict(index)\n            lengths = list(lengths)\n            query = list(query)"),
    ],
)
def test_what_changes_is_not_held_for_a_function_either(tmp_path: Path, imports: str, last: str) -> None:
    found, _ = found_in_search(tmp_path, imports, last)
    assert isinstance(found, str), found
