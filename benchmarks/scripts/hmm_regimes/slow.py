"""Market regimes: a hidden Markov model with Gaussian output, learned with the Baum-Welch algorithm.

The market is the mean of all stocks' daily log returns (in per cent). Plain Python, scaled forward and backward passes.
"""
import csv
import json
import math
import os
import random

HERE = os.path.dirname(os.path.abspath(__file__))


def read_market(path):
    with open(path) as f:
        reader = csv.reader(f)
        header = next(reader)
        dates = []
        prices = []
        for row in reader:
            dates.append(row[0])
            prices.append([float(p) for p in row[1:]])
    returns = []
    for t in range(1, len(prices)):
        total = 0
        for i in range(len(header) - 1):
            total += math.log(prices[t][i] / prices[t - 1][i])
        returns.append(100 * total / (len(header) - 1))
    return dates[1:], returns


def gaussian(x, mean, var):
    return math.exp(-(x - mean) ** 2 / (2 * var)) / math.sqrt(2 * math.pi * var)


class HMM:
    def __init__(self, n_states, seed):
        self.n = n_states
        self.random = random.Random(seed)

    def initialise(self, obs):
        n = self.n
        mean = sum(obs) / len(obs)
        var = sum((x - mean) ** 2 for x in obs) / len(obs)
        self.start = [1 / n] * n
        self.trans = [[0.9 if i == j else 0.1 / (n - 1) for j in range(n)] for i in range(n)]
        self.mean = [mean + self.random.gauss(0, 0.1) for _ in range(n)]
        self.var = [var * (0.3 + 1.5 * i / n) * self.random.uniform(0.8, 1.2) for i in range(n)]

    def emissions(self, obs):
        return [[gaussian(x, self.mean[i], self.var[i]) + 1e-300 for i in range(self.n)] for x in obs]

    def forward(self, b):
        T = len(b)
        alpha = [[0.0] * self.n for _ in range(T)]
        scale = [0.0] * T
        for i in range(self.n):
            alpha[0][i] = self.start[i] * b[0][i]
        scale[0] = sum(alpha[0])
        for i in range(self.n):
            alpha[0][i] /= scale[0]
        for t in range(1, T):
            for j in range(self.n):
                total = 0.0
                for i in range(self.n):
                    total += alpha[t - 1][i] * self.trans[i][j]
                alpha[t][j] = total * b[t][j]
            scale[t] = sum(alpha[t])
            for j in range(self.n):
                alpha[t][j] /= scale[t]
        return alpha, scale

    def backward(self, b, scale):
        T = len(b)
        beta = [[1.0] * self.n for _ in range(T)]
        for t in range(T - 2, -1, -1):
            for i in range(self.n):
                total = 0.0
                for j in range(self.n):
                    total += self.trans[i][j] * b[t + 1][j] * beta[t + 1][j]
                beta[t][i] = total / scale[t + 1]
        return beta

    def step(self, obs):
        """one round of expectation and maximisation; returns the log likelihood before it"""
        n, T = self.n, len(obs)
        b = self.emissions(obs)
        alpha, scale = self.forward(b)
        beta = self.backward(b, scale)
        gamma = [[alpha[t][i] * beta[t][i] for i in range(n)] for t in range(T)]
        xi = [[0.0] * n for _ in range(n)]
        for t in range(T - 1):
            for i in range(n):
                for j in range(n):
                    xi[i][j] += alpha[t][i] * self.trans[i][j] * b[t + 1][j] * beta[t + 1][j] / scale[t + 1]
        self.start = gamma[0][:]
        for i in range(n):
            row = sum(xi[i])
            self.trans[i] = [x / row for x in xi[i]]
            weight = sum(gamma[t][i] for t in range(T))
            self.mean[i] = sum(gamma[t][i] * obs[t] for t in range(T)) / weight
            self.var[i] = sum(gamma[t][i] * (obs[t] - self.mean[i]) ** 2 for t in range(T)) / weight
            self.var[i] = max(self.var[i], 1e-4)
        return sum(math.log(s) for s in scale)

    def fit(self, obs, rounds, tolerance=1e-3):
        self.initialise(obs)
        self.history = []
        for k in range(rounds):
            self.history.append(self.step(obs))
            if k > 0 and self.history[-1] - self.history[-2] < tolerance:
                break
        # calm regime first
        order = sorted(range(self.n), key=lambda i: self.var[i])
        self.start = [self.start[i] for i in order]
        self.mean = [self.mean[i] for i in order]
        self.var = [self.var[i] for i in order]
        self.trans = [[self.trans[i][j] for j in order] for i in order]
        return self

    def viterbi(self, obs):
        delta = []
        back = []
        first = []
        for i in range(self.n):
            first.append(math.log(self.start[i] + 1e-300) + math.log(gaussian(obs[0], self.mean[i], self.var[i]) + 1e-300))
        delta.append(first)
        back.append([0] * self.n)
        for t in range(1, len(obs)):
            row, pointers = [], []
            for j in range(self.n):
                scores = [delta[t - 1][i] + math.log(self.trans[i][j] + 1e-300) for i in range(self.n)]
                best = max(scores)
                pointers.append(scores.index(best))
                row.append(best + math.log(gaussian(obs[t], self.mean[j], self.var[j]) + 1e-300))
            delta.append(row)
            back.append(pointers)
        path = [delta[-1].index(max(delta[-1]))]
        for t in range(len(obs) - 1, 0, -1):
            path.insert(0, back[t][path[0]])
        return path, max(delta[-1])


