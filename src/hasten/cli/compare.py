"""`hasten compare`."""

from __future__ import annotations

import argparse
import json
import sys


def main(options: argparse.Namespace) -> int:
    from hasten.api.compare import compare
    from hasten.cli import FINISHED, UNMET
    from hasten.cli.given import standard_input
    from hasten.cli.progress import progress
    from hasten.config import settings
    from hasten.report.comparison import render

    need = settings({"require": options.require}, "hasten compare").require
    stdin = standard_input(options.stdin)
    with progress() as shown:
        result = compare(
            options.a,
            options.b,
            options.args,
            rtol=options.rtol,
            exact=options.exact,
            budget=options.budget,
            timeout=options.timeout,
            stdin=stdin,
            progress=shown,
        )
    if options.json:
        json.dump(result.to_json(), sys.stdout, indent=1)
        sys.stdout.write("\n")
    else:
        sys.stdout.write(render(result.a, result.b, result.difference, result.comparison, result.unrepeatable))
    met = need is None or (result.speedup.decided == "faster" and result.speedup.ratio >= need)
    return FINISHED if result.same and met else UNMET
