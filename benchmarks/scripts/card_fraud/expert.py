"""Plain Python with windows that slide: each card and merchant keeps what is in its windows, nothing is scanned twice.

A payment changes a handful of windows, so there is little left for compiled code. Amounts are whole cents inside.
"""

import csv
import json
import math
from bisect import bisect_left, insort
from collections import Counter, deque
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median

BASE = Path(__file__).resolve().parent
NAMES = ["velocity", "amount", "spend", "travel", "country", "burst", "merchant"]
HOUR, DAY = 3600, 86400


class Card:
    def __init__(self):
        self.times, self.cents, self.upto = [], [], [0]  # upto: sums of cents, for windows by bisection
        self.shops = []  # (time, country) of payments that were not online
        self.countries = set()


class Merchant:
    def __init__(self):
        self.recent, self.ordered = deque(), []  # three days: (time, cents), and the cents sorted
        self.small, self.cards = deque(), Counter()  # 45 minutes: (time, card) of up to 5.00, and how often each card

    def slide(self, now):
        while self.recent and now - self.recent[0][0] > 3 * DAY:
            cents = self.recent.popleft()[1]
            del self.ordered[bisect_left(self.ordered, cents)]
        while self.small and now - self.small[0][0] > 45 * 60:
            card = self.small.popleft()[1]
            self.cards[card] -= 1
            if not self.cards[card]:
                del self.cards[card]


