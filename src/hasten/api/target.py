"""From what the user names to a `ScriptWorkload`: which file, started how, from where, and what belongs to the project.

The whole project folder is mirrored for every run, so the root must be small and must hold both the program and the
current folder: a program's relative paths have to lead to the same files.
"""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hasten.config import nearest
from hasten.core.source import SourceFile
from hasten.core.workload import Entry, ScriptWorkload
from hasten.errors import TargetError, UsageError

MARKS = ("pyproject.toml", "setup.py", "setup.cfg", ".git")
SKIP = frozenset({".git", ".venv", "venv", "node_modules", "__pycache__", ".hasten", ".mypy_cache", ".tox", ".cache"})
MOST_FILES, MOST_BYTES = 5_000, 500_000_000  # of a root that no project file marks


@dataclass(frozen=True)
class Named:
    """A target taken apart: the file, how it is started, and the function to stay with (dotted), if any."""

    file: Path
    module: str | None
    function: str | None


def workload(
    target: str,
    args: Sequence[str] = (),
    *,
    stdin: bytes | None = None,
    calls: str | None = None,
    cwd: Path | None = None,
    python: str = "",
) -> ScriptWorkload:
    """The workload that `target` names: `script.py`, `package.module`, `file.py::function`, `package.module:function`.

    `calls` is the script that makes the calls of the function (default: the target's own file). Raises `UsageError`
    for a target that names nothing, and `TargetError` for one that cannot be run.
    """
    here = (cwd or Path.cwd()).resolve()
    named = take_apart(target, here)
    check_python(named.file, target)
    entry_file, module = named.file, named.module
    if calls is not None:
        if named.function is None:
            raise UsageError(f"--calls goes with a function; name one: {target}::function")
        entry_file, module = script_file(calls, here), None
        check_python(entry_file, calls)
    root, start = project_root(sorted({entry_file, named.file}), here)
    focus = None
    if named.function is not None:
        focus = f"{_relative(named.file, root)}::{find_function(named.file, named.function)}"
    if start != here and module is not None:
        raise TargetError(f"{target}: a module starts from the folder it is in; `cd {start}` first")
    name = module if module is not None else _relative(entry_file, start, up=True)
    return ScriptWorkload(
        root=root,
        entry=Entry("module" if module is not None else "script", name),
        entry_path=_relative(entry_file, root),
        argv=tuple(args),
        stdin=stdin,
        cwd=_relative(start, root),
        python=python or sys.executable,
        focus=focus,
    )


def module_workload(module: str, args: Sequence[str] = (), *, stdin: bytes | None = None) -> ScriptWorkload:
    """`python -m module args`, started here: one of the project's own, or an installed one (pytest) that runs its code.

    Raises `UsageError` when there is no such module, `TargetError` when this folder is none to copy.
    """
    import importlib.util

    here = Path.cwd().resolve()
    if not all(part.isidentifier() for part in module.split(".")):
        raise UsageError(f"-m {module!r}: not the name of a module")
    base = here.joinpath(*module.split("."))
    if base.with_suffix(".py").is_file() or (base / "__main__.py").is_file():
        return workload(module, args, stdin=stdin)
    try:
        found = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        found = None
    if found is None:
        raise UsageError(f"-m {module}: no such module here or in {sys.prefix}; `{sys.executable} -m pip install` it")
    root, start = project_root([here / "_"], here)
    return ScriptWorkload(root, Entry("module", module), "", tuple(args), stdin, _relative(start, root), sys.executable)


def take_apart(target: str, here: Path) -> Named:
    """Raises `UsageError` when nothing of that name is there."""
    name, function = target, None
    if "::" in target:
        name, _, function = target.partition("::")
        if not name or not function:
            raise UsageError(f"{target!r}: write file.py::function")
        if "/" not in name and not name.endswith(".py"):
            raise UsageError(f"{target!r}: with a module, write {name}:{function}; with a file, {name}.py::{function}")
    elif match := re.fullmatch(r"([\w.]+):([\w.]+)", target):
        name, function = match.groups()
        if name.endswith(".py"):
            raise UsageError(f"{target!r}: with a file, write {name}::{function}")
    function = function.replace("::", ".") if function else None
    if name.endswith(".py") or "/" in name or (here / name).is_file():
        return Named(script_file(name, here), None, function)
    if all(part.isidentifier() for part in name.split(".")):
        return Named(module_file(name, here), name, function)
    raise UsageError(f"{target!r} is neither a file nor the name of a module; {_instead(name, here)}")


