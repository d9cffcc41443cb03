"""Functions that are given a class as a value: a kernel for each class that was recorded.

What it finds    def simulate(policy, capacity, trace): cache = policy(capacity); ...
Why it is slow   what `policy` makes differs from call to call, so no kernel has a type for it.
Use instead      in front of the body, `if policy is LRU:` with a kernel in which `policy` reads `LRU`.
Safe when        the parameter is never bound anew, and the class is the one that the file defines under that name: the
                 door asks for that very object, and any other value goes to the original body.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from hasten.core.facts import ValueFact
from hasten.core.recipe import Change, Risk
from hasten.core.source import Edit
from hasten.kernel import names
from hasten.kernel.program import Module

MOST = 4  # each is a kernel of its own
F = TypeVar("F", ast.FunctionDef, ast.FunctionDef | ast.AsyncFunctionDef)


def found(
    module: Module, function: ast.FunctionDef | ast.AsyncFunctionDef, types: Mapping[str, tuple[ValueFact, ...]]
) -> tuple[str, tuple[str, ...]] | None:
    """The parameter that stood for classes of this file, and their names; None where no parameter does."""
    a = function.args
    for p in [*a.posonlyargs, *a.args, *a.kwonlyargs]:
        facts = types.get(p.arg, ())
        labels = [n.removeprefix("is=") for f in facts if f.type == "builtins.type" for n in f.note if n[:3] == "is="]
        wanted = tuple(sorted({label.rpartition(".")[2] for label in labels if plain(module, label)}))
        if wanted and len(wanted) <= MOST and only_read(function, p.arg, wanted):
            return p.arg, wanted
    return None


def plain(module: Module, label: str) -> bool:
    """Is it a class that the top level of the file defines once, with no decorator that might give another?"""
    name = label.rpartition(".")[2]
    made = [s for s in module.tree.body if isinstance(s, ast.ClassDef) and s.name == name]
    if len(made) != 1 or module.bindings.get(name, 0) != 1 or module.star_import:
        return False
    return not made[0].keywords and "<locals>" not in label


def only_read(function: ast.FunctionDef | ast.AsyncFunctionDef, param: str, classes: Sequence[str]) -> bool:
    """Does the parameter stand for the same thing all over the body, and each class's name for the class?"""
    inner = [n for s in function.body for n in ast.walk(s)]
    bound = {n.id for n in inner if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
    bound |= {n.arg for n in inner if isinstance(n, ast.arg)} | names.bound(function.body)
    around = {p.arg for p in ast.walk(function.args) if isinstance(p, ast.arg)}
    outer = {n for x in inner if isinstance(x, (ast.Global, ast.Nonlocal)) for n in x.names}
    return param not in bound | outer and not (bound | around | outer) & set(classes)


class _Told(ast.NodeTransformer):
    def __init__(self, param: str, name: str) -> None:
        self.param, self.name = param, name

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if _named(node, self.param):
            return ast.copy_location(ast.Constant(self.name), node)
        self.generic_visit(node)
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.copy_location(ast.Name(self.name, node.ctx), node) if node.id == self.param else node


def _named(node: ast.AST, param: str) -> bool:
    """Is it `policy.__name__`? (The door asks whether that still is the name of the class.)"""
    if not isinstance(node, ast.Attribute) or node.attr != "__name__" or not isinstance(node.ctx, ast.Load):
        return False
    return isinstance(node.value, ast.Name) and node.value.id == param


def told(function: F, param: str, name: str) -> F:
    """The function in which the parameter reads the name of the class."""
    made = copy.deepcopy(function)
    change = _Told(param, name)
    made.body = [change.visit(s) for s in made.body]
    return made


def guarded(function: ast.AST, text: str, pad: str, step: str, param: str, name: str) -> str:
    """The call of a kernel, where the parameter is that class. `text`: the call, at the depth `pad`."""
    asked = f"{param} is {name}"
    if any(_named(n, param) for n in ast.walk(function)):
        asked += f' and {param}.__name__ == "{name}"'
    return f"{pad}if {asked}:\n" + "".join(f"{step}{line}\n" for line in text.splitlines())


def together(changes: Sequence[Change]) -> Change:
    """One change of those for the classes, one by one: the imports first, and what several need once."""
    edits: list[Edit] = []
    for edit in sorted(_all_edits(changes), key=lambda e: not e.text.startswith(("import ", "from "))):
        if edit not in edits:
            edits.append(edit)
    exact = all(c.risk is Risk.EXACT for c in changes)
    return replace(changes[0], edits=tuple(edits), risk=Risk.EXACT if exact else Risk.ROUNDING)


def _all_edits(changes: Sequence[Change]) -> Iterable[Edit]:
    for change in changes:
        yield from change.edits
