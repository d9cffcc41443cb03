"""Another result, at least as good: judged by whole runs of small programs, with changes written here."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hasten.core.contract import Contract, Quality
from hasten.core.finding import Region
from hasten.core.recipe import Change, Risk
from hasten.core.source import Edit
from hasten.core.workload import Entry, ScriptWorkload
from hasten.errors import TargetError
from hasten.observe.session import Session, session
from hasten.search import quality as judge
from hasten.search.quality import Watched, reach_as_good
from hasten.search.reseed import reseeded
from hasten.search.runs import Program

SEARCH = """\
import json
import random

def cost(x):
    return (x - 3.0) ** 2 + 1.0

def report(label, x):
    print(label, round(x, 1))

rows = [i * 0.5 for i in range(4)]
print("rows", sum(rows))
random.seed(5)
best_x, best = 0.0, 99.0
for _ in range(400):
    x = random.uniform(-10, 10)
    if cost(x) < best:
        best_x, best = x, cost(x)
print("mean row", sum(rows) / len(rows))
report("best at", best_x)
if best_x > 2:
    print("on the right")
with open("best.json", "w") as out:
    json.dump({"x": best_x}, out)
with open("rows.json", "w") as out:
    json.dump(rows, out)
print("final cost:", f"{best:.6f}")
"""


@pytest.fixture
def current() -> Iterator[Session]:
    with session() as s:
        yield s


def change(text: str, old: str, new: str, live_out: tuple[str, ...]) -> Change:
    """The lines from `old`'s first on, as many as it has, become `new`."""
    wanted, lines = old.splitlines(), text.splitlines()
    first = next(n for n in range(len(lines)) if lines[n : n + len(wanted)] == wanted) + 1
    last = first + len(wanted) - 1
    region = Region("script.py", first, last, "block", "", (), live_out, share=0.9)
    edit = Edit("script.py", first, last, textwrap.dedent(new))
    return Change("HST999", "another search", region, (edit,), Risk.QUALITY, share=0.9)


def reached(
    current: Session, tmp: Path, new: str, quality: str = "best:min", *, text: str = SEARCH, old: str | None = None,
    live_out: tuple[str, ...] = ("best", "best_x"),
) -> tuple[str, bool, tuple[str, ...]]:  # fmt: skip
    """(the verdict's reason, whether it was kept, what differs)."""
    (tmp / "script.py").write_text(text)
    work = ScriptWorkload(tmp, Entry("script", "script.py"), "script.py")
    contract = Contract(qualities=(Quality.parse(quality),))
    program = Program(current, work, contract)
    try:
        program.observe()
        watched = Watched(program, contract)
        loop = text[text.index("for _ in") : text.index('print("mean')] if old is None else old
        out = reach_as_good(watched, work, [change(text, loop, new, live_out)], program.base.wall_s, 0.0, speed=False)
    finally:
        program.close()
    ((_, verdict),) = out.judged
    return verdict.reason, bool(out.kept), out.differs


BETTER = "best_x, best = 3.0, cost(3.0)\n"


def test_a_better_result_is_kept_and_what_differs_is_told(current: Session, tmp_path: Path) -> None:
    reason, kept, differs = reached(current, tmp_path, BETTER)
    assert kept, reason
    assert any("final cost" in d for d in differs)
    assert "file best.json" in differs
    assert not any("row" in d for d in differs)


@pytest.mark.parametrize(
    ("new", "quality", "why"),
    [
        ("best_x, best = 2.0, cost(2.0)\n", "best:min", "best became worse"),
        ("best_x, best = 2.0, cost(2.0)\n", "final cost:min", "final cost became worse"),
        (BETTER, "best:max", "best became worse"),
        ("best_x, best = 3.0, float('nan')\n", "best:min", "best became worse"),
        (BETTER + "rows.append(1.0)\n", "best:min", "mean row"),
        (BETTER + "raise SystemExit(0)\n", "best:min", "stdout"),
        (BETTER + "raise SystemExit(3)\n", "best:min", "exit status"),
        (BETTER + "rows[0], rows[1] = rows[1], rows[0]\n", "best:min", "rows.json"),
        (BETTER + "print('hello')\n", "best:min", "stdout"),
        (BETTER + "open('new.txt', 'w').close()\n", "best:min", "new.txt"),
        (BETTER + "import sys; print('hm', file=sys.stderr)\n", "best:min", "stderr"),
    ],
)
def test_what_is_worse_or_touches_anything_else_is_not(
    new: str, quality: str, why: str, current: Session, tmp_path: Path
) -> None:
    reason, kept, _ = reached(current, tmp_path, new, quality)
    assert not kept
    assert why in reason


