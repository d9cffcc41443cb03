"""The examples of docs/models.md run, and its table names passes that there are."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import joblib
import pytest

from hasten.cli import main
from hasten.passes.model.registry import serving_passes
from tests.models.conftest import people

TEXT = (Path(__file__).parents[2] / "docs" / "models.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def test_the_example_in_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code, *_ = blocks("python")  # the next is of neural nets, tested where those are
    exec(compile(code, "docs/models.md", "exec"), {"__name__": "example"})
    assert (tmp_path / "faster" / "artifact" / "manifest.json").is_file()


def test_the_commands(saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.joblib").write_bytes((saved / "model.joblib").read_bytes())
    (tmp_path / "valid.csv").write_bytes((saved / "valid.csv").read_bytes())
    people(300, seed=5).to_csv(tmp_path / "fresh.csv", index=False)
    commands, *_ = blocks("sh")  # the next are of texts, tested where those are
    for line in commands.splitlines():
        program, *words = shlex.split(line)
        assert program == "hasten"
        quick = ["--batches", "1", "--threads", "1"] if words[0] == "run" else []
        assert main([*words, *quick]) == 0, line
    assert joblib.load(tmp_path / "model.joblib") is not None


def test_passes_that_are_named_exist() -> None:
    codes = {p.code for p in serving_passes()}
    named = set(re.findall(r"HSM1\d\d", TEXT))
    assert named <= codes
    assert {"HSM101", "HSM102", "HSM103", "HSM104", "HSM105", "HSM106"} <= named
