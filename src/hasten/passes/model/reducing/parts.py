"""Taking a model apart: the steps before its final estimator, and putting another final estimator behind them."""

from __future__ import annotations

from typing import Any

from hasten.core.model import ModelWorkload


def final(model: Any) -> Any:
    """The estimator that decides: the last step of a pipeline (of a pipeline), or the model itself."""
    while type(model).__name__ == "Pipeline" and getattr(model, "steps", None):
        model = model.steps[-1][1]
    return model


def with_final(model: Any, last: Any) -> Any:
    """`model` with `last` for its final estimator; the steps before stay the fitted ones. `model` is left as it was."""
    if type(model).__name__ != "Pipeline":
        return last
    from sklearn.pipeline import Pipeline

    name, inner = model.steps[-1]
    return Pipeline([*model.steps[:-1], (name, with_final(inner, last))])


def before_final(model: Any, x: Any) -> Any:
    """What the final estimator is given for the rows `x`."""
    while type(model).__name__ == "Pipeline" and getattr(model, "steps", None):
        for _, step in model.steps[:-1]:
            if step is not None and step != "passthrough":
                x = step.transform(x)
        model = model.steps[-1][1]
    return x


def can_learn(work: ModelWorkload, least: int = 50) -> bool:
    """Whether there are rows to learn from (targets are not needed)."""
    return work.train is not None and len(work.train) >= least


def is_estimator(model: Any) -> bool:
    """A scikit-learn estimator of classes or of one number a row, with ordinary labels."""
    try:
        from sklearn.base import is_classifier, is_regressor
    except ImportError:
        return False
    last = final(model)
    try:
        if is_regressor(last):
            return True
        return is_classifier(last) and getattr(getattr(last, "classes_", None), "ndim", 0) == 1
    except (AttributeError, TypeError):
        return False
