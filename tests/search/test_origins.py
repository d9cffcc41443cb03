from __future__ import annotations

import ast
from pathlib import Path

import pytest

from hasten.core.finding import Region
from hasten.core.recipe import Change, Recipe
from hasten.core.record import OriginRecord
from hasten.core.source import Edit, SourceFile
from hasten.core.workload import Entry, ScriptWorkload
from hasten.search import origins
from hasten.search.origins import lineage

OLD = "import os\na = 1\nfor x in y:\n    slow(x)\n    keep(x)\nprint(a)\n"


def work(tmp_path: Path, text: str = OLD) -> ScriptWorkload:
    (tmp_path / "main.py").write_text(text)
    return ScriptWorkload(tmp_path, Entry("script", "main.py"), "main.py")


def change(code: str, *edits: tuple[int, int, str]) -> Change:
    return Change(code, code, Region("main.py", 1, 1, "block", ""), tuple(Edit("main.py", *e) for e in edits))


def placed(start: ScriptWorkload, *rounds: tuple[Change, ...]) -> tuple[list[list[tuple[int, Change]]], ScriptWorkload]:
    out, now, n = [], start, 0
    for changes in rounds:
        out.append(list(enumerate(changes, n)))
        n += len(changes)
        now = Recipe(changes).apply(now)
    return out, now


def test_lines_know_who_wrote_them_through_two_rounds_and_a_move(tmp_path: Path) -> None:
    start = work(tmp_path)
    helper, loop = change("A", (2, 1, "def h(x):\n    return x\n")), change("B", (4, 5, "    fast(x)\n    keep(x)\n"))
    again = change("C", (6, 6, "    faster(x)\n"))  # the line that B wrote
    rounds, now = placed(start, (helper, loop), (again,))
    moved = now.with_sources({
        "main.py": SourceFile("main.py", now.source("main.py").data.replace(b"def h(x):\n    return x\n", b"from k import h\n")),
        "k.py": SourceFile("k.py", b"import numba\ndef h(x):\n    return x\n"),
    })  # fmt: skip
    last = change("D", (1, 1, "import sys\n"))
    kept = Recipe((last,)).apply(moved)
    made = lineage(start, rounds, moved, [(3, last)], kept)
    assert made.told() == (
        OriginRecord("k.py", "new", 1, 1, -1),
        OriginRecord("k.py", "new", 2, 3, 0),
        OriginRecord("main.py", "old", 1, 1, 3),
        OriginRecord("main.py", "old", 4, 4, 1),
        OriginRecord("main.py", "new", 1, 1, 3),
        OriginRecord("main.py", "new", 2, 2, -1),
        OriginRecord("main.py", "new", 5, 5, 2),
    )
    text = made.without(kept, {3}).source("main.py").text
    assert text == kept.source("main.py").text.replace("import sys", "import os")
    # C is taken back with B, on whose line it builds
    assert made.without(kept, {1, 2}).source("main.py").text == "import sys\nfrom k import h\n" + OLD.partition("\n")[2]


@pytest.mark.parametrize("end", ["", "\n"])
def test_a_change_is_taken_out_and_a_shared_helper_stays(tmp_path: Path, end: str) -> None:
    start = work(tmp_path, OLD.rstrip("\n") + end)
    helper = (2, 1, "def h(x):\n    return x\n")
    rounds, kept = placed(
        start, (change("A", helper, (2, 2, "a = h(1)\n")), change("B", helper, (6, 6, "print(h(a))\n")))
    )
    made = lineage(start, rounds, kept, [], kept)
    for gone, line in ((0, "a = 1\n"), (1, "print(a)\n")):
        text = made.without(kept, {gone}).source("main.py").text
        assert line in text and text.count("def h") == 1
    assert made.without(kept, {0, 1}).source("main.py").text == OLD


def test_texts_decide_where_nothing_else_tells(tmp_path: Path) -> None:
    start = work(tmp_path)
    kept = start.with_sources({"main.py": SourceFile("main.py", OLD.replace("slow", "quick").encode())})
    made = lineage(start, [], kept, [], kept)
    assert made.told() == (OriginRecord("main.py", "old", 4, 4, -1), OriginRecord("main.py", "new", 4, 4, -1))
    assert made.without(kept, {-1}).source("main.py").text == OLD


def test_a_long_helper_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def parsed(text: str) -> ast.Module:
        asked.append(text)
        return ast.parse(text)

    monkeypatch.setattr(origins, "parsed", parsed)
    helper = "def h(x):\n" + "    x += 1\n" * 500
    start = work(tmp_path)
    rounds, now = placed(start, (change("A", (2, 1, helper)),))
    made = lineage(start, rounds, now, [], now)
    assert asked == [helper] and all(line.support for line in made.files["main.py"] if line.by)
