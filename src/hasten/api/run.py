"""`hasten.run`: the whole loop on one target, delivered to a folder."""

from __future__ import annotations

import json
import os
import re
import shlex
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

from hasten.api import kept, notebook
from hasten.api.elsewhere import remember
from hasten.api.kept import RUNS as RUNS
from hasten.api.models.results import ModelResult
from hasten.api.models.target import ModelOptions, is_model_target
from hasten.api.results import RunResult
from hasten.api.target import companions, started_elsewhere
from hasten.config import Settings, project_settings, settings
from hasten.core.contract import Contract
from hasten.core.model import ModelContract
from hasten.core.workload import ScriptWorkload
from hasten.deliver.artifact import check_folder, deliver
from hasten.errors import StoreError, TargetError, UsageError
from hasten.observe.journal import Journal
from hasten.observe.session import Progress, session
from hasten.report import html

_LIBRARIES = ("hasten", "numpy", "numba", "pandas", "scipy", "scikit-learn", "py-spy")


def run(
    target: Any = None,
    args: Sequence[str] = (),
    *,
    data: Any = None,
    test: Any = None,
    train: Any = None,
    column: str | None = None,
    metric: Any = None,
    max_drop: float | str | None = None,
    agree: float | str | None = None,
    explain: float | str | None = None,
    objective: str | None = None,
    batches: Sequence[int] | str | None = None,
    threads: Sequence[int] | str | None = None,
    trust: bool = False,
    format: str | None = None,
    contract: ModelContract | None = None,
    out: str | os.PathLike[str] | None = None,
    budget: float | str | None = None,
    rtol: float | None = None,
    exact: bool | None = None,
    compiled: bool | None = None,
    quality: str | Sequence[str] | None = None,
    require: float | str | None = None,
    seed: int | None = None,
    calls: str | None = None,
    stdin: bytes | None = None,
    progress: Progress | None = None,
    resume: str | os.PathLike[str] | None = None,
) -> RunResult | ModelResult:
    """Make a program or a trained model faster, with the same results; never edits its files.

    `target` is `script.py`, `package.module`, `file.py::function`, `package.module:function` or `notebook.ipynb` (run
    from top to bottom; what is found goes back into its cells); `args` and `stdin`
    reach the program; `calls` names the script that calls the function. `budget` is seconds, or text such as "10m";
    `require` is old/new, or text such as "2x"; with `compiled=False` the result is plain Python, NumPy and pandas.
    `quality` ("best_score:min", "accuracy:max:0.5%", or several) lets the result of a search be another one that is at
    least as good by what is named. What is None comes from [tool.hasten] in pyproject.toml, then from the defaults
    (rtol 1e-9, seed 0, no budget). The result goes to `out` (default: a new folder under .hasten/runs). Raises
    `UsageError`, `TargetError`. Ctrl-C ends it with what was found so far.

    A trained model is a fitted object, its file (`model.joblib` and other kinds; pickles need `trust`), a
    `hasten.ModelWorkload`, or `file.py::function` that returns one. `data`, `test` and `train` are `(X, y)` or the path
    of a table (.csv, .parquet, .arrow, .npz) whose `column` is the target. `metric` is a scikit-learn scorer's name,
    `module:function`, or a callable `metric(y, predictions)`; `max_drop` ("0.5%", 0.005) is by how much it may become
    worse, without it the same predictions are asked for; `agree` ("99%") is the share of labels that must stay;
    `explain` (0.9) the least mean rank correlation of attributions with the original's;
    `objective` is "latency@1", "latency@256", "throughput", "size" or "memory"; `batches` are the numbers of rows
    and `threads` those of threads at which latency is measured (default: 1 and 256 rows; one and all threads);
    `format="mlflow"` makes the artifact an MLflow model too. A `hasten.ModelContract` says all of that at once.

    `resume` names the folder of a run that was killed or interrupted: it goes on, with the options that it had, and
    repeats nothing that was finished. `budget` may give it more time; nothing else goes with it. Raises `StaleError`
    when the program, its data, hasten or a library are no longer what they were.
    """
    if resume is not None:
        if target is not None:
            raise UsageError("--resume goes on with the target that the run has: leave the target out")
        return _resumed(Path(resume), budget, progress)
    if target is None:
        raise UsageError("what is to become faster? name a script, a module, a function or a model's file")
    options = ModelOptions(
        data,
        test,
        train,
        column,
        metric,
        max_drop,
        agree,
        explain,
        objective,
        batches,
        threads,
        trust,
        format,
        contract,
    )
    if is_model_target(target):
        words = {"args": args, "exact": exact, "no-compiled": compiled is False, "quality": quality, "calls": calls}
        return _model(target, options, words, out, budget, rtol, require, seed, progress)
    if options.said:
        raise UsageError(
            f"{', '.join(options.said)}: these go with a trained model, and {target} is none; name its file "
            "(.joblib, .skops, .onnx, ...) or give the object"
        )
    work, notes = notebook.opened(target, args, stdin=stdin, calls=calls, here=Path.cwd().resolve())
    given = settings(
        {
            "out": None if out is None else os.fspath(out),
            "budget": budget,
            "rtol": rtol,
            "exact": exact,
            "compiled": compiled,
            "quality": quality,
            "require": require,
            "seed": seed,
        },
        "hasten.run",
    ).over(project_settings((work.root / work.entry_path).parent))
    folder = own_folder(target, given.out)
    told = {"target": target, "args": tuple(args), "stdin": stdin, "calls": calls, "given": given}
    with kept.begun(folder, "script", told) as journal:
        return script(journal, work, told, progress, notes)


