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
from hasten.serve.backends.onnx import CUDA_PROVIDER
from hasten.serve.devices import CPU, CUDA, has_cuda
from hasten.serve.net import Net, is_net


def on_card(work: ModelWorkload) -> bool:
    """Whether the net is to be served on a graphics card too: its user's module lies on one, and one is here."""
    return isinstance(work.model, Net) and work.model.device == CUDA and has_cuda()


def has_images(work: ModelWorkload) -> bool:
    """Whether an input has the dimensions of images (rows, channels, height, width)."""
    return isinstance(work.valid.x, Tensors) and any(a.ndim == 4 for a in work.valid.x.arrays.values())


@dataclass(frozen=True)
class TorchScript:
    """TorchScript, traced and frozen.

    What it does     torch still runs the net, without Python and with what is constant folded. (An exported program
                     run by torch is interpreted in Python, and slower than the module itself.) On a graphics card too
                     where the user's module lies on one.
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
            if on_card(work):
                yield {"device": CUDA}

    def build(self, work: ModelWorkload, folder: Path, parameters: Parameters) -> Built:
        return _traced(work, folder, bool(parameters.get("channels_last")), parameters.get("device", CPU), half=False)


def _traced(work: ModelWorkload, folder: Path, last: bool, device: str, *, half: bool) -> Built:
    export.traced(work, folder / TRACED, channels_last=last, device=device, half=half)
    each = [last and a.ndim == 4 for a in work.valid.x.arrays.values()]
    options = {"kind": "traced", "channels_last": each, "device": device, "half": half}
    return Built("net", work.methods, options, ("torch",))


@dataclass(frozen=True)
class HalfPrecision:
    """TorchScript in float16, on a graphics card.

    What it does     holds weights and what flows between layers as float16 on the card, whose matrix units multiply
                     those several times faster than float32. For modules that lie on a card only.
    """

    code: ClassVar[str] = "HSM308"
    name: ClassVar[str] = "TorchScript in float16 on a graphics card"
    risk: ClassVar[Risk] = Risk.QUALITY
    packages: ClassVar[tuple[str, ...]] = ("torch",)

    def parameters(self, work: ModelWorkload) -> Iterator[Parameters]:
        if on_card(work):
            yield {}
            if has_images(work):
                yield {"channels_last": True}

    def build(self, work: ModelWorkload, folder: Path, parameters: Parameters) -> Built:
        return _traced(work, folder, bool(parameters.get("channels_last")), CUDA, half=True)


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
            if on_card(work):
                yield {"device": CUDA}

    def build(self, work: ModelWorkload, folder: Path, parameters: Parameters) -> Built:
        import shutil

        import torch

        if not any(map(shutil.which, ("g++", "clang++", "c++"))):
            raise CannotServe("no C++ compiler is on the PATH")
        device = parameters.get("device", CPU)
        program = export.exported(work, device)
        try:
            with export.quiet():
                torch._inductor.aoti_compile_and_package(program, package_path=str(folder / COMPILED))
        except Exception as error:  # noqa: BLE001 - what it says is the reason
            raise CannotServe(f"Inductor: {export.first_line(error)}") from None
        return Built("net", work.methods, {"kind": "compiled", "device": device}, ("torch",))


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
            if on_card(work) and CUDA_PROVIDER in providers():
                yield {"device": CUDA}

    def build(self, work: ModelWorkload, folder: Path, parameters: Parameters) -> Built:
        inputs = export.onnx(work, folder / ONNX)
        options = {"kind": "onnx", "inputs": inputs, "device": parameters.get("device", CPU)}
        return Built("net", work.methods, options, ("onnxruntime",))


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


def providers() -> list[str]:
    """What ONNX Runtime can compute on here."""
    import onnxruntime

    return list(onnxruntime.get_available_providers())


def _has_amx() -> bool:
    """bfloat16 pays only where matrix units multiply it."""
    try:
        return "amx_bf16" in Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
