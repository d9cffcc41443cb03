"""The way in and out of a kernel: guards, conversions, the compiled call, and what is written back.

The wrapper returns None, with nothing changed, whenever the original statements have to run.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from hasten.core.facts import ValueFact
from hasten.kernel import (
    arrays,
    arrays_leaving,
    arrays_results,
    attributes,
    building,
    counting,
    deques_made,
    elsewhere,
    gaps,
    knot_tables,
    knots,
    letters,
    lists_of_arrays,
    making,
    mixed,
    named,
    optional,
    pooled,
    prints,
    records,
    tables,
    views,
)
from hasten.kernel import held as holding
from hasten.kernel.arrays_tree import ELEMENTS
from hasten.kernel.compiler import DICTS, Shared, Unit, local, unseen
from hasten.kernel.containers import empty_map, key_kind, sample, taken_apart, words_in
from hasten.kernel.filters import outlined
from hasten.kernel.held import Held
from hasten.kernel.kinds import (
    CODE,
    DTYPES,
    I64,
    MIXED,
    Arr,
    Cell,
    Chr,
    Column,
    Fun,
    Grow,
    Knot,
    Lst,
    Map,
    Mix,
    Nil,
    Num,
    Obj,
    Opt,
    Pool,
    Rec,
    Refuse,
    Rng,
    Row,
    Slot,
    Stream,
    Text,
    Told,
    Tup,
    Type,
    Veiled,
    Word,
    container,
    disjoint,
    nested,
    num,
    rooted,
    roots_of,
    scalar,
    settled,
)
from hasten.kernel.queues import headed
from hasten.kernel.runtime import HELPERS
from hasten.kernel.values import PY_TYPE, bare

SMALL = (-(2**31), 2**31 - 1)
SCALARS = {
    "builtins.int": "int", "builtins.float": "float", "builtins.bool": "bool",
    "numpy.float64": "np.float64", "numpy.int64": "np.int64", "numpy.bool": "np.bool",
}  # fmt: skip
INITIAL = {"f": "0.0", "i": "0", "b": "False"}
LIST_ITEMS = ("builtins.int", "builtins.float", "builtins.bool", "numpy.float64", "numpy.int64")
DEEP = 250  # calls of a function by itself: a kernel gives up beyond, far from Python's own limit
STREAMS = {"random.Random": "python", "numpy.random.mtrand.RandomState": "numpy"}
NJIT = '@njit(cache=True, boundscheck=True, error_model="python", no_cfunc_wrapper=True)'
STRINGS = "<strings>"  # stands for the name of the list of all strings of a call, by their numbers
# what a kernel raises when it gives up: arithmetic, index and value errors of its own, or Numba's
GIVEN_UP = "(ArithmeticError, AssertionError, LookupError, RuntimeError, TypeError, ValueError, NumbaError)"


def door_type(
    name: str,
    facts: Sequence[ValueFact],
    *,
    as_words: bool = False,
    maybe: bool = False,
    read_only: bool = False,
    keys: frozenset[str] = frozenset(),
    records_first: bool = False,
    tied: bool = False,
) -> Type | None:
    """The type that a value seen as `facts` is let in with; None when there is none. `maybe`: Python's None too.

    `read_only`: dicts that the kernel does not change. `keys`: what the code asks dicts for: those that have such keys
    are records where nothing else takes them, or (`records_first`) whatever they hold. `tied`: dicts and tuples that
    lead to others are held by their places.
    """
    missing = maybe and any(f.type == "builtins.NoneType" for f in facts)
    for fact in facts:
        t = _one(name, fact, _Keys(keys, records_first, tied))
        if t is not None:
            t = Word() if as_words and isinstance(t, Text) else t
            if read_only and ("." not in name or isinstance(t, Map) and isinstance(t.value, Lst)):
                t = views.read_only(t) or t
            if missing and isinstance(t, Mix):
                return None
            return Opt(t) if missing else t
    return Nil() if missing and len(facts) == 1 else None


@dataclass(frozen=True)
class _Keys:
    """What the code asks dicts for; `first`: those that have such keys are records, whatever they hold."""

    names: frozenset[str] = frozenset()
    first: bool = False
    tied: bool = False  # are dicts and tuples that lead to others held by their places?


def item_type(fact: ValueFact, path: str, keys: frozenset[str], tied: bool = False) -> Type | None:
    """The type of what records hold under a key, where it is no number or string."""
    if tied and knots.like(fact):
        return Knot(path)
    if records.like(fact, keys):
        return Rec(path)
    if (one := named.record(fact)) is not None:
        return one
    row = row_type(fact) or _set_within(fact)
    return _within(fact, path, _Keys(keys, tied=tied)) if row is None else row


def _one(name: str, fact: ValueFact, keys: _Keys) -> Type | None:
    if keys.tied and knots.like(fact):
        return Knot(name)
    kind = SCALARS.get(fact.type)
    if kind == "int":
        small = fact.low is not None and fact.high is not None and SMALL[0] <= fact.low and fact.high <= SMALL[1]
        return Num(frozenset({"int"}), *SMALL) if small else num("int")
    if kind is not None:
        return num(kind)
    if fact.type == "numpy.random._generator.Generator":
        return Rng()
    if fact.type in STREAMS:
        return Stream(STREAMS[fact.type], name)
    if fact.type == "builtins.str":
        return Text()
    if fact.type == "numpy.ndarray":
        if fact.dtype in ELEMENTS and fact.ndim and "native" in fact.note:
            single = frozenset(d for d in range(fact.ndim) if f"single_{d}" in fact.note)
            return Arr(fact.dtype, fact.ndim, frozenset({name}), single, apart=fact.contiguous is False)
        return None
    numbers = _numbers(name, fact)
    if numbers is not None:
        return numbers
    if (one := named.record(fact)) is not None:
        return one
    if (several := lists_of_arrays.from_fact(name, fact)) is not None:
        return several
    if fact.type == "builtins.list" and len(fact.items) == 1:
        inner = _within(fact, name, keys)
        deepest = inner.item.item if isinstance(inner, Row) and isinstance(inner.item, Row) else None
        deeper = isinstance(deepest, (Word, Rec, Tup, Lst))
        if isinstance(inner, Row) and (deeper or scalar(inner.item) or isinstance(inner.item, (Map, Tup, Lst))):
            return rooted(inner, frozenset({name}))
    if fact.type in DICTS:
        t = _dict_type(name, fact, keys)
        t = t if fact.type == "builtins.dict" else views.read_only(t)
        if records.like(fact, keys.names):
            if keys.first or t is None or isinstance(t, Map) and isinstance(t.value, Veiled):
                return Rec(name)
        # one that makes its missing keys, or counts, is only read: a kernel that misses a key gives up
        return t if fact.type == "builtins.dict" or isinstance(t, Map) and t.frozen else None
    if fact.type == "builtins.set" and _key_type(fact.items) is not None:
        return Map(_key_type(fact.items), None, frozenset({name}), keys_only=True)
    if fact.type == "builtins.frozenset":
        found = _set_within(fact)
        return None if found is None else replace(found, roots=frozenset({name}))
    if fact.type == "builtins.tuple" and len(fact.items) == 1 and fact.min_len == fact.max_len and fact.min_len:
        item = fact.items[0]
        if 2 <= fact.min_len <= LONGEST and item.type in SCALARS:
            return Tup((num(SCALARS[item.type]),) * fact.min_len)
    return None


LONGEST = 16  # a tuple: code is made for each length


def _numbers(name: str, fact: ValueFact) -> Lst | Mix | None:
    """A list of numbers, or of equally long lists of them."""
    depth = 1
    while fact.type == "builtins.list" and len(fact.items) == 1 and fact.items[0].type == "builtins.list":
        if not _maybe_rectangular(fact, fact.items[0]):
            return None
        fact, depth = fact.items[0], depth + 1
    if fact.type != "builtins.list" or not all(i.type in LIST_ITEMS for i in fact.items) or depth > 4:
        return None
    kinds = frozenset(SCALARS[i.type] for i in fact.items)
    if len(kinds) == 1:
        return Lst(kinds, depth, frozenset({name}))
    return Mix(kinds, depth, frozenset({name})) if kinds and kinds <= MIXED else None


def _key_type(facts: tuple[ValueFact, ...]) -> Type | None:
    """Integers, or tuples of two or three of them."""
    if len(facts) != 1:
        return None
    (key,) = facts
    if key.type in ("builtins.int", "builtins.bool", "numpy.int64"):
        return num(key.type.removeprefix("builtins.").replace("numpy.", "np."))
    if key.type == "builtins.str":
        return Word()
    if key.type == "builtins.tuple" and key.min_len == key.max_len and key.min_len in (2, 3):
        if [i.type for i in key.items] == ["builtins.int"]:
            return Tup((num("int"),) * key.min_len)
        if [i.type for i in key.items] == ["builtins.str"]:
            return Tup((Word(),) * key.min_len)
    return None


def _dict_type(name: str, fact: ValueFact, keys: _Keys) -> Type | None:
    """A dict of numbers or of lists of numbers; one that was always empty is filled by the kernel."""
    roots = frozenset({name})
    if fact.max_len == 0:
        return Map(None, None, roots, fresh=True)
    key = _key_type(fact.keys)
    if key is None:
        return None
    veiled = Map(key, Veiled(), roots, frozen=True)
    if not scalar(key) and not views.keyed_by_tuples(veiled):
        return None
    if len(fact.items) != 1:
        return veiled
    (value,) = fact.items
    if keys.tied and knots.like(value):
        return Map(key, Knot(name + "[]"), roots, frozen=True)
    if keys.first and records.like(value, keys.names):
        return Map(key, Rec(name + "[]"), roots, frozen=True)
    if value.type in LIST_ITEMS:
        return Map(key, num(SCALARS[value.type]), roots)
    if value.type == "builtins.list" and len(value.items) == 1 and value.items[0].type in LIST_ITEMS:
        return Map(key, Lst(frozenset({SCALARS[value.items[0].type]})), roots, frozen=isinstance(key, Word))
    if value.type == "builtins.str":
        return Map(key, Word(), roots)
    row = row_type(value)
    if row is not None:
        return Map(key, row, roots, frozen=True)
    inner = _within(value, name + "[]", keys)
    if inner is None and records.like(value, keys.names):
        inner = Rec(name + "[]")
    inner = inner or named.record(value) or _set_within(value)
    return Map(key, inner, roots, frozen=True) if inner is not None else veiled


def row_type(fact: ValueFact) -> Tup | None:
    """A tuple whose elements were always of the same types, place by place."""
    kinds = next((n.removeprefix("kinds=").split(",") for n in fact.note if n.startswith("kinds=")), [])
    if fact.type != "builtins.tuple" or not 2 <= len(kinds) <= 6:
        return None
    known: dict[str, Type] = {"int": num("int"), "float": num("float"), "bool": num("bool"), "str": Word()}
    return Tup(tuple(known[k] for k in kinds)) if set(kinds) <= set(known) else None


def _within(fact: ValueFact, path: str, keys: _Keys) -> Type | None:
    """The type of something within a container that is only read."""
    if len(fact.items) != 1:
        return None
    (item,) = fact.items
    found: Type | None = Knot(path + "[]") if keys.tied and knots.like(item) else None
    if found is None and not (keys.first and records.like(item, keys.names)):
        found = _within(item, path + "[]", keys)
    if found is None and records.like(item, keys.names):
        found = Rec(path + "[]")
    found = found or named.record(item) or _set_within(item)
    word = item.type == "builtins.str"
    if fact.type == "builtins.list":
        row = row_type(item) if found is None else None
        if row is not None:
            return Row(row)
        if item.type in LIST_ITEMS:
            return Lst(frozenset({SCALARS[item.type]}))
        inner = Word() if word else found
        return None if inner is None else Row(inner)
    if fact.type not in DICTS:
        return None
    key = _key_type(fact.keys)
    if key is None:
        return None
    value = Word() if word else num(SCALARS[item.type]) if item.type in LIST_ITEMS else found
    return None if value is None else Map(key, value, frozen=True)


def _set_within(fact: ValueFact) -> Map | None:
    """The type of a set within a container: only read, as a dict is whose keys alone matter."""
    if fact.type not in ("builtins.set", "builtins.frozenset"):
        return None
    key = _key_type(fact.items)
    return Map(key, Veiled(), keys_only=True, frozen=True) if scalar(key) else None


def _maybe_rectangular(fact: ValueFact, row: ValueFact) -> bool:
    """The guard will look; this only keeps lists out that are known to be ragged."""
    return "rectangular" in fact.note or (row.min_len == row.max_len and row.min_len != 0)


@dataclass(frozen=True)
class Wrapped:
    """A kernel and its wrapper as text, the wrapper's name, and the names it takes and gives."""

    text: str
    name: str
    takes: tuple[str, ...]
    gives: tuple[str, ...]


