"""The decision rule: what it decides, and how often it is wrong when there is nothing to find."""

from __future__ import annotations

import itertools
import math
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hasten.measure.decide import (
    APART_SHARE,
    BETS,
    LARGE_SHARE,
    SIDES_SHARE,
    WEIGHTS,
    Bet,
    Evidence,
    interval,
    robust_sd,
    total_interval,
)


def after(logs: list[float], **options: float) -> Evidence:
    evidence = Evidence(**options)  # type: ignore[arg-type]
    for log in logs:
        evidence = evidence.after(math.exp(log), 1.0)
    return evidence


def test_the_prior_is_one() -> None:
    assert math.fsum(WEIGHTS) == pytest.approx(1.0)
    assert all(0 < bet.stake < 1 for bet in BETS)
    assert Evidence().e_faster == pytest.approx(1.0)
    assert Evidence().ratio == 1.0


def test_twice_as_fast_takes_four_pairs() -> None:
    assert after([math.log(2)] * 3).decided == "undecided"
    assert after([math.log(2)] * 4).decided == "faster"
    assert after([math.log(2)] * 4).ratio == pytest.approx(2.0)


def paired(pairs: list[tuple[float, float]]) -> Evidence:
    evidence = Evidence()
    for old, new in pairs:
        evidence = evidence.after(old, new)
    return evidence


def test_a_small_gain_in_little_noise_takes_five_pairs() -> None:
    times = [(1.30, 1.00), (1.31, 1.01), (1.29, 1.00), (1.30, 1.02), (1.31, 1.00)]
    assert paired(times[:4]).decided == "undecided"
    assert paired(times).decided == "faster"


def test_a_gain_that_noise_can_make_takes_signs() -> None:
    """The machine slows down from pair to pair: in every pair new is faster, but not than every old run."""
    times = [(1.3 * 1.2**i, 1.2**i) for i in range(12)]
    assert paired(times).apart == 0
    assert paired(times[:6]).decided == "undecided"
    assert paired(times[:8]).decided == "faster"


def test_one_quick_run_of_the_old_side_ends_the_bet_on_separation() -> None:
    times = [(1.3, 1.0)] * 3 + [(1.0, 0.99)] + [(1.3, 1.0)] * 4
    assert paired(times[:3]).apart == 20
    assert paired(times).apart == 0


def test_separation_is_a_fair_bet() -> None:
    """Over every way to call k of 2k runs the old ones, the mean capital is 1 at most."""
    for k in (1, 2, 3, 4):
        runs = [math.exp(3.0 * i) for i in range(2 * k)]
        total, ways = 0.0, list(itertools.combinations(range(2 * k), k))
        for chosen in ways:
            rest = [i for i in range(2 * k) if i not in chosen]
            total += paired([(runs[i], runs[j]) for i, j in zip(chosen, rest, strict=True)]).apart
        assert total / len(ways) <= 1.0 + 1e-9
        if k == 1:
            assert total / len(ways) == pytest.approx(1.0)


def test_equal_times_are_not_apart() -> None:
    assert after([math.log(1.03)] * 4).apart == 0
    assert after([0.0] * 4).apart == 0


def test_what_can_still_be_decided() -> None:
    assert Evidence().reachable(5)
    assert not Evidence().reachable(3)
    lost = after([-0.1, 0.1, -0.1, 0.1])
    assert not lost.reachable(5), "separation is gone, and no pair was large"
    assert lost.reachable(12)
    large = after([-0.1, 0.6, -0.1, 0.6])
    assert not lost.reachable(8)
    assert large.reachable(8), "large ones may come again"
    for logs in ([0.1] * 8, [0.7] * 6):
        found = after(logs)
        assert found.decided == "faster"
        for seen in range(2, len(logs)):
            assert after(logs[:seen]).reachable(len(logs) - seen), "what is decided could be"


def test_ten_pairs_without_a_sign_of_a_gain_are_hopeless() -> None:
    never = after([-0.4, 0.3, -0.2, 0.4, -0.3, 0.2, -0.4, 0.3, -0.2, -0.1])
    assert never.decided == "undecided"
    assert never.hopeless
    assert not after([-0.4, 0.3, -0.2, 0.4, -0.3]).hopeless, "five pairs are no sign"
    assert not after([0.1] * 10).hopeless


def test_slower_is_not_faster() -> None:
    assert after([-0.5] * 6).decided == "not faster"


def test_a_gain_below_the_least_is_not_faster() -> None:
    assert after([math.log(1.02)] * 12).decided == "not faster"


def test_exactly_the_least_gain_counts_for_neither() -> None:
    log = math.log(1.03)
    evidence = Evidence(min_gain=math.exp(log))
    for _ in range(20):
        evidence = evidence.after(math.exp(log), 1.0)
    assert evidence.decided != "faster"


