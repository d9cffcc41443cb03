"""Disks that are full or may not be written: real ones, made of memory where this machine lets us mount them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from hasten.cli import main
from hasten.deliver.artifact import RESULT

PROGRAM = """
open("out.txt", "w").write("x" * 300_000)
print(1)
"""


def mount(*words: str) -> bool:
    command = shutil.which("mount")
    return command is not None and subprocess.run([command, *words], capture_output=True, timeout=30).returncode == 0


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, of 4 MB at first."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if not sys.platform.startswith("linux") or not mount("-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)):
        pytest.skip("no disk can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True, timeout=30)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pyproject.toml").write_text("")
    (folder / "a.py").write_text(PROGRAM)
    monkeypatch.chdir(folder)
    return folder


def resized(disk: Path, size: str) -> None:
    assert mount("-o", f"remount,size={size}", str(disk))


def one_error(capsys: pytest.CaptureFixture[str], said: str) -> None:
    told = capsys.readouterr().err
    assert said in told and told.count("hasten: ") == 1 and "Traceback" not in told, told


def run(out: Path) -> int:
    return main(["run", "a.py", "--stdin", os.devnull, "--no-compiled", "--out", str(out)])


@pytest.mark.parametrize("room", [16, 256])  # kilobytes: for the journal, or what the program writes, and no more
def test_a_full_disk_of_results_is_named_and_the_run_goes_on_when_there_is_room(
    room: int, disk: Path, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    resized(disk, f"{room}k")
    assert run(disk / "out") == 2
    one_error(capsys, "the disk is full; make room")
    resized(disk, "8m")
    assert main(["run", "--resume", str(disk / "out")]) == 0
    assert json.loads((disk / "out" / RESULT).read_text())["status"] == "finished"
    assert not (disk / "out" / "journal").exists() and sorted(p.name for p in project.iterdir()) == [
        "a.py",
        "pyproject.toml",
    ]


def test_an_earlier_result_on_a_full_disk_stays_readable(
    disk: Path, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(disk / "first") == 0
    before = {p.name: p.read_bytes() for p in (disk / "first").iterdir() if p.is_file()}
    (disk / "filler").write_bytes(b"x" * (shutil.disk_usage(disk).free - 100_000))
    capsys.readouterr()
    assert run(disk / "second") == 2
    one_error(capsys, f"{disk}/second")
    assert {p.name: p.read_bytes() for p in (disk / "first").iterdir() if p.is_file()} == before
    assert main(["report", str(disk / "first")]) == 0


@pytest.mark.parametrize(("room", "said"), [(16, "the disk is full; make room"), (256, "make room in ")])
def test_a_full_disk_of_temporary_files_is_one_error_and_leaves_nothing_there(
    room: int, said: str, disk: Path, project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    resized(disk, f"{room}k")
    monkeypatch.setattr(tempfile, "tempdir", str(disk))
    (project / "data").write_bytes(b"x" * 10_000)
    assert run(tmp_path / "out") == 2
    one_error(capsys, said)
    assert list(disk.iterdir()) == []


def test_a_folder_that_may_not_be_written_is_one_error_before_anything_runs(
    disk: Path, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = project / "ran"
    (project / "a.py").write_text(f"open({str(ran)!r}, 'w')\n")
    (disk / "out").mkdir()
    assert mount("-o", "remount,ro", str(disk))
    for out in (disk / "out", disk / "new"):
        assert run(out) == 2
        one_error(capsys, "Read-only file system; name another folder with --out")
    assert not ran.exists()


def test_a_project_that_may_not_be_written_is_run(disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (disk / "a.py").write_text(PROGRAM)
    assert mount("-o", "remount,ro", str(disk))
    monkeypatch.chdir(disk)
    assert run(tmp_path / "out") == 0
    assert json.loads((tmp_path / "out" / RESULT).read_text())["status"] == "finished"
    assert main(["run", "a.py", "--stdin", os.devnull]) == 2  # .hasten/runs would be in there