def kernel_text(unit: Unit, returns: str = "") -> str:
    """The compiled function of a unit. A function that has more to give than its result runs within another one."""
    passed = {p: t for p, t in {**unit.params, **unit.extra}.items() if p.endswith("[]") or not unseen(t)}
    names = optional.arguments(unit, passed)
    head: list[str] = []
    if unit.nested:
        names.append(unit.nested)
        head += [f"if {unit.nested} > {DEEP}:", "    raise RuntimeError"]
    called, after = unit.name, ""
    if unit.door or not unit.function:
        inner = list(names)
        for n, t in {**unit.params, **unit.extra}.items():
            x = local(n)
            if isinstance(t, Mix):
                names[names.index(x) : names.index(x) + 1] = _arguments(t, x)
                head.append(f"{x} = ({', '.join(_arguments(t, x))})")
            elif isinstance(t, (Map, Row)):
                names[names.index(x) : names.index(x) + 1] = _arguments(t, x, n in unit.ready)
                plain = isinstance(t, Map) and not t.frozen
                head.append(f"{x} = {_map_made(unit, t, n) if plain else views.made(unit, t, x, n in unit.ready)}")
            elif isinstance(t, Pool) and not attributes.path_given(n):
                names.remove(x)
                head.append(f"{x} = {unit.helper('empty_list')}(0)")
            elif isinstance(t, (Slot, Cell, Column)):
                came = pooled.given(unit, n.rpartition(".")[0])
                names[names.index(x) : names.index(x) + 1] = attributes.params(t, x, came)
                head += attributes.made(unit, t, x, came)
        if unit.function and returns:
            if unit.nested:
                raise Refuse("calls itself, and changes what it was given")
            called = unit.module.fresh(f"{unit.name}_steps", unit.shared.taken)
            call = f"{called}({', '.join(inner)})"
            outer = [*head, call if unit.ret is None else f"result = {call}"]
            outer.append(f"return {returns}" if unit.ret is None else f"return result, {returns}")
            after = f"\n\n{_njit(unit)}\ndef {unit.name}({', '.join(names)}):\n"
            after += "".join(f"    {line}\n" for line in outer)
            names, head, returns = inner, [], ""
    head += [line for n in (*unit.params, *unit.extra) for line in taken_apart(unit, n)]
    for name, t in unit.params.items():
        if isinstance(t, (Opt, Nil)):
            if name in unit.tagged:
                raise Refuse(f"{name} may be None at the door, or of several types")
            if isinstance(t, Nil) and name in unit.env:
                head.append(f"{local(name)} = {sample(unit, unit.env[name])}")
            continue
        now = unit.env[name]
        if isinstance(t, Num) and isinstance(now, Num):
            if name in unit.tagged:
                head.append(f"{unit.tag_name(name)} = {CODE.get(t.kind or '', 9)}")
            if t.rep != now.rep:
                head.append(f"{local(name)} = float({local(name)})")
        elif name in unit.tagged:
            head.append(f"{unit.tag_name(name)} = 0")
        if isinstance(t, Grow) and t.sink is not None:
            names.remove(local(name))
            head.append(f"{local(name)} = []")
    for name in sorted(unit.optional):
        first = unit.params.get(name, unit.extra.get(name))
        if not isinstance(first, Opt):
            head.append(f"{unit.flag(name)} = {first is None or isinstance(first, Nil)}")
    for name in sorted(unit.tagged - set(unit.params)):
        t2 = unit.env[name]
        array = isinstance(t2, Arr) and t2.dtype in DTYPES or isinstance(t2, Lst) and t2.depth == 1
        if not array and not isinstance(t2, (Num, Word, Rec)) and not (isinstance(t2, Obj) and t2.many):
            raise Refuse(f"{name} may be unbound at the end")
        head.append(f"{unit.tag_name(name)} = -1")
        start = sample(unit, t2) if array else INITIAL[t2.rep] if isinstance(t2, Num) else "0"
        head.append(f"{local(name)} = {start}")
    body = [*head, *unit.lines]
    for name in unit.outs:
        if name in unit.tagged and name not in unit.sure and name not in unit.params:
            body += [f"if {unit.tag_name(name)} < 0:", "    raise ValueError"]
    for name in rebound(unit):
        body += [f"if {unit.tag_name(name)} == 0:", "    raise ValueError"]
    if returns:
        body.append(f"return {returns}")
    lines = "".join(f"    {line}\n" for line in body or ["pass"])
    njit = _njit(unit)
    text = f"{njit}\ndef {called}({', '.join(names)}):\n{lines}"
    return outlined(headed(text), njit, lambda wanted: unit.module.fresh(wanted, unit.shared.taken)) + after


