# Recommendations from clicks: Bayesian personalised ranking (Rendle et al. 2009), plain SGD.
#
# The last article of each customer is held out and has to be found among 99 that the customer never clicked.

import math
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent

FACTORS = 12
EPOCHS = 8
LEARNING_RATE = 0.15
DECAY = 0.9
REGULARISATION = 0.01
CANDIDATES = 99
TOP = 10


class ClickData:
    """Clicks with numbers instead of names; `seen` has the articles of every customer, `held_out` the last of them."""

    def __init__(self, path):
        clicks = pd.read_csv(path)
        clicks = clicks.sort_values(["customer", "time"])
        self.customers = sorted(clicks["customer"].unique())
        self.articles = sorted(clicks["article"].unique())
        customer_index = {name: k for k, name in enumerate(self.customers)}
        article_index = {name: k for k, name in enumerate(self.articles)}
        self.seen = [set() for _ in self.customers]
        self.held_out = {}
        self.pairs = []
        for _, click in clicks.iterrows():
            u = customer_index[click["customer"]]
            i = article_index[click["article"]]
            if i in self.seen[u]:
                continue
            self.seen[u].add(i)
            self.pairs.append((u, i))
        for u, i in self.pairs:
            self.held_out[u] = i
        self.train = [(u, i) for u, i in self.pairs if self.held_out[u] != i]

    def popularity(self):
        counts = np.zeros(len(self.articles))
        for _, i in self.train:
            counts[i] += 1
        return counts


class BPR:
    def __init__(self, n_users, n_items, rng):
        self.rng = rng
        self.P = rng.normal(0, 0.1, (n_users, FACTORS))
        self.Q = rng.normal(0, 0.1, (n_items, FACTORS))
        self.bias = np.zeros(n_items)

    def predict(self, u, i):
        return self.bias[i] + np.dot(self.P[u], self.Q[i])

    def step(self, u, i, j, lr):
        """One update: customer u likes article i better than article j. Returns the loss before it."""
        x = self.predict(u, i) - self.predict(u, j)
        g = 1.0 / (1.0 + math.exp(x))
        pu, qi, qj = self.P[u].copy(), self.Q[i].copy(), self.Q[j].copy()
        self.P[u] += lr * (g * (qi - qj) - REGULARISATION * pu)
        self.Q[i] += lr * (g * pu - REGULARISATION * qi)
        self.Q[j] += lr * (-g * pu - REGULARISATION * qj)
        self.bias[i] += lr * (g - REGULARISATION * self.bias[i])
        self.bias[j] += lr * (-g - REGULARISATION * self.bias[j])
        return math.log(1.0 + math.exp(-x))

    def sample_negative(self, seen):
        j = self.rng.integers(len(self.Q))
        while j in seen:
            j = self.rng.integers(len(self.Q))
        return j

    def fit_epoch(self, data, lr):
        total = 0.0
        for k in self.rng.permutation(len(data.train)):
            u, i = data.train[k]
            j = self.sample_negative(data.seen[u])
            total += self.step(u, i, j, lr)
        return total / len(data.train)


def draw_candidates(data, rng):
    """For every customer 99 articles that were never clicked."""
    candidates = []
    for u in range(len(data.customers)):
        unseen = [i for i in range(len(data.articles)) if i not in data.seen[u]]
        candidates.append(rng.choice(unseen, size=CANDIDATES, replace=False))
    return candidates


def evaluate(data, candidates, score):
    hits, ndcg, mrr = [], [], []
    for u in range(len(data.customers)):
        target = score(u, data.held_out[u])
        rank = 1
        for i in candidates[u]:
            if score(u, i) > target:
                rank += 1
        hits.append(1 if rank <= TOP else 0)
        ndcg.append(1 / math.log2(rank + 1) if rank <= TOP else 0.0)
        mrr.append(1 / rank)
    return np.mean(hits), np.mean(ndcg), np.mean(mrr)


def recommend(data, model, u):
    """The best articles that the customer has not clicked yet (the held-out one may come back)."""
    known = data.seen[u] - {data.held_out[u]}
    scores = [(model.predict(u, i), i) for i in range(len(data.articles)) if i not in known]
    scores.sort(reverse=True)
    return scores[:TOP]


data = ClickData(HERE / "data" / "clicks.csv")
print(f"{len(data.customers)} customers, {len(data.articles)} articles, {len(data.train)} pairs to learn from")

rng = np.random.default_rng(7)
candidates = draw_candidates(data, rng)
counts = data.popularity()
hit, ndcg, mrr = evaluate(data, candidates, lambda u, i: counts[i])
print(f"popularity         hit@{TOP} {hit:.4f}  ndcg@{TOP} {ndcg:.4f}  mrr {mrr:.4f}")

model = BPR(len(data.customers), len(data.articles), rng)
lr = LEARNING_RATE
for epoch in range(1, EPOCHS + 1):
    loss = model.fit_epoch(data, lr)
    hit, ndcg, mrr = evaluate(data, candidates, model.predict)
    print(f"epoch {epoch}  loss {loss:.5f}  hit@{TOP} {hit:.4f}  ndcg@{TOP} {ndcg:.4f}  mrr {mrr:.4f}")
    lr *= DECAY

recommended = set()
for u in range(0, len(data.customers), 5):
    recommended.update(i for _, i in recommend(data, model, u))
print(f"articles that are recommended to anyone in the sample: {len(recommended) / len(data.articles):.2%}")
for u in (0, 100, 200):
    names = [f"{data.articles[i]} ({score:.3f})" for score, i in recommend(data, model, u)[:5]]
    print(f"  {data.customers[u]}: {', '.join(names)}")
