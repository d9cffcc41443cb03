"""Calls in a loop of a function whose kernel reads containers that the loop leaves alone.

At the door of a kernel lists and dicts become arrays; a function that is called in a loop pays for that in every
turn. Where nothing in the loop can change a container (proved from the syntax of the project), its arrays are made
once before the loop, and the calls take them along:

    for user in users:                              ready = _ready_recommend(train, table)
        best = recommend(user, train, table)   ->   for user in users:
                                                        best = _recommend_when_ready(ready, user, train, table)

The original function is called wherever the kernel does not take what comes.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Sequence
from dataclasses import dataclass

from hasten.core.facts import Facts, RegionFacts, ValueFact
from hasten.core.finding import Region
from hasten.core.recipe import Change, Risk
from hasten.core.source import Edit, SourceFile, prelude_line
from hasten.core.workload import ScriptWorkload
from hasten.kernel import records
from hasten.kernel.constants import file_of
from hasten.kernel.door import wrap
from hasten.kernel.elsewhere import Project as Elsewhere
from hasten.kernel.held import Held, holdable
from hasten.kernel.kinds import Refuse
from hasten.kernel.objects import facts_of
from hasten.kernel.program import Module
from hasten.passes.source.containers.base import Place
from hasten.passes.source.containers.effects import Project, frozen_during, project_of
from hasten.passes.source.containers.membership import stretches
from hasten.passes.source.containers.syntax import Module as Names
from hasten.passes.source.containers.syntax import Parts, join, module_of
from hasten.passes.source.jit import (
    How,
    check_door_names,
    enclosing,
    function_unit,
    module_names,
    prelude,
    statements,
    surely_bound,
)
from hasten.passes.source.repeats.steady import _imported_as as imported_as

ENOUGH = 0.8  # of what could be made ready, by size: then rather before an outer loop


@dataclass(frozen=True)
class Calls:
    """The calls of one function in a region. `given`: of each parameter, the name that every call gives it."""

    place: Place
    function: ast.FunctionDef
    region: Region  # of the function
    seen: RegionFacts
    calls: tuple[ast.Call, ...]
    given: dict[str, ast.Name]
    home: Names  # the file of the function


def call_in(work: ScriptWorkload, region: Region, facts: Facts) -> Calls | None:
    """The hottest function that the region calls again and again, by its name; None when there is none.

    Raises `Refuse` where the region is no whole statements.
    """
    try:
        names = module_of(work.source(region.path))
        project = project_of(work, region.path)
    except (OSError, SyntaxError, ValueError):
        return None
    if names.dynamic:
        return None
    place = Place(names, project, region, facts)
    found: dict[str, list[ast.Call]] = {}
    for s in statements(names.tree, region.first, region.last):  # of the tree that `names` knows
        for n in ast.walk(s):
            if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and stretches(place, n):
                found.setdefault(n.func.id, []).append(n)
    best: Calls | None = None
    for name, calls in found.items():
        home, function = names, _function(names, name)
        if function is None:
            home, function = _imported(work, names, name)
        if function is None or _replaced(project, function.name):
            continue
        if home is names and region.first <= function.lineno <= region.last:
            continue
        first = min([function.lineno, *(d.lineno for d in function.decorator_list)])
        own = Region(home.source.path, first, function.end_lineno or first, "function", function.name)
        seen = facts.of(own.id)
        given = _given(names, function, calls)
        share = facts.profile.share(own.path, own.first, own.last)
        if not seen.types or not given or best is not None and best.region.share >= share:
            continue
        its = Region(own.path, first, own.last, "function", function.name, share=share)
        best = Calls(place, function, its, seen, tuple(calls), given, home)
    return best


def _function(names: Names, name: str) -> ast.FunctionDef | None:
    """The plain function at the top of the file that a name stands for wherever it is read."""
    bound = names.bindings(name, names.tree)
    if len(bound) != 1 or not isinstance(bound[0].node, ast.FunctionDef):
        return None
    node = bound[0].node
    a = node.args
    if node not in names.tree.body or node.decorator_list or a.vararg or a.kwarg or a.posonlyargs:
        return None
    if not all(isinstance(_positive(d), ast.Constant) for d in (*a.defaults, *(d for d in a.kw_defaults if d))):
        return None
    return node


def _imported(work: ScriptWorkload, names: Names, name: str) -> tuple[Names, ast.FunctionDef | None]:
    """The plain function of another file that a name stands for wherever it is read, and that file."""
    module = file_of(names.source)
    if module is None or module.bindings.get(name, 0) != 1:
        return names, None
    found = Elsewhere(work, names.source.path).origin(module, ast.Name(name, ast.Load()))
    if found is None or found[0].path == names.source.path:
        return names, None
    try:
        home = module_of(found[0])
        return home, None if home.dynamic or not imported_as(names, home) else _function(home, found[1])
    except (SyntaxError, ValueError):
        return names, None


def _replaced(project: Project, name: str) -> bool:
    """May code of the project put something else in the place of a module's function? (`module.name = ...`)"""
    for module in project.modules:
        if "setattr" in module.names:
            return True
        for n in ast.walk(module.tree):
            if isinstance(n, ast.Attribute) and n.attr == name and not isinstance(n.ctx, ast.Load):
                return True
    return False


