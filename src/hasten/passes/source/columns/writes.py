"""Cells written one at a time.

What it finds    `df.at[i, "a"] = x`, `df.loc[label, c] += x` and `df.iloc[i, k] = x` in a loop.
Why it is slow   every write goes through the indexing machinery, which checks and may copy the column.
Example          for i in range(len(df)): df.at[i, "a"] = f(i)
                 ->  the values go into a list, which becomes the column when the loop ends, however it ends
Safe when        the loop only reads single cells and reductions of the frame, and has no other name or array of it;
                 labels are numbers, texts or times that occur once, and each value keeps the dtype of its column. Any
                 other write or read puts back what is there so far and is made as before.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from hasten.core.facts import Facts
from hasten.core.finding import Finding, Region
from hasten.core.recipe import Change, Risk
from hasten.core.source import Edit, SourceFile, indent
from hasten.core.workload import ScriptWorkload
from hasten.passes.source.columns import emitted
from hasten.passes.source.columns.cells import read_of
from hasten.passes.source.columns.parts import Part, accepted, part_helpers, part_of, part_text
from hasten.passes.source.columns.stand_writes import has_other_names, is_new, made_of_a_frame, modules_of
from hasten.passes.source.columns.syntax import (
    Fresh,
    Span,
    bindings,
    functions_called,
    helper_edits,
    helper_name,
    imported_as,
    in_fstring,
    inside,
    margin,
    module_alias,
    nodes_in,
    pandas_major,
    parents,
    peeks,
    place,
    quote,
    scope_of,
    share,
    splice,
    stands_alone,
    string,
    text_of,
)

FRAME_WORDS = frozenset(
    {
        "loc",
        "iloc",
        "at",
        "iat",
        "iterrows",
        "itertuples",
        "apply",
        "groupby",
        "columns",
        "values",
        "to_numpy",
        "dtypes",
    }
)


ACCESSORS = frozenset({"at", "loc", "iat", "iloc"})
ARRAYS = frozenset({"values", "array", "to_numpy", "items", "T", "ravel"})  # may show the memory of a frame
SIMPLE = frozenset({"len", "int", "float", "abs", "round", "min", "max", "bool"})
LAZY = frozenset({"iter", "zip", "enumerate", "map", "filter", "reversed"})
INPLACE = {ast.Add: "iadd", ast.Sub: "isub", ast.Mult: "imul", ast.Div: "itruediv"}
REDUCTIONS = frozenset({"mean", "sum", "max", "min", "std", "var", "median", "count", "nunique", "any", "all"})
# a write, its accessor, its index, column and value
Site: TypeAlias = tuple[ast.Assign | ast.AugAssign, str, ast.expr, ast.expr, ast.expr]


@dataclass(frozen=True)
class Writes:
    """A loop, its writes (statement, accessor, index, column, value) to a frame, its reads of cells (expression, how,
    column, index), the parts of columns that it only reads, and names of the frame whose place takes all as it is."""

    loop: ast.For
    frame: str
    sites: tuple[Site, ...]
    reads: tuple[tuple[ast.expr, str, str, ast.expr], ...]
    parts: tuple[Part, ...]
    looks: tuple[ast.Name, ...]


def writes(source: SourceFile, loop: ast.For, region: Region) -> Writes | None:
    """The loop's writes to one frame, if all that it does with the frame is understood."""
    up = parents(source)
    sites: list[Site] = []
    frames: set[str] = set()
    for n in ast.walk(loop):
        if isinstance(n, ast.AugAssign) or isinstance(n, ast.Assign) and len(n.targets) == 1:
            target = _target(n)
            if not isinstance(target, ast.Subscript):
                continue
            base, key = target.value, target.slice
            if not (isinstance(base, ast.Attribute) and base.attr in ACCESSORS and isinstance(base.value, ast.Name)):
                continue
            if not (isinstance(key, ast.Tuple) and len(key.elts) == 2 and stands_alone(source, n)):
                return None
            if any(isinstance(e, (ast.Starred, ast.Slice)) for e in key.elts) or isinstance(n.value, ast.Tuple):
                return None
            if not isinstance(key.elts[0], ast.Name) and not _plain_label(key.elts[0]):
                return None
            if string(key.elts[1]) is None and not _plain_label(key.elts[1]):
                return None
            if isinstance(n, ast.AugAssign) and not _may_be_added_to(n, base.attr, key):
                return None
            frames.add(base.value.id)
            sites.append((n, base.attr, key.elts[0], key.elts[1], n.value))
    if len(frames) != 1:
        return None
    (frame,) = frames
    written = _written(sites)
    if bindings(loop, frame) or any(not _row_number(source, loop, index, frame) for _, _, index, _, _ in sites):
        return None
    targets = {_target(s).value.value for s, *_ in sites}  # type: ignore[attr-defined]
    reads = _reads(source, loop, frame)
    read = {n for node, *_ in reads for n in ast.walk(node)}
    parts = _parts(source, loop, frame, written, region) if written is not None else ()
    read |= {n for p in parts for n in ast.walk(p.node)}
    keys = {n for s, *_ in sites for n in ast.walk(_target(s)) if isinstance(n, ast.Name)}
    looks: list[ast.Name] = []
    for n in ast.walk(loop):
        if isinstance(n, (ast.Yield, ast.YieldFrom, ast.Await, ast.Lambda, ast.FunctionDef, ast.NamedExpr, ast.Delete)):
            return None
        if isinstance(n, ast.Name) and n.id == frame and n not in targets | read:
            if _harmless(source, n, written):
                continue
            if n in keys or not _looked_at(source, n):
                return None
            looks.append(n)
    if any(n in keys for n in read) or _shares_memory(source, loop, frame) or _kept_by_objects(source, frame):
        return None
    for f in functions_called(source, [loop]):
        for n in ast.walk(f):
            if isinstance(n, ast.Attribute) and n.attr in FRAME_WORDS:
                return None
            if isinstance(n, ast.Name) and n.id == frame:
                return None
            if isinstance(n, ast.Subscript) and not isinstance(n.ctx, ast.Load) and string(n.slice) is not None:
                return None
    for n in ast.walk(source.tree):  # another name for the same frame
        if isinstance(n, ast.Assign) and isinstance(n.value, ast.Name) and n.value.id == frame:
            return None
    at: ast.AST | None = up.get(loop)
    while at is not None and not isinstance(at, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Module)):
        if isinstance(at, ast.ClassDef):
            return None
        at = up.get(at)
    return Writes(loop, frame, tuple(sites), reads, parts, tuple(looks))


