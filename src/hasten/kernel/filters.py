"""Comprehensions with a condition, as loops in functions of their own.

From Python 3.12 on comprehensions are inlined, and Numba (seen with 0.68) then takes what follows one with a condition
for part of a `try` block: what a compiled function raises that is called there is lost, and the call gives 0. A kernel
must never lose an exception. In a function of its own, written as a loop, there is nothing to lose.

Up to Python 3.11 Numba inlines comprehensions itself, and then (seen with 0.68) drops stores that it takes for dead: it
knows of views as other names of an array, but neither of the items of a list nor of the parts of a tuple. So where a
function stores through such names, all its comprehensions get functions of their own.

One whose result is an array, `np.array([x for x in xs if x > 0], np.float64)`, fills that array, where it can be told
how many items there may be: a list that grows item by item takes about twice as long.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from hasten.kernel.kinds import Num, Refuse

ROOM = 100_000_000  # more items than this are not made room for: the plain code runs
PLAIN = (
    ast.Name, ast.Constant, ast.Subscript, ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop, ast.expr_context
)  # fmt: skip
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
TYPES = {"f": "np.float64", "i": "np.int64", "b": "np.bool_"}


def filtering(code: str) -> bool:
    """Is this the code of a list comprehension with a condition?"""
    if not code.startswith("[") or " if " not in code:
        return False
    node = ast.parse(code, mode="eval").body
    return isinstance(node, ast.ListComp) and any(g.ifs for g in node.generators)


def filled(code: str, item: Num) -> str:
    """The code of the array that holds what a filtering comprehension gives."""
    return f"np.array({code}, {TYPES[item.rep]})"


def outlined(text: str, decorator: str, fresh: Callable[[str], str]) -> str:
    """The text of one function; its filtering comprehensions become calls of functions that stand in front of it.

    `fresh` makes a name that nothing else has. Raises `Refuse` for a set, a dict or a generator with a condition.
    """
    made: list[str] = []
    (whole,) = ast.parse(text).body
    everything = isinstance(whole, ast.FunctionDef) and _stores_through_names(whole)
    while (found := _next(text, everything)) is not None:
        function, node = found
        name = fresh(f"{function.name}_kept")
        array = _array_of(function, node)
        loop, free = _loop(function, node, name, ast.unparse(array.args[1]) if array else "")
        made.append(f"{decorator}\n{loop}")
        text = _spliced(text, array or node, f"{name}({', '.join(free)})")
    return "\n\n".join([*made, text])


def _next(text: str, everything: bool) -> tuple[ast.FunctionDef, ast.ListComp] | None:
    """An innermost comprehension with a condition (or any one), and the function it is in."""
    (function,) = ast.parse(text).body
    assert isinstance(function, ast.FunctionDef)

    def taken(node: ast.AST) -> bool:
        return _filters(node) or everything and isinstance(node, COMPREHENSIONS)

    for node in ast.walk(function):
        if taken(node) and not any(taken(x) for x in ast.walk(node) if x is not node):
            if not isinstance(node, ast.ListComp):
                raise Refuse("a comprehension that makes no list")
            return function, node
    return None


def _filters(node: ast.AST) -> bool:
    return isinstance(node, COMPREHENSIONS) and any(g.ifs for g in node.generators)


def _stores_through_names(function: ast.FunctionDef) -> bool:
    """Is something stored into an array or list that other names may stand for, too?"""
    given = {a.arg for a in function.args.args}
    bound: dict[str, bool] = {}  # names: only ever what a call made?
    for n in ast.walk(function):
        if isinstance(n, ast.Assign) and len(n.targets) == 1 and isinstance(n.targets[0], ast.Name):
            name = n.targets[0].id
            bound[name] = bound.get(name, True) and isinstance(n.value, ast.Call)
        elif isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Name):
            bound.setdefault(n.target.id, True)
    plain = {n.targets[0] for n in ast.walk(function) if isinstance(n, ast.Assign) and len(n.targets) == 1}
    others = {
        n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store) and n not in plain
    } - {n.target.id for n in ast.walk(function) if isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Name)}
    for n in ast.walk(function):
        if isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Store):
            name = n.value.id if isinstance(n.value, ast.Name) else ""
            if name in others or not (name in given and name not in bound or bound.get(name)):
                return True
    return False


def _array_of(function: ast.FunctionDef, node: ast.ListComp) -> ast.Call | None:
    """The call that makes an array of the list, if that is all that becomes of it."""
    for call in ast.walk(function):
        if isinstance(call, ast.Call) and len(call.args) == 2 and call.args[0] is node:
            return call if ast.unparse(call.func) == "np.array" else None
    return None


def _most(node: ast.expr) -> str | None:
    """The code of how often a loop over this runs at most; None where only going over it tells."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args and not node.keywords:
        name = node.func.id
        if name == "range" and all(map(_plain, node.args)):
            (only, *more) = node.args
            length = isinstance(only, ast.Call) and not more
            return ast.unparse(only if length else ast.Call(ast.Name("len"), [node], []))
        if name == "enumerate" or name == "zip":
            parts = [_most(a) for a in (node.args if name == "zip" else node.args[:1])]
            known = [part for part in parts if part is not None]
            if len(known) < len(parts):
                return None
            return known[0] if len(set(known)) == 1 else f"min({', '.join(known)})"
        return None
    return f"len({ast.unparse(node)})" if _plain(node) and isinstance(node, (ast.Name, ast.Subscript)) else None


def _plain(node: ast.expr) -> bool:
    """Is it the same when it is evaluated twice?"""
    for n in ast.walk(node):
        if isinstance(n, ast.Call):
            if not isinstance(n.func, ast.Name) or n.func.id != "len":
                return False
        elif not isinstance(n, PLAIN):
            return False
    return True


def _loop(function: ast.FunctionDef, node: ast.ListComp, name: str, dtype: str) -> tuple[str, list[str]]:
    """The function that makes the list, and its arguments: what the comprehension reads of the function around it.

    With a `dtype` it makes an array.
    """
    inside = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    local = {a.arg for a in function.args.args}
    local |= {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    used = [n.id for n in ast.walk(node) if isinstance(n, ast.Name)]
    free = sorted((set(used) & local) - inside)
    result, count = "kept", "count"
    while {result, count} & {*used, *free}:
        result, count = f"{result}_", f"{count}_"
    most = _most(node.generators[0].iter) if dtype and len(node.generators) == 1 else None
    lines = [f"def {name}({', '.join(free)}):"]
    if most is None:
        lines.append(f"    {result} = []")
    else:
        lines += [f"    if {most} > {ROOM}:", "        raise RuntimeError"]
        lines += [f"    {result} = np.empty({most}, {dtype})", f"    {count} = 0"]
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
    pad, item = "    " * depth, ast.unparse(node.elt)
    if most is None:
        lines.append(f"{pad}{result}.append({item})")
        lines.append(f"    return np.array({result}, {dtype})" if dtype else f"    return {result}")
    else:
        lines += [f"{pad}{result}[{count}] = {item}", f"{pad}{count} += 1"]
        lines.append(f"    return {result}[:{count}].copy()")
    return "\n".join(lines) + "\n", free


def _spliced(text: str, node: ast.expr, new: str) -> str:
    lines = text.encode().splitlines(keepends=True)
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    joined = lines[first][: node.col_offset] + new.encode() + lines[last][node.end_col_offset :]
    return b"".join([*lines[:first], joined, *lines[last + 1 :]]).decode()
