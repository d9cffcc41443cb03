"""A run that is killed at any step goes on, repeats nothing that was finished, and ends as an unbroken one does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hasten.errors import UsageError
from hasten.observe import reap

PROGRAM = """
import os, sys

STOP = [f"word{i}" for i in range(400)]


def kept(words):
    total = 0
    for word in words:
        if word not in STOP:
            total += len(word)
    return total


with open("OUTSIDE/notes.txt", "a") as file:
    file.write("run\\n")
text = ((open("OUTSIDE/data.txt").read() + " ") * 1500).split()
print(kept(text))
"""

# hasten with a journal that ends the process at its n-th line: before it, in the middle of it, or behind it
DRIVER = """
import os, sys
from pathlib import Path
from hasten.cli import main
from hasten.observe.journal import Journal
from hasten.passes import registry

# two searches of one program come to the same where its gain is no matter of milliseconds
passes, starts = registry.all_passes, registry.startup_passes
registry.all_passes = lambda: tuple(p for p in passes() if p.code == "HST101")
registry.startup_passes = lambda: tuple(p for p in starts() if p.code != "HST602")
at, how, log = int(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
write, count = Journal._write, [0]

def killing(self, line):
    count[0] += 1
    if count[0] == at and how == "before":
        os.kill(os.getpid(), 9)
    if count[0] == at and how == "torn":
        os.write(self._steps.fileno(), b'0123456789abcdef {"step": "torn ')
        os.kill(os.getpid(), 9)
    write(self, line)
    with log.open("a") as file:
        file.write(str(line.get("step")) + "\\n")
    if count[0] == at:
        os.kill(os.getpid(), 9)

Journal._write = killing
sys.exit(main(sys.argv[4:]))
"""
WORDS = ["--out", "run", "--no-compiled"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "project").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "notes.txt").write_text("mine\n")
    (tmp_path / "outside" / "data.txt").write_text(" ".join(f"other{i} word{i}" for i in range(390, 410)))
    (tmp_path / "project" / "pyproject.toml").write_text("")
    (tmp_path / "project" / "words.py").write_text(PROGRAM.replace("OUTSIDE", str(tmp_path / "outside")))
    (tmp_path / "project" / "driver.py").write_text(DRIVER)
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path


def hasten(at: int, how: str, *words: str) -> subprocess.CompletedProcess[str]:
    """hasten killed at a line of its journal; -1: never."""
    command = [sys.executable, "driver.py", str(at), how, "../log", *words]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)


def state(folder: Path) -> dict[str, Any]:
    """What a run came to, timings apart."""
    told = json.loads((folder / "result.json").read_text())
    assert told["kept"], (told["trials"], told["notes"], told["baseline"], told["profile"])
    files = {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted((folder / "optimized").rglob("*.py"))}
    trials = sorted((t["code"], t["title"], t["region"], t["verdict"], t["kept"]) for t in told["trials"])
    return {
        "kept": told["kept"] and [(c["code"], c["title"], c["edits"]) for c in told["kept"]], "trials": trials,
        "files": files, "patch": (folder / "changes.patch").read_bytes(), "status": told["status"],
        "changed": told["changed"], "sources": told["sources"], "contract": told["contract"], "target": told["target"],
        "decided": told["comparison"]["speedup"]["decided"], "command": told["command"], "notes": told["notes"],
    }  # fmt: skip


def nothing_left(run: Path) -> bool:
    """Once the guard of the killed hasten is done: no process, no temporary folder."""
    token = (run / "journal" / "lock").read_text().strip()
    reap.ended(token, 60.0)
    head = json.loads((run / "journal" / "steps").read_bytes().splitlines()[0].partition(b" ")[2])
    return not reap.marked(token) and not Path(head["scratch"]).exists()


def test_killed_again_and_again_it_ends_as_if_it_had_not_been(here: Path) -> None:
    done = hasten(-1, "", "run", "words.py", *WORDS)
    assert done.returncode == 0, done.stderr
    unbroken = state(Path("run"))
    assert unbroken["kept"] and unbroken["decided"] == "faster" and not Path("run/journal").exists()
    steps = (here / "log").read_text().split("\n")
    os.rename("run", "first")
    (here / "log").unlink()

    killed = hasten(3, "behind", "run", "words.py", *WORDS)
    for how in ("torn", "before", "behind"):
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert nothing_left(Path("run"))
        assert (here / "outside" / "notes.txt").read_text() == "mine\n"
        assert "no run at run" in hasten(-1, "", "report", "run").stderr
        killed = hasten(3, how, "run", "--resume", "run")
    done = hasten(-1, "", "run", "--resume", "run") if killed.returncode else killed
    assert done.returncode == 0, done.stderr
    assert state(Path("run")) == unbroken
    assert not Path("run/journal").exists() and (here / "outside" / "notes.txt").read_text() == "mine\n"
    again = (here / "log").read_text().split("\n")
    assert len(set(again)) == len(again), "a finished step was done again"
    assert {s.rpartition(" ")[0].split(" ")[0] for s in again} == {s.rpartition(" ")[0].split(" ")[0] for s in steps}
    finished = hasten(-1, "", "run", "--resume", "run")
    assert finished.returncode == 2 and "is finished, there is nothing to go on with" in finished.stderr


@pytest.mark.slow
def test_nothing_stale_is_gone_on_with(here: Path) -> None:
    killed = hasten(5, "behind", "run", "words.py", *WORDS)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    busy = hasten(-1, "", "run", "words.py", *WORDS)
    assert busy.returncode == 2 and "`hasten run --resume run` goes on with it" in busy.stderr
    before = Path("run/journal/steps").read_bytes()
    for name, said in (("words.py", "has changed"), ("../outside/data.txt", "has changed"), ("new.py", "is new")):
        file = Path(name)
        data = file.read_bytes() if file.exists() else None
        file.write_text("x = 1\n")
        done = hasten(-1, "", "run", "--resume", "run")
        assert done.returncode == 2 and done.stderr.count("hasten: ") == 1, done.stderr
        assert f"{file.name} {said} since this run began, so nothing of it is used" in done.stderr
        assert Path("run/journal/steps").read_bytes() == before
        file.unlink() if data is None else file.write_bytes(data)


def test_a_target_that_fails_leaves_nothing(here: Path) -> None:
    Path("words.py").write_text("raise SystemExit(print('no') or 3 / 0)\n")
    failed = hasten(-1, "", "run", "words.py", "--out", "run")
    assert failed.returncode == 2 and not Path("run").exists(), failed.stderr
    failed = hasten(-1, "", "run", "words.py")
    assert failed.returncode == 2 and not Path(".hasten").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "--resume", "run", "--exact"], "leave out exact"),
        (["run", "words.py", "--resume", "run"], "leave out TARGET"),
        (["run", "--resume", "latest"], "waits to be gone on with"),
        (["run", "--resume", "nothing"], "no unfinished run at nothing"),
    ],
)
def test_what_goes_with_it(words: list[str], said: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from hasten.cli import main

    assert main(words) == 2
    assert said in capsys.readouterr().err


def test_from_python(here: Path) -> None:
    import hasten as package

    with pytest.raises(UsageError, match="no unfinished run"):
        package.run(resume=here / "nothing")
    with pytest.raises(UsageError, match="leave the target out"):
        package.run("words.py", resume=here)
