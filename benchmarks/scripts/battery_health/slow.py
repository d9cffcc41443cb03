"""Battery ageing: capacity and resistance of every check-up cycle, remaining cycles of each cell, early failures."""

from pathlib import Path

import numpy as np
import pandas as pd

FOLDER = Path(__file__).resolve().parent
END_OF_LIFE = 0.8  # of the capacity at the start
EARLY = 450  # a cell that is below END_OF_LIFE before this cycle fails early
CHECKUPS = 12  # what is known when we have to say which cells will fail early


def load():
    log = pd.read_csv(FOLDER / "data" / "log.csv")
    cells = pd.read_csv(FOLDER / "data" / "cells.csv")
    return log, cells


def coulomb_count(step):
    """Charge in Ah and energy in Wh of one step, trapezoids."""
    charge = 0.0
    energy = 0.0
    for i in range(1, len(step)):
        now, before = step.iloc[i], step.iloc[i - 1]
        hours = (now["seconds"] - before["seconds"]) / 3600
        charge += abs(now["current"] + before["current"]) / 2 * hours
        energy += abs(now["current"] * now["voltage"] + before["current"] * before["voltage"]) / 2 * hours
    return charge, energy


def resistance(step):
    """Ohm, from the drop of the voltage when the load comes on, less what the next seconds take off."""
    u0, u1 = step["voltage"].iloc[0], step["voltage"].iloc[1]
    slope = (step["voltage"].iloc[2] - u1) / (step["seconds"].iloc[2] - step["seconds"].iloc[1])
    return (u0 - (u1 - slope * step["seconds"].iloc[1])) / abs(step["current"].iloc[1])


def summarize(log):
    """One row a cell and cycle."""
    rows = []
    for (cell, cycle), group in log.groupby(["cell", "cycle"]):
        charge = group[group["step"] == "charge"]
        discharge = group[group["step"] == "discharge"]
        ah_out, wh_out = coulomb_count(discharge)
        ah_in = np.trapezoid(charge["current"], charge["seconds"]) / 3600
        power = charge["current"] * charge["voltage"]
        wh_in = np.trapezoid(power, charge["seconds"]) / 3600
        rows.append({
            "cell": cell,
            "cycle": cycle,
            "capacity": ah_out,
            "coulomb_efficiency": ah_out / ah_in,
            "energy_efficiency": wh_out / wh_in,
            "resistance": resistance(discharge),
            "max_temperature": group["temperature"].max(),
            "mean_voltage": wh_out / ah_out,
        })
    return pd.DataFrame(rows)


