"""All recordings of all machines at once: windows as views, one FFT call, the filter a step at a time over every recording."""

from pathlib import Path

import numpy as np

FS, N, HOP = 12000.0, 256, 64
HOURS, HEALTHY, ALARM = 6.0, 12, 6.0
EDGES = [0, 800, 2000, 4000]
F_BPFO = 187.5
NAMES = ["rms", "crest", "kurt", "b1", "b2", "b3", "b4", "bpfo"]
HERE = Path(__file__).resolve().parent


def read(path):
    header, _, body = path.read_text().partition("\n")
    return np.fromstring(body.replace("\n", ","), sep=",").reshape(-1, header.count(",") + 1).T / 1000.0


def envelope(x):
    a = np.exp(-2 * np.pi * 500.0 / FS)
    env = np.zeros(x.shape[::-1])  # time first: each step of the filter is a row
    np.multiply(np.abs(np.diff(x, axis=1)).T, 1 - a, out=env[1:])
    state = env[0].copy()
    for row in env[1:]:
        state *= a
        state += row
        row[:] = state
    return env.T


def over_windows(values, ufunc):
    """`ufunc` reduced over every window: over blocks of a hop first, which the windows share."""
    blocks = ufunc.reduce(values[:, : values.shape[1] // HOP * HOP].reshape(len(values), -1, HOP), axis=2)
    return ufunc.reduce(np.lib.stride_tricks.sliding_window_view(blocks, N // HOP, axis=1), axis=2)


def features(x):
    x = x - x.mean(axis=1, keepdims=True)
    squares = x * x
    m1, m2, m3, m4 = (over_windows(v, np.add) / N for v in (x, squares, squares * x, squares * squares))
    rms = np.sqrt(m2)
    crest = np.divide(np.sqrt(over_windows(squares, np.maximum)), rms, out=np.zeros_like(rms), where=rms > 0)
    m4 = m4 - 4 * m1 * m3 + 6 * m1**2 * m2 - 3 * m1**4
    m2 = m2 - m1**2
    kurt = np.divide(m4, m2**2, out=np.zeros_like(m2), where=m2 != 0)
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N) / (N - 1))
    windows = np.lib.stride_tricks.sliding_window_view(x, N, axis=1)[:, ::HOP]
    spectrum = np.fft.rfft(windows * hann, axis=2)
    power = (spectrum.real**2 + spectrum.imag**2) / N
    starts = np.searchsorted(np.arange(N // 2 + 1) * FS / N, EDGES)
    energy = np.add.reduceat(power, starts, axis=2)
    env = envelope(x)
    env = env - env.mean(axis=1, keepdims=True)
    angle = 2 * np.pi * F_BPFO / FS * np.outer(np.arange(x.shape[1]), [1, 2, 3])
    level = (2 * np.hypot(env @ np.cos(angle), env @ np.sin(angle)) / x.shape[1]).sum(axis=1)
    return np.column_stack([rms.mean(axis=1), crest.mean(axis=1), kurt.max(axis=1), energy.mean(axis=1), level])


def health_index(table):
    base = table[:HEALTHY]
    z = (table - base.mean(axis=0)) / (base.std(axis=0) + 1e-12)
    index = np.log1p(np.maximum(z, 0.0)).sum(axis=1) / table.shape[1]
    smooth = [float(index[0])]
    for value in index[1:].tolist():
        smooth.append(0.3 * value + 0.7 * smooth[-1])
    return smooth


def main():
    paths = sorted((HERE / "data").glob("machine_*.csv"))
    print("machines:", len(paths))
    signals = [read(p) for p in paths]
    tables = np.split(features(np.concatenate(signals)), np.cumsum([len(s) for s in signals])[:-1])
    summary = []
    for path, table in zip(paths, tables):
        hi = health_index(table)
        n = len(table)
        print()
        print(path.stem, "recordings", n)
        print("   " + " ".join(f"{name:>11}" for name in NAMES))
        for i in [0, n // 2, n - 1]:
            print("   " + " ".join(f"{v:11.7f}" for v in table[i]))
        trend = np.corrcoef(np.arange(n), table, rowvar=False)[0, 1:]
        print("   correlation with time: " + " ".join(f"{name} {r:.6f}" for name, r in zip(NAMES, trend)))
        t, last = np.arange(n - 20, n) * HOURS, np.array(hi[-20:])
        slope = ((t - t.mean()) * (last - last.mean())).sum() / ((t - t.mean()) ** 2).sum()
        icept = last.mean() - slope * t.mean()
        if hi[-1] >= ALARM:
            text, left = "ALARM", 0.0
        elif slope * 24 * 30 < 0.5:
            text, left = "no trend", float("inf")
        else:
            left = (ALARM - icept) / slope - (n - 1) * HOURS
            text = f"change in {left:.4f} h"
        first = next((i for i, v in enumerate(hi) if v > 1.5), -1)
        print(f"   health index {hi[-1]:.7f} slope {slope:.8f} per h, first warning {first}: {text}")
        summary.append((left, path.stem, hi[-1]))
    print()
    print("maintenance order")
    for _, machine, value in sorted(summary):
        print(f"   {machine:<12} {value:.6f}")


if __name__ == "__main__":
    main()
