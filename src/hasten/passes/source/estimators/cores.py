"""A forest that is grown on all cores.

What it finds    `model.fit(X, y)` of a random forest or of extremely randomised trees that was made without `n_jobs`.
Why it is slow   its trees are grown one after the other, on one core.
Example          model.fit(X, y)  ->  _fit_on_all_cores(model, X, y)
Safe when        checked as it runs: the model is one of scikit-learn's own forests with `n_jobs` left out. The seeds of
                 all trees are drawn before the first is grown, so the trees are the same in the same order. Only the
                 fit runs with `n_jobs`: the model keeps its parameters, and predictions, whose sums over trees would
                 take any order under threads, stay as they are.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import ClassVar

from hasten.core.recipe import Risk
from hasten.passes.source.containers.base import ContainerPass, Place
from hasten.passes.source.containers.syntax import Module, Parts
from hasten.passes.source.estimators.base import calls

FORESTS = ("RandomForestClassifier", "RandomForestRegressor", "ExtraTreesClassifier", "ExtraTreesRegressor")
SELF_MADE = frozenset({"parallel_config", "parallel_backend", "register_parallel_backend"})
FIT = '''\
def _fit_on_all_cores(model, *data, **options):
    """model.fit(...), a forest's trees by one thread a core. Their seeds are drawn beforehand, so they are the same."""
    if type(model) not in (FORESTS,) or model.n_jobs is not None or model.verbose or callable(vars(model).get("fit")):
        return model.fit(*data, **options)
    model.n_jobs = -1
    try:
        return model.fit(*data, **options)
    finally:
        model.n_jobs = None


'''


class ForestOnAllCores(ContainerPass):
    """See the module."""

    code: ClassVar[str] = "HST701"
    name: ClassVar[str] = "forests on all cores"
    risk: ClassVar[Risk] = Risk.EXACT

    def sites(self, place: Place) -> Iterator[Parts]:
        module = place.module
        forests = _forests(module)
        if not forests or module.names & SELF_MADE:
            return
        for call in calls(place, FIT):
            func = call.func
            if not isinstance(func, ast.Attribute) or func.attr != "fit" or not (call.args or call.keywords):
                continue
            if not _may_be_forest(place, func.value, forests):
                continue
            given = [module.text(func.value), *(module.text(a) for a in call.args)]
            given += [
                f"{k.arg}={module.text(k.value)}" if k.arg else f"**{module.text(k.value)}" for k in call.keywords
            ]
            yield Parts(
                title="grow the forest on all cores",
                first=call.lineno,
                last=call.end_lineno or call.lineno,
                reason="the trees of a forest are grown one after the other",
                remedy="grow them side by side",
                replace=((call, f"_fit_on_all_cores({', '.join(given)})"),),
                prelude=(FIT.replace("FORESTS", ", ".join(sorted(forests))),),
            )


def _forests(module: Module) -> dict[str, str]:
    """Names at the top level of the file that mean a forest class of scikit-learn."""
    found = {}
    for node in module.tree.body:
        if isinstance(node, ast.ImportFrom) and node.module == "sklearn.ensemble" and not node.level:
            for alias in node.names:
                name = alias.asname or alias.name
                if alias.name in FORESTS and len(module.bindings(name, module.tree)) == 1:
                    found[name] = alias.name
    return found


def _may_be_forest(place: Place, e: ast.expr, forests: dict[str, str]) -> bool:
    """Whether the receiver of `fit` can be a forest without `n_jobs`, as far as syntax and facts tell."""
    module = place.module
    match e:
        case ast.Call(func=ast.Name(id=name), keywords=keywords):
            return name in forests and not any(k.arg in ("n_jobs", "verbose", None) for k in keywords)
        case ast.Name():
            scope = module.owner(e.id, e)
            bound = module.bindings(e.id, scope) if scope is not None else []
            made = [b.value for b in bound if b.how == "assign" and isinstance(b.value, ast.Call)]
            known = [v for v in made if isinstance(v.func, ast.Name)]
            if made and len(known) == len(bound):
                return any(_may_be_forest(place, v, forests) for v in known)
    seen = place.facts.of(place.region.id).types.get(module.text(e), ())
    return not seen or any(f.type.rpartition(".")[2] in FORESTS for f in seen)
