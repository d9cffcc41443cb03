"""keywords, phrases and duplicates in a pile of short news texts"""
import re
import math
import csv
import os
from collections import Counter, defaultdict
from itertools import combinations

folder = os.path.dirname(os.path.abspath(__file__))

STOPWORDS = """a about above after again all also am an and any are as at be because been before being below between
both but by can could did do does doing down during each even few for from further had has have having he her here hers
him his how i if in into is it its it's itself just like me more most my no nor not of off on once one only or other our
out over own same she should so some such than that the their them then there these they this those through to too
under until up very was we were what when where which while who whom why will with would you your""".split()

SUFFIXES = ["ational", "ization", "fulness", "iveness", "ingly", "edly", "ments", "ness", "ment", "ings", "ally", "ing",
            "ies", "ed", "ly", "es", "s"]


def load(path):
    docs = []
    with open(path, encoding="utf-8", newline="") as f:
        for row in csv.DictReader(f):
            docs.append({"id": int(row["id"]), "group": row["section"], "text": row["text"]})
    return docs


def stem(word):
    # a poor man's stemmer
    for s in SUFFIXES:
        if word.endswith(s) and len(word) - len(s) >= 4:
            word = word[:-len(s)]
            if s == "ies":
                word = word + "y"
            break
    if len(word) > 4 and word[-1] == word[-2] and word[-1] not in "ls":
        word = word[:-1]
    return word


def tokenize(text):
    text = text.lower()
    text = re.sub(r"[^a-z0-9' ]", " ", text)
    words = []
    for w in text.split(" "):
        w = w.strip("'")
        if len(w) < 2 or w.isdigit():
            continue
        words.append(w)
    return words


def ngrams(words, n):
    return [" ".join(words[i:i + n]) for i in range(len(words) - n + 1)]


def shingles(text, k=5):
    text = re.sub(r"\s+", " ", re.sub(r"[^a-z0-9 ]", "", text.lower())).strip()
    result = set()
    for i in range(len(text) - k + 1):
        result.add(text[i:i + k])
    return result


def jaccard(a, b):
    if not a or not b:
        return 0.0
    return len(a & b) / len(a | b)


def tf_idf(docs):
    df = Counter()
    for d in docs:
        for t in set(d["terms"]):
            df[t] += 1
    n = len(docs)
    for d in docs:
        weights = {}
        counts = Counter(d["terms"])
        for t in counts:
            tf = counts[t] / len(d["terms"])
            idf = math.log((1 + n) / (1 + df[t])) + 1
            weights[t] = tf * idf
        norm = math.sqrt(sum(w * w for w in weights.values()))
        for t in weights:
            weights[t] = weights[t] / norm
        d["weights"] = weights
    return df


def group_keywords(docs, group, df, top=12):
    """Terms by their mean weight in the group minus that outside it."""
    inside = defaultdict(float)
    outside = defaultdict(float)
    n_in = 0
    n_out = 0
    for d in docs:
        if d["group"] == group:
            n_in += 1
            for t, w in d["weights"].items():
                inside[t] += w
        else:
            n_out += 1
            for t, w in d["weights"].items():
                outside[t] += w
    scores = []
    for t in inside:
        if df[t] >= 5:
            scores.append((round(inside[t] / n_in - outside[t] / n_out, 9), t))
    return sorted(scores, key=lambda x: (-x[0], x[1]))[:top]


def cooccurrence(docs, df, min_df=8, window=6):
    graph = defaultdict(lambda: defaultdict(int))
    for d in docs:
        terms = [t for t in d["terms"] if df[t] >= min_df]
        for i in range(len(terms)):
            for j in range(i + 1, min(i + window, len(terms))):
                a, b = terms[i], terms[j]
                if a != b:
                    graph[a][b] += 1
                    graph[b][a] += 1
    return graph


