"""Replay at callers: what is right call by call may be wrong after a thousand of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hasten.core.contract import Contract
from hasten.core.facts import Facts, Profile
from hasten.core.finding import Region
from hasten.core.recipe import Change, Recipe
from hasten.core.source import Edit
from hasten.core.verdict import Accepted
from hasten.search.callers import Callers, enclosing
from hasten.search.trial import Trial
from hasten.verify.callers import Held, followed, held
from tests.observe.rig import Rig

Make = Callable[..., Rig]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    with ExitStack() as stack:
        yield lambda text, others=None: Rig(tmp_path, text, stack, others)


def at(rig: Rig, caller: Region, *changes: Change) -> Held:
    if caller.id not in rig.facts:
        rig.record(caller)
    candidate = Recipe(changes).apply(rig.work)
    facts = rig.facts[caller.id]
    return held(rig.session, rig.work, caller, facts, [changes], candidate, Contract(), deadline_s=30.0)


# f sums in another order; the caller feeds it back through a map that doubles what is off at every step
CHAOS = """\
    def f(xs):
        total = 0.0
        for x in xs:
            total += x
        return total
    def steps(n):
        state, weights = 0.3, [0.1 * i for i in range(9)]
        for _ in range(n):
            state = (3.99 * state * (1.0 - state) + f([w * state for w in weights])) % 1.0
        return state
    def mean(n):
        return sum(f([1 / (1 + i + j) for j in range(9)]) for i in range(n)) / n
    state = steps(1000)
    print(f"{state < 1.0} {mean(1000):.6f}")
    """
BACKWARDS = ("for x in xs:", "for x in xs[::-1]:")


def test_what_grows_in_a_caller_is_seen_there(make: Make) -> None:
    rig = make(CHAOS)
    inner = rig.function("f")
    change = rig.replace(inner, BACKWARDS)
    assert rig.replay(inner, BACKWARDS).status == "equal"  # each call within the contract
    found = at(rig, rig.function("steps"), change)
    assert found.status == "different"
    assert "result" in found.reason
    found = at(rig, rig.function("mean"), change)
    assert (found.status, found.calls) == ("equal", 1)
    module = rig.block("state = steps(1000)", "state = steps(1000)", (), ("state",))
    assert at(rig, module, change).status == "different"
    same = rig.replace(inner, ("total += x", "total = total + x"))
    assert at(rig, module, same) == Held("equal", "", 1)


HOSTILE = """\
    import time
    WEIGHTS = [0.1 * i for i in range(9)]
    def f(xs):
        total = 0.0
        for x in xs:
            total += x
        return total
    def deep(n, state=0.3):
        if n == 0:
            return state
        new = (3.99 * state * (1.0 - state) + f([w * state for w in WEIGHTS])) % 1.0
        return deep(n - 1, new)
    def walk(n):
        state = 0.3
        for _ in range(n):
            state = (3.99 * state * (1.0 - state) + f([w * state for w in WEIGHTS])) % 1.0
            yield state
    def last(n):
        for state in walk(n):
            pass
        return state
    def tell(n):
        print("so far:", last(n) < 1.0)
        return n
    class Walk:
        def __init__(self):
            self.state = 0.3
        def go(self, n):
            for _ in range(n):
                self.state = next(walk(1)) if n < 0 else self.one()
        def one(self):
            s = self.state
            return (3.99 * s * (1.0 - s) + f([w * s for w in WEIGHTS])) % 1.0
    def timed(n):
        begin = time.perf_counter()
        return f([0.1] * n), time.perf_counter() - begin
    print(deep(300) < 1.0, last(300) < 1.0)
    tell(300)
    w = Walk()
    w.go(300)
    timed(9)
    """


def test_hostile_callers(make: Make) -> None:
    rig = make(HOSTILE)
    inner = rig.function("f")
    names = ("deep", "walk", "last", "tell", "Walk.go", "timed")
    callers = {name: rig.function(name) for name in names}
    rig.record(inner, *callers.values())
    change = rig.replace(inner, BACKWARDS)
    found = {name: at(rig, caller, change) for name, caller in callers.items()}
    assert found["deep"].status == "different"  # recursive
    assert found["walk"].status == "untried"  # a generator is not recorded; who runs it is
    assert found["last"].status == "different"
    assert found["tell"].status == "equal"  # leaves nothing else but what it prints
    assert found["Walk.go"].status == "different"  # changes what it is a method of
    assert "state" in found["Walk.go"].reason
    assert found["timed"].status == "untried"  # a clock: the original does not repeat itself
    assert "does not repeat" in found["timed"].reason
    # a caller that is changed itself, one step of the chaos more
    both = rig.replace(callers["last"], ("return state", "return 1.0 * state"))
    assert at(rig, callers["last"], both).status == "equal"
    assert at(rig, callers["last"], both, change).status == "different"


def test_a_candidate_that_only_fails_beside_others(make: Make) -> None:
    rig = make(CHAOS)
    caller = rig.function("mean")
    change = rig.replace(rig.function("f"), ("return total", "return total if xs[1] != 0.5 else undefined"))
    found = at(rig, caller, change)
    assert found.status == "different"
    assert "NameError" in found.reason


def test_a_region_is_followed_through_rounds_and_into_other_files(make: Make) -> None:
    rig = make(CHAOS)
    region = rig.block("state = steps(1000)", "state = steps(1000)", (), ("state",))
    helper = Edit("program.py", 1, 0, "def _sum(xs):\n    return sum(xs)\n")
    body = Edit("program.py", 2, 5, "    return _sum(xs)\n")
    first = Change("A", "f", rig.function("f"), (helper, body))
    once = Recipe((first,)).apply(rig.work)
    second = Change("B", "steps", rig.function("steps"), (Edit("program.py", 5, 4, "LIMIT = 4.0\n"),))
    twice = Recipe((second,)).apply(once)
    placed = followed(rig.work, region, [(first,), (second,)], twice)
    assert twice.source("program.py").lines[placed.first - 1] == "state = steps(1000)\n"
    assert len(placed.helpers) == 2
    text = twice.source("program.py").text
    moved = twice.with_sources({"program.py": twice.source("program.py").with_text("import math\n" + text)})
    assert followed(rig.work, region, [(first,), (second,)], moved).first == placed.first + 1
    gone = moved.with_sources({"program.py": moved.source("program.py").with_text(text.replace("steps(1000)", "0"))})
    with pytest.raises(ValueError, match="not to be found"):
        followed(rig.work, region, [(first,), (second,)], gone)


def searched(rig: Rig, regions: Sequence[Region], stacks: Sequence[Sequence[str]], left_s: float = 100.0) -> Callers:
    """Callers in a search whose profile saw lines with these texts on its stacks, outermost first."""
    rig.record(*regions)
    rig.session.budget_s = rig.session.elapsed_s + left_s
    frames = tuple((tuple(f"program.py:f:{rig.line(piece)}" for piece in stack), 1) for stack in stacks)
    program: Any = SimpleNamespace(
        session=rig.session, contract=Contract(), prepare_replay=lambda _: None,
        base=SimpleNamespace(samples=[SimpleNamespace(peak_mb=50.0)]),
        key=lambda work: tuple(sorted((p, s.sha256) for p, s in work.changed.items())),
    )  # fmt: skip
    callers = Callers(program)
    callers.recorded(rig.work, regions, Facts(Profile(stacks=frames), {r.id: rig.facts[r.id] for r in regions}))
    return callers


TWO = CHAOS.replace("def steps", "def g(x):\n        return x * 2.0\n    def steps").replace(
    "f([w", "0.5 * g(1.0) * f([w"
)


def test_the_change_at_fault_is_turned_down(make: Make) -> None:
    rig = make(TWO)
    f, g, steps = (replace(rig.function(n), share=s) for n, s in (("f", 0.5), ("g", 0.4), ("steps", 0.9)))
    callers = searched(rig, [steps, f, g], [("state = (3.99", "total += x"), ("state = (3.99", "return x * 2.0")])
    bad = Trial(rig.replace(f, BACKWARDS), 1, Accepted(), 1.0, equal=True)
    good = Trial(rig.replace(g, ("x * 2.0", "x + x")), 1, Accepted(), 0.5, equal=True)
    assert callers.faulty(rig.work, [bad, good]) == [bad]
    assert "at its caller program.py::steps" in bad.verdict.reason
    assert not bad.equal
    assert good.usable
    assert callers.checks() == ()  # nothing is kept by then
    assert callers.faulty(rig.work, [good]) == []
    (row,) = callers.checks()
    assert row.expected == "1 place, as recorded"
    assert row.got == "1 recorded calls of 1 agree"
    # a later round is compared with what was recorded in the first
    callers.kept(rig.work, [good.change])
    now = good.change.apply(rig.work)
    callers.recorded(now, [steps, f, g], Facts(callers._rounds[0].facts.profile))  # nothing of it, this time
    assert callers.faulty(now, [Trial(bad.change, 2, Accepted(), 1.0, equal=True)])
    assert callers.broken(bad.change.apply(now), now, [bad.change])
    assert callers.broken(now, now, None) == ""


def test_what_there_was_no_time_for_is_told(make: Make) -> None:
    rig = make(TWO)
    f, steps = (replace(rig.function(n), share=s) for n, s in (("f", 0.5), ("steps", 0.9)))
    callers = searched(rig, [steps, f], [("state = (3.99", "total += x")])
    rig.session.stopping.set()
    assert callers.faulty(rig.work, [Trial(rig.replace(f, BACKWARDS), 1, Accepted(), 1.0, equal=True)]) == []
    (row,) = callers.checks()
    assert row.tolerance == "not compared"
    assert "program.py::steps (there was no time left for it)" in row.got


def test_of_blocks_of_one_function_the_outermost_is_replayed(make: Make) -> None:
    rig = make(CHAOS)
    f, steps = rig.function("f"), rig.function("steps")
    loop = rig.block("for _ in range(n)", "state = (3.99", ("n", "state", "weights"), ("state",), "steps")
    line = rig.block("state = (3.99", "state = (3.99", ("state", "weights"), ("state",), "steps")
    call = rig.block("state = steps(1000)", "state = steps(1000)", (), ("state",))
    rig.record(loop, f, steps, call)
    rig.record(line)
    stacks = (tuple(f"program.py:x:{rig.line(p)}" for p in ("state = steps", "state = (3.99", "total += x")), 1)
    found = enclosing([loop, line, f, steps, call], [f], Profile(stacks=(stacks,)), lambda r: rig.facts[r.id].recorded)
    assert sorted(r.id for r in found) == sorted(r.id for r in (loop, steps, call))
