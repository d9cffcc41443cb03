"""Which layers of an ONNX graph suffer from 8 bits: each alone in whole numbers, the rest as it was.

Ranges of what flows into a layer are found on calibration rows: the least and the largest value, a percentile of them,
or the range whose rounding errs least. Damage is the mean squared difference of the net's answers, in units of their
variance. Few layers do most of it, often the first and the last; those are left as they are.

Source  Nagel et al., "A White Paper on Neural Network Quantization", 2021.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.serve.stored import rounded

LAYERS = ("Conv", "Gemm", "MatMul")
RECURRENT = ("LSTM", "GRU")
MINMAX, PERCENTILE, ERROR = "minmax", "percentile", "error"
ROWS = "rows"  # of products: each row's own, found in each call; of all else as `MINMAX`
SHARE = 1e-4  # of values outside, at each end
VALUES = 100_000  # of a tensor that are looked at
SHRUNK = np.linspace(1.0, 0.3, 15)  # of the range, where errors are compared
LEFT = 0.1  # of all damage that layers in whole numbers may do together
MOST = 0.5  # of the layers that stay as they are, at most

Range = tuple[float, float]
OWN: Range = (0.0, 0.0)  # stands for a range that each row has for itself
Feeds = Sequence[Mapping[str, NDArray[Any]]]


def layers(model: Any) -> list[Any]:
    """The nodes whose weights are constants and whose inputs are floats, of the kinds that have code in 8 bits."""
    held = {t.name: t for t in model.graph.initializer}
    return [
        n for n in model.graph.node
        if n.op_type in LAYERS and n.input[1] in held and held[n.input[1]].data_type == 1 and n.input[0] not in held
        and len(held[n.input[1]].dims) >= 2
    ]  # fmt: skip


def recurrent(model: Any) -> list[Any]:
    """The recurrent nodes whose weights are constants and whose inputs are floats."""
    held = {t.name: t for t in model.graph.initializer}
    return [
        n for n in model.graph.node
        if n.op_type in RECURRENT and n.input[0] not in held
        and all(name in held and held[name].data_type == 1 for name in n.input[1:3])
    ]  # fmt: skip


def key_of(outputs: Iterable[str]) -> str:
    """By which output a layer is known: its first that has a name."""
    return next(name for name in outputs if name)


def state_of(key: str) -> str:
    """The name of what a recurrent layer hands from step to step."""
    return f"{key} state"


def ranges(model: Any, names: Iterable[str], feeds: Feeds, by: str = MINMAX) -> dict[str, Range]:
    """The range of each of these tensors on `feeds`; 0 is in it."""
    wanted = list(dict.fromkeys(names))
    inputs = {i.name for i in model.graph.input}
    inside = [n for n in wanted if n not in inputs]
    seen: dict[str, list[NDArray[Any]]] = {n: [] for n in wanted}
    session = _session(model, inside)
    for feed in feeds:
        answers = dict(zip(inside, session.run(inside, dict(feed)), strict=True)) if inside else {}
        for n in wanted:
            seen[n].append(np.asarray(answers.get(n, feed.get(n)), np.float32).reshape(-1))
    return {n: range_of(np.concatenate(values), by) for n, values in seen.items()}


def range_of(values: NDArray[Any], by: str) -> Range:
    """By one of `MINMAX`, `PERCENTILE`, `ERROR`."""
    values = values[np.isfinite(values)]
    if not len(values):
        return 0.0, 1.0
    low, high = float(min(0.0, values.min())), float(max(0.0, values.max()))
    some = values if len(values) <= VALUES else np.random.default_rng(0).choice(values, VALUES, replace=False)
    if by == PERCENTILE:
        a, b = np.quantile(some, [SHARE, 1 - SHARE])
        low, high = max(low, min(0.0, float(a))), min(high, max(0.0, float(b)))
    elif by == ERROR:
        low, high = min(((k * low, k * high) for k in SHRUNK), key=lambda r: _error(some, r))
    return (low, high) if high - low > 1e-12 else (low, low + 1.0)


def scale_of(r: Range) -> tuple[float, int]:
    """The step between whole numbers from 0 to 255, and which of them stands for 0."""
    step = float(np.float32((r[1] - r[0]) / 255))
    return step, int(np.clip(round(-r[0] / step), 0, 255))


def _error(values: NDArray[Any], r: Range) -> float:
    step, zero = scale_of(r)
    made = (np.clip(np.rint(values / step) + zero, 0, 255) - zero) * step
    return float(np.square(values - made, dtype=np.float64).mean())


def damages(model: Any, nodes: Sequence[Any], found: Mapping[str, Range], feeds: Feeds) -> dict[str, float]:
    """What each of these layers does to the net's answers when it alone is in whole numbers, by its output's name."""
    output = [model.graph.output[0].name]
    plain = _session(model, [])
    reference = [np.asarray(plain.run(output, dict(feed))[0], np.float64) for feed in feeds]
    everything = np.concatenate([r.reshape(-1) for r in reference])
    spread = float(everything.var()) or 1.0
    told = {}
    for node in nodes:
        session = _session(with_rounding(model, [node], found), [])
        answers = [np.asarray(session.run(output, dict(feed))[0], np.float64) for feed in feeds]
        off = np.concatenate([(a - b).reshape(-1) for a, b in zip(answers, reference, strict=True)])
        hurt = float(np.square(off).mean()) / spread
        told[key_of(node.output)] = hurt if np.isfinite(hurt) else float("inf")
    return told


def spared(hurt: Mapping[str, float]) -> list[str]:
    """Those to leave as they are: the worst, until the rest does little. Not the only one there is."""
    finite = sum(d for d in hurt.values() if np.isfinite(d))
    if len(hurt) == 1 and finite:
        return []
    order = sorted(hurt, key=lambda n: -hurt[n])
    for number in range(len(order)):
        left = sum(hurt[n] for n in order[number:])
        if left <= LEFT * finite or number >= MOST * len(order):
            return order[:number]
    return order


def with_rounding(model: Any, nodes: Sequence[Any], found: Mapping[str, Range]) -> Any:
    """The graph with these layers as whole numbers would make them, computed in floats. (What a recurrent layer hands
    from step to step stays as it is.)"""
    import onnx
    from onnx import helper, numpy_helper

    made = onnx.ModelProto()
    made.CopyFrom(model)
    wanted = {key_of(n.output) for n in nodes}
    held = {t.name: t for t in made.graph.initializer}
    written = []
    for node in made.graph.node:
        key = key_of(node.output)
        if key in wanted:
            step, zero = scale_of(found[node.input[0]])
            made.graph.initializer.append(numpy_helper.from_array(np.array(step, np.float32), f"{key} step"))
            made.graph.initializer.append(numpy_helper.from_array(np.array(zero, np.uint8), f"{key} zero"))
            scale = [f"{key} step", f"{key} zero"]
            written.append(helper.make_node("QuantizeLinear", [node.input[0], *scale], [f"{key} whole"]))
            written.append(helper.make_node("DequantizeLinear", [f"{key} whole", *scale], [f"{key} rounded"]))
            node.input[0] = f"{key} rounded"
            for place in (1, 2) if node.op_type in RECURRENT else (1,):
                weights = np.asarray(numpy_helper.to_array(held[node.input[place]]))
                again = _rounded(node, weights)
                made.graph.initializer.append(numpy_helper.from_array(again, f"{key} weights {place}"))
                node.input[place] = f"{key} weights {place}"
        written.append(node)
    kept = [onnx.NodeProto.FromString(n.SerializeToString()) for n in written]
    del made.graph.node[:]
    made.graph.node.extend(kept)
    return made


def _rounded(node: Any, weights: NDArray[Any]) -> NDArray[np.float32]:
    """A layer's weights after they were whole numbers, with a scale for each of its outputs."""
    if node.op_type in RECURRENT:  # (directions, outputs, inputs)
        q, by = rounded(weights.reshape(-1, weights.shape[-1]))
        return (q * by[:, None]).astype(np.float32).reshape(weights.shape)
    axis = output_axis(node, weights)
    rows = np.moveaxis(weights, axis, 0)
    q, by = rounded(rows.reshape(len(rows), -1))
    again = (q * by[:, None]).astype(np.float32).reshape(rows.shape)
    return np.ascontiguousarray(np.moveaxis(again, 0, axis))


def output_axis(node: Any, weights: NDArray[Any]) -> int:
    """The axis of a layer's weights along which its outputs lie."""
    if node.op_type == "Conv":
        return 0
    turned = next((a.i for a in node.attribute if a.name == "transB"), 0) if node.op_type == "Gemm" else 0
    return 0 if turned else weights.ndim - 1


def _session(model: Any, more: Sequence[str]) -> Any:
    """A session of ONNX Runtime that also answers these tensors."""
    import onnx
    import onnxruntime

    asked = onnx.ModelProto()
    asked.CopyFrom(model)
    told = {o.name for o in asked.graph.output}
    asked.graph.output.extend(onnx.ValueInfoProto(name=n) for n in more if n not in told)
    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 4
    settings.intra_op_num_threads = 1
    settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    return onnxruntime.InferenceSession(asked.SerializeToString(), settings, providers=["CPUExecutionProvider"])
