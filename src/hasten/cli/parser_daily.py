"""The options of what one uses every day: comparing revisions, watching, the history of runs, set-up."""

from __future__ import annotations

import argparse
from collections.abc import Callable

Add = Callable[[str, str], argparse.ArgumentParser]
SHELLS = ("bash", "zsh", "fish")


def add_compare(add: Add, target: str) -> None:
    compare = add(
        "compare",
        "two versions, or one program in two git revisions: same results? which is faster, by how much, how certain",
    )
    compare.add_argument("a", metavar="A", help=f"the old one: {target}; or a git revision, such as main")
    compare.add_argument("b", metavar="B", help="the new one; . is the git checkout as it stands, not committed too")
    revisions = compare.add_argument_group("for git revisions, each in a temporary work tree of its own")
    revisions.add_argument(
        "--target", metavar="TARGET", action="append", help="what runs in each (several: several comparisons)"
    )
    revisions.add_argument(
        "--bring",
        metavar="PATH",
        action="append",
        help="a file or folder that git does not track, but the program reads",
    )
    revisions.add_argument("--build", metavar="COMMAND", help="a shell command to run in each tree first")
    gate = compare.add_argument_group("what the exit status says")
    gate.add_argument(
        "--fail-under", metavar="0.95", help="exit with status 1 when A's time / B's time is shown to be below this"
    )
    gate.add_argument("--require", metavar="2x", help="exit with status 1 unless A's time / B's time is at least this")
    gate.add_argument("--times-only", action="store_true", help="results may differ: only times count")
    compare.add_argument("--stdin", metavar="FILE", help="standard input for both")
    compare.add_argument("--rtol", metavar="1e-9", help="floats may differ by this relative tolerance (default: 1e-9)")
    compare.add_argument("--exact", action="store_true", default=None, help="floats must keep the same bits")
    compare.add_argument("--timeout", metavar="10m", help="longest time for a single run")
    compare.add_argument(
        "--budget", metavar="10m", help="longest time for each comparison; it ends with what is known by then"
    )
    compare.add_argument("--summary", metavar="FILE", help="append Markdown to it ($GITHUB_STEP_SUMMARY)")
    compare.add_argument("--json", action="store_true", help="print JSON")


def add_daily(add: Add) -> None:
    watch = add("watch", "profile (or compare) again whenever a file of the project is saved")
    watch.add_argument("target", metavar="TARGET", nargs="?", help="default: target of [tool.hasten]")
    watch.add_argument("--against", metavar="A", help="compare with this program or git revision instead of profiling")
    watch.add_argument("--bring", metavar="PATH", action="append", help="with a revision: as for `hasten compare`")
    watch.add_argument("--build", metavar="COMMAND", help="with a revision: as for `hasten compare`")
    watch.add_argument("--calls", metavar="SCRIPT", help="the script that calls the function")
    watch.add_argument("--stdin", metavar="FILE", help="standard input for the program")
    watch.add_argument("--timeout", metavar="10m", help="longest time for a run")
    watch.add_argument("--budget", metavar="30s", help="longest time for each measurement (with --against)")
    watch.add_argument("--json", action="store_true", help="print JSON, one line each time")

    runs = add("runs", "the history of runs: list, show, remove; as a page; to MLflow")
    runs.add_argument("action", nargs="?", choices=("list", "show", "remove"), default="list")
    runs.add_argument("runs", nargs="*", metavar="RUN", help="with show and remove: names, folders, or latest")
    runs.add_argument("--keep", metavar="N", help="with remove: all but the N newest")
    runs.add_argument("--dry-run", action="store_true", help="with remove: only say what would go")
    runs.add_argument("--html", metavar="DIR", help="write a static page of all runs with their reports")
    runs.add_argument("--mlflow", metavar="URI", help="log runs that are not there yet to this MLflow tracking server")
    runs.add_argument("--experiment", metavar="NAME", default="hasten", help="MLflow's experiment (default: hasten)")
    runs.add_argument("--json", action="store_true", help="print JSON")

    init = add("init", "write a commented [tool.hasten] into pyproject.toml; never overwrites")
    init.add_argument(
        "folder", metavar="FOLDER", nargs="?", default=".", help="the project (default: the current folder)"
    )
    init.add_argument("--json", action="store_true", help="print JSON")

    completion = add("completion", "print a script that completes commands, options, runs and passes in your shell")
    completion.add_argument("shell", choices=SHELLS, metavar="SHELL", help=", ".join(SHELLS))

    schema = add("schema", "the JSON Schema of what a command prints with --json")
    schema.add_argument("name", metavar="NAME", nargs="?", help="without it: what there is")
