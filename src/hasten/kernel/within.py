"""What lies within dicts and lists from outside, reached without a view of the container around it.

A view is a tuple of slices, and taking arrays out of tuples counts references to every one of them: a dict within that
is asked in every round of a loop costs several times what the look-up does. So the arrays of a store get names of
their own at the top, and helpers take these together with the place of the container that is meant. (No helper reads
an array after it may have raised: references would be counted again.)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hasten.kernel.kinds import Map, Num, Row, Type, Word, loose, scalar
from hasten.kernel.values import V, bare
from hasten.kernel.views import plain_item

if TYPE_CHECKING:
    from hasten.kernel.compiler import Unit

DICTS = ("starts", "begins", "inner_keys", "inner_values", "tables")
LISTS = ("starts", "items")
# of these arrays each helper takes some
ASKED = {"at": (0, 1, 2, 4), "has": (0, 1, 2, 4), "get": (0, 1, 2, 3, 4)}


@dataclass(frozen=True)
class Within:
    """A dict or list is the one at `place` among those of a store, whose arrays have these names.

    `code` is the view of it, which tells whether an expression still is that very one.
    """

    code: str
    arrays: tuple[str, ...]
    place: str


def parts(t: Type | None) -> tuple[str, ...]:
    """What a store of a container's containers consists of; empty where it is not reached into."""
    inner = t.value if isinstance(t, Map) and t.frozen and not t.keys_only else t.item if isinstance(t, Row) else None
    if isinstance(inner, Map):
        keyed = isinstance(inner.key, Word) or isinstance(inner.key, Num) and inner.key.kinds == {"int"}
        return DICTS if keyed and not inner.keys_only and scalar(inner.value) else ()
    return LISTS if inner is not None and not scalar(inner) and plain_item(inner) is not None else ()


def opening(t: Type | None, name: str) -> str:
    """The line that gives the arrays of a store their names (after those of the dict itself have theirs)."""
    store = f"values_of_{name}" if isinstance(t, Map) else name
    return f"{', '.join(f'{part}_of_{name}' for part in parts(t))} = {store}"


def named(u: Unit, v: V) -> str | None:
    """The program's name for an expression that is no more than that."""
    if v.code in u.env:
        return v.code
    if not v.code.isidentifier() or "_" not in v.code:
        return None
    return next((name for name in u.env if "." in name and u.local(name) == v.code), None)


def reached(u: Unit, base: V, place: str, code: str, t: Type) -> V:
    """The container at `place` in a store that belongs to `base`; `code` is its view.

    Of a list, `place` is an index of the program: it may be negative, or none.
    """
    v = V(code, t, parts=(code, ()))
    name = named(u, base)
    if name is None or not parts(base.t) or name in u.fleeting or not isinstance(u.env.get(name), (Map, Row)):
        return v
    if name in u.optional:
        return v
    if isinstance(base.t, Map):
        u.unpacked.add(name)
    u.opened.add(name)
    arrays = tuple(f"{part}_of_{u.local(name)}" for part in parts(base.t))
    if isinstance(base.t, Row):
        place = f"{u.helper('place_among')}(len({arrays[0]}) - 1, {place})"
    return replace(v, within=Within(code, arrays, place))


def store_of(v: V, wanted: tuple[str, ...]) -> Within | None:
    """Where an expression lies, if it is still the view that was reached."""
    found = v.within
    if isinstance(found, Within) and found.code == v.code and len(found.arrays) == len(wanted):
        return found
    return None


def called(u: Unit, what: str, kind: str, d: V) -> str | None:
    """The beginning of a call of a helper on a dict within another container; its places are those in the store."""
    found = store_of(d, DICTS)
    if found is None or kind != "int" or what not in ASKED:
        return None
    arrays = ", ".join(found.arrays[i] for i in ASKED[what])
    return f"{u.helper(f'{what}_within')}({arrays}, {bare(found.place)}"


def values(d: V) -> str | None:
    """The name of the array of the values of a dict within another container."""
    found = store_of(d, DICTS)
    return None if found is None else found.arrays[3]


def item(u: Unit, base: V, index: str) -> V | None:
    """`rows[i][j]`: an item of a list within another container."""
    found = store_of(base, LISTS)
    held = plain_item(base.t)
    if found is None or held is None:
        return None
    at = f"{u.helper('item_within')}({found.arrays[0]}, {bare(found.place)}, {index})"
    return V(f"{found.arrays[1]}[{at}]", loose(held), parts=(found.arrays[1], (at,)))


def length(u: Unit, base: V) -> str | None:
    """`len(rows[i])`"""
    found = store_of(base, LISTS)
    if found is None:
        return None
    return f"{u.helper('size_within')}({found.arrays[0]}, {bare(found.place)})"
