"""Where frames that are only read go: through names, parts, groups, columns and functions of the file.

Every expression of a loop gets a kind: a frame or something made of one that may be stood in for, or nothing of the
sort. What stands in behaves like the real thing wherever it is read, so this only has to see that it goes nowhere
else: what hands it on is given the real thing (`given`), and where that could be seen, `Refused` is raised.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from hasten.core.source import SourceFile
from hasten.passes.source.columns.parts import OF_NUMPY
from hasten.passes.source.columns.stand_rows import COMPREHENSIONS, reads_from, rows_read
from hasten.passes.source.columns.syntax import (
    FunctionNode,
    bindings,
    defines,
    dotted,
    frame_attributes,
    functions_called,
    imported_as,
    in_fstring,
    only_def,
    only_parameter,
    parents,
    scope_of,
    series_attributes,
    string,
)

if TYPE_CHECKING:
    from hasten.passes.source.columns.stand_apart import Apart

FRAME, COLUMN, ROW, EITHER, GROUPS, CELLS = "frame", "column", "row", "frame, row or column", "groups", "cells"
PLAIN_KINDS = frozenset({FRAME, COLUMN, ROW, EITHER})
Kind: TypeAlias = "str | tuple[Kind, ...] | None"
LOOKS = frozenset(
    {"index", "columns", "dtypes", "shape", "size", "empty", "values", "str", "dt", "cat", "ndim", "name", "dtype"}
    | {"T", "axes", "hasnans", "is_unique", "is_monotonic_increasing", "is_monotonic_decreasing", "plot", "nbytes"}
)
INDEXERS = frozenset({"loc", "iloc", "at", "iat"})
# what makes a frame of a frame, a column of a column
MAKES = frozenset(
    {"sample", "copy", "head", "tail", "sort_values", "reset_index", "merge", "dropna", "abs"}
    | {"isin", "between", "isna", "notna", "clip", "fillna"}
)
ARRAYS = frozenset({"values", "array", "to_numpy"})  # may show the memory of a column, which is written to
CHANGES = frozenset({"insert", "pop", "update", "isetitem", "set_flags", "pipe", "swaplevel", "info"})
FRAMES_NAMES = frozenset({"query", "eval"})  # look at the variables of whoever calls them
WALKS = frozenset({"len", "list", "tuple", "set", "frozenset", "sum", "sorted", "min", "max", "any", "all", "iter"})
TOGETHER = frozenset({"zip", "enumerate", "range", "reversed"})
REAL = frozenset({"float", "int", "abs", "round", "str", "repr", "print", "bool", "isinstance", "type", "dict", "map"})
# methods of other objects that read what they are given
READS = frozenset(
    {"fit", "transform", "fit_transform", "predict", "predict_proba", "score", "merge", "join", "corr", "isin", "map"}
    | {"format", "choice", "permutation", "mul", "add", "sub", "div", "dot", "cov", "reindex", "corrwith", "write"}
)
WRITES = frozenset({"shuffle", "put", "copyto", "place", "putmask", "fill_diagonal", "at"})
LOGIC = (ast.Compare, ast.BoolOp)
# functions of NumPy that give Series of Series, and how many they are given
UFUNCS = dict.fromkeys(("sqrt", "exp", "log", "log1p", "expm1", "abs", "absolute", "square"), 1)
UFUNCS |= {"maximum": 2, "minimum": 2}


class Refused(Exception):
    """Something goes where it could be seen that it only stands in for a frame; the message says where."""

    def __init__(self, node: ast.AST, why: str) -> None:
        super().__init__(f"line {getattr(node, 'lineno', 0)}: {why}")


@dataclass
class Unit:
    """Statements of one scope, with the kinds of its names and of what it returns. `home` is None at module level."""

    home: FunctionNode | None
    body: Sequence[ast.stmt]
    names: dict[str, Kind] = field(default_factory=dict)
    returns: Kind = None
    outermost: bool = False
    takes: bool = False  # gives a name what may be a Series of pandas' own
    whole: dict[str, bool] = field(default_factory=dict)  # parameters that every call gives a whole number
    reads: bool = False  # reads a frame by its name in the module


class Flow:
    """Follows frames from `roots` through `loop`. `given` are expressions whose place takes the real thing,
    `names` the variables around the loop that may hold a stand-in, `functions` those that may be given one."""

    def __init__(
        self,
        source: SourceFile,
        loop: ast.stmt,
        roots: Iterable[str],
        series: frozenset[str] = frozenset(),
        applies: bool = True,
        carried: Mapping[str, bool] | None = None,
    ) -> None:
        known_frame, known_series = frame_attributes(), series_attributes()
        if known_frame is None or known_series is None:
            raise Refused(loop, "pandas is not here")
        self.source, self.loop, self.roots = source, loop, frozenset(roots)
        self.kinds: dict[str, Kind] = {root: COLUMN if root in series else FRAME for root in self.roots}
        self.asked: dict[str, tuple[str, ...]] = {}  # parameters that are called, and the functions they may be
        self.attributes, self.of_series = known_frame | known_series, known_series
        self.up = parents(source)
        self.numpy = imported_as(source, "numpy")
        self.modules = _imported(source.tree)
        scope = scope_of(source, loop)
        home = scope if isinstance(scope, (ast.FunctionDef, ast.AsyncFunctionDef)) else None
        # names of Series that go on from round to round, and whether they are some then (None: Series stay as they are)
        self.carried = carried
        self.top = Unit(home, [loop], dict(self.kinds), outermost=True)
        self.top.names |= {name: COLUMN for name, found in (carried or {}).items() if found}
        self.taken: dict[ast.expr, None] = {}  # expressions whose Series is stood in for, as the name's others are
        self.named: dict[str, None] = {}  # names of what is handed on, though the name stays
        self.units: dict[ast.AST | None, Unit] = {}
        self.shadows = self.readers()
        self.given: dict[ast.expr, None] = {}
        self.valued: dict[ast.expr, None] = {}  # columns that are asked for one of their values
        self.beside: dict[ast.expr, str] = {}  # what is written into a column of this name, and where
        self.written: dict[tuple[int, str], tuple[Unit, ast.AST]] = {}  # columns that are written into
        self.apart: dict[str, Apart] = {}  # frames that the loop writes into, in columns that it does not read
        self.beside_it: dict[str, None] = {}  # what is written into, and must be no frame that is stood in for
        self.stored: set[tuple[int, str]] = set()
        self.handed: set[tuple[int, str]] = set()
        self.applies, self.applied = applies, False  # whether functions of groups get stand-ins
        self.parts = 0  # places where pandas would make a frame or a Series
        self.changed = True
        for _ in range(20):
            if not self.changed:
                break
            self.changed, self.parts = False, 0
            self.given.clear()
            self.beside.clear()
            self.valued.clear()
            self.taken.clear()
            self.named.clear()
            for unit in [self.top, *self.units.values()]:
                for stmt in unit.body:
                    self.statement(stmt, unit)
        else:
            raise Refused(loop, "too tangled")
        if self.stored & self.handed:
            raise Refused(loop, "what is written is handed on as well")
        for (_, name), (unit, at) in self.written.items():
            if not written_alone(self, unit, name):
                raise Refused(at, "writes into a column that others may hold")
        if any(unit.takes and unit.returns is not None for unit in self.units.values()):
            raise Refused(loop, "a function gives what it took for a Series")
        if any(self.names_an_index(top) for top in [loop, *functions_called(source, [loop])]):
            raise Refused(loop, "writes into an index")
        for unit in self.units.values():
            if unit.reads and unit.returns is not None and not self.called_by_name(unit):
                raise Refused(loop, "a function that is called in an unknown way gives a frame")

    @property
    def names(self) -> frozenset[str]:
        return frozenset(n for n, kind in self.top.names.items() if kind is not None and n not in self.roots)

    @property
    def restored(self) -> list[str]:
        """Names that go on from round to round: stood in for before the loop, and the real thing after it."""
        return sorted(n for n in self.carried or () if n in self.names)

    @property
    def functions(self) -> list[FunctionNode]:
        return [u.home for u in self.units.values() if u.home is not None]

    # ---- functions that read a frame by its name in the module

    def readers(self) -> bool:
        """Whether there are any: they become units of their own, whoever calls them."""
        roots = {r for r in self.roots if "." not in r}
        home = self.top.home
        for f in functions_called(self.source, [self.loop]):
            read = {n.id for n in ast.walk(f) if isinstance(n, ast.Name) and n.id in roots}
            if home is not None:
                read = {name for name in read if f is not home and reads_from(self.source, f, name, home)}
            if not read:
                continue
            if any(isinstance(n, (ast.Global, ast.Nonlocal)) and roots & set(n.names) for n in ast.walk(f)):
                raise Refused(f, "binds the frame's name")
            names = {name: self.kinds[name] for name in read if not bindings(f, name)}
            if names:
                if any(isinstance(n, (ast.Yield, ast.YieldFrom, ast.Await)) for n in ast.walk(f)):
                    raise Refused(f, "a generator reads the frame")
                around = scope_of(self.source, f)
                if home is not None and (around is not home or f.decorator_list or f in set(ast.walk(self.loop))):
                    raise Refused(f, "a function reads the frame in an unknown way")
                if home is None and around is not self.source.tree and not isinstance(self.up.get(f), ast.ClassDef):
                    raise Refused(f, "a function within another one reads the frame")
                self.units[f] = Unit(f, f.body, names, reads=True)
        if self.units:
            self.no_others(home or self.source.tree, roots)
        return bool(self.units)

    def no_others(self, home: ast.AST, roots: set[str]) -> None:
        """Refuses what nobody names in the loop, and could read what stands in all the same: lambdas, generators, and
        functions within the one around the loop."""
        kinds: tuple[type[ast.AST], ...] = (ast.Lambda, ast.GeneratorExp)
        kinds += () if isinstance(home, ast.Module) else (ast.FunctionDef, ast.AsyncFunctionDef)
        known = {n for top in (self.loop, *self.units) if top is not None for n in ast.walk(top)}
        for n in ast.walk(home):
            if isinstance(n, kinds) and n is not home and n not in known:
                if any(reads_from(self.source, n, name, home) for name in roots):
                    raise Refused(n, "another function reads the frame")

    def meant(self, f: ast.Name) -> FunctionNode | None:
        """The one function of the file, or of the function around the loop, that the name means."""
        function = only_def(self.source, f.id)
        if function is not None:
            return function
        found = [u.home for u in self.units.values() if u.reads and u.home is not None and u.home.name == f.id]
        return found[0] if len(found) == len(bindings(self.source.tree, f.id)) == 1 else None

    def called_by_name(self, unit: Unit) -> bool:
        assert unit.home is not None
        name = unit.home.name
        if only_def(self.source, name) is not unit.home and len(bindings(self.source.tree, name)) != 1:
            return False
        for n in ast.walk(self.source.tree):
            if isinstance(n, ast.Attribute) and n.attr == name:
                return False
            if isinstance(n, ast.Name) and n.id == name:
                p = self.up.get(n)
                if not (isinstance(p, ast.Call) and p.func is n):
                    return False
        return True

    def may_be(self, name: str) -> list[FunctionNode] | None:
        """The functions that a parameter of the function around the loop is given, by every call in the file."""
        home = self.top.home
        if home is None or only_def(self.source, home.name) is not home or len(bindings(home, name)) != 1:
            return None
        names = [x.arg for x in (*home.args.posonlyargs, *home.args.args)]
        if name not in names or home.args.defaults and name in names[-len(home.args.defaults) :]:
            return None
        found: dict[str, FunctionNode] = {}
        for n in ast.walk(self.source.tree):
            if not (isinstance(n, ast.Name) and n.id == home.name and isinstance(n.ctx, ast.Load)):
                continue
            call = self.up.get(n)
            if not (isinstance(call, ast.Call) and call.func is n):
                return None
            place = names.index(name)
            by_name = [k.value for k in call.keywords if k.arg == name]
            given = by_name[0] if by_name else call.args[place] if place < len(call.args) else None
            function = only_def(self.source, given.id) if isinstance(given, ast.Name) else None
            if function is None or not isinstance(given, ast.Name):
                return None
            found[given.id] = function
        self.asked[name] = tuple(sorted(found))
        return list(found.values())

    # ---- names

    def note(self, unit: Unit, name: str, kind: Kind, node: ast.AST) -> None:
        if kind is None:
            return
        if unit.outermost and name in self.roots:
            raise Refused(node, f"{name} is bound again")
        old = unit.names.get(name)
        new = joined(old, kind, node)
        if new != old:
            unit.names[name] = new
            self.changed = True

    def bind(self, target: ast.expr, kind: Kind, unit: Unit, value: ast.expr | None = None) -> None:
        if isinstance(target, ast.Name):
            if kind is None and unit.names.get(target.id) is not None and self.carried is not None:
                self.take(target, unit, value)
            self.note(unit, target.id, kind, target)
        elif isinstance(target, (ast.Tuple, ast.List)):
            if kind in (GROUPS, CELLS):
                raise Refused(target, "groups are unpacked")
            kinds: Sequence[Kind] = [None] * len(target.elts)
            if isinstance(kind, tuple):
                if len(kind) != len(target.elts) or any(isinstance(t, ast.Starred) for t in target.elts):
                    raise Refused(target, "unpacks something of another length")
                kinds = kind
            for t, k in zip(target.elts, kinds, strict=True):
                self.bind(t.value if isinstance(t, ast.Starred) else t, k, unit)
        elif isinstance(target, (ast.Subscript, ast.Attribute)):
            self.store(target, kind, unit, value)
        elif kind is not None:
            raise Refused(target, "is bound in an unknown way")

    def take(self, target: ast.Name, unit: Unit, value: ast.expr | None) -> None:
        """The name gets something unknown here, and a stand-in elsewhere: if it is a Series, that is stood in for."""
        p = self.up.get(target)
        alone = isinstance(p, ast.Assign) and p.targets == [target] or isinstance(p, ast.AnnAssign)
        if not alone or value is None or in_fstring(self.source, value) is not None:
            raise Refused(target, "gets a Series in an unknown way")
        if not isinstance(value, ast.Constant):
            self.taken[value] = None
            unit.takes = True

    def store(self, target: ast.Subscript | ast.Attribute, kind: Kind, unit: Unit, value: ast.expr | None) -> None:
        base = target.value
        inner = base.value if isinstance(base, ast.Attribute) and base.attr in INDEXERS else base
        into = self.expr(inner, unit)
        if isinstance(target, ast.Subscript):
            self.key(target.slice, unit, raw=into is not None)
        if into is not None:
            column = into in (COLUMN, EITHER) and inner is base and value is not None
            if (
                not (into == FRAME or column)
                or not isinstance(inner, ast.Name)
                or not isinstance(target, ast.Subscript)
            ):
                raise Refused(target, "writes into something made of a frame")  # or into an object's frame
            if isinstance(kind, tuple) or kind in (GROUPS, CELLS):
                raise Refused(target, "writes something unknown")
            self.stored.add((id(unit), inner.id))
            if column and value is not None:
                if isinstance(target.slice, (ast.Slice, ast.Tuple)):
                    raise Refused(target, "writes into a part of a column")
                self.written[id(unit), inner.id] = unit, target
                self.beside[target.slice] = self.beside[value] = inner.id
        elif kind is not None:
            if value is None or isinstance(kind, tuple):
                raise Refused(target, "hands a frame on")
            self.hand(value, kind, unit)

    def names_an_index(self, top: ast.AST) -> bool:
        """Whether something may write into an index, which columns of stand-ins share."""
        nodes = list(ast.walk(top))
        if not any(isinstance(n, ast.Attribute) and n.attr in ("index", "axes") for n in nodes):
            return False
        stores = any(
            isinstance(n, ast.Attribute) and n.attr in ("name", "names") and not isinstance(n.ctx, ast.Load)
            for n in nodes
        )
        return stores or any(isinstance(n, ast.keyword) and n.arg == "inplace" for n in nodes)

    # ---- statements

    def statement(self, s: ast.stmt, unit: Unit) -> None:
        if isinstance(s, ast.Assign):
            kind = self.expr(s.value, unit)
            for target in s.targets:
                self.bind(target, kind, unit, s.value)
        elif isinstance(s, ast.AnnAssign):
            if s.value is not None:
                self.bind(s.target, self.expr(s.value, unit), unit, s.value)
        elif isinstance(s, ast.AugAssign):
            kind = self.expr(s.value, unit)
            if isinstance(s.target, ast.Name):
                if unit.names.get(s.target.id) is not None:
                    raise Refused(s, "changes what is made of a frame in place")
                self.hand(s.value, kind, unit, named=True)
            else:
                self.store(s.target, kind, unit, s.value)
        elif isinstance(s, (ast.For,)):
            self.bind(s.target, self.items(s.iter, s.target, unit), unit)
            self.block([*s.body, *s.orelse], unit)
        elif isinstance(s, ast.While):
            self.test(s.test, unit)
            self.block([*s.body, *s.orelse], unit)
        elif isinstance(s, ast.If):
            self.test(s.test, unit)
            self.block([*s.body, *s.orelse], unit)
        elif isinstance(s, ast.Try):
            self.block([*s.body, *s.orelse, *s.finalbody], unit)
            for handler in s.handlers:
                self.block(handler.body, unit)
        elif isinstance(s, ast.Return):
            if s.value is not None:
                self.returned(s.value, self.expr(s.value, unit), unit)
        elif isinstance(s, ast.Expr):
            self.expr(s.value, unit)
        elif isinstance(s, ast.Delete):
            for target in s.targets:
                if isinstance(target, (ast.Subscript, ast.Attribute)):
                    self.store(target, None, unit, None)
        elif isinstance(s, ast.With):
            for item in s.items:
                if self.expr(item.context_expr, unit) is not None:
                    raise Refused(s, "a context made of a frame")
            self.block(s.body, unit)
        elif isinstance(s, ast.Assert):
            self.test(s.test, unit)
        elif isinstance(s, (ast.Pass, ast.Break, ast.Continue, ast.Import, ast.ImportFrom)):
            return
        elif isinstance(s, (ast.Global, ast.Nonlocal)):
            if any(unit.names.get(n) is not None for n in s.names):
                raise Refused(s, "a name that others see")
        elif any(isinstance(n, ast.Name) and unit.names.get(n.id) is not None for n in ast.walk(s)):
            raise Refused(s, "a statement of an unknown kind")

    def block(self, body: Iterable[ast.stmt], unit: Unit) -> None:
        for s in body:
            self.statement(s, unit)

    def test(self, node: ast.expr, unit: Unit) -> None:
        if isinstance(self.expr(node, unit), tuple):
            raise Refused(node, "a test of several")

    def returned(self, value: ast.expr, kind: Kind, unit: Unit) -> None:
        if unit.outermost:
            for one, k in _each(value, kind):
                self.hand(one, k, unit, named=True)
            return
        if unit.takes and kind is not None:
            raise Refused(value, "a function gives what it took for a Series")
        new = joined(unit.returns, kind, value) if kind is not None else unit.returns
        if new != unit.returns:
            unit.returns, self.changed = new, True

    def hand(self, node: ast.expr, kind: Kind, unit: Unit, named: bool = False) -> None:
        """The place of `node` takes the real thing. One that has a name may be seen to be another object later."""
        if kind is None:
            return
        if isinstance(kind, tuple) and isinstance(node, ast.Tuple):
            for one, k in _each(node, kind):
                self.hand(one, k, unit, named)
            return
        if isinstance(kind, tuple) or kind == CELLS or in_fstring(self.source, node) is not None:
            raise Refused(node, "hands a frame on")
        if not self.is_new(node, unit):
            held = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and unit.names.get(n.id) is not None}
            held |= {root for root in self.roots if unit.outermost and any(dotted(n) == root for n in ast.walk(node))}
            if held and not named:
                if self.carried is None or kind == FRAME or held & self.roots or not self.put_away(node):
                    raise Refused(node, "hands on a frame that has a name")
                self.named |= dict.fromkeys(held)
            self.handed |= {(id(unit), name) for name in held}
        self.given[node] = None

    def put_away(self, node: ast.expr) -> bool:
        """Whether it goes into a list, dict or the like that is made here, and nowhere else."""
        from hasten.passes.source.columns.stand_carried import is_container  # it builds on this module

        below: ast.expr = node
        at = self.up.get(node)
        while isinstance(at, (ast.Tuple, ast.List, ast.Dict, ast.Set)):
            below, at = at, self.up.get(at)
        if isinstance(at, ast.Assign) and at.value is below:
            into = [t.value if isinstance(t, ast.Subscript) else t for t in at.targets]
            stored = all(isinstance(t, ast.Subscript) for t in at.targets)
            return stored and all(isinstance(x, ast.Name) and is_container(self.source, x) for x in into)
        if not (isinstance(at, ast.Call) and isinstance(at.func, ast.Attribute) and below in at.args):
            return False
        base = at.func.value
        put = at.func.attr in ("append", "add", "insert", "appendleft", "setdefault")
        return put and isinstance(base, ast.Name) and is_container(self.source, base)

    def is_new(self, node: ast.expr, unit: Unit) -> bool:
        """True where nobody else can hold what the expression gives."""
        if dotted(node) in self.roots:
            return False
        if isinstance(node, ast.Subscript):
            return not isinstance(self.expr(node.value, unit), tuple)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            return self.expr(node.func.value, unit) is not None
        return isinstance(node, (ast.Attribute, ast.BinOp, ast.UnaryOp, ast.Compare))

    # ---- expressions

    def items(self, walked: ast.expr, target: ast.expr, unit: Unit) -> Kind:
        """The kind of what a loop over `walked` gives."""
        kind = self.expr(walked, unit)
        if self.walks_rows(walked, unit):
            return (None, ROW)
        if kind == GROUPS:
            if not (isinstance(target, (ast.Tuple, ast.List)) and len(target.elts) == 2):
                raise Refused(walked, "groups are not unpacked")
            return (None, FRAME)
        if isinstance(kind, tuple) or kind == CELLS:
            raise Refused(walked, "walks over something unknown")
        return None

    def walks_rows(self, n: ast.expr, unit: Unit) -> bool:
        """Whether it gives rows that arithmetic is done with."""
        if self.carried is None or not (isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)):
            return False
        plain = n.func.attr == "iterrows" and not n.args and not n.keywords
        return plain and self.expr(n.func.value, unit) in (FRAME, EITHER) and not self.stays(n, n.func.value, unit)

    def is_whole(self, n: ast.expr, unit: Unit, seen: frozenset[str] = frozenset()) -> bool:
        """True for what is a whole number, whatever happens."""
        match n:
            case ast.Constant():
                return type(n.value) is int
            case ast.UnaryOp(op=ast.USub()):
                return self.is_whole(n.operand, unit, seen)
            case ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult()):
                return self.is_whole(n.left, unit, seen) and self.is_whole(n.right, unit, seen)
            case ast.Call(func=ast.Name(id="len")):
                return not bindings(self.source.tree, "len")
            case ast.Name():
                if n.id in seen:
                    return True
                where: ast.AST = unit.home if unit.home is not None else self.source.tree
                bound = [b for b in bindings(where, n.id) if scope_of(self.source, b) is where]
                return bool(bound) and all(self.binds_whole(b, unit, seen | {n.id}) for b in bound)
        return False

    def binds_whole(self, b: ast.AST, unit: Unit, seen: frozenset[str]) -> bool:
        p = self.up.get(b)
        if isinstance(b, ast.arg):
            return unit.whole.get(b.arg, False) and unit.home is not None and scope_of(self.source, b) is unit.home
        if not isinstance(b, ast.Name) or p is None:
            return False
        if isinstance(p, ast.Assign) and b in p.targets:
            return self.is_whole(p.value, unit, seen)
        if isinstance(p, ast.AugAssign) and p.target is b and isinstance(p.op, (ast.Add, ast.Sub, ast.Mult)):
            return self.is_whole(p.value, unit, seen)
        if isinstance(p, (ast.For, ast.comprehension)) and p.target is b and isinstance(p.iter, ast.Call):
            f = p.iter.func
            return isinstance(f, ast.Name) and f.id == "range" and not bindings(self.source.tree, "range")
        return False

    def key(self, node: ast.expr, unit: Unit, raw: bool) -> Kind:
        if isinstance(node, ast.Slice):
            for end in (node.lower, node.upper, node.step):
                if end is not None:
                    self.key(end, unit, raw)
            return None
        if isinstance(node, ast.Tuple):
            for e in node.elts:
                self.key(e, unit, raw)
            return None
        kind = self.expr(node, unit)
        if isinstance(kind, tuple) or kind in (GROUPS, CELLS):
            raise Refused(node, "a key of an unknown kind")
        if not raw:
            self.hand(node, kind, unit, named=True)
        return kind

    def expr(self, n: ast.expr, unit: Unit) -> Kind:
        match n:
            case ast.Name():
                return unit.names.get(n.id)
            case ast.Constant():
                return None
            case ast.Subscript():
                return self.subscript(n, unit)
            case ast.Attribute():
                return self.attribute(n, unit)
            case ast.Call():
                return self.call(n, unit)
            case ast.BinOp():
                return self.binary(n, unit)
            case ast.UnaryOp():
                kind = self.expr(n.operand, unit)
                if isinstance(kind, tuple) or kind in (GROUPS, CELLS):
                    raise Refused(n, "an operation on something unknown")
                return None if isinstance(n.op, ast.Not) else made_of(kind)
            case ast.Compare():
                return self.compare(n, unit)
            case ast.BoolOp():
                return self.any_of(n.values, n, unit)
            case ast.IfExp():
                self.test(n.test, unit)
                return self.any_of((n.body, n.orelse), n, unit)
            case ast.NamedExpr():
                kind = self.expr(n.value, unit)
                self.bind(n.target, kind, unit)
                return kind
            case ast.Tuple():
                kinds = tuple(self.expr(e, unit) for e in n.elts)
                if any(isinstance(e, ast.Starred) and k for e, k in zip(n.elts, kinds, strict=True)):
                    raise Refused(n, "a starred item")
                return kinds if any(k is not None for k in kinds) else None
            case ast.List() | ast.Set():
                for e in n.elts:
                    self.hand(e, self.expr(e, unit), unit)
                return None
            case ast.Dict():
                for item in (*n.keys, *n.values):
                    if item is not None:
                        self.hand(item, self.expr(item, unit), unit)
                return None
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                return self.comprehension(n, unit)
            case ast.Lambda():
                a = n.args
                for p in (*a.posonlyargs, *a.args, *a.kwonlyargs, *filter(None, (a.vararg, a.kwarg))):
                    if unit.names.get(p.arg) is not None:
                        raise Refused(n, f"another {p.arg}")
                self.hand(n.body, self.expr(n.body, unit), unit, named=True)
                return None
            case ast.JoinedStr() | ast.FormattedValue():
                for e in n.values if isinstance(n, ast.JoinedStr) else (n.value,):
                    self.hand(e, self.expr(e, unit), unit)
                return None
            case ast.Starred():
                if self.expr(n.value, unit) not in (None, COLUMN):
                    raise Refused(n, "a starred frame")
                return None
            case _:
                if any(isinstance(x, ast.Name) and unit.names.get(x.id) is not None for x in ast.walk(n)):
                    raise Refused(n, "an expression of an unknown kind")
                return None

    def any_of(self, nodes: Iterable[ast.expr], at: ast.AST, unit: Unit) -> Kind:
        kind: Kind = None
        for node in nodes:
            one = self.expr(node, unit)
            kind = joined(kind, one, at) if one is not None else kind
        return kind

    def comprehension(self, n: ast.expr, unit: Unit) -> Kind:
        assert isinstance(n, COMPREHENSIONS)
        own: set[str] = set()
        for g in n.generators:
            self.bind(g.target, self.items(g.iter, g.target, unit), unit)
            own |= {x.id for x in ast.walk(g.target) if isinstance(x, ast.Name)}
            for test in g.ifs:
                self.test(test, unit)
        for e in (n.key, n.value) if isinstance(n, ast.DictComp) else (n.elt,):
            kind = self.expr(e, unit)
            for one, k in _each(e, kind):
                self.hand(one, k, unit, named=isinstance(one, ast.Name) and one.id in own)
        return None

    def subscript(self, n: ast.Subscript, unit: Unit) -> Kind:
        base = self.expr(n.value, unit)
        if isinstance(base, tuple):
            self.key(n.slice, unit, raw=False)
            at = n.slice.value if isinstance(n.slice, ast.Constant) else None
            if type(at) is not int or not -len(base) <= at < len(base):
                raise Refused(n, "one of several")
            return base[at]
        key = self.key(n.slice, unit, raw=base is not None)
        if base is None:
            return None
        self.parts += 1
        whole = isinstance(n.slice, LOGIC) or isinstance(n.slice, (ast.UnaryOp, ast.BinOp)) and key is not None
        if base == GROUPS:
            return GROUPS if string(n.slice) is not None else None
        if base == ROW:
            return None
        if base == CELLS:
            return self.cells(n, whole, unit)
        if base == FRAME:
            if string(n.slice) is not None:
                return COLUMN
            return FRAME if whole or isinstance(n.slice, (ast.List, ast.ListComp, ast.Slice)) else EITHER
        return None if self.is_whole(n.slice, unit) else EITHER

    def cells(self, n: ast.Subscript, whole: bool, unit: Unit) -> Kind:
        """`part.loc[...]`, `part.iloc[...]` and the like."""
        assert isinstance(n.value, ast.Attribute)
        of, how = self.expr(n.value.value, unit), n.value.attr
        first = n.slice.elts[0] if isinstance(n.slice, ast.Tuple) and len(n.slice.elts) == 2 else n.slice
        if how in ("at", "iat") or first is not n.slice and self.is_whole(first, unit):
            return None  # a cell, or whatever pandas gives
        if first is not n.slice and how == "loc" and self.labels(n.slice, unit):
            self.parts += 1
            self.given[n] = None  # a cell too, unless the labels are slices or lists
            return None
        if self.is_whole(n.slice, unit):
            return {FRAME: ROW if how == "iloc" else None, COLUMN: None, ROW: None}.get(str(of), EITHER)
        if of == ROW:
            return None
        return FRAME if of == FRAME and (whole or isinstance(n.slice, ast.Slice)) else EITHER

    def labels(self, key: ast.expr, unit: Unit) -> bool:
        """Whether `[row, column]` asks for one cell, as far as can be seen; what it gives is the real thing then."""
        assert isinstance(key, ast.Tuple)
        plain = (ast.Name, ast.Attribute, ast.Subscript, ast.Constant, ast.Call, ast.BinOp, ast.JoinedStr)
        if not all(isinstance(e, plain) and not isinstance(self.key(e, unit, raw=True), str) for e in key.elts):
            return False
        return in_fstring(self.source, key) is None

    def attribute(self, n: ast.Attribute, unit: Unit) -> Kind:
        if unit.outermost and (held := dotted(n)) in self.roots:
            return self.kinds[held or ""]
        base = self.expr(n.value, unit)
        if base is None:
            return None
        if isinstance(base, tuple) or base == CELLS or n.attr.startswith("_"):
            raise Refused(n, f"reads .{n.attr}")
        if base == GROUPS:
            if n.attr in self.attributes:
                raise Refused(n, f"reads .{n.attr}")
            return None if n.attr in ("groups", "indices", "ngroups") else GROUPS
        if n.attr in INDEXERS:
            p = self.up.get(n)
            if not (isinstance(p, ast.Subscript) and p.value is n):
                raise Refused(n, f"reads .{n.attr}")
            return CELLS
        if n.attr in LOOKS:
            p = self.up.get(n)
            one = isinstance(p, ast.Subscript) and p.value is n and isinstance(p.ctx, ast.Load)
            if n.attr == "values" and base in (COLUMN, EITHER) and one and in_fstring(self.source, n) is None:
                if isinstance(p, ast.Subscript) and self.is_whole(p.slice, unit):
                    self.valued[n.value] = None
            return None
        if n.attr in self.attributes or base == COLUMN:
            raise Refused(n, f"reads .{n.attr}")
        self.parts += 1
        if base == ROW:
            return None
        return COLUMN if base == FRAME else EITHER

    def binary(self, n: ast.BinOp, unit: Unit) -> Kind:
        left, right = self.expr(n.left, unit), self.expr(n.right, unit)
        if isinstance(n.op, ast.Mod) and isinstance(n.left, (ast.Constant, ast.JoinedStr)) and right is not None:
            if string(n.left) is not None or isinstance(n.left, ast.JoinedStr):
                for one, k in _each(n.right, right):
                    self.hand(one, k, unit, named=True)
                return None
        for kind in (left, right):
            if isinstance(kind, tuple) or kind in (GROUPS, CELLS):
                raise Refused(n, "an operation on something unknown")
        if isinstance(n.op, ast.MatMult) and right is not None:
            self.given[n.right] = None  # a Series or frame on the left takes what it does not know for an array
        if self.carried is not None and (left is not None or right is not None):
            self.parts += 1
        return made_of(joined(left, right, n) if left is not None and right is not None else left or right)

    def compare(self, n: ast.Compare, unit: Unit) -> Kind:
        kinds = [self.expr(e, unit) for e in (n.left, *n.comparators)]
        if any(isinstance(k, tuple) or k in (GROUPS, CELLS) for k in kinds):
            raise Refused(n, "compares something unknown")
        if not any(kinds):
            return None
        if len(n.ops) > 1:
            raise Refused(n, "a chain of comparisons")
        (op,) = n.ops
        if isinstance(op, (ast.Is, ast.IsNot)):
            if not all(isinstance(e, ast.Constant) and e.value is None for e in n.comparators):
                raise Refused(n, "asks which object it is")
            return None
        if isinstance(op, (ast.In, ast.NotIn)):
            self.hand(n.left, kinds[0], unit, named=True)
            return None
        found = {k for k in kinds if k is not None}
        if self.carried is not None and kinds[0] is None and not isinstance(n.left, ast.Constant):
            self.given |= dict.fromkeys(n.comparators)  # the left one may be a Series, which gives its labels
            return None
        if self.carried is not None and kinds[1] is not None:
            self.given[n.comparators[0]] = None  # so may what stands in now and then
            return EITHER
        return made_of(found.pop()) if len(found) == 1 else EITHER

    # ---- calls

    def call(self, n: ast.Call, unit: Unit) -> Kind:
        f = n.func
        if isinstance(f, ast.Attribute):
            owner = f.value
            module = dotted_root(owner)
            if module is not None and module in self.modules and unit.names.get(module) is None:
                return self.library(n, f, module, unit)
            base = self.expr(owner, unit)
            if base is not None:
                return self.method(n, f, base, unit)
            function = self.own_method(f, unit)
            if function is not None:
                return self.enter(function, n, unit, skip=1)
            if f.attr in WRITES:
                self.no_arguments(n, unit)
                return None
            self.arguments(n, unit, named=f.attr in READS and self.from_libraries(f.attr))
            return None
        if isinstance(f, ast.Name):
            if unit.names.get(f.id) is not None:
                raise Refused(n, "calls something made of a frame")
            if not bindings(self.source.tree, f.id):
                return self.builtin(n, f.id, unit)
            function = self.meant(f)
            if function is not None:
                return self.enter(function, n, unit)
            if unit.outermost and any(self.expr(a, unit) is not None for a in self.argument_nodes(n)):
                kind: Kind = None
                for function in self.may_be(f.id) or ():
                    kind = joined(kind, self.enter(function, n, unit), n)
                if f.id in self.asked:
                    return kind
            if f.id in self.modules:
                return self.library(n, f, f.id, unit)
            self.no_arguments(n, unit)
            return None
        if self.expr(f, unit) is not None:
            raise Refused(n, "calls something made of a frame")
        self.no_arguments(n, unit)
        return None

    def from_libraries(self, method: str) -> bool:
        """True when a method of that name can only be a library's: nothing here defines it, or imports what might."""
        if defines(self.source, method):
            return False
        for n in ast.walk(self.source.tree):
            if isinstance(n, ast.Import):
                roots = [a.name.partition(".")[0] for a in n.names]
            elif isinstance(n, ast.ImportFrom):
                roots = ["." if n.level else (n.module or "").partition(".")[0]]
            else:
                continue
            if any(root not in LIBRARIES | OTHERS and root not in sys.stdlib_module_names for root in roots):
                return False
        return True

    def argument_nodes(self, n: ast.Call) -> Iterator[ast.expr]:
        yield from n.args
        yield from (k.value for k in n.keywords)

    def arguments(self, n: ast.Call, unit: Unit, named: bool) -> None:
        """Each argument is the real thing; parts of a display too."""
        for a in self.argument_nodes(n):
            if named and isinstance(a, (ast.List, ast.Tuple)):
                for e in a.elts:
                    self.hand(e, self.expr(e, unit), unit, named=True)
            elif named and isinstance(a, ast.Dict):
                for e in a.values:
                    self.hand(e, self.expr(e, unit), unit, named=True)
            else:
                self.hand(a, self.expr(a, unit), unit, named)

    def no_arguments(self, n: ast.Call, unit: Unit) -> None:
        for a in self.argument_nodes(n):
            if self.expr(a, unit) is not None:
                raise Refused(n, "hands a frame to something unknown")

    def library(self, n: ast.Call, f: ast.expr, module: str, unit: Unit) -> Kind:
        name = f.attr if isinstance(f, ast.Attribute) else module
        if name in WRITES:
            self.no_arguments(n, unit)
            return None
        if module in self.numpy and name in OF_NUMPY and n.args and not isinstance(n.args[0], ast.Starred):
            first = self.expr(n.args[0], unit)
            if first in (COLUMN, EITHER):
                for a in (*n.args[1:], *(k.value for k in n.keywords)):
                    self.hand(a, self.expr(a, unit), unit, named=True)
                return None
        if self.carried is not None and module in self.numpy and UFUNCS.get(name) == len(n.args) and not n.keywords:
            kinds = [self.expr(a, unit) for a in n.args]
            if (
                any(kinds)
                and all(k in (None, COLUMN, ROW, EITHER) for k in kinds)
                and in_fstring(self.source, n) is None
            ):
                self.parts += 1
                return EITHER
        self.arguments(n, unit, named=True)
        return None

    def builtin(self, n: ast.Call, name: str, unit: Unit) -> Kind:
        if name in WALKS | TOGETHER and (len(n.args) == 1 or name in TOGETHER | {"sum"}):
            for a in self.argument_nodes(n):
                kind = self.expr(a, unit)
                if isinstance(kind, tuple) or kind in (GROUPS, CELLS):
                    raise Refused(n, f"{name} of something unknown")
            return None
        if name in WALKS | REAL | {"filter", "divmod", "pow", "next", "getattr", "hasattr"}:
            self.arguments(n, unit, named=True)
            return None
        self.no_arguments(n, unit)
        return None

    def method(self, n: ast.Call, f: ast.Attribute, base: Kind, unit: Unit) -> Kind:
        if isinstance(base, tuple) or base == CELLS:
            raise Refused(n, f"calls .{f.attr}")
        if f.attr in CHANGES or f.attr.startswith("_") or f.attr in INDEXERS:
            raise Refused(n, f"calls .{f.attr}")
        if base != GROUPS and f.attr not in self.attributes:
            raise Refused(n, f"calls .{f.attr}")
        for k in n.keywords:
            if k.arg is None or k.arg in ("inplace", "out", "copy") and not _is_false(k.value):
                raise Refused(n, f"calls .{f.attr} with {k.arg}")
        if base == GROUPS and self.applies and f.attr == "apply" and self.apply(n, f.value, unit):
            self.parts += 1
            return None
        for a in self.argument_nodes(n):
            kind = self.expr(a, unit)
            if isinstance(kind, tuple) or kind == CELLS or isinstance(a, ast.Starred):
                raise Refused(n, "an argument of an unknown kind")
            if kind in PLAIN_KINDS and in_fstring(self.source, a) is None:
                self.given[a] = None  # whatever is asked may be pandas' own
        if f.attr == "iterrows" and base in (FRAME, EITHER) and not self.stays(n, f.value, unit):
            if in_fstring(self.source, f.value) is not None:
                raise Refused(n, "walks over rows in a text")
            walked = isinstance(self.up.get(n), (ast.For, ast.comprehension)) and self.walks_rows(n, unit)
            if rows_read(self.source, n) or walked:
                self.parts += 1  # rows are made for nobody
            else:
                self.given[f.value] = None  # what is written meanwhile shows in no row, whoever gives it
        if f.attr in FRAMES_NAMES:
            if "inplace" in [k.arg for k in n.keywords] or base not in (FRAME, EITHER):
                raise Refused(n, f"calls .{f.attr}")
            self.hand(f.value, base, unit, named=True)
            return None
        self.parts += 1
        if base == GROUPS:
            return None
        if f.attr == "groupby":
            return GROUPS
        return made_of(base) if f.attr in MAKES else None

    def stays(self, n: ast.Call, frame: ast.expr, unit: Unit) -> bool:
        """Whether rows are those of the frame itself, whose name stays where it is (`walked_rows`)."""
        walked = isinstance(self.up.get(n), (ast.For, ast.comprehension)) and unit.outermost and not self.shadows
        walked = walked and self.carried is None
        return walked and isinstance(frame, ast.Name) and frame.id in self.roots

    def apply(self, n: ast.Call, groups: ast.expr, unit: Unit) -> bool:
        """Whether the function of a `groupby(...).apply(function)` is known: it is given what stands in for groups."""
        if len(n.args) != 1 or any(k.arg != "include_groups" for k in n.keywords):
            return False
        picked = isinstance(groups, ast.Subscript) and string(groups.slice) is not None
        if not picked and not (isinstance(groups, ast.Call) and getattr(groups.func, "attr", "") == "groupby"):
            return False
        given = n.args[0]
        function = only_def(self.source, given.id) if isinstance(given, ast.Name) else given
        if not isinstance(function, (ast.Lambda, ast.FunctionDef)) or (name := only_parameter(function)) is None:
            return False
        kind = COLUMN if picked else FRAME
        if isinstance(function, ast.Lambda):
            if len(bindings(unit.home or self.source.tree, name)) != 1:
                return False
            self.note(unit, name, kind, n)
            for one, k in _each(function.body, self.expr(function.body, unit)):
                self.hand(one, k, unit, named=True)
        else:
            nested = any(isinstance(x, (ast.Yield, ast.YieldFrom, ast.Await)) for x in ast.walk(function))
            if nested or function.decorator_list or function is self.top.home:
                return False
            inner = self.units.get(function)
            if inner is None:
                inner = self.units[function] = Unit(function, function.body)
                self.changed = True
            self.note(inner, name, kind, n)
            inner.whole[name] = False
            if isinstance(inner.returns, tuple) or inner.returns in (GROUPS, CELLS):
                raise Refused(n, "a function of groups gives several")
        self.applied = True
        return True

    def own_method(self, f: ast.Attribute, unit: Unit) -> FunctionNode | None:
        """`self.score` where one class of the file has a method of that name, and the call stands in that class."""
        home = unit.home
        cls = self.up.get(home) if home is not None else None
        if not (isinstance(f.value, ast.Name) and isinstance(cls, ast.ClassDef) and home is not None):
            return None
        if not home.args.args or home.args.args[0].arg != f.value.id or bindings_of_others(home, f.value.id):
            return None
        named = [x for x in ast.walk(self.source.tree) if isinstance(x, ast.FunctionDef) and x.name == f.attr]
        if len(named) != 1 or named[0] not in cls.body or named[0].decorator_list or home.decorator_list:
            return None
        return named[0]

    def enter(self, function: FunctionNode, n: ast.Call, unit: Unit, skip: int = 0) -> Kind:
        a = function.args
        names = [x.arg for x in (*a.posonlyargs, *a.args)][skip:]
        kinds: dict[str, Kind] = {}
        for place, given in enumerate(n.args):
            kind = self.expr(given, unit)
            if kind is None:
                continue
            if isinstance(given, ast.Starred) or place >= len(names) or any(isinstance(x, ast.Starred) for x in n.args):
                raise Refused(n, "arguments that are not told apart")
            kinds[names[place]] = kind
        for k in n.keywords:
            kind = self.expr(k.value, unit)
            if kind is None:
                continue
            if k.arg is None or k.arg not in (*names, *(x.arg for x in a.kwonlyargs)):
                raise Refused(n, "arguments that are not told apart")
            kinds[k.arg] = kind
        if not kinds:
            known = self.units.get(function)
            return known.returns if known is not None and known.reads else None
        if any(isinstance(x, (ast.Yield, ast.YieldFrom, ast.Await)) for x in ast.walk(function)):
            raise Refused(n, "hands a frame to a generator")
        if function is self.top.home:
            raise Refused(n, "calls itself")
        inner = self.units.get(function)
        if inner is None:
            inner = self.units[function] = Unit(function, function.body)
            self.changed = True
        for name, kind in kinds.items():
            self.note(inner, name, kind, n)
        values = dict(zip(names, n.args, strict=False)) | {k.arg: k.value for k in n.keywords if k.arg is not None}
        for name in names:
            is_whole = name in values and self.is_whole(values[name], unit)
            if inner.whole.get(name, True) and inner.whole.get(name) is not is_whole:
                inner.whole[name], self.changed = is_whole, True
        return inner.returns


