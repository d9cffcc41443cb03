"""A function of one row's cells as a function of whole columns.

The function's body is followed statement by statement; every name holds an array expression of a known kind (`float`,
`int` with bounds, `bool`, `str`), every `if` becomes a mask. What could fail or warn for a row that does not
reach it (a division, a root) gets a harmless operand there. Anything that is not understood raises `Unknown`.

The result is only right under the conditions that the emitted helpers check at run time: the kinds of the columns,
integers within the bound that the text was made for, and no floating-point flag raised (NumPy arrays and scalars
round `+ - * /` and the root alike, so without a flag the bits agree).
"""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hasten.core.source import SourceFile
from hasten.passes.source.columns.emitted import CERTAIN, NONZERO
from hasten.passes.source.columns.syntax import Fresh, helper_name, only_def

LIMITS = (2**53, 2**31, 2**20)  # bounds on the integers in columns, the widest that works is taken
EXACT_FLOAT = 2**53
INT64 = 2**63 - 1


class Unknown(Exception):
    """The body holds something that has no column form."""


@dataclass(frozen=True)
class Value:
    """Source text of an array (or constant) and what is known of it.

    `boxed`: whether the row's own value was a Python object (True), a NumPy scalar (False), or either (None).
    `low`, `high` bound the integers in it.
    """

    text: str
    kind: str  # "float" | "int" | "mixed" | "bool" | "str"
    low: float = -math.inf
    high: float = math.inf
    const: bool = False
    boxed: bool | None = None
    simple: bool = False  # the text needs no parentheses
    whole: str = ""  # of a "mixed" value: mask of the rows in which it is an integer (held as a float)

    @property
    def atom(self) -> str:
        return self.text if self.simple else f"({self.text})"


@dataclass(frozen=True)
class Path:
    """The rows that reach a statement: all of them (`text` empty), or a mask."""

    text: str = ""

    def also(self, cond: str) -> Path:
        return Path(f"{self.text} & {cond}" if self.text else cond)


@dataclass
class _Return:
    path: Path
    value: Value


