"""NumPy and one function of SciPy: lines and windows by shifted padded images, thinning through a table of the 256 neighbourhoods.

Grey values are whole numbers, so their sums are exact in any order.
"""

import math
from pathlib import Path

import numpy as np
from scipy.ndimage import label

DATA = Path(__file__).resolve().parent / "data" / "images.npz"
LENGTHS, N_ANGLES = [5, 9, 13], 12
THRESHOLDS = [0.1 * k for k in range(16)]
ANGLES = [180.0 * k / N_ANGLES for k in range(N_ANGLES)]


def shifted(padded, shape, half, dy, dx):
    return padded[..., half + dy : half + dy + shape[0], half + dx : half + dx + shape[1]]


def window_sums(stack, half):
    """Sums over (2 half + 1)^2 windows, cut at the border, of each image in the stack."""
    n, h, w = stack.shape
    table = np.zeros((n, h + 1, w + 1))
    table[:, 1:, 1:] = stack.cumsum(axis=1).cumsum(axis=2)
    top, bottom = np.maximum(np.arange(h) - half, 0), np.minimum(np.arange(h) + half + 1, h)
    left, right = np.maximum(np.arange(w) - half, 0), np.minimum(np.arange(w) + half + 1, w)
    rows = table[:, bottom] - table[:, top]
    return rows[:, :, right] - rows[:, :, left]


def detect(images, length):
    shape, half = images.shape[1:], length // 2
    pad = ((0, 0), (half, half), (half, half))
    padded, inside = np.pad(images, pad), np.pad(np.ones_like(images[:1]), pad)
    background = window_sums(images, half) / window_sums(np.ones_like(images[:1]), half)
    best, direction = np.full(images.shape, -np.inf), np.zeros(images.shape, dtype=int)
    for a, angle in enumerate(ANGLES):
        dy, dx = math.sin(math.radians(angle)), math.cos(math.radians(angle))
        total, count = np.zeros(images.shape), np.zeros((1, *shape))
        for k in range(-half, half + 1):
            step = round(k * dy), round(k * dx)
            total += shifted(padded, shape, half, *step)
            count += shifted(inside, shape, half, *step)
        value = total / count - background
        better = value > best
        best[better], direction[better] = value[better], a
    return best, direction


def standardise(stack):
    return (stack - stack.mean(axis=(1, 2), keepdims=True)) / stack.std(axis=(1, 2), keepdims=True)


def auc(response, mask):
    _, level = np.unique(-response.ravel().round(9), return_inverse=True)
    positive = np.bincount(level, weights=mask.ravel() != 0)
    negative = np.bincount(level, weights=mask.ravel() == 0)
    before = np.cumsum(positive) - positive
    return (negative * (before + positive / 2)).sum() / (positive.sum() * negative.sum())


def confusion(predicted, mask):
    p, m = predicted.astype(bool), mask.astype(bool)
    tp, fp, fn = int((p & m).sum()), int((p & ~m).sum()), int((~p & m).sum())
    return tp, fp, p.size - tp - fp - fn, fn


def scores(tp, fp, tn, fn):
    return tp / (tp + fn), tn / (tn + fp), (tp + tn) / (tp + fp + tn + fn), 2 * tp / (2 * tp + fp + fn)


def remove_small(mask, smallest):
    labels, count = label(mask, np.ones((3, 3)))
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    keep = sizes >= smallest
    keep[0] = False
    return keep[labels].astype(np.uint8), int(keep.sum())


RING = [(-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1)]
BITS = (np.arange(256)[:, None] >> np.arange(8)) & 1
AROUND = BITS.sum(axis=1)
TURNS = ((BITS == 0) & (np.roll(BITS, -1, axis=1) == 1)).sum(axis=1)
P2, P4, P6, P8 = BITS[:, 0], BITS[:, 2], BITS[:, 4], BITS[:, 6]
REMOVABLE = (AROUND >= 2) & (AROUND <= 6) & (TURNS == 1)
DELETE = [REMOVABLE & (P2 * P4 * P6 == 0) & (P4 * P6 * P8 == 0), REMOVABLE & (P2 * P4 * P8 == 0) & (P2 * P6 * P8 == 0)]


def codes(mask):
    padded = np.pad(mask, 1).astype(int)
    return sum(shifted(padded, mask.shape, 1, *step) << k for k, step in enumerate(RING))


def thin(mask):
    img, passes, changed = mask.copy(), 0, True
    while changed:
        changed, passes = False, passes + 1
        for delete in DELETE:
            out = (img == 1) & delete[codes(img)]
            img[out] = 0
            changed |= bool(out.any())
    return img, passes


def main():
    data = np.load(DATA)
    images, masks = data["images"], data["masks"]
    print(len(images), "images of", images.shape[1:], f"with {masks.mean():.4f} vessel pixels")
    inverted = 255.0 - images
    combined = standardise(inverted)
    for length in LENGTHS:
        response, directions = detect(inverted, length)
        combined = combined + standardise(response)
    responses = combined / (len(LENGTHS) + 1)
    for number, (response, mask) in enumerate(zip(responses, masks, strict=True)):
        print(f"image {number}: response {response.min():.4f} to {response.max():.4f}, AUC {auc(response, mask):.4f}")

    print("\nthreshold  sens   spec   acc    dice")
    best, best_dice = None, -1.0
    for t in THRESHOLDS:
        s = scores(*confusion(responses > t, masks))
        print(f"  {t:.2f}    " + " ".join(f"{v:.4f}" for v in s))
        if s[3] > best_dice:
            best, best_dice = t, s[3]
    print(f"best threshold {best:.2f}")

    print("\nimage  parts  pixels  skeleton  passes  ends  crossings  width   dice  commonest angle")
    for number, (response, direction, mask) in enumerate(zip(responses, directions, masks, strict=True)):
        clean, parts = remove_small(response > best, 25)
        skeleton, passes = thin(clean)
        code = codes(skeleton)[skeleton == 1]
        ends = AROUND[code] == 1
        crossings = ~ends & (TURNS[code] >= 3)
        length = int(skeleton.sum())
        counts = np.bincount(direction[skeleton == 1], minlength=N_ANGLES)
        common = int(counts.argmax())
        print(f"{number:5d} {parts:6d} {int(clean.sum()):7d} {length:9d} {passes:7d} {ends.sum():5d} {crossings.sum():10d} "
              f"{clean.sum() / length:6.4f} {scores(*confusion(clean, mask))[3]:.4f} {ANGLES[common]:6.1f} ({counts[common]})")


if __name__ == "__main__":
    main()
