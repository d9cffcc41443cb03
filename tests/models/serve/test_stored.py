"""Weights as they lie on disk."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from hasten.serve.stored import FLOAT16, FLOAT32, INT4, INT6, INT8, LEVELS, load, rounded, save

DRAW = np.random.default_rng(3)


def arrays() -> dict[str, np.ndarray]:
    return {
        "matrix": DRAW.normal(size=(40, 30)).astype(np.float32),
        "turned": np.asfortranarray(DRAW.normal(size=(20, 3, 16)).astype(np.float32)),
        "vector": np.array([0.0, -0.0, np.nan, -np.inf, 1e-42, 3.1415927], np.float32),
        "none": np.zeros((0, 7), np.float32),
        "beyond": np.full((2, 300), 1e6, np.float32),  # of float16
        "nothing": np.zeros((5, 8), np.float32),
        "places": np.arange(-3, 9).reshape(3, 4),
        "single": np.array(2.5, np.float64),
        "yes": np.array([True, False, True]),
        "eight": DRAW.integers(-127, 128, (9, 11)).astype(np.int8),
    }


@pytest.mark.parametrize("way", [FLOAT32, FLOAT16, INT8, INT6, INT4])
def test_arrays_come_back_in_their_shapes_and_kinds(way: str, tmp_path: Path) -> None:
    given = arrays()
    axes = {"matrix": 0, "turned": 1, "none": 0, "beyond": 0, "nothing": 0, "vector": 0, "eight": 0, "places": 0}
    save(tmp_path / "w.npz", given, way, axes)
    found = load(tmp_path / "w.npz")
    assert list(found) == sorted(found, key=list(given).index) and set(found) == set(given)
    rounds = {"matrix", "turned"} if way != FLOAT32 else set()
    for name, old in given.items():
        new = found[name]
        assert (new.shape, new.dtype) == (old.shape, old.dtype), name
        if name not in rounds:
            assert new.tobytes() == np.ascontiguousarray(old).tobytes(), name
            continue
        first = np.moveaxis(old, axes[name], 0).reshape(old.shape[axes[name]], -1)
        apart = np.abs(np.moveaxis(new, axes[name], 0).reshape(first.shape) - first)
        within = {FLOAT16: 5e-4, INT8: 0.006}.get(way)
        if within is None:  # large values may be cut off
            assert np.sqrt((apart**2).mean()) < 0.5 * np.abs(first).max() / LEVELS[way], name
        else:
            assert (apart <= within * np.abs(first).max(axis=1, keepdims=True)).all(), name


def test_fewer_bits_take_less_room(tmp_path: Path) -> None:
    given = {"table": DRAW.normal(size=(500, 64)).astype(np.float32)}
    took = []
    for way in (FLOAT32, FLOAT16, INT8, INT6, INT4):
        save(tmp_path / f"{way}.npz", given, way, {"table": 0})
        took.append((tmp_path / f"{way}.npz").stat().st_size / 32000)
    bits = [8 * t for t in took]
    assert bits == sorted(bits, reverse=True)
    assert bits[2] < 8.7 and bits[3] < 6.7 and bits[4] < 4.9  # a scale for 64 values among them


def test_many_arrays_are_few_files(tmp_path: Path) -> None:
    save(tmp_path / "w.npz", {f"bias {i}": np.zeros(3, np.float32) for i in range(50)}, FLOAT32, {})
    assert len(zipfile.ZipFile(tmp_path / "w.npz").namelist()) == 2


@pytest.mark.parametrize("levels", LEVELS.values())
def test_no_scale_leaves_less_error(levels: int) -> None:
    rows = DRAW.normal(size=(6, 50)).astype(np.float32)
    q, scale = rounded(rows, levels)
    assert q.dtype == np.int8 and np.abs(q).max() <= levels
    plain = np.abs(rows).max(axis=1, keepdims=True) / levels
    error = ((q * scale[:, None] - rows) ** 2).sum(axis=1)
    usual = ((np.rint(rows / plain) * plain - rows) ** 2).sum(axis=1)
    assert (error <= usual * (1 + 1e-5)).all()
