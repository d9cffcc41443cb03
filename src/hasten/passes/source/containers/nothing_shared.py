"""What a piece of code does where two sets have nothing in common: nothing at all, if that can be told.

The body of a loop is followed with `a & b` taken for empty and both sets for not empty (pairs with an empty set are
looked at as ever): `len(a & b)` is 0, `0 / len(a | b)` is 0, `0 >= 0.5` is false, so that what depends on it is not
done. Numbers are followed as bounds. Whatever may have an effect, fail, or depends on more, ends the proof.
"""

from __future__ import annotations

import ast
import math
from dataclasses import dataclass, field
from typing import TypeAlias

from hasten.passes.source.containers.effects import Project
from hasten.passes.source.containers.join_stays import is_counter
from hasten.passes.source.containers.syntax import Module, same

MAX_DEPTH = 3


class Refused(Exception):
    """Something that may have an effect, may fail, or is not known."""


@dataclass(frozen=True)
class Num:
    """A number between two others."""

    low: float
    high: float


@dataclass(frozen=True)
class Given:
    """A variable that stays as it is: compared with it by a test that is made once, before."""

    name: str


# the two, sets made of them, an empty set, and one that is not
SETS = OWN, OTHER, OWN_SET, OTHER_SET, NONE, SOME = ("own", "other", "own set", "other set", "none", "some")
MADE = {OWN: OWN_SET, OTHER: OTHER_SET}
BOTH = {OWN_SET, OTHER_SET}
STORED = frozenset({"set", "frozenset", "list", "tuple", "dict"})
ANY = "any"  # something of which only the name is taken
Value: TypeAlias = "Num | Given | str"
TRUTH = Num(0, 1)
ZERO = Num(0, 0)
COUNT = Num(1, math.inf)
Env: TypeAlias = dict[str, Value]
Outcome: TypeAlias = "tuple[str, Value, Env]"
OPERATORS = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip


