import re

STOP_WORDS = ["the", "a", "of", "and", "to", "in", "is", "it", "for", "on", "with", "was", "by", "from", "that", "this",
              "as", "at", "are", "be"]


class Corpus:
    """Documents as lists of word numbers. Words of fewer than `min_docs` documents are dropped."""

    def __init__(self, path, min_docs=3):
        self.names = []
        texts = []
        with open(path, encoding="utf-8") as f:
            for line in f:
                name, _, text = line.rstrip("\n").partition("\t")
                self.names.append(name)
                texts.append(self.tokenize(text))
        in_docs = {}
        for words in texts:
            for w in set(words):
                in_docs[w] = in_docs.get(w, 0) + 1
        self.vocabulary = sorted(w for w in in_docs if in_docs[w] >= min_docs)
        self.docs = []
        for words in texts:
            self.docs.append([self.vocabulary.index(w) for w in words if w in self.vocabulary])

    @staticmethod
    def tokenize(text):
        return [w for w in re.findall(r"[a-z]+", text.lower()) if w not in STOP_WORDS and len(w) > 2]

    def __len__(self):
        return len(self.docs)

    def size(self):
        return sum(len(d) for d in self.docs)
