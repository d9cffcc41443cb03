"""Operators without weights, in C; and which function writes which operator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from hasten.core.model_pass import CannotServe
from hasten.passes.model.nets.machine.choices import cut_out, elements, gather, ints, pieces, shape, split
from hasten.passes.model.nets.machine.graph import Node, Size
from hasten.passes.model.nets.machine.layers import conv, gemm, matmul, recurrent, turned_conv, window
from hasten.passes.model.nets.machine.writer import C_TYPES, Array, Writer, literal, plus, times

Write = Callable[[Writer, Node], None]

EACH = {
    "Relu": "relu_each", "Sigmoid": "sigmoid_each", "Tanh": "tanh_each", "Erf": "erf_each", "Exp": "exp_each",
    "HardSwish": "hard_swish_each", "LeakyRelu": "leaky_each", "Elu": "elu_each", "HardSigmoid": "hard_sigmoid_each",
    "Clip": "clip_each", "Gelu": "gelu_each", "Silu": "silu_each", "Swish": "silu_each",
}  # fmt: skip
SIMPLE = {
    "Neg": "-{0}", "Abs": "fabsf({0})", "Sqrt": "sqrtf({0})", "Reciprocal": "1.0f / {0}", "Log": "logf({0})",
    "Sin": "sinf({0})", "Cos": "cosf({0})", "Floor": "floorf({0})", "Softplus": "({0} > 20 ? {0} : log1pf(expf({0})))",
}  # fmt: skip
PAIRS = {
    "Add": "{0} + {1}", "Sub": "{0} - {1}", "Mul": "{0} * {1}", "Div": "{0} / {1}", "Equal": "{0} == {1}",
    "Greater": "{0} > {1}", "Less": "{0} < {1}", "GreaterOrEqual": "{0} >= {1}", "LessOrEqual": "{0} <= {1}",
    "And": "{0} && {1}", "Or": "{0} || {1}",
}  # fmt: skip
ORDERED = {"Max": ">", "Min": "<"}
VIEWS = ("Reshape", "Flatten", "Squeeze", "Unsqueeze")
SAME = ("Identity", "Dropout")
REDUCED = (
    "ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceL2", "ReduceSumSquare", "GlobalAveragePool",
    "GlobalMaxPool",
)  # fmt: skip
SQUARES = ("ReduceL2", "ReduceSumSquare")


def _each(w: Writer, node: Node) -> None:
    x = w.array(node.inputs[0])
    if x.kind != "float":
        raise CannotServe(f"no code for {node.kind} of {x.kind}")
    a, b = 0.0, 0.0
    at = node.attributes
    if node.kind == "LeakyRelu":
        a = at.get("alpha", 0.01)
    elif node.kind == "Elu":
        a = at.get("alpha", 1.0)
    elif node.kind == "HardSigmoid":
        a, b = at.get("alpha", 0.2), at.get("beta", 0.5)
    elif node.kind == "Clip":
        a, b = _limits(w, node)
    elif node.kind == "Gelu" and at.get("approximate", b"none") != b"none":
        raise CannotServe("no code for an approximated Gelu")
    elif node.kind == "Swish" and at.get("alpha", 1.0) != 1.0:
        raise CannotServe("no code for a Swish of this kind")
    out = w.make(node.outputs[0], last=x.last)
    w.line(f"{EACH[node.kind]}({x.at}, {out.at}, {x.size}, {literal(a, 'float')}, {literal(b, 'float')});")


def _limits(w: Writer, node: Node) -> tuple[float, float]:
    if "min" in node.attributes or "max" in node.attributes:
        return node.attributes.get("min", -np.inf), node.attributes.get("max", np.inf)
    found = []
    for place, usual in ((1, -np.inf), (2, np.inf)):
        name = node.inputs[place] if len(node.inputs) > place else ""
        value = w.constant(name) if name else np.array(usual)
        if value is None:
            raise CannotServe("no code for limits that are computed")
        found.append(float(value))
    return found[0], found[1]


def _simple(w: Writer, node: Node) -> None:
    x = w.array(node.inputs[0])
    if x.kind != "float":
        raise CannotServe(f"no code for {node.kind} of {x.kind}")
    w.nest(w.make(node.outputs[0], last=x.last), [x], SIMPLE[node.kind])


def _operands(w: Writer, node: Node) -> tuple[list[Array], list[str], bool]:
    """What is computed with, how each is written, and whether axis 1 lies last in what comes of it."""
    arrays: list[Array] = []
    texts = []
    many = len(w.graph.shapes[node.outputs[0]])
    for name in node.inputs:
        value = w.constant(name)
        if value is not None and value.size == 1 and value.ndim <= many:
            texts.append(literal(value.reshape(-1)[0], w.kind(name)))
        else:
            texts.append(f"{{{len(arrays)}}}")
            arrays.append(w.array(name))
    largest = [x for x in arrays if x.shape == w.graph.shapes[node.outputs[0]]] or arrays
    return arrays, texts, bool(largest) and largest[0].last


def _pair(w: Writer, node: Node) -> None:
    arrays, texts, last = _operands(w, node)
    kinds = {w.kind(n) for n in node.inputs}
    text = PAIRS[node.kind]
    if node.kind == "Div" and kinds & {"int64_t", "int32_t", "uint8_t"}:
        raise CannotServe("no code for a division of whole numbers")
    w.nest(w.make(node.outputs[0], last=last), arrays, text.format(*texts))


def _ordered(w: Writer, node: Node) -> None:
    if len(node.inputs) != 2:
        raise CannotServe(f"no code for {node.kind} of {len(node.inputs)}")
    arrays, (a, b), last = _operands(w, node)
    sign = ORDERED[node.kind]
    # a NaN on either side is what comes of it
    text = f"({a} {sign} {b} || {a} != {a}) ? {a} : {b}"
    w.nest(w.make(node.outputs[0], last=last), arrays, text)


def _pow(w: Writer, node: Node) -> None:
    by = w.constant(node.inputs[1])
    x = w.array(node.inputs[0])
    if by is None or by.size != 1 or x.kind != "float":
        raise CannotServe("no code for this power")
    text = {2.0: "{0} * {0}", 3.0: "{0} * {0} * {0}", 0.5: "sqrtf({0})", 1.0: "{0}"}.get(float(by.reshape(-1)[0]))
    text = text or f"powf({{0}}, {literal(by.reshape(-1)[0], 'float')})"
    w.nest(w.make(node.outputs[0], last=x.last), [x], text)


def _prelu(w: Writer, node: Node) -> None:
    arrays, (a, b), last = _operands(w, node)
    if any(w.kind(n) != "float" for n in node.inputs):
        raise CannotServe("no code for a PRelu of whole numbers")
    w.nest(w.make(node.outputs[0], last=last), arrays, f"{a} < 0.0f ? {a} * {b} : {a}")


def _where(w: Writer, node: Node) -> None:
    arrays, (c, a, b), last = _operands(w, node)
    w.nest(w.make(node.outputs[0], last=last), arrays, f"{c} ? {a} : {b}")


def _test(text: str) -> Write:
    def write(w: Writer, node: Node) -> None:
        x = w.array(node.inputs[0])
        w.nest(w.make(node.outputs[0], last=x.last), [x], text)

    return write


def _cast(w: Writer, node: Node) -> None:
    x = w.array(node.inputs[0])
    kind = w.kind(node.outputs[0])
    if x.kind == kind:
        w.view(node.outputs[0], x, last=x.last)
        return
    if kind == "uint8_t":
        text = "{0} != 0"
    elif x.kind in ("float", "double") and kind in ("int64_t", "int32_t"):
        raise CannotServe("no code for numbers made whole")
    else:
        text = f"({kind}){{0}}"
    w.nest(w.make(node.outputs[0], last=x.last), [x], text)


def _view(w: Writer, node: Node) -> None:
    given = w.array(node.inputs[0])
    x = w.in_order(given, last=False, name="turned view")
    w.view(node.outputs[0], x)
    w.give_back(x, given)


def _same(w: Writer, node: Node) -> None:
    x = w.array(node.inputs[0])
    w.view(node.outputs[0], x, last=x.last)


def _placed(w: Writer, out: Array, x: Array, steps: list[Size], at: Size, back: list[Size] | None = None) -> None:
    """Copy `x` into `out`, whose elements for x's axes are `steps` apart and begin at `at`."""
    own = back or x.strides
    order = out.order if len(out.shape) == len(x.shape) else x.order
    dims = [x.shape[a] for a in order]
    moved = Array(out.shape, out.kind, f"({out.at} + {at})", out.last, out.block)
    w.loops(dims, [[steps[a] for a in order], [own[a] for a in order]], [moved, x], lambda p: f"{p[0]} = {p[1]};")


