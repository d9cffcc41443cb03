"""The text of one net in C: where its arrays lie, and the loops over them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.core.model_pass import CannotServe
from hasten.passes.model.nets.machine.graph import ONE_ROW, Graph, Node, Size
from hasten.passes.model.nets.sensitive import Range, key_of, state_of
from hasten.serve.stored import INT8, LEVELS

C_TYPES = {"float32": "float", "float64": "double", "int64": "int64_t", "int32": "int32_t", "bool": "uint8_t"}
BYTES = {"float": 4, "double": 8, "int64_t": 8, "int32_t": 4, "uint8_t": 1}
SLACK, ALIGN = 64, 64  # bytes
WRITTEN_OUT = 4096  # whole numbers that a constant may have


def times(*sizes: Size) -> Size:
    """Their product."""
    number, text = 1, []
    for s in sizes:
        if isinstance(s, int):
            number *= s
        else:
            text.append(s)
    if not text or not number:
        return number
    return "*".join([*([str(number)] if number != 1 else []), *text])


def plus(a: Size, b: Size) -> Size:
    if isinstance(a, int) and isinstance(b, int):
        return a + b
    return a if b == 0 else b if a == 0 else f"({a}+{b})"


def literal(value: Any, kind: str) -> str:
    """A number in C."""
    if kind in ("float", "double"):
        value = float(value)
        if np.isnan(value):
            return "NAN"
        if np.isinf(value):
            return "INFINITY" if value > 0 else "(-INFINITY)"
        return str(value.hex()) + ("f" if kind == "float" else "")
    if int(value) == -(1 << 63):
        return "INT64_MIN"
    return f"{int(value)}{'LL' if kind == 'int64_t' else ''}"


@dataclass
class Block:
    """A piece of the scratch memory, `holders` the names of arrays that lie in it."""

    at: str
    size: Size
    holders: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Array:
    """`at` is a pointer of type `kind`; the order is C's, or (`last`) with axis 1 behind the others."""

    shape: tuple[Size, ...]
    kind: str
    at: str
    last: bool = False
    block: Block | None = None

    @property
    def order(self) -> tuple[int, ...]:
        """Axes as they lie in memory."""
        n = len(self.shape)
        return (0, *range(2, n), 1) if self.last else tuple(range(n))

    @property
    def strides(self) -> list[Size]:
        found: list[Size] = [0] * len(self.shape)
        step: Size = 1
        for axis in reversed(self.order):
            found[axis] = step
            step = times(step, self.shape[axis])
        return found

    @property
    def size(self) -> Size:
        return times(*self.shape)


@dataclass(frozen=True)
class Weight:
    """An array of the net's, rows by columns, and where it goes: as it is, or by tiles of rows (first row, rows, lanes)
    turned round, so that the rows of a tile lie side by side (of whole numbers of 8 bits, four columns of each)."""

    name: str
    at: int
    tiles: tuple[tuple[int, int, int], ...] = ()


