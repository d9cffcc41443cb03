"""What kind of value is this? Facts that passes may rely on, from a live object.

`describe` is pure and bounded: it never writes to the value, never calls a method that a user class
overrides (containers are read through their built-in base class), and looks at no more than `budget` elements. It
imports nothing heavy: NumPy and pandas values are known by the modules that are already loaded, so the
file also runs inside a user's program that has neither.

Notes come in two kinds. A *promise* holds for every value joined into a fact (`rectangular`, `unique_index`,
`range_index`, `unique_columns`, `str_columns`, `owndata`, `writeable`, `aligned`, `f_contiguous`, `ascii`,
`native`, `single_AXIS` of an axis of an array that is one long, `kinds=int,str` of a tuple's places,
`places=(int,int),str` of one with tuples in it, `factory=builtins.float` of a `defaultdict`); a *hazard* was seen in
at least one of them (`hasnan`, `hasinf`, `has_nan`, `has_nan_index`, `aliased`: two elements are the same mutable
object). A *label* tells facts apart: `attribute=NAME` for the attributes of a user's object and `column=NAME`
for the columns of a frame (both in `items`), `is=QUALNAME` for functions and classes. `attribute=*` is no attribute:
it joins all objects of a class that hang together with this one (the nodes of a tree, of a linked list).
"""

from __future__ import annotations

import math
import sys
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain, islice
from typing import Any

from hasten.core.facts import ABSENT, ValueFact

HAZARDS = frozenset({"hasnan", "hasinf", "has_nan", "has_nan_index", "aliased", "many_kinds", "nested"})
MAX_KINDS = 24  # distinct kinds kept in one joined tuple
MAX_DEPTH = 5
MAX_FIELDS = 40  # of dicts that are looked at key by key
MAX_LINKED = 3000  # objects that hang together
MAX_PLACES = 8  # of a tuple or list that may be a node of a tree
LINKED = "attribute=*"
_STDLIB = str(getattr(sys.modules.get("os"), "__file__", None) or "?").rpartition("os.py")[0] or "?"
ARRAY_FACTOR = 500  # vectorised looks at this many array elements cost one unit of budget
FAST_FACTOR = 10  # C-speed loops over list elements


