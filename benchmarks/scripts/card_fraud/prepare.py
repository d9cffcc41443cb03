"""data/payments.csv: a month of card payments in order of time, with a few kinds of fraud among them (seeded)."""

import csv
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parent / "data"
CARDS, MERCHANTS, DAYS = 500, 60, 30


def main():
    rng = np.random.default_rng(1337)
    FOLDER.mkdir(exist_ok=True)
    countries = np.array(["DE", "FR", "IT", "NL", "US", "BR", "SG"])
    popular = 1 / (np.arange(MERCHANTS) + 4.0)
    popular /= popular.sum()
    home = rng.choice(countries[:4], MERCHANTS, p=[0.6, 0.2, 0.1, 0.1])
    online = rng.random(MERCHANTS) < 0.3
    rows = []  # seconds, card, merchant, country, amount, online, fraud

    def pay(second, card, merchant, amount, fraud, country=None):
        rows.append((second, card, merchant, country or home[merchant], round(float(amount), 2), int(online[merchant]), fraud))

    for card in range(CARDS):
        level, often = rng.lognormal(3.2, 0.5), rng.uniform(0.4, 2.0)
        for day in range(DAYS):
            for _ in range(rng.poisson(often)):
                second = day * 86400 + int(np.clip(rng.normal(14, 4), 0, 23.9) * 3600) + int(rng.integers(300))
                pay(second, card, rng.choice(MERCHANTS, p=popular), level * rng.lognormal(0, 0.7), 0)
        if rng.random() < 0.06:  # a stolen card is emptied within an hour
            second = int(rng.integers(5, DAYS - 1) * 86400 + rng.integers(0, 80000))
            where = str(rng.choice(countries[4:]))
            for _ in range(int(rng.integers(4, 12))):
                second += int(rng.exponential(240))
                pay(second, card, rng.integers(MERCHANTS), level * rng.lognormal(1.2, 0.5), 1, where)
        elif rng.random() < 0.04:  # single large payments far away
            for _ in range(int(rng.integers(1, 4))):
                second = int(rng.integers(5 * 86400, DAYS * 86400))
                pay(second, card, rng.integers(MERCHANTS), level * rng.lognormal(2.2, 0.3), 1, str(rng.choice(countries[4:])))
    for _ in range(6):  # a merchant at whom many stolen numbers are tried with small amounts
        second, merchant = int(rng.integers(3 * 86400, DAYS * 86400 - 7200)), int(rng.choice(np.flatnonzero(online)))
        for card in rng.choice(CARDS, int(rng.integers(15, 40)), replace=False):
            second += int(rng.exponential(40))
            pay(second, int(card), merchant, rng.uniform(0.5, 3.0), 1)
    rows.sort()
    start = datetime(2025, 3, 1)
    with (FOLDER / "payments.csv").open("w", newline="") as sink:
        out = csv.writer(sink)
        out.writerow(["id", "time", "card", "merchant", "country", "amount", "online", "fraud"])
        for number, (second, card, merchant, country, amount, web, fraud) in enumerate(rows, start=1):
            when = (start + timedelta(seconds=int(second))).isoformat(sep=" ")
            out.writerow([number, when, f"card{card:04d}", f"shop{merchant:02d}", country, f"{amount:.2f}", web, fraud])


if __name__ == "__main__":
    main()
