"""The order of prints, writes and exceptions, on two streams, out of hot loops."""
import sys

total = 0
for i in range(200_000):
    total += i * i % 7
    if i % 50_000 == 0:
        print("at", i, total)
        print("err", i, file=sys.stderr)
with open("out.txt", "w") as f:
    for i in range(60_000):
        if i % 9 == 0:
            f.write(f"{i}:{total % (i + 1)}\n")
        total += 1
print(total, sum(1 for _ in open("out.txt")))


def check(v):
    if v > 59_000:
        raise ValueError(f"too big: {v}")
    return v % 3


try:
    for i in range(60_000):
        total += check(i)
except ValueError as e:
    print(e, total, i)
parts = ""
for i in range(30_000):
    parts += str(i % 10)
    if len(parts) == 12345:
        print(parts[-5:])
print(len(parts), hash(parts) == hash(parts[:]), parts[:10])
sys.stdout.write("no newline")
sys.exit(3)
