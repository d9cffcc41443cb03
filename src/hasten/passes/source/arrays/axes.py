"""The body of an element loop, followed once for all rounds: every name holds an array with an axis for each loop.

`out[i] = a[i] * b[i]` within one loop is `a[:n] * b[:n]`; within two, values of the outer loop have the shape (n, 1)
and those of the inner one (n, m), so that they meet by broadcasting. What is added up (`total += x`) is added one after
the other, in the order of the rounds, so that the bits agree. Anything that is not understood raises `Unknown`.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from hasten.core.facts import ValueFact
from hasten.kernel import names
from hasten.passes.source.columns.syntax import bindings
from hasten.passes.source.columns.unroll import Fixed, RowVectoriser, State
from hasten.passes.source.columns.vector import Path, Unknown, Value, _Return

KINDS = {"float64": "float", "int64": "int", "bool": "bool"}
SCALARS = {
    "builtins.float": ("float", True), "builtins.int": ("int", True), "builtins.bool": ("bool", True),
    "numpy.float64": ("float", False), "numpy.int64": ("int", False),
}  # fmt: skip
ITEMS = {"builtins.float": "float", "builtins.int": "int", "builtins.bool": "bool"}
OUT = "@"  # in front of what is no name of the program


@dataclass(frozen=True)
class Held:
    """An array or a list of numbers from before the loop."""

    name: str
    kind: str
    ndim: int
    listed: bool


@dataclass(frozen=True)
class Axis:
    """A loop: its variable (empty for none) and the texts of its first and last-but-one number."""

    var: str
    low: str
    high: str

    @property
    def span(self) -> str:
        return f"{'' if self.low == '0' else self.low}:{self.high}"

    @property
    def size(self) -> str:
        if self.low.isdigit() and self.high.isdigit():
            return str(int(self.high) - int(self.low))
        return self.high if self.low == "0" else f"({self.high} - {self.low})"

    def shifted(self, by: int) -> str:
        if not by:
            return self.span
        low = _plus(self.low, by)
        return f"{'' if low == '0' else low}:{_plus(self.high, by)}"


def _plus(text: str, by: int) -> str:
    if text.isdigit() and int(text) + by >= 0:
        return str(int(text) + by)
    return f"{text} {'+' if by > 0 else '-'} {abs(by)}" if by else text


@dataclass(frozen=True)
class Place:
    """`X[i + 1, j, k]`: for each dimension the axis and what is added to its variable, or (axis -1) a fixed number."""

    array: str
    index: tuple[tuple[int, int | str], ...]

    @property
    def axes(self) -> tuple[int, ...]:
        return tuple(axis for axis, _ in self.index if axis >= 0)

    @property
    def key(self) -> str:
        return f"{OUT}{self.array}{self.index}"


@dataclass
class Sum:
    """Something that grows by what each round adds to it."""

    name: str  # of the program, or the key of a place
    start: Value
    level: int  # of the loop over which it grows
    shape: tuple[str, ...] = ()  # of what is added: how often the loops around it run
    terms: list[tuple[str, Value]] = field(default_factory=list)
    spots: list[ast.stmt] = field(default_factory=list)
    factors: tuple[Place, Place] | None = None  # of a product of matrices


@dataclass(frozen=True)
class Pending:
    """What a name holds while it is being added up: nothing that could be read."""


@dataclass(frozen=True)
class Result:
    """What leaves: the place or name, and the text of its value. `hit`: the text of whether it is there at all.

    For a place `index` is the text between its brackets, and `shape` that of the value.
    """

    name: str
    value: Value
    hit: str = ""
    index: str = ""
    shape: tuple[str, ...] = ()


class LoopVectoriser(RowVectoriser):
    """Follows one loop. `arrays` are the arrays and lists, `numbers` the kinds of the names around it."""

    arrays: Mapping[str, Held]
    numbers: Mapping[str, tuple[ValueFact, ...]]
    limit: float

    def begin(self, arrays: Mapping[str, Held], numbers: Mapping[str, tuple[ValueFact, ...]], limit: float) -> None:
        self.arrays, self.numbers, self.limit = arrays, numbers, limit
        self.axes: list[Axis] = []
        self.depth_of_all = 1
        self.bound: set[str] = set()
        self.used: dict[str, Held] = {}
        self.given: dict[str, Value] = {}  # numbers from around
        self.scalars_of: dict[str, str] = {}  # what stands for those in the arithmetic: scalars of NumPy's
        self.head: list[str] = []  # lines before the arithmetic: where loops begin and end
        self.tests: dict[str, None] = {}  # that indexes are within the arrays
        self.sizes: list[tuple[str, str]] = []
        self.shapes: dict[int, str] = {}
        self.products: list[tuple[str, ...]] = []  # of what is made on the way, as far as it is not part of another
        self.places: dict[str, Place] = {}  # written, by array
        self.stored: dict[str, Result] = {}
        self.spots: dict[str, tuple[str, tuple[str, ...]]] = {}
        self.levels: dict[str, int] = {}  # of the loops, by their variables
        self.closed: set[str] = set()  # arrays whose new elements are out of reach
        self.sums: list[Sum] = []
        self.ends: dict[str, Result] = {}
        self.grown: dict[str, list[tuple[str, Value, ast.expr]]] = {}
        self.last: dict[str, str] = {}  # what loop variables hold at the end

    # ---- loops

    def follow(self, stmt: ast.For) -> None:
        """The whole loop. Raises `Unknown`."""
        self.bound = names.bound([stmt])
        self.depth_of_all = _depth(self, stmt)
        if self.depth_of_all > 3:
            raise Unknown("loops nested too deep")
        writes = [n for n in ast.walk(stmt) if isinstance(n, ast.Subscript) and not isinstance(n.ctx, ast.Load)]
        self.written = {base for n in writes if (base := _base(n))}
        self.levels = _levels(self, stmt, 0)
        self.around(stmt, {}, Path(), [])
        for name, place in self.places.items():
            if any(place.key == s.name for s in self.sums):
                continue
            if place.key not in self.stored:
                raise Unknown(f"{name} is not written in every round")

    def around(self, stmt: ast.For, env: dict[str, Any], path: Path, returns: list[_Return]) -> dict[str, Any]:
        """A loop that gets an axis of its own. Gives the names that hold after it."""
        if stmt.orelse or path.text:
            raise Unknown("a loop with an else, or in some rounds only")
        inner = dict(env)
        axis, elements = self.heading(stmt)
        if axis.var in names.bound(stmt.body):
            raise Unknown(f"binds {axis.var} in its own loop")
        level = len(self.axes)
        self.shapes.pop(level, None)
        self.axes.append(axis)
        added = {k: t for k, t in self.added(stmt).items() if not isinstance(env.get(k), Pending)}
        for name in names.bound([stmt]):
            if name not in added and not isinstance(inner.get(name), Pending):
                inner.pop(name, None)  # of the round before
        for key, start in [(k, inner.get(k)) for k in added]:
            self.open_sum(key, start, added[key], level)
            inner[key] = Pending()
        for name, held in elements.items():
            inner[name] = self.element(Place(held, ((level, 0),)))
        self.left.append(([], []))
        try:
            state: State = self.block(stmt.body, inner, path, returns)
        finally:
            continued, broken = self.left.pop()
        if broken or returns:
            raise Unknown("leaves the loop")
        state = self.rejoined(state, continued)
        if state is None:
            raise Unknown("no round comes to its end")
        after = {n: v for n, v in env.items() if n not in names.bound([stmt])}
        for key, value in state[1].items():
            if key.startswith(OUT) and isinstance(value, Value) and key not in added:
                if set(self.places[array_of(key)].axes) == set(range(level + 1)):
                    self.written_at(key, value)
                elif key in env:
                    after[key] = value
                else:
                    raise Unknown("writes one element in several rounds")
        here = [s for s in self.sums if s.level == level and s.name in added]
        if not (here and all(s.factors for s in here) and len(stmt.body) == 1):
            self.sized()
        for key in added:
            total = next(s for s in here if s.name == key)
            got = self.close_sum(total)
            if level and key in env or key.startswith(OUT):
                after[key] = got.value
                if level == 0 and key.startswith(OUT):
                    self.written_at(key, got.value)
            else:
                self.ends[key] = got
        self.axes.pop()
        return after

    def heading(self, stmt: ast.For) -> tuple[Axis, dict[str, str]]:
        """The axis of a loop, and the arrays that its variables are the elements of."""
        over, target = stmt.iter, stmt.target
        call = over.func.id if isinstance(over, ast.Call) and isinstance(over.func, ast.Name) else ""
        if call and (bindings(self.source.tree, call) or over.keywords):  # type: ignore[attr-defined]
            raise Unknown("an unusual iterable")
        args: list[ast.expr] = over.args if isinstance(over, ast.Call) else []
        if call == "range" and isinstance(target, ast.Name) and 1 <= len(args) <= 2:
            low = self.size(args[0]) if len(args) == 2 else "0"
            axis = Axis(target.id, low, self.size(args[-1]))
            return self.opened(axis), {}
        if call == "enumerate" and len(args) == 1 and isinstance(target, ast.Tuple) and len(target.elts) == 2:
            number, element = target.elts
            if isinstance(number, ast.Name):
                axis, held = self.elements([element], [args[0]])
                return self.opened(replace(axis, var=number.id)), held
        if call == "zip" and isinstance(target, ast.Tuple) and len(target.elts) == len(args) > 0:
            axis, held = self.elements(target.elts, args)
            return self.opened(axis), held
        if isinstance(over, ast.Name):
            axis, held = self.elements([target], [over])
            return self.opened(axis), held
        raise Unknown("a loop over something that is no range and no array")

    def elements(self, targets: Sequence[ast.expr], over: Sequence[ast.expr]) -> tuple[Axis, dict[str, str]]:
        held: dict[str, str] = {}
        for t, a in zip(targets, over, strict=True):
            if not isinstance(t, ast.Name) or not isinstance(a, ast.Name) or t.id in held:
                raise Unknown("a loop over something that is no range and no array")
            if a.id not in self.arrays or self.arrays[a.id].ndim != 1 or a.id in self.bound | self.written:
                raise Unknown(f"goes over {a.id}")
            held[t.id] = a.id
            self.used[a.id] = self.arrays[a.id]
        sizes = [f"len({a})" for a in dict.fromkeys(held.values())]
        high = sizes[0] if len(sizes) == 1 else f"min({', '.join(sizes)})"
        return Axis("", "0", self.named_size(high)), held

    def opened(self, axis: Axis) -> Axis:
        if not (axis.low.isdigit() and axis.high.isdigit() and int(axis.low) < int(axis.high)):
            self.tests[f"{axis.low} < {axis.high}"] = None
        if axis.var:
            self.last[axis.var] = str(int(axis.high) - 1) if axis.high.isdigit() else f"{axis.high} - 1"
        if any(axis.var and axis.var == a.var for a in self.axes):
            raise Unknown("two loops with one variable")
        return axis

    def sized(self) -> None:
        """Notes how large the arrays become that are made in the innermost of the open loops."""
        sizes = tuple(a.size for a in self.axes)
        self.products = [p for p in self.products if p != sizes[: len(p)]]
        if not any(p[: len(sizes)] == sizes for p in self.products):
            self.products.append(sizes)

    def written_at(self, key: str, value: Value) -> None:
        """The last round of all has written what `key` names: nothing can look at it any more."""
        place = self.places[array_of(key)]
        index, shape = self.spots[key]
        self.stored[key] = Result(key, value, index=index, shape=shape)
        self.closed.add(place.array)

    def spot(self, place: Place) -> None:
        """Keeps where the values of a place go, while its loops are open."""
        index = ", ".join(by if isinstance(by, str) else self.axes[level].shifted(by) for level, by in place.index)
        shape = tuple(self.axes[d].size if d in place.axes else "1" for d in range(self.depth_of_all))
        self.spots[place.key] = index, shape

    def flat(self, result: Result) -> str:
        """The value of a place, with the dimensions of its array only."""
        axes = self.places[array_of(result.name)].axes
        value = result.value.text
        if axes == tuple(range(self.depth_of_all)):
            return value
        parts = [":" if d in axes else "0" for d in range(self.depth_of_all)]
        text = f"{self.np}.broadcast_to({value}, ({', '.join(result.shape)}))"
        if "0" in parts:
            text += f"[{', '.join(parts)}]"
        if list(axes) != sorted(axes):
            text += ".T" if len(axes) == 2 else f".transpose({', '.join(str(sorted(axes).index(a)) for a in axes)})"
        return text

    def size(self, node: ast.expr) -> str:
        """Where a range begins or ends: whole numbers, lengths and their sums."""
        text = self._size(node)
        return text if text.isidentifier() or text.isdigit() else self.named_size(text)

    def _size(self, node: ast.expr) -> str:
        match node:
            case ast.Constant(value=int(n)) if type(n) is int and 0 <= n < 2**31:
                return str(n)
            case ast.Name(id=name) if name not in self.bound:
                if {f.type for f in self.numbers.get(name, ())} == {"builtins.int"}:
                    return self.number(name).text
            case ast.Call(func=ast.Name(id="len"), args=[ast.Name(id=name)], keywords=[]):
                if name in self.arrays and name not in self.bound and not bindings(self.source.tree, "len"):
                    self.used[name] = self.arrays[name]
                    return f"len({name})"
            case ast.Subscript(
                value=ast.Attribute(value=ast.Name(id=name), attr="shape"), slice=ast.Constant(value=int(at))
            ):
                held = self.arrays.get(name)
                if held and not held.listed and name not in self.bound and 0 <= at < held.ndim:
                    self.used[name] = held
                    return f"{name}.shape[{at}]"
            case ast.Attribute(value=ast.Name(id=name), attr="size"):
                held = self.arrays.get(name)
                if held and not held.listed and name not in self.bound:
                    self.used[name] = held
                    return f"{name}.size"
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
                sign = "+" if isinstance(op, ast.Add) else "-"
                return f"{self._size(left)} {sign} {self._size(right)}"
        raise Unknown("a range whose end is not known before")

    def named_size(self, text: str) -> str:
        for name, known in self.sizes:
            if known == text:
                return name
        name = self.fresh("stop")
        self.sizes.append((name, text))
        return name

    # ---- reading

    def number(self, name: str) -> Value:
        """A number from around the loop."""
        if name not in self.given:
            kinds = {f.type for f in self.numbers.get(name, ())}
            if len(kinds) != 1 or (kind := kinds.pop()) not in SCALARS or name in self.bound:
                raise Unknown(f"reads `{name}`")
            what, boxed = SCALARS[kind]
            bound = 2.0**31 if what == "int" else float("inf")
            self.given[name] = Value(name, what, -bound, bound, boxed=boxed, simple=True)
        return self.given[name]

    def temp(self, wanted: str, text: str) -> str:
        return super().temp(f"new_{array_of(wanted)}" if wanted.startswith(OUT) else wanted, text)

    def outside(self, name: str) -> Value:
        if self.depth:
            raise Unknown(f"reads `{name}` in a function")
        known = self.number(name)
        if name not in self.scalars_of:
            self.scalars_of[name] = self.fresh(name)
        return replace(known, text=self.scalars_of[name])

    def index(self, name: str) -> Value | None:
        """The variable of a loop as an array of whole numbers."""
        for level, axis in enumerate(self.axes):
            if axis.var == name:
                known = self.shapes.get(level)
                if known is None:
                    known = self.fresh(name)
                    first = "" if axis.low == "0" else f"{axis.low}, "
                    text = f"{self.np}.arange({first}{axis.high})"
                    self.lines.append(f"{known} = {text}{self.upright(level)}")
                    self.shapes[level] = known
                return Value(known, "int", 0.0 if axis.low.isdigit() else -(2.0**31), 2.0**31, boxed=True, simple=True)
        return None

    def upright(self, level: int) -> str:
        """The index that gives a one-dimensional array its place among the axes."""
        parts = [":" if d == level else "None" for d in range(level, self.depth_of_all)]
        return "" if len(parts) == 1 else f"[{', '.join(parts)}]"

    def place(self, node: ast.expr) -> Place | None:
        """The place that `X[i, j]` or `X[i][j]` names, where `X` is an array from before the loop."""
        parts: list[ast.expr] = []
        while isinstance(node, ast.Subscript):
            here = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            parts[:0] = here
            if isinstance(node.slice, ast.Tuple) and isinstance(node.value, ast.Subscript):
                return None
            node = node.value
        if not isinstance(node, ast.Name) or not parts:
            return None
        held = self.arrays.get(node.id)
        if held is None or held.ndim != len(parts) or node.id in self.bound:
            return None
        index: list[tuple[int, int | str]] = []
        for part in parts:
            base, by = _shift(part)
            level = self.levels.get(base.id) if isinstance(base, ast.Name) else None
            if level is not None:
                index.append((level, by))
            elif (fixed := self.fixed_index(part)) is not None:
                index.append((-1, fixed))
            else:
                return None
        if len({a for a, _ in index if a >= 0}) < sum(a >= 0 for a, _ in index):
            return None  # a diagonal
        return Place(node.id, tuple(index))

    def fixed_index(self, part: ast.expr) -> str | None:
        """An index that is the same in all rounds."""
        base, by = _shift(part)
        if isinstance(base, ast.Constant) and type(base.value) is int and abs(base.value) < 2**31 and not by:
            return str(base.value)
        if isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.USub) and isinstance(part.operand, ast.Constant):
            return f"-{part.operand.value}" if type(part.operand.value) is int else None
        if not isinstance(base, ast.Name) or base.id in self.bound:
            return None
        if {f.type for f in self.numbers.get(base.id, ())} != {"builtins.int"}:
            return None
        name = self.number(base.id).text
        return f"{name} {'+' if by > 0 else '-'} {abs(by)}" if by else name

    def element(self, place: Place) -> Value:
        """The elements that a place names, in all rounds."""
        held = self.arrays[place.array]
        self.used[place.array] = held
        parts = []
        for dimension, (level, by) in enumerate(place.index):
            size = f"len({place.array})" if held.ndim == 1 else f"{place.array}.shape[{dimension}]"
            if isinstance(by, str):
                parts.append(by)
                self.tests[f"-{size} <= {by} < {size}"] = None
                continue
            if level >= len(self.axes):
                raise Unknown(f"reads {place.array} before its loop")
            axis = self.axes[level]
            parts.append(axis.shifted(by))
            if not axis.low.isdigit() or int(axis.low) + by < 0:
                self.tests[f"{_plus(axis.low, by)} >= 0"] = None
            end = _plus(axis.high, by)
            if not (by <= 0 and (axis.high, size) in self.sizes):
                self.tests[f"{end} <= {size}"] = None
        text = f"{place.array}[{', '.join(parts)}]"
        axes = list(place.axes)
        if axes != sorted(axes):
            text += ".T" if len(axes) == 2 else f".transpose({', '.join(str(axes.index(a)) for a in sorted(axes))})"
        if axes:
            shown = [":" if d in axes else "None" for d in range(min(axes), self.depth_of_all)]
            if "None" in shown:
                text += f"[{', '.join(shown)}]"
        bound = self.limit if held.kind == "int" else float("inf")
        return Value(text, held.kind, -bound, bound, boxed=held.listed, simple=True)

    def expr(self, node: ast.expr, env: dict[str, Any], path: Path) -> Value:
        if isinstance(node, ast.Name) and not self.depth:
            if isinstance(env.get(node.id), Pending):
                raise Unknown(f"reads {node.id} while it is added up")
            if node.id not in env and (index := self.index(node.id)) is not None:
                return index
        if isinstance(node, ast.Subscript) and not self.depth:
            return self.read(node, env)
        return super().expr(node, env, path)

    def read(self, node: ast.Subscript, env: dict[str, Any]) -> Value:
        place = self.place(node)
        if place is None:
            raise Unknown(f"reads {ast.unparse(node)[:40]}")
        if place.array in self.written:
            self.one_place(place)
            known = env.get(place.key)
            if isinstance(known, Pending) or place.array in self.closed:
                raise Unknown(f"reads {place.array} while it is added up, or later")
            if isinstance(known, Value):
                return known
            if set(place.axes) != set(range(len(self.axes))):
                raise Unknown(f"reads {place.array}, which other rounds write")
        return self.element(place)

    def one_place(self, place: Place) -> None:
        """An array that is written is only ever looked at in one place."""
        if self.places.setdefault(place.array, place) != place or not place.axes:
            raise Unknown(f"other elements of {place.array} are read or written")

    # ---- statements

    def block(self, body: Sequence[ast.stmt], env: dict[str, Any], path: Path, returns: list[_Return]) -> State:
        for n, stmt in enumerate(body):
            if self.depth:
                return super().block(body, env, path, returns)
            done = self.element_statement(stmt, env, path, returns)
            if done is not None:
                env = done
                continue
            state = super().block([stmt], env, path, returns)
            if state is None:
                if body[n + 1 :]:
                    raise Unknown("statements that are never reached")
                return None
            path, env = state
        return path, env

    def element_statement(
        self, stmt: ast.stmt, env: dict[str, Any], path: Path, returns: list[_Return]
    ) -> dict[str, Any] | None:
        """A statement that only loops over elements have: the names after it, or None for any other statement."""
        if isinstance(stmt, ast.For) and not self.short(stmt):
            return self.around(stmt, env, path, returns)
        if isinstance(stmt, (ast.AugAssign, ast.Assign)):
            grows = _addition(stmt)
            if grows is not None:
                key = self.key(grows[0])
                if key is not None and isinstance(env.get(key), Pending):
                    self.add(key, stmt, grows[1], grows[2], env, path)
                    return env
        if isinstance(stmt, ast.AugAssign) and isinstance(stmt.target, ast.Subscript):
            load = _loaded(stmt.target)
            return self.store(stmt.target, ast.BinOp(load, stmt.op, stmt.value), env, path)
        if isinstance(stmt, ast.Assign) and len(stmt.targets) == 1 and isinstance(stmt.targets[0], ast.Subscript):
            return self.store(stmt.targets[0], stmt.value, env, path)
        if isinstance(stmt, ast.Expr) and isinstance(stmt.value, ast.Call) and (name := _appended(stmt.value)):
            if name in self.numbers and name not in self.bound and name not in self.arrays or _listed(self, name):
                self.append(name, stmt.value.args[0], env, path)
                return env
        return None

    def short(self, stmt: ast.For) -> bool:
        """Is it a loop over a few items, to be written out?"""
        return isinstance(stmt.iter, (ast.Tuple, ast.List))

    def key(self, target: ast.expr) -> str | None:
        if isinstance(target, ast.Name):
            return target.id
        place = self.place(target)
        return None if place is None else place.key

    def store(self, target: ast.Subscript, value: ast.expr, env: dict[str, Any], path: Path) -> dict[str, Any]:
        place = self.place(target)
        if place is None or place.array in self.closed:
            raise Unknown(f"writes {ast.unparse(target)[:40]}")
        self.one_place(place)
        held = self.arrays[place.array]
        if set(place.axes) != set(range(len(self.axes))) or isinstance(env.get(place.key), Pending):
            raise Unknown("writes one element in several rounds")
        new = self.fitting(held, self.expr(value, env, path))
        self.used[place.array] = held
        env = dict(env)
        if place.key not in env:
            env[place.key] = self.element(place)
        self.spot(place)
        env[place.key] = self.named(place.key, new)
        return env

    def merged(self, cond: str, a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
        for mine, other in ((a, b), (b, a)):
            for key in mine.keys() - other.keys():
                if key.startswith(OUT):
                    other[key] = self.element(self.places[array_of(key)])
        waiting = {k: v for k, v in a.items() if isinstance(v, Pending)}
        rest_a, rest_b = ({k: v for k, v in x.items() if k not in waiting} for x in (a, b))
        out = {**super().merged(cond, rest_a, rest_b), **waiting}
        for key in rest_a:
            if key.startswith(OUT):
                if key not in out:
                    raise Unknown("an element of one of several kinds")
                out[key] = self.fitting(self.arrays[array_of(key)], out[key])
        return out

    def fitting(self, held: Held, value: Value) -> Value:
        """`value` as an element of `held` gives it back."""
        if held.listed:
            if value.kind != held.kind or value.boxed is not True:
                raise Unknown(f"{held.name} would hold other types")
            return value
        if held.kind == "float" and value.kind in ("int", "mixed"):
            if max(-value.low, value.high) > 2**53:
                raise Unknown("an integer too large for a float")
            return Value(f"{value.atom} * 1.0", "float", boxed=False)
        if held.kind != value.kind:
            raise Unknown(f"{held.name} would have to convert")
        return replace(value, boxed=False)

    # ---- sums

    def added(self, stmt: ast.For) -> dict[str, ast.expr]:
        """What this loop adds up: names and places that it only ever adds to."""
        found: dict[str, ast.expr] = {}
        level = len(self.axes) - 1
        inside = [n for s in stmt.body for n in ast.walk(s)]
        grown = {id(g[0]) for n in inside if isinstance(n, (ast.AugAssign, ast.Assign)) and (g := _addition(n))}
        anew = {n.id for n in inside if isinstance(n, ast.Name) and _stores(n) and id(n) not in grown}
        anew |= names.bound([stmt.target])
        for n in inside:
            grows = _addition(n) if isinstance(n, (ast.AugAssign, ast.Assign)) else None
            if grows is None:
                continue
            target = grows[0]
            if isinstance(target, ast.Name):
                if target.id not in anew:
                    found[target.id] = target
            else:
                place = self.place(target)
                if place is not None and level not in place.axes and place.axes:
                    found[place.key] = target
        return found

    def open_sum(self, key: str, start: Any, target: ast.expr, level: int) -> None:
        if isinstance(start, Fixed):
            start = self.value(start)
        if start is None and isinstance(target, ast.Name):
            if level:
                raise Unknown("added up over several loops")
            bound, self.bound = self.bound, self.bound - {target.id}
            try:
                start = self.number(target.id)
            finally:
                self.bound = bound
        elif start is None:
            place = self.place(target)
            assert place is not None
            self.one_place(place)
            if place.array in self.closed:
                raise Unknown("added up in several loops")
            held = self.arrays[place.array]  # its elements are looked at when all their loops are open
            start = Value("", held.kind, boxed=held.listed)
        if not isinstance(start, Value) or start.kind not in ("float", "int"):
            raise Unknown("adds up something that is no number")
        self.sums.append(Sum(key, start, level))

    def add(self, key: str, stmt: ast.stmt, value: ast.expr, sign: str, env: dict[str, Any], path: Path) -> None:
        total = next(s for s in reversed(self.sums) if s.name == key)
        shape = tuple(a.size for a in self.axes)
        place = self.places[array_of(key)] if key.startswith(OUT) else None
        if place is not None:
            if set(place.axes) | {total.level} != set(range(len(self.axes))):
                raise Unknown("added up over several loops")
            self.spot(place)
            if not total.start.text:
                total.start = self.element(place)
        elif len(self.axes) - 1 > total.level > 0:
            raise Unknown("added up over several loops")
        if total.shape not in ((), shape):
            raise Unknown("added up in several loops")
        total.shape = shape
        got = self.expr(value, env, path)
        if got.kind not in ("int", "float"):
            raise Unknown("adds up something that is no number")
        if any(not _apart(self.source.tree, stmt, other) for other in total.spots):
            raise Unknown("several additions in one round")
        total.spots.append(stmt)
        if sign == "-":
            got = replace(got, text=f"-{got.atom}", low=-got.high, high=-got.low, simple=False)
        total.terms.append((path.text, got))
        if sign == "+" and not path.text and (place is None or place.axes == (0, 1)):
            total.factors = self.factors(value, total, env)

    def factors(self, value: ast.expr, total: Sum, env: dict[str, Any]) -> tuple[Place, Place] | None:
        """The matrices whose product the innermost of three loops adds up."""
        if total.level != 2 or not isinstance(value, ast.BinOp) or not isinstance(value.op, ast.Mult):
            return None
        sides = [self.place(n) if isinstance(n, ast.Subscript) else None for n in (value.left, value.right)]
        for left, right in (sides, sides[::-1]):
            if left is None or right is None or {left.array, right.array} & self.written:
                return None
            if set(left.axes) == {0, 2} and set(right.axes) == {1, 2}:
                both = (self.arrays[left.array], self.arrays[right.array])
                return (left, right) if all(h.kind == "float" and not h.listed for h in both) else None
        return None

    def product(self, factors: tuple[Place, Place], start: str) -> str:
        """`start` and a product of matrices, which may be rounded otherwise than the sums of the loop."""
        texts = []
        for place, wanted in zip(factors, ((0, 2), (2, 1)), strict=True):
            parts = [by if isinstance(by, str) else self.axes[level].shifted(by) for level, by in place.index]
            texts.append(f"{place.array}[{', '.join(parts)}]{'' if place.axes == wanted else '.T'}")
        self.rounding = self.uses_product = True
        return f"{self.multiplied}({start}, {', '.join(texts)})[:, :, None]"

    def close_sum(self, total: Sum) -> Result:
        """What has been added up, one after the other, and whether anything was."""
        start, terms = total.start, total.terms
        if not terms:
            raise Unknown("nothing is added up")
        whole = {v.kind for _, v in terms} == {"int"} and start.kind == "int"
        place = self.places.get(array_of(total.name)) if total.name.startswith(OUT) else None
        boxes = {v.boxed for _, v in terms}
        if place is None and (None in boxes | {start.boxed} or len(boxes) > 1):
            raise Unknown("a sum of one of several types")
        boxed = boxes | {start.boxed} == {True}
        masks = [m for m, _ in terms]
        hit = "" if "" in masks else " | ".join(f"({m})" for m in masks)
        if total.level and hit and place is None and (start.boxed is not boxed or start.kind == "int" and not whole):
            raise Unknown("a sum whose type depends on the rounds")
        text = self.chosen_terms(terms, "0" if whole else "-0.0")  # adding that changes nothing
        shape = _shape(total.shape, self.depth_of_all)
        axis = None if place is None and len(total.shape) - 1 > total.level else total.level
        one = not total.level and place is None
        if whole:
            if max(max(-v.low, v.high) for _, v in terms) > 2**31 or max(-start.low, start.high) > 2**53:
                raise Unknown("a sum of integers that may leave 64 bits")
            added = f"{self.np}.broadcast_to({text}, {shape}).sum({'' if one else f'axis={axis}, keepdims=True'})"
            summed = f"{start.atom} + {added}"
            if one:
                summed = f"{'int' if boxed else f'{self.np}.int64'}({summed})"
            value = Value(summed, "int", -(2.0**62), 2.0**62, boxed=boxed, simple=one)
        else:
            if start.kind == "int" and place is not None:
                raise Unknown("a sum of floats in integers")
            summed = f"{self.running}({start.text}, {text}, {shape}, {axis})"
            if total.factors is not None:
                summed = self.product(total.factors, start.text)
            self.uses_running |= total.factors is None
            if one:
                summed = f"{'float' if boxed else f'{self.np}.float64'}({summed}.item())"
            value = Value(summed, "float", boxed=boxed and place is None, simple=True)
        value = self.named(total.name, value)
        same = start.kind == value.kind and start.boxed is boxed
        hit = self.temp("any_round", f"{self.np}.any({hit})") if hit and one and not same else ""
        return Result(total.name, value, hit)

    def chosen_terms(self, terms: Sequence[tuple[str, Value]], none: str) -> str:
        if len(terms) == 1:
            ((mask, value),) = terms
            return f"{self.np}.where({mask}, {value.text}, {none})" if mask else value.text
        masks, values = (", ".join(x) for x in (([m or "True" for m, _ in terms]), [v.text for _, v in terms]))
        return f"{self.np}.select([{masks}], [{values}], {none})"

    multiplied = "_matrix_product"
    uses_product = False
    running = "_added_up"
    uses_running = False

    def append(self, name: str, node: ast.expr, env: dict[str, Any], path: Path) -> None:
        if len(self.axes) != 1 or self.depth_of_all != 1:
            raise Unknown("appends in an inner loop")
        value = self.expr(node, env, path)
        if value.boxed is None or value.kind not in ("float", "int"):
            raise Unknown("a list of several types")
        mine = self.grown.setdefault(name, [])
        if any(not _apart(self.source.tree, node, other) for _, _, other in mine):
            raise Unknown("several items in one round")
        if any((v.kind, v.boxed) != (value.kind, value.boxed) for _, v, _ in mine):
            raise Unknown("a list of several types")
        mine.append((path.text, self.named(name, value), node))

    def items(self, name: str) -> str:
        """The new items of a list, as an array."""
        terms = [(mask, value) for mask, value, _ in self.grown[name]]
        masks = [m for m, _ in terms]
        text = self.chosen_terms(terms, terms[0][1].text) if len(terms) > 1 else terms[0][1].text
        text = f"{self.np}.broadcast_to({text}, {self.products[0][0]})"
        kept = " | ".join(f"({m})" if len(masks) > 1 else m for m in masks)
        return text if "" in masks else f"{text}[{self.np}.broadcast_to({kept}, {self.products[0][0]})]"


def _shape(sizes: Sequence[str], depth: int) -> str:
    sizes = [*sizes, *["1"] * (depth - len(sizes))]
    return f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"


def _inner_loops(v: LoopVectoriser, body: Sequence[ast.AST]) -> list[ast.For]:
    """The loops within statements that get an axis, but not those within them."""
    found: list[ast.For] = []
    for n in body:
        if isinstance(n, ast.For) and not v.short(n):
            found.append(n)
        else:
            found += _inner_loops(v, list(ast.iter_child_nodes(n)))
    return found


def _depth(v: LoopVectoriser, stmt: ast.For) -> int:
    return 1 + max((_depth(v, n) for n in _inner_loops(v, stmt.body)), default=0)


def _levels(v: LoopVectoriser, stmt: ast.For, level: int) -> dict[str, int]:
    """The level of each loop with a number for a variable, outer ones first."""
    target, over = stmt.target, stmt.iter
    call = over.func.id if isinstance(over, ast.Call) and isinstance(over.func, ast.Name) else ""
    if call == "enumerate" and isinstance(target, ast.Tuple):
        target = target.elts[0]
    found = {target.id: level} if isinstance(target, ast.Name) and call in ("range", "enumerate") else {}
    for inner in _inner_loops(v, stmt.body):
        for name, at in _levels(v, inner, level + 1).items():
            if found.setdefault(name, at) != at:
                raise Unknown("two loops with one variable")
    return found


def _shift(node: ast.expr) -> tuple[ast.expr, int]:
    """`(i, 1)` for `i + 1`, `1 + i` and so on; `(e, 0)` for any other expression."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        base, step = node.left, node.right
        if isinstance(base, ast.Constant) and isinstance(node.op, ast.Add):
            base, step = step, base
        if isinstance(step, ast.Constant) and type(step.value) is int and 0 <= step.value < 2**20:
            return base, step.value if isinstance(node.op, ast.Add) else -step.value
    return node, 0


