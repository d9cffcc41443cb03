"""Kernels over the characters of strings."""

from __future__ import annotations

import pytest

from tests.kernel.differential import check, compiled, compiled_function, refusal

DISTANCE = compiled_function(
    """
    def f(a, b):
        previous = [0] * (len(b) + 1)
        for j in range(len(b) + 1):
            previous[j] = j
        for i in range(1, len(a) + 1):
            current = [0] * (len(b) + 1)
            current[0] = i
            for j in range(1, len(b) + 1):
                cost = 0 if a[i - 1] == b[j - 1] else 1
                current[j] = min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + cost)
            previous = current
        return previous[len(b)]
    """,
    "args = ('kitten', 'sitting')",
)
HARD = [
    ("'kitten', 'sitting'", True),
    ("'', ''", True),
    ("'', 'abc'", True),
    ("'a\\u00e9\\U0001F600\\u0301', 'ae\\U0001F601'", True),
    ("'\\ud800x', '\\ud800y'", True),
    ("'x' * 70, 'xy' * 30", True),
    ("'abc', ['a', 'b']", False),
    ("'abc', b'abd'", False),
    ("'abc', None", False),
]


@pytest.mark.parametrize(("args", "fast"), HARD)
def test_edit_distance(args: str, fast: bool) -> None:
    check(DISTANCE, f"args = ({args})", fast=fast)


COUNTS = compiled(
    """
    for i, ch in enumerate(text):
        if ch == " " or ch in ".,;":
            words += 1
        elif ch in vowels:
            h = (h * 31 + ord(ch)) % 1000003
        elif ch.isdigit() or ch.isspace():
            d = ord(ch) % 10
            digits[d] += 1
        elif ch.isalpha() and ch.lower() != "z" and not ch.isupper() and ch not in "xy":
            n += 1
        if text[i] == text[-1 - i] and text[i:i + 2] != text[:2] and ch >= "a":
            same += 1
    """,
    "text = 'some text, 42'\nvowels = 'aeiou'\nwords = h = n = same = 0\ndigits = [0] * 10",
    hide=("i", "ch", "d"),
)
ZERO = "vowels = 'aeiou'\nwords = h = n = same = 0\ndigits = [0] * 10\n"


@pytest.mark.parametrize(
    ("text", "fast"),
    [
        ("'Some text, with 42 words; and zZxX\\n\\t\\x0b\\x1c\\x1f\\x7f'", True),
        ("''", True),
        ("''.join(map(chr, range(128))) * 3", True),
        ("'caf\\u00e9'", False),
        ("'\\u0663'", False),
        ("['a', 'bc']", False),
        ("5", False),
    ],
)
def test_counts(text: str, fast: bool) -> None:
    check(COUNTS, ZERO + f"text = {text}", fast=fast)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("for ch in s:\n    t += ch", "t"),
        ("for ch in s:\n    s = s + 'x'", ""),
        ("for ch in s:\n    n += s.count(ch)", "method count"),
        ("for i in range(3):\n    p = (n, s[i])", ""),
        ("for i in range(3):\n    p = s[i:]", ""),
        ("for i in range(3):\n    p = [s[i]]", ""),
        ("for i in range(3):\n    p = [s[i]] * 3", ""),
        ("for i in range(3):\n    p = list(s)", ""),
        ("for i in range(3):\n    n += max(s[i], s[0])", ""),
        ("for i in range(3):\n    n += s[i] or 1", ""),
        ("for i in range(3):\n    n += s[i] * 3", ""),
        ("for i in range(3):\n    n += float(s[i])", ""),
        ("for i in range(3):\n    n += round(s[i], 2)", ""),
        ("for i in range(3):\n    n += s[i] in xs", ""),
        ("for i in range(3):\n    n += 1 in s", ""),
        ("for i in range(3):\n    n += np.sum(s)", ""),
        ("for i in range(3):\n    n += sum(s)", ""),
        ("for i in range(3):\n    n += s.size", ""),
        ("for i in range(3):\n    n += len(s.copy())", ""),
        ("for i in range(3):\n    s[i] = 3", ""),
        ("for i in range(3):\n    s += 'x'", ""),
        ("for ch in s:\n    n += 'a' < ch < 'c'", ""),
        ("for ch in s:\n    n += int(ch)", "not a number"),
        ("for i in range(3):\n    n += s[0] == 3", ""),
    ],
)
def test_refusals(body: str, why: str) -> None:
    reason = refusal(body, "s = 'abc'\nt = ''\nn = 0\nxs = []\nd = {}\np = 0")
    assert reason and why in reason
