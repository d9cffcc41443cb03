"""data/slides.npz: grey tissue images (uint8) with masks of the tumour: denser nuclei, another texture (seeded)."""

from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter

FOLDER = Path(__file__).resolve().parent / "data"
SIZE = 144


def slide(rng):
    y, x = np.mgrid[:SIZE, :SIZE]
    mask = np.zeros((SIZE, SIZE), dtype=bool)
    for _ in range(int(rng.integers(1, 4))):
        cy, cx, r = rng.uniform(20, SIZE - 20, 2).tolist() + [rng.uniform(18, 38)]
        angle = np.arctan2(y - cy, x - cx)
        mask |= np.hypot(y - cy, x - cx) < r * (1 + 0.2 * np.sin(3 * angle + rng.uniform(0, 6)))
    image = 190 + 12 * gaussian_filter(rng.normal(0, 1, (SIZE, SIZE)), 6) * 10
    fibres = 10 * np.sin((x * np.cos(0.6) + y * np.sin(0.6)) / 2.5)
    image += np.where(mask, 0, fibres)
    dots = np.zeros((SIZE, SIZE))
    for inside, count in ((True, 420), (False, 160)):
        spots = np.argwhere(mask == inside)
        for cy, cx in spots[rng.integers(len(spots), size=count)]:
            dots[cy, cx] += rng.uniform(0.7, 1.3)
    image -= 380 * gaussian_filter(dots, 1.5) + rng.normal(0, 5, (SIZE, SIZE))
    image -= np.where(mask, 10, 0)
    return np.clip(image, 0, 255).astype(np.uint8), mask


def main():
    rng = np.random.default_rng(88)
    FOLDER.mkdir(exist_ok=True)
    images, masks = zip(*[slide(rng) for _ in range(15)])
    np.savez_compressed(FOLDER / "slides.npz", images=np.stack(images), masks=np.stack(masks))


if __name__ == "__main__":
    main()
