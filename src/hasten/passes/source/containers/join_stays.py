"""What stays as it is while a search goes on: its key, the fields that rows are told by; names that a loop binds."""

from __future__ import annotations

import ast

from hasten.passes.source.containers.base import Place
from hasten.passes.source.containers.effects import MUTATORS, Project, escapes, frozen_during, scalar_name
from hasten.passes.source.containers.membership import USED_UP_BY
from hasten.passes.source.containers.syntax import COMPREHENSIONS, Module, same

GROWING = frozenset({"append", "extend", "setdefault"})


def harmless(
    project: Project,
    module: Module,
    stretch: ast.AST,
    row_side: ast.expr,
    row_fields: frozenset[object],
    key_fields: frozenset[object],
) -> list[ast.AST]:
    """Stores that leave the compared fields alone, whatever they store into: under another key, or by growing a list
    (which the search itself notices) or a dict (all rows have the fields already)."""
    out: list[ast.AST] = []
    fields = row_fields | key_fields
    # the last item of a list is another one when the list has grown, the first of a bounded deque too
    last = any(isinstance(f, int) and f < 0 for f in fields)
    nested = sum(isinstance(n, ast.Subscript) for n in ast.walk(row_side)) > 1
    placed = last or "[]" in fields or any(isinstance(f, int) for f in (fields if nested else key_fields))
    for n in ast.walk(stretch):
        if isinstance(n, ast.Subscript) and isinstance(n.slice, ast.Constant) and not isinstance(n.ctx, ast.Load):
            if type(n.slice.value) is str and n.slice.value not in fields:
                out.append(n)
        elif isinstance(n, ast.AugAssign) and isinstance(n.op, (ast.Add, ast.Sub)) and not last:
            out.append(n)
        elif isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr in GROWING and not placed:
            word = n.func.attr
            if word not in project.functions and word not in project.classes and word not in project.attributes:
                if not module.imported(n.func) and not n.keywords:
                    out.append(n)
    return out


def may_grow_rows(project: Project, module: Module, allowed: list[ast.AST]) -> bool:
    """Whether one of these stores could add an item to a row that is a list."""
    for n in allowed:
        if isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Name):
            scope = module.owner(n.target.id, n.target)
            if scope is not None and scalar_name(project, module, n.target.id, scope):
                continue
        if isinstance(n, (ast.Call, ast.AugAssign)):
            return True
    return False


def names(e: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(e) if isinstance(n, ast.Name)}


def at_once(module: Module, node: ast.AST) -> bool:
    """Whether a comprehension is used up at once: a generator kept for later sees later rows. Nor may functions that it
    gives see the last of its rows."""
    if isinstance(node, COMPREHENSIONS):
        targets = {t for clause in node.generators for t in names(clause.target)}
        for n in ast.walk(node):
            if isinstance(n, ast.Name) and n.id in targets and read_later(module, n, node):
                return False
    call = module.parents[node]
    return not isinstance(node, ast.GeneratorExp) or (
        isinstance(call, ast.Call)
        and node in call.args
        and (
            module.is_builtin(
                call.func, "any", "all", "sum", "list", "tuple", "set", "sorted", "max", "min", "next", "dict"
            )
            or (isinstance(call.func, ast.Attribute) and call.func.attr == "join")
            or module.imported(call.func) in USED_UP_BY
            or module.imported(call.func).startswith("statistics.")
        )
    )


def is_counter(module: Module, e: ast.expr) -> bool:
    """A number written down, or the variable of a loop over a range: comparing it is quiet and cannot fail."""
    if isinstance(e, ast.Constant):
        return isinstance(e.value, int)
    if not isinstance(e, ast.Name):
        return False
    scope = module.owner(e.id, e)
    if scope is None:
        return False
    for b in module.bindings(e.id, scope):
        loop = module.parents[b.node]
        if not (
            b.how == "loop"
            and isinstance(loop, (ast.For, ast.comprehension))
            and isinstance(loop.iter, ast.Call)
            and module.is_builtin(loop.iter.func, "range")
        ):
            return False
    return True


def goes_through(module: Module, e: ast.expr) -> bool:
    if isinstance(e, ast.Call):
        return (
            module.is_builtin(e.func, "range")
            and not e.keywords
            and not any(isinstance(a, ast.Starred) or not _simple(module, a) for a in e.args)
        )
    return isinstance(e, ast.Name) or (isinstance(e, ast.Attribute) and isinstance(e.value, ast.Name))


def _simple(module: Module, e: ast.expr) -> bool:
    match e:
        case ast.Name() | ast.Constant():
            return True
        case ast.BinOp(op=ast.Add() | ast.Sub()):
            return _simple(module, e.left) and _simple(module, e.right)
        case ast.Call(args=[ast.Name()], keywords=[]):
            return module.is_builtin(e.func, "len")
    return False


