"""Dicts of dicts, lists of dicts and the like from outside, as flat arrays that a kernel only reads.

All values of one level lie one after another; arrays of positions say where each container begins. A dict within is
a slice of the keys, of the values and of a hash table; so a row is handed on without copying anything.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from hasten.kernel import lists_of_arrays
from hasten.kernel.kinds import Arr, Knot, Lst, Map, Num, Opt, Rec, Refuse, Row, Tup, Type, Veiled, Word, scalar
from hasten.kernel.values import PURE

if TYPE_CHECKING:
    from hasten.kernel.compiler import Unit
    from hasten.kernel.program import Module

KINDS = {"int": "int", "float": "float", "bool": "bool", "np.float64": "np.float64", "np.int64": "np.int64"}
READS = frozenset({"keys", "values", "items", "get", "count", "index"})
READERS = PURE | {"list", "tuple", "set", "zip", "enumerate", "reversed", "itemgetter"}
COLUMNS = {"int": "np.int64", "float": "np.float64", "bool": "np.bool_"}


def read_only(t: Type | None) -> Type | None:
    """The same, but a dict of numbers, strings or lists of numbers as arrays, given that the kernel only reads it."""
    if isinstance(t, Opt):
        return replace(t, item=read_only(t.item))
    if not isinstance(t, Map) or t.fresh or t.keys_only or not (scalar(t.key) or keyed_by_tuples(t)):
        return t
    value = t.value if t.value is None or scalar(t.value) else plain_item(t.value)
    if isinstance(value, Word) or isinstance(value, Num) and value.kind in KINDS:
        return replace(t, frozen=True)
    return t


def keyed_by_tuples(t: Map) -> bool:
    """Is each key a tuple of ints, or one of strings? (It is a row of an array, then.)"""
    return isinstance(t.key, Tup) and len(t.key.items) in (2, 3) and len({type(i) for i in t.key.items}) == 1


def table_helper(name: str, t: Map) -> str:
    """The helper that makes hash tables of keys of this type."""
    return f"{name}_{'pair' if len(t.key.items) == 2 else 'triple'}_rows" if isinstance(t.key, Tup) else name


def keys_code(t: Map, code: str) -> str:
    """The code of a dict's keys, one after another."""
    if not t.frozen or not isinstance(t.key, Tup):
        return code
    return f"zip({', '.join(f'{code}[:, {i}]' for i in range(len(t.key.items)))})"


def plain_item(t: Type) -> Type | None:
    """What a list of scalars holds; None for anything else."""
    if isinstance(t, Lst) and t.depth == 1:
        return Num(t.kinds)
    return t.item if isinstance(t, Row) and scalar(t.item) else None


def element_of(u: Unit, t: Type | None, view: str, at: str) -> str:
    """The code of one of the containers (or scalars) that lie one after another in `view`."""
    if scalar(t):
        return f"{view}[{at}]"
    if isinstance(t, Arr):
        return lists_of_arrays.element(u, t, view, at)
    if isinstance(t, Tup):
        return f"({', '.join(f'{view}[{i}][{at}]' for i in range(len(t.items)))})"
    if t is not None and plain_item(t) is not None:
        return f"{u.helper('list_at')}({view}, {at})"
    if isinstance(t, Row) and isinstance(t.item, Tup):
        return f"{u.helper(f'tuples_{len(t.item.items)}_at')}({view}, {at})"
    if isinstance(t, Row):
        kind = "dicts" if isinstance(t.item, Map) else "lists"
        if kind == "lists" and plain_item(t.item) is None:
            raise Refuse("lists too deep within others")
        return f"{u.helper(kind + '_at')}({view}, {at})"
    if isinstance(t, Map) and t.value is not None:
        plain = scalar(t.value) or t.keys_only
        kind = "dict_of_dicts" if isinstance(t.value, Map) else "dict" if plain else "dict_of_lists"
        return f"{u.helper(kind + '_at')}({view}, {at})"
    if isinstance(t, Veiled):
        raise Refuse("what a dict of such things holds")
    raise Refuse("such a thing within another")


