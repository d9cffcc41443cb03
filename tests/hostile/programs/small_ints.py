"""Wrap-around of small NumPy integers, float32 sums, NEP 50 promotion, scalar types that are printed."""
import warnings

import numpy as np

warnings.simplefilter("ignore")
u = (np.arange(60_000) % 251).astype(np.uint8)
s = np.uint8(0)
t = 0
wrapped = 0
for i in range(len(u)):
    s = s + u[i]
    t += int(u[i]) * 3
    if u[i] + u[i - 1] < u[i]:
        wrapped += 1
print(repr(s), t, wrapped)
f = np.linspace(0, 1, 40_000, dtype=np.float32)
acc = 0.0
for v in f:
    acc += v * 2
print(repr(acc))
m = f[0]
arg = -1
for i in range(len(f)):
    if f[i] > m:
        m = f[i]
        arg = i
print(repr(m), arg)
best = 0.0
vals = np.random.default_rng(2).normal(size=50_000)
for v in vals:
    if v > best:
        best = v
print(repr(best), repr(best * 1))
none = 7.5
for v in vals[:0]:
    none = v
print(repr(none))
i32 = np.full(1000, 2**30, dtype=np.int32)
p = np.int32(1)
for rep in range(40):
    for v in i32:
        p = p * v + np.int32(1)
print(repr(p))
k = np.int64(2**62)
for _ in range(60_000):
    k = k + 2**60
print(repr(k))