def _njit(unit: Unit) -> str:
    """Numba cannot cache a function that calls itself, nor one that calls such a function."""
    return NJIT.replace("cache=True, ", "") if unit.shared.recursive else NJIT


def _arguments(t: Type, x: str, ready: bool = False) -> list[str]:
    """The names under which a value enters the compiled function."""
    if views.viewed(t):
        return views.arguments(t, x, ready)
    if isinstance(t, Mix):
        return mixed.arguments(x)
    return _map_args(t, x) if isinstance(t, Map) else []


def _map_args(t: Map, x: str) -> list[str]:
    """How a dict or set comes in: its keys, and its values or the values of its lists and where each ends."""
    if t.fresh:
        return []
    if t.keys_only:
        return [f"{x}_keys"]
    if tables.own_way(t):
        return [f"{x}_keys", f"{x}_values"]
    return [f"{x}_keys", f"{x}_ends", f"{x}_numbers"] if isinstance(t.value, Lst) else [f"{x}_keys", f"{x}_values"]


def _map_made(unit: Unit, t: Type, name: str) -> str:
    """The code that makes the kernel's dict or set of what came in."""
    now = unit.env[name]
    assert isinstance(now, Map) and isinstance(t, Map)
    if t.fresh:
        if not settled(now):
            raise Refuse(f"what {name} holds is not known")
        return empty_map(unit, now)
    if tables.own_way(t):
        return tables.made(partial(gaps.keyed, unit), t, local(name))
    kind = key_kind(t.key)
    helper = "set" if t.keys_only else "dict_rows" if isinstance(t.value, Lst) else "dict"
    keys = _map_args(t, local(name))
    if kind != "int":  # rows of an array become tuples
        keys[0] = f"[({', '.join(f'key[{i}]' for i in range(len(t.key.items if isinstance(t.key, Tup) else ())))}) "
        keys[0] += f"for key in {local(name)}_keys]"
    return f"{gaps.keyed(unit, f'{helper}_{kind}')}({', '.join(keys)})"


def with_loops(shared: Shared, texts: list[str]) -> list[str]:
    """The kernels, with the loops over arrays that they call before them."""
    loops = arrays.functions("".join(texts), shared.fused)
    names: dict[str, str] = {}
    for loop in loops:
        found = re.search(r"array_loop__\d+__", loop)
        assert found is not None
        names[found[0]] = shared.module.fresh(f"_{shared.purpose}_array_{len(names) + 1}", shared.taken)
    return [arrays.settle(text, names) for text in (*loops, *texts)]


def rebound(unit: Unit) -> list[str]:
    """Containers from outside whose names stand for new ones at the end (the kernel gives up if they do not)."""
    return [
        n
        for n in unit.outs
        if n in unit.tagged and n in unit.params and n not in unit.mutated and isinstance(unit.env[n], (Arr, Lst))
    ]


def clash(unit: Unit) -> None:
    """Raises `Refuse` when a name that the kernel adds is a word of the file already."""
    added = [unit.tag_name(n) for n in unit.tagged] + [unit.flag(n) for n in unit.optional]
    added += [
        a for n, t in (*unit.params.items(), *unit.extra.items()) for a in _arguments(t, local(n), n in unit.ready)
    ]
    added += [local(n) for n in (*unit.params, *unit.extra) if "." in n or ":" in n or n.endswith("[]")]
    apart = [line for n in unit.unpacked | unit.opened for line in taken_apart(unit, n)]
    added += [part for line in apart for part in line.split(" = ")[0].split(", ")]
    added += [local(n) for n in unit.extra if letters.is_answer(n)]
    added += records.pools([*unit.params.values(), *unit.extra.values()])
    columns = [local(n) for n in unit.extra if records.is_column(n)]
    if len(set(columns)) < len(columns):
        raise Refuse("columns of records with names that look alike")
    for name in added:
        if name in unit.module.own_words:
            raise Refuse(f"the name {name} is taken")


