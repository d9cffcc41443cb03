"""The order of sets, which is another one in another process.

Text hashes differently in every process, and a set that was sent keeps its elements but not their order. So rounds may
ask sets what does not depend on it (`in`, `len`, `sorted`, what they share), and may neither go through one nor give
one back. Every place of the project that makes a set is followed to where the set is used; where it cannot be followed
(it is kept in a dict, an attribute, a list), the answer is no.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from hasten.core.facts import ValueFact
from hasten.passes.source.containers.effects import Project
from hasten.passes.source.containers.syntax import Module

NEUTRAL = ("len", "sorted", "min", "max", "any", "all", "bool", "isinstance")
MAKERS = ("set", "frozenset")
SET_METHODS = frozenset("union intersection difference symmetric_difference copy".split())
QUIET_METHODS = frozenset(
    "add discard remove clear isdisjoint issubset issuperset difference_update intersection_update "
    "symmetric_difference_update".split()
)
TAKING_SETS = SET_METHODS | QUIET_METHODS | {"isin"}
# what holds on to what it is given
KEEPING = frozenset("append appendleft insert setdefault put partial deepcopy copy setattr __setitem__".split())
OPERATORS = (ast.BitAnd, ast.BitOr, ast.BitXor, ast.Sub)


@dataclass(frozen=True)
class Orders:
    """`inside`: the code that runs in workers, as nodes (statements, functions)."""

    project: Project
    module: Module
    inside: frozenset[ast.AST]
    _asked: set[tuple[ast.AST, bool]] = field(default_factory=set)

    def why_not(self, typed: Collection[tuple[ast.Name, tuple[ValueFact, ...]]] = ()) -> str:
        """Why a round may depend on the order of a set; `typed` are names that rounds read, with what they held."""
        for name, seen in typed:
            if any(_holds_sets(part) for fact in seen for part in (*fact.items, *fact.keys)):
                return f"{name.id} holds sets"
            if any(fact.type in ("builtins.set", "builtins.frozenset") for fact in seen):
                if not self._uses(self.module, name, False):
                    return f"the order of {name.id} is another one in another process"
        for module in self.project.modules:
            for made in _sets(module):
                if not self._steady(module, made, False):
                    line = getattr(made, "lineno", 0)
                    return f"{module.source.path} line {line}: the order of a set is another one in another process"
        return ""

    def _uses(self, module: Module, name: ast.Name, moved: bool) -> bool:
        scope = module.owner(name.id, name)
        if scope is None or isinstance(scope, ast.ClassDef):
            return False
        return all(self._steady(module, u, moved) for u in module.uses(name.id, scope) if isinstance(u.ctx, ast.Load))

    def _works(self, module: Module, node: ast.AST) -> bool:
        """Whether this code runs in workers."""
        return node in self.inside or any(at in self.inside for at in module.up(node))

    def _steady(self, module: Module, e: ast.AST, moved: bool) -> bool:
        """Whether nothing that a round does or gives depends on the order of the set that `e` is.

        `moved`: it was made in a worker, so that the program itself gets it in another order too.
        """
        moved = moved or self._works(module, e)
        if (e, moved) in self._asked:
            return True
        self._asked.add((e, moved))
        parent = module.parents[e]
        match parent:
            case ast.Compare() | ast.If() | ast.While() | ast.Assert() | ast.Expr():
                return True
            case ast.UnaryOp():
                return True
            case ast.IfExp(test=test) if test is e:
                return True
            case ast.BoolOp() | ast.IfExp():
                return self._steady(module, parent, moved)
            case ast.BinOp(op=op) if isinstance(op, OPERATORS):
                return self._steady(module, parent, moved)
            case ast.AugAssign(target=ast.Name() as target, op=op) if isinstance(op, OPERATORS):
                return self._uses(module, target, moved)
            case ast.Assign(targets=[ast.Name() as target]) | ast.AnnAssign(target=ast.Name() as target):
                return self._uses(module, target, moved)
            case ast.Attribute():
                return self._method(module, parent, moved)
            case ast.Return():
                return self._returned(module, e, moved)
            case ast.comprehension() if parent.iter is e:
                return self._through(module, module.parents[parent], moved)
            case ast.Call() if e in parent.args:
                return self._given(module, e, parent, moved)
            case ast.For() | ast.Starred() | ast.FormattedValue():
                return not moved
        return False

    def _through(self, module: Module, comprehension: ast.AST, moved: bool) -> bool:
        outer = module.parents[comprehension]
        if not moved:
            return True
        if isinstance(comprehension, ast.SetComp):
            return True  # asked about by itself
        if isinstance(outer, ast.Call) and isinstance(comprehension, (ast.GeneratorExp, ast.ListComp)):
            counts = isinstance(comprehension.elt, ast.Constant) and type(comprehension.elt.value) is int
            return module.is_builtin(outer.func, *NEUTRAL, *MAKERS) or counts and module.is_builtin(outer.func, "sum")
        return False

    def _method(self, module: Module, attribute: ast.Attribute, moved: bool) -> bool:
        call = module.parents[attribute]
        if not (isinstance(call, ast.Call) and call.func is attribute):
            return False
        if attribute.attr in SET_METHODS:
            return self._steady(module, call, moved)
        return attribute.attr in QUIET_METHODS or not moved

    def _given(self, module: Module, e: ast.AST, call: ast.Call, moved: bool) -> bool:
        func = call.func
        if module.is_builtin(func, *NEUTRAL) and not call.keywords:
            return True
        if module.is_builtin(func, *MAKERS):
            return self._steady(module, call, moved)
        word = func.id if isinstance(func, ast.Name) else func.attr if isinstance(func, ast.Attribute) else ""
        if word in self.project.functions:
            return self._parameter(e, call, word, moved)
        if isinstance(func, ast.Attribute) and word in TAKING_SETS:
            return word not in SET_METHODS or self._steady(module, call, moved)
        # a list, a table, text: what is made of a set in the program itself has an order that can be sent
        return word not in self.project.classes and word not in KEEPING and not moved

    def _parameter(self, e: ast.AST, call: ast.Call, word: str, moved: bool) -> bool:
        if any(isinstance(a, ast.Starred) for a in call.args):
            return False
        at = next(i for i, a in enumerate(call.args) if a is e)
        for module, function in self.project.functions[word]:
            order = [*function.args.posonlyargs, *function.args.args]
            if isinstance(module.parents[function], ast.ClassDef):
                order = order[1:]
            if at >= len(order):
                return False
            uses = module.uses(order[at].arg, function)
            if not all(self._steady(module, u, moved) for u in uses if isinstance(u.ctx, ast.Load)):
                return False
        return True

    def _returned(self, module: Module, e: ast.AST, moved: bool) -> bool:
        function = module.function(e)
        if not isinstance(function, ast.FunctionDef):
            return False
        # made in a function that workers run as well as the program: each call is asked where it is
        inside = function in self.inside
        for other in self.project.modules:
            for node in ast.walk(other.tree):
                word = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
                if word == function.name:
                    call = other.parents[node]
                    if not (isinstance(call, ast.Call) and call.func is node):
                        return False
                    if not self._steady(other, call, moved and not inside):
                        return False
        return True


def _holds_sets(fact: ValueFact) -> bool:
    return fact.type in ("builtins.set", "builtins.frozenset") or any(map(_holds_sets, (*fact.items, *fact.keys)))


def _sets(module: Module) -> Iterator[ast.AST]:
    """Every expression of a module that makes a set, and every use of `set` that is no call of it."""
    for node in ast.walk(module.tree):
        match node:
            case ast.Set() | ast.SetComp():
                yield node
            case ast.Name(id=word) if word in MAKERS and module.is_builtin(node):
                parent = module.parents[node]
                if isinstance(parent, ast.Call) and parent.func is node:
                    yield parent
                elif not _annotates(module, node) and not (
                    isinstance(parent, ast.Call) and module.is_builtin(parent.func, "isinstance")
                ):
                    yield parent  # `defaultdict(set)`
            case ast.BinOp(op=op) if isinstance(op, OPERATORS):
                sides = (node.left, node.right)
                if any(isinstance(s, ast.Call) and isinstance(s.func, ast.Attribute)
                       and s.func.attr in ("keys", "items") for s in sides):  # fmt: skip
                    yield node


def _annotates(module: Module, node: ast.AST) -> bool:
    below = node
    for at in module.up(node):
        match at:
            case ast.AnnAssign(annotation=a) | ast.arg(annotation=a) if a is below:
                return True
            case ast.FunctionDef(returns=a) if a is below:
                return True
            case ast.stmt():
                return False
        below = at
    return False
