"""Search articles with two rankings, compare their precision, recall and average precision on known queries."""

import json
from pathlib import Path

from engine import Bm25, InvertedIndex, Query, TfIdf, tokenize

DATA = Path(__file__).resolve().parent / "data"


def read_documents():
    with open(DATA / "documents.jsonl") as f:
        for line in f:
            yield json.loads(line)


def precision_at(found, relevant, k):
    return len([d for d in found[:k] if d in relevant]) / k


def average_precision(found, relevant):
    hits, total = 0, 0.0
    for rank, doc_id in enumerate(found, 1):
        if doc_id in relevant:
            hits += 1
            total += hits / rank
    return total / min(len(relevant), len(found)) if found else 0.0


def reciprocal_rank(found, relevant):
    for rank, doc_id in enumerate(found, 1):
        if doc_id in relevant:
            return 1 / rank
    return 0.0


def snippet(index, doc_id, query, width=8):
    """The window of words with most hits."""
    words = index.documents[doc_id][1].split()
    wanted = [token for unit, _ in query.units for token in tokenize(unit)]
    best, best_start = -1, 0
    for start in range(0, max(1, len(words) - width)):
        window = tokenize(" ".join(words[start : start + width]))
        hits = sum(1 for token in window if token in wanted)
        if hits > best:
            best, best_start = hits, start
    return " ".join(words[best_start : best_start + width])


def main():
    index = InvertedIndex()
    for document in read_documents():
        index.add(document["id"], document["title"], document["body"])
    print(f"{len(index)} documents, {len(index.postings)} terms, average length {index.average_length:.3f}")
    frequent = sorted(index.postings, key=lambda term: (-len(index.postings[term]), term))[:10]
    print("most frequent: " + ", ".join(f"{term} {len(index.postings[term])}" for term in frequent))

    with open(DATA / "queries.json") as f:
        queries = json.load(f)

    rankers = [TfIdf(index), Bm25(index)]
    results = {ranker.name: [] for ranker in rankers}
    kinds = {"words": [], "phrase": [], "prefix": []}
    shared = []
    for number, entry in enumerate(queries):
        query = Query(entry["query"], index)
        tops = []
        for ranker in rankers:
            ranked = ranker.search(query, k=50)
            found = [doc_id for _, doc_id in ranked]
            tops.append(set(found[:10]))
            measures = {
                "P@1": precision_at(found, entry["relevant"], 1),
                "P@5": precision_at(found, entry["relevant"], 5),
                "P@10": precision_at(found, entry["relevant"], 10),
                "MAP": average_precision(found, entry["relevant"]),
                "MRR": reciprocal_rank(found, entry["relevant"]),
                "recall@50": len([d for d in found if d in entry["relevant"]]) / len(entry["relevant"]),
            }
            results[ranker.name].append(measures)
            if ranker.name == "bm25":
                kind = "phrase" if '"' in entry["query"] else "prefix" if "*" in entry["query"] else "words"
                kinds[kind].append(measures)
                if number < 8:
                    print(f"\n{entry['query']}")
                    for score, doc_id in ranked[:3]:
                        print(f"  {score:8.4f} {doc_id} {index.documents[doc_id][0]}: {snippet(index, doc_id, query)}")
        shared.append(len(tops[0] & tops[1]))

    names = ["P@1", "P@5", "P@10", "MAP", "MRR", "recall@50"]
    print("\nranking " + "".join(f"{name:>11}" for name in names))
    for name, rows in results.items():
        print(f"{name:8}" + "".join(f"{sum(row[m] for row in rows) / len(rows):11.4f}" for m in names))
    print(f"\n{sum(shared) / len(shared):.3f} of the first ten are the same")
    print("\nbm25 by kind")
    for kind, rows in kinds.items():
        print(f"{kind:8}" + "".join(f"{sum(row[m] for row in rows) / len(rows):11.4f}" for m in names) + f"  ({len(rows)} queries)")

    worst = sorted(range(len(queries)), key=lambda i: (results["bm25"][i]["MAP"], i))[:5]
    print("\nhardest: " + "; ".join(f"{queries[i]['query']} ({results['bm25'][i]['MAP']:.3f})" for i in worst))


if __name__ == "__main__":
    main()
