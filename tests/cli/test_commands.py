"""Commands on runs that are there already, wrong usage, and exit statuses. No program is run here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hasten.cli import _failed, main
from hasten.cli.given import run_folder, standard_input
from hasten.cli.parser import build
from hasten.deliver.artifact import deliver
from hasten.errors import UsageError
from hasten.observe.machine import Check
from hasten.report import html
from tests.deliver.records import files, full_record, plain_record

OLD, NEW = {"script.py": b"x = 1\n"}, {"script.py": b"x = 2\n"}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one run in it; the current folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "script.py").write_bytes(OLD["script.py"])
    for name in ("20260101-000000-script", "20260102-000000-script"):
        deliver(
            plain_record(tmp_path, OLD, NEW), files(OLD), files(NEW), Path(".hasten/runs") / name, render=html.render
        )
    return tmp_path


def test_apply_shows_applies_and_undoes(project: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["apply", "--diff"]) == 0
    assert capfdbinary.readouterr().out == Path(".hasten/runs/20260102-000000-script/changes.patch").read_bytes()
    assert (project / "script.py").read_bytes() == OLD["script.py"]
    assert main(["apply", "latest"]) == 0
    out = capfdbinary.readouterr().out.decode()
    assert (project / "script.py").read_bytes() == NEW["script.py"]
    undo = out.split("undo with: hasten ")[1].split()
    assert main(undo) == 0
    assert (project / "script.py").read_bytes() == OLD["script.py"]


def test_apply_refuses_an_edited_file(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "script.py").write_text("mine = 1\n")
    assert main(["apply", "20260101-000000-script"]) == 2
    assert "no longer what it was" in capsys.readouterr().err
    assert (project / "script.py").read_text() == "mine = 1\n"


@pytest.mark.parametrize("form", ["terminal", "html", "json", "markdown"])
def test_every_format_of_report(form: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "latest", "--format", form]) == 0
    printed = capsys.readouterr().out
    assert "script.py" in printed
    assert main(["report", "latest", "--format", form, "-o", "out.txt"]) == 0
    assert (project / "out.txt").read_text() == printed
    if form == "json":
        assert json.loads(printed)["schema"] == 1


def test_a_report_that_cannot_be_written(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "-o", "no/such/folder/x.txt"]) == 2
    assert "No such file" in capsys.readouterr().err


def test_a_result_of_another_schema(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = Path(".hasten/runs/20260102-000000-script/result.json")
    place.write_text(place.read_text().replace('"schema": 1', '"schema": 99'))
    assert main(["report", str(place.parent)]) == 2
    assert "schema 99" in capsys.readouterr().err


def test_names_of_runs(project: Path) -> None:
    runs = Path(".hasten/runs")
    assert run_folder("20260101-000000-script") == runs / "20260101-000000-script"
    assert run_folder(".hasten/runs/20260101-000000-script/result.json") == runs / "20260101-000000-script"
    assert run_folder("latest") == runs / "20260102-000000-script"
    with pytest.raises(UsageError, match="did you mean '20260101-000000-script'"):
        run_folder("20260101-000000-scrip")


def test_no_run_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="hasten run TARGET"):
        run_folder("latest")


def test_passes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["passes"]) == 0
    listed = capsys.readouterr().out
    assert "HST101" in listed
    assert main(["passes", "show", "hst101"]) == 0
    shown = capsys.readouterr().out
    assert "What it finds" in shown
    assert "Safe when" in shown
    assert main(["passes", "show", "HST1O1"]) == 2
    assert "did you mean 'HST" in capsys.readouterr().err
    assert main(["passes", "show"]) == 2
    assert main(["passes", "list", "HST101"]) == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "nothing.py"], "no such file"),
        (["run", "script.py", "--budget", "soon", "--rtol", "x"], "--rtol|rtol"),
        (["run", "script.py", "--out", "script.py"], "it is a file"),
        (["compare", "script.py", "nothing.py"], "no such file"),
        (["profile", "script.py::nothing"], "has no function"),
        (["apply", "nowhere"], "no run at nowhere"),
        (["apply", "--diff", "--undo"], "one of them"),
        (["run", "script.py", "--stdin", "nowhere.txt"], "nowhere.txt"),
    ],
)
def test_wrong_usage_is_status_2(
    words: list[str], said: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert any(part in shown.err for part in said.split("|"))
    assert "Traceback" not in shown.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "COMMAND"),
        (["rum", "x.py"], "did you mean 'run'?"),
        (["script.py"], "hasten run script.py"),
        (["run"], "TARGET"),
        (["report", "--format", "pdf"], "pdf"),
        (["apply", "latest", "--", "3"], "nothing after --"),
        (["run", "a.py", "b.py"], "b.py"),
    ],
)
def test_wrong_words_are_status_2(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_a_failure_inside_is_status_3(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("hasten.deliver.artifact.load_any", broken)
    monkeypatch.setenv("TMPDIR", str(project))
    monkeypatch.setattr("tempfile.tempdir", None)
    assert main(["report"]) == 3
    told = capsys.readouterr().err
    assert "ZeroDivisionError: a bug" in told
    log = next(project.glob("hasten-failure-*.txt"))
    assert "Traceback" in log.read_text()
    log.unlink()

    def gone() -> str:
        raise FileNotFoundError

    monkeypatch.setattr("os.getcwd", gone)
    assert _failed(ZeroDivisionError("a bug"), ["report"]) == 3
    assert "in a folder that is gone" in next(project.glob("hasten-failure-*.txt")).read_text()


def test_an_interruption_is_status_130(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("hasten.deliver.artifact.load_any", stopped)
    assert main(["report"]) == 130
    assert "interrupted" in capsys.readouterr().err


def hasten(*words: str, **more: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "hasten", *words], capture_output=True, **more)  # type: ignore[call-overload,no-any-return]


def test_help_and_version() -> None:
    done = hasten("--help")
    assert done.returncode == 0
    for command in (b"run", b"profile", b"compare", b"apply", b"report", b"passes", b"doctor"):
        assert command in done.stdout
    assert hasten("--version").stdout.startswith(b"hasten 0.")


def test_a_reader_that_goes_away(project: Path) -> None:
    done = subprocess.run(
        f"{sys.executable} -m hasten report --format json | head -c 1", shell=True, capture_output=True
    )
    assert done.stderr == b""


def test_text_that_the_terminal_cannot_show(project: Path) -> None:
    record = full_record("größe \udcff 名前")
    deliver(record, files({"script.py": b"a\n"}), files({"script.py": b"b\n"}), project / "odd")
    done = hasten("report", "odd", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0, done.stderr
    assert b"gr\\xf6" in done.stdout


STDIN = "import sys; from hasten.cli.given import standard_input; sys.stdout.write(repr(standard_input(None)))"


def test_standard_input_is_read_when_piped(tmp_path: Path) -> None:
    piped = subprocess.run([sys.executable, "-c", STDIN], input=b"1\n2\n", capture_output=True)
    assert piped.stdout == rb"b'1\n2\n'"
    nothing = subprocess.run([sys.executable, "-c", STDIN], stdin=subprocess.DEVNULL, capture_output=True)
    assert nothing.stdout == b"None"
    (tmp_path / "in.txt").write_bytes(b"\xff")
    with open(tmp_path / "in.txt", "rb") as given:
        redirected = subprocess.run([sys.executable, "-c", STDIN], stdin=given, capture_output=True)
    assert redirected.stdout == rb"b'\xff'"
    assert standard_input(str(tmp_path / "in.txt")) == b"\xff"


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["apply", "latest", "--diff", "--json"], "apply"),
        (["apply", "latest", "--json"], "apply"),
        (["passes", "--json"], "passes"),
        (["passes", "show", "HST101", "--json"], "passes"),
        (["report", "latest", "--json"], "run"),
        (["runs", "--json"], "runs"),
        (["doctor", "--json"], "doctor"),
        (["init", "--json"], "init"),
    ],
)
def test_json_is_as_its_schema_says(
    words: list[str], name: str, project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import jsonschema

    from hasten.api.outputs import schema

    monkeypatch.setattr("hasten.observe.machine._check_noise", lambda: Check("Noise floor", None, "not looked at"))
    assert main(words) == 0
    data = json.loads(capsys.readouterr().out, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    jsonschema.Draft202012Validator(schema(name)).validate(data)


def test_every_command_that_shows_something_takes_json() -> None:
    commands = next(a.choices for a in build()._actions if a.dest == "command")
    assert isinstance(commands, dict)
    without = {n for n, p in commands.items() if not any("--json" in a.option_strings for a in p._actions)}
    assert without == {"completion", "schema"}  # a script, and JSON already


def test_streams_that_are_closed_and_a_folder_that_is_gone(project: Path) -> None:
    """As cron and daemons start programs: what is opened first must not become standard output."""
    words = f"{sys.executable} -m hasten report latest --format json"
    closed = subprocess.run(f"{words} <&- >&- 2>&-", shell=True)
    assert closed.returncode == 0
    heard = subprocess.run(f"{words} >&-", shell=True, capture_output=True)
    assert (heard.returncode, heard.stderr) == (0, b"")
    gone = subprocess.run(f"mkdir gone && cd gone && rmdir ../gone && {words}", shell=True, capture_output=True)
    assert gone.returncode == 2 and gone.stderr.startswith(b"hasten: the current folder cannot be read")
    assert gone.stderr.count(b"hasten: ") == 1


@pytest.mark.parametrize("text", ["[" * 200_000, '{"a":', "", "\0", "[1]", "null"])
def test_a_result_that_is_none_is_one_error(text: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path(".hasten/runs/20260102-000000-script/result.json").write_text(text)
    for command in ("report", "apply"):
        assert main([command, "latest"]) == 2
        assert capsys.readouterr().err.count("hasten: ") == 1
