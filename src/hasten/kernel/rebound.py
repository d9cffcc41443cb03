"""A parameter that gets another list (`centroids = moved`), as a list of the kernel's own from the start.

What came in is an array in the kernel, what takes its place grows there: one name cannot stand for both. So a list of
what came in takes the parameter's place. Nobody can tell, where the list that came in is only looked at (what it holds
are the same objects as before) and leaves only once another has taken its place.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from hasten.kernel import names

if TYPE_CHECKING:
    from hasten.kernel.program import Module

READERS = frozenset("len sum min max sorted list tuple set enumerate zip reversed any all".split())
METHODS = frozenset({"index", "count", "copy"})
TESTS = (ast.If, ast.While, ast.IfExp)
DEEP = 3  # functions that hand a list on to functions


def own(
    module: Module, stmts: Sequence[ast.stmt], wanted: Iterable[str], fresh: Callable[[str], str]
) -> list[ast.stmt]:
    """The function's statements with lists of their own for `wanted`, as far as nobody can tell."""
    out = list(stmts)
    for name in wanted:
        if not _only_looked_at(module, out, name):
            continue
        mine, moved = fresh(f"{name}_own"), fresh(f"{name}_moved")
        change = _Own(name, mine, moved)
        body: list[ast.stmt] = []
        for s in copy.deepcopy(out):
            new = change.visit(s)
            body += new if isinstance(new, list) else [new]
        first = ast.parse(f"{mine} = [item for item in {name}]\n{moved} = False\n").body
        for top in first:
            for n in ast.walk(top):
                ast.copy_location(n, out[0])
        out = [ast.fix_missing_locations(s) for s in (*first, *body)]
    return out


def _only_looked_at(module: Module, stmts: Sequence[ast.stmt], name: str) -> bool:
    up = {inner: n for s in stmts for n in ast.walk(s) for inner in ast.iter_child_nodes(n)}
    also = _second_names(up, name)
    for n in up.values():  # what came in may come back: `cs = cs`, `cs = last`
        if isinstance(n, ast.Assign) and isinstance(n.value, ast.Name) and n.value.id in also:
            if any(_is(t, name) for t in n.targets):
                return False
    if any(not _reads(module, stmts, up, other, returned=False, depth=DEEP) for other in also - {name}):
        return False
    return _reads(module, stmts, up, name, returned=True, depth=DEEP, also=also)


def _second_names(up: Mapping[ast.AST, ast.AST], name: str) -> set[str]:
    """Names that stand for the same list at times (`last = centroids`)."""
    found = {name}
    for n, above in up.items():
        if isinstance(n, ast.Name) and n.id == name and isinstance(above, ast.Assign) and above.value is n:
            found |= {t.id for t in above.targets if isinstance(t, ast.Name)}
    return found


def _reads(
    module: Module, stmts: Sequence[ast.stmt], up: Mapping[ast.AST, ast.AST], name: str, *, returned: bool, depth: int,
    also: Iterable[str] = (),
) -> bool:  # fmt: skip
    """Is the list of this name only looked at? `returned`: it may leave; `also`: names that it may get beside."""
    for s in stmts:
        for n in ast.walk(s):
            if isinstance(n, (*names.SCOPES, ast.Global, ast.Nonlocal)) and any(_is(i, name) for i in ast.walk(n)):
                return False
            if isinstance(n, (ast.Global, ast.Nonlocal)) and name in n.names:
                return False
            if _is(n, name) and not _use(module, n, up, returned, depth, also):
                return False
    return True


def _use(
    module: Module, use: ast.AST, up: Mapping[ast.AST, ast.AST], returned: bool, depth: int, also: Iterable[str]
) -> bool:
    above = up.get(use)
    assert isinstance(use, ast.Name)
    if not isinstance(use.ctx, ast.Load):
        return isinstance(use.ctx, ast.Store) and isinstance(above, ast.Assign) and above.targets == [use]
    if isinstance(above, ast.Subscript):
        return above.value is use and isinstance(above.ctx, ast.Load)
    if isinstance(above, (ast.For, ast.comprehension)):
        return above.iter is use
    if isinstance(above, ast.Compare):
        return not any(isinstance(op, (ast.Is, ast.IsNot)) for op in above.ops)
    if isinstance(above, ast.Assign):
        return len(above.targets) == 1 and isinstance(t := above.targets[0], ast.Name) and t.id in also
    if isinstance(above, ast.Return):
        return returned
    if isinstance(above, ast.Tuple) and isinstance(up.get(above), ast.Return):
        return returned
    if isinstance(above, ast.Attribute):
        call = up.get(above)
        return isinstance(call, ast.Call) and call.func is above and above.attr in METHODS
    if isinstance(above, ast.Call) and use in above.args:
        builtin = module.dotted(above.func)
        if builtin in READERS:
            return builtin not in ("min", "max") or len(above.args) == 1  # of two lists, they give one
        return _read_by(module, above, above.args.index(use), depth)
    if isinstance(above, ast.UnaryOp):
        return isinstance(above.op, ast.Not)
    return isinstance(above, TESTS) and above.test is use


def _read_by(module: Module, call: ast.Call, place: int, depth: int) -> bool:
    """Does a function of the file only look at what it gets there?"""
    func = module.function(call.func.id) if isinstance(call.func, ast.Name) and depth else None
    if func is None or any(isinstance(a, ast.Starred) for a in call.args):
        return False
    a = func.args
    if a.vararg or a.posonlyargs or place >= len(a.args):
        return False
    name = a.args[place].arg
    up = {inner: n for s in func.body for n in ast.walk(s) for inner in ast.iter_child_nodes(n)}
    if any(_is(n, name) and not isinstance(n.ctx, ast.Load) for n in up if isinstance(n, ast.Name)):
        return False
    return _reads(module, func.body, up, name, returned=False, depth=depth - 1)


def _is(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


class _Own(ast.NodeTransformer):
    def __init__(self, name: str, mine: str, moved: str) -> None:
        self.name, self.mine, self.moved = name, mine, moved

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.copy_location(ast.Name(self.mine, node.ctx), node) if node.id == self.name else node

    def visit_Assign(self, node: ast.Assign) -> ast.AST | list[ast.AST]:
        rebinds = len(node.targets) == 1 and _is(node.targets[0], self.name)
        self.generic_visit(node)
        if not rebinds:
            return node
        return [node, *self._placed(f"{self.moved} = True", node)]

    def visit_Return(self, node: ast.Return) -> ast.AST | list[ast.AST]:
        value = node.value
        leaves = [value, *(value.elts if isinstance(value, ast.Tuple) else ())]
        given = any(v is not None and _is(v, self.name) for v in leaves)
        self.generic_visit(node)
        # the list that came in leaves: the original statements give it back
        return [*self._placed(f"if not {self.moved}:\n    raise ValueError", node), node] if given else node

    def _placed(self, text: str, like: ast.stmt) -> list[ast.stmt]:
        made = ast.parse(text).body
        for s in made:
            for n in ast.walk(s):
                ast.copy_location(n, like)
        return made
