"""`hasten check`."""

from __future__ import annotations

import argparse
import sys


def main(options: argparse.Namespace) -> int:
    """Exit status 0 when the artifact answers as certified, 1 when this data contradicts it."""
    from hasten.api.models.check import check
    from hasten.cli import FINISHED, UNMET

    found = check(options.artifact, options.data, options.column, model=options.model, trust=options.trust)
    if options.json:
        from hasten.cli.printing import print_json

        print_json(found)
    else:
        sys.stdout.write(str(found) + "\n")
    return FINISHED if found.holds else UNMET
