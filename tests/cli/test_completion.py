"""Completion, as a shell asks for it. The scripts themselves are argcomplete's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hasten.cli import main
from hasten.cli.completing import attach
from hasten.cli.parser import COMMANDS, build
from tests.deliver.records import full_record


def asked(line: str, folder: Path) -> list[str]:
    """What a shell is told when the tab key is pressed at the end of `line`."""
    read, write = os.pipe()
    env = {**os.environ, "_ARGCOMPLETE": "1", "COMP_LINE": line, "COMP_POINT": str(len(line)), "_ARGCOMPLETE_IFS": "\n"}
    # descriptor 8 is where argcomplete answers
    command = f"exec {sys.executable} -m hasten 8>&{write}"
    with subprocess.Popen(["bash", "-c", command], cwd=folder, env=env, pass_fds=[write], stdout=-3, stderr=-3):
        os.close(write)
        with open(read) as answer:
            return [word.strip() for word in answer.read().split("\n") if word.strip()]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("20260101-000000-script", "20260102-000000-script"):
        run = tmp_path / ".hasten/runs" / name
        run.mkdir(parents=True)
        (run / "result.json").write_text(full_record().dumps())
    (tmp_path / ".hasten/runs/20260102-000000-script/result.json").write_text("{")
    (tmp_path / "script.py").write_text("def hot():\n    pass\nclass C:\n    def m(self): pass\n")
    (tmp_path / "notes.md").write_text("")
    return tmp_path


def test_what_a_shell_is_told(project: Path) -> None:
    runs = ["latest", "20260102-000000-script", "20260101-000000-script"]
    assert asked("hasten comp", project) == ["compare", "completion"]
    assert set(runs) <= set(asked("hasten apply ", project))
    assert asked("hasten report latest --for", project) == ["--format"]
    assert "sarif" in asked("hasten report --format ", project)
    assert asked("hasten run s", project) == ["script.py"]
    assert asked("hasten run script.py::h", project) == ["script.py::hot"]
    assert asked("hasten passes show HST10", project)[:2] == ["HST101", "HST102"]
    assert asked("hasten completion ", project)[:3] == ["bash", "zsh", "fish"]
    assert asked("hasten profile --export s", project) == ["speedscope"]


def test_every_argument_with_a_value_says_what_may_stand_there() -> None:
    parser = build()
    attach(parser)
    commands = next(a.choices for a in parser._actions if a.dest == "command")
    assert isinstance(commands, dict)
    assert set(commands) == set(COMMANDS)
    for command in commands.values():
        for action in command._actions:
            if action.nargs != 0 and action.choices is None and action.dest != "help":
                assert callable(action.completer), (command.prog, action.dest)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert "_ARGCOMPLETE" in script
    assert "hasten" in script.splitlines()[0]
    if shell == "zsh":
        assert script.startswith("#compdef hasten\n")


def test_bash_takes_the_script(project: Path) -> None:
    folder = project / "bin"
    folder.mkdir()
    (folder / "hasten").write_text(f'#!/bin/sh\nexec {sys.executable} -m hasten "$@"\n')
    (folder / "hasten").chmod(0o755)
    script = (
        'eval "$(hasten completion bash)"; COMP_WORDS=(hasten wat); COMP_CWORD=1; COMP_LINE="hasten wat"; COMP_POINT=10; '
        '_python_argcomplete hasten; echo "${COMPREPLY[@]}"'
    )
    env = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-c", script], cwd=project, env=env, capture_output=True, text=True)
    assert done.stdout.split() == ["watch"], done.stderr
