"""What a pass says of itself, taken apart: its docstring is what the command line, SARIF and the site read.

A docstring has a title, then labelled parts: `What it finds    a list that ...`, `Safe when        nothing in the loop
...`, each going on in indented lines. Where several passes share a module, each class has a title (and parts) of its
own, and the module's parts follow. `examples/CODE.md` holds a program that the pass changes, the change that it makes
of it, and a program that it leaves alone; the tests hold all three true.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from hasten.config import nearest
from hasten.core.loading import StartupPass
from hasten.core.model_pass import ReducingPass, ServingPass
from hasten.core.recipe import Pass, Risk
from hasten.errors import UsageError
from hasten.passes import registry
from hasten.passes.model import registry as model_registry

AnyPass = Pass | StartupPass | ServingPass | ReducingPass

_LABEL = re.compile(r"([A-Z][a-z]*(?: [a-z]+){0,3}) {2,}(\S.*)")
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SOURCE, START, SERVING, REDUCING = "program", "start of a program", "way to serve a model", "smaller model"


@dataclass(frozen=True)
class Part:
    """One labelled part of a docstring. The lines of an `Example` stay as they are; other text is running text."""

    label: str
    text: str


@dataclass(frozen=True)
class Shown:
    """A program, the change that the pass makes of it (as a unified diff), and a program that it leaves alone."""

    says: str
    before: str
    patch: str
    why_not: str
    left_alone: str

    @classmethod
    def parse(cls, text: str) -> Shown:
        """Of the text of `examples/CODE.md`. Raises `ValueError` when a part is missing."""
        blocks = list(_BLOCK.finditer(text))
        if [b[1] for b in blocks] != ["python", "diff", "python"]:
            raise ValueError("an example has three blocks: python, diff, python")
        before, patch, left = blocks
        return cls(
            text[: before.start()].strip(), before[2], patch[2], text[patch.end() : left.start()].strip(), left[2]
        )

    def __str__(self) -> str:
        return (
            f"{self.says}\n\n```python\n{self.before}```\n\n```diff\n{self.patch}```\n\n"
            f"{self.why_not}\n\n```python\n{self.left_alone}```\n"
        )


@dataclass(frozen=True)
class Description:
    """What there is to know of one pass. `kind` is one of SOURCE, START, SERVING and REDUCING."""

    code: str
    name: str
    title: str
    kind: str
    risk: Risk
    module: str
    about: str
    parts: tuple[Part, ...]
    packages: tuple[str, ...] = ()

    @property
    def example(self) -> Shown | None:
        place = files("hasten.passes") / "examples" / f"{self.code}.md"
        return Shown.parse(place.read_text(encoding="utf-8")) if place.is_file() else None

    def part(self, label: str) -> str:
        """The text under a label, or nothing."""
        return next((p.text for p in self.parts if p.label == label), "")

    def text(self, width: int = 118) -> str:
        """All of it as plain text, in the layout of the docstring."""
        return "\n\n".join(t for t in (self.title + ".", self.about, self._labelled(width)) if t)

    def _labelled(self, width: int) -> str:
        wide = max((len(p.label) for p in self.parts), default=0) + 2
        shown = []
        for part in self.parts:
            lines = (
                part.text.splitlines() if part.label == "Example" else textwrap.wrap(part.text, max(width - wide, 30))
            )
            shown += [f"{part.label if n == 0 else '':<{wide}}{line}".rstrip() for n, line in enumerate(lines or [""])]
        return "\n".join(shown)


def every_description() -> tuple[Description, ...]:
    """Of all passes: over programs, over their start, over models, over nets."""
    return tuple(_known().values())


def describe(code: str) -> Description:
    """Of the pass with this code or name. Raises `UsageError` when there is none."""
    known = _known()
    found = known.get(code.upper()) or next((d for d in known.values() if d.name.lower() == code.lower()), None)
    if found is None:
        raise UsageError(f"no pass {code!r}{nearest(code.upper(), known)}; `hasten passes` lists all {len(known)}")
    return found


@cache
def _known() -> dict[str, Description]:
    kinds: tuple[tuple[str, Sequence[AnyPass]], ...] = (
        (SOURCE, registry.all_passes()),
        (START, registry.startup_passes()),
        (SERVING, model_registry.serving_passes()),
        (SERVING, model_registry.serving_passes(nets=True)),
        (SERVING, model_registry.storing_passes()),
        (REDUCING, model_registry.reducing_passes()),
        (REDUCING, model_registry.reducing_passes(nets=True)),
    )
    return {p.code: _described(p, kind) for kind, passes in kinds for p in passes}


def _described(pass_: AnyPass, kind: str) -> Description:
    cls = type(pass_)
    module = inspect.getmodule(cls)
    texts = [t for t in (_own(cls), (module.__doc__ if module else "") or "") if t]
    title, about, parts = "", "", dict[str, str]()
    for text in texts:
        head, paragraphs, labelled = _apart(inspect.cleandoc(text))
        title = title or head
        about = about or paragraphs
        parts = {**labelled, **parts} if "Example" in labelled else {**parts, **_without(labelled, parts)}
    packages: tuple[str, ...] = getattr(cls, "packages", ())
    told = tuple(Part(label, text) for label, text in parts.items())
    return Description(
        pass_.code, pass_.name, title.rstrip("."), kind, pass_.risk, cls.__module__, about, told, packages
    )


def _own(cls: type) -> str:
    own = cls.__dict__.get("__doc__") or ""
    # what dataclass writes, and what only leads back to the module
    return "" if own.startswith((f"{cls.__name__}(", "See the module")) else own


def _without(parts: dict[str, str], known: dict[str, str]) -> dict[str, str]:
    return {label: text for label, text in parts.items() if label not in known}


def _apart(text: str) -> tuple[str, str, dict[str, str]]:
    """Title, paragraphs without a label, and the labelled parts."""
    head, _, rest = text.partition("\n")
    paragraphs: list[str] = []
    parts: dict[str, list[str]] = {}
    label = ""
    for line in rest.splitlines():
        found = _LABEL.fullmatch(line)
        if found:
            label = found[1]
            # kept at its column, so that the lines of an example stay below each other
            parts[label] = [" " * found.start(2) + found[2]]
        elif label and (line.startswith(" ") or not line):
            parts[label].append(line)
        else:
            label = ""
            paragraphs.append(line)
    labelled = {name: _layout(name, lines) for name, lines in parts.items()}
    return head.strip(), "\n".join(paragraphs).strip(), labelled


def _layout(label: str, lines: list[str]) -> str:
    text = textwrap.dedent("\n".join(lines)).strip("\n")
    return text if label == "Example" else " ".join(text.split())
