"""`hasten init`."""

from __future__ import annotations

import argparse
from pathlib import Path


def main(options: argparse.Namespace) -> int:
    from hasten.api.initialise import initialise
    from hasten.cli import FINISHED
    from hasten.cli.printing import print_json

    done = initialise(Path(options.folder))
    if options.json:
        print_json(done)
    else:
        print(done.said)
    return FINISHED