def _target(write: ast.Assign | ast.AugAssign) -> ast.expr:
    return write.target if isinstance(write, ast.AugAssign) else write.targets[0]


def _may_be_added_to(write: ast.AugAssign, how: str, key: ast.Tuple) -> bool:
    """True for `df.loc[i, "a"] += x`, where the label may be worked out before the value as well as after it."""
    if how not in ("loc", "at") or type(write.op) not in INPLACE:
        return False
    if isinstance(write.value, ast.Constant):  # the label is worked out once, and first
        asked = [n.func for e in key.elts for n in ast.walk(e) if isinstance(n, ast.Call)]
        return all(isinstance(f, ast.Name) and f.id in SIMPLE for f in asked)
    for n in (n for e in key.elts for n in ast.walk(e)):
        if not isinstance(n, (ast.Name, ast.Constant, ast.Subscript, ast.expr_context)):
            return False
    calls = [n for n in ast.walk(write.value) if isinstance(n, ast.Call)]
    return all(isinstance(c.func, ast.Name) and c.func.id in SIMPLE for c in calls)


def _written(sites: Iterable[Site]) -> set[str] | None:
    """Labels of the columns that are written; None where they are worked out."""
    found = {string(column) for _, how, _, column, _ in sites if how in ("at", "loc")}
    positions = any(how in ("iat", "iloc") for _, how, *_ in sites)
    return None if positions or None in found else {column for column in found if column is not None}


def _plain_label(node: ast.expr) -> bool:
    """Something that may be worked out after the value as well: names, cells and attributes, sums and `f(x)`."""
    kinds = (ast.Name, ast.Constant, ast.Attribute, ast.Subscript, ast.BinOp, ast.UnaryOp, ast.Call, ast.expr_context)
    parts = (*kinds, ast.operator, ast.unaryop)
    return all(isinstance(n, parts) for n in ast.walk(node))


