"""Rare values of other types, late in a run: ints become floats, floats become None, strings appear."""
from decimal import Decimal
from fractions import Fraction


def scale(xs, k):
    out = []
    for x in xs:
        out.append(x * k + 1)
    return out


def mean(xs):
    s = 0
    for x in xs:
        s += x
    return s / len(xs)


base = list(range(400))
for r in range(300):
    res = scale(base, 3)
print(res[-1], type(res[-1]))
print(scale([1, 2, 2.5], 2), scale(["a"], 0) if False else "-", scale([True, 7], 2), scale([Fraction(1, 3)], 3))
for r in range(500):
    m = mean(base)
print(m, mean([1, 2.5]), mean([Decimal(2), Decimal(3)]), mean([True, False, True]), mean([2**70, 1]))
mixed = base * 200 + [0.5]
t = 0
for x in mixed:
    t = t + x
print(t, type(t))
ints = base * 100
ints[-1] = 3.0
best = 0
for x in ints:
    if x >= best:
        best = x
print(best, repr(best))
