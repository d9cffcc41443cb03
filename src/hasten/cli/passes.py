"""`hasten passes` and `hasten explain`."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hasten.passes.described import Description

WIDEST = 118


def main(options: argparse.Namespace) -> int:
    from hasten.cli import FINISHED
    from hasten.errors import UsageError
    from hasten.passes.described import describe, every_description

    if options.json:
        _print(every_description() if options.code is None else [describe(options.code)])
        return FINISHED
    if options.action == "show":
        if options.code is None:
            raise UsageError("name a pass: hasten passes show CODE (`hasten passes` lists them)")
        return explain(options)
    if options.code is not None:
        raise UsageError(f"`hasten passes list` takes no code; did you mean `hasten explain {options.code}`?")
    found = every_description()
    name = max(len(d.name) for d in found)
    for d in found:
        print(f"{d.code}  {d.name:<{name}}  {d.title}")
    print("\nhasten explain CODE: reason, example and when it is safe")
    return FINISHED


def explain(options: argparse.Namespace) -> int:
    """`hasten explain`: everything about one pass."""
    from hasten.cli import FINISHED
    from hasten.passes.described import describe

    found = describe(options.code)
    if options.json:
        _print([found])
    else:
        sys.stdout.write(_told(found))
    return FINISHED


def _told(d: Description) -> str:
    import shutil

    width = min(shutil.get_terminal_size((WIDEST, 24)).columns, WIDEST)
    parts = [f"{d.code} {d.name} ({d.kind}; {d.risk.value})", d.text(width)]
    shown = d.example
    if shown is not None:
        parts += ["A program that it changes, and the change:", shown.patch.rstrip("\n")]
        parts += [f"Left alone: {shown.why_not}", shown.left_alone.rstrip("\n")]
    return "\n\n".join(parts) + "\n"


def _print(found: Sequence[Description]) -> None:
    from hasten.api.outputs import OnePass, Passes
    from hasten.cli.printing import print_json

    shown = (
        OnePass(
            d.code, d.name, d.title, d.risk.value, d.text(), d.kind, {p.label: p.text for p in d.parts},
            "" if d.example is None else str(d.example),
        )
        for d in found
    )  # fmt: skip
    print_json(Passes(1, tuple(shown)))
