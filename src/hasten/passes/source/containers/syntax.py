"""What passes ask of a module's syntax: scopes, bindings, uses of a name, free names, and edits made of parts."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Any, TypeAlias

from hasten.core.finding import Region
from hasten.core.source import Edit, SourceFile, prelude_line, replace_nodes
from hasten.kernel.regions import put_there

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Loop: TypeAlias = ast.For | ast.While
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
BUILTINS = frozenset(dir(builtins))

# A module that looks at its own names can see anything that a rewrite adds or moves.
DYNAMIC = frozenset({"exec", "eval", "globals", "locals", "_getframe", "currentframe", "settrace", "setprofile"})


@dataclass(frozen=True)
class Binding:
    """One place that binds a name. `value` is what is bound where it is written down, else None."""

    node: ast.AST
    value: ast.expr | None = None
    how: str = "assign"  # assign | augment | loop | parameter | def | import | delete | other


@dataclass(frozen=True, eq=False)
class Module:
    """A parsed file with parents and scopes. One per source file; compared by identity."""

    source: SourceFile

    @cached_property
    def tree(self) -> ast.Module:
        return self.source.tree

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        return {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    @cached_property
    def names(self) -> frozenset[str]:
        """Every identifier of the file, attribute and argument names too."""
        out: set[str] = set()
        for node in ast.walk(self.tree):
            for name in ("id", "attr", "arg", "name", "asname", "rest"):
                value = getattr(node, name, None)
                if isinstance(value, str):
                    out.update(value.split("."))
            if isinstance(node, (ast.Global, ast.Nonlocal)):
                out.update(node.names)
        return frozenset(out)

    @cached_property
    def put_there(self) -> frozenset[ast.AST]:
        """Functions and classes of the file that earlier changes have put there, as far as they are known."""
        return frozenset(
            n for n in self.tree.body if isinstance(n, (ast.FunctionDef, ast.ClassDef)) and put_there(self.source, n)
        )

    @cached_property
    def written(self) -> tuple[ast.AST, ...]:
        """All nodes but those of functions and classes that earlier changes have put there."""
        inside = {node for top in self.put_there for node in ast.walk(top)}
        return tuple(n for n in ast.walk(self.tree) if n not in inside)

    @cached_property
    def dynamic(self) -> str:
        """The first thing that makes names of this module unknowable, or an empty string."""
        for node in self.written:
            if isinstance(node, ast.Name) and node.id in DYNAMIC:
                return node.id
            if isinstance(node, ast.Attribute) and (
                node.attr in DYNAMIC or (node.attr == "modules" and self.imported(node) == "sys.modules")
            ):
                call = self.parents[node]
                if node.attr == "eval" and isinstance(call, ast.Call) and not (call.args or call.keywords):
                    continue  # `model.eval()`: nothing to evaluate is given
                return node.attr
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("vars", "dir"):
                if not node.args:
                    return node.func.id
            if isinstance(node, ast.ImportFrom) and any(a.name == "*" for a in node.names):
                return "import *"
        return ""

    def up(self, node: ast.AST) -> Iterator[ast.AST]:
        """Ancestors, nearest first."""
        at = self.parents.get(node)
        while at is not None:
            yield at
            at = self.parents.get(at)

    def scope(self, node: ast.AST) -> ast.AST:
        """The function, lambda, comprehension, class or module whose names `node` is looked up in.

        Decorators, defaults and the first iterable of a comprehension belong to the scope outside.
        """
        child = node
        for at in self.up(node):
            if isinstance(at, ast.Module):
                return at
            if isinstance(at, FUNCTIONS):
                body = at.body if isinstance(at.body, list) else [at.body]
                if child in body or (isinstance(child, ast.arguments) and isinstance(node, ast.arg)):
                    return at
            elif isinstance(at, ast.ClassDef):
                if child in at.body:
                    return at
            elif isinstance(at, COMPREHENSIONS):
                first = at.generators[0]
                if not (child is first and any(n is node for n in ast.walk(first.iter))):
                    return at
            child = at
        return self.tree

    def function(self, node: ast.AST) -> ast.AST:
        """The nearest function, lambda or class around `node`, or the module (comprehensions looked through)."""
        at = self.scope(node)
        while isinstance(at, COMPREHENSIONS):
            at = self.scope(at)
        return at

    @cached_property
    def _bound(self) -> dict[ast.AST, dict[str, list[Binding]]]:
        """Bindings by owning scope, `global` and `nonlocal` resolved."""
        table: dict[ast.AST, dict[str, list[Binding]]] = {self.tree: {}}
        moved: dict[ast.AST, dict[str, str]] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, (ast.Global, ast.Nonlocal)):
                how = "global" if isinstance(node, ast.Global) else "nonlocal"
                moved.setdefault(self.function(node), {}).update(dict.fromkeys(node.names, how))

        def put(scope: ast.AST, name: str, binding: Binding) -> None:
            where = moved.get(scope, {}).get(name)
            if where == "global":
                scope = self.tree
            elif where == "nonlocal":
                scope = self._outer_with(scope, name, table)
            table.setdefault(scope, {}).setdefault(name, []).append(binding)

        for node in ast.walk(self.tree):  # breadth first: outer scopes are filled before inner ones ask
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                parent = self.parents[node]
                if isinstance(parent, ast.NamedExpr):
                    put(self.function(node), node.id, Binding(node, parent.value))
                else:
                    put(self.scope(node), node.id, self._binding(node, parent))
            elif isinstance(node, ast.arg):
                put(self._args_owner(node), node.arg, Binding(node, None, "parameter"))
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                put(self.scope(node), node.name, Binding(node, None, "def"))
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                for alias in node.names:
                    put(self.scope(node), alias.asname or alias.name.split(".")[0], Binding(node, None, "import"))
            elif isinstance(node, ast.ExceptHandler) and node.name:
                put(self.scope(node), node.name, Binding(node, None, "other"))
            elif isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name:
                put(self.scope(node), node.name, Binding(node, None, "other"))
            elif isinstance(node, ast.MatchMapping) and node.rest:
                put(self.scope(node), node.rest, Binding(node, None, "other"))
        return table

    def _args_owner(self, node: ast.AST) -> ast.AST:
        return next(at for at in self.up(node) if isinstance(at, FUNCTIONS))

    def _outer_with(self, scope: ast.AST, name: str, table: dict[ast.AST, dict[str, list[Binding]]]) -> ast.AST:
        at = scope
        while not isinstance(at, ast.Module):
            at = self.function(at)
            if isinstance(at, FUNCTIONS) and name in table.get(at, {}):
                return at
        return scope

    @staticmethod
    def _binding(node: ast.Name, parent: ast.AST) -> Binding:
        if isinstance(node.ctx, ast.Del):
            return Binding(node, None, "delete")
        if isinstance(parent, ast.Assign) and node in parent.targets:
            return Binding(node, parent.value)
        if isinstance(parent, ast.AnnAssign) and parent.target is node:
            return Binding(node, parent.value, "assign" if parent.value is not None else "declare")
        if isinstance(parent, ast.AugAssign):
            return Binding(node, parent.value, "augment")
        if isinstance(parent, (ast.For, ast.AsyncFor, ast.comprehension)) and parent.target is node:
            return Binding(node, None, "loop")
        if isinstance(parent, ast.Tuple | ast.List):
            return Binding(node, None, "unpack")
        return Binding(node, None, "other")

    def owner(self, name: str, at: ast.AST) -> ast.AST | None:
        """The scope that `name`, used at node `at`, is bound in; None for builtins and unknown names."""
        scope = self.scope(at)
        first = True
        while True:
            declared = self._declared(scope, name)
            if declared == "global":
                return self.tree if name in self._bound[self.tree] else None
            if name in self._bound.get(scope, {}) and (first or not isinstance(scope, ast.ClassDef)):
                return scope
            if isinstance(scope, ast.Module):
                return None
            first = False
            scope = self.scope(scope)

    def _declared(self, scope: ast.AST, name: str) -> str:
        return self._declarations.get((scope, name), "")

    @cached_property
    def _declarations(self) -> dict[tuple[ast.AST, str], str]:
        return {
            (self.function(n), name): "global" if isinstance(n, ast.Global) else "nonlocal"
            for n in ast.walk(self.tree)
            if isinstance(n, (ast.Global, ast.Nonlocal))
            for name in n.names
        }

    def bindings(self, name: str, scope: ast.AST) -> list[Binding]:
        return self._bound.get(scope, {}).get(name, [])

    @cached_property
    def _uses(self) -> dict[str, list[ast.Name]]:
        out: dict[str, list[ast.Name]] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Name):
                out.setdefault(node.id, []).append(node)
        return out

    def uses(self, name: str, scope: ast.AST) -> list[ast.Name]:
        """All `Name` nodes (reads and writes) that mean the `name` of `scope`."""
        return [n for n in self._uses.get(name, []) if self.owner(name, n) is scope]

    def is_builtin(self, node: ast.AST, *names: str) -> bool:
        """Whether `node` is a plain name of one of these builtins, not shadowed anywhere visible."""
        if not isinstance(node, ast.Name) or (names and node.id not in names) or node.id not in BUILTINS:
            return False
        return self.owner(node.id, node) is None

    def imported(self, node: ast.AST) -> str:
        """Dotted name of what an expression like `np.mean` or `mean` refers to by imports, else an empty string.

        The name must be bound once in the module, by that import.
        """
        if isinstance(node, ast.Attribute):
            base = self.imported(node.value)
            return f"{base}.{node.attr}" if base else ""
        if not isinstance(node, ast.Name):
            return ""
        scope = self.owner(node.id, node)
        if scope is None:
            return ""
        bound = self.bindings(node.id, scope)
        if len({id(b.node) for b in bound}) != 1 or bound[0].how != "import":
            return ""
        statement = bound[0].node
        for alias in getattr(statement, "names", ()):
            if (alias.asname or alias.name.split(".")[0]) == node.id:
                if isinstance(statement, ast.ImportFrom):
                    return "" if statement.level else f"{statement.module}.{alias.name}"
                return str(alias.name) if alias.asname else str(alias.name.split(".")[0])
        return ""

    def statement(self, node: ast.AST) -> ast.stmt:
        """The innermost statement that holds `node`."""
        at: ast.AST = node
        while not isinstance(at, ast.stmt):
            at = self.parents[at]
        return at

    def around_logic(self, node: ast.AST) -> tuple[ast.AST, ast.AST]:
        """The outermost `and`, `or`, `not` and sign that `node` is in, or itself, and what is around that."""
        top = node
        while isinstance(self.parents[top], (ast.BoolOp, ast.UnaryOp)):
            top = self.parents[top]
        return top, self.parents[top]

    def siblings(self, statement: ast.stmt) -> list[ast.stmt]:
        """The statement list that holds `statement`."""
        parent = self.parents[statement]
        for _, value in ast.iter_fields(parent):
            if isinstance(value, list) and statement in value:
                return value
        return [statement]

    def bound_before(self, name: str, scope: ast.AST, statement: ast.stmt) -> bool:
        """Whether `name` of `scope` surely has a value when `statement` (in `scope` or a function in it) starts."""
        bound = self.bindings(name, scope)
        if any(b.how == "delete" or not isinstance(b.node, (ast.Name, ast.arg)) for b in bound):
            return False  # bound by `except ... as`, `case`, `import` or `def` somewhere: no `Name` shows where
        if any(b.how == "parameter" for b in bound):
            return True
        at: ast.stmt = statement
        inside = self.function(statement)
        if inside is not scope:
            # A function body runs after its definition: what the module binds at top level above it is there.
            if not isinstance(scope, ast.Module):
                return False
            while self.function(at) is not scope:
                owner = self.function(at)
                if isinstance(owner, ast.Lambda):
                    return False
                at = owner  # type: ignore[assignment]
        while True:
            for sibling in self.siblings(at):
                if sibling is at:
                    break
                if self._surely_binds(sibling, name, bound):
                    return True
            parent = self.parents[at]
            if isinstance(parent, ast.For) and any(
                isinstance(n, ast.Name) and n.id == name for n in ast.walk(parent.target)
            ):
                return True
            if parent is scope or not isinstance(parent, ast.stmt):
                if isinstance(parent, (ast.ExceptHandler, ast.match_case)):
                    at = self.parents[parent]  # type: ignore[assignment]
                    continue
                return False
            at = parent

    def _surely_binds(self, statement: ast.stmt, name: str, bound: list[Binding]) -> bool:
        if isinstance(statement, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)):
            return statement.name == name
        if isinstance(statement, ast.With):
            return any(self._surely_binds(s, name, bound) for s in statement.body)
        if isinstance(statement, ast.If) and statement.orelse:
            return any(self._surely_binds(s, name, bound) for s in statement.body) and any(
                self._surely_binds(s, name, bound) for s in statement.orelse
            )
        if isinstance(statement, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Import, ast.ImportFrom)):
            for b in bound:
                if b.how != "declare" and (b.node is statement or statement in self.up(b.node)):
                    return True
        return False

    def whole_lines(self, statement: ast.stmt) -> bool:
        """Whether the statement has its lines to itself (no `;`, no one-line suite around it)."""
        lines = self.source.lines
        head = lines[statement.lineno - 1].encode()[: statement.col_offset].strip()
        last = lines[(statement.end_lineno or 1) - 1].encode()[statement.end_col_offset or 0 :].strip()
        if lines[statement.lineno - 1].encode()[statement.col_offset :].startswith(b"elif"):
            return False
        continued = statement.lineno > 1 and lines[statement.lineno - 2].rstrip().endswith("\\")
        return not head and not continued and (not last or last.startswith(b"#"))

    def margin(self, statement: ast.stmt) -> str:
        line = self.source.lines[statement.lineno - 1]
        return line[: len(line) - len(line.lstrip())]

    def text(self, node: ast.AST) -> str:
        """The source of an expression, in parentheses where a line break needs them."""
        text = self.source.segment(node) or ast.unparse(node)
        return f"({text})" if "\n" in text else text

    def fresh(self, base: str, taken: Iterable[str] = ()) -> str:
        """A name like `base` that nothing in the file uses."""
        used = self.names | BUILTINS | set(taken)
        name, n = base, 1
        while name in used:
            n += 1
            name = f"{base}_{n}"
        return name

    def statements(self, region: Region) -> list[ast.stmt]:
        """The statements of a region: the function itself, or the statements of the block."""
        out: list[ast.stmt] = []
        stack: list[ast.stmt] = list(self.tree.body)
        while stack:
            node = stack.pop()
            first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
            last = node.end_lineno or node.lineno
            if region.first <= first and last <= region.last:
                out.append(node)
            elif first <= region.last and last >= region.first:
                stack.extend(n for n in _substatements(node))
        return sorted(out, key=lambda s: s.lineno)


def _substatements(node: ast.AST) -> Iterator[ast.stmt]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child
        elif isinstance(child, (ast.ExceptHandler, ast.match_case)):
            yield from _substatements(child)


@lru_cache(maxsize=64)
def module_of(source: SourceFile) -> Module:
    """The (shared, cached) module of a source file. Raises `SyntaxError` when it does not parse."""
    return Module(source)


def walk_all(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    for node in nodes:
        yield from ast.walk(node)


def dotted(node: ast.AST) -> str:
    """`a.b.c` for a chain of names, else an empty string."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        base = dotted(node.value)
        return f"{base}.{node.attr}" if base else ""
    return ""


