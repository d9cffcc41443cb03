"""Sparse matrices: one of BM25 weights, one of the queries, their product for all scores; shingles likewise.

Every word is cleaned once (a cache); scores are summed in another order than in slow.py.
"""

import json
import re
from collections import Counter
from functools import cache
from itertools import chain
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix

HERE = Path(__file__).resolve().parent
NEIGHBOURS, DUPLICATE, K1, B = 9, 0.5, 1.5, 0.75
WORD = re.compile(r"[a-z0-9][a-z0-9\-]*")
STOPWORDS = set(
    """a after again and at be but by can cannot do for from has have hello help i if in is it its last me my need
    not of on or our please regards say says should since still thanks that the this to try was we what when with
    you your""".split()
)
SUFFIXES = ("ations", "ation", "ings", "ing", "edly", "ed", "ies", "es", "s")


@cache
def stem(word):
    """The stem, or None for a word that does not count."""
    if word in STOPWORDS or len(word) < 2:
        return None
    for suffix in SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 4:
            return word[: -len(suffix)]
    return word


def tokenize(ticket):
    words = WORD.findall(f"{ticket['subject']} {ticket['product']} {ticket['body']}".lower())
    return [s for w in words if (s := stem(w)) is not None]


def counts(rows, vocabulary):
    """Matrix of how often each item of the vocabulary is in a row; None: of all items there are."""
    if vocabulary is None:
        vocabulary = {item: k for k, item in enumerate(dict.fromkeys(chain.from_iterable(rows)))}
    number = vocabulary
    cells = [[number[item] for item in row if item in number] for row in rows]
    ends = np.cumsum([0] + [len(row) for row in cells])
    indices = np.fromiter(chain.from_iterable(cells), dtype=np.int32, count=ends[-1])
    matrix = csr_matrix((np.ones(ends[-1]), indices, ends), shape=(len(rows), len(number)))
    matrix.sum_duplicates()
    return matrix, number


def score_all(solved, new):
    """Scores of all solved tickets for every new one, and the number of terms."""
    tf, vocabulary = counts(solved, None)
    length = np.array([len(tokens) for tokens in solved])
    frequency = np.bincount(tf.indices, minlength=len(vocabulary))
    idf = np.log(1 + (len(solved) - frequency + 0.5) / (frequency + 0.5))
    norm = np.repeat(K1 * (1 - B + B * length / length.mean()), np.diff(tf.indptr))
    tf.data = idf[tf.indices] * tf.data * (K1 + 1) / (tf.data + norm)
    queries = counts(new, vocabulary)[0]
    return np.asarray((queries @ tf.T).todense()), len(vocabulary)


def near_duplicates(tickets):
    words = [re.sub(r"\s+", " ", t["body"].lower()).strip().split(" ") for t in tickets]
    sets = [{" ".join(w[i : i + 3]) for i in range(max(1, len(w) - 2))} for w in words]
    matrix = counts([sorted(s) for s in sets], None)[0]
    common = (matrix @ matrix.T).tocoo()
    size = np.diff(matrix.indptr)
    upper = common.row < common.col
    row, col, common = common.row[upper], common.col[upper], common.data[upper]
    jaccard = common / (size[row] + size[col] - common)
    keep = jaccard >= DUPLICATE
    found = zip(jaccard[keep].tolist(), row[keep].tolist(), col[keep].tolist(), strict=True)
    return sorted(((j, tickets[a]["id"], tickets[b]["id"]) for j, a, b in found), key=lambda p: (-p[0], p[1], p[2]))


def report(true, said, confidence):
    right = true == said
    print(f"{right.sum()} of {len(true)} tickets routed correctly ({right.mean():.2%})")
    print("\ncategory    tickets  recall  precision")
    for category in np.unique(true):
        of_category, so_said = true == category, said == category
        precision = right[so_said].mean() if so_said.any() else 0.0
        print(f"{category:12}{of_category.sum():7d} {right[of_category].mean():7.3f} {precision:10.3f}")
    print("\nconfidence  tickets  correct")
    for low, high in [(0.0, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 1.01)]:
        part = right[(low <= confidence) & (confidence < high)]
        if len(part):
            print(f"{low:.1f} - {min(high, 1.0):.1f}   {len(part):8d} {part.mean():8.3f}")
    confused = Counter(zip(true[~right].tolist(), said[~right].tolist(), strict=True))
    print("\nmost frequent mistakes")
    for (a, b), count in sorted(confused.items(), key=lambda item: (-item[1], item[0]))[:5]:
        print(f"  {a} routed to {b}: {count}")


def main():
    lines = (HERE / "data" / "tickets.jsonl").read_text().split("\n")
    tickets = json.loads("[" + ",".join(filter(None, lines)) + "]")
    solved = [t for t in tickets if t["status"] == "solved"]
    new = [t for t in tickets if t["status"] == "new"]
    scores, terms = score_all([tokenize(t) for t in solved], [tokenize(t) for t in new])
    print(f"{len(solved)} solved tickets, {len(new)} new ones, {terms} terms\n")

    top = np.argsort(-scores, axis=1, kind="stable")[:, :NEIGHBOURS]
    best = np.take_along_axis(scores, top, axis=1)
    names, category = np.unique([t["category"] for t in solved], return_inverse=True)
    votes = np.zeros((len(new), len(names)))
    for k in range(NEIGHBOURS):
        votes[np.arange(len(new)), category[top[:, k]]] += best[:, k]
    winner = votes.argmax(axis=1)
    confidence = votes.max(axis=1) / votes.sum(axis=1)
    report(np.array([t["category"] for t in new]), names[winner], confidence)

    recent = solved[-400:] + new
    pairs = near_duplicates(recent)
    print(f"\n{len(pairs)} near duplicates among the last {len(recent)} tickets")
    for jaccard, first, second in pairs[:12]:
        print(f"  {first} {second} {jaccard:.3f}")

    routed = []
    for k, ticket in enumerate(new):
        nearest = zip(best[k, :3].tolist(), top[k, :3].tolist(), strict=True)
        similar = [[solved[n]["id"], round(score, 4)] for score, n in nearest]
        row = {"id": ticket["id"], "category": str(names[winner[k]]), "confidence": round(float(confidence[k]), 4)}
        routed.append(row | {"similar": similar})
    (HERE / "out").mkdir(exist_ok=True)
    answer = {"routed": routed, "duplicates": [[a, b] for _, a, b in pairs]}
    (HERE / "out" / "routing.json").write_text(json.dumps(answer, indent=1) + "\n")


if __name__ == "__main__":
    main()
