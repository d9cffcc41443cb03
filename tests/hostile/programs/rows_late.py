"""Arrays and lists in functions: called often with floats, then once each with odd ones."""

import math
import warnings

import numpy as np

warnings.simplefilter("ignore")


def dists(X, q):
    out = []
    for i in range(len(X)):
        out.append(np.linalg.norm(X[i] - q))
    return out


def means(X):
    return [np.mean(row) for row in X]


def dots(X, w):
    t = 0.0
    for row in X:
        t += np.dot(row, w)
    return t


def exps(v):
    out = []
    for x in v:
        out.append(math.exp(-x) / (1 + math.exp(-x)))
    return out


def stds(X):
    return [(r.std(), r.max() - r.min()) for r in X]


def scaled(X):
    out = np.zeros(len(X))
    for i in range(len(X)):
        out[i] = np.sum(X[i] ** 2) + np.abs(X[i]).max()
    return out


def best(X, q):
    b, at = np.inf, None
    for i, row in enumerate(X):
        d = np.sqrt(np.sum((row - q) ** 2))
        if d < b:
            b, at = d, i
    return b, at


def logs(v):
    s = 0
    for i in range(len(v)):
        s += np.log(v[i]) + np.sqrt(v[i])
    return s


FUNCS = [
    lambda X, q: dists(X, q),
    lambda X, q: means(X),
    lambda X, q: dots(X, q),
    lambda X, q: exps([float(x) for x in X[:, 0]]),
    lambda X, q: stds(X),
    lambda X, q: scaled(X),
    lambda X, q: best(X, q),
    lambda X, q: logs(np.abs(X[:, 0]) + 0.1),
]
RAW = [
    dists,
    lambda X, q: means(X),
    dots,
    lambda X, q: exps(X),
    lambda X, q: stds(X),
    lambda X, q: scaled(X),
    best,
    lambda X, q: logs(X),
]


def show(f, X, q):
    try:
        r = f(X, q)
    except Exception as e:
        return f"{type(e).__name__}: {str(e)[:60]}"
    if isinstance(r, list):
        return f"list {len(r)} {[type(x).__name__ for x in r[:2]]} " + " ".join(f"{x!r}"[:60] for x in r[:3])
    if isinstance(r, np.ndarray):
        return f"{r.dtype} {r.shape} {r[:3]}"
    return f"{r!r}"


rng = np.random.default_rng(5)
X, q = rng.integers(-40, 40, (50, 4)) / 8, np.arange(4.0) / 4
for _ in range(15):
    ok = [show(f, X, q) for f in FUNCS]
print(*ok, sep="\n")
odd = {
    "ints": (np.arange(20).reshape(5, 4), q),
    "int q": (X, [1, 2, 3, 4]),
    "f32": (X.astype(np.float32), q),
    "F": (np.asfortranarray(X), q),
    "strided": (X[::2, ::-1], q),
    "empty": (X[:0], q),
    "nocols": (np.zeros((3, 0)), np.zeros(0)),
    "one": (X[:1], q),
    "1d": (X[:, 0], 0.5),
    "3d": (np.zeros((2, 2, 4)), q),
    "lists": ([[1.0, 2.0, 3.0, 4.0]] * 3, q),
    "tuple": (tuple(X), q),
    "nan": (np.full((3, 4), np.nan), q),
    "inf": (np.full((3, 4), np.inf), q),
    "big": (np.full((3, 4), 1e300), q),
    "zero": (np.zeros((3, 4)), np.zeros(4)),
    "negzero": (-np.zeros((3, 4)), -np.zeros(4)),
    "obj": (np.array([[1, 2.5, 3, 4]] * 2, dtype=object), q),
    "cplx": (X[:3] + 1j, q),
    "bool": (X[:3] > 0, q),
    "matrix": (np.matrix(X[:3]), q),
    "masked": (np.ma.array(X[:3], mask=X[:3] > 1), q),
    "short q": (X, q[:3]),
    "q is X": (X[:4], X[:4]),
    "row q": (X, X[3]),
    "scalars": ([0.5, -1.0, 2.0], 1.0),
    "ints list": ([1, 2, 3], 1),
    "mixed": ([1, 2.5, None], 1),
    "huge": ([-1000.0, 1.0], 1.0),
    "huge2": ([1000.0], 1.0),
    "neg": (np.array([-1.0, 0.0, 1.0]), 1.0),
    "str": (["a"], 1),
    "gen": ((x for x in [1.0, 2.0]), 1),
    "dict": ({0: 1.0, 1: 2.0}, 1.0),
}
for name, (a, b) in odd.items():
    for f in RAW:
        print(name, "|", show(f, a, b))
