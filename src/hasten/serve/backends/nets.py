"""How nets are answered: code of their own, TorchScript, what Inductor compiled, ONNX Runtime, OpenVINO.

Each takes the inputs as a list of arrays, and gives the scores as an array.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.serve.backends import machine
from hasten.serve.backends.machine import WEIGHTS
from hasten.serve.backends.onnx import session
from hasten.serve.devices import CPU, torch_device

Arrays = list[NDArray[Any]]
Ask = Callable[[Arrays], NDArray[Any]]
TRACED, COMPILED, ONNX, OPENVINO = "model.ts", "compiled.pt2", "model.onnx", "model.xml"


class NetBackend:
    """Answers `forward`."""

    takes = "tensors"

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def method(self, name: str) -> Ask:
        return self._ask

    def row(self, name: str) -> None:
        return None


def load(folder: Path, options: Mapping[str, Any], threads: int | None) -> NetBackend:
    kinds = {"traced": _traced, "compiled": _compiled, "onnx": _onnx, "openvino": _openvino, "machine": machine.load}
    return NetBackend(kinds[options["kind"]](folder, options, threads))


def _traced(folder: Path, options: Mapping[str, Any], threads: int | None) -> Ask:
    import warnings

    import torch

    if threads is not None:
        torch.set_num_threads(threads)
    device, half = options.get("device", CPU), options.get("half", False)
    where = torch_device(device)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that TorchScript is to be succeeded by torch.export
        module = torch.jit.load(str(folder / TRACED), map_location=where)  # type: ignore[no-untyped-call]
    formats = [torch.channels_last if last else torch.contiguous_format for last in options["channels_last"]]

    def ask(arrays: Arrays) -> NDArray[Any]:
        with torch.inference_mode():
            given = [torch.from_numpy(a).contiguous(memory_format=f) for a, f in zip(arrays, formats, strict=True)]
            answer: NDArray[Any] = module(*given).contiguous().numpy()
        return answer

    def there(arrays: Arrays) -> NDArray[Any]:
        with torch.inference_mode():
            given = [torch.from_numpy(a).to(where) for a in arrays]
            if half:
                given = [t.half() if t.is_floating_point() else t for t in given]
            given = [t.contiguous(memory_format=f) for t, f in zip(given, formats, strict=True)]
            found = module(*given)
            answer: NDArray[Any] = (found.float() if half and found.is_floating_point() else found).cpu().numpy()
        return answer

    return ask if device == CPU else there


def _compiled(folder: Path, options: Mapping[str, Any], threads: int | None) -> Ask:
    import torch

    if threads is not None:
        torch.set_num_threads(threads)
    where = torch_device(options.get("device", CPU))
    module = torch._inductor.aoti_load_package(str(folder / COMPILED))

    def ask(arrays: Arrays) -> NDArray[Any]:
        with torch.inference_mode():
            answer: NDArray[Any] = module(*[torch.from_numpy(a).to(where) for a in arrays]).contiguous().cpu().numpy()
        return answer

    return ask


def _onnx(folder: Path, options: Mapping[str, Any], threads: int | None) -> Ask:
    weights = _held(folder) if options.get("stored") else None
    graph = session(str(folder / ONNX), threads, weights, options.get("device", CPU))
    given = {i.name for i in graph.get_inputs()}
    places = [(place, name) for place, name in enumerate(options["inputs"]) if name in given]
    outputs = [graph.get_outputs()[0].name]

    def ask(arrays: Arrays) -> NDArray[Any]:
        answer: NDArray[Any] = graph.run(outputs, {name: arrays[place] for place, name in places})[0]
        return answer

    return ask


def _held(folder: Path) -> dict[str, NDArray[Any]]:
    """Weights that lie beside the graph, in fewer bits."""
    from hasten.serve.stored import load as stored

    return stored(folder / WEIGHTS)


def _openvino(folder: Path, options: Mapping[str, Any], threads: int | None) -> Ask:
    import openvino

    settings: dict[str, Any] = {
        "PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": "1", "INFERENCE_PRECISION_HINT": options["precision"],
    }  # fmt: skip
    if threads is not None:
        settings["INFERENCE_NUM_THREADS"] = threads
    model = openvino.Core().compile_model(str(folder / OPENVINO), "CPU", settings)
    places = options["places"]
    import threading

    local = threading.local()

    def ask(arrays: Arrays) -> NDArray[Any]:
        request = getattr(local, "request", None)
        if request is None:
            request = local.request = model.create_infer_request()
        answer: NDArray[Any] = np.array(request.infer([arrays[i] for i in places], share_inputs=True)[0])
        return answer

    return ask
