"""Faults and hostile input, each with its outcome: one clear error or a finished run, and nothing lost or left.

docs/trust.md has the whole table; what is here is what no other test covers. Most programs do next to nothing, so that a
run of hasten is a few runs of the interpreter.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

import hasten
from hasten.api.models.run import _ready
from hasten.api.models.target import ModelOptions
from hasten.cli import main
from hasten.core.model import ModelContract, ModelWorkload, Rows
from hasten.core.workload import Entry, ScriptWorkload
from hasten.deliver.artifact import RESULT
from hasten.errors import TargetError, UsageError
from hasten.observe import reap
from hasten.observe.journal import Journal
from hasten.observe.mirror import Mirror
from hasten.observe.process import run_program, run_workload
from hasten.observe.session import Session, session
from hasten.serve.manifest import read_manifest


def tree(folder: Path) -> dict[str, tuple[bytes | str, int]]:
    """Every file below a folder: content, mode."""
    found: dict[str, tuple[bytes | str, int]] = {}
    for path in sorted(folder.rglob("*")):
        info = path.lstat()
        if stat.S_ISLNK(info.st_mode):
            found[str(path)] = (os.readlink(path), 0)
        elif stat.S_ISREG(info.st_mode):
            found[str(path)] = (path.read_bytes(), info.st_mode)
    return found


def scratches() -> set[str]:
    """Temporary folders of this very process: other tests run beside."""
    return set(reap._scratches)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a name that breaks shells; afterwards nothing is left that was not there."""
    folder = tmp_path / "prö ject\nwith 'names' $HOME"
    folder.mkdir()
    (folder / "pyproject.toml").write_text("")
    monkeypatch.chdir(folder)
    before = scratches()
    yield folder
    assert scratches() == before and not any(Path(s).exists() for s in scratches())


def finished(folder: Path, name: str, tmp_path: Path) -> dict[str, Any]:
    """The record of a run that came to its end, and left the project as it was."""
    before = tree(folder)
    assert main(["run", name, "--stdin", os.devnull, "--out", str(tmp_path / "out")]) == 0
    assert tree(folder) == before
    found: dict[str, Any] = json.loads((tmp_path / "out" / RESULT).read_text())
    assert found["status"] == "finished" and not (tmp_path / "out" / "journal").exists()
    return found


# --- programs that change what they stand on ---------------------------------------------------------------------------

VANDAL = """
import os, random, shutil, signal, sys, threading
here = os.path.dirname(os.path.abspath(__file__))
open(__file__, "a").write("# changed by itself\\n")
os.mkdir(os.path.join(here, "made"))
os.chdir(os.path.join(here, "made"))
sys.path[:] = ["/nowhere"]
sys.setrecursionlimit(150)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGINT, signal.SIG_IGN)
os.environ.clear()
os.umask(0o777)
os.chmod(os.path.join(here, "données.txt"), 0)
os.remove(os.path.join(here, "link"))
sys.stdout.write("done\\n")
sys.stdout.flush()
sys.stdout = None
os._exit(3)
"""


def test_a_program_that_changes_its_file_folder_path_signals_limits_and_environment(
    project: Path, tmp_path: Path
) -> None:
    (project / "données.txt").write_bytes(b"\xff\x00data")
    (project / "link").symlink_to("données.txt")
    (project / "out of it").symlink_to("/etc/hostname")
    name = "prögram \n1.py"
    (project / name).write_text(VANDAL, encoding="utf-8")
    assert finished(project, name, tmp_path)["baseline"]["status"] == 3


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbfx = '\xc3\xa4'\r\nif x:\r\n\tprint(x)\r\n",
        b"# -*- coding: latin-1 -*-\nprint('\xe4')\n",
        b"",
        b"\n" * 3,
    ],
)
def test_sources_of_every_form_run(data: bytes, project: Path, tmp_path: Path) -> None:
    (project / "a.py").write_bytes(data)
    finished(project, "a.py", tmp_path)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\x7fELF\x00\x01", "is not Python"), (b"print('\xe4')\n", "is not Python"),
        (b"def f[**P, T = int]() -> T: ...\n", "is not Python 3"), (b"if 1:\n\tx\n        y\n", "is not Python"),
        (b"x = (" * 100_000, "is not Python"), (b"x = " + b"-" * 50_000 + b"1\n", "is not Python"),
    ],
)  # fmt: skip
def test_sources_that_are_none_are_one_error(
    data: bytes, said: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "a.py").write_bytes(data)
    if sys.version_info >= (3, 13) and b"T = int" in data:
        pytest.skip("Python 3.13 reads that")
    before = tree(project)
    assert main(["run", "a.py", "--stdin", os.devnull]) == 2
    told = capsys.readouterr().err
    assert said in told and told.count("hasten: ") == 1 and "Traceback" not in told
    assert tree(project) == before


# --- processes ---------------------------------------------------------------------------------------------------------

BOMB = """
import os, time
print(os.environ["HASTEN_RUN"], flush=True)
for _ in range(5):
    os.fork()
if os.getpid() != os.getpgid(0):
    os.setsid()
while True:
    time.sleep(1)
"""


