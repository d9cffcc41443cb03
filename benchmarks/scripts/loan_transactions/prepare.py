"""data/transactions.csv (bookings of a retail bank, shuffled, a few unreadable) and data/customers.csv (seeded)."""

import csv
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parent / "data"
SPEND = ["groceries", "rent", "transport", "leisure", "gambling", "health", "loan_fee", "cash"]
CUSTOMERS = 3500


def main():
    rng = np.random.default_rng(4711)
    FOLDER.mkdir(exist_ok=True)
    start = datetime(2024, 1, 1)
    rows, people = [], []
    for k in range(CUSTOMERS):
        name = f"C{k:05d}"
        risk = rng.beta(2, 5)
        people.append((name, int(rng.integers(19, 80)), int(rng.random() < 0.03 + 0.5 * risk**1.5)))
        taste = rng.dirichlet(np.array([5, 2, 3, 3, 0.4 + 3 * risk, 1, 0.3 + 2 * risk, 1.5]))
        last = int(rng.integers(200, 366))
        salary, payday = rng.uniform(1500, 4500) * (1 - 0.4 * risk), int(rng.integers(1, 29))
        for month in range(1, 13):
            day = min(28, max(1, payday + int(rng.normal(0, 1 + 3 * risk))))
            when = datetime(2024, month, day, int(rng.integers(6, 11)), int(rng.integers(60)), int(rng.integers(60)))
            if (when - start).days < last:
                rows.append((name, when, round(salary * rng.uniform(0.95, 1.05), 2), "salary"))
        day = float(rng.uniform(0, 10))
        while day < last:
            when = start + timedelta(seconds=int(day * 86400))
            what = SPEND[rng.choice(8, p=taste)]
            rows.append((name, when, -round(float(rng.lognormal(3.4, 0.9)), 2), what))
            day += float(rng.exponential(5.0 + 4 * risk)) if rng.random() < 0.8 else float(rng.uniform(0.01, 0.2))
    order = rng.permutation(len(rows))
    with (FOLDER / "transactions.csv").open("w", newline="") as sink:
        out = csv.writer(sink)
        out.writerow(["booking", "customer_id", "booked_at", "amount", "category"])
        for number, k in enumerate(order):
            name, when, amount, what = rows[k]
            shown = f"{amount:.2f}" if rng.random() > 0.003 else str(rng.choice(["", "n/a"]))
            out.writerow([number, name, when.strftime("%Y-%m-%d %H:%M:%S"), shown, what])
    with (FOLDER / "customers.csv").open("w", newline="") as sink:
        out = csv.writer(sink)
        out.writerow(["customer_id", "age", "defaulted"])
        out.writerows(people)


if __name__ == "__main__":
    main()
