"""Are two values the same? The first difference, with its path, or nothing.

Structure comes first: exact types, lengths, keys in order, dtypes, shapes, indexes, names, categories. Then
values: ints, strings and everything discrete exactly, floats within the contract. `numpy.allclose`,
`DataFrame.equals` and the like are not used: they broadcast, ignore names, or call 10**6 and 10**6 + 9 close.

What counts, type by type: docs/equality.md, whose every line is a test.

Two structures must also share objects alike: where one holds the same mutable object in two places, so
must the other. Works by modules that are already loaded, with the standard library only, so that it runs next
to the values it compares.
"""

from __future__ import annotations

import array
import enum
import math
import struct
import sys
import types
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from typing import Any

from hasten.core.contract import NEAR_ZERO, Contract
from hasten.verify import parts

_PLAIN = (int, str, bool, bytes, type(None))
_ATOMS: frozenset[type] = frozenset({*_PLAIN, float, complex})
_BARE = frozenset({list, tuple, dict, set, frozenset, bytearray, deque})  # no instance has attributes
_NAMED = (
    types.FunctionType, types.BuiltinFunctionType, type, types.ModuleType, types.WrapperDescriptorType,
    types.MethodDescriptorType,
)  # fmt: skip


def difference(a: object, b: object, contract: Contract, path: str = "value") -> str | None:
    """The first difference between `a` (the reference) and `b`, as ``path: old vs new``; None when equal."""
    try:
        return _Comparison(contract.tolerance).compare(a, b, path)
    except RecursionError:
        return f"{path}: nested too deeply to compare"


