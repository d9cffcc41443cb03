"""What answers of a tabular model rest on: Shapley values, by the library shap, against the same background rows.

The players are columns (groups of columns, where there are more than `GROUPS`), and a column that does not play is as
in rows of the background (Lundberg and Lee, "A Unified Approach to Interpreting Model Predictions", NIPS 2017). Trees
and linear terms are looked into and give the values exactly (`exact`); whatever else answers is asked, for the orders
that a seed draws, forwards and backwards (`sampled`): two models are asked for the same ones, so what differs between
them is not the draw. Where shap is not installed there is occlusion (`verify/attributions.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.core.model import taken
from hasten.verify.attributions import GROUPS, ROWS, Ask, score_of

BACKGROUND = 32  # rows that stand for what is usual
ORDERS = 4  # of columns, for each row, where there is time
LATE = 2.0  # times the seconds that were given, after which sampling is given up
EXACT = 1e-4  # of the largest score, by which a tree or linear form may miss the model's own scores
TREES, LINEAR, SAMPLED = "shap, TreeExplainer", "shap, LinearExplainer", "shap, PermutationExplainer"
# steps of a pipeline that leave every column on its own
ALONE = {"StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler", "PowerTransformer", "QuantileTransformer",
    "SimpleImputer"}  # fmt: skip


@dataclass(frozen=True)
class Shapley:
    """Values of shape (rows, players), by which explainer, and how many orders of columns were asked (0: exact).
    `scores` are those that an exact form stands for: the model's own, of the explained rows."""

    values: NDArray[np.float64]
    by: str
    orders: int = 0
    scores: NDArray[np.float64] | None = None


def can_explain(x: Any) -> bool:
    """Whether `x` is a table, and shap is there to explain models of tables."""
    return find_spec("shap") is not None and (_is_frame(x) or isinstance(x, np.ndarray) and x.ndim == 2) and len(x) > 1


def explained_rows(x: Any) -> Any:
    return taken(x, slice(0, ROWS))


def background(x: Any) -> Any:
    """The same rows of `x` for all that are compared: spread over those that are not explained, if they are enough."""
    first = ROWS if len(x) >= ROWS + BACKGROUND else 0
    places = np.arange(first, len(x))
    if len(places) > BACKGROUND:
        places = np.sort(np.random.default_rng(0).choice(places, BACKGROUND, replace=False))
    return taken(x, places)


def _is_frame(x: Any) -> bool:
    return hasattr(x, "iloc") and hasattr(x, "columns")


# --- asking whatever answers -----------------------------------------------------------------------------------------


class Cells:
    """Rows of a table as numbers: each group of columns by the first row that holds the same in it."""

    def __init__(self, table: Any) -> None:
        self.table = table
        width = table.shape[1]
        self.groups = [g for g in np.array_split(np.arange(width), min(GROUPS, max(width, 1))) if len(g)]
        self.codes = np.stack([self._code(g) for g in self.groups], axis=1).astype(np.float64)

    def _code(self, group: NDArray[np.intp]) -> NDArray[np.intp]:
        import pandas as pd

        own = np.arange(len(self.table))
        if len(group) > 1:
            return own
        column = self.table.iloc[:, group[0]] if _is_frame(self.table) else self.table[:, group[0]]
        if not isinstance(column.dtype, np.dtype) or column.dtype.kind not in "biuf" or column.dtype.itemsize > 8:
            return own  # of objects, what is equal need not be the same
        bits = np.ascontiguousarray(column).view(f"u{column.dtype.itemsize}")  # neither is 0.0 and -0.0
        codes, _ = pd.factorize(bits)
        _, first = np.unique(codes, return_index=True)
        found: NDArray[np.intp] = first[codes]
        return found

    def rows(self, codes: NDArray[np.float64]) -> Any:
        """The table's rows that these numbers stand for."""
        at = codes.astype(np.intp)
        if not _is_frame(self.table):
            out = np.empty((len(at), self.table.shape[1]), self.table.dtype)
            for place, group in enumerate(self.groups):
                out[:, group] = self.table[at[:, place][:, None], group]
            return out
        import pandas as pd

        made = {
            j: self.table.iloc[:, j].array.take(at[:, place]) for place, group in enumerate(self.groups) for j in group
        }
        return pd.DataFrame(made).set_axis(self.table.columns, axis=1)


