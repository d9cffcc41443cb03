"""Integers beyond 64 bits: in a product, in a sum, by shifting, and late in the run only."""


def fact_mod(n, m):
    f = 1
    out = 0
    for i in range(1, n):
        f = f * i
        out = (out + f % m) % m
        if i % 40 == 0:
            f = 1
    return out, f


def fib(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


def lcg(n, seed):
    x = seed
    s = 0
    for _ in range(n):
        x = (x * 6364136223846793005 + 1442695040888963407) % 2**64
        s += x >> 33
    return x, s


values = [1] * 200_000 + [2**62, 2**62, 2**62, -(2**63)]
total = 0
for v in values:
    total = total + v * 3
print(total, fact_mod(60_000, 1_000_003), fib(3000) % 10**9, lcg(250_000, 42))
h = 5381
for c in "the quick brown fox" * 12_000:
    h = h * 33 + ord(c)
    if h > 2**80:
        h %= 2**61 - 1
print(h)
bits = 0
for k in range(70):
    for j in range(3000):
        bits |= 1 << k
print(bits)
