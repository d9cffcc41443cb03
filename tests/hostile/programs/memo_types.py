"""Functions that look pure, near-pure recursion, argument types that compare equal, and results that are mutable."""

import functools
import math


def kind(x):
    return x * 2 if isinstance(x, int) else str(x)


out = []
for i in range(300):
    out.append(kind(i % 3))
    out.append(kind(float(i % 3)))
    out.append(kind(bool(i % 2)))
print(out[:9], out[-3:])


def pair(x):
    return [x, x + 1]


a = pair(1)
for i in range(200):
    p = pair(1)
    p.append(i)
print(pair(1), a, p)


def half(x):
    return x / 2


print([half(v) for v in (0, 0.0, -0.0, True, 4, 4.0) for _ in range(3)], half(-0.0), math.copysign(1, half(-0.0)))


def fact(n):
    if n < 0:
        raise ValueError(f"negative {n}")
    return 1 if n < 2 else n * fact(n - 1)


def fib(n):
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)


print(fib(18), fact(30), sum(fib(i % 12) for i in range(200)))
try:
    fact(-3)
except ValueError as e:
    print(e)
try:
    fact(100000)
except RecursionError as e:
    print("deep", str(e)[:40])
try:
    fib("x")
except TypeError as e:
    print(e)


def ways(n, coins):
    if n == 0:
        return 1
    if n < 0 or not coins:
        return 0
    return ways(n - coins[0], coins) + ways(n, coins[1:])


print(ways(40, (1, 5, 10)), ways(20, [1, 2, 5]))
LIMIT = 5


def capped(x):
    return min(x, LIMIT)


tot = 0
for i in range(300):
    tot += capped(i % 9)
    if i == 150:
        LIMIT = 7
print(tot)


def noisy(x):
    if x == 3:
        print("three!")
    return x + 1


print(sum(noisy(i % 5) for i in range(20)))


def default(x, acc={}):
    acc[x] = acc.get(x, 0) + 1
    return acc[x]


print([default(i % 3) for i in range(12)])


class P:
    def __init__(self, v):
        self.v = v

    def __eq__(self, o):
        return isinstance(o, P)

    def __hash__(self):
        return 1


def val(p):
    return p.v


print([val(P(i)) for i in range(5)])


def collatz(n):
    if n == 1:
        return 0
    if n % 2 == 0:
        return 1 + collatz(n // 2)
    return 1 + collatz(3 * n + 1)


print(max(collatz(i) for i in range(1, 300)), collatz(2**40))


def trace(n):
    if n <= 1:
        return str(n)
    return trace(n - 1) + "," + trace(n - 2)


print(len(trace(12)), trace(4))


def ack(m, n):
    if m == 0:
        return n + 1
    if n == 0:
        return ack(m - 1, 1)
    return ack(m - 1, ack(m, n - 1))


print(ack(2, 6))
original = fib


def fib(n):
    return -1


print(fib(5), original(6))


@functools.wraps(half)
def other(x):
    return half(x) + 1


print(other.__name__, fact.__name__, fact.__code__.co_argcount, fact.__defaults__, fact.__kwdefaults__)


def poly(x, *, k=2):
    return x**k


print([poly(i % 4) for i in range(8)], poly(2, k=3), poly(2.0, k=-1), poly(-8, k=1 / 3))
r = 0
while True:
    r += 1
    if (v := half(r)) > 50:
        break
else:
    print("never")
print(v, r)


def is_prime(n):
    if n < 2:
        return False
    for d in range(2, int(n**0.5) + 1):
        if n % d == 0:
            return False
    return True


print(sum(is_prime(i % 97) for i in range(600)), is_prime(True), is_prime(7.0), type(is_prime(7.0)))
try:
    is_prime(-0.5 + 0j)
except TypeError as e:
    print(e)
