"""A patch as hunks of numbered lines, each with the kept changes that wrote it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from hasten.core.record import OriginRecord, RunRecord, TrialRecord

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@(.*)", re.DOTALL)
_OCTAL = re.compile(r'\\([0-7]{3}|[abtnvfr"\\])')
_LETTERS = {"a": 7, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13, '"': 34, "\\": 92}
MOVED = -1
LARGE = 60  # lines of a hunk from which it is folded
MOST = 2000  # lines of a patch that are shown; the rest is in the file beside the page


@dataclass(frozen=True)
class Tag:
    """A change that wrote lines of a hunk: pass, what it did, why that was slow."""

    code: str
    title: str
    why: str = ""


@dataclass(frozen=True)
class DiffLine:
    """`kind` is "add", "del", "note" or ""; `tag` is the number of the change among the hunk's tags, from 1."""

    kind: str
    old: int | None
    new: int | None
    text: str
    tag: int = 0


@dataclass(frozen=True)
class Hunk:
    """`lines` are those that are shown, `left` the number of those that are not."""

    head: str
    lines: tuple[DiffLine, ...]
    tags: tuple[Tag, ...]
    added: int = 0
    removed: int = 0
    left: int = 0

    @property
    def large(self) -> bool:
        return len(self.lines) > LARGE


@dataclass(frozen=True)
class FileDiff:
    path: str
    made: bool
    hunks: tuple[Hunk, ...]


AHEAD = Tag("moved", "kernels in a file of their own", "so that they can be compiled ahead of time")


def diff_of(record: RunRecord, text: str) -> tuple[FileDiff, ...]:
    """The files of a patch. What cannot be read as a patch is left out: the patch itself lies beside the page."""
    tags = _tags(record)
    owners = _owners(record)
    files: list[FileDiff] = []
    path, made, hunks = "", False, list[Hunk]()
    lines = iter(text.split("\n"))
    room = MOST
    for line in lines:
        if line.startswith("diff --git "):
            if hunks:
                files.append(FileDiff(path, made, tuple(hunks)))
            path, made, hunks = "", False, []
        elif line.startswith("--- "):
            made = line[4:].startswith("/dev/null")
        elif line.startswith("+++ "):
            path = _name(line[4:]).removeprefix("b/")
        elif found := _HUNK.match(line):
            hunk = _hunk(path, line, found, lines, owners, tags)
            shown = hunk.lines[: max(room, 0)]
            room -= len(hunk.lines)
            hunks.append(replace(hunk, lines=shown, left=len(hunk.lines) - len(shown)))
    if hunks:
        files.append(FileDiff(path, made, tuple(hunks)))
    return tuple(files)


def _name(text: str) -> str:
    """A file's name as git writes it."""
    text = text.removesuffix("\t")
    if not (text.startswith('"') and text.endswith('"') and len(text) > 1):
        return text
    raw = bytearray()
    at = 1
    while at < len(text) - 1:
        found = _OCTAL.match(text, at)
        if found:
            raw.append(_LETTERS[found[1]] if found[1] in _LETTERS else int(found[1], 8))
            at = found.end()
        else:
            raw += text[at].encode("utf-8", "surrogateescape")
            at += 1
    return raw.decode("utf-8", "replace")


def _hunk(
    path: str, head: str, found: re.Match[str], rest: Iterator[str], owners: dict[tuple[str, str, int], int],
    tags: dict[int, Tag],
) -> Hunk:  # fmt: skip
    old, new = int(found[1]), int(found[3])
    olds, news = (int(n) if n is not None else 1 for n in (found[2], found[4]))
    lines: list[DiffLine] = []
    used: list[int] = []

    def tag(side: str, number: int) -> int:
        owner = owners.get((path, side, number))
        if owner is None or owner not in tags:
            return 0
        if owner not in used:
            used.append(owner)
        return used.index(owner) + 1

    while olds > 0 or news > 0:
        line = next(rest, None)
        if line is None:
            break
        mark, text = line[:1], line[1:].rstrip("\r")
        if mark == "+":
            lines.append(DiffLine("add", None, new, text, tag("new", new)))
            new, news = new + 1, news - 1
        elif mark == "-":
            lines.append(DiffLine("del", old, None, text, tag("old", old)))
            old, olds = old + 1, olds - 1
        elif mark == "\\":
            lines.append(DiffLine("note", None, None, text.strip()))
        else:
            lines.append(DiffLine("", old, new, text))
            old, new, olds, news = old + 1, new + 1, olds - 1, news - 1
    added, removed = (sum(x.kind == kind for x in lines) for kind in ("add", "del"))
    return Hunk(head.rstrip("\r"), tuple(lines), tuple(tags[n] for n in used), added, removed)


def _tags(record: RunRecord) -> dict[int, Tag]:
    """Of each kept change, by its place; and of what moved."""
    out = {MOVED: AHEAD}
    for place, change in enumerate(record.kept.changes):
        trial = next((t for t in record.trials if t.place == place), None) or _alike(record, change.code, change.title)
        title = change.title.removeprefix(change.code).lstrip(" :")
        out[place] = Tag(change.code, title, (trial.why if trial else "") or _finding(record, change.code, trial))
    return out


def _alike(record: RunRecord, code: str, title: str) -> TrialRecord | None:
    return next((t for t in record.trials if t.kept and (t.code, t.title) == (code, title)), None)


def _finding(record: RunRecord, code: str, trial: TrialRecord | None) -> str:
    """Why a place is slow, from the findings: of the same pass, where lines are common."""
    if trial is None:
        return ""
    for f in record.findings:
        if (f.code, f.path) == (code, trial.path) and f.first <= trial.last and trial.first <= f.last:
            return f.reason
    return ""


def _owners(record: RunRecord) -> dict[tuple[str, str, int], int]:
    """(path, side, line) to the place of the change. Records without origins tell it by their edits, as far as these
    are in the coordinates of the original."""
    origins = record.origins
    if not origins:
        origins = tuple(
            OriginRecord(e.path, "old", e.first, e.last, place)
            for place, change in enumerate(record.kept.changes)
            for e in change.edits
            if not e.inserts
        )
    return {(o.path, o.side, n): o.change for o in origins for n in range(o.first, o.last + 1)}
