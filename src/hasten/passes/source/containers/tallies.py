"""Counting one by one.

What it finds    `for w in words: counts[w] += 1` with a `Counter` or `defaultdict(int)`, maybe with a test around it or
                 a key worked out from `w`; `counts[w] = counts.get(w, 0) + 1` and `if w in counts: ...` with a dict.
Why it is slow   each item goes through the interpreter; a `Counter` finds each item twice, by methods in Python.
Example          for w in words:                  _count_elements(counts, (w for w in words if w in known))
                     if w in known:          ->
                         counts[w] += 1
Safe when        nothing is done in the loop but counting; what `+= 1` counts in is made in the same function, by its
                 syntax, and holds numbers only until the loop is over (an array would be added to in place, a number is
                 not); no one reads what the loop leaves under its own name. Items are taken, tested and counted in the
                 same order, one at a time, so that what raises does so with the same counts. `_count_elements` is
                 what `Counter.update` counts with.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from hasten.passes.source.containers.base import ContainerPass, Place
from hasten.passes.source.containers.effects import OPERATORS, scalar_value, use_kind
from hasten.passes.source.containers.memo import CHANGING_METHODS, PURE_METHODS
from hasten.passes.source.containers.syntax import FUNCTIONS, Module, Parts, same
from hasten.passes.source.repeats.world import world_of

IMPORT = "from collections import _count_elements\n"
# Methods that put nothing into a table
EMPTYING = frozenset({"clear", "pop", "popitem"})
# What may be asked of items: nothing of it takes the next of an iterator
ASKED = frozenset("len str int float abs ord chr round min max sum repr bool tuple isinstance sorted frozenset".split())
SIZED = ("list", "set", "sorted", "tuple", "dict", "frozenset", "range")
WAITING = (ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr, ast.Starred, ast.Lambda)
HOOKS = frozenset(
    "__getattr__ __getattribute__ __setattr__ __getitem__ __missing__ __contains__ __lt__ __str__".split()
)
TAKING = frozenset({"next", "StopIteration", "__next__", "super", "throw", "send"})


@dataclass(frozen=True)
class Count:
    """What one round counts: `table[key]`."""

    table: ast.expr
    key: ast.expr
    in_place: bool  # `+= 1` rather than `... + 1`
    missing: bool  # says itself what becomes of a key that is not there


class Tallies(ContainerPass):
    """See the module."""

    code: ClassVar[str] = "HST121"
    name: ClassVar[str] = "counting one by one"

    def sites(self, place: Place) -> Iterator[Parts]:
        if {"__eq__", "__hash__"} & place.project.dunders:
            return  # who sees how often it is asked
        if {"__missing__", "__getitem__", "__setitem__"} & place.project.attributes:
            return  # `Counter.__missing__ = ...`
        for statement in place.module.statements(place.region):
            for node in ast.walk(statement):
                if isinstance(node, ast.For):
                    found = _site(place, node)
                    if found is not None:
                        yield found


def _site(place: Place, loop: ast.For) -> Parts | None:
    module = place.module
    scope = module.function(loop)
    if loop.orelse or not isinstance(scope, (ast.Module, ast.FunctionDef)) or not module.whole_lines(loop):
        return None
    targets = _targets(loop.target)
    tests, body = _tests(loop.body)
    count = _counted(body)
    if not targets or count is None or isinstance(count.key, ast.Slice):
        return None
    if any(isinstance(n, WAITING) for n in ast.walk(loop.iter)):
        return None
    if not all(_lazily(place, e, loop) for e in (*(t for t, _ in tests), count.key)):
        return None
    if any(isinstance(n, ast.Name) and n.id in targets for n in ast.walk(count.table)):
        return None
    if any(_read_elsewhere(place, name, loop) for name in targets):
        return None
    plain = not tests and isinstance(count.key, ast.Name) and count.key.id == targets[0] and len(targets) == 1
    margin, items, table = module.margin(loop), _wrapped(module, loop.iter, ast.Tuple), module.text(count.table)
    if isinstance(count.table, ast.Name):
        made = _made(place, count.table, loop, scope)
        kind = _table(module, made)
        if made is None and plain and not count.in_place and _bound_here(place, count.table, scope):
            guard = f"type({table}) is dict"  # whatever it holds: `get` and `+` are what they were
        elif made is None or not _fits(kind, count, plain):
            return None
        else:
            guard = f"type({table}) is {_maker(module, made)}"
        text = f"_count_elements({table}, {items if plain else _generator(module, loop, tests, count)})"
        if kind == "defaultdict":
            guard += f" and {table}.default_factory is int"
    elif isinstance(count.table, ast.Attribute):
        counter = _counter_of(place, count.table, scope)
        sized = isinstance(loop.iter, ast.Name) or module.is_builtin(getattr(loop.iter, "func", loop), *SIZED)
        if not counter or not sized or not all(_looks_only(place, e) for e in (*(t for t, _ in tests), count.key)):
            return None
        text = f"_count_elements({table}, {items if plain else _generator(module, loop, tests, count)})"
        guard = f'type(getattr({module.text(count.table.value)}, "{count.table.attr}", None)) is {counter}'
        if isinstance(loop.iter, ast.Name):
            guard = f"type({items}) in (list, tuple, set, dict, str) and {guard}"  # what runs nothing of the program
    elif isinstance(count.table, ast.Subscript) and isinstance(count.table.value, ast.Name) and plain:
        made = _made_of_tables(place, count.table, loop, scope)
        if made is None or not module.is_builtin(getattr(loop.iter, "func", loop), *SIZED):
            return None
        base = count.table.value.id
        name = module.fresh(f"{targets[0]}_items")
        # a table is made for this key only if there is something to count
        text = f"{name} = {items}\n{margin}    if {name}:\n{margin}        _count_elements({table}, {name})"
        guard = f"type({base}) is {_maker(module, made)} and {base}.default_factory is {module.text(made.args[0])}"
    else:
        return None
    lines = module.source.lines[loop.lineno - 1 : loop.end_lineno]
    # the loop as it was, one step further in
    old = "".join(
        f"{margin}    {ln.removeprefix(margin)}" if ln.startswith(margin) and ln.strip() else ln for ln in lines
    )
    if any(isinstance(n, (ast.Constant, ast.JoinedStr)) and n.lineno != n.end_lineno for n in ast.walk(loop)):
        return None  # a text of several lines would get another margin
    text = f"if {guard}:\n{margin}    {text}\n{margin}else:\n{old.rstrip()}"
    return Parts(
        title=f"count into {table} at once",
        first=loop.lineno,
        last=loop.end_lineno or loop.lineno,
        reason=f"each item is found in {table} twice, and goes through the interpreter",
        remedy="`_count_elements`, which `Counter.update` counts with",
        replace=((loop, text),),
        prelude=(IMPORT,),
    )


def _generator(module: Module, loop: ast.For, tests: list[tuple[ast.expr, bool]], count: Count) -> str:
    """The keys that the loop counts, one after the other."""
    wheres = ""
    for test, holds in tests:
        text = _wrapped(module, test, ast.IfExp)
        if not holds:
            text = f"not ({module.text(test)})"
        wheres += f" if {text}"
    items = _wrapped(module, loop.iter, (ast.IfExp, ast.Tuple))
    return f"({_wrapped(module, count.key, ast.Tuple)} for {', '.join(_targets(loop.target))} in {items}{wheres})"


def _wrapped(module: Module, e: ast.expr, kinds: type[ast.expr] | tuple[type[ast.expr], ...]) -> str:
    """The text of an expression, in parentheses if it is one of these."""
    text = module.text(e)
    if not isinstance(e, kinds):
        return text
    try:
        inner = ast.parse(text[1:-1], mode="eval").body if text.startswith("(") else None
    except SyntaxError:
        inner = None  # `(a), (b)`
    return text if isinstance(inner, kinds) else f"({text})"


def _fits(kind: str, count: Count, plain: bool) -> bool:
    """Is this table counted faster, and does it do what the loop did with what is not there?"""
    if kind == "Counter":
        return True
    # their items are found so fast that a generator would cost more
    return plain and (kind == "defaultdict" or kind == "dict" and count.missing)


def _maker(module: Module, made: ast.expr) -> str:
    """The type that this makes one of, as the file names it."""
    return module.text(made.func) if isinstance(made, ast.Call) else "dict"


def _targets(target: ast.expr) -> tuple[str, ...]:
    """The names that a loop binds, if it binds nothing else."""
    parts = target.elts if isinstance(target, ast.Tuple) else [target]
    names = tuple(p.id for p in parts if isinstance(p, ast.Name))
    return names if len(names) == len(parts) == len(set(names)) else ()


def _tests(body: list[ast.stmt]) -> tuple[list[tuple[ast.expr, bool]], list[ast.stmt]]:
    """The tests around what a round does, with whether they hold then, and that."""
    tests: list[tuple[ast.expr, bool]] = []
    while True:
        match body:
            case [ast.If(test=test, body=inner, orelse=[])]:
                tests.append((test, True))
                body = inner
            case [ast.If(test=test, body=[ast.Continue()], orelse=[]), *rest] if rest:
                tests.append((test, False))
                body = rest
            case _:
                return tests, body


def _one(e: ast.expr | None, value: int = 1) -> bool:
    return isinstance(e, ast.Constant) and type(e.value) is int and e.value == value


def _added(statement: ast.stmt) -> tuple[ast.expr, ast.expr] | None:
    """The table and the key of `table[key] += 1`."""
    match statement:
        case ast.AugAssign(target=ast.Subscript(value=table, slice=key), op=ast.Add(), value=value) if _one(value):
            return table, key
    return None


def _counted(body: list[ast.stmt]) -> Count | None:
    match body:
        case [ast.AugAssign() as statement]:
            found = _added(statement)
            return Count(*found, in_place=True, missing=False) if found else None
        case [ast.Assign(targets=[ast.Subscript(value=table, slice=key)], value=value)] if _gets(value, table, key):
            return Count(table, key, in_place=False, missing=True)
        case [ast.If(test=ast.Compare(left=key, ops=[op], comparators=[table]), body=[yes], orelse=[no])]:
            if isinstance(op, ast.NotIn):
                yes, no = no, yes
            elif not isinstance(op, ast.In):
                return None
            found = _added(yes)
            if found and same(found[0], table) and same(found[1], key) and _begins(no, table, key, 1):
                return Count(table, key, in_place=True, missing=True)
        case [
            ast.If(test=ast.Compare(left=key, ops=[ast.NotIn()], comparators=[table]), body=[first], orelse=[]),
            ast.AugAssign() as statement,
        ]:
            found = _added(statement)
            if found and same(found[0], table) and same(found[1], key) and _begins(first, table, key, 0):
                return Count(table, key, in_place=True, missing=True)
    return None


def _gets(value: ast.expr, table: ast.expr, key: ast.expr) -> bool:
    """Is it `table.get(key, 0) + 1`?"""
    match value:
        case ast.BinOp(
            left=ast.Call(func=ast.Attribute(value=of, attr="get"), args=[asked, zero], keywords=[]),
            op=ast.Add(),
            right=right,
        ):
            return _one(right) and _one(zero, 0) and same(of, table) and same(asked, key)
    return False


def _begins(statement: ast.stmt, table: ast.expr, key: ast.expr, value: int) -> bool:
    """Is it `table[key] = value`?"""
    match statement:
        case ast.Assign(targets=[ast.Subscript(value=of, slice=at)], value=given):
            return same(of, table) and same(at, key) and _one(given, value)
    return False


def _lazily(place: Place, e: ast.expr, loop: ast.For) -> bool:
    """May this be asked in a generator expression in place of the loop?"""
    module, project = place.module, place.project
    scope = module.function(loop)
    for node in ast.walk(e):
        if isinstance(node, (*WAITING, ast.comprehension)):
            return False
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and module.is_builtin(node.func):
                if node.func.id not in ASKED:
                    return False
            elif any(m.names & TAKING for m in project.modules):
                return False  # a generator may not let `StopIteration` out, a loop may
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            owner = module.owner(node.id, node)
            if owner is None or owner is not scope or isinstance(owner, ast.Module):
                continue
            # what has no value yet is called otherwise in a generator
            if node.id not in _targets(loop.target) and not module.bound_before(node.id, owner, loop):
                return False
    return True


def _read_elsewhere(place: Place, name: str, loop: ast.For) -> bool:
    """May somebody read what the loop leaves under this name?"""
    module = place.module
    scope = module.function(loop)
    owner = module.owner(name, loop.body[0])
    if owner is not scope:
        return True
    if isinstance(scope, ast.Module) and place.project.mentions(name, module):
        return True
    inside = set(ast.walk(loop))
    for use in module.uses(name, owner):
        if use in inside or isinstance(use.ctx, ast.Store) and not isinstance(module.parents[use], ast.AugAssign):
            continue
        if isinstance(use.ctx, ast.Del) or not _bound_around(module, use, loop):
            return True
    return False


def _bound_around(module: Module, use: ast.Name, loop: ast.For) -> bool:
    """Is this use in a loop of its own, which binds the name?"""
    child: ast.AST = use
    for at in module.up(use):
        if isinstance(at, FUNCTIONS):
            return False
        if isinstance(at, ast.For) and child in at.body and use.id in _targets(at.target):
            return loop not in ast.walk(at)
        child = at
    return False


# -- what is counted in


def _bound_here(place: Place, table: ast.Name, scope: ast.AST) -> bool:
    """Whether nothing but the code around the loop binds the table's name."""
    module = place.module
    if module.owner(table.id, table) is not scope or module.owner("dict", table) is not None:
        return False
    if isinstance(scope, ast.Module) and place.project.mentions(table.id, module):
        return False
    if not module.bound_before(table.id, scope, module.statement(table)) or any(
        isinstance(use.ctx, ast.Del) for use in module.uses(table.id, scope)
    ):
        return False  # where nothing is counted, nobody asks for it
    return all(module.function(b.node) is scope for b in module.bindings(table.id, scope))


