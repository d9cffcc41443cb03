"""Features of a milling machine, for a model that warns before it fails.

Reads data/machines.csv (one row a workpiece, in the order in which they were made), writes data/features.csv, and
prints what a maintenance engineer looks at first.
"""

import math
from pathlib import Path

import numpy as np
import pandas as pd

DATA = Path(__file__).resolve().parent / "data"

WINDOW = 10  # workpieces with the same tool
SENSORS = ["air", "process", "speed", "torque"]
STRAIN_LIMIT = {"L": 11000, "M": 12000, "H": 13000}  # min Nm


def load():
    df = pd.read_csv(DATA / "machines.csv", encoding="utf-8-sig")
    df = df.rename(
        columns={
            "Air temperature [K]": "air",
            "Process temperature [K]": "process",
            "Rotational speed [rpm]": "speed",
            "Torque [Nm]": "torque",
            "Tool wear [min]": "wear",
            "Machine failure": "failure",
            "Type": "kind",
        }
    )
    return df[["UDI", "kind", *SENSORS, "wear", "failure"]]


def tool_numbers(df):
    """A new tool is in whenever the wear has gone down."""
    numbers = []
    current = 0
    for i in range(len(df)):
        if i > 0 and df.loc[i, "wear"] < df.loc[i - 1, "wear"]:
            current += 1
        numbers.append(current)
    return numbers


def power(row):
    return row["torque"] * row["speed"] * 2 * math.pi / 60


def strain(row):
    return row["wear"] * row["torque"] / STRAIN_LIMIT[row["kind"]]


def cooling(row):
    """Little heat goes away when the machine is hardly warmer than the air and turns slowly."""
    gap = row["process"] - row["air"]
    if row["speed"] < 1380:
        return gap - 8.6
    return gap - 8.6 + (row["speed"] - 1380) / 500


def rolling_by_tool(values, tools, window):
    """Mean, spread and trend of the last workpieces that the same tool has made."""
    means, spreads, trends = [], [], []
    for i in range(len(values)):
        start = i
        while start > 0 and i - start + 1 < window and tools[start - 1] == tools[i]:
            start -= 1
        n = i - start + 1
        mean = sum(values[start : i + 1]) / n
        squares = 0.0
        cross = 0.0
        steps = 0.0
        for k in range(start, i + 1):
            squares += (values[k] - mean) ** 2
            cross += (k - start - (n - 1) / 2) * (values[k] - mean)
            steps += (k - start - (n - 1) / 2) ** 2
        means.append(mean)
        spreads.append(math.sqrt(squares / (n - 1)) if n > 1 else 0.0)
        trends.append(cross / steps if steps > 0 else 0.0)
    return means, spreads, trends


def smoothed(values, tools, weight=0.2):
    out = []
    for i in range(len(values)):
        if i == 0 or tools[i] != tools[i - 1]:
            out.append(values[i])
        else:
            out.append(weight * values[i] + (1 - weight) * out[i - 1])
    return out


def drift(values, tools, slack=0.5):
    """Cumulative sum: how far a sensor has left, one way or the other, what is usual with this tool."""
    usual = np.mean(values)
    spread = np.std(values)
    high = low = 0.0
    out = []
    for i in range(len(values)):
        if i > 0 and tools[i] != tools[i - 1]:
            high = low = 0.0
        z = (values[i] - usual) / spread
        high = max(0.0, high + z - slack)
        low = max(0.0, low - z - slack)
        out.append(max(high, low))
    return out


def unusual(rows, memory=400, neighbours=5):
    """Mean distance to the nearest of the last workpieces, in standard deviations: high for what was not seen lately."""
    scores = []
    for i in range(len(rows)):
        distances = []
        for k in range(max(0, i - memory), i):
            total = 0.0
            for a, b in zip(rows[i], rows[k]):
                total += (a - b) ** 2
            distances.append(math.sqrt(total))
        distances.sort()
        nearest = distances[:neighbours]
        scores.append(sum(nearest) / len(nearest) if nearest else 0.0)
    return scores


def add_features(df):
    df["tool"] = tool_numbers(df)
    df["power"] = df.apply(power, axis=1)
    df["strain"] = df.apply(strain, axis=1)
    df["cooling"] = df.apply(cooling, axis=1)
    tools = df["tool"].tolist()
    for name in [*SENSORS, "power"]:
        values = df[name].tolist()
        means, spreads, trends = rolling_by_tool(values, tools, WINDOW)
        df[name + "_mean"] = means
        df[name + "_spread"] = spreads
        df[name + "_trend"] = trends
        df[name + "_smooth"] = smoothed(values, tools)
        df[name + "_drift"] = drift(values, tools)
    scaled = (df[SENSORS] - df[SENSORS].mean()) / df[SENSORS].std()
    df["unusual"] = unusual(scaled.values.tolist())
    return df


def warning_level(row):
    points = 0
    if row["power"] < 3500 or row["power"] > 9000:
        points += 2
    if row["cooling"] < 0:
        points += 2
    if row["strain"] > 1:
        points += 2
    elif row["strain"] > 0.85:
        points += 1
    if row["wear"] > 200:
        points += 1
    if row["torque_drift"] > 4:
        points += 1
    return min(points, 4)


def main():
    df = add_features(load())
    df["level"] = df.apply(warning_level, axis=1)

    print(f"{len(df)} workpieces, {df['tool'].nunique()} tools, {df['failure'].sum()} failures")
    for level in range(5):
        some = df[df["level"] == level]
        share = some["failure"].mean() if len(some) else 0.0
        print(f"level {level}: {len(some):5d} workpieces, {share:.6f} of them failed")

    # how much warning does a tool give before its first failure?
    ahead = []
    for tool in df["tool"].unique():
        part = df[df["tool"] == tool]
        failed = part[part["failure"] == 1]
        if len(failed) == 0:
            continue
        first = failed["UDI"].iloc[0]
        warned = part[(part["level"] >= 2) & (part["UDI"] <= first)]
        if len(warned):
            ahead.append(first - warned["UDI"].iloc[0])
    print(f"{len(ahead)} tools with a warning, {np.mean(ahead):.6f} workpieces ahead on average")

    df.to_csv(DATA / "features.csv", index=False)
    for name in ["power", "strain", "cooling", "torque_drift", "unusual"]:
        print(f"{name:14s} mean {df[name].mean():.8f} failed {df[df['failure'] == 1][name].mean():.8f}")


if __name__ == "__main__":
    main()
