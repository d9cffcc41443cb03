"""Namedtuples: records whose values are read as attributes, by their places, or all at once, and that never change.

All that come in of one class are held together, as one list of the wrapper, wherever they were; a kernel knows each as
its place in that list, and what all of them hold in one field as a column. So lists of them can be joined, sorted,
filtered and given back: as the very objects. Those that a kernel makes (`Step(t, n, d)`) are made when it is done.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from hasten.core.facts import ValueFact
from hasten.kernel import making, objects, reach, records, views
from hasten.kernel.kinds import Grow, Map, Opt, Rec, Refuse, Row, Tup, Type
from hasten.kernel.values import V, fail, impure

if TYPE_CHECKING:
    from hasten.kernel.compiler import Shared, Unit
    from hasten.kernel.program import Module

MOST = 16  # fields


def record(fact: ValueFact) -> Rec | None:
    """The type of a namedtuple that was recorded; None for anything else."""
    if "namedtuple" not in fact.note or not fact.fields or len(fact.fields) > MOST:
        return None
    return Rec(f"@{fact.type.rpartition('.')[2]}[]", tuple(name for name, _ in fact.fields))


def facts_of(shared: Shared, path: str) -> tuple[ValueFact, ...]:
    """What was recorded of all namedtuples that are held together."""
    found = [
        f for f in _inside(f for facts in shared.seen.values() for f in facts) if (t := record(f)) and t.path == path
    ]
    if len({(f.type, tuple(name for name, _ in f.fields)) for f in found}) > 1:
        fail(f"several classes are called {path[1:-2]}")
    return tuple(found)


def _inside(facts: Iterable[ValueFact]) -> Iterable[ValueFact]:
    for fact in facts:
        yield fact
        yield from _inside(fact.items)
        for _, under in fact.fields:
            yield from _inside(under)


def within(t: Type | None) -> set[str]:
    """The wrapper's names for the lists of namedtuples that are held in something of this type."""
    if isinstance(t, Rec):
        return {views.everyone(t)} if t.fields and t.path.startswith("@") else set()
    if isinstance(t, (Row, Grow, Opt)):
        return within(t.item)
    if isinstance(t, Tup):
        return set().union(*map(within, t.items))
    return within(t.value) if isinstance(t, Map) else set()


def pools(types: Mapping[str, Type]) -> list[str]:
    """All of them that a kernel with parameters of these types needs."""
    found = set().union(*map(within, types.values())) if types else set()
    return sorted(found)


def pool_of(column: str) -> str:
    """The wrapper's name for the list of namedtuples that a column is of, or is within; "" for one of dicts."""
    return views.everyone(Rec(column.partition("[]")[0] + "[]")) if column.startswith("@") else ""


def place_of(shared: Shared, path: str, key: str) -> int:
    """The place of a field."""
    (fact, *_) = facts_of(shared, path)
    return [name for name, _ in fact.fields].index(key)


def ahead(types: Mapping[str, Type], names: Sequence[str]) -> set[str]:
    """The columns of what is in those of the names, which are made ready ahead. Raises `Refuse`."""
    columns = {n for n in types if records.is_column(n)}
    found: set[str] = set()
    while True:
        lists = set(pools({n: types[n] for n in (*names, *found)}))
        more = {n for n in columns if records.owner(n) in names or pool_of(n) in lists}
        if more == found:
            break
        found = more
    if lists & set(pools({n: t for n, t in types.items() if n not in names and n not in found})):
        raise Refuse("namedtuples of one class, of which only some are made ready ahead")
    return found


# ---------------------------------------------------------------------- what kernels do with them


def attribute(u: Unit, base: V, node: ast.Attribute) -> V:
    """`p.time`"""
    assert isinstance(base.t, Rec)
    if node.attr in base.t.fields:
        return records.under(u, base, node.attr, node)
    found = _method(u, base.t, node.attr)
    if found is None or not _decorated(found):
        fail(f"{node.attr} of a namedtuple", node)
    made = ast.copy_location(ast.Call(ast.Name(node.attr, ast.Load()), [], []), node)
    return u.user_call(found, made, base, f"{base.t.path}.{node.attr}", site=node)


