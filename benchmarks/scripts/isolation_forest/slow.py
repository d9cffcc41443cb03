"""Isolation forest (Liu, Ting, Zhou 2008), written out, on the labelled series of the Numenta Anomaly Benchmark."""

import csv
import math
import os
from datetime import datetime

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
SERIES = ["ambient_temperature", "cpu_utilization", "machine_temperature", "nyc_taxi"]
N_TREES = 100
SAMPLE_SIZE = 128
ALERT_SHARE = 0.02


# ---------------------------------------------------------------- features


def read_hourly(path):
    """Mean of every hour, and whether any reading in it is labelled."""
    hours = {}
    with open(path, newline="") as f:
        for row in csv.DictReader(f):
            stamp = datetime.fromisoformat(row["timestamp"]).replace(minute=0, second=0)
            values, labels = hours.setdefault(stamp, ([], []))
            values.append(float(row["value"]))
            labels.append(int(row["anomaly"]))
    stamps = sorted(hours)
    return stamps, [sum(hours[s][0]) / len(hours[s][0]) for s in stamps], [max(hours[s][1]) for s in stamps]


def build_features(stamps, values):
    """Level, change, and how far from the last day and from the usual value of that hour of the day."""
    by_hour = {}
    for stamp, value in zip(stamps, values):
        by_hour.setdefault(stamp.hour, []).append(value)
    usual = {hour: np.median(v) for hour, v in by_hour.items()}
    rows = []
    for i in range(24, len(values)):
        day = values[i - 24 : i]
        mean = sum(day) / 24
        std = math.sqrt(sum((v - mean) ** 2 for v in day) / 24)
        rows.append(
            [
                values[i],
                values[i] - values[i - 1],
                values[i] - mean,
                std,
                values[i] - usual[stamps[i].hour],
            ]
        )
    return np.array(rows)


# ---------------------------------------------------------------- the forest


def average_path(n):
    """Mean length of an unsuccessful search in a binary tree of n values."""
    if n <= 1:
        return 0.0
    if n == 2:
        return 1.0
    return 2.0 * (math.log(n - 1) + 0.5772156649) - 2.0 * (n - 1) / n


def grow(X, depth, limit, rng):
    if depth >= limit or len(X) <= 1:
        return {"size": len(X)}
    usable = [f for f in range(X.shape[1]) if X[:, f].min() < X[:, f].max()]
    if not usable:
        return {"size": len(X)}
    feature = usable[rng.integers(len(usable))]
    split = rng.uniform(X[:, feature].min(), X[:, feature].max())
    left = X[:, feature] < split
    return {
        "feature": feature,
        "split": split,
        "left": grow(X[left], depth + 1, limit, rng),
        "right": grow(X[~left], depth + 1, limit, rng),
    }


def fit(X, rng):
    size = min(SAMPLE_SIZE, len(X))
    limit = math.ceil(math.log2(size))
    trees = []
    for _ in range(N_TREES):
        sample = X[rng.choice(len(X), size=size, replace=False)]
        trees.append(grow(sample, 0, limit, rng))
    return trees, size


def path_length(x, node, depth=0):
    if "size" in node:
        return depth + average_path(node["size"])
    if x[node["feature"]] < node["split"]:
        return path_length(x, node["left"], depth + 1)
    return path_length(x, node["right"], depth + 1)


def anomaly_scores(X, trees, size):
    scores = []
    for x in X:
        mean_depth = sum(path_length(x, tree) for tree in trees) / len(trees)
        scores.append(2 ** (-mean_depth / average_path(size)))
    return scores


def count_nodes(node):
    return 1 if "size" in node else 1 + count_nodes(node["left"]) + count_nodes(node["right"])


# ---------------------------------------------------------------- evaluation


def auc(scores, labels):
    """Area under the ROC curve; ties count one half."""
    order = sorted(range(len(scores)), key=lambda i: scores[i])
    ranks = [0.0] * len(scores)
    i = 0
    while i < len(order):
        j = i
        while j + 1 < len(order) and scores[order[j + 1]] == scores[order[i]]:
            j += 1
        for k in range(i, j + 1):
            ranks[order[k]] = (i + j) / 2 + 1
        i = j + 1
    positive = sum(labels)
    negative = len(labels) - positive
    rank_sum = sum(r for r, label in zip(ranks, labels) if label)
    return (rank_sum - positive * (positive + 1) / 2) / (positive * negative)


def windows(labels):
    """First and last index of every run of labelled hours."""
    found, start = [], None
    for i, label in enumerate(labels):
        if label and start is None:
            start = i
        if not label and start is not None:
            found.append((start, i - 1))
            start = None
    if start is not None:
        found.append((start, len(labels) - 1))
    return found


def main():
    rng = np.random.default_rng(1234)
    areas = []
    for name in SERIES:
        stamps, values, labels = read_hourly(os.path.join(HERE, "data", name + ".csv"))
        X = build_features(stamps, values)
        stamps, labels = stamps[24:], labels[24:]
        trees, size = fit(X, rng)
        scores = anomaly_scores(X, trees, size)
        area = auc(scores, labels)
        areas.append(area)

        ranked = sorted(range(len(scores)), key=lambda i: (-scores[i], i))
        alerts = ranked[: int(ALERT_SHARE * len(scores))]
        right = sum(labels[i] for i in alerts)
        known = windows(labels)
        detected = sum(any(first <= i <= last for i in alerts) for first, last in known)
        print(
            f"{name}: {len(X)} hours, {sum(labels)} labelled in {len(known)} windows, "
            f"{sum(count_nodes(t) for t in trees)} nodes"
        )
        print(
            f"  AUC {area:.4f}   mean score {sum(scores) / len(scores):.4f}, of labelled hours "
            f"{sum(s for s, label in zip(scores, labels) if label) / sum(labels):.4f}"
        )
        precision = right / len(alerts)
        print(f"  {len(alerts)} alerts, precision {precision:.4f}, {detected} of {len(known)} windows detected")
        for i in ranked[:3]:
            print(f"    {stamps[i]}  score {scores[i]:.4f}  value {X[i][0]:.3f}  {'labelled' if labels[i] else '-'}")
    print(f"mean AUC {sum(areas) / len(areas):.4f}")


if __name__ == "__main__":
    main()
