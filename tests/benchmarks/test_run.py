"""The benchmark with stand-ins for hasten: what it flags, and what it prints."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from benchmarks import run, runs
from benchmarks.run import EXPERT, HASTEN, ORIGINAL, CaseResult, as_json, measure, table
from benchmarks.runs import Copy, Outcome

PROGRAM = "import os\nos.makedirs('out', exist_ok=True)\nopen('out/a.txt', 'w').write('{file}')\nprint({shown})\n"


@dataclass(frozen=True)
class Timed(Copy):
    """A program that is run, and said to have taken `seconds`."""

    seconds: float = 1.0

    def run(self, *, cold: bool = False, limit_s: float = runs.LIMIT_S) -> Outcome:
        return replace(super().run(cold=cold, limit_s=limit_s), seconds=self.seconds)


def program(folder: Path, shown: str = "1.5", *, file: str = "x", seconds: float = 1.0) -> Copy:
    folder.mkdir()
    (folder / "p.py").write_text(PROGRAM.format(file=file, shown=shown))
    return Timed(folder, "p.py", seconds=seconds)


def measured(tmp_path: Path, hasten: Copy, *, changed: bool = True) -> CaseResult:
    result = CaseResult("case", "none", changed=["p.py"] if changed else [])
    copies = {ORIGINAL: program(tmp_path / "o"), HASTEN: hasten, EXPERT: program(tmp_path / "e")}
    measure(result, copies, pairs=3, cold=1, rng=random.Random(0))
    return result


def test_equal_versions_are_measured_each_round(tmp_path: Path) -> None:
    result = measured(tmp_path, program(tmp_path / "h", "1.5000000000001"))
    assert result.problems == []
    assert [set(r) for r in result.warm] == [{ORIGINAL, HASTEN, EXPERT}] * 3
    assert len(result.cold) == 1
    assert "case" in table([result])
    assert json.loads(json.dumps(as_json([result])))["cases"][0]["speedup"].keys() == {HASTEN, EXPERT}


@pytest.mark.parametrize(
    ("shown", "file", "why"),
    [("1.6", "x", "stdout"), ("1.5", "y", "out/a.txt"), ("1/0", "x", "exit status 0 became 1 ZeroDivisionError")],
)
def test_a_wrong_version_is_flagged_once_and_not_timed(tmp_path: Path, shown: str, file: str, why: str) -> None:
    result = measured(tmp_path, program(tmp_path / "h", shown, file=file))
    assert len(result.problems) == 1
    assert result.problems[0].startswith("hasten is WRONG")
    assert why in result.problems[0]
    assert all(set(r) == {ORIGINAL, EXPERT} for r in result.warm)


def test_a_slower_version_is_flagged(tmp_path: Path) -> None:
    result = measured(tmp_path, program(tmp_path / "h", seconds=1.5))
    assert any("SLOWER" in p for p in result.problems)


def test_an_unchanged_program_takes_the_originals_time(tmp_path: Path) -> None:
    result = measured(tmp_path, program(tmp_path / "h", "never run"), changed=False)
    assert result.problems == []
    assert all(r[HASTEN] == r[ORIGINAL] for r in result.warm)
    result.hasten_s = 1.0
    assert "unchanged" in table([result])


def test_hasten_over_its_limit_is_flagged(tmp_path: Path) -> None:
    result = CaseResult("case", "none", hasten_s=1000.0, changed=["p.py"])
    copies = {ORIGINAL: program(tmp_path / "o"), HASTEN: program(tmp_path / "h"), EXPERT: program(tmp_path / "e")}
    measure(result, copies, pairs=1, cold=0, rng=random.Random(0))
    assert any("limit" in p for p in result.problems)


def test_an_original_that_fails_is_reported(tmp_path: Path) -> None:
    result = CaseResult("case", "none")
    measure(result, {ORIGINAL: program(tmp_path / "o", "1/0")}, pairs=1, cold=0, rng=random.Random(0))
    assert "the original ended with status 1" in result.problems[0]
    assert "not measured" in table([result])


def test_improve_reads_what_hasten_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scripts = tmp_path / "scripts"
    (scripts / "case").mkdir(parents=True)
    (scripts / "case" / "slow.py").write_text("print(1)\n")
    (scripts / "case" / "helper.py").write_text("x = 1\n")
    monkeypatch.setattr(runs, "SCRIPTS", scripts)
    stand_in = tmp_path / "lib" / "hasten"
    stand_in.mkdir(parents=True)
    (stand_in / "__init__.py").touch()
    (stand_in / "__main__.py").write_text(
        "import pathlib, sys\n"
        "assert sys.argv[1:3] == ['run', 'slow.py'] and sys.argv[3] == '--out'\n"
        "made = pathlib.Path(sys.argv[4], 'optimized')\n"
        "made.mkdir(parents=True)\n"
        "(made / 'slow.py').write_text('print(1)  # fast\\n')\n"
        "(made / 'helper.py').write_text('x = 1\\n')\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(stand_in.parent))
    place = tmp_path / "place"
    place.mkdir()
    result = CaseResult("case", "none")
    made = run.improve("case", place, result)
    assert result.problems == []
    assert result.changed == ["slow.py"]
    assert made.run().stdout == "1\n"
    assert "# fast" in (made.folder / "slow.py").read_text()


def test_a_failed_hasten_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scripts = tmp_path / "scripts"
    (scripts / "case").mkdir(parents=True)
    (scripts / "case" / "slow.py").write_text("print(1)\n")
    monkeypatch.setattr(runs, "SCRIPTS", scripts)
    stand_in = tmp_path / "lib" / "hasten"
    stand_in.mkdir(parents=True)
    (stand_in / "__init__.py").touch()
    (stand_in / "__main__.py").write_text("raise SystemExit('it broke')\n")
    monkeypatch.setenv("PYTHONPATH", str(stand_in.parent))
    place = tmp_path / "place"
    place.mkdir()
    result = CaseResult("case", "none")
    run.improve("case", place, result)
    assert result.problems == ["hasten ended with status 1: it broke"]
    assert result.changed == []


def test_a_program_that_hangs_is_killed(tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text("import time\ntime.sleep(60)\n")
    outcome = Copy(tmp_path, "p.py").run(limit_s=0.2)
    assert outcome.status == runs.TIMED_OUT
    assert outcome.stderr == "killed after 0.2 s"


def test_cold_runs_start_without_caches(tmp_path: Path) -> None:
    made = program(tmp_path / "p")
    for name in ("numba-cache", "sub/__pycache__"):
        (made.folder / name).mkdir(parents=True)
    made.run()
    assert (made.folder / "numba-cache").is_dir()
    made.run(cold=True)
    assert not (made.folder / "numba-cache").exists()
    assert not (made.folder / "sub" / "__pycache__").exists()
