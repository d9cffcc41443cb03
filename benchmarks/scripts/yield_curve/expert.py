"""The flows of all bonds as flat arrays, made once; a bootstrapped node solves only for what lies behind the node before,
by Newton's method; all prices, bumps and scenarios are interpolations and sums between borders.
"""

import csv
import json
from datetime import date
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
KEY_RATES = np.array([1.0, 2, 5, 10, 20, 30])
TENORS = [0.5, 1, 2, 3, 5, 7, 10, 15, 20, 30]
SCENARIOS = {
    "up 100": lambda t: np.full_like(t, 0.01),
    "down 100": lambda t: np.full_like(t, -0.01),
    "steeper": lambda t: -0.005 + 0.01 * np.minimum(t, 20) / 20,
    "flatter": lambda t: 0.005 - 0.01 * np.minimum(t, 20) / 20,
    "short up": lambda t: 0.015 * np.maximum(0.0, 1 - t / 4),
    "hump": lambda t: 0.008 * np.maximum(0.0, 1 - np.abs(t - 6) / 5),
}


def read(name):
    with open(HERE / "data" / name, newline="") as f:
        return list(csv.DictReader(f))


def before(day, months):
    month = day.year * 12 + day.month - 1 - months
    return date(month // 12, month % 12 + 1, min(day.day, 28))


class Flows:
    """Flows of many bonds after a first day, bond after bond, the earliest first; days as ordinals."""

    def __init__(self, rows, first):
        days, amounts, starts = [], [], []
        self.previous = []  # the coupon day before the first flow
        for row in rows:
            maturity, often = date.fromisoformat(row["maturity"]), int(row["frequency"])
            coupon = float(row["coupon"]) / often
            own, k = [], 0
            while (when := before(maturity, k * 12 // often)) > first:
                own.append(when.toordinal())
                k += 1
            starts.append(len(days))
            self.previous.append(when.toordinal())
            days += own[::-1]
            amounts += [coupon] * (k - 1) + [coupon + 100]
        self.days, self.amounts, self.starts = np.array(days), np.array(amounts), np.array(starts)
        self.ends = np.r_[starts[1:], len(days)]
        self.coupons = [float(row["coupon"]) / int(row["frequency"]) for row in rows]

    def at(self, day):
        """Years to each flow and what is paid; what is over pays nothing."""
        t = (self.days - day) / 365.0
        return np.maximum(t, 0.0), np.where(t > 0, self.amounts, 0.0)


def accrued(flows, k, day):
    own = flows.days[flows.starts[k] : flows.ends[k]]
    i = int(np.searchsorted(own, day, side="right"))
    last = int(own[i - 1]) if i else flows.previous[k]
    return flows.coupons[k] * (day - last) / (int(own[i]) - last)


def bootstrap(flows, quoted, day):
    t, amounts = flows.at(day)
    times, rates = [], []
    for k, clean in quoted:
        part = slice(flows.starts[k], flows.ends[k])
        x, pay = t[part], amounts[part]
        end, dirty = float(x[-1]), clean + accrued(flows, k, day)
        if times:
            split = np.searchsorted(x, times[-1], side="right")
            head = x[:split]
            dirty -= float(pay[:split] @ np.exp(-np.interp(head, times, rates) * head))
            x, pay, base = x[split:], pay[split:], rates[-1]
            share = (x - times[-1]) / (end - times[-1])
        else:
            base, share = 0.0, np.ones(len(x))
        rate, fixed, move = base or 0.03, base * (1 - share) * x, share * x
        for _ in range(20):
            worth = pay * np.exp(-fixed - rate * move)
            step = (float(worth.sum()) - dirty) / float(worth @ move)
            rate += step
            if abs(step) < 1e-14:
                break
        times.append(end)
        rates.append(rate)
    return np.array(times), np.array(rates)


def yields(t, pay, starts, prices):
    """Continuous yields by Newton's method, all bonds at once, and the durations."""
    sizes = np.diff(np.r_[starts, len(t)])
    y = np.full(len(starts), 0.05)
    for _ in range(30):
        worth = pay * np.exp(-np.repeat(y, sizes) * t)
        total, slope = np.add.reduceat(worth, starts), np.add.reduceat(worth * t, starts)
        y = y + (total - prices) / slope
    return y, slope / total


def main():
    governments, book, quotes = read("bonds.csv"), read("book.csv"), read("quotes.csv")
    days = sorted({row["date"] for row in quotes})
    start = date.fromisoformat(days[0])
    numbers = {row["id"]: k for k, row in enumerate(sorted(governments, key=lambda row: row["maturity"]))}
    quoted = {day: [] for day in days}
    for row in quotes:
        quoted[row["date"]].append((numbers[row["id"]], float(row["clean"])))
    print(f"{len(days)} days, {len(governments)} bonds quoted, {len(book)} bonds held")

    source = Flows(sorted(governments, key=lambda row: row["maturity"]), start)
    held = Flows(book, start)
    spread = np.repeat([float(row["spread_bp"]) / 10000 for row in book], held.ends - held.starts)
    nominal = np.array([float(row["nominal"]) for row in book]) / 100

    def price(nodes, rates, t, pay):
        return np.add.reduceat(pay * np.exp(-(np.interp(t, nodes, rates) + spread) * t), held.starts)

    curves, sums = {}, []
    for day in days:
        ordinal = date.fromisoformat(day).toordinal()
        curves[day] = bootstrap(source, sorted(quoted[day]), ordinal)
        t, pay = held.at(ordinal)
        prices = price(*curves[day], t, pay)
        sums.append(float(prices @ nominal))

    print("\nzero rates, %")
    print("date        " + "".join(f"{t:>8}" for t in TENORS))
    for day in days[::20]:
        print(f"{day}  " + "".join(f"{100 * r:8.4f}" for r in np.interp(TENORS, *curves[day])))
    last = days[-1]
    nodes, rates = curves[last]
    grid = np.arange(1, 11)
    ahead = np.diff(np.interp(grid, nodes, rates) * grid)
    print("\nforwards on the last day: " + ", ".join(f"{a}-{a + 1}y {100 * f:.4f}" for a, f in zip(range(1, 10), ahead)))

    print("\nbond     rating  maturity       dirty   yield %  duration       value")
    values, total = prices * nominal, sums[-1]
    y, duration = yields(t, pay, held.starts, prices)
    for k in np.argsort(-values, kind="stable")[:20]:
        row = book[k]
        print(f"{row['id']}  {row['rating']:6}  {row['maturity']}  {prices[k]:9.4f}  {100 * y[k]:8.4f}  {duration[k]:8.4f}  {values[k]:10.0f}")
    print(f"\nvalue of the book {total:.2f}")
    print(f"duration {duration @ values / total:.4f}")
    parts = []
    for k, node in enumerate(KEY_RATES):
        bump = np.interp(nodes, KEY_RATES, np.where(np.arange(len(KEY_RATES)) == k, 0.0001, 0.0))
        parts.append(f"{node:.0f}y {(total - price(nodes, rates + bump, t, pay) @ nominal) / total / 0.0001:.4f}")
    print("key-rate durations: " + ", ".join(parts))

    ratings = np.array([row["rating"] for row in book])
    print("\nscenario       loss      %   " + "".join(f"{r:>12}" for r in ("AA", "A", "BBB", "BB")))
    losses = {}
    for name, shift in SCENARIOS.items():
        lost = values - price(nodes, rates + shift(nodes), t, pay) * nominal
        loss = losses[name] = float(lost.sum())
        by_rating = "".join(f"{lost[ratings == r].sum():12.2f}" for r in ("AA", "A", "BBB", "BB"))
        print(f"{name:9} {loss:12.2f} {100 * loss / total:6.3f}" + by_rating)

    changes = np.diff(sums)
    order = np.argsort(changes, kind="stable")
    print("\nworst days: " + ", ".join(f"{days[k + 1]} {changes[k]:.2f}" for k in order[:5]))
    ranked = changes[order]
    tail = ranked[: max(1, len(ranked) // 20)]
    print(f"value at risk 95 %: {-ranked[len(ranked) // 20]:.2f}, expected shortfall {-tail.mean():.2f}")
    with open(HERE / "report.json", "w") as f:
        report = {
            "date": last,
            "value": round(total, 2),
            "nodes": [[round(t, 6), round(r, 8)] for t, r in zip(nodes.tolist(), rates.tolist())],
            "losses": {name: round(loss, 2) for name, loss in losses.items()},
        }
        json.dump(report, f, indent=1)


if __name__ == "__main__":
    main()
