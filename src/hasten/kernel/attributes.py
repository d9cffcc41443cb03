"""The way in and out of a kernel for objects: guards, and how what attributes hold is taken in and given back."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

from hasten.kernel import columns_of_lists, containers, homes, kindred, linked, mixed, pooled, shared_streams, views
from hasten.kernel.compiler import Unit, local
from hasten.kernel.kinds import (
    CODE,
    EXACT_FLOAT,
    I64,
    Arr,
    Cell,
    Column,
    Grow,
    Lst,
    Num,
    Obj,
    Pool,
    Refuse,
    Row,
    Slot,
    Tup,
    Type,
    Word,
)
from hasten.kernel.objects import family, slotted
from hasten.kernel.values import PY_TYPE

DTYPES = {
    "int": "np.int64", "float": "np.float64", "bool": "np.bool_",
    "np.int64": "np.int64", "np.float64": "np.float64", "np.bool": "np.bool_",
}  # fmt: skip


@dataclass(frozen=True)
class Guarded:
    """`roots`: names of objects that the wrapper takes. `entry`: lines that check them and take their attributes.
    `distinct`: the objects, which must all be different."""

    roots: tuple[str, ...]
    entry: tuple[str, ...]
    distinct: tuple[str, ...]


@dataclass
class Passed:
    """Code for one attribute: of guards, lines that convert, arguments, lines that give back, and lists that must be
    different; `raw` is what the kernel returns besides its results, `got` the names this is bound to."""

    guards: list[str] = field(default_factory=list)
    convert: list[str] = field(default_factory=list)
    args: list[str] = field(default_factory=list)
    back: list[str] = field(default_factory=list)
    lists: list[str] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)
    got: list[str] = field(default_factory=list)
    nan_checks: list[str] = field(default_factory=list)


def root(name: str) -> str:
    return name.partition(".")[0].partition(":")[0].removesuffix("[]")


def guarded(unit: Unit, types: Mapping[str, Type]) -> Guarded:
    """The guards of all objects whose exact class matters."""
    objects = unit.shared.objects
    wanted = {root(p) for p, used in objects.items() if used.needed}
    read = {n.rpartition(".")[0] for n in types if "." in n}
    # an object within one that is looked at is looked at too: its attributes are taken after it
    paths = sorted(p for p, used in objects.items() if used.needed or p in read and root(p) in wanted)
    paths.sort(key=lambda p: pooled.given(unit, p))  # what is gathered from lists, after these
    entry: list[str] = []
    distinct: list[str] = []
    for path in paths:
        used, listed = objects[path], path.endswith("[]")
        home, named = unit.shared.home(used.kind), homes.named(unit.shared, used.kind)
        x = local(path.removesuffix("[]"))
        everyone, several, kind_name = path.removesuffix("[]").rpartition(":")
        if pooled.given(unit, path):
            entry += pooled.entry(unit, path)
        elif not path_given(path):
            x, several = "[]", ""  # there is none yet
        if (f"{everyone}[]" if several else path) in {*unit.shared.linked, *unit.shared.chained}:
            found = linked.entry(unit, f"{everyone}[]" if several else path, types)
            entry += found if found[0] not in entry else []
        if several:
            x = f"[x for x in {local(everyone)} if type(x) is {named}]"
            check = [f"if type({local(everyone)}) is not list:", "    return None"]
            entry += check if check[0] not in entry else []
        if path in types and not listed:
            raise Refuse(f"{path} is an object and a value")
        below = [root(n[len(path) + 1 :]) for n in (*types, *paths) if _in(n, path)]
        columns = [n.removeprefix(f"{everyone}[].") for n in types if several and n.startswith(f"{everyone}[].")]
        below += [attr for attr in columns if kind_name in kindred.owners(unit, f"{everyone}[]", attr)]
        own = sorted({*used.attributes, *below} - used.methods)
        if slotted(used.kind):
            helper = unit.shared.helper("plain_slots")
            guard = f"{helper}({x if listed else f'[{x}]'}, {named}, {_words(own)})"
        elif len(line := family(home, used.kind)) > 1 or any(ast.unparse(b) != "object" for b in line[0].bases):
            helper = unit.shared.helper("plain_heirs")
            bases = ", ".join(homes.named(unit.shared, c) for c in line)
            guard = f"{helper}({x if listed else f'[{x}]'}, [{bases}], {_words(own)}, {_words(sorted(used.methods))})"
        else:
            helper = unit.shared.helper("plain_objects" if listed else "plain_object")
            guard = f"{helper}({x}, {named}, {_words(own)}, {_words(sorted(used.methods))})"
        written = f"{unit.shared.helper('as_written')}({named}, {_words(sorted(used.methods))})"
        entry += [f"if not ({written} and {guard}):", "    return None"]
        if listed and not several:
            entry += shared_streams.entry(types.items(), path, x, [local(n) for n in types])
        if not listed:
            entry += [f"{local(f'{path}.{a}')} = {x}.{a}" for a in sorted(set(below))]
        if path_given(path) or pooled.given(unit, path):
            distinct.append(f"*{local(everyone)}" if several else f"*{x}" if listed else x)
    roots = {root(p) for p in paths if path_given(p)}
    # attributes of an object of any class: no property, in whichever base, may stand behind them
    others = sorted(n for n in types if "." in n and not n.startswith("@") and root(n) not in roots)
    for path in sorted({n.rpartition(".")[0] for n in others}):
        own = [n[len(path) + 1 :] for n in others if n.rpartition(".")[0] == path]
        entry += [f"if not {unit.shared.helper('plain_attributes')}({path}, {_words(own)}):", "    return None"]
        entry += [f"{local(f'{path}.{a}')} = {path}.{a}" for a in own]
        roots.add(path)
    return Guarded(tuple(sorted(roots)), tuple(entry), tuple(dict.fromkeys(distinct)))


def path_given(path: str) -> bool:
    """Is it of what comes in, not of what the kernel makes?"""
    return not path.startswith("@")


def telling(unit: Unit, types: Mapping[str, Type]) -> bool:
    """Does it matter whether two objects are one? Not where the kernel changes none, and asks for no identity."""
    shared = unit.shared
    changed = any(map(path_given, shared.stored)) or any("." in name for name in unit.mutated)
    return bool(changed or shared.identity or any(isinstance(t, Slot) for t in types.values()))


def _in(name: str, path: str) -> bool:
    return name.startswith(path + ".")


def _words(words: list[str]) -> str:
    return "(" + "".join(f'"{w}", ' for w in words).rstrip(" ") + ")"


def passed(unit: Unit, name: str, t: Cell | Slot | Pool | Column, words: str) -> Passed:
    """How an attribute gets into the kernel and back. `words` names the dict of the strings' numbers."""
    if isinstance(t, Pool) and not path_given(name):
        return Passed(raw=[local(name)], got=[f"last_{local(name)}"])
    if isinstance(t, Pool) and t.kinds:
        x, everyone = local(name), local(name.removesuffix("[]"))
        kinds = ", ".join(homes.named(unit.shared, k) for k in unit.shared.unions[name])
        told = f"{unit.shared.helper('numbers_of_classes')}({everyone}, ({kinds}))"
        return Passed([], _checked(x, told), [f"new_{x}"], lists=[everyone])
    if isinstance(t, Pool):
        x = local(name.removesuffix("[]"))
        # (a list that is filled may not be the one that holds the objects)
        return Passed(args=[linked.size_of(x) if name in unit.shared.chained else f"len({x})"], lists=[x])
    if isinstance(t, Column) and t.grows:
        from hasten.kernel import building  # it builds on this module

        return building.passed(unit, name, t, words)
    if isinstance(t, Column):
        return _column(unit, name, t, words)
    if isinstance(t, Cell) and t.link:
        x = local(name)
        back = f"{name} = None if new_{x}[0] < 0 else {local(t.link.removesuffix('[]'))}[new_{x}[0]]"
        out = Passed([f"{x} is None"], [f"new_{x} = np.array([-1])"], [f"new_{x}"])
        out.back += [back] if name in unit.shared.stored else []
        return out
    if isinstance(t, Cell):
        return (
            _word_cell(unit, name, t, words) if t.word else _tagged(unit, name, t) if t.tagged else _cell(unit, name, t)
        )
    if isinstance(t.value, Grow):
        return _growing(unit, name, t, t.value, words)
    return _rebound(unit, name, t)


