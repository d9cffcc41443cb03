"""Numba for the forward, backward and Viterbi recursions, NumPy for emissions and sums.

Sums run in another order than in slow.py; the last bits differ.
"""

import csv
import json
import math
import random
from pathlib import Path

import numpy as np
from numba import njit

HERE = Path(__file__).resolve().parent
TINY = 1e-300


@njit(cache=True)
def expectation(start, trans, b):
    """Posterior of the states, expected transitions, log likelihood; scaled passes."""
    T, n = b.shape
    alpha, scale, gamma, xi = np.empty((T, n)), np.empty(T), np.empty((T, n)), np.zeros((n, n))
    for t in range(T):
        total = 0.0
        for j in range(n):
            a = start[j]
            if t:
                a = 0.0
                for i in range(n):
                    a += alpha[t - 1, i] * trans[i, j]
            alpha[t, j] = a * b[t, j]
            total += alpha[t, j]
        scale[t] = total
        for j in range(n):
            alpha[t, j] /= total
    beta, ahead = np.ones(n), np.empty(n)
    gamma[T - 1] = alpha[T - 1]
    for t in range(T - 2, -1, -1):
        for j in range(n):
            ahead[j] = b[t + 1, j] * beta[j] / scale[t + 1]
        for i in range(n):
            total = 0.0
            for j in range(n):
                move = trans[i, j] * ahead[j]
                total += move
                xi[i, j] += alpha[t, i] * move
            beta[i] = total
            gamma[t, i] = alpha[t, i] * total
    return gamma, xi, np.log(scale).sum()


@njit(cache=True)
def viterbi(start, trans, b):
    T, n = b.shape
    back, delta, new = np.zeros((T, n), dtype=np.int64), start + b[0], np.empty(n)
    for t in range(1, T):
        for j in range(n):
            best = 0
            for i in range(1, n):
                if delta[i] + trans[i, j] > delta[best] + trans[best, j]:
                    best = i
            back[t, j] = best
            new[j] = delta[best] + trans[best, j] + b[t, j]
        delta[:] = new
    path = np.empty(T, dtype=np.int64)
    path[T - 1] = np.argmax(delta)
    for t in range(T - 1, 0, -1):
        path[t - 1] = back[t, path[t]]
    return path, delta.max()


def density(obs, mean, var):
    return np.exp(-((obs[:, None] - mean) ** 2) / (2 * var)) / np.sqrt(2 * np.pi * var) + TINY


def fit(obs, n, seed, rounds=70, tolerance=1e-3):
    draw = random.Random(seed)
    start, trans = np.full(n, 1 / n), np.full((n, n), 0.1 / (n - 1))
    np.fill_diagonal(trans, 0.9)
    mean = obs.mean() + np.array([draw.gauss(0, 0.1) for _ in range(n)])
    var = obs.var() * np.array([(0.3 + 1.5 * i / n) * draw.uniform(0.8, 1.2) for i in range(n)])
    history = []
    while len(history) < rounds:
        gamma, xi, likelihood = expectation(start, trans, density(obs, mean, var))
        weight = gamma.sum(axis=0)
        start, trans, mean = gamma[0], xi / xi.sum(axis=1, keepdims=True), obs @ gamma / weight
        var = np.maximum(((obs[:, None] - mean) ** 2 * gamma).sum(axis=0) / weight, 1e-4)
        history.append(likelihood)
        if len(history) > 1 and history[-1] - history[-2] < tolerance:
            break
    order = np.argsort(var, kind="stable")
    return start[order], trans[np.ix_(order, order)], mean[order], var[order], history


def main():
    with open(HERE / "data" / "prices.csv", newline="") as f:
        rows = list(csv.reader(f))[1:]
    dates = [r[0] for r in rows[1:]]
    returns = 100 * np.diff(np.log(np.array([r[1:] for r in rows], dtype=float)), axis=0).mean(axis=1)
    print(len(returns), "days,", dates[0], "to", dates[-1])

    models = []
    for n in (2, 3, 4):
        model = fit(returns, n, seed=5)
        history = model[-1]
        bic = (n * n + 2 * n - 1) * math.log(len(returns)) - 2 * history[-1]
        print(f"{n} states: {len(history)} rounds, log likelihood {history[0]:.4f} -> {history[-1]:.4f}, BIC {bic:.4f}")
        models.append((bic, model))
    start, trans, mean, var, _ = min(models, key=lambda m: m[0])[1]
    n = len(mean)

    print("\nstate    mean     std.  stay    days expected")
    for i in range(n):
        print(f"{i:5d} {mean[i]:+.5f} {math.sqrt(var[i]):.5f} {trans[i, i]:.5f} {1 / (1 - trans[i, i]):9.4f}")
    print("transitions")
    for row in trans:
        print("  " + " ".join(f"{p:.5f}" for p in row))

    path, best = viterbi(np.log(start + TINY), np.log(trans + TINY), np.log(density(returns, mean, var) + TINY))
    print(f"\nViterbi path: log probability {best:.4f}")
    begin = np.flatnonzero(np.diff(path, prepend=-1))
    length, state = np.diff(begin, append=len(path)), path[begin]
    for i in range(n):
        own = returns[path == i]
        if not len(own):
            continue
        m, std = own.mean(), own.std()
        skew = ((own - m) ** 3).mean() / std**3 if std > 0 else 0.0
        value = np.cumsum(own)
        drawdown = min(0.0, (value - np.maximum(0.0, np.maximum.accumulate(value))).min())
        print(f"state {i}: {len(own)} days in {(state == i).sum()} runs (longest {length[state == i].max()}), "
              f"yearly return {252 * m:.4f}, volatility {math.sqrt(252) * std:.4f}, "
              f"skewness {skew:.4f}, drawdown {drawdown:.4f}")

    print("\nlongest runs")
    for k in np.argsort(-length, kind="stable")[:8]:
        b, e = begin[k], begin[k] + length[k]
        print(f"  {dates[b]} to {dates[e - 1]}  {length[k]:4d} days of state {state[k]}, {returns[b:e].sum():+.4f} %")

    print("\nshare of days by year")
    years = np.array([d[:4] for d in dates])
    for year in np.unique(years):
        counts = np.bincount(path[years == year], minlength=n)
        print(f"  {year} {counts.sum():4d}  " + " ".join(f"{s:.4f}" for s in counts / counts.sum()))

    (HERE / "out").mkdir(exist_ok=True)
    runs = [[int(s), dates[b], int(size)] for s, b, size in zip(state, begin, length, strict=True)]
    with open(HERE / "out" / "model.json", "w") as f:
        json.dump({"mean": [round(m, 5) for m in mean.tolist()], "var": [round(v, 5) for v in var.tolist()], "runs": runs}, f,
                  indent=1)


if __name__ == "__main__":
    main()
