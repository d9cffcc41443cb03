"""A function applied to every row.

What it finds    `df.apply(f, axis=1)` with a lambda or a function of the file that reads the row's cells.
Why it is slow   pandas makes a Series of every row and looks every cell up by its label.
Example          df.apply(lambda row: row["a"] * row["b"], axis=1)  ->  one multiplication of two columns
Safe when        the function only reads cells of its row by name. Columns are computed whole when all operations are
                 understood and the dtypes, integer ranges and floating-point flags allow; dicts, Series and frames
                 that it looks cells up in are asked once for each different key, dates have no time zone. Else the
                 function is called with the cells. Cells have the types that the row would show. Any other frame takes
                 the original.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from hasten.core.facts import Facts
from hasten.core.finding import Finding, Region
from hasten.core.recipe import Change, Risk
from hasten.core.source import Edit, SourceFile, replace_nodes
from hasten.core.workload import ScriptWorkload
from hasten.passes.source.columns import emitted, times
from hasten.passes.source.columns.syntax import (
    Fresh,
    RowUse,
    def_near,
    facts_about,
    functions_called,
    helper_edits,
    helper_name,
    imported_as,
    in_fstring,
    literal,
    module_alias,
    node_at,
    nodes_in,
    only_def,
    only_parameter,
    peeks,
    place,
    quote,
    row_use,
    share,
    splice,
    stands_alone,
    statement_of,
    text_of,
    writes_frames,
)
from hasten.passes.source.columns.unroll import Row, RowVectoriser
from hasten.passes.source.columns.vector import LIMITS, Path, Unknown, Value
from hasten.passes.source.columns.views import ApplyCall, apply_call, apply_rows_edits


@dataclass(frozen=True)
class Applied:
    """`frame.apply(function, axis=1)` and what its function reads."""

    call: ast.Call
    frame: ast.expr
    function: ast.Lambda | ast.FunctionDef
    use: RowUse
    lambda_text: bool

    @property
    def body(self) -> list[ast.stmt]:
        if isinstance(self.function, ast.Lambda):
            return [ast.Return(self.function.body)]
        return self.function.body


def applied(source: SourceFile, call: ast.Call) -> Applied | None:
    """The call as a row-wise apply of a function that only reads its row's cells."""
    f = call.func
    if not (isinstance(f, ast.Attribute) and f.attr == "apply" and len(call.args) == 1 and len(call.keywords) == 1):
        return None
    key = call.keywords[0]
    if key.arg != "axis" or not isinstance(key.value, ast.Constant) or key.value.value not in (1, "columns"):
        return None
    if type(key.value.value) is bool:
        return None
    given = call.args[0]
    function: ast.Lambda | ast.FunctionDef
    if isinstance(given, ast.Lambda):
        function = given
    elif isinstance(given, ast.Name):
        found = only_def(source, given.id)
        if not isinstance(found, ast.FunctionDef):
            return None
        function = found
    else:
        return None
    row = only_parameter(function)
    if row is None:
        return None
    body: list[ast.AST] = [function.body] if isinstance(function, ast.Lambda) else list(function.body)
    if any(isinstance(n, (ast.Yield, ast.YieldFrom, ast.Await, ast.NamedExpr)) for top in body for n in ast.walk(top)):
        return None
    use = row_use(source, body, row)
    if use is None or use.label or not use.cells or writes_frames(source, body):
        return None
    return Applied(call, f.value, function, use, isinstance(given, ast.Lambda))


