"""Train a part-of-speech tagger (averaged perceptron, greedy, left to right) and look at its mistakes."""

import random
from collections import Counter, defaultdict
from pathlib import Path

from perceptron import AveragedPerceptron

DATA = Path(__file__).resolve().parent / "data"
START = ["-START-", "-START2-"]
END = ["-END-", "-END2-"]
EPOCHS = 6


def read_sentences(path):
    with open(path) as f:
        for line in f:
            yield [tuple(token.rsplit("/", 1)) for token in line.split()]


def normalize(word):
    if word.isdigit() and len(word) == 4:
        return "!YEAR"
    if word[0].isdigit():
        return "!DIGITS"
    return word.lower()


class Tagger:
    def __init__(self):
        self.model = AveragedPerceptron()

    def features(self, i, word, context, prev, prev2):
        """Features of the word at context[i]; context is normalized and padded."""
        features = defaultdict(int)

        def add(name, *args):
            features[" ".join((name,) + tuple(args))] += 1

        add("bias")
        add("suffix", word[-3:])
        add("first", word[0])
        add("capital" if word[0].isupper() else "small")
        add("tag-1", prev)
        add("tag-2", prev2)
        add("tags", prev, prev2)
        add("word", context[i])
        add("tag-1 word", prev, context[i])
        add("word-1", context[i - 1])
        add("suffix-1", context[i - 1][-3:])
        add("word-2", context[i - 2])
        add("word+1", context[i + 1])
        add("suffix+1", context[i + 1][-3:])
        add("word+2", context[i + 2])
        return features

    def tag(self, words):
        prev, prev2 = START
        tags = []
        context = START + [normalize(w) for w in words] + END
        for i, word in enumerate(words):
            features = self.features(i + 2, word, context, prev, prev2)
            tags.append(self.model.predict(features))
            prev2, prev = prev, tags[-1]
        return tags

    def train(self, sentences, epochs):
        rng = random.Random(1)
        for sentence in sentences:
            for _, tag in sentence:
                self.model.classes.add(tag)
        for epoch in range(1, epochs + 1):
            right = total = 0
            for sentence in sentences:
                prev, prev2 = START
                context = START + [normalize(w) for w, _ in sentence] + END
                for i, (word, tag) in enumerate(sentence):
                    features = self.features(i + 2, word, context, prev, prev2)
                    guess = self.model.predict(features)
                    self.model.update(tag, guess, features)
                    prev2, prev = prev, guess
                    right += guess == tag
                    total += 1
            rng.shuffle(sentences)
            print(f"epoch {epoch}: {right} of {total} ({right / total:.4f}), {len(self.model)} weights")
        self.model.average()
        print(f"averaged: {len(self.model)} weights")


def most_frequent(train):
    counts = defaultdict(Counter)
    for sentence in train:
        for word, tag in sentence:
            counts[word.lower()][tag] += 1
    return {word: sorted(c.items(), key=lambda item: (-item[1], item[0]))[0][0] for word, c in counts.items()}


def main():
    train = list(read_sentences(DATA / "train.txt"))
    test = list(read_sentences(DATA / "test.txt"))
    print(f"{len(train)} sentences to train, {len(test)} to test, {sum(len(s) for s in test)} words")
    baseline = most_frequent(train)

    tagger = Tagger()
    tagger.train(train, EPOCHS)

    pairs = []  # (word, truth, guess, what the most frequent tag says)
    whole = 0
    for sentence in test:
        words = [word for word, _ in sentence]
        guesses = tagger.tag(words)
        whole += all(guess == tag for guess, (_, tag) in zip(guesses, sentence))
        for (word, tag), guess in zip(sentence, guesses):
            pairs.append((word, tag, guess, baseline.get(word.lower(), "NOUN")))
    known = [p for p in pairs if p[0].lower() in baseline]
    unknown = [p for p in pairs if p[0].lower() not in baseline]
    print(f"\nall words     {sum(p[1] == p[2] for p in pairs) / len(pairs):.4f}  most frequent tag {sum(p[1] == p[3] for p in pairs) / len(pairs):.4f}")
    print(f"known words   {sum(p[1] == p[2] for p in known) / len(known):.4f}  ({len(known)})")
    print(f"unknown words {sum(p[1] == p[2] for p in unknown) / len(unknown):.4f}  ({len(unknown)})")
    print(f"sentences     {whole / len(test):.4f}")

    tags = sorted(tagger.model.classes)
    print("\ntag    words  precision  recall      f1")
    for tag in tags:
        hit = sum(1 for p in pairs if p[1] == tag and p[2] == tag)
        said = sum(1 for p in pairs if p[2] == tag)
        real = sum(1 for p in pairs if p[1] == tag)
        precision = hit / said if said else 0.0
        recall = hit / real if real else 0.0
        f1 = 2 * precision * recall / (precision + recall) if hit else 0.0
        print(f"{tag:6} {real:5d} {precision:10.4f} {recall:7.4f} {f1:7.4f}")

    print("\nconfusion      " + "".join(f"{tag:>6}" for tag in tags))
    for truth in tags:
        print(f"{truth:15}" + "".join(f"{sum(1 for p in pairs if p[1] == truth and p[2] == guess):6d}" for guess in tags))

    mistakes = Counter((p[0].lower(), p[1], p[2]) for p in pairs if p[1] != p[2])
    print("\nmistakes: " + ", ".join(f"{w} {t} as {g} ({n})" for (w, t, g), n in sorted(mistakes.items(), key=lambda m: (-m[1], m[0]))[:10]))
    for tag in ("NOUN", "VERB"):
        best = sorted(((ws[tag], f) for f, ws in tagger.model.weights.items() if tag in ws), key=lambda p: (-round(p[0], 6), p[1]))[:6]
        print(f"for {tag}: " + ", ".join(f"{feature} {weight:.4f}" for weight, feature in best))
    for sentence in test[:5]:
        words = [word for word, _ in sentence]
        print(" ".join(f"{w}/{t}" for w, t in zip(words, tagger.tag(words))))
    tagger.model.save(DATA.parent / "weights.json")


if __name__ == "__main__":
    main()
