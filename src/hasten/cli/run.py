"""`hasten run`."""

from __future__ import annotations

import argparse
import sys


def main(options: argparse.Namespace) -> int:
    from hasten.api.models.results import ModelResult
    from hasten.api.models.target import is_model_target
    from hasten.api.run import run
    from hasten.cli import FINISHED, INTERRUPTED, UNMET
    from hasten.cli.given import alone, standard_input, unfinished_run
    from hasten.cli.progress import progress
    from hasten.report import models, terminal

    resume = None
    if options.resume is not None:
        alone(options, "resume", "budget", "json")
        resume = unfinished_run(options.resume)
    stdin = None
    if options.target is not None and not is_model_target(options.target):
        stdin = standard_input(options.stdin)
    with progress() as shown:
        result = run(
            options.target,
            options.args,
            out=options.out,
            budget=options.budget,
            rtol=options.rtol,
            exact=options.exact,
            compiled=options.compiled,
            quality=options.quality,
            require=options.require,
            seed=options.seed,
            calls=options.calls,
            stdin=stdin,
            progress=shown,
            data=options.data,
            test=options.test,
            train=options.train,
            column=options.column,
            metric=options.metric,
            max_drop=options.max_drop,
            agree=options.agree,
            explain=options.explain,
            objective=options.objective,
            batches=options.batches,
            threads=options.threads,
            trust=options.trust,
            format=options.format,
            resume=resume,
        )
    if options.json:
        sys.stdout.write(result.record.dumps())
    elif isinstance(result, ModelResult):
        models.show(result.record, sys.stdout, run=str(result.folder))
    else:
        terminal.show(result.record, sys.stdout, run=str(result.folder))
    sys.stdout.flush()
    if result.interrupted:
        return INTERRUPTED
    return FINISHED if result.met else UNMET
