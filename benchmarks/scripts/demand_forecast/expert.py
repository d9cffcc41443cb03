"""Every store and every parameter set is an element of one vector that goes through the days once; each fold's fit is
the state on its day, since all folds start from the same weeks."""

from collections import Counter
from datetime import date, timedelta
from itertools import product
from pathlib import Path

import numpy as np

SEASON, HORIZON, FOLDS = 7, 14, 4
ALPHAS, BETAS, GAMMAS = [0.05, 0.1, 0.2, 0.3, 0.5], [0.01, 0.05, 0.1], [0.05, 0.1, 0.2, 0.4]
MODELS = ["naive", "ses", "holt", "hw"]
AHEAD = np.arange(HORIZON)[:, None, None]


def load():
    body = (Path(__file__).resolve().parent / "data" / "sales.csv").read_text().split("\n")[1:]
    days, stores, _, units = zip(*(line.split(",") for line in body if line))
    names = sorted(set(stores))
    row = {name: i for i, name in enumerate(names)}
    distinct = sorted(set(days))
    first, last = date.fromisoformat(distinct[0]), date.fromisoformat(distinct[-1])
    span = [(first + timedelta(days=k)).isoformat() for k in range((last - first).days + 1)]
    column = {day: k for k, day in enumerate(span)}
    place = [row[s] * len(span) + column[d] for s, d in zip(stores, days)]
    y = np.bincount(place, weights=np.array(units, dtype=float), minlength=len(names) * len(span))
    return len(days), names, first, last, y.reshape(len(names), len(span))


def ses(y, grid, cuts):
    (alpha,) = grid
    level, sse = y[0], 0.0
    for t in range(1, cuts[-1]):
        error = y[t] - level
        sse = sse + error * error
        level = level + alpha * error
        if t + 1 in cuts:
            yield sse, np.broadcast_to(level, (HORIZON, *level.shape))


def holt(y, grid, cuts):
    alpha, beta = grid
    keep, damp = 1 - alpha, 1 - beta
    level, trend, sse = y[0], y[1] - y[0], 0.0
    for t in range(1, cuts[-1]):
        forecast = level + trend
        error = y[t] - forecast
        sse = sse + error * error
        last, level = level, alpha * y[t] + keep * forecast
        trend = beta * (level - last) + damp * trend
        if t + 1 in cuts:
            yield sse, level + (AHEAD + 1) * trend


def holt_winters(y, grid, cuts):
    alpha, beta, gamma = grid
    keep, damp, stay = 1 - alpha, 1 - beta, 1 - gamma
    level = y[:SEASON].sum(axis=0) / SEASON
    trend = (y[SEASON : 2 * SEASON].sum(axis=0) - y[:SEASON].sum(axis=0)) / SEASON**2
    season = [v - level for v in y[:SEASON]]
    sse = 0.0
    for t in range(SEASON, cuts[-1]):
        s = season[t % SEASON]
        forecast = level + trend
        error = y[t] - (forecast + s)
        sse = sse + error * error
        last, level = level, alpha * (y[t] - s) + keep * forecast
        trend = beta * (level - last) + damp * trend
        season[t % SEASON] = gamma * (y[t] - level) + stay * s
        if t + 1 in cuts:
            later = np.stack([season[(t + 1 + h) % SEASON] for h in range(HORIZON)])
            yield sse, level + (AHEAD + 1) * trend + later


def main():
    rows, names, first, last, y = load()
    n = len(names)
    print(rows, "rows,", n, "stores,", first, "to", last)
    cuts = [y.shape[1] - HORIZON * (FOLDS - fold) for fold in range(FOLDS)]
    days = np.ascontiguousarray(y.T)[:, :, None]

    forecasts = np.empty((len(MODELS), FOLDS, n, HORIZON))
    for fold, cut in enumerate(cuts):
        forecasts[0, fold] = np.tile(y[:, cut - SEASON : cut], HORIZON // SEASON)
    chosen, fits = Counter(), []
    for m, (model, values) in enumerate([(ses, [ALPHAS]), (holt, [ALPHAS, BETAS]),
                                         (holt_winters, [ALPHAS, BETAS, GAMMAS])], start=1):  # fmt: skip
        grid = list(product(*values))
        for fold, (sse, forecast) in enumerate(model(days, np.array(grid).T[:, None, :], cuts)):
            best = sse.argmin(axis=1)
            forecasts[m, fold] = forecast[:, np.arange(n), best].T
            if model is holt_winters:
                chosen.update(str(grid[k]) for k in best)
                fits.append(sse.min(axis=1).mean())

    actual = np.stack([y[:, cut : cut + HORIZON] for cut in cuts])
    opened = actual > 0
    error = np.abs(actual - forecasts) / np.where(opened, actual, 1.0) * 100
    mape = np.where(opened, error, 0.0).sum(axis=3) / opened.sum(axis=2)
    bias = (forecasts - actual).mean(axis=3)

    print()
    print("MAPE %, mean of the folds")
    table = mape.mean(axis=1).T
    best = table.argmin(axis=1)
    for name, row, k in zip(names, table, best):
        print(f"{name:8s} " + " ".join(f"{m} {v:10.6f}" for m, v in zip(MODELS, row)), "->", MODELS[k])
    print()
    print("overall")
    for m, name in enumerate(MODELS):
        print(f"{name:6s} mape {mape[m].mean():.8f} median {np.median(mape[m]):.8f} "
              f"bias {bias[m].mean():.8f} best in {(best == m).sum()} stores")  # fmt: skip
    print()
    print("MAPE by fold")
    for fold in range(FOLDS):
        print(fold, " ".join(f"{m} {v:.8f}" for m, v in zip(MODELS, mape[:, fold].mean(axis=1))))
    print()
    print("Holt-Winters parameters that were chosen")
    for params, count in sorted(chosen.items(), key=lambda item: (-item[1], item[0])):
        print(f"  {params}: {count}")
    print("mean sse per fold", ", ".join(f"{v:.6f}" for v in fits))


if __name__ == "__main__":
    main()
