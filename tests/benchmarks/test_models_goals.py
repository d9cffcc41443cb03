"""The benchmark of models: goals as they are told, results that a later run goes on with."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("sklearn")

from benchmarks.models.cases import CASES, Data, ready
from benchmarks.models.run import (
    BUDGET,
    HASTEN,
    ORIGINAL,
    CaseResult,
    Measured,
    best_exact,
    best_rival,
    read,
    summary,
    write,
)


def case(name: str, model: str = "Pipeline", **seconds: float) -> CaseResult:
    """One case at one row, as a dict and at 256 rows, every round alike; `_` stands for a blank."""
    ways = {w.replace("_", " "): s for w, s in seconds.items()}
    found = CaseResult(name, model, "somewhere", fresh={HASTEN: "the same"})
    for rows in (1, 0, 256):
        found.measured.append(Measured(rows, 1, [dict(ways) for _ in range(3)]))
    return found


def lines(*results: CaseResult) -> dict[str, str]:
    """What is told of each goal: its first words, and whether it was met."""
    told = [t for t in summary(list(results)) if "goal" in t]
    return {t[7:].partition(":")[0].partition(", worst of")[0]: t[:6].strip() for t in told}


def test_goals_are_met_or_missed() -> None:
    good = lines(case("a", original=1.0, hasten=0.001, settings=0.5))
    assert set(good.values()) == {"met"}
    bad = case("b", original=1.0, hasten=0.1, GTIL=0.05)
    bad.problems.append("hasten is WRONG on unseen rows: 3 of 9 labels")
    assert set(lines(bad).values()) == {"MISSED"}


def test_a_budget_is_held_against_the_best_exact_backend() -> None:
    found = case("c", model="Forest", original=1.0, hasten=0.02, tl2cgen=0.03)
    for at in found.measured:
        for one in at.rounds:
            one[BUDGET] = 0.016
    at = found.measured[0]
    assert best_rival(found, at) == "tl2cgen"
    assert best_exact(found, at) == HASTEN
    told = next(t for t in summary([found]) if "with 0.5%, over" in t)
    assert told.startswith("MISSED") and "1.88x" in told
    found.unlike["tl2cgen"] = "2 of 9 labels"  # no rival any more
    assert best_rival(found, at) is None
    told = next(t for t in summary([found]) if "with 0.5%, over" in t)
    assert told.startswith("met") and ORIGINAL in told


def test_results_are_read_back(tmp_path: Path) -> None:
    results = [case("a", original=1.0, hasten=0.5), case("b", original=1.0, hasten=0.5)]
    write(results, tmp_path / "deep" / "models.json")
    assert read(tmp_path / "deep" / "models.json") == results
    assert read(tmp_path / "none.json") == []


def test_rows_are_seen_by_one_part_only() -> None:
    import dataclasses

    import numpy as np
    from sklearn.dummy import DummyClassifier

    x = np.arange(400.0).reshape(200, 2)
    plain = dataclasses.replace(
        CASES[0], data=lambda: Data(x, np.arange(200) % 2, "made"), model=lambda: DummyClassifier()
    )
    found = ready(plain)
    parts = [p[0][:, 0].tolist() for p in (found.train, found.valid, found.test, found.fresh)]
    assert [len(p) for p in parts] == [100, 36, 32, 32]
    assert len({v for p in parts for v in p}) == 200
