"""Translators of transformers, by class name: each turns blocks of features into new ones (`blocks.py`)."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from hasten.core.model_pass import CannotServe
from hasten.passes.model.serving.generated.blocks import Blocks, Raw
from hasten.passes.model.serving.generated.writer import Writer

Translator = Callable[[Any, Blocks, Writer], Blocks]

_HERE = __name__
# modules by what they translate
MODULES = {
    "combine": ("Pipeline", "ColumnTransformer", "FeatureUnion"),
    "scale": (
        "StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler", "Normalizer", "Binarizer", "PowerTransformer",
        "QuantileTransformer",
    ),
    "encode": ("OneHotEncoder", "OrdinalEncoder", "TargetEncoder", "KBinsDiscretizer"),
    "impute": ("SimpleImputer", "MissingIndicator"),
    "select": (
        "SelectKBest", "SelectPercentile", "SelectFpr", "SelectFdr", "SelectFwe", "GenericUnivariateSelect",
        "VarianceThreshold", "SelectFromModel", "RFE", "RFECV", "SequentialFeatureSelector",
    ),
    "project": (
        "PCA", "IncrementalPCA", "TruncatedSVD", "LinearDiscriminantAnalysis", "PolynomialFeatures", "RBFSampler",
        "Nystroem",
    ),
    "splines": ("SplineTransformer",),
    "function": ("FunctionTransformer",),
    "texts": ("CountVectorizer", "TfidfVectorizer", "TfidfTransformer", "HashingVectorizer"),
}  # fmt: skip
_MODULE = {name: module for module, names in MODULES.items() for name in names}


def is_translated(est: Any) -> bool:
    """Whether a transformer, with all that is inside it, is of a kind that is translated here."""
    if est is None or isinstance(est, str):
        return True
    if not type(est).__module__.startswith("sklearn.") or type(est).__name__ not in _MODULE:
        return False
    if type(est).__name__ == "FunctionTransformer":
        from hasten.passes.model.serving.generated.steps.function import is_known

        return is_known(est)
    held = getattr(est, "transformers_", None) or getattr(est, "transformer_list", None) or getattr(est, "steps", None)
    return all(is_translated(each[1]) for each in held or ())


def translated(est: Any, blocks: Blocks, w: Writer) -> Blocks:
    """The features after a fitted transformer. Raises `CannotServe`."""
    if est is None or isinstance(est, str) and est == "passthrough":
        return blocks
    name = type(est).__name__
    if not type(est).__module__.startswith("sklearn.") or name not in _MODULE:
        raise CannotServe(f"no translation of {type(est).__module__.partition('.')[0]}'s {name}")
    translate: Translator = getattr(import_module(f"{_HERE}.{_MODULE[name]}"), name)
    return [b for b in translate(est, blocks, w) if b.width]


def one_raw(blocks: Blocks) -> Raw | None:
    """All blocks as one of columns as they came, or None."""
    from hasten.passes.model.serving.generated.blocks import merged

    if all(isinstance(b, Raw) for b in blocks):
        return merged([b for b in blocks if isinstance(b, Raw)])
    return None
