"""NPBench: what is written is read again, and summed up kernel by kernel."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import npbench

EQUAL = {"exact": True, "drift": 0.0, "ulp": 0.0}


def suite(folder: Path, *names: str) -> Path:
    (folder / "bench_info").mkdir()
    for name in names:
        (folder / "bench_info" / f"{name}.json").write_text("{}")
    return folder


def test_a_run_goes_on_where_it_was_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []
    broken = {("b", "hasten")}

    def child(_: Path, name: str, part: str, given: Any) -> dict[str, Any]:
        asked.append((name, part))
        if (name, part) in broken:
            return {"kernel": name, "failed": "ValueError: no"}
        gain = 8.0 if part == "hasten" else 2.0
        version = "hasten" if part == "hasten" else "numba_n"
        figures = {
            "numpy": {**EQUAL, "ms": 10.0, "numpy_ms": 10.0},
            version: {**EQUAL, "ms": 10 / gain, "numpy_ms": 10.0},
        }
        return {"kernel": name, "hasten_s": 5.0, "note": "", "versions": figures}

    monkeypatch.setattr(npbench, "in_child", child)
    out = tmp_path / "out.json"
    asking = ["--suite", str(suite(tmp_path, "a", "b")), "--json", str(out), "--resume"]
    npbench.main([*asking, "--kernels", "a"])
    npbench.main(asking)
    assert asked == [("a", "hasten"), ("a", "others"), ("b", "hasten"), ("b", "others")]
    rows = json.loads(out.read_text())
    assert [row["failed"] for row in rows] == [{}, {"hasten": "ValueError: no"}]
    assert "hasten 2.83x, suite 2.00x, blind 1.00x" in npbench.summary(rows)  # a part that failed counts as 1.0x
    assert "hasten: ValueError: no" in npbench.line(rows[1])
    broken.clear()
    npbench.main(asking)  # only what failed is tried again
    assert asked[4:] == [("b", "hasten")]
    assert "hasten 8.00x, suite 2.00x" in npbench.summary(json.loads(out.read_text()))


def test_what_is_wrong_counts_for_nothing() -> None:
    fast = {"ms": 1.0, "numpy_ms": 10.0}
    row = {
        "kernel": "a",
        "failed": {},
        "versions": {"numpy": {**EQUAL, "ms": 9.0}, "hasten": {**EQUAL, **fast, "drift": 1e-6}},
    }
    assert npbench.gains(row)["hasten"] is None
    assert "wrong: a" in npbench.summary([row])
    row["versions"]["hasten"] = {**EQUAL, **fast, "exact": False}
    assert npbench.gains(row)["hasten"] is None
    row["versions"]["hasten"] = {**EQUAL, **fast}
    assert npbench.gains(row)["hasten"] == 10.0  # by NumPy in the same rounds
