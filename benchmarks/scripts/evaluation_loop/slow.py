"""Default risk: train a classifier, score the clients one by one as the service would, then metrics with bootstrap intervals."""

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

df = pd.read_csv(Path(__file__).parent / "data" / "credit.csv")
target = df["default-payment-next-month"].values
features = df.drop(columns=["ID", "default-payment-next-month"])

X_train, y_train = features.values[:8000], target[:8000]
X_test, y_test = features.values[8000:17000], target[8000:17000]

scaler = StandardScaler()
scaler.fit(X_train)
model = LogisticRegression(max_iter=200)
model.fit(scaler.transform(X_train), y_train)

# score
probs = []
preds = []
for i in range(len(X_test)):
    row = scaler.transform(X_test[i].reshape(1, -1))
    p = model.predict_proba(row)[0][1]
    probs.append(p)
    if model.predict(row)[0] == 1:
        preds.append(1)
    else:
        preds.append(0)


def confusion(y_true, y_pred):
    tp = fp = fn = tn = 0
    for i in range(len(y_true)):
        if y_true[i] == 1 and y_pred[i] == 1:
            tp += 1
        elif y_true[i] == 0 and y_pred[i] == 1:
            fp += 1
        elif y_true[i] == 1 and y_pred[i] == 0:
            fn += 1
        else:
            tn += 1
    return tp, fp, fn, tn


def f1_score(y_true, y_pred):
    tp, fp, fn, tn = confusion(y_true, y_pred)
    precision = tp / (tp + fp) if tp + fp > 0 else 0.0
    recall = tp / (tp + fn) if tp + fn > 0 else 0.0
    if precision + recall == 0:
        return 0.0
    return 2 * precision * recall / (precision + recall)


def auc(y_true, scores):
    """The share of (positive, negative) pairs that are in the right order."""
    positives = [s for s, y in zip(scores, y_true) if y == 1]
    negatives = [s for s, y in zip(scores, y_true) if y == 0]
    wins = 0.0
    for p in positives:
        for n in negatives:
            if p > n:
                wins += 1
            elif p == n:
                wins += 0.5
    return wins / (len(positives) * len(negatives))


print("confusion", confusion(y_test, preds))
print("f1", round(f1_score(y_test, preds), 10))
print("auc", round(auc(y_test, probs), 10))

rng = np.random.default_rng(5)
f1s = []
aucs = []
for b in range(100):
    idx = rng.integers(0, len(y_test), len(y_test))
    f1s.append(f1_score([y_test[i] for i in idx], [preds[i] for i in idx]))
    if b < 10:
        small = idx[:1500]
        aucs.append(auc([y_test[i] for i in small], [probs[i] for i in small]))
print("f1 interval", np.percentile(f1s, 2.5).round(10), np.percentile(f1s, 97.5).round(10))
print("auc range", round(min(aucs), 10), round(max(aucs), 10))

# which threshold is worth most: a missed default costs 5, a refused good client 1
best = None
for k in range(1, 100):
    threshold = k / 100
    cost = 0
    for p, y in zip(probs, y_test):
        if p >= threshold and y == 0:
            cost += 1
        elif p < threshold and y == 1:
            cost += 5
    if best is None or cost < best[0]:
        best = (cost, threshold)
print("best cost", best)

# calibration
for b in range(10):
    inside = [(p, y) for p, y in zip(probs, y_test) if b / 10 <= p < (b + 1) / 10]
    if len(inside) > 0:
        mean_p = sum(p for p, _ in inside) / len(inside)
        rate = sum(y for _, y in inside) / len(inside)
        print(b, len(inside), f"{mean_p:.8f}", f"{rate:.8f}")
