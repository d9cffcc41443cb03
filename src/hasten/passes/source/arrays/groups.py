"""The same labels compared for group after group.

What it finds    `X[labels == k]`, `np.where(labels == k)[0]`, `np.sum(labels == k)`, or a name bound to such a mask,
                 in a loop that leaves `labels` as they are.
Why it is slow   every group looks at all items; n items in g groups cost n * g.
Example          for k in np.unique(labels): m = X[labels == k].mean(axis=0)
                 ->  labels_places = _places_by_label(labels) before the loop, and X[_equal_to(labels, k, ...)] in it
Safe when        nothing in the loop can change `labels` (proved from the syntax of the project), and, checked as it
                 runs, they are integers or text in one dimension and the key is one too. The places keep their order,
                 so that every group is the same array.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from hasten.passes.source.arrays.base import early, helper, never_array, numpy_call
from hasten.passes.source.arrays.frozen import frozen_array
from hasten.passes.source.containers.base import ContainerPass, Place
from hasten.passes.source.containers.membership import stretches
from hasten.passes.source.containers.syntax import COMPREHENSIONS, Module, Parts

PLACES = '''\
def _places_by_label(labels):
    """The places of every label, in order; None where labels are not plain integers or text in one dimension."""
    if type(labels) is not NP.ndarray or labels.ndim != 1 or len(labels) < 2:
        return None
    if labels.dtype.kind == "O":
        items = labels.tolist()
        if set(map(type, items)) != {str}:
            return None
        places = {}
        for place, item in enumerate(items):
            places.setdefault(item, []).append(place)
        return {item: NP.array(found) for item, found in places.items()}
    if labels.dtype.kind not in "iuU":
        return None
    order = NP.argsort(labels, kind="stable")
    ordered = labels[order]
    starts = NP.flatnonzero(ordered[1:] != ordered[:-1]) + 1
    found = NP.split(order, starts)
    return dict(zip([ordered[0].item(), *ordered[starts].tolist()], found))


def _label_places(labels, value, places):
    """Where `labels == value` holds; None where that is not known."""
    if places is None:
        return None
    if labels.dtype.kind in "iu":
        known = isinstance(value, (int, NP.integer))
    else:
        known = type(value) in (str, NP.str_) and not value.endswith("\\0")
    return places.get(value, NP.empty(0, NP.intp)) if known else None


'''
INDEX = '''\
def _equal_to(labels, value, places, table):
    """`labels == value` as an index of `table`: the places where it holds, if they are known."""
    found = _label_places(labels, value, places)
    if found is None or type(table) is not NP.ndarray or table.ndim == 0 or len(table) != len(labels):
        return labels == value
    return found


'''
WHERE = '''\
def _places_of(labels, value, places):
    """np.where(labels == value)[0]"""
    found = _label_places(labels, value, places)
    return NP.where(labels == value)[0] if found is None else found.copy()


'''
FLAT = '''\
def _flat_places_of(labels, value, places):
    """np.flatnonzero(labels == value)"""
    found = _label_places(labels, value, places)
    return NP.flatnonzero(labels == value) if found is None else found.copy()


'''
COUNT = '''\
def _count_of(labels, value, places):
    """np.sum(labels == value)"""
    found = _label_places(labels, value, places)
    return NP.sum(labels == value) if found is None else NP.int_(len(found))


'''
SUMMED = '''\
def _summed(labels, value, places):
    """(labels == value).sum()"""
    found = _label_places(labels, value, places)
    return (labels == value).sum() if found is None else NP.int_(len(found))


'''
TEXTS = {"_equal_to": INDEX, "_places_of": WHERE, "_flat_places_of": FLAT, "_count_of": COUNT, "_summed": SUMMED}


@dataclass(frozen=True)
class Use:
    """What becomes of one use of a mask: the node to replace, by which helper, and the table it indexes."""

    node: ast.expr
    function: str
    table: ast.expr | None = None


class MaskPerGroup(ContainerPass):
    """See the module."""

    code: ClassVar[str] = "HST504"
    name: ClassVar[str] = "labels compared for every group"

    def sites(self, place: Place) -> Iterator[Parts]:
        module = place.module
        names: dict[tuple[ast.stmt, str], str] = {}
        taken: set[str] = set()
        for statement in module.statements(place.region):
            for node in ast.walk(statement):
                match node:
                    case ast.Compare(left=ast.Name() as labels, ops=[ast.Eq()], comparators=[key]):
                        pass
                    case _:
                        continue
                if not _is_key(key) or never_array(place, labels):
                    continue
                found = _uses(place, node, key)
                if found is None:
                    continue
                uses, dropped = found
                for stretch in stretches(place, node):
                    if not varies(module, key, stretch):
                        continue
                    if not frozen_array(place, labels, stretch):
                        continue
                    if (stretch, labels.id) not in names:
                        names[stretch, labels.id] = module.fresh(f"{labels.id}_places", taken)
                        taken.add(names[stretch, labels.id])
                    yield self._parts(module, node, labels, key, uses, dropped, stretch, names[stretch, labels.id])
                    break

    @staticmethod
    def _parts(
        module: Module,
        node: ast.Compare,
        labels: ast.Name,
        key: ast.expr,
        uses: list[Use],
        dropped: ast.stmt | None,
        stretch: ast.stmt,
        name: str,
    ) -> Parts:
        what = f"{labels.id}, {module.text(key)}, {name}"
        replace: list[tuple[ast.AST, str]] = []
        for use in uses:
            if use.table is not None:
                replace.append((use.node, f"_equal_to({what}, {module.text(use.table)})"))
            else:
                replace.append((use.node, f"{use.function}({what})"))
        if dropped is not None:
            replace.append((dropped, f"# the places where {module.text(node)} are known"))
        margin = module.margin(stretch)
        return Parts(
            title=f"find the places of every label of {labels.id} once",
            first=node.lineno,
            last=node.end_lineno or node.lineno,
            reason=f"every group looks at all of {labels.id}",
            remedy="sort the labels once",
            replace=tuple(replace),
            before=((stretch.lineno, f"{margin}{name} = _places_by_label({labels.id})\n"),),
            prelude=helper(module, PLACES, *dict.fromkeys(TEXTS[u.function] for u in uses)),
        )


def _is_key(key: ast.expr) -> bool:
    """A name, an item of a name by a name or number, or an attribute: nothing that is an array, or costs anything."""
    if isinstance(key, ast.Subscript):
        return isinstance(key.value, ast.Name) and isinstance(key.slice, (ast.Name, ast.Constant))
    return isinstance(key, ast.Name)


def varies(module: Module, key: ast.expr, stretch: ast.stmt) -> bool:
    """Whether the key is bound anew in the stretch: else the mask is the same in every round, which is another pass."""
    inside = set(ast.walk(stretch))
    for n in ast.walk(key):
        if isinstance(n, ast.Name):
            scope = module.owner(n.id, n)
            if scope is not None and any(
                u in inside and isinstance(u.ctx, ast.Store) for u in module.uses(n.id, scope)
            ):
                return True
    return False


def _uses(place: Place, node: ast.Compare, key: ast.expr) -> tuple[list[Use], ast.stmt | None] | None:
    """Every use of the mask with what takes its place, and the assignment that nobody needs then."""
    module = place.module
    direct = _use(place, node)
    if direct is not None:
        return [direct], None
    parent = module.parents[node]
    match parent:
        case ast.Assign(targets=[ast.Name(id=name) as target]):
            pass
        case _:
            return None
    scope = module.owner(name, target)
    if scope is None or isinstance(scope, ast.ClassDef) or not module.whole_lines(parent):
        return None
    if isinstance(scope, ast.Module) and place.project.mentions(name, module):
        return None
    siblings = module.siblings(parent)
    region = place.region
    if len(module.bindings(name, scope)) != 1 or len(siblings) < 2 or name in region.live_out:
        return None
    if not isinstance(key, ast.Name) or not _same_in_round(module, key, siblings):
        return None
    uses = [u for u in module.uses(name, scope) if isinstance(u.ctx, ast.Load)]
    later = {n for s in siblings[siblings.index(parent) + 1 :] for n in ast.walk(s)}
    found = [_use(place, u) for u in uses if u in later and module.function(u) is scope]
    whole = [f for f in found if f is not None]
    if not whole or len(whole) != len(uses):
        return None
    return whole, parent


def _same_in_round(module: Module, key: ast.Name, siblings: list[ast.stmt]) -> bool:
    """Whether the key is only bound as the variable of the loop whose body these statements are."""
    scope = module.owner(key.id, key)
    bound = module.bindings(key.id, scope) if scope is not None else []
    loop = module.parents[siblings[0]]
    if len(bound) != 1 or not isinstance(loop, ast.For):
        return False
    return any(n is bound[0].node for n in ast.walk(loop.target))


def _use(place: Place, node: ast.expr) -> Use | None:
    """How a mask (or its name) is used, where the places serve as well."""
    module, project = place.module, place.project
    parent = module.parents[node]
    table = index_of_table(place, node)
    if table is not None:
        return Use(node, "_equal_to", table)
    match parent:
        case ast.Call(args=[only], keywords=[]) if only is node:
            called = numpy_call(module, parent)
            if called == "flatnonzero":
                return Use(parent, "_flat_places_of")
            if called in ("where", "nonzero"):
                outer = module.parents[parent]
                if (
                    isinstance(outer, ast.Subscript)
                    and isinstance(outer.slice, ast.Constant)
                    and outer.slice.value == 0
                ):
                    if isinstance(outer.ctx, ast.Load):
                        return Use(outer, "_places_of")
            if called == "sum":
                return Use(parent, "_count_of")
        case ast.Attribute(attr="sum"):
            outer = module.parents[parent]
            if isinstance(outer, ast.Call) and outer.func is parent and not outer.args and not outer.keywords:
                return Use(outer, "_summed") if "sum" not in project.functions else None
    return None


def index_of_table(place: Place, node: ast.expr) -> ast.expr | None:
    """The table that a mask picks rows of: a name or attribute, for it is read a second time for its length."""
    module = place.module
    parent = module.parents[node]
    match parent:
        case ast.Subscript(value=table, slice=index, ctx=ast.Load()) if index is node:
            pass
        case ast.Tuple(elts=[first, *rest]) if first is node and rest:
            outer = module.parents[parent]
            if not (isinstance(outer, ast.Subscript) and outer.slice is parent and isinstance(outer.ctx, ast.Load)):
                return None
            if not all(isinstance(e, (ast.Slice, ast.Constant)) and _none_free(e) for e in rest):
                return None
            table = outer.value
        case _:
            return None
    if not isinstance(table, (ast.Name, ast.Attribute)) or not early(place.project, module, table):
        return None
    scope = module.scope(node)
    if isinstance(scope, COMPREHENSIONS) and any(isinstance(n, ast.NamedExpr) for n in ast.walk(scope)):
        return None
    return table


def _none_free(e: ast.expr) -> bool:
    return not isinstance(e, ast.Constant) or type(e.value) is int
