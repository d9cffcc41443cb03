"""HST401 and HST402: rewritten programs print what the originals print, and hostile ones are left alone."""

from __future__ import annotations

import ast
import contextlib
import io
import sys
import textwrap
import traceback
import warnings
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from hasten.core.facts import Facts, RegionFacts
from hasten.core.finding import Region
from hasten.core.recipe import Change, Pass
from hasten.core.workload import Entry, ScriptWorkload
from hasten.kernel.regions import regions_of
from hasten.observe.describe import describe
from hasten.passes.source.batch import BatchedCalls, WholeArrayRows

MODELS = """
import pandas as pd
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from sklearn.pipeline import make_pipeline
"""

DATA = """
import math
import numpy as np

rng = np.random.default_rng(3)
X = rng.normal(size=(60, 3))
y = X @ np.array([1.0, -2.0, 0.5]) + rng.normal(size=60) * 0.1
labels = np.where(y > 0, "up", "down")
q = X[7].copy()
w = np.array([0.3, 0.1, -1.0])
v = np.abs(X[:, 0]) + 0.1
values = [float(a) for a in v]
scale = 2.5
"""


def workload(tmp_path: Path, text: str) -> ScriptWorkload:
    (tmp_path / "script.py").write_text(text)
    return ScriptWorkload(tmp_path, Entry("script", "script.py"), "script.py")


