"""A loop over the rows of a frame.

What it finds    `for i, row in df.iterrows():` whose body reads cells by name, or `for row in df.itertuples():`; also
                 rows read by computed labels or handed to functions that only read them, and comprehensions over rows.
Why it is slow   pandas makes a Series (or a named tuple of all columns) for every row.
Example          for i, row in df.iterrows(): total += row["a"]
                 ->  for row_a in _row_cells(df, ("a",))[0]: total += row_a
Safe when        the row itself is not kept, passed on or changed, and is not read after the loop. The body stays as
                 it is, in order, with cells of the same types. A frame that the check does not know takes the
                 original loop. Rows read by computed labels become objects that look cells up in lists (`views`).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from hasten.core.facts import Facts
from hasten.core.finding import Finding, Region
from hasten.core.recipe import Change, Risk
from hasten.core.source import Edit, SourceFile, indent, replace_nodes
from hasten.core.workload import ScriptWorkload
from hasten.passes.source.columns import emitted
from hasten.passes.source.columns.syntax import (
    Fresh,
    RowUse,
    bindings,
    dotted,
    helper_edits,
    helper_name,
    imported_as,
    in_fstring,
    literal,
    margin,
    module_alias,
    node_at,
    nodes_in,
    pandas_major,
    parents,
    peeks,
    place,
    read_elsewhere,
    row_use,
    scope_of,
    share,
    splice,
    stands_alone,
    text_of,
    writes_frames,
)
from hasten.passes.source.columns.views import RowsCall, calls_of, iter_rows_edits


@dataclass(frozen=True)
class RowLoop:
    """One loop over rows: `label` is the index name it binds (None without one that anybody reads), `use` how it reads
    its row."""

    loop: ast.For
    frame: ast.expr
    row: str
    label: str | None
    counter: ast.expr | None  # of an `enumerate` around it
    use: RowUse
    tuples: bool
    source_call: ast.Call


def row_loop(source: SourceFile, loop: ast.For, region: Region) -> RowLoop | None:
    """The loop as one over rows whose cells are only read; None for anything else."""
    call, target, counter = loop.iter, loop.target, None
    if not isinstance(call, ast.Call):
        return None
    if isinstance(call.func, ast.Name) and call.func.id == "enumerate" and not bindings(source.tree, "enumerate"):
        if not (
            isinstance(target, ast.Tuple) and len(target.elts) == 2 and call.args and isinstance(call.args[0], ast.Call)
        ):
            return None
        counter, target, call = target.elts[0], target.elts[1], call.args[0]
        if not isinstance(counter, ast.Name):
            return None
    if not isinstance(call.func, ast.Attribute) or call.args:
        return None
    label: str | None = None
    row: ast.expr
    if call.func.attr == "iterrows" and not call.keywords:
        if not (isinstance(target, ast.Tuple) and len(target.elts) == 2 and isinstance(target.elts[0], ast.Name)):
            return None
        label, row = target.elts[0].id, target.elts[1]
    elif call.func.attr == "itertuples":
        row = target
        for k in call.keywords:
            plain = isinstance(k.value, ast.Constant)
            if k.arg not in ("index", "name") or not plain or (k.arg == "name" and not getattr(k.value, "value", None)):
                return None
    else:
        return None
    if not isinstance(row, ast.Name) or row.id == label:
        return None
    if _kept(source, loop):
        return None
    tuples = call.func.attr == "itertuples"
    use = tuple_use(source, loop.body, row.id, call) if tuples else row_use(source, loop.body, row.id)
    rest_reads_row = any(isinstance(n, ast.Name) and n.id == row.id for top in loop.orelse for n in ast.walk(top))
    if use is None or rest_reads_row or row.id in region.live_out or read_elsewhere(source, row.id, loop):
        return None
    # before copy-on-write a row could be a view of the frame, and show what the loop writes into it
    if pandas_major() < 3 and writes_frames(source, loop.body):
        return None
    if label is not None and not _read(source, label, loop) and label not in region.live_out:
        label = None
    return RowLoop(loop, call.func.value, row.id, label, counter, use, tuples, call)


def _read(source: SourceFile, name: str, loop: ast.For) -> bool:
    """Might anybody see what the loop binds the name to?"""
    for n in ast.walk(source.tree):
        if isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Del):
            return True
    body = (n for top in (*loop.body, *loop.orelse) for n in ast.walk(top))
    if any(isinstance(n, ast.Name) and n.id == name for n in body):
        return True
    return read_elsewhere(source, name, loop)


def _kept(source: SourceFile, loop: ast.For) -> bool:
    """True for the loop that an earlier change of this kind keeps for frames that the check does not know."""
    p = parents(source).get(loop)
    if not (isinstance(p, ast.If) and p.orelse == [loop] and isinstance(p.body[-1], ast.For)):
        return False
    if isinstance(p.test, ast.Call):
        return isinstance(p.test.func, ast.Name) and p.test.func.id.startswith("_has_fields")
    test = p.test.left if isinstance(p.test, ast.Compare) else None
    if (
        not isinstance(test, ast.Name)
        or not isinstance(p.test, ast.Compare)
        or not isinstance(p.test.ops[0], ast.IsNot)
    ):
        return False
    made = bindings(scope_of(source, loop), test.id)
    calls = [b.value for n in made if isinstance(b := parents(source).get(n), ast.Assign)]
    return len(calls) == len(made) and all(
        isinstance(c, ast.Call) and isinstance(c.func, ast.Name) and c.func.id.startswith("_row_cells") for c in calls
    )


def tuple_use(source: SourceFile, body: list[ast.stmt], row: str, call: ast.Call) -> RowUse | None:
    """How `body` reads the named tuple `row`: `row.a`, `row.Index`; None when it does anything else with it."""
    up = parents(source)
    with_index = not any(k.arg == "index" and not getattr(k.value, "value", True) for k in call.keywords)
    cells: dict[str, list[ast.AST]] = {}
    label: list[ast.AST] = []
    for top in body:
        if bindings(top, row):
            return None
        for n in ast.walk(top):
            if not (isinstance(n, ast.Name) and n.id == row):
                continue
            p = up.get(n)
            g = up.get(p) if p is not None else None
            if not isinstance(p, ast.Attribute) or not isinstance(p.ctx, ast.Load) or p.attr.startswith("_"):
                return None
            if p.attr in ("count", "index") or (isinstance(g, ast.Call) and g.func is p):
                return None
            if p.attr == "Index":
                if not with_index:
                    return None
                label.append(p)
            else:
                cells.setdefault(p.attr, []).append(p)
    return RowUse({c: tuple(v) for c, v in cells.items()}, tuple(label))


@dataclass(frozen=True)
class Rows:
    """See the module's docstring."""

    code: ClassVar[str] = "HST201"
    name: ClassVar[str] = "row loops"
    risk: ClassVar[Risk] = Risk.EXACT

    def find(self, work: ScriptWorkload, region: Region, facts: Facts) -> Iterator[Finding]:
        source = work.source(region.path)
        if not (".iterrows(" in source.text or ".itertuples(" in source.text) or peeks(source):
            return
        for loop in nodes_in(source, region, ast.For):
            assert isinstance(loop, ast.For)
            hit = row_loop(source, loop, region)
            last = loop.end_lineno or loop.lineno
            part = share(facts, region.path, loop.lineno, last) if hit and stands_alone(source, loop) else None
            if hit is None or part is None:
                continue
            yield Finding(
                self.code,
                region,
                loop.lineno,
                last,
                f"pandas makes a {'named tuple' if hit.tuples else 'Series'} of every row",
                "walk over plain cells of the columns that are read",
                part,
                place(loop),
            )
        for seen in _viewed(source, region):
            first = getattr(seen.around, "lineno", seen.call.lineno)
            last = getattr(seen.around, "end_lineno", None) or first
            part = share(facts, region.path, first, last)
            if part is None:
                continue
            yield Finding(
                self.code,
                region,
                first,
                last,
                "pandas makes a Series of every row and looks every cell up by its label",
                "read the cells from lists of the columns",
                part,
                {"call": [seen.call.lineno, seen.call.col_offset]},
            )

    def propose(self, work: ScriptWorkload, finding: Finding, facts: Facts) -> Iterator[Change]:
        source = work.source(finding.path)
        if "call" in finding.detail:
            for seen in _viewed(source, finding.region):
                if [seen.call.lineno, seen.call.col_offset] == finding.detail["call"]:
                    edits, texts = iter_rows_edits(source, [seen])
                    yield Change(
                        self.code,
                        "rows that read their cells from lists",
                        finding.region,
                        (*edits, *replace_nodes(source, texts.items())),
                        Risk.EXACT,
                        ("numpy",) if not imported_as(source, "numpy") else (),
                        finding.share,
                    )
            return
        loop = node_at(source, ast.For, finding.detail)
        hit = row_loop(source, loop, finding.region) if loop is not None else None
        if hit is None:
            return
        edits = _edits(source, hit)
        yield Change(
            self.code,
            f"row loop over {', '.join(hit.use.columns) or 'the index'}: plain cells instead of rows",
            finding.region,
            tuple(edits),
            Risk.EXACT,
            ("numpy",) if not imported_as(source, "numpy") else (),
            finding.share,
        )


