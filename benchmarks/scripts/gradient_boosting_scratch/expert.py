"""Features are sorted once, not once a node; a node's gains of all features and cuts are one array expression, its sums
cumulative ones, which add in the order of the loop, so that equal gains stay equal."""

from pathlib import Path

import numpy as np

NAMES = ["air", "process", "speed", "wear", "type_L", "type_M", "failure"]
MIN_LEAF = 10


class Node:
    def __init__(self, depth, value):
        self.depth, self.value = depth, value
        self.feature, self.threshold = -1, 0.0
        self.left = self.right = None


class Tree:
    """Grows on sorted rows and, split by split, moves all rows (`where`: a part's row numbers) to their leaf's value."""

    def __init__(self, columns, residual, features, max_depth, gains):
        self.columns, self.residual, self.features = columns, residual, features
        self.max_depth, self.gains = max_depth, gains
        self.output = np.empty(columns.shape[1])

    def grow(self, order, rows, where, depth):
        """`order`: the node's training rows, a line for each feature, by its values; `rows`: the same ascending."""
        total = np.cumsum(self.residual[rows])[-1]
        n = len(rows)
        node = Node(depth, total / n)
        best = 0.0
        if depth < self.max_depth and n >= 2 * MIN_LEAF:
            inner = order[:, MIN_LEAF - 1 : n - MIN_LEAF + 1]
            values = np.stack([self.columns[f][line] for f, line in zip(self.features, inner)])
            # only between two different values can be cut; the first of equal gains wins, as in the loop
            part, place = np.nonzero(values[:, 1:] != values[:, :-1])
            if len(part):
                sums = np.cumsum(self.residual[order[:, : n - MIN_LEAF]], axis=1)
                left = sums[part, place + (MIN_LEAF - 1)]
                right = total - left
                size = place + MIN_LEAF
                gain = left * left / size + right * right / (n - size) - total * total / n
                k = int(gain.argmax())
                best, j, k = gain[k], int(part[k]), int(place[k])
        if not best > 1e-7:
            self.output[where] = node.value
            return node
        node.feature = self.features[j]
        node.threshold = (values[j, k] + values[j, k + 1]) / 2
        self.gains[node.feature] = self.gains.get(node.feature, 0.0) + best
        below = self.columns[node.feature] <= node.threshold
        inside, here = below[rows], below[where]
        lower = upper = order
        if depth + 1 < self.max_depth:  # leaves need no order
            side = below[order]
            lower, upper = order[side].reshape(len(order), -1), order[~side].reshape(len(order), -1)
        node.left = self.grow(lower, rows[inside], where[here], depth + 1)
        node.right = self.grow(upper, rows[~inside], where[~here], depth + 1)
        return node


def rmse(y, pred):
    return float(np.sqrt(((y - pred) ** 2).sum() / len(y)))


def boost(columns, y, parts, *, depth, seed, n_trees=120, rate=0.1, max_features=4, subsample=0.6, patience=8):
    """Fits on part 0, stops by part 1; the start, the kept first tree, history, importance, kept rounds and predictions."""
    train, val = parts[0], parts[1]
    rng = np.random.default_rng(seed)
    p, n = columns.shape[0], train.stop
    sorted_rows = np.argsort(columns[:, :n], axis=1, kind="stable")
    everything = np.arange(len(y))
    pred = np.full(len(y), float(np.mean(y[:n])))
    residual = np.zeros(len(y))
    history, importance, kept, first = [], np.zeros(p), pred, None
    best, best_round = float("inf"), -1
    for r in range(n_trees):
        np.subtract(y[:n], pred[:n], out=residual[:n])
        features = np.sort(rng.choice(p, size=max_features, replace=False)).tolist()
        rows = np.sort(rng.choice(n, size=int(n * subsample), replace=False))
        drawn = np.zeros(n, dtype=bool)
        drawn[rows] = True
        order = sorted_rows[features]
        gains = {}
        tree = Tree(columns, residual, features, depth, gains)
        root = tree.grow(order[drawn[order]].reshape(max_features, -1), rows, everything, 0)
        first = first or root
        pred = pred + rate * tree.output
        for f, g in gains.items():
            importance[f] += g
        history.append((rmse(y[train], pred[train]), rmse(y[val], pred[val])))
        if history[-1][1] < best - 1e-4:
            best, best_round, kept = history[-1][1], r, pred
        elif r - best_round >= patience:
            break
    return first, history, importance, best_round + 1, kept


def load():
    path = Path(__file__).resolve().parent / "data" / "machines.csv"
    lines = path.read_text(encoding="utf-8-sig").split("\n")
    place = {name: i for i, name in enumerate(lines[0].strip().split(","))}
    fields = list(zip(*(line.split(",") for line in lines[1:] if line)))
    number = [
        np.array(fields[place[name]], dtype=float)
        for name in ("Air temperature [K]", "Process temperature [K]", "Rotational speed [rpm]", "Tool wear [min]",
                     "Machine failure", "Torque [Nm]")
    ]  # fmt: skip
    kind = np.array(fields[place["Type"]])
    return np.stack([*number[:4], kind == "L", kind == "M", number[4]]), number[5]


def main():
    columns, y = load()
    order = np.random.default_rng(3).permutation(len(y))
    columns, y = np.ascontiguousarray(columns[:, order]), y[order]
    parts = [slice(0, 5000), slice(5000, 7000), slice(7000, len(y))]
    sizes = [len(y[part]) for part in parts]
    print("rows", len(y), "train", sizes[0], "validation", sizes[1], "test", sizes[2])
    test = parts[2]
    for depth in (1, 3):
        root, history, importance, kept, pred = boost(columns, y, parts, depth=depth, seed=7)
        print(f"\ndepth {depth}: {len(history)} rounds, {kept} trees kept")
        for r in range(0, len(history), 10):
            print(f"  round {r:3d} train {history[r][0]:.8f} validation {history[r][1]:.8f}")
        r2 = 1 - ((y[test] - pred[test]) ** 2).sum() / ((y[test] - y[test].mean()) ** 2).sum()
        print(f"  test rmse {rmse(y[test], pred[test]):.8f} r2 {r2:.8f}")
        share = importance / importance.sum()
        for j in sorted(range(len(NAMES)), key=lambda j: -share[j]):
            print(f"  {NAMES[j]:8s} {share[j]:.8f}")
        nodes = [root]
        while nodes:
            node = nodes.pop(0)
            pad = "  " * (node.depth + 1)
            if node.feature < 0:
                print(f"{pad}-> {node.value:.8f}")
            else:
                print(f"{pad}{NAMES[node.feature]} <= {node.threshold:.4f}")
                nodes = [node.left, node.right, *nodes]


if __name__ == "__main__":
    main()