def _transpose(w: Writer, node: Node) -> None:
    x = w.array(node.inputs[0])
    turn = list(node.attributes.get("perm", range(len(x.shape))[::-1]))
    out = w.make(node.outputs[0])
    own = x.strides
    turned = [own[a] for a in turn]
    w.loops(list(out.shape), [list(out.strides), turned], [out, x], lambda p: f"{p[0]} = {p[1]};")


def _expand(w: Writer, node: Node) -> None:
    x = w.array(node.inputs[0])
    w.nest(w.make(node.outputs[0]), [x], "{0}")


def _concat(w: Writer, node: Node) -> None:
    parts = [w.array(n) for n in node.inputs]
    last = sum(x.last for x in parts) * 2 > len(parts)
    out = w.make(node.outputs[0], last=last)
    axis = node.attributes["axis"] % len(out.shape)
    at: Size = 0
    for x in parts:
        _placed(w, out, x, out.strides, times(at, out.strides[axis]))
        at = plus(at, x.shape[axis])


def _filled(w: Writer, node: Node) -> None:
    value = node.attributes.get("value")
    number = 0.0 if value is None else _tensor(value).reshape(-1)[0]
    out = w.make(node.outputs[0])
    w.nest(out, [], literal(number, out.kind))


def _tensor(value: Any) -> Any:
    from onnx import numpy_helper

    return numpy_helper.to_array(value)


