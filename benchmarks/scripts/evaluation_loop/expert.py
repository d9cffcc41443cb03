"""One call scores all clients; metrics from counts and ranks; the bootstrap over an index matrix."""

from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import rankdata
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

df = pd.read_csv(Path(__file__).parent / "data" / "credit.csv")
target = df["default-payment-next-month"].to_numpy()
features = df.drop(columns=["ID", "default-payment-next-month"]).to_numpy()
X_train, y_train = features[:8000], target[:8000]
X_test, y_test = features[8000:17000], target[8000:17000]

scaler = StandardScaler().fit(X_train)
model = LogisticRegression(max_iter=200).fit(scaler.transform(X_train), y_train)
rows = scaler.transform(X_test)
probs = model.predict_proba(rows)[:, 1]
preds = model.predict(rows).astype(int)


def counts(y_true, y_pred):
    tp = (y_true & y_pred).sum(axis=-1)
    fp = y_pred.sum(axis=-1) - tp
    fn = y_true.sum(axis=-1) - tp
    return tp, fp, fn, y_true.shape[-1] - tp - fp - fn


def f1_score(y_true, y_pred):
    tp, fp, fn, _ = counts(y_true, y_pred)
    return np.divide(2.0 * tp, 2 * tp + fp + fn, out=np.zeros(np.shape(tp)), where=tp > 0)


def auc(y_true, scores):
    positives = y_true.sum()
    wins = rankdata(scores)[y_true == 1].sum() - positives * (positives + 1) / 2
    return wins / (positives * (len(y_true) - positives))


print("confusion", tuple(int(c) for c in counts(y_test, preds)))
print("f1", round(float(f1_score(y_test, preds)), 10))
print("auc", round(float(auc(y_test, probs)), 10))
rng = np.random.default_rng(5)
picks = np.stack([rng.integers(0, len(y_test), len(y_test)) for _ in range(100)])
f1s = f1_score(y_test[picks], preds[picks])
aucs = [auc(y_test[p], probs[p]) for p in picks[:10, :1500]]
print("f1 interval", np.percentile(f1s, 2.5).round(10), np.percentile(f1s, 97.5).round(10))
print("auc range", round(float(min(aucs)), 10), round(float(max(aucs)), 10))

thresholds = np.arange(1, 100) / 100
refused = np.searchsorted(np.sort(probs[y_test == 0]), thresholds)
missed = np.searchsorted(np.sort(probs[y_test == 1]), thresholds)
costs = (y_test == 0).sum() - refused + 5 * missed
k = int(costs.argmin())
print("best cost", (int(costs[k]), float(thresholds[k])))

for b in range(10):
    inside = (probs >= b / 10) & (probs < (b + 1) / 10)
    if inside.any():
        print(b, inside.sum(), f"{probs[inside].mean():.8f}", f"{y_test[inside].mean():.8f}")