@dataclass(frozen=True)
class ApplyRows:
    """See the module's docstring."""

    code: ClassVar[str] = "HST202"
    name: ClassVar[str] = "row-wise apply"
    risk: ClassVar[Risk] = Risk.EXACT

    def find(self, work: ScriptWorkload, region: Region, facts: Facts) -> Iterator[Finding]:
        source = work.source(region.path)
        if ".apply(" not in source.text or peeks(source):
            return
        for call in nodes_in(source, region, ast.Call):
            assert isinstance(call, ast.Call)
            hit = applied(source, call)
            view = _viewed(source, call) if hit is None else None
            last = call.end_lineno or call.lineno
            part = share(facts, region.path, call.lineno, last) if hit or view else None
            if part is None:
                continue
            columns = hit.use.columns if hit is not None else ()
            yield Finding(
                self.code,
                region,
                call.lineno,
                last,
                "pandas makes a Series of every row and looks every cell up by its label",
                f"compute from the column{'s' if len(columns) > 1 else ''} {', '.join(columns)}"
                if columns
                else "read the cells from lists of the columns",
                part,
                place(call),
            )

    def propose(self, work: ScriptWorkload, finding: Finding, facts: Facts) -> Iterator[Change]:
        source = work.source(finding.path)
        call = node_at(source, ast.Call, finding.detail)
        if call is None:
            return
        needs = ("numpy",) if not imported_as(source, "numpy") else ()
        hit, view = applied(source, call), _viewed(source, call)
        if statement_of(source, call) is not None:
            for edits, risk, names in _column_form(source, finding, call, hit, view, facts):
                title = f"row-wise apply over {names}: computed from whole columns"
                yield Change(self.code, title, finding.region, tuple(edits), risk, needs, finding.share)
        if hit is not None and statement_of(source, call) is not None:
            for edits, risk, how in _cell_form(source, finding, hit):
                title = f"row-wise apply over {', '.join(hit.use.columns)}: {how}"
                yield Change(self.code, title, finding.region, tuple(edits), risk, needs, finding.share)
        elif view is not None and hit is None:
            edits, text = apply_rows_edits(source, view)
            title = "row-wise apply: rows that read their cells from lists"
            edits += replace_nodes(source, [(call, text)])
            yield Change(self.code, title, finding.region, tuple(edits), Risk.EXACT, needs, finding.share)


def _viewed(source: SourceFile, call: ast.Call) -> ApplyCall | None:
    return apply_call(source, call) if in_fstring(source, call) is None else None


def _outside(source: SourceFile, region: Region, hit: Applied) -> int | None:
    """The line after the function's own definition, where a sibling of it can go; None when it cannot."""
    if not isinstance(hit.function, ast.FunctionDef) or not stands_alone(source, hit.function):
        return None
    return (hit.function.end_lineno or 0) + 1


def _call_edits(source: SourceFile, hit: Applied, text: str) -> list[Edit]:
    return replace_nodes(source, [(hit.call, text)])


def _cell_form(source: SourceFile, finding: Finding, hit: Applied) -> Iterator[tuple[list[Edit], Risk, str]]:
    """The function, called with cells instead of a row."""
    fresh = Fresh(source)
    names = {c: fresh(c) for c in hit.use.columns}
    row_cells = helper_name(source, "_row_cells", emitted.ROW_CELLS)
    apply_cells = helper_name(source, "_apply_to_cells", emitted.APPLY_CELLS)
    np, np_edits = module_alias(source, "numpy", "np")
    pd, pd_edits = module_alias(source, "pandas", "pd")
    frame, original = text_of(source, hit.frame), text_of(source, hit.call.args[0])
    edits: list[Edit] = []
    params = ", ".join(names.values())
    if isinstance(hit.function, ast.Lambda):
        inner = hit.function.body
        text = splice(source, inner.lineno, inner.end_lineno or inner.lineno, hit.use.texts(names, ""))
        # cut the lambda's body out of its rewritten lines: what is around it did not change
        body = _cut(source, inner, text)
        function = f"lambda {params}: {body}"
    else:
        at = _outside(source, finding.region, hit)
        if at is None:
            return
        function = fresh(f"{hit.function.name}_of_cells")
        first, last = hit.function.body[0].lineno, hit.function.end_lineno or 0
        if first <= hit.function.lineno:
            return  # def and body on one line
        body = splice(source, first, last, hit.use.texts(names, ""))
        edits.append(
            Edit(
                source.path,
                at,
                at - 1,
                f"\n\ndef {function}({params}):  # `{hit.function.name}` on plain cells\n{body}",
            )
        )
    edits += _call_edits(source, hit, f"{apply_cells}({frame}, {literal(hit.use.columns)}, {function}, {original})")
    helpers = [
        emitted.ROW_CELLS.format(name=row_cells, np=np, pd=pd),
        emitted.APPLY_CELLS.format(name=apply_cells, np=np, pd=pd, row_cells=row_cells),
    ]
    yield [*np_edits, *pd_edits, *helper_edits(source, helpers), *edits], Risk.EXACT, "plain cells instead of rows"


