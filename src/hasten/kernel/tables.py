"""Dicts from outside that change: `self.q[(state, action)] += x`, where `self.q` may be a `defaultdict`.

What such a dict holds (numbers or strings) comes in as arrays, one for each part of its keys, and the kernel makes a
dict of its own of them. Afterwards the program's dict is updated: known keys keep their places, new ones follow in the
order in which the kernel has met them, as they would have.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from hasten.core.facts import ValueFact
from hasten.kernel import deques_made, keys
from hasten.kernel.kinds import (
    FLOAT,
    INT,
    Grow,
    Map,
    Num,
    Refuse,
    Tup,
    Type,
    Word,
    container,
    nested,
    num,
    roots_of,
    scalar,
)
from hasten.kernel.values import PY_TYPE

if TYPE_CHECKING:
    from hasten.kernel.compiler import Unit

# what such a dict may hold where it is empty at the door: containers that the kernel makes
MAKES: dict[str, tuple[str, Type]] = {
    "builtins.list": ("list", Grow(None)),
    "builtins.dict": ("dict", Map(None, None)),
    "collections.deque": ("collections.deque", deques_made.empty()),
}
FACTORIES: dict[str, tuple[str, Type]] = {"builtins.int": ("int", INT), "builtins.float": ("float", FLOAT)}
NUMBERS = {"builtins.int": "int", "builtins.float": "float", "builtins.bool": "bool"}
PLAIN: dict[str, Type] = {"int": num("int"), "bool": num("bool"), "str": Word()}
DTYPES = {"int": "np.int64", "float": "np.float64", "bool": "np.bool_"}


def live(name: str, facts: Sequence[ValueFact]) -> Map | None:
    """The type of a dict that may change, by what was recorded of it; None where no kernel takes it so."""
    if len(facts) != 1:
        return None
    (fact,) = facts
    default, made = "", None
    if fact.type == "collections.defaultdict":
        known = next((n.removeprefix("factory=") for n in fact.note if n.startswith("factory=")), "")
        if known not in FACTORIES and (known not in MAKES or fact.max_len):
            return None
        word, made = FACTORIES.get(known) or MAKES[known]
        default = f"collections.defaultdict({word}"
    elif fact.type != "builtins.dict":
        return None
    roots = frozenset({name})
    if fact.max_len == 0:
        return Map(None, made, roots, fresh=True, default=default)
    key = key_type(fact.keys)
    if key is None or len(fact.items) != 1 or not fact.items[0].type:
        return None
    held = fact.items[0].type
    value: Type | None = Word() if held == "builtins.str" else num(NUMBERS[held]) if held in NUMBERS else None
    if value is None or made is not None and value != made:
        return None
    return Map(key, value, roots, default=default)


def key_type(facts: Sequence[ValueFact]) -> Type | None:
    """Numbers, strings, or tuples of them, of which some may be tuples."""
    if len(facts) != 1:
        return None
    (fact,) = facts
    short = fact.type.removeprefix("builtins.")
    if short in PLAIN or short == "float":
        return PLAIN.get(short) or FLOAT
    told = next((n.removeprefix("places=") for n in fact.note if n.startswith("places=")), "")
    told = told or next((n.removeprefix("kinds=") for n in fact.note if n.startswith("kinds=")), "")
    if short != "tuple" or not told:
        return None
    items: list[Type | None] = []
    inner: list[Type | None] | None = None
    for word in told.replace("(", "(,").replace(")", ",)").split(","):
        if word == "(":
            inner = []
        elif word == ")":
            items.append(None if inner is None or None in inner else Tup(tuple(i for i in inner if i is not None)))
            inner = None
        else:
            (items if inner is None else inner).append(PLAIN.get(word))
    if None in items:
        return None
    made = Tup(tuple(i for i in items if i is not None))
    try:
        keys.kind(made)
    except Refuse:
        return None
    return made


def holds_own(u: Unit, t: Map, now: Map) -> bool:
    """Does a dict that was empty at the door hold containers of the kernel, each of which nothing else knows?"""
    out: list[Type | None] = [u.ret] if u.function else [u.env.get(n) for n in u.outs]
    out = [i for o in out for i in (o.items if isinstance(o, Tup) else (o,))]
    alone = not u.entangled and not u.lent and not any(map(container, out)) and not roots_of(now.value)
    held = now.value
    plain = isinstance(held, Grow) and _plain(held.item) or isinstance(held, Map) and not held.keys_only and (
        _plain(held.key) and _plain(held.value)
    )  # fmt: skip
    return t.fresh and alone and plain and not nested(held)


def _plain(t: Type | None) -> bool:
    items = t.items if isinstance(t, Tup) else (t,)
    return all(scalar(i) and not (isinstance(i, Num) and i.kind is None) for i in items)


def nan_within(t: Type | None, rows: str) -> str:
    """The code that tells whether a NaN is in one of these lists or dicts; "" where none can be."""
    item, row = (t.value, "row[1]") if isinstance(t, Map) else (t.item if isinstance(t, Grow) else None, "row")
    if isinstance(t, Map) and (inside := nan_within(Grow(t.key), f"(row[0] for row in {rows})")):
        return inside
    if isinstance(item, Tup):
        floats = [f"v[{i}] != v[{i}]" for i, p in enumerate(item.items) if isinstance(p, Num) and p.rep == "f"]
        return f"any({' or '.join(floats)} for row in {rows} for v in {row})" if floats else ""
    floats_only = isinstance(item, Num) and item.rep == "f"
    return f"any(v != v for row in {rows} for v in {row})" if floats_only else ""


def own_way(t: Map) -> bool:
    """Does it come in the way that this module knows?"""
    if t.keys_only or t.frozen or not t.roots:
        return False
    if t.default:
        return True
    if isinstance(t.key, Tup):
        return (
            len(keys.parts(t.key)) > 3 or len({*keys.parts(t.key)}) > 1 or any(isinstance(i, Tup) for i in t.key.items)
        )
    return isinstance(t.key, Num) and t.key.kinds == keys.FLOATS


def guard(t: Map, x: str, kind: str) -> str:
    """What its type must be."""
    empty = f" and not {x}" if t.fresh else ""
    if not t.default:
        return f"type({x}) is {kind}{empty}"
    word = t.default.partition("(")[2]
    return f"type({x}) is collections.defaultdict and {x}.default_factory is {word}{empty}"


def taken(helper: Callable[[str], str], t: Map, x: str, words: str) -> list[str]:
    """The lines of the wrapper that take it apart."""
    assert t.key is not None
    lines = [f"new_{x}_keys = {helper('key_parts')}([*{x}], {_shape(t.key)}, {words})"]
    lines += [f"if new_{x}_keys is None:", "    return None"]
    if isinstance(t.value, Word):
        lines.append(f"new_{x}_values = {helper('key_parts')}([*{x}.values()], str, {words})")
    else:
        assert isinstance(t.value, Num)
        (kind,) = t.value.kinds
        lines.append(f"new_{x}_values = {helper('key_parts')}([*{x}.values()], {PY_TYPE.get(kind, kind)}, {words})")
    return [*lines, f"if new_{x}_values is None:", "    return None"]


def _shape(t: Type) -> str:
    """A key's types as the wrapper spells them."""
    if isinstance(t, Tup):
        return f"({', '.join(map(_shape, t.items))})"
    if isinstance(t, Word):
        return "str"
    assert isinstance(t, Num)
    return next(iter(t.kinds))


def made(helper: Callable[[str], str], t: Map, x: str) -> str:
    """The kernel's dict."""
    kind = keys.kind(t.key)
    if not isinstance(t.key, Tup):
        return f"{helper(f'dict_{kind}')}({x}_keys[0], {x}_values[0])"
    count = 0

    def spelt(part: Type) -> str:
        nonlocal count
        if isinstance(part, Tup):
            return f"({', '.join(map(spelt, part.items))})"
        count += 1
        return f"part_{count}"

    key = spelt(t.key)
    names = ", ".join(f"part_{i + 1}" for i in range(count))
    parts = ", ".join(f"{x}_keys[{i}]" for i in range(count))
    return f"{helper(f'dict_{kind}')}([{key} for {names} in zip({parts})], {x}_values[0])"
