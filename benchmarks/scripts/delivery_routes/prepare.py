"""data/stops.csv and data/fleet.json: deliveries of four days around a depot, with time windows (made up, seeded)."""

import csv
import json
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parent / "data"


def main():
    rng = np.random.default_rng(1964)
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "fleet.json").write_text(json.dumps({"depot": [12.0, 9.5], "capacity": 60, "speed": 0.55, "open": 420, "close": 1110}))
    towns = np.array([[4, 4], [20, 5], [17, 17], [6, 15], [12, 10]])
    with (FOLDER / "stops.csv").open("w", newline="") as sink:
        out = csv.writer(sink)
        out.writerow(["day", "stop", "x", "y", "parcels", "ready", "due", "service"])
        for day in ("Mon", "Tue", "Wed", "Thu"):
            for k in range(94):
                x, y = towns[rng.integers(5)] + rng.normal(0, 2.2, 2)
                ready, due = 420, 1080
                kind = rng.random()
                if kind < 0.3:
                    due = int(rng.choice([660, 720, 780]))  # in the morning
                elif kind < 0.5:
                    ready = int(rng.choice([780, 840]))
                elif kind < 0.8:
                    ready = int(rng.integers(16, 32)) * 30
                    due = ready + int(rng.choice([90, 120, 180]))
                parcels = int(np.clip(rng.lognormal(1.6, 0.6), 1, 25))
                out.writerow([day, f"{day}-{k:02d}", f"{x:.2f}", f"{y:.2f}", parcels, ready, due, 4 + parcels // 2])


if __name__ == "__main__":
    main()
