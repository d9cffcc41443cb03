"""NumPy alone: windows as views, filters as matrix products or convolutions, all shifts and all pairs at once.

The filters sum in another order than slow.py's, so values differ in the last bits.
"""

import json
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

HERE = Path(__file__).resolve().parent


def remove_baseline(x, fs):
    half = int(0.3 * fs)
    width = 2 * half + 1
    n = len(x)
    middle = np.empty(n)
    windows = sliding_window_view(x, width)
    for a in range(0, len(windows), 2000):  # a part at a time stays in the cache
        part = windows[a : a + 2000].copy()
        part.partition(half, axis=1)
        middle[half + a : half + a + len(part)] = part[:, half]
    for i in [*range(half), *range(n - half, n)]:
        middle[i] = np.median(x[max(0, i - half) : i + half + 1])
    return x - middle


def kernel(low, high, fs, taps=61):
    n = np.arange(taps) - taps // 2
    k = 2 * high / fs * np.sinc(2 * high / fs * n) - 2 * low / fs * np.sinc(2 * low / fs * n)
    return k * np.hamming(taps)


def fir(x, k):
    return np.convolve(np.pad(x, len(k) // 2, mode="edge"), k, mode="valid")


def find_peaks(energy, fs):
    refractory = int(0.25 * fs)
    head = energy[: 2 * fs]
    signal, noise = float(head.max()) * 0.5, float(head.mean()) * 0.5
    inner = energy[1:-1]
    tops = np.flatnonzero((inner > energy[:-2]) & (inner >= energy[2:])) + 1
    peaks, height = [], 0.0
    for i, e in zip(tops.tolist(), energy[tops].tolist()):
        if e > noise + 0.25 * (signal - noise):
            if peaks and i - peaks[-1] < refractory:
                if e > height:
                    peaks[-1], height = i, e
                continue
            peaks.append(i)
            height = e
            signal = 0.125 * e + 0.875 * signal
        else:
            noise = 0.125 * e + 0.875 * noise
    return peaks


def refine(peaks, x, fs):
    back = int(0.2 * fs)
    found = []
    for p in peaks:
        low = max(0, p - back)
        best = low + int(x[low : p + 1].argmax())
        if not found or best > found[-1]:
            found.append(best)
    return np.array(found)


def sample_entropy(rr, m=2, factor=0.2):
    r = factor * np.std(rr)
    near = np.abs(rr[:, None] - rr) <= r
    n = len(rr) - m
    b = near[:n, :n] & near[1 : n + 1, 1 : n + 1]
    a = b & near[2 : n + 2, 2 : n + 2]
    a, b = int(a.sum()) - n, int(b.sum()) - n
    return float(-np.log(a / b)) if a and b else 0.0


def variability(peaks, fs):
    rr = np.diff(peaks) / fs * 1000
    diffs = np.diff(rr)
    return {
        "beats": len(peaks),
        "heart_rate": 60000 / rr.mean(),
        "sdnn": rr.std(ddof=1),
        "rmssd": np.sqrt((diffs**2).mean()),
        "pnn50": np.count_nonzero(np.abs(diffs) > 50) / len(diffs),
        "sd1": np.sqrt(0.5) * diffs.std(),
        "sd2": np.sqrt(max(0.0, 2 * rr.var() - 0.5 * diffs.var())),
        "sample_entropy": sample_entropy(rr),
    }


def correlations(windows, margin):
    """`windows`: beats x shifts x samples."""
    centred = windows - windows.mean(axis=2, keepdims=True)
    size = np.sqrt((centred**2).sum(axis=2))
    middle = windows[:, margin]
    good = np.ones(len(windows), dtype=bool)
    for _ in range(2):
        template = middle[good].mean(axis=0)
        template = template - template.mean()
        best = (centred @ template / (size * np.sqrt(template @ template))).max(axis=1)
        good = best >= 0.95
    return best


def main():
    summary, lines = {}, ["record,sample,correlation,odd"]
    for name in ("rec_1", "rec_2"):
        with np.load(HERE / "data" / f"{name}.npz") as data:
            raw, fs = data["signal"], int(data["fs"])
        flat = remove_baseline(raw, fs)
        filtered = fir(flat, kernel(5.0, 15.0, fs))
        slope = np.zeros(len(filtered))
        slope[2:-2] = (2 * filtered[4:] + filtered[3:-1] - filtered[1:-3] - 2 * filtered[:-4]) / 8
        width = int(0.15 * fs)
        energy = np.convolve(slope**2, np.ones(width))[: len(slope)] / width
        peaks = refine(find_peaks(energy, fs), filtered, fs)
        measures = variability(peaks, fs)

        smooth = fir(flat, kernel(0.5, 35.0, fs))
        margin, before, after = 4, int(0.25 * fs), int(0.4 * fs)
        where = peaks[(peaks >= before + margin) & (peaks + after + margin <= len(smooth))]
        views = sliding_window_view(smooth, before + after)
        best = correlations(views[where[:, None] - before + np.arange(-margin, margin + 1)], margin)
        odd = best < 0.9
        measures["odd_beats"] = int(odd.sum())
        lines += [f"{name},{s},{c:.6f},{int(o)}" for s, c, o in zip(where.tolist(), best.tolist(), odd.tolist())]

        print(name, "samples", len(raw))
        for key, value in measures.items():
            print(f"  {key:15s} {value}" if key in ("beats", "odd_beats") else f"  {key:15s} {value:.5f}")
        summary[name] = {k: round(float(v), 6) for k, v in measures.items()}

    (HERE / "out").mkdir(exist_ok=True)
    (HERE / "out" / "beats.csv").write_text("\n".join(lines) + "\n")
    (HERE / "out" / "summary.json").write_text(json.dumps(summary, indent=2))


if __name__ == "__main__":
    main()
