"""What `hasten compare` prints, and its summary for a pull request."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from statistics import median
from typing import Protocol

from hasten.core.measurement import Comparison, Speedup
from hasten.report.markdown import escape, table
from hasten.report.terminal import clean
from hasten.report.view import seconds

WIDTH = 80


class Compared(Protocol):
    """What is shown (`hasten.CompareResult`)."""

    @property
    def a(self) -> str: ...
    @property
    def b(self) -> str: ...
    @property
    def difference(self) -> str | None: ...
    @property
    def comparison(self) -> Comparison: ...
    @property
    def unrepeatable(self) -> tuple[str, ...]: ...
    @property
    def target(self) -> str | None: ...
    @property
    def fail_under(self) -> float | None: ...
    @property
    def gate(self) -> str: ...
    @property
    def notes(self) -> tuple[str, ...]: ...


def render(found: Compared, *, times_only: bool = False) -> str:
    """Results first, then time. Plain text."""
    a, b = named(found.a), named(found.b)
    comparison = found.comparison
    gain = comparison.speedup
    out = [] if found.target is None else [f"target   {clean(found.target)}, {a} against {b}"]
    same = "the same" if found.difference is None else f"DIFFERENT: {clean(found.difference)}"
    out.append(f"results  {same}{' (only times count)' if times_only and found.difference is not None else ''}")
    if found.unrepeatable:
        out.append(f"         not compared, it changes from run to run: {clean(', '.join(found.unrepeatable))}")
    out.append(f"time     {verdict(a, b, gain)}")
    if gain.pairs:
        pairs = f"{gain.pairs} interleaved pairs, {comparison.metric} time"
        out.append(f"         {a}/{b} = {gain} at {gain.confidence:.0%}, {pairs}")
    old, new = medians(comparison)
    if old is not None and new is not None:
        memory = [median(r.peak_mb for r in runs) for runs in (comparison.old, comparison.new)]
        out.append(
            f"         medians {seconds(old)} and {seconds(new)}; peak memory {memory[0]:.0f} MB and {memory[1]:.0f} MB"
        )
    if found.gate:
        out.append(f"gate     {gate(found)}")
    out += [f"note     {clean(note)}" for note in (*comparison.notes, *found.notes)]
    return "".join(f"{part}\n" for line in out for part in _wrapped(line))


def _wrapped(line: str) -> list[str]:
    """In 80 columns; a name that is longer stays whole."""
    return textwrap.wrap(line, WIDTH, subsequent_indent=" " * 9, break_long_words=False, break_on_hyphens=False)


def named(name: str) -> str:
    """A whole hash of git is cut; all else is as the user wrote it."""
    return name[:10] if re.fullmatch(r"[0-9a-f]{40}", name) else clean(name)


def verdict(a: str, b: str, gain: Speedup) -> str:
    """Which is faster, in words."""
    if not gain.pairs:
        return "nothing was timed: a longer --budget leaves time for it"
    if gain.decided == "faster":
        return f"{b} is {gain.ratio:.2f}x faster than {a}"
    if gain.decided == "not faster":
        return f"{b} is slower than {a}: {gain.ratio:.2f}x" if gain.high < 1 else f"{b} is not faster than {a}"
    return f"not decided which is faster ({gain.ratio:.2f}x)"


def gate(found: Compared) -> str:
    """Whether --fail-under held, in words."""
    need = f"{found.fail_under:g}x"
    if found.gate == "held":
        return f"held: shown to be at least {need}"
    if found.gate == "regressed":
        return f"REGRESSED: shown to be below {need}"
    return f"not decided whether it is below {need}, which does not fail; a longer --budget decides more"


def medians(comparison: Comparison) -> tuple[float | None, float | None]:
    """Median wall seconds of both; None where nothing was timed."""
    return (
        median(r.wall_s for r in comparison.old) if comparison.old else None,
        median(r.wall_s for r in comparison.new) if comparison.new else None,
    )


def summary(found: Sequence[Compared], good: bool, *, times_only: bool = False) -> str:
    """Markdown for a pull request: the verdict, then one row for each program."""
    if not found:
        return ""
    a, b = named(found[0].a), named(found[0].b)
    head = f"### hasten: {'no regression' if good else 'regression or other results'}\n"
    rows = []
    for one in found:
        old, new = medians(one.comparison)
        results = "the same" if one.difference is None else f"different: {one.difference}"
        gain = one.comparison.speedup
        said = gate(one) if one.gate else verdict(a, b, gain)
        before, after = ("" if t is None else seconds(t) for t in (old, new))
        rows.append((one.target or f"{a} against {b}", results, before, after, f"{gain}" if gain.pairs else "", said))
    text = table(("program", "results", f"{escape(a)}", f"{escape(b)}", "gain, old/new", "verdict"), rows)
    notes = [f"- {escape(note)}" for one in found for note in (*one.comparison.notes, *one.notes)]
    pairs = sum(one.comparison.speedup.pairs for one in found)
    told = (
        f"Medians of wall time; {pairs} interleaved pairs of runs; gains are old time / new time with a 95% interval."
    )
    if times_only:
        told += " Results may differ here: only times count."
    return "\n".join([head, text, told, *dict.fromkeys(notes)]) + "\n\n"
