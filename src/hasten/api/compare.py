"""`hasten.compare`: two versions of a program, their results and their times."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from hasten.api import notebook
from hasten.api.results import CompareResult
from hasten.api.target import project_root, take_apart
from hasten.config import Settings, project_settings, settings
from hasten.core.contract import Contract
from hasten.core.measurement import Comparison, RunSample, Speedup
from hasten.core.workload import ScriptWorkload
from hasten.errors import TargetError, UsageError
from hasten.observe.mirror import Mirror
from hasten.observe.process import WorkloadRun
from hasten.observe.session import Progress, Session, session

if TYPE_CHECKING:
    from hasten.measure.decide import Evidence


@dataclass(frozen=True)
class _Side:
    """One of the two: what the user calls it, what runs, where, and the files in which the two differ."""

    name: str
    work: ScriptWorkload
    mirror: Mirror
    changed: frozenset[str] = frozenset()

    def run(self, current: Session, *, deadline_s: float, keep_cache: bool = False, files: bool = True) -> WorkloadRun:
        from hasten.observe.process import run_workload

        done = run_workload(
            current, self.mirror, self.work, deadline_s=deadline_s, keep_cache=keep_cache, observe_files=files
        )
        return replace(done, changed=done.changed | self.changed)


def compare(
    a: str,
    b: str,
    args: Sequence[str] = (),
    *,
    target: str | None = None,
    bring: Sequence[str] | None = None,
    build: str | None = None,
    fail_under: float | str | None = None,
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
    `hasten.run`. When results differ the times are measured all the same. Each may be a script, a module or a notebook.

    With a `target`, `a` and `b` are git revisions (`main`, `HEAD`, `v1.2`; `.` is the checkout as it stands, `staged`
    its index) of the repository of the current folder, and `target` is what runs in each: a temporary work tree has the
    tracked files, `bring` names others that the program needs, and the shell command `build` runs in it first. With
    `fail_under`, pairs are run until it is decided whether a's time over b's is below it (`CompareResult.gate`).

    Raises `UsageError`, `TargetError`.
    """
    here = Path.cwd().resolve()
    said = settings(
        {
            "rtol": rtol, "exact": exact, "budget": budget, "timeout": timeout, "seed": seed, "fail_under": fail_under,
            "bring": bring, "build": build,
        },
        "hasten.compare",
    )  # fmt: skip
    if target is None:
        if bring or build:
            raise UsageError("bring and build go with git revisions: name what to run in each, target=")
        (old, before), (new, after) = (notebook.opened(name, args, stdin=stdin, here=here) for name in (a, b))
        old, new = _together(old, new)
        given = said.over(project_settings((old.root / old.entry_path).parent))
        # programs that are compared as files know nothing of the gate of revisions
        given = replace(given, fail_under=said.fail_under)
        with session(budget_s=given.budget, seed=given.seed or 0, progress=progress) as current:
            mirror = Mirror(current, replace(old, made={**old.made, **new.made}))
            try:
                found = _compare(current, _Side(a, old, mirror), _Side(b, new, mirror), given)
            except TargetError as error:
                raise TargetError(notebook.in_cells(notebook.in_cells(str(error), old), new)) from error
        told = dict.fromkeys(f"{name}: {note}" for name, notes in ((a, before), (b, after)) for note in notes)
        return replace(found, notes=tuple(told))
    given = said.over(project_settings(here))
    with (
        session(budget_s=given.budget, seed=given.seed or 0, progress=progress) as current,
        _checked_out(current, here, (a, b), target, args, stdin, given) as (first, second, notes),
    ):
        try:
            found = _compare(current, first, second, given)
        except TargetError as error:
            raise TargetError(f"{a} against {b}: {_in_a_tree(str(error))}") from error
    return replace(found, a=a, b=b, target=target, notes=tuple(notes))


def _in_a_tree(failure: str) -> str:
    """A failure in a work tree, with what to do where the program lacks a file."""
    from hasten.observe.baseline import IN_A_COPY

    return failure.replace(IN_A_COPY, "a work tree has only what git tracks; --bring PATH puts more into both")


