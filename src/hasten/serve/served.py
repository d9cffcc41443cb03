"""`Served`: an artifact that answers as the original model did."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.core.model import FORWARD
from hasten.errors import TargetError
from hasten.serve.backends import Backend, open_part
from hasten.serve.inputs import Inputs
from hasten.serve.manifest import Manifest, Part, read_manifest
from hasten.serve.tensors import TensorInputs
from hasten.serve.tokens import strings


class Served:
    """The original's methods, answered by the parts of an artifact.

    Each takes a DataFrame, an array of shape (n, columns), a list of dicts, or one dict (a row by column names; the
    answer is that of one row), and gives an array of shape (n, ...). What the original refuses is refused with
    `ValueError`. An object of this class may be used by several threads at once.
    """

    def __init__(self, folder: Path, manifest: Manifest, threads: int | None = None) -> None:
        self.manifest = manifest
        self._inputs = Inputs(self.manifest.inputs)
        self._parts: dict[str, Backend] = {
            name: open_part(part, folder / "parts" / name, threads, self._inputs)
            for name, part in self.manifest.parts.items()
        }
        for method in self.manifest.methods:
            setattr(self, method, self._method(method))

    def _method(self, method: str) -> Callable[[Any], NDArray[Any]]:
        routes = tuple((r.rows, *self._answer(r.part, method)) for r in self.manifest.routes)
        count = self._inputs.count
        row = self._row(method)

        def answer(X: Any) -> NDArray[Any]:
            if type(X) is dict or isinstance(X, Mapping):
                return row(X)
            rows = count(X)
            for limit, read, ask in routes:
                if limit is None or rows <= limit:
                    return ask(read(X))
            raise AssertionError("the last route takes any number of rows")

        asked = self._unlike(method, answer if len(routes) > 1 else _by_one(*routes[0][1:], row))
        asked.__name__ = method
        asked.__doc__ = f"`{method}` of {self.manifest.model}, as certified."
        return asked

    def _unlike(self, method: str, answer: Callable[[Any], NDArray[Any]]) -> Callable[[Any], NDArray[Any]]:
        """`answer`, with what few originals do: take one row as a vector, refuse float32."""
        inputs = self.manifest.inputs
        if inputs.vector:
            plain = answer

            def answer(X: Any) -> NDArray[Any]:
                if getattr(X, "ndim", 2) != 1 or hasattr(X, "iloc"):
                    return plain(X)
                row: NDArray[Any] = plain(X[None, :])[0]
                return row

        if method not in inputs.no_float32:
            return answer
        whole = answer

        def without_float32(X: Any) -> NDArray[Any]:
            if getattr(X, "dtype", None) == np.float32:
                raise ValueError(f"{method} of {self.manifest.model} takes float64, not float32")
            return whole(X)

        return without_float32

    def _answer(self, part: str, method: str) -> tuple[Callable[[Any], Any], Callable[[Any], NDArray[Any]]]:
        backend = self._parts[part]
        needs = getattr(backend, "needs", None)
        refuses: frozenset[str] = getattr(backend, "refuses", frozenset())
        return self._inputs.reader(backend.takes, needs, refuses), backend.method(method)

    def _row(self, method: str) -> Callable[[Any], NDArray[Any]]:
        """What answers one dict."""
        name = self.manifest.row
        if name is not None:
            fast = self._parts[name].row(method)
            if fast is not None:
                return fast
        read, ask = self._answer(self.manifest.routes[0].part, method)
        return lambda row: ask(read(row))

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"this artifact has no {name!r}; it answers {', '.join(self.__dict__['manifest'].methods)}"
            if "manifest" in self.__dict__
            else name
        )

    def __repr__(self) -> str:
        return (
            f"<hasten artifact of {self.manifest.model}: {', '.join(self.manifest.methods)}; {_routes(self.manifest)}>"
        )


class ServedNet:
    """A net that answers as the original module did, called like it: `net(x)`, `net(a, b)`, `net(ids=..., mask=...)`.

    Inputs are arrays or torch tensors of the certified dtypes, with rows first; anything else is refused with
    `ValueError`. The answer is an array, or a torch tensor where one came in. May be used by several threads at once.
    """

    def __init__(self, folder: Path, manifest: Manifest, threads: int | None = None) -> None:
        self.manifest = manifest
        inputs = TensorInputs(manifest.inputs)
        asks = {
            name: open_part(part, folder / "parts" / name, threads).method(FORWARD)
            for name, part in manifest.parts.items()
        }
        routes = tuple((r.rows, asks[r.part]) for r in manifest.routes)
        self._answer = _by_routes(inputs, routes, manifest.inputs.empty)
        direct = getattr(routes[0][1], "direct", None)
        made = direct and direct(inputs.names, inputs.dtypes, routes[0][0], self._answer)
        if made:  # the same, where inputs are what is usual
            setattr(self, FORWARD, made)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The scores for n rows, shape (n, ...), as the module gives them. Raises `ValueError`."""
        return self._answer(*args, **kwargs)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.forward(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<hasten artifact of {self.manifest.model}: {_routes(self.manifest)}>"


class ServedTexts:
    """A net that answers texts as the original did behind its tokeniser: `net(["one text", "another"])`.

    Texts come as a list, a tuple, an array or a Series of strings; the answer is an array of shape (n, ...). One
    string is one row, and gets that row's answer. Anything else is refused with `ValueError`. May be used by several
    threads at once.
    """

    def __init__(self, folder: Path, manifest: Manifest, threads: int | None = None) -> None:
        self.manifest = manifest
        asks = {
            name: open_part(part, folder / "parts" / name, threads).method(FORWARD)
            for name, part in manifest.parts.items()
        }
        self._routes = tuple((r.rows, asks[r.part]) for r in manifest.routes)

    def forward(self, X: Any) -> NDArray[Any]:
        """The scores for n texts, shape (n, ...), as the module gives them. Raises `ValueError`."""
        if isinstance(X, str):
            one: NDArray[Any] = self._routes[0][1]([str(X)])[0]
            return one
        texts = strings(X)
        if not texts:
            if not self.manifest.inputs.empty:
                raise ValueError("no texts, and the net needs one at least")
            return self._routes[0][1](["a"])[:0]
        rows = len(texts)
        for limit, ask in self._routes:
            if limit is None or rows <= limit:
                return ask(texts)
        raise AssertionError("the last route takes any number of rows")

    __call__ = forward

    def __repr__(self) -> str:
        return f"<hasten artifact of {self.manifest.model} for texts: {_routes(self.manifest)}>"


def _by_routes(
    inputs: TensorInputs, routes: Sequence[tuple[int | None, Callable[[list[Any]], NDArray[Any]]]], empty: bool
) -> Callable[..., Any]:
    """What answers a net's calls: it reads the inputs, and asks the part that is for so many rows. Holds no `Served`:
    that may hold this."""

    def answer(*args: Any, **kwargs: Any) -> Any:
        arrays, foreign = inputs.read(args, kwargs)
        rows = len(arrays[0])
        if not rows:
            if not empty:
                raise ValueError("no rows, and the net needs one at least")
            one = [np.zeros((1, *a.shape[1:]), a.dtype) for a in arrays]
            found = routes[0][1](one)[:0]
        else:
            ask = routes[-1][1]
            for limit, other in routes:
                if limit is None or rows <= limit:
                    ask = other
                    break
            found = ask(arrays)
        if foreign:
            import torch

            return torch.from_numpy(found)
        return found

    return answer


def _routes(manifest: Manifest) -> str:
    def name(part: Part) -> str:
        net = part.options.get("net") if part.backend == "texts" else None
        return part.backend if net is None else f"{net.get('kind', part.options['backend'])} behind a tokeniser"

    return "by " + ", ".join(
        f"{name(manifest.parts[r.part])}{'' if r.rows is None else f' up to {r.rows} rows'}" for r in manifest.routes
    )


def _by_one(
    read: Callable[[Any], Any], ask: Callable[[Any], NDArray[Any]], row: Callable[[Any], NDArray[Any]]
) -> Callable[[Any], NDArray[Any]]:
    """The one part of an artifact answers: nothing is counted, and an array is no dict (a question that takes longer
    than small models do)."""
    array = np.ndarray

    def answer(X: Any) -> NDArray[Any]:
        if type(X) is not array and (type(X) is dict or isinstance(X, Mapping)):
            return row(X)
        return ask(read(X))

    return answer


def load(path: str | Path, *, threads: int | None = None) -> Served | ServedNet | ServedTexts:
    """The artifact at `path` (its folder, or the folder of the run that made it), ready to answer.

    `threads` limits what its backends use (None: what each would). An artifact holds code (generated Python, machine
    code or a pickle, as its manifest says): load none that you would not run. Raises `TargetError` when a file is not
    what was certified, or a package is missing.
    """
    folder = Path(path)
    if (folder / "artifact" / "manifest.json").is_file():
        folder = folder / "artifact"
    if not folder.is_dir():
        raise TargetError(f"{path}: no such folder; name what `hasten run MODEL --out DIR` made")
    manifest = read_manifest(folder)
    if manifest.inputs.form == "texts" and manifest.methods == (FORWARD,):
        return ServedTexts(folder, manifest, threads)
    kind = ServedNet if manifest.inputs.form == "tensors" else Served
    return kind(folder, manifest, threads)
