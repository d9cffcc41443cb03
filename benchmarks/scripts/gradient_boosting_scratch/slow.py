"""Gradient boosting from scratch, to understand how it works.

Predicts the torque of a milling machine from its other readings.
"""
import csv
import os

import numpy as np


class Node:
    def __init__(self, depth):
        self.depth = depth
        self.value = 0.0
        self.feature = None
        self.threshold = None
        self.left = None
        self.right = None

    @property
    def is_leaf(self):
        return self.feature is None


class RegressionTree:
    """A CART regression tree: exact greedy splits by the reduction of squared error."""

    def __init__(self, max_depth=3, min_leaf=10, features=None):
        self.max_depth = max_depth
        self.min_leaf = min_leaf
        self.features = features
        self.gains = {}

    def fit(self, X, y, rows):
        self.root = self._grow(X, y, rows, 0)
        return self

    def _grow(self, X, y, rows, depth):
        node = Node(depth)
        total = 0.0
        for i in rows:
            total += y[i]
        node.value = total / len(rows)
        if depth >= self.max_depth or len(rows) < 2 * self.min_leaf:
            return node
        feature, threshold, gain = self._best_split(X, y, rows, total)
        if feature is None:
            return node
        node.feature, node.threshold = feature, threshold
        self.gains[feature] = self.gains.get(feature, 0.0) + gain
        left = [i for i in rows if X[i, feature] <= threshold]
        right = [i for i in rows if X[i, feature] > threshold]
        node.left = self._grow(X, y, left, depth + 1)
        node.right = self._grow(X, y, right, depth + 1)
        return node

    def _best_split(self, X, y, rows, total):
        best_feature, best_threshold, best_gain = None, None, 1e-7
        n = len(rows)
        base = total * total / n
        rows = np.array(rows)
        for feature in self.features:
            order = rows[np.argsort(X[rows, feature], kind="stable")]
            left_sum = 0.0
            for k in range(n - 1):
                left_sum += y[order[k]]
                here = X[order[k], feature]
                after = X[order[k + 1], feature]
                if here == after:
                    continue
                n_left = k + 1
                n_right = n - n_left
                if n_left < self.min_leaf or n_right < self.min_leaf:
                    continue
                right_sum = total - left_sum
                gain = left_sum * left_sum / n_left + right_sum * right_sum / n_right - base
                if gain > best_gain:
                    best_feature = feature
                    best_threshold = (here + after) / 2
                    best_gain = gain
        return best_feature, best_threshold, best_gain

    def predict_one(self, x):
        node = self.root
        while not node.is_leaf:
            if x[node.feature] <= node.threshold:
                node = node.left
            else:
                node = node.right
        return node.value

    def predict(self, X):
        return np.array([self.predict_one(x) for x in X])


class GradientBoosting:
    def __init__(self, n_trees=120, learning_rate=0.1, max_depth=3, min_leaf=10, max_features=4, subsample=0.6,
                 patience=8, seed=0):
        self.n_trees = n_trees
        self.learning_rate = learning_rate
        self.max_depth = max_depth
        self.min_leaf = min_leaf
        self.max_features = max_features
        self.subsample = subsample
        self.patience = patience
        self.rng = np.random.default_rng(seed)
        self.trees = []
        self.history = []

    def fit(self, X, y, X_val, y_val):
        n, p = X.shape
        self.start = float(np.mean(y))
        pred = np.full(n, self.start)
        pred_val = np.full(len(y_val), self.start)
        best, best_round = float("inf"), 0
        self.importance = np.zeros(p)
        for r in range(self.n_trees):
            residual = y - pred
            features = sorted(self.rng.choice(p, size=self.max_features, replace=False).tolist())
            rows = sorted(self.rng.choice(n, size=int(n * self.subsample), replace=False).tolist())
            tree = RegressionTree(self.max_depth, self.min_leaf, features).fit(X, residual, rows)
            pred = pred + self.learning_rate * tree.predict(X)
            pred_val = pred_val + self.learning_rate * tree.predict(X_val)
            self.trees.append(tree)
            for f, g in tree.gains.items():
                self.importance[f] += g
            train_rmse, val_rmse = rmse(y, pred), rmse(y_val, pred_val)
            self.history.append((train_rmse, val_rmse))
            if val_rmse < best - 1e-4:
                best, best_round = val_rmse, r
            elif r - best_round >= self.patience:
                break
        self.trees = self.trees[: best_round + 1]
        return self

    def predict(self, X):
        result = np.full(len(X), self.start)
        for tree in self.trees:
            result = result + self.learning_rate * tree.predict(X)
        return result


def rmse(y, pred):
    total = 0.0
    for a, b in zip(y, pred):
        total += (a - b) ** 2
    return (total / len(y)) ** 0.5


def r2(y, pred):
    return 1 - sum((y - pred) ** 2) / sum((y - np.mean(y)) ** 2)


def load(path):
    names = ["air", "process", "speed", "wear", "type_L", "type_M", "failure"]
    rows, target = [], []
    with open(path, encoding="utf-8-sig") as f:
        for line in csv.DictReader(f):
            rows.append([
                float(line["Air temperature [K]"]),
                float(line["Process temperature [K]"]),
                float(line["Rotational speed [rpm]"]),
                float(line["Tool wear [min]"]),
                1.0 if line["Type"] == "L" else 0.0,
                1.0 if line["Type"] == "M" else 0.0,
                float(line["Machine failure"]),
            ])
            target.append(float(line["Torque [Nm]"]))
    return names, np.array(rows), np.array(target)


if __name__ == "__main__":
    here = os.path.dirname(os.path.abspath(__file__))
    names, X, y = load(os.path.join(here, "data", "machines.csv"))
    order = np.random.default_rng(3).permutation(len(y))
    train, val, test = order[:5000], order[5000:7000], order[7000:]
    print("rows", len(y), "train", len(train), "validation", len(val), "test", len(test))

    for depth in (1, 3):
        model = GradientBoosting(max_depth=depth, seed=7)
        model.fit(X[train], y[train], X[val], y[val])
        pred = model.predict(X[test])
        print(f"\ndepth {depth}: {len(model.history)} rounds, {len(model.trees)} trees kept")
        for r in range(0, len(model.history), 10):
            print(f"  round {r:3d} train {model.history[r][0]:.8f} validation {model.history[r][1]:.8f}")
        print(f"  test rmse {rmse(y[test], pred):.8f} r2 {r2(y[test], pred):.8f}")
        share = model.importance / model.importance.sum()
        for j in sorted(range(len(names)), key=lambda j: -share[j]):
            print(f"  {names[j]:8s} {share[j]:.8f}")
        nodes = [model.trees[0].root]
        while nodes:
            node = nodes.pop(0)
            pad = "  " * (node.depth + 1)
            if node.is_leaf:
                print(f"{pad}-> {node.value:.8f}")
            else:
                print(f"{pad}{names[node.feature]} <= {node.threshold:.4f}")
                nodes = [node.left, node.right] + nodes