def _cell(unit: Unit, name: str, t: Cell) -> Passed:
    x = local(name)
    (kind,) = t.kinds
    if kind not in DTYPES:
        raise Refuse(f"attribute of {kind}")
    out = Passed([f"type({x}) is {PY_TYPE.get(kind, kind)}"])
    if kind == "int":
        out.guards.append(f"{I64[0]} <= {x} <= {I64[1]}")
    out.convert.append(f"new_{x} = np.array([{x}], {DTYPES[kind]})")
    out.args.append(f"new_{x}")
    if name in unit.shared.stored:
        out.back.append(f"{name} = new_{x}[0]" + ("" if kind.startswith("np.") else ".item()"))
    return out


def kind_codes(name: str, t: Cell | Column) -> dict[str, int]:
    """The types that a number may be of, as generated code spells them, and their codes."""
    if not t.kinds or any(k not in DTYPES for k in t.kinds):
        raise Refuse(f"what {name} holds is not known")
    return {PY_TYPE.get(k, k): CODE[k] for k in sorted(t.kinds, key=CODE.__getitem__)}


def cells(unit: Unit, name: str, t: Cell | Column, values: str) -> str:
    """The code of an array of numbers and one of the codes of their types."""
    kinds = kind_codes(name, t)
    wide = "float64" if Num(t.kinds).rep == "f" else "int64" if Num(t.kinds).rep == "i" else "bool_"
    none = ["type(None): -1"] if t.optional else []
    codes = ", ".join([*none, *(f"{k}: {c}" for k, c in kinds.items())])
    low, high = (-EXACT_FLOAT, EXACT_FLOAT) if wide == "float64" else I64
    return f"{unit.shared.helper('number_cells')}({values}, {{{codes}}}, np.{wide}, {low}, {high})"


