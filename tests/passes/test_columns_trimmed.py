"""Stand-ins without the methods that a program does not call."""

from __future__ import annotations

import ast

import pandas as pd
import pytest

from hasten.core.source import SourceFile
from hasten.kernel.regions import put_there
from hasten.passes.source.columns.emitted_rows import TEXT, helpers
from hasten.passes.source.columns.stand_in import StandIns
from hasten.passes.source.columns.trimmed import trimmed
from tests.passes.test_columns_stand_in import frame
from tests.passes.test_columns_support import HEAD, after, changes, run, same

SMALL = """\
def used():
    return helped()


def helped():
    # a comment of its own
    return 1


def left():
    return 2


class Kept(Base):
    # what it is for
    here = 1

    def asked(self):
        return self._for_asked()

    @property
    def unasked(self):
        return self._for_unasked()

    def _for_asked(self):
        return used()

    def _for_unasked(self):
        return left()

    both = asked
    other = unasked

    def __len__(self):
        return 0


class Base:
    pass
"""


def test_what_is_kept() -> None:
    text = trimmed(SMALL, ["Kept"], ["asked"])
    gone = ("def left", "unasked", "_for_unasked", "both", "other")
    assert not [x for x in gone if x in text]
    kept = (
        "def used",
        "def helped",
        "# a comment of its own",
        "# what it is for\n    here = 1\n\n    def asked",
        "__len__",
    )
    assert not [x for x in (*kept, "def _for_asked", "class Base") if x not in text]
    assert "\n\n\n\n" not in text and text.endswith("pass\n")
    assert trimmed(SMALL, ["Kept"], ["other"]).count("unasked") == 4 and "def left" in trimmed(
        SMALL, ["Kept"], ["other"]
    )
    assert trimmed(SMALL, ["left"], []) == "def left():\n    return 2\n"
    assert trimmed(SMALL, ["used"], [], alone=True) == "def used():\n    return helped()\n"


LOOP = "def work(df):\n    out = []\n    for k in df['k'].unique():\n        out.append(df[df['k'] == k]['x'].{})\n    return out\n"


def changed(text: str) -> str:
    (change,) = changes(StandIns(), text, {"df": frame()})
    return after(text, change)


@pytest.mark.skipif(int(pd.__version__.split(".")[0]) < 3, reason="offered from pandas 3 on")
def test_nothing_is_put_there_that_is_not_called() -> None:
    text = changed(HEAD + LOOP.format("sum()"))
    defined = {n.name for n in ast.walk(ast.parse(text)) if isinstance(n, (ast.FunctionDef, ast.ClassDef))}
    assert {"_Rows", "_Column", "sum"} <= defined
    assert not defined & {"_Groups", "_apart", "_others", "_beside", "_valued", "_Texts", "sample", "_drawn", "median"}
    inputs = lambda: {"df": frame()}  # noqa: E731
    assert same(run(HEAD + LOOP.format("sum()"), inputs), run(text, inputs))


@pytest.mark.skipif(int(pd.__version__.split(".")[0]) < 3, reason="offered from pandas 3 on")
def test_a_second_change_uses_what_is_there() -> None:
    first = changed(HEAD + LOOP.format("sum()"))
    both = first + LOOP.format("median()").replace("work", "more")
    (change,) = changes(StandIns(), both, {"df": frame()}, "more")
    text = after(both, change)
    assert text.count("class _Rows(") == 1 and "_Rows_2" not in text and text.count("_Rows.of(df)") == 2
    ask = "\n\ndef work(df):\n    return more(df)\n"
    inputs = lambda: {"df": frame()}  # noqa: E731
    assert same(run(HEAD + LOOP.format("median()"), inputs), run(text + ask, inputs))


def test_a_class_that_lost_methods_is_still_known() -> None:
    source = SourceFile("s.py", (HEAD + trimmed(TEXT, ["_Rows"], ["sum"])).encode())
    classes = [n for n in source.tree.body if isinstance(n, ast.ClassDef)]
    assert len(classes) > 5 and all(put_there(source, n) for n in classes)
    edited = source.text.replace("def _where(self, mask):", "def _where(self, mask, more=()):")
    source = SourceFile("s.py", edited.encode())
    assert [n.name for n in source.tree.body if isinstance(n, ast.ClassDef) and not put_there(source, n)] == ["_Rows"]


def test_names_that_are_taken() -> None:
    source = SourceFile("s.py", b"import pandas as pd\n\n\ndef _plain(x):\n    return x\n")
    edits, names = helpers(source, ["_apart"])
    assert names["_Rows"] == "_Rows_2" and any("def _apart_2(" in e.text for e in edits)
