"""Numba for the epochs, which draws from the same Generator; ranks by one product of matrices an epoch."""

import math
from pathlib import Path

import numpy as np
from numba import njit

HERE = Path(__file__).resolve().parent
FACTORS, EPOCHS, LEARNING_RATE, DECAY, REGULARISATION, CANDIDATES, TOP = 12, 8, 0.15, 0.9, 0.01, 99, 10


@njit(cache=True)
def fit_epoch(rng, order, users, items, seen, P, Q, bias, lr):
    total = 0.0
    for k in order:
        u, i = users[k], items[k]
        j = rng.integers(0, len(Q))
        while seen[u, j]:
            j = rng.integers(0, len(Q))
        up, down = 0.0, 0.0
        for f in range(FACTORS):
            up += P[u, f] * Q[i, f]
            down += P[u, f] * Q[j, f]
        x = bias[i] + up - (bias[j] + down)
        g = 1.0 / (1.0 + math.exp(x))
        for f in range(FACTORS):
            p, a, b = P[u, f], Q[i, f], Q[j, f]
            P[u, f] += lr * (g * (a - b) - REGULARISATION * p)
            Q[i, f] += lr * (g * p - REGULARISATION * a)
            Q[j, f] += lr * (-g * p - REGULARISATION * b)
        bias[i] += lr * (g - REGULARISATION * bias[i])
        bias[j] += lr * (-g - REGULARISATION * bias[j])
        total += math.log(1.0 + math.exp(-x))
    return total / len(order)


def evaluate(scores, held_out, candidates):
    rows = np.arange(len(held_out))
    rank = 1 + (scores[rows[:, None], candidates] > scores[rows, held_out][:, None]).sum(axis=1)
    hits = rank <= TOP
    return hits.mean(), np.where(hits, 1 / np.log2(rank + 1), 0).mean(), (1 / rank).mean()


def main():
    fields = (HERE / "data" / "clicks.csv").read_text().partition("\n")[2].replace("\n", ",").split(",")
    customers, users = np.unique(fields[0:-1:3], return_inverse=True)
    articles, items = np.unique(fields[1:-1:3], return_inverse=True)
    n, m = len(customers), len(articles)
    order = np.lexsort((np.array(fields[2:-1:3], dtype=int), users))
    first = np.sort(np.unique((users * m + items)[order], return_index=True)[1])  # an article once a customer
    users, items = users[order[first]], items[order[first]]
    seen = np.zeros((n, m), dtype=bool)
    seen[users, items] = True
    held_out = items[np.cumsum(np.bincount(users, minlength=n)) - 1]
    train = held_out[users] != items
    users, items = users[train], items[train]
    print(f"{n} customers, {m} articles, {len(users)} pairs to learn from")

    rng = np.random.default_rng(7)
    candidates = np.array([rng.choice(np.flatnonzero(~row), size=CANDIDATES, replace=False) for row in seen])
    counts = np.bincount(items, minlength=m)
    hit, ndcg, mrr = evaluate(np.broadcast_to(counts, (n, m)), held_out, candidates)
    print(f"popularity         hit@{TOP} {hit:.4f}  ndcg@{TOP} {ndcg:.4f}  mrr {mrr:.4f}")

    P, Q, bias = rng.normal(0, 0.1, (n, FACTORS)), rng.normal(0, 0.1, (m, FACTORS)), np.zeros(m)
    for epoch in range(EPOCHS):
        lr = LEARNING_RATE * DECAY**epoch
        loss = fit_epoch(rng, rng.permutation(len(users)), users, items, seen, P, Q, bias, lr)
        scores = P @ Q.T + bias
        hit, ndcg, mrr = evaluate(scores, held_out, candidates)
        print(f"epoch {epoch + 1}  loss {loss:.5f}  hit@{TOP} {hit:.4f}  ndcg@{TOP} {ndcg:.4f}  mrr {mrr:.4f}")

    seen[np.arange(n), held_out] = False
    scores[seen] = -np.inf
    best = np.argsort(-scores, axis=1)[:, :TOP]
    print(f"articles that are recommended to anyone in the sample: {len(np.unique(best[::5])) / m:.2%}")
    for u in (0, 100, 200):
        names = [f"{articles[i]} ({scores[u, i]:.3f})" for i in best[u, :5]]
        print(f"  {customers[u]}: {', '.join(names)}")


if __name__ == "__main__":
    main()
