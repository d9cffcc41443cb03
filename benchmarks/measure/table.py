"""The results as Markdown."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

from benchmarks.measure.cells import GAINS, MACHINES, Cell, Row
from benchmarks.measure.naive import NAIVE
from benchmarks.measure.workloads import WORKLOADS
from hasten.measure.decide import FASTER, NOT_FASTER


def share(rows: Sequence[Row], holds: Callable[[Row], bool]) -> str:
    """`1.0% (2 of 200)`."""
    count = sum(holds(r) for r in rows)
    return f"{100 * count / len(rows):.1f}% ({count} of {len(rows)})" if rows else "not run"


def at_most(count: int, of: int, confidence: float = 0.95) -> float:
    """The largest rate under which so few are seen in one of twenty cases (Clopper and Pearson, one-sided)."""
    low, high = 0.0, 1.0
    if count >= of:
        return 1.0
    for _ in range(60):
        rate = (low + high) / 2
        seen = math.fsum(math.comb(of, i) * rate**i * (1 - rate) ** (of - i) for i in range(count + 1))
        low, high = (rate, high) if seen > 1 - confidence else (low, rate)
    return high


def markdown(data: dict[str, Any], cells: Sequence[Cell]) -> str:
    """Two tables, of equal programs and of true gains; what they were measured on, and how."""
    same, gains = [c for c in cells if c.gain == 1 and c.rows], [c for c in cells if c.gain != 1 and c.rows]
    out = ["The same code twice, and how often it is called at least 3% faster:", ""]
    out += _table(
        ["workload", "machine", "load", "hasten", "by wall time alone", *NAIVE.values()], (_false(c) for c in same)
    )
    rows = [r for c in same for r in c.rows]
    if rows:
        wrong = sum(r.decided["auto"] == FASTER for r in rows)
        out += ["", f"All of these: {wrong} false claims of hasten in {len(rows)} decisions, so at most "
                f"{100 * at_most(wrong, len(rows)):.2g}% (95% confidence)."]  # fmt: skip
    out += ["", "True gains, made by real extra work on one side: how many are found, in how many pairs (median):", ""]
    each = ("pairs", "called wrong")
    head = ["workload", "machine", "more work", "gain seen", "hasten", *each, "by wall time alone", *each]
    out += _table(head, (_power(c) for c in gains))
    out += ["", told(data, cells)]
    return "\n".join(out) + "\n"


def _table(head: Sequence[str], rows: Any) -> list[str]:
    ruled = [":---" if i < 2 else "---:" for i in range(len(head))]
    return [f"| {' | '.join(cells)} |" for cells in (head, ruled, *rows)]


def _false(cell: Cell) -> list[str]:
    rows = cell.rows
    ours = [share([r for r in rows if m in r.decided], lambda r, m=m: r.decided[m] == FASTER) for m in ("auto", "wall")]  # type: ignore[misc]
    theirs = [f"{100 * sum(r.naive[n] for r in rows) / len(rows):.0f}%" for n in NAIVE]
    return [
        WORKLOADS[cell.workload].title,
        MACHINES[cell.machine],
        f"{median(r.load for r in rows):.1f}",
        *ours,
        *theirs,
    ]


def _power(cell: Cell) -> list[str]:
    seen = f"{median(r.ratio['auto'] for r in cell.rows):.3g}x"
    out = [WORKLOADS[cell.workload].title, MACHINES[cell.machine], f"{cell.gain:g}x", seen]
    for metric in ("auto", "wall"):
        rows = [r for r in cell.rows if metric in r.decided]
        found = [r.pairs[metric] for r in rows if r.decided[metric] == FASTER]
        wrong = sum(r.decided[metric] == NOT_FASTER for r in rows)
        share_found = f"{100 * len(found) / len(rows):.0f}% of {len(rows)}" if rows else "not run"
        out += [share_found, f"{median(found):g}" if found else "-"]
        out += [f"{wrong}"]
    return out


def told(data: dict[str, Any], cells: Sequence[Cell]) -> str:
    """One paragraph: machine, dates, hours, how processes were made."""
    machine = data["machine"]
    hours = sum(r.seconds for c in cells for r in c.rows) / 3600
    decisions = sum(len(c.rows) for c in cells)
    packages = machine.get("packages", {})
    versions = ", ".join(f"{n} {packages[n]}" for n in ("numpy", "pandas", "torch") if n in packages)
    made = "a new interpreter for every process" if data.get("fresh") else (
        "processes are forks of six interpreters that have imported the library, each with its own hash seed and "
        "memory layout, replaced after 150 forks"
    )  # fmt: skip
    wall = sorted({c.workload for c in cells for r in c.rows if r.metric == "wall"})
    by_wall = f" (in some decisions of {', '.join(wall)}: wall time)" if wall else ""
    turns = "" if data.get("all turns") else (
        f" Turns of a pair: {', '.join(f'{w.turns} of {n}' for n, w in WORKLOADS.items() if w.turns)} (hasten itself "
        "takes 7 to 41, so that its pairs are less noisy than these)."
    )  # fmt: skip
    return (
        f"{decisions} decisions in {hours:.1f} hours; {machine.get('cpu')}, {machine.get('cores')} cores"
        f"{', virtual' if machine.get('virtual') else ''}, {machine.get('python')}, {versions}. One thread. "
        f"hasten's own choice of metric was CPU time{by_wall}; of the program whole runs are timed, of "
        f"the others calls inside pairs of processes: {made}.{turns} At most {data['max_pairs']} pairs; "
        "given up, undecided, where ten or more show no sign of a gain. "
        "By wall time alone every eighth decision went on to its own end. "
        f"Busy neighbour: {data['busy']}. "
        "Gain seen: the median of what decisions measured; what processes do apart from the work dilutes it. What is "
        "found is called at least 3% faster; called wrong is a true gain that is called none. Naive ways see "
        "the calls of one process, then those of another (of whole runs, five and then five)."
    )


def keys(workloads: Sequence[str], machines: Sequence[str]) -> list[str]:
    return [Cell(w, m, g).key for g in GAINS for m in machines for w in workloads]
