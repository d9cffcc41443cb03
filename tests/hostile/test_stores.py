"""Runs' folders and names of folders that are not what they should be: one error, and nothing is touched."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from hasten.cli import main
from hasten.core.plain import to_plain
from hasten.errors import StoreError
from hasten.observe.journal import Identity, Journal
from hasten.observe.session import scratch_name, session


def line(told: object) -> bytes:
    data = json.dumps(told).encode()
    return hashlib.sha256(data).hexdigest()[:16].encode() + b" " + data + b"\n"


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(list(words)) == 2
    told = capsys.readouterr().err
    assert told.count("hasten: ") == 1 and "Traceback" not in told
    return told


@pytest.mark.parametrize(
    "head",
    [{}, [], None, {"schema": 1}, {"schema": 1, "folder": 3}, {"schema": 1, "folder": None}, {"schema": "1"}, {"schema": 99},
     {"schema": 1, "folder": "HERE"}, {"schema": 1, "folder": "HERE", "scratch": 1}],
)  # fmt: skip
def test_a_journal_of_another_hand_is_one_error(head: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    journal = tmp_path / "run" / "journal"
    journal.mkdir(parents=True)
    if isinstance(head, dict) and head.get("folder") == "HERE":
        head = {**head, "folder": str(journal.resolve())}
    (journal / "steps").write_bytes(line(head) + line({"step": "x"}))
    told = refused(capsys, "run", "--resume", str(tmp_path / "run"))
    assert "run it anew" in told and str(tmp_path / "run") in told


def test_a_folder_that_hasten_has_not_made_is_not_emptied(tmp_path: Path) -> None:
    """A journal names the temporary folder of its run, which is cleaned and goes in the end."""
    for name in ("mine", "hasten-mine", "hasten-project"):
        mine = tmp_path / name
        mine.mkdir()
        (mine / "file").write_text("mine")
        with (
            Journal.begin(tmp_path / "run", Identity("script", "", {}), mine) as journal,
            pytest.raises(StoreError, match="no name of a temporary folder"),
            session(journal=journal),
        ):
            pass
        assert (mine / "file").read_text() == "mine"


def test_steps_of_another_hand_are_no_steps(tmp_path: Path) -> None:
    journal = Journal.begin(tmp_path / "run", Identity("script", "", {}), scratch_name())
    assert journal.once("a", (), lambda: 1, lambda: 0.0) == 1
    journal.close()
    steps = tmp_path / "run" / "journal" / "steps"
    good = steps.read_bytes()
    for told in ({"nonsense": 1}, [1], None, {"step": "b"}):
        steps.write_bytes(good + line(told) + line({"step": "c 1", "spent_s": 1.0, "files": [], "value": to_plain(2)}))
        with Journal.reopen(tmp_path / "run") as again:
            assert again.notes == ["the journal was torn after 1 steps; what came later is done again"]
            assert again.once("a", (), lambda: 3, lambda: 0.0) == 1
        assert steps.read_bytes() == good


@pytest.mark.parametrize("name", ["x" * 300, "loop", "loop/x", "a\0b"])
def test_a_name_that_no_folder_can_have_is_one_error(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("loop").symlink_to("loop")
    Path("a.py").write_text("open('ran', 'w')\n")
    told = refused(capsys, "run", "a.py", "--stdin", os.devnull, "--out", name)
    assert "cannot be a folder" in told or "cannot be written" in told
    assert not Path("ran").exists() and sorted(p.name for p in tmp_path.iterdir()) == ["a.py", "loop"]
