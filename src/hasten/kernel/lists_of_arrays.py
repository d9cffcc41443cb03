"""Lists of arrays from outside: `sequences`, `self.weights`. Their elements lie one after another in one copy.

An element is a part of that copy, in its own shape. What a kernel changes in elements goes back to the arrays
themselves; which of them are in the list never changes. The door looks that no two of them share memory then.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from hasten.kernel.kinds import DTYPES, Arr, Refuse, Row, Slot, Type

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hasten.core.facts import ValueFact
    from hasten.kernel.compiler import Unit

MOST = 3  # dimensions


def of(t: Type | None) -> Arr | None:
    """What a list holds, if these are arrays."""
    return t.item if isinstance(t, Row) and isinstance(t.item, Arr) else None


def from_fact(name: str, fact: ValueFact) -> Row | None:
    """The type of a list that held arrays of one type and as many dimensions."""
    if fact.type != "builtins.list" or len(fact.items) != 1:
        return None
    (item,) = fact.items
    if item.type != "numpy.ndarray" or item.dtype not in DTYPES or not item.ndim or item.ndim > MOST:
        return None
    if "native" not in item.note:
        return None
    return Row(Arr(item.dtype, item.ndim), frozenset({name}))


def arguments(t: Arr, name: str) -> list[str]:
    """Where each array begins, their elements, and their shapes."""
    return [f"{name}_starts", f"{name}_numbers", *([f"{name}_shapes"] if t.ndim > 1 else [])]


def store(t: Arr, name: str) -> str:
    return f"({', '.join(arguments(t, name))})"


def element(u: Unit, t: Arr, view: str, at: str) -> str:
    """The code of the array at a place."""
    return f"{u.helper('list_at' if t.ndim == 1 else f'array_{t.ndim}_at')}({view}, {at})"


def taken(helper: Callable[[str], str], t: Arr, name: str, values: str) -> list[str]:
    """Lines that copy the arrays of a list."""
    dtype = "np.bool_" if t.dtype == "bool" else f"np.{t.dtype}"
    names = [f"{name}_starts", f"{name}_numbers", f"{name}_shapes"]
    return [
        f"{name}_parts = {helper('flat_arrays')}({values}, {dtype}, {t.ndim})",
        f"if {name}_parts is None:",
        "    return None",
        f"{', '.join(names[: 1 + min(t.ndim, 2)])} = {name}_parts" + ("[:2]" if t.ndim == 1 else ""),
    ]


def put_back(helper: Callable[[str], str], x: str) -> str:
    """The line that gives the arrays of a list their new elements."""
    return f"{helper('put_arrays')}({x}, new_{x}_items_numbers)"


def apart(helper: Callable[[str], str], u: Unit, types: Mapping[str, Type], local: Callable[[str], str]) -> list[str]:
    """Lines that look that no array which changes shares memory with one that lies elsewhere. Raises `Refuse`."""
    lists = {n for n, t in types.items() if of(t) is not None}
    if not lists:
        return []
    slots = {n for n, t in types.items() if isinstance(t, Slot) and isinstance(t.value, Arr)}
    if any(not n.replace(".", "").isidentifier() for n in slots):
        raise Refuse("an attribute's array may change beside a list of arrays")
    changed = {n for n in u.mutated if n in lists or isinstance(types.get(n), Arr)} | slots
    if not changed:
        return []
    read = [n for n in types if n not in changed and (n in lists or isinstance(types[n], Arr))]

    def listed(names: list[str]) -> str:
        codes = [f"*{local(n)}" if n in lists else n if n in slots else local(n) for n in names]
        return f"[{', '.join(codes)}]"

    return [f"if not {helper('arrays_alone')}({listed(sorted(changed))}, {listed(read)}):", "    return None"]