class _Comparison:
    def __init__(self, rtol: float) -> None:
        self.rtol = rtol
        self.forward: dict[int, tuple[int, str]] = {}
        self.backward: dict[int, tuple[int, str]] = {}
        self.alive: list[object] = []  # ids stay taken while their objects are kept

    def compare(self, a: Any, b: Any, path: str) -> str | None:
        kind = type(a)
        if kind is not type(b) and not _same_class(kind, type(b)):
            return f"{path}: {_type(a)} {_short(a)} vs {_type(b)} {_short(b)}"
        if kind is float:
            return self._float(a, b, path)
        if kind in (int, str, bytes, bool):
            return None if a == b else _differs(path, a, b)
        if kind is complex:
            return self._complex(a, b, path)
        if a is None or a is Ellipsis or a is NotImplemented:
            return None
        if _numpy_number(kind) and kind is type(b) and a.tobytes() == b.tobytes():
            return None  # the same bits; whatever else goes the long way
        if isinstance(a, _NAMED):
            return self._named(a, b, path)
        if kind is tuple:
            return self._sequence(a, b, path)
        known = self._shared(a, b, path)
        if known is not None:
            return known or None
        return self._mutable(a, b, path)

    def _shared(self, a: Any, b: Any, path: str) -> str | None:
        """'' when the pair was met before, a difference when only one side was, None when both are new."""
        there, back = self.forward.get(id(a)), self.backward.get(id(b))
        if there is None and back is None:
            self.forward[id(a)] = (id(b), path)
            self.backward[id(b)] = (id(a), path)
            self.alive += (a, b)
            return None
        if there is not None and there[0] == id(b):
            return ""
        if isinstance(a, (frozenset, enum.Enum, str, bytes, int, float)) or _immutable(a):
            return None
        if there is not None:
            return f"{path}: the same object as {there[1]} vs another one"
        assert back is not None
        return f"{path}: an object of its own vs the same as {back[1]}"

    def _mutable(self, a: Any, b: Any, path: str) -> str | None:
        numpy, pandas = sys.modules.get("numpy"), sys.modules.get("pandas")
        if numpy is not None and hasattr(numpy, "ndarray"):
            if isinstance(a, numpy.ndarray):
                return self._array(a, b, path) or self._attributes(a, b, path)
            if isinstance(a, numpy.generic):
                return self._array_values(numpy.asarray(a), numpy.asarray(b), path)
        if pandas is not None and hasattr(pandas, "DataFrame"):
            if isinstance(a, pandas.DataFrame):
                return self._frame(a, b, path)
            if isinstance(a, pandas.Series):
                return self._series(a, b, path)
            if isinstance(a, pandas.Index):
                return self._index(a, b, path)
            if isinstance(a, pandas.api.extensions.ExtensionArray):
                return self._pandas_array(a, b, path)
        torch = sys.modules.get("torch")
        if torch is not None and hasattr(torch, "Tensor") and isinstance(a, torch.Tensor):
            return self._tensor(a, b, path)
        return self._builtin(a, b, path)

    def _builtin(self, a: Any, b: Any, path: str) -> str | None:
        """Containers and subclasses of built-in types, by their content; then everything else."""
        if isinstance(a, enum.Enum):
            if isinstance(a, enum.Flag):  # those made of unknown bits have no name
                return self.compare(a._value_, b._value_, f"{path}.value")
            return None if a.name == b.name else _differs(path, a, b)
        if (made_of := parts.parts(a)) is not None:
            return self._parts(made_of, parts.parts(b) or [], path)
        if isinstance(a, (list, tuple, deque)):
            base: Any = next(t for t in (list, tuple, deque) if isinstance(a, t))
            if isinstance(a, deque) and a.maxlen != b.maxlen:
                return f"{path}.maxlen: {a.maxlen} vs {b.maxlen}"
            return self._sequence(list(base.__iter__(a)), list(base.__iter__(b)), path) or self._attributes(a, b, path)
        if isinstance(a, dict):
            if isinstance(a, defaultdict):
                found = self.compare(a.default_factory, b.default_factory, f"{path}.default_factory")
                if found:
                    return found
            return self._dict(a, b, path) or self._attributes(a, b, path)
        if isinstance(a, (set, frozenset)):
            return self._set(a, b, path) or self._attributes(a, b, path)
        if isinstance(a, bytearray):
            return (None if bytes(a) == bytes(b) else _differs(path, a, b)) or self._attributes(a, b, path)
        for plain in (int, str, bytes, float, complex):
            if isinstance(a, plain):  # a subclass: its value, then what it carries
                raw: Any = plain
                found = self.compare(_plain(raw, a), _plain(raw, b), path)
                return found or self._attributes(a, b, path)
        if isinstance(a, BaseException):
            return self._parts(parts.exception(a), parts.exception(b), path) or self._attributes(a, b, path)
        if isinstance(a, types.MethodType):
            found = self.compare(a.__func__, b.__func__, f"{path}.__func__")
            return found or self.compare(a.__self__, b.__self__, f"{path}.__self__")
        if isinstance(a, types.CellType):
            return self.compare(_cell(a), _cell(b), f"{path}.cell_contents")
        if _user_class(type(a)):
            found = self._attributes(a, b, path)
            if found or not (_own_reduce(type(a)) or parts.hidden(type(a))):
                return found
        return self._reduced(a, b, path)

    def _parts(self, a: parts.Parts, b: parts.Parts, path: str) -> str | None:
        self.alive += (a, b)
        for (name, left), (_, right) in zip(a, b, strict=True):
            found = self.compare(left, right, f"{path}.{name}")
            if found:
                return found
        return None

    # -- numbers

    def _float(self, a: float, b: float, path: str) -> str | None:
        if self.rtol == 0.0:
            same = struct.pack("d", a) == struct.pack("d", b) or (a != a and b != b)
        else:
            same = a == b or (a != a and b != b) or _close(a, b, self.rtol)
        return None if same else _differs(path, a, b)

    def _complex(self, a: complex, b: complex, path: str) -> str | None:
        if self.rtol and all(map(math.isfinite, (a.real, a.imag, b.real, b.imag))):
            # a part that is small beside the other one may be what cancellation left
            floor = NEAR_ZERO * self.rtol * max(map(abs, (a.real, a.imag, b.real, b.imag)))
            if all(_close(x, y, self.rtol, floor) for x, y in ((a.real, b.real), (a.imag, b.imag))):
                return None
            return _differs(path, a, b)
        return self._float(a.real, b.real, f"{path}.real") or self._float(a.imag, b.imag, f"{path}.imag")

    # -- containers

    def _sequence(self, a: Sequence[Any], b: Sequence[Any], path: str) -> str | None:
        if len(a) != len(b):
            return f"{path}: length {len(a)} vs {len(b)}"
        if len(a) > 8 and _quickly_same(a, b):
            return None
        for i, (x, y) in enumerate(zip(a, b, strict=True)):
            found = self.compare(x, y, f"{path}[{i}]")
            if found:
                return found
        return None

    def _dict(self, a: dict[Any, Any], b: dict[Any, Any], path: str) -> str | None:
        left, right = list(dict.items(a)), list(dict.items(b))
        if len(left) != len(right):
            only = [k for k, _ in left if not dict.__contains__(b, k)][:3]
            extra = [k for k, _ in right if not dict.__contains__(a, k)][:3]
            return f"{path}: {len(left)} keys vs {len(right)}; missing {_short(only)}, added {_short(extra)}"
        keys_a, keys_b = [k for k, _ in left], [k for k, _ in right]
        values_a, values_b = [v for _, v in left], [v for _, v in right]
        if len(left) > 8 and _quickly_same(keys_a, keys_b) and _quickly_same(values_a, values_b):
            return None
        for i, (x, y) in enumerate(zip(keys_a, keys_b, strict=True)):
            found = self.compare(x, y, f"{path}, key {i}")
            if found:
                return found
            found = self.compare(values_a[i], values_b[i], f"{path}[{_short(x)}]")
            if found:
                return found
        return None

    def _set(self, a: Any, b: Any, path: str) -> str | None:
        base: Any = set if isinstance(a, set) else frozenset
        left, right = list(base.__iter__(a)), list(base.__iter__(b))
        if len(left) != len(right):
            return f"{path}: {len(left)} elements vs {len(right)}"
        if set(map(type, left)) | set(map(type, right)) <= set(_PLAIN):
            # plain elements: equal and of one type is all there is (1 and True are not the same)
            mine, other = {(type(x), x) for x in left}, {(type(y), y) for y in right}
            if mine == other:
                return None
            gone, came = ([repr(v) for _, v in s][:3] for s in (mine - other, other - mine))
            return f"{path}: {', '.join(sorted(gone))} vs {', '.join(sorted(came))}"
        by_hash: dict[int, list[Any]] = {}
        unhashed: list[Any] = []
        for y in right:
            by_hash.setdefault(hash(y) if type(y) in _ATOMS and y == y else 0, []).append(y)
        for x in left:
            bucket = by_hash.get(hash(x) if type(x) in _ATOMS and x == x else 0, [])
            for i, y in enumerate(bucket):
                if _Comparison(self.rtol).compare(x, y, "") is None:
                    del bucket[i]
                    break
            else:
                unhashed.append(x)
        rest = [y for bucket in by_hash.values() for y in bucket]
        for x in unhashed:  # floats within tolerance hash differently
            for i, y in enumerate(rest):
                if _Comparison(self.rtol).compare(x, y, "") is None:
                    del rest[i]
                    break
            else:
                return f"{path}: {_short(x)} is missing"
        return None

    def _attributes(self, a: Any, b: Any, path: str) -> str | None:
        """Instance dictionaries and slots of objects of one class. The order of attributes does not count."""
        if type(a) in _BARE:
            return None
        left, right = _state(a), _state(b)
        if left.keys() != right.keys():
            odd = sorted(map(str, left.keys() ^ right.keys()))[0]
            return f"{path}.{odd}: only in one of the two"
        for name, value in left.items():
            found = self.compare(value, right[name], f"{path}.{name}")
            if found:
                return found
        return None

    def _named(self, a: Any, b: Any, path: str) -> str | None:
        if a is b:
            return None
        if isinstance(a, types.ModuleType):
            return None if a.__name__ == b.__name__ else _differs(path, a.__name__, b.__name__)
        left, right = (f"{getattr(x, '__module__', '')}.{x.__qualname__}" for x in (a, b))
        if left != right:
            return _differs(path, left, right)
        own = getattr(a, "__self__", None), getattr(b, "__self__", None)
        if isinstance(a, types.BuiltinFunctionType) and not isinstance(own[0], types.ModuleType):
            return self.compare(own[0], own[1], f"{path}.__self__")
        if isinstance(a, types.FunctionType) and self._shared(a, b, path) is None:
            return self._parts(parts.function(a), parts.function(b), path)
        return None

    def _reduced(self, a: Any, b: Any, path: str) -> str | None:
        """Objects that only C knows: by what pickling would keep of them."""
        if a is b:
            return None
        try:
            left, right = a.__reduce_ex__(4), b.__reduce_ex__(4)
        except Exception:  # noqa: BLE001 - reducers of any class run here; then equality must do
            try:
                same = (a == b) is True  # an answer of another kind (an expression, an array) says nothing
            except Exception as error:  # noqa: BLE001 - so do comparisons
                return f"{path}: {_type(a)} cannot be compared ({type(error).__name__})"
            return None if same else f"{path}: {_type(a)} cannot be compared"
        if isinstance(left, str) or isinstance(right, str):
            return None if left == right else _differs(path, left, right)
        left, right = _drained(left), _drained(right)
        self.alive += (left, right)
        return self.compare(left, right, f"{path}<{type(a).__name__}>")

    # -- numpy

    def _array(self, a: Any, b: Any, path: str) -> str | None:
        numpy: Any = sys.modules["numpy"]
        if a is b or a is numpy.ma.masked:  # a constant of which there is one
            return None
        if isinstance(a, numpy.ma.MaskedArray):
            return self._masked(a, b, path)
        if a.flags.writeable != b.flags.writeable:
            return f"{path}.flags.writeable: {a.flags.writeable} vs {b.flags.writeable}"
        if a.ndim > 1 and a.shape == b.shape and layout(a) != layout(b):
            return f"{path}.flags: {layout(a)} vs {layout(b)}"  # sums, reshape and ravel tell the difference
        return self._array_values(numpy.asarray(a), numpy.asarray(b), path)

    def _masked(self, a: Any, b: Any, path: str) -> str | None:
        numpy: Any = sys.modules["numpy"]
        mask_a, mask_b = numpy.ma.getmaskarray(a), numpy.ma.getmaskarray(b)
        found = self._array_values(mask_a, mask_b, f"{path}.mask")
        found = found or self.compare(a.fill_value, b.fill_value, f"{path}.fill_value")
        if found or a.dtype != b.dtype:
            return found or f"{path}: dtype {a.dtype} vs {b.dtype}"
        if a.dtype.names:
            return self._array_values(numpy.asarray(a.filled()), numpy.asarray(b.filled()), path)
        return self._array_values(a.data[~mask_a], b.data[~mask_b], path)

    def _array_values(self, a: Any, b: Any, path: str) -> str | None:
        numpy: Any = sys.modules["numpy"]
        if a.dtype != b.dtype or a.dtype.str != b.dtype.str or a.dtype.metadata != b.dtype.metadata:
            return f"{path}: dtype {a.dtype} vs {b.dtype}"
        if a.shape != b.shape:
            return f"{path}: shape {a.shape} vs {b.shape}"
        if not a.size:
            return None
        if a.dtype.names:
            for name in a.dtype.names:
                found = self._array_values(a[name], b[name], f"{path}[{name!r}]")
                if found:
                    return found
            return None
        kind = a.dtype.kind
        if kind == "O":
            flat_a, flat_b = a.ravel().tolist(), b.ravel().tolist()
            self.alive += (flat_a, flat_b)
            if a.ndim == 1:
                return self._sequence(flat_a, flat_b, path)
            return self._sequence(flat_a, flat_b, f"{path}.ravel()")
        if kind == "f" or kind == "c":
            bad = self._float_mask(a, b)
        elif kind in "mM":
            bad = a.view("i8") != b.view("i8")  # NaT is a number of its own here
        else:
            bad = numpy.asarray(a != b)
        if not bad.any():
            return None
        at = tuple(int(i) for i in numpy.argwhere(bad)[0]) if a.ndim else ()
        where = f"{path}[{', '.join(map(str, at))}]" if a.ndim else path
        count = int(bad.sum())
        more = f" ({count} of {a.size} differ)" if a.size > 1 else ""
        return f"{where}: {a[at]!r} vs {b[at]!r}{more}"

    def _float_mask(self, a: Any, b: Any) -> Any:
        """True where two float or complex arrays of one dtype and shape differ."""
        numpy: Any = sys.modules["numpy"]
        if a.dtype.kind == "c":
            if self.rtol and numpy.isfinite(a).all() and numpy.isfinite(b).all():
                sizes = numpy.maximum(numpy.abs(a.real), numpy.abs(a.imag))
                return self._far(a.real, b.real, sizes) | self._far(a.imag, b.imag, sizes)
            return self._float_mask(a.real, b.real) | self._float_mask(a.imag, b.imag)
        nan_a, nan_b = numpy.isnan(a), numpy.isnan(b)
        if self.rtol == 0.0:
            bits = (a != b) | (numpy.signbit(a) != numpy.signbit(b))
            return numpy.where(nan_a | nan_b, nan_a != nan_b, bits)
        finite = numpy.isfinite(a) & numpy.isfinite(b)
        bad = numpy.asarray((nan_a != nan_b) | (~finite & ~nan_a & ~nan_b & (a != b)))
        if finite.any():
            bad[finite] |= self._far(a[finite], b[finite])
        return bad

    def _far(self, a: Any, b: Any, sizes: Any = None) -> Any:
        """True where finite real numbers are further apart than the contract allows. `sizes`: their wholes."""
        numpy: Any = sys.modules["numpy"]
        wide = a.dtype if a.dtype.itemsize > 8 else numpy.float64
        x, y = a.astype(wide), b.astype(wide)
        beside = numpy.abs(x) if sizes is None else sizes.astype(wide)
        with numpy.errstate(all="ignore"):
            top = beside.max()
            rms = top * numpy.sqrt(numpy.mean(numpy.square(beside / top))) if top > 0 else 0.0
            floor = NEAR_ZERO * self.rtol * (rms if sizes is None else numpy.maximum(beside, rms))
            # halves where the difference of two finite numbers overflows; elsewhere they would lose the smallest ones
            half = numpy.where(numpy.isinf(x - y), 0.5, 1.0)
            gap = numpy.abs(x * half - y * half)
            reach = self.rtol * numpy.maximum(numpy.abs(x), numpy.abs(y))
            return (x != y) & ~(gap <= numpy.maximum(reach, floor) * half)

    def _tensor(self, a: Any, b: Any, path: str) -> str | None:
        found = self._parts(parts.tensor(a), parts.tensor(b), path) or self._attributes(a, b, path)
        if found:
            return found
        left, right = parts.held(a), parts.held(b)
        self.alive += (left, right)
        if isinstance(left, list):
            return self._parts(left, right, path)
        return self._array_values(left, right, path)

    # -- pandas

    def _frame(self, a: Any, b: Any, path: str) -> str | None:
        if a.shape != b.shape:
            return f"{path}: shape {a.shape} vs {b.shape}"
        found = self._index(a.columns, b.columns, f"{path}.columns") or self._index(a.index, b.index, f"{path}.index")
        found = found or self._meta(a, b, path)
        if found:
            return found
        for i, label in enumerate(a.columns):
            found = self._pandas_array(a.iloc[:, i].array, b.iloc[:, i].array, f"{path}[{_short(label)}]")
            if found:
                return found
        return self._extra(a, b, path)

    def _series(self, a: Any, b: Any, path: str) -> str | None:
        if len(a) != len(b):
            return f"{path}: length {len(a)} vs {len(b)}"
        found = self._index(a.index, b.index, f"{path}.index") or self._meta(a, b, path)
        found = found or self.compare(a.name, b.name, f"{path}.name")
        return found or self._pandas_array(a.array, b.array, path) or self._extra(a, b, path)

    def _meta(self, a: Any, b: Any, path: str) -> str | None:
        if a.flags.allows_duplicate_labels != b.flags.allows_duplicate_labels:
            return f"{path}.flags: differ"
        left, right = dict(a.attrs), dict(b.attrs)
        self.alive += (left, right)
        return self._dict(left, right, f"{path}.attrs")

    def _extra(self, a: Any, b: Any, path: str) -> str | None:
        """What a subclass of a pandas class says it carries along."""
        for name in getattr(a, "_metadata", ()):
            if name in ("name", "_name"):
                continue
            found = self.compare(getattr(a, name, None), getattr(b, name, None), f"{path}.{name}")
            if found:
                return found
        return None

    def _index(self, a: Any, b: Any, path: str) -> str | None:
        if type(a) is not type(b):
            return f"{path}: {type(a).__name__} vs {type(b).__name__}"
        if len(a) != len(b):
            return f"{path}: length {len(a)} vs {len(b)}"
        found = self.compare(tuple(a.names), tuple(b.names), f"{path}.names")
        if found:
            return found
        pandas: Any = sys.modules["pandas"]
        if isinstance(a, pandas.MultiIndex):
            for i in range(a.nlevels):  # levels that no row has are seen, too: by sorting, by `levels`
                found = self._index(a.get_level_values(i), b.get_level_values(i), f"{path}.level {i}")
                found = found or self._index(a.levels[i], b.levels[i], f"{path}.levels[{i}]")
                if found:
                    return found
            return None
        if isinstance(a, pandas.RangeIndex):
            left, right = (a.start, a.stop, a.step), (b.start, b.stop, b.step)
            return None if left == right else _differs(path, a, b)
        if getattr(a, "freq", None) != getattr(b, "freq", None):
            return f"{path}.freq: {a.freq} vs {b.freq}"
        return self._pandas_array(a.array, b.array, path)

    def _pandas_array(self, a: Any, b: Any, path: str) -> str | None:
        pandas: Any = sys.modules["pandas"]
        numpy: Any = sys.modules["numpy"]
        if type(a) is not type(b):
            return f"{path}: {type(a).__name__} vs {type(b).__name__}"
        if isinstance(a, pandas.Categorical):
            found = self._index(a.categories, b.categories, f"{path}.categories")
            if found or a.ordered != b.ordered:
                return found or f"{path}.ordered: {a.ordered} vs {b.ordered}"
            return self._array_values(numpy.asarray(a.codes), numpy.asarray(b.codes), f"{path}.codes")
        if str(a.dtype) != str(b.dtype) or a.dtype != b.dtype:
            return f"{path}: dtype {a.dtype} vs {b.dtype}"
        if isinstance(a.dtype, numpy.dtype) and a.dtype.kind in "biufcmM":
            return self._array_values(numpy.asarray(a), numpy.asarray(b), path)
        missing_a, missing_b = numpy.asarray(a.isna()), numpy.asarray(b.isna())
        found = self._array_values(missing_a, missing_b, f"{path}.isna()")
        if found:
            return found
        left, right = (numpy.asarray(x.to_numpy(dtype=object)).tolist() for x in (a, b))
        self.alive += (left, right)
        return self._sequence(left, right, path)


