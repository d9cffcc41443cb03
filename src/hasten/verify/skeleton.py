"""A module's definitions without its run: what the code of a region needs around it.

For an imported module that is the module itself. For a script (`__main__`), whose top level *is* the program, only
imports, definitions, constants and the helper statements of a change are executed, each on its own; a statement
that fails (a default argument that needs a value computed by the script) is tried again once recorded values are there.
Runs in the replay child: standard library only.
"""

from __future__ import annotations

import ast
import importlib
import sys
import types
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

_DEFINITIONS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
# calls whose value is a constant of the program: types, patterns, paths
_CONSTANT_CALLS = {
    "namedtuple", "NamedTuple", "TypeVar", "ParamSpec", "NewType", "compile", "dtype", "Path", "frozenset", "set",
    "dict", "list", "tuple", "range", "Decimal", "Fraction", "timedelta", "date", "datetime", "Enum", "IntEnum",
    "TypedDict", "make_dataclass", "itemgetter", "attrgetter", "getLogger", "float", "int", "str", "complex", "Lock",
    "RLock", "local", "ContextVar", "object", "defaultdict", "Counter", "deque", "OrderedDict", "partial", "sqrt",
    "float32", "float64", "int32", "int64", "translate", "maketrans",
}  # fmt: skip


@dataclass
class Skeleton:
    """A module built for replay. `failed` are statements that could not run yet."""

    module: types.ModuleType
    failed: list[tuple[ast.stmt, BaseException]] = field(default_factory=list)
    filename: str = ""

    def retry(self) -> None:
        """Run what failed again: recorded globals are bound now. Keeps what fails still."""
        failed, self.failed = self.failed, []
        for statement, _ in failed:
            self.run(statement)

    def run(self, statement: ast.stmt) -> None:
        tree = ast.Module([statement], [])
        try:
            exec(compile(tree, self.filename, "exec"), self.module.__dict__)
        except Exception as error:  # noqa: BLE001 - the user's own statements run here
            self.failed.append((statement, error))


def main_skeleton(text: str, filename: str, file: str, helpers: Iterable[tuple[int, int]]) -> Skeleton:
    """The definitions of a script as module `__main__`.

    `filename` must exist and hold `text` (compilers look functions up there); `file` is what `__file__` says;
    `helpers` are line ranges of statements that a change added outside its region: they run whatever they are.
    """
    module = types.ModuleType("__main__")
    module.__dict__.update({"__file__": file, "__builtins__": __builtins__, "__spec__": None})
    sys.modules["__main__"] = module
    tree = ast.parse(text, filename)
    ranges = list(helpers)
    skeleton = Skeleton(module, filename=filename)
    flags = [n for n in tree.body if isinstance(n, ast.ImportFrom) and n.module == "__future__"]
    wanted = [
        s for s in tree.body if any(a <= s.lineno <= b for a, b in ranges) or (_is_definition(s) and s not in flags)
    ]
    if flags:
        # a future statement holds for one compilation unit: give it to each
        skeleton = _FutureSkeleton(module, filename=filename, flags=flags)
    for statement in wanted:
        skeleton.run(statement)
    return skeleton


@dataclass
class _FutureSkeleton(Skeleton):
    flags: list[ast.ImportFrom] = field(default_factory=list)

    def run(self, statement: ast.stmt) -> None:
        tree = ast.Module([*self.flags, statement], [])
        try:
            exec(compile(tree, self.filename, "exec"), self.module.__dict__)
        except Exception as error:  # noqa: BLE001 - the user's own statements run here
            self.failed.append((statement, error))


def imported(name: str) -> Skeleton:
    """An imported module, whole. Raises what importing it raises."""
    return Skeleton(importlib.import_module(name))


def _is_definition(node: ast.stmt) -> bool:
    if isinstance(node, _DEFINITIONS):
        return True
    if isinstance(node, ast.Assign):
        return all(isinstance(t, (ast.Name, ast.Tuple)) for t in node.targets) and _constant(node.value)
    if isinstance(node, ast.AnnAssign):
        return isinstance(node.target, ast.Name) and (node.value is None or _constant(node.value))
    if isinstance(node, ast.Try):
        parts = [*node.body, *node.orelse, *node.finalbody, *(s for h in node.handlers for s in h.body)]
        return all(_is_definition(s) or isinstance(s, ast.Pass) for s in parts)
    if isinstance(node, ast.If):
        names = {n.id for n in ast.walk(node.test) if isinstance(n, ast.Name)}
        if "__name__" in names:
            return False
        return all(_is_definition(s) or isinstance(s, ast.Pass) for s in (*node.body, *node.orelse))
    type_alias: Any = getattr(ast, "TypeAlias", None)
    return type_alias is not None and isinstance(node, type_alias)


def _constant(node: ast.AST) -> bool:
    """True for expressions that only make a constant: nothing is read, drawn or computed from data."""
    if isinstance(node, ast.Call):
        function = node.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        if name not in _CONSTANT_CALLS:
            return False
        if isinstance(function, ast.Attribute) and not _constant(function.value):
            return False
        return all(_constant(a) for a in (*node.args, *(k.value for k in node.keywords)))
    if isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Await, ast.NamedExpr)):
        return False
    if isinstance(node, ast.Lambda):
        return True
    return all(_constant(child) for child in ast.iter_child_nodes(node))
