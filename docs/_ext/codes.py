"""Codes of passes in running text lead to their pages."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes

_CODE = re.compile(r"\bHS[TM]\d{3}\b")
_ELSEWHERE = (nodes.reference, nodes.title, nodes.literal, nodes.literal_block, nodes.comment, nodes.raw)


def link(app: Any, tree: Any, page: str) -> None:
    """An event handler of Sphinx, for every page when its links are known."""
    known = app.env.found_docs
    for text in list(tree.findall(nodes.Text)):
        if _CODE.search(text) and not _inside(text):
            parts = list(_parts(app, str(text), page, known))
            text.parent.replace(text, parts)


def _inside(node: Any) -> bool:
    while node is not None:
        if isinstance(node, _ELSEWHERE):
            return True
        node = node.parent
    return False


def _parts(app: Any, text: str, page: str, known: Any) -> Any:
    at = 0
    for found in _CODE.finditer(text):
        target = f"reference/passes/{found[0]}"
        if target in known and target != page:
            yield nodes.Text(text[at : found.start()])
            uri = app.builder.get_relative_uri(page, target)
            yield nodes.reference("", found[0], refuri=uri, internal=True)
            at = found.end()
    yield nodes.Text(text[at:])
