"""Searches that a helper function makes, with the loop outside of it.

`def orders_of(cid): return [o for o in orders if o["customer_id"] == cid]`: while a loop runs that changes neither the
orders nor what is in them, an index by the field compared stays true, and is made once.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hasten.passes.source.containers import join_views
from hasten.passes.source.containers.join_index import BY_KEY, MATCHING, Search, keyed, keys_prelude, search_of
from hasten.passes.source.containers.join_stays import changes_fields, names, path, position, stays_inside
from hasten.passes.source.containers.syntax import Module
from hasten.passes.source.repeats.again import Again


@dataclass(frozen=True)
class Lookup:
    """A search for rows of which one field equals a parameter, in a function of its own."""

    module: Module
    function: ast.FunctionDef
    node: ast.expr  # the rows, as they are named in the search
    params: tuple[str, ...]
    reads: frozenset[str]
    names: frozenset[str]
    name: str  # of the function that makes the index
    maker: str
    key: str
    view: bool = False  # what is gone through is made anew each time: `self.loans.values()`

    @property
    def qualname(self) -> str:
        return self.name

    def text(self) -> str:
        """The function that makes the index."""
        rows = self.module.text(self.node)
        if self.view:
            return f"@_kept\ndef {self.name}({', '.join(self.params)}):\n    return _laid_out({self.maker})\n"
        return f"@_kept\ndef {self.name}({', '.join(self.params)}):\n    return _by_key({rows}, {self.maker})\n"

    def call(self) -> str:
        """What the search goes through."""
        made = f'{self.name}({", ".join(self.params)}) if "{self.name}" in _KEPT else None'
        if self.view:
            return f"_with_key({self.module.text(self.node)}, {made}, lambda: {self.key})"
        return f"_matching({self.module.text(self.node)}, {made}, lambda: {self.key})"


def prelude(again: Again, module: Module, found: Iterable[Lookup]) -> tuple[str, ...]:
    """The helpers that searches by an index need."""
    project = again.world.project
    kinds = {s.view for s in found}
    views = join_views.prelude(project, module, join_views.LAID_OUT) if True in kinds else ()
    if False not in kinds:
        return views
    return (
        *views,
        "from itertools import islice\n",
        *keys_prelude(project, module),
        keyed(project, module, BY_KEY),
        keyed(project, module, MATCHING),
    )


def lookups(again: Again, module: Module, function: ast.FunctionDef) -> Iterator[Lookup]:
    """The searches of a function that is defined at the top of its file, or in a class there."""
    holder = module.parents[function]
    top = holder if isinstance(holder, ast.Module) else module.parents[holder]
    if not isinstance(top, ast.Module) or not isinstance(holder, (ast.Module, ast.ClassDef)):
        return
    if isinstance(holder, ast.ClassDef):
        same = [s for s in holder.body if getattr(s, "name", "") == function.name]
        if same != [function] or len(module.bindings(holder.name, module.tree)) != 1:
            return
    elif len(module.bindings(function.name, module.tree)) != 1:
        return
    if not all(isinstance(d, ast.Name) and d.id in ("property", "staticmethod") for d in function.decorator_list):
        return  # a compiled function calls no others
    a = function.args
    if a.vararg or a.kwarg or any(isinstance(n, (ast.Yield, ast.YieldFrom)) for n in ast.walk(function)):
        return
    params = [p.arg for p in (*a.posonlyargs, *a.args, *a.kwonlyargs)]
    taken: set[str] = set()
    for node in ast.walk(function):
        search = search_of(module, node)
        found = None
        if search is None:
            search = search_of(module, node, lambda m, e: join_views.view_of(again.world.project, m, e) is not None)
            if search is not None and not search.asked and module.function(search.node) is function:
                found = _view_lookup(again, module, function, search, params, taken)
        elif not search.asked and module.function(search.node) is function:
            found = _lookup(again, module, function, search, params, taken)
        if found is not None:
            taken.add(found.name)
            yield found


def _lookup(
    again: Again, module: Module, function: ast.FunctionDef, s: Search, params: list[str], taken: set[str]
) -> Lookup | None:
    project = again.world.project
    targets = names(s.target)
    if not all(isinstance(n, (ast.Name, ast.Tuple, ast.Store)) for n in ast.walk(s.target)):
        return None
    row_side, key = s.test.left, s.test.comparators[0]
    if not names(row_side) & targets:
        row_side, key = key, row_side
    if not names(row_side) & targets or s.leaks and not stays_inside(module, s.node, targets):
        return None
    # a search for what the function was given, and for nothing else
    if not isinstance(key, ast.Name) or key.id not in params or len(module.bindings(key.id, function)) != 1:
        return None
    if module.owner(key.id, key) is not function:
        return None
    rows = s.iter
    used = _holders(again, module, function, rows, params)
    if used is None or key.id in used:
        return None
    fields = path(row_side, None, targets)
    if fields is None or "[]" in fields or changes_fields(project, fields, s.node):
        return None
    maker = _maker(module, s, row_side)
    if maker is None:
        return None
    attributes = frozenset(n.attr for part in (rows, row_side) for n in ast.walk(part) if isinstance(n, ast.Attribute))
    if attributes & set(project.functions):
        return None
    name = _name(module, function, taken)
    words = frozenset({rows.id}) if isinstance(rows, ast.Name) and not used else frozenset[str]()
    return Lookup(module, function, rows, used, attributes, words, name, maker, key.id)


def _name(module: Module, function: ast.FunctionDef, taken: set[str]) -> str:
    """A name for the function that makes the index for a search."""
    own = f"{function.name.strip('_')}_by"
    holder = module.parents[function]
    return module.fresh(f"_{holder.name}_{own}" if isinstance(holder, ast.ClassDef) else f"_{own}", taken)


def _holders(
    again: Again, module: Module, function: ast.FunctionDef, rows: ast.expr, params: list[str]
) -> tuple[str, ...] | None:
    """The parameters that rows are found from: `self` of `self.rows`, or `rows`; None where they may be anything."""
    project = again.world.project
    used: tuple[str, ...] = ()
    if isinstance(rows, ast.Attribute):
        if not isinstance(rows.value, ast.Name) or rows.value.id not in params or rows.attr in project.functions:
            return None
        if rows.attr.startswith("__") or rows.attr not in project.attributes:
            return None
        used = (rows.value.id,)
    elif isinstance(rows, ast.Name):
        owner = module.owner(rows.id, rows)
        if owner is function:
            used = (rows.id,)
        elif owner is not module.tree:
            return None
    else:
        return None
    return None if any(p not in params or len(module.bindings(p, function)) != 1 for p in used) else used


def _view_lookup(
    again: Again, module: Module, function: ast.FunctionDef, s: Search, params: list[str], taken: set[str]
) -> Lookup | None:
    """The same, of what is gone through by `.items()`, `enumerate`, `zip` and the like."""
    project = again.world.project
    view = join_views.view_of(project, module, s.iter)
    key = join_views.sides(s)[1]
    if view is None or not join_views.targets_fit(module, s, view):
        return None
    if not isinstance(key, ast.Name) or key.id not in params or len(module.bindings(key.id, function)) != 1:
        return None
    row = join_views.row_key(project, module, s)
    layout = None if row is None else join_views.layout(module, s, view, row)
    held = [_holders(again, module, function, e, params) for e in view.sources]
    if layout is None or module.owner(key.id, key) is not function or any(h is None or key.id in h for h in held):
        return None
    used = tuple(p for p in params if any(p in h for h in held if h is not None))
    reads = frozenset(n.attr for e in view.sources for n in ast.walk(e) if isinstance(n, ast.Attribute))
    words = frozenset(e.id for e, h in zip(view.sources, held, strict=True) if isinstance(e, ast.Name) and not h)
    name = _name(module, function, taken)
    return Lookup(module, function, s.iter, used, reads, words, name, ", ".join(layout), key.id, view=True)


def _maker(module: Module, s: Search, row_side: ast.expr) -> str | None:
    """The arguments of `_by_key` that say where a row's key is, and of which types rows are."""
    if isinstance(s.target, ast.Name):
        steps = ast.unparse(row_side).removeprefix(s.target.id)
        kinds = "(dict, list, tuple)" if steps.startswith("[") else "()"
        return f"lambda {s.target.id}: {module.text(row_side)}, {kinds}"
    at = position(s.target, row_side)
    if at is None or not isinstance(s.target, ast.Tuple):
        return None
    row = module.fresh("row")
    return f"lambda {row}: {row}[{at}] if len({row}) == {len(s.target.elts)} else [], (dict, list, tuple)"
