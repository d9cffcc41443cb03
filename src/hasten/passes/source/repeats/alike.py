"""Which functions are called with the same arguments again, as far as syntax tells: their arguments do not come from
what changes from round to round of some loop around them. A guess: what it is used for need not be right."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from hasten.passes.source.containers.syntax import COMPREHENSIONS, FUNCTIONS, Module, dotted
from hasten.passes.source.parallel import libraries
from hasten.passes.source.repeats.world import Piece, World

MAX_LOOPS = 60
TAKING = libraries.DRAWING_METHODS | frozenset("pop popleft heappop next popitem readline input".split())


def called_alike(world: World, pieces: Iterable[Piece]) -> frozenset[ast.AST]:
    """Functions that some loop in this code, or in what it calls, calls with the same arguments in each round."""
    found: set[ast.AST] = set()
    loops = [(m, n) for m, top in pieces for n in ast.walk(top) if isinstance(n, (ast.For, ast.While, *COMPREHENSIONS))]
    for module, loop in loops[:MAX_LOOPS]:
        targets = [loop.target] if isinstance(loop, ast.For) else []
        if isinstance(loop, COMPREHENSIONS):
            targets = [loop.generators[0].target]
        _look(world, module, loop, frozenset(n for t in targets for n in _names(t)), found, set())
    return frozenset(found)


def _look(
    world: World,
    module: Module,
    top: ast.AST,
    varying: frozenset[str],
    found: set[ast.AST],
    seen: set[tuple[ast.AST, frozenset[str]]],
) -> None:
    if (top, varying) in seen:
        return
    seen.add((top, varying))
    vary = set(varying)
    loop = not isinstance(top, FUNCTIONS)
    while True:
        before = len(vary)
        for targets, value in _bound(top):
            grows = loop and (isinstance(value, ast.AugAssign) or _moves(value))
            if grows or vary & set(_names(value)):
                vary.update(n for t in targets for n in _names(t))
        if len(vary) == before:
            break
    for node in _each_round(top):
        word, receiver, args = _call(world, module, node)
        for home, function in world.project.functions.get(word, ()) if word else ():
            if not isinstance(function, ast.FunctionDef):
                continue
            names = [a.arg for a in function.args.args]
            given: list[ast.expr] = list(args)
            if receiver is not None and isinstance(home.parents[function], ast.ClassDef):
                given = [receiver, *given]
            # an attribute of something else may well be the same object
            differs = [
                not isinstance(g, ast.Attribute) and bool(vary & set(_names(g))) if g is receiver else _differs(g, vary)
                for g in given
            ]
            if not any(differs):
                found.add(function)
            _look(world, home, function, frozenset(n for n, d in zip(names, differs, strict=False) if d), found, seen)


def _each_round(top: ast.AST) -> Iterator[ast.AST]:
    """Nodes of a function, or of what a loop does in each round."""
    parts: list[ast.AST] = [top]
    if isinstance(top, ast.For):
        parts = list(top.body)
    elif isinstance(top, ast.DictComp):
        parts = [top.key, top.value, *top.generators[0].ifs, *top.generators[1:]]
    elif isinstance(top, (ast.ListComp, ast.SetComp, ast.GeneratorExp)):
        parts = [top.elt, *top.generators[0].ifs, *top.generators[1:]]
    for part in parts:
        yield from ast.walk(part)


def _moves(value: ast.AST) -> bool:
    """Whether an expression takes the next of something, or draws."""
    words = {n.attr for n in ast.walk(value) if isinstance(n, ast.Attribute)}
    return bool(words & TAKING) or any(isinstance(n, ast.Name) and n.id in TAKING for n in ast.walk(value))


def _differs(given: ast.expr, vary: set[str]) -> bool:
    return bool(vary & set(_names(given)))


def _call(world: World, module: Module, node: ast.AST) -> tuple[str, ast.expr | None, list[ast.expr]]:
    """The name of the function that a node calls, with the object it is asked of and its arguments."""
    if isinstance(node, ast.Call):
        args = [*node.args, *(k.value for k in node.keywords)]
        if isinstance(node.func, ast.Attribute):
            return node.func.attr, node.func.value, args
        return dotted(node.func), None, args
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and node.attr in world.project.properties:
        parent = module.parents[node]
        if not (isinstance(parent, ast.Call) and parent.func is node):
            return node.attr, node.value, []
    return "", None, []


def _bound(top: ast.AST) -> Iterator[tuple[list[ast.expr], ast.AST]]:
    for node in ast.walk(top):
        if isinstance(node, ast.Assign):
            yield node.targets, node.value
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
            yield [node.target], node.value
        elif isinstance(node, ast.AugAssign):
            yield [node.target], node
        elif isinstance(node, (ast.For, ast.comprehension)):
            yield [node.target], node.iter


def _names(node: ast.AST) -> Iterator[str]:
    for n in ast.walk(node):
        if isinstance(n, ast.Name):
            yield n.id
