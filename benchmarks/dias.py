"""The Dias notebooks: `python -m benchmarks.dias --suite DIR --data DIR`.

DIR of `--suite` is a checkout of the suite (github.com/ADAPT-uiuc/dias-benchmarks), DIR of `--data` the folder with
the data sets in a checkout of Dias itself (github.com/ADAPT-uiuc/dias, `tests/dynamic-tests/datasets`); nothing of
either is committed here. Data that is in neither is made (`dias_data.py`), and the report says so.

Each notebook becomes a script: its code cells in order, with what a cell ends with printed as the notebook would show
it. Branches for Modin, which the suite's authors put in, are taken out; packages that only plotted (plots are switched
off in the suite) become empty stand-ins. Cells that raise with the pandas that is
installed, or for want of those, are left out and counted.

- *original*, *hasten*: the script, and what `hasten run` makes of it with its defaults, as fresh processes in turn;
  both must print the same (`outputs.py`).
- *Dias*: with `--dias PYTHON` (an interpreter with `pip install dias`, which pins pandas 1.5.1) the notebook's cells
  run in IPython there, without and with Dias, in turn; without it, its authors' figures, marked as theirs.

Exit status: 1 when hasten's version of any notebook is wrong or slower.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.dias_data import NOTEBOOKS, PUBLISHED, order
from benchmarks.runs import Copy, difference
from benchmarks.stats import Ratio, gmean, ratio

CHILD = Path(__file__).with_name("dias_child.py")
OWN_LIMIT_S = 1800.0
MARK = "IREWR_"
EMPTY = ("seaborn", "plotly", "plotly.express", "plotly.graph_objects", "plotly.subplots", "plotly.figure_factory")
STANDINS = {
    "regex": "from re import *\n",
    "tqdm": "def tqdm(items, **options):\n    return items\n",
    "tqdm.notebook": "from tqdm import tqdm\n",
    "tqdm.auto": "from tqdm import tqdm\n",
    "plotly.subplots": "make_subplots = None\n",
    "nltk": "",
    "nltk.corpus": (
        "class stopwords:\n    @staticmethod\n    def words(language):\n"
        "        from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS\n\n"
        "        return sorted(ENGLISH_STOP_WORDS)\n"
    ),
}
SHOW = "def show(value):\n    if value is not None:\n        print(value)\n\n\n"


@dataclass
class Result:
    """One notebook: seconds of every round by version, and what is wrong."""

    name: str
    rounds: list[dict[str, float]] = field(default_factory=list)
    dias: list[dict[str, float]] = field(default_factory=list)
    cells: tuple[int, int] = (0, 0)  # that run, of all
    made: bool = False
    changed: bool = False
    problem: str = ""

    @property
    def gain(self) -> Ratio | None:
        return ratio(self.rounds, "original", "hasten") if self.rounds else None


def cells_of(notebook: Path) -> list[str]:
    """The code of the cells, as scripts can run it."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return [script(text) for cell in cells if cell["cell_type"] == "code" and (text := "".join(cell["source"])).strip()]


def script(cell: str) -> str:
    """A cell without magic lines and branches for Modin, its last value shown. Empty when it is no Python."""
    text = "\n".join("" if line.lstrip().startswith(("%", "!")) else line for line in cell.splitlines())
    try:
        body = ast.parse(text).body
    except SyntaxError:
        return ""
    parts: list[str] = []
    for n, stmt in enumerate(body):
        if isinstance(stmt, ast.If) and MARK in ast.unparse(stmt.test):
            parts += [ast.unparse(s) for s in stmt.orelse]
            continue
        part = ast.get_source_segment(text, stmt) or ast.unparse(stmt)
        if n == len(body) - 1 and isinstance(stmt, ast.Expr):
            part = f"show(({part}))" if isinstance(stmt.value, ast.Tuple) else f"show({part})"
        parts.append(part)
    return "".join(p + "\n" for p in parts)