@contextlib.contextmanager
def _checked_out(
    current: Session, here: Path, names: tuple[str, str], target: str, args: Sequence[str], stdin: bytes | None,
    given: Settings,
) -> Iterator[tuple[_Side, _Side, list[str]]]:  # fmt: skip
    """`target` in the trees of two revisions."""
    from hasten.observe.revisions import checkout_of, inside_checkout, named, work_tree

    top = checkout_of(here)
    revisions = [named(name, here) for name in names]
    bring = [inside_checkout(path, here, top) for path in given.bring or ()]
    if revisions[0].same(revisions[1]):
        current.progress.note(f"{names[0]} and {names[1]} are the same commit: what differs is noise")
    works: list[ScriptWorkload] = []
    told_of: list[str] = []
    with contextlib.ExitStack() as stack:
        for side, revision in zip("ab", revisions, strict=True):
            more = f" ({revision.short})" if revision.shown != revision.short else ""
            current.progress.stage(f"check out {revision.shown}{more}")
            folder = current.scratch / "revisions" / side / top.name
            folder.parent.mkdir(parents=True)
            tree = stack.enter_context(work_tree(revision, top, folder, bring=bring, build=given.build))
            start = tree / here.relative_to(top)
            if not start.is_dir():
                raise UsageError(f"{revision.name} has no folder {here.relative_to(top)}: start from {top}")
            try:
                work, told = notebook.opened(target, args, stdin=stdin, here=start)
            except (UsageError, TargetError) as error:
                raise type(error)(f"{revision.name}: {error}") from None
            # all of the tree, so that whatever Python imports from the checkout comes from the tree instead
            told_of += [f"{revisions[len(works)].shown}: {note}" for note in told]
            works.append(notebook.moved(work, tree))
        first = Mirror(current, works[0], stands_for=top)
        second = Mirror(current, works[1], beside=first, stands_for=top)
        differ = _differing(first.pristine, second.pristine)
        yield (
            _Side(f"{revisions[0].shown}: {target}", works[0], first, differ),
            _Side(f"{revisions[1].shown}: {target}", works[1], second, differ),
            [*told_of, *_installed_copy(top, works[1].python)],
        )


def _differing(a: Path, b: Path) -> frozenset[str]:
    """Python files that are not the same in two trees: line numbers in their warnings mean nothing."""
    files = {p.relative_to(root).as_posix() for root in (a, b) for p in root.rglob("*.py") if p.is_file()}

    def content(path: Path) -> bytes | None:
        return path.read_bytes() if path.is_file() else None

    return frozenset(name for name in files if content(a / name) != content(b / name))


def _installed_copy(top: Path, python: str) -> list[str]:
    """A note, when the project of this checkout is installed as a copy: both revisions may import that one."""
    import json
    import sys
    import tomllib
    from importlib import metadata

    if python and python != sys.executable:
        return []
    try:
        name = tomllib.loads((top / "pyproject.toml").read_text(encoding="utf-8"))["project"]["name"]
        told = metadata.distribution(name).read_text("direct_url.json")
        editable = told is not None and json.loads(told).get("dir_info", {}).get("editable", False)
    except (OSError, ValueError, KeyError, TypeError, metadata.PackageNotFoundError):
        return []
    if editable:
        return []
    return [
        f"{name} is installed in this environment as a copy: where the program imports that one, both revisions run "
        f"the same code. Next: pip install -e {top}"
    ]


def is_target(name: str) -> bool:
    """Whether `name` is a program here, and not something else (such as a revision)."""
    if notebook.is_notebook(name):
        return Path(name.partition("::")[0]).is_file()
    try:
        take_apart(name, Path.cwd().resolve())
    except UsageError:
        return False
    return True