def item(u: Unit, base: V, node: ast.Subscript) -> V:
    """`p[1]`"""
    assert isinstance(base.t, Rec)
    place = node.slice.operand if isinstance(node.slice, ast.UnaryOp) else node.slice
    if not isinstance(place, ast.Constant) or type(place.value) is not int:
        fail("a namedtuple is asked for a place that is computed", node)
    size, at = len(base.t.fields), place.value
    if isinstance(node.slice, ast.UnaryOp):
        if not isinstance(node.slice.op, ast.USub):
            fail("a namedtuple is asked for such a place", node)
        at = -at
    if not -size <= at < size:
        fail("a namedtuple is asked for a place that it has not", node)
    return records.under(u, base, base.t.fields[at], node)


def parts(u: Unit, t: Rec, code: str, count: int, node: ast.AST) -> list[V]:
    """Everything in a namedtuple that has a name. Raises `Refuse` unless there are so many."""
    if len(t.fields) != count:
        fail("unpacking of a namedtuple of another length", node)
    return [records.under(u, V(code, t), name, node) for name in t.fields]


def loop_target(u: Unit, target: ast.Tuple | ast.List, t: Rec, casts: list[str]) -> str:
    """`for time, deaths in steps`: a loop over their places, and lines that take each apart."""
    if u.inside:
        fail("a namedtuple is unpacked in a comprehension", target)
    place = f"place_{target.lineno}_{target.col_offset}"
    count = len(u.lines)
    for one, v in zip(target.elts, parts(u, t, place, len(target.elts), target), strict=True):
        if not isinstance(one, ast.Name):
            fail("targets within targets", one)
        u.bind(one, v)
    casts += [line[4 * u.depth :] for line in u.lines[count:]]
    del u.lines[count:]
    return place


def method(u: Unit, base: V, func: ast.Attribute, node: ast.Call) -> V:
    """A call of a method of the class."""
    assert isinstance(base.t, Rec)
    found = _method(u, base.t, func.attr)
    if found is None or _decorated(found):
        fail(f"method {func.attr} of a namedtuple", node)
    if impure(func.value):
        fail("method of a namedtuple that is computed", node)
    return u.user_call(found, node, base, f"{base.t.path}.{func.attr}")


def _decorated(func: ast.FunctionDef) -> bool:
    return bool(func.decorator_list)


def _method(u: Unit, t: Rec, name: str) -> ast.FunctionDef | None:
    """The method, or property, that a class of this file defines; the guard will ask for exactly that class."""
    if u.module.place:
        return None
    called = t.path[1:-2] if t.path.startswith("@") else u.shared.makers[t.path]
    kind = defined(u.module, called)
    found = [s for s in kind.body if isinstance(s, ast.FunctionDef) and s.name == name] if kind is not None else []
    if kind is None or len(found) != 1 or reach.replaced(u.module, kind, name):
        return None
    if [ast.unparse(d) for d in found[0].decorator_list] not in ([], ["property"]) or u.module.bindings.get("property"):
        return None
    u.shared.exactly[t.path] = called
    return found[0]


def defined(module: Module, name: str) -> ast.ClassDef | None:
    """The class of that name, if it is a `typing.NamedTuple` of the file that nothing else goes by."""
    if module.bindings.get(name, 0) != 1 or module.star_import or objects.SETTERS & module.identifiers:
        return None
    node = next((n for n in module.tree.body if isinstance(n, ast.ClassDef) and n.name == name), None)
    if node is None or node.decorator_list or node.keywords or len(node.bases) != 1:
        return None
    (base,) = node.bases
    typed = module.dotted(base) == "typing.NamedTuple" or (
        ast.unparse(base) == "typing.NamedTuple" and module.imported("typing") and module.bindings.get("typing", 0) == 1
    )
    return node if typed else None


# ---------------------------------------------------------------------- those that a kernel makes


