"""Item-based recommendations: cosine similarity between items from a dict of dicts, predicted ratings, error, top lists."""

import csv
import math
from pathlib import Path

NEIGHBOURS = 20


def load_ratings(path):
    ratings = {}
    with open(path) as f:
        for row in csv.DictReader(f):
            user = int(row["user"])
            item = int(row["item"])
            if user not in ratings:
                ratings[user] = {}
            ratings[user][item] = float(row["rating"])
    return ratings


def split(ratings):
    train, test = {}, []
    for user in ratings:
        train[user] = {}
        for k, item in enumerate(ratings[user]):
            if k % 10 == 0:
                test.append((user, item, ratings[user][item]))
            else:
                train[user][item] = ratings[user][item]
    return train, test


def by_item(ratings):
    items = {}
    for user in ratings:
        values = ratings[user].values()
        mean = sum(values) / len(values)
        for item in ratings[user]:
            if item not in items:
                items[item] = {}
            items[item][user] = ratings[user][item] - mean
    return items


def similarity(a, b):
    common = [u for u in a.keys() if u in b.keys()]
    if len(common) < 2:
        return 0.0
    dot = sum([a[u] * b[u] for u in common])
    na = math.sqrt(sum([a[u] ** 2 for u in a]))
    nb = math.sqrt(sum([b[u] ** 2 for u in b]))
    if na * nb == 0:
        return 0.0
    return dot / (na * nb)


def similarity_table(items):
    table = {}
    for i in items:
        table[i] = {}
        for j in items:
            if i != j:
                s = similarity(items[i], items[j])
                if s != 0:
                    table[i][j] = s
    return table


def predict(user, item, train, table):
    values = list(train[user].values())
    mean = sum(values) / len(values)
    if item not in table:
        return mean
    scored = []
    for other in train[user]:
        if other in table[item]:
            scored.append((table[item][other], other))
    scored = sorted(scored, key=lambda s: (-abs(s[0]), s[1]))[:NEIGHBOURS]
    top = 0.0
    bottom = 0.0
    for s, other in scored:
        top += s * (train[user][other] - mean)
        bottom += abs(s)
    if bottom == 0:
        return mean
    return mean + top / bottom


def recommend(user, train, table, n=5):
    candidates = []
    for item in table:
        if item not in list(train[user].keys()):
            candidates.append((predict(user, item, train, table), item))
    candidates.sort(key=lambda c: (-round(c[0], 9), c[1]))
    return candidates[:n]


def main():
    ratings = load_ratings(Path(__file__).parent / "data" / "ratings.csv")
    train, test = split(ratings)
    items = by_item(train)
    print("users", len(train), "items", len(items), "test ratings", len(test))
    table = similarity_table(items)
    squared = 0.0
    absolute = 0.0
    for user, item, rating in test:
        p = predict(user, item, train, table)
        squared += (p - rating) ** 2
        absolute += abs(p - rating)
    print(f"rmse {math.sqrt(squared / len(test)):.9f} mae {absolute / len(test):.9f}")
    for user in list(train)[:40]:
        best = recommend(user, train, table)
        print(user, [item for _, item in best], f"{best[0][0]:.6f}")


if __name__ == "__main__":
    main()
