"""The library itself: keys, threads, several callers, ctypes, a library that does not load."""

from __future__ import annotations

import ctypes
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("sklearn")
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import (
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)

from hasten.passes.model.trees.pack import keys_of
from hasten.serve.backends import trees as backend
from hasten.serve.native import opened

X, Y = load_breast_cancer(return_X_y=True)


@given(st.lists(st.floats(allow_nan=False), min_size=2, max_size=20))
def test_keys_order_as_floats(values: list[float]) -> None:
    v = np.array(values)
    keys = keys_of(v, single=False)
    assert ((v[:, None] <= v) == (keys[:, None] <= keys)).all()


@given(st.floats(width=32, allow_nan=False), st.floats(allow_nan=False))
def test_a_float32_is_compared_with_a_float64_threshold_in_full(x: float, threshold: float) -> None:
    key = int(keys_of(np.array([x]), single=True)[0])
    assert (key <= int(keys_of(np.array([threshold]), single=True)[0])) == (x <= threshold)


@pytest.fixture(scope="module")
def model() -> Any:
    return RandomForestClassifier(40, random_state=0).fit(X, Y)


def test_threads_share_many_rows(served: Any, model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "MANY", 4000)
    many = np.tile(X, (3, 1))
    np.testing.assert_array_equal(served(model, 2).method("predict_proba")(many), model.predict_proba(many))


def test_callers_at_once(served: Any, model: Any) -> None:
    ask = served(model).method("predict_proba")
    wrong: list[int] = []
    want = model.predict_proba(X)

    def call(at: int) -> None:
        for _ in range(30):
            if not np.array_equal(ask(X[at : at + 100]), want[at : at + 100]):
                wrong.append(at)

    threads = [threading.Thread(target=call, args=(at,)) for at in range(0, 400, 100)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


def test_a_library_that_does_not_load_is_compiled_again(tmp_path: Path, served: Any, model: Any) -> None:
    made = served(model)
    backend.save({}, tmp_path)
    (tmp_path / backend.LIBRARY).write_bytes(b"made elsewhere")
    library = opened(tmp_path / backend.LIBRARY, tmp_path / backend.SOURCE, backend.MODULE)
    again = backend.Trees(library, made._arrays, made._answers, 1)
    np.testing.assert_array_equal(again.method("predict")(X), model.predict(X))


def test_without_pythons_headers_ctypes_calls_it(tmp_path: Path, served: Any, model: Any) -> None:
    made = served(model)
    backend.save({}, tmp_path)
    by_ctypes = backend.Trees(ctypes.CDLL(str(tmp_path / backend.LIBRARY)), made._arrays, made._answers, 1)
    np.testing.assert_array_equal(by_ctypes.method("predict_proba")(X), model.predict_proba(X))


@pytest.mark.parametrize("level", [0, 1])
def test_processors_with_less(tmp_path: Path, served: Any, level: int) -> None:
    backend.save({}, tmp_path)
    library = ctypes.CDLL(str(tmp_path / backend.LIBRARY))
    ctypes.c_int.in_dll(library, "trees_most_level").value = level
    x, y = X[:200], Y[:200]
    number = np.sin(x[:, 0]) + x[:, 1] % 1
    models = [
        RandomForestClassifier(9, random_state=0).fit(x, y), RandomForestRegressor(9, random_state=0).fit(x, number),
        HistGradientBoostingClassifier(max_iter=9).fit(x, y),
        HistGradientBoostingRegressor(max_iter=9, max_leaf_nodes=60, min_samples_leaf=2).fit(x, number),
        GradientBoostingRegressor(n_estimators=9, max_leaf_nodes=50, max_depth=9).fit(x, number),
    ]  # fmt: skip
    odd = X.copy()
    odd[::3, 3] = -1e30
    for model in models:
        made = served(model)
        low = backend.Trees(library, made._arrays, made._answers, 1)
        for rows in (X, odd, X[:37]):
            np.testing.assert_array_equal(low.method("predict")(rows), model.predict(rows))


def test_symmetric_trees_on_processors_with_less(tmp_path: Path, served: Any) -> None:
    catboost = pytest.importorskip("catboost")
    backend.save({}, tmp_path)
    library = ctypes.CDLL(str(tmp_path / backend.LIBRARY))
    ctypes.c_int.in_dll(library, "trees_most_level").value = 0
    model = catboost.CatBoostRegressor(iterations=9, depth=4, verbose=0, train_dir=str(tmp_path)).fit(X, X[:, 0])
    made = served(model)
    low = backend.Trees(library, made._arrays, made._answers, 1)
    np.testing.assert_allclose(low.method("predict")(X), model.predict(X), rtol=1e-14)


@pytest.mark.parametrize(
    "x", [np.zeros((1, 4, 2)), np.zeros((2, 3)), np.zeros(4), np.zeros((2, 4), np.float32), np.zeros((2, 4)).T]
)
def test_no_matrix_of_another_shape_is_read(served: Any, x: Any) -> None:
    from sklearn.datasets import load_iris

    made = served(RandomForestRegressor(2, random_state=0).fit(*load_iris(return_X_y=True)))
    with pytest.raises(ValueError, match=r"float64 matrix|contiguous|matrix"):
        made.method("predict")(x)
