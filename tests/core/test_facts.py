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
