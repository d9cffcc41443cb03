"""What a loop goes through: whether all of it may be looked at before the first round."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass

from hasten.core.facts import ValueFact
from hasten.kernel import names
from hasten.passes.source.containers.effects import Project
from hasten.passes.source.containers.syntax import Module
from hasten.passes.source.parallel.purity import IMMUTABLE, Body

ONCE_METHODS = frozenset("unique tolist to_list groupby iterrows itertuples most_common splitlines nonzero".split())
ONCE_CALLS = (
    "glob.glob", "os.listdir", "os.walk", "os.scandir", "itertools.product", "itertools.combinations",
    "itertools.permutations", "itertools.chain", "itertools.combinations_with_replacement",
    "sklearn.model_selection.ParameterGrid", "itertools.islice", "itertools.repeat", "itertools.pairwise",
)  # fmt: skip
BUILT_IN = ("builtins.list", "builtins.tuple", "builtins.dict", "builtins.set", "builtins.frozenset", "builtins.range",
            "builtins.str")  # fmt: skip
STATEFUL = (
    "numpy.random.", "random.", "_random.", "_io.", "_thread.", "threading.", "sqlite3.", "socket.", "PIL.",
    "itertools.", "_csv.", "builtins.generator", "builtins.map", "builtins.zip", "builtins.filter",
    "builtins.enumerate", "builtins.reversed", "builtins.coroutine",
)  # fmt: skip
SPLITTERS = frozenset(
    "KFold StratifiedKFold GroupKFold TimeSeriesSplit LeaveOneOut LeaveOneGroupOut LeavePOut PredefinedSplit "
    "StratifiedGroupKFold RepeatedKFold RepeatedStratifiedKFold ShuffleSplit StratifiedShuffleSplit".split()
)
# those that draw all they draw before they give the first fold
EAGER = frozenset("KFold StratifiedKFold GroupKFold TimeSeriesSplit LeaveOneOut PredefinedSplit".split())


@dataclass(frozen=True)
class Steady:
    """`again`: it may be gone through twice. `guards` must hold at run time, else the loop stays as it is."""

    again: bool
    guards: tuple[str, ...] = ()


def steady(module: Module, e: ast.expr, types: Mapping[str, tuple[ValueFact, ...]], body: Body) -> Steady | None:
    """None when going through it early could show, or is not known to be harmless."""
    match e:
        case ast.List() | ast.Tuple() | ast.Set():
            quiet = not any(isinstance(n, (ast.Call, ast.Starred)) for n in ast.walk(e))
            return Steady(quiet) if quiet or not body.why_not_of([e]) else None
        case ast.Name():
            return _name(module, e, types)
        case ast.Call(func=ast.Attribute(attr="items" | "values" | "keys", value=ast.Name() as base), args=[]):
            found = _name(module, base, types)
            return found
        case ast.Call(func=f, args=args, keywords=keywords) if module.is_builtin(
            f, "range", "enumerate", "zip", "reversed"
        ):
            if any(k.arg != "start" for k in keywords):
                return None  # `strict=True` fails after the last round
            if getattr(f, "id", "") == "range":
                return Steady(True) if not body.why_not_of([e]) else None
            parts = [
                steady(module, a, types, body) for a in (args[:1] if getattr(f, "id", "") == "enumerate" else args)
            ]
            if any(p is None for p in parts):
                return None
            return Steady(
                all(p.again for p in parts if p), tuple(dict.fromkeys(g for p in parts if p for g in p.guards))
            )
        case ast.Call(func=f) if module.is_builtin(f, "sorted", "list", "tuple", "set", "map", "filter"):
            if getattr(f, "id", "") in ("map", "filter"):
                return None
            return Steady(False) if not body.why_not_of([e]) else None
        case ast.Call(func=ast.Attribute(attr="split", value=base)) if not module.imported(e.func):
            if splits_again(module, e):
                return Steady(True)
            seen = types.get(base.id, ()) if isinstance(base, ast.Name) else ()
            eager = bool(seen) and all(f.type.startswith("sklearn.model_selection.") for f in seen)
            eager = eager and all(f.type.rsplit(".", 1)[-1] in EAGER for f in seen)
            if eager:
                return Steady(False)
            return None
        case ast.Call(func=ast.Attribute(attr="spawn")):
            return Steady(False)  # a list of seeds; it is made when the loop begins, as before
        case ast.Call(func=f):
            if body.why_not_of([e]):
                return None
            name = module.imported(f)
            if name.startswith("numpy.") or name in ONCE_CALLS or name.startswith("pandas.") and "range" in name:
                return Steady(False)
            if isinstance(f, ast.Attribute) and not name and f.attr in ONCE_METHODS:
                return Steady(False)
            if isinstance(f, ast.Attribute) and f.attr in ("items", "values", "keys") and not e.args:
                return Steady(False)
            return None
        case ast.ListComp():
            return Steady(False) if not body.why_not_of([e]) else None
        case ast.Attribute() | ast.Subscript():
            return Steady(True, (_guard(ast.unparse(e), ()),)) if not body.why_not_of([e]) else None
    return None


def splits_again(module: Module, e: ast.expr) -> bool:
    """`kf.split(X)`, where `kf` was made by a splitter of scikit-learn that gives the same folds each time."""
    match e:
        case ast.Call(func=ast.Attribute(attr="split", value=base)):
            pass
        case _:
            return False
    made: ast.expr | None = base
    if isinstance(base, ast.Name):
        scope = module.owner(base.id, base)
        bound = module.bindings(base.id, scope) if scope is not None else []
        made = bound[0].value if len(bound) == 1 else None
    if not isinstance(made, ast.Call) or module.imported(made.func).rsplit(".", 1)[-1] not in SPLITTERS:
        return False
    if not module.imported(made.func).startswith("sklearn.model_selection"):
        return False
    given = {k.arg: k.value for k in made.keywords}
    shuffles = "shuffle" in given or "Shuffle" in module.imported(made.func) or "Repeated" in module.imported(made.func)
    seed = given.get("random_state")
    number = isinstance(seed, ast.Constant) and type(seed.value) is int
    if isinstance(seed, ast.Name):
        bound = module.bindings(seed.id, module.tree)
        value = bound[0].value if len(bound) == 1 else None
        number = isinstance(value, ast.Constant) and type(value.value) is int
    return number or not shuffles


def _name(module: Module, e: ast.Name, types: Mapping[str, tuple[ValueFact, ...]]) -> Steady | None:
    scope = module.owner(e.id, e)
    if scope is None:
        return None
    bound = [b for b in module.bindings(e.id, scope) if b.how != "declare"]
    if bound and all(b.how == "assign" and _sized(module, b.value) for b in bound):
        return Steady(True)
    seen = types.get(e.id, ())
    if not seen:
        return None
    if all(f.type in BUILT_IN for f in seen):
        return Steady(True, (_guard(e.id, seen),))
    if all(f.type in ("numpy.ndarray", "pandas.Series", "pandas.Index", *BUILT_IN) for f in seen):
        return Steady(True, (f"hasattr({e.id}, '__len__')",))
    return None


def _guard(text: str, seen: tuple[ValueFact, ...]) -> str:
    kinds = sorted({f.type.removeprefix("builtins.") for f in seen}) or ["dict", "list", "tuple"]
    if len(kinds) == 1:
        return f"isinstance({text}, {kinds[0]})"
    return f"isinstance({text}, ({', '.join(kinds)}))"


def _sized(module: Module, e: ast.expr | None) -> bool:
    """Whether an expression gives a list, tuple, dict, set, range or array, whatever its parts."""
    match e:
        case ast.List() | ast.Tuple() | ast.Dict() | ast.Set() | ast.ListComp() | ast.DictComp() | ast.SetComp():
            return True
        case ast.Call(func=f):
            if module.is_builtin(f, "list", "tuple", "dict", "set", "sorted", "range", "frozenset"):
                return True
            name = module.imported(f)
            last = name.rsplit(".", 1)[-1]
            if name.startswith("numpy.") and last in ("arange", "linspace", "logspace", "array", "unique", "geomspace"):
                return True
            return name in ("glob.glob", "os.listdir") or (
                isinstance(f, ast.Attribute) and not name and f.attr in ("unique", "tolist", "to_list", "splitlines")
            )
    return False


def kept_targets(
    module: Module, target: ast.expr, e: ast.expr, types: Mapping[str, tuple[ValueFact, ...]]
) -> frozenset[str]:
    """Names that the loop binds to numbers and text only."""
    if isinstance(target, ast.Name):
        return frozenset([target.id]) if _immutable_items(module, e, types) else frozenset()
    if not isinstance(target, ast.Tuple):
        return frozenset()
    parts = target.elts
    match e:
        case ast.Call(func=f, args=[inner, *_]) if module.is_builtin(f, "enumerate") and len(parts) == 2:
            first = frozenset([parts[0].id]) if isinstance(parts[0], ast.Name) else frozenset()
            return first | kept_targets(module, parts[1], inner, types)
        case ast.Call(func=f, args=args) if module.is_builtin(f, "zip") and len(parts) == len(args):
            found: frozenset[str] = frozenset()
            for part, arg in zip(parts, args, strict=True):
                found |= kept_targets(module, part, arg, types)
            return found
        case ast.Call(func=ast.Attribute(attr="items", value=base), args=[]) if len(parts) == 2:
            if isinstance(parts[0], ast.Name) and _immutable_items(module, base, types):
                return frozenset([parts[0].id])
        case ast.Call(func=f) if module.imported(f) == "itertools.product":
            found = frozenset()
            if isinstance(e, ast.Call) and len(parts) == len(e.args):
                for part, arg in zip(parts, e.args, strict=True):
                    found |= kept_targets(module, part, arg, types)
            return found
    return frozenset()


def _immutable_items(module: Module, e: ast.expr, types: Mapping[str, tuple[ValueFact, ...]]) -> bool:
    match e:
        case ast.Call(func=f) if module.is_builtin(f, "range"):
            return True
        case ast.Call(func=f, args=[inner, *_]) if module.is_builtin(f, "sorted", "list", "tuple", "set", "reversed"):
            return _immutable_items(module, inner, types)
        case ast.Call(func=f) if module.imported(f) in ("glob.glob", "os.listdir", "numpy.arange", "numpy.linspace",
                                                         "numpy.logspace"):  # fmt: skip
            return True
        case ast.Call(func=ast.Attribute(attr="keys", value=base)):
            return _immutable_items(module, base, types)
        case ast.List(elts=elts) | ast.Tuple(elts=elts) | ast.Set(elts=elts):
            return all(_plain(x) for x in elts)
        case ast.Dict(keys=keys):
            return all(k is not None and _plain(k) for k in keys)
        case ast.Name():
            seen = types.get(e.id, ())
            if seen:
                return all(_flat(f) for f in seen)
            scope = module.owner(e.id, e)
            bound = module.bindings(e.id, scope) if scope is not None else []
            return len(bound) == 1 and bound[0].value is not None and _immutable_items(module, bound[0].value, types)
    return False


def _plain(e: ast.expr) -> bool:
    if isinstance(e, ast.Tuple):
        return all(map(_plain, e.elts))
    return isinstance(e, ast.Constant) or (isinstance(e, ast.UnaryOp) and isinstance(e.operand, ast.Constant))


def _flat(fact: ValueFact) -> bool:
    """Whether the items (the keys of a dict) are numbers and text."""
    if fact.type == "builtins.range":
        return True
    if fact.type == "numpy.ndarray":
        return fact.ndim == 1 and fact.dtype is not None and fact.dtype != "object"
    inside = fact.keys if fact.type == "builtins.dict" else fact.items
    return fact.complete and bool(inside) and all(immutable(f) for f in inside)


def immutable(fact: ValueFact) -> bool:
    """Whether a value of this kind cannot change."""
    if fact.type == "builtins.tuple":
        return fact.complete and all(map(immutable, fact.items))
    return fact.type in IMMUTABLE


def stream(fact: ValueFact) -> bool:
    """Whether a value of this kind has a state that a copy would not share: random numbers, files, iterators."""
    kind = fact.type
    if kind.endswith(".SeedSequence"):
        return False  # what is drawn from it depends on itself alone
    if kind.startswith(STATEFUL) or kind.endswith("iterator"):
        return True
    return any(map(stream, (*fact.items, *fact.keys)))


def one_shot(project: Project, module: Module, e: ast.expr) -> bool:
    """Whether an expression gives an iterator, or an open file: what one round takes from it, the next one misses."""
    if isinstance(e, ast.GeneratorExp):
        return True
    if not isinstance(e, ast.Call):
        return False
    name = module.imported(e.func)
    if name.startswith(("itertools.", "csv.")) or name.endswith(".open"):
        return True
    if module.is_builtin(e.func, "iter", "zip", "map", "filter", "enumerate", "reversed", "open"):
        return True
    word = e.func.id if isinstance(e.func, ast.Name) else e.func.attr if isinstance(e.func, ast.Attribute) else ""
    if word in ("iterrows", "itertuples", "finditer", "scan_iter") or word == "open":
        return True
    bodies = [f.body for _, f in project.functions.get(word, ())]
    return any(isinstance(n, (ast.Yield, ast.YieldFrom)) for b in bodies for n in names.walk_scope(b))


def holds_nothing(fact: ValueFact) -> bool:
    """Whether a value of this kind holds no objects: numbers, text, arrays and tables of them."""
    return immutable(fact) or fact.type.startswith(("numpy.", "pandas.", "scipy.sparse.")) and fact.dtype != "object"
