"""Numeric loops, compiled.

What it finds    a hot loop over ranges, arrays or lists of numbers that does arithmetic, comparisons and indexing.
Why it is slow   the interpreter boxes every number and looks up every operation; machine code needs neither.
Example          for i in range(n): total += x[i] * w[i]   ->   a Numba kernel with the same body
Use instead      the loop moves into a function compiled by Numba on its first call (and cached on disk).
Safe when        every type was recorded and is checked again at the door; integers are checked for overflow, indexes
                 for their bounds, floats for what NumPy would warn about. The kernel works on copies: if anything
                 of this fails, the original loop runs as if nothing had been tried.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

from hasten.core.facts import Facts, RegionFacts, ValueFact
from hasten.core.finding import Finding, Region
from hasten.core.recipe import Change, Risk
from hasten.core.source import Edit, SourceFile, indent, prelude_line
from hasten.core.workload import ScriptWorkload
from hasten.kernel import (
    arrays_results,
    building,
    closures,
    constants,
    elsewhere,
    enums,
    functions,
    inner,
    keys,
    linked,
    making,
    names,
    objects,
    reach,
    records,
    supers,
    tables,
    unbound,
    versions,
)
from hasten.kernel.compiler import DICTS, Shared, Unit
from hasten.kernel.door import Wrapped, door_type, wrap
from hasten.kernel.elsewhere import Project
from hasten.kernel.kinds import Arr, Grow, Live, Lst, Map, Nil, Pooled, Refuse, Together, Type, const
from hasten.kernel.program import NEEDED, Module, helper_texts
from hasten.kernel.removals import Removing
from hasten.kernel.scopes import shadowed
from hasten.observe.describe import describe
from hasten.passes.source import given_classes

if TYPE_CHECKING:
    from hasten.passes.source import held_methods

MIN_SHARE = 0.02


@dataclass(frozen=True)
class How:
    """What a kernel is made for: `words`, strings that are only compared; `maybe`, names that may be None at the door;
    `exact`, no roundings of its own; `reads`, dicts from outside are only read; `project`, the other files, whose
    functions may be called; `split`, names of their own for what a name stands for one after another; `records`, dicts
    that are asked for strings of the code are records, whatever they hold; `together`, classes of objects that the
    kernel makes, and that stand for one another; `narrow`, attributes hold no other types than were recorded; `pooled`,
    lists of objects that change, by their names at the door; `live`, dicts that change, likewise;
    `removing`, something is taken out of dicts or sets; `knots`, dicts and tuples that lead to others are held by their
    places (2: all containers in them too); `told`, a parameter and the class that it stands for."""

    words: bool = False
    maybe: bool = False
    exact: bool = False
    reads: bool = False
    project: Project | None = None
    split: bool = False
    records: bool = False
    together: frozenset[frozenset[str]] = frozenset()
    narrow: bool = False
    pooled: frozenset[str] = frozenset()
    live: frozenset[str] = frozenset()
    removing: bool = False
    knots: int = 0
    told: tuple[str, str] | None = None


OF_SEVERAL_TYPES = ("may be int or float", "depends on the data", "depend on the data")


@dataclass(frozen=True, kw_only=True)
class Jit:
    code: ClassVar[str] = "HST301"
    name: ClassVar[str] = "jit"
    risk: ClassVar[Risk] = Risk.ROUNDING

    def find(self, work: ScriptWorkload, region: Region, facts: Facts) -> Iterator[Finding]:
        share = facts.profile.share(region.path, region.first, region.last)
        if facts.profile.samples and share < MIN_SHARE:
            return
        try:
            self._built(work, region, facts, share)
        except Refuse:
            return
        yield Finding(
            self.code,
            region,
            region.first,
            region.last,
            "a loop of plain arithmetic runs in the interpreter",
            "compile it with Numba; the original stays for every other kind of input",
            share,
        )

    def propose(self, work: ScriptWorkload, finding: Finding, facts: Facts) -> Iterator[Change]:
        try:
            yield from self._built(work, finding.region, facts, finding.share)
        except Refuse:
            return

    def _built(self, work: ScriptWorkload, region: Region, facts: Facts, share: float) -> tuple[Change, ...]:
        """Every change of a region, made once: what is found is proposed next. Raises `Refuse`."""
        last = _LAST.get()
        if last is not None:
            (of_work, of_region, of_facts, of_share), changes = last
            if of_work is work and of_facts is facts and (of_region, of_share) == (region, share):
                return changes
        changes = tuple(self._changes(work, region, facts, share))
        _LAST.set(((work, region, facts, share), changes))
        return changes

    def explain(self, work: ScriptWorkload, region: Region, facts: Facts) -> str:
        """Why this region gets no kernel; empty when it gets one."""
        try:
            next(self._changes(work, region, facts, 0.0), None)
        except Refuse as reason:
            return str(reason)
        return ""

    def _changes(self, work: ScriptWorkload, region: Region, facts: Facts, share: float) -> Iterator[Change]:
        source = work.source(region.path)
        module = module_of(work, source)
        source = module.source  # one tree for all
        if not module.modules_free():
            raise Refuse("np, math, njit or a builtin mean something else in this file")
        if module.reflects:
            raise Refuse("the file looks at its own names")
        project = Project(work, region.path)
        if region.kind == "function":

            def variants(told: tuple[str, str] | None = None) -> Iterator[Change]:
                return self._variants(
                    lambda how: function_change(
                        self.code, source, module, region, facts, share, replace(how, told=told)
                    ),
                    facts.of(region.id),
                    project,
                    making.displays(source.tree.body),
                )

            given = given_classes.found(module, function_at(source.tree, region), facts.of(region.id).types)
            if given is None:
                yield from variants()
                return
            made, reasons = [], []
            for name in given[1]:
                try:
                    made.append([*variants((given[0], name))])
                except Refuse as reason:
                    reasons.append(f"{given[0]} as {name}: {reason}")
            if not made:
                raise Refuse("; ".join(reasons))
            yield given_classes.together([m[0] for m in made])
            if any(len(m) > 1 for m in made):
                yield given_classes.together([m[-1] for m in made])
            return
        stmts = statements(source.tree, region.first, region.last)
        try:
            if not any(isinstance(s, names.LOOPS) for s in stmts):
                raise Refuse("no loop")
            yield from self._variants(
                lambda how: block_change(self.code, source, module, stmts, region, facts, share, how),
                facts.of(region.id),
                project,
                making.displays(source.tree.body),
            )
        except Refuse as reason:
            from hasten.passes.source import held, held_methods  # they build on this module

            call = held.call_in(work, region, facts)
            method = held_methods.call_in(work, region, facts)
            if method is not None and (call is None or call.region.share < method.region.share):
                try:
                    yield from self._held_method(method, work, facts, share)
                    return
                except Refuse as other:
                    if call is None:
                        raise Refuse(f"{reason}; calls of {method.region.qualname}: {other}") from None
            if call is None:
                raise
            try:
                home = module_of(work, call.home.source)
                if not home.modules_free() or home.reflects:
                    raise Refuse("the function's file looks at its own names")
                yield from self._variants(
                    lambda how: held.change(self.code, home.source, home, call, facts, share, how),
                    call.seen,
                    Project(work, home.source.path),
                    making.displays(home.tree.body),
                )
            except Refuse as other:
                raise Refuse(f"{reason}; calls of {call.function.name}: {other}") from None

    def _held_method(
        self, calls: held_methods.Calls, work: ScriptWorkload, facts: Facts, share: float
    ) -> Iterator[Change]:
        from hasten.passes.source import held_methods  # it builds on this module

        home = module_of(work, calls.source)
        if not home.modules_free() or home.reflects:
            raise Refuse("the class's file looks at its own names")
        yield from self._variants(
            lambda how: held_methods.change(self.code, home.source, home, calls, facts, share, how),
            calls.seen,
            Project(work, calls.source.path),
            making.displays(home.tree.body),
        )

    def _variants(
        self, change: Callable[[How], Change], seen: RegionFacts, project: Project, displays: bool
    ) -> Iterator[Change]:
        """With roundings of its own and without. `displays`: the file has dict displays with strings as keys."""
        nones = any(f.type == "builtins.NoneType" for kinds in seen.types.values() for f in _with_attributes(kinds))
        reasons: dict[str, None] = {}
        dicts = any(f.type in DICTS for kinds in seen.types.values() for f in _with_attributes(kinds))
        named = displays or any(
            f.fields and f.type == "builtins.dict" for kinds in seen.types.values() for f in _inside(kinds)
        )
        hows = [
            How(w, m, reads=r, project=project, records=d)
            for w in (False, True)
            for d in ((True, False) if named else (False,))
            for m in ((True, False) if nones else (False,))
            for r in ((True, False) if dicts else (False,))
        ]
        if any(f.knots for kinds in seen.types.values() for f in _inside(kinds)):
            hows += [replace(h, knots=n) for n in (1, 2) for h in hows if h.words and not h.knots]
        while hows:
            how = hows.pop(0)
            try:
                first = change(how)
                break
            except Together as reason:
                reasons[f"{reason}"] = None
                wanted = building.grouped(how.together, reason.paths)
                if wanted != how.together:
                    hows.insert(0, replace(how, together=wanted))
            except Pooled as reason:
                reasons[f"{reason}"] = None
                if reason.path not in how.pooled:
                    hows.insert(0, replace(how, pooled=how.pooled | {reason.path}))
            except Removing as reason:
                reasons[f"{reason}"] = None
                if not how.removing:
                    hows.insert(0, replace(how, removing=True))
            except Live as reason:
                reasons[f"{reason}"] = None
                if not reason.paths <= how.live:
                    hows.insert(0, replace(how, live=how.live | reason.paths))
            except Refuse as reason:
                reasons[f"{reason}"] = None
                if "in turn" in f"{reason}" and not how.split:
                    hows.insert(0, replace(how, split=True))
                if any(words in f"{reason}" for words in OF_SEVERAL_TYPES) and not how.narrow:
                    hows.insert(0, replace(how, narrow=True))
        else:
            raise Refuse("; or ".join(reasons))
        yield first
        if first.risk is Risk.ROUNDING:
            try:
                yield change(replace(how, exact=True))
            except Refuse:
                return


def _inside(kinds: tuple[ValueFact, ...]) -> Iterator[ValueFact]:
    """All facts, those of what is within others too."""
    for fact in kinds:
        yield fact
        yield from _inside(fact.items)
        for _, under in fact.fields:
            yield from _inside(under)


def _with_attributes(kinds: tuple[ValueFact, ...]) -> Iterator[ValueFact]:
    for fact in kinds:
        yield fact
        yield from fact.items


# what `find` made for `propose`: a value of its own for each thread
_LAST: ContextVar[tuple[tuple[ScriptWorkload, Region, Facts, float], tuple[Change, ...]] | None] = ContextVar(
    "_LAST", default=None
)


def module_of(work: ScriptWorkload, source: SourceFile) -> Module:
    """A file of the workload, with what its star imports of the project's other files bring."""
    return _module(source, elsewhere.starred(work, source.path) if "*" in source.text else None)


