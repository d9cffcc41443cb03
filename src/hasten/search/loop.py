"""The loop: observe, find, change, verify, measure, keep.

`optimise` runs it for one script workload. Each round looks at the program as it is by then, tries every change that
the passes propose on replays of what was recorded, applies the best set, and lets whole-program runs decide. A set that
survives becomes the program of the next round (the ratchet). At the end fresh interleaved pairs of the original and
the result decide whether anything is kept at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from statistics import median

from hasten.core.contract import Contract
from hasten.core.facts import Facts
from hasten.core.loading import StartupPass
from hasten.core.recipe import Change, Pass, Recipe
from hasten.core.record import (
    BaselineRecord,
    FindingRecord,
    RunRecord,
    TargetRecord,
    TrialRecord,
)
from hasten.core.verdict import Accepted, Failed, Inconclusive, Rejected, Verdict
from hasten.core.workload import ScriptWorkload
from hasten.errors import TargetError
from hasten.kernel.regions import find_regions
from hasten.measure.steady import WrongRun
from hasten.observe.machine import usable_cores
from hasten.observe.session import Session
from hasten.search import doors
from hasten.search.ahead import Meanwhile
from hasten.search.aside import Aside, given_up, promised_more
from hasten.search.callers import Callers
from hasten.search.choose import MIN_SAVING, Judged, Shared, choose
from hasten.search.compiling import NO_LOAD, LastRound, Load, compile_ahead, say_of_first_run
from hasten.search.evidence import beside, gather, places, profile_record, told
from hasten.search.judging import judge
from hasten.search.known import Known
from hasten.search.propose import key, of_own_work, propose
from hasten.search.quality import Reached, Watched, reach_as_good
from hasten.search.rest import (
    CLOSE_PAIRS,
    LOADING_S,
    PAIRS,
    Rest,
    ahead_seconds,
    measuring_seconds,
)
from hasten.search.runs import Program, own_seconds
from hasten.search.stacks import Stacks
from hasten.search.startup import RUNS, start_sooner
from hasten.search.trial import PASSED_OVER, Outcome, Trial

ROUNDS = 3
OWN_TIME = (10.0, 60.0)  # hasten takes at most 10 times the program's own time plus 60 s
PLANNED = 0.90  # of that time: steps end late on a busy machine


def optimise(
    session: Session,
    work: ScriptWorkload,
    contract: Contract,
    passes: Sequence[Pass],
    *,
    name: str = "",
    speed: bool = True,
    starts: Sequence[StartupPass] = (),
) -> Outcome:
    """Run the whole loop, then `starts` on what it leaves. Raises `TargetError` when the target is no workload.

    `speed=False` keeps every change that is shown equal, faster or not: it tests the verification, not the gain.
    """
    out = Outcome(work, work, RunRecord(TargetRecord.of(work, name), contract, status="interrupted", seed=session.seed))
    started = session.once("started", (), lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    out.record = replace(out.record, budget_s=session.budget_s, started=started)
    program = Program(session, work, contract)
    try:
        _search(session, program, out, passes, speed, starts)
        out.record = replace(out.record, status="finished")
        session.phase("report")
        gather(program, out)
    except KeyboardInterrupt:
        session.progress.note("interrupted: what was verified and measured so far is kept")
        if out.record.comparison is None:
            # nothing was measured, so nothing is claimed
            _drop_all(out, Inconclusive("equal, but interrupted before it was measured end to end"))
    finally:
        program.close()
    told(program, out)
    return _sealed(session, out)


def _search(
    session: Session, program: Program, out: Outcome, passes: Sequence[Pass], speed: bool, starts: Sequence[StartupPass]
) -> None:
    progress = session.progress
    session.phase("baseline")
    progress.stage("baseline")
    base = program.observe()
    files = tuple(f"file {name}" for name in sorted(base.reference.written))
    compared = ("exit status", "stdout", "stderr", *files)
    out.record = replace(
        out.record,
        baseline=BaselineRecord(base.reference.status, base.samples, base.noise, base.unrepeatable, compared),
        notes=base.notes,
    )
    limit_s = PLANNED * (OWN_TIME[0] * base.wall_s + OWN_TIME[1])
    given_s = session.budget_s
    session.budget_s = limit_s if given_s is None else min(given_s, limit_s)
    progress.within(session.left_s)
    watched = None
    if program.contract.qualities:
        progress.stage("look at the qualities", base.wall_s)
        watched = Watched(program, program.contract)
        out.record = replace(out.record, qualities=watched.record())
    base_s = median(map(own_seconds, base.samples))
    out.first_s = base.samples[0].wall_s
    current, current_wall, compiling_s = out.work, base_s, 0.0
    known = Known()
    recipe: tuple[Change, ...] = ()
    last: LastRound | None = None
    aside: Aside | None = None
    meanwhile = Meanwhile(program, out.work)
    callers = out.callers = Callers(program)
    whole = out.work.cells is None  # a notebook's cells stay where they are, in one file
    for number in range(1, ROUNDS + (1 if watched is None else 2)):
        # what is kept always gets its time: to be compiled ahead, which gains more than another round, and measured
        rest = Rest(base.wall_s, compiling_s, looked_s=base.looked_s)
        jit = any("numba" in c.needs for c in recipe)
        reserve = 0.0
        if recipe:
            reserve = rest.seconds(current_wall - (LOADING_S if jit else 0.0), 0.0, kernels=jit, ahead=jit)
            if jit and usable_cores() > 1:  # what is compiled beside the round takes no time of its own
                reserve -= min(ahead_seconds(compiling_s, 0.0), 4 * current_wall + 5)
        if session.left_s - reserve < 4 * current_wall + 2 * base.looked_s + 5:
            if number == 1:
                out.noted("the budget ended before anything could be tried: give a larger --budget")
            break
        if jit and speed and whole:
            meanwhile.begin(current)
            rest = replace(rest, begun=meanwhile.begun)
        meanwhile.go_on()
        session.phase("profile")
        progress.stage(f"profile (round {number})", current_wall)
        profile = program.profile(current)
        if number == 1:
            out.record = replace(out.record, profile=profile_record(out.work, profile))
        working_s = current_wall * (1 - profile.left_out)
        hot = find_regions(current, profile)
        regions = [r for r in hot if not known.barren(current, r)]
        regions = [r for r in regions if not doors.emitted(out.work, current, r)]
        if not regions:
            break
        session.phase("record")
        progress.stage(f"record {len(regions)} regions", 2 * current_wall)
        facts = Facts(profile, program.record(current, regions))
        callers.recorded(current, hot, facts)
        session.phase("propose")
        findings, changes, reasons, failures = propose(current, regions, facts, passes)
        out.failed(failures)
        changes = [c for c in changes if _wanted(c, program.contract) and not known.settled(current, c)]
        changes = [c for c in changes if _in_cells(current, c) and not of_own_work(current, c, recipe)]
        known.proposed(current, [r for r in regions if facts.of(r.id).recorded], changes)
        if number == 1:
            out.record = replace(out.record, findings=tuple(FindingRecord.of(f) for f in findings))
        if watched is not None:
            session.phase("whole runs")
            progress.stage("look for results that are as good", None)
            reached = _as_good(program, out, watched, [c for c in changes if c.quality], current_wall, reserve, speed)
            watched = None  # once: what follows keeps the results of the program as it is now
            if reached.kept:
                recipe += reached.kept
                current, current_wall = reached.work, reached.wall_s
                continue
        changes = [c for c in changes if not c.quality]
        if not changes:
            break
        session.phase("verify")
        before = len(out.trials)
        judging = (meanwhile if whole else None), working_s, number, rest, speed, out.trials, bool(recipe)
        judge(session, program, current, changes, facts, *judging)
        trials = out.trials[before:]
        for trial in trials:
            trial.why = reasons.get(key(trial.change), "")
        # one that was merely no faster may be, when what it calls has become fast
        session.phase("whole runs")
        meanwhile.pause()
        wrong = [t for t in trials if t.replays and isinstance(t.verdict, Rejected)]
        known.judged(current, [t.change for t in wrong if t.gain is None or t.region_gain < 0.9])
        shared = Shared(Stacks(facts.profile), working_s) if facts.profile.stacks else None
        last = LastRound(current, recipe, trials, working_s, shared)
        chosen = _chosen(program, trials, working_s, speed, shared)
        load = NO_LOAD
        if speed and not jit:
            loading_s = program.loading_s(t.judged for t in chosen)
            load = Load(loading_s, last if loading_s and whole else None)
        candidate, wall, cold_s = _confirm(session, program, current, chosen, current_wall, speed, load, callers)
        plain = _without_packages(trials, chosen, working_s)
        if candidate is current and plain:
            # what the first set lost by loading a compiler, one without it may gain
            chosen = plain
            candidate, wall, cold_s = _confirm(session, program, current, chosen, current_wall, speed, callers=callers)
        if callers.turned_down:
            known.judged(current, [t.change for t in callers.turned_down if t.round == number])
            others = _others(trials, shared, working_s) if candidate is current and speed else []
            if others:
                # what a change that drifts at its caller crowded out may hold there
                chosen = others
                candidate, wall, cold_s = _confirm(
                    session, program, current, chosen, current_wall, speed, load, callers
                )
        fell_short = speed and promised_more(chosen, trials, current_wall, wall)
        if fell_short and aside is None and number < ROUNDS and session.left_s > 10 * current_wall:
            # what they left untried may gain more than they do
            progress.note(f"round {number}: less as a whole than on what was recorded: now what it left untried")
            aside = Aside(chosen if candidate is not current else [], candidate, wall, cold_s, last)
            known.judged(current, [t.change for t in chosen])
            continue
        if aside is not None and aside.better(candidate is not current, wall):
            given_up(chosen)
            chosen, candidate, wall, cold_s, last = aside.found
        elif aside is not None:
            given_up(aside.chosen)
        aside = None
        if candidate is current:
            progress.note(f"round {number}: nothing was both equal and faster")
            break
        last = replace(last, sure=wall < current_wall)
        out.cold(cold_s)
        recipe += _taken(chosen, current, callers)
        beside([t for t in chosen if t.kept], shared)
        out.kept = candidate
        gained = current_wall / max(wall - load.seconds, 1e-9)
        progress.note(f"round {number}: {base_s:.2f} s -> {wall:.2f} s ({base_s / max(wall, 1e-9):.1f}x so far)")
        progress.best(base_s / max(wall, 1e-9))
        compiling_s += sum(t.compiling_s for t in chosen if t.kept)
        current, current_wall = candidate, wall
        if speed and (gained < 1.1 or not last.sure):
            break
    if aside is not None and aside.chosen:  # nothing else came of it
        recipe += _taken(aside.chosen, current, callers)
        out.cold(aside.cold_s)
        out.kept, current_wall, last = aside.candidate, aside.wall_s, aside.last
    out.record = replace(out.record, kept=Recipe(recipe))
    # a first run that compiles is a loss to many: to take that away, or look at it, there is what plans leave aside
    spare_s = limit_s / PLANNED - limit_s if given_s is None else 0.0
    if speed and whole:
        session.phase("compile ahead")
        current_wall = compile_ahead(program, out, last, current_wall, spare_s, meanwhile, callers)
        if last is not None and not last.sure and out.kept is last.work:
            current_wall = _as_it_is(session, program, out, last, callers)
        if out.kept is not out.work:
            progress.best(base_s / max(current_wall, 1e-9))
    meanwhile.stop()
    if starts and whole:
        session.phase("imports")
        current_wall = _sooner(session, program, out, starts, current_wall, base.wall_s, speed)
    if out.kept is out.work or not speed:
        return
    session.phase("last measurement")
    measuring_s = measuring_seconds(base.wall_s, current_wall)
    if out.record.cold is None and session.left_s + spare_s > compiling_s + current_wall + measuring_s:
        progress.stage("run the result as it runs first", compiling_s + current_wall)
        out.cold(program.cold_run(out.kept))
    if out.record.cold is None:
        say_of_first_run(out, current_wall)
    progress.stage("measure original and result, interleaved", measuring_s)
    # what was found is not lost for a few seconds: only a budget that the user gave cuts the last measurement short
    enough_s = session.spent_s + 1.5 * measuring_s
    planned_s = session.budget_s
    session.budget_s = max(planned_s, enough_s if given_s is None else min(given_s, enough_s))
    try:
        sure, close = (PAIRS, CLOSE_PAIRS) if given_s is None else (0, 0)
        comparison = program.measure(out.work, out.kept, sure_pairs=sure, close_pairs=close)
    except WrongRun as problem:
        _drop_all(out, Failed(str(problem)))
        return
    finally:
        session.budget_s = planned_s
    out.record = replace(out.record, comparison=comparison)
    gain = comparison.speedup
    if gain.decided != "faster":
        reason = f"end to end {gain} over {gain.pairs} pairs: {gain.decided}"
        _drop_all(out, Rejected(reason) if gain.decided == "not faster" else Inconclusive(reason))


def _as_good(
    program: Program, out: Outcome, watched: Watched, changes: Sequence[Change], wall_s: float, reserve_s: float,
    speed: bool,
) -> Reached:  # fmt: skip
    """The program with searches that are as good sooner; from then on it is what candidates are compared with."""
    reached = reach_as_good(watched, out.work, changes, wall_s, reserve_s, speed=speed)
    if reached.kept:
        try:
            program.observe(reached.work)
        except TargetError as problem:
            why = Failed(f"as the program to go on from: {problem}")
            reached.judged = [(c, why if c in reached.kept else v) for c, v in reached.judged]
            reached.kept = ()
    for change, verdict in reached.judged:
        kept = change in reached.kept
        out.trials.append(Trial(change, 1, verdict, kept=kept, equal=kept))
    if reached.kept:
        out.kept = reached.work
        out.record = replace(
            out.record, qualities=reached.qualities, differs=reached.differs, kept=Recipe(reached.kept)
        )
        out.cold(reached.cold_s)
    return reached


def _taken(chosen: Sequence[Trial], work: ScriptWorkload, callers: Callers) -> tuple[Change, ...]:
    """Those of the chosen changes of `work` that were accepted, noted as kept."""
    for trial in chosen:
        trial.kept = isinstance(trial.verdict, Accepted)
    kept = tuple(t.change for t in chosen if t.kept)
    callers.kept(work, kept)
    return kept


def _as_it_is(session: Session, program: Program, out: Outcome, last: LastRound, callers: Callers) -> float:
    """What the last round found that is faster as it is, where compiling ahead did not help; its wall seconds."""
    wall_s = last.wall_s
    for chosen in (
        _best([t for t in last.trials if t.equal], wall_s, last.shared),
        _without_packages(last.trials, [], wall_s),
    ):
        if not chosen or session.left_s < measuring_seconds(program.base.wall_s, wall_s) + RUNS * wall_s:
            continue
        candidate, wall_s, cold_s = _confirm(
            session, program, last.work, _accepted(chosen), last.wall_s, True, NO_LOAD, callers
        )
        if candidate is not last.work:
            kept = _taken(chosen, last.work, callers)
            beside([t for t in chosen if t.kept], last.shared)
            out.kept, out.record = candidate, replace(out.record, kept=Recipe((*last.recipe, *kept)))
            out.cold(cold_s)
            break
    return wall_s


def _sooner(
    session: Session, program: Program, out: Outcome, passes: Sequence[StartupPass], wall_s: float, base_s: float,
    speed: bool,
) -> float:  # fmt: skip
    """The kept program with a shorter start, where that works; its wall seconds."""
    if session.left_s < measuring_seconds(base_s, wall_s) + RUNS * wall_s or out.work.focus is not None:
        return wall_s
    session.progress.stage("look at what it imports", RUNS * wall_s)
    started = start_sooner(program, out.kept, passes, wall_s, speed=speed)
    for change, verdict, kept in started.judged:
        out.trials.append(Trial(change, 0, verdict, kept=kept, equal=kept))
    if started.work is out.kept:
        return wall_s
    out.before_start = out.kept
    session.progress.note(f"imports that the run does not need: {started.gain:.2f}x more")
    kept_changes = Recipe((*out.record.kept.changes, *(c for c, _, kept in started.judged if kept)))
    out.kept = started.work
    out.record = replace(out.record, kept=kept_changes)
    out.cold(started.cold_s)
    return started.warm_s


def _in_cells(work: ScriptWorkload, change: Change) -> bool:
    """Whether a change of a notebook's script can be put back into its cells."""
    if work.cells is None:
        return True
    try:
        return work.keeps_cells(change.apply(work).changed)
    except (ValueError, KeyError, SyntaxError):
        return True  # it will fail where that is told


