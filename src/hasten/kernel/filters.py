"""Comprehensions with a condition, as loops in functions of their own.

From Python 3.12 on comprehensions are inlined, and Numba (seen with 0.68) then takes what follows one with a condition
for part of a `try` block: what a compiled function raises that is called there is lost, and the call gives 0. A kernel
must never lose an exception. In a function of its own, written as a loop, there is nothing to lose.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from hasten.kernel.kinds import Refuse


def outlined(text: str, decorator: str, fresh: Callable[[str], str]) -> str:
    """The text of one function; its filtering comprehensions become calls of functions that stand in front of it.

    `fresh` makes a name that nothing else has. Raises `Refuse` for a set, a dict or a generator with a condition.
    """
    made: list[str] = []
    while (found := _next(text)) is not None:
        function, node = found
        name = fresh(f"{function.name}_kept")
        loop, free = _loop(function, node, name)
        made.append(f"{decorator}\n{loop}")
        text = _spliced(text, node, f"{name}({', '.join(free)})")
    return "\n\n".join([*made, text])


def _next(text: str) -> tuple[ast.FunctionDef, ast.ListComp] | None:
    """An innermost comprehension with a condition, and the function it is in."""
    (function,) = ast.parse(text).body
    assert isinstance(function, ast.FunctionDef)
    for node in ast.walk(function):
        if _filters(node) and not any(_filters(x) for x in ast.walk(node) if x is not node):
            if not isinstance(node, ast.ListComp):
                raise Refuse("a condition in a comprehension that makes no list")
            return function, node
    return None


def _filters(node: ast.AST) -> bool:
    return isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)) and any(
        g.ifs for g in node.generators
    )


def _loop(function: ast.FunctionDef, node: ast.ListComp, name: str) -> tuple[str, list[str]]:
    """The function that makes the list, and its arguments: what the comprehension reads of the function around it."""
    inside = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    local = {a.arg for a in function.args.args}
    local |= {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    used = [n.id for n in ast.walk(node) if isinstance(n, ast.Name)]
    free = sorted((set(used) & local) - inside)
    result = "kept"
    while result in used:
        result += "_"
    lines = [f"def {name}({', '.join(free)}):", f"    {result} = []"]
    depth = 1
    for gen in node.generators:
        target = ast.unparse(gen.target)
        if isinstance(gen.target, ast.Tuple):
            target = target[1:-1]
        lines.append(f"{'    ' * depth}for {target} in {ast.unparse(gen.iter)}:")
        depth += 1
        for test in gen.ifs:
            lines.append(f"{'    ' * depth}if {ast.unparse(test)}:")
            depth += 1
    lines.append(f"{'    ' * depth}{result}.append({ast.unparse(node.elt)})")
    lines.append(f"    return {result}")
    return "\n".join(lines) + "\n", free


def _spliced(text: str, node: ast.expr, new: str) -> str:
    lines = text.encode().splitlines(keepends=True)
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    joined = lines[first][: node.col_offset] + new.encode() + lines[last][node.end_col_offset :]
    return b"".join([*lines[:first], joined, *lines[last + 1 :]]).decode()
