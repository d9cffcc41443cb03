"""What Sphinx and its theme leave out of a page for those who read it by keyboard or by ear (found by axe-core)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

# what scrolls sideways can be reached by the keyboard
_SCROLLS = (("<pre>", '<pre tabindex="0">'), ('<div class="table-wrapper', '<div tabindex="0" class="table-wrapper'))
# landmarks are told apart by their names
_NAMES = (
    ('<aside class="sidebar-drawer">', '<aside class="sidebar-drawer" aria-label="All pages">'),
    ('<aside class="toc-drawer', '<aside aria-label="This page" class="toc-drawer'),
)
# a corner of a table without words is no heading
_CORNER = re.compile(r'<th class="(head[^"]*)"><p></p></th>')
# the parameters of a long signature are no list of definitions
_PARAMETERS = re.compile(r"<dl>\n((?:<dd><em class=\"sig-param\">.*</dd>\n)+)</dl>")


def finished(html: str) -> str:
    """The page with all of it; a page that was finished before stays as it is."""
    for old, new in (*_SCROLLS, *_NAMES):
        html = html.replace(old, new)
    return _PARAMETERS.sub(_lines, _CORNER.sub(r'<td class="\1"></td>', html))


def finish(app: Any, error: Exception | None) -> None:
    """Every page that was built (an event handler of Sphinx)."""
    if error is not None or app.builder.format != "html":
        return
    for page in sorted(Path(app.outdir).rglob("*.html")):
        text = page.read_text(encoding="utf-8")
        new = finished(text)
        if new != text:
            page.write_text(new, encoding="utf-8")


def _lines(found: re.Match[str]) -> str:
    lines = found[1].replace("<dd>", '<span class="sig-line">').replace("</dd>", "</span>")
    return f'<span class="sig-params">\n{lines}</span>'