def first_subscript(e: ast.expr) -> ast.expr:
    """`rows[j]` out of `rows[j].a["b"]`."""
    while True:
        inner = getattr(e, "value", None)
        if not isinstance(inner, (ast.Subscript, ast.Attribute)):
            return e
        if isinstance(inner, ast.Attribute) and isinstance(e, ast.Subscript) and isinstance(e.slice, ast.Name):
            return e
        e = inner


def row_of_position(e: ast.expr, target: ast.expr) -> ast.expr | None:
    """`rows` when `e` is `rows[j]...` with `j` the target."""
    first = first_subscript(e)
    if (
        isinstance(target, ast.Name)
        and isinstance(first, ast.Subscript)
        and isinstance(first.slice, ast.Name)
        and first.slice.id == target.id
        and target.id not in names(first.value)
    ):
        return first.value
    return None


def path(e: ast.expr, rows: ast.expr | None, names: set[str]) -> frozenset[object] | None:
    """Field names on the way from a row (or name) to what is compared; None when it is not such a path."""
    fields: set[object] = set()
    stop = first_subscript(e) if rows is not None else None
    while e is not stop:
        match e:
            case ast.Attribute(value=value, attr=attr):
                fields.add("." + attr)
                e = value
            case ast.Subscript(value=value, slice=ast.Constant(value=str() | int() as key)):
                fields.add(key)
                e = value
            case ast.Subscript(value=ast.Name(), slice=ast.Name()):
                fields.add("[]")
                break
            case ast.Name():
                break
            case ast.Constant():
                break
            case _:
                return None
    return frozenset(fields)


def position(target: ast.expr, e: ast.expr) -> int | None:
    if isinstance(target, ast.Tuple) and isinstance(e, ast.Name):
        for n, t in enumerate(target.elts):
            if isinstance(t, ast.Name) and t.id == e.id:
                return n
    return None


def stays_inside(module: Module, loop: ast.AST, targets: set[str]) -> bool:
    """Whether nobody looks at the loop's variables after it (another loop that binds them anew may)."""
    inside = set(ast.walk(loop))
    for name in targets:
        probe = next(n for n in inside if isinstance(n, ast.Name) and n.id == name)
        scope = module.owner(name, probe)
        if scope is None:
            return False
        for use in module.uses(name, scope):
            if use in inside and isinstance(use.ctx, ast.Load) and read_later(module, use, loop):
                return False
            if use in inside or not isinstance(use.ctx, ast.Load):
                if use in inside and not isinstance(use.ctx, ast.Load) and module.parents[use] is not loop:
                    if not any(n is use for n in ast.walk(loop.target)):  # type: ignore[attr-defined]
                        return False
                continue
            if module.function(use) is not module.function(loop):
                return False
            if not any(
                isinstance(at, ast.For)
                and at is not loop
                and any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(at.target))
                and any(n is use for s in at.body for n in ast.walk(s))
                and not any(n is loop for n in ast.walk(at))
                for at in module.up(use)
            ):
                return False
    return True


def read_later(module: Module, use: ast.AST, loop: ast.AST) -> bool:
    """Whether a variable in a loop may be read when the loop has gone on: in a function or generator that is kept."""
    child = use
    for at in module.up(use):
        if at is loop:
            return False
        match at:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                return True
            case ast.Lambda():
                keyword = module.parents[at]
                call = module.parents[keyword]
                if not isinstance(keyword, ast.keyword) or keyword.arg != "key" or not isinstance(call, ast.Call):
                    return True
                by_name = isinstance(call.func, ast.Attribute) and call.func.attr == "sort"
                known = module.imported(call.func) in ("heapq.nlargest", "heapq.nsmallest")
                if not (by_name or known or module.is_builtin(call.func, "sorted", "min", "max")):
                    return True
            case ast.GeneratorExp(generators=[first, *_]):
                begun = child is first and any(n is use for n in ast.walk(first.iter))
                if not begun and not at_once(module, at):
                    return True
        child = at
    return False


def changes_fields(project: Project, fields: frozenset[object], stretch: ast.AST) -> bool:
    """Whether attributes on the path may run code or be stored to, anywhere but in constructors."""
    attrs = {str(f)[1:] for f in fields if isinstance(f, str) and f.startswith(".")}
    if (
        attrs & project.properties
        or {"__getattr__", "__getattribute__", "__getitem__", "__missing__"} & project.dunders
    ):
        return True
    if not attrs:
        return False
    for module in project.modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Attribute) and node.attr in attrs and not isinstance(node.ctx, ast.Load):
                holder = module.function(node)
                if not (isinstance(holder, ast.FunctionDef) and holder.name == "__init__"):
                    return True
            if isinstance(node, ast.Name) and node.id in ("setattr", "delattr", "vars"):
                return True
            if isinstance(node, ast.Attribute) and node.attr in ("__dict__", "__setattr__"):
                return True
    return False


