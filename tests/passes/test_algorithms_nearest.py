"""Nearest rows: the changed program gives the same places and distances, bit by bit, on the nastiest rows."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from hasten.core.facts import Facts, RegionFacts, ValueFact
from hasten.core.workload import ScriptWorkload
from hasten.kernel.regions import regions_of
from hasten.passes.source.algorithms.nearest import NearestRows
from hasten.passes.source.arrays.selection import FEW, FIRST_PLACES
from hasten.testing import Example, check_pass

PROGRAM = """\
import numpy as np


def nearest(X, x, k):
    d = np.sqrt(np.sum((X - x) ** 2, axis=1))
    idx = np.argsort(d)[:k]
    return idx, d[idx]


def nearest_squared(X, x, k):
    d = ((x - X) ** 2).sum(axis=-1)
    return d.argsort()[:k]


def others(X, x, k):
    d = np.linalg.norm(X - x, axis=1)
    idx = np.argsort(d)[1:k + 1]
    return idx, d[idx]


def first(X, x):
    dist = np.linalg.norm(X - x, axis=1)
    i = np.argmin(dist)
    return i, dist[i]


def inline(X, x):
    return np.argmin(np.sum(np.square(X - x), axis=1))


def within(X, x, eps):
    d = np.linalg.norm(X - x, axis=1)
    idx = np.where(d <= eps)[0]
    return idx, d[idx]


def within_steps(X, i, eps):
    diff = X - X[i]
    d = np.sqrt((diff * diff).sum(axis=1))
    return np.nonzero(d < eps)[0]


def within_squared(X, x, eps):
    return np.flatnonzero(((X - x) ** 2).sum(1) < eps ** 2)
