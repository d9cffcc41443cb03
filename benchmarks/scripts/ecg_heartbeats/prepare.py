"""data/rec_1.npz, rec_2.npz: ECG-like signals with a wandering baseline, mains hum, noise and a few ectopic beats (seeded)."""

from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parent / "data"
FS = 250
WAVES = ((-0.20, 0.12, 0.025), (-0.035, -0.14, 0.010), (0.0, 1.1, 0.011), (0.03, -0.22, 0.011), (0.24, 0.28, 0.045))


def record(rng, seconds, rate, wander):
    t = np.arange(int(seconds * FS)) / FS
    x = wander * np.sin(2 * np.pi * 0.22 * t + rng.uniform(0, 6)) + 0.5 * wander * np.sin(2 * np.pi * 0.07 * t)
    x += 0.02 * np.sin(2 * np.pi * 50 * t) + rng.normal(0, 0.025, len(t))
    at = 0.6
    while at < seconds - 0.6:
        ectopic = rng.random() < 0.04
        for shift, height, width in WAVES:
            if ectopic:
                height, width = (0.0 if shift == -0.20 else height * 1.25), width * 2.2
            height *= rng.normal(1, 0.05)
            x += height * np.exp(-0.5 * ((t - at - shift) / width) ** 2)
        pause = 60 / rate * (1 + 0.05 * np.sin(2 * np.pi * 0.25 * at)) * rng.normal(1, 0.03)
        at += pause * (1.3 if ectopic else 0.72 if rng.random() < 0.03 else 1.0)
    return np.round(x, 4)


def main():
    rng = np.random.default_rng(360)
    FOLDER.mkdir(exist_ok=True)
    for number, (seconds, rate, wander) in enumerate([(300, 66, 0.3), (265, 88, 0.15)], start=1):
        np.savez_compressed(FOLDER / f"rec_{number}.npz", signal=record(rng, seconds, rate, wander), fs=FS)


if __name__ == "__main__":
    main()
