"""Numba: one pass a candidate that resamples, bins and sums up the entropies; the coarse grid turns once an angle.

The coordinates and the bilinear sums are computed as in slow.py, so that every pixel falls into the same bin.
"""

import itertools
import json
import math
from pathlib import Path

import numpy as np
from numba import njit

HERE = Path(__file__).resolve().parent
COARSE_ANGLES = np.arange(-12.0, 13.0, 4.0)
COARSE_SHIFTS = np.arange(-6.0, 7.0, 2.0)
LEVELS = [(2.0, 1.0), (1.0, 0.5), (0.5, 0.25)]
BINS = 16


@njit(cache=True)
def entropy(counts, total):
    value = 0.0
    for c in counts.flat:
        if c > 0:
            value -= c / total * math.log2(c / total)
    return value


@njit(cache=True)
def information(joint):
    total = joint.sum()
    return entropy(joint.sum(axis=1), total) + entropy(joint.sum(axis=0), total) - entropy(joint, total)


@njit(cache=True)
def sample(moving, cos, sin, y, x):
    """Bilinear value at the place that (y, x), seen from the centre, comes from; -1 outside of the image."""
    height, width = moving.shape
    cy, cx = (height - 1) / 2, (width - 1) / 2
    y, x = cos * y - sin * x + cy, sin * y + cos * x + cx
    if not (0 <= y <= height - 1 and 0 <= x <= width - 1):
        return -1.0
    y0, x0 = min(int(y), height - 2), min(int(x), width - 2)
    fy, fx = y - y0, x - x0
    top = (1 - fx) * moving[y0, x0] + fx * moving[y0, x0 + 1]
    bottom = (1 - fx) * moving[y0 + 1, x0] + fx * moving[y0 + 1, x0 + 1]
    return (1 - fy) * top + fy * bottom


@njit(cache=True)
def evaluate(fixed_bin, moving, angle, dy, dx):
    height, width = moving.shape
    theta = np.deg2rad(angle)
    cos, sin = np.cos(theta), np.sin(theta)
    joint = np.zeros((BINS, BINS), dtype=np.int64)
    count = 0
    for i in range(height):
        for j in range(width):
            value = sample(moving, cos, sin, i - (height - 1) / 2 - dy, j - (width - 1) / 2 - dx)
            if value >= 0:
                joint[fixed_bin[i, j], int(value) // 16] += 1
                count += 1
    return information(joint) if count >= 0.5 * height * width else -np.inf


@njit(cache=True)
def coarse_search(fixed_bin, moving, angles, shifts):
    """Shifts by whole pixels only move the turned image, so it is sampled once an angle, with a rim."""
    height, width = moving.shape
    rim = int(np.abs(shifts).max())
    turned = np.zeros((height + 2 * rim, width + 2 * rim), dtype=np.int64)
    joint = np.zeros((BINS, BINS + 1), dtype=np.int64)  # the last column counts what comes from outside
    best_value, best = -np.inf, (0.0, 0.0, 0.0)
    for angle in angles:
        theta = np.deg2rad(angle)
        cos, sin = np.cos(theta), np.sin(theta)
        for i in range(len(turned)):
            for j in range(turned.shape[1]):
                y, x = i - rim - (height - 1) / 2, j - rim - (width - 1) / 2
                value = sample(moving, cos, sin, y, x)
                turned[i, j] = int(value) // 16 if value >= 0 else BINS
        for dy in shifts:
            for dx in shifts:
                joint[:] = 0
                top, left = rim - int(dy), rim - int(dx)
                for i in range(height):
                    for j in range(width):
                        joint[fixed_bin[i, j], turned[i + top, j + left]] += 1
                inner = joint[:, :BINS]
                if inner.sum() >= 0.5 * height * width:
                    value = information(inner)
                    if value > best_value:
                        best_value, best = value, (angle, dy, dx)
    return best_value, best


@njit(cache=True)
def best_of(fixed_bin, moving, candidates, value):
    """The first of the best candidates that is better than `value`, else -1."""
    best = -1
    for k in range(len(candidates)):
        angle, dy, dx = candidates[k]
        new = evaluate(fixed_bin, moving, angle, dy, dx)
        if new > value:
            value, best = new, k
    return value, best


AROUND = np.array([step for step in itertools.product((-1.0, 0.0, 1.0), repeat=3) if any(step)])


def register(fixed_bin, moving):
    value, best = coarse_search(fixed_bin, moving, COARSE_ANGLES, COARSE_SHIFTS)
    best, evaluations = np.array(best), 0
    for angle_step, shift_step in LEVELS:
        k = 0
        while k >= 0:
            candidates = best + AROUND * (angle_step, shift_step, shift_step)
            value, k = best_of(fixed_bin, moving, candidates, value)
            evaluations += len(candidates)
            if k >= 0:
                best = candidates[k]
    return value, best.tolist(), evaluations


@njit(cache=True)
def correlation(fixed, moving, angle, dy, dx):
    height, width = moving.shape
    theta = np.deg2rad(angle)
    cos, sin = np.cos(theta), np.sin(theta)
    n, a, b, aa, bb, ab = 0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(height):
        for j in range(width):
            v, w = fixed[i, j], sample(moving, cos, sin, i - (height - 1) / 2 - dy, j - (width - 1) / 2 - dx)
            if w >= 0:
                n += 1
                a, b, aa, bb, ab = a + v, b + w, aa + v * v, bb + w * w, ab + v * w
    return (n * ab - a * b) / np.sqrt((n * aa - a * a) * (n * bb - b * b))


def main():
    with np.load(HERE / "data" / "scans.npz") as data:
        pairs = [data[name].astype(float) for name in ("fixed", "moving", "truth")]
    results = []
    print("pair   angle     dy     dx   MI before  after   correlation  angle error  shift error")
    for number, (fixed, moving, truth) in enumerate(zip(*pairs, strict=True), start=1):
        fixed_bin = fixed.astype(np.int64) // 16
        before = evaluate(fixed_bin, moving, 0.0, 0.0, 0.0)
        value, found, evaluations = register(fixed_bin, moving)
        angle, dy, dx = found
        angle_error, shift_error = abs(angle - float(truth[0])), math.hypot(dy - truth[1], dx - truth[2])
        results.append(
            {
                "pair": number,
                "found": found,
                "mutual_information": round(value, 5),
                "evaluations": evaluations,
                "angle_error": round(angle_error, 3),
                "shift_error": round(shift_error, 3),
            }
        )
        print(
            f"{number:4d} {angle:7.1f} {dy:6.2f} {dx:6.2f} {before:9.4f} {value:9.4f} "
            f"{correlation(fixed, moving, angle, dy, dx):10.4f} {angle_error:11.2f} {shift_error:12.3f}"
        )
    angle_errors, shift_errors = (np.array([r[name] for r in results]) for name in ("angle_error", "shift_error"))
    good = (angle_errors <= 1) & (shift_errors <= 1)
    print(f"\nmedian error: {np.median(angle_errors):.3f} degrees, {np.median(shift_errors):.3f} pixels")
    print(f"{good.sum()} of {len(results)} pairs within one degree and one pixel")
    print(f"{np.mean([r['evaluations'] for r in results]):.1f} evaluations a pair on the fine grids")
    (HERE / "out").mkdir(exist_ok=True)
    with open(HERE / "out" / "registration.json", "w") as f:
        json.dump(results, f, indent=2)


if __name__ == "__main__":
    main()