def points_of(now, cents, country, online, card, shop):
    """Points of each rule, in the order of NAMES."""
    seen = len(card.times)
    recent = seen - bisect_left(card.times, now - HOUR // 2)
    velocity = 3.0 if recent >= 5 else 2.0 if recent >= 3 else 0.0

    amount = 0.0
    if seen >= 8:
        own = card.cents[-25:]
        n, total = len(own), sum(own)
        spread = math.sqrt(n * sum(c * c for c in own) - total * total) / n
        z = (cents - total / n) / max(spread, 100.0)
        amount = 2.0 if z > 5 else 1.0 if z > 3 else 0.0

    spend = 0.0
    begin = bisect_left(card.times, now - 14 * DAY)
    if seen - begin >= 5:
        day = card.upto[-1] - card.upto[bisect_left(card.times, now - DAY)] + cents
        spend = 1.5 if 10 * day > 6 * (card.upto[-1] - card.upto[begin]) + 100000 else 0.0

    travel = 0.0
    if not online and country not in ("DE", "FR", "NL", "IT"):
        for time, other in reversed(card.shops):
            if now - time > 3 * HOUR:
                break
            if other != country:
                travel = 2.0
                break

    new = 1.5 if seen >= 5 and country not in card.countries else 0.0
    burst = 3.0 if cents <= 500 and len(shop.cards) >= 6 else 0.0
    n = len(shop.ordered)
    twice = shop.ordered[n // 2] + shop.ordered[(n - 1) // 2] if n else 0
    level = 1.0 if n >= 10 and cents > 3 * twice else 0.0
    return velocity, amount, spend, travel, new, burst, level


def ratio(a, b):
    return a / b if b else 0.0


def main():
    with (BASE / "data" / "payments.csv").open(newline="") as f:
        rows = list(csv.reader(f))[1:]
    start = datetime.fromisoformat(rows[0][1]).replace(hour=0, minute=0, second=0)
    cards, merchants, blocked = {}, {}, {}
    times, alerts, refused, scored = [], [], [], []
    fired = {name: [0, 0] for name in NAMES}
    for k, (_, when, name, shop_name, country, value, online, fraud) in enumerate(rows):
        now = (datetime.fromisoformat(when) - start) // timedelta(seconds=1)
        times.append(now)
        if now < blocked.get(name, 0):
            refused.append(k)
            continue
        cents, online, fraud = round(float(value) * 100), online == "1", fraud == "1"
        card, shop = cards.setdefault(name, Card()), merchants.setdefault(shop_name, Merchant())
        shop.slide(now)
        points = points_of(now, cents, country, online, card, shop)
        names = [n for n, p in zip(NAMES, points, strict=True) if p > 0]
        for n in names:
            fired[n][0] += 1
            fired[n][1] += fraud
        total = sum(points)
        scored.append((total, fraud))
        if total >= 3.0:
            alerts.append((k, total, names))
            blocked[name] = now + DAY
        card.times.append(now)
        card.cents.append(cents)
        card.upto.append(card.upto[-1] + cents)
        card.countries.add(country)
        if not online:
            card.shops.append((now, country))
        shop.recent.append((now, cents))
        insort(shop.ordered, cents)
        if cents <= 500:
            shop.small.append((now, name))
            shop.cards[name] += 1

    print(f"{len(rows)} payments, {len(cards)} cards, {len(merchants)} merchants")
    for k, total, names in alerts[:10]:
        _, when, card, shop, country, value, _, fraud = rows[k]
        print(f"  {when} {card} {shop} {country} {float(value):8.2f}  {total:.1f}  {'+'.join(names)}"
              f"{'' if fraud == '1' else '  (honest)'}")

    bad = [row[7] == "1" for row in rows]
    frauds = [k for k in range(len(rows)) if bad[k]]
    stopped = [k for k, _, _ in alerts] + refused
    hits = [k for k in stopped if bad[k]]
    money = [sum(float(rows[k][5]) for k in group) for group in (hits, frauds)]
    print(f"\nalerts {len(alerts)}, refused {len(refused)}")
    print(f"precision of alerts {ratio(sum(bad[k] for k, _, _ in alerts), len(alerts)):.4f}")
    print(f"fraud stopped: {len(hits)} of {len(frauds)} payments ({len(hits) / len(frauds):.4f}), {money[0]:.2f} of {money[1]:.2f}")
    print(f"honest payments stopped: {len(stopped) - len(hits)} ({ratio(len(stopped) - len(hits), len(rows) - len(frauds)):.6f})")

    print("\nrule       fired  frauds  precision  recall  alone")
    alone = Counter(names[0] for _, _, names in alerts if len(names) == 1)
    for name, (n, good) in fired.items():
        print(f"{name:9s} {n:6d} {good:7d}  {ratio(good, n):9.4f}  {good / len(frauds):.4f} {alone[name]:6d}")

    print("\npoints from  payments  precision  recall")
    for threshold in [1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0]:
        chosen = [fraud for s, fraud in scored if s >= threshold]
        print(f"{threshold:11.1f} {len(chosen):9d}  {ratio(sum(chosen), len(chosen)):9.4f}  {sum(chosen) / len(frauds):.4f}")

    begin, found = {}, {}
    for k in frauds:
        begin.setdefault(rows[k][2], times[k])
    for k, _, _ in alerts:
        card = rows[k][2]
        if card in begin and times[k] >= begin[card]:
            found.setdefault(card, (times[k] - begin[card]) / 60)
    delays = list(found.values())
    print(f"\ncards misused {len(begin)}, found {len(delays)}, median delay {median(delays):.4f} minutes, "
          f"within the hour {sum(d <= 60 for d in delays) / len(begin):.4f}")

    print("\nweek  payments  frauds  alerts  hits")
    weeks = [Counter(times[k] // (7 * DAY) for k in group)
             for group in (range(len(rows)), frauds, [a[0] for a in alerts], [a[0] for a in alerts if bad[a[0]]])]
    for week in range(5):
        n, f, own, good = (w[week] for w in weeks)
        print(f"{week + 1:4d} {n:9d} {f:7d} {own:7d} {good:5d}")

    (BASE / "out").mkdir(exist_ok=True)
    with (BASE / "out" / "alerts.json").open("w") as f:
        json.dump([{"id": int(rows[k][0]), "time": rows[k][1].replace(" ", "T"), "card": rows[k][2], "points": total,
                    "rules": names} for k, total, names in alerts], f, indent=2)


if __name__ == "__main__":
    main()
