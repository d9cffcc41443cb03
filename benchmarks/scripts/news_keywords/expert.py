"""Words become integers once; all counting is NumPy on codes, near-duplicates are found by a prefix filter over shingles."""

import csv
from itertools import chain
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
STOPWORDS = frozenset(
    """a about above after again all also am an and any are as at be because been before being below between
both but by can could did do does doing down during each even few for from further had has have having he her here hers
him his how i if in into is it its it's itself just like me more most my no nor not of off on once one only or other our
out over own same she should so some such than that the their them then there these they this those through to too
under until up very was we were what when where which while who whom why will with would you your""".split()
)
SUFFIXES = ["ational", "ization", "fulness", "iveness", "ingly", "edly", "ments", "ness", "ment", "ings", "ally", "ing",
            "ies", "ed", "ly", "es", "s"]  # fmt: skip
ENDINGS = tuple(SUFFIXES)
KEEP = bytes(c if chr(c) in "abcdefghijklmnopqrstuvwxyz0123456789' \n" else 32 for c in range(256))
DROP = bytes(c for c in range(256) if chr(c) not in "abcdefghijklmnopqrstuvwxyz0123456789 \n")


def stem(word):
    if word.endswith(ENDINGS):
        for s in SUFFIXES:
            if word.endswith(s) and len(word) - len(s) >= 4:
                word = word[: -len(s)]
                if s == "ies":
                    word += "y"
                break
    if len(word) > 4 and word[-1] == word[-2] and word[-1] not in "ls":
        word = word[:-1]
    return word


def numbered(items):
    """Distinct items in order of appearance, and the number of each item."""
    items = list(items)
    index = {x: k for k, x in enumerate(dict.fromkeys(items))}
    return list(index), np.fromiter(map(index.__getitem__, items), np.int64, len(items))


def phrases(words, doc, stop, names, size):
    """Codes of the n-grams that start and end with no stop word, and the document of each."""
    last = len(words) - size + 1
    keep = (doc[:last] == doc[size - 1 :]) & ~stop[words[:last]] & ~stop[words[size - 1 :]]
    code = words[:last][keep]
    for k in range(1, size):
        code = code * len(names) + words[k : last + k][keep]
    return code, doc[:last][keep]


def spell(code, names, size):
    parts = []
    for _ in range(size):
        code, w = divmod(code, len(names))
        parts.append(names[w])
    return " ".join(reversed(parts))


def most_common(code, size, names, top=10):
    values, counts = np.unique(code, return_counts=True)
    if len(counts) > top:
        enough = counts >= np.partition(counts, -top)[-top]
    else:
        enough = counts > 0
    best = [(-c, spell(v, names, size)) for v, c in zip(values[enough].tolist(), counts[enough].tolist())]
    return len(values), [(gram, -c) for c, gram in sorted(best)[:top]]


def shingle_sets(text, count, k=5):
    """(document, shingle) pairs without repeats, sorted by document; a shingle is a number in base 38."""
    lines = text.encode("ascii", "replace").translate(None, DROP).split(b"\n")[:count]
    lines = [b" ".join(line.split()) for line in lines]
    raw = np.frombuffer(b"\n".join(lines) + b"\n", np.uint8)
    digits = np.zeros(256, np.int64)
    digits[np.frombuffer(b"abcdefghijklmnopqrstuvwxyz0123456789 ", np.uint8)] = np.arange(1, 38)
    value, end = digits[raw], raw == 10
    doc = np.cumsum(end) - end
    last = len(raw) - k + 1
    code = np.zeros(last, np.int64)
    for i in range(k):
        code = code * 38 + value[i : last + i]
    inside = (doc[:last] == doc[k - 1 :]) & ~end[k - 1 :]
    both = np.sort(doc[:last][inside] * 38**k + code[inside])
    both = both[np.diff(both, prepend=-1) != 0]
    return both // 38**k, both % 38**k


def near_duplicates(text, count, threshold=0.6, shared=4):
    """Pairs of similar documents. Sets as similar as that share `shared` of their rarest elements, so that only those
    are indexed; few pairs remain to be compared in full."""
    doc, code = shingle_sets(text, count)
    _, token, times = np.unique(code, return_inverse=True, return_counts=True)
    order = np.lexsort((token, times[token], doc))
    sizes = np.bincount(doc, minlength=count)
    starts = np.cumsum(sizes) - sizes
    prefix = sizes - np.ceil(threshold * sizes - 1e-9).astype(np.int64) + shared
    doc_, token_ = doc[order], token[order]
    # a set with fewer than `shared` elements to share is compared by all of them
    indexed = np.arange(len(doc_)) - starts[doc_] < prefix[doc_]
    doc_, token_ = doc_[indexed], token_[indexed]
    order = np.argsort(token_, kind="stable")
    doc_, token_ = doc_[order], token_[order]
    found = []
    for shift in range(1, int(np.bincount(token_).max()) if len(token_) else 0):
        same = token_[shift:] == token_[:-shift]
        found.append(doc_[:-shift][same] * count + doc_[shift:][same])
    pair, hits = np.unique(np.concatenate(found), return_counts=True)
    a, b = np.divmod(pair, count)
    need = np.minimum(shared, np.ceil(threshold * np.maximum(sizes[a], sizes[b]) - 1e-9))
    sets = {}
    pairs = []
    for i, j in zip(a[hits >= need].tolist(), b[hits >= need].tolist()):
        for d in (i, j):
            if d not in sets:
                sets[d] = set(token[starts[d] : starts[d] + sizes[d]].tolist())
        sim = len(sets[i] & sets[j]) / len(sets[i] | sets[j])
        if sim >= threshold:
            pairs.append((i, j, sim))
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
    sizes = {}
    for x in parent:
        root = find(x)
        sizes[root] = sizes.get(root, 0) + 1
    return sizes.values()


