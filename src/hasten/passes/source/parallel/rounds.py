"""Rounds of a loop that do not depend on each other.

What it finds    a `for` loop (or a comprehension) whose rounds only compute: models that are fitted and scored, files
                 or groups that are worked through, scenarios that are simulated. What collects, prints and compares
                 their results may follow.
Why it is slow   one core does all of it, one round after the other.
Example          for depth in depths:                  done = _side_by_side(_score_for_depth, [(depth, X, y) ...])
                     m = Forest(max_depth=depth)   ->  for depth in depths:
                     score = evaluate(m, X, y)             score = next(done)
                     scores[depth] = score                 scores[depth] = score
Safe when        nothing that a round does can be seen but its results (proved from the syntax of the project: what it
                 changes it has made, it writes and prints nothing, it draws from no shared random stream); what follows
                 in the loop changes nothing that a round reads; results are no parts of what the program holds.
                 Checked while it runs: a round that fails, warns, prints, draws from a global stream or cannot be sent
                 to another process has the loop run as before, so that every message and error comes when it came.
"""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from hasten.core.facts import Facts, ValueFact
from hasten.core.finding import Finding, Region
from hasten.core.recipe import Change, Risk
from hasten.core.source import indent
from hasten.core.workload import ScriptWorkload
from hasten.kernel import names
from hasten.observe.instrument import string_lines
from hasten.observe.machine import usable_cores
from hasten.passes.source.containers.effects import Project, project_of
from hasten.passes.source.containers.syntax import Module, Parts, join, module_of
from hasten.passes.source.parallel import emitted, iterables, libraries
from hasten.passes.source.parallel.commit import Kept, staying
from hasten.passes.source.parallel.orders import Orders
from hasten.passes.source.parallel.purity import Body, Purity, makes_stream, sends_settings
from hasten.passes.source.parallel.results import Results

MIN_SHARE = 0.1
MIN_S = 2.0  # of the region: starting processes that import the program's libraries takes about a second
MIN_CALL_S = 0.1  # of the region, each time: sending rounds to workers takes its time too
MIN_OF_LOOP = 0.5  # of the loop's time must be in what is done side by side
MOST_STATEMENTS = 60


class Rounds:
    """See the module."""

    code: ClassVar[str] = "HST801"
    name: ClassVar[str] = "independent rounds side by side"
    risk: ClassVar[Risk] = Risk.ROUNDING  # libraries may use other numbers of threads in workers

    def find(self, work: ScriptWorkload, region: Region, facts: Facts) -> Iterator[Finding]:
        for change in self._changes(work, region, facts):
            share = facts.profile.share(region.path, region.first, region.last) if facts.profile.samples else 0.0
            yield Finding(
                self.code,
                region,
                region.first,
                region.last,
                "rounds that do not depend on each other are done by one core",
                "joblib does them side by side",
                min(1.0, share),
                {"title": change.title},
            )

    def propose(self, work: ScriptWorkload, finding: Finding, facts: Facts) -> Iterator[Change]:
        yield from self._changes(work, finding.region, facts)

    def _changes(self, work: ScriptWorkload, region: Region, facts: Facts) -> Iterator[Change]:
        profile = facts.profile
        if profile.samples:
            share = profile.share(region.path, region.first, region.last)
            calls = max(1, facts.of(region.id).calls)
            if share < MIN_SHARE or share * profile.wall_s < MIN_S or share * profile.wall_s / calls < MIN_CALL_S:
                return
        if usable_cores() < 2 or not _has_joblib(work):
            return
        try:
            source = work.source(region.path)
            module = module_of(source)
            project = project_of(work, region.path)
        except (OSError, SyntaxError, ValueError):
            return
        if _hopeless(project, module):
            return
        site = Site(work, project, module, region, facts)
        for parts in site.sites():
            edits = join(module, region, [parts])
            if edits:
                needs = () if _imports(project, "joblib", "sklearn") else ("joblib",)
                title = f"line {parts.first}: {parts.title}"
                yield Change(self.code, title, region, edits, self.risk, needs, region.share, whole=True)
                return


def _hopeless(project: Project, module: Module) -> bool:
    """Whether no loop of the project can be done side by side, whatever it does."""
    if not project.whole or project.threads and not _only_joblib(project) or any(m.dynamic for m in project.modules):
        return True
    top = min((s.lineno for s in module.tree.body if not isinstance(s, (ast.Import, ast.ImportFrom))), default=1)
    return bool(sends_settings(project, (module, max(top, _first_loop(module)))))


def _first_loop(module: Module) -> int:
    """The line of the first top-level statement that may start workers."""
    for s in module.tree.body:
        if isinstance(s, (ast.For, ast.While, ast.If, ast.With, ast.Try)) or any(
            isinstance(n, (ast.ListComp, ast.GeneratorExp)) for n in ast.walk(s) if not isinstance(s, names.FUNCTIONS)
        ):
            return s.lineno
    return 1


def _only_joblib(project: Project) -> bool:
    """joblib is imported for its files (`dump`, `load`, `Memory`), not for parallel work."""
    for module in project.modules:
        if module.names & {"Parallel", "delayed", "parallel_config"}:
            return False
        for node in ast.walk(module.tree):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                found = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
                if any(n.split(".")[0] in ("threading", "concurrent", "asyncio", "signal", "_thread", "trio", "gevent",
                                           "tkinter", "multiprocessing") for n in found):  # fmt: skip
                    return False
    return True


def _imports(project: Project, *packages: str) -> bool:
    for module in project.modules:
        for node in ast.walk(module.tree):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                found = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
                if any(n.split(".")[0] in packages for n in found):
                    return True
    return False


