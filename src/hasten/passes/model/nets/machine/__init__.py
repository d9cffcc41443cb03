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
from typing import Any, ClassVar

from hasten.core.model import ModelWorkload
from hasten.core.model_pass import Built, CannotServe, Parameters
from hasten.core.recipe import Risk
from hasten.errors import TargetError
from hasten.serve.net import is_net
from hasten.serve.stored import FLOAT32


def build(work: ModelWorkload, folder: Path, stored: str) -> Built:
    """Write, compile and keep the code. Raises `CannotServe`."""
    from hasten.passes.model.nets.machine.graph import graphs
    from hasten.passes.model.nets.machine.source import source
    from hasten.serve.backends.machine import LANES, USUAL_LANES, WEIGHTS, level, write
    from hasten.serve.stored import save

    graph, *several = graphs(work, folder)
    made = source(graph, LANES.get(level(), USUAL_LANES), *several)
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


@dataclass(frozen=True)
class MachineCode:
    code: ClassVar[str] = "HSM305"
    name: ClassVar[str] = "code of its own"
    risk: ClassVar[Risk] = Risk.ROUNDING
    packages: ClassVar[tuple[str, ...]] = ("onnx", "onnxruntime")

    def parameters(self, work: ModelWorkload) -> Iterator[Parameters]:
        if is_net(work.model):
            yield {}

    def build(self, work: ModelWorkload, folder: Path, parameters: Parameters) -> Built:
        return build(work, folder, FLOAT32)
