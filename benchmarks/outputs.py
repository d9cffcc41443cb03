"""Whether two programs said the same: text word by word, numbers with a point or an exponent within a tolerance.

This is the benchmark's own judge, kept apart from hasten's, so that a fault in hasten's does not hide itself.
"""

from __future__ import annotations

import math
import re

RTOL = 1e-9
_NUMBER = re.compile(r"[-+]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?|[-+]?\b(?:nan|inf)\b")
_PLACE = re.compile(r"(?P<file>[^\s:]+\.py):\d+")


def text_difference(expected: str, found: str, *, rtol: float = RTOL) -> str | None:
    """The first difference in words, or None. Integers and words are exact; floats (a point, an exponent, nan, inf) may
    differ by `rtol` of the larger one."""
    if expected == found:
        return None
    old, new = expected.splitlines(), found.splitlines()
    for number, (a, b) in enumerate(zip(old, new, strict=False), start=1):
        if a != b and not _same_line(a, b, rtol):
            return f"line {number}: {a[:80]!r} became {b[:80]!r}"
    if len(old) != len(new):
        return f"{len(old)} lines became {len(new)}"
    if expected.endswith("\n") != found.endswith("\n"):
        return "the newline at the end"
    return None


def without_places(text: str) -> str:
    """`text` with the folders and line numbers of Python files taken out: they differ between copies of a program."""
    return _PLACE.sub(lambda m: m["file"].rpartition("/")[2], text)


def _same_line(a: str, b: str, rtol: float) -> bool:
    if _NUMBER.split(a) != _NUMBER.split(b):
        return False
    return all(_same_number(x, y, rtol) for x, y in zip(_NUMBER.findall(a), _NUMBER.findall(b), strict=True))


def _same_number(a: str, b: str, rtol: float) -> bool:
    if a == b:
        return True
    if not (_is_float(a) and _is_float(b)):
        return False
    x, y = float(a), float(b)
    if math.isnan(x) or math.isnan(y):
        return math.isnan(x) and math.isnan(y)
    return math.isclose(x, y, rel_tol=rtol, abs_tol=0.0)


def _is_float(token: str) -> bool:
    return any(mark in token.lower() for mark in (".", "e", "n"))