def _cut(source: SourceFile, node: ast.expr, spliced: str) -> str:
    """The text of `node` inside `spliced`, its lines after replacements that all lie within it."""
    first = source.lines[node.lineno - 1].encode()
    last = source.lines[(node.end_lineno or node.lineno) - 1].encode()
    tail = len(last) - (node.end_col_offset or 0)
    data = spliced.encode()
    return data[len(first[: node.col_offset]) : len(data) - tail].decode()


def _column_form(
    source: SourceFile,
    finding: Finding,
    call: ast.Call,
    hit: Applied | None,
    view: ApplyCall | None,
    facts: Facts,
) -> Iterator[tuple[list[Edit], Risk, str]]:
    """The function on whole columns, when the frame's dtypes were seen and every operation is understood."""
    if hit is not None:
        function: ast.AST | None = hit.function
    elif view is not None and not view.rest:
        given = view.function
        function = def_near(source, given) if isinstance(given, ast.Name) else given
    else:
        return
    assert isinstance(call.func, ast.Attribute)
    frame = call.func.value
    seen = _columns_seen(source, finding, call, frame, facts)
    if seen is None or not isinstance(function, (ast.Lambda, ast.FunctionDef)):
        return
    row = only_parameter(function)
    if row is None:
        return
    body = [ast.Return(function.body)] if isinstance(function, ast.Lambda) else function.body
    dtypes, boxed = seen
    np, np_edits = module_alias(source, "numpy", "np")
    pd, pd_edits = module_alias(source, "pandas", "pd")
    title = function.name if isinstance(function, ast.FunctionDef) else "row_value"
    checked = helper_name(source, "_checked_array", emitted.CHECKED)
    arrays = helper_name(source, "_row_arrays", emitted.ROW_ARRAYS)
    apply_columns = helper_name(source, "_apply_to_columns", emitted.APPLY_COLUMNS)
    helpers = [
        emitted.CHECKED.format(name=checked, np=np, pd=pd),
        emitted.ROW_ARRAYS.format(name=arrays, np=np, pd=pd, checked=checked),
        emitted.APPLY_COLUMNS.format(name=apply_columns, np=np, pd=pd, row_arrays=arrays),
    ]
    parts: list[tuple[str, str, str]] = []  # kinds of the columns, the bound on integers, the function of arrays
    read: dict[str, _Column] = {}
    rounding = False
    # a column whose label a variable holds may be of floats, and of integers another time
    for number, likely in enumerate(_likely(dtypes) or ("",)):
        if number and not any(text == c.label for text, c in read.items()):
            break
        found = _translated(source, finding, call, function, row, list(body), dtypes, likely, boxed, facts)
        if found is None:
            break
        v, value, read, limit, fresh = found
        name = fresh(f"{title}_of_columns_{finding.first}{'_ints' * number}")  # two changes must not define one name
        parameters = [c.text for c in (*(c.value for c in read.values()), *v.outer.values())]
        text = f"def {name}({', '.join(parameters)}):\n" + "".join(
            f"    {line}\n" for line in v.ending(value, parameters[0])
        )
        helpers = [*dict.fromkeys((*v.helpers(), *helpers)), text]
        kinds = ", ".join(f"({text}, {quote(c.dtype)})" for text, c in read.items())
        uses_int = any(c.value.kind == "int" for c in read.values())
        bound_text = f"2**{limit.bit_length() - 1}" if uses_int else "0"
        called = v.called(name, [c.value.text for c in read.values()])
        parts.append((f"({kinds},)" if len(read) == 1 else f"({kinds})", bound_text, called))
        rounding = rounding or v.rounding
    if not parts:
        return
    (kinds, bound_text, called), *others = parts
    arguments = [text_of(source, frame), kinds, str(boxed), bound_text, called, text_of(source, call.args[0])]
    new = f"{apply_columns}({', '.join([*arguments, *(f'({a}, {b}, {c})' for a, b, c in others)])})"
    yield (
        [*np_edits, *pd_edits, *helper_edits(source, helpers), *replace_nodes(source, [(call, new)])],
        Risk.ROUNDING if rounding else Risk.EXACT,
        ", ".join(c.label for c in read.values()),
    )


