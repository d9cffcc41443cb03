"""A net as a graph: exported programs of torch, ONNX, OpenVINO. The number of rows stays free, and lengths that the
schema leaves free (`dynamic`)."""

from __future__ import annotations

import contextlib
import copy
import hashlib
import io
import logging
import warnings
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from hasten.core.model import ModelWorkload, Tensors
from hasten.core.model_pass import CannotServe
from hasten.serve.devices import CPU, torch_device
from hasten.serve.net import Net, OnnxNet, scores, tensors

ROWS = 2  # of the example: one row would make the number of rows a constant


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Exporters print and warn about themselves; what matters they raise."""
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        disabled = logging.root.manager.disable
        logging.disable(logging.ERROR)
        try:
            yield
        finally:
            logging.disable(disabled)


def net_of(work: ModelWorkload) -> Net:
    assert isinstance(work.model, Net)
    return work.model


def example(work: ModelWorkload) -> dict[str, Any]:
    """A few rows of the data as the module is called with: tensors by the names of its inputs, in their order."""
    x = work.valid.x
    assert isinstance(x, Tensors)
    return tensors(x.take(np.arange(ROWS) % len(x)))


def free_axes(work: ModelWorkload, name: str) -> tuple[int, ...]:
    return (work.free or {}).get(name, ())


def only_scores(module: Any, names: tuple[str, ...]) -> Any:
    """A module that answers the scores of `module` only, to positional inputs in the order of `names`."""
    import torch

    class OnlyScores(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = module

        def forward(self, *given: Any) -> Any:
            return scores(self.net(**dict(zip(names, given, strict=True))))

    return OnlyScores().eval()


def traced(
    work: ModelWorkload, path: Path, channels_last: bool = False, device: str = CPU, *, half: bool = False
) -> None:  # fmt: skip
    """Write the net as frozen TorchScript, computed on `device` (constants of a trace lie where it was made), with
    `half` in float16. Raises `CannotServe`.

    A trace follows one way through the module; where another would be taken, its answers to other lengths differ, and
    the judge asks for some.
    """
    import torch

    net = net_of(work)
    where = torch_device(device)
    module = only_scores(copy.deepcopy(net.module), net.names).to(where)
    given = tuple(t.to(where) for t in example(work).values())
    if half:
        module, given = module.half(), tuple(t.half() if t.is_floating_point() else t for t in given)
    if channels_last:
        module = module.to(memory_format=torch.channels_last)
        given = tuple(_last(t) for t in given)
    try:
        with quiet(), torch.no_grad():
            script = torch.jit.trace(module, given, check_trace=False)  # type: ignore[no-untyped-call]
            torch.jit.freeze(script).save(str(path))
    except Exception as error:  # noqa: BLE001 - exporters raise anything; what they say is the reason
        raise CannotServe(f"torch.jit.trace: {first_line(error)}") from None


def exported(work: ModelWorkload, device: str = CPU) -> Any:
    """The net as an exported program (`torch.export`). Raises `CannotServe`."""
    import torch

    net = net_of(work)
    module = only_scores(net.module, net.names)
    given = tuple(example(work).values())
    if device != CPU:
        where = torch_device(device)
        module, given = copy.deepcopy(module).to(where), tuple(t.to(where) for t in given)
    try:
        with quiet(), torch.no_grad():
            return torch.export.export(module, given, dynamic_shapes=(tuple(_free(work)),))
    except Exception as error:  # noqa: BLE001 - exporters raise anything; what they say is the reason
        raise CannotServe(f"torch.export: {first_line(error)}") from None


def _last(tensor: Any) -> Any:
    import torch

    return tensor.contiguous(memory_format=torch.channels_last) if tensor.ndim == 4 else tensor


def _free(work: ModelWorkload) -> Iterator[dict[int, Any]]:
    """The axes whose length is free, for each input."""
    import torch

    for name in net_of(work).names:
        yield dict.fromkeys([0, *free_axes(work, name)], torch.export.Dim.DYNAMIC)


def onnx(work: ModelWorkload, path: Path) -> list[str]:
    """Write the net as an ONNX graph; gives the names of its inputs in the order of the net's. Raises `CannotServe`.

    By torch's exporter over `torch.export`, and where that fails by the older one, which traces. Many passes want the
    graph of the same net: in one process it is made once.
    """
    if isinstance(work.model, OnnxNet):
        path.write_bytes(work.model.data)
        return list(work.model.names)
    net = net_of(work)
    key = f"{_digest(net)} {work.free} {[(n, t.dtype, t.shape) for n, t in example(work).items()]}"
    if key not in _graphs:
        made = _onnx(work, path)
        while len(_graphs) >= GRAPHS:
            _graphs.pop(next(iter(_graphs)))
        _graphs[key] = net, path.read_bytes(), tuple(made)
    _, data, names = _graphs[key]
    path.write_bytes(data)
    return list(names)


GRAPHS = 2  # that are kept
_graphs: dict[str, tuple[Net, bytes, tuple[str, ...]]] = {}  # by what they were made from; the net keeps its identity


def _digest(net: Net) -> str:
    """Of all that a net answers from: its object, its layers, and what they hold now; one that was changed in place is
    another."""
    import torch

    module = net.module
    held = hashlib.sha256(f"{id(net)} {id(module)} {net.names} {net.device} {module}".encode())
    for layer in module.modules():
        plain = {k: v for k, v in vars(layer).items() if isinstance(v, (bool, int, float, str, tuple, type(None)))}
        held.update(repr(sorted(plain.items())).encode())
    for name, tensor in (*module.named_parameters(), *module.named_buffers()):
        held.update(f"{name} {tuple(tensor.shape)} {tensor.dtype};".encode())
        if tensor.layout is torch.strided and not tensor.is_quantized:
            held.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return held.hexdigest()


def _onnx(work: ModelWorkload, path: Path) -> list[str]:
    for package in ("torch", "onnxscript"):
        if find_spec(package) is None:
            raise CannotServe(f"not installed: pip install {package}")
    import torch

    net = net_of(work)
    given = tuple(example(work).values())
    names = [f"input_{name}" for name in net.names]
    told = []
    try:
        with quiet(), torch.no_grad():
            program = torch.onnx.export(
                exported(work), given, input_names=names, output_names=["scores"], dynamo=True, verbose=False,
                optimize=True, external_data=False,
            )  # fmt: skip
            assert program is not None
            program.save(str(path), external_data=False)
        _plain(path)
        return names
    except Exception as error:  # noqa: BLE001 - exporters raise anything; what they say is the reason
        told.append(first_line(error))
    axes = {
        f"input_{name}": {axis: f"{name}_{axis}" if axis else "rows" for axis in (0, *free_axes(work, name))}
        for name in net.names
    }
    try:
        with quiet(), torch.no_grad():
            torch.onnx.export(
                only_scores(net.module, net.names), given, str(path), input_names=names, output_names=["scores"],
                dynamic_axes={**axes, "scores": {0: "rows"}}, dynamo=False, verbose=False,
            )  # fmt: skip
        return names
    except Exception as error:  # noqa: BLE001
        told.append(first_line(error))
    raise CannotServe(f"no ONNX graph: {'; '.join(told)}")


def _plain(path: Path) -> None:
    """Without what the exporter notes of the module's source, which may be more than the weights of a small net."""
    import onnx as library

    model = library.load(path)
    model.doc_string = ""
    del model.metadata_props[:]
    for each in (model.graph, *model.graph.node, *model.graph.value_info, *model.graph.initializer):
        each.doc_string = ""
        del each.metadata_props[:]
    path.write_bytes(model.SerializeToString())