def test_a_fork_bomb_ends_at_the_deadline_with_all_that_it_forked(tmp_path: Path) -> None:
    done = run_program([sys.executable, "-c", BOMB], cwd=tmp_path, deadline_s=1.5)
    assert done.timed_out and done.children
    assert not reap.marked(done.stdout.decode().split()[0])


@pytest.fixture
def active(tmp_path: Path) -> Iterator[Session]:
    with session(tmp_path / "store") as current:
        yield current


@pytest.mark.parametrize(("times", "status"), [(1, 0), (2, -signal.SIGKILL)])
def test_a_program_that_is_killed_from_outside_is_run_once_more(
    times: int, status: int, tmp_path: Path, active: Session
) -> None:
    root, count = tmp_path / "root", tmp_path / "count"
    root.mkdir()
    (root / "a.py").write_text(
        f"import os, signal\nwith open({str(count)!r}, 'a') as f: f.write('x')\n"
        f"if os.path.getsize({str(count)!r}) <= {times}: os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    work = ScriptWorkload(root, Entry("script", "a.py"), "a.py", python=sys.executable)
    done = run_workload(active, Mirror(active, work), work)
    assert done.status == status and count.read_text() == "xx"


def test_a_clock_that_the_program_moves_does_not_move_ours(tmp_path: Path) -> None:
    code = "import time\nsleep = time.sleep\ntime.time = time.perf_counter = time.monotonic = lambda: 0.0\nsleep(0.2)\n"
    assert run_program([sys.executable, "-c", code], cwd=tmp_path).wall_s >= 0.2


# --- clocks, disks, other hastens ---------------------------------------------------------------------------------------


def test_a_clock_that_jumps_back_changes_nothing(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "a.py").write_text("print(1)\n")
    now = [4e9]

    def jumping() -> float:
        now[0] -= 1e6
        return now[0]

    monkeypatch.setattr(time, "time", jumping)
    found = finished(project, "a.py", tmp_path)
    assert 0 < found["own_s"] < 600


def test_a_disk_that_fills_up_is_one_error_and_the_run_can_go_on(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "a.py").write_text("print(1)\n")
    out, write = str(tmp_path / "out"), os.write
    full = os.open("/dev/full", os.O_WRONLY)

    def on_a_full_disk(self: Journal, line: Any) -> None:
        keep = self._steps
        if str(line.get("step")).startswith("baseline"):
            monkeypatch.setattr(os, "write", lambda handle, data: write(full, data))
        try:
            real(self, line)
        finally:
            monkeypatch.setattr(os, "write", write)
            assert self._steps is keep

    real = Journal._write
    with monkeypatch.context() as m:
        m.setattr(Journal, "_write", on_a_full_disk)
        assert main(["run", "a.py", "--stdin", os.devnull, "--out", out]) == 2
    os.close(full)
    told = capsys.readouterr().err
    assert "the disk is full; make room" in told and told.count("hasten: ") == 1
    assert main(["run", "--resume", out]) == 0
    assert json.loads((tmp_path / "out" / RESULT).read_text())["status"] == "finished"


def test_a_temporary_folder_without_room_is_one_error(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "a.py").write_text("print(1)\n")

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/tmp/somewhere")

    monkeypatch.setattr("hasten.observe.process.tempfile.TemporaryFile", full)
    assert main(["run", "a.py", "--stdin", os.devnull, "--out", str(tmp_path / "out")]) == 2
    told = capsys.readouterr().err
    assert "disk is full" in told or "No space left" in told
    assert told.count("hasten: ") == 1 and "Traceback" not in told


def test_a_result_that_cannot_be_written_is_one_error_and_the_earlier_one_stays(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "a.py").write_text("print(1)\n")
    (tmp_path / "file").write_text("in the way")
    assert main(["run", "a.py", "--stdin", os.devnull, "--out", str(tmp_path / "file" / "out")]) == 2
    assert main(["run", "a.py", "--stdin", os.devnull, "--out", str(tmp_path / "file")]) == 2
    told = capsys.readouterr().err
    assert "Not a directory" in told and "it is a file; name a folder" in told and told.count("hasten: ") == 2
    assert (tmp_path / "file").read_text() == "in the way" and not (project / ".hasten").exists()


def test_a_second_hasten_on_one_run_refuses_and_names_the_first(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from hasten.api import kept

    (project / "a.py").write_text("print(1)\n")
    with kept.begun(tmp_path / "out", "script", {}) as journal:
        assert journal.store.is_dir()
        for words in (["run", "a.py", "--out", str(tmp_path / "out")], ["run", "--resume", str(tmp_path / "out")]):
            assert main(words) == 2
        told = capsys.readouterr().err
        assert f"another hasten (process {os.getpid()}) is at work" in told and journal.store.is_dir()


@pytest.mark.slow
def test_a_cache_that_cannot_be_written_is_not_needed(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cache").write_text("no folder")
    for name in ("XDG_CACHE_HOME", "NUMBA_CACHE_DIR", "PYTHONPYCACHEPREFIX", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / "cache"))
    (project / "a.py").write_text("import json\nprint(json.dumps(1))\n")
    finished(project, "a.py", tmp_path)


# --- models and their data ----------------------------------------------------------------------------------------------


def ready(x: Any, y: Any, model: Any = None) -> ModelWorkload:
    fitted = LogisticRegression().fit(np.eye(2), [0, 1]) if model is None else model
    work = ModelWorkload(fitted, Rows(x, y))
    return _ready(work, "it", ModelOptions(), ModelContract(), 0)[0]


@pytest.mark.parametrize(
    ("x", "y", "said"),
    [
        (np.zeros((0, 2)), np.zeros(0, int), "fewest"),
        (np.zeros((40, 2)), np.full(40, np.nan), "targets are missing"),
    ],
)
def test_data_of_no_use_is_one_error(x: Any, y: Any, said: str) -> None:
    with pytest.raises((TargetError, UsageError), match=said):
        ready(x, y)


def test_data_of_nan_only(tmp_path: Path) -> None:
    """Data for a model that takes them, one error for one that does not."""
    nothing, y = np.full((40, 2), np.nan), np.arange(40) % 2
    taker = HistGradientBoostingClassifier(max_iter=2).fit(np.eye(40, 2), y)
    assert np.isnan(np.asarray(ready(nothing, y, taker).valid.x)).all()
    with pytest.raises(TargetError, match="fails on the validation data: Input X contains NaN"):
        hasten.run(LogisticRegression().fit(np.eye(2), [0, 1]), data=(nothing, y), metric="accuracy", out=tmp_path)


def test_one_class_and_a_million_columns_are_data() -> None:
    assert set(np.asarray(ready(np.zeros((40, 2)), np.zeros(40, int)).valid.y)) == {0}
    wide = LogisticRegression()
    wide.coef_, wide.intercept_ = np.zeros((1, 1_000_000)), np.zeros(1)
    wide.classes_, wide.n_features_in_ = np.array([0, 1]), 1_000_000
    assert ready(np.zeros((40, 1_000_000), np.int8), np.arange(40) % 2, wide).valid.x.shape == (20, 1_000_000)


@pytest.fixture
def artifact(tmp_path: Path) -> Path:
    """A manifest with one part that says it is there."""
    folder = tmp_path / "artifact"
    (folder / "parts" / "one").mkdir(parents=True)
    (folder / "parts" / "one" / "model.pkl").write_bytes(b"x")
    data = {
        "schema": 1, "model": "m", "methods": ["predict"], "inputs": {"form": "array", "columns": []}, "routes": [],
        "parts": {"one": {"backend": "original", "methods": ["predict"], "options": {}, "packages": []}},
        "files": {"parts/one/model.pkl": "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"},
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(data))
    return folder


def changed(folder: Path, **what: Any) -> None:
    file = folder / "manifest.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **what}))


def test_a_manifest_leads_nowhere_else(artifact: Path, tmp_path: Path) -> None:
    read_manifest(artifact)  # as it is, it is good
    (tmp_path / "evil").mkdir()
    evil = tmp_path / "evil" / "model.pkl"
    evil.write_bytes(b"cos\nsystem\n(S'touch ran'\ntR.")
    part = json.loads((artifact / "manifest.json").read_text())["parts"]["one"]
    for name in ("../../evil", "/etc", "a/../../../evil"):
        changed(artifact, parts={name: part})
        with pytest.raises(TargetError, match="is not inside it; do not use it"):
            hasten.load(artifact)
    changed(artifact, parts={"one": part}, files={"../evil/model.pkl": "0"})
    with pytest.raises(TargetError, match="is not inside it; do not use it"):
        hasten.load(artifact)
    (artifact / "parts" / "one" / "model.pkl").unlink()
    (artifact / "parts" / "one" / "model.pkl").symlink_to(evil)
    changed(artifact, files={"parts/one/model.pkl": "0"})
    with pytest.raises(TargetError, match="is not inside it; do not use it"):
        hasten.load(artifact)
    assert not Path("ran").exists()


@pytest.mark.parametrize(
    "what",
    [
        {"files": {"parts/one/model.pkl": "0" * 64}}, {"files": None}, {"parts": {"one": {}}}, {"parts": []},
        {"no such field": 1}, {"inputs": 3}, {"routes": [{"rows": 1}]}, {"schema": 99}, {"schema": None},
    ],
)  # fmt: skip
def test_a_tampered_artifact_is_one_error(what: dict[str, Any], artifact: Path) -> None:
    changed(artifact, **what)
    with pytest.raises(TargetError) as told:
        hasten.load(artifact)
    assert str(artifact) in str(told.value)


def test_a_manifest_that_is_cut_short(artifact: Path) -> None:
    text = (artifact / "manifest.json").read_text()
    (artifact / "manifest.json").write_text(text[: len(text) // 2])
    with pytest.raises(TargetError, match="is not JSON"):
        hasten.load(artifact)