def stay_plain(project: Project, asked: tuple[ast.expr, ...], row_side: ast.expr) -> bool:
    """Whether fields of rows, once they are plain values, are never anything else: all that is ever stored under such
    names is a constant or a truth value. (Rows are of one sort: what is compared is found as these fields are.)"""
    while isinstance(inner := getattr(row_side, "value", None), (ast.Attribute, ast.Subscript)):
        row_side = inner
    if {type(e) for e in asked} != {type(row_side)}:
        return False
    attrs = {e.attr for e in asked if isinstance(e, ast.Attribute)}
    keys = {e.slice.value for e in asked if isinstance(e, ast.Subscript) and isinstance(e.slice, ast.Constant)}
    if changes_fields(project, frozenset(), project.modules[0].tree) or attrs & project.properties:
        return False
    for module in project.modules:
        for n in ast.walk(module.tree):
            if isinstance(n, ast.Name) and n.id in ("setattr", "delattr", "vars"):
                return False
            if isinstance(n, ast.Attribute) and n.attr in ("__dict__", "__setattr__", "__delattr__"):
                return False
            if isinstance(n, ast.Subscript) and not isinstance(n.ctx, ast.Load):
                if not (isinstance(n.slice, ast.Constant) and n.slice.value in keys):
                    continue
            elif not isinstance(n, ast.Attribute) or isinstance(n.ctx, ast.Load) or n.attr not in attrs:
                continue
            holder, s = module.function(n), module.parents[n]
            if isinstance(n, ast.Attribute) and isinstance(holder, ast.FunctionDef) and holder.name == "__init__":
                continue  # of a new row, which is no row of the index
            if not (isinstance(s, (ast.Assign, ast.AnnAssign)) and s.value is not None and _truth(s.value)):
                return False
    return True


def _truth(e: ast.expr) -> bool:
    return isinstance(e, ast.Constant) or isinstance(e, ast.UnaryOp) and isinstance(e.op, ast.Not)


def key_stays(place: Place, key: ast.expr, search: ast.AST, rows: ast.expr | None) -> bool:
    """Whether what is searched for stays the same while one search runs."""
    module, project = place.module, place.project
    body = set(ast.walk(search))
    comprehension = module.parents[search] if isinstance(search, ast.comprehension) else None
    if comprehension is not None:
        body |= set(ast.walk(comprehension))
    for name in {n.id: n for n in ast.walk(key) if isinstance(n, ast.Name)}.values():
        scope = module.owner(name.id, name)
        if scope is None or isinstance(scope, ast.ClassDef):
            return False
        if any(isinstance(n, ast.NamedExpr) and n.target.id == name.id for n in body):
            return False
        if any(u in set(ast.walk(search)) and not isinstance(u.ctx, ast.Load) for u in module.uses(name.id, scope)):
            return False
        if any(not isinstance(b.node, (ast.Name, ast.arg)) for b in module.bindings(name.id, scope)):
            return False
        if isinstance(scope, COMPREHENSIONS):
            continue
        if isinstance(scope, ast.Module) and module.function(search) is not scope:
            if any(module.function(b.node) is not scope for b in module.bindings(name.id, scope)):
                return False
        elif any(
            module.function(u) is not scope and not isinstance(u.ctx, ast.Load) for u in module.uses(name.id, scope)
        ):
            return False
    for node in ast.walk(key):
        if isinstance(node, ast.Subscript):
            if _may_store(project, module, body, key):
                return False
            if isinstance(node.slice, (ast.Name, ast.BinOp)) and not (rows is not None and same(node.value, rows)):
                # xs[i]: xs may not change in the search, whatever goes by another name
                if not isinstance(node.value, ast.Name):
                    return False
                stretch = search if isinstance(search, ast.For) else module.statement(search)
                held = frozen_during(project, module, node.value, stretch)
                if not held.ok or held.apart:
                    return False
            # a constant field: what is stored in the outer loop was looked at with the rows' fields
    return True


def _may_store(project: Project, module: Module, body: set[ast.AST], key: ast.expr) -> bool:
    """Whether one search may store into what its key `o["k"]` is read from."""
    fields = path(key, None, names(key))
    text = fields is not None and all(isinstance(f, str) and f != "[]" for f in fields)
    for n in body:
        if isinstance(n, ast.Subscript) and not isinstance(n.ctx, ast.Load):
            if text and isinstance(n.slice, ast.Constant) and n.slice.value not in (fields or ()):
                continue
            target = n.value
        elif isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr in MUTATORS:
            if text and n.func.attr in ("append", "extend"):
                continue  # nothing with names has these
            target = n.func.value
        elif isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Name):
            target = n.target
        else:
            continue
        if not isinstance(target, ast.Name) or target.id in names(key):
            return True
        scope = module.owner(target.id, target)
        if scope is None:
            return True
        if scalar_name(project, module, target.id, scope):
            continue
        if not project.fresh_name(module, target.id, scope) or escapes(project, module, target.id, scope, None):
            return True
    return False