class _Budget:
    def __init__(self, left: int) -> None:
        self.left = left
        self.linked: set[type] = set()  # classes whose linked objects are looked at already

    def take(self, wanted: int, factor: int = 1) -> int:
        """How many of `wanted` elements may be looked at; they are paid for."""
        count = min(wanted, max(self.left, 0) * factor)
        self.left -= -(-count // factor)
        return count


def describe(value: object, *, budget: int = 200_000) -> ValueFact:
    """The fact of one value. About `budget` elements are looked at in all; `complete` says if that was everything."""
    return _describe(value, _Budget(budget), 0, set())


def join(a: tuple[ValueFact, ...], b: tuple[ValueFact, ...]) -> tuple[ValueFact, ...]:
    """Both sets of kinds as one: facts of one kind are merged (ranges widen, promises must hold in both)."""
    return _joined((*a, *b))


def type_name(cls: type) -> str:
    """`module.qualname`, with the private homes of pandas classes shown as `pandas.NAME`."""
    module = cls.__module__ if isinstance(cls.__module__, str) else "?"
    if module.startswith("pandas.core.") and "." not in cls.__qualname__:
        module = "pandas"
    return f"{module}.{cls.__qualname__}"


def shape_of(fact: ValueFact) -> tuple[int | None, ...]:
    """Lengths by nesting depth of a list or tuple, `None` where they vary; `()` for anything else."""
    if fact.type not in ("builtins.list", "builtins.tuple"):
        return ()
    own = fact.min_len if fact.min_len == fact.max_len else None
    if len(fact.items) == 1:
        return (own, *shape_of(fact.items[0]))
    return (own,)


def _describe(value: object, budget: _Budget, depth: int, inside: set[int]) -> ValueFact:
    cls = type(value)
    name = type_name(cls)
    if value is None or cls is bool or value is Ellipsis or value is NotImplemented:
        return ValueFact(name, low=int(value), high=int(value)) if isinstance(value, bool) else ValueFact(name)
    numpy = sys.modules.get("numpy")
    if numpy is not None and hasattr(numpy, "generic") and isinstance(value, numpy.generic):
        return _numpy_scalar(value, name)
    if isinstance(value, int):
        low = _bound(int.__index__(value))
        return ValueFact(name, low=low, high=low)
    if isinstance(value, float):
        return _floats(name, (float.__add__(value, 0.0) if value else float.__float__(value),))
    if isinstance(value, (str, bytes, bytearray)):
        size = _raw_len(value)
        ascii_only = bool(_base(value).isascii(value))
        return ValueFact(name, min_len=size, max_len=size, note=("ascii",) if ascii_only else ())
    if isinstance(value, range):
        size = len(value)
        ends = (value[0], value[-1]) if size else ()
        return ValueFact(name, low=min(ends, default=None), high=max(ends, default=None), min_len=size, max_len=size)
    if cls.__module__ == "builtins" and (callable(value) or cls.__name__ in ("module", "method", "function")):
        return ValueFact(name, note=(f"is={getattr(value, '__module__', '?')}.{getattr(value, '__qualname__', '?')}",))
    if isinstance(value, type):
        return ValueFact(name, note=(f"is={type_name(value)}",))
    if depth >= MAX_DEPTH or id(value) in inside:
        return ValueFact(name, complete=False)
    inside.add(id(value))
    try:
        return _compound(value, name, budget, depth, inside)
    finally:
        inside.discard(id(value))


def _compound(value: Any, name: str, budget: _Budget, depth: int, inside: set[int]) -> ValueFact:
    cls = type(value)
    if isinstance(value, (list, tuple, set, frozenset, deque)):
        fields = _named_tuples([value], budget, depth, inside)
        if fields is not None:
            return fields[0]
        if cls is tuple and 1 < len(value) <= MAX_PLACES and (knots := _knots([value], budget)):
            items = _joined(f for v in value for f in _held_by_knots([v], budget))
            return ValueFact(name, min_len=len(value), max_len=len(value), complete=False, items=items, knots=knots)
        fact = _sequence(value, name, budget, depth, inside)
        if cls.__module__ != "builtins" and not isinstance(value, deque):
            return replace(fact, items=fact.items + _attributes(value, budget, depth, inside))
        return fact
    if isinstance(value, dict):
        size = dict.__len__(value)
        record = _records([value], budget, depth, inside) if cls is dict else None
        if record is not None:
            return record[0]
        keys, all_keys = _elements(dict.keys(value), size, budget, depth, inside)
        items, all_items = _elements(dict.values(value), size, budget, depth, inside)
        complete = all_keys and all_items
        note = _factory(value)
        return ValueFact(name, min_len=size, max_len=size, complete=complete, items=items, keys=keys, note=note)
    numpy = sys.modules.get("numpy")
    if numpy is not None and hasattr(numpy, "ndarray") and isinstance(value, numpy.ndarray):
        return _array(value, name, budget, depth, inside)
    pandas = sys.modules.get("pandas")
    if pandas is not None and hasattr(pandas, "DataFrame"):
        if isinstance(value, pandas.DataFrame):
            return _frame(value, name, budget, depth, inside)
        if isinstance(value, (pandas.Series, pandas.Index)):
            return _series(value, name, budget, depth, inside)
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "Tensor") and isinstance(value, torch.Tensor):
        note = (f"device={value.device.type}",)
        return ValueFact(name, items=_attributes(value, budget, depth, inside), note=note)
    return ValueFact(name, items=_attributes(value, budget, depth, inside))


_SIZED: tuple[Any, ...] = (str, bytes, bytearray, list, tuple, set, frozenset, deque)


def _base(value: Any) -> Any:
    """The built-in container class that a value is an instance of; its methods cannot run a user's code."""
    return next(base for base in _SIZED if isinstance(value, base))


def _raw_len(value: Any) -> int:
    return int(_base(value).__len__(value))


def _bound(value: int) -> float:
    """An int kept exact where a float could hold its size, else an infinity (so that bounds stay comparable)."""
    if value.bit_length() <= 1000:
        return value
    return math.inf if value > 0 else -math.inf


def _floats(name: str, values: Iterable[float]) -> ValueFact:
    values = values if isinstance(values, (list, tuple)) else list(values)
    note = []
    if any(map(math.isnan, values)):
        note.append("hasnan")
        values = [v for v in values if v == v]
    if not values:
        return ValueFact(name, note=tuple(note))
    low, high = min(values), max(values)
    if math.isinf(low) or math.isinf(high):
        note.append("hasinf")
    return ValueFact(name, low=low, high=high, note=tuple(note))


def _raw_iter(value: Any) -> Iterator[Any]:
    raw: Iterator[Any] = _base(value).__iter__(value)
    return raw


