r"""Text with numbers in it: what differs, what does not repeat, and the first difference in words.

A line is numbers and what stands between them. Between lines of two runs everything must be equal, except that floats
(tokens with a point or an exponent) may differ within the contract's tolerance when they are written the same way, and
that what changed between runs of the unchanged program (`Mask`) is passed over.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

NUMBER = re.compile(
    r"0x[0-9a-fA-F]+|(?<![A-Za-z_0-9.])(?:(?<![)\]])[-+])?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?",
    re.ASCII,
)
# a time may move from one unit to the next when the program gets faster
UNIT = re.compile(
    r"\s*(?:seconds?|secs?|minutes?|mins?|hours?|milliseconds?|microseconds?|nanoseconds?|ms|us|µs|μs|ns|s|m|h)?(?![A-Za-z])"
)


MOST_SAID = 8  # sentences about one text


@dataclass(frozen=True)
class Mask:
    """What of a text is not repeatable. Lines count from 0, tokens within a line too."""

    whole: bool = False
    unordered: bool = False  # the same lines, in an order that changes
    lines: frozenset[int] = frozenset()
    tokens: frozenset[tuple[int, int]] = frozenset()
    stable: frozenset[int] | None = None  # the number of lines changes, but these are always there, in this order

    @property
    def empty(self) -> bool:
        return not (self.whole or self.unordered or self.lines or self.tokens or self.stable is not None)


NO_MASK = Mask()


@dataclass
class _Line:
    between: list[str] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)


def decoded(data: bytes) -> str:
    """Text for comparing; bytes that are not UTF-8 stay distinct."""
    return data.decode("utf-8", errors="surrogateescape")


def lines_of(text: str) -> list[str]:
    r"""Lines without their `\n`. A last line without `\n` ends in a mark, so that `a` and `a\n` differ."""
    parts = text.split("\n")
    if parts[-1]:
        parts[-1] += " <no newline at the end>"
        return parts
    return parts[:-1]


def find_mask(texts: Sequence[str], where: str) -> tuple[Mask, tuple[str, ...]]:
    """What differs between runs of one program, and a sentence for each thing. `where` names the text: `stdout`."""
    if all(text == texts[0] for text in texts):
        return NO_MASK, ()
    runs = [lines_of(text) for text in texts]
    if all(Counter(run) == Counter(runs[0]) for run in runs):
        return Mask(unordered=True), (f"{where}: the order of lines changes from run to run",)
    if any(len(run) != len(runs[0]) for run in runs):
        stable = _stable(runs)
        if not stable:
            return Mask(whole=True), (f"{where}: the number of lines changes from run to run, so it is not compared",)
        said_so = f"only the {len(stable)} that are always there are compared"
        return Mask(stable=stable), (f"{where}: the number of lines changes from run to run; {said_so}",)
    lines: set[int] = set()
    tokens: set[tuple[int, int]] = set()
    said: list[str] = []
    for n, versions in enumerate(zip(*runs, strict=True)):
        if all(v == versions[0] for v in versions):
            continue
        split = [_split(v) for v in versions]
        first = split[0]
        moving = {
            i
            for s in split
            if len(s.numbers) == len(first.numbers)
            for i, (a, b) in enumerate(zip(first.numbers, s.numbers, strict=True))
            if a != b
        }
        if any(len(s.numbers) != len(first.numbers) or _difference(first, s, moving, 0.0) for s in split):
            lines.add(n)
            said.append(f"{where} line {n + 1} changes from run to run: {_short(versions[0])}")
            continue
        tokens.update((n, i) for i in moving)
        if len(moving) > 1:
            said.append(f"{where} line {n + 1}: {len(moving)} numbers change from run to run: {_short(versions[0])}")
            continue
        i = min(moving)
        before = first.between[i].strip().split()
        after = f" after '{before[-1]}'" if before else ""
        said.append(f"{where} line {n + 1}: the number{after} changes from run to run ({first.numbers[i]})")
    if len(said) > MOST_SAID + 1:
        said[MOST_SAID:] = [f"{where}: {len(said) - MOST_SAID} more lines change from run to run"]
    return Mask(lines=frozenset(lines), tokens=frozenset(tokens)), tuple(said)


def text_difference(old: str, new: str, *, rtol: float, mask: Mask = NO_MASK, where: str = "stdout") -> str | None:
    """The first difference in words, or None. `rtol` 0 asks for the same text wherever nothing is masked."""
    if old == new or mask.whole:
        return None
    a, b = lines_of(old), lines_of(new)
    if mask.unordered:
        missing, extra = Counter(a) - Counter(b), Counter(b) - Counter(a)
        if not missing and not extra:
            return None
        line = _short(next(iter(missing or extra)))
        return f"{where}: the line {line} is {'missing' if missing else 'new'}"
    if mask.stable is not None:
        rest = iter(b)
        for n in sorted(mask.stable):
            if not any(y == a[n] or not _difference(_split(a[n]), _split(y), (), rtol) for y in rest):
                return f"{where}: the line {_short(a[n])} is missing, or not where it was"
        return None
    for n, (x, y) in enumerate(zip(a, b, strict=False)):
        if x == y or n in mask.lines:
            continue
        passed = {i for line, i in mask.tokens if line == n}
        if _difference(_split(x), _split(y), passed, rtol):
            return f"{where} line {n + 1}: {_short(x)} became {_short(y)}"
    if len(a) != len(b):
        more = a[len(b)] if len(a) > len(b) else b[len(a)]
        kind = "missing" if len(a) > len(b) else "new"
        return f"{where}: {len(a)} lines became {len(b)}; the first {kind} one is {_short(more)}"
    return None


def _stable(runs: Sequence[Sequence[str]]) -> frozenset[int]:
    """Lines of the first run that all others have too, in the same order. Nothing for very long texts."""
    first = runs[0]
    if max(map(len, runs)) > 5000:
        return frozenset()
    kept = list(range(len(first)))
    for other in runs[1:]:
        match = SequenceMatcher(None, [first[n] for n in kept], other, autojunk=False)
        kept = [kept[i] for block in match.get_matching_blocks() for i in range(block.a, block.a + block.size)]
    return frozenset(kept)


def close(a: str, b: str, rtol: float) -> bool:
    """Whether two number tokens agree: the same text, or floats written alike within `rtol`."""
    if a == b:
        return True
    if rtol <= 0 or not (_is_float(a) and _is_float(b)):
        return False
    if _shape(a) != _shape(b) and not (_shortest(a) and _shortest(b)):
        return False
    x, y = float(a), float(b)
    if x == y == 0.0 and a.startswith("-") != b.startswith("-"):
        return False  # -0.0 is not how 0.0 is written
    return abs(x - y) <= rtol * max(abs(x), abs(y))


def _split(line: str) -> _Line:
    out = _Line()
    at = 0
    for match in NUMBER.finditer(line):
        out.between.append(line[at : match.start()])
        out.numbers.append(match.group())
        at = match.end()
    out.between.append(line[at:])
    return out


def _difference(a: _Line, b: _Line, passed: Iterable[int], rtol: float) -> bool:
    passed = set(passed)
    if len(a.numbers) != len(b.numbers):
        return True
    for i, (x, y) in enumerate(zip(a.numbers, b.numbers, strict=True)):
        if i not in passed and not close(x, y, rtol):
            return True
    for i, (x, y) in enumerate(zip(a.between, b.between, strict=True)):
        if x == y:
            continue
        # beside a number that is passed over, padding and the unit of time may change with it
        if i in passed:
            x, y = x.rstrip(), y.rstrip()
        if i - 1 in passed:
            x, y = UNIT.sub("", x, count=1) if UNIT.match(x) else x, UNIT.sub("", y, count=1) if UNIT.match(y) else y
            x, y = x.lstrip(), y.lstrip()
        if x != y:
            return True
    return False


def _is_float(token: str) -> bool:
    return not token.startswith("0x") and any(c in token for c in ".eE")


def _shape(token: str) -> tuple[int, bool]:
    """Decimals, and whether there is an exponent."""
    mantissa, _, exponent = token.lower().partition("e")
    return len(mantissa.partition(".")[2]), bool(exponent)


def _shortest(token: str) -> bool:
    """Whether it is what `repr` gives for its value."""
    return repr(float(token)) == token.lstrip("+")


def _short(line: str, limit: int = 100) -> str:
    line = line.encode("utf-8", "backslashreplace").decode("utf-8")
    return repr(line if len(line) <= limit else line[: limit - 3] + "...")


# -- warnings and tracebacks: where a line stands is no result ---------------------------------------------------------

_WARNING = re.compile(r"^(?P<file>.+?):\d+: (?=\w*Warning\b)")
_FRAME = re.compile(r'^(?P<head>\s*File ")(?P<file>.+?)", line \d+(?P<tail>, in .*)?$')


def without_places(text: str, is_changed: Callable[[str], bool]) -> str:
    """`text` with line numbers and source echoes taken out of warnings and tracebacks of changed files.

    `is_changed` says for a file name, as printed, whether it is one that the candidate replaces.
    """
    return "\n".join(line for _, line, _ in _placeless(text, is_changed))


def mask_without_places(mask: Mask, text: str, is_changed: Callable[[str], bool]) -> Mask:
    """`mask`, made for `text`, as it applies to `without_places(text)`, where lines are missing and moved."""
    if not (mask.lines or mask.tokens or mask.stable):
        return mask
    stable: set[int] = set()
    lines: set[int] = set()
    tokens: set[tuple[int, int]] = set()
    for n, (origin, _, rewritten) in enumerate(_placeless(text, is_changed)):
        here = {i for line, i in mask.tokens if line == origin}
        if origin in mask.lines or (rewritten and here):
            lines.add(n)
        else:
            tokens.update((n, i) for i in here)
        if mask.stable and origin in mask.stable:
            stable.add(n)
    kept = frozenset(stable) if mask.stable is not None else None
    return Mask(mask.whole, mask.unordered, frozenset(lines), frozenset(tokens), kept)


def _placeless(text: str, is_changed: Callable[[str], bool]) -> Iterator[tuple[int, str, bool]]:
    """The lines that stay: index in the text, line, and whether a line number was taken out of it."""
    echo = ""  # how a line starts that shows the source: one below a warning, some below a frame
    for n, line in enumerate(text.split("\n")):
        if echo and line.startswith(echo) and not _FRAME.match(line):
            echo = "" if echo == "  " else echo
            continue
        echo = ""
        if (found := _WARNING.match(line)) and is_changed(found["file"]):
            echo = "  "
            yield n, f"{found['file']}:_: {line[found.end() :]}", True
        elif (found := _FRAME.match(line)) and is_changed(found["file"]):
            echo = "    "
            yield n, f'{found["head"]}{found["file"]}", line _{found["tail"] or ""}', True
        else:
            yield n, line, False
