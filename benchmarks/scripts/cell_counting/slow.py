"""
Counting cells in fluorescence images.

The images are made up here (seeded) until the microscope is back: bright round
cells, some touching, uneven lighting, noise. Then for each image:

  smooth -> adaptive threshold -> clean up -> distance to background -> seeds
  -> grow regions from the seeds -> measure every cell
"""
import heapq
import os

import numpy as np

N_IMAGES = 8
HEIGHT, WIDTH = 160, 160
MIN_AREA = 30

here = os.path.dirname(os.path.abspath(__file__))


def make_image(rng, n_cells):
    image = np.zeros((HEIGHT, WIDTH))
    for _ in range(n_cells):
        cy = rng.uniform(5, HEIGHT - 5)
        cx = rng.uniform(5, WIDTH - 5)
        ry = rng.uniform(4.5, 9.0)
        rx = rng.uniform(4.5, 9.0)
        bright = rng.uniform(60, 140)
        for y in range(HEIGHT):
            for x in range(WIDTH):
                d = ((y - cy) / ry) ** 2 + ((x - cx) / rx) ** 2
                if d < 1.0:
                    image[y, x] = max(image[y, x], bright * (1 - 0.5 * d))
    # lamp is brighter at the right hand side
    for y in range(HEIGHT):
        for x in range(WIDTH):
            image[y, x] += 20 + 40 * x / WIDTH
    image = image + rng.normal(0, 6, (HEIGHT, WIDTH))
    return np.clip(np.round(image), 0, 255)


def gaussian_kernel(size, sigma):
    k = np.zeros((size, size))
    half = size // 2
    for i in range(size):
        for j in range(size):
            k[i, j] = np.exp(-((i - half) ** 2 + (j - half) ** 2) / (2 * sigma ** 2))
    return k / k.sum()


def smooth(image, kernel):
    half = kernel.shape[0] // 2
    padded = np.pad(image, half, mode="edge")
    result = np.zeros_like(image)
    for y in range(image.shape[0]):
        for x in range(image.shape[1]):
            value = 0.0
            for i in range(kernel.shape[0]):
                for j in range(kernel.shape[1]):
                    value += kernel[i, j] * padded[y + i, x + j]
            result[y, x] = value
    return result


def adaptive_threshold(image, radius=25, offset=8.0):
    """Foreground is what is brighter than its surroundings."""
    mask = np.zeros(image.shape, dtype=bool)
    for y in range(image.shape[0]):
        for x in range(image.shape[1]):
            y0, y1 = max(0, y - radius), min(image.shape[0], y + radius + 1)
            x0, x1 = max(0, x - radius), min(image.shape[1], x + radius + 1)
            if image[y, x] > image[y0:y1, x0:x1].mean() + offset:
                mask[y, x] = True
    return mask


def majority(mask):
    """Remove specks and fill pin holes: a pixel becomes what most of its 3 x 3 block is."""
    result = np.zeros_like(mask)
    for y in range(1, mask.shape[0] - 1):
        for x in range(1, mask.shape[1] - 1):
            count = 0
            for dy in (-1, 0, 1):
                for dx in (-1, 0, 1):
                    if mask[y + dy, x + dx]:
                        count += 1
            result[y, x] = count >= 5
    return result


def distance_map(mask):
    """City-block-with-diagonals (3-4 chamfer) distance to the background, two sweeps."""
    h, w = mask.shape
    dist = np.zeros((h, w), dtype=int)
    big = 10000
    for y in range(h):
        for x in range(w):
            if mask[y, x]:
                d = big
                if x > 0:
                    d = min(d, dist[y, x - 1] + 3)
                if y > 0:
                    d = min(d, dist[y - 1, x] + 3)
                    if x > 0:
                        d = min(d, dist[y - 1, x - 1] + 4)
                    if x < w - 1:
                        d = min(d, dist[y - 1, x + 1] + 4)
                dist[y, x] = d
    for y in range(h - 1, -1, -1):
        for x in range(w - 1, -1, -1):
            if mask[y, x]:
                d = dist[y, x]
                if x < w - 1:
                    d = min(d, dist[y, x + 1] + 3)
                if y < h - 1:
                    d = min(d, dist[y + 1, x] + 3)
                    if x < w - 1:
                        d = min(d, dist[y + 1, x + 1] + 4)
                    if x > 0:
                        d = min(d, dist[y + 1, x - 1] + 4)
                dist[y, x] = d
    return dist


