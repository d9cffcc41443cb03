"""Helpers that earlier changes have put into a file are no code of the user."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from hasten.core.source import SourceFile
from hasten.passes.source.columns.parts import Parts
from hasten.passes.source.columns.rolling import WindowFunctions
from hasten.passes.source.columns.stand_in import StandIns
from hasten.passes.source.columns.writes import CellWrites
from hasten.passes.source.containers.effects import Project
from hasten.passes.source.containers.syntax import module_of
from tests.passes.test_columns_support import HEAD, changes, workload

FRAME = pd.DataFrame({"k": ["a", "b", "a"], "v": [1.0, 2.0, 3.0]})
PROGRAMS: dict[str, tuple[Any, str]] = {
    "stand-ins": (
        StandIns(),
        "def work(df):\n    out = []\n    for k in df['k'].unique():\n        part = df[df['k'] == k]\n"
        "        out.append(part.sort_values('v')['v'].iloc[0])\n    return out\n",
    ),
    "parts": (
        Parts(),
        "def work(df):\n    out = []\n    for i in range(1, len(df)):\n        out.append(df.iloc[:i]['v'].mean())\n    return out\n",
    ),
    "writes": (
        CellWrites(),
        "def work(df):\n    for i in range(len(df)):\n        df.at[i, 'v'] = i * 2.0\n    return df\n",
    ),
    "windows": (WindowFunctions(), "def work(df):\n    return df['v'].rolling(2).apply(lambda w: w.max() - w.min())\n"),
}


def _project(text: str) -> Project:
    return Project((module_of(SourceFile("s.py", text.encode())),))


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_was_put_there_hides_nothing(name: str) -> None:
    pass_, text = PROGRAMS[name]
    made = changes(pass_, HEAD + text, {"df": FRAME.copy(), "np": np, "pd": pd})
    assert made
    changed = made[0].apply(workload(HEAD + text)).source("s.py").text
    project = _project(changed)
    assert "class _" in changed or "def _" in changed
    assert not project.dunders and not project.hidden and not project.modules[0].dynamic
    # the same class, changed by hand, is the user's
    edited = changed.replace("def __getitem__(self, key):", "def __getitem__(self, key):\n        print(key)")
    if edited != changed:
        assert "__getitem__" in _project(edited).dunders


def test_a_users_class_counts_whatever_its_name() -> None:
    mine = "class _Rows:\n    def __getitem__(self, k):\n        return exec(k)\n"
    assert _project(mine).dunders == {"__getitem__"} and _project(mine).modules[0].dynamic == "exec"
