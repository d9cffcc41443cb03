import math
import random


class LatentDirichlet:
    """Collapsed Gibbs sampling (Griffiths and Steyvers, 2004)."""

    def __init__(self, n_topics, alpha=0.1, beta=0.01, seed=0):
        self.n_topics = n_topics
        self.alpha = alpha
        self.beta = beta
        self.rng = random.Random(seed)

    def initialise(self, corpus):
        self.corpus = corpus
        self.V = len(corpus.vocabulary)
        self.doc_topic = [[0] * self.n_topics for _ in corpus.docs]
        self.topic_word = [[0] * self.V for _ in range(self.n_topics)]
        self.topic_total = [0] * self.n_topics
        self.assignments = []
        for d, doc in enumerate(corpus.docs):
            topics = []
            for w in doc:
                z = self.rng.randrange(self.n_topics)
                topics.append(z)
                self._count(d, w, z, 1)
            self.assignments.append(topics)

    def _count(self, d, w, z, step):
        self.doc_topic[d][z] += step
        self.topic_word[z][w] += step
        self.topic_total[z] += step

    def conditional(self, d, w):
        """Unnormalised probability of every topic for word w in document d."""
        weights = []
        for k in range(self.n_topics):
            in_doc = self.doc_topic[d][k] + self.alpha
            in_topic = (self.topic_word[k][w] + self.beta) / (self.topic_total[k] + self.V * self.beta)
            weights.append(in_doc * in_topic)
        return weights

    def draw(self, weights):
        total = 0.0
        for weight in weights:
            total += weight
        u = self.rng.random() * total
        for k, weight in enumerate(weights):
            u -= weight
            if u < 0:
                return k
        return len(weights) - 1

    def sweep(self):
        moved = 0
        for d, doc in enumerate(self.corpus.docs):
            for i, w in enumerate(doc):
                old = self.assignments[d][i]
                self._count(d, w, old, -1)
                new = self.draw(self.conditional(d, w))
                self._count(d, w, new, 1)
                self.assignments[d][i] = new
                if new != old:
                    moved += 1
        return moved

    def perplexity(self):
        loglik = 0.0
        for d, doc in enumerate(self.corpus.docs):
            length = len(doc)
            for w in doc:
                p = 0.0
                for k in range(self.n_topics):
                    theta = (self.doc_topic[d][k] + self.alpha) / (length + self.n_topics * self.alpha)
                    phi = (self.topic_word[k][w] + self.beta) / (self.topic_total[k] + self.V * self.beta)
                    p += theta * phi
                loglik += math.log(p)
        return math.exp(-loglik / self.corpus.size())

    def fit(self, corpus, n_iter, report_every):
        self.initialise(corpus)
        for it in range(1, n_iter + 1):
            moved = self.sweep()
            if it % report_every == 0:
                yield it, moved, self.perplexity()

    def top_words(self, k, n=10):
        order = sorted(range(self.V), key=lambda w: (-self.topic_word[k][w], self.corpus.vocabulary[w]))
        return order[:n]
