"""`make bench`: the original, hasten's and an expert's version of every program, timed against each other.

For each program in `benchmarks/scripts`, hasten rewrites `slow.py` on its own; then the original, what hasten made and
`expert.py` run as whole processes, interleaved in random order: warm (caches filled by a run that does not count) and
cold (bytecode and Numba caches emptied before each run). All outputs must be those of the original (`outputs.py`).

Ratios are old time / new time of medians, with bootstrap intervals (95%). The last line is the geometric mean of
hasten's speed-ups over that of the expert's. hasten may take 10 times the program's run plus 60 s itself.

Exit status: 0; 1 when any version is wrong or failed, hasten's is slower than the original, or hasten took too long.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.prepare import prepare
from benchmarks.runs import LIMIT_S, Copy, Outcome, cases, copy, difference
from benchmarks.stats import Ratio, gmean, median, ratio

ORIGINAL, HASTEN, EXPERT = "original", "hasten", "expert"
RESULTS = Path(__file__).resolve().parent / "results"


@dataclass
class CaseResult:
    """One program: seconds of every run, hasten's own run, and what is wrong (`problems`)."""

    case: str
    data: str
    warm: list[dict[str, float]] = field(default_factory=list)
    cold: list[dict[str, float]] = field(default_factory=list)
    hasten_s: float | None = None  # hasten's own wall-clock seconds
    hasten_status: int | None = None
    changed: list[str] = field(default_factory=list)  # files that hasten changed
    problems: list[str] = field(default_factory=list)

    @property
    def variants(self) -> list[str]:
        return list(self.warm[0]) if self.warm else []

    @property
    def limit_s(self) -> float:
        return 10 * median(self.warm, ORIGINAL) + 60


def improve(case: str, place: Path, result: CaseResult, *, hasten_args: Sequence[str] = ()) -> Copy:
    """Let hasten rewrite the program; the copy that it leads to (the original's where it changed nothing)."""
    project = copy(case, place / "project", "slow.py")
    out = place / "run"
    command = [sys.executable, "-m", "hasten", "run", "slow.py", "--out", str(out), *hasten_args]
    env = os.environ | {"NUMBA_CACHE_DIR": str(place / "hasten-numba")}
    start = time.perf_counter()
    with (place / "hasten.log").open("w") as log:
        try:
            done = subprocess.run(
                command, cwd=project.folder, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                timeout=3 * LIMIT_S, check=False,
            )  # fmt: skip
            result.hasten_status = done.returncode
        except subprocess.TimeoutExpired:
            result.problems.append(f"hasten did not end in {3 * LIMIT_S:.0f} s")
    result.hasten_s = time.perf_counter() - start
    if result.hasten_status:
        last = (place / "hasten.log").read_text(errors="replace").strip().splitlines()[-1:] or [""]
        result.problems.append(f"hasten ended with status {result.hasten_status}: {last[0]}")
    before = {p.relative_to(project.folder).as_posix(): p.read_bytes() for p in project.folder.rglob("*.py")}
    made = out / "optimized"
    if made.is_dir():
        found = {p.relative_to(made).as_posix(): p.read_bytes() for p in made.rglob("*.py")}
        result.changed = sorted(name for name, data in found.items() if before.get(name) != data)
    overlay = made if result.changed else None
    return copy(case, place / HASTEN, "slow.py", overlay=overlay)