def _sequence(value: Any, name: str, budget: _Budget, depth: int, inside: set[int]) -> ValueFact:
    size = _raw_len(value)
    items, complete = _elements(_raw_iter(value), size, budget, depth, inside)
    fact = ValueFact(name, min_len=size, max_len=size, complete=complete, items=items)
    note: list[str] = []
    if type(value) is tuple:
        note.extend(_places([value]))
    if items and isinstance(value, (list, tuple)) and complete:
        if _holds_mutable(items) and len(set(map(id, _raw_iter(value)))) < size:
            note.append("aliased")
        dims = shape_of(replace(fact, type="builtins.list"))
        leaf = fact
        for _ in dims:
            leaf = leaf.items[0] if len(leaf.items) == 1 else leaf
        nested = any(f.type in ("builtins.list", "builtins.tuple") for f in items)
        ragged_leaf = len(leaf.items) > 1 and any(f.min_len is not None for f in leaf.items)
        if nested and None not in dims and not ragged_leaf and _all_complete(items):
            note.append("rectangular")
            return replace(fact, ndim=len(dims), note=tuple(note))
    return replace(fact, note=tuple(note))


_NAMED = frozenset({int, float, bool, str})


def _holds_mutable(items: tuple[ValueFact, ...]) -> bool:
    plain = {"builtins." + t for t in ("int", "float", "bool", "str", "bytes", "complex", "NoneType", "range")}
    return any((f.type not in plain and not f.type.startswith("numpy.")) or f.type == "numpy.ndarray" for f in items)


def _all_complete(items: tuple[ValueFact, ...]) -> bool:
    return all(f.complete and _all_complete(f.items) for f in items)