def find_seeds(dist, min_distance=5):
    """Local maxima of the distance, strongest first, none close to a stronger one."""
    candidates = []
    for y in range(1, dist.shape[0] - 1):
        for x in range(1, dist.shape[1] - 1):
            if dist[y, x] >= 8 and dist[y, x] == dist[y - 1:y + 2, x - 1:x + 2].max():
                candidates.append((-dist[y, x], y, x))
    candidates.sort()
    seeds = []
    for _, y, x in candidates:
        ok = True
        for sy, sx in seeds:
            if (y - sy) ** 2 + (x - sx) ** 2 < min_distance ** 2:
                ok = False
                break
        if ok:
            seeds.append((y, x))
    return seeds


def grow(mask, dist, seeds):
    """Flood from the seeds, deepest pixels first (a watershed without dams)."""
    labels = np.zeros(mask.shape, dtype=int)
    heap = []
    order = 0
    for k, (y, x) in enumerate(seeds):
        labels[y, x] = k + 1
        heapq.heappush(heap, (-dist[y, x], order, y, x))
        order += 1
    while heap:
        _, _, y, x = heapq.heappop(heap)
        for dy, dx in [(-1, 0), (1, 0), (0, -1), (0, 1)]:
            ny, nx = y + dy, x + dx
            if 0 <= ny < mask.shape[0] and 0 <= nx < mask.shape[1]:
                if mask[ny, nx] and labels[ny, nx] == 0:
                    labels[ny, nx] = labels[y, x]
                    heapq.heappush(heap, (-dist[ny, nx], order, ny, nx))
                    order += 1
    return labels


def measure(labels, image):
    cells = []
    for k in range(1, labels.max() + 1):
        pixels = []
        for y in range(labels.shape[0]):
            for x in range(labels.shape[1]):
                if labels[y, x] == k:
                    pixels.append((y, x))
        area = len(pixels)
        if area < MIN_AREA:
            continue
        cy = sum(p[0] for p in pixels) / area
        cx = sum(p[1] for p in pixels) / area
        perimeter = 0
        myy = mxx = mxy = 0.0
        total = 0.0
        brightest = 0.0
        touches = False
        for y, x in pixels:
            for dy, dx in [(-1, 0), (1, 0), (0, -1), (0, 1)]:
                ny, nx = y + dy, x + dx
                if ny < 0 or nx < 0 or ny >= labels.shape[0] or nx >= labels.shape[1]:
                    perimeter += 1
                elif labels[ny, nx] != k:
                    perimeter += 1
                    if labels[ny, nx] > 0:
                        touches = True
            myy += (y - cy) ** 2
            mxx += (x - cx) ** 2
            mxy += (y - cy) * (x - cx)
            total += image[y, x]
            brightest = max(brightest, image[y, x])
        myy, mxx, mxy = myy / area + 1 / 12, mxx / area + 1 / 12, mxy / area
        root = np.sqrt((myy - mxx) ** 2 / 4 + mxy ** 2)
        major, minor = (myy + mxx) / 2 + root, (myy + mxx) / 2 - root
        cells.append({
            "area": area, "cy": cy, "cx": cx, "perimeter": perimeter,
            "roundness": 4 * np.pi * area / perimeter ** 2,
            "eccentricity": np.sqrt(1 - minor / major),
            "mean": total / area, "max": brightest, "touches": touches,
        })
    return cells


rng = np.random.default_rng(2024)
kernel = gaussian_kernel(5, 1.2)
os.makedirs(os.path.join(here, "out"), exist_ok=True)
everything = []
with open(os.path.join(here, "out", "cells.csv"), "w") as f:
    f.write("image,cell,area,cy,cx,perimeter,roundness,eccentricity,mean,max,touches\n")
    for number in range(N_IMAGES):
        planted = int(rng.integers(25, 45))
        raw = make_image(rng, planted)
        soft = smooth(raw, kernel)
        mask = majority(majority(adaptive_threshold(soft)))
        dist = distance_map(mask)
        seeds = find_seeds(dist)
        labels = grow(mask, dist, seeds)
        cells = measure(labels, soft)
        everything += cells
        for i, c in enumerate(cells):
            f.write(f"{number},{i},{c['area']},{c['cy']:.6f},{c['cx']:.6f},{c['perimeter']},{c['roundness']:.7f},"
                    f"{c['eccentricity']:.7f},{c['mean']:.7f},{c['max']:.7f},{int(c['touches'])}\n")
        areas = [c["area"] for c in cells]
        print(f"image {number}: planted {planted}, seeds {len(seeds)}, cells {len(cells)}, "
              f"covered {mask.sum() / mask.size:.6f}, median area {np.median(areas):.1f}, "
              f"touching {sum(c['touches'] for c in cells)}")

print("cells in all:", len(everything))
for name in ["area", "roundness", "eccentricity", "mean"]:
    values = np.array([c[name] for c in everything])
    print(f"{name:14s} mean {values.mean():.8f} sd {values.std():.8f}")