@dataclass(eq=False)
class Nothing:
    """Whether the body of `loop` does nothing for two sets, named by `own` and `other`, that share nothing."""

    project: Project
    module: Module
    loop: ast.For
    own: ast.expr
    other: ast.expr
    conditions: dict[str, None] = field(default_factory=dict)  # what has to hold of variables that stay
    given: dict[str, ast.Name] = field(default_factory=dict)  # these variables
    assigned: dict[str, None] = field(default_factory=dict)  # what is bound all the same
    kinds: frozenset[str] = STORED  # what the two may be, by what is asked of them
    used: bool = False

    def holds(self) -> bool:
        try:
            outcomes = self._run(self.module, self.loop.body, {}, 0)
        except Refused:
            return False
        return all(kind in ("end", "continue") for kind, _, _ in outcomes)

    # -- statements

    def _run(self, module: Module, body: list[ast.stmt], env: Env, depth: int) -> list[Outcome]:
        for n, statement in enumerate(body):
            match statement:
                case (
                    ast.Assign(targets=[ast.Name(id=name)], value=value)
                    | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
                ):
                    env = {**env, name: self._value(module, value, env, depth)}
                    if depth == 0:
                        self.assigned[name] = None
                case ast.Pass() | ast.Expr(value=ast.Constant()):
                    pass
                case ast.Continue():
                    return [("continue", ANY, env)]
                case ast.Return(value=given) if depth:
                    return [("return", ANY if given is None else self._value(module, given, env, depth), env)]
                case ast.If(body=then):
                    leaves = len(then) == 1 and isinstance(then[0], ast.Continue)
                    noted = dict(self.conditions), dict(self.assigned)
                    try:
                        return self._branches(module, statement, body[n + 1 :], env, depth, None)
                    except Refused:  # only if what is given is such that the test fails, or leaves
                        self.conditions, self.assigned = noted
                    return self._branches(module, statement, body[n + 1 :], env, depth, leaves)
                case _:
                    raise Refused
        return [("end", ANY, env)]

    def _branches(
        self, module: Module, statement: ast.If, rest: list[ast.stmt], env: Env, depth: int, wanted: bool | None
    ) -> list[Outcome]:
        """What comes of a test and of what follows."""
        truth = self._truth(module, statement.test, env, depth, wanted)
        branches = [b for b, wrong in ((statement.body, False), (statement.orelse, True)) if truth is not wrong]
        out: list[Outcome] = []
        for branch in branches:
            for kind, found, after in self._run(module, branch, env, depth):
                if kind == "end":
                    out += self._run(module, rest, after, depth)
                else:
                    out.append((kind, found, after))
        return out

    def _truth(self, module: Module, test: ast.expr, env: Env, depth: int, wanted: bool | None) -> bool | None:
        """Whether a test holds; None where it may or may not. Of a comparison with what is given: as is
        wanted, if anything is."""
        match test:
            case ast.Compare(left=left, comparators=[right]) if _number(module, left) and _number(module, right):
                return None
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                truth = self._truth(module, operand, env, depth, None if wanted is None else not wanted)
                return None if truth is None else not truth
            case ast.BoolOp(op=op, values=values):
                ends = isinstance(op, ast.Or)
                found = []
                for value in values:
                    found.append(self._truth(module, value, env, depth, wanted))
                    if found[-1] is ends:
                        break
                if found[-1] is ends:
                    return ends
                return None if None in found else not ends
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in OPERATORS:
                a, b = self._value(module, left, env, depth), self._value(module, right, env, depth)
                sign = OPERATORS[type(op)]
                if isinstance(a, Num) and isinstance(b, Given):
                    return self._condition(a, sign, b, wanted)
                if isinstance(b, Num) and isinstance(a, Given):
                    turned = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}.get(sign, sign)
                    return self._condition(b, turned, a, wanted)
                if isinstance(a, Num) and isinstance(b, Num):
                    return _compared(a, sign, b)
                raise Refused
            case ast.Compare(ops=[ast.Is() | ast.IsNot()], left=ast.Name(), comparators=[ast.Name() | ast.Constant()]):
                return None
        if (
            isinstance(test, (ast.Compare, ast.BoolOp))
            or isinstance(test, ast.UnaryOp)
            and type(test.op) is not ast.USub
        ):
            raise Refused
        found_value = self._value(module, test, env, depth)
        if isinstance(found_value, Num):
            return False if found_value == ZERO else True if found_value.low > 0 or found_value.high < 0 else None
        if found_value in SETS:
            return found_value != NONE
        raise Refused

    def _condition(self, a: Num, sign: str, b: Given, wanted: bool | None) -> bool | None:
        if wanted is None:
            return None
        if a.low != a.high:
            raise Refused
        test = f"{a.low!r} {sign} {b.name}"
        self.conditions[test if wanted else f"not {test}"] = None
        return wanted

    # -- expressions

    def _value(self, module: Module, e: ast.expr, env: Env, depth: int) -> Value:
        if not depth:
            if same(e, self.own):
                return OWN
            if same(e, self.other):
                return OTHER
        match e:
            case ast.Constant(value=int() | float() as number) if math.isfinite(number):
                return Num(number, number)
            case ast.Constant():
                return ANY
            case ast.Name(id=name):
                return env[name] if name in env else self._named(module, e, depth)
            case ast.BinOp(left=left, op=op, right=right):
                return self._operator(op, self._value(module, left, env, depth), self._value(module, right, env, depth))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                value = self._value(module, operand, env, depth)
                if isinstance(value, Num):
                    return Num(-value.high, -value.low)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                truth = self._truth(module, test, env, depth, None)
                parts = [p for p, wrong in ((body, False), (orelse, True)) if truth is not wrong]
                return _either([self._value(module, p, env, depth) for p in parts])
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                return self._chosen(module, e, env, depth)
            case ast.Compare() | ast.BoolOp() | ast.UnaryOp():
                truth = self._truth(module, e, env, depth, None)
                return TRUTH if truth is None else Num(int(truth), int(truth))
            case ast.Call(func=ast.Attribute(value=value, attr=attr), args=args, keywords=[]) if (
                not module.imported(e.func) and attr not in self.project.functions
            ):
                return self._method(attr, self._value(module, value, env, depth), [
                    self._value(module, a, env, depth) for a in args
                ])  # fmt: skip
            case ast.Call(func=f, args=args, keywords=[]):
                return self._call(module, f, args, env, depth)
        raise Refused

    def _named(self, module: Module, e: ast.Name, depth: int) -> Value:
        scope = module.owner(e.id, e)
        if scope is None or isinstance(scope, ast.ClassDef):
            raise Refused
        bound = module.bindings(e.id, scope)
        if isinstance(scope, ast.Module) and self.project.mentions(e.id, module):
            raise Refused
        if len(bound) == 1 and bound[0].how == "assign" and isinstance(bound[0].value, ast.Constant):
            number = bound[0].value.value
            if isinstance(number, (int, float)) and math.isfinite(number) and isinstance(scope, ast.Module):
                if module is self.module:  # looked at as what is given is
                    self.given[e.id] = e
                    self.conditions[f"{e.id} == {number!r}"] = None
                return Num(number, number)
        if depth or any(n in set(ast.walk(self.loop)) for n in (b.node for b in bound)):
            raise Refused  # bound in the loop, but not on the way here
        if any(b.how not in ("assign", "parameter", "loop") for b in bound):
            raise Refused
        if any(module.function(b.node) is not module.function(bound[0].node) for b in bound):
            raise Refused
        self.given[e.id] = e
        return Given(e.id)

    def _operator(self, op: ast.operator, a: Value, b: Value) -> Value:
        if isinstance(a, str) and isinstance(b, str) and a in SETS and b in SETS:
            pair = self._as_sets(a, b)
            match op:
                case ast.BitAnd() if NONE in pair or pair == BOTH:
                    return NONE
                case ast.BitOr() if pair != {NONE}:
                    return SOME
                case ast.Sub() | ast.BitXor() if pair == BOTH:
                    return SOME
            raise Refused
        if not isinstance(a, Num) or not isinstance(b, Num):
            raise Refused
        match op:
            case ast.Add():
                return Num(a.low + b.low, a.high + b.high)
            case ast.Sub():
                return Num(a.low - b.high, a.high - b.low)
            case ast.Mult() if ZERO in (a, b):
                return ZERO
            case ast.Mult() if a.low >= 0 and b.low >= 0:
                return Num(a.low * b.low, a.high * b.high)
            case ast.Pow() if a.low > 0 and b == Num(0.5, 0.5):
                return Num(math.sqrt(a.low) / 2, math.inf)
            case ast.Div() if b.low > 0 and a == ZERO:
                return ZERO
            case ast.Div() if b.low > 0 and a.low >= 0:
                return Num(0, math.inf)
        raise Refused

    def _as_sets(self, *values: Value) -> set[Value]:
        """Values that have to be sets where what they are asked does not make sets of them."""
        if OWN in values or OTHER in values:
            self._only({"set", "frozenset"})
        return {MADE.get(v, v) if isinstance(v, str) else v for v in values}

    def _only(self, kinds: set[str] | frozenset[str]) -> None:
        self.kinds, self.used = self.kinds & kinds, True

    def _method(self, attr: str, of: Value, args: list[Value]) -> Value:
        if of not in SETS:
            raise Refused
        if attr == "keys" and not args and of in (OWN, OTHER):
            self._only({"dict"})
            return OWN_SET if of == OWN else OTHER_SET
        if len(args) != 1 or args[0] not in SETS:
            raise Refused
        pair = self._as_sets(of, args[0])
        match attr:
            case "intersection" if NONE in pair or pair == BOTH:
                return NONE
            case "isdisjoint" if NONE in pair or pair == BOTH:
                return Num(1, 1)
            case "union" if pair != {NONE}:
                return SOME
            case "difference" | "symmetric_difference" if pair == BOTH:
                return SOME
        raise Refused

    def _chosen(self, module: Module, e: ast.expr, env: Env, depth: int) -> Value:
        """`[x for x in a if x in b]`: empty."""
        assert isinstance(e, (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp))
        clause = e.generators[0]
        rows, target = clause.iter, clause.target
        if len(e.generators) != 1 or clause.is_async or not clause.ifs:
            raise Refused
        match rows, target:
            case ast.Call(func=ast.Attribute(value=rows, attr="items"), args=[]), ast.Tuple(elts=[ast.Name(id=key), _]):
                self._only({"dict"})
            case ast.expr(), ast.Name(id=key):
                pass
            case _:
                raise Refused
        match clause.ifs[0]:
            case ast.Compare(left=ast.Name(id=left), ops=[ast.In()], comparators=[asked]) if left == key:
                pair = {self._value(module, rows, env, depth), self._value(module, asked, env, depth)}
                if {MADE.get(v, v) if isinstance(v, str) else v for v in pair} == BOTH:
                    self._only(STORED)
                    return NONE
        raise Refused

    def _call(self, module: Module, f: ast.expr, args: list[ast.expr], env: Env, depth: int) -> Value:
        word = f.id if isinstance(f, ast.Name) and module.is_builtin(f) else module.imported(f)
        values = [self._value(module, a, env, depth) for a in args]
        match word, values:
            case "len", [str() as one] if one in SETS:
                return ZERO if one == NONE else COUNT
            case (("set" | "frozenset"), [str() as one]) if one in SETS:
                self._only(STORED)
                return MADE.get(one, one)
            case (("sum" | "any"), ["none"]):
                return ZERO
            case (("float" | "int" | "abs"), [Num() as one]) if one == ZERO or word == "float":
                return one
            case "round", [Num() as one, *_] if one == ZERO:
                return ZERO
            case (("min" | "max"), [Num(), Num(), *_]):
                pick = min if word == "min" else max
                numbers = [v for v in values if isinstance(v, Num)]
                if len(numbers) == len(values):
                    return Num(pick(v.low for v in numbers), pick(v.high for v in numbers))
            case "math.sqrt", [Num() as one] if one.low >= 0:
                return ZERO if one == ZERO else Num(math.sqrt(one.low) / 2, math.inf)
        return self._own_function(module, f, values, depth)

    def _own_function(self, module: Module, f: ast.expr, values: list[Value], depth: int) -> Value:
        """What a function of the project gives, by what it does with such arguments."""
        if not isinstance(f, ast.Name) or depth >= MAX_DEPTH:
            raise Refused
        name, project = f.id, self.project
        defs = project.functions.get(name, [])
        owner = module.owner(name, f)
        if len(defs) != 1 or name in project.classes or name in project.attributes or owner is not module.tree:
            raise Refused
        home, function = defs[0]
        bound = module.bindings(name, owner)
        if len(bound) != 1 or bound[0].how != ("def" if home is module else "import"):
            raise Refused
        if home is not module and not (module.imported(f) and project._is_user_module(module.imported(f))):
            raise Refused
        a = function.args
        if not isinstance(function, ast.FunctionDef) or not isinstance(home.parents[function], ast.Module):
            raise Refused
        if function.decorator_list or a.vararg or a.kwarg or a.kwonlyargs or a.posonlyargs or a.defaults:
            raise Refused
        if len(a.args) != len(values) or len(home.bindings(name, home.tree)) != 1:
            raise Refused
        env: Env = {p.arg: v for p, v in zip(a.args, values, strict=True)}
        outcomes = self._run(home, function.body, env, depth + 1)
        if any(kind != "return" for kind, _, _ in outcomes):
            raise Refused
        return _either([value for _, value, _ in outcomes])