def empty(t: Type) -> str:
    """Code of an empty container of such a type, as arrays."""
    if isinstance(t, Map) and t.key is not None and t.value is not None:
        return f"({_nothing(t.key)}, {_nothing(t.value)}, np.full(4, -1))"
    if isinstance(t, Row) and isinstance(t.item, Tup):
        return f"({', '.join(map(_nothing, t.item.items))})"
    item = plain_item(t)
    if item is None:
        raise Refuse("an empty one of these")
    return _nothing(item)


def _nothing(t: Type) -> str:
    if isinstance(t, Tup):
        return f"np.empty((0, {len(t.items)}), np.int64)"
    if isinstance(t, (Word, Rec)):
        return "np.empty(0, np.int64)"
    if isinstance(t, Num):
        kind = t.kind or ""
        return f"np.empty(0, {COLUMNS.get(kind, kind)})"
    if isinstance(t, Map) and t.value is not None:
        starts = "np.zeros(1, np.int64)"
        if t.keys_only:
            return f"({starts}, {starts}, {_nothing(t.key or Word())}, {_nothing(t.key or Word())}, np.full(4, -1))"
        return f"({starts}, {starts}, {_nothing(t.key or Word())}, {_nothing(t.value)}, np.full(4, -1))"
    return f"(np.zeros(1, np.int64), {_nothing(_item(t))})"


def items_code(u: Unit, t: Type, view: str, size: str) -> str:
    """Code of all that lies in `view`, to be gone over."""
    if isinstance(t, Tup):
        return f"zip({', '.join(f'{view}[{i}]' for i in range(len(t.items)))})"
    return view if scalar(t) else f"[{element_of(u, t, view, 'place')} for place in range({size})]"


def pure(node: ast.AST, module: Module | None = None) -> bool:
    """May it be evaluated earlier than its statement would, or twice? (It only reads. `module` knows `math`.)"""
    for n in ast.walk(node):
        if isinstance(n, (ast.NamedExpr, ast.Await, ast.Yield)):
            return False
        if isinstance(n, ast.Call):
            f = n.func
            if module is not None and (module.dotted(f) or "").startswith("math."):
                continue
            if not (isinstance(f, ast.Attribute) and f.attr in READS or isinstance(f, ast.Name) and f.id in READERS):
                return False
    return True


def length(t: Row, view: str) -> str:
    if isinstance(t.item, Tup):
        return f"len({view}[0])"
    return f"len({view})" if scalar(t.item) else f"(len({view}[0]) - 1)"


def leaving(t: Type | None, values: str, depth: int = 0, settled: str = "") -> str:
    """A list of values as it leaves a kernel: of dicts their keys and values, not their hash tables.

    `settled`: the helper that fills gaps first, where keys are taken out.
    """
    if not isinstance(t, Map) or t.keys_only:
        return values
    row = f"row_{depth}" if depth else "row"
    one = f"{settled}({row})" if settled else row
    return f"[({one}[0], {leaving(t.value, f'{one}[1]', depth + 1, settled)}) for {row} in {values}]"


# ---------------------------------------------------------------------- the way in


def everyone(t: Rec) -> str:
    """The wrapper's name for the list of all records of a kind."""
    name = t.path.replace("[]", "_each").replace(".", "_").replace(":", "_") + ("" if t.path[-1] == "]" else "_each")
    return name.removeprefix("@")


def viewed(t: Type) -> bool:
    """Does it come in as arrays of its own making?"""
    return isinstance(t, Row) or isinstance(t, Map) and t.frozen


def guard(t: Type, any_dicts: bool) -> str:
    """What its type must be; `any_dicts`: one that makes or counts its missing keys, as long as none is missed."""
    if not isinstance(t, Map):
        return "is list"
    if t.keys_only:
        return "is frozenset"
    return "in (dict, collections.defaultdict, collections.Counter)" if any_dicts else "is dict"


def arguments(t: Type, name: str, ready: bool = False) -> list[str]:
    """Names of the arrays that it comes in as; with the hash tables where these were made `ready` before."""
    if isinstance(t, Map):
        assert t.value is not None
        table = [f"{name}_table"] if ready else []
        return [f"{name}_keys", *table, *_within(t.value, f"{name}_values", ready)]
    assert isinstance(t, Row)
    return _within(t.item, f"{name}_items", ready)


