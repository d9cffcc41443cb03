"""Vectorisers of texts: the words of a text, by the model's own rules."""

from __future__ import annotations

from typing import Any

import numpy as np

from hasten.core.model_pass import CannotServe
from hasten.passes.model.serving.generated import helpers
from hasten.passes.model.serving.generated.blocks import Blocks, Counts, source
from hasten.passes.model.serving.generated.steps import one_raw
from hasten.passes.model.serving.generated.writer import Writer, literal


def CountVectorizer(est: Any, blocks: Blocks, w: Writer) -> Blocks:
    raw = one_raw(blocks)
    if raw is None or raw.width != 1:
        raise CannotServe("a text vectoriser of something else than one column")
    source(w, raw, 0)
    w.row = False
    words = _words(est, w)
    vocabulary = est.vocabulary_
    name = w.table("vocabulary", list(vocabulary), [int(v) for v in vocabulary.values()])
    counted = w.helper(helpers.counted)
    entries = w.let("words", f"{counted}({raw.arrays[0]}, {words}, {name}, {bool(est.binary)})")
    return [Counts(entries, f"len({raw.arrays[0]})", len(vocabulary))]


def TfidfVectorizer(est: Any, blocks: Blocks, w: Writer) -> Blocks:
    return TfidfTransformer(est._tfidf, CountVectorizer(est, blocks, w), w)


def TfidfTransformer(est: Any, blocks: Blocks, w: Writer) -> Blocks:
    if len(blocks) != 1 or not isinstance(blocks[0], Counts):
        raise CannotServe("tf-idf of something else than words")
    b = blocks[0]
    entries = b.entries
    idf = est.idf_ if est.use_idf else None
    if idf is not None or est.sublinear_tf:
        weights = w.array("idf", np.asarray(idf, float).ravel()) if idf is not None else "None"
        entries = w.let("words", f"{w.helper(helpers.weighted)}({entries}, {weights}, {bool(est.sublinear_tf)})")
    if est.norm is not None:
        entries = w.let("words", f"{w.helper(helpers.normed)}({entries}, {literal(est.norm)}, {b.n})")
    return [Counts(entries, b.n, b.width)]


def HashingVectorizer(est: Any, blocks: Blocks, w: Writer) -> Blocks:
    raw = one_raw(blocks)
    if raw is None or raw.width != 1:
        raise CannotServe("a text vectoriser of something else than one column")
    source(w, raw, 0)
    w.row = False
    words = _words(est, w)
    seen = w.constant("places", "{}  # of words that were seen")
    given = f"{raw.arrays[0]}, {words}, {seen}, {int(est.n_features)}, {bool(est.alternate_sign)}, {bool(est.binary)}"
    entries, n = w.let("words", f"{w.helper(helpers.hashed)}({given})"), f"len({raw.arrays[0]})"
    if est.norm is not None:
        entries = w.let("words", f"{w.helper(helpers.normed)}({entries}, {literal(est.norm)}, {n})")
    return [Counts(entries, n, int(est.n_features))]


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
