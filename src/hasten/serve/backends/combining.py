"""How answers of members become one model's answer: votes, stacks, bags, calibration, one model a class or an output.

Each rule is made from a part's options and says, for a method, what its members are asked (`wants`) and what is made of
their answers (`together`), in the order of the original's own sums.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.serve.manifest import values_from_json

Array = NDArray[Any]
Together = Callable[[list[Array], Any], Array]  # the members' answers, and what they were asked


@dataclass(frozen=True)
class Rule:
    """One method: what each member is asked, and what is made of the answers."""

    wants: tuple[str, ...]
    together: Together


def rule(how: str, method: str, told: Mapping[str, Any], final: Callable[[str], Callable[[Any], Array]] | None) -> Rule:
    """The rule for `method` of a model of kind `how`. `final` asks a stack's last estimator. Raises `KeyError`."""
    return RULES[how](method, told, final)


def _every(wanted: str, told: Mapping[str, Any]) -> tuple[str, ...]:
    return (wanted,) * int(told["members"])


def _classes(told: Mapping[str, Any]) -> Array:
    found: Array = values_from_json(told["classes"])
    return found


def _weights(told: Mapping[str, Any]) -> Array | None:
    return None if told["weights"] is None else np.asarray(told["weights"])


def soft_votes(method: str, told: Mapping[str, Any], final: Any) -> Rule:
    """Probabilities, averaged."""
    weights, flat = _weights(told), told["flat"]

    def average(given: list[Array], x: Any) -> Array:
        return np.asarray(np.average(np.asarray(given), axis=0, weights=weights))

    if method == "predict":
        take = _classes(told).take
        return Rule(_every("predict_proba", told), lambda given, x: take(average(given, x).argmax(axis=1)))
    if method == "transform":
        return Rule(_every("predict_proba", told), lambda given, x: np.hstack(given) if flat else np.asarray(given))
    return Rule(_every("predict_proba", told), average)


def hard_votes(method: str, told: Mapping[str, Any], final: Any) -> Rule:
    """Labels (places among the classes), counted; the first of those with most votes wins."""
    if method == "transform":
        return Rule(_every("predict", told), lambda given, x: np.asarray(given).T)
    classes = _classes(told)
    weights = _weights(told)
    each = [1.0] * int(told["members"]) if weights is None else weights.tolist()
    places = np.arange(len(classes))

    def together(given: list[Array], x: Any) -> Array:
        votes = np.zeros((len(given[0]), len(classes)))
        for labels, weight in zip(given, each, strict=True):
            votes += (labels[:, None] == places) * weight
        return np.asarray(classes.take(votes.argmax(axis=1)))

    return Rule(_every("predict", told), together)


def mean_of_numbers(method: str, told: Mapping[str, Any], final: Any) -> Rule:
    weights = _weights(told)
    if method == "transform":
        return Rule(_every("predict", told), lambda given, x: np.asarray(given).T)
    return Rule(
        _every("predict", told), lambda given, x: np.asarray(np.average(np.asarray(given).T, axis=1, weights=weights))
    )


def stack(method: str, told: Mapping[str, Any], final: Any) -> Rule:
    """Answers beside each other, from which a last estimator answers."""
    two = bool(told["two"])
    wants = tuple(told["wants"])
    halved = [two and w == "predict_proba" for w in wants]
    beside = bool(told["passthrough"])

    def features(given: list[Array], x: Any) -> Array:
        columns = [
            a[:, None] if a.ndim == 1 else a[:, 1:] if half else a for a, half in zip(given, halved, strict=True)
        ]
        return np.hstack([*columns, np.asarray(x)] if beside else columns)

    if method == "transform":
        return Rule(wants, features)
    ask = final(method)
    if method == "predict" and told["classes"] is not None:
        take = _classes(told).take
        return Rule(wants, lambda given, x: take(ask(features(given, x))))
    return Rule(wants, lambda given, x: ask(features(given, x)))