def written_alone(flow: Flow, unit: Unit, name: str) -> bool:
    """True when nobody but the unit, under that name, sees what is written into a column, or the memory behind it."""
    body = [n for s in unit.body for n in ast.walk(s)]
    if name in flow.roots or any(isinstance(n, ast.Attribute) and n.attr in ARRAYS for n in body):
        return False
    if unit.home is None or any(isinstance(n, (ast.Global, ast.Nonlocal)) and name in n.names for n in body):
        return False
    for n in body:
        if not (isinstance(n, ast.Name) and n.id == name):
            continue
        p = flow.up.get(n)
        if isinstance(n.ctx, ast.Store):
            if not (isinstance(p, ast.Assign) and p.targets == [n] and _is_fresh(flow, unit, p.value)):
                return False
        elif isinstance(p, (ast.Subscript, ast.Attribute)):
            if p.value is not n:
                return False
        elif isinstance(p, ast.Assign):  # into a frame, which shares what is not written any more
            if not all(isinstance(t, ast.Subscript) and flow.expr(t.value, unit) == FRAME for t in p.targets):
                return False
        elif not isinstance(p, (ast.BinOp, ast.UnaryOp, ast.Compare, ast.Return)):
            return False
    return name not in {a.arg for a in ast.walk(unit.home.args) if isinstance(a, ast.arg)}


