"""`try: x = d[key]` with `except KeyError:` in kernels."""

from __future__ import annotations

import pytest

from tests.kernel.differential import check, compiled_function, refusal

LOOKUPS = """
def price(prices, item):
    try:
        return prices[item]
    except KeyError:
        return -1


def f(prices, items, xs):
    counts, last, total = {}, {}, 0
    for i, item in enumerate(items):
        try:
            counts[item] += 2
        except KeyError:
            counts[item] = 1
        try:
            before = last[item, i % 2]
        except KeyError:
            before = xs[i]
        last[item, i % 2] = i
        total = total * 3 % 1000003 + before + price(prices, item)
        at = xs[i]
        try:
            seen = counts[at]
        except KeyError:
            continue
        total += seen
    return counts, total
"""


def test_lookups() -> None:
    c = compiled_function(LOOKUPS, "args = ({1: 2, 3: 4}, [1, 2, 3, 1], [4, 3, 2, 1])")
    items = "[i * i % 13 for i in range(200)], [i % 7 for i in range(200)]"
    check(c, f"args = ({{1: 2, 3: 4, 9: 1}}, {items})", fast=True)
    check(c, f"args = ({{}}, {items})")
    check(c, "args = ({1: 2}, [1, 2, 3, 1], [4, 3])", fast=False)  # an IndexError midway
    check(c, "args = ({1: 2}, [1, 2, True, 1], [4, 3, 2, 1])", fast=False)
    check(c, "args = ({1: 2}, [1, 2**70, 2, 1], [4, 3, 2, 1])", fast=False)
    for own in (
        "collections.defaultdict(lambda: 7, {1: 2})",
        "collections.Counter([1, 1])",
        "collections.OrderedDict({1: 2})",
    ):
        check(c, f"import collections\nargs = ({own}, [1, 2, 3, 1], [4, 3, 2, 1])", fast=False)
    check(c, "args = ([5, 6, 7], [1, 2, 0, 1], [4, 3, 2, 1])", fast=False)


OTHERS = [
    ("xs[k]", "KeyError", "xs = [1, 2, 3]", "something else than a dict"),
    ("xs[k]", "(KeyError, IndexError)", "xs = {1: 2}", "Try"),
    ("xs[k] + ys[k]", "KeyError", "xs = {1: 2}\nys = {1: 2}", "Try"),
    ("xs[xs[k]]", "KeyError", "xs = {1: 2}", "Try"),
    ("xs[k]", "Exception", "xs = {1: 2}", "Try"),
    ("xs[k]", "KeyError", "import collections\nxs = collections.defaultdict(int, {1: 2})", ""),
]


@pytest.mark.parametrize(("value", "error", "facts", "reason"), OTHERS)
def test_what_is_left_alone(value: str, error: str, facts: str, reason: str) -> None:
    body = f"total = 0\nfor k in range(9):\n    try:\n        v = {value}\n    except {error}:\n        v = 5\n    total += v\n"
    found = refusal(body, facts)
    assert found and reason in found


def test_properties_are_not_asked_twice() -> None:
    prelude = """
class Dial:
    def __init__(self):
        self.at = 0
        self.table = {1: 2, 3: 4}

    @property
    def turn(self):
        self.at += 1
        return self.at

dial = Dial()
"""
    body = "total = 0\nfor k in range(9):\n    try:\n        v = dial.table[dial.turn]\n    except KeyError:\n        v = 5\n    total += v\n"
    assert "worked out" in refusal(body, "", prelude)
