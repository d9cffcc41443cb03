"""Records: dicts from outside that have strings as keys, known before, and something of its own type under each.

Rows of `csv.DictReader`, of `json.load`, settings, points: whatever is read as `row["price"]`. A kernel holds a record
as its place among all records of its kind at the door; what they hold under a key is a column, made when a kernel
asks for it. So records can be kept, put into lists and dicts, sorted and given back: as the very dicts that came in.
"""

from __future__ import annotations

import ast
import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hasten.core.facts import ABSENT, ValueFact
from hasten.kernel import attributes, containers, making, objects, optional, views
from hasten.kernel.kinds import (
    BOOL,
    CODE,
    Column,
    Grow,
    Knot,
    Map,
    Num,
    Opt,
    Rec,
    Refuse,
    Row,
    Type,
    Unknown,
    Word,
    compatible,
    rooted,
    scalar,
)
from hasten.kernel.values import PY_TYPE, V, bare, fail, impure

if TYPE_CHECKING:
    from hasten.kernel.compiler import Shared, Unit

NONE = "builtins.NoneType"
TEXT = "builtins.str"
STRINGS = "<strings>"  # stands for the name of the list of all strings of a call, as in `door`


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
    if path.startswith("@") and ":" not in path:
        from hasten.kernel import named  # it builds on this module

        return named.facts_of(shared, path)
    if path.endswith("[]"):
        return tuple(i for f in facts_at(shared, path[:-2]) for i in f.items)
    if ":" in path.rpartition("[]")[2]:
        return facts_under(shared, path.rpartition(":")[0], shared.columns[path])
    return objects.facts_of(shared.seen, path)


def facts_under(shared: Shared, path: str, key: str) -> tuple[ValueFact, ...]:
    """What records of a kind held under a key; `ABSENT` is among it where some did not have it."""
    found: list[ValueFact] = []
    for fact in facts_at(shared, path):
        if (fact.type == "builtins.dict" or fact.fields) and fact.max_len != 0:
            found += dict(fact.fields).get(key, (ValueFact(ABSENT),))
    return tuple(found)


# ---------------------------------------------------------------------- what kernels do with records


