"""`hasten passes`."""

from __future__ import annotations

import argparse
import sys


def main(options: argparse.Namespace) -> int:
    from hasten.cli import FINISHED
    from hasten.errors import UsageError
    from hasten.passes.registry import every_pass, show, summary

    if options.json:
        from hasten.api.outputs import OnePass, Passes
        from hasten.cli.printing import print_json
        from hasten.passes.registry import by_code, documentation

        chosen = every_pass() if options.code is None else [by_code(options.code)]
        shown = (OnePass(p.code, p.name, summary(p), p.risk.value, documentation(p)) for p in chosen)
        print_json(Passes(1, tuple(shown)))
        return FINISHED
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
