"""Counts that depend on the last bit of a float sum taken in one order."""
import math

import numpy as np

xs = [0.1 * (i % 97) for i in range(60_000)]
s = 0.0
crossings = 0
exact = 0
for x in xs:
    s += x
    if s % 1.0 < 0.1:
        crossings += 1
    if s == round(s, 1):
        exact += 1
print(crossings, exact, repr(s), repr(sum(xs)), repr(math.fsum(xs)))
a = np.array(xs)
cum = 0.0
steps = 0
for v in a:
    cum = cum + v
    steps += int(cum * 10) % 3
print(steps, repr(float(cum)), repr(float(a.sum())))
m = 0
for i in range(400):
    row = a[i * 100 : (i + 1) * 100]
    if row.sum() == sum(row.tolist()):
        m += 1
print(m)
p = 1.0
for x in xs:
    p *= 1 + x / 1e4
    if p > 1e10:
        p = math.floor(p) % 7 + 0.5
print(repr(p))
