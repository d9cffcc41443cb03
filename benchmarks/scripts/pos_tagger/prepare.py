"""data/train.txt and data/test.txt: made-up sentences with parts of speech, word/TAG, one sentence a line (seeded)."""

from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parent / "data"
TRAIN, TEST = 1500, 400


class Grammar:
    def __init__(self, rng):
        self.rng = rng
        self.taken = set()
        self.noun = self.words(420, ["", "", "tion", "ness", "er", "ment"])
        self.verb = self.words(260, ["", "", "ate", "ize", "ify"])
        both = self.words(90, [""])  # nouns and verbs
        self.noun[10:200:3] = both[: len(self.noun[10:200:3])]
        self.verb[5:150:2] = both[: len(self.verb[5:150:2])]
        self.adjective = self.words(220, ["", "ous", "al", "ive", "y"])
        self.adverb = [w + "ly" for w in self.adjective[::3]] + self.words(20, [""])
        self.name = [w.capitalize() for w in self.words(160, ["", "a", "o"])] + [w.capitalize() for w in self.noun[:40:4]]

    def words(self, count, endings):
        out = []
        while len(out) < count:
            word = "".join(str(self.rng.choice(list("bcdfglmnprstv"))) + str(self.rng.choice(list("aeiou"))) for _ in range(self.rng.integers(1, 4)))
            word += str(self.rng.choice(list("bdklmnprst"))) + str(self.rng.choice(endings))
            if word not in self.taken:
                self.taken.add(word)
                out.append(word)
        return out

    def pick(self, words):
        odds = 1 / (np.arange(len(words)) + 6.0)
        return words[int(self.rng.choice(len(words), p=odds / odds.sum()))]

    def chance(self, p):
        return self.rng.random() < p

    def noun_phrase(self):
        kind = self.rng.random()
        if kind < 0.15:
            return [(str(self.rng.choice(["he", "she", "it", "they", "we"])), "PRON")]
        if kind < 0.32:
            out = [(self.pick(self.name), "NAME")]
            return out + [(self.pick(self.name), "NAME")] if self.chance(0.3) else out
        out = []
        plural = self.chance(0.35)
        if kind < 0.42:
            out.append((str(self.rng.choice(["two", "seven", "12", "1987", "3,500", "40"])), "NUM"))
            plural = True
        elif not plural or self.chance(0.6):
            out.append((str(self.rng.choice(["the", "that", "her"] if plural else ["the", "a", "that", "her"])), "DET"))
        while self.chance(0.35):
            if self.chance(0.2):
                out.append((self.pick(self.adverb), "ADV"))
            out.append((self.pick(self.adjective), "ADJ"))
        if self.chance(0.15):
            out.append((self.pick(self.noun), "NOUN"))
        out.append((self.pick(self.noun) + ("s" if plural else ""), "NOUN"))
        if self.chance(0.2):
            out += [(str(self.rng.choice(["of", "in", "near", "with"])), "PREP"), *self.noun_phrase()]
        return out

    def verb_phrase(self, deep):
        out = []
        kind = self.rng.random()
        if kind < 0.2:
            out.append((str(self.rng.choice(["will", "can", "must"])), "AUX"))
            if self.chance(0.3):
                out.append(("not", "ADV"))
            out.append((self.pick(self.verb), "VERB"))
        elif kind < 0.4:
            out += [(str(self.rng.choice(["has", "had"])), "AUX"), (self.pick(self.verb) + "ed", "VERB")]
        elif kind < 0.55:
            out += [("is", "AUX"), (self.pick(self.verb) + "ing", "VERB")]
        else:
            if self.chance(0.2):
                out.append((self.pick(self.adverb), "ADV"))
            out.append((self.pick(self.verb) + str(self.rng.choice(["s", "ed", ""])), "VERB"))
        if self.chance(0.7):
            out += self.noun_phrase()
        if self.chance(0.3):
            out += [(str(self.rng.choice(["in", "on", "to", "from", "before"])), "PREP"), *self.noun_phrase()]
        if self.chance(0.2):
            out.append((self.pick(self.adverb), "ADV"))
        if deep < 1 and self.chance(0.15):
            out += [("that", "CONJ"), *self.noun_phrase(), *self.verb_phrase(deep + 1)]
        return out

    def sentence(self):
        out = self.noun_phrase() + self.verb_phrase(0)
        if self.chance(0.25):
            out += [(",", "PUNCT"), (str(self.rng.choice(["and", "but", "while"])), "CONJ"), *self.noun_phrase(), *self.verb_phrase(1)]
        out.append((str(self.rng.choice([".", ".", ".", "?", "!"])), "PUNCT"))
        first = out[0][0]
        return [(first[0].upper() + first[1:], out[0][1]), *out[1:]]


def main():
    grammar = Grammar(np.random.default_rng(1958))
    FOLDER.mkdir(exist_ok=True)
    for name, count in (("train.txt", TRAIN), ("test.txt", TEST)):
        lines = [" ".join(f"{w}/{t}" for w, t in grammar.sentence()) for _ in range(count)]
        (FOLDER / name).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
