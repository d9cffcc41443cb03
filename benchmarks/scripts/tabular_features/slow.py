"""Credit-card clients: behaviour features for every client, then a risk table by age band and education."""

import os
from pathlib import Path

import pandas as pd

HERE = Path(__file__).parent
EDUCATION = ["unknown", "graduate", "university", "high school", "other", "other2", "other3"]

df = pd.read_csv(HERE / "data" / "credit.csv")
df = df.rename(columns={"default-payment-next-month": "default"})


def utilisation(row):
    if row["LIMIT_BAL"] <= 0:
        return 0.0
    total = 0.0
    for i in range(1, 7):
        total = total + row[f"BILL_AMT{i}"]
    return total / 6 / row["LIMIT_BAL"]


def pay_ratio(row):
    bills = 0.0
    paid = 0.0
    for i in range(1, 7):
        if row[f"BILL_AMT{i}"] > 0:
            bills = bills + row[f"BILL_AMT{i}"]
        paid = paid + row[f"PAY_AMT{i}"]
    if bills == 0:
        return 1.0
    return min(paid / bills, 1.0)


def bill_trend(row):
    # least-squares slope of the bills, oldest month first
    bills = [row[f"BILL_AMT{i}"] for i in range(6, 0, -1)]
    mean = sum(bills) / 6
    top = 0.0
    bottom = 0.0
    for x, bill in enumerate(bills):
        top += (x - 2.5) * (bill - mean)
        bottom += (x - 2.5) ** 2
    return top / bottom


def age_band(age):
    if age < 30:
        return "20s"
    elif age < 40:
        return "30s"
    elif age < 50:
        return "40s"
    elif age < 60:
        return "50s"
    else:
        return "60+"


df["utilisation"] = df.apply(utilisation, axis=1)
df["pay_ratio"] = df.apply(pay_ratio, axis=1)
df["bill_trend"] = df.apply(bill_trend, axis=1)
df["age_band"] = df["AGE"].apply(age_band)

# longest run of months in delay, and the education label
streaks = []
labels = []
for _, row in df.iterrows():
    longest = 0
    current = 0
    for col in ["PAY_0", "PAY_2", "PAY_3", "PAY_4", "PAY_5", "PAY_6"]:
        if row[col] > 0:
            current += 1
            if current > longest:
                longest = current
        else:
            current = 0
    streaks.append(longest)
    label = "unknown"
    for k in range(7):
        if row[f"EDUCATION_{k}"] == 1:
            label = EDUCATION[k]
    labels.append(label)
df["late_streak"] = streaks
df["education"] = labels

# limit compared with the people of the same age band and education
peer_mean = {}
peer_std = {}
for band in df["age_band"].unique():
    for edu in df["education"].unique():
        group = df[(df["age_band"] == band) & (df["education"] == edu)]
        if len(group) > 1:
            peer_mean[(band, edu)] = group["LIMIT_BAL"].mean()
            peer_std[(band, edu)] = group["LIMIT_BAL"].std()

z = []
for i in range(len(df)):
    key = (df.loc[i, "age_band"], df.loc[i, "education"])
    if key in peer_mean and peer_std[key] > 0:
        z.append((df.loc[i, "LIMIT_BAL"] - peer_mean[key]) / peer_std[key])
    else:
        z.append(0.0)
df["limit_z"] = z

df["score"] = df.apply(
    lambda r: 0.5 * r["late_streak"] + 0.8 * r["utilisation"] - 0.6 * r["pay_ratio"] - 0.1 * r["limit_z"], axis=1
)

for band in sorted(df["age_band"].unique()):
    part = df[df["age_band"] == band]
    print(band, len(part), f"{part['score'].mean():.6f}", f"{part['default'].mean():.6f}")

ranked = df.sort_values(["score", "ID"], ascending=[False, True])
top = ranked.head(len(df) // 10)
print("default rate, all:", round(df["default"].mean(), 6), "top tenth:", round(top["default"].mean(), 6))
print("checksum", f"{df['score'].sum():.8f}", f"{df['limit_z'].abs().sum():.6f}", int(df["late_streak"].sum()))
print("rising bills", int((df["bill_trend"] > 0).sum()), f"{df['bill_trend'].mean():.6f}")

os.makedirs("out", exist_ok=True)
top[["ID", "score", "late_streak", "education"]].to_csv("out/top.csv", index=False, float_format="%.8f")
