"""A Python function of every group.

What it finds    `df.groupby(k)[c].apply(f)`, `.agg(f)`, `.transform(f)`, where f combines reductions of its group.
Why it is slow   pandas makes a Series of every group, and every reduction of it goes through Python.
Example          df.groupby("k")["v"].apply(lambda g: g.max() - g.min())  ->  maxima minus minima of all groups
Safe when        the column holds float64 or int64 and no infinity, the keys are no categories and have no NaN.
                 Sums, means
                 and deviations of floats may differ in the last bit from those of a single group.
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
from hasten.passes.source.columns import emitted
from hasten.passes.source.columns.syntax import (
    Fresh,
    bindings,
    facts_about,
    helper_edits,
    helper_name,
    imported_as,
    module_alias,
    node_at,
    nodes_in,
    only_def,
    only_parameter,
    parents,
    peeks,
    place,
    quote,
    share,
    string,
    text_of,
)
from hasten.passes.source.columns.vector import Path, Unknown, Value, Vectoriser, literal_constants

EXACT = {"max", "min", "count", "size", "nunique"}
FLOATS = {"mean", "std", "var", "median"}
LIMIT, ROWS = 2**31, 2**20


@dataclass(frozen=True)
class Grouped:
    """`frame.groupby(keys, **options)[column].method(function)`."""

    call: ast.Call
    frame: ast.Name
    keys: ast.expr
    options: tuple[tuple[str, str], ...]
    column: str
    method: str
    function: ast.Lambda | ast.FunctionDef

    @property
    def parameter(self) -> str:
        a = self.function.args
        return (a.posonlyargs or a.args)[0].arg

    @property
    def body(self) -> list[ast.stmt]:
        return [ast.Return(self.function.body)] if isinstance(self.function, ast.Lambda) else self.function.body


def grouped(source: SourceFile, call: ast.Call) -> Grouped | None:
    f = call.func
    if not (isinstance(f, ast.Attribute) and f.attr in ("apply", "agg", "aggregate", "transform")):
        return None
    if len(call.args) != 1 or call.keywords:
        return None
    pick = f.value
    if isinstance(pick, ast.Subscript) and (column := string(pick.slice)) is not None:
        groupby = pick.value
    else:
        return None
    if not (
        isinstance(groupby, ast.Call) and isinstance(groupby.func, ast.Attribute) and groupby.func.attr == "groupby"
    ):
        return None
    frame = groupby.func.value
    if not isinstance(frame, ast.Name) or len(groupby.args) != 1:
        return None
    keys = groupby.args[0]
    several = isinstance(keys, ast.List) and keys.elts and all(string(e) is not None for e in keys.elts)
    if string(keys) is None and not several:
        return None
    options: list[tuple[str, str]] = []
    for k in groupby.keywords:
        if k.arg not in ("sort", "observed", "dropna") or not isinstance(k.value, ast.Constant):
            return None
        options.append((k.arg, repr(k.value.value)))
    given = call.args[0]
    function: ast.AST | None = only_def(source, given.id) if isinstance(given, ast.Name) else given
    if not isinstance(function, (ast.Lambda, ast.FunctionDef)):
        return None
    if only_parameter(function) is None:
        return None
    return Grouped(call, frame, keys, tuple(options), column, f.attr, function)


def reduction(source: SourceFile, node: ast.AST, group: str) -> tuple[str, str] | None:
    """`g.sum()`, `g.std(ddof=0)`, `len(g)`, `g.size` as (method, keyword arguments as text)."""
    if (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == group
        and node.attr == "size"
    ):
        return "size", ""
    if not isinstance(node, ast.Call):
        return None
    f = node.func
    if isinstance(f, ast.Name) and f.id == "len" and not bindings(source.tree, "len") and len(node.args) == 1:
        a = node.args[0]
        return ("size", "") if isinstance(a, ast.Name) and a.id == group and not node.keywords else None
    if not (isinstance(f, ast.Attribute) and isinstance(f.value, ast.Name) and f.value.id == group) or node.args:
        return None
    if f.attr not in EXACT | FLOATS | {"sum"} or f.attr == "size":
        return None
    if not node.keywords:
        return f.attr, ""
    k = node.keywords[0]
    if f.attr in ("std", "var") and len(node.keywords) == 1 and k.arg == "ddof" and isinstance(k.value, ast.Constant):
        if type(k.value.value) is int:
            return f.attr, f'"ddof": {k.value.value}'
    return None


@dataclass(frozen=True)
class Groups:
    """See the module's docstring."""

    code: ClassVar[str] = "HST204"
    name: ClassVar[str] = "functions of groups"
    risk: ClassVar[Risk] = Risk.ROUNDING

    def find(self, work: ScriptWorkload, region: Region, facts: Facts) -> Iterator[Finding]:
        source = work.source(region.path)
        if ".groupby(" not in source.text or peeks(source):
            return
        for call in nodes_in(source, region, ast.Call):
            assert isinstance(call, ast.Call)
            hit = grouped(source, call)
            last = call.end_lineno or call.lineno
            part = share(facts, region.path, call.lineno, last) if hit else None
            if hit is None or part is None or not _kinds(hit, region, facts):
                continue
            yield Finding(
                self.code,
                region,
                call.lineno,
                last,
                "pandas makes a Series of every group and calls a Python function with it",
                "reduce all groups at once with the built-in reductions",
                part,
                place(call),
            )

    def propose(self, work: ScriptWorkload, finding: Finding, facts: Facts) -> Iterator[Change]:
        source = work.source(finding.path)
        call = node_at(source, ast.Call, finding.detail)
        hit = grouped(source, call) if call is not None else None
        if hit is None:
            return
        for dtype in _kinds(hit, finding.region, facts):
            yield from _changes(source, finding, hit, dtype)


