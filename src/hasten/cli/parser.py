"""The options of every command. Values stay text here: `hasten.config` reads them, and reports all mistakes at once."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

from hasten.cli.parser_daily import add_compare, add_daily

TARGET = "script.py | notebook.ipynb | package.module | file.py::function | package.module:function"

EPILOG = """\
Words after -- reach the program, and so does standard input.
Exit status: 0 finished, gain or not; 1 --require or --fail-under was not met, or compared
results differ; 2 wrong usage, or the target cannot be run; 3 hasten itself failed; 130
interrupted, what was found so far is saved.

  hasten run script.py               find, change, verify, measure; your files stay as they are
  hasten run model.joblib --data valid.csv --target COLUMN --trust
                                     a faster artifact of a trained model, certified
  hasten run --resume latest         go on with a run that was killed; nothing that was finished is repeated
  hasten apply latest --diff         look at the patch; without --diff, put it in
  hasten compare main HEAD --target script.py --fail-under 0.95
                                     same results, and no slower? in two git revisions
"""


def parse(words: Sequence[str]) -> argparse.Namespace:
    """The options, with `args` (what follows the first `--`). Exits with status 2 on wrong usage."""
    own, args = list(words), []
    if "--" in own:
        at = own.index("--")
        own, args = own[:at], own[at + 1 :]
    parser = build()
    if own[:1] == ["profile"] and "-m" in own and not args:
        # as python -m: all that follows the module is the program's
        at = own.index("-m") + 2
        own, args = own[:at], own[at:]
    if "_ARGCOMPLETE" in os.environ:  # the shell asks what could stand here
        from hasten.cli.completing import complete

        complete(parser)
    options = parser.parse_args(own)
    if args and options.command not in ("run", "profile", "compare", "watch"):
        parser.error(f"`hasten {options.command}` runs no program, so it takes nothing after --")
    if options.command == "run" and options.target is None and options.resume is None:
        parser.error("what is to become faster? `hasten run TARGET`: a script, a module, a function or a model's file")
    options.args = args
    return options


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from hasten import __version__

        print(f"hasten {__version__}")
        parser.exit()


class _Parser(argparse.ArgumentParser):
    """argparse, with the nearest right word for a wrong command."""

    def error(self, message: str) -> None:  # type: ignore[override]
        import difflib
        import re

        wrong = re.match(r"argument COMMAND: invalid choice: '([^']*)'", message)
        if wrong:
            near = difflib.get_close_matches(wrong[1], COMMANDS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "commands: " + ", ".join(COMMANDS)
            if wrong[1].endswith(".py"):
                hint = f"did you mean `hasten run {wrong[1]}`?"
            message = f"no command {wrong[1]!r}; {hint}"
        self.exit(2, f"hasten: {message}\nhasten: see `{self.prog} --help`\n")


COMMANDS = (
    "run", "profile", "compare", "check", "apply", "report", "runs", "watch", "passes", "explain", "doctor", "init",
    "completion", "schema",
)  # fmt: skip


def build() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="hasten",
        description="Give it a slow Python program; it gives back a faster one, and the evidence.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", nargs=0, action=_Version, help="show hasten's version and exit")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def add(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, description=text, allow_abbrev=False)

    run = add(
        "run", "find where the program spends its time, rewrite it, prove the results unchanged, measure, write a patch"
    )
    _target(run, optional="not with --resume")
    run.add_argument(
        "--resume", metavar="RUN", help="go on with a run that was killed or interrupted, with the options that it had"
    )
    run.add_argument("--out", metavar="DIR", help="where the result goes (default: a new folder in .hasten/runs)")
    run.add_argument("--budget", metavar="10m", help="longest time for the search; it ends with the best so far")
    run.add_argument("--rtol", metavar="1e-9", help="floats may differ by this relative tolerance (default: 1e-9)")
    run.add_argument("--exact", action="store_true", default=None, help="floats must keep the same bits")
    run.add_argument(
        "--no-compiled", action="store_false", dest="compiled", default=None,
        help="only plain Python, NumPy and pandas in the result: no Numba, no extension module",
    )  # fmt: skip
    run.add_argument(
        "--quality", metavar="NAME:min[:0.5%]", action="append",
        help="the result of a search may be another one when NAME (held at the end, or printed) is at least as good; "
        "may be given several times",
    )  # fmt: skip
    run.add_argument("--require", metavar="2x", help="exit with status 1 unless the gain (old/new) is at least this")
    _model(run)
    run.add_argument("--json", action="store_true", help="print result.json instead of the report")
    run.add_argument("--seed", metavar="N", help="seed of hasten's own choices (default: 0)")

    profile = add("profile", "where time and memory go, ranked, with the reason and the headroom")
    _target(profile, optional="or a recorded profile: .prof, .lprof, .pyisession")
    profile.add_argument("-m", metavar="MODULE ...", dest="module", help="run a module, such as -m pytest tests/")
    profile.add_argument("--pid", metavar="N", help="a running Python program, by its process number")
    profile.add_argument("--duration", metavar="10s", help="how long to watch it (with --pid; default: 10s)")
    profile.add_argument(
        "--memory", action="store_true", help="which lines hold memory at the peak (a second run; memray)"
    )
    profile.add_argument(
        "--export", metavar="FORMAT", action="append", help="speedscope, pstats or collapsed, for another viewer"
    )
    profile.add_argument("-o", "--output", metavar="FILE", help="where the export goes")
    profile.add_argument("--timeout", metavar="10m", help="longest time for the run")
    profile.add_argument("--json", action="store_true", help="print JSON")
    profile.add_argument("--sarif", action="store_true", help="print the hot lines as SARIF, for code scanning")

    add_compare(add, TARGET.split(" | file")[0])

    check = add("check", "does an artifact still answer as certified? on your data, on this machine")
    check.add_argument("artifact", metavar="ARTIFACT", help="its folder, or the folder of the run that made it")
    check.add_argument("--data", metavar="FILE", required=True, help="rows with targets: .csv, .parquet, .arrow, .npz")
    check.add_argument("--target", metavar="COLUMN", dest="column", help="the target column in the data")
    check.add_argument("--model", metavar="FILE", help="the original, to compare with answer by answer")
    check.add_argument("--trust", action="store_true", help="read --model although that runs code that is in it")
    check.add_argument("--json", action="store_true", help="print JSON")

    apply = add("apply", "put the patch of a run into the source files, if they are byte for byte what they were")
    _run(apply)
    apply.add_argument("--diff", action="store_true", help="only show the patch")
    apply.add_argument("--undo", action="store_true", help="put the original files back")
    apply.add_argument("--json", action="store_true", help="print JSON")

    report = add("report", "show a run again")
    _run(report)
    report.add_argument(
        "--format", choices=("terminal", "findings", "html", "json", "markdown", "sarif"), default="terminal",
        help="findings: each with its code; markdown: for a pull request; sarif: findings for code scanning",
    )  # fmt: skip
    report.add_argument("--json", action="store_const", const="json", dest="format", help="as --format json")
    report.add_argument("-o", "--output", metavar="FILE", help="write it to a file")

    passes = add("passes", "what hasten can change: every pass over programs, models and nets")
    passes.add_argument("action", nargs="?", choices=("list", "show"), default="list")
    passes.add_argument("code", nargs="?", metavar="CODE", help="with show: such as HST101")
    passes.add_argument("--json", action="store_true", help="print JSON")

    explain = add("explain", "one pass: what it finds, why that is slow, when it is safe, a program before and after")
    explain.add_argument("code", metavar="CODE", help="as reports name it: HST101, HSM201")
    explain.add_argument("--json", action="store_true", help="print JSON")

    doctor = add("doctor", "machine, libraries, thread settings, noise floor, and what to fix")
    doctor.add_argument("--json", action="store_true", help="print JSON")
    add_daily(add)
    return parser


def _target(parser: argparse.ArgumentParser, optional: str = "") -> None:
    if optional:
        parser.add_argument("target", metavar="TARGET", nargs="?", help=f"{TARGET}; {optional}")
    else:
        parser.add_argument("target", metavar="TARGET", help=TARGET)
    parser.add_argument(
        "--calls", metavar="SCRIPT", help="the script that calls the function (default: the file itself)"
    )
    parser.add_argument("--stdin", metavar="FILE", help="standard input for the program (default: what is piped in)")


def _model(parser: argparse.ArgumentParser) -> None:
    """What goes with a trained model."""
    model = parser.add_argument_group("for a trained model (TARGET is its file, or file.py::function that makes one)")
    model.add_argument("--data", metavar="FILE", help="rows that judge it: .csv, .parquet, .arrow, .npz")
    model.add_argument("--target", metavar="COLUMN", dest="column", help="the target column in the data")
    model.add_argument("--test", metavar="FILE", help="rows that certify the result (default: half of the data)")
    model.add_argument("--train", metavar="FILE", help="rows that smaller models may learn from")
    model.add_argument("--metric", metavar="NAME", help="a scikit-learn scorer, or module:function (more is better)")
    model.add_argument("--max-drop", metavar="0.5%", help="by how much it may become worse (default: same predictions)")
    model.add_argument(
        "--agree", metavar="99%", nargs="?", const="100%", help="share of labels that must stay (alone: all)"
    )
    model.add_argument(
        "--explain",
        metavar="0.9",
        help="least rank correlation of attributions with the original's",
    )
    model.add_argument("--objective", metavar="latency@1", help="or latency@256, throughput, size, memory")
    model.add_argument("--batches", metavar="1,256", help="numbers of rows at which latency is measured")
    model.add_argument("--threads", metavar="1,8", help="numbers of threads at which it is (default: one, and all)")
    model.add_argument("--trust", action="store_true", help="read a pickle, although that runs code that is in it")
    model.add_argument("--format", metavar="mlflow", help="mlflow: an artifact that MLflow serves too")


def _run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "run", metavar="RUN", nargs="?", default="latest", help="a run's folder, or latest (the default)"
    )
