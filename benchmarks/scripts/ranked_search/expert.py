"""Each different word is stemmed once; a term's documents and counts are arrays, a query adds a few of them to one array
of scores; prefixes by bisection in the sorted terms, relevance by sets. The order of the sums is slow.py's.
"""

import json
import math
import re
from bisect import bisect_left
from collections import Counter
from pathlib import Path

import numpy as np

DATA = Path(__file__).resolve().parent / "data"
WORD = re.compile(r"[a-z]+")
PARTS = re.compile(r'"([^"]+)"|(\S+)')
NAMES = ["P@1", "P@5", "P@10", "MAP", "MRR", "recall@50"]
K1, B, DEPTH = 1.4, 0.75, 50


def stem(word):
    for suffix in ("ing", "ed", "s"):
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            return word[: -len(suffix)]
    return word


class Stems(dict):
    def __missing__(self, word):
        self[word] = term = stem(word)
        return term


STEMS = Stems()


def tokenize(text):
    return [STEMS[w] for w in WORD.findall(text.lower())]


class Index:
    def __init__(self, documents):
        self.documents = documents
        self.texts = []
        postings = {}
        for number, document in enumerate(documents):
            tokens = tokenize(document["title"]) * 2 + tokenize(document["body"])
            self.texts.append(tokens)
            for term, count in Counter(tokens).items():
                docs, counts = postings.setdefault(term, ([], []))
                docs.append(number)
                counts.append(count)
        self.postings = postings
        self.terms = sorted(postings)
        lengths = [len(tokens) for tokens in self.texts]
        self.average = sum(lengths) / len(lengths)
        self.lengths = np.array(lengths)
        self.roots = np.sqrt(self.lengths)
        self.norms = 1 - B + B * self.lengths / self.average
        self.logs = np.array([0.0] + [1 + math.log(n) for n in range(1, max(lengths) + 1)])

    def phrase(self, words):
        docs, counts = [], []
        rare = min((self.postings.get(w, ([], []))[0] for w in words), key=len)
        for d in rare:
            tokens = self.texts[d]
            count, at = 0, -1
            try:
                while True:
                    at = tokens.index(words[0], at + 1)
                    count += tokens[at : at + len(words)] == words
            except ValueError:
                pass
            if count:
                docs.append(d)
                counts.append(count)
        return docs, counts

    def prefix(self, start):
        low, high = bisect_left(self.terms, start), bisect_left(self.terms, start + "\x7f")
        total = np.zeros(len(self.texts), dtype=np.int64)
        for term in self.terms[low:high]:
            docs, counts = self.postings[term]
            total[docs] += counts
        docs = np.flatnonzero(total)
        return docs, total[docs]

    def units(self, text):
        for quoted, word in PARTS.findall(text):
            if quoted:
                yield f'"{quoted}"', self.phrase(tokenize(quoted))
            elif word.endswith("*"):
                yield word, self.prefix(word[:-1].lower())
            else:
                term = stem(word.lower())
                yield term, self.postings.get(term, ([], []))


def best(scores):
    found = np.flatnonzero(scores > 0)
    values = scores[found]
    if len(found) > 4 * DEPTH:
        limit = np.partition(values, -DEPTH)[-DEPTH]
        found, values = found[values >= limit], values[values >= limit]
    order = np.argsort(-values, kind="stable")[:DEPTH]
    return found[order].tolist(), values[order].tolist()


def search(index, units):
    n = len(index.texts)
    tfidf, bm25 = np.zeros(n), np.zeros(n)
    for _, (docs, counts) in units:
        size = len(docs)
        if not size:
            continue
        docs, tf = np.asarray(docs), np.asarray(counts)
        tfidf[docs] += index.logs[tf] * math.log(n / size)
        idf = math.log(1 + (n - size + 0.5) / (size + 0.5))
        bm25[docs] += idf * tf * (K1 + 1) / (tf + K1 * index.norms[docs])
    return best(tfidf / index.roots), best(bm25)


def evaluate(found, relevant):
    hits, total, first, upto = 0, 0.0, 0.0, [0]
    for rank, d in enumerate(found, 1):
        if d in relevant:
            hits += 1
            total += hits / rank
            first = first or 1 / rank
        upto.append(hits)
    upto += [hits] * 10
    mean = total / min(len(relevant), len(found)) if found else 0.0
    return upto[1] / 1, upto[5] / 5, upto[10] / 10, mean, first, hits / len(relevant)


def snippet(body, units, width=8):
    words = body.split()
    wanted = {token for unit, _ in units for token in tokenize(unit)}
    good = np.r_[0, np.cumsum([sum(t in wanted for t in tokenize(w)) for w in words])]
    starts = np.arange(max(1, len(words) - width))
    start = int((good[np.minimum(starts + width, len(words))] - good[starts]).argmax())
    return " ".join(words[start : start + width])


def row(label, measures, note=""):
    print(f"{label:8}" + "".join(f"{sum(column) / len(measures):11.4f}" for column in zip(*measures)) + note)


def main():
    with open(DATA / "documents.jsonl") as f:
        index = Index([json.loads(line) for line in f])
    print(f"{len(index.texts)} documents, {len(index.terms)} terms, average length {index.average:.3f}")
    frequent = sorted(index.terms, key=lambda term: (-len(index.postings[term][0]), term))[:10]
    print("most frequent: " + ", ".join(f"{term} {len(index.postings[term][0])}" for term in frequent))
    numbers = {document["id"]: k for k, document in enumerate(index.documents)}
    queries = json.loads((DATA / "queries.json").read_text())
    results, kinds, shared = {"tf-idf": [], "bm25": []}, {"words": [], "phrase": [], "prefix": []}, []
    for number, entry in enumerate(queries):
        text, relevant = entry["query"], {numbers[d] for d in entry["relevant"]}
        units = list(index.units(text))
        (first, _), (second, scores) = search(index, units)
        results["tf-idf"].append(evaluate(first, relevant))
        results["bm25"].append(evaluate(second, relevant))
        kinds["phrase" if '"' in text else "prefix" if "*" in text else "words"].append(results["bm25"][-1])
        shared.append(len(set(first[:10]) & set(second[:10])))
        if number < 8:
            print(f"\n{text}")
            for d, score in zip(second[:3], scores):
                document = index.documents[d]
                print(f"  {score:8.4f} {document['id']} {document['title']}: {snippet(document['body'], units)}")

    print("\nranking " + "".join(f"{name:>11}" for name in NAMES))
    for name, measures in results.items():
        row(name, measures)
    print(f"\n{sum(shared) / len(shared):.3f} of the first ten are the same")
    print("\nbm25 by kind")
    for kind, measures in kinds.items():
        row(kind, measures, f"  ({len(measures)} queries)")
    means = [measures[3] for measures in results["bm25"]]
    worst = sorted(range(len(queries)), key=lambda i: (means[i], i))[:5]
    print("\nhardest: " + "; ".join(f"{queries[i]['query']} ({means[i]:.3f})" for i in worst))


if __name__ == "__main__":
    main()
