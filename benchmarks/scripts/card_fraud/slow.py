"""Rules against card fraud, run over a stream of payments.

Every rule looks at the windows of the card or of the merchant and may give points; from 3 points on there is an alert and
the card is blocked for a day (its payments are refused and do not enter the windows).
"""
from __future__ import annotations

import csv
import json
import statistics
from abc import ABC, abstractmethod
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Dict, Iterator, List, Optional

BASE = Path(__file__).resolve().parent


@dataclass
class Payment:
    id: int
    time: datetime
    card: str
    merchant: str
    country: str
    amount: float
    online: bool
    fraud: bool


@dataclass
class Alert:
    payment: Payment
    points: float
    rules: List[str]


def stream(path: Path) -> Iterator[Payment]:
    with path.open(newline="") as f:
        for row in csv.DictReader(f):
            yield Payment(
                id=int(row["id"]),
                time=datetime.strptime(row["time"], "%Y-%m-%d %H:%M:%S"),
                card=row["card"],
                merchant=row["merchant"],
                country=row["country"],
                amount=float(row["amount"]),
                online=row["online"] == "1",
                fraud=row["fraud"] == "1",
            )


class History:
    """The payments so far, by card and by merchant."""

    def __init__(self) -> None:
        self.by_card: Dict[str, List[Payment]] = defaultdict(list)
        self.by_merchant: Dict[str, List[Payment]] = defaultdict(list)

    def add(self, payment: Payment) -> None:
        self.by_card[payment.card].append(payment)
        self.by_merchant[payment.merchant].append(payment)

    def of_card(self, payment: Payment, window: timedelta) -> List[Payment]:
        return [p for p in self.by_card[payment.card] if payment.time - p.time <= window]

    def of_merchant(self, payment: Payment, window: timedelta) -> List[Payment]:
        return [p for p in self.by_merchant[payment.merchant] if payment.time - p.time <= window]


class Rule(ABC):
    name: str

    @abstractmethod
    def points(self, payment: Payment, history: History) -> float:
        ...


class Velocity(Rule):
    name = "velocity"

    def points(self, payment: Payment, history: History) -> float:
        recent = history.of_card(payment, timedelta(minutes=30))
        if len(recent) >= 5:
            return 3.0
        if len(recent) >= 3:
            return 2.0
        return 0.0


class UnusualAmount(Rule):
    name = "amount"

    def points(self, payment: Payment, history: History) -> float:
        amounts = [p.amount for p in history.by_card[payment.card][-25:]]
        if len(amounts) < 8:
            return 0.0
        mean = statistics.fmean(amounts)
        spread = statistics.pstdev(amounts)
        z = (payment.amount - mean) / max(spread, 1.0)
        if z > 5:
            return 2.0
        if z > 3:
            return 1.0
        return 0.0


class DailySpend(Rule):
    name = "spend"

    def points(self, payment: Payment, history: History) -> float:
        day = sum(p.amount for p in history.of_card(payment, timedelta(hours=24))) + payment.amount
        weeks = [p.amount for p in history.of_card(payment, timedelta(days=14))]
        if len(weeks) < 5:
            return 0.0
        return 1.5 if day > 0.6 * sum(weeks) + 100 else 0.0


class Travel(Rule):
    name = "travel"

    def points(self, payment: Payment, history: History) -> float:
        if payment.online:
            return 0.0
        for other in history.of_card(payment, timedelta(hours=3)):
            if not other.online and other.country != payment.country and payment.country not in ("DE", "FR", "NL", "IT"):
                return 2.0
        return 0.0


class NewCountry(Rule):
    name = "country"

    def points(self, payment: Payment, history: History) -> float:
        seen = set(p.country for p in history.by_card[payment.card])
        return 1.5 if len(history.by_card[payment.card]) >= 5 and payment.country not in seen else 0.0


class MerchantBurst(Rule):
    name = "burst"

    def points(self, payment: Payment, history: History) -> float:
        if payment.amount > 5:
            return 0.0
        recent = history.of_merchant(payment, timedelta(minutes=45))
        cards = set(p.card for p in recent if p.amount <= 5)
        return 3.0 if len(cards) >= 6 else 0.0


class MerchantLevel(Rule):
    name = "merchant"

    def points(self, payment: Payment, history: History) -> float:
        amounts = [p.amount for p in history.of_merchant(payment, timedelta(days=3))]
        if len(amounts) < 10:
            return 0.0
        return 1.0 if payment.amount > 6 * statistics.median(amounts) else 0.0


