"""Which bandit policy would have lost us the fewest conversions? Regret of five policies on a stable and a drifting page."""

import json
import math
import random
from pathlib import Path

from policies import UCB1, Boltzmann, DecayingEpsilon, EpsilonGreedy, Thompson

HERE = Path(__file__).resolve().parent
RATES = [0.042, 0.055, 0.031, 0.078, 0.049, 0.090, 0.065, 0.038]
HORIZON = 3000
RUNS = 40
CHECKPOINTS = 12
POLICIES = [EpsilonGreedy, DecayingEpsilon, UCB1, Boltzmann, Thompson]


class Page:
    """Bernoulli arms; with `drift` the conversion rates swing slowly, every arm in its own phase."""

    def __init__(self, rates, rng, drift=0.0):
        self.rates = rates
        self.rng = rng
        self.drift = drift

    def rates_at(self, t):
        if self.drift == 0.0:
            return self.rates
        n = len(self.rates)
        return [r * (1 + self.drift * math.sin(2 * math.pi * (t / HORIZON + k / n))) for k, r in enumerate(self.rates)]

    def show(self, arm, t):
        """(reward, regret, whether it was the best arm)"""
        rates = self.rates_at(t)
        reward = 1 if self.rng.random() < rates[arm] else 0
        best = max(rates)
        return reward, best - rates[arm], rates[arm] == best


def run(policy_class, seed, drift):
    page = Page(RATES, random.Random(1000 + seed), drift)
    policy = policy_class(len(RATES), random.Random(seed))
    regret, best, won = 0.0, 0, 0
    curve = []
    for t in range(HORIZON):
        arm = policy.choose()
        reward, loss, was_best = page.show(arm, t)
        policy.update(arm, reward)
        regret += loss
        won += reward
        if was_best:
            best += 1
        if (t + 1) % (HORIZON // CHECKPOINTS) == 0:
            curve.append(regret)
    return {"curve": curve, "regret": regret, "best_share": best / HORIZON, "won": won, "counts": policy.counts}


def mean(values):
    return sum(values) / len(values)


def standard_error(values):
    m = mean(values)
    return math.sqrt(sum((v - m) ** 2 for v in values) / (len(values) - 1) / len(values))


def main():
    report = {}
    for title, drift in [("stable", 0.0), ("drifting", 0.6)]:
        print(f"{title} page, {RUNS} runs of {HORIZON} visitors")
        report[title] = {}
        for policy_class in POLICIES:
            runs = [run(policy_class, seed, drift) for seed in range(RUNS)]
            final = [r["regret"] for r in runs]
            curve = [mean([r["curve"][k] for r in runs]) for k in range(CHECKPOINTS)]
            pulls = [mean([r["counts"][arm] for r in runs]) for arm in range(len(RATES))]
            report[title][policy_class.name] = {
                "curve": [round(c, 8) for c in curve],
                "pulls": [round(p, 6) for p in pulls],
                "worst_run": round(max(final), 8),
            }
            print(
                f"  {policy_class.name:<18} regret {mean(final):9.5f} +- {standard_error(final):.5f}"
                f"  best arm {mean([r['best_share'] for r in runs]):.6f}  conversions {mean([r['won'] for r in runs]):.4f}"
            )
        ranking = sorted(report[title], key=lambda name: report[title][name]["curve"][-1])
        print("  ranking:", ", ".join(ranking))

    (HERE / "out").mkdir(exist_ok=True)
    with open(HERE / "out" / "regret.json", "w") as f:
        json.dump(report, f, indent=1)


if __name__ == "__main__":
    main()
