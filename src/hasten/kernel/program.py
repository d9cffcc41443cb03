"""What a kernel may call by name: imports, builtins and plain functions of the file around it."""

from __future__ import annotations

import ast
import builtins
import copy
import re
from collections.abc import Mapping
from functools import cached_property

from hasten.core.source import SourceFile
from hasten.kernel import inner, names
from hasten.kernel.kinds import Refuse, Type, const
from hasten.kernel.runtime import HELPERS, closure
from hasten.kernel.scopes import Scopes, scopes

MODULES = (
    "math", "numpy", "numpy.random", "numpy.linalg", "numpy.fft", "random", "collections", "heapq", "itertools",
    "statistics", "dataclasses",
)  # fmt: skip
# names that inserted code imports, and what they stand for there; a file in which an earlier round put kernels has them
INSERTED = {"np": "numpy", "math": "math", "njit": "numba.njit", "NumbaError": "numba.core.errors.NumbaError"}
# builtins that inserted code calls by name
NEEDED = frozenset(
    "abs any bool dict enumerate float getattr id int len list map max range repr set tuple type zip"
    " ArithmeticError AssertionError"
    " LookupError RuntimeError TypeError ValueError OverflowError FloatingPointError ZeroDivisionError".split()
)


class Module:
    """Names of one source file, as far as they can be relied on. Built once per file, never changed."""

    def __init__(self, source: SourceFile, starred: Mapping[str, str] | None = None) -> None:
        """`starred`: all names that its star imports bring, and the import that each stands for, if it does."""
        self.source = source
        self.starred = starred
        self.tree = source.tree
        self.place = ""  # of another file than the kernel's: the code that gives its namespace
        self.called = ""  # and what a run calls it (`tools.store`), where that is known
        self.around: tuple[Module, ...] = ()  # other files whose code may run with it
        self._imports: dict[str, str] = {}
        for node in self.tree.body:
            if isinstance(node, ast.Import):
                for a in node.names:
                    if a.asname or "." not in a.name:
                        self._imports[a.asname or a.name] = a.name
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                for a in node.names:
                    self._imports[a.asname or a.name] = f"{node.module}.{a.name}"
        self._own_imports = dict(self._imports)
        for name, origin in (starred or {}).items():
            if origin:
                self._imports.setdefault(name, origin)

    @cached_property
    def identifiers(self) -> frozenset[str]:
        """Every word of the file, so that a new name collides with none (strings and comments count too)."""
        return frozenset(re.findall(r"\w+", self.source.text))

    @cached_property
    def own_words(self) -> frozenset[str]:
        """The words of the file, less those of functions that an earlier round put there: compiled ones, and those that
        call them at their doors. What a kernel names for itself must be none of these; no kernel is made of the others.
        """
        gone: set[int] = set()
        compiled = {n.name for n in self.tree.body if isinstance(n, ast.FunctionDef) and njitted(n)}
        for node in self.tree.body:
            if isinstance(node, ast.FunctionDef) and (node.name in compiled or _is_door(node, compiled)):
                first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
                gone |= set(range(first, (node.end_lineno or first) + 1))
        if not gone:
            return self.identifiers
        text = "".join(line for number, line in enumerate(self.source.lines, 1) if number not in gone)
        return frozenset(re.findall(r"\w+", text))

    @cached_property
    def bindings(self) -> dict[str, int]:
        """How many places in the file bind a name, in any scope, parameters and `global` included.

        What a class body binds are attributes: no other code sees them as names.
        """
        count = bindings_of(self.tree)
        later = self._bound_later
        for name, origin in (self.starred or {}).items():
            if name in later:
                continue
            if not origin or self._own_imports.get(name) != origin:
                count[name] = count.get(name, 0) + 1
        return count

    @cached_property
    def scopes(self) -> Scopes:
        """Which of the names that the file binds its module binds, and which only some functions see."""
        found = scopes(self.tree, class_attributes(self.tree))
        found.top |= set(self.starred or ())
        return found

    @cached_property
    def star_import(self) -> bool:
        """Does a star import bring names that are not known?"""
        return self.starred is None and any(
            isinstance(n, ast.ImportFrom) and any(a.name == "*" for a in n.names) for n in ast.walk(self.tree)
        )

    @cached_property
    def reflects(self) -> bool:
        """Does the file look at its own names (`globals()`, `exec`)?"""
        return any(isinstance(n, ast.Name) and n.id in names.REFLECTION for n in ast.walk(self.tree))

    def dotted(self, node: ast.expr) -> str | None:
        """`numpy.sqrt`, `math.pi`, `len` for what an expression surely names; None for anything else."""
        if isinstance(node, ast.Attribute):
            base = self.dotted(node.value)
            if base in MODULES and not self.bindings.get("." + node.attr):
                return f"{base}.{node.attr}"
            return None
        if not isinstance(node, ast.Name) or self.star_import:
            return None
        bound = self.bindings.get(node.id, 0)
        if hasattr(builtins, node.id) and self.scopes.free(node.id, getattr(node, "lineno", None)):
            return node.id
        if bound == 1 and node.id in self._imports:
            return self._imports[node.id]
        return None

    def function(self, name: str) -> ast.FunctionDef | None:
        """The plain top-level function that a name always stands for, if so."""
        if self.bindings.get(name, 0) != 1 or self.star_import:
            return None
        found = self.functions.get(name)
        return found if found is not None and not found.decorator_list else None

    @cached_property
    def defined(self) -> frozenset[str]:
        """The names of all functions and methods of the file, wherever they are."""
        return frozenset(n.name for n in ast.walk(self.tree) if isinstance(n, names.FUNCTIONS))

    @cached_property
    def functions(self) -> dict[str, ast.FunctionDef]:
        """What the top level defines by `def`, or as a lambda with a name."""
        made = [inner.definition(s) for s in self.tree.body]
        return {f.name: f for f in made if f is not None}

    def constant(self, name: str) -> Type | None:
        """The type of a module-level number that is assigned once."""
        if self.bindings.get(name, 0) != 1 or self.star_import:
            return None
        for node in self.tree.body:
            if (
                isinstance(node, ast.Assign)
                and len(node.targets) == 1
                and isinstance(node.targets[0], ast.Name)
                and node.targets[0].id == name
            ):
                try:
                    value = ast.literal_eval(node.value)
                except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
                    return None
                if type(value) in (bool, int, float):
                    try:
                        return const(value)
                    except Refuse:
                        return None
        return None

    def imported(self, name: str) -> bool:
        """Is `name` a top-level `import name`?"""
        return self._imports.get(name) == name

    def modules_free(self) -> bool:
        """May inserted code call NumPy `np` and math `math` here?"""
        for name, module in INSERTED.items():
            if self.bindings.get(name, 0) != self._imports_of(name, module):
                return False
        return not self.star_import and not NEEDED & self.scopes.top

    def _imports_of(self, name: str, module: str) -> int:
        """How many imports, in whichever scope, bind `name` to `module` (or to a name of it)."""
        count = int((self.starred or {}).get(name) == module and not self._named_here(name))
        for node in self._all_imports:
            if isinstance(node, ast.Import):
                count += sum((a.asname or a.name) == name and a.name == module for a in node.names)
            elif not node.level:
                count += sum((a.asname or a.name) == name and f"{node.module}.{a.name}" == module for a in node.names)
        return count

    @cached_property
    def _all_imports(self) -> list[ast.Import | ast.ImportFrom]:
        return [node for node in ast.walk(self.tree) if isinstance(node, (ast.Import, ast.ImportFrom))]

    @cached_property
    def _bound_later(self) -> set[str]:
        """Names that the file's top level surely binds after its last star import, whatever that brought."""
        body = self.tree.body
        at = [i for i, s in enumerate(body) if isinstance(s, ast.ImportFrom) and any(a.name == "*" for a in s.names)]
        return names.flow(body[at[-1] + 1 :]).sure or set() if at else set()

    def _named_here(self, name: str) -> bool:
        """Does an import of the file itself bind the name?"""
        return name in bindings_of(self.tree)

    @cached_property
    def computed_attributes(self) -> frozenset[str]:
        """Attributes that a class of this file computes (properties, methods); "*" when it may compute any."""
        found = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ClassDef):
                for s in node.body:
                    if isinstance(s, names.FUNCTIONS):
                        found.add("*" if s.name in ("__getattr__", "__getattribute__", "__setattr__") else s.name)
        return frozenset(found)

    def elsewhere(self, place: str, called: str, around: tuple[Module, ...] = ()) -> Module:
        """The same file as another one's kernels see it."""
        other = copy.copy(self)
        other.place, other.called, other.around = place, called, around
        return other

    def fresh(self, wanted: str, taken: set[str]) -> str:
        name, n = wanted, 2
        while name in self.identifiers or name in taken:
            name, n = f"{wanted}_{n}", n + 1
        taken.add(name)
        return name


