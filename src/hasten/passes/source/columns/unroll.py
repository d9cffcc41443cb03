"""Row functions with small loops: columns read by computed labels, lists of cells, tables of constants.

`for i in range(1, 7): total += row[f"BILL{i}"]` is written out, item by item, as long as what it walks over does not
depend on the row. Lists of cells become several arrays, their sums and maxima the same arithmetic in the same order.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from hasten.core.facts import Facts, ValueFact
from hasten.core.finding import Region
from hasten.core.source import SourceFile
from hasten.passes.source.columns import by_key, times
from hasten.passes.source.columns.emitted import PLAIN_TABLE
from hasten.passes.source.columns.static import PLAIN, Varies, fixed, items_of, tables
from hasten.passes.source.columns.syntax import (
    Fresh,
    FunctionNode,
    bindings,
    facts_about,
    helper_name,
    imported_as,
    only_def,
    parents,
    scope_of,
    series_attributes,
)
from hasten.passes.source.columns.vector import LIMITS, Path, Unknown, Value, Vectoriser, _Return, literal_constants

MAX_LINES = 400  # of the function that is written: more is not what a reviewer reads
WALKS = frozenset({"sum", "len", "min", "max", "any", "all", "list", "tuple", "sorted"})
MAX_KEYS = 40  # of a table that becomes a chain of choices
SCALARS = {
    "float": {"builtins.float", "numpy.float64"},
    "int": {"builtins.int", "numpy.int64"},
    "str": {"builtins.str"},
    "time": {"pandas.Timestamp"},
}  # what may come from around a function, by kind


@dataclass(frozen=True, eq=False)
class Fixed:
    """A name whose value does not depend on the row."""

    value: Any

    def __eq__(self, other: object) -> bool:
        # 1, 1.0 and True are different things to a row, and so are the two zeros
        return isinstance(other, Fixed) and repr(self.value) == repr(other.value)

    def __hash__(self) -> int:
        return hash(repr(self.value))


@dataclass(frozen=True)
class Row:
    """The row itself."""


@dataclass(frozen=True)
class Table:
    """A dict, Series, frame or set from around the function, that it hands to another."""

    name: str
    seen: tuple[ValueFact, ...]


@dataclass(frozen=True)
class Seq:
    """A list of known length: items, each there in the rows of its mask (all, when that is empty).

    `owned` lists were made by the function that is looked at, which may append to them.
    """

    items: tuple[tuple[str, Item], ...]
    owned: bool = False


class Opaque:
    """An item of a list that depends on the row, where only the list's shape is asked for: any look at it fails."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, item: Item) -> None:
        self.item = item

    def _look(self, *_: object) -> bool:
        raise TypeError("depends on the row")

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = _look


Item: TypeAlias = "Value | Fixed | Row | Seq | Table"
Seen: TypeAlias = Callable[[str], "tuple[ValueFact, ...]"]
State: TypeAlias = "tuple[Path, dict[str, Any]] | None"


