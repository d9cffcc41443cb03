"""Digits without a library: k-means for prototypes, then k nearest neighbours, both over plain lists of pixels."""

import random
from pathlib import Path

import numpy as np

K_MEANS = 16
K_NEIGHBOURS = 5


def shrink(image):
    """28 x 28 pixels become 7 x 7 block means."""
    out = []
    for by in range(7):
        for bx in range(7):
            total = 0
            for y in range(4):
                for x in range(4):
                    total += int(image[by * 4 + y][bx * 4 + x])
            out.append(total / 16 / 255)
    return out


def squared_distance(a, b):
    total = 0.0
    for i in range(len(a)):
        total += (a[i] - b[i]) ** 2
    return total


def nearest(point, centres):
    best = 0
    best_distance = squared_distance(point, centres[0])
    for k in range(1, len(centres)):
        d = squared_distance(point, centres[k])
        if d < best_distance:
            best = k
            best_distance = d
    return best, best_distance


def kmeans(points, k, rounds=10):
    centres = random.sample(points, k)
    assignment = []
    for r in range(rounds):
        assignment = []
        inertia = 0.0
        for p in points:
            c, d = nearest(p, centres)
            assignment.append(c)
            inertia += d
        for c in range(k):
            members = [p for p, a in zip(points, assignment) if a == c]
            if members:
                centres[c] = [sum(m[j] for m in members) / len(members) for j in range(len(members[0]))]
        print(f"round {r} inertia {inertia:.6f}")
    return centres, assignment


def knn_predict(point, points, labels):
    distances = []
    for i in range(len(points)):
        distances.append((squared_distance(point, points[i]), i))
    distances.sort()
    votes = {}
    for _, i in distances[:K_NEIGHBOURS]:
        votes[labels[i]] = votes.get(labels[i], 0) + 1
    return max(sorted(votes), key=lambda label: votes[label])


def main():
    random.seed(42)
    data = np.load(Path(__file__).parent / "data" / "digits.npz")
    images, digits = data["images"], data["labels"]
    points = [shrink(images[i].tolist()) for i in range(2800)]
    labels = [int(d) for d in digits[:2800]]
    centres, assignment = kmeans(points[:2400], K_MEANS)
    purity = 0
    for c in range(K_MEANS):
        inside = [labels[i] for i in range(len(assignment)) if assignment[i] == c]
        if inside:
            top = max(inside.count(d) for d in set(inside))
            purity += top
            print(c, len(inside), top)
    print("purity", purity / len(assignment))
    right = 0
    for i in range(2400, 2800):
        if knn_predict(points[i], points[:2400], labels) == labels[i]:
            right += 1
    print("kNN accuracy", right / 400)
    print("centre checksum", f"{sum(sum(c) for c in centres):.8f}")


if __name__ == "__main__":
    main()
