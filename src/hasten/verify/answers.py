"""Answers of a candidate beside the original's: the same rows, one method after another."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

AT_ONCE = 64  # texts


@dataclass(frozen=True)
class Refusal:
    """A call that raised: the exception's class and its text."""

    error: str
    text: str


class Held(np.ndarray):
    """An answer that came in something else than an array: `kind` says in what."""

    kind: str = ""

    def __array_finalize__(self, whole: Any) -> None:
        self.kind = getattr(whole, "kind", "")

    def __reduce__(self) -> Any:
        found: Any = super().__reduce__()
        return found[0], found[1], (*found[2], self.kind)

    def __setstate__(self, state: Any) -> None:
        *plain, self.kind = state
        super().__setstate__(tuple(plain))


Answer = NDArray[Any] | Refusal
Answers = Mapping[str, Answer]  # by method


@dataclass(frozen=True)
class Agreement:
    """How near a candidate's answers are. `apart` is the first thing that is no answer of the same kind (None: none).

    `changed` of `labels` labels differ; `drift` is the largest difference of scores as a share of the largest of their
    kind, and `drift_abs` in their own unit.
    """

    rows: int = 0
    labels: int = 0
    changed: int = 0
    drift: float = 0.0
    drift_abs: float = 0.0
    apart: str | None = None

    @property
    def agree(self) -> float:
        """The share of labels that are as they were."""
        return 1.0 - self.changed / self.labels if self.labels else 1.0


def asked(model: Any, x: Any, methods: tuple[str, ...]) -> dict[str, Answer]:
    """What `model` answers to `x`: an array for each method, or how it refused. Many texts are asked `AT_ONCE` at a
    time: a net of texts makes all that it is given at once as long as the longest."""
    import warnings

    if type(x) is list and len(x) > AT_ONCE and methods == ("forward",):
        whole = _in_pieces(model, x)
        if whole is not None:
            return {"forward": whole}
    out: dict[str, Answer] = {}
    for method in methods:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                answer = getattr(model, method)(x)
            out[method] = dense(answer)
        except Exception as error:  # noqa: BLE001 - a refusal is an answer too
            out[method] = Refusal(type(error).__name__, str(error))
    return out


def _in_pieces(model: Any, texts: list[Any]) -> Answer | None:
    """What a net answers to texts, some of them at a time; None where these answers make no array together."""
    found: list[NDArray[Any]] = []
    for start in range(0, len(texts), AT_ONCE):
        answer = asked(model, texts[start : start + AT_ONCE], ("forward",))["forward"]
        if isinstance(answer, Refusal):
            return answer
        found.append(answer)
    alike = type(found[0]) is np.ndarray and len({(a.dtype, a.ndim, a.shape[1:]) for a in found}) == 1
    return np.concatenate(found) if alike and found[0].ndim else None


def dense(answer: Any) -> NDArray[Any]:
    """An answer as an array; sparse matrices, frames, Series and lists (of outputs) as one that says so."""
    if isinstance(answer, (np.ndarray, np.generic)):
        return np.asarray(answer)
    if hasattr(answer, "toarray"):
        made, kind = answer.toarray(), "sparse matrix"
    elif hasattr(answer, "to_numpy"):
        made, kind = answer.to_numpy(), type(answer).__name__
    else:
        made, kind = answer, type(answer).__name__
    held = np.asarray(made).view(Held)
    held.kind = kind
    return held


def agreement(old: Answers, new: Answers, rows: int, scale: Mapping[str, float] | None = None) -> Agreement:
    """Compare answers to the same rows. Integers, booleans, strings and objects are labels, floats are scores.

    `scale` gives the largest score of each method on ordinary data, for rows that are too few to tell. A refusal agrees
    with a refusal of the same class, whatever its words, and with a `ValueError`: that is what artifacts refuse with
    (a library's own exceptions would need the library).
    """
    labels = changed = 0
    drift = drift_abs = 0.0
    for method, a in old.items():
        b = new.get(method)
        if b is None:
            return Agreement(rows, labels, changed, drift, drift_abs, f"{method}: not answered")
        if isinstance(a, Refusal) or isinstance(b, Refusal):
            if isinstance(a, Refusal) and isinstance(b, Refusal) and b.error in (a.error, "ValueError"):
                continue
            told = f"{method}: {_shown(a)} became {_shown(b)}"
            return Agreement(rows, labels, changed, drift, drift_abs, told)
        if _kind(a) != _kind(b):
            told = f"{method}: {_kind(a) or 'array'} became {_kind(b) or 'array'}"
            return Agreement(rows, labels, changed, drift, drift_abs, told)
        if a.shape != b.shape:
            return Agreement(rows, labels, changed, drift, drift_abs, f"{method}: shape {a.shape} became {b.shape}")
        a, b = _spelt(a, b)
        if a.dtype.kind == "f":
            if b.dtype.kind != "f":
                return Agreement(rows, labels, changed, drift, drift_abs, f"{method}: {a.dtype} became {b.dtype}")
            x, y = a.astype(np.float64), b.astype(np.float64)
            gone = np.isfinite(x) != np.isfinite(y)
            if gone.any() or not np.array_equal(x[~np.isfinite(x)], y[~np.isfinite(y)], equal_nan=True):
                return Agreement(rows, labels, changed, drift, drift_abs, f"{method}: NaN or infinite where it was not")
            finite = np.isfinite(x)
            if finite.any():
                apart = float(np.abs(x[finite] - y[finite]).max())
                largest = max(float(np.abs(x[finite]).max()), (scale or {}).get(method, 0.0))
                drift_abs = max(drift_abs, apart)
                drift = max(drift, apart / largest if largest > 0 else (0.0 if apart == 0 else np.inf))
        else:
            if a.dtype.kind != b.dtype.kind:
                return Agreement(rows, labels, changed, drift, drift_abs, f"{method}: {a.dtype} became {b.dtype}")
            differ = a != b
            if differ.ndim > 1:
                differ = differ.any(axis=tuple(range(1, differ.ndim)))
            labels += len(differ) if differ.ndim else 1
            changed += int(np.count_nonzero(differ))
    return Agreement(rows, labels, changed, drift, drift_abs)


def given(answers: Answers) -> dict[str, NDArray[Any]]:
    """The answers that are no refusals."""
    return {m: a for m, a in answers.items() if not isinstance(a, Refusal)}


def largest(answers: Answers) -> dict[str, float]:
    """The largest finite score of each method."""
    out = {}
    for method, a in given(answers).items():
        if a.dtype.kind == "f" and a.size:
            finite = a[np.isfinite(a)]
            out[method] = float(np.abs(finite).max()) if finite.size else 0.0
    return out


def _spelt(a: NDArray[Any], b: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Texts and objects that are numbers, as numbers: what a model gives back that was asked for such rows."""
    if a.dtype.kind == b.dtype.kind and a.dtype.kind in "UO" and a.ndim > 1 and not np.array_equal(a, b):
        with suppress(ValueError, TypeError):
            return a.astype(np.float64), b.astype(np.float64)
    return a, b


def _kind(answer: NDArray[Any]) -> str:
    """What held it, if that was no array."""
    return str(getattr(answer, "kind", ""))


def _shown(answer: Answer) -> str:
    return f"{answer.error} ({answer.text[:80]})" if isinstance(answer, Refusal) else f"an answer {answer.shape}"