def rank_terms(graph, rounds=20, damping=0.85):
    """TextRank: the PageRank of the co-occurrence graph."""
    nodes = sorted(graph)
    rank = {t: 1.0 / len(nodes) for t in nodes}
    strength = {t: sum(graph[t].values()) for t in nodes}
    for _ in range(rounds):
        new = {}
        for t in nodes:
            s = 0.0
            for other in graph[t]:
                s += rank[other] * graph[other][t] / strength[other]
            new[t] = (1 - damping) / len(nodes) + damping * s
        rank = new
    return rank


def near_duplicates(docs, threshold=0.6):
    pairs = []
    for a, b in combinations(docs, 2):
        la = len(a["shingles"])
        lb = len(b["shingles"])
        # very different lengths can't be duplicates
        if la < threshold * lb or lb < threshold * la:
            continue
        sim = jaccard(a["shingles"], b["shingles"])
        if sim >= threshold:
            pairs.append((a["id"], b["id"], sim))
    return pairs


def duplicate_groups(pairs):
    parent = {}

    def find(x):
        while parent.setdefault(x, x) != x:
            x = parent[x]
        return x

    for a, b, _ in pairs:
        ra, rb = find(a), find(b)
        if ra != rb:
            parent[max(ra, rb)] = min(ra, rb)
    groups = defaultdict(list)
    for x in parent:
        groups[find(x)].append(x)
    return sorted(sorted(g) for g in groups.values())


docs = load(os.path.join(folder, "data", "news.csv"))
vocabulary = Counter()
for d in docs:
    d["words"] = tokenize(d["text"])
    d["terms"] = [stem(w) for w in d["words"] if w not in STOPWORDS]
    if not d["terms"]:
        d["terms"] = ["(empty)"]
    for t in d["terms"]:
        vocabulary[t] += 1
groups = sorted(set(d["group"] for d in docs))
print("texts", len(docs), "groups", groups, "words", sum(len(d["words"]) for d in docs), "terms", len(vocabulary))

# phrases
for n in (2, 3):
    for g in groups:
        counts = Counter()
        for d in docs:
            if d["group"] == g:
                for gram in ngrams(d["words"], n):
                    first, last = gram.split(" ")[0], gram.split(" ")[-1]
                    if first in STOPWORDS or last in STOPWORDS:
                        continue
                    counts[gram] += 1
        best = sorted(counts.items(), key=lambda x: (-x[1], x[0]))[:10]
        print(f"{n}-grams of {g}: {len(counts)} different")
        for gram, c in best:
            print("   ", gram, c)

df = tf_idf(docs)
for g in groups:
    print("keywords of", g)
    for s, t in group_keywords(docs, g, df):
        print(f"    {t:20s} {s:.9f} in {df[t]} texts")

graph = cooccurrence(docs, df)
n_edges = sum(len(v) for v in graph.values()) // 2
print("graph:", len(graph), "terms", n_edges, "edges")
edges = []
total = sum(vocabulary.values())
for a in graph:
    for b in graph[a]:
        if a < b and graph[a][b] >= 5:
            pmi = math.log(graph[a][b] * total / (vocabulary[a] * vocabulary[b]))
            edges.append((a, b, graph[a][b], round(pmi, 8)))
for a, b, c, pmi in sorted(edges, key=lambda e: (-e[3], e[0], e[1]))[:12]:
    print(f"    {a} - {b}: {c} times, pmi {pmi:.8f}")
rank = rank_terms(graph)
for t, r in sorted(rank.items(), key=lambda x: (-round(x[1], 10), x[0]))[:12]:
    print(f"    rank {t:15s} {r:.10f}")

for d in docs:
    d["shingles"] = shingles(d["text"])
pairs = near_duplicates(docs[:1500])
print("near duplicates:", len(pairs), "pairs")
for a, b, sim in sorted(pairs, key=lambda p: (-p[2], p[0], p[1]))[:10]:
    print(f"    {a} {b} {sim:.6f}")
dups = duplicate_groups(pairs)
print("stories told more than once:", len(dups), "largest", max([len(g) for g in dups], default=0))