def stand_ins(folder: Path, cells: Sequence[str]) -> None:
    """Modules in place of packages that only plotted, where the notebook imports them."""
    wanted = {
        name
        for cell in cells
        for node in ast.walk(ast.parse(cell))
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for name in ([a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""])
    }
    for name in sorted(wanted & {*EMPTY, *STANDINS}):
        parts = name.split(".")
        for k in range(1, len(parts) + 1):
            place = folder.joinpath(*parts[:k], "__init__.py")
            place.parent.mkdir(exist_ok=True)
            if not place.exists() or k == len(parts):
                place.write_text(STANDINS.get(".".join(parts[:k]), ""))


def run_cells(python: str, folder: Path, cells: Sequence[str], mode: str) -> dict[str, object]:
    """The cells in one process of that interpreter: which raised (`failed`), and the seconds of the others."""
    (folder / "cells.json").write_text(json.dumps(list(cells)))
    done = subprocess.run(
        [python, str(CHILD), mode], cwd=folder, capture_output=True, text=True, timeout=OWN_LIMIT_S, check=False
    )
    (folder / "cells.json").unlink()
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        raise RuntimeError((done.stderr.strip().splitlines() or ["no output"])[-1])
    answer: dict[str, object] = json.loads(lines[-1])
    return answer


def project(name: str, cells: Sequence[str], place: Path, data: Path | None) -> Path:
    """A project around the notebook; gives the folder that its script runs in."""
    folder = place / "src"
    folder.mkdir(parents=True)
    (place / "pyproject.toml").write_text("[project]\nname = 'notebook'\nversion = '0'\n")
    NOTEBOOKS[name].put(place / "input", data)
    stand_ins(folder, cells)
    return folder


def improve(folder: Path, out: Path, result: Result) -> bool:
    """Let hasten rewrite the script in place; False when it changed nothing."""
    env = os.environ | {"NUMBA_CACHE_DIR": str(folder / "numba-cache")}
    with (out.parent / "hasten.log").open("w") as log:
        done = subprocess.run(
            [sys.executable, "-m", "hasten", "run", "main.py", "--out", str(out)],
            cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, timeout=OWN_LIMIT_S, check=False,
        )  # fmt: skip
    if done.returncode:
        last = (out.parent / "hasten.log").read_text(errors="replace").strip().splitlines()[-1:] or [""]
        result.problem = f"hasten ended with status {done.returncode}: {last[0]}"
    found = sorted((out / "optimized").rglob("main.py")) if (out / "optimized").is_dir() else []
    if not found or found[0].read_bytes() == (folder / "main.py").read_bytes():
        return False
    for file in found[0].parent.iterdir():  # what was compiled ahead of time lies beside it
        if file.is_file():
            (folder / file.name).write_bytes(file.read_bytes())
    return True


def look_at(name: str, notebook: Path, place: Path, args: argparse.Namespace) -> Result:
    result = Result(name, made=bool(NOTEBOOKS[name].made))
    cells = cells_of(notebook)
    result.problem = NOTEBOOKS[name].ready(args.data)
    if result.problem:
        return result
    first = project(name, cells, place / "original", args.data)
    kept = cells
    try:
        # one that raises may have done half its work: what needed that raises in the next round
        while failed := run_cells(sys.executable, first, kept, "plain")["failed"]:
            assert isinstance(failed, list)
            kept = [c for n, c in enumerate(kept) if n not in failed]
    except (RuntimeError, subprocess.TimeoutExpired) as e:
        result.problem = f"its cells do not run: {e}"
        return result
    text = SHOW + "\n".join(kept)
    result.cells = len(kept), len(cells)
    (first / "main.py").write_text(text)
    copies = {"original": Copy(first, "main.py")}
    expected = copies["original"].run()
    if expected.status:
        result.problem = f"the script ends with status {expected.status}: {expected.stderr[-200:]}"
        return result
    second = project(name, cells, place / "hasten", args.data)
    (second / "main.py").write_text(text)
    result.changed = improve(second, place / "run", result)
    if result.changed:
        copies["hasten"] = Copy(second, "main.py")
        wrong = difference(expected, copies["hasten"].run())
        if wrong is not None:
            result.problem = f"WRONG: {wrong}"
            return result
    rng = random.Random(1)
    for _ in range(args.pairs):
        seconds: dict[str, float] = {}
        for version in rng.sample(list(copies), len(copies)):
            seconds[version] = copies[version].run().seconds
        seconds.setdefault("hasten", seconds["original"])
        result.rounds.append(seconds)
    if args.dias:
        with_dias(result, first, cells, args, rng)
    return result