def _range(w: Writer, node: Node) -> None:
    start, step = (w.constant(node.inputs[i]) for i in (0, 2))
    if start is None or step is None:
        raise CannotServe("no code for a range of this kind")
    out = w.make(node.outputs[0])
    w.line(
        f"for (int64_t i = 0; i < {out.size}; i++) {out.at}[i] = {literal(start, out.kind)} + i * "
        f"{literal(step, out.kind)};"
    )


def _pad(w: Writer, node: Node) -> None:
    x = w.array(node.inputs[0])
    pads = ints(w, node.inputs[1])
    value = w.constant(node.inputs[2]) if len(node.inputs) > 2 and node.inputs[2] else np.zeros(1)
    plain = node.attributes.get("mode", b"constant") == b"constant" and len(node.inputs) < 4
    if not plain or pads is None or value is None or min(pads) < 0 or x.kind != "float":
        raise CannotServe("no code for padding of this kind")
    out = w.make(node.outputs[0], last=x.last)
    w.nest(out, [], literal(value.reshape(-1)[0], "float"))
    at: Size = 0
    for axis, n in enumerate(pads[: len(x.shape)]):
        at = plus(at, times(n, out.strides[axis]))
    _placed(w, out, x, out.strides, at)


def _pool(w: Writer, node: Node) -> None:
    given = w.array(node.inputs[0])
    a = node.attributes
    of = window(node, len(given.shape) - 2, tuple(a["kernel_shape"]))
    if of["dilations"] != [1, 1] or len([n for n in node.outputs if n]) > 1:
        raise CannotServe(f"no code for a {node.kind} of this kind")
    x = w.in_order(given, last=True)
    out = w.make(node.outputs[0], last=True)
    flat = len(x.shape) == 3
    h, wide = (1, x.shape[2]) if flat else x.shape[2:]
    oh, ow = (1, out.shape[2]) if flat else out.shape[2:]
    mean = 0 if node.kind == "MaxPool" else 2 if a.get("count_include_pad", 0) else 1
    if mean == 2 and a.get("ceil_mode", 0):
        raise CannotServe("no code for a mean over windows that stick out")
    (kh, kw), (sh, sw), (top, left) = of["kernel"], of["strides"], of["before"]
    w.line(
        f"pool({x.at}, {h}, {wide}, {x.shape[1]}, {kh}, {kw}, {sh}, {sw}, {top}, {left}, {oh}, {ow}, {out.at}, {mean});"
    )
    w.give_back(x, given)