def output(text: str) -> tuple[str, str]:
    """Stdout of a program, and its warnings with the last line of its traceback."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            exec(compile(text, "script.py", "exec"), {"__name__": "__main__"})
        except Exception:  # noqa: BLE001 - arbitrary programs run here
            err.write(traceback.format_exc().splitlines()[-1])
    return out.getvalue(), err.getvalue() + "".join(f"{w.category.__name__}: {w.message}\n" for w in said)


def seen(text: str, regions: list[Region]) -> Facts:
    """Types of the names that block regions read, as they are when the program first comes to their first lines."""
    found: dict[str, RegionFacts] = {}

    def look(region: Region, frame: FrameType) -> None:
        values = {**frame.f_globals, **frame.f_locals}
        if "self" in values:
            values |= {f"self.{k}": v for k, v in vars(values["self"]).items()}
        wanted = [n for n in values if n.split(".")[0] in (*region.live_in, *region.globals_read)]
        types = {n: (describe(values[n]),) for n in wanted}
        found[region.id] = RegionFacts(region.id, 1, types=types)

    def trace(frame: FrameType, event: str, arg: object) -> Any:
        if frame.f_code.co_filename != "script.py":
            return None
        for region in regions:
            if event == "line" and frame.f_lineno == region.first and region.id not in found:
                look(region, frame)
        return trace

    quiet = contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO())
    with quiet[0], quiet[1], contextlib.suppress(Exception):
        sys.settrace(trace)
        try:
            exec(compile(text, "script.py", "exec"), {"__name__": "__main__"})
        finally:
            sys.settrace(None)
    return Facts(regions=found)


def changes(which: Pass, work: ScriptWorkload) -> list[Change]:
    source = work.source("script.py")
    found = {}
    regions = list(regions_of(source, entry=True))
    # the first pass asks for no types
    facts = Facts() if isinstance(which, BatchedCalls) else seen(source.text, [r for r in regions if r.kind == "block"])
    for region in regions:
        for finding in which.find(work, region, facts):
            for change in which.propose(work, finding, facts):
                found[change.edits] = change
    return list(found.values())


def rewritten(which: Pass, tmp_path: Path, body: str) -> list[str]:
    """Texts of all candidates for DATA plus `body`; each is checked to print the same as the original."""
    text = (MODELS if isinstance(which, BatchedCalls) else "") + DATA + textwrap.dedent(body)
    work = workload(tmp_path, text)
    expected = output(text)
    texts = [change.apply(work).source("script.py").text for change in changes(which, work)]
    for new in texts:
        assert output(new) == expected, new
    return texts


def took_fast_path(text: str, marker: str) -> bool:
    """True when the helper whose name starts with `marker` returned something."""
    returned: list[bool] = []

    def spied(helper: Any) -> Any:
        def call(*args: Any) -> Any:
            result = helper(*args)
            returned.append(result is not None)
            return result

        return call

    tree = ast.parse(text)
    name = next(n.name for n in tree.body if isinstance(n, ast.FunctionDef) and n.name.startswith(marker))
    # the helper is wrapped right where it is defined
    spy = f"\n{name} = spied({name})\n"
    node = next(n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == name)
    lines = text.splitlines(keepends=True)
    lines.insert(node.end_lineno or 0, spy)
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
        contextlib.suppress(Exception),
    ):
        exec(compile("".join(lines), "script.py", "exec"), {"__name__": "__main__", "spied": spied})
    return any(returned)


FIT = """
model = LinearRegression().fit(X, y)
clf = LogisticRegression().fit(X, labels)
scaler = StandardScaler().fit(X)
"""

CALLS = {
    "slice and append": """
        preds = []
        for i in range(len(X)):
            preds.append(model.predict(X[i:i+1])[0])
        print([round(p, 9) for p in preds], {type(p) for p in preds})
        """,
    "reshape of a row, branches, prints and break": """
        total = 0.0
        for row in X:
            p = model.predict(row.reshape(1, -1))[0]
            if p > 2:
                print("big", round(p, 6))
                continue
            total += p
            if total > 5:
                break
        print(round(total, 6), row[0])
        """,
    "list of one row, two methods": """
        out = np.zeros(len(X))
        names = []
        for i, row in enumerate(X):
            label = clf.predict([row])[0]
            proba = clf.predict_proba([row])[0]
            out[i] = proba[1]
            names.append(label)
        print(np.round(out, 9).tolist(), names, type(label), proba.shape, proba.dtype)
        """,
    "a chain: scaled, then predicted": """
        found = {}
        for i in range(X.shape[0]):
            x = X[i].reshape(1, -1)
            xs = scaler.transform(x)
            found[i] = float(model.predict(xs)[0])
        print({k: round(v, 8) for k, v in found.items()})
        """,
    "nested calls": """
        out = []
        for x in X:
            out.append(model.predict(scaler.transform(x.reshape(1, -1)))[0])
        print(np.round(out, 8).tolist())
        """,
    "features built by hand, with a helper": """
        def features(a, b):
            feats = [a, b]
            feats.append(a * b)
            return feats

        out = []
        for i in range(len(X)):
            a, b = X[i, 0], X[i, 1]
            if a > 0:
                kind = 1.0
            else:
                kind = -1.0
            feats = features(a, b * kind)
            x = np.array(feats).reshape(1, -1)
            out.append((i, round(model.predict(x)[0], 8)))
        print(out)
        """,
    "an array filled in place": """
        out = []
        for i in range(len(X)):
            x = np.zeros((1, 3))
            x[0, 0] = X[i, 0]
            x[0, 1] += X[i, 1] * 2
            out.append(model.predict(x)[0])
        print(np.round(out, 8).tolist())
        """,
    "rows of a frame": """
        frame = pd.DataFrame(X, columns=["a", "b", "c"])
        model2 = LinearRegression().fit(frame, y)
        out = []
        for i in range(len(frame)):
            out.append(model2.predict(frame.iloc[[i]])[0])
        print(np.round(out, 8).tolist())
        """,
    "iterrows": """
        frame = pd.DataFrame(X, columns=["a", "b", "c"])
        out = []
        for _, row in frame.iterrows():
            out.append(model.predict([[row["a"], row["b"], row["c"]]])[0])
        print(np.round(out, 8).tolist())
        """,
    "comprehension": """
        out = [model.predict(x.reshape(1, -1))[0] for x in X if x[0] > 0]
        print(np.round(out, 8).tolist())
        """,
    "sum of a generator": """
        print(round(sum(model.predict(X[i:i+1])[0] for i in range(len(X))), 6))
        total = sum(model.predict(X[i:i+1])[0] for i in range(len(X)))
        print(round(total, 6))
        """,
    "in a function": """
        def run(model, data):
            out = []
            for i in range(len(data)):
                p = model.predict(data[i].reshape(1, -1))[0]
                out.append(p)
            return out
        print(np.round(run(model, X), 8).tolist())
        print(run(model, []), run(model, X[:1]).__len__())
        """,
    "methods and attributes": """
        class Service:
            def __init__(self, model, data):
                self.model, self.data, self.history, self.count = model, data, [], 0
            def run(self):
                for x in self.data:
                    p = self.model.predict([x])[0]
                    self.history.append(p)
                    self.count += 1
                return round(sum(self.history), 8), self.count
        print(Service(model, X).run())
        """,
    "pipeline and trees": """
        pipe = make_pipeline(StandardScaler(), DecisionTreeClassifier(random_state=0)).fit(X, labels)
        hits = 0
        for i in range(len(X)):
            if pipe.predict(X[i:i+1])[0] == labels[i]:
                hits += 1
        print(hits)
        """,
}


@pytest.mark.parametrize("case", CALLS)
def test_calls_are_batched(case: str, tmp_path: Path) -> None:
    texts = rewritten(BatchedCalls(), tmp_path, FIT + textwrap.dedent(CALLS[case]))
    assert texts
    if case != "in a function":  # it also calls with too few rows
        assert any(took_fast_path(t, "_one_call_for_all_rows") for t in texts), texts[-1]


ROWS = {
    "distances to a point": """
        best, best_i, seen = 1e9, -1, []
        for i in range(len(X)):
            d = np.linalg.norm(X[i] - q)
            seen.append(round(d, 9))
            if d < best and i != 7:
                best, best_i = d, i
        print(best_i, round(best, 9), type(best), seen)
        """,
    "in steps, with a name that is not needed later": """
        out = []
        for row in X:
            diff = row - q
            out.append(np.sqrt(np.sum(diff ** 2)))
        print(np.round(out, 9).tolist(), type(out[0]), type(out))
        """,
    "a name that is needed later": """
        out = []
        for row in X:
            diff = row - q
            out.append(np.sqrt(np.sum(diff ** 2)))
        print(np.round(out, 9).tolist(), diff, row)
        """,
    "all pairs": """
        n = len(X)
        D = np.zeros((n, n))
        for i in range(n):
            for j in range(i + 1, n):
                D[i, j] = np.sqrt(np.sum((X[i] - X[j]) ** 2))
                D[j, i] = D[i, j]
        print(np.round(D.sum(axis=0), 8).tolist())
        """,
    "a table of tables": """
        m = np.zeros((len(X), len(X)))
        for i in range(len(X)):
            for j in range(len(X)):
                m[i][j] = np.dot(X[i], X[j]) / (np.linalg.norm(X[i]) * np.linalg.norm(X[j]))
        print(np.round(m.sum(axis=0), 8).tolist())
        """,
    "nearest centre": """
        C = X[:4].copy()
        assigned = []
        for i in range(len(X)):
            best, lab = float("inf"), -1
            for j in range(len(C)):
                d = np.linalg.norm(X[i] - C[j])
                if d < best:
                    best, lab = d, j
            assigned.append(lab)
        print(assigned)
        """,
    "row statistics": """
        rows = []
        for i, r in enumerate(X):
            rows.append([round(np.mean(r), 9), round(r.std(), 9), round(np.median(r), 9), r.max(), np.argmax(r),
                         round(np.percentile(r, 30), 9), round(np.var(r, ddof=1), 9)])
        print(rows, type(rows[0][4]), type(rows[0][3]))
        """,
    "products": """
        out = np.zeros(len(X))
        M = np.outer(w, w) + np.eye(3)
        many = []
        for i in range(X.shape[0]):
            out[i] = np.dot(X[i], w) + (w @ X[i]) * scale + X[i].dot(X[i])
            many.append(M @ X[i])
        print(np.round(out, 8).tolist(), np.round(many, 8).tolist())
        """,
    "element-wise, in place": """
        out = np.empty(len(v))
        for i in range(len(v)):
            out[i] = np.sin(v[i]) * np.exp(-v[i]) + scale / v[i]
        print(np.round(out, 9).tolist())
        """,
    "neighbours of a series": """
        out = []
        for i in range(1, len(v) - 1):
            out.append(np.log(v[i + 1] / v[i - 1]) + math.sqrt(v[i]))
        print(np.round(out, 9).tolist(), i)
        """,
    "lists of floats": """
        out = []
        for a in values:
            out.append(math.exp(-a) * scale + math.log(a))
        print([round(a, 9) for a in out], {type(a) for a in out})
        """,
    "comprehensions": """
        print([round(a, 9) for a in [np.mean(r) for r in X]])
        means = [np.mean(r) for r in X]
        far = [i for i in range(3)] + [np.linalg.norm(X[i] - q) for i in range(len(X)) if i % 2]
        total = sum(np.sqrt(abs(a)) for a in v)
        exps = [math.exp(a) for a in values]
        print(np.round(means, 9).tolist(), np.round(far, 9).tolist(), round(total, 9), type(means[0]), type(exps[0]))
        """,
    "zip of two": """
        from scipy.spatial import distance
        Y = X[::-1].copy()
        out = []
        for a, b in zip(X, Y):
            out.append((distance.euclidean(a, b), distance.cityblock(a, b), distance.chebyshev(a, b)))
        print([[round(float(c), 9) for c in row] for row in out], type(out[0][0]), type(out[0][1]))
        """,
    "columns": """
        out = []
        for j in range(X.shape[1]):
            col = X[:, j]
            out.append(((col - col.mean()) / col.std()).max())
        print(np.round(out, 9).tolist())
        """,
    "in a method": """
        class Index:
            def __init__(self, data):
                self.data, self.seen = data, 0
            def nearest(self, q):
                best, where = None, None
                for i in range(len(self.data)):
                    d = np.sum((self.data[i] - q) ** 2)
                    self.seen += 1
                    if best is None or d < best:
                        best, where = d, i
                return where, round(best, 9)
        index = Index(X)
        print(index.nearest(np.array([0.1, 0.2, 0.3])), index.seen)
        """,
}


@pytest.mark.parametrize("case", ROWS)
def test_rows_are_computed_at_once(case: str, tmp_path: Path) -> None:
    texts = rewritten(WholeArrayRows(), tmp_path, ROWS[case])
    assert texts
    assert any(took_fast_path(t, "_for_all_rows") for t in texts), texts[-1]


def test_what_nobody_reads_is_not_computed_at_once(tmp_path: Path) -> None:
    """Found by the fuzzer: the pass raised."""
    body = """
        def count(X, q):
            n = 0
            for i in range(len(X)):
                d = np.sum((X[i] - q) ** 2)
                n += 1
            return n
        print(count(X, q))
        """
    assert rewritten(WholeArrayRows(), tmp_path, body) == []


# (pass, program, proposals expected): what must not change, whether or not something is proposed
HOSTILE = {
    "a model that learns in the loop": (
        BatchedCalls,
        False,
        """
        from sklearn.linear_model import SGDRegressor
        sgd = SGDRegressor(random_state=0).fit(X, y)
        out = []
        for i in range(len(X)):
            out.append(sgd.predict(X[i:i+1])[0])
            sgd.partial_fit(X[i:i+1], y[i:i+1])
        print(out)
        """,
    ),
    "coefficients changed in the loop": (
        BatchedCalls,
        False,
        """
        out = []
        for i in range(len(X)):
            out.append(model.predict(X[i:i+1])[0])
            model.coef_[0] += 0.1
        print(out)
        """,
    ),
    "an estimator with a memory": (
        BatchedCalls,
        None,
        """
        class Counting:
            n = 0
            def predict(self, X):
                self.n += 1
                return np.array([self.n] * len(X))
        model = Counting()
        out = []
        for i in range(len(X)):
            out.append(model.predict(X[i:i+1])[0])
        print(out, model.n)
        """,
    ),
    "a subclass with a memory": (
        BatchedCalls,
        None,
        """
        class Noisy(LinearRegression):
            def predict(self, X):
                print("called with", len(X))
                return super().predict(X)
        model = Noisy().fit(X, y)
        out = []
        for i in range(4):
            out.append(round(model.predict(X[i:i+1])[0], 8))
        print(out)
        """,
    ),
    "rows that depend on the last prediction": (
        BatchedCalls,
        False,
        """
        x = X[0].copy()
        out = []
        for i in range(20):
            p = model.predict(x.reshape(1, -1))[0]
            x = np.array([x[1], x[2], p])
            out.append(round(p, 8))
        print(out)
        """,
    ),
    "a state that feeds the features": (
        BatchedCalls,
        False,
        """
        last, out = 0.0, []
        for i in range(20):
            feats = np.array([[X[i, 0], last, 1.0]])
            last = model.predict(feats)[0]
            out.append(round(last, 8))
        print(out)
        """,
    ),
    "rows changed through the loop's own writes": (
        BatchedCalls,
        False,
        """
        for i in range(len(X) - 1):
            p = model.predict(X[i:i+1])[0]
            X[i + 1, 0] = p * 0.1
        print(np.round(X[:, 0], 8).tolist())
        """,
    ),
    "rows changed through a view": (
        BatchedCalls,
        None,
        """
        V = X[:, 0]
        for i in range(len(X) - 1):
            p = model.predict(X[i:i+1])[0]
            V[i + 1] = p * 0.1
        print(np.round(X[:, 0], 8).tolist())
        """,
    ),
    "rows changed by a function": (
        BatchedCalls,
        False,
        """
        def spoil(i):
            X[i] = 0
        out = []
        for i in range(len(X) - 1):
            out.append(round(model.predict(X[i:i+1])[0], 8))
            spoil(i + 1)
        print(out)
        """,
    ),
    "rows drawn from a random stream": (
        BatchedCalls,
        False,
        """
        out = []
        for i in range(10):
            x = rng.normal(size=(1, 3))
            out.append(round(model.predict(x)[0], 8))
            out.append(rng.random())
        print(out)
        """,
    ),
    "a generator of rows": (
        BatchedCalls,
        None,
        """
        rows = (r for r in X)
        out = [next(rows)[0]]
        for r in rows:
            out.append(round(model.predict(r.reshape(1, -1))[0], 8))
        print(out, list(rows))
        """,
    ),
    "NaN in a late row": (
        BatchedCalls,
        None,
        """
        X[40, 1] = np.nan
        done = []
        for i in range(len(X)):
            print("row", i)
            done.append(round(model.predict(X[i:i+1])[0], 8))
        """,
    ),
    "no rows at all": (
        BatchedCalls,
        None,
        """
        out = []
        for i in range(0):
            out.append(model.predict(X[i:i+1])[0])
        print(out, model.predict(X[:2]).round(6).tolist())
        i = "kept"
        for row in X[:0]:
            out.append(model.predict([row])[0])
        print(out, i)
        """,
    ),
    "a ragged row": (
        BatchedCalls,
        None,
        """
        rows = [[1.0, 2.0, 3.0], [1, 2, 3], [1.0, 2.0]]
        for r in rows:
            print(round(model.predict([r])[0], 8))
        """,
    ),
    "integers and floats": (
        BatchedCalls,
        None,
        """
        rows = [[1, 2, 3], [1.5, 2.0, 3.0], [7, 8, 9]]
        for r in rows:
            print(round(model.predict([r])[0], 8), scaler.transform([r]).dtype)
        """,
    ),
    "names of features warn": (
        BatchedCalls,
        None,
        """
        frame = pd.DataFrame(X, columns=["a", "b", "c"])
        named = LinearRegression().fit(frame, y)
        out = []
        for i in range(3):
            out.append(round(named.predict(X[i:i+1])[0], 8))
        print(out)
        """,
    ),
    "the loop variable and rows after the loop": (
        BatchedCalls,
        None,
        """
        for i in range(len(X)):
            x = X[i]
            p = model.predict(x.reshape(1, -1))[0]
        print(i, x, round(p, 8))
        """,
    ),
    "iterating over what the loop appends to": (
        BatchedCalls,
        False,
        """
        queue = [X[0], X[1]]
        n = 0
        for r in queue:
            p = model.predict(r.reshape(1, -1))[0]
            n += 1
            if n < 6:
                queue.append(r + 0.01)
        print(n, round(p, 8))
        """,
    ),
    "an alias of the list it goes over": (
        BatchedCalls,
        None,
        """
        queue = [X[0], X[1]]
        alias = queue
        n = 0
        for r in queue:
            p = model.predict(r.reshape(1, -1))[0]
            n += 1
            if n < 6:
                alias.append(X[n])
        print(n, round(p, 8))
        """,
    ),
    "a division by zero while rows are built": (
        BatchedCalls,
        None,
        """
        d = [1.0, 2.0, 0.0, 3.0]
        for i in range(4):
            print(i)
            x = np.array([[1 / d[i], X[i, 0], X[i, 1]]])
            print(round(model.predict(x)[0], 8))
        """,
    ),
    "a method of our own with the name of a list's": (
        BatchedCalls,
        None,
        """
        class Log:
            def append(self, v):
                X[:] = 0
        log = Log()
        for i in range(len(X)):
            p = model.predict(X[i:i+1])[0]
            log.append(p)
        print(round(p, 8))
        """,
    ),
    "a carried sum over rows": (
        WholeArrayRows,
        False,
        """
        prev = X[0]
        out = []
        for i in range(1, len(X)):
            prev = prev * 0.9 + X[i]
            out.append(np.linalg.norm(prev))
        print(np.round(out, 8).tolist())
        """,
    ),
    "a recurrence through the array": (
        WholeArrayRows,
        False,
        """
        for i in range(1, len(v)):
            v[i] = np.sqrt(v[i - 1]) + np.exp(-v[i])
        print(np.round(v, 8).tolist())
        """,
    ),
    "a recurrence through a view": (
        WholeArrayRows,
        None,
        """
        out = v[:]
        for i in range(1, len(v)):
            out[i] = np.sqrt(v[i - 1]) + np.exp(-v[i])
        print(np.round(v, 8).tolist())
        """,
    ),
    "a row changed in place": (
        WholeArrayRows,
        False,
        """
        out = []
        for i in range(len(X)):
            r = X[i]
            r -= r.mean()
            out.append(np.linalg.norm(X[i] - q))
        print(np.round(out, 8).tolist(), np.round(X[:, 0], 8).tolist())
        """,
    ),
    "the query changes": (
        WholeArrayRows,
        False,
        """
        out = []
        for i in range(len(X)):
            out.append(np.linalg.norm(X[i] - q))
            if i % 10 == 0:
                q = X[i]
        print(np.round(out, 8).tolist())
        """,
    ),
    "warnings and zero division": (
        WholeArrayRows,
        None,
        """
        v[5] = 0.0
        for i in range(len(v)):
            r = np.log(v[i]) / np.sqrt(v[i])
            print(i, r)
        """,
    ),
    "a domain error in the middle": (
        WholeArrayRows,
        None,
        """
        values[7] = -1.0
        for a in values:
            print(round(math.sqrt(a) + math.log(2.0), 9))
        """,
    ),
    "overflow is an exception": (
        WholeArrayRows,
        None,
        """
        values[9] = 1e6
        for a in values:
            print(round(math.exp(a) * 2.0, 9))
        """,
    ),
    "integers in a list of floats": (
        WholeArrayRows,
        None,
        """
        values[3] = 2
        for a in values:
            print(abs(a) * scale, math.sqrt(a) * 2)
        """,
    ),
    "other dtypes": (
        WholeArrayRows,
        None,
        """
        for table in (X, X.astype(np.float32), (X * 10).astype(np.int64), X.astype(object), X.tolist(), X.T, X[::-2]):
            out = []
            for i in range(len(table)):
                out.append(np.sqrt(np.sum((table[i] - 1) ** 2)))
            print(np.round(np.asarray(out, dtype=float), 4).tolist(), type(out[0]))
        """,
    ),
    "NaN and infinities": (
        WholeArrayRows,
        None,
        """
        X[3, 1], X[5, 0], X[9] = np.nan, np.inf, -np.inf
        for i in range(len(X)):
            print(X[i].max(), np.argmin(X[i]), round(np.linalg.norm(X[i] - q), 9))
        """,
    ),
    "out of bounds": (
        WholeArrayRows,
        None,
        """
        for i in range(len(v) + 3):
            print(np.sqrt(v[i]) * 2)
        """,
    ),
    "negative indexes wrap": (
        WholeArrayRows,
        None,
        """
        out = []
        for i in range(len(v)):
            out.append(np.sqrt(v[i - 1]) * np.exp(-v[i]))
        for i in range(-3, 3):
            out.append(np.sqrt(v[i]) * np.exp(-v[i]))
        print(np.round(out, 9).tolist())
        """,
    ),
    "lengths that do not fit": (
        WholeArrayRows,
        None,
        """
        short = v[:1]
        try:
            for i in range(2):
                print(np.exp(v[i]) * np.sqrt(short[i]))
        except IndexError as error:
            print(error)
        one = X[:, :1].copy()
        try:
            for r in one:
                print(np.dot(r, w))
        except ValueError:
            print("shapes")
        try:
            for a, b in zip(one, X):
                print(np.dot(a, b))
        except ValueError:
            print("shapes")
        """,
    ),
    "rows without columns": (
        WholeArrayRows,
        None,
        """
        E = np.empty((4, 0))
        print([sum(r) for r in E], [np.sum(r) for r in E], sum([]))
        """,
    ),
    "a function with a side effect in the loop": (
        WholeArrayRows,
        False,
        """
        def note(d):
            global q
            q = q + 1
            return d
        out = []
        for i in range(len(X)):
            out.append(note(np.linalg.norm(X[i] - q)))
        print(np.round(out, 8).tolist())
        """,
    ),
    "break and values after the loop": (
        WholeArrayRows,
        None,
        """
        for i, r in enumerate(X):
            d = np.linalg.norm(r - q)
            if d < 1e-12:
                break
        print(i, r, d, type(d))
        """,
    ),
    "a name of numpy rebound": (
        WholeArrayRows,
        False,
        """
        class np:
            @staticmethod
            def sqrt(x):
                print("mine")
                return x
        for i in range(3):
            print(np.sqrt(v[i]) * 2)
        """,
    ),
    "a builtin rebound": (
        WholeArrayRows,
        None,
        """
        def sum(x):
            return 42
        for r in X:
            d = sum((r - q) ** 2)
        print(d)
        """,
    ),
    "list of arrays kept and changed later": (
        WholeArrayRows,
        None,
        """
        out = []
        for r in X:
            out.append((r - q) / scale)
        out[0][0] = 99.0
        print(np.round(out, 8).tolist(), X[0])
        """,
    ),
    "generators keep their laziness": (
        WholeArrayRows,
        None,
        """
        g = (np.sqrt(a) * 2 for a in v)
        v[0] = 4.0
        print(next(g), round(sum(g), 8))
        """,
    ),
    "a closure over the row": (
        WholeArrayRows,
        False,
        """
        fs = []
        for r in X:
            fs.append(lambda: np.linalg.norm(r - q))
        print(round(fs[0](), 9), round(fs[5](), 9))
        """,
    ),
    "rows held in a dict and summed in place": (
        WholeArrayRows,
        False,
        """
        sums = {}
        out = []
        for i in range(len(X)):
            k = i % 3
            if k not in sums:
                sums[k] = X[i]
            else:
                sums[k] += X[i]
            out.append(np.linalg.norm(X[i] - q))
        print(np.round(out, 8).tolist(), np.round(X[:4], 8).tolist())
        """,
    ),
    "rows held before the loop and changed in it": (
        WholeArrayRows,
        None,
        """
        held = [X[3], X[40]]
        out = []
        for i in range(len(X)):
            held[i % 2] += 1.0
            out.append(np.linalg.norm(X[i] - q))
        print(np.round(out, 8).tolist())
        """,
    ),
    "an attribute that becomes a row": (
        BatchedCalls,
        False,
        """
        class Box:
            pass
        box = Box()
        out = []
        for i in range(len(X) - 1):
            out.append(round(model.predict(X[i:i+1])[0], 8))
            box.row = X[i + 1]
            box.row += 1.0
        print(out)
        """,
    ),
    "parts of rows, empty ones too": (
        WholeArrayRows,
        None,
        """
        for i in range(3):
            print(round(X[i, 1:3].mean(), 9), X[i, 3:5].mean(), X[i, :2].std(ddof=1).round(9), X[i, 2:].std(ddof=1))
        narrow = X[:, :1].copy()
        for r in narrow[:3]:
            print(np.std(r, ddof=1))
        """,
    ),
    "counters kept in a list and a dict": (
        BatchedCalls,
        True,
        """
        counts, hist = {"up": 0, "down": 0}, [0, 0]
        for x in X:
            label = clf.predict([x])[0]
            counts[label] += 1
            hist[int(label == "up")] += 1
        print(counts, hist)
        """,
    ),
    "rows of the table are rows of the data": (
        WholeArrayRows,
        None,
        """
        table = [X[i] for i in range(len(X))]
        out = []
        for i in range(len(X)):
            table[(i * 7) % 60][1] = 5.0
            out.append(np.linalg.norm(X[i] - q))
        print(np.round(out, 8).tolist())
        """,
    ),
    "else of a loop": (
        WholeArrayRows,
        False,
        """
        for r in X:
            d = np.linalg.norm(r - q)
        else:
            print(round(d, 9))
        """,
    ),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_programs_keep_their_meaning(case: str, tmp_path: Path) -> None:
    which, proposed, body = HOSTILE[case]
    texts = rewritten(which(), tmp_path, (FIT if which is BatchedCalls else "") + textwrap.dedent(body))
    if proposed is not None:
        assert bool(texts) is proposed, texts[:1]