def _number(module: Module, e: ast.expr) -> bool:
    """A number written down, or the variable of a loop over a range or of `enumerate`: comparing it cannot fail."""
    if is_counter(module, e):
        return True
    scope = module.owner(e.id, e) if isinstance(e, ast.Name) else None
    if scope is None or not isinstance(e, ast.Name):
        return False
    for b in module.bindings(e.id, scope):
        match module.parents[b.node]:
            case ast.Tuple(elts=[first, _]) as pair if first is b.node and isinstance(
                loop := module.parents[pair], (ast.For, ast.comprehension)
            ):
                it = loop.iter if loop.target is pair else None
                if not isinstance(it, ast.Call) or not module.is_builtin(it.func, "enumerate"):
                    return False
            case _:
                return False
    return bool(module.bindings(e.id, scope))


def _compared(a: Num, sign: str, b: Num) -> bool | None:
    match sign:
        case "<":
            return True if a.high < b.low else False if a.low >= b.high else None
        case "<=":
            return True if a.high <= b.low else False if a.low > b.high else None
        case ">" | ">=":
            return _compared(b, {">": "<", ">=": "<="}[sign], a)
        case "==":
            same_number = a.low == a.high == b.low == b.high
            return True if same_number else False if a.high < b.low or b.high < a.low else None
    found = _compared(a, "==", b)
    return None if found is None else not found


def _either(values: list[Value]) -> Value:
    numbers = [v for v in values if isinstance(v, Num)]
    if len(numbers) == len(values):
        return Num(min(v.low for v in numbers), max(v.high for v in numbers))
    if len(set(values)) == 1:
        return values[0]
    raise Refused
