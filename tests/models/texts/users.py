"""Tokenisers as users write them in plain Python."""

from __future__ import annotations

import functools
import json
import re
import string
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import ClassVar
from unicodedata import normalize

import numpy as np

TEXTS = [
    "the cat sat on the mat", "a dog barked!", "win a FREE prize now £100", "see you at 5", "the prize dog sat there", "ok",
    "Ünïcode straße", "what is this, really? I'd say: nothing at all",
] * 6  # fmt: skip
WORD = re.compile(r"[a-z0-9']+|[!?£$]")
INDEX = {w: i + 2 for i, w in enumerate(sorted({w for t in TEXTS for w in WORD.findall(t.lower())}))}
LENGTH = 12
STOP = frozenset({"the", "a"})
clean = str.maketrans("", "", string.punctuation)


def words(text: str) -> list[str]:
    return WORD.findall(text.lower())[:LENGTH]


def of_pattern(texts):
    """A pattern, a dict, a helper, one length."""
    ids = np.zeros((len(texts), LENGTH), np.int64)
    for row, text in enumerate(texts):
        known = [INDEX.get(w, 1) for w in words(text)]
        ids[row, : len(known)] = known
    return ids


def without_words(texts, most: int = 9):
    """Deleted punctuation, stop words, a set, other imports, a default."""
    out = []
    for text in texts:
        kept = [w for w in normalize("NFKC", text).lower().translate(clean).split() if w not in STOP]
        out.append(([INDEX.get(w, 1) for w in kept] + [0] * most)[:most])
    return out


def characters(texts):
    return np.array([[min(ord(c), 127) for c in t[:20].ljust(20)] for t in texts], dtype=np.int32)


@functools.lru_cache(maxsize=1000)
def number(word: str) -> int:
    return sum(ord(c) * (i + 1) for i, c in enumerate(word)) % 90 + 2


def cached(texts, width=4):
    return np.array([([number(w) for w in t.split()] + [0] * width)[:width] for t in texts])


class Vocabulary:
    """Learnt from texts, saved to files, asked by call; padded to the longest of a call, with a mask."""

    pad = 0
    unknown = 1

    def __init__(self, texts, most=100):
        counted = Counter(w for t in texts for w in t.lower().split())
        self.index = {w: i + 2 for i, (w, _) in enumerate(counted.most_common(most))}

    @classmethod
    def load(cls, path):
        with open(path) as file:
            made = object.__new__(cls)
            made.index = json.load(file)
            return made

    def encode(self, text):
        return [self.index.get(w, self.unknown) for w in text.lower().split()] or [self.unknown]

    def __call__(self, texts):
        rows = [self.encode(t) for t in texts]
        longest = max(map(len, rows))
        return {
            "ids": np.array([r + [self.pad] * (longest - len(r)) for r in rows]),
            "mask": np.array([[1] * len(r) + [0] * (longest - len(r)) for r in rows]),
        }


@dataclass(frozen=True)
class Settings:
    width: int = 6
    index: dict = field(default_factory=dict)

    def rows(self, texts):
        return np.array([([self.index.get(w, 1) for w in t.split()] + [0] * self.width)[: self.width] for t in texts])


def nested(index, width):
    def encode(text):
        return [index.get(w, 1) for w in text.split()]

    def tokenise(texts):
        return np.array([(encode(t) + [0] * width)[:width] for t in texts])

    return tokenise


class OfClass:
    """All of it belongs to the class, and part of that is set later."""

    index: ClassVar[dict] = {}
    missing = 1

    @classmethod
    def tokenise(cls, texts):
        return cls._rows([[cls.index.get(w, cls.missing) for w in t.split()] for t in texts])

    @staticmethod
    def _rows(rows, width=5):
        return np.array([(r + [0] * width)[:width] for r in rows])


OfClass.index = dict(INDEX)
OfClass.missing = 7
RULE = defaultdict(lambda: 1, INDEX)
LETTERS = np.zeros(128, np.int64)
LETTERS[[ord(c) for c in string.ascii_lowercase]] = np.arange(1, 27)


def by_rule(texts):
    """A dict that gives, and keeps, a number for what is missing; padding by hand."""
    rows = [[RULE[w] for w in t.lower().split()] or [0] for t in texts]
    width = max(map(len, rows))
    return np.array([r + [0] * (width - len(r)) for r in rows], np.int64)


def by_table(texts, width=16):
    """Numbers looked up in an array."""
    out = np.zeros((len(texts), width), np.int64)
    for row, text in enumerate(texts):
        codes = np.frombuffer(text.lower().encode("ascii", "replace")[:width], np.uint8) & 127
        out[row, : len(codes)] = LETTERS[codes]
    return out


class Pipeline:
    """Steps that are functions and other objects."""

    def __init__(self, *steps):
        self.steps = list(steps)

    def __call__(self, texts):
        for step in self.steps:
            texts = step(texts)
        return texts


def lowered(texts):
    return [t.lower() for t in texts]


GOOD = {
    "a class's": OfClass.tokenise, "by_rule": by_rule, "by_table": by_table, "steps": Pipeline(lowered, OfClass.tokenise),
    "of_pattern": of_pattern, "without_words": without_words, "characters": characters, "cached": cached,
    "an instance": Vocabulary(TEXTS), "a method": Settings(index=dict(INDEX)).rows, "a closure": nested(INDEX, 5),
    "a partial": functools.partial(cached, width=7), "a lambda": lambda texts: of_pattern([t.strip() for t in texts]),
}  # fmt: skip


class Growing:
    """Numbers each new word as it comes."""

    def __init__(self):
        self.index = {}

    def __call__(self, texts):
        return np.array(
            [[self.index.setdefault(w, len(self.index)) for w in ([*t.split(), *"........"])[:8]] for t in texts]
        )


def hashed(texts):
    return np.array([[hash(w) % 50 for w in [*t.split(), "", ""][:2]] for t in texts])


def from_file(texts):
    with open("/dev/null") as file:
        known = file.read().split()
    return np.array([[known.count(t)] for t in texts])


class Table(dict):
    """A dict with a rule of its own for what is missing."""

    def __missing__(self, key):
        return 1


TABLE = Table(INDEX)


def of_table(texts):
    return np.array([[TABLE[w] for w in [*t.split(), "", ""][:2]] for t in texts])


def counting():
    seen = 0

    def tokenise(texts):
        nonlocal seen
        seen += 1
        return np.array([[seen] for _ in texts])

    return tokenise


def ragged(texts):
    return [[1] * len(t.split()) for t in texts]


BAD = {
    "grows": (Growing(), "change what it holds"), "hash": (hashed, "hash"), "a file": (from_file, "open"),
    "a class of its own kind": (of_table, "Table"), "nonlocal": (counting(), "outside itself"),
    "ragged": (ragged, "different lengths"), "no function": (3, "nobody can call"),
}  # fmt: skip
