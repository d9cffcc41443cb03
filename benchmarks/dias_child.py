"""Run the cells of `cells.json` one by one, as `plain` Python, or in IPython without (`ipython`) or with Dias (`dias`).

The last line of the output is JSON: the seconds that the cells took, and the numbers of those that raised. It runs in
the interpreter that has Dias, so it uses nothing but the standard library until told to.
"""

import contextlib
import io
import json
import sys
import time

SHOW = "def show(value):\n    if value is not None:\n        repr(value)\n"


def plain(cells):
    space = {"__name__": "__main__"}
    exec(SHOW, space)
    for n, cell in enumerate(cells):
        try:
            exec(compile(cell, f"cell {n}", "exec"), space)
        except Exception:  # noqa: BLE001 - whatever a cell raises, the next one runs, as in a notebook
            yield n


def shell(cells, rewriter):
    from IPython.core.interactiveshell import InteractiveShell

    run = InteractiveShell.instance()
    run.run_cell(SHOW, silent=True)
    if rewriter:
        run.run_cell("import dias.rewriter", silent=True)
    for n, cell in enumerate(cells):
        if not run.run_cell(cell, silent=True).success:
            yield n


def main():
    mode = sys.argv[1]
    sys.path.insert(0, "")
    with open("cells.json") as file:
        cells = json.load(file)
    start = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        failed = list(plain(cells) if mode == "plain" else shell(cells, mode == "dias"))
    print(json.dumps({"seconds": time.perf_counter() - start, "failed": failed}))


main()
