"""Lists that are only appended to and popped at the front, with the place of their first item in a variable.

`queue.pop(0)` moves every item that is left. A queue that only its own function sees keeps its popped items for a
while instead, and starts further along; now and then the popped ones are dropped together.
"""

from __future__ import annotations

import ast

TRIM = 1024  # popped items that are kept anyhow


def headed(text: str) -> str:
    """The text of one function, its queues with a place for their first item."""
    (function,) = ast.parse(text).body
    assert isinstance(function, ast.FunctionDef)
    words = {n.id for n in ast.walk(function) if isinstance(n, ast.Name)} | {a.arg for a in function.args.args}
    popped = dict.fromkeys(n.func.value.id for n in ast.walk(function) if _pop(n))  # type: ignore[attr-defined]
    for name in popped:
        first = f"first_of_{name}"
        while first in words:
            first += "_"
        words.add(first)
        text = _rewritten(text, name, first)
    return text


def _pop(node: ast.AST) -> bool:
    """Is it `name.pop(0)`?"""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "pop"
        and isinstance(node.func.value, ast.Name)
        and len(node.args) == 1
        and isinstance(node.args[0], ast.Constant)
        and node.args[0].value == 0
    )


def _fresh(value: ast.expr) -> bool:
    """Does it make a list that has no other name?"""
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
        return value.func.id == "_empty_list"
    return isinstance(value, (ast.List, ast.ListComp))


def _rewritten(text: str, name: str, first: str) -> str:
    """The text with `first`, or as it was when the list is used in any other way."""
    (function,) = ast.parse(text).body
    assert isinstance(function, ast.FunctionDef)
    if name in {a.arg for a in function.args.args}:
        return text
    lines = text.splitlines()
    known: set[ast.AST] = set()
    edits: list[tuple[int, int, int, int, list[str]]] = []
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and _is(node.targets[0], name):
            if not _fresh(node.value):
                return text
            known.add(node.targets[0])
            edits.append(_whole(node, [lines[node.lineno - 1].strip(), f"{first} = 0"]))
        elif (
            isinstance(node, ast.Assign) and len(node.targets) == 1 and _pop(node.value) and _is_base(node.value, name)
        ):
            if any(_is(n, name) for n in ast.walk(node.targets[0])):
                return text
            known.add(node.value.func.value)  # type: ignore[attr-defined]
            target = ast.unparse(node.targets[0])
            target = target[1:-1] if isinstance(node.targets[0], ast.Tuple) else target
            new = [
                f"{target} = {name}[{first}]",
                f"{first} += 1",
                f"if {first} >= {TRIM} and 2 * {first} >= len({name}):",
                f"    del {name}[:{first}]",
                f"    {first} = 0",
            ]
            edits.append(_whole(node, new))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _is(node.func.value, name):
            if node.func.attr == "append":
                known.add(node.func.value)
        elif isinstance(node, ast.Call) and _is(node.func, "len") and len(node.args) == 1 and _is(node.args[0], name):
            known.add(node.args[0])
            assert node.end_lineno is not None and node.end_col_offset is not None
            place = (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)
            edits.append((*place, [f"(len({name}) - {first})"]))
    if any(_is(n, name) and n not in known for n in ast.walk(function)):
        return text
    edits.sort(reverse=True)
    for (a, b, c, d, _), (e, f, g, h, _) in zip(edits[1:], edits, strict=False):
        if (c, d) > (e, f) or not text.isascii() or a != c or e != g or b > d or f > h:
            return text  # one within another, or more than a line
    if any(len(new) > 1 and lines[line - 1][:start].strip() for line, start, _, _, new in edits):
        return text
    for line, start, _, end, new in edits:
        old = lines[line - 1]
        lines[line - 1] = old[:start] + ("\n" + old[:start]).join(new) + old[end:]
    return "\n".join(lines) + "\n"


def _whole(node: ast.stmt, new: list[str]) -> tuple[int, int, int, int, list[str]]:
    assert node.end_lineno is not None and node.end_col_offset is not None
    return node.lineno, node.col_offset, node.end_lineno, node.end_col_offset, new


def _is(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _is_base(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _is(node.func.value, name)
