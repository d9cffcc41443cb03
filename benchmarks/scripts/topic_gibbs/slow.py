"""Topics of the article archive: LDA by Gibbs sampling, top words with coherence, main topic of every article."""

import csv
import math
import os

from corpus import Corpus
from lda import LatentDirichlet

HERE = os.path.dirname(os.path.abspath(__file__))
N_TOPICS = 8
N_ITER = 225


def coherence(corpus, words):
    """UMass coherence of a topic's top words."""
    score = 0.0
    for i in range(1, len(words)):
        for j in range(i):
            both = sum(1 for doc in corpus.docs if words[i] in doc and words[j] in doc)
            single = sum(1 for doc in corpus.docs if words[j] in doc)
            score += math.log((both + 1) / single)
    return score


def main():
    corpus = Corpus(os.path.join(HERE, "data", "articles.txt"))
    print("documents", len(corpus), "words", corpus.size(), "vocabulary", len(corpus.vocabulary))

    model = LatentDirichlet(N_TOPICS, alpha=0.2, beta=0.05, seed=17)
    for it, moved, perplexity in model.fit(corpus, N_ITER, report_every=25):
        print(f"iteration {it:3d}  moved {moved:5d}  perplexity {perplexity:.6f}")

    for k in range(N_TOPICS):
        words = model.top_words(k)
        shown = ", ".join(f"{corpus.vocabulary[w]} {model.topic_word[k][w]}" for w in words)
        print(f"topic {k} ({model.topic_total[k]} words, coherence {coherence(corpus, words):.5f}): {shown}")

    os.makedirs(os.path.join(HERE, "out"), exist_ok=True)
    with open(os.path.join(HERE, "out", "articles.csv"), "w", newline="") as f:
        out = csv.writer(f)
        out.writerow(["article", "words", "main_topic"] + ["topic_%d" % k for k in range(N_TOPICS)])
        for name, doc, counts in zip(corpus.names, corpus.docs, model.doc_topic):
            shares = [(c + model.alpha) / (len(doc) + N_TOPICS * model.alpha) for c in counts]
            out.writerow([name, len(doc), shares.index(max(shares))] + ["%.6f" % s for s in shares])


if __name__ == "__main__":
    main()