class Vectoriser:
    """One translation. `cells` maps AST nodes (by identity) or parameter names to column values."""

    def __init__(
        self,
        source: SourceFile,
        numpy: str,
        fresh: Fresh,
        math_names: frozenset[str],
        numpy_names: frozenset[str],
        pandas_names: frozenset[str],
        constants: Mapping[str, Value],
    ) -> None:
        self.source, self.np, self.fresh = source, numpy, fresh
        self.math_names, self.numpy_names, self.pandas_names = math_names, numpy_names, pandas_names
        self.constants = constants
        self.lines: list[str] = []
        self.cells: dict[ast.AST, Value] = {}
        self.rounding = False
        self.uses_nonzero = False
        self.nonzero = helper_name(source, "_nonzero", NONZERO)
        self.depth = 0
        self.certain = helper_name(source, "_certain", CERTAIN)
        self.uses_certain = False

    def helpers(self) -> list[str]:
        """Texts of the helper functions that the lines call."""
        texts = [NONZERO.format(name=self.nonzero, np=self.np)] if self.uses_nonzero else []
        return texts + ([CERTAIN.format(name=self.certain, np=self.np)] if self.uses_certain else [])

    def ending(self, value: Value) -> list[str]:
        """All lines of the function's body, the last of which returns `value` as pandas would store it."""
        lines = list(self.lines)
        if value.kind != "mixed":
            return [*lines, f"return {value.text}"]
        name = value.text if value.text.isidentifier() else self.fresh("values")
        whole = value.whole if value.whole.isidentifier() else self.fresh("whole")
        lines += [f"{n} = {t}" for n, t in ((name, value.text), (whole, value.whole)) if n != t]
        # like pandas: integers stay integers only when every row gave one
        return [*lines, f"return {name}.astype({self.np}.int64) if {whole}.all() else {name}"]

    # ---- statements

    def function(self, body: Sequence[ast.stmt], env: dict[str, Any], path: Path) -> Value:
        returns: list[_Return] = []
        live = self.block(body, dict(env), path, returns)
        if live is not None or not returns:
            raise Unknown("falls off its end, which gives None")
        return self.joined(returns)

    def block(
        self, body: Sequence[ast.stmt], env: dict[str, Any], path: Path, returns: list[_Return]
    ) -> tuple[Path, dict[str, Any]] | None:
        for stmt in body:
            if isinstance(stmt, ast.Return):
                if stmt.value is None:
                    raise Unknown("returns None")
                returns.append(_Return(path, self.expr(stmt.value, env, path)))
                return None
            if isinstance(stmt, (ast.Assign, ast.AnnAssign)):
                target = stmt.targets[0] if isinstance(stmt, ast.Assign) else stmt.target
                if (isinstance(stmt, ast.Assign) and len(stmt.targets) != 1) or not isinstance(target, ast.Name):
                    raise Unknown("assigns to more than one plain name")
                if stmt.value is None:
                    continue
                env[target.id] = self.named(target.id, self.expr(stmt.value, env, path))
            elif isinstance(stmt, ast.AugAssign):
                if not isinstance(stmt.target, ast.Name):
                    raise Unknown("writes to something that is no plain name")
                left = env.get(stmt.target.id)
                if left is None:
                    raise Unknown("unbound name")
                env[stmt.target.id] = self.named(
                    stmt.target.id, self.binary(stmt.op, left, self.expr(stmt.value, env, path), path)
                )
            elif isinstance(stmt, ast.If):
                cond = self.mask(stmt.test, env, path)
                name = self.temp("mask", cond)
                then_env, else_env = dict(env), dict(env)
                then_in, else_in = path.also(name), path.also(f"~{name}")
                then = self.block(stmt.body, then_env, then_in, returns)
                other = self.block(stmt.orelse, else_env, else_in, returns)
                if then is None and other is None:
                    return None
                if then is None or other is None:
                    left_path, left_env = then or other  # type: ignore[misc]
                    path, env = left_path, dict(left_env)
                    continue
                env = self.merged(name, then[1], other[1])
                if then[0] != then_in or other[0] != else_in:
                    path = Path(self.temp("mask", f"({then[0].text}) | ({other[0].text})"))
            elif isinstance(stmt, ast.Pass) or (
                isinstance(stmt, ast.Expr)
                and isinstance(stmt.value, ast.Constant)
                and isinstance(stmt.value.value, str)
            ):
                continue
            else:
                raise Unknown(f"has a {type(stmt).__name__.lower()} statement")
        return path, env

    def merged(self, cond: str, a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for name in a:
            if name not in b:
                continue
            if a[name] == b[name]:
                out[name] = a[name]
            else:
                try:
                    out[name] = self.named(name, self.where(cond, a[name], b[name]))
                except Unknown:
                    continue  # its kind depends on the row: reading it later is an unbound name, which refuses
        return out

    def named(self, name: str, value: Value) -> Value:
        """`value` under a name of its own, unless it is as short as a name already."""
        if value.kind == "mixed":
            value = replace(value, whole=self.temp("whole", value.whole))
        if value.text.isidentifier() or value.const:
            return value
        return replace(value, text=self.temp(name, value.text), simple=True)

    def temp(self, wanted: str, text: str) -> str:
        if text.isidentifier():
            return text
        name = self.fresh(wanted)
        self.lines.append(f"{name} = {text}")
        return name

    def joined(self, returns: list[_Return]) -> Value:
        """One array from the values of all `return`s; their paths do not overlap and cover every row that came in."""
        if len(returns) == 1:
            return returns[0].value
        _, whole = self.together([r.value for r in returns], [r.path.text for r in returns[:-1]])
        masks = ", ".join(r.path.text for r in returns[:-1])
        values = ", ".join(r.value.text for r in returns[:-1])
        last = returns[-1].value
        if len(returns) == 2:
            text = f"{self.np}.where({masks}, {values}, {last.text})"
        else:
            text = f"{self.np}.select([{masks}], [{values}], {last.text})"
        return self._hull(text, [r.value for r in returns], whole)

    def together(self, values: Sequence[Value], masks: Sequence[str]) -> tuple[str, str]:
        """The kind of a choice among `values` (the first whose mask holds, else the last), and its `whole` mask."""
        kinds = {v.kind for v in values}
        if len(kinds) == 1 and kinds != {"mixed"}:
            return kinds.pop(), ""
        if not kinds <= {"int", "float", "mixed"}:
            raise Unknown("a value is of one type for some rows and of another for others")
        if any(v.kind != "float" and max(-v.low, v.high) > EXACT_FLOAT for v in values):
            raise Unknown("an integer too large for a float")
        flags = [v.whole if v.kind == "mixed" else str(v.kind == "int") for v in values]
        if len(values) == 2 and flags == ["True", "False"]:
            return "mixed", masks[0]
        if len(values) == 2 and flags == ["False", "True"]:
            return "mixed", f"~({masks[0]})"
        return "mixed", f"{self.np}.select([{', '.join(masks)}], [{', '.join(flags[:-1])}], {flags[-1]})"

    def _hull(self, text: str, values: Sequence[Value], whole: str = "") -> Value:
        boxed = {v.boxed for v in values}
        ints = [v for v in values if v.kind != "float"] or list(values)
        return Value(
            text,
            "mixed" if whole else values[0].kind,
            min(v.low for v in ints),
            max(v.high for v in ints),
            boxed=boxed.pop() if len(boxed) == 1 else None,
            simple=True,
            whole=whole,
        )

    def where(self, cond: str, a: Value, b: Value) -> Value:
        _, whole = self.together([a, b], [cond])
        return self._hull(f"{self.np}.where({cond}, {a.text}, {b.text})", [a, b], whole)

    # ---- expressions

    def mask(self, node: ast.expr, env: dict[str, Any], path: Path) -> str:
        """The truth of an expression, row by row."""
        value = self.expr(node, env, path)
        if value.const:
            raise Unknown("a condition that is the same for every row")
        return self.truth(value)

    def truth(self, value: Value) -> str:
        if value.kind == "bool":
            return value.text
        if value.kind in ("int", "float", "mixed"):
            self.steady()
            return f"({value.atom} != 0)"
        raise Unknown("truth of a string")

    def expr(self, node: ast.expr, env: dict[str, Any], path: Path) -> Value:
        if node in self.cells:
            return self.cells[node]
        if isinstance(node, ast.Constant):
            return self.constant(node.value)
        if isinstance(node, ast.Name):
            if isinstance(known := env.get(node.id), Value):
                return known
            if node.id in self.constants:
                return self.constants[node.id]
            raise Unknown(f"reads `{node.id}`")
        if isinstance(node, ast.BinOp):
            return self.binary(node.op, self.expr(node.left, env, path), self.expr(node.right, env, path), path)
        if isinstance(node, ast.UnaryOp):
            return self.unary(node, env, path)
        if isinstance(node, ast.Compare):
            return self.compare(node, env, path)
        if isinstance(node, ast.BoolOp):
            return self.boolean(node, env, path)
        if isinstance(node, ast.IfExp):
            cond = self.temp("mask", self.mask(node.test, env, path))
            return self.where(
                cond, self.expr(node.body, env, path.also(cond)), self.expr(node.orelse, env, path.also(f"~{cond}"))
            )
        if isinstance(node, ast.Call):
            return self.call(node, env, path)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id not in env:
            if node.value.id in self.math_names | self.numpy_names and node.attr in ("pi", "e"):
                value = getattr(math, node.attr)
                return Value(f"{node.value.id}.{node.attr}", "float", value, value, const=True, boxed=True, simple=True)
        raise Unknown(f"has a {type(node).__name__} expression")

    def constant(self, value: object) -> Value:
        if type(value) is bool:
            return Value(repr(value), "bool", const=True, simple=True, boxed=True)
        if type(value) is int and abs(value) <= EXACT_FLOAT:
            return Value(repr(value), "int", value, value, const=True, simple=value >= 0, boxed=True)
        if type(value) is float and math.isfinite(value):
            return Value(repr(value), "float", value, value, const=True, simple=True, boxed=True)
        if type(value) is str and "\0" not in value:
            return Value(repr(value), "str", const=True, simple=True, boxed=True)
        raise Unknown(f"constant {value!r}")

    def binary(self, op: ast.operator, a: Value, b: Value, path: Path) -> Value:
        if (
            isinstance(op, (ast.BitAnd, ast.BitOr, ast.BitXor))
            and a.kind == b.kind == "bool"
            and not (a.const or b.const)
        ):
            sign = {ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^"}[type(op)]
            return Value(f"{a.atom} {sign} {b.atom}", "bool")
        if not {a.kind, b.kind} <= {"int", "float", "mixed"}:
            raise Unknown("arithmetic of something that is no number")
        if a.const and b.const:
            return self.folded(op, a, b)
        if "mixed" in (a.kind, b.kind):
            return self.mixed(op, a, b, path)
        boxed = None if a.boxed is None or b.boxed is None else (a.boxed and b.boxed)
        both = a.kind == b.kind == "int"
        for v, w in ((a, b), (b, a)):
            if v.kind == "int" and w.kind == "float" and max(-v.low, v.high) > EXACT_FLOAT:
                raise Unknown("an integer too large for a float")
        if isinstance(op, (ast.Add, ast.Sub, ast.Mult)):
            sign = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*"}[type(op)]
            text = f"{a.atom} {sign} {b.atom}"
            if not both:
                return Value(text, "float", boxed=boxed)
            if isinstance(op, ast.Add):
                low, high = a.low + b.low, a.high + b.high
            elif isinstance(op, ast.Sub):
                low, high = a.low - b.high, a.high - b.low
            else:
                ends = [x * y for x in (a.low, a.high) for y in (b.low, b.high)]
                low, high = min(ends), max(ends)
            return self.integer(text, low, high, boxed)
        if isinstance(op, ast.Div):
            if both and max(-a.low, a.high, -b.low, b.high) > EXACT_FLOAT:
                raise Unknown("division of integers too large for a float")
            return Value(f"{a.atom} / {self.safe(b, path, boxed)}", "float", boxed=boxed)
        if isinstance(op, (ast.FloorDiv, ast.Mod)):
            self.steady()
            sign = "//" if isinstance(op, ast.FloorDiv) else "%"
            text = f"{a.atom} {sign} {self.safe(b, path, boxed)}"
            if not both:
                return Value(text, "float", boxed=boxed)
            size = max(-a.low, a.high) if sign == "//" else max(-b.low, b.high)
            return self.integer(text, -size, size, boxed)
        if isinstance(op, ast.Pow) and b.const and b.kind == "int" and b.low in (2, 3, 4):
            n = int(b.low)
            if a.kind == "int":
                size = max(-a.low, a.high) ** n
                return self.integer(f"{a.atom} ** {n}", -size if n % 2 else 0, size, boxed)
            self.rounding = True
            return Value(f"{a.atom} ** {n}", "float", boxed=boxed)
        if (
            isinstance(op, ast.Pow)
            and a.kind == "float"
            and b.const
            and not (b.const and b.kind == "float" and b.low == 0)
        ):
            self.rounding = True
            exponent = f"{b.atom} * 1.0" if b.kind == "int" and not b.const else b.atom
            base = f"{self.np}.where({path.text}, {a.text}, 1.0)" if path.text else a.atom
            text = f"{base} ** {exponent if b.const else f'({exponent})'}"
            if b.const and b.low == 0.5:
                text += " + 0.0"  # NumPy takes the square root, which of -0.0 is -0.0
            return Value(text, "float", boxed=boxed)
        raise Unknown(f"operator {type(op).__name__}")

    def folded(self, op: ast.operator, a: Value, b: Value) -> Value:
        """Arithmetic of two constants, left as text where one of them has a name."""
        x, y = a.low, b.low
        if isinstance(op, ast.Div) and y:
            sign, got = "/", x / y
        elif isinstance(op, ast.Add):
            sign, got = "+", x + y
        elif isinstance(op, ast.Sub):
            sign, got = "-", x - y
        elif isinstance(op, ast.Mult):
            sign, got = "*", x * y
        else:
            raise Unknown("arithmetic of constants")
        if (type(got) is int and abs(got) > EXACT_FLOAT) or not math.isfinite(got):
            raise Unknown("a constant out of range")
        kind = "float" if isinstance(got, float) else "int"
        named = any(c.isalpha() and c not in "e" for v in (a, b) for c in v.text)
        text = f"{a.atom} {sign} {b.atom}" if named else repr(got)
        return Value(text, kind, got, got, const=True, boxed=True, simple=not named and got >= 0)

    def mixed(self, op: ast.operator, a: Value, b: Value, path: Path) -> Value:
        """Arithmetic of numbers that are integers in some rows: float arithmetic, exact below 2**53."""
        if isinstance(op, ast.Div) or (isinstance(op, (ast.Add, ast.Sub, ast.Mult)) and "float" in (a.kind, b.kind)):
            plain = [replace(v, kind="float", whole="") if v.kind == "mixed" else v for v in (a, b)]
            return self.binary(op, plain[0], plain[1], path)
        if not isinstance(op, (ast.Add, ast.Sub)):
            raise Unknown("arithmetic of integers and floats")  # 0 * -1 would be -0.0
        whole = " & ".join(v.whole for v in (a, b) if v.whole) if a.kind != b.kind else f"({a.whole}) & ({b.whole})"
        ints = self.binary(op, replace(a, kind="int"), replace(b, kind="int"), path)
        if max(-ints.low, ints.high) > EXACT_FLOAT:
            raise Unknown("an integer too large for a float")
        return replace(ints, kind="mixed", whole=whole)

    def integer(self, text: str, low: float, high: float, boxed: bool | None) -> Value:
        if not (low >= -INT64 and high <= INT64):
            raise Unknown("integers that may leave 64 bits")
        return Value(text, "int", low, high, boxed=boxed)

    def safe(self, value: Value, path: Path, boxed: bool | None) -> str:
        """The operand where the row gets there, `instead` elsewhere."""
        if value.const:
            if value.low == 0:
                raise Unknown("division by zero")
            return value.atom
        text = f"{self.np}.where({path.text}, {value.text}, 1)" if path.text else value.atom
        if boxed is False:
            return text
        # Python raises for every zero divisor; NumPy raises no flag for nan / 0 and inf / 0
        self.uses_nonzero = True
        return f"{self.nonzero}({value.text if not path.text else text})"

    def unary(self, node: ast.UnaryOp, env: dict[str, Any], path: Path) -> Value:
        value = self.expr(node.operand, env, path)
        if isinstance(node.op, ast.Not):
            if value.const:
                raise Unknown("not of a constant")
            return Value(f"~{self.truth(replace(value, text=value.atom, simple=True))}", "bool", boxed=True)
        if value.kind not in ("int", "float"):
            raise Unknown("sign of something that is no number")
        if isinstance(node.op, ast.USub):
            return replace(value, text=f"-{value.atom}", low=-value.high, high=-value.low, simple=False)
        raise Unknown(f"operator {type(node.op).__name__}")

    def compare(self, node: ast.Compare, env: dict[str, Any], path: Path) -> Value:
        parts: list[str] = []
        left = self.expr(node.left, env, path)
        for op, right_node in zip(node.ops, node.comparators, strict=True):
            if isinstance(op, (ast.In, ast.NotIn)):
                if (
                    not isinstance(right_node, (ast.Tuple, ast.List, ast.Set))
                    or not right_node.elts
                    or len(node.ops) > 1
                ):
                    raise Unknown("membership in something that is no list of constants")
                options = [self.constant(e.value) for e in right_node.elts if isinstance(e, ast.Constant)]
                if len(options) != len(right_node.elts) or left.const:
                    raise Unknown("membership in something that is no list of constants")
                hits = " | ".join(f"({self._compared('==', left, o)})" for o in options)
                parts.append(f"({hits})" if isinstance(op, ast.In) else f"~({hits})")
                continue
            right = self.expr(right_node, env, path)
            sign = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}.get(type(op))
            if sign is None:
                raise Unknown("identity")
            parts.append(self._compared(sign, left, right))
            left = right
        if len(parts) == 1:
            return Value(parts[0], "bool")
        return Value(" & ".join(f"({p})" for p in parts), "bool")

    def _compared(self, sign: str, a: Value, b: Value) -> str:
        if a.const and b.const:
            raise Unknown("comparison of constants")
        self.steady()
        numbers = {"int", "float", "mixed"}
        if {a.kind, b.kind} <= numbers:
            if a.kind != b.kind and any(v.kind != "float" and max(-v.low, v.high) > EXACT_FLOAT for v in (a, b)):
                raise Unknown("an integer too large for a float")
        elif not (a.kind == b.kind == "str" and sign in ("==", "!=")) and not (
            a.kind == b.kind == "bool" and sign in ("==", "!=")
        ):
            raise Unknown("comparison of different types")
        return f"{a.atom} {sign} {b.atom}"

    def boolean(self, node: ast.BoolOp, env: dict[str, Any], path: Path) -> Value:
        sign = "&" if isinstance(node.op, ast.And) else "|"
        parts: list[str] = []
        for i, part in enumerate(node.values):
            value = self.expr(part, env, path)
            if value.kind != "bool" or value.const:
                raise Unknown("`and`/`or` of something that is no truth value")
            if i < len(node.values) - 1:
                # what follows is only reached by rows for which this is (not) true
                name = self.temp("mask", value.text) if _may_fail(node.values[i + 1 :]) else value.atom
                path = path.also(name if sign == "&" else f"~{name}")
                parts.append(name)
            else:
                parts.append(value.atom)
        return Value(f" {sign} ".join(parts), "bool")

    # ---- calls

    def call(self, node: ast.Call, env: dict[str, Any], path: Path) -> Value:
        if node.keywords or any(isinstance(a, ast.Starred) for a in node.args):
            raise Unknown("a call with keywords")
        func = node.func
        if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name) and func.value.id not in env:
            owner = func.value.id
            args = [self.expr(a, env, path) for a in node.args]
            if owner in self.math_names:
                return self.math_call(func.attr, args, path)
            if owner in self.numpy_names:
                return self.numpy_call(func.attr, args, path)
            if owner in self.pandas_names:
                return self.missing(func.attr, args)
            raise Unknown(f"calls `{owner}.{func.attr}`")
        if not isinstance(func, ast.Name) or func.id in env:
            raise Unknown("calls something unknown")
        from hasten.passes.source.columns.syntax import bindings

        if func.id in ("abs", "min", "max", "round", "int", "float", "bool") and not bindings(
            self.source.tree, func.id
        ):
            return self.builtin(func.id, [self.expr(a, env, path) for a in node.args], path)
        helper = only_def(self.source, func.id)
        if helper is None:
            raise Unknown(f"calls `{func.id}`")
        return self.inlined(helper, [self.expr(a, env, path) for a in node.args], path)

    def inlined(self, helper: ast.FunctionDef | ast.AsyncFunctionDef, args: list[Value], path: Path) -> Value:
        a = helper.args
        if a.vararg or a.kwarg or a.kwonlyargs or a.defaults or len(args) != len(a.args) + len(a.posonlyargs):
            raise Unknown(f"calls `{helper.name}` in a way that is not understood")
        if self.depth > 4:
            raise Unknown("calls nested too deep")
        self.depth += 1
        try:
            env = {p.arg: self.named(p.arg, v) for p, v in zip([*a.posonlyargs, *a.args], args, strict=True)}
            return self.function(helper.body, env, path)
        finally:
            self.depth -= 1

    def builtin(self, name: str, args: list[Value], path: Path) -> Value:
        numbers = ("int", "float", "mixed") if name in ("min", "max") else ("int", "float")
        if any(v.kind not in numbers for v in args) or all(v.const for v in args):
            raise Unknown(f"{name} of something that is no number")
        if name == "abs" and len(args) == 1:
            (v,) = args
            return replace(v, text=f"{self.np}.abs({v.text})", low=0.0, high=max(-v.low, v.high), simple=True)
        if name in ("min", "max") and len(args) >= 2:
            sign = "<" if name == "min" else ">"
            best = self.named(name, args[0])
            for v in args[1:]:
                v = self.named(name, v)
                if best.const and v.const:
                    raise Unknown("constants")
                best = self.named(name, self.where(f"{v.atom} {sign} {best.atom}", v, best))
            return best
        if len(args) == 1 and name == "float":
            (v,) = args
            return v if v.kind == "float" and v.boxed else self.as_float(v)
        if len(args) == 1 and name in ("int", "round"):
            (v,) = args
            if v.kind == "int":
                return replace(v, boxed=True)
            return self.as_int("trunc" if name == "int" else "rint", v, path)
        if len(args) == 2 and name == "round" and args[1].const and args[1].kind == "int" and args[0].kind == "float":
            # a NumPy scalar rounds as NumPy does; a Python float rounds its decimal value, which arrays cannot
            if args[0].boxed is not False:
                raise Unknown("rounds Python floats to decimals")
            self.steady()
            return replace(args[0], text=f"{self.np}.round({args[0].text}, {args[1].text})", simple=True)
        raise Unknown(f"calls `{name}`")

    def as_float(self, v: Value) -> Value:
        if v.const:
            raise Unknown("constant")
        if v.kind == "int" and max(-v.low, v.high) > EXACT_FLOAT:
            raise Unknown("an integer too large for a float")
        return Value(
            f"{self.np}.asarray({v.text}, {self.np}.float64)" if v.kind == "int" else v.text,
            "float",
            boxed=True,
            simple=v.kind == "int" or v.simple,
        )

    def steady(self) -> None:
        """Raises when something before may differ in its last bit, which must not decide a branch."""
        if self.rounding:
            raise Unknown("a rounded value decides something")

    def as_int(self, how: str, v: Value, path: Path) -> Value:
        self.steady()
        text = f"{self.np}.where({path.text}, {v.text}, 0.0)" if path.text else v.text
        return Value(f"{self.np}.{how}({text}).astype({self.np}.int64)", "int", -INT64, INT64, simple=True, boxed=True)

    def math_call(self, name: str, args: list[Value], path: Path) -> Value:
        if len(args) != 1 or args[0].kind not in ("int", "float") or args[0].const:
            raise Unknown(f"calls math.{name}")
        (v,) = args
        if v.kind == "int" and max(-v.low, v.high) > EXACT_FLOAT:
            raise Unknown("an integer too large for a float")
        if name in ("isnan", "isinf", "isfinite"):
            return Value(f"{self.np}.{name}({v.text})", "bool", simple=True)
        if name in ("floor", "ceil", "trunc") and v.kind == "float":
            return self.as_int(name, v, path)
        if name == "fabs" and v.kind == "float":
            return Value(f"{self.np}.abs({v.text})", "float", boxed=True, simple=True)
        if name in (
            "sqrt",
            "exp",
            "log",
            "log2",
            "log10",
            "log1p",
            "expm1",
            "sin",
            "cos",
            "tan",
            "tanh",
            "atan",
            "radians",
            "degrees",
            "asin",
            "acos",
            "sinh",
            "cosh",
        ):
            self.rounding |= name != "sqrt"
            numpy_name = {"atan": "arctan", "asin": "arcsin", "acos": "arccos"}.get(name, name)
            return Value(f"{self.np}.{numpy_name}({self.reached(v, path)})", "float", boxed=True, simple=True)
        raise Unknown(f"calls math.{name}")

    def reached(self, v: Value, path: Path) -> str:
        return f"{self.np}.where({path.text}, {v.text}, 1)" if path.text else v.text

    def numpy_call(self, name: str, args: list[Value], path: Path) -> Value:
        if any(v.kind not in ("int", "float") for v in args) or all(v.const for v in args):
            raise Unknown(f"calls numpy.{name}")
        if len(args) == 1:
            (v,) = args
            if v.kind == "int" and max(-v.low, v.high) > EXACT_FLOAT:
                raise Unknown("an integer too large for a float")
            if name in ("isnan", "isinf", "isfinite"):
                return Value(f"{self.np}.{name}({v.text})", "bool", simple=True)
            if name in ("abs", "absolute"):
                return replace(self.builtin("abs", args, path), boxed=False)
            if name == "sign":
                text = f"{self.np}.sign({v.text})"
                return Value(text, v.kind, -1, 1, boxed=False, simple=True)
            if name in (
                "sqrt",
                "exp",
                "log",
                "log2",
                "log10",
                "log1p",
                "expm1",
                "sin",
                "cos",
                "tan",
                "tanh",
                "arctan",
                "radians",
                "degrees",
                "deg2rad",
                "rad2deg",
                "arcsin",
                "arccos",
                "sinh",
                "cosh",
            ):
                self.rounding |= name != "sqrt"
                return Value(f"{self.np}.{name}({self.reached(v, path)})", "float", boxed=False, simple=True)
            if name in ("floor", "ceil", "rint", "trunc", "fabs") and v.kind == "float":
                return Value(f"{self.np}.{name}({v.text})", "float", boxed=False, simple=True)
        if len(args) == 2 and name in ("maximum", "minimum") and args[0].kind == args[1].kind:
            return replace(self._hull(f"{self.np}.{name}({args[0].text}, {args[1].text})", args), boxed=False)
        if len(args) == 2 and name == "arctan2":
            self.rounding = True
            return Value(f"{self.np}.{name}({args[0].text}, {args[1].text})", "float", boxed=False, simple=True)
        raise Unknown(f"calls numpy.{name}")

    def missing(self, name: str, args: list[Value]) -> Value:
        if len(args) != 1 or args[0].kind != "float" or args[0].const:
            raise Unknown(f"calls pandas.{name}")
        text = f"{self.np}.isnan({args[0].text})"
        if name in ("isna", "isnull"):
            return Value(text, "bool", simple=True)
        if name in ("notna", "notnull"):
            return Value(f"~{text}", "bool")
        raise Unknown(f"calls pandas.{name}")


