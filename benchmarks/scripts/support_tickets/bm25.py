"""Okapi BM25 over a list of tokenised documents."""

import heapq
import math
from collections import Counter


class BM25:
    def __init__(self, corpus: list[list[str]], k1: float = 1.5, b: float = 0.75):
        self.k1 = k1
        self.b = b
        self.frequencies = [Counter(tokens) for tokens in corpus]
        self.lengths = [len(tokens) for tokens in corpus]
        self.average_length = sum(self.lengths) / len(corpus)
        self.document_frequency = Counter()
        for counter in self.frequencies:
            for term in counter:
                self.document_frequency[term] += 1

    def __len__(self) -> int:
        return len(self.frequencies)

    def idf(self, term: str) -> float:
        n = self.document_frequency[term]
        return math.log(1 + (len(self) - n + 0.5) / (n + 0.5))

    def score(self, query: list[str], index: int) -> float:
        frequencies = self.frequencies[index]
        norm = self.k1 * (1 - self.b + self.b * self.lengths[index] / self.average_length)
        total = 0.0
        for term in query:
            if term not in frequencies:
                continue
            tf = frequencies[term]
            total += self.idf(term) * tf * (self.k1 + 1) / (tf + norm)
        return total

    def top(self, query: list[str], k: int) -> list[tuple[float, int]]:
        """The k best documents as (score, index); of equals, the earlier one."""
        scored = ((self.score(query, index), -index) for index in range(len(self)))
        return [(score, -negative) for score, negative in heapq.nlargest(k, scored)]