def smooth(values, width=5):
    out = []
    for i in range(len(values)):
        lo, hi = max(0, i - width // 2), min(len(values), i + width // 2 + 1)
        out.append(np.median(values[lo:hi]))
    return np.array(out)


def fit_fade(cycles, health):
    """health = 1 - a n^p: a by least squares for each p of a grid, the best pair."""
    best = None
    for p in np.arange(0.4, 2.5, 0.05):
        x = cycles**p
        a = (x * (1 - health)).sum() / (x * x).sum()
        error = ((1 - health - a * x) ** 2).sum()
        if best is None or error < best[2]:
            best = (a, p, error)
    return best[0], best[1]


def end_of_life(a, p):
    return ((1 - END_OF_LIFE) / a) ** (1 / p)


def remaining(cycles, health, rng, repeats=12):
    """Predicted last cycle and an interval, by drawing the residuals again."""
    a, p = fit_fade(cycles, health)
    fitted = 1 - a * cycles**p
    residuals = health - fitted
    drawn = []
    for _ in range(repeats):
        noisy = fitted + rng.choice(residuals, size=len(residuals))
        drawn.append(end_of_life(*fit_fade(cycles, noisy)))
    return end_of_life(a, p), np.percentile(drawn, 10), np.percentile(drawn, 90)


def voltage_curve(log, cell, cycle, grid):
    """Charge drawn as a function of the share of the discharge, on a grid of voltages."""
    part = log[(log["cell"] == cell) & (log["cycle"] == cycle) & (log["step"] == "discharge")]
    charge = [0.0]
    for (_, before), (_, now) in zip(part.iloc[:-1].iterrows(), part.iloc[1:].iterrows()):
        charge.append(charge[-1] - (now["current"] + before["current"]) / 2 * (now["seconds"] - before["seconds"]) / 3600)
    part = part.assign(charge=charge).sort_values("voltage", kind="stable")
    return np.interp(grid, part["voltage"], part["charge"])


def early_features(log, summary, cells):
    rows = []
    for _, cell in cells.iterrows():
        first = summary[summary["cell"] == cell["cell"]].head(CHECKUPS)
        grid = np.linspace(2.6, 3.4, 60) if cell["chemistry"] == "LFP" else np.linspace(3.0, 4.1, 60)
        late, soon = (voltage_curve(log, cell["cell"], first["cycle"].iloc[k], grid) for k in (-1, 1))
        slope = np.polyfit(first["cycle"], first["capacity"] / first["capacity"].iloc[0], 1)[0]
        rows.append([
            np.log10(np.var(late - soon)),
            slope * 1000,
            first["resistance"].iloc[-3:].mean() / first["resistance"].iloc[:3].mean(),
            first["max_temperature"].mean(),
            cell["c_rate"],
        ])
    return np.array(rows)


def train(X, y, steps=300, rate=0.5, decay=0.01):
    w, b = np.zeros(X.shape[1]), 0.0
    for _ in range(steps):
        p = 1 / (1 + np.exp(-(X @ w + b)))
        w -= rate * (X.T @ (p - y) / len(y) + decay * w)
        b -= rate * (p - y).mean()
    return w, b


def leave_one_out(X, y):
    """Probability of an early failure of each cell, by a model of the others."""
    scores = []
    for i in range(len(y)):
        others = [k for k in range(len(y)) if k != i]
        mean, std = X[others].mean(axis=0), X[others].std(axis=0)
        w, b = train((X[others] - mean) / std, y[others])
        scores.append(1 / (1 + np.exp(-((X[i] - mean) / std @ w + b))))
    return scores


def main():
    log, cells = load()
    summary = summarize(log)
    print(f"{len(log)} samples, {len(summary)} check-ups of {len(cells)} cells")
    print(summary.drop(columns="cell").mean().map("{:.4f}".format).to_string())

    rng = np.random.default_rng(3)
    lines = []
    for _, cell in cells.iterrows():
        own = summary[summary["cell"] == cell["cell"]]
        health = smooth((own["capacity"] / own["capacity"].iloc[:3].mean()).to_numpy())
        cycles = own["cycle"].to_numpy().astype(float)
        below = cycles[health < END_OF_LIFE]
        reached = below[0] if len(below) else None
        known = cycles <= 0.7 * cycles[-1]  # as if the last third had not been seen yet
        predicted, low, high = remaining(cycles[known], health[known], rng)
        lines.append({**cell, "checkups": len(own), "health": health[-1], "reached": reached, "predicted": predicted,
                      "low": low, "high": high, "remaining": max(0.0, predicted - cycles[-1]),
                      "resistance_growth": own["resistance"].iloc[-5:].mean() / own["resistance"].iloc[:5].mean()})
    table = pd.DataFrame(lines)

    labels = np.array([1.0 if row["reached"] is not None and row["reached"] < EARLY else 0.0 for row in lines])
    table["early_risk"] = leave_one_out(early_features(log, summary, cells), labels)
    table["early"] = labels.astype(int)

    print("\ncell  type  health  reached  predicted  interval      remaining  risk")
    for _, row in table.sort_values(["early_risk", "cell"], ascending=[False, True]).iterrows():
        reached = "-" if pd.isna(row["reached"]) else f"{row['reached']:.0f}"
        print(f"{row['cell']:5} {row['chemistry']:4} {row['health']:7.4f} {reached:>8} {row['predicted']:10.1f}"
              f"  {row['low']:6.1f}-{row['high']:6.1f} {row['remaining']:10.1f} {row['early_risk']:6.4f}{' *' if row['early'] else ''}")

    done = table.dropna(subset="reached")
    print(f"\nmean error of the predicted life: {(done['predicted'] - done['reached']).abs().mean():.3f} cycles ({len(done)} cells)")
    for threshold in (0.3, 0.5, 0.7):
        said = table["early_risk"] >= threshold
        hits = (said & (table["early"] == 1)).sum()
        print(f"threshold {threshold}: {said.sum()} said to fail early, {hits} do, of {table['early'].sum()}")
    print()
    print(table.groupby(["chemistry", "ambient"])[["health", "resistance_growth", "early"]].mean().round(4).to_string())
    table.to_csv(FOLDER / "health.csv", index=False, float_format="%.5f")


if __name__ == "__main__":
    main()