def _wanted(change: Change, contract: Contract) -> bool:
    """It compiles nothing, or that is welcome; its result stays the same, or a quality says what is as good."""
    return (contract.compiled or "numba" not in change.needs) and (not change.quality or bool(contract.qualities))


def _chosen(
    program: Program, trials: Sequence[Trial], wall_s: float, speed: bool, shared: Shared | None
) -> list[Trial]:
    judged = [Judged(t.change, t.saves_s if speed else max(t.saves_s, 1e-6), t.region_gain) for t in trials if t.usable]
    least = MIN_SAVING * wall_s if speed else 0.0
    costs_s = program.import_costs(judged) if speed else {}
    kept = choose(judged, costs_s, min_saving_s=least, shared=shared if speed else None)
    picked = {id(j.change) for j in kept}
    for t in trials:
        if t.usable and id(t.change) not in picked:
            t.verdict = Rejected(PASSED_OVER)
    return [t for t in trials if id(t.change) in picked]


def _without_packages(trials: Sequence[Trial], tried: Sequence[Trial], wall_s: float) -> list[Trial]:
    """The best set among changes that need no package the program does not load; empty when it was tried already."""
    plain = _best([t for t in trials if t.equal and not t.change.needs], wall_s)
    if {id(t.change) for t in plain} == {id(t.change) for t in tried}:
        return []
    return _accepted(plain)


