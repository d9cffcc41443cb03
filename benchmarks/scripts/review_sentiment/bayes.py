"""Naive Bayes for texts, and the choice of features by mutual information."""
import math
from collections import Counter, defaultdict


def mutual_information(n11, n10, n01, n00):
    """between the presence of a feature and the class (counts of documents)"""
    n = n11 + n10 + n01 + n00
    total = 0.0
    for joint, row, column in [
        (n11, n11 + n10, n11 + n01),
        (n10, n11 + n10, n10 + n00),
        (n01, n01 + n00, n11 + n01),
        (n00, n01 + n00, n10 + n00),
    ]:
        if joint > 0:
            total += joint / n * math.log(n * joint / (row * column))
    return total


def select_features(documents, labels, k, min_count=2):
    in_class = defaultdict(Counter)
    for document, label in zip(documents, labels):
        for feature in set(document):
            in_class[label][feature] += 1
    n_pos = sum(1 for label in labels if label == "pos")
    n_neg = len(labels) - n_pos
    vocabulary = set(in_class["pos"]) | set(in_class["neg"])
    scores = {}
    for feature in vocabulary:
        pos = in_class["pos"][feature]
        neg = in_class["neg"][feature]
        if pos + neg >= min_count:
            scores[feature] = mutual_information(pos, neg, n_pos - pos, n_neg - neg)
    ranked = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    return ranked[:k]


class NaiveBayes:
    def __init__(self, alpha=1.0, binary=False):
        self.alpha = alpha
        self.binary = binary

    def fit(self, documents, labels, vocabulary):
        self.vocabulary = set(vocabulary)
        self.classes = sorted(set(labels))
        self.prior = {}
        self.counts = {}
        self.totals = {}
        for c in self.classes:
            docs = [d for d, label in zip(documents, labels) if label == c]
            self.prior[c] = math.log(len(docs) / len(documents))
            counts = Counter()
            for d in docs:
                words = set(d) if self.binary else d
                for word in words:
                    if word in self.vocabulary:
                        counts[word] += 1
            self.counts[c] = counts
            self.totals[c] = sum(counts.values())
        return self

    def log_likelihood(self, word, c):
        return math.log((self.counts[c][word] + self.alpha) / (self.totals[c] + self.alpha * len(self.vocabulary)))

    def score(self, document):
        scores = {}
        words = sorted(set(document)) if self.binary else document
        for c in self.classes:
            s = self.prior[c]
            for word in words:
                if word in self.vocabulary:
                    s += self.log_likelihood(word, c)
            scores[c] = s
        return scores

    def margin(self, document):
        """log odds of the positive class"""
        scores = self.score(document)
        return scores["pos"] - scores["neg"]
