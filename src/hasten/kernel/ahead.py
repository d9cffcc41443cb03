"""Compiled loops in files of their own, so that they can be compiled ahead of time.

A kernel that Numba compiles costs every run of the program the import of Numba and the loading of its cache, up to
half a second. `split` moves the kernels of a file to `<stem>_numba.py` and puts `<stem>_kernels.py` between the two:
that one takes the machine code from an extension module which Numba's `pycc` has made of the very same functions
(`kernel.ahead_build`), and imports Numba only where that module does not fit: another Python, an array of another
layout, a kernel that was edited. All of it is text in, text out; nothing is run here.
"""

from __future__ import annotations

import ast
import builtins
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from hasten.core.source import SourceFile, parsed
from hasten.kernel.runtime import CONSTANTS

_COPIED = frozenset({"math", "numpy", "itertools", "sys"})  # modules that kernels name


@dataclass(frozen=True)
class Split:
    """A file without its kernels, and the names of the files they went to (without `.py`)."""

    file: SourceFile
    numba: SourceFile
    kernels: tuple[str, ...]  # those that the file calls, in its order
    parameters: Mapping[str, tuple[str, ...]]
    shim_path: str
    module: str  # of the compiled extension: a name that changes with the kernels
    relative: bool

    @property
    def numba_module(self) -> str:
        return self.numba.path.rpartition("/")[2].removesuffix(".py")

    @property
    def extension_folder(self) -> str:
        return self.shim_path.rpartition("/")[0]


@dataclass(frozen=True)
class Signature:
    """One compiled version of a kernel.

    `arrays` is (parameter, or a part of it, dtype, dimensions, layout "C" | "F" | "A", whether it must be writeable).
    """

    kernel: str
    export: str
    arrays: tuple[tuple[str, str, int, str, bool], ...]


def split(source: SourceFile, original: str, taken: Collection[str], *, relative: bool) -> Split | None:
    """The parts of `source`, or None when it has no kernels of hasten's or they need more than `math` and NumPy.

    `original` is the user's own text: a file that used Numba before is left alone. `taken` are the paths of the
    project's files; `relative` says whether the file is imported as part of a package.
    """
    if "numba" in original:
        return None
    found = [n for n in source.tree.body if isinstance(n, ast.FunctionDef) and _compiled(n)]
    if not found:
        return None
    names = {f.name for f in found}
    imports = _imports(source, found, names)
    if imports is None:
        return None
    called = _called(source.tree, found, names)
    if not called:
        return None
    folder, _, name = source.path.rpartition("/")
    prefix = f"{folder}/" if folder else ""
    stem = name.removesuffix(".py")
    while any(f"{prefix}{stem}_{kind}.py" in taken for kind in ("numba", "kernels")) or not stem.isidentifier():
        stem = stem + "_fast" if stem.isidentifier() else "fast"
    texts = ["".join(source.lines[_first(f) - 1 : f.end_lineno]) for f in found]
    about = f'"""Loops of {name} for Numba to compile; {stem}_kernels.py calls them."""\n\n'
    text = about + "".join(f"{line}\n" for line in imports) + "".join(f"\n\n{t}" for t in texts)
    numba = SourceFile(f"{prefix}{stem}_numba.py", text.encode())
    rest = _without(source, found, f"from {'.' if relative else ''}{stem}_kernels import {', '.join(called)}\n")
    if rest is None:
        return None
    parameters = {f.name: tuple(a.arg for a in f.args.args) for f in found if f.name in called}
    module = f"{stem}_ahead_{zlib.crc32(numba.data):08x}"
    return Split(rest, numba, called, parameters, f"{prefix}{stem}_kernels.py", module, relative)


def recorder(parts: Split, folder: str, runtime: str, *, build: bool = True) -> SourceFile:
    """The file between the two, for one run that compiles its kernels and has the extension module built as it ends.

    The kernels' file lies in `folder`, with `spec.json`; `runtime` is where `_hasten_runtime` is found. Without `build`
    the run only tells the types.
    """
    text = f"""import importlib.util
import sys

_spec = importlib.util.spec_from_file_location({f"{parts.module}_seen"!r}, {f"{folder}/{parts.numba_module}.py"!r})
_seen = sys.modules[_spec.name] = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_seen)
{"".join(f"{k} = _seen.{k}{chr(10)}" for k in parts.kernels)}
sys.path.append({runtime!r})
from _hasten_runtime.ahead_build import at_exit

sys.path.remove({runtime!r})
at_exit({f"{folder}/spec.json"!r}, _seen{"" if build else ", build=False"})
"""
    return SourceFile(parts.shim_path, text.encode())


