"""The page as text: safe whatever it shows, whole without scripts, small."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import hasten.report
from hasten.core.facts import Profile
from hasten.core.model_record import ModelRunRecord
from hasten.core.record import OriginRecord, RunRecord
from hasten.core.workload import Entry, ScriptWorkload
from hasten.report import checked, html, page, remedies
from hasten.report.diff import diff_of
from hasten.report.flame import flame
from hasten.report.listing import highlighted
from hasten.report.models import render_html
from hasten.report.shown import embedded, visible
from hasten.search.evidence import profile_record
from tests.deliver.records import full_record, plain_record
from tests.report.pages import NASTY, model_record, patch_of, rich_record

ASSETS = Path(hasten.report.__file__).parent / "assets"
VOID = {"meta", "circle", "line", "input", "br"}


class Reader(HTMLParser):
    """Collects elements, scripts and text; notes what would fetch something."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.bad: list[Any] = []
        self.text, self.policy, self.ids = "", "", list[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policy = given["content"] or ""
        if tag == "script":
            self.scripts.append((given, ""))
        self.ids += [given["id"] or ""] if "id" in given else []
        links = [
            v for k, v in given.items() if k in ("src", "href", "action", "srcset") and not (v or "").startswith("#")
        ]
        self.bad += [(tag, v) for v in links] + [(tag, k) for k in given if k.startswith("on")]

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            given, text = self.scripts[-1]
            self.scripts[-1] = given, text + data
        elif self.open and self.open[-1] != "style":
            self.text += data


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert reader.open == []
    assert len(reader.ids) == len(set(reader.ids))
    return reader


def pages(text: str) -> dict[str, tuple[str, Any]]:
    script, model = rich_record(text), model_record(text)
    return {"script": (html.render(script, patch_of(text)), script), "model": (render_html(model), model)}


@pytest.mark.parametrize("kind", ["script", "model"])
@pytest.mark.parametrize("text", ["plain.py", NASTY])
def test_a_page_is_one_safe_file_that_only_runs_our_scripts(text: str, kind: str) -> None:
    written, record = pages(text)[kind]
    reader = read(written)
    assert reader.bad == []
    data = {s[0]["id"]: s[1] for s in reader.scripts if s[0].get("type") == "application/json"}
    code = [s[1] for s in reader.scripts if "type" not in s[0]]
    assert len(code) == 4 and set(data) == {"record", "charts"}
    digests = {"'sha256-" + base64.b64encode(hashlib.sha256(c.encode()).digest()).decode() + "'" for c in code}
    allowed = re.search(r"script-src ([^;]*)", reader.policy)
    assert allowed is not None and set(allowed[1].split()) == digests
    assert "default-src 'none'" in reader.policy
    kept = RunRecord if kind == "script" else ModelRunRecord
    assert kept.from_json(json.loads(data["record"])).to_json() == record.to_json()
    assert not re.search(r"[\x00-\x08\x0b\x1b\u202e\u2028]", written)
    assert len(written.encode("utf-8", "replace")) < 1_000_000
    assert "url(" not in written.split("</style>")[0].replace("@import", "url(")


def test_scripts_are_what_npm_published() -> None:
    readme = (ASSETS / "README.md").read_text()
    rows = re.findall(r"^\| `([\w.-]+)` \| .* `(LICENSE[\w.-]+)` \| `([0-9a-f]{64})` \|$", readme, re.MULTILINE)
    assert {name for name, _, _ in rows} == {n for n in page.SCRIPTS if n != "report.js"}
    for name, licence, digest in rows:
        assert hashlib.sha256((ASSETS / name).read_bytes()).hexdigest() == digest
        assert "Copyright" in (ASSETS / licence).read_text()
        assert not re.search(r"</script|<!--|\r", (ASSETS / name).read_text(), re.IGNORECASE)


def test_the_first_part_needs_no_script() -> None:
    reader = read(html.render(rich_record(), patch_of()))
    for words in (
        "2.50x faster",
        "2.30x to 2.71x",
        "edited: nothing",
        "exit status",
        "1.80x [1.70, 1.90] as long",
        "HST101",
    ):
        assert words in reader.text
    assert reader.text.index("2.50x faster") < reader.text.index("Contract")


def test_a_page_of_a_smaller_net_tells_what_it_costs_and_rests_on() -> None:
    text = read(render_html(model_record())).text
    for words in ("40.6 million → 20.3 million", "by gradients, of the smaller net in float32", "0.440", "0.890"):
        assert words in text
    assert "on the front: pipeline.joblib 2" in text and "0.910" in text


def test_pages_of_runs_that_found_nothing() -> None:
    text = read(html.render(plain_record(Path("/x"), {}, {}))).text
    assert "no gain" in text and "nothing to apply" in text
    empty = ModelRunRecord("m.joblib", "M", "regression")
    assert "nothing was certified" in read(render_html(empty)).text
    bare = replace(full_record(), contributions=(), kept=full_record().kept)
    assert "not measured" in read(html.render(bare)).text


def test_numbers_that_are_none_are_not_drawn() -> None:
    record = full_record()
    assert record.comparison is not None
    endless = replace(record.comparison.speedup, high=float("inf"), low=float("nan"))
    written = html.render(replace(record, comparison=replace(record.comparison, speedup=endless)))
    data = {s[0]["id"]: s[1] for s in read(written).scripts if "id" in s[0]}
    assert json.loads(data["charts"])["runs"]["gain"] == [2.5, None, None]


def test_hidden_marks_are_shown() -> None:
    assert visible("a\u202eb\x1b[0m\x7f\u2066\udcff\tü\n") == "a‹U+202E›b␛[0m‹U+007F›‹U+2066›‹U+DCFF›\tü\n"
    text = embedded({"</script>": "<!--\u2028&"})
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == {"</script>": "<!--\u2028&"}


def test_hunks_know_their_changes() -> None:
    record = rich_record()
    (file,) = diff_of(record, patch_of())
    (hunk,) = file.hunks
    assert [t.code for t in hunk.tags] == ["HST101"]
    assert [(x.kind, x.old, x.new, x.tag) for x in hunk.lines] == [
        ("del", 1, None, 1), ("add", None, 1, 1), ("", 2, 2, 0), ("", 3, 3, 0),
    ]  # fmt: skip
    (old,) = diff_of(replace(record, origins=()), patch_of())  # as records were before
    assert [t.code for t in old.hunks[0].tags] == ["HST101"]
    moved = replace(
        record, origins=(OriginRecord("script.py", "new", 1, 1, -1), OriginRecord("script.py", "old", 1, 1, 7))
    )
    assert [t.code for t in diff_of(moved, patch_of())[0].hunks[0].tags] == ["moved"]
    named = (
        patch_of().replace("a/script.py", '"a/s\\303\\274 \\"q.py"').replace("b/script.py", '"b/s\\303\\274 \\"q.py"')
    )
    assert diff_of(record, named)[0].path == 'sü "q.py'
    assert diff_of(record, "@@ -1,9 +1,9 @@\n-cut") and diff_of(record, "nonsense\n") == ()


def test_flames_have_one_scale() -> None:
    record = rich_record()
    found = flame(record)
    assert found is not None
    assert found["before"]["v"] == pytest.approx(5.07) and found["after"]["v"] == pytest.approx(2.07)
    module = found["before"]["c"][0]
    assert module["v"] == pytest.approx(5.07 * 400 / 480, rel=1e-3)
    assert [c["v"] for c in module["c"]] == pytest.approx([5.07 * 300 / 480, 5.07 * 100 / 480], rel=1e-3)
    assert found["few"] == 40
    assert flame(full_record()) is None


@pytest.mark.parametrize("lines", [["def f(:", "  '''open"], ["x = 1\x0c", "\ty\r"], [NASTY.replace("\n", " ")], []])
def test_coloured_source_is_the_source(lines: list[str]) -> None:
    found = ["".join(text for _, text in spans) for spans in highlighted(lines)]
    assert found == lines


def test_a_broken_contract_is_not_called_held() -> None:
    record = model_record()
    assert {r.state for r in checked.model_rows(record) if r.check.startswith("accuracy")} == {"held", "broken"}
    strict = replace(record, contract=replace(record.contract, max_drop=None))
    assert [r.state for r in checked.model_rows(strict) if r.check.startswith("labels")] == ["broken", "broken"]
    unmet = full_record(require=9.0)
    assert checked.rows(unmet)[-1].state == "broken"


def test_warnings_say_what_to_do() -> None:
    record = replace(full_record(status="interrupted"), machine={"load": [9.5], "cores": 2, "governor": "powersave"})
    comparison = replace(record.comparison, notes=("noisy: speed-ups of single pairs spread by 9%",))  # type: ignore[type-var]
    found = remedies.warnings(replace(record, comparison=comparison, notes=("it starts threads",)))
    told = " ".join(text for text, _ in found)
    assert all(words in told for words in ("load 9.5", "powersave", "noisy", "interrupted", "run to run"))
    assert all(remedy for _, remedy in found)
    assert remedies.plain_notes(("it starts threads", "noisy: x")) == ("it starts threads",)


def test_a_page_of_a_large_run_stays_small() -> None:
    record = rich_record()
    places = range(2000)
    frames = tuple(f"pkg/module_{i % 40}.py:Class.method_{i}:{i}" for i in places)
    deep = Profile(stacks=tuple((tuple(frames[(i * 7 + j * i) % 2000] for j in range(100)), 3) for i in range(1500)))
    work = ScriptWorkload(Path("/nowhere"), Entry("script", "x.py"), "x.py")
    profile = replace(profile_record(work, deep), lines=record.profile.lines)
    assert sum(map(len, profile.stacks)) < 20_000
    trials = tuple(replace(t, reason="equal, but another change saves more " * 3) for t in record.trials * 300)
    patch = "--- a/x.py\n+++ b/x.py\n@@ -0,0 +1,6000 @@\n" + "+    value = something(1)\n" * 6000
    written = html.render(replace(record, profile=profile, after=profile, trials=trials), patch)
    assert len(written.encode()) < 2_000_000
    text = read(written).text
    assert "+6000" in text and "4000 more lines, in changes.patch" in text
