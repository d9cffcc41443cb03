"""`hasten report`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def main(options: argparse.Namespace) -> int:
    from hasten.cli import FINISHED
    from hasten.cli.given import run_folder
    from hasten.core.model_record import ModelRunRecord
    from hasten.deliver.apply import run_diff
    from hasten.deliver.artifact import load_any
    from hasten.deliver.files import write_atomic
    from hasten.errors import UsageError
    from hasten.report import html, markdown, models, terminal

    folder = run_folder(options.run)
    record = load_any(folder)
    if options.format == "terminal" and options.output is None:
        if isinstance(record, ModelRunRecord):
            models.show(record, sys.stdout, run=str(folder))
        else:
            terminal.show(record, sys.stdout, run=str(folder))
        return FINISHED
    if isinstance(record, ModelRunRecord):
        text = models.FORMATS[options.format](record)
    elif options.format == "terminal":
        text = terminal.render(record, run=str(folder))
    elif options.format == "json":
        text = record.dumps()
    else:
        diff = run_diff(folder).decode("utf-8", "replace")
        text = (html if options.format == "html" else markdown).render(record, diff)
    if options.output is None:
        sys.stdout.write(text)
        return FINISHED
    try:
        write_atomic(Path(options.output), text.encode("utf-8", "replace"))
    except OSError as error:
        raise UsageError(f"-o {options.output}: {error.strerror}") from None
    print(f"wrote {options.output}", file=sys.stderr)
    return FINISHED