def _has_joblib(work: ScriptWorkload) -> bool:
    """Whether the program's interpreter can be expected to have joblib. (If not, the first run with it tells.)"""
    if work.python and work.python != sys.executable:
        return True
    return importlib.util.find_spec("joblib") is not None


@dataclass(frozen=True)
class Site:
    """Where the pass looks."""

    work: ScriptWorkload
    project: Project
    module: Module
    region: Region
    facts: Facts

    @property
    def types(self) -> dict[str, tuple[ValueFact, ...]]:
        return dict(self.facts.of(self.region.id).types)

    def sites(self) -> Iterator[Parts]:
        """What can be done side by side in the region: its loop, or a comprehension of its statement."""
        statements = self.module.statements(self.region)
        if self.region.kind == "function":
            function = statements[0] if statements else None
            body = function.body if isinstance(function, ast.FunctionDef) else []
            statements = [s for s in body if isinstance(s, ast.Return)]
        if len(statements) != 1:
            return
        top = statements[0]
        if isinstance(top, ast.For):
            chains = list(_chains(top))
            for chain in reversed(chains):
                found = Split(self, tuple(chain)).parts()
                if found is not None:
                    yield found
                    return
        elif isinstance(top, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.Return)):
            for node in _unconditional(top):
                if isinstance(node, (ast.ListComp, ast.GeneratorExp)):
                    found = Comprehension(self, node).parts()
                    if found is not None:
                        yield found
                        return

    def share(self, first: int, last: int) -> float:
        if self.facts.profile.samples == 0:
            return 1.0
        return self.facts.profile.share(self.region.path, first, last)

    def data(self, wanted: set[str], at: ast.AST) -> list[str] | None:
        """Of the names that a step reads, those that it must be given; None when one is not known."""
        out = []
        for name in sorted(wanted):
            owner = self.module.owner(name, at)
            if owner is None:
                if name not in names.BUILTINS or name in ("__file__", "__name__"):
                    return None
                continue
            bound = self.module.bindings(name, owner)
            once = len({id(b.node) for b in bound}) == 1
            if isinstance(owner, ast.Module) and once and bound[0].how in ("def", "import"):
                continue
            if isinstance(owner, ast.ClassDef):
                return None
            out.append(name)
        return None if any(self.streams(name, at) for name in out) else out

    def streams(self, name: str, at: ast.AST) -> bool:
        """Whether a name may mean, or hold, something with a state that a copy would not share."""
        seen = self.types.get(name, ())
        if seen:
            return any(map(iterables.stream, seen))
        owner = self.module.owner(name, at)
        bound = self.module.bindings(name, owner) if owner is not None else []
        return any(b.how == "parameter" or b.value is not None and makes_stream(self.module, b.value) for b in bound)

    def plain(self, given: Iterable[str]) -> frozenset[str]:
        """Given names of arrays, tables and numbers, by the types that were seen."""
        return frozenset(n for n in given if n in self.types and all(map(iterables.holds_nothing, self.types[n])))

    def kept(self, given: list[str]) -> frozenset[str]:
        """Given names whose objects cannot change."""
        found = set()
        for name in given:
            seen = self.types.get(name, ())
            bound = self.module.bindings(name, self.module.tree)
            constant = len(bound) == 1 and isinstance(bound[0].value, ast.Constant)
            if (seen and all(map(iterables.immutable, seen))) or (constant and not seen):
                found.add(name)
        return frozenset(found)

    def elsewhere(self, purity: Purity, bound: set[str]) -> str:
        """Why functions that a round calls may see what a worker does not have, or what the loop changes."""
        main = self.work.entry_path
        for (module, name), owner in purity.reads.items():
            if module is self.module and name in bound:
                return f"a function reads {name}, which the loop binds"
            if not isinstance(owner, ast.Module):
                continue
            if module.source.path != main and not _constant_data(self.project, module, name):
                return f"{module.source.path}: {name} may have changed since the module was imported"
        return ""

    def dunders(self, purity: Purity) -> str:
        for name in sorted(self.project.dunders - {"__setitem__", "__delitem__", "__iadd__", "__enter__", "__exit__"}):
            for module, function in self.project.functions[name]:
                if isinstance(function, ast.FunctionDef):
                    found = purity.function(module, function)
                    if found.why or found.changes:
                        return f"{name}: {found.why or 'it changes its arguments'}"
        return ""

    def orders(self, body: Body, inside: Iterable[ast.AST]) -> str:
        """Why a round may depend on the order of a set, which is another one in another process."""
        read = {*body.given, *(n for m, n in body.purity.reads if m is self.module)}
        found = {n.id: n for n in ast.walk(self.module.tree) if isinstance(n, ast.Name) and n.id in read}
        typed = [(node, self.types[name]) for name, node in found.items() if name in self.types]
        return Orders(self.project, self.module, frozenset(inside) | body.purity.asked).why_not(typed)

    def importable(self, purity: Purity) -> str:
        """Workers import the project's other modules: that must do nothing. The entry is sent by value."""
        if self.module.source.path != self.work.entry_path and not _inert(self.module):
            return f"importing {self.module.source.path} does more than define"
        for module in self.project.modules:
            if module.source.path != self.work.entry_path and not _inert(module):
                return f"importing {module.source.path} does more than define"
        return ""


