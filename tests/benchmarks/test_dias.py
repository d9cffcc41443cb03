"""Notebooks as scripts, and the data made for them."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pandas as pd
import pytest

from benchmarks.dias import MARK, Result, cells_of, line, report, script, stand_ins
from benchmarks.dias_data import NOTEBOOKS, PUBLISHED, Inputs, made, order, whole


def test_a_cell_becomes_a_script() -> None:
    cell = f'%%time\nif "{MARK}WITH_MODIN" in x:\n    import modin.pandas as pd\nelse:\n    import pandas as pd\n!pip install a\ndf = 1\ndf.head()'
    assert script(cell) == "import pandas as pd\ndf = 1\nshow(df.head())\n"
    assert script("len(a), len(b)") == "show((len(a), len(b)))\n"
    assert script("a = 1") == "a = 1\n"
    assert script("what is this?") == ""


def test_only_code_with_something_in_it_is_taken(tmp_path: Path) -> None:
    cells = [("code", ["a = 1\n", "a"]), ("markdown", ["# no"]), ("code", [])]
    file = tmp_path / "bench.ipynb"
    file.write_text(json.dumps({"cells": [{"cell_type": k, "source": s} for k, s in cells]}))
    assert cells_of(file) == ["a = 1\nshow(a)\n"]


def test_plotting_packages_become_empty(tmp_path: Path) -> None:
    stand_ins(
        tmp_path, ["import seaborn as sns\nimport plotly.express as px\nfrom tqdm.notebook import tqdm\nimport json\n"]
    )
    found = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*.py"))
    assert found == [f"{n}/__init__.py" for n in ("plotly", "plotly/express", "seaborn", "tqdm", "tqdm/notebook")]
    for p in tmp_path.rglob("*.py"):
        ast.parse(p.read_text())


@pytest.mark.parametrize(
    "name", ["feedback3-eda-hf-custom-trainer-sift", "billionaires-statistics-2023", "nlp-on-student-writing-eda"]
)
def test_made_data_is_the_same_every_time(name: str, tmp_path: Path) -> None:
    for k in "ab":
        NOTEBOOKS[name].put(tmp_path / k, None)
    files = [p.relative_to(tmp_path / "a") for p in (tmp_path / "a").rglob("*") if p.is_file()]
    assert files
    for f in files:
        assert (tmp_path / "a" / f).read_bytes() == (tmp_path / "b" / f).read_bytes()
        assert f.suffix == ".txt" or len(pd.read_csv(tmp_path / "a" / f))


def test_data_that_is_missing_is_said(tmp_path: Path) -> None:
    inputs = Inputs(real={"x/a.csv": "there.csv"}, made={"y/b.csv": made({"n": whole(1, 2)}, 3)})
    assert "needs there.csv" in inputs.ready(None) and "needs there.csv" in inputs.ready(tmp_path)
    (tmp_path / "there.csv").write_text("n\n1\n")
    assert not inputs.ready(tmp_path)
    inputs.put(tmp_path / "in", tmp_path)
    assert (tmp_path / "in/x/a.csv").read_text() == "n\n1\n" and len(pd.read_csv(tmp_path / "in/y/b.csv")) == 3
    assert NOTEBOOKS["just-you-wait-rishi-sunak"].ready(tmp_path).startswith("needs nltk")


def test_order_and_names() -> None:
    assert len(order([])) == 20 == len(NOTEBOOKS)
    assert order(["student-performance-in-exams"]) == ["student-performance-in-exams"]
    assert PUBLISHED.keys() <= NOTEBOOKS.keys() and len(PUBLISHED) == 10
    with pytest.raises(ValueError, match="no notebook 'x'"):
        order(["x"])


def test_report_names_whose_figures_they_are() -> None:
    ran = Result("student-performance-in-exams", [{"original": 2.0, "hasten": 1.0}] * 3, cells=(24, 24), changed=True)
    assert "2.00x [2.00, 2.00]" in line(ran) and "1.95x *" in line(ran) and "real" in line(ran)
    ran.dias = [{"ipython": 3.0, "dias": 2.0}] * 3
    assert "1.50x [1.50, 1.50]" in line(ran) and "*" not in line(ran)
    left = Result("supermarket-sales-prediction-xgboost-fastai", problem="needs fastai")
    text = report([ran, left])
    assert "not run: needs fastai" in text and "changed 1 of 1 notebooks that ran (of 2 asked for)" in text
