"""Loops over arrays that follow one another, as one loop.

    c = 0.5 * a                     for i in range(n):
    d = b - c               ->          c = 0.5 * a[i]
    out[:] = c * d                      d = b[i] - c
                                        out[i] = c * d

What one statement stores and another one reads must be the same element, or apart as a whole, so that no element
depends on another; shapes must be one by what the statements have in common. What nothing else reads is not made.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hasten.kernel.arrays import aligned, apart
from hasten.kernel.arrays_loops import LOOPS, Loop, numpy_type, shape_of
from hasten.kernel.arrays_tree import FLOATS, Node, Operand, Piece, whole
from hasten.kernel.kinds import Refuse
from hasten.kernel.values import bare

if TYPE_CHECKING:
    from hasten.kernel.compiler import Unit

LINE = re.compile(r"( *)(?:(\w+) = |(return) )?(array_loop__\d+__\(.*\))")
SCALAR = re.compile(r"[\w\s.+*()-]*")  # code of numbers and places that no array has a part in
CHECKS = 8  # LLVM compares so many pairs of arrays for overlap before it gives up making vector code
WORD = re.compile(r"[A-Za-z_]\w*")
CERTAIN = frozenset({"add", "subtract", "multiply", "true_divide", "square"})  # their results are looked at
MANY = 40  # statements


@dataclass
class Group:
    """Statements that become one loop. `made`: names of arrays that they make, by their types."""

    pad: str
    dims: int
    pieces: list[tuple[str, Piece]] = field(default_factory=list)
    made: dict[str, str] = field(default_factory=dict)
    before: set[str] = field(default_factory=set)  # names that are read before they are made
    read: list[Operand] = field(default_factory=list)  # from memory
    stored: list[Operand] = field(default_factory=list)
    gathered: list[str] = field(default_factory=list)  # arrays whose elements are taken from places, whichever


def joined(u: Unit) -> list[str]:
    """The lines of a unit, with one loop in place of several where that can be."""
    if not u.pieces:
        return u.lines
    known = [_piece(u, line) for line in u.lines]
    outside = {w for line, k in zip(u.lines, known, strict=True) if k is None for w in WORD.findall(line)}
    outside |= {u.local(n) for n in (*u.outs, *u.params, *u.extra, *u.tagged, *u.optional)}
    runs: list[str | Group] = []
    for line, k in zip(u.lines, known, strict=True):
        if k is None:
            runs.append(line)
            continue
        pad, name, piece, dims = k
        last = runs[-1] if runs else None
        if not isinstance(last, Group) or last.pad != pad or not _taken(u, last, name, piece, dims, outside):
            group = Group(pad, dims)
            runs.append(group if _taken(u, group, name, piece, dims, outside) else line)
    groups = [r for r in runs if isinstance(r, Group)]
    if all(len(g.pieces) == 1 for g in groups):
        return u.lines
    # arrays that are read elsewhere than in the groups that make them
    seen = outside | {w for r in runs if isinstance(r, str) for w in WORD.findall(r)}
    seen |= {w for g in groups for w in (*g.before, *(g.made if len(g.pieces) == 1 else ()))}
    lines: list[str] = []
    place = 0
    for r in runs:
        count = 1 if isinstance(r, str) else len(r.pieces)
        lines += [r] if isinstance(r, str) else _lines(u, r, u.lines[place : place + count], seen)
        place += count
    return lines


def _piece(u: Unit, line: str) -> tuple[str, str, Piece, int] | None:
    """What a line is about: its indent, the name that is bound (or "return"), what is computed, how many loops."""
    found = LINE.fullmatch(line)
    piece = u.pieces.get(found[4]) if found else None
    if found is None or piece is None or not (dims := _dims(piece)):
        return None
    return found[1], found[2] or found[3] or "", piece, dims


def _dims(piece: Piece) -> int:
    """How many loops are in one another; 0 where it is no plain loop over elements of arrays with names."""
    target, node = piece.target, piece.node
    dims = target.ndim if target is not None else node.ndim
    if not 0 < dims <= len(LOOPS) or node.op == "number" and target is None:
        return 0
    if any(o.mask is not None or not o.base.isidentifier() for o in piece.operands()):
        return 0
    if not all(SCALAR.fullmatch(c) and not re.search(r"\w\(", c) for c in piece.codes):
        return 0
    return dims


def _taken(u: Unit, g: Group, name: str, piece: Piece, dims: int, outside: Collection[str]) -> bool:
    """Puts one more statement into a group. False: it cannot be one of it."""
    node, target = piece.node, piece.target
    if dims != g.dims or len(g.pieces) == MANY or name == "" and target is None:
        return False
    if {*WORD.findall(" ".join(piece.codes))} & {*g.made, *(o.base for o in g.stored)}:
        return False
    kept = target is not None and target.base in g.made  # put into what the group makes
    read = [o for o in node.operands() if o.base not in g.made]
    inner = [o for o in piece.operands() if o.base in g.made]
    if any(o != whole(o.base, g.made[o.base], dims) for o in inner):
        return False
    stored = [target] if target is not None and not kept else []
    for s, o in (*((s, o) for s in g.stored for o in (*read, *stored)), *((s, o) for s in stored for o in g.read)):
        if not apart(u, s.base, o.base) and not (s.ndim == o.ndim == dims and aligned(s, o)):
            return False
    gathered = [*g.gathered, *node.gathered()]
    if any(not apart(u, s.base, n) for s in (*g.stored, *stored) for n in (*g.made, *gathered, name) if n):
        return False
    if g.pieces and not inner and not any(_alike(a, b, dims) for a in (*g.read, *g.stored) for b in (*read, *stored)):
        return False
    every = [*g.read, *read, *g.stored, *stored]
    writes = {s.base for s in (*g.stored, *stored)} | {*g.made, name} & {*outside}
    if g.pieces and all(_in_a_row(o, dims) for o in every) and len(writes) * len({o.base for o in every}) > CHECKS:
        return False
    g.before |= {o.base for o in read} | {*gathered}
    g.gathered = gathered
    g.pieces.append((name, piece))
    g.read += read
    g.stored += stored
    if name:
        g.made[name] = piece.dtype
    return True


def _alike(a: Operand, b: Operand, dims: int) -> bool:
    """Have two operands the same shape, which is that of the loops?"""
    return a.ndim == b.ndim == dims and aligned(a, b)


def _in_a_row(o: Operand, dims: int) -> bool:
    """Do the elements of the innermost loop lie one after another, or stay at one?"""
    inner = [k for k, a in enumerate(o.axes) if not a.at and a.dim + dims - o.ndim == dims - 1]
    return not inner or inner == [len(o.axes) - 1]


def _lines(u: Unit, g: Group, before: list[str], seen: set[str]) -> list[str]:
    if len(g.pieces) == 1:
        return before
    live = [n for n in g.made if n in seen or n == "return"]
    if "return" in live and len(live) > 1:
        return before
    try:
        text, args = written(u, g, live)
    except Refuse:
        return before
    name = u.shared.fused.setdefault(text, f"array_loop__{len(u.shared.fused)}__")
    call = f"{name}({', '.join(args)})"
    if live == ["return"]:
        return [f"{g.pad}return {call}"]
    return [f"{g.pad}{', '.join(live)} = {call}" if live else f"{g.pad}{call}"]


def _shows(g: Group, at: int, name: str) -> bool:
    """Is what a name stands for after one statement seen to be no finite number by what a later one computes of it?"""
    for other, p in g.pieces[at + 1 :]:
        if _passed_on(p.node, name, False):
            return True
        if other == name or p.target is not None and p.target.base == name:
            return False
    return False


def _passed_on(node: Node, name: str, looked_at: bool) -> bool:
    """Does a number that is not finite make one of what is computed of it, and is that looked at?

    `looked_at`: it is looked at what is computed of the node.
    """
    if node.operand is not None:
        return looked_at and node.operand.base == name
    on = node.op in CERTAIN and node.dtype in FLOATS
    kept = looked_at and node.op == "negative"
    args = node.args[:1] if node.op == "true_divide" else node.args
    return any(_passed_on(a, name, on or kept) for a in args)


def written(u: Unit, g: Group, live: Sequence[str]) -> tuple[str, list[str]]:
    """The text of the function (with `NAME` for its name) that does what a group does, and what it is given."""
    loop = Loop(u.helper, g.dims)
    made: set[str] = set()
    for name, p in g.pieces:
        if p.target is not None and p.target.base not in made:
            loop.measure(p.target, stored=True)
        for o in p.node.operands():
            if o.base not in made:
                loop.measure(o)
        made |= {name} if name else set()
    for at, (name, p) in enumerate(g.pieces):
        base = name or (p.target.base if p.target is not None and p.target.base in loop.temps else "")
        code = loop.result(p.node, p.dtype, shown=base != "" and base not in live and _shows(g, at, base))
        if base:
            if p.dtype not in ("float64", "int64", "bool", "complex128"):
                code = f"{numpy_type(p.dtype)}({bare(code)})"
            loop.temps[base] = loop.name("result" if base == "return" else base)
            loop.body.append(f"{loop.temps[base]} = {bare(code)}")
        else:
            assert p.target is not None
            loop.body.append(f"{loop.element(p.target, stored=True)} = {bare(code)}")
    shape = shape_of(LOOPS[: g.dims])
    outs = {name: "out" if len(live) == 1 else loop.name(f"out_{name}") for name in live}
    for name, out in outs.items():
        loop.body.append(f"{out}[{', '.join(LOOPS[: g.dims])}] = {loop.temps[name]}")
    made_first = [f"{out} = np.empty({shape}, {numpy_type(g.made[name])})" for name, out in outs.items()]
    return loop.text(made_first, [f"return {', '.join(outs.values())}"] if outs else []), list(loop.params)
