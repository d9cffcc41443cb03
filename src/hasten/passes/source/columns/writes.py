"""Cells written one at a time.

What it finds    `df.at[i, "a"] = x` and `df.loc[i, "a"] = x` in a loop over the rows of df.
Why it is slow   every write goes through the indexing machinery, which checks and may copy the column.
Example          for i in range(len(df)): df.at[i, "a"] = f(i)
                 ->  the values go into a list, which becomes the column when the loop ends, however it ends
Safe when        the loop reads the columns that it writes cell by cell at most, the index is 0, 1, 2, ..., and each
                 value keeps the dtype of its column. Any other write or read puts back what is there so far and is
                 made as before.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from hasten.core.facts import Facts
from hasten.core.finding import Finding, Region
from hasten.core.recipe import Change, Risk
from hasten.core.source import Edit, SourceFile, indent
from hasten.core.workload import ScriptWorkload
from hasten.passes.source.columns import emitted
from hasten.passes.source.columns.cells import read_of
from hasten.passes.source.columns.parts import Part, accepted, part_helpers, part_of, part_text
from hasten.passes.source.columns.stand_writes import is_new, made_of_a_frame, modules_of
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


@dataclass(frozen=True)
class Writes:
    """A loop over a frame's rows, its writes (statement, accessor, column, index, value), its reads of cells
    (expression, how, column, index), and the parts of columns that it only reads."""

    loop: ast.For
    frame: str
    sites: tuple[tuple[ast.Assign, str, str, ast.Name, ast.expr], ...]
    reads: tuple[tuple[ast.expr, str, str, ast.expr], ...]
    parts: tuple[Part, ...]


def writes(source: SourceFile, loop: ast.For, region: Region) -> Writes | None:
    """The loop's writes to one frame, if all that it does with the frame is understood."""
    up = parents(source)
    sites: list[tuple[ast.Assign, str, str, ast.Name, ast.expr]] = []
    frames: set[str] = set()
    for n in ast.walk(loop):
        if isinstance(n, ast.Assign) and len(n.targets) == 1 and isinstance(n.targets[0], ast.Subscript):
            target = n.targets[0]
            base, key = target.value, target.slice
            if not (
                isinstance(base, ast.Attribute) and base.attr in ("at", "loc") and isinstance(base.value, ast.Name)
            ):
                continue
            if not (isinstance(key, ast.Tuple) and len(key.elts) == 2 and isinstance(key.elts[0], ast.Name)):
                return None
            if (column := string(key.elts[1])) is None or not stands_alone(source, n):
                return None
            frames.add(base.value.id)
            sites.append((n, base.attr, column, key.elts[0], n.value))
    if len(frames) != 1:
        return None
    (frame,) = frames
    written = {column for _, _, column, _, _ in sites}
    if bindings(loop, frame) or any(not _row_number(source, loop, index, frame) for *_, index, _ in sites):
        return None
    targets = {s.targets[0].value.value for s, *_ in sites}  # type: ignore[attr-defined]
    reads = _reads(source, loop, frame)
    read = {n for node, *_ in reads for n in ast.walk(node)}
    parts = _parts(source, loop, frame, written, region)
    read |= {n for p in parts for n in ast.walk(p.node)}
    for n in ast.walk(loop):
        if isinstance(n, (ast.Yield, ast.YieldFrom, ast.Await, ast.Lambda, ast.FunctionDef, ast.NamedExpr, ast.Delete)):
            return None
        if isinstance(n, ast.Name) and n.id == frame and n not in targets | read:
            if not _harmless(source, n, written):
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
    return Writes(loop, frame, tuple(sites), reads if any(c in written for _, _, c, _ in reads) else (), parts)


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


