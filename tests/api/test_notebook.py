"""A notebook as the target: run, profiled, changed in its cells, put back."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import hasten
from hasten.api import notebook
from hasten.api.results import ProfileResult
from hasten.cli import main
from hasten.core.contract import Contract
from hasten.core.facts import FunctionTime, LineTime, Profile
from hasten.core.record import Excerpt, FindingRecord, HotLine, OriginRecord, ProfileRecord, RunRecord, TargetRecord
from hasten.core.source import SourceFile
from hasten.core.workload import ScriptWorkload
from hasten.deliver.apply import apply_run, run_diff, shown_diff
from hasten.deliver.artifact import deliver
from hasten.errors import StaleError, TargetError, UsageError
from hasten.observe.notebook import make, read
from hasten.observe.session import session
from hasten.passes.registry import all_passes
from hasten.report.hotspots import Hotspot
from hasten.search import loop
from hasten.search.runs import Program
from tests.observe.test_notebook import notebook as document

CELLS = [
    {"cell_type": "markdown", "metadata": {}, "source": ["# Käufe\n", "text"]},
    "import sys\nALLOWED = [f'user{i}' for i in range(60)]",
    "hits = 0\nfor i in range(400):\n    if f'user{i % 100}' in ALLOWED:\n        hits += 1\nhits",
    {
        "cell_type": "code", "id": "kept", "metadata": {"x": 1}, "execution_count": 9, "source": "print('é', hits)",
        "outputs": [{"output_type": "stream", "name": "stdout", "text": ["é 240\n"]}],
    },
]  # fmt: skip


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nb.ipynb").write_bytes(json.dumps(json.loads(document(*CELLS)), indent=1, ensure_ascii=False).encode())
    return tmp_path


def all_hot(program: Program, work: ScriptWorkload) -> Profile:
    path = work.entry_path
    count = len(work.source(path).lines)
    lines = {(path, n): LineTime(1 / count, 1 / count) for n in range(1, count + 1)}
    return Profile(100, lines=lines, stacks=tuple(((f"{path}:<module>:{n}",), 1) for n in range(1, count + 1)))


def test_a_notebook_is_changed_in_its_cells_and_put_back(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Program, "profile", all_hot)
    monkeypatch.setattr(loop, "ROUNDS", 1)
    monkeypatch.setattr(loop, "OWN_TIME", (10.0, 300.0))
    before = (here / "nb.ipynb").read_bytes()
    work, notes = notebook.workload("nb.ipynb", here=here)
    assert notes == () and work.cwd == "." and not (here / work.entry_path).exists()
    with session(here / ".store") as current:
        passes = [p for p in all_passes() if p.code == "HST101"]
        outcome = loop.optimise(current, work, Contract(), passes, speed=False)
        assert [t.kept for t in outcome.trials] == [True], outcome.trials
        record, old, new, diff = notebook.delivered(outcome.record, work, outcome.kept)
    assert set(record.changed) == set(record.sources) == set(old) == set(new) == {"nb.ipynb"}
    assert {f.path for f in record.findings} <= {"nb.ipynb[1]", "nb.ipynb[2]"}
    assert diff.startswith("diff --git a/nb.ipynb[") and "+" in diff and "\\n" not in diff
    deliver(record, old, new, here / "out")
    assert apply_run(here / "out").written == ("nb.ipynb",)
    found, was = json.loads((here / "nb.ipynb").read_bytes()), json.loads(before)
    changed = [n for n, (a, b) in enumerate(zip(found["cells"], was["cells"], strict=True)) if a != b]
    assert changed and set(changed) <= {1, 2}  # the other cells, outputs and ids are as they were
    for n in changed:
        assert {k: v for k, v in found["cells"][n].items() if k != "source"} == {
            k: v for k, v in was["cells"][n].items() if k != "source"
        }
        assert "hasten" not in "".join(found["cells"][n]["source"]) and "<cell" not in "".join(
            found["cells"][n]["source"]
        )
    made = make(read(here / "nb.ipynb"), "nb.ipynb", "x.py")
    done = subprocess.run([sys.executable, "-c", made.text], capture_output=True, text=True, encoding="utf-8")
    assert done.stdout == "240\né 240\n", done.stderr
    apply_run(here / "out", undo=True)
    assert (here / "nb.ipynb").read_bytes() == before


def test_a_profile_names_cells(here: Path) -> None:
    (here / "nb.ipynb").write_bytes(document("x = 1\nt = 0", "for i in range(12000000):\n    t += i\nt"))
    result = hasten.profile("nb.ipynb")
    spots = {s.place: s for s in result.hotspots}
    assert (
        set(spots) <= {"nb.ipynb[2]:1", "nb.ipynb[2]:2", "nb.ipynb[1]:1"} and result.hotspots[0].path == "nb.ipynb[2]"
    )
    assert all(not code.startswith(("#", "print(repr")) for s in result.hotspots for _, code in s.text)
    assert {f.path for f in result.profile.functions} == {"nb.ipynb"}
    assert "nb.ipynb[2]" in result._repr_html_()


def made(here: Path) -> ScriptWorkload:
    return notebook.workload("nb.ipynb", here=here)[0]


def test_places_in_a_record_are_places_in_cells(here: Path) -> None:
    work = made(here)
    text = work.source(work.entry_path).text
    line = text.split("\n").index("        hits += 1") + 1
    path = work.entry_path
    profile = ProfileRecord(
        lines=(HotLine(path, line, 1.0, 1.0, 0.0), HotLine("other.py", 3, 1.0, 1.0, 0.0)),
        functions=(FunctionTime(path, "<module>", 1, 1.0, 1.0, 0.0),),
    )
    finding = FindingRecord("HST101", path, line - 2, line, "", "r", "why", "how", 1.0, 2.0)
    record = RunRecord(TargetRecord.of(work), profile=profile, findings=(finding,))
    placed, old, new, diff = notebook.delivered(record, work, work)
    assert (old, new, diff) == ({}, {}, "")
    assert [(h.path, h.line) for h in placed.profile.lines] == [("nb.ipynb[2]", 4), ("other.py", 3)]
    assert placed.profile.functions[0].path == "nb.ipynb"
    assert (placed.findings[0].path, placed.findings[0].first, placed.findings[0].last) == ("nb.ipynb[2]", 2, 4)


def test_changes_of_a_notebook_stay_in_their_cells(here: Path) -> None:
    work = made(here)
    path, text = work.entry_path, work.source(work.entry_path).text

    def keeps(new: str) -> bool:
        return work.keeps_cells({path: SourceFile(path, new.encode())})

    assert keeps(text) and keeps(text.replace("hits += 1", "hits += 1 + 0"))
    assert not keeps(text.replace("# <cell 2>\n", ""))
    assert not keeps(text.replace("print(repr((  # <shown>\n", ""))


def test_one_function_of_a_notebook(here: Path) -> None:
    (here / "nb.ipynb").write_bytes(document("class A:\n    def f(self):\n        return 1", "A().f()"))
    work, _ = notebook.workload("nb.ipynb::A.f", here=here)
    assert work.focus == "nb.ipynb.py::A.f"
    with pytest.raises(UsageError, match=r"nb.ipynb has no function g"):
        notebook.workload("nb.ipynb::g", here=here)


def test_the_script_takes_no_name_that_is_there(here: Path) -> None:
    (here / "nb.ipynb.py").write_text("mine = 1\n")
    work = made(here)
    assert work.entry_path == work.entry.name == "nb.ipynb_.py"
    ast.parse(work.source(work.entry_path).text)


@pytest.mark.parametrize("command", ["run", "profile"])
def test_a_notebook_that_fails_says_where(command: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "nb.ipynb").write_bytes(document("x = 1", "y = 2\n1 / 0"))
    assert main([command, "nb.ipynb"]) == 2
    said = capsys.readouterr().err
    assert "ZeroDivisionError" in said and "(In [2], line 2)" in said


def test_what_cannot_be_run_is_told_before_anything_runs(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "nb.ipynb").write_bytes(document("x = 1", "def f(:"))
    assert main(["run", "nb.ipynb"]) == 2
    assert "nb.ipynb: In [2], line 1" in capsys.readouterr().err
    with pytest.raises(UsageError, match=r"no such file; notebooks here: nb.ipynb"):
        hasten.run("other.ipynb")
    (here / "empty.ipynb").write_bytes(document())
    with pytest.raises(TargetError, match="has no code to run"):
        hasten.profile("empty.ipynb")


def test_results_are_shown_as_html_with_everything_escaped() -> None:
    spot = Hotspot("<b>.py", 1, "f", 0.5, 0.5, 0.0, 0.5, "<script>", "<i>", "HST1", 2.0, ((1, "a<b"),), 0.1, 3.0)
    result = ProfileResult("<img>", Profile(10, native=0.25, wall_s=1.0), (spot,), 0, ("<u>",))
    html = result._repr_html_()
    for raw in ("<b>.py", "<script>", "<i>", "a<b", "<img>", "<u>"):
        assert raw not in html
    assert "&lt;script&gt;" in html and "25% in compiled code" in html and "3.0 MB" in html


def test_the_report_of_a_notebook_speaks_of_cells(here: Path) -> None:
    work = made(here)
    path, text = work.entry_path, work.source(work.entry_path).text
    new = text.replace("# <cell 1>\n", "import os\n# <cell 1>\n").replace("hits += 1\n", "hits += 1\n        pass\n")
    kept = work.with_sources({path: SourceFile(path, new.encode())})
    line = text.split("\n").index("hits = 0") + 1
    at = new.split("\n").index("        pass") + 1
    record = RunRecord(
        TargetRecord.of(work),
        profile=ProfileRecord(frames=(f"{path}:<module>:{line}", "lib.py:f:3")),
        after=ProfileRecord(frames=(f"{path}:<module>:{at}",)),
        excerpts=(Excerpt(path, line - 1, tuple(text.split("\n")[line - 2 : line + 2])),),
        origins=(OriginRecord(path, "new", at, at, 0), OriginRecord(path, "new", 1, 1, 0)),
        changed={path: kept.source(path).sha256},
        sources={path: work.source(path).sha256},
    )
    placed, old, new_files, diff = notebook.delivered(record, work, kept)
    assert placed.profile.frames == ("nb.ipynb[2]:<module>:1", "lib.py:f:3")
    assert placed.after is not None and placed.after.frames == ("nb.ipynb[2]:<module>:5",)
    assert placed.excerpts == (Excerpt("nb.ipynb[2]", 1, ("hits = 0", "for i in range(400):", "    if f'user{i % 100}' in ALLOWED:")),)  # fmt: skip
    assert [(o.path, o.first) for o in placed.origins] == [("nb.ipynb[2]", 5), ("nb.ipynb[1]", 1)]
    delivery = deliver(placed, old, new_files, here / "out", render=lambda record, shown: shown, cells=diff)
    assert delivery.report.read_text() == diff == shown_diff(here / "out")
    assert "+import os\n" in diff and '"import os' in run_diff(here / "out").decode()


def test_a_notebook_that_is_saved_meanwhile_is_not_overwritten(here: Path) -> None:
    work = made(here)
    path, text = work.entry_path, work.source(work.entry_path).text
    kept = work.with_sources({path: SourceFile(path, text.replace("hits += 1", "hits += 2").encode())})
    record = RunRecord(TargetRecord.of(work), changed={path: "x"}, sources={path: "y"})
    (here / "nb.ipynb").write_bytes(document("other = 1"))
    deliver(*notebook.delivered(record, work, kept)[:3], here / "out")
    with pytest.raises(StaleError, match="no longer what it was"):
        apply_run(here / "out")


def test_a_notebook_is_never_run_as_if_its_json_were_a_script(here: Path) -> None:
    (here / "json.ipynb").write_text('{"nbformat": 4, "cells": []}')  # Python, too
    with pytest.raises(TargetError, match="has no code to run"):
        hasten.compare("json.ipynb", "nb.ipynb")
    (here / "x.py").write_text("def f(): pass\n")
    with pytest.raises(UsageError, match="is a notebook"):
        hasten.run("x.py::f", calls="json.ipynb")


def test_a_large_notebook_is_rewritten_in_a_moment(here: Path) -> None:
    from hasten.deliver.notebook import rewritten

    lines = [f"line {n} \u00e9\n" for n in range(20_000)]
    big = {
        "cell_type": "code",
        "source": ["a = 1"],
        "outputs": [{"text": lines, "data": {"image/png": "A" * 5_000_000}}],
    }
    data = json.dumps({"cells": [big, dict(big, source="b = 1")]}, ensure_ascii=False, indent=1).encode()
    assert rewritten(data, {1: "b = 2"}) == data.replace(b'"b = 1"', b'"b = 2"')
