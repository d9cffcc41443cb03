"""Findings as SARIF 2.1.0, for code scanning: https://docs.oasis-open.org/sarif/sarif/v2.1.0/."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from hasten.core.record import RunRecord
from hasten.report.findings import distinct
from hasten.report.hotspots import Hotspot
from hasten.report.view import percent

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
PLAIN = "HST000"  # time is spent there, and no pass knows what to do
WARNING = 0.1  # share of the time from which a finding is a warning, not a note


@dataclass(frozen=True)
class Place:
    """One place that takes time. `share` is of the program's time, 0..1; `text` is the source there, if known."""

    code: str
    path: str
    first: int
    last: int
    function: str
    reason: str
    remedy: str
    share: float
    headroom: float
    text: str = ""


@dataclass(frozen=True)
class Rule:
    """A pass as SARIF's rule."""

    code: str
    name: str
    summary: str
    documentation: str


def of_run(record: RunRecord) -> list[Place]:
    """The findings of a run, the hottest first."""
    texts = {(line.path, line.line): line.text for line in record.profile.lines}
    return [
        Place(
            f.code, f.path, f.first, f.last, f.qualname, f.reason, f.remedy, f.share, f.headroom,
            texts.get((f.path, f.first), ""),
        )
        for f in distinct(record)
    ]  # fmt: skip


def of_profile(spots: Sequence[Hotspot]) -> list[Place]:
    """The hot lines of a profile."""
    return [
        Place(
            s.code or PLAIN, s.path, s.line, s.line, s.function, s.reason, s.remedy, s.share, s.headroom,
            dict(s.text).get(s.line, ""),
        )
        for s in spots
    ]  # fmt: skip


def render(
    places: Sequence[Place], root: Path | str, rules: Mapping[str, Rule], version: str, command: str = ""
) -> str:
    """The log as JSON text. `root` is the project's folder, which paths are relative to; `version` is hasten's."""
    used = sorted({p.code for p in places})
    number = {code: i for i, code in enumerate(used)}
    driver = {
        "name": "hasten",
        "semanticVersion": version,
        "rules": [_rule(code, rules.get(code)) for code in used],
    }
    run: dict[str, Any] = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"SRCROOT": {"uri": Path(root).absolute().as_uri().rstrip("/") + "/"}},
        "results": [_result(p, number[p.code]) for p in places],
    }
    if command:
        run["invocations"] = [{"executionSuccessful": True, "commandLine": _plain(command)}]
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1, allow_nan=False) + "\n"


def _rule(code: str, rule: Rule | None) -> dict[str, Any]:
    if rule is None:
        text = "A line where the program spends its time." if code == PLAIN else f"hasten's pass {code}."
        return {"id": code, "shortDescription": {"text": text}, "properties": {"tags": ["performance"]}}
    return {
        "id": code,
        "name": rule.name,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.summary},
        "help": {"text": rule.documentation},
        "defaultConfiguration": {"level": "note"},
        "properties": {"tags": ["performance"]},
    }


def _result(place: Place, index: int) -> dict[str, Any]:
    told = [f"{percent(place.share)} of the program's time: {place.reason.rstrip('.')}."]
    if place.remedy:
        told.append(f"What would help: {place.remedy.rstrip('.')}.")
    told.append(f"At most {place.headroom:.2f}x for the whole program.")
    region: dict[str, Any] = {"startLine": max(1, place.first), "endLine": max(1, place.first, place.last)}
    if place.text:
        region["snippet"] = {"text": _plain(place.text)}
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(_plain(place.path)), "uriBaseId": "SRCROOT"},
            "region": region,
        }
    }
    if place.function:
        location["logicalLocations"] = [{"fullyQualifiedName": _plain(place.function), "kind": "function"}]
    # the same place keeps its identity when lines above it move
    same = "\0".join((place.code, place.path, place.function, " ".join(place.text.split())))
    return {
        "ruleId": place.code,
        "ruleIndex": index,
        "level": "warning" if place.share >= WARNING else "note",
        "message": {"text": _plain(" ".join(told))},
        "locations": [location],
        "partialFingerprints": {"hasten/v1": hashlib.sha256(same.encode("utf-8", "replace")).hexdigest()},
        "properties": {"share": place.share, "headroom": place.headroom},
    }


def _plain(text: str) -> str:
    """Text that every reader of JSON takes: names of files may hold bytes that are no text."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
