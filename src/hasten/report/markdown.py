"""The report as GitHub-flavoured Markdown, for a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from hasten.core.record import RunRecord
from hasten.report.view import view


def escape(text: str) -> str:
    """Text that Markdown and HTML show as it is, on one line, inside a table cell too."""
    text = " ".join(text.split())
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_{}\[\]#|~@!])", r"\\\1", text)


def fenced(text: str, language: str = "") -> str:
    """A code block whose fence is longer than any run of backticks inside."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}{'' if text.endswith(chr(10)) else chr(10)}{fence}\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    out = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    out += ["| " + " | ".join(escape(cell) for cell in row) + " |" for row in rows]
    return "\n".join(out) + "\n"


def render(record: RunRecord, diff: str = "") -> str:
    shown = view(record)
    parts = [f"# {escape(shown.target)}\n", f"**{escape(shown.headline)}**\n", table(("", ""), shown.facts)]
    if shown.kept:
        rows = ((r.code, r.place, r.title, r.gain, r.checks) for r in shown.kept)
        parts += ["## Kept\n", table(("pass", "place", "change", "gain, old/new", "agreed on"), rows)]
    if diff:
        parts += ["## Patch\n", fenced(diff, "diff")]
    if shown.tried:
        rows5 = ((r.code, r.place, r.title, r.verdict, r.reason) for r in shown.tried)
        parts += ["## Tried and not kept\n", table(("pass", "place", "change", "verdict", "reason"), rows5)]
    if shown.functions:
        rows6 = ((h.total, h.own, h.library, h.name or "<module>", h.place) for h in shown.functions[:15])
        parts += ["## Where the time went\n", table(("total", "own", "library", "function", "place"), rows6)]
    if shown.notes:
        parts += ["## Notes\n", "\n".join(f"- {escape(note)}" for note in shown.notes) + "\n"]
    if shown.machine:
        parts += ["## Machine\n", table(("", ""), shown.machine)]
    if shown.command:
        parts += ["## Reproduce\n", fenced(shown.command, "sh")]
    return "\n".join(parts)
