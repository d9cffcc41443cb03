"""A notebook as a target: the workload that it becomes, and how what was found goes back into its cells."""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hasten.api.target import find_function_in, project_root
from hasten.api.target import workload as program
from hasten.core.cells import Layout, reserved
from hasten.core.record import Excerpt, OriginRecord, ProfileRecord, RunRecord, TrialRecord
from hasten.core.source import SourceFile
from hasten.core.workload import Entry, ScriptWorkload
from hasten.errors import UsageError


def is_notebook(target: object) -> bool:
    return isinstance(target, str) and target.partition("::")[0].endswith(".ipynb")


def workload(
    target: str, args: Sequence[str] = (), *, stdin: bytes | None = None, here: Path, python: str = ""
) -> tuple[ScriptWorkload, tuple[str, ...]]:
    """The workload of a notebook, or of one function in it, and notes about it. It starts in the notebook's folder.

    Raises `UsageError` when there is no such file, `TargetError` for a notebook that cannot run as one program.
    """
    from hasten.observe.notebook import HELPER, make, read

    name, _, function = target.partition("::")
    path = here / name
    if not path.is_file():
        raise UsageError(f"{name}: no such file; notebooks here: {_some(path.parent)}")
    path = Path(path.parent.resolve()) / path.name
    notebook = read(path)
    root, _ = project_root([path], path.parent)
    relative = path.relative_to(root).as_posix()
    script = f"{relative}.py"
    while (root / script).exists():
        script = script.removesuffix(".py") + "_.py"
    made = make(notebook, relative, script)
    files = {script: SourceFile(script, made.text.encode())}
    if made.helped:
        helper = (path.parent / f"{HELPER}.py").relative_to(root).as_posix()
        shim = Path(sys.modules["hasten"].__file__ or "").parent / "observe" / "cells_shim.py"
        files[helper] = SourceFile(helper, shim.read_bytes())
    focus = None
    if function:
        focus = f"{script}::{find_function_in(files[script], name, function.replace('::', '.'))}"
    work = ScriptWorkload(
        root=root,
        entry=Entry("script", path.name + script.removeprefix(relative)),
        entry_path=script,
        argv=tuple(args),
        stdin=stdin,
        cwd=path.parent.relative_to(root).as_posix(),
        python=python or sys.executable,
        focus=focus,
        made=files,
        cells=made.layout,
        _read={relative: SourceFile(relative, notebook.data)},
    )
    return work, made.notes


def opened(
    target: str,
    args: Sequence[str] = (),
    *,
    stdin: bytes | None = None,
    calls: str | None = None,
    here: Path,
) -> tuple[ScriptWorkload, tuple[str, ...]]:
    """What the target is, a notebook or any other program, and notes about it."""
    if not is_notebook(target):
        return program(target, args, stdin=stdin, calls=calls, cwd=here), ()
    if calls is not None:
        raise UsageError("--calls goes with a function of a script; a notebook's own cells make the calls")
    return workload(target, args, stdin=stdin, here=here)


def moved(work: ScriptWorkload, root: Path) -> ScriptWorkload:
    """The same program, seen from a project folder above its own."""

    def under(path: str) -> str:
        return (work.root / path).relative_to(root).as_posix()

    made = {under(path): SourceFile(under(path), source.data) for path, source in work.made.items()}
    cells = work.cells
    if cells is not None:
        cells = replace(cells, script=under(cells.script), notebook=under(cells.notebook) if cells.notebook else "")
    return replace(
        work, root=root, entry_path=under(work.entry_path), cwd=under(work.cwd), made=made, cells=cells, _read={}
    )


def _some(folder: Path) -> str:
    try:
        found = sorted(p.name for p in folder.iterdir() if p.suffix == ".ipynb")
    except OSError:
        found = []
    return ", ".join(found[:5]) or "none"


def delivered(
    record: RunRecord, work: ScriptWorkload, kept: ScriptWorkload
) -> tuple[RunRecord, dict[str, SourceFile], dict[str, SourceFile], str]:
    """The record, the original files, the changed ones and a diff to read, of a run over a notebook.

    The notebook stands for the script; places in the script become places in cells.
    """
    from hasten.deliver.notebook import rewritten

    layout = work.cells
    assert layout is not None
    script, path = layout.script, layout.notebook
    changed = dict(record.changed)
    original = {p: work.source(p) for p in record.sources if p != script}
    new = {p: kept.source(p) for p in changed if p != script}
    sources = {p: s for p, s in record.sources.items() if p != script}
    diff = ""
    if script in changed and not path:  # of a notebook that runs: there is no file to put it into
        cells = layout.split(kept.source(script).text)
        original[script], new[script] = work.source(script), kept.source(script)
        sources[script] = record.sources[script]
        diff = _diff(layout, cells)
    elif script in changed:
        del changed[script]
        before = work.source(path)  # as it was when the run began
        cells = layout.split(kept.source(script).text)
        other = {c.index: cells[c.number] for c in layout.cells if cells[c.number] != c.source}
        after = SourceFile(path, rewritten(before.data, other))
        original[path], new[path] = before, after
        sources[path] = before.sha256
        changed[path] = hashlib.sha256(after.data).hexdigest()
        diff = _diff(layout, cells)
    old_map = _Map(layout, work.made[script].text)
    new_map = _Map(layout, kept.source(script).text)
    record = replace(
        record,
        sources=sources,
        changed=changed,
        profile=old_map.profile(record.profile),
        after=None if record.after is None else new_map.profile(record.after),
        findings=tuple(old_map(f) for f in record.findings),
        # later rounds count the lines of what the rounds before them left
        trials=tuple(old_map.trial(t) if t.round == 1 else t for t in record.trials),
        excerpts=tuple(part for e in record.excerpts for part in old_map.excerpt(e)),
        origins=tuple(part for o in record.origins for part in (new_map if o.side == "new" else old_map).origin(o)),
    )
    return record, original, new, diff


