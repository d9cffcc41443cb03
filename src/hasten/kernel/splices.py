"""Small methods are spelt out where they are called.

A compiled function that takes arrays counts references to each of them at every call, which costs more than what a
small method does with them. So the body of such a method takes the place of the call, its own names made new ones:

    total += shape.area()      ->      total += math.pi * shape.r ** 2

What is spelt out is Python again, and means the same: the arguments are worked out first and once, and the body runs
before whatever the statement does after the call. Where that cannot be, only a body of one expression whose arguments
are plain names takes the place of its call.

A call on an object of one of several classes becomes a chain of tests, with a call on an object of a known class each.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from hasten.kernel import names, reach, supers, versions
from hasten.kernel.values import PURE

if TYPE_CHECKING:
    from hasten.kernel.compiler import Unit
    from hasten.kernel.program import Module

MOST_NODES = 400  # of a body that is spelt out
MOST_IN_ALL = 8000  # nodes that a unit may grow to
DEEP = 6
FIRST, ANYWHERE, MAYBE = "first", "anywhere", "maybe"  # when a call is evaluated, within its statement

# what stays in a function of its own
ODD = (
    ast.Yield, ast.YieldFrom, ast.Await, ast.Global, ast.Nonlocal, ast.Lambda, ast.NamedExpr, ast.ClassDef,
    ast.Try, ast.With, ast.AsyncFor, ast.AsyncWith, ast.Import, ast.ImportFrom, ast.Delete, ast.Match,
)  # fmt: skip


class Splice(Exception):
    """A call can be spelt out: the statement it stands in becomes these."""

    def __init__(self, old: ast.stmt, new: list[ast.stmt]) -> None:
        super().__init__()
        self.old, self.new = old, new


class _Not(Exception):
    pass


def arguments(func: ast.FunctionDef, node: ast.expr, method: bool) -> dict[str, ast.expr]:
    """What each parameter of a function stands for, in the order in which a call (or property) works it out."""
    order = [p.arg for p in func.args.args]
    found: dict[str, ast.expr] = {}
    if method:
        of = node.func if isinstance(node, ast.Call) else node
        assert isinstance(of, ast.Attribute)
        at = of.value
        found[order[0]] = at.value if supers.start_of(at) and isinstance(at, ast.Attribute) else at
    if isinstance(node, ast.Call):
        found |= zip(order[len(found) :], node.args, strict=False)
        found |= {k.arg: k.value for k in node.keywords if k.arg}
    for p, d in zip(reversed(order), reversed(func.args.defaults), strict=False):
        found.setdefault(p, d)
    return found


def wanted(unit: Unit, func: ast.FunctionDef, home: Module, node: ast.expr, given: dict[str, ast.expr]) -> None:
    """Raises `Splice` where the call (or property) `node` can be spelt out. `given`: what each parameter stands for."""
    s = unit.current
    if s is None or not unit.splicing or not plain(unit, func, home, node) or not there(unit, func, given):
        return
    when = moment(s, node)
    if when is None:
        return
    try:
        made = _spelt(unit, func, node, given, s, when)
    except _Not:
        return
    raise made


def there(unit: Unit, func: ast.FunctionDef, given: dict[str, ast.expr]) -> bool:
    """Can none of the objects be None? (A method that only computes would run where the program raises.) One that is
    looked at first of all may be: the kernel gives up where it is None."""
    first = next((p for p in given), "")
    named = given.get(first)
    looked = isinstance(named, ast.Name) and _looked_at(func, first)
    found = {
        n.id for p, a in given.items() if not (looked and p == first) for n in ast.walk(a) if isinstance(n, ast.Name)
    }
    if found & unit.optional - unit.present:
        return False
    unit.trusted |= found - unit.optional
    return True


def _looked_at(func: ast.FunctionDef, name: str) -> bool:
    """Does the function begin with a look at an attribute of this parameter, whatever the data?"""
    body = func.body
    if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    if not body or isinstance(body[0], ast.While):
        return False
    looks = [
        n for n in ast.walk(body[0])
        if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name) and n.value.id == name
    ]  # fmt: skip
    return any(isinstance(n.ctx, ast.Load) and moment(body[0], n) in (FIRST, ANYWHERE) for n in looks)


def plain(unit: Unit, func: ast.FunctionDef, home: Module, node: ast.expr) -> bool:
    """Is it a small function whose names can be told from those of the code around the call?"""
    chain: tuple[str, ...] = getattr(node, "chain", ())
    nodes = list(ast.walk(func))
    if len(nodes) > MOST_NODES or unit.size > MOST_IN_ALL or len(chain) >= DEEP or _mark(func) in chain:
        return False
    if any(isinstance(n, ODD) or isinstance(n, names.FUNCTIONS) and n is not func for n in nodes):
        return False
    if any(isinstance(n, ast.Call) and reach.called(n) == func.name for n in nodes):
        return False  # it calls itself
    parameters = {a.arg for a in func.args.args}
    own = parameters | names.bound(func.body)
    if names.flow(func.body).exposed & names.bound(func.body) - parameters:
        return False  # it may read a name that an earlier call has left
    own |= _inside(func.body)
    names_ = [n for s in func.body for n in ast.walk(s) if isinstance(n, ast.Name) and n.id not in own]
    free = {n.id for n in names_}
    if home is not unit.module:  # of another file: what it names must be the same thing here
        if any(home.dotted(n) is None or home.dotted(n) != unit.module.dotted(_anywhere(n)) for n in names_):
            return False
    return not free & (unit.bound | unit.scope | unit.shadow | set(unit.params) | set(unit.inner))


def _anywhere(n: ast.Name) -> ast.Name:
    """The name, at no place in particular."""
    return ast.Name(n.id, ast.Load())


def _mark(func: ast.FunctionDef) -> str:
    return f"{func.name}:{func.lineno}"


def _inside(body: Sequence[ast.stmt]) -> set[str]:
    """Names that comprehensions bind."""
    return {
        n.id
        for s in body
        for c in ast.walk(s)
        if isinstance(c, names.COMPREHENSIONS)
        for g in c.generators
        for n in ast.walk(g.target)
        if isinstance(n, ast.Name)
    }


# ---------------------------------------------------------------------- where the call stands


def hoisted(unit: Unit, node: ast.expr, besides: ast.expr) -> None:
    """Raises `Splice` where an expression can get a name ahead of its statement: nothing but `besides` (which always
    stays the same) is evaluated before it."""
    s = unit.current
    if s is None or not unit.splicing or moment(s, node, besides) != FIRST:
        return
    name = unit.fresh_name("place", unit.next_splice())
    before = _at(ast.Assign([ast.Name(name, ast.Store())], node), node)
    raise Splice(s, [before, _instead(s, node, _at(ast.Name(name, ast.Load()), node))])


def moment(s: ast.stmt, node: ast.expr, besides: ast.expr | None = None) -> str | None:
    """When the statement evaluates `node`: before everything else, surely, or only in some cases."""
    if isinstance(s, (ast.Expr, ast.Assign, ast.AnnAssign, ast.Return)):
        value = s.value
    elif isinstance(s, ast.AugAssign):
        value = s.value
    elif isinstance(s, ast.If):
        value = s.test
    elif isinstance(s, ast.For):
        value = s.iter
    elif isinstance(s, ast.While):
        return MAYBE if any(n is node for n in ast.walk(s.test)) else None
    else:
        return None
    if value is None:
        return None
    found = _reach(value, node)
    if found is None:
        return None
    before, sure = found
    if isinstance(s, ast.AugAssign):
        before = [*_children(s.target), *before]
        if isinstance(s.target, (ast.Attribute, ast.Subscript)):
            before.append(ast.Attribute(s.target.value, "", ast.Load()))  # it is looked up, too
    if not sure:
        return MAYBE
    before = [n for n in before if n is not besides]
    if all(isinstance(n, (ast.Name, ast.Constant)) for n in before):
        return FIRST
    return ANYWHERE if quiet(before) else MAYBE


def _reach(root: ast.expr, node: ast.expr) -> tuple[list[ast.expr], bool] | None:
    """What is evaluated before `node`, and whether it is evaluated at all for sure."""
    if root is node:
        return [], True
    before: list[ast.expr] = []
    for i, child in enumerate(_children(root)):
        found = _reach(child, node)
        if found is not None:
            sure = found[1]
            if isinstance(root, (ast.BoolOp, ast.IfExp)) and i > 0 or isinstance(root, ast.Compare) and i > 1:
                sure = False
            if isinstance(root, (ast.Lambda, *names.COMPREHENSIONS)):
                sure = False
            return [*before, *found[0]], sure
        before.append(child)
    return None


def _children(root: ast.expr) -> Iterator[ast.expr]:
    """The parts of an expression, in the order in which they are evaluated."""
    if isinstance(root, ast.IfExp):
        yield from (root.test, root.body, root.orelse)
        return
    if isinstance(root, ast.Call) and isinstance(root.func, ast.Attribute):
        yield from (root.func.value, *root.args, *(k.value for k in root.keywords))  # looking up a method runs nothing
        return
    for child in ast.iter_child_nodes(root):
        if isinstance(child, ast.expr):
            yield child
        elif isinstance(child, ast.keyword):
            yield child.value
        elif isinstance(child, ast.comprehension):
            yield from (child.target, child.iter, *child.ifs)


def quiet(nodes: Sequence[ast.AST]) -> bool:
    """Do these change nothing when they are evaluated?"""
    for top in nodes:
        for n in ast.walk(top):
            if isinstance(n, ast.Call):
                f = n.func
                module = isinstance(f, ast.Attribute) and isinstance(f.value, ast.Name) and f.value.id == "math"
                if not module and not (isinstance(f, ast.Name) and f.id in PURE):
                    return False
            if isinstance(n, (ast.NamedExpr, ast.Yield, ast.YieldFrom, ast.Await, ast.Delete)):
                return False
            if isinstance(n, (ast.Attribute, ast.Subscript)) and not isinstance(n.ctx, ast.Load):
                return False
    return True


# ---------------------------------------------------------------------- spelling out


def _spelt(
    unit: Unit, func: ast.FunctionDef, node: ast.expr, given: dict[str, ast.expr], s: ast.stmt, when: str
) -> Splice:
    body = func.body
    if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    if not body:
        body = [_at(ast.Return(None), node)]
    if any(isinstance(b, ast.Assign) and names.bound([b]) & set(given) for b in body):
        taken = {*unit.module.identifiers, *(n.id for b in body for n in ast.walk(b) if isinstance(n, ast.Name))}

        def another(name: str) -> str:
            while name in taken:
                name += "_"
            taken.add(name)
            return name

        body = versions.split(body, set(given), another)  # `rows = np.array(rows)`
    changed = names.bound(body)
    one = body[0].value if len(body) == 1 and isinstance(body[0], ast.Return) else None
    direct = {p: a for p, a in given.items() if p not in changed and lasting(a)}
    number = unit.next_splice()
    renamed = {n: unit.fresh_name(n, number) for n in (changed | _inside(body) | set(given)) - set(direct)}
    copier = _Copier(direct, renamed, number, (*getattr(node, "chain", ()), _mark(func)))
    if one is not None and len(direct) == len(given) and not _inside(body):
        return Splice(s, [_instead(s, node, copier.made(one))])
    # where the statement has looked at something by then, nothing may change that
    if when == MAYBE or when == ANYWHERE and not quiet([*body, *given.values()]):
        raise _Not
    out: list[ast.stmt] = []
    for p, a in given.items():
        if p not in direct:
            out.append(_at(ast.Assign([ast.Name(renamed[p], ast.Store())], a), node))
    effect = isinstance(s, ast.Expr) and s.value is node
    last = body[-1]
    if not effect and isinstance(last, ast.Return) and last.value is not None and not any(map(_returns, body[:-1])):
        out += [copier.made(b) for b in body[:-1]]
        return Splice(s, [*out, _instead(s, node, copier.made(last.value))])
    result = "" if effect else unit.fresh_name("result", number)
    out += [copier.made(b) for b in settled(body, [], result)]
    if sum(1 for b in out for _ in ast.walk(b)) > 2 * MOST_NODES:
        raise _Not
    if effect:
        return Splice(s, out or [_at(ast.Pass(), node)])
    return Splice(s, [*out, _instead(s, node, _at(ast.Name(result, ast.Load()), node))])


def unpacked(unit: Unit, s: ast.Return, call: ast.Call, count: int) -> Splice:
    """`return f(x)` of several things as `a, b = f(x)` and `return a, b`: nobody else has the tuple."""
    number = unit.next_splice()
    parts = [unit.fresh_name(f"part_{n}", number) for n in range(count)]
    stored: list[ast.expr] = [ast.Name(n, ast.Store()) for n in parts]
    loaded: list[ast.expr] = [ast.Name(n, ast.Load()) for n in parts]
    first, last = ast.Assign([ast.Tuple(stored, ast.Store())], call), ast.Return(ast.Tuple(loaded, ast.Load()))
    return Splice(s, [_at(first, s), _at(last, s)])


def lasting(a: ast.expr) -> bool:
    """May an argument stand wherever its parameter stood? A name of the caller does not change in the meantime."""
    if isinstance(a, ast.Constant):
        return True
    while isinstance(a, ast.Attribute) and a.attr.startswith(" as "):
        a = a.value
    return isinstance(a, ast.Name)


def chosen(unit: Unit, node: ast.expr, obj: ast.expr, kinds: Sequence[str], every: bool, calm: bool) -> None:
    """Raises `Splice` where a call (or look-up) on an object of one of several classes can become a chain of tests.

    `every`: all the classes there are. `calm`: whichever it is, it changes nothing.
    """
    s = unit.current
    when = None if s is None or not unit.splicing or unit.size > MOST_IN_ALL else moment(s, node)
    if s is None or when is None:
        return
    args = [*node.args, *(k.value for k in node.keywords)] if isinstance(node, ast.Call) else []
    if when == MAYBE or when == ANYWHERE and not (calm and quiet(args)):
        if not lasting(obj) or not every:
            return
        made = _on(node, obj, kinds[-1])
        for kind in reversed(kinds[:-1]):
            made = ast.IfExp(_asks(obj, kind), _on(node, obj, kind), made)
        raise Splice(s, [_instead(s, node, _at(made, node))])
    number = unit.next_splice()
    out: list[ast.stmt] = []

    def named(value: ast.expr, word: str) -> ast.expr:
        if lasting(value):
            return value
        name = unit.fresh_name(word, number)
        out.append(_at(ast.Assign([ast.Name(name, ast.Store())], value), node))
        stands: ast.expr = _at(ast.Name(name, ast.Load()), node)
        return stands

    obj = named(obj, "some_object")
    if isinstance(node, ast.Call):
        func = node.func
        args = [named(a, f"given_{i}") for i, a in enumerate(node.args)]
        keywords = [ast.keyword(k.arg, named(k.value, k.arg or "")) for k in node.keywords]
        plain_call = ast.copy_location(ast.Call(func, args, keywords), node)
    effect = isinstance(s, ast.Expr) and s.value is node
    result = unit.fresh_name("result", number)
    chain: list[ast.stmt] = [] if every else [ast.Raise(ast.Name("AttributeError", ast.Load()), None)]
    for kind in reversed(kinds):
        value = _on(plain_call if isinstance(node, ast.Call) else node, obj, kind)
        then: ast.stmt = ast.Expr(value) if effect else ast.Assign([ast.Name(result, ast.Store())], value)
        chain = [ast.If(_asks(obj, kind), [then], chain)] if chain else [then]
    out += [_at(c, node) for c in chain]
    if not effect:
        out.append(_instead(s, node, _at(ast.Name(result, ast.Load()), node)))
    raise Splice(s, out)


def stored(unit: Unit, kinds: Sequence[str], every: bool) -> None:
    """Raises `Splice` where an assignment to an attribute of an object of one of several classes can become a chain of
    tests, with an assignment for an object of a known class each."""
    s = unit.current
    if not isinstance(s, (ast.Assign, ast.AugAssign)) or not unit.splicing or unit.size > MOST_IN_ALL:
        return
    target = s.target if isinstance(s, ast.AugAssign) else s.targets[0] if len(s.targets) == 1 else None
    if not isinstance(target, ast.Attribute) or not isinstance(target.value, ast.Name):
        return
    chain: list[ast.stmt] = [] if every else [ast.Raise(ast.Name("AttributeError", ast.Load()), None)]
    for kind in reversed(kinds):
        one = copy.deepcopy(s)
        to = one.target if isinstance(one, ast.AugAssign) else one.targets[0]
        assert isinstance(to, ast.Attribute)
        to.value = ast.Attribute(to.value, f" as {kind}", ast.Load())
        chain = [ast.If(_asks(target.value, kind), [one], chain)] if chain else [one]
    raise Splice(s, [_at(c, s) for c in chain])


def _asks(obj: ast.expr, kind: str) -> ast.expr:
    return ast.Attribute(copy.deepcopy(obj), f" is {kind}", ast.Load())


def _on(node: ast.expr, obj: ast.expr, kind: str) -> ast.expr:
    """The same call or look-up, on the object as one of that class."""
    one = ast.Attribute(copy.deepcopy(obj), f" as {kind}", ast.Load())
    if isinstance(node, ast.Call):
        assert isinstance(node.func, ast.Attribute)
        func = ast.copy_location(ast.Attribute(one, node.func.attr, ast.Load()), node.func)
        made: ast.expr = ast.Call(func, copy.deepcopy(node.args), copy.deepcopy(node.keywords))
    else:
        assert isinstance(node, ast.Attribute)
        made = ast.Attribute(one, node.attr, ast.Load())
    made = _at(ast.copy_location(made, node), node)
    for n in ast.walk(made):
        n.chain = getattr(node, "chain", ())  # type: ignore[attr-defined]
    return made


def _returns(node: ast.AST) -> bool:
    return any(isinstance(n, ast.Return) for n in ast.walk(node))


def settled(body: Sequence[ast.stmt], rest: Sequence[ast.stmt], result: str) -> list[ast.stmt]:
    """The statements without `return`: what follows moves to the branches that go on."""
    out: list[ast.stmt] = []
    for i, s in enumerate(body):
        if isinstance(s, ast.Return):
            if result:
                value = s.value or ast.copy_location(ast.Constant(None), s)
                out.append(ast.copy_location(ast.Assign([ast.Name(result, ast.Store())], value), s))
            elif isinstance(s.value, ast.Call):
                out.append(ast.copy_location(ast.Expr(s.value), s))
            elif s.value is not None and not quiet([s.value]):
                raise _Not
            return out
        if not _returns(s):
            out.append(s)
            continue
        if not isinstance(s, ast.If):
            raise _Not
        after = [*body[i + 1 :], *rest]
        then = settled(s.body, after, result) or [ast.copy_location(ast.Pass(), s)]
        out.append(ast.copy_location(ast.If(s.test, then, settled(s.orelse, after, result)), s))
        return out
    if rest:
        return out + settled(rest, [], result)
    if result:
        at = body[-1] if body else ast.Pass(lineno=1, col_offset=0)
        nothing = ast.Assign([ast.Name(result, ast.Store())], ast.copy_location(ast.Constant(None), at))
        out.append(ast.copy_location(nothing, at))
    return out


class _Copier(ast.NodeTransformer):
    """Copies of nodes, with parameters replaced and names made new."""

    def __init__(self, direct: dict[str, ast.expr], new: dict[str, str], number: int, chain: tuple[str, ...]) -> None:
        self.direct, self.new, self.number, self.chain = direct, new, number, chain

    def made(self, node: Any) -> Any:
        out = self.visit(copy.deepcopy(node))
        for n in ast.walk(out):
            n.chain = self.chain  # type: ignore[attr-defined]
            if isinstance(n, (ast.expr, ast.stmt)) and hasattr(n, "col_offset"):
                n.col_offset += 1000 * self.number  # names are made of it
        return out

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id in self.direct:
            made = copy.deepcopy(self.direct[node.id])
            for n in ast.walk(made):
                if isinstance(n, ast.expr):
                    ast.copy_location(n, node)
            return made
        if node.id in self.new:
            return ast.copy_location(ast.Name(self.new[node.id], node.ctx), node)
        return node


class _Instead(ast.NodeTransformer):
    """Puts one expression in the place of another."""

    def __init__(self, old: ast.expr, new: ast.expr) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> Any:
        return self.new if node is self.old else self.generic_visit(node)


def _instead(s: ast.stmt, node: ast.expr, new: ast.expr) -> ast.stmt:
    """The statement (which loses its old form) with another expression in the place of the call."""
    if isinstance(s, (ast.If, ast.While)):
        s.test = _Instead(node, new).visit(s.test)
    elif isinstance(s, ast.For):
        s.iter = _Instead(node, new).visit(s.iter)
    else:
        assert isinstance(s, (ast.Expr, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Return)) and s.value is not None
        s.value = _Instead(node, new).visit(s.value)
    return s


def _at(node: Any, like: ast.AST) -> Any:
    """The node, in the place of another."""
    for n in ast.walk(node):
        if isinstance(n, (ast.expr, ast.stmt)) and not hasattr(n, "lineno"):
            ast.copy_location(n, like)
    return node


def replaced(stmts: Sequence[ast.stmt], change: Splice) -> list[ast.stmt]:
    """The statements with what a splice says in the place of one of them."""
    out: list[ast.stmt] = []
    for s in stmts:
        if s is change.old:
            out += change.new
            continue
        for part in ("body", "orelse"):
            inner = getattr(s, part, None)
            if isinstance(inner, list) and inner and not isinstance(s, (*names.FUNCTIONS, ast.ClassDef)):
                setattr(s, part, replaced(inner, change))
        out.append(s)
    return out
