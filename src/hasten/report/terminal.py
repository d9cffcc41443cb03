"""The verdict on one screen: plain lines of at most `width` columns; colours only for a terminal that wants them."""

from __future__ import annotations

import os
import re
import textwrap
from collections.abc import Callable
from typing import TextIO

from hasten.core.record import RunRecord
from hasten.report.remedies import warnings
from hasten.report.view import TrialRow, view

KEPT, TRIED, HOT = 3, 2, 3  # rows shown of each, so that all fits the screen
SCREEN = 23  # lines; the prompt takes one of the usual 24

_STYLES = {
    "gain": "bold green", "none": "bold", "unmet": "bold red", "interrupted": "bold yellow", "dim": "dim",
    "title": "bold", "place": "bold", "hot": "cyan", "remedy": "green",
}  # fmt: skip


def clean(text: str) -> str:
    """One line without control characters, so that a program's text cannot drive the terminal."""
    text = " ".join(text.split())
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def clip(text: str, width: int) -> str:
    text = clean(text)
    return text if len(text) <= width else text[: max(width - 3, 1)] + "..."


def lines(record: RunRecord, *, run: str = "", width: int = 80) -> list[tuple[str, str]]:
    """(style, text) of each line; `run` names the run's folder in the commands to type next."""
    shown = view(record)
    out: list[tuple[str, str]] = []
    for i, part in enumerate(textwrap.wrap(f"{clip(shown.target, width // 2)}: {clean(shown.headline)}", width)):
        out.append((shown.tone, part if i == 0 else f"  {part}"[:width]))
    label = max(len(name) for name, _ in shown.facts)
    for name, value in shown.facts:
        out.append(("", f"  {name:<{label}}  " + clip(value, width - label - 4)))
    end: list[tuple[str, str]] = []
    name = re.sub(r"^(\./)?\.hasten/runs/", "", clean(run))  # a run there goes by its name
    found = warnings(record)
    if found:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        said, remedy = found[0]
        end.append(("interrupted", f"warning: {clip(f'{said}{more}', width - 9)}"))
        end.append(("dim", f"  do: {clip(remedy, width - 6)}"))
    else:
        end += [("dim", f"note: {clip(note, width - 6)}") for note in shown.notes[:1]]
    if run:
        end.append(("", f"report  {clean(run)}/report.html"))
        if record.changed:
            end.append(("", _fitting(f"next    hasten apply {name} --diff", "   (then without --diff)", width)))
        elif record.findings:
            end.append(("", _fitting(f"next    hasten report {name} --format findings", "   (why it is slow)", width)))
    if shown.kept:
        out.append(("", "kept"))
        room = SCREEN - len(out) - len(end) - (4 if shown.tried else 2)
        out += [("gain", row) for row in _rows(shown.kept, max(1, min(KEPT, room)), width, name)]
    elif shown.functions:
        hot = [f"{h.total:>5}  {h.name or '<module>'}  {h.place}" for h in shown.functions[:HOT]]
        out.append(("", "where the time goes"))
        out += [("", "  " + clip(row, width - 2)) for row in hot]
    if shown.tried:
        room = SCREEN - len(out) - len(end) - 2
        out.append(("", "tried and not kept"))
        out += [("dim", row) for row in _rows(shown.tried, max(0, min(TRIED, room)), width, name)]
    return out + end


def _fitting(command: str, remark: str, width: int) -> str:
    return command + (remark if len(command + remark) <= width else "")


def _rows(rows: tuple[TrialRow, ...], most: int, width: int, name: str) -> list[str]:
    out = []
    for row in rows[:most]:
        tail = row.gain if row.kept else row.reason
        place = row.place.rpartition("/")[2]  # the reason is worth more room than the folder
        out.append("  " + clip(f"{row.code} {place} {row.title}" + (f": {tail}" if tail else ""), width - 2))
    if len(rows) > most:
        all_of_them = f": hasten report {name} --format markdown" if name else ""
        out.append(_fitting(f"  and {len(rows) - most} more", all_of_them, width))
    return out


def render(record: RunRecord, *, run: str = "", width: int = 80) -> str:
    """Plain text."""
    return "\n".join(text for _, text in lines(record, run=run, width=width)) + "\n"


def wants_colour(stream: TextIO) -> bool:
    """A terminal, and the user did not ask for none (NO_COLOR, https://no-color.org; TERM=dumb; HASTEN_PLAIN)."""
    plain = any(os.environ.get(name) for name in ("NO_COLOR", "HASTEN_PLAIN"))
    return stream.isatty() and not plain and os.environ.get("TERM") != "dumb"


def show(record: RunRecord, stream: TextIO, *, run: str = "") -> None:
    """Write to `stream`, in colour when it is a terminal that wants it."""
    paint(lambda width: lines(record, run=run, width=width), stream)


def paint(lines: Callable[[int], list[tuple[str, str]]], stream: TextIO) -> None:
    """Write (style, text) lines made for a width: in colour where that is wanted, else plain in 80 columns."""
    if not wants_colour(stream):
        stream.write("\n".join(text for _, text in lines(80)) + "\n")
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(file=stream, highlight=False, soft_wrap=True)
    for style, text in lines(min(console.width, 120)):
        console.print(Text(text, style=_STYLES.get(style, "")))
