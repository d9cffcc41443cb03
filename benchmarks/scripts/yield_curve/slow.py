"""Zero curves of each day out of government bond prices; value, durations and scenario losses of a book of bonds."""

import csv
import json
from collections import defaultdict
from datetime import date
from pathlib import Path

from bonds import Bond
from curve import bootstrap

HERE = Path(__file__).resolve().parent
DATA = HERE / "data"
KEY_RATES = [1, 2, 5, 10, 20, 30]
TENORS = [0.5, 1, 2, 3, 5, 7, 10, 15, 20, 30]
SCENARIOS = {
    "up 100": lambda t: 0.01,
    "down 100": lambda t: -0.01,
    "steeper": lambda t: -0.005 + 0.01 * min(t, 20) / 20,
    "flatter": lambda t: 0.005 - 0.01 * min(t, 20) / 20,
    "short up": lambda t: 0.015 * max(0.0, 1 - t / 4),
    "hump": lambda t: 0.008 * max(0.0, 1 - abs(t - 6) / 5),
}


def read_bonds(name):
    bonds = []
    with open(DATA / name, newline="") as f:
        for row in csv.DictReader(f):
            bonds.append(
                Bond(
                    name=row["id"],
                    maturity=date.fromisoformat(row["maturity"]),
                    coupon=float(row["coupon"]),
                    frequency=int(row["frequency"]),
                    spread=float(row.get("spread_bp", 0)) / 10000,
                    nominal=float(row.get("nominal", 0)),
                    rating=row.get("rating", "GOV"),
                )
            )
    return bonds


def read_quotes():
    quotes = defaultdict(dict)
    with open(DATA / "quotes.csv", newline="") as f:
        for row in csv.DictReader(f):
            quotes[date.fromisoformat(row["date"])][row["id"]] = float(row["clean"])
    return quotes


def value(book, curve, day):
    return {bond.name: bond.price(curve, day) * bond.nominal / 100 for bond in book}


def bump_at(node, size=0.0001):
    """Key-rate bump: a triangle around the node, flat beyond the first and the last."""
    k = KEY_RATES.index(node)

    def shift(t):
        if t <= node:
            if k == 0:
                return size
            left = KEY_RATES[k - 1]
            return size * max(0.0, (t - left) / (node - left))
        if k == len(KEY_RATES) - 1:
            return size
        right = KEY_RATES[k + 1]
        return size * max(0.0, (right - t) / (right - node))

    return shift


def key_rate_durations(book, curve, day):
    base = sum(value(book, curve, day).values())
    result = {}
    for node in KEY_RATES:
        bumped = sum(value(book, curve.moved(bump_at(node)), day).values())
        result[node] = (base - bumped) / base / 0.0001
    return result


def worst_days(history, count=5):
    changes = []
    days = sorted(history)
    for i in range(1, len(days)):
        before, now = sum(history[days[i - 1]].values()), sum(history[days[i]].values())
        changes.append((now - before, days[i]))
    changes.sort()
    return changes[:count], [c for c, _ in changes]


def main():
    governments = {bond.name: bond for bond in read_bonds("bonds.csv")}
    book = read_bonds("book.csv")
    quotes = read_quotes()
    print(f"{len(quotes)} days, {len(governments)} bonds quoted, {len(book)} bonds held")

    curves, history = {}, {}
    for day in sorted(quotes):
        curves[day] = bootstrap([(governments[name], clean) for name, clean in quotes[day].items()], day)
        history[day] = value(book, curves[day], day)

    print("\nzero rates, %")
    print("date        " + "".join(f"{t:>8}" for t in TENORS))
    for day in sorted(curves)[::20]:
        print(f"{day}  " + "".join(f"{100 * curves[day].rate(t):8.4f}" for t in TENORS))

    last = max(curves)
    curve = curves[last]
    print("\nforwards on the last day: " + ", ".join(f"{a}-{a + 1}y {100 * curve.forward(a, a + 1):.4f}" for a in range(1, 10)))

    print("\nbond     rating  maturity       dirty   yield %  duration       value")
    details = []
    for bond in book:
        dirty = bond.price(curve, last)
        y = bond.yield_to_maturity(dirty, last)
        details.append((bond, dirty, y, bond.duration(y, last)))
    for bond, dirty, y, duration in sorted(details, key=lambda row: -row[1] * row[0].nominal)[:20]:
        print(f"{bond.name}  {bond.rating:6}  {bond.maturity}  {dirty:9.4f}  {100 * y:8.4f}  {duration:8.4f}  {dirty * bond.nominal / 100:10.0f}")

    total = sum(history[last].values())
    print(f"\nvalue of the book {total:.2f}")
    weighted = sum(d * history[last][b.name] for b, _, _, d in details) / total
    print(f"duration {weighted:.4f}")
    print("key-rate durations: " + ", ".join(f"{n}y {d:.4f}" for n, d in key_rate_durations(book, curve, last).items()))

    print("\nscenario       loss      %   " + "".join(f"{r:>12}" for r in ("AA", "A", "BBB", "BB")))
    losses = {}
    for name, shift in SCENARIOS.items():
        moved = value(book, curve.moved(shift), last)
        by_rating = defaultdict(float)
        for bond in book:
            by_rating[bond.rating] += history[last][bond.name] - moved[bond.name]
        losses[name] = sum(by_rating.values())
        print(f"{name:9} {losses[name]:12.2f} {100 * losses[name] / total:6.3f}" + "".join(f"{by_rating[r]:12.2f}" for r in ("AA", "A", "BBB", "BB")))

    worst, changes = worst_days(history)
    print("\nworst days: " + ", ".join(f"{day} {change:.2f}" for change, day in worst))
    tail = changes[: max(1, len(changes) // 20)]
    print(f"value at risk 95 %: {-changes[len(changes) // 20]:.2f}, expected shortfall {-sum(tail) / len(tail):.2f}")

    with open(HERE / "report.json", "w") as f:
        report = {
            "date": last.isoformat(),
            "value": round(total, 2),
            "nodes": [[round(t, 6), round(r, 8)] for t, r in curve.nodes],
            "losses": {name: round(loss, 2) for name, loss in losses.items()},
        }
        json.dump(report, f, indent=1)


if __name__ == "__main__":
    main()
