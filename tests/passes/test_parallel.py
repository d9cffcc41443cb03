"""Rounds of loops side by side: what is proposed, what is left alone, and that it is the same."""

from __future__ import annotations

import contextlib
import io
import pickle
import random
import subprocess
import sys
import textwrap
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import joblib
import pytest
import sklearn.linear_model  # noqa: F401 - what importing it draws is drawn before

from hasten.core.facts import Facts, Profile, RegionFacts, ValueFact
from hasten.core.recipe import Change, Recipe
from hasten.core.workload import Entry, ScriptWorkload
from hasten.kernel.regions import regions_of
from hasten.passes.source.parallel import rounds
from hasten.passes.source.parallel.rounds import Rounds
from hasten.testing import Example, check_pass
from hasten.verify import isolation

INT = ValueFact("builtins.int")


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "usable_cores", lambda: 2)


def changes(
    root: Path, source: str, types: dict[str, tuple[ValueFact, ...]] | None = None, **files: str
) -> list[Change]:
    source = textwrap.dedent(source)
    (root / "script.py").write_text(source)
    for name, text in files.items():
        (root / f"{name}.py").write_text(textwrap.dedent(text))
    work = ScriptWorkload(root, Entry("script", "script.py"), "script.py")
    out = []
    for region in regions_of(work.source("script.py"), entry=True):
        facts = Facts(regions={region.id: RegionFacts(region.id, types=types or {})})
        for finding in Rounds().find(work, region, facts):
            out += list(Rounds().propose(work, finding, facts))
    for change in out:
        assert change.whole
        assert Recipe.from_json(Recipe((change,)).to_json()).changes[0] == change
    return out


def text_of(root: Path, change: Change) -> str:
    work = ScriptWorkload(root, Entry("script", "script.py"), "script.py")
    return Recipe((change,)).apply(work).source("script.py").text


def seen(source: str, monkeypatch: pytest.MonkeyPatch | None = None) -> tuple[Any, ...]:
    """What a run shows: output, error, what is left in plain names, random streams."""
    import numpy as np

    names: dict[str, Any] = {"__name__": "__main__"}
    out, error = io.StringIO(), None
    random.seed(3)
    np.random.seed(3)
    with contextlib.redirect_stdout(out), warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            exec(compile(source, "script.py", "exec"), names)
        except Exception as e:  # noqa: BLE001 - the program under test raises what it likes
            error = (type(e).__name__, repr(e.args))
    plain = {k: repr(v) for k, v in names.items() if k in ("out", "last", "total", "best", "log", "x", "seen")}
    return out.getvalue(), error, plain, random.random(), np.random.random(), [str(w.message) for w in told]


@contextlib.contextmanager
def isolated() -> Iterator[None]:
    kept = joblib.Parallel, joblib.effective_n_jobs
    try:
        isolation.isolate()
        assert joblib.Parallel is not kept[0]
        yield
    finally:
        joblib.Parallel, joblib.effective_n_jobs = kept
        joblib.parallel_config("loky")


def same(root: Path, source: str, monkeypatch: pytest.MonkeyPatch, **kw: Any) -> list[str]:
    """The proposals, each of which is the same as the original when its rounds are done apart from each other."""
    source = textwrap.dedent(source)
    old = seen(source)
    texts = [text_of(root, c) for c in changes(root, source, **kw)]
    assert texts, "nothing was proposed"
    with isolated():
        for text in texts:
            assert seen(text) == old, text
    return texts


FIT = """
from sklearn.linear_model import Ridge
import numpy as np
X = np.arange(40.0).reshape(20, 2) ** 1.5
y = X[:, 0] * 2 + 1
"""