def _positive(e: ast.expr) -> ast.expr:
    return e.operand if isinstance(e, ast.UnaryOp) else e


def _parameters(args: ast.arguments) -> str:
    """The same parameters without annotations, whose names may not be bound yet."""
    args = copy.deepcopy(args)
    for a in (*args.args, *args.kwonlyargs):
        a.annotation = None
    return ast.unparse(args)


def _given(names: Names, function: ast.FunctionDef, calls: Sequence[ast.Call]) -> dict[str, ast.Name]:
    """The parameters for which every call gives the same name."""
    order = [p.arg for p in function.args.args]
    given: dict[str, ast.Name] | None = None
    for call in calls:
        if not isinstance(call.func, ast.Name) or names.owner(call.func.id, call) is not names.tree:
            return {}
        if any(isinstance(a, ast.Starred) for a in call.args) or any(k.arg is None for k in call.keywords):
            return {}
        if not call.args or len(call.args) > len(order):
            return {}
        mine = dict(zip(order, call.args, strict=False)) | {k.arg: k.value for k in call.keywords if k.arg}
        plain = {p: e for p, e in mine.items() if isinstance(e, ast.Name)}
        if given is None:
            given = plain
        else:
            given = {p: e for p, e in given.items() if p in plain and plain[p].id == e.id}
    return given or {}


def change(code: str, source: SourceFile, module: Module, calls: Calls, facts: Facts, share: float, how: How) -> Change:
    """The edits that make containers ready before a loop. `source`: the file of the function. Raises `Refuse`."""
    names, region, name = calls.place.module, calls.place.region, calls.function.name
    here_too = names is calls.home
    unit, _, given = function_unit(source, module, calls.region, facts, how)
    if given:
        raise Refuse(f"it gives {given} back")
    shared = unit.shared
    # what the kernel reads: parameters, and containers of the module that it names
    wanted = {p: e for p, e in calls.given.items() if p in unit.params and holdable(unit.params[p])}
    for p, t in unit.extra.items():
        if here_too and holdable(t) and not records.is_column(p):
            use = next((n for n in ast.walk(calls.function) if isinstance(n, ast.Name) and n.id == p), None)
            if use is None or names.owner(p, use) is not names.tree:
                raise Refuse(f"{p} is read elsewhere")
            wanted[p] = use
    stretch, held, quiet = _stretch(calls, wanted)
    tree = names.tree
    called = [c for c in calls.calls if any(n is c for n in ast.walk(stretch))]
    function = enclosing(tree, stretch)
    here = {p: e.id for p, e in wanted.items() if p in held}
    if any(p in unit.extra and names.owner(here[p], stretch) is not names.tree for p in held):
        raise Refuse("a container of the module has another name's place here")
    sure = surely_bound(tree, function, stretch)
    if here_too:
        check_door_names(shared, tuple(here.values()), sure)
    elif unsure := sorted({*here.values()} - sure):
        raise Refuse(f"{unsure[0]} may be unbound when the block begins")
    check_door_names(shared, tuple(unit.extra), module_names(source.tree) | set(unit.params))
    own = {a.arg for a in (*calls.function.args.args, *calls.function.args.kwonlyargs)}
    argument = module.fresh("ready", shared.taken)
    maker = module.fresh(f"_ready_{shared.purpose}", shared.taken)
    caller = module.fresh(f"_{shared.purpose}_when_ready", shared.taken)
    variable = module.fresh(f"{shared.purpose}_ready", shared.taken)
    if not here_too and any(word in names.names for word in (maker, caller, variable)):
        raise Refuse(f"{variable} means something in the file of the loop")
    unit.ready = frozenset(held)
    wrapped = wrap(shared, unit, shared.purpose, Held(tuple(held), argument, maker))
    if own & {argument, maker, caller}:
        raise Refuse(f"{name} has a parameter of such a name")
    done = module.fresh("done", shared.taken)
    parameters = _parameters(calls.function.args)
    order = [a.arg for a in calls.function.args.args]
    again = [*order, *(f"{a.arg}={a.arg}" for a in calls.function.args.kwonlyargs)]
    containers = ", ".join(p for p in held if p in order or p in own) or "what it reads"
    takes = ", ".join(wrapped.takes if quiet else (f"{argument}[0]", *wrapped.takes[1:]))
    text = (
        f"{wrapped.text}\n\ndef {caller}({argument}, {parameters}):\n"
        f'    """Calls `{name}`, whose {containers} {maker} has made arrays of."""\n'
        f"    {done} = {wrapped.name}({takes})\n"
    )
    plain = f"{name}({', '.join(again)})"
    if quiet:
        text += f"    return {plain} if {done} is None else {done}[0]\n"
    else:
        text += f"    if {done} is not None:\n        return {done}[0]\n"
        text += f"    {argument}[0] = None  # the plain code might change them\n    return {plain}\n"
    replaced: list[tuple[ast.AST, str]] = []
    for c in called:
        replaced += [(c.func, caller), (c.args[0], f"{variable}, {names.text(c.args[0])}")]
    made = f"{maker}({', '.join(here[p] for p in held)})"
    setup = f"{names.margin(stretch)}{variable} = {made if quiet else f'[{made}]'}\n"
    site = Parts(
        title="", first=stretch.lineno, last=stretch.end_lineno or stretch.lineno, reason="", remedy="",
        replace=tuple(replaced), before=((stretch.lineno, setup),),
    )  # fmt: skip
    edits = join(names, region, [site])
    if edits is None:
        raise Refuse("its calls cannot be rewritten")
    before = prelude(source, module, shared, type(wrapped)(text, wrapped.name, wrapped.takes, wrapped.gives))
    if not here_too:
        at = prelude_line(names.source)
        where = imported_as(names, calls.home)
        before.append(Edit(names.source.path, at, at - 1, f"from {where} import {caller}, {maker}\n"))
    return Change(
        code,
        f"compiled {name}, what it reads made ready once",
        region,
        (*before, *edits),
        Risk.ROUNDING if shared.rounding else Risk.EXACT,
        ("numba", "numpy"),
        share,
    )


