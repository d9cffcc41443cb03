"""`hasten.compare`: two versions of a program, their results and their times."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hasten.api.results import CompareResult
from hasten.api.target import project_root, workload
from hasten.config import project_settings, settings
from hasten.core.contract import Contract
from hasten.core.measurement import Comparison, RunSample, Speedup
from hasten.core.workload import ScriptWorkload
from hasten.errors import TargetError
from hasten.observe.session import Progress, session


def compare(
    a: str,
    b: str,
    args: Sequence[str] = (),
    *,
    rtol: float | None = None,
    exact: bool | None = None,
    budget: float | str | None = None,
    timeout: float | str | None = None,
    seed: int | None = None,
    stdin: bytes | None = None,
    progress: Progress | None = None,
) -> CompareResult:
    """Do `a` and `b` give the same results, and which is faster? Both run whole, with the same `args` and `stdin`.

    Runs are interleaved; `speedup` is a's time over b's. The results that count, and the tolerance, are those of
    `hasten.run`. When results differ the times are measured all the same. Raises `UsageError`, `TargetError`.
    """
    from hasten.measure.compare import measure
    from hasten.measure.steady import Steady, WrongRun
    from hasten.observe.baseline import baseline
    from hasten.observe.mirror import Mirror
    from hasten.observe.process import run_workload
    from hasten.verify.outputs import difference

    old, new = _together(workload(a, args, stdin=stdin), workload(b, args, stdin=stdin))
    given = settings(
        {"rtol": rtol, "exact": exact, "budget": budget, "timeout": timeout, "seed": seed}, "hasten.compare"
    ).over(project_settings((old.root / old.entry_path).parent))
    contract = Contract(rtol=1e-9 if given.rtol is None else given.rtol, exact=bool(given.exact))
    with session(budget_s=given.budget, seed=given.seed or 0, progress=progress) as current:
        mirror = Mirror(current, old)
        current.progress.stage(f"run {a} twice")
        base = baseline(current, mirror, old, deadline_s=given.timeout)
        # B gets as long as hasten gives any candidate: far longer than A, then it counts as hung
        deadline_s = given.timeout or max(60.0, 20 * base.wall_s)
        current.progress.stage(f"run {b}", base.wall_s)
        run = run_workload(current, mirror, new, deadline_s=deadline_s)
        apart = difference(base, run, contract)
        again = run_workload(current, mirror, new, deadline_s=deadline_s, keep_cache=True)
        apart = apart or difference(base, again, contract)
        current.progress.stage("measure both, interleaved", 6 * (base.wall_s + again.sample.wall_s))

        # A ends as it did at first; B as itself, whatever it does
        steady = {
            id(old): Steady(base.reference.status, base.stdout_mask.empty, base.reference.program.stdout),
            id(new): Steady(run.status, run.program.stdout == again.program.stdout, run.program.stdout),
        }
        strayed: list[ScriptWorkload] = []

        def timed(work: ScriptWorkload) -> RunSample:
            done = run_workload(current, mirror, work, deadline_s=deadline_s, keep_cache=True, observe_files=False)
            try:
                return steady[id(work)].sample(done)
            except WrongRun:
                strayed.append(work)
                raise

        try:
            comparison = measure(
                current,
                lambda: timed(old),
                lambda: timed(new),
                contract,
                known_old=base.samples,
                metric="auto",
                single_threaded=not (base.audit.threads or base.audit.processes),
            )
        except WrongRun as problem:
            if strayed[0] is old:
                raise TargetError(f"{a}: {problem}; make the program repeatable") from problem
            apart = apart or f"{b}: {problem}"
            comparison = Comparison(Speedup(1.0, 0.0, math.inf, 0), (), (), notes=(f"not timed: {problem}",))
    return CompareResult(a, b, apart, comparison, base.unrepeatable)


def _together(a: ScriptWorkload, b: ScriptWorkload) -> tuple[ScriptWorkload, ScriptWorkload]:
    """Both in one project folder: one mirror serves them, and their shared data is the same files."""
    if a.root == b.root:
        return a, b
    here = a.root / a.cwd
    root, start = project_root([a.root / a.entry_path, b.root / b.entry_path], here)
    if start != here:
        raise TargetError(
            f"{a.entry.name} and {b.entry.name} are in folders far apart: put both into one, so that they run alike"
        )
    cwd = here.relative_to(root).as_posix()
    return _under(a, root, cwd), _under(b, root, cwd)


def _under(work: ScriptWorkload, root: Path, start: str) -> ScriptWorkload:
    def moved(path: str) -> str:
        return (work.root / path).relative_to(root).as_posix()

    return replace(work, root=root, entry_path=moved(work.entry_path), cwd=start)
