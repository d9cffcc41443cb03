# NumPy: hours are numbers, a station is an array; lags are slices, the normal equations of all blocks come out of sums of
# products, medians are taken once an hour of the day. Without pandas, whose import takes longer than all the work.

import csv
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

HERE = Path(__file__).resolve().parent
LAGS = (1, 24, 168)
SLOTS = ((0, 5), (6, 9), (10, 14), (15, 19), (20, 23))
ALPHAS = (0.1, 1.0, 10.0, 100.0, 1000.0)


def read():
    """Station -> first hour (since 1970), hours from there, vehicles."""
    with open(HERE / "data" / "counts.csv", newline="") as f:
        stations, times, vehicles = zip(*list(csv.reader(f))[1:])
    iso = [f"{t[6:10]}-{t[3:5]}-{t[:2]}T{t[11:13]}" for t in times]
    hours = np.array(iso, dtype="datetime64[h]").astype(np.int64)
    stations, vehicles = np.array(stations), np.array(vehicles, dtype=float)
    return {s: (hours[stations == s], vehicles[stations == s]) for s in dict.fromkeys(stations.tolist())}


def runs(flags):
    """Pairs (first, behind the last) of the runs of true values."""
    edges = np.flatnonzero(np.diff(np.r_[False, flags, False]))
    return edges.reshape(-1, 2).tolist()


def clean(hours, vehicles):
    values = np.full(hours.max() - hours.min() + 1, np.nan)
    values[hours - hours.min()] = vehicles
    for i, j in runs(values == 0):
        if j - i >= 3:
            values[i:j] = np.nan
    filled = values.copy()
    n = len(values)
    for i, j in runs(np.isnan(values)):
        if j - i <= 2 and i > 0 and j < n:
            filled[i:j] = values[i - 1] + (values[j] - values[i - 1]) * np.arange(1, j - i + 1) / (j - i + 1)
        else:
            for k in range(i, j):
                filled[k] = np.nanmean([values[k + w] for w in (-336, -168, 168, 336) if 0 <= k + w < n])
    return filled, np.isnan(values)


def features(first, filled, holidays):
    n = len(filled)
    when = first + np.arange(n)
    day, hour = when // 24, when % 24
    weekday = (day + 3) % 7
    holiday, eve, after = (np.isin(day + k, holidays) for k in (0, 1, -1))
    free, saturday = holiday | (weekday == 6), weekday == 5
    kinds = {"saturday": ~free & saturday, "before": ~free & ~saturday & eve}
    kinds = {"work": ~(free | saturday | eve), **kinds}
    lag = {k: np.r_[np.full(k, np.nan), filled[:-k]] for k in (1, 2, 24, 168, 336)}
    mean = np.r_[np.full(24, np.nan), sliding_window_view(filled, 24).mean(axis=1)[:-1]]
    same = np.where(np.isnan(lag[336]), lag[168], (lag[168] + lag[336]) / 2)
    bridge = kinds["work"] & ((weekday == 4) & after | (weekday == 0) & eve)
    columns = [lag[k] for k in LAGS] + [mean, same, lag[1] - lag[2], bridge]
    for k in (1, 2, 3):
        columns += [np.sin(2 * np.pi * k * hour / 24), np.cos(2 * np.pi * k * hour / 24)]
    for kind in kinds.values():
        columns += [kind & (lo <= hour) & (hour <= hi) for lo, hi in SLOTS]
    return np.column_stack(columns).astype(float), hour


def ridge(products, with_target, sums, n, alpha):
    """Weights and centre out of X'X, X'y, the sums of the columns and of y, and the number of rows."""
    total, target = sums
    centre = target / n
    return np.linalg.solve(products + alpha * np.eye(len(products)), with_target - centre * total), centre


