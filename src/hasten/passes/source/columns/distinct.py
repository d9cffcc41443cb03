"""The same work for the same value.

What it finds    `df["c"].str.lower().str.strip()`, `df["c"].map(f)`, `df["c"].apply(f)`, `df["c"].replace(names)`,
                 `df["d"].dt.strftime("%Y-%m")` and chains of them on columns of texts, whole numbers or dates, in
                 which values occur again and again.
Why it is slow   Python's text methods, or a Python function, run for every row, though a category has few values.
Example          df["city"].map(clean)  ->  _by_distinct(df["city"], lambda values: values.map(clean))
Safe when        every step works value by value, and functions follow from their argument alone and change nothing
                 (shown by their syntax). Checked as it runs: values are texts, int64 or dates without time zone, at
                 most half of them different, and results are plain values that nobody can change.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from hasten.core.facts import Facts
from hasten.core.finding import Finding, Region
from hasten.core.recipe import Change, Risk
from hasten.core.source import Edit, SourceFile, replace_nodes
from hasten.core.workload import ScriptWorkload
from hasten.passes.source.columns import emitted
from hasten.passes.source.columns.pure import Purity, elsewhere
from hasten.passes.source.columns.syntax import (
    Fresh,
    def_near,
    helper_edits,
    helper_name,
    imported_as,
    in_fstring,
    module_alias,
    nodes_in,
    pandas_major,
    parents,
    peeks,
    place,
    scope_of,
    share,
    text_of,
)
from hasten.passes.source.containers.effects import project_of
from hasten.passes.source.containers.syntax import Module, module_of

MAX_SINGLES = 4
TEXT_METHODS = frozenset(
    "capitalize casefold center contains count endswith extract find fullmatch get isalnum isalpha isdecimal "
    "isdigit islower isnumeric isspace istitle isupper len ljust lower lstrip match normalize pad removeprefix "
    "removesuffix replace rfind rjust rstrip slice slice_replace startswith strip swapcase title upper zfill "
    "split rsplit findall".split()
)
LISTS = frozenset({"split", "rsplit", "findall"})
DATE_METHODS = frozenset({"strftime", "day_name", "month_name"})
KINDS = frozenset({"int", "float", "str", "bool"})


@dataclass(frozen=True)
class Chain:
    """`series` and what is done to it value by value, up to `node`."""

    node: ast.expr
    series: ast.expr


class Reader:
    """Finds chains in one file."""

    def __init__(self, module: Module, purity: Purity) -> None:
        self.module, self.purity = module, purity
        self.source = module.source

    def chain(self, node: ast.AST) -> Chain | None:
        at, worth, last = node, False, True
        while True:
            step = self._step(at, last)
            if step is None:
                break
            at, heavy = step
            worth, last = worth or heavy, False
        if not worth or not isinstance(node, ast.expr) or not isinstance(at, ast.expr):
            return None
        if isinstance(at, ast.Name) and self.module.imported(at):
            return None  # a module's function
        return Chain(node, at)

    def _step(self, node: ast.AST, last: bool) -> tuple[ast.AST, bool] | None:
        """What one step works on, and whether it is Python's work; None for any other node."""
        match node:
            case ast.Subscript(value=ast.Attribute(value=inner, attr="str"), slice=key, ctx=ast.Load()):
                return (inner, True) if _constant(key) else None
            case ast.Call(func=ast.Attribute(value=ast.Attribute(value=inner, attr="str"), attr=method)):
                if method not in TEXT_METHODS or not self._given(node):
                    return None
                return None if last and method in LISTS and not _expands(node) else (inner, True)
            case ast.Call(func=ast.Attribute(value=ast.Attribute(value=inner, attr="dt"), attr=method)):
                return (inner, True) if method in DATE_METHODS and self._given(node) else None
            case ast.Call(func=ast.Attribute(value=inner, attr="map" | "apply"), args=[given], keywords=[]):
                return (inner, True) if self._pure(given) else None
            case ast.Call(func=ast.Attribute(value=inner, attr="astype"), args=[kind], keywords=[]):
                named = isinstance(kind, ast.Name) and self.module.is_builtin(kind) and kind.id in KINDS
                return (inner, False) if named or _plain_kind(kind) else None
            case ast.Call(func=ast.Attribute(value=inner, attr="replace"), args=[old, *new], keywords=[]) if (
                len(new) < 2
            ):
                if not all(self._known(a) for a in (old, *new)):
                    return None
                return inner, not isinstance(old, ast.Constant)
            case ast.Call(func=ast.Attribute(value=inner, attr="fillna"), args=[ast.Constant()], keywords=[]):
                return inner, False
        return None

    def _given(self, call: ast.Call) -> bool:
        """Arguments that are the same whenever and how often they are read."""
        values = [*call.args, *(k.value for k in call.keywords)]
        if any(k.arg is None for k in call.keywords):
            return False
        for value in values:
            if isinstance(value, ast.Lambda):
                if not self.purity.of(self.module, value):
                    return False
            elif isinstance(value, ast.Name) and call.func.attr == "replace":  # type: ignore[attr-defined]
                if not self.purity.table(self.module, value):
                    return False  # it could be a function
            elif not (_constant(value) or isinstance(value, ast.Name) or self.module.imported(value).startswith("re.")):
                return False
        return True

    def _known(self, value: ast.expr) -> bool:
        """A constant, or a dict or list of such, here or under a name."""
        if isinstance(value, ast.Name):
            return self.purity.table(self.module, value)
        if isinstance(value, ast.Dict):
            return all(
                k is not None and _constant(k) and self._known(v) for k, v in zip(value.keys, value.values, strict=True)
            )
        if isinstance(value, ast.List):
            return all(map(self._known, value.elts))
        return _constant(value) or self.module.imported(value) == "numpy.nan"

    def _pure(self, given: ast.expr) -> bool:
        module = self.module
        if isinstance(given, ast.Name):
            if module.is_builtin(given):
                return given.id in ("len", "int", "float", "str")
            dotted = module.imported(given)
            if dotted:
                found = elsewhere(self.purity.project, module, dotted)
                return found is not None and self.purity.of(*found)
            function = def_near(self.source, given)
            return function is not None and self.purity.of(module, function)
        if isinstance(given, ast.Attribute) and module.imported(given):
            found = elsewhere(self.purity.project, module, module.imported(given))
            return found is not None and self.purity.of(*found)
        if isinstance(given, ast.Attribute) and self.purity.of_method(module, given):
            return True
        if isinstance(given, ast.Attribute) and isinstance(given.value, ast.Name):
            return module.is_builtin(given.value, "str") and given.attr in TEXT_METHODS and given.attr not in LISTS
        return isinstance(given, ast.Lambda) and self.purity.of(module, given)