def shim(parts: Split, signatures: Sequence[Signature]) -> SourceFile:
    """The file between the two: the extension module where it fits, Numba elsewhere."""
    numba = parts.numba_module
    dot = "." if parts.relative else ""
    found = f"from {dot or '.'} import {parts.module}" if dot else f"import {parts.module}"
    lines = [
        f'"""The compiled loops of {parts.file.path.rpartition("/")[2]}.',
        "",
        f"The extension module {parts.module} is {numba}.py, compiled ahead of time, so that a run need",
        "not load Numba. Where it does not fit (another Python, another layout of an array, an edited kernel), Numba",
        "compiles when a kernel is called.",
        '"""',
        "",
        "import zlib",
        "from pathlib import Path",
        "",
        "try:",
        f'    if zlib.crc32(Path(__file__).with_name("{numba}.py").read_bytes()) != {zlib.crc32(parts.numba.data)}:',
        f'        raise ImportError("{numba}.py was edited")',
        f"    {found} as _ahead",
        "except (ImportError, OSError, RuntimeError):",
        "    _ahead = None",
        "",
        "",
        "def _numba(name, *args):",
        '    """Calls a kernel as Numba compiles it. RuntimeError where it cannot: then the plain code runs."""',
        f"    {_import(parts, numba)}",
        "    from numba.core.errors import NumbaError",
        "",
        "    try:",
        f"        return getattr({numba}, name)(*args)",
        "    except NumbaError as problem:",
        "        raise RuntimeError(str(problem)) from problem",
    ]
    if any(s.arrays for s in signatures):
        lines += [
            "",
            "",
            "def _fits(array, dtype, dimensions, order, writeable):",
            '    """Is it laid out in memory as the compiled code takes it?"""',
            "    flags = array.flags",
            "    return (array.dtype == dtype and array.ndim == dimensions and flags.aligned",
            "            and flags.writeable >= writeable",
            '            and (order == "A" or (flags.c_contiguous if order == "C" else flags.f_contiguous)))',
        ]
    for kernel in parts.kernels:
        takes = ", ".join(parts.parameters[kernel])
        lines += ["", "", f"def {kernel}({takes}):"]
        for s in signatures:
            if s.kernel != kernel:
                continue
            tests = ["_ahead is not None"]
            tests += [
                f'_fits({p}, "{dtype}", {dims}, "{layout}", {writeable})'
                for p, dtype, dims, layout, writeable in s.arrays
            ]
            lines += [f"    if {' and '.join(tests)}:", f"        return _ahead.{s.export}({takes})"]
        lines.append(f'    return _numba("{kernel}"{", " if takes else ""}{takes})')
    return SourceFile(parts.shim_path, "".join(f"{line}\n" for line in lines).encode())


def _compiled(node: ast.FunctionDef) -> bool:
    return any(isinstance(d, ast.Call) and ast.unparse(d.func) == "njit" for d in node.decorator_list)


def _first(node: ast.FunctionDef) -> int:
    return min([node.lineno, *(d.lineno for d in node.decorator_list)])


def _import(parts: Split, module: str) -> str:
    return f"from . import {module}" if parts.relative else f"import {module}"


def _imports(source: SourceFile, found: Sequence[ast.FunctionDef], names: set[str]) -> list[str] | None:
    """The imports that the kernels need; None when they name anything else of the file."""
    needed: set[str] = set()
    for f in found:
        own = {a.arg for a in f.args.args}
        own |= {n.id for n in ast.walk(f) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
        needed |= {n.id for s in f.body for n in ast.walk(s) if isinstance(n, ast.Name)} - own - names
    needed.add("njit")
    lines = []
    for node in source.tree.body:
        if isinstance(node, ast.Import):
            bound = {(a.asname or a.name.partition(".")[0]): a for a in node.names}
            wanted = [a for n, a in bound.items() if n in needed and a.name in _COPIED]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            bound = {(a.asname or a.name): a for a in node.names}
            wanted = [a for n, a in bound.items() if n in needed and node.module in {*_COPIED, "numba"}]
        else:
            continue
        head = "import " if isinstance(node, ast.Import) else f"from {node.module} import "
        for a in wanted:
            lines.append(f"{head}{a.name}" + (f" as {a.asname}" if a.asname else ""))
            needed.discard(a.asname or (a.name.partition(".")[0] if isinstance(node, ast.Import) else a.name))
    lines = sorted(dict.fromkeys(lines), key=lambda line: (line.startswith("from numba"), line))
    for name in sorted(needed & CONSTANTS.keys()):
        uses = [f"import {m}" for m in ("math", "sys") if f"{m}." in CONSTANTS[name]]
        lines = [*(u for u in uses if u not in lines), *lines, "", CONSTANTS[name]]
        needed.discard(name)
    return None if needed - set(dir(builtins)) else lines


def _called(tree: ast.Module, found: Sequence[ast.FunctionDef], names: set[str]) -> tuple[str, ...]:
    """Kernels that code of the file refers to, other than kernels."""
    inside = {id(n) for f in found for n in ast.walk(f)}
    seen = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id in names and id(n) not in inside}
    return tuple(f.name for f in found if f.name in seen)


def _blank_before(source: SourceFile, line: int) -> int:
    """The first of the blank lines that stand right before `line`."""
    while line > 1 and not source.lines[line - 2].strip():
        line -= 1
    return line


def _without(source: SourceFile, found: Sequence[ast.FunctionDef], line: str) -> SourceFile | None:
    """The file with `line` in place of Numba's imports and without the kernels; None when that leaves a trace."""
    gone: set[int] = set()
    inside = {id(n) for f in found for n in ast.walk(f)}
    outside = [n.id for n in ast.walk(source.tree) if isinstance(n, ast.Name) and id(n) not in inside]
    constants = {text for name, text in CONSTANTS.items() if outside.count(name) == 1}
    at = 0
    for node in source.tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "numba":
            at = at or node.lineno
            gone |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
        elif isinstance(node, ast.Assign) and ast.unparse(node) in constants:
            gone |= set(range(_blank_before(source, node.lineno), (node.end_lineno or node.lineno) + 1))
    if not at:
        return None
    for f in found:
        first = _first(f)
        gone |= set(range(_blank_before(source, first), (f.end_lineno or first) + 1))
    out = []
    for number, text in enumerate(source.lines, 1):
        if number == at:
            out.append(line)
        if number not in gone:
            out.append(text)
    text = "".join(out).replace(", NumbaError)", ")")
    tree = parsed(text)
    left = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    if left & {"njit", "NumbaError"}:
        return None
    return source.with_text(text)
