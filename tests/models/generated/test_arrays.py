"""Estimators over arrays and texts: every head beside the original."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.feature_selection import SelectFromModel, SelectKBest, VarianceThreshold
from sklearn.kernel_approximation import Nystroem, RBFSampler
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import (
    Lasso,
    LinearRegression,
    LogisticRegression,
    Perceptron,
    Ridge,
    RidgeClassifier,
    SGDClassifier,
    SGDRegressor,
    TweedieRegressor,
)
from sklearn.mixture import GaussianMixture
from sklearn.naive_bayes import BernoulliNB, ComplementNB, GaussianNB, MultinomialNB
from sklearn.neighbors import NearestCentroid
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    PolynomialFeatures,
    RobustScaler,
    SplineTransformer,
    StandardScaler,
)
from sklearn.svm import SVC, SVR, LinearSVC, OneClassSVM

from hasten.core.model_pass import CannotServe
from hasten.passes.model.serving.generated.writer import Writer, labels_text, literal
from tests.models.generated.same import check, served

CANCER = load_breast_cancer()
B, BY = CANCER.data[:, :4], CANCER.target
D, DY = load_digits(return_X_y=True)
D = D[:, 18:32]
WORDS = ["free", "prize", "call", "now", "lunch", "home", "the", "Caf\u00e9", "love", "win", "a1"]


def texts(n: int) -> tuple[list[str], np.ndarray]:
    draw = np.random.default_rng(0)
    spam = draw.random(n) < 0.4
    rows = [" ".join(draw.choice(WORDS[:5] if s else WORDS[3:], 6)) + "!" * int(draw.integers(3)) for s in spam]
    return rows, np.where(spam, "spam", "ham").astype(object)


TWO = {
    "logistic": LogisticRegression(max_iter=500), "normal": GaussianNB(), "lda": LinearDiscriminantAnalysis(),
    "qda": QuadraticDiscriminantAnalysis(reg_param=0.1), "centroid": NearestCentroid(), "rbf": SVC(),
    "cubic": SVC(kernel="poly"), "regression by vectors": SVR(), "linear vectors": LinearSVC(),
    "ridge": RidgeClassifier(), "perceptron": Perceptron(), "huber": SGDClassifier(loss="modified_huber"),
    "lasso": Lasso(alpha=0.05), "sgd": SGDRegressor(), "network": MLPClassifier((8,), max_iter=20),
    "regression by a network": MLPRegressor(hidden_layer_sizes=(8,), max_iter=20), "k-means": KMeans(3, n_init=1),
    "tweedie": TweedieRegressor(power=1.5), "probabilities of vectors": SVC(probability=True, random_state=0),
    "one class": OneClassSVM(nu=0.2), "mixture": GaussianMixture(3, random_state=0),
    "kernel ridge": KernelRidge(kernel="rbf", gamma=0.2), "last projection": PCA(2, whiten=True),
}  # fmt: skip

TEN = {
    "logistic": LogisticRegression(max_iter=50), "multinomial": MultinomialNB(), "complement": ComplementNB(),
    "bernoulli": BernoulliNB(binarize=4), "rbf": SVC(), "pairs": SVC(decision_function_shape="ovo", break_ties=False),
    "ties": SVC(break_ties=True), "against the rest": SGDClassifier(loss="log_loss", random_state=0),
    "network": MLPClassifier((8,), max_iter=10),
    "lda": LinearDiscriminantAnalysis(), "products": make_pipeline(SelectKBest(k=6), PolynomialFeatures(3), LinearSVC(max_iter=20)),
    "ranges": make_pipeline(VarianceThreshold(), MaxAbsScaler(), LogisticRegression(max_iter=50)),
    "probabilities of pairs": SVC(probability=True, random_state=0),
    "waves": make_pipeline(StandardScaler(), RBFSampler(n_components=12, random_state=0), LogisticRegression(max_iter=50)),
    "near": make_pipeline(StandardScaler(), Nystroem(n_components=12, random_state=0), LinearSVC(max_iter=20)),
    "selected": make_pipeline(SelectFromModel(LinearSVC(C=0.01, max_iter=50)), MinMaxScaler(), NearestCentroid()),
}  # fmt: skip

TEXTS = {
    "counts": make_pipeline(CountVectorizer(), MultinomialNB()),
    "hashes": make_pipeline(HashingVectorizer(n_features=32), LogisticRegression()),
    "hashes of letters": make_pipeline(
        HashingVectorizer(n_features=2**12, analyzer="char", ngram_range=(1, 5), alternate_sign=False, norm=None),
        MultinomialNB(),
    ),
    "runs of words": make_pipeline(TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), LogisticRegression()),
    "accents": make_pipeline(TfidfVectorizer(stop_words="english", strip_accents="unicode"), LinearSVC()),
    "letters": make_pipeline(TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 3)), SelectKBest(k=40), RidgeClassifier()),
    "svd": make_pipeline(
        CountVectorizer(binary=True, analyzer="char", ngram_range=(1, 2), lowercase=False),
        TfidfTransformer(norm="l1"), TruncatedSVD(3), StandardScaler(), LogisticRegression(),
    ),
    "plain sums": make_pipeline(CountVectorizer(), LogisticRegression()),
    "once each": make_pipeline(CountVectorizer(binary=True), TfidfTransformer(use_idf=False, norm="l1"), LinearSVC()),
    "selected before the norm": make_pipeline(
        CountVectorizer(ngram_range=(1, 2)), VarianceThreshold(0.15), TfidfTransformer(sublinear_tf=True),
        RidgeClassifier(),
    ),
    "two vectorisers": make_pipeline(
        FeatureUnion([("w", TfidfVectorizer()), ("c", TfidfVectorizer(analyzer="char", ngram_range=(1, 3)))]),
        SGDClassifier(loss="log_loss", random_state=0),
    ),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", TWO)
def test_models_of_two_classes_and_numbers(name: str, tmp_path: Path) -> None:
    check(make_pipeline(StandardScaler(), TWO[name]).fit(B[:400], BY[:400]), B[400:], tmp_path)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", TEN)
def test_models_of_ten_classes(name: str, tmp_path: Path) -> None:
    check(TEN[name].fit(D[:400], DY[:400]), D[400:500], tmp_path)


@pytest.mark.parametrize("name", TEXTS)
def test_models_of_texts(name: str, tmp_path: Path) -> None:
    rows, y = texts(300)
    check(TEXTS[name].fit(rows[:200], y[:200]), rows[200:], tmp_path)


@pytest.mark.parametrize("name", ["runs of words", "letters", "selected before the norm"])
def test_texts_of_several_classes(name: str, tmp_path: Path) -> None:
    rows, _ = texts(300)
    model = clone(TEXTS[name]).fit(rows[:200], np.array(["a", "b", "c"])[np.arange(200) % 3])
    made = check(model, rows[200:], tmp_path)
    for n in (1, 2, 16, 17, 40):  # one by one, and as arrays
        assert made.predict(rows[200 : 200 + n]).tolist() == model.predict(rows[200 : 200 + n]).tolist()


@pytest.mark.parametrize(
    "words", [TfidfVectorizer(dtype=np.float32), HashingVectorizer(dtype=np.float32, n_features=64)]
)
def test_answers_are_as_precise_as_the_originals(words: Any, tmp_path: Path) -> None:
    rows, y = texts(200)
    for i, last in enumerate([LogisticRegression(), LinearSVC(), Ridge()]):
        model = make_pipeline(clone(words), last).fit(rows, y if i < 2 else np.arange(200.0))
        made = check(model, rows, tmp_path / str(i), rtol=1e-5)
        for method in made.manifest.methods:
            for n in (1, 40):
                old, new = getattr(model, method)(rows[:n]), getattr(made, method)(rows[:n])
                assert (old.dtype, old.shape) == (new.dtype, new.shape), (method, n)


def test_one_text_is_answered_without_arrays(tmp_path: Path) -> None:
    rows, y = texts(300)
    model = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(rows, y)
    check(model, rows, tmp_path)
    text = (tmp_path / "parts" / "part" / "predictor.py").read_text()
    assert "def predict_proba_cells(cells)" in text and "_row(" not in text
    assert "np.bincount" not in text


SPLINES = [
    {"n_knots": 4}, {"extrapolation": "linear", "include_bias": False}, {"extrapolation": "continue", "degree": 2},
    {"extrapolation": "periodic", "n_knots": 5}, {"extrapolation": "error"}, {"knots": "quantile", "degree": 1},
    {"handle_missing": "zeros"}, {"extrapolation": "periodic", "handle_missing": "zeros"},
]  # fmt: skip


@pytest.mark.parametrize("settings", SPLINES, ids=str)
@pytest.mark.parametrize("after", [Ridge(), GaussianNB()], ids=["folded", "spread"])
def test_splines(settings: dict[str, Any], after: Any, tmp_path: Path) -> None:
    x = B[:, :2].copy()
    if "handle_missing" in settings:
        x[::7, 0] = np.nan
    y = BY if isinstance(after, GaussianNB) else CANCER.data[:, 3]
    check(make_pipeline(SplineTransformer(**settings), after).fit(x[:400], y[:400]), x[400:450], tmp_path)


def test_splines_whose_own_rules_differ_are_left_alone(tmp_path: Path) -> None:
    """Of several features the original moves the ends of the later ones, where the degree is 1 and the ends are linear."""
    steps = SplineTransformer(degree=1, extrapolation="linear")
    model = make_pipeline(steps, Ridge()).fit(B[:, :2], CANCER.data[:, 3])
    with pytest.raises(CannotServe, match="not what they say"):
        served(model, B[:50, :2], tmp_path)


def test_far_from_every_component(tmp_path: Path) -> None:
    mixture = GaussianMixture(2, covariance_type="diag", random_state=0)
    model = make_pipeline(StandardScaler(), mixture).fit(B)
    made, _ = served(model, B[:50], tmp_path)
    far = B[:3].copy()
    far[1, 0] = -1e308
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(made.predict(far), model.predict(far))
        np.testing.assert_allclose(made.score_samples(far), model.score_samples(far))


def test_far_from_every_vector(tmp_path: Path) -> None:
    model = make_pipeline(RobustScaler(), OneClassSVM(nu=0.2)).fit(B)
    made, _ = served(model, B[:50], tmp_path)
    far = B[:3].copy()
    far[1, 2] = -1e308
    np.testing.assert_allclose(made.decision_function(far), model.decision_function(far))


def test_bare_models_and_several_outputs(tmp_path: Path) -> None:
    check(LinearRegression().fit(B[:, :3], CANCER.data[:, 5:7]), B[:50, :3], tmp_path / "two")
    check(LinearRegression().fit(B[:, :3], CANCER.data[:, 5:6]), B[:50, :3], tmp_path / "one")


def test_labels_of_any_kind(tmp_path: Path) -> None:
    for i, labels in enumerate([["no", "yes"], [False, True], [-1, 1]]):
        for dtype in (None, object):
            y = np.array(labels, dtype)[BY]
            if i and dtype is object:
                continue  # scikit-learn takes no such targets
            check(LogisticRegression(max_iter=5000).fit(B[:, :3], y), B[:40, :3], tmp_path / f"{i}{dtype}")


def test_a_predictor_stands_alone(tmp_path: Path) -> None:
    model = LogisticRegression(max_iter=5000).fit(B[:, :4], BY)
    served(model, B[:, :4], tmp_path)
    code = "import predictor, sys; print(predictor.predict_row({f'x{i}': 1.0 for i in range(4)}).tolist(), 'hasten' in sys.modules)"
    out = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path / "parts" / "part", capture_output=True, text=True, check=True
    )
    assert out.stdout.split() == [f"[{model.predict(np.ones((1, 4)))[0]}]", "False"]


@pytest.mark.parametrize(
    "value", [0.1, -0.0, 1e-320, float("inf"), float("nan"), 3, True, None, "a'\n\"b", (1.5,), [1, (2, "x")]]
)
def test_literals_are_exact(value: Any) -> None:
    import math

    assert repr(eval(literal(value), {"math": math})) == repr(value)


@pytest.mark.parametrize(
    "labels", [np.array(["b", "aa"]), np.array([2, 3], np.int8), np.array(["x", 1], object), np.array([True])]
)
def test_labels_keep_their_dtype(labels: np.ndarray) -> None:
    made = eval(labels_text(labels), {"np": np})
    assert made.dtype == labels.dtype and made.tolist() == labels.tolist()


def test_names_are_identifiers_and_never_meet() -> None:
    w = Writer(["a b", "a_b", "class", "2nd", "np", "\u00e9", "A B"], False)
    assert len(set(w.parameters)) == 7
    assert all(name.isidentifier() for name in w.parameters)
    assert not {"class", "np"} & set(w.parameters)
