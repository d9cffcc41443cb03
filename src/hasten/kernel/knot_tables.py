"""The way in for dicts and tuples that lead to others: the tables that a kernel has of all of them (see `knots`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from hasten.kernel.kinds import Knot, Row, Type
from hasten.kernel.values import PY_TYPE

if TYPE_CHECKING:
    from hasten.kernel.compiler import Shared, Unit
    from hasten.kernel.records import Passed

DTYPES = {"int": "np.int64", "float": "np.float64", "bool": "np.bool_", "np.bool": "np.bool_"}
DTYPES |= {kind: kind for kind in ("np.float64", "np.int64")}
PLACED = "[{}]"  # the key of a column of what tuples hold at a place
WHOLE, DECIMALS = "[whole]", "[floats]"  # the columns of numbers
ITEMS, KEYS = "[items]", "[keys]"  # all that some nodes hold, one after another


@dataclass(frozen=True)
class Leaf:
    """Stands for the key of what nodes are themselves, where that is a number or string of this kind."""

    kind: str


Key: TypeAlias = "str | int | Leaf"


@dataclass
class Table:
    """What a kernel reads of all nodes that hang together: for each node a row of whole numbers and one of floats."""

    whole: dict[tuple[str, Key | None], int] = field(default_factory=dict)  # what, of which key: the column
    floats: dict[Key, int] = field(default_factory=dict)
    kinds: dict[Key, str] = field(default_factory=dict)  # of what is under a key; "str": strings
    every: dict[str | int | None, None] = field(default_factory=dict)  # keys of containers of which all is read
    keyed: str = ""  # the kind of the keys of dicts that are looked up

    @property
    def links(self) -> list[str | int]:
        """The keys that are followed."""
        return [key for what, key in self.whole if what == "link" and isinstance(key, (str, int))]


def name_of(shared: Shared, path: str, key: str) -> str:
    from hasten.kernel import records  # it builds on this module

    return records.name_of(shared, path, key)


def table(shared: Shared, path: str) -> Table:
    return shared.knotted.setdefault(path, Table())


def passed(u: Unit, name: str, t: Type, words: str) -> Passed:
    """How what a kernel reads of all nodes gets into it."""
    from hasten.kernel import records, views  # they build on this module

    shared = u.shared
    path, key = name.rpartition(":")[0], shared.columns[name]
    nodes, x, columns = views.everyone(Knot(path)), u.local(name), table(shared, path)
    out = records.Passed(_spread(shared, nodes, columns), [f"new_{x}"])
    if key == WHOLE:
        out.convert.append(f"new_{x} = np.zeros((len({nodes}), {len(columns.whole)}), np.int64)")
        for (what, of), number in columns.whole.items():
            target = f"new_{x}[:, {number}]"
            if what == "begin":
                out.convert.append(f"{target} = {_within(nodes)}[3]")
            elif what in ("kind", "size"):
                out.convert.append(f"{target} = {shared.helper(f'knot_{what}s')}({nodes})")
            elif what in ("link", "has"):
                helper = shared.helper("knot_links" if what == "link" else "knot_keys")
                out.convert.append(f"{target} = {helper}({nodes}, {_within(nodes)}, {of!r})")
            elif what == "tells":
                assert of is not None
                out.convert += _values(shared, path, of)
                out.convert.append(f"{target} = {_held_by(shared, path, of)}[2]")
            else:
                assert of is not None
                out.convert += _numbers(shared, path, of, columns.kinds[of], words, f"new_{x}", number)
    elif key == ITEMS:
        out.convert.append(f"new_{x} = np.array({_within(nodes)}[4], np.int64)")
    elif key == KEYS:
        every = f"{shared.helper('knot_all_keys')}({nodes}, {_within(nodes)})"
        strings = columns.keyed == "str"
        helper = shared.helper("word_numbers" if strings else "column")
        code = f"{helper}({every}, {words if strings else 'int, np.int64'})"
        out.convert += [f"new_{x} = {code}", f"if new_{x} is None:", "    return None"]
    elif key == DECIMALS:
        out.convert.append(f"new_{x} = np.zeros((len({nodes}), {len(columns.floats)}))")
        for of, number in columns.floats.items():
            out.convert += _numbers(shared, path, of, columns.kinds[of], words, f"new_{x}", number)
    else:
        assert isinstance(t, Row)
        placed = int(key[1:-1]) if key.startswith("[") else key
        out.convert += _values(shared, path, placed)
        lines, inside = views.taken(shared.helper, t, x, words)
        out.convert += [f"{x} = {shared.helper('knot_fill')}({nodes}, {_held_by(shared, path, placed)})", *lines]
        out.lists += inside[1:]
        out.args = [f"new_{a}" for a in views.arguments(t, x)]
    return out


def _within(nodes: str) -> str:
    return f"within_{nodes}"


def _spread(shared: Shared, nodes: str, columns: Table) -> list[str]:
    """The line that finds all nodes, from the first ones."""
    links, every = (
        "(" + "".join(f"{k!r}, " for k in keys).rstrip(" ") + ")"
        for keys in (dict.fromkeys([*columns.links, *(k for k in columns.every if k is not None)]), columns.every)
    )
    return [f"{_within(nodes)} = {shared.helper('knots_within')}({nodes}, {links}, {every})"]


def _held_by(shared: Shared, path: str, key: Key) -> str:
    """The wrapper's name for what nodes hold under a key."""
    from hasten.kernel.compiler import local  # it builds on this module

    called = PLACED.format(key.kind if isinstance(key, Leaf) else key) if not isinstance(key, str) else key
    return f"held_{local(name_of(shared, path, called))}"