class RowVectoriser(Vectoriser):
    """A `Vectoriser` whose rows are read through `column`, which gives the array of a label or raises `Unknown`."""

    def __init__(
        self,
        source: SourceFile,
        numpy: str,
        fresh: Fresh,
        modules: tuple[frozenset[str], frozenset[str], frozenset[str]],
        tables: dict[str, Any],
        constants: dict[str, Value],
        column: Callable[[str], Value],
    ) -> None:
        super().__init__(source, numpy, fresh, *modules, constants)
        self.tables, self.column = tables, column
        self.seen_around: Seen = lambda name: ()
        self.seen_by: Callable[[FunctionNode], Seen] = lambda function: lambda name: ()
        self.column_by: Callable[[str], Value] = column
        self.limit = float(LIMITS[-1])  # on the integers that tables hold
        self.outer: dict[str, Value] = {}
        self.checked_tables: dict[str, str] = {}
        self.more: dict[str, str] = {}  # helpers that only some functions need, by name
        self.left: list[tuple[list[tuple[Path, dict[str, Any]]], list[tuple[Path, dict[str, Any]]]]] = []

    @classmethod
    def of(
        cls,
        source: SourceFile,
        numpy: str,
        fresh: Fresh,
        body: Sequence[ast.AST],
        column: Callable[[str], Value] | None = None,
    ) -> RowVectoriser:
        """With what the file imports, and the constants that `body` (all that can be reached) reads."""

        def nowhere(label: str) -> Value:
            raise Unknown(f"reads `{label}` of something that is no row")

        modules = (imported_as(source, "math"), imported_as(source, "numpy"), imported_as(source, "pandas"))
        constants = literal_constants(source, body)
        return cls(source, numpy, fresh, modules, tables(source, body), constants, column or nowhere)

    def surroundings(
        self, source: SourceFile, call: ast.Call, function: FunctionNode | ast.Lambda, region: Region, facts: Facts
    ) -> None:
        """Tells what was seen around the call of a function."""
        self.seen_around = seen_around(source, call, function, region, facts)
        self.seen_by = lambda helper: seen_around(source, call, helper, region, facts)

    # ---- what does not depend on the row

    def static(self, node: ast.expr, env: dict[str, Any]) -> Any:
        """The value of an expression that is the same for every row. Raises `Varies`."""

        def names(name: str) -> Any:
            if name in env:
                return self._known(env[name])
            if name in self.tables:
                return self.tables[name]
            raise Varies

        return fixed(node, names, self.source)

    def _known(self, item: Any) -> Any:
        if isinstance(item, Fixed):
            return item.value
        if isinstance(item, Seq) and all(not mask for mask, _ in item.items):
            return [Opaque(i) if isinstance(i, (Value, Row)) else self._known(i) for _, i in item.items]
        raise Varies

    def decided(self, node: ast.expr, env: dict[str, Any]) -> bool | None:
        try:
            return bool(self.static(node, env))
        except Varies:
            return None

    def lifted(self, value: Any) -> Item:
        if isinstance(value, Opaque):
            return value.item
        if isinstance(value, (list, tuple, range)):
            return Seq(tuple(("", self.lifted(v)) for v in value))
        return Fixed(value)

    def item(self, node: ast.expr, env: dict[str, Any], path: Path, name: str = "value") -> Item:
        """The value of any expression: fixed, a list, the row, or an array under a name of its own."""
        if isinstance(node, ast.Name) and isinstance(env.get(node.id), (Fixed, Row, Seq, Table)):
            got = env[node.id]
            return replace(got, owned=False) if isinstance(got, Seq) else got
        if isinstance(node, ast.Name) and node.id not in env and by_key.is_table(self.seen_around(node.id)):
            return Table(node.id, self.seen_around(node.id))
        if not isinstance(node, ast.Name):
            try:
                return self.lifted(self.static(node, env))
            except Varies:
                pass
        if isinstance(node, (ast.List, ast.Tuple, ast.ListComp, ast.GeneratorExp)):
            return Seq(tuple(self.sequence(node, env, path)))
        return self.named(name, self.expr(node, env, path))

    def value(self, item: Item) -> Value:
        if isinstance(item, Value):
            return item
        if isinstance(item, Fixed):
            return self.constant(item.value)
        raise Unknown("a list or a row where a number is needed")

    # ---- sequences

    def sequence(self, node: ast.expr, env: dict[str, Any], path: Path) -> list[tuple[str, Item]]:
        """The items of what a loop or a reduction walks over, with their masks."""
        if isinstance(node, ast.Name) and isinstance(env.get(node.id), Seq):
            return list(env[node.id].items)
        try:
            return [("", self.lifted(v)) for v in items_of(self.static(node, env))]
        except Varies:
            pass
        if isinstance(node, (ast.List, ast.Tuple)):
            if any(isinstance(e, ast.Starred) for e in node.elts):
                raise Unknown("a starred item")
            return [("", self.item(e, env, path)) for e in node.elts]
        if isinstance(node, (ast.ListComp, ast.GeneratorExp)):
            return self.listed(node, env, path)
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
            s = node.slice
            try:
                ends = [None if e is None else self.static(e, env) for e in (s.lower, s.upper, s.step)]
            except Varies:
                raise Unknown("a slice that depends on the row") from None
            if not all(e is None or type(e) is int for e in ends) or ends[2] == 0:
                raise Unknown("a slice")
            return self.whole(self.sequence(node.value, env, path))[slice(*ends)]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords and node.args:
            return self.walked(node.func.id, node.args, env, path)
        raise Unknown("walks over something that depends on the row")

    def whole(self, items: list[tuple[str, Item]]) -> list[tuple[str, Item]]:
        if any(mask for mask, _ in items):
            raise Unknown("a list whose length depends on the row")
        return items

    def walked(self, name: str, args: list[ast.expr], env: dict[str, Any], path: Path) -> list[tuple[str, Item]]:
        if bindings(self.source.tree, name) or any(isinstance(a, ast.Starred) for a in args):
            raise Unknown(f"walks over `{name}`")
        first = self.sequence(args[0], env, path)
        if name in ("list", "tuple") and len(args) == 1:
            return first
        if name == "reversed" and len(args) == 1:
            return self.whole(first)[::-1]
        if name == "enumerate" and len(args) <= 2:
            try:
                start = self.static(args[1], env) if len(args) == 2 else 0
            except Varies:
                raise Unknown("enumerate") from None
            return [("", Seq((("", Fixed(n)), pair))) for n, pair in enumerate(self.whole(first), start)]
        if name == "zip":
            rest = [self.whole(self.sequence(a, env, path)) for a in args[1:]]
            return [("", Seq(tuple(pairs))) for pairs in zip(self.whole(first), *rest, strict=False)]
        raise Unknown(f"walks over `{name}`")

    def listed(self, node: ast.ListComp | ast.GeneratorExp, env: dict[str, Any], path: Path) -> list[tuple[str, Item]]:
        if len(node.generators) != 1 or node.generators[0].is_async:
            raise Unknown("a comprehension of several loops")
        (generator,) = node.generators
        out: list[tuple[str, Item]] = []
        for mask, item in self.sequence(generator.iter, env, path):
            inner, here = dict(env), path.also(mask) if mask else path
            self.bind(generator.target, item, inner)
            for test in generator.ifs:
                decided = self.decided(test, inner)
                if decided is False:
                    break
                if decided is None:
                    name = self.temp("mask", self.mask(test, inner, here))
                    mask = f"{mask} & {name}" if mask else name
                    here = here.also(name)
            else:
                out.append((mask, self.item(node.elt, inner, here)))
        return out

    def bind(self, target: ast.expr, item: Item, env: dict[str, Any]) -> None:
        if isinstance(target, ast.Name):
            env[target.id] = replace(item, owned=False) if isinstance(item, Seq) else item
        elif isinstance(target, (ast.Tuple, ast.List)) and isinstance(item, Seq):
            if len(item.items) != len(target.elts) or any(mask for mask, _ in item.items):
                raise Unknown("unpacks something of another length")
            for t, (_, i) in zip(target.elts, item.items, strict=True):
                self.bind(t, i, env)
        else:
            raise Unknown("binds something that is no plain name")

    # ---- statements

    def block(self, body: Sequence[ast.stmt], env: dict[str, Any], path: Path, returns: list[_Return]) -> State:
        for stmt in body:
            if len(self.lines) > MAX_LINES:
                raise Unknown("too long when it is written out")
            if isinstance(stmt, ast.For):
                state = self.loop(stmt, env, path, returns)
            elif isinstance(stmt, (ast.Continue, ast.Break)):
                if not self.left:
                    raise Unknown("leaves a loop")
                self.left[-1][isinstance(stmt, ast.Break)].append((path, dict(env)))
                return None
            elif isinstance(stmt, ast.If) and (decided := self.decided(stmt.test, env)) is not None:
                state = self.block(stmt.body if decided else stmt.orelse, env, path, returns)
            elif isinstance(stmt, (ast.Assign, ast.AnnAssign)) and stmt.value is not None:
                self.assign(stmt, env, path)
                continue
            elif isinstance(stmt, ast.AugAssign) and isinstance(stmt.target, ast.Name):
                self.augmented(stmt, stmt.target.id, env, path)
                continue
            elif isinstance(stmt, ast.Expr) and isinstance(stmt.value, ast.Call):
                self.appended(stmt.value, env, path)
                continue
            else:
                state = super().block([stmt], env, path, returns)
            if state is None:
                return None
            path, env = state
        return path, env

    def assign(self, stmt: ast.Assign | ast.AnnAssign, env: dict[str, Any], path: Path) -> None:
        target = stmt.targets[0] if isinstance(stmt, ast.Assign) else stmt.target
        if (isinstance(stmt, ast.Assign) and len(stmt.targets) != 1) or stmt.value is None:
            raise Unknown("assigns to more than one name")
        if isinstance(stmt.value, ast.Name) and isinstance(env.get(stmt.value.id), Seq):
            raise Unknown("a second name for a list")
        name = target.id if isinstance(target, ast.Name) else "value"
        self.share(stmt.value, env)
        item = self.item(stmt.value, env, path, name)
        self.bind(target, item, env)
        if isinstance(item, Seq) and isinstance(target, ast.Name):
            # only a list that was written just here has no other name
            env[target.id] = replace(item, owned=isinstance(stmt.value, (ast.List, ast.ListComp)))

    def share(self, node: ast.expr, env: dict[str, Any]) -> None:
        """Lists that the expression may give another name to are nobody's own any more."""
        up = parents(self.source)
        for n in ast.walk(node):
            held = env.get(n.id) if isinstance(n, ast.Name) else None
            if not (isinstance(n, ast.Name) and isinstance(held, Seq) and held.owned):
                continue
            p = up.get(n)
            walked = isinstance(p, ast.comprehension) or (isinstance(p, ast.Subscript) and p.value is n)
            read = isinstance(p, ast.Call) and isinstance(p.func, ast.Name) and p.func.id in WALKS and len(p.args) == 1
            if not (walked or read or isinstance(p, ast.Compare)):
                env[n.id] = replace(held, owned=False)

    def augmented(self, stmt: ast.AugAssign, name: str, env: dict[str, Any], path: Path) -> None:
        left = env.get(name)
        if left is None or isinstance(left, (Row, Seq)):
            raise Unknown("changes something that is no number")
        try:
            both = ast.BinOp(ast.Name(name, ast.Load()), stmt.op, stmt.value)
            env[name] = Fixed(self.static(both, env))
        except Varies:
            got = self.binary(stmt.op, self.value(left), self.expr(stmt.value, env, path), path)
            env[name] = self.named(name, got)

    def appended(self, call: ast.Call, env: dict[str, Any], path: Path) -> None:
        func = call.func
        if not (isinstance(func, ast.Attribute) and func.attr == "append" and isinstance(func.value, ast.Name)):
            raise Unknown("calls something for its effect")
        held = env.get(func.value.id)
        if not (isinstance(held, Seq) and held.owned) or len(call.args) != 1 or call.keywords:
            raise Unknown("appends to a list that is not its own")
        self.share(call.args[0], env)
        held = env[func.value.id]
        if not held.owned:
            raise Unknown("a list within itself")
        env[func.value.id] = replace(held, items=(*held.items, ("", self.item(call.args[0], env, path))))

    def loop(self, stmt: ast.For, env: dict[str, Any], path: Path, returns: list[_Return]) -> State:
        if stmt.orelse:
            raise Unknown("a loop with an else")
        state: State = (path, env)
        broken: list[tuple[Path, dict[str, Any]]] = []
        own = {n.id for n in ast.walk(stmt.iter) if isinstance(n, ast.Name)}
        for n in (n for s in stmt.body for n in ast.walk(s)):
            if isinstance(n, ast.Attribute) and n.attr == "append" and isinstance(n.value, ast.Name):
                if n.value.id in own:
                    raise Unknown("a loop over a list that grows")
        for _, item in self.whole(self.sequence(stmt.iter, env, path)):
            if state is None:
                break
            here, inner = state[0], dict(state[1])
            self.bind(stmt.target, item, inner)
            self.left.append(([], []))
            try:
                state = self.block(stmt.body, inner, here, returns)
            finally:
                continued, left = self.left.pop()
            state = self.rejoined(state, continued)
            broken += left
        return self.rejoined(state, broken)

    def rejoined(self, state: State, others: list[tuple[Path, dict[str, Any]]]) -> State:
        """The state of all rows that come together here again."""
        for path, env in others:
            if state is None:
                state = path, env
                continue
            cond = self.temp("mask", path.text)
            merged = self.merged(cond, env, state[1])
            state = Path(self.temp("mask", f"({cond}) | ({state[0].text})")), merged
        return state

    def merged(self, cond: str, a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
        out: dict[str, Any] = {}
        plain_a, plain_b = dict(a), dict(b)
        for name in a.keys() & b.keys():
            x, y = a[name], b[name]
            if x == y:
                out[name] = x
            elif isinstance(x, Seq) and isinstance(y, Seq):
                out[name] = self.merged_lists(cond, x, y)
            else:
                try:
                    plain_a[name], plain_b[name] = self.value(x), self.value(y)
                    continue
                except Unknown:
                    pass
            del plain_a[name]
        known = {n for n in plain_a if n in b}
        rest = super().merged(cond, {n: plain_a[n] for n in a if n in known}, plain_b)
        return {**out, **rest}

    def merged_lists(self, cond: str, a: Seq, b: Seq) -> Seq:
        same = 0
        while same < min(len(a.items), len(b.items)) and a.items[same] == b.items[same]:
            same += 1

        def masked(items: tuple[tuple[str, Item], ...], by: str) -> list[tuple[str, Item]]:
            return [(f"{by} & {mask}" if mask else by, item) for mask, item in items]

        items = [*a.items[:same], *masked(a.items[same:], cond), *masked(b.items[same:], f"~{cond}")]
        return Seq(tuple(items), a.owned and b.owned)

    # ---- expressions

    def expr(self, node: ast.expr, env: dict[str, Any], path: Path) -> Value:
        if isinstance(node, ast.Name):
            if isinstance(env.get(node.id), (Fixed, Row, Seq, Table)):
                return self.value(env[node.id])
            if node.id not in env and node.id not in self.constants:
                return self.outside(node.id)
            return super().expr(node, env, path)
        if isinstance(node, ast.Constant):
            return super().expr(node, env, path)
        named = any(isinstance(n, ast.Name) and n.id in self.constants and n.id not in env for n in ast.walk(node))
        if not named:
            try:
                return self.value(self.lifted(self.static(node, env)))
            except Varies:
                pass
        try:
            return self.of_row(node, env, path)
        except Unknown:
            if not named:
                raise
            try:
                return self.value(self.lifted(self.static(node, env)))
            except Varies:
                pass
            raise

    def outside(self, name: str) -> Value:
        """A number or text from around the function: an argument of the array function, which looks at it first."""
        if name not in self.outer:
            kind = self._scalar(name)
            if kind is None:
                raise Unknown(f"reads `{name}`")
            bound = float(LIMITS[-1]) if kind == "int" else float("inf")
            self.outer[name] = Value(self.fresh(name), kind, -bound, bound, boxed=None, simple=True)
            self.uses_certain = True
        return self.outer[name]

    def _scalar(self, name: str) -> str | None:
        seen = {fact.type for fact in self.seen_around(name)}
        return next((kind for kind, types in SCALARS.items() if seen and seen <= types), None)

    def table_around(self, name: str, env: dict[str, Any]) -> tuple[str, tuple[ValueFact, ...]]:
        """The name of a table from around the function once it has been looked at, and what was seen of it."""
        held = env.get(name)
        if name in env and not isinstance(held, Table):
            raise Unknown("looks something up in something that is no table from around it")
        name, facts = (held.name, held.seen) if isinstance(held, Table) else (name, self.seen_around(name))
        if not facts:
            raise Unknown(f"looks something up in `{name}`")
        if name not in self.checked_tables:
            self.outer[name] = Value(self.fresh(name), "table", simple=True)
            self.checked_tables[name] = self.temp("table", f"{self.plain_table()}({self.outer[name].text})")
        return self.checked_tables[name], facts

    def tried(self, how: Callable[[], Value]) -> Value | None:
        """What `how` gives, or None with nothing left of it when it does not understand something."""
        kept = list(self.lines), dict(self.outer), dict(self.checked_tables), dict(self.more), self.rounding
        try:
            return how()
        except Unknown:
            self.lines, self.outer, self.checked_tables, self.more, self.rounding = kept
            return None

    def plain_table(self) -> str:
        name = helper_name(self.source, "_plain_table", PLAIN_TABLE)
        self.more[name] = PLAIN_TABLE.format(name=name, np=self.np, pd=self.pandas())
        return name

    def pandas(self) -> str:
        """The file's name for pandas."""
        if not self.pandas_names:
            raise Unknown("a file that does not import pandas under a name")
        return min(self.pandas_names)

    def helpers(self) -> list[str]:
        return [*super().helpers(), *self.more.values()]

    def opening(self, column: str) -> list[str]:
        """Lines that refuse, as a division by zero would be, what is not of the kind seen around the function, and that
        make a column of the rest, as long as `column`: arrays and single truth values do not mean the same by `~`."""
        tests = []
        for v in self.outer.values():
            if v.kind == "float":
                tests.append(f"isinstance({v.text}, float)")
            elif v.kind == "str":
                tests.append(f'type({v.text}) is str and "\\0" not in {v.text}')
            elif v.kind == times.TIME:
                tests.append(f"type({v.text}) is {self.pandas()}.Timestamp and {v.text}.tz is None")
            elif v.kind == "int":
                tests.append(f"type({v.text}) in (int, {self.np}.int64) and abs({v.text}) <= 2**20")
        if not tests:
            return []
        dtypes = {"float": f"{self.np}.float64", "int": f"{self.np}.int64", "str": "object"}
        lines = [f"{self.certain}({' and '.join(tests)}, None)"]
        for v in self.outer.values():
            if v.kind == times.TIME:
                lines.append(f"{v.text} = {self.np}.full(len({column}), {v.text}.to_datetime64())")
            elif v.kind in dtypes:
                lines.append(f"{v.text} = {self.np}.full(len({column}), {v.text}, dtype={dtypes[v.kind]})")
        return lines

    def ending(self, value: Value, column: str = "") -> list[str]:
        return [*self.opening(column), *super().ending(value)]

    def called(self, function: str, arrays: Sequence[str]) -> str:
        """The array function as the helpers call it: with the columns only."""
        if not self.outer:
            return function
        inside = ", ".join([*arrays, *self.outer])
        return f"lambda {', '.join(arrays)}: {function}({inside})"

    def of_row(self, node: ast.expr, env: dict[str, Any], path: Path) -> Value:
        """An expression that depends on the row."""
        cell = self.cell(node, env)
        if cell is not None:
            return cell
        if isinstance(node, ast.Subscript):
            return self.looked_up(node, env, path)
        if isinstance(node, ast.Attribute) and self.computed(node.value, env):
            return times.part(self, self.timed(node.value, env, path), node.attr)
        if isinstance(node, ast.IfExp) and (decided := self.decided(node.test, env)) is not None:
            return self.expr(node.body if decided else node.orelse, env, path)
        if isinstance(node, ast.BoolOp):
            # parts that are true (false) for every row and do not decide
            neutral = isinstance(node.op, ast.And)
            rest = [v for v in node.values if self.decided(v, env) is not neutral]
            if rest and len(rest) < len(node.values):
                left = rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)
                value = self.expr(left, env, path)
                if value.kind != "bool":
                    raise Unknown("`and`/`or` of something that is no truth value")
                return value
        if isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], (ast.In, ast.NotIn)):
            return self.member(node, env, path)
        return super().expr(node, env, path)

    def computed(self, node: ast.expr, env: dict[str, Any]) -> bool:
        """Whether an attribute of the expression is one of an array: no module's, no list's, no row's."""
        if isinstance(node, ast.Name):
            known = env.get(node.id)
            return (
                isinstance(known, Value) or node.id not in env and self.depth == 0 and self._scalar(node.id) == "time"
            )
        return isinstance(node, (ast.Subscript, ast.BinOp, ast.Attribute)) and not self._of_module(node)

    def _of_module(self, node: ast.expr) -> bool:
        while isinstance(node, ast.Attribute):
            node = node.value
        return isinstance(node, ast.Name) and node.id in self.math_names | self.numpy_names | self.pandas_names

    def timed(self, node: ast.expr, env: dict[str, Any], path: Path) -> Value:
        """A time, or what lies between two."""
        value = self.named("time", self.expr(node, env, path))
        if not times.involved(value) or value.text in {o.text for o in self.outer.values()}:
            raise Unknown("an attribute of something that is no time")
        return value

    def binary(self, op: ast.operator, a: Value, b: Value, path: Path) -> Value:
        return times.between(self, op, a, b) if times.involved(a, b) else super().binary(op, a, b, path)

    def _compared(self, sign: str, a: Value, b: Value) -> str:
        return times.compared(self, sign, a, b) if times.involved(a, b) else super()._compared(sign, a, b)

    def together(self, values: Sequence[Value], masks: Sequence[str]) -> tuple[str, str]:
        if times.involved(*values):
            raise Unknown("one time or another")
        return super().together(values, masks)

    def cell(self, node: ast.expr, env: dict[str, Any]) -> Value | None:
        """A cell of the row, by whatever way of reading it."""

        def is_row(n: ast.expr) -> bool:
            return isinstance(n, ast.Name) and isinstance(env.get(n.id), Row)

        label: Any = None
        try:
            if isinstance(node, ast.Subscript) and is_row(node.value):
                label = self.static(node.slice, env)
            elif isinstance(node, ast.Subscript) and isinstance(node.value, ast.Attribute):
                if is_row(node.value.value) and node.value.attr in ("loc", "at"):
                    label = self.static(node.slice, env)
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and is_row(node.func.value):
                # a default is only dropped because the column is there
                if node.func.attr == "get" and 1 <= len(node.args) <= 2 and not node.keywords:
                    for given in node.args[1:]:
                        self.static(given, env)
                    label = self.static(node.args[0], env)
            elif isinstance(node, ast.Attribute) and is_row(node.value):
                known = series_attributes()
                if known is not None and node.attr not in known and not node.attr.startswith("_"):
                    label = node.attr
        except Varies:
            at = node.slice if isinstance(node, ast.Subscript) else None
            if isinstance(at, ast.Name) and at.id not in env and self._scalar(at.id) == "str":
                return self.column_by(at.id)
            raise Unknown("a label that depends on the row") from None
        if label is None:
            return None
        if type(label) is not str:
            raise Unknown("a label that is no string")
        return self.column(label)

    def looked_up(self, node: ast.Subscript, env: dict[str, Any], path: Path) -> Value:
        """An item of a list of cells, or of a table of constants by a cell."""
        held = env.get(node.value.id) if isinstance(node.value, ast.Name) else None
        if isinstance(held, Seq):
            try:
                at = self.static(node.slice, env)
            except Varies:
                raise Unknown("a position that depends on the row") from None
            items = self.whole(list(held.items))
            if type(at) is not int or not -len(items) <= at < len(items):
                raise Unknown("a position outside")
            return self.value(items[at][1])
        got = self.tried(lambda: by_key.subscript(self, node, env, path))
        return got or self.chosen(node.value, node.slice, None, env, path)

    def chosen(self, table: ast.expr, key: ast.expr, default: Value | None, env: dict[str, Any], path: Path) -> Value:
        """`TABLE[key]`, or `TABLE.get(key, default)`, for a table of constants and a key that is a cell."""
        try:
            rows = self.static(table, env)
        except Varies:
            raise Unknown("looks something up that depends on the row") from None
        if not isinstance(rows, dict) or not 0 < len(rows) <= MAX_KEYS:
            raise Unknown("looks something up in something that is no small table")
        found = self.named("key", self.expr(key, env, path))
        tests = [f"({self._compared('==', found, self.constant(k))})" for k in rows]
        values = [self.constant(v) for v in rows.values()]
        masks = [self.temp("mask", t) for t in tests]
        last = default if default is not None else values[-1]
        _, whole = self.together([*values, last], masks)
        text = f"{self.np}.select([{', '.join(masks)}], [{', '.join(v.text for v in values)}], {last.text})"
        got = self._hull(text, [*values, last], whole)
        if default is None:
            every = self.temp("mask", " | ".join(masks))
            mask = f"{every} | ~({path.text})" if path.text else every
            self.uses_certain = True
            got = replace(got, text=f"{self.certain}({mask}, {text})")
        return replace(got, boxed=True)

    def member(self, node: ast.Compare, env: dict[str, Any], path: Path) -> Value:
        if isinstance(node.comparators[0], ast.Name):
            if got := self.tried(lambda: by_key.member(self, node, env, path)):
                return got
        try:
            options = self.static(node.comparators[0], env)
        except Varies:
            return super().compare(node, env, path)
        if not isinstance(options, (list, tuple, frozenset, dict)) or not 0 < len(options) <= MAX_KEYS:
            raise Unknown("membership in something that is no list of constants")
        left = self.named("key", self.expr(node.left, env, path))
        if any(type(o) not in PLAIN or type(o) is bool for o in options):
            raise Unknown("membership among other things than numbers and texts")
        family = (str,) if left.kind == "str" else (int, float)
        mine = [o for o in options if type(o) in family]  # others never equal it
        ordered = sorted(mine) if isinstance(options, frozenset) else mine
        if not ordered or left.kind not in ("str", "int", "float"):
            raise Unknown("membership that is the same for every row")
        text = " | ".join(f"({self._compared('==', left, self.constant(o))})" for o in ordered)
        return Value(f"({text})" if isinstance(node.ops[0], ast.In) else f"~({text})", "bool", boxed=True)

    def call(self, node: ast.Call, env: dict[str, Any], path: Path) -> Value:
        func = node.func
        if isinstance(func, ast.Attribute) and func.attr != "get" and self.computed(func.value, env):
            return times.called(self, self.timed(func.value, env, path), func.attr, node, env, path)
        if isinstance(func, ast.Attribute) and func.attr == "get" and 1 <= len(node.args) <= 2 and not node.keywords:
            if len(node.args) == 2:
                try:
                    default = self.static(node.args[1], env)
                except Varies:
                    raise Unknown("a default that depends on the row") from None
                table, key = func.value, node.args[0]
                if got := self.tried(lambda: by_key.get(self, table, key, default, env, path)):
                    return got
                return self.chosen(func.value, node.args[0], self.constant(default), env, path)
        if isinstance(func, ast.Name) and func.id not in env:
            reduces = func.id in ("sum", "len", "min", "max", "any", "all") and not bindings(self.source.tree, func.id)
            if reduces and len(node.args) == 1 and not node.keywords:
                return self.reduced(func.id, self.sequence(node.args[0], env, path), path)
            helper = only_def(self.source, func.id)
            if helper is not None:
                return self.inlined_call(helper, node, env, path)
        if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name) and func.value.id in self.numpy_names:
            if len(node.args) == 1 and not node.keywords and func.attr in ("sum", "mean", "max", "min"):
                items = self.whole(self.sequence(node.args[0], env, path))
                return self.array_reduced(func.attr, [self.value(i) for _, i in items], path)
        return super().call(node, env, path)

    def reduced(self, name: str, items: list[tuple[str, Item]], path: Path) -> Value:
        """`sum`, `len`, `min`, `max`, `any`, `all` of a list, in the order in which Python goes through it."""
        if name in ("min", "max"):
            values = [self.value(i) for _, i in self.whole(items)]
            if not values:
                raise Unknown("the least of nothing")
            return values[0] if len(values) == 1 else self.builtin(name, values, path)
        if name in ("any", "all"):
            if not items:
                raise Unknown("the same for every row")
            sign, parts = " | " if name == "any" else " & ", []
            for mask, item in items:
                value = self.value(item)
                if value.const:
                    raise Unknown("the same for every row")
                truth = self.truth(replace(value, text=value.atom, simple=True))
                parts.append(f"({truth})" if not mask else f"(({mask}) & {truth})")
                if mask and name == "all":
                    parts[-1] = f"(~({mask}) | {truth})"
            return Value(sign.join(parts), "bool", boxed=True)
        total = self.constant(0)
        for mask, item in items:
            value = self.value(item) if name == "sum" else self.constant(1)
            if value.kind not in ("int", "float", "mixed"):
                raise Unknown("a sum of something that is no number")
            if value.kind != "int" and value.boxed is not False and sys.version_info >= (3, 12):
                self.rounding = True  # later versions of Python add up floats with more than their precision
            more = self.named("total", self.binary(ast.Add(), total, value, path))
            total = self.named("total", self.where(self.temp("mask", mask), more, total)) if mask else more
        return total

    def array_reduced(self, name: str, values: list[Value], path: Path) -> Value:
        """NumPy's reduction of a short list: up to eight values are added up one after the other."""
        if not 2 <= len(values) <= 8 or len({v.kind for v in values}) > 1 or values[0].kind not in ("int", "float"):
            raise Unknown(f"numpy.{name} of this list")
        if any(v.const for v in values):
            raise Unknown(f"numpy.{name} of constants")
        total = values[0]
        for v in values[1:]:
            if name in ("sum", "mean"):
                total = self.named("total", self.binary(ast.Add(), total, v, path))
            else:
                total = self.numpy_call("maximum" if name == "max" else "minimum", [total, v], path)
        self.rounding |= total.kind == "float" and name in ("sum", "mean")
        if name == "mean":
            total = self.binary(ast.Div(), total, self.constant(len(values)), path)
        return replace(total, boxed=False)

    def inlined_call(
        self, helper: ast.FunctionDef | ast.AsyncFunctionDef, node: ast.Call, env: dict[str, Any], path: Path
    ) -> Value:
        """A plain function of the file, followed with its arguments; it may get the row, or a list of cells."""
        a = helper.args
        names = [p.arg for p in (*a.posonlyargs, *a.args)]
        if a.vararg or a.kwarg or a.kwonlyargs or a.posonlyargs or self.depth > 4:
            raise Unknown(f"calls `{helper.name}` in a way that is not understood")
        if any(isinstance(x, ast.Starred) for x in node.args) or len(node.args) > len(names):
            raise Unknown(f"calls `{helper.name}` in a way that is not understood")
        given: dict[str, Item] = {}
        for arg in (*node.args, *(k.value for k in node.keywords)):
            self.share(arg, env)
        for name, arg in zip(names, node.args, strict=False):
            given[name] = self.item(arg, env, path, name)
        for k in node.keywords:
            if k.arg is None or k.arg in given or k.arg not in names:
                raise Unknown(f"calls `{helper.name}` in a way that is not understood")
            given[k.arg] = self.item(k.value, env, path, k.arg)
        for name, default in zip(names[len(names) - len(a.defaults) :], a.defaults, strict=True):
            if name not in given:
                if not isinstance(default, ast.Constant):
                    raise Unknown("a default that is no constant")
                given[name] = Fixed(default.value)
        if len(given) != len(names):
            raise Unknown(f"calls `{helper.name}` with too little")
        self.depth += 1
        left, self.left = self.left, []
        seen, self.seen_around = self.seen_around, self.seen_by(helper)
        try:
            inner = {n: replace(v, owned=False) if isinstance(v, Seq) else v for n, v in given.items()}
            return self.function(helper.body, inner, path)
        finally:
            self.depth, self.left, self.seen_around = self.depth - 1, left, seen


def seen_around(
    source: SourceFile, call: ast.Call, function: FunctionNode | ast.Lambda, region: Region, facts: Facts
) -> Seen:
    """What was seen of what `function` reads from around it, under a name that means the same at the call."""

    def seen(name: str) -> tuple[ValueFact, ...]:
        if bindings(function, name):
            return ()  # its own, read before it is bound
        home = scope_of(source, function)
        while not isinstance(home, ast.Module) and not (bindings(home, name) and not isinstance(home, ast.ClassDef)):
            home = scope_of(source, home)
        # nearer to the call than the function, another variable could have the name
        at: ast.AST = scope_of(source, call)
        while at is not home:
            if isinstance(at, ast.Module) or bindings(at, name):
                return ()
            at = scope_of(source, at)
        if not bindings(home, name):
            return ()
        for where in (call, function):
            last = getattr(where, "end_lineno", None) or where.lineno
            if found := facts_about(name, region, facts, where.lineno, last):
                return found
        return ()

    return seen
