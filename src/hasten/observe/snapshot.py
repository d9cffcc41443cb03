"""The state of a region at entry and at exit, as one pickle.

Everything a region can see is pickled *together*, so that two names for one object stay two names for one object.
Functions and classes that can be imported by name go by name (in a replay they resolve to the original's or the
candidate's own definition); nested functions and lambdas go by code object, with their cells, and with the
module they came from as globals. Runs inside the user's program: standard library only.
"""

from __future__ import annotations

import copyreg
import importlib
import io
import marshal
import math
import pickle
import random
import sys
import threading
import time
import types
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

INSTRUMENT = "_hasten_rec"  # the name of the recorder in instrumented code
_LOCK = type(threading.Lock())
_RLOCK = type(threading.RLock())


class TooBig(Exception):
    """The pickle outgrew its budget of bytes."""


class TooSlow(TooBig):
    """It outgrew its budget of time."""


class NotPicklable(Exception):
    """Names what cannot be kept, and why."""


class _Limited(io.BytesIO):
    def __init__(self, limit: int, patience_s: float) -> None:
        super().__init__()
        self.limit = limit
        self.patience_s = patience_s
        self.end = time.thread_time() + patience_s

    def write(self, data: Any, /) -> int:
        if self.tell() + memoryview(data).nbytes > self.limit:
            raise TooBig(f"more than {self.limit / 1e6:.0f} MB")
        if time.thread_time() > self.end:  # a pickler writes now and then, every 64 kB or so
            raise TooSlow(f"more than {self.patience_s:.2f} s")
        return super().write(data)


def by_name(obj: Any) -> bool:
    """True when `module.qualname` is this very object."""
    module = sys.modules.get(getattr(obj, "__module__", None) or "")
    found: Any = module
    for part in obj.__qualname__.split("."):
        found = getattr(found, part, None)
        if found is None:
            return False
    return found is obj


def _names_recorder(code: types.CodeType) -> bool:
    return INSTRUMENT in code.co_names or any(
        _names_recorder(c) for c in code.co_consts if isinstance(c, types.CodeType)
    )


def make_function(code: bytes, module: str, cells: tuple[str, ...]) -> types.FunctionType:
    """An empty-celled function; `fill_function` does the rest (two steps, for functions that refer to themselves)."""
    namespace = importlib.import_module(module).__dict__
    closure = tuple(types.CellType() for _ in cells)
    return types.FunctionType(marshal.loads(code), namespace, None, None, closure)


def fill_function(function: types.FunctionType, state: dict[str, Any]) -> None:
    function.__name__ = state["name"]
    function.__qualname__ = state["qualname"]
    function.__defaults__ = state["defaults"]
    function.__kwdefaults__ = state["kwdefaults"]
    function.__dict__.update(state["dict"])
    for cell, value in zip(function.__closure__ or (), state["cells"], strict=True):
        if value:
            cell.cell_contents = value[0]


def make_bare(kind: type) -> object:
    """An object of a class whose own `__new__` cannot be called without the arguments that it once had."""
    return object.__new__(kind)


