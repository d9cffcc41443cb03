"""What values are made of that neither are containers nor say it by pickling: named parts, compared one by one.

Exceptions (what their text shows besides the arguments), functions (code without places, defaults, attributes),
views of dicts (in order), memory views, tensors, frames of polars (`parts_polars`). Standard library only, like
`equality`.
"""

from __future__ import annotations

import struct
import sys
import threading
import types
from collections.abc import Iterator
from typing import Any

from hasten.verify.parts_polars import polars

_VIEWS: tuple[Any, ...] = (type({}.keys()), type({}.values()), type({}.items()))
_SHOWN: tuple[tuple[type[BaseException], tuple[str, ...]], ...] = (
    (OSError, ("filename", "filename2")), (ImportError, ("name", "path")), (NameError, ("name",)),
    (AttributeError, ("name",)),
)  # fmt: skip
_CODE = ("co_argcount", "co_posonlyargcount", "co_kwonlyargcount", "co_flags", "co_names", "co_varnames", "co_freevars",
         "co_cellvars", "co_code", "co_exceptiontable")  # fmt: skip
_COMPRESSED = {
    "torch.sparse_coo": ("is_coalesced", "_indices", "_values"),
    "torch.sparse_csr": ("crow_indices", "col_indices", "values"),
    "torch.sparse_bsr": ("crow_indices", "col_indices", "values"),
    "torch.sparse_csc": ("ccol_indices", "row_indices", "values"),
    "torch.sparse_bsc": ("ccol_indices", "row_indices", "values"),
}
_LOCKS = (type(threading.Lock()), type(threading.RLock()))
_HIDDEN: dict[type, bool] = {}  # classes asked about before
Parts = list[tuple[str, Any]]


def parts(value: Any) -> Parts | None:
    """Names and values of what two such objects are compared by; None for everything else."""
    if isinstance(value, _VIEWS):
        return [("elements", list(value))]
    if isinstance(value, types.MappingProxyType):
        return [("items", dict(value))]
    if isinstance(value, memoryview):
        shown = ("format", "shape", "readonly")
        return [*((name, getattr(value, name)) for name in shown), ("content", value.tobytes())]
    if isinstance(value, types.CodeType):
        return list(_code(value))
    if isinstance(value, _LOCKS):
        taken: Any = getattr(value, "locked", None) or getattr(value, "_is_owned", bool)
        return [("held", taken())]
    return polars(value)


def hidden(cls: type) -> bool:
    """Whether objects of a class hold more than attributes and slots: what a part of it keeps that is written in C."""
    known = _HIDDEN.get(cls)
    if known is None:
        known = _HIDDEN[cls] = any(_room(base) for base in cls.__mro__)
    return known


def _room(cls: type) -> bool:
    own = vars(cls)
    named = sum(isinstance(member, types.MemberDescriptorType) for member in own.values())
    named += ("__dict__" in own) + ("__weakref__" in own)
    base = cls.__base__
    return base is not None and cls.__basicsize__ - base.__basicsize__ > named * struct.calcsize("P")


def function(value: types.FunctionType) -> Parts:
    """Two functions of one name do the same when they are compiled to the same and hold the same."""
    cells = tuple(_content(cell) for cell in value.__closure__ or ())
    return [*_code(value.__code__), ("__defaults__", value.__defaults__), ("__kwdefaults__", value.__kwdefaults__),
            ("__dict__", dict(value.__dict__)), ("__closure__", cells)]  # fmt: skip


def exception(value: BaseException) -> Parts:
    """What it says and where it came from. What was being handled when it was raised does not count."""
    found: Parts = [("args", value.args)]
    for kind, names in _SHOWN:
        if isinstance(value, kind):
            found += [(name, getattr(value, name, None)) for name in names]
    return [*found, ("__cause__", value.__cause__)]


def tensor(value: Any) -> Parts:
    """All of a tensor but its values: where it is, how it lies in memory, what it gathers."""
    found: Parts = [(name, str(getattr(value, name))) for name in ("dtype", "device", "layout")]
    found += [("shape", tuple(value.shape)), ("requires_grad", value.requires_grad)]
    if str(value.layout) == "torch.strided":
        found.append(("strides", tuple(s for s, n in zip(value.stride(), value.shape, strict=True) if n > 1)))
    if value.is_quantized:
        found.append(("quantised", str(value.qscheme())))
    found.append(("grad", value.grad if value.is_leaf or value.retains_grad else None))
    return found


def held(value: Any) -> Parts | Any:
    """A tensor's values: an array, or the parts of a sparse one."""
    names = _COMPRESSED.get(str(value.layout))
    if names is not None:
        return [(name, getattr(value, name)()) for name in names]
    torch: Any = sys.modules["torch"]
    plain = value.detach().resolve_conj().resolve_neg().cpu()
    if plain.is_quantized:
        return [("values", plain.int_repr()), ("dequantised", plain.dequantize())]
    if plain.dtype.is_floating_point and plain.dtype not in (torch.float64, torch.float32, torch.float16):
        plain = plain.float()  # bfloat16 and eight bits: NumPy has none of them, and no number is lost
    return plain.numpy()


def _code(code: types.CodeType) -> Iterator[tuple[str, Any]]:
    for name in _CODE:
        yield name, getattr(code, name)
    yield "co_consts", tuple(tuple(_code(c)) if isinstance(c, types.CodeType) else c for c in code.co_consts)


def _content(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return Ellipsis