def main():
    with open(HERE / "data" / "news.csv", encoding="utf-8", newline="") as source:
        rows = csv.reader(source)
        next(rows)
        ids, sections, texts = zip(*rows)
    n = len(ids)
    groups, group = numbered(sections)
    rename = np.argsort(np.argsort(groups))
    group, groups = rename[group], sorted(groups)

    # words
    text = "\n".join(texts).lower()
    lines = [line.split() for line in text.encode("ascii", "replace").translate(KEEP).decode().split("\n")]
    raw_names, raw = numbered(chain.from_iterable(lines))
    doc = np.repeat(np.arange(n), [len(line) for line in lines])
    clean = [w.strip("'") for w in raw_names]
    real = np.array([len(w) >= 2 and not w.isdigit() for w in clean])
    names, merged = numbered(clean)
    doc, words = doc[real[raw]], merged[raw[real[raw]]]
    stop = np.array([w in STOPWORDS for w in names])

    # terms
    stems, stem_of = numbered("" if s else stem(w) for w, s in zip(names, stop))
    content = ~stop[words]
    tdoc, term = doc[content], stem_of[words[content]]
    empty = np.flatnonzero(np.bincount(tdoc, minlength=n) == 0)
    if len(empty):
        stems.append("(empty)")
        place = np.searchsorted(tdoc, empty)
        tdoc, term = np.insert(tdoc, place, empty), np.insert(term, place, len(stems) - 1)
    size = len(stems)
    vocabulary = np.bincount(term, minlength=size)
    print("texts", n, "groups", groups, "words", len(words), "terms", (vocabulary > 0).sum())

    for k in (2, 3):
        code, where = phrases(words, doc, stop, names, k)
        for g, name in enumerate(groups):
            different, best = most_common(code[group[where] == g], k, names)
            print(f"{k}-grams of {name}: {different} different")
            for gram, c in best:
                print("   ", gram, c)

    # tf-idf
    cell, tf = np.unique(tdoc * size + term, return_counts=True)
    cdoc, cterm = np.divmod(cell, size)
    df = np.bincount(cterm, minlength=size)
    length = np.bincount(tdoc, minlength=n)
    weight = tf / length[cdoc] * (np.log((1 + n) / (1 + df)) + 1)[cterm]
    weight /= np.sqrt(np.bincount(cdoc, weights=weight * weight, minlength=n))[cdoc]
    members = np.bincount(group, minlength=len(groups))
    sums = np.bincount(group[cdoc] * size + cterm, weights=weight, minlength=len(groups) * size).reshape(-1, size)
    for g, name in enumerate(groups):
        print("keywords of", name)
        score = np.round(sums[g] / members[g] - (sums.sum(axis=0) - sums[g]) / (n - members[g]), 9)
        able = np.flatnonzero((sums[g] > 0) & (df >= 5))
        able = able[score[able] >= np.sort(score[able])[-min(12, len(able))]]
        for s, t, j in sorted((-score[j], stems[j], j) for j in able)[:12]:
            print(f"    {t:20s} {-s:.9f} in {df[j]} texts")

    # co-occurrence
    often = df[term] >= 8
    gdoc, gterm = tdoc[often], term[often]
    codes = []
    for shift in range(1, 6):
        a, b = gterm[:-shift], gterm[shift:]
        near = (gdoc[:-shift] == gdoc[shift:]) & (a != b)
        codes.append(np.minimum(a[near], b[near]) * size + np.maximum(a[near], b[near]))
    edge, count = np.unique(np.concatenate(codes), return_counts=True)
    a, b = np.divmod(edge, size)
    ends, others, both = np.concatenate([a, b]), np.concatenate([b, a]), np.concatenate([count, count])
    strength = np.bincount(ends, weights=both, minlength=size)
    nodes = strength > 0
    print("graph:", nodes.sum(), "terms", len(edge), "edges")
    strong = count >= 5
    pmi = np.round(np.log(count[strong] * vocabulary.sum() / (vocabulary[a[strong]] * vocabulary[b[strong]])), 8)
    rows = zip((-pmi).tolist(), a[strong].tolist(), b[strong].tolist(), count[strong].tolist())
    listed = sorted((p, *sorted((stems[i], stems[j])), c) for p, i, j, c in rows)
    for p, first, second, c in listed[:12]:
        print(f"    {first} - {second}: {c} times, pmi {-p:.8f}")
    rank = np.where(nodes, 1.0 / nodes.sum(), 0.0)
    share = both / strength[others]
    for _ in range(20):
        rank = nodes * (0.15 / nodes.sum()) + 0.85 * np.bincount(ends, weights=rank[others] * share, minlength=size)
    top = np.argsort(-rank)[:40]
    for r, t, j in sorted((-round(float(rank[j]), 10), stems[j], j) for j in top)[:12]:
        print(f"    rank {t:15s} {rank[j]:.10f}")

    pairs = near_duplicates(text, min(n, 1500))
    print("near duplicates:", len(pairs), "pairs")
    named = [(-sim, int(ids[a]), int(ids[b])) for a, b, sim in pairs]
    for sim, a, b in sorted(named)[:10]:
        print(f"    {a} {b} {-sim:.6f}")
    sizes = duplicate_groups(pairs)
    print("stories told more than once:", len(sizes), "largest", max(sizes, default=0))


if __name__ == "__main__":
    main()
