"""Rows at the borders of a model's trees: what a wrong threshold, branch or leaf deep in one of them would change.

Validation rows reach few leaves of a large ensemble, and seldom lie beside a threshold. Here each leaf gets two rows
that come to it: in one the values that its path asks for lie as high as they may, in the other as low; so every test
of every tree is asked with the last value that goes left and the first that goes right. Where NaN goes is asked at
every test that a row can come to without one. The trees are those that the serving pass reads; were they read wrongly,
the rows would lie elsewhere, and the answers, which are the original model's own, would differ there too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.passes.model import trees
from hasten.passes.model.trees.forest import Symmetric, Tree

LEAVES, TESTS = 2500, 2000  # of all trees; of more some are drawn
ENOUGH = 8 * LEAVES  # leaves, from which on no further tree is looked at
LEVELS = 8  # of a symmetric tree: of deeper ones as many leaves are drawn
HIGH, LOW, ROUNDED = range(3)  # how the values of a row lie between what its path asks for
Test = tuple[int, float, bool]  # feature, threshold, whether the value goes left (is not above it)


def borders(model: Any, x: Any, seed: int) -> Iterator[tuple[str, Any]]:
    """Named inputs like `x` (a DataFrame or an array of numbers); none where the model is no ensemble of trees over it.

    Where values are compared as float32, there are rows with float64 values that only then are low enough.
    """
    shape: tuple[int, ...] = getattr(x, "shape", ())
    if len(shape) != 2 or not shape[0]:
        return
    try:
        forest = trees.read(model)
        numbers = _numbers(x)
    except Exception:  # noqa: BLE001 - libraries raise many kinds for models that cannot be read
        return
    if forest is None or numbers is None or forest.features != shape[1]:
        return
    draw = np.random.default_rng([seed, 3])
    looked: list[Tree | Symmetric] = []
    paths: list[tuple[Test, ...]] = []
    for place in draw.permutation(len(forest.trees)):
        if len(paths) < ENOUGH:
            looked.append(forest.trees[place])
            paths += _leaves(looked[-1], draw)
    chosen = sorted(draw.choice(len(paths), min(LEAVES, len(paths)), replace=False).tolist())
    ways = ("as high as they may be", "as low as they may be", "as high as they may be once they are rounded")
    for way, name in enumerate(ways if forest.single else ways[:2]):
        rows = [_row(numbers[i % len(numbers)], paths[k], forest.single, way) for i, k in enumerate(chosen)]
        if rows:
            yield f"values that reach leaves, {name}", _like(x, np.array(rows))
    if forest.refuse_nan:
        return
    tests = [found for tree in looked for found in _tests(tree)]
    chosen = sorted(draw.choice(len(tests), min(TESTS, len(tests)), replace=False).tolist())
    rows = []
    for i, k in enumerate(chosen):
        path, feature = tests[k]
        row = _row(numbers[i % len(numbers)], path, forest.single, HIGH)
        row[feature] = np.nan
        rows.append(row)
    if rows:
        yield "NaN at tests of trees", _like(x, np.array(rows))


def _numbers(x: Any) -> NDArray[np.float64] | None:
    """The rows as numbers; None where a column holds anything else."""
    kinds = [getattr(d, "kind", "O") for d in getattr(x, "dtypes", [getattr(x, "dtype", None)])]
    if any(kind not in "iuf" for kind in kinds):
        return None
    return np.asarray(x, np.float64)


def _like(x: Any, rows: NDArray[np.float64]) -> Any:
    return type(x)(rows, columns=x.columns) if hasattr(x, "columns") else rows


def _leaves(tree: Tree | Symmetric, draw: np.random.Generator) -> Iterator[tuple[Test, ...]]:
    """What every leaf asks of a row. Leaves behind a test of categories are left out."""
    if isinstance(tree, Symmetric):
        levels = list(zip(tree.feature.tolist(), tree.threshold.tolist(), strict=True))
        number = 1 << len(levels)
        for leaf in range(number) if len(levels) <= LEVELS else draw.integers(0, number, 1 << LEVELS).tolist():
            yield tuple((f, t, not leaf >> i & 1) for i, (f, t) in enumerate(levels))
        return
    for node, path in _nodes(tree):
        if tree.left[node] < 0:
            yield path


def _tests(tree: Tree | Symmetric) -> Iterator[tuple[tuple[Test, ...], int]]:
    """Each test with what comes before it, where that does not ask the same feature."""
    if isinstance(tree, Symmetric):
        yield from (((), int(feature)) for feature in tree.feature)
        return
    for node, path in _nodes(tree):
        feature = int(tree.feature[node])
        if tree.left[node] >= 0 and all(feature != f for f, _, _ in path):
            yield path, feature


def _nodes(tree: Tree) -> Iterator[tuple[int, tuple[Test, ...]]]:
    todo: list[tuple[int, tuple[Test, ...]]] = [(0, ())]
    left, right = tree.left.tolist(), tree.right.tolist()
    feature, threshold = tree.feature.tolist(), tree.threshold.tolist()
    while todo:
        node, path = todo.pop()
        if node in tree.categories:
            continue
        yield node, path
        if left[node] >= 0:
            todo.append((left[node], (*path, (feature[node], threshold[node], True))))
            todo.append((right[node], (*path, (feature[node], threshold[node], False))))


def _row(base: NDArray[np.float64], path: tuple[Test, ...], single: bool, way: int) -> NDArray[np.float64]:
    """`base` with the values that the path asks for, as high or as low as they may be."""
    row = base.copy()
    low: dict[int, float] = {}
    top: dict[int, float] = {}
    for feature, threshold, left in path:
        if left:
            top[feature] = min(top.get(feature, np.inf), threshold)
        else:
            low[feature] = max(low.get(feature, -np.inf), threshold)
    for feature in {*low, *top}:
        at_most, above = _at_most(top.get(feature, np.inf), single), _above(low.get(feature, -np.inf), single)
        if feature not in top or (way == LOW and feature in low):
            row[feature] = above
        else:
            row[feature] = np.nextafter(at_most, np.inf) if way == ROUNDED else at_most
    return row


def _at_most(threshold: float, single: bool) -> float:
    """The largest value that is not above, in the numbers that are compared."""
    if not single:
        return threshold
    with np.errstate(over="ignore"):
        near = np.float32(threshold)
    return float(near if float(near) <= threshold else np.nextafter(near, np.float32(-np.inf)))


def _above(threshold: float, single: bool) -> float:
    """The smallest value that is above."""
    if not single:
        return float(np.nextafter(threshold, np.inf))
    return float(np.nextafter(np.float32(_at_most(threshold, True)), np.float32(np.inf)))
