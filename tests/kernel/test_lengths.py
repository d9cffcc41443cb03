"""`len(x)` of objects."""

from __future__ import annotations

import pytest

from tests.kernel.differential import check, compiled, refusal

PRELUDE = """
class Bag:
    def __init__(self, xs):
        self.xs = xs
    def __len__(self):
        return len(self.xs)

class Heavy(Bag):
    def __len__(self):
        return 7

bag = {make}
"""
BODY = "total = 0.0\nfor i in range(len(bag)):\n    total += bag.xs[i] * len(bag)\n"


def test_the_length_of_an_attribute() -> None:
    for make, fast in (("Bag(xs)", True), ("Bag([])", None), ("Heavy(xs)", False), ("xs", False)):
        c = compiled(BODY, "xs = [1.0, 2.0]", prelude=PRELUDE.replace("{make}", "Bag(xs)"))
        other = c.patched.text.replace("bag = Bag(xs)", f"bag = {make}"), c.original.text
        before = "xs = [1.5, 2.5, 3.5]\n"
        patched = type(c.patched)("snippet.py", other[0].encode())
        original = type(c.original)("snippet.py", other[1].replace("bag = Bag(xs)", f"bag = {make}").encode())
        check(type(c)(original, patched, c.change, c.outs), before, fast=fast)


@pytest.mark.parametrize(
    "length",
    [
        "self.xs.append(1.0) or len(self.xs)",
        "len(self.xs) + 1",
        "len(self.other)",
        "len(xs)",
    ],
)
def test_other_lengths(length: str) -> None:
    prelude = PRELUDE.replace("len(self.xs)", length, 1).replace("{make}", "Bag(xs)")
    assert refusal(BODY, "xs = [1.0, 2.0]", prelude=prelude)
    assert refusal(BODY, "xs = [1.0, 2.0]", prelude=PRELUDE.replace("{make}", "Heavy(xs)"))
    later = PRELUDE.replace("bag = {make}", "Bag.__len__ = lambda self: 1\nbag = Bag(xs)")
    assert refusal(BODY, "xs = [1.0, 2.0]", prelude=later)
