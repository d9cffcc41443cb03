"""Fewer neighbours to look through, fewer support vectors.

What it does     nearest neighbours: keeps a part of the stored rows, drawn evenly from each class (or, for numbers,
                 from all), together with the rows that the part alone would get wrong (condensing). Support vector
                 machines: trains the same machine again on fewer rows, with what the trained one answers as labels.
When it wins     both take time in proportion to the rows that they keep.
Safe when        the contract's budget says so.
Source           P. Hart, "The condensed nearest neighbor rule" (1968); for machines, reduced sets as in C. Burges,
                 "Simplified support vector decision rules" (1996), here by training again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from hasten.core.model import ModelWorkload
from hasten.core.model_pass import Parameters
from hasten.core.recipe import Risk
from hasten.passes.model.reducing.parts import before_final, can_learn, final, with_final

NEIGHBOURS = ("KNeighborsClassifier", "KNeighborsRegressor")
MACHINES = ("SVC", "NuSVC", "SVR", "NuSVR")


@dataclass(frozen=True)
class FewerPrototypes:
    code: ClassVar[str] = "HSM212"
    name: ClassVar[str] = "fewer stored rows"
    risk: ClassVar[Risk] = Risk.QUALITY
    packages: ClassVar[tuple[str, ...]] = ("sklearn",)

    def parameters(self, work: ModelWorkload) -> Iterator[Parameters]:
        last = final(work.model)
        name = type(last).__name__
        if name in NEIGHBOURS and getattr(last, "_y", None) is not None and last._y.ndim == 1:
            yield from ({"share": s} for s in (0.7, 0.5, 0.3, 0.15, 0.05))
        elif name in MACHINES and can_learn(work) and last.kernel != "precomputed":
            yield from ({"share": s} for s in (0.7, 0.5, 0.3, 0.15, 0.05))

    def reduce(self, work: ModelWorkload, parameters: Parameters) -> Any:
        last = final(work.model)
        if type(last).__name__ in NEIGHBOURS:
            return with_final(work.model, _condensed(last, float(parameters["share"])))
        return with_final(work.model, _machine(work, last, float(parameters["share"])))


def _condensed(last: Any, share: float) -> Any:
    from sklearn.base import clone

    x = last._fit_X
    y = last.classes_[last._y] if hasattr(last, "classes_") else last._y
    draw = np.random.default_rng(0)
    order = draw.permutation(len(y))
    if hasattr(last, "classes_"):
        order = order[np.argsort(last._y[order], kind="stable")]
    wanted = max(int(share * len(y)), 2 * last.n_neighbors)
    # half of them evenly drawn, the rest those that the first half gets wrong, worst first
    first = order[np.linspace(0, len(order) - 1, max(wanted // 2, last.n_neighbors)).astype(int)]
    rest = np.setdiff1d(np.arange(len(y)), first)
    small = clone(last).fit(x[first], y[first])
    wrong = small.predict(x[rest]) != y[rest]
    if not hasattr(last, "classes_"):
        wrong = np.abs(small.predict(x[rest]) - y[rest])
    more = rest[np.argsort(-np.asarray(wrong, float), kind="stable")][: wanted - len(first)]
    kept = np.sort(np.concatenate([first, more]))
    return clone(last).fit(x[kept], y[kept])


def _machine(work: ModelWorkload, last: Any, share: float) -> Any:
    from sklearn.base import clone

    assert work.train is not None
    x = before_final(work.model, work.train.x)
    answers = last.predict(x)
    draw = np.random.default_rng(0)
    wanted = max(int(share * len(last.support_)), 10)
    # rows near the decision say most about it; the others keep it in its place
    near = np.argsort(_distance(last, x), kind="stable")
    kept = np.concatenate([near[: wanted // 2], draw.permutation(near[wanted // 2 :])[: wanted - wanted // 2]])
    if hasattr(last, "classes_"):
        first = [int(np.flatnonzero(answers == c)[0]) for c in last.classes_ if (answers == c).any()]
        kept = np.unique(np.concatenate([kept, first]))
    some = x.iloc[kept] if hasattr(x, "iloc") else x[kept]
    return clone(last).fit(some, answers[kept])


def _distance(last: Any, x: Any) -> Any:
    """How far each row lies from the decision; the same for all where there is none."""
    if not hasattr(last, "decision_function"):
        return np.zeros(x.shape[0])
    values = np.asarray(last.decision_function(x))
    if values.ndim == 1:
        return np.abs(values)
    ordered = np.sort(values, axis=1)
    return ordered[:, -1] - ordered[:, -2]