def fields_of(module: Module, name: str) -> tuple[tuple[str, ...], dict[str, ast.expr]] | None:
    """The fields of the class of namedtuples that a name of the file stands for, and their defaults; None where it is
    something else."""
    if module.bindings.get(name, 0) != 1 or module.star_import:
        return None
    kind = defined(module, name)
    if kind is not None:
        said = [s for s in kind.body if isinstance(s, ast.AnnAssign)]
        if not all(isinstance(s.target, ast.Name) for s in said):
            return None
        fields = tuple(s.target.id for s in said if isinstance(s.target, ast.Name))
        values = {s.target.id: s.value for s in said if isinstance(s.target, ast.Name) and s.value is not None}
        return _known(fields, values)
    for s in module.tree.body:
        if isinstance(s, ast.Assign) and len(s.targets) == 1 and isinstance(s.targets[0], ast.Name):
            if s.targets[0].id == name and isinstance(s.value, ast.Call):
                return _called(module, s.value)
    return None


def _called(module: Module, call: ast.Call) -> tuple[tuple[str, ...], dict[str, ast.expr]] | None:
    """`namedtuple("Step", "time at_risk")`"""
    if module.dotted(call.func) != "collections.namedtuple" or len(call.args) != 2:
        return None
    if any(k.arg != "defaults" for k in call.keywords):
        return None
    try:
        told = ast.literal_eval(call.args[1])
    except ValueError:
        return None
    if isinstance(told, str):
        told = told.replace(",", " ").split()
    if not isinstance(told, (list, tuple)) or not all(isinstance(name, str) for name in told):
        return None
    values: dict[str, ast.expr] = {}
    for k in call.keywords:
        if not isinstance(k.value, (ast.Tuple, ast.List)) or len(k.value.elts) > len(told):
            return None
        values = dict(zip(told[::-1], k.value.elts[::-1], strict=False))
    return _known(tuple(told), values)


def _known(fields: tuple[str, ...], values: dict[str, ast.expr]) -> tuple[tuple[str, ...], dict[str, ast.expr]] | None:
    if not 1 <= len(fields) <= MOST or len(set(fields)) < len(fields):
        return None
    return (fields, values) if all(isinstance(v, ast.Constant) for v in values.values()) else None


def made(u: Unit, node: ast.Call) -> V | None:
    """`Step(t, n, d=0)`; None: something else."""
    if not isinstance(node.func, ast.Name) or u.module.place or node.func.id in u.shadow:
        return None
    name = node.func.id
    found = fields_of(u.module, name)
    if found is None:
        return None
    fields, defaults = found
    if any(isinstance(a, ast.Starred) for a in node.args) or len(node.args) > len(fields):
        fail(f"{name} is made of such arguments", node)
    given: dict[str, ast.expr] = dict(zip(fields, node.args, strict=False))
    for k in node.keywords:
        if k.arg is None or k.arg not in fields or k.arg in given:
            fail(f"{name} is made of such arguments", node)
        given[k.arg] = k.value
    named = [k.arg for k in node.keywords]
    if named != [f for f in fields if f in named] and any(impure(k.value) for k in node.keywords):
        fail(f"{name}: keywords in another order", node)
    for field, value in defaults.items():
        given.setdefault(field, value)
    if set(given) != set(fields):
        fail(f"{name} is made without some of its fields", node)
    path = f"made_{name}[]"
    u.shared.makers[path] = name
    return making.record(u, Rec(path, fields), fields, [given[f] for f in fields])


def guards(shared: Shared, columns: Iterable[str], plain_named: Callable[[], str]) -> list[str]:
    """What must be true of the classes whose objects a kernel makes."""
    paths = sorted({name.rpartition(":")[0] for name in columns} & set(shared.makers))
    return [f"{plain_named()}({shared.makers[p]}, {shared.made[p]!r})" for p in paths]


def exact(shared: Shared, pools: Iterable[str]) -> list[str]:
    """Lines that look whether all namedtuples are of the classes whose methods a kernel has taken in."""
    lines: list[str] = []
    for path, name in sorted(shared.exactly.items()):
        everyone = views.everyone(Rec(path))
        if path.startswith("@") and everyone in pools:
            lines += [f"if not {{{name}}}.issuperset(map(type, {everyone})):", "    return None"]
    return lines
