"""np.vectorize, which is a loop.

What it finds    `np.vectorize(f)(x)`, `g = np.vectorize(f)` and `g(x, y)`, or a function under `@np.vectorize`, whose
                 body computes with its arguments.
Why it is slow   every item becomes a Python object, and the function is called for each.
Example          step = np.vectorize(lambda v: v * 2 if v > 0 else 0.0); y = step(x)
                 ->  y = _whole_arrays(step_of_arrays, step, (x,), ("float64",), 0)   # np.where(...)
Safe when        every operation of the function is understood; checked as it runs: plain arrays of the dtypes seen, no
                 division by zero, overflow or invalid value, and a first result of the type that np.vectorize would
                 take for all. Else np.vectorize runs.
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
from hasten.passes.source.columns.syntax import (
    Fresh,
    def_near,
    facts_about,
    functions_called,
    helper_edits,
    helper_name,
    in_fstring,
    module_alias,
    node_at,
    nodes_in,
    peeks,
    place,
    quote,
    share,
    text_of,
)
from hasten.passes.source.columns.unroll import RowVectoriser
from hasten.passes.source.columns.vector import LIMITS, Path, Unknown, Value
from hasten.passes.source.containers.syntax import Module, module_of

WHOLE = """\
def {name}(function, original, arrays, kinds, limit, otype=None):
    # original(*arrays) of np.vectorize, where `function` computes all items at once if they are of the given dtypes
    known = ({np}.ndarray, float, int, {np}.float64, {np}.int64)
    given = [{np}.asarray(a) if type(a) in known else None for a in arrays]
    plain = all(a is not None and a.dtype == k and a.flags.c_contiguous for a, k in zip(given, kinds))
    if plain and all(a.size for a in given) and any(type(a) is {np}.ndarray and a.ndim for a in arrays):
        # of NaN, np.vectorize warns where they are compared
        small = all(
            not {np}.isnan(a).any() if a.dtype.kind == "f" else -limit <= a.min() and a.max() <= limit for a in given
        )
        shapes = {{a.shape for a in given if a.ndim}}
        if small and len(shapes) == 1:
            try:
                with {np}.errstate(all="raise", under="ignore"):
                    values = {np}.broadcast_to(function(*given), shapes.pop())
            except FloatingPointError:
                pass  # a division by zero or an overflow: the original says what happens then, and at which item
            else:
                if values.dtype.kind in "OU":
                    return {np}.array(values.tolist(), dtype="U")
                return {np}.array(values, dtype=otype, order="C")
    return original(*arrays)
