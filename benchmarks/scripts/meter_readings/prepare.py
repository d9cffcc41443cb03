"""data/readings.csv (hourly kWh with gaps, blanks, spikes, doubles), customers.csv, tariffs.json (seeded)."""

import csv
import json
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parent / "data"
DAYS = 91
TARIFFS = {
    "flat": {"fee": 9.9, "price": 0.312},
    "day_night": {"fee": 11.5, "day": 0.334, "night": 0.241},
    "tiers": {"fee": 7.9, "tiers": [[150, 0.265], [250, 0.318], [None, 0.389]]},
}


def main():
    rng = np.random.default_rng(9090)
    FOLDER.mkdir(exist_ok=True)
    start = datetime(2025, 1, 1)
    hour = np.arange(DAYS * 24)
    of_day, weekend = hour % 24, (hour // 24 + 2) % 7 >= 5  # 1 January 2025 was a Wednesday
    shapes = {
        "home": 0.3 + 0.5 * np.exp(-((of_day - 7) ** 2) / 4) + 0.9 * np.exp(-((of_day - 19) ** 2) / 8) + 0.25 * weekend,
        "office": 0.3 + 2.0 * ((of_day >= 8) & (of_day < 18) & ~weekend),
        "bakery": 0.5 + 3.0 * ((of_day >= 2) & (of_day < 9)),
    }
    customers, rows = [], []
    for k in range(140):
        meter, kind = f"M{70_000 + 13 * k}", str(rng.choice(list(shapes), p=[0.75, 0.18, 0.07]))
        customers.append((f"K{k + 1:03d}", meter, kind, str(rng.choice(list(TARIFFS)))))
        kwh = shapes[kind] * rng.uniform(0.4, 1.8) * rng.gamma(9, 1 / 9, len(hour)) * (1.15 - 0.003 * (hour / 24))
        kwh[rng.random(len(hour)) < 0.002] *= rng.uniform(15, 60)  # spikes
        shown = [f"{v:.3f}" for v in kwh]
        for place in np.flatnonzero(rng.random(len(hour)) < 0.003):
            for gap in range(int(place), min(len(hour), int(place) + int(rng.choice([1, 2, 3, 8, 30])))):
                shown[gap] = str(rng.choice(["", "missing", "-1"]))
        for place, text in enumerate(shown):
            if text != "missing":
                stamp = (start + timedelta(hours=place)).strftime("%Y-%m-%d %H:%M")
                rows.append((meter, stamp, text))
                if rng.random() < 0.002:
                    rows.append((meter, stamp, text))
    rows.sort(key=lambda row: row[1])  # the export goes by hour
    with (FOLDER / "readings.csv").open("w", newline="") as sink:
        out = csv.writer(sink)
        out.writerow(["meter", "time", "kwh"])
        out.writerows(rows)
    with (FOLDER / "customers.csv").open("w", newline="") as sink:
        out = csv.writer(sink)
        out.writerow(["customer", "meter", "kind", "tariff"])
        out.writerows(customers)
    (FOLDER / "tariffs.json").write_text(json.dumps(TARIFFS, indent=1) + "\n")


if __name__ == "__main__":
    main()