def key_in(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and type(node.value) is str else None


def item(u: Unit, base: V, node: ast.Subscript) -> V:
    """`row["price"]`"""
    if isinstance(base.t, Rec) and base.t.fields:
        from hasten.kernel import named  # it builds on this module

        return named.item(u, base, node)
    if isinstance(base.t, Knot):
        from hasten.kernel import knots  # it builds on this module

        return knots.item(u, base, node)
    key = key_in(node.slice)
    if key is None:
        fail("a record is asked for a key that is computed", node)
    return under(u, base, key, node)


def under(u: Unit, base: V, key: str, node: ast.AST) -> V:
    """What a record holds under a key."""
    t = base.t
    assert isinstance(t, Rec)
    if "(" in base.code and (impure(node) or "new_record" in base.code):
        fail("a record that is computed", node)  # the code of its place may stand there twice
    if t.path in u.shared.made:
        return making.under(u, base, key, node)
    name = name_of(u.shared, t.path, key)
    held = u.shared.slots.get(name)
    if held is None and {f.type for f in facts_under(u.shared, t.path, key)} == {ABSENT}:
        raise Unknown(f"no record was seen to have {key!r}")
    held = held or column(u.shared, name, node)
    u.extra[name] = u.env[name] = u.shared.slots[name] = held
    x, at = u.local(name), bare(base.code)
    if isinstance(held, Column) and held.word:
        if not held.optional:
            return V(f"{x}[{at}]", Word())
        pair = (f"{x}[{at}] < 0", f"{x}[{at}]")
        return V(f"({', '.join(pair)})", Opt(Word()), pair=pair)
    if isinstance(held, Column):
        found = objects.cell(u, x, held, at)
        return optional.held(u, found) if name in u.shared.added else found
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
    found = None if optional or len(some) != 1 else door.item_type(some[0], name, shared.keys, shared.knots > 0)
    if found is None:
        fail(f"what {key!r} holds is of several types, or of one that no kernel takes", node)
    return Row(found, frozenset({name}))


def parsed(u: Unit, node: ast.expr, kind: str) -> V | None:
    """`float(row["price"])` of strings: read as numbers once, at the door. None: something else.

    Where one is no number the kernel gives up, if it comes to that.
    """
    key = key_in(node.slice) if isinstance(node, ast.Subscript) else None
    if key is None or not isinstance(node, ast.Subscript):
        return None
    count = len(u.lines)
    base = u.expr(node.value)
    if (
        not isinstance(base.t, Rec)
        or isinstance(base.t, Knot)
        or base.t.fields
        or base.t.path in u.shared.made
        or {f.type for f in facts_under(u.shared, base.t.path, key)} != {TEXT}
    ):
        del u.lines[count:]
        return None
    if "(" in base.code and impure(node):
        fail("a record that is computed", node)
    name = f"{name_of(u.shared, base.t.path, key)}_as_{kind}"
    if u.shared.columns.setdefault(name, key) != key:
        fail(f"two keys that look alike: {key!r} and {u.shared.columns[name]!r}")
    u.shared.read_as[name] = kind
    held = Column(frozenset({kind}), optional=True)
    u.extra[name] = u.env[name] = u.shared.slots[name] = held
    return optional.held(u, objects.cell(u, u.local(name), held, bare(base.code)))


def store(u: Unit, target: ast.Subscript, base: V, v: V) -> None:
    """`row["price"] = 2.5`, for a key that all records have, or none."""
    t, key = base.t, key_in(target.slice)
    assert isinstance(t, Rec)
    if t.fields or isinstance(t, Knot):
        fail("an element of a namedtuple or of a node is replaced", target)
    if key is None or "(" in base.code and impure(target):
        fail("a record gets a value under a key that is computed", target)
    if t.path in u.shared.made:
        making.store(u, base, key, v, target)
        return
    name = name_of(u.shared, t.path, key)
    if f"{name}_as_float" in u.shared.read_as or f"{name}_as_int" in u.shared.read_as:
        fail(f"strings under {key!r} that are read as numbers are replaced", target)
    kinds = {f.type for f in facts_under(u.shared, t.path, key)}
    if not kinds - {ABSENT}:
        new_key(u, name, v, target)
    held = u.shared.slots.get(name) or column(u.shared, name, target)
    if not isinstance(held, Column):
        fail(f"what records hold under {key!r} is replaced", target)
    u.extra[name] = u.env[name] = u.shared.slots[name] = held
    u.shared.stored.add(name)
    if held.word:
        if not isinstance(v.t, Word):
            fail(f"{key!r} holds strings and gets something else", target)
        u.emit(f"{u.local(name)}[{bare(base.code)}] = {bare(v.code)}")
        return
    if name in u.shared.added and not isinstance(v.t, Num):
        fail("records get such a thing under a new key", target)
    objects.into_cell(u, name, held, v, bare(base.code), target)


def new_key(u: Unit, name: str, v: V, target: ast.Subscript) -> None:
    """No record has this key yet: it gets it where a value is put under it.

    Keys of a dict have an order: several new ones are put by statements that follow one another in one place.
    """
    shared = u.shared
    if not isinstance(v.t, Num):
        fail("records get such a thing under a new key", target)
    body = next((b for b in containers.bodies(u.stmts) if any(s is u.current for s in b)), None)
    if body is None:
        fail("a new key", target)
    where = (body[0].lineno, [s is u.current for s in body].index(True))
    if shared.added.setdefault(name, where) != where:
        fail("several statements put a new key", target)
    path = name.rpartition(":")[0]
    if len({first for n, (first, _) in shared.added.items() if n.rpartition(":")[0] == path}) > 1:
        fail("new keys that are put in several places", target)
    if name not in shared.slots:
        if any(k not in CODE for k in v.t.kinds):
            fail("records get such a number under a new key", target)
        shared.slots[name] = Column(v.t.kinds, optional=True)


def method(u: Unit, base: V, name: str, node: ast.Call) -> V:
    """`row.get("price")` and `row.get("price", 0)`, for a key that all records have."""
    key = key_in(node.args[0]) if node.args else None
    assert isinstance(base.t, Rec)
    if isinstance(base.t, Knot):
        fail(f"{name} of a node", node)
    if name != "get" or key is None or len(node.args) > 2 or node.keywords or base.t.fields:
        fail(f"{name} of a record", node)
    if base.t.path not in u.shared.made and ABSENT in {f.type for f in facts_under(u.shared, base.t.path, key)}:
        fail(f"get of {key!r}, which not all records were seen to have", node)
    if len(node.args) == 2 and not isinstance(node.args[1], ast.Constant):
        fail("get with a default that is computed", node)
    return under(u, base, key, node)


def has(u: Unit, base: V, node: ast.Compare, sign: str) -> V:
    """`"price" in row`, for a key that all records have."""
    key = key_in(node.left)
    assert isinstance(base.t, Rec)
    if isinstance(base.t, Knot):
        from hasten.kernel import knots  # it builds on this module

        return knots.has(u, base, node, sign)
    if base.t.fields:
        fail("`in` a namedtuple", node)
    if base.t.path in u.shared.made:
        return V(repr((key in u.shared.made[base.t.path]) is not bool(sign)), BOOL)
    if key is None or ABSENT in {f.type for f in facts_under(u.shared, base.t.path, key)}:
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
    """The wrapper's names for the lists of all dicts (and namedtuples) that are records within these."""
    found: dict[str, None] = {}
    todo = list(types)
    while todo:
        t = todo.pop()
        if isinstance(t, Rec):
            found[views.everyone(t)] = None
        elif isinstance(t, Column):
            todo.append(t.held)
        elif isinstance(t, (Row, Grow, Opt)):
            todo.append(t.item)
        elif isinstance(t, Map):
            todo.append(t.value)
    return sorted(found)


def in_order(names: Sequence[str], types: Mapping[str, Type]) -> list[str]:
    """Columns whose records are within other columns come after these. Raises `Refuse`."""
    from hasten.kernel import named  # it builds on this module

    rest = sorted(names, key=lambda n: n.count(":"))
    out: list[str] = []
    while rest:
        first = next((n for n in rest if not any(named.pool_of(n) in named.within(types[m]) for m in rest)), None)
        if first is None:
            raise Refuse("namedtuples that hold one another")
        rest.remove(first)
        out.append(first)
    return out


def passed(u: Unit, name: str, t: Type, words: str) -> Passed:
    """How what all records of a kind hold under a key gets into a kernel. `words` names the strings' numbers."""
    shared = u.shared
    path, key = name.rpartition(":")[0], shared.columns[name]
    if path in shared.knotted:
        from hasten.kernel import knot_tables  # it builds on this module

        return knot_tables.passed(u, name, t, words)
    everyone = views.everyone(Rec(path))
    x = u.local(name)
    if name in shared.added:
        assert isinstance(t, Column)
        return _added(u, name, t, everyone)
    taken = f"{shared.helper('under_key')}({everyone}, {key!r})" if not path.startswith("@") or ":" in path else ""
    if not taken:
        from hasten.kernel import named  # it builds on this module

        taken = f"{shared.helper('field')}({everyone}, {named.place_of(shared, path, key)})"
    out = Passed([f"{x} = {taken}", f"if {x} is None:", "    return None"])
    if name in shared.read_as:
        out.convert += [f"{x} = {shared.helper('read_as')}({x}, {shared.read_as[name]})"]
        out.convert += [f"if {x} is None:", "    return None"]
    stored = name in shared.stored
    put = shared.helper("put_under_key") if stored else ""

    def checked(code: str) -> None:
        out.convert += [f"new_{x} = {code}", f"if new_{x} is None:", "    return None"]

    if isinstance(t, Column) and t.word:
        checked(f"{shared.helper('word_numbers_or_none' if t.optional else 'word_numbers')}({x}, {words})")
        out.args.append(f"new_{x}")
        if stored:
            code = "{0}[n]" + (" if n >= 0 else None" if t.optional else "")
            out.back.append(f"{put}({everyone}, {key!r}, [{code.format(STRINGS)} for n in new_{x}.tolist()])")
    elif isinstance(t, Column) and t.tagged:
        out.args.append(f"*new_{x}")
        checked(attributes.cells(u, name, t, x))
        if stored:
            out.back.append(f"{put}({everyone}, {key!r}, {attributes.cells_back(u, name, t, x)})")
    elif isinstance(t, Column):
        (kind,) = t.kinds
        if kind not in attributes.DTYPES:
            raise Refuse(f"{key!r} holds {kind}")
        checked(f"{shared.helper('column')}({x}, {PY_TYPE.get(kind, kind)}, {attributes.DTYPES[kind]})")
        out.args.append(f"new_{x}")
        if stored:
            values = f"new_{x}.tolist()" if kind in ("int", "float", "bool") else f"list(new_{x})"
            out.back.append(f"{put}({everyone}, {key!r}, {values})")
    else:
        assert isinstance(t, Row)
        lines, inside = views.taken(shared.helper, t, x, words)
        out.convert += lines
        out.lists += inside[1:]
        out.args += [f"new_{a}" for a in views.arguments(t, x)]
    return out


def _added(u: Unit, name: str, t: Column, everyone: str) -> Passed:
    """A column under a key that no record has yet: those that get a value get the key."""
    shared, x, key = u.shared, u.local(name), u.shared.columns[name]
    wide = "float64" if Num(t.kinds).rep == "f" else "int64" if Num(t.kinds).rep == "i" else "bool_"
    out = Passed([f"if any({key!r} in row for row in {everyone}):", "    return None"])
    out.convert.append(f"new_{x} = np.zeros(len({everyone}), np.{wide}), np.full(len({everyone}), -1)")
    out.args.append(f"*new_{x}")
    values = attributes.cells_back(u, name, t, x)
    out.back.append(f"{shared.helper('add_under_key')}({everyone}, {key!r}, {values})")
    return out


def changed(shared: Shared) -> bool:
    """Do records get new values?"""
    return any(map(is_column, shared.stored))


def commits(shared: Shared, columns: dict[str, Passed]) -> list[str]:
    """Lines that put what changed into the records; new keys in the order of the statements that put them."""
    order = sorted(columns, key=lambda n: (n in shared.added, shared.added.get(n, (0, 0))[1]))
    return [line for n in order for line in columns[n].back]


def given_back(t: Rec, code: str) -> str:
    """The dict that came in."""
    return f"{views.everyone(t)}[{code}]"


__all__ = ["given_back", "in_order", "is_column", "item", "like", "method", "passed", "used_keys"]