def _is_fresh(flow: Flow, unit: Unit, value: ast.expr, depth: int = 3) -> bool:
    """True for what is made anew each time, and is held by nobody else."""
    if isinstance(value, (ast.BinOp, ast.UnaryOp, ast.Compare)):
        return True
    if isinstance(value, ast.Subscript):
        return flow.expr(value.value, unit) in (FRAME, COLUMN, EITHER)
    if not isinstance(value, ast.Call):
        return False
    if isinstance(value.func, ast.Attribute):
        return value.func.attr in MAKES and flow.expr(value.func.value, unit) is not None
    function = only_def(flow.source, value.func.id) if isinstance(value.func, ast.Name) and depth else None
    inner = flow.units.get(function)
    if function is None or inner is None or function.decorator_list:
        return False
    inside = list(ast.walk(function))
    if any(isinstance(n, (ast.Lambda, ast.FunctionDef)) and n is not function for n in inside):
        return False
    given = [n.value for n in inside if isinstance(n, ast.Return)]
    return bool(given) and all(g is not None and _is_fresh(flow, inner, g, depth - 1) for g in given)


def made_of(kind: Kind) -> Kind:
    """The kind of what an operation makes: of a row, a Series."""
    return EITHER if kind == ROW else kind


def joined(a: Kind, b: Kind, node: ast.AST) -> Kind:
    if a is None or a == b:
        return b
    if b is None:
        return a
    if isinstance(a, tuple) and isinstance(b, tuple) and len(a) == len(b):
        return tuple(joined(x, y, node) for x, y in zip(a, b, strict=True))
    if isinstance(a, tuple) or isinstance(b, tuple) or {a, b} & {GROUPS, CELLS}:
        raise Refused(node, "different things under one name")
    return EITHER


