"""Fewer rounds of a boosted ensemble.

What it does     chooses the trees whose weighted sum comes nearest to the whole ensemble's on rows to learn from, and
                 gives each the weight that fits best (its leaves are multiplied by it). CatBoost's are cut at the end.
When it wins     always in time, which goes with the number of trees; late rounds often add little.
Safe when        the contract's budget says so.
Source           orthogonal matching pursuit (Pati, Rezaiifar, Krishnaprasad 1993) over trees; of boosted ensembles:
                 Margineantu and Dietterich (1997).
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from hasten.core.model import ModelWorkload
from hasten.core.model_pass import CannotServe, Parameters
from hasten.core.recipe import Risk
from hasten.passes.model.reducing.contributions import as_matrix, contributions, some_rows
from hasten.passes.model.reducing.parts import before_final, can_learn, final, with_final

SHARES = (0.9, 0.75, 0.6, 0.5, 0.4, 0.3, 0.2, 0.15, 0.1, 0.07, 0.05, 0.03)
RIDGE = 1e-3  # of the mean square of a tree: keeps weights of trees that say nearly the same from growing
Array = NDArray[Any]


@dataclass(frozen=True)
class FewerRounds:
    code: ClassVar[str] = "HSM202"
    name: ClassVar[str] = "fewer rounds"
    risk: ClassVar[Risk] = Risk.QUALITY
    packages: ClassVar[tuple[str, ...]] = ()

    def parameters(self, work: ModelWorkload) -> Iterator[Parameters]:
        number = _rounds(final(work.model))
        if number < 4 or not can_learn(work):
            return
        seen = {number}
        for share in SHARES:
            rounds = max(1, round(share * number))
            if rounds not in seen:
                seen.add(rounds)
                yield {"rounds": rounds}

    def reduce(self, work: ModelWorkload, parameters: Parameters) -> Any:
        assert work.train is not None
        last = final(work.model)
        rounds = int(parameters["rounds"])
        if _library(last) == "catboost":
            made = last.copy()
            made.shrink(ntree_end=rounds)
            return with_final(work.model, made)
        from hasten.passes.model.trees import read

        forest = read(last)
        if forest is None or forest.width != 1:
            raise CannotServe(f"{type(last).__name__} is no boosted ensemble that is read")
        x = as_matrix(some_rows(before_final(work.model, work.train.x), len(forest.trees)))
        said = contributions(forest, x)
        out = np.array([t.out for t in forest.trees])
        places, weights = [], []
        for k in range(forest.outputs):
            mine = np.flatnonzero(out == k)
            chosen, weight = pursued(said[mine], rounds)
            places.append(mine[chosen])
            weights.append(weight)
        # by rounds: one tree for each output, in the order in which they were fitted
        return with_final(work.model, _REBUILT[_library(last)](last, np.array(places).T, np.array(weights).T))


def pursued(said: Array, number: int) -> tuple[Array, Array]:
    """`number` trees (rows of `said`) and their weights, whose sum comes nearest to that of all."""
    target = said.sum(axis=0)
    gram, right = said @ said.T, said @ target
    gram = gram + RIDGE * float(np.mean(np.diag(gram))) * np.eye(len(said))
    right = right + (gram - said @ said.T).sum(axis=1)  # the pull is towards a weight of 1
    chosen: list[int] = []
    weight = np.zeros(0)
    power = np.sqrt(np.diag(gram))
    for _ in range(number):
        rest = right - (gram[:, chosen] @ weight if chosen else 0.0)
        gain = np.abs(rest) / power
        gain[chosen] = -1.0
        chosen.append(int(np.argmax(gain)))
        weight = np.linalg.solve(gram[np.ix_(chosen, chosen)], right[chosen])
    order = np.argsort(chosen)
    return np.array(chosen)[order], weight[order]


def _library(model: Any) -> str:
    for kind in type(model).__mro__:
        name = kind.__module__.partition(".")[0]
        if name == "sklearn" and kind.__name__.startswith("HistGradientBoosting"):
            return "histograms"
        if name == "sklearn" and kind.__name__.startswith("GradientBoosting"):
            return "boosting"
        if name in ("lightgbm", "xgboost", "catboost") and kind.__name__ != "Booster":
            return name
    return ""


def _rounds(model: Any) -> int:
    by = _library(model)
    if by == "histograms":
        return len(model._predictors)
    if by == "boosting":
        return len(model.estimators_)
    if by == "lightgbm":
        booster = model.booster_
        if model.boosting_type == "rf":
            return 0
        return int(booster.best_iteration if booster.best_iteration > 0 else booster.current_iteration())
    if by == "xgboost":
        several = getattr(model, "num_parallel_tree", None) not in (None, 1)
        return 0 if several else int(model.get_booster().num_boosted_rounds())
    return int(model.tree_count_) if by == "catboost" else 0


def _boosting(model: Any, places: Array, weights: Array) -> Any:
    outputs = model.estimators_.shape[1]
    made = copy.copy(model)
    made.estimators_ = np.empty(places.shape, object)
    for i in range(len(places)):
        for k in range(outputs):
            at = int(places[i, k])
            tree = copy.copy(model.estimators_[at // outputs, at % outputs])
            tree.tree_ = copy.deepcopy(tree.tree_)
            tree.tree_.value[...] *= weights[i, k]
            made.estimators_[i, k] = tree
    made.n_estimators = made.n_estimators_ = len(places)
    return made


def _histograms(model: Any, places: Array, weights: Array) -> Any:
    outputs = model.n_trees_per_iteration_
    made = copy.copy(model)
    made._predictors = []
    for i in range(len(places)):
        stage = []
        for k in range(outputs):
            at = int(places[i, k])
            old = copy.copy(model._predictors[at // outputs][at % outputs])
            old.nodes = old.nodes.copy()
            old.nodes["value"] *= weights[i, k]
            stage.append(old)
        made._predictors.append(stage)
    made.max_iter = len(places)
    return made


def _lightgbm(model: Any, places: Array, weights: Array) -> Any:
    import lightgbm

    head, *trees = model.booster_.model_to_string().split("\nTree=")
    last, end, tail = trees[-1].partition("\nend of trees")
    trees[-1] = last
    kept = []
    for number, (at, weight) in enumerate(zip(places.ravel(), weights.ravel(), strict=True)):
        lines = trees[int(at)].splitlines()
        lines[0] = str(number)
        for i, line in enumerate(lines):
            if line.startswith("leaf_value="):
                values = [repr(float(v) * float(weight)) for v in line.partition("=")[2].split()]
                lines[i] = "leaf_value=" + " ".join(values)
        kept.append("\n".join(lines) + "\n")
    # without the sizes of the trees, they are read one after another
    head = "\n".join(line for line in head.splitlines() if not line.startswith("tree_sizes="))
    text = head + "\n" + "".join(f"\nTree={t}" for t in kept) + end + tail
    made = copy.copy(model)
    made._Booster = lightgbm.Booster(model_str=text)
    made._best_iteration = None
    made.n_estimators = len(places)
    return made


def _xgboost(model: Any, places: Array, weights: Array) -> Any:
    import xgboost

    booster = model.get_booster()
    held = json.loads(bytes(booster.save_raw("json")))
    gradient = held["learner"]["gradient_booster"]
    if gradient["name"] == "dart":
        raise CannotServe("dart weighs its trees")
    found = gradient["model"]
    trees = []
    for number, (at, weight) in enumerate(zip(places.ravel(), weights.ravel(), strict=True)):
        tree = found["trees"][int(at)]
        tree = {**tree, "id": number, "split_conditions": list(tree["split_conditions"])}
        tree["base_weights"] = list(tree["base_weights"])
        for n, left in enumerate(tree["left_children"]):
            if left < 0:
                tree["split_conditions"][n] *= float(weight)
                tree["base_weights"][n] = tree["split_conditions"][n]
        trees.append(tree)
    outputs = places.shape[1]
    found["tree_info"] = [i % outputs for i in range(len(trees))]
    found["trees"] = trees
    found["iteration_indptr"] = list(range(0, len(trees) + 1, outputs))
    found["gbtree_model_param"]["num_trees"] = str(len(trees))
    held["learner"]["attributes"] = {
        k: v for k, v in held["learner"]["attributes"].items() if not k.startswith("best_")
    }
    made = copy.copy(model)
    made._Booster = xgboost.Booster(params={"nthread": model.n_jobs or 0})
    made._Booster.load_model(bytearray(json.dumps(held).encode()))
    made.n_estimators = len(places)
    return made


_REBUILT = {"boosting": _boosting, "histograms": _histograms, "lightgbm": _lightgbm, "xgboost": _xgboost}
