"""`hasten runs`: the history."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def main(options: argparse.Namespace) -> int:
    from hasten.api.history import history, page, remove, to_mlflow
    from hasten.api.outputs import Runs
    from hasten.api.run import RUNS
    from hasten.cli import FINISHED
    from hasten.cli.given import run_folder
    from hasten.cli.printing import print_json
    from hasten.errors import UsageError
    from hasten.observe.journal import unfinished
    from hasten.report.history import table

    _check(options)
    if options.action == "remove":
        named = [RUNS / name if unfinished(RUNS / name) else run_folder(name) for name in options.runs]
        gone, spared = remove(RUNS, named, _count(options.keep), dry=options.dry_run)
        if options.json:
            print_json(Runs(1, str(RUNS), tuple(history(RUNS)), tuple(gone)))
            return FINISHED
        for name in gone:
            print(f"{'would remove' if options.dry_run else 'removed'} {name}")
        for name, why in spared:
            print(f"kept {name}: {why}")
        if not gone:
            print("nothing to remove")
        return FINISHED
    if options.action == "show":
        from hasten.api.elsewhere import shown
        from hasten.api.history import row
        from hasten.cli.report import show

        found = [run_folder(name) for name in options.runs or ["latest"]]
        if options.json:
            print_json(Runs(1, str(RUNS), tuple(row(folder, shown(folder, RUNS)) for folder in found)))
            return FINISHED
        for number, folder in enumerate(found):
            if number:
                print()
            show(folder)
        return FINISHED
    rows = history(RUNS)
    if options.html is not None:
        try:
            print(f"wrote {page(rows, Path(options.html))}", file=sys.stderr)
        except OSError as error:
            raise UsageError(f"--html {options.html}: {error.strerror}") from None
    if options.mlflow is not None:
        logged, there = to_mlflow(
            rows, options.mlflow, options.experiment, lambda text: print(f"hasten: {text}", file=sys.stderr)
        )
        print(f"logged {logged} runs to {options.mlflow}; {there} were there already", file=sys.stderr)
    if options.json:
        print_json(Runs(1, str(RUNS), tuple(rows)))
    elif options.html is None and options.mlflow is None:
        sys.stdout.write(table(rows))
    return FINISHED


def _check(options: argparse.Namespace) -> None:
    """Raises `UsageError` for words that do not go together."""
    from hasten.errors import UsageError

    if options.action == "list" and options.runs:
        raise UsageError(f"`hasten runs list` takes no names; did you mean `hasten runs show {options.runs[0]}`?")
    if options.action == "remove":
        if bool(options.runs) == (options.keep is not None):
            raise UsageError("name the runs to remove, or give --keep N to remove all but the N newest")
    elif options.keep is not None or options.dry_run:
        raise UsageError("--keep and --dry-run go with `hasten runs remove`")
    if options.action != "list" and (options.html is not None or options.mlflow is not None):
        raise UsageError("--html and --mlflow are about all runs: `hasten runs --html DIR`")


def _count(text: str | None) -> int | None:
    from hasten.errors import UsageError

    if text is None:
        return None
    if not (text.isascii() and text.isdigit()):
        raise UsageError(f"--keep {text}: a number is expected, such as --keep 10")
    return int(text)
