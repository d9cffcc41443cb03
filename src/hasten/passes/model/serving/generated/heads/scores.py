"""Linear scores of blocks: what a category or a bin adds is one look-up."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.passes.model.serving.generated import helpers
from hasten.passes.model.serving.generated.blocks import (
    Blocks,
    Counts,
    Numbers,
    Pieces,
    Raw,
    Table,
    joined,
    looked_up,
    merged,
    numbers,
    polynomial,
    spread_pieces,
)
from hasten.passes.model.serving.generated.writer import Writer

FEW = 16  # texts that are scored one by one where there are several outputs


def scored(blocks: Blocks, coef: NDArray[np.float64], intercept: Any, w: Writer) -> list[str] | None:
    """`scored_as` the name `z`; gives the row function's expressions."""
    name, row = scored_as("", blocks, coef, intercept, w)
    w.do(f"z = {name}")
    return row


def scored_as(
    hint: str, blocks: Blocks, coef: NDArray[np.float64], intercept: Any, w: Writer
) -> tuple[str, list[str] | None]:
    """Features @ coef.T + intercept in the batch function: (n,) for coef of shape (k,), else (n, outputs).

    Gives its name (without a `hint` its expression), and the row function's expressions of the scores, one an output.
    Features that are not finite are refused.
    """
    flat = coef.ndim == 1
    weights = np.atleast_2d(np.asarray(coef, np.float64))  # (outputs, k)
    bias = np.broadcast_to(np.asarray(intercept, np.float64), (len(weights),))
    blocks = _gathered(blocks, w)
    terms: list[list[str]] = [[] for _ in weights]
    parts: list[str] = []
    at = 0
    for b in blocks:
        some = weights[:, at : at + b.width]
        at += b.width
        if isinstance(b, Table):
            values = b.values @ some.T  # (codes, outputs)
            parts.append(f"{w.array('by_code', values[:, 0] if flat else values)}[{b.code.array}]")
            if w.row:
                _table_terms(b, values, terms, w)
        elif isinstance(b, Pieces):
            values = np.einsum("pwd,ow->pod", b.values, some)  # (pieces, outputs, powers)
            if b.endless:
                w.do(f"{w.helper(helpers.finite)}({spread_pieces(b, b.values, w)})")
            spread = spread_pieces(b, values, w)
            parts.append(f"{spread}[:, 0]" if flat else spread)
            if w.row:
                for i, each in enumerate(terms):
                    each.append(polynomial(b, values[:, i], w))
        elif isinstance(b, Counts):
            parts.append(_counted(b, some[0] if flat else some.T, terms, w))
        else:
            made = numbers(b, w)
            w.do(f"{w.helper(helpers.finite)}({made.array})")
            parts.append(f"{made.array} @ {w.array('weights', some[0] if flat else some.T)}")
            _number_terms(made, some, terms, w)
    if not parts:
        w.row = False
        parts = ["np.zeros(n)" if flat else f"np.zeros((n, {len(weights)}))"]
    text = " + ".join(parts)
    if bias.any():
        text += f" + {w.number(bias[0]) if flat else w.array('bias', bias)}"
    name = w.let(hint, text) if hint else text
    if not w.row:
        return name, None
    return name, [_summed(t, float(b)) for t, b in zip(terms, bias, strict=True)]


def _gathered(blocks: Blocks, w: Writer) -> Blocks:
    """Columns as they came that follow each other become one block."""
    out: Blocks = []
    for b in blocks:
        if isinstance(b, Raw) and out and isinstance(out[-1], Raw):
            out[-1] = merged([out[-1], b])
        else:
            out.append(b)
    return out


def _table_terms(b: Table, values: NDArray[np.float64], terms: list[list[str]], w: Writer) -> None:
    if len(terms) == 1:
        terms[0].append(looked_up(b.code, values[:, 0].tolist(), w))
        return
    names = [w.name("t") for _ in terms]
    w.row_do(f"{', '.join(names)} = {looked_up(b.code, [tuple(v) for v in values.tolist()], w)}")
    for each, name in zip(terms, names, strict=True):
        each.append(name)


def _number_terms(made: Numbers, some: NDArray[np.float64], terms: list[list[str]], w: Writer) -> None:
    if made.scalars is None:
        w.row = False
        return
    w.count(made.width * len(terms))
    if not w.row:
        return
    for i, s in enumerate(made.scalars):
        text = s.text if len(terms) == 1 else w.row_let("v", s.text)
        for each, c in zip(terms, some[:, i].tolist(), strict=True):
            each.append(f"{text} * {w.number(c / s.over)}")


def _counted(b: Counts, coef: NDArray[np.float64], terms: list[list[str]], w: Writer) -> str:
    """The sums of words, text by text where that is quicker than arrays are: for one output, and for few texts."""
    if b.words is None:
        w.row = False
        return _summed_words(b, coef, w)
    score = b.words.scored(coef, w)
    if coef.ndim == 1:
        terms[0].append(f"{score}({b.words.text})")
        w.count(2)
        return f"np.array([{score}(text) for text in {b.texts}], np.float64)"
    if w.row:
        w.count(len(terms))
        name = w.row_let("t", f"{score}({b.words.text}).tolist()")
        for i, each in enumerate(terms):
            each.append(f"{name}[{i}]")
    many, few = _summed_words(b, coef, w), f"np.array([{score}(text) for text in {b.texts}])"
    return f"({few} if {b.n} <= {FEW} else {many})"


def _summed_words(b: Counts, coef: NDArray[np.float64], w: Writer) -> str:
    helper = w.helper(helpers.summed if coef.ndim == 1 else helpers.summed_outputs)
    return f"{helper}({b.entries(w)}, {w.array('weights', coef)}, {b.n})"


def _summed(terms: list[str], bias: float) -> str:
    return "(\n        " + "\n        + ".join([*terms, repr(bias)]) + "\n    )"


def dense(blocks: Blocks, w: Writer) -> Numbers:
    """All features as the matrix that an estimator takes."""
    return joined(_gathered(blocks, w), w)
