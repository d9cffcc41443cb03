"""Control flow: finally, match, walrus, context managers, nonlocal, global, star args, chained comparison, while/else."""

import contextlib
import json
import sys
from dataclasses import dataclass
from decimal import Decimal, getcontext
from enum import Enum, IntEnum
from fractions import Fraction


@dataclass(order=True)
class Pt:
    x: int
    y: float = 0.0


class Color(IntEnum):
    RED = 1
    BLUE = 2


log = []


@contextlib.contextmanager
def ctx(n):
    log.append(f"in{n}")
    try:
        yield n
    finally:
        log.append(f"out{n}")


def work(xs):
    t = 0
    for x in xs:
        try:
            with ctx(x):
                if x == 3:
                    continue
                if x == 7:
                    break
                t += 10 // (x - 5)
        except ZeroDivisionError:
            t += 1000
        finally:
            t += 1
    else:
        t = -1
    return t


print(work(range(10)), work(range(3)), len(log), log[-1])


def early(xs, lim):
    s = 0
    for i, x in enumerate(xs):
        try:
            s += x
            if s > lim:
                return i
        finally:
            log.append(i)
    return -1


print(early(list(range(100)), 300), early([], 1), len(log))


def m(v):
    match v:
        case int() as n if n > 10:
            return "big"
        case 0 | 1:
            return "bit"
        case [a, *rest]:
            return f"seq{a}{len(rest)}"
        case {"k": k}:
            return f"map{k}"
        case Pt(x=1):
            return "pt"
        case float():
            return "f"
        case _:
            return "?"


print([m(v) for v in (11, 0, True, 1.0, [1, 2], {"k": 3}, Pt(1), Pt(2), "s", 2.5, None)] * 2)
c = 0
while (n := c * c) < 500:
    c += 1
    if c % 2:
        continue
    last = n
else:
    print("done", c, n, last)
count = 0


def bump(by=1, *more, **kw):
    global count
    for i in range(by):
        count += i + len(more) + len(kw)
    return count


for i in range(100):
    bump(3, *range(i % 4), **({"a": 1} if i % 2 else {}))
print(count)


def outer():
    total = 0
    hist = []

    def inner(k):
        nonlocal total
        for i in range(k):
            total += i
            if total % 7 == 0:
                hist.append(total)
        return total

    for j in range(30):
        inner(j)
    return total, hist[:5], [inner(i) for i in range(3)]


print(outer())
ch = 0
for i in range(-20, 20):
    for j in range(-5, 5):
        if -3 < j <= i < 10 != j:
            ch += 1
        ch += (i < j) == (j > i) is True
print(ch)
x = 5
sq = [x for x in range(10) if x % 2]
print(x, sq, [(x, y) for x in range(3) for y in range(x)])
getcontext().prec = 12
dec = Decimal(0)
fr = Fraction(0)
for i in range(1, 60):
    dec += Decimal(1) / i
    fr += Fraction(1, i * (i + 1))
print(dec, fr)
e = 0
for k in range(200):
    e += Color((k % 2) + 1)
print(e, type(e).__name__, Color(1) + 0, f"{Color.RED}", max(Color))
best = Pt(-1)
for i in range(100):
    p = Pt(i * 37 % 50, i / 3)
    if p > best:
        best = p
print(best)
vals = {}
for i in range(100):
    vals[i % 3 == 0] = vals.get(i % 3 == 0, 0) + i
    vals[i % 3] = i
print(vals, json.dumps({str(k): v for k, v in vals.items()}))
out = []
for i in range(5):
    out.append(f"{i / 2:>6.2f}|{i!r:>3}|{i / 1}|{2.0 * i:g}|{i == 2}")
print("".join(out))
it = iter([1, 2, 3, 4, 5, 6])
pairs = [(a, b) for a, b in zip(it, it)]
print(pairs, list(it))
b = bytearray(b"hello")
for i in range(len(b)):
    b[i] = b[i] ^ 32
print(bytes(b))
try:
    for i in range(5):
        b[i] = 100 * i
except ValueError as ex:
    print(ex, i)
s = "straße İ ﬁ"
print([ch.upper() for ch in s], sum(ord(ch) for ch in s), s[::-1], sorted(s, key=str.lower))
h = 0
for ch in s * 50:
    h = (h * 31 + ord(ch)) & 0xFFFFFFFF
print(h)
rec = sys.getrecursionlimit()


def down(n):
    return n and 1 + down(n - 1)


print(down(400), rec)
try:
    down(10**6)
except RecursionError:
    print("too deep")
stack = [[1, [2, [3, [4]]]], 5]
flat = []
while stack:
    v = stack.pop(0)
    if isinstance(v, list):
        stack = v + stack
    else:
        flat.append(v)
print(flat)
a = b2 = []
for i in range(10):
    a.append(i)
    if i == 5:
        a = a + [100]
print(a, b2)
print(
    [i for i in range(3)],
    "i" in dir(),
    i,
    -7 // 2,
    -7 % 3,
    7 // -2,
    (-7) ** 2,
    2**-1,
    -(2**2),
    round(2.5),
    round(-0.5),
    int(-3.7),
)


class Acc:
    total = 0

    def __iadd__(self, v):
        self.total += v * 2
        return self

    def __bool__(self):
        return self.total % 3 != 0

    def __contains__(self, v):
        Acc.total += 1
        return v == self.total

    def __len__(self):
        return 3

    def __getitem__(self, i):
        if i > 4:
            raise IndexError
        return i * self.total


acc = Acc()
w = 0
for i in range(50):
    acc += i
    w += 1 if acc else 0
    w += i in acc
    w += len(acc)
    for z in acc:
        w += z
print(acc.total, Acc.total, w)
sys.exit("final words")
