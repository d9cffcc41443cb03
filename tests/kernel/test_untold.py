"""Lists of floats of which some are NumPy's: `values = [1.0]`, and then `values.append(values[-1] * (1 + r[i]))`.

Such a list may be worked with as long as nobody asks which of them are NumPy's.
"""

from __future__ import annotations

import pytest

from tests.kernel.differential import check, compiled_function, refusal

NP = "import numpy as np\n"

CURVE = """
def worst(values):
    most = 0.0
    for i in range(len(values)):
        peak = max(values[: i + 1])
        low = (peak - values[i]) / peak
        if low > most:
            most = low
    return most


def f(r, level):
    value = 1.0
    values = [value]
    for x in r:
        value = value * (1 + x)
        values.append(value)
    ordered = sorted(values)
    tail = [1 - v for v in ordered if 1 - v >= level]
    k = len(ordered) // 2
    middle = float(ordered[k])
    return float(worst(values)), len(tail), middle, float(min(values)), bool(values[-1] > value - 1)
"""


def test_a_curve() -> None:
    made = compiled_function(CURVE, NP + "args = (np.array([0.1, -0.2, 0.05]), 0.01)")
    for r, level, fast in [
        ("[0.1, -0.2, 0.05, 0.3, -0.5]", "0.01", True),
        ("[]", "0.01", True),
        ("[-1.0, 0.5]", "0.01", True),
        ("[np.nan, 0.5]", "0.01", False),  # the order of NaN is left to chance
        ("[np.inf, -1.0]", "0.01", False),
        ("[-1.0, -2.0, 0.25]", "-0.0", True),
    ]:
        check(made, NP + f"args = (np.array({r}, dtype=float), {level})", fast=fast)


def test_their_sum() -> None:
    text = """
    def f(r):
        values = [0.0]
        for x in r:
            values.append(x * 0.5)
        return float(sum(values)), float(sum(values) / len(values)), np.mean(values)
    """
    made = compiled_function(text, NP + "args = (np.array([1.0, -2.0, 3.5]),)")
    check(made, NP + "args = (np.array([1.0, -2.0, 3.5, 8.0]),)", fast=True)
    check(made, NP + "args = (np.array([-0.0]),)", fast=True)
    check(made, NP + "args = (np.array([1e308, 1e308, 1e308]) * 1.7,)", fast=False)
    check(made, NP + "args = (np.array([0.1, 0.2, 0.3, 1e16, -1e16]),)")
    check(made, NP + "args = (np.array([np.nan, 1.0]),)")


def test_a_list_from_outside() -> None:
    text = """
    def f(values, out):
        for i in range(len(values)):
            out[i] = max(values[: i + 1]) - min(values[i:]) + sorted(values)[0]
    """
    made = compiled_function(text, NP + "args = ([1.0, np.float64(2.0), 1.5], np.zeros(3))")
    check(made, NP + "args = ([3.0, np.float64(2.0), 1.5, np.float64(-7.0)], np.zeros(4))", fast=True)
    check(made, NP + "args = ([np.float64(2.0), 1.5], np.zeros(2))", fast=True)
    check(made, NP + "args = ([2, 1.5], np.zeros(2))", fast=False)
    check(made, NP + "args = ([float('nan'), np.float64(1.5), 0.5], np.zeros(3))")


def test_what_a_name_was_given_just_before() -> None:
    text = """
    def ends(values, r):
        low, high = min(values), max(values)
        return low, high + r[0]


    def f(r, n):
        value = 1.0
        starts = [value]
        while value < n:
            value = value + r[0]
            starts.append(value)
            value = 0.5 * value + 1.0 if n > 3.0 else value
        value = 2.0
        if n > 2.0:
            value = r[0]
        last = value
        for x in r:
            value = 3.0
            if x > 1.0:
                value = x
            out = value
        low, high = ends(starts, r)
        value = 0.0
        first = value
        return len(starts), last, out, first, float(low), float(high)
    """
    made = compiled_function(text, NP + "args = (np.array([0.5, 2.0]), 2.5)")
    for r, n in [("[0.5, 2.0]", "2.5"), ("[0.5, 2.0]", "1.0"), ("[0.5, -2.0]", "2.5"), ("[3.0, 0.5]", "4.0")]:
        check(made, NP + f"args = (np.array({r}), {n})")
    check(made, NP + "args = (np.array([0.5, 2.0]), 2.5)", fast=True)


@pytest.mark.parametrize(
    "text",
    [
        "most = max(values)",  # which of them it is can be seen
        "s = sum(values)",
        "rest = sorted(values)",
        "low = 0.0\nfor v in values:\n    low = min(values) - v",
        "out = [v * 2 for v in sorted(values)]",
    ],
)
def test_what_leaves(text: str) -> None:
    body = f"{text}\nfor i in range(n):\n    t += i"
    assert refusal(body, NP + "values = [1.0, np.float64(2.0)]\nn = 3\nt = 0")
