"""`hasten init`: what it writes is a configuration, and what was there stays."""

from __future__ import annotations

import dataclasses
import json
import re
import tomllib
from pathlib import Path

import jsonschema
import pytest

from hasten.api.initialise import initialise, table
from hasten.api.outputs import schema
from hasten.cli import main
from hasten.config import OPTIONS, Settings, project_settings, settings
from hasten.errors import UsageError


def test_every_setting_is_there_and_every_example_is_one() -> None:
    assert tomllib.loads(table()) == {"tool": {"hasten": {}}}
    assert [o.name for o in OPTIONS] and {o.name for o in OPTIONS} == {f.name for f in dataclasses.fields(Settings)}
    awake = tomllib.loads(re.sub(r"^# (?=\w+ = )", "", table(), flags=re.MULTILINE))["tool"]["hasten"]
    assert list(awake) == [o.name for o in OPTIONS]
    assert None not in dataclasses.astuple(settings(awake, "here"))
    assert max(map(len, table().splitlines())) <= 100


@pytest.mark.parametrize(
    "old",
    [
        b"", b"[project]\nname = 'x'", b"[project]\nname = 'x'\n", b"[project]\r\nname = 'x'\r\n",
        "[tool.other]\n'größe' = 1 # [tool.hasten]\n".encode(), b"x = '''\n[tool.hasten]\n'''\n",
    ],
)  # fmt: skip
def test_what_was_there_stays(tmp_path: Path, old: bytes) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_bytes(old)
    file.chmod(0o640)
    done = initialise(tmp_path)
    assert done.wrote
    assert not done.made
    new = file.read_bytes()
    assert new.startswith(old)
    assert (b"\r\n" in new) == (b"\r\n" in old)
    assert tomllib.loads(new.decode())["tool"]["hasten"] == {}
    assert file.stat().st_mode & 0o777 == 0o640
    assert project_settings(tmp_path) == Settings()
    again = initialise(tmp_path)
    assert not again.wrote
    assert "already" in again.said
    assert file.read_bytes() == new


@pytest.mark.parametrize("old", [b"tool = {x = 1}\n", b"tool = 1\n", b"[tool.hasten\n", b"\xff", b"[[tool]]\na = 1\n"])
def test_nothing_is_written_where_it_cannot_be(tmp_path: Path, old: bytes) -> None:
    (tmp_path / "pyproject.toml").write_bytes(old)
    with pytest.raises(UsageError, match=r"pyproject\.toml"):
        initialise(tmp_path)
    assert (tmp_path / "pyproject.toml").read_bytes() == old


def test_settings_that_are_there_stay(tmp_path: Path) -> None:
    old = b'[tool.hasten]\nbudget = "5m"\n'
    (tmp_path / "pyproject.toml").write_bytes(old)
    assert not initialise(tmp_path).wrote
    assert (tmp_path / "pyproject.toml").read_bytes() == old


def test_a_folder_without_one_gets_one_and_a_link_stays_a_link(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", str(tmp_path), "--json"]) == 0
    done = json.loads(capsys.readouterr().out)
    jsonschema.validate(done, schema("init"))
    assert done["made"]
    assert main(["init", str(tmp_path / "nowhere")]) == 2
    real = tmp_path / "real.toml"
    real.write_text("a = 1\n")
    (tmp_path / "b" / ".git").mkdir(parents=True)
    (tmp_path / "b" / "pyproject.toml").symlink_to(real)
    (tmp_path / "b" / "sub").mkdir()
    assert initialise(tmp_path / "b" / "sub").file == str(real)
    assert (tmp_path / "b" / "pyproject.toml").is_symlink()
    assert "[tool.hasten]" in real.read_text()
    # not beyond the checkout
    (tmp_path / "c" / ".git").mkdir(parents=True)
    assert initialise(tmp_path / "c").file == str(tmp_path / "c" / "pyproject.toml")