class Engine:
    def __init__(self, rules: List[Rule], threshold: float = 3.0) -> None:
        self.rules = rules
        self.threshold = threshold
        self.history = History()
        self.blocked: Dict[str, datetime] = {}
        self.alerts: List[Alert] = []
        self.refused: List[Payment] = []
        self.fired: Dict[str, List[Payment]] = {rule.name: [] for rule in rules}
        self.scores: List[float] = []
        self.passed: List[Payment] = []

    def process(self, payment: Payment) -> Optional[Alert]:
        until = self.blocked.get(payment.card)
        if until is not None and payment.time < until:
            self.refused.append(payment)
            return None
        total = 0.0
        names = []
        for rule in self.rules:
            points = rule.points(payment, self.history)
            if points > 0:
                total += points
                names.append(rule.name)
                self.fired[rule.name].append(payment)
        self.scores.append(total)
        self.passed.append(payment)
        self.history.add(payment)
        if total >= self.threshold:
            alert = Alert(payment, total, names)
            self.alerts.append(alert)
            self.blocked[payment.card] = payment.time + timedelta(days=1)
            return alert
        return None


def ratio(a: float, b: float) -> float:
    return a / b if b else 0.0


def evaluate(engine: Engine, payments: List[Payment]) -> None:
    frauds = [p for p in payments if p.fraud]
    alerted = [a.payment for a in engine.alerts]
    stopped = alerted + engine.refused
    hits = [p for p in stopped if p.fraud]
    print(f"\nalerts {len(engine.alerts)}, refused {len(engine.refused)}")
    print(f"precision of alerts {ratio(sum(p.fraud for p in alerted), len(alerted)):.4f}")
    print(f"fraud stopped: {len(hits)} of {len(frauds)} payments ({len(hits) / len(frauds):.4f}), "
          f"{sum(p.amount for p in hits):.2f} of {sum(p.amount for p in frauds):.2f}")
    print(f"honest payments stopped: {len(stopped) - len(hits)} ({ratio(len(stopped) - len(hits), len(payments) - len(frauds)):.6f})")

    print("\nrule       fired  frauds  precision  recall  alone")
    for name, fired in engine.fired.items():
        good = sum(p.fraud for p in fired)
        alone = sum(1 for a in engine.alerts if a.rules == [name])
        print(f"{name:9s} {len(fired):6d} {good:7d}  {ratio(good, len(fired)):9.4f}  {good / len(frauds):.4f} {alone:6d}")

    print("\npoints from  payments  precision  recall")
    for threshold in [1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0]:
        chosen = [p for s, p in zip(engine.scores, engine.passed) if s >= threshold]
        good = len([p for p in chosen if p.fraud])
        print(f"{threshold:11.1f} {len(chosen):9d}  {ratio(good, len(chosen)):9.4f}  {good / len(frauds):.4f}")

    # how long until the first alert of a card that is misused?
    first_fraud: Dict[str, datetime] = {}
    for p in frauds:
        if p.card not in first_fraud:
            first_fraud[p.card] = p.time
    delays = []
    for card, begin in first_fraud.items():
        times = [a.payment.time for a in engine.alerts if a.payment.card == card and a.payment.time >= begin]
        if times:
            delays.append((times[0] - begin).total_seconds() / 60)
    delays.sort()
    print(f"\ncards misused {len(first_fraud)}, found {len(delays)}, median delay {statistics.median(delays):.4f} minutes, "
          f"within the hour {sum(d <= 60 for d in delays) / len(first_fraud):.4f}")

    print("\nweek  payments  frauds  alerts  hits")
    start = payments[0].time.replace(hour=0, minute=0, second=0)
    for week in range(5):
        begin, end = start + timedelta(days=7 * week), start + timedelta(days=7 * week + 7)
        n = sum(1 for p in payments if begin <= p.time < end)
        f = sum(1 for p in frauds if begin <= p.time < end)
        own = [a for a in engine.alerts if begin <= a.payment.time < end]
        print(f"{week + 1:4d} {n:9d} {f:7d} {len(own):7d} {sum(a.payment.fraud for a in own):5d}")


def main() -> None:
    engine = Engine([Velocity(), UnusualAmount(), DailySpend(), Travel(), NewCountry(), MerchantBurst(), MerchantLevel()])
    payments = []
    for payment in stream(BASE / "data" / "payments.csv"):
        payments.append(payment)
        engine.process(payment)
    print(f"{len(payments)} payments, {len(engine.history.by_card)} cards, {len(engine.history.by_merchant)} merchants")
    for alert in engine.alerts[:10]:
        p = alert.payment
        print(f"  {p.time} {p.card} {p.merchant} {p.country} {p.amount:8.2f}  {alert.points:.1f}  {'+'.join(alert.rules)}"
              f"{'' if p.fraud else '  (honest)'}")
    evaluate(engine, payments)

    (BASE / "out").mkdir(exist_ok=True)
    with (BASE / "out" / "alerts.json").open("w") as f:
        json.dump([{"id": a.payment.id, "time": a.payment.time.isoformat(), "card": a.payment.card, "points": a.points,
                    "rules": a.rules} for a in engine.alerts], f, indent=2)


if __name__ == "__main__":
    main()