def _viewed(source: SourceFile, region: Region) -> Iterator[RowsCall]:
    """Calls of `iterrows` that the form with plain cells does not cover."""
    for hit in calls_of(source, region):
        plain = row_loop(source, hit.around, region) if isinstance(hit.around, ast.For) else None
        if isinstance(hit.around, ast.For) and _kept(source, hit.around):
            continue
        if (plain is None or not plain.use.columns) and in_fstring(source, hit.call) is None:
            yield hit


def _edits(source: SourceFile, hit: RowLoop) -> list[Edit]:
    loop, fresh = hit.loop, Fresh(source)
    last = loop.end_lineno or loop.lineno
    np, np_edits = module_alias(source, "numpy", "np")
    pd, pd_edits = module_alias(source, "pandas", "pd")
    names = {c: fresh(f"{hit.row}_{c}") for c in hit.use.columns}
    lead = margin(source, loop)
    before = ""
    frame = dotted(hit.frame)
    simple = frame is not None
    if frame is None:
        frame = fresh("frame")
        before = f"{lead}{frame} = {text_of(source, hit.frame)}\n"
    # the index label: the loop's own name for it, unless the body reads it through the row and rebinds the name
    wanted: list[str] = []
    columns: list[str] = []
    label_text = hit.label or ""
    labels = f"list({frame}.index)"
    if hit.label is not None:
        wanted.append(hit.label)
        columns.append(labels)
    if hit.use.label and (hit.label is None or any(bindings(top, hit.label) for top in loop.body)):
        label_text = fresh(f"{hit.row}_label")
        wanted.append(label_text)
        columns.append(labels)
    wanted += names.values()
    cells, unpacked = fresh("cells"), ""
    if hit.tuples:
        known = helper_name(source, "_has_fields", emitted.HAS_FIELDS)
        helper = emitted.HAS_FIELDS.format(name=known, np=np, pd=pd)
        test = f"if {known}({frame}, {literal(hit.use.columns) if names else '()'}):"
        columns += [f"list({frame}[{c!r}])".replace("'", '"') for c in names]
        setup = ""
    else:
        row_cells = helper_name(source, "_row_cells", emitted.ROW_CELLS)
        helper = emitted.ROW_CELLS.format(name=row_cells, np=np, pd=pd)
        setup = f"{lead}{cells} = {row_cells}({frame}, {literal(hit.use.columns) if names else '()'})\n"
        test = f"if {cells} is not None:"
        lists = [fresh(f"{n}s") for n in names.values()]
        if lists:
            unpacked = f"{lead}{', '.join(lists)} = {cells}\n" if len(lists) > 1 else f"{lead}[{lists[0]}] = {cells}\n"
        columns += lists
    if not wanted:
        wanted.append("_" if "_" not in Fresh(source).taken else fresh("label"))
        columns.append(f"{frame}.index")
    single = len(wanted) == 1
    target = wanted[0] if single else ", ".join(wanted)
    rows = columns[0] if single else f"zip({', '.join(columns)})"
    if hit.counter is not None:
        assert isinstance(hit.counter, ast.Name) and isinstance(loop.iter, ast.Call)
        target = f"{hit.counter.id}, {target}" if single else f"{hit.counter.id}, ({target})"
        texts: dict[ast.AST, str] = {hit.source_call: rows}
    else:
        texts = {loop.iter: rows}
    texts[loop.target] = target
    texts.update(hit.use.texts(names, label_text))
    fast = indent(unpacked + splice(source, loop.lineno, last, texts))
    slow_texts: dict[ast.AST, str] = {} if simple else {hit.frame: frame}
    slow = indent(splice(source, loop.lineno, last, slow_texts))
    text = f"{before}{setup}{lead}{test}\n{fast}{lead}else:\n{slow}"
    return [*np_edits, *pd_edits, *helper_edits(source, [helper]), Edit(source.path, loop.lineno, last, text)]
