"""Final estimators of numbers as operations, and what may be made of their last values.

Which of the outputs is which of the original's answers is found by trying (`answers_as.py`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from hasten.core.model_pass import CannotServe
from hasten.passes.model.serving.dense.steps import Ops, finite, layer, vector
from hasten.passes.model.serving.generated.heads import MODULES
from hasten.passes.model.serving.generated.heads.vectors import pairs
from hasten.serve.backends.dense import Op, Output

LARGEST = 1_000_000  # weights: beyond, libraries for products of matrices are faster at any number of rows
NETWORK, VECTORS, CENTRES = MODULES["network"], MODULES["vectors"], ("KMeans", "MiniBatchKMeans")
NEIGHBOURS = ("KNeighborsClassifier", "KNeighborsRegressor")
LINEAR = (*MODULES["linear"], "LinearDiscriminantAnalysis")
_BETWEEN = {"identity": (), "relu": ("relu",), "tanh": ("tanh",), "logistic": ("logistic",)}


def has_head(est: Any) -> bool:
    name = type(est).__name__
    return type(est).__module__.startswith("sklearn.") and name in (*LINEAR, *NETWORK, *VECTORS, *CENTRES, *NEIGHBOURS)


def has_layers(est: Any) -> bool:
    """Whether products of matrices take most of a call, rather than what comes before them."""
    return has_head(est) and type(est).__name__ not in LINEAR


def outputs_of(est: Any, ops: Ops, width: int) -> dict[str, Output]:
    """Outputs by name, after the operations of the steps before. Raises `CannotServe`."""
    name = type(est).__name__
    ops = (*ops, finite(width))
    if name in CENTRES:
        made = _centres(est, ops)
    elif name in NETWORK:
        made = _scores((*ops, *_network(est)), chance=est.out_activation_ == "logistic")
    elif name in VECTORS:
        made = (
            _voted(est, (*ops, *_vectors(est)))
            if len(getattr(est, "classes_", ())) > 2
            else _scores((*ops, *_vectors(est)))
        )
    elif name in NEIGHBOURS:
        made = {"scores": Output((*ops, *_neighbours(est)))}
    else:
        made = _linear(est, ops)
    if sum(0 if o.a is None else o.a.size for o in next(iter(made.values())).ops) > LARGEST:
        raise CannotServe(f"more than {LARGEST:,} weights")
    return made


def _scores(ops: Ops, chance: bool = False) -> dict[str, Output]:
    """`chance`: the last values are probabilities already."""
    made = {"scores": Output(ops)}
    if ops[-1].width > 1:
        return made | {e: Output(ops, e) for e in ("softmax", "each sigmoid", "highest")}
    if chance:
        return made | {"above": Output(ops, "above", 0.5)}
    return made | {"pair": Output(ops, "pair"), "above": Output(ops, "above", 0.0)}


def _linear(est: Any, ops: Ops) -> dict[str, Output]:
    coef = est.coef_.toarray() if hasattr(est.coef_, "toarray") else np.asarray(est.coef_, np.float64)
    ops = (*ops, layer(np.atleast_2d(coef).T, est.intercept_))
    made = _scores(ops)
    if hasattr(est, "_base_loss"):  # of counts and amounts
        made["exp"] = Output((*ops, Op("exp", ops[-1].width)))
    if type(est).__name__ == "LinearDiscriminantAnalysis":
        scalings = np.asarray(getattr(est, "scalings_", np.zeros((1, 0))), np.float64)[:, : est._max_components]
        if scalings.size and est.solver != "eigen":
            made["transformed"] = Output((*ops[:-1], vector("sub", est.xbar_, len(scalings)), layer(scalings, 0.0)))
        elif scalings.size:
            made["transformed"] = Output((*ops[:-1], layer(scalings, 0.0)))
    return made


def _network(est: Any) -> Ops:
    if getattr(getattr(est, "_label_binarizer", None), "y_type_", "").startswith("multilabel"):
        raise CannotServe("a classifier of several labels at once")
    ops: list[Op] = []
    for weights, bias in zip(est.coefs_, est.intercepts_, strict=True):
        ops.append(layer(weights, bias))
        ops += [Op(kind, ops[-1].width) for kind in _BETWEEN[est.activation]]
    if _BETWEEN[est.activation]:
        ops.pop()  # the last layer has its own
    if est.out_activation_ == "logistic":
        ops.append(Op("logistic", ops[-1].width))
    elif est.out_activation_ not in ("identity", "softmax"):
        raise CannotServe(f"an output of {est.out_activation_}")
    return tuple(ops)


def _voted(est: Any, ops: Ops) -> dict[str, Output]:
    """Of several classes: scores of pairs, their votes, and one against the rest."""
    number = len(est.classes_)
    rest = (*ops, Op("votes", number, way=1))
    ties = est.break_ties and est.decision_function_shape == "ovr"
    return {
        "scores": Output(ops), "rest": Output(rest),
        "highest": Output(rest if ties else (*ops, Op("votes", number)), "highest"),
    }  # fmt: skip


def _vectors(est: Any) -> Ops:
    held = est.support_vectors_
    vectors = np.asarray(held.toarray() if hasattr(held, "toarray") else held, np.float64)
    dual = np.asarray(est.dual_coef_.toarray() if hasattr(est.dual_coef_, "toarray") else est.dual_coef_, np.float64)
    number, gamma = len(vectors), float(est._gamma)
    if est.kernel == "rbf":
        kernel: Ops = (Op("apart", number, vectors), Op("rbf", number, c=gamma))
    elif est.kernel == "poly":
        kernel = (layer(vectors.T, 0.0), Op("poly", number, c=gamma, d=float(est.coef0), way=int(est.degree)))
    elif est.kernel == "sigmoid":
        kernel = (layer(vectors.T, 0.0), Op("sigmoid", number, c=gamma, d=float(est.coef0)))
    elif est.kernel == "linear":
        kernel = (layer(vectors.T, 0.0),)
    else:
        raise CannotServe("a kernel of one's own")
    if len(getattr(est, "classes_", ())) > 2:
        dual = pairs(dual, np.asarray(est.n_support_), len(est.classes_)).T
    return (*kernel, layer(dual.T, est.intercept_))


def leaves_ties(est: Any) -> bool:
    """Whether some rows are the original's to answer."""
    return type(est).__name__ in NEIGHBOURS


