"""Patients sorted by time once a group: numbers at risk are searches, curves cumulative products, pairs counted by row."""

import csv
import math
from pathlib import Path

import numpy as np


def counts(time, died, at):
    """Numbers at risk and deaths at the times `at`."""
    ordered, deaths = np.sort(time), np.sort(time[died])
    at_risk = len(time) - np.searchsorted(ordered, at)
    return at_risk, np.searchsorted(deaths, at, side="right") - np.searchsorted(deaths, at)


class Curve:
    def __init__(self, time, died):
        self.time = np.unique(time[died])
        n, d = counts(time, died, self.time)
        self.survival = np.cumprod(1 - d / n)
        term = np.divide(d, n * (n - d), out=np.zeros(len(d)), where=n > d)
        self.se = self.survival * np.sqrt(np.cumsum(term))

    def at(self, t):
        k = np.searchsorted(self.time, t, side="right")
        return (float(self.survival[k - 1]), float(self.se[k - 1])) if k else (1.0, 0.0)

    def median(self):
        below = np.flatnonzero(self.survival <= 0.5)
        return float(self.time[below[0]]) if len(below) else None

    def restricted_mean(self, horizon):
        k = np.searchsorted(self.time, horizon, side="right")
        return float(np.r_[1.0, self.survival[:k]] @ np.diff(np.r_[0.0, self.time[:k], horizon]))


def logrank(groups):
    """`groups`: (time, died) of both samples, a pair of them a stratum."""
    excess = variance = 0.0
    for (ta, ea), (tb, eb) in groups:
        at = np.union1d(ta[ea], tb[eb])
        na, da = counts(ta, ea, at)
        nb, db = counts(tb, eb, at)
        n, d = na + nb, da + db
        excess += (da - d * na / n).sum()
        many = n > 1
        n, d, na, nb = n[many], d[many], na[many], nb[many]
        variance += (d * (na / n) * (nb / n) * (n - d) / (n - 1)).sum()
    if variance == 0:
        return 0.0, 1.0
    chi2 = excess**2 / variance
    return chi2, math.erfc(math.sqrt(chi2 / 2))


def concordance(time, died, score):
    order = np.argsort(time, kind="stable")
    time, died, score = time[order], died[order], score[order]
    later = np.searchsorted(time, time, side="right")
    concordant = tied = pairs = 0
    for i in np.flatnonzero(died):
        others = score[later[i] :]
        concordant += np.count_nonzero(others < score[i])
        tied += np.count_nonzero(others == score[i])
        pairs += len(others)
    return (concordant + 0.5 * tied) / pairs, concordant, pairs - concordant - tied, tied


def main():
    with open(Path(__file__).resolve().parent / "data" / "trial.csv") as source:
        rows = csv.reader(source)
        next(rows)  # patient, arm, age, sex, stage, marker, months, died
        _, arm, age, sex, stage, marker, time, died = zip(*(row for row in rows if row[6] != ""))
    score = np.array([
        0.03 * int(a) + 0.55 * int(s) + 0.4 * math.log(float(m)) + (0.2 if x == "m" else 0.0)
        for a, s, m, x in zip(age, stage, marker, sex)
    ])  # fmt: skip
    arm, stage, time = np.array(arm), np.array(stage, dtype=np.int64), np.array(time, dtype=np.float64)
    died = np.array(died) == "1"
    arms = sorted(set(arm.tolist()))
    print("patients", len(time), "deaths", died.sum(), "arms", arms)

    for name in arms:
        own = arm == name
        curve = Curve(time[own], died[own])
        print()
        print(f"arm {name}: n {own.sum()}, deaths {died[own].sum()}, "
              f"median {curve.median()}, restricted mean (60) {curve.restricted_mean(60.0):.8f}")  # fmt: skip
        for month in range(6, 61, 6):
            s, se = curve.at(month)
            print(f"   {month:3d}  S {s:.8f}  +- {1.96 * se:.8f}  at risk {(time[own] >= month).sum()}")

    print()
    print("log-rank tests (plain; by stage)")
    samples = {}
    for name in arms:
        own = arm == name
        samples[name, 0] = time[own], died[own]
        for s in (1, 2, 3, 4):
            part = own & (stage == s)
            samples[name, s] = time[part], died[part]
    for i, a in enumerate(arms):
        for b in arms[i + 1 :]:
            plain = logrank([(samples[a, 0], samples[b, 0])])
            by_stage = logrank([(samples[a, s], samples[b, s]) for s in (1, 2, 3, 4)])
            print(f"   {a} vs {b}: chi2 {plain[0]:.8f} p {plain[1]:.6e}; chi2 {by_stage[0]:.8f} p {by_stage[1]:.6e}")

    c, concordant, discordant, tied = concordance(time, died, score)
    print()
    print(f"concordance of the risk score {c:.8f} ({concordant} / {discordant} / {tied})")
    for s in (1, 2, 3, 4):
        own = stage == s
        print(f"   stage {s}: n {own.sum()}, {concordance(time[own], died[own], score[own])[0]:.8f}")

    ordered = np.sort(score)
    low, high = ordered[len(ordered) // 3], ordered[2 * len(ordered) // 3]
    for name, own in [("low", score < low), ("middle", (low <= score) & (score < high)), ("high", score >= high)]:
        curve = Curve(time[own], died[own])
        print(f"risk {name}: n {own.sum()}, median {curve.median()}, S(24) {curve.at(24)[0]:.8f}")


if __name__ == "__main__":
    main()
