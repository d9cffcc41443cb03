"""The examples of passes (`src/hasten/passes/examples/CODE.md`): what a pass makes of its program, as a diff.

`python -m tests.passes.examples [CODE ...]` writes these diffs anew, where a pass has learnt to write another text.
"""

from __future__ import annotations

import ast
import difflib
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from hasten.core.loading import Loaded, ModuleTime, Sources, StartupPass
from hasten.core.recipe import Change, Pass
from hasten.core.source import SourceFile
from hasten.passes.described import Shown
from hasten.passes.registry import every_pass
from tests.fuzz.choices import Program
from tests.fuzz.engine import PATH, observed, workload

FOLDER = Path(__file__).parents[2] / "src/hasten/passes/examples"
CODES = [p.code for p in every_pass()]
DEFINITIONS = (ast.FunctionDef, ast.ClassDef)
LONG = 10  # lines of a helper that are shown as they are
# what a run of the examples of the start would show
MODULES = ("pandas", "matplotlib", "matplotlib.pyplot", "torch._dynamo")
LOADED = Loaded(tuple(ModuleTime(name, 0.05, 0.1) for name in MODULES))


def read(code: str) -> Shown:
    return Shown.parse((FOLDER / f"{code}.md").read_text(encoding="utf-8"))


def changes(code: str, text: str) -> Iterator[Change]:
    """What the pass proposes for a program that was run once, in this process, while its types were noted."""
    (found,) = (p for p in every_pass() if p.code == code)
    work = workload(text)
    if isinstance(found, StartupPass):
        source = SourceFile(PATH, text.encode())
        made = replace(
            work, changed={}, made={PATH: source}
        )  # a program that is on no disk is the user's own all the same
        yield from (s.change for s in found.savings(Sources(made, (source,)), LOADED))
        return
    assert isinstance(found, Pass)
    regions, facts = observed(Program(text, ()))
    for region in regions:
        for finding in found.find(work, region, facts):
            yield from found.propose(work, finding, facts)


def after(code: str, text: str) -> str:
    """The program with the first change that the pass proposes. Raises `StopIteration` when there is none."""
    return next(changes(code, text)).apply(workload(text)).source(PATH).text


def patch(before: str, changed: str) -> str:
    """The change as a diff in which long helpers have lost their bodies."""
    lines = difflib.unified_diff(before.splitlines(), shortened(before, changed).splitlines(), PATH, PATH, lineterm="")
    return "".join(f"{line}\n" for line in lines)


def shortened(before: str, changed: str) -> str:
    """The changed program, with `...` for the bodies of long functions and classes that are new in it. What their first
    lines say of them stays."""
    old = {n.name for n in ast.parse(before).body if isinstance(n, DEFINITIONS)}
    lines = changed.splitlines()
    for node in reversed(ast.parse(changed).body):
        if not isinstance(node, DEFINITIONS) or node.name in old or (node.end_lineno or 0) - node.lineno < LONG:
            continue
        first = node.body[1 if ast.get_docstring(node) is not None else 0].lineno - 1
        head = first - 1
        while head > 0 and lines[head].lstrip().startswith("@"):
            head -= 1
        lines[head + 1 : node.end_lineno] = ["    ..."]
    return "\n".join(lines) + "\n"


def main(codes: list[str]) -> int:
    for code in codes or CODES:
        shown = read(code)
        new = replace(shown, patch=patch(shown.before, after(code, shown.before)))
        if new != shown:
            (FOLDER / f"{code}.md").write_text(str(new), encoding="utf-8")
            print(f"{code}: another change than before", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