def _looked_at(source: SourceFile, name: ast.Name) -> bool:
    """True for `df["a"].mean()`, `df.loc[m, "a"].max()`: a number that holds nothing that later writes change."""
    up = parents(source)
    at: ast.AST = name
    p = up.get(name)
    while (isinstance(p, ast.Subscript) and p.value is at and isinstance(p.ctx, ast.Load)) or (
        isinstance(p, ast.Attribute) and p.attr in ACCESSORS
    ):
        at, p = p, up.get(p)
    call = up.get(p) if isinstance(p, ast.Attribute) and p.attr in REDUCTIONS else None
    if at is name or not (isinstance(call, ast.Call) and call.func is p) or in_fstring(source, name) is not None:
        return False
    while p is not None and not isinstance(p, ast.stmt):
        if isinstance(p, ast.GeneratorExp):
            return False
        p = up.get(p)
    return True


def _shares_memory(source: SourceFile, loop: ast.For, frame: str) -> bool:
    """True when the loop may look into an array behind the frame, in which a write shows at once."""
    scope = scope_of(source, loop)
    names = {n.id for n in ast.walk(loop) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)} - {frame}
    made = [
        p.value for name in names for b in bindings(scope, name) if isinstance(p := _bound_by(source, b), ast.Assign)
    ]
    for value in (*made, *(n.iter for n in ast.walk(loop) if isinstance(n, (ast.For, ast.comprehension)))):
        nodes = list(ast.walk(value))
        if not any(isinstance(n, ast.Name) and n.id == frame for n in nodes):
            continue
        for n in nodes:
            if isinstance(n, ast.Attribute) and n.attr in ARRAYS:
                return True
            given = n.args if isinstance(n, ast.Call) else []
            f = n.func if isinstance(n, ast.Call) else None
            if any(isinstance(a, ast.Name) and a.id == frame for a in given):
                if not (isinstance(f, ast.Name) and f.id in ("len", "range", "str", "list", "id", "type")):
                    return True
    # columns are walked over in place
    up = parents(source)
    for n in ast.walk(loop):
        walked = n.iter if isinstance(n, (ast.For, ast.comprehension)) else None
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id in LAZY:
            for a in n.args:
                if _column_of(a, frame):
                    return True
        if walked is not None and _column_of(walked, frame):
            return True
    return any(_lazy_before(up.get(b), frame) for name in names for b in bindings(scope, name))


def _kept_by_objects(source: SourceFile, frame: str) -> bool:
    """True when an object of the file may be given the frame: its methods would see it before writes are put back."""
    classes = {n.name for n in ast.walk(source.tree) if isinstance(n, ast.ClassDef)}
    if not classes:
        return False
    up = parents(source)
    named = [n for n in ast.walk(source.tree) if isinstance(n, ast.Name) and n.id == frame]
    for p in (up.get(n) for n in named):
        p = up.get(p) if isinstance(p, ast.keyword) else p
        if isinstance(p, ast.Call) and not (isinstance(p.func, ast.Name) and p.func.id in ("len", "print", "list")):
            return True
    return False


def _bound_by(source: SourceFile, b: ast.AST) -> ast.AST | None:
    p = parents(source).get(b)
    return parents(source).get(p) if isinstance(p, (ast.Tuple, ast.List, ast.Starred)) else p


def _column_of(node: ast.expr, frame: str) -> bool:
    """`df["a"]`, `df.a` and parts of them."""
    at = node
    while isinstance(at, (ast.Subscript, ast.Attribute)):
        at = at.value
    plain = isinstance(node, ast.Attribute) and node.attr in ("index", "columns")
    return at is not node and isinstance(at, ast.Name) and at.id == frame and not plain


def _lazy_before(p: ast.AST | None, frame: str) -> bool:
    value = p.value if isinstance(p, ast.Assign) else None
    if not (isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in LAZY):
        return False
    return any(_column_of(a, frame) for a in value.args)


