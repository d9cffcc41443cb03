"""Reconstruct CT slices from their projections, find nodules in the lungs, measure them and compare with the truth."""

import csv
import json
import os

import numpy as np
from recon import reconstruct
from segment import find_lungs, find_nodules, measure, median_filter

HERE = os.path.dirname(os.path.abspath(__file__))
SIZE = 64


def load():
    data = np.load(os.path.join(HERE, "data", "sinograms.npz"))
    with open(os.path.join(HERE, "data", "nodules.json")) as f:
        truth = {entry["slice"]: entry["nodules"] for entry in json.load(f)}
    return data["sinograms"], data["angles"], truth


def match(found, real):
    """Pairs (found, real) of which the centres lie within the real one, the nearest first."""
    pairs = []
    for i, f in enumerate(found):
        for j, t in enumerate(real):
            distance = ((f["x"] - t["x"]) ** 2 + (f["y"] - t["y"]) ** 2) ** 0.5
            if distance <= t["radius"]:
                pairs.append((distance, i, j))
    used_found, used_real, result = set(), set(), []
    for distance, i, j in sorted(pairs):
        if i not in used_found and j not in used_real:
            used_found.add(i)
            used_real.add(j)
            result.append((found[i], real[j], distance))
    return result


def main():
    sinograms, angles, truth = load()
    print(f"{len(sinograms)} slices, {len(angles)} angles, {sinograms.shape[2]} detectors")
    spacing = 2 / SIZE
    everything, matched, n_real = [], [], 0
    print("\nslice   mean    air   lung   body  lung area  nodules")
    for k in range(len(sinograms)):
        image = reconstruct(sinograms[k], angles, SIZE)
        smooth = median_filter(image)
        lungs = find_lungs(smooth)
        nodules = []
        for pixels in find_nodules(smooth, lungs):
            nodule = measure(image, pixels, spacing)
            nodule["slice"] = k
            nodules.append(nodule)
        body = [image[r, c] for r in range(SIZE) for c in range(SIZE) if smooth[r, c] > 0.8]
        air = [image[r, c] for r in range(SIZE) for c in range(SIZE) if smooth[r, c] < 0.15]
        print(
            f"{k:5d} {image.mean():6.4f} {np.mean(air):6.3f} {image[lungs].mean():6.3f} {np.mean(body):6.3f}"
            f" {lungs.sum() * spacing**2:10.4f} {len(nodules):8d}"
        )
        everything += nodules
        matched += match(nodules, truth[k])
        n_real += len(truth[k])

    print("\nslice       x       y    area  diameter  roundness  elongation  density   peak")
    for n in sorted(everything, key=lambda n: (-n["area"], n["slice"], n["x"])):
        print(
            f"{n['slice']:5d} {n['x']:7.4f} {n['y']:7.4f} {n['area']:7.4f} {n['diameter']:9.4f} {n['roundness']:10.4f}"
            f" {n['elongation']:11.4f} {n['density']:8.4f} {n['peak']:6.4f}"
        )

    print(f"\nfound {len(everything)}, real {n_real}, matched {len(matched)}")
    print(f"sensitivity {len(matched) / n_real:.4f}, precision {len(matched) / len(everything):.4f}")
    print(f"mean distance of the centres {np.mean([d for _, _, d in matched]):.5f}")
    radii = [((f["area"] / np.pi) ** 0.5, t["radius"]) for f, t, _ in matched]
    print(f"mean error of the radius {np.mean([abs(a - b) for a, b in radii]):.5f}")
    print(f"correlation of the radii {np.corrcoef([a for a, _ in radii], [b for _, b in radii])[0, 1]:.4f}")
    for low, high in ((0, 0.075), (0.075, 0.09), (0.09, 1)):
        real = sum(1 for nodules in truth.values() for t in nodules if low <= t["radius"] < high)
        hit = sum(1 for _, t, _ in matched if low <= t["radius"] < high)
        print(f"radius {low} to {high}: {hit} of {real}")

    with open(os.path.join(HERE, "nodules.csv"), "w", newline="") as f:
        writer = csv.writer(f)
        writer.writerow(["slice", "x", "y", "area", "diameter", "density"])
        for n in everything:
            writer.writerow([n["slice"], *(f"{n[c]:.5f}" for c in ("x", "y", "area", "diameter", "density"))])


if __name__ == "__main__":
    main()
