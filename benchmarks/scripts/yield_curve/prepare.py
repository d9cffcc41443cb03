"""data/quotes.csv (daily prices of government bonds), data/bonds.csv (their terms), data/book.csv (holdings); seeded."""

import csv
from datetime import date, timedelta
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parent / "data"
START, DAYS = date(2023, 1, 2), 240


def add_months(day, months):
    month = day.month - 1 + months
    return date(day.year + month // 12, month % 12 + 1, min(day.day, 28))


def main():
    rng = np.random.default_rng(30360)
    FOLDER.mkdir(exist_ok=True)
    days, day = [], START
    while len(days) < DAYS:
        if day.weekday() < 5:
            days.append(day)
        day += timedelta(days=1)
    quoted = []
    for k, months in enumerate([6, 9, 12, 18, 24, 30, 36, 48, 60, 72, 84, 96, 120, 144, 180, 240, 300, 360]):
        maturity = add_months(START, months + 6)
        quoted.append((f"GOV{k:02d}", maturity.isoformat(), round(float(rng.integers(2, 18)) / 4, 2), 2))
    held = []
    for k in range(170):
        maturity = add_months(START, int(rng.integers(15, 340))) + timedelta(days=int(rng.integers(0, 25)))
        name, often = f"CORP{k:03d}", int(rng.choice([1, 2, 2, 4]))
        spread = round(float(rng.lognormal(4.4, 0.6)), 1)
        held.append((name, maturity.isoformat(), round(float(rng.integers(4, 30)) / 4, 2), often, spread))
    with (FOLDER / "bonds.csv").open("w", newline="") as sink:
        out = csv.writer(sink)
        out.writerow(["id", "maturity", "coupon", "frequency"])
        out.writerows(quoted)
    with (FOLDER / "book.csv").open("w", newline="") as sink:
        out = csv.writer(sink)
        out.writerow(["id", "maturity", "coupon", "frequency", "spread_bp", "nominal", "rating"])
        for row in held:
            out.writerow([*row, int(rng.integers(1, 40)) * 50000, str(rng.choice(["AA", "A", "BBB", "BB"], p=[0.2, 0.4, 0.3, 0.1]))])
    level, tilt, hump = 0.034, -0.006, -0.01
    with (FOLDER / "quotes.csv").open("w", newline="") as sink:
        out = csv.writer(sink)
        out.writerow(["date", "id", "clean"])
        for day in days:
            level += rng.normal(0, 0.0004)
            tilt += rng.normal(0, 0.0004)
            hump += rng.normal(0, 0.0005)
            for name, end, coupon, often in quoted:
                maturity, flows = date.fromisoformat(end), []
                when, k = maturity, 0
                while when > day:
                    flows.append(when)
                    k += 1
                    when = add_months(maturity, -k * 12 // often)
                price = 0.0
                for when in flows:
                    t = (when - day).days / 365
                    zero = level + tilt * (1 - np.exp(-t / 2)) / (t / 2) + hump * ((1 - np.exp(-t / 2)) / (t / 2) - np.exp(-t / 2))
                    price += (coupon / often + (100 if when == maturity else 0)) * np.exp(-zero * t)
                accrued = coupon * (182 - (flows[-1] - day).days) / 365
                if rng.random() > 0.01:
                    out.writerow([day.isoformat(), name, f"{price - accrued + rng.normal(0, 0.02):.3f}"])


if __name__ == "__main__":
    main()
