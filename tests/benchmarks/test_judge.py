"""A slice of `python -m benchmarks.judge`: faults of every kind are made, and the judge turns them down."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

from benchmarks import judge
from benchmarks.faulty import every_fault, faults
from hasten.core.finding import Region
from hasten.core.recipe import Change
from hasten.core.source import Edit
from hasten.observe.session import session
from tests.fuzz import engine
from tests.fuzz.choices import Program

SLOW = """import numpy as np


def work(xs, limit):
    out = []
    for x in xs:
        if x < limit and x not in out:
            out.append(x)
    return out
"""
FAST = """def work(xs, limit):
    if type(xs) is not list or type(limit) is not int or not all(type(x) is int for x in xs):
        out = []
        for x in xs:
            if x < limit and x not in out:
                out.append(x)
        return out
    seen = dict.fromkeys(xs)
    return [x for x in seen if x < limit]
"""
PROGRAM = Program(SLOW, ("([3, 1, 3, 8, 1, 2], 4)", "([5, 7], 7)"), ("([1.0, True, 1], 3)", "([nan, nan], 2)"))
REGION = Region("script.py", 4, 9, "function", "work", ("xs", "limit"))
CHANGE = Change("TEST", "a set remembers", REGION, (Edit("script.py", 4, 9, FAST),))


def test_faults_are_small_many_and_never_the_same_code() -> None:
    work = engine.workload(SLOW)
    found = list(every_fault(CHANGE, work))
    kinds = {f.kind for f in found}
    assert {"< for <=", "guard always true", "statement left out", "reordered output", "early return"} <= kinds, kinds
    right = ast.dump(CHANGE.apply(work).source("script.py").tree)
    for fault in found:
        spoilt = fault.change.apply(work).source("script.py")
        assert ast.dump(spoilt.tree) != right, fault
        assert spoilt.text.count("\n") - SLOW.count("\n") < 12
    picked = faults(CHANGE, work, 6, "a")
    assert picked == faults(CHANGE, work, 6, "a") and len({f.kind for f in picked}) == 6


def test_the_judge_turns_down_what_the_other_judge_sees(tmp_path: Path) -> None:
    family = judge.FAMILIES["containers"]
    subject = judge.Subject("slice", PROGRAM, CHANGE)
    with session() as current:
        bench = judge.Bench(current, tmp_path / "slice", subject)
        assert bench.judge(CHANGE) == ("", "")
        caught = set()
        for fault in faults(CHANGE, bench.work, 5, "b"):
            changes, shown = judge.effect(family, PROGRAM, fault)
            by, reason = bench.judge(fault.change)
            if changes in (judge.RUN, judge.UNRECORDED):
                assert by, (fault.kind, fault.before, fault.after, shown)
                caught.add(by)
            if changes == judge.RUN:
                assert by in ("recorded", "whole run"), reason
        assert caught


@pytest.mark.parametrize(
    ("what", "forgiven"),
    [
        ("result: it: 0.0 became -0.0", True),
        ("result: it[3]: np.float64(0.0) became np.float64(-0.0)", True),
        ("result: it: 0.0 became 1.0", False),
        ("result: it: 10.0 became -10.0", False),
        ("warnings: it: 1 became 2 of them, [('RuntimeWarning', 'divide by zero')] became []", True),
        ("warnings: it: 1 became 2 of them, [('UserWarning', 'mind')] became []", False),
        ("warnings: it[1]: 'invalid value encountered in add' became 'invalid value encountered in accumulate'", True),
        ("result: it[1]: 'invalid value encountered in add' became 'invalid value encountered in accumulate'", False),
    ],
)
def test_what_the_contract_forgives(what: str, forgiven: bool) -> None:
    assert judge.forgiven(what) == forgiven


def test_the_sieve_keeps_what_shows_on_unrecorded_calls_alone() -> None:
    family = judge.FAMILIES["containers"]
    program = Program(SLOW, PROGRAM.recorded[:1], (*PROGRAM.recorded[1:], *PROGRAM.late))
    given = list(every_fault(CHANGE, engine.workload(SLOW)))
    kinds, places = judge.sieved(family, program, given, 1)
    assert len(places) == 1 == kinds[judge.UNRECORDED] and sum(kinds.values()) == places[-1] + 1
    assert kinds[judge.RUN] and given[places[0]].kind == "< for <="
    assert judge.effect(family, program, given[places[0]])[0] == judge.UNRECORDED
    told = judge.told_in_words([], 0.0, kinds + Counter(changes=1))
    assert f"asked of {sum(kinds.values())} faults in 1 changes" in told and "hasten of the 1 of that kind" in told


def test_the_table_counts() -> None:
    made = [
        judge.Judged("a 1", "HST1", "off by one", 1, "1", "2", changes, "", by, "")
        for changes, by in (
            (judge.RUN, "recorded"),
            (judge.UNRECORDED, "varied"),
            (judge.UNRECORDED, ""),
            (judge.NONE, ""),
        )
    ]
    assert judge.figures(made) == {
        "injected": 4, "changes": 1, "run": 1, "run through": 0, "unrecorded": 2, "unrecorded through": 1,
        "unrecorded through, %": 50.0, "no effect seen": 1, "forgiven": 0, "caught by": {"recorded": 1, "varied": 1},
    }  # fmt: skip
    assert "| all | 4 | 1 | 0 | 2 | 1 | 1 | 0 |" in judge.table(made)
