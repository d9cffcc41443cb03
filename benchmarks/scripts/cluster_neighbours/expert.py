"""Distances from matrix products over one array; centres with a boolean matrix."""

import random
from pathlib import Path

import numpy as np
from scipy.spatial.distance import cdist

K_MEANS = 16
K_NEIGHBOURS = 5


def kmeans(points, k, rounds=10):
    centres = points[random.sample(range(len(points)), k)]
    for r in range(rounds):
        distance = cdist(points, centres, "sqeuclidean")
        assignment = distance.argmin(axis=1)
        member = assignment == np.arange(k)[:, None]
        counts = member.sum(axis=1)
        filled = counts > 0
        centres[filled] = (member @ points)[filled] / counts[filled, None]
        print(f"round {r} inertia {distance.min(axis=1).sum():.6f}")
    return centres, assignment


def main():
    random.seed(42)
    with np.load(Path(__file__).parent / "data" / "digits.npz") as data:
        images, labels = data["images"][:2800], data["labels"][:2800].astype(int)
    points = images.reshape(-1, 7, 4, 7, 4).sum(axis=(2, 4), dtype=np.int64).reshape(-1, 49) / 16 / 255
    train, test = points[:2400], points[2400:]
    centres, assignment = kmeans(train, K_MEANS)
    purity = 0
    for c in range(K_MEANS):
        inside = np.bincount(labels[:2400][assignment == c])
        if inside.size:
            purity += int(inside.max())
            print(c, inside.sum(), inside.max())
    print("purity", purity / len(assignment))
    near = np.argsort(cdist(test, train, "sqeuclidean"), axis=1, kind="stable")[:, :K_NEIGHBOURS]
    votes = (labels[near][:, :, None] == np.arange(10)).sum(axis=1)
    print("kNN accuracy", (votes.argmax(axis=1) == labels[2400:]).sum() / 400)
    print("centre checksum", f"{centres.sum():.8f}")


if __name__ == "__main__":
    main()
