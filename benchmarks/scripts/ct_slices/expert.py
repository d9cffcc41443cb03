"""NumPy: the filter as one product of matrices, a back-projection as an interpolation of all pixels an angle, medians of
all windows at once; the few regions by labelling with SciPy. Sums are taken in another order than slow.py's.
"""

import json
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import ndimage

HERE = Path(__file__).resolve().parent
SIZE = 64
SPACING = 2 / SIZE


def projector(angles, n):
    """Borders and weights of each (angle, pixel in the circle), and the pixels."""
    at = -1 + 2 * (np.arange(SIZE) + 0.5) / SIZE
    y, x = np.meshgrid(-at, at, indexing="ij")
    inside = x * x + y * y <= 1
    s = (np.outer(np.cos(angles), x[inside]) + np.outer(np.sin(angles), y[inside]) + 1) / 2 * (n - 1)
    k = np.minimum(s.astype(np.int64), n - 2)
    return inside, k + n * np.arange(len(angles))[:, None], s - k


def filter_matrix(n):
    step = 2 / (n - 1)
    k = np.subtract.outer(np.arange(n), np.arange(n))
    with np.errstate(divide="ignore"):
        ramp = np.where(k % 2 != 0, -1 / (np.pi * k * step) ** 2, 0.0)
    ramp[k == 0] = 1 / (4 * step**2)
    soft = ramp.copy()
    soft[1:-1] = (ramp[:-2] + 2 * ramp[1:-1] + ramp[2:]) / 4
    return soft.T * step


def find_lungs(image):
    label, count = ndimage.label(image < 0.62)
    size = np.bincount(label.ravel(), minlength=count + 1)
    good = size >= 60
    good[0] = False
    good[np.r_[label[0], label[-1], label[:, 0], label[:, -1]]] = False
    return good[label]


def find_nodules(lungs):
    label, count = ndimage.label(~lungs, structure=np.ones((3, 3)))
    rows, cols = np.nonzero(label)
    own = label[rows, cols]
    parts = [own == k for k in range(1, count + 1) if k != label[0, 0]]
    return [(rows[p], cols[p]) for p in parts if np.count_nonzero(p) >= 4]


def measure(image, r, c):
    n = len(r)
    row, col = r.mean(), c.mean()
    values = image[r, c]
    around = np.zeros((SIZE + 2, SIZE + 2), dtype=bool)
    around[r + 1, c + 1] = True
    perimeter = sum(np.count_nonzero(~around[r + 1 + dr, c + 1 + dc]) for dr, dc in ((-1, 0), (1, 0), (0, -1), (0, 1)))
    longest = np.sqrt((np.subtract.outer(r, r) ** 2 + np.subtract.outer(c, c) ** 2).max())
    mrr, mcc, mrc = ((r - row) ** 2).mean(), ((c - col) ** 2).mean(), ((r - row) * (c - col)).mean()
    half, root = (mrr + mcc) / 2, np.sqrt(((mrr - mcc) / 2) ** 2 + mrc**2)
    return {
        "x": -1 + (col + 0.5) * SPACING,
        "y": 1 - (row + 0.5) * SPACING,
        "area": n * SPACING**2,
        "diameter": (longest + 1) * SPACING,
        "roundness": 4 * np.pi * n / perimeter**2,
        "elongation": np.sqrt((half + root) / (half - root)),
        "density": values.mean(),
        "peak": values.max(),
    }


def match(found, real):
    pairs = sorted(
        (d, i, j)
        for i, f in enumerate(found)
        for j, t in enumerate(real)
        if (d := ((f["x"] - t["x"]) ** 2 + (f["y"] - t["y"]) ** 2) ** 0.5) <= t["radius"]
    )
    result = {}
    for d, i, j in pairs:
        if i not in result and all(j != other for other, _ in result.values()):
            result[i] = j, d
    return [(found[i], real[j], d) for i, (j, d) in result.items()]


def main():
    with np.load(HERE / "data" / "sinograms.npz") as data:
        sinograms, angles = data["sinograms"].astype(float), data["angles"]
    truth = {entry["slice"]: entry["nodules"] for entry in json.loads((HERE / "data" / "nodules.json").read_text())}
    print(f"{len(sinograms)} slices, {len(angles)} angles, {sinograms.shape[2]} detectors")
    filtered = sinograms @ filter_matrix(sinograms.shape[2])
    inside, k, w = projector(angles, sinograms.shape[2])
    everything, matched = [], []
    print("\nslice   mean    air   lung   body  lung area  nodules")
    for number, rows in enumerate(filtered):
        flat = rows.ravel()
        low = flat[k]
        image = np.zeros((SIZE, SIZE))
        image[inside] = (low + w * (np.append(flat[1:], 0.0)[k] - low)).sum(axis=0) * (np.pi / len(angles))
        smooth = image.copy()
        windows = sliding_window_view(image, (3, 3)).reshape(SIZE - 2, SIZE - 2, 9)
        smooth[1:-1, 1:-1] = np.partition(windows, 4, axis=2)[:, :, 4]
        lungs = find_lungs(smooth)
        nodules = [{**measure(image, r, c), "slice": number} for r, c in find_nodules(lungs)]
        print(
            f"{number:5d} {image.mean():6.4f} {image[smooth < 0.15].mean():6.3f} {image[lungs].mean():6.3f}"
            f" {image[smooth > 0.8].mean():6.3f} {lungs.sum() * SPACING**2:10.4f} {len(nodules):8d}"
        )
        everything += nodules
        matched += match(nodules, truth[number])

    print("\nslice       x       y    area  diameter  roundness  elongation  density   peak")
    for n in sorted(everything, key=lambda n: (-n["area"], n["slice"], n["x"])):
        print(
            f"{n['slice']:5d} {n['x']:7.4f} {n['y']:7.4f} {n['area']:7.4f} {n['diameter']:9.4f} {n['roundness']:10.4f}"
            f" {n['elongation']:11.4f} {n['density']:8.4f} {n['peak']:6.4f}"
        )
    n_real = sum(map(len, truth.values()))
    print(f"\nfound {len(everything)}, real {n_real}, matched {len(matched)}")
    print(f"sensitivity {len(matched) / n_real:.4f}, precision {len(matched) / len(everything):.4f}")
    print(f"mean distance of the centres {np.mean([d for _, _, d in matched]):.5f}")
    ours = np.sqrt(np.array([f["area"] for f, _, _ in matched]) / np.pi)
    real = np.array([t["radius"] for _, t, _ in matched])
    print(f"mean error of the radius {np.abs(ours - real).mean():.5f}")
    print(f"correlation of the radii {np.corrcoef(ours, real)[0, 1]:.4f}")
    radii = np.array([t["radius"] for nodules in truth.values() for t in nodules])
    for low, high in ((0, 0.075), (0.075, 0.09), (0.09, 1)):
        hit, whole = (np.count_nonzero((low <= r) & (r < high)) for r in (real, radii))
        print(f"radius {low} to {high}: {hit} of {whole}")
    lines = ["slice,x,y,area,diameter,density\r\n"]
    for n in everything:
        lines.append(f"{n['slice']}," + ",".join(f"{n[c]:.5f}" for c in ("x", "y", "area", "diameter", "density")) + "\r\n")
    with open(HERE / "nodules.csv", "w", newline="") as f:
        f.writelines(lines)


if __name__ == "__main__":
    main()
