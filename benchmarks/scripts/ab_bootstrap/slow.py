"""A/B test read-out: differences with bootstrap intervals, permutation p-values, by segment; Holm correction at the end."""

from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
N_BOOT = 150
N_PERM = 150
METRICS = ["converted", "revenue", "minutes", "revenue_per_session"]

rng = np.random.default_rng(2024)

df = pd.read_csv(HERE / "data" / "ab_test.csv")
print(df.groupby("variant").size().to_string())


def metric(part, name):
    """Mean of a column; revenue per session is a ratio of two sums."""
    if name == "revenue_per_session":
        return part["revenue"].sum() / part["sessions"].sum()
    return part[name].mean()


def difference(data, name, by="variant"):
    a = data[data[by] == "A"]
    b = data[data[by] == "B"]
    return metric(b, name) - metric(a, name)


def bootstrap(data, name):
    a = data[data["variant"] == "A"]
    b = data[data["variant"] == "B"]
    diffs = []
    for _ in range(N_BOOT):
        sample_a = a.sample(frac=1, replace=True, random_state=rng)
        sample_b = b.sample(frac=1, replace=True, random_state=rng)
        diffs.append(metric(sample_b, name) - metric(sample_a, name))
    return np.percentile(diffs, 2.5), np.percentile(diffs, 97.5), np.std(diffs, ddof=1)


def permutation_p(data, name, observed):
    shuffled = data.copy()
    extreme = 0
    for _ in range(N_PERM):
        shuffled["label"] = rng.permutation(data["variant"].to_numpy())
        if abs(difference(shuffled, name, by="label")) >= abs(observed):
            extreme += 1
    return (extreme + 1) / (N_PERM + 1)


segments = {"all": df}
for column in ["country", "device"]:
    for value in sorted(df[column].unique()):
        segments[f"{column}={value}"] = df[df[column] == value]

results = pd.DataFrame()
for segment, data in segments.items():
    print(f"\n{segment}: {len(data)} visitors")
    for name in METRICS:
        observed = difference(data, name)
        base = metric(data[data["variant"] == "A"], name)
        low, high, error = bootstrap(data, name)
        p = permutation_p(data, name, observed)
        print(f"  {name:<20} {observed:+.6f} ({observed / base:+.4%})  [{low:+.6f}, {high:+.6f}]  p {p:.5f}")
        row = {"segment": segment, "metric": name, "n": len(data), "base": base, "difference": observed,
               "low": low, "high": high, "error": error, "p": p}
        results = pd.concat([results, pd.DataFrame([row])], ignore_index=True)

# Holm: the smallest p times m, the next times m - 1, ...
results["p_holm"] = 1.0
m = len(results)
running = 0.0
for rank, i in enumerate(results.sort_values("p", kind="stable").index):
    running = max(running, min(1.0, results.loc[i, "p"] * (m - rank)))
    results.loc[i, "p_holm"] = running
results["verdict"] = results.apply(
    lambda r: "win" if r["p_holm"] < 0.05 and r["difference"] > 0 else ("trend" if r["p"] < 0.05 else "-"), axis=1
)
print()
print(results["verdict"].value_counts().sort_index().to_string())

(HERE / "out").mkdir(exist_ok=True)
results.to_csv(HERE / "out" / "results.csv", index=False, float_format="%.8f")