"""
MAX_SINGLES = 4
KINDS = {"float64": "float", "int64": "int"}
SCALARS = {"builtins.float": "float64", "numpy.float64": "float64", "builtins.int": "int64", "numpy.int64": "int64"}
OTYPES = {"float": "float", "'d'": "float", "np.float64": "float", "numpy.float64": "float", "'float64'": "float"}


@dataclass(frozen=True)
class Vectorized:
    """A call `f(x)` of what np.vectorize made: the call, the Python function behind it, and the type it was told."""

    call: ast.Call
    function: ast.Lambda | ast.FunctionDef
    otype: str = ""

    @property
    def parameters(self) -> list[str]:
        a = self.function.args
        return [p.arg for p in (*a.posonlyargs, *a.args)]

    @property
    def body(self) -> list[ast.stmt]:
        return [ast.Return(self.function.body)] if isinstance(self.function, ast.Lambda) else self.function.body


@dataclass(frozen=True, eq=False)
class Form:
    """What takes the place of one call."""

    call: ast.Call
    title: str
    text: str
    helpers: tuple[str, ...]
    rounding: bool


def vectorized(source: SourceFile, call: ast.Call) -> Vectorized | None:
    if not call.args or call.keywords or any(isinstance(a, ast.Starred) for a in call.args):
        return None
    module = module_of(source)
    maker: ast.expr | None = call.func
    found: ast.AST | None = None
    if isinstance(call.func, ast.Name):
        scope = module.owner(call.func.id, call.func)
        bound = module.bindings(call.func.id, scope) if scope is not None else []
        if len(bound) != 1:
            return None
        if bound[0].how == "def" and isinstance(bound[0].node, ast.FunctionDef):
            decorators = bound[0].node.decorator_list
            if len(decorators) != 1 or module.imported(decorators[0]) != "numpy.vectorize":
                return None
            maker, found = None, bound[0].node
        elif bound[0].how == "assign":
            maker = bound[0].value
    otype = ""
    if found is None:
        if not isinstance(maker, ast.Call) or module.imported(maker.func) != "numpy.vectorize" or len(maker.args) != 1:
            return None
        if any(k.arg != "otypes" for k in maker.keywords):
            return None
        if maker.keywords:
            told = maker.keywords[0].value
            if isinstance(told, ast.List) and len(told.elts) == 1:
                told = told.elts[0]
            otype = OTYPES.get(ast.unparse(told), "")
            if not otype or (isinstance(told, ast.Name) and not module.is_builtin(told)):
                return None
        found = def_near(source, maker.args[0]) if isinstance(maker.args[0], ast.Name) else maker.args[0]
    if not isinstance(found, (ast.Lambda, ast.FunctionDef)):
        return None
    a = found.args
    if a.vararg or a.kwarg or a.kwonlyargs or a.defaults or len(a.args) + len(a.posonlyargs) != len(call.args):
        return None
    if isinstance(found, ast.FunctionDef) and _yields(found):
        return None
    return Vectorized(call, found, otype)


def _yields(function: ast.FunctionDef) -> bool:
    return any(isinstance(n, (ast.Yield, ast.YieldFrom, ast.Await)) for n in ast.walk(function))


class VectorizedFunctions:
    """See the module."""

    code: ClassVar[str] = "HST505"
    name: ClassVar[str] = "np.vectorize"
    risk: ClassVar[Risk] = Risk.ROUNDING

    def find(self, work: ScriptWorkload, region: Region, facts: Facts) -> Iterator[Finding]:
        try:
            source = work.source(region.path)
            module = module_of(source)
            _ = module.tree
        except (OSError, SyntaxError, ValueError):
            return
        if "vectorize" not in module.names or peeks(source) or module.dynamic:
            return
        hits = [(c, hit) for c in nodes_in(source, region, ast.Call) if (hit := vectorized(source, c))]  # type: ignore[arg-type]
        hot = [c for c, _ in hits if _share(facts, region, c) is not None and not in_fstring(source, c)]
        if not hot:
            return
        first, last = hot[0].lineno, max(c.end_lineno or c.lineno for c in hot)  # type: ignore[attr-defined]
        yield Finding(
            self.code,
            region,
            first,
            last,
            "np.vectorize calls a Python function for every item",
            "compute the whole arrays at once",
            share(facts, region.path, first, last) or 0.0,
            {"calls": [place(c)["at"] for c in hot]},
        )

    def propose(self, work: ScriptWorkload, finding: Finding, facts: Facts) -> Iterator[Change]:
        source = work.source(finding.path)
        forms = [self._forms(source, finding, at, facts) for at in finding.detail["calls"]]
        forms = [f for f in forms if f]
        apart = _apart([f[0] for f in forms])
        if len(apart) > 1:
            yield self._change(source, finding, apart)
        for options in forms[:MAX_SINGLES]:
            for form in options:
                yield self._change(source, finding, [form])

    @staticmethod
    def _forms(source: SourceFile, finding: Finding, at: list[int], facts: Facts) -> list[Form]:
        """How one call may become one of whole arrays, by the dtypes that it may be given."""
        call = node_at(source, ast.Call, {"at": at})
        hit = vectorized(source, call) if call is not None else None
        if hit is None:
            return []
        known = [_dtype(module_of(source), a, finding.region, facts) for a in hit.call.args]
        options = [("float64",), ("int64",)] if known == [""] else [tuple(k or "float64" for k in known)]
        found = [form_of(source, finding, hit, dtypes, facts) for dtypes in options]
        return [f for f in found if f is not None]

    def _change(self, source: SourceFile, finding: Finding, forms: list[Form]) -> Change:
        _, np_edits = module_alias(source, "numpy", "np")
        helpers = dict.fromkeys(h for f in forms for h in f.helpers)
        names = ", ".join(dict.fromkeys(f.title for f in forms))
        return Change(
            self.code,
            f"{names} of whole arrays instead of np.vectorize",
            finding.region,
            (*np_edits, *helper_edits(source, helpers), *replace_nodes(source, [(f.call, f.text) for f in forms])),
            Risk.ROUNDING if any(f.rounding for f in forms) else Risk.EXACT,
            (),
            finding.share,
        )


def _share(facts: Facts, region: Region, call: ast.AST) -> float | None:
    line, last = getattr(call, "lineno", 0), getattr(call, "end_lineno", 0)
    return share(facts, region.path, line, last)


def _apart(forms: list[Form]) -> list[Form]:
    """Those that are not inside another's call."""
    inner = {n for f in forms for n in ast.walk(f.call) if n is not f.call}
    return [f for f in forms if f.call not in inner]