def script(
    journal: Journal, work: ScriptWorkload, told: Mapping[str, Any], progress: Progress | None,
    notes: tuple[str, ...] = (),
) -> RunResult:  # fmt: skip
    """The loop over a program, delivered beside its journal. `notes` are about the target."""
    folder = journal.folder.parent
    given: Settings = told["given"]
    terms = Contract(
        rtol=1e-9 if given.rtol is None else given.rtol, exact=bool(given.exact), require=given.require,
        compiled=given.compiled is not False, qualities=given.quality or (),
    )  # fmt: skip

    from hasten.observe.machine import machine
    from hasten.passes.registry import all_passes, startup_passes
    from hasten.search.loop import optimise

    with session(budget_s=given.budget, seed=given.seed or 0, progress=progress, journal=journal) as current:
        kept.told(journal, current.progress)
        # a notebook always starts where it lies
        note = started_elsewhere(work, Path(journal.identity.where)) if work.cells is None else None
        notes = (*([] if note is None else [note]), *notes)
        for text in notes:
            current.progress.note(text)
        try:
            outcome = optimise(current, work, terms, all_passes(), name=told["target"], starts=startup_passes())
        except TargetError as error:
            raise TargetError(notebook.in_cells(str(error), work)) from None
        command = command_line(
            told["target"], told["args"], given, calls=told["calls"], stdin=told["stdin"] is not None
        )
        record = replace(
            outcome.record,
            notes=(*notes, *outcome.record.notes),
            machine=json.loads(json.dumps(machine())),  # as it will read from the disk: lists, not tuples
            versions=versions(),
            command=command,
        )
        beside = companions(outcome.kept) if record.changed else {}
        cells = ""
        if work.cells is None:
            old = {path: work.source(path) for path in record.sources}
            new = {path: outcome.kept.source(path) for path in record.changed}
        else:
            record, old, new, cells = notebook.delivered(record, work, outcome.kept)
            beside = {path: source for path, source in beside.items() if path not in work.made}
        with kept.delivered(folder):
            delivery = deliver(record, old, new, folder, companions=beside, render=html.render, cells=cells)
    if record.status == "finished":
        journal.finished()
    return RunResult(replace(record, notes=(*record.notes, *delivery.notes)), delivery)


