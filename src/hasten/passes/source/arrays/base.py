"""What the arrays passes have in common: the module's name for NumPy, expressions that may be evaluated early, and
what a use of an array leaves behind."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from hasten.core.facts import ValueFact
from hasten.passes.source.batch.loops import FRESH_NUMPY
from hasten.passes.source.containers.base import Place
from hasten.passes.source.containers.effects import OPERATORS, Project
from hasten.passes.source.containers.syntax import Module, dotted

FRESH_READS = FRESH_NUMPY | frozenset(
    "array_equal allclose isclose isin count_nonzero nonzero flatnonzero argwhere nanargmax nanargmin nanpercentile "
    "nanquantile bincount histogram interp trace linalg.eigh linalg.eigvalsh linalg.eigvals linalg.svd linalg.pinv "
    "linalg.lstsq linalg.slogdet linalg.matrix_rank corrcoef cov einsum cumprod greater less equal sign rint trunc "
    "save savetxt digitize quantile median amax amin insert delete triu tril kron".split()
)
FRESH_ARRAY_METHODS = frozenset(
    "all any argmax argmin argsort copy cumsum cumprod dot max mean min nonzero prod ptp round searchsorted std sum "
    "tolist trace var item conj".split()
)
READ_ATTRIBUTES = frozenset("shape size ndim dtype nbytes itemsize".split())
VIEW_ATTRIBUTES = frozenset("T real imag flat".split())
VIEW_METHODS = frozenset("reshape ravel transpose squeeze astype view swapaxes".split())
READ_CALLS = frozenset("len float int bool str repr print sum max min abs sorted isinstance type round any all".split())


def numpy_name(module: Module) -> tuple[str, tuple[str, ...]]:
    """What the module's top level calls NumPy, and the import to add where it has no name for it there."""
    for node in module.tree.body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name == "numpy":
                    name = alias.asname or "numpy"
                    probe = [n for n in module.uses(name, module.tree) if isinstance(n.ctx, ast.Load)]
                    if len(module.bindings(name, module.tree)) == 1 and (not probe or module.imported(probe[0])):
                        return name, ()
    return "numpy", ("import numpy\n",)


def helper(module: Module, *texts: str) -> tuple[str, ...]:
    """Helpers, written with `NP.` for NumPy, as they stand in this module."""
    name, added = numpy_name(module)
    return (*added, *(t.replace("NP.", f"{name}.") for t in texts))


def numpy_call(module: Module, node: ast.AST) -> str:
    """`linalg.norm` when `node` is a call of `np.linalg.norm`, else an empty string."""
    if not isinstance(node, ast.Call) or any(isinstance(a, ast.Starred) for a in node.args):
        return ""
    if any(k.arg is None for k in node.keywords):
        return ""
    name = module.imported(node.func)
    return name.removeprefix("numpy.") if name.startswith("numpy.") else ""


def quiet_operators(project: Project) -> bool:
    """Whether operators of the project's own classes cannot get hold of their operands."""
    return not project.dunders & OPERATORS


def lasting_name(module: Module, node: ast.Name, between: Iterable[ast.AST] = ()) -> bool:
    """Whether a name is a local or global that nothing in `between` binds."""
    inside = {n for b in between for n in ast.walk(b)}
    scope = module.owner(node.id, node)
    return scope is not None and not any(
        u in inside and not isinstance(u.ctx, ast.Load) for u in module.uses(node.id, scope)
    )


def early(project: Project, module: Module, e: ast.expr) -> bool:
    """Whether evaluating `e` twice, or a little earlier, is all the same: numbers, names and arithmetic of them."""
    match e:
        case ast.Constant():
            return type(e.value) in (int, float)
        case ast.Name():
            return True
        case ast.Attribute():
            return (
                bool(dotted(e))
                and e.attr not in project.properties
                and not {"__getattr__", "__getattribute__"} & project.dunders
                and not module.imported(e)
            )
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return early(project, module, operand)
        case ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult() | ast.FloorDiv() | ast.Mod()):
            parts = (e.left, e.right)
            return quiet_operators(project) and all(early(project, module, p) for p in parts)
        case ast.Call(func=func, args=[arg], keywords=[]) if module.is_builtin(func, "len"):
            return isinstance(arg, (ast.Name, ast.Attribute)) and early(project, module, arg)
        case ast.Call(func=func, args=[arg], keywords=[]) if module.is_builtin(func, "int"):
            return "__int__" not in project.dunders and early(project, module, arg)
        case ast.Call(func=func, args=args, keywords=[]) if module.is_builtin(func, "min", "max") and len(args) > 1:
            return not project.dunders and all(early(project, module, a) for a in args)
        case ast.Subscript(value=ast.Attribute(attr="shape", value=ast.Name()), slice=ast.Constant(value=int())):
            return True
    return False


