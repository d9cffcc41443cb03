"""What two runs of one program differ in. Shares no code with hasten's own comparison, so that neither hides the other.

Types must be the same to the letter, floats to the bit (NaN equals NaN, -0.0 is not 0.0) unless a tolerance is given,
dicts and sets in their order, arrays in dtype, shape and shared memory (of floats in layout too), and two places that hold one object must
hold one object in the other run too.
"""

from __future__ import annotations

import math
import random
import struct
import sys
import types
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import numpy as np

ATOMS = (int, bool, str, bytes, type(None), range, slice, type(Ellipsis), np.dtype)
CODE = (type, types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.ModuleType, np.ufunc)


def difference(a: Any, b: Any, tolerance: float | None = None) -> str | None:
    """The first place in which `b` is not what `a` is, or None."""
    walk = _Walk(tolerance)
    return walk.look(a, b, "it") or walk.memory()


@dataclass
class _Walk:
    tolerance: float | None
    left: dict[int, int] = field(default_factory=dict)
    right: dict[int, int] = field(default_factory=dict)
    arrays: list[tuple[str, np.ndarray, np.ndarray]] = field(default_factory=list)
    kept: list[Any] = field(default_factory=list)  # nothing dies on the way, so no id is used twice

    def look(self, a: Any, b: Any, at: str) -> str | None:
        if not same_type(type(a), type(b)):
            return f"{at}: {type(a).__name__} {short(a)} became {type(b).__name__} {short(b)}"
        if isinstance(a, (float, np.floating)):
            return None if self.floats(float(a), float(b)) else f"{at}: {a!r} became {b!r}"
        if isinstance(a, (complex, np.complexfloating)):
            same = self.floats(float(a.real), float(b.real)) and self.floats(float(a.imag), float(b.imag))
            return None if same else f"{at}: {a!r} became {b!r}"
        if isinstance(a, ATOMS):
            return None if a == b else f"{at}: {short(a)} became {short(b)}"
        if isinstance(a, CODE):
            names = [getattr(x, "__qualname__", getattr(x, "__name__", "")) for x in (a, b)]
            return None if names[0] == names[1] else f"{at}: {names[0]} became {names[1]}"
        if isinstance(a, np.generic):
            same = a.tobytes() == b.tobytes() or (np.isnat(a) and np.isnat(b) if a.dtype.kind in "mM" else False)
            return None if same else f"{at}: {a!r} became {b!r}"
        if id(a) in self.left or id(b) in self.right:
            if self.left.get(id(a)) != id(b) or self.right.get(id(b)) != id(a):
                return f"{at}: what is one object with what has changed"
            return None
        if not isinstance(
            a, (tuple, frozenset)
        ):  # whether equal ones that cannot change are one object is nobody's business
            self.left[id(a)], self.right[id(b)] = id(b), id(a)
        self.kept += (a, b)
        return self.inside(a, b, at)

    def inside(self, a: Any, b: Any, at: str) -> str | None:
        if isinstance(a, np.ndarray):
            return self.array(a, b, at)
        if isinstance(a, (list, tuple, deque)):
            if isinstance(a, deque) and a.maxlen != b.maxlen:
                return f"{at}: maxlen {a.maxlen} became {b.maxlen}"
            return self.items(list(a), list(b), at)
        if isinstance(a, dict):
            wrong = self.items(list(a), list(b), f"keys of {at}")
            wrong = wrong or self.items(list(a.values()), list(b.values()), f"values of {at}")
            factories = [getattr(x, "default_factory", None) for x in (a, b)]
            return wrong or self.look(*factories, f"{at}.default_factory")
        if isinstance(a, (set, frozenset)):
            return self.items(list(a), list(b), f"elements of {at}")
        if isinstance(a, random.Random):
            return self.look(a.getstate(), b.getstate(), f"state of {at}")
        if isinstance(a, np.random.Generator):
            return self.look(a.bit_generator.state, b.bit_generator.state, f"state of {at}")
        if isinstance(a, np.random.RandomState):
            return self.look(a.get_state(legacy=False), b.get_state(legacy=False), f"state of {at}")
        if isinstance(a, BaseException):
            return self.look(a.args, b.args, f"arguments of {at}")
        if type(a).__module__.split(".")[0] == "pandas":
            return self.pandas(a, b, at)
        return self.object(a, b, at)

    def items(self, a: list[Any], b: list[Any], at: str) -> str | None:
        if len(a) != len(b):
            return f"{at}: {len(a)} became {len(b)} of them, {short(a)} became {short(b)}"
        for i, (x, y) in enumerate(zip(a, b, strict=True)):
            wrong = self.look(x, y, f"{at}[{i}]")
            if wrong:
                return wrong
        return None

    def array(self, a: np.ndarray, b: np.ndarray, at: str) -> str | None:
        if (a.dtype, a.shape) != (b.dtype, b.shape):
            return f"{at}: {a.dtype}{a.shape} became {b.dtype}{b.shape}"
        layout = [(x.flags.writeable, x.flags.c_contiguous, x.flags.f_contiguous) for x in (a, b)]
        matters = 3 if a.ndim > 1 and a.dtype.kind in "fc" else 1  # sums of floats depend on the order in memory
        if layout[0][:matters] != layout[1][:matters]:
            return f"{at}: layout (writeable, C, Fortran) {layout[0]} became {layout[1]}"
        self.arrays.append((at, a, b))
        if isinstance(a, np.ma.MaskedArray):
            wrong = self.items(np.ma.getmaskarray(a).ravel().tolist(), np.ma.getmaskarray(b).ravel().tolist(), at)
            if wrong:
                return f"mask of {wrong}"
        return self.items(list(np.asarray(a).ravel()), list(np.asarray(b).ravel()), at)

    def memory(self) -> str | None:
        """Arrays that share memory in one run share it in the other."""
        for i, (at, a, b) in enumerate(self.arrays[:12]):
            for other, x, y in self.arrays[:i]:
                if np.shares_memory(a, x) != np.shares_memory(b, y):
                    return f"{at} and {other}: whether they share memory has changed"
        return None

    def pandas(self, a: Any, b: Any, at: str) -> str | None:
        pd = sys.modules["pandas"]
        if isinstance(a, pd.DataFrame):
            wrong = self.look(a.columns, b.columns, f"{at}.columns") or self.look(a.index, b.index, f"{at}.index")
            if wrong:
                return wrong
            for i in range(a.shape[1]):
                wrong = self.look(a.iloc[:, i], b.iloc[:, i], f"{at} column {a.columns[i]!r}")
                if wrong:
                    return wrong
            return self.look(dict(a.attrs), dict(b.attrs), f"{at}.attrs")
        if isinstance(a, pd.MultiIndex):
            return self.look(list(a.names), list(b.names), f"{at}.names") or self.items(list(a), list(b), at)
        if isinstance(a, (pd.Series, pd.Index)):
            if a.dtype != b.dtype or len(a) != len(b):
                return f"{at}: {a.dtype}[{len(a)}] became {b.dtype}[{len(b)}]"
            wrong = self.look(a.name, b.name, f"name of {at}")
            if not wrong and isinstance(a, pd.Series):
                wrong = self.look(a.index, b.index, f"index of {at}")
            return wrong or self.items(list(a.array), list(b.array), at)
        if a is pd.NA or a is pd.NaT:
            return None if a is b else f"{at}: {a!r} became {b!r}"
        return None if repr(a) == repr(b) else f"{at}: {short(a)} became {short(b)}"

    def object(self, a: Any, b: Any, at: str) -> str | None:
        own = [dict(getattr(x, "__dict__", {})) for x in (a, b)]
        for x, found in zip((a, b), own, strict=True):
            for kind in type(x).__mro__:
                for name in getattr(kind, "__slots__", ()):
                    if hasattr(x, name):
                        found[name] = getattr(x, name)
        return self.items(list(own[0].items()), list(own[1].items()), f"attributes of {at}")

    def floats(self, a: float, b: float) -> bool:
        if math.isnan(a) or math.isnan(b):
            return math.isnan(a) and math.isnan(b)
        if struct.pack("<d", a) == struct.pack("<d", b):
            return True
        if self.tolerance is None or math.isinf(a) or math.isinf(b) or a == b:  # zeros of two signs
            return False
        return abs(a - b) <= self.tolerance * max(abs(a), abs(b), 1e-3)


def same_type(a: type, b: type) -> bool:
    """The same type, or the same class of the program, which each run defines anew."""
    return a is b or a.__module__ == b.__module__ == "__main__" and a.__qualname__ == b.__qualname__


def short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 200 else text[:200] + "..."
