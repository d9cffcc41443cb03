"""HST401 and HST402: rewritten programs print what the originals print, and hostile ones are left alone."""

from __future__ import annotations

import ast
import contextlib
import io
import sys
import textwrap
import traceback
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest

from hasten.core.facts import Facts, RegionFacts
from hasten.core.finding import Region
from hasten.core.recipe import Change, Pass
from hasten.core.workload import Entry, ScriptWorkload
from hasten.kernel.regions import regions_of
from hasten.observe.describe import describe
from hasten.passes.source.batch import BatchedCalls, WholeArrayRows

DATA = """
import numpy as np
import pandas as pd
import math
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.ensemble import RandomForestClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from sklearn.pipeline import make_pipeline

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
    """Stdout and stderr of a program, the last line of its traceback included."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            exec(compile(text, "script.py", "exec"), {"__name__": "__main__"})
        except Exception:  # arbitrary programs, on purpose
            err.write(traceback.format_exc().splitlines()[-1])
    return out.getvalue(), err.getvalue()


def seen(text: str, region: Region) -> Facts:
    """Types of the names that the region reads, as they are when the program first comes to its first line."""
    found: dict[str, Any] = {}

    class Enough(BaseException):
        pass

    def trace(frame: FrameType, event: str, arg: object) -> Any:
        if frame.f_code.co_filename != "script.py":
            return None
        if event == "line" and frame.f_lineno == region.first:
            found.update({**frame.f_globals, **frame.f_locals})
            if "self" in found:
                found.update({f"self.{k}": v for k, v in vars(found["self"]).items()})
            raise Enough
        return trace

    quiet = contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO())
    with quiet[0], quiet[1], contextlib.suppress(Exception, Enough):
        sys.settrace(trace)
        try:
            exec(compile(text, "script.py", "exec"), {"__name__": "__main__"})
        finally:
            sys.settrace(None)
    wanted = [n for n in found if n.split(".")[0] in (*region.live_in, *region.globals_read)]
    return Facts(regions={region.id: RegionFacts(region.id, 1, types={n: (describe(found[n]),) for n in wanted})})


def changes(which: Pass, work: ScriptWorkload) -> list[Change]:
    source = work.source("script.py")
    found = {}
    for region in regions_of(source, entry=True):
        facts = seen(source.text, region) if region.kind == "block" else Facts()
        for finding in which.find(work, region, facts):
            for change in which.propose(work, finding, facts):
                found[change.edits] = change
    return list(found.values())


def rewritten(which: Pass, tmp_path: Path, body: str) -> list[str]:
    """Texts of all candidates for DATA plus `body`; each is checked to print the same as the original."""
    text = DATA + textwrap.dedent(body)
    work = workload(tmp_path, text)
    expected = output(text)
    texts = [change.apply(work).source("script.py").text for change in changes(which, work)]
    for new in texts:
        assert output(new) == expected, new
    return texts


def took_fast_path(text: str, marker: str) -> bool:
    """True when the helper whose name starts with `marker` returned something."""
    returned: list[bool] = []
    tree = ast.parse(text)
    name = next(n.name for n in tree.body if isinstance(n, ast.FunctionDef) and n.name.startswith(marker))
    spy = f"\ndef _spied(f):\n    def g(*a):\n        r = f(*a)\n        spied.append(r is not None)\n        return r\n    return g\n{name} = _spied({name})\n"
    node = next(n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == name)
    lines = text.splitlines(keepends=True)
    lines.insert(node.end_lineno or 0, spy)
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
        contextlib.suppress(Exception),
    ):
        exec(compile("".join(lines), "script.py", "exec"), {"__name__": "__main__", "spied": returned})
    return any(returned)


FIT = "model = LinearRegression().fit(X, y)\nclf = LogisticRegression().fit(X, labels)\nscaler = StandardScaler().fit(X)\n"

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
