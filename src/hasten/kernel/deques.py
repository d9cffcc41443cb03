"""`queue = deque([start])` of a function's own, as a list: what is done with it means the same for both.

A list's `pop(0)` is what `popleft()` is, and costs as little (`queues`). A deque that holds at most so many
(`deque(maxlen=n)`) drops at the other end what an item too many pushes out: a list does so by a statement of its own.
Whatever a list would do in another way (a slice, a change while it is gone through, a result that has to be a deque)
leaves the name alone.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from hasten.kernel import names

if TYPE_CHECKING:
    from hasten.kernel.program import Module

# and how many arguments they take
METHODS = {"append": 1, "popleft": 0, "pop": 0, "appendleft": 1, "extend": 1, "clear": 0}
ADDS = ("append", "appendleft", "extend")
READERS = ("len", "sum", "min", "max", "sorted", "list", "tuple", "set")
AT_ONCE = (*READERS, "any", "all", "math.fsum")  # what takes all that a generator gives before anything else happens
WALKS = ("enumerate", "zip", "reversed")
TESTS = (ast.If, ast.While, ast.IfExp)


def as_lists(
    module: Module, stmts: Sequence[ast.stmt], kept: Collection[str], fresh: Callable[[str], str] | None = None
) -> list[ast.stmt]:
    """The statements with lists in the place of deques that nothing else sees. `kept`: names that others see; `fresh`
    gives a new name like the one it gets: without it, deques with a greatest length stay."""
    made = [n for s in stmts for n in ast.walk(s) if isinstance(n, ast.Call) and is_deque(module, n)]
    if not made:
        return list(stmts)
    up = {inner: n for s in stmts for n in ast.walk(s) for inner in ast.iter_child_nodes(n)}
    found = {t.id for n in made if isinstance(t := _target(up.get(n)), ast.Name)} - set(kept)
    uses: dict[str, list[ast.Name]] = {name: [] for name in found}
    for s in stmts:
        for n in ast.walk(s):
            if isinstance(n, ast.Name) and n.id in uses:
                uses[n.id].append(n)
            elif isinstance(n, (*names.SCOPES, ast.Global, ast.Nonlocal)):
                found -= names.loaded([n])
    limits: dict[str, bool] = {}  # has it a greatest length? All that a name stands for have one, or none has
    for n in made:
        target = _target(up.get(n))
        if isinstance(target, ast.Name):
            limited = limit(n) is not None
            if limits.setdefault(target.id, limited) != limited or limited and fresh is None:
                found.discard(target.id)
    found = {name for name in found if all(_same(module, n, up, limits[name]) for n in uses[name])}
    most = {name: fresh(f"{name}_most") for name in sorted(found) if limits[name] and fresh is not None}
    change = _Lists(module, found, most)
    out: list[ast.stmt] = []
    for s in copy.deepcopy(list(stmts)):
        new = change.visit(s)
        out += map(ast.fix_missing_locations, new if isinstance(new, list) else [new])
    return out


def is_deque(module: Module, node: ast.Call) -> bool:
    if any(isinstance(a, ast.Starred) for a in node.args) or module.dotted(node.func) != "collections.deque":
        return False
    return len(node.args) + len(node.keywords) < 3 and [k.arg for k in node.keywords] in (
        [],
        ["maxlen"] if len(node.args) < 2 else [],
    )


def limit(node: ast.Call) -> ast.expr | None:
    """How many a deque holds at most; None when that is not limited."""
    found = node.keywords[0].value if node.keywords else node.args[1] if len(node.args) > 1 else None
    return None if isinstance(found, ast.Constant) and found.value is None else found


def _target(node: ast.AST | None) -> ast.expr | None:
    """What a statement with one target binds."""
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        return node.targets[0]
    return node.target if isinstance(node, ast.AnnAssign) else None


def _mentions(node: ast.AST, name: str) -> bool:
    return any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(node))


def _same(module: Module, use: ast.Name, up: Mapping[ast.AST, ast.AST], limited: bool) -> bool:
    """Does this use mean the same for a list?"""
    above = up.get(use)
    if isinstance(use.ctx, ast.Store):
        value = above.value if isinstance(above, (ast.Assign, ast.AnnAssign)) and _target(above) is use else None
        if not isinstance(value, ast.Call) or not is_deque(module, value):
            return False
        return not limited or _apart(value, use.id)
    if not isinstance(use.ctx, ast.Load):
        return False
    if isinstance(above, ast.Attribute):
        call = up.get(above)
        if above.attr == "maxlen" and limited and isinstance(above.ctx, ast.Load):
            return True
        if not isinstance(call, ast.Call) or call.func is not above or call.keywords:
            return False
        if limited and above.attr in ADDS and not isinstance(up.get(call), ast.Expr):
            return False  # no place for the statement that drops what is too many
        plain = not any(isinstance(a, ast.Starred) for a in call.args)
        alone = above.attr != "extend" or not _mentions(call.args[0], use.id) if call.args else True
        return plain and alone and METHODS.get(above.attr) == len(call.args)
    if _walked(module, use, up):
        return True
    if isinstance(above, ast.Call):
        return above.args == [use] and not above.keywords and module.dotted(above.func) in READERS
    if isinstance(above, ast.Subscript):
        return above.value is use and isinstance(above.ctx, ast.Load) and not isinstance(above.slice, ast.Slice)
    if isinstance(above, ast.Compare):
        return above.comparators == [use] and isinstance(above.ops[0], (ast.In, ast.NotIn))
    at: ast.AST = use
    while isinstance(above, (ast.BoolOp, ast.UnaryOp)):
        if isinstance(above, ast.UnaryOp) and isinstance(above.op, ast.Not):
            return True
        if not isinstance(above, ast.BoolOp):
            return False
        at, above = above, up.get(above)
    return isinstance(above, TESTS) and above.test is at


def _apart(node: ast.Call, name: str) -> bool:
    """May the greatest length be looked at after the items, which `deque` looks at first?"""
    plain = isinstance(limit(node), (ast.Name, ast.Constant)) or not node.args
    return plain and not _mentions(node, name) and not any(isinstance(n, ast.NamedExpr) for n in ast.walk(node))


def _walked(module: Module, use: ast.Name, up: Mapping[ast.AST, ast.AST]) -> bool:
    """Is it gone through by a loop or comprehension that does not change it meanwhile?"""
    at: ast.AST = use
    above = up.get(use)
    while isinstance(above, ast.Call) and module.dotted(above.func) in WALKS and at in above.args:
        if above.keywords and [k.arg for k in above.keywords] != ["start"]:
            return False
        at, above = above, up.get(above)
    loop: ast.AST | None
    if isinstance(above, ast.For) and above.iter is at:
        loop = above
    elif isinstance(above, ast.comprehension) and above.iter is at:
        loop = up.get(above)
        if isinstance(loop, ast.GeneratorExp):
            taker = up.get(loop)
            if not isinstance(taker, ast.Call) or module.dotted(taker.func) not in AT_ONCE:
                return False
    else:
        return False
    assert loop is not None
    return not any(
        isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name) and n.value.id == use.id and n.attr in METHODS
        or isinstance(n, ast.Name) and n.id == use.id and not isinstance(n.ctx, ast.Load)
        for n in ast.walk(loop)
    )  # fmt: skip


class _Lists(ast.NodeTransformer):
    def __init__(self, module: Module, found: Collection[str], most: Mapping[str, str]) -> None:
        self.module, self.found, self.most = module, found, most

    def visit_Assign(self, node: ast.Assign) -> ast.AST | list[ast.AST]:
        self.generic_visit(node)
        target, old = _target(node), node.value
        node.value = self._listed(node.value, target)
        return self._limited(node, target, old)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | list[ast.AST]:
        self.generic_visit(node)
        if node.value is None:
            return node
        plain = ast.Assign([node.target], self._listed(node.value, node.target))
        mine = isinstance(node.target, ast.Name) and node.target.id in self.found
        return self._limited(ast.copy_location(plain, node), node.target, node.value) if mine else node

    def _listed(self, value: ast.expr, target: ast.expr | None) -> ast.expr:
        if not isinstance(target, ast.Name) or target.id not in self.found or not isinstance(value, ast.Call):
            return value
        if not value.args:
            return ast.copy_location(ast.List([], ast.Load()), value)
        if isinstance(value.args[0], (ast.List, ast.ListComp)):
            return value.args[0]
        return ast.copy_location(ast.Call(ast.Name("list", ast.Load()), value.args[:1], []), value)

    def _limited(self, node: ast.stmt, target: ast.expr | None, old: ast.expr) -> ast.AST | list[ast.AST]:
        """The statement, and after it what a greatest length asks for."""
        if not isinstance(target, ast.Name) or target.id not in self.most:
            return node
        assert isinstance(old, ast.Call)
        most_of = limit(old)
        assert most_of is not None
        most = ast.copy_location(ast.Assign([ast.Name(self.most[target.id], ast.Store())], most_of), node)
        # `bit_length` is what ints have: a deque takes no other lengths, and none below zero
        text = f"if {self.most[target.id]} < 0 or {self.most[target.id]}.bit_length() < 0:\n    raise ValueError"
        out: list[ast.AST] = [node, most, *_placed(text, node)]
        if old.args:
            out += self._dropped(target.id, node, "while", 0)
        return out

    def _dropped(self, name: str, node: ast.stmt, word: str, end: int) -> list[ast.stmt]:
        """What is too many is dropped at the front (0) or the back (-1)."""
        pop = f"{name}.pop(0)" if end == 0 else f"{name}.pop()"
        return _placed(f"{word} len({name}) > {self.most[name]}:\n    {pop}", node)

    def visit_Expr(self, node: ast.Expr) -> ast.AST | list[ast.AST]:
        call = node.value
        f = call.func if isinstance(call, ast.Call) else None
        name, adds = "", ""
        if isinstance(f, ast.Attribute) and isinstance(f.value, ast.Name) and f.value.id in self.most:
            name, adds = f.value.id, f.attr
        self.generic_visit(node)
        if adds not in ADDS:
            return node
        word, end = ("while" if adds == "extend" else "if"), (-1 if adds == "appendleft" else 0)
        return [node, *self._dropped(name, node, word, end)]

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if node.attr == "maxlen" and isinstance(node.value, ast.Name) and node.value.id in self.most:
            return ast.copy_location(ast.Name(self.most[node.value.id], ast.Load()), node)
        self.generic_visit(node)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        f = node.func
        if isinstance(f, ast.Attribute) and isinstance(f.value, ast.Name) and f.value.id in self.found:
            if f.attr == "popleft":
                f.attr = "pop"
                node.args = [ast.copy_location(ast.Constant(0), node)]
            elif f.attr == "appendleft":
                f.attr = "insert"
                node.args = [ast.copy_location(ast.Constant(0), node), *node.args]
        return node


def _placed(text: str, like: ast.stmt) -> list[ast.stmt]:
    """The statements of a text, at the place of another."""
    made = ast.parse(text).body
    for s in made:
        for n in ast.walk(s):
            ast.copy_location(n, like)
    return made
