"""A notebook with other sources in some of its cells, and every other byte as it was.

Outputs, metadata, ids, the order of keys, white space and line ends stay, because nothing is written anew but the
`source` of the cells that changed; of these, lines that stay keep their very characters.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from json.decoder import scanstring  # type: ignore[attr-defined]

_SPACE = re.compile(r"[ \t\n\r]*")
_PLAIN = re.compile(r"[^\s,\]}]+")
_NEXT = re.compile(r'["\[\]{}]')
_ESCAPED = re.compile(r"\\u(00[89a-f][0-9a-f]|0[1-9a-f][0-9a-f]{2}|[1-9a-f][0-9a-f]{3})", re.IGNORECASE)

Span = tuple[int, int]


def rewritten(data: bytes, sources: Mapping[int, str]) -> bytes:
    r"""The notebook with `sources` (by place among all its cells, `\n` line ends) in place of what was there.

    Raises `ValueError` when the notebook has no such cell.
    """
    mark = b"\xef\xbb\xbf" if data.startswith(b"\xef\xbb\xbf") else b""
    text = data[len(mark) :].decode("utf-8")
    spans = list(_sources(text))
    plain = text.isascii() and bool(_ESCAPED.search(text))
    out = text
    for index in sorted(sources, reverse=True):
        if not 0 <= index < len(spans) or spans[index] is None:
            raise ValueError(f"the notebook has no cell {index}")
        start, end = spans[index] or (0, 0)
        out = out[:start] + _value(text[start:end], sources[index], plain) + out[end:]
    return mark + out.encode("utf-8")


def _value(old: str, new: str, plain: bool) -> str:
    """The JSON of a source: one string, or a list of lines, as it was before."""
    if old.startswith('"'):
        before = json.loads(old)
        return json.dumps(_ends_as(new, before), ensure_ascii=plain)
    items = list(_items(old, 0))
    known = {json.loads(old[a:b]): old[a:b] for a, b in items}
    before = "".join(known)
    parts = _ends_as(new, before).split("\n")
    lines = [f"{part}\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])
    if not lines:
        return "[]"
    lead = old[1 : items[0][0]] if items else ""
    tail = old[items[-1][1] : -1] if items else ""
    between = old[items[0][1] : items[1][0]] if len(items) > 1 else f",{lead}" if lead else ", "
    return f"[{lead}{between.join(known.get(n) or json.dumps(n, ensure_ascii=plain) for n in lines)}{tail}]"


def _ends_as(new: str, before: str) -> str:
    return new.replace("\n", "\r\n") if "\r\n" in before else new


def _sources(text: str) -> Iterator[Span | None]:
    """Where the source of each cell is, in order; None for a cell without one."""
    top = _members(text, _SPACE.match(text, 0).end())  # type: ignore[union-attr]
    lists = [top["cells"]] if "cells" in top else []
    if not lists and "worksheets" in top:
        sheets = (_members(text, start) for start, _ in _items(text, top["worksheets"][0]))
        lists = [sheet["cells"] for sheet in sheets if "cells" in sheet]
    for start, _ in lists:
        for cell, _ in _items(text, start):
            members = _members(text, cell)
            yield members.get("source") or members.get("input")


def _members(text: str, at: int) -> dict[str, Span]:
    """The values of the object that begins at a place, by key."""
    found: dict[str, Span] = {}
    at = _skip(text, at + 1)
    while text[at] != "}":
        key, at = scanstring(text, at + 1)
        at = _skip(text, _skip(text, at) + 1)
        end = _end(text, at)
        found[key] = (at, end)
        at = _skip(text, end)
        if text[at] == ",":
            at = _skip(text, at + 1)
    return found


def _items(text: str, at: int) -> Iterator[Span]:
    """The items of the list that begins at a place."""
    at = _skip(text, at + 1)
    while text[at] != "]":
        end = _end(text, at)
        yield at, end
        at = _skip(text, end)
        if text[at] == ",":
            at = _skip(text, at + 1)


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _end(text: str, at: int) -> int:
    """Where the value that begins at a place ends."""
    if text[at] == '"':
        return int(scanstring(text, at + 1)[1])
    if text[at] not in "[{":
        found = _PLAIN.match(text, at)
        return found.end() if found else at
    depth = 0
    while True:
        found = _NEXT.search(text, at)
        if found is None:
            raise ValueError("the notebook is cut short")
        at = found.end()
        if found[0] == '"':
            at = scanstring(text, at)[1]
        elif found[0] in "[{":
            depth += 1
        else:
            depth -= 1
            if depth == 0:
                return at