def _made_before(module: Module, name: str, scope: ast.AST, loop: ast.For) -> tuple[ast.expr, set[ast.AST]] | None:
    """What a name is bound to, once, before a loop, and all that runs since then until the loop is over."""
    bound = module.bindings(name, scope)
    if len(bound) != 1 or bound[0].how != "assign" or bound[0].value is None:
        return None
    made = module.statement(bound[0].node)
    if not isinstance(made, (ast.Assign, ast.AnnAssign)) or module.function(made) is not scope:
        return None
    if isinstance(made, ast.Assign) and (len(made.targets) != 1 or not isinstance(made.targets[0], ast.Name)):
        return None
    siblings = module.siblings(made)
    around = {loop, *module.up(loop)}
    at = siblings.index(made) if made in siblings else len(siblings)
    last = next((i for i, s in enumerate(siblings) if i > at and s in around), None)
    if last is None:
        return None
    return bound[0].value, {n for s in siblings[at + 1 : last + 1] for n in ast.walk(s)}


def _table(module: Module, value: ast.expr | None) -> str:
    """Counter, defaultdict (of whole numbers) or dict: which of them this makes, empty or with numbers written down."""
    match value:
        case ast.Call(func=f, args=[], keywords=[]) if module.imported(f) == "collections.Counter":
            return "Counter"
        case ast.Call(func=f, args=[of], keywords=[]) if module.imported(f) == "collections.defaultdict":
            return "defaultdict" if module.is_builtin(of, "int") else ""
        case ast.Dict(values=values) if all(isinstance(v, ast.Constant) and type(v.value) is int for v in values):
            return "dict"
        case ast.Call(func=f, args=[], keywords=[]) if module.is_builtin(f, "dict"):
            return "dict"
    return ""


