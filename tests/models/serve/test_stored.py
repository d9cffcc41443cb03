"""Weights as they lie on disk."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from hasten.errors import TargetError
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


def _as_written_before(path: Path, index: object, **held: np.ndarray) -> None:
    np.savez(path, index=np.frombuffer(json.dumps(index).encode(), np.uint8), **held)


@pytest.mark.parametrize("way", [FLOAT32, FLOAT16, INT8])
def test_files_of_earlier_hastens_are_read(way: str, tmp_path: Path) -> None:
    """Format 2 before it had a number, and format 1: each array in a piece of its own, scales in their order."""
    given = {"matrix": DRAW.normal(size=(5, 4)).astype(np.float32), "vector": DRAW.normal(size=3)}
    save(tmp_path / "now.npz", given, way, {"matrix": 1})
    now = load(tmp_path / "now.npz")
    with np.load(tmp_path / "now.npz") as file:
        held = dict(file)
    told = json.loads(held.pop("index").tobytes())
    _as_written_before(tmp_path / "unnamed.npz", [told["kinds"], *told["arrays"]], **held)
    first = np.moveaxis(given["matrix"], 1, 0)
    index = [{"name": "matrix", "shape": [4, 5], "axis": 1}, {"name": "vector"}]
    pieces = {"whole1": given["vector"]}
    if way == FLOAT32:
        index, pieces = [{"name": "matrix"}, {"name": "vector"}], {"whole0": given["matrix"], **pieces}
    elif way == FLOAT16:
        pieces["values"] = first.astype(np.float16).reshape(-1)
    else:
        made, scale = rounded(first)
        pieces |= {"values": made.reshape(-1), "scales": scale}
    _as_written_before(tmp_path / "first.npz", index, **pieces)
    for name in ("unnamed", "first"):
        found = load(tmp_path / f"{name}.npz")
        assert list(found) == ["matrix", "vector"]
        np.testing.assert_array_equal(found["vector"], given["vector"])
        np.testing.assert_allclose(found["matrix"], now["matrix"], rtol=1e-4)  # scales are rounded to 16 bits now
        assert found["matrix"].dtype == np.float32


@pytest.mark.parametrize("told", [{"format": 3, "kinds": [], "arrays": []}, {"arrays": []}, "text"])
def test_a_format_that_is_not_known_is_one_error(told: object, tmp_path: Path) -> None:
    _as_written_before(tmp_path / "w.npz", told)
    with pytest.raises(TargetError, match=r"w\.npz holds weights in format .*use the one that made it"):
        load(tmp_path / "w.npz")


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