def _diff(layout: Layout, cells: Mapping[int, str]) -> str:
    """What changes, cell by cell."""
    from hasten.deliver.patch import file_patch

    return "".join(
        file_patch(
            cell_path(layout, c.number), f"{c.source}\n".encode(), f"{cells[c.number]}\n".encode()
        ).decode("utf-8", "replace")
        for c in layout.cells
        if cells[c.number] != c.source
    )  # fmt: skip


def cell_path(layout: Layout, number: int) -> str:
    """How a cell is named where a path is expected."""
    name = next((c.name for c in layout.cells if c.number == number), "")
    return name or f"{layout.notebook}[{number}]"


class _Map:
    """From places in a script to places in cells."""

    def __init__(self, layout: Layout, text: str) -> None:
        self.layout, self.lines, self.places = layout, text.split("\n"), layout.places(text)

    def at(self, path: str, line: int) -> tuple[str, int]:
        if path != self.layout.script or line not in self.places:
            return path, line
        number, line = self.places[line]
        return cell_path(self.layout, number), line

    def __call__(self, item: Any) -> Any:
        """A record with `path` and `line` (or `first`, `last`)."""
        if item.path != self.layout.script:
            return item
        line = getattr(item, "line", None) or item.first
        if getattr(item, "qualname", None) == "<module>" or line not in self.places:
            return replace(item, path=self.layout.notebook or self.layout.script)
        path, at = self.at(item.path, line)
        names = [name for name in ("line", "first", "last") if hasattr(item, name)]
        return replace(item, path=path, **{name: max(1, getattr(item, name) - line + at) for name in names})

    def profile(self, found: ProfileRecord) -> ProfileRecord:
        frames = []
        for frame in found.frames:
            path, function, line = frame.rsplit(":", 2)
            path, at = self.at(path, int(line))
            frames.append(f"{path}:{function}:{at}")
        return replace(
            found,
            functions=tuple(self(f) for f in found.functions),
            lines=tuple(self(h) for h in found.lines),
            frames=tuple(frames),
        )

    def trial(self, trial: TrialRecord) -> TrialRecord:
        moved: TrialRecord = self(trial)
        line = re.match(r"line (\d+):", trial.title)
        if line is None or moved is trial:
            return moved
        return replace(moved, title=f"line {self.at(trial.path, int(line[1]))[1]}{trial.title[line.end() - 1 :]}")

    def runs(self, path: str, first: int, last: int) -> list[tuple[str, int, list[int]]]:
        """(path, first line there, lines of the script) of each stretch of lines that is in one cell."""
        found: list[tuple[str, int, list[int]]] = []
        for line in range(first, last + 1):
            if path == self.layout.script and (line not in self.places or reserved(self.lines[line - 1])):
                continue
            place, at = self.at(path, line)
            if found and found[-1][0] == place and found[-1][1] + len(found[-1][2]) == at:
                found[-1][2].append(line)
            else:
                found.append((place, at, [line]))
        return found

    def excerpt(self, part: Excerpt) -> list[Excerpt]:
        stretches = self.runs(part.path, part.first, part.first + len(part.lines) - 1)
        return [Excerpt(path, at, tuple(part.lines[n - part.first] for n in lines)) for path, at, lines in stretches]

    def origin(self, part: OriginRecord) -> list[OriginRecord]:
        stretches = self.runs(part.path, part.first, part.last)
        return [replace(part, path=path, first=at, last=at + len(lines) - 1) for path, at, lines in stretches]


def placed_profile(result: Any, work: ScriptWorkload) -> Any:
    """A `ProfileResult` with places in cells."""
    from hasten.report.hotspots import CONTEXT

    layout = work.cells
    if layout is None:
        return result
    placed = _Map(layout, work.made[layout.script].text)
    places, key = placed.places, placed.at
    spots = []
    for spot in result.hotspots:
        moved = placed(spot)
        text = tuple(spot.text)
        if moved.path != spot.path and spot.line in places:
            number, at = places[spot.line]
            mine = next(c.source for c in layout.cells if c.number == number).split("\n")
            around = range(max(1, at - CONTEXT), min(len(mine), at + CONTEXT) + 1)
            text = tuple((n, mine[n - 1]) for n in around if mine[n - 1].strip() or n == at)
        spots.append(replace(moved, text=text))
    profile = replace(
        result.profile,
        lines={key(*place): time for place, time in result.profile.lines.items()},
        functions=tuple(placed(f) for f in result.profile.functions),
        memory={key(*place): mb for place, mb in result.profile.memory.items()},
    )
    return replace(result, hotspots=tuple(spots), profile=profile)


_AT = re.compile(r'File "[^"]*?(?P<script>[^"/\\]+\.ipynb_*\.py)", line (?P<line>\d+)')


def in_cells(message: str, work: ScriptWorkload) -> str:
    """A message about the script, with the place in the notebook added."""
    layout = work.cells
    if layout is None:
        return message
    places = layout.places(work.made[layout.script].text)
    mine = layout.script.rpartition("/")[2]
    found = [
        places[int(m["line"])] for m in _AT.finditer(message) if m["script"] == mine and int(m["line"]) in places
    ]  # fmt: skip
    if not found:
        return message
    number, line = found[-1]
    return f"{message}\n    (In [{number}], line {line})"
