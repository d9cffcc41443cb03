"""Customer features for the arrears model, from the raw transactions export.

One row a customer: recency, frequency, gaps, streaks, monthly cash flow, category shares. Then a first look at how well
every feature alone separates the customers who defaulted.
"""

import csv
import math
import statistics
from collections import defaultdict
from datetime import date, datetime, timedelta
from pathlib import Path

HERE = Path(__file__).resolve().parent
AS_OF = date(2024, 12, 31)
MONTHS = list(range(1, 13))
DAY = 24 * 60 * 60
CATEGORIES = ["groceries", "rent", "transport", "leisure", "gambling", "health", "loan_fee", "cash"]


def read_transactions(path):
    transactions = []
    skipped = 0
    with open(path, newline="") as f:
        for row in csv.DictReader(f):
            try:
                amount = float(row["amount"])
            except ValueError:
                skipped += 1
                continue
            transactions.append(
                {
                    "customer": row["customer_id"],
                    "when": datetime.strptime(row["booked_at"], "%Y-%m-%d %H:%M:%S"),
                    "amount": amount,
                    "category": row["category"],
                }
            )
    return transactions, skipped


def read_labels(path):
    with open(path, newline="") as f:
        return {row["customer_id"]: int(row["defaulted"]) for row in csv.DictReader(f)}


def longest_streak(days):
    """Longest run of consecutive days with at least one booking."""
    best = 0
    for day in days:
        length = 1
        while day + timedelta(days=length) in days:
            length += 1
        best = max(best, length)
    return best


def gaps_in_seconds(transactions):
    gaps = []
    for before, after in zip(transactions, transactions[1:]):
        gaps.append((after["when"] - before["when"]).total_seconds())
    return gaps


def monthly(transactions, sign):
    """Money in (sign 1) or out (sign -1), a month each."""
    totals = []
    for month in MONTHS:
        amounts = [t["amount"] for t in transactions if t["when"].month == month and t["amount"] * sign > 0]
        totals.append(sum(amounts) * sign)
    return totals


def longest_deficit(income, spending):
    best = run = 0
    for came, went in zip(income, spending):
        if went > came:
            run += 1
            best = max(best, run)
        else:
            run = 0
    return best


def slope(values):
    mean_x = statistics.mean(MONTHS)
    mean_y = statistics.mean(values)
    above = sum((x - mean_x) * (y - mean_y) for x, y in zip(MONTHS, values))
    below = sum((x - mean_x) ** 2 for x in MONTHS)
    return above / below


def lowest_balance(transactions):
    balance = 0.0
    lowest = 0.0
    for t in transactions:
        balance += t["amount"]
        if balance < lowest:
            lowest = balance
    return lowest


def category_shares(transactions):
    spent = sum(-t["amount"] for t in transactions if t["amount"] < 0)
    shares = {}
    for category in CATEGORIES:
        part = sum(-t["amount"] for t in transactions if t["amount"] < 0 and t["category"] == category)
        shares[category] = part / spent if spent > 0 else 0.0
    return shares


def entropy(shares):
    return -sum(p * math.log(p) for p in shares if p > 0)


def features_of(transactions):
    transactions = sorted(transactions, key=lambda t: t["when"])
    days = set(t["when"].date() for t in transactions)
    gaps = gaps_in_seconds(transactions)
    income = monthly(transactions, 1)
    spending = monthly(transactions, -1)
    spends = [-t["amount"] for t in transactions if t["amount"] < 0]
    paydays = [t["when"].day for t in transactions if t["category"] == "salary"]
    night = [t for t in transactions if t["when"].hour < 6]
    weekend = [t for t in transactions if t["when"].weekday() >= 5]
    shares = category_shares(transactions)

    features = {
        "bookings": len(transactions),
        "active_days": len(days),
        "recency": (AS_OF - max(days)).days,
        "longest_streak": longest_streak(days),
        "largest_gap": max(gaps) / DAY if gaps else 0.0,
        "mean_gap": statistics.mean(gaps) / DAY if gaps else 0.0,
        "income": sum(income),
        "spending": sum(spending),
        "median_spend": statistics.median(spends) if spends else 0.0,
        "spend_deviation": statistics.pstdev(spends) if spends else 0.0,
        "payday_deviation": statistics.pstdev(paydays) if paydays else 0.0,
        "spending_slope": slope(spending),
        "deficit_months": longest_deficit(income, spending),
        "lowest_balance": lowest_balance(transactions),
        "night_share": len(night) / len(transactions),
        "weekend_share": len(weekend) / len(transactions),
        "category_entropy": entropy(shares.values()),
    }
    for category in CATEGORIES:
        features["share_" + category] = shares[category]
    return {name: round(value, 6) for name, value in features.items()}


def auc(values, labels):
    """Share of the pairs (defaulted, paid) that the feature puts in order."""
    bad = [v for v, label in zip(values, labels) if label == 1]
    good = [v for v, label in zip(values, labels) if label == 0]
    won = 0.0
    for b in bad:
        for g in good:
            if b > g:
                won += 1
            elif b == g:
                won += 0.5
    return won / (len(bad) * len(good))


def main():
    transactions, skipped = read_transactions(HERE / "data" / "transactions.csv")
    labels = read_labels(HERE / "data" / "customers.csv")
    print(f"{len(transactions)} bookings read, {skipped} skipped")

    by_customer = defaultdict(list)
    for t in transactions:
        by_customer[t["customer"]].append(t)

    table = {}
    for customer in sorted(by_customer):
        table[customer] = features_of(by_customer[customer])
    customers = list(table)
    names = list(table[customers[0]])
    print(f"{len(customers)} customers, {len(names)} features")

    (HERE / "out").mkdir(exist_ok=True)
    with open(HERE / "out" / "features.csv", "w", newline="") as f:
        writer = csv.DictWriter(f, fieldnames=["customer_id", "defaulted"] + names)
        writer.writeheader()
        for customer in customers:
            row = {name: f"{v:.6f}" if isinstance(v, float) else v for name, v in table[customer].items()}
            writer.writerow({"customer_id": customer, "defaulted": labels[customer], **row})

    y = [labels[c] for c in customers]
    power = {name: auc([table[c][name] for c in customers], y) for name in names}
    print(f"default rate {sum(y) / len(y):.5f}")
    for name in sorted(names, key=lambda n: -abs(power[n] - 0.5)):
        direction = "+" if power[name] >= 0.5 else "-"
        print(f"  {name:<18} {direction} AUC {power[name]:.6f}")


if __name__ == "__main__":
    main()
