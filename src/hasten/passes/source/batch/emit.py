"""Text of rewritten loops."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from hasten.core.facts import Facts
from hasten.core.finding import Region
from hasten.core.source import Edit, SourceFile, indent
from hasten.kernel import names

MIN_SHARE = 0.02


def statement_text(source: SourceFile, node: ast.stmt) -> str:
    text = "".join(source.lines[node.lineno - 1 : node.end_lineno])
    return text if text.endswith("\n") else text + "\n"


def spliced(
    source: SourceFile, stmt: ast.stmt, changes: Iterable[tuple[ast.AST, str]], dropped: Sequence[ast.stmt] = ()
) -> str:
    """The lines of `stmt` without its `dropped` statements, and with text in place of disjoint expression nodes."""
    rows = [line.encode() for line in source.lines[stmt.lineno - 1 : stmt.end_lineno]]
    starts = [0]
    for row in rows:
        starts.append(starts[-1] + len(row))
    raw = b"".join(rows)
    spans = []
    for gone in dropped:
        last_line = (gone.end_lineno or gone.lineno) - stmt.lineno
        if not alone(source, gone):
            raise ValueError("a dropped statement shares its line")
        spans.append((starts[gone.lineno - stmt.lineno], starts[last_line + 1], ""))
    for node, text in changes:
        n: ast.expr = node  # type: ignore[assignment]
        first = starts[n.lineno - stmt.lineno] + n.col_offset
        last = starts[(n.end_lineno or n.lineno) - stmt.lineno] + (n.end_col_offset or 0)
        spans.append((first, last, text))
    for first, last, text in sorted(spans, reverse=True):
        raw = raw[:first] + text.encode() + raw[last:]
    out = raw.decode()
    return out if out.endswith("\n") else out + "\n"


def margin(source: SourceFile, node: ast.stmt) -> str:
    """The white space before a statement."""
    line = source.lines[node.lineno - 1]
    return line[: len(line) - len(line.lstrip())]


def alone(source: SourceFile, node: ast.stmt) -> bool:
    """True when a statement shares its lines with nothing else."""
    head = source.lines[node.lineno - 1].encode()[: node.col_offset]
    tail = source.lines[(node.end_lineno or node.lineno) - 1].encode()[node.end_col_offset or 0 :].strip()
    return not head.strip() and (not tail or tail.startswith(b"#"))


def branched(source: SourceFile, stmt: ast.stmt, before: Sequence[str], test: str, fast: str) -> Edit:
    """`before` lines, then `fast` where `test` holds and the statement as it was where not."""
    space = margin(source, stmt)
    old = statement_text(source, stmt)
    lines = "".join(f"{space}{line}\n" if line else "\n" for line in before)
    text = f"{lines}{space}if {test}:\n{indent(fast)}{space}else:\n{indent(old)}"
    return Edit(source.path, stmt.lineno, stmt.end_lineno or stmt.lineno, text)


def with_partner(node: ast.expr, source: SourceFile, partner: str) -> str:
    """A loop's target with one more name: `i` becomes `i, partner`; `i, row` becomes `(i, row), partner`."""
    text = source.segment(node) or ast.unparse(node)
    if isinstance(node, ast.Tuple) and not text.startswith("("):
        text = f"({text})"
    return f"{text}, {partner}"


def hot(facts: Facts, path: str, first: int, last: int) -> float | None:
    """The share of time of these lines; None when it is too small to bother. 0.0 without a profile."""
    if facts.profile.samples == 0:
        return 0.0
    share = facts.profile.share(path, first, last)
    return share if share >= MIN_SHARE else None


def region_statements(tree: ast.Module, region: Region) -> list[tuple[ast.stmt, ast.AST | None]]:
    """Every statement inside the region's lines with the function it belongs to (None at module level)."""
    found: list[tuple[ast.stmt, ast.AST | None]] = []

    def visit(node: ast.AST, func: ast.AST | None, in_class: bool) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt):
                inside = region.first <= child.lineno and (child.end_lineno or child.lineno) <= region.last
                if inside and not in_class:
                    found.append((child, func))
            if isinstance(child, names.FUNCTIONS):
                visit(child, child, False)
            elif isinstance(child, ast.ClassDef):
                visit(child, func, True)
            elif isinstance(child, (ast.stmt, ast.ExceptHandler, ast.match_case)):
                visit(child, func, in_class)

    visit(tree, None, False)
    return found