def script_file(name: str, here: Path) -> Path:
    """The script's path, links kept in its own name. Raises `UsageError` when there is no such file."""
    if name.endswith(".ipynb"):  # JSON may well run as Python, and do nothing
        raise UsageError(f"{name} is a notebook: it is run, profiled, compared and watched whole, and not called from")
    path = here / name
    if path.is_dir():
        raise UsageError(f"{name} is a folder; name the script in it, such as {name.rstrip('/')}/main.py")
    if not path.is_file():
        raise UsageError(f"{name}: no such file; {_instead(name, here)}")
    return Path(os.path.realpath(path.parent)) / path.name


def module_file(name: str, here: Path) -> Path:
    """The file that `python -m name` would run from `here`. Raises `UsageError` when it is not in this folder."""
    base = here.joinpath(*name.split("."))
    if base.with_suffix(".py").is_file():
        return base.with_suffix(".py")
    if (base / "__main__.py").is_file():
        return base / "__main__.py"
    if base.is_dir():
        raise UsageError(f"{name} is a package without __main__.py; name a module in it, or a file")
    raise UsageError(
        f"no module {name} in {here} (hasten changes your code, not installed packages); "
        f"{_instead(name.replace('.', '/') + '.py', here)}"
    )


def _instead(name: str, here: Path) -> str:
    folder = (here / name).parent
    try:
        scripts = sorted(p.name for p in folder.iterdir() if p.suffix == ".py")
    except OSError:
        scripts = []
    hint = nearest(Path(name).name, scripts).removeprefix("; ")
    if hint:
        return hint
    shown = ", ".join(scripts[:5])
    return f"scripts there: {shown}" if shown else "name a Python script, such as script.py"


def check_python(path: Path, shown: str) -> None:
    """Raises `TargetError` when the file cannot be read, or is not Python that this interpreter compiles."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TargetError(f"{shown}: {error.strerror}") from None
    version = f"Python {sys.version_info.major}.{sys.version_info.minor}"
    if b"\0" in data:
        raise TargetError(f"{shown} is not Python: it holds zero bytes")
    try:
        # the compiler warns about odd literals in the user's file; that is for the program's own run to show
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(data, str(path), "exec", dont_inherit=True)
    except SyntaxError as error:
        line = f" line {error.lineno}" if error.lineno else ""
        raise TargetError(f"{shown}{line} is not {version}: {error.msg}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise TargetError(f"{shown} is not {version}: {error}") from None


def find_function(path: Path, name: str) -> str:
    """The `__qualname__` of the function `name` (`f`, `Class.method`) in the file. Raises `UsageError`."""
    return find_function_in(SourceFile(path.name, path.read_bytes()), path.name, name)


def find_function_in(source: SourceFile, shown: str, name: str) -> str:
    """The same of a source; `shown` is what the user calls it."""
    found: dict[str, str] = {}

    def walk(body: Sequence[ast.AST], prefix: str, shown: str) -> None:
        for node in body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                found[f"{shown}{node.name}"] = f"{prefix}{node.name}"
                walk(node.body, f"{prefix}{node.name}.<locals>.", f"{shown}{node.name}.")
            elif isinstance(node, ast.ClassDef):
                walk(node.body, f"{prefix}{node.name}.", f"{shown}{node.name}.")
            else:
                walk(list(ast.iter_child_nodes(node)), prefix, shown)

    walk(source.tree.body, "", "")
    if name in found:
        return found[name]
    known = ", ".join(list(found)[:6])
    hint = nearest(name, found) or (f"; it has {known}" if known else "; it has no function")
    raise UsageError(f"{shown} has no function {name}{hint}")


def project_root(files: Sequence[Path], here: Path) -> tuple[Path, Path]:
    """The folder to mirror, and the one to start in: `here`, wherever a project can hold it and the program.

    When the two are far apart (all between them would be too much to copy), the program starts in its own folder
    instead; `started_elsewhere` tells. Raises `TargetError` when even that folder is too much.
    """
    program = Path(os.path.commonpath([f.parent for f in files]))
    marked = next((p for p in (program, *program.parents) if _marked(p)), None)
    root = marked or program
    if marked is not None and here.is_relative_to(root):
        return root, here
    wide = Path(os.path.commonpath([root, here]))
    if wide not in _never() and _small(wide):
        return wide, here
    if root not in _never() and (marked is not None or _small(root)):
        return root, here if here.is_relative_to(root) else program
    raise TargetError(
        f"the project folder of {files[0].name} would be {root}, which is too much to copy: move the script to a "
        "folder of its own, or mark its project with a pyproject.toml"
    )


def started_elsewhere(work: ScriptWorkload, here: Path | None = None) -> str | None:
    """A note, when the program starts in another folder than the user is in."""
    start = (work.root / work.cwd).resolve()
    if start == (here or Path.cwd()).resolve():
        return None
    return f"started in {start}, where its project is; relative paths count from there"


def _never() -> tuple[Path, ...]:
    """Folders that are nobody's project."""
    return (Path("/"), Path.home().resolve())


