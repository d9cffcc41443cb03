"""The same labels compared for group after group."""

from __future__ import annotations

from pathlib import Path

import pytest

from hasten.passes.source.arrays.groups import MaskPerGroup
from tests.passes.test_containers_harness import changed, left_alone

DATA = """
import numpy as np
rng = np.random.default_rng(1)
X = np.asfortranarray(rng.random((200, 3)))
y = rng.random(200)
def show(*got):
    for a in got:
        a = np.asarray(a)
        print(a.dtype, a.shape, a.flags.c_contiguous, a.flags.writeable, a.tolist())
"""
CHANGED = {
    "means of clusters": """
def centres(X, labels, keys):
    out = []
    for k in keys:
        members = X[labels == k]
        if len(members) == 0:
            continue
        out.append(members.mean(axis=0))
    return np.array(out)
labels = np.array(rng.integers(0, 5, 200))
show(centres(X, labels, range(6)), centres(X, labels, [2, 2.0, True, np.uint8(1), 1 + 0j, -1, 2**70, np.nan]))
show(centres(X, labels.astype(str), ["1", np.str_("3"), "", "3 ", 4]), centres(X, labels.astype(float), [1.0, np.nan]))
show(centres(X, labels.astype(str).astype(object), ["1", "9"]), centres(X, np.array([1, "a"] * 100, object), [1, "a"]))
show(centres(X, labels > 2, [True, False]), centres(X, labels.astype("u1"), [1, 300, -1]), centres(X, labels, []))
for bad in (labels[:50], labels[:1], labels[:0], labels.reshape(-1, 1), list(labels), np.ma.array(labels, mask=labels == 1)):
    try:
        show(centres(X, np.asanyarray(bad), [1, 2]))
    except Exception as e:
        print(type(e).__name__, e)
""",
    "places and counts": """
labels = rng.integers(0, 7, 200)
kept = {}
for k in np.unique(labels):
    idx = np.where(labels == k)[0]
    rng.shuffle(idx)
    kept[k] = idx
    idx += 1
    print(np.sum(labels == k), type(np.sum(labels == k)), (labels == k).sum(), np.flatnonzero(labels == k), np.nonzero(labels == k)[0])
show(*kept.values())
""",
    "a mask with a name": """
users = np.array([f"u{i % 13}" for i in range(200)])
for u in np.unique(users):
    mask = users == u
    show(X[mask], y[mask], X[mask, 1], X[mask, :2], mask.sum())
""",
    "a comprehension": """
labels = np.arange(200) % 4
print([y[labels == k].sum() for k in range(5)], {k: X[labels == k, 0].max() for k in range(4)})
""",
    "iterations of k-means": """
centres = X[:4].copy()
for _ in range(5):
    labels = np.argmin(((X[:, None] - centres) ** 2).sum(axis=2), axis=1)
    new = np.array([X[labels == j].mean(axis=0) for j in range(4)])
    for j in range(len(centres)):
        centres[j] = X[labels == j].mean(axis=0)
    print((new == centres).all())
show(centres)
""",
    "other tables": """
labels = np.arange(4) % 2
for table in (np.arange(4), np.arange(8).reshape(4, 2), np.arange(6), np.matrix([[1, 2]] * 4), np.arange(4)[::-1], [1, 2, 3, 4]):
    for k in (0, 1, 2):
        try:
            print(repr(table[labels == k]))
        except Exception as e:
            print(type(e).__name__, e)
""",
    "labels that are no array": """
def f(labels, use):
    out = []
    for k in (1, 2):
        out.append(np.flatnonzero(labels == k))
    for k in (1, 2):
        if use:
            out.append((labels == k).sum())
    return out
for labels in ([1, 2], "abc", None, 1, np.arange(3)):
    for use in (False, True):
        try:
            print(f(labels, use))
        except Exception as e:
            print(type(e).__name__, e)
""",
}
ALONE = {
    "an item of a list by a truth, which is the labels": """
def f(arrays, labels, y):
    out = []
    for k in range(4):
        out.append(y[labels == k].sum())
        one = arrays[k == 1]
        one[k] = 3
    return out
labels = np.arange(200) % 4
print(f([np.zeros(9), labels], labels, y))
""",
    "an item drawn from a list, which is the labels": """
import random
def f(arrays, labels, y, draw):
    out = []
    for k in range(4):
        out.append(y[labels == k].sum())
        one = draw.choice(arrays)
        one[k] = 3
    return out
labels = np.arange(200) % 4
print(f([labels], labels, y, random.Random(1)))
""",
    "labels change": """
labels = np.arange(200) % 4
for k in range(4):
    print(y[labels == k].sum())
    labels[k] = 3
""",
    "labels change under another name": """
labels = np.arange(200) % 4
other = labels[:]
for k in range(4):
    print(y[labels == k].sum())
    other[k] = 3
""",
    "stored into": """
labels = np.arange(200) % 4
for k in range(4):
    y[labels == k] = k
print(y.tolist())
""",
    "the mask itself": """
labels = np.arange(200) % 4
out = []
for k in range(4):
    mask = labels == k
    out.append(mask)
    print(y[mask].sum(), (~mask).sum())
""",
    "no loop": """
labels = np.arange(200) % 4
k = 2
print(y[labels == k].sum())
""",
    "the key changes before the mask is used": """
labels = np.arange(200) % 4
for k in range(4):
    mask = labels == k
    k = 0
    print(y[mask].sum())
""",
}


@pytest.mark.parametrize("name", CHANGED)
def test_changed(name: str, tmp_path: Path) -> None:
    made = changed(MaskPerGroup(), tmp_path, DATA + CHANGED[name])
    assert any("_places_by_label(" in text for text in made)


@pytest.mark.parametrize("name", ALONE)
def test_left_alone(name: str, tmp_path: Path) -> None:
    left_alone(MaskPerGroup(), tmp_path, DATA + ALONE[name])
