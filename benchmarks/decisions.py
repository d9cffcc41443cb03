"""How often the decision rule is wrong, and how many pairs it takes: `python -m benchmarks.decisions`.

Simulated noise (calm, loaded, heavy-tailed, bursts, a machine with two speeds, a machine that drifts) and, with
`--record N`, noise of this machine as it is now: N runs of one and the same short program, whose stretches are then
replayed with the labels drawn anew. A claim about identical programs, or programs exactly at the threshold, is false.
"""

from __future__ import annotations

import argparse
import math
import random
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence

from hasten.core.contract import Contract
from hasten.measure.compare import MAX_PAIRS, MIN_PAIRS
from hasten.measure.decide import FASTER, UNDECIDED, Evidence
from hasten.observe.process import run_program

Noise = Callable[[random.Random], Iterator[tuple[float, float]]]  # log times of two runs of equal programs
GAINS = (1.05, 1.1, 1.2, 1.5, 2.0)
GOAL = 0.01  # false claims, whatever the noise
PROGRAM = "total = 0\nfor i in range(1_500_000):\n    total += i * i % 7\n"


def normal(sd: float, drift: float = 0.0) -> Noise:
    def draw(rng: random.Random) -> Iterator[tuple[float, float]]:
        while True:
            both = rng.gauss(0, drift)
            yield both + rng.gauss(0, sd), both + rng.gauss(0, sd)

    return draw


def heavy(scale: float) -> Noise:
    def one(rng: random.Random) -> float:
        return max(-3.0, min(3.0, scale * math.tan(math.pi * (rng.random() - 0.5))))

    def draw(rng: random.Random) -> Iterator[tuple[float, float]]:
        while True:
            yield one(rng), one(rng)

    return draw


def bursts(sd: float, chance: float, size: float) -> Noise:
    def one(rng: random.Random) -> float:
        return rng.gauss(0, sd) + (size if rng.random() < chance else 0.0)

    def draw(rng: random.Random) -> Iterator[tuple[float, float]]:
        while True:
            yield one(rng), one(rng)

    return draw


def recorded(times: Sequence[float]) -> Noise:
    """Stretches of a recording, each pair two runs that followed each other."""

    def draw(rng: random.Random) -> Iterator[tuple[float, float]]:
        while True:
            at = rng.randrange(len(times) - 1)
            for i in range(at, len(times) - 1, 2):
                yield math.log(times[i]), math.log(times[i + 1])

    return draw


SIMULATED = {
    "calm, 1%": normal(0.01),
    "busy, 5%": normal(0.05),
    "loaded, 30%": normal(0.30),
    "heavy tails": heavy(0.03),
    "bursts of 2x": bursts(0.01, 0.3, 0.7),
    "two speeds": bursts(0.01, 0.5, 0.6),
    "drifting": normal(0.03, drift=0.3),
}


def decision(noise: Noise, gain: float, rng: random.Random, contract: Contract) -> tuple[str, int]:
    """What is decided, after how many pairs: as `hasten.measure.compare.measure` does it."""
    evidence = Evidence(contract.min_gain, contract.alpha)
    for first, second in noise(rng):
        old, new = (first, second) if rng.random() < 0.5 else (second, first)
        evidence = evidence.after(math.exp(old), math.exp(new) / gain)
        enough = evidence.pairs >= MIN_PAIRS and evidence.decided != UNDECIDED
        if enough or evidence.hopeless or evidence.pairs == MAX_PAIRS:
            break
    return evidence.decided, evidence.pairs


def record(count: int) -> tuple[list[float], list[float]]:
    """(wall, CPU) seconds of `count` runs of one program."""
    runs = [run_program([sys.executable, "-S", "-c", PROGRAM], cwd="/").sample for _ in range(count)]
    return [r.wall_s for r in runs], [r.cpu_s for r in runs]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=2000, help="decisions for each figure (default: 2000)")
    parser.add_argument("--record", type=int, default=0, metavar="N", help="also record N runs on this machine")
    options = parser.parse_args()
    noises = dict(SIMULATED)
    if options.record:
        for metric, times in zip(("wall", "CPU"), record(max(options.record, 10)), strict=True):
            spread = statistics.stdev(map(math.log, times))
            noises[f"this machine, {metric} ({spread:.0%})"] = recorded(times)
    contract = Contract()
    sys.stdout.write(
        f"false claims of {contract.min_gain - 1:.0%} faster (nominal rate {100 * contract.alpha:g}%), and power "
        f"@ median pairs, {options.trials} decisions each, {MAX_PAIRS} pairs at most\n"
    )
    sys.stdout.write(f"{'noise':28}{'equal':>8}{'at 3%':>8}" + "".join(f"{f'{g}x':>12}" for g in GAINS) + "\n")
    worst = 0.0
    for name, noise in noises.items():
        cells = []
        for gain in (1.0, contract.min_gain, *GAINS):
            rng = random.Random(f"{name} {gain}")
            found = [decision(noise, gain, rng, contract) for _ in range(options.trials)]
            pairs = [n for decided, n in found if decided == FASTER]
            rate = len(pairs) / options.trials
            if gain in GAINS:
                cells.append(f"{rate:.0%} @{statistics.median(pairs):.0f}".rjust(12) if pairs else "0%".rjust(12))
            else:
                cells.append(f"{rate:.1%}".rjust(8))
                worst = max(worst, rate)
        sys.stdout.write(f"{name:28}{''.join(cells)}\n")
    return int(worst > GOAL + 2 * math.sqrt(GOAL / options.trials))


if __name__ == "__main__":
    sys.exit(main())