@lru_cache(maxsize=8)
def _module(source: SourceFile, starred: tuple[tuple[str, str], ...] | None) -> Module:
    """One file is asked about for region after region."""
    return Module(source, None if starred is None else dict(starred))


def statements(tree: ast.Module, first: int, last: int) -> list[ast.stmt]:
    """The statements of one list that fill lines first..last exactly. Raises `Refuse`."""
    todo: list[ast.AST] = [tree]
    while todo:
        node = todo.pop()
        for _, value in ast.iter_fields(node):
            if not isinstance(value, list):
                continue
            body = [s for s in value if isinstance(s, ast.stmt)]
            inside = [s for s in body if first <= s.lineno and (s.end_lineno or s.lineno) <= last]
            if inside and inside[0].lineno == first and inside[-1].end_lineno == last:
                return inside
            todo.extend(v for v in value if isinstance(v, (ast.stmt, ast.ExceptHandler, ast.match_case)))
    raise Refuse("no whole statements there")


def compiled_as(how: How, module: Module, seen: Mapping[str, tuple[ValueFact, ...]], body: list[ast.stmt]) -> Shared:
    """What the units of a kernel of these statements have in common, as `how` says; `seen`: what was recorded."""
    shared = Shared(module, how.exact, seen=seen, as_words=how.words, project=how.project, keys=keys_of(module, body))
    shared.records_first = how.records
    shared.together = how.together
    shared.narrow = how.narrow
    shared.pooled = how.pooled
    shared.removing = how.removing
    shared.knots = how.knots
    shared.constant_type = constant_type(how)
    return shared


