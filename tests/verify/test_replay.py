"""Replay of original and candidate: what is equal passes, what is not never does."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from hasten.core.contract import Contract
from hasten.core.facts import RegionFacts
from hasten.core.finding import Region
from hasten.core.source import Edit, SourceFile
from hasten.observe.session import session
from hasten.verify.replay import ReplayOutcome, _plain, _Replay, place
from tests.observe.rig import Rig

Make = Callable[..., Rig]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    with ExitStack() as stack:
        yield lambda text, others=None: Rig(tmp_path, text, stack, others)


SUM = """\
    import random
    random.seed(3)
    def total(xs, scale=2.0):
        s = 0.0
        for x in xs:
            s += x * scale
        return s
    data = [random.random() for _ in range(500)]
    for i in range(9):
        print(total(data[: 50 * i]))
    """


def test_the_same_is_equal_and_timed(make: Make) -> None:
    rig = make(SUM)
    got = rig.replay(rig.function("total"), ("s = 0.0", "s = 0.0  # as before"), varied=True)
    assert got.status == "equal", got.reason
    assert got.calls >= 4
    assert got.varied > 20
    assert got.old_s > 0
    assert got.new_s > 0
    assert got.samples


@pytest.mark.parametrize(
    ("swap", "piece"),
    [
        (("return s", "return s + 1e-6"), "result"),
        (("return s", "return int(s)"), "result: float"),
        (("return s", "print(s); return s"), "stdout"),
        (("return s", "random.random(); return s"), "random state"),
        (("return s", "xs.append(1); return s"), "argument"),
        (("return s", "raise KeyError(3)"), "KeyError"),
        (("return s", "import warnings; warnings.warn('x'); return s"), "warnings"),
        (("return s", "open('f.txt', 'w'); return s"), "writes"),
        (("return s", "import subprocess; subprocess.run(['true']); return s"), "process"),
    ],
)
def test_every_visible_change_is_seen(make: Make, swap: tuple[str, str], piece: str) -> None:
    rig = make(SUM)
    got = rig.replay(rig.function("total"), swap)
    assert got.status == "different"
    assert piece in got.reason


LAYOUTS = """\
    import numpy as np
    def grid(n):
        if n == 1:
            raise ValueError("one")
        a = np.arange(6 * n).reshape(2 * n, 3)
        return a
    for i in range(1, 7):
        try:
            print(grid(i).sum())
        except ValueError as error:
            print(error)
    """


@pytest.mark.parametrize(
    ("swap", "piece"),
    [
        (("return a", "return np.asfortranarray(a)"), "flags: C vs F"),
        (("return a", "return np.repeat(a, 2, axis=0)[::2]"), "lies in memory"),
        (("return a", "a.flags.writeable = False; return a"), "writeable"),
        (("return a", "return a.astype('i4')"), "dtype"),
        (('ValueError("one")', 'ValueError("one") from KeyError(n)'), "cause"),
        (('ValueError("one")', 'OSError("one")'), "exception: builtins.ValueError"),
    ],
)
def test_what_pickling_loses_is_seen(make: Make, swap: tuple[str, str], piece: str) -> None:
    rig = make(LAYOUTS)
    got = rig.replay(rig.function("grid"), swap)
    assert got.status == "different"
    assert piece in got.reason, got.reason


def test_a_late_type_is_found_by_variation(make: Make) -> None:
    rig = make(SUM)
    region = rig.function("total")
    swaps = ("for x in xs:\n        s += x * scale", "for x in map(float, xs):\n        s += x * scale")
    assert rig.replay(region, swaps).status == "equal"
    got = rig.replay(region, swaps, varied=True)
    assert got.status == "different"
    assert "varied input" in got.reason


SEEDED = """
    import random
    def sample(n, seed=3):
        rng = random.Random(seed)
        values = []
        for _ in range(n):
            values.append(rng.random())
        return values
    for i in range(5):
        print(sum(sample(40 + i, seed=i)))
    """


def test_a_seed_that_becomes_none_tells_nothing(make: Make) -> None:
    rig = make(SEEDED)
    region = rig.function("sample")
    got = rig.replay(region, ("values = []", "values = []  # as before"), varied=True)
    assert got.status == "equal", got.reason
    assert got.skipped > 0
    off = ("return values", "return values if seed != 0 else values[1:]")
    assert rig.replay(region, off, varied=True).status == "different"
    late = ("return values", "return values if n != 0 else [0.0]")  # shows on varied inputs alone
    got = rig.replay(region, late, varied=True)
    assert got.status == "different" and "varied input" in got.reason


def test_what_gains_too_little_is_not_tried_on_varied_inputs(make: Make) -> None:
    rig = make(SUM)
    region = rig.function("total")
    got = rig.replay(region, varied=True, least=1e9)
    assert got.status == "equal" and got.ratio > 0 and got.varied == 0, "it is not taken, whatever they show"
    assert rig.replay(region, varied=True).varied > 0


def test_crash_and_hang_of_the_candidate(make: Make) -> None:
    rig = make(SUM)
    region = rig.function("total")
    got = rig.replay(region, ("s = 0.0", "import ctypes; ctypes.string_at(0)"))
    assert got.status == "crashed"
    assert "SIGSEGV" in got.reason
    got = rig.replay(region, ("s = 0.0", "import os; os._exit(0)"))
    assert got.status == "crashed"
    got = rig.replay(region, ("s = 0.0", "\n    while True: pass"), deadline_s=3.0)
    assert got.status == "timeout"


def test_what_is_killed_from_outside_is_replayed_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    from hasten.verify import replay as module

    killed = ReplayOutcome("crashed", "killed by SIGKILL")
    for outcomes, shown in (([killed, ReplayOutcome("equal")], "equal"), ([killed, killed], "crashed")):
        left = list(outcomes)
        monkeypatch.setattr(module, "_replayed", lambda *_, left=left: left.pop(0))
        with session() as current:
            got = module.replay(current, *[None] * 4)  # type: ignore[arg-type]
        assert got.status == shown and not left


def test_a_candidate_that_cannot_be_compiled(make: Make) -> None:
    rig = make(SUM)
    region = rig.function("total")
    assert rig.replay(region, ("return s", "return s s")).status == "different"
    assert rig.replay(region, ("def total(xs", "def other(xs")).status == "different"


METHODS = """\
    class Base:
        def scale(self):
            return 2
    class Model(Base):
        count = 0
        seen = []
        __slots__ = ("w", "__k")
        def __init__(self):
            self.w = [1.0, 2.0]
            self.__k = 3
        def fit(self, xs, lr=0.1):
            for x in xs:
                self.w[0] += x * lr * self.__k * super().scale()
            Model.count += 1
            Model.seen.append(len(xs))
            return self
        @property
        def norm(self):
            return sum(v * v for v in self.w)
        @norm.setter
        def norm(self, value):
            self.w = [value]
        @staticmethod
        def twice(x):
            return x * 2
        @classmethod
        def make(cls, n):
            cls.count += n
            return cls()
    m = Model.make(2)
    for i in range(5):
        m.fit([1, 2, i]).norm
        m.twice(i)
    m.norm = 4
    print(m.norm, Model.count, Model.seen)
    """


def test_methods_of_every_kind(make: Make) -> None:
    rig = make(METHODS)
    fit, twice, build = rig.function("Model.fit"), rig.function("Model.twice"), rig.function("Model.make")
    norm = rig.function("Model.norm")
    setter = Region("program.py", rig.line("@norm.setter"), rig.line("self.w = [value]"), "function", "Model.norm")
    facts = rig.record(fit, twice, build, norm, setter)
    assert [f.recorded > 0 for f in facts] == [True] * 5, [f.why_not for f in facts]
    for region, old in (
        (fit, "return self"),
        (twice, "x * 2"),
        (build, "return cls()"),
        (norm, "v * v"),
        (setter, "[value]"),
    ):
        got = rig.replay(region, (old, old))
        assert got.status == "equal", (region, got.reason)
    assert rig.replay(fit, ("Model.count += 1", "pass")).status == "different"
    assert rig.replay(fit, ("Model.seen.append(len(xs))", "pass")).status == "different"
    assert rig.replay(fit, ("return self", "return Model()")).status == "different"
    assert rig.replay(fit, ("self.w[0] += x * lr", "self.w[0] -= x * lr")).status == "different"
    assert rig.replay(twice, ("x * 2", "x + x + 0.0")).status == "different"
    assert rig.replay(norm, ("v * v", "v * v * 2")).status == "different"
    assert rig.replay(setter, ("[value]", "(value,)")).status == "different"


def test_closures_defaults_and_counters(make: Make) -> None:
    rig = make(
        """\
        CACHE = {}
        calls = 0
        def remember(x, memo={}):
            global calls
            calls += 1
            if x not in memo:
                memo[x] = x * x
            CACHE[x] = calls
            return memo[x]
        def outer(k):
            hits = 0
            def inner(x):
                nonlocal hits
                hits += 1
                return x * k if x < 2 else inner(x - 1) + k
            return [inner(i) for i in range(6)], hits
        for i in range(9):
            remember(i % 3)
            outer(i)
        """
    )
    remember, inner = rig.function("remember"), rig.function("outer.<locals>.inner")
    facts = rig.record(remember, inner)
    assert [f.why_not for f in facts] == ["", ""]
    for region in (remember, inner):
        got = rig.replay(region, ("return", "return "))
        assert got.status == "equal", got.reason
    assert rig.replay(remember, ("calls += 1", "calls += 2")).status == "different"
    assert rig.replay(remember, ("memo[x] = x * x", "return x * x")).status == "different"
    assert rig.replay(remember, ("CACHE[x] = calls", "pass")).status == "different"
    assert rig.replay(inner, ("hits += 1", "pass")).status == "different"
    assert rig.replay(inner, ("x * k if", "x + k if")).status == "different"


def test_blocks_at_module_level(make: Make) -> None:
    rig = make(
        """\
        import numpy as np
        rng = np.random.default_rng(0)
        np.random.seed(1)
        data = rng.normal(size=(40, 3))
        weights = [0.5, 1.0, 2.0]
        def score(row):
            return sum(w * v for w, v in zip(weights, row))
        out = []
        best = None
        for i in range(len(data)):
            value = score(data[i]) + np.random.rand() * 0
            if best is None or value > best:
                best = value
            out.append(value)
        print(len(out), best)
        """
    )
    region = rig.block("for i in", "out.append", ["data", "best", "out"], ["best", "out", "i", "value"])
    (facts,) = rig.record(region)
    assert facts.recorded == 1, facts.why_not
    assert "numpy.random" in facts.effects
    got = rig.replay(region, ("value > best", "best < value"))
    assert got.status == "equal", got.reason
    got = rig.replay(region, ("out.append(value)", "out.append(value)  # same"), varied=True)
    assert got.status == "equal", got.reason
    assert rig.replay(region, ("np.random.rand() * 0", "0")).status == "different"
    assert rig.replay(region, ("out.append(value)", "out = out + [value]")).status == "different"
    assert rig.replay(region, ("value > best", "value < best")).status == "different"
    helper = Edit("program.py", 2, 1, "LIMIT = len('abc') - 3\ndef _score(row):\n    return score(row) + LIMIT\n")
    got = rig.replay(region, ("value = score(data[i])", "value = _score(data[i])"), extra=[helper])
    assert got.status == "equal", got.reason


def test_blocks_in_functions(make: Make) -> None:
    rig = make(
        '''\
        class Tree:
            def __init__(self):
                self.__best = 10
            def split(self, xs):
                text = "a"
                for x in xs:
                    if x < self.__best:
                        self.__best = x
                    text = f"""{text}
            indented
        """
                count = len(text)
                return count, self.__best
        t = Tree()
        for n in range(5):
            print(t.split([9 - n, n]))
        '''
    )
    region = rig.block("for x in xs", "count = len", ["self", "xs", "text"], ["count", "text"], "Tree.split")
    (facts,) = rig.record(region)
    assert facts.recorded >= 3, facts.why_not
    got = rig.replay(region, ("count = len(text)", "count = len(text) + 0"))
    assert got.status == "equal", got.reason
    assert rig.replay(region, ("x < self.__best", "x <= self.__best + 5")).status == "different"
    assert rig.replay(region, ("    indented", "   indented")).status == "different"
    assert rig.replay(region, ("count = len(text)", "pass")).status == "different"


def test_exceptions_that_leave_a_region(make: Make) -> None:
    rig = make(
        """\
        class Odd(Exception):
            def __init__(self, a, b):
                super().__init__(a)
                self.b = b
        def check(xs, i):
            if i == 3:
                raise Odd("three", i)
            xs.append(i)
            return xs[i] // (i - 1)
        def stop(n):
            raise SystemExit(n)
        xs = []
        for i in range(6):
            try:
                check(xs, i)
            except (Odd, ZeroDivisionError, IndexError) as e:
                print(type(e), e)
            try:
                stop(i)
            except SystemExit:
                pass
        """
    )
    check, stop = rig.function("check"), rig.function("stop")
    facts, stops = rig.record(check, stop)
    assert "builtins.ZeroDivisionError" in facts.raised
    assert stops.raised == ("builtins.SystemExit",)
    assert rig.replay(check, ("return xs", "return  xs")).status == "equal"
    assert rig.replay(stop, ("SystemExit(n)", "SystemExit(n)")).status == "equal"
    assert rig.replay(stop, ("SystemExit(n)", "SystemExit(n + 1)")).status == "different"
    assert rig.replay(check, ('Odd("three", i)', 'Odd("three", i + 1)')).status == "different"
    got = rig.replay(check, ("return xs[i] // (i - 1)", "return xs[i] // (i - 1) if i != 1 else 0"))
    assert got.status == "different"
    assert "ZeroDivisionError" in got.reason


def test_views_and_shared_memory(make: Make) -> None:
    rig = make(
        """\
        import numpy as np
        def half(a):
            return a[: len(a) // 2]
        def pair(n):
            row = [0] * n
            return [row, row]
        for n in (4, 8, 16):
            half(np.arange(n))
            pair(n)
        """
    )
    half, pair = rig.function("half"), rig.function("pair")
    rig.record(half, pair)
    assert rig.replay(half, ("return a", "return  a")).status == "equal"
    got = rig.replay(half, ("// 2]", "// 2].copy()"))
    assert (got.status, "sharing" in got.reason) == ("different", True)
    assert rig.replay(pair, ("[row, row]", "[row, list(row)]")).status == "different"


def test_modules_of_the_project(make: Make) -> None:
    rig = make(
        """\
        from lib import core
        print([core.scale([i, 2.5]) for i in range(4)])
        """,
        {
            "lib/__init__.py": "",
            "lib/core.py": """\
            from lib.const import K
            SEEN = []
            def scale(xs):
                SEEN.append(len(xs))
                return [x * K for x in xs]
            """,
            "lib/const.py": "K = 3\n",
        },
    )
    region = rig.function("scale", "lib/core.py")
    (facts,) = rig.record(region)
    assert facts.recorded == 3
    got = rig.replay(region, ("x * K", "x * 3"))
    assert got.status == "equal", got.reason
    assert rig.replay(region, ("SEEN.append(len(xs))", "pass")).status == "different"


def test_the_tolerance_is_the_contract(make: Make) -> None:
    rig = make(SUM)
    region = rig.function("total")
    nudge = ("return s", "return s * (1 + 1e-12)")
    assert rig.replay(region, nudge).status == "equal"
    assert rig.replay(region, nudge, contract=Contract(exact=True)).status == "different"


def test_a_compiled_candidate(make: Make) -> None:
    rig = make(
        """\
        import numpy as np
        def smooth(a, k):
            out = a.copy()
            for i in range(1, len(a) - 1):
                out[i] = (a[i - 1] + k * a[i] + a[i + 1]) / (k + 2)
            return out
        for i in range(1, 4):
            smooth(np.arange(200.0 * i), 2.0)
        """
    )
    region = rig.function("smooth")
    kernel = Edit(
        "program.py",
        2,
        1,
        "import numba\n\n@numba.njit(cache=True)\ndef _smooth(a, k, out):\n    for i in range(1, len(a) - 1):\n"
        "        out[i] = (a[i - 1] + k * a[i] + a[i + 1]) / (k + 2)\n",
    )
    loop = "    for i in range(1, len(a) - 1):\n        out[i] = (a[i - 1] + k * a[i] + a[i + 1]) / (k + 2)\n"
    guard = (
        "    if type(a) is np.ndarray and a.dtype == np.float64 and a.ndim == 1 and type(k) is float and k > 0\\\n"
        "            and a.dtype.isnative:\n"
        "        _smooth(a, k, out)\n    else:\n        "
    )
    got = rig.replay(
        region, (loop, guard + loop.replace("\n", "\n    ").rstrip(" ").lstrip()), extra=[kernel], varied=True
    )
    assert got.status == "equal", got.reason
    assert got.first_call_s > 3 * got.new_s > 0
    got = rig.replay(region, (loop, "    _smooth(a, k, out)\n"), extra=[kernel], varied=True)
    assert got.status == "different"


def test_frames_and_their_indexes(make: Make) -> None:
    rig = make(
        """\
        import pandas as pd
        df = pd.DataFrame({"price": [1.5, 2.0, 8.0], "n": [1, 2, 3], "kind": ["a", "b", "a"]})
        def revenue(df):
            out = []
            for i, row in df.iterrows():
                out.append(row["price"] * row["n"])
            return pd.Series(out, index=df.index)
        print(revenue(df).sum())
        """
    )
    region = rig.function("revenue")
    loop = '    out = []\n    for i, row in df.iterrows():\n        out.append(row["price"] * row["n"])\n'
    got = rig.replay(region, (loop, "    out = (df.price * df.n).tolist()\n"))
    assert got.status == "equal", got.reason
    got = rig.replay(region, (loop, "    out = (df.price * df.n).tolist()\n"), varied=True)
    assert got.status == "different", (
        "an empty frame gives a Series of another dtype; a missing column raises otherwise"
    )


def test_what_does_not_repeat_is_unusable(make: Make) -> None:
    rig = make(
        """\
        import time
        def now():
            return time.perf_counter()
        for _ in range(3):
            now()
        """
    )
    got = rig.replay(rig.function("now"), ("return", "return "))
    assert got.status == "unusable"
    assert "does not repeat" in got.reason


GUARDED = """
import os, sys
from pathlib import Path
from hasten.verify.replay_child import Blocked, _guard
_guard(["/nowhere"])
Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)  # there already: libraries ask so when they are loaded
at = os.open(sys.argv[1], os.O_RDONLY)
for path, where in ((sys.argv[1] + "/new", None), ("new", at), ("..", at)):
    try:
        os.mkdir(path, dir_fd=where)
    except Blocked as told:
        print(told)
