"""`hasten report`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hasten.core.record import RunRecord
    from hasten.report.sarif import Rule


def main(options: argparse.Namespace) -> int:
    from hasten.cli import FINISHED
    from hasten.cli.given import run_folder
    from hasten.deliver.files import write_atomic
    from hasten.errors import UsageError

    folder = run_folder(options.run)
    if options.output is None and options.format in ("terminal", "findings"):
        show(folder, options.format)
        return FINISHED
    text = rendered(folder, options.format)
    if options.output is None:
        sys.stdout.write(text)
        return FINISHED
    try:
        write_atomic(Path(options.output), text.encode("utf-8", "replace"))
    except OSError as error:
        raise UsageError(f"-o {options.output}: {error.strerror}") from None
    print(f"wrote {options.output}", file=sys.stderr)
    return FINISHED


def show(folder: Path, form: str = "terminal") -> None:
    """A run on standard output, in colour when it is a terminal that wants it. Raises `UsageError`."""
    from hasten.core.model_record import ModelRunRecord
    from hasten.deliver.artifact import load_any
    from hasten.report import findings, models, terminal

    record = load_any(folder)
    if isinstance(record, ModelRunRecord):
        if form == "findings":
            raise _no_findings(folder)
        models.show(record, sys.stdout, run=str(folder))
    elif form == "findings":
        sources = findings.sources_of(record)
        terminal.paint(lambda width: list(findings.lines(record, sources, width)), sys.stdout)
    else:
        terminal.show(record, sys.stdout, run=str(folder))


def rendered(folder: Path, form: str) -> str:
    """A run in one of the formats, as text. Raises `UsageError`."""
    from hasten.core.model_record import ModelRunRecord
    from hasten.deliver.apply import shown_diff
    from hasten.deliver.artifact import load_any
    from hasten.report import findings, html, markdown, models, terminal

    record = load_any(folder)
    if isinstance(record, ModelRunRecord):
        if form not in models.FORMATS:
            raise _no_findings(folder)
        return models.FORMATS[form](record)
    if form == "terminal":
        return terminal.render(record, run=str(folder))
    if form == "findings":
        return "\n".join(text for _, text in findings.lines(record, findings.sources_of(record))) + "\n"
    if form == "json":
        return record.dumps()
    if form == "sarif":
        return _sarif(record)
    diff = shown_diff(folder)
    return html.render(record, diff) if form == "html" else markdown.render(record, diff)


def _no_findings(folder: Path) -> Exception:
    from hasten.errors import UsageError

    return UsageError(f"{folder} is the run of a model, which has no findings in source code")


def _sarif(record: RunRecord) -> str:
    from hasten import __version__
    from hasten.report import sarif

    places = sarif.of_run(record)
    return sarif.render(places, record.target.root, rules({p.code for p in places}), __version__, record.command)


def rules(codes: set[str]) -> dict[str, Rule]:
    """What SARIF says of each pass."""
    from hasten.passes.described import every_description
    from hasten.report.sarif import Rule

    return {d.code: Rule(d.code, d.name, d.title, d.text()) for d in every_description() if d.code in codes}
