"""Shares of time, from stacks."""

from __future__ import annotations

import pytest

from hasten.core.facts import Profile

PROFILE = Profile(
    samples=10,
    stacks=(
        (("a.py:<module>:9", "a.py:outer:3", "b.py:helper:5"), 6),
        (("a.py:<module>:9", "b.py:helper:5"), 1),
        (("a.py:<module>:9",), 3),
    ),
)


def test_a_sample_counts_once() -> None:
    assert PROFILE.share("a.py", 1, 9) == pytest.approx(1.0)
    assert PROFILE.share("b.py", 5, 5) == pytest.approx(0.7)
    assert PROFILE.share("b.py", 6, 9) == 0.0
    assert Profile().share("a.py", 1, 9) == 0.0


def test_share_outside_of_other_lines() -> None:
    assert PROFILE.share("b.py", 5, 5, outside=[("a.py", 2, 4)]) == pytest.approx(0.1)
    assert PROFILE.share("a.py", 1, 9, outside=[("a.py", 9, 9)]) == 0.0


def test_share_within_counts_what_runs_in_the_lines_themselves() -> None:
    assert PROFILE.share_within("a.py", 1, 9, [(1, 9)]) == pytest.approx(0.3)  # 0.7 is in b.py
    assert PROFILE.share_within("a.py", 1, 9, [(5, 8)], through=[(9, 9)]) == 0.0
    stacks = ((("a.py:<module>:8", "a.py:f:3", "a.py:_helper:20"), 6), (("a.py:<module>:8", "a.py:g:5"), 4))
    profile = Profile(10, stacks=stacks)
    assert profile.share_within("a.py", 8, 9, [(3, 3)]) == 0.0
    assert profile.share_within("a.py", 8, 9, [(3, 3)], through=[(20, 30)]) == pytest.approx(0.6)
    assert profile.share_within("a.py", 8, 9, [(5, 5), (8, 9)], through=[(20, 30)]) == pytest.approx(0.4)
    assert profile.share_within("a.py", 9, 9, [(1, 30)]) == 0.0
    assert Profile().share_within("a.py", 1, 9, [(1, 9)]) == 0.0