def _made(place: Place, table: ast.Name, loop: ast.For, scope: ast.AST) -> ast.expr | None:
    """What made a table that holds nothing but numbers when the loop is over; None when nobody can say."""
    module = place.module
    owner = module.owner(table.id, table)
    found = _made_before(module, table.id, scope, loop) if owner is scope else None
    if found is None or isinstance(scope, ast.Module) and place.project.mentions(table.id, module):
        return None
    made, meanwhile = found
    for use in module.uses(table.id, scope):
        local = module.function(use) is scope
        if local and use not in meanwhile:
            continue
        kind = use_kind(place.project, module, use)
        if kind == "read":
            continue
        if not local or not _puts_number(place, use):
            return None
    return made


def _puts_number(place: Place, use: ast.expr) -> bool:
    """Does this use of a table put a number there, if anything?"""
    module = place.module
    item = module.parents[use]
    holder = module.parents[item]
    match item:
        case ast.Subscript(ctx=ast.Del()):
            return True
        case ast.Subscript(ctx=ast.Store()) if item.value is use:
            if isinstance(holder, ast.AugAssign):
                return _number(place, holder.value)
            if isinstance(holder, ast.Assign) and len(holder.targets) == 1:
                counts = _gets(holder.value, item.value, item.slice)
                return counts or _number(place, holder.value)
        case ast.Attribute(attr=attr) if attr in EMPTYING:
            return isinstance(holder, ast.Call) and holder.func is item
    return False


