"""Pipelines of numbers as compiled operations, beside the originals."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")
from sklearn import (
    cluster,
    datasets,
    decomposition,
    discriminant_analysis,
    feature_selection,
    impute,
    linear_model,
    neighbors,
    neural_network,
    preprocessing,
    svm,
)
from sklearn.pipeline import make_pipeline

from hasten.core.model_pass import CannotServe
from hasten.passes.model.serving.dense import CompiledNumbers
from hasten.serve.backends import dense
from tests.models.cases import judged, served, work_of

pytestmark = [
    pytest.mark.filterwarnings("ignore"), pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc"),
]  # fmt: skip
DIGITS, CANCER, DIABETES = (
    f(return_X_y=True) for f in (datasets.load_digits, datasets.load_breast_cancer, datasets.load_diabetes)
)
GAPS = np.where(np.random.default_rng(0).random(DIABETES[0].shape) < 0.1, np.nan, DIABETES[0])
FOUR = DIGITS[0][DIGITS[1] < 4], DIGITS[1][DIGITS[1] < 4]
NAMED = CANCER[0], np.array(["benign", "malignant"])[CANCER[1]]
scaled, MLP = preprocessing.StandardScaler, neural_network.MLPClassifier
MODELS: dict[str, tuple[Callable[[], Any], Any]] = {
    "perceptron of classes": (lambda: make_pipeline(scaled(), MLP((20,), max_iter=8)), DIGITS),
    "perceptron of two": (
        lambda: make_pipeline(preprocessing.MinMaxScaler(clip=True), MLP((9, 5), activation="tanh", max_iter=8)), NAMED,
    ),
    "perceptron of numbers": (
        lambda: make_pipeline(
            preprocessing.RobustScaler(),
            neural_network.MLPRegressor(hidden_layer_sizes=(7,), activation="logistic", max_iter=8),
        ), DIABETES,
    ),
    "k-means": (lambda: cluster.KMeans(17, n_init=1, random_state=0), DIGITS),
    "small batches": (lambda: make_pipeline(scaled(), cluster.MiniBatchKMeans(3, n_init=1, random_state=0)), DIGITS),
    "rbf": (lambda: make_pipeline(scaled(with_mean=False), svm.SVC()), NAMED),
    "rbf of classes": (lambda: svm.SVC(), FOUR),
    "broken ties": (lambda: svm.NuSVC(nu=0.1, break_ties=True), FOUR),
    "pairs": (lambda: svm.SVC(kernel="linear", decision_function_shape="ovo"), FOUR),
    "poly": (lambda: make_pipeline(scaled(), svm.SVR(kernel="poly", coef0=0.5)), DIABETES),
    "sigmoid": (lambda: make_pipeline(scaled(), svm.SVC(kernel="sigmoid")), CANCER),
    "one class": (lambda: svm.OneClassSVM(), CANCER),
    "logistic": (lambda: make_pipeline(scaled(), linear_model.LogisticRegression(max_iter=20)), DIGITS),
    "logistic of two": (lambda: make_pipeline(scaled(), linear_model.LogisticRegression(max_iter=20)), NAMED),
    "one against the rest": (lambda: make_pipeline(scaled(), linear_model.SGDClassifier(loss="log_loss")), DIGITS),
    "imputed": (lambda: make_pipeline(impute.SimpleImputer(), scaled(), linear_model.Ridge()), (GAPS, DIABETES[1])),
    "counts": (lambda: linear_model.PoissonRegressor(), DIABETES),
    "projected": (
        lambda: make_pipeline(
            preprocessing.Normalizer(), decomposition.PCA(5, whiten=True), linear_model.LogisticRegression()
        ), DIGITS,
    ),
    "selected": (
        lambda: make_pipeline(
            feature_selection.VarianceThreshold(), feature_selection.SelectKBest(k=20), preprocessing.MaxAbsScaler(),
            linear_model.RidgeClassifier(),
        ), DIGITS,
    ),
    "neighbours": (lambda: neighbors.KNeighborsClassifier(3), NAMED),
    "neighbours by distance": (
        lambda: make_pipeline(scaled(), neighbors.KNeighborsClassifier(6, weights="distance")), DIGITS,
    ),
    "neighbours of numbers": (lambda: neighbors.KNeighborsRegressor(5), DIABETES),
    "numbers by distance": (lambda: neighbors.KNeighborsRegressor(weights="distance"), DIABETES),
    "discriminant": (lambda: discriminant_analysis.LinearDiscriminantAnalysis(), CANCER),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_answers_as_the_original(name: str, tmp_path: Path) -> None:
    make, (x, y) = MODELS[name]
    half = len(x) // 2
    model = make().fit(x[:half], y[:half])
    verdict = judged(work_of(model, x[half:], y[half:]), CompiledNumbers(), tmp_path / "a")
    assert verdict.verdict == "accepted", verdict.reason


def test_any_number_of_rows(tmp_path: Path) -> None:
    model = make_pipeline(scaled(), MLP((33,), max_iter=3)).fit(*DIGITS)
    made = served(work_of(model, *DIGITS), CompiledNumbers(), {}, tmp_path / "a")
    whole = made.predict_proba(DIGITS[0])
    for rows in (1, 2, 3, 4, 5, 7, 15, 16, 17, 33, 129):
        np.testing.assert_allclose(made.predict_proba(DIGITS[0][:rows]), whole[:rows], rtol=1e-12)
    assert made.predict(DIGITS[0][:3]).dtype == model.predict(DIGITS[0][:3]).dtype
    for bad in (np.nan, np.inf, -np.inf):
        rows = DIGITS[0][:40].copy()
        rows[37, 11] = bad
        with pytest.raises(ValueError, match=r"NaN|infinity"):
            made.predict(rows)


@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize("decimals", [0, 1, 3])
def test_neighbours_that_are_equally_near(weights: str, decimals: int, tmp_path: Path) -> None:
    """Rows where it matters which of them count are answered by the original, others by the part, in one call."""
    draw = np.random.default_rng(decimals)
    x = draw.normal(size=(400, 3)).round(decimals)
    y = draw.integers(0, 3, 400)
    model = neighbors.KNeighborsClassifier(4, weights=weights).fit(x[:250], y[:250])
    far = np.full((int(weights == "uniform"), 3), 1e200)  # no row is so far by distance: the original raises
    rows = np.concatenate([x[250:], x[:5], far])
    work = work_of(model, np.concatenate([draw.normal(size=(50, 3)), rows]))
    made = served(work, CompiledNumbers(), {}, tmp_path / "a")
    np.testing.assert_array_equal(made.predict(rows), model.predict(rows))
    np.testing.assert_allclose(made.predict_proba(rows), model.predict_proba(rows), rtol=1e-9)
    for row in rows[::17]:
        np.testing.assert_array_equal(made.predict(row[None]), model.predict(row[None]))


def test_k_smallest_among_equal_numbers(tmp_path: Path) -> None:
    """All neighbours at one distance, and as many of them as are asked for."""
    x = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]] * 3)
    y = np.array([2.0, 4.0, 8.0, 16.0] * 3)
    for k in (4, 12):
        model = neighbors.KNeighborsRegressor(k, algorithm="brute").fit(x, y)
        rows = np.array([[0.0, 0.0], [0.3, 0.1], [5.0, 5.0]])
        made = served(work_of(model, rows, y[:3]), CompiledNumbers(), {}, tmp_path / str(k))
        np.testing.assert_allclose(made.predict(rows), model.predict(rows), rtol=1e-12)


def test_wide_rows(tmp_path: Path) -> None:
    """Buffers that do not fit on the stack."""
    x = np.random.default_rng(0).normal(size=(60, 3000))
    model = make_pipeline(scaled(), linear_model.Ridge()).fit(x, x[:, 0])
    verdict = judged(work_of(model, x, x[:, 0]), CompiledNumbers(), tmp_path / "a")
    assert verdict.verdict == "accepted", verdict.reason


def test_without_headers_of_python(tmp_path: Path) -> None:
    """Where the library was compiled without Python's headers, ctypes calls it."""
    library = tmp_path / "plain.so"
    source = Path(dense.__file__).parent / dense.SOURCE
    flags = ["-O1", "-std=gnu11", "-fPIC", "-shared", "-DDENSE_NO_PYTHON"]
    subprocess.run(["gcc", *flags, str(source), "-o", str(library), "-lm"], check=True)
    weights = np.arange(6.0).reshape(3, 2)
    output = dense.Output((dense.Op("finite", 3), dense.Op("dense", 2, weights, np.array([1.0, 2.0]))))
    ask = dense.Programs(ctypes.CDLL(str(library)), {"scores": output}, 3).ask("scores")
    x = np.array([[1.0, 2.0, 3.0], [-1.0, 0.5, 0.25]])
    np.testing.assert_array_equal(ask(x), x @ weights + [1.0, 2.0])
    with pytest.raises(ValueError, match="NaN"):
        ask(np.full((1, 3), np.nan))
    with pytest.raises(ValueError, match="float64 matrix"):
        ask(np.zeros((1, 4)))


@pytest.mark.parametrize(
    "steps",
    [
        (impute.SimpleImputer(add_indicator=True), linear_model.Ridge()),
        (preprocessing.PowerTransformer(), linear_model.Ridge()),
        (scaled(), svm.SVR(kernel=lambda a, b: a @ b.T)),
    ],
    ids=["indicator", "powers", "own kernel"],
)
def test_refuses_what_it_does_not_know(steps: Any, tmp_path: Path) -> None:
    model = make_pipeline(*steps).fit(GAPS if "Imputer" in str(steps) else DIABETES[0], DIABETES[1])
    with pytest.raises(CannotServe):
        CompiledNumbers().build(work_of(model, *DIABETES), tmp_path, {})
