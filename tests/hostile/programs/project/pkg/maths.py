from . import settings

SEEN = []


def energy(xs):
    s = 0.0
    for i in range(len(xs)):
        for j in range(i):
            d = xs[i] - xs[j]
            s += d * d * settings.GAIN
    SEEN.append(len(xs))
    return s
