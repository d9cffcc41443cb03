"""From a user's tokeniser to how the original is asked, and to what an artifact holds of it.

A tokeniser of Hugging Face, alone or called with constants (`lambda texts: tok(texts, padding=True, max_length=64)`),
and one of the library `tokenizers` become that library's file: Rust does all of it, and transformers is not needed. A
function of Python stays one, as source (`carried.py`) or by the name it has in an installed package. Whatever becomes
of it must give the very same arrays for texts of the data and for others, alone and among others; else it is refused.
"""

from __future__ import annotations

import ast
import functools
import gzip
import inspect
import json
import tempfile
import textwrap
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.core.model import HeldTokeniser
from hasten.passes.model.texts.carried import CannotCarry, carried, is_installed, lambda_of
from hasten.serve.tokens import ARRAY, FILE, IDS, JSON, MASK, NAMED, SOURCE, TYPES, by_name, digest, opened
from hasten.verify.varied_texts import ODD

ROLES = {"input_ids": IDS, "attention_mask": MASK, "token_type_ids": TYPES}
MASKS, KINDS = ("attention_mask", "mask"), ("token_type_ids", "type_ids", "segment_ids")
NO_LIMIT = 1_000_000  # a tokeniser of Hugging Face that knows no longest text says more
CALLED = frozenset(
    {"padding", "truncation", "max_length", "return_tensors", "add_special_tokens", "return_attention_mask",
     "return_token_type_ids"}
)  # fmt: skip


class NoTokeniser(Exception):
    """Why a tokeniser cannot be held, and what to do."""


@dataclass(frozen=True)
class Found:
    """`ask` is the user's own way, from a list of texts to what the module is called with."""

    ask: Callable[[list[str]], Any]
    held: HeldTokeniser


@dataclass(frozen=True)
class Call:
    """A tokeniser of Hugging Face called with constants; `told` are the module's inputs by what the call gives (None:
    all that it gives, by its names)."""

    tokeniser: Any
    constants: Mapping[str, Any]
    told: tuple[tuple[str, str], ...] | None = None


def found(tokeniser: Any, parameters: Sequence[str], texts: Sequence[str], most: int | None = None) -> Found:
    """How `tokeniser` is asked and held, for a module with these parameters. `most` tokens is the longest that the
    module takes, where that is known. Raises `NoTokeniser`."""
    if _is_fast(tokeniser) or _is_slow(tokeniser):
        limit = getattr(tokeniser, "model_max_length", None)
        limit = min((n for n in (limit, most) if n is not None and n < NO_LIMIT), default=None)
        constants: dict[str, Any] = {"padding": True, "return_tensors": "pt"}
        if limit is not None:
            constants |= {"truncation": True, "max_length": limit}
        made = _of_call(Call(tokeniser, constants), parameters)
    elif type(tokeniser).__module__.partition(".")[0] == "tokenizers":
        made = _of_library(tokeniser, parameters)
    elif not callable(tokeniser):
        raise NoTokeniser(f"the tokeniser is {type(tokeniser).__name__}, which nobody can call with texts")
    else:
        call = recognised(tokeniser)
        made = (
            _of_python(tokeniser, parameters, texts)
            if call is None
            else replace(_of_call(call, parameters), ask=tokeniser)
        )
    _same_everywhere(made, texts)
    return made


def _is_fast(tokeniser: Any) -> bool:
    """Whether it is one of transformers' own that leave all to Rust: another's class may do anything."""
    own = type(tokeniser).__module__.partition(".")[0] == "transformers"
    return own and bool(getattr(tokeniser, "is_fast", False)) and hasattr(tokeniser, "backend_tokenizer")


def _is_slow(tokeniser: Any) -> bool:
    return hasattr(tokeniser, "is_fast") and not _is_fast(tokeniser)


# --- the library tokenizers ------------------------------------------------------------------------------------------


