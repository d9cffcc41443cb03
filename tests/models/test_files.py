"""Models from files of every kind: which of them run code, and what the others give."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from hasten.api.models.files import MODEL_FILES, read_model
from hasten.errors import TargetError, UsageError

pytestmark = pytest.mark.filterwarnings("ignore")
X, Y = load_breast_cancer(return_X_y=True)
X = X[:, :5]


def linear() -> Any:
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y)


def test_skops(tmp_path: Path) -> None:
    skops = pytest.importorskip("skops.io")
    model = linear()
    skops.dump(model, tmp_path / "m.skops")
    np.testing.assert_array_equal(
        read_model(tmp_path / "m.skops", trust=False).predict_proba(X), model.predict_proba(X)
    )


class Mine(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A class that skops does not know."""

    def fit(self, X: Any, y: Any) -> Mine:
        self.classes_ = np.unique(y)
        return self


def test_skops_with_a_class_of_ones_own(tmp_path: Path) -> None:
    skops = pytest.importorskip("skops.io")
    skops.dump(Mine().fit(X, Y), tmp_path / "m.skops")
    with pytest.raises(TargetError, match=r"Mine.*save it as \.joblib"):
        read_model(tmp_path / "m.skops", trust=False)


@pytest.mark.parametrize("suffix", [".txt", ".lgb"])
def test_lightgbm(suffix: str, tmp_path: Path) -> None:
    lightgbm = pytest.importorskip("lightgbm")
    model = lightgbm.LGBMClassifier(n_estimators=4, verbose=-1).fit(X, Y)
    model.booster_.save_model(tmp_path / f"m{suffix}")
    found = read_model(tmp_path / f"m{suffix}", trust=False)
    np.testing.assert_array_equal(found.predict(X), model.predict_proba(X)[:, 1])


@pytest.mark.parametrize("suffix", [".json", ".ubj"])
def test_xgboost(suffix: str, tmp_path: Path) -> None:
    xgboost = pytest.importorskip("xgboost")
    model = xgboost.XGBClassifier(n_estimators=4).fit(X, Y)
    model.save_model(tmp_path / f"m{suffix}")
    np.testing.assert_array_equal(
        read_model(tmp_path / f"m{suffix}", trust=False).predict_proba(X), model.predict_proba(X)
    )
    numbers = xgboost.XGBRegressor(n_estimators=4).fit(X, Y)
    numbers.save_model(tmp_path / f"n{suffix}")
    np.testing.assert_array_equal(read_model(tmp_path / f"n{suffix}", trust=False).predict(X), numbers.predict(X))


def test_catboost(tmp_path: Path) -> None:
    catboost = pytest.importorskip("catboost")
    model = catboost.CatBoostClassifier(iterations=4, verbose=0, allow_writing_files=False).fit(X, Y)
    model.save_model(str(tmp_path / "m.cbm"))
    np.testing.assert_array_equal(read_model(tmp_path / "m.cbm", trust=False).predict_proba(X), model.predict_proba(X))


def test_onnx(tmp_path: Path) -> None:
    convert = pytest.importorskip("skl2onnx")
    pytest.importorskip("onnxruntime")
    model = linear()
    data = convert.to_onnx(model, X[:1].astype(np.float32)).SerializeToString()
    (tmp_path / "m.onnx").write_bytes(data)
    found = read_model(tmp_path / "m.onnx", trust=False)
    assert found.n_features_in_ == 5
    assert (found.predict(X) == model.predict(X)).mean() > 0.99
    np.testing.assert_allclose(found.predict_proba(X), model.predict_proba(X), atol=1e-5)


@pytest.mark.parametrize("suffix", [s for s, runs in MODEL_FILES.items() if runs])
def test_files_that_run_code_need_trust(suffix: str, tmp_path: Path) -> None:
    (tmp_path / f"m{suffix}").write_bytes(b"whatever it is, it is not read")
    with pytest.raises(UsageError, match="--trust"):
        read_model(tmp_path / f"m{suffix}", trust=False)


@pytest.mark.parametrize("suffix", [s for s, runs in MODEL_FILES.items() if not runs])
def test_files_that_are_no_models(suffix: str, tmp_path: Path) -> None:
    (tmp_path / f"m{suffix}").write_bytes(b"no model at all")
    with pytest.raises(TargetError, match=r"cannot be read|needs"):
        read_model(tmp_path / f"m{suffix}", trust=False)
