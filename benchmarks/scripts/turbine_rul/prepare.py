"""data/train.csv (engines that ran to failure), data/test.csv (cut short) and data/truth.csv, seeded."""

import csv
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parent / "data"
SENSORS = 8
HEADER = ["unit", "cycle", "altitude", "mach", *[f"s{k}" for k in range(1, SENSORS + 1)]]


def engine(rng, base, effect, noise):
    """One engine's rows from the first cycle to its failure."""
    life = int(rng.integers(130, 260))
    rate, bend = rng.uniform(3.5, 5.5), rng.uniform(0.0, 0.08)
    rows = []
    for cycle in range(1, life + 1):
        regime = int(rng.integers(3))
        wear = bend + (np.exp(rate * cycle / life) - 1) / (np.exp(rate) - 1)
        level = base[regime] + effect * wear + rng.normal(0, noise)
        altitude, mach = round(regime * 10 + rng.uniform(-0.5, 0.5), 3), round(0.2 + 0.3 * regime, 2)
        rows.append([cycle, altitude, mach, *np.round(level, 4)])
    return rows


def main():
    rng = np.random.default_rng(218)
    FOLDER.mkdir(exist_ok=True)
    base = rng.uniform(100, 600, (3, SENSORS))
    effect = np.array([4.0, -3.0, 6.0, 0.0, 2.5, -5.0, 0.0, 3.0])
    noise = np.array([0.6, 0.7, 1.0, 0.5, 0.9, 0.8, 0.6, 1.1])
    with (FOLDER / "train.csv").open("w", newline="") as sink:
        out = csv.writer(sink)
        out.writerow(HEADER)
        for unit in range(1, 71):
            out.writerows([unit, *row] for row in engine(rng, base, effect, noise))
    truth = []
    with (FOLDER / "test.csv").open("w", newline="") as sink:
        out = csv.writer(sink)
        out.writerow(HEADER)
        for unit in range(1, 41):
            rows = engine(rng, base, effect, noise)
            keep = int(len(rows) * rng.uniform(0.4, 0.95))
            out.writerows([unit, *row] for row in rows[:keep])
            truth.append((unit, len(rows) - keep))
    with (FOLDER / "truth.csv").open("w", newline="") as sink:
        out = csv.writer(sink)
        out.writerow(["unit", "rul"])
        out.writerows(truth)


if __name__ == "__main__":
    main()
