"""Output that changes from run to run: a clock, a process id, an address, an unseeded stream, a set of strings."""
import os
import random
import time

start = time.time()
total = 0
for i in range(400_000):
    total += i % 13
print("total", total)
print(f"took {time.time() - start:.3f} s at {time.ctime()}")
print("pid", os.getpid(), "object", object())
print("luck", random.random())
print("elapsed", int(time.time() - start), "seconds")
print("done", total * 2)
