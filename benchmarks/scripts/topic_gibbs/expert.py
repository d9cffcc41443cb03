"""The sampler compiled by Numba (cached), arithmetic in the same order, so every draw falls as in slow.py.

The uniform numbers come from the same Mersenne Twister: random.Random starts it, NumPy goes on from its state and makes a
whole sweep's numbers at once. The perplexity is summed in another order (by cells document x word).
"""

import csv
import math
import random
import re
from collections import Counter
from pathlib import Path

import numpy as np
from numba import njit

HERE = Path(__file__).resolve().parent
N_TOPICS, N_ITER, ALPHA, BETA = 8, 225, 0.2, 0.05
STOP = set("the a of and to in is it for on with was by from that this as at are be".split())


@njit("int64(int64[::1],int64[::1],int64[::1],int64[:,::1],int64[:,::1],int64[::1],float64[::1],float64,float64)", cache=True)
def sweep(docs, words, topics, doc_topic, word_topic, total, uniform, alpha, beta):
    n_topics = len(total)
    smooth = word_topic.shape[0] * beta
    weights = np.empty(n_topics)
    moved = 0
    for i in range(len(words)):
        d, w, old = docs[i], words[i], topics[i]
        doc_topic[d, old] -= 1
        word_topic[w, old] -= 1
        total[old] -= 1
        mass = 0.0
        for k in range(n_topics):
            weights[k] = (doc_topic[d, k] + alpha) * ((word_topic[w, k] + beta) / (total[k] + smooth))
            mass += weights[k]
        u = uniform[i] * mass
        new = n_topics - 1
        for k in range(n_topics):
            u -= weights[k]
            if u < 0:
                new = k
                break
        doc_topic[d, new] += 1
        word_topic[w, new] += 1
        total[new] += 1
        topics[i] = new
        moved += new != old
    return moved


def read(path):
    names, texts = [], []
    with open(path, encoding="utf-8") as f:
        for line in f:
            name, _, text = line.partition("\t")
            names.append(name)
            texts.append([w for w in re.findall(r"[a-z]+", text.lower()) if len(w) > 2 and w not in STOP])
    in_docs = Counter(w for words in texts for w in set(words))
    vocabulary = sorted(w for w, n in in_docs.items() if n >= 3)
    number = {w: k for k, w in enumerate(vocabulary)}
    return names, vocabulary, [[number[w] for w in words if w in number] for words in texts]


def main():
    names, vocabulary, texts = read(HERE / "data" / "articles.txt")
    lengths = np.array([len(t) for t in texts])
    words = np.array([w for t in texts for w in t], dtype=np.int64)
    docs = np.repeat(np.arange(len(texts)), lengths)
    n_docs, size, n_words = len(texts), len(words), len(vocabulary)
    print("documents", n_docs, "words", size, "vocabulary", n_words)

    rng = random.Random(17)
    topics = np.array([rng.randrange(N_TOPICS) for _ in range(size)], dtype=np.int64)
    _, state, _ = rng.getstate()
    stream = np.random.RandomState()
    stream.set_state(("MT19937", np.array(state[:-1], dtype=np.uint32), state[-1]))

    doc_topic = np.bincount(docs * N_TOPICS + topics, minlength=n_docs * N_TOPICS).reshape(n_docs, N_TOPICS)
    word_topic = np.bincount(words * N_TOPICS + topics, minlength=n_words * N_TOPICS).reshape(n_words, N_TOPICS)
    total = np.bincount(topics, minlength=N_TOPICS)
    for it in range(1, N_ITER + 1):
        moved = sweep(docs, words, topics, doc_topic, word_topic, total, stream.random_sample(size), ALPHA, BETA)
        if it % 25 == 0:
            theta = (doc_topic + ALPHA) / (lengths + N_TOPICS * ALPHA)[:, None]
            phi = (word_topic + BETA) / (total + n_words * BETA)
            chance = (theta @ phi.T)[docs, words]
            print(f"iteration {it:3d}  moved {moved:5d}  perplexity {math.exp(-np.log(chance).sum() / size):.6f}")

    sets = [set(t) for t in texts]
    for k in range(N_TOPICS):
        counts = word_topic[:, k].tolist()
        top = sorted(range(n_words), key=lambda w: (-counts[w], vocabulary[w]))[:10]
        holds = [{d for d, s in enumerate(sets) if w in s} for w in top]
        score = 0.0
        for i in range(1, len(top)):
            for j in range(i):
                score += math.log((len(holds[i] & holds[j]) + 1) / len(holds[j]))
        shown = ", ".join(f"{vocabulary[w]} {counts[w]}" for w in top)
        print(f"topic {k} ({total[k]} words, coherence {score:.5f}): {shown}")

    (HERE / "out").mkdir(exist_ok=True)
    with open(HERE / "out" / "articles.csv", "w", newline="") as f:
        out = csv.writer(f)
        out.writerow(["article", "words", "main_topic"] + [f"topic_{k}" for k in range(N_TOPICS)])
        shares = (doc_topic + ALPHA) / (lengths + N_TOPICS * ALPHA)[:, None]
        for name, length, best, row in zip(names, lengths.tolist(), shares.argmax(axis=1).tolist(), shares.tolist()):
            out.writerow([name, length, best] + [f"{s:.6f}" for s in row])


if __name__ == "__main__":
    main()