def block_change(
    code: str,
    source: SourceFile,
    module: Module,
    stmts: list[ast.stmt],
    region: Region,
    facts: Facts,
    share: float,
    how: How,
) -> Change:
    """The edits that put a kernel in front of a block. Raises `Refuse`."""
    seen = facts.of(region.id).types
    shared = compiled_as(how, module, seen, stmts)
    shared.stmts = stmts
    function = enclosing(source.tree, stmts[0])
    local_names = function_locals(function)
    flow = names.flow(stmts)
    bound = names.bound(stmts)
    purpose = shared.purpose = named_after(region, stmts)
    kernel = module.fresh(f"_{purpose}_kernel", shared.taken)

    def lookup(name: str) -> Type | None:
        found = at_door(shared, name, how)
        found = found or functions.from_facts(module, objects.facts_of(seen, name))
        found = found or enums.from_facts(shared, objects.facts_of(seen, name))
        if found is None and "." not in name and name not in local_names:
            found = module.constant(name) or constant_of(shared, name)
        return found

    appended = {
        n.func.value.id
        for s in stmts
        for n in ast.walk(s)
        if isinstance(n, ast.Call)
        and isinstance(n.func, ast.Attribute)
        and n.func.attr == "append"
        and isinstance(n.func.value, ast.Name)
    }
    params: dict[str, Type] = {}
    for name in sorted(flow.exposed):
        if name in appended and name not in bound:
            if any(f.type == "builtins.list" for f in seen.get(name, ())):
                params[name] = Grow(None, sink=name)
            continue
        if name in bound:
            found = lookup(name) or linked.at(shared, name)
            if found is None:
                raise Refuse(f"{name} may be read before it is bound, and was not recorded")
            params[name] = found
    # what only changes in place is not given back
    new = arrays_results.rebound(stmts)
    outs = [n for n in region.live_out if n in bound and (n in new or not isinstance(params.get(n), Arr))]
    unit = Unit(shared, kernel, stmts, params, outs, lookup=lookup)
    unit.shadow = local_names
    unit.inner = {n: f for n, f in inner.of(function).items() if f.lineno < region.first or n in bound}
    unit.run()
    sure = surely_bound(source.tree, function, stmts[0])
    check_door_names(shared, (*unit.params, *unit.extra), sure)
    for name in unit.extra:
        if isinstance(unit.extra[name], Lst) and name in appended:
            raise Refuse(f"{name} grows")
    wrapped = wrap(shared, unit, purpose)
    edits = prelude(source, module, shared, wrapped)
    path = source.path
    done = module.fresh("done", shared.taken)
    pad = source.lines[region.first - 1][: stmts[0].col_offset]
    step = "\t" if pad.startswith("\t") else "    "
    original = "".join(source.lines[region.first - 1 : region.last])
    if not original.endswith("\n"):
        original += "\n"
    call = f"{wrapped.name}({', '.join(wrapped.takes)})"
    if wrapped.gives:
        targets = ", ".join(wrapped.gives) if len(wrapped.gives) > 1 else f"[{wrapped.gives[0]}]"
        site = f"{pad}{done} = {call}\n{pad}if {done} is None:\n{indent(original, step)}"
        site += f"{pad}else:\n{pad}{step}{targets} = {done}\n"
    else:
        site = f"{pad}if {call} is None:\n{indent(original, step)}"
    edits.append(Edit(path, region.first, region.last, site))
    return Change(
        code,
        f"compiled loop in {region.qualname or 'the module'}",
        region,
        tuple(edits),
        Risk.ROUNDING if shared.rounding else Risk.EXACT,
        ("numba", "numpy"),
        share,
    )