def wrap(shared: Shared, unit: Unit, purpose: str, ahead: Held | None = None) -> Wrapped:
    """The wrapper of a block's kernel. Raises `Refuse` when a result cannot be given back as it was.

    What is in `ahead` was made ready before: of a function that changes nothing it was given.
    """
    clash(unit)
    name = shared.module.fresh(f"_fast_{purpose}", shared.taken)
    types: dict[str, Type] = {
        n: t for n, t in {**unit.params, **unit.extra}.items() if not isinstance(t, Obj) or t.many and n in unit.params
    }
    types = {n: t for n, t in types.items() if not isinstance(t, Pool) or n.endswith("[]")}
    if any(isinstance(t, Slot) and isinstance(t.value, Arr) for t in types.values()):
        if any(isinstance(types.get(n), Arr) for n in unit.mutated):
            raise Refuse("an array is written, and another one may be replaced")
    if ahead is not None and any(lists_of_arrays.of(t) is not None for t in types.values()):
        raise Refuse("a list of arrays is not made ready ahead: its arrays may change")
    plain = {n: t for n, t in types.items() if not records.is_column(n)}
    ready = named.ahead(types, ahead.names) if ahead is not None else set()
    whole = attributes.guarded(unit, plain)
    takes = tuple(n for n in plain if attributes.root(n) not in whole.roots and not n.startswith("@")) + whole.roots
    entry = [*whole.entry, *elsewhere.entry(shared.elsewhere, types)]
    inner = {n: t.item if isinstance(t, Opt) else t for n, t in types.items()}
    sinks = [n for n, t in types.items() if isinstance(t, Grow)]
    changing: list[str] = []  # attributes whose lists come back
    of_records: dict[str, str] = {}  # what records hold that the kernel makes
    columns: dict[str, records.Passed] = {}  # what records hold under a key
    guards: list[str] = []
    convert: list[str] = []
    args: list[str] = []
    back: list[str] = []
    undo: list[str] = []
    nan_checks: list[str] = []
    guards += [f"repr({code}) == {text!r}" for code, text in shared.fixed.items()]
    if shared.recursive or shared.turns:
        guards.append(f"{_helper(shared, 'shallow')}({2 * DEEP + 100})")
    if shared.fused:
        guards.append('np.geterr()["under"] == "ignore"')  # what is too large or no number is noticed inside
    lists: list[str] = []
    moved: list[str] = []  # those of them that change
    raw_held: list[str] = []  # what comes back of attributes
    got_held: list[str] = []
    written: list[str] = []  # dicts that get new values
    streams: list[str] = []
    whole_arrays = [
        n
        for n, t in inner.items()
        if isinstance(t, Arr) and n not in (shared.ranks, arrays_results.RESULT) and not letters.is_answer(n)
    ]
    instead: list[str] = []
    words = shared.module.fresh("numbers_of_strings", shared.taken)
    for n, t in types.items():
        x = local(n)
        count = len(lists)
        if n == arrays_results.RESULT:
            convert.append(f"{x} = {unit.made}")
            args.append(x)
            continue
        if letters.is_answer(n):
            if ahead is not None:
                raise Refuse("the letters of strings, some of which are made ready ahead")
            args.append(x)
            continue
        if n == shared.ranks:
            args.append(f"{_helper(shared, 'word_ranks')}({words})")
            continue
        if ahead is not None and n in ahead.names:
            args += holding.arguments(t, x)
            continue
        if records.is_column(n):
            if isinstance(t, Slot):  # of records that the kernel makes
                raw_held.append(x)
                got_held.append(f"last_{x}")
                assert isinstance(t.value, Grow) and t.value.item is not None
                of_records[n] = value_code(t.value.item, "<value>")
                continue
            if n in unit.mutated:
                raise Refuse("what a record holds is changed")
            under = records.passed(unit, n, t, words)
            if n not in ready:
                columns[n] = under
            lists += under.lists
            args += under.args
            continue
        if isinstance(t, Nil):
            guards.append(f"{x} is None")
            continue
        if isinstance(inner[n], Obj):  # the first of all objects that it leads to: these are a list by now
            args += [f"not {x}", "0"] if isinstance(t, Opt) else ["0"]
            continue
        if isinstance(t, Opt):
            assert t.item is not None
            t, flag = t.item, unit.flag(n)
            instead += [f"{flag} = {x} is None", f"if {flag}:", f"    {x} = {optional.substitute(t)}"]
            args.append(flag)
        if isinstance(t, Num):
            kind = t.kind or ""
            guards.append(f"type({x}) is {PY_TYPE.get(kind, kind)}")
            if kind == "int":
                lo, hi = t.range if (t.lo, t.hi) != (None, None) else I64
                guards.append(f"{lo} <= {x} <= {hi}")
            args.append(x)
        elif isinstance(t, Tup):
            kinds = [i.kind or "" for i in t.items if isinstance(i, Num)]
            guards.append(
                f"type({x}) is tuple and [*map(type, {x})] == [{', '.join(PY_TYPE.get(k, k) for k in kinds)}]"
            )
            args.append(x)
        elif isinstance(t, Arr):
            dtype = "np.bool_" if t.dtype == "bool" else f"np.{t.dtype}"
            apart = arrays_leaving.put_together(unit, n, t)
            guards.append(f"{_helper(shared, 'part_of_array' if apart else 'plain_array')}({x}, {dtype}, {t.ndim})")
            guards += [f"{x}.shape[{d}] == 1" for d in sorted(t.ones)]
            if n in unit.mutated:
                guards.append(f"{x}.flags.writeable")
                for other in whole_arrays:
                    if other != n and not (other in unit.mutated and other < n):
                        guards.append(f"not np.may_share_memory({x}, {local(other)})")
                convert.append(f"new_{x} = {x}.copy()")
                back.append(f"{x}[...] = new_{x}")
                args.append(f"new_{x}")
            else:
                if apart:
                    convert.append(f"new_{x} = np.ascontiguousarray({x})")
                args.append(f"new_{x}" if apart else x)
        elif isinstance(t, Lst):
            guards.append(f"type({x}) is list")
            (kind,) = t.kinds
            helper = _helper(shared, {1: "typed_list", 2: "typed_rows"}.get(t.depth, "typed_levels"))
            dtype = {"int": "np.int64", "float": "np.float64", "bool": "np.bool_"}.get(kind, kind)
            levels = f", {t.depth}" if t.depth > 2 else ""
            convert.append(f"new_{x} = {helper}({x}, {PY_TYPE.get(kind, kind)}, {dtype}{levels})")
            convert.append(f"if new_{x} is None:")
            convert.append("    return None")
            args.append(f"new_{x}")
            lists.append(mixed.rows(x, t.depth))
            if n in unit.mutated:
                if kind == "float" or kind == "np.float64":
                    nan_checks.append(f"np.isnan(new_{x}).any()")
                back += mixed.back(shared, x, f"new_{x}" if kind in PY_TYPE else f"new_{x}.tolist()", t.depth)
        elif isinstance(t, Mix):
            guards.append(f"type({x}) is list")
            convert.append(f"new_{x} = {_helper(shared, 'mixed_numbers')}({x}, {t.depth}, {mixed.codes(t.kinds)})")
            convert += [f"if new_{x} is None:", "    return None"]
            args.append(f"*new_{x}")
            lists.append(mixed.rows(x, t.depth))
            if n in unit.mutated:
                nan_checks.append(f"np.isnan(new_{x}[0]).any()")
                back += mixed.back(shared, x, mixed.values(shared.helper, t, f"*new_{x}"), t.depth)
        elif views.viewed(t):
            if n in unit.mutated:
                line, looked = views.put_back(shared.helper, t, x)
                back.append(line)
                nan_checks += [looked] if looked else []
            guards.append(f"type({x}) {views.guard(t, shared.any_dicts)}")
            lines, inside = views.taken(shared.helper, t, x, words)
            convert += lines
            lists += inside
            args += [f"new_{a}" for a in views.arguments(t, x)]
        elif isinstance(t, Rec) and t.fields:
            convert += [f"new_{x} = {_helper(shared, 'gathered')}({views.everyone(t)}, [{x}], {t.fields!r})"]
            convert += [f"if new_{x} is None:", "    return None"]
            args.append(f"new_{x}[0]")
        elif isinstance(t, Rec):
            guards.append(f"type({x}) {'in (dict, tuple)' if isinstance(t, Knot) else 'is dict'}")
            convert.append(f"{views.everyone(t)} = [{x}]")
            args.append("0")
        elif isinstance(t, Word):
            guards.append(f"type({x}) is {t.kind or 'str'}")
            convert.append(f"new_{x} = {words}.setdefault({x}, len({words}))")
            args.append(f"new_{x}")
        elif isinstance(t, Map):
            lists.append(x)
            convert += _map_in(shared, t, x, words)
            args += [f"new_{a}" for a in _map_args(t, x)]
            guards.append(tables.guard(t, x, "set" if t.keys_only else "dict"))
            if n in unit.mutated:
                now = unit.env[n]
                assert isinstance(now, Map)
                holds_own = container(now.value) and tables.holds_own(unit, t, now)
                if t.keys_only or (container(t.value) or container(now.value)) and not holds_own:
                    raise Refuse(f"{n} is changed")
                kinds2 = now.value.kinds if isinstance(now.value, Num) else frozenset()
                if kinds2 & {"float", "np.float64"}:
                    nan_checks.append(f"any(value != value for value in new_{x}_values)")
                elif holds_own:
                    within_it = tables.nan_within(now.value, f"new_{x}_values")
                    nan_checks += [within_it] if within_it else []
                elif not kinds2 and not isinstance(now.value, (Word, Obj)):
                    raise Refuse(f"{n} is changed")
                back.append(f"{x}.update({_dict_of(now, f'new_{x}_keys', f'new_{x}_values')})")
                written.append(n)
            if isinstance(t.value, Lst):
                lists.append(f"*{x}.values()")
        elif isinstance(t, Fun):
            chosen = [f"{i} if {x} is {f} else " for i, f in enumerate(t.names)]
            convert.append(f"new_{x} = {''.join(chosen)}-1")
            convert.append(f"if new_{x} < 0:")
            convert.append("    return None")
            args.append(f"new_{x}")
        elif isinstance(t, Rng) and n in shared.seeded:
            seed = shared.seeded[n].seed
            if not seed.isdigit():
                guards.append(f"{seed} >= 0")
            convert.append(f"{x} = np.random.default_rng({seed})")
            args.append(x)
        elif isinstance(t, Rng):
            guards.append(f"type({x}) is np.random.Generator and type({x}.bit_generator) is np.random.PCG64")
            convert.append(f"state_{x} = {x}.bit_generator.state")
            undo.append(f"{x}.bit_generator.state = state_{x}")
            args.append(x)
        elif isinstance(t, Text):
            guards.append(f"type({x}) is str")
            convert.append(f"new_{x} = {_helper(shared, 'text_codes')}({x})")
            args.append(f"new_{x}")
        elif isinstance(t, Chr):
            raise Refuse(f"{n} is a character")
        elif isinstance(t, (Cell, Slot, Pool, Column)):
            held = attributes.passed(unit, n, t, words)
            guards += held.guards
            convert += held.convert
            args += held.args
            back += held.back
            lists += held.lists
            raw_held += held.raw
            got_held += held.got
            nan_checks += held.nan_checks
            if isinstance(t, Slot) or isinstance(t, Column) and t.anew:
                changing.append(n)
        elif isinstance(t, Stream):
            if not n.startswith("@"):
                # before anything is read off it
                plain_type = "np.random.RandomState" if t.kind == "numpy" else None
                guards.append(
                    f"type({x}) is {plain_type}" if plain_type else f"repr(type({x})) == \"<class 'random.Random'>\""
                )
            functions = ", ".join(f'"{f}": {text}' for f, text in sorted(shared.drawn.get(n, {}).items()))
            if not functions:
                raise Refuse(f"{n} is passed on")
            streams.append(f"stream_{x}")
            convert.append(f"stream_{x} = {_helper(shared, t.kind + '_stream')}({{{functions}}})")
            convert.append(f"if stream_{x} is None:")
            convert.append("    return None")
            args.append(f"stream_{x}[1]")
            back.append(f"{_helper(shared, f'keep_{t.kind}_stream')}(*stream_{x})")
        elif isinstance(t, Grow):
            guards.append(f"type({x}) is list")
            lists.append(x)
        if n in unit.mutated or n in sinks or n in changing:
            moved += lists[count:]
    entry += instead
    convert += lists_of_arrays.apart(shared.helper, unit, types, local)
    held_names = () if ahead is None else ahead.names
    pools = named.pools({n: t for n, t in types.items() if n in columns or n in plain and n not in held_names})
    convert[:0] = [f"{pool} = []" for pool in pools]
    for n in records.in_order([*columns], types):
        convert += knot_tables.once(convert, columns[n].convert)
    convert += knot_tables.unmoved(shared, moved)
    convert += named.exact(shared, pools)
    convert += letters.lines(shared, types, words)
    back += records.commits(shared, columns)
    if records.changed(shared):
        of_all = [f"*{everyone}" for everyone in records.pools(types.values()) if everyone not in pools]
        moved += of_all
        lists += of_all
    if len(lists) > 1 or any(x.startswith("*") for x in lists):
        if (
            sinks
            or changing
            or records.changed(shared)
            or any(isinstance(inner[n], (Lst, Mix, Map, Row, Column)) for n in unit.mutated if n in types)
        ):
            still = [x for x in lists if x not in moved]
            every = f"{_helper(shared, 'distinct')}({', '.join(lists)})"
            if len(still) > 1 or any(x.startswith("*") for x in still):  # which may be one
                every = f"{_helper(shared, 'unshared')}([{', '.join(moved)}], [{', '.join(still)}])"
            convert.append(f"if not {every}:")
            convert.append("    return None")
    if attributes.telling(unit, plain) and (len(whole.distinct) > 1 or any(d.startswith("*") for d in whole.distinct)):
        convert.append(f"if not {_helper(shared, 'distinct')}({', '.join(whole.distinct)}):")
        convert.append("    return None")
    if len(streams) > 1:
        convert.append(f"if not {_helper(shared, 'distinct')}({', '.join(f'{s}[0]' for s in streams)}):")
        convert.append("    return None")
    # what comes back; a NaN in a list keeps its identity only in the original
    for check in nan_checks:
        back[:0] = [f"if {check}:", *(f"    {line}" for line in (*undo, "return None"))]
    leaving(unit)
    for n in written:
        x = local(n)
        # a dict that gets new values, and that is a record too
        for everyone in records.pools(types.values()):
            convert += [f"if any(row is {x} for row in {everyone}):", "    return None"]
        now = unit.env[n]
        assert isinstance(now, Map)
        raw_held += gaps.leaving(unit, now, x)
        got_held += [f"new_{x}_keys", f"new_{x}_values"]
    first = making.dicts(shared, of_records)
    said = {n: f"last_{local(n)}" for n in of_records}
    before, printed = prints.shown(shared, of_records, undo, GIVEN_UP, said)
    back = [*before, *back, *printed]
    guards += named.guards(shared, of_records, lambda: _helper(shared, "plain_named"))
    objects_made = building.lines(unit, types) if building.leave(unit, types) else []
    if shared.plans and not objects_made:  # they stay inside
        stay = building.given(unit, types)
        kept = [(r, g) for r, g in zip(raw_held, got_held, strict=True) if g not in stay]
        raw_held, got_held = [r for r, _ in kept], [g for _, g in kept]
    if unit.function:
        more = (raw_held, got_held)
        if ahead is not None:
            changes = unit.mutated or back or undo or streams or records.changed(shared)
            if changes or shared.objects and not ahead.attributes:
                raise Refuse("it changes what it is given")
            if arrays_leaving.told_apart(unit, [*unit.ret.items] if isinstance(unit.ret, Tup) else [unit.ret]):
                raise Refuse("it returns arrays that may be one")
            strings = any(words in line for line in (*convert, *args))
            of_objects = (whole.entry, whole.roots) if ahead.attributes else ((), ())
            made = holding.ready(shared, unit, ahead, types, words, strings, GIVEN_UP, *of_objects)
            takes = (ahead.argument, *(n for n in takes if n not in ahead.names))
            guards.insert(0, f"{ahead.argument} is not None")
            if ahead.attributes:
                # another container than the one that was made ready
                others = " or ".join(f"{local(n)} is not {holding.same(local(n))}" for n in ahead.names)
                convert[:0] = [f"if {others}:", "    return None"]
            convert.insert(0, f"{', '.join(made.carried)}{',' if len(made.carried) == 1 else ''} = {ahead.argument}")
            brought = made.carried[0] == words
            wrapped = _function(
                shared,
                unit,
                name,
                takes,
                entry,
                guards,
                convert,
                args,
                back,
                undo,
                sinks,
                more,
                words,
                first,
                (),
                brought,
            )
            return replace(wrapped, text=f"{wrapped.text}\n\n{made.text}")
        return _function(
            shared, unit, name, takes, entry, guards, convert, args, back, undo, sinks, more, words, first, objects_made
        )
    leave = {n: unit.env.get(n) for n in unit.outs if container(unit.env.get(n))}
    shared_names = unit.part_names & set(leave)
    mixed_up = bool(unit.shares or shared_names) and len(leave) > 1
    joint = mixed_up and arrays_leaving.restorable(unit, [*leave.items()])
    joint = arrays_leaving.told_apart(unit, [*leave.values()]) or joint
    known = shared.module.fresh("arrays_known", shared.taken) if joint else ""
    raw: list[str] = []
    after: list[str] = []
    gives: list[str] = []
    nothing: list[str] = []  # names that turn out to be None
    for n in unit.outs:
        x = local(n)
        t = unit.env.get(n, Nil())
        gives.append(n)
        if isinstance(t, Nil):
            raise Refuse(f"{n} is always None")
        raw.append(x)
        if n in unit.optional:
            raw.append(unit.flag(n))
            if isinstance(t, Num) and t.kind is None or isinstance(t, Map):
                raise Refuse(f"{n} may be None or one of several types")
            nothing += [f"if {unit.flag(n)}:", f"    {x} = None"]
        if isinstance(t, Num):
            if t.kind is None:
                raw.append(unit.tag_name(n))
                after.append(f"{x} = {_choice(t, unit.tag_name(n))}({x})")
            elif t.kind in PY_TYPE:
                after.append(f"{x} = {PY_TYPE[t.kind]}({x})")
            elif t.kind.startswith("np."):
                after.append(f"{x} = {t.kind}({x})")
        elif isinstance(t, Arr):
            if not arrays_leaving.came_in(types, t):
                raise Refuse(f"{n} may be what came in")
            if t.ndim == 0:
                raise Refuse(f"{n} is a scalar of {t.dtype}")
            if t.odd:
                raise Refuse(f"NumPy may keep {n} in another order")
            own = arrays_leaving.code_of(shared, t, x, known) if joint else f'{x}.copy(order="K")'
            after.append(f"{x} = {own}")
        elif isinstance(t, Lst):
            if t.roots and n not in rebound(unit):
                raise Refuse(f"{n} may be what came in")
            after.append(f"{x} = {listed(t, x)}")
        elif isinstance(t, Mix):
            if t.roots:
                raise Refuse(f"{n} may be what came in")
            after.append(f"{x} = {mixed.values(shared.helper, t, f'*{x}')}")
        elif isinstance(t, Word):
            after.append(f"{x} = {STRINGS}[{x}]")
        elif isinstance(t, Rec):
            got_one = records.given_back(t, x)
            after.append(f"{x} = None if {unit.flag(n)} else {got_one}" if n in unit.optional else f"{x} = {got_one}")
        elif isinstance(t, Grow):
            if t.sink is not None or t.root is not None:
                raise Refuse(f"{n} is rebound, or may be what came in")
            if arrays_leaving.arrays_in(t):
                if not arrays_leaving.came_in(types, t):
                    raise Refuse(f"{n} may hold what came in")
                after.append(f"{x} = {arrays_leaving.code_of(shared, t, x, known)}")
                continue
            after += grown(t, x)
        elif isinstance(t, Map):
            if t.roots or t.keys_only:
                raise Refuse(f"{n} may be what came in, or is a set")
            raw[-1:] = [f"{x}_keys", f"{x}_values"]
            after.append(f"{x} = {_dict_of(t, f'{x}_keys', f'{x}_values')}")
        elif isinstance(t, Obj):
            if t.many:
                one = f"{x} = {value_code(t, x)}"
                after += [f"if not {unit.flag(n)}:", f"    {one}"] if n in unit.optional else [one]
            else:
                raw.pop()
                after.append(f"{x} = {local(t.path)}")
        elif isinstance(t, Rng) and (fresh := [m for m, s in shared.seeded.items() if s.target == n]):
            raw.pop()
            after.append(f"{x} = {local(fresh[0])}")
        elif isinstance(t, Tup) and any(isinstance(i, (Word, Rec)) for i in t.items):
            held_one = value_code(t, x)
            after.append(f"{x} = None if {unit.flag(n)} else {held_one}" if n in unit.optional else f"{x} = {held_one}")
        elif not isinstance(t, Tup) or any(
            not isinstance(i, Num) or i.kind not in ("int", "float", "bool") for i in t.items
        ):
            raise Refuse(f"{n} is a tuple of NumPy scalars")
    for n in sinks:
        x = local(n)
        raw.append(x)
        t = unit.env[n]
        assert isinstance(t, Grow)
        after += grown(replace(t, sink=None), f"new_{x}")
        back.append(f"{x}.extend(new_{x})")
    after += nothing
    containers = [n for n in unit.outs if not isinstance(unit.env[n], (Num, Word, Rec, Tup, Rng, Obj))]
    if (unit.shares or shared_names) and len(containers) > 1:
        if not joint or len(leave) != len(containers) or not arrays_leaving.restorable(unit, [*leave.items()]):
            raise Refuse("results that may share memory")
    if joint:
        convert.append(arrays_leaving.taken(shared, unit, types, known))
        after += arrays_leaving.looked_at(shared, known, undo)
    got = [f"new_{r}" if r in map(local, sinks) else r for r in raw]
    for n, t in unit.env.items():
        if n in unit.outs and isinstance(t, Map):
            x = local(n)
            keys, values = gaps.leaving(unit, t, x)
            raw = [keys if r == f"{x}_keys" else values if r == f"{x}_values" else r for r in raw]
        elif n in unit.outs and isinstance(t, Grow):
            raw = [views.leaving(t.item, r, settled=gaps.settled_by(unit, t.item)) if r == local(n) else r for r in raw]
    raw += raw_held
    got += got_held
    text = []
    for u in shared.functions.values():
        clash(u)
        text.append(kernel_text(u))
    text.append(kernel_text(unit, ", ".join(raw) if len(raw) > 1 else raw[0] if raw else ""))
    text = with_loops(shared, text)
    result = ", ".join(map(local, gives))
    after += [*back, f"return ({result}{',' if len(gives) == 1 else ''})" if gives else "return ()"]
    after = [*objects_made, *making.needed(first, after), *after]
    after = _number_strings(shared, words, convert, args, after)
    call = f"{unit.name}({', '.join(args)})"
    w = [f"def {name}({', '.join(map(local, takes))}):"]
    w.append(f'    """Runs `{unit.name}` on copies. None, and nothing has changed, when the plain loop has to run."""')
    w += [f"    {line}" for line in entry]
    if guards:
        w.append(f"    if not ({_lines(guards)}):")
        w.append("        return None")
    w += [f"    {line}" for line in convert]
    w.append("    try:")
    w.append(f"        {', '.join(got)} = {call}" if got else f"        {call}")
    w.append(f"    except {GIVEN_UP}:")
    w += [f"        {line}" for line in (*undo, "return None")]
    w += [f"    {line}" for line in after]
    text.append("\n".join(w) + "\n")
    return Wrapped("\n\n".join(text), name, takes, tuple(gives))


