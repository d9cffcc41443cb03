#!/usr/bin/env python
"""
Survival analysis of the trial, translated from our old R script so that it
runs where R is not installed.

  km()             Kaplan-Meier estimator with Greenwood standard errors
  logrank()        log-rank test of two groups, stratified if wanted
  concordance()    Harrell's C of a risk score
"""

import csv
import math
import os
from collections import namedtuple

Patient = namedtuple("Patient", "id arm age sex stage marker time event")
Step = namedtuple("Step", "time at_risk events survival se")

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "trial.csv")


def read_patients(path):
    patients = []
    with open(path) as handle:
        reader = csv.reader(handle)
        header = next(reader)
        col = {name: i for i, name in enumerate(header)}
        for line in reader:
            if line[col["months"]] == "":
                continue  # never followed up
            patients.append(Patient(
                id=line[col["patient"]],
                arm=line[col["arm"]],
                age=int(line[col["age"]]),
                sex=line[col["sex"]],
                stage=int(line[col["stage"]]),
                marker=float(line[col["marker"]]),
                time=float(line[col["months"]]),
                event=int(line[col["died"]]),
            ))
    return patients


def event_times(patients):
    return sorted(set(p.time for p in patients if p.event == 1))


def n_at_risk(patients, t):
    return len([p for p in patients if p.time >= t])


def n_events(patients, t):
    return len([p for p in patients if p.time == t and p.event == 1])


def km(patients):
    curve = []
    s = 1.0
    greenwood = 0.0
    for t in event_times(patients):
        n = n_at_risk(patients, t)
        d = n_events(patients, t)
        s = s * (1 - d / n)
        if n > d:
            greenwood = greenwood + d / (n * (n - d))
        curve.append(Step(t, n, d, s, s * math.sqrt(greenwood)))
    return curve


def survival_at(curve, t):
    s = 1.0
    for step in curve:
        if step.time <= t:
            s = step.survival
        else:
            break
    return s


def median_survival(curve):
    for step in curve:
        if step.survival <= 0.5:
            return step.time
    return None


def restricted_mean(curve, horizon):
    area = 0.0
    last_t, last_s = 0.0, 1.0
    for step in curve:
        if step.time > horizon:
            break
        area += last_s * (step.time - last_t)
        last_t, last_s = step.time, step.survival
    area += last_s * (horizon - last_t)
    return area


def logrank(a, b, strata=None):
    """Chi square and p value; strata is a function patient -> stratum."""
    if strata is None:
        strata = lambda p: 0
    observed = 0.0
    expected = 0.0
    variance = 0.0
    for stratum in sorted(set(strata(p) for p in a + b)):
        sa = [p for p in a if strata(p) == stratum]
        sb = [p for p in b if strata(p) == stratum]
        for t in event_times(sa + sb):
            na, nb = n_at_risk(sa, t), n_at_risk(sb, t)
            da, db = n_events(sa, t), n_events(sb, t)
            n, d = na + nb, da + db
            observed += da
            expected += d * na / n
            if n > 1:
                variance += d * (na / n) * (nb / n) * (n - d) / (n - 1)
    if variance == 0:
        return 0.0, 1.0
    chi2 = (observed - expected) ** 2 / variance
    return chi2, math.erfc(math.sqrt(chi2 / 2))


def risk_score(p):
    return 0.03 * p.age + 0.55 * p.stage + 0.4 * math.log(p.marker) + (0.2 if p.sex == "m" else 0.0)


def concordance(patients, scores):
    concordant = 0
    discordant = 0
    tied = 0
    n = len(patients)
    for i in range(n):
        for j in range(i + 1, n):
            # who died first, and was the other one still followed then?
            if patients[i].time < patients[j].time and patients[i].event:
                first, second = i, j
            elif patients[j].time < patients[i].time and patients[j].event:
                first, second = j, i
            else:
                continue
            if scores[first] > scores[second]:
                concordant += 1
            elif scores[first] < scores[second]:
                discordant += 1
            else:
                tied += 1
    pairs = concordant + discordant + tied
    return (concordant + 0.5 * tied) / pairs, concordant, discordant, tied


def main():
    patients = read_patients(path)
    arms = sorted(set(p.arm for p in patients))
    print("patients", len(patients), "deaths", sum(p.event for p in patients), "arms", arms)

    for arm in arms:
        group = [p for p in patients if p.arm == arm]
        curve = km(group)
        print()
        print(f"arm {arm}: n {len(group)}, deaths {sum(p.event for p in group)}, "
              f"median {median_survival(curve)}, restricted mean (60) {restricted_mean(curve, 60.0):.8f}")
        for month in range(6, 61, 6):
            last = [s for s in curve if s.time <= month]
            se = last[-1].se if last else 0.0
            s = survival_at(curve, month)
            print(f"   {month:3d}  S {s:.8f}  +- {1.96 * se:.8f}  at risk {n_at_risk(group, month)}")

    print()
    print("log-rank tests (plain; by stage)")
    for i in range(len(arms)):
        for j in range(i + 1, len(arms)):
            a = [p for p in patients if p.arm == arms[i]]
            b = [p for p in patients if p.arm == arms[j]]
            chi2, pvalue = logrank(a, b)
            chi2s, pvalues = logrank(a, b, strata=lambda p: p.stage)
            print(f"   {arms[i]} vs {arms[j]}: chi2 {chi2:.8f} p {pvalue:.6e}; chi2 {chi2s:.8f} p {pvalues:.6e}")

    scores = [risk_score(p) for p in patients]
    c, concordant, discordant, tied = concordance(patients, scores)
    print()
    print(f"concordance of the risk score {c:.8f} ({concordant} / {discordant} / {tied})")
    for stage in (1, 2, 3, 4):
        sub = [(p, s) for p, s in zip(patients, scores) if p.stage == stage]
        c, *_ = concordance([p for p, _ in sub], [s for _, s in sub])
        print(f"   stage {stage}: n {len(sub)}, {c:.8f}")

    # risk groups by terciles of the score
    ordered = sorted(scores)
    low, high = ordered[len(ordered) // 3], ordered[2 * len(ordered) // 3]
    for name, keep in [("low", lambda s: s < low), ("middle", lambda s: low <= s < high), ("high", lambda s: s >= high)]:
        group = [p for p, s in zip(patients, scores) if keep(s)]
        curve = km(group)
        print(f"risk {name}: n {len(group)}, median {median_survival(curve)}, S(24) {survival_at(curve, 24):.8f}")


if __name__ == "__main__":
    main()
