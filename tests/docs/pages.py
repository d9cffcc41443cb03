"""The pages of the site as the tests read them: those in git, and those that are written from the code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from docs._ext.pages import _everything

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


@dataclass(frozen=True)
class Block:
    """A fenced block: its language (nothing where none is said) and text, and the line at which it begins."""

    page: str
    line: int
    language: str
    text: str

    @property
    def where(self) -> str:
        return f"{self.page}:{self.line}"


@cache
def written() -> Mapping[str, str]:
    """Pages and schemas from the code, by their paths below docs/."""
    return dict(_everything())


@cache
def pages() -> Mapping[str, str]:
    """The text of every Markdown page, by its path below docs/; of the README as `../README.md`."""
    found = {name: text for name, text in written().items() if name.endswith(".md")}
    for path in sorted(DOCS.rglob("*.md")):
        name = path.relative_to(DOCS).as_posix()
        # what a build left there is not what the code says now
        if not name.startswith(("_", "reference/passes/")) and name not in found:
            found[name] = path.read_text(encoding="utf-8")
    return {**found, "../README.md": (ROOT / "README.md").read_text(encoding="utf-8")}


@cache
def tokens(name: str) -> tuple[Token, ...]:
    return tuple(MarkdownIt("commonmark").enable("table").parse(pages()[name]))


def blocks(name: str) -> Iterator[Block]:
    for token in tokens(name):
        if token.type in ("fence", "code_block"):
            words = token.info.split()
            language = words[0] if words else ""
            text = token.content
            if language == "{code-block}":  # its options stand in its first lines
                language = words[1]
                text = re.sub(r"\A(:\w+:.*\n)+\n?", "", text)
            yield Block(name, token.map[0] + 1 if token.map else 0, language, text)


def links(name: str) -> Iterator[str]:
    for token in tokens(name):
        for child in token.children or ():
            if child.type == "link_open":
                yield str(child.attrs["href"])


def anchors(name: str) -> frozenset[str]:
    """What a link can name on the page: its headings, as GitHub and MyST spell them."""
    found: set[str] = set()
    inside = False
    for token in tokens(name):
        if token.type == "inline" and inside:
            slug = re.sub(r"[^\w\- ]", "", token.content.lower()).strip().replace(" ", "-")
            found.add(slug)
        inside = token.type == "heading_open"
    return frozenset(found)