def _number_strings(
    shared: Shared, words: str, convert: list[str], args: list[str], out: list[str], brought: bool = False
) -> list[str]:
    """Puts what strings need into the lines of a wrapper: their numbers on the way in, themselves on the way out.

    `brought`: the numbers come with what was made ready before.
    """
    if shared.ranks and shared.enums:
        raise Refuse("the order of strings, with members of enumerations among them")
    if shared.words or any(words in line for line in (*convert, *args)):
        if any(shared.module.bindings.get(n) for n in ("str", "sorted")):
            raise Refuse("str or sorted mean something else in this file")
    if not brought and (shared.words or any(words in line for line in (*convert, *args))):
        known = ", ".join(f"{word!r}: {number}" for word, number in shared.words.items())
        convert.insert(0, f"{words} = {{{known}}}")
    if not any(STRINGS in line for line in out):
        return out
    strings = shared.module.fresh("strings", shared.taken)
    return [f"{strings} = [*{words}]", *(line.replace(STRINGS, strings) for line in out)]


def _function(
    shared: Shared,
    unit: Unit,
    name: str,
    takes: tuple[str, ...],
    entry: list[str],
    guards: list[str],
    convert: list[str],
    args: list[str],
    back: list[str],
    undo: list[str],
    sinks: list[str],
    more: tuple[list[str], list[str]],
    words: str,
    first: dict[str, str],
    objects_made: Sequence[str] = (),
    brought: bool = False,
) -> Wrapped:
    """The wrapper of a whole function: it returns the function's result in a tuple of one, or None.

    `first`: lines that make records, by what they make.
    """
    if sinks:
        raise Refuse("a list from outside grows")
    text = []
    for u in shared.functions.values():
        clash(u)
        text.append(kernel_text(u))
    text.append(kernel_text(unit, ", ".join(more[0])))
    text = with_loops(shared, text)
    call = f"{unit.name}({', '.join(args)})"
    t = unit.ret
    after: list[str] = []
    got = "result"
    parts = list(t.items) if isinstance(t, Tup) else [t]
    known = ""
    if arrays_leaving.told_apart(unit, parts):
        inside = {n: x for n, x in {**unit.params, **unit.extra}.items() if not unseen(x)}
        if not all(arrays_leaving.came_in(inside, part) for part in parts):
            raise Refuse("returns what it was given")
        known = shared.module.fresh("arrays_known", shared.taken)
        convert.append(arrays_leaving.taken(shared, unit, inside, known))
    if t is None:
        got, result = "", local(arrays_results.RESULT) if unit.made else "None"
    elif isinstance(t, Num):
        result = "result"
        if t.kind is None:
            got = "result, kind"
            result = f"{_choice(t, 'kind')}(result)"
        elif t.kind.startswith("np."):
            result = f"{PY_TYPE.get(t.kind, t.kind)}(result)"
    elif isinstance(t, Opt):
        if t.item is None:
            raise Refuse("returns None and nothing else")
        result = f"None if result[0] else {_returned(t.item, 'result[1]')}"
    elif isinstance(t, Tup):
        result = _returned(t, "result", shared, known)
    elif known and arrays_leaving.arrays_in(t):
        result = arrays_leaving.code_of(shared, t, "result", known)
    elif isinstance(t, Arr):
        result = 'result.copy(order="K")'
    elif isinstance(t, Lst):
        result = listed(t, "result")
    elif isinstance(t, Mix):
        result = mixed.values(shared.helper, t, "*result")
    elif isinstance(t, Grow):
        after += grown(t, "result")
        result = "result"
    elif isinstance(t, Map):
        if t.keys_only:
            raise Refuse("returns a set")
        got = "keys, values"
        result = _dict_of(t, "keys", "values")
    elif isinstance(t, Word):
        result = f"{STRINGS}[result]"
    elif isinstance(t, Rec):
        result = records.given_back(t, "result")
    elif isinstance(t, Obj):
        result = value_code(t, "result")
    else:
        raise Refuse("returns a random generator")
    if known:
        after += [f"result = {result}", *arrays_leaving.looked_at(shared, known, undo)]
        result = "result"
    after += [*back, f"return ({result},)"]
    after = [*objects_made, *making.needed(first, after), *after]
    after = _number_strings(shared, words, convert, args, after, brought)
    w = [f"def {name}({', '.join(map(local, takes))}):"]
    w.append(f'    """Calls `{unit.name}` on copies: its result in a tuple, or None when the plain code has to run."""')
    w += [f"    {line}" for line in entry]
    if guards:
        w.append(f"    if not ({_lines(guards)}):")
        w.append("        return None")
    w += [f"    {line}" for line in convert]
    w.append("    try:")
    if more[1]:
        got = ", ".join([*([f"({got})" if "," in got else got] if got else []), *more[1]])
    w.append(f"        {got} = {call}" if got else f"        {call}")
    w.append(f"    except {GIVEN_UP}:")
    w += [f"        {line}" for line in (*undo, "return None")]
    w += [f"    {line}" for line in after]
    text.append("\n".join(w) + "\n")
    return Wrapped("\n\n".join(text), name, takes, ())