def _elements(
    values: Iterable[Any], size: int, budget: _Budget, depth: int, inside: set[int]
) -> tuple[tuple[ValueFact, ...], bool]:
    """Joined facts of elements, and whether all were looked at. Lists of numbers go at the speed of C loops."""
    allowed = budget.take(size, FAST_FACTOR)
    elements = list(values) if allowed >= size else list(islice(values, allowed))
    complete = len(elements) == size
    kinds = set(map(type, elements))
    facts: list[ValueFact] = []
    rest = elements
    quick = [*(k for k in _PLAIN if k in kinds), *sorted(filter(_numpy_number, kinds), key=type_name)]
    for kind in quick:
        of_kind = elements if len(kinds) == 1 else [v for v in elements if type(v) is kind]
        facts.append(_plain(kind, of_kind) if kind in _PLAIN else _numpy_plain(kind, of_kind))
    if kinds.difference(quick):
        if quick:
            rest = [v for v in elements if type(v) not in quick]
        if kinds.difference(quick) == {dict} and len(rest) > 1:
            record = _records(rest, budget, depth, inside)
            if record is not None:
                return _joined((*facts, record[0])), complete and record[1]
        fields = _named_tuples(rest, budget, depth, inside)
        if fields is not None:
            return _joined((*facts, fields[0])), complete and fields[1]
        rows = _rows(rest, kinds.difference(quick), budget, depth)
        if rows is not None:
            return _joined((*facts, rows)), complete
        objects = _objects(rest, kinds.difference(quick), budget, depth, inside)
        if objects is not None:
            return _joined((*facts, objects[0])), complete and objects[1]
        seen = budget.take(len(rest))
        complete = complete and seen == len(rest)
        # an even spread when not all can be looked at: rare kinds come late as often as early
        step = -(-len(rest) // seen) if seen else len(rest) + 1
        batch: list[ValueFact] = []
        for v in rest if step == 1 else (rest[::step] if seen else ()):
            batch.append(_describe(v, budget, depth + 1, inside))
            if len(batch) > 512:
                batch = list(_joined(batch))
        facts.extend(_joined(batch))
        # kinds that the sample missed are still named
        known = {f.type for f in facts}
        facts.extend(ValueFact(n, complete=False) for n in sorted({type_name(k) for k in kinds} - known))
    return _joined(facts), complete


_PLAIN = (int, float, str, bool, type(None))


def _numpy_number(kind: type) -> bool:
    """True for NumPy's own number types: their scalars can be described all at once."""
    numpy = sys.modules.get("numpy")
    if numpy is None or not hasattr(numpy, "generic") or kind.__module__ != "numpy":
        return False
    if not issubclass(kind, (numpy.bool_, numpy.integer, numpy.floating)):
        return False
    # durations count as integers, but their dtype depends on the value; long doubles do not fit a float
    dtype = numpy.dtype(kind)
    return not issubclass(kind, numpy.timedelta64) and dtype.type is kind and bool(dtype.itemsize <= 8)


def _numpy_plain(kind: type, values: list[Any]) -> ValueFact:
    """What joining the facts of NumPy scalars of one type gives."""
    numpy: Any = sys.modules["numpy"]
    dtype = numpy.dtype(kind)
    if dtype.kind == "f":
        return replace(_floats(type_name(kind), list(map(float, values))), dtype=str(dtype), ndim=0)
    numbers = list(map(int, values))
    return ValueFact(type_name(kind), dtype=str(dtype), ndim=0, low=min(numbers), high=max(numbers))


def _rows(values: list[Any], kinds: set[type], budget: _Budget, depth: int) -> ValueFact | None:
    """What joining the facts of many lists (tuples, dicts) of plain values gives, or None where they hold others."""
    if len(kinds) != 1 or len(values) < 2 or depth + 1 >= MAX_DEPTH:
        return None
    (kind,) = kinds
    if kind not in (list, tuple, dict):
        return None
    sizes = list(map(len, values))
    inside = sum(sizes) * (2 if kind is dict else 1)
    if budget.left * FAST_FACTOR < inside + FAST_FACTOR * len(values):
        return None
    parts: list[tuple[ValueFact, ...]] = []
    both: tuple[Iterable[Any], ...] = (map(dict.keys, values), map(dict.values, values)) if kind is dict else (values,)
    for lists in both:
        flat: list[Any] = list(chain.from_iterable(lists))
        found = set(map(type, flat))
        if not all(k in _PLAIN or _numpy_number(k) for k in found):
            return None
        of_kind = {k: flat if len(found) == 1 else [v for v in flat if type(v) is k] for k in found}
        facts = [_plain(k, of_kind[k]) for k in _PLAIN if k in found]
        facts += [_numpy_plain(k, of_kind[k]) for k in sorted(found.difference(_PLAIN), key=type_name)]
        parts.append(tuple(facts))
    budget.take(len(values))
    budget.take(inside, FAST_FACTOR)
    keys = parts[0] if kind is dict else ()
    note = _places(values) if kind is tuple else ()
    return ValueFact(type_name(kind), min_len=min(sizes), max_len=max(sizes), items=parts[-1], keys=keys, note=note)


def _records(values: list[Any], budget: _Budget, depth: int, inside: set[int]) -> tuple[ValueFact, bool] | None:
    """What joining the facts of dicts gives, key by key, and whether all were looked at; None unless all have few keys,
    which are plain strings."""
    sizes = list(map(len, values))
    if depth + 1 >= MAX_DEPTH or not any(sizes) or max(sizes) > MAX_FIELDS:
        return None
    if len(values) > 1 and any(id(v) in inside for v in values):
        return None
    cost = 2 * sum(sizes) + FAST_FACTOR * len(values)
    step = -(-cost // max(budget.left * FAST_FACTOR * 3 // 4, 1))  # an even spread when there are too many
    if step > len(values):
        return None
    seen_all, values = step == 1, values[::step]
    if set(map(type, chain.from_iterable(values))) != {str}:
        return None
    shapes = dict.fromkeys(map(tuple, values))
    names: dict[Any, None] = {}
    for shape in shapes:
        names.update(dict.fromkeys(shape))
        if len(names) > MAX_FIELDS:
            return None
    budget.take(len(values))
    everyone = set(map(id, values)) - inside
    inside |= everyone
    knots = _knots(values, budget)
    try:
        fields = []
        complete = True
        for name in names:
            held = [row[name] for row in values if len(shapes) == 1 or name in row]
            if knots:  # what they lead to is known by these
                facts, all_of_them = _held_by_knots(held, budget), False
            else:
                facts, all_of_them = _elements(held, len(held), budget, depth, inside)
            complete = complete and all_of_them
            fields.append((name, facts if len(held) == len(values) else (*facts, ValueFact(ABSENT))))
    finally:
        inside -= everyone
    fact = ValueFact(
        type_name(dict),
        min_len=min(sizes),
        max_len=max(sizes),
        complete=complete,
        items=_joined(f for _, facts in fields for f in facts if f.type != ABSENT),
        keys=(_plain(str, list(names)),),
        fields=tuple(fields),
        knots=knots,
    )
    return fact, seen_all


_NESTS = (dict, tuple, list)


def _knots(roots: list[Any], budget: _Budget) -> tuple[ValueFact, ...]:
    """Facts of all dicts, tuples and lists that hang together with these, one for each type; none unless one of them
    leads to another by the same key (or place) twice, as the nodes of a tree do."""
    if not any(type(v) in _NESTS for root in roots for v in _inner(root)):
        return ()
    met: dict[int, Any] = {}
    todo = deque((root, frozenset[Any]()) for root in roots)
    again = False
    while todo and len(met) < MAX_LINKED:
        value, way = todo.popleft()
        if id(value) in met or not _node(value):
            continue
        met[id(value)] = value
        for key, held in value.items() if type(value) is dict else enumerate(value):
            if type(held) in _NESTS:
                again = again or key in way
                todo.append((held, way if key in way else way | {key}))
    if not again or budget.take(len(met), FAST_FACTOR) < len(met):
        return ()
    return tuple(_knot(kind, [v for v in met.values() if type(v) is kind], budget) for kind in _NESTS)


def _inner(value: Any) -> Iterable[Any]:
    return value.values() if type(value) is dict else value


def _node(value: Any) -> bool:
    """May it be a node of a tree: a small dict with plain strings as keys, a short tuple or list?"""
    if type(value) is dict:
        return 0 < len(value) <= MAX_FIELDS and set(map(type, value)) == {str}
    return 0 < len(value) <= MAX_PLACES


def _knot(kind: type, values: list[Any], budget: _Budget) -> ValueFact:
    """What all dicts (tuples, lists) of a tree hold, key by key."""
    held: dict[str, list[Any]] = {}
    for value in values:
        for key, v in value.items() if kind is dict else enumerate(value):
            held.setdefault(str(key), []).append(v)
    fields = []
    for key, some in islice(held.items(), MAX_FIELDS):
        facts = _held_by_knots(some, budget)
        fields.append((key, facts if len(some) == len(values) else (*facts, ValueFact(ABSENT))))
    sizes = [len(v) for v in values]
    size = min(sizes, default=None), max(sizes, default=None)
    return ValueFact(type_name(kind), min_len=size[0], max_len=size[1], fields=tuple(fields))


def _held_by_knots(values: list[Any], budget: _Budget) -> tuple[ValueFact, ...]:
    """Facts of what nodes of a tree hold; of those that lead on the types only."""
    leads = [type(v) is dict or type(v) in _NESTS and any(type(x) in _NESTS for x in v) for v in values]
    kinds = dict.fromkeys(type(v) for v, on in zip(values, leads, strict=True) if on)
    rest = [v for v, on in zip(values, leads, strict=True) if not on]
    facts, _ = _elements(rest, len(rest), budget, MAX_DEPTH - 2, set())
    return _joined((*facts, *(ValueFact(type_name(k), complete=False, note=("nested",)) for k in kinds)))


def _named_tuples(values: list[Any], budget: _Budget, depth: int, inside: set[int]) -> tuple[ValueFact, bool] | None:
    """What joining the facts of namedtuples of one class gives, field by field, and whether all were looked at; None
    for anything else."""
    cls = type(values[0])
    if cls is tuple or not issubclass(cls, tuple) or any(type(v) is not cls for v in values):
        return None
    names = next((base.__dict__["_fields"] for base in cls.__mro__ if "_fields" in base.__dict__), None)
    if type(names) is not tuple or not 1 <= len(names) <= MAX_FIELDS or any(type(name) is not str for name in names):
        return None
    if depth + 1 >= MAX_DEPTH or any(tuple.__len__(v) != len(names) for v in values):
        return None
    cost = len(names) * len(values) + FAST_FACTOR * len(values)
    step = -(-cost // max(budget.left * FAST_FACTOR * 3 // 4, 1))  # an even spread when there are too many
    if step > len(values):
        return None
    seen_all, values = step == 1, values[::step]
    budget.take(len(values))
    fields = []
    complete = True
    for i, name in enumerate(names):
        facts, all_of_them = _elements([tuple.__getitem__(v, i) for v in values], len(values), budget, depth, inside)
        complete = complete and all_of_them
        fields.append((name, facts))
    fact = ValueFact(
        type_name(cls),
        min_len=len(names),
        max_len=len(names),
        complete=complete,
        items=_joined(f for _, facts in fields for f in facts),
        note=("namedtuple",),
        fields=tuple(fields),
    )
    return fact, seen_all


def _fields_of_both(a: ValueFact, b: ValueFact) -> tuple[tuple[str, tuple[ValueFact, ...]], ...]:
    """What two kinds of dicts hold under each key; nothing where one of them was not looked at key by key."""
    left, right = dict(a.fields), dict(b.fields)
    if not left and a.max_len != 0 or not right and b.max_len != 0 or len({**left, **right}) > MAX_FIELDS:
        return ()
    none = (ValueFact(ABSENT),)
    both = {k: _joined((*left.get(k, none), *right.get(k, none))) for k in {**left, **right}}
    return tuple((k, tuple(sorted(facts, key=lambda f: f.type == ABSENT))) for k, facts in both.items())


def _places(rows: list[tuple[Any, ...]]) -> tuple[str, ...]:
    """The note `kinds=str,int,...` of tuples that all have the same plain types, place by place."""
    size = len(rows[0])
    if not 2 <= size <= 6 or any(len(row) != size for row in rows):
        return ()
    columns = [*zip(*rows, strict=True)]
    kinds = [set(map(type, column)) for column in columns]
    if all(len(found) == 1 and found <= _NAMED for found in kinds):
        return ("kinds=" + ",".join(found.pop().__name__ for found in kinds),)
    within = []
    for column, found in zip(columns, kinds, strict=True):
        if len(found) != 1 or not found <= {*_NAMED, tuple}:
            return ()
        (kind,) = found
        inner = _places(list(column)) if kind is tuple else ()
        if kind is tuple and not (inner and inner[0].startswith("kinds=")):
            return ()
        within.append(f"({inner[0].removeprefix('kinds=')})" if inner else kind.__name__)
    return ("places=" + ",".join(within),)


def _factory(value: dict[Any, Any]) -> tuple[str, ...]:
    """The note `factory=builtins.float` of a `defaultdict`, whose missing values such a type makes."""
    made = value.default_factory if type(value) is defaultdict else None
    if not isinstance(made, type) or made.__module__ != "builtins" and made is not deque:
        return ()
    return (f"factory={type_name(made)}",)


def _plain(kind: type, values: list[Any]) -> ValueFact:
    name = type_name(kind)
    if kind is int:
        return ValueFact(name, low=_bound(min(values)), high=_bound(max(values)))
    if kind is bool:
        return ValueFact(name, low=int(min(values)), high=int(max(values)))
    if kind is float:
        return _floats(name, values)
    if kind is str:
        lengths = list(map(len, values))
        note = ("ascii",) if all(map(str.isascii, values)) else ()
        return ValueFact(name, min_len=min(lengths), max_len=max(lengths), note=note)
    return ValueFact(name)


def _attributes(value: Any, budget: _Budget, depth: int, inside: set[int]) -> tuple[ValueFact, ...]:
    """Facts of the attributes of an object of a user's class, each with its `attribute=NAME` label."""
    facts = []
    everyone = _linked(value, budget, depth, inside)
    for key, held in islice(_own(value).items(), 200):
        if budget.take(1) < 1:
            break
        fact = _describe(held, budget, depth + 1, inside)
        facts.append(replace(fact, note=(*fact.note, f"attribute={key}")))
    return (*facts, *everyone)


def _own(value: Any) -> dict[str, Any]:
    """The attributes that an object of a user's class has for itself."""
    cls = type(value)
    return _held(value, _slots(cls)) if cls.__flags__ & (1 << 9) else {}  # else nothing that a user wrote


def _held(value: Any, slots: list[tuple[str, Any]]) -> dict[str, Any]:
    """The attributes of an object, given the slots of its class."""
    found: dict[str, Any] = {}
    try:
        own = object.__getattribute__(value, "__dict__")
    except AttributeError:
        own = {}
    if type(own) is dict:
        found.update((k, v) for k, v in list(own.items()) if type(k) is str)
    for name, member in slots:
        try:
            found.setdefault(name, member.__get__(value, type(value)))
        except AttributeError:
            continue  # a slot that was never set
    return found


def _slots(cls: type) -> list[tuple[str, Any]]:
    """The slots of a class and its bases: under which name, and what reads it."""
    found = []
    for base in cls.__mro__:
        slots = base.__dict__.get("__slots__", ())
        for slot in (slots,) if isinstance(slots, str) else tuple(slots):
            if not isinstance(slot, str):
                continue
            mangled = f"_{base.__name__.lstrip('_')}{slot}" if slot[:2] == "__" and slot[-2:] != "__" else slot
            member: Any = base.__dict__.get(mangled)
            if type(member).__name__ == "member_descriptor":
                found.append((mangled, member))
    return found


def _objects(
    values: list[Any], kinds: set[type], budget: _Budget, depth: int, inside: set[int]
) -> tuple[ValueFact, bool] | None:
    """What joining the facts of objects of one class of the program gives, attribute by attribute, and whether all
    were looked at; None for anything else, and where one such object leads to others."""
    if len(kinds) != 1 or len(values) < 2 or depth + 1 >= MAX_DEPTH:
        return None
    (cls,) = kinds
    if not _plain_object(values[0]) or _of_library(cls) or cls in budget.linked:
        return None
    slots = _slots(cls)
    first = _held(values[0], slots)
    cost = len(values) * (len(first) + FAST_FACTOR)
    step = -(-cost // max(budget.left * FAST_FACTOR * 3 // 4, 1))  # an even spread when there are too many
    if len(first) > MAX_FIELDS or step > len(values):
        return None
    complete, values = step == 1, values[::step]
    if any(id(v) in inside for v in values):
        return None
    held = [_held(v, slots) for v in values]
    names = dict.fromkeys(chain.from_iterable(held))
    if len(names) > MAX_FIELDS:
        return None
    columns = {name: [own[name] for own in held if name in own] for name in names}
    if any(_plain_class(kind) for column in columns.values() for kind in set(map(type, column))):
        return None
    budget.take(len(values))
    items: list[ValueFact] = []
    for name, column in columns.items():
        facts, all_of_them = _elements(column, len(column), budget, depth + 1, inside)
        complete = complete and all_of_them
        items += [replace(fact, note=(*fact.note, f"attribute={name}")) for fact in facts]
    return ValueFact(type_name(cls), complete=complete, items=tuple(items)), complete


def _of_library(cls: type) -> bool:
    """Is it made of an array or a frame?"""
    return any(base.__module__.partition(".")[0] in ("numpy", "pandas") for base in cls.__mro__)


def _plain_object(value: Any) -> bool:
    """Is it an object of a class that the program defines, and no container?"""
    return _plain_class(type(value))


def _plain_class(cls: type) -> bool:
    if not cls.__flags__ & (1 << 9) or issubclass(cls, (*_SIZED, dict, type, int, float)):
        return False
    file = getattr(sys.modules.get(str(cls.__module__)), "__file__", None) or ""
    return "-packages" not in file and not file.startswith(_STDLIB)


def _linked(value: Any, budget: _Budget, depth: int, inside: set[int]) -> tuple[ValueFact, ...]:
    """Facts of all objects that are reached from this one through attributes, joined by class and labelled; nothing
    where no class is met twice, as it is where a node leads to others."""
    if type(value) in budget.linked or not _plain_object(value):
        return ()
    met: dict[int, Any] = {id(value): value}
    todo = [value]
    while todo and len(met) < MAX_LINKED:
        for held in _own(todo.pop()).values():
            if id(held) not in met and _plain_object(held):
                met[id(held)] = held
                todo.append(held)
    kinds: dict[type, list[Any]] = {}
    for x in met.values():
        kinds.setdefault(type(x), []).append(x)
    if all(len(some) < 2 for some in kinds.values()):
        return ()
    before = set(budget.linked)
    budget.linked |= set(kinds)
    everyone = []
    for kind, some in kinds.items():
        facts = []
        for x in some:
            if budget.take(1) < 1:
                break
            for key, held in islice(_own(x).items(), 200):
                fact = ValueFact(type_name(type(held)), complete=False)
                if not _plain_object(held):
                    fact = _describe(held, budget, depth + 1, inside)
                facts.append(replace(fact, note=(*fact.note, f"attribute={key}")))
            if len(facts) > 512:
                facts = list(_joined(facts))
        items = _joined(facts)
        everyone.append(ValueFact(type_name(kind), min_len=len(some), max_len=len(some), items=items, note=(LINKED,)))
    budget.linked = before
    return tuple(everyone)


def _array(value: Any, name: str, budget: _Budget, depth: int, inside: set[int]) -> ValueFact:
    numpy: Any = sys.modules["numpy"]
    flags = value.flags
    note = [n for n in ("writeable", "owndata", "aligned", "f_contiguous") if getattr(flags, n)]
    if value.dtype.isnative:
        note.append("native")
    if value.ndim > 1:
        note += [f"single_{axis}" for axis, length in enumerate(value.shape) if length == 1]
    size = int(value.shape[0]) if value.ndim else None
    fact = ValueFact(
        name,
        dtype=str(value.dtype),
        ndim=int(value.ndim),
        contiguous=bool(flags.c_contiguous),
        min_len=size,
        max_len=size,
        note=tuple(note),
    )
    if type(value) is not numpy.ndarray:
        return fact
    if value.dtype.kind == "O":
        items, complete = _elements(value.flat, int(value.size), budget, depth, inside)
        return replace(fact, items=items, complete=complete)
    return _with_range(fact, value, budget)


def _with_range(fact: ValueFact, value: Any, budget: _Budget) -> ValueFact:
    """`fact` with the range of an exact ndarray's numbers, NaN left out."""
    numpy: Any = sys.modules["numpy"]
    if value.dtype.kind not in "iufb" or not value.size:
        return fact
    if budget.take(int(value.size), ARRAY_FACTOR) < value.size:
        return replace(fact, complete=False)
    note = list(fact.note)
    low, high = value.min(), value.max()
    if value.dtype.kind == "f":
        if low != low:
            note.append("hasnan")
            value = value[~numpy.isnan(value)]
            if not value.size:
                return replace(fact, note=tuple(note))
            low, high = value.min(), value.max()
        if numpy.isinf(low) or numpy.isinf(high):
            note.append("hasinf")
    return replace(fact, low=low.item(), high=high.item(), note=tuple(note))


def _numpy_scalar(value: Any, name: str) -> ValueFact:
    fact = ValueFact(name, dtype=str(value.dtype), ndim=0)
    if value.dtype.kind in "iub":
        return replace(fact, low=int(value), high=int(value))
    if value.dtype.kind == "f":
        plain = _floats(name, (float(value),))
        return replace(fact, low=plain.low, high=plain.high, note=plain.note)
    return fact


def _index_notes(index: Any) -> list[str]:
    note = ["unique_index"] if index.is_unique else []
    if type(index).__name__ == "RangeIndex":
        if index.start == 0 and index.step == 1:
            note.append("range_index")
    elif index.hasnans:
        note.append("has_nan_index")
    return note


def _series(value: Any, name: str, budget: _Budget, depth: int, inside: set[int]) -> ValueFact:
    pandas: Any = sys.modules["pandas"]
    numpy: Any = sys.modules["numpy"]
    size = int(value.shape[0])
    note = [] if isinstance(value, pandas.Index) else _index_notes(value.index)
    fact = ValueFact(name, dtype=str(value.dtype), ndim=1, min_len=size, max_len=size)
    if isinstance(value, pandas.MultiIndex):
        return replace(fact, note=tuple(note))
    if isinstance(value.dtype, numpy.dtype):
        raw = value.array.to_numpy()
        fact = replace(fact, contiguous=bool(raw.flags.c_contiguous))
        if value.dtype.kind == "O":
            items, complete = _elements(raw.flat, size, budget, depth, inside)
            fact = replace(fact, items=items, complete=complete)
        elif type(raw) is numpy.ndarray:
            fact = _with_range(fact, raw, budget)
            note.extend(fact.note)
    if size and budget.take(size, ARRAY_FACTOR) == size and bool(value.isna().any()):
        note.append("has_nan")
    return replace(fact, note=tuple(note))


def _frame(value: Any, name: str, budget: _Budget, depth: int, inside: set[int]) -> ValueFact:
    size = int(value.shape[0])
    note = _index_notes(value.index)
    labels = list(value.columns)
    if value.columns.is_unique:
        note.append("unique_columns")
    if all(type(c) is str for c in labels):
        note.append("str_columns")
    dtypes = [str(d) for d in value.dtypes]
    columns = tuple((c, d) for c, d in zip(labels, dtypes, strict=True) if type(c) is str)
    facts = []
    complete = True
    for at, label in enumerate(labels):
        if at >= 200 or budget.left <= 0:
            complete = False
            break
        if type(label) is not str:
            continue
        fact = _series(value.iloc[:, at], "pandas.Series", budget, depth + 1, inside)
        own = tuple(n for n in fact.note if n not in ("unique_index", "range_index", "has_nan_index"))
        if "has_nan" in own and "has_nan" not in note:
            note.append("has_nan")
        facts.append(replace(fact, note=(*own, f"column={label}")))
    return ValueFact(
        name,
        ndim=2,
        min_len=size,
        max_len=size,
        complete=complete,
        items=tuple(facts),
        columns=columns,
        note=tuple(note),
    )


def _label(fact: ValueFact) -> str:
    return next((n for n in fact.note if n.startswith(("attribute=", "column=", "is="))), "")


def _joined(facts: Iterable[ValueFact]) -> tuple[ValueFact, ...]:
    merged: dict[tuple[Any, ...], ValueFact] = {}
    for fact in facts:
        # rectangular nested lists of one depth and others of the same type are one kind; arrays differ by rank
        rank = fact.ndim if fact.dtype is not None else None
        key = (fact.type, fact.dtype, rank, _label(fact))
        known = merged.get(key)
        if known is None:
            if len(merged) >= MAX_KINDS and not _label(fact):
                key = ("...", None, None, "")
                fact = ValueFact("...", complete=False, note=("many_kinds",))
            merged[key] = fact
        elif known != fact:
            merged[key] = _merge(known, fact)
    return tuple(merged.values())


def _merge(a: ValueFact, b: ValueFact) -> ValueFact:
    note = tuple(n for n in a.note if n in b.note or n in HAZARDS)
    note += tuple(n for n in b.note if n in HAZARDS and n not in note)
    if a.ndim != b.ndim:
        note = tuple(n for n in note if n != "rectangular")
    return ValueFact(
        a.type,
        dtype=a.dtype,
        ndim=a.ndim if a.ndim == b.ndim else None,
        contiguous=None if a.contiguous is None or b.contiguous is None else a.contiguous and b.contiguous,
        low=_pick(min, a.low, b.low),
        high=_pick(max, a.high, b.high),
        min_len=_pick_len(min, a.min_len, b.min_len),
        max_len=_pick_len(max, a.max_len, b.max_len),
        complete=a.complete and b.complete,
        items=_joined((*a.items, *b.items)),
        keys=_joined((*a.keys, *b.keys)),
        columns=a.columns if a.columns == b.columns else tuple(c for c in a.columns if c in b.columns),
        note=note,
        fields=_fields_of_both(a, b),
        knots=_joined((*a.knots, *b.knots)) if a.knots or b.knots else (),
    )


def _pick(choose: Any, a: float | None, b: float | None) -> float | None:
    if a is None or b is None:
        return b if a is None else a
    picked: float = choose(a, b)
    return picked


def _pick_len(choose: Any, a: int | None, b: int | None) -> int | None:
    if a is None or b is None:
        return None
    picked: int = choose(a, b)
    return picked
