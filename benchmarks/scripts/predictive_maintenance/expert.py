"""Rolling windows as strided views, training in one Numba loop."""

import math
from pathlib import Path

import numba
import numpy as np
import pandas as pd

WINDOW = 12
MACHINES = 25
SENSORS = ["Torque [Nm]", "Rotational speed [rpm]", "Process temperature [K]"]


def rolling(values, reduce, pad):
    padded = np.concatenate([np.full(WINDOW - 1, pad), values])
    return reduce(np.lib.stride_tricks.sliding_window_view(padded, WINDOW))


def build(df):
    df = df.sort_values(["machine", "UDI"], kind="stable")
    parts = []
    for _, part in df.groupby("machine", sort=True):
        columns = {}
        for s in SENSORS:
            values = part[s].to_numpy(float)
            columns[s + " mean"] = rolling(values, lambda w: np.nanmean(w, axis=1), np.nan)
            top = rolling(values, lambda w: w.max(axis=1), -np.inf)
            columns[s + " range"] = top - rolling(values, lambda w: w.min(axis=1), np.inf)
            columns[s + " max"] = top
            columns[s + " last"] = values
        parts.append(pd.DataFrame(columns, index=part.index))
    features = pd.concat(parts)
    torque, rpm = df["Torque [Nm]"], df["Rotational speed [rpm]"]
    features["power"] = torque * rpm * 2 * math.pi / 60
    features["heat"] = df["Process temperature [K]"] - df["Air temperature [K]"]
    features["strain"] = torque * df["Tool wear [min]"]
    return features, df["Machine failure"].to_numpy(np.int64)


@numba.njit(cache=True)
def train(X, y, epochs, lr):
    n, width = X.shape
    weights = np.zeros(width)
    losses = np.zeros(epochs)
    bias = 0.0
    positives = y.sum()
    positive_weight = n / (2 * positives)
    negative_weight = n / (2 * (n - positives))
    for epoch in range(epochs):
        loss = 0.0
        for i in range(n):
            z = bias
            for j in range(width):
                z += weights[j] * X[i, j]
            p = 1 / (1 + math.exp(-z))
            w = positive_weight if y[i] == 1 else negative_weight
            loss -= w * (y[i] * math.log(p + 1e-12) + (1 - y[i]) * math.log(1 - p + 1e-12))
            err = w * (p - y[i])
            for j in range(width):
                weights[j] -= lr * err * X[i, j]
            bias -= lr * err
        losses[epoch] = loss / n
    return weights, bias, losses


def main():
    df = pd.read_csv(Path(__file__).parent / "data" / "machines.csv", encoding="utf-8-sig")
    df["machine"] = df["UDI"] % MACHINES
    features, y = build(df)
    X = features.to_numpy()
    X = np.ascontiguousarray((X - X.mean(axis=0)) / X.std(axis=0))
    weights, bias, losses = train(X, y, 6, 0.02)
    for epoch, loss in enumerate(losses):
        print(f"epoch {epoch} loss {loss:.8f}")
    warn = 1 / (1 + np.exp(-(X @ weights + bias))) > 0.5
    hit = y == 1
    print("tp", (warn & hit).sum(), "fp", (warn & ~hit).sum(), "fn", (~warn & hit).sum(), "tn", (~warn & ~hit).sum())
    for n, w in zip(features.columns, weights):
        print(f"{n:32s} {w:.8f}")


if __name__ == "__main__":
    main()