def _constant_data(project: Project, module: Module, name: str) -> bool:
    """Whether data of a module is what importing the module makes it, whenever one looks."""
    bound = module.bindings(name, module.tree)
    if len(bound) != 1 or bound[0].value is None:
        return False
    match bound[0].value:
        case ast.Constant() | ast.Tuple() | ast.UnaryOp() | ast.BinOp():
            plain = not any(isinstance(n, (ast.Call, ast.List, ast.Dict)) for n in ast.walk(bound[0].value))
        case ast.List() | ast.Dict() | ast.Set() as display:
            plain = not any(isinstance(n, ast.Call) for n in ast.walk(display)) and all(
                isinstance(module.parents[u], (ast.Subscript, ast.Compare, ast.For, ast.comprehension))
                and isinstance(getattr(module.parents[u], "ctx", ast.Load()), ast.Load)
                for u in module.uses(name, module.tree)
                if isinstance(u.ctx, ast.Load)
            )
        case _:
            return False
    stored = any(
        isinstance(n, ast.Attribute) and n.attr == name and not isinstance(n.ctx, ast.Load)
        for m in project.modules
        for n in ast.walk(m.tree)
    )
    return plain and not stored


def _inert(module: Module) -> bool:
    """Whether importing a module only defines things."""
    for s in module.tree.body:
        match s:
            case ast.Import() | ast.ImportFrom() | ast.FunctionDef() | ast.ClassDef() | ast.AsyncFunctionDef():
                continue
            case ast.Expr(value=ast.Constant()):
                continue
            case ast.Assign() | ast.AnnAssign():
                calls = [n for n in ast.walk(s) if isinstance(n, ast.Call)]
                if all(_makes_constant(module, c) for c in calls):
                    continue
            case ast.If(test=test) if any(isinstance(n, ast.Name) and n.id == "__name__" for n in ast.walk(test)):
                continue
        return False
    return True


def _makes_constant(module: Module, call: ast.Call) -> bool:
    name = module.imported(call.func)
    last = name.rsplit(".", 1)[-1] or getattr(call.func, "id", "")
    return last in ("Path", "compile", "getLogger", "namedtuple", "frozenset", "set", "dict", "list", "tuple", "array",
                    "dtype", "TypeVar", "range", "timedelta")  # fmt: skip


def _chains(loop: ast.For) -> Iterator[list[ast.For]]:
    """The loop; the loop and one directly in it; and so on."""
    chain = [loop]
    while True:
        yield list(chain)
        inner = [s for s in chain[-1].body if isinstance(s, ast.For)]
        if len(inner) != 1:
            return
        chain.append(inner[0])


def _unconditional(statement: ast.stmt) -> Iterator[ast.AST]:
    """Expressions of a statement that are evaluated once whenever it runs."""
    todo: list[ast.AST] = []
    match statement:
        case ast.Assign(value=value) | ast.AugAssign(value=value) | ast.Expr(value=value):
            todo = [value]
        case ast.AnnAssign(value=value) | ast.Return(value=value) if value is not None:
            todo = [value]
        case ast.If(test=test):
            todo = [test]
    while todo:
        node = todo.pop(0)
        yield node
        if isinstance(node, (ast.Call, ast.BinOp, ast.Tuple, ast.List, ast.Dict, ast.UnaryOp, ast.Attribute,
                             ast.keyword, ast.Subscript, ast.Starred)):  # fmt: skip
            todo.extend(c for c in ast.iter_child_nodes(node) if isinstance(c, (ast.expr, ast.keyword)))


def _bound_in(target: ast.expr) -> set[str]:
    return {n.id for n in ast.walk(target) if isinstance(n, ast.Name)}


def _target(target: ast.expr) -> str:
    """The text of a loop's target, without the brackets of a tuple."""
    if not isinstance(target, ast.Tuple) or len(target.elts) < 2:
        return ast.unparse(target)
    return ", ".join(map(ast.unparse, target.elts))


def _plain_target(target: ast.expr) -> bool:
    return all(isinstance(n, (ast.Name, ast.Tuple, ast.List, ast.expr_context)) for n in ast.walk(target))


def _flat(statements: list[ast.stmt]) -> list[ast.stmt]:
    """The statements with what stands in a `with` that swallows no exception as if it stood outside."""
    out: list[ast.stmt] = []
    for s in statements:
        if isinstance(s, ast.With):
            for item in s.items:
                value = item.context_expr
                made = ast.Assign([item.optional_vars], value) if item.optional_vars is not None else ast.Expr(value)
                out.append(ast.copy_location(made, s))
            suppresses = any("suppress" in ast.dump(i.context_expr) for i in s.items)
            out.extend([s] if suppresses else _flat(s.body))
        else:
            out.append(s)
    return out


