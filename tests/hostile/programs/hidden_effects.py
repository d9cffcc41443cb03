"""Functions that look pure and are not: globals, defaults, counters, files, caches, attributes."""
import os

calls = 0
RATE = 2.0
LOG = open("effects.log", "w")


def rated(x):
    global calls
    calls += 1
    return x * RATE


def remember(x, cache=[]):
    cache.append(x)
    return len(cache)


def logged(x):
    if x % 5000 == 0:
        LOG.write(f"{x}\n")
    return x + 1


def slow_square(x):
    slow_square.n += 1
    return x * x


slow_square.n = 0
total = 0.0
for i in range(40_000):
    if i == 20_000:
        RATE = 3.0
    total += rated(i % 10) + remember(i) + logged(i) + slow_square(7)
LOG.close()
print(total, calls, slow_square.n, remember.__defaults__[0][-1])
print(open("effects.log").read().split())


class Meter:
    def __init__(self):
        self.reads = 0

    @property
    def value(self):
        self.reads += 1
        return self.reads % 7

    def __getattr__(self, name):
        return len(name)


m = Meter()
s = 0
for i in range(80_000):
    s += m.value * m.missing
print(s, m.reads)
os.environ["HASTEN_TEST_X"] = "1"
n = 0
for i in range(30_000):
    n += len(os.environ["HASTEN_TEST_X"]) + (i == 15_000 and os.environ.__setitem__("HASTEN_TEST_X", "22") is None)
print(n)
state = {"k": 1}


def step(x):
    state["k"] = (state["k"] * 31 + x) % 1009
    return state["k"]


print(sum(step(3) for _ in range(60_000)), state)
