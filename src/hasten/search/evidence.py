"""What a report shows beyond the verdict: where the kept program's time goes, whose each line of the patch is, and what
each pass contributed. Gathered when all is decided; nothing here changes what is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from hasten.core.facts import Profile
from hasten.core.measurement import Speedup
from hasten.core.recipe import Change
from hasten.core.record import ContributionRecord, Excerpt, HotLine, ProfileRecord
from hasten.core.workload import ScriptWorkload
from hasten.errors import TargetError
from hasten.measure.steady import WrongRun
from hasten.search.choose import Shared
from hasten.search.origins import Lineage, Placed, lineage
from hasten.search.runs import Program
from hasten.search.trial import Outcome, Trial

HOTTEST = 60  # lines and functions that a record holds
STACKS, DEPTH = 15_000, 120  # frames of stacks in all; what is deeper counts for the frame at this depth
AROUND = 3  # lines of source before and after a hot one
EXCERPT_LINES = 600
PAIRS = 2  # at most, of runs without the changes of one pass
SPENT = 0.1  # of the time that the search took: as much goes into runs that only tell


def profile_record(work: ScriptWorkload, profile: Profile) -> ProfileRecord:
    """A profile as the record holds it."""
    lines = []
    hottest = sorted(profile.lines.items(), key=lambda kv: -(kv[1].own + kv[1].library))[:HOTTEST]
    for (path, line), time in hottest:
        try:
            text = work.source(path).lines[line - 1].strip()
        except (OSError, ValueError, IndexError, SyntaxError):
            text = ""
        lines.append(HotLine(path, line, time.total, time.own, time.library, text))
    frames: dict[str, int] = {}
    stacks: dict[tuple[int, ...], int] = {}
    left = STACKS
    for stack, count in profile.stacks:
        left -= min(len(stack), DEPTH) + 1
        if left < 0:
            break
        at = tuple(frames.setdefault(frame, len(frames)) for frame in stack[:DEPTH])
        stacks[at] = stacks.get(at, 0) + count
    return ProfileRecord(
        profile.samples, profile.interval_s, profile.wall_s, profile.peak_mb, profile.imports_share, profile.profiler,
        tuple(profile.functions[:HOTTEST]), tuple(lines), tuple(frames), tuple((*p, n) for p, n in stacks.items()),
    )  # fmt: skip


def excerpts(work: ScriptWorkload, profile: ProfileRecord) -> tuple[Excerpt, ...]:
    """The source around every hot line, neighbours joined; the hottest file first."""
    wanted: dict[str, set[int]] = {}
    for hot in profile.lines:
        wanted.setdefault(hot.path, set()).update(range(hot.line - AROUND, hot.line + AROUND + 1))
    out: list[Excerpt] = []
    left = EXCERPT_LINES
    for path, numbers in wanted.items():
        try:
            lines = work.source(path).lines
        except (OSError, ValueError, SyntaxError):
            continue
        run: list[int] = []
        for n in sorted(n for n in numbers if 1 <= n <= len(lines))[: max(left, 0)]:
            if run and n > run[-1] + 1:
                out.append(Excerpt(path, run[0], tuple(lines[i - 1].rstrip("\n") for i in run)))
                run = []
            run.append(n)
            left -= 1
        if run:
            out.append(Excerpt(path, run[0], tuple(lines[i - 1].rstrip("\n") for i in run)))
    return tuple(out)


def beside(trials: Sequence[Trial], shared: Shared | None) -> None:
    """Note for the changes that a round keeps what each saves beside the others of its round."""
    judged = [t.judged for t in trials]
    for i, trial in enumerate(trials):
        rest = judged[:i] + judged[i + 1 :]
        trial.beside_s = trial.saves_s if shared is None else shared.saved_s(judged) - shared.saved_s(rest)


def of_kept(out: Outcome) -> Lineage:
    """Whose lines the kept program has; worked out once, as long as nothing else is kept."""
    if out.lines is None or out.lines[0] is not out.kept or out.lines[1] is not out.record.kept:
        out.lines = out.kept, out.record.kept, _of_kept(out)
    return out.lines[2]


def _of_kept(out: Outcome) -> Lineage:
    kept = out.record.kept.changes
    round_of = {id(t.change): t.round for t in out.trials if t.kept}
    rounds: dict[int, list[tuple[int, Change]]] = {}
    for place, change in enumerate(kept):
        rounds.setdefault(round_of.get(id(change), 0), []).append((place, change))
    last: Placed = rounds.pop(0, [])
    moved = out.before_start if out.before_start is not None and last else out.kept
    return lineage(out.work, [rounds[n] for n in sorted(rounds)], moved, last, out.kept)


@dataclass(frozen=True)
class _Share:
    """The kept changes of one pass."""

    code: str
    places: tuple[int, ...]
    saves_s: float | None


def gather(program: Program, out: Outcome) -> None:
    """The runs that only tell: a profile of the kept program, and the program without the changes of each pass. An
    interruption or a failing run leaves out what was not there yet; the result is complete without.

    All within the budget of the run: what was given to the last measurement beyond it is no time for this."""
    comparison = out.record.comparison
    if out.kept is out.work or comparison is None or not comparison.new:
        return
    new_s = median(r.wall_s for r in comparison.new)
    try:
        if program.session.left_s > 3 * new_s + 1:  # a profiled run, and reading what it gave
            program.session.progress.stage("profile the result", new_s)
            out.record = replace(out.record, after=profile_record(out.kept, program.look(out.kept)))
        spend_s = SPENT * program.session.spent_s
        out.record = replace(out.record, contributions=_contributions(program, out, new_s, spend_s))
    except KeyboardInterrupt:
        program.session.progress.note("interrupted: the result is complete, some of what the report shows is not")
    except (TargetError, OSError) as problem:
        program.session.progress.note(f"not all that the report shows could be gathered: {problem}")


def told(program: Program, out: Outcome) -> None:
    """What is known without a run: what was compared, the source around hot lines, and whose each line is."""
    record = out.record
    if program.observed:
        around = () if out.callers is None or out.kept is out.work else out.callers.checks()
        out.record = replace(
            record,
            checks=(*program.checks(out.kept), *around),
            excerpts=excerpts(out.work, record.profile),
            origins=() if out.kept is out.work else of_kept(out).told(),
        )


def _contributions(program: Program, out: Outcome, new_s: float, spend_s: float) -> tuple[ContributionRecord, ...]:
    """What the changes of each pass (of the only pass, each change) are worth, the most first: reckoned, and measured
    by the program without them, for as long as `spend_s`. `new_s` is what the kept program takes."""
    shares = _shares(out)
    if len(shares) < 2:  # without it the program is the original
        return tuple(_record(s) for s in shares)
    made = of_kept(out)
    found = []
    session = program.session
    for share in shares:
        pair_s = 2 * new_s + (share.saves_s or 0.0)
        pairs = min(PAIRS, int(min(spend_s, session.left_s) / max(pair_s, 1e-9)))
        if not pairs:
            found.append(_record(share, why_not="there was no time left for it"))
            continue
        session.progress.stage(f"measure without {share.code}", pairs * pair_s)
        before_s = session.elapsed_s
        gain = _without(program, out, made, share, pairs)
        spend_s -= session.elapsed_s - before_s
        found.append(_record(share, why_not=gain) if isinstance(gain, str) else _record(share, gain))
    return tuple(found)


def _shares(out: Outcome) -> list[_Share]:
    at = places(out)
    kept = [t for t in out.trials if t.kept and id(t.change) in at]
    one = len({t.change.code for t in kept}) == 1  # then each change by itself tells more
    groups: dict[object, list[Trial]] = {}
    for trial in kept:
        groups.setdefault(id(trial) if one else trial.change.code, []).append(trial)
    shares = [
        _Share(trials[0].change.code, tuple(at[id(t.change)] for t in trials), _sum([t.beside_s for t in trials]))
        for trials in groups.values()
    ]
    return sorted(shares, key=lambda s: -(s.saves_s or 0.0))


def _sum(seconds: Sequence[float | None]) -> float | None:
    known = [s for s in seconds if s is not None]
    return sum(known) if known else None


def _record(share: _Share, gain: Speedup | None = None, why_not: str = "") -> ContributionRecord:
    return ContributionRecord(share.code, share.places, share.saves_s, gain, why_not)


def _without(program: Program, out: Outcome, made: Lineage, share: _Share, pairs: int) -> Speedup | str:
    """The time without the changes over the time with all; or why there is none."""
    why = ""
    for support in (True, False):  # what it defines stays, where the rest is not to be had without
        try:
            candidate = made.without(out.kept, share.places, support=support)
            for source in candidate.changed.values():
                if source.path.endswith(".py"):
                    _ = source.tree
            return program.measure(candidate, out.kept, min_pairs=pairs, max_pairs=pairs).speedup
        except (WrongRun, TargetError) as problem:
            why = f"without it the program does not end as it did ({problem})"
        except (ValueError, KeyError, SyntaxError, OSError):
            why = why or "its lines cannot be taken out by themselves: other changes build on them"
    return why


def places(out: Outcome) -> Mapping[int, int]:
    """The place among the kept changes, by the identity of the change."""
    return {id(change): place for place, change in enumerate(out.record.kept.changes)}
