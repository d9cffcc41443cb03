"""One call for all rows.

What it finds    `model.predict(row)` (`predict_proba`, `decision_function`, `transform`, ...), or a network of PyTorch
                 that is asked one row, once for each turn of a loop or comprehension.
Why it is slow   every call checks its input, copies it and sets up its work anew: 20 to 1000 microseconds a row.
Example          for i in range(len(X)): p = model.predict(X[i:i+1])[0]; ...
                 ->  all rows are gathered, predicted in one call, and the loop takes its result for each turn.
Safe when        the model treats rows one by one (a list of fitted estimators that do, checked when the program runs),
                 and nothing in the loop changes the model or what the rows are made of; an object of the program that
                 is told numbers changes itself only (`objects.py`). The rest of the loop stays as it is, in its order.
                 Where the one call raises or meets a numerical problem, the original loop runs. Sums over features may
                 be rounded otherwise than for a single row. Of networks: `forwards.py`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from hasten.core.facts import Facts
from hasten.core.finding import Finding, Region
from hasten.core.recipe import Change, Risk
from hasten.core.source import Edit, SourceFile
from hasten.core.workload import ScriptWorkload
from hasten.kernel import names
from hasten.passes.source.batch import emit, forwards, helpers
from hasten.passes.source.batch.loops import (
    Module,
    Purity,
    Refused,
    identifiers,
    in_scope,
    innermost_chain,
    overlapping,
    path_of,
    unique,
)

METHODS = frozenset(
    {"predict", "predict_proba", "predict_log_proba", "decision_function", "score_samples", "transform"}
)
CONSUMERS = frozenset({"sum", "list", "tuple", "max", "min", "any", "all", "sorted", "set"})
PACKAGES = ("sklearn.", "lightgbm.", "xgboost.")


@dataclass(frozen=True)
class _Site:
    """A loop (statement or comprehension) and the calls in it, in the order they are evaluated."""

    stmt: ast.stmt
    target: ast.expr
    iter: ast.expr
    body: Sequence[ast.stmt]  # empty for a comprehension
    calls: tuple[ast.Call, ...]


@dataclass(frozen=True, kw_only=True)
class BatchedCalls:
    code: ClassVar[str] = "HST401"
    name: ClassVar[str] = "batched-calls"
    risk: ClassVar[Risk] = Risk.ROUNDING

    def find(self, work: ScriptWorkload, region: Region, facts: Facts) -> Iterator[Finding]:
        try:
            source = work.source(region.path)
            tree = source.tree
        except (OSError, SyntaxError, ValueError):
            return
        for site in _sites(tree, region):
            first, last = site.stmt.lineno, site.stmt.end_lineno or site.stmt.lineno
            share = emit.hot(facts, region.path, first, last)
            module = Module.of(tree)
            calls = tuple(c for c in site.calls if _may_be_model(module, c, region, facts))
            loader = any(
                f.type.endswith("DataLoader") for f in facts.of(region.id).types.get(path_of(site.iter) or "", ())
            )
            if share is None or not calls or loader:
                continue
            what = ", ".join(dict.fromkeys(ast.unparse(c.func) for c in calls))
            yield Finding(
                self.code,
                region,
                first,
                last,
                reason=f"{what} is called with one row in every turn of a loop",
                remedy="one call for all rows before the loop",
                share=share,
                detail={
                    "calls": [[c.lineno, c.col_offset] for c in calls],
                    "iter": [site.iter.lineno, site.iter.col_offset],
                },
            )

    def propose(self, work: ScriptWorkload, finding: Finding, facts: Facts) -> Iterator[Change]:
        source = work.source(finding.path)
        wanted = {tuple(at) for at in finding.detail["calls"]}
        for site in _sites(source.tree, finding.region):
            if [site.iter.lineno, site.iter.col_offset] != finding.detail["iter"] or site.stmt.lineno != finding.first:
                continue
            calls = tuple(c for c in site.calls if (c.lineno, c.col_offset) in wanted)
            try:
                edits = _rewrite(source, site, calls)
            except Refused:
                continue
            title = f"one {_asked(calls[0])[1] or 'call of the network'} for all rows"
            yield Change(self.code, title, finding.region, tuple(edits), self.risk, share=finding.share)

    def why_not(self, work: ScriptWorkload, finding: Finding) -> str:
        """Why a finding has no change; empty when it has one."""
        source = work.source(finding.path)
        for site in _sites(source.tree, finding.region):
            if [site.iter.lineno, site.iter.col_offset] == finding.detail["iter"]:
                try:
                    _rewrite(source, site, site.calls)
                except Refused as why:
                    return str(why)
        return ""


def _may_be_model(module: Module, call: ast.Call, region: Region, facts: Facts) -> bool:
    path, method = _asked(call)
    seen = facts.of(region.id).types.get(path, ())
    if not method:
        own = forwards.kinds(module)
        return any(f.type.startswith("torch.nn.") or f.type.rpartition(".")[2] in own for f in seen) or not seen
    return not seen or any(f.type.startswith(PACKAGES) for f in seen)


def _asked(call: ast.Call) -> tuple[str, str]:
    """The path of the model and the method that a call asks; "" for a network that is called itself."""
    func = call.func
    if isinstance(func, ast.Attribute) and func.attr in METHODS:
        return path_of(func.value) or "", func.attr
    return path_of(func) or "", ""


def _sites(tree: ast.Module, region: Region) -> Iterator[_Site]:
    for site in _all_sites(tree, region):
        # networks only by themselves: what one gives does not go into another's rows
        networks = tuple(c for c in site.calls if not _asked(c)[1])
        if networks and len(networks) < len(site.calls):
            yield replace(site, calls=tuple(c for c in site.calls if _asked(c)[1]))
        elif networks:
            yield from (replace(site, calls=(c,)) for c in networks)
        else:
            yield site


def _all_sites(tree: ast.Module, region: Region) -> Iterator[_Site]:
    module = Module.of(tree)
    for stmt, _ in emit.region_statements(tree, region):
        if isinstance(stmt, ast.For) and not stmt.orelse:
            calls = [
                c
                for c in _calls(module, stmt)
                if innermost_chain(stmt.body, c) is not None and _plainly_in(stmt.body, c)
            ]
            if calls:
                yield _Site(stmt, stmt.target, stmt.iter, stmt.body, tuple(calls))
        if isinstance(stmt, (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return, ast.Expr)):
            for comp in ast.walk(stmt):
                if isinstance(comp, (ast.ListComp, ast.GeneratorExp)) and len(comp.generators) == 1:
                    calls = [c for c in _calls(module, comp.elt) if in_scope(comp.elt, c)]
                    if calls and in_scope(stmt, comp) and (isinstance(comp, ast.ListComp) or _consumed(stmt, comp)):
                        gen = comp.generators[0]
                        yield _Site(stmt, gen.target, gen.iter, (), tuple(calls))


def _plainly_in(body: Sequence[ast.stmt], call: ast.Call) -> bool:
    chain = innermost_chain(body, call)
    return chain is not None and in_scope(chain[-1], call)


def _consumed(stmt: ast.stmt, comp: ast.GeneratorExp) -> bool:
    """A generator that is drawn at once by a built-in."""
    return any(
        isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id in CONSUMERS and comp in n.args
        for n in ast.walk(stmt)
    )


def _calls(module: Module, node: ast.AST) -> list[ast.Call]:
    found = list(forwards.calls(module, node)) if module.has_torch and _has_networks(module) else []
    found += [
        n
        for n in ast.walk(node)
        if isinstance(n, ast.Call)
        and isinstance(n.func, ast.Attribute)
        and n.func.attr in METHODS
        and path_of(n.func.value) is not None
        and len(n.args) == 1
        and not isinstance(n.args[0], ast.Starred)
        and not n.keywords
    ]
    # inner calls are evaluated first: they end before or start after the outer ones
    return sorted(found, key=lambda c: (c.end_lineno or 0, c.end_col_offset or 0, -c.lineno, -c.col_offset))


def _has_networks(module: Module) -> bool:
    return bool(forwards.kinds(module)) or any(
        isinstance(n, ast.Attribute) and n.attr == "Sequential" for n in ast.walk(module.tree)
    )


def _rewrite(source: SourceFile, site: _Site, calls: Sequence[ast.Call]) -> list[Edit]:
    """Edits that batch `calls`. Raises `Refused`."""
    if not emit.alone(source, site.stmt):
        raise Refused("the loop shares a line with another statement")
    module = Module.of(source.tree)
    purity = Purity(module)
    targets = names.bound([site.target])
    iter_reads = _iterable(module, purity, site.iter)
    plain_target = all(isinstance(n, (ast.Name, ast.Tuple, ast.List, ast.expr_context)) for n in ast.walk(site.target))
    if not plain_target:
        raise Refused("the loop binds something other than names")
    if site.body:
        effects = purity.effects(site.body, calls)
        exposed = names.flow(site.body).exposed
    else:
        effects = purity.effects([site.stmt], calls)
        exposed = names.flow([site.stmt]).exposed
    if effects.bound & targets:
        raise Refused("the loop variable is bound again in the loop")
    taken = identifiers(source.tree)
    network = not _asked(calls[0])[1]
    batched, helper = (helpers.forwarded if network else helpers.batched)(source, taken)
    held, more = helpers.held(source, taken) if effects.objects else ("", "")

    before: list[str] = []
    replaced: list[tuple[ast.AST, str]] = []
    partners: list[str] = []
    results: list[str] = []
    for call in calls:
        model, method = _asked(call)
        called = method or "forward"
        rows, result = unique(taken, f"{called}_rows"), unique(taken, f"{called}_results")
        partner = unique(taken, f"{called}_result")
        # inside a slice, an earlier call's result comes from its list
        lines, reads, kept = _slice(source, purity, site, call, list(zip(calls, partners, strict=False)), targets)
        reads |= iter_reads
        for path in (*reads, model):
            root = path.split(".")[0]
            if root in effects.bound or any("." in b and overlapping(b, path) for b in effects.bound):
                raise Refused(f"{path} changes from one turn to the next")
            if any(overlapping(path, c) for c in effects.changed):
                raise Refused(f"{path} is changed in the loop")
        changed = sorted(
            c for c in effects.changed if c.split(".")[0] not in effects.bound or c.split(".")[0] in exposed
        )
        updated = sorted(effects.updated.intersection(changed))
        holding = [f"*{held}({c}, {effects.objects[c]})" if c in effects.objects else c for c in changed]
        wanted = [at for at, p in enumerate(partners) if any(p in line for line in lines)]
        partners_used, results_used = [partners[at] for at in wanted], [results[at] for at in wanted]
        zipped = _header(source, site, partners_used, results_used)
        before += [
            f"def {rows}():",
            "    # the argument of each call, without the rest of the loop",
            f"    for {zipped}:",
            *(f"        {line}" if line else "" for line in lines),
        ]
        guard = f"({model}, {_tuple(sorted(reads))}, {_tuple(holding)}, {_tuple(updated)})"
        call_text = f"{batched}(lambda: {guard}, {method!r}, {rows})"
        if network:
            how = forwards.used(module, site.stmt, call)
            call_text = f"{batched}(lambda: {guard}, lambda: {forwards.spelt(forwards.kinds(module))}, {rows}, {how!r})"
        if results:
            call_text += f" if {results[-1]} is not None else None"
        before.append(f"{result} = {call_text}")
        replaced.append((call, partner))
        partners.append(partner)
        results.append(result)
    outer = [
        (c, p)
        for c, p in zip(calls, partners, strict=True)
        if not any(c is not o and c in set(ast.walk(o)) for o in calls)
    ]
    changes: list[tuple[ast.AST, str]] = list(outer)
    changes.append((site.target, emit.with_partner(site.target, source, ", ".join(partners))))
    iter_text = source.segment(site.iter)
    changes.append((site.iter, f"zip({iter_text}, {', '.join(results)})"))
    used = [p for p in partners if any(p == t for _, t in outer)]
    if len(used) != len(partners):  # a call inside another one's argument: its result is not needed in the loop
        keep = [i for i, p in enumerate(partners) if p in used]
        changes[-2] = (site.target, emit.with_partner(site.target, source, ", ".join(partners[i] for i in keep)))
        changes[-1] = (site.iter, f"zip({iter_text}, {', '.join(results[i] for i in keep)})")
    if module.builtin(ast.Name("zip", ast.Load())) is None:
        raise Refused("zip means something else in this file")
    gone = _only_for(module, site, calls[0], kept) if network and len(calls) == 1 else []
    fast = emit.spliced(source, site.stmt, changes, [s for s in gone if emit.alone(source, s)])
    edit = emit.branched(source, site.stmt, before, f"{results[-1]} is not None", fast)
    return [*helpers.inserted(source, "\n\n".join(filter(None, (helper, more)))), edit]


def _only_for(module: Module, site: _Site, call: ast.Call, kept: Sequence[ast.stmt]) -> list[ast.stmt]:
    """Those of the statements that make a call's argument which nothing else needs."""
    given = {id(n) for n in ast.walk(call)}
    gone: list[ast.stmt] = []
    for stmt in reversed(kept):
        if not isinstance(stmt, ast.Assign) or not any(stmt is s for s in site.body):
            continue
        if not all(isinstance(t, (ast.Name, ast.Tuple, ast.expr_context)) for s in stmt.targets for t in ast.walk(s)):
            continue
        bound = names.bound([stmt])
        inside = given | {id(n) for s in (*gone, stmt) for n in ast.walk(s)}
        if all(id(n) in inside for name in bound for n in forwards.loads_of(module.tree, name, stmt)):
            gone.append(stmt)
    return gone