@dataclass(frozen=True)
class Split:
    """One loop nest on its way to being split: what of the innermost body is a round, and what stays."""

    site: Site
    chain: tuple[ast.For, ...]

    @property
    def module(self) -> Module:
        return self.site.module

    def parts(self) -> Parts | None:
        """The loop with its rounds done side by side; None when that is not proved harmless."""
        chain, module = self.chain, self.module
        inner = chain[-1]
        if any(loop.orelse or not _plain_target(loop.target) for loop in chain):
            return None
        if len(inner.body) > MOST_STATEMENTS or not all(map(module.whole_lines, (*chain, *inner.body))):
            return None
        targets: set[str] = set().union(*(_bound_in(loop.target) for loop in chain))
        if sum(len(_bound_in(loop.target)) for loop in chain) != len(targets):
            return None
        best: tuple[float, int, Parts] | None = None
        reached = -1
        for start in range(len(inner.body)):
            if start <= reached:
                continue
            found = self._run(start, targets)
            if found is None:
                continue
            end, _ = found
            reached = end
            for first in range(start, max(end, start + 1)):  # without what must stay, if need be
                made = self._split(first, end, targets)
                if made is not None:
                    if best is None or made[0] > best[0]:
                        best = (made[0], start, made[1])
                    break
        return best[2] if best is not None and best[0] >= MIN_OF_LOOP else None

    # -- what only computes

    def _body(self, statements: list[ast.stmt], targets: set[str], extra: list[ast.expr]) -> Body | None:
        """The question about some statements of the innermost loop, and expressions of the next one."""
        whole = [*statements, *(ast.copy_location(ast.Expr(e), e) for e in extra)]
        exposed = names.flow(_flat(whole)).exposed
        data = self.site.data(exposed - targets, self.chain[-1].body[0])
        if data is None:
            return None
        given = frozenset(exposed & targets | set(data))
        for loop in self.chain:
            if any(self.site.streams(n, loop) for n in names.reads([loop.iter]) - targets):
                return None
        plain = self.site.plain(data)
        return Body(Purity(self.site.project), self.module, whole, given, self._kept(data), plain=plain)

    @property
    def results(self) -> Results:
        return Results(self.site.project, self.site.work.entry_path, self._fitted())

    def _kept(self, data: list[str]) -> frozenset[str]:
        found = self.site.kept(data)
        for loop in self.chain:
            found |= iterables.kept_targets(self.module, loop.target, loop.iter, self.site.types)
        return found

    def _run(self, start: int, targets: set[str]) -> tuple[int, Body] | None:
        """The longest run of statements from `start` that only compute: (its end, exclusive; the question)."""
        body = self.chain[-1].body
        found: tuple[int, Body] | None = None
        for end in range(start + 1, len(body) + 1):
            asked = self._body(body[start:end], targets, [])
            if asked is None or asked.why_not() or not asked.changed <= self._consumed():
                break
            if any(_ends_early(s) for s in body[start:end]):
                break
            found = end, asked
        if found is None and not isinstance(body[start], (ast.Expr, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.If)):
            return None
        if found is None:
            asked = self._body([], targets, [])
            return None if asked is None else (start, asked)
        return found

    def _consumed(self) -> frozenset[str]:
        """Targets whose objects the rounds may change: nobody sees them again, or they are given their new state."""
        out: set[str] = set(self._fitted())
        for loop in self.chain:
            base: ast.expr = loop.iter
            if isinstance(base, (ast.List, ast.Tuple)) and self._all_fresh(base):
                out |= _bound_in(loop.target)
            elif isinstance(base, ast.Call) and isinstance(base.func, ast.Attribute) and base.func.attr == "groupby":
                out |= _bound_in(loop.target)  # each group is a frame of its own
        return frozenset(out)

    def _fitted(self) -> frozenset[str]:
        """Targets that are estimators of a list or dict made just before the loop: they get the state of the copies."""
        out: set[str] = set()
        for loop in self.chain:
            base: ast.expr = loop.iter
            if isinstance(base, ast.Call) and self.module.is_builtin(base.func, "enumerate") and base.args:
                base = base.args[0]
            if isinstance(base, ast.Call) and isinstance(base.func, ast.Attribute) and not base.args:
                if base.func.attr in ("items", "values"):
                    base = base.func.value
            if isinstance(base, ast.Name) and self._estimators(base):
                out |= _bound_in(loop.target)
        words: set[str] = set().union(*(m.names for m in self.site.project.modules))
        # a second fit of the same estimator begins anew, unless it is told otherwise
        return (
            frozenset()
            if len(self.chain) > 1 and words & {"warm_start", "partial_fit", "set_params"}
            else frozenset(out)
        )

    def _all_fresh(self, e: ast.expr) -> bool:
        body = Body(Purity(self.site.project), self.module, [], frozenset())
        if isinstance(e, (ast.List, ast.Tuple)):
            return all(map(self._all_fresh, e.elts))
        if isinstance(e, ast.Dict):
            return all(k is not None and isinstance(k, ast.Constant) for k in e.keys) and all(
                map(self._all_fresh, e.values)
            )
        return isinstance(e, ast.Constant) or (isinstance(e, ast.Call) and body._fresh(e))

    def _estimators(self, base: ast.Name) -> bool:
        """`models = {...}` just before the loop: of estimators that are made there, each with no parts from outside."""
        module, loop = self.module, self.chain[0]
        scope = module.owner(base.id, base)
        bound = module.bindings(base.id, scope) if scope is not None else []
        if scope is None or len(bound) != 1 or bound[0].value is None or not self._all_fresh(bound[0].value):
            return False
        made = [n for n in ast.walk(bound[0].value) if isinstance(n, ast.Call)]
        if not all(module.imported(c.func).startswith(libraries.ESTIMATORS) for c in made):
            return False
        return module.statement(bound[0].node) in module.siblings(loop) and module.function(loop) is scope

    # -- the split

    def _split(self, start: int, end: int, targets: set[str]) -> tuple[float, Parts] | None:
        module, chain, site = self.module, self.chain, self.site
        inner = chain[-1]
        run = inner.body[start:end]
        after, values = self._afterwards(run, inner.body[end:], targets)
        if not run and not values:
            return None
        body = self._body(run, targets, values)
        if body is None or body.why_not() or not body.changed <= self._consumed():
            return None
        if _private(body.nodes):
            return None
        purity = body.purity
        # names
        statements = [s for loop in chain for s in loop.body if s not in run and s not in chain]
        without = frozenset([*values, *run, *chain[1:]])
        commit_reads = {
            n.id for n in staying(statements, without) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)
        }
        rebound = names.bound(statements)
        own = names.bound(run)
        data = set(body.given) - targets
        if (data & (rebound | own)) or (targets & rebound):
            return None
        live = set(site.region.live_out)
        gives = [n for n in _in_order(run, own) if n in commit_reads or n in live]
        fitted = sorted(body.changed & self._fitted())
        gives = [n for n in gives if n not in fitted]
        gives += [t for t in sorted(body.changed - set(gives) - set(fitted)) if t in commit_reads or t in live]
        skips = any(_skips(s) for s in run)
        if skips and (live & own or values):
            return None
        sure = names.flow(_flat(list(run)), set(body.given)).sure
        if sure is None or not set(gives) <= sure:
            return None
        held = (n for n in gives if self.results.name(body, n))
        if any(n in live or not self._looked_at(n, statements, without) for n in held):
            return None
        if any(self.results.value(body, v) for v in values):
            return None
        if not (gives or values or fitted) or not body.given & targets:
            return None
        if any(isinstance(n, (ast.Lambda, ast.GeneratorExp)) and names.free(n) & (targets | own)
               for s in body.nodes for n in ast.walk(s)) and not self._plain_results(gives):  # fmt: skip
            return None
        if self._blocked_flow(statements, start, end, run):
            return None
        # what it goes through
        reads = set(body.given) | {n for (m, n) in purity.reads if m is module}
        guards: list[str] = []
        again = True
        for depth, loop in enumerate(chain):
            found = iterables.steady(module, loop.iter, site.types, body)
            if found is None or (depth and not found.again):
                return None
            again = again and (found.again or depth > 0)
            guards += found.guards
            if depth and found.guards and names.reads([loop.iter]) & targets:
                return None  # what is to be looked at beforehand is not there yet
            used = names.reads([loop.iter])
            if used & (rebound | own):
                return None
            reads |= {n for n in used if n not in targets}
        # the rest of the program
        why = site.elsewhere(purity, targets | rebound | own) or site.dunders(purity) or site.importable(purity)
        if why or site.orders(body, [*run, *values]):
            return None
        watched = Purity(site.project, shows=True)
        scope = module.owner(next(iter(sorted(targets))), inner.body[0]) if targets else module.function(inner)
        kept = Kept(module, watched, chain[0], scope or module.tree, tuple(statements), without,
                    frozenset(reads | targets), frozenset(gives), purity.files, site.types)  # fmt: skip
        if kept.why_not():
            return None
        weight = self._weight(run, values)
        if skips and fitted or set(fitted) & own:
            return None
        made = self._emit(
            run, after, values, gives, fitted, sorted(data | targets & set(body.given)), guards, again, skips
        )
        return None if made is None else (weight, made)

    def _weight(self, run: list[ast.stmt], values: list[ast.expr]) -> float:
        """The share of the loop's time that is in the round, by the profile; by the number of calls without one."""
        loop = self.chain[0]
        first = min([s.lineno for s in run] + [v.lineno for v in values])
        last = max([s.end_lineno or s.lineno for s in run] + [v.end_lineno or v.lineno for v in values])
        if self.site.facts.profile.samples:
            whole = self.site.share(loop.lineno, loop.end_lineno or loop.lineno)
            return self.site.share(first, last) / whole if whole else 0.0
        calls = sum(isinstance(n, (ast.Call, ast.For)) for s in (*run, *values) for n in ast.walk(s))
        return 1.0 + calls if calls else 0.0

    def _plain_results(self, gives: list[str]) -> bool:
        out = self.site.facts.of(self.site.region.id).out
        return bool(gives) and all(
            n in out and all(iterables.immutable(f) or f.type.startswith(("numpy.", "pandas.")) for f in out[n])
            for n in gives
        )

    def _blocked_flow(self, statements: list[ast.stmt], start: int, end: int, run: list[ast.stmt]) -> bool:
        """A `continue` before the round would leave its result unused; one after it is no matter."""
        for depth, loop in enumerate(self.chain):
            last = depth == len(self.chain) - 1
            at = start if last else loop.body.index(self.chain[depth + 1])
            if any(_skips(s) for s in loop.body[:at]):
                return True
            for s in loop.body:
                if s in run or s in self.chain:
                    continue
                if any(isinstance(n, (ast.Return, ast.Yield, ast.YieldFrom, ast.Await)) for n in ast.walk(s)):
                    return True
                if _breaks(s):
                    return True
        return any(_breaks(s) for s in run)

    def _afterwards(
        self, run: list[ast.stmt], rest: list[ast.stmt], targets: set[str]
    ) -> tuple[ast.stmt | None, list[ast.expr]]:
        """Expressions of the next statements that only compute, and the first statement that has some.

        Beyond the first of these statements an error would come before what it leaves; where nobody catches errors,
        nobody sees that.
        """
        first: ast.stmt | None = None
        values: list[ast.expr] = []
        bound: set[str] = set()
        caught = any(isinstance(n, ast.Try) for m in self.site.project.modules for n in ast.walk(m.tree))
        for s in rest:
            if names.reads([s]) & bound:
                break
            found = self._values(run, s, targets)
            if found and first is None:
                first = s
            if first is None:
                break
            values += found
            bound |= names.bound([s])
            if caught or not self._silent(s):
                break
        return first, values

    def _silent(self, s: ast.stmt) -> bool:
        """`xs.append(...)`, `d[k] = ...`, `x = ...`: nothing that anybody sees at once."""
        match s:
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr="append" | "extend" | "add" | "update"))):
                return True
            case ast.Assign() | ast.AnnAssign():
                return not any(self.module.is_builtin(n, "print") for n in ast.walk(s))
        return False

    def _looked_at(self, name: str, statements: list[ast.stmt], without: frozenset[ast.AST]) -> bool:
        """Whether what stays only looks at the object, so that a copy of it will do."""
        for n in staying(statements, without):
            if not (isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load)):
                continue
            match self.module.parents[n]:
                case ast.FormattedValue() | ast.Compare() | ast.BinOp() | ast.UnaryOp():
                    continue
                case ast.Call(func=func) as call if n in call.args:
                    called = self.module.imported(func)
                    last = called.rsplit(".", 1)[-1]
                    if self.module.is_builtin(
                        func, "len", "print", "float", "int", "round", "sum", "abs", "str", "repr"
                    ):
                        continue
                    if called.startswith("sklearn.metrics.") and last[:1].islower():
                        continue
                    if called.startswith("numpy.") and last in ("mean", "sum", "std", "min", "max", "median", "var"):
                        continue
            return False
        return True

    def _values(self, run: list[ast.stmt], after: ast.stmt, targets: set[str]) -> list[ast.expr]:
        """Expressions of the statement after the run that only compute too: `scores.append(evaluate(model, X))`."""
        if isinstance(after, ast.If) and not self.module.whole_lines(after):
            return []
        out: list[ast.expr] = []

        def look(e: ast.AST) -> None:
            if isinstance(e, ast.keyword):
                look(e.value)
                return
            if not isinstance(e, ast.expr) or isinstance(e, (ast.JoinedStr, ast.Constant, ast.Name, ast.Lambda)):
                return
            if not any(isinstance(n, ast.Call) for n in ast.walk(e)):
                return
            taken = isinstance(
                e, (ast.Call, ast.BinOp, ast.Compare, ast.Subscript, ast.Attribute, ast.ListComp, ast.UnaryOp)
            )
            if taken and not any(isinstance(n, (ast.NamedExpr, ast.Await, ast.Yield)) for n in ast.walk(e)):
                body = self._body(run, targets, [*out, e])
                if body is not None and not body.why_not() and body.changed <= self._consumed():
                    if not self.results.value(body, e) and self._worth(e):
                        out.append(e)
                        return
            match e:
                case ast.Call(func=func, args=args, keywords=keywords):
                    if isinstance(func, ast.Attribute):
                        look(func.value)
                    for part in (*args, *keywords):
                        look(part)
                case ast.Tuple(elts=elts) | ast.List(elts=elts) | ast.Set(elts=elts):
                    for part in elts:
                        look(part)
                case ast.Dict(keys=keys, values=items):
                    for key, item in zip(keys, items, strict=True):
                        if key is not None:
                            look(item)
                case ast.BinOp(left=left, right=right):
                    look(left)
                    look(right)
                case ast.UnaryOp(operand=operand):
                    look(operand)

        match after:
            case ast.Expr(value=value) | ast.AugAssign(value=value) | ast.Assign(value=value) | ast.If(test=value):
                look(value)
            case ast.AnnAssign(value=value) if value is not None:
                look(value)
        return out

    def _worth(self, e: ast.expr) -> bool:
        """Whether an expression may take long: it calls something beyond the cheapest builtins."""
        cheap = ("len", "str", "int", "float", "round", "repr", "range", "bool", "type", "isinstance", "abs")
        return any(isinstance(n, ast.Call) and not self.module.is_builtin(n.func, *cheap) for n in ast.walk(e))

    # -- the text

    def _emit(
        self,
        run: list[ast.stmt],
        after: ast.stmt | None,
        values: list[ast.expr],
        gives: list[str],
        fitted: list[str],
        args: list[str],
        guards: list[str],
        again: bool,
        skips: bool,
    ) -> Parts | None:
        module, chain = self.module, self.chain
        loop, inner = chain[0], chain[-1]
        source = module.source
        strings = string_lines(source.text)
        first = min(s.lineno for s in run) if run else 0
        last = max(s.end_lineno or s.lineno for s in run) if run else -1
        if any(n in strings for n in range(first, last + 1)):
            return None
        taken: set[str] = set()

        def fresh(base: str) -> str:
            name = module.fresh(base, taken)
            taken.add(name)
            return name

        stored = [fresh("value" if len(values) == 1 else f"value_{i + 1}") for i in range(len(values))]
        copies = [fresh("fitted" if len(fitted) == 1 else f"fitted_{t}") for t in fitted]
        results = [*copies, *gives, *stored]
        bound: set[str] = set().union(*(_bound_in(x.target) for x in chain))
        order = [*(t for t in args if t in bound), *(a for a in args if a not in bound)]
        what = gives[-1].strip("_") if gives else "values" if len(values) > 1 else "value"
        target = next((t for t in order if t in _bound_in(inner.target)), order[0])
        step = fresh(f"_{what}_for_{target.strip('_')}".lower())
        done = fresh("done")
        own = None if run else self._own_function(values, order)
        text = "" if own else self._step_text(step, order, run, values, [*fitted, *gives], skips)
        if text is None:
            return None
        step, order = own or (step, order)
        replace_: list[tuple[ast.AST, str]] = []
        margin = module.margin(loop)
        setup = ""
        through = module.text(loop.iter)
        if not again:
            rounds = fresh("rounds")
            setup += f"{margin}{rounds} = list({ast.unparse(loop.iter)})\n"
            replace_.append((loop.iter, rounds))
            through = rounds
        heads = [f"for {_target(loop.target)} in {through}"]
        heads += [f"for {_target(x.target)} in {ast.unparse(x.iter)}" for x in chain[1:]]
        tuple_ = f"({', '.join(order)},)" if len(order) == 1 else f"({', '.join(order)})"
        every = f"[{tuple_} {' '.join(heads)}]"
        guard = " and ".join(dict.fromkeys(guards))
        made = f"_side_by_side({step}, {every})"
        setup += f"{margin}# no round needs another one, so all are done beforehand, side by side\n"
        if guard:
            made = f"{made} if {guard} else None"
        line = f"{margin}{done} = {made}\n"
        if len(line) > 120:
            line = f"{margin}{done} = _side_by_side(\n{margin}    {step},\n{margin}    {every},\n{margin})"
            line += f" if {guard} else None\n" if guard else "\n"
        setup += line
        pad = module.margin(inner.body[0])
        got = f"next({done}) if {done} else {step}({', '.join(order)})" if guard else f"next({done})"
        if skips:
            outcome = fresh("outcome")
            call = f"{pad}{outcome} = {got}\n{pad}if {outcome} is None:\n{pad}    continue\n"
            call += f"{pad}{', '.join(results)}{',' if len(results) == 1 else ''} = {outcome}\n"
        else:
            call = f"{pad}{', '.join(results)} = {got}\n"
        for t, copy in zip(fitted, copies, strict=True):
            call += f"{pad}vars({t}).update(vars({copy}))  # as if it had been fitted here\n"
        before: list[tuple[int, str]] = [(loop.lineno, setup)]
        if run:
            lead = run[0]
            span = ast.Pass(lineno=lead.lineno, col_offset=lead.col_offset, end_lineno=run[-1].end_lineno,
                            end_col_offset=run[-1].end_col_offset)  # fmt: skip
            replace_.append((span, call.lstrip().rstrip("\n")))
        elif after is not None:
            before.append((after.lineno, call))
        replace_ += [(v, n) for v, n in zip(values, stored, strict=True)]
        over = ast.unparse(inner.iter)
        return Parts(
            title=f"rounds over {over if len(over) < 50 else 'a loop'} done side by side",
            first=loop.lineno,
            last=loop.end_lineno or loop.lineno,
            reason="rounds that do not depend on each other are done by one core",
            remedy="joblib does them side by side",
            replace=tuple(replace_),
            before=tuple(before),
            prelude=(*emitted.IMPORTS, emitted.HELPERS, *([text] if text else [])),
        )

    def _own_function(self, values: list[ast.expr], order: list[str]) -> tuple[str, list[str]] | None:
        """`rows.append(features(path, fs))`: the program's own function is the step."""
        called = _plain_call(self.module, values[0]) if len(values) == 1 else None
        return called if called is not None and set(called[1]) == set(order) else None

    def _step_text(
        self, step: str, order: list[str], run: list[ast.stmt], values: list[ast.expr], gives: list[str], skips: bool
    ) -> str | None:
        module = self.module
        lines = ""
        if run:
            pad = module.margin(run[0])
            own = list(module.source.lines[run[0].lineno - 1 : run[-1].end_lineno])
            skipped = [n for s in run for n in _own_continues(s)]
            for node in skipped:
                at = node.lineno - run[0].lineno
                if own[at].strip().split("#")[0].strip() != "continue":
                    return None
                own[at] = own[at].replace("continue", "return None", 1)
            text = "".join(own)
            text = text if text.endswith("\n") else text + "\n"
            if any(line.strip() and not line.startswith(pad) for line in own):
                inside = _continued(run)
                if any(
                    line.strip() and not line.startswith(pad) and run[0].lineno + i not in inside
                    for i, line in enumerate(own)
                ):
                    return None
            lines = indent("".join(x[len(pad) :] if x.startswith(pad) else x.lstrip(" \t") for x in own))
            lines = lines if lines.endswith("\n") else lines + "\n"
        results = [*gives, *(ast.unparse(v) if v.lineno != v.end_lineno else module.text(v) for v in values)]
        given = ", ".join(results) + ("," if skips and len(results) == 1 else "")
        over = ast.unparse(self.chain[-1].iter)
        over = over if len(over) < 50 else "the loop"
        return f'\n\ndef {step}({", ".join(order)}):\n    """One round over {over}."""\n{lines}    return {given}\n\n\n'


