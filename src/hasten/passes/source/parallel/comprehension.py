"""Comprehensions whose elements do not depend on each other."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from hasten.kernel import names
from hasten.passes.source.containers.syntax import Parts
from hasten.passes.source.parallel import emitted, iterables
from hasten.passes.source.parallel.purity import Body, Purity
from hasten.passes.source.parallel.results import Results
from hasten.passes.source.parallel.site import Site
from hasten.passes.source.parallel.split import worth
from hasten.passes.source.parallel.syntax import bound_in, plain_call, plain_target, private, target_text


@dataclass(frozen=True)
class Comprehension:
    """A list of results, or results that a builtin adds up."""

    site: Site
    node: ast.ListComp | ast.GeneratorExp

    def parts(self) -> Parts | None:
        site, module, node = self.site, self.site.module, self.node
        if any(g.is_async or not plain_target(g.target) for g in node.generators):
            return None
        if isinstance(node, ast.GeneratorExp):
            call = module.parents[node]
            if not (isinstance(call, ast.Call) and call.args == [node] and not call.keywords):
                return None
            if not module.is_builtin(call.func, "sum", "max", "min", "list", "tuple", "sorted", "dict", "set"):
                return None
        targets: set[str] = set().union(*(bound_in(g.target) for g in node.generators))
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
        if body.why_not() or body.changed or not worth(module, node.elt) or private([node.elt]):
            return None
        if any(isinstance(n, (ast.NamedExpr, ast.Lambda, ast.GeneratorExp)) for n in ast.walk(node.elt)):
            return None
        if Results(site.project, site.work.entry_path).value(body, node.elt):
            return None
        for g in node.generators:
            found = iterables.steady(module, g.iter, site.types, body)
            if found is None or found.guards and not all(x.startswith(("isinstance", "hasattr")) for x in found.guards):
                return None
            if not all(_cannot_fail(test, body.kept) for test in g.ifs):
                return None  # they are all asked before the first round, whose error would come first
        if site.elsewhere(body.purity, targets) or site.dunders(body.purity) or site.importable(body.purity):
            return None
        if site.orders(body, [node.elt]):
            return None
        inner = node.generators[-1]
        target = sorted(bound_in(inner.target))[0]
        order = [t for t in sorted(targets) if t in names.reads([node.elt])]
        if not order:
            return None
        order += data
        plain = plain_call(module, node.elt)
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
            f"for {target_text(g.target)} in {ast.unparse(g.iter)}" + "".join(f" if {ast.unparse(t)}" for t in g.ifs)
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


def _cannot_fail(test: ast.expr, kept: frozenset[str]) -> bool:
    """Whether a condition only compares numbers and text."""
    match test:
        case ast.Name(id=name):
            return name in kept
        case ast.Constant():
            return True
        case ast.BoolOp(values=values):
            return all(_cannot_fail(v, kept) for v in values)
        case ast.UnaryOp(op=ast.Not(), operand=e):
            return _cannot_fail(e, kept)
        case ast.Compare(left=left, comparators=others):
            return all(_cannot_fail(e, kept) for e in (left, *others))
        case ast.BinOp(left=left, op=ast.Mod(), right=ast.Constant(value=int(value))) if value:
            return _cannot_fail(left, kept)
    return False