def _compare(current: Session, a: _Side, b: _Side, given: Settings) -> CompareResult:
    from hasten.measure.compare import measure
    from hasten.measure.steady import Steady, WrongRun
    from hasten.observe.baseline import baseline
    from hasten.verify.outputs import difference

    contract = Contract(rtol=1e-9 if given.rtol is None else given.rtol, exact=bool(given.exact))
    current.progress.stage(f"run {a.name} twice")
    base = baseline(current, a.mirror, a.work, deadline_s=given.timeout)
    # B gets as long as hasten gives any candidate: far longer than A, then it counts as hung
    deadline_s = given.timeout or max(60.0, 20 * base.wall_s)
    current.progress.stage(f"run {b.name}", base.wall_s)
    run = b.run(current, deadline_s=deadline_s)
    apart = difference(base, run, contract)
    again = b.run(current, deadline_s=deadline_s, keep_cache=True)
    apart = apart or difference(base, again, contract)
    current.progress.stage("measure both, interleaved", 6 * (base.wall_s + again.sample.wall_s))

    # A ends as it did at first; B as itself, whatever it does
    steady = {
        "a": Steady(base.reference.status, base.stdout_mask.empty, base.reference.program.stdout),
        "b": Steady(run.status, run.program.stdout == again.program.stdout, run.program.stdout),
    }
    strayed: list[str] = []

    def timed(key: str, side: _Side) -> Callable[[], RunSample]:
        def once() -> RunSample:
            done = side.run(current, deadline_s=deadline_s, keep_cache=True, files=False)
            try:
                return steady[key].sample(done)
            except WrongRun:
                strayed.append(key)
                raise

        return once

    gate = replace(contract, min_gain=given.fail_under) if given.fail_under is not None else contract
    try:
        comparison = measure(
            current,
            timed("a", a),
            timed("b", b),
            gate,
            known_old=base.samples,
            metric="auto",
            single_threaded=not (base.audit.threads or base.audit.processes),
            environ=a.mirror.environment(a.work),
            each=partial(_pairs, current.progress),
            give_up=given.fail_under is None,
        )
    except WrongRun as problem:
        if strayed[0] == "a":
            raise TargetError(f"{a.name}: {problem}; make the program repeatable") from problem
        apart = apart or f"{b.name}: {problem}"
        comparison = Comparison(Speedup(1.0, 0.0, math.inf, 0), (), (), notes=(f"not timed: {problem}",))
    decided = ""
    if given.fail_under is not None:
        comparison, decided = _gated(comparison, contract)
    return CompareResult(
        a.name, b.name, apart, comparison, base.unrepeatable, fail_under=given.fail_under, gate=decided
    )


def _pairs(progress: Progress, evidence: Evidence) -> None:
    """Tell of a pair; of the first ones, and then ever more seldom, in a line of its own."""
    pairs = evidence.pairs
    progress.count(pairs, 0)
    if pairs & (pairs - 1) == 0:
        progress.note(f"{pairs} pair{'s' if pairs > 1 else ''} of runs: time of A / time of B is {evidence.ratio:.2f}")


def _gated(comparison: Comparison, contract: Contract) -> tuple[Comparison, str]:
    """What the pairs say of the gate ("held", "regressed", "undecided"), and of faster or not, as without a gate.

    Both decisions may be read off the same pairs: each holds at any time one looks.
    """
    from hasten.measure.decide import FASTER, NOT_FASTER, Evidence

    gate = {FASTER: "held", NOT_FASTER: "regressed"}.get(comparison.speedup.decided, "undecided")
    evidence = Evidence(contract.min_gain, contract.alpha)
    for old, new in zip(comparison.old, comparison.new, strict=True):
        cpu = comparison.metric == "cpu"
        evidence = evidence.after(
            max(old.cpu_s if cpu else old.wall_s, 1e-9), max(new.cpu_s if cpu else new.wall_s, 1e-9)
        )
    strength = evidence.e_not_faster if evidence.decided == NOT_FASTER else evidence.e_faster
    speedup = replace(comparison.speedup, decided=evidence.decided, evidence=strength)
    return replace(comparison, speedup=speedup), gate


def _together(a: ScriptWorkload, b: ScriptWorkload) -> tuple[ScriptWorkload, ScriptWorkload]:
    """Both in one project folder: one mirror serves them, and their shared data is the same files."""
    if a.root == b.root:
        return a, b
    scripts = [work for work in (a, b) if work.cells is None]  # notebooks start where they lie
    here = (scripts[0] if scripts else a).root / (scripts[0] if scripts else a).cwd
    root, start = project_root([a.root / a.entry_path, b.root / b.entry_path], here)
    if scripts and start != here:
        raise TargetError(
            f"{a.entry.name} and {b.entry.name} are in folders far apart: put both into one, so that they run alike"
        )
    return notebook.moved(a, root), notebook.moved(b, root)
