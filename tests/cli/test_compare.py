"""`hasten compare`: of git revisions, as a gate. One program is really run; all else is given results."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from hasten.api.compare import _gated, _pairs, compare
from hasten.api.outputs import schema
from hasten.api.results import CompareResult
from hasten.cli import main
from hasten.cli.progress import Lines
from hasten.core.contract import Contract
from hasten.core.measurement import Comparison, RunSample, Speedup
from hasten.errors import UsageError
from hasten.measure.decide import Evidence
from hasten.report.comparison import render, summary
from tests.observe.test_notebook import notebook
from tests.observe.test_revisions import commit, git, repository, state, write

SLOWER = "def work(n):\n    return sum(i for i in range(n))\n"
SCRIPT = """\
import sys
from package.work import work
import package.work
print(work(10), open("data/n.txt").read(), __file__ == sys.argv[0] or __file__)
print("from", package.work.__file__, file=sys.stderr)
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    top = repository(
        tmp_path / "project",
        {
            "src/package/__init__.py": "",
            "src/package/work.py": SLOWER,
            "bench/script.py": SCRIPT,
            ".gitignore": "data\n",
        },
    )
    git(top, "branch", "old")
    monkeypatch.chdir(top / "bench")
    return top


def test_two_revisions_of_one_program(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # the checkout itself is on Python's path, as with an editable install: its place is taken by each tree
    monkeypatch.setenv("PYTHONPATH", str(project / "src"))
    commit(project, {"src/package/work.py": "def work(n):\n    return n * (n - 1) // 2 + 1\n"})
    write(project, {"bench/data/n.txt": "5\n", "src/package/work.py": "broken(\n"})
    before = state(project)
    words = ["compare", "old", "HEAD", "--target", "script.py", "--bring", "data", "--budget", "1ms", "--json"]
    assert main([*words, "--fail-under", "0.01", "--summary", "summary.md"]) == 1
    found = json.loads(capsys.readouterr().out)
    jsonschema.validate(found, schema("compare"))
    assert found["difference"].startswith("stdout")
    assert "45" in found["difference"]
    assert "46" in found["difference"]
    assert found["target"] == "script.py"
    assert [found["a"], found["b"]] == ["old", "HEAD"]
    assert found["gate"] == "undecided"
    assert "script.py | different" in (project / "bench/summary.md").read_text()
    (project / "bench/summary.md").unlink()
    assert state(project) == before


def result(ratio: float, pairs: int = 12, **more: Any) -> CompareResult:
    """Runs of 1 s against runs of 1/ratio s, with a little noise."""
    old = tuple(RunSample(1.0 + i / 1000, 1.0, 50.0) for i in range(pairs))
    new = tuple(RunSample(1.0 / ratio + i / 1000, 1.0 / ratio, 50.0) for i in range(pairs))
    speedup = Speedup(ratio, ratio * 0.99, ratio * 1.01, pairs, decided="not faster")
    return CompareResult("main", "HEAD", None, Comparison(speedup, old, new), target="a|b.py", **more)


@pytest.mark.parametrize(
    ("found", "words", "status"),
    [
        (result(1.0), [], 0),
        (result(0.5), [], 0),
        (result(0.5, fail_under=0.95, gate="regressed"), [], 1),
        (result(0.97, fail_under=0.95, gate="held"), [], 0),
        (result(0.95, fail_under=0.95, gate="undecided"), [], 0),
        (result(1.0), ["--require", "2x"], 1),
    ],
)
def test_exit_status(
    found: CompareResult, words: list[str], status: int, monkeypatch: pytest.MonkeyPatch, project: Path
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr("hasten.api.compare.compare", lambda *a, **more: asked.append((a, more)) or found)
    assert main(["compare", "main", "HEAD", "--target", "s.py", *words]) == status
    assert asked[0][0] == ("main", "HEAD", [])
    assert asked[0][1]["target"] == "s.py"


def test_results_count_unless_only_times_do(monkeypatch: pytest.MonkeyPatch, project: Path) -> None:
    differs = CompareResult("a", "b", "stdout: 1 became 2", result(1.0).comparison)
    monkeypatch.setattr("hasten.api.compare.compare", lambda *a, **more: differs)
    words = ["compare", "main", "HEAD", "--target", "s.py"]
    assert main(words) == 1
    assert main([*words, "--times-only"]) == 0
    untimed = CompareResult("a", "b", None, Comparison(Speedup(1.0, 0.0, float("inf"), 0), (), ()))
    monkeypatch.setattr("hasten.api.compare.compare", lambda *a, **more: untimed)
    assert main([*words, "--times-only"]) == 1
    assert "Infinity" in json.dumps(untimed.to_json(), allow_nan=False)
    jsonschema.validate(untimed.to_json(), schema("compare"))


def test_several_targets_make_one_verdict(
    monkeypatch: pytest.MonkeyPatch, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(project, {"pyproject.toml": '[tool.hasten]\ntarget = ["a.py", "b.py"]\n'})
    gates = {"a.py": "held", "b.py": "regressed"}

    def given(*_: Any, target: str, **more: Any) -> CompareResult:
        return result(0.9, fail_under=0.95, gate=gates[target])

    monkeypatch.setattr("hasten.api.compare.compare", given)
    assert main(["compare", "old", "HEAD", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    jsonschema.validate(found, schema("compare-several"))
    assert [c["gate"] for c in found["comparisons"]] == ["held", "regressed"]
    assert found["passed"] is False
    gates["b.py"] = "held"
    assert main(["compare", "old", "."]) == 0
    assert capsys.readouterr().out.count("gate     held") == 2


def test_what_is_a_revision(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "old", "HEAD"]) == 2
    assert "name what to run in each, --target script.py" in capsys.readouterr().err
    assert main(["compare", "nothing.py", "script.py"]) == 2
    assert "nothing.py: no such file" in capsys.readouterr().err
    assert main(["compare", "script.py", "script.py", "--bring", "x"]) == 2
    assert "git revisions" in capsys.readouterr().err
    assert main(["compare", "nothing", "HEAD", "--target", "script.py"]) == 2
    assert "no revision 'nothing'" in capsys.readouterr().err
    assert main(["compare", "old", "HEAD", "--target", "nothing.py"]) == 2
    assert "old: nothing.py: no such file" in capsys.readouterr().err
    with pytest.raises(UsageError, match="fail_under: 'much' is not a gain"):
        compare("old", "HEAD", target="script.py", fail_under="much")


def test_the_gate_and_the_verdict_are_two_readings_of_the_same_pairs() -> None:
    slower = result(0.97)
    for decided, gate in (("faster", "held"), ("not faster", "regressed"), ("undecided", "undecided")):
        speedup = Speedup(0.97, 0.96, 0.98, 12, decided=decided)
        found, said = _gated(Comparison(speedup, slower.comparison.old, slower.comparison.new), Contract())
        assert said == gate
        assert found.speedup.decided == "not faster"  # than main, whatever the gate


def test_words_for_the_terminal_and_the_pull_request() -> None:
    bad = result(0.5, fail_under=0.95, gate="regressed", notes=("a <b>note</b>",))
    text = render(bad)
    assert "REGRESSED: shown to be below 0.95x" in text
    shown = summary([bad, result(1.0, fail_under=0.95, gate="held")], False)
    assert shown.startswith("### hasten: regression")
    assert "a\\|b.py" in shown
    assert "&lt;b&gt;" in shown
    assert "24 interleaved pairs" in shown
    assert "no regression" in summary([result(1.0)], True)
    untimed = render(replace(bad, comparison=Comparison(Speedup(1.0, 0.0, float("inf"), 0), (), ())))
    assert "nothing was timed" in untimed
    assert "pair" not in untimed
    hashed = replace(result(0.9), a="0123456789" * 4, b="b" * 39)
    assert "0123456789/" in render(hashed)
    assert "b" * 39 in render(hashed)
    assert "| 0123456789 |" in summary([hashed], True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_comparison_that_is_ended_leaves_nothing(project: Path, tmp_path: Path, number: signal.Signals) -> None:
    commit(project, {"bench/long.py": "import time\nprint('begun', flush=True)\ntime.sleep(600)\n"})
    before = state(project)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    words = [sys.executable, "-m", "hasten", "compare", "HEAD", ".", "--target", "long.py"]
    # a shell that starts a job in the background has it ignore Ctrl-C: not here
    with subprocess.Popen(
        words, env={**os.environ, "TMPDIR": str(scratch)}, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as running:  # fmt: skip
        assert running.stderr is not None
        for line in running.stderr:
            if "twice" in line:  # both trees are there
                break
        assert len(git(project, "worktree", "list").splitlines()) == 3
        running.send_signal(number)
        rest = running.stderr.read()
        assert running.wait(60) == 130, rest
    assert state(project) == before
    assert list(scratch.glob("hasten-*")) == []


def test_two_notebooks(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cells = ["import os", "n = 10\nprint(sorted(f for f in os.listdir() if f.endswith('.txt')))", "n * 4"]
    (project / "bench/data.txt").write_text("here")
    for name, last in (("old.ipynb", "n * 4"), ("new.ipynb", "n + 31")):
        (project / "bench" / name).write_bytes(notebook(*cells[:-1], last))
    assert main(["compare", "old.ipynb", "new.ipynb", "--budget", "1ms", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["difference"].startswith("stdout")
    assert "40" in found["difference"]
    assert "41" in found["difference"]
    (project / "bench/new.ipynb").write_bytes(notebook(*cells[:-1], "n / (n - 10)"))
    assert main(["compare", "new.ipynb", "old.ipynb", "--budget", "1ms"]) == 2
    assert "(In [3], line 1)" in capsys.readouterr().err
    # in two revisions, from a folder above
    git(project, "add", "bench")
    git(project, "commit", "-qm", "x")
    os.chdir(project)
    (project / "bench/old.ipynb").write_bytes(notebook(*cells[:-1], "n * 5"))
    words = ["compare", "HEAD", ".", "--target", "bench/old.ipynb", "--budget", "1ms", "--json"]
    assert main(words) == 1
    assert "50" in json.loads(capsys.readouterr().out)["difference"]


def test_pairs_are_told_as_they_come(capsys: pytest.CaptureFixture[str]) -> None:
    shown, evidence = Lines(sys.stderr), Evidence(1.02, 0.05)
    shown.stage("measure both, interleaved")
    for _ in range(9):
        evidence = evidence.after(2.0, 1.0)
        _pairs(shown, evidence)
    lines = capsys.readouterr().err.splitlines()
    assert [line[10:] for line in lines[1:]] == [
        f"{n} pair{'s' if n > 1 else ''} of runs: time of A / time of B is 2.00" for n in (1, 2, 4, 8)
    ]
    assert shown.step(shown.began) == "measure both, interleaved, 9 by now"


def test_what_is_printed_fits_80_columns() -> None:
    found = replace(result(2.9), a="old_analysis.ipynb", b="new_analysis.ipynb", notes=("a note " * 30,))
    lines = render(found).splitlines()
    assert max(map(len, lines)) <= 80
    assert " ".join(" ".join(lines).split()).count("a note") == 30
    assert "x" * 120 in render(replace(found, a="x" * 120))  # a path can still be copied
