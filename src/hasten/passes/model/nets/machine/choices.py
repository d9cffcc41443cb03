"""What is read of arrays, in C: parts of them, rows of tables, elements by their numbers."""

from __future__ import annotations

import numpy as np

from hasten.core.model_pass import CannotServe
from hasten.passes.model.nets.machine.graph import Node, Size
from hasten.passes.model.nets.machine.writer import Array, Writer, plus, times
from hasten.serve.stored import rounded

INTEGERS = ("int64_t", "int32_t")
FEWEST = 4096  # values of a table that lies in memory as whole numbers of 8 bits, where layers compute in these


def _cut(w: Writer, name: str, x: Array, cuts: dict[int, tuple[Size, int]]) -> None:
    """A part of an array: for some axes where it begins, and the step."""
    out = w.make(name, last=x.last and len(w.graph.shapes[name]) == len(x.shape))
    start: Size = 0
    steps = list(x.strides)
    for axis, (begin, step) in cuts.items():
        start = plus(start, times(begin, steps[axis]))
        steps[axis] = times(step, steps[axis])
        if not (isinstance(out.shape[axis], int) and isinstance(begin, int)):  # a longer input may run out of it
            w.line(f"if ({begin} < 0 || {begin} + ({out.shape[axis]} - 1)*{step} >= {x.shape[axis]}) return 2;")
    moved = Array(x.shape, x.kind, f"({x.at} + {start})", x.last, x.block)
    dims = [out.shape[a] for a in out.order]
    own = out.strides
    w.loops(
        dims, [[own[a] for a in out.order], [steps[a] for a in out.order]], [out, moved], lambda p: f"{p[0]} = {p[1]};"
    )


def ints(w: Writer, name: str) -> list[int] | None:
    value = w.constant(name) if name else None
    return None if value is None else [int(v) for v in value.reshape(-1)]


def cut_out(w: Writer, node: Node) -> None:
    x = w.array(node.inputs[0])
    names = [*node.inputs, "", "", ""]
    starts = ints(w, names[1])
    if starts is None:
        raise CannotServe("no code for a slice that depends on the length")
    axes = ints(w, names[3]) or list(range(len(starts)))
    steps = ints(w, names[4]) or [1] * len(starts)
    cuts: dict[int, tuple[Size, int]] = {}
    for start, axis, step in zip(starts, axes, steps, strict=True):
        many = x.shape[axis % len(x.shape)]
        if step < 1:
            raise CannotServe("no code for a slice backwards")
        begin: Size = start
        if start < 0:
            begin = max(0, many + start) if isinstance(many, int) else f"({many}{start})"
        elif isinstance(many, int):
            begin = min(start, many)
        cuts[axis % len(x.shape)] = begin, step
    _cut(w, node.outputs[0], x, cuts)


def split(w: Writer, node: Node) -> None:
    x = w.array(node.inputs[0])
    axis = node.attributes.get("axis", 0) % len(x.shape)
    at: Size = 0
    for name in node.outputs:
        if w.users.get(name) or name == w.graph.output:
            _cut(w, name, x, {axis: (at, 1)})
        at = plus(at, w.graph.shapes[name][axis])


def gather(w: Writer, node: Node) -> None:
    table, ids = w.constant(node.inputs[0]), w.constant(node.inputs[1])
    axis = node.attributes.get("axis", 0)
    if table is not None and ids is None and table.ndim == 2 and axis == 0 and table.dtype == np.float32:
        places, given = _numbers(w, node.inputs[1])
        table_rows(w, node.inputs[0], places, w.make(node.outputs[0]))
        w.give_back(places, given)
        return
    if ids is None or ids.size != 1:
        raise CannotServe("no code for a choice of this kind")
    x = w.array(node.inputs[0])
    axis %= len(x.shape)
    place, many = int(ids.reshape(-1)[0]), x.shape[axis]
    begin: Size = place
    if place < 0:
        begin = many + place if isinstance(many, int) else f"({many}{place})"
    kept = [a for a in range(len(x.shape)) if a != axis]
    out = w.make(node.outputs[0], last=False)
    moved = Array(x.shape, x.kind, f"({x.at} + {times(begin, x.strides[axis])})", x.last, x.block)
    dims = [x.shape[a] for a in kept]
    own = Array(tuple(dims), out.kind, out.at).strides
    w.loops(dims, [own, [x.strides[a] for a in kept]], [out, moved], lambda p: f"{p[0]} = {p[1]};")


