"""A Python function applied to every element of a Series.

What it finds    `s.apply(f)` and `s.map(f)` with a lambda or a function of the file that computes with its argument.
Why it is slow   every element becomes a Python object, and the function is called for each.
Example          df["t"].apply(lambda x: x * 1.8 + 32)  ->  the same on the whole column at once
Safe when        every operation is understood, the Series holds float64, int64, bool or strings, and no division by
                 zero or overflow occurs: else the original runs. Elements are Python objects, so `round` to
                 decimals stays.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from hasten.core.facts import Facts
from hasten.core.finding import Finding, Region
from hasten.core.recipe import Change, Risk
from hasten.core.source import SourceFile, replace_nodes
from hasten.core.workload import ScriptWorkload
from hasten.passes.source.columns import emitted, times
from hasten.passes.source.columns.syntax import (
    Fresh,
    def_near,
    facts_about,
    functions_called,
    helper_edits,
    helper_name,
    imported_as,
    module_alias,
    node_at,
    nodes_in,
    only_parameter,
    peeks,
    place,
    quote,
    share,
    string,
    text_of,
)
from hasten.passes.source.columns.unroll import RowVectoriser
from hasten.passes.source.columns.vector import LIMITS, Path, Unknown, Value


@dataclass(frozen=True)
class Mapped:
    """`series.apply(function)`: what is mapped, the function's parameter and body."""

    call: ast.Call
    series: ast.expr
    function: ast.Lambda | ast.FunctionDef

    @property
    def parameter(self) -> str:
        a = self.function.args
        return (a.posonlyargs or a.args)[0].arg

    @property
    def body(self) -> list[ast.stmt]:
        return [ast.Return(self.function.body)] if isinstance(self.function, ast.Lambda) else self.function.body


def mapped(source: SourceFile, call: ast.Call) -> Mapped | None:
    f = call.func
    if not (isinstance(f, ast.Attribute) and f.attr in ("apply", "map") and len(call.args) == 1 and not call.keywords):
        return None
    given = call.args[0]
    function: ast.AST | None = given
    if isinstance(given, ast.Name):
        function = def_near(source, given)
    if not isinstance(function, (ast.Lambda, ast.FunctionDef)):
        return None
    if only_parameter(function) is None:
        return None
    return Mapped(call, f.value, function)


