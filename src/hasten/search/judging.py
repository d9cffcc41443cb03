"""Every change of a round, judged by replays: is it equal, and how much faster on what was recorded?"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from hasten.core.contract import Contract
from hasten.core.facts import Facts
from hasten.core.measurement import Speedup
from hasten.core.recipe import Change
from hasten.core.verdict import Accepted, Failed, Inconclusive, Rejected, Verdict
from hasten.core.workload import ScriptWorkload
from hasten.errors import TargetError
from hasten.measure.decide import total_interval
from hasten.observe.machine import free_mb, usable_cores
from hasten.observe.session import Session
from hasten.search import doors
from hasten.search.ahead import Meanwhile
from hasten.search.aside import SHADED
from hasten.search.choose import Shared
from hasten.search.compiling import kernels_worth_compiling
from hasten.search.order import Queue, side_by_side
from hasten.search.rest import Rest, likely_s, put_by
from hasten.search.runs import Program
from hasten.search.stacks import Stacks
from hasten.search.trial import Trial

LEAST_REPLAY_S = 5.0  # compiling for a few kinds of input takes its time
LEAST_GAIN = 1.05  # of a change on its region
TOO_LATE = "the budget ended"
START_S = 1.0  # about what starting processes that import the program's libraries takes


def judge(
    session: Session, program: Program, work: ScriptWorkload, changes: Sequence[Change], facts: Facts,
    meanwhile: Meanwhile | None, wall_s: float, number: int, rest: Rest, speed: bool, out: list[Trial], kept: bool,
) -> None:  # fmt: skip
    """Every change, judged. Replays run side by side where there are cores for them; each is mostly one process.

    A change gets what time is left beside what follows if it is kept: runs, compiling ahead of time, the last
    measurement. Time for compiling ahead is kept from when there is something to compile: a result that loads Numba
    may start slower than the original does. `kept`: an earlier round has found something. When only changes without
    kernels are left to be judged, the kernels are compiled ahead of time beside these (`meanwhile`).
    """
    queue = Queue(changes, facts)
    session.progress.stage(f"verify {len(changes)} changes", None)
    compiling_s: list[float] = []  # what the kernels take that were equal and faster
    compiled_s: list[float] = []  # and all
    found: list[Trial] = []  # what was equal and faster
    begun = threading.Event()

    def ended(change: Change, trial: Trial) -> None:
        gain = trial.region_gain if trial.usable and trial.replays else 1.0
        if "numba" in change.needs and trial.compiling_s:
            compiled_s.append(trial.compiling_s)
        if "numba" in change.needs and gain > 1.0:
            compiling_s.append(trial.compiling_s)
        if gain > 1.0:
            found.append(trial)
        queue.ended(change, gain, timed=trial.gain is not None)

    def under_way() -> bool:
        return begun.is_set() and meanwhile is not None and meanwhile.begun

    def begin() -> None:
        """The kernels that will be kept are known by now, it seems: what takes the longest is begun."""
        if meanwhile is None or not speed or not compiling_s or begun.is_set() or not queue.plain_left:
            return
        if session.stopping.is_set():
            return
        begun.set()
        shared = Shared(Stacks(facts.profile), wall_s) if facts.profile.stacks else None
        candidate = kernels_worth_compiling(work, found, wall_s, shared)
        if candidate is not None:
            with contextlib.suppress(TargetError, OSError):  # it is tried again when all else is done, and told
                meanwhile.begin(candidate)

    steps = {id(c): (number, program.key(work), c) for c in changes}
    finished = sorted(
        ((known, c) for c in changes if (known := session.known("trial", steps[id(c)])) is not None),
        key=lambda found: found[0][0],
    )
    for (_, trial), change in finished:  # before hasten was killed
        queue.taken(change)
        ended(change, trial)
        out.append(replace(trial, change=change))

    def judged(count: int) -> Trial:
        change = queue.next()
        kernel = "numba" in change.needs
        after_s = rest.seconds(
            wall_s * queue.left_with(change), sum(compiling_s) + (likely_s(compiled_s) if kernel else 0.0),
            kernels=kernel or bool(compiling_s), ahead=bool(compiling_s), begun=under_way(),
        )  # fmt: skip
        saved = 1.0 if kept else queue.saved
        left = session.left_s
        left -= put_by(after_s, left, found=kept or queue.found, saved=saved)
        if speed and not queue.promising(change):
            trial = Trial(change, number, Rejected(SHADED))
        elif speed and change.whole and queue.winnable(change) * wall_s * (1 - 1 / usable_cores()) <= START_S:
            trial = Trial(change, number, Rejected("too short to be worth starting processes for"))
        elif not _allowed(change, program.contract):
            trial = Trial(change, number, Rejected("it may change the last bits of floats, which --exact forbids"))
        elif speed and doors.too_dear(change, facts, wall_s):
            trial = Trial(change, number, Rejected("what it reads would take longer to convert than the work itself"))
        elif left < change.region.share * wall_s + LEAST_REPLAY_S:
            trial = Trial(change, number, Inconclusive(f"{TOO_LATE} before it could be tried"))
        else:
            started = session.clock()
            if count < len(changes) - 1:
                left *= 0.8 if change.region.share > 0.5 else 0.5  # the first ones may decide the rest
            trial = _replayed(program, work, change, facts, wall_s, number, min(left, 90.0), speed)
            trial.seconds = session.clock() - started
            if not session.stopping.is_set() and not trial.verdict.reason.startswith(TOO_LATE):
                session.noted("trial", steps[id(change)], (count, trial))
        ended(change, trial)
        begin()
        return trial

    program.prepare_replay(work)
    peak_mb = max(sample.peak_mb for sample in program.base.samples)
    with ThreadPoolExecutor(side_by_side(usable_cores(), free_mb(), peak_mb)) as pool:
        try:
            rest_of = range(len(finished), len(changes))
            for count, trial in enumerate(pool.map(judged, rest_of), len(finished) + 1):
                out.append(trial)  # at once: an interruption loses none that was judged
                timed = trial.usable and trial.replays and not (trial.change.whole or trial.change.later)
                gain = f", {trial.region_gain:.1f}x on its region" if timed else ""
                word = type(trial.verdict).__name__.lower()
                session.progress.count(count, len(changes))
                session.progress.note(
                    f"[{count}/{len(changes)}] {trial.change.code} {trial.change.title}: {word}{gain}"
                )
        except BaseException:
            session.stop()
            raise


def _allowed(change: Change, contract: Contract) -> bool:
    return not contract.exact or change.risk.name == "EXACT"


def _replayed(
    program: Program, work: ScriptWorkload, change: Change, facts: Facts, wall_s: float, number: int, deadline_s: float,
    speed: bool,
) -> Trial:  # fmt: skip
    """Judge one change by replay. One that cannot be replayed rests on its guards and on whole-program runs."""
    try:
        change.apply(work)
    except (ValueError, KeyError, SyntaxError) as error:
        return Trial(change, number, Failed(f"its edits do not apply: {error}"))
    region = facts.of(change.region.id)
    share = change.region.share
    if not region.recorded:
        why = region.why_not or "it was not reached while recording"
        verdict: Verdict = Accepted(None, f"not replayed ({why}); rests on its guards and whole-program runs")
        saves_s = share * wall_s / 2 - (START_S if change.whole else 0.0)
        return Trial(change, number, verdict, saves_s=max(saves_s, 0.0), equal=True)
    started = program.session.clock()
    replayed = program.replay(work, change, region, deadline_s, LEAST_GAIN if speed and not change.later else 0.0)
    base = Trial(change, number, Accepted(), replays=replayed.calls, varied=replayed.varied)
    base.compiling_s = replayed.first_call_s
    if replayed.status == "different":
        return replace(base, verdict=Rejected(replayed.reason))
    if replayed.status == "untimed":
        return replace(base, verdict=Inconclusive(replayed.reason), equal=True)
    if replayed.status == "timeout" and program.session.clock() - started > 0.9 * deadline_s:
        return replace(base, verdict=Inconclusive(f"{TOO_LATE} while it was tried"))
    if replayed.status in ("crashed", "timeout"):
        return replace(base, verdict=Failed(replayed.reason))
    if change.whole and replayed.status in ("equal", "unusable"):
        saves_s = share * wall_s * (1 - 1 / usable_cores()) - START_S
        if saves_s <= 0 and speed:
            return replace(base, verdict=Rejected("too short to be worth starting processes for"))
        why = f"equal on {replayed.calls} recorded calls" if replayed.calls else f"not replayed ({replayed.reason})"
        verdict = Accepted(None, f"{why}; how fast it is shows in whole-program runs")
        return replace(base, verdict=verdict, saves_s=max(saves_s, 0.0), equal=True)
    if change.later and replayed.status == "equal":
        why = f"equal on {replayed.calls} recorded calls; how fast it is from call to call shows in whole-program runs"
        return replace(base, verdict=Accepted(None, why), saves_s=share * wall_s / 2, equal=True)
    if replayed.status != "equal":
        verdict = Accepted(None, f"not replayed ({replayed.reason}); rests on its guards and whole-program runs")
        return replace(base, verdict=verdict, saves_s=share * wall_s / 2, equal=True)
    gain = replayed.old_s / max(replayed.new_s, 1e-9)
    pairs = [(old, new) for old, new in replayed.samples if old > 0 and new > 0]
    if pairs:
        low, high = total_interval(pairs)
        speedup = Speedup(gain, min(low, gain), max(high, gain), len(pairs), decided="on its region")
        base = replace(base, gain=speedup)
    base = replace(base, region_gain=gain)
    if gain < LEAST_GAIN and speed:
        return replace(base, verdict=Rejected("equal, but not faster on its region"))
    return replace(base, saves_s=share * wall_s * (1 - 1 / gain), equal=True)