def constant_type(how: How) -> Callable[[str, object], Type | None]:
    """How a constant comes in under a name at the door."""

    def made(name: str, value: object) -> Type | None:
        if isinstance(value, (bool, int, float)):
            try:
                return const(value)
            except Refuse:
                return None
        return door_type(name, (describe(value),), as_words=how.words, read_only=how.reads)

    return made


def constant_of(shared: Shared, name: str) -> Type | None:
    """The type of a number that the file works out once, or of a constant that it has from another one."""
    if shared.constant_type is None:
        return None
    value = constants.of(shared.module, name)
    if isinstance(value, (bool, int, float)):
        return shared.constant_type(name, value)
    found = None if shared.project is None else shared.project.constant(shared.module, ast.Name(name, ast.Load()))
    return None if found is None else shared.constant_type(name, found[1])


def keys_of(module: Module, stmts: list[ast.stmt]) -> frozenset[str]:
    """What the code that a kernel is made of asks dicts for."""
    return records.used_keys(reach.code([module], stmts))


def at_door(shared: Shared, name: str, how: How) -> Type | None:
    """The type that a name from outside is let in with."""
    facts = objects.facts_of(shared.seen, name)
    changing = tables.live(name, facts)
    if isinstance(changing, Map) and (name in how.live or changing.default and changing.fresh):
        if how.words or changing.fresh or not keys.worded(changing):
            return changing
    found = door_type(
        name,
        facts,
        as_words=how.words,
        maybe=how.maybe,
        read_only=how.reads and name not in directly_put(shared),
        keys=shared.keys,
        records_first=how.records,
        tied=how.knots > 0,
    )
    if found is None and changing is not None and (how.words or not keys.worded(changing)):
        return changing
    return found


