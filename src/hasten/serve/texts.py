"""A net that takes texts: its tokeniser and a part behind it, as one part of an artifact.

Rows of about the same length go together, so that little is padded: a call costs as much as `overhead` tokens and
`step` tokens for each place of its length (measured where it was built), and what that saves in padding is worth a
call of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.core.model import HeldTokeniser
from hasten.serve.tokens import Arrays, Tokeniser

MOST_ROWS = 64  # of a call: no more, so that what flows between layers stays in the processor's caches

Ask = Callable[[Arrays], NDArray[Any]]


def asked(tokenise: Tokeniser, ask: Ask, overhead: float, step: float) -> Callable[[list[str]], NDArray[Any]]:
    """What answers several texts: `ask` of what `tokenise` makes of them."""

    def answer(texts: list[str]) -> NDArray[Any]:
        tokens = tokenise(texts)
        lengths = tokens.lengths
        if lengths is None or len(texts) == 1:
            return ask(tokens.arrays())
        groups = grouped(lengths, overhead, step)
        if len(groups) == 1:
            return ask(tokens.arrays())
        out: NDArray[Any] | None = None
        for rows in groups:
            some = ask(tokens.arrays(rows))
            if out is None:
                out = np.empty((len(texts), *some.shape[1:]), some.dtype)
            out[rows] = some
        assert out is not None
        return out

    return answer


def grouped(lengths: NDArray[np.int64], overhead: float, step: float) -> list[NDArray[np.int64]]:
    """Rows in groups of about one length, the shortest first.

    A row joins the group before it as long as padding that group to its length costs less than a call more.
    """
    order = np.argsort(lengths, kind="stable")
    ordered = lengths[order].tolist()
    bounds, start, padded = [0], 0, 0
    for at in range(1, len(ordered)):
        more = (at - start) * (ordered[at] - ordered[at - 1])
        if padded + more > overhead + step * ordered[at] or at - start >= MOST_ROWS:
            bounds.append(at)
            start, padded = at, 0
        else:
            padded += more
    return [order[a:b] for a, b in zip(bounds, [*bounds[1:], len(ordered)], strict=True)]


def held_of(options: Mapping[str, Any]) -> HeldTokeniser:
    """From what a part's options hold in JSON; files are in the part's folder."""
    return HeldTokeniser(
        options["kind"], tuple((n, what, dtype) for n, what, dtype in options["inputs"]), (), options["options"],
        options["mask"], options["most"], tuple(options["packages"]),
    )  # fmt: skip
