"""data/orders.csv: two years of a web shop's orders (seeded); customers come, buy at their own pace, and leave."""

import csv
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parent / "data"
CUSTOMERS, DAYS = 1800, 730


def main():
    rng = np.random.default_rng(365)
    FOLDER.mkdir(exist_ok=True)
    start = np.datetime64("2022-01-01")
    rows = []
    for k in range(CUSTOMERS):
        gap, basket, leave = rng.gamma(3, 12), rng.lognormal(3.4, 0.5), rng.beta(1.2, 9)
        channel = str(rng.choice(["web", "app", "shop"], p=[0.5, 0.35, 0.15]))
        day = float(rng.integers(0, DAYS - 60))
        while day < DAYS:
            amount = round(float(basket * rng.lognormal(0, 0.4)), 2)
            used = channel if rng.random() < 0.8 else "web"
            rows.append((f"K{k:05d}", str(start + int(day)), amount, int(rng.integers(1, 9)), used, int(rng.random() < 0.07)))
            if rng.random() < leave:
                break
            day += 1 + float(rng.exponential(gap))
    rows.sort(key=lambda r: r[1])
    with (FOLDER / "orders.csv").open("w", newline="") as sink:
        out = csv.writer(sink)
        out.writerow(["order_id", "customer", "date", "amount", "items", "channel", "returned"])
        out.writerows((100000 + number, *row) for number, row in enumerate(rows))


if __name__ == "__main__":
    main()
