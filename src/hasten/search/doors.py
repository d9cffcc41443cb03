"""What calls of compiled code cost at their doors, reckoned before anything is compiled."""

from __future__ import annotations

import ast

from hasten.core.facts import Facts, RegionFacts, ValueFact
from hasten.core.finding import Region
from hasten.core.recipe import Change
from hasten.core.workload import ScriptWorkload
from hasten.kernel.program import njitted
from hasten.observe.describe import LINKED

ELEMENT_S = 25e-9  # a number of a list, at the least: its type is looked at, and it is copied
LINKED_S = 1e-6  # an object that leads to others: it is looked for, and its attributes are
KEYED_S = 60e-9  # a key of a dict or set with what it stands for
DEPTH = 4
SURELY = 1.5  # times the region's own time: then nothing that the kernel saves makes up for it


def too_dear(change: Change, facts: Facts, wall_s: float) -> bool:
    """Would converting the lists and dicts that a kernel reads take longer, in all calls, than its region takes now?

    Only for a region whose every call comes in by the door: what is made ready before a loop has another region.
    """
    if "numba" not in change.needs:
        return False
    seen = facts.of(change.region.id)
    per_call = conversion_s(seen)
    if any("_linked_objects(" in edit.text for edit in change.edits):
        per_call += max((_linked(f, 0) for kinds in seen.types.values() for f in kinds), default=0.0) * LINKED_S
    return seen.calls * per_call > SURELY * change.region.share * wall_s


def conversion_s(seen: RegionFacts) -> float:
    """At the least, seconds that one call takes to convert what the region reads."""
    return sum(min((_seconds(f, 0) for f in kinds), default=0.0) for kinds in seen.types.values())


def _linked(fact: ValueFact, depth: int) -> float:
    """How many objects hang together below a value: the nodes of a tree, of all trees of a list."""
    own = sum(((i.min_len or 0) + (i.max_len or 0)) / 2 for i in fact.items if LINKED in i.note)
    if depth < DEPTH:
        own = max([own, *(_linked(i, depth + 1) for i in fact.items if LINKED not in i.note)])
    if fact.type == "builtins.list":
        own *= ((fact.min_len or 0) + (fact.max_len or 0)) / 2
    return own


def _seconds(fact: ValueFact, depth: int) -> float:
    keyed = fact.type.removeprefix("builtins.") in ("dict", "set") or fact.type.startswith("collections.")
    if not keyed and fact.type not in ("builtins.list", "builtins.tuple"):
        return 0.0
    size = ((fact.min_len or 0) + (fact.max_len or 0)) / 2
    inner = min((_seconds(f, depth + 1) for f in fact.items), default=0.0) if depth < DEPTH else 0.0
    return size * ((KEYED_S if keyed else ELEMENT_S) + inner)


def emitted(original: ScriptWorkload, work: ScriptWorkload, region: Region) -> bool:
    """Is the region in a function that an earlier round put there, and that calls compiled code? All is won there."""
    name = region.qualname.partition(".")[0]
    if not name or region.path not in work.changed:
        return False
    try:
        before = {n.name for n in original.source(region.path).tree.body if isinstance(n, _NAMED)}
    except (OSError, KeyError):
        before = set()
    if name in before:
        return False
    tree = work.source(region.path).tree
    kernels = {n.name for n in tree.body if isinstance(n, ast.FunctionDef) and njitted(n)}
    own = [n for n in tree.body if isinstance(n, _NAMED) and n.name == name]
    return any(isinstance(n, ast.Name) and n.id in kernels for o in own for n in ast.walk(o)) or name in kernels


_NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