class Writer:
    """Writes the operators of a graph one after another (`operators.py` knows each)."""

    def __init__(
        self, graph: Graph, lanes: int, beside: Writer | None = None, few: Mapping[str, Range] | None = None,
        levels: int = LEVELS[INT8],
    ) -> None:  # fmt: skip
        """`beside` wrote the same net for another number of rows: its weights and constants are shared. `few`: layers
        that compute in whole numbers of 8 bits, by their outputs, and the range of what they take; their weights have
        so many `levels` on each side of zero."""
        self._few, self.levels, self.eight = few or {}, levels, few is not None
        self.graph, self.lanes = graph, lanes
        self.alone_only = any(n.kind in ONE_ROW for n in graph.nodes) or graph.free != (None,) * len(graph.free)
        self.lines: list[str] = []
        self.constants: list[str] = [] if beside is None else beside.constants
        self.arrays: dict[str, NDArray[Any]] = {} if beside is None else beside.arrays  # weights by name
        self.weights: list[Weight] = [] if beside is None else beside.weights
        self.floats: int = 0 if beside is None else beside.floats  # of weights in memory
        self.tiles: set[tuple[str, int, int]] = set() if beside is None else beside.tiles
        self.held: dict[str, Array] = {}
        self.done: set[str] = set()  # outputs that were written with an earlier node
        self.scratch = 0
        self.longer: list[str] = []  # sizes of blocks that grow with the length
        self._free: list[Block] = []
        self._uses = Counter(n for node in graph.nodes for n in node.inputs)
        self._uses[graph.output] += 1
        self._made: dict[str, int] = {} if beside is None else beside._made
        self.makers = {name: node for node in graph.nodes for name in node.outputs if name}
        self.users: dict[str, list[Node]] = {}
        for node in graph.nodes:
            for name in dict.fromkeys(node.inputs):
                self.users.setdefault(name, []).append(node)
        for number, name in enumerate(graph.inputs):
            kind = self.kind(name)
            self.held[name] = Array(graph.shapes[name], kind, f"((const {kind} *)in[{number}])")

    # --- arrays ------------------------------------------------------------------------------------------------------

    def kind(self, name: str) -> str:
        dtype = self.graph.constants[name].dtype if name in self.graph.constants else self.graph.dtypes[name]
        if dtype.name not in C_TYPES:
            raise CannotServe(f"no code for {dtype}")
        return C_TYPES[dtype.name]

    def constant(self, name: str) -> NDArray[Any] | None:
        return self.graph.constants.get(name)

    def array(self, name: str) -> Array:
        """An array that is there already, or a constant."""
        if name in self.held:
            return self.held[name]
        value = self.constant(name)
        if value is None:
            raise CannotServe(f"what {name} holds depends on the length")
        self.held[name] = self.of(value, name)
        return self.held[name]

    def of(self, value: NDArray[Any], name: str) -> Array:
        """A constant as an array."""
        kind = C_TYPES.get(value.dtype.name)
        if kind == "float":
            return Array(value.shape, kind, self.weight(name, value))
        if kind is None or value.size > WRITTEN_OUT:
            raise CannotServe(f"no code for a constant of {value.dtype}")
        text = f"held{len(self.constants)}"
        numbers = ", ".join(literal(v, kind) for v in value.reshape(-1).tolist()) or "0"
        self.constants.append(f"static const {kind} {text}[] = {{{numbers}}};")
        return Array(value.shape, kind, text)

    def weight(self, name: str, value: NDArray[Any], tiles: Sequence[tuple[int, int, int]] = ()) -> str:
        """Keep an array among the weights; gives a pointer to it. With `tiles`, rows by columns."""
        held = f"{name}:{value.shape}"
        key = f"{held}:{tuple(tiles)}"
        if key not in self._made:
            self._made[key] = at = self.floats
            whole = value.dtype == np.int8
            self.arrays[held] = np.ascontiguousarray(value, None if whole else np.float32)
            self.weights.append(Weight(held, at, tuple(tiles)))
            columns = value.shape[1] // 4 if whole else value.shape[-1] if value.ndim else 1
            own = -(-value.size // 4) if whole else value.size
            size = sum(lanes * columns for _, _, lanes in tiles) if tiles else own
            self.floats += -(-(size + self.lanes) // 16) * 16
        return f"(W + {self._made[key]})"

    def make(
        self, name: str, shape: Sequence[Size] | None = None, kind: str | None = None, last: bool = False
    ) -> Array:
        """Memory for a new array. `name` is that of the graph's, or any other for memory that `drop` gives back."""
        shape = self.graph.shapes[name] if shape is None else tuple(shape)
        kind = kind or self.kind(name)
        block = self._block(times(BYTES[kind], *shape), name)
        found = Array(tuple(shape), kind, f"(({kind} *)({block.at}))", last and len(shape) > 2, block)
        self.held[name] = found
        return found

    def _block(self, size: Size, name: str) -> Block:
        if isinstance(size, int):
            size = -(-(size + SLACK) // ALIGN) * ALIGN
            fit = [b for b in self._free if isinstance(b.size, int) and b.size >= size]
            if fit:
                block = min(fit, key=lambda b: b.size)
                self._free.remove(block)
            else:
                block = Block(f"S + {self.scratch}", size)
                self.scratch += size
        else:
            block = next((b for b in self._free if b.size == size), None) or Block("", size)
            if block in self._free:
                self._free.remove(block)
            else:
                block.at = f"S + at{len(self.longer)}"
                self.longer.append(f"(({size}) + {SLACK + ALIGN - 1}) / {ALIGN} * {ALIGN}")
        block.holders.add(name)
        return block

    def view(self, name: str, of: Array, shape: Sequence[Size] | None = None, last: bool = False) -> Array:
        """The same memory under another name."""
        shape = self.graph.shapes[name] if shape is None else tuple(shape)
        if of.block is not None:
            of.block.holders.add(name)
        self.held[name] = Array(tuple(shape), of.kind, of.at, last and len(shape) > 2, of.block)
        return self.held[name]

    def drop(self, name: str) -> None:
        """Its memory may be used again once nothing else lies in it."""
        block = self.held[name].block
        if block is not None and name in block.holders:
            block.holders.remove(name)
            if not block.holders:
                self._free.append(block)

    def used(self, names: Sequence[str]) -> None:
        """These were inputs of a node that is written."""
        for name in names:
            self._uses[name] -= 1
            if not self._uses[name] and name in self.held:
                self.drop(name)

    def depthwise(self, window: Sequence[int], eight: bool) -> str:
        """The name of the kernel for depthwise convolutions of this window; `eight`: it writes whole numbers."""
        name = "_".join(["depthwise", *map(str, window), *(["eight"] if eight else [])])
        numbers = ", ".join(map(str, window))
        text = (
            f"PART void {name}(const float *in, int64_t h, int64_t wide, int64_t c, int64_t top, int64_t left, "
            "int64_t oh, int64_t ow, const float *w, int64_t lanes, const float *b, void *out, int act, float by, "
            f"int zero) {{\n  depthwise(in, h, wide, c, {numbers}, top, left, oh, ow, w, lanes, b, out, act, "
            f"{int(eight)}, by, zero);\n}}"
        )
        if text not in self.constants:
            self.constants.append(text)
        return name

    def whole(self, node: Node) -> Range | None:
        """The range of a layer's inputs, if it computes in whole numbers of 8 bits."""
        return self._few.get(key_of(node.outputs))

    def state(self, node: Node) -> Range | None:
        """The range of what a recurrent layer hands from step to step, if it does so in whole numbers."""
        return self._few.get(state_of(key_of(node.outputs)))

    def alone(self, name: str) -> Node | None:
        """The one node that uses it, if the graph does not answer it."""
        users = self.users.get(name, [])
        return users[0] if len(users) == 1 and name != self.graph.output and self._uses[name] == 1 else None

    # --- text --------------------------------------------------------------------------------------------------------

    def line(self, text: str) -> None:
        self.lines.append(text)

    def in_order(self, x: Array, last: bool, name: str = "turned") -> Array:
        """`x` in C's order, or with axis 1 last: itself where it lies so. What `name` names is to be dropped."""
        if x.last == last or len(x.shape) < 3:
            return x
        moved = x.shape[1] == 1 or times(*x.shape[2:]) == 1
        if moved:
            return Array(x.shape, x.kind, x.at, last, x.block)
        key = f"{name} {len(self.lines)}"
        made = self.make(key, x.shape, x.kind, last)
        self.nest(made, [x], "{0}")
        return made

    def give_back(self, made: Array, x: Array) -> None:
        """Drop what `in_order` made of `x`."""
        if made.block is not None and made.block is not x.block:
            for name in [n for n in made.block.holders if n.startswith("turned")]:
                self.drop(name)

    def nest(self, out: Array, given: Sequence[Array], text: str, kinds: str = "") -> None:
        """`out = text` element by element; `{0}`, `{1}` are the elements of `given`, which broadcast."""
        shape, many = out.shape, len(out.shape)
        strides = [out.strides]
        for x in given:
            own = [0] * (many - len(x.shape)) + list(x.strides)
            padded = [1] * (many - len(x.shape)) + list(x.shape)
            strides.append([0 if n == 1 else s for n, s in zip(padded, own, strict=True)])
        dims, steps = together([shape[a] for a in out.order], [[s[a] for a in out.order] for s in strides])
        self.loops(dims, steps, [out, *given], lambda at: f"{at[0]} = {text.format(*at[1:])};")

    def loops(self, dims: Sequence[Size], steps: Sequence[Sequence[Size]], arrays: Sequence[Array], body: Any) -> None:
        """Loops over `dims`; `body` is told how each array's element is written."""
        pointers = []
        declared = []
        for i, x in enumerate(arrays):
            declared.append(f"{x.kind} *restrict p0 = {x.at};" if not i else f"const {x.kind} *p{i} = {x.at};")
            pointers.append(f"p{i}")
        at = [f"{p}[{_place(step)}]" for p, step in zip(pointers, steps, strict=True)]
        heads = "".join(f"for (int64_t i{d} = 0; i{d} < {n}; i{d}++) " for d, n in enumerate(dims))
        self.line("{ " + " ".join(declared) + " " + heads + body(at) + " }")


def _place(steps: Sequence[Size]) -> str:
    parts = [f"i{d}" if s == 1 else f"i{d}*({s})" for d, s in enumerate(steps) if s != 0]
    return " + ".join(parts) or "0"


def together(dims: Sequence[Size], steps: Sequence[Sequence[Size]]) -> tuple[list[Size], list[list[Size]]]:
    """The same loops with as few dimensions as will do."""
    kept = [d for d, n in enumerate(dims) if n != 1]
    sizes: list[Size] = []
    strides: list[list[Size]] = [[] for _ in steps]
    for d in kept:
        size, own = dims[d], [s[d] for s in steps]
        if sizes and all(s[-1] == times(o, size) for s, o in zip(strides, own, strict=True)):
            sizes[-1] = times(sizes[-1], size)
            for s, o in zip(strides, own, strict=True):
                s[-1] = o
        else:
            sizes.append(size)
            for s, o in zip(strides, own, strict=True):
                s.append(o)
    return sizes, strides