def _translated(
    source: SourceFile,
    finding: Finding,
    call: ast.Call,
    function: ast.Lambda | ast.FunctionDef,
    row: str,
    body: list[ast.stmt],
    dtypes: dict[str, str],
    likely: str,
    boxed: bool,
    facts: Facts,
) -> tuple[RowVectoriser, Value, dict[str, _Column], int, Fresh] | None:
    """The function as one of whole columns, what it reads, and the bound on its integers; None where it has no such
    form. `likely`: the dtype of columns whose label a variable holds."""
    np = module_alias(source, "numpy", "np")[0]
    for limit in LIMITS:
        fresh = Fresh(source)
        read: dict[str, _Column] = {}
        column = _reader(read, fresh, dtypes, boxed, limit)
        v = RowVectoriser.of(source, np, fresh, _reachable(source, function), column)
        v.column_by = _reader(read, fresh, dtypes, boxed, limit, likely)
        v.limit = float(limit)
        v.surroundings(source, call, function, finding.region, facts)
        try:
            value = times.plain(v.function(body, {row: Row()}, Path()))
        except Unknown:
            continue
        if value.const or not read or any(value.text == o.text for o in v.outer.values()):
            return None
        return v, value, read, limit, fresh
    return None


@dataclass(frozen=True)
class _Column:
    """A column that a function reads: its `label`, or the name of the variable that holds it, and its dtype."""

    label: str
    dtype: str
    value: Value


def _reader(
    read: dict[str, _Column],
    fresh: Fresh,
    dtypes: dict[str, str],
    boxed: bool,
    limit: int,
    likely: str | None = None,
) -> Callable[[str], Value]:
    """What gives the array of a label, or with `likely` of the label that a name holds, noted in `read` by its text."""

    def column(label: str) -> Value:
        text = quote(label) if likely is None else label
        if text not in read:
            dtype = dtypes.get(label, "") if likely is None else likely
            kind = times.KINDS.get(dtype)
            if kind is None:
                raise Unknown(f"reads `{label}`, which is something else than numbers or texts")
            bound = float(limit) if kind == "int" else float("inf")
            value = Value(fresh(label), kind, -bound, bound, boxed=boxed, simple=True)
            read[text] = _Column(label, kind if kind in ("str", times.TIME) else dtype, value)
        return read[text].value

    return column


def _likely(dtypes: dict[str, str]) -> list[str]:
    """The dtypes that a column may have whose label a variable holds: what runs checks it."""
    return [d for d in ("float64", "int64") if d in dtypes.values()]


def _reachable(source: SourceFile, function: ast.Lambda | ast.FunctionDef) -> list[ast.AST]:
    body: list[ast.AST] = [function.body] if isinstance(function, ast.Lambda) else list(function.body)
    return [*body, *(s for f in functions_called(source, body) for s in f.body)]


def _columns_seen(
    source: SourceFile, finding: Finding, call: ast.Call, frame: ast.expr, facts: Facts
) -> tuple[dict[str, str], bool] | None:
    """What kinds of cell a row showed: dtype names by column, and whether cells are Python objects."""
    base = frame
    if not isinstance(frame, (ast.Name, ast.Attribute)):
        while isinstance(base, (ast.Subscript, ast.Call, ast.Attribute)):
            base = base.func if isinstance(base, ast.Call) else base.value
    name = ast.unparse(base)
    for fact in facts_about(name, finding.region, facts, call.lineno, call.end_lineno or 0):
        if fact.type.rsplit(".", 1)[-1] != "DataFrame" or not fact.type.startswith("pandas") or not fact.columns:
            continue
        dtypes = dict(fact.columns)
        numeric = {"float64", "int64", "float32", "int32", "int16", "int8", "uint8", "uint16", "uint32", "uint64"}
        boxed = not (set(dtypes.values()) <= numeric or set(dtypes.values()) == {"bool"})
        if not boxed and "bool" not in dtypes.values():
            common = "int64" if set(dtypes.values()) == {"int64"} else "float64"
            dtypes = dict.fromkeys(dtypes, common)
        return dtypes, boxed
    return None
