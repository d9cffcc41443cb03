"""Scores of plain arrays: the helpers that take scikit-learn's place give what it gives, errors and warnings too."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn import metrics
from sklearn.metrics.pairwise import cosine_similarity, euclidean_distances

from hasten.passes.source.estimators.metrics import STANDS, PlainScores
from tests.passes.test_containers_harness import changed, left_alone

OFFICIAL = {name: getattr(metrics, name, None) for name in (o.rpartition(".")[2] for o in STANDS)}
OFFICIAL |= {"cosine_similarity": cosine_similarity, "euclidean_distances": euclidean_distances}


def stand_in(origin: str, official: Any = None) -> Callable[..., Any]:
    name = origin.rpartition(".")[2]
    scope: dict[str, Any] = {"np": np, "official": official or OFFICIAL[name]}
    for text in STANDS[origin].helpers:
        exec(text.replace("NP.", "np.").replace("OFFICIAL", "official"), scope)
    made: Callable[..., Any] = scope[f"_{name}"]
    return made


def refuses(*given: Any) -> None:
    raise AssertionError("this went to scikit-learn")


def outcome(function: Callable[..., Any], *given: Any, **options: Any) -> tuple[Any, list[str]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = function(*given, **options)
        except Exception as error:  # noqa: BLE001 - whatever it raises is compared
            result = (type(error), str(error))
    return result, [str(w.message) for w in caught]


def same(a: Any, b: Any) -> bool:
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and np.allclose(a, b, rtol=1e-12, atol=1e-12, equal_nan=True)
    if isinstance(a, float):
        return a == b or (a != a and b != b) or abs(a - b) <= 1e-13 * max(abs(a), abs(b))
    return bool(a == b)


def labels(n: int) -> Iterator[Any]:
    rng = np.random.default_rng(n)
    ones = rng.integers(0, 2, n)
    yield from (ones, ones[::-1], ones.astype(float), ones == 1, pd.Series(ones, index=np.arange(n)[::-1]))
    yield from (ones.tolist(), [bool(v) for v in ones], ones.astype(np.uint8), ones.astype(str), ones.reshape(-1, 1))
    yield from (rng.integers(0, 4, n), rng.integers(-2, 2, n), np.zeros(n, int), np.ones(n), rng.integers(0, 1000, n))
    yield from (rng.random(n), rng.random(n).astype(np.float32), rng.random(n).tolist(), pd.Series(rng.random(n)))
    yield from (np.full(n, np.nan), np.full(n, np.inf), np.full(n, 1e300), np.where(ones == 1, -0.0, 1.0))
    yield from (np.uint64(2**63) + rng.integers(0, 3, n, dtype=np.uint64), -(2**63) + rng.integers(0, 3, n))
    yield from (10**18 + rng.integers(0, 3, n), [10**30] * n, rng.random(n) * 1e-300, np.ma.array(ones, mask=ones == 1))
    yield from (pd.Series(ones).astype("Int64"), pd.Series(ones).astype("category"), np.ones(n) * 1j)
    yield from (np.round(rng.random(n), 1), rng.integers(0, 3, n).astype(np.int8), np.int64(3), "text", None)


@pytest.mark.parametrize("origin", [o for o in STANDS if "pairwise" not in o and "silhouette" not in o])
def test_scores(origin: str) -> None:
    official, ours = OFFICIAL[origin.rpartition(".")[2]], stand_in(origin)
    assert official is not None
    lots = [list(labels(n)) for n in (0, 1, 45)]
    pairs = [pair for lot in lots for some in (lot[1:16:5],) for pair in itertools.product(lot, some)]
    pairs += [(b, a) for a, b in pairs[len(pairs) // 2 :]]
    for a, b in [*pairs, (lots[1][0], lots[2][0]), (lots[2][1], lots[1][1])]:
        expected, found = outcome(official, a, b), outcome(ours, a, b)
        assert same(expected[0], found[0]), (a, b)
        assert expected[1] == found[1], (a, b)
    options = STANDS[origin].options
    if options:
        a, b = lots[2][0], lots[2][1]
        for given in (a, b), (a, a * 0), (a * 0, b), (a * 0, a * 0):
            assert outcome(official, *given, zero_division=1) == outcome(ours, *given, zero_division=1)


@pytest.mark.parametrize("origin", [o for o in STANDS if "pairwise" in o])
def test_pairs_of_rows(origin: str) -> None:
    official, ours = OFFICIAL[origin.rpartition(".")[2]], stand_in(origin)
    assert official is not None
    rng = np.random.default_rng(0)
    tables: list[Any] = [rng.random((3, 4)), rng.random((1, 4)), rng.integers(0, 3, (2, 4)), np.zeros((2, 4))]
    tables += [[rng.random(4)], [[1, 2, 3, 4]], [[1.0, 2, 3, 4]], [[1.0, 2.0]], rng.random(4), rng.random((5, 4)).T.T]
    tables += [np.asfortranarray(rng.random((5, 4))), rng.random((2, 4)).astype("f4"), np.full((2, 4), np.nan)]
    tables += [np.full((2, 4), 1e200), np.empty((0, 4)), np.empty((2, 0)), pd.DataFrame(rng.random((2, 4)))]
    tables += [[rng.random(4), rng.random(3)], [[True, False, True, True]], np.full((1, 4), np.inf)]
    tables += [np.full((1, 4), 1e-200), scipy.sparse.csr_array(rng.random((2, 4))), [], [[]], None, "ab"]
    for a in tables:
        for b in (*tables, a):
            before = [np.array(x) if isinstance(x, np.ndarray) else None for x in (a, b)]
            expected, found = outcome(official, a, b), outcome(ours, a, b)
            if scipy.sparse.issparse(expected[0]):
                assert type(expected[0]) is type(found[0])
                continue
            assert same(expected[0], found[0]), (a, b)
            assert expected[1] == found[1], (a, b)
            for old, new in zip(before, (a, b), strict=True):
                assert old is None or np.array_equal(old, new, equal_nan=True)


def test_silhouettes() -> None:
    origin = "sklearn.metrics.silhouette_score"
    official, ours = OFFICIAL["silhouette_score"], stand_in(origin)
    assert official is not None
    rng = np.random.default_rng(0)
    rows = rng.random((40, 3))
    same_rows = np.repeat(rng.random((8, 3)), 5, axis=0)
    tables: list[Any] = [rows, rows.copy(), same_rows, rows.tolist(), list(rows), rows.astype("f4"), np.zeros((40, 2))]
    tables += [(rows * 100).astype(int), pd.DataFrame(rows), scipy.sparse.csr_array(rows), rows[:, :0], rows[:, 0]]
    tables += [np.where(rows > 0.9, np.nan, rows), np.where(rows > 0.9, np.inf, rows), rows * 1e200, rows * 1e-200]
    tables += [np.asfortranarray(rows), rows[::-1], rows[:39], None, np.repeat(rows[:1], 40, axis=0) * 1e8]
    codes = rng.integers(0, 4, 40)
    some: list[Any] = [
        codes,
        codes - 2,
        codes.tolist(),
        codes == 1,
        codes.astype(float),
        np.where(codes > 2, np.nan, 1.0),
    ]
    some += [codes * 0, np.arange(40), np.minimum(np.arange(40), 38), codes * 10**9, codes.astype(str), codes[:39]]
    some += [pd.Series(codes, index=np.arange(40)[::-1]), codes.reshape(-1, 1), codes.astype(np.uint8), None, []]
    some += [np.where(np.arange(40) == 3, 7, codes), [None] * 40, np.array(codes, object)]
    pairs = [*itertools.product(tables, some[:1]), *itertools.product(tables[:3], some), (tables[-2], some[-9])]
    for a, b in pairs:
        expected, found = outcome(official, a, b), outcome(ours, a, b)
        assert same(expected[0], found[0]), (a, b)
        assert expected[1] == found[1], (a, b)
    # rows that change between calls are looked at anew
    table = rows.copy()
    assert same(ours(table, codes), official(table, codes))
    table[3] += 1
    assert same(ours(table, codes, metric="euclidean"), official(table, codes))
    assert ours(table, codes, metric="cosine") == official(table, codes, metric="cosine")
    assert stand_in(origin, refuses)(rows, codes) == pytest.approx(official(rows, codes), rel=1e-12)


@pytest.mark.parametrize("origin", [o for o in STANDS if "silhouette" not in o])
def test_plain_arrays_do_without(origin: str) -> None:
    ours = stand_in(origin, refuses)
    if "pairwise" in origin:
        assert ours([[1, 2]], [np.array([1.5, 2])]).shape == (1, 1)
        assert ours(np.ones((2, 3))).shape == (2, 2)
        return
    ones = np.random.default_rng(0).integers(0, 2, 30)
    guess = np.where(np.arange(30) < 20, ones, 1 - ones)
    for kind in (list, np.array, pd.Series):
        assert isinstance(ours(kind(ones.tolist()), kind(guess.astype(float).tolist())), (float, np.ndarray))


def test_changed(tmp_path: Path) -> None:
    made = changed(
        PlainScores(),
        tmp_path,
        """
