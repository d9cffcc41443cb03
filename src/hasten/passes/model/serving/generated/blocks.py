"""What flows through a pipeline while it is translated: blocks of features, each known as arrays and as one row.

A `Block` is a run of neighbouring features. `Numbers` is a matrix in the batch function and one expression a feature in
the row function. `Table` is features that are functions of one code (a category, a bin): a linear model after it
becomes one look-up. `Pieces` is features that are polynomials of one number, from knot to knot: a linear model after it
is one polynomial. `Raw` is columns as they came. `Counts` is words of texts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.core.model_pass import CannotServe
from hasten.passes.model.serving.generated import helpers
from hasten.passes.model.serving.generated.words import Words
from hasten.passes.model.serving.generated.writer import Writer

DENSE = 2000  # words that are spread into a matrix


@dataclass(frozen=True)
class Scalar:
    """One feature of one row: the value is `text` / `over`, whose division a linear model takes into its weight."""

    text: str
    over: float = 1.0

    @property
    def value(self) -> str:
        return self.text if self.over == 1.0 else f"({self.text} / {self.over!r})"


@dataclass(frozen=True)
class Raw:
    """Columns as they came: `arrays` are expressions of arrays (n,), `scalars` of cells. `lenient` says of each column
    whether None counts as NaN (numbers, and texts whose dtype knows no None)."""

    arrays: tuple[str, ...]
    scalars: tuple[str, ...]
    names: tuple[str, ...]
    number: tuple[bool, ...]
    lenient: tuple[bool, ...]
    places: tuple[int, ...] = ()  # among the input columns, where nothing was done to them yet

    @property
    def width(self) -> int:
        return len(self.arrays)


@dataclass(frozen=True)
class Numbers:
    """`array` names a float64 matrix (n, width)."""

    array: str
    width: int
    scalars: tuple[Scalar, ...] | None


@dataclass(frozen=True)
class Code:
    """What a table is looked up by. `array` names an array of codes; the row function looks `keys` up by `scalar`, or
    takes `scalar` itself as the code where there are no keys. `nan` is the code of NaN, `other` that of all else."""

    array: str
    scalar: str
    keys: tuple[Any, ...] | None
    nan: int | None = None
    other: int | None = None
    number: bool = False
    lenient: bool = False


@dataclass(frozen=True)
class Table:
    """Features that are `values[code]`, of shape (codes, width)."""

    code: Code
    values: NDArray[np.float64]

    @property
    def width(self) -> int:
        return int(self.values.shape[1])


@dataclass(frozen=True)
class Pieces:
    """Features that are polynomials of one number, others on each piece of it: `values` of shape (pieces, features,
    powers), the highest power first. `piece` names an array of pieces, `shift` one of places on them; `row_piece` and
    `row_shift` are the same of one row. `of` names what has the precision of the answer. `endless`: far away they
    grow beyond all numbers, which a step after them refuses."""

    piece: str
    shift: str
    values: NDArray[np.float64]
    row_piece: str
    row_shift: str
    of: str
    endless: bool = False

    @property
    def width(self) -> int:
        return int(self.values.shape[1])


@dataclass(frozen=True)
class Counts:
    """Words of texts. `texts` is an expression of the array of texts; `lines` write, one after another, what makes of
    `texts` a tuple `words` of arrays (of which text, which word, value). `words` is the same for one text, where it can
    be written out."""

    texts: str
    lines: tuple[Callable[[Writer], str], ...]
    width: int
    words: Words | None = None

    @property
    def n(self) -> str:
        """The number of texts, as an expression."""
        return f"len({self.texts})"

    def then(self, line: Callable[[Writer], str], words: Words | None, width: int | None = None) -> Counts:
        """After one more step."""
        return Counts(self.texts, (*self.lines, line), self.width if width is None else width, words)

    def entries(self, w: Writer) -> str:
        """The tuple of arrays, as an expression of the batch function: of a function that is written here."""
        name = w.name("words_of")
        body = [line(w) for line in self.lines]
        told = '"""Words of texts: of which text, which word, its value."""'
        w.functions.append("\n    ".join([f"def {name}(texts):", told, *body, "return words"]))
        return f"{name}({self.texts})"


Block = Raw | Numbers | Table | Pieces | Counts
Blocks = list[Block]


def width(blocks: Sequence[Block]) -> int:
    return sum(b.width for b in blocks)


def take(blocks: Sequence[Block], places: Sequence[int], w: Writer) -> Blocks:
    """The features at `places`, in that order."""
    out: Blocks = []
    start = [0, *np.cumsum([b.width for b in blocks]).tolist()]
    run: list[int] = []
    of = -1

    def flush() -> None:
        if run:
            out.append(_picked(blocks[of], run, w))

    for place in places:
        here = int(np.searchsorted(start, place, side="right")) - 1
        while blocks[here].width == 0:
            here += 1
        if here != of:
            flush()
            run, of = [], here
        run.append(place - start[here])
    flush()
    return out


def _picked(block: Block, places: Sequence[int], w: Writer) -> Block:
    if list(places) == list(range(block.width)):
        return block
    if isinstance(block, Raw):
        picked = {
            f: tuple(getattr(block, f)[i] for i in places) for f in ("arrays", "scalars", "names", "number", "lenient")
        }
        return Raw(**picked, places=tuple(block.places[i] for i in places) if block.places else ())
    if isinstance(block, Numbers):
        name = w.let(block.array, f"{block.array}[:, {span(places)}]")
        return Numbers(name, len(places), None if block.scalars is None else tuple(block.scalars[i] for i in places))
    if isinstance(block, (Table, Pieces)):
        return replace(block, values=block.values[:, list(places)])
    new = np.full(block.width, -1)
    new[list(places)] = np.arange(len(places))

    def selected(w: Writer) -> str:
        return f"words = {w.helper(helpers.picked)}(words, {w.array('places', new)})"

    return block.then(selected, block.words and block.words.picked(new), len(places))


def span(places: Sequence[int]) -> str:
    """Places as an index: a slice where they follow each other."""
    if list(places) == list(range(places[0], places[0] + len(places))):
        return f"{places[0]}:{places[0] + len(places)}"
    return str(list(places))


def source(w: Writer, raw: Raw, i: int) -> None:
    """Note that a column of `raw` is in use."""
    if raw.places:
        w.used[raw.places[i]] = None


def numbers(block: Block, w: Writer) -> Numbers:
    """A block as numbers; columns as they came are converted."""
    if isinstance(block, Numbers):
        return block
    if isinstance(block, Raw):
        for i in range(block.width):
            source(w, block, i)
        if w.matrix and block.places:
            whole = list(block.places) == list(range(len(w.names)))
            array = "x" if whole else w.let("some", f"x[:, {span(block.places)}]")
        else:
            array = w.let("numbers", f"{w.helper(helpers.numbers)}([{', '.join(block.arrays)}])")
        return Numbers(array, block.width, tuple(Scalar(s) for s in block.scalars))
    if isinstance(block, Table):
        values = w.array("values", block.values)
        array = w.let("looked_up", f"{values}[{block.code.array}]")
        scalars = (
            [Scalar(looked_up(block.code, block.values[:, i].tolist(), w)) for i in range(block.width)]
            if w.row
            else None
        )
        return Numbers(array, block.width, None if scalars is None else tuple(scalars))
    if isinstance(block, Pieces):
        array = w.let("splines", f"{w.helper(helpers.alike)}({spread_pieces(block, block.values, w)}, {block.of})")
        made = tuple(Scalar(polynomial(block, block.values[:, i], w)) for i in range(block.width)) if w.row else None
        return Numbers(array, block.width, made)
    if block.width > DENSE:
        raise CannotServe("a text vectoriser is followed by a step that wants a dense matrix")
    return Numbers(
        w.let("spread", f"{w.helper(helpers.spread)}({block.entries(w)}, {block.n}, {block.width})"), block.width, None
    )


def joined(blocks: Sequence[Block], w: Writer) -> Numbers:
    """All blocks as one matrix."""
    if len(blocks) == 1:
        return numbers(blocks[0], w)
    if all(isinstance(b, Raw) for b in blocks):
        return numbers(merged([b for b in blocks if isinstance(b, Raw)]), w)
    made = [numbers(b, w) for b in blocks]
    array = w.let("features", f"np.hstack([{', '.join(b.array for b in made)}])")
    scalars = None if any(b.scalars is None for b in made) else tuple(s for b in made for s in b.scalars or ())
    return Numbers(array, width(blocks), scalars)


def merged(blocks: Sequence[Raw]) -> Raw:
    """Raw blocks beside each other as one."""
    fields = ("arrays", "scalars", "names", "number", "lenient")
    made = {f: tuple(x for b in blocks for x in getattr(b, f)) for f in fields}
    places = tuple(p for b in blocks for p in b.places) if all(b.places for b in blocks) else ()
    return Raw(**made, places=places)


def looked_up(code: Code, values: Sequence[Any], w: Writer, hint: str = "") -> str:
    """The row function's expression of `values[code]`; values are numbers or tuples of numbers."""
    from hasten.passes.model.serving.generated.writer import literal

    w.count(3)
    if code.keys is None:
        if len(values) == 2 and code.scalar.startswith("("):
            pass
        name = w.constant(hint or "by_code", literal(tuple(values)))
        return f"{name}[{code.scalar}]"
    keys = [k for i, k in enumerate(code.keys) if i != code.nan]
    name = w.table(hint or code.scalar, keys, [v for i, v in enumerate(values[: len(code.keys)]) if i != code.nan])
    if code.nan is not None:
        missing = (
            f"{code.scalar} is None or {code.scalar} != {code.scalar}"
            if code.lenient
            else f"{code.scalar} != {code.scalar}"
        )
        rest = _found(name, code, values)
        return f"({literal(values[code.nan])} if {missing} else {rest})"
    return _found(name, code, values)


