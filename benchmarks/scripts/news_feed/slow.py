"""Replay a log of shown articles against three policies: clicks, coverage and variety of what each would have shown."""

import csv
import json
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

from policies import Article, Content, Diverse, Policy, Popular, cosine

ROOT = Path(__file__).resolve().parent
WINDOW = timedelta(hours=36)


def read_articles() -> list[Article]:
    with open(ROOT / "data" / "articles.csv", newline="") as f:
        return [Article(r["article"], r["section"], r["published"], r["keywords"]) for r in csv.DictReader(f)]


def read_impressions(articles):
    by_name = {a.name: a for a in articles}
    with open(ROOT / "data" / "impressions.csv", newline="") as f:
        for row in csv.DictReader(f):
            yield datetime.fromisoformat(row["time"]), row["user"], by_name[row["article"]], row["clicked"] == "1"


class Replay:
    """Count only the events whose article is in the policy's feed; the log was random, so these are fair."""

    def __init__(self, policy: Policy, articles: list[Article], every: int):
        self.policy = policy
        self.articles = articles
        self.every = every
        self.shown = Counter()
        self.matched = []  # (time, section, position, clicked)
        self.variety = []
        self.sections = []

    def candidates(self, now):
        return [a for a in self.articles if a.published <= now and now - a.published < WINDOW]

    def run(self, impressions):
        for number, (time, user, article, clicked) in enumerate(impressions):
            if number % self.every == 0:
                feed = self.policy.feed(user, self.candidates(time), time)
                self.shown.update(a.name for a in feed)
                self.sections.append(len({a.section for a in feed}))
                pairs = [(a, b) for i, a in enumerate(feed) for b in feed[i + 1 :]]
                self.variety.append(1 - sum(cosine(a.vector, b.vector) for a, b in pairs) / len(pairs))
                if article in feed:
                    self.matched.append((time, article.section, feed.index(article), clicked))
            self.policy.observe(time, user, article, clicked)

    def rate(self, rows=None):
        rows = self.matched if rows is None else rows
        return sum(1 for r in rows if r[3]) / len(rows) if rows else 0.0

    def gini(self):
        """How uneven the articles are shown."""
        counts = sorted(self.shown.get(a.name, 0) for a in self.articles)
        n, total = len(counts), sum(counts)
        return sum((2 * (i + 1) - n - 1) * c for i, c in enumerate(counts)) / (n * total)


def main():
    articles = read_articles()
    log = list(read_impressions(articles))
    clicks = sum(1 for row in log if row[3])
    print(f"{len(articles)} articles, {len(log)} impressions, {clicks} clicks ({clicks / len(log):.4f})")
    replays = {}
    for name, policy in (("popular", Popular()), ("content", Content()), ("diverse", Diverse())):
        replay = Replay(policy, articles, every=2)
        replay.run(log)
        replays[name] = replay

    print("\npolicy    matched  clicks    rate    lift  coverage    gini  variety  sections")
    for name, r in replays.items():
        hits = sum(1 for row in r.matched if row[3])
        print(
            f"{name:9} {len(r.matched):7d} {hits:7d} {r.rate():7.4f} {r.rate() / (clicks / len(log)):7.4f}"
            f" {len(r.shown) / len(articles):9.4f} {r.gini():7.4f} {sum(r.variety) / len(r.variety):8.4f}"
            f" {sum(r.sections) / len(r.sections):9.4f}"
        )

    print("\nrate by position")
    for name, r in replays.items():
        line = []
        for position in range(6):
            rows = [row for row in r.matched if row[2] == position]
            line.append(f"{r.rate(rows):.4f} ({len(rows)})")
        print(f"{name:9} " + "  ".join(line))

    print("\nrate by section")
    for name, r in replays.items():
        line = []
        for section in sorted({a.section for a in articles}):
            line.append(f"{section} {r.rate([row for row in r.matched if row[1] == section]):.4f}")
        print(f"{name:9} " + "  ".join(line))

    print("\nrate by day")
    for name, r in replays.items():
        days = sorted({row[0].date() for row in r.matched})
        print(f"{name:9} " + "  ".join(f"{d:%d.%m.} {r.rate([row for row in r.matched if row[0].date() == d]):.4f}" for d in days))

    now = log[-1][0]
    users = [user for user, _ in Counter(row[1] for row in log).most_common(5)]
    feeds = {}
    for user in users:
        feeds[user] = {}
        for name, r in replays.items():
            feeds[user][name] = [a.name for a in r.policy.feed(user, r.candidates(now), now)]
    with open(ROOT / "feeds.json", "w") as f:
        json.dump(feeds, f, indent=1)
    print("\nmost shown: " + ", ".join(f"{a} {n}" for a, n in replays["diverse"].shown.most_common(8)))


if __name__ == "__main__":
    main()