def consumed(project: Project, module: Module, node: ast.expr, *, scalar: bool = False) -> bool:
    """Whether a use of an array is over as soon as its statement is: nothing that shares its memory stays behind, and
    nobody writes into it. `scalar`: it is one item, which nothing can share."""
    parent = module.parents[node]
    match parent:
        case ast.Attribute(attr=attr, ctx=ast.Load()):
            if attr in READ_ATTRIBUTES and attr not in project.properties:
                return True
            if attr in VIEW_ATTRIBUTES and attr not in project.properties:
                return consumed(project, module, parent)
            call = module.parents[parent]
            if not isinstance(call, ast.Call) or call.func is not parent:
                return False
            if attr in VIEW_METHODS and attr not in project.functions:
                return consumed(project, module, call)
            return attr in FRESH_ARRAY_METHODS and attr not in project.functions and _plain(call)
        case ast.Compare():
            return not {"__eq__", "__ne__", "__lt__", "__gt__", "__le__", "__ge__", "__contains__"} & project.dunders
        case ast.BinOp() | ast.UnaryOp():
            return quiet_operators(project)
        case ast.If() | ast.While() | ast.Assert() | ast.FormattedValue():
            return True
        case ast.BoolOp() | ast.IfExp():
            if isinstance(parent, ast.IfExp) and parent.test is node:
                return True
            holder = module.parents[parent]
            return isinstance(holder, (ast.If, ast.While)) and holder.test is parent
        case ast.Call(func=func) if node in parent.args and func is not node:
            if module.is_builtin(func):
                return isinstance(func, ast.Name) and func.id in READ_CALLS
            return numpy_call(module, parent) in FRESH_READS and _plain(parent)
        case ast.Subscript(value=value) if value is not node:
            # an index: a new array, or items stored there
            return True
        case ast.Subscript(value=value, ctx=ast.Load()) if value is node:
            return consumed(project, module, parent) or (scalar and one_item(module, parent.slice))
        case ast.Subscript(ctx=ast.Store()):
            return isinstance(module.parents[parent], (ast.Assign, ast.AugAssign))
    return False


def one_item(module: Module, index: ast.expr) -> bool:
    """Whether an index of a one-dimensional array is a number by its syntax: what it gives shares nothing."""
    match index:
        case ast.Constant(value=int()):
            return True
        case ast.UnaryOp(operand=operand):
            return one_item(module, operand)
        case ast.BinOp(left=left, right=right):
            return one_item(module, left) and one_item(module, right)
        case ast.Call(func=func):
            return module.is_builtin(func, "len", "int")
        case ast.Name():
            scope = module.owner(index.id, index)
            bound = module.bindings(index.id, scope) if scope is not None else []
            return bool(bound) and all(b.how == "loop" and _ranged(module, b.node) for b in bound)
    return False


def _ranged(module: Module, node: ast.AST) -> bool:
    loop = module.parents[node]
    over = getattr(loop, "iter", None)
    return isinstance(over, ast.Call) and module.is_builtin(over.func, "range")


def _plain(call: ast.AST) -> bool:
    assert isinstance(call, ast.Call)
    return all(k.arg in ("axis", "ddof", "keepdims", "q", "kind", "side", "decimals") for k in call.keywords)


def facts_of(place: Place, name: str) -> tuple[ValueFact, ...]:
    return place.facts.of(place.region.id).types.get(name, ())


def never_array(place: Place, e: ast.expr) -> bool:
    """Whether `e` was seen, and never was an array."""
    seen = facts_of(place, dotted(e)) if dotted(e) else ()
    return bool(seen) and not any(f.type == "numpy.ndarray" for f in seen)


def maybe_array(place: Place, e: ast.expr, depth: int = 0) -> bool:
    """Whether `e` may be an array as far as facts and syntax tell: worth a proposal that checks when it runs."""
    module = place.module
    if depth > 4:
        return False
    match e:
        case ast.Name() | ast.Attribute() if dotted(e):
            seen = facts_of(place, dotted(e))
            if any(f.type == "numpy.ndarray" for f in seen):
                return True
            if seen or not isinstance(e, ast.Name):
                return False
            scope = module.owner(e.id, e)
            if scope is None:
                return False
            return any(
                b.how == "assign" and b.value is not None and maybe_array(place, b.value, depth + 1)
                for b in module.bindings(e.id, scope)
            )
        case ast.Call(func=func, args=[arg]) if module.is_builtin(func, "abs"):
            return maybe_array(place, arg, depth + 1)
        case ast.Call():
            name = numpy_call(module, e)
            if name:
                return not name.startswith("random.") or bool(e.args or e.keywords)
            if isinstance(e.func, ast.Attribute) and e.func.attr in ("astype", "copy", "ravel", "flatten", "reshape"):
                return maybe_array(place, e.func.value, depth + 1)
        case ast.Compare(left=left, comparators=[right]):
            return maybe_array(place, left, depth + 1) or maybe_array(place, right, depth + 1)
        case ast.BinOp(left=left, right=right):
            return maybe_array(place, left, depth + 1) or maybe_array(place, right, depth + 1)
        case ast.UnaryOp(operand=operand):
            return maybe_array(place, operand, depth + 1)
        case ast.Subscript(value=value, slice=index):
            if not maybe_array(place, value, depth + 1):
                return False
            parts = index.elts if isinstance(index, ast.Tuple) else [index]
            return any(isinstance(p, ast.Slice) for p in parts) or any(
                f.ndim is not None and f.ndim > len(parts) for f in facts_of(place, dotted(value))
            )
    return False