"""


def test_a_folder_that_is_there_may_be_asked_for(tmp_path: Path) -> None:
    ran = subprocess.run([sys.executable, "-c", GUARDED, str(tmp_path)], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines() == ["it makes a folder"] * 3
    assert not (tmp_path / "new").exists()


def test_a_library_may_ask_for_the_folder_of_temporary_files(make: Make) -> None:
    rig = make(
        """\
        import tempfile
        def made(n):
            tempfile.gettempdir()  # the first to ask writes a file there: PyTorch does when it first clears gradients
            return n + 1
        for n in range(3):
            made(n)
        """
    )
    got = rig.replay(rig.function("made"), ("n + 1", "1 + n"))
    assert got.status == "equal", got.reason


def test_no_recording_is_unusable(make: Make) -> None:
    rig = make(SUM)
    region = rig.function("total")
    rig.facts[region.id] = RegionFacts(region.id, why_not="it was not reached")
    got = rig.replay(region, ("return s", "return s"))
    assert (got.status, got.reason) == ("unusable", "it was not reached")


def test_a_memo_is_judged_but_does_not_carry_over_timings(make: Make) -> None:
    rig = make(SUM)
    region = rig.function("total")
    helper = Edit("program.py", 2, 1, "_MEMO = {}\n")
    wrong = (
        ("s = 0.0", "if len(xs) in _MEMO: return _MEMO[len(xs)]\n    s = 0.0"),
        ("return s", "_MEMO[len(xs)] = s; return s"),
    )
    got = rig.replay(region, *wrong, extra=[helper], varied=True)
    assert got.status == "different"


def test_what_a_memo_gives_back_is_judged(make: Make) -> None:
    """No recorded call comes twice: only asking again shows what a hit of the memo does."""
    rig = make(SUM)
    region = rig.function("total")
    helper = Edit("program.py", 2, 1, "_MEMO = {}\n")
    keeps = ("return s", "_MEMO[tuple(xs)] = s; return s")
    hit = ("s = 0.0", "if tuple(xs) in _MEMO: return _MEMO[tuple(xs)]\n    s = 0.0")
    wrong = ("s = 0.0", "if tuple(xs) in _MEMO: return -_MEMO[tuple(xs)]\n    s = 0.0")
    assert rig.replay(region, hit, keeps, extra=[helper]).status == "equal"
    got = rig.replay(region, wrong, keeps, extra=[helper])
    assert got.status == "different"
    assert "when called again" in got.reason


def test_place_finds_the_block_and_the_helpers() -> None:
    source = SourceFile("a.py", b"import x\none\ntwo\nthree\nfour\n")
    region = Region("a.py", 2, 3, "block", "")
    placed = place(
        source,
        region,
        [
            Edit("a.py", 2, 1, "helper\n"),
            Edit("a.py", 3, 2, "between\n"),
            Edit("a.py", 3, 3, "new two\nmore\n"),
            Edit("a.py", 4, 3, "after\n"),
            Edit("b.py", 1, 1, "elsewhere\n"),
        ],
    )
    assert placed.block == "one\nbetween\nnew two\nmore\n"
    assert placed.helpers == ((2, 2), (7, 7))
    assert placed.first == 3
    with pytest.raises(ValueError, match="crosses"):
        place(source, region, [Edit("a.py", 3, 4, "x\n")])


def test_names_that_the_script_binds_later_are_not_there_yet(make: Make) -> None:
    rig = make("""\
        def total(n):
            t = 0
            for i in range(n):
                t += i
            return t
        print(total(4), total(6))
        i = 99
        n = 10
        class Late:
            seen = 3
        print(total(5))
        """)
    got = rig.replay(rig.function("total"), ("t += i", "t += i + 0"))
    assert (got.status, got.reason) == ("equal", "")
    assert got.calls >= 2
    assert rig.replay(rig.function("total"), ("t += i", "t += i + 1")).status == "different"


def test_timing_ends_when_more_would_not_matter() -> None:
    assert _plain([(0.9, 0.1)])
    assert not _plain([(0.01, 0.004)])
    assert _plain([(0.01, 0.004)] * 2)
    assert not _plain([(0.01, 0.02)] * 2)  # memory may have been touched for the first time
    assert _plain([(0.01, 0.02)] * 6)
    assert _plain([(0.2, 0.6)] * 2)
    assert not _plain([(0.01, 0.004), (0.01, 0.012)])
    assert not _plain([(0.01, 0.0099)] * 6)
    assert not _plain([])


def test_a_first_call_that_compiled_is_no_timing(monkeypatch: pytest.MonkeyPatch) -> None:
    """With no time left, the replays' own times must do; a cold candidate that was slower may be fast when warm."""
    late = _Replay.__new__(_Replay)
    late.deadline, late.loading = 0.0, set()
    equal = ReplayOutcome("equal", calls=1)
    assert late._time(equal, [(Path("0.in"), 0.3, 12.0)]).status == "untimed"
    got = late._time(equal, [(Path("0.in"), 0.3, 0.1)])
    assert got.status == "equal"
    assert got.ratio == pytest.approx(3.0)
    # beside an original that took long, one warm run of the candidate is worth its time, late as it is
    asked = []

    def timed(self: _Replay, side: str, state: Path, calls: int, least_s: float = 0.0) -> float:
        asked.append((side, least_s))
        return 0.5

    monkeypatch.setattr(_Replay, "_timed", timed)
    assert late._time(equal, [(Path("0.in"), 6.0, 12.0)]).ratio == 12.0
    assert asked == [("new", 6.0)]


