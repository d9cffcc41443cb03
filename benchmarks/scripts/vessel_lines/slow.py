"""Vessels in images: line detectors of three lengths, threshold, clean-up, thinning; compared with the drawn mask."""
from pathlib import Path

import numpy as np

from detectors import LineDetector, standardise
from morphology import ends_and_crossings, remove_small, thin

DATA = Path(__file__).resolve().parent / "data" / "images.npz"
LENGTHS = [5, 9, 13]
THRESHOLDS = [0.1 * k for k in range(16)]


def confusion(predicted, mask):
    tp = fp = tn = fn = 0
    for p, m in zip(predicted.ravel(), mask.ravel()):
        if p and m:
            tp += 1
        elif p and not m:
            fp += 1
        elif m:
            fn += 1
        else:
            tn += 1
    return tp, fp, tn, fn


def scores(tp, fp, tn, fn):
    sensitivity = tp / (tp + fn)
    specificity = tn / (tn + fp)
    accuracy = (tp + tn) / (tp + fp + tn + fn)
    dice = 2 * tp / (2 * tp + fp + fn)
    return sensitivity, specificity, accuracy, dice


def auc(response, mask):
    """area under the ROC curve by the trapezoidal rule over all pixels"""
    pairs = sorted(zip(response.ravel().round(9), mask.ravel()), key=lambda p: -p[0])
    positives = sum(1 for _, m in pairs if m)
    negatives = len(pairs) - positives
    area = 0.0
    tp = fp = 0
    i = 0
    while i < len(pairs):
        j = i
        new_tp, new_fp = tp, fp
        while j < len(pairs) and pairs[j][0] == pairs[i][0]:
            if pairs[j][1]:
                new_tp += 1
            else:
                new_fp += 1
            j += 1
        area += (new_fp - fp) * (tp + new_tp) / 2
        tp, fp = new_tp, new_fp
        i = j
    return area / (positives * negatives)


def main():
    data = np.load(DATA)
    images, masks = data["images"], data["masks"]
    print(len(images), "images of", images.shape[1:], f"with {masks.mean():.4f} vessel pixels")
    detectors = [LineDetector(length) for length in LENGTHS]

    responses = []
    directions = []
    for number, image in enumerate(images):
        inverted = 255.0 - image.astype(float)
        combined = standardise(inverted)
        for detector in detectors:
            response, direction = detector.apply(inverted)
            combined = combined + standardise(response)
        combined = combined / (len(detectors) + 1)
        responses.append(combined)
        directions.append(direction)
        print(f"image {number}: response {combined.min():.4f} to {combined.max():.4f}, AUC {auc(combined, masks[number]):.4f}")

    print("\nthreshold  sens   spec   acc    dice")
    best, best_dice = None, -1.0
    for t in THRESHOLDS:
        total = np.zeros(4, dtype=int)
        for response, mask in zip(responses, masks):
            total += np.array(confusion(response > t, mask))
        s = scores(*[int(v) for v in total])
        print(f"  {t:.2f}    " + " ".join(f"{v:.4f}" for v in s))
        if s[3] > best_dice:
            best, best_dice = t, s[3]
    print(f"best threshold {best:.2f}")

    print("\nimage  parts  pixels  skeleton  passes  ends  crossings  width   dice  commonest angle")
    for number, (response, direction, mask) in enumerate(zip(responses, directions, masks)):
        binary = (response > best).astype(np.uint8)
        clean, parts = remove_small(binary, 25)
        skeleton, passes = thin(clean)
        ends, crossings = ends_and_crossings(skeleton)
        length = int(skeleton.sum())
        dice = scores(*confusion(clean, mask))[3]
        counts = {}
        for y in range(skeleton.shape[0]):
            for x in range(skeleton.shape[1]):
                if skeleton[y, x]:
                    angle = detectors[-1].angles[direction[y, x]]
                    counts[angle] = counts.get(angle, 0) + 1
        common = max(sorted(counts), key=lambda a: counts[a])
        print(f"{number:5d} {parts:6d} {int(clean.sum()):7d} {length:9d} {passes:7d} {ends:5d} {crossings:10d} "
              f"{clean.sum() / length:6.4f} {dice:.4f} {common:6.1f} ({counts[common]})")


if __name__ == "__main__":
    main()
