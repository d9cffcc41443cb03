"""Functions of one plain value whose result follows from that value, as long as nobody else runs in between.

While a Series maps such a function over its values, nothing but the function runs. So it may read whatever it likes,
if it changes nothing, consumes nothing and asks nothing that differs from call to call. Shown by the syntax of its
body and of the project's functions that it calls, those of other files too.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TypeAlias

from hasten.passes.source.containers.effects import Project
from hasten.passes.source.containers.syntax import Module

Function: TypeAlias = ast.Lambda | ast.FunctionDef

BUILTINS = frozenset(
    "abs all any bool chr dict divmod enumerate float frozenset hex int isinstance len list map max min ord pow range "
    "repr reversed round set sorted str sum tuple type zip".split()
)
ERRORS = frozenset(
    "ArithmeticError AttributeError Exception IndexError KeyError LookupError TypeError UnicodeError ValueError "
    "ZeroDivisionError".split()
)
# methods of text, numbers, lists, dicts, sets, dates, patterns and matches that only answer
METHODS = frozenset(
    "capitalize casefold center count date day_name end endswith find format fullmatch get group groupdict groups "
    "index intersection isalnum isalpha isdecimal isdigit isidentifier islower isnumeric isocalendar isoformat "
    "isspace istitle isupper items join keys ljust lower lstrip match month_name most_common partition "
    "removeprefix removesuffix replace rfind rindex rjust rpartition rsplit rstrip search span split splitlines "
    "start startswith strftime strip sub swapcase title total_seconds translate union upper values weekday zfill "
    "findall bit_length difference".split()
)
PARTS_OF_DATES = frozenset(
    "year month day hour minute second quarter dayofweek day_of_week dayofyear day_of_year days_in_month".split()
)
CHANGES = frozenset("append extend add insert sort reverse pop remove clear update discard setdefault".split())
LIBRARY = frozenset(
    "re.sub re.match re.search re.findall re.split re.fullmatch re.escape unicodedata.normalize unicodedata.category "
    "datetime.datetime.strptime datetime.datetime.fromisoformat datetime.date.fromisoformat datetime.datetime "
    "datetime.date datetime.timedelta json.loads html.unescape collections.Counter pandas.isna "
    "pandas.isnull pandas.notna pandas.notnull numpy.isnan".split()
)
NAMES = frozenset("numpy.nan numpy.inf numpy.pi pandas.NaT".split())
MODULES = frozenset({"math", "string", "re", "calendar"})
MADE = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.SetComp, ast.DictComp)
FIXED = (ast.Constant, ast.JoinedStr, ast.Tuple, *MADE)
STATEMENTS = (
    *(ast.Return, ast.If, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.For, ast.While, ast.Expr, ast.Pass),
    *(ast.Break, ast.Continue, ast.Try, ast.Raise, ast.Assert),
)
EXPRESSIONS = (
    *(ast.Constant, ast.Name, ast.BoolOp, ast.BinOp, ast.UnaryOp, ast.Compare, ast.IfExp, ast.JoinedStr),
    *(ast.FormattedValue, ast.Subscript, ast.Attribute, ast.Call, ast.Tuple, ast.Slice, ast.GeneratorExp, ast.Lambda),
    *MADE,
)
REST = (ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop, ast.comprehension, ast.keyword)
OTHERS = (*REST, ast.arguments, ast.arg, ast.ExceptHandler)


@dataclass
class Purity:
    """Answers for the functions of one project. Each is looked at once."""

    project: Project
    _known: dict[ast.AST, bool] = field(default_factory=dict)

    def of(self, module: Module, function: Function) -> bool:
        """True when the function has one parameter without a default and is pure."""
        a = function.args
        if len(a.posonlyargs) + len(a.args) - len(a.defaults) != 1 or any(d is None for d in a.kw_defaults):
            return False
        # operators and comparisons must not run code of the project
        if self.project.dunders or self.project.threads or not self.project.whole:
            return False
        return self._function(module, function)

    def of_method(self, module: Module, given: ast.Attribute) -> bool:
        """True for `self.name` within a class of which that method is pure, and asks nothing of the object."""
        if not isinstance(given.value, ast.Name):
            return False
        around = module.function(given)
        home = module.parents.get(around)
        if not isinstance(around, ast.FunctionDef) or not isinstance(home, ast.ClassDef) or not around.args.args:
            return False
        found = self.project.functions.get(given.attr, [])
        # no other class has a method of that name, and nobody sets it on an object
        if len(found) != 1 or found[0][1] not in home.body or given.attr in self.project.attributes:
            return False
        method = found[0][1]
        if (
            around.args.args[0].arg != given.value.id
            or around.decorator_list
            or not isinstance(method, ast.FunctionDef)
        ):
            return False
        a = method.args
        if method.decorator_list or a.posonlyargs or a.defaults or a.kwonlyargs or len(a.args) != 2:
            return False
        own = a.args[0].arg
        if any(isinstance(n, ast.Name) and n.id == own for s in method.body for n in ast.walk(s)):
            return False
        if self.project.dunders or self.project.threads or not self.project.whole:
            return False
        return self._function(module, method)

    def _function(self, module: Module, function: Function) -> bool:
        if function not in self._known:
            self._known[function] = True  # a call of itself adds nothing to what its body shows
            self._known[function] = self._is_pure(module, function)
        return self._known[function]

    def _is_pure(self, module: Module, function: Function) -> bool:
        a = function.args
        if module.dynamic or a.vararg or a.kwarg:
            return False
        if isinstance(function, ast.FunctionDef) and (function.decorator_list or _generates(function)):
            return False
        if any(not isinstance(d, ast.Constant) for d in (*a.defaults, *a.kw_defaults) if d is not None):
            return False
        body: list[ast.AST] = [function.body] if isinstance(function, ast.Lambda) else list(function.body)
        return all(self._node(module, function, n) for top in body for n in ast.walk(top))

    def _node(self, module: Module, function: Function, node: ast.AST) -> bool:
        if not isinstance(node, (*STATEMENTS, *EXPRESSIONS, *OTHERS)):
            return False
        match node:
            case ast.Try(finalbody=[_, *_]):
                return False
            case ast.AugAssign(target=ast.Name(id=name)):
                return self._own(module, function, name, FIXED)
            case ast.AugAssign():
                return False
            case ast.Subscript(ctx=ast.Store() | ast.Del()) | ast.Attribute(ctx=ast.Store() | ast.Del()):
                value = node.value
                return isinstance(node, ast.Subscript) and self._made_here(module, function, value)
            case ast.Expr(value=value):
                return isinstance(value, (ast.Constant, ast.Call))
            case ast.Name(ctx=ast.Load()):
                return self._name(module, function, node)
            case ast.Name(ctx=ast.Store()):
                return module.owner(node.id, node) is not module.tree
            case ast.Attribute():
                return self._attribute(module, function, node)
            case ast.Call():
                return self._call(module, function, node)
            case ast.Compare(ops=ops) if any(isinstance(op, (ast.Is, ast.IsNot)) for op in ops):
                return all(_single(module, c) for c in node.comparators)
            case ast.comprehension(is_async=1):
                return False
        return True

    def _inside(self, module: Module, function: Function, node: ast.Name) -> bool:
        """True when the function, or a lambda or comprehension within it, binds the name."""
        owner = module.owner(node.id, node)
        return owner is not None and (owner is function or any(at is function for at in module.up(owner)))

    def _name(self, module: Module, function: Function, node: ast.Name) -> bool:
        if self._inside(module, function, node):
            return True
        parent = module.parents[node]
        if module.is_builtin(node):
            return node.id in BUILTINS or node.id in ERRORS
        if isinstance(parent, ast.Call) and parent.func is node:
            return True  # looked at as a call
        if isinstance(parent, ast.Attribute):
            return True  # looked at as an attribute
        if self.table(module, node):
            return True
        # anything else must only be computed with: an iterator would be consumed by `in` or a loop
        match parent:
            case ast.Return() | ast.FormattedValue():
                return True
            case ast.Compare(ops=ops):
                return not any(isinstance(op, (ast.In, ast.NotIn)) for op in ops) or parent.left is node
        return False

    def table(self, module: Module, node: ast.Name) -> bool:
        """True for a name that is only ever given constants, and lists, dicts and sets that are made there."""
        owner = module.owner(node.id, node)
        if owner is None or self.project.mentions(node.id, module):
            return False
        bound = module.bindings(node.id, owner)
        return bool(bound) and all(b.how == "assign" and self._tabular(module, b.value) for b in bound)

    def _tabular(self, module: Module, value: ast.expr | None) -> bool:
        match value:
            case ast.UnaryOp(operand=ast.Constant()):
                return True
            case ast.Call(func=ast.Name() as f):
                return module.is_builtin(f, "set", "frozenset", "list", "dict", "tuple", "sorted", "str", "range")
            case ast.Call(func=ast.Attribute() as f):
                return module.imported(f) == "re.compile"
        return isinstance(value, FIXED) and not any(_consumed(module, n) for n in ast.walk(value))

    def _attribute(self, module: Module, function: Function, node: ast.Attribute) -> bool:
        parent = module.parents[node]
        if isinstance(parent, ast.Call) and parent.func is node:
            return True  # looked at as a call
        name = module.imported(node)
        if name:
            return name in NAMES or name in LIBRARY or (name.split(".")[0] in MODULES and name.count(".") == 1)
        if isinstance(node.value, ast.Name) and module.is_builtin(node.value, "str"):
            return node.attr in METHODS
        if node.attr not in PARTS_OF_DATES or node.attr in self.project.properties:
            return isinstance(parent, ast.Attribute) and bool(module.imported(parent))
        return self._root(module, function, node.value)

    def _root(self, module: Module, function: Function, node: ast.AST) -> bool:
        """True when an expression is made of the argument, locals, constants and tables: of plain values."""
        while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                return True  # of a pure function
            if isinstance(node, ast.Call) and module.imported(node.func):
                return True
            node = node.func if isinstance(node, ast.Call) else node.value
        if isinstance(node, ast.Name):
            return (
                self._inside(module, function, node)
                or self.table(module, node)
                or module.is_builtin(node, "str", "dict")
            )
        return isinstance(node, EXPRESSIONS)

    def _call(self, module: Module, function: Function, call: ast.Call) -> bool:
        if any(isinstance(a, ast.Starred) for a in call.args) or any(k.arg is None for k in call.keywords):
            return False
        f = call.func
        if isinstance(f, ast.Attribute):
            name = module.imported(f)
            if name:
                return name in LIBRARY or name.startswith("math.") or self._of_project(module, name)
            if f.attr in CHANGES:
                return self._made_here(module, function, f.value)
            if f.attr not in METHODS or f.attr in self.project.functions:
                return False
            return self._root(module, function, f.value)
        if not isinstance(f, ast.Name) or self._inside(module, function, f):
            return False
        if module.is_builtin(f):
            return f.id in BUILTINS or f.id in ERRORS
        name = module.imported(f)
        if name:
            return name in LIBRARY or name.startswith("math.") or self._of_project(module, name)
        found = self.project.functions.get(f.id, [])
        own = [(m, d) for m, d in found if m is module]
        if len(own) != 1 or module.owner(f.id, f) is None:
            return False
        return self._plain_def(module, f.id, own[0][1])

    def _plain_def(self, module: Module, name: str, node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
        """True for a pure function that is what its name always means."""
        if not isinstance(node, ast.FunctionDef) or isinstance(module.scope(node), ast.ClassDef):
            return False
        bound = module.bindings(name, module.scope(node))
        if len(bound) != 1 or bound[0].node is not node or name in self.project.attributes:
            return False
        return self._function(module, node)

    def _of_project(self, module: Module, dotted: str) -> bool:
        """True for a pure function of another file of the project, by its imported name."""
        found = elsewhere(self.project, module, dotted)
        return found is not None and self._plain_def(found[0], found[1].name, found[1])

    def _own(self, module: Module, function: Function, name: str, kinds: tuple[type, ...]) -> bool:
        """True when a local name only ever means what this call made."""
        found = [n for n in ast.walk(function) if isinstance(n, ast.Name) and n.id == name]
        owner = module.owner(name, found[0]) if found else None
        if owner is not function:
            return False
        for b in module.bindings(name, owner):
            if b.how == "augment":
                continue
            if b.how != "assign" or not isinstance(b.value, kinds):
                made = isinstance(b.value, ast.Call) and module.is_builtin(
                    b.value.func, "list", "dict", "set", "sorted", "str", "int", "float", "len", "sum"
                )
                if not made or b.how != "assign":
                    return False
        return True

    def _made_here(self, module: Module, function: Function, node: ast.AST) -> bool:
        return isinstance(node, ast.Name) and self._own(module, function, node.id, MADE)


def elsewhere(project: Project, module: Module, dotted: str) -> tuple[Module, ast.FunctionDef] | None:
    """The function at the top level of another file that an imported name means."""
    place, _, name = dotted.rpartition(".")
    wanted = place.replace(".", "/") + ".py"
    files = [m for m in project.modules if m.source.path == wanted or m.source.path.endswith("/" + wanted)]
    if len(files) != 1 or files[0] is module:
        return None
    found = [s for s in files[0].tree.body if isinstance(s, ast.FunctionDef) and s.name == name]
    return (files[0], found[0]) if len(found) == 1 else None


def _single(module: Module, node: ast.expr) -> bool:
    """None, True, False and NaN: the identity of any other value depends on how it was made."""
    if isinstance(node, ast.Constant):
        return node.value is None or isinstance(node.value, bool)
    return module.imported(node) == "numpy.nan"


def _consumed(module: Module, node: ast.AST) -> bool:
    """An iterator that a list or dict keeps: who reads it changes it."""
    lazy = isinstance(node, ast.GeneratorExp) or (
        isinstance(node, ast.Call)
        and module.is_builtin(node.func, "iter", "zip", "map", "filter", "open", "reversed", "enumerate")
    )
    return lazy and not isinstance(module.parents[node], (ast.Call, ast.comprehension))


def _generates(function: ast.FunctionDef) -> bool:
    bad = (ast.Yield, ast.YieldFrom, ast.Await, ast.FunctionDef, ast.AsyncFunctionDef)
    return any(isinstance(n, bad) for s in function.body for n in ast.walk(s))
