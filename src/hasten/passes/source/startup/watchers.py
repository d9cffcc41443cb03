"""Who could notice that an import happens later, or not at all: answered from the syntax of the whole project.

An import does not only bind a name. It runs while certain settings hold (environment, warnings, floating-point errors,
the search path), it puts modules into `sys.modules`, and its name is in the namespace of its module, where reflection,
strings and other files may look. Whatever may look or set is a reason to leave imports where they are.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from hasten.core.loading import Sources
from hasten.core.source import SourceFile
from hasten.kernel import names

# they look at namespaces, at loaded modules or at frames, or bring modules in by name
REFLECTION = names.REFLECTION | frozenset(
    "_getframe currentframe settrace setprofile getmembers __dict__ __builtins__ import_module reload modules".split()
)
# modules whose use means: threads that import at any moment, children that import again, patched or watched imports
UNSETTLED = frozenset(
    "threading _thread concurrent multiprocessing asyncio joblib dask ray signal resource subprocess inspect importlib "
    "runpy pkgutil imp zipimport builtins __main__ doctest dotenv site trace bdb pdb faulthandler unittest pytest "
    "sklearnex gc weakref code codeop locale dill cloudpickle tracemalloc IPython".split()
)
# settings under which an import may end otherwise, or which it may change
SETTINGS = frozenset(
    "seterr seterrcall errstate catch_warnings setrecursionlimit chdir putenv unsetenv system popen fork".split()
)
ENVIRONMENT = frozenset({"environ", "environb", "path", "meta_path", "path_hooks"})


@lru_cache(maxsize=8)
def why_not(sources: Sources) -> str:
    """Why no import of this project can be moved, or an empty string.

    The user's own text is asked: what hasten has put in looks at nothing, and sets nothing for others.
    """
    own = replace(sources.work, changed={})
    projects = _project_roots(sources)
    for file in sources.files:
        known = file.path in own.made or (own.root / file.path).exists()
        if file.path in sources.work.changed and not known:
            continue  # a file of compiled loops
        try:
            tree = own.source(file.path).tree
            _ = file.tree
        except (OSError, SyntaxError, ValueError):
            return f"{file.path} cannot be read"
        found = next(_unsettled(tree, file.path == own.entry_path, projects), "")
        if found:
            return f"{file.path}: {found}"
    return ""


def _unsettled(tree: ast.Module, entry: bool, projects: set[str]) -> Iterator[str]:
    head = _head(tree) if entry else set()
    imported: set[str] = set()
    asked = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Load)}
    asked |= {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Attribute) and n.attr == "get"}
    # `model.eval()`: nothing to evaluate is given
    modes = {id(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call) and not (n.args or n.keywords)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            roots = {a.name.partition(".")[0] for a in node.names}
            imported |= {(a.asname or a.name).partition(".")[0] for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            roots = {"" if node.level else (node.module or "").partition(".")[0]}
            imported |= {a.asname or a.name for a in node.names}
            for alias in node.names:
                if alias.name in REFLECTION | SETTINGS | ENVIRONMENT - {"path"}:
                    yield f"line {node.lineno} imports {alias.name}"
        elif isinstance(node, ast.FunctionDef) and node.name in ("__getattr__", "__dir__") and node in tree.body:
            yield f"line {node.lineno} defines {node.name}"
            continue
        else:
            continue
        for root in sorted(roots & UNSETTLED):
            yield f"line {node.lineno} uses {root}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in REFLECTION:
            yield f"line {node.lineno} uses {node.id}"
        elif isinstance(node, ast.Attribute):
            if node.attr in REFLECTION | SETTINGS and not (node.attr == "eval" and id(node) in modes):
                yield f"line {node.lineno} uses {node.attr}"
            if node.attr in ENVIRONMENT and node.lineno not in head and id(node) not in asked and _is_setting(node):
                yield f"line {node.lineno} uses {ast.unparse(node)}"
            if not isinstance(node.ctx, ast.Load) and _patches(node, imported):
                yield f"line {node.lineno} changes {ast.unparse(node)}"
        elif isinstance(node, ast.Call):
            yield from _calls(node, imported - projects)


def _is_setting(node: ast.Attribute) -> bool:
    """`os.environ`, `sys.path`: of these modules, or of what may be these modules. `os.path` is another thing."""
    base = node.value
    return not (node.attr == "path" and not (isinstance(base, ast.Name) and base.id == "sys"))


def _patches(node: ast.Attribute, imported: set[str]) -> bool:
    """An attribute of a module is set. Options of libraries (`pd.options.display.width`) are no such thing."""
    chain = []
    at: ast.expr = node
    while isinstance(at, ast.Attribute):
        chain.append(at.attr)
        at = at.value
    return isinstance(at, ast.Name) and at.id in imported and not {"options", "rcParams"} & set(chain)


def _calls(node: ast.Call, imported: set[str]) -> Iterator[str]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    first = node.args[0] if node.args else None
    if name in ("filterwarnings", "simplefilter", "captureWarnings", "resetwarnings"):
        if not (name in ("filterwarnings", "simplefilter") and _is_text(first, "ignore")):
            yield f"line {node.lineno} sets how warnings are shown"
    elif name in ("getattr", "setattr", "delattr", "hasattr") and isinstance(first, ast.Name) and first.id in imported:
        yield f"line {node.lineno} looks for names in {first.id}"
    elif name == "patch" or name.startswith("patch_"):
        yield f"line {node.lineno} patches modules"


def _is_text(node: ast.expr | None, text: str) -> bool:
    return isinstance(node, ast.Constant) and node.value == text


def _head(tree: ast.Module) -> set[int]:
    """Lines of the file's head, before its first import that is not of the standard library's own small modules.

    Settings made there hold for all imports, as they did.
    """
    lines: set[int] = set()
    for s in tree.body:
        if isinstance(s, (ast.Import, ast.ImportFrom)):
            found = [a.name for a in s.names] if isinstance(s, ast.Import) else [s.module or "."]
            if s is not None and not {n.partition(".")[0] for n in found} <= {"os", "sys", "pathlib", "__future__"}:
                break
        elif not isinstance(s, (ast.Assign, ast.Expr)):
            break
        lines |= set(range(s.lineno, (s.end_lineno or s.lineno) + 1))
    return lines


def bound_once(tree: ast.Module, name: str) -> bool:
    """The module binds `name` in one place, no function declares it global, and no `import *` can bind it."""
    count = 0
    for node in names.walk_scope(tree.body):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            bound = [(a.asname or a.name).partition(".")[0] for a in node.names]
            count += bound.count(name) + 2 * bound.count("*")
        elif not isinstance(node, ast.stmt) or isinstance(node, (*names.FUNCTIONS, ast.ClassDef)):
            count += name in names.bound([node]) if _binds(node) else 0
    declared = (n for n in ast.walk(tree) if isinstance(n, (ast.Global, ast.Nonlocal)))
    return count == 1 and not any(name in n.names for n in declared)


def _binds(node: ast.AST) -> bool:
    return isinstance(
        node,
        (ast.Name, *names.FUNCTIONS, ast.ClassDef, ast.ExceptHandler, ast.MatchAs, ast.MatchStar, ast.MatchMapping),
    )


def named_elsewhere(sources: Sources, file: SourceFile, name: str, module: str) -> bool:
    """Another file, or a string, may ask this file for `name`. `module` is where the name comes from."""
    roots = _project_roots(sources)
    own = file.path.removesuffix(".py").rpartition("/")[2]
    for other in sources.files:
        for node in ast.walk(other.tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in (
                "getattr",
                "hasattr",
                "setattr",
                "delattr",
            ):
                if node.args and any(isinstance(n, ast.Name) and n.id in (own, name) for n in ast.walk(node.args[0])):
                    return True
            if isinstance(node, ast.ImportFrom) and (node.level or (node.module or "").partition(".")[0] in roots):
                if any(a.name in (name, "*") for a in node.names):
                    return True
            elif isinstance(node, ast.Attribute) and node.attr == name and other.path != file.path:
                return True
        if _in_text(other.tree, name, own=other.path == file.path):
            return True
    return False


def _project_roots(sources: Sources) -> set[str]:
    roots = set()
    for file in sources.files:
        roots |= {part.removesuffix(".py") for part in file.path.split("/")}
    return roots


def _in_text(tree: ast.Module, name: str, *, own: bool) -> bool:
    """A string, no docstring, that may be code or the name: formulas and queries look names up where they are used."""
    used = re.compile(rf"(?<!\w){re.escape(name)}\s*[.(]|[@.]{re.escape(name)}(?!\w)|^{re.escape(name)}$")
    plain = {id(s.value) for s in ast.walk(tree) if isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in plain:
            if len(node.value) < 10_000 and used.search(node.value):
                return True
    return False


def relied_on(sources: Sources, loaded: frozenset[str]) -> set[str]:
    """Those of the `loaded` modules that the project reaches as attributes of a package (`mpl.cm`) without importing
    them where it does: some other import brings them in."""
    found: set[str] = set()
    for file in sources.files:
        _rely(file.tree, {}, frozenset(), loaded, found)
    return found


def _rely(node: ast.AST, bound: dict[str, str], own: frozenset[str], loaded: frozenset[str], found: set[str]) -> None:
    bound = dict(bound)
    here = [n for n in names.walk_scope(getattr(node, "body", [])) if isinstance(n, (ast.Import, ast.ImportFrom))]
    for statement in here:
        for alias in statement.names:
            if isinstance(statement, ast.Import):
                root = alias.name.partition(".")[0]
                bound[alias.asname or root] = alias.name if alias.asname else root
                words = alias.name.split(".")
                own |= {".".join(words[: n + 1]) for n in range(len(words))}
            elif statement.module and not statement.level:
                bound[alias.asname or alias.name] = f"{statement.module}.{alias.name}"
    todo = list(ast.iter_child_nodes(node))
    while todo:
        n = todo.pop()
        if isinstance(n, names.FUNCTIONS):
            _rely(n, bound, own, loaded, found)
            continue
        if isinstance(n, ast.Attribute):
            chain = dotted(n)
            if chain is not None and chain[0] in bound:
                full = ".".join([bound[chain[0]], *chain[1:]])
                if full in loaded and full not in own:
                    found.add(full)
        todo.extend(ast.iter_child_nodes(n))


def dotted(node: ast.expr) -> list[str] | None:
    """`a.b.c` as its words; None for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return [node.id, *reversed(parts)] if isinstance(node, ast.Name) else None