def _reduce(w: Writer, node: Node) -> None:
    x = w.array(node.inputs[0])
    many = len(x.shape)
    if node.kind.startswith("Global"):
        axes: list[int] | None = list(range(2, many))
    elif len(node.inputs) > 1 and node.inputs[1]:
        axes = ints(w, node.inputs[1])
        if axes is None:
            raise CannotServe("no code for axes that are computed")
    else:
        axes = list(node.attributes.get("axes", [])) or None
        if axes is None and node.attributes.get("noop_with_empty_axes", 0):
            _same(w, node)
            return
    gone = {a % many for a in axes} if axes is not None else set(range(many))
    if x.kind != "float" or times(*(x.shape[a] for a in gone)) == 0:
        raise CannotServe(f"no code for {node.kind} of {x.kind}")
    out = w.make(node.outputs[0])
    kept = Array(tuple(1 if a in gone else n for a, n in enumerate(x.shape)), "float", out.at)
    own = [0 if a in gone else s for a, s in enumerate(kept.strides)]
    order = [*[a for a in x.order if a not in gone], *[a for a in x.order if a in gone]]
    inner = all(a in gone for a in x.order[len(x.order) - len(gone) :])
    most, least = node.kind in ("ReduceMax", "GlobalMaxPool"), node.kind == "ReduceMin"
    number = times(*(x.shape[a] for a in gone))
    if inner and not least:  # what is summed lies in one piece
        front = [a for a in order if a not in gone]
        of = "most_of" if most else "squares_of" if node.kind in SQUARES else "sum_of"
        w.loops(
            [x.shape[a] for a in front], [[own[a] for a in front], [x.strides[a] for a in front]], [out, x],
            lambda p: f"{p[0]} = {of}(&{p[1]}, {number});",
        )  # fmt: skip
    else:
        front = [a for a in x.order if a not in gone]
        first = Array(tuple(x.shape[a] for a in front), "float", x.at)
        w.loops(
            list(first.shape), [[own[a] for a in front], [x.strides[a] for a in front]], [out, x],
            lambda p: f"{p[0]} = {p[1] if most or least else '0.0f'};",
        )  # fmt: skip
        # the rest passes by in the order in which it lies
        over = [a for a in x.order if a in gone]
        order = [*over, *front] if x.order[-1] not in gone else [*x.order]
        sign = ">" if most else "<"
        w.loops(
            [x.shape[a] for a in order], [[own[a] for a in order], [x.strides[a] for a in order]], [out, x],
            lambda p: f"{p[0]} = ({p[1]} {sign} {p[0]} || {p[1]} != {p[1]}) ? {p[1]} : {p[0]};" if most or least
            else f"{p[0]} += {p[1]} * {p[1]};" if node.kind in SQUARES else f"{p[0]} += {p[1]};",
        )  # fmt: skip
    if node.kind in ("ReduceMean", "GlobalAveragePool"):
        w.line(f"for (int64_t i = 0; i < {out.size}; i++) {out.at}[i] *= 1.0f / ({number});")
    if node.kind == "ReduceL2":
        w.line(f"for (int64_t i = 0; i < {out.size}; i++) {out.at}[i] = sqrtf({out.at}[i]);")


def _softmax(w: Writer, node: Node) -> None:
    given = w.array(node.inputs[0])
    many = len(given.shape)
    if node.attributes.get("axis", -1) % many != many - 1:
        raise CannotServe("no code for a softmax over an axis in the middle")
    x = w.in_order(given, last=False)
    out = w.make(node.outputs[0])
    logs = int(node.kind == "LogSoftmax")
    w.line(f"softmax({x.at}, {out.at}, {times(*x.shape[:-1])}, {x.shape[-1]}, {logs});")
    w.give_back(x, given)


def _norm(w: Writer, node: Node) -> None:
    given = w.array(node.inputs[0])
    many = len(given.shape)
    axis = node.attributes.get("axis", -1) % many
    x = w.in_order(given, last=False)
    scale = w.array(node.inputs[1])
    shift = w.array(node.inputs[2]).at if len(node.inputs) > 2 and node.inputs[2] else "NULL"
    out = w.make(node.outputs[0])
    n = times(*x.shape[axis:])
    eps = literal(node.attributes.get("epsilon", 1e-5), "float")
    if scale.size != n or scale.kind != "float":
        raise CannotServe("no code for a normalisation of this kind")
    w.line(f"layer_norm({x.at}, {scale.at}, {shift}, {out.at}, {times(*x.shape[:axis])}, {n}, {eps});")
    w.give_back(x, given)


def _instance_norm(w: Writer, node: Node) -> None:
    given = w.array(node.inputs[0])
    x = w.in_order(given, last=False)
    scale, shift = (w.array(n) for n in node.inputs[1:3])
    if x.kind != "float" or scale.kind != "float" or times(*x.shape[2:]) == 0:
        raise CannotServe("no code for a normalisation of this kind")
    out = w.make(node.outputs[0])
    eps = literal(node.attributes.get("epsilon", 1e-5), "float")
    n = times(*x.shape[2:])
    w.line(f"instance_norm({x.at}, {scale.at}, {shift.at}, {out.at}, {x.shape[1]}, {n}, {eps});")
    w.give_back(x, given)


