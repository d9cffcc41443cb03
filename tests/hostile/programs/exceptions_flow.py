"""Exceptions as control flow: index, zero division, key, value, and their messages."""
import math

xs = [float(i % 17) for i in range(60_000)]
count = skipped = 0
total = 0.0
for i in range(len(xs)):
    try:
        total += 1.0 / xs[i] + xs[i + 3]
        count += 1
    except ZeroDivisionError:
        skipped += 1
    except IndexError as e:
        print("index", e)
print(total, count, skipped)


def find(rows, n):
    s = 0
    for i in range(n):
        s += rows[i]
    return s


for n in (2000, 2000, 2000, 2001):
    for _ in range(60):
        try:
            last = find(list(range(2000)), n)
        except IndexError as e:
            last = str(e)
print(last)
d = {i: i * i for i in range(0, 3000, 2)}
misses = 0
for rep in range(30):
    for i in range(3000):
        try:
            misses += d[i] % 3
        except KeyError as e:
            misses -= e.args[0] % 2
print(misses)


def logs(vs):
    s = 0.0
    for v in vs:
        s += math.log(v) + math.sqrt(v)
    return s


for vs in ([1.5] * 50_000, [2.0] * 50_000 + [0.0], [1.0] * 40_000 + [-1.0]):
    try:
        print(logs(vs))
    except ValueError as e:
        print("value", e)
try:
    acc = 1.0
    for i in range(20_000):
        acc = math.exp(i / 20.0)
except OverflowError as e:
    print("overflow", e, i, acc)
try:
    print([10 // (k - 500) for k in range(1000)][0])
except ZeroDivisionError as e:
    print(e, "k" in dir())