def openvino(work: ModelWorkload, scratch: Path) -> tuple[Any, list[int]]:
    """The net as an OpenVINO model, and which of the net's inputs it takes, in its own order. Raises `CannotServe`.

    Straight from torch where OpenVINO can, else by way of ONNX.
    """
    import openvino as ov

    told = []
    names = work.model.names
    ways: dict[str, Any] = {"onnx": lambda: _by_onnx(work, scratch / "net.onnx")}
    if isinstance(work.model, Net):
        ways = {"torch": lambda: exported(work), **ways}
    for way, source in ways.items():
        try:
            with quiet():
                model = ov.convert_model(source())
            return model, _places(model, names, named=way == "onnx")
        except Exception as error:  # noqa: BLE001 - as above
            told.append(f"from {way}: {first_line(error)}")
        finally:
            (scratch / "net.onnx").unlink(missing_ok=True)
    raise CannotServe("; ".join(told))


def _by_onnx(work: ModelWorkload, path: Path) -> str:
    onnx(work, path)
    return str(path)


def _places(model: Any, names: tuple[str, ...], *, named: bool) -> list[int]:
    if len(model.inputs) == len(names) and not named:
        return list(range(len(names)))
    wanted = {name: place for place, n in enumerate(names) for name in (n, f"input_{n}")}
    return [next(wanted[n] for n in i.get_names() if n in wanted) for i in model.inputs]


def operators(data: bytes) -> list[str]:
    """The kinds of operators of an ONNX graph."""
    import onnx as library

    return [n.op_type for n in library.load_from_string(data).graph.node]


def first_line(error: BaseException) -> str:
    """What an exception says, in a line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:200]
