"""Hot lines beside the source: excerpts with the share of time of each line, in colours of their syntax."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hasten.core.record import Excerpt, HotLine, RunRecord

Spans = tuple[tuple[str, str], ...]  # (kind, text); kinds are classes of the style sheet

_KINDS = (("Comment", "c"), ("Literal.String", "s"), ("Literal.Number", "m"), ("Keyword", "k"), ("Operator.Word", "k"),
          ("Name.Function", "f"), ("Name.Class", "f"), ("Name.Builtin", "b"), ("Name.Decorator", "b"))  # fmt: skip
WARM = 0.005  # share of time from which a line shows a bar


@dataclass(frozen=True)
class Line:
    """One line of source. Shares are of all samples; None where the line was not seen."""

    number: int
    spans: Spans
    hot: HotLine | None = None

    @property
    def bar(self) -> float:
        """Per cent of the width: what the line takes itself, and in libraries."""
        return 0.0 if self.hot is None else round(100 * (self.hot.own + self.hot.library), 1)

    @property
    def warm(self) -> bool:
        return self.hot is not None and self.hot.total >= WARM


@dataclass(frozen=True)
class Listing:
    """A run of lines of one file; `share` is the most that one of its lines takes."""

    path: str
    lines: tuple[Line, ...]
    share: float


def listings(record: RunRecord) -> tuple[Listing, ...]:
    """The hottest first. Records without excerpts show their hot lines only."""
    hot = {(n.path, n.line): n for n in record.profile.lines}
    excerpts = record.excerpts or tuple(Excerpt(n.path, n.line, (n.text,)) for n in record.profile.lines)
    out = []
    for excerpt in excerpts:
        coloured = highlighted(excerpt.lines)
        lines = tuple(Line(n, spans, hot.get((excerpt.path, n))) for n, spans in enumerate(coloured, excerpt.first))
        share = max((x.hot.own + x.hot.library for x in lines if x.hot is not None), default=0.0)
        out.append(Listing(excerpt.path, lines, share))
    return tuple(sorted(out, key=lambda x: -x.share))


def highlighted(lines: Iterable[str]) -> tuple[Spans, ...]:
    """Python source as spans, line by line; the text is never another one."""
    from pygments.lexers.python import PythonLexer

    lines = [line.replace("\n", " ") for line in lines]
    out: list[tuple[tuple[str, str], ...]] = []
    now: list[tuple[str, str]] = []
    for kind, text in PythonLexer(stripnl=False, ensurenl=False).get_tokens("\n".join(lines)):
        for i, part in enumerate(text.split("\n")):
            if i:
                out.append(tuple(now))
                now = []
            if part:
                now.append((_kind(str(kind)), part))
    out.append(tuple(now))
    if ["".join(t for _, t in spans) for spans in out] != lines:  # the lexer has changed line ends or the like
        return tuple((("", line),) for line in lines)
    return tuple(out)


def _kind(token: str) -> str:
    name = token.removeprefix("Token.")
    return next((short for long, short in _KINDS if name.startswith(long)), "")
