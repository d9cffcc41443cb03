"""Findings as code frames: file, line, share of the time, the code, why it is slow, what would help. Plain words."""

from __future__ import annotations

import hashlib
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

from hasten.core.record import FindingRecord, RunRecord, TrialRecord
from hasten.report.terminal import clip
from hasten.report.view import percent

AROUND = 1  # lines shown before and after
MOST = 6  # lines of the finding itself


def lines(
    record: RunRecord, sources: Mapping[str, Mapping[int, str]] | None = None, width: int = 80
) -> Iterator[tuple[str, str]]:
    """(style, text) of each line. `sources` are the lines of files as they were when the run began."""
    found = distinct(record)
    if not found:
        yield "", f"{clip(record.target.name, width // 2)}: no finding; no pass knows something better here"
        return
    files = sources if sources is not None else {}
    count = f"{len(found)} finding{'s' if len(found) > 1 else ''}"
    yield "title", clip(f"{clip(record.target.name, width // 2)}: {count}, most time first", width)
    for number, finding in enumerate(found, 1):
        yield "", ""
        where = f"{number}. {finding.path}:{finding.first}" + (f"  {finding.qualname}" if finding.qualname else "")
        head = f"{percent(finding.share)} of the time, at most {finding.headroom:.2f}x"
        yield "place", f"{clip_code(where, width - len(head) - 2)}  {head}"
        yield from _frame(record, finding, files.get(finding.path, {}), width)
        yield from _wrapped("reason", f"why    {finding.reason}", width)
        if finding.remedy:
            yield from _wrapped("remedy", f"help   {finding.remedy} ({finding.code})", width)
        trial = _tried(record, finding)
        if trial is not None:
            became = "kept" if trial.kept else f"{trial.verdict}: {trial.reason}"
            yield from _wrapped("gain" if trial.kept else "dim", f"tried  {became}", width)
    yield "", ""
    yield "dim", clip(f"hasten explain {found[0].code}: what is behind a code, and when its change is safe", width)


def distinct(record: RunRecord) -> list[FindingRecord]:
    """The findings, hottest first. Where one pass says the same of places inside each other, one of them stands for
    all: what was kept, else the innermost."""
    left: list[FindingRecord] = []

    def wanted(f: FindingRecord) -> tuple[bool, int]:
        trial = _tried(record, f)
        return (trial is None or not trial.kept, f.last - f.first)

    for finding in sorted(record.findings, key=wanted):
        if not any(_same_place(finding, other) for other in left):
            left.append(finding)
    return sorted(left, key=lambda f: (-f.share, f.path, f.first, f.code))


def _same_place(a: FindingRecord, b: FindingRecord) -> bool:
    if (a.code, a.path, a.reason, a.remedy) != (b.code, b.path, b.reason, b.remedy):
        return False
    return (a.first <= b.first and b.last <= a.last) or (b.first <= a.first and a.last <= b.last)


def _tried(record: RunRecord, finding: FindingRecord) -> TrialRecord | None:
    """What became of it: the change that was kept, else the first one that was tried."""
    trials = [t for t in record.trials if (t.code, t.region) == (finding.code, finding.region)]
    return next((t for t in trials if t.kept), trials[0] if trials else None)


def _frame(
    record: RunRecord, finding: FindingRecord, source: Mapping[int, str], width: int
) -> Iterator[tuple[str, str]]:
    hot = {line.line: line for line in record.profile.lines if line.path == finding.path}
    inside = range(finding.first, finding.last + 1)
    if finding.first not in source:
        for at in [n for n in sorted(hot) if n in inside][:MOST]:
            yield "hot", clip_code(f" > {at:>5}  {hot[at].text}", width)
        return
    last = min(finding.last, finding.first + MOST - 1)
    for at in range(finding.first - AROUND, last + AROUND + 1):
        if at not in source:
            continue
        share = f"{percent(hot[at].own + hot[at].library):>6} " if at in hot and at in inside else " " * 7
        mark = ">" if at in inside else " "
        yield (
            ("hot" if at in inside else "code"),
            clip_code(f" {mark} {at:>5} {share} {source[at].rstrip()}", width),
        )
    if last < finding.last:
        yield "dim", clip_code(f"         and {finding.last - last} lines more, to line {finding.last}", width)


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def clip_code(text: str, width: int) -> str:
    """One line of source: its indentation stays, what could drive the terminal does not."""
    text = _printable(text.rstrip().expandtabs(4))
    return text if len(text) <= width else text[: max(width - 3, 1)] + "..."


def _wrapped(style: str, text: str, width: int) -> Iterator[tuple[str, str]]:
    for part in textwrap.wrap(_printable(text), width, initial_indent="   ", subsequent_indent=" " * 10):
        yield style, part


def sources_of(record: RunRecord) -> Mapping[str, Mapping[int, str]]:
    """The files with findings as they are on the disk, where they still are what the run read; else what the record
    itself keeps of them."""
    found: dict[str, Mapping[int, str]] = {}
    for excerpt in record.excerpts:
        kept = dict(enumerate(excerpt.lines, excerpt.first))
        found[excerpt.path] = {**found.get(excerpt.path, {}), **kept}
    for path in {f.path for f in record.findings}:
        try:
            data = (Path(record.target.root) / path).read_bytes()
            text = data.decode("utf-8")
        except (OSError, UnicodeDecodeError, ValueError):
            continue
        known = record.sources.get(path)
        shown = text.splitlines()
        if known:
            fits = hashlib.sha256(data).hexdigest() == known
        else:
            # of a file that was left alone no hash was kept: the hot lines tell
            hot = [line for line in record.profile.lines if line.path == path and line.text]
            fits = bool(hot) and all(
                line.line <= len(shown) and shown[line.line - 1].strip() == line.text.strip() for line in hot
            )
        if fits:
            found[path] = dict(enumerate(shown, 1))
    return found