def _row_number(source: SourceFile, loop: ast.For, index: ast.Name, frame: str) -> bool:
    """True when the index is bound once in the loop, by a `for` over labels of this frame, or of a part of it."""
    found = bindings(loop, index.id)
    if len(found) != 1:
        return False
    up = parents(source)
    holder = up.get(found[0])
    first = True
    if isinstance(holder, ast.Tuple):
        first = holder.elts[0] is found[0]
        holder = up.get(holder)
    if not isinstance(holder, ast.For) or not first:
        return False
    # whatever is counted, only numbers of rows take the short way; what it comes from is no other name of the frame
    return _by_its_own(holder, frame) or all(_is_another(source, n, loop) for n in _looked_into(loop, frame))


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


def _is_another(source: SourceFile, name: ast.Name, loop: ast.For, depth: int = 3) -> bool:
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
            or isinstance(value, ast.Name)
            and depth
            and _is_another(source, value, loop, depth - 1)
        ):
            return False
    return True


def _counts(it: ast.expr) -> bool:
    """`range(...)`, `df["a"].unique()`: no frames."""
    f = it.func if isinstance(it, ast.Call) else None
    return (
        isinstance(f, ast.Name) and f.id == "range" or isinstance(f, ast.Attribute) and f.attr in ("unique", "tolist")
    )


def _harmless(source: SourceFile, name: ast.Name, written: set[str]) -> bool:
    """True for uses of the frame that no pending write can change: its length and index, cells of other columns."""
    up = parents(source)
    p = up.get(name)
    if isinstance(p, ast.Call) and isinstance(p.func, ast.Name) and p.func.id == "len":
        return True
    if isinstance(p, ast.Attribute) and p.attr in ("index", "shape", "iterrows"):
        g = up.get(p)
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
            return read.frame == name.id and read.column not in written
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
        if not (".at[" in source.text or ".loc[" in source.text) or peeks(source) or pandas_major() < 3:
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
            names = ", ".join(dict.fromkeys(column for _, _, column, _, _ in hit.sites))
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
            names = ", ".join(dict.fromkeys(column for _, _, column, _, _ in hit.sites))
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


def _edits(source: SourceFile, hit: Writes) -> list[Edit]:
    fresh = Fresh(source)
    np, np_edits = module_alias(source, "numpy", "np")
    pd, pd_edits = module_alias(source, "pandas", "pd")
    helper = helper_name(source, "_CellWriter", emitted.CELL_WRITER)
    writer, lead = fresh(f"{hit.frame}_writer"), margin(source, hit.loop)
    first, last = hit.loop.lineno, hit.loop.end_lineno or hit.loop.lineno
    texts: dict[ast.AST, str] = {
        s: f"{writer}.{how}({index.id}, {quote(column)}, {text_of(source, v)})"
        for s, how, column, index, v in hit.sites
    }
    for node, read_how, column, at in hit.reads:
        texts[node] = f"{writer}.read({text_of(source, at)}, {quote(column)}, {quote(read_how)})"
    setup, more = "", list[Edit]()
    if hit.parts:
        more, names = part_helpers(source)
        holder = fresh(f"{hit.frame}_parts")
        setup = f"{lead}{holder} = {names['frame_parts']}({hit.frame})\n"
        texts |= {p.node: part_text(source, p, holder, names["operator"], "where") for p in hit.parts}
    spans: list[Span] = []
    held = {n for s, *_ in hit.sites for n in ast.walk(s)}
    if any(node in held for node in (*(n for n, *_ in hit.reads), *(p.node for p in hit.parts))):
        # a value that is written is made of cells that are read: only what is around it is replaced
        for s, how, column, index, v in hit.sites:
            del texts[s]
            whole, value = place(s)["at"], place(v)["at"]
            spans.append((*whole[:2], *value[:2], f"{writer}.{how}({index.id}, {quote(column)}, "))
            spans.append((*value[2:], *whole[2:], ")"))
    body = indent(splice(source, first, last, texts, spans))
    text = (
        f"{setup}{lead}{writer} = {helper}({hit.frame})\n{lead}try:\n{body}{lead}finally:\n{lead}    {writer}.flush()\n"
    )
    helpers = helper_edits(source, [emitted.CELL_WRITER.format(name=helper, np=np, pd=pd)])
    return [*np_edits, *pd_edits, *more, *helpers, Edit(source.path, first, last, text)]
