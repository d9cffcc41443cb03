"""Distillation: a small model that learns what the trained one answers.

What it does     trains a smaller model (a shallow tree, a few trees, a linear model) on the trained model's own
                 answers: its probabilities, not the labels. Each row counts once for every class, weighted by the
                 probability that the teacher gives it: any classifier with sample weights learns soft targets so.
When it wins     when a large ensemble or a kernel machine decides what a few splits or one product can decide too.
Safe when        the contract's budget says so: the student is judged on rows that it did not learn from.
Source           Hinton, Vinyals, Dean, "Distilling the knowledge in a neural network" (2015); for trees Bucila,
                 Caruana, Niculescu-Mizil, "Model compression" (2006).
"""

from __future__ import annotations

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
WEIGHT = 1e-3  # classes that the teacher gives less than this are left out of a row


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
        for trees in (30, 10, 3):
            yield {"student": "boosting", "rounds": trees * 3}
            yield {"student": "forest", "trees": trees}
        for depth in (10, 6, 4):
            yield {"student": "tree", "depth": depth}
        yield {"student": "linear"}

    def reduce(self, work: ModelWorkload, parameters: Parameters) -> Any:
        from sklearn.base import is_classifier

        assert work.train is not None
        x = before_final(work.model, work.train.x)
        teacher = final(work.model)
        student = _student(parameters, is_classifier(teacher))
        if not is_classifier(teacher):
            return with_final(work.model, student.fit(x, teacher.predict(x)))
        classes = teacher.classes_
        if not hasattr(teacher, "predict_proba"):
            return with_final(work.model, student.fit(x, teacher.predict(x)))
        soft = teacher.predict_proba(x)
        rows, labels = np.nonzero(soft > WEIGHT)
        # a class that is never likely must still be one of the student's classes, in the same place
        absent = np.setdiff1d(np.arange(len(classes)), labels)
        rows = np.concatenate([rows, soft[:, absent].argmax(axis=0)])
        labels = np.concatenate([labels, absent])
        some = x.iloc[rows] if hasattr(x, "iloc") else x[rows]
        told = "logisticregression__sample_weight" if parameters["student"] == "linear" else "sample_weight"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # one that has not converged is judged by its answers, as any other
            student.fit(some, classes[labels], **{told: np.maximum(soft[rows, labels], 1e-9)})
        return with_final(work.model, student)


def _student(parameters: Parameters, classes: bool) -> Any:
    from sklearn import ensemble, linear_model, tree
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    kind = parameters["student"]
    if kind == "tree":
        made = tree.DecisionTreeClassifier if classes else tree.DecisionTreeRegressor
        return made(max_depth=parameters["depth"], min_samples_leaf=5, random_state=0)
    if kind == "forest":
        many = ensemble.ExtraTreesClassifier if classes else ensemble.ExtraTreesRegressor
        return many(parameters["trees"], max_depth=10, min_samples_leaf=3, random_state=0, n_jobs=1)
    if kind == "boosting":
        boosted = ensemble.GradientBoostingClassifier if classes else ensemble.GradientBoostingRegressor
        return boosted(n_estimators=parameters["rounds"], max_depth=3, subsample=0.8, random_state=0)
    last = linear_model.LogisticRegression(max_iter=300) if classes else linear_model.Ridge()
    return make_pipeline(StandardScaler(with_mean=False), last)
