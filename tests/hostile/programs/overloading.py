"""Operators that do not mean what they say; subclasses of list, dict, float and ndarray."""
import numpy as np


class Mod:
    def __init__(self, v):
        self.v = v % 97

    def __add__(self, other):
        return Mod(self.v + getattr(other, "v", other))

    def __mul__(self, other):
        return Mod(self.v * getattr(other, "v", other) + 1)

    __radd__ = __add__

    def __lt__(self, other):
        return self.v > other.v

    def __repr__(self):
        return f"Mod({self.v})"


class Doubling(list):
    def __getitem__(self, i):
        return 2 * list.__getitem__(self, i)

    def append(self, x):
        list.append(self, x + 1)


class Default(dict):
    def __missing__(self, k):
        return -k


class Celsius(float):
    def __add__(self, other):
        return Celsius(float(self) + float(other) + 0.5)


class Clipped(np.ndarray):
    def __getitem__(self, i):
        return min(super().__getitem__(i), 3.0)


def total(xs, start):
    s = start
    for i in range(len(xs)):
        s = s + xs[i]
    return s


def dot(a, b):
    s = 0
    for i in range(len(a)):
        s += a[i] * b[i]
    return s


plain = [float(i % 10) for i in range(3000)]
for rep in range(30):
    t = total(plain, 0.0)
print(t, total([Mod(i) for i in range(3000)], 0), total(Doubling(plain), 0.0))
print(total([Celsius(1.0)] * 500, Celsius(0)), type(total([Celsius(1.0)] * 5, Celsius(0))).__name__)
arr = np.arange(2000.0)
for rep in range(20):
    q = total(arr, 0.0)
print(q, total(arr.view(Clipped), 0.0), dot(plain, plain), dot([Mod(2)] * 50, [3] * 50))
d = Default({1: 5})
s = 0
for rep in range(40):
    for i in range(2000):
        s += d[i]
print(s, len(d))
dd = Doubling()
for i in range(50_000):
    dd.append(i % 5)
print(sum(dd), dd[1], max([Mod(3), Mod(5)]), sorted([Mod(3), Mod(5), Mod(4)]))
