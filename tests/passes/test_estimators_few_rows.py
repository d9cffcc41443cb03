"""Predictions for few rows: what the model itself gives, to the bit; anything unusual goes to the model."""

from __future__ import annotations

import copy
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, LogisticRegression, Ridge
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from hasten.passes.source.estimators.few_rows import HELPER, FewRows
from tests.passes.test_containers_harness import changed, left_alone

scope: dict[str, Any] = {"np": np}
exec(HELPER.replace("NP.", "np."), scope)
few_rows: Any = scope["_few_rows"]
RNG = np.random.default_rng(1)
X = RNG.normal(size=(80, 3))
Y = X[:, 0] * 3 + RNG.normal(size=80)
LABELS = np.where(Y > 0, "up", "down")
KNOWN: list[Any] = [
    LinearRegression(), Ridge(), Lasso(alpha=0.1), ElasticNet(alpha=0.1), LinearRegression(fit_intercept=False),
    DecisionTreeRegressor(), RandomForestRegressor(7), ExtraTreesRegressor(7, bootstrap=True),
    RandomForestRegressor(5, criterion="absolute_error"), StandardScaler(),
]  # fmt: skip
LABELLED: list[Any] = [
    DecisionTreeClassifier(max_depth=2), RandomForestClassifier(9, max_depth=3, class_weight="balanced"),
    ExtraTreesClassifier(9, min_samples_leaf=4),
]  # fmt: skip
OTHERS: list[Any] = [
    StandardScaler(with_std=False), StandardScaler(with_mean=False), MinMaxScaler(), GradientBoostingRegressor(),
    RandomForestRegressor(3), LinearRegression(), LogisticRegression(),
]  # fmt: skip
ROWS: list[Any] = [
    X[:1], X[5:9], X[:64], X[:70], X[0], X[:0], X[:1, :2], [X[0]], [X[0].tolist()], [[1, 2, 3]], [[1, 2.5, np.float64(3)]],
    [[True, False, True]], [[10**30, 1, 2]], [["1", "2", "3"]], [[1, [2], 3]], [], [[]], X[:2].astype("f4"), X[:2].astype(int),
    X[:1] * np.nan, X[:1] * np.inf, X[:1] * 1e300, X[:4].T[:3].T, np.asfortranarray(X[:5]), pd.DataFrame(X[:2]), None, 5,
    np.ma.array(X[:2]), X[::-1][:3], np.array([[1, 2, 3]], object), [X[0], X[1]], [[-0.0, 0.0, 1e-320]], (X[0],),
]  # fmt: skip


def outcome(call: Any, *given: Any) -> Any:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = call(*given)
        except Exception as error:  # noqa: BLE001 - whatever it raises is compared
            return type(error), str(error), [str(w.message) for w in caught]
    if isinstance(result, (list, pd.DataFrame)):
        return type(result), repr(result)
    content = result.tolist() if result.dtype == object else result.tobytes()
    return type(result), result.dtype, result.shape, content, [str(w.message) for w in caught]


def check(model: Any, rows: list[Any]) -> None:
    state = copy.deepcopy({k: repr(v) for k, v in vars(model).items()})
    for method in ("predict", "predict_proba", "transform", "apply"):
        if hasattr(model, method):
            for row in rows:
                old = outcome(getattr(model, method), row)
                assert outcome(few_rows, model, method, row) == old, (model, method, row)
    assert {k: repr(v) for k, v in vars(model).items()} == state


@pytest.mark.parametrize("model", KNOWN, ids=str)
def test_known_models(model: Any) -> None:
    check(model.fit(X, Y), ROWS)


@pytest.mark.parametrize("model", LABELLED, ids=str)
def test_labels(model: Any) -> None:
    check(model.fit(X, LABELS), ROWS)


def test_others_as_before() -> None:
    for model in OTHERS:
        check(model.fit(X, LABELS if isinstance(model, LogisticRegression) else Y), ROWS[:10])
    check(LinearRegression().fit(X, np.c_[Y, Y]), ROWS[:6])
    check(RandomForestRegressor(3).fit(X, np.c_[Y, Y]), ROWS[:6])
    check(DecisionTreeClassifier().fit(X, np.c_[Y > 0, Y > 1]), ROWS[:6])
    check(LinearRegression().fit(pd.DataFrame(X, columns=["a", "b", "c"]), Y), ROWS[:6])
    check(RandomForestRegressor(3), ROWS[:3])  # not fitted

    check(StandardScaler().set_output(transform="pandas").fit(X), ROWS[:3])
    with sklearn.config_context(transform_output="pandas"):
        check(StandardScaler().fit(X), ROWS[:3])
    given = X[:2].copy()
    assert few_rows(StandardScaler(copy=False).fit(X), "transform", given) is given

    class Own(LinearRegression):
        def predict(self, X: Any) -> Any:
            return super().predict(X) + 1

    check(Own().fit(X, Y), ROWS[:3])
    patched = LinearRegression().fit(X, Y)
    patched.predict = lambda rows: np.zeros(len(rows))
    assert few_rows(patched, "predict", X[:2]).tolist() == [0, 0]


def test_known_models_do_without(monkeypatch: pytest.MonkeyPatch) -> None:
    models = [*(m.fit(X, Y) for m in KNOWN), *(m.fit(X, LABELS) for m in LABELLED)]

    def refuses(*given: Any, **more: Any) -> None:
        raise AssertionError("the model was asked")

    for kind in {type(m) for m in models}:
        for method in ("predict", "predict_proba", "transform"):
            if hasattr(kind, method):
                monkeypatch.setattr(kind, method, refuses)
    for model in models:
        for row in (X[:1], [X[0]], [X[0].tolist()]):
            assert len(few_rows(model, "transform" if hasattr(model, "mean_") else "predict", row)) == 1


PROGRAM = """
import numpy as np
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression
series = list(np.sin(np.arange(60) / 5))
X = np.array([series[i:i + 4] for i in range(50)])
y = np.array(series[4:54])
def forecast(model, last, steps):
    out = []
    for _ in range(steps):
        value = model.predict([last])[0]
        out.append(value)
        last = last[1:] + [value]
    return out
for model in (LinearRegression(), RandomForestRegressor(5, random_state=0)):
    print(forecast(model.fit(X, y), series[-4:], 6))
"""


def test_changed(tmp_path: Path) -> None:
    made = changed(FewRows(), tmp_path, PROGRAM)
    assert "value = _few_rows(model, 'predict', [last])[0]" in made[0]


def test_left_alone(tmp_path: Path) -> None:
    left_alone(
        FewRows(),
        tmp_path,
        """
from sklearn.linear_model import LinearRegression
model = LinearRegression().fit([[1.0], [2.0]], [1, 2])
print(model.predict([[3.0]]))
rows = ([[1.0]],)
for _ in range(2):
    print(model.predict(*rows), model.predict(X=rows[0]))
""",
    )
    left_alone(
        FewRows(),
        tmp_path,
        PROGRAM.replace("sklearn.", "mine.").replace("from mine", "if 0:\n    from mine").split("def")[0],
    )
