"""`hasten.run` on a trained model: from files or objects to an artifact with its evidence."""

from __future__ import annotations

import importlib.util
import json
import os
import shlex
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from hasten.api import kept
from hasten.api.models import fit
from hasten.api.models.files import Table, read_model, read_table, read_tensors, with_arrays
from hasten.api.models.folders import is_folder
from hasten.api.models.nets import inputs_named, net_workload
from hasten.api.models.reading import files_read
from hasten.api.models.results import ModelResult
from hasten.api.models.target import ModelOptions
from hasten.config import Settings
from hasten.core.model import Drop, ModelContract, ModelWorkload, Rows, taken
from hasten.errors import TargetError, UsageError
from hasten.observe.journal import Journal, digest_of
from hasten.observe.session import Progress, session
from hasten.serve.net import is_module, is_net
from hasten.verify.metric import COSINE

AT_ONCE = 32  # rows whose answers are asked at once, where they become targets
LEARN_FROM = 150  # rows of validation data, at least, of which a third may be learnt from


def run_model(
    target: Any, options: ModelOptions, *, out: str | os.PathLike[str] | None = None, budget: float | None = None,
    rtol: float | None = None, require: float | None = None, seed: int | None = None, progress: Progress | None = None,
) -> ModelResult:  # fmt: skip
    """Search, judge and write the artifact. `target` is a path, `file.py::function`, a `ModelWorkload` or a model.

    Raises `UsageError` and `TargetError`, each with everything that is wrong.
    """
    from hasten.api.run import own_folder
    from hasten.deliver.artifact import check_folder

    name = str(target) if isinstance(target, (str, os.PathLike)) else type(target).__name__
    contract = options.contract or contract_of(options, rtol, require)
    if out is not None:
        check_folder(Path(out))
    began = time.monotonic()
    if progress is not None:
        progress.stage("read the model and its data")
    with files_read() as read:
        work, contract = _ready(target, name, options, contract, seed or 0)
    folder = own_folder(name, None if out is None else os.fspath(out))
    told = {
        "command": _command(name, options, budget, rtol, require, seed), "mlflow": options.format == "mlflow",
        "given": Settings(budget=budget, seed=seed), "began_s": time.monotonic() - began,
    }  # fmt: skip
    paths = [Path(p).absolute() for p in (target, options.data, options.test, options.train) if _is_path(p)]
    inside = (f for p in paths for f in (p.rglob("*") if p.is_dir() else (p,)) if f.is_file())
    files = {str(f): digest_of(f) for f in sorted({*inside, *read})}
    with kept.begun(folder, "model", told, files) as journal:
        return _searched(journal, told, (work, contract), progress)


def go_on(journal: Journal, told: Mapping[str, Any], progress: Progress | None) -> ModelResult:
    """The run of this journal, from where it had come to."""
    return _searched(journal, told, None, progress)


def _searched(
    journal: Journal, told: Mapping[str, Any], given: tuple[ModelWorkload, ModelContract] | None,
    progress: Progress | None,
) -> ModelResult:  # fmt: skip
    """The loop over a model, delivered beside its journal. `given` is None where the journal has it."""
    from hasten.api.run import versions
    from hasten.deliver.models import deliver_model
    from hasten.observe.machine import machine
    from hasten.passes.model.registry import reducing_passes, serving_passes
    from hasten.search.models.loop import optimise_model

    folder, said = journal.folder.parent, told["given"]
    with session(budget_s=said.budget, seed=said.seed or 0, progress=progress, journal=journal) as current:
        if not journal.resumed:
            current.started -= told["began_s"]  # reading the model counts
        kept.told(journal, current.progress)
        work, contract = kept.workload(current, given)
        net = is_net(work.model)
        outcome = optimise_model(current, work, contract, serving_passes(nets=net), reducing_passes(nets=net))
        record = replace(
            outcome.record,
            machine=json.loads(json.dumps(machine())),
            versions=versions(),
            command=told["command"],
        )
        with kept.delivered(folder):
            delivery = deliver_model(record, outcome.artifact, folder, mlflow=told["mlflow"])
    if record.status == "finished":
        journal.finished()
    return ModelResult(replace(record, notes=(*record.notes, *delivery.notes)), delivery)