def regime_runs(path):
    runs = []
    begin = 0
    for t in range(1, len(path) + 1):
        if t == len(path) or path[t] != path[begin]:
            runs.append((path[begin], begin, t))
            begin = t
    return runs


def worst_drawdown(returns):
    value = peak = 0.0
    worst = 0.0
    for r in returns:
        value += r
        peak = max(peak, value)
        worst = min(worst, value - peak)
    return worst


dates, returns = read_market(os.path.join(HERE, "data", "prices.csv"))
print(len(returns), "days,", dates[0], "to", dates[-1])

models = []
for n_states in (2, 3, 4):
    model = HMM(n_states, seed=5).fit(returns, rounds=70)
    parameters = n_states * n_states + 2 * n_states - 1
    bic = parameters * math.log(len(returns)) - 2 * model.history[-1]
    print(f"{n_states} states: {len(model.history)} rounds, log likelihood {model.history[0]:.4f} -> {model.history[-1]:.4f}, BIC {bic:.4f}")
    models.append((bic, model))
model = min(models, key=lambda m: m[0])[1]

print("\nstate    mean     std.  stay    days expected")
for i in range(model.n):
    print(f"{i:5d} {model.mean[i]:+.5f} {math.sqrt(model.var[i]):.5f} {model.trans[i][i]:.5f} {1 / (1 - model.trans[i][i]):9.4f}")
print("transitions")
for row in model.trans:
    print("  " + " ".join(f"{p:.5f}" for p in row))

path, best = model.viterbi(returns)
print(f"\nViterbi path: log probability {best:.4f}")
runs = regime_runs(path)
for i in range(model.n):
    own = [returns[t] for t in range(len(path)) if path[t] == i]
    lengths = [end - begin for state, begin, end in runs if state == i]
    if not own:
        continue
    mean = sum(own) / len(own)
    std = math.sqrt(sum((r - mean) ** 2 for r in own) / len(own))
    skew = sum((r - mean) ** 3 for r in own) / len(own) / std ** 3 if std > 0 else 0.0
    print(f"state {i}: {len(own)} days in {len(lengths)} runs (longest {max(lengths)}), yearly return {252 * mean:.4f}, "
          f"volatility {math.sqrt(252) * std:.4f}, skewness {skew:.4f}, drawdown {worst_drawdown(own):.4f}")

print("\nlongest runs")
for state, begin, end in sorted(runs, key=lambda r: (r[1] - r[2], r[1]))[:8]:
    print(f"  {dates[begin]} to {dates[end - 1]}  {end - begin:4d} days of state {state}, {sum(returns[begin:end]):+.4f} %")

print("\nshare of days by year")
for year in sorted(set(d[:4] for d in dates)):
    days = [t for t in range(len(dates)) if dates[t].startswith(year)]
    shares = [sum(1 for t in days if path[t] == i) / len(days) for i in range(model.n)]
    print(f"  {year} {len(days):4d}  " + " ".join(f"{s:.4f}" for s in shares))

os.makedirs(os.path.join(HERE, "out"), exist_ok=True)
with open(os.path.join(HERE, "out", "model.json"), "w") as f:
    json.dump({"mean": [round(m, 5) for m in model.mean], "var": [round(v, 5) for v in model.var],
               "runs": [[state, dates[begin], end - begin] for state, begin, end in runs]}, f, indent=1)
