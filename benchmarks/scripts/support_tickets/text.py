"""Text clean-up for the ticket router."""

import re
import unicodedata

STOPWORDS = set(
    """a after again and at be but by can cannot do for from has have hello help i if in is it its last me my need
    not of on or our please regards say says should since still thanks that the this to try was we what when with
    you your""".split()
)
SUFFIXES = ("ations", "ation", "ings", "ing", "edly", "ed", "ies", "es", "s")


def normalise(text: str) -> str:
    text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"\s+", " ", text.lower()).strip()


def stem(word: str) -> str:
    """Cut the longest known suffix, as long as a stem of four letters is left."""
    for suffix in SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 4:
            return word[: -len(suffix)]
    return word


def tokenize(text: str) -> list[str]:
    tokens = []
    for word in re.findall(r"[a-z0-9][a-z0-9\-]*", normalise(text)):
        if word in STOPWORDS or len(word) < 2:
            continue
        tokens.append(stem(word))
    return tokens


def shingles(text: str, n: int = 3) -> set[str]:
    """Sets of n consecutive words, for the comparison of near duplicates."""
    words = normalise(text).split(" ")
    return {" ".join(words[i : i + n]) for i in range(max(1, len(words) - n + 1))}
