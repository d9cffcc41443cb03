"""A zero curve: nodes of time and continuous rate, linear in between, flat outside."""

import math


class ZeroCurve:
    def __init__(self, nodes=None):
        self.nodes = list(nodes or [])  # (years, rate), by time

    def add(self, time, rate):
        self.nodes.append((time, rate))
        self.nodes.sort()

    def rate(self, t):
        if t <= self.nodes[0][0]:
            return self.nodes[0][1]
        for (t0, r0), (t1, r1) in zip(self.nodes, self.nodes[1:]):
            if t <= t1:
                return r0 + (r1 - r0) * (t - t0) / (t1 - t0)
        return self.nodes[-1][1]

    def discount(self, t):
        return math.exp(-self.rate(t) * t)

    def forward(self, t0, t1):
        return (self.rate(t1) * t1 - self.rate(t0) * t0) / (t1 - t0)

    def moved(self, shift):
        """A new curve, each node moved by shift(years)."""
        return ZeroCurve([(t, r + shift(t)) for t, r in self.nodes])


def bootstrap(quotes, settle):
    """Zero curve out of [(bond, clean price)]: one node at each maturity, found by the secant method."""
    curve = ZeroCurve()
    for bond, clean in sorted(quotes, key=lambda pair: pair[0].maturity):
        dirty = clean + bond.accrued(settle)
        end = (bond.maturity - settle).days / 365.0
        guess = curve.nodes[-1][1] if curve.nodes else 0.03

        def miss(rate):
            trial = ZeroCurve(curve.nodes + [(end, rate)])
            return bond.price(trial, settle) - dirty

        x0, x1 = guess, guess + 0.001
        f0, f1 = miss(x0), miss(x1)
        for _ in range(50):
            if abs(f1) < 1e-10 or f1 == f0:
                break
            x0, x1, f0 = x1, x1 - f1 * (x1 - x0) / (f1 - f0), f1
            f1 = miss(x1)
        curve.add(end, x1)
    return curve
