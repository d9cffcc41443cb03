"""A model, its data and its metric: do they belong together? All that is wrong is collected, and told at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hasten.api.models.files import Table
from hasten.config import nearest
from hasten.core.model import METHODS, Rows
from hasten.errors import TargetError

FEWEST = 20  # rows: below, no interval means anything
MOST_NAMED = 8


class Complaints:
    """What is wrong, one line each."""

    def __init__(self, where: str) -> None:
        self.where, self.lines = where, list[str]()

    def add(self, text: str) -> None:
        if text not in self.lines:
            self.lines.append(text)

    def raise_any(self) -> None:
        """Raises one `TargetError` with every line, if there is any."""
        if self.lines:
            told = self.lines[0] if len(self.lines) == 1 else "\n  ".join(["", *self.lines])
            raise TargetError(f"{self.where}: {told}")


def features_of(model: Any) -> list[str] | None:
    """The names of the columns that the model was trained on, if it knows them."""
    for attribute in ("feature_names_in_", "feature_names_", "feature_name_"):
        names = getattr(model, attribute, None)
        if names is not None and len(names):
            return [str(n) for n in names]
    names = getattr(model, "feature_name", None)  # a LightGBM booster
    if callable(names):
        return [str(n) for n in names()]
    return None


def number_of_features(model: Any) -> int | None:
    found = getattr(model, "n_features_in_", None)
    return int(found) if isinstance(found, (int, np.integer)) else None


def rows_of(table: Table, model: Any, target: str | None, name: str, wrong: Complaints) -> Rows:
    """The inputs and targets in `table` (the file `name`) for `model`. What is wrong goes to `wrong`."""
    if table.frame is None:
        if target is not None:
            wrong.add(f"--target {target}: {name} is an .npz file, whose targets are its `y`")
        return Rows(table.x, table.y)
    frame = table.frame
    y = None
    if target is None:
        wrong.add(f"which column of {name} is the target? say --target COLUMN; there are {_listed(table.names)}")
    elif target not in table.names:
        wrong.add(f"--target {target}: {name} has no such column{nearest(target, table.names)}")
    else:
        y = frame[target]
        frame = frame.drop(columns=[target])
    wanted = features_of(model)
    here = [str(c) for c in frame.columns]
    if wanted is None or (set(wanted).isdisjoint(here) and _by_place(wanted)):
        needed = number_of_features(model)
        if needed == 1 and len(here) == 1 and getattr(frame.iloc[:, 0].dtype, "kind", "O") not in "iufb":
            return Rows(frame.iloc[:, 0].tolist(), None if y is None else y.to_numpy())
        if needed is not None and len(here) != needed:
            wrong.add(f"{name} has {len(here)} columns besides the target, and the model was trained on {needed}")
        words = [c for c in here if getattr(frame[c].dtype, "kind", "O") not in "iufb"]
        if words:
            if len(here) == 1:
                return Rows(frame.iloc[:, 0].tolist(), None if y is None else y.to_numpy())
            wrong.add(f"{name}: not numbers, and the model was trained on an array of numbers: {_listed(words)}")
            return Rows(frame, y)
        return Rows(frame.to_numpy(np.float64), None if y is None else y.to_numpy())
    missing = [c for c in wanted if c not in here]
    if missing:
        hints = "".join(nearest(c, here) for c in missing[:1])
        wrong.add(f"{name} lacks columns that the model was trained on: {_listed(missing)}{hints}")
        return Rows(frame, None if y is None else y.to_numpy())
    return Rows(frame[wanted], None if y is None else y.to_numpy())


def check_data(rows: Rows, name: str, model: Any, wrong: Complaints) -> None:
    """Whether these rows can judge `model`: numbers where numbers are needed, targets without gaps, enough of them."""
    if len(rows) < FEWEST:
        wrong.add(f"{name} has {len(rows)} rows; {FEWEST} are the fewest that can show anything")
    if rows.y is None:
        return
    y = np.asarray(rows.y)
    if len(y) != len(rows):
        wrong.add(f"{name}: {len(rows)} rows, and {len(y)} targets")
    gaps = int(np.count_nonzero(y != y)) if y.dtype.kind == "f" else sum(v is None or v != v for v in y.ravel())
    if gaps:
        wrong.add(f"{name}: {gaps} of {len(y)} targets are missing (NaN); drop those rows")
        return
    classes = getattr(model, "classes_", None)
    if classes is not None and y.ndim == 1 and not isinstance(classes, list):
        known = np.asarray(classes)
        if known.dtype.kind in "iufb" and y.dtype.kind in "iufb":
            strange = np.setdiff1d(y.astype(float), known.astype(float))
        else:
            strange = np.setdiff1d(y.astype(str), known.astype(str))
            if not len(strange) and y.dtype.kind != known.dtype.kind and "O" not in (y.dtype.kind, known.dtype.kind):
                wrong.add(f"{name}: targets are of type {y.dtype}, and the model's labels of type {known.dtype}")
        if len(strange):
            wrong.add(
                f"{name}: targets that are no labels of the model: {_listed([repr(v) for v in strange.tolist()])}; "
                f"its labels are {_listed([repr(v) for v in known.tolist()])}"
            )


def task_of(model: Any) -> str:
    """ "classification", "regression" or "other"."""
    try:
        from sklearn.base import is_classifier, is_regressor

        if is_classifier(model):
            return "classification"
        if is_regressor(model):
            return "regression"
    except (ImportError, AttributeError, TypeError):
        pass
    if getattr(model, "classes_", None) is not None:
        return "classification"
    return "regression" if type(model).__name__ == "Booster" else "other"


def methods_of(model: Any) -> tuple[str, ...]:
    """Those of `METHODS` that the model has. A transformer's are `transform`; what both predicts and transforms (a
    clusterer) answers both."""
    found = []
    for method in METHODS:
        try:
            if callable(getattr(model, method, None)):
                found.append(method)
        except Exception:  # noqa: BLE001 - a method that is there on some conditions only, and says so in its own way
            continue
    return tuple(found)


def check_fitted(model: Any, wrong: Complaints) -> None:
    try:
        from sklearn.base import BaseEstimator
        from sklearn.exceptions import NotFittedError
        from sklearn.utils.validation import check_is_fitted
    except ImportError:
        return
    if isinstance(model, BaseEstimator):
        try:
            check_is_fitted(model)
        except NotFittedError:
            wrong.add("the model is not trained yet: call fit first")
        except TypeError:
            wrong.add(f"{type(model).__name__} is no trained model")


# scikit-learn's scorers by what they are for; what is in neither is left to the metric itself
_FOR_REGRESSION = (
    "r2", "neg_mean", "neg_median", "neg_root", "max_error", "neg_max_error", "explained_variance", "d2_absolute",
    "d2_pinball", "d2_tweedie",
)  # fmt: skip
_FOR_CLASSES = (
    "accuracy", "balanced_accuracy", "top_k", "f1", "precision", "recall", "jaccard", "roc_auc", "average_precision",
    "neg_log_loss", "neg_brier", "matthews", "positive_likelihood", "neg_negative", "d2_log_loss", "d2_brier",
)  # fmt: skip


def check_metric(name: str, task: str, methods: Sequence[str], wrong: Complaints) -> None:
    """Whether a scikit-learn scorer fits the task."""
    from hasten.verify.metric import ALIASES

    full = ALIASES.get(name, name)
    regression, classes = full.startswith(_FOR_REGRESSION), full.startswith(_FOR_CLASSES)
    if task == "regression" and classes and not regression:
        wrong.add(f"metric {name} is for classes, and the model predicts numbers; try r2, rmse or mae")
    if task == "classification" and regression:
        wrong.add(f"metric {name} is for numbers, and the model predicts classes; try accuracy, f1 or roc_auc")
    if full.startswith(("neg_log_loss", "neg_brier", "d2_log_loss")) and "predict_proba" not in methods:
        wrong.add(f"metric {name} needs probabilities, and the model gives none")


def _by_place(names: Sequence[str]) -> bool:
    """Names that a library made up: Column_0, f1, 2."""
    return all(n.removeprefix("Column_").removeprefix("f").isdigit() for n in names)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:MOST_NAMED])
    return shown + (f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else "")