def _returned(t: Type, x: str, shared: Shared | None = None, known: str = "") -> str:
    """The code of exactly what the original returns, from what Numba returned. `known`: the arrays that came in."""
    if isinstance(t, Opt):
        if t.item is None:
            return "None"
        value = _returned(t.item, f"{x}[1]")
        return f"None if {x}[0] else {value}"
    if known and shared is not None and arrays_leaving.arrays_in(t):
        return arrays_leaving.code_of(shared, t, x, known)
    if isinstance(t, Arr):
        return f'{x}.copy(order="K")'
    if isinstance(t, Map):
        if t.keys_only:
            raise Refuse("a set in a tuple")
        return _dict_of(t, f"{x}[0]", f"{x}[1]")
    if isinstance(t, Word):
        return f"{STRINGS}[{x}]"
    if isinstance(t, Rec):
        return records.given_back(t, x)
    if not isinstance(t, Tup):
        return value_code(t, x)
    parts = [_returned(item, f"{x}[{i}]", shared, known) for i, item in enumerate(t.items)]
    if all(part == f"{x}[{i}]" for i, part in enumerate(parts)):
        return x
    return f"({', '.join(parts)})"


def _lines(guards: list[str]) -> str:
    return "\n        and ".join(guards)


def _helper(shared: Shared, name: str) -> str:
    assert HELPERS.known(name) is not None
    return shared.helper(name)


