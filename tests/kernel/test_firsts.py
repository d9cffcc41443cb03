"""`next(... for ...)` with a value for the case that there is none."""

from __future__ import annotations

from tests.kernel.differential import check, compiled_function, refusal

FIRSTS = """
def above(xs, limit):
    return next((x for x in xs if x > limit), None)


def f(xs, ys, limits):
    out = []
    x = 5
    for limit in limits:
        i = next((i for i, x in enumerate(xs) if x == limit and ys[i] != 0), -1)
        one = above(xs, limit)
        if one is None:
            out.append(-limit)
        else:
            out.append(one)
        y = next((x for x in ys if x % 7 == limit % 7), 0)
        x += y
        d = next((i * limit // y for i, y in enumerate(ys) if i > limit), 0)
        out.append(d)
        out.append(i)
    return out, x
"""


def test_firsts() -> None:
    c = compiled_function(FIRSTS, "args = ([1, 2, 3], [4, 5, 6], [1, 2, 3])")
    check(c, "args = ([3, 1, 2, 9, 4], [4, 3, 6, 2, 8], [1, 2, 3])", fast=True)
    for limits in ("[1, 2, 3]", "[]", "[9, 9, -4]", "list(range(-3, 9))"):
        for xs in ("[3, 1, 2, 9, 4]", "[7]", "[]"):
            given = f"args = ({xs}, [4, 0, 6, 2, 8], {limits})"
            check(c, given)  # a zero among the divisors raises ZeroDivisionError, a short list IndexError
            check(c, given.replace("4, 0,", "4, 3,"))
    check(c, "args = ([1, 2, 2**70], [4, 5, 6], [1, 2, 3])", fast=False)


def test_what_is_left_alone() -> None:
    body = "out = [0]\nfor k in range(9):\n    out[0] += {}\n"
    facts = "xs = [1, 2, 3]"
    assert "next" in refusal(body.format("next(x for x in xs if x > 1)"), facts)
    assert "next" in refusal(body.format("next((x for x in xs if x > 1), k)"), facts)
    own = "def next(a, b):\n    return 7\n"
    assert refusal("for k in range(9):\n    z = next((x for x in xs if x > 1), 2)\n", facts, own)
