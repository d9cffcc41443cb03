"""Recording: what enters and leaves regions, without changing what the program does."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from hasten.core.facts import STARVED
from hasten.core.finding import Region
from hasten.core.source import SourceFile
from hasten.observe import instrument, recording, runtime
from tests.observe.rig import Rig

Make = Callable[..., Rig]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    with ExitStack() as stack:
        yield lambda text, others=None: Rig(tmp_path, text, stack, others)


PROGRAM = '''\
    """Doc."""
    from __future__ import annotations
    import random
    LIMIT = 4
    class Model:
        def __init__(self, w):
            self.w = w
        @property
        def size(self):
            return len(self.w)
        @staticmethod
        def double(x): return x * 2
        def step(self, x, *, by=1):
            for i in range(x):
                self.w.append(i * by)
                if i > LIMIT:
                    break
            text = """
    not code"""
            return self.size
    def numbers(n):
        for i in range(n):
            yield i
    m = Model([])
    total = 0
    for k in range(20):
        total += m.step(k) + Model.double(k)
        if k == 19:
            total += 0.5
    for n in numbers(3):
        if n == 1: continue
        total += n
    print(total, m.size, random.random() < 2)
    try:
        [][3]
    except IndexError as e:
        print("caught", e)
    '''


def test_the_program_does_what_it_did(make: Make) -> None:
    rig = make(PROGRAM)
    rig.run(rig.work, {}, [])
    plain = rig.runs[-1]
    rig.record(
        rig.function("Model.step"),
        rig.function("Model.size"),
        rig.function("Model.double"),
        rig.function("numbers"),
        rig.block("for i in range(x)", "break", ["self", "x", "by"], [], "Model.step"),
        rig.block("self.w.append", "break", ["self", "i", "by"], [], "Model.step"),
        rig.block("for k in", "total += 0.5", ["m", "total"], ["total", "k"]),
        rig.block("total += m.step", "total += 0.5", ["m", "total", "k"], ["total"]),
        rig.block("m = Model", "total += 0.5", [], ["total", "m"]),
        rig.block("if n == 1", "if n == 1", ["n"], []),
    )
    recorded = rig.runs[-1]
    assert plain.returncode == recorded.returncode == 0, recorded.stderr
    assert plain.stdout == recorded.stdout


def test_facts_of_calls(make: Make) -> None:
    rig = make(PROGRAM)
    step, block, numbers = (
        rig.function("Model.step"),
        rig.block("total += m.step", "total += 0.5", ["m", "total", "k"], ["total"]),
        rig.function("numbers"),
    )
    facts, inside, lazy = rig.record(step, block, numbers)
    assert facts.calls == inside.calls == 20
    assert facts.recorded >= 5
    (x,) = facts.types["x"]
    assert (x.type, x.low) == ("builtins.int", 0)
    assert facts.types["by"][0].high == 1
    assert facts.types["self.w"][0].type == "builtins.list"
    assert [f.type for f in facts.out["return"]] == ["builtins.int"]
    assert facts.effects == ()
    assert {f.type for f in inside.types["total"]} == {"builtins.int"}
    assert inside.why_not == ""
    assert lazy.recorded == 0
    assert "generator" in lazy.why_not
    assert lazy.types["n"][0].high == 3


@pytest.mark.parametrize(
    ("first", "last", "inside", "piece"),
    [
        ("if i > LIMIT", "break", "Model.step", "break"),
        ("text =", "return self.size", "Model.step", "return"),
        ("yield i", "yield i", "numbers", "yield"),
        ("if n == 1", "if n == 1", "", "continue"),
    ],
)
def test_blocks_that_cannot_be_replayed_say_why(make: Make, first: str, last: str, inside: str, piece: str) -> None:
    rig = make(PROGRAM)
    (facts,) = rig.record(rig.block(first, last, ["i", "n", "self"], [], inside))
    assert facts.recorded == 0
    assert piece in facts.why_not


def test_what_cannot_be_pickled_is_named(make: Make) -> None:
    rig = make(
        """\
        def numbers():
            yield 1
        def use(stream, k):
            return next(stream) + k
        class Local:
            pass
        def lambdas(key, xs):
            return sorted(xs, key=key)
        def nothing():
            return 0
        for i in range(3):
            use(numbers(), i)
            lambdas(lambda x, i=i: -x * i, [1, 2, i])
        """
    )
    use, lambdas, nothing = rig.function("use"), rig.function("lambdas"), rig.function("nothing")
    facts, plain, never = rig.record(use, lambdas, nothing)
    assert "stream" in facts.why_not
    assert plain.recorded > 0
    assert "not reached" in never.why_not
    assert rig.replay(lambdas, ("return", "return ")).status == "equal"
    assert rig.replay(lambdas, ("key=key", "key=None")).status == "different"


def test_effects_and_exceptions(make: Make) -> None:
    rig = make(
        """\
        import random, subprocess
        def loud(x):
            print(x)
            return random.random()
        def writes(x):
            with open("out.txt", "w") as f:
                f.write(str(x))
        def fails(x):
            raise KeyError(x)
        for i in range(2):
            loud(i)
            writes(i)
            try:
                fails(i)
            except KeyError:
                pass
        """
    )
    loud, writes, fails = rig.record(rig.function("loud"), rig.function("writes"), rig.function("fails"))
    assert set(loud.effects) == {"stdout", "random"}
    assert writes.effects == ("file",)
    assert fails.raised == ("builtins.KeyError",)


def test_late_types_are_seen(make: Make) -> None:
    rig = make(
        """\
        def f(x):
            return x
        for i in range(1000):
            f(i if i != 777 else 7.5)
        """
    )
    (facts,) = rig.record(rig.function("f"))
    assert {f.type for f in facts.types["x"]} == {"builtins.int", "builtins.float"}
    assert facts.calls == 1000


def test_regions_that_cross_take_two_runs(make: Make) -> None:
    rig = make("a = 1\nb = a + 1\nc = b + 1\nd = c + 1\n")
    one = rig.block("a = 1", "c = b", [], ["a", "b", "c"])
    two = rig.block("b = a", "d = c", ["a"], ["b", "c", "d"])
    facts = rig.record(one, two)
    assert [f.recorded for f in facts] == [1, 1]
    assert len(rig.runs) == 2


def test_a_failing_run_is_survived(make: Make) -> None:
    rig = make("def f(x):\n    return 1 // x\nf(1)\nf(0)\n")
    (facts,) = rig.record(rig.function("f"))
    assert facts.recorded == 2
    assert facts.raised == ("builtins.ZeroDivisionError",)


def test_workers_do_not_record(make: Make) -> None:
    rig = make(
        """\
        import multiprocessing as mp
        def f(x):
            return x + 1
        if __name__ == "__main__":
            with mp.get_context("spawn").Pool(1) as pool:
                print(pool.map(f, [1, 2]), f(5))
        """
    )
    (facts,) = rig.record(rig.function("f"))
    assert rig.runs[-1].stdout == "[2, 3] 6\n", rig.runs[-1].stderr
    assert facts.calls == 1


def test_tabs_and_strings_survive_instrumentation() -> None:
    text = 'def f(x):\n\tfor i in x:\n\t\ty = """a\n\tb"""\n\t\tz = y\n\treturn z\n'
    source = SourceFile("a.py", text.encode())
    outer = Region("a.py", 2, 5, "block", "f", ("x",), ("z",))
    inner = Region("a.py", 3, 5, "block", "f", (), ("y", "z"))
    plans = [(0, instrument.plan(source, outer)), (1, instrument.plan(source, inner))]
    assert [p.why_not for _, p in plans] == ["", ""]
    new = instrument.instrumented(source, plans)
    scope: dict[str, object] = {}
    body = new.text.replace("from _hasten_runtime import recording as _hasten_rec\n", "")
    stub = "class _hasten_rec:\n    LIVE = [True, True]\n    due = staticmethod(lambda n: False)\n"
    exec(stub + body + "result = f([1])\n", scope)
    assert scope["result"] == "a\n\tb"


def exhausted(monkeypatch: pytest.MonkeyPatch, folder: Path, sure_s: float) -> None:
    """Let all free time of the recorder be gone from the start; each region has its part of `sure_s`."""
    text = Path(str(recording.__file__)).read_text(encoding="utf-8")
    for name, now, then in (("FREE_OVERHEAD_S", recording.FREE_OVERHEAD_S, -1e6), ("SURE_S", recording.SURE_S, sure_s)):
        assert f"\n{name} = {now}" in text
        text = text.replace(f"\n{name} = {now}", f"\n{name} = {then}")
    short = folder / "recording.py"
    short.write_text(text, encoding="utf-8")
    monkeypatch.setitem(runtime.MODULES, "recording", str(short))


TWO = "def f(x):\n    return [x] * 3\ndef g(x):\n    return [x] * 4\nfor i in range(3):\n    f(i)\n    g(i)\n"


def test_no_region_is_starved_by_others(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exhausted(monkeypatch, tmp_path, 1e3)
    rig = make(TWO)
    f, g = rig.record(rig.function("f"), rig.function("g"))
    assert f.recorded and g.recorded
    assert len(rig.runs) == 1


def test_what_is_hot_and_was_starved_gets_a_run_of_its_own(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exhausted(monkeypatch, tmp_path, -1.0)
    rig = make(TWO)
    f, g = rig.record(replace(rig.function("f"), share=0.5), replace(rig.function("g"), share=0.01))
    assert (f.recorded, g.recorded, f.why_not, g.why_not) == (0, 0, STARVED, STARVED)
    assert f.types["x"] and g.types["x"], "what is seen costs little"
    assert len(rig.runs) == 2
    again = next(rig.session.store.glob("record-1/config.json")).read_text(encoding="utf-8")
    assert f.region_id in again and g.region_id not in again


def test_rig_runner_is_plain(make: Make) -> None:
    rig = make("print(1)\n")
    assert isinstance(rig.run(rig.work, {}, []), subprocess.CompletedProcess)


def test_what_is_called_very_often_is_left_alone(make: Make) -> None:
    rig = make(
        """\
        class Count:
            def __init__(self):
                self.n = 0
            def one(self, by):
                self.n += by
        def same(x):
            return x
        count = Count()
        for k in range(110_000):
            count.one(same(1))
        print(count.n, hasattr(Count.one, "__wrapped__"), hasattr(same, "__wrapped__"))
        """
    )
    one, same = rig.record(rig.function("Count.one"), rig.function("same"))
    assert rig.runs[-1].stdout == "110000 False False\n", "no wrapper any more"
    assert one.recorded and same.recorded and one.calls >= 100_000
    assert {f.type for f in one.types["by"]} == {"builtins.int"}


def test_arguments_that_come_again_are_counted(make: Make) -> None:
    text = """\
        def seldom(text, n):
            return len(text) + n
        def often(text, n):
            return len(text) + n
        def listed(xs):
            return len(xs)
        for i in range(600):
            seldom(str(i), i)
            often("ab", n=i % 2)
            listed([1])
        """
    rig = make(text)
    found = [f.repeated for f in rig.record(*map(rig.function, ("seldom", "often", "listed")))]
    assert found[0] == 0.0 and found[1] is not None and found[1] > 0.9 and found[2] is None
