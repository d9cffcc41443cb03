"""Methods, closures, class attributes, properties, inheritance, recursion and nested functions."""
import numpy as np


class Base:
    scale = 2
    count = 0

    def __init__(self, n):
        self.w = [0.0] * n
        self.arr = np.zeros(n)
        self.n = n

    def step(self, x):
        for i in range(self.n):
            self.w[i] += x * self.scale + i
            self.arr[i] = self.arr[i] * 0.5 + self.w[i]
        Base.count += 1
        return self.w[-1]

    @staticmethod
    def norm(v):
        s = 0.0
        for a in v:
            s += a * a
        return s**0.5

    @classmethod
    def make(cls, n):
        obj = cls(n)
        for i in range(n):
            obj.w[i] = float(i * cls.scale)
        return obj


class Child(Base):
    scale = 3

    def step(self, x):
        self.scale = self.scale + 0.001
        return super().step(x) + 1


def adder(k):
    total = 0

    def add(x):
        nonlocal total
        for i in range(200):
            total += x * k + i
        return total

    def peek():
        return total

    return add, peek


objs = [Base.make(300), Child.make(300)]
for r in range(150):
    for o in objs:
        last = o.step(r)
print(last, Base.count, Child.count, objs[1].scale, Base.scale, Base.norm(objs[0].w), objs[1].arr[:3])
add, peek = adder(3)
for i in range(400):
    add(i)
print(peek())
Base.scale = 10
print(objs[0].step(1), objs[1].step(1))


def paths(r, c):
    if r == 0 or c == 0:
        return 1
    return paths(r - 1, c) + paths(r, c - 1)


print(paths(9, 9))
depth = 0


def deep(n):
    global depth
    depth = max(depth, n)
    return 0 if n == 0 else 1 + deep(n - 1)


print(deep(900), depth)
fs = [lambda x, i=i: x * i for i in range(5)]
gs = [lambda x: x * i for i in range(5)]
t = 0
for r in range(8000):
    for f, g in zip(fs, gs):
        t += f(r) - g(r)
print(t)
