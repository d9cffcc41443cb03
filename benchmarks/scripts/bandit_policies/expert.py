"""The simulation compiled by Numba (cached), a kernel for all policies, with Python's own Mersenne Twister written out.

Every run's generator starts from the state of random.Random(seed), so all draws, also those of randrange and betavariate
(Cheng's method, as in the random module of Python 3.11), and with them all choices are slow.py's. The means over the runs are
summed in another order.
"""

import json
import math
import random
from pathlib import Path

import numpy as np
from numba import njit

HERE = Path(__file__).resolve().parent
RATES = [0.042, 0.055, 0.031, 0.078, 0.049, 0.090, 0.065, 0.038]
HORIZON, RUNS, CHECKPOINTS = 3000, 40, 12
POLICIES = ["epsilon-greedy", "decaying epsilon", "UCB1", "softmax", "Thompson"]
LOG4 = math.log(4.0)
SG_MAGICCONST = 1.0 + math.log(4.5)


@njit(cache=True)
def word(s):
    """The next 32 bits; s holds the 624 words of the state and the place."""
    at = s[624]
    if at >= 624:
        for k in range(624):
            y = (s[k] & 0x80000000) | (s[k + 1 if k < 623 else 0] & 0x7FFFFFFF)
            s[k] = s[k + 397 if k < 227 else k - 227] ^ (y >> 1) ^ ((y & 1) * 0x9908B0DF)
        at = 0
    y = s[at]
    s[624] = at + 1
    y ^= y >> 11
    y ^= (y << 7) & 0x9D2C5680
    y ^= (y << 15) & 0xEFC60000
    return y ^ (y >> 18)


@njit(cache=True)
def uniform(s):
    a = word(s) >> 5
    b = word(s) >> 6
    return (a * 67108864.0 + b) * (1.0 / 9007199254740992.0)


@njit(cache=True)
def below(s, n):
    bits = 0
    while (n >> bits) > 0:
        bits += 1
    r = word(s) >> (32 - bits)
    while r >= n:
        r = word(s) >> (32 - bits)
    return r


@njit(cache=True)
def gamma(s, alpha):
    if alpha == 1.0:
        return -math.log(1.0 - uniform(s))
    ainv = math.sqrt(2.0 * alpha - 1.0)
    bbb = alpha - LOG4
    ccc = alpha + ainv
    while True:
        u1 = uniform(s)
        if not 1e-7 < u1 < 0.9999999:
            continue
        u2 = 1.0 - uniform(s)
        v = math.log(u1 / (1.0 - u1)) / ainv
        x = alpha * math.exp(v)
        z = u1 * u1 * u2
        r = bbb + ccc * v - x
        if r + SG_MAGICCONST - 4.5 * z >= 0.0 or r >= math.log(z):
            return x


@njit(cache=True)
def highest(x):
    place = 0
    for k in range(1, len(x)):
        if x[k] > x[place]:
            place = k
    return place


@njit("void(int64, int64[::1], int64[::1], float64[:,::1], int64[::1], float64[::1], int64[::1], int64[::1])", cache=True)
def simulate(policy, mine, page, rates, top_arm, curve, counts, totals):
    horizon, n = rates.shape
    every = horizon // len(curve)
    means, wins, scores = np.zeros(n), np.ones(n), np.empty(n)
    regret = 0.0
    for t in range(horizon):
        arm = -1
        if policy <= 1:
            epsilon = 0.1 if policy == 0 else min(1.0, 5.0 * n / (t + 1))
            arm = below(mine, n) if uniform(mine) < epsilon else highest(means)
        elif policy == 2:
            for k in range(n):
                if counts[k] == 0:
                    arm = k
                    break
            if arm < 0:
                double = 2 * math.log(t)
                for k in range(n):
                    scores[k] = means[k] + math.sqrt(double / counts[k])
                arm = highest(scores)
        elif policy == 3:
            top, mass = means[highest(means)], 0.0
            for k in range(n):
                scores[k] = math.exp((means[k] - top) / 0.05)
                mass += scores[k]
            u = uniform(mine) * mass
            arm = n - 1
            for k in range(n):
                u -= scores[k]
                if u < 0:
                    arm = k
                    break
        else:
            for k in range(n):
                y = gamma(mine, wins[k])
                scores[k] = y / (y + gamma(mine, counts[k] - wins[k] + 2.0)) if y else 0.0
            arm = highest(scores)

        rate = rates[t, arm]
        best = rates[t, top_arm[t]]
        reward = 1 if uniform(page) < rate else 0
        counts[arm] += 1
        means[arm] += (reward - means[arm]) / counts[arm]
        wins[arm] += reward
        regret += best - rate
        totals[0] += rate == best
        totals[1] += reward
        if (t + 1) % every == 0:
            curve[t // every] = regret


def state(seed):
    return np.array(random.Random(seed).getstate()[1], dtype=np.int64)


def main():
    n = len(RATES)
    mine = [state(seed) for seed in range(RUNS)]
    theirs = [state(1000 + seed) for seed in range(RUNS)]
    report = {}
    for title, drift in [("stable", 0.0), ("drifting", 0.6)]:
        print(f"{title} page, {RUNS} runs of {HORIZON} visitors")
        rates = np.tile(np.array(RATES), (HORIZON, 1))
        if drift:
            swing = [
                [1 + drift * math.sin(2 * math.pi * (t / HORIZON + k / n)) for k in range(n)] for t in range(HORIZON)
            ]
            rates = rates * np.array(swing)
        top_arm = rates.argmax(axis=1)
        report[title] = {}
        for policy, name in enumerate(POLICIES):
            curves = np.zeros((RUNS, CHECKPOINTS))
            counts = np.zeros((RUNS, n), dtype=np.int64)
            totals = np.zeros((RUNS, 2), dtype=np.int64)
            for k in range(RUNS):
                simulate(policy, mine[k].copy(), theirs[k].copy(), rates, top_arm, curves[k], counts[k], totals[k])
            final = curves[:, -1]
            report[title][name] = {
                "curve": [round(c, 8) for c in curves.mean(axis=0).tolist()],
                "pulls": [round(p, 6) for p in counts.mean(axis=0).tolist()],
                "worst_run": round(float(final.max()), 8),
            }
            best, won = (totals[:, 0] / HORIZON).mean(), totals[:, 1].mean()
            print(
                f"  {name:<18} regret {final.mean():9.5f} +- {final.std(ddof=1) / math.sqrt(RUNS):.5f}"
                f"  best arm {best:.6f}  conversions {won:.4f}"
            )
        ranking = sorted(report[title], key=lambda name: report[title][name]["curve"][-1])
        print("  ranking:", ", ".join(ranking))

    (HERE / "out").mkdir(exist_ok=True)
    with open(HERE / "out" / "regret.json", "w") as f:
        json.dump(report, f, indent=1)


if __name__ == "__main__":
    main()
