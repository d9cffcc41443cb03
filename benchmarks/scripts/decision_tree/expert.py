"""Every split of a feature scored at once from sorted prefix sums; the tree is built over index arrays."""

import random
from pathlib import Path

import numpy as np
import pandas as pd


def best_split(X, y, features):
    """Best (feature, threshold, gain), first one in the order of features and thresholds among gains that tie."""
    n, positives = len(y), y.sum()
    parent = 1 - (positives / n) ** 2 - (1 - positives / n) ** 2
    best, best_gain = None, 0.0
    for feature in features:
        order = np.argsort(X[:, feature], kind="stable")
        values, ones = X[order, feature], np.cumsum(y[order])
        cut = np.flatnonzero(values[1:] != values[:-1])
        if not cut.size:
            continue
        left = cut + 1.0
        right = n - left
        p, q = ones[cut] / left, (positives - ones[cut]) / right
        gain = parent - left / n * (1 - p**2 - (1 - p) ** 2) - right / n * (1 - q**2 - (1 - q) ** 2)
        for k in range(len(cut)) if gain.max() > best_gain + 1e-12 else ():
            if gain[k] > best_gain + 1e-12:
                best, best_gain = (feature, (values[cut[k]] + values[cut[k] + 1]) / 2), gain[k]
    return best, best_gain


def grow(X, y, features, max_depth, total, importance, depth=0):
    if depth < max_depth and len(y) >= 5 and 0 < y.sum() < len(y):
        best, gain = best_split(X, y, features)
        if best is not None:
            feature, threshold = best
            importance[feature] = importance.get(feature, 0.0) + gain * len(y) / total
            left = X[:, feature] <= threshold
            sides = [grow(X[s], y[s], features, max_depth, total, importance, depth + 1) for s in (left, ~left)]
            return feature, threshold, *sides
    return int(y.sum() * 2 >= len(y))


def predict(node, X):
    if isinstance(node, int):
        return np.full(len(X), node)
    feature, threshold, left, right = node
    return np.where(X[:, feature] <= threshold, predict(left, X), predict(right, X))


def main():
    frame = pd.read_csv(Path(__file__).parent / "data" / "cancer.csv")
    names = list(frame.columns[:-1])
    X, y = frame[names].to_numpy(), frame.iloc[:, -1].to_numpy()
    held = np.arange(len(y)) % 4 == 0
    train_X, train_y, test_X, test_y = X[~held], y[~held], X[held], y[held]

    importance = {}
    tree = grow(train_X, train_y, range(len(names)), 4, len(train_y), importance)
    print("tree accuracy", f"{(predict(tree, test_X) == test_y).mean():.6f}")
    for feature in sorted(importance, key=lambda f: -importance[f]):
        print(f"{names[feature]:25s} {importance[feature]:.10f}")

    random.seed(7)
    votes = np.zeros(len(test_y), dtype=int)
    for _ in range(40):
        picks = [random.randrange(len(train_X)) for _ in range(len(train_X))]
        features = sorted(random.sample(range(len(names)), 6))
        votes += predict(grow(train_X[picks], train_y[picks], features, 3, len(picks), {}), test_X)
    guess = votes * 2 >= 40
    print("forest accuracy", f"{(guess == test_y).mean():.6f}", "votes", votes.sum())


if __name__ == "__main__":
    main()
