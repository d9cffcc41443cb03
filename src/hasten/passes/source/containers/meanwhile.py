"""What runs meanwhile: whether an attribute can be bound anew during a stretch, and which writes meet no list."""

from __future__ import annotations

import ast
from functools import lru_cache

from hasten.passes.source.containers.effects import NOT_OF_LISTS, Project
from hasten.passes.source.containers.syntax import Module
from hasten.passes.source.repeats.world import SETTERS, World, world_of


def binds(project: Project, module: Module, stretch: ast.AST, attr: str) -> str:
    """Why some attribute of this name may be bound while `stretch` runs, but for an object that is just made;
    an empty string when none is."""
    for m in project.modules:
        odd = m.names & (SETTERS | {"getattr", "methodcaller", "attrgetter"})
        if odd:
            return f"{m.source.path} uses {min(odd)}"
    world = _world(project)
    for home, top in world.pieces(module, stretch):
        for node in ast.walk(top):
            if isinstance(node, ast.Attribute) and node.attr == attr and not isinstance(node.ctx, ast.Load):
                holder = home.function(node)
                if not (isinstance(holder, ast.FunctionDef) and holder.name == "__init__"):
                    return f"line {node.lineno}: .{attr} may be bound meanwhile"
    return ""


@lru_cache(maxsize=4)
def _world(project: Project) -> World:
    return world_of(project)


def no_lists(project: Project, module: Module, stretch: ast.AST) -> list[ast.AST]:
    """Writes of the stretch itself that change no list, because a list does not take them: `counts.update(words)`,
    `table[team, guess] = n`, `row["hits"] = n`. (Another list may be in what is changed.)"""
    out: list[ast.AST] = []
    for node in ast.walk(stretch):
        match node:
            case ast.Call(func=ast.Attribute(attr=attr), keywords=[]) if attr in NOT_OF_LISTS:
                named = attr in project.functions or attr in project.classes or attr in project.attributes
                if not named and not module.imported(node.func):
                    out.append(node)
            case ast.Subscript(ctx=ast.Store() | ast.Del(), slice=at) if _no_position(at):
                holder = module.parents[node]
                if not isinstance(holder, ast.AugAssign):
                    out.append(node)
                elif isinstance(holder.value, ast.Constant) and isinstance(holder.value.value, (int, float)):
                    out += [holder, node]  # a list plus a number raises
    return out


def _no_position(at: ast.expr) -> bool:
    """Whether a subscript is none of a list: a tuple or a text."""
    return isinstance(at, (ast.Tuple, ast.JoinedStr)) or isinstance(at, ast.Constant) and isinstance(at.value, str)
