"""Original against candidate: fresh processes in pairs, in random order, until it is decided or time is up."""

from __future__ import annotations

import contextlib
import math
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median

from hasten.core.contract import Contract
from hasten.core.measurement import Comparison, RunSample, Speedup
from hasten.measure.conditions import Reading, conditions
from hasten.measure.decide import UNDECIDED, Evidence, interval, robust_sd
from hasten.observe.session import Session

MAX_PAIRS, MIN_PAIRS = 40, 3
CLOSE, LONGER = 8.0, 2.0  # an e-value from which three more pairs may decide; for these, so many times as long
NOISY = 0.05  # robust relative spread of paired logs above which the note says so


def measure(
    session: Session,
    run_old: Callable[[], RunSample],
    run_new: Callable[[], RunSample],
    contract: Contract,
    *,
    max_pairs: int = MAX_PAIRS,
    min_pairs: int = MIN_PAIRS,
    sure_pairs: int = 0,
    close_pairs: int = 0,
    budget_s: float | None = None,
    known_old: Sequence[RunSample] = (),
    metric: str = "wall",
    single_threaded: bool = False,
    environ: Mapping[str, str] | None = None,
    each: Callable[[Evidence], None] | None = None,
    give_up: bool = True,
) -> Comparison:
    """Compare two programs by whole runs; each call of `run_old` and `run_new` is one fresh process.

    Pairs run back to back, in an order drawn from the session's seed, each under a lock that one hasten on this
    machine holds at a time. Stops when decided (after `min_pairs` at least), after `max_pairs`, or when another
    pair would not fit into `budget_s` or the session's own budget (waiting for another hasten is no part of either);
    then it is undecided, never a guess. So it is with `give_up` where pairs show no sign of a gain
    (`Evidence.hopeless`), or so few still fit that these cannot decide (`Evidence.reachable`). The first `sure_pairs`
    are run whatever the time says: a machine that has become slow must not cost the decision. Up to `close_pairs` are
    run, for twice as long, while they are close to a decision (when to stop may hang on what was seen: see
    `hasten.measure.decide`). `known_old` are earlier runs of the original: they
    tell how long a pair may take, and are no evidence. `metric` is `wall`, `cpu`, or `auto`: CPU time when the caller
    says that both are `single_threaded` (no threads, no child processes) and the first pair was busy for 95% of its
    time; with CPU time, waiting counts for nothing. `environ` is what both were run with (told in the result); `each`
    hears what is known after each pair.
    Exceptions of the two callables pass through.
    """
    if min_pairs > max_pairs or min_pairs < 1:
        raise ValueError(f"min_pairs must be from 1 to max_pairs, not {min_pairs} of {max_pairs}")
    draw = random.Random(f"pairs {session.seed}")
    decision = Decision(contract, metric, single_threaded, known_old)

    def pair() -> None:
        if draw.random() < 0.5:
            old, new = run_old(), run_new()
        else:
            new = run_new()
            old = run_old()
        decision.add(old, new)
        if each is not None:
            each(decision.evidence)

    expected = 1.5 * median(s.wall_s for s in known_old) if known_old else 0.0
    before = Reading.now()
    notes = pairs_until_decided(
        session, decision, pair, max_pairs=max_pairs, min_pairs=min_pairs, sure_pairs=sure_pairs,
        close_pairs=close_pairs, budget_s=budget_s, expected_s=expected, give_up=give_up,
    )  # fmt: skip
    told = conditions(before, Reading.now(), environ=environ, seed=session.seed)
    return decision.comparison(session.seed, notes, told)


def pairs_until_decided(
    session: Session, decision: Decision, pair: Callable[[], None], *, max_pairs: int, min_pairs: int,
    sure_pairs: int = 0, close_pairs: int = 0, budget_s: float | None = None, expected_s: float = 0.0,
    give_up: bool = True,
) -> list[str]:  # fmt: skip
    """Run pairs, each under the lock, until it is decided or no other one fits; what is to be said of it."""
    start, waited_s = session.clock(), 0.0
    limit = session.left_s if budget_s is None else min(budget_s, session.left_s)
    notes: list[str] = []
    while decision.pairs < max_pairs:
        then_s = session.clock() - start - waited_s + expected_s  # when one more would end
        close = decision.evidence.e_faster >= CLOSE and decision.pairs < close_pairs and then_s <= LONGER * limit
        if decision.pairs >= sure_pairs and then_s > limit and not close:
            notes.append(f"stopped after {decision.pairs} pairs: the time for measuring was used up")
            break
        with timing_lock() as wait_s:
            waited_s += wait_s
            session.waited(wait_s)
            began = session.clock()
            pair()
            expected_s = max(session.clock() - began, 0.5 * expected_s)
        if decision.pairs >= min_pairs and decision.evidence.decided != UNDECIDED:
            break
        if give_up and decision.pairs >= max(min_pairs, sure_pairs) and decision.evidence.hopeless:
            notes.append(f"given up after {decision.pairs} pairs: no sign of a gain")
            break
        then_s = session.clock() - start - waited_s
        more = min(max_pairs - decision.pairs, _fit(limit - then_s, expected_s))
        more = max(more, min(close_pairs - decision.pairs, _fit(LONGER * limit - then_s, expected_s)))
        free = give_up and decision.pairs >= max(min_pairs, sure_pairs)
        if free and more > 0 and not decision.evidence.reachable(more):
            notes.append(f"stopped after {decision.pairs} pairs: the time for measuring is too short to decide")
            break
    if waited_s > 1:
        notes.append(f"waited {waited_s:.0f} s for another hasten on this machine that was timing too")
    return notes