def _tuple(parts: Sequence[str]) -> str:
    return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"


def _header(source: SourceFile, site: _Site, partners: Sequence[str], results: Sequence[str]) -> str:
    iter_text = source.segment(site.iter) or ast.unparse(site.iter)
    iter_text = ast.unparse(site.iter) if "\n" in iter_text else iter_text
    if not partners:
        target = source.segment(site.target) or ast.unparse(site.target)
        return f"{target} in {iter_text}"
    return f"{emit.with_partner(site.target, source, ', '.join(partners))} in zip({iter_text}, {', '.join(results)})"


def _iterable(module: Module, purity: Purity, node: ast.expr) -> set[str]:
    """Paths that the iterable reads, when it can be gone through twice. Raises `Refused`."""
    if path_of(node) is not None:
        return purity.reads(node)  # its type is checked with the other inputs: lists, arrays, ...
    if isinstance(node, ast.Call):
        maker = module.builtin(node.func)
        if maker == "range":
            return purity.reads(node)
        if (
            maker in ("enumerate", "zip", "reversed")
            and node.args
            and not any(isinstance(a, ast.Starred) for a in node.args)
        ):
            if any(k.arg not in ("start", "strict") for k in node.keywords):
                raise Refused("unusual arguments of the loop's iterable")
            found: set[str] = set()
            parts = node.args[:1] if maker == "enumerate" else node.args
            for part in parts:
                found |= _iterable(module, purity, part)
            return found | purity.reads(node)
        row_maker = isinstance(node.func, ast.Attribute) and node.func.attr in (
            "iterrows",
            "itertuples",
            "items",
            "values",
            "keys",
        )
        if row_maker and path_of(node.func.value) is not None:  # type: ignore[attr-defined]
            return purity.reads(node)
    if isinstance(node, (ast.Subscript, ast.Attribute)):
        return purity.reads(node)  # df["a"], X[10:], df.values
    raise Refused(f"cannot go through {ast.unparse(node)} twice")