def root_name(node: ast.AST) -> ast.Name | None:
    """The name at the root of `a.b[c].d`, if it is one."""
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node if isinstance(node, ast.Name) else None


def same(a: ast.AST, b: ast.AST) -> bool:
    """Whether two nodes are the same syntax (contexts ignored)."""

    def shape(node: ast.AST) -> str:
        return ast.dump(node).replace("Store()", "Load()").replace("Del()", "Load()")

    return shape(a) == shape(b)


@dataclass(frozen=True)
class Parts:
    """What one site changes, in parts that can be joined with those of other sites of the same region."""

    title: str
    first: int
    last: int
    reason: str
    remedy: str
    replace: tuple[tuple[ast.AST, str], ...] = ()
    before: tuple[tuple[int, str], ...] = ()  # (line, whole lines of text to put before it)
    after: tuple[tuple[int, str], ...] = ()
    prelude: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    detail: dict[str, Any] = field(default_factory=dict, hash=False)
    later: bool = False  # as in `Change`


def join(module: Module, region: Region, sites: Iterable[Parts]) -> tuple[Edit, ...] | None:
    """The edits of all sites at once, or None when they get in each other's way."""
    source, path = module.source, region.path
    sites = list(sites)
    if not _bind_apart(dict.fromkeys(text for s in sites for _, text in s.before)):
        return None
    replaced = list(dict.fromkeys(r for s in sites for r in s.replace))
    if any(isinstance(at, ast.JoinedStr) for n, _ in replaced for at in module.up(n)):
        return None  # places inside an f-string are not known exactly before Python 3.12
    if not all(_names_free(module, text) for s in sites for text in s.prelude):
        return None
    spans = sorted((_start(n), _end(n)) for n, _ in replaced)
    if any(a[1] > b[0] for a, b in pairwise(spans)):
        return None
    edits = replace_nodes(source, replaced)
    for line, text in dict.fromkeys(b for s in reversed(sites) for b in reversed(s.before)):
        edits = _attach(source, edits, path, line, text, before=True)
    for line, text in dict.fromkeys(a for s in sites for a in s.after):
        edits = _attach(source, edits, path, line, text, before=False)
    if any(not region.first <= e.first <= e.last <= region.last for e in edits):
        return None
    at = prelude_line(source)
    if region.first < at:
        return None
    added = [text for text in dict.fromkeys(t for s in sites for t in s.prelude) if text not in source.text]
    added.sort(key=lambda text: not text.startswith(("import ", "from ")))
    return (*(Edit(path, at, at - 1, text) for text in added), *edits)


