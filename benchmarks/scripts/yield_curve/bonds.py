"""Bonds, their cash flows and prices off a zero curve."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date


def shift_months(day: date, months: int) -> date:
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    return date(year, month, min(day.day, 28))


def year_fraction(start: date, end: date) -> float:
    return (end - start).days / 365.0


@dataclass
class CashFlow:
    day: date
    amount: float


@dataclass
class Bond:
    name: str
    maturity: date
    coupon: float  # per cent a year
    frequency: int
    spread: float = 0.0  # over the zero curve, continuous
    nominal: float = 0.0
    rating: str = "GOV"
    notes: list[str] = field(default_factory=list)

    def schedule(self, settle: date) -> list[CashFlow]:
        """Flows after settlement, the earliest first."""
        flows = []
        k = 0
        when = self.maturity
        while when > settle:
            amount = self.coupon / self.frequency
            if k == 0:
                amount += 100.0
            flows.insert(0, CashFlow(when, amount))
            k += 1
            when = shift_months(self.maturity, -k * 12 // self.frequency)
        return flows

    def accrued(self, settle: date) -> float:
        following = self.schedule(settle)[0].day
        previous = shift_months(following, -12 // self.frequency)
        return self.coupon / self.frequency * (settle - previous).days / (following - previous).days

    def price(self, curve, settle: date) -> float:
        """Dirty price for a nominal of 100."""
        total = 0.0
        for flow in self.schedule(settle):
            t = year_fraction(settle, flow.day)
            total += flow.amount * curve.discount(t) * math.exp(-self.spread * t)
        return total

    def yield_to_maturity(self, dirty: float, settle: date) -> float:
        """Continuous yield, by bisection."""
        low, high = -0.2, 1.0
        flows = self.schedule(settle)
        while high - low > 1e-10:
            middle = (low + high) / 2
            value = sum(f.amount * math.exp(-middle * year_fraction(settle, f.day)) for f in flows)
            if value > dirty:
                low = middle
            else:
                high = middle
        return (low + high) / 2

    def duration(self, y: float, settle: date) -> float:
        flows = self.schedule(settle)
        worth = [f.amount * math.exp(-y * year_fraction(settle, f.day)) for f in flows]
        times = [year_fraction(settle, f.day) for f in flows]
        return sum(t * w for t, w in zip(times, worth)) / sum(worth)
