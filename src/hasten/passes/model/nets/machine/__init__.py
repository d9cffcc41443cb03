"""A small net as C that is written for it.

What changes     the graph of the net, for one row, becomes one C function: sizes are numbers in it, weights lie in the
                 order in which they are read, and nothing is looked up, checked or allocated between two layers.
When it wins     small nets at few rows (recommenders, keyword spotting, students): a call of a runtime costs 4 us and
                 each of its operators one or two, this costs what the arithmetic does. Large nets and many rows gain
                 nothing: it has one thread, and goes row by row.
Refused          operators without code (`operators.py`), grouped convolutions, weights that are computed.
Rounding         products and sums are fused; exponentials are polynomials within two units of the last place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from hasten.core.model import ModelWorkload
from hasten.core.model_pass import Built, CannotServe, Parameters
from hasten.core.recipe import Risk
from hasten.errors import TargetError
from hasten.serve.net import is_net
from hasten.serve.stored import FLOAT32, INT8

if TYPE_CHECKING:
    from hasten.passes.model.nets.machine.graph import Graph
    from hasten.passes.model.nets.sensitive import Range


INPUTS, OUTPUTS = 32, 16  # of a layer that gains from whole numbers, at least
BOUNDED = -1.0, 1.0  # what a recurrent layer hands on, if nobody sees it
CALIBRATED, LOOKED = 128, 48  # rows for ranges, and for what each layer does to the answers


def build(
    work: ModelWorkload, folder: Path, stored: str, ranges: str = "", spare: bool = False
) -> Built:  # fmt: skip
    """Write, compile and keep the code; with `ranges`, found in this way, layers compute in whole numbers of 8 bits,
    all but (`spare`) those that hurt. Raises `CannotServe`."""
    from hasten.passes.model.nets.machine.graph import MOST_VALUES, MOST_WHOLE, graphs
    from hasten.passes.model.nets.machine.source import source
    from hasten.serve.backends.machine import LANES, USUAL_LANES, WEIGHTS, level, write
    from hasten.serve.stored import LEVELS, save

    graph, *several = graphs(work, folder, MOST_WHOLE if ranges else MOST_VALUES)
    few = _whole(work, graph, ranges, spare) if ranges else None
    levels = LEVELS.get(stored, LEVELS[INT8])
    made = source(graph, LANES.get(level(), USUAL_LANES), several[0] if several else None, few, levels)
    try:
        write(folder, made.text)
    except TargetError as error:
        raise CannotServe(str(error)) from error
    save(folder / WEIGHTS, made.arrays, stored, dict.fromkeys(made.arrays, 0))
    free = next(([place, axis] for place, axis in enumerate(graph.free) if axis is not None), None)
    options: dict[str, Any] = {
        "kind": "machine", "level": level(), "weights": made.weights, "floats": made.floats, "answer": made.answer,
        "free": free,
    }  # fmt: skip
    return Built("net", work.methods, options)


def _whole(work: ModelWorkload, graph: Graph, by: str, spare: bool) -> dict[str, Range]:
    """The layers that compute in whole numbers, by their outputs, and the range of what they take; of recurrent layers
    also (`state_of`) the range of what they hand from step to step."""
    from hasten.passes.model.nets.quantise import PRODUCTS, calibration
    from hasten.passes.model.nets.sensitive import (
        MINMAX,
        OWN,
        ROWS,
        damages,
        key_of,
        layers,
        ranges,
        recurrent,
        spared,
        state_of,
    )

    nodes = []
    for node in layers(graph.model):
        weights = graph.constants[node.input[1]]
        groups = next((a.i for a in node.attribute if a.name == "group"), 1)
        conv = node.op_type == "Conv"
        outputs = weights.shape[0] if conv else min(weights.shape)
        inputs = weights[0].size if conv else max(weights.shape)
        if groups == 1 and weights.ndim in (2, 3, 4) and inputs >= INPUTS and outputs >= OUTPUTS:
            nodes.append(node)
    stepping = [n for n in recurrent(graph.model) if graph.constants[n.input[2]].shape[-1] >= INPUTS]
    if not nodes and not stepping:
        raise CannotServe("none of its layers is large enough to gain from whole numbers")
    few = {}
    if by == ROWS:
        few = {key_of(n.output): OWN for n in nodes if n.op_type in PRODUCTS}
        nodes = [n for n in nodes if n.op_type not in PRODUCTS]
        if not nodes and not stepping:
            return few
        by = MINMAX
    rows = calibration(work, CALIBRATED)
    feeds = []
    for i in range(len(rows)):
        arrays = rows.take(slice(i, i + 1)).arrays.values()
        feeds.append(dict(zip(graph.inputs, arrays, strict=True)))
    nodes += stepping
    looked = [*(n.input[0] for n in nodes), *(n.output[0] for n in stepping if n.output[0])]
    found = ranges(graph.model, looked, feeds, by)
    gone = spared(damages(graph.model, nodes, found, feeds[:LOOKED])) if spare else []
    for n in nodes:
        key = key_of(n.output)
        if key in gone:
            continue
        if n not in stepping or graph.constants[n.input[1]].shape[-1] >= INPUTS:
            few[key] = found[n.input[0]]
        if n in stepping:
            few[state_of(key)] = found.get(n.output[0], BOUNDED)
    if not few:
        raise CannotServe("all of its layers that could be in whole numbers hurt")
    return few


@dataclass(frozen=True)
class MachineCode:
    """A small net as C that is written for it."""

    code: ClassVar[str] = "HSM305"
    name: ClassVar[str] = "code of its own"
    risk: ClassVar[Risk] = Risk.ROUNDING
    packages: ClassVar[tuple[str, ...]] = ("onnx", "onnxruntime")

    def parameters(self, work: ModelWorkload) -> Iterator[Parameters]:
        if is_net(work.model):
            yield {}

    def build(self, work: ModelWorkload, folder: Path, parameters: Parameters) -> Built:
        return build(work, folder, FLOAT32)


@dataclass(frozen=True)
class MachineCodeInt8:
    """A small net as C that is written for it, in int8.

    What it does     the same with layers in whole numbers of 8 bits, where the processor multiplies those (VNNI): sums
                     are exact, and four times as many products fit into an instruction. What flows between layers
                     stays float32 (what a recurrent layer hands from step to step does not). Ranges are found on
                     calibration rows in several ways, or (`rows`) each row of what goes into a product has its own,
                     found in each call, which is closest to float32; with `spared`, layers whose rounding hurts
                     most stay in float32. Their weights, and large tables of embeddings, are int8 with a scale for
                     each row, on disk and in memory.
    """

    code: ClassVar[str] = "HSM307"
    name: ClassVar[str] = "code of its own, int8"
    risk: ClassVar[Risk] = Risk.QUALITY
    packages: ClassVar[tuple[str, ...]] = ("onnx", "onnxruntime")

    def parameters(self, work: ModelWorkload) -> Iterator[Parameters]:
        from hasten.passes.model.nets.quantise import only_products
        from hasten.passes.model.nets.sensitive import ERROR, MINMAX, ROWS
        from hasten.serve.backends.machine import level

        if is_net(work.model) and "VNNI" in level():
            if only_products(work.model):
                yield {"ranges": ROWS}
            yield {"ranges": MINMAX}
            yield {"ranges": ERROR, "spared": True}

    def build(self, work: ModelWorkload, folder: Path, parameters: Parameters) -> Built:
        return build(work, folder, INT8, parameters["ranges"], bool(parameters.get("spared")))
