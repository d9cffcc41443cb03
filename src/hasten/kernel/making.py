"""Records that a kernel makes: `{"day": day, "total": 0.0}`, a dict display with strings as keys.

What all records with the same keys hold under one of them is a list that grows; a record is its place in these lists.
So two names of one record stay two names of one, whatever is put into it. The dicts are made when the kernel is done.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from hasten.kernel import mixed, objects, records, views
from hasten.kernel.kinds import Grow, Map, Num, Rec, Refuse, Slot, Told, Tup, Type, Unknown, beside, loose, scalar
from hasten.kernel.values import V, bare, fail

if TYPE_CHECKING:
    from hasten.kernel.compiler import Shared, Unit

MOST = 16  # keys


def spelt(node: ast.AST) -> tuple[str, ...]:
    """The keys of a display of a record; none where it is something else."""
    if not isinstance(node, ast.Dict) or not 1 <= len(node.keys) <= MOST:
        return ()
    keys = tuple(k.value for k in node.keys if isinstance(k, ast.Constant) and type(k.value) is str)
    return keys if len(set(keys)) == len(node.keys) else ()


def displays(stmts: Iterable[ast.stmt]) -> bool:
    """Does code make records?"""
    return any(spelt(n) for s in stmts for n in ast.walk(s))


def display(u: Unit, node: ast.Dict) -> V | None:
    """`{"day": day, "total": 0.0}`; None: a dict."""
    keys, shared = spelt(node), u.shared
    if not keys or not shared.records_first or isinstance(u.hint, Map):
        return None
    return record(u, Rec(f"made_{records.crc(chr(0).join(keys))}[]"), keys, node.values)


def record(u: Unit, t: Rec, keys: tuple[str, ...], given: Sequence[ast.expr]) -> V:
    """A new record (or namedtuple) that holds these values."""
    u.shared.made[t.path] = keys
    lists, values = [], []
    for key, e in zip(keys, given, strict=True):
        name = records.name_of(u.shared, t.path, key)
        values.append(kept(u, name, u.expr(e), e))
        lists.append(u.local(name))
    return V(f"{u.helper(f'new_record_{len(keys)}')}({', '.join([*lists, *values])})", t)


def kept(u: Unit, name: str, v: V, node: ast.AST) -> str:
    """The code of a value, as the records hold it under this key; what they hold may turn out to be more."""
    slot = u.shared.slots.get(name)
    known = slot.value.item if isinstance(slot, Slot) and isinstance(slot.value, Grow) else None
    told = mixed.held_as(known, v)
    v = v if told is not None else u.single(v)
    t = v.t
    numbers = isinstance(t, Tup) and all(isinstance(i, Num) and i.kind is not None for i in t.items)
    if not numbers and not scalar(t) or isinstance(t, Num) and told is None and t.kind is None:
        fail("such a thing in a record that is made here", node)
    new: Type = told or (loose(t) if known is None else beside(known, loose(t)))
    if isinstance(new, Num) and new.kind is None:
        fail("numbers of such types in a record that is made here", node)
    objects.learn(u, name, Slot(Grow(new), empty=True))
    if isinstance(new, Told):
        return mixed.pair(u, v, node)
    return bare(u.sink(v)) if isinstance(t, Num) else u.sink(v)


def under(u: Unit, base: V, key: str, node: ast.AST) -> V:
    """What such a record holds under a key."""
    assert isinstance(base.t, Rec)
    if key not in u.shared.made[base.t.path]:
        fail(f"a record is made without {key!r}", node)
    name = records.name_of(u.shared, base.t.path, key)
    slot = u.shared.slots.get(name)
    if not isinstance(slot, Slot) or not isinstance(slot.value, Grow) or slot.value.item is None:
        raise Unknown("what a record holds is not known")
    u.extra[name] = u.env[name] = slot
    code, t = f"{u.local(name)}[{bare(base.code)}]", slot.value.item
    return mixed.told(code, t) if isinstance(t, Told) else V(code, t)


def store(u: Unit, base: V, key: str, v: V, node: ast.AST) -> None:
    """`record["total"] = 2.5`"""
    assert isinstance(base.t, Rec)
    if key not in u.shared.made[base.t.path]:
        fail("a record that is made here gets a new key", node)
    name = records.name_of(u.shared, base.t.path, key)
    value = kept(u, name, v, node)
    u.emit(f"{u.local(name)}[{bare(base.code)}] = {value}")


def dicts(shared: Shared, boxed: Mapping[str, str]) -> dict[str, str]:
    """For each kind of records the name of the list of its dicts, and the line that makes it; what a line needs comes
    before it. `boxed`: for each column the code of a value of the original, made of `<value>`."""
    lines: dict[str, str] = {}
    for path, keys in sorted(shared.made.items()):
        columns = [records.name_of(shared, path, key) for key in keys]
        if not set(columns) & set(boxed):
            continue  # made in an earlier round of the compiler only
        if not set(columns) <= set(boxed):
            raise Refuse("what a record holds is not known")
        names = [f"value_{i}" for i in range(len(keys))]
        parts = zip(keys, columns, names, strict=True)
        values = [(key, boxed[c].replace("<value>", name)) for key, c, name in parts]
        made = f"{{{', '.join(f'{key!r}: {value}' for key, value in values)}}}"
        if path in shared.makers:
            made = f"{shared.makers[path]}({', '.join(value for _, value in values)})"
        got = ", ".join(f"last_{_local(c)}" for c in columns)
        everyone = views.everyone(Rec(path))
        over = f"zip({got})" if len(keys) > 1 else got
        lines[everyone] = f"{everyone} = [{made} for {', '.join(names)} in {over}]"
    ordered: dict[str, str] = {}
    while len(ordered) < len(lines):
        ready = [n for n, line in lines.items() if n not in ordered and not (_used(line, lines) - {*ordered})]
        if not ready:
            raise Refuse("records that hold one another")
        ordered |= {n: lines[n] for n in ready}
    return ordered


def _used(line: str, names: Iterable[str]) -> set[str]:
    """Which of the names does a line read?"""
    right = line.partition(" = ")[2]
    return {n for n in names if re.search(rf"\b{n}\b", right)}


def needed(lines: Mapping[str, str], rest: Sequence[str]) -> list[str]:
    """Those of the lines whose lists the rest reads, in their order."""
    kept: list[str] = []
    for name, line in list(lines.items())[::-1]:
        if any(re.search(rf"\b{name}\b", other) for other in (*kept, *rest)):
            kept.insert(0, line)
    return kept


def _local(name: str) -> str:
    from hasten.kernel.compiler import local  # it imports what this module builds on

    return local(name)


__all__ = ["dicts", "display", "displays", "needed", "spelt", "store", "under"]