def test_what_gains_late_is_tried_last(current: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what was kept has its time put by, whatever is tried after it."""
    (tmp_path / "script.py").write_text(SEARCH)
    work = ScriptWorkload(tmp_path, Entry("script", "script.py"), "script.py")
    program = Program(current, work, Contract(qualities=(Quality.parse("best:min"),)))
    tried: list[tuple[str, float]] = []

    def found(watched: Watched, work: ScriptWorkload, changes: tuple[Change, ...], reserve_s: float) -> Any:
        tried.append((changes[-1].title, reserve_s))
        return judge._Good(work, 0.1, None, (), ())

    monkeypatch.setattr(judge, "_tried", found)
    loop = SEARCH[SEARCH.index("for _ in") : SEARCH.index('print("mean')]
    made = [replace(change(SEARCH, loop, BETTER, ("best",)), title=t, later=t == "late") for t in ("late", "a", "b")]
    try:
        program.observe()
        reach_as_good(Watched(program, program.contract), work, made, 10.0, 2.0, speed=False)
    finally:
        program.close()
    assert [title for title, _ in tried] == ["a", "b", "late"]
    assert tried[0][1] == 2.0 and all(reserve > 2.2 for _, reserve in tried[1:])


def test_what_is_good_by_luck_of_one_seed_is_not_kept(current: Session, tmp_path: Path) -> None:
    """The candidate knows the answer for the program's own seed only."""
    lucky = "best_x = 3.0 if random.random() == 0.6229016948897019 else 0.0\nbest = cost(best_x)\n"
    reason, kept, _ = reached(current, tmp_path, lucky)
    assert not kept
    assert "other seeds" in reason


def test_a_slack_is_the_users_to_give(current: Session, tmp_path: Path) -> None:
    worse = "best_x, best = 3.2, cost(3.2)\n"
    assert not reached(current, tmp_path, worse, "best:min:1%")[1]
    assert reached(current, tmp_path, worse, "best:min:10%")[1]


def test_a_quality_that_is_not_shown(current: Session, tmp_path: Path) -> None:
    with pytest.raises(TargetError, match=r"quality 'bst'.*print `bst: NUMBER`"):
        reached(current, tmp_path, BETTER, "bst:min")


def test_a_program_that_prints_too_much_to_tell_apart(current: Session, tmp_path: Path) -> None:
    """What does not go through the streams is compared as ever."""
    text = SEARCH.replace('print("mean row"', 'import os\nos.write(1, b"x")\nprint("mean row"')
    reason, kept, _ = reached(current, tmp_path, BETTER, text=text)
    assert not kept
    assert "stdout" in reason


def test_reseeded(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        "SEED = 4\nimport numpy as np\nrng = np.random.default_rng(0)\nnp.random.seed(SEED)\nn = 7\n"
        "def f(x=1, random_state=3):\n    return go(x, seed=2**3, rng=5)\n"
    )
    work = ScriptWorkload(tmp_path, Entry("script", "a.py"), "a.py")
    moved = reseeded(work, ["a.py"], 2)
    assert moved is not None
    assert moved.source("a.py").text == (
        "SEED = 6\nimport numpy as np\nrng = np.random.default_rng(2)\nnp.random.seed(SEED)\nn = 7\n"
        "def f(x=1, random_state=5):\n    return go(x, seed=2**3, rng=7)\n"
    )
    (tmp_path / "b.py").write_text("seed = True\nprint(seed)\n")
    assert reseeded(work, ["b.py"], 1) is None
