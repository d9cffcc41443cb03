"""NumPy alone, all patches of all slides at once: windows as a view, co-occurrence by one bincount per offset.

Means and moments are summed in another order than slow.py's; the last bits differ.
"""

import json
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

HERE = Path(__file__).resolve().parent
PATCH, STRIDE, LEVELS, TRAIN_SLIDES = 16, 8, 8, 10
FEATURES = ["mean", "std", "skewness", "entropy", "dark_share", "edges", "contrast", "homogeneity", "energy"]
FEATURES += ["correlation", "lbp_uniform"]


def windows(stack, size=PATCH, trim=0):
    """(slides * rows * cols, size, size): the patches without `trim` pixels around."""
    size -= 2 * trim
    inner = stack[:, trim : stack.shape[1] - trim, trim : stack.shape[2] - trim]
    view = sliding_window_view(inner, (size, size), axis=(1, 2))[:, ::STRIDE, ::STRIDE]
    return view.reshape(-1, size, size)


def haralick(quantised):
    n = len(quantised)
    base = (np.arange(n) * LEVELS * LEVELS)[:, None, None]
    glcm = np.zeros(n * LEVELS * LEVELS, dtype=np.int64)
    for dy, dx in ((0, 1), (1, 0), (1, 1)):
        a = quantised[:, : PATCH - dy, : PATCH - dx]
        b = quantised[:, dy:, dx:]
        glcm += np.bincount((base + (a * LEVELS + b)).ravel(), minlength=len(glcm))
    glcm = glcm.reshape(n, LEVELS, LEVELS)
    glcm = glcm + glcm.transpose(0, 2, 1)
    p = glcm.reshape(n, -1) / glcm.sum(axis=(1, 2))[:, None]
    i, j = (k.ravel() for k in np.indices((LEVELS, LEVELS)))
    mean = p @ i
    variance = p @ i**2 - mean**2
    covariance = p @ (i * j) - mean**2
    flat = variance <= 1e-12
    correlation = np.where(flat, 1.0, covariance / np.where(flat, 1.0, variance))
    return p @ (i - j) ** 2, p @ (1 / (1 + abs(i - j))), np.sqrt((p * p).sum(axis=1)), correlation


def features_of(images):
    patches = windows(images)
    n, pixels = len(patches), PATCH * PATCH
    flat = patches.reshape(n, pixels)

    # intensity, from the histogram of every patch
    place = np.arange(n)[:, None] * 256
    counts = np.bincount((place + flat).ravel(), minlength=n * 256).reshape(n, 256)
    grey = np.arange(256.0)
    mean = counts @ grey / pixels
    away = grey - mean[:, None]
    std = np.sqrt((counts * away**2).sum(axis=1) / pixels)
    third = (counts * away**3).sum(axis=1) / pixels
    skewness = np.divide(third, std**3, out=np.zeros(n), where=std > 0)
    share = counts.reshape(n, 16, 16).sum(axis=2) / pixels
    entropy = -(share * np.log2(np.where(share > 0, share, 1.0))).sum(axis=1)
    dark = counts[:, :110].sum(axis=1) / pixels

    # edges of whole slides, once for all the patches that share a pixel; 4 |gradient|^2 in whole numbers
    x = images.astype(np.int64)
    gx, gy = x[:, 1:-1, 2:] - x[:, 1:-1, :-2], x[:, 2:, 1:-1] - x[:, :-2, 1:-1]
    steep = np.zeros(images.shape, dtype=bool)
    steep[:, 1:-1, 1:-1] = gx * gx + gy * gy > 1600
    edges = windows(steep, trim=1).sum(axis=(1, 2)) / (PATCH - 2) ** 2

    circle = [(-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1)]
    side = images.shape[1]
    bits = [images[:, 1 + a : side - 1 + a, 1 + b : side - 1 + b] >= images[:, 1:-1, 1:-1] for a, b in circle]
    changes = sum((bits[k] != bits[k - 1]).astype(np.int8) for k in range(8))
    uniform = np.zeros(images.shape, dtype=bool)
    uniform[:, 1:-1, 1:-1] = changes <= 2
    lbp = windows(uniform, trim=1)[:, ::2, ::2].mean(axis=(1, 2))

    texture = haralick(patches // (256 // LEVELS))
    return np.column_stack([mean, std, skewness, entropy, dark, edges, *texture, lbp])


def metrics(truth, margins):
    found = margins > 0
    tp, fp, fn = (int(np.count_nonzero(k)) for k in (truth & found, ~truth & found, truth & ~found))
    positives, negatives = margins[truth], margins[~truth]
    better = int(np.searchsorted(np.sort(negatives), positives).sum())
    pairs = len(positives) * len(negatives)
    return {
        "accuracy": (len(truth) - fp - fn) / len(truth),
        "precision": tp / (tp + fp) if tp + fp else 0.0,
        "recall": tp / (tp + fn) if tp + fn else 0.0,
        "dice": 2 * tp / (2 * tp + fp + fn) if tp else 0.0,
        "auc": better / pairs if pairs else 0.0,
    }


def main():
    with np.load(HERE / "data" / "slides.npz") as data:
        images, masks = data["images"], data["masks"]
    x = features_of(images)
    tumour = windows(masks).sum(axis=(1, 2)) * 2 >= PATCH * PATCH
    per_slide = len(x) // len(images)
    print(f"{len(images)} slides, {len(x)} patches, {tumour.sum()} of tumour")

    train = slice(0, TRAIN_SLIDES * per_slide)
    z = (x - x[train].mean(axis=0)) / x[train].std(axis=0)
    normal, sick = z[train][~tumour[train]].mean(axis=0), z[train][tumour[train]].mean(axis=0)
    print(f"{'feature':<14}{'normal':>12}{'tumour':>12}")
    for name, a, b in zip(FEATURES, normal, sick):
        print(f"{name:<14}{a:12.6f}{b:12.6f}")

    margins = np.sqrt(((z - normal) ** 2).sum(axis=1)) - np.sqrt(((z - sick) ** 2).sum(axis=1))
    across = (images.shape[2] - PATCH) // STRIDE + 1
    report, lines = {}, ["slide,row,col,tumour,margin\n"]
    for slide in range(TRAIN_SLIDES, len(images)):
        part = slice(slide * per_slide, (slide + 1) * per_slide)
        truth, margin = tumour[part], margins[part]
        for k, (t, m) in enumerate(zip(truth.tolist(), margin.tolist())):
            lines.append(f"{slide},{k // across * STRIDE},{k % across * STRIDE},{int(t)},{m:.6f}\n")
        report[f"slide_{slide}"] = metrics(truth, margin)
        print(f"slide {slide}: " + "  ".join(f"{k} {v:.5f}" for k, v in report[f"slide_{slide}"].items()))
    (HERE / "out").mkdir(exist_ok=True)
    (HERE / "out" / "patches.csv").write_text("".join(lines))
    (HERE / "out" / "metrics.json").write_text(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