def _constant(node: ast.AST) -> bool:
    match node:
        case ast.Constant():
            return True
        case ast.Tuple(elts=elts):
            return all(map(_constant, elts))
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant()):
            return True
        case ast.Slice(lower=a, upper=b, step=c):
            return all(x is None or _constant(x) for x in (a, b, c))
    return False


def _plain_kind(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value in ("int", "float", "str", "int64", "float64")


def _expands(call: ast.Call) -> bool:
    return any(k.arg == "expand" and isinstance(k.value, ast.Constant) and k.value.value is True for k in call.keywords)


def chains_in(source: SourceFile, work: ScriptWorkload, region: Region) -> tuple[SourceFile, list[Chain]]:
    """The longest chains of the region, in source order, and the file that their nodes belong to."""
    if pandas_major() < 2:
        return source, []
    try:
        module = module_of(source)
        reader = Reader(module, Purity(project_of(work, region.path)))
    except (OSError, SyntaxError, ValueError):
        return source, []
    source = module.source
    found: list[Chain] = []
    taken: set[ast.AST] = set()
    nodes = sorted(nodes_in(source, region, (ast.Call, ast.Subscript)), key=lambda n: -len(list(ast.walk(n))))
    for node in nodes:
        if node in taken:
            continue
        hit = reader.chain(node)
        if (
            hit is None
            or not _starts_with(source, hit)
            or in_fstring(source, node) is not None
            or isinstance(scope_of(source, node), ast.ClassDef)
        ):
            continue
        if _applied(source, node):
            continue
        found.append(hit)
        taken |= set(ast.walk(hit.node))
    return source, sorted(found, key=lambda c: (c.node.lineno, c.node.col_offset))


def _starts_with(source: SourceFile, hit: Chain) -> bool:
    """False where brackets around the series are part of the chain's text."""
    whole, inner = text_of(source, hit.node), text_of(source, hit.series)
    return whole.startswith(inner) and whole[len(inner) :].lstrip().startswith((".", "#", "\\"))


def _applied(source: SourceFile, node: ast.AST) -> bool:
    """True within a function that an earlier change of this kind hands to its helper."""
    up = parents(source)
    at: ast.AST | None = node
    while at is not None and not isinstance(at, ast.stmt):
        holder = up.get(at)
        if isinstance(at, ast.Lambda) and isinstance(holder, ast.Call) and isinstance(holder.func, ast.Name):
            if holder.func.id.startswith("_by_distinct"):
                return True
        at = holder
    return False


@dataclass(frozen=True)
class Distinct:
    """See the module's docstring."""

    code: ClassVar[str] = "HST212"
    name: ClassVar[str] = "each different value once"
    risk: ClassVar[Risk] = Risk.EXACT

    def find(self, work: ScriptWorkload, region: Region, facts: Facts) -> Iterator[Finding]:
        source = work.source(region.path)
        if "pandas" not in source.text or peeks(source):
            return
        hot = _hot(source, work, region, facts)[1]
        if not hot:
            return
        first, last = hot[0][0].node.lineno, max(c.node.end_lineno or 0 for c, _ in hot)
        yield Finding(
            self.code,
            region,
            first,
            last,
            "Python's work is done for every row, also for values that it was done for before",
            "do it for each different value once",
            min(1.0, sum(part for _, part in hot)),
            place(hot[0][0].node),
        )

    def propose(self, work: ScriptWorkload, finding: Finding, facts: Facts) -> Iterator[Change]:
        source, hot = _hot(work.source(finding.path), work, finding.region, facts)
        chains = [c for c, _ in hot]
        groups = [chains, *([c] for c in chains[:MAX_SINGLES])] if len(chains) > 1 else [chains]
        for group in groups:
            if group:
                lines = ", ".join(dict.fromkeys(str(c.node.lineno) for c in group))
                yield Change(
                    self.code,
                    f"line {lines}: each different value once",
                    finding.region,
                    tuple(edits(source, group)),
                    Risk.EXACT,
                    ("numpy",) if not imported_as(source, "numpy") else (),
                    finding.share,
                )


def _hot(
    source: SourceFile, work: ScriptWorkload, region: Region, facts: Facts
) -> tuple[SourceFile, list[tuple[Chain, float]]]:
    source, chains = chains_in(source, work, region)
    hot = []
    for c in chains:
        part = share(facts, region.path, c.node.lineno, c.node.end_lineno or c.node.lineno)
        if part is not None:
            hot.append((c, part))
    return source, hot


def edits(source: SourceFile, chains: list[Chain]) -> list[Edit]:
    """The helper, and a call of it in place of each chain."""
    np, np_edits = module_alias(source, "numpy", "np")
    pd, pd_edits = module_alias(source, "pandas", "pd")
    helper = helper_name(source, "_by_distinct", emitted.BY_DISTINCT)
    fresh = Fresh(source)
    values = fresh("values")
    texts: list[tuple[ast.AST, str]] = []
    for c in chains:
        whole, inner = text_of(source, c.node), text_of(source, c.series)
        texts.append((c.node, f"{helper}({inner}, lambda {values}: {values}{whole[len(inner) :]})"))
    text = emitted.BY_DISTINCT.format(name=helper, np=np, pd=pd)
    return [*np_edits, *pd_edits, *helper_edits(source, [text]), *replace_nodes(source, texts)]
