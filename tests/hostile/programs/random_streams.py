"""Seeded random streams of three kinds used inside hot loops, and their states after."""
import random

import numpy as np

random.seed(3)
np.random.seed(4)
rng = np.random.default_rng(5)
total = 0.0
hits = 0
for i in range(120_000):
    total += random.random() * i
    if random.randint(0, 9) == i % 10:
        hits += 1
print(total, hits)
walk = [0.0]
for i in range(60_000):
    walk.append(walk[-1] + np.random.randn())
print(walk[-1], max(walk))
acc = 0.0
for i in range(60_000):
    x = rng.normal()
    acc += x * x if x > 0 else rng.uniform()
print(acc, rng.integers(1000), np.random.randint(1000), random.random())
