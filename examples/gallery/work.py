"""Run hasten on a case, and put what a page needs of it into docs/gallery. A run that was cut short is gone on with."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from examples.gallery.cases import Case, Run
from examples.prepare import prepare
from hasten.observe.journal import unfinished

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
PAGES = ROOT / "docs" / "gallery"
RUNS = ROOT / ".hasten" / "gallery"


def result_of(case: Case, run: Run) -> Path:
    """The result that the pages are made from."""
    return PAGES / case.name / f"{run.name}.json"


def make(case: Case, *, force: bool = False, patience: float = 1.0) -> None:
    """Data, training, runs. What is finished is not done again unless `force`. Raises `CalledProcessError`."""
    folder = EXAMPLES / case.name
    source = prepare(case.name)
    for run in case.runs:
        out = RUNS / case.name / run.name
        if force:
            shutil.rmtree(out, ignore_errors=True)
        if not (out / "result.json").is_file():
            for made, script in run.before.items():
                if not (folder / made).is_file():
                    _say(f"{case.name}: python {script}")
                    subprocess.run([sys.executable, script], cwd=folder, check=True, stdout=subprocess.DEVNULL)
            _say(f"{case.name}: hasten run {' '.join(run.words)}")
            began = time.monotonic()
            if unfinished(out):
                words = ["--resume", str(out)]
            else:
                words = [*run.words, "--out", str(out), "--budget", f"{patience * run.budget_s:g}s"]
            subprocess.run(
                [sys.executable, "-m", "hasten", "run", *words], cwd=folder, check=True, stdin=subprocess.DEVNULL,
                env={**os.environ, "HASTEN_PLAIN": "1"},
            )  # fmt: skip
            _say(f"{case.name}: {run.name} took {time.monotonic() - began:.0f} s")
        keep(case, run, out, source)


def keep(case: Case, run: Run, out: Path, source: str) -> None:
    """The result and the patch, without the paths of this machine, and where the data came from."""
    place = result_of(case, run)
    place.parent.mkdir(parents=True, exist_ok=True)
    text = (out / "result.json").read_text(encoding="utf-8")
    # the environment may lie in the repository
    for path, name in ((out, "RUN"), (Path(sys.executable), "python"), (Path(sys.prefix), "venv"), (ROOT, "hasten")):
        text = text.replace(json.dumps(str(path))[1:-1], name)
    place.write_text(text, encoding="utf-8")
    if (out / "changes.patch").is_file():
        shutil.copyfile(out / "changes.patch", place.with_suffix(".patch"))
    (place.parent / "source.txt").write_text(f"{source}\n", encoding="utf-8")


def _say(text: str) -> None:
    print(f"-- {text}", file=sys.stderr, flush=True)
