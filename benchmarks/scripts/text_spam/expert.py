"""Set of stop words, one sparse product for all cosines, edit distance over code points in Numba with two rows."""

import math
from collections import Counter
from pathlib import Path

import numba
import numpy as np
from scipy import sparse

from textutils import STOPWORDS

TRAIN = 2500
TEST = 60
K = 5
STOP = frozenset(STOPWORDS)


def tokenize(text):
    lowered = text.lower()
    words = (lowered if lowered.isalnum() else "".join(c if c.isalnum() else " " for c in lowered)).split()
    return ["<num>" if w.isdecimal() else w for w in words if w not in STOP]


@numba.njit(cache=True)
def edit_distance(a, b):
    previous = np.arange(len(b) + 1)
    row = np.empty_like(previous)
    for i in range(len(a)):
        row[0] = i + 1
        for j in range(len(b)):
            row[j + 1] = min(previous[j + 1] + 1, row[j] + 1, previous[j] + (a[i] != b[j]))
        previous, row = row, previous
    return previous[-1]


def matrix(docs, column, idf):
    data, indices, indptr = [], [], [0]
    for doc in docs:
        for token, count in Counter(doc).items():
            indices.append(column[token])
            data.append(count / len(doc))
        indptr.append(len(indices))
    found = sparse.csr_matrix((data, indices, indptr), shape=(len(docs), len(column)))
    return sparse.csr_matrix(found.multiply(idf[None, :]))


def normalised(found):
    norms = np.sqrt(found.multiply(found).sum(axis=1)).A1
    return sparse.diags(np.divide(1.0, norms, out=np.zeros_like(norms), where=norms > 0)) @ found


def main():
    lines = (Path(__file__).parent / "data" / "messages.tsv").read_text(encoding="utf-8").split("\n")[1:]
    rows = [tuple(line.split("\t", 1)) for line in lines if line]
    labels = np.array([label for label, _ in rows], dtype=object)
    docs = [tokenize(text) for _, text in rows]
    used = docs[: TRAIN + TEST]
    column = {}
    for doc in used:
        for token in doc:
            column.setdefault(token, len(column))
    df = Counter(token for doc in docs[:TRAIN] for token in set(doc))
    print("messages", len(rows), "vocabulary", len(df))
    words = list(column)
    idf = np.array([math.log((1 + TRAIN) / (1 + df.get(w, 0))) + 1 for w in words])
    found = matrix(used, column, idf)
    unit = normalised(found)
    scores = np.round((unit[TRAIN:] @ unit[:TRAIN].T).toarray(), 13)
    spam = labels[:TRAIN] == "spam"
    nearest = np.argsort(-scores, axis=1, kind="stable")[:, :K]
    guesses = np.where(spam[nearest].sum(axis=1) * 2 > K, "spam", "ham")
    truth = labels[TRAIN : TRAIN + TEST]
    print("accuracy", (guesses == truth).sum() / TEST)
    for key, count in sorted(Counter(zip(truth, map(str, guesses))).items()):
        print(key, count)

    weight = found[:TRAIN].T @ np.where(spam, 1.0, -1.0)
    present = [i for i, w in enumerate(words) if w in df]
    for i in sorted(present, key=lambda i: (-weight[i], words[i]))[:10]:
        print(f"{words[i]:12s} {weight[i]:.8f}")

    texts = [text for label, text in rows[:1600] if label == "spam"][:64]
    heads, sizes = [], []
    for text in texts:
        codes = np.array([ord(c) for c in text])
        for g, head in enumerate(heads):
            if abs(len(head) - len(codes)) <= 40 and edit_distance(head, codes) <= 40:
                sizes[g] += 1
                break
        else:
            heads.append(codes)
            sizes.append(1)
    print("campaigns", len(heads), sorted(sizes, reverse=True)[:10])


if __name__ == "__main__":
    main()
