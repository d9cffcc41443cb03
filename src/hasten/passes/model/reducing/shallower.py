"""Smaller trees.

What it does     merges fitted subtrees of scikit-learn's trees and forests into leaves: of each tree those splits stay
                 that reduce impurity most, best first, up to a number of leaves. A merged leaf answers as its node did.
When it wins     when trees were grown to the end: fewer steps, and they fit the cache.
Safe when        the contract's budget says so.
Source           Breiman, Friedman, Olshen, Stone, "Classification and Regression Trees" (1984), ch. 3; best first:
                 Shi, "Best-first decision tree learning" (2007).
"""

from __future__ import annotations

import copy
import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from hasten.core.model import ModelWorkload
from hasten.core.model_pass import Parameters
from hasten.core.recipe import Risk
from hasten.passes.model.reducing.parts import final, with_final

LEAVES = (2048, 1024, 512, 256, 128, 64, 32, 24, 16, 12, 8)
FORESTS = ("RandomForestClassifier", "RandomForestRegressor", "ExtraTreesClassifier", "ExtraTreesRegressor")
TREES = ("DecisionTreeClassifier", "DecisionTreeRegressor")


@dataclass(frozen=True)
class SmallerTrees:
    code: ClassVar[str] = "HSM203"
    name: ClassVar[str] = "smaller trees"
    risk: ClassVar[Risk] = Risk.QUALITY
    packages: ClassVar[tuple[str, ...]] = ("sklearn",)

    def parameters(self, work: ModelWorkload) -> Iterator[Parameters]:
        trees = _trees(final(work.model))
        most = max((int(t.tree_.n_leaves) for t in trees), default=0)
        for number in LEAVES:
            if number < most:
                yield {"leaves": number}

    def reduce(self, work: ModelWorkload, parameters: Parameters) -> Any:
        last = final(work.model)
        number = int(parameters["leaves"])
        if _named(last, TREES):
            return with_final(work.model, _merged(last, number))
        made = copy.copy(last)
        made.estimators_ = [_merged(t, number) for t in last.estimators_]
        return with_final(work.model, made)


def _named(model: Any, names: tuple[str, ...]) -> bool:
    return any(k.__name__ in names and k.__module__.startswith("sklearn.") for k in type(model).__mro__)


def _trees(model: Any) -> list[Any]:
    if _named(model, TREES):
        return [model]
    return list(model.estimators_) if _named(model, FORESTS) else []


def _merged(fitted: Any, number: int) -> Any:
    """A tree with at most `number` leaves; `fitted` is left as it was."""
    old = fitted.tree_
    if int(old.n_leaves) <= number:
        return fitted
    left, right = old.children_left, old.children_right
    weight = old.impurity * old.weighted_n_node_samples

    def gain(n: int) -> float:
        return float(weight[n] - weight[left[n]] - weight[right[n]])

    split: set[int] = set()
    waiting = [(-gain(0), 0)]
    while waiting and len(split) < number - 1:
        _, n = heapq.heappop(waiting)
        split.add(n)
        for child in (int(left[n]), int(right[n])):
            if left[child] >= 0:
                heapq.heappush(waiting, (-gain(child), child))
    kept, depth = [0], {0: 0}
    for n in kept:  # grows while it is read: children come after their parents
        if n in split:
            for child in (int(left[n]), int(right[n])):
                kept.append(child)
                depth[child] = depth[n] + 1
    kept.sort()  # the library's own order
    state = old.__getstate__()
    nodes = state["nodes"][kept].copy()
    place = {n: i for i, n in enumerate(kept)}
    for i, n in enumerate(kept):
        if n in split:
            nodes["left_child"][i], nodes["right_child"][i] = place[int(left[n])], place[int(right[n])]
        else:
            nodes["left_child"][i] = nodes["right_child"][i] = -1
            nodes["feature"][i] = nodes["threshold"][i] = -2
            nodes["missing_go_to_left"][i] = 0
    from sklearn.tree._tree import Tree

    tree = Tree(old.n_features, np.asarray(old.n_classes, np.intp), old.n_outputs)
    tree.__setstate__(
        {
            "max_depth": max(depth.values()), "node_count": len(kept), "nodes": nodes,
            "values": np.ascontiguousarray(state["values"][kept]),
        }
    )  # fmt: skip
    made = copy.copy(fitted)
    made.tree_ = tree
    return made
