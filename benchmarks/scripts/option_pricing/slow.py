"""Monte-Carlo prices of Asian, barrier and lookback options, with Greeks by bumping and an early-exercise value."""

import math
import sys

import numpy as np

SPOT = 100.0
STRIKE = 102.0
BARRIER = 130.0
RATE = 0.03
VOL = 0.22
YEARS = 1.0
STEPS = 50


def simulate_path(rng, spot, vol):
    dt = YEARS / STEPS
    path = [spot]
    for _ in range(STEPS):
        z = rng.standard_normal()
        path.append(path[-1] * math.exp((RATE - 0.5 * vol**2) * dt + vol * math.sqrt(dt) * z))
    return path


def asian_payoff(path):
    average = sum(path[1:]) / len(path[1:])
    return max(average - STRIKE, 0.0)


def barrier_payoff(path):
    for price in path:
        if price >= BARRIER:
            return 0.0
    return max(path[-1] - STRIKE, 0.0)


def lookback_payoff(path):
    return path[-1] - min(path)


def price(payoff, paths, seed, spot=SPOT, vol=VOL):
    rng = np.random.default_rng(seed)
    payoffs = []
    for _ in range(paths):
        payoffs.append(payoff(simulate_path(rng, spot, vol)))
    mean = sum(payoffs) / len(payoffs)
    var = sum((p - mean) ** 2 for p in payoffs) / (len(payoffs) - 1)
    discount = math.exp(-RATE * YEARS)
    return discount * mean, discount * math.sqrt(var / len(payoffs))


def american_put_binomial(steps):
    dt = YEARS / steps
    up = math.exp(VOL * math.sqrt(dt))
    down = 1 / up
    p = (math.exp(RATE * dt) - down) / (up - down)
    values = []
    for i in range(steps + 1):
        values.append(max(STRIKE - SPOT * up**i * down ** (steps - i), 0.0))
    for n in range(steps - 1, -1, -1):
        new = []
        for i in range(n + 1):
            hold = math.exp(-RATE * dt) * (p * values[i + 1] + (1 - p) * values[i])
            exercise = STRIKE - SPOT * up**i * down ** (n - i)
            new.append(max(hold, exercise))
        values = new
    return values[0]


def main():
    paths = int(sys.argv[1]) if len(sys.argv) > 1 else 30000
    for name, payoff in [("asian", asian_payoff), ("barrier", barrier_payoff), ("lookback", lookback_payoff)]:
        value, error = price(payoff, paths, seed=11)
        print(f"{name:10s} {value:.8f} +- {error:.8f}")
    up, _ = price(asian_payoff, paths, seed=12, spot=SPOT * 1.01)
    down, _ = price(asian_payoff, paths, seed=12, spot=SPOT * 0.99)
    print(f"asian delta {(up - down) / (0.02 * SPOT):.8f}")
    up, _ = price(asian_payoff, paths, seed=13, vol=VOL + 0.01)
    down, _ = price(asian_payoff, paths, seed=13, vol=VOL - 0.01)
    print(f"asian vega {(up - down) / 0.02:.8f}")
    print(f"american put {american_put_binomial(1000):.10f}")


if __name__ == "__main__":
    main()