def directly_put(shared: Shared) -> set[str]:
    """Names of dicts that the kernel's own statements put something into (`best[k] = v`): these are not only read."""
    return {
        n.value.id
        for s in shared.stmts
        for n in ast.walk(s)
        if isinstance(n, ast.Subscript) and not isinstance(n.ctx, ast.Load) and isinstance(n.value, ast.Name)
    }


def prelude(source: SourceFile, module: Module, shared: Shared, wrapped: Wrapped) -> list[Edit]:
    """Insertions of imports, helpers and the kernel itself. Raises `Refuse`."""
    line = prelude_line(source)
    path = source.path
    mine = shadowed(wrapped.text, NEEDED)
    if mine:
        raise Refuse(f"{mine} is a name of the program's own here, and a kernel needs Python's")
    head = "\n" + "".join(source.lines[: line - 1])
    # what an earlier round of the compiler asked for may not be needed after all
    helpers = helper_texts(module, {n for n in shared.used if re.search(rf"\b_{n}\b", wrapped.text)})
    imports = [
        "import math",
        "import numpy as np",
        "from numba import njit",
        "from numba.core.errors import NumbaError",
    ]
    for name in ("collections", "ctypes", "functools", "itertools", "marshal", "sys"):
        words = r"\bcollections\.(defaultdict|Counter|deque)\b" if name == "collections" else rf"{name}\."
        if any(re.search(words, t) for t in (*helpers, wrapped.text)):
            if module.bindings.get(name, 0) != int(module.imported(name)):
                raise Refuse(f"{name} means something else in this file")
            imports.insert(1, f"import {name}")
    edits = [Edit(path, line, line - 1, f"{text}\n") for text in imports if f"\n{text}\n" not in head]
    edits += [Edit(path, line, line - 1, f"\n\n{text}") for text in helpers]
    edits.append(Edit(path, line, line - 1, f"\n\n{wrapped.text}\n\n"))
    return edits


