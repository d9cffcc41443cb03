"""Distillation: a small model that learns what the trained one answers.

What it does     trains a smaller model (a few rounds of boosting, a shallow tree, a linear model) on the trained
                 model's own answers, its probabilities rather than labels, in equal parts with the targets where those
                 are known: a trained model may be too sure of rows that it has seen. Each row counts once for every
                 class, weighted by its probability: any classifier with sample weights learns soft targets so.
When it wins     nearly always where a large ensemble or a kernel machine is served: fifteen small trees, each a large
                 step, often rank rows as two hundred do.
Safe when        the contract's budget says so: the student is judged on rows that it did not learn from.
Source           Hinton, Vinyals, Dean, "Distilling the knowledge in a neural network" (2015); for trees Bucila,
                 Caruana, Niculescu-Mizil, "Model compression" (2006).
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from hasten.core.model import ModelWorkload
from hasten.core.model_pass import Parameters
from hasten.core.recipe import Risk
from hasten.passes.model.reducing.parts import before_final, can_learn, final, is_estimator, with_final

LINEAR = ("Linear", "Logistic", "Ridge", "Lasso", "SGD", "ElasticNet", "Perceptron")
WEIGHT = 1e-3  # classes that are given less than this are left out of a row
TEACHER = 0.5  # the teacher's part of what is learnt, where targets are known
# rounds of boosting, each with the step that makes the most of so few
ROUNDS = ((100, 0.1), (50, 0.15), (30, 0.25), (15, 0.4), (8, 0.6), (4, 0.8))
LEAVES = {"boosting": 8, "boosting of larger trees": 31}


@dataclass(frozen=True)
class Distillation:
    code: ClassVar[str] = "HSM210"
    name: ClassVar[str] = "distilled into a smaller model"
    risk: ClassVar[Risk] = Risk.QUALITY
    packages: ClassVar[tuple[str, ...]] = ("sklearn",)

    def parameters(self, work: ModelWorkload) -> Iterator[Parameters]:
        last = final(work.model)
        if not can_learn(work) or not is_estimator(work.model) or type(last).__name__.startswith(LINEAR):
            return
        size, outputs = _size(last), max(1, len(getattr(last, "classes_", ())) - 1)
        for student, leaves in LEAVES.items():
            # no larger than what it is to replace
            yield from ({"student": student, "rounds": r} for r, _ in ROUNDS if 2 * r * leaves * outputs <= size)
        for depth in (10, 6, 4):
            yield {"student": "tree", "depth": depth}
        yield {"student": "linear"}

    def reduce(self, work: ModelWorkload, parameters: Parameters) -> Any:
        from sklearn.base import is_classifier
        from threadpoolctl import threadpool_limits

        assert work.train is not None
        x, y = before_final(work.model, work.train.x), work.train.y
        teacher = final(work.model)
        student = _student(parameters, is_classifier(teacher), sparse=hasattr(x, "toarray"))
        with warnings.catch_warnings(), threadpool_limits(1):
            warnings.simplefilter("ignore")  # one that has not converged is judged by its answers, as any other
            if is_classifier(teacher):
                some, labels, weights = _soft(teacher, x, y)
                told = "logisticregression__sample_weight" if parameters["student"] == "linear" else "sample_weight"
                student.fit(some, labels, **{told: weights})
            else:
                target = np.asarray(teacher.predict(x))
                student.fit(x, target if y is None else TEACHER * target + (1 - TEACHER) * np.asarray(y, float))
        return with_final(work.model, student)


def _size(model: Any) -> float:
    """About how many leaves a fitted model has; infinitely many where it is no ensemble of trees."""
    from hasten.passes.model.trees import read

    try:
        forest = read(model)
    except Exception:  # noqa: BLE001 - a reader's refusal says nothing here
        forest = None
    if forest is None:
        return math.inf
    return float(sum(len(t.value.reshape(-1, forest.width)) for t in forest.trees)) / 2


def _soft(teacher: Any, x: Any, y: Any) -> tuple[Any, Any, Any]:
    """Rows, labels and weights that stand for the teacher's probabilities, and for the targets."""
    classes = teacher.classes_
    if hasattr(teacher, "predict_proba"):
        soft = np.asarray(teacher.predict_proba(x))
    else:
        soft = (np.asarray(teacher.predict(x))[:, None] == classes[None, :]).astype(float)
    if y is not None:
        soft = TEACHER * soft + (1 - TEACHER) * (np.asarray(y)[:, None] == classes[None, :])
    rows, labels = np.nonzero(soft > WEIGHT)
    # a class that is never likely must still be one of the student's classes, in the same place
    absent = np.setdiff1d(np.arange(len(classes)), labels)
    rows = np.concatenate([rows, soft[:, absent].argmax(axis=0)])
    labels = np.concatenate([labels, absent])
    some = x.iloc[rows] if hasattr(x, "iloc") else x[rows]
    return some, classes[labels], np.maximum(soft[rows, labels], 1e-9)


def _student(parameters: Parameters, classes: bool, sparse: bool) -> Any:
    from sklearn import ensemble, linear_model, tree
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    kind = parameters["student"]
    if kind == "tree":
        made = tree.DecisionTreeClassifier if classes else tree.DecisionTreeRegressor
        return made(max_depth=parameters["depth"], min_samples_leaf=5, random_state=0)
    if kind in LEAVES:
        rounds = parameters["rounds"]
        rate = dict(ROUNDS)[rounds]
        if sparse:
            slow = ensemble.GradientBoostingClassifier if classes else ensemble.GradientBoostingRegressor
            return slow(n_estimators=rounds, learning_rate=rate, max_leaf_nodes=LEAVES[kind], random_state=0)
        quick = ensemble.HistGradientBoostingClassifier if classes else ensemble.HistGradientBoostingRegressor
        return quick(
            max_iter=rounds, learning_rate=rate, max_leaf_nodes=LEAVES[kind], min_samples_leaf=10,
            early_stopping=False, random_state=0,
        )  # fmt: skip
    last = linear_model.LogisticRegression(max_iter=300) if classes else linear_model.Ridge()
    return make_pipeline(StandardScaler(with_mean=False), last)