def _within(t: Type, name: str, ready: bool) -> list[str]:
    if isinstance(t, Veiled):
        return []
    if isinstance(t, Arr):
        return lists_of_arrays.arguments(t, name)
    if scalar(t):
        return [name]
    if isinstance(t, Tup):
        return [f"{name}_{i}" for i in range(len(t.items))]
    if isinstance(t, Map):
        assert t.value is not None
        tables = [f"{name}_begins", f"{name}_tables"] if ready else []
        return [f"{name}_starts", *tables, f"{name}_keys", *_within(t.value, f"{name}_values", ready)]
    return [f"{name}_starts", *_within(_item(t), f"{name}_items", ready)]


def _item(t: Type) -> Type:
    found = plain_item(t)
    if found is None:
        if not isinstance(t, Row):
            raise Refuse("such a thing within another")
        return t.item
    return found


def made(u: Unit, t: Type, name: str, ready: bool = False) -> str:
    """The code that puts the arrays together."""
    if isinstance(t, Map):
        assert t.value is not None
        values = f"{name}_keys" if isinstance(t.value, Veiled) else _store(u, t.value, f"{name}_values", ready)
        if ready:
            return f"({name}_keys, {values}, {name}_table)"
        return f"{u.helper(table_helper('fixed_dict', t))}({name}_keys, {values})"
    assert isinstance(t, Row)
    return _store(u, t.item, f"{name}_items", ready)


def _store(u: Unit, t: Type, name: str, ready: bool) -> str:
    if scalar(t):
        return name
    if isinstance(t, Arr):
        return lists_of_arrays.store(t, name)
    if isinstance(t, Tup):
        return f"({', '.join(f'{name}_{i}' for i in range(len(t.items)))})"
    if isinstance(t, Map):
        assert t.value is not None
        values = f"{name}_keys" if t.keys_only else _store(u, t.value, f"{name}_values", ready)
        if ready:
            return f"({name}_starts, {name}_begins, {name}_keys, {values}, {name}_tables)"
        return f"{u.helper(table_helper('dicts', t))}({name}_starts, {name}_keys, {values})"
    return f"({name}_starts, {_store(u, _item(t), f'{name}_items', ready)})"


def tables(helper: Callable[[str], str], t: Type, name: str) -> list[str]:
    """Lines that make the hash tables of what `taken` has turned into arrays called after `name`."""
    lines = []
    inner = t.value if isinstance(t, Map) else t.item if isinstance(t, Row) else None
    if isinstance(t, Map):
        keys = f"{name}_keys"
        lines.append(f"{name}_table = {helper(table_helper('key_tables', t))}(np.array([0, len({keys})]), {keys})[1]")
    within = f"{name}_values" if isinstance(t, Map) else f"{name}_items"
    while isinstance(inner, (Map, Row)):
        if isinstance(inner, Map):
            runs = f"{within}_starts, {within}_keys"
            made = helper(table_helper("key_tables", inner))
            lines.append(f"{within}_begins, {within}_tables = {made}({runs})")
            inner, within = inner.value, f"{within}_values"
        else:
            inner, within = inner.item, f"{within}_items"
    return lines


def put_back(helper: Callable[[str], str], t: Type, x: str) -> tuple[str, str]:
    """The line that gives the innermost lists of a container their new numbers, and the code that looks for a NaN among
    these (empty where there is none). Raises `Refuse` where it holds no lists of numbers."""
    inner: Type | None = t
    if lists_of_arrays.of(t) is not None:
        return lists_of_arrays.put_back(helper, x), ""
    name, lists = f"new_{x}", x
    while True:
        if isinstance(inner, Map):
            inner, lists = inner.value, f"[*{x}.values()]" if name == f"new_{x}" else f"{name}_parts[-1]"
            name = f"{name}_values"
        elif isinstance(inner, Row):
            lists = x if name == f"new_{x}" else f"{name}_parts[-1]"
            inner, name = inner.item, f"{name}_items"
        else:
            break
    if not isinstance(inner, Lst) or inner.depth != 1 or len(inner.kinds) != 1:
        raise Refuse("something else than numbers of lists within is changed")
    (kind,) = inner.kinds
    numbers = f"{name}_items"
    values = f"{numbers}.tolist()" if kind in ("int", "float", "bool") else f"list({numbers})"
    looked = f"np.isnan({numbers}).any()" if kind in ("float", "np.float64") else ""
    return f"{helper('put_rows')}({lists}, {values})", looked


