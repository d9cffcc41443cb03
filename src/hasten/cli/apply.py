"""`hasten apply`."""

from __future__ import annotations

import argparse
import sys


def main(options: argparse.Namespace) -> int:
    from hasten.cli import FINISHED
    from hasten.cli.given import run_folder
    from hasten.deliver.apply import apply_run, run_diff
    from hasten.errors import UsageError

    if options.diff and options.undo:
        raise UsageError("--diff shows, --undo writes: give one of them")
    folder = run_folder(options.run)
    if options.diff and options.json:
        from hasten.api.outputs import AppliedRun
        from hasten.cli.printing import print_json
        from hasten.deliver.artifact import load

        text = run_diff(folder).decode("utf-8", "replace")
        print_json(AppliedRun(1, str(folder), load(folder).target.root, diff=text))
        return FINISHED
    if options.diff:
        sys.stdout.flush()
        sys.stdout.buffer.write(run_diff(folder))
        sys.stdout.flush()
        return FINISHED
    try:
        done = apply_run(folder, undo=options.undo)
    except OSError as error:
        raise UsageError(f"{error.filename or folder}: {error.strerror}; nothing was changed") from None
    if options.json:
        from hasten.api.outputs import AppliedRun
        from hasten.cli.printing import print_json

        undo = "" if done.undone or not done.written else done.undo
        print_json(AppliedRun(1, str(folder), str(done.root), done.written, done.already, done.undone, undo))
        return FINISHED
    verb = "restored" if done.undone else "wrote"
    for path in done.written:
        print(f"{verb} {done.root / path}")
    for path in done.already:
        print(f"{done.root / path} already is as wanted")
    if not done.written and not done.already:
        print("this run changed no file, so there is nothing to apply")
    elif not done.undone:
        print(f"undo with: {done.undo}")
    return FINISHED
