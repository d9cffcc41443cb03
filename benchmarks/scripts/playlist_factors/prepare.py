"""data/ratings.csv: listener, playlist, stars and day, made from latent factors (seeded)."""

import csv
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parent / "data"
LISTENERS, PLAYLISTS, RANK = 600, 300, 5


def main():
    rng = np.random.default_rng(3003)
    FOLDER.mkdir(exist_ok=True)
    taste, kind = rng.normal(0, 0.6, (LISTENERS, RANK)), rng.normal(0, 0.6, (PLAYLISTS, RANK))
    mood, quality = rng.normal(0, 0.35, LISTENERS), rng.normal(0, 0.4, PLAYLISTS)
    popular = 1 / (np.arange(PLAYLISTS) + 10.0)
    popular = rng.permutation(popular / popular.sum())
    rows = []
    for u in range(LISTENERS):
        size = int(np.clip(rng.lognormal(3.3, 0.5), 12, 120))
        for i in rng.choice(PLAYLISTS, size=size, replace=False, p=popular):
            value = 3.3 + mood[u] + quality[i] + taste[u] @ kind[i] + rng.normal(0, 0.5)
            rows.append((f"listener{u:04d}", f"list-{i:03d}", int(np.clip(np.rint(value), 1, 5)), int(rng.integers(365))))
    with (FOLDER / "ratings.csv").open("w", newline="") as sink:
        out = csv.writer(sink)
        out.writerow(["listener", "playlist", "stars", "day"])
        out.writerows(rows[int(k)] for k in rng.permutation(len(rows)))


if __name__ == "__main__":
    main()
