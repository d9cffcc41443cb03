"""A net in whole numbers of 8 bits: ONNX Runtime (dynamic, and static with calibration), OpenVINO by NNCF.

What changes     weights, and what flows between layers, are held as int8. Static: their ranges are found on calibration
                 rows; dynamic: anew in each call (matrix products only: a dynamic convolution is slower than float32).
When it wins     on processors with VNNI or the like: 4x to 10x for convolutional nets, about 2.5x for encoders, a
                 quarter of the size. It takes seconds and no training, so it is tried before anything that learns.
Spared           layers whose rounding, each alone, hurts most may stay in float32 (`sensitive.py`).
Risk             quality: the judge decides by the budget.
Method           Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
                 Inference", CVPR 2018; Nagel et al., "A White Paper on Neural Network Quantization", 2021.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from hasten.core.model import ModelWorkload, Tensors
from hasten.core.model_pass import Built, CannotServe, Parameters
from hasten.core.recipe import Risk
from hasten.passes.model.nets import export
from hasten.passes.model.nets.sensitive import damages, layers, ranges, spared
from hasten.serve.backends.nets import ONNX, OPENVINO
from hasten.serve.net import OnnxNet, is_net

ROWS = 256  # for calibration
BATCH = 16  # of them at a time
LOOKED = 4  # batches on which it is looked at what each layer does to the answers
PRODUCTS = ("MatMul", "Gemm")  # what dynamic quantisation makes faster
RECURRENT = ("LSTM", "GRU", "RNN", "Attention")


def calibration(work: ModelWorkload, rows: int = ROWS) -> Tensors:
    """Rows that ranges may be found on: of the training data, which judge nothing. Raises `CannotServe`."""
    if work.train is None:
        raise CannotServe("no rows to calibrate on: give training data, or more validation data")
    x = work.train.x
    draw = np.random.default_rng(0)
    chosen: Tensors = x.take(np.sort(draw.permutation(len(x))[:rows]))
    return chosen


def only_products(model: Any) -> bool:
    """Whether all its layers with many weights are matrix products (and tables): encoders, perceptrons."""
    if isinstance(model, OnnxNet):
        kinds = set(export.operators(model.data))
        return bool(kinds & {*PRODUCTS}) and not kinds & {"Conv", "ConvTranspose", *RECURRENT}
    import torch

    convolutions = (torch.nn.Conv1d, torch.nn.Conv2d, torch.nn.Conv3d, torch.nn.RNNBase)
    return _has_products(model) and not any(isinstance(m, convolutions) for m in model.module.modules())


def _has_products(model: Any) -> bool:
    if isinstance(model, OnnxNet):
        return any(n in PRODUCTS + RECURRENT for n in export.operators(model.data))
    import torch

    module = model.module
    kinds = (torch.nn.Linear, torch.nn.MultiheadAttention, torch.nn.RNNBase)
    return any(isinstance(m, kinds) for m in module.modules())


@dataclass(frozen=True)
class OnnxInt8Dynamic:
    """int8 in ONNX Runtime, ranges found in each call.

    What it does     holds weights of matrix products and recurrent layers as int8; the range of what flows into
                     them is found anew in each call, so it needs no rows to calibrate on.
    """

    code: ClassVar[str] = "HSM311"
    name: ClassVar[str] = "ONNX Runtime, int8 weights, ranges in each call"
    risk: ClassVar[Risk] = Risk.QUALITY
    packages: ClassVar[tuple[str, ...]] = ("onnx", "onnxruntime")

    def parameters(self, work: ModelWorkload) -> Iterator[Parameters]:
        if is_net(work.model) and _has_products(work.model):
            yield {}

    def build(self, work: ModelWorkload, folder: Path, parameters: Parameters) -> Built:
        from onnxruntime.quantization import QuantType, quantize_dynamic

        plain, inputs = _prepared(work, folder)
        with export.quiet():
            quantize_dynamic(
                plain, folder / ONNX, op_types_to_quantize=[*PRODUCTS, *RECURRENT], per_channel=True,
                weight_type=QuantType.QInt8,
            )  # fmt: skip
        plain.unlink()
        return Built("net", work.methods, {"kind": "onnx", "inputs": inputs}, ("onnxruntime",))


@dataclass(frozen=True)
class OnnxInt8:
    """int8 in ONNX Runtime, ranges found by calibration.

    What it does     holds weights and activations as int8, per channel; ranges come from calibration rows by minimum
                     and maximum, by percentiles or by entropy.
    """

    code: ClassVar[str] = "HSM312"
    name: ClassVar[str] = "ONNX Runtime, int8"
    risk: ClassVar[Risk] = Risk.QUALITY
    packages: ClassVar[tuple[str, ...]] = ("onnx", "onnxruntime")

    def parameters(self, work: ModelWorkload) -> Iterator[Parameters]:
        if is_net(work.model):
            yield {"ranges": "minmax"}
            yield {"ranges": "minmax", "spared": True}
            yield {"ranges": "percentile"}
            yield {"ranges": "entropy"}

    def build(self, work: ModelWorkload, folder: Path, parameters: Parameters) -> Built:
        from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static

        plain, inputs = _prepared(work, folder)
        methods = {
            "minmax": CalibrationMethod.MinMax, "percentile": CalibrationMethod.Percentile,
            "entropy": CalibrationMethod.Entropy,
        }  # fmt: skip
        rows = calibration(work, ROWS if parameters["ranges"] == "minmax" else ROWS // 4)
        try:
            with export.quiet():
                spared = _spared(plain, rows, inputs) if parameters.get("spared") else []
                quantize_static(
                    plain, folder / ONNX, _reader(rows, inputs), quant_format=QuantFormat.QDQ, per_channel=True,
                    weight_type=QuantType.QInt8, activation_type=QuantType.QUInt8,
                    calibrate_method=methods[parameters["ranges"]], nodes_to_exclude=spared,
                )  # fmt: skip
        except Exception as error:  # noqa: BLE001 - what it says is the reason
            raise CannotServe(f"quantize_static: {export.first_line(error)}") from None
        plain.unlink()
        return Built("net", work.methods, {"kind": "onnx", "inputs": inputs}, ("onnxruntime",))


def _spared(path: Path, rows: Tensors, inputs: list[str]) -> list[str]:
    """The names of the layers whose rounding hurts most: they stay in float32."""
    import onnx

    model = onnx.load(path)
    nodes = layers(model)
    given = {i.name for i in model.graph.input}
    feeds = [
        {n: a for n, a in zip(inputs, rows.take(slice(at, at + BATCH)).arrays.values(), strict=True) if n in given}
        for at in range(0, len(rows), BATCH)
    ]
    hurt = damages(model, nodes, ranges(model, [n.input[0] for n in nodes], feeds), feeds[:LOOKED])
    gone = set(spared(hurt))
    return [n.name for n in nodes if n.output[0] in gone and n.name]


def _reader(rows: Tensors, inputs: list[str]) -> Any:
    """Calibration rows as ONNX Runtime reads them."""
    from onnxruntime.quantization import CalibrationDataReader

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self.batches = iter(range(0, len(rows), BATCH))

        def get_next(self) -> dict[str, Any] | None:
            at = next(self.batches, None)
            if at is None:
                return None
            some = rows.take(slice(at, at + BATCH))
            return dict(zip(inputs, some.arrays.values(), strict=True))

    return Reader()


def _prepared(work: ModelWorkload, folder: Path) -> tuple[Path, list[str]]:
    """The graph with shapes inferred and batch normalisation folded, as quantisers want it."""
    from onnx import load, save
    from onnxruntime.quantization.shape_inference import quant_pre_process

    raw, plain = folder / "raw.onnx", folder / "plain.onnx"
    inputs = export.onnx(work, raw)
    try:
        with export.quiet():
            quant_pre_process(str(raw), str(plain), skip_symbolic_shape=True)
    except Exception:  # noqa: BLE001 - a graph that it cannot prepare is quantised as it is
        raw.replace(plain)
    raw.unlink(missing_ok=True)
    graph = load(plain)
    del graph.graph.value_info[:]  # shapes of weights that preparation has turned round are stale in it
    save(graph, plain)
    return plain, inputs


@dataclass(frozen=True)
class OpenVinoInt8:
    """int8 in OpenVINO, by NNCF.

    What it does     holds weights and activations as int8 in OpenVINO's graph; NNCF finds their ranges on
                     calibration rows.
    """

    code: ClassVar[str] = "HSM313"
    name: ClassVar[str] = "OpenVINO, int8"
    risk: ClassVar[Risk] = Risk.QUALITY
    packages: ClassVar[tuple[str, ...]] = ("openvino", "nncf")

    def parameters(self, work: ModelWorkload) -> Iterator[Parameters]:
        if is_net(work.model):
            yield {"preset": "mixed"}

    def build(self, work: ModelWorkload, folder: Path, parameters: Parameters) -> Built:
        import nncf
        import openvino as ov

        model, places = export.openvino(work, folder)
        rows = calibration(work)
        batches = [list(rows.take(slice(at, at + BATCH)).arrays.values()) for at in range(0, len(rows), BATCH)]
        attention = _has_attention(work.model)
        try:
            with export.quiet():
                quantised = nncf.quantize(
                    model, nncf.Dataset(batches, lambda arrays: [arrays[i] for i in places]),
                    preset=nncf.QuantizationPreset(parameters["preset"]), subset_size=len(batches),
                    model_type=nncf.ModelType.TRANSFORMER if attention else None,
                )  # fmt: skip
        except Exception as error:  # noqa: BLE001 - what it says is the reason
            raise CannotServe(f"NNCF: {export.first_line(error)}") from None
        ov.save_model(quantised, folder / OPENVINO, compress_to_fp16=False)
        options = {"kind": "openvino", "precision": "f32", "places": places}
        return Built("net", work.methods, options, ("openvino",))


def _has_attention(model: Any) -> bool:
    """Whether it multiplies what it computed with itself: attention, by the names of modules, or two such operators."""
    if isinstance(model, OnnxNet):
        return {"Softmax", "MatMul"} <= set(export.operators(model.data))
    return any("attention" in type(m).__name__.lower() for m in model.module.modules())