def cells_back(unit: Unit, name: str, t: Cell | Column, x: str) -> str:
    """The code of what such arrays hold, as the types that the codes tell."""
    codes = ", ".join(f"{c}: {k}" for k, c in kind_codes(name, t).items())
    return f"{unit.shared.helper('cell_values')}(new_{x}, {{{codes}}})"


def _word_cell(unit: Unit, name: str, t: Cell, words: str) -> Passed:
    """A string (or a member of an enumeration), by its number."""
    from hasten.kernel.door import STRINGS  # it builds on this module

    x = local(name)
    out = Passed(
        [f"type({x}) is {t.kind or 'str'}"],
        [f"new_{x} = np.array([{words}.setdefault({x}, len({words}))])"],
        [f"new_{x}"],
    )
    if name in unit.shared.stored:
        out.back.append(f"{name} = {STRINGS}[new_{x}[0]]")
    return out


def _tagged(unit: Unit, name: str, t: Cell | Column) -> Passed:
    """A number, or one of each object of a list, that may be of several types or None."""
    x = local(name)
    path, _, attr = name.rpartition(".")
    values = taken_of(unit, path, attr, t) if isinstance(t, Column) else f"[{x}]"
    out = Passed(args=[f"*new_{x}"])
    out.convert += _checked(x, cells(unit, name, t, values))
    if name in unit.shared.stored:
        values = cells_back(unit, name, t, x)
        if isinstance(t, Column):
            out.back.append(_given_back(unit, path, attr, values))
        else:
            out.back.append(f"[{name}] = {values}")
    return out


def _checked(x: str, code: str) -> list[str]:
    return [f"new_{x} = {code}", f"if new_{x} is None:", "    return None"]


