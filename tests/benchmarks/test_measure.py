"""The bench of the measuring: its rows, tables and naive ways, on made-up times."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from benchmarks.measure.__main__ import BEGIN, END, into, main, read, write
from benchmarks.measure.cells import Cell, Row, decide
from benchmarks.measure.naive import blocks, says_faster
from benchmarks.measure.processes import environment
from benchmarks.measure.table import at_most, keys, markdown
from benchmarks.measure.workloads import PROGRAM, UNITS, WORKLOADS, call_of
from hasten.core.measurement import RunSample
from hasten.measure.inside import InnerPairs

HEAD = {"schema": 1, "machine": {"cpu": "made up", "cores": 2, "packages": {}}, "max_pairs": 40, "busy": "as found"}


def made(old_s: float, new_s: float, noise: float) -> Row:
    def pair(draw: random.Random) -> tuple[RunSample, RunSample, InnerPairs]:
        def turns(seconds: float) -> tuple[RunSample, ...]:
            times = [seconds * draw.lognormvariate(0, noise) for _ in range(11)]
            return tuple(RunSample(t, t, 1.0) for t in times)

        found = InnerPairs(turns(old_s), turns(new_s))
        return *found.samples, found

    return decide(pair, "seed")


def test_a_decision_holds_what_both_metrics_say_and_survives_the_file(tmp_path: Path) -> None:
    row = made(2.0, 1.0, 0.01)
    assert row.decided == {"wall": "faster", "auto": "faster"}
    assert row.pairs == {"wall": 4, "auto": 4}
    assert row.metric == "cpu"
    assert all(row.naive.values())
    assert Row.of(json.loads(json.dumps(row.plain()))).plain() == row.plain()
    cell = Cell("numpy", "busy", 2.0, [row])
    write(tmp_path / "m.json", HEAD, {cell.key: cell})
    head, cells = read(tmp_path / "m.json")
    assert {k: head[k] for k in HEAD} == HEAD
    assert cells["numpy busy 2"].rows[0].plain() == row.plain()
    assert read(tmp_path / "none.json") == ({}, {})


def test_the_table_says_what_was_decided() -> None:
    same = [made(1.0, 1.0, 0.05) for _ in range(3)]
    assert not any(r.decided["auto"] == "faster" for r in same)
    cells = [Cell("numpy", "quiet", 1.0, same), Cell("torch", "busy", 1.1, [made(1.1, 1.0, 0.01)])]
    text = markdown(HEAD, [*cells, Cell("pandas", "quiet", 1.0)])
    assert "| NumPy, 5 ms a call | quiet |" in text
    assert "0.0% (0 of 3)" in text
    assert "| torch, 20 ms a call | busy neighbour | 1.1x | 1.1x | 100% of 1 | " in text
    assert "pandas, 50 ms" not in text, "a cell that was not run has no row"
    assert "0 false claims of hasten in 3 decisions, so at most 63%" in text


def test_how_large_a_rate_may_be_that_was_seen_so_seldom() -> None:
    assert at_most(0, 200) == pytest.approx(1 - 0.05 ** (1 / 200))
    assert at_most(2, 200) == pytest.approx(0.0311, abs=2e-4)
    assert at_most(5, 5) == 1.0


def test_naive_ways() -> None:
    equal, slow_first = [1.0, 1.01] * 5, [1.5, *[1.0, 1.01] * 5]
    assert not any(says_faster(equal, equal).values())
    assert says_faster(slow_first, equal) == {"one": True, "best": False, "mean": True, "test": False}
    assert all(says_faster([2.0, 2.01] * 5, equal).values())
    # A of an earlier process against B of a later one; of whole runs, those of the first and of the second half
    assert blocks([([1.0, 2.0], [8.0, 8.0]), ([9.0, 9.0], [3.0, 4.0])]) == ([1.0, 2.0], [3.0, 4.0])
    assert blocks([([float(i)], [float(-i)]) for i in range(4)]) == ([0.0, 1.0], [-2.0, -3.0])


def test_extra_work_is_real() -> None:
    calls: list[int] = []
    call_of(lambda: calls.append(1), round(UNITS * 1.05))()
    assert len(calls) == 21
    compile(PROGRAM.format(units=22), "program", "exec")
    assert len(keys(list(WORKLOADS), ["quiet"])) == 16
    assert environment(random.Random(1)) != environment(random.Random(2)), "each process has a hash seed of its own"


def test_tables_go_between_the_marks(tmp_path: Path) -> None:
    docs = tmp_path / "trust.md"
    docs.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    into(docs, "new\n")
    assert docs.read_text(encoding="utf-8") == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"
    docs.write_text("nothing", encoding="utf-8")
    with pytest.raises(SystemExit, match="between which"):
        into(docs, "new\n")


def test_nothing_to_show_is_said(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no results yet"):
        main(["--show", "--json", str(tmp_path / "none.json")])