def _each(node: ast.expr, kind: Kind) -> list[tuple[ast.expr, Kind]]:
    """The items of a tuple that is written out, with their kinds; else the node itself."""
    if isinstance(kind, tuple) and isinstance(node, ast.Tuple):
        return list(zip(node.elts, kind, strict=True))
    return [(node, kind)]


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def dotted_root(node: ast.expr) -> str | None:
    """`np` of `np.linalg`; None for anything that is no chain of names."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def bindings_of_others(function: FunctionNode, name: str) -> bool:
    return len(bindings(function, name)) != 1


def _imported(tree: ast.Module) -> frozenset[str]:
    """Names that libraries were imported under, everywhere in the file; nothing of the project."""
    found: dict[str, int] = {}
    for n in ast.walk(tree):
        if isinstance(n, ast.Import):
            for a in n.names:
                bound = (a.asname or a.name).split(".")[0]
                if a.name.split(".")[0] in LIBRARIES:
                    found[bound] = found.get(bound, 0) + 1
        elif isinstance(n, ast.ImportFrom) and not n.level and (n.module or "").split(".")[0] in LIBRARIES:
            for a in n.names:
                found[a.asname or a.name] = found.get(a.asname or a.name, 0) + 1
    return frozenset(name for name, count in found.items() if len(bindings(tree, name)) == count)


# libraries whose functions read frames that they are given, and keep none
LIBRARIES = frozenset({"numpy", "pandas", "scipy", "math", "statistics", "sklearn"})
OTHERS = frozenset({"matplotlib", "seaborn", "tqdm", "statsmodels", "xgboost", "lightgbm", "torch", "joblib"})