def _found(name: str, code: Code, values: Sequence[Any]) -> str:
    from hasten.passes.model.serving.generated.writer import literal

    # an unknown number may be infinite, which is refused: the batch function looks at that
    if code.other is None or code.number:
        return f"{name}[{code.scalar}]"
    return f"{name}.get({code.scalar}, {literal(values[code.other])})"


def spread_pieces(block: Pieces, values: NDArray[np.float64], w: Writer) -> str:
    """The batch function's expression of polynomials with the coefficients `values` (pieces, features, powers)."""
    return f"{w.helper(helpers.polynomials)}({w.array('pieces', values)}, {block.piece}, {block.shift})"


def polynomial(block: Pieces, values: NDArray[np.float64], w: Writer) -> str:
    """The row function's expression of a polynomial, of coefficients `values[piece]` (pieces, powers)."""
    from hasten.passes.model.serving.generated.writer import literal

    powers = values.shape[1]
    w.count(3 * powers)
    names = [w.name("c") for _ in range(powers)]
    table = w.constant("by_piece", literal(tuple(map(tuple, values.tolist()))))
    w.row_do(f"{', '.join(names)} = {table}[{block.row_piece}]")
    text = names[0]
    for name in names[1:]:
        text = f"({text} * {block.row_shift} + {name})"
    return text
