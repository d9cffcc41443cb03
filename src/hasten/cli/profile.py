"""`hasten profile`."""

from __future__ import annotations

import argparse
import sys


def main(options: argparse.Namespace) -> int:
    from hasten.api.profile import profile
    from hasten.cli import FINISHED
    from hasten.cli.given import standard_input
    from hasten.cli.printing import print_json
    from hasten.cli.progress import progress
    from hasten.errors import UsageError

    exports = options.export or []
    if options.output and len(exports) != 1:
        raise UsageError("-o names the file of one --export; give exactly one")
    if options.json and options.sarif:
        raise UsageError("--json and --sarif both print to standard output: give one of them")
    pid = options.pid
    if pid is not None and not (pid.isascii() and pid.isdigit()):
        raise UsageError(f"--pid {pid}: a process number is expected, as `ps` shows")
    stdin = standard_input(options.stdin) if pid is None else None
    with progress() as shown:
        result = profile(
            options.target,
            options.args,
            module=options.module,
            pid=None if pid is None else int(pid),
            duration=options.duration,
            memory=options.memory,
            calls=options.calls,
            stdin=stdin,
            timeout=options.timeout,
            progress=shown,
        )
    written = [result.export(form, options.output) for form in exports]
    if options.json:
        print_json(result)
    elif options.sarif:
        from hasten import __version__
        from hasten.cli.report import rules
        from hasten.report import sarif

        places = sarif.of_profile(result.hotspots)
        sys.stdout.write(sarif.render(places, result.root.resolve(), rules({p.code for p in places}), __version__))
    else:
        sys.stdout.write(str(result))
    sys.stdout.flush()
    for path in written:
        print(f"wrote {path}", file=sys.stderr)
    return FINISHED
