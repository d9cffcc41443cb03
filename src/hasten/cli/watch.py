"""`hasten watch`."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path


def main(options: argparse.Namespace) -> int:
    """Ctrl-C is how it ends, so that is exit status 0."""
    from hasten.api import notebook
    from hasten.api.watching import Watch
    from hasten.cli import FINISHED
    from hasten.cli.given import standard_input
    from hasten.config import project_settings
    from hasten.errors import HastenError, UsageError

    target = options.target
    if target is None:
        known = project_settings(Path.cwd().resolve()).target
        if not known:
            raise UsageError("name what to watch: hasten watch script.py, or set target in [tool.hasten]")
        target = known[0]
    if options.against is None and (options.bring or options.build):
        raise UsageError("--bring and --build go with --against REVISION")
    if options.against is not None and options.calls is not None:
        raise UsageError("--calls goes with profiling; --against compares whole programs")
    stdin = standard_input(options.stdin)
    work, _ = notebook.opened(target, options.args, stdin=stdin, calls=options.calls, here=Path.cwd().resolve())
    also = (Path(options.stdin).resolve(),) if options.stdin not in (None, "-") else ()
    watch = Watch(work.root, also)
    last: dict[str, float] = {}
    try:
        while True:
            try:
                if options.stdin not in (None, "-"):
                    stdin = standard_input(options.stdin)
                last = _once(options, target, stdin, last)
            except HastenError as error:  # a half-written program is no reason to stop watching
                print(f"hasten: {error}", file=sys.stderr)
            print(f"-- watching {work.root}; Ctrl-C ends", file=sys.stderr, flush=True)
            changed = watch.saved()
            more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
            from hasten.report.terminal import clean

            told = f"-- {time.strftime('%H:%M:%S')} saved: {clean(', '.join(changed[:3]))}{more}"
            print(f"\n{told}", file=sys.stderr if options.json else sys.stdout, flush=True)
    except KeyboardInterrupt:
        print("hasten: stopped watching", file=sys.stderr)
        return FINISHED


def _once(options: argparse.Namespace, target: str, stdin: bytes | None, last: dict[str, float]) -> dict[str, float]:
    """Profile (or compare) once; for the next time, what it took and where."""
    from hasten.cli.progress import progress

    if options.against is not None:
        from hasten.api.compare import compare, is_target
        from hasten.report.comparison import render

        revision = not is_target(options.against)
        with progress() as shown:
            found = compare(
                options.against, "." if revision else target, options.args, target=target if revision else None,
                bring=options.bring, build=options.build, timeout=options.timeout, budget=options.budget or "60s",
                stdin=stdin, progress=shown,
            )  # fmt: skip
        _show(options, found.to_json(), render(found))
        return {}
    from hasten.api.profile import profile

    with progress() as shown:
        result = profile(
            target, options.args, calls=options.calls, stdin=stdin, timeout=options.timeout, progress=shown
        )
    now = {"": result.profile.wall_s}
    for spot in result.hotspots:
        name = spot.function or "<module>"
        now[name] = now.get(name, 0.0) + spot.share * result.profile.wall_s
    _show(options, result.to_json(), f"{result}{_since(last, now)}")
    return now


def _show(options: argparse.Namespace, data: object, text: str) -> None:
    """The text; with --json the data, on one line."""
    import json

    from hasten.core.record import encode

    sys.stdout.write(json.dumps(encode(data), allow_nan=False) + "\n" if options.json else text)
    sys.stdout.flush()


def _since(last: dict[str, float], now: dict[str, float]) -> str:
    """What one run tells against the one before: single runs, so no claim is made."""
    from hasten.report.terminal import clean
    from hasten.report.view import seconds

    if not last or not now:
        return ""
    out = [f"since the last time: {seconds(last[''])} -> {seconds(now[''])} (one run each)"]
    moved = sorted(({*last, *now} - {""}), key=lambda name: -abs(now.get(name, 0.0) - last.get(name, 0.0)))
    for name in moved[:3]:
        before, after = last.get(name, 0.0), now.get(name, 0.0)
        if abs(after - before) >= 0.02 * max(last[""], now[""]):
            out.append(f"  {clean(name)}: {seconds(before)} -> {seconds(after)}")
    return "\n".join(out) + "\n"
