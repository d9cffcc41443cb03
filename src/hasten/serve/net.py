"""A torch module as a model: `forward` takes `Tensors` and gives the scores as an array."""

from __future__ import annotations

import contextlib
import copy
import inspect
import sys
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.core.model import Tensors
from hasten.core.model_record import CurveRecord
from hasten.serve.backends.onnx_file import opened
from hasten.serve.devices import CPU, device_of, torch_device
from hasten.serve.tokens import by_name, strings


def is_module(model: Any) -> bool:
    """Whether `model` is an `nn.Module`. Loads no torch: a module's class has loaded it."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(model, torch.nn.Module)


class Net:
    """The original as its user asks it: in evaluation mode, without gradients, on the processor, or on a graphics card
    where its module lies on one (`device`).

    `names` are the parameters of the module's `forward` that are given, in order. The module is a copy, on the
    processor; one on the card is made when it is asked.
    """

    def __init__(self, module: Any, names: tuple[str, ...], device: str | None = None) -> None:
        self.device = device_of(module) if device is None else device
        self._there: Any = None  # the module where it is computed
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # torch's own, where it copies exported programs
            self.module = copy.deepcopy(module)
        with contextlib.suppress(NotImplementedError):  # an exported program has no modes
            self.module.eval()
        self.module.cpu()
        self.names = names
        self.classes_: NDArray[Any] | None = None  # what scores are of, where they are of classes
        self.told: tuple[str, ...] = ()  # how it was made smaller and trained, for reports
        self.curves: tuple[CurveRecord, ...] = ()  # of its trainings

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_there": None}

    def forward(self, X: Tensors) -> NDArray[Any]:
        """The scores, shape (n, ...). Raises what the module raises."""
        return self.scores_of(tensors(X))

    def scores_of(self, given: Mapping[str, Any]) -> NDArray[Any]:
        """The scores for tensors by name. Raises what the module raises."""
        import torch

        module = self.module
        if self.device != CPU:
            where = torch_device(self.device)
            if self._there is None:
                self._there = copy.deepcopy(module).to(where)
            module, given = self._there, {n: t.to(where) for n, t in given.items()}
        with torch.inference_mode():
            answer: NDArray[Any] = scores(module(**given)).cpu().numpy()
        return answer

    def __repr__(self) -> str:
        return f"<{type(self.module).__name__} of {', '.join(self.names)}>"


class OnnxNet:
    """An ONNX graph whose inputs are no rows of a table, as a net: `forward` gives its first output."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.classes_: NDArray[Any] | None = None
        self._open()

    def _open(self) -> None:
        self._session = opened(self.data)
        self.names = tuple(i.name for i in self._session.get_inputs())
        self._output = self._session.get_outputs()[0].name

    def __getstate__(self) -> dict[str, Any]:
        return {"data": self.data, "classes_": self.classes_}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._open()

    def forward(self, X: Tensors) -> NDArray[Any]:
        """The scores, shape (n, ...). Raises `ValueError` for inputs that the graph does not take."""
        try:
            answer: NDArray[Any] = self._session.run([self._output], dict(X.arrays))[0]
        except Exception as error:
            if type(error).__module__.partition(".")[0] == "onnxruntime":
                raise ValueError(str(error)) from None
            raise
        return answer

    def __repr__(self) -> str:
        return f"<ONNX graph of {', '.join(self.names)}>"


class TextNet:
    """The original of texts, as its user asks it: the user's tokeniser, then the module.

    `tokenise` takes a list of texts, and gives what the module is called with (`serve/tokens.py`).
    """

    def __init__(self, net: Net, tokenise: Callable[[list[str]], Any]) -> None:
        self.net, self._tokenise = net, tokenise

    @property
    def module(self) -> Any:
        return self.net.module

    @property
    def classes_(self) -> NDArray[Any] | None:
        return self.net.classes_

    def tokens(self, texts: list[str]) -> dict[str, NDArray[Any]]:
        """The module's inputs for these texts. Raises what the tokeniser raises."""
        return by_name(self._tokenise(texts), self.net.names, len(texts))

    def forward(self, X: Any) -> NDArray[Any]:
        """The scores of n texts, shape (n, ...); one string is answered by its row. Raises what the tokeniser or the
        module raises, and `ValueError` for what are no texts."""
        if isinstance(X, str):
            one: NDArray[Any] = self.forward([X])[0]
            return one
        texts = strings(X)
        given = self._tokenise(texts)
        held = [given[n] if isinstance(given, Mapping) else None for n in self.net.names]
        if all(hasattr(a, "detach") for a in held):  # tensors: as the user passes them on
            return self.net.scores_of(dict(zip(self.net.names, held, strict=True)))
        return self.net.forward(Tensors(by_name(given, self.net.names, len(texts))))

    def __repr__(self) -> str:
        return f"<{type(self.module).__name__} of texts>"


def is_net(model: Any) -> bool:
    """Whether `model` is a net that is made ready."""
    return isinstance(model, (Net, OnnxNet, TextNet))


def tensors(x: Tensors) -> dict[str, Any]:
    """Torch tensors over the same memory."""
    import torch

    return {name: torch.from_numpy(np.ascontiguousarray(a)) for name, a in x.arrays.items()}


def scores(answer: Any) -> Any:
    """The tensor that a module's answer comes down to: itself; `logits` of a mapping or a named output, else the first
    tensor of several. Raises `TypeError` where there is none."""
    import torch

    if isinstance(answer, torch.Tensor):
        return answer
    if isinstance(answer, Mapping):
        answer = [answer["logits"]] if "logits" in answer else list(answer.values())
    if isinstance(answer, (list, tuple)):
        for each in answer:
            if isinstance(each, torch.Tensor):
                return each
    raise TypeError(f"the net answers {type(answer).__name__}, which holds no tensor")


def parameters_of(module: Any) -> list[str]:
    """The names of what `forward` takes, in order."""
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return [p.name for p in inspect.signature(module.forward).parameters.values() if p.kind in kinds]