def _choice(t: Num, tag: str) -> str:
    names = {k: PY_TYPE.get(k, k) for k in t.kinds}
    return "{" + ", ".join(f"{CODE[k]}: {names[k]}" for k in sorted(names, key=CODE.__getitem__)) + "}[" + tag + "]"


def listed(t: Lst, x: str) -> str:
    if len(t.kinds) != 1:
        raise Refuse(f"{x} is a list of mixed floats")
    if t.kinds <= {"np.float64", "np.int64"}:
        if t.depth > 2:
            raise Refuse(f"{x} is a list of lists of lists of NumPy numbers")
        return f"list({x})" if t.depth == 1 else f"[list(row) for row in {x}]"
    return f"{x}.tolist()"


def grown(t: Grow, x: str) -> list[str]:
    """Lines that turn what Numba returned for a list into exactly the list of the original."""
    item = t.item
    if item is None:
        raise Refuse(f"{x} stays empty")
    if t.queue:
        return [*grown(Grow(item), x), f"{x} = {deques_made.boxed(t, x)}"]
    if container(item):
        boxed = value_code(item, "row")
        return [f"{x} = [{boxed} for row in {x}]"] if boxed != "row" else []
    items = item.items if isinstance(item, Tup) else (item,)
    if any(isinstance(i, (Word, Rec, Obj, Opt, Tup)) for i in items):
        one = value_code(item, "item")
        return [] if one == "item" else [f"{x} = [{one} for item in {x}]"]
    if any(not isinstance(i, Num) or i.kind is None for i in items):
        raise Refuse(f"{x} is a list of mixed types")
    kinds = [i.kind or "" for i in items if isinstance(i, Num)]
    if all(k in ("int", "float", "bool") for k in kinds):
        return []
    if isinstance(item, Num):
        return [f"{x} = [{PY_TYPE.get(kinds[0], kinds[0])}(value) for value in {x}]"]
    parts = [f"{PY_TYPE.get(k, k)}(item[{i}])" if k.startswith("np.") else f"item[{i}]" for i, k in enumerate(kinds)]
    return [f"{x} = [({', '.join(parts)}) for item in {x}]"]