def sampled(
    ask: Ask, x: Any, labels: NDArray[Any] | None, seconds: float, orders: int | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Shapley | None:  # fmt: skip
    """Values of the first rows of `x`, for at most so many orders as `seconds` allow (`orders`: exactly so many).

    None where not even one can be asked in that time. Raises what `ask` raises.
    """
    some, usual = explained_rows(x), background(x)
    cells = Cells(_stacked(some, usual))
    mine, behind = cells.codes[: len(some)], cells.codes[len(some) :]
    players, step = mine.shape[1], len(behind) * (2 * mine.shape[1] + 1)
    probe = cells.rows(np.resize(behind, (step, players)))
    ask(probe)  # the first call may load something
    start = clock()
    ask(probe)
    each = (clock() - start) * len(some)
    if orders is None:
        orders = int(min(ORDERS, seconds / max(each, 1e-9)))
    if orders < 1:
        return None
    start, values = clock(), np.zeros((len(some), players))
    with _shap() as shap, _own_draws():
        masker = shap.maskers.Independent(behind, max_samples=len(behind))
        for row in range(len(some)):
            if clock() - start > LATE * seconds:
                return None
            label = None if labels is None else labels[row : row + 1]

            def score(codes: NDArray[np.float64], label: NDArray[Any] | None = label) -> NDArray[np.float64]:
                return score_of(ask(cells.rows(codes)), None if label is None else np.repeat(label, len(codes)))

            explainer = shap.PermutationExplainer(score, masker, seed=row)
            found = explainer(mine[row : row + 1], max_evals=orders * (2 * players + 1), silent=True)
            values[row] = found.values[0]
    return Shapley(values, SAMPLED, orders)


def _stacked(some: Any, usual: Any) -> Any:
    if not _is_frame(some):
        return np.concatenate([some, usual])
    import pandas as pd

    return pd.concat([some, usual], ignore_index=True)


@contextmanager
def _own_draws() -> Iterator[None]:
    """shap draws from NumPy's global generator; afterwards it is as it was."""
    state = np.random.get_state()
    try:
        yield
    finally:
        np.random.set_state(state)


@contextmanager
def _shap() -> Iterator[Any]:
    """The library, imported with Numba's compiler off: it would compile for longer than all of this takes."""
    import warnings

    import numba

    config: Any = numba.config
    before = config.DISABLE_JIT
    config.DISABLE_JIT = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of other libraries' plots
            import shap

            yield shap
    finally:
        config.DISABLE_JIT = before


# --- looking into a model --------------------------------------------------------------------------------------------


def exact(model: Any, x: Any, method: str, labels: NDArray[Any] | None) -> Shapley | None:
    """Values of the first rows of `x` from a model's trees or linear terms; None where it has none, or where they do
    not add up to what the model answers. Of a linear classifier the decision is explained, of all else the answers of
    `method`."""
    some, usual = explained_rows(x), background(x)
    a, b, last = _numbers(some), _numbers(usual), model
    for step in [s for _, s in model.steps[:-1]] if hasattr(model, "steps") else []:
        if type(step).__name__ not in ALONE or not type(step).__module__.startswith("sklearn."):
            return None
        some, usual = step.transform(some), step.transform(usual)
        if a is None or np.shape(some)[1:] != a.shape[1:]:
            return None
        a, b, last = _numbers(some), _numbers(usual), model.steps[-1][1]
    if a is None or b is None or not a.shape[1]:
        return None
    answers = _asked(model, method, explained_rows(x))
    scores = score_of(answers, labels)
    with _shap() as shap, _own_draws():
        found = _terms(shap, last, a, b, labels)
        if found is not None:
            return Shapley(found, LINEAR, scores=scores)
        for kind in (np.float64, np.float32):  # scikit-learn's forests, among others, compare what is rounded to these
            found = _trees(shap, last, a.astype(kind).astype(float), b.astype(kind).astype(float), labels, answers)
            if found is not None:
                return Shapley(found, TREES, scores=scores)
    return None


def _asked(model: Any, method: str, x: Any) -> NDArray[Any]:
    from hasten.verify.answers import dense

    return dense(getattr(model, method)(x))


def _numbers(x: Any) -> NDArray[np.float64] | None:
    """A table of numbers; None where it is another one."""
    if _is_frame(x):
        if any(getattr(t, "kind", "O") not in "biuf" or not isinstance(t, np.dtype) for t in x.dtypes):
            return None
        x = x.to_numpy()
    if not isinstance(x, np.ndarray) or x.ndim != 2 or x.dtype.kind not in "biuf":
        return None
    return x.astype(np.float64)


def _terms(
    shap: Any, model: Any, a: NDArray[np.float64], b: NDArray[np.float64], labels: NDArray[Any] | None
) -> NDArray[np.float64] | None:
    """Of a model that is linear: one whose own numbers are its coefficients' (whatever its class)."""
    if not (hasattr(model, "coef_") and hasattr(model, "intercept_")):
        return None
    try:
        weights = np.atleast_2d(np.asarray(model.coef_, np.float64))
        shift = np.broadcast_to(np.asarray(model.intercept_, np.float64).ravel(), (len(weights),))
        own = getattr(model, "decision_function" if hasattr(model, "decision_function") else "predict")(a)
        own = np.asarray(own, np.float64)
        made = (a @ weights.T + shift).reshape(own.shape)
    except (AttributeError, TypeError, ValueError):
        return None
    if not _same(made, own):
        return None
    values = []
    for row in range(len(a)):
        if len(weights) == 1:  # of two classes the terms are those of the second
            sign = -1.0 if labels is not None and labels[row] == 0 else 1.0
            w, c = sign * weights[0], sign * shift[0]
        elif labels is not None:
            w, c = weights[labels[row]], shift[labels[row]]
        else:
            w, c = weights.sum(0), shift.sum()
        masker = shap.maskers.Independent(b, max_samples=len(b))
        values.append(np.asarray(shap.LinearExplainer((w, c), masker).shap_values(a[row : row + 1]))[0])
    return np.stack(values)


def _trees(
    shap: Any, model: Any, a: NDArray[np.float64], b: NDArray[np.float64], labels: NDArray[Any] | None,
    answers: NDArray[Any],
) -> NDArray[np.float64] | None:  # fmt: skip
    """Of what the leaves of an ensemble add up to: probabilities of forests, numbers, and decisions of boosters (what
    shap makes of those in probabilities is not exact). They have to lead to `answers`."""
    try:
        explainer = shap.TreeExplainer(model, b, feature_perturbation="interventional", model_output="raw")
        explainer.data, ranked = _ranked(explainer.model, a, b)
        found = np.asarray(explainer.shap_values(ranked, check_additivity=False), np.float64)
        base = np.ravel(np.asarray(explainer.expected_value, np.float64))
    except Exception:  # noqa: BLE001 - it raises all kinds of exceptions at what it does not know
        return None
    if found.ndim == 2:
        found = found[:, :, None]
    if found.ndim != 3 or found.shape[:2] != a.shape or base.shape != found.shape[2:]:
        return None
    if not _leads_to(found.sum(1) + base, answers):
        return None
    if labels is None:
        out: NDArray[np.float64] = found.sum(2)
    elif found.shape[2] == 1:  # of two classes, the second
        out = np.where(labels[: len(a)] == 0, -1.0, 1.0)[:, None] * found[:, :, 0]
    else:
        out = found[np.arange(len(a)), :, labels[: len(a)]]
    return out


def _ranked(
    trees: Any, a: NDArray[np.float64], b: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The ranks of the background's numbers and of the explained rows', with the thresholds of `trees` moved between
    them: shap rounds thresholds to 32 bits, and sends numbers beside them the other way."""
    both, features = np.concatenate([b, a]), np.asarray(trees.features)
    ranks, moved = both.copy(), np.array(trees.thresholds, np.float64)
    if (np.asarray(trees.threshold_types) > 0).any():
        raise ValueError("these are no thresholds, but sets of categories")
    for j in range(both.shape[1]):
        column = both[:, j]
        values = np.unique(column[~np.isnan(column)])
        ranks[:, j] = np.where(np.isnan(column), np.nan, np.searchsorted(values, column))
        at = features == j
        moved[at] = np.searchsorted(values, moved[at], "right") - 0.5  # x <= threshold goes left
    trees.thresholds = moved
    return ranks[: len(b)], ranks[len(b) :]


def _leads_to(sums: NDArray[np.float64], answers: NDArray[Any]) -> bool:
    """Whether answers are these sums, or the probabilities that such decisions mean."""
    own = np.asarray(answers, np.float64)
    if sums.shape[1] == 1 and own.ndim == 2 and own.shape[1] == 2:
        second = 1 / (1 + np.exp(-np.clip(sums[:, 0], -700, 700)))
        return _same(np.stack([1 - second, second], axis=1), own)
    own = own.reshape(len(own), -1)
    if sums.shape != own.shape:
        return False
    powers = np.exp(sums - sums.max(axis=1, keepdims=True))
    return _same(sums, own) or _same(powers / powers.sum(axis=1, keepdims=True), own)


def _same(a: NDArray[np.float64], b: NDArray[np.float64]) -> bool:
    if a.shape != b.shape or not np.isfinite(a).all() or not np.isfinite(b).all():
        return False
    return bool(np.abs(a - b).max(initial=0.0) <= EXACT * max(np.abs(b).max(initial=0.0), 1e-12))


def stands_for(found: Shapley, answers: Mapping[str, Any], method: str, labels: NDArray[Any] | None) -> bool:
    """Whether an artifact answers the explained rows as the model does whose values were found exactly."""
    if found.scores is None or getattr(answers.get(method), "dtype", np.dtype("O")).kind != "f":
        return False
    mine = score_of(answers[method][: len(found.scores)], labels)
    return _same(mine, found.scores)
