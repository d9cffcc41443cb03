"""What runs, with its inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from hasten.core.cells import Layout
from hasten.core.source import SourceFile


@dataclass(frozen=True)
class Entry:
    """How Python is started: a script's path relative to the root, or a module's dotted name (`-m`)."""

    kind: str  # "script" | "module"
    name: str

    @property
    def command(self) -> tuple[str, ...]:
        """Arguments after the interpreter, given that the current folder is the workload's `cwd`."""
        return ("-m", self.name) if self.kind == "module" else (self.name,)


@dataclass(frozen=True)
class ScriptWorkload:
    """A Python program with its arguments and standard input.

    `root` is the project folder that is mirrored for every run; `cwd` and `entry_path` are relative to it.
    `changed` holds the files that a candidate replaces: the original workload has none. `made` are files that lie
    beside the user's in every run, and belong to the original too. `focus`, when
    set, limits what may be changed to one function, as `path::qualname`.
    """

    root: Path
    entry: Entry
    entry_path: str
    argv: tuple[str, ...] = ()
    stdin: bytes | None = None
    cwd: str = "."
    python: str = ""
    focus: str | None = None
    changed: Mapping[str, SourceFile] = field(default_factory=dict)
    made: Mapping[str, SourceFile] = field(default_factory=dict)  # files that are not on the disk: a notebook's script
    cells: Layout | None = None  # of a notebook: how that script is made of cells
    # files as they were read first: parsed once, and a file that changes meanwhile does not mix two states
    _read: dict[str, SourceFile] = field(default_factory=dict, compare=False, repr=False)

    def source(self, path: str) -> SourceFile:
        """The file at `path` (relative to the root) as this workload would run it. Raises `OSError`."""
        if path in self.changed:
            return self.changed[path]
        if path in self.made:
            return self.made[path]
        if path not in self._read:
            self._read[path] = SourceFile(path, (self.root / path).read_bytes())
        return self._read[path]

    def keeps_cells(self, changed: Mapping[str, SourceFile]) -> bool:
        """Whether changed files can be put back into the notebook that the program was made from."""
        if self.cells is None:
            return True
        for path in self.made.keys() & changed.keys():
            if path != self.cells.script or self.cells.opaque:
                return False
            try:
                self.cells.split(changed[path].text)
            except ValueError:
                return False
        return True

    def with_sources(self, files: Mapping[str, SourceFile]) -> ScriptWorkload:
        """A candidate: this workload with `files` in place of what was there. The old one stays intact."""
        return replace(self, changed={**self.changed, **files})
