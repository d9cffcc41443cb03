"""NumPy and the csv module: all steps at once by sums between the borders of the groups, all exponents, redraws and
left-out models as one array more. Sums are taken in another order than slow.py's; only the last bits differ.
"""

import csv
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

FOLDER = Path(__file__).resolve().parent
END_OF_LIFE, EARLY, CHECKUPS, REPEATS = 0.8, 450, 12, 12
POWERS = np.arange(0.4, 2.5, 0.05)


def columns(name):
    with open(FOLDER / "data" / name, newline="") as f:
        rows = csv.reader(f)
        return dict(zip(next(rows), zip(*rows)))


def ramp(values, starts):
    """Sums of the trapezoids in each step; what lies between two steps is left out."""
    values[starts[1:] - 1] = 0.0
    return np.add.reduceat(np.r_[values, 0.0], starts)


def smooth(values):
    middle = np.median(sliding_window_view(values, 5), axis=1)
    ends = [np.median(part) for part in (values[:3], values[:4], values[-4:], values[-3:])]
    return np.r_[ends[:2], middle, ends[2:]]


def fit_fade(x, health):
    """x[p] holds the cycles to the power p; a and p for each row of health."""
    lost = 1 - health
    a = lost @ x.T / (x * x).sum(axis=1)
    error = ((lost[:, None] - a[:, :, None] * x) ** 2).sum(axis=2)
    best = error.argmin(axis=1)
    return a[np.arange(len(a)), best], best


def end_of_life(a, best):
    return ((1 - END_OF_LIFE) / a) ** (1 / POWERS[best])


def remaining(cycles, health, rng):
    x = cycles ** POWERS[:, None]
    a, best = fit_fade(x, health[None])
    fitted = 1 - a[0] * x[best[0]]
    noisy = fitted + (health - fitted)[rng.integers(0, len(health), (REPEATS, len(health)))]
    low, high = np.percentile(end_of_life(*fit_fade(x, noisy)), (10, 90))
    return end_of_life(a, best)[0], low, high


def leave_one_out(X, y, steps=300, rate=0.5, decay=0.01):
    n = len(y)
    others = np.array([[k for k in range(n) if k != i] for i in range(n)])
    mean, std = X[others].mean(axis=1), X[others].std(axis=1)
    A, target = (X[others] - mean[:, None]) / std[:, None], y[others]
    AT = A.transpose(0, 2, 1).copy()
    w, b = np.zeros((n, X.shape[1])), np.zeros(n)
    for _ in range(steps):
        off = 1 / (1 + np.exp(-((A @ w[:, :, None])[:, :, 0] + b[:, None]))) - target
        w -= rate * ((AT @ off[:, :, None])[:, :, 0] / (n - 1) + decay * w)
        b -= rate * off.mean(axis=1)
    return 1 / (1 + np.exp(-(((X - mean) / std * w).sum(axis=1) + b)))


