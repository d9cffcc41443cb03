"""data/documents.jsonl and data/queries.json: made-up articles on topics, queries and which articles are relevant (seeded)."""

import json
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parent / "data"
TOPICS, DOCUMENTS, VOCABULARY = 24, 6000, 5600


def main():
    rng = np.random.default_rng(1994)
    FOLDER.mkdir(exist_ok=True)
    onset = ["b", "br", "c", "cl", "d", "f", "g", "gr", "h", "k", "l", "m", "n", "p", "pl", "r", "s", "st", "t", "tr", "v", "w"]
    vowel, coda = ["a", "e", "i", "o", "u", "ai", "ea"], ["", "", "n", "r", "l", "t", "m", "ck", "nd"]
    words: list[str] = []
    known = set()
    while len(words) < VOCABULARY:
        parts = [rng.choice(onset) + rng.choice(vowel) + rng.choice(coda) for _ in range(int(rng.integers(1, 4)))]
        word = "".join(str(p) for p in parts)
        if word not in known and len(word) > 2:
            known.add(word)
            words.append(word)
    common = 1 / (np.arange(VOCABULARY) + 8.0)
    common /= common.sum()
    endings, odds = ["", "s", "ed", "ing"], [0.6, 0.22, 0.1, 0.08]
    topics = []
    for _ in range(TOPICS):
        own = rng.choice(np.arange(300, VOCABULARY), 45, replace=False)
        phrases = [" ".join(words[i] for i in rng.choice(own, int(rng.integers(2, 4)), replace=False)) for _ in range(6)]
        topics.append((own, phrases))
    with (FOLDER / "documents.jsonl").open("w") as sink:
        kinds = []
        for k in range(DOCUMENTS):
            topic = int(rng.integers(TOPICS))
            kinds.append(topic)
            own, phrases = topics[topic]
            text = []
            for _ in range(int(rng.integers(4, 9))):
                size = int(rng.integers(5, 12))
                picks = np.where(rng.random(size) < 0.09, rng.choice(own, size), rng.choice(VOCABULARY, size, p=common))
                sentence = [words[i] + str(rng.choice(endings, p=odds)) for i in picks]
                if rng.random() < 0.1:
                    sentence.insert(int(rng.integers(size)), str(rng.choice(phrases)))
                text.append(" ".join(sentence).capitalize() + ".")
            title = " ".join(words[i] for i in (*rng.choice(own, 1), *rng.choice(VOCABULARY, 2, p=common))).title()
            sink.write(json.dumps({"id": f"doc{k:04d}", "title": title, "body": " ".join(text)}) + "\n")
    queries = []
    for k in range(360):
        topic = int(rng.integers(TOPICS))
        own, phrases = topics[topic]
        terms = [words[i] for i in rng.choice(own, int(rng.integers(2, 5)), replace=False)]
        if k % 4 == 1:
            terms.append(f'"{rng.choice(phrases)}"')
        if k % 4 == 2:
            terms[0] = terms[0][: max(3, len(terms[0]) - 2)] + "*"
        if k % 4 == 3:
            terms.append(words[int(rng.integers(60))])
        relevant = [f"doc{i:04d}" for i, t in enumerate(kinds) if t == topic]
        queries.append({"query": " ".join(terms), "relevant": relevant})
    (FOLDER / "queries.json").write_text(json.dumps(queries))


if __name__ == "__main__":
    main()