@dataclass(frozen=True)
class Comprehension:
    """A list of results, or results that a builtin adds up."""

    site: Site
    node: ast.ListComp | ast.GeneratorExp

    def parts(self) -> Parts | None:
        site, module, node = self.site, self.site.module, self.node
        if any(g.is_async or not _plain_target(g.target) for g in node.generators):
            return None
        if isinstance(node, ast.GeneratorExp):
            call = module.parents[node]
            if not (isinstance(call, ast.Call) and call.args == [node] and not call.keywords):
                return None
            if not module.is_builtin(call.func, "sum", "max", "min", "list", "tuple", "sorted", "dict", "set"):
                return None
        targets: set[str] = set().union(*(_bound_in(g.target) for g in node.generators))
        # the question is the loop's, asked of a loop that collects the element
        loops: list[ast.For] = []
        for g in node.generators:
            loops.append(ast.copy_location(ast.For(g.target, g.iter, [], []), node))
        asker = Split(site, tuple(loops))
        wanted = names.reads([node.elt]) - targets
        data = site.data(wanted, node)
        if data is None:
            return None
        kept = site.kept(data)
        for g in node.generators:
            kept |= iterables.kept_targets(module, g.target, g.iter, site.types)
        statement = ast.copy_location(ast.Expr(node.elt), node.elt)
        if any(site.streams(n, node) for g in node.generators for n in names.reads([g.iter]) - targets):
            return None
        given = frozenset(targets | set(data))
        body = Body(Purity(site.project), module, [statement], given, kept, plain=site.plain(data))
        if body.why_not() or body.changed or not asker._worth(node.elt) or _private([node.elt]):
            return None
        if any(isinstance(n, (ast.NamedExpr, ast.Lambda, ast.GeneratorExp)) for n in ast.walk(node.elt)):
            return None
        if Results(site.project, site.work.entry_path).value(body, node.elt):
            return None
        for g in node.generators:
            found = iterables.steady(module, g.iter, site.types, body)
            if found is None or found.guards and not all(x.startswith(("isinstance", "hasattr")) for x in found.guards):
                return None
            if any(body.why_not_of([test]) for test in g.ifs):
                return None
        if site.elsewhere(body.purity, targets) or site.dunders(body.purity) or site.importable(body.purity):
            return None
        if site.orders(body, [node.elt]):
            return None
        inner = node.generators[-1]
        target = sorted(_bound_in(inner.target))[0]
        order = [t for t in sorted(targets) if t in names.reads([node.elt])]
        if not order:
            return None
        order += data
        plain = _plain_call(module, node.elt)
        if plain is not None:
            step, order = plain
            text = ""
            sent = f"({', '.join(order)},)" if len(order) == 1 else f"({', '.join(order)})"
        else:
            step = module.fresh(f"_result_for_{target.strip('_').lower()}")
            sent = f"({', '.join(order)},)" if len(order) == 1 else f"({', '.join(order)})"
            over = ast.unparse(inner.iter) if len(ast.unparse(inner.iter)) < 50 else "the list"
            text = f'\n\ndef {step}({", ".join(order)}):\n    """One round over {over}."""\n'
            text += f"    return {ast.unparse(node.elt)}\n\n\n"
        heads = " ".join(
            f"for {_target(g.target)} in {ast.unparse(g.iter)}" + "".join(f" if {ast.unparse(t)}" for t in g.ifs)
            for g in node.generators
        )
        made = f"_side_by_side({step}, [{sent} {heads}])"
        return Parts(
            title="rounds of a comprehension done side by side",
            first=node.lineno,
            last=node.end_lineno or node.lineno,
            reason="rounds that do not depend on each other are done by one core",
            remedy="joblib does them side by side",
            # a generator expression's own text has the brackets of the call
            replace=((node, f"list({made})" if isinstance(node, ast.ListComp) else f"({made})"),),
            prelude=(*emitted.IMPORTS, emitted.HELPERS, *([text] if text else [])),
        )


