"""`hasten runs`: the history, on records that are there already."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import types
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from hasten.api.history import history, page, row, to_mlflow
from hasten.api.outputs import schema
from hasten.api.run import own_folder
from hasten.cli import main
from hasten.core.model_record import ModelRunRecord
from hasten.errors import UsageError
from hasten.report import html
from tests.deliver.records import full_record, plain_record

RUNS = Path(".hasten/runs")
NAMES = ("20260104-000000-d", "20260103-000000-c", "20260102-000000-b", "20260101-000000-a")


def make(name: str, text: str, when: int) -> None:
    folder = RUNS / name
    folder.mkdir(parents=True)
    (folder / "result.json").write_text(text)
    (folder / "report.html").write_text("<p>report</p>")
    os.utime(folder / "result.json", (when, when))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four runs, newest first: of a model, one that cannot be read, one that was applied, one without a gain."""
    monkeypatch.chdir(tmp_path)
    make(
        NAMES[0],
        ModelRunRecord("model.joblib", "Forest", "classification", started="2026-01-04T00:00:00+00:00").dumps(),
        4,
    )
    make(NAMES[1], "{", 3)
    make(NAMES[2], full_record("b<i>.py").dumps(), 2)
    (RUNS / NAMES[2] / "backup").mkdir()
    make(NAMES[3], plain_record(tmp_path, {}, {}).dumps(), 1)
    return tmp_path


