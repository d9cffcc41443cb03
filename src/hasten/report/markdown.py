"""The report as GitHub-flavoured Markdown, for a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from statistics import median

from hasten.core.record import RunRecord
from hasten.report.view import seconds, view

MOST = 60_000  # characters; GitHub takes 65,536


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


def folded(title: str, *parts: str) -> str:
    """What a reader opens when it is wanted."""
    return f"<details>\n<summary>{escape(title)}</summary>\n\n" + "\n".join(parts) + "\n</details>\n"


def render(record: RunRecord, diff: str = "") -> str:
    """The verdict, before and after, and what was changed; all else folded. Fits what GitHub takes as one text."""
    shown = view(record)
    parts = [f"## {escape(shown.target)}: {escape(shown.headline)}\n"]
    rows = _before_after(record)
    if rows:
        parts.append(table(("", "before", "after", "gain, old/new"), rows))
    facts = [(name, value) for name, value in shown.facts if name not in ("warm", "cold", "peak memory")]
    if shown.kept:
        kept = ((r.code, r.place, r.title, r.gain, r.checks) for r in shown.kept)
        parts += ["### What changes\n", table(("pass", "place", "change", "gain, old/new", "agreed on"), kept)]
    parts += [f"- **{escape(name)}**: {escape(value)}" for name, value in facts]
    parts += [f"- note: {escape(note)}" for note in shown.notes]
    parts.append("")
    if record.changed:
        parts.append("No file was edited: `hasten apply` puts the patch in.\n")
    tail = []
    if shown.tried:
        rows5 = ((r.code, r.place, r.title, r.verdict, r.reason) for r in shown.tried)
        count = f"Tried and not kept: {len(shown.tried)}"
        tail.append(folded(count, table(("pass", "place", "change", "verdict", "reason"), rows5)))
    if shown.functions:
        rows6 = ((h.total, h.own, h.library, h.name or "<module>", h.place) for h in shown.functions[:15])
        tail.append(folded("Where the time went", table(("total", "own", "library", "function", "place"), rows6)))
    if shown.machine:
        tail.append(folded("Machine and versions", table(("", ""), shown.machine)))
    if shown.command:
        tail.append(folded("Reproduce", fenced(shown.command, "sh")))
    if diff:
        room = MOST - len("\n".join((*parts, *tail))) - 500
        parts.append(_patch(diff, room))
    return "\n".join((*parts, *tail))


def _patch(diff: str, room: int) -> str:
    lines = diff.splitlines(keepends=True)
    added = sum(n.startswith("+") and not n.startswith("+++") for n in lines)
    removed = sum(n.startswith("-") and not n.startswith("---") for n in lines)
    files = sum(n.startswith("+++ ") for n in lines)
    title = f"Patch: {files} file{'' if files == 1 else 's'}, +{added} -{removed} lines"
    if len(diff) <= room:
        return folded(title, fenced(diff, "diff"))
    shown = diff[: max(room, 0)].rpartition("\n")[0]
    return folded(f"{title} (cut; all of it is in changes.patch)", fenced(shown, "diff"))


def _before_after(record: RunRecord) -> list[tuple[str, str, str, str]]:
    """(what, before, after, gain) of time and memory."""
    gain, compared, cold = record.gain, record.comparison, record.cold
    if gain is None or compared is None or not compared.old or not compared.new:
        return []
    walls = [median(r.wall_s for r in runs) for runs in (compared.old, compared.new)]
    peaks = [median(r.peak_mb for r in runs) for runs in (compared.old, compared.new)]
    told = f"{gain}, {gain.confidence:.0%}, {gain.pairs} pairs, {gain.decided}"
    out = [("time, warm (median)", seconds(walls[0]), seconds(walls[1]), told)]
    if cold is not None and cold.new_s > 0:
        ratio = f"{cold.old_s / cold.new_s:.2f}x, one run each"
        out.append(("time, first run", seconds(cold.old_s), seconds(cold.new_s), ratio))
    out.append(("peak memory", f"{peaks[0]:.0f} MB", f"{peaks[1]:.0f} MB", ""))
    return out
