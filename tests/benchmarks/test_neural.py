"""The bench of nets: what counts as a rival, and going on where an earlier run ended."""

import pytest

pytest.importorskip("torch")

from benchmarks.neural.run import HASTEN, ORIGINAL, CaseResult, Measured, best_tool, read, summary, write


def result():
    rounds = [{ORIGINAL: 100e-6, HASTEN: 10e-6, "quick": 12e-6, "right": 20e-6, COMPILED: 40e-6} for _ in range(3)]
    accuracy = {ORIGINAL: 0.95, HASTEN: 0.945, "quick": 0.93, "right": 0.95, COMPILED: 0.95}
    size = {ORIGINAL: 1.0, HASTEN: 0.2}
    return CaseResult("case", "data", accuracy=accuracy, size_mb=size, measured=[Measured(1, 1, rounds)])


COMPILED = "torch.compile"


def test_only_tools_within_the_budget_are_rivals():
    found = result()
    assert best_tool(found, found.measured[0]) == "right"  # `quick` lost two points
    told = summary([found])
    assert "10.00x" in told[0]
    assert "2.00x" in told[1]
    assert any("5.00x smaller" in line for line in told)


def test_a_run_goes_on_from_what_was_written(tmp_path):
    path = tmp_path / "held" / "neural.json"
    assert read(path) == []
    write([result()], path)
    assert read(path) == [result()]
