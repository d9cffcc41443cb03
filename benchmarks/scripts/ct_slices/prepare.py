"""data/sinograms.npz: noisy projections of made-up chest slices (ellipses); data/nodules.json: what is in them (seeded)."""

import json
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parent / "data"
SLICES, ANGLES, DETECTORS = 10, 72, 64


def main():
    rng = np.random.default_rng(1917)
    FOLDER.mkdir(exist_ok=True)
    angles = np.arange(ANGLES) * np.pi / ANGLES
    s = np.linspace(-1, 1, DETECTORS)
    sinograms, truth = [], []
    for k in range(SLICES):
        grow = 1 + 0.04 * np.sin(k)
        ellipses = [(0, 0, 0.86 * grow, 0.64, 1.0), (0, -0.46, 0.12, 0.11, 0.7)]  # body, spine: x, y, a, b, density
        lungs = [(-0.4, 0.03, 0.3 * grow, 0.39), (0.4, 0.03, 0.3 * grow, 0.39)]
        ellipses += [(*lung, -0.75) for lung in lungs]
        nodules = []
        for x0, y0, a, b in lungs:
            placed = []
            for _ in range(int(rng.integers(1, 4))):
                for _ in range(50):
                    r = rng.uniform(0.06, 0.11)
                    angle, far = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.62)
                    x, y = x0 + far * a * np.cos(angle), y0 + far * b * np.sin(angle)
                    if all(np.hypot(x - u, y - v) > r + q + 0.09 for u, v, q in placed):
                        placed.append((x, y, r))
                        density = rng.uniform(0.5, 0.9)
                        ellipses.append((x, y, r, r * rng.uniform(0.75, 1), density))
                        nodules.append({"x": round(x, 4), "y": round(y, 4), "radius": round(r, 4), "density": round(density, 3)})
                        break
            for _ in range(3):  # small vessels
                angle, far = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.8)
                ellipses.append((x0 + far * a * np.cos(angle), y0 + far * b * np.sin(angle), 0.018, 0.018, 0.5))
        c, d = np.cos(angles)[:, None], np.sin(angles)[:, None]
        line = np.zeros((ANGLES, DETECTORS))
        for x, y, a, b, density in ellipses:
            wide = (a * c) ** 2 + (b * d) ** 2
            off = s - (x * c + y * d)
            line += 2 * density * a * b * np.sqrt(np.maximum(0, wide - off**2)) / wide
        seen = np.maximum(1, rng.poisson(60000 * np.exp(-line)))
        sinograms.append(-np.log(seen / 60000))
        truth.append({"slice": k, "nodules": nodules})
    np.savez_compressed(FOLDER / "sinograms.npz", sinograms=np.array(sinograms, dtype=np.float32), angles=angles)
    (FOLDER / "nodules.json").write_text(json.dumps(truth, indent=1))


if __name__ == "__main__":
    main()
