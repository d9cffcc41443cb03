"""Where the code of a project has attributes and names, by word: what proofs by names go through."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from hasten.passes.source.containers.effects import Project
from hasten.passes.source.containers.syntax import COMPREHENSIONS, Module, dotted
from hasten.passes.source.repeats.world import world_of

MAKERS = frozenset({"namedtuple", "make_dataclass", "NamedTuple", "new_class"})


@dataclass(frozen=True)
class Words:
    """Where the project's own code has attributes and names, by word, and what else may reach an attribute."""

    attributes: dict[str, list[tuple[Module, ast.Attribute]]]
    names: dict[str, list[tuple[Module, ast.Name]]]
    others: list[tuple[Module, ast.ClassDef | ast.MatchClass | ast.Call]]  # calls of `getattr`
    given: dict[str, list[tuple[Module, ast.Call]]]  # words that calls give something by
    made: list[tuple[Module, ast.Call]]  # classes that are made by a call


@lru_cache(maxsize=4)
def words_of(project: Project) -> Words:
    found = Words({}, {}, [], {}, [])
    for module in project.modules:
        for node in module.written:
            if isinstance(node, ast.Attribute):
                found.attributes.setdefault(node.attr, []).append((module, node))
            elif isinstance(node, ast.Name):
                found.names.setdefault(node.id, []).append((module, node))
            elif isinstance(node, (ast.ClassDef, ast.MatchClass)):
                found.others.append((module, node))
            elif isinstance(node, ast.Call):
                if module.is_builtin(node.func, "getattr"):
                    found.others.append((module, node))
                last = dotted(node.func).rpartition(".")[2]
                if last in MAKERS or last == "type" and len(node.args) > 1:
                    found.made.append((module, node))
                for k in node.keywords:
                    found.given.setdefault(k.arg or "", []).append((module, node))
    return found


def of_made_class(project: Project, name: str) -> bool:
    """Whether a class that a call makes may have a field of this name: `namedtuple("Row", "time value")`."""
    for _, call in words_of(project).made:
        for given in (*call.args[1:], *(k.value for k in call.keywords)):
            for node in ast.walk(given):
                if isinstance(node, (ast.Name, ast.Attribute, ast.Call)) and not _type_of_field(node):
                    return True
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    if name in node.value.replace(",", " ").split():
                        return True
    return False


def _type_of_field(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id in ("int", "float", "str", "bool", "list", "dict", "object", "tuple")


def renames(module: Module) -> list[tuple[str, str]]:
    """(new name, name) of imports under another name."""
    return [
        (a.asname, a.name)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom)
        for a in node.names
        if a.asname and a.asname != a.name
    ]


def take_turns(project: Project, module: Module, site: ast.AST, others: Iterable[tuple[Module, ast.AST]]) -> bool:
    """Whether some loop, by what it calls too, comes to `site` and to one of the others, round by round: as far as
    names tell, and a guess where a loop goes through both one after the other."""
    others = list(others)
    return any(
        _runs(project, home, loop, module, site) and any(_runs(project, home, loop, m, at) for m, at in others)
        for home in project.modules
        for loop in home.written
        if isinstance(loop, (ast.For, ast.While, *COMPREHENSIONS))
    )


def _runs(project: Project, home: Module, loop: ast.AST, module: Module, node: ast.AST) -> bool:
    if home is module and loop in module.up(node):
        return True
    around = module.function(node)
    return not isinstance(around, ast.Module) and around in world_of(project).reach(home, loop)
