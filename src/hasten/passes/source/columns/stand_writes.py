"""Whether something that runs in a loop may write into a frame behind the back of what stands in for it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from hasten.core.source import SourceFile
from hasten.passes.source.columns.lookup import home_of
from hasten.passes.source.columns.stand_flow import COLUMN, INDEXERS, Flow, dotted_root
from hasten.passes.source.columns.syntax import (
    bindings,
    defines,
    frame_attributes,
    functions_called,
    only_def,
    parents,
    scope_of,
    string,
)

DISPLAYS = (
    ast.Dict,
    ast.List,
    ast.Set,
    ast.Tuple,
    ast.ListComp,
    ast.DictComp,
    ast.SetComp,
    ast.Constant,
    ast.JoinedStr,
)
NEW = (*DISPLAYS, ast.BinOp, ast.UnaryOp, ast.Compare, ast.GeneratorExp)
MAKERS = frozenset(
    {"dict", "list", "set", "tuple", "sorted", "int", "float", "str", "bool", "len", "sum", "range", "zip"}
)
CONTAINERS = frozenset({"defaultdict", "Counter", "OrderedDict", "deque", "array"})
CHANGES = frozenset({"update", "insert", "pop", "isetitem"})


def may_change(source: SourceFile, loop: ast.stmt, flow: Flow) -> bool:
    """True unless every write in the loop, and in functions that it calls, goes into something made for itself, or into
    what is noted as `beside_it`: names of objects that have to be others than the frames."""
    doubtful = False
    flow.beside_it.clear()
    units = {id(u.home): u for u in flow.units.values()}
    for top in [loop, *functions_called(source, [loop])]:
        for n in ast.walk(top):
            if isinstance(n, (ast.Yield, ast.YieldFrom, ast.Await)) and top is loop:
                return True
            into = _written(n)
            if into is None:
                continue
            scope = scope_of(source, into)
            unit = flow.top if top is loop else units.get(id(top))
            if isinstance(into, ast.Name) and unit is not None and unit.names.get(into.id) is not None:
                continue  # by the stand-in's own name
            if _is_root(source, into, loop, flow):
                return True  # by another function, into the frame itself
            if _made_for_itself(source, into, scope):
                continue
            module = flow.top.home is None and flow.shadows
            if top is loop and isinstance(into, ast.Name) and isinstance(n, ast.Subscript) and not module:
                here = scope is scope_of(source, loop) and home_of(source, into, into.id) is scope
                if here and not bindings(loop, into.id) and not _declared(source, into.id):
                    flow.beside_it[into.id] = None  # another object, which is looked at before the loop
                    continue
            doubtful = True
    if flow.carried is not None:
        return doubtful or bool(flow.beside_it)
    if not any(has_other_names(source, root, loop, flow.kinds[root] == COLUMN) for root in flow.roots):
        flow.beside_it.clear()
        return False
    return doubtful


def _declared(source: SourceFile, name: str) -> bool:
    """True where a function may bind a name that is not its own."""
    return any(isinstance(n, (ast.Global, ast.Nonlocal)) and name in n.names for n in ast.walk(source.tree))


def _is_root(source: SourceFile, into: ast.expr, loop: ast.stmt, flow: Flow) -> bool:
    if isinstance(into, ast.Name):
        return into.id in flow.roots and home_of(source, into, into.id) is home_of(source, loop, into.id)
    return isinstance(into, ast.Attribute) and any(root.endswith(f".{into.attr}") for root in flow.roots)


def _written(n: ast.AST) -> ast.expr | None:
    """What a node writes into, where that could be a frame."""
    if isinstance(n, (ast.Subscript, ast.Attribute)) and not isinstance(n.ctx, ast.Load):
        value = n.value
        if isinstance(value, ast.Attribute) and value.attr in INDEXERS | {"values", "T"}:
            value = value.value
        return value
    if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute):
        if n.func.attr in CHANGES or any(k.arg == "inplace" for k in n.keywords):
            return n.func.value
    return None


def _made_for_itself(source: SourceFile, into: ast.expr, scope: ast.AST) -> bool:
    if isinstance(into, ast.Name):
        home = home_of(source, into, into.id)
        bound = [b for b in bindings(home, into.id) if home_of(source, b, into.id) is home]
        return bool(bound) and all(_new_here(source, b) for b in bound)
    if isinstance(into, ast.Attribute) and isinstance(into.value, ast.Name):
        stores = list(_assigned(source, into.attr))
        return bool(stores) and all(is_new(source, value) for value in stores)
    return isinstance(into, DISPLAYS)


def _assigned(source: SourceFile, attr: str) -> Iterator[ast.expr | None]:
    up = parents(source)
    for n in ast.walk(source.tree):
        if isinstance(n, ast.Attribute) and n.attr == attr and not isinstance(n.ctx, ast.Load):
            p = up.get(n)
            yield p.value if isinstance(p, (ast.Assign, ast.AnnAssign)) else None


def _new_here(source: SourceFile, b: ast.AST) -> bool:
    """True when the binding gives the name an object that nothing else holds."""
    p = parents(source).get(b)
    if isinstance(p, ast.Assign) and b in p.targets and len(p.targets) == 1:
        return is_new(source, p.value) or made_of_a_frame(source, p.value, False)
    if isinstance(p, ast.AnnAssign):
        return is_new(source, p.value)
    if isinstance(p, ast.Tuple) and isinstance(b, ast.Name):
        g = parents(source).get(p)
        if isinstance(g, ast.Assign) and isinstance(g.value, ast.Tuple) and len(g.value.elts) == len(p.elts):
            return is_new(source, g.value.elts[p.elts.index(b)])
        return False
    return isinstance(p, ast.AugAssign)


def is_new(source: SourceFile, value: ast.expr | None) -> bool:
    if isinstance(value, NEW):
        return True
    if isinstance(value, ast.Call):
        f = value.func
        if isinstance(f, ast.Name):
            known = f.id in MAKERS and not bindings(source.tree, f.id)
            return known or f.id in CONTAINERS and only_def(source, f.id) is None
        root = dotted_root(f)
        if root is not None and root in modules_of(source):
            return True
        return isinstance(f, ast.Attribute) and f.attr in ("copy", "reset_index", "astype", "groupby", "tolist")
    return False


def modules_of(source: SourceFile) -> frozenset[str]:
    names: set[str] = set()
    for n in ast.walk(source.tree):
        if isinstance(n, ast.Import):
            names |= {(a.asname or a.name).split(".")[0] for a in n.names}
    return frozenset(x for x in names if x in ("np", "numpy", "pd", "pandas", "collections", "math"))


def made_of_a_frame(source: SourceFile, value: ast.expr, series: bool) -> bool:
    """`df[df["x"] > 0]`, `df.dropna()`: always another object."""
    if isinstance(value, ast.Subscript):
        if isinstance(value.slice, (ast.Compare, ast.BinOp, ast.List)):
            return True
        made = _values(source, value.value.id) if series and isinstance(value.value, ast.Name) else ()
        return string(value.slice) is not None and any(is_new(source, v) for v in made)
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
        named = value.func.attr
        return (
            named in (frame_attributes() or ())
            and not defines(source, named)
            and named not in ("pipe", "squeeze", "get", "pop")
        )
    return False


def _values(source: SourceFile, name: str) -> Iterator[ast.expr | None]:
    """What is assigned to a name anywhere in the file, where that is read from a file or made by pandas."""
    for b in bindings(source.tree, name):
        p = parents(source).get(b)
        made = p.value if isinstance(p, ast.Assign) else None
        yield made if isinstance(made, ast.Call) and isinstance(made.func, ast.Attribute) else None


def has_other_names(source: SourceFile, root: str, loop: ast.stmt, series: bool) -> bool:
    """True unless the frame is made here, and everything else only looks into it."""
    if "." in root:
        return True
    return _shared(source, root, home_of(source, loop, root), series)


def _given_away(source: SourceFile, value: ast.expr, depth: int) -> bool:
    """True for a call of a function of the file that makes what it returns, and keeps no other name of it."""
    if not (isinstance(value, ast.Call) and isinstance(value.func, ast.Name)) or not depth:
        return False
    function = only_def(source, value.func.id)
    if not isinstance(function, ast.FunctionDef) or function.decorator_list:
        return False
    inner = (ast.FunctionDef, ast.Lambda, ast.ClassDef, ast.Global, ast.Nonlocal, ast.Yield, ast.YieldFrom)
    if any(isinstance(n, inner) and n is not function for n in ast.walk(function)):
        return False
    found = [n.value for n in ast.walk(function) if isinstance(n, ast.Return)]
    for one in found:
        if isinstance(one, ast.Name) and bindings(function, one.id):
            if _shared(source, one.id, function, False, depth - 1):
                return False
        elif one is None or not made_of_a_frame(source, one, False) and not is_new(source, one):
            return False
    return bool(found)


def _shared(source: SourceFile, root: str, home: ast.AST, series: bool, depth: int = 3) -> bool:
    """True unless what the name stands for is made in `home`, and everything else there only looks into it."""
    for b in bindings(home, root):
        p = parents(source).get(b)
        if not (isinstance(p, ast.Assign) and p.targets == [b]):
            return True
        new = is_new(source, p.value) or _given_away(source, p.value, depth)
        if not new and not made_of_a_frame(source, p.value, series):
            return True
    up = parents(source)
    for n in ast.walk(home):
        if not (isinstance(n, ast.Name) and n.id == root and isinstance(n.ctx, ast.Load)):
            continue
        p = up.get(n)
        looks = isinstance(p, (ast.Attribute, ast.Subscript, ast.Call, ast.Compare, ast.BinOp, ast.FormattedValue))
        looks = looks or isinstance(p, (ast.For, ast.comprehension)) and p.iter is n
        looks = looks or isinstance(p, ast.Return) and isinstance(home, ast.FunctionDef)
        if isinstance(p, ast.Call) and n in p.args and isinstance(p.func, ast.Attribute):
            looks = p.func.attr not in ("append", "add", "extend", "insert", "setdefault", "put")
        if not looks or isinstance(p, ast.Subscript) and p.slice is n:
            return True
    return False
