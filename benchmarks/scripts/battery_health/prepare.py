"""data/cells.csv and data/log.csv: check-up cycles of ageing battery cells, charge and discharge samples (seeded)."""

from pathlib import Path

import numpy as np
import pandas as pd

FOLDER = Path(__file__).resolve().parent / "data"
EVERY, LAST, CELLS = 15, 900, 33


def main():
    rng = np.random.default_rng(18650)
    FOLDER.mkdir(exist_ok=True)
    cells, rows = [], []
    for k in range(CELLS):
        name, kind = f"B{k + 1:02d}", str(rng.choice(["NMC", "LFP"]))
        rate, ambient = float(rng.choice([1.0, 1.5, 2.0])), float(rng.choice([15, 25, 40]))
        cells.append((name, kind, 2.5, rate, ambient))
        full = 2.5 * rng.normal(1.0, 0.012)
        weak = rng.random() < 0.3
        fade = 0.0016 * rng.lognormal(0, 0.25) * (1 + 0.3 * (rate - 1)) * (1.25 if ambient == 40 else 1.0) * (1.5 if weak else 1)
        knee = (350 if weak else 800) * rng.lognormal(0, 0.2)
        resistance = 0.035 * rng.lognormal(0, 0.1)
        for cycle in range(1, LAST, EVERY):
            health = 1 - fade * cycle**0.62 - 0.04 * np.exp((cycle - knee) / 90)
            if health < 0.72:
                break
            if rng.random() < 0.02:
                continue  # the log of this check-up is lost
            ohm = resistance * (1 + 1.8 * (1 - health))
            size = full * health * rng.normal(1, 0.0015)
            current = 2.5 * rate
            top, flat = (4.15, 0.9) if kind == "NMC" else (3.45, 0.35)
            for step, points, sign, amps in (("charge", 7, 1, 1.25), ("discharge", 12, -1, current)):
                drawn = size / (0.985 if sign > 0 else 1.0)
                share = np.sort(np.r_[0, rng.uniform(0.02, 0.98, points - 2), 1])
                seconds = share * drawn / amps * 3600
                soc = share if sign > 0 else 1 - share
                open_ = top - flat * (1 - soc) - 0.6 * np.exp(-25 * soc) * (1 + 0.5 * (1 - health))
                volt = open_ + sign * amps * ohm + rng.normal(0, 0.001, points)
                if sign < 0:
                    volt[0] = open_[0]  # before the load is on
                amp = sign * amps * rng.normal(1, 0.001, points)
                warm = ambient + 4 * ohm * amps**2 * np.sqrt(share) * 10 + rng.normal(0, 0.2, points)
                for i in range(points):
                    rows.append((name, cycle, step, round(seconds[i], 1), round(amp[i], 4), round(volt[i], 4), round(warm[i], 1)))
    pd.DataFrame(cells, columns=["cell", "chemistry", "nominal_ah", "c_rate", "ambient"]).to_csv(FOLDER / "cells.csv", index=False)
    columns = ["cell", "cycle", "step", "seconds", "current", "voltage", "temperature"]
    pd.DataFrame(rows, columns=columns).to_csv(FOLDER / "log.csv", index=False)


if __name__ == "__main__":
    main()
