"""Generators and laziness: what is not consumed must not run, and what runs must run in order."""
import itertools

log = []


def numbers(n):
    for i in range(n):
        if i % 20_000 == 0:
            log.append(i)
        yield i * i % 101


def take(gen, k):
    out = []
    for v in gen:
        out.append(v)
        if len(out) == k:
            break
    return out


g = numbers(10**9)
print(take(g, 60_000)[-3:], next(g), log)
sq = (x * x for x in range(200_000))
tot = 0
for v in sq:
    tot += v % 7
    if v > 10**9:
        break
print(tot, next(sq))
z = zip(range(5), numbers(3))
print(list(z))
it = iter(range(100_000))
s = 0
for a in it:
    s += a - next(it, 0)
print(s)
print(any(x > 50_000 for x in numbers(300_000)), len(log))
m = map(lambda x: x + len(log), range(50_000))
log.append("late")
print(sum(m), next(m, "spent"))
acc = list(itertools.accumulate(numbers(40_000)))
print(acc[-1])


def countdown(n):
    while n:
        got = yield n
        n -= 1 if got is None else got


c = countdown(100_000)
print(next(c), c.send(10), sum(c))
