"""Records: dicts from outside that have strings as keys, known before, and something of its own type under each.

Rows of `csv.DictReader`, of `json.load`, settings, points: whatever is read as `row["price"]`. A kernel holds a record
as its place among all records of its kind at the door; what they hold under a key is a column, made when a kernel
asks for it. So records can be kept, put into lists and dicts, sorted and given back: as the very dicts that came in.
"""

from __future__ import annotations

import ast
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hasten.core.facts import ABSENT, ValueFact
from hasten.kernel import attributes, objects, views
from hasten.kernel.kinds import BOOL, Column, Grow, Map, Opt, Rec, Refuse, Row, Type, Word, compatible, rooted, scalar
from hasten.kernel.values import PY_TYPE, V, bare, fail, impure

if TYPE_CHECKING:
    from hasten.kernel.compiler import Shared, Unit

NONE = "builtins.NoneType"
TEXT = "builtins.str"
PARSED = {"float": "float", "int": "int"}  # strings of a column that the program reads as numbers


def used_keys(stmts: Iterable[ast.stmt]) -> frozenset[str]:
    """The strings that code asks dicts for: `x["k"]`, `x.get("k")`, `"k" in x`."""
    found: set[str] = set()
    for s in stmts:
        for n in ast.walk(s):
            part: ast.AST | None = None
            if isinstance(n, ast.Subscript):
                part = n.slice
            elif isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr == "get" and n.args:
                part = n.args[0]
            elif isinstance(n, ast.Compare) and isinstance(n.ops[0], (ast.In, ast.NotIn)):
                part = n.left
            if isinstance(part, ast.Constant) and type(part.value) is str:
                found.add(part.value)
    return frozenset(found)


def like(fact: ValueFact, keys: frozenset[str]) -> bool:
    """Is it a dict that is known key by key, and asked for one of these keys?"""
    return fact.type == "builtins.dict" and bool(fact.min_len) and any(key in keys for key, _ in fact.fields)


# ---------------------------------------------------------------------- what was recorded


def name_of(shared: Shared, path: str, key: str) -> str:
    """The name at the door of what records hold under a key."""
    plain = key if key.isidentifier() and key.isascii() else f"{re.sub(r'[^A-Za-z0-9]', '_', key)}_{crc(key)}"
    name = f"{path}:{plain}"
    if shared.columns.setdefault(name, key) != key:
        fail(f"two keys that look alike: {key!r} and {shared.columns[name]!r}")
    return name


def crc(key: str) -> str:
    return f"{zlib.crc32(key.encode('utf-8', 'surrogatepass')):08x}"


def facts_at(shared: Shared, path: str) -> tuple[ValueFact, ...]:
    """What was recorded of the things that a path stands for."""
    if path.endswith("[]"):
        return tuple(i for f in facts_at(shared, path[:-2]) for i in f.items)
    if ":" in path.rpartition("[]")[2]:
        return facts_under(shared, path.rpartition(":")[0], shared.columns[path])
    return objects.facts_of(shared.seen, path)


def facts_under(shared: Shared, path: str, key: str) -> tuple[ValueFact, ...]:
    """What records of a kind held under a key; `ABSENT` is among it where some did not have it."""
    found: list[ValueFact] = []
    for fact in facts_at(shared, path):
        if fact.type == "builtins.dict" and fact.max_len != 0:
            found += dict(fact.fields).get(key, (ValueFact(ABSENT),))
    return tuple(found)


# ---------------------------------------------------------------------- what kernels do with records


