"""Calls of a method in a loop that leaves alone what the method's kernel reads of its object.

    for user in users:                                   ready = _ready_model_recommend(model)
        best = model.recommend(user, 10)         ->      for user in users:
                                                             best = _model_recommend_when_ready(ready, model, user, 10)

The containers that the object's attributes hold become arrays once, before the loop, where nothing in the loop, or in
what it calls, can change them (proved from the syntax of the project, by the names of the attributes). The object's
class, its attributes and the very containers are looked at in every call; anything else is for the plain method.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import lru_cache

from hasten.core.facts import Facts, RegionFacts
from hasten.core.finding import Region
from hasten.core.recipe import Change, Risk
from hasten.core.source import Edit, SourceFile, prelude_line
from hasten.core.workload import ScriptWorkload
from hasten.kernel.door import wrap
from hasten.kernel.held import Held
from hasten.kernel.kinds import Lst, Refuse
from hasten.kernel.program import Module
from hasten.kernel.records import is_column
from hasten.kernel.views import viewed
from hasten.passes.source.containers.base import Place
from hasten.passes.source.containers.effects import Project, project_of
from hasten.passes.source.containers.membership import stretches
from hasten.passes.source.containers.syntax import FUNCTIONS, Parts, join, module_of
from hasten.passes.source.containers.syntax import Module as Names
from hasten.passes.source.held import ENOUGH, _parameters, _positive, size
from hasten.passes.source.jit import (
    How,
    enclosing,
    function_unit,
    prelude,
    statements,
    surely_bound,
)
from hasten.passes.source.repeats.again import Again, again_of
from hasten.passes.source.repeats.steady import _imported_as


@dataclass(frozen=True)
class Calls:
    """The calls of one method in a region, all of one name's object."""

    place: Place
    home: Names  # the file of the class
    method: ast.FunctionDef
    region: Region  # of the method
    seen: RegionFacts
    receiver: str
    calls: tuple[ast.Call, ...]

    @property
    def source(self) -> SourceFile:
        return self.home.source


def call_in(work: ScriptWorkload, region: Region, facts: Facts) -> Calls | None:
    """The hottest method that the region calls again and again; None when there is none. Raises `Refuse` where the
    region is no whole statements."""
    try:
        names = module_of(work.source(region.path))
        project = project_of(work, region.path)
    except (OSError, SyntaxError, ValueError):
        return None
    if names.dynamic:
        return None
    place = Place(names, project, region, facts)
    found: dict[tuple[str, str], list[ast.Call]] = {}
    for s in statements(names.tree, region.first, region.last):
        for n in ast.walk(s):
            if not isinstance(n, ast.Call) or not isinstance(n.func, ast.Attribute) or not n.args:
                continue
            if isinstance(n.func.value, ast.Name) and n.func.attr in project.functions and stretches(place, n):
                found.setdefault((n.func.value.id, n.func.attr), []).append(n)
    best: Calls | None = None
    for (receiver, name), calls in found.items():
        for home, node in project.functions[name]:
            if not facts.of(f"{home.source.path}:{node.lineno}-{node.end_lineno}").types:
                continue  # it was not hot
            method = _method(home, node)
            if method is None or not _plainly_called(method, calls):
                continue
            if home is names and region.first <= method.lineno <= region.last:
                continue
            owner = home.parents[method]
            assert isinstance(owner, ast.ClassDef)
            own = Region(
                home.source.path, method.lineno, method.end_lineno or method.lineno, "function",
                f"{owner.name}.{name}", share=facts.profile.share(
                    home.source.path, method.lineno, method.end_lineno or method.lineno
                ),
            )  # fmt: skip
            seen = facts.of(own.id)
            if best is not None and best.region.share >= own.share:
                continue
            best = Calls(place, home, method, own, seen, receiver, tuple(calls))
    return best


def _method(home: Names, node: ast.AST) -> ast.FunctionDef | None:
    """A plain method of a class at the top of its file."""
    if not isinstance(node, ast.FunctionDef) or node.decorator_list or not isinstance(home.parents[node], ast.ClassDef):
        return None
    if not isinstance(home.parents[home.parents[node]], ast.Module):
        return None
    a = node.args
    if a.vararg or a.kwarg or a.posonlyargs or not a.args or a.args[0].arg != "self":
        return None
    defaults = (*a.defaults, *(d for d in a.kw_defaults if d))
    return node if all(isinstance(_positive(d), ast.Constant) for d in defaults) else None


def _plainly_called(method: ast.FunctionDef, calls: list[ast.Call]) -> bool:
    inside = {id(n) for c in calls for a in c.args for n in ast.walk(a)}
    for c in calls:
        if any(isinstance(a, ast.Starred) for a in c.args) or any(k.arg is None for k in c.keywords):
            return False
        if len(c.args) > len(method.args.args) - 1 or id(c) in inside:
            return False
    return True


@lru_cache(maxsize=4)
def _again(project: Project) -> Again:
    return again_of(project)


def _changed(calls: Calls, stretch: ast.stmt) -> frozenset[str]:
    """Attributes and names that may be bound, or whose containers may change, while the stretch runs.

    Raises `Refuse` where that is not known.
    """
    again, module = _again(calls.place.project), calls.place.module
    world = again.world
    if world.why_not:
        raise Refuse(world.why_not)
    if any(isinstance(n, (ast.Yield, ast.YieldFrom, ast.Await, *FUNCTIONS[:2])) for n in ast.walk(stretch)):
        raise Refuse("the loop waits, or defines functions")
    why, own = world.loud(module, stretch)
    if why:
        raise Refuse(why)
    pieces = world.pieces(module, stretch)
    why, filled = again.inserts.into(pieces)
    why = why or world.unknown_method(pieces)
    if why:
        raise Refuse(why)
    return frozenset(world.stored(pieces) | world.rebound(pieces) | own | filled)