def _running_sum(w: Writer, node: Node) -> None:
    given = w.array(node.inputs[0])
    axes = ints(w, node.inputs[1])
    if (
        axes is None
        or given.kind != "float"
        or node.attributes.get("exclusive", 0)
        or node.attributes.get("reverse", 0)
    ):
        raise CannotServe("no code for a CumSum of this kind")
    axis = axes[0] % len(given.shape)
    x = w.in_order(given, last=False)
    out = w.make(node.outputs[0])
    outer, many, inner = times(*x.shape[:axis]), x.shape[axis], times(*x.shape[axis + 1 :])
    w.line(
        f"{{ const float *x = {x.at}; float *o = {out.at}; for (int64_t a = 0; a < {outer}; a++) "
        f"for (int64_t k = 0; k < {many}; k++) for (int64_t i = 0; i < {inner}; i++, x++, o++) "
        f"*o = k ? o[-({inner})] + *x : *x; }}"
    )
    w.give_back(x, given)


def _batch_norm(w: Writer, node: Node) -> None:
    values = [w.constant(n) for n in node.inputs[1:5]]
    if any(v is None for v in values) or node.attributes.get("training_mode", 0):
        raise CannotServe("no code for a normalisation of this kind")
    scale, shift, mean, spread = (np.asarray(v, np.float64) for v in values)
    by = scale / np.sqrt(spread + node.attributes.get("epsilon", 1e-5))
    x = w.array(node.inputs[0])
    shape = (-1, *[1] * (len(x.shape) - 2))
    parts = [v.astype(np.float32).reshape(shape) for v in (by, shift - mean * by)]
    arrays = [w.of(p, f"{n} of {node.outputs[0]}") for p, n in zip(parts, ("scale", "shift"), strict=True)]
    w.nest(w.make(node.outputs[0], last=x.last), [x, *arrays], "{0} * {1} + {2}")


WRITES: dict[str, Write] = {
    **dict.fromkeys(EACH, _each), **dict.fromkeys(SIMPLE, _simple), **dict.fromkeys(PAIRS, _pair),
    **dict.fromkeys(ORDERED, _ordered), **dict.fromkeys(VIEWS, _view), **dict.fromkeys(SAME, _same),
    **dict.fromkeys(REDUCED, _reduce), "Pow": _pow, "PRelu": _prelu, "Where": _where, "Not": _test("!{0}"),
    "IsNaN": _test("{0} != {0}"), "Cast": _cast, "Transpose": _transpose, "Expand": _expand, "Concat": _concat,
    "Slice": cut_out, "Split": split, "Gather": gather, "Pad": _pad, "Range": _range, "Shape": shape,
    "GatherElements": elements, "GatherND": pieces,
    "ConstantOfShape": _filled, "MaxPool": _pool, "AveragePool": _pool,
    "Softmax": _softmax, "LogSoftmax": _softmax, "LayerNormalization": _norm, "BatchNormalization": _batch_norm,
    "InstanceNormalization": _instance_norm, "CumSum": _running_sum, "ConvTranspose": turned_conv,
    "Conv": conv, "Gemm": gemm, "MatMul": matmul, "LSTM": recurrent, "GRU": recurrent,
}  # fmt: skip


def write(w: Writer) -> Array:
    """Write every node of the writer's graph; gives the answer in C's order. Raises `CannotServe`."""
    for node in w.graph.nodes:
        if not all(n in w.held for n in node.outputs if n and (w.users.get(n) or n == w.graph.output)):
            if not (node.outputs[0] and _written_with_another(w, node)):
                if node.kind not in WRITES:
                    raise CannotServe(f"no code for {node.kind}")
                WRITES[node.kind](w, node)
        w.used(node.inputs)
    answer = w.held[w.graph.output]
    if answer.kind != "float" or C_TYPES["float32"] != answer.kind:
        raise CannotServe("its scores are no float32")
    return w.in_order(answer, last=False)


def _written_with_another(w: Writer, node: Node) -> bool:
    """Whether what it computes went into the node after it."""
    after = w.alone(node.outputs[0])
    while after is not None:
        if after.outputs[0] in w.held:
            return True
        after = w.alone(after.outputs[0])
    return False