def _number(place: Place, value: ast.expr) -> bool:
    """Is it a number by its syntax? (`None += 1` says something else than `None + 1`.)"""
    if not scalar_value(place.project, place.module, value, text=False):
        return False
    for node in ast.walk(value):
        if isinstance(node, ast.Constant) and not isinstance(node.value, (int, float, complex)):
            return False
        if isinstance(node, ast.Call) and place.module.imported(node.func) == "":
            if not place.module.is_builtin(node.func, "bool", "float", "hash", "id", "int", "len", "ord"):
                return False
    return True


def _made_of_tables(place: Place, table: ast.Subscript, loop: ast.For, scope: ast.AST) -> ast.Call | None:
    """The same of `tables[key]`, where `tables` is a `defaultdict(Counter)` of which only such tables are asked."""
    module = place.module
    base, key = table.value, table.slice
    if not isinstance(base, ast.Name) or not isinstance(key, (ast.Name, ast.Constant)):
        return None
    if module.owner(base.id, base) is not scope:
        return None
    if isinstance(key, ast.Name) and not module.bound_before(key.id, module.owner(key.id, key) or scope, loop):
        return None
    found = _made_before(module, base.id, scope, loop)
    if found is None or isinstance(scope, ast.Module) and place.project.mentions(base.id, module):
        return None
    made, meanwhile = found
    match made:
        case ast.Call(func=f, args=[of], keywords=[]) if module.imported(f) == "collections.defaultdict":
            if module.imported(of) != "collections.Counter":
                return None
        case _:
            return None
    for use in module.uses(base.id, scope):
        local = module.function(use) is scope
        if local and use not in meanwhile or isinstance(use.ctx, ast.Store):
            continue
        item = module.parents[use]
        if not isinstance(item, ast.Subscript) or item.value is not use or isinstance(item.ctx, ast.Store):
            return None
        if isinstance(item.ctx, ast.Load) and use_kind(place.project, module, item) == "read":
            continue
        if not local or not isinstance(item.ctx, ast.Load) or not _puts_number(place, item):
            return None
    return made


