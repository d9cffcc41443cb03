"""Where rounds are looked for: what is known of the names there, and of the rest of the program."""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections.abc import Iterable
from dataclasses import dataclass

from hasten.core.facts import Facts, ValueFact
from hasten.core.finding import Region
from hasten.core.workload import ScriptWorkload
from hasten.kernel import names
from hasten.passes.source.containers.effects import Project
from hasten.passes.source.containers.syntax import Module
from hasten.passes.source.parallel import iterables
from hasten.passes.source.parallel.orders import Orders
from hasten.passes.source.parallel.purity import Body, Purity, makes_stream, sends_settings


@dataclass(frozen=True)
class Site:
    """Where the pass looks."""

    work: ScriptWorkload
    project: Project
    module: Module
    region: Region
    facts: Facts

    @property
    def types(self) -> dict[str, tuple[ValueFact, ...]]:
        return dict(self.facts.of(self.region.id).types)

    def share(self, first: int, last: int) -> float:
        if self.facts.profile.samples == 0:
            return 1.0
        return self.facts.profile.share(self.region.path, first, last)

    def data(self, wanted: set[str], at: ast.AST) -> list[str] | None:
        """Of the names that a step reads, those that it must be given; None when one is not known."""
        out = []
        for name in sorted(wanted):
            owner = self.module.owner(name, at)
            if owner is None:
                if name not in names.BUILTINS or name in ("__file__", "__name__"):
                    return None
                continue
            bound = self.module.bindings(name, owner)
            once = len({id(b.node) for b in bound}) == 1
            if isinstance(owner, ast.Module) and once and bound[0].how in ("def", "import"):
                continue
            if isinstance(owner, ast.ClassDef):
                return None
            out.append(name)
        return None if any(self.streams(name, at) for name in out) else out

    def streams(self, name: str, at: ast.AST) -> bool:
        """Whether a name may mean, or hold, something with a state that a copy would not share."""
        seen = self.types.get(name, ())
        if seen:
            return any(map(iterables.stream, seen))
        owner = self.module.owner(name, at)
        bound = self.module.bindings(name, owner) if owner is not None else []
        if any(b.how == "parameter" for b in bound):
            return True
        return any(b.value is not None and self._stateful(self.module, b.value) for b in bound)

    def _stateful(self, module: Module, e: ast.expr) -> bool:
        return makes_stream(module, e) or iterables.one_shot(self.project, module, e)

    def plain(self, given: Iterable[str]) -> frozenset[str]:
        """Given names of arrays, tables and numbers, by the types that were seen."""
        return frozenset(n for n in given if n in self.types and all(map(iterables.holds_nothing, self.types[n])))

    def kept(self, given: list[str]) -> frozenset[str]:
        """Given names whose objects cannot change."""
        found = set()
        for name in given:
            seen = self.types.get(name, ())
            bound = self.module.bindings(name, self.module.tree)
            constant = len(bound) == 1 and isinstance(bound[0].value, ast.Constant)
            if (seen and all(map(iterables.immutable, seen))) or (constant and not seen):
                found.add(name)
        return frozenset(found)

    def elsewhere(self, purity: Purity, bound: set[str]) -> str:
        """Why functions that a round calls may see what a worker does not have, or what the loop changes."""
        main = self.work.entry_path
        for (module, name), owner in purity.reads.items():
            if module is self.module and name in bound:
                return f"a function reads {name}, which the loop binds"
            if not isinstance(owner, ast.Module):
                continue
            values = [b.value for b in module.bindings(name, owner) if b.value is not None]
            if any(self._stateful(module, v) for v in values):
                return f"a function reads {name}, whose state a copy does not share"
            if module.source.path != main and not _constant_data(self.project, module, name):
                return f"{module.source.path}: {name} may have changed since the module was imported"
        return ""

    def dunders(self, purity: Purity) -> str:
        for name in sorted(self.project.dunders - {"__setitem__", "__delitem__", "__iadd__", "__enter__", "__exit__"}):
            for module, function in self.project.functions[name]:
                if isinstance(function, ast.FunctionDef):
                    found = purity.function(module, function)
                    if found.why or found.changes:
                        return f"{name}: {found.why or 'it changes its arguments'}"
        return ""

    def orders(self, body: Body, inside: Iterable[ast.AST]) -> str:
        """Why a round may depend on the order of a set, which is another one in another process."""
        read = {*body.given, *(n for m, n in body.purity.reads if m is self.module)}
        found = {n.id: n for n in ast.walk(self.module.tree) if isinstance(n, ast.Name) and n.id in read}
        typed = [(node, self.types[name]) for name, node in found.items() if name in self.types]
        return Orders(self.project, self.module, frozenset(inside) | body.purity.asked).why_not(typed)

    def importable(self, purity: Purity) -> str:
        """Workers import the project's other modules: that must do nothing. The entry is sent by value."""
        if self.module.source.path != self.work.entry_path and not _inert(self.module):
            return f"importing {self.module.source.path} does more than define"
        for module in self.project.modules:
            if module.source.path != self.work.entry_path and not _inert(module):
                return f"importing {module.source.path} does more than define"
        return ""


