"""The history of runs: what is in .hasten/runs, and in folders that were named, as rows, as a static page, in MLflow;
and old ones removed."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from statistics import median

from hasten.api.elsewhere import remembered, shown
from hasten.api.outputs import RunRow
from hasten.core.measurement import Speedup
from hasten.core.model_record import ModelRunRecord
from hasten.core.record import RunRecord
from hasten.deliver.artifact import BACKUP, PATCH, REPORT, RESULT, load_any
from hasten.deliver.files import write_atomic
from hasten.errors import HastenError, UsageError
from hasten.observe.journal import JOURNAL, STEPS, held

INDEX = "index.html"
MARK = '<meta name="generator" content="hasten runs">'
UNREADABLE, RUNNING, KILLED = "unreadable", "running", "killed"


def folders(runs: Path, *, everywhere: bool = False) -> list[Path]:
    """The folders of runs, finished or not, newest first. `everywhere`: those that users named (`--out`) too."""
    found = []
    here = runs.iterdir() if runs.is_dir() else ()
    for folder in (*here, *(remembered(runs) if everywhere else ())):
        for name in (RESULT, f"{JOURNAL}/{STEPS}"):
            try:
                found.append(((folder / name).stat().st_mtime_ns, folder.name, folder))
            except OSError:
                continue
            break
    # names begin with the time, but a run made in the same second has a suffix that must count as a number
    return [folder for *_, folder in sorted(found, reverse=True)]


def row(folder: Path, name: str = "") -> RunRow:
    """One run in a line, called `name`. A run that cannot be read is a row too, which says why."""
    from hasten.report import models, view

    name = name or folder.name
    size = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file() and not p.is_symlink()) / 1e6
    applied = (folder / BACKUP).is_dir()

    def without(status: str, why: str) -> RunRow:
        return RunRow(
            name, str(folder), "", "program", "", status, why, None, None, None, None, None, 0, 0, 0.0, applied, size,
        )  # fmt: skip

    if held(folder):
        return without(RUNNING, "is running")
    if not (folder / RESULT).is_file():
        return without(KILLED, f"hasten run --resume {shlex.quote(name)}")
    try:
        record = load_any(folder)
    except HastenError as error:
        return without(UNREADABLE, str(error))
    gain = record.gain
    if isinstance(record, ModelRunRecord):
        text = models.headline(record)[0]
        old_s, new_s = _latencies(record)
        kept = sum(c.kept for c in record.candidates)
        return RunRow(
            name, str(folder), record.target, "model", record.started, record.status, text, *_numbers(gain),
            old_s, new_s, kept, len(record.candidates), record.own_s, applied, size,
        )  # fmt: skip
    text = view.headline(record)[0]
    old_s, new_s = _walls(record)
    return RunRow(
        name, str(folder), record.target.name, "program", record.started, record.status, text, *_numbers(gain),
        old_s, new_s, sum(t.kept for t in record.trials), len(record.trials), record.own_s, applied, size,
    )  # fmt: skip


def _numbers(gain: Speedup | None) -> tuple[float | None, float | None, float | None]:
    return (None, None, None) if gain is None else (gain.ratio, gain.low, gain.high)


def _walls(record: RunRecord) -> tuple[float | None, float | None]:
    if record.gain is not None and record.comparison is not None and record.comparison.old and record.comparison.new:
        return median(r.wall_s for r in record.comparison.old), median(r.wall_s for r in record.comparison.new)
    if record.baseline.runs:
        return median(r.wall_s for r in record.baseline.runs), None
    return None, None


def _latencies(record: ModelRunRecord) -> tuple[float | None, float | None]:
    _, rows = record.contract.wanted
    both = [None if c is None else c.at(rows, 1) for c in (record.original, record.artifact)]
    old, new = (None if x is None else x.p50_s for x in both)
    return old, new


def history(runs: Path) -> list[RunRow]:
    """Every run, newest first, in whatever folder."""
    return [row(folder, shown(folder, runs)) for folder in folders(runs, everywhere=True)]


def remove(
    runs: Path, named: Sequence[Path], keep: int | None, *, dry: bool = False
) -> tuple[list[str], list[tuple[str, str]]]:
    """Remove the runs `named`, or all but the `keep` newest; their names, and those that were spared with the reason.

    A run that was applied is spared: its folder has what undoes that. So is one that is running. Raises `UsageError`
    for one that is named.
    """
    spared: list[tuple[str, str]] = []
    if keep is None:
        chosen = list(named)
        for folder in chosen:
            if folder.resolve().parent != runs.resolve():
                raise UsageError(f"{folder} is not in {runs}: remove such a folder yourself")
            if held(folder):
                raise UsageError(f"{folder.name} is running: end it first")
            if (folder / BACKUP).is_dir():
                raise UsageError(
                    f"{folder.name} was applied, and its folder has the files as they were; next: "
                    f"hasten apply {folder.name} --undo, or remove {folder} yourself"
                )
    else:
        chosen = []
        for folder in folders(runs)[keep:]:
            if held(folder):
                spared.append((folder.name, "it is running"))
            elif (folder / BACKUP).is_dir():
                spared.append((folder.name, "it was applied, and has the files as they were"))
            else:
                chosen.append(folder)
    for folder in chosen:
        if not dry:
            # first what makes it a run: one that is half gone must not be listed
            (folder / RESULT).unlink(missing_ok=True)
            shutil.rmtree(folder)
    return [folder.name for folder in chosen], spared


def page(rows: Sequence[RunRow], into: Path) -> Path:
    """A static page of all runs in the folder `into`, with their reports, patches and results beside it.

    Raises `UsageError` when something else is there already, and `OSError`.
    """
    from hasten.report.history import render

    index = into / INDEX
    if into.exists() and not into.is_dir():
        raise UsageError(f"--html {into}: it is a file; name a folder")
    if index.exists() and MARK not in index.read_text("utf-8", "replace")[:2000]:
        raise UsageError(f"--html {into}: it has an {INDEX} that hasten did not write; name another folder")
    into.mkdir(parents=True, exist_ok=True)
    rows = [replace(run, name=_folder_name(run.name)) for run in rows]
    for run in rows:
        for name in (REPORT, PATCH, RESULT):
            source = Path(run.folder) / name
            if source.is_file():
                (into / run.name).mkdir(exist_ok=True)
                shutil.copyfile(source, into / run.name / name)
    write_atomic(
        index, render(rows, {r.name: (into / r.name / REPORT).is_file() for r in rows}).encode("utf-8", "replace")
    )
    return index


def _folder_name(name: str) -> str:
    """The name of one folder for a run: of one that is elsewhere, its path without what leads out of the page's."""
    if Path(name).name == name:
        return name
    tag = hashlib.sha256(os.fsencode(name)).hexdigest()[:6]
    return f"{re.sub(r'[^A-Za-z0-9_.-]+', '-', name).strip('-.')[-60:]}-{tag}"


