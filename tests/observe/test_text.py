"""Text with numbers: what counts as different."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hasten.observe.text import Mask, close, decoded, find_mask, text_difference, without_places

RTOL = 1e-9


def differs(old: str, new: str, rtol: float = RTOL, mask: Mask | None = None) -> str | None:
    return text_difference(old, new, rtol=rtol, mask=mask or Mask())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("1\n", "2\n"),
        ("1\n", "1.0\n"),
        ("a\n", "a"),
        ("a\n", "A\n"),
        ("a \n", "a\n"),
        ("a\n\n", "a\n"),
        ("0.1\n", "0.2\n"),
        ("0.12\n", "0.120\n"),
        ("1e5\n", "100000.0\n"),
        ("nan\n", "inf\n"),
        ("inf\n", "-inf\n"),
        ("3 -1\n", "3 1\n"),
        ("12345678901234567890\n", "12345678901234567891\n"),
        ("v1.2.3\n", "v1.2.4\n"),
        ("2024-01-05\n", "2024-01-06\n"),
        ("0x10\n", "0x11\n"),
        ("[1.0, 2.0]\n", "[1.0, 2.0, 3.0]\n"),
        ("x1\n", "x2\n"),
        ("\udcff\n", "\udcfe\n"),
    ],
)
def test_these_differ(old: str, new: str) -> None:
    assert differs(old, new) is not None
    assert differs(new, old) is not None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("0.3\n", "0.30000000000000004\n"),
        ("mean=-1234.5678901234567 ok\n", "mean=-1234.5678901234569 ok\n"),
        (f"{math.nextafter(1e-5, 1)}\n", "1e-05\n"),
        ("123456789.12\n", "123456789.13\n"),
    ],
)
def test_these_are_equal_within_the_tolerance_and_not_exactly(old: str, new: str) -> None:
    assert differs(old, new) is None
    assert differs(old, new, rtol=0.0) is not None


def test_the_first_difference_is_shown() -> None:
    assert differs("a\nb 1\n", "a\nb 2\n") == "stdout line 2: 'b 1' became 'b 2'"
    assert differs("a\n", "a\nb\n") == "stdout: 1 lines became 2; the first new one is 'b'"


def test_what_never_changes_has_no_mask() -> None:
    mask, said = find_mask(["a\n"] * 3, "stdout")
    assert mask.empty
    assert said == ()


def test_a_time_is_masked_and_named_and_the_rest_is_not() -> None:
    texts = ["n = 5 took 0.931 s\n", "n = 5 took 1.02 s\n"]
    mask, said = find_mask(texts, "stdout")
    assert said == ("stdout line 1: the number after 'took' changes from run to run (0.931)",)
    assert differs(texts[0], "n = 5 took 12.5 s\n", mask=mask) is None
    assert differs(texts[0], "n = 5 took 125 ms\n", mask=mask) is None
    assert differs(texts[0], "n = 5 took   1.2e-05 s\n", mask=mask) is None
    assert differs(texts[0], "n = 6 took 0.931 s\n", mask=mask) is not None
    assert differs(texts[0], "n = 5 took 0.931 seals\n", mask=mask) is not None
    assert differs(texts[0], "n = 5 needed 0.931 s\n", mask=mask) is not None


def test_many_changes_are_said_in_few_sentences() -> None:
    old = "".join(f"1{n:02} 2{n:02} x {n}\n" for n in range(50))
    new = "".join(f"3{n:02} 4{n:02} x {n}\n" for n in range(50))
    mask, said = find_mask([old, new], "stdout")
    assert len(mask.tokens) == 100
    assert said[0] == "stdout line 1: 2 numbers change from run to run: '100 200 x 0'"
    assert said[-1] == "stdout: 42 more lines change from run to run"
    assert len(said) == 9
    assert differs(old, new.replace("x 7", "x 8"), mask=mask) is not None


def test_words_that_change_mask_their_line_only() -> None:
    mask, said = find_mask(["a\nid abc\nb 1\n", "a\nid xyz\nb 1\n"], "stdout")
    assert len(said) == 1
    assert "line 2" in said[0]
    assert differs("a\nid abc\nb 1\n", "a\nid q\nb 1\n", mask=mask) is None
    assert differs("a\nid abc\nb 1\n", "a\nid q\nb 2\n", mask=mask) is not None
    assert differs("a\nid abc\nb 1\n", "a\nid q\n", mask=mask) is not None


def test_lines_in_changing_order_are_compared_as_a_bag() -> None:
    mask, said = find_mask(["a\nb\n", "b\na\n"], "stdout")
    assert mask.unordered
    assert "order" in said[0]
    assert differs("a\nb\n", "b\na\n", mask=mask) is None
    assert differs("a\nb\n", "b\nb\n", mask=mask) is not None


def test_a_changing_number_of_lines_leaves_those_that_are_always_there() -> None:
    mask, said = find_mask(["a 0.3\nx\nc\n", "a 0.3\nx\nx\nc\n", "a 0.3\nc\n"], "stdout")
    assert mask.stable == {0, 2}
    assert "only the 2 that are always there" in said[0]
    old = "a 0.3\nx\nc\n"
    assert differs(old, "a 0.3\nx\nx\nx\nc\n", mask=mask) is None
    assert differs(old, "a 0.30000000000000004\nc\n", mask=mask) is None
    assert differs(old, "a 0.4\nx\nc\n", mask=mask) is not None
    assert differs(old, "c\na 0.3\n", mask=mask) is not None
    assert differs(old, "a 0.3\n", mask=mask) is not None


def test_nothing_in_common_is_not_compared() -> None:
    mask, said = find_mask(["a\n", "b\nc\n"], "stdout")
    assert mask.whole
    assert "not compared" in said[0]


def test_an_address_is_masked() -> None:
    mask, _ = find_mask(["<A at 0x7f12ab>\n", "<A at 0x7ffe01>\n"], "stdout")
    assert differs("<A at 0x7f12ab>\n", "<A at 0x1>\n", mask=mask) is None
    assert differs("<A at 0x7f12ab>\n", "<B at 0x1>\n", mask=mask) is not None


@given(st.text(), st.text())
def test_equal_means_equal_text_when_exact(old: str, new: str) -> None:
    assert (differs(old, new, rtol=0.0) is None) == (old == new)


@given(st.lists(st.text(max_size=12), min_size=2, max_size=3))
def test_the_mask_covers_what_it_was_made_from(texts: list[str]) -> None:
    mask, said = find_mask(texts, "stdout")
    assert mask.empty == (len(said) == 0) == all(t == texts[0] for t in texts)
    for text in texts:
        assert differs(texts[0], text, rtol=0.0, mask=mask) is None


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False))
def test_floats_that_are_far_apart_are_never_close(a: float, b: float) -> None:
    far = abs(a - b) > 2 * RTOL * max(abs(a), abs(b))
    assert not (far and close(repr(a), repr(b), RTOL))


@given(st.binary(max_size=50), st.binary(max_size=50))
def test_decoding_keeps_bytes_apart(a: bytes, b: bytes) -> None:
    assert (decoded(a) == decoded(b)) == (a == b)


def is_mine(name: str) -> bool:
    return name.endswith("mine.py")


def test_lines_of_changed_files_may_move_in_warnings() -> None:
    old = "/w/mine.py:12: UserWarning: careful 5\n  warnings.warn('careful')\nnext\n"
    new = "/w/mine.py:20: UserWarning: careful 5\n  helper(warnings.warn)\nnext\n"
    assert without_places(old, is_mine) == without_places(new, is_mine)
    assert without_places(old, is_mine) != without_places(new.replace("careful 5", "careful 6"), is_mine)
    assert without_places(old, is_mine) != without_places(new.replace("User", "Future"), is_mine)
    other = old.replace("mine", "other")
    assert without_places(other, is_mine) == other


def test_what_stands_below_the_echo_of_a_warning_counts() -> None:
    text = "/w/mine.py:12: UserWarning: w\n  warn('w')\n  printed\n"
    assert "printed" in without_places(text, is_mine)
    assert "warn('w')" not in without_places(text, is_mine)


def test_lines_of_changed_files_may_move_in_tracebacks() -> None:
    old = 'Traceback (most recent call last):\n  File "mine.py", line 3, in f\n    x[5]\n    ~^^^\nIndexError: out\n'
    new = 'Traceback (most recent call last):\n  File "mine.py", line 9, in f\n    y[5]\nIndexError: out\n'
    assert without_places(old, is_mine) == without_places(new, is_mine)
    assert without_places(old, is_mine) != without_places(new.replace("in f", "in g"), is_mine)
    assert without_places(old, is_mine) != without_places(new.replace("out", "oops"), is_mine)
