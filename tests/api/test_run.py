"""`hasten run`, `compare` and `profile` on small real programs, end to end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import hasten
from hasten.api.run import command_line, new_folder
from hasten.cli import main
from hasten.config import Settings
from hasten.deliver.artifact import load

SEARCHES = """\
import sys

ALLOWED = [f"user{i}" for i in range(600)]
SCALE = int(sys.argv[1])

hits = 0
for i in range(60 * SCALE):
    if f"user{i % 1000}" in ALLOWED:
        hits += 1
print("hits", hits, sys.stdin.read().strip())
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_slow_program_becomes_a_faster_one(here: Path) -> None:
    (here / "search.py").write_text(SEARCHES)
    result = hasten.run("search.py", ["1000"], stdin=b"given\n", out="out", seed=1)
    record = result.record
    assert (here / "search.py").read_text() == SEARCHES
    assert record == load(here / "out")
    assert record.status == "finished"
    assert record.target.argv == ("1000",)
    assert record.seed == 1
    assert record.machine["cores"]
    assert "numba" in record.versions
    assert record.trials, "a membership test in a list was not even tried"
    assert sorted(p.name for p in here.joinpath("out").iterdir()) == [
        "changes.patch", "optimized", "report.html", "result.json",
    ]  # fmt: skip
    # what was looked at, whatever came of it
    assert [c.check for c in record.checks][:3] == ["exit status", "stdout", "stderr"]
    assert record.checks[1].expected.startswith("1 line, 17 B")
    assert all(bool(c.got) == bool(record.changed) for c in record.checks)
    assert record.profile.stacks and any("if" in line for e in record.excerpts for line in e.lines)
    assert bool(record.origins) == bool(record.contributions) == bool(record.changed)
    # kept or not is for the clock to say; what was kept must hold
    assert bool(result.kept) == bool(record.changed) == bool(result.patch)
    for path in result.optimized:
        done = subprocess.run([sys.executable, path, "1000"], input=b"given\n", capture_output=True)
        assert done.stdout == b"hits 36000 given\n"
    assert "search.py" in str(result)


NUMBERS = """\
total = 0.0
for i in range(6_000_000):
    total += (i % 7) * 0.5
print(total)
"""


def test_no_compiled_keeps_compilers_out(here: Path) -> None:
    (here / "numbers_.py").write_text(NUMBERS)
    (here / "pyproject.toml").write_text("[tool.hasten]\ncompiled = false\n")
    result = hasten.run("numbers_.py", out="out")
    assert not result.record.contract.compiled
    assert result.record.command.endswith("--no-compiled")
    assert all("numba" not in path.read_text() for path in result.optimized)
    assert not [t for t in result.record.trials if t.code == "HST301"]


@pytest.mark.slow
def test_a_start_without_what_the_run_does_not_need(here: Path) -> None:
    """What was moved works where it is needed, and random numbers stay what they were."""
    (here / "pyproject.toml").touch()
    (here / "start.py").write_text(
        "import random\nimport sys\nimport sqlite3\nimport pandas as pd\nimport numpy as np\n\n\n"
        "def table(xs):\n    print(sqlite3.version_info, pd.Series(xs))\n\n\nrandom.seed(3)\n"
        "if len(sys.argv) > 1:\n    table([1])\nprint(random.random(), np.arange(3).sum())\n"
    )
    result = hasten.run("start.py", out="out")
    tried = {t.code for t in result.record.trials}
    assert "HST601" in tried
    for path in result.optimized:
        for words in ([], ["x"]):
            runs = [subprocess.run([sys.executable, p, *words], capture_output=True) for p in (path, here / "start.py")]
            assert runs[0].returncode == 0
            assert runs[0].stdout == runs[1].stdout


def test_require_that_is_not_met(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "quick.py").write_text("print(sum(range(10)))\n")
    assert main(["run", "quick.py", "--require", "50x", "--json", "--out", "o", "--stdin", os.devnull]) == 1
    shown = capsys.readouterr()
    assert json.loads(shown.out)["changed"] == {}
    assert "baseline" in shown.err
    assert (here / "o/changes.patch").read_bytes() == b""
    assert main(["apply", "o"]) == 0
    assert "nothing to apply" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("raise ValueError('no data today')\n", "no data today"),
        ("open('missing.csv')\n", "missing.csv"),
        ("import os\nos.kill(os.getpid(), 11)\n", "SIGSEGV"),
        ("it was a dark night\n", "is not Python"),
    ],
)
def test_a_target_that_cannot_be_run(source: str, said: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "bad.py").write_text(source)
    assert main(["run", "bad.py", "--stdin", os.devnull]) == 2
    told = capsys.readouterr()
    assert said in told.err
    assert "Traceback (most recent call last)" not in told.err
    assert told.out == ""
    assert not (here / ".hasten").exists()