def _bind_apart(texts: Iterable[str]) -> bool:
    """Whether no name is bound to two things by lines that are put before statements."""
    bound: dict[str, str] = {}
    for text in texts:
        for line in text.splitlines():
            names, equals, value = line.strip().partition(" = ")
            if equals and re.fullmatch(r"\w+(, \w+)*", names) and bound.setdefault(names, value) != value:
                return False
    return True


def _start(node: Any) -> tuple[int, int]:
    return node.lineno, node.col_offset


def _end(node: Any) -> tuple[int, int]:
    return node.end_lineno, node.end_col_offset


def _names_free(module: Module, text: str) -> bool:
    """Whether what a helper or import defines is free in the file, or means the same there already."""
    if text.startswith(("import ", "from ")):
        wanted = ast.parse(text).body[0]
        assert isinstance(wanted, (ast.Import, ast.ImportFrom))
        origin = f"{wanted.module}." if isinstance(wanted, ast.ImportFrom) else ""
        for alias in wanted.names:
            name = alias.asname or alias.name
            for b in module.bindings(name, module.tree):
                if not isinstance(b.node, type(wanted)) or getattr(b.node, "module", None) != (origin[:-1] or None):
                    return False
                if not any(a.name == alias.name and (a.asname or a.name) == name for a in b.node.names):
                    return False
        return True
    if text in module.source.text:
        return True
    return not {a or b for a, b in re.findall(r"^def (\w+)|^(\w+) = ", text, re.MULTILINE)} & module.names


def _attach(source: SourceFile, edits: list[Edit], path: str, line: int, text: str, *, before: bool) -> list[Edit]:
    """`text` before or after `line`, merged into the edit that already replaces this line."""
    for i, e in enumerate(edits):
        if e.first <= line <= e.last:
            if before and e.first != line:
                return [*edits, Edit(path, 0, 0, "")]  # inside another edit: outside any region, so refused
            if not before and e.last != line:
                return [*edits, Edit(path, 0, 0, "")]
            return [
                *edits[:i],
                Edit(path, e.first, e.last, text + e.text if before else e.text + text),
                *edits[i + 1 :],
            ]
    own = source.lines[line - 1]
    own = own if own.endswith("\n") else own + "\n"
    return [*edits, Edit(path, line, line, text + own if before else own + text)]
