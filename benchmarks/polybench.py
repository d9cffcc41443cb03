"""PolyBench/Python's list kernels: `python -m benchmarks.polybench --suite DIR`.

DIR is a checkout of the suite (github.com/UDC-GAC/polybench-python; nothing of it is committed here); the environment
variable POLYBENCH names it as well. Of each of the 30 kernels the plain list version runs, as its authors wrote it:

- *original*;
- *hasten*: a small program around the kernel goes through hasten's own engine (recorded, proposed, replayed on
  recorded and varied inputs, run whole); the change with the largest gain that was shown equal is taken;
- *blind*: what a user gets who puts `@njit` on the method after lifting `self.x` to arguments, with nested lists
  turned into arrays before the call and written back after it.

The three are called in turn in one process, each time on fresh data, and timed by the CPU seconds of their thread;
conversions count. A version is valid when everything that its arguments hold afterwards is what the original left:
types exactly, ints exactly, floats to 1e-9. Exit status: 1 when hasten's version of any kernel is invalid.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.stats import gmean
from hasten.core.contract import Contract
from hasten.core.facts import Facts
from hasten.core.recipe import Recipe
from hasten.core.source import SourceFile
from hasten.core.workload import Entry, ScriptWorkload
from hasten.kernel.regions import find_regions
from hasten.observe.session import session
from hasten.passes.registry import all_passes
from hasten.passes.source.jit import Jit
from hasten.search.choose import Judged, choose
from hasten.search.runs import Program

CHILD = Path(__file__).with_name("polybench_child.py")
CLASS = "_StrategyList"
RUN_S = 1.5  # about how long the kernel runs in the program that hasten looks at
LIMIT_S = 600.0
STUBS = {"pypapi": "events = papi_high = None\n", "inlineasm": "def assemble(*args):\n    return None\n"}

DRIVER = '''"""{name} over lists; prints sums of what it leaves."""

import sys

from benchmarks import {module} as kernel
from benchmarks.polybench_classes import DataSetSize, PolyBenchOptions, PolyBenchSpecFile


def total(value):
    return sum(map(total, value)) if isinstance(value, list) else value


def main(times):
    spec = [s for s in PolyBenchSpecFile("polybench.spec").specs if s.Name == "{name}"][0]
    options = PolyBenchOptions()
    options.POLYBENCH_DATASET_SIZE = DataSetSize.{size}
    bench = kernel.{owner}(options, spec)
    bench.time_kernel = bench.kernel
    for _ in range(times):
        outputs = bench.run_benchmark()
    print([(name, total(value)) for name, value in outputs])


main({times})
'''


@dataclass
class Result:
    """One kernel: CPU seconds of every round by version, and what is wrong with a version (empty: it is valid)."""

    kernel: str
    rounds: list[dict[str, float]] = field(default_factory=list)
    wrong: dict[str, str] = field(default_factory=dict)
    bitwise: dict[str, bool] = field(default_factory=dict)
    note: str = ""
    took_s: float = 0.0

    def gain(self, version: str) -> float | None:
        if not self.rounds or version not in self.rounds[0] or version in self.wrong:
            return None
        old, new = (statistics.median(r[v] for r in self.rounds) for v in ("original", version))
        return old / new


def kernels(suite: Path) -> dict[str, Path]:
    """The suite's kernels by name, and the file of each."""
    names = [line.split("\t")[0] for line in (suite / "polybench.spec").read_text().splitlines()[1:] if line.strip()]
    files = {p.stem.lstrip("_").replace("_", "-"): p for p in (suite / "benchmarks").rglob("*.py")}
    return {name: files[name] for name in names if name in files}


def project(suite: Path, name: str, file: Path, size: str, folder: Path) -> dict[str, str]:
    """A small program around one kernel in `folder`. Gives what its driver needs to know."""
    inside = file.relative_to(suite)
    for part in (inside, Path("benchmarks/polybench.py"), Path("benchmarks/polybench_classes.py")):
        target = folder / part
        target.parent.mkdir(parents=True, exist_ok=True)
        text = (suite / part).read_text(encoding="utf-8")
        # NumPy 2 has no public `numpy.core` any more
        target.write_text(text.replace("from numpy.core.multiarray import", "from numpy import"), encoding="utf-8")
    for package in {p for p in inside.parents if p != Path(".")}:
        (folder / package / "__init__.py").touch()
    shutil.copyfile(suite / "polybench.spec", folder / "polybench.spec")
    for module, text in STUBS.items():
        (folder / f"{module}.py").write_text(text)
    (folder / "pyproject.toml").write_text("[project]\nname = 'kernel'\nversion = '0'\n")
    dotted = ".".join(inside.with_suffix("").parts)
    owner = next(
        line.split()[1].split("(")[0] for line in file.read_text(encoding="utf-8").splitlines()
        if line.startswith("class ") and "(PolyBench)" in line
    )  # fmt: skip
    package, _, module = dotted.rpartition(".")
    values = {"name": name, "module": module, "owner": owner, "size": size, "dotted": dotted, "package": package}
    (folder / "main.py").write_text(driver(values, 1))
    return values


