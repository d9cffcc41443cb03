"""The how-to guides, done: every command and every program of theirs, in a project that has what they speak of."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from hasten.cli import main
from tests.docs.pages import blocks
from tests.docs.test_tutorial import few, run

__all__ = ["few"]  # a fixture
pytestmark = pytest.mark.slow

SCRIPT = """
def counted(words, stop):
    counts = {}
    for word in words:
        if word not in stop:
            counts[word] = counts.get(word, 0) + 1
    return counts


words = [f"word{i * 7919 % 4500}" for i in range(60_000)]
counts = counted(words, [f"word{2 * i}" for i in range(1500)])
best_score = min(counts.values()) / len(words)
accuracy = len(counts) / 4500
print(f"{len(counts)} words, best score: {best_score:.6f}")
"""


def texts(page: str, language: str) -> list[str]:
    return [b.text for b in blocks(page) if b.language == language]


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    return path


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """model.joblib, and rows of customers in valid.csv and fresh.csv."""
    monkeypatch.chdir(tmp_path)
    draw = np.random.default_rng(7)
    x = pd.DataFrame({"age": draw.integers(18, 80, 3000), "city": draw.choice(["Bern", "Basel", "Chur"], 3000)})
    y = ((x["age"] > 45) ^ (x["city"] == "Bern")).astype(int)
    forest = make_pipeline(
        make_column_transformer((OneHotEncoder(), ["city"]), remainder="passthrough"),
        RandomForestClassifier(30, random_state=0),
    )
    joblib.dump(forest.fit(x[:1000], y[:1000]), "model.joblib")
    for name, rows in (("valid", slice(1000, 2000)), ("fresh", slice(2000, None))):
        x[rows].assign(bought=y[rows]).to_csv(f"{name}.csv", index=False)


def test_continuous_integration(script: Path, model: None) -> None:
    made = ["run", "model.joblib", "--trust", "--data", "valid.csv", "--target", "bought", "--out", "faster"]
    assert main([*made, "--budget", "30s"]) == 0
    run("how-to/continuous-integration.md", run=["--budget", "1m"])
    assert all(Path(name).stat().st_size for name in ("summary.md", "hasten.sarif", "report.html"))


def test_an_artifact_for_the_edge(model: None) -> None:
    page = "how-to/edge-artifact.md"
    run(page, run=["--budget", "30s"])
    (code,) = texts(page, "python")
    names: dict[str, Any] = {}
    exec(compile(code, page, "exec"), names)
    assert names["model"].predict({"age": 31, "city": "Bern"}) == [1]


def test_a_gate_for_pull_requests(script: Path) -> None:
    def git(*words: str) -> None:
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *words], check=True, capture_output=True)

    page = "how-to/gate-a-pull-request.md"
    for name in ("script.py", "other.py"):
        Path("bench").mkdir(exist_ok=True)
        shutil.copy(script, Path("bench") / name)
    Path("data").mkdir()
    (settings,) = texts(page, "toml")
    Path("pyproject.toml").write_text(settings)
    git("init", "-q", "-b", "main")
    git("add", "bench", "pyproject.toml")
    git("commit", "-qm", "one")
    git("checkout", "-qb", "feature")
    faster = SCRIPT.replace('[f"word{2 * i}" for i in range(1500)])', '{f"word{2 * i}" for i in range(1500)})')
    assert faster != SCRIPT
    Path("bench/script.py").write_text(faster)
    git("commit", "-qam", "two")
    run(page)


def test_a_tolerance_is_kept(script: Path, model: None, few: None) -> None:
    page = "how-to/keep-a-tolerance.md"
    run(page, run=["--budget", "1m"])
    (settings,) = texts(page, "toml")
    Path("pyproject.toml").write_text(settings)
    assert main(["run", "script.py", "--budget", "1m"]) == 0


def test_a_run_goes_on(script: Path) -> None:
    process = subprocess.Popen([sys.executable, "-m", "hasten", "run", "script.py"], stderr=subprocess.PIPE)
    end = time.monotonic() + 60
    while not list(Path(".hasten/runs").glob("*/journal*")) and time.monotonic() < end:
        time.sleep(0.05)
    time.sleep(2)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    run("how-to/resume-a-run.md")
    assert list(Path(".hasten/runs").glob("*/result.json"))
