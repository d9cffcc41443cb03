"""Which change wrote which line of the kept program, and which took lines of the original away. Pure.

Changes are line edits of the program as it was when they were proposed. They are made again, round by round, and every
line remembers who wrote it and who took it out: so the patch can say of each hunk whose it is, and the program can be
written without one of its changes. What no change made (kernels that moved to a file of their own) is found by
comparing texts.
"""

from __future__ import annotations

import ast
import io
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import groupby
from typing import TypeAlias

from hasten.core.recipe import Change
from hasten.core.record import OriginRecord
from hasten.core.source import Edit, parsed
from hasten.core.workload import ScriptWorkload

MOVED = -1
MOST = 4000  # lines that are compared with all care

Placed: TypeAlias = Sequence[tuple[int, Change]]  # changes with their places among all that were kept


@dataclass
class _Line:
    """A line: the changes that wrote it (none: it is the original's line `number`), and the one that took it out.

    `support`: part of a definition or an import, which does nothing by itself."""

    text: str
    by: tuple[int, ...] = ()
    number: int = 0
    gone: int | None = None
    support: bool = False


@dataclass
class Lineage:
    """Every line that a file has or had, in order, of each file that was changed."""

    files: dict[str, list[_Line]] = field(default_factory=dict)
    made: set[str] = field(default_factory=set)  # files that the original has not

    def told(self) -> tuple[OriginRecord, ...]:
        """Neighbouring lines of one change as one record, by file."""
        out: list[OriginRecord] = []
        for path, lines in sorted(self.files.items()):
            taken = ((x.number, x.gone) for x in lines if not x.by and x.gone is not None)
            live = (x for x in lines if x.gone is None)
            written = ((n, x.by[0]) for n, x in enumerate(live, 1) if x.by)
            for side, marked in (("old", taken), ("new", written)):
                for (change, _), group in groupby(enumerate(marked), key=lambda at: (at[1][1], at[1][0] - at[0])):
                    found = [number for _, (number, _) in group]
                    out.append(OriginRecord(path, side, found[0], found[-1], change))
        return tuple(out)

    def without(self, work: ScriptWorkload, changes: Collection[int], *, support: bool = True) -> ScriptWorkload:
        """`work` as it would be without these changes; their definitions and imports stay when not `support`. Files
        that are new stay: nothing of them is used any more.

        Whether it still works, a run has to show: changes may build on each other."""
        files = {}
        for path, lines in self.files.items():
            if path in self.made or not any(set(changes).intersection((*x.by, x.gone)) for x in lines):
                continue
            text = "".join(x.text for x in lines if _stays(x, changes, support))
            files[path] = work.source(path).with_text(text)
        return work.with_sources(files)


def _stays(line: _Line, changes: Collection[int], support: bool) -> bool:
    if line.by and all(change in changes for change in line.by) and (support or not line.support):
        return False
    return line.gone is None or line.gone in changes


def lineage(
    work: ScriptWorkload, rounds: Iterable[Placed], moved: ScriptWorkload, last: Placed, kept: ScriptWorkload
) -> Lineage:
    """Of the lines of `kept`: `rounds` are the changes of each round, `moved` is what became of the program after them
    (with kernels in a file of their own), `last` are changes of that."""
    out = Lineage()
    for changes in rounds:
        _make(out, work, changes)
    _match(out, work, moved)
    _make(out, moved, last)
    _match(out, work, kept)
    return out


def _texts(work: ScriptWorkload, path: str) -> list[str] | None:
    """The lines of a file, each with its end; None where there is no such file, or no text."""
    try:
        lines = list(work.source(path).lines)
    except (OSError, KeyError, ValueError, SyntaxError):
        return None
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    return lines


def _split(text: str) -> list[str]:
    return io.StringIO(text, newline="\n").readlines()


def _of(out: Lineage, work: ScriptWorkload, path: str) -> list[_Line]:
    if path not in out.files:
        lines = _texts(work, path)
        if lines is None:
            out.made.add(path)
        out.files[path] = [_Line(text, (), n) for n, text in enumerate(lines or [], 1)]
    return out.files[path]


def _make(out: Lineage, work: ScriptWorkload, changes: Placed) -> None:
    """The changes of one round, made in the lines as they are by now."""
    owners: dict[Edit, tuple[int, ...]] = {}
    for place, change in changes:
        for edit in change.edits:
            owners[edit] = (*owners.get(edit, ()), place)  # what several insert alike is made once
    for path in dict.fromkeys(e.path for e in owners):
        lines = _of(out, work, path)
        places = [i for i, line in enumerate(lines) if line.gone is None]  # of the lines that edits count
        ends = [*places, len(lines)]
        made: list[_Line] = []
        at = 0
        for edit in sorted((e for e in owners if e.path == path), key=lambda e: (e.first, not e.inserts)):
            first = ends[min(edit.first - 1, len(places))]
            after = first if edit.inserts else ends[min(edit.last, len(places))]
            made += lines[at:first]
            support = _is_support(edit)
            new = [_Line(text, owners[edit], support=support) for text in _split(edit.text)]
            made += _replaced(lines[first:after], new, owners[edit][0])
            at = max(at, after)
        out.files[path] = made + lines[at:]


def _is_support(edit: Edit) -> bool:
    if not edit.inserts:
        return False
    try:
        body = parsed(edit.text).body
    except (SyntaxError, ValueError):
        return False  # within a block
    return all(isinstance(n, (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)) for n in body)


def _replaced(old: Sequence[_Line], new: Sequence[_Line], taker: int = MOVED) -> list[_Line]:
    """Lines that become `new`; those that stay as they are keep who wrote them. What nothing takes the place of,
    `taker` took; what went before stays where it was."""
    live, before, dead = [], [], []
    for line in old:
        if line.gone is not None:
            dead.append(line)
            continue
        live.append(line)
        before.append(dead)
        dead = []
    made: list[_Line] = []
    junk = len(live) > MOST  # of long texts, lines that are frequent are no hold
    matcher = SequenceMatcher(None, [x.text for x in live], [x.text for x in new], junk)
    for word, a, b, c, d in matcher.get_opcodes():
        for line, gone in zip(live[a:b], before[a:b], strict=True):
            made += [*gone, line]
            if word != "equal":
                line.gone = next((x.by[0] for x in new[c:d] if x.by[0] != MOVED), taker)
        if word != "equal":
            made += new[c:d]
    return [*made, *dead]


def _match(out: Lineage, work: ScriptWorkload, after: ScriptWorkload) -> None:
    """The lines as they are by now become those of `after`; one that went elsewhere keeps who wrote it."""
    wrote = {line.text.strip(): line for lines in out.files.values() for line in lines if line.by and line.text.strip()}
    for path, source in after.changed.items():
        new = None if b"\0" in source.data else _texts(after, path)
        if new is None:
            continue
        old = _of(out, work, path)
        if [x.text for x in old if x.gone is None] != new:
            known = [(text, wrote.get(text.strip())) for text in new]
            made = [_Line(t, (MOVED,)) if k is None else _Line(t, k.by, support=k.support) for t, k in known]
            out.files[path] = _replaced(old, made)
