"""Metrics over answers, and the paired bootstrap."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import f1_score, log_loss, mean_squared_error, roc_auc_score

from hasten.core.model import Drop
from hasten.errors import UsageError
from hasten.verify.metric import _score, _scores, compared, metric

DRAW = np.random.default_rng(0)
Y = DRAW.integers(0, 2, 400)
P = np.clip(0.5 + 0.3 * (Y - 0.5) + DRAW.normal(0, 0.2, 400), 0.01, 0.99)
ANSWERS = {"predict": (P > 0.5).astype(int), "predict_proba": np.column_stack([1 - P, P])}


def test_scorers_are_scikit_learns_own() -> None:
    assert metric("roc_auc", "classification", [0, 1]).score(Y, ANSWERS) == roc_auc_score(Y, P)
    assert metric("auc", "classification", [0, 1]).score(Y, ANSWERS) == roc_auc_score(Y, P)
    assert metric("f1", "classification", [0, 1]).score(Y, ANSWERS) == f1_score(Y, P > 0.5)
    assert metric("log_loss", "classification", [0, 1]).score(Y, ANSWERS) == -log_loss(Y, P)
    told = {"predict": P}
    assert metric("mse", "regression").score(Y, told) == -mean_squared_error(Y, P)


def test_a_function_of_the_users_own() -> None:
    assert metric("operator:eq", "other").name == "operator:eq"
    own = metric(lambda y, p: float((y == p).mean()), "classification")
    assert own.score(Y, ANSWERS) == (ANSWERS["predict"] == Y).mean()


def test_names_that_are_none() -> None:
    with pytest.raises(UsageError, match="did you mean 'accuracy'"):
        metric("acuracy", "classification")
    with pytest.raises(UsageError, match="no_such_module"):
        metric("no_such_module:f", "classification")


def test_the_interval_covers_the_difference() -> None:
    """Fresh data contradicts about one interval in twenty, not more than one in eight."""
    accuracy = metric("accuracy", "classification", [0, 1])
    outside = 0
    for seed in range(60):
        draw = np.random.default_rng(seed)
        y = draw.integers(0, 2, 300)
        old = np.where(draw.random(300) < 0.9, y, 1 - y)
        new = np.where(draw.random(300) < 0.06, 1 - old, old)  # truth: 0.9 * 0.94 + 0.1 * 0.06 - 0.9 = -0.048
        found = compared(accuracy, y, {"predict": old}, {"predict": new}, Drop(), seed=seed, rounds=300)
        outside += not found.low <= -0.048 <= found.high
    assert outside <= 8


def test_equal_answers_need_no_resampling() -> None:
    found = compared(metric("roc_auc", "classification", [0, 1]), Y, ANSWERS, ANSWERS, Drop.parse("0.5%"))
    assert (found.low, found.high, found.inside) == (0.0, 0.0, True)
    assert found.allowed == pytest.approx(0.005 * found.old)


def test_what_is_worse_is_outside_and_what_is_better_is_inside() -> None:
    accuracy = metric("accuracy", "classification", [0, 1])
    worse = {"predict": np.where(np.arange(400) % 10 == 0, 1 - Y, Y)}
    assert not compared(accuracy, Y, {"predict": Y}, worse, Drop.parse(0.02), rounds=300).inside
    assert compared(accuracy, Y, worse, {"predict": Y}, Drop(), rounds=300).inside


SCORED = ["accuracy", "roc_auc", "r2", "mae", "mse", "rmse"]


@pytest.mark.parametrize("name", SCORED)
@pytest.mark.parametrize("labels", [[0, 1], ["no", "yes"]])
def test_many_resamples_at_once_score_as_the_scorer_does(name: str, labels: list[object]) -> None:
    """Ties, resamples of one class or of one target, and labels that are words: each scored one by one too."""
    classes = name in SCORED[:2]
    if not classes and labels != [0, 1]:
        return
    y, p = Y[:40], np.round(P[:40], 1)
    y = np.array(labels)[y] if classes else DRAW.normal(size=40)
    told = {"predict": np.array(labels)[(p > 0.5).astype(int)], "predict_proba": np.column_stack([1 - p, p])}
    answers = told if classes else {"predict": p}
    measure = metric(name, "classification" if classes else "regression", labels if classes else None)
    assert measure.many is not None
    rows = DRAW.integers(0, 40, (60, 40))
    rows[0] = np.flatnonzero(y == y[0])[0]  # one row again and again
    found = measure.many(y, answers, rows[1:])
    assert found is not None
    one = [_score(measure, y, answers, some) for some in rows]
    np.testing.assert_allclose(found, one[1:], rtol=1e-12)
    all_of_it = _scores(measure, y, answers, rows)  # a resample that has no score, or one by another rule
    np.testing.assert_allclose(all_of_it, one, rtol=1e-12)


def test_what_cannot_be_scored_at_once_is_asked_of_the_scorer() -> None:
    draw = np.random.default_rng(1)
    three = draw.integers(0, 3, 60)
    p = draw.dirichlet([1, 1, 1], 60)
    several = metric("roc_auc_ovr", "classification", [0, 1, 2])
    assert np.isfinite(_scores(several, three, {"predict_proba": p}, draw.integers(0, 60, (3, 60)))).all()
    two = draw.normal(size=(60, 2))
    r2 = metric("r2", "regression")
    rows = draw.integers(0, 60, (3, 60))
    expected = [r2.score(two[r], {"predict": two[r] + 0.1}) for r in rows]
    np.testing.assert_allclose(_scores(r2, two, {"predict": two + 0.1}, rows), expected)


def test_answers_that_a_metric_does_not_look_at_need_no_resampling() -> None:
    other = {**ANSWERS, "predict_proba": ANSWERS["predict_proba"] * (1 - 1e-12)}
    found = compared(metric("accuracy", "classification", [0, 1]), Y, ANSWERS, other, Drop())
    assert (found.low, found.high) == (0.0, 0.0)


def test_resamples_without_a_class_are_drawn_again() -> None:
    y = np.array([0] * 59 + [1])
    p = np.linspace(0.1, 0.9, 60)
    old = {"predict_proba": np.column_stack([1 - p, p])}
    new = {"predict_proba": np.column_stack([p, 1 - p])}
    found = compared(metric("roc_auc", "classification", [0, 1]), y, old, new, Drop(), rounds=50)
    assert np.isfinite([found.low, found.high]).all()


@pytest.mark.parametrize(
    ("text", "score", "drop"), [("0.5%", 0.9, 0.0045), ("0.01", 0.9, 0.01), (0, 0.9, 0.0), ("1%", -20.0, 0.2)]
)
def test_drops(text: object, score: float, drop: float) -> None:
    assert Drop.parse(text).of(score) == pytest.approx(drop)


@pytest.mark.parametrize("text", ["a lot", "-1", "100%", "nan", True, ""])
def test_drops_that_are_none(text: object) -> None:
    with pytest.raises(ValueError, match="is not a drop"):
        Drop.parse(text)
