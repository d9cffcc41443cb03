"""Layers with weights, in C: convolutions, matrix products, recurrent layers. All of them end in tiles.

A tile is a few places (pixels, steps) by a few vectors of outputs, held in registers while all inputs pass by once.
Weights lie so that a tile reads them in one stream. Channels lie last, so that what a tile reads of one row of a window
is in one piece.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.core.model_pass import CannotServe
from hasten.passes.model.nets.machine.graph import Node, Size
from hasten.passes.model.nets.machine.tiles import ALONE
from hasten.passes.model.nets.machine.writer import Array, Writer, literal, plus, times
from hasten.passes.model.nets.sensitive import OWN, Range, scale_of
from hasten.serve.stored import INT8, LEVELS, rounded

PLACES = {1: 8, 2: 8, 3: 6, 4: 6}  # of a tile, by its vectors of outputs: what fits into 32 registers
PLACES_FEW = {1: 6, 2: 6, 3: 3, 4: 2}  # into 16
VECTORS = 4
MOST_GROUPS = 4  # of a convolution that is written as one of a single group
NOTHING = "NULL"


@dataclass(frozen=True)
class Whole:
    """How a layer's inputs become whole numbers: `at` is where they lie, 4 inputs of a piece at a time. `own`: where
    each place's own step and zero lie, which are found anew in each call (then `step` is 1 and `zero` 0)."""

    at: str
    step: float
    zero: int
    levels: int = LEVELS[INT8]  # of weights, on each side of zero
    own: str = ""

    def weights(self, matrix: NDArray[Any]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
        """Weights as whole numbers, and what one of each output's sums stands for."""
        q, scale = rounded(matrix, self.levels)
        return q, (scale * np.float32(self.step)).astype(np.float32)

    def base(self, matrix: NDArray[Any], bias: NDArray[Any] | None) -> NDArray[np.float32]:
        """What is added to the sums: the bias, and what `zero` added to each input is taken away again."""
        q, unit = self.weights(matrix)
        own = np.zeros(len(matrix)) if bias is None else bias.astype(np.float64)
        made: NDArray[np.float32] = (own - unit.astype(np.float64) * self.zero * q.sum(axis=1, dtype=np.int64)).astype(
            np.float32
        )
        return made


def splits(outputs: int, lanes: int, most: int) -> list[tuple[int, int, int]]:
    """Outputs as tiles of at most `most` vectors, about equally many: (first, outputs, lanes)."""
    vectors = -(-outputs // lanes)
    parts = -(-vectors // most)
    sizes = [vectors // parts + (i < vectors % parts) for i in range(parts)]
    found, at = [], 0
    for size in sizes:
        found.append((at, min(outputs - at, size * lanes), size * lanes))
        at += size * lanes
    return found


def runs(places: Size, most: int) -> list[tuple[int, Size]]:
    """Places as tiles of so many, and how many of each: about equally large where their number is known, else one
    tile of what is left over."""
    if isinstance(places, int):
        tiles = -(-places // most)
        small, more = divmod(places, tiles)
        return [(n, k) for n, k in ((small + 1, more), (small, tiles - more)) if k]
    return [(most, f"({places} / {most})"), *((n, f"({places} % {most} == {n})") for n in range(1, most))]


def product(
    w: Writer, name: str, x: str, out: str, add: str, matrix: NDArray[Any], bias: NDArray[Any] | None, act: str, *,
    places: Size, px: Size, po: Size, segs: int = 1, xs: Size = 0, rows: Size = 1, row_x: Size = 0, row_o: Size = 0,
    bias_at: str = "", whole: Whole | None = None,
) -> None:  # fmt: skip
    """`rows` rows of `places` places each, times `matrix` (outputs, inputs of all pieces). `bias_at`: C text of a bias
    that is no constant (of whole numbers, with what `Whole.base` adds). `whole`: in whole numbers of 8 bits."""
    outputs, inputs = matrix.shape
    single = places == 1
    # the same weights serve one row and several, where there is code for several
    most = ALONE if single and w.alone_only else VECTORS
    tiles = splits(outputs, w.lanes, most)
    n = inputs // segs
    scale_at, sums_at, kind, what = "", "", "float", "tile"
    if whole is None:
        weights = w.weight(name, matrix, tiles)
    else:
        four = -(-n // 4) * 4
        q, unit = whole.weights(matrix)
        pieces = np.zeros((outputs, segs, four), np.int8)
        pieces[:, :, :n] = q.reshape(outputs, segs, n)
        weights = w.weight(name, pieces.reshape(outputs, -1), tiles)
        bias = whole.base(matrix, bias)
        steps = np.zeros(-(-outputs // w.lanes) * w.lanes, np.float32)
        steps[:outputs] = unit
        scale_at = w.weight(f"{name} scale", steps)
        if whole.own:
            sums = np.zeros(len(steps), np.float32)
            sums[:outputs] = q.sum(axis=1, dtype=np.int64)
            sums_at = w.weight(f"{name} sums", sums)
        x, kind, what, inputs = whole.at, "uint8_t", "own" if whole.own else "whole", segs * four // 4
    if not bias_at:
        held = np.zeros(-(-outputs // w.lanes) * w.lanes, np.float32)
        held[:outputs] = 0.0 if bias is None else bias
        bias_at = w.weight(f"{name} bias", held)
    at = 0
    largest = PLACES if w.lanes >= 16 else PLACES_FEW
    for first, last, lanes, alike in _alike(tiles, w.lanes):
        vectors, here = lanes // w.lanes, f"{first}"
        if alike > 1:  # one loop, whose text is short to compile
            w.line(f"for (int64_t q = 0; q < {alike}; q++)")
            here = f"{first} + q*{lanes}"
        w.line(f"for (int64_t y = 0; y < {rows}; y++) {{")
        w.line(f"  const {kind} *x = {x} + y*({row_x}); const float *add = {add};")
        w.line(f"  float *o = {out} + y*({row_o}) + {here};")
        if add != NOTHING:
            w.line(f"  add += y*({row_o}) + {here};")
        if sums_at and whole is not None:
            w.line(f"  const float *own = {whole.own} + 2*y*({places});")
        own_weights = f"{weights} + {at}" + (f" + q*{lanes * inputs}" if alike > 1 else "")
        for each, number in runs(places, 1 if single else largest[vectors]):
            w.tiles.add((what, each, vectors))
            scaled = f"{scale_at} + {here}, " if scale_at else ""
            scaled += f"{sums_at} + {here}, own, " if sums_at else ""
            call = (
                f"{what}_{each}x{vectors}(x, {px}, {segs}, {xs}, {n}, {own_weights}, {scaled}{bias_at} + {here}, "
                f"add, o, {po}, {last}, {act});"
            )
            step = f"x += {times(each, px)}, o += {times(each, po)}"
            step += f", add += {times(each, po)}" if add != NOTHING else ""
            step += f", own += {2 * each}" if sums_at else ""
            w.line(f"  for (int64_t t = 0; t < {number}; t++, {step}) {call}")
        w.line("}")
        at += alike * lanes * inputs


def _alike(tiles: list[tuple[int, int, int]], width: int) -> list[tuple[int, int, int, int]]:
    """Tiles beside each other of one size: (first, outputs of the last vector, lanes, how many), a vector `width`."""
    found: list[tuple[int, int, int, int]] = []
    for first, count, lanes in tiles:
        last = count - lanes + width
        if found and found[-1][1:3] == (last, lanes):
            found[-1] = (*found[-1][:3], found[-1][3] + 1)
        else:
            found.append((first, last, lanes, 1))
    return found


def ending(w: Writer, node: Node, start: str) -> tuple[str, str | None, str]:
    """What follows a layer and may be done with it: the name of the last output, the other side of a sum that is there
    already, and the activation."""
    name, add = start, None
    after = w.alone(name)
    if after is not None and after.kind == "Add":
        other = after.inputs[1] if after.inputs[0] == name else after.inputs[0]
        same = w.graph.shapes.get(other) == w.graph.shapes[name] == w.graph.shapes[after.outputs[0]]
        if other in w.held and other != name and same and w.held[other].kind == "float":
            name, add, after = after.outputs[0], other, w.alone(after.outputs[0])
    act = "PLAIN"
    if after is not None and w.graph.shapes[after.outputs[0]] == w.graph.shapes[name]:
        if after.kind == "Relu":
            name, act = after.outputs[0], "RELU"
        elif after.kind == "Clip" and [_number(w, n) for n in after.inputs[1:]] == [0.0, 6.0]:
            name, act = after.outputs[0], "RELU6"
    return name, add, act


def _number(w: Writer, name: str) -> float | None:
    value = w.constant(name)
    return float(value) if value is not None and value.size == 1 else None


def _weights(w: Writer, name: str) -> NDArray[Any]:
    value = w.constant(name)
    if value is None or value.dtype != np.float32:
        raise CannotServe("a layer's weights are computed as it runs")
    return value


def window(node: Node, spatial: int, kernel: tuple[int, ...]) -> Mapping[str, list[int]]:
    """Strides, dilations and padding of a window, always in two dimensions. Raises `CannotServe`."""
    a = node.attributes
    if a.get("auto_pad", b"NOTSET") not in (b"NOTSET", b"VALID") or spatial not in (1, 2):
        raise CannotServe(f"no code for a {node.kind} of this kind")
    pads = list(a.get("pads", [0] * 2 * spatial))
    one = spatial == 1
    return {
        "kernel": [1, *kernel] if one else list(kernel),
        "strides": [1, *a.get("strides", [1])] if one else list(a.get("strides", [1, 1])),
        "dilations": [1, *a.get("dilations", [1])] if one else list(a.get("dilations", [1, 1])),
        "before": [0, pads[0]] if one else pads[:2],
        "after": [0, pads[1]] if one else pads[2:],
    }


def conv(w: Writer, node: Node) -> None:
    weights = _weights(w, node.inputs[1])
    bias = _weights(w, node.inputs[2]) if len(node.inputs) > 2 and node.inputs[2] else None
    outputs, channels = weights.shape[:2]
    groups = node.attributes.get("group", 1)
    if 1 < groups <= MOST_GROUPS and channels > 1:
        weights, groups = _dense(weights, groups), 1
        channels = weights.shape[1]
    of = window(node, weights.ndim - 2, weights.shape[2:])
    (kh, kw), (sh, sw), (dh, dw) = of["kernel"], of["strides"], of["dilations"]
    depthwise = groups > 1 and channels == 1 and outputs == groups
    if groups > 1 and not depthwise:
        raise CannotServe("no code for convolutions of several groups")
    if dw > 1 and kh > 1 and not depthwise:
        raise CannotServe("no code for convolutions that leave columns out")
    given = w.array(node.inputs[0])
    x = w.in_order(given, last=True)
    c = given.shape[1]
    h, wide = (1, given.shape[2]) if weights.ndim == 3 else given.shape[2:]
    shape = w.graph.shapes[node.outputs[0]]
    oh, ow = (1, shape[2]) if weights.ndim == 3 else shape[2:]
    name, add, act = (node.outputs[0], None, "PLAIN") if depthwise else ending(w, node, node.outputs[0])
    if depthwise:
        after = w.alone(name)
        if after is not None and after.kind == "Relu":
            name, act = after.outputs[0], "RELU"
    source, height, width, made = x.at, h, wide, None
    few, span = None, None if depthwise else w.whole(node)
    if depthwise:
        if x.block is None:  # which is read a vector too far
            made = f"copied {len(w.lines)}"
            source = w.make(made, x.shape, "float", last=True).at
            w.line(f"memcpy({source}, {x.at}, 4 * ({x.size}));")
    elif span is not None:
        made, few, height, width = _whole_window(w, x, span, (h, wide), of)
    elif any((*of["before"], *of["after"])):
        (top, left), (bottom, right) = of["before"], of["after"]
        height, width = plus(h, top + bottom), plus(wide, left + right)
        made = f"padded {len(w.lines)}"
        source = w.make(made, (1, c, height, width), "float", last=True).at
        w.line(f"padded({x.at}, {source}, {h}, {wide}, {c}, {top}, {left}, {bottom}, {right}, 0.0f);")
    other = w.in_order(w.held[add], last=True) if add is not None else None
    next_span = _taken_whole(w, name) if depthwise else None
    out = w.make(name, w.graph.shapes[name], "float" if next_span is None else "uint8_t", last=True)
    row = times(width, c)
    key = f"{node.inputs[1]} of {node.outputs[0]}"
    if depthwise:
        lanes = -(-outputs // w.lanes) * w.lanes
        at = w.weight(key, weights.reshape(outputs, kh * kw), [(0, outputs, lanes)])
        held = np.zeros(lanes, np.float32)
        held[:outputs] = 0.0 if bias is None else bias
        by = w.weight(f"{key} bias", held)
        eight = "0.0f, 0"
        if next_span is not None:
            step, zero = scale_of(next_span)
            eight = f"{literal(1 / step, 'float')}, {zero}"
        (top, left), window_of = of["before"], (kh, kw, sh, sw, dh, dw)
        called = w.depthwise(window_of, next_span is not None)
        w.line(
            f"{called}({source}, {h}, {wide}, {c}, {top}, {left}, {oh}, {ow}, {at}, {lanes}, {by}, {out.at}, {act}, "
            f"{eight});"
        )
    else:
        # (outputs, window rows, window columns, channels)
        full = weights[:, :, None, :] if weights.ndim == 3 else weights
        matrix = full.transpose(0, 2, 3, 1).reshape(outputs, -1)
        at = NOTHING if other is None else other.at
        written = partial(product, w, key, source, out.at, at, matrix, bias, act)
        if kh == kw == sh == sw == 1 and height == h and width == wide:
            written(whole=few, places=times(oh, ow), px=c, po=outputs)
        else:
            pieces, between = (kw, times(dw, c)) if kh == 1 and dw > 1 else (kh, times(dh, row))
            written(
                whole=few, places=ow, px=times(sw, c), po=outputs, segs=pieces, xs=between, rows=oh,
                row_x=times(sh, row), row_o=times(ow, outputs),
            )  # fmt: skip
    if made is not None:
        w.drop(made)
    w.give_back(x, given)
    if other is not None and add is not None:
        w.give_back(other, w.held[add])


def _dense(weights: NDArray[Any], groups: int) -> NDArray[np.float32]:
    """The weights of a few groups as those of one, with zeros between."""
    outputs, channels = weights.shape[:2]
    made = np.zeros((outputs, channels * groups, *weights.shape[2:]), np.float32)
    each = outputs // groups
    for g in range(groups):
        made[g * each : (g + 1) * each, g * channels : (g + 1) * channels] = weights[g * each : (g + 1) * each]
    return made


def turned_conv(w: Writer, node: Node) -> None:
    """ConvTranspose: a convolution, its kernel turned round, over the input with zeros between its places."""
    weights = _weights(w, node.inputs[1])  # (inputs, outputs, window)
    a, spatial = node.attributes, weights.ndim - 2
    usual = {"group": 1, "dilations": [1] * spatial, "auto_pad": b"NOTSET"}
    if any(a.get(n, v) != v for n, v in usual.items()) or "output_shape" in a or spatial not in (1, 2):
        raise CannotServe("no code for a ConvTranspose of this kind")
    strides, kernel = list(a.get("strides", [1] * spatial)), weights.shape[2:]
    pads, more = list(a.get("pads", [0] * 2 * spatial)), list(a.get("output_padding", [0] * spatial))
    before = [k - 1 - p for k, p in zip(kernel, pads[:spatial], strict=True)]
    after = [k - 1 - p + m for k, p, m in zip(kernel, pads[spatial:], more, strict=True)]
    given = w.array(node.inputs[0])
    sizes = given.shape[2:]
    if min(*before, *after) < 0 or given.kind != "float" or not all(isinstance(n, int) for n in sizes):
        raise CannotServe("no code for a ConvTranspose of this kind")
    name, turned = f"apart {len(w.lines)}", f"{node.inputs[1]} turned"
    shape = (1, given.shape[1], *((int(n) - 1) * s + 1 for n, s in zip(sizes, strides, strict=True)))
    apart = w.make(name, shape, "float", last=True)
    w.line(f"memset({apart.at}, 0, 4 * ({apart.size}));")
    own = apart.strides
    steps = [own[0], own[1], *(times(s, n) for s, n in zip(strides, own[2:], strict=True))]
    order = given.order
    w.loops(
        [given.shape[i] for i in order], [[steps[i] for i in order], [given.strides[i] for i in order]],
        [apart, given], lambda p: f"{p[0]} = {p[1]};",
    )  # fmt: skip
    constants = dict(w.graph.constants)
    flipped = np.flip(weights, tuple(range(2, weights.ndim))).swapaxes(0, 1)
    constants[turned] = np.ascontiguousarray(flipped)
    w.graph = replace(w.graph, constants=constants, shapes={**w.graph.shapes, name: shape})
    conv(w, Node("Conv", (name, turned, *node.inputs[2:]), node.outputs, {"pads": [*before, *after]}))
    w.drop(name)


def _whole_window(
    w: Writer, x: Array, of: Range, size: tuple[Size, Size], window: Mapping[str, list[int]]
) -> tuple[str, Whole, Size, Size]:
    """A layer's inputs in whole numbers, padded as its window wants: the name of their memory, how they were made, and
    their height and width."""
    step, zero = scale_of(of)
    h, wide = size
    name = f"whole {len(w.lines)}"
    if x.kind == "uint8_t":  # as it was written
        made = w.view(name, x, x.shape, x.last)
    else:
        made = w.make(name, (*x.shape, 1), "uint8_t")
        w.line(f"whole({x.at}, {made.at}, {x.size}, {literal(1 / step, 'float')}, {zero});")
    (top, left), (bottom, right) = window["before"], window["after"]
    if not (top or left or bottom or right):
        return name, Whole(made.at, step, zero, w.levels), h, wide
    height, width, c = plus(h, top + bottom), plus(wide, left + right), x.shape[1]
    around = w.make(f"{name} padded", (1, c, height, width), "uint8_t")
    w.line(f"whole_padded({made.at}, {around.at}, {h}, {wide}, {c}, {top}, {left}, {bottom}, {right}, {zero});")
    w.drop(name)
    return f"{name} padded", Whole(around.at, step, zero, w.levels), height, width


def _whole_rows(w: Writer, x: Array, of: Range) -> tuple[list[str], Whole]:
    """A product's inputs in whole numbers, by a range that was found before or (`OWN`) by each row's own: the names of
    what is to be dropped, and how they were made."""
    if of != OWN:
        made, few, *_ = _whole_window(w, x, of, (1, 1), {"before": [0, 0], "after": [0, 0]})
        return [made], few
    rows = times(*x.shape[:-1])
    names = [f"{what} {len(w.lines)}" for what in ("whole", "own")]
    q, own = w.make(names[0], (*x.shape, 1), "uint8_t"), w.make(names[1], (rows, 2), "float")
    w.line(f"whole_rows({x.at}, {q.at}, {own.at}, {rows}, {x.shape[-1]});")
    return names, Whole(q.at, 1.0, 0, w.levels, own.at)


def _taken_whole(w: Writer, name: str) -> Range | None:
    """The range in which the one layer that takes this array wants whole numbers; None where floats are wanted."""
    after = w.alone(name)
    return None if after is None or after.kind != "Conv" or after.inputs[0] != name else w.whole(after)


def gemm(w: Writer, node: Node) -> None:
    a = node.attributes
    if a.get("transA", 0):
        raise CannotServe("no code for a product with its left side turned")
    matrix = _weights(w, node.inputs[1])
    matrix = (matrix if a.get("transB", 0) else matrix.T) * np.float32(a.get("alpha", 1.0))
    bias = None
    if len(node.inputs) > 2 and node.inputs[2]:
        bias = np.broadcast_to(_weights(w, node.inputs[2]) * np.float32(a.get("beta", 1.0)), (1, len(matrix)))[0]
    _linear(w, node, matrix, bias)


def _linear(w: Writer, node: Node, matrix: NDArray[Any], bias: NDArray[Any] | None) -> None:
    name, add, act = node.outputs[0], None, "PLAIN"
    after = w.alone(name)
    if bias is None and after is not None and after.kind == "Add":
        other = after.inputs[1] if after.inputs[0] == name else after.inputs[0]
        value = w.constant(other)
        if value is not None and value.dtype == np.float32 and value.shape == (len(matrix),):
            name, bias = after.outputs[0], value
    name, add, act = ending(w, node, name)
    given = w.array(node.inputs[0])
    x = w.in_order(given, last=False)
    other_side = w.in_order(w.held[add], last=False) if add is not None else None
    span = w.whole(node)
    made, few = ([], None) if span is None else _whole_rows(w, x, span)
    out = w.make(name, w.graph.shapes[name], "float")
    add_at = NOTHING if other_side is None else other_side.at
    product(
        w, f"{node.inputs[1]} of {node.outputs[0]}", x.at, out.at, add_at, matrix, bias, act,
        places=times(*x.shape[:-1]), px=x.shape[-1], po=len(matrix), whole=few,
    )  # fmt: skip
    for each in made:
        w.drop(each)
    w.give_back(x, given)
    if other_side is not None and add is not None:
        w.give_back(other_side, w.held[add])


def matmul(w: Writer, node: Node) -> None:
    value = w.constant(node.inputs[1])
    if value is not None and value.ndim == 2 and value.dtype == np.float32:
        _linear(w, node, value.T, None)
        return
    given = [w.array(n) for n in node.inputs]
    if any(x.kind != "float" or len(x.shape) < 2 for x in given):
        raise CannotServe("no code for this product")
    a, b = (w.in_order(x, last=False, name=f"turned {i}") for i, x in enumerate(given))
    copied = f"copied {len(w.lines)}"
    if b.at.startswith("((const"):  # an input, which is read a vector too far
        made = w.make(copied, b.shape, "float")
        w.line(f"memcpy({made.at}, {b.at}, 4 * ({b.size}));")
        b = made
    if a.shape[:-2] != b.shape[:-2]:
        raise CannotServe("no code for products of stacks that differ")
    out = w.make(node.outputs[0])
    m, k, n = a.shape[-2], a.shape[-1], b.shape[-1]
    w.line(
        f"for (int64_t s = 0; s < {times(*a.shape[:-2])}; s++) times({a.at} + s*({times(m, k)}), {b.at} + "
        f"s*({times(k, n)}), {out.at} + s*({times(m, n)}), {m}, {k}, {n});"
    )
    if copied in w.held:
        w.drop(copied)
    for made, x in zip((a, b), given, strict=True):
        w.give_back(made, x)


def recurrent(w: Writer, node: Node) -> None:
    """LSTM and GRU as ONNX has them: inputs (steps, 1, inputs), answers (steps, directions, 1, units)."""
    a = node.attributes
    lstm = node.kind == "LSTM"
    gates = 4 if lstm else 3
    usual = {"layout": 0, "input_forget": 0, "linear_before_reset": 1 if not lstm else 0}
    if any(a.get(k, 0) != v for k, v in usual.items()) or "activations" in a or "clip" in a:
        raise CannotServe(f"no code for a {node.kind} of this kind")
    names = [*node.inputs, *[""] * 8]
    if names[4] or names[7]:
        raise CannotServe(f"no code for a {node.kind} with lengths or peepholes")
    into, back = _weights(w, names[1]), _weights(w, names[2])
    bias = _weights(w, names[3]) if names[3] else np.zeros((len(into), 2 * into.shape[1]), np.float32)
    directions, units = len(into), back.shape[2]
    ways = {b"forward": [0], b"reverse": [1], b"bidirectional": [0, 1]}[a.get("direction", b"forward")]
    given = w.array(names[0])
    x = w.in_order(given, last=False)
    steps, features = x.shape[0], x.shape[2]
    span, state = w.whole(node), w.state(node)
    few, whole_x = None, None
    if span is not None:
        whole_x, few, *_ = _whole_window(w, x, span, (1, 1), {"before": [0, 0], "after": [0, 0]})
    outputs = [*node.outputs, "", "", ""]
    y = w.make(outputs[0], (steps, directions, 1, units), "float") if w.users.get(outputs[0]) else None
    ends = [w.make(n, (directions, 1, units), "float") if n and w.users.get(n) else None for n in outputs[1:3]]
    temporary = [f"turned {part} {len(w.lines)}" for part in ("x", "g", "h", "c")]
    sums, each, h, c = (
        w.make(n, shape, "float")
        for n, shape in zip(
            temporary, [(steps, gates * units), (1, gates * units), (1, units), (1, units)], strict=True
        )
    )
    nothing = np.zeros(math.ceil(gates * units / w.lanes) * w.lanes, np.float32)
    handed, eight = None, "NULL, 0.0f, 0"
    if state is not None:
        step, zero = scale_of(state)
        temporary.append(f"turned s {len(w.lines)}")
        handed = Whole(w.make(temporary[-1], (1, -(-units // 4) * 4), "uint8_t").at, step, zero, w.levels)
        eight = f"{handed.at}, {literal(1 / step, 'float')}, {zero}"
    for d, backwards in enumerate(ways):
        own, other = bias[d, : gates * units], bias[d, gates * units :]
        key = f"{names[1]} {d} of {next(n for n in outputs if n)}"
        start = own + other
        if not lstm:  # what is reset is summed with its bias first
            start = own + np.concatenate([other[: 2 * units], np.zeros(units, np.float32)])
        elif handed is not None:
            start = handed.base(back[d], start)
        product(
            w, f"{key} x", x.at, sums.at, NOTHING, into[d], start, "PLAIN", places=steps, px=features, whole=few,
            po=gates * units,
        )  # fmt: skip
        for at, held in ((h, names[5]), (c, names[6])):
            first = w.constant(held) if held else np.zeros(1)
            if first is None:
                before = w.in_order(w.array(held), last=False)
                w.line(f"memcpy({at.at}, {before.at} + {d * units}, {4 * units});")
            elif not first.any():
                w.line(f"memset({at.at}, 0, {4 * units});")
            else:
                w.line(f"memcpy({at.at}, {w.weight(f'{key} {held}', first[d].reshape(-1))}, {4 * units});")
        if handed is not None:
            w.line(f"whole({h.at}, {handed.at}, {units}, {literal(1 / handed.step, 'float')}, {handed.zero});")
        now = f"{steps} - 1 - n" if backwards else "n"
        w.line(f"for (int64_t n = 0; n < {steps}; n++) {{ int64_t now = {now};")
        g = f"({sums.at} + now*{gates * units})"
        none = "" if lstm or handed is not None else w.weight("nothing", nothing)
        product(
            w, f"{key} h", h.at, each.at, NOTHING, back[d], None, "PLAIN", places=1, px=units, po=gates * units,
            bias_at=g if lstm else none, whole=handed,
        )  # fmt: skip
        quick = "_whole" if handed is not None else ""
        if lstm:
            w.line(f"lstm_step{quick}({each.at}, {h.at}, {c.at}, {units}, {eight});")
        else:
            held_bias = w.weight(f"{key} reset", other[2 * units :])
            w.line(f"gru_step{quick}({g}, {each.at}, {held_bias}, {h.at}, {units}, {eight});")
        if y is not None:
            w.line(f"memcpy({y.at} + now*{directions * units} + {d * units}, {h.at}, {4 * units});")
        w.line("}")
        for end, last in zip(ends, (h, c), strict=True):
            if end is not None:
                w.line(f"memcpy({end.at} + {d * units}, {last.at}, {4 * units});")
    for n in (*temporary, *([whole_x] if whole_x else [])):
        w.drop(n)
    w.give_back(x, given)
