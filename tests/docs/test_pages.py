"""Every page: its links lead somewhere, its commands are commands of hasten, its code is Python, its options exist."""

from __future__ import annotations

import ast
import json
import re
import shlex
import tomllib

import pytest
import yaml

from hasten.cli.parser import COMMANDS, parse
from hasten.config import settings
from hasten.passes.described import every_description
from tests.docs.pages import DOCS, ROOT, Block, anchors, blocks, links, pages, written

PAGES = sorted(pages())
LANGUAGES = {"", "text", "sh", "python", "toml", "yaml", "diff", "{toctree}", "{eval-rst}"}
ALL = [block for name in PAGES for block in blocks(name)]


def test_every_link_leads_somewhere() -> None:
    wrong = []
    for name in PAGES:
        if "gallery" in name:
            continue  # reports of real runs lie beside these
        for link in links(name):
            if re.match(r"[a-z]+:", link):
                continue
            target, _, anchor = link.partition("#")
            place = (DOCS / name).parent / target if target else DOCS / name
            there = place.resolve()
            inside = there.relative_to(ROOT).as_posix()
            key = inside.removeprefix("docs/") if inside.startswith("docs/") else f"../{inside}"
            if key not in pages() and not there.exists():
                wrong.append(f"{name}: {link}")
            elif anchor and anchor not in anchors(key):
                wrong.append(f"{name}: {link} (no such heading)")
    assert wrong == []


def test_every_page_can_be_reached() -> None:
    """By the tables of contents, from the first page on."""
    reached, left = set(), ["index.md"]
    while left:
        name = left.pop()
        if name in reached or name not in pages():
            continue
        reached.add(name)
        for block in blocks(name):
            if block.language == "{toctree}":
                for line in block.text.splitlines():
                    if line and not line.startswith(":"):
                        place = (DOCS / name).parent / line
                        found = sorted(place.parent.glob(f"{place.name}.md")) or [place.with_suffix(".md")]
                        left += [p.resolve().relative_to(DOCS).as_posix() for p in found]
        if name == "gallery/index.md":  # its table of contents is added when the site is built
            left += [other for other in PAGES if other.startswith("gallery/")]
    assert set(PAGES) - reached - {"../README.md"} == set()


def test_languages_are_known() -> None:
    assert {b.language for b in ALL if "gallery" not in b.page} <= LANGUAGES


def commands(block: Block) -> list[str]:
    """The command lines of hasten in a block of the shell (or of no language), without what is said beside them."""
    found = []
    for line in block.text.splitlines():
        said = re.split(r"\s{2,}|\s#\s", line.strip().removeprefix("- run: "))[0]
        if re.match(r"hasten [a-z]+( |$)", said) and ":" not in said.split()[1]:
            found.append(said)
    return found


def test_every_command_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    seen = set()
    for block in ALL:
        if block.language not in ("", "sh", "yaml", "text") or block.page == "reference/cli.md":
            continue
        for line in commands(block):
            words = shlex.split(line.partition(" > ")[0].partition(")")[0] if '"$(' not in line else line)
            try:
                seen.add(parse(words[1:]).command)
            except SystemExit:
                raise AssertionError(f"{block.where}: {line}\n{capsys.readouterr().err}") from None
    assert {"run", "compare", "apply", "report", "check", "explain", "profile", "runs"} <= seen <= set(COMMANDS)


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for name, text in pages().items():
        said = set(re.findall(r"(?:^|`)make ([a-z-]+)(?:`| +#|$)", text, re.MULTILINE))
        assert said <= targets, name


def test_python_is_python_and_names_what_there_is() -> None:
    import hasten

    for block in ALL:
        if block.language == "python":
            tree = ast.parse(block.text, block.where)
            for node in ast.walk(tree):
                if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "hasten":
                    assert node.attr in hasten.__all__, f"{block.where}: hasten.{node.attr}"


def test_options_of_examples_are_read() -> None:
    count = 0
    for block in ALL:
        if block.language == "toml":
            table = tomllib.loads(re.sub(r"^# (?=\w+ = )", "", block.text, flags=re.MULTILINE))["tool"]["hasten"]
            settings(table, block.where)
            count += len(table)
        elif block.language == "yaml":
            yaml.safe_load(block.text)
    assert count > 10


def test_the_statistics_are_as_the_page_says(monkeypatch: pytest.MonkeyPatch) -> None:
    for block in blocks("explanation/statistics.md"):
        exec(compile(block.text, block.where, "exec"), {"__name__": "example"})


def test_every_pass_has_its_page() -> None:
    for d in every_description():
        page = pages()[f"reference/passes/{d.code}.md"]
        assert all(f"## {part.label}" in page for part in d.parts)
        assert (d.example is None) == (not d.code.startswith("HST"))
        if d.example is not None:
            assert d.example.patch.rstrip() in page and d.example.left_alone.rstrip() in page
        assert f"[{d.code}]({d.code}.md)" in pages()["reference/passes/index.md"]
    named = {code for text in pages().values() for code in re.findall(r"\bHS[TM]\d{3}\b", text)}
    assert named - {"HST000", "HST1O1"} <= {d.code for d in every_description()}


def test_schemas_are_files() -> None:
    for name, text in written().items():
        if name.endswith(".json"):
            assert json.loads(text)["$schema"].startswith("https://json-schema.org/")
            assert f"../schemas/{name.rpartition('/')[2]}" in pages()["reference/schemas.md"]


def test_every_command_and_option_has_its_line() -> None:
    text = pages()["reference/cli.md"]
    assert all(f"## hasten {name}\n" in text for name in COMMANDS)
    assert "`--fail-under 0.95`" in text and "`--resume RUN`" in text
