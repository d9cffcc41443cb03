"""Where the time goes, ranked: the lines that cost most, why they are slow, and what could be won there.

`rank` is the whole of it for one profile; `hotspots` takes findings that were made already. A row's reason comes
from a pass that can change the place, else from what the syntax of the line shows.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from hasten.core.facts import Facts, LineTime, Profile
from hasten.core.finding import Finding
from hasten.core.recipe import Pass
from hasten.core.source import SourceFile
from hasten.core.workload import ScriptWorkload

MIN_SHARE = 0.02  # of all samples: less is noise at 100 samples a second
MAX_ROWS = 10
CONTEXT = 1  # lines of code shown before and after the hot one
_LOOPS = (ast.For, ast.While, ast.AsyncFor)
_ROW_ACCESS = {
    "iterrows": "iterrows() builds a Series for every row",
    "itertuples": "itertuples() builds a tuple for every row",
}
_SLOW_METHODS = {
    "apply": "apply() calls a Python function for every element or row",
    "applymap": "applymap() calls a Python function for every element",
}


@dataclass(frozen=True)
class Hotspot:
    """One place. Shares are of all samples (0..1): `own` in this line's Python code, `library` in what it calls.

    `total` adds the time of user functions that the line calls. `headroom` is the most the whole program can gain, as
    old/new, if the line cost nothing (Amdahl's law). `code` names the pass that can change it, if one was found.
    """

    path: str
    line: int
    function: str
    share: float
    own: float
    library: float
    total: float
    reason: str
    remedy: str = ""
    code: str = ""
    headroom: float = 1.0
    text: tuple[tuple[int, str], ...] = ()  # (line number, source line) around it
    native: float = 0.0  # the part of `share` in compiled code of extension modules
    memory_mb: float | None = None  # alive at the peak, allocated here; None: nobody looked

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line}"


def rank(profile: Profile, work: ScriptWorkload, passes: Sequence[Pass] = ()) -> list[Hotspot]:
    """The hotspots of a profile, with what `passes` can find from syntax alone (no types were recorded)."""
    from hasten.kernel.regions import find_regions

    facts = Facts(profile=profile)
    findings = [f for region in find_regions(work, profile) for p in passes for f in p.find(work, region, facts)]
    return hotspots(work, profile, findings)


def hotspots(work: ScriptWorkload, profile: Profile, findings: Iterable[Finding] = ()) -> list[Hotspot]:
    """Lines by their own and library time, hottest first; imports of libraries are one row."""
    known = list(findings)
    rows: list[Hotspot] = []
    sources: dict[str, _Source | None] = {}
    costs = sorted(profile.lines.items(), key=lambda item: (-(item[1].own + item[1].library), item[0]))
    for (path, line), time in costs:
        share = time.own + time.library
        if share < MIN_SHARE or len(rows) >= MAX_ROWS:
            break
        if path not in sources:
            sources[path] = _Source.read(work, path)
        source = sources[path]
        finding = _finding_at(known, path, line)
        reason = source.reason(line, time) if source else "time is spent here"
        rows.append(
            Hotspot(
                path,
                line,
                source.function(line) if source else "",
                share,
                time.own,
                time.library,
                time.total,
                finding.reason if finding else reason,
                finding.remedy if finding else "",
                finding.code if finding else "",
                headroom(share),
                source.around(line) if source else (),
                time.native,
                profile.memory.get((path, line), 0.0) if profile.memory else None,
            )
        )
    return rows


def headroom(share: float) -> float:
    """old/new for the whole program if this share of its time vanished; capped at 1000."""
    return 1 / max(1 - share, 1e-3)


def read_source(work: ScriptWorkload, path: str) -> _Source | None:
    """The parsed file; None when it cannot be read, or is not Python."""
    return _Source.read(work, path)


def to_json(rows: Iterable[Hotspot]) -> list[dict[str, Any]]:
    return [asdict(row) for row in rows]


def render_hotspots(rows: Sequence[Hotspot], profile: Profile | None = None, *, width: int = 80) -> str:
    """Plain text of at most `width` columns; ends in a newline. Colours are left to the caller."""
    return "".join(text + "\n" for _, text in lines(rows, profile, width=width))


def lines(rows: Sequence[Hotspot], profile: Profile | None = None, *, width: int = 80) -> Iterator[tuple[str, str]]:
    """(style, text) of each line; styles: `title`, `place`, `hot`, `code`, `reason`, `remedy`, or empty."""
    if profile is not None:
        yield from _summary(profile, width)
    if not rows:
        yield "", "No line of this program takes 2% of its time or more."
        return
    for number, row in enumerate(rows, 1):
        yield "", ""
        where = f"{number}. {row.place}" + (f"  {row.function}" if row.function else "")
        head = f"{_percent(row.share)} of the time, at most {row.headroom:.2f}x"
        yield "place", f"{_clip(where, width - len(head) - 2)}  {head}"
        detail = f"{_percent(row.own)} here, {_percent(row.library)} in libraries"
        if profile is not None and profile.native is not None:
            detail += f", {_percent(row.native)} compiled"
        if row.memory_mb is not None and row.memory_mb >= 0.05:
            detail += f", {row.memory_mb:.1f} MB"
        if row.total > row.share + 0.005:
            detail += f", {_percent(row.total)} with the functions it calls"
        yield "", _clip(f"   {detail}", width)
        for at, text in row.text:
            mark = ">" if at == row.line else " "
            yield ("hot" if at == row.line else "code"), _clip(f" {mark} {at:>5}  {text}", width)
        yield from _wrapped("reason", f"why    {row.reason}", width)
        if row.remedy:
            yield from _wrapped("remedy", f"help   {row.remedy}" + (f" ({row.code})" if row.code else ""), width)


def _summary(profile: Profile, width: int) -> Iterator[tuple[str, str]]:
    parts = [f"{profile.wall_s:.2f} s"]
    if profile.peak_mb:
        parts.append(f"{profile.peak_mb:.0f} MB at the peak")
    if profile.native is not None:
        parts.append(f"{_percent(profile.native)} in compiled code")
    if profile.interval_s >= 1e-3:  # what another profiler recorded is in microseconds, not samples
        parts.append(f"{profile.samples} samples")
    if profile.imports_share >= 0.005:
        parts.append(f"{_percent(profile.imports_share)} in imports of libraries")
    if profile.profiler:
        parts.append(profile.profiler)
    yield from _wrapped("title", ", ".join(parts), width, "")


def _wrapped(style: str, text: str, width: int, margin: str = "   ") -> Iterator[tuple[str, str]]:
    hang = margin + " " * 7 if margin else ""
    for part in textwrap.wrap(_clean(text), width, initial_indent=margin, subsequent_indent=hang):
        yield style, part


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%" if share == 0 or share >= 0.095 else f"{100 * share:.1f}%"


def _clean(text: str) -> str:
    """Without control characters, so that a program's source cannot drive the terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _clip(text: str, width: int) -> str:
    text = _clean(text.rstrip().expandtabs(4))
    return text if len(text) <= width else text[: max(width - 3, 1)] + "..."


def _finding_at(findings: Sequence[Finding], path: str, line: int) -> Finding | None:
    """The narrowest finding that covers a line."""
    fitting = [f for f in findings if f.path == path and f.first <= line <= f.last]
    return min(fitting, key=lambda f: (f.last - f.first, f.code), default=None)


# --- reasons from syntax


@dataclass(frozen=True)
class _Source:
    file: SourceFile
    tree: ast.Module
    imports: dict[str, str]

    @classmethod
    def read(cls, work: ScriptWorkload, path: str) -> _Source | None:
        try:
            file = work.source(path)
            tree = file.tree
        except (OSError, SyntaxError, ValueError):
            return None
        imports: dict[str, str] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for a in node.names:
                    imports[a.asname or a.name.split(".")[0]] = a.name if a.asname else a.name.split(".")[0]
            elif isinstance(node, ast.ImportFrom) and node.module:
                for a in node.names:
                    imports[a.asname or a.name] = f"{node.module}.{a.name}"
        return cls(file, tree, imports)

    def around(self, line: int) -> tuple[tuple[int, str], ...]:
        first, last = max(1, line - CONTEXT), min(len(self.file.lines), line + CONTEXT)
        shown = [(n, self.file.lines[n - 1].rstrip("\n")) for n in range(first, last + 1)]
        return tuple((n, text) for n, text in shown if text.strip() or n == line)

    def function(self, line: int) -> str:
        best: tuple[int, str] = (1 << 30, "")

        def visit(node: ast.AST, prefix: str) -> None:
            nonlocal best
            for child in ast.iter_child_nodes(node):
                if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                    name = prefix + child.name
                    end = child.end_lineno or child.lineno
                    is_function = not isinstance(child, ast.ClassDef)
                    if is_function and child.lineno <= line <= end and end - child.lineno < best[0]:
                        best = (end - child.lineno, name)
                    visit(child, f"{name}.<locals>." if is_function else f"{name}.")
                else:
                    visit(child, prefix)

        visit(self.tree, "")
        return best[1]

    def end(self, first: int, qualname: str) -> int:
        """The last line of the function of that (dotted) name that begins at a line; of the file for the module."""
        if qualname == "<module>":
            return len(self.file.lines)
        for node in ast.walk(self.tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == qualname.rpartition(".")[2]:
                if first == min([node.lineno, *(d.lineno for d in node.decorator_list)]):
                    return node.end_lineno or first
        return first

    def statement(self, line: int) -> tuple[ast.stmt | None, list[ast.stmt]]:
        """The smallest statement on a line, and the loops around it, innermost first."""
        found: ast.stmt | None = None
        loops: list[ast.stmt] = []

        def visit(node: ast.AST, around: list[ast.stmt]) -> None:
            nonlocal found, loops
            for child in ast.iter_child_nodes(node):
                inner = around
                if isinstance(child, ast.stmt) and child.lineno <= line <= (child.end_lineno or child.lineno):
                    found, loops = child, list(around)
                    if isinstance(child, _LOOPS):
                        inner = [child, *around]
                    elif isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
                        inner = []
                    visit(child, inner)
                elif not isinstance(child, ast.expr):
                    visit(child, inner)

        visit(self.tree, [])
        return found, loops

    def reason(self, line: int, time: LineTime) -> str:
        """Why a line is slow, as far as its syntax tells."""
        stmt, loops = self.statement(line)
        if stmt is None:
            return "time is spent here"
        if isinstance(stmt, (ast.Import, ast.ImportFrom)):
            name = stmt.names[0].name if isinstance(stmt, ast.Import) else (stmt.module or ".")
            return f"importing {name}"
        parts = list(_own_nodes(stmt, line))
        times = _depth(loops, isinstance(stmt, _LOOPS))
        access = self._rows(parts)
        if access:
            return access + times
        library = self._library_call(parts)
        if library and (time.library >= time.own or loops or isinstance(stmt, _LOOPS)):
            return f"library call: {library}{times}"
        if any(isinstance(n, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)) for n in parts):
            return "a comprehension: Python work for every element" + times
        if isinstance(stmt, ast.For):
            return f"Python loop over {_short(stmt.iter)}" + _depth(loops, False)
        if isinstance(stmt, ast.While):
            return "Python while loop" + _depth(loops, False)
        if library:
            return f"library call: {library}"
        if loops:
            kind = (
                "arithmetic and indexing" if any(isinstance(n, (ast.BinOp, ast.Subscript)) for n in parts) else "work"
            )
            return f"Python {kind}, one element at a time{times}"
        if time.library > time.own:
            return "time is spent in a library that this line calls"
        return "Python code that is called often, or a built-in that works long"

    def _rows(self, nodes: Sequence[ast.AST]) -> str:
        for node in nodes:
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                if node.func.attr in _ROW_ACCESS:
                    return _ROW_ACCESS[node.func.attr]
                if _SLOW_METHODS.get(node.func.attr) and node.args:
                    return _SLOW_METHODS[node.func.attr]
            accessor = node.value if isinstance(node, ast.Subscript) else None
            if isinstance(accessor, ast.Attribute) and accessor.attr in ("iloc", "loc", "at", "iat"):
                return f"DataFrame access by .{accessor.attr}[...]"
        return ""

    def _library_call(self, nodes: Sequence[ast.AST]) -> str:
        found = []
        for node in nodes:
            if isinstance(node, ast.Call):
                name = self._dotted(node.func)
                if name:
                    found.append(name)
        return ", ".join(dict.fromkeys(found[:3]))

    def _dotted(self, node: ast.expr) -> str:
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if isinstance(node, ast.Name) and node.id in self.imports:
            return ".".join([self.imports[node.id], *reversed(parts)])
        return ""


def _own_nodes(stmt: ast.stmt, line: int) -> Iterator[ast.AST]:
    """Expressions of a statement that touch the line, outermost first, not those of statements inside it."""
    todo: list[ast.AST] = [c for c in ast.iter_child_nodes(stmt) if not isinstance(c, ast.stmt)]
    while todo:
        node = todo.pop(0)
        first = getattr(node, "lineno", line)
        if first <= line <= (getattr(node, "end_lineno", None) or first):
            yield node
        todo.extend(c for c in ast.iter_child_nodes(node) if not isinstance(c, ast.stmt))


def _depth(loops: Sequence[ast.stmt], is_loop: bool) -> str:
    depth = len(loops) + is_loop
    if depth == 0:
        return ""
    return ", in a loop" if depth == 1 else f", in {depth} nested loops"


def _short(node: ast.expr) -> str:
    text = ast.unparse(node)
    return text if len(text) <= 40 else text[:37] + "..."
