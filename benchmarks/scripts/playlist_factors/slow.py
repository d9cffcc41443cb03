"""Which playlists will a listener like? Matrix factorisation with biases (Funk SVD), learned by SGD.

The last ratings of each listener (by day) are held out. Reports RMSE by epoch, precision, recall, NDCG and coverage at 10.
"""
import csv
import logging
import math
import os
import sys
from typing import Dict, List, NamedTuple, Tuple

import numpy as np

logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s", stream=sys.stdout)
log = logging.getLogger("playlists")


class Rating(NamedTuple):
    listener: str
    playlist: str
    stars: float
    day: int


def read_ratings(path: str) -> List[Rating]:
    ratings = []
    with open(path, newline="") as f:
        for row in csv.DictReader(f):
            ratings.append(Rating(row["listener"], row["playlist"], float(row["stars"]), int(row["day"])))
    return ratings


def split(ratings: List[Rating], share: float = 0.2) -> Tuple[List[Rating], List[Rating]]:
    by_listener: Dict[str, List[Rating]] = {}
    for r in ratings:
        by_listener.setdefault(r.listener, []).append(r)
    train, test = [], []
    for listener in sorted(by_listener):
        own = sorted(by_listener[listener], key=lambda r: (r.day, r.playlist))
        n_test = int(len(own) * share)
        train.extend(own[:len(own) - n_test])
        test.extend(own[len(own) - n_test:])
    return train, test


class FactorModel:
    """r_ui = mu + b_u + b_i + p_u . q_i"""

    def __init__(self, n_factors=12, n_epochs=25, lr=0.02, reg=0.06, seed=0):
        self.n_factors = n_factors
        self.n_epochs = n_epochs
        self.lr = lr
        self.reg = reg
        self.rng = np.random.default_rng(seed)

    def fit(self, train: List[Rating], test: List[Rating]):
        self.users = {u: k for k, u in enumerate(sorted(set(r.listener for r in train)))}
        self.items = {i: k for k, i in enumerate(sorted(set(r.playlist for r in train)))}
        self.mu = sum(r.stars for r in train) / len(train)
        self.bu = np.zeros(len(self.users))
        self.bi = np.zeros(len(self.items))
        self.P = self.rng.normal(0, 0.1, (len(self.users), self.n_factors))
        self.Q = self.rng.normal(0, 0.1, (len(self.items), self.n_factors))
        lr = self.lr
        self.history = []
        for epoch in range(self.n_epochs):
            order = self.rng.permutation(len(train))
            squared = 0.0
            for k in order:
                r = train[k]
                u = self.users[r.listener]
                i = self.items[r.playlist]
                error = r.stars - (self.mu + self.bu[u] + self.bi[i] + np.dot(self.P[u], self.Q[i]))
                squared += error ** 2
                self.bu[u] += lr * (error - self.reg * self.bu[u])
                self.bi[i] += lr * (error - self.reg * self.bi[i])
                p = self.P[u].copy()
                self.P[u] += lr * (error * self.Q[i] - self.reg * self.P[u])
                self.Q[i] += lr * (error * p - self.reg * self.Q[i])
            lr *= 0.95
            held_out = self.rmse(test)
            self.history.append((math.sqrt(squared / len(train)), held_out))
            log.info("epoch %2d  train %.5f  held out %.5f", epoch + 1, *self.history[-1])
        return self

    def predict(self, listener: str, playlist: str) -> float:
        value = self.mu
        if listener in self.users:
            value += self.bu[self.users[listener]]
        if playlist in self.items:
            value += self.bi[self.items[playlist]]
        if listener in self.users and playlist in self.items:
            value += np.dot(self.P[self.users[listener]], self.Q[self.items[playlist]])
        return min(5.0, max(1.0, value))

    def rmse(self, ratings: List[Rating]) -> float:
        return math.sqrt(sum((r.stars - self.predict(r.listener, r.playlist)) ** 2 for r in ratings) / len(ratings))

    def recommend(self, listener: str, seen, n: int) -> List[str]:
        scores = []
        u = self.users[listener]
        for playlist, i in self.items.items():
            if playlist in seen:
                continue
            scores.append((self.mu + self.bu[u] + self.bi[i] + np.dot(self.P[u], self.Q[i]), playlist))
        scores.sort(reverse=True)
        return [playlist for _, playlist in scores[:n]]


def ranking_metrics(model: FactorModel, train: List[Rating], test: List[Rating], n: int = 10):
    seen: Dict[str, set] = {}
    liked: Dict[str, set] = {}
    for r in train:
        seen.setdefault(r.listener, set()).add(r.playlist)
    for r in test:
        if r.stars >= 4:
            liked.setdefault(r.listener, set()).add(r.playlist)
    precisions, recalls, ndcgs, reciprocal = [], [], [], []
    shown: Dict[str, int] = {}
    for listener in sorted(model.users):
        top = model.recommend(listener, seen[listener], n)
        for playlist in top:
            shown[playlist] = shown.get(playlist, 0) + 1
        if listener not in liked:
            continue
        good = liked[listener]
        hits = [1 if playlist in good else 0 for playlist in top]
        precisions.append(sum(hits) / n)
        recalls.append(sum(hits) / len(good))
        dcg = sum(h / math.log2(rank + 2) for rank, h in enumerate(hits))
        ideal = sum(1 / math.log2(rank + 2) for rank in range(min(n, len(good))))
        ndcgs.append(dcg / ideal)
        reciprocal.append(1 / (hits.index(1) + 1) if 1 in hits else 0.0)
    m = len(precisions)
    return {
        "listeners": m,
        "precision@10": sum(precisions) / m,
        "recall@10": sum(recalls) / m,
        "ndcg@10": sum(ndcgs) / m,
        "mrr": sum(reciprocal) / m,
        "coverage": len(shown) / len(model.items),
    }, shown


def main():
    folder = os.path.dirname(os.path.abspath(__file__))
    ratings = read_ratings(os.path.join(folder, "data", "ratings.csv"))
    train, test = split(ratings)
    log.info("%d ratings, %d to learn from, %d held out", len(ratings), len(train), len(test))
    model = FactorModel(seed=42).fit(train, test)

    # how much better than the mean of the playlist?
    sums: Dict[str, List[float]] = {}
    for r in train:
        sums.setdefault(r.playlist, []).append(r.stars)
    base = 0.0
    for r in test:
        own = sums.get(r.playlist, [model.mu])
        base += (r.stars - sum(own) / len(own)) ** 2
    log.info("mean of the playlist %.5f, model %.5f", math.sqrt(base / len(test)), model.rmse(test))

    metrics, shown = ranking_metrics(model, train, test)
    for name, value in metrics.items():
        log.info("%-13s %s", name, value if isinstance(value, int) else "%.5f" % value)

    print("shown most often")
    for playlist, count in sorted(shown.items(), key=lambda p: (-p[1], p[0]))[:10]:
        print(f"  {playlist} {count:4d}  bias {model.bi[model.items[playlist]]:+.4f}")
    print("most alike (cosine of the factors)")
    names = sorted(model.items)
    for name in names[:8]:
        a = model.Q[model.items[name]]
        best, other = -2.0, None
        for candidate in names:
            if candidate == name:
                continue
            b = model.Q[model.items[candidate]]
            cosine = np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b))
            if cosine > best:
                best, other = cosine, candidate
        print(f"  {name} {other} {best:.4f}")


if __name__ == "__main__":
    main()
