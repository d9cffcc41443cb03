"""How long `hasten --help` takes, next to an interpreter that does nothing.

    python -m benchmarks.startup [--runs N]

Goal: below 0.25 s. Exit status 1 when the median is above it.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import sysconfig
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.stats import median

GOAL_S = 0.25
HEAVY = ("numba", "pandas", "torch", "scipy", "sklearn", "numpy")


def commands() -> dict[str, list[str]]:
    """What is timed: the installed command where there is one, the module, and a bare interpreter."""
    found = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "python -m hasten": [sys.executable, "-m", "hasten", "--help"],
    }
    script = Path(sysconfig.get_path("scripts")) / "hasten"
    if script.is_file():
        found["hasten"] = [str(script), "--help"]
    return found


def seconds(command: Sequence[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def heavy_modules() -> list[str]:
    """Heavy libraries that `import hasten` loads: there should be none."""
    code = f"import sys, hasten; print(*[m for m in {HEAVY!r} if m in sys.modules])"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=15)
    options = parser.parse_args(argv)
    timed = commands()
    for command in timed.values():
        seconds(command)  # bytecode
    rng = random.Random(0)
    rounds = [{n: seconds(timed[n]) for n in rng.sample(sorted(timed), len(timed))} for _ in range(options.runs)]
    slowest = 0.0
    for name in timed:
        middle = median(rounds, name)
        best, worst = min(r[name] for r in rounds), max(r[name] for r in rounds)
        print(f"{name:20} {middle * 1000:6.0f} ms  [{best * 1000:.0f}, {worst * 1000:.0f}]")
        if "hasten" in name:
            slowest = max(slowest, middle)
    heavy = heavy_modules()
    print(f"goal: below {GOAL_S * 1000:.0f} ms; `import hasten` loads {', '.join(heavy) or 'no heavy library'}")
    return 1 if slowest > GOAL_S or heavy else 0


if __name__ == "__main__":
    sys.exit(main())
