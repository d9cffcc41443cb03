"""The step after the rounds: kernels compiled ahead of time, where the program then is faster.

Which kernels: those of the last round that were shown equal, not only those that it kept. A short program loses more by
loading Numba than one kernel saves, so the rounds give up kernels that are worth having once nothing is loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hasten.core.recipe import Change, Recipe
from hasten.core.verdict import Accepted, Rejected
from hasten.core.workload import ScriptWorkload
from hasten.measure.steady import WrongRun
from hasten.search.ahead import ahead_of_time
from hasten.search.choose import MIN_SAVING, Judged, Shared, choose
from hasten.search.runs import Program
from hasten.search.trial import Outcome, Trial

LINK_S = 5.0  # about what making an extension module takes, compiling apart
COMPILING_S = 6.0  # about what compiling a program's kernels takes, before any was compiled
PAIRS = 4  # as many decide, where noise is small against the gain
WORTH = 0.1  # of the program's time: kernels that save less are not compiled ahead of time for their own sake
CLEARLY = 1.2  # a gain that one run shows well enough
LEAST = 1.02  # the least gain over kernels that are compiled as the program runs
LEAST_ALONE = 1.05  # and over a program without any


@dataclass(frozen=True)
class LastRound:
    """What a round started from, and what it judged. `shared`: where that program's time goes."""

    work: ScriptWorkload
    recipe: tuple[Change, ...]
    trials: Sequence[Trial]
    shared: Shared | None = None


@dataclass(frozen=True)
class _Made:
    """A program with its extension module, shown equal and faster."""

    work: ScriptWorkload
    gain: float
    cold_s: float | None
    warm_s: float


def ahead_seconds(compiling_s: float, warm_s: float) -> float:
    """About what compiling ahead of time takes of kernels that take `compiling_s` in a program of `warm_s`.

    One run compiles them; what it made is optimised once more and linked; the result is run twice.
    """
    return warm_s + 1.8 * compiling_s + LINK_S + 2 * warm_s


def compile_ahead(program: Program, out: Outcome, last: LastRound | None, wall_s: float) -> float:
    """`out.kept` with its kernels in an extension module, or with more kernels than it has; its wall seconds.

    The larger set is tried first, and the kept one where that fails.
    """
    recipe = out.record.kept.changes
    jit = any("numba" in c.needs for c in recipe)
    more = worth_compiling(last.trials, wall_s, last.shared) if last is not None else []
    if last is not None and more:
        candidate = Recipe(tuple(t.change for t in more)).apply(last.work)
        made = _attempt(program, out, candidate, sum(t.compiling_s for t in more), wall_s, jit=jit)
        if isinstance(made, _Made):
            _taken(last, more)
            changes = (*last.recipe, *(t.change for t in more))
            _keep(program, out, made, changes, jit=jit)
            return made.warm_s
    if not jit:
        return wall_s
    compiling_s = sum(t.compiling_s for t in out.trials if t.kept)
    made = _attempt(program, out, out.kept, compiling_s, wall_s, jit=True)
    if isinstance(made, _Made):
        _keep(program, out, made, recipe, jit=True)
        return made.warm_s
    out.noted(f"kernels are compiled as the program runs{made}")
    return wall_s


def worth_compiling(trials: Sequence[Trial], wall_s: float, shared: Shared | None = None) -> list[Trial]:
    """The best set with kernels beyond those that were kept, when what these save is more than noise; else nothing."""
    known = [t for t in trials if t.kept or t.equal and t.gain is not None]
    judged = [Judged(t.change, t.saves_s, t.region_gain) for t in known]
    picked = {id(j.change) for j in choose(judged, {}, min_saving_s=MIN_SAVING * wall_s, shared=shared)}
    chosen = [t for t in trials if id(t.change) in picked]
    extra = [t for t in chosen if not t.kept and "numba" in t.change.needs]
    kept = [Judged(t.change, t.saves_s, t.region_gain) for t in chosen if t.kept]
    added = [Judged(t.change, t.saves_s, t.region_gain) for t in extra]
    if shared is None:
        saved_s = sum(j.saves_s for j in added)
    else:
        saved_s = shared.saved_s([*kept, *added]) - shared.saved_s(kept)
    return chosen if extra and saved_s >= WORTH * wall_s else []


def _attempt(
    program: Program, out: Outcome, candidate: ScriptWorkload, compiling_s: float, wall_s: float, *, jit: bool
) -> _Made | str:
    """The candidate compiled ahead of time, or why that is not kept, as the end of a sentence."""
    session = program.session
    needed_s = ahead_seconds(compiling_s, wall_s) + PAIRS * (program.base.wall_s + (0.0 if jit else 2 * wall_s))
    if session.left_s < needed_s:
        return ": the budget ended before more"
    session.progress.stage("compile kernels ahead of time", ahead_seconds(compiling_s, wall_s))
    try:
        if candidate is not out.kept:
            wrong = program.check(candidate)  # what runs where the extension module does not fit
            if wrong is not None:
                return f"; ahead of time: results differ ({wrong})"
        made = ahead_of_time(program, out.work, candidate)
        if isinstance(made, str):
            return f": {made}"
        wrong, cold_s, warm_s = program.run_twice(made)
        if wrong is not None:
            return f"; ahead of time: results differ ({wrong})"
        gain = wall_s / max(warm_s, 1e-9)
        if not jit or gain < CLEARLY:
            gain = program.quick_gain(out.kept, made) if jit else program.quick_gain(out.kept, made, PAIRS)
    except WrongRun as problem:
        return f"; ahead of time: results differ ({problem})"
    if gain < (LEAST if jit else LEAST_ALONE):
        return f"; ahead of time: not faster ({gain:.2f}x)"
    return _Made(made, gain, cold_s, warm_s)


def _taken(last: LastRound, chosen: Sequence[Trial]) -> None:
    """The larger set takes the place of what the round had kept."""
    for trial in last.trials:
        if trial in chosen:
            trial.verdict, trial.kept = Accepted(), True
        elif trial.kept:
            trial.kept = False
            trial.verdict = Rejected("equal, but another change of the same place, or none, saves more")


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
