"""Ratios read old/new, and their intervals hold the truth."""

from __future__ import annotations

import random

import pytest

from benchmarks.stats import gmean, median, ratio


def test_ratio_is_old_over_new() -> None:
    rounds = [{"a": 4.0, "b": 2.0}, {"a": 4.0, "b": 2.0}]
    assert str(ratio(rounds, "a", "b")) == "2.00x [2.00, 2.00]"
    assert median(rounds, "b") == 2.0


def test_gmean_of_a_gain_and_the_same_loss_is_one() -> None:
    faster, slower = [{"a": 4.0, "b": 1.0}], [{"a": 1.0, "b": 4.0}]
    assert gmean([faster, slower], "a", "b").value == pytest.approx(1.0)


def test_the_interval_holds_the_true_ratio_and_is_repeatable() -> None:
    rng = random.Random(3)
    rounds = [{"a": 3 * rng.lognormvariate(0, 0.05), "b": rng.lognormvariate(0, 0.05)} for _ in range(25)]
    found = ratio(rounds, "a", "b")
    assert found.low < 3 < found.high
    assert found.low <= found.value <= found.high
    assert found == ratio(rounds, "a", "b")