def test_ctrl_c_leaves_a_result_and_no_process(here: Path) -> None:
    name = f"long_{os.getpid()}_{time.monotonic_ns()}.py"
    (here / name).write_text("import time\nx = 0\nend = time.time() + 100\nwhile time.time() < end:\n    x += 1\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "hasten", "run", "./" + name, "--out", "out"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's jobs behind `&` inherit that it is ignored
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not _running(name) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _running(name)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=120)
    assert process.returncode == 130
    assert load(here / "out").status == "interrupted"
    deadline = time.monotonic() + 10
    while _running(name) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _running(name) == []


def _running(script: str) -> list[list[bytes]]:
    """Command lines of the processes that run `script`; hasten's own names it with a `./`."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = place.read_bytes().split(b"\0")
        except OSError:
            continue
        if script.encode() in words:
            found.append(words)
    return found


def test_a_version_that_crashes_now_and_then_is_not_timed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its quick ends must not count as speed."""
    here = tmp_path / "project"
    here.mkdir()
    monkeypatch.chdir(here)
    work = "print(sum(i * i for i in range(300000)))\n"
    crash = f"""\
import os, sys
log = {str(tmp_path / "runs")!r}
with open(log, "a") as f:
    f.write(".")
if os.path.getsize(log) > 2:
    sys.exit(3)
"""
    (here / "a.py").write_text(work)
    (here / "b.py").write_text(crash + work)
    result = hasten.compare("a.py", "b.py")
    assert result.difference is not None and "while timing" in result.difference
    assert result.speedup.decided == "undecided"
    assert result.speedup.pairs == 0
    assert json.loads(json.dumps(result.to_json()))["same"] is False
    (tmp_path / "runs").unlink()
    status = main(["compare", "a.py", "b.py"])
    assert status == 1


def test_compare_tells_results_apart(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "a.py").write_text("import sys\nprint(1.0, sys.argv[1:])\n")
    (here / "b.py").write_text("import sys\nprint(1.0 + 1e-13, sys.argv[1:])\n")
    (here / "c.py").write_text("import sys\nprint(1.5, sys.argv[1:])\n")
    ends = ["--budget", "1s", "--stdin", os.devnull, "--", "-x"]
    assert main(["compare", "a.py", "b.py", *ends]) == 0
    assert "results  the same" in capsys.readouterr().out
    assert main(["compare", "a.py", "b.py", "--exact", *ends]) == 1
    assert "DIFFERENT" in capsys.readouterr().out
    assert main(["compare", "a.py", "c.py", "--json", *ends]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["same"] is False
    assert "1.5" in told["difference"]


def test_the_faster_one_is_named(here: Path) -> None:
    (here / "a.py").write_text("x = 0\nfor i in range(4_000_000):\n    x += i\nprint(x)\n")
    (here / "b.py").write_text("print(sum(range(4_000_000)))\n")
    result = hasten.compare("a.py", "b.py")
    assert result.same
    assert result.speedup.ratio > 1
    assert len(result.comparison.old) == len(result.comparison.new) == result.speedup.pairs


def test_versions_in_two_folders(here: Path) -> None:
    for name, value in (("old", 1), ("new", 1)):
        (here / name).mkdir()
        (here / name / "helper.py").write_text(f"value = {value}\n")
        (here / name / "main.py").write_text("import helper\nprint(helper.value)\n")
    assert hasten.compare("old/main.py", "new/main.py", budget="1s").same


def test_the_command_that_repeats_a_run() -> None:
    text = command_line(
        "a b.py", ["-x", "1 2"], Settings(budget=600.0, exact=True, require=2.0), calls=None, stdin=True
    )
    assert text == "hasten run 'a b.py' --budget 600 --require 2 --exact -- -x '1 2' < INPUT"


def test_names_of_new_folders(here: Path) -> None:
    now = time.struct_time((2026, 1, 31, 23, 59, 58, 0, 0, 0))
    first = new_folder("some/my script.py::f", now)
    assert first.as_posix() == ".hasten/runs/20260131-235958-my-script"
    first.mkdir(parents=True)
    assert new_folder("my script.py", now).name == "20260131-235958-my-script-2"


def test_profile_finds_the_hot_function(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "hot.py").write_text(
        "def work(n):\n    x = 0\n    for i in range(n):\n        x += i * i\n    return x\n\nprint(work(16_000_000))\n"
    )
    result = hasten.profile("hot.py")
    assert result.profile.samples > 10
    assert result.hotspots[0].function == "work"
    assert result.hotspots[0].headroom > 1.5
    assert "work" in str(result)
    assert main(["profile", "hot.py", "--json", "--stdin", os.devnull]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["functions"][0]["qualname"] in ("work", "<module>")


def test_profile_of_a_program_that_fails_or_hangs(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "bad.py").write_text("1 / 0\n")
    assert main(["profile", "bad.py", "--stdin", os.devnull]) == 2
    assert "ZeroDivisionError" in capsys.readouterr().err
    (here / "hangs.py").write_text("import time\ntime.sleep(60)\n")
    assert main(["profile", "hangs.py", "--timeout", "1s", "--stdin", os.devnull]) == 2
    assert "--timeout" in capsys.readouterr().err