def _others(trials: Sequence[Trial], shared: Shared | None, wall_s: float) -> list[Trial]:
    """The best set among changes that were passed over for one that has been turned down since."""
    crowded = [t for t in trials if t.equal and t.gain is not None and t.verdict.reason == PASSED_OVER]
    return _accepted(_best(crowded, wall_s, shared))


def _best(trials: Sequence[Trial], wall_s: float, shared: Shared | None = None) -> list[Trial]:
    """Those of the changes that save most together, whatever they load."""
    judged = [t.judged for t in trials]
    picked = {id(j.change) for j in choose(judged, {}, min_saving_s=MIN_SAVING * wall_s, shared=shared)}
    return [t for t in trials if id(t.change) in picked]


def _accepted(trials: list[Trial]) -> list[Trial]:
    for t in trials:
        t.verdict = Accepted()
    return trials


def _confirm(
    session: Session, program: Program, work: ScriptWorkload, chosen: list[Trial], wall_s: float, speed: bool,
    load: Load = NO_LOAD, callers: Callers | None = None,
) -> tuple[ScriptWorkload, float, float | None]:  # fmt: skip
    """What `_faster` gives of the chosen changes, and what holds at all recorded callers of what it changes."""
    while True:
        found = _faster(session, program, work, chosen, wall_s, speed, load)
        chosen = [t for t in chosen if isinstance(t.verdict, Accepted)]
        if callers is None or found[0] is work:
            return found
        session.phase("callers")
        bad = callers.faulty(work, chosen)
        session.phase("whole runs")
        if not bad:
            return found
        chosen = [t for t in chosen if t not in bad]


