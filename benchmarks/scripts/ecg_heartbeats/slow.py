# ECG: baseline removal, band pass, R peaks (after Pan and Tompkins), heart rate variability, beat templates
import json
import os

import numpy as np

here = os.path.dirname(os.path.abspath(__file__))
RECORDS = ["rec_1", "rec_2"]


def remove_baseline(x, fs):
    """Subtract the moving median of 0.6 s, the window cut off at both ends of the record."""
    half = int(0.3 * fs)
    out = np.zeros(len(x))
    for i in range(len(x)):
        lo = max(0, i - half)
        hi = min(len(x), i + half + 1)
        out[i] = x[i] - np.median(x[lo:hi])
    return out


def bandpass_kernel(low, high, fs, taps=61):
    n = np.arange(taps) - taps // 2
    k_high = 2 * high / fs * np.sinc(2 * high / fs * n)
    k_low = 2 * low / fs * np.sinc(2 * low / fs * n)
    return (k_high - k_low) * np.hamming(taps)


def fir_filter(x, kernel):
    half = len(kernel) // 2
    padded = np.concatenate([np.full(half, x[0]), x, np.full(half, x[-1])])
    y = np.zeros(len(x))
    for i in range(len(x)):
        y[i] = np.sum(padded[i:i + len(kernel)] * kernel[::-1])
    return y


def derivative(x):
    # five-point derivative of the paper
    d = np.zeros(len(x))
    for i in range(2, len(x) - 2):
        d[i] = (2 * x[i + 2] + x[i + 1] - x[i - 1] - 2 * x[i - 2]) / 8
    return d


def moving_integral(x, width):
    out = np.zeros(len(x))
    for i in range(len(x)):
        start = max(0, i - width + 1)
        out[i] = x[start:i + 1].sum() / width
    return out


def find_peaks(energy, fs):
    """Local maxima above an adaptive threshold, at least 0.25 s apart."""
    refractory = int(0.25 * fs)
    signal_level = energy[:2 * fs].max() * 0.5
    noise_level = energy[:2 * fs].mean() * 0.5
    peaks = []
    for i in range(1, len(energy) - 1):
        if not (energy[i] > energy[i - 1] and energy[i] >= energy[i + 1]):
            continue
        threshold = noise_level + 0.25 * (signal_level - noise_level)
        if energy[i] > threshold:
            if peaks and i - peaks[-1] < refractory:
                if energy[i] > energy[peaks[-1]]:
                    peaks[-1] = i
                continue
            peaks.append(i)
            signal_level = 0.125 * energy[i] + 0.875 * signal_level
        else:
            noise_level = 0.125 * energy[i] + 0.875 * noise_level
    return peaks


def refine(peaks, x, fs):
    """The R peak is the highest sample in the 0.2 s before the maximum of the energy."""
    back = int(0.2 * fs)
    found = []
    for p in peaks:
        lo = max(0, p - back)
        best = lo
        for k in range(lo, p + 1):
            if x[k] > x[best]:
                best = k
        if len(found) == 0 or best > found[-1]:
            found.append(best)
    return found


def sample_entropy(rr, m=2, factor=0.2):
    r = factor * np.std(rr)

    def matches(length):
        templates = [rr[i:i + length] for i in range(len(rr) - m)]
        count = 0
        for i in range(len(templates)):
            for j in range(len(templates)):
                if i != j and np.max(np.abs(templates[i] - templates[j])) <= r:
                    count += 1
        return count

    a, b = matches(m + 1), matches(m)
    if a == 0 or b == 0:
        return 0.0
    return float(-np.log(a / b))


def variability(peaks, fs):
    rr = np.diff(np.array(peaks)) / fs * 1000
    diffs = np.diff(rr)
    nn50 = 0
    for d in diffs:
        if abs(d) > 50:
            nn50 += 1
    sd1 = np.sqrt(0.5) * np.std(diffs)
    sd2 = np.sqrt(max(0.0, 2 * np.var(rr) - 0.5 * np.var(diffs)))
    return {
        "beats": len(peaks),
        "heart_rate": 60000 / np.mean(rr),
        "sdnn": np.std(rr, ddof=1),
        "rmssd": np.sqrt(np.mean(diffs ** 2)),
        "pnn50": nn50 / len(diffs),
        "sd1": sd1,
        "sd2": sd2,
        "sample_entropy": sample_entropy(rr),
    }


def cut_beats(x, peaks, fs, margin):
    before, after = int(0.25 * fs), int(0.4 * fs)
    beats, where = [], []
    for p in peaks:
        if p - before - margin < 0 or p + after + margin > len(x):
            continue
        beats.append(x[p - before - margin:p + after + margin])
        where.append(p)
    return beats, where


def template_correlations(beats, margin, rounds=2):
    """Correlation of every beat with the mean beat, best of the shifts; odd beats leave the mean in the next round."""
    width = len(beats[0]) - 2 * margin
    good = list(range(len(beats)))
    best = []
    for _ in range(rounds):
        template = np.mean([beats[k][margin:margin + width] for k in good], axis=0)
        best = []
        for beat in beats:
            tries = []
            for shift in range(2 * margin + 1):
                tries.append(np.corrcoef(beat[shift:shift + width], template)[0, 1])
            best.append(max(tries))
        good = [k for k in range(len(beats)) if best[k] >= 0.95]
    return best


summary = {}
lines = ["record,sample,correlation,odd"]
for name in RECORDS:
    with np.load(os.path.join(here, "data", name + ".npz")) as data:
        raw, fs = data["signal"], int(data["fs"])
    flat = remove_baseline(raw, fs)
    filtered = fir_filter(flat, bandpass_kernel(5.0, 15.0, fs))
    energy = moving_integral(derivative(filtered) ** 2, int(0.15 * fs))
    peaks = refine(find_peaks(energy, fs), filtered, fs)
    measures = variability(peaks, fs)

    smooth = fir_filter(flat, bandpass_kernel(0.5, 35.0, fs))
    beats, where = cut_beats(smooth, peaks, fs, margin=4)
    correlations = template_correlations(beats, margin=4)
    odd = [c < 0.9 for c in correlations]
    measures["odd_beats"] = sum(odd)
    for sample, c, o in zip(where, correlations, odd):
        lines.append(f"{name},{sample},{c:.6f},{int(o)}")

    print(name, "samples", len(raw))
    for key, value in measures.items():
        print(f"  {key:15s} {value:.5f}" if key not in ("beats", "odd_beats") else f"  {key:15s} {value}")
    summary[name] = {k: round(float(v), 6) for k, v in measures.items()}

os.makedirs(os.path.join(here, "out"), exist_ok=True)
with open(os.path.join(here, "out", "beats.csv"), "w") as f:
    f.write("\n".join(lines) + "\n")
with open(os.path.join(here, "out", "summary.json"), "w") as f:
    json.dump(summary, f, indent=2)