def bag(method: str, told: Mapping[str, Any], final: Any) -> Rule:
    """The mean over members, some of which know some of the classes only."""
    number = int(told["members"])
    if told["classes"] is None:
        return Rule(_every("predict", told), lambda given, x: np.asarray(sum(given) / number))
    if method == "decision_function":
        return Rule(_every(method, told), lambda given, x: np.asarray(sum(given) / number))
    classes, known = _classes(told), [None if k is None else np.asarray(k) for k in told["known"]]
    wants = tuple(told["wants"])
    places = np.arange(len(classes))

    def shares(given: list[Array], x: Any) -> Array:
        out = np.zeros((len(given[0]), len(classes)))
        for answer, wanted, some in zip(given, wants, known, strict=True):
            if wanted == "predict":
                out += answer[:, None] == places
            elif some is None:
                out += answer
            else:
                out[:, some] += answer
        return out / number

    if method == "predict_proba":
        return Rule(wants, shares)
    take = classes.take
    return Rule(wants, lambda given, x: take(shares(given, x).argmax(axis=1), axis=0))


def calibrated(method: str, told: Mapping[str, Any], final: Any) -> Rule:
    """Scores of each member through its calibrators, then the mean."""
    classes, wants = _classes(told), tuple(told["wants"])
    number, makes = len(classes), [[_calibrator(c) for c in each] for each in told["calibrators"]]
    of = told["places"]  # of each member's classes among all
    limit = 1.0 + 1e-5

    def proba(given: list[Array], x: Any) -> Array:
        total = np.zeros((len(given[0]), number))
        for scores, make, wanted, places in zip(given, makes, wants, of, strict=True):
            p = np.zeros(total.shape)
            if number == 2:
                one = scores[:, 1] if wanted == "predict_proba" else scores
                p[:, 1] = make[0](one)
                p[:, 0] = 1.0 - p[:, 1]
            else:
                for place, calibrate, column in zip(places, make, scores.T, strict=True):
                    p[:, place] = calibrate(column)
                whole = p.sum(axis=1)[:, None]
                p = np.divide(p, whole, out=np.full_like(p, 1 / number), where=whole != 0)
            p[(p > 1.0) & (p <= limit)] = 1.0
            total += p
        total /= len(given)
        return total

    quick = number == 2 and all(c["kind"] == "sigmoid" for each in told["calibrators"] for c in each)
    made: Together = _of_curves([each[0] for each in told["calibrators"]], wants) if quick else proba
    if method == "predict_proba":
        return Rule(wants, made)
    return Rule(wants, lambda given, x: classes[made(given, x).argmax(axis=1)])


def _of_curves(told: Sequence[Mapping[str, Any]], wants: tuple[str, ...]) -> Together:
    """Of two classes, each member with one curve: all members at once."""
    slopes, shifts = (np.array([c[name] for c in told])[:, None] for name in ("a", "b"))

    def proba(given: list[Array], x: Any) -> Array:
        scores = np.array([s[:, 1] if w == "predict_proba" else s for s, w in zip(given, wants, strict=True)])
        z = slopes * scores + shifts  # a curve goes down with its score
        e = np.exp(-np.abs(z))
        second = np.where(z <= 0, 1.0, e) / (1.0 + e)
        out = np.empty((scores.shape[1], 2))
        out[:, 0], out[:, 1] = (1.0 - second).sum(axis=0), second.sum(axis=0)
        out /= len(given)
        return out

    return proba


def _calibrator(told: Mapping[str, Any]) -> Callable[[Array], Array]:
    if told["kind"] == "sigmoid":
        a, b = told["a"], told["b"]

        def sigmoid(scores: Array) -> Array:
            z = -(a * scores + b)
            e = np.exp(-np.abs(z))
            return np.asarray(np.where(z >= 0, 1.0, e) / (1.0 + e))

        return sigmoid
    x, y, low, high = np.asarray(told["x"]), np.asarray(told["y"]), told["low"], told["high"]
    return lambda scores: np.interp(np.clip(scores, low, high), x, y)