def _plain_call(module: Module, e: ast.expr) -> tuple[str, list[str]] | None:
    """A call of a function of the file, by its name, with names and constants: (the function, its arguments)."""
    if not (isinstance(e, ast.Call) and isinstance(e.func, ast.Name)) or e.keywords or not e.args:
        return None
    bound = module.bindings(e.func.id, module.tree)
    if module.owner(e.func.id, e.func) is not module.tree or len(bound) != 1:
        return None
    if not isinstance(bound[0].node, ast.FunctionDef) or not all(
        isinstance(a, (ast.Name, ast.Constant)) for a in e.args
    ):
        return None
    return e.func.id, [ast.unparse(a) for a in e.args]


def _in_order(run: list[ast.stmt], wanted: set[str]) -> list[str]:
    """Names in the order in which the statements bind them."""
    seen = [n.id for s in run for n in ast.walk(s) if isinstance(n, ast.Name) and n.id in wanted]
    return list(dict.fromkeys([*seen, *sorted(wanted)]))


def _private(nodes: Iterable[ast.AST]) -> bool:
    """Whether names are spelt that mean something else outside of their class."""
    words = (getattr(n, "attr", getattr(n, "id", "")) for top in nodes for n in ast.walk(top))
    return any(w == "__class__" or w.startswith("__") and not w.endswith("__") for w in words)


