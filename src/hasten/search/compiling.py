"""The step after the rounds: kernels compiled ahead of time, where the program then is faster.

Which kernels: those of the last round that were shown equal, not only those that it kept. A short program loses more by
loading Numba than one kernel saves, so the rounds give up kernels that are worth having once nothing is loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hasten.core.recipe import Change, Recipe
from hasten.core.source import SourceFile
from hasten.core.verdict import Accepted, Failed, Rejected, Verdict
from hasten.core.workload import ScriptWorkload
from hasten.measure.steady import WrongRun
from hasten.search.ahead import Building, Meanwhile, ahead_of_time
from hasten.search.callers import Callers
from hasten.search.choose import MIN_SAVING, Shared, choose, worth
from hasten.search.evidence import beside
from hasten.search.rest import CHECKS, CLEAR_PAIRS, ahead_seconds, measuring_seconds
from hasten.search.runs import Program
from hasten.search.trial import PASSED_OVER, Outcome, Trial

WORTH = 0.1  # of the program's time: kernels that save less are not compiled ahead of time for their own sake
HIDDEN = 0.25  # and those that save as much are compiled ahead although runs that load them are no faster
ALONE = 0.8  # of the time that compiling took beside other work
CUT = 0.5  # of the last measurement's time need be there, where the first run would be slower than the original
CLEARLY = 1.2  # a gain that one run shows well enough
LEAST = 0.98  # of the speed of kernels that are compiled as the program runs: then no first run compiles
LEAST_ALONE = 1.05  # and over a program without any


@dataclass(frozen=True)
class LastRound:
    """What a round started from, a program of `wall_s` seconds, and what it judged. `shared`: where its time goes.

    `sure`: what the round kept was seen to be faster, and not only without what loading Numba takes.
    """

    work: ScriptWorkload
    recipe: tuple[Change, ...]
    trials: Sequence[Trial]
    wall_s: float
    shared: Shared | None = None
    sure: bool = True


@dataclass(frozen=True)
class Load:
    """What a first kernel adds to a run: `seconds` for a compiler. Loading what that has compiled adds some tenths of a
    second for each kernel, which in a short program may be all that they save; with `last`, it is told from what they
    saved in replays. Compiled ahead of time they need neither."""

    seconds: float = 0.0
    last: LastRound | None = None

    def hides(self, trials: Sequence[Trial], wall_s: float, taken_s: float) -> bool:
        """Would a program of `wall_s` be faster with these if nothing were loaded? `taken_s`: what it takes."""
        if self.seconds and taken_s - self.seconds < wall_s * 0.9:
            return True
        kernels = any("numba" in t.change.needs and t.replays for t in trials)
        return self.last is not None and kernels and wall_s - _expected_s(self.last, trials) >= HIDDEN * wall_s


NO_LOAD = Load()


@dataclass(frozen=True)
class _Made:
    """A program with its extension module, shown equal and faster."""

    work: ScriptWorkload
    gain: float
    cold_s: float | None
    warm_s: float


def compile_ahead(
    program: Program, out: Outcome, last: LastRound | None, wall_s: float, spare_s: float = 0.0,
    meanwhile: Meanwhile | None = None, callers: Callers | None = None,
) -> float:  # fmt: skip
    """`out.kept` with its kernels in an extension module, or with more kernels than it has; its wall seconds.

    The larger set is tried first, and the kept one where that fails; for that one, `spare_s` beyond the plan are there.
    `meanwhile` has what was begun beside the rounds.
    """
    recipe = out.record.kept.changes
    jit = any("numba" in c.needs for c in recipe)
    more = worth_compiling(last.trials, wall_s, last.shared) if last is not None else []
    if last is not None and more:
        candidate = Recipe(tuple(t.change for t in more)).apply(last.work)
        made = _attempt(program, out, last, candidate, more, wall_s, jit=jit, meanwhile=meanwhile, callers=callers)
        if isinstance(made, _Made):
            _taken(last, more)
            beside(more, last.shared)
            changes = (*last.recipe, *(t.change for t in more))
            _keep(program, out, made, changes, jit=jit)
            return made.warm_s
    if not jit:
        return wall_s
    kept = [t for t in out.trials if t.kept]
    made = _attempt(
        program, out, last, out.kept, kept, wall_s, jit=True, spare_s=spare_s, meanwhile=meanwhile, callers=callers
    )
    if isinstance(made, _Made):
        _keep(program, out, made, recipe, jit=True)
        return made.warm_s
    if last is not None and not last.sure and not _faster_anyway(program, out, last):
        return last.wall_s
    out.noted(f"kernels are compiled as the program runs{made}")
    return wall_s


def _faster_anyway(program: Program, out: Outcome, last: LastRound) -> bool:
    """Whether what the last round kept gains even where Numba has to be loaded; if not, it is given up."""
    verdict: Verdict
    try:
        gain = program.quick_gain(last.work, out.kept)
        verdict = Rejected(f"equal, but the whole program was not faster with it ({gain:.2f}x)")
        if gain > program.contract.min_gain:
            return True
    except WrongRun as problem:
        verdict = Failed(str(problem))
    for trial in last.trials:
        if trial.kept:
            trial.kept, trial.verdict = False, verdict
    out.kept = last.work
    out.record = replace(out.record, kept=Recipe(last.recipe))
    return False


def say_of_first_run(out: Outcome, warm_s: float) -> None:
    """Says about how long a first run takes that nobody had the time to look at, where it is slower than the original:
    kernels of a program that loads Numba are compiled in it."""
    compiles = any(b"njit(" in source.data for source in out.kept.changed.values())
    ahead = any(path.endswith((".so", ".pyd")) for path in out.kept.changed)
    first_s = warm_s + sum(t.compiling_s for t in out.trials if t.kept)
    if compiles and not ahead and first_s > out.first_s:
        out.noted(
            f"the first run compiles its kernels: about {first_s:.1f} s, reckoned, where the original takes "
            f"{out.first_s:.1f} s"
        )


def worth_compiling(trials: Sequence[Trial], wall_s: float, shared: Shared | None = None) -> list[Trial]:
    """The best set with kernels beyond those that were kept, when what these save is more than noise; else nothing."""
    known = [t for t in trials if t.kept or t.equal and t.gain is not None]
    judged = [t.judged for t in known]
    picked = {id(j.change) for j in choose(judged, {}, min_saving_s=MIN_SAVING * wall_s, shared=shared)}
    chosen = [t for t in trials if id(t.change) in picked]
    extra = [t for t in chosen if not t.kept and "numba" in t.change.needs]
    kept, then = ([t.judged for t in some] for some in ([t for t in known if t.kept], chosen))
    return chosen if extra and worth(then, shared) - worth(kept, shared) >= WORTH * wall_s else []


def kernels_worth_compiling(
    work: ScriptWorkload, found: Sequence[Trial], wall_s: float, shared: Shared | None = None
) -> ScriptWorkload | None:
    """`work` with the kernels among these that will be kept, as far as one knows; None where they save little."""
    judged = [t.judged for t in found]
    chosen = choose(judged, {}, min_saving_s=MIN_SAVING * wall_s, shared=shared)
    kernels = [j for j in chosen if "numba" in j.change.needs]
    if worth(kernels, shared) < WORTH * wall_s:
        return None
    try:
        return Recipe(tuple(j.change for j in kernels)).apply(work)
    except (ValueError, KeyError, SyntaxError):
        return None  # the whole set shows what is wrong


def _attempt(
    program: Program, out: Outcome, last: LastRound | None, candidate: ScriptWorkload, trials: Sequence[Trial],
    wall_s: float, *, jit: bool, spare_s: float = 0.0, meanwhile: Meanwhile | None = None,
    callers: Callers | None = None,
) -> _Made | str:  # fmt: skip
    """The candidate compiled ahead of time, or why that is not kept, as the end of a sentence. `trials`: its changes;
    `wall_s`: what the kept program takes."""
    session = program.session
    compiling_s = sum(t.compiling_s for t in trials)
    before_s, before = (wall_s, out.kept) if last is None or last.sure else (last.wall_s, last.work)
    expected_s = min(wall_s, _expected_s(last, trials)) if last is not None else wall_s
    taking_s = ahead_seconds(compiling_s, expected_s) + (0.0 if candidate is out.kept else expected_s)
    building = meanwhile.of(candidate) if meanwhile is not None else None
    if building is not None and building.done:
        taking_s = CHECKS * expected_s
    measuring_s = measuring_seconds(program.base.wall_s, expected_s)
    if spare_s and wall_s + compiling_s > out.first_s:
        measuring_s *= CUT  # rather a run that takes a little longer than a first run that is slower than the original
    # what is kept already has had time put by, and other replays ran beside the first compilations
    needed_s = taking_s * (ALONE if jit else 1.0) + measuring_s
    if session.left_s + spare_s < needed_s:
        return ": the budget ended before more"

    def around(made: ScriptWorkload) -> str | None:
        """How it differs at a caller of what was changed."""
        if callers is None:
            return None
        more = None if candidate is out.kept or last is None else [t.change for t in trials]
        return callers.broken(made, out.work if last is None else last.work, more) or None

    session.progress.stage("compile kernels ahead of time", taking_s)
    try:
        if candidate is not out.kept:
            wrong = program.check(candidate)  # what runs where the extension module does not fit
            wrong = wrong or around(candidate)
            if wrong is not None:
                return f"; ahead of time: results differ ({wrong})"
        files = session.once("ahead", program.key(candidate), lambda: _ahead(program, out.work, candidate, building))
        if isinstance(files, str):
            return f": {files}"
        made = candidate.with_sources(files)
        wrong, cold_s, warm_s = program.run_twice(made)
        wrong = wrong or around(made)
        if wrong is not None:
            return f"; ahead of time: results differ ({wrong})"
        gain = before_s / max(warm_s, 1e-9)
        if gain < CLEARLY and before is not out.work:  # else the last measurement shows it
            gain = program.quick_gain(before, made) if jit else program.quick_gain(before, made, CLEAR_PAIRS)
    except WrongRun as problem:
        return f"; ahead of time: results differ ({problem})"
    if gain < (LEAST if jit and before is out.kept else LEAST_ALONE):
        return f"; ahead of time: not faster ({gain:.2f}x)"
    return _Made(made, gain, cold_s, warm_s)


def _ahead(
    program: Program, original: ScriptWorkload, candidate: ScriptWorkload, building: Building | None
) -> dict[str, SourceFile] | str:
    made = ahead_of_time(program, original, candidate, building)
    return made if isinstance(made, str) else dict(made.changed)


def _expected_s(last: LastRound, trials: Sequence[Trial]) -> float:
    """About what the program takes with the changes of the last round among these, and nothing to load."""
    judged = [t.judged for t in last.trials if t in trials]
    saved_s = sum(j.saves_s for j in judged) if last.shared is None else last.shared.saved_s(judged)
    return max(last.wall_s - saved_s, 0.03 * last.wall_s)


def _taken(last: LastRound, chosen: Sequence[Trial]) -> None:
    """The larger set takes the place of what the round had kept."""
    for trial in last.trials:
        if trial in chosen:
            trial.verdict, trial.kept = Accepted(), True
        elif trial.kept:
            trial.kept = False
            trial.verdict = Rejected(PASSED_OVER)


def _keep(program: Program, out: Outcome, made: _Made, changes: tuple[Change, ...], *, jit: bool) -> None:
    program.session.progress.note(f"kernels compiled ahead of time: {made.gain:.2f}x more")
    out.kept = made.work
    out.record = replace(out.record, kept=Recipe(changes))
    out.cold(made.cold_s)
    if jit:
        out.noted(
            f"kernels compiled ahead of time: {made.gain:.2f}x against compiling as the program runs; the extension "
            "module is in optimized/ and comes with `hasten apply`, the patch alone lets Numba compile"
        )
    else:
        out.noted(
            f"kernels compiled ahead of time: {made.gain:.2f}x; loading Numba would cost more than they save, so they "
            "gain only with the extension module, which is in optimized/ and comes with `hasten apply`"
        )
