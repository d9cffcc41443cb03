"""What stays in the loop: whether it leaves alone what the rounds read.

The rounds are computed before the first of these statements runs, so none of them may change what a round reads. They
run in the program itself and in the old order, so printing, logging and collecting results are no matter.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from hasten.core.facts import ValueFact
from hasten.passes.source.containers.effects import QUIET_BUILTINS, WRITERS, escapes
from hasten.passes.source.containers.syntax import COMPREHENSIONS, Module, root_name
from hasten.passes.source.parallel import libraries
from hasten.passes.source.parallel.purity import CHANGING, IN_PLACE, Body, Purity

PLAIN_BUILTINS = (QUIET_BUILTINS | {"print"}) - {"next", "open", "input", "super"}
CLOCKS = ("time.", "datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today", "timeit.")
# types that hold no objects of others
FLAT = ("numpy.ndarray", "pandas.", "numpy.", "scipy.sparse.")


@dataclass(frozen=True)
class Kept:
    """The statements that stay. `reads` are the names that the rounds go by, `returned` those that they give."""

    module: Module
    purity: Purity  # one for which showing things is no matter
    loop: ast.For  # the outermost loop
    scope: ast.AST
    statements: tuple[ast.stmt, ...]
    without: frozenset[ast.AST]  # nodes that leave the loop
    reads: frozenset[str]
    returned: frozenset[str]
    reads_files: bool
    types: dict[str, tuple[ValueFact, ...]] = field(default_factory=dict)

    def why_not(self) -> str:
        """Why the statements may change what a round reads; empty when they cannot."""
        body = Body(self.purity, self.module, list(self.statements), frozenset())
        for node in self.nodes():
            why = self._node(node, body)
            if why:
                return f"line {getattr(node, 'lineno', 0)}: {why}"
        return ""

    def nodes(self) -> Iterator[ast.AST]:
        """All nodes that stay."""
        yield from staying(self.statements, self.without)

    def _node(self, node: ast.AST, body: Body) -> str:
        match node:
            case ast.Break() | ast.Return() | ast.Yield() | ast.YieldFrom() | ast.Await():
                return "the loop may end early"
            case ast.Global() | ast.Nonlocal() | ast.FunctionDef() | ast.ClassDef() | ast.AsyncFunctionDef():
                return "binds names outside, or defines something"
            case ast.AsyncFor() | ast.AsyncWith() | ast.Import() | ast.ImportFrom() | ast.Delete():
                return "waits, imports or deletes"
            case ast.Subscript(ctx=ast.Store() | ast.Del()) | ast.Attribute(ctx=ast.Store() | ast.Del()):
                return "" if self._apart(node.value, body) else f"changes {ast.unparse(node.value)}"
            case ast.AugAssign(target=ast.Name() as target):
                return "" if self._apart(target, body) else f"may change what {target.id} was given"
            case ast.Call():
                return self._call(node, body)
        return ""

    def _call(self, call: ast.Call, body: Body) -> str:
        func = call.func
        for k in call.keywords:
            if k.arg in ("inplace", "out") and not (isinstance(k.value, ast.Constant) and not k.value.value):
                target = func.value if k.arg == "inplace" and isinstance(func, ast.Attribute) else k.value
                if not self._apart(target, body):
                    return f"{k.arg}= writes into an argument"
        name = self.module.imported(func)
        if name and not self.purity.project._is_user_module(name):
            if name.startswith(CLOCKS) and not name.startswith("time.str"):
                return f"{name}: what a round takes would be told as next to nothing"
            if name.rsplit(".", 1)[-1] in WRITERS and not (call.args and self._apart(call.args[0], body)):
                return f"{name} writes into its argument"
            if self.reads_files and not libraries.is_quiet(name):
                return f"{name} may write a file that a round reads"
            return ""
        if isinstance(func, ast.Name) and self.module.is_builtin(func):
            if func.id == "open":
                return "opens a file while rounds read files" if self.reads_files else ""
            return "" if func.id in PLAIN_BUILTINS else f"calls {func.id}"
        if isinstance(func, ast.Attribute) and func.attr not in self.purity.project.functions:
            if func.attr in self.purity.project.classes or func.attr in self.purity.project.attributes:
                return f"{ast.unparse(func)} may be anything"
            if self.reads_files and func.attr in libraries.LOUD_METHODS:
                return f"{ast.unparse(func)} may write a file that a round reads"
            if func.attr in CHANGING and func.attr not in IN_PLACE and not self._apart(func.value, body):
                return f"{ast.unparse(func)} changes {ast.unparse(func.value)}"
            return ""
        if isinstance(func, (ast.Name, ast.Attribute)):
            return self._user(call, body)
        return f"calls {ast.unparse(func)[:40]}"

    def _user(self, call: ast.Call, body: Body) -> str:
        """A function of the project: it may show things, and change nothing."""
        if self.reads_files:
            return f"calls {ast.unparse(call.func)} while rounds read files"
        everything = Body(self.purity, self.module, list(self.statements), frozenset())
        why = everything.why_not_of([call.func]) or everything._call(call)
        return why

    def _apart(self, e: ast.expr, body: Body) -> bool:
        """Whether the object that `e` means is none that a round reads."""
        root = root_name(e)
        if root is None or isinstance(self.module.owner(root.id, root), COMPREHENSIONS):
            return body._fresh(e)
        if root.id in self.reads:
            return False
        if root.id in self.returned:
            return True  # what a round gave is nobody else's
        if root.id in body.values and not self._outside(root):
            return all(v is not None and self._new(v, body) for v in body.values[root.id])
        scope = self.module.owner(root.id, root)
        if scope is None:
            return False
        project = self.purity.project
        if self._fresh_before(root.id, scope, body):
            if not escapes(project, self.module, root.id, scope, self.loop):
                return isinstance(e, ast.Name) or self._items_apart(root.id, scope)
        return self._by_type(e)

    def _fresh_before(self, name: str, scope: ast.AST, body: Body) -> bool:
        """Whether all that is bound to the name before the loop, or in a loop around it, was made for it."""
        module = self.module
        if module.function(self.loop) is not scope:
            return False
        around = [n for n in module.up(self.loop) if isinstance(n, (ast.For, ast.While, ast.AsyncFor))]
        found = False
        for b in module.bindings(name, scope):
            line = getattr(b.node, "lineno", 0)
            if line > (self.loop.end_lineno or 0) and not any(n in around for n in module.up(b.node)):
                continue
            if b.how == "augment" or b.how == "declare":
                continue
            parent = module.parents[b.node]
            if _unpacked(module, b.node, body):
                found = True
                continue
            if b.how != "assign" or b.value is None or not body._fresh(b.value):
                return False
            if isinstance(parent, ast.NamedExpr) or (isinstance(parent, ast.Assign) and len(parent.targets) > 1):
                return False
            found = True
        return found

    def _outside(self, root: ast.Name) -> bool:
        """Whether the name is bound outside of the loop too."""
        scope = self.module.owner(root.id, root)
        inside = set(ast.walk(self.loop))
        return scope is None or any(b.node not in inside for b in self.module.bindings(root.id, scope))

    def _new(self, e: ast.expr, body: Body) -> bool:
        if isinstance(e, ast.Name):
            return e.id in self.returned
        return body._fresh(e)

    def _items_apart(self, name: str, scope: ast.AST) -> bool:
        """`groups[k].append(x)`: what is kept under `name` came from no name that a round reads."""
        for use in self.module.uses(name, scope):
            parent = self.module.parents[use]
            outer = self.module.parents[parent]
            if isinstance(parent, ast.Subscript) and isinstance(parent.ctx, ast.Store):
                value = outer.value if isinstance(outer, (ast.Assign, ast.AugAssign, ast.AnnAssign)) else None
                if value is None or self._mentions(value):
                    return False
            if (
                isinstance(parent, ast.Attribute)
                and isinstance(outer, ast.Call)
                and any(map(self._mentions, outer.args))
            ):
                return False
        return True

    def _mentions(self, e: ast.AST) -> bool:
        return any(isinstance(n, ast.Name) and n.id in self.reads for n in ast.walk(e))

    def _by_type(self, e: ast.expr) -> bool:
        """The recorded types tell: it is a plain list, dict or number; rounds read none, and nothing that holds one."""
        at = root_name(e)
        path = ast.unparse(e) if isinstance(e, ast.Attribute) else at.id if at is not None else ""
        mine = self.types.get(path, ())
        root = path.split(".")[0]
        if not mine or root in self.reads:
            return False
        if any(not f.type.startswith("builtins.") for f in mine):
            return False
        for name in self.reads:
            seen = self.types.get(name, ())
            if not seen and not self._function(name):
                return False
            for f in seen:
                flat = f.type.startswith(FLAT) and f.dtype != "object"
                if not flat and f.type not in ("builtins.int", "builtins.float", "builtins.str", "builtins.bool"):
                    return False
        return True

    def _function(self, name: str) -> bool:
        bound = self.module.bindings(name, self.module.tree)
        return bool(bound) and all(b.how in ("def", "import") for b in bound)


def _unpacked(module: Module, node: ast.AST, body: Body) -> bool:
    """`xs, ys = [], []`: each name gets a list of its own."""
    target = module.parents[node]
    parent = module.parents.get(target)
    if not (isinstance(target, ast.Tuple) and isinstance(parent, ast.Assign) and parent.targets == [target]):
        return False
    if not isinstance(parent.value, ast.Tuple) or len(parent.value.elts) != len(target.elts):
        return False
    return body._fresh(parent.value.elts[next(i for i, t in enumerate(target.elts) if t is node)])


def staying(statements: Iterable[ast.AST], without: frozenset[ast.AST]) -> Iterator[ast.AST]:
    """Every node of the statements, but for what lies in `without`."""
    todo: list[ast.AST] = list(statements)
    while todo:
        node = todo.pop()
        if node in without:
            continue
        yield node
        todo.extend(ast.iter_child_nodes(node))
