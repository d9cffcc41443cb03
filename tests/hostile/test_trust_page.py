"""docs/trust.md names tests that exist: an outcome without its test is only a claim."""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks import faults, judge, pages

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "trust.md").read_text(encoding="utf-8")
NAMED = re.compile(r"(?:((?:\w+/)*test_\w+|(?:\w+/)+test_\w+) )?`(test_\w+)`")


def test_every_test_that_the_page_names_is_there() -> None:
    found, rows = 0, 0
    for line in PAGE.splitlines():
        cells = [c.strip() for c in line.strip("|").split(" | ")] if line.startswith("| ") else []
        if len(cells) != 4 or cells[0] in ("#", "---:"):
            continue
        rows += 1
        file = ""
        for path, name in NAMED.findall(cells[3]):
            file = path or file
            text = (ROOT / "tests" / f"{file}.py").read_text(encoding="utf-8")
            assert f"def {name}" in text, f"{file} has no test that begins with {name}"
            found += 1
        for path in re.findall(r"(?<![\w`])((?:\w+/)+test_\w+)", cells[3]):
            assert (ROOT / "tests" / f"{path}.py").exists(), path
    assert rows >= 30 and found >= 35


def test_every_phrase_of_the_issue_has_its_command_or_test() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ")]
    asked = [c for c in ([x.strip() for x in line.strip("|").split(" | ")] for line in rows) if len(c) == 3]
    asked = [c for c in asked if not c[0].startswith(("asked", "---"))]
    assert len(asked) >= 14
    for cells in asked:
        named, file = 0, ""
        for path, name in NAMED.findall(cells[2]):
            file = path or file
            assert f"def {name}" in (ROOT / "tests" / f"{file}.py").read_text(encoding="utf-8"), (file, name)
            named += 1
        for module in re.findall(r"`python -m (benchmarks[.\w]+)", cells[2]):
            place = ROOT / Path(*module.split("."))
            assert place.with_suffix(".py").exists() or (place / "__main__.py").exists(), module
            named += 1
        for target in re.findall(r"`make ([\w-]+)", cells[2]):
            assert f"\n{target}:" in (ROOT / "Makefile").read_text(encoding="utf-8"), target
            named += 1
        assert named, cells


def test_all_rows_of_the_matrix_are_on_the_page() -> None:
    numbers: set[int] = set()
    for first in re.findall(r"^\| (\d[\d, to]*) \|", PAGE, re.MULTILINE):
        ends = [int(n) for n in re.findall(r"\d+", first)]
        numbers |= set(range(ends[0], ends[-1] + 1))
    assert numbers >= set(range(1, 26)), set(range(1, 26)) - numbers


def test_figures_are_those_of_the_results() -> None:
    """What stands between the marks is what the commands would put there."""
    notes = [faults.noted(faults.RESULTS / f"faults-{kind}.json") for kind in faults.TARGETS]
    assert faults.summary([told for told in notes if told]) in PAGE
    judged, hours, sieve = judge.noted(judge.RESULTS)
    assert judge.table(judged) in PAGE
    assert judge.told_in_words(judged, hours, sieve) in PAGE


def test_tables_are_put_between_their_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- kills: by x -->\nold\n<!-- kills ends -->\nb\n")
    pages.put(page, "kills", "new\nlines")
    assert page.read_text() == "a\n<!-- kills: by x -->\n\nnew\nlines\n\n<!-- kills ends -->\nb\n"
    pages.put(page, "kills", "newer")
    assert page.read_text() == "a\n<!-- kills: by x -->\n\nnewer\n\n<!-- kills ends -->\nb\n"