def measure(result: CaseResult, copies: dict[str, Copy], *, pairs: int, cold: int, rng: random.Random) -> None:
    """Fill `result` with `pairs` warm and `cold` cold rounds, each variant once a round in a random order.

    A variant that is wrong or fails is reported once and left out from then on. A hasten version with no change is
    the original: it takes the original's time.
    """
    reference = copies[ORIGINAL].run()  # also fills the caches
    if reference.status != 0:
        result.problems.append(f"the original ended with status {reference.status}: {reference.stderr[-200:]}")
        return
    running = dict(copies)
    if HASTEN in running and not result.changed:
        del running[HASTEN]

    def judged(variant: str, outcome: Outcome) -> bool:
        wrong = difference(reference, outcome)
        if wrong is not None:
            result.problems.append(f"{variant} is WRONG: {wrong}")
            running.pop(variant, None)
        return wrong is None

    for variant in [v for v in running if v != ORIGINAL]:
        judged(variant, running[variant].run())
    for rounds, count, is_cold in ((result.warm, pairs, False), (result.cold, cold, True)):
        for _ in range(count):
            order = list(running)
            rng.shuffle(order)
            seconds: dict[str, float] = {}
            for variant in order:
                outcome = running[variant].run(cold=is_cold)
                if judged(variant, outcome):
                    seconds[variant] = outcome.seconds
            if HASTEN in copies and not result.changed and ORIGINAL in seconds:
                seconds[HASTEN] = seconds[ORIGINAL]
            rounds.append({v: seconds[v] for v in (ORIGINAL, HASTEN, EXPERT) if v in seconds})
    for rounds in (result.warm, result.cold):
        whole = set(running) | ({HASTEN} if HASTEN in copies and not result.changed else set())
        rounds[:] = [{v: r[v] for v in r if v in whole} for r in rounds if whole <= r.keys()]
    if result.warm and HASTEN in result.variants:
        gain = ratio(result.warm, ORIGINAL, HASTEN)
        if gain.high < 1:
            result.problems.append(f"hasten's version is SLOWER: {gain}")
    if result.hasten_s is not None and result.warm and result.hasten_s > result.limit_s:
        result.problems.append(f"hasten took {result.hasten_s:.0f} s; its limit here is {result.limit_s:.0f} s")


def bench(case: str, options: argparse.Namespace, rng: random.Random) -> CaseResult:
    result = CaseResult(case, prepare(case))
    with tempfile.TemporaryDirectory(prefix="hasten-bench-") as folder:
        place = Path(folder)
        copies = {ORIGINAL: copy(case, place / ORIGINAL, "slow.py")}
        if not options.no_hasten:
            copies[HASTEN] = improve(case, place, result, hasten_args=options.hasten_arg)
        copies[EXPERT] = copy(case, place / EXPERT, "expert.py")
        measure(result, copies, pairs=options.pairs, cold=options.cold, rng=rng)
        if options.keep and not options.no_hasten:
            keep(place, Path(options.keep) / case)
    return result


def keep(place: Path, target: Path) -> None:
    """Keep hasten's run folder and its log for a look."""
    import shutil

    target.mkdir(parents=True, exist_ok=True)
    for name in ("run", "hasten.log"):
        if (place / name).is_dir():
            shutil.copytree(place / name, target / name, dirs_exist_ok=True)
        elif (place / name).is_file():
            shutil.copyfile(place / name, target / name)


def table(results: Sequence[CaseResult]) -> str:
    """The table that `make bench` prints: one line a program, then geometric means and problems."""
    head = f"{'program':26}{'original':>9}{'hasten':>9}{'expert':>9}  {'original/hasten':22}{'original/expert':22}"
    head += f"{'cold o/h':>9}{'cold o/e':>9}{'hasten took':>13}{'limit':>8}"
    lines = [head, "-" * len(head)]
    for r in results:
        if not r.warm:
            lines.append(f"{r.case:26} not measured")
            continue
        row = f"{r.case:26}"
        for variant in (ORIGINAL, HASTEN, EXPERT):
            row += f"{median(r.warm, variant):>7.2f} s" if variant in r.variants else f"{'-':>9}"
        row += "  "
        for variant in (HASTEN, EXPERT):
            row += f"{ratio(r.warm, ORIGINAL, variant)!s:22}" if variant in r.variants else f"{'-':22}"
        for variant in (HASTEN, EXPERT):
            shown = f"{ratio(r.cold, ORIGINAL, variant).value:.2f}x" if r.cold and variant in r.cold[0] else "-"
            row += f"{shown:>9}"
        row += f"{r.hasten_s:>11.0f} s{r.limit_s:>6.0f} s" if r.hasten_s is not None else f"{'-':>13}{'-':>8}"
        if r.hasten_s is not None and not r.changed:
            row += "  unchanged"
        lines.append(row)
    lines += ["", *means(results)]
    problems = [f"{r.case}: {p}" for r in results for p in r.problems]
    lines += ["", *(problems or ["No version is wrong, and none of hasten's is slower than its original."])]
    return "\n".join(lines)