def _marked(folder: Path) -> bool:
    return folder not in _never() and any((folder / mark).exists() for mark in MARKS)


def _small(folder: Path) -> bool:
    files = size = 0
    todo = [folder]
    while todo:
        try:
            entries = list(os.scandir(todo.pop()))
        except OSError:
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in SKIP:
                    todo.append(Path(entry.path))
                continue
            files += 1
            try:
                size += entry.stat(follow_symlinks=False).st_size
            except OSError:
                continue
        if files > MOST_FILES or size > MOST_BYTES:
            return False
    return True


def _relative(path: Path, base: Path, *, up: bool = False) -> str:
    if up:
        return Path(os.path.relpath(path, base)).as_posix()
    return path.relative_to(base).as_posix()


def companions(work: ScriptWorkload, most_bytes: int = 4_000_000) -> dict[str, SourceFile]:
    """The program's entry and the modules of the same project that it imports (by import statements), as they are.

    They go beside the changed files, so that the optimised copy runs where it lies. Stops at `most_bytes`.
    """
    folders = {Path(work.entry_path).parent, Path(work.cwd), Path()}
    if work.entry.kind == "module":
        folders = {Path(work.cwd)}
    found: dict[str, SourceFile] = {}
    todo = [work.entry_path, *work.changed]
    total = 0
    while todo:
        path = todo.pop()
        if path in found:
            continue
        try:
            source = work.source(path)
            tree = source.tree
        except (OSError, SyntaxError, ValueError):
            continue
        total += len(source.data)
        if total > most_bytes:
            break
        found[path] = source
        todo += _imported(work.root, tree, Path(path), folders)
        todo += [
            p
            for parent in Path(path).parents
            if (p := (parent / "__init__.py").as_posix()) and p != path and (work.root / p).is_file()
        ]
    return found


def _imported(root: Path, tree: ast.Module, path: Path, folders: set[Path]) -> list[str]:
    names: list[tuple[Path | None, str]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [(None, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = path.parents[node.level - 1] if node.level and node.level <= len(path.parents) else None
            module = node.module or ""
            names.append((base, module))
            names += [(base, f"{module}.{alias.name}".strip(".")) for alias in node.names if alias.name != "*"]
    out = []
    for base, name in names:
        for folder in [base] if base is not None else sorted(folders):
            parts = folder.joinpath(*[p for p in name.split(".") if p])
            for file in (parts.with_name(parts.name + ".py") if parts.name else None, parts / "__init__.py"):
                if file is not None and (root / file).is_file():
                    out.append(file.as_posix())
    return out
