"""Clean-up of binary images: small parts out, thinning after Zhang and Suen."""
import numpy as np


def remove_small(mask, smallest):
    h, w = mask.shape
    seen = np.zeros((h, w), dtype=bool)
    out = np.zeros((h, w), dtype=np.uint8)
    parts = 0
    for y in range(h):
        for x in range(w):
            if mask[y, x] == 0 or seen[y, x]:
                continue
            stack = [(y, x)]
            seen[y, x] = True
            pixels = []
            while stack:
                cy, cx = stack.pop()
                pixels.append((cy, cx))
                for dy in (-1, 0, 1):
                    for dx in (-1, 0, 1):
                        ny, nx = cy + dy, cx + dx
                        if 0 <= ny < h and 0 <= nx < w and mask[ny, nx] and not seen[ny, nx]:
                            seen[ny, nx] = True
                            stack.append((ny, nx))
            if len(pixels) >= smallest:
                parts += 1
                for py, px in pixels:
                    out[py, px] = 1
    return out, parts


def neighbours(img, y, x):
    # P2 ... P9, clockwise from the north
    return [img[y - 1, x], img[y - 1, x + 1], img[y, x + 1], img[y + 1, x + 1],
            img[y + 1, x], img[y + 1, x - 1], img[y, x - 1], img[y - 1, x - 1]]


def transitions(n):
    pairs = zip(n, n[1:] + n[:1])
    return sum((a, b) == (0, 1) for a, b in pairs)


def thin(mask):
    img = np.pad(mask, 1)
    passes = 0
    changed = True
    while changed:
        changed = False
        passes += 1
        for step in (0, 1):
            to_delete = []
            for y in range(1, img.shape[0] - 1):
                for x in range(1, img.shape[1] - 1):
                    if img[y, x] != 1:
                        continue
                    n = neighbours(img, y, x)
                    p2, p3, p4, p5, p6, p7, p8, p9 = n
                    if not 2 <= sum(n) <= 6:
                        continue
                    if transitions(n) != 1:
                        continue
                    if step == 0 and p2 * p4 * p6 == 0 and p4 * p6 * p8 == 0:
                        to_delete.append((y, x))
                    if step == 1 and p2 * p4 * p8 == 0 and p2 * p6 * p8 == 0:
                        to_delete.append((y, x))
            for y, x in to_delete:
                img[y, x] = 0
                changed = True
    return img[1:-1, 1:-1], passes


def ends_and_crossings(skeleton):
    img = np.pad(skeleton, 1)
    ends = crossings = 0
    for y in range(1, img.shape[0] - 1):
        for x in range(1, img.shape[1] - 1):
            if img[y, x]:
                n = neighbours(img, y, x)
                if sum(n) == 1:
                    ends += 1
                elif transitions(n) >= 3:
                    crossings += 1
    return ends, crossings
