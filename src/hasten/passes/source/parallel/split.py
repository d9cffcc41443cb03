"""One loop nest on its way to being split into rounds and what stays."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from hasten.kernel import names
from hasten.passes.source.containers.syntax import Module, Parts
from hasten.passes.source.parallel import iterables, libraries
from hasten.passes.source.parallel.commit import Kept, staying
from hasten.passes.source.parallel.purity import Body, Purity
from hasten.passes.source.parallel.results import Results
from hasten.passes.source.parallel.site import Site
from hasten.passes.source.parallel.syntax import (
    bound_in,
    breaks,
    ends_early,
    flat,
    in_order,
    plain_target,
    private,
    skips_round,
)
from hasten.passes.source.parallel.text import SplitText

MIN_OF_LOOP = 0.5  # of the loop's time must be in what is done side by side
MOST_STATEMENTS = 60


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
        if any(loop.orelse or not plain_target(loop.target) for loop in chain):
            return None
        if len(inner.body) > MOST_STATEMENTS or not all(map(module.whole_lines, (*chain, *inner.body))):
            return None
        targets: set[str] = set().union(*(bound_in(loop.target) for loop in chain))
        if sum(len(bound_in(loop.target)) for loop in chain) != len(targets):
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
        exposed = names.flow(flat(whole)).exposed
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
            if any(ends_early(s) for s in body[start:end]):
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
                out |= bound_in(loop.target)
            elif isinstance(base, ast.Call) and isinstance(base.func, ast.Attribute) and base.func.attr == "groupby":
                out |= bound_in(loop.target)  # each group is a frame of its own
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
                out |= bound_in(loop.target)
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
        if private(body.nodes):
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
        gives = [n for n in in_order(run, own) if n in commit_reads or n in live]
        fitted = sorted(body.changed & self._fitted())
        gives = [n for n in gives if n not in fitted]
        gives += [t for t in sorted(body.changed - set(gives) - set(fitted)) if t in commit_reads or t in live]
        skips = any(skips_round(s) for s in run)
        if skips and (live & own or values):
            return None
        sure = names.flow(flat(list(run)), set(body.given)).sure
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
        made = SplitText(
            module=module, chain=chain, run=run, after=after, values=values, gives=gives, fitted=fitted,
            args=sorted(data | targets & set(body.given)), guards=guards, again=again, skips=skips,
        ).parts()  # fmt: skip
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
            if any(skips_round(s) for s in loop.body[:at]):
                return True
            for s in loop.body:
                if s in run or s in self.chain:
                    continue
                if any(isinstance(n, (ast.Return, ast.Yield, ast.YieldFrom, ast.Await)) for n in ast.walk(s)):
                    return True
                if breaks(s):
                    return True
        return any(breaks(s) for s in run)

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
                    if not self.results.value(body, e) and worth(self.module, e):
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


def worth(module: Module, e: ast.expr) -> bool:
    """Whether an expression may take long: it calls something beyond the cheapest builtins."""
    cheap = ("len", "str", "int", "float", "round", "repr", "range", "bool", "type", "isinstance", "abs")
    return any(isinstance(n, ast.Call) and not module.is_builtin(n.func, *cheap) for n in ast.walk(e))
