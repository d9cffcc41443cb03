"""What every page has: the verdict, the style, the scripts and the policy under which they alone may run."""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from hasten.report.shown import embedded, visible

# in the order in which they need each other; versions, licences and hashes: assets/README.md
SCRIPTS = ("d3.min.js", "plot.umd.min.js", "d3-flamegraph.umd.min.js", "report.js")

Rows = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Page:
    """What `base.html.j2` shows. `claim` is the verdict in a few words, `rest` the rest of that sentence; `tiles` are
    (label, value, small print)."""

    title: str
    target: str
    tone: str  # "gain" | "none" | "unmet" | "interrupted"
    claim: str
    rest: str
    tiles: Sequence[tuple[str, str, str]]
    warnings: Rows
    run: Rows
    machine: Rows
    notes: Sequence[str]
    command: str
    started: str
    version: str  # of hasten, when it ran
    data: Any  # the record, as JSON values
    drawn: Mapping[str, Any]  # what charts are drawn from

    @property
    def css(self) -> Any:
        return _markup(_css())

    @property
    def scripts(self) -> list[Any]:
        return [_markup(_asset(name)) for name in SCRIPTS]

    @property
    def policy(self) -> Any:
        """Only these scripts run: a text that came to be read as a script would not."""
        return _markup(" ".join(f"'sha256-{_digest(name)}'" for name in SCRIPTS))

    @property
    def record(self) -> Any:
        return _markup(embedded(self.data))

    @property
    def charts(self) -> Any:
        return _markup(embedded(_readable(self.drawn)))


def render(template: str, page: Page, **words: Any) -> str:
    """The page as text; everything that is not ours is escaped."""
    text: str = environment().get_template(template).render(page=page, **words)
    return text


def environment() -> Any:
    """Templates of this folder, everything escaped."""
    import jinja2

    from hasten.report.view import percent

    made = jinja2.Environment(
        loader=jinja2.PackageLoader("hasten.report", "."),
        autoescape=True,
        finalize=_shown,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["percent"] = percent
    return made


def _readable(value: Any) -> Any:
    """JSON values, their texts as charts may show them; a number that is none, or infinite, is not drawn."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {k: _readable(v) for k, v in value.items()}
    return [_readable(v) for v in value] if isinstance(value, (list, tuple)) else value


def _shown(value: Any) -> Any:
    """What an expression of a template gives, with marks that hide written out; it is escaped after that."""
    return visible(value) if type(value) is str else value


def split_claim(headline: str) -> tuple[str, str]:
    """`2.50x faster: 5 s -> 2 s, same results` as its claim and the rest."""
    claim, mark, rest = headline.partition(": ")
    if not mark or len(claim) > 40:
        return headline, ""
    return claim, rest.replace(" -> ", " → ")


def marks(found: Iterable[str]) -> list[tuple[str, int]]:
    """Each verdict with how often it came, in the order in which they came."""
    counts: dict[str, int] = {}
    for mark in found:
        counts[mark] = counts.get(mark, 0) + 1
    return list(counts.items())


def machine_rows(machine: Mapping[str, Any], versions: Mapping[str, str]) -> list[tuple[str, str]]:
    """What a number was measured on, in few lines; what is not known here is told as `flat` has it."""
    from hasten.report.view import flat

    rest = dict(machine)
    packages = rest.pop("packages", None)
    rows: list[tuple[str, str]] = []
    for name, value in rest.items():
        if value in (None, {}, [], ""):
            continue
        if name.endswith("_mb") and isinstance(value, (int, float)):
            rows.append((name.removesuffix("_mb"), f"{value / 1000:.3g} GB"))
        elif name == "load" and isinstance(value, (list, tuple)):
            rows.append(("load, 1, 5 and 15 min", ", ".join(f"{x:.2f}" for x in value if isinstance(x, (int, float)))))
        elif name == "steal_share" and isinstance(value, (int, float)):
            rows.append(("stolen by the hypervisor", f"{value:.2%}"))
        else:
            rows += flat(value, name)
    named = {**(packages if isinstance(packages, Mapping) else {}), **versions}
    if named:
        rows.append(("versions", ", ".join(f"{name} {version}" for name, version in sorted(named.items()))))
    return rows


@cache
def _asset(name: str) -> str:
    return files("hasten.report").joinpath("assets", name).read_text(encoding="utf-8")


@cache
def _digest(name: str) -> str:
    return base64.b64encode(hashlib.sha256(_asset(name).encode("utf-8")).digest()).decode("ascii")


@cache
def _css() -> str:
    return _asset("report.css").replace("DARK", _asset("dark.css").strip())


def _markup(text: str) -> Any:
    from markupsafe import Markup

    return Markup(text)