def _parts(source: SourceFile, loop: ast.For, frame: str, written: set[str], region: Region) -> tuple[Part, ...]:
    """Parts of columns that are not written: `df["a"].iloc[i - 5 : i]`, which are only reduced."""
    found: list[Part] = []
    for n in ast.walk(loop):
        part = part_of(source, n)
        if part is None or part.frame != frame or part.column is None or part.column in written:
            continue
        if not isinstance(part.node.value, ast.Attribute) or not isinstance(part.node.value.value, ast.Subscript):
            continue  # a missing column is another error when asked for with a dot
        bounds = [x for b in (part.rows.lower, part.rows.upper) if b for x in ast.walk(b)] if part.rows else [None]
        if any(x is None or (isinstance(x, ast.Name) and x.id == frame) for x in bounds):
            continue
        if accepted(source, region, part, loop):
            found.append(part)
    return tuple(found)


def _reads(source: SourceFile, loop: ast.For, frame: str) -> tuple[tuple[ast.expr, str, str, ast.expr], ...]:
    """Reads of single cells of the frame by a constant column: what is written may be read again in a later row."""
    found: list[tuple[ast.expr, str, str, ast.expr]] = []
    for n in ast.walk(loop):
        read = read_of(source, n)
        if read is None or read.frame != frame or read.row or in_fstring(source, n) is not None:
            continue
        if any(isinstance(x, ast.Name) and x.id == frame for x in ast.walk(read.index)):
            continue
        base = n.value  # type: ignore[attr-defined]
        if isinstance(base, ast.Attribute) and isinstance(base.value, ast.Name) and base.attr in ("loc", "at"):
            how = base.attr
        elif isinstance(base, ast.Attribute) and base.attr in ("iloc", "iat", "loc", "at"):
            how, base = f"column_{base.attr}", base.value
        else:
            how = "column"
        if how not in ("loc", "at") and not isinstance(base, ast.Subscript):
            continue  # a missing column is another error when asked for with a dot
        found.append((read.node, how, read.column, read.index))
    return tuple(found)


def _row_number(source: SourceFile, loop: ast.For, index: ast.expr, frame: str) -> bool:
    """True when the index is bound once in the loop, by a `for` over labels of this frame, or nothing that the loop
    looks into can be the frame under another name."""
    found = bindings(loop, index.id) if isinstance(index, ast.Name) else []
    holder = parents(source).get(found[0]) if len(found) == 1 else None
    first = True
    if isinstance(holder, ast.Tuple):
        first = holder.elts[0] is found[0]
        holder = parents(source).get(holder)
    if isinstance(holder, ast.For) and first and _by_its_own(holder, frame):
        return True
    if not has_other_names(source, frame, loop, False):
        return True
    # whatever is counted, only known labels take the short way; what it comes from is no other name of the frame
    return all(_is_another(source, n, loop, frame) for n in _looked_into(loop, frame))


def _by_its_own(holder: ast.For, frame: str) -> bool:
    """True for a `for` over the labels or positions of the frame's own rows."""
    it = holder.iter
    if isinstance(it, ast.Call) and ast.unparse(it.func) in ("zip", "enumerate") and it.args:
        it = it.args[0]
    texts = (f"{frame}.index", f"{frame}.iterrows()", f"range(len({frame}))", f"range({frame}.shape[0])")
    return ast.unparse(it) in texts or ast.unparse(it).startswith("range(") and f"len({frame})" in ast.unparse(it)


def _looked_into(loop: ast.For, frame: str) -> Iterator[ast.Name]:
    """Names whose cells, columns or methods the loop reads."""
    for n in ast.walk(loop):
        if isinstance(n, (ast.Attribute, ast.Subscript)) and isinstance(n.value, ast.Name) and n.value.id != frame:
            yield n.value


