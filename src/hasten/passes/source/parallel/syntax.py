"""Loops, their targets, and what leaves them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from hasten.kernel import names
from hasten.passes.source.containers.syntax import Module


def chains(loop: ast.For) -> Iterator[list[ast.For]]:
    """The loop; the loop and one directly in it; and so on."""
    chain = [loop]
    while True:
        yield list(chain)
        inner = [s for s in chain[-1].body if isinstance(s, ast.For)]
        if len(inner) != 1:
            return
        chain.append(inner[0])


def unconditional(statement: ast.stmt) -> Iterator[ast.AST]:
    """Expressions of a statement that are evaluated once whenever it runs."""
    todo: list[ast.AST] = []
    match statement:
        case ast.Assign(value=value) | ast.AugAssign(value=value) | ast.Expr(value=value):
            todo = [value]
        case ast.AnnAssign(value=value) | ast.Return(value=value) if value is not None:
            todo = [value]
        case ast.If(test=test):
            todo = [test]
    while todo:
        node = todo.pop(0)
        yield node
        if isinstance(node, (ast.Call, ast.BinOp, ast.Tuple, ast.List, ast.Dict, ast.UnaryOp, ast.Attribute,
                             ast.keyword, ast.Subscript, ast.Starred)):  # fmt: skip
            todo.extend(c for c in ast.iter_child_nodes(node) if isinstance(c, (ast.expr, ast.keyword)))


def bound_in(target: ast.expr) -> set[str]:
    return {n.id for n in ast.walk(target) if isinstance(n, ast.Name)}


def target_text(target: ast.expr) -> str:
    """The text of a loop's target, without the brackets of a tuple."""
    if not isinstance(target, ast.Tuple) or len(target.elts) < 2:
        return ast.unparse(target)
    return ", ".join(map(ast.unparse, target.elts))


def plain_target(target: ast.expr) -> bool:
    return all(isinstance(n, (ast.Name, ast.Tuple, ast.List, ast.expr_context)) for n in ast.walk(target))


def flat(statements: list[ast.stmt]) -> list[ast.stmt]:
    """The statements with what stands in a `with` that swallows no exception as if it stood outside."""
    out: list[ast.stmt] = []
    for s in statements:
        if isinstance(s, ast.With):
            for item in s.items:
                value = item.context_expr
                made = ast.Assign([item.optional_vars], value) if item.optional_vars is not None else ast.Expr(value)
                out.append(ast.copy_location(made, s))
            suppresses = any("suppress" in ast.dump(i.context_expr) for i in s.items)
            out.extend([s] if suppresses else flat(s.body))
        else:
            out.append(s)
    return out


def plain_call(module: Module, e: ast.expr) -> tuple[str, list[str]] | None:
    """A call of a function of the file, by its name, with names and constants: (the function, its arguments)."""
    if not (isinstance(e, ast.Call) and isinstance(e.func, ast.Name)) or e.keywords or not e.args:
        return None
    bound = module.bindings(e.func.id, module.tree)
    if module.owner(e.func.id, e.func) is not module.tree or len(bound) != 1:
        return None
    if not isinstance(bound[0].node, ast.FunctionDef) or not all(
        isinstance(a, (ast.Name, ast.Constant)) for a in e.args
    ):
        return None
    return e.func.id, [ast.unparse(a) for a in e.args]


def in_order(run: list[ast.stmt], wanted: set[str]) -> list[str]:
    """Names in the order in which the statements bind them."""
    seen = [n.id for s in run for n in ast.walk(s) if isinstance(n, ast.Name) and n.id in wanted]
    return list(dict.fromkeys([*seen, *sorted(wanted)]))


def private(nodes: Iterable[ast.AST]) -> bool:
    """Whether names are spelt that mean something else outside of their class."""
    words = (getattr(n, "attr", getattr(n, "id", "")) for top in nodes for n in ast.walk(top))
    return any(w == "__class__" or w.startswith("__") and not w.endswith("__") for w in words)


def continued(run: list[ast.stmt]) -> set[int]:
    """Lines inside brackets, whose indentation is no matter."""
    out: set[int] = set()
    for s in run:
        for n in ast.walk(s):
            if isinstance(n, ast.expr) and n.end_lineno is not None and n.end_lineno > n.lineno:
                out.update(range(n.lineno + 1, n.end_lineno + 1))
    return out


def own_continues(s: ast.AST) -> Iterator[ast.Continue]:
    if isinstance(s, ast.Continue):
        yield s
    elif not isinstance(s, (ast.For, ast.While, ast.AsyncFor, *names.SCOPES)):
        for child in ast.iter_child_nodes(s):
            yield from own_continues(child)


def skips_round(s: ast.AST) -> bool:
    """A `continue` of the loop around."""
    return next(own_continues(s), None) is not None


def breaks(s: ast.AST) -> bool:
    """A `break` of the loop around."""
    if isinstance(s, ast.Break):
        return True
    if isinstance(s, (ast.For, ast.While, ast.AsyncFor)):
        return any(breaks(c) for c in s.orelse)
    if isinstance(s, names.SCOPES):
        return False
    return any(breaks(c) for c in ast.iter_child_nodes(s))


def ends_early(s: ast.stmt) -> bool:
    return breaks(s) or any(isinstance(n, (ast.Return, ast.Yield, ast.YieldFrom)) for n in ast.walk(s))
