"""Make the gallery: run hasten on each case, and write docs/gallery from the results.

    python -m examples.gallery [CASE ...]        what is finished is kept; what was cut short goes on
    python -m examples.gallery --force           all anew
    python -m examples.gallery --pages           only the pages, from the results that are there
    python -m examples.gallery --reports         only the reports (docs/gallery/CASE/RUN.html), which git does not hold
"""

from __future__ import annotations

import argparse
import subprocess
import sys

from examples.gallery.cases import CASES, case
from examples.gallery.pages import build_reports, write_pages
from examples.gallery.work import make


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="CASE")
    parser.add_argument("--force", action="store_true", help="run again what is finished")
    parser.add_argument("--patience", type=float, default=1.0, metavar="F", help="times the usual budgets (busy machines)")
    parser.add_argument("--pages", action="store_true", help="only write the pages")
    parser.add_argument("--reports", action="store_true", help="only write the reports")
    options = parser.parse_args()
    failed = []
    if not (options.pages or options.reports):
        try:
            chosen = [case(name) for name in options.cases] or CASES
        except KeyError as error:
            parser.error(str(error.args[0]))
        for each in chosen:
            try:
                make(each, force=options.force, patience=options.patience)
            except subprocess.CalledProcessError as error:
                failed.append(f"{each.name}: exit status {error.returncode} of {' '.join(map(str, error.cmd))}")
    if not options.reports:
        write_pages()
    if not options.pages:
        build_reports()
    for problem in failed:
        print(problem, file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
