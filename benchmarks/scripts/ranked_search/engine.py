"""A small search engine: inverted index with positions, phrases, prefixes, two ways to rank."""

import math
import re
from collections import defaultdict

WORD = re.compile(r"[a-z]+")
PARTS = re.compile(r'"([^"]+)"|(\S+)')
SUFFIXES = ["ing", "ed", "s"]


def stem(word):
    for suffix in SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            return word[: -len(suffix)]
    return word


def tokenize(text):
    return [stem(word) for word in WORD.findall(text.lower())]


class InvertedIndex:
    def __init__(self):
        self.documents = {}
        self.lengths = {}
        self.postings = defaultdict(dict)  # term -> document -> positions

    def add(self, doc_id, title, body):
        tokens = tokenize(title) * 2 + tokenize(body)  # the title counts twice
        self.documents[doc_id] = (title, body)
        self.lengths[doc_id] = len(tokens)
        for position, token in enumerate(tokens):
            if doc_id not in self.postings[token]:
                self.postings[token][doc_id] = []
            self.postings[token][doc_id].append(position)

    def __len__(self):
        return len(self.documents)

    @property
    def average_length(self):
        return sum(self.lengths.values()) / len(self.lengths)

    def expand(self, prefix):
        """Terms that begin with the prefix."""
        return sorted(term for term in self.postings if term.startswith(prefix))

    def phrase(self, words):
        """Documents that hold the words one after the other -> how often."""
        result = {}
        first, *others = words
        for doc_id, positions in self.postings.get(first, {}).items():
            count = 0
            for position in positions:
                if all(
                    doc_id in self.postings.get(word, {}) and position + k + 1 in self.postings[word][doc_id]
                    for k, word in enumerate(others)
                ):
                    count += 1
            if count > 0:
                result[doc_id] = count
        return result


class Query:
    """Each unit of a query is a word, a phrase or a prefix; a unit has a count in each document."""

    def __init__(self, text, index):
        self.text = text
        self.units = []
        for quoted, word in PARTS.findall(text):
            if quoted:
                self.units.append((f'"{quoted}"', index.phrase(tokenize(quoted))))
            elif word.endswith("*"):
                counts = defaultdict(int)
                for term in index.expand(word[:-1].lower()):
                    for doc_id, positions in index.postings[term].items():
                        counts[doc_id] += len(positions)
                self.units.append((word, dict(counts)))
            else:
                term = stem(word.lower())
                self.units.append((term, {d: len(p) for d, p in index.postings.get(term, {}).items()}))


class Ranker:
    name = "none"

    def __init__(self, index):
        self.index = index

    def score(self, doc_id, query):
        raise NotImplementedError

    def search(self, query, k=10):
        scores = []
        for doc_id in self.index.documents:
            s = self.score(doc_id, query)
            if s > 0:
                scores.append((s, doc_id))
        scores.sort(key=lambda pair: (-pair[0], pair[1]))
        return scores[:k]


class TfIdf(Ranker):
    name = "tf-idf"

    def score(self, doc_id, query):
        total = 0.0
        for _, counts in query.units:
            if doc_id in counts:
                idf = math.log(len(self.index) / len(counts))
                total += (1 + math.log(counts[doc_id])) * idf
        return total / math.sqrt(self.index.lengths[doc_id])


class Bm25(Ranker):
    name = "bm25"

    def __init__(self, index, k1=1.4, b=0.75):
        super().__init__(index)
        self.k1 = k1
        self.b = b
        self.average = index.average_length

    def score(self, doc_id, query):
        total = 0.0
        n = len(self.index)
        for _, counts in query.units:
            tf = counts.get(doc_id, 0)
            if tf == 0:
                continue
            idf = math.log(1 + (n - len(counts) + 0.5) / (len(counts) + 0.5))
            norm = 1 - self.b + self.b * self.index.lengths[doc_id] / self.average
            total += idf * tf * (self.k1 + 1) / (tf + self.k1 * norm)
        return total