def _values(shared: Shared, path: str, key: Key) -> list[str]:
    """The lines that find what nodes hold under a key."""
    from hasten.kernel import views  # it builds on this module

    nodes = views.everyone(Knot(path))
    held_by = _held_by(shared, path, key)
    if isinstance(key, Leaf):
        code = f"{shared.helper('knot_leaves')}({nodes}, {PY_TYPE.get(key.kind, key.kind)})"
    else:
        code = f"{shared.helper('knot_values')}({nodes}, {_within(nodes)}, {key!r})"
    found = f"{held_by} = {code}"
    return [found, f"if {held_by} is None:", "    return None"]


def _numbers(shared: Shared, path: str, key: Key, kind: str, words: str, target: str, number: int) -> list[str]:
    """The lines that put numbers that nodes hold into a column."""
    held_by = _held_by(shared, path, key)
    if kind == "str":
        code = f"{shared.helper('word_numbers')}({held_by}[0], {words})"
    else:
        code = f"{shared.helper('column')}({held_by}[0], {PY_TYPE.get(kind, kind)}, {DTYPES[kind]})"
    lines = [f"numbers_{held_by} = {code}", f"if numbers_{held_by} is None:", "    return None"]
    return [*_values(shared, path, key), *lines, f"{target}[{held_by}[1], {number}] = numbers_{held_by}"]


def once(done: list[str], lines: list[str]) -> list[str]:
    """The lines of a column without those that another column of the same nodes has brought."""
    out: list[str] = []
    while lines:
        size = 1 if lines[0].startswith("within_") else 3 if lines[0].startswith("held_") else 0
        if not size or lines[0] not in (*done, *out):
            out.append(lines[0])
            size = 1
        lines = lines[size:]
    return out


def unmoved(shared: Shared, moved: Sequence[str]) -> list[str]:
    """The lines that see to it that none of the containers that change (`moved`) is a node."""
    from hasten.kernel import views  # it builds on this module

    lines = []
    for path in sorted(shared.knotted) if moved else ():
        nodes = f"[x for x in {views.everyone(Knot(path))} if type(x) in (dict, tuple, list)]"
        lines += [f"if not {shared.helper('unshared')}([{', '.join(moved)}], {nodes}):", "    return None"]
    return lines


__all__ = [
    "DECIMALS",
    "ITEMS",
    "KEYS",
    "PLACED",
    "WHOLE",
    "Key",
    "Leaf",
    "Table",
    "name_of",
    "once",
    "passed",
    "table",
    "unmoved",
]
