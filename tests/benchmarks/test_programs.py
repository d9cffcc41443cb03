"""The programs: each has both versions, and its data can be made without any outside data."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from benchmarks import prepare
from benchmarks.runs import SCRIPTS, cases


def test_there_are_enough_of_them() -> None:
    assert len(cases()) >= 12
    assert set(prepare.NEEDS) <= set(cases())


@pytest.mark.parametrize("case", cases())
def test_both_versions_compile_say_what_they_do_and_stay_in_their_folder(case: str) -> None:
    for name in ("slow.py", "expert.py"):
        text = (SCRIPTS / case / name).read_text()
        assert ast.get_docstring(ast.parse(text)) or text.startswith("# ")
        assert "parents[" not in text  # a copy of the folder must run anywhere
        assert "hasten" not in text


@pytest.mark.parametrize("case", ["predictive_maintenance", "portfolio_risk", "image_preprocessing", "decision_tree"])
def test_data_is_generated_where_there_is_none(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sklearn")
    monkeypatch.setenv("HASTEN_DATA", str(tmp_path / "nothing"))
    monkeypatch.setattr(prepare, "SCRIPTS", tmp_path)
    source = prepare.prepare(case)
    assert "shared" not in source
    files = sorted(p.name for p in (tmp_path / case / "data").iterdir())
    assert "source.txt" in files
    assert len(files) >= 2
    assert prepare.prepare(case) == source  # kept, not made again
