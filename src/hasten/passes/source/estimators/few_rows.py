"""Predictions for a row or a few.

What it finds    `model.predict(row)`, `predict_proba` and a scaler's `transform` in hot code, for linear models, trees,
                 forests and standard scalers: a forecast that feeds on its own last value, a simulation, a service.
Why it is slow   every call validates its input, checks the model and, in a forest, sets up a task for each tree: 0.1 ms
                 to 10 ms for arithmetic of some microseconds.
Example          model.predict([window])[0]  ->  _few_rows(model, "predict", [window])[0]
Safe when        checked as it runs: the model is one of scikit-learn's own of these kinds, fitted without column names;
                 the rows are plain finite numbers, at most 64 of them. Then the same sums are worked out in the same
                 order. Anything else goes to the model's own method.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import ClassVar

from hasten.core.recipe import Risk
from hasten.passes.source.arrays.base import helper
from hasten.passes.source.containers.base import ContainerPass, Place
from hasten.passes.source.containers.syntax import FUNCTIONS, Module, Parts, dotted
from hasten.passes.source.estimators.base import calls

METHODS = frozenset({"predict", "predict_proba", "transform"})
HELPER = '''\
def _few_rows(model, method, rows):
    """model.method(rows) without its checks and set-up: for few plain rows and models of known kinds."""
    kind = type(model)
    own = vars(model) if kind.__module__.startswith("sklearn.") else {}
    table = rows
    if type(rows) is list and len(rows) == 1:
        row = rows[0]
        if type(row) is list and set(map(type, row)) <= {float, int, NP.float64} or type(row) is NP.ndarray:
            table = NP.array(rows)
    if type(table) is NP.ndarray and table.ndim == 2 and 0 < len(table) <= 64 and table.dtype.char in "dl":
        plain = "feature_names_in_" not in own and method not in own and NP.isfinite(table).all()
        if plain and table.shape[1] == own.get("n_features_in_"):
            found = _worked_out(kind, own, method, table)
            if found is not None:
                return found
    return getattr(model, method)(rows)


def _worked_out(kind, own, method, table):
    """What a model of a known kind gives for plain rows, or None."""
    name = kind.__module__ + "." + kind.__name__
    linear = ("LinearRegression", "Ridge", "Lasso", "ElasticNet")
    if name.startswith("sklearn.linear_model.") and kind.__name__ in linear:
        weights = own.get("coef_")
        if method != "predict" or type(weights) is not NP.ndarray:
            return None
        return table @ (weights if weights.ndim == 1 else weights.T) + own["intercept_"]
    if name == "sklearn.preprocessing._data.StandardScaler":
        mean, scale = own.get("mean_"), own.get("scale_")
        if method != "transform" or table.dtype != NP.float64 or mean is None or scale is None or not own["copy"]:
            return None
        import sklearn

        if "_sklearn_output_config" in own or sklearn.get_config().get("transform_output", "default") != "default":
            return None
        return (table - mean) / scale if own["with_mean"] and own["with_std"] else None
    if name.startswith("sklearn.tree._classes.DecisionTree"):
        trees = [own]
    elif name.startswith("sklearn.ensemble._forest.") and own.get("estimators_") and not own["verbose"]:
        trees = [vars(tree) for tree in own["estimators_"]]
    else:
        return None
    if own.get("n_outputs_") != 1 or not all("tree_" in tree for tree in trees):
        return None
    with NP.errstate(over="ignore"):
        table = NP.ascontiguousarray(table, dtype=NP.float32)
    if not NP.isfinite(table).all():
        return None
    total = NP.zeros((len(table), own.get("n_classes_", 1)))
    for tree in trees:
        total += tree["tree_"].predict(table)
    if kind.__name__.endswith("Regressor"):
        return total[:, 0] / len(trees) if method == "predict" else None
    # before release 1.3 the leaves held counts
    if not kind.__name__.endswith("Classifier") or not NP.allclose(total.sum(axis=1), len(trees)):
        return None
    total /= len(trees)
    if method == "predict":
        return own["classes_"].take(NP.argmax(total, axis=1), axis=0)
    return total if method == "predict_proba" else None


'''
KINDS = frozenset(
    "LinearRegression Ridge Lasso ElasticNet StandardScaler DecisionTreeRegressor DecisionTreeClassifier "
    "RandomForestRegressor RandomForestClassifier ExtraTreesRegressor ExtraTreesClassifier".split()
)


class FewRows(ContainerPass):
    """See the module."""

    code: ClassVar[str] = "HST703"
    name: ClassVar[str] = "predictions for few rows"
    risk: ClassVar[Risk] = Risk.ROUNDING

    def sites(self, place: Place) -> Iterator[Parts]:
        module = place.module
        for call in calls(place, HELPER):
            func = call.func
            if not isinstance(func, ast.Attribute) or func.attr not in METHODS or not dotted(func.value):
                continue
            if len(call.args) != 1 or call.keywords or isinstance(call.args[0], ast.Starred):
                continue
            if not _again_and_again(module, call) or not _may_be_known(place, func.value):
                continue
            yield Parts(
                title=f"{func.attr} for few rows",
                first=call.lineno,
                last=call.end_lineno or call.lineno,
                reason=f"{func.attr} spends its time on checks and set-up when it is given few rows",
                remedy="work few plain rows out directly",
                replace=((call, f"_few_rows({module.text(func.value)}, {func.attr!r}, {module.text(call.args[0])})"),),
                prelude=helper(module, HELPER),
            )


def _again_and_again(module: Module, call: ast.Call) -> bool:
    """Whether the call stands in a loop or a function: one that runs once need not be fast."""
    repeated = (ast.For, ast.While, ast.comprehension, ast.ListComp, ast.GeneratorExp, ast.DictComp, *FUNCTIONS)
    return any(isinstance(at, repeated) for at in module.up(call))


def _may_be_known(place: Place, e: ast.expr) -> bool:
    module = place.module
    seen = place.facts.of(place.region.id).types.get(dotted(e), ())
    if seen:
        return any(f.type.startswith("sklearn.") and f.type.rpartition(".")[2] in KINDS for f in seen)
    imported = {
        alias.name
        for n in ast.walk(module.tree)
        if isinstance(n, ast.ImportFrom) and (n.module or "").startswith("sklearn.")
        for alias in n.names
    }
    return bool(imported & KINDS)
