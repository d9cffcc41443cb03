"""Patch-wise tumour detection: texture and intensity features, nearest centroid, metrics per slide."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
PATCH, STRIDE = 16, 8
LEVELS = 8
TRAIN_SLIDES = 10
OFFSETS = [(0, 1), (1, 0), (1, 1)]
FEATURES = ["mean", "std", "skewness", "entropy", "dark_share", "edges", "contrast", "homogeneity", "energy",
            "correlation", "lbp_uniform"]


@dataclass
class Patch:
    slide: int
    row: int
    col: int
    tumour: bool
    features: list[float]


def histogram_entropy(patch: np.ndarray, bins: int = 16) -> float:
    counts = [0] * bins
    for value in patch.flatten():
        counts[int(value) * bins // 256] += 1
    total = sum(counts)
    entropy = 0.0
    for c in counts:
        if c > 0:
            p = c / total
            entropy -= p * np.log2(p)
    return entropy


def edge_density(patch: np.ndarray, threshold: float = 20.0) -> float:
    """Share of the inner pixels with a steep central difference."""
    h, w = patch.shape
    p = patch.astype(float)
    steep = 0
    for y in range(1, h - 1):
        for x in range(1, w - 1):
            gx = (p[y, x + 1] - p[y, x - 1]) / 2
            gy = (p[y + 1, x] - p[y - 1, x]) / 2
            if np.sqrt(gx * gx + gy * gy) > threshold:
                steep += 1
    return steep / ((h - 2) * (w - 2))


def cooccurrence(patch: np.ndarray) -> np.ndarray:
    """Symmetric grey-level co-occurrence matrix over the three offsets."""
    quantised = patch // (256 // LEVELS)
    glcm = np.zeros((LEVELS, LEVELS))
    h, w = quantised.shape
    for dy, dx in OFFSETS:
        for y in range(h - dy):
            for x in range(w - dx):
                a, b = quantised[y, x], quantised[y + dy, x + dx]
                glcm[a, b] += 1
                glcm[b, a] += 1
    return glcm / glcm.sum()


def haralick(glcm: np.ndarray) -> tuple[float, float, float, float]:
    contrast = homogeneity = energy = 0.0
    mean = 0.0
    for i in range(LEVELS):
        for j in range(LEVELS):
            p = glcm[i, j]
            contrast += p * (i - j) ** 2
            homogeneity += p / (1 + abs(i - j))
            energy += p * p
            mean += i * p
    variance = covariance = 0.0
    for i in range(LEVELS):
        for j in range(LEVELS):
            variance += glcm[i, j] * (i - mean) ** 2
            covariance += glcm[i, j] * (i - mean) * (j - mean)
    correlation = covariance / variance if variance > 1e-12 else 1.0
    return contrast, homogeneity, np.sqrt(energy), correlation


def lbp_uniform_share(patch: np.ndarray) -> float:
    """Share of the local binary patterns with at most two changes around the circle (every second pixel)."""
    circle = [(-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1)]
    h, w = patch.shape
    uniform = total = 0
    for y in range(1, h - 1, 2):
        for x in range(1, w - 1, 2):
            bits = [patch[y + dy, x + dx] >= patch[y, x] for dy, dx in circle]
            changes = sum(1 for k in range(8) if bits[k] != bits[k - 1])
            uniform += changes <= 2
            total += 1
    return uniform / total


def features_of(patch: np.ndarray) -> list[float]:
    mean, std = patch.mean(), patch.std()
    skewness = ((patch - mean) ** 3).mean() / std**3 if std > 0 else 0.0
    contrast, homogeneity, energy, correlation = haralick(cooccurrence(patch))
    return [
        mean,
        std,
        skewness,
        histogram_entropy(patch),
        np.sum(patch < 110) / patch.size,
        edge_density(patch),
        contrast,
        homogeneity,
        energy,
        correlation,
        lbp_uniform_share(patch),
    ]


def patches_of(slide: int, image: np.ndarray, mask: np.ndarray):
    for row in range(0, image.shape[0] - PATCH + 1, STRIDE):
        for col in range(0, image.shape[1] - PATCH + 1, STRIDE):
            window = (slice(row, row + PATCH), slice(col, col + PATCH))
            yield Patch(slide, row, col, bool(mask[window].mean() >= 0.5), features_of(image[window]))


class NearestCentroid:
    def fit(self, patches: list[Patch]) -> NearestCentroid:
        x = np.array([p.features for p in patches])
        self.mean, self.scale = x.mean(axis=0), x.std(axis=0)
        self.centroids = {}
        for label in (False, True):
            rows = [self.standardise(p.features) for p in patches if p.tumour == label]
            self.centroids[label] = sum(rows) / len(rows)
        return self

    def standardise(self, features: list[float]) -> np.ndarray:
        return (np.array(features) - self.mean) / self.scale

    def margin(self, patch: Patch) -> float:
        """Positive: nearer to the tumour's centroid."""
        z = self.standardise(patch.features)
        return float(np.linalg.norm(z - self.centroids[False]) - np.linalg.norm(z - self.centroids[True]))


def metrics(truth: list[bool], margins: list[float]) -> dict[str, float]:
    tp = sum(1 for t, m in zip(truth, margins) if t and m > 0)
    fp = sum(1 for t, m in zip(truth, margins) if not t and m > 0)
    fn = sum(1 for t, m in zip(truth, margins) if t and not m > 0)
    tn = len(truth) - tp - fp - fn
    precision = tp / (tp + fp) if tp + fp else 0.0
    recall = tp / (tp + fn) if tp + fn else 0.0
    positives = [m for t, m in zip(truth, margins) if t]
    negatives = [m for t, m in zip(truth, margins) if not t]
    better = sum(1 for p in positives for q in negatives if p > q)
    return {
        "accuracy": (tp + tn) / len(truth),
        "precision": precision,
        "recall": recall,
        "dice": 2 * tp / (2 * tp + fp + fn) if tp else 0.0,
        "auc": better / (len(positives) * len(negatives)) if positives and negatives else 0.0,
    }


def main() -> None:
    with np.load(HERE / "data" / "slides.npz") as data:
        images, masks = data["images"], data["masks"]
    patches = [p for k, (i, m) in enumerate(zip(images, masks)) for p in patches_of(k, i, m)]
    train = [p for p in patches if p.slide < TRAIN_SLIDES]
    print(f"{len(images)} slides, {len(patches)} patches, {sum(p.tumour for p in patches)} of tumour")

    model = NearestCentroid().fit(train)
    print(f"{'feature':<14}{'normal':>12}{'tumour':>12}")
    for k, name in enumerate(FEATURES):
        print(f"{name:<14}{model.centroids[False][k]:12.6f}{model.centroids[True][k]:12.6f}")

    report = {}
    (HERE / "out").mkdir(exist_ok=True)
    with open(HERE / "out" / "patches.csv", "w") as f:
        f.write("slide,row,col,tumour,margin\n")
        for slide in range(TRAIN_SLIDES, len(images)):
            mine = [p for p in patches if p.slide == slide]
            margins = [model.margin(p) for p in mine]
            for p, m in zip(mine, margins):
                f.write(f"{p.slide},{p.row},{p.col},{int(p.tumour)},{m:.6f}\n")
            report[f"slide_{slide}"] = metrics([p.tumour for p in mine], margins)
            print(f"slide {slide}: " + "  ".join(f"{k} {v:.5f}" for k, v in report[f"slide_{slide}"].items()))
    with open(HERE / "out" / "metrics.json", "w") as f:
        json.dump(report, f, indent=2)


if __name__ == "__main__":
    main()