def key_in(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and type(node.value) is str else None


def item(u: Unit, base: V, node: ast.Subscript) -> V:
    """`row["price"]`"""
    key = key_in(node.slice)
    if key is None:
        fail("a record is asked for a key that is computed", node)
    return under(u, base, key, node)


def under(u: Unit, base: V, key: str, node: ast.AST) -> V:
    """What a record holds under a key."""
    t = base.t
    assert isinstance(t, Rec)
    if "(" in base.code and impure(node):
        fail("a record that is computed", node)  # the code of its place may stand there twice
    name = name_of(u.shared, t.path, key)
    held = u.shared.slots.get(name) or column(u.shared, name, node)
    u.extra[name] = u.env[name] = u.shared.slots[name] = held
    x, at = u.local(name), bare(base.code)
    if isinstance(held, Column) and held.word:
        if not held.optional:
            return V(f"{x}[{at}]", Word())
        pair = (f"{x}[{at}] < 0", f"{x}[{at}]")
        return V(f"({', '.join(pair)})", Opt(Word()), pair=pair)
    if isinstance(held, Column):
        return objects.cell(u, x, held, at)
    assert isinstance(held, Row)
    code = views.element_of(u, held.item, x, at)
    return V(code, held.item if scalar(held.item) else rooted(held.item, frozenset({name})), parts=(code, ()))


def column(shared: Shared, name: str, node: ast.AST) -> Type:
    """How a kernel holds what all records of a kind have under a key. Raises `Refuse`."""
    from hasten.kernel import door  # it builds on this module

    key = shared.columns[name]
    facts = facts_at(shared, name)
    kinds = {f.type for f in facts}
    if not facts or ABSENT in kinds:
        fail(f"not all of {name.rpartition(':')[0]} were seen to have {key!r}", node)
    optional = NONE in kinds
    some = [f for f in facts if f.type != NONE]
    if {f.type for f in some} == {TEXT}:
        return Column(frozenset(), optional, word=True)
    numbers = frozenset(objects.NUMBERS[f.type] for f in some if f.type in objects.NUMBERS)
    if numbers and all(f.type in objects.NUMBERS for f in some):
        if not compatible(numbers) or len(numbers) > 1 and not numbers <= {"int", "float", "np.float64"}:
            fail(f"{key!r} holds {' and '.join(sorted(numbers))}", node)
        return Column(numbers, optional)
    found = None if optional or len(some) != 1 else door.item_type(some[0], name, shared.keys)
    if found is None:
        fail(f"what {key!r} holds is of several types, or of one that no kernel takes", node)
    return Row(found, frozenset({name}))


def method(u: Unit, base: V, name: str, node: ast.Call) -> V:
    """`row.get("price")` and `row.get("price", 0)`, for a key that all records have."""
    key = key_in(node.args[0]) if node.args else None
    if name != "get" or key is None or len(node.args) > 2 or node.keywords:
        fail(f"{name} of a record", node)
    if len(node.args) == 2 and not isinstance(node.args[1], ast.Constant):
        fail("get with a default that is computed", node)
    return under(u, base, key, node)


def has(u: Unit, base: V, node: ast.Compare, sign: str) -> V:
    """`"price" in row`, for a key that all records have."""
    key = key_in(node.left)
    if key is None:
        fail("`in` a record", node)
    under(u, base, key, node)
    return V("False" if sign else "True", BOOL)


# ---------------------------------------------------------------------- the way in


@dataclass
class Passed:
    """Lines that make a column, the kernel's arguments for it, and the containers in it."""

    convert: list[str] = field(default_factory=list)
    args: list[str] = field(default_factory=list)
    lists: list[str] = field(default_factory=list)
    back: list[str] = field(default_factory=list)


def is_column(name: str) -> bool:
    """Is it the name of what records hold under a key?"""
    return ":" in name


def owner(name: str) -> str:
    """The container at the door that the records of a column are in."""
    return re.split(r"\[\]|:", name, maxsplit=1)[0]


def pools(types: Iterable[Type | None]) -> list[str]:
    """The wrapper's names for the lists of all records that are within these."""
    found: dict[str, None] = {}
    todo = list(types)
    while todo:
        t = todo.pop()
        if isinstance(t, Rec):
            found[views.everyone(t)] = None
        elif isinstance(t, (Row, Grow, Opt)):
            todo.append(t.item)
        elif isinstance(t, Map):
            todo.append(t.value)
    return sorted(found)


def in_order(names: Sequence[str]) -> list[str]:
    """Columns whose records are within other columns come after these."""
    return sorted(names, key=lambda n: n.count(":"))


def passed(u: Unit, name: str, t: Type, words: str) -> Passed:
    """How what all records of a kind hold under a key gets into a kernel. `words` names the strings' numbers."""
    shared = u.shared
    path, key = name.rpartition(":")[0], shared.columns[name]
    everyone = views.everyone(Rec(path))
    x = u.local(name)
    out = Passed([f"{x} = {shared.helper('under_key')}({everyone}, {key!r})", f"if {x} is None:", "    return None"])

    def checked(code: str) -> None:
        out.convert += [f"new_{x} = {code}", f"if new_{x} is None:", "    return None"]

    if isinstance(t, Column) and t.word:
        checked(f"{shared.helper('word_numbers_or_none' if t.optional else 'word_numbers')}({x}, {words})")
        out.args.append(f"new_{x}")
    elif isinstance(t, Column) and t.tagged:
        out.args.append(f"*new_{x}")
        checked(attributes.cells(u, name, t, x))
    elif isinstance(t, Column):
        (kind,) = t.kinds
        if kind not in attributes.DTYPES:
            raise Refuse(f"{key!r} holds {kind}")
        checked(f"{shared.helper('column')}({x}, {PY_TYPE.get(kind, kind)}, {attributes.DTYPES[kind]})")
        out.args.append(f"new_{x}")
    else:
        assert isinstance(t, Row)
        lines, inside = views.taken(shared.helper, t, x, words)
        out.convert += lines
        out.lists += inside[1:]
        out.args += [f"new_{a}" for a in views.arguments(t, x)]
    return out


def given_back(t: Rec, code: str) -> str:
    """The dict that came in."""
    return f"{views.everyone(t)}[{code}]"


__all__ = ["given_back", "in_order", "is_column", "item", "like", "method", "passed", "used_keys"]
