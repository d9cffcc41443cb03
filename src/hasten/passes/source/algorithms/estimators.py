"""Estimators that learn the same sooner.

What it finds    scikit-learn's `GradientBoosting...`, random forests, `LogisticRegression`, `SVC(kernel="linear")` and
                 `KMeans`, made with plain settings and fitted in hot code.
Why it is slow   trees look at every value where bins of them do; L-BFGS takes hundreds of steps where Newton's method
                 takes some; a kernel machine's work grows with the square of the rows.
Example          GradientBoostingClassifier(n_estimators=200)
                 ->  HistGradientBoostingClassifier(max_iter=200, max_depth=3, early_stopping=False)
Safe when        the user has named a quality (`--quality "test accuracy:max:0.5%"`) and whole runs show that it is at
                 least as good, on the program's own seed and on others. Without one nothing is offered. Settings that
                 the other estimator does not have, and programs that read what it does not learn, are left alone.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from hasten.core.facts import Facts
from hasten.core.finding import Finding, Region
from hasten.core.recipe import Change, Risk
from hasten.core.workload import ScriptWorkload
from hasten.passes.source.containers.syntax import Module, Parts, dotted, join, module_of

MIN_SHARE = 0.05
LEARNS = frozenset("fit fit_predict fit_transform cross_val_score cross_validate cross_val_predict".split())
_TREES = frozenset(
    "feature_importances_ estimators_ oob_score_ train_score_ apply decision_path init_ n_estimators".split()
)


@dataclass(frozen=True)
class Other:
    """Another estimator in place of one: what each setting is called there (empty: it has none), what is set besides,
    and which attributes it lacks."""

    module: str
    name: str
    settings: Mapping[str, str]
    besides: Mapping[str, str] = field(default_factory=dict)
    required: Mapping[str, str] = field(default_factory=dict)  # settings that the program must give, as written
    lacks: frozenset[str] = frozenset()


_BINNED = {
    "n_estimators": "max_iter",
    **{name: name for name in ("learning_rate", "max_depth", "max_leaf_nodes", "random_state")},
}
_FOREST = {"n_estimators": "max_iter", "random_state": "random_state", "n_jobs": ""}
_FEW = {"early_stopping": "False"}


def _boosting(kind: str) -> Other:
    besides = {"max_depth": "3", **_FEW}
    return Other("sklearn.ensemble", f"HistGradientBoosting{kind}", _BINNED, besides, lacks=_TREES)


def _forest(kind: str) -> Other:
    return Other("sklearn.ensemble", f"HistGradientBoosting{kind}", _FOREST, _FEW, lacks=_TREES)


OTHERS: Mapping[str, Other] = {
    "sklearn.ensemble.GradientBoostingClassifier": _boosting("Classifier"),
    "sklearn.ensemble.GradientBoostingRegressor": _boosting("Regressor"),
    "sklearn.ensemble.RandomForestClassifier": _forest("Classifier"),
    "sklearn.ensemble.RandomForestRegressor": _forest("Regressor"),
    "sklearn.linear_model.LogisticRegression": Other(
        "sklearn.linear_model",
        "LogisticRegression",
        {name: name for name in ("C", "tol", "class_weight", "random_state", "max_iter", "fit_intercept")},
        {"solver": '"newton-cholesky"'},
    ),
    "sklearn.svm.SVC": Other(
        "sklearn.svm",
        "LinearSVC",
        {"kernel": "", "C": "C", "class_weight": "class_weight", "random_state": "random_state", "tol": "tol"},
        required={"kernel": "linear"},
        lacks=frozenset("predict_proba predict_log_proba support_ support_vectors_ n_support_ dual_coef_".split()),
    ),
    "sklearn.cluster.KMeans": Other(
        "sklearn.cluster",
        "MiniBatchKMeans",
        {name: name for name in ("n_clusters", "random_state", "n_init", "max_iter", "init")},
    ),
}
FIRST = {"SVC": "C", "KMeans": "n_clusters"}  # what may be given by place


class OtherEstimators:
    """See the module."""

    code: ClassVar[str] = "HST953"
    name: ClassVar[str] = "estimators that learn the same sooner"
    risk: ClassVar[Risk] = Risk.QUALITY

    def find(self, work: ScriptWorkload, region: Region, facts: Facts) -> Iterator[Finding]:
        try:
            module = module_of(work.source(region.path))
            _ = module.tree
        except (OSError, SyntaxError, ValueError):
            return
        if module.dynamic:
            return
        share = _learning(module, region, facts)
        if share < MIN_SHARE:
            return
        for call, other in _sites(module):
            yield Finding(
                self.code,
                region,
                call.lineno,
                call.end_lineno or call.lineno,
                f"{dotted(call.func)} takes longer to learn than {other.name} does",
                f"{other.name}; needs --quality, which says what is as good",
                share,
                {"line": call.lineno, "column": call.col_offset},
            )

    def propose(self, work: ScriptWorkload, finding: Finding, facts: Facts) -> Iterator[Change]:
        module = module_of(work.source(finding.path))
        for call, other in _sites(module):
            if (call.lineno, call.col_offset) != (finding.detail["line"], finding.detail["column"]):
                continue
            known = module.imported(call.func).rpartition(".")[2] == other.name  # only its settings are others
            settings = ", ".join(_settings(module, call, other) or ())
            text = f"{module.text(call.func) if known else other.name}({settings})"
            qualname = finding.region.qualname if call.lineno >= finding.region.first else ""
            place = Region(finding.path, call.lineno, call.end_lineno or call.lineno, "block", qualname)
            parts = Parts(
                title=f"{other.name} in place of {dotted(call.func)}"
                if not known
                else f"{other.name} by Newton's method",
                first=place.first,
                last=place.last,
                reason=finding.reason,
                remedy=finding.remedy,
                replace=((call, text),),
                prelude=() if known else (f"from {other.module} import {other.name}\n",),
            )
            edits = join(module, place, [parts])
            if edits:
                title = f"line {call.lineno}: {parts.title}"
                yield Change(self.code, title, place, edits, self.risk, (), finding.share)


def _learning(module: Module, region: Region, facts: Facts) -> float:
    """Share of time of the lines of the region that fit something."""
    most = 0.0
    for statement in module.statements(region):
        for node in ast.walk(statement):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if name in LEARNS:
                    last = node.end_lineno or node.lineno
                    share = facts.profile.share(region.path, node.lineno, last) if facts.profile.samples else 1.0
                    most = max(most, share)
    return most


def _sites(module: Module) -> Iterator[tuple[ast.Call, Other]]:
    attributes = {n.attr for n in ast.walk(module.tree) if isinstance(n, ast.Attribute)}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call):
            other = OTHERS.get(module.imported(node.func))
            if other is not None and not other.lacks & attributes and _settings(module, node, other) is not None:
                yield node, other


def _settings(module: Module, call: ast.Call, other: Other) -> list[str] | None:
    """The settings of the other estimator; None where it does not have them all."""
    given: dict[str, ast.expr] = {}
    first = FIRST.get(module.imported(call.func).rpartition(".")[2])
    for place, value in enumerate(call.args):
        if place or first is None or isinstance(value, ast.Starred):
            return None
        given[first] = value
    for k in call.keywords:
        if k.arg is None or k.arg not in other.settings:
            return None
        given[k.arg] = k.value
    for name, wanted in other.required.items():
        held = given.get(name)
        if not isinstance(held, ast.Constant) or held.value != wanted:
            return None
    out = [f"{other.settings[name]}={module.text(value)}" for name, value in given.items() if other.settings[name]]
    set_so = {other.settings[name] for name in given}
    return out + [f"{name}={value}" for name, value in other.besides.items() if name not in set_so]
