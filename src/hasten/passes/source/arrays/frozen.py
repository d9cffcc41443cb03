"""Arrays that stay as they are while a stretch of code runs.

Two proofs, as for containers: an array that was made here and whose every use is over within its statement is changed
by nothing but what is written on its own name; for any other, nothing in the stretch may store into an array that
could be this one, or a view of it.
"""

from __future__ import annotations

import ast

from hasten.passes.source.arrays.base import (
    FRESH_ARRAY_METHODS,
    FRESH_READS,
    VIEW_METHODS,
    consumed,
    maybe_array,
    numpy_call,
    quiet_operators,
)
from hasten.passes.source.containers.base import Place
from hasten.passes.source.containers.effects import scalar_name, to_user_function
from hasten.passes.source.containers.syntax import COMPREHENSIONS, Binding, root_name

DRAWS = frozenset(
    "random integers randint rand randn normal uniform permutation choice standard_normal poisson binomial "
    "exponential multivariate_normal random_sample".split()
)
LOADED = frozenset("loadtxt genfromtxt fromiter full full_like empty_like zeros_like ones_like identity".split())


def fresh_array(place: Place, e: ast.expr | None, depth: int = 0) -> bool:
    """Whether evaluating `e` makes an array (or any object) that shares memory with nothing else."""
    module, project = place.module, place.project
    if e is None or depth > 3:
        return False
    match e:
        case ast.BinOp() | ast.UnaryOp() | ast.Compare():
            return quiet_operators(project)
        case ast.IfExp():
            return fresh_array(place, e.body, depth + 1) and fresh_array(place, e.orelse, depth + 1)
        case ast.Subscript(value=ast.Call() as call, slice=ast.Constant(value=int())):
            return numpy_call(module, call) in ("where", "nonzero", "unique")
        case ast.Subscript(value=value, slice=ast.Compare() | ast.List()):
            return maybe_array(place, value)  # picked by a mask: a copy (of a list, `pair[a == b]` is one of its items)
        case ast.Call(func=func, keywords=keywords):
            if any(k.arg in ("out", "copy", None) for k in keywords):
                return False
            called = numpy_call(module, e)
            if called:
                return called in FRESH_READS | LOADED or called.removeprefix("random.") in DRAWS
            if isinstance(func, ast.Attribute) and func.attr not in project.functions and not module.imported(func):
                if func.attr not in project.attributes and func.attr in FRESH_ARRAY_METHODS | DRAWS - {"choice"} | {
                    "astype"
                }:
                    return True
    return project.fresh_value(module, e)


def _fresh_binding(place: Place, b: Binding) -> bool:
    if b.how == "declare":
        return True
    parent = place.module.parents[b.node]
    if b.how == "assign":
        return isinstance(parent, ast.Assign) and len(parent.targets) == 1 and fresh_array(place, b.value)
    if b.how == "augment":
        return True
    if b.how == "unpack":
        holder = place.module.parents[parent]
        value = holder.value if isinstance(holder, ast.Assign) and parent in holder.targets else None
        return value is not None and numpy_call(place.module, value) in FRESH_READS and fresh_array(place, value)
    return False


def private_array(place: Place, name: ast.Name, scope: ast.AST, stretch: ast.stmt) -> bool:
    """Whether nobody else can hold the array of this name, or a view of it, before the stretch ends."""
    module, project = place.module, place.project
    bound = module.bindings(name.id, scope)
    if not bound or isinstance(scope, ast.ClassDef) or not all(_fresh_binding(place, b) for b in bound):
        return False
    if isinstance(scope, ast.Module) and (project.mentions(name.id, module) or project.threads or not project.whole):
        return False
    last = stretch.end_lineno or 0
    loops = {n for n in module.up(stretch) if isinstance(n, (ast.For, ast.While, ast.AsyncFor))}
    for use in module.uses(name.id, scope):
        parent = module.parents[use]
        away = module.function(use) is not scope
        if not isinstance(use.ctx, ast.Load):
            if away or isinstance(use.ctx, ast.Del):
                return False
            continue
        if consumed(project, module, use) or isinstance(parent, (ast.For, ast.comprehension)) and _items(place, parent):
            continue
        if away:
            return False
        if use.lineno > last and not any(n in loops for n in module.up(use)):
            continue
        if isinstance(parent, ast.Return):
            continue
        return False
    return True


