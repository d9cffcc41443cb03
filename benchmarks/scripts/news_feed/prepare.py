"""data/articles.csv and data/impressions.csv: made-up articles, and a log of what random readers were shown and clicked (seeded)."""

import csv
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parent / "data"
START = datetime(2024, 3, 4)
DAYS, ARTICLES, EVENTS, USERS = 10, 520, 5600, 200
SECTIONS = ["politics", "sports", "science", "culture", "economy", "local"]


def main():
    rng = np.random.default_rng(42195)
    FOLDER.mkdir(exist_ok=True)
    words = [f"{a}{b}" for a in ("bal", "cor", "den", "fir", "gam", "hol", "jur", "kel", "lim", "mon", "nor", "pel", "ros", "sil", "tav")
             for b in ("a", "ero", "ik", "on", "ust", "ema", "ity", "or", "ine", "ado")]
    own = [rng.permutation(len(words))[:28] for _ in SECTIONS]
    published = np.sort(rng.uniform(-36 * 3600, DAYS * 86400, ARTICLES)).astype(int)
    section = rng.choice(len(SECTIONS), ARTICLES, p=[0.25, 0.22, 0.13, 0.13, 0.15, 0.12])
    quality = rng.normal(0, 0.7, ARTICLES)
    with (FOLDER / "articles.csv").open("w", newline="") as sink:
        out = csv.writer(sink)
        out.writerow(["article", "section", "published", "keywords"])
        for k in range(ARTICLES):
            picks = np.where(rng.random(9) < 0.8, rng.choice(own[section[k]], 9), rng.integers(0, len(words), 9))
            when = START + timedelta(seconds=int(published[k]))
            out.writerow([f"n{k:04d}", SECTIONS[section[k]], when.isoformat(" "), " ".join(words[i] for i in picks)])
    taste = rng.normal(0, 1.3, (USERS, len(SECTIONS)))
    activity = rng.dirichlet(np.full(USERS, 0.6))
    times = np.sort(rng.uniform(0, DAYS * 86400, EVENTS)).astype(int)
    with (FOLDER / "impressions.csv").open("w", newline="") as sink:
        out = csv.writer(sink)
        out.writerow(["time", "user", "article", "clicked"])
        for t in times:
            user = int(rng.choice(USERS, p=activity))
            young = np.flatnonzero((published <= t) & (published > t - 36 * 3600))
            k = int(rng.choice(young))
            age = (t - published[k]) / 3600
            logit = -1.6 + taste[user, section[k]] + quality[k] - age / 14
            clicked = int(rng.random() < 1 / (1 + np.exp(-logit)))
            when = START + timedelta(seconds=int(t))
            out.writerow([when.isoformat(" "), f"u{user:03d}", f"n{k:04d}", clicked])


if __name__ == "__main__":
    main()
