"""Text of the user's program as a page may show it: nothing in it can hide, reorder or end anything."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

_KEPT = "\n\t"


def visible(text: str) -> str:
    """`text` with controls and invisible marks written out: a text that turns its direction round (U+202E) or holds
    escape codes looks like what it is."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c in _KEPT or not _hidden(c) else _named(c) for c in text)


def _hidden(c: str) -> bool:
    return unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp", "Co")


def _named(c: str) -> str:
    code = ord(c)
    return chr(0x2400 + code) if code < 32 else f"‹U+{code:04X}›"


def embedded(value: Any) -> str:
    """JSON that cannot end a `<script>` element or start a comment, whatever texts it holds."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
