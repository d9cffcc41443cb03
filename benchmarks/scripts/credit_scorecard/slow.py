"""Application scorecard for the credit card book.

1. bin every feature, weight of evidence (WOE) per bin, information value (IV) per feature
2. logistic regression on the WOE values -> scorecard points
3. KS table per customer segment (sex, education, age band)
"""
import os
from math import log

import numpy as np
import pandas as pd

HERE = os.path.dirname(os.path.abspath(__file__))
TARGET = "default-payment-next-month"
N_BINS = 8
PDO = 20  # points to double the odds
BASE_SCORE = 600
BASE_ODDS = 50
MIN_IV = 0.02

df = pd.read_csv(os.path.join(HERE, "data", "credit.csv"))
print("clients:", len(df), "bad rate: %.5f" % (df[TARGET].sum() / len(df)))

# ---------------------------------------------------------------- features

pay_cols = ["PAY_0", "PAY_2", "PAY_3", "PAY_4", "PAY_5", "PAY_6"]
bill_cols = ["BILL_AMT" + str(i) for i in range(1, 7)]
amt_cols = ["PAY_AMT" + str(i) for i in range(1, 7)]


def utilisation(row):
    if row["LIMIT_BAL"] <= 0:
        return 0.0
    return row["BILL_AMT1"] / row["LIMIT_BAL"]


def months_late(row):
    n = 0
    for c in pay_cols:
        if row[c] > 0:
            n += 1
    return n


def repayment_ratio(row):
    """Share of the bills of the half year that was paid back."""
    billed = 0.0
    paid = 0.0
    for b, p in zip(bill_cols, amt_cols):
        if row[b] > 0:
            billed += row[b]
            paid += row[p]
    if billed == 0:
        return -1.0
    return min(paid / billed, 2.0)


def bill_trend(row):
    """Newest bills against the oldest, relative to the limit."""
    recent = row["BILL_AMT1"] + row["BILL_AMT2"]
    old = row["BILL_AMT5"] + row["BILL_AMT6"]
    return (recent - old) / row["LIMIT_BAL"]


def level(row, prefix, n):
    for k in range(n):
        if row[prefix + str(k)] == 1:
            return k
    return 0


def age_band(age):
    if age < 30:
        return "18-29"
    elif age < 40:
        return "30-39"
    elif age < 50:
        return "40-49"
    return "50+"


df["utilisation"] = df.apply(utilisation, axis=1)
df["months_late"] = df.apply(months_late, axis=1)
df["repayment_ratio"] = df.apply(repayment_ratio, axis=1)
df["bill_trend"] = df.apply(bill_trend, axis=1)
df["education"] = df.apply(lambda r: level(r, "EDUCATION_", 7), axis=1)
df["age_band"] = df["AGE"].apply(age_band)

features = ["LIMIT_BAL", "AGE", "PAY_0", "PAY_2", "PAY_3", "PAY_AMT1", "PAY_AMT2",
            "utilisation", "months_late", "repayment_ratio", "bill_trend", "education"]

# ---------------------------------------------------------------- WOE and IV


def make_bins(series):
    """Few values: a bin a value. Else quantile bins, each (low, high]."""
    values = sorted(series.unique())
    if len(values) <= 12:
        cuts = values[:-1]
    else:
        cuts = sorted(set([series.quantile(q / N_BINS) for q in range(1, N_BINS)]))
    bins = []
    low = -np.inf
    for c in cuts:
        bins.append((low, c))
        low = c
    bins.append((low, np.inf))
    return bins


def find_bin(value, bins):
    for k, (low, high) in enumerate(bins):
        if low < value <= high:
            return k
    return len(bins) - 1


total_bad = df[TARGET].sum()
total_good = len(df) - total_bad

