"""data/ab_test.csv: visitors of an A/B test of a web shop: variant, country, device, sessions, converted, revenue, minutes (seeded)."""

from pathlib import Path

import numpy as np
import pandas as pd

FOLDER = Path(__file__).resolve().parent / "data"


def main():
    rng = np.random.default_rng(55)
    FOLDER.mkdir(exist_ok=True)
    n = 2400
    variant = rng.choice(["A", "B"], n)
    country = rng.choice(["DE", "FR", "NL", "PL"], n, p=[0.4, 0.3, 0.2, 0.1])
    device = rng.choice(["desktop", "mobile"], n, p=[0.45, 0.55])
    sessions = 1 + rng.poisson(1.6, n)
    lift = (variant == "B") * np.where(device == "mobile", 0.035, 0.01)
    converted = (rng.random(n) < 0.09 + lift + 0.015 * sessions).astype(int)
    revenue = np.round(converted * rng.lognormal(3.6, 0.7, n), 2)
    minutes = np.round(sessions * rng.gamma(2.0, 1.9, n) * np.where(variant == "B", 1.03, 1.0), 2)
    pd.DataFrame(
        {
            "visitor": [f"v{k:05d}" for k in rng.permutation(n)],
            "variant": variant,
            "country": country,
            "device": device,
            "sessions": sessions,
            "converted": converted,
            "revenue": revenue,
            "minutes": minutes,
        }
    ).to_csv(FOLDER / "ab_test.csv", index=False)


if __name__ == "__main__":
    main()
