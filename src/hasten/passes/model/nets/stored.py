"""Weights in few bits on disk, computed with in float32.

What changes     matrices, kernels and tables of embeddings lie in the artifact as whole numbers of 8, 6 or 4 bits with
                 a scale for each row (each output, each word), or as float16, deflated; as it loads they become float32
                 again. What is computed in int8 in code of its own (HSM307) has weights of 6 or 4 bits in the same way.
When it wins     always in size: an eighth to a half. Time does not change. It composes with every reduction; weights
                 that pruning left zero cost next to nothing.
Risk             quality: rounding a weight to 8 bits of its row changes little, to 4 bits more, and the judge looks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from hasten.core.model import ModelWorkload
from hasten.core.model_pass import Built, CannotServe, Parameters
from hasten.core.recipe import Risk
from hasten.passes.model.nets import export
from hasten.passes.model.nets.quantise import OnnxInt8Dynamic
from hasten.serve.backends.machine import WEIGHTS
from hasten.serve.backends.nets import ONNX, OPENVINO
from hasten.serve.net import is_net
from hasten.serve.stored import FLOAT16, INT4, INT6, INT8, save

MACHINE, WHOLE, RUNTIME, VINO, DYNAMIC = "HSM305", "HSM307", "HSM303", "HSM304", "HSM311"
BITS = (INT4, INT6, INT8, FLOAT16)  # the fewest first
# int8 by ONNX Runtime leaves tables of embeddings, most of many a text model, in float32
STORED = {MACHINE: BITS, WHOLE: BITS[:2], RUNTIME: BITS, VINO: (FLOAT16,), DYNAMIC: BITS}
FEWEST = 256  # values of what is worth it
# operators whose weights have their outputs along the last axis
ACROSS = ("MatMul",)


@dataclass(frozen=True)
class FewBits:
    code: ClassVar[str] = "HSM306"
    name: ClassVar[str] = "weights in few bits"
    risk: ClassVar[Risk] = Risk.QUALITY
    packages: ClassVar[tuple[str, ...]] = ("onnx", "onnxruntime")

    def parameters(self, work: ModelWorkload) -> Iterator[Parameters]:
        if is_net(work.model):
            yield from ({"way": way, "stored": stored} for way, each in STORED.items() for stored in each)

    def build(self, work: ModelWorkload, folder: Path, parameters: Parameters) -> Built:
        way, stored = parameters["way"], parameters["stored"]
        if way in (MACHINE, WHOLE):
            from hasten.passes.model.nets.machine import build
            from hasten.passes.model.nets.sensitive import MINMAX

            ranges = parameters.get("ranges", MINMAX) if way == WHOLE else ""
            return build(work, folder, stored, ranges, bool(parameters.get("spared")))
        if way == VINO:
            return _openvino(work, folder)
        if way == DYNAMIC:
            built = OnnxInt8Dynamic().build(work, folder, {})
        else:
            built = Built(
                "net", work.methods, {"kind": "onnx", "inputs": export.onnx(work, folder / ONNX)}, ("onnxruntime",)
            )
        _lightened(folder, stored)
        return replace(built, options={**built.options, "stored": stored})


def _lightened(folder: Path, stored: str) -> None:
    """Take the weights in float32 out of a folder's graph, and put them beside it. Raises `CannotServe`."""
    import onnx
    from onnx import numpy_helper

    path = folder / ONNX
    model = onnx.load(path)
    axes = {n: _axis(model, n) for n in (t.name for t in model.graph.initializer)}
    arrays = {}
    for tensor in model.graph.initializer:
        value = np.asarray(numpy_helper.to_array(tensor))
        if value.dtype != np.float32 or value.ndim < 2 or value.size < FEWEST:
            continue
        arrays[tensor.name] = value
        _outside(tensor)
    if not arrays:
        raise CannotServe("it has no weights that are worth it")
    path.write_bytes(model.SerializeToString())
    save(folder / WEIGHTS, arrays, stored, {n: axes[n] for n in arrays})


def _axis(model: Any, name: str) -> int:
    """The axis of a weight's outputs, or of a table's rows."""
    users = [n for n in model.graph.node if name in n.input]
    across = any(n.op_type in ACROSS for n in users) or any(
        n.op_type == "Gemm" and not next((a.i for a in n.attribute if a.name == "transB"), 0) for n in users
    )
    dims = next(len(t.dims) for t in model.graph.initializer if t.name == name)
    if any(n.op_type in ("LSTM", "GRU", "RNN") for n in users) or across:
        return 1 if dims > 1 else 0
    return 0


def _outside(tensor: Any) -> None:
    """Leave a tensor's values out of the graph: they are given as it is loaded."""
    from onnx import TensorProto

    for field in ("raw_data", "float_data"):
        tensor.ClearField(field)
    tensor.data_location = TensorProto.EXTERNAL
    del tensor.external_data[:]
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", WEIGHTS


def _openvino(work: ModelWorkload, folder: Path) -> Built:
    import openvino as ov

    model, places = export.openvino(work, folder)
    ov.save_model(model, folder / OPENVINO, compress_to_fp16=True)
    return Built("net", work.methods, {"kind": "openvino", "precision": "f32", "places": places}, ("openvino",))