def driver(values: dict[str, str], times: int) -> str:
    text = DRIVER.format(**values, times=times)
    return text.replace("from benchmarks import", f"from {values['package']} import", 1)


def improved(folder: Path, inside: str, result: Result) -> SourceFile | None:
    """The kernel's file as hasten's engine changes it; None when nothing was shown equal and faster."""
    work = ScriptWorkload(folder, Entry("script", "main.py"), "main.py")
    with session() as current:
        program = Program(current, work, Contract())
        try:
            base = program.observe()
            profile = program.profile(work)
            regions = [r for r in find_regions(work, profile) if r.path == inside and f"{CLASS}.kernel" in r.qualname]
            facts = Facts(profile, program.record(work, regions))
            program.prepare_replay(work)
            judged, reasons, seen = [], [], set()
            for region in regions:
                for found in all_passes():
                    for finding in found.find(work, region, facts):
                        for change in found.propose(work, finding, facts):
                            key = tuple(sorted(change.edits))
                            if key in seen or not facts.of(change.region.id).recorded:
                                continue
                            seen.add(key)
                            if any(change.region.within(j.change.region) for j in judged):
                                continue  # what is inside has nothing left to win
                            outcome = program.replay(work, change, facts.of(change.region.id), 240.0)
                            saves = base.wall_s * region.share * (1 - 1 / max(outcome.ratio, 1e-9))
                            if outcome.status == "equal" and outcome.ratio > 1.05:
                                judged.append(Judged(change, saves, outcome.ratio))
                            else:
                                reasons.append(f"{change.title}: {outcome.status} {outcome.reason}")
            kept = choose(judged, {}, min_saving_s=0.0)
            if not kept:
                refused = [f"{r.id}: {facts.of(r.id).why_not or Jit().explain(work, r, facts)}" for r in regions]
                result.note = "; ".join(reasons or refused)[:600] or "the kernel is not hot"
                return None
            candidate = Recipe(tuple(j.change for j in kept)).apply(work)
            wrong = program.check(candidate)
            if wrong is not None:
                result.wrong["hasten"] = f"whole run differs: {wrong}"
            return candidate.source(inside)
        finally:
            program.close()


def measured(folder: Path, values: dict[str, str], rounds: int, patched: SourceFile | None, result: Result) -> None:
    """Times all versions in a process of their own."""
    spec: dict[str, Any] = {**values, "class": CLASS, "rounds": rounds, "seed": random.randrange(2**32), "patched": ""}
    if patched is not None:
        stem = f"{values['module']}_hasten"
        target = folder / patched.path
        target.with_name(f"{stem}.py").write_bytes(patched.data)
        spec["patched"] = f"{values['package']}.{stem}"
    (folder / "spec.json").write_text(json.dumps(spec))
    env = os.environ | {"NUMBA_CACHE_DIR": str(folder / "numba-cache"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, str(CHILD), str(folder / "spec.json")], cwd=folder, env=env, capture_output=True, text=True,
        timeout=LIMIT_S, check=False,
    )  # fmt: skip
    if done.returncode:
        result.note = (done.stderr.strip().splitlines() or ["the timing process failed"])[-1][:300]
        return
    told = json.loads((folder / "result.json").read_text())
    result.rounds = told["rounds"]
    result.wrong |= told["wrong"]
    result.bitwise = told["bitwise"]


def times_of(folder: Path, values: dict[str, str]) -> int:
    """How often the driver runs the kernel, so that it is hot."""
    env = os.environ | {"PYTHONPATH": ""}
    seconds = []
    for times in (1, 11):
        (folder / "main.py").write_text(driver(values, times))
        before = os.times()
        subprocess.run(
            [sys.executable, "main.py"], cwd=folder, env=env, check=True, capture_output=True, timeout=LIMIT_S
        )
        seconds.append(os.times().children_user - before.children_user)
    return max(2, min(1000, int(10 * RUN_S / max(seconds[1] - seconds[0], 0.01))))


