"""Windows as a strided view, the recurrences (smoothing, DTW) in Numba."""

import sys
from pathlib import Path

import numba
import numpy as np
import pandas as pd

HERE = Path(__file__).parent
WINDOW = 144


@numba.njit(cache=True)
def smoothing_errors(values, alphas):
    errors = np.zeros(len(alphas))
    for k in range(len(alphas)):
        level = values[0]
        for i in range(1, len(values)):
            errors[k] += (values[i] - level) ** 2
            level = alphas[k] * values[i] + (1 - alphas[k]) * level
    return errors


@numba.njit(cache=True)
def all_dtw(days):
    n, length = days.shape
    distance = np.zeros((n, n))
    cost = np.full((length + 1, length + 1), np.inf)
    cost[0, 0] = 0.0
    for a in range(n):
        for b in range(a + 1, n):
            for i in range(length):
                for j in range(length):
                    step = min(cost[i, j + 1], cost[i + 1, j], cost[i, j])
                    cost[i + 1, j + 1] = abs(days[a, i] - days[b, j]) + step
            distance[a, b] = distance[b, a] = cost[length, length]
    return distance


machine = pd.read_csv(HERE / "data" / "machine_temperature_system_failure.csv")
values = machine["value"].to_numpy()
windows = np.lib.stride_tricks.sliding_window_view(values, WINDOW)[:-1]
std = windows.std(axis=1)
z = np.zeros(len(values))
np.divide(values[WINDOW:] - windows.mean(axis=1), std, out=z[WINDOW:], where=std > 0)
found = np.flatnonzero(np.abs(z) > 4)
print("anomalies", len(found))
for i in found[:10]:
    print(machine["timestamp"].iat[i], f"{z[i]:.8f}")
ends = np.flatnonzero(np.concatenate([[True], np.abs(z) >= 2, [True]]))
print("longest quiet stretch", np.diff(ends).max() - 1)

alphas = np.arange(1, 60) / 60
errors = smoothing_errors(values, alphas)
best = errors.argmin()
print(f"alpha {alphas[best]:.6f} error {errors[best] / len(values):.8f}")

taxi = pd.read_csv(HERE / "data" / "nyc_taxi.csv")
day = taxi["timestamp"].str[:10]
sizes = day.map(day.value_counts())
count = int(sys.argv[1]) if len(sys.argv) > 1 else 80
names = np.sort(day[sizes == 48].unique())[:count]
days = np.stack([(taxi["value"][day == name] / 1000).to_numpy() for name in names])
distance = all_dtw(days)
lonely = sorted(zip(distance.sum(axis=1) / (len(names) - 1), names), reverse=True)
for mean, name in lonely[:8]:
    print(name, f"{mean:.8f}")
print("total", f"{distance.sum():.6f}")
