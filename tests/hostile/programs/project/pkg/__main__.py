import sys

from pkg import energy, maths, settings

xs = [((i * 37) % 101) / 10 for i in range(450)]
print(energy(xs))
settings.GAIN = 2
print(energy(xs), maths.SEEN, sys.argv[0].endswith("__main__.py"), __package__)
print(energy([1, 2, 3]), energy([]), energy([2**70, 1]))