def _column(unit: Unit, name: str, t: Column, words: str) -> Passed:
    if t.held is not None:
        return columns_of_lists.passed(unit, name, t, words)
    path, attr = name.rsplit("[].", 1)
    x = local(name)
    if t.tagged:
        return _tagged(unit, name, t)
    taken = taken_of(unit, f"{path}[]", attr, t)
    if t.link:
        others = local(t.link.removesuffix("[]"))
        links = Passed(args=[f"new_{x}"])
        known = others if path_given(t.link) or pooled.given(unit, t.link) else "[]"  # none is made yet
        links.convert += _checked(x, f"{unit.helper('places_of')}({taken}, {known}, {t.optional})")
        if name in unit.shared.stored:
            objects = f"[None if i < 0 else {others}[i] for i in new_{x}.tolist()]"
            links.back.append(_given_back(unit, f"{path}[]", attr, objects))
        return links
    if t.word:
        strings = Passed(args=[f"new_{x}"])
        told = (
            f"{unit.helper('member_numbers')}({taken}, {t.kind}" if t.kind else f"{unit.helper('word_numbers')}({taken}"
        )
        strings.convert += _checked(x, f"{told}, {words})")
        if name in unit.shared.stored:
            from hasten.kernel.door import STRINGS  # it builds on this module

            strings.back.append(_given_back(unit, f"{path}[]", attr, f"[{STRINGS}[i] for i in new_{x}]"))
        return strings
    (sort,) = t.kinds
    if sort not in DTYPES:
        raise Refuse(f"attribute of {sort}")
    kind = PY_TYPE.get(sort, sort)
    values = f"list(new_{x})" if sort in PY_TYPE else f"new_{x}.tolist()"
    out = Passed(args=[f"new_{x}"])
    dtype = DTYPES[sort]
    if not t.depth:
        out.convert += _checked(x, f"{unit.helper('typed_list')}({taken}, {kind}, {dtype})")
        if name in unit.shared.stored:
            out.back.append(_given_back(unit, f"{path}[]", attr, values))
        return out
    out.convert.append(f"{x} = {taken}")
    out.convert += _checked(x, f"{unit.helper('typed_rows')}({x}, {kind}, {dtype})")
    out.lists.append(f"*{x}")
    if name in unit.mutated:
        if sort in ("float", "np.float64"):
            out.nan_checks.append(f"np.isnan(new_{x}).any()")
        rows = f"map(list, new_{x})" if sort in PY_TYPE else f"new_{x}.tolist()"
        out.back += mixed.back(unit.shared, x, rows, 2)
    return out


def _nothing(t: Column) -> str:
    """What stands in a column for an object that has no such attribute."""
    if t.held is not None:
        return "[]"
    if t.depth:
        raise Refuse("lists that are attributes of only some of the objects")
    if t.link:
        return "x"  # itself: it is there, and None may not be
    kind = max(t.kinds, key=CODE.__getitem__, default="float")
    if t.kind:
        raise Refuse("members of enumerations that are attributes of only some of the objects")
    return '""' if t.word else "None" if t.optional else "False" if kind == "bool" else f"{PY_TYPE.get(kind, kind)}(0)"


def taken_of(unit: Unit, path: str, attr: str, t: Column) -> str:
    """The code of a list of what one attribute of each object holds."""
    everyone = local(path.removesuffix("[]"))
    some = kindred.owners(unit, path, attr)
    if len(some) == len(unit.shared.unions.get(path, ())):
        return f"[x.{attr} for x in {everyone}]"
    return f"[x.{attr} if {_of_these(unit, path, some)} else {_nothing(t)} for x in {everyone}]"


def _of_these(unit: Unit, path: str, some: list[str]) -> str:
    codes = [homes.named(unit.shared, k) for k in unit.shared.unions[path] if k.name in some]
    return f"type(x) is {codes[0]}" if len(codes) == 1 else f"type(x) in ({', '.join(codes)})"


