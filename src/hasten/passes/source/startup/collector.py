"""The garbage collector while modules load.

What it finds    a program that starts with imports which take a good part of its time.
Why it is slow   modules are made of hundreds of thousands of small objects. As they grow in number the collector goes
                 through all of them again and again, and once more when the program ends; it finds next to nothing.
Example          import pandas as pd    ->    import gc
                                              gc.disable()
                                              import pandas as pd
                                              gc.freeze()
                                              gc.enable()
Safe when        nothing in the project looks at the collector or rests on it (`gc`, `weakref`, `__del__`), and the
                 project's own files that load meanwhile only define. What was loaded is left out of later
                 collections; all else is collected as before, by the same rules.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import ClassVar

from hasten.core.finding import Region
from hasten.core.loading import Loaded, Saving, Sources
from hasten.core.recipe import Change, Risk
from hasten.core.source import Edit, SourceFile

LEAST_S = 0.04  # of imports: some objects to go through
SAVED = 0.08  # of the time of imports, at least, where it was measured (NumPy 8%, pandas and scikit-learn 24%)
WATCHED = frozenset({"gc", "weakref", "tracemalloc", "objgraph", "pympler", "faulthandler"})
# calls that are done at once
SMALL = frozenset(
    "filterwarnings simplefilter use seed set_option set_printoptions append insert set_theme set_style getLogger "
    "namedtuple TypeVar NewType Path resolve compile getenv get join dirname abspath realpath set dict list tuple "
    "frozenset int float str len object sqrt array default_rng field dtype".split()
)
_BEFORE = """\
import gc

gc.disable()  # there is nothing to collect while modules load
"""
_AFTER = """\
gc.freeze()  # what was loaded stays: the collector need not go through it again
gc.enable()
"""


class QuietCollector:
    """See the module."""

    code: ClassVar[str] = "HST602"
    name: ClassVar[str] = "garbage collector while modules load"
    risk: ClassVar[Risk] = Risk.EXACT

    def savings(self, sources: Sources, loaded: Loaded) -> Iterator[Saving]:
        seconds = sum(m.own_s for m in loaded.modules)
        entry = next((f for f in sources.files if f.path == sources.work.entry_path), None)
        if entry is None or seconds < LEAST_S or _why_not(sources, entry):
            return
        head = _head(entry)
        if head is None:
            return
        first, last = head
        edits = (Edit(entry.path, first, first - 1, _BEFORE), Edit(entry.path, last + 1, last, _AFTER))
        title = f"{self.code} line {first}: garbage collector off while modules load"
        yield Saving(Change(self.code, title, Region(entry.path, first, last, "block", ""), edits), (), SAVED * seconds)


def _why_not(sources: Sources, entry: SourceFile) -> str:
    for file in sources.files:
        try:
            tree = file.tree
        except (SyntaxError, ValueError):
            return f"{file.path} cannot be read"
        for node in ast.walk(tree):
            words: set[str] = set()
            if isinstance(node, ast.Import):
                words = {a.name.partition(".")[0] for a in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                words = {(node.module or "").partition(".")[0]}
            elif isinstance(node, ast.FunctionDef) and node.name == "__del__":
                return f"{file.path} defines __del__"
            elif isinstance(node, ast.Name) and node.id in ("gc", "eval", "exec"):
                return f"{file.path} uses {node.id}"
            if words & WATCHED:
                return f"{file.path} uses {min(words & WATCHED)}"
        if file is not entry and not all(map(_defines, tree.body)):
            return f"{file.path} does more than define when it is loaded"
    return ""


def _defines(s: ast.stmt) -> bool:
    """A statement that makes no great number of objects: a definition, an import, a value written down."""
    if isinstance(s, ast.If):
        return all(map(_defines, [*s.body, *s.orelse])) or _is_main(s)
    if isinstance(s, ast.Try):
        parts = [*s.body, *s.orelse, *s.finalbody, *(x for h in s.handlers for x in h.body)]
        return all(map(_defines, parts))
    if isinstance(s, ast.ClassDef):
        return all(map(_defines, s.body))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Import, ast.ImportFrom, ast.Pass)
    return isinstance(s, kinds) or _small(s)


def _small(s: ast.stmt) -> bool:
    """A setting or a value, worked out in no time."""
    if not isinstance(s, (ast.Assign, ast.AnnAssign, ast.Expr)):
        return False
    for node in ast.walk(s):
        if isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Await, ast.Yield)):
            return False
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name not in SMALL:
                return False
    return True


def _is_main(s: ast.If) -> bool:
    return ast.unparse(s.test) in ("__name__ == '__main__'", "'__main__' == __name__")


def _head(file: SourceFile) -> tuple[int, int] | None:
    """First and last line of the imports at the head, with the settings between them; None when something else stands
    on these lines."""
    body = [s for s in file.tree.body if not _is_future(s)]
    if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    count = 0
    for n, s in enumerate(body):
        if isinstance(s, (ast.Import, ast.ImportFrom)):
            count = n + 1
        elif not count or not _small(s):
            break
    run = body[:count]
    if not run:
        return None
    first, last = run[0].lineno, run[-1].end_lineno or run[-1].lineno
    if any(s.lineno <= last for s in body[count:]):
        return None
    before = [s for s in file.tree.body if s not in run and s.lineno < first]
    if any((s.end_lineno or s.lineno) >= first for s in before) or run[0].col_offset:
        return None
    return first, last


def _is_future(s: ast.stmt) -> bool:
    return isinstance(s, ast.ImportFrom) and s.module == "__future__"
