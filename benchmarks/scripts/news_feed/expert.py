"""Cosines come out of one matrix of products between articles; decayed clicks and profiles are exponentials of arrays, all
candidates at once. All policies see the same log, so what they know is kept once.
"""

import csv
import json
from collections import Counter
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent
WINDOW, SIZE, POOL, BALANCE, EVERY = 36.0, 6, 18, 0.7, 2
POLICIES = ["popular", "content", "diverse"]


def columns(name):
    with open(ROOT / "data" / name, newline="") as f:
        return list(zip(*list(csv.reader(f))[1:]))


def hours(stamps):
    return np.array(stamps, dtype="datetime64[s]").astype(np.int64) / 3600


def products(sections, keywords):
    """Products of the vectors of all pairs of articles."""
    words = {w: k for k, w in enumerate(sorted({w for text in keywords for w in text.split()} | {"section:" + s for s in sections}))}
    vectors = np.zeros((len(sections), len(words)))
    for row, section, text in zip(vectors, sections, keywords):
        for word in text.split():
            row[words[word]] += 1
        row[words["section:" + section]] = 1.5
    return vectors @ vectors.T


class Feeds:
    def __init__(self, published, gram, size):
        self.published, self.gram = published, gram
        self.norms = np.sqrt(np.diag(gram))
        self.cosines = gram / self.norms / self.norms[:, None]
        self.clicks, self.clicked, self.count = np.zeros(size), np.zeros(size, dtype=int), 0
        self.history = {}

    def observe(self, time, user, article):
        self.clicks[self.count], self.clicked[self.count] = time, article
        self.count += 1
        self.history.setdefault(user, []).append((time, article))

    def at(self, user, now):
        """The feeds of the three policies."""
        low = np.searchsorted(self.published, now - WINDOW, side="right")
        high = np.searchsorted(self.published, now, side="right")
        fresh = 0.5 ** ((now - self.published[low:high]) / 12)
        recent = slice(np.searchsorted(self.clicks[: self.count], now - WINDOW), self.count)
        own = self.clicked[recent]
        weight = 0.5 ** ((now - self.clicks[recent]) / 5)
        popular = np.bincount(own, weight, len(self.published))[low:high]
        like = 0.0
        if past := self.history.get(user, [])[-20:]:
            times, articles = zip(*past)
            weight, articles = 0.5 ** ((now - np.array(times)) / 48), list(articles)
            dots = weight @ self.gram[articles]
            like = dots[low:high] / (np.sqrt(weight @ dots[articles]) * self.norms[low:high])
        mixed = 0.5 * np.log1p(popular) + like + 0.3 * fresh
        first = (np.argsort(-s, kind="stable")[:SIZE] + low for s in (popular + 0.1 * fresh, like + 0.05 * fresh))
        pool = np.argsort(-mixed, kind="stable")[:POOL]
        return [*(feed.tolist() for feed in first), self.diversify(pool + low, mixed[pool])]

    def diversify(self, pool, scores):
        alike, chosen = np.zeros(len(pool)), []
        scores = BALANCE * scores
        for _ in range(min(SIZE, len(pool))):
            k = int((scores - (1 - BALANCE) * alike).argmax())
            scores[k] = -np.inf
            chosen.append(int(pool[k]))
            alike = np.maximum(alike, self.cosines[pool, pool[k]])
        return chosen


def rate(rows):
    return sum(row[3] for row in rows) / len(rows) if rows else 0.0


def main():
    names, sections, published, keywords = columns("articles.csv")
    stamps, users, shown, flags = columns("impressions.csv")
    numbers = {name: k for k, name in enumerate(names)}
    times, articles = hours(stamps).tolist(), [numbers[a] for a in shown]
    clicked = [flag == "1" for flag in flags]
    clicks = sum(clicked)
    print(f"{len(names)} articles, {len(times)} impressions, {clicks} clicks ({clicks / len(times):.4f})")

    feeds = Feeds(hours(published), products(sections, keywords), clicks)
    counts = {name: Counter() for name in POLICIES}
    matched, variety, kinds = ({name: [] for name in POLICIES} for _ in range(3))
    upper = np.triu_indices(SIZE, 1)
    for k, (now, user, article, hit) in enumerate(zip(times, users, articles, clicked)):
        if k % EVERY == 0:
            for name, feed in zip(POLICIES, feeds.at(user, now)):
                counts[name].update(feed)
                kinds[name].append(len({sections[a] for a in feed}))
                variety[name].append(1 - feeds.cosines[np.ix_(feed, feed)][upper].mean())
                if article in feed:
                    matched[name].append((stamps[k], sections[article], feed.index(article), hit))
        if hit:
            feeds.observe(now, user, article)

    print("\npolicy    matched  clicks    rate    lift  coverage    gini  variety  sections")
    n = len(names)
    for name, rows in matched.items():
        often = np.sort([counts[name][a] for a in range(n)])
        gini = ((2 * np.arange(1, n + 1) - n - 1) * often).sum() / (n * often.sum())
        print(
            f"{name:9} {len(rows):7d} {sum(row[3] for row in rows):7d} {rate(rows):7.4f} {rate(rows) / (clicks / len(times)):7.4f}"
            f" {len(counts[name]) / n:9.4f} {gini:7.4f} {np.mean(variety[name]):8.4f} {np.mean(kinds[name]):9.4f}"
        )

    def table(title, key, label):
        print(f"\nrate by {title}")
        for name, rows in matched.items():
            groups = {}
            for row in rows:
                groups.setdefault(key(row), []).append(row)
            print(f"{name:9} " + "  ".join(label(k, groups.get(k, [])) for k in every(title, groups)))

    def every(title, groups):
        return {"position": range(SIZE), "section": sorted(set(sections)), "day": sorted(groups)}[title]

    table("position", lambda row: row[2], lambda k, rows: f"{rate(rows):.4f} ({len(rows)})")
    table("section", lambda row: row[1], lambda k, rows: f"{k} {rate(rows):.4f}")
    table("day", lambda row: row[0][:10], lambda k, rows: f"{k[8:]}.{k[5:7]}. {rate(rows):.4f}")

    busiest = [user for user, _ in Counter(users).most_common(5)]
    last = {u: {p: [names[a] for a in feed] for p, feed in zip(POLICIES, feeds.at(u, times[-1]))} for u in busiest}
    with open(ROOT / "feeds.json", "w") as f:
        json.dump(last, f, indent=1)
    print("\nmost shown: " + ", ".join(f"{names[a]} {n}" for a, n in counts["diverse"].most_common(8)))


if __name__ == "__main__":
    main()
