"""data/items.json: articles of a warehouse: how they sell, how long suppliers take, what they cost (seeded)."""

import json
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parent / "data"


def main():
    rng = np.random.default_rng(818)
    FOLDER.mkdir(exist_ok=True)
    items = []
    for k in range(36):
        slow = rng.random() < 0.3
        mean = float(rng.uniform(2, 6) if slow else rng.lognormal(2.3, 0.7))
        lead = int(rng.integers(2, 12))
        cost = round(float(rng.lognormal(2.5, 1.0)), 2)
        items.append(
            {
                "sku": f"{'SL' if slow else 'FA'}-{1000 + 17 * k}",
                "seed": int(rng.integers(1, 100_000)),
                "demand": {
                    "chance": round(float(rng.uniform(0.08, 0.3) if slow else rng.uniform(0.7, 1.0)), 3),
                    "mean": round(mean, 2),
                    "deviation": round(mean * float(rng.uniform(0.2, 0.7)), 2),
                },
                "lead_times": sorted(max(1, lead + int(d)) for d in rng.choice([-1, 0, 0, 0, 1, 2, 5], size=5)),
                "unit_cost": cost,
                "margin": round(cost * float(rng.uniform(0.15, 0.6)), 2),
                "order_cost": float(rng.choice([15, 25, 40])),
                "target_service": float(rng.choice([0.9, 0.95, 0.98])),
            }
        )
    (FOLDER / "items.json").write_text(json.dumps(items, indent=1) + "\n")


if __name__ == "__main__":
    main()