def _may_fail(nodes: Sequence[ast.expr]) -> bool:
    return any(isinstance(n, (ast.Call, ast.BinOp, ast.IfExp)) for top in nodes for n in ast.walk(top))


def literal_constants(source: SourceFile, body: Sequence[ast.AST]) -> dict[str, Value]:
    """Module-level names that the file binds once, to a plain number or string, and never rebinds."""
    from hasten.passes.source.columns.syntax import bindings

    out: dict[str, Value] = {}
    names = {n.id for top in body for n in ast.walk(top) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    for stmt in source.tree.body:
        if not (isinstance(stmt, ast.Assign) and len(stmt.targets) == 1 and isinstance(stmt.targets[0], ast.Name)):
            continue
        name, node = stmt.targets[0].id, stmt.value
        sign = 1
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            node, sign = node.operand, -1
        if name not in names or not isinstance(node, ast.Constant) or len(bindings(source.tree, name)) != 1:
            continue
        value = node.value
        if type(value) is int and abs(value) <= EXACT_FLOAT:
            out[name] = Value(name, "int", sign * value, sign * value, const=True, boxed=True, simple=True)
        elif type(value) is float and math.isfinite(value):
            out[name] = Value(name, "float", sign * value, sign * value, const=True, boxed=True, simple=True)
        elif type(value) is str and sign == 1 and "\0" not in value:
            out[name] = Value(name, "str", const=True, boxed=True, simple=True)
    return out