def _continued(run: list[ast.stmt]) -> set[int]:
    """Lines inside brackets, whose indentation is no matter."""
    out: set[int] = set()
    for s in run:
        for n in ast.walk(s):
            if isinstance(n, ast.expr) and n.end_lineno is not None and n.end_lineno > n.lineno:
                out.update(range(n.lineno + 1, n.end_lineno + 1))
    return out


def _own_continues(s: ast.AST) -> Iterator[ast.Continue]:
    if isinstance(s, ast.Continue):
        yield s
    elif not isinstance(s, (ast.For, ast.While, ast.AsyncFor, *names.SCOPES)):
        for child in ast.iter_child_nodes(s):
            yield from _own_continues(child)


def _skips(s: ast.AST) -> bool:
    """A `continue` of the loop around."""
    return next(_own_continues(s), None) is not None


def _breaks(s: ast.AST) -> bool:
    """A `break` of the loop around."""
    if isinstance(s, ast.Break):
        return True
    if isinstance(s, (ast.For, ast.While, ast.AsyncFor)):
        return any(_breaks(c) for c in s.orelse)
    if isinstance(s, names.SCOPES):
        return False
    return any(_breaks(c) for c in ast.iter_child_nodes(s))


def _ends_early(s: ast.stmt) -> bool:
    return _breaks(s) or any(isinstance(n, (ast.Return, ast.Yield, ast.YieldFrom)) for n in ast.walk(s))