def _same_class(a: type, b: type) -> bool:
    """One class loaded twice (once by the original, once by the candidate) counts as one."""
    return (
        a.__qualname__ == b.__qualname__
        and a.__module__ == b.__module__
        and a.__module__ != "builtins"
        and _user_class(a)
        and _user_class(b)
    )


def _user_class(cls: type) -> bool:
    return bool(cls.__flags__ & (1 << 9))


def _own_reduce(cls: type) -> bool:
    """True when a class says itself how it is pickled: it may hold more than its attributes (`random.Random` does)."""
    root: Any = object
    return cls.__reduce__ is not root.__reduce__ or cls.__reduce_ex__ is not root.__reduce_ex__


def _immutable(value: Any) -> bool:
    """Objects whose identity tells nothing: dates, numbers, NumPy scalars, pandas' missing values."""
    module = type(value).__module__
    if module in ("datetime", "decimal", "fractions", "uuid", "re", "zoneinfo", "pathlib"):
        return True
    numpy = sys.modules.get("numpy")
    if numpy is not None and hasattr(numpy, "generic") and isinstance(value, (numpy.generic, numpy.dtype)):
        return True
    if type(value) in (range, slice):
        return True
    return module.startswith("pandas._libs")


def _state(value: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    try:
        own = object.__getattribute__(value, "__dict__")
    except AttributeError:
        own = {}
    if isinstance(own, dict):
        found.update(own)
    for base in type(value).__mro__:
        for name, member in vars(base).items():
            if isinstance(member, types.MemberDescriptorType) and _user_class(base):
                try:
                    found.setdefault(name, member.__get__(value, type(value)))
                except AttributeError:
                    continue  # a slot that was never set
    return found


def _plain(base: Any, value: Any) -> Any:
    if base is int:
        return int.__index__(value)
    if base is float:
        return float.__float__(value)
    if base is complex:
        return complex(float.__float__(value.real), float.__float__(value.imag))
    return base.__getitem__(value, slice(None)) if base is bytes else base.__str__(value)


_EMPTY = object()


def _cell(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return Ellipsis


def _drained(reduced: tuple[Any, ...]) -> tuple[Any, ...]:
    """A reduce tuple with its item iterators as lists (they belong to nobody else)."""
    return tuple(list(part) if i in (3, 4) and part is not None else part for i, part in enumerate(reduced))


def _quickly_same(a: Sequence[Any], b: Sequence[Any]) -> bool:
    """True only when certain: plain elements of the same types in the same order, equal (floats: same bits)."""
    kinds = list(map(type, a))
    if kinds != list(map(type, b)):
        return False
    present = set(kinds)
    for kind in present:
        left, right = a, b
        if len(present) > 1:
            left, right = ([v for v in side if type(v) is kind] for side in (a, b))
        if not _same_of(kind, left, right):
            return False
    return True


def _same_of(kind: type, a: Sequence[Any], b: Sequence[Any]) -> bool:
    """`_quickly_same` for elements of one type."""
    if kind in _PLAIN:
        return list(a) == list(b)
    if kind is float:
        return array.array("d", a).tobytes() == array.array("d", b).tobytes()
    if _numpy_number(kind):
        numpy: Any = sys.modules["numpy"]
        return bool(numpy.array(a, kind).tobytes() == numpy.array(b, kind).tobytes())
    return False


_NUMBERS: dict[type, bool] = {}  # NumPy types asked about before


def _numpy_number(kind: type) -> bool:
    """True for NumPy's own scalar types of numbers, whose bits are all there is to them."""
    if kind.__module__ != "numpy":
        return False
    known = _NUMBERS.get(kind)
    if known is None:
        known = _NUMBERS[kind] = _is_numpy_number(kind)
    return known


def _is_numpy_number(kind: type) -> bool:
    numpy = sys.modules.get("numpy")
    if numpy is None or not hasattr(numpy, "generic"):
        return False
    if not issubclass(kind, (numpy.bool_, numpy.integer, numpy.floating)) or issubclass(kind, numpy.timedelta64):
        return False
    dtype = numpy.dtype(kind)
    # a subclass has attributes of its own, and long doubles have bits that mean nothing
    return dtype.type is kind and bool(dtype.itemsize <= 8)


def _close(a: float, b: float, rtol: float, floor: float = 0.0) -> bool:
    if not (math.isfinite(a) and math.isfinite(b)):
        return False
    gap, reach = abs(a - b), max(rtol * max(abs(a), abs(b)), floor)
    return gap <= reach if math.isfinite(gap) else abs(a / 2 - b / 2) <= reach / 2


def layout(array: Any) -> str:
    """How an array lies in memory."""
    return (
        "/".join(n for n, f in (("C", "c_contiguous"), ("F", "f_contiguous")) if getattr(array.flags, f)) or "strided"
    )


def _differs(path: str, a: object, b: object) -> str:
    return f"{path}: {_short(a)} vs {_short(b)}"


def _type(value: object) -> str:
    cls = type(value)
    return cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"


def _short(value: object, limit: int = 120) -> str:
    """A bounded representation. Only of types whose `repr` is known; others go by type."""
    if type(value) in _ATOMS:
        text = repr(value) if not (type(value) is int and value.bit_length() > 4000) else "a huge int"
    elif isinstance(value, (list, tuple)) and len(value) <= 4 and all(type(v) in _ATOMS for v in value):
        text = repr(value)
    elif _type(value).startswith(("numpy.", "datetime.", "pandas.", "decimal.", "fractions.")):
        try:
            text = repr(value)
        except Exception:  # noqa: BLE001 - a representation is only decoration
            text = _type(value)
    else:
        text = f"<{_type(value)}>"
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 3] + "..."


def first_difference(pairs: Iterable[tuple[str, object, object]], contract: Contract) -> str | None:
    """The first difference among named pairs, compared as one structure (sharing across them counts)."""
    items = list(pairs)
    comparison = _Comparison(contract.tolerance)
    try:
        for name, a, b in items:
            found = comparison.compare(a, b, name)
            if found:
                return found
    except RecursionError:
        return "nested too deeply to compare"
    return None
