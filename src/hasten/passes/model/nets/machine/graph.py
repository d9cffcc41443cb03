"""A net as a list of operators over arrays whose sizes are known: what code is written from.

The ONNX graph is taken for one row, and for several where that is all the same to its operators. Batch normalisation
is folded and constants are computed by ONNX Runtime's own basic rewrites. Sizes are seen, not inferred: the graph is
run on a row of the data with everything in between as its answer, and where the steps are free, at three lengths,
between which sizes grow along a line.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.core.model import ModelWorkload, Tensors
from hasten.core.model_pass import CannotServe
from hasten.passes.model.nets import export

LENGTH = "L"  # the number of steps, in C
Size = int | str  # a number, or C text over `LENGTH`
MOST_VALUES = 20_000_000  # of its weights in float32
MOST_WHOLE = 150_000_000  # in whole numbers of 8 bits
MOST_NODES = 3000
SEVERAL = 16  # rows that are answered at once
# operators whose code takes one row: their windows and steps are what it counts
ONE_ROW = ("Conv", "ConvTranspose", "InstanceNormalization", "MaxPool", "AveragePool", "LSTM", "GRU")
SHAPES_ONLY = ("Shape", "Size")
# what is read of these besides sizes, which are known: their first input
ONLY_FIRST = ("Reshape", "Expand", "Slice", "Unsqueeze", "Squeeze", "Split", "Tile")


@dataclass(frozen=True)
class Node:
    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]


@dataclass(frozen=True)
class Graph:
    """`inputs` are in the order of the net's; `free` says for each which axis has the free length, or None. `rows` is
    how many rows it is for."""

    nodes: tuple[Node, ...]
    inputs: tuple[str, ...]
    output: str
    shapes: Mapping[str, tuple[Size, ...]]
    dtypes: Mapping[str, np.dtype[Any]]
    constants: Mapping[str, NDArray[Any]]
    free: tuple[int | None, ...]
    rows: int = 1
    model: Any = None  # the ONNX graph itself


def read(work: ModelWorkload, scratch: Path) -> Graph:
    """The net of a workload, for one row. Raises `CannotServe`."""
    return graphs(work, scratch)[0]


def graphs(work: ModelWorkload, scratch: Path, most: int = MOST_VALUES) -> list[Graph]:
    """The net of a workload for one row and, where its operators take it, for `SEVERAL`. Raises `CannotServe`, also
    where it has more than `most` weights."""
    import onnx

    path = scratch / "graph.onnx"
    try:
        names = export.onnx(work, path)
        model = onnx.load(path)
        _small_enough(model, most)
        taken = {i.name for i in model.graph.input}
        for name in names:
            if name not in taken:
                raise CannotServe(f"it does not use its input {name}")
        free = tuple(_free_axis(work, name) for name in work.model.names)
        several = onnx.ModelProto()
        several.CopyFrom(model)
        _of_rows(model, names, free, 1)
        model = _folded(model, path)
    finally:
        path.unlink(missing_ok=True)
    _small_enough(model, most)
    x = work.valid.x
    assert isinstance(x, Tensors)
    seen = [_seen(model, names, x, length) for length in _lengths(x, free)]
    found = [_graph(model, tuple(names), free, seen, _lengths(x, free))]
    if free == (None,) * len(free) and not any(n.kind in ONE_ROW for n in found[0].nodes):
        with contextlib.suppress(CannotServe):
            _of_rows(several, names, free, SEVERAL)
            try:
                model = _folded(several, path)
            finally:
                path.unlink(missing_ok=True)
            many = _graph(model, tuple(names), free, [_seen(model, names, x, None, SEVERAL)], [None], SEVERAL)
            if _same_but_rows(found[0], many):
                found.append(many)
    return found


def _small_enough(model: Any, most: int) -> None:
    held = sum(int(np.prod(t.dims)) for t in model.graph.initializer)
    if held > most or len(model.graph.node) > MOST_NODES:
        raise CannotServe("it is too large to gain from code of its own")


def _same_but_rows(one: Graph, many: Graph) -> bool:
    """Whether the second has the operators of the first, over arrays of `SEVERAL` rows instead of one."""
    if [(n.kind, n.inputs, n.outputs) for n in one.nodes] != [(n.kind, n.inputs, n.outputs) for n in many.nodes]:
        return False
    names = {*one.inputs, *(name for node in one.nodes for name in node.outputs if name)}
    return all(
        one.shapes[n][:1] == (1,) and many.shapes[n] == (SEVERAL, *one.shapes[n][1:]) for n in names
    )  # fmt: skip


def _free_axis(work: ModelWorkload, name: str) -> int | None:
    axes = export.free_axes(work, name)
    if len(axes) > 1:
        raise CannotServe(f"{name} has several free lengths")
    return axes[0] if axes else None


def _of_rows(model: Any, names: list[str], free: tuple[int | None, ...], rows: int) -> None:
    axes = dict(zip(names, free, strict=True))
    for given in model.graph.input:
        dims = given.type.tensor_type.shape.dim
        dims[0].Clear()
        dims[0].dim_value = rows
        axis = axes.get(given.name)
        if axis is not None:
            dims[axis].Clear()
            dims[axis].dim_param = LENGTH
    for answer in model.graph.output:
        answer.type.tensor_type.ClearField("shape")
    del model.graph.output[1:]
    del model.graph.value_info[:]


def _folded(model: Any, path: Path) -> Any:
    """With batch normalisation folded and constants computed."""
    import onnx
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 4
    settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    settings.optimized_model_filepath = str(path)
    try:
        onnxruntime.InferenceSession(model.SerializeToString(), settings, providers=["CPUExecutionProvider"])
    except Exception as error:  # noqa: BLE001 - what it says is the reason
        raise CannotServe(f"for one row: {export.first_line(error)}") from None
    return onnx.load(path)


def _lengths(x: Tensors, free: tuple[int | None, ...]) -> list[int | None]:
    steps = {a.shape[axis] for a, axis in zip(x.arrays.values(), free, strict=True) if axis is not None}
    if not steps:
        return [None]
    if len(steps) > 1 or max(steps) < 4:
        raise CannotServe("its inputs differ in length, or are too short to tell how sizes depend on it")
    most = max(steps)
    return [most, max(1, most // 2), max(2, most // 2 + 1)]


def _seen(
    model: Any, names: list[str], x: Tensors, length: int | None, rows: int = 1
) -> dict[str, NDArray[Any]]:  # fmt: skip
    """Everything that the graph computes for the first rows, cut to `length` steps."""
    import onnx
    import onnxruntime

    everything = onnx.ModelProto()
    everything.CopyFrom(model)
    del everything.graph.output[:]
    told = [name for node in model.graph.node for name in node.output if name]
    everything.graph.output.extend(onnx.ValueInfoProto(name=name) for name in told)
    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 4
    settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    settings.intra_op_num_threads = 1
    given = {}
    for name, array in zip(names, x.arrays.values(), strict=True):
        row = np.ascontiguousarray(array[np.arange(rows) % len(array)])
        axis = next((i for i, d in enumerate(_dims(model, name)) if d == LENGTH), None)
        given[name] = row if axis is None else np.ascontiguousarray(row.take(range(length or 0), axis=axis))
    try:
        session = onnxruntime.InferenceSession(
            everything.SerializeToString(), settings, providers=["CPUExecutionProvider"]
        )
        answers = session.run(told, given)
    except Exception as error:  # noqa: BLE001 - what it says is the reason
        raise CannotServe(f"for one row: {export.first_line(error)}") from None
    return {**given, **dict(zip(told, map(np.asarray, answers), strict=True))}


def _dims(model: Any, name: str) -> list[Any]:
    shape = next(i for i in model.graph.input if i.name == name).type.tensor_type.shape
    return [d.dim_param or d.dim_value for d in shape.dim]


def _graph(
    model: Any, names: tuple[str, ...], free: tuple[int | None, ...], seen: list[dict[str, NDArray[Any]]],
    lengths: list[int | None], rows: int = 1,
) -> Graph:  # fmt: skip
    import onnx
    from onnx import numpy_helper

    constants = {t.name: np.asarray(numpy_helper.to_array(t)) for t in model.graph.initializer}
    nodes = []
    depends = set(names)
    for raw in model.graph.node:
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in raw.attribute}
        node = Node(raw.op_type, tuple(raw.input), tuple(raw.output), attributes)
        if raw.op_type not in SHAPES_ONLY and any(n in depends for n in node.inputs):
            depends.update(n for n in node.outputs if n)
            nodes.append(node)
            continue
        nodes.append(node)
        for name in node.outputs:  # it says nothing of the data: a constant, if it is the same at every length
            if name and all(_alike(s[name], seen[0][name]) for s in seen):
                constants[name] = seen[0][name]
    shapes = {n: tuple(_sizes([s[n].shape for s in seen], lengths)) for n in seen[0]}
    dtypes = {n: a.dtype for n, a in seen[0].items()}
    output = model.graph.output[0].name
    wanted, kept = {output}, []
    for node in reversed(nodes):
        if any(n in wanted and n not in constants for n in node.outputs):
            kept.append(node)
            wanted.update(_read(node))
    return Graph(tuple(reversed(kept)), names, output, shapes, dtypes, constants, free, rows, model)


def _read(node: Node) -> tuple[str, ...]:
    """The inputs whose values its code reads: sizes are known."""
    if node.kind in SHAPES_ONLY:
        return ()
    if node.kind == "Range":  # where it begins, and its steps
        return node.inputs[:1] + node.inputs[2:]
    return node.inputs[:1] if node.kind in ONLY_FIRST else node.inputs


def _alike(a: NDArray[Any], b: NDArray[Any]) -> bool:
    return a.shape == b.shape and a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")


def _sizes(shapes: list[tuple[int, ...]], lengths: list[int | None]) -> Iterator[Size]:
    """Each dimension as a number, or on a line over the length. Raises `CannotServe` where it is neither."""
    if len({len(s) for s in shapes}) > 1:
        raise CannotServe("how many dimensions it has depends on the length")
    for seen in zip(*shapes, strict=True):
        if len(set(seen)) == 1:
            yield int(seen[0])
            continue
        (a, b, c), (x, y, z) = seen, [n or 0 for n in lengths]
        per, rest = divmod(a - b, x - y)
        plus = a - per * x
        if rest or per * z + plus != c:
            raise CannotServe("its sizes grow with the length in steps")
        yield LENGTH if (per, plus) == (1, 0) else f"({per}*{LENGTH}{plus:+d})"
