"""Original against optimised: what a pass knows is observed of the recorded calls, each change is applied, both are run.

Nothing is replayed first: the guards alone must hold. That is more than a user relies on, who has replay and
whole-program runs behind them.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import io
import math
import random
import resource
import signal
import sys
import traceback
import types
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from hasten.core.facts import Facts, RegionFacts, ValueFact
from hasten.core.finding import Region
from hasten.core.recipe import Change, Pass, Recipe, Risk
from hasten.core.source import SourceFile
from hasten.core.workload import Entry, ScriptWorkload
from hasten.kernel.regions import regions_of
from hasten.observe import instrument
from hasten.observe.describe import describe, join
from hasten.observe.recorder import region_config
from tests.fuzz.choices import Program
from tests.fuzz.compare import difference, short

PATH = "script.py"
ROUNDED = 1e-9  # what a pass may differ by that says it rounds
PATIENCE_S = 0.5  # of CPU, for all calls of a program as it was; what was made of it may take ten times that
ROOM = 10**9  # bytes that a program may take

NOT_HERE = ("gc_callback", "__del__")  # what is raised there is lost

Load = Callable[[str, ModuleType], None]  # runs a patched text in a module


class Slow(BaseException):
    """A program takes too long to be of use. Not an `Exception`: programs must not catch it."""


class Broken(Exception):
    """A module that cannot be imported."""


@contextlib.contextmanager
def patience(seconds: float) -> Iterator[None]:
    """So much CPU and about 1 GB: a generated loop may well double a list for ever."""

    def stop(number: int, frame: types.FrameType | None) -> None:
        while frame is not None:
            if frame.f_code.co_name in NOT_HERE:
                return  # the next signal is 0.1 s away
            frame = frame.f_back
        raise Slow

    before = signal.signal(signal.SIGPROF, stop)
    limits = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + ROOM, limits[1]))
    signal.setitimer(signal.ITIMER_PROF, seconds, 0.1)
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@dataclass
class Ran:
    """All that could be seen of one call. `lines`: the module's lines that ran; `fast`: was a kernel's result used?"""

    result: Any
    error: tuple[str, Any] | None
    arguments: Any
    printed: str
    warned: list[tuple[str, str]]
    random: Any
    names: dict[str, Any]
    lines: frozenset[int] = frozenset()
    fast: bool = False

    def seen(self) -> tuple[Any, ...]:
        return (self.error, self.result, self.arguments, self.printed, self.warned, self.random, self.names)


PARTS = ("exception", "result", "arguments", "output", "warnings", "random state", "global names")


@dataclass(frozen=True)
class Failure:
    """A change that changes what the program does. `late`: only calls unlike the recorded ones show it."""

    code: str
    title: str
    call: str
    late: bool
    what: str
    patched: str

    def __str__(self) -> str:
        when = "after the recorded calls" if self.late else "already on a recorded call"
        return f"{self.code} {self.title}: work(*{self.call}) {when}: {self.what}\n--- patched\n{self.patched}"


@dataclass
class Tried:
    """What came of one program: changes by pass, those whose fast path a call really took, and failures."""

    proposed: list[str] = field(default_factory=list)
    entered: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    slow: bool = False


# ---------------------------------------------------------------------- running


def module_of(text: str, load: Load | None, lines: set[int] | None = None) -> ModuleType:
    """The program, imported anew; the lines that ran go into `lines`."""
    module = ModuleType("__main__")
    module.__dict__.update({"__file__": PATH})
    random.seed(11)
    np.random.seed(11)
    before = sys.gettrace()
    try:
        if load is None:
            if lines is not None:
                sys.settrace(partial(_trace, lines))
            exec(compile(text, PATH, "exec"), module.__dict__)
        else:
            load(text, module)
    except Exception as error:
        raise Broken(repr(error)) from error
    finally:
        sys.settrace(before)
    return module


def call(module: ModuleType, source: str, number: int, *, trace: bool) -> Ran:
    state = module.__dict__
    place = {**state, "np": np, "math": math, "random": random, "nan": math.nan, "inf": math.inf}
    if "pandas" in sys.modules:
        place["pd"] = sys.modules["pandas"]
    try:
        with warnings.catch_warnings(action="ignore"):
            args = eval(source, place)  # a fresh copy of the arguments for every run
    except (ValueError, TypeError, OverflowError, AttributeError, LookupError) as error:
        raise Broken(f"no arguments: {error}") from error
    random.seed(number)
    np.random.seed(number)
    lines: set[int] = set()
    fast = state.get("_fuzz_fast", [])
    fast.clear()
    result: Any = None
    error: tuple[str, Any] | None = None
    out = io.StringIO()
    with contextlib.redirect_stdout(out), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        before = sys.gettrace()
        try:
            if trace:
                sys.settrace(partial(_trace, lines))
            result = state["work"](*args)
        except MemoryError:
            raise Slow from None
        except Exception as e:  # noqa: BLE001 - whatever the program raises is compared
            # what a recursion that is too deep says depends on which call had no room any more
            error = (f"{type(e).__module__}.{type(e).__qualname__}", () if isinstance(e, RecursionError) else e.args)
        finally:
            if trace:
                sys.settrace(before)
    # each once, as Python shows them
    warned = list(dict.fromkeys((w.category.__name__, str(w.message)) for w in caught))
    # (np.vectorize keeps in itself what it has made for earlier calls)
    names = {k: v for k, v in state.items() if k in state["_fuzz_names"] and not isinstance(v, np.vectorize)}
    draws = (random.getstate(), np.random.get_state(legacy=False))
    return Ran(result, error, args, out.getvalue(), warned, draws, names, frozenset(lines), any(fast))


def _trace(lines: set[int], frame: Any, event: str, arg: Any) -> Any:
    if frame.f_code.co_filename != PATH:
        return None
    if event == "line":
        lines.add(frame.f_lineno)
    return partial(_trace, lines)


def data_names(text: str) -> frozenset[str]:
    """Module-level names of data."""
    found = set()
    for node in ast.parse(text).body:
        if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.For, ast.While, ast.If, ast.With)):
            found |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return frozenset(found)


def run(program: Program, text: str, *, load: Load | None = None, trace: bool = False) -> Iterator[Ran]:
    """The program's calls, one after the other, in one module. Each must be looked at before the next one runs."""
    lines: set[int] = set()
    module = module_of(text, load, lines if trace else None)
    module.__dict__["_fuzz_names"] = data_names(program.text)
    sys.modules["__main__"], before = module, sys.modules["__main__"]
    try:
        for number, source in enumerate((*program.recorded, *program.late)):
            ran = call(module, source, number, trace=trace and number < len(program.recorded))
            ran.lines |= lines
            yield ran
    finally:
        sys.modules["__main__"] = before


