"""A notebook's cells as one script, and the way back.

hasten treats a program as files, so a notebook becomes a script: its code cells one after the other, each behind a line
`# <cell 3>`. Lines of a cell stay as they are. What Python cannot read (`%matplotlib inline`) is replaced between
`# <kept>` and `# </kept>`; what a notebook does by itself (showing a cell's last value) is done by lines of their own
around the cell's. So a change of a cell's own lines can be put back into that cell, whatever else was added, and one
that would move code from cell to cell, or touch what was added, can be told.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

KEPT, KEPT_END = "# <kept>", "# </kept>"
SHOWN, SHOWN_END = "print(repr((  # <shown>", ")))  # </shown>"
ADDED = "  # <added>"
_CELL = re.compile(r"# <cell (\d+)>$")


@dataclass(frozen=True)
class Kept:
    """Lines of the script (without line ends) that stand for lines of the cell."""

    content: tuple[str, ...]
    original: tuple[str, ...]


@dataclass(frozen=True)
class Cell:
    r"""One code cell. `number` counts those that are run, from 1: what `In [n]` is after Run All. `index` is its place
    among all cells, `source` its text with `\n` line ends; `header` is a first line that only the notebook reads."""

    number: int
    index: int
    source: str
    header: str | None = None
    kept: tuple[Kept, ...] = ()
    name: str = ""  # what it is called, when not by its number


@dataclass(frozen=True)
class Layout:
    """How a script is made of cells. `head` is what comes before the first of them."""

    notebook: str  # the notebook's path, relative to the root; empty for a cell of a notebook that runs
    script: str  # the script's
    head: tuple[str, ...]
    cells: tuple[Cell, ...]
    opaque: bool = False  # a magic in it may change any name, so nothing about its names can be proven

    def split(self, text: str) -> dict[int, str]:
        """The cells' sources, by number, of a script made from this one by changes. Raises `ValueError` when one of
        them goes over the edge of a cell, or touches what is not in the notebook."""
        lines = text.split("\n")
        if lines[-1] == "":
            lines.pop()
        starts = [i for i, line in enumerate(lines) if _CELL.match(line)]
        if [lines[i] for i in starts] != [marker(c.number) for c in self.cells]:
            raise ValueError("a change goes over the edge of a cell")
        first = starts[0] if starts else len(lines)
        if tuple(lines[: len(self.head)]) != self.head or first < len(self.head):
            raise ValueError("a change touches what comes before the first cell")
        above = lines[len(self.head) : first]  # what was put before the first cell belongs to its top
        found = {}
        for cell, start, end in zip(self.cells, starts, [*starts[1:], len(lines)], strict=True):
            body = [*above, *lines[start + 1 : end]]
            above = []
            found[cell.number] = _source(cell, body)
        return found

    def places(self, text: str) -> dict[int, tuple[int, int]]:
        """Of every line of the script, as it was made or changed: (number of its cell, line in that cell)."""
        found: dict[int, tuple[int, int]] = {}
        cells = {marker(c.number): c for c in self.cells}
        cell: Cell | None = None
        kept, inside = 0, False
        # what was put before the first cell belongs to its top
        at = 1 + bool(self.cells and self.cells[0].header is not None)
        for number, line in enumerate(text.split("\n"), 1):
            if line in cells:
                at = at if cell is None else 1 + (cells[line].header is not None)
                cell, kept = cells[line], 0
            elif cell is None:
                if number > len(self.head):
                    found[number] = (self.cells[0].number, at)
                    at += 1
            elif line == KEPT:
                inside = True
            elif line == KEPT_END:
                inside = False
                at += len(cell.kept[kept].original)
                kept += 1
            else:
                found[number] = (cell.number, at)
                at += not inside and not _scaffold(line)
        return found


def marker(number: int) -> str:
    return f"# <cell {number}>"


def reserved(line: str) -> bool:
    """Whether a cell's own line would be taken for one of ours."""
    return bool(_CELL.match(line)) or line in (KEPT, KEPT_END) or _scaffold(line)


def _scaffold(line: str) -> bool:
    return line in (SHOWN, SHOWN_END) or line.endswith(ADDED)


def _source(cell: Cell, body: Sequence[str]) -> str:
    out: list[str] = [] if cell.header is None else [cell.header]
    kept = list(cell.kept)
    at, shown = 0, 0
    while at < len(body):
        line = body[at]
        at += 1
        if line == KEPT:
            content = tuple(takewhile(lambda text: text != KEPT_END, body[at:]))
            if not kept or kept[0].content != content:
                raise ValueError("a change touches a line that stands for one of the notebook's own")
            out += kept.pop(0).original
            at += len(content) + 1
        elif line == SHOWN:
            shown += 1
        elif line == SHOWN_END:
            shown -= 1
        elif not line.endswith(ADDED):
            out.append(line)
    if kept or shown:
        raise ValueError("a change removes a line that stands for one of the notebook's own")
    return "\n".join(out)