def taken(helper: Callable[[str], str], t: Type, x: str, words: str) -> tuple[list[str], list[str]]:
    """Lines that turn a value into its arrays, and expressions that give every container in it.

    `words` names the dict of the strings' numbers.
    """
    lines: list[str] = []
    seen = [x]

    def part(target: str, code: str) -> None:
        lines.extend([f"{target} = {code}", f"if {target} is None:", "    return None"])

    def column(t: Type, name: str, values: str) -> None:
        if isinstance(t, Word):
            part(name, f"{helper('word_numbers')}({values}, {words})")
        elif isinstance(t, Tup) and isinstance(t.items[0], Word):
            part(name, f"{helper('word_rows')}({values}, {len(t.items)}, {words})")
        elif isinstance(t, Tup):
            part(name, f"{helper('number_rows')}({values}, {len(t.items)})")
        elif isinstance(t, Rec) and t.fields:
            part(name, f"{helper('gathered')}({everyone(t)}, {values}, {t.fields!r})")
        elif isinstance(t, Rec):
            pool = everyone(t)
            if isinstance(t, Knot):  # all that these lead to follows them there
                lines.extend([f"{pool} = [*{values}]", f"{name} = np.arange(len({pool}))"])
                return
            lines.extend([f"{pool} = {values}", f"if not {helper('plain_dicts')}({pool}):", "    return None"])
            lines.append(f"{name} = np.arange(len({pool}))")
        else:
            assert isinstance(t, Num)
            kind = t.kind or ""
            if kind not in KINDS:
                raise Refuse(f"{kind} within a container")
            part(name, f"{helper('column')}({values}, {KINDS[kind]}, {COLUMNS.get(kind, kind)})")

    def within(t: Type, name: str, values: str) -> None:
        if scalar(t):
            return column(t, name, values)
        if isinstance(t, Arr):
            lines.extend(lists_of_arrays.taken(helper, t, name, values))
            return
        flat = f"{name}_parts"
        if isinstance(t, Tup):
            part(flat, f"{helper('flat_tuples')}({values}, {len(t.items)})")
            for i, item in enumerate(t.items):
                column(item, f"{name}_{i}", f"{flat}[{i}]")
            return
        if isinstance(t, Map):
            assert t.key is not None and t.value is not None
            part(flat, f"{helper('flat_sets' if t.keys_only else 'flat_dicts')}({values})")
            lines.append(f"{name}_starts = {flat}[0]")
            column(t.key, f"{name}_keys", f"{flat}[1]")
            if t.keys_only:
                return
            inner, inside = t.value, f"{name}_values"
        else:
            part(flat, f"{helper('flat_lists')}({values})")
            lines.append(f"{name}_starts = {flat}[0]")
            inner, inside = _item(t), f"{name}_items"
        if not scalar(inner) and not isinstance(inner, Tup):
            seen.append(f"*{flat}[-1]")
        within(inner, inside, f"{flat}[-1]")

    if isinstance(t, Map):
        assert t.key is not None and t.value is not None
        column(t.key, f"new_{x}_keys", f"[*{x}]")
        if isinstance(t.value, Veiled):
            return lines, seen
        if not scalar(t.value):
            seen.append(f"*{x}.values()")
        within(t.value, f"new_{x}_values", f"[*{x}.values()]")
    else:
        assert isinstance(t, Row)
        if not scalar(t.item) and not isinstance(t.item, (Tup, Arr)):
            seen.append(f"*{x}")
        within(t.item, f"new_{x}_items", x)
    return lines, seen
