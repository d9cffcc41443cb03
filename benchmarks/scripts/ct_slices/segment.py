"""Lungs and nodules in a slice, by thresholds and regions."""

import numpy as np


def median_filter(image):
    out = image.copy()
    rows, cols = image.shape
    for r in range(1, rows - 1):
        for c in range(1, cols - 1):
            out[r, c] = np.median(image[r - 1 : r + 2, c - 1 : c + 2])
    return out


def region(mask, seed, diagonal=False):
    """All pixels that hang together with the seed."""
    steps = [(-1, 0), (1, 0), (0, -1), (0, 1)]
    if diagonal:
        steps += [(-1, -1), (-1, 1), (1, -1), (1, 1)]
    found = {seed}
    stack = [seed]
    while stack:
        r, c = stack.pop()
        for dr, dc in steps:
            p = (r + dr, c + dc)
            if 0 <= p[0] < mask.shape[0] and 0 <= p[1] < mask.shape[1] and mask[p] and p not in found:
                found.add(p)
                stack.append(p)
    return found


def regions(mask, diagonal=False):
    left = {(int(r), int(c)) for r, c in zip(*np.nonzero(mask))}
    result = []
    for pixel in sorted(left):
        if pixel in left:
            part = region(mask, pixel, diagonal)
            left -= part
            result.append(part)
    return result


def find_lungs(image, threshold=0.62, smallest=60):
    """Dark regions that do not touch the border: a mask."""
    dark = image < threshold
    lungs = np.zeros(image.shape, dtype=bool)
    last = image.shape[0] - 1
    for part in regions(dark):
        if len(part) < smallest or any(r in (0, last) or c in (0, last) for r, c in part):
            continue
        for r, c in part:
            lungs[r, c] = True
    return lungs


def find_nodules(image, lungs, smallest=4):
    """Regions inside a lung that are not lung."""
    nodules = []
    for part in regions(~lungs, diagonal=True):
        if (0, 0) in part or len(part) < smallest:
            continue
        nodules.append(sorted(part))
    return nodules


def measure(image, pixels, spacing):
    """Shape and density of a nodule, lengths in units of the slice."""
    n = len(pixels)
    row = sum(r for r, _ in pixels) / n
    col = sum(c for _, c in pixels) / n
    values = [image[r, c] for r, c in pixels]
    members = set(pixels)
    perimeter = 0
    for r, c in pixels:
        for p in ((r - 1, c), (r + 1, c), (r, c - 1), (r, c + 1)):
            if p not in members:
                perimeter += 1
    longest = 0.0
    for a in pixels:
        for b in pixels:
            longest = max(longest, ((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2) ** 0.5)
    mrr = sum((r - row) ** 2 for r, _ in pixels) / n
    mcc = sum((c - col) ** 2 for _, c in pixels) / n
    mrc = sum((r - row) * (c - col) for r, c in pixels) / n
    root = (((mrr - mcc) / 2) ** 2 + mrc**2) ** 0.5
    return {
        "x": -1 + (col + 0.5) * spacing,
        "y": 1 - (row + 0.5) * spacing,
        "area": n * spacing**2,
        "diameter": (longest + 1) * spacing,
        "roundness": 4 * np.pi * n / perimeter**2,
        "elongation": (((mrr + mcc) / 2 + root) / ((mrr + mcc) / 2 - root)) ** 0.5,
        "density": np.mean(values),
        "peak": max(values),
    }