def _faster(
    session: Session, program: Program, work: ScriptWorkload, chosen: list[Trial], wall_s: float, speed: bool,
    load: Load,
) -> tuple[ScriptWorkload, float, float | None]:  # fmt: skip
    """The chosen changes applied together and run whole. Those under which the program's results differ, or that
    make it slower, are dropped. Gives (candidate, its warm wall seconds, its cold wall seconds if it ran cold).

    Not those that are faster but for what they load: compiling ahead of time comes next, and whole runs then decide.
    """
    chosen = list(chosen)
    while chosen:
        if session.left_s < 3 * wall_s + 2 * program.base.looked_s:
            for trial in chosen:
                trial.verdict = Inconclusive("the budget ended before the whole program could be run with it")
            break
        session.progress.stage(f"run the program with {len(chosen)} change(s)", 2 * wall_s)
        candidate = Recipe(tuple(t.change for t in chosen)).apply(work)
        wrong, cold_s, warm_s = program.run_twice(candidate)
        if wrong is None:
            if warm_s < wall_s * 0.9 or not speed:
                return candidate, warm_s, cold_s
            if load.seconds and warm_s - load.seconds < wall_s * 0.9:
                return candidate, max(warm_s, wall_s), cold_s
            # one run on a busy machine says little: look again, side by side
            try:
                gain = program.quick_gain(work, candidate)
            except WrongRun as problem:
                for trial in chosen:
                    trial.verdict, trial.equal = Failed(str(problem)), False
                break
            if gain > program.contract.min_gain:
                return candidate, wall_s / gain, cold_s
            if load.hides(chosen, wall_s, wall_s / gain):
                return candidate, wall_s, cold_s
            # not faster as a whole: give up the least promising and look again
            worst = min(chosen, key=lambda t: t.saves_s)
            worst.verdict = Rejected(f"equal, but the whole program was not faster with it ({gain:.2f}x)")
            chosen.remove(worst)
            continue
        if len(chosen) == 1:
            chosen[0].verdict, chosen[0].equal = Rejected(f"whole program: {wrong}"), False
            return work, wall_s, None
        for trial in _culprits(session, program, work, chosen, wrong):
            chosen.remove(trial)
    return work, wall_s, None


