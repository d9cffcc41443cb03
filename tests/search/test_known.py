"""What a later round need not look at again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hasten.core.finding import Region
from hasten.core.recipe import Change
from hasten.core.source import Edit
from hasten.core.workload import Entry, ScriptWorkload
from hasten.search.known import Known

TEXT = "def f(x):\n    for i in x:\n        print(i)\n\nfor j in range(9):\n    f([j])\n"
INNER = Region("main.py", 2, 3, "block", "f", share=0.5)
OUTER = Region("main.py", 1, 3, "function", "f", share=0.5)
LAST = Region("main.py", 5, 6, "block", "", share=0.5)


@pytest.fixture
def work(tmp_path: Path) -> ScriptWorkload:
    (tmp_path / "main.py").write_text(TEXT)
    return ScriptWorkload(tmp_path, Entry("script", "main.py"), "main.py")


def change(region: Region) -> Change:
    return Change("HST000", "title", region, (Edit("main.py", 2, 2, "    for i in list(x):\n"),))


def test_a_region_that_no_pass_could_change_is_not_recorded_again(work: ScriptWorkload) -> None:
    known = Known()
    assert not known.barren(work, LAST)
    known.proposed(work, [INNER, OUTER, LAST], [change(INNER)])
    assert known.barren(work, LAST)
    assert not known.barren(work, INNER)
    assert not known.barren(work, OUTER), "what its part was proposed for may be its own"
    moved = work.with_sources({"main.py": work.source("main.py").with_text("import math\n" + TEXT)})
    assert known.barren(moved, replace(LAST, first=6, last=7)), "the text counts, not its line"


def test_changed_text_is_looked_at(work: ScriptWorkload) -> None:
    known = Known()
    known.proposed(work, [LAST], [])
    other = work.with_sources({"main.py": work.source("main.py").with_text(TEXT.replace("f([j])", "f((j,))"))})
    assert not known.barren(other, LAST)


def test_what_took_too_little_time_before_is_looked_at_when_it_takes_more(work: ScriptWorkload) -> None:
    known = Known()
    known.proposed(work, [replace(LAST, share=0.025)], [])
    assert known.barren(work, replace(LAST, share=0.025))
    assert not known.barren(work, replace(LAST, share=0.3))


def test_a_refused_change_is_not_replayed_again(work: ScriptWorkload) -> None:
    known = Known()
    known.judged(work, [change(INNER)])
    assert known.settled(work, change(INNER))
    assert not known.settled(work, replace(change(INNER), title="another"))
    assert not known.settled(work, change(OUTER))
