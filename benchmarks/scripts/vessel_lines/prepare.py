"""data/images.npz: made-up images of vessels that branch, uint8, with the mask of the vessels (seeded)."""

from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parent / "data"
SIZE, COUNT = 72, 8


def grow(rng, mask, y, x, angle, width, left):
    """Walk a vessel over `mask` and branch now and then."""
    while left > 0 and 0 <= y < SIZE and 0 <= x < SIZE and width > 0.5:
        yy, xx = np.mgrid[:SIZE, :SIZE]
        mask |= (yy - y) ** 2 + (xx - x) ** 2 <= (width / 2) ** 2 + 0.3
        angle += rng.normal(0, 0.12)
        y, x, left = y + np.sin(angle), x + np.cos(angle), left - 1
        if rng.random() < 0.05:
            turn = rng.choice([-1, 1]) * rng.uniform(0.5, 0.9)
            grow(rng, mask, y, x, angle + turn, width * 0.7, left * 0.7)
            width *= 0.9


def main():
    rng = np.random.default_rng(2004)
    FOLDER.mkdir(exist_ok=True)
    images, masks = [], []
    for _ in range(COUNT):
        mask = np.zeros((SIZE, SIZE), dtype=bool)
        for _ in range(3):
            grow(rng, mask, rng.uniform(10, SIZE - 10), 0.0, rng.normal(0, 0.4), rng.uniform(2.0, 4.0), 90)
        yy, xx = np.mgrid[:SIZE, :SIZE] / SIZE
        light = 140 + 30 * np.sin(2 * yy + rng.uniform(0, 6)) + 20 * xx
        depth = rng.uniform(18, 30)
        soft = mask.astype(float)
        for axis in (0, 1):
            soft = (np.roll(soft, 1, axis) + 2 * soft + np.roll(soft, -1, axis)) / 4
        noisy = light - depth * soft + rng.normal(0, 4, (SIZE, SIZE))
        images.append(np.clip(np.rint(noisy), 0, 255).astype(np.uint8))
        masks.append(mask.astype(np.uint8))
    np.savez_compressed(FOLDER / "images.npz", images=np.array(images), masks=np.array(masks))


if __name__ == "__main__":
    main()
