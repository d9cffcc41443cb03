"""Kernels run without compiling: the emitted text in plain Python, with the machine's numbers.

What is the same as under Numba: 64-bit integers that wrap, indexes that are checked, divisions that raise, `math`
without its exceptions, arrays whose elements are plain numbers. So all that hasten decides is put to the test: types,
ranges, guards, copies, what is written back, the order of evaluation, the helpers' arithmetic. What is not: Numba's own
typing and LLVM's arithmetic, which only the compiled slice sees.
"""

from __future__ import annotations

import ast
import builtins
import math
import types
from collections.abc import Callable, Iterator
from functools import wraps
from types import ModuleType
from typing import Any

import numpy as np

from tests.fuzz.engine import PATH


class I64(int):
    """A 64-bit integer that wraps."""

    __slots__ = ()

    def __new__(cls, value: Any = 0) -> I64:
        return int.__new__(cls, (int(value) + 2**63) % 2**64 - 2**63)

    def __truediv__(self, other: Any) -> float:
        return float(self) / float(other)

    def __rtruediv__(self, other: Any) -> float:
        return float(other) / float(self)

    def __pow__(self, other: Any, mod: Any = None) -> Any:
        if isinstance(other, float):
            return math.pow(self, other)
        return I64(pow(int(self), int(other))) if mod is None else I64(pow(int(self), int(other), mod))

    def __neg__(self) -> I64:
        return I64(-int(self))

    def __pos__(self) -> I64:
        return self

    def __invert__(self) -> I64:
        return I64(~int(self))

    def __abs__(self) -> I64:
        return I64(abs(int(self)))

    def __hash__(self) -> int:
        return int.__hash__(self)


def _wrapping(name: str) -> None:
    plain = getattr(int, f"__{name}__")
    reflected = getattr(int, f"__r{name}__")

    def forward(self: I64, other: Any) -> Any:
        found = plain(self, other)
        return found if found is NotImplemented else I64(found)

    def backward(self: I64, other: Any) -> Any:
        found = reflected(self, other)
        return found if found is NotImplemented else I64(found)

    setattr(I64, f"__{name}__", forward)
    setattr(I64, f"__r{name}__", backward)


for _name in ("add", "sub", "mul", "floordiv", "mod", "lshift", "rshift", "and", "or", "xor"):
    _wrapping(_name)


class Memory(np.ndarray):
    """An array whose elements come out as the kernel's numbers."""

    def __getitem__(self, index: Any) -> Any:
        return inside(super().__getitem__(index))

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in builtins.range(len(self)))

    @property
    def flat(self) -> Any:  # type: ignore[override]
        return [inside(x) for x in np.asarray(self).ravel()]

    @property
    def size(self) -> Any:  # type: ignore[override]
        return I64(np.asarray(self).size)

    @property
    def shape(self) -> Any:  # type: ignore[override]
        return tuple(I64(n) for n in np.asarray(self).shape)

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        return inside(array[()] if array.ndim == 0 else np.asarray(array))


def inside(x: Any) -> Any:
    """A value as the kernel holds it."""
    kind = type(x)
    if kind is I64 or kind is float or kind is bool or kind is Memory:
        return x
    if kind is np.float64:
        return float(x)
    if kind is np.bool_:
        return bool(x)
    if kind is int:
        if not -(2**63) <= x < 2**63:
            raise OverflowError("a kernel's argument leaves 64 bits")
        return I64(x)
    if isinstance(x, np.integer):
        return I64(x)
    if kind is np.ndarray:
        return x.view(Memory)
    if kind is tuple:
        return tuple(inside(item) for item in x)
    return x


def outside(x: Any) -> Any:
    """A value as Numba hands it back."""
    kind = type(x)
    if kind is I64:
        return int(x)
    if kind is Memory:
        return np.asarray(x).view(np.ndarray)
    if kind is tuple:
        return tuple(outside(item) for item in x)
    if kind is list:
        return [outside(item) for item in x]
    return x


class Int64:
    """`np.int64` in a kernel: a call that wraps, and a dtype."""

    dtype = np.dtype("int64")

    def __call__(self, x: Any = 0) -> I64:
        return I64(x)


