"""From the common form to the arrays that `serve/backends/trees` reads.

All trees are handled at once, level by level. A node's two children lie side by side, and after a node comes the part
of its tree that more leaves are in: most steps stay in a cache line that is already there.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.passes.model.trees.forest import LEFT, RIGHT, Categories, Forest, Symmetric, Tree

WALK, BITS32, BITS64, SYMMETRIC = range(4)
CATEGORY, OUTSIDE_LEFT, WHOLE = 8, 16, 32  # rules of a column, beside those of a missing value
REFUSE_NAN, REFUSE_INF, AS_FLOAT, SUM_FLOAT, REFUSE_INF_CATEGORY = 1, 2, 4, 8, 16
Array = NDArray[Any]


class _Columns:
    """Features with one rule each; every node names one."""

    def __init__(self) -> None:
        self.source: list[int] = []
        self.rule: list[int] = []
        self.sets: list[Array] = []
        self.bits: list[int] = []
        self._known: dict[Any, int] = {}

    def of(self, feature: int, rule: int, left: Array | None = None) -> int:
        key = (feature, rule, None if left is None else left.tobytes())
        if key not in self._known:
            self._known[key] = len(self.source)
            self.source.append(feature)
            self.rule.append(rule)
            words = np.zeros(0, np.uint32)
            if left is not None:
                padded = np.zeros(-(-len(left) // 32) * 32, np.uint8)
                padded[: len(left)] = left
                words = np.packbits(padded, bitorder="little").view(np.uint32)
            self.sets.append(words)
            self.bits.append(0 if left is None else len(left))
        return self._known[key]

    def category(self, feature: int, c: Categories) -> int:
        rule = CATEGORY | (LEFT if c.nan_left else RIGHT) | OUTSIDE_LEFT * c.outside_left | WHOLE * c.whole
        return self.of(feature, rule, np.asarray(c.left, bool))


def keys_of(threshold: Array, single: bool) -> Array:
    """Thresholds as integers that order as the floats do; float32 ones are rounded down, which changes no test."""
    if single:
        with np.errstate(over="ignore"):
            down = threshold.astype(np.float32)
            below = np.nextafter(down, np.float32(-np.inf))
        down = np.where(down.astype(np.float64) > threshold, below, down)
        b = (down + np.float32(0)).astype(np.float32).view(np.int32).astype(np.int64)
        return np.where(b < 0, b ^ np.int64(-(2**31)) ^ np.int64(-1), b)
    d = (threshold + 0.0).view(np.int64)
    return np.where(d < 0, d ^ np.int64(2**63 - 1), d)


def packed(forest: Forest) -> dict[str, Array]:
    """Arrays by the names of `Model` in trees.c."""
    walked = [i for i, t in enumerate(forest.trees) if isinstance(t, Tree)]
    trees = [t for t in forest.trees if isinstance(t, Tree)]
    others = [i for i, t in enumerate(forest.trees) if isinstance(t, Symmetric)]
    number = len(forest.trees)
    columns = _Columns()
    flat = _Flat(trees, columns, forest)
    kind = np.full(number, SYMMETRIC, np.int32)
    kind[walked] = flat.kind
    depth, out = np.zeros(number, np.int32), np.array([t.out for t in forest.trees], np.int32)
    depth[walked] = flat.depth
    root = np.zeros(number, np.int64)
    # leaves in the order of trees: those of walked ones by place from left to right, then the symmetric
    leaf_values = [flat.values]
    leaf_start = np.zeros(number, np.int64)
    leaf_start[walked] = flat.leaf_start
    test_start, test_count = np.zeros(number, np.int64), np.zeros(number, np.int32)
    test_start[walked], test_count[walked] = flat.test_start, flat.test_count
    keys, tested, masks = [flat.test_key], [flat.test_column], [flat.test_mask]
    at, tests = len(flat.values), len(flat.test_key)
    for i in others:
        t = forest.trees[i]
        assert isinstance(t, Symmetric)
        leaf_start[i], test_start[i], test_count[i] = at, tests, len(t.feature)
        leaf_values.append(t.value.reshape(-1, forest.width))
        keys.append(keys_of(t.threshold, forest.single))
        tested.append(np.array([columns.of(int(f), int(r)) for f, r in zip(t.feature, t.missing, strict=True)], int))
        masks.append(np.zeros(len(t.feature), np.uint64))
        at, tests = at + len(t.value), tests + len(t.feature)
    values = np.concatenate(leaf_values).astype(np.float64).reshape(at, forest.width)
    stride = 1 if forest.width == 1 else 2 if forest.width == 2 else -(-forest.width // 4) * 4
    rows_of = np.zeros(0, np.uint32)
    payload = flat.leaf_number
    if forest.width > 1:
        distinct, inverse = _distinct(values)
        values = np.zeros((len(distinct), stride))
        values[:, : forest.width] = distinct
        rows_of = inverse.astype(np.uint32)
        payload = rows_of[flat.leaf_at].astype(np.int64)
    wide = (
        not forest.single or len(columns.source) > 65535 or flat.reach > 65535
        or (len(payload) > 0 and int(payload.max()) > 8_000_000)
    )  # fmt: skip
    nodes = flat.nodes(payload, wide)
    root[walked] = flat.root
    order = np.array([*sorted(walked, key=lambda i: depth[i]), *others], np.int32)
    flags = REFUSE_NAN * forest.refuse_nan | REFUSE_INF * forest.refuse_inf | AS_FLOAT * forest.single
    flags |= SUM_FLOAT * forest.sum_single | REFUSE_INF_CATEGORY * forest.refuse_inf_category
    head = [
        forest.features,
        len(columns.source),
        number,
        forest.outputs,
        forest.width,
        stride,
        64 if wide else 32,
        flags,
    ]
    mask = np.concatenate(masks).astype(np.uint64)
    set_sizes = np.array([len(s) for s in columns.sets], np.int64)
    return {
        "head": np.array(head, np.int64),
        "source": np.array(columns.source, np.int32), "rule": np.array(columns.rule, np.int32),
        "set_start": np.cumsum(set_sizes) - set_sizes, "set_bits": np.array(columns.bits, np.int64),
        "sets": np.concatenate([*columns.sets, np.zeros(1, np.uint32)]),
        "init": np.asarray(forest.init, np.float64), "nodes": nodes, "root": root, "depth": depth, "out": out,
        "kind": kind, "leaf_start": leaf_start, "values": values, "rows_of": rows_of, "order": order,
        "walked": np.array([len(walked)], np.int64), "test_start": test_start, "test_count": test_count,
        "test_key": np.concatenate(keys).astype(np.int64 if wide else np.int32),
        "test_column": np.concatenate(tested).astype(np.uint32), "test_mask": mask,
        "test_mask32": (mask >> np.uint64(32)).astype(np.uint32),
    }  # fmt: skip


def _distinct(values: Array) -> tuple[Array, Array]:
    """Different rows, and for each row which it is."""
    whole = np.ascontiguousarray(values).view([("", values.dtype)] * values.shape[1]).ravel()
    _, first, inverse = np.unique(whole, return_index=True, return_inverse=True)
    return values[first], inverse


class _Flat:
    """All trees of one forest, their nodes one after another, in new places."""

    def __init__(self, trees: list[Tree], columns: _Columns, forest: Forest) -> None:
        sizes = np.array([len(t.left) for t in trees], np.int64)
        base = np.cumsum(sizes) - sizes
        tree_of = np.repeat(np.arange(len(trees)), sizes)
        shift = np.repeat(base, sizes)
        left, right = _joined([t.left for t in trees]), _joined([t.right for t in trees])
        inner = left >= 0
        left, right = np.where(inner, left + shift, -1), np.where(inner, right + shift, -1)
        total = len(left)
        levels = _levels(base, left, right, inner)
        self.depth = np.zeros(len(trees), np.int64)
        for d, nodes in enumerate(levels):
            self.depth[tree_of[nodes]] = d
        # sizes of what is below, from the deepest level up
        below, leaves = np.where(inner, 1, 0), np.where(inner, 0, 1)
        for nodes in reversed(levels):
            n = nodes[inner[nodes]]
            below[n] = 1 + below[left[n]] + below[right[n]]
            leaves[n] = leaves[left[n]] + leaves[right[n]]
        # places, from the root down: pair p of a tree lies at 2 + 2 p
        pair, place, first = np.zeros(total, np.int64), np.zeros(total, np.int64), np.zeros(total, np.int64)
        for nodes in levels:
            n = nodes[inner[nodes]]
            a, b = left[n], right[n]
            place[a], place[b] = 2 + 2 * pair[n], 3 + 2 * pair[n]
            heavy = leaves[a] >= leaves[b]
            pair[a] = pair[n] + 1 + np.where(heavy, 0, below[b])
            pair[b] = pair[n] + 1 + np.where(heavy, below[a], 0)
            first[a], first[b] = first[n], first[n] + leaves[a]
        roots = base
        space = 2 + 2 * below[roots] if len(trees) else np.zeros(0, np.int64)
        self.root = np.cumsum(space) - space
        self._place = place + np.repeat(self.root, sizes)
        self._space = int(space.sum())
        self._child = np.where(inner, place[left] - place, 0)
        self.reach = int(self._child.max()) if total else 0
        self._inner = inner
        threshold = _joined([t.threshold for t in trees], np.float64)
        self._key = keys_of(threshold, forest.single)
        self._column = self._columns(trees, base, inner, columns)
        # categories answer 0 or 1
        category = np.zeros(total, bool)
        for t, start in zip(trees, base, strict=True):
            for place_ in t.categories:
                category[start + place_] = True
        self._key = np.where(category, 0, self._key)
        # leaves from left to right
        count = leaves[roots] if len(trees) else np.zeros(0, np.int64)
        self.leaf_start = np.cumsum(count) - count
        ends = np.flatnonzero(~inner)
        self._ends = ends
        self.leaf_number = first[ends]
        self.leaf_at = self.leaf_number + self.leaf_start[tree_of[ends]]
        value = _joined([t.value.reshape(len(t.left), -1) for t in trees], np.float64).reshape(total, forest.width)
        self.values = np.zeros((len(ends), forest.width))
        self.values[self.leaf_at] = value[ends]
        # tests of small trees: which leaves stay where the value goes right
        self.kind = np.where(count <= 32, BITS32, np.where(count <= 64, BITS64, WALK)).astype(np.int32)
        small = inner & (self.kind[tree_of] != WALK)
        n = np.flatnonzero(small)
        self.test_count = np.bincount(tree_of[n], minlength=len(trees))
        self.test_start = np.cumsum(self.test_count) - self.test_count
        self.test_key, self.test_column = self._key[n], self._column[n]
        gone = leaves[left[n]].astype(np.uint64)
        one = np.uint64(1)
        ones = (one << gone) - one
        self.test_mask = ~(ones << (np.uint64(64) - first[n].astype(np.uint64) - gone))

    def _columns(self, trees: list[Tree], base: Array, inner: Array, columns: _Columns) -> Array:
        feature = _joined([t.feature for t in trees])
        rule = _joined([t.missing for t in trees])
        plain = inner.copy()
        for t, start in zip(trees, base, strict=True):
            for n in t.categories:
                plain[start + n] = False
        code = feature[plain] * 8 + rule[plain]
        known, inverse = np.unique(code, return_inverse=True)
        number = np.array([columns.of(int(c) // 8, int(c) % 8) for c in known], np.int64)
        out = np.zeros(len(feature), np.int64)
        out[plain] = number[inverse] if len(known) else 0
        for t, start in zip(trees, base, strict=True):
            for n, c in t.categories.items():
                out[start + n] = columns.category(int(t.feature[n]), c)
        return out

    def nodes(self, payload: Array, wide: bool) -> Array:
        """The nodes as trees.c reads them; a leaf's key carries its payload, and no input is beyond it."""
        dtype = np.dtype(
            [("key", np.int64), ("column", np.uint32), ("child", np.uint32)] if wide
            else [("key", np.int32), ("column", np.uint16), ("child", np.uint16)]
        )  # fmt: skip
        out = np.zeros(self._space, dtype)
        key = self._key.copy()
        key[self._ends] = (0x7FF0000000000001 if wide else 0x7F800001) + payload
        out["key"][self._place] = key
        out["column"][self._place] = np.where(self._inner, self._column, 0)
        out["child"][self._place] = self._child
        return out.view(np.uint8)


def _joined(parts: list[Array], dtype: Any = np.int64) -> Array:
    return np.concatenate([np.asarray(p, dtype) for p in parts]) if parts else np.zeros(0, dtype)


def _levels(roots: Array, left: Array, right: Array, inner: Array) -> list[Array]:
    """Nodes by their distance from the root."""
    levels = []
    nodes = roots
    while len(nodes):
        levels.append(nodes)
        n = nodes[inner[nodes]]
        nodes = np.concatenate([left[n], right[n]])
    return levels
