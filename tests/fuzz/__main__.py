"""`python -m tests.fuzz FAMILY... --cases N --seed S`: many generated programs, original against optimised.

Goes on after a failure; prints each one shrunk, then the counts. Exit status 1 when there were any.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings

from tests.fuzz.families import FAMILIES, Count, round_of

ROUND = 100  # programs to a seed: after a failure the rest of its round is lost


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    families = [name for name in FAMILIES if not name.startswith("HST")]  # those hold what single passes have
    parser.add_argument("families", nargs="*", default=families, help="or codes of passes (HST101)")
    parser.add_argument("--cases", type=int, default=500, help="programs of each family (compiled: a tenth of them)")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    if unknown := sorted(set(args.families) - set(FAMILIES)):
        parser.error(f"there is no family {unknown[0]}; there are {', '.join(FAMILIES)}")
    warnings.simplefilter("ignore")
    found = 0
    for name in args.families:
        family = FAMILIES[name]
        count = Count()
        cases = max(args.cases // 10, 1) if name == "compiled" else args.cases
        began = time.process_time()
        for number in range((cases + ROUND - 1) // ROUND):
            size = min(ROUND, cases - number * ROUND)
            try:
                round_of(family, size, args.seed + number, count)
            except AssertionError as failure:
                found += 1
                print(f"=== {name}, seed {args.seed + number}\n{failure}\n", flush=True)
        print("\n".join(count.lines(name)), f"  {time.process_time() - began:.0f} s of CPU", sep="\n", flush=True)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