def value_code(t: Type, x: str) -> str:
    """The code of exactly the value of the original, from what Numba returned."""
    if isinstance(t, Num):
        if t.kind is None:
            raise Refuse(f"{x} is of mixed types")
        return f"{PY_TYPE.get(t.kind, t.kind)}({x})" if t.kind.startswith("np.") else x
    if isinstance(t, Word):
        return f"{STRINGS}[{x}]"
    if isinstance(t, Rec):
        return records.given_back(t, x)
    if isinstance(t, Obj) and t.many:
        return f"{local(t.path.removesuffix('[]'))}[{x}]"
    if isinstance(t, Opt) and isinstance(t.item, Obj):
        return f"(None if {x}[0] else {value_code(t.item, f'{x}[1]')})"
    if isinstance(t, Tup):
        parts = [value_code(item, f"{x}[{i}]") for i, item in enumerate(t.items)]
        return x if all(part == f"{x}[{i}]" for i, part in enumerate(parts)) else f"({', '.join(parts)})"
    if isinstance(t, Map) and not t.keys_only and not t.frozen:
        return _dict_of(t, f"{x}[0]", f"{x}[1]")
    if isinstance(t, Lst):
        return listed(t, x)
    if isinstance(t, Mix):
        if t.depth > 1 or t.roots:
            raise Refuse(f"{x} is a list of ints and floats within another result")
        made = _choice(Num(t.kinds), "code")
        return f"[{made}(number) for number, code in zip({x}[0].tolist(), {x}[1].tolist())]"
    if isinstance(t, Grow) and t.queue:
        return deques_made.boxed(t, value_code(Grow(t.item), x))
    if isinstance(t, Grow):
        lines = grown(t, x)
        return lines[0].split(" = ", 1)[1] if lines else x
    if isinstance(t, Told):
        return f"{_choice(Num(t.kinds), f'{x}[1]')}({x}[0])"
    raise Refuse(f"{x} is of such a type")


def _dict_of(t: Map, keys: str, values: str) -> str:
    """The code of a dict, from the lists of its keys and values."""
    if t.key is None or t.value is None:
        raise Refuse("what a dict holds is not known")
    key_kind(t.key)
    key = value_code(t.key, "key")
    keys = keys if key == "key" else f"[{key} for key in {keys}]"
    value = value_code(t.value, "value")
    values = values if value == "value" else f"[{value} for value in {values}]"
    return counting.boxed(t, keys, values) if t.default else f"dict(zip({keys}, {values}))"


def _map_in(shared: Shared, t: Map, x: str, words: str) -> list[str]:
    """Lines that take a dict or set apart."""
    if t.fresh:
        return []
    if tables.own_way(t):
        return tables.taken(shared.helper, t, x, words)
    lines = []

    def part(name: str, code: str) -> None:
        lines.extend([f"new_{x}_{name} = {code}", f"if new_{x}_{name} is None:", "    return None"])

    if isinstance(t.key, Word):
        part("keys", f"{_helper(shared, 'word_numbers')}([*{x}], {words})")
    elif any(words_in(t.key)):
        assert isinstance(t.key, Tup)
        if not all(words_in(t.key)):
            raise Refuse(f"{x} has keys of strings and numbers")
        part("keys", f"{_helper(shared, 'word_rows')}([*{x}], {len(t.key.items)}, {words})")
    elif key_kind(t.key) == "int":
        of = next(iter(t.key.kinds)) if isinstance(t.key, Num) else "int"
        dtype = "np.bool_" if of == "bool" else "np.int64"
        part("keys", f"{_helper(shared, 'typed_list')}([*{x}], {of}, {dtype})")
    else:
        assert isinstance(t.key, Tup)
        part("keys", f"{_helper(shared, 'typed_tuples')}([*{x}], {len(t.key.items)})")
    if isinstance(t.value, Word):
        part("values", f"{_helper(shared, 'word_numbers')}([*{x}.values()], {words})")
    elif not t.keys_only:
        assert isinstance(t.value, (Num, Lst))
        (kind,) = t.value.kinds
        dtype = {"int": "np.int64", "float": "np.float64", "bool": "np.bool_"}.get(kind, kind)
        args = f"[*{x}.values()], {PY_TYPE.get(kind, kind)}, {dtype}"
        if isinstance(t.value, Num):
            part("values", f"{_helper(shared, 'typed_list')}({args})")
        else:
            part("ends", f"{_helper(shared, 'typed_ends')}({args})")
            lines.append(f"new_{x}_ends, new_{x}_numbers = new_{x}_ends")
    return lines


def leaving(unit: Unit) -> None:
    """Raises `Refuse` when it could be seen of the results which of their parts are one object."""
    if unit.function:
        ret = unit.ret.item if isinstance(unit.ret, Opt) else unit.ret
        out: list[Type | None] = list(ret.items) if isinstance(ret, Tup) else [ret] if ret is not None else []
    else:
        out = [unit.env[n] for n in unit.outs if n in unit.env]
    if any(map(nested, out)):
        if unit.entangled or not disjoint(out):
            raise Refuse("lists in a result that may be one object")
        if any(roots_of(t) for t in out):
            raise Refuse("a result may hold what came in")


__all__ = ["Wrapped", "bare", "door_type", "kernel_text", "wrap"]
