"""What a pass wants done to one statement, so that several passes can work on the same loop."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hasten.core.source import Edit, SourceFile, indent
from hasten.passes.source.columns.syntax import Span, margin, splice


@dataclass(frozen=True)
class Plan:
    """`setup` goes before the statement and `after` behind it (whole lines), also when it raises; `texts` replace nodes
    in it, `spans` parts of its text. `helpers` are insertions at the head of the file."""

    stmt: ast.stmt
    texts: Mapping[ast.AST, str]
    setup: str
    helpers: tuple[Edit, ...]
    after: str = ""
    spans: tuple[Span, ...] = field(default=())


def edits_of(source: SourceFile, plans: Sequence[Plan]) -> list[Edit]:
    """All plans carried out at once; their statements lie in the first plan's statement, or are the same."""
    whole = plans[0].stmt
    lead = margin(source, whole)
    helpers: dict[Edit, None] = {}
    texts: dict[ast.AST, str] = {}
    spans: list[Span] = []
    before, behind = "", ""
    for plan in plans:
        helpers |= dict.fromkeys(plan.helpers)
        texts |= plan.texts
        spans += plan.spans
        if plan.stmt is whole:
            before, behind = before + plan.setup, behind + plan.after
            continue
        line, last = plan.stmt.lineno, plan.stmt.end_lineno or plan.stmt.lineno
        end, cut = len(source.lines[last - 1].encode()), "" if source.lines[last - 1].endswith("\n") else "\n"
        spans += [(line, 0, line, 0, plan.setup)] if plan.setup else []
        spans += [(last, end, last, end, cut + plan.after)] if plan.after else []
    first, last = whole.lineno, whole.end_lineno or whole.lineno
    text = splice(source, first, last, texts, spans)
    if behind:
        text = f"{lead}try:\n{indent(text)}{lead}finally:\n{indent(behind)}"
    return [*helpers, Edit(source.path, first, last, before + text)]