def _stretch(calls: Calls, wanted: dict[str, ast.Name]) -> tuple[ast.stmt, list[str], bool]:
    """The statement before which most can be made ready, by size, the outermost of such; what; and whether the
    function itself is known to change nothing, whatever it is given. Raises `Refuse`."""
    found: list[tuple[ast.stmt, list[str], bool]] = []
    why = "it reads no container that could be made ready"
    for stretch in stretches(calls.place, calls.calls[0]):
        if isinstance(calls.place.module.function(stretch), ast.ClassDef):
            continue  # a comprehension does not see what a class body binds
        for quiet in (True, False):
            held = []
            for p, e in wanted.items():
                # when the kernel has served a call, nothing was changed by it
                allowed = () if quiet else calls.calls
                frozen = frozen_during(calls.place.project, calls.place.module, e, stretch, items=True, allowed=allowed)
                if frozen.ok and not frozen.apart and _bound(calls, e, stretch):
                    held.append(p)
                else:
                    why = frozen.why_not or f"{e.id} may be reached otherwise"
            if held:
                found.append((stretch, held, quiet))
    if not found:
        raise Refuse(why)
    most = max(size(calls.seen, held) for _, held, _ in found)
    return next(f for f in found if size(calls.seen, f[1]) >= ENOUGH * most)


def size(seen: RegionFacts, names: Sequence[str]) -> int:
    """About how much there is to convert in what these names were recorded with."""

    def parts(fact: ValueFact, depth: int) -> int:
        inside = sum(parts(f, depth + 1) for f in fact.items) if depth < 4 else 0
        return (fact.max_len or 0) * (1 + inside) or 1

    return sum(max((parts(f, 0) for f in facts_of(seen.types, n)), default=1) for n in names)


def _bound(calls: Calls, e: ast.Name, stretch: ast.stmt) -> bool:
    """Has the name a value before the stretch?"""
    names = calls.place.module
    scope = names.owner(e.id, e)
    if scope is names.tree and names.function(stretch) is not scope:
        return True  # of the module: the caller looks at that
    # a variable of a function around this one might be bound again by whoever runs that one
    return scope is names.function(stretch) and names.bound_before(e.id, scope, stretch)