@pytest.mark.parametrize(("old", "new"), [(0.0, 1.0), (1.0, 0.0), (-1.0, 1.0), (math.nan, 1.0), (1.0, math.inf)])
def test_times_must_be_times(old: float, new: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        Evidence().after(old, new)


@pytest.mark.parametrize("noise", ["normal", "heavy", "bursts"])
@pytest.mark.parametrize("gain", [1.0, 1.03])
def test_false_claims_stay_below_alpha(noise: str, gain: float) -> None:
    """Looking after every pair, up to 40: identical programs, and programs exactly at the threshold."""
    draw = random.Random(f"{noise} {gain}")
    alpha, trials, wrong = 0.015, 800, 0

    def one() -> float:
        if noise == "normal":
            return draw.gauss(0, 0.05)
        if noise == "heavy":
            return max(-9.0, min(9.0, 0.02 * math.tan(math.pi * (draw.random() - 0.5))))
        return draw.gauss(0, 0.01) + (draw.choice([-1, 1]) * 0.8 if draw.random() < 0.2 else 0)

    for _ in range(trials):
        evidence = Evidence(1.03, alpha)
        for _ in range(40):
            evidence = evidence.after(math.exp(math.log(gain) + one()), 1.0)
            if evidence.decided != "undecided":
                break
        wrong += evidence.decided == "faster"
    # three standard errors above alpha would be a broken rule
    assert wrong / trials <= alpha + 3 * math.sqrt(alpha * (1 - alpha) / trials)
    if gain == 1.0 and noise == "normal":
        assert wrong / trials < 0.02


def test_a_real_gain_is_found() -> None:
    draw = random.Random(7)
    found = 0
    for _ in range(200):
        evidence = Evidence()
        for _ in range(40):
            evidence = evidence.after(math.exp(math.log(1.3) + draw.gauss(0, 0.1)), 1.0)
            if evidence.decided != "undecided":
                break
        found += evidence.decided == "faster"
    assert found >= 190


@pytest.mark.parametrize("bet", BETS)
def test_bets_are_odd_and_never_fall(bet: Bet) -> None:
    """What makes them fair at best, whatever the noise, as long as it favours neither side."""
    sizes = [0.0, 1e-6, 0.001, 0.01, 0.05, 0.2, 1.0, 30.0]
    for x, larger in itertools.pairwise(sizes):
        assert bet.pays(x) <= bet.pays(larger)
        assert bet.pays(larger) + bet.pays(-larger) == pytest.approx(2.0)
    assert 0 < bet.pays(-30.0) <= bet.pays(0.0) <= 1.0


@pytest.mark.parametrize("size", [0.7, 0.05])
@pytest.mark.parametrize("bet", BETS)
def test_a_shift_of_symmetric_noise_below_the_threshold_loses(bet: Bet, size: float) -> None:
    """Bursts of one size: the excess is that size less the threshold, or more below it; sizes are no fair coins then."""
    shift = math.log(1.03)
    assert bet.pays(size - shift) + bet.pays(-size - shift) <= 2.0


def test_what_is_rare_and_large_is_no_gain() -> None:
    """The old program takes twice as long in one run of five; of the other runs none is faster."""
    logs = [0.7 if i % 5 == 0 else 0.001 for i in range(40)]
    assert after(logs).decided != "faster"
    # even where the capital would allow it, the median pair has the last word
    times = [(2.0, 1.0)] * 4 + [(1.0, 1.0)] * 5
    assert replace(paired(times), large=1e6).decided != "faster"


def test_a_gain_of_five_per_cent_is_found_in_noise_of_two() -> None:
    draw, found = random.Random(11), 0
    for _ in range(60):
        evidence = Evidence()
        for _ in range(40):
            evidence = evidence.after(1.05 * math.exp(draw.gauss(0, 0.02)), 1.0)
            if evidence.decided != "undecided":
                break
        found += evidence.decided == "faster"
    assert found >= 54


def test_the_log_of_a_pair_may_be_known_better_than_its_times() -> None:
    evidence = Evidence().after(2.0, 1.0, math.log(1.1))
    assert evidence.ratio == pytest.approx(1.1)
    assert evidence.times == ((2.0, 1.0),)


@given(st.lists(st.sampled_from([-1.0, 1.0]), max_size=12))
def test_the_evidence_is_a_martingale(signs: list[float]) -> None:
    """Under a fair coin the expected evidence after one more pair is the evidence now, for each of the bets."""
    now = after(signs)
    up, down = now.after(10.0, 1.0), now.after(1.0, 10.0)
    small = now.after(1.2, 1.0)
    assert (math.fsum(up.win) + math.fsum(down.win)) / 2 == pytest.approx(math.fsum(now.win))
    # one pair in four is large, one in four is a small gain, half are losses
    assert (up.large + small.large + 2 * down.large) / 4 == pytest.approx(now.large)
    assert (up.e_not_faster + down.e_not_faster) / 2 == pytest.approx(now.e_not_faster)


def test_the_capital_is_shared_out() -> None:
    assert math.fsum((SIDES_SHARE, LARGE_SHARE, APART_SHARE)) == pytest.approx(1.0)


@given(st.lists(st.floats(-2, 2), min_size=2, max_size=40))
def test_the_interval_holds_the_order_and_the_range(logs: list[float]) -> None:
    low, high = interval(logs, rounds=200)
    assert math.exp(min(logs)) * (1 - 1e-12) <= low <= high <= math.exp(max(logs)) * (1 + 1e-12)
    assert interval(logs, rounds=200) == (low, high)


def test_one_pair_has_no_interval() -> None:
    assert interval([0.5]) == (0.0, math.inf)


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    draw = random.Random(3)
    hits = 0
    for n in range(300):
        low, high = interval([draw.gauss(0.2, 0.1) for _ in range(15)], seed=n, rounds=300)
        hits += low <= math.exp(0.2) <= high
    assert hits / 300 > 0.88


def test_long_calls_count_for_more_in_the_whole() -> None:
    pairs = [(8.0, 2.0), (8.4, 2.1), (0.01, 0.0125), (0.01, 0.0125), (0.01, 0.0125)]
    low, high = total_interval(pairs, rounds=400)
    assert 3.9 < high <= 4.0 + 1e-9
    assert low == pytest.approx(0.8)  # none of the long ones may be among those drawn
    assert total_interval(pairs[:1]) == (0.0, math.inf)


def test_the_spread_does_not_mind_an_outlier() -> None:
    assert robust_sd([1.0]) == 0.0
    assert robust_sd([1, 2, 3, 4, 5]) == pytest.approx(1.4826)
    assert robust_sd([1, 2, 3, 4, 500]) == pytest.approx(1.4826)