def test_the_list(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[:4]] == list(NAMES)
    assert "no gain" in lines[0]
    assert "unreadable" in lines[1]
    assert "2.50x [2.30, 2.71]  applied, b<i>.py" in lines[2]
    assert max(map(len, lines)) <= 80
    assert main(["runs", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    jsonschema.validate(found, schema("runs"))
    assert [r["name"] for r in found["runs"]] == list(NAMES)
    assert found["runs"][2]["low"] == 2.3


def test_no_run_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["runs"]) == 0
    assert "hasten run TARGET" in capsys.readouterr().out


def test_showing_is_reporting(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", "show", NAMES[2]]) == 0
    assert "2.50x faster" in capsys.readouterr().out
    assert main(["runs", "show", NAMES[2], "--json"]) == 0
    jsonschema.validate(json.loads(capsys.readouterr().out), schema("runs"))


def test_old_ones_go_and_what_was_applied_stays(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", "remove", "--keep", "1", "--dry-run"]) == 0
    assert f"would remove {NAMES[1]}" in capsys.readouterr().out
    assert len(list(RUNS.iterdir())) == 4
    assert main(["runs", "remove", "--keep", "1"]) == 0
    said = capsys.readouterr().out
    assert f"removed {NAMES[1]}" in said
    assert f"kept {NAMES[2]}: it was applied" in said
    assert sorted(p.name for p in RUNS.iterdir()) == [NAMES[2], NAMES[0]]


def test_what_is_running_or_was_killed(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from hasten.observe.journal import Identity, Journal

    running, killed = RUNS / "20260105-000000-e", RUNS / "20260106-000000-f"
    for folder in (running, killed):
        folder.mkdir()
    identity = Identity("script", str(project), {}, {}, {}, {})
    Journal.begin(killed, identity, project / "scratch-f").close()
    with Journal.begin(running, identity, project / "scratch-e"):
        assert main(["runs"]) == 0
        shown = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
        assert "is running" in shown[running.name]
        assert f"hasten run --resume {killed.name}" in shown[killed.name]
        assert main(["runs", "remove", running.name]) == 2
        assert "is running" in capsys.readouterr().err
        assert main(["runs", "remove", "--keep", "0"]) == 0
        assert f"kept {running.name}: it is running" in capsys.readouterr().out
    assert sorted(p.name for p in RUNS.iterdir()) == [NAMES[2], running.name]
    assert main(["runs", "remove", running.name]) == 0


def test_only_runs_of_the_history_are_removed(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(RUNS / NAMES[3], project / "mine")
    for words, said in (
        (["mine"], "not in .hasten/runs"),
        ([NAMES[2]], "--undo"),
        ([], "--keep N"),
        ([NAMES[3], "--keep", "1"], "--keep N"),
        (["--keep", "all"], "a number is expected"),
    ):
        assert main(["runs", "remove", *words]) == 2
        assert said in capsys.readouterr().err
    assert main(["runs", "list", "latest"]) == 2
    assert main(["runs", "show", "latest", "--keep", "1"]) == 2
    assert len(list(RUNS.iterdir())) == 4
    assert main(["runs", "remove", NAMES[3], "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    jsonschema.validate(found, schema("runs"))
    assert found["removed"] == [NAMES[3]]
    assert not (RUNS / NAMES[3]).exists()


def test_the_page_of_all_runs(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", "--html", "site"]) == 0
    text = (project / "site/index.html").read_text()
    assert "b&lt;i&gt;.py" in text
    assert "<i>" not in text
    assert "<script" not in text
    assert "default-src 'none'" in text
    assert text.count("<tr>") == 5
    for name in NAMES:
        assert f'href="{name}/report.html"' in text
        assert (project / "site" / name / "report.html").is_file()
    assert main(["runs", "--html", "site"]) == 0  # again, over what it wrote
    (project / "site/index.html").write_text("mine")
    assert main(["runs", "--html", "site"]) == 2
    assert (project / "site/index.html").read_text() == "mine"
    assert main(["runs", "--html", ".hasten/runs/" + NAMES[0] + "/result.json"]) == 2


class Server:
    """What the export asks of `MlflowClient`."""

    def __init__(self, tracking_uri: str) -> None:
        self.runs: dict[str, dict[str, Any]] = SERVERS.setdefault(tracking_uri, {})

    def get_experiment_by_name(self, name: str) -> Any:
        return types.SimpleNamespace(experiment_id="7") if self.runs else None

    def create_experiment(self, name: str) -> str:
        return "7"

    def search_runs(self, ids: list[str], filter_string: str, max_results: int) -> list[Any]:
        wanted = filter_string.split("'")[1]
        return [r for r in self.runs.values() if r["tags"]["hasten.run"] == wanted]

    def create_run(self, experiment: str, **given: Any) -> Any:
        self.runs[given["run_name"]] = {**given, "params": {}, "metrics": [], "files": []}
        return types.SimpleNamespace(info=types.SimpleNamespace(run_id=given["run_name"]))

    def log_param(self, run: str, name: str, value: str) -> None:
        self.runs[run]["params"][name] = value

    def log_metric(self, run: str, name: str, value: float, step: int | None = None) -> None:
        self.runs[run]["metrics"].append((name, value, step))

    def log_artifact(self, run: str, path: str) -> None:
        self.runs[run]["files"].append(Path(path).name)

    def set_terminated(self, run: str, status: str, end_time: int | None) -> None:
        self.runs[run]["status"] = status


SERVERS: dict[str, dict[str, dict[str, Any]]] = {}


def test_mlflow_gets_each_run_once(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = types.SimpleNamespace(MlflowClient=Server)
    monkeypatch.setitem(sys.modules, "mlflow", fake)
    monkeypatch.setitem(sys.modules, "mlflow.exceptions", types.SimpleNamespace(MlflowException=OSError))
    SERVERS.clear()
    assert main(["runs", "--mlflow", "file:x"]) == 0
    logged = SERVERS["file:x"]
    assert list(logged) == [NAMES[3], NAMES[2], NAMES[0]]  # oldest first, and not the one that cannot be read
    run = logged[NAMES[2]]
    assert run["tags"]["hasten.target"] == "b<i>.py"
    assert ("gain", 2.5, None) in run["metrics"]
    assert ("gain_low", 2.3, None) in run["metrics"]
    assert [m for m in run["metrics"] if m[0] == "old_run_s"][3] == ("old_run_s", 5.06, 3)
    assert run["files"] == ["report.html", "result.json"]
    assert run["start_time"] == 1769853600000
    assert run["status"] == "FINISHED"
    assert to_mlflow(history(RUNS), "file:x", "hasten") == (0, 3)


def test_without_mlflow_it_says_what_to_install(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(UsageError, match="pip install mlflow-skinny"):
        to_mlflow([], "file:x", "hasten")


def test_a_real_report_is_linked(project: Path) -> None:
    (RUNS / NAMES[2] / "report.html").write_text(html.render(full_record()))
    index = page([row(RUNS / NAMES[2])], project / "one")
    assert "1 run of hasten" in index.read_text()


def test_runs_in_folders_that_were_named(
    project: Path, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    far = tmp_path_factory.mktemp("far") / "with space"
    for when, folder in ((5, Path("near/run")), (6, far), (7, Path("gone"))):
        assert own_folder("script.py", str(folder)) == folder
        assert own_folder("script.py", str(folder)) == folder  # again: once is enough
        folder.mkdir(parents=True)
        (folder / "result.json").write_text(full_record("script.py").dumps())
        (folder / "report.html").write_text(f"<p>{when}</p>")
        os.utime(folder / "result.json", (when, when))
    shutil.rmtree("gone")
    own_folder("script.py", "near/other")  # what is gone is forgotten
    assert (RUNS.parent / "elsewhere").read_text().splitlines() == [
        str(project / "near/run"), str(far), str(project / "near/other")
    ]  # fmt: skip
    assert [r.name for r in history(RUNS)] == [str(far), "near/run", *NAMES]
    assert main(["runs"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0][:40].rstrip().endswith("/with space")
    assert max(map(len, lines)) <= 80
    assert main(["report", "latest", "--format", "json"]) == 0
    capsys.readouterr()
    assert main(["runs", "show", "near/run", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["runs"][0]["name"] == "near/run"
    index = page(history(RUNS), project / "pages")
    links = re.findall(r'href="([^"]+)/report.html"', index.read_text())
    assert len(links) == len(NAMES) + 2
    assert {(index.parent / link / "report.html").read_text() for link in links} >= {"<p>5</p>", "<p>6</p>"}
    assert main(["runs", "remove", "--keep", "0"]) == 0
    assert far.is_dir()
    assert Path("near/run").is_dir()
    assert main(["runs", "remove", "near/run"]) == 2
