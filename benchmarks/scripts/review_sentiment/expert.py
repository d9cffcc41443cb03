"""Each text is tokenised once; features are numbers, counts of folds are `bincount`s and scores are sums over arrays.

Mutual information is worked out once for each pair of counts, with slow.py's own arithmetic, so that ties stay ties.
"""

import math
import random
import re
from itertools import chain
from pathlib import Path

import numpy as np

DATA = Path(__file__).parent / "data"
PER_CLASS, FOLDS = 2300, 5
SETTINGS = [(1, 500, 1.0, False), (1, 2000, 1.0, False), (1, 2000, 0.5, True), (2, 2000, 1.0, True),
            (2, 5000, 0.5, True), (3, 5000, 0.5, True)]
NEGATIONS = frozenset("not no never n't cannot without nothing nor".split())
STOPWORDS = frozenset(
    "the a an of and to in is it that this as for its with on by are be at from s his her was has have you i we they".split()
)
WORD = re.compile(r"[a-z]+(?:'t)?|[!?]")


def read(label):
    with open(DATA / f"{label}.txt", encoding="latin-1") as f:
        return [(line, label) for line in map(str.strip, f) if line][:PER_CLASS]


def tokenize(text):
    tokens, negated = [], 0
    for chunk in text.lower().split():
        found = WORD.findall(chunk)
        if not found:
            negated = 0
        for word in found:
            if word in NEGATIONS:
                tokens.append(word)
                negated = 3
            elif word not in STOPWORDS:
                tokens.append("NOT_" + word if negated > 0 else word)
                negated = max(0, negated - 1)
    return tokens


class Corpus:
    """Features of all texts as numbers in the order of their names; a pair (text, feature) an entry."""

    def __init__(self, tokens, largest):
        grams = [list(t) for t in tokens]
        for n in range(2, largest + 1):
            for own, t in zip(grams, tokens, strict=True):
                own += map("_".join, zip(*(t[k:] for k in range(n)), strict=False))
        self.names = sorted(set(chain.from_iterable(grams)))
        number = {name: k for k, name in enumerate(self.names)}
        text = np.repeat(np.arange(len(grams)), [len(g) for g in grams])
        feature = np.array([number[g] for g in chain.from_iterable(grams)])
        key, self.count = np.unique(text * len(self.names) + feature, return_counts=True)
        self.text, self.feature = np.divmod(key, len(self.names))


def information(n11, n10, n01, n00):
    n = n11 + n10 + n01 + n00
    total = 0.0
    for joint, row, column in ((n11, n11 + n10, n11 + n01), (n10, n11 + n10, n10 + n00),
                               (n01, n01 + n00, n11 + n01), (n00, n01 + n00, n10 + n00)):
        if joint > 0:
            total += joint / n * math.log(n * joint / (row * column))
    return total


class Model:
    """Features by mutual information and log likelihoods, from the texts of `train` (a mask)."""

    def __init__(self, corpus, positive, train, k, alpha, binary):
        size = len(corpus.names)
        used = train[corpus.text]
        feature, pos = corpus.feature[used], positive[corpus.text[used]]
        docs = [np.bincount(feature[pos == c], minlength=size) for c in (True, False)]
        n_pos, n_neg = int((train & positive).sum()), int((train & ~positive).sum())
        candidates = np.flatnonzero(docs[0] + docs[1] >= 2)
        pair, back = np.unique(docs[0][candidates] * (len(train) + 1) + docs[1][candidates], return_inverse=True)
        mi = np.array([information(p, q, n_pos - p, n_neg - q) for p, q in (divmod(v, len(train) + 1) for v in pair.tolist())])[back]
        order = np.argsort(-mi, kind="stable")[:k]
        self.chosen, self.mi = candidates[order], mi[order]

        self.odds = np.zeros(size)
        for sign, c, counted in ((1, True, docs[0]), (-1, False, docs[1])):
            if not binary:
                counted = np.bincount(feature[pos == c], corpus.count[used][pos == c], minlength=size)
            counted = counted[self.chosen]
            self.odds[self.chosen] += sign * np.log((counted + alpha) / (counted.sum() + alpha * len(self.chosen)))
        self.prior = math.log(n_pos / (n_pos + n_neg)) - math.log(n_neg / (n_pos + n_neg))


def evaluate(predicted, actual):
    tp, fp, fn = int((predicted & actual).sum()), int((predicted & ~actual).sum()), int((~predicted & actual).sum())
    precision, recall = (tp / (tp + fp) if tp + fp else 0.0), (tp / (tp + fn) if tp + fn else 0.0)
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return float((predicted == actual).mean()), precision, recall, f1


def main():
    random.seed(11)
    reviews = read("pos") + read("neg")
    random.shuffle(reviews)
    texts = [text for text, _ in reviews]
    positive = np.array([label == "pos" for _, label in reviews])
    print(len(texts), "reviews, %.4f words on average" % (sum(len(t.split()) for t in texts) / len(texts)))
    tokens = [tokenize(t) for t in texts]
    corpora = {n: Corpus(tokens, n) for n in sorted({s[0] for s in SETTINGS})}
    fold = np.arange(len(texts)) % FOLDS

    best, best_accuracy = None, -1.0
    print("\nn  features  alpha  binary  accuracy  std     precision  recall  f1")
    for setting in SETTINGS:
        largest, k, alpha, binary = setting
        corpus = corpora[largest]
        weight = np.ones(len(corpus.count)) if binary else corpus.count
        margins, results = np.zeros(len(texts)), []
        for f in range(FOLDS):
            model = Model(corpus, positive, fold != f, k, alpha, binary)
            test = fold == f
            score = model.prior + np.bincount(corpus.text, weight * model.odds[corpus.feature], minlength=len(texts))
            margins[test] = score[test]
            results.append(evaluate(score[test] > 1e-9, positive[test]))
        mean, std = np.mean(results, axis=0), np.std([r[0] for r in results], ddof=1)
        print(f"{largest}  {k:8d}  {alpha:5.2f}  {binary!s:6s}  {mean[0]:.4f}    {std:.4f}  "
              f"{mean[1]:.4f}     {mean[2]:.4f}  {mean[3]:.4f}")
        if mean[0] > best_accuracy:
            best, best_accuracy, best_margins = setting, mean[0], margins

    print("\nbest setting:", best)
    print("margin   reviews  positive")
    edges = [-1000, -6, -3, -1, 0, 1, 3, 6, 1000]
    for low, high in zip(edges[:-1], edges[1:], strict=True):
        inside = positive[(low <= best_margins) & (best_margins < high)]
        print(f"{low:5d} to {high:4d}  {len(inside):5d}  {inside.mean() if len(inside) else 0.0:.4f}")

    corpus = corpora[best[0]]
    model = Model(corpus, positive, np.ones(len(texts), dtype=bool), *best[1:])
    print("\nmost informative")
    for f, mi in zip(model.chosen[:15], model.mi[:15], strict=True):
        print(f"  {corpus.names[f]:20s} {mi:.6f}  {model.odds[f]:+.4f}")

    print("\nworst mistakes")
    for i in np.argsort(np.where(positive, best_margins, -best_margins), kind="stable")[:5]:
        print(f"  {reviews[i][1]} {best_margins[i]:+.4f} {texts[i][:70]}")


if __name__ == "__main__":
    main()