def _culprits(
    session: Session, program: Program, work: ScriptWorkload, chosen: Sequence[Trial], wrong: str
) -> list[Trial]:
    """Which of the changes make whole-program results differ, each tried alone; all of them if no single one does."""
    bad: list[Trial] = []
    session.progress.note(f"results differ ({wrong}): trying each change alone")
    for trial in chosen:
        reason = program.check(trial.change.apply(work))
        if reason is not None:
            trial.verdict, trial.equal = Rejected(f"whole program: {reason}"), False
            bad.append(trial)
    if not bad:
        for trial in chosen:
            trial.verdict, trial.equal = Rejected(f"whole program, together with other changes: {wrong}"), False
        return list(chosen)
    return bad


def _drop_all(out: Outcome, verdict: Verdict) -> None:
    for trial in out.trials:
        if trial.kept:
            trial.kept = False
            trial.verdict = verdict
    out.kept = out.work
    unchanged = tuple(replace(q, new=()) for q in out.record.qualities)
    out.record = replace(out.record, kept=Recipe(), qualities=unchanged, differs=())


def _sealed(session: Session, out: Outcome) -> Outcome:
    """The record with everything that is known now."""
    place = places(out)
    trials = tuple(
        TrialRecord.of(
            t.change, t.verdict, kept=t.kept, replays=t.replays, varied=t.varied, gain=t.gain, gain_of="region",
            seconds={"verify": round(t.seconds, 3)}, round=t.round, why=t.why,
            place=place.get(id(t.change)) if t.kept else None,
        )
        for t in out.trials
    )  # fmt: skip
    changed = {path: source.sha256 for path, source in out.kept.changed.items()}
    sources = {
        path: out.work.source(path).sha256
        for path in changed
        if path in out.work.made or (out.work.root / path).exists()
    }
    session.phase("end")
    spent = {name: round(seconds, 3) for name, seconds in session.phases.items() if seconds >= 1e-3}
    out.record = replace(
        out.record, trials=trials, changed=changed, sources=sources, own_s=session.elapsed_s, phases=spent
    )
    return out
