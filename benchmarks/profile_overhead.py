"""What hasten's profiler costs a program: profiled and plain runs, interleaved, as whole processes.

    python -m benchmarks.profile_overhead [--case NAME ...] [--pairs N]

Goal: below 10%. Exit status 1 when the mean overhead is above it with certainty (the interval's lower end).
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.prepare import prepare
from benchmarks.runs import Copy, cases, copy
from benchmarks.stats import gmean, median, ratio

PLAIN, PROFILED = "plain", "profiled"
GOAL = 1.10
# one of each kind: element loops in NumPy, dictionaries, pandas rows, methods
DEFAULT = ("image_preprocessing", "recommend_items", "session_features", "neural_net")


def profiled_seconds(made: Copy) -> tuple[float, str]:
    """Wall-clock seconds of the program under the profiler, and the profiler's name with its samples."""
    from hasten.observe.profiler import profiled_run

    run = profiled_run([sys.executable, made.script], cwd=made.folder, env=_environment(made), root=made.folder)
    if run.status != 0:
        raise RuntimeError(f"{made.script} ended with status {run.status} under the profiler: {run.note}")
    return run.profile.wall_s, f"{run.profile.profiler}, {run.profile.samples} samples"


def plain_seconds(made: Copy) -> float:
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, made.script],
        cwd=made.folder,
        env=_environment(made),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    return time.perf_counter() - start


def _environment(made: Copy) -> dict[str, str]:
    return os.environ | {"NUMBA_CACHE_DIR": str(made.folder / "numba-cache")}


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", action="append", choices=cases(), metavar="NAME")
    parser.add_argument("--pairs", type=int, default=5)
    options = parser.parse_args(argv)
    rng = random.Random(0)
    measured = []
    print(f"{'program':24}{'plain':>9}{'profiled':>10}  profiled/plain")
    for case in options.case or DEFAULT:
        prepare(case)
        with tempfile.TemporaryDirectory(prefix="hasten-bench-") as folder:
            made = copy(case, Path(folder) / case, "slow.py")
            made.run()
            rounds, seen = [], ""
            for _ in range(options.pairs):
                seconds = {}
                for kind in rng.sample((PLAIN, PROFILED), 2):
                    if kind == PLAIN:
                        seconds[PLAIN] = plain_seconds(made)
                    else:
                        seconds[PROFILED], seen = profiled_seconds(made)
                rounds.append(seconds)
        measured.append(rounds)
        row = f"{case:24}{median(rounds, PLAIN):>7.2f} s{median(rounds, PROFILED):>8.2f} s"
        print(f"{row}  {ratio(rounds, PROFILED, PLAIN)}  ({seen})", flush=True)
    whole = gmean(measured, PROFILED, PLAIN)
    print(f"geometric mean of profiled/plain: {whole} (goal: at most {GOAL:.2f}x)")
    return 1 if whole.low > GOAL else 0


if __name__ == "__main__":
    sys.exit(main())
