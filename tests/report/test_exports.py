"""Exports: what other viewers load, and that the numbers are the profile's own."""

from __future__ import annotations

import json
import pstats
from pathlib import Path

import pytest

from hasten.errors import UsageError
from hasten.observe.profiler import RawFrame, RawStack, parse_raw
from hasten.report.exports import export

# What speedscope's published schema (https://www.speedscope.app/file-format-schema.json) asks of a sampled profile.
SPEEDSCOPE = {
    "type": "object",
    "required": ["$schema", "profiles", "shared"],
    "properties": {
        "$schema": {"enum": ["https://www.speedscope.app/file-format-schema.json"]},
        "shared": {
            "required": ["frames"],
            "properties": {
                "frames": {
                    "type": "array",
                    "items": {
                        "required": ["name"],
                        "properties": {
                            "name": {"type": "string"},
                            "file": {"type": "string"},
                            "line": {"type": "number"},
                            "col": {"type": "number"},
                        },
                    },
                }
            },
        },
        "profiles": {
            "type": "array",
            "items": {
                "required": ["endValue", "name", "samples", "startValue", "type", "unit", "weights"],
                "properties": {
                    "type": {"enum": ["sampled"]},
                    "name": {"type": "string"},
                    "unit": {"enum": ["none", "nanoseconds", "microseconds", "milliseconds", "seconds", "bytes"]},
                    "startValue": {"type": "number"},
                    "endValue": {"type": "number"},
                    "samples": {"type": "array", "items": {"type": "array", "items": {"type": "number"}}},
                    "weights": {"type": "array", "items": {"type": "number"}},
                },
            },
        },
        "name": {"type": "string"},
        "activeProfileIndex": {"type": "number"},
        "exporter": {"type": "string"},
    },
}


def stacks(root: Path) -> list[RawStack]:
    file = str(root / "work.py")
    top, mid = RawFrame("<module>", file, 9), RawFrame("run;x", file, 6)
    low, again = RawFrame("step", file, 3), RawFrame("step", file, 2)
    return [
        RawStack((top, mid, low), 30),
        RawStack((top, mid, low, again), 10, native="/lib/numpy/_core.so"),  # step calls itself
        RawStack((top,), 5),
        RawStack((RawFrame("worker", file, 8),), 20, main=False),
        RawStack((), 7),  # a moment without Python
    ]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "work.py").write_text("def step():\n    x = 1\n    return x\n\ndef run():\n    step()\n\n\nrun()\n")
    return tmp_path


def test_speedscope_meets_its_schema(root: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    found = json.loads(export("speedscope", stacks(root), 0.01, "work.py\n<script>", root))
    jsonschema.validate(found, SPEEDSCOPE)
    main, others = found["profiles"]
    assert main["endValue"] == pytest.approx(0.45) == pytest.approx(sum(main["weights"]))
    assert [len(p["samples"]) for p in (main, others)] == [3, 1]
    names = [found["shared"]["frames"][i]["name"] for i in main["samples"][1]]
    assert names == ["<module>", "run;x", "step", "step", "[_core.so]"]
    assert max(i for p in (main, others) for s in p["samples"] for i in s) < len(found["shared"]["frames"])


def test_pstats_loads_it(root: Path) -> None:
    path = root / "out.prof"
    path.write_bytes(export("pstats", stacks(root), 0.01, "work.py", root))
    found = pstats.Stats(str(path))
    table = found.stats  # type: ignore[attr-defined]
    step = table[str(root / "work.py"), 1, "step"]
    assert step[2] == pytest.approx(0.40) and step[3] == pytest.approx(0.40)  # own, and once though it calls itself
    run = table[str(root / "work.py"), 5, "run;x"]
    assert run[2] == 0 and run[3] == pytest.approx(0.40)
    assert step[4][str(root / "work.py"), 5, "run;x"][3] == pytest.approx(0.40)
    assert found.total_tt == pytest.approx(0.65)  # type: ignore[attr-defined]


def test_collapsed_stacks_are_one_a_line(root: Path) -> None:
    rows = export("collapsed", stacks(root), 0.01, "work.py", root).decode().splitlines()
    parsed = [row.rpartition(" ") for row in rows]
    assert sum(int(count) for _, _, count in parsed) == 65
    assert [stack.count(";") for stack, _, _ in parsed] == [2, 0, 4, 0]
    # what hasten writes, its own reader of py-spy's format reads
    assert sum(s.count for s in parse_raw("\n".join(rows))) == 65


def test_what_cannot_be_exported(root: Path) -> None:
    with pytest.raises(UsageError, match="no export 'svg'; there are speedscope, pstats, collapsed"):
        export("svg", stacks(root), 0.01, "work.py", root)
    with pytest.raises(UsageError, match="has no stacks to export"):
        export("speedscope", [RawStack((), 3)], 0.01, "out.prof", root)