def with_grad(make: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    """A tensor, made as its own reducer says; `fill_grad` does the rest."""
    return make(*args)


def fill_grad(tensor: Any, grad: Any) -> None:
    """What a tensor has gathered, which its own reducer leaves out."""
    tensor.grad = grad


def _solid(kind: type) -> type:
    """The nearest base that is not written in Python: it says what an object of the class is made of."""
    while kind.__flags__ & (1 << 9):
        kind = kind.__base__ or object
    return kind


def _needs_arguments(new: Any) -> bool:
    """Does a class's own `__new__` take more than the class?"""
    if type(new) is not types.FunctionType:
        return False
    code, given = new.__code__, len(new.__defaults__ or ())
    needed = {*code.co_varnames[code.co_argcount :][: code.co_kwonlyargcount]} - {*(new.__kwdefaults__ or ())}
    return code.co_argcount - given > 1 or bool(needed)


class Pickler(pickle.Pickler):
    """Pickles by name where it can; functions by code, modules, standard streams and free locks besides."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        streams = (getattr(sys, name, None) for name in ("stdin", "stdout", "stderr"))
        self._of_streams = set(map(id, map(type, streams)))
        self._ordinary: set[int] = set()  # classes, by identity, whose objects pickle themselves whatever they hold

    def reducer_override(self, obj: Any) -> Any:
        kind = type(obj)
        if id(kind) in self._ordinary:
            return NotImplemented
        if kind.__module__ == "numpy":
            return NotImplemented  # scalars by the million: arrays, dtypes and numbers pickle themselves
        if kind is types.FunctionType:
            if obj.__module__ is not None and by_name(obj):
                return NotImplemented
            wrapped = getattr(obj, "__wrapped__", None)
            if obj.__globals__.get("__name__", "").startswith("_hasten_runtime") and type(wrapped) is kind:
                obj = wrapped  # the recorder's wrapper of a nested function
            return self._function(obj)
        if kind is types.ModuleType:
            module: types.ModuleType = obj
            if sys.modules.get(module.__name__) is not module:
                raise pickle.PicklingError(f"module {module.__name__} is not imported under its name")
            return importlib.import_module, (module.__name__,)
        if kind is types.MappingProxyType:
            return types.MappingProxyType, (dict(obj),)
        if kind in (_LOCK, _RLOCK):
            if obj.acquire(blocking=False):
                obj.release()
                return (threading.Lock if kind is _LOCK else threading.RLock), ()
            raise pickle.PicklingError("a lock that is held")
        if isinstance(obj, type):
            return NotImplemented
        if (
            kind.__module__ in ("torch", "torch.nn.parameter")
            and getattr(obj, "is_leaf", False)
            and obj.grad is not None
        ):
            return with_grad, obj.__reduce_ex__(4), obj.grad, None, None, fill_grad
        if _needs_arguments(kind.__new__) and _solid(kind) is object:
            reduced = obj.__reduce_ex__(4)
            plain: Any = getattr(copyreg, "__newobj__", None)
            if type(reduced) is tuple and reduced[0] is plain and reduced[1] == (kind,):
                return make_bare, *reduced[1:]
        for stream in ("stdin", "stdout", "stderr"):
            if obj is getattr(sys, stream, None):
                return getattr, (sys, stream)
        if id(kind) not in self._of_streams and kind.__module__ not in ("torch", "torch.nn.parameter"):
            self._ordinary.add(id(kind))
        return NotImplemented

    def _function(self, obj: types.FunctionType) -> Any:
        if _names_recorder(obj.__code__):
            raise pickle.PicklingError(f"function {obj.__qualname__} is itself being recorded")
        if obj.__module__ is None or obj.__globals__ is not getattr(sys.modules.get(obj.__module__), "__dict__", None):
            raise pickle.PicklingError(f"function {obj.__qualname__} lives in no module")
        cells: list[tuple[Any, ...]] = []
        for cell in obj.__closure__ or ():
            try:
                cells.append((cell.cell_contents,))
            except ValueError:  # the cell is empty still
                cells.append(())
        state = {
            "name": obj.__name__,
            "qualname": obj.__qualname__,
            "defaults": obj.__defaults__,
            "kwdefaults": obj.__kwdefaults__,
            "dict": dict(obj.__dict__),
            "cells": cells,
        }
        args = (marshal.dumps(obj.__code__), obj.__module__, obj.__code__.co_freevars)
        return make_function, args, state, None, None, fill_function


def dumps(value: Any, limit: int = 1 << 40, patience_s: float = math.inf) -> bytes:
    """One pickle of `value`, of at most `limit` bytes, made in about `patience_s` seconds of CPU. Raises `TooBig`, or
    `NotPicklable` with the reason."""
    buffer = _Limited(limit, patience_s)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            Pickler(buffer, protocol=5).dump(value)
    except TooBig:
        raise
    except RecursionError:
        raise NotPicklable("nested too deeply") from None
    except Exception as error:  # noqa: BLE001 - reducers of any class run here: all of it means "cannot be kept"
        raise NotPicklable(str(error) or type(error).__name__) from None
    return buffer.getvalue()


def culprit(values: Mapping[str, Any], limit: int) -> str:
    """Which of several values cannot be pickled, with the reason; empty when each can be alone."""
    for name, value in values.items():
        try:
            dumps(value, limit)
        except (NotPicklable, TooBig) as error:
            return f"{name}: {error}"
    return ""


def random_states() -> dict[str, Any]:
    """States of the global random streams that the program has loaded.

    NumPy loads `numpy.random` when it is named first, which may be in the middle of a region: its stream counts from
    when NumPy itself is there, or what a region leaves could not be told from what was there before.
    """
    states: dict[str, Any] = {"random": random.getstate()} if "random" in sys.modules else {}
    numpy_random = getattr(sys.modules.get("numpy"), "random", None)
    if numpy_random is not None and hasattr(numpy_random, "get_state"):
        name, keys, pos, has_gauss, cached = numpy_random.get_state()
        states["numpy.random"] = (name, keys.tobytes(), pos, has_gauss, cached)
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "get_rng_state"):
        states["torch"] = bytes(torch.get_rng_state().tolist())
    return states


def set_random_states(states: Mapping[str, Any]) -> None:
    """Puts the streams where they were; one that nobody knew of by then is put where it is in every replay."""
    if "numpy.random" not in states and hasattr(getattr(sys.modules.get("numpy"), "random", None), "seed"):
        sys.modules["numpy"].random.seed(0)
    if "random" in states:
        random.setstate(states["random"])
    if "numpy.random" in states:
        numpy = importlib.import_module("numpy")
        name, keys, pos, has_gauss, cached = states["numpy.random"]
        numpy.random.set_state((name, numpy.frombuffer(keys, numpy.uint32), pos, has_gauss, cached))
    if "torch" in states:
        torch = importlib.import_module("torch")
        torch.set_rng_state(torch.tensor(list(states["torch"]), dtype=torch.uint8, device="cpu"))


def process_state() -> dict[str, Any]:
    """Settings of the process that change what code does."""
    state: dict[str, Any] = {"recursionlimit": sys.getrecursionlimit()}
    numpy = sys.modules.get("numpy")
    if numpy is not None and hasattr(numpy, "geterr"):
        state["errstate"] = numpy.geterr()
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "is_grad_enabled"):
        state["gradients"] = torch.is_grad_enabled()
        state["threads"] = torch.get_num_threads()
    return state


def set_process_state(state: Mapping[str, Any]) -> None:
    sys.setrecursionlimit(state["recursionlimit"])
    if "errstate" in state:
        importlib.import_module("numpy").seterr(**state["errstate"])
    if "gradients" in state:
        torch = importlib.import_module("torch")
        torch.set_grad_enabled(state["gradients"])
        if torch.get_num_threads() != state["threads"]:
            torch.set_num_threads(state["threads"])


def class_data(cls: type) -> dict[str, Any]:
    """The data attributes that a class itself holds (counters, caches, constants): what methods may change."""
    skip = (
        types.FunctionType, classmethod, staticmethod, property, types.MemberDescriptorType, types.GetSetDescriptorType,
    )  # fmt: skip
    return {
        k: v
        for k, v in vars(cls).items()
        if not (k.startswith("__") and k.endswith("__"))
        and k != "_abc_impl"
        and not isinstance(v, skip)
        and not (isinstance(v, type) or hasattr(type(v), "__get__") or isinstance(cls, _enum_meta()))
    }


def _enum_meta() -> type:
    enum = sys.modules.get("enum")
    return enum.EnumMeta if enum is not None else type("_None", (type,), {})


@dataclass(frozen=True)
class Reads:
    """What a region's code can reach in its module: data names, and classes with data of their own."""

    data: tuple[str, ...]
    classes: tuple[str, ...]


def entry_state(
    namespace: Mapping[str, Any],
    reads: Reads,
    *,
    names: Mapping[str, Any] | None = None,
    call: tuple[tuple[Any, ...], dict[str, Any]] | None = None,
    function: Callable[..., Any] | None = None,
) -> dict[str, Any]:
    """All that a region sees when it is entered. `names` are a block's locals; `call` and `function` a call."""
    state: dict[str, Any] = {
        "names": dict(names or {}),
        "globals": {n: namespace[n] for n in reads.data if n in namespace and n not in (names or {})},
        "classes": {n: class_data(namespace[n]) for n in reads.classes if isinstance(namespace.get(n), type)},
    }
    if call is not None:
        state["args"], state["kwargs"] = call
    if function is not None:
        state.update(function_state(function))
    return state


def function_state(function: Any) -> dict[str, Any]:
    """What a function carries along: mutable defaults, and the cells of a closure by name."""
    raw = function
    for _ in range(8):
        if isinstance(raw, types.FunctionType):
            break
        raw = getattr(raw, "__wrapped__", None) or getattr(raw, "py_func", None) or getattr(raw, "__func__", None)
    if not isinstance(raw, types.FunctionType):
        return {"defaults": None, "kwdefaults": None, "cells": {}}
    cells = {}
    for name, cell in zip(raw.__code__.co_freevars, raw.__closure__ or (), strict=True):
        try:
            cells[name] = cell.cell_contents
        except ValueError:  # not bound yet
            continue
    cells.pop("__class__", None)
    if getattr(cells.get(raw.__name__), "__qualname__", None) == raw.__qualname__:
        del cells[raw.__name__]  # it refers to itself
    return {"defaults": raw.__defaults__, "kwdefaults": raw.__kwdefaults__, "cells": cells}


def outcome(
    entry: Mapping[str, Any],
    *,
    out: Mapping[str, Any],
    result: Any = None,
    error: BaseException | None = None,
    namespace: Mapping[str, Any],
    reads: Reads,
    function: Callable[..., Any] | None = None,
) -> dict[str, Any]:
    """What a region has done: what it bound, returned or raised, and everything it was given, as it is now."""
    after: dict[str, Any] = {
        "out": dict(out),
        "result": result,
        "raised": None if error is None else raised(error),
        "names": entry.get("names", {}),
        "args": entry.get("args", ()),
        "kwargs": entry.get("kwargs", {}),
        "globals_before": entry.get("globals", {}),
        # as at entry: a name that the block has for itself hides the global of that name
        "globals": {n: namespace[n] for n in reads.data if n in namespace and n not in entry.get("names", {})},
        "classes": {n: class_data(namespace[n]) for n in reads.classes if isinstance(namespace.get(n), type)},
    }
    if function is not None:
        after.update(function_state(function))
    return after


def raised(error: BaseException, depth: int = 0) -> dict[str, Any]:
    """An exception as data: type by name, arguments, own attributes, what else its text shows, where it came from."""
    own = {k: v for k, v in getattr(error, "__dict__", {}).items() if not k.startswith("__") or k == "__notes__"}
    shown = ("filename", "filename2", "name", "path")  # of OSError, ImportError, NameError, AttributeError
    plain = isinstance(error, (OSError, ImportError, NameError, AttributeError))
    cause = error.__cause__
    return {
        "type": f"{type(error).__module__}.{type(error).__qualname__}",
        "args": error.args,
        "attributes": own,
        "shown": {name: getattr(error, name, None) for name in shown} if plain else {},
        "cause": None if cause is None or depth > 3 else raised(cause, depth + 1),
    }