def _slice(
    source: SourceFile,
    purity: Purity,
    site: _Site,
    call: ast.Call,
    earlier: Sequence[tuple[ast.Call, str]],
    targets: set[str],
) -> tuple[list[str], set[str], list[ast.stmt]]:
    """Lines that compute a call's argument and yield it, the outside paths they read, and the statements that they are.
    Raises `Refused`."""
    argument = call.args[0]
    known = [c for c, _ in earlier]
    table = {id(c): p for c, p in earlier}
    needed = names.reads([_swapped(argument, table)]) - set(table.values())
    kept: list[ast.stmt] = []
    bound_in_body = names.bound(site.body)
    if site.body:
        chain = innermost_chain(site.body, call)
        if chain is None:
            raise Refused("the call sits in a nested loop or handler")
        for stmt in reversed(chain[:-1]):
            if isinstance(stmt, ast.If) and any(n is call for n in ast.walk(stmt)):
                continue
            binds = names.bound([stmt]) | _touched(stmt)
            if not binds & needed:
                continue
            if any(isinstance(n, (ast.Return, ast.Break, ast.Continue)) for n in ast.walk(stmt)):
                raise Refused("the row is built in a statement that leaves the loop")
            if any(isinstance(n, ast.Call) and purity.module.builtin(n.func) == "print" for n in ast.walk(stmt)):
                raise Refused("the row is built in a statement that prints")
            flow = names.flow([_swapped(stmt, table)])  # type: ignore[list-item]
            kept.append(stmt)
            needed = (needed - (flow.sure or set())) | (flow.exposed - set(table.values())) | _touched(stmt)
        if (needed & bound_in_body) - targets:
            name = sorted((needed & bound_in_body) - targets)[0]
            raise Refused(f"{name} carries over from one turn to the next")
    kept.reverse()
    effects = purity.effects(kept, known)
    if any("." in b for b in effects.bound) or any(c.split(".")[0] not in effects.bound for c in effects.changed):
        raise Refused("building a row changes something else")
    found = purity.reads(argument, known) | purity.statement_reads(kept, known)
    own = effects.bound | targets
    reads = {p for p in found if p.split(".")[0] not in own}
    # an earlier call is taken from its list, so its model is not read here
    lines: list[str] = []
    for stmt in kept:
        inside = [(c, p) for c, p in earlier if any(c is n for n in ast.walk(stmt))]
        inside = [(c, p) for c, p in inside if not any(c is not o and c in set(ast.walk(o)) for o, _ in inside)]
        text = emit.spliced(source, stmt, inside)
        lines += _dedent(text, emit.margin(source, stmt)).splitlines()
    inside = [(c, p) for c, p in earlier if any(c is n for n in ast.walk(argument))]
    inside = [(c, p) for c, p in inside if not any(c is not o and c in set(ast.walk(o)) for o, _ in inside)]
    lines.append(f"yield {_expression_text(argument, inside)}")
    return lines, reads, kept