GOOD = {
    "append": """
        import math
        def work(n):
            return sum(math.sqrt(k) for k in range(n))
        out = []
        for n in range(5):
            out.append(work(n * 10))
        last = n
        print(out)
        """,
    "best of a grid, printing before and after": """
        import math
        def cost(a, b):
            return math.sin(a) * math.cos(b)
        best, arg = 9.0, None
        log = []
        for a in [0.1, 0.5, 0.9]:
            print("row", a)
            for b in (1.0, 2.0, 3.0):
                print("trying", a, b)
                c = cost(a, b)
                log.append((a, b, c))
                if c < best:
                    best, arg = c, (a, b)
                    print("better", best)
        print(best, arg)
        """,
    "continue in the round": """
        import math
        out = []
        for n in range(6):
            if n % 2:
                continue
            v = math.factorial(n)
            w = v + 1
            out.append((v, w))
        print(out)
        """,
    "names live on": """
        import math
        total = 0.0
        for n in range(4):
            v = math.exp(n)
            w = v * 2
            total += w
        print(n, v, total)
        """,
    "a dict of results and an array": """
        import numpy as np
        out = {}
        grid = np.zeros((3, 2))
        for i in range(3):
            for j in range(2):
                m = np.linalg.norm(np.arange(10.0) * (i + 1) + j)
                grid[i, j] = m
                out[i, j] = float(m)
        print(grid.tolist(), out)
        """,
    "comprehension": """
        def slow(x, k):
            return sum(range(x)) + k
        k = 3
        out = [slow(x, k) for x in range(6) if x % 2 == 0]
        total = sum(slow(x, 1) for x in range(4))
        print(out, total)
        """,
    "seeded streams of its own": """
        import random
        import numpy as np
        def draw(seed):
            r = random.Random(seed)
            g = np.random.default_rng(seed)
            return r.random() + g.normal()
        out = []
        for seed in range(5):
            out.append(draw(seed))
        print(out)
        """,
    "seeds of a sequence, pairs that are taken apart": """
        import numpy as np
        def draw(seed, a, b):
            return float(np.random.default_rng(seed).normal(a, b))
        pairs = [(a, b) for a in (0.0, 1.0) for b in (1.0, 2.0)]
        children = np.random.SeedSequence(5).spawn(len(pairs))
        out = {}
        for (a, b), child in zip(pairs, children):
            out[a, b] = draw(child, a, b)
        more = []
        for i, child in enumerate(np.random.SeedSequence(6).spawn(3)):
            more.append(draw(child, i, 1.0))
        print(out, more)
        """,
    "sets that are only asked": """
        import re
        stop = {"the", "a"}
        def count(text, known):
            words = set(re.findall("[a-z]+", text)) - stop
            return len(words & known), sorted(words), "b" in words, sum(1 for w in words if w in known)
        known = set(["b", "c"])
        out = []
        for text in ["the b c", "b d a"]:
            out.append(count(text, known))
        print(out)
        """,
    "folds that are counted, lists made together": """
        import numpy as np
        from sklearn.model_selection import KFold
        X = np.arange(24.0).reshape(12, 2)
        kf = KFold(3, shuffle=True, random_state=4)
        means, lengths = [], []
        for fold, (train, test) in enumerate(kf.split(X)):
            part = X[train]
            m = float(part.mean())
            means.append(m)
            lengths.append(len(test))
            print(fold, m)
        print(means, lengths)
        """,
    "an error in the third round comes after two prints": """
        def part(n):
            return 10 / (2 - n)
        out = []
        for n in range(5):
            v = part(n)
            out.append(v)
            print(n, v)
        """,
    "an error is caught outside": """
        def part(n):
            return 10 / (2 - n)
        out = []
        try:
            for n in range(5):
                print("before", n)
                v = part(n)
                out.append(v)
        except ZeroDivisionError as e:
            print("caught", e, out)
        """,
    "StopIteration passes through": """
        def part(n):
            if n == 2:
                raise StopIteration(n)
            return n
        out = []
        try:
            for n in range(5):
                out.append(part(n))
        except StopIteration as e:
            print("stop", e.value, out)
        """,
    "warnings come where they came": """
        import numpy as np
        def part(n):
            return float(np.log(np.arange(n, 3.0)).sum())
        out = []
        for n in range(4):
            out.append(part(n))
        print(out)
        """,
    "objects of a class": """
        class Walk:
            def __init__(self, n):
                self.n = n
                self.path = []
            def go(self):
                for k in range(self.n):
                    self.path.append(k * k)
                return sum(self.path)
        def run(n):
            w = Walk(n)
            return w.go(), len(w.path)
        out = []
        for n in range(4):
            s, k = run(n)
            out.append(s + k)
        print(out)
        """,
    "what objects of a class of the script give": """
        import random
        class Queue:
            def __init__(self, seed):
                self.random = random.Random(seed)
            def run(self, n):
                waits = []
                for _ in range(n):
                    waits.append(self.random.expovariate(1.0))
                waits.sort()
                return sum(waits), waits[n // 2]
        means, mids = [], []
        for r in range(5):
            q = Queue(seed=r)
            m, p = q.run(9)
            means.append(m)
            mids.append(p)
        out = means, mids
        print(out)
        """,
    "in a function, with what the loop leaves": """
        import math
        def main(xs, scale):
            found = {}
            for i, x in enumerate(xs):
                v = math.sqrt(x) * scale
                found[i] = v
            return found, v, i
        out = main([1.0, 4.0, 9.0], 2)
        print(out)
        """,
}


