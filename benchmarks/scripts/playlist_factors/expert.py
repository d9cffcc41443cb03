"""Numba for the descent, matrix products and a partial sort for the rankings.

Dot products are summed in another order than in slow.py; the last bits differ.
"""

import csv
import math
from pathlib import Path

import numpy as np
from numba import njit

DATA = Path(__file__).resolve().parent / "data" / "ratings.csv"
FACTORS, EPOCHS, REG, TOP = 12, 25, 0.06, 10


@njit(cache=True)
def epoch_of(order, user, item, stars, mu, bu, bi, P, Q, lr, reg):
    squared = 0.0
    for k in order:
        u, i = user[k], item[k]
        dot = 0.0
        for f in range(P.shape[1]):
            dot += P[u, f] * Q[i, f]
        error = stars[k] - (mu + bu[u] + bi[i] + dot)
        squared += error * error
        bu[u] += lr * (error - reg * bu[u])
        bi[i] += lr * (error - reg * bi[i])
        for f in range(P.shape[1]):
            p = P[u, f]
            P[u, f] += lr * (error * Q[i, f] - reg * p)
            Q[i, f] += lr * (error * p - reg * Q[i, f])
    return squared


def main():
    with open(DATA, newline="") as f:
        rows = list(csv.reader(f))[1:]
    rows = sorted((r[0], int(r[3]), r[1], float(r[2])) for r in rows)  # by listener, then day, then playlist
    listeners, user = np.unique([r[0] for r in rows], return_inverse=True)
    playlists, item = np.unique([r[2] for r in rows], return_inverse=True)
    stars = np.array([r[3] for r in rows])
    count = np.bincount(user)
    place = np.arange(len(rows)) - (np.cumsum(count) - count)[user]
    train = place < (count - (count * 0.2).astype(int))[user]
    known = np.unique(item[train])  # playlists that only the held-out part has get no factors
    number = np.full(len(playlists), len(known))
    number[known] = np.arange(len(known))
    item, playlists = number[item], playlists[known]
    u, i, y = user[train], item[train], stars[train]
    tu, ti, ty = user[~train], item[~train], stars[~train]
    print(f"playlists: {len(rows)} ratings, {len(y)} to learn from, {len(ty)} held out")

    rng = np.random.default_rng(42)
    mu, lr = y.sum() / len(y), 0.02
    bu, bi = np.zeros(len(listeners)), np.zeros(len(playlists))
    P, Q = rng.normal(0, 0.1, (len(bu), FACTORS)), rng.normal(0, 0.1, (len(bi), FACTORS))

    def rmse():
        b, q = np.append(bi, 0.0), np.vstack([Q, np.zeros(FACTORS)])
        value = mu + bu[tu] + b[ti] + np.einsum("nf,nf->n", P[tu], q[ti])
        return math.sqrt(((ty - np.clip(value, 1, 5)) ** 2).mean())

    for epoch in range(1, EPOCHS + 1):
        squared = epoch_of(rng.permutation(len(y)), u, i, y, mu, bu, bi, P, Q, lr, REG)
        lr *= 0.95
        print(f"playlists: epoch {epoch:2d}  train {math.sqrt(squared / len(y)):.5f}  held out {rmse():.5f}")

    mean = np.append(np.bincount(i, y) / np.bincount(i), mu)
    print(f"playlists: mean of the playlist {math.sqrt(((ty - mean[ti]) ** 2).mean()):.5f}, model {rmse():.5f}")

    scores = mu + bu[:, None] + bi + P @ Q.T
    scores[u, i] = -np.inf
    top = np.argpartition(-scores, TOP, axis=1)[:, :TOP]
    top = np.take_along_axis(top, np.argsort(-np.take_along_axis(scores, top, axis=1), axis=1), axis=1)
    liked = np.zeros((len(bu), len(bi) + 1), dtype=bool)
    liked[tu[ty >= 4], ti[ty >= 4]] = True
    # A liked playlist without factors counts as one that cannot be hit; each is another one.
    lost = np.bincount(tu[(ty >= 4) & (ti == len(bi))], minlength=len(bu))
    good = liked[:, :-1].sum(axis=1) + lost
    has = good > 0
    hits, good = np.take_along_axis(liked, top, axis=1)[has], good[has]
    discount = 1 / np.log2(np.arange(TOP) + 2)
    ideal = np.cumsum(discount)[np.minimum(TOP, good) - 1]
    first = np.where(hits.any(axis=1), 1 / (hits.argmax(axis=1) + 1), 0.0)
    shown = np.bincount(top.ravel(), minlength=len(bi))
    print(f"playlists: {'listeners':13s} {len(good)}")
    for name, value in (("precision@10", hits.sum(axis=1).mean() / TOP), ("recall@10", (hits.sum(axis=1) / good).mean()),
                        ("ndcg@10", (hits @ discount / ideal).mean()), ("mrr", first.mean()), ("coverage", (shown > 0).mean())):
        print(f"playlists: {name:13s} {value:.5f}")

    print("shown most often")
    for k in np.argsort(-shown, kind="stable")[:10]:
        print(f"  {playlists[k]} {shown[k]:4d}  bias {bi[k]:+.4f}")
    print("most alike (cosine of the factors)")
    unit = Q / np.linalg.norm(Q, axis=1, keepdims=True)
    cosine = unit[:8] @ unit.T
    np.fill_diagonal(cosine, -2.0)
    for k, row in enumerate(cosine):
        print(f"  {playlists[k]} {playlists[row.argmax()]} {row.max():.4f}")


if __name__ == "__main__":
    main()