def one_against_rest(method: str, told: Mapping[str, Any], final: Any) -> Rule:
    """One member a class; the largest score wins, the first of equal ones."""
    if method == "predict_proba":

        def proba(given: list[Array], x: Any) -> Array:
            out = np.array([p[:, 1] for p in given]).T
            if len(given) == 1:
                out = np.concatenate((1 - out, out), axis=1)
            whole = out.sum(axis=1)[:, None]
            np.divide(out, whole, out=out, where=whole != 0)
            return out

        return Rule(_every(method, told), proba)
    wanted = told["binary"]
    if method == "decision_function":
        return Rule(
            _every(method, told),
            lambda given, x: given[0] if len(given) == 1 else np.array([g.ravel() for g in given]).T,
        )
    classes = _classes(told)

    def predict(given: list[Array], x: Any) -> Array:
        scores = np.array([g[:, 1] if wanted == "predict_proba" else g.ravel() for g in given]).T
        return np.asarray(classes[scores.argmax(axis=1)])

    return Rule(_every(wanted, told), predict)


def outputs(method: str, told: Mapping[str, Any], final: Any) -> Rule:
    """One member an output."""
    return Rule(_every("predict", told), lambda given, x: np.asarray(given).T)


def threshold(method: str, told: Mapping[str, Any], final: Any) -> Rule:
    """One classifier of two classes, whose score is compared with another threshold."""
    if method != "predict":
        return Rule((method,), lambda given, x: given[0])
    classes, wanted, limit, place = _classes(told), told["wanted"], told["limit"], int(told["place"])
    two = classes[[1 - place, place]]

    def predict(given: list[Array], x: Any) -> Array:
        score = given[0][:, place] if wanted == "predict_proba" else given[0] if place == 1 else -given[0]
        return np.asarray(two[(score >= limit).astype(int)])

    return Rule((wanted,), predict)


def middle(method: str, told: Mapping[str, Any], final: Any) -> Rule:
    """The weighted median of members' numbers."""
    weights = np.asarray(told["weights"])

    def predict(given: list[Array], x: Any) -> Array:
        numbers = np.asarray(given).T
        order = np.argsort(numbers, axis=1)
        sums = np.cumsum(weights[order], axis=1)
        found = (sums >= 0.5 * sums[:, -1][:, None]).argmax(axis=1)
        rows = np.arange(len(numbers))
        return np.asarray(numbers[rows, order[rows, found]])

    return Rule(_every("predict", told), predict)


def back(method: str, told: Mapping[str, Any], final: Any) -> Rule:
    """One regressor of a transformed target, whose answers are taken back."""
    if told["function"] is not None:
        function = getattr(np, told["function"])

        def by_function(given: list[Array], x: Any) -> Array:
            if not np.isfinite(given[0]).all():
                raise ValueError("Input X contains NaN, infinity or a value too large: a prediction is not finite")
            return np.asarray(function(given[0]))

        return Rule(("predict",), by_function)
    scale, shift = np.asarray(told["scale"]), np.asarray(told["shift"])

    def by_scale(given: list[Array], x: Any) -> Array:
        if np.isinf(given[0]).any():
            raise ValueError("Input X contains infinity: a prediction is not finite")
        return np.asarray((given[0] - shift) / scale if told["divide"] else given[0] * scale + shift)

    return Rule(("predict",), by_scale)


def itself(method: str, told: Mapping[str, Any], final: Any) -> Rule:
    return Rule((method,), lambda given, x: given[0])


RULES: dict[str, Callable[[str, Mapping[str, Any], Any], Rule]] = {
    "soft votes": soft_votes, "hard votes": hard_votes, "mean": mean_of_numbers, "stack": stack, "bag": bag,
    "calibrated": calibrated, "one against rest": one_against_rest, "outputs": outputs, "threshold": threshold,
    "median": middle, "back": back, "itself": itself,
}  # fmt: skip