def shape(w: Writer, node: Node) -> None:
    """The sizes of an array, which hang on the length at most."""
    sizes = w.graph.shapes[node.inputs[0]]
    many = len(sizes)
    begin, end = node.attributes.get("start", 0), node.attributes.get("end", many)
    out = w.make(node.outputs[0])
    for i, n in enumerate(sizes[slice(begin, end)]):
        w.line(f"{out.at}[{i}] = {n};")


def _numbers(w: Writer, name: str) -> tuple[Array, Array]:
    """Whole numbers in C's order; and as they were given."""
    given = w.array(name)
    if given.kind not in INTEGERS:
        raise CannotServe("no code for a choice by this kind of number")
    return w.in_order(given, last=False), given


def _inside(number: str, many: Size) -> str:
    """The text that counts a number from the end where it is negative, and leaves where there is no such place."""
    return f"if ({number} < 0) {number} += {many}; if ({number} < 0 || {number} >= {many}) return 1;"


def elements(w: Writer, node: Node) -> None:
    """GatherElements: along one axis, each by a number of its own."""
    given = w.array(node.inputs[0])
    x = w.in_order(given, last=False)
    places, own = _numbers(w, node.inputs[1])
    axis = node.attributes.get("axis", 0) % len(x.shape)
    out = w.make(node.outputs[0])
    heads = "".join(f"for (int64_t i{d} = 0; i{d} < {n}; i{d}++) " for d, n in enumerate(out.shape))
    from_x = [f"{'k' if d == axis else f'i{d}'}*({s})" for d, s in enumerate(x.strides)]
    at = " + ".join(f"i{d}*({s})" for d, s in enumerate(out.strides))
    w.line(
        f"{{ const {x.kind} *x = {x.at}; const {places.kind} *n = {places.at}; {out.kind} *o = {out.at}; {heads}{{ "
        f"int64_t k = n[{at}]; {_inside('k', x.shape[axis])} o[{at}] = x[{' + '.join(from_x)}]; }} }}"
    )
    w.give_back(places, own)
    w.give_back(x, given)


def pieces(w: Writer, node: Node) -> None:
    """GatherND: pieces of an array, each by the numbers of its place in the first axes."""
    given = w.array(node.inputs[0])
    x = w.in_order(given, last=False)
    places, own = _numbers(w, node.inputs[1])
    many = places.shape[-1]
    if node.attributes.get("batch_dims", 0) or not isinstance(many, int) or not 0 < many <= len(x.shape):
        raise CannotServe("no code for a choice of this kind")
    out = w.make(node.outputs[0])
    rest = times(*x.shape[many:])
    found = " ".join(
        f"int64_t k{d} = n[{d}]; {_inside(f'k{d}', x.shape[d])}" for d in range(many)
    )  # fmt: skip
    at = " + ".join(f"k{d}*({x.strides[d]})" for d in range(many))
    w.line(
        f"{{ const {x.kind} *x = {x.at}; const {places.kind} *n = {places.at}; {out.kind} *o = {out.at}; "
        f"for (int64_t i = 0; i < {times(*places.shape[:-1])}; i++, n += {many}) {{ {found} "
        f"for (int64_t j = 0; j < {rest}; j++) *o++ = x[{at} + j]; }} }}"
    )
    w.give_back(places, own)
    w.give_back(x, given)


def table_rows(w: Writer, name: str, ids: Array, out: Array) -> None:
    """Rows of a table, by their numbers. Where layers compute in whole numbers of 8 bits, large tables lie in memory so
    too: a quarter of the room."""
    table = w.constant(name)
    assert table is not None
    rows, width = table.shape
    found = f"int64_t row = {ids.at}[i]; {_inside('row', rows)}"
    head = f"for (int64_t i = 0; i < {ids.size}; i++) {{ {found}"
    if w.eight and table.size >= FEWEST and width % 4 == 0:
        q, scale = rounded(table, w.levels)
        at, by = w.weight(f"{name} whole", q), w.weight(f"{name} scale", scale)
        w.line(f"{head} eight_row((const int8_t *){at} + row*{width}, {by}[row], {out.at} + i*{width}, {width}); }}")
        return
    at = w.weight(name, table)
    w.line(f"{head} memcpy({out.at} + i*{width}, {at} + row*{width}, {4 * width}); }}")
