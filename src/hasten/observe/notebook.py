"""Notebooks (`.ipynb`) as programs: read, and made a script that runs as Run All would.

Cells go from top to bottom. What IPython understands and Python does not is handled as IPython does: its own
transformer makes calls of `%magics` and `!commands`, and these run in a real IPython shell. Magics that only time, draw
or configure are left out or looked through, so that what they time stays visible.
"""

from __future__ import annotations

import ast
import difflib
import inspect
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hasten.core.cells import ADDED, KEPT, KEPT_END, SHOWN, SHOWN_END, Cell, Kept, Layout, marker, reserved
from hasten.errors import TargetError

HELPER = "_notebook_cells"
# whose body runs in the notebook's own names, as it would without them
_TRANSPARENT = frozenset(
    {"time", "prun", "hasten", "memit", "pyinstrument", "scalene", "snakeviz", "memray_flamegraph"}
)
# which only show something
_SHOWING = frozenset({"html", "HTML", "javascript", "js", "latex", "markdown", "svg", "SVG"})
# lines that change nothing that a cell computes
_IDLE = frozenset(
    {
        "matplotlib", "config", "autoreload", "reload_ext", "pinfo", "pinfo2", "hasten", "precision", "who", "whos",
        "history", "hist", "memit", "mprun", "lprun", "prun", "snakeviz", "timeit", "unload_ext", "watermark",
        "xmode", "colors", "pdb", "lsmagic", "magic", "quickref", "tensorboard",
    }
)  # fmt: skip
# extensions that add no names and no magics that a result could rest on
_EXTENSIONS = frozenset(
    {
        "autoreload", "hasten", "line_profiler", "memory_profiler", "pyinstrument", "scalene", "snakeviz", "watermark",
        "nb_black", "lab_black", "jupyter_black", "tensorboard", "memray", "heat", "autotime",
    }
)  # fmt: skip
# which run in the shell and change no name of the notebook
_HARMLESS = frozenset(
    {
        "cd", "env", "set_env", "pwd", "ls", "ll", "mkdir", "rm", "rmdir", "cp", "mv", "cat", "less", "more", "man",
        "bash", "sh", "script", "system", "sx", "writefile", "file", "perl", "ruby", "dirs", "pushd", "popd",
        "page", "pycat",
    }
)  # fmt: skip
_INSTALLS = re.compile(r"\s*(python3? -m )?(pip3?|conda|mamba|uv|apt|apt-get)\b")
_OURS = re.compile(r"^\s*([%!]|>>> ?|In \[)|\?\s*$|=\s*[%!]|\A(\s*\n)*[ \t]+\S", re.MULTILINE)  # IPython's syntax
_MAGIC = re.compile(
    r"^(?P<indent>\s*)(?P<target>[^=#'\"]+ = )?get_ipython\(\)\.(?P<how>run_line_magic|system|getoutput)"
    r"(?P<args>\(.*\))$"
)
_DRAWING = ("matplotlib", "pyplot", "pylab", "seaborn", ".plot", ".hist(", "plotnine")


@dataclass(frozen=True)
class NotebookCell:
    """One cell as it is in the file. `index` is its place among all cells, `crlf` says how its lines end."""

    index: int
    kind: str
    source: str
    crlf: bool = False
    count: int | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Notebook:
    data: bytes
    version: int
    cells: tuple[NotebookCell, ...]


@dataclass(frozen=True)
class Made:
    """The script of a notebook, and what was decided on the way (`notes`)."""

    text: str
    layout: Layout
    notes: tuple[str, ...] = ()
    helped: bool = False  # it imports HELPER


