"""NumPy and the csv module (pandas takes longer to import than all the work): customers are numbers, sums are bincounts.

Sums run in another order than in slow.py; the last bits differ.
"""

import csv
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
CUTOFF = np.datetime64("2023-09-30")
AGES = [0, 1, 2, 3, 6, 12]


def load():
    with open(HERE / "data" / "orders.csv", newline="") as f:
        _, customer, date, amount, _, channel, returned = zip(*list(csv.reader(f))[1:], strict=True)
    names, first_row, who = np.unique(customer, return_index=True, return_inverse=True)
    order = np.argsort(np.argsort(first_row))  # customers in the order in which they come
    returned = np.array(returned) == "1"
    amount = np.array(amount, dtype=float)
    return (names[np.argsort(first_row)].tolist(), order[who], np.array(date, dtype="datetime64[D]"), amount, returned,
            np.array(channel) == "app")


def cohorts(who, date, revenue, n):
    """The file is sorted by date, so a customer's first row is his first order."""
    month = date.astype("datetime64[M]")
    first = np.full(n, month.max())
    np.minimum.at(first, who, month)
    age = (month - first[who]).astype(int)
    months = np.unique(first)
    row = np.searchsorted(months, first)
    size = np.bincount(row)
    inside = age < 13
    cell = row[who[inside]] * 13 + age[inside]
    pair = np.unique(who[inside] * 13 + age[inside])
    active = np.bincount(row[pair // 13] * 13 + pair % 13, minlength=13 * len(months)).reshape(-1, 13)
    earned = np.bincount(cell, revenue[inside], minlength=13 * len(months)).reshape(-1, 13)
    oldest = np.zeros(len(months), dtype=int)
    np.maximum.at(oldest, row[who], age)
    unknown = np.arange(13) > oldest[:, None]
    tables = [np.where(unknown, np.nan, t / size[:, None]) for t in (active, earned)]
    return months.astype(str), size, *tables


def rank_first(values):
    rank = np.empty(len(values), dtype=int)
    rank[np.argsort(values, kind="stable")] = np.arange(1, len(values) + 1)
    return rank


def quintile(values):
    rank = rank_first(values)
    edges = np.quantile(rank, [0.2, 0.4, 0.6, 0.8])
    return 1 + np.searchsorted(edges, rank, side="left")


def auc(scores, labels):
    _, level = np.unique(scores, return_inverse=True)
    positive, negative = np.bincount(level, labels), np.bincount(level, 1 - labels)
    below = np.cumsum(negative) - negative
    return (positive * (below + negative / 2)).sum() / (positive.sum() * negative.sum())


def main():
    names, who, date, amount, returned, app = load()
    print(f"{len(who)} orders of {len(names)} customers, {amount.sum():.2f} in total")
    revenue = np.where(returned, 0.0, amount)

    months, size, retention, earned = cohorts(who, date, revenue, len(names))
    print("\nretention by cohort (share of customers who order in month 0, 1, 2, 3, 6, 12)")
    for c, n, row in zip(months, size, retention, strict=True):
        print(f"{c} {n:4d} " + " ".join("   -  " if np.isnan(row[a]) else f"{row[a]:.4f}" for a in AGES))
    print("mean    " + " ".join(f"{v:.4f}" for v in np.nanmean(retention, axis=0)[AGES]))
    print("revenue per customer, month 0 to 12: " + " ".join(f"{v:.4f}" for v in np.nanmean(earned, axis=0)))

    stayed = np.zeros(len(names), dtype=bool)
    stayed[who[(date > CUTOFF) & (date <= CUTOFF + 90)]] = True
    past = date <= CUTOFF
    who, day, revenue = who[past], (CUTOFF - date[past]).astype(int), revenue[past]  # day: how long ago
    back = np.argsort(who, kind="stable")
    who, day, revenue, returned, app = who[back], day[back], revenue[back], returned[past][back], app[past][back]
    n = len(names)
    count = np.bincount(who, minlength=n)
    end = np.cumsum(count)
    many = np.flatnonzero(count >= 2)
    last, first = day[end[many] - 1], day[end[many] - count[many]]
    between = np.append(day[:-1] - day[1:], 0)
    between[end[count > 0] - 1] = 0
    longest = np.zeros(n, dtype=int)
    np.maximum.at(longest, who, between)

    def per(weights):
        return np.bincount(who, weights, minlength=n)[many]

    frequency, monetary = count[many], per(revenue)
    basket, gap = monetary / frequency, (first - last) / (frequency - 1)
    churned = (~stayed[many]).astype(int)
    print(f"\n{len(many)} customers with two orders or more at {CUTOFF}, {churned.mean():.4f} churned")

    R, F, M = quintile(-last), quintile(frequency), quintile(np.round(monetary, 6))
    kinds = ["champions", "loyal", "new or rare", "cannot lose", "at risk", "lost"]
    rules = [(R >= 4) & (F >= 4), (R >= 3) & (F >= 3), R >= 4, (R <= 2) & (F >= 4) & (M >= 4), (R <= 2) & (F >= 3), R == 1]
    segment = np.select(rules, kinds, "hibernating")
    print("\nsegment       customers  churned  revenue   recency  frequency")
    for name in np.unique(segment):
        g = segment == name
        print(f"{name:12s} {g.sum():10d}   {churned[g].mean():.4f}  {monetary[g].mean():8.4f}  {last[g].mean():8.4f}  "
              f"{frequency[g].mean():8.4f}")

    columns = ["recency", "frequency", "monetary", "tenure", "gap", "gap_max", "recent", "returns", "app", "overdue"]
    X = np.column_stack([last, frequency, monetary, first, gap, longest[many], per(day < 90), per(returned) / frequency,
                         per(app) / frequency, last / (gap + 1)])
    X = np.clip((X - X.mean(axis=0)) / X.std(axis=0, ddof=1), -4, 4)
    X = np.column_stack([np.ones(len(X)), X])
    test = np.arange(len(X)) % 4 == 3
    A, b, w = X[~test], churned[~test], np.zeros(X.shape[1])
    for _ in range(400):
        w -= 0.5 * (A.T @ (1 / (1 + np.exp(-A @ w)) - b) / len(b) + 0.001 * w)
    score = 1 / (1 + np.exp(-X @ w))
    print("\nweights: " + ", ".join(f"{c} {v:+.4f}" for c, v in zip(["intercept", *columns], w, strict=True)))
    print(f"AUC train {auc(score[~test], b):.6f}, test {auc(score[test], churned[test]):.6f}")

    held = np.flatnonzero(test)
    held = held[np.argsort(-score[held], kind="stable")]
    print("\ndecile  customers  mean score  churned  lift    revenue at risk")
    for d in range(10):
        part = held[d * len(held) // 10 : (d + 1) * len(held) // 10]
        share, at_risk = churned[part].mean(), (score[part] * basket[part] * 90 / (gap[part] + 1)).sum()
        print(f"{d + 1:6d} {len(part):10d}   {score[part].mean():.6f}    {share:.4f}  {share / churned[held].mean():.4f}  "
              f"{at_risk:10.4f}")

    (HERE / "out").mkdir(exist_ok=True)
    with open(HERE / "out" / "customers.csv", "w", newline="") as f:
        f.write("customer,recency,frequency,monetary,R,F,M,segment,score,churned\n")
        f.writelines(
            f"{names[c]},{r},{k},{m:.4f},{q},{s},{t},{g},{p:.4f},{y}\n"
            for c, r, k, m, q, s, t, g, p, y in zip(many, last, frequency, monetary, R, F, M, segment, score, churned, strict=True)
        )


if __name__ == "__main__":
    main()