def with_dias(result: Result, folder: Path, cells: Sequence[str], args: argparse.Namespace, rng: random.Random) -> None:
    """Fill in the rounds of the notebook in the interpreter that has Dias: plain, and with it."""
    for _ in range(args.pairs):
        seconds = {}
        for mode in rng.sample(["ipython", "dias"], 2):
            try:
                took = run_cells(args.dias, folder, cells, mode)["seconds"]
            except (RuntimeError, subprocess.TimeoutExpired) as e:
                result.problem = result.problem or f"not run with Dias: {e}"
                return
            assert isinstance(took, float)
            seconds[mode] = took
        result.dias.append(seconds)


def line(r: Result) -> str:
    """One row of the report."""
    if not r.rounds:
        return f"{r.name:52}{'not run: ' + r.problem}"
    dias = str(ratio(r.dias, "ipython", "dias")) if r.dias else ""
    if not dias:
        dias = f"{PUBLISHED[r.name]:.2f}x *" if r.name in PUBLISHED else "no hit *"
    data = "made" if r.made else "real"
    cells = f"{r.cells[0]}/{r.cells[1]}"
    return f"{r.name:52}{data:6}{cells:9}{'' if r.changed else '= '}{r.gain!s:24}{dias:22}{r.problem}".rstrip()


def report(results: Sequence[Result]) -> str:
    ran = [r for r in results if r.rounds]
    out = [f"{'notebook':52}{'data':6}{'cells':9}{'hasten':24}{'Dias':22}", *map(line, results)]
    if ran:
        hit = [r for r in ran if r.changed]
        out.append(f"hasten changed {len(hit)} of {len(ran)} notebooks that ran (of {len(results)} asked for)")
        out.append(f"  geometric mean over those that ran: {gmean([r.rounds for r in ran], 'original', 'hasten')}")
        if hit:
            out.append(f"  over those that it changed: {gmean([r.rounds for r in hit], 'original', 'hasten')}")
    out.append("made: at least one table is generated; = nothing was changed")
    out.append("*: its authors' figure on their machine and data, pandas 1.5.1 (10 of 20 notebooks hit, 1.31x there)")
    return "\n".join(out)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dias", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--suite", type=Path, required=True, help="checkout of ADAPT-uiuc/dias-benchmarks")
    parser.add_argument("--data", type=Path, help="folder of the data sets in a checkout of ADAPT-uiuc/dias")
    parser.add_argument("--dias", metavar="PYTHON", help="interpreter with Dias installed; else its published figures")
    parser.add_argument("--notebook", action="append", default=[], help="only this one (repeatable)")
    parser.add_argument("--pairs", type=int, default=5, help="interleaved rounds (default 5)")
    parser.add_argument("--keep", type=Path, help="keep scripts, data and hasten's runs in this folder")
    args = parser.parse_args(argv)
    files = {p.parent.parent.name: p for p in args.suite.glob("notebooks/*/*/src/bench.ipynb")}
    try:
        names = order(args.notebook)
    except ValueError as e:
        parser.error(str(e))
    missing = [n for n in names if n not in files]
    if missing:
        parser.error(f"{args.suite} has no notebook {missing[0]}: is it a checkout of ADAPT-uiuc/dias-benchmarks?")
    results = []
    with tempfile.TemporaryDirectory() as temporary:
        base = args.keep or Path(temporary)
        for name in names:
            (base / name).mkdir(parents=True)
            results.append(look_at(name, files[name], base / name, args))
            print(line(results[-1]), flush=True)
    print(report(results))
    slower = [r for r in results if r.gain is not None and r.changed and r.gain.high < 1]
    return 1 if slower or any("WRONG" in r.problem for r in results) else 0


if __name__ == "__main__":
    sys.exit(main())