def read(path: Path) -> Notebook:
    """Raises `TargetError` for a file that is no notebook, or one of another language."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TargetError(f"{path.name}: {error.strerror}") from None
    return parse(data, path.name)


def parse(data: bytes, name: str) -> Notebook:
    try:
        found = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise TargetError(f"{name} is not a notebook: not JSON ({error}); open and save it in Jupyter") from None
    version = found.get("nbformat") if isinstance(found, dict) else None
    if not isinstance(version, int):
        raise TargetError(f"{name} is not a notebook: it has no `nbformat`")
    if version not in (2, 3, 4):
        raise TargetError(f"{name}: nbformat {version}, and hasten reads 2 to 4; open and save it in Jupyter")
    try:
        raw = found["cells"] if version == 4 else [c for sheet in found["worksheets"] for c in sheet["cells"]]
        cells = tuple(_cell(i, c) for i, c in enumerate(raw))
        about = found.get("metadata") or {}
        language = (about.get("kernelspec") or {}).get("language") or (about.get("language_info") or {}).get("name")
    except (KeyError, TypeError, AttributeError) as error:
        raise TargetError(f"{name} is a damaged notebook ({type(error).__name__}: {error}); save it again") from None
    if isinstance(language, str) and language.lower() not in ("python", "ipython", "python3"):
        raise TargetError(f"{name} is a notebook of {language}; hasten takes Python")
    return Notebook(data, version, cells)


def _cell(index: int, cell: Any) -> NotebookCell:
    text = cell.get("source", cell.get("input", ""))
    text = text if isinstance(text, str) else "".join(text)
    crlf = "\r\n" in text
    count = cell.get("execution_count", cell.get("prompt_number"))
    tags = (cell.get("metadata") or {}).get("tags") or ()
    return NotebookCell(
        index, str(cell["cell_type"]), text.replace("\r\n", "\n"), crlf, count if isinstance(count, int) else None,
        tuple(str(t) for t in tags),
    )  # fmt: skip


def make(notebook: Notebook, path: str, script: str) -> Made:
    """The script of a notebook; both paths are relative to the project. Raises `TargetError` naming cell and line."""
    name = path.rpartition("/")[2]
    code = [
        c for c in notebook.cells
        if c.kind == "code" and c.source.strip() and "skip-execution" not in c.tags
    ]  # fmt: skip
    if not code:
        raise TargetError(f"{name} has no code to run: all its {len(notebook.cells)} cells are text or empty")
    draws = any(word in c.source for c in code for word in _DRAWING)
    builder = _Builder(name, draws)
    parts = [builder.cell(number, cell) for number, cell in enumerate(code, 1)]
    head = list(builder.future)
    wanted = sorted(builder.helpers - builder.bound)
    if wanted:
        head.append(f"from {HELPER} import {', '.join(wanted)}")
    layout = Layout(path, script, tuple(head), tuple(cell for cell, _ in parts), builder.opaque)
    text = "".join(f"{line}\n" for line in [*head, *(line for _, lines in parts for line in lines)])
    again = layout.split(text)
    if any(again[c.number] != c.source for c in layout.cells):
        raise TargetError(f"{name}: its cells cannot be told apart once they are one script; report this, please")
    try:
        compile(text, name, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        raise TargetError(f"{name}: does not run as one program: {error}") from None
    notes = list(builder.notes)
    counts = [c.count for c in code if c.count is not None]
    if counts != sorted(counts):
        notes.insert(0, "its cells were last run in another order; hasten runs them from top to bottom")
    return Made(text, layout, tuple(dict.fromkeys(notes)), bool(wanted))


@dataclass
class _Builder:
    name: str
    draws: bool
    notes: list[str] = field(default_factory=list)
    helpers: set[str] = field(default_factory=set)
    bound: set[str] = field(default_factory=set)
    future: list[str] = field(default_factory=list)
    opaque: bool = False

    def cell(self, number: int, cell: NotebookCell) -> tuple[Cell, list[str]]:
        """The cell, and its lines in the script."""
        lines = _lines(cell.source)
        clash = next((text for text in lines if reserved(text)), None)
        if clash is not None:
            raise TargetError(f"{self.name}: In [{number}] has the line {clash!r}, which hasten uses itself; reword it")
        if "\r" in cell.source:
            raise TargetError(f"{self.name}: In [{number}] has a carriage return in the middle of a line; remove it")
        header: str | None = None
        body = lines
        magic = re.match(r"%%(\w+)[ \t]*(.*)$", lines[0]) if lines else None
        if magic is not None:
            name, args = magic[1], magic[2].strip()
            if name in _TRANSPARENT or (name == "capture" and not args):
                if name == "time" and args:
                    body = lines  # %%time STATEMENT runs a statement first: left to IPython
                else:
                    header, body = lines[0], lines[1:]
                    lines = body
            if header is None:
                return self.whole(number, cell, lines, self.cell_magic(number, name, args, lines))
        if "raises-exception" in cell.tags:
            return self.whole(number, cell, _lines(cell.source), self.raising(number, body), header=None)
        segment, kept = self.plain(number, body)
        text = "\n".join(segment)
        tree = self.parsed(number, text)
        self.names(tree)
        if self.awaits(number, text):
            return self.whole(number, cell, _lines(cell.source), self.awaiting(number, tree, text))
        if not self.quiet(cell.source):
            segment, kept = self.shown(tree, segment, kept)
        out = [marker(number), *segment, *self.drawn()]
        return Cell(number, cell.index, cell.source, header, tuple(kept)), out

    def drawn(self) -> list[str]:
        if not self.draws:
            return []
        self.helpers.add("_draw_figures")
        return [f"_draw_figures(){ADDED}"]

    def whole(
        self,
        number: int,
        cell: NotebookCell,
        original: Sequence[str],
        content: Sequence[str],
        header: str | None = None,
    ) -> tuple[Cell, list[str]]:
        """A cell that is kept as it is, whatever else changes."""
        kept = Kept(tuple(content), tuple(original))
        out = [marker(number), KEPT, *content, KEPT_END, *self.drawn()]
        return Cell(number, cell.index, cell.source, header, (kept,)), out

    # -- magics --------------------------------------------------------------------------------------------------------

    def cell_magic(self, number: int, name: str, args: str, lines: Sequence[str]) -> list[str]:
        if name in _SHOWING:
            return ["pass"]
        if name == "timeit":
            self.notes.append(f"In [{number}] only times something (%%timeit): it is left out of the run")
            return ["pass"]
        self.helpers.add("get_ipython")
        self.runs(number, f"%%{name}", harmless=name in _HARMLESS and "--" not in args)
        return [line for line in self.transformed(number, lines) if line]

    def runs(self, number: int, what: str, *, harmless: bool) -> None:
        """Something runs in IPython's shell."""
        if not harmless:
            self.opaque = True
            self.notes.append(f"In [{number}]: {what} may change any name, so no cell of this notebook is changed")

    def plain(self, number: int, lines: Sequence[str]) -> tuple[list[str], list[Kept]]:
        """Lines of the script for lines of a cell, with what was replaced."""
        text = "\n".join(lines)
        try:
            ast.parse(text)
            new = list(lines)
        except (SyntaxError, ValueError):
            new = self.transformed(number, lines)
        future = _future(new)
        if not future and new == list(lines):
            return new, []
        out: list[str] = []
        kept: list[Kept] = []
        bare: list[str] = []  # what is out, without our own lines
        for tag, i, j, k, m in difflib.SequenceMatcher(None, list(lines), new, autojunk=False).get_opcodes():
            for old, at in zip(range(i, j), range(k, m), strict=False) if tag == "equal" else ():
                if at in future:
                    self.hoist(number, lines[old])
                    _keep(out, kept, ["pass"], [lines[old]])
                else:
                    out.append(lines[old])
                bare.append("pass" if at in future else lines[old])
            if tag != "equal":
                content = [self.line(number, line) for line in new[k:m]] or ["pass"]
                _keep(out, kept, content, list(lines[i:j]))
                bare += content
        if _dump(out) != _dump(bare):  # a line of ours came to stand inside a string
            kept = []
            out = []
            _keep(out, kept, bare, list(lines))
        return out, kept

    def hoist(self, number: int, line: str) -> None:
        """`from __future__` comes first in a script; in a notebook it counts from its cell on."""
        if number > 1:
            raise TargetError(f"{self.name}: In [{number}] imports from __future__; do that in the first code cell")
        self.future.append(line)

    def line(self, number: int, text: str) -> str:
        """One line that IPython's transformer made."""
        found = _MAGIC.match(text)
        if found is None:
            return text
        try:
            args = ast.literal_eval(found["args"])
        except (ValueError, SyntaxError):
            args = ()
        args = args if isinstance(args, tuple) else (args,)
        idle = f"{found['indent']}pass"
        if found["how"] == "run_line_magic" and len(args) == 2:
            name, rest = args
            if name == "time" and rest.strip() and _parses(rest):
                return f"{found['indent']}{found['target'] or ''}{rest}"
            if name in ("pip", "conda", "mamba", "uv"):
                self.notes.append(f"In [{number}]: %{name} is left out: what it installs has to be there already")
                return idle
            if found["target"] is None and (name in _IDLE or (name == "load_ext" and rest.strip() in _EXTENSIONS)):
                if name in ("timeit", "prun", "lprun", "memit", "mprun"):
                    self.notes.append(f"In [{number}]: %{name} is left out of the run")
                return idle
        if found["how"] == "system" and args and _INSTALLS.match(str(args[0])):
            self.notes.append(
                f"In [{number}]: !{str(args[0]).split()[0]} is left out: what it installs has to be there"
            )
            return idle
        self.helpers.add("get_ipython")
        if found["how"] == "run_line_magic":
            self.runs(number, f"%{args[0] if args else ''}", harmless=bool(args) and args[0] in _HARMLESS)
        return text

    def transformed(self, number: int, lines: Sequence[str]) -> list[str]:
        text = "\n".join(lines)
        if not _OURS.search(text):
            return list(lines)  # nothing of IPython's: an error of Python's own
        try:
            from IPython.core.inputtransformer2 import TransformerManager
        except ImportError:
            raise TargetError(
                f"{self.name}: In [{number}] has IPython's syntax (%magics, !commands): pip install hasten[notebook]"
            ) from None
        try:
            manager: Any = TransformerManager
            made = str(manager().transform_cell(text))
        except SyntaxError as error:
            raise self.wrong(number, error) from None
        return _lines(made.removesuffix("\n"))

    # -- what a notebook does by itself --------------------------------------------------------------------------------

    def parsed(self, number: int, text: str) -> ast.Module:
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError) as error:
            raise self.wrong(number, error) from None

    def wrong(self, number: int, error: Exception) -> TargetError:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        why = error.msg if isinstance(error, SyntaxError) else str(error)
        return TargetError(
            f"{self.name}: In [{number}]{line}: {why}; Run All stops there too: mend it, or tag it `skip-execution`"
        )

    def names(self, tree: ast.Module) -> None:
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and node.id in ("display", "get_ipython"):
                (self.helpers if isinstance(node.ctx, ast.Load) else self.bound).add(node.id)
            elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                self.bound.add(node.name)
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                self.bound |= {a.asname or a.name for a in node.names}

    def awaits(self, number: int, text: str) -> bool:
        try:
            code = compile(text, self.name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            raise self.wrong(number, error) from None
        return bool(code.co_flags & inspect.CO_COROUTINE)

    def awaiting(self, number: int, tree: ast.Module, text: str) -> list[str]:
        """A cell with `await` runs inside the notebook's event loop: as one coroutine, its names global."""
        names = sorted(stored(tree))
        if any(isinstance(n, ast.ImportFrom) and n.names[0].name == "*" for n in ast.walk(tree)):
            raise TargetError(f"{self.name}: In [{number}] has both `await` and `import *`: put them into two cells")
        body = list(tree.body)
        last = body[-1]
        if isinstance(last, ast.Expr) and not self.quiet(text):
            body[-1] = ast.parse(f"print(repr(({ast.unparse(last.value)})))").body[0]
        self.helpers.add("_run_cell")
        out = [f"async def _cell_{number}():"]
        out += [f"    global {', '.join(names)}"] if names else []
        wrapped = ast.Module([ast.If(ast.Constant(True), body, [])], [])
        out += _lines(ast.unparse(ast.fix_missing_locations(wrapped)))[1:]
        return [*out, f"_run_cell(_cell_{number}())"]

    def raising(self, number: int, lines: Sequence[str]) -> list[str]:
        """A cell that is tagged to fail: Run All goes on after it."""
        segment, _ = self.plain(number, lines)
        tree = self.parsed(number, "\n".join(segment))
        self.names(tree)
        wrapped = ast.parse("try:\n    pass\nexcept Exception as _problem:\n    print(type(_problem).__name__)")
        attempt = wrapped.body[0]
        assert isinstance(attempt, ast.Try)
        attempt.body = tree.body or attempt.body
        return _lines(ast.unparse(ast.fix_missing_locations(wrapped)))

    def quiet(self, source: str) -> bool:
        """Whether the cell ends with a semicolon, which tells the notebook not to show its last value."""
        import io
        import tokenize

        last = ""
        try:
            for token in tokenize.generate_tokens(io.StringIO(source).readline):
                if token.string.strip() and token.type != tokenize.COMMENT:
                    last = token.string
        except (tokenize.TokenError, SyntaxError, IndentationError):
            return source.rstrip().endswith(";")
        return last == ";"

    def shown(self, tree: ast.Module, segment: list[str], kept: list[Kept]) -> tuple[list[str], list[Kept]]:
        """The cell with its last value printed, when that is what the notebook shows."""
        last = tree.body[-1] if tree.body else None
        if not isinstance(last, ast.Expr) or _shows_itself(last.value):
            return segment, kept
        first, end = last.lineno, last.end_lineno or last.lineno
        fenced = _fenced(segment)
        if any(n in fenced for n in range(first, end + 1)):
            return segment, kept  # %time f(x), or a magic that shows by itself
        sharing = [s for s in tree.body[:-1] if (s.end_lineno or s.lineno) >= first]
        if not sharing:
            return [*segment[: first - 1], SHOWN, *segment[first - 1 : end], SHOWN_END, *segment[end:]], kept
        begin = sharing[0].lineno
        if any(n in fenced for n in range(begin, end + 1)):
            return segment, kept
        content = _lines("\n".join([*(ast.unparse(s) for s in sharing), f"print(repr(({ast.unparse(last.value)})))"]))
        before = sum(line == KEPT for line in segment[: begin - 1])
        group = Kept(tuple(content), tuple(segment[begin - 1 : end]))
        return (
            [*segment[: begin - 1], KEPT, *content, KEPT_END, *segment[end:]],
            [*kept[:before], group, *kept[before:]],
        )


def _shows_itself(value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in ("print", "display")


def _fenced(segment: Sequence[str]) -> set[int]:
    """Numbers of lines between KEPT and KEPT_END."""
    found, inside = set(), False
    for n, line in enumerate(segment, 1):
        if line == KEPT:
            inside = True
        if inside:
            found.add(n)
        if line == KEPT_END:
            inside = False
    return found


def _future(lines: Sequence[str]) -> set[int]:
    """Which lines (from 0) import from `__future__`."""
    try:
        tree = ast.parse("\n".join(lines))
    except (SyntaxError, ValueError):
        return set()
    found = [n for n in tree.body if isinstance(n, ast.ImportFrom) and n.module == "__future__"]
    return {n.lineno - 1 for n in found if n.lineno == n.end_lineno}


def _dump(lines: Sequence[str]) -> str | None:
    try:
        return ast.dump(ast.parse("\n".join(lines)))
    except (SyntaxError, ValueError):
        return None


def _keep(out: list[str], kept: list[Kept], content: list[str], original: list[str]) -> None:
    kept.append(Kept(tuple(content), tuple(original)))
    out += [KEPT, *content, KEPT_END]


def _lines(text: str) -> list[str]:
    return text.split("\n")


def _parses(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return "\n" not in text


def stored(tree: ast.Module) -> set[str]:
    """Names that a cell binds in the notebook's namespace."""
    found: set[str] = set()
    todo: list[ast.AST] = list(tree.body)
    while todo:
        node = todo.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
            todo += node.decorator_list
            continue
        if isinstance(node, (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            found |= {n.target.id for n in ast.walk(node) if isinstance(n, ast.NamedExpr)}
            continue
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found |= {(a.asname or a.name).split(".")[0] for a in node.names if a.name != "*"}
        elif isinstance(node, ast.ExceptHandler) and node.name:
            found.add(node.name)
        elif isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name:
            found.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            found.add(node.rest)
        todo += ast.iter_child_nodes(node)
    return found
