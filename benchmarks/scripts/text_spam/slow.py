"""Spam messages: tf-idf by hand, a nearest-neighbour vote by cosine, campaigns of near-duplicates by edit distance."""

import math
from pathlib import Path

from textutils import edit_distance, tokenize

TRAIN = 2500
TEST = 60
K = 5


def load():
    rows = []
    with open(Path(__file__).parent / "data" / "messages.tsv", encoding="utf-8") as f:
        next(f)
        for line in f:
            label, text = line.rstrip("\n").split("\t", 1)
            rows.append((label, text))
    return rows


def build_vocabulary(docs):
    vocabulary = []
    seen = {}
    for doc in docs:
        for token in doc:
            if token not in seen:
                seen[token] = True
                vocabulary.append(token)
    return vocabulary


def document_frequency(docs):
    df = {}
    for doc in docs:
        for token in set(doc):
            df[token] = df.get(token, 0) + 1
    return df


def tfidf(doc, df, n):
    vec = {}
    for token in doc:
        tf = doc.count(token) / len(doc)
        idf = math.log((1 + n) / (1 + df.get(token, 0))) + 1
        vec[token] = tf * idf
    return vec


def cosine(a, b):
    dot = 0.0
    for token in a:
        if token in b:
            dot += a[token] * b[token]
    na = math.sqrt(sum(v * v for v in a.values()))
    nb = math.sqrt(sum(v * v for v in b.values()))
    if na == 0 or nb == 0:
        return 0.0
    return dot / (na * nb)


def vote(vec, train, labels):
    scored = []
    for i in range(len(train)):
        scored.append((cosine(vec, train[i]), i))
    scored.sort(key=lambda s: (-s[0], s[1]))
    spam = 0
    for _, i in scored[:K]:
        if labels[i] == "spam":
            spam += 1
    return "spam" if spam * 2 > K else "ham"


def campaigns(texts, limit):
    groups = []
    for text in texts:
        placed = False
        for group in groups:
            if abs(len(group[0]) - len(text)) <= limit and edit_distance(group[0], text) <= limit:
                group.append(text)
                placed = True
                break
        if not placed:
            groups.append([text])
    return groups


def main():
    rows = load()
    docs = [tokenize(text) for _, text in rows]
    labels = [label for label, _ in rows]
    df = document_frequency(docs[:TRAIN])
    vocabulary = build_vocabulary(docs[:TRAIN])
    print("messages", len(rows), "vocabulary", len(vocabulary))

    train = [tfidf(doc, df, TRAIN) for doc in docs[:TRAIN]]
    right = 0
    confusion = {}
    for i in range(TRAIN, TRAIN + TEST):
        guess = vote(tfidf(docs[i], df, TRAIN), train, labels)
        right += guess == labels[i]
        confusion[(labels[i], guess)] = confusion.get((labels[i], guess), 0) + 1
    print("accuracy", right / TEST)
    for key in sorted(confusion):
        print(key, confusion[key])

    # the words that tell spam from ham
    weight = {}
    for vec, label in zip(train, labels):
        for token, value in vec.items():
            weight[token] = weight.get(token, 0.0) + (value if label == "spam" else -value)
    best = sorted(weight.items(), key=lambda kv: (-kv[1], kv[0]))[:10]
    for token, value in best:
        print(f"{token:12s} {value:.8f}")

    spam = [text for label, text in rows[:1600] if label == "spam"][:64]
    groups = campaigns(spam, 40)
    sizes = sorted((len(g) for g in groups), reverse=True)
    print("campaigns", len(groups), sizes[:10])


if __name__ == "__main__":
    main()
