"""Which digit was said? Cepstral features and the nearest template by dynamic time warping."""
import os
from collections import Counter

import numpy as np

import features
from warping import dtw

here = os.path.dirname(os.path.abspath(__file__))


def load_clips():
    data = np.load(os.path.join(here, "data", "clips.npz"))
    audio, offset = data["audio"], data["offset"]
    digits, speakers, takes = data["digit"], data["speaker"], data["take"]
    clips = []
    for i in range(len(digits)):
        clips.append({
            "audio": audio[offset[i]:offset[i + 1]],
            "digit": int(digits[i]),
            "speaker": str(speakers[i]),
            "take": int(takes[i]),
        })
    return clips


def vote(ranked, k):
    """majority of the k nearest templates, the nearest decides a draw"""
    counts = Counter(digit for _, digit, _ in ranked[:k])
    most = max(counts.values())
    for _, digit, _ in ranked[:k]:
        if counts[digit] == most:
            return digit


def print_confusion(pairs):
    table = np.zeros((10, 10), dtype=int)
    for true, predicted in pairs:
        table[true, predicted] += 1
    print("      " + " ".join(f"{d:3d}" for d in range(10)) + "  recall  precision")
    for d in range(10):
        recall = table[d, d] / table[d].sum()
        said = table[:, d].sum()
        precision = table[d, d] / said if said > 0 else 0.0
        print(f"  {d:2d}  " + " ".join(f"{v:3d}" for v in table[d]) + f"  {recall:.4f}  {precision:.4f}")


def main():
    clips = load_clips()
    speakers = sorted(set(c["speaker"] for c in clips))[:4]
    templates = [c for c in clips if c["speaker"] in speakers[:3] and c["take"] in (0, 3)]
    tests = [c for c in clips if c["speaker"] in speakers and c["take"] in (1, 2)]
    print(len(clips), "recordings,", len(templates), "templates,", len(tests), "to recognise")

    bank = features.filter_bank()
    window = features.hamming()
    for c in templates + tests:
        c["features"] = features.cepstra(c["audio"], bank, window)
    lengths = [len(c["features"]) for c in templates + tests]
    print(f"frames: {min(lengths)} to {max(lengths)}, {sum(lengths) / len(lengths):.4f} on average")

    nearest, voted = [], []
    margins = []
    path_share = 0.0
    for c in tests:
        results = []
        for t in templates:
            cost, steps = dtw(c["features"], t["features"])
            results.append((cost, t["digit"], t["speaker"]))
            path_share += steps / (len(c["features"]) + len(t["features"]))
        results.sort()
        best = results[0]
        other = [r for r in results if r[1] != best[1]][0]
        margins.append((other[0] / best[0], best[1] == c["digit"]))
        nearest.append((c["digit"], best[1]))
        voted.append((c["digit"], vote(results, 3)))
        c["answer"] = best
    print(f"length of a path: {path_share / (len(tests) * len(templates)):.6f} of the frames")

    print(f"\naccuracy nearest {sum(a == b for a, b in nearest) / len(tests):.4f}, "
          f"vote of three {sum(a == b for a, b in voted) / len(tests):.4f}")
    print_confusion(nearest)

    print("\nspeaker    right   mean cost  own template")
    for s in speakers:
        part = [c for c in tests if c["speaker"] == s]
        right = sum(c["answer"][1] == c["digit"] for c in part) / len(part)
        cost = sum(c["answer"][0] for c in part) / len(part)
        own = sum(c["answer"][2] == s for c in part) / len(part)
        print(f"{s:10s} {right:.4f}  {cost:.6f}   {own:.4f}")

    print("\nmargin to the next digit")
    for low, high in [(1, 1.05), (1.05, 1.15), (1.15, 1.3), (1.3, 100)]:
        part = [ok for m, ok in margins if low <= m < high]
        if part:
            print(f"  {low:.2f} to {high:6.2f}: {len(part):3d} recordings, {sum(part) / len(part):.4f} right")

    wrong = [c for c in tests if c["answer"][1] != c["digit"]]
    for c in wrong[:8]:
        print(f"  {c['speaker']} said {c['digit']}, heard {c['answer'][1]} ({c['answer'][2]}), cost {c['answer'][0]:.6f}")


if __name__ == "__main__":
    main()