def _of_call(call: Call, parameters: Sequence[str]) -> Found:
    """A tokeniser of Hugging Face, as it is called."""
    tokeniser, constants = call.tokeniser, dict(call.constants)
    if not _is_fast(tokeniser):
        raise NoTokeniser(
            f"{type(tokeniser).__name__} is no fast tokeniser of transformers itself: load it with use_fast=True, so "
            "that it has a tokenizer.json"
        )
    if getattr(tokeniser, "split_special_tokens", False):
        raise NoTokeniser("the tokeniser has split_special_tokens=True, which its tokenizer.json does not tell")
    wrong = [n for n in constants if n not in CALLED]
    if wrong:
        raise NoTokeniser(f"the tokeniser is called with {', '.join(wrong)}, which an artifact cannot hold")
    told = call.told
    if told is None:
        given = [n for n in ROLES if constants.get(f"return_{n}", n in tokeniser.model_input_names)]
        told = tuple((n, n) for n in parameters if n in given)
    strange = [of for _, of in told if of not in ROLES]
    if strange or not told:
        raise NoTokeniser(f"the tokeniser gives {', '.join(strange) or 'nothing that the module takes'}")
    truncation, longest = constants.get("truncation", False), constants.get("max_length")
    if truncation not in (True, False, "longest_first", "only_first") or truncation is False and longest is not None:
        raise NoTokeniser(
            f"the tokeniser is called with truncation={truncation!r} and max_length={longest!r}: say both"
        )
    if truncation and longest is None:
        longest = tokeniser.model_max_length if tokeniser.model_max_length < NO_LIMIT else None
    written = json.loads(tokeniser.backend_tokenizer.to_str())
    written["truncation"] = None
    if truncation and longest is not None:
        direction = tokeniser.truncation_side.capitalize()
        written["truncation"] = {
            "direction": direction,
            "max_length": int(longest),
            "strategy": "LongestFirst",
            "stride": 0,
        }
    padding = {
        "side": tokeniser.padding_side, "id": tokeniser.pad_token_id or 0, "type": tokeniser.pad_token_type_id,
        "length": longest if constants.get("padding") == "max_length" else None, "multiple": None,
    }  # fmt: skip
    special = bool(constants.get("add_special_tokens", True))
    inputs = tuple((name, ROLES[of], "int64") for name, of in told)
    return Found(
        functools.partial(_called, tokeniser, tuple(constants.items())), _json(written, inputs, padding, special)
    )


def _called(tokeniser: Any, constants: tuple[tuple[str, Any], ...], texts: list[str]) -> Any:
    return tokeniser(texts, **dict(constants))


def _of_library(tokeniser: Any, parameters: Sequence[str]) -> Found:
    """A `tokenizers.Tokenizer`: what its own padding and truncation say, and padding with its first token where it says
    nothing."""
    written = json.loads(tokeniser.to_str())
    own = tokeniser.padding or {}
    padding = {
        "side": own.get("direction", "right"), "id": own.get("pad_id", 0), "type": own.get("pad_type_id", 0),
        "length": own.get("length"), "multiple": own.get("pad_to_multiple_of"),
    }  # fmt: skip
    inputs = []
    for place, name in enumerate(parameters):
        what = IDS if not place else MASK if name in MASKS else TYPES if name in KINDS else None
        if what is not None:
            inputs.append((name, what, "int64"))
    held = _json(written, tuple(inputs), padding, True)
    return Found(_Library(tokeniser.to_str(), held), held)


class _Library:
    """How the user of a `tokenizers.Tokenizer` asks it."""

    def __init__(self, text: str, held: HeldTokeniser) -> None:
        self._text, self._held = text, held
        self._open()

    def _open(self) -> None:
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_str(self._text)
        self._tokenizer.no_padding()

    def __getstate__(self) -> Any:
        return self._text, self._held

    def __setstate__(self, state: Any) -> None:
        self._text, self._held = state
        self._open()

    def __call__(self, texts: list[str]) -> Any:
        from hasten.serve.tokens import Encoded

        rows = Encoded(self._tokenizer.encode_batch(texts), self._held).arrays()
        return dict(zip(self._held.names, rows, strict=True))


