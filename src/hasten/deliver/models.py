"""The folder of a run over a model: `artifact/`, `report.html`, `result.json`."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from hasten.core.model import FORWARD
from hasten.core.model_record import ModelRunRecord
from hasten.deliver.artifact import REPORT, RESULT, check_folder
from hasten.deliver.files import write_atomic
from hasten.deliver.page import page
from hasten.observe.journal import unfinished
from hasten.serve.manifest import read_manifest
from hasten.serve.packages import to_install

ARTIFACT = "artifact"


@dataclass(frozen=True)
class ModelDelivery:
    """What was written, and where. `artifact` is None when nothing was kept; `notes` are troubles on the way, which
    `result.json` tells too."""

    folder: Path
    artifact: Path | None
    report: Path
    result: Path
    notes: tuple[str, ...] = ()


def deliver_model(
    record: ModelRunRecord, artifact: Path | None, folder: Path, *, mlflow: bool = False
) -> ModelDelivery:
    """Write the run to `folder`; `artifact` is where the loop left it. `result.json` comes last.

    Raises `UsageError` for a folder that has something else in it, and `OSError`.
    """
    from hasten.report.models import render_html

    check_folder(folder, own=unfinished(folder))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / RESULT).unlink(missing_ok=True)
    place = folder / ARTIFACT
    shutil.rmtree(place, ignore_errors=True)
    if artifact is not None:
        shutil.copytree(artifact, place)
        texts = read_manifest(place, check=False).inputs.form == "texts"
        (place / "README.md").write_text(readme(record, texts=texts), encoding="utf-8")
        if mlflow:
            write_mlflow(record, place)
        read_manifest(place, check=False).write(place)
    shown, trouble = page(partial(render_html, record), folder)
    write_atomic(folder / REPORT, shown)
    notes = (trouble,) if trouble else ()
    write_atomic(folder / RESULT, replace(record, notes=(*record.notes, *notes)).dumps().encode("utf-8"))
    return ModelDelivery(folder, place if artifact is not None else None, folder / REPORT, folder / RESULT, notes)


def readme(record: ModelRunRecord, *, texts: bool = False) -> str:
    """Two lines of use, and what was certified."""
    method = record.methods[0]
    how = f'hasten.load("artifact").{method}(X)   # a DataFrame, an array, a list of dicts, or one row as a dict'
    if method == FORWARD and texts:
        how = 'net = hasten.load("artifact")   # net(["one text", "another"]), or net("one text") for its own row'
    elif method == FORWARD:
        how = 'net = hasten.load("artifact")   # called like the module: arrays or torch tensors, rows first'
    packages = sorted({p for c in record.candidates if c.kept for p in c.packages})
    needs = to_install(["hasten", *packages])
    return f"""# {record.model}, made faster by hasten

    import hasten
    {how}

Answers {", ".join(record.methods)} as certified in `manifest.json` ({_certified(record)}). Needs `pip install {needs}`.
It holds code that runs when it is loaded: load it only if you trust who made it. Certify it again, here or elsewhere:
`hasten check artifact --data DATA --target COLUMN`.
"""


def _certified(record: ModelRunRecord) -> str:
    q = record.certified
    if q is None:
        return "the same predictions on the validation data"
    return f"{q.metric} {q.new:.4g}, the original's {q.old:.4g}, on {q.rows} rows that the search never saw"


def write_mlflow(record: ModelRunRecord, place: Path) -> None:
    """Make the artifact an MLflow model too: `mlflow.pyfunc.load_model(place)` serves it through our loader.

    The format of MLmodel: https://mlflow.org/docs/latest/ml/model/ ("python_function" flavour, `loader_module`).
    """
    import json
    import platform
    import uuid
    from datetime import UTC, datetime

    versions = read_manifest(place, check=False).versions
    pins = "\n".join(f"{name}=={version}" for name, version in versions.items())
    (place / "requirements.txt").write_text(pins + "\n", encoding="utf-8")
    # so that `predict(X, params={"method": "predict_proba"})` reaches the other methods
    params = [{"name": "method", "type": "string", "default": record.methods[0], "shape": None}]
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    (place / "MLmodel").write_text(
        "flavors:\n"
        "  python_function:\n"
        "    env:\n"
        "      virtualenv: python_env.yaml\n"
        "    loader_module: hasten.serve.mlflow\n"
        f"    python_version: {platform.python_version()}\n"
        f"model_uuid: {uuid.uuid4().hex}\n"
        "signature:\n  inputs: null\n  outputs: null\n"
        f"  params: '{json.dumps(params)}'\n"
        f"utc_time_created: '{now}'\n",
        encoding="utf-8",
    )
    (place / "python_env.yaml").write_text(
        f"python: {platform.python_version()}\nbuild_dependencies:\n- pip\ndependencies:\n- -r requirements.txt\n",
        encoding="utf-8",
    )