def _kinds(hit: Grouped, region: Region, facts: Facts) -> tuple[str, ...]:
    found: list[str] = []
    for fact in facts_about(hit.frame.id, region, facts, hit.call.lineno, hit.call.end_lineno or 0):
        dtype = dict(fact.columns).get(hit.column)
        if fact.type == "pandas.DataFrame" and dtype in ("float64", "int64") and dtype not in found:
            found.append(dtype)
    return tuple(found)


def _changes(source: SourceFile, finding: Finding, hit: Grouped, dtype: str) -> Iterator[Change]:
    np, np_edits = module_alias(source, "numpy", "np")
    pd, pd_edits = module_alias(source, "pandas", "pd")
    fresh, up = Fresh(source), parents(source)
    body: list[ast.AST] = [hit.function.body] if isinstance(hit.function, ast.Lambda) else list(hit.function.body)
    if any(bindings(top, hit.parameter) for top in body):
        return
    v = Vectoriser(
        source,
        np,
        fresh,
        imported_as(source, "math"),
        imported_as(source, "numpy"),
        imported_as(source, "pandas"),
        literal_constants(source, body),
    )
    used: dict[tuple[str, str], Value] = {}
    rounding = False
    whole = hit.method == "transform"
    for top in body:
        for n in ast.walk(top):
            got = reduction(source, n, hit.parameter)
            p = up.get(n)
            if (
                got is None
                and whole
                and isinstance(n, ast.Name)
                and n.id == hit.parameter
                and not (isinstance(p, ast.Attribute) or (isinstance(p, ast.Call) and n in p.args))
            ):
                got = "self", ""
            if got is None:
                continue
            name, _ = got
            if got not in used:
                kind = (
                    "float"
                    if name in FLOATS or (dtype == "float64" and name not in ("count", "size", "nunique"))
                    else "int"
                )
                bound = float(ROWS if name in ("count", "size", "nunique") else LIMIT * (ROWS if name == "sum" else 1))
                low, high = (
                    (0.0 if name in ("count", "size", "nunique") else -bound, bound)
                    if kind == "int"
                    else (-float("inf"), float("inf"))
                )
                wanted = hit.parameter if name == "self" else f"{'count' if name == 'size' else name}_of_group"
                used[got] = Value(fresh(wanted), kind, low, high, boxed=name in ("size",), simple=True)
            rounding = rounding or name in FLOATS or (name == "sum" and dtype == "float64")
            v.cells[n] = used[got]
    if not used or (whole and not _elementwise(body, v)):
        return
    if rounding and any(_discrete(n) for top in body for n in ast.walk(top)):
        return  # a difference in the last bit must not decide a branch
    try:
        value = v.function(hit.body, {}, Path())
    except Unknown:
        return
    if value.const or (value.kind in ("bool", "str", "mixed") and whole):
        return
    function = fresh(
        f"group_value_{finding.first}"
        if isinstance(hit.function, ast.Lambda)
        else f"{hit.function.name}_of_groups_{finding.first}"
    )
    text = f"def {function}({', '.join(u.text for u in used.values())}):\n" + "".join(
        f"    {line}\n" for line in v.ending(value)
    )
    checked = helper_name(source, "_checked_array", emitted.CHECKED)
    reduce_groups = helper_name(source, "_reduce_groups", emitted.REDUCE_GROUPS)
    helpers = [
        *v.helpers(),
        emitted.CHECKED.format(name=checked, np=np, pd=pd),
        emitted.REDUCE_GROUPS.format(name=reduce_groups, np=np, pd=pd, checked=checked),
        text,
    ]
    reductions = "[" + ", ".join(f"({quote(name)}, {{{how}}})" for name, how in used) + "]"
    options = "{" + ", ".join(f"{quote(k)}: {t}" for k, t in hit.options) + "}"
    new = (
        f"{reduce_groups}({hit.frame.id}, {text_of(source, hit.keys)}, {quote(hit.column)}, {options}, "
        f"{quote(hit.method)}, "
        f"{quote(dtype)}, 2**31, {reductions}, {function}, {text_of(source, hit.call.args[0])})"
    )
    yield Change(
        "HST204",
        f"{hit.method} of every group from {', '.join(name for name, _ in used if name != 'self')}",
        finding.region,
        (*np_edits, *pd_edits, *helper_edits(source, helpers), *replace_nodes(source, [(hit.call, new)])),
        Risk.ROUNDING if rounding or v.rounding else Risk.EXACT,
        ("numpy",) if not imported_as(source, "numpy") else (),
        finding.share,
    )


def _discrete(node: ast.AST) -> bool:
    """Something that turns a small difference into a large one."""
    if isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        return name in ("int", "round", "floor", "ceil", "trunc", "bool", "rint")
    return isinstance(node, (ast.Compare, ast.If, ast.IfExp, ast.BoolOp, ast.Not, ast.FloorDiv, ast.Mod))


def _elementwise(body: list[ast.AST], v: Vectoriser) -> bool:
    """True when the body is one expression of `+ - * /`, so that whole Series and single elements mean the same."""
    if len(body) != 1:
        return False
    top = body[0].value if isinstance(body[0], ast.Return) else body[0]
    todo: list[ast.AST | None] = [top]
    while todo:
        n = todo.pop()
        if n in v.cells or isinstance(n, ast.Constant):
            continue
        if isinstance(n, ast.BinOp) and isinstance(n.op, (ast.Add, ast.Sub, ast.Mult, ast.Div)):
            todo += [n.left, n.right]
        elif isinstance(n, ast.UnaryOp) and isinstance(n.op, ast.USub):
            todo.append(n.operand)
        else:
            return False
    return True