def bench(suite: Path, name: str, file: Path, options: argparse.Namespace) -> Result:
    result = Result(name)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="hasten-polybench-") as place:
        folder = Path(place) / "project"
        values = project(suite, name, file, options.size, folder)
        (folder / "main.py").write_text(driver(values, times_of(folder, values)))
        patched = None
        if not options.no_hasten:
            patched = improved(folder, file.relative_to(suite).as_posix(), result)
            if patched is not None and options.keep:
                target = Path(options.keep)
                target.mkdir(parents=True, exist_ok=True)
                (target / f"{name}.py").write_bytes(patched.data)
        measured(folder, values, options.rounds, patched, result)
    result.took_s = time.perf_counter() - started
    return result


def table(results: Sequence[Result]) -> str:
    """One line a kernel, then geometric means."""
    head = f"{'kernel':16}{'original':>12}{'hasten':>10}{'blind njit':>12}  "
    lines = [head, "-" * len(head)]
    for r in results:
        row = f"{r.kernel:16}"
        row += f"{statistics.median(x['original'] for x in r.rounds) * 1e3:>9.2f} ms" if r.rounds else f"{'-':>12}"
        for version, width in (("hasten", 10), ("blind", 12)):
            gain = r.gain(version)
            shown = "-" if gain is None else f"{gain:.1f}x"
            row += f"{'INVALID' if version in r.wrong else shown:>{width}}"
        notes = [f"{v}: {w}" for v, w in r.wrong.items()]
        notes += [f"{v}: last bits differ" for v, same in r.bitwise.items() if not same and v not in r.wrong]
        lines.append(row + "  " + "; ".join([*notes, *([r.note] if r.note else [])]))
    lines.append("")
    for version in ("hasten", "blind"):
        valid = [r for r in results if r.gain(version) is not None]
        if not valid:
            continue
        mean = gmean([r.rounds for r in valid], "original", version)
        logs = [r.gain(version) or 1.0 for r in results]
        whole = statistics.geometric_mean(logs)
        lines.append(
            f"{version}: {len(valid)} of {len(results)} valid; geometric mean of these {mean},"
            f" of all (an invalid one counts as 1) {whole:.1f}x"
        )
    return "\n".join(lines)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m benchmarks.polybench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--suite", default=os.environ.get("POLYBENCH"), help="the suite's folder (or POLYBENCH)")
    made.add_argument("--kernels", help="only these, by name: gemm,atax")
    made.add_argument("--size", default="SMALL", choices=["MINI", "SMALL", "MEDIUM", "LARGE", "EXTRA_LARGE"])
    made.add_argument("--rounds", type=int, default=7, help="how often each version is timed (7)")
    made.add_argument("--no-hasten", action="store_true", help="only the original and the blind version")
    made.add_argument("--keep", metavar="DIR", help="keep hasten's version of each file there")
    made.add_argument("--json", metavar="FILE", help="write the seconds of every round")
    return made


def main(argv: Sequence[str] | None = None) -> int:
    options = parser().parse_args(argv)
    suite = Path(options.suite or ".")
    if not (suite / "polybench.spec").is_file():
        parser().error(f"{suite} is no checkout of PolyBench/Python: name its folder with --suite")
    found = kernels(suite)
    wanted = options.kernels.split(",") if options.kernels else list(found)
    unknown = [w for w in wanted if w not in found]
    if unknown:
        parser().error(f"no kernel {', '.join(unknown)}; there are {', '.join(found)}")
    results = []
    for name in wanted:
        result = Result(name)
        with contextlib.suppress(subprocess.TimeoutExpired):
            result = bench(suite, name, found[name], options)
        results.append(result)
        gains = ", ".join(f"{v} {g:.1f}x" for v in ("hasten", "blind") if (g := result.gain(v)) is not None)
        print(f"{name}: {gains or 'nothing valid'} ({result.took_s:.0f} s) {result.note}", file=sys.stderr, flush=True)
        if options.json:
            Path(options.json).write_text(json.dumps([vars(r) for r in results], indent=1) + "\n")
    print(table(results))
    return 1 if any("hasten" in r.wrong for r in results) else 0


if __name__ == "__main__":
    sys.exit(main())