import numpy as np
from sklearn import metrics
from sklearn.metrics import f1_score, accuracy_score as acc
from sklearn.metrics.pairwise import cosine_similarity
def best(y, p):
    found = []
    for t in np.linspace(0, 1, 11):
        found.append((f1_score(y, p > t, zero_division=0), acc(y_true=y, y_pred=p > t), metrics.roc_auc_score(y, p)))
    return max(found)
rng = np.random.default_rng(0)
y, p = rng.integers(0, 2, 50), rng.random(50)
print(best(y, p))
print(best(list(map(int, y)), p))
print([cosine_similarity([a], [b])[0][0].round(9) for a in rng.random((3, 4)) for b in rng.random((3, 4))])
""",
    )
    assert any("_f1_score(y, p > t, zero_division=0), _accuracy_score(y_true=y, y_pred=p > t)" in text for text in made)
    assert any("return metrics.roc_auc_score(y_true, y_score)" in text for text in made)
    assert any("return acc(y_true, y_pred)" in text for text in made)


def test_left_alone(tmp_path: Path) -> None:
    left_alone(
        PlainScores(),
        tmp_path,
        """
import sklearn.metrics
from sklearn.metrics import f1_score
def accuracy_score(y, p):
    return 1
def inner(y, p):
    from sklearn.metrics import r2_score
    return r2_score(y, p)
y, p = [0, 1, 1, 0], [0, 1, 0, 0]
given = (y, p)
print(accuracy_score(y, p), inner(y, p), f1_score(*given), f1_score(y, p, average="macro"), f1_score(y, p, pos_label=0))
print(f1_score(y, p, sample_weight=[1, 2, 3, 4]), list(map(f1_score, [y], [p])))
""",
    )