def _base(node: ast.expr) -> str:
    while isinstance(node, ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def array_of(key: str) -> str:
    return key.removeprefix(OUT).split("(")[0]


def _loaded(target: ast.Subscript) -> ast.expr:
    new = ast.parse(ast.unparse(target), mode="eval").body
    return new


def _addition(stmt: ast.AST) -> tuple[ast.expr, ast.expr, str] | None:
    """`(x, e, "+")` for `x += e`, `x = x + e` and `x = e + x`; "-" for a subtraction."""
    if isinstance(stmt, ast.AugAssign) and isinstance(stmt.op, (ast.Add, ast.Sub)):
        return stmt.target, stmt.value, "+" if isinstance(stmt.op, ast.Add) else "-"
    if isinstance(stmt, ast.Assign) and len(stmt.targets) == 1 and isinstance(stmt.value, ast.BinOp):
        target, value = stmt.targets[0], stmt.value
        same = ast.unparse(target)
        if isinstance(value.op, (ast.Add, ast.Sub)) and ast.unparse(value.left) == same:
            return target, value.right, "+" if isinstance(value.op, ast.Add) else "-"
        if isinstance(value.op, ast.Add) and ast.unparse(value.right) == same:
            return target, value.left, "+"
    return None


def _stores(n: ast.Name) -> bool:
    return not isinstance(n.ctx, ast.Load)


def _appended(call: ast.Call) -> str:
    f = call.func
    if isinstance(f, ast.Attribute) and f.attr == "append" and len(call.args) == 1 and not call.keywords:
        return f.value.id if isinstance(f.value, ast.Name) and not isinstance(call.args[0], ast.Starred) else ""
    return ""


def _listed(v: LoopVectoriser, name: str) -> bool:
    return {f.type for f in v.numbers.get(name, ())} == {"builtins.list"} and name not in v.bound


def _apart(tree: ast.AST, a: ast.AST, b: ast.AST) -> bool:
    """Are two statements in different branches of one `if`, so that no round runs both?"""
    for n in ast.walk(tree):
        if isinstance(n, ast.If):
            first = {id(x) for s in n.body for x in ast.walk(s)}
            second = {id(x) for s in n.orelse for x in ast.walk(s)}
            if (id(a) in first and id(b) in second) or (id(a) in second and id(b) in first):
                return True
    return False


__all__ = ["Axis", "Held", "LoopVectoriser", "Place", "Result"]
