"""User-based collaborative filtering on the movie ratings.

Usage: python slow.py [--neighbours 40] [--top 10]
"""
from __future__ import annotations

import argparse
import csv
import math
from collections import defaultdict
from pathlib import Path

DATA = Path(__file__).resolve().parent / "data"


class RatingsData:
    """Ratings as user -> {movie: rating}, split into train and held-out by time."""

    def __init__(self, path: Path, holdout: float = 0.2):
        events: dict[int, list[tuple[int, int, float]]] = defaultdict(list)
        with open(path, newline="") as f:
            for row in csv.DictReader(f):
                events[int(row["userId"])].append((int(row["timestamp"]), int(row["movieId"]), float(row["rating"])))
        self.train: dict[int, dict[int, float]] = {}
        self.test: list[tuple[int, int, float]] = []
        for user in sorted(events):
            history = sorted(events[user])
            cut = len(history) - int(len(history) * holdout)
            self.train[user] = {movie: rating for _, movie, rating in history[:cut]}
            for _, movie, rating in history[cut:]:
                self.test.append((user, movie, rating))

    @property
    def users(self) -> list[int]:
        return sorted(self.train)

    @property
    def movies(self) -> list[int]:
        seen = set()
        for ratings in self.train.values():
            for movie in ratings:
                seen.add(movie)
        return sorted(seen)


class UserKNN:
    """k nearest users by mean-centred cosine similarity."""

    def __init__(self, k: int = 40, min_common: int = 4, min_similarity: float = 0.02):
        self.k = k
        self.min_common = min_common
        self.min_similarity = min_similarity
        self.means: dict[int, float] = {}
        self.centred: dict[int, dict[int, float]] = {}
        self.norms: dict[int, float] = {}
        self.neighbours: dict[int, list[tuple[int, float]]] = {}

    def fit(self, train: dict[int, dict[int, float]]) -> "UserKNN":
        total, count = 0.0, 0
        for user, ratings in train.items():
            self.means[user] = sum(ratings.values()) / len(ratings)
            total += sum(ratings.values())
            count += len(ratings)
        self.global_mean = total / count
        for user, ratings in train.items():
            self.centred[user] = {movie: r - self.means[user] for movie, r in ratings.items()}
            self.norms[user] = math.sqrt(sum(c ** 2 for c in self.centred[user].values()))
        similar: dict[int, list[tuple[int, float]]] = defaultdict(list)
        users = sorted(train)
        for i, u in enumerate(users):
            for v in users[i + 1:]:
                s = self.similarity(u, v)
                if s >= self.min_similarity:
                    similar[u].append((v, s))
                    similar[v].append((u, s))
        for u in users:
            ranked = sorted(similar[u], key=lambda pair: (-pair[1], pair[0]))
            self.neighbours[u] = ranked[: self.k]
        return self

    def similarity(self, u: int, v: int) -> float:
        a, b = self.centred[u], self.centred[v]
        common = [movie for movie in a if movie in b]
        if len(common) < self.min_common:
            return 0.0
        dot = 0.0
        for movie in common:
            dot += a[movie] * b[movie]
        if self.norms[u] == 0 or self.norms[v] == 0:
            return 0.0
        # significance weighting: few common movies say little
        weight = min(len(common), 20) / 20
        return round(weight * dot / (self.norms[u] * self.norms[v]), 6)

    def predict(self, user: int, movie: int, min_raters: int = 1) -> float | None:
        num, den, raters = 0.0, 0.0, 0
        for other, s in self.neighbours[user]:
            if movie in self.centred[other]:
                num += s * self.centred[other][movie]
                den += abs(s)
                raters += 1
        if raters < min_raters:
            return None
        return min(5.0, max(0.5, self.means[user] + num / den))

    def recommend(self, user: int, movies: list[int], seen: set[int], n: int) -> list[tuple[int, float]]:
        scored = []
        for movie in movies:
            if movie not in seen:
                p = self.predict(user, movie, min_raters=3)
                if p is not None:
                    scored.append((movie, round(p, 5)))
        scored.sort(key=lambda pair: (-pair[1], pair[0]))
        return scored[:n]


def evaluate(model: UserKNN, test: list[tuple[int, int, float]]) -> dict[str, float]:
    se, ae, se_mean, covered = 0.0, 0.0, 0.0, 0
    for user, movie, rating in test:
        p = model.predict(user, movie)
        if p is not None:
            covered += 1
        else:
            p = model.means[user]
        se += (p - rating) ** 2
        ae += abs(p - rating)
        se_mean += (model.means[user] - rating) ** 2
    n = len(test)
    return {
        "rmse": math.sqrt(se / n),
        "mae": ae / n,
        "rmse of the user's mean": math.sqrt(se_mean / n),
        "coverage": covered / n,
    }


def hit_rate(lists: dict[int, list[tuple[int, float]]], test: list[tuple[int, int, float]]) -> tuple[int, int]:
    """Held-out movies rated 4 or more that are in the user's list."""
    hits, liked = 0, 0
    for user, movie, rating in test:
        if rating >= 4.0:
            liked += 1
            if movie in [m for m, _ in lists[user]]:
                hits += 1
    return hits, liked


def read_titles(path: Path) -> dict[int, tuple[str, list[str]]]:
    titles = {}
    with open(path, newline="") as f:
        for row in csv.DictReader(f):
            titles[int(row["movieId"])] = (row["title"], row["genres"].split("|"))
    return titles


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--neighbours", type=int, default=40)
    parser.add_argument("--top", type=int, default=10)
    args = parser.parse_args()

    data = RatingsData(DATA / "movie_ratings.csv")
    titles = read_titles(DATA / "movies.csv")
    movies = data.movies
    n_train = sum(len(r) for r in data.train.values())
    print(f"{len(data.users)} users, {len(movies)} movies, {n_train} train, {len(data.test)} test")

    model = UserKNN(k=args.neighbours).fit(data.train)
    sizes = [len(n) for n in model.neighbours.values()]
    print(f"neighbours per user: min {min(sizes)} mean {sum(sizes) / len(sizes):.6f} max {max(sizes)}")
    print(f"global mean {model.global_mean:.8f}")

    for name, value in evaluate(model, data.test).items():
        print(f"{name:24} {value:.8f}")

    lists = {}
    for user in data.users:
        lists[user] = model.recommend(user, movies, set(data.train[user]), args.top)
    hits, liked = hit_rate(lists, data.test)
    print(f"hits in the top {args.top}: {hits} of {liked}")

    genre_count: dict[str, int] = defaultdict(int)
    movie_count: dict[int, int] = defaultdict(int)
    for ranked in lists.values():
        for movie, _ in ranked:
            movie_count[movie] += 1
            for genre in titles[movie][1]:
                genre_count[genre] += 1
    print(f"{len(movie_count)} different movies are recommended")
    for genre, n in sorted(genre_count.items(), key=lambda g: (-g[1], g[0])):
        print(f"  {genre:12} {n}")
    print("most recommended")
    for movie, n in sorted(movie_count.items(), key=lambda m: (-m[1], m[0]))[:8]:
        print(f"  {titles[movie][0]:30} {n}")
    for user in data.users[:5]:
        print(f"user {user}")
        for movie, p in lists[user]:
            print(f"  {p:.5f} {titles[movie][0]}")


if __name__ == "__main__":
    main()