def means(results: Sequence[CaseResult]) -> list[str]:
    """Lines with the geometric means, warm and cold, over the programs that have both sides."""
    lines = []
    for title in ("warm", "cold"):
        measured = [r.warm if title == "warm" else r.cold for r in results]
        for old, new in ((ORIGINAL, HASTEN), (ORIGINAL, EXPERT), (EXPERT, HASTEN)):
            rounds = [r for r in measured if r and {old, new} <= r[0].keys()]
            if not rounds:
                continue
            value = gmean(rounds, old, new)
            note = "  (goal: 1.5 or more)" if (old, new, title) == (EXPERT, HASTEN, "warm") else ""
            name = f"{old} / {new}" if old == ORIGINAL else "hasten's speed-up / expert's"
            lines.append(f"geometric mean, {title}, {len(rounds)} programs, {name}: {value}{note}")
    return lines


def as_json(results: Sequence[CaseResult]) -> dict[str, Any]:
    def shown(value: Ratio) -> list[float]:
        return [value.value, value.low, value.high]

    rows = []
    for r in results:
        row: dict[str, Any] = dict(vars(r))
        row["speedup"] = {v: shown(ratio(r.warm, ORIGINAL, v)) for v in r.variants if v != ORIGINAL}
        rows.append(row)
    return {
        "schema": 1,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "machine": {"system": platform.platform(), "cores": os.cpu_count(), "load": list(os.getloadavg())},
        "cases": rows,
        "means": means(results),
    }


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--case", action="append", choices=cases(), metavar="NAME", help="only this program (repeatable)")
    made.add_argument("--pairs", type=int, default=5, help="warm rounds (5)")
    made.add_argument("--cold", type=int, default=2, help="cold rounds (2)")
    made.add_argument("--no-hasten", action="store_true", help="only the original against the expert")
    made.add_argument("--hasten-arg", action="append", default=[], metavar="ARG", help="passed on to `hasten run`")
    made.add_argument("--keep", metavar="DIR", help="keep hasten's run folders there, one a program")
    made.add_argument("--json", metavar="FILE", help="write raw seconds and ratios; `auto` names it by date")
    made.add_argument("--seed", type=int, default=0, help="of the random order (0)")
    made.add_argument("--list", action="store_true", help="name the programs and stop")
    return made


def main(argv: Sequence[str] | None = None) -> int:
    options = parser().parse_args(argv)
    if options.list:
        print("\n".join(cases()))
        return 0
    if options.pairs < 1 or options.cold < 0:
        parser().error("--pairs must be at least 1, --cold at least 0")
    rng = random.Random(options.seed)
    results = []
    for case in options.case or cases():
        print(f"{case} ...", end=" ", file=sys.stderr, flush=True)
        results.append(bench(case, options, rng))
        shown = [f"{v} {statistics.median(r[v] for r in results[-1].warm):.2f} s" for v in results[-1].variants]
        print(", ".join([*shown, *results[-1].problems]), file=sys.stderr, flush=True)
        if options.json:
            target = Path(options.json)
            if options.json == "auto":
                target = RESULTS / f"{datetime.now(UTC):%Y-%m-%d}.json"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(
                json.dumps(as_json(results), indent=1) + "\n"
            )  # after each program: a stop keeps the rest
    print(table(results))
    return 1 if any(r.problems for r in results) else 0


if __name__ == "__main__":
    sys.exit(main())
