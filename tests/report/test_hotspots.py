"""Hotspots: ranking, reasons, headroom, rendering."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

from hasten.core.facts import LineTime, Profile
from hasten.core.finding import Finding, Region
from hasten.core.workload import Entry, ScriptWorkload
from hasten.report.hotspots import Hotspot, headroom, hotspots, rank, render_hotspots, to_json

SCRIPT = textwrap.dedent(
    """\
    import pandas as pd
    import numpy as np

    def total(frame):
        s = 0.0
        for i in range(len(frame)):
            s += frame.iloc[i]["a"]
        return s

    class A:
        def norms(self, X):
            return [np.linalg.norm(x) for x in X]

    for k in values:
        out = np.linalg.solve(k, k)
        y = k * 2 + x[3]
    frame.apply(total)
    """
)


def work(tmp_path: Path, text: str = SCRIPT) -> ScriptWorkload:
    (tmp_path / "script.py").write_text(text)
    return ScriptWorkload(tmp_path, Entry("script", "script.py"), "script.py")


def profile(**own: float) -> Profile:
    lines = {("script.py", int(k[1:])): LineTime(total=v, own=v) for k, v in own.items()}
    return Profile(samples=200, wall_s=2.0, peak_mb=31.0, lines=lines, profiler="py-spy", imports_share=0.1)


def test_lines_are_ranked_by_what_they_cost_themselves(tmp_path: Path) -> None:
    given = Profile(
        samples=100,
        lines={
            ("script.py", 17): LineTime(total=0.9, own=0.0, library=0.0),  # only calls what is hot
            ("script.py", 7): LineTime(total=0.5, own=0.2, library=0.3),
            ("script.py", 6): LineTime(total=0.5, own=0.1),
            ("script.py", 5): LineTime(total=0.01, own=0.01),
        },
    )
    rows = hotspots(work(tmp_path), given)
    assert [(r.line, r.share) for r in rows] == [(7, 0.5), (6, 0.1)]
    assert rows[0].headroom == 2.0
    assert rows[0].function == "total"
    assert rows[0].text == (
        (6, "    for i in range(len(frame)):"),
        (7, '        s += frame.iloc[i]["a"]'),
        (8, "    return s"),
    )


def test_reasons_come_from_syntax(tmp_path: Path) -> None:
    rows = hotspots(work(tmp_path), profile(_1=0.1, _6=0.1, _7=0.1, _12=0.1, _15=0.1, _16=0.1, _17=0.1))
    reasons = {r.line: r.reason for r in rows}
    assert reasons[1] == "importing pandas"
    assert reasons[6] == "Python loop over range(len(frame))"
    assert reasons[7] == "DataFrame access by .iloc[...], in a loop"
    assert reasons[12] == "a comprehension: Python work for every element"
    assert reasons[15] == "library call: numpy.linalg.solve, in a loop"
    assert reasons[16] == "Python arithmetic and indexing, one element at a time, in a loop"
    assert reasons[17].startswith("apply() calls a Python function")
    assert next(r.function for r in rows if r.line == 12) == "A.norms"


def test_a_finding_gives_reason_and_remedy(tmp_path: Path) -> None:
    region = Region("script.py", 4, 8, "function", "total")
    wide = Finding("HST900", region, 4, 8, "wide", "x")
    narrow = Finding("HST201", region, 6, 7, "one row at a time", "take the column once")
    (row,) = hotspots(work(tmp_path), profile(_7=0.5), [wide, narrow])
    assert (row.reason, row.remedy, row.code) == ("one row at a time", "take the column once", "HST201")


def test_headroom_is_amdahl_and_bounded() -> None:
    assert headroom(0.5) == 2.0
    assert headroom(0.0) == 1.0
    assert headroom(1.0) == 1000.0


def test_text_fits_and_says_what_matters(tmp_path: Path) -> None:
    long = "x = [" + "1 + " * 60 + "1]\nwhile True:\n\tx\x1b[31m = 1\n"
    given = Profile(
        samples=100, wall_s=2.0, lines={("script.py", 1): LineTime(0.5, 0.5), ("script.py", 3): LineTime(0.4, 0.4)}
    )
    for text in (SCRIPT, long):
        rows = hotspots(work(tmp_path, text), given)
        rendered = render_hotspots(rows, given)
        assert rendered.endswith("\n")
        assert all(len(line) <= 80 for line in rendered.splitlines())
        assert "\x1b" not in rendered
        assert "script.py:1" in rendered
        assert "50% of the time, at most 2.00x" in rendered
    narrow = render_hotspots(hotspots(work(tmp_path), profile(_7=0.5)), width=60)
    assert all(len(line) <= 60 for line in narrow.splitlines())
    assert ">     7          s += frame.iloc" in narrow


def test_nothing_hot_is_said(tmp_path: Path) -> None:
    assert "No line" in render_hotspots(hotspots(work(tmp_path), Profile()))


def test_json_round_trips(tmp_path: Path) -> None:
    rows = hotspots(work(tmp_path), profile(_7=0.5))
    data = json.loads(json.dumps(to_json(rows)))
    assert data[0]["line"] == 7
    fields = {**data[0], "text": tuple(tuple(t) for t in data[0]["text"])}
    assert Hotspot(**fields) == rows[0]


def test_unreadable_files_still_rank(tmp_path: Path) -> None:
    given = Profile(samples=9, lines={("gone.py", 3): LineTime(0.5, 0.5), ("script.py", 1): LineTime(0.2, 0.2)})
    rows = rank(given, work(tmp_path, "def (:\n"))
    assert [(r.path, r.reason) for r in rows] == [
        ("gone.py", "time is spent here"),
        ("script.py", "time is spent here"),
    ]


def test_rank_asks_passes(tmp_path: Path) -> None:
    class Loud:
        code, name, risk = "HST999", "loud", None

        def find(self, work, region, facts):  # type: ignore[no-untyped-def]
            yield Finding("HST999", region, region.first, region.last, "because", "so", region.share)

        def propose(self, work, finding, facts):  # type: ignore[no-untyped-def]
            return iter(())

    stacks = ((("script.py:total:7",), 90), ((), 10))
    given = Profile(samples=100, lines={("script.py", 7): LineTime(0.9, 0.9)}, stacks=stacks)
    (row,) = rank(given, work(tmp_path), [Loud()])  # type: ignore[list-item]
    assert (row.code, row.reason) == ("HST999", "because")