DOOR = re.compile(r"(Runs|Calls) `\w+` on copies[.:] ")  # how a wrapper's docstring begins


def njitted(node: ast.FunctionDef) -> bool:
    """Is it decorated with `njit(...)`?"""
    return any(isinstance(d, ast.Call) and ast.unparse(d.func) == "njit" for d in node.decorator_list)


def _is_door(node: ast.FunctionDef, compiled: set[str]) -> bool:
    called = {n.func.id for n in ast.walk(node) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
    return node.name.startswith("_") and bool(called & compiled) and bool(DOOR.match(ast.get_docstring(node) or ""))


def bindings_of(tree: ast.Module) -> dict[str, int]:
    """How many places in a file bind a name."""
    count: dict[str, int] = {}
    attributes = class_attributes(tree)

    def add(name: str) -> None:
        count[name] = count.get(name, 0) + 1

    for node in ast.walk(tree):
        if id(node) in attributes:
            continue
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            add(node.id)
        elif isinstance(node, (*names.FUNCTIONS, ast.ClassDef)):
            add(node.name)
        elif isinstance(node, ast.arg):
            add(node.arg)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            for a in node.names:
                add((a.asname or a.name).split(".")[0])
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            for name in node.names:
                add(name)
        elif isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name:
            add(node.name)
        elif isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            add("." + node.attr)
    return count


def class_attributes(tree: ast.Module) -> set[int]:
    """The nodes that bind attributes of classes: methods, and names assigned in the class body."""
    found: set[int] = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.ClassDef) or any(isinstance(s, ast.Global) for s in node.body):
            continue
        for s in node.body:
            if isinstance(s, names.FUNCTIONS):
                found.add(id(s))
            elif isinstance(s, (ast.Assign, ast.AnnAssign)):
                targets = s.targets if isinstance(s, ast.Assign) else [s.target]
                found |= {id(t) for t in targets if isinstance(t, ast.Name)}
    return found


def helper_texts(module: Module, used: set[str]) -> list[str]:
    """The helpers' definitions, less those that the file has already, word for word."""
    texts = []
    for name in closure(used):
        text = HELPERS[name].text
        if text in module.source.text:
            continue
        if f"_{name}" in module.identifiers:
            raise Refuse(f"the file has another _{name}")
        texts.append(text)
    return texts