def _is_path(given: Any) -> bool:
    """The name of a file, without a function in it or with one (`file.py::make` is among the files that are read)."""
    return isinstance(given, (str, os.PathLike)) and "::" not in os.fspath(given)


def contract_of(options: ModelOptions, rtol: float | None, require: float | None) -> ModelContract:
    """Raises one `UsageError` with every value that cannot be read."""
    wrong: list[str] = []
    given: dict[str, Any] = {"require": require}
    if rtol is not None:
        given["rtol"] = rtol
    readers: Mapping[str, Any] = {
        "max_drop": Drop.parse, "agree": _share, "explain": _correlation, "objective": _objective,
        "batches": _numbers, "threads": _numbers,
        "format": _format,
    }  # fmt: skip
    for name, reader in readers.items():
        value = getattr(options, name)
        if value is None:
            continue
        try:
            given[name] = reader(value)
        except ValueError as error:
            wrong.append(f"{name}: {error}")
    given.pop("format", None)
    drop = given.get("max_drop")
    if drop is not None and drop.value and options.metric is None:
        wrong.append("max_drop: a drop of what? name the metric: --metric accuracy")
    if isinstance(options.metric, str):
        given["metric"] = options.metric
    if wrong:
        raise UsageError("hasten run: " + "\n  ".join(["", *wrong] if len(wrong) > 1 else wrong))
    return ModelContract(**given)


def _ready(
    target: Any, name: str, options: ModelOptions, contract: ModelContract, seed: int
) -> tuple[ModelWorkload, ModelContract]:
    """The workload, checked, with what was not said filled in."""
    if isinstance(target, str) and "::" in target:
        target = _made(target)
    if isinstance(target, ModelWorkload):
        if {"data", "test", "train", "column"} & set(options.said):
            raise UsageError(f"{name}: a ModelWorkload brings its own data; leave out --data and --target")
        work = replace(target, metric=target.metric if options.metric is None else options.metric)
        wrong = fit.Complaints(name)
    else:
        wrong = fit.Complaints(name)
        work = _from_options(target, name, options, wrong)
    if is_module(work.model) or is_net(work.model):
        work = net_workload(work, wrong)
    net = is_net(work.model)
    fit.check_fitted(work.model, wrong)
    task = fit.task_of(work.model) if work.task == "other" and not net else work.task
    methods = work.methods if net else fit.methods_of(work.model)
    if not methods:
        raise TargetError(f"{name}: {type(work.model).__name__} has no method of a model, such as predict or transform")
    chosen = work.metric
    # the answers of several outputs of classes are compared only: scikit-learn has no score for all of them
    several = isinstance(getattr(work.model, "classes_", None), list)
    if chosen is None and work.valid.y is not None and task != "other" and not several:
        chosen = "accuracy" if task == "classification" else "r2"
    if isinstance(chosen, str) and ":" not in chosen:
        fit.check_metric(chosen, task, ("predict", "predict_proba") if net else methods, wrong)
    if chosen == COSINE and not net:
        wrong.add(f"metric {COSINE} is for nets that answer vectors")
    if contract.max_drop is not None and contract.max_drop.value and work.valid.y is None and chosen != COSINE:
        wrong.add("--max-drop needs targets: which column is it? --target COLUMN")
    for part, rows in (("data", work.valid), ("test", work.test)):
        if rows is not None:
            fit.check_data(rows, part, work.model, wrong)
    wrong.raise_any()
    notes = list(work.notes)
    test = work.test
    valid = work.valid
    if test is None:
        valid, test = _split(valid, task, seed)
        notes.append(
            f"no test data was named: {len(test)} of the {len(work.valid)} rows certify, and no search sees them"
        )
    train = work.train
    if train is None and not contract.same and len(valid) >= LEARN_FROM:
        places = np.arange(len(valid))
        train, valid = valid.take(places[::3].tolist()), valid.take(places[places % 3 != 0].tolist())
        notes.append(f"no --train: smaller models learn from {len(train)} of those rows, which then judge nothing")
    if chosen == COSINE:
        valid, test = (rows if rows.y is not None else _answers_as_targets(work.model, rows) for rows in (valid, test))
    work = replace(
        work,
        name=name,
        task=task,
        methods=methods,
        metric=chosen,
        valid=valid,
        test=test,
        train=train,
        notes=tuple(notes),
    )
    told = chosen if isinstance(chosen, str) else getattr(chosen, "__name__", "") if chosen is not None else ""
    return work, replace(contract, metric=told)


