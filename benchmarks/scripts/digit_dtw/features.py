"""Cepstral features of a recording, step by step."""
import math

import numpy as np

RATE = 8000
FRAME = 256
HOP = 128
N_FILTERS = 20
N_CEPSTRA = 12


def hz_to_mel(f):
    return 2595 * math.log10(1 + f / 700)


def mel_to_hz(m):
    return 700 * (10 ** (m / 2595) - 1)


def filter_bank():
    low, high = hz_to_mel(100), hz_to_mel(RATE / 2)
    centres = [mel_to_hz(low + (high - low) * k / (N_FILTERS + 1)) for k in range(N_FILTERS + 2)]
    bins = [int(math.floor((FRAME + 1) * f / RATE)) for f in centres]
    bank = np.zeros((N_FILTERS, FRAME // 2 + 1))
    for m in range(1, N_FILTERS + 1):
        for k in range(bins[m - 1], bins[m]):
            bank[m - 1, k] = (k - bins[m - 1]) / (bins[m] - bins[m - 1])
        for k in range(bins[m], bins[m + 1]):
            bank[m - 1, k] = (bins[m + 1] - k) / (bins[m + 1] - bins[m])
    return bank


def trim(signal, share=0.05):
    """cut what is quieter than a share of the loudest frame, at both ends"""
    energies = []
    for start in range(0, len(signal) - HOP, HOP):
        energies.append(math.sqrt(np.mean(signal[start:start + HOP] ** 2)))
    loudest = max(energies)
    first = 0
    while energies[first] < share * loudest:
        first += 1
    last = len(energies) - 1
    while energies[last] < share * loudest:
        last -= 1
    return signal[first * HOP:(last + 1) * HOP]


def pre_emphasis(signal, a=0.97):
    out = np.zeros(len(signal))
    out[0] = signal[0]
    for i in range(1, len(signal)):
        out[i] = signal[i] - a * signal[i - 1]
    return out


def frames(signal):
    result = []
    start = 0
    while start + FRAME <= len(signal):
        result.append(signal[start:start + FRAME])
        start += HOP
    return result


def hamming():
    return np.array([0.54 - 0.46 * math.cos(2 * math.pi * n / (FRAME - 1)) for n in range(FRAME)])


def cosine_transform(values):
    n = len(values)
    out = []
    for k in range(1, N_CEPSTRA + 1):
        total = 0.0
        for i, v in enumerate(values):
            total += v * math.cos(math.pi * k * (i + 0.5) / n)
        out.append(total * math.sqrt(2 / n))
    return out


def cepstra(signal, bank, window):
    """list of frames, each a list of cepstral coefficients with the mean of the recording taken out"""
    signal = pre_emphasis(trim(signal.astype(float)))
    rows = []
    for frame in frames(signal):
        spectrum = np.abs(np.fft.rfft(frame * window)) ** 2 / FRAME
        energies = []
        for f in bank:
            energies.append(math.log(np.sum(f * spectrum) + 1e-3))
        rows.append(cosine_transform(energies))
    means = [sum(row[k] for row in rows) / len(rows) for k in range(N_CEPSTRA)]
    stds = [math.sqrt(sum((row[k] - means[k]) ** 2 for row in rows) / len(rows)) + 1e-6 for k in range(N_CEPSTRA)]
    return [[(row[k] - means[k]) / stds[k] for k in range(N_CEPSTRA)] for row in rows]