LATE_STREAM = """
    import numpy as np
    def walk(n):
        rng = np.random.default_rng(7)  # NumPy loads its random module here, not before
        return float(rng.random(n).sum())
    def draw(n):
        np.random.seed(n)
        return float(np.random.random(n).sum())
    print(walk(9))
    print(draw(9))
    """


def test_a_stream_that_is_loaded_within_a_region(make: Make) -> None:
    rig = make(LATE_STREAM)
    walk, draw = rig.function("walk"), rig.function("draw")
    rig.record(walk, draw)
    same = rig.replay(walk, ("rng.random(n).sum()", "rng.random(n).sum() * 1.0"))
    assert same.status == "equal", same.reason
    global_too = rig.replay(walk, ("rng = np", "np.random.random(); rng = np"))
    assert (global_too.status, "random state" in global_too.reason) == ("different", True)
    other = rig.replay(draw, ("np.random.random(n).sum()", "np.random.random(n + 1)[:-1].sum()"))
    assert (other.status, "random state" in other.reason) == ("different", True)


LOADS_LATE = """
    def slow(n):
        import mailbox, xmlrpc.client, asyncio, multiprocessing.managers, wsgiref.simple_server, unittest.mock
        import time
        time.sleep(0.6)
        return n
    print(slow(3))
    """


def test_a_first_call_that_loads_libraries_is_no_timing(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    rig = make(LOADS_LATE)
    asked: list[str] = []
    timed = _Replay._timed

    def counted(self: _Replay, side: str, state: Path, calls: int, least_s: float = 0.0) -> float:
        asked.append(side)
        return timed(self, side, state, calls, least_s)

    monkeypatch.setattr(_Replay, "_timed", counted)
    got = rig.replay(rig.function("slow"), ("return n", "return n + 0"))
    assert got.status == "equal", got.reason
    assert asked.count("old") == asked.count("new") > 0  # else the first run of the original would have done
