"""Dense user-item matrices: all similarities are one product, prediction for all items of a user one top-k."""

from pathlib import Path

import numpy as np
import pandas as pd

NEIGHBOURS = 20


def predict_all(similar, deviation, rated):
    """Predicted deviation from the user's mean for every item, from the NEIGHBOURS most similar items that the user rated."""
    s = similar[:, rated]
    order = np.lexsort((np.broadcast_to(rated, s.shape), -np.abs(s)), axis=1)[:, :NEIGHBOURS]
    s = np.take_along_axis(s, order, axis=1)
    weight = np.abs(s).sum(axis=1)
    return np.divide((s * deviation[rated][order]).sum(axis=1), weight, out=np.zeros(len(s)), where=weight > 0)


def main():
    frame = pd.read_csv(Path(__file__).parent / "data" / "ratings.csv")
    held = frame.groupby("user").cumcount() % 10 == 0
    train, test = frame[~held], frame[held]
    users = frame["user"].unique()
    row = pd.Series(np.arange(len(users)), index=users)
    shape = (len(users), frame["item"].max() + 1)
    values, present = np.zeros(shape), np.zeros(shape, dtype=bool)
    at = (row[train["user"]].to_numpy(), train["item"].to_numpy())
    values[at], present[at] = train["rating"], True
    means = values.sum(axis=1) / present.sum(axis=1)
    deviation = np.where(present, values - means[:, None], 0.0)
    known = np.flatnonzero(present.any(axis=0))
    print("users", len(users), "items", len(known), "test ratings", len(test))

    norms = np.sqrt((deviation**2).sum(axis=0))
    scale = norms[:, None] * norms
    enough = (present.T.astype(float) @ present) >= 2
    valid = enough & (scale > 0)
    np.fill_diagonal(valid, False)
    similar = np.divide(deviation.T @ deviation, scale, out=np.zeros(scale.shape), where=valid)

    guess = np.empty(len(test))
    test_user, test_item = row[test["user"]].to_numpy(), test["item"].to_numpy()
    for u in np.unique(test_user):
        at = test_user == u
        wanted = test_item[at]
        guess[at] = means[u] + predict_all(similar[wanted], deviation[u], np.flatnonzero(present[u]))
    error = guess - test["rating"].to_numpy()
    print(f"rmse {np.sqrt((error**2).mean()):.9f} mae {np.abs(error).mean():.9f}")
    for u in range(40):
        new = known[~present[u, known]]
        score = means[u] + predict_all(similar[new], deviation[u], np.flatnonzero(present[u]))
        best = np.lexsort((new, -np.round(score, 9)))[:5]
        print(users[u], new[best].tolist(), f"{score[best[0]]:.6f}")


if __name__ == "__main__":
    main()
