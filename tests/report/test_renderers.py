from __future__ import annotations

import dataclasses
import io
import re

import pytest

from hasten.core.contract import Quality
from hasten.core.measurement import Speedup
from hasten.core.model_pass import Step
from hasten.core.model_record import (
    AgreementRecord,
    CandidateRecord,
    ExplanationRecord,
    LatencyRecord,
    ModelRunRecord,
    QualityOfModel,
)
from hasten.core.record import QualityRecord, RunRecord
from hasten.report import html as page
from hasten.report import markdown, models, terminal
from hasten.report.view import headline, percent, seconds, view
from tests.deliver.records import full_record

NASTY = "<script>alert(1)</script>\x1b[31m|`*_ ünï \udcff\n</pre>"


def test_dots_stay_inside_the_plot() -> None:
    plot = page.plot(view(full_record()))
    assert plot is not None
    assert len(plot.dots) == 16
    for x, y, _, _ in plot.dots:
        assert plot.left <= x <= plot.width
        assert 0 <= y <= plot.height
    assert 2 <= len(plot.ticks) <= 9


@pytest.mark.parametrize("text", ["script.py", NASTY, "long " * 80])
def test_the_verdict_fits_one_screen(text: str) -> None:
    record = full_record(text)
    record = dataclasses.replace(record, trials=record.trials * 9, notes=record.notes * 5)
    shown = terminal.render(record, run=".hasten/runs/20260131-100000-script")
    lines = shown.splitlines()
    assert len(lines) <= 24
    assert all(len(line) <= 120 for line in lines)
    assert all(len(line) <= 80 for line in lines if "hasten" not in line)
    assert "\x1b" not in shown
    shown.encode("utf-8")


def test_terminal_snapshot() -> None:
    assert (
        terminal.render(full_record(), run="out")
        == """\
script.py: 2.50x faster: 5.07 s -> 2.07 s, same results
  warm          2.50x [2.30, 2.71] at 95%, faster, 8 interleaved pairs of runs
  cold          1.27x: 5.1 s -> 4 s, first run, one sample each
  peak memory   120 MB -> 90 MB
  same results  floats within rtol 1e-09, all else exact; compared: stdout
  not compared  differs from run to run: script.py
  baseline      5.1 s, 2 runs, noise floor 4.0%
  changes       1 kept of 2 tried (1 accepted, 1 rejected)
  hasten took   44 s
kept
  HST101 script.py:1 line 1: script.py: 2.50x [2.30, 2.71]
tried and not kept
  HST101 script.py:1 line 9: script.py: script.py
warning: differs from run to run, so it was not compared: script.py
  do: fix its seed, or leave out the time
report  out/report.html
next    hasten apply out --diff   (then without --diff)
"""
    )