@pytest.mark.parametrize("name", GOOD)
def test_the_same(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    types = {"xs": (ValueFact("builtins.list", items=(ValueFact("builtins.float"),)),), "scale": (INT,)}
    texts = same(tmp_path, GOOD[name], monkeypatch, types=types)
    assert all("hasten" not in t for t in texts)
    assert all("_side_by_side(" in t for t in texts)


MODELS = (
    FIT
    + """
models = {"a": Ridge(alpha=1.0), "b": Ridge(alpha=9.0)}
out = {}
for name, model in models.items():
    model.fit(X, y)
    pred = model.predict(X)
    out[name] = float(pred.sum())
print(out)
"""
)


@pytest.mark.parametrize(
    "more", ["", "print(models['a'].coef_)", "print(model.coef_)", "keep = models; print(keep['b'].predict(X).sum())"]
)
def test_estimators_get_the_state_of_their_copies(more: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [text] = same(tmp_path, MODELS + more, monkeypatch)
    assert "vars(model).update(vars(fitted))" in text


def test_estimators_from_elsewhere_stay(tmp_path: Path) -> None:
    for old, new in (
        ('Ridge(alpha=1.0), "b"', 'base, "b"'),
        ("out = {}", "out = {}\nmodels = dict(models)"),
        ("pred =", "kept = [model]\n    pred ="),
    ):
        source = MODELS.replace("models =", "base = Ridge()\nmodels =").replace(old, new)
        for change in changes(tmp_path, source):
            assert "vars(model)" not in text_of(tmp_path, change) or "kept" in source


def test_folds_of_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = MODELS.replace(
        "    model.fit(X, y)\n    pred = model.predict(X)\n    out[name] = float(pred.sum())\n",
        "    scores = []\n    for part in range(3):\n        model.fit(X[part::2], y[part::2])\n"
        "        scores.append(model.score(X, y))\n    out[name] = float(np.mean(scores))\n    print(model.coef_)\n",
    )
    [text] = same(tmp_path, source, monkeypatch)
    assert "for name, model in models.items() for part in range(3)" in text
    warm = source.replace("import numpy", "from sklearn.linear_model import Lasso\nimport numpy")
    warm = warm.replace("Ridge(alpha=1.0)", "Lasso(warm_start=True)")
    assert all("for part in range(3)]" not in text_of(tmp_path, c) for c in changes(tmp_path, warm))


ALONE = {
    "carried": """
        import math
        x = 1.0
        for n in range(5):
            x = math.sqrt(x + n)
        print(x)
        """,
    "running total read by the round": """
        import math
        total = 0.0
        for n in range(5):
            v = math.sqrt(total + n)
            total += v
        """,
    "break": """
        import math
        out = []
        for n in range(5):
            v = math.sqrt(n)
            out.append(v)
            if v > 1:
                break
        """,
    "else": """
        import math
        out = []
        for n in range(5):
            out.append(math.sqrt(n))
        else:
            print("done")
        """,
    "global counter": """
        import math
        count = 0
        def work(n):
            global count
            count += 1
            return math.sqrt(n)
        out = []
        for n in range(5):
            out.append(work(n))
        """,
    "cache": """
        import math
        cache = {}
        def work(n):
            if n not in cache:
                cache[n] = math.sqrt(n)
            return cache[n]
        out = []
        for n in range(5):
            out.append(work(n))
        """,
    "prints inside": """
        import math
        def work(n):
            print("working", n)
            return math.sqrt(n)
        out = []
        for n in range(5):
            out.append(work(n))
        """,
    "logging inside": """
        import logging, math
        log = logging.getLogger("x")
        def work(n):
            log.info("working %s", n)
            return math.sqrt(n)
        out = []
        for n in range(5):
            out.append(work(n))
        """,
    "global random stream": """
        import random
        def work(n):
            return random.random() * n
        out = []
        for n in range(5):
            out.append(work(n))
        """,
    "shared generator": """
        import numpy as np
        rng = np.random.default_rng(0)
        out = []
        for n in range(5):
            out.append(float(rng.normal(size=n + 1).sum()))
        """,
    "shared generator handed on": """
        import numpy as np
        rng = np.random.default_rng(0)
        def work(r, n):
            return float(r.normal(size=n + 1).sum())
        out = []
        for n in range(5):
            out.append(work(rng, n))
        """,
    "estimator without a seed": FIT
    + """
from sklearn.ensemble import RandomForestRegressor
out = []
for n in range(3, 6):
    m = RandomForestRegressor(n_estimators=n)
    m.fit(X, y)
    out.append(m.score(X, y))
""",
    "estimator with a shared stream": FIT
    + """
from sklearn.ensemble import RandomForestRegressor
rs = np.random.RandomState(0)
out = []
for n in range(3, 6):
    m = RandomForestRegressor(n_estimators=n, random_state=rs)
    m.fit(X, y)
    out.append(m.score(X, y))
""",
    "one estimator fitted again and again": FIT
    + """
m = Ridge()
out = []
for n in range(3):
    m.fit(X[n:], y[n:])
    out.append(m.predict(X).sum())
print(m.coef_)
""",
    "pipeline of an estimator made outside": FIT
    + """
from sklearn.pipeline import make_pipeline
base = Ridge()
out = []
for n in range(3):
    p = make_pipeline(base)
    p.fit(X[n:], y[n:])
    out.append(p.predict(X).sum())
print(base.coef_)
""",
    "what a round reads is changed by what follows": """
        import math
        data = [1.0, 2.0, 3.0]
        out = []
        for n in range(3):
            v = math.fsum(data)
            out.append(v)
            data[n] = v
        """,
    "a function reads what the loop binds": """
        import math
        def work():
            return math.sqrt(n)
        out = []
        for n in range(5):
            out.append(work())
        """,
    "a function reads what follows changes": """
        import math
        seen = []
        def work(n):
            return math.sqrt(n + len(seen))
        for n in range(5):
            seen.append(work(n))
        """,
    "the list grows while it is gone through": """
        import math
        todo = [1.0, 2.0]
        for x in todo:
            v = math.sqrt(x)
            if len(todo) < 10:
                todo.append(v)
        """,
    "an iterator that others draw from": """
        import math
        it = iter([1.0, 4.0, 9.0, 16.0])
        out = []
        for x in it:
            out.append(math.sqrt(x))
            print(next(it, None))
        """,
    "a generator": """
        import math
        def numbers():
            for n in range(3):
                print("giving", n)
                yield n
        out = []
        for n in numbers():
            out.append(math.sqrt(n))
        """,
    "closures over the loop's variable": """
        import math
        out = []
        for n in range(3):
            f = lambda k: math.sqrt(k * n)
            out.append(f)
        print([f(2) for f in out])
        """,
    "results are parts of what the program holds": """
        import math
        rows = [[1.0], [2.0]]
        out = []
        for i in range(2):
            row = rows[i]
            v = math.fsum(row)
            out.append((row, v))
        print(out[0][0] is rows[0])
        """,
    "best of given objects": """
        rows = [[3, 1], [2, 5]]
        def pick(i):
            return i
        out = []
        for i in range(2):
            b = max(rows, key=len)
            out.append(b)
        """,
    "mutable default": """
        def work(n, seen=[]):
            seen.append(n)
            return len(seen)
        out = []
        for n in range(5):
            out.append(work(n))
        """,
    "writes a file": """
        def work(n):
            with open(f"f{n}.txt", "w") as f:
                f.write("x")
            return n
        out = []
        for n in range(5):
            out.append(work(n))
        """,
    "reads a file that what follows writes": """
        def work(n):
            with open("state.txt") as f:
                return int(f.read()) + n
        out = []
        for n in range(5):
            v = work(n)
            with open("state.txt", "w") as f:
                f.write(str(v))
        """,
    "temporary files": """
        import tempfile
        def work(n):
            return tempfile.mkdtemp()
        out = []
        for n in range(5):
            out.append(work(n))
        """,
    "working directory": """
        import os, math
        os.chdir("/")
        out = []
        for n in range(5):
            out.append(math.sqrt(n))
        """,
    "environment in the loop": """
        import os, math
        def work(n):
            return math.sqrt(n + len(os.environ.get("A", "")))
        out = []
        for n in range(5):
            out.append(work(n))
            os.environ["A"] = "x" * n
        """,
    "an attribute of a library": """
        import math
        import string
        string.digits = "01"
        def work(n):
            return len(string.digits) * n
        out = []
        for n in range(5):
            out.append(work(n))
        """,
    "settings of numpy": """
        import numpy as np
        np.seterr(all="ignore")
        out = []
        for n in range(5):
            out.append(np.linalg.norm(np.arange(n)))
        """,
    "attributes of a function": """
        def work(n):
            work.calls += 1
            return work.calls
        work.calls = 0
        out = []
        for n in range(5):
            out.append(work(n))
        """,
    "class attributes": """
        class A:
            made = 0
            def __init__(self):
                A.made += 1
                self.n = A.made
        def work(n):
            return A().n + n
        out = []
        for n in range(5):
            out.append(work(n))
        """,
    "an object shared by the rounds changes": """
        class Account:
            def __init__(self):
                self.sum = 0
            def add(self, n):
                self.sum += n
                return self.sum
        a = Account()
        out = []
        for n in range(5):
            out.append(a.add(n))
        """,
    "a shared list behind an attribute": """
        class Holder:
            def __init__(self, items):
                self.items = items
            def grow(self, n):
                self.items.append(n)
                return len(self.items)
        shared = []
        out = []
        for n in range(5):
            h = Holder(shared)
            out.append(h.grow(n))
        """,
    "memo": """
        import functools
        @functools.lru_cache(maxsize=None)
        def work(n):
            return n * 2
        out = []
        for n in range(5):
            out.append(work(n))
        """,
    "unknown callable": """
        def twice(f, n):
            return f(n)
        out = []
        for n in range(5):
            out.append(twice(print, n))
        """,
    "a try that prints": """
        def work(n):
            return 1 / n
        out = []
        for n in range(3):
            try:
                out.append(work(n))
            except ZeroDivisionError:
                print("no", n)
        """,
    "continue before the round": """
        import math
        out = []
        for n in range(5):
            if n == 2:
                print("skip")
                continue
            v = math.sqrt(n)
            out.append(v)
        """,
    "threads": """
        import threading, math
        out = []
        for n in range(5):
            out.append(math.sqrt(n))
        """,
    "looks at names": """
        import math
        out = []
        for n in range(5):
            out.append(math.sqrt(n))
        print(sorted(globals())[:2])
        """,
    "returns": """
        import math
        def find():
            for n in range(5):
                v = math.sqrt(n)
                if v > 1:
                    return v
        find()
        """,
    "private names of a class": """
        import math
        class A:
            def __init__(self):
                self.__k = 3
            def go(self):
                out = []
                for n in range(4):
                    out.append(math.sqrt(self.__k * n))
                return out
        A().go()
        """,
    "rows of rows that nobody knows": """
        import math
        def main(rows):
            out = []
            for row in rows:
                for x in row:
                    out.append(math.sqrt(x))
            return out
        """,
    "standard input": """
        def work(n):
            return int(input()) + n
        out = []
        for n in range(0):
            out.append(work(n))
        """,
    "in place on what was given": """
        import numpy as np
        data = np.zeros(5)
        def work(a, n):
            a += n
            return a.sum()
        out = []
        for n in range(5):
            out.append(work(data, n))
        """,
    "a view of what was given": """
        import numpy as np
        data = np.zeros((5, 3))
        out = []
        for n in range(5):
            row = data[n]
            row += n
            out.append(float(np.linalg.norm(row)))
        """,
    "a seed that may be a stream": """
        import numpy as np
        from sklearn.utils import shuffle
        def main(seed):
            out = []
            for n in range(3):
                v = shuffle([1, 2, n], random_state=seed)
                out.append(v)
            return out
        main(np.random.RandomState(0))
        """,
    "splits that draw": """
        import numpy as np
        from sklearn.model_selection import KFold
        X = np.arange(12.0)
        out = []
        for k in range(3):
            for tr, te in KFold(3, shuffle=True).split(X):
                out.append(np.linalg.norm(X[tr]))
        """,
    "a callback that shows": """
        def work(x):
            print("at", x)
            return x * x
        out = []
        for n in range(4):
            out.append(sum(map(work, range(n))))
        """,
    "a callback that keeps": """
        seen = []
        def work(x):
            seen.append(x)
            return x * x
        out = []
        for n in range(4):
            out.append(sorted(range(n), key=work))
        print(seen)
        """,
    "a function of a library that draws is handed on": """
        import random
        out = []
        for n in range(4):
            out.append(list(map(random.gauss, range(n), range(n))))
        """,
    "a condition that may fail after a round did": """
        import math
        def work(n):
            return math.sqrt(2 - n)
        out = [work(n) for n in [1, 3, 0] if 10 // n]
        """,
    "a zip that fails at its end": """
        import math
        out = []
        for a, b in zip([1, 2], [1, 2, 3], strict=True):
            v = math.sqrt(a + b)
            out.append(v)
            print(v)
        """,
    "an iterator that a function reads": """
        import itertools
        ids = itertools.count()
        def work(xs):
            return [i + x for i, x in zip(ids, xs)]
        out = []
        for n in range(4):
            out.append(work([n, n]))
        """,
    "an iterator that rounds are given": """
        def work(xs, it):
            return [i + x for x, i in zip(xs, it)]
        it = iter([1, 2, 3, 4, 5, 6, 7, 8])
        out = []
        for n in range(4):
            out.append(work([n], it))
        """,
    "a generator that a function reads": """
        def numbers():
            n = 0
            while True:
                n += 1
                yield n
        ids = numbers()
        def work(xs):
            return [i + x for x, i in zip(xs, ids)]
        out = []
        for n in range(4):
            out.append(work([n]))
        """,
    "a callback behind a name": """
        seen = []
        def work(x):
            seen.append(x)
            return x * x
        f = work
        out = []
        for n in range(4):
            out.append(list(map(f, range(n))))
        """,
    "order of a set": """
        words = ["b", "a", "c"]
        vocabulary = set(words)
        def row(n):
            return [n * len(w) for w in vocabulary]
        out = []
        for n in range(4):
            out.append(row(n))
        print(dict(zip(vocabulary, out[0])))
        """,
    "order of a set of its own": """
        import re
        def first(text):
            return list(set(re.findall("[a-z]+", text)))[0]
        out = []
        for text in ["a b c", "b c d"]:
            out.append(first(text))
        """,
    "order of sets in a dict": """
        groups = {}
        for w in ["ab", "ac", "bd"]:
            groups.setdefault(w[0], set()).add(w)
        def join(k):
            return "".join(groups[k])
        out = []
        for k in ["a", "b"]:
            out.append(join(k))
        """,
    "a set is given back": """
        import re
        out = []
        for text in ["a b c", "b c d"]:
            v = set(re.findall("[a-z]+", text))
            out.append(v)
        print(out)
        """,
    "hashes of text": """
        def bucket(w):
            return hash(w) % 7
        out = []
        for w in ["a", "b"]:
            out.append(bucket(w))
        print(out == [bucket("a"), bucket("b")])
        """,
    "exit": """
        import math
        def work(n):
            if n == 3:
                raise SystemExit
            return math.sqrt(n)
        out = []
        for n in range(5):
            out.append(work(n))
            print(n)
        """,
    "module data is given back": """
        NOTHING = [0]
        def work(n):
            if n % 2:
                return NOTHING
            return [n, n]
        out = []
        for n in range(5):
            out.append(work(n))
        out[1].append(9)
        print(NOTHING, out[3])
        """,
    "a sentinel is given back": """
        NOTHING = object()
        def work(n):
            return NOTHING if n % 2 else [n]
        out = []
        for n in range(5):
            v = work(n)
            out.append(v)
        print([v is NOTHING for v in out])
        """,
    "functions are given back": """
        K = 1
        def double(x):
            return x * K
        def work(n):
            return double, n
        out = []
        for n in range(5):
            out.append(work(n))
        K = 5
        print([f(n) for f, n in out])
        """,
    "closures are given back": """
        K = 1
        def work(n):
            def f(x):
                return x * n * K
            return f
        out = []
        for n in range(5):
            out.append(work(n))
        K = 5
        print([f(1) for f in out])
        """,
    "a lambda is given back": """
        K = 1
        def work(n):
            return lambda x: x * n * K
        out = []
        for n in range(5):
            out.append(work(n))
        """,
    "objects of a class of the script are given back": """
        SCALE = 1
        class P:
            def __init__(self, x):
                self.x = x
            def go(self):
                return self.x * SCALE
        def step(n):
            return P(n)
        out = []
        for n in range(4):
            out.append(step(n))
        SCALE = 10
        print([p.go() for p in out])
        """,
    "nan is looked for by identity": """
        import numpy as np
        def work(n):
            return np.nan if n % 2 else float(n)
        out = []
        for n in range(4):
            out.append(work(n))
        print(np.nan in out)
        """,
    "a clock around the round": """
        import time, math
        out = []
        for n in range(4):
            start = time.time()
            print("round", n)
            v = math.fsum(range(n))
            out.append(v)
            print(time.time() - start)
        """,
    "a stream behind an attribute": """
        import numpy as np
        class Model:
            def __init__(self):
                self.rng = np.random.default_rng(0)
            def go(self, n):
                return float(self.rng.standard_t(5, size=n).sum())
        m = Model()
        out = []
        for n in range(4):
            out.append(m.go(n))
        """,
    "a stream by another name": """
        import numpy as np
        rng = np.random.default_rng(0)
        def work(n):
            g = np.random.default_rng(rng)
            return float(g.normal(size=n).sum())
        out = []
        for n in range(4):
            out.append(work(n))
        """,
    "a stream as random_state of an attribute": FIT
    + """
from sklearn.cluster import KMeans
class Model:
    def __init__(self):
        self.random_state = np.random.RandomState(0)
    def go(self, k):
        return KMeans(k, random_state=self.random_state).fit(X).inertia_
m = Model()
out = []
for k in range(2, 5):
    out.append(m.go(k))
""",
    "streams that are gone through": """
        import numpy as np
        rngs = list(map(np.random.default_rng, range(4)))
        out = []
        for rng in rngs:
            g = np.random.default_rng(rng)
            v = float(g.normal(size=3).sum())
            out.append(v)
        print(rngs[0].normal())
        """,
}


@pytest.mark.parametrize("name", ALONE)
def test_left_alone(name: str, tmp_path: Path) -> None:
    source = textwrap.dedent(ALONE[name])
    for change in changes(tmp_path, source):
        # an inner comprehension of a result that is plain may be taken; the loop itself may not
        raise AssertionError(text_of(tmp_path, change))


def test_what_is_read_in_another_module_must_be_constant(tmp_path: Path) -> None:
    program = """
        import helper
        out = []
        for n in range(5):
            out.append(helper.work(n))
        """
    fixed = "import math\nK = 3\n\n\ndef work(n):\n    return math.sqrt(n) * K\n"
    for i, (text, helper, found) in enumerate(
        (
            (program, fixed, True),
            (program, fixed + "\n\ndef change():\n    global K\n    K = 4\n", False),
            (program.replace("out = []", "helper.K = 5\n        out = []"), fixed, False),
            (program, fixed + "\nprint('loaded')\n", False),
        )
    ):
        folder = tmp_path / str(i)
        folder.mkdir()
        assert bool(changes(folder, text, helper=helper)) == found


def test_short_loops_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(textwrap.dedent(GOOD["append"]))
    work = ScriptWorkload(tmp_path, Entry("script", "script.py"), "script.py")
    [region] = [r for r in regions_of(work.source("script.py"), entry=True) if r.kind == "block" and r.first == 6]
    for wall_s, imports, expected in ((1.0, 0.0, 0), (30.0, 0.1, 1), (30.0, 0.6, 0)):  # workers import as well
        stack = (("script.py:<module>:7",), 100)
        facts = Facts(
            Profile(samples=100, wall_s=wall_s, imports_share=imports, stacks=(stack,), lines={("script.py", 7): None})
        )  # type: ignore[dict-item]
        assert len(list(Rounds().find(work, region, facts))) == expected


def test_one_core_has_nothing_to_share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "usable_cores", lambda: 1)
    assert not changes(tmp_path, GOOD["append"])


def test_the_protocol_is_met() -> None:
    source = textwrap.dedent(GOOD["append"])
    check_pass(Rounds(), [Example(source), Example(textwrap.dedent(ALONE["carried"]), leave_alone=True)])


SCRIPT = """
import os, sys
import numpy as np
from sklearn.tree import DecisionTreeClassifier

print("once")


class Point:
    def __init__(self, x):
        self.x = x


def fit(depth, X, y):
    tree = DecisionTreeClassifier(max_depth=int(Point(depth).x), random_state=0)
    tree.fit(X, y)
    return depth, tree


X = np.random.RandomState(0).normal(size=(60_000, 3))
y = (X[:, 0] > X[:, 1]).astype(int)
out = []
for depth in range(1, 5):
    print("depth", depth)
    d, tree = fit(depth, X, y)
    out.append((d, tree.get_depth(), float(tree.predict(X).sum())))
print(out, type(tree.tree_).__name__)
"""


@pytest.mark.parametrize("extra", ["", pytest.param("DEEP = 7\n", marks=pytest.mark.slow)])
def test_in_real_processes_without_a_main_guard(extra: str, tmp_path: Path) -> None:
    """A script's functions and classes are sent to workers, which do not run the script again."""
    [change, *_] = changes(tmp_path, SCRIPT + extra)
    fast = text_of(tmp_path, change)
    fast = fast.replace("effective_n_jobs(-1)", "effective_n_jobs(2)")
    assert "suppress(Exception)" in fast
    fast = fast.replace("suppress(Exception)", "suppress(ZeroDivisionError)")  # no second try
    (tmp_path / "fast.py").write_text(fast)
    runs = [
        subprocess.run([sys.executable, name], cwd=tmp_path, capture_output=True, text=True, timeout=120)
        for name in ("script.py", "fast.py")
    ]
    assert (runs[0].returncode, runs[0].stdout, runs[0].stderr) == (runs[1].returncode, runs[1].stdout, runs[1].stderr)
    assert runs[0].stdout.count("once") == 1


def test_a_round_that_draws_or_prints_has_all_done_here() -> None:
    from hasten.passes.source.parallel.emitted import HELPERS, IMPORTS

    names: dict[str, Any] = {}
    exec("".join(IMPORTS) + HELPERS, names)
    away = ("elsewhere", 0)

    def unseen(step: Any, given: Any, filters: Any) -> Any:
        return pickle.loads(names["_unseen"](step, given, filters, away))

    filters = [("ignore", None, Warning, None, 0)]
    assert unseen(abs, (-2,), filters) == 2
    for loud in (lambda: print("x"), lambda: print("e", file=sys.stderr), lambda: 1 / 0):
        with pytest.raises(RuntimeError, match="in the program itself"):
            unseen(loud, (), filters)
    import numpy as np

    with pytest.raises(RuntimeError, match="in the program itself"):
        unseen(lambda: np.random.rand(), (), filters)
    with pytest.raises(RuntimeError, match="in the program itself"):
        unseen(lambda: warnings.warn("w", stacklevel=1), (), [("always", None, Warning, None, 0)])
    with pytest.raises(RuntimeError, match="in the program itself"):
        unseen(lambda: lambda: 3, (), filters)  # a function, which would come back with globals of its own
    assert unseen(lambda: warnings.warn("w", stacklevel=1), (), filters) is None
    # threads share the program's state: joblib's threading backend has all done one by one
    done: list[int] = []
    with joblib.parallel_config("threading"):
        assert list(names["_side_by_side"](done.append, [(1,), (2,)])) == [None, None] and done == [1, 2]


def test_isolation_sends_copies_and_runs_the_last_round_first() -> None:
    def step(given: list[int], n: int) -> int:
        given.append(n)
        return len(given)

    shared: list[int] = []
    with isolated():
        out = joblib.Parallel(n_jobs=2)(joblib.delayed(step)(shared, n) for n in range(3))
    assert out == [1, 1, 1] and shared == []
