"""What each tree of an ensemble says about rows, from the common form of trees."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.passes.model.trees.forest import AS_ZERO, LEFT, ZERO_TOO, Forest, Symmetric, Tree

ROWS = 4000  # rows that orders are learnt from, at most
CELLS = 100_000_000  # numbers held at once, at most

Array = NDArray[Any]


def some_rows(x: Any, cells: int) -> Any:
    """Rows of `x`, evenly drawn, so that `cells` numbers for each stay within what is held at once."""
    most = max(50, min(ROWS, CELLS // max(1, cells)))
    places = np.arange(len(x)) if len(x) <= most else np.sort(np.random.default_rng(0).choice(len(x), most, False))
    return x.iloc[places] if hasattr(x, "iloc") else x[places]


def as_matrix(x: Any) -> Array:
    return np.ascontiguousarray(x.to_numpy(np.float64) if hasattr(x, "to_numpy") else np.asarray(x, np.float64))


def contributions(forest: Forest, x: Array) -> Array:
    """What each tree adds to its output for the rows of `x`: shape (trees, rows), for forests of width 1."""
    with np.errstate(over="ignore"):
        given = x.astype(np.float32).astype(np.float64) if forest.single else x
    return np.stack([t.value.reshape(-1)[leaves(t, given)] for t in forest.trees])


def leaves(tree: Tree | Symmetric, x: Array) -> Array:
    """The node (or the place of the value) at which each row ends."""
    if isinstance(tree, Symmetric):
        at = np.zeros(len(x), np.int64)
        for i, (f, border, rule) in enumerate(zip(tree.feature, tree.threshold, tree.missing, strict=True)):
            v = x[:, f]
            at |= np.where(np.isnan(v), rule != LEFT, v > border).astype(np.int64) << i
        return at
    at = np.zeros(len(x), np.int64)
    rows = np.arange(len(x))
    while True:
        rows = rows[tree.left[at[rows]] >= 0]
        if not len(rows):
            return at
        n = at[rows]
        at[rows] = np.where(_goes_left(tree, n, x[rows, tree.feature[n]]), tree.left[n], tree.right[n])


def _goes_left(tree: Tree, n: Array, v: Array) -> Array:
    rule = tree.missing[n]
    gone = np.isnan(v) | ((rule & ZERO_TOO > 0) & (np.abs(v) <= np.float32(1e-35)))
    rule = rule & 3
    left = np.where(gone, np.where(rule == AS_ZERO, tree.threshold[n] >= 0, rule == LEFT), v <= tree.threshold[n])
    for node, c in tree.categories.items():
        here = n == node
        if here.any():
            w = v[here]
            inside = (w >= 0) & (w < len(c.left)) & (~np.array(c.whole) | (w == np.floor(w)))
            known = np.where(inside, c.left[np.where(inside, w, 0).astype(np.int64)], c.outside_left)
            left[here] = np.where(np.isnan(w), c.nan_left, known)
    return left
