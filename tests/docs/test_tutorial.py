"""The tutorial, done: its programs are written, its commands run one after the other, in an empty folder.

What takes long and is tested elsewhere is made short: fewer ways to serve a model are tried, at one number of rows, and some
commands run with HASTEN_DOCS=1 only (`make check` says so).
"""

from __future__ import annotations

import json
import os
import shlex
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import joblib
import pytest

from hasten.cli import main
from hasten.passes.model import registry
from tests.docs.pages import blocks

WHOLE = bool(os.environ.get("HASTEN_DOCS"))


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """One way to serve a model, one to serve a net, and no smaller nets."""
    serving, reducing, storing = registry.serving_passes, registry.reducing_passes, registry.storing_passes
    kept = {False: ("HSM106",), True: ("HSM301",)}
    monkeypatch.setattr(
        registry, "serving_passes", lambda nets=False: tuple(p for p in serving(nets) if p.code in kept[nets])
    )
    monkeypatch.setattr(registry, "reducing_passes", lambda nets=False: () if nets else reducing(nets))
    monkeypatch.setattr(registry, "storing_passes", lambda: storing()[:0])


def run(page: str, only: tuple[str, ...] = (), **more: list[str]) -> None:
    """The commands of a page (with `only`, these of hasten's); `more` are words that go behind those of a command."""
    for block in blocks(page):
        if block.language == "sh":
            for line in block.text.splitlines():
                program, *words = shlex.split(line)
                assert program == "hasten"
                if not only or words[0] in only:
                    assert main([*words, *more.get(words[0], [])]) == 0, f"{block.where}: {line}"


def test_the_first_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    (code,) = (b.text for b in blocks("tutorial/first-script.md") if b.language == "python")
    (tmp_path / "script.py").write_text(code)
    run("tutorial/first-script.md", run=["--budget", "2m"])
    told = capsys.readouterr().out
    assert "same results" in told and "HST101" in told and "What it finds" in told
    assert (tmp_path / "script.py").read_text() == code, "what was put in was taken out again"
    assert (tmp_path / "result/report.html").is_file()
    kept = json.loads((tmp_path / "result/result.json").read_bytes())["kept"]
    if kept:  # on a machine that is too busy to measure nothing is
        assert [c["code"] for c in kept] == ["HST101"]
        assert "+    stop_members" in told, "the patch was shown"


@pytest.mark.slow
@pytest.mark.skipif(find_spec("sklearn") is None, reason="scikit-learn is not installed")
def test_the_first_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few: None) -> None:
    import hasten

    monkeypatch.chdir(tmp_path)
    plain = hasten.run
    monkeypatch.setattr(hasten, "run", lambda *given, **said: plain(*given, **said, batches=(1,), threads=(1,)))
    (code,) = (b for b in blocks("tutorial/first-model.md") if b.language == "python")
    names: dict[str, Any] = {"__name__": "example"}
    exec(compile(code.text, code.where, "exec"), names)
    assert (tmp_path / "faster/artifact/manifest.json").is_file()
    if WHOLE:  # its second part; each of these commands has tests of its own in tests/models
        joblib.dump(names["model"], "model.joblib")
        x, y = names["x"], names["y"]
        for name, rows in (("valid", slice(300, 440)), ("fresh", slice(440, None))):
            x[rows].assign(bought=y[rows]).to_csv(f"{name}.csv", index=False)
        run("tutorial/first-model.md", run=["--batches", "1", "--threads", "1"])


@pytest.mark.skipif(find_spec("torch") is None, reason="torch is not installed")
def test_the_first_net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few: None) -> None:
    monkeypatch.chdir(tmp_path)
    program, use = (b for b in blocks("tutorial/first-net.md") if b.language == "python")
    (tmp_path / "digits.py").write_text(program.text)
    names: dict[str, Any] = {"__name__": "digits"}
    exec(compile(program.text, program.where, "exec"), names)
    work = names["workload"]()
    answers = work.model(names["torch"].tensor(work.test.x)).argmax(dim=1).numpy()
    assert (answers == work.test.y).mean() > 0.8, "a net that was trained"
    if WHOLE:  # tests/models/nets run such searches
        run("tutorial/first-net.md", run=["--batches", "1", "--threads", "1"])
        exec(compile(use.text, use.where, "exec"), names)
        assert callable(names["net"])
