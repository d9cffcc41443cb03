# Churn analysis of the web shop: cohorts, RFM segments, churn score
# %%
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent
df = pd.read_csv(HERE / "data" / "orders.csv")
df["date"] = pd.to_datetime(df["date"])
print(f"{len(df)} orders of {df['customer'].nunique()} customers, {df['amount'].sum():.2f} in total")

# %% returned orders bring nothing
df["revenue"] = df.apply(lambda r: 0.0 if r["returned"] == 1 else r["amount"], axis=1)

# %% cohort = month of the first order
first = df.groupby("customer")["date"].min().to_dict()
df["cohort"] = df["customer"].apply(lambda c: first[c].strftime("%Y-%m"))
df["age"] = df.apply(lambda r: (r["date"].year - first[r["customer"]].year) * 12 + r["date"].month - first[r["customer"]].month, axis=1)

cohorts = sorted(df["cohort"].unique())
retention = pd.DataFrame(index=cohorts, columns=range(0, 13), dtype=float)
revenue = pd.DataFrame(index=cohorts, columns=range(0, 13), dtype=float)
for c in cohorts:
    members = df[df["cohort"] == c]
    size = members["customer"].nunique()
    oldest = members["age"].max()
    for age in range(0, 13):
        if age > oldest:
            continue
        active = members[members["age"] == age]
        retention.loc[c, age] = active["customer"].nunique() / size
        revenue.loc[c, age] = active["revenue"].sum() / size

print("\nretention by cohort (share of customers who order in month 0, 1, 2, 3, 6, 12)")
for c in cohorts:
    size = df[df["cohort"] == c]["customer"].nunique()
    print(f"{c} {size:4d} " + " ".join(f"{retention.loc[c, a]:.4f}" if not pd.isna(retention.loc[c, a]) else "   -  "
                                        for a in [0, 1, 2, 3, 6, 12]))
print("mean    " + " ".join(f"{retention[a].mean():.4f}" for a in [0, 1, 2, 3, 6, 12]))
print("revenue per customer, month 0 to 12: " + " ".join(f"{revenue[a].mean():.4f}" for a in range(0, 13)))

# %% features of every customer at the cut-off date, churned = no order in the 90 days after it
CUTOFF = pd.Timestamp("2023-09-30")
past = df[df["date"] <= CUTOFF]
future = df[(df["date"] > CUTOFF) & (df["date"] <= CUTOFF + pd.Timedelta(days=90))]
stayed = future["customer"].unique().tolist()

features = []
for customer in past["customer"].unique():
    orders = past[past["customer"] == customer].sort_values("date")
    if len(orders) < 2:
        continue
    dates = orders["date"].tolist()
    gaps = [(b - a).days for a, b in zip(dates[:-1], dates[1:])]
    last_quarter = orders[orders["date"] > CUTOFF - pd.Timedelta(days=90)]
    features.append({
        "customer": customer,
        "recency": (CUTOFF - dates[-1]).days,
        "frequency": len(orders),
        "monetary": orders["revenue"].sum(),
        "basket": orders["revenue"].mean(),
        "tenure": (CUTOFF - dates[0]).days,
        "gap": sum(gaps) / len(gaps),
        "gap_max": max(gaps),
        "recent": len(last_quarter),
        "returns": orders["returned"].mean(),
        "app": (orders["channel"] == "app").mean(),
        "churned": 0 if customer in stayed else 1,
    })
rfm = pd.DataFrame(features)
rfm["overdue"] = rfm["recency"] / (rfm["gap"] + 1)
print(f"\n{len(rfm)} customers with two orders or more at {CUTOFF.date()}, {rfm['churned'].mean():.4f} churned")

# %% RFM segments
rfm["R"] = pd.qcut(rfm["recency"].rank(method="first", ascending=False), 5, labels=[1, 2, 3, 4, 5]).astype(int)
rfm["F"] = pd.qcut(rfm["frequency"].rank(method="first"), 5, labels=[1, 2, 3, 4, 5]).astype(int)
rfm["M"] = pd.qcut(rfm["monetary"].rank(method="first"), 5, labels=[1, 2, 3, 4, 5]).astype(int)


def segment(row):
    if row["R"] >= 4 and row["F"] >= 4:
        return "champions"
    elif row["R"] >= 3 and row["F"] >= 3:
        return "loyal"
    elif row["R"] >= 4:
        return "new or rare"
    elif row["R"] <= 2 and row["F"] >= 4 and row["M"] >= 4:
        return "cannot lose"
    elif row["R"] <= 2 and row["F"] >= 3:
        return "at risk"
    elif row["R"] == 1:
        return "lost"
    return "hibernating"


rfm["segment"] = rfm.apply(segment, axis=1)
print("\nsegment       customers  churned  revenue   recency  frequency")
for name, g in rfm.groupby("segment"):
    print(f"{name:12s} {len(g):10d}   {g['churned'].mean():.4f}  {g['monetary'].mean():8.4f}  {g['recency'].mean():8.4f}  {g['frequency'].mean():8.4f}")

# %% churn score: logistic regression by gradient descent
columns = ["recency", "frequency", "monetary", "tenure", "gap", "gap_max", "recent", "returns", "app", "overdue"]
X = rfm[columns].astype(float)
for c in columns:
    X[c] = (X[c] - X[c].mean()) / X[c].std()
    X[c] = X[c].clip(-4, 4)
X = np.column_stack([np.ones(len(X)), X.values])
y = rfm["churned"].values
test = np.array([i % 4 == 3 for i in range(len(rfm))])
w = np.zeros(X.shape[1])
for step in range(400):
    p = 1 / (1 + np.exp(-X[~test] @ w))
    gradient = X[~test].T @ (p - y[~test]) / (~test).sum() + 0.001 * w
    w -= 0.5 * gradient
rfm["score"] = 1 / (1 + np.exp(-X @ w))
print("\nweights: " + ", ".join(f"{c} {v:+.4f}" for c, v in zip(["intercept"] + columns, w)))


def auc(scores, labels):
    pos = [s for s, l in zip(scores, labels) if l == 1]
    neg = [s for s, l in zip(scores, labels) if l == 0]
    wins = 0.0
    for a in pos:
        for b in neg:
            if a > b:
                wins += 1
            elif a == b:
                wins += 0.5
    return wins / (len(pos) * len(neg))


print(f"AUC train {auc(rfm['score'][~test], y[~test]):.6f}, test {auc(rfm['score'][test], y[test]):.6f}")

held = rfm[test].sort_values("score", ascending=False).reset_index(drop=True)
print("\ndecile  customers  mean score  churned  lift    revenue at risk")
overall = held["churned"].mean()
for d in range(10):
    part = held.iloc[d * len(held) // 10:(d + 1) * len(held) // 10]
    at_risk = 0.0
    for i, r in part.iterrows():
        at_risk += r["score"] * r["basket"] * 90 / (r["gap"] + 1)
    print(f"{d + 1:6d} {len(part):10d}   {part['score'].mean():.6f}    {part['churned'].mean():.4f}  {part['churned'].mean() / overall:.4f}  {at_risk:10.4f}")

# %%
(HERE / "out").mkdir(exist_ok=True)
out = rfm[["customer", "recency", "frequency", "monetary", "R", "F", "M", "segment", "score", "churned"]]
out.to_csv(HERE / "out" / "customers.csv", index=False, float_format="%.4f")