class Numpy:
    """`np` as kernels see it."""

    int64 = Int64()

    def __getattr__(self, name: str) -> Any:
        found = getattr(np, name)
        if isinstance(found, type) or not callable(found):
            return found

        def call(*args: Any, **named: Any) -> Any:
            with np.errstate(all="ignore"):
                return inside(found(*map(_plain, args), **{k: _plain(v) for k, v in named.items()}))

        return call


def _plain(x: Any) -> Any:
    if type(x) is list:
        return [_plain(item) for item in x]
    if type(x) is tuple:
        return tuple(_plain(item) for item in x)
    if isinstance(x, Int64):
        return np.int64
    return int(x) if type(x) is I64 else np.asarray(x) if type(x) is Memory else x


class Math:
    """`math` as kernels see it: the C library, without Python's exceptions."""

    def __getattr__(self, name: str) -> Any:
        found = getattr(math, name)
        if not callable(found):
            return found

        def call(*args: Any) -> Any:
            try:
                return inside(found(*args))
            except ValueError:
                return -math.inf if name.startswith("log") and args[0] == 0 else math.nan
            except OverflowError:
                return math.inf

        return call


def _range(*args: Any) -> Iterator[I64]:
    return builtins.map(I64, builtins.range(*args))


def _enumerate(items: Any) -> Iterator[tuple[I64, Any]]:
    return ((I64(i), x) for i, x in builtins.enumerate(items))


def _int(x: Any = 0) -> I64:
    return I64(math.trunc(x))


def _len(x: Any) -> I64:
    return I64(builtins.len(x))


KERNEL_NAMES = {
    "np": Numpy(), "math": Math(), "range": _range, "enumerate": _enumerate, "int": _int, "len": _len, "_i64": I64,
}  # fmt: skip


class _Machine(ast.NodeTransformer):
    """Kernels' integers are the machine's."""

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        if type(node.value) is int:
            return ast.copy_location(ast.Call(ast.Name("_i64", ast.Load()), [node], []), node)
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        if isinstance(node.slice, ast.Constant):  # of a tuple, mostly
            node.value = self.visit(node.value)
            return node
        return self.generic_visit(node)  # type: ignore[return-value]


def is_njit(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(called, ast.Name) and called.id == "njit"


def watched(tree: ast.Module) -> None:
    """Wrappers of kernels tell whether the kernel's result was used."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("_fast_"):
            node.decorator_list.append(ast.copy_location(ast.Name("_fuzz_watched", ast.Load()), node))


def prepared(module: ModuleType) -> None:
    fast: list[bool] = []

    def watch(wrapper: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(wrapper)
        def call(*args: Any) -> Any:
            found = wrapper(*args)
            fast.append(found is not None)
            return found

        return call

    module.__dict__["_fuzz_fast"] = fast
    module.__dict__["_fuzz_watched"] = watch


def load(text: str, module: ModuleType) -> None:
    """Runs a patched file with its kernels as plain Python."""
    tree = ast.parse(text)
    watched(tree)
    prepared(module)
    state = module.__dict__
    kernels: dict[str, Any] = {**KERNEL_NAMES, "__builtins__": builtins}
    inner: dict[str, Any] = {}

    def emulated(function: types.FunctionType) -> Callable[..., Any]:
        own = types.FunctionType(function.__code__, kernels, function.__name__, function.__defaults__)

        def kernel(*args: Any) -> Any:
            # what else a kernel reads of the module (numbers that are bound once) is frozen when it is compiled
            kernels.update({k: v for k, v in state.items() if k not in KERNEL_NAMES and k not in inner})
            with np.errstate(all="ignore"):
                return outside(own(*map(inside, args)))

        inner[function.__name__] = kernels[function.__name__] = own  # kernels call one another directly
        return kernel

    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and any(map(is_njit, node.decorator_list)):
            node.body = [_Machine().visit(s) for s in node.body]
            node.decorator_list = [ast.copy_location(ast.Name("_fuzz_emulated", ast.Load()), node)]
    ast.fix_missing_locations(tree)
    state["_fuzz_emulated"] = emulated
    exec(compile(tree, PATH, "exec"), state)
