"""`hasten passes`."""

from __future__ import annotations

import argparse
import sys


def main(options: argparse.Namespace) -> int:
    from hasten.cli import FINISHED
    from hasten.errors import UsageError
    from hasten.passes.registry import every_pass, show, summary

    if options.action == "show":
        if options.code is None:
            raise UsageError("name a pass: hasten passes show CODE (`hasten passes` lists them)")
        sys.stdout.write(show(options.code) + "\n")
        return FINISHED
    if options.code is not None:
        raise UsageError(f"`hasten passes list` takes no code; did you mean `hasten passes show {options.code}`?")
    passes = every_pass()
    name = max(len(p.name) for p in passes)
    for p in passes:
        print(f"{p.code}  {p.name:<{name}}  {summary(p)}")
    print("\nhasten passes show CODE: reason, example and when it is safe")
    return FINISHED