def _expression_text(node: ast.expr, changes: Sequence[tuple[ast.Call, str]]) -> str:
    """`node` on one line, with names in place of some calls."""
    return ast.unparse(_swapped(node, {id(c): p for c, p in changes}))


def _swapped(node: ast.AST, table: dict[int, str]) -> ast.AST:
    """A copy of `node` with names in place of the calls in `table`."""
    if id(node) in table:
        return ast.copy_location(ast.Name(table[id(node)], ast.Load()), node)
    fields: dict[str, Any] = {}
    for name, value in ast.iter_fields(node):
        if isinstance(value, ast.AST):
            value = _swapped(value, table)
        elif isinstance(value, list):
            value = [_swapped(v, table) if isinstance(v, ast.AST) else v for v in value]
        fields[name] = value
    return ast.copy_location(type(node)(**fields), node)


def _touched(stmt: ast.stmt) -> set[str]:
    """Names whose objects a statement may change in place."""
    found: set[str] = set()
    for node in ast.walk(stmt):
        if isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
            found |= names.reads([node.value])
        elif isinstance(node, ast.AugAssign):
            found |= names.bound([node.target])
        elif (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Call)
            and isinstance(node.value.func, ast.Attribute)
        ):
            found |= names.reads([node.value.func.value])
    return found


def _dedent(text: str, space: str) -> str:
    """Whole statements moved to the left edge; the inside of multi-line strings must not be indented less."""
    if any(line.strip() and not line.startswith(space) for line in text.splitlines()):
        raise Refused("a multi-line string in the way")
    return "".join(line[len(space) :] if line.strip() else line for line in text.splitlines(keepends=True))
