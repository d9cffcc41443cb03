"""What to show a reader: by popularity, by content, by both with diversification."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from datetime import datetime

HALF_LIFE_POPULAR = 5.0  # hours
HALF_LIFE_PROFILE = 48.0
HALF_LIFE_FRESH = 12.0


def hours_between(a: datetime, b: datetime) -> float:
    return (b - a).total_seconds() / 3600


def cosine(a: dict[str, float], b: dict[str, float]) -> float:
    dot = sum(weight * b.get(word, 0.0) for word, weight in a.items())
    if dot == 0:
        return 0.0
    norm_a = math.sqrt(sum(w * w for w in a.values()))
    norm_b = math.sqrt(sum(w * w for w in b.values()))
    return dot / (norm_a * norm_b)


class Article:
    def __init__(self, name: str, section: str, published: str, keywords: str):
        self.name = name
        self.section = section
        self.published = datetime.fromisoformat(published)
        self.vector: dict[str, float] = {}
        for word in keywords.split():
            self.vector[word] = self.vector.get(word, 0.0) + 1.0
        self.vector["section:" + section] = 1.5

    def __repr__(self):
        return f"Article({self.name})"


class Policy(ABC):
    def __init__(self, size: int = 6):
        self.size = size
        self.clicks: dict[str, list[datetime]] = {}  # article -> when
        self.history: dict[str, list[tuple[datetime, Article]]] = {}  # user -> what and when

    def observe(self, time: datetime, user: str, article: Article, clicked: bool) -> None:
        if clicked:
            self.clicks.setdefault(article.name, []).append(time)
            self.history.setdefault(user, []).append((time, article))

    def popularity(self, article: Article, now: datetime) -> float:
        return sum(0.5 ** (hours_between(t, now) / HALF_LIFE_POPULAR) for t in self.clicks.get(article.name, []))

    def freshness(self, article: Article, now: datetime) -> float:
        return 0.5 ** (hours_between(article.published, now) / HALF_LIFE_FRESH)

    @abstractmethod
    def score(self, user: str, article: Article, now: datetime) -> float: ...

    def feed(self, user: str, candidates: list[Article], now: datetime) -> list[Article]:
        scored = [(self.score(user, article, now), article) for article in candidates]
        scored.sort(key=lambda pair: (-pair[0], pair[1].name))
        return [article for _, article in scored[: self.size]]


class Popular(Policy):
    def score(self, user, article, now):
        return self.popularity(article, now) + 0.1 * self.freshness(article, now)


class Content(Policy):
    def profile(self, user: str, now: datetime) -> dict[str, float]:
        taste: dict[str, float] = {}
        for time, article in self.history.get(user, [])[-20:]:
            weight = 0.5 ** (hours_between(time, now) / HALF_LIFE_PROFILE)
            for word, value in article.vector.items():
                taste[word] = taste.get(word, 0.0) + weight * value
        return taste

    def score(self, user, article, now):
        return self.like(self.taste, article) + 0.05 * self.freshness(article, now)

    def like(self, taste: dict[str, float], article: Article) -> float:
        return cosine(taste, article.vector) if taste else 0.0

    def feed(self, user, candidates, now):
        self.taste = self.profile(user, now)
        return super().feed(user, candidates, now)


class Diverse(Content):
    """Popularity, taste and freshness; articles like those chosen already are put back (maximal marginal relevance)."""

    def __init__(self, size: int = 6, balance: float = 0.7, pool: int = 18):
        super().__init__(size)
        self.balance = balance
        self.pool = pool

    def score(self, user, article, now):
        popular = math.log1p(self.popularity(article, now))
        return 0.5 * popular + self.like(self.taste, article) + 0.3 * self.freshness(article, now)

    def feed(self, user, candidates, now):
        self.taste = self.profile(user, now)
        scored = [(self.score(user, article, now), article) for article in candidates]
        scored.sort(key=lambda pair: (-pair[0], pair[1].name))
        pool = scored[: self.pool]
        chosen: list[Article] = []
        while pool and len(chosen) < self.size:
            best, best_value = None, -math.inf
            for score, article in pool:
                alike = max((cosine(article.vector, other.vector) for other in chosen), default=0.0)
                value = self.balance * score - (1 - self.balance) * alike
                if value > best_value:
                    best, best_value = (score, article), value
            pool.remove(best)
            chosen.append(best[1])
        return chosen