def _from_options(target: Any, name: str, options: ModelOptions, wrong: fit.Complaints) -> ModelWorkload:
    if isinstance(target, (str, os.PathLike)) and is_folder(target):
        return _of_folder(Path(target), name, options, wrong)
    if isinstance(target, (str, os.PathLike)):
        model = read_model(Path(target), trust=options.trust)
    else:
        model = with_arrays(target)
    if options.data is None:
        raise UsageError(f"{name}: on which data should it be judged? --data valid.parquet --target COLUMN")
    parts = {}
    for part in ("data", "test", "train"):
        given = getattr(options, part)
        if given is not None:
            if is_module(model) or is_net(model):
                path = isinstance(given, (str, os.PathLike))
                parts[part] = read_tensors(Path(given), inputs_named(model)) if path else given
                continue
            table, told = (given, part) if isinstance(given, Table) else _table(given, part)
            parts[part] = table if isinstance(table, Rows) else fit.rows_of(table, model, options.column, told, wrong)
    return ModelWorkload(model, parts["data"], parts.get("test"), parts.get("train"), metric=options.metric)


def _of_folder(path: Path, name: str, options: ModelOptions, wrong: fit.Complaints) -> ModelWorkload:
    """A text model of Hugging Face."""
    from hasten.api.models.hugging_face import read_folder, rows_of_texts

    if options.data is None:
        raise UsageError(f"{name}: on which texts should it be judged? --data texts.csv --target COLUMN")
    found = read_folder(path, trust=options.trust)
    parts: dict[str, Any] = {}
    for part in ("data", "test", "train"):
        given = getattr(options, part)
        if isinstance(given, (str, os.PathLike)):
            parts[part] = rows_of_texts(read_table(Path(given)), options.column, str(given), wrong, found.labels)
        elif given is not None:
            parts[part] = given if isinstance(given, (Rows, tuple)) else Rows(given)
    wrong.raise_any()  # without texts there is nothing more to look at
    return ModelWorkload(
        found.module, parts["data"], parts.get("test"), parts.get("train"), metric=options.metric,
        tokeniser=found.tokeniser, labels=found.labels, notes=found.notes,
    )  # fmt: skip


def _answers_as_targets(model: Any, rows: Rows) -> Rows:
    """Rows whose targets are what the model answers: vectors are compared with the original's own."""
    parts = [model.forward(taken(rows.x, slice(at, at + AT_ONCE))) for at in range(0, len(rows), AT_ONCE)]
    return Rows(rows.x, np.concatenate(parts))


def _table(given: Any, part: str) -> tuple[Table | Rows, str]:
    """A path, a pair (X, y), X alone, or `Rows`."""
    if isinstance(given, Rows):
        return given, part
    if isinstance(given, (str, os.PathLike)):
        return read_table(Path(given)), str(given)
    if isinstance(given, tuple) and len(given) == 2:
        x, y = given
        return Rows(_as_rows(x), None if y is None else np.asarray(y)), part
    return Rows(_as_rows(given)), part


