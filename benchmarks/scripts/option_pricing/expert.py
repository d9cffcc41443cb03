"""All paths of a price in one array from one draw; the backward induction in Numba."""

import math
import sys

import numba
import numpy as np

SPOT = 100.0
STRIKE = 102.0
BARRIER = 130.0
RATE = 0.03
VOL = 0.22
YEARS = 1.0
STEPS = 50


def simulate(paths, seed, spot=SPOT, vol=VOL):
    dt = YEARS / STEPS
    z = np.random.default_rng(seed).standard_normal((paths, STEPS))
    z *= vol * math.sqrt(dt)
    z += (RATE - 0.5 * vol**2) * dt
    np.cumsum(z, axis=1, out=z)
    np.exp(z, out=z)
    z *= spot
    return z


def summary(payoffs):
    discount = math.exp(-RATE * YEARS)
    return discount * payoffs.mean(), discount * payoffs.std(ddof=1) / math.sqrt(len(payoffs))


def asian(path):
    return np.maximum(path.mean(axis=1) - STRIKE, 0.0)


@numba.njit(cache=True)
def american_put_binomial(steps):
    dt = YEARS / steps
    up = math.exp(VOL * math.sqrt(dt))
    down = 1 / up
    p = (math.exp(RATE * dt) - down) / (up - down)
    discount = math.exp(-RATE * dt)
    ups, downs = up ** np.arange(steps + 1), down ** np.arange(steps + 1)
    values = np.maximum(STRIKE - SPOT * ups * downs[::-1], 0.0)
    for n in range(steps - 1, -1, -1):
        for i in range(n + 1):
            hold = discount * (p * values[i + 1] + (1 - p) * values[i])
            values[i] = max(hold, STRIKE - SPOT * ups[i] * downs[n - i])
    return values[0]


def main():
    paths = int(sys.argv[1]) if len(sys.argv) > 1 else 30000
    path = simulate(paths, 11)
    knocked = path.max(axis=1) >= BARRIER
    payoffs = {
        "asian": asian(path),
        "barrier": np.where(knocked, 0.0, np.maximum(path[:, -1] - STRIKE, 0.0)),
        "lookback": path[:, -1] - np.minimum(path.min(axis=1), SPOT),
    }
    for name, payoff in payoffs.items():
        value, error = summary(payoff)
        print(f"{name:10s} {value:.8f} +- {error:.8f}")
    up, down = (summary(asian(simulate(paths, 12, spot=SPOT * f)))[0] for f in (1.01, 0.99))
    print(f"asian delta {(up - down) / (0.02 * SPOT):.8f}")
    up, down = (summary(asian(simulate(paths, 13, vol=VOL + d)))[0] for d in (0.01, -0.01))
    print(f"asian vega {(up - down) / 0.02:.8f}")
    print(f"american put {american_put_binomial(1000):.10f}")


if __name__ == "__main__":
    main()