def _json(
    written: dict[str, Any], inputs: tuple[tuple[str, str, str], ...], padding: Mapping[str, Any], special: bool
) -> HeldTokeniser:
    written["padding"] = None
    types = _one_type(written.get("post_processor")) if special else 0
    options = {"special": special, "types": types, "padding": dict(padding)}
    file = (FILE[JSON], json.dumps(written, ensure_ascii=False, separators=(",", ":")))
    return HeldTokeniser(JSON, inputs, (file,), options, packages=("tokenizers",))


def _one_type(processor: Any) -> int | None:
    """The type that every token of one text has; None where that is not known."""
    if processor is None:
        return 0
    kind = processor.get("type")
    if kind in ("ByteLevel", "BertProcessing", "RobertaProcessing"):
        return 0
    if kind == "Sequence":
        types = {_one_type(p) for p in processor.get("processors", [])}
        return types.pop() if len(types) == 1 else None
    if kind == "TemplateProcessing":
        types = {next(iter(piece.values())).get("type_id") for piece in processor.get("single", [])}
        return types.pop() if len(types) == 1 else None
    return None


# --- a tokeniser of Hugging Face within a function -------------------------------------------------------------------


def recognised(function: Any) -> Call | None:
    """The call of a tokeniser of Hugging Face that is all that a function does; None where it does more."""
    if isinstance(function, functools.partial):
        return Call(function.func, function.keywords) if _is_any(function.func) and not function.args else None
    owner = None
    if isinstance(function, types.MethodType):
        owner, function = function.__self__, function.__func__
    elif not isinstance(function, types.FunctionType):
        owner, function = function, vars(type(function)).get("__call__")
    if not isinstance(function, types.FunctionType):
        return None
    if function.__name__ == "<lambda>":
        node: Any = lambda_of(function)
    else:
        try:
            body = ast.parse(textwrap.dedent(inspect.getsource(function))).body
        except (OSError, TypeError, SyntaxError):
            return None
        node = body[0] if len(body) == 1 and isinstance(body[0], ast.FunctionDef) else None
    return None if node is None else _Reader(node, function, owner).call()


def _is_any(tokeniser: Any) -> bool:
    return _is_fast(tokeniser) or _is_slow(tokeniser)