def hopeless(project: Project, module: Module) -> bool:
    """Whether no loop of the project can be done side by side, whatever it does."""
    if not project.whole or project.threads and not _only_joblib(project) or any(m.dynamic for m in project.modules):
        return True
    top = min((s.lineno for s in module.tree.body if not isinstance(s, (ast.Import, ast.ImportFrom))), default=1)
    return bool(sends_settings(project, (module, max(top, _first_loop(module)))))


def _first_loop(module: Module) -> int:
    """The line of the first top-level statement that may start workers."""
    for s in module.tree.body:
        if isinstance(s, (ast.For, ast.While, ast.If, ast.With, ast.Try)) or any(
            isinstance(n, (ast.ListComp, ast.GeneratorExp)) for n in ast.walk(s) if not isinstance(s, names.FUNCTIONS)
        ):
            return s.lineno
    return 1


def _only_joblib(project: Project) -> bool:
    """joblib is imported for its files (`dump`, `load`, `Memory`), not for parallel work."""
    for module in project.modules:
        if module.names & {"Parallel", "delayed", "parallel_config"}:
            return False
        for node in ast.walk(module.tree):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                found = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
                if any(n.split(".")[0] in ("threading", "concurrent", "asyncio", "signal", "_thread", "trio", "gevent",
                                           "tkinter", "multiprocessing") for n in found):  # fmt: skip
                    return False
    return True


def imports_any(project: Project, *packages: str) -> bool:
    for module in project.modules:
        for node in ast.walk(module.tree):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                found = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
                if any(n.split(".")[0] in packages for n in found):
                    return True
    return False


def has_joblib(work: ScriptWorkload) -> bool:
    """Whether the program's interpreter can be expected to have joblib. (If not, the first run with it tells.)"""
    if work.python and work.python != sys.executable:
        return True
    return importlib.util.find_spec("joblib") is not None


def _constant_data(project: Project, module: Module, name: str) -> bool:
    """Whether data of a module is what importing the module makes it, whenever one looks."""
    bound = module.bindings(name, module.tree)
    if len(bound) != 1 or bound[0].value is None:
        return False
    match bound[0].value:
        case ast.Constant() | ast.Tuple() | ast.UnaryOp() | ast.BinOp():
            plain = not any(isinstance(n, (ast.Call, ast.List, ast.Dict)) for n in ast.walk(bound[0].value))
        case ast.List() | ast.Dict() | ast.Set() as display:
            plain = not any(isinstance(n, ast.Call) for n in ast.walk(display)) and all(
                isinstance(module.parents[u], (ast.Subscript, ast.Compare, ast.For, ast.comprehension))
                and isinstance(getattr(module.parents[u], "ctx", ast.Load()), ast.Load)
                for u in module.uses(name, module.tree)
                if isinstance(u.ctx, ast.Load)
            )
        case _:
            return False
    stored = any(
        isinstance(n, ast.Attribute) and n.attr == name and not isinstance(n.ctx, ast.Load)
        for m in project.modules
        for n in ast.walk(m.tree)
    )
    return plain and not stored


def _inert(module: Module) -> bool:
    """Whether importing a module only defines things."""
    for s in module.tree.body:
        match s:
            case ast.Import() | ast.ImportFrom() | ast.FunctionDef() | ast.ClassDef() | ast.AsyncFunctionDef():
                continue
            case ast.Expr(value=ast.Constant()):
                continue
            case ast.Assign() | ast.AnnAssign():
                calls = [n for n in ast.walk(s) if isinstance(n, ast.Call)]
                if all(_makes_constant(module, c) for c in calls):
                    continue
            case ast.If(test=test) if any(isinstance(n, ast.Name) and n.id == "__name__" for n in ast.walk(test)):
                continue
        return False
    return True


def _makes_constant(module: Module, call: ast.Call) -> bool:
    name = module.imported(call.func)
    last = name.rsplit(".", 1)[-1] or getattr(call.func, "id", "")
    return last in ("Path", "compile", "getLogger", "namedtuple", "frozenset", "set", "dict", "list", "tuple", "array",
                    "dtype", "TypeVar", "range", "timedelta")  # fmt: skip
