"""Register pairs of chest X-rays that were taken with different settings.

The moving image is rotated and shifted until it shares the most information with the fixed one: first on a coarse grid
of angles and shifts, then on finer and finer grids around the best place.  The made-up truth is known, so the error is.
"""

import itertools
import json
from pathlib import Path

import numpy as np
from metrics import correlation, mutual_information
from warp import Transform, difference, warp

HERE = Path(__file__).resolve().parent

COARSE_ANGLES = np.arange(-12.0, 12.1, 4.0)
COARSE_SHIFTS = np.arange(-6.0, 6.1, 2.0)
LEVELS = [(2.0, 1.0), (1.0, 0.5), (0.5, 0.25)]  # step of the angle, step of the shift


def load_pairs():
    with np.load(HERE / "data" / "scans.npz") as data:
        fixed, moving, truth = data["fixed"], data["moving"], data["truth"]
    for f, m, t in zip(fixed, moving, truth):
        yield f.astype(float), m.astype(float), Transform(*[float(v) for v in t])


def evaluate(fixed, moving, transform):
    moved, mask = warp(moving, transform)
    return mutual_information(fixed, moved, mask)


def coarse_search(fixed, moving):
    best_value, best = -np.inf, None
    for angle, dy, dx in itertools.product(COARSE_ANGLES, COARSE_SHIFTS, COARSE_SHIFTS):
        candidate = Transform(angle, dy, dx)
        value = evaluate(fixed, moving, candidate)
        if value > best_value:
            best_value, best = value, candidate
    return best_value, best


def refine(fixed, moving, value, best):
    """Look around the best transform with smaller and smaller steps until nothing gets better."""
    evaluations = 0
    for angle_step, shift_step in LEVELS:
        improved = True
        while improved:
            improved = False
            centre = best
            for a, y, x in itertools.product((-1, 0, 1), repeat=3):
                if a == y == x == 0:
                    continue
                candidate = Transform(
                    centre.angle + a * angle_step, centre.dy + y * shift_step, centre.dx + x * shift_step
                )
                new_value = evaluate(fixed, moving, candidate)
                evaluations += 1
                if new_value > value:
                    value, best, improved = new_value, candidate, True
    return value, best, evaluations


def register(fixed, moving):
    value, best = coarse_search(fixed, moving)
    return refine(fixed, moving, value, best)


def main():
    results = []
    print("pair   angle     dy     dx   MI before  after   correlation  angle error  shift error")
    for number, (fixed, moving, truth) in enumerate(load_pairs(), start=1):
        identity = Transform(0, 0, 0)
        before = evaluate(fixed, moving, identity)
        value, found, evaluations = register(fixed, moving)
        moved, mask = warp(moving, found)
        angle_error, shift_error = difference(found, truth)
        results.append(
            {
                "pair": number,
                "found": [found.angle, found.dy, found.dx],
                "mutual_information": round(float(value), 5),
                "evaluations": evaluations,
                "angle_error": round(angle_error, 3),
                "shift_error": round(shift_error, 3),
            }
        )
        print(
            f"{number:4d} {found.angle:7.1f} {found.dy:6.2f} {found.dx:6.2f} {before:9.4f} {value:9.4f} "
            f"{correlation(fixed, moved, mask):10.4f} {angle_error:11.2f} {shift_error:12.3f}"
        )

    angle_errors = [r["angle_error"] for r in results]
    shift_errors = [r["shift_error"] for r in results]
    good = [r for r in results if r["angle_error"] <= 1 and r["shift_error"] <= 1]
    print(f"\nmedian error: {np.median(angle_errors):.3f} degrees, {np.median(shift_errors):.3f} pixels")
    print(f"{len(good)} of {len(results)} pairs within one degree and one pixel")
    print(f"{np.mean([r['evaluations'] for r in results]):.1f} evaluations a pair on the fine grids")
    out = HERE / "out"
    out.mkdir(exist_ok=True)
    with open(out / "registration.json", "w") as f:
        json.dump(results, f, indent=2)


if __name__ == "__main__":
    main()
