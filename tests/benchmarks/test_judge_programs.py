"""Programs as subjects of the judge's bench: their worlds, and the other judge that compares what they show."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import judge_programs
from benchmarks.judge_programs import Shown, Small, Worlds, apart, shown, worlds
from hasten.core.finding import Region
from hasten.core.recipe import Change
from hasten.core.source import Edit
from hasten.core.workload import Entry, ScriptWorkload

TEXT = """import csv, sys
LEAST = 2
rows = list(csv.reader(open("data/t.csv")))[1:]
total = sum(float(v) for _, v in rows)
if len(rows) >= LEAST:
    print("mean", total / len(rows))
open("out.txt", "w").write(rows[0][0])
"""


def table(folder: Path, rows: int) -> None:
    (folder / "data").mkdir(parents=True)
    lines = ["name,value\n", *(f"n{i},{i + 0.5}\n" for i in range(rows))]
    (folder / "data" / "t.csv").write_text("".join(lines))


@pytest.fixture
def known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Worlds:
    monkeypatch.setattr(judge_programs, "SCRIPTS", tmp_path / "scripts")
    monkeypatch.setitem(judge_programs.PROGRAMS, "mean", Small(10))
    table(tmp_path / "scripts" / "mean", 40)
    table(tmp_path / "small", 10)
    (tmp_path / "small" / "slow.py").write_text(TEXT)
    work = ScriptWorkload(tmp_path / "small", Entry("script", "slow.py"), "slow.py", python=sys.executable)
    return Worlds(work, "mean", tmp_path / "world")


def change(line: int, text: str) -> Change:
    return Change("HST000", "a fault", Region("slow.py", 4, 7, "block", ""), (Edit("slow.py", line, line, text),))


def test_other_worlds_have_other_data_and_numbers(tmp_path: Path) -> None:
    table(tmp_path, 40)
    found = {name: (files, numbers) for name, files, numbers in worlds(tmp_path, 10, [TEXT])}
    sizes = {name: files["data/t.csv"].count("\n") - 1 for name, (files, _) in found.items() if files}
    assert (sizes["other rows"], sizes["few"], sizes["one"], sizes["none"], sizes["twice"]) == (10, 4, 1, 0, 10)
    assert found["backwards"][0]["data/t.csv"].splitlines()[1] == "n9,9.5"
    assert found["LEAST = 0"][1] == {"LEAST": "0"}


def test_a_fault_shows_in_the_first_world_that_tells(known: Worlds) -> None:
    assert known.effect(change(6, '    print("mean", total / len(rows))\n')) == ("", "")
    assert known.effect(change(6, '    print("mean", total)\n'))[0] == "as recorded"
    world, what = known.effect(change(5, "if True:\n"))
    assert world == "one" and "0 lines became 1" in what
    assert known.effect(change(7, 'open("out.txt", "w").write("n0")\n'))[0] == "other rows"
    assert known.effect(change(7, "sys.exit(3)\n"))[0] == "as recorded"


def test_a_run_that_dies_is_another_one(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text("import os\nprint(1, flush=True)\nos._exit(0)\n")
    assert shown(tmp_path).status == "it crashes"


def test_what_is_compared() -> None:
    one = Shown("0", "x 1.0000000000001 a\n", {"f": b"1\n"})
    assert not apart(one, replace(one, out="x 1.0 a\n"))
    assert apart(one, replace(one, out="x 1.00001 a\n"))
    assert apart(one, replace(one, out="x 1.0 b\n"))
    assert apart(one, replace(one, out=one.out + "\n"))
    assert apart(one, replace(one, files={"f": b"2\n"}))
    assert apart(one, replace(one, files={}))
    assert apart(one, replace(one, status="1"))