def _items(place: Place, loop: ast.AST) -> bool:
    """Whether a loop over an array only reads its items (rows of a matrix are views)."""
    target = getattr(loop, "target", None)
    if not isinstance(target, ast.Name):
        return False
    scope = place.module.owner(target.id, target)
    return scope is not None and all(
        isinstance(u.ctx, ast.Store) or consumed(place.project, place.module, u)
        for u in place.module.uses(target.id, scope)
    )


def frozen_array(place: Place, name: ast.Name, stretch: ast.stmt) -> bool:
    """Whether the array that a name means before the stretch is the same, item by item, all through it."""
    module, project = place.module, place.project
    scope = module.owner(name.id, name)
    if scope is None or isinstance(scope, ast.ClassDef) or module.dynamic:
        return False
    inside = set(ast.walk(stretch))
    for use in module.uses(name.id, scope):
        away = module.function(use) is not scope
        if away and not isinstance(use.ctx, ast.Load):
            return False
        if use not in inside:
            continue
        parent = module.parents[use]
        if not isinstance(use.ctx, ast.Load) or isinstance(parent, ast.AugAssign) and parent.target is use:
            return False
        if _stored_into(place, use):
            return False
    if not module.bound_before(name.id, scope, stretch):
        return False
    if module.function(stretch) is scope and private_array(place, name, scope, stretch):
        return True
    if isinstance(scope, ast.Module) and (project.mentions(name.id, module) or project.threads or not project.whole):
        return False
    for use in module.uses(name.id, scope):
        if use in inside and not consumed(project, module, use):
            parent = module.parents[use]
            over = isinstance(parent, (ast.For, ast.comprehension))
            if not over and not to_user_function(project, module, use):
                return False

    def apart(e: ast.expr) -> bool:
        if not isinstance(e, (ast.Name, ast.Subscript)):
            return project.fresh_value(module, e) and not isinstance(e, ast.Attribute)
        root = root_name(e)
        if root is None or (isinstance(e, ast.Subscript) and e.value is not root):
            return False
        owner = module.owner(root.id, root)
        if owner is None or (root.id == name.id and owner is scope):
            return False
        if e is root and scalar_name(project, module, root.id, owner):
            return True
        if not all(_fresh_binding(place, b) for b in module.bindings(root.id, owner)):
            return False
        if e is not root:
            return False  # what the container holds may be anything
        if bound_in_round(place, root, stretch):
            return True
        # made before: the array could have been bound from it, unless it came in from outside
        mine = module.bindings(name.id, scope)
        outside = {"parameter", "augment"} if quiet_operators(project) else {"parameter"}  # `a -= b` is a, or new
        return owner is scope and any(b.how == "parameter" for b in mine) and {b.how for b in mine} <= outside

    return not project.loud(module, [stretch], apart, arrays=True)


def _stored_into(place: Place, use: ast.Name) -> bool:
    """Whether the array is written to through this use: `a[i] = v`, `a[i][j] += v`, `a.sort()`."""
    at: ast.AST = use
    module = place.module
    while True:
        parent = module.parents[at]
        if isinstance(parent, (ast.Subscript, ast.Attribute)) and parent.value is at:
            if not isinstance(parent.ctx, ast.Load):
                return True
            at = parent
            continue
        if isinstance(parent, ast.Call) and parent.func is at and at is not use:
            attr = at.attr if isinstance(at, ast.Attribute) else ""
            if attr in VIEW_METHODS:
                at = parent
                continue
            return attr not in FRESH_ARRAY_METHODS
        return isinstance(parent, ast.AugAssign) and parent.target is at


def bound_in_round(place: Place, name: ast.Name, stretch: ast.stmt) -> bool:
    """Whether a statement of the stretch has surely bound the name before this use of it, in the same round."""
    module = place.module
    if any(isinstance(at, COMPREHENSIONS) for at in module.up(name)):
        return False
    at: ast.AST = module.statement(name)
    while at is not stretch and isinstance(at, ast.stmt):
        for sibling in module.siblings(at):
            if sibling is at:
                break
            targets = sibling.targets if isinstance(sibling, ast.Assign) else []
            stored = (
                n for t in targets for n in ast.walk(t) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
            )
            if any(n.id == name.id for n in stored):
                return True
        parent = module.parents[at]
        while not isinstance(parent, (ast.stmt, ast.Module)):
            parent = module.parents[parent]
        at = parent
    return False