def _counter_of(place: Place, table: ast.Attribute, scope: ast.AST) -> str:
    """What the file calls `Counter`, where this attribute never means anything but one that holds numbers only."""
    module, project = place.module, place.project
    if not isinstance(table.value, ast.Name) or not isinstance(scope, ast.FunctionDef) or project.threads:
        return ""
    own = scope.args.args[0].arg if scope.args.args else ""
    if (
        table.value.id != own
        or len(module.bindings(own, scope)) != 1
        or not isinstance(module.parents[scope], ast.ClassDef)
    ):
        return ""
    if table.attr in project.properties or HOOKS & project.dunders or table.attr.startswith("__") or not project.whole:
        return ""
    if not world_of(project).project.closed(ast.Attribute(table.value, table.attr, ast.Load())):
        return ""
    counter = ""
    for home in project.modules:
        for node in ast.walk(home.tree):
            if not isinstance(node, ast.Attribute) or node.attr != table.attr:
                continue
            if isinstance(node.ctx, ast.Store):
                value = getattr(home.parents[node], "value", None)
                if not isinstance(value, ast.expr) or _table(home, value) != "Counter":
                    return ""
                if home is module and isinstance(value, ast.Call):
                    counter = home.text(value.func)
            elif use_kind(project, home, node) != "read" and not _puts_number(
                Place(home, project, place.region, place.facts), node
            ):
                return ""
    return counter


def _looks_only(place: Place, e: ast.expr) -> bool:
    """Whether evaluating it runs nothing of the program's own."""
    project = place.project
    for node in ast.walk(e):
        if isinstance(node, ast.Call):
            func = node.func
            if isinstance(func, ast.Attribute):
                if func.attr not in PURE_METHODS - CHANGING_METHODS or func.attr in project.functions:
                    return False
            elif not place.module.is_builtin(func):
                return False
        elif isinstance(node, ast.Attribute) and node.attr in project.properties:
            return False
    return not project.dunders & (OPERATORS | HOOKS)