# ---------------------------------------------------------------------- what passes know


def workload(text: str) -> ScriptWorkload:
    return ScriptWorkload(
        Path("/nowhere"), Entry("script", PATH), PATH, changed={PATH: SourceFile(PATH, text.encode())}
    )


def observed(program: Program) -> tuple[list[Region], Facts]:
    """Every region of the program, and the types that its recorded calls showed there."""
    source = SourceFile(PATH, program.text.encode())
    tree = SourceFile(PATH, program.text.encode()).tree  # a tree of its own, which may be changed
    regions = list(regions_of(source, entry=True))
    facts: dict[str, dict[str, tuple[ValueFact, ...]]] = {}
    calls: dict[str, int] = {}
    configs: list[dict[str, Any]] = []
    notes: list[tuple[ast.AST, ast.stmt | None, int]] = []
    for region in regions:
        plan = instrument.plan(source, region)
        if not plan.instrument:
            continue
        config = region_config(source, plan)
        if region.kind == "function":
            node = instrument.function_node(tree, region)
            assert node is not None
            notes.append((node, None, len(configs)))
            a = node.args
            config["wanted"] = [*region.live_in, *(p.arg for p in a.kwonlyargs), *config["globals_read"]]
        else:
            statements, around = instrument.block_nodes(tree, region)
            notes.append((around[-1], statements[0], len(configs)))
            config["wanted"] = [*config["live_in"], *config["globals_read"]]
        configs.append(config)
    for parent, first, index in notes:
        note = ast.parse(f"_fuzz_note({index}, locals())").body[0]
        if first is None:
            parent.body.insert(0, note)  # type: ignore[attr-defined]
            continue
        for name in ("body", "orelse", "finalbody"):
            body = getattr(parent, name, None)
            if isinstance(body, list) and any(s is first for s in body):
                body.insert(next(i for i, s in enumerate(body) if s is first), note)
    ast.fix_missing_locations(tree)

    def note_values(index: int, scope: dict[str, Any]) -> None:
        config = configs[index]
        known = facts.setdefault(config["id"], {})
        calls[config["id"]] = calls.get(config["id"], 0) + 1
        values = {
            n: scope.get(n, module.__dict__.get(n)) for n in config["wanted"] if n in scope or n in module.__dict__
        }
        for name, value in values.items():
            known[name] = join(known.get(name, ()), (describe(value),))
        for name, attribute in config["attributes"]:
            own = getattr(values.get(name), "__dict__", {})
            if attribute in own:
                key = f"{name}.{attribute}"
                known[key] = join(known.get(key, ()), (describe(own[attribute]),))

    module = ModuleType("__main__")
    module.__dict__.update({"_fuzz_note": note_values, "__file__": PATH, "_fuzz_names": frozenset()})
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(tree, PATH, "exec"), module.__dict__)
    for number, args in enumerate(program.recorded):
        call(module, args, number, trace=False)
    known_regions = {k: RegionFacts(k, calls=calls[k], types=v, recorded=1) for k, v in facts.items()}
    return regions, Facts(regions=known_regions)