def _is_another(source: SourceFile, name: ast.Name, loop: ast.For, frame: str, depth: int = 3) -> bool:
    """True when the name never stands for a frame that others hold: a module, a row, or something made anew."""
    scope = scope_of(source, loop)
    found = [b for b in bindings(scope, name.id) if scope_of(source, b) is scope]
    if not found:
        return name.id in modules_of(source)
    for b in found:
        p = parents(source).get(b)
        if isinstance(p, (ast.Import, ast.ImportFrom, ast.alias)):
            continue
        if isinstance(p, ast.Tuple):
            p = parents(source).get(p)
        if isinstance(p, ast.For) and p.target is not b or isinstance(p, ast.For) and _counts(p.iter):
            continue
        value = p.value if isinstance(p, ast.Assign) else None
        if value is None or not (
            isinstance(value, ast.Constant)
            or is_new(source, value)
            or made_of_a_frame(source, value, False)
            or isinstance(value, ast.Subscript)
            and isinstance(value.value, ast.Attribute)
            and value.value.attr in ACCESSORS
            and isinstance(value.value.value, ast.Name)
            or isinstance(value, ast.Name)
            and depth
            and _is_another(source, value, loop, frame, depth - 1)
            or depth
            and _array_of_a_copy(source, value, frame)
        ):
            return False
    return True


def _array_of_a_copy(source: SourceFile, value: ast.expr, frame: str) -> bool:
    """`part["x"].iloc[a:b].values`, where `part` is made by a mask: it shares no memory with another frame."""
    at = value
    while isinstance(at, (ast.Attribute, ast.Subscript)):
        at = at.value
    if not isinstance(at, ast.Name) or at is value or at.id == frame:
        return False
    found = bindings(scope_of(source, value), at.id)
    made = [p.value for b in found if isinstance(p := parents(source).get(b), ast.Assign) and p.targets == [b]]
    return bool(made) and len(made) == len(found) and all(_masked(m) for m in made)


def _masked(value: ast.expr) -> bool:
    return isinstance(value, ast.Subscript) and isinstance(value.slice, (ast.Compare, ast.BinOp))


def _counts(it: ast.expr) -> bool:
    """`range(...)`, `df["a"].unique()`: no frames."""
    f = it.func if isinstance(it, ast.Call) else None
    return (
        isinstance(f, ast.Name) and f.id == "range" or isinstance(f, ast.Attribute) and f.attr in ("unique", "tolist")
    )


def _harmless(source: SourceFile, name: ast.Name, written: set[str] | None) -> bool:
    """True for uses of the frame that no pending write can change: its length and index, cells of other columns."""
    up = parents(source)
    p = up.get(name)
    if isinstance(p, ast.Call) and isinstance(p.func, ast.Name) and p.func.id == "len":
        return True
    if isinstance(p, ast.Attribute) and p.attr in ("index", "columns", "shape", "iterrows"):
        g = up.get(p)
        if p.attr in ("index", "columns") and isinstance(g, ast.Subscript) and isinstance(g.ctx, ast.Load):
            return g.value is p
        if p.attr == "columns":
            call = up.get(g) if isinstance(g, ast.Attribute) and g.attr == "get_loc" else None
            return isinstance(g, ast.For) or isinstance(call, ast.Call) and call.func is g
        if p.attr == "iterrows":
            return isinstance(g, ast.Call) and isinstance(up.get(g), ast.For)
        whole = isinstance(g, (ast.For, ast.Call)) if p.attr == "index" else isinstance(g, ast.Subscript)
        return whole and string(getattr(g, "slice", ast.Constant(0))) is None
    at: ast.AST | None = p
    for _ in range(3):
        if at is None:
            return False
        read = read_of(source, at)
        if read is not None:
            return read.frame == name.id and written is not None and read.column not in written
        at = up.get(at)
    return False


