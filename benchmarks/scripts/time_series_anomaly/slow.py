"""Machine temperature and taxi demand: smoothing, anomalies, the best smoothing factor, day profiles compared by DTW."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

here = Path(__file__).parent
window = 144

machine = pd.read_csv(here / "data" / "machine_temperature_system_failure.csv")
values = machine["value"].values

# rolling z-score over the past half day
anomalies = []
scores = []
for i in range(len(values)):
    if i < window:
        scores.append(0.0)
        continue
    past = values[i - window : i]
    mean = np.mean(past)
    std = np.std(past)
    z = 0.0
    if std > 0:
        z = (values[i] - mean) / std
    scores.append(z)
    if abs(z) > 4:
        anomalies.append((machine["timestamp"][i], z))
print("anomalies", len(anomalies))
for stamp, z in anomalies[:10]:
    print(stamp, f"{z:.8f}")

# longest quiet stretch
longest = 0
current = 0
for s in scores:
    if abs(s) < 2:
        current += 1
        longest = max(longest, current)
    else:
        current = 0
print("longest quiet stretch", longest)

# exponential smoothing: the factor with the smallest one-step error
best_alpha = None
best_error = float("inf")
for k in range(1, 60):
    alpha = k / 60
    level = values[0]
    error = 0.0
    for i in range(1, len(values)):
        error += (values[i] - level) ** 2
        level = alpha * values[i] + (1 - alpha) * level
    if error < best_error:
        best_error = error
        best_alpha = alpha
print(f"alpha {best_alpha:.6f} error {best_error / len(values):.8f}")

# taxi: one list per day
taxi = pd.read_csv(here / "data" / "nyc_taxi.csv")
days = {}
for i in range(len(taxi)):
    day = taxi["timestamp"][i][:10]
    if day not in days:
        days[day] = []
    days[day].append(taxi["value"][i] / 1000)
names = [d for d in sorted(days) if len(days[d]) == 48]
count = int(sys.argv[1]) if len(sys.argv) > 1 else 80
names = names[:count]

# how far apart are the shapes of two days
distance = np.zeros((len(names), len(names)))
for a in range(len(names)):
    for b in range(a + 1, len(names)):
        x = days[names[a]]
        y = days[names[b]]
        cost = np.full((len(x) + 1, len(y) + 1), np.inf)
        cost[0, 0] = 0.0
        for i in range(1, len(x) + 1):
            for j in range(1, len(y) + 1):
                d = abs(x[i - 1] - y[j - 1])
                cost[i, j] = d + min(cost[i - 1, j], cost[i, j - 1], cost[i - 1, j - 1])
        distance[a, b] = cost[len(x), len(y)]
        distance[b, a] = distance[a, b]

lonely = []
for a in range(len(names)):
    others = [distance[a, b] for b in range(len(names)) if b != a]
    lonely.append((sum(others) / len(others), names[a]))
lonely.sort(reverse=True)
for mean, name in lonely[:8]:
    print(name, f"{mean:.8f}")
print("total", f"{distance.sum():.6f}")