def _given_back(unit: Unit, path: str, attr: str, values: str) -> str:
    """The line that gives each object its value of an attribute."""
    everyone, helper = local(path.removesuffix("[]")), unit.shared.helper("set_attributes")
    some = kindred.owners(unit, path, attr)
    if len(some) == len(unit.shared.unions.get(path, ())):
        return f'{helper}({everyone}, "{attr}", {values})'
    keep = _of_these(unit, path, some)
    of_those = f"[x for x in {everyone} if {keep}]"
    return f'{helper}({of_those}, "{attr}", [v for x, v in zip({everyone}, {values}) if {keep}])'


def _item_kind(name: str, t: Grow) -> str:
    if not isinstance(t.item, Num) or t.item.kind is None or t.item.kind not in DTYPES:
        raise Refuse(f"what the list {name} holds is not known")
    return t.item.kind


def params(t: Slot | Cell | Column, x: str, came: bool = False) -> list[str]:
    """The kernel's parameters for an attribute. `came`: of objects that come in beside those that are made."""
    if isinstance(t, Column) and t.grows:
        return pooled.params(t, x) if came else []
    if isinstance(t, Column) and t.held is not None:
        return columns_of_lists.params(x, t, x)
    if isinstance(t, (Cell, Column)):
        return [f"{x}_value", f"{x}_kind"] if t.tagged else [x]
    if isinstance(t.value, Grow) and isinstance(t.value.item, (Word, Tup)) and not t.sink and not t.empty:
        return views.arguments(Row(t.value.item), x)
    return [*([] if t.sink or t.empty else [f"{x}_given"]), *([f"{x}_limit"] if t.queue else [])]


def made(unit: Unit, t: Slot | Cell | Column, x: str, came: bool = False) -> list[str]:
    """Lines at the beginning of the kernel that make what its functions see."""
    if isinstance(t, Column) and t.grows and came:
        return pooled.made(unit, t, x)
    if isinstance(t, Column) and t.grows:
        from hasten.kernel import building  # it builds on this module

        return building.lists(unit, t, x)
    if isinstance(t, Column) and t.held is not None:
        return columns_of_lists.made(unit, x, t, x)
    if isinstance(t, (Cell, Column)):
        return [f"{x} = ({x}_value, {x}_kind)"] if t.tagged else []
    first = f"{x}_given"
    lines = []
    if isinstance(t.value, Grow):
        if t.value.item is None:
            raise Refuse(f"{x} stays empty")
        if isinstance(t.value.item, Tup) and not t.sink and not t.empty:
            first = f"[item for item in zip({', '.join(views.arguments(Row(t.value.item), x))})]"
        elif isinstance(t.value.item, Word) and not t.sink and not t.empty:
            first = f"{unit.helper('as_list')}({x}_items)"
        else:
            first = f"{unit.helper('as_list')}({first})"
        if t.sink or t.empty:
            first = containers.empty_list(unit, Grow(t.value.item)).code
        if t.queue:
            return [f"{x} = ({first}, {x}_limit)"]
        if not t.rebinds:
            return [f"{x} = {first}"]
        lines.append(f"{x}_first = {first}")
        first = f"{x}_first"
    return [*lines, f"{x} = ([{first}], np.zeros(1, np.bool_))"]