@dataclass(frozen=True)
class CellWrites:
    """See the module's docstring."""

    code: ClassVar[str] = "HST208"
    name: ClassVar[str] = "cells written one at a time"
    risk: ClassVar[Risk] = Risk.EXACT

    def find(self, work: ScriptWorkload, region: Region, facts: Facts) -> Iterator[Finding]:
        source = work.source(region.path)
        if not any(f".{how}[" in source.text for how in ACCESSORS) or peeks(source) or pandas_major() < 3:
            return
        done: set[ast.AST] = set()
        for loop in nodes_in(source, region, ast.For):
            assert isinstance(loop, ast.For)
            if loop in done or not inside(region, loop) or not stands_alone(source, loop):
                continue
            hit = writes(source, loop, region)
            last = loop.end_lineno or loop.lineno
            part = share(facts, region.path, loop.lineno, last) if hit else None
            if hit is None or part is None:
                continue
            done |= set(ast.walk(loop))
            names = _names(source, hit)
            yield Finding(
                self.code,
                region,
                loop.lineno,
                last,
                f"every write to {names} goes through the indexing of pandas",
                "write to a list and put it back once",
                part,
                {"line": loop.lineno},
            )

    def propose(self, work: ScriptWorkload, finding: Finding, facts: Facts) -> Iterator[Change]:
        source = work.source(finding.path)
        for loop in nodes_in(source, finding.region, ast.For):
            assert isinstance(loop, ast.For)
            if loop.lineno != finding.detail["line"] or (hit := writes(source, loop, finding.region)) is None:
                continue
            names = _names(source, hit)
            yield Change(
                self.code,
                f"cells of {names} written through lists",
                finding.region,
                tuple(_edits(source, hit)),
                Risk.EXACT,
                ("numpy",) if not imported_as(source, "numpy") else (),
                finding.share,
            )
            return


def _quoted(source: SourceFile, label: ast.expr) -> str:
    text = string(label)
    return text_of(source, label) if text is None else quote(text)


def _names(source: SourceFile, hit: Writes) -> str:
    columns = [string(column) or f"[{text_of(source, column)}]" for _, _, _, column, _ in hit.sites]
    return ", ".join(dict.fromkeys(columns))


def _edits(source: SourceFile, hit: Writes) -> list[Edit]:
    fresh = Fresh(source)
    np, np_edits = module_alias(source, "numpy", "np")
    pd, pd_edits = module_alias(source, "pandas", "pd")
    helper = helper_name(source, "_CellWriter", emitted.CELL_WRITER)
    writer, lead = fresh(f"{hit.frame}_writer"), margin(source, hit.loop)
    first, last = hit.loop.lineno, hit.loop.end_lineno or hit.loop.lineno
    texts: dict[ast.AST, str] = dict.fromkeys(hit.looks, f"{writer}.now()")
    for node, read_how, column, at in hit.reads:
        texts[node] = f"{writer}.read({text_of(source, at)}, {quote(column)}, {quote(read_how)})"
    setup, more = "", list[Edit]()
    if hit.parts:
        more, names = part_helpers(source)
        holder = fresh(f"{hit.frame}_parts")
        setup = f"{lead}{holder} = {names['frame_parts']}({hit.frame})\n"
        texts |= {p.node: part_text(source, p, holder, names["operator"], "where") for p in hit.parts}
    spans: list[Span] = []
    operator = ""
    if any(isinstance(s, ast.AugAssign) for s, *_ in hit.sites):
        operator, found = module_alias(source, "operator", "operator")
        np_edits = (*np_edits, *(e for e in found if e not in more))
    for s, how, index, label, v in hit.sites:
        # a value may be made of cells that are read, so only what is around it is replaced; it is worked out first
        whole, value = place(s)["at"], place(v)["at"]
        cell = f"{text_of(source, index)}, {_quoted(source, label)}"
        first_part, closed = f"{writer}.{how}(", ""
        if isinstance(s, ast.AugAssign) and isinstance(v, ast.Constant):
            spans.append((*whole[:2], *value[:2], f"{writer}.add({operator}.{INPLACE[type(s.op)]}, {cell}, "))
            spans.append((*value[2:], *whole[2:], f", {quote(how)})"))
            continue
        if isinstance(s, ast.AugAssign):
            first_part += f"{operator}.{INPLACE[type(s.op)]}({writer}.read({cell}, {quote(how)}), "
            closed = ")"
        spans.append((*whole[:2], *value[:2], first_part))
        spans.append((*value[2:], *whole[2:], f"{closed}, {cell})"))
    body = indent(splice(source, first, last, texts, spans))
    text = (
        f"{setup}{lead}{writer} = {helper}({hit.frame})\n{lead}try:\n{body}{lead}finally:\n{lead}    {writer}.flush()\n"
    )
    helpers = helper_edits(source, [emitted.CELL_WRITER.format(name=helper, np=np, pd=pd)])
    return [*np_edits, *pd_edits, *more, *helpers, Edit(source.path, first, last, text)]
