"""Strings that are attributes of the objects of a list."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.kernel.differential import check, compiled, refusal

LEDGER = """
from dataclasses import dataclass


@dataclass
class Trade:
    price: int
    quantity: int
    buyer: str
    seller: str


class Ledger:
    def __init__(self, trades):
        self.trades = trades

    def position(self, agent):
        return sum(t.quantity for t in self.trades if t.buyer == agent) - sum(
            t.quantity for t in self.trades if t.seller == agent
        )

    def cash(self, agent):
        total = 0
        for t in self.trades:
            if t.buyer == agent:
                total -= t.price * t.quantity
            if t.seller == agent:
                total += t.price * t.quantity
        return total


class Other(str):
    pass


trades = [Trade(10 + k % 3, k, "abc"[k % 3], "cab"[k % 2]) for k in range(count)]
ledger = Ledger(trades)
"""
LOOP = """
for k in range(n):
    total += ledger.cash(who) + ledger.position("b")
    for t in ledger.trades:
        if t.buyer < t.seller and t.seller in ("a", "c"):
            held[t.buyer] = held.get(t.buyer, 0) + 1
            last = t.seller
"""
START = "n = 3\ntotal = 0\nwho = 'a'\nheld = {}\ncount = 9\n"
NAMES = compiled(LOOP, START, prelude=LEDGER, hide=("k", "t"), after="final = (total, list(held.items()), last)")

CHANGES = [
    ("", True),
    ("trades[3] = Trade(5, 1, 'é', '')", True),
    ("trades.append(trades[0])", True),  # one object at two places: nothing is changed
    ("trades[2] = Trade(5, 1, None, 'a')", False),
    ("trades[2] = Trade(5, 1, Other('a'), 'a')", False),
    ("trades[2] = Trade(5, 1, 7, 'a')", False),
    ("trades[2] = Trade(5, 2**63, 'a', 'a')", False),
    ("trades[2] = Trade(5, 2.0, 'a', 'a')", False),
    ("trades[2] = trades[2].__dict__", False),
]


@pytest.mark.parametrize(("change", "fast"), CHANGES)
def test_names(change: str, fast: bool) -> None:
    """The change happens in code that the pass does not see."""
    hook = "ledger = Ledger(trades)\n"
    assert all(s.text.count(hook) == 1 for s in (NAMES.original, NAMES.patched))
    old, new = (
        replace(s, data=s.text.replace(hook, f"{hook}{change}\n").encode()) for s in (NAMES.original, NAMES.patched)
    )
    check(replace(NAMES, original=old, patched=new, outs=("final",)), START, fast=fast)


@pytest.mark.parametrize(
    "body",
    [
        "for t in trades:\n    t.buyer = who\n",
        "for t in trades:\n    total += len(t.buyer)\n",
        "for t in trades:\n    who = t.buyer + t.seller\n",
        "for t in trades:\n    if t.buyer == t.price:\n        total += 1\n",
    ],
)
def test_refusals(body: str) -> None:
    assert refusal(body, START, prelude=LEDGER)
