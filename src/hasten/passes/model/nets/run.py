"""How a net is run, in the numbers it was trained in: TorchScript, Inductor, ONNX Runtime, OpenVINO.

What changes     Python's module becomes a graph. Batch normalisation folds into convolutions, constant sub-graphs are
                 computed once and dead branches are gone: the runtimes do that as they load.
When it wins     small nets at one row, where Python's overhead is most of the time (3x and more for ResNets of CIFAR's
                 size in ONNX Runtime); Inductor at large batches.
Traps            bfloat16 without AMX is slower than float32, and OpenVINO picks it by itself where the processor has
                 any of it: the precision is said. One row as an example would make the number of rows a constant.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from hasten.core.model import ModelWorkload, Tensors
from hasten.core.model_pass import Built, CannotServe, Parameters
from hasten.core.recipe import Risk
from hasten.passes.model.nets import export
from hasten.serve.backends.nets import COMPILED, ONNX, OPENVINO, TRACED
from hasten.serve.net import Net, is_net


def has_images(work: ModelWorkload) -> bool:
    """Whether an input has the dimensions of images (rows, channels, height, width)."""
    return isinstance(work.valid.x, Tensors) and any(a.ndim == 4 for a in work.valid.x.arrays.values())


@dataclass(frozen=True)
class TorchScript:
    """TorchScript, traced and frozen.

    What it does     torch still runs the net, without Python and with what is constant folded. (An exported program
                     run by torch is interpreted in Python, and slower than the module itself.)
    """

    code: ClassVar[str] = "HSM301"
    name: ClassVar[str] = "TorchScript, frozen"
    risk: ClassVar[Risk] = Risk.ROUNDING
    packages: ClassVar[tuple[str, ...]] = ("torch",)

    def parameters(self, work: ModelWorkload) -> Iterator[Parameters]:
        if isinstance(work.model, Net):
            yield {}
            if has_images(work):
                yield {"channels_last": True}

    def build(self, work: ModelWorkload, folder: Path, parameters: Parameters) -> Built:
        last = bool(parameters.get("channels_last"))
        export.traced(work, folder / TRACED, channels_last=last)
        each = [last and a.ndim == 4 for a in work.valid.x.arrays.values()]
        return Built("net", work.methods, {"kind": "traced", "channels_last": each}, ("torch",))


@dataclass(frozen=True)
class Inductor:
    """Inductor, compiled ahead of time.

    What it does     torch's Inductor writes C++ for the whole net and compiles it (AOTInductor): that needs a C++
                     compiler, and only where the artifact is built.
    """

    code: ClassVar[str] = "HSM302"
    name: ClassVar[str] = "Inductor, compiled ahead of time"
    risk: ClassVar[Risk] = Risk.ROUNDING
    packages: ClassVar[tuple[str, ...]] = ("torch",)

    def parameters(self, work: ModelWorkload) -> Iterator[Parameters]:
        if isinstance(work.model, Net):
            yield {}

    def build(self, work: ModelWorkload, folder: Path, parameters: Parameters) -> Built:
        import shutil

        import torch

        if not any(map(shutil.which, ("g++", "clang++", "c++"))):
            raise CannotServe("no C++ compiler is on the PATH")
        program = export.exported(work)
        try:
            with export.quiet():
                torch._inductor.aoti_compile_and_package(program, package_path=str(folder / COMPILED))
        except Exception as error:  # noqa: BLE001 - what it says is the reason
            raise CannotServe(f"Inductor: {export.first_line(error)}") from None
        return Built("net", work.methods, {"kind": "compiled"}, ("torch",))


@dataclass(frozen=True)
class OnnxRuntime:
    """A net in ONNX Runtime, in float32.

    What it does     exports the net as an ONNX graph with a free number of rows, which ONNX Runtime answers from: torch
                     is not needed to serve it.
    """

    code: ClassVar[str] = "HSM303"
    name: ClassVar[str] = "ONNX Runtime"
    risk: ClassVar[Risk] = Risk.ROUNDING
    packages: ClassVar[tuple[str, ...]] = ("onnx", "onnxruntime")

    def parameters(self, work: ModelWorkload) -> Iterator[Parameters]:
        if is_net(work.model):
            yield {}

    def build(self, work: ModelWorkload, folder: Path, parameters: Parameters) -> Built:
        inputs = export.onnx(work, folder / ONNX)
        return Built("net", work.methods, {"kind": "onnx", "inputs": inputs}, ("onnxruntime",))


@dataclass(frozen=True)
class OpenVino:
    """A net in OpenVINO, in float32.

    What it does     converts the net to OpenVINO's own graph, in float32, or in bfloat16 where the processor has AMX:
                     torch is not needed to serve it.
    """

    code: ClassVar[str] = "HSM304"
    name: ClassVar[str] = "OpenVINO"
    risk: ClassVar[Risk] = Risk.ROUNDING
    packages: ClassVar[tuple[str, ...]] = ("openvino",)

    def parameters(self, work: ModelWorkload) -> Iterator[Parameters]:
        if is_net(work.model):
            yield {"precision": "f32"}
            if _has_amx():
                yield {"precision": "bf16"}

    def build(self, work: ModelWorkload, folder: Path, parameters: Parameters) -> Built:
        import openvino as ov

        model, places = export.openvino(work, folder)
        ov.save_model(model, folder / OPENVINO, compress_to_fp16=False)
        options = {"kind": "openvino", "precision": parameters["precision"], "places": places}
        return Built("net", work.methods, options, ("openvino",))


def _has_amx() -> bool:
    """bfloat16 pays only where matrix units multiply it."""
    try:
        return "amx_bf16" in Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
