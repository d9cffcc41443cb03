"""The history of runs: a table for the terminal, and a static page."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Protocol

from hasten.report.terminal import clean, clip


class Row(Protocol):
    """What is shown of a run (`hasten.api.outputs.RunRow`)."""

    @property
    def name(self) -> str: ...
    @property
    def target(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def started(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def headline(self) -> str: ...
    @property
    def gain(self) -> float | None: ...
    @property
    def low(self) -> float | None: ...
    @property
    def high(self) -> float | None: ...
    @property
    def applied(self) -> bool: ...
    @property
    def megabytes(self) -> float: ...


def gain(row: Row) -> str:
    """`2.50x [2.30, 2.71]`, or why there is none."""
    if row.gain is None:
        return row.status if row.status != "finished" else "no gain"
    if row.low is None or row.high is None or not math.isfinite(row.high):
        return f"{row.gain:.2f}x"
    return f"{row.gain:.2f}x [{row.low:.2f}, {row.high:.2f}]"


def render(rows: Sequence[Row], reports: Mapping[str, bool]) -> str:
    """The page. `reports` says which runs have a report beside it."""
    from hasten.report.page import environment

    top = max((math.log2(r.gain) for r in rows if r.gain is not None and r.gain > 1), default=1.0)
    shown = [(r, gain(r), _share(r.gain, top), reports.get(r.name, False)) for r in rows]
    page: str = environment().get_template("runs.html.j2").render(rows=shown, count=len(rows))
    return page


def _share(value: float | None, top: float) -> int:
    """Length of a row's bar in percent, on a scale of doublings."""
    if value is None or value <= 1:
        return 0
    return max(2, round(100 * math.log2(value) / top))


def _clipped(name: str, width: int) -> str:
    """Of the path of a folder the end tells which one it is."""
    name = clean(name)
    return f"...{name[3 - width :]}" if "/" in name and len(name) > width else clip(name, width)


def table(rows: Sequence[Row], width: int = 80) -> str:
    """Plain text of at most `width` columns, newest first."""
    if not rows:
        return "no run yet; `hasten run TARGET` makes one\n"
    names = min(max(len(r.name) for r in rows), width // 2)
    gains = max(len(gain(r)) for r in rows)
    out = []
    for r in rows:
        applied = "applied, " if r.applied else ""
        head = f"{_clipped(r.name, names):<{names}}  {gain(r):<{gains}}  "
        what = r.target or r.headline
        out.append((head + clip(f"{applied}{clean(what)}", max(8, width - len(head)))).rstrip())
    total = sum(r.megabytes for r in rows)
    out.append(f"{len(rows)} run{'s' if len(rows) > 1 else ''}, {total:.1f} MB")
    return "\n".join(out) + "\n"
