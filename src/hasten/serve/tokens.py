"""Texts to the inputs of a net, by what an artifact holds of its tokeniser: no transformers, no torch.

A tokeniser gives what stands for some texts (`Tokens`), of which any rows can be had as arrays, padded no further than
those rows need.
"""

from __future__ import annotations

import gzip
import importlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hasten.core.model import HeldTokeniser
from hasten.errors import TargetError

IDS, MASK, TYPES, ARRAY = "ids", "mask", "types", "array"  # what an input holds
JSON, SOURCE, NAMED = "json", "source", "named"
FILE = {JSON: "tokenizer.json.gz", SOURCE: "tokeniser.py.gz"}  # a vocabulary deflates to a third
MAIN = "tokenise_texts"  # what a generated module calls the function

Arrays = list[NDArray[Any]]


class Tokens(Protocol):
    """Some texts, tokenised. `lengths` are those of their rows without padding; None where padding has to stay."""

    lengths: NDArray[np.int64] | None

    def arrays(self, places: NDArray[np.int64] | None = None) -> Arrays:
        """The net's inputs for these rows (None: all), in the net's order, padded to the longest of them."""
        ...


Tokeniser = Callable[[list[str]], Tokens]


def strings(x: Any) -> list[str]:
    """Texts as a list. Raises `ValueError` for anything that is not a sequence of strings."""
    if type(x) is list and len(x) == 1 and type(x[0]) is str:
        return x
    if isinstance(x, (str, bytes, Mapping)) or not hasattr(x, "__iter__"):
        raise ValueError(f"expected several texts, such as a list of them, got one {type(x).__name__}")
    if getattr(x, "ndim", 1) != 1:
        raise ValueError(f"expected a sequence of texts, got {x.ndim} dimensions")
    made = list(x)
    if all(type(t) is str for t in made):
        return made
    for place, text in enumerate(made):
        if type(text) is not str:
            if not isinstance(text, str):
                raise ValueError(f"text {place} is {type(text).__name__}, and should be a string")
            made[place] = str(text)  # a subclass, such as NumPy's
    return made


def opened(held: HeldTokeniser, folder: Path) -> Tokeniser:
    """The tokeniser whose files are in `folder`. Raises `TargetError` where it is not what was certified."""
    if held.kind == JSON:
        return _json(held, folder)
    ask = _of_source(folder / FILE[SOURCE]) if held.kind == SOURCE else _named(held.options)
    names, dtypes = held.names, [np.dtype(dtype) for _, _, dtype in held.inputs]
    most, cut, mask = held.most, held.options.get("cut"), held.mask

    def tokenise(texts: list[str]) -> Given:
        arrays = by_name(ask(texts), names, len(texts))
        for (name, array), dtype in zip(arrays.items(), dtypes, strict=True):
            if array.dtype != dtype:
                raise ValueError(f"the tokeniser gives {name} as {array.dtype}, and {dtype} was certified")
        if most is not None or cut is not None:
            longest = max((a.shape[1] for a in arrays.values() if a.ndim == 2), default=0)
            if cut is not None:
                arrays = {n: a[:, :cut] if a.ndim == 2 and a.shape[1] == longest else a for n, a in arrays.items()}
            if most is not None and longest > most:
                raise ValueError(f"a text has {longest} tokens, and the net takes {most} at most")
        return Given(arrays, mask)

    return tokenise


# --- the library tokenizers ------------------------------------------------------------------------------------------


class Encoded:
    """What the library `tokenizers` made of some texts."""

    def __init__(self, encodings: Sequence[Any], held: HeldTokeniser) -> None:
        self._ids = [e.ids for e in encodings]
        self._types = None if held.options["types"] is not None else [e.type_ids for e in encodings]
        self._held, self._padding = held, held.options["padding"]
        counted = np.fromiter(map(len, self._ids), np.int64, len(self._ids))
        most = held.most
        if most is not None and len(counted) and counted.max() > most:
            raise ValueError(f"a text has {counted.max()} tokens, and the net takes {most} at most")
        self._counted = counted
        # a row without any token is answered among others only: all are padded as the original pads them
        whole = held.mask is None or not len(counted) or not counted.all()
        self.lengths: NDArray[np.int64] | None = None if whole else counted

    def arrays(self, places: NDArray[np.int64] | None = None) -> Arrays:
        chosen: Any = range(len(self._ids)) if places is None else places.tolist()
        counted = self._counted if places is None else self._counted[places]
        width = int(counted.max()) if len(counted) else 0
        if self.lengths is None:
            width = _padded(width, self._padding)
        left = self._padding["side"] == "left"
        return [self._array(what, dtype, chosen, counted, width, left) for _, what, dtype in self._held.inputs]

    def _array(
        self, what: str, dtype: str, chosen: Sequence[int], counted: NDArray[np.int64], width: int, left: bool
    ) -> NDArray[Any]:
        if what == TYPES and self._types is None:
            return np.full((len(chosen), width), self._held.options["types"], dtype)
        if len(chosen) == 1 and counted[0] == width:
            if what == MASK:
                return np.ones((1, width), dtype)
            return np.array([(self._ids if what == IDS else self._types or ())[chosen[0]]], dtype)
        if what == MASK:
            steps = np.arange(width)
            real = steps >= (width - counted)[:, None] if left else steps < counted[:, None]
            return real.astype(dtype)
        rows = self._ids if what == IDS else self._types or ()
        out = np.full((len(chosen), width), self._padding["id" if what == IDS else "type"], dtype)
        for at, (row, length) in enumerate(zip(chosen, counted.tolist(), strict=True)):
            if left:
                out[at, width - length :] = rows[row]
            else:
                out[at, :length] = rows[row]
        return out