def change(code: str, source: SourceFile, module: Module, calls: Calls, facts: Facts, share: float, how: How) -> Change:
    """The edits that make an object's containers ready before a loop. `source`: the file of the class. Raises
    `Refuse`."""
    names, region, method = calls.place.module, calls.place.region, calls.method
    unit, _, given = function_unit(source, module, calls.region, facts, how)
    if given:
        raise Refuse(f"it gives {given} back")
    shared = unit.shared
    wanted = [n for n, t in unit.extra.items() if n.startswith("self.") and (isinstance(t, Lst) or viewed(t))]
    if not wanted or "self" not in shared.objects:
        raise Refuse("it reads no container of its object that could be made ready")
    if any("[]" in n or is_column(n) for n in wanted) or any(map(is_column, unit.extra)):
        raise Refuse("it reads records")
    if method.name in calls.place.project.attributes:
        raise Refuse(f"{method.name} may be replaced")
    stretch, held = _stretch(calls, wanted)
    called = [c for c in calls.calls if any(n is c for n in ast.walk(stretch))]
    function = enclosing(names.tree, stretch)
    if calls.receiver not in surely_bound(names.tree, function, stretch):
        raise Refuse(f"{calls.receiver} may be unbound before the loop")
    argument = module.fresh("ready", shared.taken)
    maker = module.fresh(f"_ready_{shared.purpose}", shared.taken)
    caller = module.fresh(f"_{shared.purpose}_when_ready", shared.taken)
    done = module.fresh("done", shared.taken)
    variable = f"{shared.purpose}_ready"
    if any(word in names.names for word in (variable, *((maker, caller) if names is not calls.home else ()))):
        raise Refuse(f"{variable} means something in the file of the loop")
    unit.ready = frozenset(held)
    if "self" not in shared.objects:
        raise Refuse("its object is one of many")
    shared.objects["self"].needed = True
    shared.objects["self"].methods.add(method.name)  # no object may have its own
    wrapped = wrap(shared, unit, shared.purpose, Held(tuple(held), argument, maker, attributes=True))
    if f"def {maker}(self):" not in wrapped.text:
        raise Refuse("it needs more than its object")
    order = [a.arg for a in method.args.args]
    if {argument, maker, caller, done} & {a.arg for a in (*method.args.args, *method.args.kwonlyargs)}:
        raise Refuse(f"{method.name} has a parameter of such a name")
    again = [*order[1:], *(f"{a.arg}={a.arg}" for a in method.args.kwonlyargs)]
    text = (
        f"{wrapped.text}\n\ndef {caller}({argument}, {_parameters(method.args)}):\n"
        f'    """Calls the method `{method.name}` of `self`, of which {maker} has made arrays."""\n'
        f"    {done} = {wrapped.name}({', '.join(wrapped.takes)})\n"
        f"    return self.{method.name}({', '.join(again)}) if {done} is None else {done}[0]\n"
    )
    replaced: list[tuple[ast.AST, str]] = []
    for c in called:
        replaced += [(c.func, caller), (c.args[0], f"{variable}, {calls.receiver}, {names.text(c.args[0])}")]
    setup = f"{names.margin(stretch)}{variable} = {maker}({calls.receiver})\n"
    site = Parts(
        title="", first=stretch.lineno, last=stretch.end_lineno or stretch.lineno, reason="", remedy="",
        replace=tuple(replaced), before=((stretch.lineno, setup),),
    )  # fmt: skip
    edits = join(names, region, [site])
    if edits is None:
        raise Refuse("its calls cannot be rewritten")
    before = prelude(source, module, shared, type(wrapped)(text, wrapped.name, wrapped.takes, wrapped.gives))
    if names is not calls.home:
        where = _imported_as(names, calls.home)
        if not where:
            raise Refuse("the file of the loop does not import that of the class")
        at = prelude_line(names.source)
        before.append(Edit(names.source.path, at, at - 1, f"from {where} import {caller}, {maker}\n"))
    risk = Risk.ROUNDING if shared.rounding else Risk.EXACT
    title = f"compiled {calls.region.qualname}, what it reads of its object made ready once"
    return Change(code, title, region, (*before, *edits), risk, ("numba", "numpy"), share)


def _stretch(calls: Calls, wanted: list[str]) -> tuple[ast.stmt, list[str]]:
    """The statement before which most can be made ready, by size, the outermost of such, and what. Raises `Refuse`."""
    found: list[tuple[ast.stmt, list[str]]] = []
    why = "it reads no container that could be made ready"
    module = calls.place.module
    for stretch in stretches(calls.place, calls.calls[0]):
        if isinstance(module.function(stretch), ast.ClassDef):
            continue
        try:
            changed = _changed(calls, stretch)
        except Refuse as reason:
            why = str(reason)
            continue
        bound = {n.id for n in ast.walk(stretch) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
        scope = module.owner(calls.receiver, calls.calls[0])
        mine = scope is module.function(stretch) or scope is module.tree and calls.receiver not in changed
        if calls.receiver in bound | changed or not mine:
            why = f"{calls.receiver} changes in the loop"
            continue
        held = [n for n in wanted if not set(n.split(".")[1:]) & changed]
        if held:
            found.append((stretch, held))
        else:
            why = f"{', '.join(wanted)} may change in the loop"
    if not found:
        raise Refuse(why)
    most = max(size(calls.seen, held) for _, held in found)
    return next(f for f in found if size(calls.seen, f[1]) >= ENOUGH * most)
