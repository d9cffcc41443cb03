"""data/clicks.csv: customer, article and time of clicks of a shop, out of latent tastes and popularity (seeded)."""

import csv
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parent / "data"
CUSTOMERS, ARTICLES, RANK = 500, 300, 3


def main():
    rng = np.random.default_rng(4242)
    FOLDER.mkdir(exist_ok=True)
    taste = rng.normal(0, 1, (CUSTOMERS, RANK))
    kind = rng.normal(0, 1, (ARTICLES, RANK))
    popular = rng.normal(0, 0.6, ARTICLES)
    rows = []
    for customer in range(CUSTOMERS):
        odds = np.exp(1.1 * kind @ taste[customer] + popular)
        size = int(np.clip(rng.lognormal(3.3, 0.5), 6, 90))
        clock = int(rng.integers(1_735_700_000, 1_740_000_000))
        for article in rng.choice(ARTICLES, size=size, replace=False, p=odds / odds.sum()):
            clock += int(rng.exponential(9000)) + 1
            for _ in range(1 + int(rng.poisson(0.3))):  # some articles are looked at again
                rows.append((f"c{customer:04d}", f"A{10_000 + 7 * article}", clock))
                clock += int(rng.integers(5, 500))
    with (FOLDER / "clicks.csv").open("w", newline="") as sink:
        out = csv.writer(sink)
        out.writerow(["customer", "article", "time"])
        out.writerows(rows[int(k)] for k in rng.permutation(len(rows)))


if __name__ == "__main__":
    main()
