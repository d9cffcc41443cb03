"""data/alarms.csv (alarm log of pumps, unsorted, with chatter) and data/pumps.csv (site and model) (seeded)."""

import csv
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parent / "data"
CODES = "VIB_H VIB_HH BRG_TEMP SEAL_LEAK LOW_FLOW HI_PRESS CAVIT MOT_CURR MOT_TEMP LUBE_LOW COMM FILTER".split()
BEFORE = [
    ["VIB_H", "BRG_TEMP", "VIB_HH"],
    ["LUBE_LOW", "BRG_TEMP", "MOT_CURR"],
    ["LOW_FLOW", "CAVIT", "VIB_H"],
    ["SEAL_LEAK", "LOW_FLOW", "HI_PRESS"],
]
MODELS = {"KSB-40": (1.1, 1900.0), "GRF-95": (1.7, 1500.0), "SLZ-12": (2.4, 1300.0), "FLW-3": (0.9, 2200.0)}
HOURS = 730 * 24


def main():
    rng = np.random.default_rng(3107)
    FOLDER.mkdir(exist_ok=True)
    start = datetime(2023, 1, 1)
    usual = rng.dirichlet(np.full(len(CODES), 2.0))
    rows, pumps = [], []
    for k in range(60):
        pump = f"P-{k + 101}"
        model = list(MODELS)[int(rng.integers(len(MODELS)))]
        pumps.append((pump, "ABCDE"[rng.integers(5)], model))
        shape, scale = MODELS[model]
        scale *= rng.uniform(0.7, 1.4)
        events = []
        clock, rate = 0.0, rng.uniform(0.25, 0.6) / 24
        while clock < HOURS:  # the usual noise
            clock += rng.exponential(1 / rate)
            events.append((clock, CODES[rng.choice(len(CODES), p=usual)]))
        clock = scale * rng.weibull(shape)
        while clock < HOURS:  # failures, most of them with a warning
            if rng.random() < 0.65:
                moment = clock - rng.uniform(20, 68)
                for code in BEFORE[int(rng.integers(len(BEFORE)))]:
                    events.append((moment, code))
                    moment += rng.uniform(0.5, (clock - moment) * 0.5)
            events.append((clock, "TRIP"))
            clock += 6 + scale * rng.weibull(shape)
        taken = set()
        for hour, code in events:
            if not 0 < hour < HOURS:
                continue
            copies = 1 if rng.random() < 0.85 or code == "TRIP" else int(rng.integers(2, 6))
            second = int(hour * 3600)
            for _ in range(copies):  # chatter: the same alarm within minutes
                while second in taken:
                    second += 1
                taken.add(second)
                rows.append((start + timedelta(seconds=second), pump, code))
                second += int(rng.integers(20, 420))
    with (FOLDER / "alarms.csv").open("w", newline="") as sink:
        out = csv.writer(sink)
        out.writerow(["timestamp", "pump", "code"])
        for k in rng.permutation(len(rows)):
            when, pump, code = rows[int(k)]
            out.writerow([when.strftime("%Y-%m-%d %H:%M:%S"), pump, code])
    with (FOLDER / "pumps.csv").open("w", newline="") as sink:
        out = csv.writer(sink)
        out.writerow(["pump", "site", "model"])
        out.writerows(pumps)


if __name__ == "__main__":
    main()