class _Reader:
    """Reads a function that calls a tokeniser with its one argument, and picks from what that gives."""

    def __init__(self, node: Any, function: types.FunctionType, owner: Any) -> None:
        names = [a.arg for a in node.args.args]
        plain = not (node.args.vararg or node.args.kwarg or node.args.kwonlyargs or node.args.defaults)
        self._space: dict[str, Any] = dict(function.__globals__)
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            try:
                self._space[name] = cell.cell_contents
            except ValueError:
                plain = False
        if owner is not None and names:
            self._space[names.pop(0)] = owner
        self._parameter = names[0] if plain and len(names) == 1 else None
        self._body = [ast.Return(node.body)] if isinstance(node, ast.Lambda) else node.body
        self._decorated = bool(getattr(node, "decorator_list", ()))
        self._made: dict[str, Call] = {}

    def call(self) -> Call | None:
        if self._parameter is None or self._decorated:
            return None
        for statement in self._body:
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                continue  # its docstring
            if (
                isinstance(statement, ast.Assign)
                and len(statement.targets) == 1
                and isinstance(statement.targets[0], ast.Name)
            ):
                call = self._called(statement.value)
                if call is None:
                    return None
                self._made[statement.targets[0].id] = call
            elif isinstance(statement, ast.Return) and statement.value is not None:
                return self._answer(statement.value)
            else:
                return None
        return None

    def _answer(self, node: ast.expr) -> Call | None:
        whole = self._called(node)
        if whole is not None:
            return whole
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "dict"
            and len(node.args) == 1
        ):
            return self._called(node.args[0]) if not node.keywords and "dict" not in self._space else None
        if isinstance(node, ast.Dict) and node.keys and all(isinstance(k, ast.Constant) for k in node.keys):
            picked = [self._picked(v) for v in node.values]
            names = [str(k.value) for k in node.keys if isinstance(k, ast.Constant)]
            return self._told(picked, names)
        return None

    def _told(self, picked: list[tuple[Call, str] | None], names: list[str]) -> Call | None:
        whole = [p for p in picked if p is not None]
        if len(whole) != len(picked) or any(c is not whole[0][0] for c, _ in whole):
            return None
        return replace(whole[0][0], told=tuple((n, of) for n, (_, of) in zip(names, whole, strict=True)))

    def _picked(self, node: ast.expr) -> tuple[Call, str] | None:
        """`made["input_ids"]` or `made.input_ids`."""
        if (
            isinstance(node, ast.Subscript)
            and isinstance(node.slice, ast.Constant)
            and isinstance(node.slice.value, str)
        ):
            inner, of = node.value, node.slice.value
        elif isinstance(node, ast.Attribute):
            inner, of = node.value, node.attr
        else:
            return None
        call = self._made.get(inner.id) if isinstance(inner, ast.Name) else None
        return None if call is None else (call, of)

    def _called(self, node: ast.expr) -> Call | None:
        if isinstance(node, ast.Name):
            return self._made.get(node.id)
        if not isinstance(node, ast.Call) or len(node.args) != 1 or any(k.arg is None for k in node.keywords):
            return None
        tokeniser = self._value(node.func)
        if not _is_any(tokeniser) or not self._is_texts(node.args[0]):
            return None
        constants = {str(k.arg): self._value(k.value) for k in node.keywords}
        if not all(v is None or type(v) in (bool, int, str) for v in constants.values()):
            return None
        return Call(tokeniser, constants)

    def _is_texts(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "list":
            return (
                "list" not in self._space and len(node.args) == 1 and not node.keywords and self._is_texts(node.args[0])
            )
        return isinstance(node, ast.Name) and node.id == self._parameter

    def _value(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Name):
            return self._space.get(node.id, self) if node.id != self._parameter else self
        if isinstance(node, ast.Attribute):
            inner = self._value(node.value)
            return self if inner is self else getattr(inner, node.attr, self)
        return self


# --- Python ----------------------------------------------------------------------------------------------------------


def _of_python(tokeniser: Callable[..., Any], parameters: Sequence[str], texts: Sequence[str]) -> Found:
    """A function of Python: by its name where it is installed, else by its source."""
    some = list(texts[:2])
    try:
        given = tokeniser(some)
        names = _names(given, parameters)
        arrays = by_name(given, names, len(some))
    except Exception as error:  # noqa: BLE001 - it is the user's, and may raise anything
        raise NoTokeniser(f"the tokeniser fails on {some!r}: {type(error).__name__}: {error}"[:300]) from None
    inputs = tuple((n, ARRAY, str(arrays[n].dtype)) for n in names)
    named = _installed_as(tokeniser)
    if named is not None:
        return Found(tokeniser, HeldTokeniser(NAMED, inputs, (), named, packages=(named["module"].partition(".")[0],)))
    try:
        made = carried(tokeniser)
    except CannotCarry as reason:
        raise NoTokeniser(
            f"the tokeniser cannot be put into an artifact: {reason}. Make it a function of texts that uses only "
            "functions, dicts and constants of its own and installed packages, or install it in a package"
        ) from None
    return Found(tokeniser, HeldTokeniser(SOURCE, inputs, ((FILE[SOURCE], made.source),), packages=made.packages))


def _names(given: Any, parameters: Sequence[str]) -> list[str]:
    if isinstance(given, Mapping):
        names = [n for n in parameters if n in given]
        if not names:
            raise ValueError(f"it gives {', '.join(map(str, given))}, and the module takes {', '.join(parameters)}")
        return names
    if isinstance(given, tuple):
        return list(parameters[: len(given)])
    return list(parameters[:1])


def _installed_as(tokeniser: Any) -> dict[str, Any] | None:
    """Where a function of an installed package is found."""
    import sys

    module, name = getattr(tokeniser, "__module__", None), getattr(tokeniser, "__qualname__", None)
    if (
        not isinstance(module, str)
        or not isinstance(name, str)
        or module not in sys.modules
        or not is_installed(module)
    ):
        return None
    held: Any = sys.modules[module]
    for part in name.split("."):
        held = getattr(held, part, None)
    if held is not tokeniser or not digest(sys.modules[module]):
        return None
    return {"module": module, "name": name, "sha256": digest(sys.modules[module])}


# --- is it the same? -------------------------------------------------------------------------------------------------


def odd_texts(texts: Sequence[str]) -> list[str]:
    """Texts that the data does not hold: without words, in other scripts, very long, half of some that it does hold."""
    some = [t for t in texts[:40] if t]
    made = [*ODD, " ".join(some)[:20_000] or "word " * 4000]
    made += [t.upper() for t in some[:3]] + [t[: len(t) // 2] for t in some[:5]] + [t[::-1] for t in some[:2]]
    return [*made, "word " * 2500]


def _same_everywhere(made: Found, texts: Sequence[str]) -> None:
    """Raises `NoTokeniser` unless what is held gives the user's arrays: for all texts, alone and among others, whatever
    was asked before."""
    with tempfile.TemporaryDirectory(prefix="hasten-tokeniser-") as place:
        written(made.held, Path(place))
        tokenise = opened(made.held, Path(place))
        odd = [*odd_texts(texts), *_special(made.held)]
        batches = [odd, *([t] for t in odd), [odd[3], odd[0], odd[5]], odd[::-1]]
        batches += [list(texts[at : at + 256]) for at in range(0, len(texts), 256)]
        batches += [[t] for t in texts[:64]] + [odd[:3]]
        answered = []
        for batch in batches:
            old, new = _arrays(made, batch), _held_arrays(made, tokenise, batch)
            _alike(batch, old, new)
            answered.append(old)
        if made.held.kind != JSON:  # Python may keep what it saw: a fresh one, asked the other way round
            fresh = opened(made.held, Path(place))
            for batch, old in zip(batches[::-1], answered[::-1], strict=True):
                _alike(batch, old, _held_arrays(made, fresh, batch))


def _special(held: HeldTokeniser) -> list[str]:
    """Texts of the tokens that a file of the library `tokenizers` takes out of a text before anything else."""
    if held.kind != JSON:
        return []
    added = [str(t["content"]) for t in json.loads(held.files[0][1]).get("added_tokens", [])][:200]
    return [f"a {' b '.join(added)} c", *added[:8], "".join(added)]


def _alike(batch: list[str], old: dict[str, NDArray[Any]] | str, new: dict[str, NDArray[Any]] | str) -> None:
    shown = repr(batch[0][:60])
    if isinstance(old, str) or isinstance(new, str):
        if isinstance(old, str) and isinstance(new, str):
            return  # both refuse it
        told = (
            f"fails on them, and the held one does not ({old})" if isinstance(old, str) else f"answers, and not {new}"
        )
        raise NoTokeniser(f"what an artifact can hold of the tokeniser differs on texts such as {shown}: yours {told}")
    for name, a in old.items():
        b = new[name]
        if a.dtype != b.dtype or a.shape != b.shape or not np.array_equal(a, b):
            raise NoTokeniser(
                f"what an artifact can hold of the tokeniser gives another {name} for texts such as {shown}: does it "
                "change what it holds as it runs, or do more than call a tokeniser?"
            )


def _arrays(made: Found, batch: list[str]) -> dict[str, NDArray[Any]] | str:
    try:
        return by_name(made.ask(batch), made.held.names, len(batch))
    except Exception as error:  # noqa: BLE001 - the user's tokeniser may raise anything
        return f"{type(error).__name__}: {error}"


def _held_arrays(made: Found, tokenise: Any, batch: list[str]) -> dict[str, NDArray[Any]] | str:
    try:
        return dict(zip(made.held.names, tokenise(batch).arrays(), strict=True))
    except Exception as error:  # noqa: BLE001 - it runs the user's code
        return f"{type(error).__name__}: {error}"


def written(held: HeldTokeniser, folder: Path) -> None:
    """Write its files into a folder."""
    for name, text in held.files:
        (folder / name).write_bytes(gzip.compress(text.encode(), mtime=0))
