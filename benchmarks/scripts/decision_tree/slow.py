"""A decision tree and a small forest of them grown by hand on the breast-cancer measurements."""

import csv
import random
from pathlib import Path


class Node:
    def __init__(self, feature=None, threshold=None, left=None, right=None, value=None):
        self.feature = feature
        self.threshold = threshold
        self.left = left
        self.right = right
        self.value = value


def gini(labels):
    if len(labels) == 0:
        return 0.0
    impurity = 1.0
    for c in set(labels):
        p = labels.count(c) / len(labels)
        impurity -= p**2
    return impurity


class DecisionTree:
    def __init__(self, max_depth=4, min_samples=5, features=None):
        self.max_depth = max_depth
        self.min_samples = min_samples
        self.features = features
        self.root = None
        self.importance = {}

    def fit(self, X, y):
        self.total = len(y)
        self.root = self._grow(X, y, 0)
        return self

    def _best_split(self, X, y):
        best_gain = 0.0
        best = None
        parent = gini(y)
        for feature in self.features or range(len(X[0])):
            thresholds = sorted(set(row[feature] for row in X))
            for k in range(len(thresholds) - 1):
                threshold = (thresholds[k] + thresholds[k + 1]) / 2
                left = [y[i] for i in range(len(X)) if X[i][feature] <= threshold]
                right = [y[i] for i in range(len(X)) if X[i][feature] > threshold]
                gain = parent - len(left) / len(y) * gini(left) - len(right) / len(y) * gini(right)
                if gain > best_gain + 1e-12:
                    best_gain = gain
                    best = (feature, threshold)
        return best, best_gain

    def _grow(self, X, y, depth):
        if depth >= self.max_depth or len(y) < self.min_samples or len(set(y)) == 1:
            return Node(value=1 if sum(y) * 2 >= len(y) else 0)
        best, gain = self._best_split(X, y)
        if best is None:
            return Node(value=1 if sum(y) * 2 >= len(y) else 0)
        feature, threshold = best
        self.importance[feature] = self.importance.get(feature, 0.0) + gain * len(y) / self.total
        left = [i for i in range(len(X)) if X[i][feature] <= threshold]
        right = [i for i in range(len(X)) if X[i][feature] > threshold]
        return Node(
            feature,
            threshold,
            self._grow([X[i] for i in left], [y[i] for i in left], depth + 1),
            self._grow([X[i] for i in right], [y[i] for i in right], depth + 1),
        )

    def predict_one(self, row):
        node = self.root
        while node.value is None:
            if row[node.feature] <= node.threshold:
                node = node.left
            else:
                node = node.right
        return node.value

    def predict(self, X):
        return [self.predict_one(row) for row in X]


def load():
    X, y = [], []
    with open(Path(__file__).parent / "data" / "cancer.csv") as f:
        reader = csv.reader(f)
        names = next(reader)
        for row in reader:
            X.append([float(v) for v in row[:-1]])
            y.append(int(row[-1]))
    return names[:-1], X, y


def accuracy(truth, guess):
    return sum(1 for t, g in zip(truth, guess) if t == g) / len(truth)


def main():
    names, X, y = load()
    train_X = [X[i] for i in range(len(X)) if i % 4 != 0]
    train_y = [y[i] for i in range(len(X)) if i % 4 != 0]
    test_X = [X[i] for i in range(len(X)) if i % 4 == 0]
    test_y = [y[i] for i in range(len(X)) if i % 4 == 0]

    tree = DecisionTree(max_depth=4).fit(train_X, train_y)
    print("tree accuracy", f"{accuracy(test_y, tree.predict(test_X)):.6f}")
    for feature in sorted(tree.importance, key=lambda f: -tree.importance[f]):
        print(f"{names[feature]:25s} {tree.importance[feature]:.10f}")

    random.seed(7)
    forest = []
    for _ in range(40):
        picks = [random.randrange(len(train_X)) for _ in range(len(train_X))]
        features = sorted(random.sample(range(len(names)), 6))
        tree = DecisionTree(max_depth=3, features=features)
        forest.append(tree.fit([train_X[i] for i in picks], [train_y[i] for i in picks]))
    votes = []
    for row in test_X:
        votes.append(sum(tree.predict_one(row) for tree in forest))
    guess = [1 if v * 2 >= len(forest) else 0 for v in votes]
    print("forest accuracy", f"{accuracy(test_y, guess):.6f}", "votes", sum(votes))


if __name__ == "__main__":
    main()