def function_unit(
    source: SourceFile, module: Module, region: Region, facts: Facts, how: How
) -> tuple[Unit, list[ast.stmt], str]:
    """The kernel of a whole function, the statements that it stands for, and the parameter that it gives back (that
    array is then no result of the kernel). Raises `Refuse`."""
    node = closures.lifted(function_at(source.tree, region))
    if how.told is not None:
        check_door_name(module, how.told[1], module_names(source.tree))
        node = given_classes.told(node, *how.told)
    a = node.args
    if isinstance(node, ast.AsyncFunctionDef) or a.vararg or a.kwarg:
        raise Refuse("not a plain function")
    if ".<locals>." in region.qualname:
        raise Refuse("a closure")
    body = node.body
    if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    if (
        not body
        or body[0].lineno == node.lineno
        or (body is not node.body and body[0].lineno == node.body[0].end_lineno)
    ):
        raise Refuse("body on the line of its head")
    if any(isinstance(n, (ast.Yield, ast.YieldFrom, ast.Global, ast.Nonlocal)) for n in ast.walk(node)):
        raise Refuse("generator, or binds outer names")
    seen = facts.of(region.id).types
    shared = compiled_as(how, module, seen, body)
    if how.split:
        given = {p.arg for p in [*a.posonlyargs, *a.args, *a.kwonlyargs]}
        body = versions.split(body, given, lambda name: module.fresh(name, shared.taken))
    own = function_locals(node)
    bound = names.bound(body)
    parameters = [p.arg for p in [*a.posonlyargs, *a.args, *a.kwonlyargs]]
    method = bool(parameters) and parameters[0] == "self" and "." in region.qualname
    flow = names.flow(body)
    skipped = len(node.body) - len(body)

    def guarded(stmts: list[ast.stmt]) -> list[ast.stmt]:
        looked_at = unbound.guarded(stmts, set(parameters), lambda name: module.fresh(name, shared.taken))
        if looked_at is None:
            raise Refuse("a name may be read before it is bound")
        return looked_at

    body = guarded(body)
    bound = names.bound(body)
    shared.stmts = body

    def lookup(name: str) -> Type | None:
        found = at_door(shared, name, how)
        found = found or functions.from_facts(module, objects.facts_of(seen, name))
        found = found or enums.from_facts(shared, objects.facts_of(seen, name))
        if found is None and "." not in name and name not in own:
            found = module.constant(name) or constant_of(shared, name)
        return found

    params: dict[str, Type] = {}
    for name in parameters[1:] if method else parameters:
        if name in flow.exposed or name in bound:
            found = lookup(name)
            if found is None or isinstance(found, Nil):
                found = linked.at(shared, name) or found
            if found is None and name not in bound and objects.recorded(shared, seen, name):
                continue
            if found is None:
                raise Refuse(f"no kernel takes what {name} was")
            params[name] = found
    purpose = shared.purpose = region.qualname.replace(".", "_").strip("_").lower()
    if how.told is not None:
        purpose = shared.purpose = f"{purpose}_of_{how.told[1].strip('_').lower()}"
    stmts = list(body)
    back = arrays_results.given_back(body, params)
    if back is not None:
        stmts = back[0]
    elif not how.split and isinstance(node, ast.FunctionDef) and supers.spelt(module, node) is not node:
        stmts = guarded(list(supers.spelt(module, node).body[skipped:]))
    if flow.sure is not None and inner.gives(node.body):
        stmts.append(ast.Return(None, lineno=node.end_lineno or node.lineno, col_offset=0))
    unit = Unit(shared, module.fresh(f"_{purpose}_kernel", shared.taken), stmts, params, function=True, lookup=lookup)
    unit.door = True
    unit.shadow = own | bound
    unit.inner = inner.of(node)
    unit.run()
    check_door_names(shared, (*unit.extra,), module_names(source.tree) | set(parameters))
    return unit, body, back[1] if back is not None else ""


def function_change(
    code: str, source: SourceFile, module: Module, region: Region, facts: Facts, share: float, how: How
) -> Change:
    """The edits that put a kernel in front of a function's body. Raises `Refuse`."""
    unit, body, given = function_unit(source, module, region, facts, how)
    shared = unit.shared
    wrapped = wrap(shared, unit, shared.purpose)
    edits = prelude(source, module, shared, wrapped)
    done = module.fresh("done", shared.taken)
    pad = source.lines[body[0].lineno - 1][: body[0].col_offset]
    step = "\t" if pad.startswith("\t") else "    "
    call = f"{wrapped.name}({', '.join(wrapped.takes)})"
    text = f"{pad}{done} = {call}\n{pad}if {done} is not None:\n{pad}{step}return {done}[0]\n"
    if given:
        text = f"{pad}if {call} is not None:\n{pad}{step}return {given}\n"
    if how.told is not None:
        text = given_classes.guarded(function_at(source.tree, region), text, pad, step, *how.told)
    at = body[0].lineno
    edits.append(Edit(source.path, at, at - 1, text))
    risk = Risk.ROUNDING if shared.rounding else Risk.EXACT
    return Change(code, f"compiled {region.qualname}", region, tuple(edits), risk, ("numba", "numpy"), share)


def check_door_names(shared: Shared, wanted: tuple[str, ...], sure: set[str]) -> None:
    """Raises `Refuse` unless reading these names before the block is as good as reading them inside."""
    for name in wanted:
        path = name.rpartition(".")[0]
        if path in shared.objects and shared.objects[path].needed:
            continue  # the guard of the object looks at its attributes
        if not name.endswith("[]") and not records.is_column(name):  # with the list of the records itself
            check_door_name(shared.module, name, sure)
    for plan in [p for plans in shared.plans.values() for p in plans]:
        if plan.home is shared.module:
            check_door_name(shared.module, plan.kind.name, sure)
    for path in shared.objects:
        if "." not in path:
            check_door_name(shared.module, path.partition(":")[0].removesuffix("[]"), sure)
    for name in (*shared.enums, *shared.makers.values(), *shared.exactly.values()):
        check_door_name(shared.module, name, sure)
    for code in shared.constants:
        if not code.startswith("sys."):
            check_door_name(shared.module, re.split(r"\W", code)[0], sure)


