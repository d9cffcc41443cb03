"""
Bearing condition monitoring from raw accelerometer recordings.
One csv per machine, one column per recording (taken every 6 h), fs = 12 kHz.

For every recording: windows of 256 samples, overlapping -> RMS, peak,
kurtosis, crest factor, energy in four bands, envelope level at the outer
race frequency. Then a health index against the first recordings (healthy)
and a trend of the index -> hours until the alarm limit.
"""

import glob
import os

import numpy as np
import pandas as pd

fs = 12000.0
N = 256
hop = 64
hours_between = 6.0
n_healthy = 12          # recordings for the baseline
alarm = 6.0             # health index at which the bearing is changed
bands = [(0, 800), (800, 2000), (2000, 4000), (4000, 6001)]
f_bpfo = 187.5          # outer race

here = os.path.dirname(os.path.abspath(__file__))


def remove_mean(x):
    m = 0.0
    for i in range(len(x)):
        m = m + x[i]
    m = m / len(x)
    y = np.zeros(len(x))
    for i in range(len(x)):
        y[i] = x[i] - m
    return y


def envelope(x):
    """high pass (first difference), rectify, one pole low pass at 500 Hz"""
    a = np.exp(-2 * np.pi * 500.0 / fs)
    env = np.zeros(len(x))
    state = 0.0
    for i in range(1, len(x)):
        d = abs(x[i] - x[i - 1])
        state = a * state + (1 - a) * d
        env[i] = state
    return env


def rms(w):
    s = 0.0
    for v in w:
        s += v ** 2
    return np.sqrt(s / len(w))


def peak(w):
    p = 0.0
    for v in w:
        if abs(v) > p:
            p = abs(v)
    return p


def kurtosis(w):
    n = len(w)
    m = 0.0
    for v in w:
        m += v
    m /= n
    m2 = 0.0
    m4 = 0.0
    for v in w:
        m2 += (v - m) ** 2
        m4 += (v - m) ** 4
    m2 /= n
    m4 /= n
    if m2 == 0:
        return 0.0
    return m4 / m2 ** 2


hann = np.zeros(N)
for i in range(N):
    hann[i] = 0.5 - 0.5 * np.cos(2 * np.pi * i / (N - 1))


def band_energies(w):
    spec = np.fft.rfft(w * hann)
    energy = [0.0] * len(bands)
    for k in range(len(spec)):
        f = k * fs / N
        p = (spec[k].real ** 2 + spec[k].imag ** 2) / N
        for b in range(len(bands)):
            if f >= bands[b][0] and f < bands[b][1]:
                energy[b] += p
    return energy


def goertzel(x, f):
    """amplitude of one frequency"""
    w = 2 * np.pi * f / fs
    c = 2 * np.cos(w)
    s1 = 0.0
    s2 = 0.0
    for v in x:
        s0 = v + c * s1 - s2
        s2 = s1
        s1 = s0
    power = s1 ** 2 + s2 ** 2 - c * s1 * s2
    return 2 * np.sqrt(max(power, 0.0)) / len(x)


names = ["rms", "crest", "kurt", "b1", "b2", "b3", "b4", "bpfo"]


def features_of_recording(x):
    x = remove_mean(x)
    env = envelope(x)
    rows = []
    start = 0
    while start + N <= len(x):
        w = x[start:start + N]
        r = rms(w)
        p = peak(w)
        k = kurtosis(w)
        row = [r, p / r if r > 0 else 0.0, k]
        row = row + band_energies(w)
        rows.append(row)
        start += hop
    rows = np.array(rows)
    # mean over windows, but the largest kurtosis (impacts are rare)
    result = []
    for j in range(rows.shape[1]):
        if j == 2:
            result.append(max(rows[:, j]))
        else:
            result.append(np.mean(rows[:, j]))
    env = remove_mean(env)
    level = 0.0
    for h in [1, 2, 3]:
        level += goertzel(env, h * f_bpfo)
    result.append(level)
    return result


def fit_line(t, y):
    n = len(t)
    st = 0.0; sy = 0.0; stt = 0.0; sty = 0.0
    for i in range(n):
        st += t[i]
        sy += y[i]
        stt += t[i] * t[i]
        sty += t[i] * y[i]
    slope = (n * sty - st * sy) / (n * stt - st * st)
    return slope, (sy - slope * st) / n


def health_index(table):
    base = table[:n_healthy]
    index = []
    for i in range(len(table)):
        total = 0.0
        for j in range(table.shape[1]):
            mu = np.mean(base[:, j])
            sd = np.std(base[:, j])
            z = (table[i, j] - mu) / (sd + 1e-12)
            total += np.log1p(max(z, 0.0))
        index.append(total / table.shape[1])
    # smoothing, the newest counts 30 %
    smooth = [index[0]]
    for i in range(1, len(index)):
        smooth.append(0.3 * index[i] + 0.7 * smooth[-1])
    return smooth


files = sorted(glob.glob(os.path.join(here, "data", "machine_*.csv")))
print("machines:", len(files))
summary = []
for path in files:
    machine = os.path.basename(path)[:-4]
    data = pd.read_csv(path)
    table = []
    for col in data.columns:
        x = data[col].values / 1000.0       # counts -> g
        table.append(features_of_recording(x))
    table = np.array(table)
    hi = health_index(table)

    print()
    print(machine, "recordings", len(table))
    print("   " + " ".join("%11s" % n for n in names))
    for i in [0, len(table) // 2, len(table) - 1]:
        print("   " + " ".join("%11.7f" % v for v in table[i]))
    print("   correlation with time: " + " ".join(
        "%s %.6f" % (names[j], np.corrcoef(np.arange(len(table)), table[:, j])[0, 1]) for j in range(len(names))))

    # trend of the last 20 recordings
    t = [i * hours_between for i in range(len(hi) - 20, len(hi))]
    slope, icept = fit_line(t, hi[-20:])
    now = (len(hi) - 1) * hours_between
    if hi[-1] >= alarm:
        text = "ALARM"
        left = 0.0
    elif slope * 24 * 30 < 0.5:
        text = "no trend"
        left = float("inf")
    else:
        left = (alarm - icept) / slope - now
        text = "change in %.4f h" % left
    first = -1
    for i in range(len(hi)):
        if hi[i] > 1.5:
            first = i
            break
    print("   health index %.7f slope %.8f per h, first warning %d: %s" % (hi[-1], slope, first, text))
    summary.append((left, machine, hi[-1]))

print()
print("maintenance order")
for left, machine, value in sorted(summary):
    print("   %-12s %.6f" % (machine, value))
