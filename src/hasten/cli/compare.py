"""`hasten compare`: two programs, or one program in two git revisions."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hasten.api.results import CompareResult


def main(options: argparse.Namespace) -> int:
    """Exit status 1 when results differ (unless --times-only), --require is not met, or --fail-under not held."""
    from hasten.api.compare import compare
    from hasten.cli import FINISHED, UNMET
    from hasten.cli.given import standard_input
    from hasten.cli.printing import print_json
    from hasten.cli.progress import progress
    from hasten.config import settings
    from hasten.report.comparison import render, summary

    need = settings({"require": options.require}, "hasten compare").require
    targets = _targets(options)
    stdin = standard_input(options.stdin)
    found: list[CompareResult] = []
    with progress() as shown:
        for target in targets:
            found.append(
                compare(
                    options.a,
                    options.b,
                    options.args,
                    target=target,
                    bring=options.bring,
                    build=options.build,
                    fail_under=options.fail_under,
                    rtol=options.rtol,
                    exact=options.exact,
                    budget=options.budget,
                    timeout=options.timeout,
                    stdin=stdin,
                    progress=shown,
                )
            )
    good = all(passed(result, need=need, times_only=options.times_only) for result in found)
    if options.json:
        if len(found) == 1:
            print_json(found[0])
        else:
            from hasten.api.outputs import Comparisons

            print_json(Comparisons.of(options.a, options.b, good, found))
    else:
        sys.stdout.write("\n".join(render(result, times_only=options.times_only) for result in found))
    if options.summary:
        _append(options.summary, summary(found, good, times_only=options.times_only))
    return FINISHED if good else UNMET


def passed(result: CompareResult, *, need: float | None, times_only: bool) -> bool:
    """Whether this one lets the command end with status 0."""
    if times_only and not result.comparison.old:
        return False  # nothing was timed
    if not (result.same or times_only) or result.gate == "regressed":
        return False
    return need is None or (result.speedup.decided == "faster" and result.speedup.ratio >= need)


def _targets(options: argparse.Namespace) -> Sequence[str | None]:
    """What runs in two revisions; None when A and B are programs themselves."""
    from pathlib import Path

    from hasten.api.compare import is_target
    from hasten.config import project_settings
    from hasten.errors import UsageError
    from hasten.observe.revisions import checkout_of, find

    if options.target:
        return list(options.target)
    if is_target(options.a) and is_target(options.b):
        return [None]
    here = Path.cwd().resolve()
    try:
        revisions = all(find(name, checkout_of(here)) for name in (options.a, options.b))
    except UsageError:
        revisions = False
    if not revisions:
        if options.bring or options.build:
            raise UsageError("--bring and --build go with git revisions: name what to run in each, --target script.py")
        return [None]
    known = project_settings(here).target
    if not known:
        raise UsageError(
            f"{options.a} and {options.b} are git revisions: name what to run in each, --target script.py, "
            "or set target in [tool.hasten] of pyproject.toml"
        )
    return list(known)


def _append(name: str, text: str) -> None:
    from hasten.errors import UsageError

    try:
        with open(name, "a", encoding="utf-8", errors="replace") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(f"--summary {name}: {error.strerror}") from None
    print(f"hasten: wrote the summary to {name}", file=sys.stderr)