def _as_rows(x: Any) -> Any:
    if hasattr(x, "toarray"):
        raise UsageError(
            "the data is a sparse matrix: give the pipeline that made it (its vectoriser and the model) with the texts "
            "or columns that it takes, or x.toarray()"
        )
    if hasattr(x, "iloc") and hasattr(x, "columns"):
        return x
    if isinstance(x, (list, tuple)) and x and isinstance(x[0], (str, Mapping)):
        return list(x)
    return x.tolist() if hasattr(x, "iloc") else np.asarray(x)


def _made(target: str) -> ModelWorkload:
    """What `file.py::function` returns."""
    name, _, function = target.partition("::")
    path = Path(name)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise UsageError(f"{name}: no such file")
    sys.path.insert(0, str(path.resolve().parent))
    try:
        module = importlib.util.module_from_spec(spec)
        sys.modules[path.stem] = module
        spec.loader.exec_module(module)
        import cloudpickle

        cloudpickle.register_pickle_by_value(module)  # its classes travel to children, which do not see the file
        made = getattr(module, function)()
    except Exception as error:
        raise TargetError(f"{target} failed: {type(error).__name__}: {error}") from error
    if not isinstance(made, ModelWorkload):
        raise TargetError(f"{target} returned {type(made).__name__}; it should return a hasten.ModelWorkload")
    return made


def _split(rows: Rows, task: str, seed: int) -> tuple[Rows, Rows]:
    """Two halves, drawn by the seed; of each class half."""
    draw = np.random.default_rng(seed)
    order = draw.permutation(len(rows))
    if task == "classification" and rows.y is not None and np.asarray(rows.y).ndim == 1:
        y = np.asarray(rows.y)[order]
        codes = np.unique(y.astype(str), return_inverse=True)[1]
        order = order[np.argsort(codes, kind="stable")]
    return rows.take(np.sort(order[::2]).tolist()), rows.take(np.sort(order[1::2]).tolist())


def _share(value: Any) -> float:
    """`100%`, `0.99` or True (all)."""
    if value is True:
        return 1.0
    text = str(value).strip()
    try:
        share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        share = -1.0
    if not 0 < share <= 1:
        raise ValueError(f"{value!r} is not a share of labels; write 100% or 0.995")
    return share


def _correlation(value: Any) -> float:
    try:
        found = float(value)
    except (TypeError, ValueError):
        found = 2.0
    if not -1 <= found <= 1:
        raise ValueError(f"{value!r} is no rank correlation; write 0.9")
    return found


def _objective(value: Any) -> str:
    text = str(value)
    kind, _, rows = text.partition("@")
    if kind not in ("latency", "throughput", "size", "memory") or (rows and not (rows.isdigit() and int(rows))):
        raise ValueError(f"{value!r} is no objective; write latency@1, latency@256, throughput, size or memory")
    return text


def _numbers(value: Any) -> tuple[int, ...]:
    parts = str(value).split(",") if isinstance(value, (str, int)) else [str(v) for v in value]
    try:
        sizes = sorted({int(p) for p in parts})
    except ValueError:
        sizes = []
    if not sizes or sizes[0] < 1:
        raise ValueError(f"{value!r} are no numbers above zero; write 1,256")
    return tuple(sizes)


def _format(value: Any) -> str:
    if value not in ("hasten", "mlflow"):
        raise ValueError(f"{value!r} is no format; write hasten or mlflow")
    return str(value)


def _command(
    name: str, options: ModelOptions, budget: float | None, rtol: float | None, require: float | None, seed: int | None
) -> str:
    words = ["hasten", "run", name]
    said = {"column": "target", "max_drop": "max-drop"}
    for option in options.said:
        value = getattr(options, option)
        if value is True:
            words.append(f"--{option}")
        elif isinstance(value, (str, int, float, os.PathLike)):
            words += [f"--{said.get(option, option)}", str(value)]
    for option, value in (("budget", budget), ("rtol", rtol), ("require", require), ("seed", seed)):
        if value is not None:
            words += [f"--{option}", f"{value:g}"]
    return shlex.join(words)
