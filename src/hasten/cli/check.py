"""`hasten check`."""

from __future__ import annotations

import argparse
import json
import sys


def main(options: argparse.Namespace) -> int:
    """Exit status 0 when the artifact answers as certified, 1 when this data contradicts it."""
    from hasten.api.models.check import check
    from hasten.cli import FINISHED, UNMET

    found = check(options.artifact, options.data, options.column, model=options.model, trust=options.trust)
    if options.json:
        json.dump(found.to_json(), sys.stdout, indent=1)
        sys.stdout.write("\n")
    else:
        sys.stdout.write(str(found) + "\n")
    return FINISHED if found.holds else UNMET