def test_no_colour_without_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    assert terminal.wants_colour(Terminal())
    assert not terminal.wants_colour(io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not terminal.wants_colour(Terminal())
    stream = Terminal()
    terminal.show(full_record(), stream)
    assert "\x1b" not in stream.getvalue()


def test_colour_on_a_terminal_does_not_let_the_program_speak(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    stream = Terminal()
    terminal.show(full_record("[bold]\x1b[2J\x07x"), stream)
    assert "\x1b[2J" not in stream.getvalue()
    assert "[bold]" in stream.getvalue()


def test_markdown_escapes() -> None:
    text = markdown.render(full_record(NASTY), "+```\n")
    assert "<script>" not in re.sub(r"(?s)(````+).*?\1|```.*?```", "", text)
    assert "````diff\n+```\n````" in text
    for line in text.splitlines():
        if line.startswith("| HST"):
            assert len(re.findall(r"(?<!\\)\|", line)) == 6


def test_markdown_for_a_pull_request() -> None:
    text = markdown.render(full_record(), "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-x\n+y\n+z\n")
    assert text.startswith("## script.py: 2.50x faster")
    assert "| time, warm (median) | 5.07 s | 2.07 s | 2.50x" in text
    assert "<summary>Patch: 1 file, +2 -1 lines</summary>" in text
    assert text.count("<details>") == text.count("</details>") >= 4
    long = markdown.render(full_record(), "+" + "x" * 99 + "\n" + ("+" + "y" * 99 + "\n") * 2000)
    assert len(long) < 65_536
    assert "all of it is in changes.patch" in long
    assert "Reproduce" in long


def test_the_last_line_names_the_run_and_fits() -> None:
    folder = ".hasten/runs/20260102-000000-" + "long" * 10
    last = terminal.render(full_record(), run=folder).splitlines()[-1]
    assert last == f"next    hasten apply {folder[13:]} --diff"
    short = terminal.render(full_record(), run=".hasten/runs/20260102-000000-script").splitlines()[-1]
    assert short == "next    hasten apply 20260102-000000-script --diff   (then without --diff)"
    assert len(short) <= 80


@pytest.mark.parametrize(
    ("change", "tone", "words"),
    [
        ({}, "gain", "2.50x faster"),
        ({"require": 3.0}, "unmet", "3x was required"),
        ({"status": "interrupted"}, "interrupted", "the best so far"),
    ],
)
def test_headline(change: dict[str, object], tone: str, words: str) -> None:
    text, said = headline(full_record(**change))  # type: ignore[arg-type]
    assert said == tone
    assert words in text


def test_nothing_kept_is_no_gain() -> None:
    record = dataclasses.replace(full_record(), changed={})
    assert record.gain is None
    assert headline(record) == ("no gain: the program is left as it was", "none")
    assert not dataclasses.replace(record, contract=dataclasses.replace(record.contract, require=2.0)).met


def test_numbers_have_units() -> None:
    assert [seconds(v) for v in (0.00456, 0.5, 1.234, 12.34, 200.0)] == [
        "4.56 ms",
        "500 ms",
        "1.23 s",
        "12.3 s",
        "3 min 20 s",
    ]
    assert [percent(v) for v in (0.0123, 0.5, 1.0)] == ["1.2%", "50%", "100%"]


def test_other_results_are_told() -> None:
    quality = QualityRecord(Quality("best", "min", 0.01), "name", (2.0, 3.0), (1.5, 1.5, 2.5), 1)
    record = dataclasses.replace(full_record(), qualities=(quality,), differs=("stdout: 'a' became 'b'",))
    assert RunRecord.loads(record.dumps()) == record
    shown = view(record)
    assert "as good (best 2 -> 1.5), all else the same" in shown.headline
    assert "same results" not in shown.headline
    facts = dict(shown.facts)
    assert facts["quality best"] == (
        "2 -> 1.5 (held at the end; the lower the better, may be worse by 1%); another seed: 3 -> 2.5"
    )
    assert facts["other results"] == "stdout: 'a' became 'b'"
    left = dataclasses.replace(
        record, qualities=(dataclasses.replace(quality, old=(2.0,), new=(), seeds=0),), differs=()
    )
    assert "same results" in view(left).headline
    assert "no change of results was kept" in dict(view(left).facts)["quality best"]


def test_the_verdict_fits_one_screen_whatever_there_is_to_say() -> None:
    full = full_record("long " * 30)
    qualities = tuple(QualityRecord(Quality(f"q{i}"), "name", (1.0,), (0.5,)) for i in range(2))
    many = dataclasses.replace(full, trials=full.trials * 9, qualities=qualities, differs=("x",), notes=("n", "m"))
    for record in (full, many, dataclasses.replace(many, changed={})):
        shown = terminal.render(record, run=".hasten/runs/20260102-000000-script").splitlines()
        assert len(shown) < 24
        assert max(map(len, shown)) <= 80
        assert shown[-1].startswith("next    hasten " + ("apply" if record.changed else "report"))
    assert "--format findings" in shown[-1]


def test_the_verdict_on_a_model_fits_one_screen() -> None:
    latencies = tuple(
        LatencyRecord(n, t, 1e-5, 2e-5, 9, speedup=Speedup(2.0, 1.9, 2.1, 5)) for n in (1, 256) for t in (1, 8)
    )
    one = CandidateRecord((Step("HSM101", "x" * 30),), "accepted", latencies=latencies, kept=True, multiply_adds=4e7)
    reasons = ExplanationRecord(0.9, 0.8, 0.9, 3, 9, 9)
    others = tuple(dataclasses.replace(one, kept=False, verdict=v, latencies=()) for v in ("accepted", "failed") * 9)
    record = ModelRunRecord(
        "model.joblib", "Forest" * 30, "classification", methods=("predict",), rows={"valid": 9, "test": 9},
        candidates=(one, *others), routes=(("up to 8 rows", "x"), ("any number of rows", "y")), original=one,
        artifact=one, certified=QualityOfModel("accuracy", 0.9, 0.9, 0.0, 0.0, 0.0, 9),
        certified_agreement=AgreementRecord(9, 9, 0, 0.0, 0.0), explained=reasons, control=reasons, gradients=reasons,
        gradients_control=reasons, notes=("a", "b", "c"),
    )  # fmt: skip
    shown = models.render(record, run="out").splitlines()
    assert len(shown) < 24
    assert max(map(len, shown)) <= 80
    assert "not raced" in "\n".join(shown)
    assert shown[-1] == "next    hasten.load('out').predict(X)"