def _neighbours(est: Any) -> Ops:
    points, targets = est._fit_X, np.asarray(est._y)
    if est.effective_metric_ != "euclidean" or getattr(points, "dtype", None) != np.float64 or points.ndim != 2:
        raise CannotServe(f"neighbours by {est.effective_metric_!r}, of sparse rows or of float32")
    if targets.ndim > 1 and targets.shape[1] > 1:
        raise CannotServe("neighbours of several targets")
    if est.weights not in ("uniform", "distance"):
        raise CannotServe("neighbours with weights of one's own")
    held = np.asarray(points, np.float64)
    classes = len(est.classes_) if hasattr(est, "classes_") else 0
    told = (classes, int(est.weights == "distance"))
    largest = float((held**2).sum(axis=1).max())
    nearest = Op(
        "nearest", max(1, classes), targets.ravel().astype(np.float64), c=largest, places=told, way=int(est.n_neighbors)
    )
    return (Op("apart", len(held), held), nearest)


def _centres(est: Any, ops: Ops) -> dict[str, Output]:
    centres = np.asarray(est.cluster_centers_, np.float64)
    nearest = layer(-2.0 * centres.T, (centres**2).sum(axis=1))  # without the row's own square, as the original has it
    return {
        "lowest": Output((*ops, nearest), "lowest"),
        "roots": Output((*ops, Op("apart", len(centres), centres)), "roots"),
    }