def _resumed(folder: Path, budget: float | str | None, progress: Progress | None) -> RunResult | ModelResult:
    with kept.reopened(folder) as journal:
        told = dict(journal.identity.options)
        if budget is not None:
            told["given"] = replace(told["given"], budget=settings({"budget": budget}, "hasten.run --resume").budget)
        if journal.identity.kind == "model":
            from hasten.api.models.run import go_on

            return go_on(journal, told, progress)
        work, notes = notebook.opened(
            told["target"], told["args"], stdin=told["stdin"], calls=told["calls"], here=Path(journal.identity.where)
        )
        return script(journal, work, told, progress, notes)


def _model(
    target: Any, options: ModelOptions, words: Mapping[str, Any], out: Any, budget: Any, rtol: Any, require: Any,
    seed: Any, progress: Progress | None,
) -> ModelResult:  # fmt: skip
    from hasten.api.models.run import run_model

    said = [name for name, value in words.items() if value]
    if said:
        raise UsageError(f"{', '.join(said)}: these go with programs, not with trained models")
    here = Path(target).parent if isinstance(target, (str, os.PathLike)) else Path.cwd()
    given = settings(
        {
            "out": None if out is None else os.fspath(out), "budget": budget, "rtol": rtol, "require": require,
            "seed": seed,
        },
        "hasten.run",
    )  # fmt: skip
    below = project_settings(here.resolve())
    # a tolerance that a project sets for its programs says nothing about models
    given = given.over(replace(below, rtol=None))
    return run_model(
        target, options, out=given.out, budget=given.budget, rtol=given.rtol, require=given.require, seed=given.seed,
        progress=progress,
    )  # fmt: skip


def own_folder(target: str, out: str | None) -> Path:
    """The folder that a run has for itself: `out`, or a new one. Raises `UsageError`, `StoreError`."""
    if out is not None:
        check_folder(Path(out))
        remember(Path(out), RUNS)
        return Path(out)
    while True:
        folder = new_folder(target)
        try:
            folder.mkdir(parents=True)
            (RUNS.parent / ".gitignore").write_text("*\n", encoding="ascii")
            return folder
        except FileExistsError:
            continue  # another hasten was quicker
        except OSError as error:
            raise StoreError(f"{folder} cannot be made: {error.strerror}; name another folder with --out") from None


def new_folder(target: str, now: time.struct_time | None = None) -> Path:
    """`.hasten/runs/20260131-235959-script`, made unique; names sort by time."""
    stem = (
        re.sub(
            r"[^A-Za-z0-9_.-]+", "-", Path(target.split("::")[0]).name.removesuffix(".py").removesuffix(".ipynb")
        ).strip("-.")
        or "run"
    )
    name = f"{time.strftime('%Y%m%d-%H%M%S', now or time.localtime())}-{stem[:40]}"
    folder, n = RUNS / name, 1
    while folder.exists():
        n += 1
        folder = RUNS / f"{name}-{n}"
    return folder


def command_line(target: str, args: Sequence[str], given: Settings, *, calls: str | None, stdin: bool) -> str:
    """The command that repeats a run, `out` left out."""
    words = ["hasten", "run", target]
    for name in ("budget", "rtol", "require", "seed"):
        value = getattr(given, name)
        if value is not None:
            words += [f"--{name}", f"{value:g}" if isinstance(value, float) else str(value)]
    if given.exact:
        words.append("--exact")
    if given.compiled is False:
        words.append("--no-compiled")
    for quality in given.quality or ():
        words += ["--quality", str(quality)]
    if calls:
        words += ["--calls", calls]
    if args:
        words += ["--", *args]
    return shlex.join(words) + (" < INPUT" if stdin else "")


def versions() -> dict[str, str]:
    """What is installed, by name, that can change times or results."""
    import platform

    found = {"python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