def changes_of(program: Program, passes: Sequence[Pass]) -> list[Change]:
    """Every change that the passes propose."""
    work = workload(program.text)
    regions, facts = observed(program)
    found = []
    for region in regions:
        for each in passes:
            for finding in each.find(work, region, facts):
                found += list(each.propose(work, finding, facts))
    return list(dict.fromkeys(found))


def joined(changes: Sequence[Change]) -> tuple[Change, ...]:
    """As many of the changes as go together, the first ones first."""
    taken: list[Change] = []
    for change in changes:
        if not any(change.overlaps(other) or change.region.within(other.region) or other.region.within(change.region)
                   for other in taken):  # fmt: skip
            taken.append(change)
    return tuple(taken)


# ---------------------------------------------------------------------- comparing


def tried(
    program: Program,
    passes: Sequence[Any],
    *,
    load: Load | None = None,
    most: int = 6,
    mutate: Callable[[str], str] | None = None,
    needed: Callable[[Change], bool] = lambda change: True,
    find: Callable[[Program, Sequence[Any]], list[Change]] = changes_of,
    seconds: float = PATIENCE_S * 10,
) -> Tried:
    """Runs the program and what each change makes of it, which may take so many seconds of CPU. `load` runs patched
    text; `mutate` spoils it on purpose."""
    done = Tried()
    try:
        with patience(PATIENCE_S):
            old = [_kept(ran) for ran in run(program, program.text, trace=True)]
    except (Slow, MemoryError, RecursionError, Broken):
        done.slow = True
        return done
    try:
        changes = [c for c in find(program, passes) if needed(c)]
    except (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError):
        told = traceback.format_exc(limit=-3)
        done.failures.append(Failure("a pass", "raises", program.recorded[0], False, told, ""))
        return done
    done.proposed = sorted({c.code for c in changes})
    sets: list[tuple[Change, ...]] = [(c,) for c in changes[:most]]
    together = joined(changes)
    if len(together) > 1:
        sets.append(together)
    entered = set()
    for recipe in sets:
        text = Recipe(recipe).apply(workload(program.text)).source(PATH).text
        if mutate is not None:
            text = mutate(text)
        try:
            with patience(seconds):
                failure, fast = compared(program, text, old, recipe, load)
        except Slow:
            failure, fast = _failure(recipe, program, 0, "it takes for ever", text), False
        if failure is not None:
            done.failures.append(failure)
        if fast:
            entered |= {c.code for c in recipe}
    done.entered = sorted(entered)
    return done


def _kept(ran: Ran) -> Ran:
    """A copy of what one call showed, before the next one changes it."""
    with contextlib.suppress(TypeError):  # a module among them
        ran.names = copy.deepcopy(ran.names)
    return ran


def compared(
    program: Program, text: str, old: list[Ran], recipe: tuple[Change, ...], load: Load | None
) -> tuple[Failure | None, bool]:
    """The first difference, and whether a recorded call took the fast path."""
    tolerance = ROUNDED if any(c.risk is Risk.ROUNDING for c in recipe) else None
    entered = False
    try:
        for number, (before, after) in enumerate(
            zip(old, run(program, text, load=load, trace=load is None), strict=True)
        ):
            if number < len(program.recorded):
                entered = entered or after.fast or took_another_way(program.text, text, before, after)
            for part, x, y in zip(PARTS, before.seen(), after.seen(), strict=True):
                wrong = difference(x, y, tolerance)
                if wrong:
                    told = f"{part}: {wrong}"
                    if part != "exception" and before.error is None and after.error is None:
                        told += f" (result {short(before.result)} became {short(after.result)})"
                    return _failure(recipe, program, number, told, text), entered
            # what is handed out together must hang together in the same way
            wrong = difference((before.result, before.arguments), (after.result, after.arguments), tolerance)
            if wrong:
                return _failure(recipe, program, number, f"result and arguments: {wrong}", text), entered
    except Broken as error:
        return _failure(recipe, program, 0, f"the patched file does not run: {error}", text), entered
    return None, entered


def took_another_way(original: str, patched: str, before: Ran, after: Ran) -> bool:
    """Did new lines run, and some line that the original ran did not? (Imports at the head run all the same.)"""
    old_lines, new_lines = [["", *(line.strip() for line in t.splitlines())] for t in (original, patched)]
    old = {old_lines[n] for n in before.lines}
    new = {new_lines[n] for n in after.lines}
    added = new - set(old_lines)
    return bool(added) and (bool(old - new) or any(line.startswith(("gc.", "import ", "from ")) for line in added))


def _failure(recipe: tuple[Change, ...], program: Program, number: int, what: str, text: str) -> Failure:
    calls = (*program.recorded, *program.late)
    return Failure(
        "+".join(sorted({c.code for c in recipe})),
        "; ".join(c.title for c in recipe),
        calls[number],
        number >= len(program.recorded),
        what,
        text,
    )