def form_of(
    source: SourceFile, finding: Finding, hit: Vectorized, dtypes: tuple[str, ...], facts: Facts
) -> Form | None:
    """The call for whole arrays of these dtypes, if the function is understood."""
    np, _ = module_alias(source, "numpy", "np")
    body: list[ast.AST] = [hit.function.body] if isinstance(hit.function, ast.Lambda) else list(hit.function.body)
    reachable = [*body, *(s for f in functions_called(source, body) for s in f.body)]
    whole_numbers = "int64" in dtypes
    for limit in LIMITS:
        fresh = Fresh(source)
        names = [fresh(p) for p in hit.parameters]
        v = RowVectoriser.of(source, np, fresh, reachable)
        v.limit = float(limit)
        v.surroundings(source, hit.call, hit.function, finding.region, facts)
        start = {}
        for parameter, name, dtype in zip(hit.parameters, names, dtypes, strict=True):
            bound = float(limit) if dtype == "int64" else float("inf")
            start[parameter] = Value(name, KINDS[dtype], -bound, bound, boxed=True, simple=True)
        try:
            value = v.function(hit.body, dict(start), Path())
        except Unknown:
            if not whole_numbers:
                return None
            continue
        break
    else:
        return None
    if value.const or value.text in names or value.kind not in ("float", "int", "bool", "str"):
        return None  # nothing to compute, or results of which the first one's type decides for all
    if hit.otype and value.kind not in ("float", "int"):
        return None
    called = hit.function.name if isinstance(hit.function, ast.FunctionDef) else "item"
    # two changes, or two calls of one, must not define one name
    function = fresh(f"{called}_of_arrays_{hit.call.lineno}_{hit.call.col_offset}")
    text = f"def {function}({', '.join([*names, *(o.text for o in v.outer.values())])}):\n" + "".join(
        f"    {line}\n" for line in v.ending(value)
    )
    whole = helper_name(source, "_whole_arrays", WHOLE.replace("{np}", np))
    limit_text = f"2**{limit.bit_length() - 1}" if whole_numbers else "0"
    told = ", float" if hit.otype else ""
    given = [text_of(source, a) for a in hit.call.args]
    arrays, kinds = (f"({', '.join(p)}{',' if len(p) == 1 else ''})" for p in (given, [quote(d) for d in dtypes]))
    original = text_of(source, hit.call.func)
    new = f"{whole}({v.called(function, names)}, {original}, {arrays}, {kinds}, {limit_text}{told})"
    helpers = (*v.helpers(), WHOLE.format(name=whole, np=np), text)
    return Form(hit.call, called, new, helpers, v.rounding)


def _dtype(module: Module, e: ast.expr, region: Region, facts: Facts) -> str:
    """The dtype that an argument was seen with, or that its syntax tells."""
    if isinstance(e, (ast.Name, ast.Attribute)):
        for fact in facts_about(ast.unparse(e), region, facts, e.lineno, e.end_lineno or e.lineno):
            if fact.type == "numpy.ndarray" and fact.dtype in KINDS:
                return fact.dtype
            if fact.type in SCALARS:
                return SCALARS[fact.type]
    if isinstance(e, ast.Constant) and type(e.value) in (int, float):
        return "int64" if type(e.value) is int else "float64"
    return ""