@dataclass(frozen=True)
class Elementwise:
    """See the module's docstring."""

    code: ClassVar[str] = "HST203"
    name: ClassVar[str] = "element-wise functions"
    risk: ClassVar[Risk] = Risk.EXACT

    def find(self, work: ScriptWorkload, region: Region, facts: Facts) -> Iterator[Finding]:
        source = work.source(region.path)
        if not (".apply(" in source.text or ".map(" in source.text) or peeks(source):
            return
        for call in nodes_in(source, region, ast.Call):
            assert isinstance(call, ast.Call)
            hit = mapped(source, call)
            last = call.end_lineno or call.lineno
            part = share(facts, region.path, call.lineno, last) if hit else None
            if hit is None or part is None or not _kinds(source, hit, region, facts):
                continue
            yield Finding(
                self.code,
                region,
                call.lineno,
                last,
                "a Python function is called for every element",
                "compute the whole column at once",
                part,
                place(call),
            )

    def propose(self, work: ScriptWorkload, finding: Finding, facts: Facts) -> Iterator[Change]:
        source = work.source(finding.path)
        call = node_at(source, ast.Call, finding.detail)
        hit = mapped(source, call) if call is not None else None
        if hit is None:
            return
        for kind in _kinds(source, hit, finding.region, facts):
            yield from self._change(source, finding, hit, kind, facts)

    def _change(self, source: SourceFile, finding: Finding, hit: Mapped, dtype: str, facts: Facts) -> Iterator[Change]:
        np, np_edits = module_alias(source, "numpy", "np")
        pd, pd_edits = module_alias(source, "pandas", "pd")
        body: list[ast.AST] = [hit.function.body] if isinstance(hit.function, ast.Lambda) else list(hit.function.body)
        reachable = [*body, *(s for f in functions_called(source, body) for s in f.body)]
        for limit in LIMITS:
            fresh = Fresh(source)
            argument = fresh(hit.parameter)
            v = RowVectoriser.of(source, np, fresh, reachable)
            v.limit = float(limit)
            v.surroundings(source, hit.call, hit.function, finding.region, facts)
            kind = times.KINDS[dtype]
            bound = float(limit) if kind == "int" else float("inf")
            start = Value(argument, kind, -bound, bound, boxed=True, simple=True)
            try:
                value = times.plain(v.function(hit.body, {hit.parameter: start}, Path()))
            except Unknown:
                continue
            if value.const or value.text == argument:
                return  # the same for all, or the Series itself: nothing to compute
            break
        else:
            return
        title = hit.function.name if isinstance(hit.function, ast.FunctionDef) else "element"
        function = fresh(f"{title}_of_column_{finding.first}")  # two changes must not define one name
        text = f"def {function}({', '.join([argument, *(o.text for o in v.outer.values())])}):\n" + "".join(
            f"    {line}\n" for line in v.ending(value, argument)
        )
        checked = helper_name(source, "_checked_array", emitted.CHECKED)
        map_column = helper_name(source, "_map_column", emitted.MAP_COLUMN)
        helpers = [
            *v.helpers(),
            emitted.CHECKED.format(name=checked, np=np, pd=pd),
            emitted.MAP_COLUMN.format(name=map_column, np=np, pd=pd, checked=checked),
            text,
        ]
        bound_text = f"2**{limit.bit_length() - 1}" if kind == "int" else "0"
        original = text_of(source, hit.call.args[0])
        assert isinstance(hit.call.func, ast.Attribute)
        method = quote(hit.call.func.attr)
        wanted = quote(kind if kind in ("str", times.TIME) else dtype)
        series, called = text_of(source, hit.series), v.called(function, [argument])
        new = f"{map_column}({series}, {wanted}, {bound_text}, {called}, {method}, {original})"
        yield Change(
            self.code,
            f"element-wise function on a {dtype} column computed at once",
            finding.region,
            (*np_edits, *pd_edits, *helper_edits(source, helpers), *replace_nodes(source, [(hit.call, new)])),
            Risk.ROUNDING if v.rounding else Risk.EXACT,
            ("numpy",) if not imported_as(source, "numpy") else (),
            finding.share,
        )


def _kinds(source: SourceFile, hit: Mapped, region: Region, facts: Facts) -> tuple[str, ...]:
    """Dtypes that the mapped Series was seen with: of a column in its frame, of one that a variable names all there."""
    series = hit.series
    node, column = series, None
    if isinstance(series, ast.Subscript) and string(series.slice) is not None:
        node, column = series.value, string(series.slice)
    elif isinstance(series, ast.Subscript) and isinstance(series.slice, ast.Name):
        node = series.value
    elif isinstance(series, ast.Attribute) and not (isinstance(series.value, ast.Name) and series.value.id == "self"):
        node, column = series.value, series.attr
    seen = facts_about(ast.unparse(node), region, facts, hit.call.lineno, hit.call.end_lineno or 0)
    found: list[str] = []
    for fact in seen:
        short = fact.type.rsplit(".", 1)[-1]
        if not fact.type.startswith("pandas."):
            continue
        dtypes: list[str | None] = []
        if short == "DataFrame" and node is not series:
            columns = dict(fact.columns)
            dtypes = [columns.get(column)] if column is not None else list(columns.values())
        elif short == "Series" and node is series:
            dtypes = [fact.dtype]
        found += [d for d in dict.fromkeys(dtypes) if d in times.KINDS and d not in found]
    return tuple(found)
