"""The benchmark's own judge of outputs."""

from __future__ import annotations

import pytest

from benchmarks.outputs import text_difference, without_places


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", ""),
        ("total 1.0\n", "total 1.0000000000001\n"),
        ("nan inf -inf", "nan inf -inf"),
        ("x 1e-12 y", "x 1.0e-12 y"),
    ],
)
def test_equal(old: str, new: str) -> None:
    assert text_difference(old, new) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("1000000", "1000001"),  # integers are exact, however close
        ("1000000000000", "1000000000001"),
        ("1", "1.0"),
        ("1.0", "1.00001"),
        ("0.0", "0.0000001"),
        ("nan", "1.0"),
        ("1.0", "nan"),
        ("inf", "-inf"),
        ("ham 1.0", "spam 1.0"),
        ("a\nb", "a"),
        ("a\n", "a"),
        ("a b", "a  b"),
        ("1 2", "2 1"),
    ],
)
def test_different(old: str, new: str) -> None:
    assert text_difference(old, new) is not None


def test_the_first_different_line_is_named() -> None:
    assert text_difference("a\nb 1\nc\n", "a\nb 2\nd\n") == "line 2: 'b 1' became 'b 2'"


def test_places_of_files_do_not_count() -> None:
    old = without_places("/tmp/a/slow.py:12: RuntimeWarning: overflow")
    assert old == without_places("/tmp/b/slow.py:57: RuntimeWarning: overflow") == "slow.py: RuntimeWarning: overflow"
