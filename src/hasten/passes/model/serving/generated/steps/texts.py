"""Vectorisers of texts: the words of a text, by the model's own rules."""

from __future__ import annotations

from typing import Any

import numpy as np

from hasten.core.model_pass import CannotServe
from hasten.passes.model.serving.generated import helpers
from hasten.passes.model.serving.generated.blocks import Blocks, Counts, source
from hasten.passes.model.serving.generated.steps import one_raw
from hasten.passes.model.serving.generated.words import Words
from hasten.passes.model.serving.generated.writer import Writer, literal


def CountVectorizer(est: Any, blocks: Blocks, w: Writer) -> Blocks:
    array, scalar = _texts(blocks, w)
    split, vocabulary = _words(est, w), {word: int(place) for word, place in est.vocabulary_.items()}

    def counted(w: Writer) -> str:
        table = w.table("vocabulary", list(vocabulary), list(vocabulary.values()))
        return f"words = {w.helper(helpers.counted)}(texts, {split}, {table}, {bool(est.binary)})"

    words = Words(split, scalar, vocabulary, bool(est.binary))
    return [Counts(array, (counted,), len(vocabulary), words)]


def TfidfVectorizer(est: Any, blocks: Blocks, w: Writer) -> Blocks:
    return TfidfTransformer(est._tfidf, CountVectorizer(est, blocks, w), w)


def TfidfTransformer(est: Any, blocks: Blocks, w: Writer) -> Blocks:
    if len(blocks) != 1 or not isinstance(blocks[0], Counts):
        raise CannotServe("tf-idf of something else than words")
    b = blocks[0]
    idf = np.asarray(est.idf_, float).ravel() if est.use_idf else None
    if idf is not None or est.sublinear_tf:

        def weighted(w: Writer) -> str:
            weights = w.array("idf", idf) if idf is not None else "None"
            return f"words = {w.helper(helpers.weighted)}(words, {weights}, {bool(est.sublinear_tf)})"

        b = b.then(weighted, b.words and b.words.weighted(idf, bool(est.sublinear_tf)))
    return [b if est.norm is None else _normed(b, est.norm)]


def _normed(b: Counts, norm: str) -> Counts:
    def normed(w: Writer) -> str:
        return f"words = {w.helper(helpers.normed)}(words, {literal(norm)}, len(texts))"

    return b.then(normed, b.words and b.words.normed(norm))


def HashingVectorizer(est: Any, blocks: Blocks, w: Writer) -> Blocks:
    array, _ = _texts(blocks, w)
    split, size = _words(est, w), int(est.n_features)

    def hashed(w: Writer) -> str:
        seen = w.constant("places", "{}  # of words that were seen")
        how = f"{seen}, {size}, {bool(est.alternate_sign)}, {bool(est.binary)}"
        return f"words = {w.helper(helpers.hashed)}(texts, {split}, {how})"

    b = Counts(array, (hashed,), size)
    return [b if est.norm is None else _normed(b, est.norm)]


def _texts(blocks: Blocks, w: Writer) -> tuple[str, str]:
    """The one column of texts: its array, and its cell in the row function."""
    raw = one_raw(blocks)
    if raw is None or raw.width != 1:
        raise CannotServe("a text vectoriser of something else than one column")
    source(w, raw, 0)
    return raw.arrays[0], raw.scalars[0]


def _words(est: Any, w: Writer) -> str:
    """Write the function that splits a text; gives its name."""
    if callable(est.analyzer) or est.preprocessor is not None or est.input != "content":
        raise CannotServe("a text vectoriser with an analyzer of its own")
    if est.analyzer == "word" and est.tokenizer is not None:
        raise CannotServe("a text vectoriser with a tokenizer of its own")
    if est.strip_accents not in (None, "ascii", "unicode"):
        raise CannotServe("a text vectoriser that strips accents in a way of its own")
    low, high = est.ngram_range
    name = w.name("split")
    lines = [
        f"def {name}(text):",
        '    """The words of a text."""',
        "    if isinstance(text, bytes):",
        f"        text = text.decode({est.encoding!r}, {est.decode_error!r})",
        "    if text is np.nan:",
        '        raise ValueError("np.nan is an invalid document, expected byte or unicode string.")',
    ]
    if est.lowercase:
        lines.append("    text = text.lower()")
    if est.strip_accents:
        w.uses("import unicodedata")
        strip = helpers.plain_ascii if est.strip_accents == "ascii" else helpers.plain_letters
        lines.append(f"    text = {w.helper(strip)}(text)")
    w.uses("import re")
    if est.analyzer == "word":
        pattern = w.constant("token", f"re.compile({est.token_pattern!r})")
        lines.append(f"    words = {pattern}.findall(text)")
        stop = est.get_stop_words()
        if stop is not None:
            kept = w.constant("stop_words", f"frozenset({sorted(stop)!r})")
            lines.append(f"    words = [word for word in words if word not in {kept}]")
        if (low, high) != (1, 1):
            lines.append(f"    words = {w.helper(helpers.runs)}(words, {low}, {high})")
    elif est.analyzer == "char":
        lines.append(f'    words = {w.helper(helpers.letters)}(re.sub(r"\\s\\s+", " ", text), {low}, {high})')
    else:
        lines.append(f'    words = {w.helper(helpers.letters_of_words)}(re.sub(r"\\s\\s+", " ", text), {low}, {high})')
    lines.append("    return words")
    w.functions.append("\n".join(lines))
    return name
