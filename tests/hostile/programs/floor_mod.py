"""Floor division, modulo, power, rounding and bit operations of negatives and floats."""
import math

acc = []
for a in range(-250, 250):
    for b in range(-120, 121):
        if b:
            acc.append(a // b * 1000 + a % b)
print(sum(acc), min(acc), max(acc))
f = 0.0
g = 0.0
neg = 0
for i in range(60_000):
    x = (i - 30_000) / 7
    y = 2.5 if i % 2 else -2.5
    f += x // y
    g += x % y
    neg += math.copysign(1.0, x % y) < 0
print(f, g, neg, -0.0 % 5.0, math.fmod(-7.5, 2))
r = 0
for i in range(-40_000, 40_000):
    r += round(i / 4) + int(i / 3) + (i >> 2) + (~i & 255) + round(i / 8, 1)
print(r)
p = 0
for i in range(1, 3000):
    p += (-i) ** 3 % 11 + i**-1 + 2**0.5 * i
print(p)
q = complex(0)
for i in range(-2000, 2000):
    q += i**0.5
print(q)
d = [divmod(i - 20_000, -7) for i in range(40_000)]
print(sum(a for a, _ in d), sum(b for _, b in d))
t = 0
for i in range(50_000):
    t ^= (i << (i % 70)) % 1_000_003
print(t, True + True, (-7) // 2.0, 7 % -3.0)
