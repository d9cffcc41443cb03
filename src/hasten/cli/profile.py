"""`hasten profile`."""

from __future__ import annotations

import argparse
import json
import sys


def main(options: argparse.Namespace) -> int:
    from hasten.api.profile import profile
    from hasten.cli import FINISHED
    from hasten.cli.given import standard_input
    from hasten.cli.progress import progress

    stdin = standard_input(options.stdin)
    with progress() as shown:
        result = profile(
            options.target, options.args, calls=options.calls, stdin=stdin, timeout=options.timeout, progress=shown
        )
    if options.json:
        json.dump(result.to_json(), sys.stdout, indent=1)
        sys.stdout.write("\n")
    else:
        sys.stdout.write(str(result))
    return FINISHED
