"""Texts that validation data does not hold: empty, very long, in other scripts, of unseen words, and no texts at all.

Each is asked of the original and of the candidate; what the original refuses the candidate must refuse. Batches mix
lengths, and hold the same text alone, twice and among longer ones: padding must not show.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

SOME = 16  # texts of a varied input
ODD = (
    "", " ", "\n\t ", "a", "A", "!?...;:-", "\x00 \x01\x7f", "na\u00efve caf\u00e9 \ufb01n Stra\u00dfe \u0130stanbul",
    "e\u0301 n\u0303 o\u0308", "\u3053\u3093\u306b\u3061\u306f\u4e16\u754c \u4f60\u597d \ud55c\uad6d\uc5b4",
    "\u0645\u0631\u062d\u0628\u0627 \u05e9\u05dc\u05d5\u05dd", "\U0001f642\U0001f469\u200d\U0001f467 #tag @name",
    "\u200b\ufeff\u00a0\u2028x", "[CLS] [SEP] [MASK] [PAD] <s> </s> <unk>",
    "https://example.org/a?b=c&d=%20 me@example.org",
    "1,234.56e-7 \u00a35 50% 2026-11-22 0x1F", "qzxvwkj wqpzk", "<b>bold</b> &amp; it's \"quoted\"",
    "under_score camelCase kebab-case don't I'd U.S.A.", "AbC" * 60,
)  # fmt: skip


def varied_texts(x: Sequence[str], seed: int = 0) -> Iterator[tuple[str, Any]]:
    """Named inputs made from some of the texts `x`."""
    draw = np.random.default_rng(seed)
    some = [x[int(i)] for i in np.sort(draw.choice(len(x), min(SOME, len(x)), replace=False))]
    long = (" ".join(map(str, x[:200])) or "word ")[:8000]
    yield "one text", some[:1]
    yield "no rows", []
    yield "two texts", some[:2]
    yield "texts twice", some[:3] * 2
    yield "one text, not in a list", str(some[0])
    yield "texts as a tuple", tuple(some)
    yield "texts as an array", np.array(some, object)
    yield "texts as an array of strings", np.array(some[:4])
    for text in ODD:
        yield f"the text {text[:12]!a}", [text]
    yield "a very long text", [long]
    yield "one word, very often", ["word " * 1200]
    yield "odd texts together", list(ODD)
    yield "texts of mixed lengths", [some[0], long, "", some[-1], "a", *some[1:4], long[:300]]
    yield "the same text among longer ones", [some[0], long[:400], long[:90], some[0]]
    yield "half of a surrogate pair", [some[0], "\ud800"]
    yield "capitals", [t.upper() for t in some]
    yield "texts backwards", [t[::-1] for t in some[:4]]
    yield "a missing text", [some[0], None]
    yield "numbers", [1, 2.5]
    yield "bytes", [t.encode("utf-8", "replace") for t in some[:2]]
    yield "lists of words", [t.split() for t in some[:2]]
