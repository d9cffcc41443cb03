"""Conversions that are paid once: what a kernel reads of containers that a loop leaves alone, made ready before it.

The wrapper of such a kernel takes the arrays in one tuple, which a function of its own has made from the containers;
that tuple is None when the plain code has to run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hasten.kernel import knot_tables, named, records, views
from hasten.kernel.kinds import Knot, Lst, Rec, Refuse, Type
from hasten.kernel.values import PY_TYPE

if TYPE_CHECKING:
    from hasten.kernel.compiler import Shared, Unit


def local(name: str) -> str:
    from hasten.kernel import compiler  # it builds on this module

    return compiler.local(name)


DTYPES = {"int": "np.int64", "float": "np.float64", "bool": "np.bool_"}


@dataclass(frozen=True)
class Held:
    """`names`: the kernel's parameters that are made ready. `argument`: the tuple's name. `maker`: what makes it.

    `attributes`: they are attributes of objects."""

    names: tuple[str, ...]
    argument: str
    maker: str
    attributes: bool = False


@dataclass(frozen=True)
class Ready:
    """The text of the function that makes the tuple, and what the tuple holds, by the names in the wrapper."""

    text: str
    carried: tuple[str, ...]


def holdable(t: Type) -> bool:
    """Is it turned into arrays at the door, and only read?"""
    return isinstance(t, (Lst, Rec)) and not (isinstance(t, Rec) and t.fields) or views.viewed(t)


def arguments(t: Type, x: str) -> list[str]:
    """The wrapper's names for the arrays of one container."""
    if isinstance(t, Rec):
        return ["0"]
    return [f"new_{a}" for a in views.arguments(t, x, ready=True)] if views.viewed(t) else [f"new_{x}"]


def same(x: str) -> str:
    """The wrapper's name for the container that an attribute held when it was made ready."""
    return f"same_{x}"


def ready(
    shared: Shared, unit: Unit, held: Held, types: Mapping[str, Type], words: str, strings: bool, given_up: str,
    entry: Sequence[str] = (), roots: Sequence[str] = (),
) -> Ready:  # fmt: skip
    """`words` names the dict of the strings' numbers, `strings` says that the wrapper needs it. What is held may be
    attributes of objects, the `roots`: `entry` are the lines that look at them. Raises `Refuse`."""
    guards: list[str] = []
    lines: list[str] = []
    tables: list[str] = []
    carried: list[str] = []
    for name in held.names:
        t, x = types[name], local(name)
        if isinstance(t, Lst):
            (kind,) = t.kinds
            if t.depth > 2:
                raise Refuse(f"{name} is too deep")
            helper = shared.helper("typed_list" if t.depth == 1 else "typed_rows")
            guards.append(f"type({x}) is list")
            lines.append(f"new_{x} = {helper}({x}, {PY_TYPE.get(kind, kind)}, {DTYPES.get(kind, kind)})")
            lines += [f"if new_{x} is None:", "    return None"]
        elif isinstance(t, Rec):
            guards.append(f"type({x}) {'in (dict, tuple)' if isinstance(t, Knot) else 'is dict'}")
            lines.append(f"{views.everyone(t)} = [{x}]")
        elif views.viewed(t):
            made, _ = views.taken(shared.helper, t, x, words)
            guards.append(f"type({x}) {views.guard(t, shared.any_dicts)}")
            lines += made
            tables += views.tables(shared.helper, t, f"new_{x}")
        else:
            raise Refuse(f"{x} is converted in every call")
        carried += arguments(t, x) if not isinstance(t, Rec) else []
        if roots:
            lines.append(f"{same(x)} = {x}")
            carried.append(same(x))
    columns = sorted(named.ahead(types, held.names))
    pools = named.pools({n: types[n] for n in (*held.names, *columns)})
    lines[:0] = [f"{pool} = []" for pool in pools]
    for n in records.in_order(columns, types):
        under = records.passed(unit, n, types[n], words)
        lines += knot_tables.once(lines, under.convert)
        carried += [a.removeprefix("*") for a in under.args]
    lines += named.exact(shared, pools)
    carried += records.pools([types[n] for n in (*held.names, *columns)])
    if strings or shared.words or any(words in line for line in lines):
        known = ", ".join(f"{word!r}: {number}" for word, number in shared.words.items())
        lines.insert(0, f"{words} = {{{known}}}")
        carried.insert(0, words)
    if tables:
        lines += ["try:", *(f"    {line}" for line in tables), f"except {given_up}:", "    return None"]
    what = ", ".join(held.names[:-1]) + (" and " if held.names[1:] else "") + held.names[-1]
    text = [f"def {held.maker}({', '.join(roots or held.names)}):"]
    text.append(f'    """What `{unit.name}` reads of {what}, as arrays. None when the plain code has to run."""')
    text += [f"    {line}" for line in entry]
    text.append(f"    if not ({' and '.join(guards)}):")
    text.append("        return None")
    text += [f"    {line}" for line in lines]
    text.append(f"    return {', '.join(carried)}{',' if len(carried) == 1 else ''}")
    return Ready("\n".join(text) + "\n", tuple(carried))
