"""Machine states: rolling features per machine, then a logistic regression trained by hand that warns of failures."""

import math
from pathlib import Path

import pandas as pd

WINDOW = 12
MACHINES = 25
SENSORS = ["Torque [Nm]", "Rotational speed [rpm]", "Process temperature [K]"]


def load():
    df = pd.read_csv(Path(__file__).parent / "data" / "machines.csv", encoding="utf-8-sig")
    df["machine"] = df["UDI"] % MACHINES
    return df


def rolling_features(df):
    rows = []
    for machine in sorted(df["machine"].unique()):
        part = df[df["machine"] == machine].reset_index(drop=True)
        for i in range(len(part)):
            start = max(0, i - WINDOW + 1)
            window = part.iloc[start : i + 1]
            feats = {"machine": machine, "udi": part.loc[i, "UDI"], "failure": part.loc[i, "Machine failure"]}
            for s in SENSORS:
                feats[s + " mean"] = window[s].mean()
                feats[s + " range"] = window[s].max() - window[s].min()
                feats[s + " max"] = window[s].max()
                feats[s + " last"] = part.loc[i, s]
            torque = part.loc[i, "Torque [Nm]"]
            rpm = part.loc[i, "Rotational speed [rpm]"]
            feats["power"] = torque * rpm * 2 * math.pi / 60
            feats["heat"] = part.loc[i, "Process temperature [K]"] - part.loc[i, "Air temperature [K]"]
            feats["strain"] = torque * part.loc[i, "Tool wear [min]"]
            rows.append(feats)
    return pd.DataFrame(rows)


def standardise(features, names):
    X = []
    stats = []
    for name in names:
        values = features[name].tolist()
        mean = sum(values) / len(values)
        var = sum((v - mean) ** 2 for v in values) / len(values)
        stats.append((mean, math.sqrt(var)))
    for _, row in features.iterrows():
        X.append([(row[n] - m) / s for n, (m, s) in zip(names, stats)])
    return X


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def train(X, y, epochs=6, lr=0.02):
    weights = [0.0] * len(X[0])
    bias = 0.0
    positive_weight = len(y) / (2 * sum(y))
    negative_weight = len(y) / (2 * (len(y) - sum(y)))
    for epoch in range(epochs):
        loss = 0.0
        for i in range(len(X)):
            z = bias
            for j in range(len(weights)):
                z += weights[j] * X[i][j]
            p = sigmoid(z)
            w = positive_weight if y[i] == 1 else negative_weight
            loss -= w * (y[i] * math.log(p + 1e-12) + (1 - y[i]) * math.log(1 - p + 1e-12))
            err = w * (p - y[i])
            for j in range(len(weights)):
                weights[j] -= lr * err * X[i][j]
            bias -= lr * err
        print(f"epoch {epoch} loss {loss / len(X):.8f}")
    return weights, bias


def main():
    df = load()
    features = rolling_features(df)
    names = [c for c in features.columns if c not in ("machine", "udi", "failure")]
    X = standardise(features, names)
    y = [int(v) for v in features["failure"]]
    weights, bias = train(X, y)
    tp = fp = fn = tn = 0
    for xi, yi in zip(X, y):
        z = bias + sum(w * v for w, v in zip(weights, xi))
        warn = sigmoid(z) > 0.5
        if warn and yi == 1:
            tp += 1
        elif warn:
            fp += 1
        elif yi == 1:
            fn += 1
        else:
            tn += 1
    print("tp", tp, "fp", fp, "fn", fn, "tn", tn)
    for n, w in zip(names, weights):
        print(f"{n:32s} {w:.8f}")


if __name__ == "__main__":
    main()
