"""A run over a model that is killed goes on: nothing that was finished is asked again."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

import hasten
from tests.api.test_resume import DRIVER, nothing_left
from tests.api.test_resume import hasten as killed_hasten

WORK = """
import hasten
import numpy as np
from sklearn.linear_model import LogisticRegression
from helper import CLASSES

def make():
    x = np.load("x.npy")
    y = (x @ [1.0, -2.0, 0.5, 0.0] > 0) * (CLASSES - 1)
    return hasten.ModelWorkload(LogisticRegression().fit(x[::2], y[::2]), hasten.Rows(x[1::2], y[1::2]))
"""
WORDS = ["run", "work.py::make", "--metric", "accuracy", "--out", "run", "--batches", "1", "--threads", "1"]


@pytest.mark.slow
def test_a_killed_run_over_a_model_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import numpy as np

    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.chdir(project)
    np.save("x.npy", np.random.default_rng(0).normal(size=(160, 4)))
    Path("work.py").write_text(WORK)
    Path("helper.py").write_text("CLASSES = 2\n")
    Path("driver.py").write_text(DRIVER)
    killed = killed_hasten(6, "torn", *WORDS)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert nothing_left(Path("run"))
    names = [line.split(" ")[0] for line in (tmp_path / "log").read_text().splitlines()]
    assert "workload" in names and "candidate" in names

    data = {name: Path(name).read_bytes() for name in ("x.npy", "helper.py", "work.py")}
    for name in data:  # what the function read and imported is data of the run too
        Path(name).write_bytes(data[name] + b"\n")
    stale = killed_hasten(-1, "", "run", "--resume", "run")
    assert stale.returncode == 2 and "has changed, and 2 more since this run began" in stale.stderr, stale.stderr
    for name in data:
        Path(name).write_bytes(data[name])

    done = killed_hasten(-1, "", "run", "--resume", "run")
    assert done.returncode == 0 and "going on with run" in done.stderr, done.stderr
    steps = (tmp_path / "log").read_text().splitlines()
    assert len([s for s in steps if s != "None"]) == len({s for s in steps if s != "None"}), "a step was done again"
    record = json.loads(Path("run/result.json").read_text())
    assert record["status"] == "finished" and record["artifact"] and not Path("run/journal").exists()
    served = hasten.load("run")
    assert list(served.predict([[3.0, 0, 0, 0], [0, 3.0, 0, 0]])) == [1, 0]