def to_mlflow(
    rows: Sequence[RunRow], uri: str, experiment: str, note: Callable[[str], None] = lambda _: None
) -> tuple[int, int]:
    """Log each run that the tracking server at `uri` does not have; how many were logged, and were there.

    Raises `UsageError` when MLflow is not installed, or the server refuses.
    """
    try:
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException
    except ImportError:
        raise UsageError("--mlflow needs MLflow, which is not installed; next: pip install mlflow-skinny") from None
    try:
        client = MlflowClient(tracking_uri=uri)
        found = client.get_experiment_by_name(experiment)
        number = client.create_experiment(experiment) if found is None else found.experiment_id
        there = 0
        logged = 0
        for run in reversed(rows):  # oldest first, as they were made
            if run.status in (UNREADABLE, RUNNING, KILLED):
                note(f"left out: {run.name}: {run.headline}")
                continue
            identity = f"{run.name} {run.started}"
            quoted = identity.replace("'", "")
            if client.search_runs([number], filter_string=f"tags.`hasten.run` = '{quoted}'", max_results=1):
                there += 1
                continue
            _log(client, number, run, quoted)
            note(f"logged {run.name}")
            logged += 1
    except MlflowException as error:
        raise UsageError(f"--mlflow {uri}: {' '.join(str(error).split())[:600]}") from None
    return logged, there


def _log(client: object, experiment: str, run: RunRow, identity: str) -> None:
    """One run as an MLflow run: parameters, numbers with their intervals, the samples, and the files."""
    from typing import Any

    mlflow: Any = client
    started = _milliseconds(run.started)
    tags = {"hasten.run": identity, "hasten.target": run.target, "hasten.kind": run.kind}
    if run.headline:
        tags["mlflow.note.content"] = run.headline
    created = mlflow.create_run(experiment, start_time=started, tags=tags, run_name=run.name)
    at = created.info.run_id
    ended = "FAILED"
    try:
        record = load_any(Path(run.folder))
        params = {"target": run.target, "kind": run.kind, "command": record.command, "seed": record.seed}
        params |= {f"version.{name}": text for name, text in record.versions.items()}
        for name, value in params.items():
            mlflow.log_param(at, name, str(value)[:6000])
        numbers = {
            "gain": run.gain, "gain_low": run.low, "gain_high": run.high, "old_s": run.old_s,
            "new_s": run.new_s, "kept": run.kept, "tried": run.tried, "own_s": run.own_s,
        }  # fmt: skip
        for name, number in numbers.items():
            if number is not None:
                mlflow.log_metric(at, name, float(number))
        if isinstance(record, RunRecord) and record.comparison is not None:
            for side, samples in (("old", record.comparison.old), ("new", record.comparison.new)):
                for step, sample in enumerate(samples):
                    mlflow.log_metric(at, f"{side}_run_s", sample.wall_s, step=step)
        for name in (REPORT, PATCH, RESULT):
            if (Path(run.folder) / name).is_file():
                mlflow.log_artifact(at, str(Path(run.folder) / name))
        ended = "FINISHED" if run.status == "finished" else "KILLED"
    finally:
        mlflow.set_terminated(at, status=ended, end_time=None if started is None else started + int(1000 * run.own_s))


def _milliseconds(when: str) -> int | None:
    try:
        return int(1000 * datetime.fromisoformat(when).timestamp())
    except ValueError:
        return None
