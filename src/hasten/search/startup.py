"""The step after the kernels: the program spends less on its start.

There is no region to replay. Proposals rest on proofs from the syntax of the project and on what the imports themselves
change (asked in the program's environment); then whole runs must show that the results stay, that the modules meant are
no longer loaded, and that the program is faster.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hasten.core.loading import Loaded, Saving, Sources, StartupPass
from hasten.core.recipe import Change, Recipe
from hasten.core.verdict import Accepted, Failed, Rejected, Verdict
from hasten.core.workload import ScriptWorkload
from hasten.measure.steady import WrongRun
from hasten.observe.import_effects import RANDOM, effects
from hasten.passes.source.startup.reached import reached
from hasten.passes.source.startup.watchers import relied_on

if TYPE_CHECKING:
    from hasten.search.runs import Program

LEAST_SHARE = 0.01  # of the program's time
LEAST_GAIN = 1.01
RUNS = 20  # about as many runs of the program as this takes
PROBE_S = 60.0


@dataclass
class Started:
    """What came of it: the program, which is `work` itself when nothing was kept, and each change with its verdict."""

    work: ScriptWorkload
    cold_s: float | None = None
    warm_s: float = 0.0
    gain: float = 1.0
    judged: list[tuple[Change, Verdict, bool]] = field(default_factory=list)  # and whether it was kept

    def refuse(self, found: Sequence[Saving], verdict: Verdict) -> None:
        self.judged += [(s.change, verdict, False) for s in found]


def start_sooner(
    program: Program, work: ScriptWorkload, passes: Sequence[StartupPass], wall_s: float, *, speed: bool = True
) -> Started:
    """`work` with what the passes can save of its start, judged by whole runs. Raises nothing for what programs do."""
    out = Started(work)
    loaded = program.imports(work)
    if loaded is None:
        return out
    paths = [p.relative_to(program.mirror.pristine).as_posix() for p in program.mirror.pristine.rglob("*.py")]
    least_s = LEAST_SHARE * wall_s if speed else 0.0
    # one pass after the other, each on what the last one left; then one judgement
    candidate, changes = work, []
    for pass_ in passes:
        look = _Look(program, reached(candidate, paths), loaded, paths)
        found, now, saved_s = _effective(look, list(pass_.savings(look.sources, loaded)), least_s, out)
        if not found:
            continue
        share = min(1.0, saved_s / wall_s) if wall_s else 0.0
        new = [replace(s.change, share=share, region=replace(s.change.region, share=share)) for s in found]
        candidate, loaded = Recipe(tuple(new)).apply(candidate), now
        changes += new
    if not changes:
        return out
    verdict: Verdict
    wrong, out.cold_s, out.warm_s = program.run_twice(candidate)
    if wrong is not None:
        verdict = Rejected(f"whole program: {wrong}")
    else:
        try:
            out.gain = program.quick_gain(work, candidate, pairs=5 if wall_s < 1 else 3) if speed else LEAST_GAIN
            verdict = Accepted(None, f"equal, and the program as a whole {out.gain:.2f}x faster with all of these")
            if out.gain < LEAST_GAIN:
                verdict = Rejected(f"equal, but the whole program was not faster with it ({out.gain:.2f}x)")
        except WrongRun as problem:
            verdict = Failed(str(problem))
    kept = isinstance(verdict, Accepted)
    out.judged += [(c, verdict, kept) for c in changes]
    if kept:
        out.work = candidate
    return out


@dataclass(frozen=True)
class _Look:
    """The program as it stands when a pass looks at it."""

    program: Program
    sources: Sources
    loaded: Loaded
    paths: Sequence[str]

    @property
    def work(self) -> ScriptWorkload:
        return self.sources.work


def _effective(look: _Look, found: list[Saving], least_s: float, out: Started) -> tuple[list[Saving], Loaded, float]:
    """Those that do what they are meant to, what is loaded with them, and about what they save in seconds."""
    nothing: tuple[list[Saving], Loaded, float] = [], look.loaded, 0.0
    # what a change saves at most, and not more than one of a place
    possible = [s for s in found if _most_s(s, look.loaded) >= least_s / 4]
    found = [s for n, s in enumerate(possible) if not any(s.change.overlaps(k.change) for k in possible[:n])]
    while found:
        candidate = Recipe(tuple(s.change for s in found)).apply(look.work)
        now = look.program.imports(candidate)
        if now is None:
            out.refuse(found, Rejected("with it the program ends otherwise"))
            return nothing
        useful = [s for s in found if not now.names & set(s.modules)]
        if len(useful) < len(found):
            out.refuse([s for s in found if s not in useful], Rejected("the run needs what it imports"))
            found = useful
            continue
        gone = look.loaded.names - now.names
        saved_s = sum(s.saves_s or 0.0 for s in found) + look.loaded.own_s(gone)
        why = (
            f"it saves too little ({saved_s * 1e3:.0f} ms)"
            if saved_s < least_s
            else _noticed(look, found, candidate, now)
        )
        if why:
            out.refuse(found, Rejected(why))
            return nothing
        return found, now, saved_s
    return nothing


def _most_s(saving: Saving, loaded: Loaded) -> float:
    return sum(map(loaded.total_s, saving.modules)) if saving.saves_s is None else saving.saves_s


def _noticed(look: _Look, found: Sequence[Saving], candidate: ScriptWorkload, now: Loaded) -> str:
    """Who would notice that these imports happen later, or not at all; empty when nobody."""
    modules = sorted({m for s in found for m in s.modules})
    if not modules:
        return ""
    missed = relied_on(reached(candidate, look.paths), look.loaded.names) - now.names
    if missed:
        return f"{min(missed)} is reached through its package, and would no longer be imported"
    program = look.program
    stay = sorted({m.partition(".")[0] for m in modules} & now.names)  # packages that are still loaded
    changed = program.session.once(
        "effects",
        (program.key(look.work), modules, stay),
        lambda: effects(program.mirror, look.work, modules, PROBE_S, stay),
    )
    if changed is None:
        return f"importing {', '.join(modules)} by itself does not work"
    if changed == {RANDOM} and not _draws(look.sources):
        changed = set()  # nobody draws from the generator that is moved on
    return f"importing {', '.join(modules)} changes {', '.join(sorted(changed))}" if changed else ""


def _draws(sources: Sources) -> bool:
    """The project uses the random generator of the standard library."""
    for file in sources.files:
        for node in ast.walk(file.tree):
            if isinstance(node, ast.Import) and any(a.name == "random" for a in node.names):
                return True
            if isinstance(node, ast.ImportFrom) and node.module == "random" and not node.level:
                return True
    return False
