"""One program under observation: its mirror, its baseline, and every kind of run the loop asks for."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from hasten.core.contract import Contract
from hasten.core.loading import Loaded
from hasten.core.measurement import Comparison, RunSample
from hasten.core.recipe import Change
from hasten.core.record import CheckRecord
from hasten.core.workload import ScriptWorkload
from hasten.errors import StaleError
from hasten.measure.compare import MAX_PAIRS, MIN_PAIRS, measure
from hasten.measure.steady import Steady
from hasten.observe import imports
from hasten.observe.baseline import Baseline, baseline
from hasten.observe.journal import changed_files, digest_of
from hasten.observe.mirror import Mirror, Outside
from hasten.observe.process import WorkloadRun, run_program, run_workload, workload_command
from hasten.observe.profiler import profiled_run
from hasten.observe.recorder import record
from hasten.observe.runtime import runtime_folder
from hasten.search.choose import Judged
from hasten.verify.checks import checks
from hasten.verify.outputs import difference
from hasten.verify.replay import ReplayOutcome, original_tree, replay

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hasten.core.facts import Profile, RegionFacts
    from hasten.core.finding import Region
    from hasten.observe.session import Session

PATIENCE = (3.0, 20.0)  # a candidate may take 3 times as long as the original, plus 20 s for compiling
COMPILED_S = 1.5  # and more for each function that has to be compiled, helpers included: a busy machine takes as long
ENOUGH_SAMPLES = 30
LOADING = frozenset({"numba", "llvmlite"})
NUMPY_USERS = frozenset({"numpy", "pandas", "scipy", "sklearn", "xarray", "statsmodels", "torch"})


def own_seconds(sample: RunSample) -> float:
    """Wall seconds less those in which other programs had the processor: two single runs compare better by it."""
    return sample.wall_s - min(sample.waited_s, 0.95 * sample.wall_s)


def _parallel(work: ScriptWorkload) -> bool:
    """Whether changes of the workload may use threads or processes: then CPU time says little."""
    # in bytes: a compiled module among them is no text
    return any(b"joblib" in source.data or b"n_jobs" in source.data for source in work.changed.values())


@dataclass(frozen=True)
class _Observed:
    """A baseline, with what the mirror has to know of it. `data`: files outside the project that were read."""

    base: Baseline
    outside: tuple[Outside, ...]
    made: tuple[Path, ...]
    data: Mapping[str, str]


def _rests_on(told: _Observed) -> set[Path]:
    """The files of the store that a baseline rests on."""
    kept = {path for run in told.base.runs for path in run.kept.values()}
    return kept | {o.backup for o in told.outside if o.backup is not None}


class Program:
    """The original program and runs of its candidates, all in one mirror, one after the other."""

    def __init__(self, session: Session, work: ScriptWorkload, contract: Contract) -> None:
        self.session, self.work, self.contract = session, work, contract
        self.mirror = Mirror(session, work)
        self._check_project()
        self._base: Baseline | None = None
        self._observed = work
        self._repeats = True
        self.ran: set[tuple[tuple[str, str], ...]] = set()  # candidates that this process has run
        self._timed: dict[tuple[tuple[str, str], ...], Steady] = {}
        self._costs: dict[str, float] = {}
        self._agreed: dict[tuple[tuple[str, str], ...], tuple[CheckRecord, ...]] = {}
        self.closing: list[Callable[[], None]] = []  # ends what goes on beside the search

    def _check_project(self) -> None:
        """Raises `StaleError` when the project is not what it was when this run began."""
        if self.session.journal is None:
            return
        now = self.mirror.digests()
        told = changed_files(self.session.once("project", (), lambda: now), now)
        if told is not None:
            raise StaleError(f"{told} since this run began, so nothing of it is used: run it anew")

    @property
    def base(self) -> Baseline:
        if self._base is None:
            raise RuntimeError("observe() comes first")
        return self._base

    def observe(self, work: ScriptWorkload | None = None) -> Baseline:
        """The baseline: at least two plain runs of the original, or of `work`, with which candidates are compared from
        then on. Raises `TargetError`."""
        observed = self.work if work is None else work
        told = self.session.once("baseline", self.key(observed), lambda: self._baseline(observed), files=_rests_on)
        self._base, self._observed = told.base, observed
        self._check_data(told.data)
        self.mirror.outside |= {o.path: o for o in told.outside}
        self.mirror.made_dirs.extend(p for p in told.made if p not in self.mirror.made_dirs)
        self.mirror.write_undo()
        self._repeats = self._repeats and self._base.stdout_mask.empty
        return self._base

    def _baseline(self, work: ScriptWorkload) -> _Observed:
        self.ran.add(self.key(work))
        base = baseline(self.session, self.mirror, work)
        data = {path: digest_of(Path(path)) for path in base.audit.read}
        return _Observed(base, tuple(self.mirror.outside.values()), tuple(self.mirror.made_dirs), data)

    def _check_data(self, known: Mapping[str, str]) -> None:
        """Raises `StaleError` when data outside the project is no longer what it was at the baseline."""
        if not self.session.resumed:
            return
        told = changed_files(known, {path: digest_of(Path(path)) for path in known})
        if told is not None:
            raise StaleError(f"{told} since this run began, so nothing of it is used: run it anew")

    def key(self, work: ScriptWorkload) -> tuple[tuple[str, str], ...]:
        """What tells candidates of this program apart."""
        return tuple(sorted((path, source.sha256) for path, source in work.changed.items()))

    @property
    def observed(self) -> bool:
        """Whether the original has been run."""
        return self._base is not None

    @property
    def deadline_s(self) -> float:
        return PATIENCE[0] * self.base.wall_s + PATIENCE[1]

    def profile(self, work: ScriptWorkload) -> Profile:
        """Where time goes: of the original's audited run, or of one more run under the sampling profiler.

        What Numba takes to load is left out, unless the original loads it: compiled ahead of time, kernels need none of
        it, and it would hide what is left to win.
        """
        if work is self._observed and self.base.profile.samples >= ENOUGH_SAMPLES:
            return self.base.profile
        return self.session.once("profile", self.key(work), lambda: self._profile(work))

    def _profile(self, work: ScriptWorkload) -> Profile:
        env = self.mirror.environment(work)
        compiled = any(b"njit(" in source.data for source in work.changed.values())
        own = "numba" in self.base.audit.imported
        without = LOADING if compiled and not own else frozenset[str]()
        with self.mirror.prepared(work, keep_cache=True) as root, self.mirror.outside_restored():
            return profiled_run(
                workload_command(work), cwd=root / work.cwd, env=env, stdin=work.stdin, root=root,
                deadline_s=2 * self.deadline_s, without=without,
            ).profile  # fmt: skip

    def look(self, work: ScriptWorkload) -> Profile:
        """Where all of its time goes, what it loads included."""
        env = self.mirror.environment(work)
        with self.mirror.prepared(work, keep_cache=True) as root, self.mirror.outside_restored():
            return profiled_run(
                workload_command(work), cwd=root / work.cwd, env=env, stdin=work.stdin, root=root,
                deadline_s=2 * self.deadline_s,
            ).profile  # fmt: skip

    def record(self, work: ScriptWorkload, regions: Sequence[Region]) -> dict[str, RegionFacts]:
        """Facts and snapshots of the regions, by region id."""
        return self.session.once(
            "record", (self.key(work), list(regions)), lambda: self._record(work, regions),
            files=lambda facts: {Path(f.snapshots) for f in facts.values() if f.snapshots},
        )  # fmt: skip

    def _record(self, work: ScriptWorkload, regions: Sequence[Region]) -> dict[str, RegionFacts]:
        def run(candidate: ScriptWorkload, extra_env: dict[str, str], pythonpath: list[Path]) -> object:
            env = dict(extra_env)
            path = self.mirror.environment(candidate).get("PYTHONPATH", "")
            env["PYTHONPATH"] = ":".join([*map(str, pythonpath), *([path] if path else [])])
            deadline = 3 * self.base.wall_s + 60
            return run_workload(self.session, self.mirror, candidate, deadline_s=deadline, extra_env=env)

        return record(self.session, self.mirror.path, work, regions, run=run)

    def prepare_replay(self, work: ScriptWorkload) -> None:
        """Lay out the original's files once, before replays that run side by side need them."""
        original_tree(self.session, work)
        runtime_folder(self.session.scratch)

    def replay(
        self, work: ScriptWorkload, change: Change, facts: RegionFacts, deadline_s: float, least: float = 0.0
    ) -> ReplayOutcome:
        """Original and changed region on every recorded and on varied inputs; on these if it gains `least` at all."""
        return replay(self.session, work, change, facts, self.contract, deadline_s=deadline_s, least=least)

    def patience_s(self, candidate: ScriptWorkload) -> float:
        """How long a run of the candidate may take in which nothing is compiled yet."""
        return self.deadline_s + COMPILED_S * sum(s.data.count(b"\n@njit(") for s in candidate.changed.values())

    def check(self, candidate: ScriptWorkload) -> str | None:
        """The first difference between a whole run of the candidate and the baseline, or None."""
        return self.session.once("check", self.key(candidate), lambda: self._check(candidate))

    def _check(self, candidate: ScriptWorkload) -> str | None:
        self.ran.add(self.key(candidate))
        deadline_s = self.patience_s(candidate)
        run = run_workload(self.session, self.mirror, candidate, deadline_s=deadline_s, keep_cache=True, patient=True)
        return self._compared(candidate, run)

    def _compared(self, candidate: ScriptWorkload, run: WorkloadRun) -> str | None:
        wrong = difference(self.base, run, self.contract)
        if wrong is None:
            key = self.key(candidate)
            self._agreed[key] = self.session.once("checks", key, lambda: checks(self.base, run, self.contract))
        return wrong

    def checks(self, candidate: ScriptWorkload) -> tuple[CheckRecord, ...]:
        """What whole runs of the candidate were compared in, and what they showed; of the original, what it shows."""
        key = self.key(candidate)
        known = self._agreed.get(key)
        return known or self.session.once("checks", key, lambda: checks(self.base, None, self.contract))

    def run_twice(self, candidate: ScriptWorkload) -> tuple[str | None, float | None, float]:
        """A first and a warm run, both compared: (first difference or None, wall seconds of the first, own seconds of
        the other). No seconds of the first where kernels were lent to it: it was not cold."""
        return self.session.once("run twice", self.key(candidate), lambda: self._run_twice(candidate))

    def _run_twice(self, candidate: ScriptWorkload) -> tuple[str | None, float | None, float]:
        self.ran.add(self.key(candidate))
        cold = run_workload(self.session, self.mirror, candidate, deadline_s=self.patience_s(candidate), patient=True)
        wrong = difference(self.base, cold, self.contract)
        if wrong is not None:
            return wrong, None, cold.program.wall_s
        warm = run_workload(
            self.session, self.mirror, candidate, deadline_s=self.deadline_s, keep_cache=True, patient=True
        )
        cold_s = None if cold.lent else cold.program.wall_s
        return self._compared(candidate, warm), cold_s, own_seconds(warm.sample)

    def cold_run(self, candidate: ScriptWorkload) -> float | None:
        """Wall seconds of a run for which nothing is compiled; None when it does not end as the original does."""
        return self.session.once("cold run", self.key(candidate), lambda: self._cold_run(candidate))

    def _cold_run(self, candidate: ScriptWorkload) -> float | None:
        run = run_workload(
            self.session, self.mirror, candidate, deadline_s=self.patience_s(candidate), cold=True, observe_files=False
        )
        return run.program.wall_s if run.status == self.base.reference.status else None

    def quick_gain(self, old: ScriptWorkload, new: ScriptWorkload, pairs: int = 2) -> float:
        """Median old/new of a few interleaved warm runs: a look, not a claim."""
        return self.measure(old, new, min_pairs=pairs, max_pairs=pairs).speedup.ratio

    def measure(
        self,
        old: ScriptWorkload,
        new: ScriptWorkload,
        *,
        min_pairs: int = MIN_PAIRS,
        max_pairs: int = MAX_PAIRS,
        sure_pairs: int = 0,
        close_pairs: int = 0,
    ) -> Comparison:
        """Warm whole-process runs of both, interleaved in random order, until it is decided."""

        def measured() -> Comparison:
            self._warmed(old, new)
            return measure(
                self.session, lambda: self._sample(old), lambda: self._sample(new), self.contract,
                min_pairs=min_pairs, max_pairs=max_pairs, sure_pairs=sure_pairs, close_pairs=close_pairs, metric="auto",
                single_threaded=self.single_threaded and not _parallel(new), environ=self.mirror.environment(old),
            )  # fmt: skip

        return self.session.once("measure", (self.key(old), self.key(new), min_pairs, max_pairs), measured)

    def _warmed(self, *works: ScriptWorkload) -> None:
        """Let what was compiled before hasten was killed be compiled again, apart from what is timed."""
        for work in works:
            if self.session.resumed and self.key(work) not in self.ran:
                self._check(work)

    @property
    def single_threaded(self) -> bool:
        """No thread and no child process was seen: CPU time may decide, it is less noisy than wall time."""
        return not self.base.audit.threads and not self.base.audit.processes

    def _sample(self, work: ScriptWorkload) -> RunSample:
        """One warm run. Raises `WrongRun` when it does not end as the original did: such a time means nothing."""
        run = run_workload(
            self.session, self.mirror, work, deadline_s=self.deadline_s, keep_cache=True, observe_files=False
        )
        return self._steady(work).sample(run)

    def _steady(self, work: ScriptWorkload) -> Steady:
        """What this program must show each time: the original's status, and what it printed when timed first."""
        return self._timed.setdefault(self.key(work), Steady(self.base.reference.status, prints_alike=self._repeats))

    def imports(self, work: ScriptWorkload) -> Loaded | None:
        """What a run imports; None when it does not end as the original does."""
        return self.session.once("imports", self.key(work), lambda: self._imports(work))

    def _imports(self, work: ScriptWorkload) -> Loaded | None:
        run = run_workload(
            self.session, self.mirror, work, deadline_s=self.deadline_s, keep_cache=True, observe_files=False,
            extra_env=imports.ASK,
        )  # fmt: skip
        return imports.imports(run.program.stderr) if run.status == self.base.reference.status else None

    def import_costs(self, judged: Iterable[Judged]) -> dict[str, float]:
        """Seconds that importing each newly needed package adds to the program, best of two."""
        wanted = {package for j in judged for package in j.change.needs}
        if not wanted:
            return {}
        loaded = self.base.audit.imported
        first = "import numpy" if loaded & NUMPY_USERS else "pass"
        costs = {}
        for package in sorted(wanted - loaded):
            if (known := self._costs.get(f"{first}; {package}")) is not None:
                costs[package] = known
                continue
            cost_s = self.session.once("import cost", (first, package), partial(self._import_cost, first, package))
            costs[package] = self._costs[f"{first}; {package}"] = cost_s
        return costs

    def _import_cost(self, first: str, package: str) -> float:
        code = f"{first}\nimport time\nt = time.perf_counter()\nimport {package}\nprint(time.perf_counter() - t)"
        seen = []
        for _ in range(2):
            run = run_program([self.work.python or sys.executable, "-c", code], cwd=self.mirror.path, deadline_s=60)
            if run.status == 0:
                seen.append(float(run.stdout))
        return min(seen, default=1.0)

    def loading_s(self, judged: Iterable[Judged]) -> float:
        """Seconds of them for what a compiler takes to load: none once its kernels are compiled ahead of time."""
        costs = self.import_costs(judged)
        return max(0.0, costs.get("numba", 0.0) - costs.get("numpy", 0.0))

    def close(self) -> None:
        """Leave the user's files outside the project as they were before the first run."""
        for end in self.closing:
            end()
        self.mirror.restore_outside()
