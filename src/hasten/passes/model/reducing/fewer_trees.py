"""Fewer trees of an averaged ensemble.

What it does     orders the trees of a forest so that each prefix is as good as can be: the tree that brings the
                 average nearest to the targets comes next. Keeps the first ones.
When it wins     always in time, which goes with the number of trees; a tenth of a forest is often as good as all of it.
Safe when        the contract's budget says so.
Source           Martinez-Munoz, Hernandez-Lobato, Suarez, "An analysis of ensemble pruning techniques based on ordered
                 aggregation" (2009): the ordering that reduces the error.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from hasten.core.model import ModelWorkload
from hasten.core.model_pass import Parameters
from hasten.core.recipe import Risk
from hasten.passes.model.reducing.contributions import as_matrix, some_rows
from hasten.passes.model.reducing.parts import before_final, can_learn, final, with_final

SHARES = (0.8, 0.65, 0.5, 0.4, 0.3, 0.2, 0.15, 0.1, 0.07, 0.05, 0.03, 0.02, 0.01)
FORESTS = (
    "RandomForestClassifier", "RandomForestRegressor", "ExtraTreesClassifier", "ExtraTreesRegressor",
    "BaggingClassifier", "BaggingRegressor", "IsolationForest",
)  # fmt: skip
# fitted lists with one entry a tree
LISTS = (
    "estimators_", "estimators_features_", "_estimators_features", "_decision_path_lengths",
    "_average_path_length_per_tree", "_seeds",
)  # fmt: skip
Array = NDArray[Any]


@dataclass(frozen=True)
class FewerTrees:
    code: ClassVar[str] = "HSM201"
    name: ClassVar[str] = "fewer trees"
    risk: ClassVar[Risk] = Risk.QUALITY
    packages: ClassVar[tuple[str, ...]] = ("sklearn",)

    def parameters(self, work: ModelWorkload) -> Iterator[Parameters]:
        last = final(work.model)
        if not _is_forest(last) or not can_learn(work):
            return
        number = len(last.estimators_)
        seen = {number}
        for share in SHARES:
            trees = max(1, round(share * number))
            if trees not in seen:
                seen.add(trees)
                yield {"trees": trees}

    def reduce(self, work: ModelWorkload, parameters: Parameters) -> Any:
        assert work.train is not None
        last = final(work.model)
        order = ordered(last, before_final(work.model, work.train.x), work.train.y)
        return with_final(work.model, subset(last, np.sort(order[: parameters["trees"]])))


def _is_forest(model: Any) -> bool:
    named = {k.__name__ for k in type(model).__mro__ if k.__module__.startswith("sklearn.")}
    return bool(named & set(FORESTS)) and len(getattr(model, "estimators_", ())) > 1


def ordered(model: Any, x: Any, y: Any) -> Array:
    """The numbers of all trees, the most useful first."""
    said, target = _said(model, x, y)
    number = len(said)
    flat = said.reshape(number, -1).astype(np.float32)
    gram = (flat @ flat.T).astype(np.float64)
    right = (flat @ target.reshape(-1).astype(np.float32)).astype(np.float64)
    # |mean of the chosen - target|^2 for each tree that might come next, but for what they share
    chosen: list[int] = []
    left = np.ones(number, bool)
    inside, across, hit = 0.0, np.zeros(number), 0.0
    for m in range(1, number + 1):
        loss = (inside + 2 * across + np.diag(gram)) / m**2 - 2 * (hit + right) / m
        best = int(np.argmin(np.where(left, loss, np.inf)))
        chosen.append(best)
        left[best] = False
        inside += 2 * across[best] + gram[best, best]
        across += gram[best]
        hit += right[best]
    return np.array(chosen)


def _said(model: Any, x: Any, y: Any) -> tuple[Array, Array]:
    """What each tree answers for some rows, and what their average should be."""
    number = len(model.estimators_)
    width = len(model.classes_) if hasattr(model, "classes_") else 1
    rows = np.arange(len(x))
    rows = some_rows(rows, number * width)
    x = x.iloc[rows] if hasattr(x, "iloc") else x[rows]
    y = None if y is None else np.asarray(y)[rows]
    matrix = as_matrix(x)
    features = getattr(model, "estimators_features_", [slice(None)] * number)
    pairs = list(zip(model.estimators_, features, strict=True))
    if hasattr(model, "_decision_path_lengths"):  # isolation: each tree's part of the path's length
        parts = zip(pairs, model._decision_path_lengths, model._average_path_length_per_tree, strict=True)
        said = []
        for (tree, some), lengths, means in parts:
            leaf = tree.apply(matrix[:, some])
            said.append(lengths[leaf] + means[leaf])
        return np.array(said), np.mean(said, axis=0)
    if hasattr(model, "classes_"):
        out = np.zeros((number, len(matrix), width))
        for i, (tree, some) in enumerate(pairs):
            # forests and bags number the classes for their trees
            out[i][:, np.asarray(tree.classes_, int)] = tree.predict_proba(matrix[:, some])
        mean = out.mean(axis=0)
        known = None if y is None else y[:, None] == np.asarray(model.classes_)[None, :]
        return out, mean if known is None else known.astype(np.float64)
    said = [np.asarray(tree.predict(matrix[:, some])).reshape(len(matrix), -1) for tree, some in pairs]
    target = np.mean(said, axis=0) if y is None else y.reshape(len(matrix), -1).astype(np.float64)
    return np.array(said), target


def subset(model: Any, trees: Array) -> Any:
    """A model of the same class with these trees only."""
    made = copy.copy(model)
    for name in LISTS:
        held = getattr(model, name, None) if name in vars(model) else None
        if held is not None:
            kept = [held[i] for i in trees]
            setattr(made, name, np.array(kept) if isinstance(held, np.ndarray) else type(held)(kept))
    made.n_estimators = len(trees)
    return made
