"""Arrays that are copied to grow."""

from __future__ import annotations

from pathlib import Path

import pytest

from hasten.passes.source.arrays.growing import GrowingArrays
from tests.passes.test_containers_harness import changed, left_alone

SHOW = """
import numpy as np
def show(*arrays):
    for a in arrays:
        if isinstance(a, np.ndarray):
            flags = a.flags
            print(type(a).__name__, a.dtype, a.shape, flags.c_contiguous, flags.f_contiguous, flags.owndata,
                  flags.writeable, a.tolist(), np.signbit(a).tolist() if a.dtype.kind == "f" else "")
        else:
            print(type(a).__name__, a)
"""

CHANGED = {
    "numbers one by one": """
def f(values, start):
    xs = start
    for v in values:
        xs = np.append(xs, v)
    return xs
for values in ([1.5, 2, -0.0, True], [1, 2], [2**62, 2**63, 2**64], [], ["a", 1], [1, 2.5, "b"], [1j, 2], [None, 1],
               [np.float32(1.1), 2.2], [[1, 2], [3]], [np.arange(40), 5], [np.nan, np.inf], [b"ab", b"c"],
               [np.datetime64("2020-01-01"), np.datetime64("2021-01-01T10")], [np.bool_(True)] * 3):
    for start in ([], np.array([]), np.empty(0, np.int64), np.zeros(2, np.int8), np.ones((2, 2), "f4"), np.array(7),
                  np.array([3], ">f8"), np.array(["abcdef"]), np.matrix([[1, 2]]), np.ma.array([1, 2], mask=[0, 1])):
        try:
            show(f(values, start))
        except Exception as e:
            print(type(e).__name__)
big = f(range(1000), np.array([]))
print(big.sum(), len(big), big.flags.owndata, big.base is None)
""",
    "rows": """
def f(rows, start):
    table = start
    for row in rows:
        table = np.vstack((table, row))
    return table
F = np.asfortranarray(np.arange(6.0).reshape(2, 3))
for rows in ([[1, 2, 3]], [[1.5, 2, 3], np.arange(3)], [F, F], [F.T.copy().T, [1, 2, 3]], [np.ones((4, 6))[:, ::2]] * 3,
             [[1, 2]], [[1, 2, 3], [4, 5]], [], [["a", "b", "c"]], [np.zeros((0, 3)), [1, 2, 3]], [7], [1, 2, 3]):
    for start in (np.empty((0, 3)), np.array([]), [0, 0, 0], np.zeros((1, 3), int), F, np.zeros((2, 1)), np.empty((0, 3), "f4")):
        try:
            show(f(rows, start))
        except Exception as e:
            print(type(e).__name__, e)
""",
    "blocks of any rank": """
def f(blocks, start):
    xs = start
    for b in blocks:
        xs = np.concatenate([xs, b], axis=0)
    return xs
F = np.asfortranarray(np.arange(8.0).reshape(2, 2, 2))
for blocks in ([F, F], [F + 1j, F], [np.arange(3), [1.5]], [[1], 2], [[[1, 2]], [[3.5, 4]]], [F.astype(int), F], [[]]):
    for start in (np.zeros((0, 2, 2)), np.zeros(0), np.array([1]), np.zeros((1, 2)), F):
        try:
            show(f(blocks, start))
        except Exception as e:
            print(type(e).__name__, e)
""",
    "read while it grows": """
def walk(n):
    path = np.array([1.0])
    kept = np.empty((0, 2))
    i = 0
    while len(path) < n:
        path = np.append(path, path[-1] * 0.5 + path.mean())
        if path[-1] > 2 and i % 3 == 0:
            path[0] = -1.0
            path += 0.25
        kept = np.append(kept, [[path.sum(), path.max()]], axis=0)
        if kept.shape[0] > 30:
            break
        i += 1
    else:
        print("whole")
    return path, kept, np.std(path)
show(*walk(50), *walk(10), *walk(0))
""",
    "none or empty first": """
def f(blocks):
    xs = None
    for b in blocks:
        if xs is None:
            xs = b
        else:
            xs = np.vstack([xs, b])
    return xs
blocks = [np.arange(4).reshape(2, 2), np.ones((1, 2)), [[5, 6]]]
show(f(blocks), f([]), f(blocks[:1]), *blocks)
print(f(blocks[:1]) is blocks[0])
""",
    "started again in the outer loop": """
out = []
for k in range(4):
    xs = np.array([], dtype=int)
    for i in range(k * 3):
        if i % 5 == 4:
            xs = np.array([], dtype=int)
        xs = np.append(xs, i)
    out.append(xs)
xs[:1] = 99
show(*out)
""",
    "returned and left by an exception": """
def f(values, stop):
    xs = np.array([])
    try:
        for v in values:
            if v == stop:
                return xs, "stopped"
            if v is None:
                return xs
            xs = np.hstack((xs, 1 / v))
    except ZeroDivisionError:
        print("zero", xs)  # whole, though it does not own its memory yet
        xs = xs + 0
    show(xs)
    xs[:] = 5
    return xs
for values in ([1, 2, 0, 4], [1, 2, 3], [None], [], [4.0, None]):
    got = f(values, 3)
    got = got[0] if type(got) is tuple else got
    show(got)
""",
    "two arrays": """
xs = np.array([])
ys = np.empty((0, 2), dtype=np.float32)
for i in range(30):
    if i % 2:
        xs = np.concatenate((xs, np.arange(i % 4)))
    ys = np.vstack((ys, [i, -i]))
show(xs, ys)
""",
    "own items": """
xs = np.array([1, 1])
for _ in range(6):
    xs = np.append(xs, xs[-2:])
    xs = np.append(xs, xs)
show(xs)
""",
    "added in place": """
xs = np.array([1, 2])
for i in range(3):
    xs = np.append(xs, i)
    xs *= 2
    try:
        xs += 0.5
    except TypeError as e:
        print(type(e).__name__)
show(xs)
""",
}
ALONE = {
    "held elsewhere": """
xs, history = np.array([]), []
for i in range(5):
    xs = np.append(xs, i)
    history.append(xs)
    xs[0] = -i
show(*history)
""",
    "second name": """
xs = np.array([0.0])
for i in range(5):
    old = xs
    xs = np.append(xs, i)
    xs[0] += 1
    print(old)
""",
    "view of a row": """
xs = np.zeros((1, 2))
for i in range(4):
    row = xs[-1]
    xs = np.vstack((xs, [i, i]))
    row += 1
show(xs)
""",
    "handed to a function": """
held = []
def keep(a):
    held.append(a)
xs = np.array([0.0])
for i in range(4):
    xs = np.append(xs, i)
    keep(xs)
    xs[0] += 1
show(*held)
""",
    "seen through a closure": """
def f():
    xs = np.array([0.0])
    def latest():
        return xs
    out = []
    for i in range(4):
        xs = np.append(xs, i)
        out.append(latest())
        xs[0] += 1
    return out
show(*f())
""",
    "not in a loop": """
xs = np.array([0.0])
xs = np.append(xs, 1)
show(xs)
""",
    "other ends": """
xs = np.zeros((2, 0))
for i in range(3):
    xs = np.hstack((np.ones((2, 1)), xs))
    xs = np.append(xs, [[1], [2]], axis=1)
show(xs)
""",
    "a generator": """
def f():
    xs = np.array([])
    for i in range(4):
        xs = np.append(xs, i)
        yield xs
        xs[0] = 9
show(*f())
""",
}


@pytest.mark.parametrize("name", CHANGED)
def test_changed(name: str, tmp_path: Path) -> None:
    made = changed(GrowingArrays(), tmp_path, SHOW + CHANGED[name])
    assert any("_room" in text for text in made)


@pytest.mark.parametrize("name", ALONE)
def test_left_alone(name: str, tmp_path: Path) -> None:
    left_alone(GrowingArrays(), tmp_path, SHOW + ALONE[name])
