"""What a reader should know before believing a number, and what to do about it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from statistics import median
from typing import Any

from hasten.core.model_record import ModelRunRecord
from hasten.core.record import RunRecord

NOISE = 0.05  # relative difference of equal runs
STEAL = 0.02  # share of time that a hypervisor gave to others

SLOWER = 1.05  # a first run that takes so many times as long as the original's
COMPILES = "keep __pycache__, where they are cached; or give a larger --budget, or --no-compiled"

ONE = "one sample each"
QUIET = "end other programs, or use a quieter machine, and run again"

# what notes say, and the next thing to do
_KNOWN: tuple[tuple[str, str], ...] = (
    (r"^noisy: ", QUIET),
    (r"^stopped after \d+ pairs", "give a larger --budget: more pairs narrow the interval"),
    (r"the budget ended", "give a larger --budget"),
    (r"^waited \d+ s for another hasten", "let one hasten run at a time"),
    (r"does not run with moved clocks", "fix its seed and its dates, so that runs can be told apart"),
    (r"takes no PYTHONPATH", "run it with an interpreter without -I or -E, or look at the files that it writes"),
    (r"uses the network", "give it recorded answers, if what it fetches changes"),
    (r"outside the project folder", "let it write inside the project folder, to keep its files as it leaves them"),
    (r"^the first run compiles its kernels", COMPILES),
    (r"kernels are compiled as the program runs", "the first run after a change compiles; later ones read the cache"),
)  # fmt: skip


def _made_up(record: RunRecord) -> str:
    """After how many later runs a slow first one has paid."""
    cold, told = record.cold, record.comparison
    if cold is None or told is None or not told.old or not told.new:
        return ""
    saved_s = median(r.wall_s for r in told.old) - median(r.wall_s for r in told.new)
    if saved_s <= 0:
        return ""
    runs = math.ceil((cold.new_s - cold.old_s) / saved_s)
    return f", which {runs} later run{'s make' if runs > 1 else ' makes'} up for"


def warnings(record: RunRecord) -> tuple[tuple[str, str], ...]:
    """(warning, remedy) of a run over a program."""
    out = []
    cold = record.cold
    if cold is not None and record.changed and cold.new_s > SLOWER * cold.old_s:
        slower = f"the first run takes {cold.new_s:.1f} s, {cold.new_s / cold.old_s:.2f}x as long as the original"
        numba = any("numba" in change.needs for change in record.kept.changes)
        compiles = numba and not any(path.endswith((".so", ".pyd")) for path in record.changed)
        why, remedy = (f"its kernels are compiled then{_made_up(record)}", COMPILES) if compiles else (ONE, QUIET)
        out.append((f"{slower}: {why}", remedy))
    out += _machine(record.machine)
    if record.baseline.noise > NOISE:
        out.append((f"two equal runs of the original differed by {record.baseline.noise:.1%}", QUIET))
    if record.baseline.unrepeatable:
        what = ", ".join(record.baseline.unrepeatable)
        out.append((f"differs from run to run, so it was not compared: {what}", "fix its seed, or leave out the time"))
    said = list(record.notes)
    if record.comparison is not None:
        said += record.comparison.notes
        layout = record.comparison.conditions.get("memory layout", "")
        if "ASLR is off" in layout:
            out.append((f"memory layout: {layout}", "sudo sysctl kernel.randomize_va_space=2"))
    out += _known(said)
    if record.status == "interrupted":
        out.append(("the run was interrupted: this is the best so far", f"run again: {record.command}"))
    return tuple(dict.fromkeys(out))


def model_warnings(record: ModelRunRecord) -> tuple[tuple[str, str], ...]:
    """(warning, remedy) of a run over a model."""
    out = [*_machine(record.machine), *_known(record.notes)]
    if record.artifact is not None and record.certified is None:
        out.append((
            "nothing was certified on data that the search never saw",
            "give such data: --test DATA, or more rows of --data",
        ))  # fmt: skip
    if record.status == "interrupted":
        out.append(("the run was interrupted: this is the best so far", f"run again: {record.command}"))
    return tuple(dict.fromkeys(out))


def plain_notes(notes: Iterable[str]) -> tuple[str, ...]:
    """Notes that ask for nothing."""
    return tuple(n for n in notes if not any(re.search(pattern, n) for pattern, _ in _KNOWN))


def _known(notes: Iterable[str]) -> list[tuple[str, str]]:
    return [(n, remedy) for n in notes for pattern, remedy in _KNOWN if re.search(pattern, n)]


def _machine(machine: Mapping[str, Any]) -> list[tuple[str, str]]:
    out = []
    load, cores = machine.get("load"), machine.get("cores")
    if isinstance(load, (list, tuple)) and load and isinstance(cores, int) and _number(load[0]) > cores:
        out.append((f"the machine was busy: load {_number(load[0]):.1f} on {cores} cores", QUIET))
    steal = _number(machine.get("steal_share"))
    if steal > STEAL:
        out.append((f"the hypervisor gave {steal:.1%} of the time to others", "use a machine of your own to time"))
    if machine.get("governor") in ("powersave", "ondemand", "conservative"):
        out.append((
            f"the processor changes its frequency (governor {machine['governor']})",
            "sudo cpupower frequency-set -g performance",
        ))  # fmt: skip
    return out


def _number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0
