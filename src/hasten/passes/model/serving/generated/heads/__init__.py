"""Translators of final estimators, by class name: each turns blocks of features into a `Head` (`answers.py`)."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from hasten.core.model_pass import CannotServe
from hasten.passes.model.serving.generated.answers import Head
from hasten.passes.model.serving.generated.blocks import Blocks
from hasten.passes.model.serving.generated.writer import Writer

Translator = Callable[[Any, Blocks, Writer, tuple[str, ...]], Head]

_HERE = __name__
MODULES = {
    "linear": (
        "LogisticRegression", "LogisticRegressionCV", "LinearSVC", "SGDClassifier", "Perceptron",
        "PassiveAggressiveClassifier", "RidgeClassifier", "RidgeClassifierCV", "LinearRegression", "Ridge", "RidgeCV",
        "Lasso", "LassoCV", "ElasticNet", "ElasticNetCV", "Lars", "LarsCV", "LassoLars", "LassoLarsCV", "LassoLarsIC",
        "OrthogonalMatchingPursuit", "OrthogonalMatchingPursuitCV", "BayesianRidge", "ARDRegression", "HuberRegressor",
        "TheilSenRegressor", "SGDRegressor", "PassiveAggressiveRegressor", "LinearSVR", "QuantileRegressor",
        "MultiTaskLasso", "MultiTaskLassoCV", "MultiTaskElasticNet", "MultiTaskElasticNetCV", "PoissonRegressor",
        "GammaRegressor", "TweedieRegressor",
    ),
    "bayes": ("GaussianNB", "MultinomialNB", "ComplementNB", "BernoulliNB"),
    "discriminant": ("LinearDiscriminantAnalysis", "QuadraticDiscriminantAnalysis"),
    "centres": ("NearestCentroid", "KMeans", "MiniBatchKMeans"),
    "network": ("MLPClassifier", "MLPRegressor"),
    "vectors": ("SVC", "SVR", "NuSVC", "NuSVR", "OneClassSVM"),
    "mixture": ("GaussianMixture", "BayesianGaussianMixture"),
    "kernel": ("KernelRidge",),
    "projection": ("PCA",),
}  # fmt: skip
_MODULE = {name: module for module, names in MODULES.items() for name in names}


def has_head(est: Any) -> bool:
    """Whether a final estimator is translated here."""
    return type(est).__module__.startswith("sklearn.") and type(est).__name__ in _MODULE


def head(est: Any, blocks: Blocks, w: Writer, methods: tuple[str, ...]) -> Head:
    """Raises `CannotServe`."""
    if not has_head(est):
        raise CannotServe(f"no translation of {type(est).__name__}")
    if "transform" in methods and getattr(est, "_sklearn_output_config", {}).get("transform", "default") != "default":
        raise CannotServe(f"{type(est).__name__} gives DataFrames (set_output)")
    made: Translator = import_module(f"{_HERE}.{_MODULE[type(est).__name__]}").head_of
    return made(est, blocks, w, methods)
