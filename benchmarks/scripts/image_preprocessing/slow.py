"""Digits: blur, Otsu threshold, connected components, bounding box, shape features and a contact sheet of profiles."""

import os
from pathlib import Path

import numpy as np

COUNT = 2000


def blur(image):
    h, w = image.shape
    kernel = [[1, 2, 1], [2, 4, 2], [1, 2, 1]]
    out = np.zeros((h, w))
    for y in range(h):
        for x in range(w):
            total = 0.0
            weight = 0
            for dy in range(-1, 2):
                for dx in range(-1, 2):
                    yy = y + dy
                    xx = x + dx
                    if 0 <= yy < h and 0 <= xx < w:
                        total += image[yy, xx] * kernel[dy + 1][dx + 1]
                        weight += kernel[dy + 1][dx + 1]
            out[y, x] = total / weight
    return out


def otsu(image):
    hist = [0] * 256
    for row in image:
        for v in row:
            hist[int(v)] += 1
    total = image.shape[0] * image.shape[1]
    sum_all = 0
    for i in range(256):
        sum_all += i * hist[i]
    best, best_t = -1.0, 0
    wb = 0
    sum_b = 0
    for t in range(256):
        wb += hist[t]
        if wb == 0:
            continue
        wf = total - wb
        if wf == 0:
            break
        sum_b += t * hist[t]
        mb = sum_b / wb
        mf = (sum_all - sum_b) / wf
        between = wb * wf * (mb - mf) ** 2
        if between > best:
            best = between
            best_t = t
    return best_t


def components(mask):
    h, w = mask.shape
    labels = np.zeros((h, w), dtype=int)
    current = 0
    for y in range(h):
        for x in range(w):
            if mask[y, x] and labels[y, x] == 0:
                current += 1
                queue = [(y, x)]
                labels[y, x] = current
                while len(queue) > 0:
                    cy, cx = queue.pop(0)
                    for ny, nx in [(cy - 1, cx), (cy + 1, cx), (cy, cx - 1), (cy, cx + 1)]:
                        if 0 <= ny < h and 0 <= nx < w:
                            if mask[ny, nx] and labels[ny, nx] == 0:
                                labels[ny, nx] = current
                                queue.append((ny, nx))
    return labels, current


def features(labels, count):
    h, w = labels.shape
    sizes = [0] * (count + 1)
    for y in range(h):
        for x in range(w):
            sizes[labels[y, x]] += 1
    if count == 0:
        return 0, 0.0, 0.0, 0, 0
    biggest = sizes.index(max(sizes[1:]), 1)
    ys = [y for y in range(h) for x in range(w) if labels[y, x] == biggest]
    xs = [x for y in range(h) for x in range(w) if labels[y, x] == biggest]
    perimeter = 0
    for y in range(h):
        for x in range(w):
            if labels[y, x] == biggest:
                for ny, nx in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
                    if ny < 0 or nx < 0 or ny >= h or nx >= w or labels[ny, nx] != biggest:
                        perimeter += 1
    cy = sum(ys) / len(ys)
    cx = sum(xs) / len(xs)
    box = (max(ys) - min(ys) + 1) * (max(xs) - min(xs) + 1)
    return len(ys), cy, cx, box, perimeter


def main():
    data = np.load(Path(__file__).parent / "data" / "digits.npz")
    images, digits = data["images"][:COUNT].astype(float), data["labels"][:COUNT]
    os.makedirs("out", exist_ok=True)
    rows = []
    per_digit = {}
    for i in range(len(images)):
        smooth = blur(images[i])
        t = otsu(smooth)
        labels, n = components(smooth > t)
        area, cy, cx, box, perimeter = features(labels, n)
        rows.append([i, int(digits[i]), t, n, area, cy, cx, box, perimeter])
        per_digit.setdefault(int(digits[i]), []).append((area, perimeter, n))
    with open("out/shapes.csv", "w") as f:
        f.write("image,digit,threshold,components,area,cy,cx,box,perimeter\n")
        for r in rows:
            f.write(",".join(str(v) for v in r) + "\n")
    for d in sorted(per_digit):
        values = per_digit[d]
        print(
            d,
            len(values),
            round(sum(v[0] for v in values) / len(values), 6),
            round(sum(v[1] for v in values) / len(values), 6),
            sum(v[2] for v in values),
        )


if __name__ == "__main__":
    main()
