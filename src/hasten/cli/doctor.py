"""`hasten doctor`."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hasten.observe.machine import Check

_MARKS = {True: ("ok  ", "green"), False: ("fix ", "yellow"), None: ("?   ", "dim")}


def main(options: argparse.Namespace) -> int:
    """Exit status 0 whatever is found: what it says is advice."""
    from hasten.cli import FINISHED
    from hasten.observe.machine import doctor, machine

    if options.json:
        from hasten.api.outputs import Doctor, MachineCheck
        from hasten.cli.printing import print_json

        checks = tuple(MachineCheck(c.name, c.ok, c.value, c.fix) for c in doctor())
        print_json(Doctor(1, checks, machine()))
        return FINISHED
    facts = machine()
    memory = facts.get("memory_mb")
    print(f"{facts.get('cpu') or facts.get('architecture')}, {facts.get('cores')} cores", end="")
    print(f", {memory / 1000:.0f} GB memory" if isinstance(memory, float) else "", end="")
    print(f", {facts.get('system')}")
    wrong = sum(c.ok is False for c in doctor(report=_show))
    print(f"\n{wrong} to fix" if wrong else "\nnothing to fix: try `hasten run script.py`")
    return FINISHED


def _show(check: Check) -> None:
    from hasten.report.terminal import clean, wants_colour

    mark, colour = _MARKS[check.ok]
    if wants_colour(sys.stdout):
        code = {"green": 32, "yellow": 33, "dim": 2}[colour]
        mark = f"\x1b[{code}m{mark}\x1b[0m"
    print(f"{mark} {check.name:<15} {clean(check.value)}")
    if check.fix:
        print(f"     {'':<15} {clean(check.fix)}")
    sys.stdout.flush()
