"""data/gps.csv: positions of delivery vans, drives between stops, pauses with jitter, gaps of lost signal (seeded)."""

from pathlib import Path

import numpy as np
import pandas as pd

FOLDER = Path(__file__).resolve().parent / "data"


def main():
    rng = np.random.default_rng(112)
    FOLDER.mkdir(exist_ok=True)
    depots = np.column_stack([rng.uniform(48.10, 48.20, 14), rng.uniform(11.48, 11.65, 14)])
    rows = []
    for van in range(9):
        clock, here = 1717400000 + int(rng.integers(0, 3600)), depots[rng.integers(14)]
        for _ in range(14):
            there = depots[rng.integers(14)] if rng.random() < 0.8 else depots.mean(axis=0) + rng.normal(0, 0.02, 2)
            steps = int(rng.integers(50, 90))
            speed = np.interp(np.linspace(0, 1, steps), [0, 0.1, 0.5, 0.9, 1], [0.2, 1, 1.4, 1, 0.1])
            way = np.cumsum(speed) / speed.sum()
            bend = np.sin(np.pi * way)[:, None] * rng.normal(0, 0.004, 2)
            path = here + way[:, None] * (there - here) + bend
            for lat, lon in path:
                clock += int(rng.integers(9, 13))
                rows.append((f"van_{van}", clock, lat + rng.normal(0, 1e-5), lon + rng.normal(0, 1e-5)))
            here = there
            for _ in range(int(rng.integers(8, 22))):  # parked, the engine on
                clock += int(rng.integers(9, 13))
                rows.append((f"van_{van}", clock, here[0] + rng.normal(0, 8e-6), here[1] + rng.normal(0, 8e-6)))
            clock += int(rng.integers(700, 4000)) if rng.random() < 0.7 else int(rng.integers(100, 250))
    frame = pd.DataFrame(rows, columns=["vehicle", "seconds", "lat", "lon"])
    frame["time"] = pd.to_datetime(frame["seconds"], unit="s").dt.strftime("%Y-%m-%dT%H:%M:%S")
    frame["lat"], frame["lon"] = frame["lat"].round(6), frame["lon"].round(6)
    frame[["vehicle", "time", "lat", "lon"]].sample(frac=1, random_state=2).to_csv(FOLDER / "gps.csv", index=False)


if __name__ == "__main__":
    main()
