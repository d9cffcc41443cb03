"""Pipelines that begin with code of their user: those steps stay, what is behind them becomes a faster part."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from hasten.core.model_pass import CannotServe
from hasten.passes.model.serving.own_steps import OwnFirstSteps
from hasten.serve.native import compiler
from tests.models.cases import judged, served, work_of
from tests.models.conftest import people

pytestmark = pytest.mark.filterwarnings("ignore")
FRAME = people(300)
X, Y = FRAME.drop(columns="bought"), FRAME["bought"]


def with_ratio(x: Any) -> Any:
    return x.assign(ratio=x["income"] / x["age"])


class Dates(BaseEstimator, TransformerMixin):  # type: ignore[misc]
    """Weekdays and months of a date."""

    def fit(self, X: Any, y: Any = None) -> Dates:
        self.n_ = X.shape[1]
        return self

    def transform(self, X: Any) -> Any:
        return pd.DataFrame({"day": X["when"].dt.dayofweek, "month": X["when"].dt.month, "v": X["v"]})


def scaled() -> Any:
    steps = [("n", StandardScaler(), ["age", "ratio"]), ("c", OneHotEncoder(handle_unknown="ignore"), ["city"])]
    return ColumnTransformer(steps)


def test_a_function_of_a_frame_first(tmp_path: Path) -> None:
    model = make_pipeline(FunctionTransformer(with_ratio), scaled(), LogisticRegression()).fit(X[:200], Y[:200])
    work = work_of(model, X[200:], Y[200:])
    assert list(OwnFirstSteps().parameters(work)) == [{"steps": 1}]
    verdict = judged(work, OwnFirstSteps(), tmp_path / "a")
    assert verdict.verdict == "accepted", verdict.reason
    made = served(work, OwnFirstSteps(), {"steps": 1}, tmp_path / "b")
    row = X.iloc[250].to_dict()
    np.testing.assert_allclose(made.predict_proba(row), model.predict_proba(X[250:251]), rtol=1e-12)
    options = made.manifest.parts["part"].options
    assert options["pickle"] == "steps.pkl"
    assert "sklearn" in made.manifest.parts["part"].packages


@pytest.mark.skipif(compiler() is None, reason="no C compiler here")
def test_a_class_that_reads_dates_first(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    when = pd.Timestamp("2024-01-01") + pd.to_timedelta(draw.integers(0, 700, 300), "D")
    x = pd.DataFrame({"when": when, "v": draw.normal(size=300)})
    model = make_pipeline(Dates(), HistGradientBoostingRegressor(max_iter=5)).fit(
        x[:200], x.v[:200] + x.when.dt.month[:200]
    )
    verdict = judged(work_of(model, x[200:]), OwnFirstSteps(), tmp_path)
    assert verdict.verdict == "accepted", verdict.reason


def test_where_nothing_is_won() -> None:
    plain = make_pipeline(scaled(), LogisticRegression()).fit(with_ratio(X), Y)
    assert list(OwnFirstSteps().parameters(work_of(plain, with_ratio(X), Y))) == []
    assert list(OwnFirstSteps().parameters(work_of(LogisticRegression().fit(X[["age"]], Y), X[["age"]], Y))) == []


def test_a_last_step_that_nothing_serves_is_refused(tmp_path: Path) -> None:
    own = make_pipeline(
        FunctionTransformer(lambda x: x[["age", "income"]]), KNeighborsClassifier(metric="manhattan")
    ).fit(X, Y)
    with pytest.raises(CannotServe, match="nothing serves what is behind"):
        OwnFirstSteps().build(work_of(own, X, Y), tmp_path, {"steps": 1})