def _fit(seconds: float, each_s: float) -> int:
    """How many pairs fit; a machine that gets quieter may have room for one more."""
    return MAX_PAIRS if math.isinf(seconds) else math.ceil(max(0.0, seconds) / max(each_s, 1e-9))


class Decision:
    """Pairs of samples, and what they say by the metric that decides (chosen once, after the first pair)."""

    def __init__(
        self, contract: Contract, metric: str = "wall", single_threaded: bool = False,
        known_old: Sequence[RunSample] = (),
    ) -> None:  # fmt: skip
        self.metric = metric if metric != "auto" else "wall"
        self.evidence = Evidence(contract.min_gain, contract.alpha)
        self.old: list[RunSample] = []
        self.new: list[RunSample] = []
        self._auto = metric == "auto"
        self._single, self._known = single_threaded, known_old
        self._wall_logs: list[float] = []

    @property
    def pairs(self) -> int:
        return len(self.old)

    def add(self, old: RunSample, new: RunSample, logs: Mapping[str, float] | None = None) -> None:
        """One more pair. `logs`: its log speed-up by each metric, where more is known of it than the two samples."""
        self.old.append(old)
        self.new.append(new)
        if self._auto and self.pairs == 1:
            # once and for all: choosing again later would be a second try at being right
            calm = self._single and any(map(_busy, (*self._known, old))) and _busy(new)
            self.metric = "cpu" if calm else "wall"
        given = logs or {}
        self._wall_logs.append(given.get("wall", math.log(_time(old, "wall") / _time(new, "wall"))))
        self.evidence = self.evidence.after(_time(old, self.metric), _time(new, self.metric), given.get(self.metric))

    def comparison(
        self, seed: int, notes: Sequence[str] = (), conditions: Mapping[str, str] | None = None
    ) -> Comparison:  # fmt: skip
        """What was found, as the record holds it."""
        evidence, said = self.evidence, list(notes)
        low, high = interval(evidence.logs, seed=seed)
        spread = robust_sd(evidence.logs)
        if spread > NOISY:
            said.append(f"noisy: speed-ups of single pairs spread by {spread:.0%}")
        if self.metric == "cpu":
            said.append(f"decided by CPU time; by wall time it is {math.exp(median(self._wall_logs)):.2f}x")
        speedup = Speedup(
            evidence.ratio, low, high, evidence.pairs, decided=evidence.decided,
            evidence=evidence.e_not_faster if evidence.decided == "not faster" else evidence.e_faster,
        )  # fmt: skip
        return Comparison(speedup, tuple(self.old), tuple(self.new), self.metric, tuple(said), conditions or {})


def _busy(sample: RunSample) -> bool:
    """Computing in one thread all the time that it had a processor; the rest of the time others had it."""
    had = sample.wall_s - min(sample.waited_s, 0.95 * sample.wall_s)
    return had > 0 and 0.95 < sample.cpu_s / had <= 1.05


def _time(sample: RunSample, metric: str) -> float:
    return max(sample.cpu_s if metric == "cpu" else sample.wall_s, 1e-9)


@contextlib.contextmanager
def timing_lock(path: Path | None = None) -> Iterator[float]:
    """Held by one process of this machine at a time, while it times. Yields the seconds that it waited.

    Entering it again in the same process while it is held does not wait. It is released by the system when the process
    ends in any way. Where files cannot be locked, nothing is locked.
    """
    global _depth
    if _depth:
        _depth += 1
        try:
            yield 0.0
        finally:
            _depth -= 1
        return
    try:
        import fcntl
    except ImportError:
        yield 0.0
        return
    # one name for all users of the machine; not TMPDIR, which differs between runs
    where = path or Path("/tmp" if os.path.isdir("/tmp") else tempfile.gettempdir()) / "hasten-timing.lock"
    start = time.monotonic()
    try:
        handle = os.open(where, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
    except OSError:
        try:  # another user's file, which the system lets us open for reading only
            handle = os.open(where, os.O_RDONLY)
        except OSError:
            yield 0.0
            return
    try:
        with contextlib.suppress(OSError):
            os.fchmod(handle, 0o666)
        fcntl.flock(handle, fcntl.LOCK_EX)
        _depth = 1
        try:
            yield time.monotonic() - start
        finally:
            _depth = 0
    finally:
        os.close(handle)


_depth = 0