bins_of = {}
woe_of = {}
iv_of = {}
for f in features:
    bins = make_bins(df[f])
    df[f + "_bin"] = df[f].apply(lambda v: find_bin(v, bins))
    woes = []
    iv = 0.0
    for k in range(len(bins)):
        part = df[df[f + "_bin"] == k]
        bad = part[TARGET].sum()
        good = len(part) - bad
        # half a client is added so that an empty cell has a logarithm
        p_good = (good + 0.5) / total_good
        p_bad = (bad + 0.5) / total_bad
        woe = log(p_good / p_bad)
        woes.append(woe)
        iv += (p_good - p_bad) * woe
    df[f + "_woe"] = df[f + "_bin"].apply(lambda k: woes[k])
    bins_of[f] = bins
    woe_of[f] = woes
    iv_of[f] = iv

print("\ninformation value")
for f in sorted(features, key=lambda f: -iv_of[f]):
    print("  %-16s %.6f  bins %d" % (f, iv_of[f], len(bins_of[f])))

# ---------------------------------------------------------------- scorecard

chosen = [f for f in features if iv_of[f] >= MIN_IV] or features

X = np.array([[1.0] + [row[f + "_woe"] for f in chosen] for _, row in df[[f + "_woe" for f in chosen]].iterrows()])
y = df[TARGET].values
beta = np.zeros(X.shape[1])
for step in range(8):  # Newton-Raphson, converges in about five
    p = 1 / (1 + np.exp(-X @ beta))
    gradient = X.T @ (y - p)
    hessian = (X.T * (p * (1 - p))) @ X
    beta = beta + np.linalg.solve(hessian, gradient)

factor = PDO / log(2)
offset = BASE_SCORE - factor * log(BASE_ODDS)
points_of = {}
for j, f in enumerate(chosen):
    points_of[f] = []
    for woe in woe_of[f]:
        points = -(woe * beta[j + 1] + beta[0] / len(chosen)) * factor + offset / len(chosen)
        points_of[f].append(int(round(points)))

os.makedirs(os.path.join(HERE, "out"), exist_ok=True)
with open(os.path.join(HERE, "out", "scorecard.csv"), "w") as card:
    card.write("feature,low,high,woe,points\n")
    for f in chosen:
        for (low, high), woe, points in zip(bins_of[f], woe_of[f], points_of[f]):
            card.write("%s,%.6f,%.6f,%.6f,%d\n" % (f, low, high, woe, points))


def score(row):
    s = 0
    for f in chosen:
        s += points_of[f][int(row[f + "_bin"])]
    return s


df["score"] = df[[f + "_bin" for f in chosen]].apply(score, axis=1)
print("\nscores from %d to %d, mean %.5f" % (df["score"].min(), df["score"].max(), df["score"].mean()))

# ---------------------------------------------------------------- KS per segment


def ks_table(name, part):
    counts = {}
    for _, row in part[["score", TARGET]].iterrows():
        s = row["score"]
        if s not in counts:
            counts[s] = [0, 0]
        counts[s][row[TARGET]] += 1
    goods = sum(c[0] for c in counts.values())
    bads = sum(c[1] for c in counts.values())
    if goods == 0 or bads == 0:
        return
    cum_good = 0
    cum_bad = 0
    ks, ks_score, area = 0.0, None, 0.0
    for s in sorted(counts):
        g, b = counts[s]
        area += g / goods * (cum_bad + b / 2) / bads
        cum_good += g
        cum_bad += b
        gap = abs(cum_bad / bads - cum_good / goods)
        if gap > ks:
            ks, ks_score = gap, s
    print("\n%s: %d good, %d bad, KS %.6f at score %d, gini %.6f" % (name, goods, bads, ks, ks_score, 2 * area - 1))
    for low in range(400, 700, 25):
        g = sum(c[0] for s, c in counts.items() if low <= s < low + 25)
        b = sum(c[1] for s, c in counts.items() if low <= s < low + 25)
        if g + b > 0:
            print("   %d-%d  n %5d  bad rate %.5f" % (low, low + 24, g + b, b / (g + b)))


ks_table("all", df)
for column in ["SEX", "education", "age_band"]:
    for value in sorted(df[column].unique()):
        ks_table("%s = %s" % (column, value), df[df[column] == value])
