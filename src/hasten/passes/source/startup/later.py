"""Imports that a run does not need.

What it finds    `import matplotlib.pyplot as plt`, `from sklearn.metrics import f1_score` and the like at the head of a
                 file, when a run of the program does not use them: nothing does, or only functions and branches that
                 it does not reach.
Why it is slow   such a package takes 0.1 s to 2 s to load, each time the program starts.
Example          import matplotlib.pyplot as plt    ->    def plot(xs):
                 def plot(xs):                                import matplotlib.pyplot as plt
                     plt.plot(xs)                             plt.plot(xs)
Safe when        the package is one of those whose import does nothing that others could see (a list, each read), every
                 reader of the name comes after its new import (proved from the scopes), no other file, string or
                 reflection can look for the name, and nothing in the project changes settings under which an import
                 may end otherwise: environment, search path, warnings, floating-point errors, threads, patches. A run
                 must show that the modules are no longer loaded.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from hasten.core.finding import Region
from hasten.core.loading import Loaded, Saving, Sources
from hasten.core.recipe import Change, Risk
from hasten.core.source import Edit, SourceFile
from hasten.passes.source.startup.scope import Spot, spots
from hasten.passes.source.startup.watchers import bound_once, named_elsewhere, why_not

# Packages whose import leaves random states, floating-point modes, other packages and the output alone (read in NumPy
# 2.4, pandas 3.1, SciPy 1.17, scikit-learn 1.9, Matplotlib 3.11, NetworkX 3.6, Pillow 13; tests/passes/test_startup.py
# looks at those that are installed). SciPy adds filters for warnings of its own categories; scikit-learn sets two
# defaults of the Intel runtime in the environment; Matplotlib reads `matplotlibrc` from the current folder.
PACKAGES = frozenset({"numpy", "pandas", "scipy", "sklearn", "matplotlib", "networkx", "PIL"})
STANDARD = frozenset(
    "argparse bz2 csv datetime decimal difflib email fractions ftplib getpass glob gzip hashlib hmac html http "
    "json lzma pickle platform pprint secrets shutil smtplib socket sqlite3 ssl statistics string tarfile tempfile "
    "textwrap timeit urllib uuid xml zipfile".split()
)
# what pandas registers with another library that the program uses by itself
BESIDE = {"pandas": frozenset({"pyarrow", "numexpr", "bottleneck"})}
LEAST_S = 0.002
_MEANT = re.compile(r"noqa|pylint|side.?effect|regist|unused|keep|needed|required|must|before", re.IGNORECASE)


@dataclass(frozen=True)
class _Bound:
    """One name that an import statement binds: where else it has to be imported, and from which module."""

    alias: ast.alias
    module: str
    where: tuple[Spot, ...]


class ImportsLater:
    """See the module."""

    code: ClassVar[str] = "HST601"
    name: ClassVar[str] = "imports that a run does not need"
    risk: ClassVar[Risk] = Risk.EXACT

    def savings(self, sources: Sources, loaded: Loaded) -> Iterator[Saving]:
        if why_not(sources):
            return
        for file in sources.files:
            if file.path != sources.work.entry_path and not _is_loaded(file.path, loaded):
                continue
            for node in file.tree.body:
                if isinstance(node, (ast.Import, ast.ImportFrom)) and _alone(file, node):
                    found = _saving(self.code, sources, file, node, loaded)
                    if found is not None:
                        yield found


def _saving(
    code: str, sources: Sources, file: SourceFile, node: ast.Import | ast.ImportFrom, loaded: Loaded
) -> Saving | None:
    if isinstance(node, ast.ImportFrom) and (node.level or not node.module):
        return None
    moved: list[_Bound] = []
    for alias in node.names:
        bound = _movable(sources, file, node, alias, loaded)
        if bound is not None:
            moved.append(bound)
    if isinstance(node, ast.ImportFrom) and len(moved) < len(node.names):
        return None  # the others load the module all the same
    if not moved:
        return None
    seconds = sum({b.module: loaded.total_s(b.module) for b in moved}.values())
    if seconds < LEAST_S:
        return None
    rest = [a for a in node.names if all(a is not b.alias for b in moved)]
    head = f"from {node.module} import " if isinstance(node, ast.ImportFrom) else "import "
    last = node.end_lineno or node.lineno
    edits = [Edit(file.path, node.lineno, last, _line("", head, rest) if rest else "")]
    lines = dict.fromkeys(spot for b in moved for spot in b.where)
    for spot in sorted(lines, key=lambda s: s.line):
        here = [b.alias for b in moved if spot in b.where]
        text = _line(spot.margin, head, here).rstrip("\n") + "  # loaded only when needed\n"
        edits.append(Edit(file.path, spot.line, spot.line - 1, text))
    modules = list(dict.fromkeys(b.module for b in moved))
    what = f"{', '.join(modules)} {'where it is used' if lines else 'not imported: nothing uses it'}"
    region = Region(file.path, node.lineno, last, "block", "")
    return Saving(Change(code, f"{code} line {node.lineno}: {what}", region, tuple(edits)), tuple(modules))


def _movable(
    sources: Sources, file: SourceFile, node: ast.Import | ast.ImportFrom, alias: ast.alias, loaded: Loaded
) -> _Bound | None:
    """The new places of one imported name; None when it has to stay."""
    whole = alias.name if isinstance(node, ast.Import) else f"{node.module}.{alias.name}"
    module = whole if isinstance(node, ast.Import) or whole in loaded.names else node.module or ""
    package = module.partition(".")[0]
    if package not in PACKAGES | STANDARD or module not in loaded.names or alias.name == "*":
        return None
    if _imported(sources) & BESIDE.get(package, frozenset()):
        return None
    name = alias.asname or (alias.name.partition(".")[0] if isinstance(node, ast.Import) else alias.name)
    if not bound_once(file.tree, name) or named_elsewhere(sources, file, name, module):
        return None
    where = spots(file, name, node.end_lineno or node.lineno)
    if where is None or (not where and not _superfluous(sources, file, node)):
        return None
    return _Bound(alias, module, tuple(where))


def _superfluous(sources: Sources, file: SourceFile, node: ast.stmt) -> bool:
    """An import that nothing uses and that is not there for others: of a file that is the sources, with no remark."""
    text = "".join(file.lines[node.lineno - 1 : node.end_lineno])
    above = file.lines[node.lineno - 2] if node.lineno > 1 else ""
    remark = text + (above if above.lstrip().startswith("#") else "")
    return file.path == sources.work.entry_path and not _MEANT.search(remark.partition("#")[2])


def _alone(file: SourceFile, node: ast.stmt) -> bool:
    """Nothing else stands on its lines."""
    head = file.lines[node.lineno - 1].encode()[: node.col_offset]
    end = node.end_lineno or node.lineno
    tail = file.lines[end - 1].encode()[node.end_col_offset or 0 :].strip()
    return not head.strip() and (not tail or tail.startswith(b"#"))


def _line(margin: str, head: str, aliases: Sequence[ast.alias]) -> str:
    return f"{margin}{head}{', '.join(a.name + (f' as {a.asname}' if a.asname else '') for a in aliases)}\n"


def _imported(sources: Sources) -> set[str]:
    found: set[str] = set()
    for file in sources.files:
        for node in ast.walk(file.tree):
            if isinstance(node, ast.Import):
                found |= {a.name.partition(".")[0] for a in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found.add((node.module or "").partition(".")[0])
    return found


def _is_loaded(path: str, loaded: Loaded) -> bool:
    """A run imported this file: one of the names by which it can be imported was loaded."""
    parts = path.removesuffix(".py").split("/")
    if parts[-1] == "__init__":
        parts = parts[:-1]
    return any(".".join(parts[i:]) in loaded.names for i in range(len(parts)))
