"""How often hasten's measuring is wrong, and what it finds, on real runs: `make bench-measure`.

Each decision takes fresh pairs of processes in random order until the rule has decided: about the same code twice, and
about true gains of 2x, 10% and 5% (real extra work). Goes round all cells, so that the table fills evenly; what is
decided is kept in the results file at once, and `--more` goes on with it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.measure.cells import BUSY, FOUND, MACHINES, MAX_PAIRS, QUIET, Cell, Row, Runner, decide, neighbour
from benchmarks.measure.table import keys, markdown
from benchmarks.measure.workloads import WORKLOADS
from hasten.core.contract import Contract
from hasten.measure.compare import timing_lock
from hasten.observe.machine import machine

RESULTS = Path(__file__).parents[1] / "results"
DOCS = Path(__file__).parents[2] / "docs" / "trust.md"
BEGIN, END = "<!-- measuring: made by `python -m benchmarks.measure --show --docs` -->", "<!-- measuring ends -->"
CALM = 0.5  # load a core, above which a machine is not quiet
SECONDS = {"numpy": 5.0, "pandas": 9.0, "torch": 7.0, "program": 6.0}  # of one decision, before it is known here


def read(path: Path) -> tuple[dict[str, Any], dict[str, Cell]]:
    """What is there: head and cells."""
    if not path.exists():
        return {}, {}
    data = json.loads(path.read_text(encoding="utf-8"))
    cells = {key: Cell.of(key) for key in data["cells"]}
    for key, rows in data["cells"].items():
        cells[key].rows = [Row.of(r) for r in rows]
    return data, cells


def write(path: Path, data: dict[str, Any], cells: dict[str, Cell]) -> None:
    lines = ",\n".join(
        f" {json.dumps(key)}: [\n" + ",\n".join(f"  {json.dumps(r.plain())}" for r in cell.rows) + "\n ]"
        for key, cell in cells.items() if cell.rows
    )  # fmt: skip
    head = json.dumps({k: v for k, v in data.items() if k != "cells"}, indent=1)
    part = path.with_suffix(".part")
    part.write_text(f'{head[:-2]},\n "cells": {{\n{lines}\n}}\n}}\n', encoding="utf-8")
    os.replace(part, path)


def wanted(cell: Cell, options: argparse.Namespace) -> int:
    return int(options.decisions if cell.gain == 1 else options.power)


def left_s(cells: Sequence[Cell], options: argparse.Namespace) -> float:
    """Seconds that are still to go, by what decisions took so far."""
    total = 0.0
    for cell in cells:
        alike = [r.seconds for c in cells if c.workload == cell.workload and c.machine == cell.machine for r in c.rows]
        guess = SECONDS[cell.workload] * (1 if cell.machine == QUIET else 3)
        own = [r.seconds for r in cell.rows]
        each = sum(own) / len(own) if len(own) > 2 else sum(alike) / len(alike) if alike else guess
        total += each * max(0, wanted(cell, options) - len(cell.rows))
    return total


def run(path: Path, options: argparse.Namespace) -> None:
    """Go round the cells until all is decided or time is up."""
    data, known = read(path) if options.more else ({}, {})
    if data and data.get("alpha") != Contract().alpha:
        raise SystemExit(f"{path}: decided by another rule; leave out --more to begin anew")
    count = options.neighbours
    state = f"{count} program{'s' * (count > 1)} that compute{'s' * (count == 1)} all the time"
    data = {
        "schema": 2, "alpha": Contract().alpha,
        "started": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine(),
        "max_pairs": MAX_PAIRS, "fresh": options.fresh, "busy": state,
        "all turns": options.all_turns, **data,
    }  # fmt: skip
    cells = [known.setdefault(key, Cell.of(key)) for key in keys(options.workloads, options.machines)]
    cells = [c for c in cells if c.gain in options.gains]
    end = time.monotonic() + 3600 * options.hours
    say(f"about {left_s(cells, options) / 60:.0f} minutes for all; at most {60 * options.hours:.0f} now")
    with ExitStack() as stack:
        runner = stack.enter_context(Runner(len(known), fresh=options.fresh, turns=options.all_turns))
        if options.machines == [FOUND]:
            stack.enter_context(timing_lock(path.with_suffix(".lock")))  # others that time are part of what is found
        for name in options.machines:
            here = [c for c in cells if c.machine == name]
            with ExitStack() as beside:
                if name == BUSY:
                    beside.enter_context(neighbour(options.neighbours))
                elif name == QUIET and os.getloadavg()[0] > CALM * (os.cpu_count() or 1):
                    say(f"warning: load {os.getloadavg()[0]:.1f}; this is no quiet machine: end other programs")
                while time.monotonic() < end:
                    todo = [c for c in here if len(c.rows) < wanted(c, options)]
                    if not todo:
                        break
                    cell = min(todo, key=lambda c: len(c.rows) / wanted(c, options))
                    with timing_lock():
                        row = decide(
                            runner.pair(cell), f"{cell.key} {len(cell.rows)} {options.seed}",
                            wall=len(cell.rows) % options.wall == 0,
                        )  # fmt: skip
                    cell.rows.append(row)
                    write(path, data, known)
                    done = " ".join(f"{m} {row.decided[m]} {row.ratio[m]:.3f} in {row.pairs[m]}," for m in row.pairs)
                    say(
                        f"{cell.key:18} {len(cell.rows)}/{wanted(cell, options)}: {done} {row.seconds:.1f} s; "
                        f"load {row.load:.1f}; {left_s(cells, options) / 60:.0f} minutes left"
                    )
    path.with_suffix(".lock").unlink(missing_ok=True)


def say(text: str) -> None:
    sys.stderr.write(text + "\n")


def into(docs: Path, text: str) -> None:
    """Put the tables between the two marks."""
    old = docs.read_text(encoding="utf-8")
    before, begin, rest = old.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise SystemExit(f"{docs}: has not the lines {BEGIN!r} and {END!r} between which the tables belong")
    docs.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{after}", encoding="utf-8")


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--decisions", type=int, default=200, help="of the same code twice, each cell (default: 200)")
    parser.add_argument("--power", type=int, default=50, help="of each true gain (default: 50)")
    parser.add_argument("--hours", type=float, default=24.0, help="stop after so long (default: 24)")
    parser.add_argument("--more", action="store_true", help="go on with the newest results file")
    parser.add_argument("--show", action="store_true", help="run nothing, print the table of the newest results file")
    parser.add_argument("--docs", action="store_true", help="also put the table into docs/trust.md")
    parser.add_argument("--json", type=Path, help="results file (default: benchmarks/results/measure-DATE.json)")
    parser.add_argument("--machines", nargs="+", choices=list(MACHINES), default=[QUIET, BUSY])
    parser.add_argument("--workloads", nargs="+", choices=list(WORKLOADS), default=list(WORKLOADS))
    parser.add_argument("--gains", nargs="+", type=float, default=[1.0, 1.05, 1.1, 2.0])
    said = "programs that compute all the time, where busy (default: 1)"
    parser.add_argument("--neighbours", type=int, default=1, help=said)
    parser.add_argument("--fresh", action="store_true", help="a new interpreter for every process (far slower)")
    parser.add_argument("--all-turns", action="store_true", help="as many turns a pair as hasten takes (slower)")
    said = "go on by wall time alone in one decision of so many, to its own end (default: 8)"
    parser.add_argument("--wall", type=int, default=8, metavar="N", help=said)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(argv)
    newest = sorted(RESULTS.glob("measure-*.json"))[-1:]
    fresh_name = RESULTS / f"measure-{datetime.now(UTC):%Y-%m-%d}.json"
    path = options.json or (newest[0] if newest and (options.more or options.show) else fresh_name)
    if not options.show:
        try:
            run(path, options)
        except KeyboardInterrupt:
            say("stopped; --more goes on")
    data, cells = read(path)
    if not data:
        raise SystemExit(f"{path}: no results yet; run without --show")
    text = markdown(data, [cells[k] for k in keys(list(WORKLOADS), list(MACHINES)) if k in cells])
    sys.stdout.write(text)
    if options.docs:
        into(DOCS, text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