def main():
    log, cells = columns("log.csv"), columns("cells.csv")
    seconds, current, voltage, temperature = (
        np.array(log[c], dtype=float) for c in ("seconds", "current", "voltage", "temperature")
    )
    cell, cycle = np.array(log["cell"]), np.array(log["cycle"], dtype=int)
    out = np.array(log["step"]) == "discharge"  # the steps lie in order: charge, discharge, the next cycle
    starts = np.flatnonzero(np.r_[True, out[1:] != out[:-1]])
    hours, power = np.diff(seconds) / 3600, current * voltage
    ah = ramp((current[1:] + current[:-1]) / 2 * hours, starts)
    wh = ramp((power[1:] + power[:-1]) / 2 * hours, starts)
    first, whole = starts[1::2], starts[::2]
    slope = (voltage[first + 2] - voltage[first + 1]) / (seconds[first + 2] - seconds[first + 1])
    ohm = (voltage[first] - voltage[first + 1] + slope * seconds[first + 1]) / np.abs(current[first + 1])
    capacity, energy = -ah[1::2], -wh[1::2]
    summary = {
        "cycle": cycle[whole].astype(float),
        "capacity": capacity,
        "coulomb_efficiency": capacity / ah[::2],
        "energy_efficiency": energy / wh[::2],
        "resistance": ohm,
        "max_temperature": np.maximum.reduceat(temperature, whole),
        "mean_voltage": energy / capacity,
    }
    print(f"{len(seconds)} samples, {len(whole)} check-ups of {len(cells['cell'])} cells")
    means = [f"{v.mean():.4f}" for v in summary.values()]
    for name, text in zip(summary, means):
        print(f"{name:18}    {text:>{max(map(len, means))}}")

    rng = np.random.default_rng(3)
    owner, at = cell[whole], summary["cycle"]
    ends = np.r_[starts[2::2], len(seconds)]
    lines, features = [], []
    for name, kind, rate in zip(cells["cell"], cells["chemistry"], cells["c_rate"]):
        own = np.flatnonzero(owner == name)
        cycles = at[own]
        health = smooth(capacity[own] / capacity[own[:3]].mean())
        below = cycles[health < END_OF_LIFE]
        known = cycles <= 0.7 * cycles[-1]
        predicted, low, high = remaining(cycles[known], health[known], rng)
        growth = ohm[own[-5:]].mean() / ohm[own[:5]].mean()
        reached = below[0] if len(below) else np.nan
        lines.append((health[-1], reached, predicted, low, high, max(0.0, predicted - cycles[-1]), growth, len(own)))

        own = own[:CHECKUPS]
        grid = np.linspace(2.6, 3.4, 60) if kind == "LFP" else np.linspace(3.0, 4.1, 60)
        curves = []
        for k in own[[-1, 1]]:
            part = slice(first[k], ends[k])
            drawn = np.r_[0, np.cumsum(-(current[part][1:] + current[part][:-1]) / 2 * np.diff(seconds[part]) / 3600)]
            order = np.argsort(voltage[part], kind="stable")
            curves.append(np.interp(grid, voltage[part][order], drawn[order]))
        features.append((
            np.log10(np.var(curves[0] - curves[1])),
            np.polyfit(at[own], capacity[own] / capacity[own[0]], 1)[0] * 1000,
            ohm[own[-3:]].mean() / ohm[own[:3]].mean(),
            summary["max_temperature"][own].mean(),
            float(rate),
        ))
    early = np.array([line[1] < EARLY for line in lines])
    risk = leave_one_out(np.array(features), early.astype(float))

    print("\ncell  type  health  reached  predicted  interval      remaining  risk")
    for k in np.argsort(-risk, kind="stable"):
        health, reached, predicted, low, high, left, _, _ = lines[k]
        text = "-" if np.isnan(reached) else f"{reached:.0f}"
        print(f"{cells['cell'][k]:5} {cells['chemistry'][k]:4} {health:7.4f} {text:>8} {predicted:10.1f}"
              f"  {low:6.1f}-{high:6.1f} {left:10.1f} {risk[k]:6.4f}{' *' if early[k] else ''}")

    reached, predicted = np.array([line[1:3] for line in lines]).T
    done = ~np.isnan(reached)
    print(f"\nmean error of the predicted life: {np.abs(predicted - reached)[done].mean():.3f} cycles ({done.sum()} cells)")
    for threshold in (0.3, 0.5, 0.7):
        said = risk >= threshold
        print(f"threshold {threshold}: {said.sum()} said to fail early, {(said & early).sum()} do, of {early.sum()}")

    ambient = np.array(cells["ambient"], dtype=float)
    groups = {}
    for k in range(len(lines)):
        groups.setdefault((cells["chemistry"][k], ambient[k]), []).append((lines[k][0], lines[k][6], early[k]))
    print(f"\n{'':17}  health  resistance_growth   early\nchemistry ambient" + " " * 35)
    last = None
    for kind, warm in sorted(groups):
        health, growth, share = np.mean(groups[kind, warm], axis=0)
        print(f"{kind if kind != last else '':9} {warm:<7}  {health:6.4f}  {growth:17.4f}  {share:6.4f}")
        last = kind

    with open(FOLDER / "health.csv", "w", newline="") as f:
        names = "cell,chemistry,nominal_ah,c_rate,ambient,checkups,health,reached,predicted,low,high,remaining,resistance_growth"
        f.write(names + ",early_risk,early\n")
        for k, line in enumerate(lines):
            numbers = ["" if v != v else f"{v:.5f}" for v in line[:7]]
            about = [cells["cell"][k], cells["chemistry"][k], *(f"{float(cells[c][k]):.5f}" for c in ("nominal_ah", "c_rate", "ambient"))]
            f.write(",".join([*about, str(line[7]), *numbers, f"{risk[k]:.5f}", str(int(early[k]))]) + "\n")


if __name__ == "__main__":
    main()
