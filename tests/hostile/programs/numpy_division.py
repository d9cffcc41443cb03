"""Python against NumPy rules for division, and warnings on stderr."""
import warnings

import numpy as np

warnings.simplefilter("always")
a = np.array([1.0, 0.0, -1.0, 0.0] * 20_000)
b = np.array([0.0, 0.0, 0.0, 2.0] * 20_000)
inf = nan = 0
for i in range(len(a)):
    with np.errstate(all="ignore"):
        q = a[i] / b[i]
    if np.isinf(q):
        inf += 1
    elif np.isnan(q):
        nan += 1
print(inf, nan)
la, lb = a.tolist(), b.tolist()
bad = 0
for x, y in zip(la, lb):
    try:
        x / y
    except ZeroDivisionError:
        bad += 1
print(bad)
s = 0
ia = np.array([7, -7, 7, -7] * 20_000)
ib = np.array([2, 2, -2, -2] * 20_000)
for i in range(len(ia)):
    s += ia[i] // ib[i] * 10 + ia[i] % ib[i]
print(s, type(s).__name__)
w = 0.0
for i in range(3):
    w += a[i] / b[i]
print(w)
