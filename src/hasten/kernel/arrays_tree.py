"""Whole-array expressions of NumPy as trees: what is read, how, and what is computed of it, element by element.

A tree is made while an expression is read; `arrays_loops` writes the one loop that computes it. Which type an operation
gives is asked of NumPy itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from hasten.kernel.kinds import NP_INTS, Refuse

ELEMENTS = (*NP_INTS, "float32", "float64", "complex128", "bool")
FLOATS = ("float32", "float64", "complex128")


@dataclass(frozen=True)
class Axis:
    """How an operand goes along one axis of its array: at one place (`at`), or from `start` to `stop`.

    `dim`: the dimension of the operand that it becomes. All are code; an empty `start` or `stop` is the end.
    """

    at: str = ""
    start: str = ""
    stop: str = ""
    dim: int = -1


@dataclass(frozen=True)
class Operand:
    """A view of an array. `ones`: dimensions that are one long whatever the array is.

    `mask`: only the elements where this boolean array says so, one after another (then it is seen as of one dimension).
    """

    base: str
    dtype: str
    axes: tuple[Axis, ...]
    ndim: int
    ones: frozenset[int] = frozenset()
    mask: Operand | None = None

    def places(self) -> list[str]:
        """The code of where it is in its array."""
        return [c for a in self.axes for c in (a.at, a.start, a.stop)]


@dataclass(frozen=True)
class Node:
    """`op` is "array" (an operand), "number" (a scalar: its code and kinds), or what is done with `args`.

    "gather" takes the elements of the array `code` at places: one of `args` for each of its axes.

    `pend`: it may be an infinity or NaN that NumPy would have warned about.
    """

    op: str
    dtype: str = ""
    ndim: int = 0
    args: tuple[Node, ...] = ()
    operand: Operand | None = None
    code: str = ""
    kinds: frozenset[str] = frozenset()
    loop: tuple[str, ...] = ()  # the types that the arguments are converted to first
    pend: bool = False
    odd: bool = False  # of an operand: may NumPy keep it in another order than C's?

    def leaves(self) -> Iterator[Node]:
        if not self.args:
            yield self
        for a in self.args:
            yield from a.leaves()

    def operands(self) -> list[Operand]:
        """The arrays that are read, as often as they are."""
        return [leaf.operand for leaf in self.leaves() if leaf.operand is not None]

    def gathered(self) -> Iterator[str]:
        """The code of arrays whose elements are taken from places."""
        if self.op == "gather":
            yield self.code
        for a in self.args:
            yield from a.gathered()

    def disorder(self) -> bool:
        """May NumPy keep the result in another order than C's, as it does where what is read lies so?"""
        dims = [[a.dim for a in o.axes if not a.at] for o in self.operands()]
        return any(d != sorted(d) for d in dims) or any(n.odd for n in self.leaves())


@dataclass(frozen=True)
class Piece:
    """What one loop computes: `node`, put into `target` or (None) into a new array of `dtype`."""

    node: Node
    target: Operand | None
    dtype: str

    def operands(self) -> list[Operand]:
        """The arrays that are read, and the one that is stored into."""
        return [*self.node.operands(), *([self.target] if self.target is not None else [])]

    @cached_property
    def codes(self) -> list[str]:
        """The code of the numbers, places and arrays to take elements of that it is given."""
        places = (c for o in self.operands() for c in o.places())
        return [*(leaf.code for leaf in self.node.leaves()), *self.node.gathered(), *places]


def whole(base: str, dtype: str, ndim: int) -> Operand:
    return Operand(base, dtype, tuple(Axis(dim=d) for d in range(ndim)), ndim)


def load(operand: Operand) -> Node:
    return Node("array", operand.dtype, operand.ndim, operand=operand)


def integer(code: str) -> int | None:
    """The value of an integer that is spelt out."""
    text = code.strip("()")
    return int(text) if re.fullmatch(r"-?\d+", text) else None


def transposed(operand: Operand) -> Operand:
    """The operand with its dimensions in reverse."""
    last = operand.ndim - 1
    axes = tuple(a if a.at else replace(a, dim=last - a.dim) for a in operand.axes)
    return replace(operand, axes=axes, ones=frozenset(last - d for d in operand.ones))


def widened(node: Node, where: int) -> Node:
    """The node with a dimension of one element put in before dimension `where` (counted from the front)."""
    if node.op == "number":
        return node
    if node.operand is not None:
        o = node.operand
        if o.mask is not None:
            raise Refuse("a new axis of selected elements")
        axes = tuple(a if a.at or a.dim < where else replace(a, dim=a.dim + 1) for a in o.axes)
        ones = frozenset(d if d < where else d + 1 for d in o.ones) | {where}
        return replace(node, ndim=node.ndim + 1, operand=replace(o, axes=axes, ndim=o.ndim + 1, ones=ones))
    args = []
    for a in node.args:
        at = where - (node.ndim - a.ndim)  # dimensions are counted from the back when they are matched
        args.append(a if at < 0 and a.op != "number" else widened(a, max(at, 0)))
    return replace(node, ndim=node.ndim + 1, args=tuple(args))


@lru_cache(maxsize=1024)
def types_of(function: str, kinds: tuple[str, ...]) -> tuple[str, ...]:
    """The types of the loop that NumPy runs for arrays (`float32`) and scalars (`int`, `np.int64`): inputs, output.

    Raises `Refuse` when there is none.
    """
    import numpy as np

    weak = {"int": int, "float": float, "complex": complex, "bool": np.dtype(bool)}
    given = tuple(weak[k] if k in weak else np.dtype(k.removeprefix("np.")) for k in kinds)
    try:
        found = getattr(np, function).resolve_dtypes((*given, None))
    except TypeError as e:
        raise Refuse(f"{function} of {' and '.join(kinds)}") from e
    names = tuple(str(d.name) for d in found)
    if any(n not in ELEMENTS for n in names):
        raise Refuse(f"{function} of {' and '.join(kinds)}")
    return names


@lru_cache(maxsize=256)
def chosen(a: str, b: str) -> str:
    """The type of `np.where(c, a, b)`."""
    import numpy as np

    plain: dict[str, object] = {"int": 1, "float": 1.0, "bool": True, "complex": 1j}
    given = [plain[k] if k in plain else np.ones(1, k.removeprefix("np.")) for k in (a, b)]
    # a NumPy scalar counts like an array of its type
    name = str(np.where(np.ones(1, bool), *given).dtype.name)  # type: ignore[call-overload]
    if name not in ELEMENTS:
        raise Refuse(f"np.where of {a} and {b}")
    return name


def may_cast(a: str, b: str) -> bool:
    """May an in-place operation put a result of type `a` into an array of type `b`?"""
    import numpy as np

    return bool(np.can_cast(a, b, "same_kind"))