"""
ARRAYS = {
    "X": (ValueFact("numpy.ndarray", "float64", 2),),
    "x": (ValueFact("numpy.ndarray", "float64", 1),),
}


def arrays(work: ScriptWorkload) -> Facts:
    """As if every function had been called with a matrix X and a vector x."""
    regions = regions_of(work.source("script.py"), entry=True)
    return Facts(regions={r.id: RegionFacts(r.id, types=ARRAYS) for r in regions})


def changed(text: str, tmp: Any) -> dict[str, Any]:
    """The globals of the program with every change of every function in it."""
    (tmp / "script.py").write_text(text)
    from hasten.core.workload import Entry

    work = ScriptWorkload(tmp, Entry("script", "script.py"), "script.py")
    while True:
        facts = arrays(work)
        found = [
            change
            for region in regions_of(work.source("script.py"), entry=True)
            if region.kind == "function"
            for finding in NearestRows().find(work, region, facts)
            for change in NearestRows().propose(work, finding, facts)
        ]
        if not found:
            break
        work = found[0].apply(work)
    space: dict[str, Any] = {}
    exec(compile(work.source("script.py").text, "script.py", "exec"), space)
    space["text"] = work.source("script.py").text
    return space


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any]]:
    old: dict[str, Any] = {}
    exec(PROGRAM, old)
    return old, changed(PROGRAM, tmp_path_factory.mktemp("p"))


def test_every_form_is_found(both: tuple[dict[str, Any], dict[str, Any]]) -> None:
    text = both[1]["text"].split("def nearest(")[1]
    assert [text.count(f"{h}(\n") for h in ("_nearest_rows", "_nearest_row", "_rows_within")] == [3, 2, 3]


def told(call: Callable[[], Any]) -> Any:
    try:
        out = call()
    except Exception as error:  # noqa: BLE001 - both must raise the same
        return type(error).__name__, str(error)
    parts = out if isinstance(out, tuple) else (out,)
    return [(type(p), getattr(p, "dtype", None), getattr(p, "shape", None), np.asarray(p).tobytes()) for p in parts]


def rows(kind: str) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(5)
    plain = rng.normal(size=(1100, 4))
    match kind:
        case "grid":  # equal distances everywhere
            return np.array([[i, j, 0.0, 0.0] for i in range(33) for j in range(33)])
        case "twins":
            return np.vstack([plain, plain])
        case "far":  # products cancel to nothing
            return plain * 1e-3 + 1e8
        case "tiny":  # squares vanish
            return plain * 1e-170
        case "huge":
            return plain * 1e99
        case "overflow":
            return plain * 1e160
        case "nan":
            plain[17, 2] = np.nan
        case "inf":
            plain[3, 0], plain[5, 0] = np.inf, -np.inf
        case "zeros":
            return plain * -0.0
        case "single":
            return plain.astype(np.float32)
        case "ints":
            return (plain * 5).astype(np.int64)
        case "fortran":
            return np.asfortranarray(plain)
        case "slice":
            return np.vstack([plain, plain])[::2]
        case "wide":
            return rng.normal(size=(300, 40)) * 1e3 + rng.normal(size=40) * 1e5
        case "one":
            return rng.normal(size=(5000, 1)).round(2)
        case "empty":
            return plain[:0]
        case "object":
            return plain.astype(object)
    return plain


@pytest.mark.parametrize(
    "kind",
    "plain grid twins far tiny huge overflow nan inf zeros single ints fortran slice wide one empty object".split(),
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_same_bits(kind: str, both: tuple[dict[str, Any], dict[str, Any]]) -> None:
    old, new = both
    X = rows(kind)
    points = [X[i] for i in range(min(6, len(X)))] + [X[0] + 1e-9] if len(X) else [np.zeros(4)]
    points += [np.full(X.shape[1], v, dtype=X.dtype if X.dtype != object else float) for v in (0, 3)]
    points += [np.full(X.shape[1], np.nan), np.full(X.shape[1], 1e200)]
    for x in points:
        for k in (1, 5, 30, 0, -3, 10**6, np.int64(4), True):
            assert told(lambda x=x, k=k: new["nearest"](X, x, k)) == told(lambda x=x, k=k: old["nearest"](X, x, k))
            assert told(lambda x=x, k=k: new["others"](X, x, k)) == told(lambda x=x, k=k: old["others"](X, x, k))
            assert told(lambda x=x, k=k: new["nearest_squared"](X, x, k)) == told(
                lambda x=x, k=k: old["nearest_squared"](X, x, k)
            )
        for name in ("first", "inline"):
            assert told(lambda x=x, name=name: new[name](X, x)) == told(lambda x=x, name=name: old[name](X, x))
        d = np.sort(np.linalg.norm(X.astype(float) - x.astype(float), axis=1)) if len(X) else np.ones(9)
        for eps in (
            float(d[len(d) // 10]),
            d[3],
            0,
            0.5,
            1e-200,
            1e30,
            float("nan"),
            float("inf"),
            -1.0,
            np.float32(2),
        ):
            if len(X):
                assert told(lambda e=eps: new["within_steps"](X, 2, e)) == told(
                    lambda e=eps: old["within_steps"](X, 2, e)
                )
            for name in ("within", "within_squared"):
                assert told(lambda x=x, e=eps, name=name: new[name](X, x, e)) == told(
                    lambda x=x, e=eps, name=name: old[name](X, x, e)
                )


def test_rows_that_change_between_calls(both: tuple[dict[str, Any], dict[str, Any]]) -> None:
    old, new = both
    rng = np.random.default_rng(1)
    X = rng.normal(size=(1500, 3))
    for turn in range(12):
        x = rng.normal(size=3)
        if turn % 3 == 2:
            X[rng.integers(1500)] = x  # in place: it is the nearest now
        if turn == 7:
            X = X[::-1].copy()
        if turn == 9:
            X.shape = (1500, 3)
            X[4] = np.nan
        for k in (1, 4):
            assert told(lambda g=(X, x, k): new["nearest"](*g)) == told(lambda g=(X, x, k): old["nearest"](*g))
        assert told(lambda g=(X, x): new["first"](*g)) == told(lambda g=(X, x): old["first"](*g))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_other_shapes_and_types(both: tuple[dict[str, Any], dict[str, Any]]) -> None:
    old, new = both
    rng = np.random.default_rng(2)
    X = rng.normal(size=(900, 5))
    odd = [
        (X, rng.normal(size=(900, 5))), (X, 0.5), (X, rng.normal(size=(1, 5))), (X.tolist(), X[0]), (X, X[0].tolist()),
        (X, X[0].astype(np.float32)), (X.reshape(90, 10, 5), X[0]), (X[:, 0], 1.0), (X, X[0, :4]),
        (np.ma.array(X, mask=X > 2), X[0]), (X.astype(complex), X[0]),
    ]  # fmt: skip
    for a, b in odd:
        for _ in range(2):
            for name, more in (("nearest", 4), ("first", None), ("within", 1.5), ("within_squared", 1.5)):
                given = (a, b) if more is None else (a, b, more)
                assert told(lambda g=given, n=name: new[n](*g)) == told(lambda g=given, n=name: old[n](*g))


LEAVE = [
    "c = X - x\nd = np.sqrt((c ** 2).sum(axis=1))\ni = np.argmin(d)\nreturn i, c",
    "c = X - x\nX = X + 1\nd = np.sqrt((c ** 2).sum(axis=1))\ni = np.argmin(d)\nreturn i",
    # the distances are wanted elsewhere too
    "d = np.linalg.norm(X - x, axis=1)\ni = np.argmin(d)\nreturn i, d.sum()",
    "d = np.linalg.norm(X - x, axis=1)\nd[3] = np.inf\ni = np.argmin(d)\nreturn i",
    "d = np.linalg.norm(X - x, axis=1)\nX[0] = 5\ni = np.argmin(d)\nreturn i",
    "d = np.linalg.norm(X - x, axis=1)\ni = np.argsort(d)[:k]\nk = 3\ni = i[::-1]\nreturn d[i]",
    "d = np.linalg.norm(X - x, axis=1)\nj = np.argsort(d)[-k:]\nreturn j",
    "d = np.linalg.norm(X - x, axis=1)\nif k:\n    return np.argmin(d)\nreturn 0",
    "d = np.linalg.norm(X - x, axis=0)\ni = np.argmin(d)\nreturn i",
    "d = np.linalg.norm(X - x, 1, axis=1)\ni = np.argmin(d)\nreturn i",
    "d = np.sum(np.abs(X - x), axis=1)\ni = np.argmin(d)\nreturn i",
    "d = np.linalg.norm(X - x, axis=1)\ni = np.where(d > k)[0]\nreturn i",
    "far = 3\nd = np.linalg.norm(X - x, axis=1)\ni = np.where(d < far)[0]\nreturn i",
    "d = np.linalg.norm(X - x, axis=1)\ni = np.argsort(d, kind='stable')[:k]\nreturn i",
    "d = np.linalg.norm(X - x, axis=1)\nd = d * w\ni = np.argmin(d)\nreturn i",
    "return [np.argmin(d) for d in [np.linalg.norm(X - x, axis=1)]]",
]


def test_the_protocol() -> None:
    head = "import numpy as np\n\n\ndef f(X, x, k, w):\n"
    bad = [Example(head + textwrap.indent(b, "    ") + "\n", leave_alone=True, facts=arrays) for b in LEAVE]
    check_pass(NearestRows(), [Example(PROGRAM, facts=arrays), *bad])


def test_after_the_pass_that_looks_for_the_few_items() -> None:
    helpers = "".join((FEW, FIRST_PLACES)).replace("NP.", "np.")
    body = "def f(X, x, k):\n    d = np.linalg.norm(X - x, axis=1)\n    return _first_places(d, k)[:k]\n"
    other = "def _first_places(v, k):\n    return v\n\n\n"
    made = Example("import numpy as np\n" + helpers + body, facts=arrays)
    check_pass(NearestRows(), [made, Example("import numpy as np\n" + other + body, leave_alone=True, facts=arrays)])


def test_names_like_those_of_the_helpers() -> None:
    text = "import numpy as np\n\n\ndef f(point, rows):\n    far = np.linalg.norm(point - rows, axis=1)\n    return np.argmin(far)\n"

    def swapped(work: ScriptWorkload) -> Facts:
        types = {"point": ARRAYS["X"], "rows": ARRAYS["x"]}
        return Facts(regions={r: RegionFacts(r, types=types) for r in arrays(work).regions})

    (change, *_) = check_pass(NearestRows(), [Example(text, facts=swapped)])
    text = "".join(e.text for e in change.edits)
    assert "point, rows,\n" in text
    assert "np.linalg.norm(rows - point, axis=1)" in text