def _padded(width: int, padding: Mapping[str, Any]) -> int:
    """How long rows are of which the longest has `width` tokens."""
    width = max(width, padding["length"] or 0)
    several = padding["multiple"] or 1
    return -(-width // several) * several


def text_of(path: Path) -> str:
    """What is written in a file of a tokeniser."""
    return gzip.decompress(path.read_bytes()).decode()


def _json(held: HeldTokeniser, folder: Path) -> Tokeniser:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(text_of(folder / FILE[JSON]))
    tokenizer.no_padding()
    encode, special = getattr(tokenizer, "encode_batch_fast", tokenizer.encode_batch), held.options["special"]

    def tokenise(texts: list[str]) -> Encoded:
        try:
            return Encoded(encode(texts, add_special_tokens=special), held)
        except TypeError as error:  # half of a surrogate pair is no text
            raise ValueError(f"a text cannot be encoded: {error}") from None

    return tokenise


# --- Python ----------------------------------------------------------------------------------------------------------


class Given:
    """Arrays that a function made of some texts. `mask` names the one that says which places are text."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]], mask: str | None) -> None:
        self._arrays = arrays
        self.lengths: NDArray[np.int64] | None = None
        if mask is not None:
            lengths = arrays[mask].sum(axis=1).astype(np.int64)
            # padding stands behind, and each row has something
            if np.array_equal(np.arange(arrays[mask].shape[1]) < lengths[:, None], arrays[mask] != 0) and lengths.all():
                self.lengths = lengths

    def arrays(self, places: NDArray[np.int64] | None = None) -> Arrays:
        lengths = self.lengths
        if lengths is None:
            return [np.ascontiguousarray(a if places is None else a[places]) for a in self._arrays.values()]
        width = int((lengths if places is None else lengths[places]).max()) if len(lengths) else 0
        whole = next(a.shape[1] for a in self._arrays.values() if a.ndim == 2)
        out = []
        for a in self._arrays.values():
            rows = a if places is None else a[places]
            out.append(np.ascontiguousarray(rows[:, :width] if a.ndim == 2 and a.shape[1] == whole else rows))
        return out


def _of_tensor(tensor: Any) -> NDArray[Any]:
    """A tensor of torch as an array: over the same memory, where it is on the processor and learns nothing."""
    try:
        array: NDArray[Any] = tensor.numpy()
    except (RuntimeError, TypeError):
        array = tensor.detach().cpu().numpy()
    return array


def by_name(given: Any, names: Sequence[str], rows: int) -> dict[str, NDArray[Any]]:
    """What a tokeniser gave, as arrays by the names of a net's inputs, in their order.

    It is a mapping (others in it than the net's are left out), a tuple in their order (several inputs: a list, too), or
    one array (or tensor, or list of rows of one length). Raises `ValueError`.
    """
    if isinstance(given, Mapping):
        missing = [n for n in names if n not in given]
        if missing:
            raise ValueError(f"the tokeniser gives {', '.join(map(str, given))}, and {', '.join(missing)} is missing")
        found = {n: given[n] for n in names}
    elif (
        isinstance(given, tuple)
        and len(given) == len(names)
        or isinstance(given, list)
        and 1 < len(names) == len(given)
    ):
        found = dict(zip(names, given, strict=True))
    elif len(names) == 1:
        found = {names[0]: given}
    else:
        raise ValueError(f"the tokeniser gives one thing, and the net takes {', '.join(names)}")
    arrays = {}
    for name, value in found.items():
        if type(value) is np.ndarray:
            array = value
        else:
            try:
                array = _of_tensor(value) if hasattr(value, "detach") else np.asarray(value)
            except ValueError:
                raise ValueError(f"the tokeniser gives {name} as rows of different lengths: pad them") from None
        arrays[name] = array
        if array.dtype.kind not in "iufb" or not array.ndim or len(array) != rows:
            shown = f"{array.dtype} {array.shape}"
            raise ValueError(
                f"the tokeniser gives {name} as {shown} for {rows} texts: it should be numbers, rows first"
            )
    return arrays


def _of_source(path: Path) -> Callable[[list[str]], Any]:
    """The function of a generated module: a fresh module each time, for it may hold state."""
    return module_of(text_of(path), path)


def module_of(source: str, path: Path) -> Callable[[list[str]], Any]:
    """`MAIN` of the module with this source, which lies (or will lie) at `path`."""
    space: dict[str, Any] = {"__name__": "hasten_tokeniser", "__file__": str(path)}
    exec(compile(source, str(path), "exec"), space)
    found: Callable[[list[str]], Any] = space[MAIN]
    return found


def _named(options: Mapping[str, Any]) -> Callable[[list[str]], Any]:
    """A function of an installed package, by its name; its module has to be the one that was certified."""
    name = f"{options['module']}:{options['name']}"
    try:
        module = importlib.import_module(options["module"])
    except ModuleNotFoundError as error:
        raise TargetError(f"the tokeniser of this artifact is {name}, and {error.name} is not installed") from error
    found: Any = module
    for part in options["name"].split("."):
        found = getattr(found, part, None)
    if not callable(found) or digest(module) != options["sha256"]:
        raise TargetError(
            f"the tokeniser of this artifact is {name}, and that module has changed since it was certified: install "
            f"{options.get('version') or 'the same version'}, or run hasten again"
        )
    return found  # type: ignore[no-any-return]


def digest(module: Any) -> str:
    """SHA-256 of a module's file; empty where it has none."""
    from hasten.serve.manifest import sha256

    file = getattr(module, "__file__", None)
    return sha256(Path(file)) if file and Path(file).is_file() else ""