def _growing(unit: Unit, name: str, t: Slot, held: Grow, words: str) -> Passed:
    from hasten.kernel.door import grown  # it builds on this module

    x = local(name)
    out = Passed(lists=[x])
    source = x
    if t.queue:
        out.guards.append(f"repr(type({x})) == \"<class 'collections.deque'>\"" + (f" and not {x}" if t.empty else ""))
        source = f"[*{x}]"
    if t.sink:
        out.guards.append(f"type({x}) is list")
    elif t.empty and not t.queue:
        out.guards.append(f"type({x}) is list and not {x}")
    elif isinstance(held.item, Obj) and not t.empty:
        everyone = local(held.item.path.removesuffix("[]"))
        out.convert += _checked(x, f"{unit.helper('places_of')}({x}, {everyone}, False)")
        out.args.append(f"new_{x}")
    elif not t.empty and isinstance(held.item, (Word, Tup)):
        door = columns_of_lists.list_at_door(name, held)
        out.guards.append(f"type({x}) is list")
        lines, _ = views.taken(unit.helper, door, x, words)
        out.convert += lines
        for i, item in enumerate(held.item.items if isinstance(held.item, Tup) else ()):
            if isinstance(item, Num) and item.kind == "float":
                out.convert += [f"if np.isnan(new_{x}_items_{i}).any():", "    return None"]
        out.args += [f"new_{a}" for a in views.arguments(door, x)]
    elif not t.empty:
        kind = _item_kind(name, held)
        out.convert += _checked(x, f"{unit.helper('typed_items')}({source}, {PY_TYPE.get(kind, kind)}, {DTYPES[kind]})")
        if kind in ("float", "np.float64"):  # a NaN keeps its identity only in the original
            out.convert += [f"if np.isnan(new_{x}).any():", "    return None"]
        out.args.append(f"new_{x}")
    if t.queue:
        out.args.append(f"-1 if {x}.maxlen is None else {x}.maxlen")
    out.raw.append(f"{x}_first" if t.rebinds else f"{x}[0]" if t.queue else x)
    out.got.append(f"last_{x}")
    out.back += grown(Grow(held.item), f"last_{x}")
    if t.queue:
        out.back.append(f"{x}.clear()")
    out.back.append(f"{x}.extend(last_{x})" if t.sink or t.queue else f"{x}[:] = last_{x}")
    if t.rebinds:
        out.raw += [f"{x}[0][0]", f"{x}[1][0]"]
        out.got += [f"new_{x}", f"{x}_is_new"]
        lines = [*grown(Grow(held.item), f"new_{x}"), f"{name} = new_{x}"]
        out.back += [f"if {x}_is_new:", *(f"    {line}" for line in lines)]
    return out


def _rebound(unit: Unit, name: str, t: Slot) -> Passed:
    """An attribute that may hold another list, array or tuple in the end."""
    from hasten.kernel.door import listed  # it builds on this module

    x, held = local(name), t.value
    out = Passed(raw=[f"{x}[0][0]", f"{x}[1][0]"], got=[f"last_{x}", f"{x}_is_new"])
    if isinstance(held, Tup):
        kinds = [i.kind or "" for i in held.items if isinstance(i, Num)]
        if any(k not in ("int", "float", "bool") for k in kinds):
            raise Refuse(f"{name} is a tuple of such values")
        out.guards.append(f"type({x}) is tuple and [*map(type, {x})] == [{', '.join(kinds)}]")
        out.args.append(x)
        out.back += [f"if {x}_is_new:", f"    {name} = last_{x}"]
        return out
    if isinstance(held, Arr):
        if name in unit.mutated:
            raise Refuse(f"the array {name} is written and replaced")
        dtype = "np.bool_" if held.dtype == "bool" else f"np.{held.dtype}"
        out.guards.append(f"{unit.helper('plain_array')}({x}, {dtype}, {held.ndim})")
        out.args.append(x)
        out.back += [f"if {x}_is_new:", f'    {name} = last_{x}.copy(order="K")']
        return out
    assert isinstance(held, Lst)
    (kind,) = held.kinds
    if held.depth > 2:
        raise Refuse(f"{name} is a list of lists of lists")
    helper = unit.helper("typed_list" if held.depth == 1 else "typed_rows")
    out.convert += _checked(x, f"{helper}({x}, {PY_TYPE.get(kind, kind)}, {DTYPES[kind]})")
    out.args.append(f"new_{x}")
    out.lists.append(x if held.depth == 1 else f"*{x}")
    if name in unit.mutated:
        if kind in ("float", "np.float64"):
            out.nan_checks.append(f"np.isnan(new_{x}).any()")
        values = f"new_{x}" if kind in PY_TYPE else f"new_{x}.tolist()"
        out.back += mixed.back(unit.shared, x, values, held.depth)
    out.back += [f"if {x}_is_new:", f"    {name} = {listed(held, f'last_{x}')}"]
    return out
