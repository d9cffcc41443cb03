"""Who will get worse? Diabetes patients: features by hand, nearest neighbours by hand, and how well that predicts.

The data are the 442 patients of Efron et al. (2004), "Least angle regression", which scikit-learn carries
(`load_diabetes`): age, sex, body mass index, blood pressure, six blood measurements, and the progression of the
disease a year later. The program is written as one writes such a study in an afternoon: a row at a time, a patient at
a time, a fold at a time.

    python examples/patient_risk.py
    hasten run examples/patient_risk.py
"""

import math

import numpy as np
from sklearn.datasets import load_diabetes

FOLDS = 10
NEIGHBOURS = [1, 2, 3, 4, 5, 6, 7, 9, 11, 13, 15, 18, 21, 25, 30, 35, 40, 45, 50, 60]

data = load_diabetes(as_frame=True, scaled=False)
patients = data.frame.rename(
    columns={"s1": "tc", "s2": "ldl", "s3": "hdl", "s4": "tch", "s5": "ltg", "s6": "glucose"}
)

MEASURED = ["age", "bmi", "bp", "tc", "ldl", "hdl", "tch", "ltg", "glucose"]


def pressure_group(row):
    if row["bp"] < 85:
        return 0
    elif row["bp"] < 100:
        return 1
    elif row["bp"] < 115:
        return 2
    return 3


def metabolic_points(row):
    """One point for each measurement that a guideline would call high."""
    points = 0
    if row["bmi"] >= 30:
        points += 1
    if row["bp"] >= 100:
        points += 1
    if row["glucose"] >= 100:
        points += 1
    if row["hdl"] < (40 if row["sex"] == 1 else 50):
        points += 1
    if row["ltg"] >= math.log(150):
        points += 1
    return points


def add_features(df):
    df["pressure"] = df.apply(pressure_group, axis=1)
    df["points"] = df.apply(metabolic_points, axis=1)
    ratios = []
    for i, row in df.iterrows():
        ratios.append(row["ldl"] / row["hdl"] + row["tc"] / row["hdl"])
    df["ratio"] = ratios

    # how unusual is each measurement among patients of about the same age?
    for name in ["bmi", "bp", "glucose"]:
        unusual = []
        for i in range(len(df)):
            age = df.loc[i, "age"]
            peers = df[(df["age"] >= age - 5) & (df["age"] <= age + 5)]
            spread = peers[name].std()
            if len(peers) > 1 and spread > 0:
                unusual.append((df.loc[i, name] - peers[name].mean()) / spread)
            else:
                unusual.append(0.0)
        df[name + "_among_peers"] = unusual
    return df


def standardise(rows):
    columns = len(rows[0])
    result = [[0.0] * columns for _ in rows]
    for j in range(columns):
        values = [row[j] for row in rows]
        mean = sum(values) / len(values)
        spread = math.sqrt(sum((v - mean) ** 2 for v in values) / len(values))
        for i in range(len(rows)):
            result[i][j] = (rows[i][j] - mean) / spread
    return result


def distance(a, b, weights):
    total = 0.0
    for k in range(len(a)):
        total += weights[k] * (a[k] - b[k]) ** 2
    return math.sqrt(total)


def correlation(x, y):
    mx = sum(x) / len(x)
    my = sum(y) / len(y)
    top = sum((a - mx) * (b - my) for a, b in zip(x, y))
    return top / math.sqrt(sum((a - mx) ** 2 for a in x) * sum((b - my) ** 2 for b in y))


def predict(patient, known, outcomes, weights, k):
    near = []
    for i in range(len(known)):
        near.append((distance(patient, known[i], weights), outcomes[i]))
    near.sort()
    total = 0.0
    weight = 0.0
    for d, outcome in near[:k]:
        w = 1 / (0.1 + d)
        total += w * outcome
        weight += w
    return total / weight


def cross_validate(rows, outcomes, weights, k):
    truth = []
    guesses = []
    for fold in range(FOLDS):
        known = [rows[i] for i in range(len(rows)) if i % FOLDS != fold]
        known_outcomes = [outcomes[i] for i in range(len(rows)) if i % FOLDS != fold]
        for i in range(len(rows)):
            if i % FOLDS == fold:
                truth.append(outcomes[i])
                guesses.append(predict(rows[i], known, known_outcomes, weights, k))
    return truth, guesses


def mean_absolute_error(truth, guesses):
    return sum(abs(t - g) for t, g in zip(truth, guesses)) / len(truth)


def concordance(truth, guesses):
    """The share of pairs of patients that the prediction puts in the right order."""
    right = 0.0
    pairs = 0
    for i in range(len(truth)):
        for j in range(i + 1, len(truth)):
            if truth[i] == truth[j]:
                continue
            pairs += 1
            if guesses[i] == guesses[j]:
                right += 0.5
            elif (truth[i] < truth[j]) == (guesses[i] < guesses[j]):
                right += 1
    return right / pairs


def main():
    df = add_features(patients.copy())
    names = [c for c in df.columns if c not in ("sex", "target")]
    rows = standardise([[float(df.loc[i, n]) for n in names] for i in range(len(df))])
    outcomes = [float(v) for v in df["target"]]

    # measurements that go with the outcome count more
    weights = []
    for k in range(len(names)):
        weights.append(correlation([row[k] for row in rows], outcomes) ** 2)
    for name, w in sorted(zip(names, weights), key=lambda p: -p[1])[:6]:
        print(f"{name:20s} {w:.6f}")

    best = None
    for k in NEIGHBOURS:
        truth, guesses = cross_validate(rows, outcomes, weights, k)
        error = mean_absolute_error(truth, guesses)
        print(f"{k:3d} neighbours: mean absolute error {error:.6f}, concordance {concordance(truth, guesses):.6f}")
        if best is None or error < best[0]:
            best = (error, k, truth, guesses)

    # how sure is that? bootstrap over patients
    error, k, truth, guesses = best
    rng = np.random.default_rng(2004)
    errors = []
    for _ in range(400):
        sample = rng.integers(0, len(truth), len(truth))
        errors.append(mean_absolute_error([truth[i] for i in sample], [guesses[i] for i in sample]))
    errors.sort()
    print(f"best with {k} neighbours: {error:.4f}, 95% interval {errors[10]:.4f} to {errors[389]:.4f}")


if __name__ == "__main__":
    main()
