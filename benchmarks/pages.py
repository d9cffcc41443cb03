"""Tables of results, put where a page of docs/ says that they belong."""

from __future__ import annotations

from pathlib import Path

TRUST = Path(__file__).parents[1] / "docs" / "trust.md"


def put(page: Path, name: str, text: str) -> None:
    """`text` between the lines ``<!-- NAME: ... -->`` and ``<!-- NAME ends -->`` of a page. Raises `SystemExit`."""
    old = page.read_text(encoding="utf-8")
    before, begin, rest = old.partition(f"<!-- {name}: ")
    said, closed, rest = rest.partition("-->\n")
    _, end, after = rest.partition(f"<!-- {name} ends -->")
    if not (begin and closed and end):
        raise SystemExit(
            f"{page}: has no lines <!-- {name}: ... --> and <!-- {name} ends --> to put the tables between"
        )
    page.write_text(f"{before}{begin}{said}{closed}\n{text.strip()}\n\n{end}{after}", encoding="utf-8")
