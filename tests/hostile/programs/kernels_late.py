"""Number-crunching functions that are called with lists, bools, strings, empty and ragged input late in the run."""

import math

import numpy as np


def simulate(n, dt):
    x, v = 1.0, 0.0
    out = []
    for i in range(n):
        a = -x - 0.1 * v
        v += a * dt
        x += v * dt
        if i % 10 == 0:
            out.append(round(x, 3))
    return out


def pairwise(pts):
    best = float("inf")
    pair = None
    for i in range(len(pts)):
        for j in range(i + 1, len(pts)):
            d = math.hypot(pts[i][0] - pts[j][0], pts[i][1] - pts[j][1])
            if d < best:
                best = d
                pair = (i, j)
    return best, pair


def sieve(n):
    flags = [True] * (n + 1)
    flags[0] = flags[1] = False
    for i in range(2, int(n**0.5) + 1):
        if flags[i]:
            for j in range(i * i, n + 1, i):
                flags[j] = False
    return [i for i, f in enumerate(flags) if f]


def edit(a, b):
    d = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i in range(len(a) + 1):
        d[i][0] = i
    for j in range(len(b) + 1):
        d[0][j] = j
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            c = 0 if a[i - 1] == b[j - 1] else 1
            d[i][j] = min(d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + c)
    return d[-1][-1]


def matmul(a, b):
    n, m, k = len(a), len(b[0]), len(b)
    c = [[0] * m for _ in range(n)]
    for i in range(n):
        for j in range(m):
            s = 0
            for t in range(k):
                s += a[i][t] * b[t][j]
            c[i][j] = s
    return c


def mandel(w, h, it):
    res = np.zeros((h, w), dtype=np.int32)
    for y in range(h):
        for x in range(w):
            c = complex(-2 + 3 * x / w, -1 + 2 * y / h)
            z = 0
            k = 0
            while abs(z) <= 2 and k < it:
                z = z * z + c
                k += 1
            res[y, x] = k
    return res


def life(g):
    n, m = g.shape
    new = np.zeros_like(g)
    for i in range(n):
        for j in range(m):
            s = 0
            for di in (-1, 0, 1):
                for dj in (-1, 0, 1):
                    if di or dj:
                        s += g[(i + di) % n, (j + dj) % m]
            new[i, j] = 1 if s == 3 or (s == 2 and g[i, j]) else 0
    return new


def bins(xs, k):
    lo, hi = min(xs), max(xs)
    h = [0] * k
    for x in xs:
        i = int((x - lo) / (hi - lo) * k)
        if i == k:
            i -= 1
        h[i] += 1
    return h


def knap(w, v, cap):
    best = [0] * (cap + 1)
    for i in range(len(w)):
        for c in range(cap, w[i] - 1, -1):
            best[c] = max(best[c], best[c - w[i]] + v[i])
    return best[cap]


def prefix(xs):
    out = [0] * (len(xs) + 1)
    for i, x in enumerate(xs):
        out[i + 1] = out[i] + x
    return out


def bubble(xs):
    n = len(xs)
    for i in range(n):
        for j in range(n - 1 - i):
            if xs[j] > xs[j + 1]:
                xs[j], xs[j + 1] = xs[j + 1], xs[j]
    return xs


def newton(f, n):
    r = []
    for i in range(n):
        x = i or 1
        for _ in range(20):
            x = (x + i / x) / 2
        r.append(x)
    return r


pts = [(i * 37 % 101 / 3, i * 53 % 97 / 7) for i in range(40)]
A = [[i * j % 7 for j in range(8)] for i in range(6)]
B = [[i - j for j in range(5)] for i in range(8)]
g = (np.arange(144).reshape(12, 12) % 3 == 0).astype(int)
for _ in range(8):
    (
        simulate(200, 0.01),
        pairwise(pts),
        sieve(500),
        edit("kitten", "sitting"),
        matmul(A, B),
        mandel(20, 10, 30),
        life(g),
        bins([i * 1.5 for i in range(50)], 7),
        knap([2, 3, 4], [3, 4, 5], 20),
        prefix(list(range(10))),
        bubble([3, 1, 2] * 5),
        newton(None, 5),
    )
print(simulate(200, 0.01)[-3:], pairwise(pts), len(sieve(500)), edit("kitten", "sitting"), matmul(A, B)[1])
print(mandel(20, 10, 30).sum(), life(g).sum(), bins([i * 1.5 for i in range(50)], 7), knap([2, 3, 4], [3, 4, 5], 20))
print(prefix(list(range(10))), bubble([3, 1, 2]), newton(None, 5))
print(
    simulate(0, 1),
    simulate(21, 1),
    simulate(11, 0),
    pairwise([]),
    pairwise([(0, 0), (3, 4), (0, 0.0)]),
    sieve(2),
    sieve(1),
)
try:
    print(sieve(0))
except IndexError as e:
    print(e)
print(edit("", ""), edit([1, 2.0, True], [1.0, 2]), edit("aé", "ae"))
print(
    matmul([[0.5, 1]], [[2], [3]]),
    matmul([[True]], [[True]]),
    matmul([[2**40]], [[2**40]]),
    matmul([[1], [2]], [[3, 4]]),
)
for bad in (([[1, 2], [3]], [[1], [2]]), ([[1]], []), ([["a"]], [[2]])):
    try:
        print(matmul(*bad))
    except Exception as e:
        print(type(e).__name__, e)
print(
    life(g.astype(bool)).dtype,
    life(g.astype(np.uint8)).sum(),
    life(g.astype(float)).dtype,
    life(np.zeros((0, 3))).shape,
)
for bad in ([], [1, 1], [1.0, float("nan")], [0, 10], [1, 2**70], [True, False], [1.0, float("inf")]):
    try:
        print(bins(bad, 3))
    except Exception as e:
        print(type(e).__name__, e)
print(knap([], [], 3), knap([1], [0.5], 3), knap([5], [1], 3), knap([0], [1], 2))
for bad in (([-1], [1], 3), ([1, 2], [1], 3), ([1.5], [1], 3)):
    try:
        print(knap(*bad))
    except Exception as e:
        print(type(e).__name__, e)
print(
    prefix([0.1] * 5),
    prefix([]),
    prefix([True, 2]),
    prefix(["a"]) if False else "",
    prefix((1, 2.5)),
    prefix(np.array([1, 2], dtype=np.int8)),
    prefix(np.array([100, 100], dtype=np.int8)),
)
print(bubble([2, 1.0, True]), bubble(["b", "a"]), bubble([]), bubble(np.array([3, 1, 2])), bubble([[2], [1]]))
x = [3, 2, 1]
print(bubble(x) is x, x, newton(None, 0), newton(None, 1))
print([round(v, 2) for v in simulate(31, -0.5)], mandel(3, 2, 1), mandel(0, 0, 1).shape, mandel(2, 2, 0).dtype)
print(
    [
        type(v).__name__
        for v in (
            pairwise(pts)[0],
            edit("a", "b"),
            knap([1], [True], 1),
            matmul(A, B)[0][0],
            bins([1, 2, 3], 2)[0],
            prefix([1])[0],
            newton(None, 3)[0],
            newton(None, 3)[1],
        )
    ]
)