def choose(X, y):
    """The best alpha by five blocks of time, its error, and the model of all rows."""
    n = len(y)
    borders = [n * k // 5 for k in range(6)]
    parts = [slice(a, b) for a, b in zip(borders, borders[1:])]
    products = np.array([X[p].T @ X[p] for p in parts])
    targets = np.array([X[p].T @ y[p] for p in parts])
    totals, sums = np.array([X[p].sum(axis=0) for p in parts]), np.array([y[p].sum() for p in parts])
    errors = {}
    for alpha in ALPHAS:
        losses = []
        for k, p in enumerate(parts):
            rest = [i for i in range(5) if i != k]
            size = n - (p.stop - p.start)
            w, centre = ridge(products[rest].sum(axis=0), targets[rest].sum(axis=0), (totals[rest].sum(axis=0), sums[rest].sum()), size, alpha)
            losses.append(((X[p] @ w + centre - y[p]) ** 2).mean())
        errors[alpha] = np.sqrt(np.mean(losses))
    best = min(errors, key=errors.get)
    return best, errors[best], ridge(products.sum(axis=0), targets.sum(axis=0), (totals.sum(axis=0), sums.sum()), n, best)


def stamp(hour):
    return str(np.datetime64(int(hour), "h").astype("datetime64[s]")).replace("T", " ")


def main():
    stations = read()
    with open(HERE / "data" / "holidays.csv", newline="") as f:
        holidays = np.array([row[0] for row in csv.reader(f)][1:], dtype="datetime64[D]").astype(np.int64)
    print(f"{'':12}  count      mean   max\nstation{' ' * 28}")
    for name, (_, v) in sorted(stations.items()):
        print(f"{name:12} {len(v):6d} {v.mean():9.3f} {v.max():5.0f}")

    incidents = []
    print("     station  gaps  alpha       cv     rmse      mae    naive")
    for name, (hours, vehicles) in stations.items():
        filled, missing = clean(hours, vehicles)
        X, hour = features(hours.min(), filled, holidays)
        X, hour, y, missing = X[168:], hour[168:], filled[168:], missing[168:]
        split = int(0.7 * len(y))
        naive = X[:, 2].copy()
        std = X[:split].std(axis=0)
        X = (X - X[:split].mean(axis=0)) / np.where(std == 0, 1, std)
        alpha, cv, (w, centre) = choose(X[:split], y[:split])
        residual = y - X @ w - centre
        seen = split + np.flatnonzero(~missing[split:])
        rmse, off = np.sqrt((residual[seen] ** 2).mean()), np.sqrt(((y - naive)[seen] ** 2).mean())
        print(f"{name:>12}  {missing.sum():4d}  {alpha:5.1f} {cv:8.4f} {rmse:8.4f} {np.abs(residual[seen]).mean():8.4f} {off:8.4f}")

        by_hour = [residual[hour == h] for h in range(24)]
        middle = np.array([np.median(r) for r in by_hour])
        mad = np.array([np.median(np.abs(r - m)) for r, m in zip(by_hour, middle)])
        score = (residual - middle[hour]) / (1.4826 * mad[hour])
        previous = None
        for k in np.flatnonzero((np.abs(score) > 5) & ~missing).tolist():
            at = int(hours.min()) + 168 + k
            if previous is None or at - previous[2] > 2:
                previous = [name, at, at, 0.0, 0.0]
                incidents.append(previous)
            previous[2], previous[3], previous[4] = at, previous[3] + residual[k], max(previous[4], abs(score[k]))

    print(f"\n{len(incidents)} incidents\n     station               start                 end      lost   peak  hours")
    for name, start, end, lost, peak in sorted(incidents, key=lambda i: (-i[4], i[1]))[:12]:
        print(f"{name:>12} {stamp(start)} {stamp(end)} {lost:9.3f} {peak:6.3f}  {end - start + 1:5.1f}")
    print(f"{'':14}hours     lost\nstation{' ' * 21}")
    for name in sorted({i[0] for i in incidents}):
        own = [i for i in incidents if i[0] == name]
        print(f"{name:12} {sum(i[2] - i[1] + 1 for i in own):6.1f} {sum(i[3] for i in own):8.2f}")
    with open(HERE / "incidents.csv", "w") as f:
        f.write("station,start,end,lost,peak,hours\n")
        for name, start, end, lost, peak in incidents:
            f.write(f"{name},{stamp(start)},{stamp(end)},{lost:.3f},{peak:.3f},{end - start + 1:.3f}\n")


if __name__ == "__main__":
    main()
