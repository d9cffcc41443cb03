"""Keys of dicts, members of sets: which of the hash functions they need, and what each of their parts is.

A key is a number, a string (its number), or a tuple of these, of which some may be tuples: `((row, col), action)`.
Two keys are equal for the machine where they are for Python as long as each part is always of one type: `(1, True)`
beside `(1, 1)` is refused. So are ints beside NumPy's among the keys of one dict: `1` and `np.int64(1)` are equal, and
which of them a dict shows is told by its type. To look a key up either does.
"""

from __future__ import annotations

from hasten.kernel.kinds import Map, Num, Refuse, Tup, Type, Word

NAMED = {2: "pair", 3: "triple"}
MOST = 6  # parts of a tuple
FLOATS = frozenset({"float"})
PARTS = {frozenset({"int"}): "int", frozenset({"bool"}): "bool", frozenset({"np.int64"}): "np.int64"}
INTEGERS = frozenset({"int", "np.int64"})


def kind(t: Type | None) -> str:
    """The suffix of the helpers for such a key. Raises `Refuse`."""
    if isinstance(t, Word):
        return "int"
    if isinstance(t, Num) and t.kinds in PARTS:
        return "int"  # True is found where 1 is; beside integers it is refused
    if isinstance(t, Num) and t.kinds == FLOATS:
        return "float"
    if isinstance(t, Tup) and 2 <= len(t.items) <= MOST:
        sizes = [_size(i) for i in t.items]
        if all(sizes):
            if set(sizes) == {1}:
                return NAMED.get(len(sizes), f"tuple_{len(sizes)}")
            return "tuples_" + "_".join(map(str, sizes))
    raise Refuse("keys that are neither integers nor strings")


def _size(t: Type) -> int:
    """How many parts an element of a tuple has (0: it is no part of a key)."""
    if isinstance(t, Tup):
        return len(t.items) if 2 <= len(t.items) <= MOST and all(_size(i) == 1 for i in t.items) else 0
    return int(isinstance(t, Word) or isinstance(t, Num) and t.kinds in PARTS)


def parts(t: Type | None) -> tuple[str, ...]:
    """What the parts of a key are, one after another: keys that differ in it are not compared as Python does."""
    if isinstance(t, Tup):
        return tuple(p for i in t.items for p in (("bool",) if _truth(i) else parts(i)))
    if isinstance(t, Word):
        return (f"word {t.kind}",)
    if not isinstance(t, Num):
        return ("",)
    return ("float" if t.rep == "f" else "np.int64" if t.kinds == {"np.int64"} else "int",)


def same(known: Type, t: Type, adding: bool) -> bool:
    """May `t` be a key beside those known (`adding`), or be looked up among them?"""
    if kind(known) != kind(t):
        return False
    a, b = parts(known), parts(t)
    if not adding:
        a, b = (tuple("int" if p == "np.int64" else p for p in some) for some in (a, b))
    return a == b


def _truth(t: Type) -> bool:
    return isinstance(t, Num) and t.rep == "b"


def worded(t: Map) -> bool:
    """Are there strings among its keys or values?"""
    return isinstance(t.value, Word) or any(p.startswith("word") for p in parts(t.key))
