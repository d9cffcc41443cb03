"""Users by movies as dense matrices: similarities, sums and weights of the neighbours are matrix products."""

import argparse
import csv
from collections import Counter
from pathlib import Path

import numpy as np

DATA = Path(__file__).resolve().parent / "data"
MIN_COMMON, MIN_SIMILARITY = 4, 0.02


def read():
    """Train and held-out (user, movie, rating) in time order, with the users' and movies' numbers."""
    body = (DATA / "movie_ratings.csv").read_text().partition("\n")[2]
    table = np.fromstring(body.replace("\n", ","), sep=",").reshape(-1, 4)
    users, u = np.unique(table[:, 0].astype(np.int64), return_inverse=True)
    movies, m = np.unique(table[:, 1].astype(np.int64), return_inverse=True)
    order = np.lexsort((m, table[:, 3], u))
    u, m, r = u[order], m[order], table[order, 2]
    sizes = np.bincount(u)
    place = np.arange(len(u)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    train = place < np.repeat(sizes - (sizes * 0.2).astype(np.int64), sizes)
    return (u[train], m[train], r[train]), (u[~train], m[~train], r[~train]), users, movies


def fit(u, m, r, shape, k):
    """Means, the neighbours' weights, and sums over neighbours: of weighted deviations, of weights, and their number."""
    sizes = np.bincount(u, minlength=shape[0])
    means = np.bincount(u, weights=r) / sizes
    seen, centred = np.zeros(shape, dtype=np.float32), np.zeros(shape)  # counts are exact in either
    seen[u, m] = 1.0
    centred[u, m] = r - means[u]
    norms = np.sqrt((centred**2).sum(axis=1))
    common = (seen @ seen.T).astype(float)
    scale = np.outer(norms, norms)
    usable = (common >= MIN_COMMON) & (scale > 0)
    sim = np.minimum(common, 20) / 20 * (centred @ centred.T) / np.where(usable, scale, 1.0)
    sim = np.where(usable, np.round(sim, 6), 0.0)
    np.fill_diagonal(sim, 0.0)
    sim[sim < MIN_SIMILARITY] = 0.0
    if k < len(sim):  # one integer orders by similarity, then by user
        key = np.rint(sim * -1e6).astype(np.int64) * len(sim) + np.arange(len(sim))
        np.put_along_axis(sim, np.argpartition(key, k - 1, axis=1)[:, k:], 0.0, axis=1)
    return means, seen, sim, sim @ centred, sim @ seen.astype(float), (sim > 0).astype(np.float32) @ seen


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--neighbours", type=int, default=40)
    parser.add_argument("--top", type=int, default=10)
    args = parser.parse_args()
    train, test, users, movies = read()
    with open(DATA / "movies.csv", newline="") as source:
        rows = csv.reader(source)
        next(rows)
        titles = {int(movie): (title, genres.split("|")) for movie, title, genres in rows}
    known = len(np.unique(train[1]))
    print(f"{len(users)} users, {known} movies, {len(train[0])} train, {len(test[0])} test")

    means, seen, weights, num, den, raters = fit(*train, (len(users), len(movies)), args.neighbours)
    sizes = (weights > 0).sum(axis=1)
    print(f"neighbours per user: min {sizes.min()} mean {sizes.mean():.6f} max {sizes.max()}")
    print(f"global mean {train[2].sum() / len(train[2]):.8f}")

    covered = den > 0
    predicted = np.clip(means[:, None] + num / np.where(covered, den, 1.0), 0.5, 5.0)
    tu, tm, tr = test
    p = np.where(covered[tu, tm], predicted[tu, tm], means[tu])
    for name, value in {
        "rmse": np.sqrt(((p - tr) ** 2).mean()),
        "mae": np.abs(p - tr).mean(),
        "rmse of the user's mean": np.sqrt(((means[tu] - tr) ** 2).mean()),
        "coverage": covered[tu, tm].sum() / len(tr),
    }.items():
        print(f"{name:24} {value:.8f}")

    # one integer orders by rounded prediction, then by movie
    columns = len(movies)
    key = np.where((seen == 0) & (raters >= 3), -np.rint(predicted * 1e5).astype(np.int64) * columns, 1)
    key += np.arange(columns) * (key < 1)
    best = np.argpartition(key, args.top, axis=1)[:, : args.top] if columns > args.top else np.arange(columns)[None]
    best = np.take_along_axis(best, np.argsort(np.take_along_axis(key, best, axis=1), axis=1), axis=1)
    valid = np.take_along_axis(key, best, axis=1) < 1
    listed = np.zeros(seen.shape, dtype=bool)
    listed[np.nonzero(valid)[0], best[valid]] = True
    liked = tr >= 4.0
    print(f"hits in the top {args.top}: {listed[tu[liked], tm[liked]].sum()} of {liked.sum()}")

    times = listed.sum(axis=0)
    movie_count = {int(movies[j]): int(times[j]) for j in np.flatnonzero(times)}
    genre_count = Counter()
    for movie, n in movie_count.items():
        for genre in titles[movie][1]:
            genre_count[genre] += n
    print(f"{len(movie_count)} different movies are recommended")
    for genre, n in sorted(genre_count.items(), key=lambda g: (-g[1], g[0])):
        print(f"  {genre:12} {n}")
    print("most recommended")
    for movie, n in sorted(movie_count.items(), key=lambda m: (-m[1], m[0]))[:8]:
        print(f"  {titles[movie][0]:30} {n}")
    for i, user in enumerate(users[:5]):
        print(f"user {user}")
        for j in best[i][valid[i]]:
            print(f"  {predicted[i, j]:.5f} {titles[int(movies[j])][0]}")


if __name__ == "__main__":
    main()
