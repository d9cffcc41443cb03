r"""A unified diff that `git apply` takes, of bytes: any encoding, CRLF, no newline at the end.

Lines end at `\n` only, as git sees them. Names are quoted as git quotes them.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping

_ESCAPES = {7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}


def quoted(name: str) -> str:
    """`name` as git writes it: in double quotes with C escapes when it has quotes, controls or non-ASCII bytes."""
    raw = name.encode("utf-8", "surrogateescape")
    if all(32 <= b < 127 and b not in (34, 92) for b in raw):
        return name
    return '"' + "".join(_ESCAPES.get(b) or (chr(b) if 32 <= b < 127 else f"\\{b:03o}") for b in raw) + '"'


def _lines(data: bytes) -> list[str]:
    """Lines as Latin-1 text (one character a byte), each with its newline if it has one."""
    parts = data.decode("latin-1").split("\n")
    tail = parts.pop()
    return [part + "\n" for part in parts] + ([tail] if tail else [])


def file_patch(path: str, old: bytes | None, new: bytes) -> bytes:
    """The diff of one file; empty when nothing changed. `old` is None for a file that is new."""
    if old == new:
        return b""
    a, b = quoted(f"a/{path}"), quoted(f"b/{path}")
    tab = "\t" if " " in path else ""  # so that patch(1) knows where a name with spaces ends; git does the same
    made = old is None
    out = [f"diff --git {a} {b}\n", *(["new file mode 100644\n"] if made else [])]
    out += ["--- /dev/null\n" if made else f"--- {a}{tab}\n", f"+++ {b}{tab}\n"]
    body = difflib.unified_diff(_lines(old or b""), _lines(new), lineterm="\n")
    for line in list(body)[2:]:
        out.append(line if line.endswith("\n") else line + "\n\\ No newline at end of file\n")
    return "".join(out).encode("latin-1")


def patch(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> bytes:
    """The diff of every file in `new` against `old`, sorted by path.

    A file that `old` has not is new. Compiled extension modules are left out: without them the program does the same.
    """
    texts = (path for path in sorted(new) if b"\0" not in new[path])
    return b"".join(file_patch(path, old.get(path), new[path]) for path in texts)
