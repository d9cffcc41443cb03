"""What passes say of themselves: whole, and the same wherever it is read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hasten.cli import main
from hasten.errors import UsageError
from hasten.passes.described import REDUCING, SERVING, SOURCE, START, Shown, describe, every_description
from hasten.passes.model.registry import NETS, REDUCING_NETS, STORING
from hasten.passes.model.registry import REDUCING as REDUCERS
from hasten.passes.model.registry import SERVING as SERVERS
from hasten.passes.registry import PASSES, STARTS

PARTS = {
    SOURCE: ("What it finds", "Why it is slow", "Example", "Safe when"),
    START: ("What it finds", "Why it is slow", "Example", "Safe when"),
    SERVING: ("When it wins",),
    REDUCING: ("When it wins",),
}


def test_every_pass_is_described_once() -> None:
    found = every_description()
    count = sum(len(places) for places in (PASSES, STARTS, SERVERS, NETS, STORING, REDUCERS, REDUCING_NETS))
    assert len({d.code for d in found}) == len(found) == count
    assert len({d.title for d in found}) == count, "titles tell passes apart"
    for d in found:
        labels = [p.label for p in d.parts]
        assert set(PARTS[d.kind]) <= set(labels), (d.code, labels)
        if d.kind in (SERVING, REDUCING):
            assert {"What it does", "What changes"} & set(labels), d.code
        assert all(p.text for p in d.parts), d.code
        assert d.title and not d.title.endswith(".") and len(d.title) < 90, d.code


def test_nothing_of_a_docstring_is_lost() -> None:
    import importlib

    for d in every_description():
        module = importlib.import_module(d.module)
        words = set(" ".join((d.title + ".", d.about, *(f"{p.label} {p.text}" for p in d.parts))).split())
        lost = set((module.__doc__ or "").split()) - words
        # the title and the parts of a module with several passes give way to those of the class
        assert not lost or sum(d.module == other.module for other in every_description()) > 1, (d.code, lost)


def test_an_example_keeps_its_columns() -> None:
    lines = describe("HST101").part("Example").splitlines()
    assert len({line.index(mark) for line, mark in zip(lines, ("stop_members", "->", "if (w"), strict=True)}) > 1
    assert lines[0].startswith("for w in words:") and lines[1].startswith("    if w not in stop:")


def test_codes_and_names_are_found_and_near_ones_told() -> None:
    assert describe("hst101") is describe("membership in a list") is describe("HST101")
    with pytest.raises(UsageError, match="did you mean 'HST"):
        describe("HST1O1")


def test_explain(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["explain", "hsm201"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("HSM201 fewer trees (smaller model; ") and "When it wins" in shown
    assert max(map(len, shown.splitlines()[1:])) <= 80
    assert main(["explain", "HST101"]) == 0
    assert capsys.readouterr().out.startswith("HST101 ")
    assert main(["passes", "show", "HST101"]) == 0
    assert main(["explain", "HST1O1"]) == 2
    assert "did you mean" in capsys.readouterr().err
    assert main(["explain", "HST217", "--json"]) == 0
    (said,) = json.loads(capsys.readouterr().out)["passes"]
    assert said["kind"] == SOURCE and said["parts"]["Safe when"] == describe("HST217").part("Safe when")


def test_sarif_says_the_same() -> None:
    from hasten.cli.report import rules

    rule: Any = rules({"HST101"})["HST101"]
    assert (rule.summary, rule.documentation) == (describe("HST101").title, describe("HST101").text())


def test_an_example_needs_its_three_blocks() -> None:
    text = "Look.\n\n```python\na = 1\n```\n\n```diff\n-a\n```\n\nNot this.\n\n```python\nb = 1\n```\n"
    shown = Shown.parse(text)
    assert (shown.says, shown.before, shown.patch, shown.why_not, shown.left_alone) == (
        "Look.", "a = 1\n", "-a\n", "Not this.", "b = 1\n",
    )  # fmt: skip
    assert str(shown) == text
    with pytest.raises(ValueError, match="three blocks"):
        Shown.parse("```python\na = 1\n```\n")