def check_door_name(module: Module, name: str, sure: set[str]) -> None:
    """Raises `Refuse` unless reading `name` before the block is as good as reading it inside."""
    if name.startswith("@"):
        return  # made at the door
    if "." in name:
        if module.computed_attributes & {"*", name.split(".", 1)[1]}:
            raise Refuse(f"{name} may be computed when it is read")
    elif name not in sure:
        raise Refuse(f"{name} may be unbound when the block begins")


def module_names(tree: ast.Module) -> set[str]:
    """Names that the module surely binds, when it runs to its end."""
    return names.flow(tree.body).sure or names.bound(tree.body)


def surely_bound(tree: ast.Module, function: ast.FunctionDef | ast.AsyncFunctionDef | None, stmt: ast.stmt) -> set[str]:
    """Names that are bound whenever `stmt` is reached; the module's own names count inside functions."""
    sure: set[str] = set()
    body: list[ast.stmt] = tree.body
    if function is not None:
        a = function.args
        sure = module_names(tree) - function_locals(function)
        for outer in ast.walk(tree):
            if isinstance(outer, names.FUNCTIONS) and outer is not function and outer.lineno < function.lineno:
                if any(n is function for n in ast.walk(outer)):
                    sure -= function_locals(outer)  # closures: too many ways to be unbound
        sure |= {p.arg for p in [*a.posonlyargs, *a.args, *a.kwonlyargs, *([a.vararg] if a.vararg else [])]}
        body = function.body
    while True:
        at = next(i for i, s in enumerate(body) if any(n is stmt for n in ast.walk(s)))
        sure = names.flow(body[:at], sure).sure or sure
        node = body[at]
        if node is stmt:
            return sure
        if isinstance(node, (ast.For, ast.AsyncFor)) and any(n is stmt for s in node.body for n in ast.walk(s)):
            sure |= names.bound([node.target])
        if isinstance(node, (ast.With, ast.AsyncWith)):
            sure |= names.bound([i.optional_vars for i in node.items if i.optional_vars])
        deleted = {
            n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Del)
        }  # a later turn of a loop may come after it
        sure -= deleted
        for _, value in ast.iter_fields(node):
            if isinstance(value, list):
                parts = [v.body if isinstance(v, (ast.ExceptHandler, ast.match_case)) else [v] for v in value]
                inner = [s for p in parts for s in p if isinstance(s, ast.stmt)]
                if any(n is stmt for s in inner for n in ast.walk(s)):
                    handler = next(
                        (
                            v
                            for v in value
                            if isinstance(v, (ast.ExceptHandler, ast.match_case))
                            and any(n is stmt for n in ast.walk(v))
                        ),
                        None,
                    )
                    body = handler.body if handler is not None else inner
                    break
        else:
            return sure


def function_at(tree: ast.Module, region: Region) -> ast.FunctionDef | ast.AsyncFunctionDef:
    for node in ast.walk(tree):
        if isinstance(node, names.FUNCTIONS) and node.end_lineno == region.last:
            if min([node.lineno, *(d.lineno for d in node.decorator_list)]) == region.first:
                return node
    raise Refuse("no such function")


def enclosing(tree: ast.Module, stmt: ast.stmt) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """The innermost function around a statement."""
    found = None
    for node in ast.walk(tree):
        if not isinstance(node, names.FUNCTIONS) or not node.lineno <= stmt.lineno <= (node.end_lineno or stmt.lineno):
            continue
        if any(s is stmt for b in node.body for s in ast.walk(b)):
            if found is None or node.lineno >= found.lineno:
                found = node
    return found


def function_locals(function: ast.FunctionDef | ast.AsyncFunctionDef | None) -> set[str]:
    if function is None:
        return set()
    a = function.args
    own = {p.arg for p in [*a.posonlyargs, *a.args, *a.kwonlyargs, *([a.vararg] if a.vararg else [])]}
    return own | names.bound(function.body)


def named_after(region: Region, stmts: list[ast.stmt]) -> str:
    """A word for what the block computes: the function around it, or what it binds."""
    if region.qualname:
        around = region.qualname.replace(".<locals>", "").replace(".", "_").strip("_").lower()
        return f"{around}_loop_{stmts[0].lineno}"
    out = [n for n in region.live_out if len(n) > 1 and not n.startswith("_")]
    return f"{out[0].strip('_').lower()}_loop_{stmts[0].lineno}" if out else f"loop_{stmts[0].lineno}"
