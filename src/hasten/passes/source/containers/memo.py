"""Pure functions that are called with the same arguments again and again.

What it finds    a function whose result follows from its arguments alone (arithmetic, comparisons, text, `math`,
                 other such functions), that calls itself more than once, or that is called in a loop.
Why it is slow   the same work is done again; recursion like `fib(n - 1) + fib(n - 2)` does it exponentially often.
Example          def fib(n):                          def fib(n, *, _known={}): ...
                     if n < 2: return n          ->   results are kept by argument and its type
                     return fib(n - 1) + fib(n - 2)
Safe when        the body reads nothing but its parameters, constants bound once, pure builtins and `math`, and other
                 pure functions; it writes nothing, prints nothing, catches nothing. While it runs: only results for
                 plain arguments (int, str, bool, float, bytes, None) are kept, by type too and never for 0.0, and only
                 plain results but nan, at most 100,000, tuples of them, and lists and dicts that the call made: each
                 caller gets a copy of its own (no floats in them: nan is equal to itself only). The function does not
                 call deeper than it did.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import ClassVar

from hasten.core.facts import ValueFact
from hasten.passes.source.containers.base import ContainerPass, Place
from hasten.passes.source.containers.effects import Project, use_kind
from hasten.passes.source.containers.syntax import FUNCTIONS, Module, Parts, dotted

LIMIT = 100_000
OFTEN = 0.3  # of the calls, at least, must repeat earlier ones
KEPT_TYPES = frozenset(f"builtins.{t}" for t in ("int", "str", "bool", "float", "bytes", "NoneType"))
PURE_BUILTINS = frozenset(
    "abs all any bool chr divmod float int len max min ord pow range round sum str tuple enumerate zip "
    "sorted reversed hex bin oct isinstance list set dict frozenset".split()
)
ERRORS = frozenset(
    "ValueError TypeError IndexError KeyError ZeroDivisionError ArithmeticError RuntimeError AssertionError".split()
)
PURE_METHODS = frozenset(
    "lower upper strip lstrip rstrip split rsplit startswith endswith find rfind replace isdigit isalpha "
    "isalnum isspace isupper islower title capitalize count index join zfill ljust rjust center swapcase "
    "bit_length partition rpartition splitlines append extend add get items values keys insert sort "
    "reverse pop bit_count conjugate casefold removeprefix removesuffix group groups groupdict start end span update "
    "most_common setdefault".split()
)
SEARCHES = frozenset("findall finditer fullmatch match search split sub subn".split())  # of `re` and its patterns
LETTERS = frozenset(f"string.{n}" for n in "ascii_letters ascii_lowercase ascii_uppercase digits punctuation".split())
CHANGING_METHODS = frozenset("append extend add insert sort reverse pop update setdefault".split())
TABLES = ("collections.Counter", "collections.defaultdict")

KEEPABLE = """\
# Exact types of arguments and results that a result can be kept for.
_KEEPABLE = frozenset({int, str, bool, float, bytes, type(None)})


"""
ROOM = 1_000_000  # items of lists and dicts that are kept, of one function
MAY_KEEP = '''\
def _may_keep(result, room):
    """Whether it holds plain values only (no floats: nan is equal to itself only), and there is room for a copy."""
    parts = [*result, *result.values()] if isinstance(result, dict) else result
    if type(parts) not in (list, tuple) or len(parts) > room[0]:
        return False
    if not (_KEEPABLE - {float}).issuperset(map(type, parts)):
        return False
    room[0] -= len(parts) + 10
    return True


'''


class Memo(ContainerPass):
    """See the module."""

    code: ClassVar[str] = "HST109"
    name: ClassVar[str] = "pure function called again and again"

    def sites(self, place: Place) -> Iterator[Parts]:
        if place.region.kind != "function":
            return
        for statement in place.module.statements(place.region):
            if isinstance(statement, ast.FunctionDef):
                parts = self._kept(place, statement)
                if parts is not None:
                    yield parts

    def _kept(self, place: Place, function: ast.FunctionDef) -> Parts | None:
        module, project = place.module, place.project
        if not isinstance(module.parents[function], ast.Module) or project.threads:
            return None
        if any(map(_may_catch_depth, project.modules)):
            return None  # kept results let a deep call succeed that would have failed
        calls = [
            n
            for n in ast.walk(function)
            if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == function.name
        ]
        again = len(calls) > 1 or _called_in_loop(project, module, function)
        if not again or not is_pure(project, module, function, {}):
            return None
        args = function.args
        names = [a.arg for a in (*args.posonlyargs, *args.args, *args.kwonlyargs)]
        if not names or _trivial(function):
            return None
        facts = place.facts.of(place.region.id)
        seen = facts.types
        if len(calls) < 2 and facts.repeated is not None and facts.repeated < OFTEN:
            return None
        if any(n in seen and not any(f.type in KEPT_TYPES for f in seen[n]) for n in names):
            return None  # called with what no result is kept for
        if facts.out.get("return") and not any(map(_can_be_kept, facts.out["return"])):
            return None
        if not seen and any(_is_gone_through(function, n) for n in names):
            return None
        body = function.body
        start = 1 if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant) else 0
        if len(body) <= start or not all(module.whole_lines(s) for s in body[start:]):
            return None
        known = module.fresh(f"_{function.name.strip('_').upper()}_KNOWN")
        key, result = module.fresh("memo_key"), module.fresh("result")
        margin = module.margin(body[start])
        kinds = ", ".join(f"type({n})" for n in names)
        pairs = ", ".join(f"{n}, type({n})" for n in names)
        # no helper is called here: at the deepest call there may be no room for one more
        keyed = f"{margin}# Kept by type too: 1, 1.0 and True may give different results.\n"
        by_type = f"({pairs}) if _KEEPABLE.issuperset(({kinds},)) else None"
        plain = _plain_key(seen, names)
        if plain:
            # what stands for itself is no key of the other kind
            by_type = f"{plain} else ({by_type})"
        keyed += f"{margin}{key} = {by_type}\n"
        reads = sorted(_data_read(project, module, function, set()))
        if not all(module.bound_before(n, module.tree, function) for n in reads):
            return None
        about = module.fresh(f"_{function.name.strip('_').upper()}_FOR")
        if reads:
            same = " and ".join(f"{about}[{i}] is {n}" for i, n in enumerate(reads))
            keyed += f"{margin}if not ({same}):\n{margin}    {known}.clear()\n"
            keyed += f"{margin}    {about}[:] = {', '.join(reads)},\n"
        replace: list[tuple[ast.AST, str]] = []
        made: set[str] = set()
        room = module.fresh(f"_{function.name.strip('_').upper()}_ROOM")
        for node in ast.walk(function):
            if isinstance(node, ast.Return):
                if not module.whole_lines(node):
                    return None
                if node.value is None or isinstance(node.value, ast.Constant):
                    continue  # cheap: nothing to keep
                inner = module.margin(node)
                text = f"{result} = {module.text(node.value)}\n"
                made.add(_gives(project, module, function, node.value))
                zero = f"{key} != (0.0, float)"  # 0.0 equals -0.0, whose result may differ; no text is equal to it
                if len(names) > 1:
                    zero = f"(0.0, float) not in zip({key}[::2], {key}[1::2])"
                if "" not in made:
                    text += f"{inner}if {key} is not None and {zero} and len({known}) < {LIMIT:_} "
                    text += f"and _may_keep({result}, {room}):\n"
                    whole = f"{result}.copy()" if made == {"container"} else f"[*{result}]"
                    text += f"{inner}    {known}[{key}] = {whole}\n{inner}return {result}"
                    replace.append((node, text))
                    continue
                text += (
                    f"{inner}if {key} is not None and type({result}) in _KEEPABLE and {result} == {result} and {zero} "
                )
                text += f"and len({known}) < {LIMIT:_}:\n"
                text += f"{inner}    {known}[{key}] = {result}\n{inner}return {result}"
                replace.append((node, text))
        if len(made) != 1 or made != {""} and (calls or _seen_float(seen, names)):
            return None
        found = f"{known}[{key}]"
        if made != {""}:  # each caller gets one of its own
            found = f"{found}.copy()" if made == {"container"} else f"tuple({found})"
        keyed += f"{margin}if {key} in {known}:\n{margin}    return {found}\n"
        kept = f"{known} = {{}}\n"
        kept += (
            f"{about} = [None] * {len(reads)}  # what they were worked out from, beside the arguments\n"
            if reads
            else ""
        )
        kept += f"{room} = [{ROOM:_}]  # items\n" if made != {""} else ""
        kept += "\n\n"
        return Parts(
            title=f"keep the results of {function.name} by argument",
            first=function.lineno,
            last=function.end_lineno or function.lineno,
            reason=f"{function.name} follows from its arguments alone, and is called with the same ones again",
            remedy="results kept by the values and types of the arguments",
            replace=tuple(replace),
            before=((body[start].lineno, keyed),),
            prelude=(KEEPABLE, MAY_KEEP, kept) if made != {""} else (KEEPABLE, kept),
            later=len(calls) < 2 and facts.repeated is not None,
        )


def _data_read(project: Project, module: Module, function: ast.FunctionDef, seen: set[ast.AST]) -> set[str]:
    """Data of the module that the function reads, or one that it calls."""
    seen.add(function)
    found: set[str] = set()
    for node in ast.walk(function):
        if not isinstance(node, ast.Name) or module.owner(node.id, node) is not module.tree:
            continue
        how = {b.how for b in module.bindings(node.id, module.tree)}
        if how == {"assign"}:
            found.add(node.id)
        elif how == {"def"}:
            for home, called in project.functions.get(node.id, ()):
                if home is module and isinstance(called, ast.FunctionDef) and called not in seen:
                    found |= _data_read(project, module, called, seen)
    return found


def _can_be_kept(result: ValueFact) -> bool:
    if result.type in KEPT_TYPES:
        return True
    parts = {f.type for f in (*result.items, *result.keys)}
    kinds = ("builtins.list", "builtins.dict", "builtins.tuple", *TABLES)
    return result.type in kinds and parts <= KEPT_TYPES - {"builtins.float"}


def _seen_float(seen: Mapping[str, tuple[ValueFact, ...]], names: list[str]) -> bool:
    return any(f.type == "builtins.float" for name in names for f in seen.get(name, ()))


def _plain_key(seen: Mapping[str, tuple[ValueFact, ...]], names: list[str]) -> str:
    """A key of texts and whole numbers alone, with its test, where nothing else was seen; else an empty string."""
    kinds = []
    for name in names:
        found = {f.type for f in seen.get(name, ())}
        if found not in ({"builtins.str"}, {"builtins.int"}):
            return ""
        kinds.append("str" if found == {"builtins.str"} else "int")
    tests = [f"type({n}) is {kind}" for n, kind in zip(names, kinds, strict=True)]
    if len({*kinds}) == 1:
        tests = [" is ".join([*(f"type({n})" for n in names), kinds[0]])]
    key = names[0] if len(names) == 1 else f"({', '.join(names)})"
    return f"{key} if {' and '.join(tests)}"


def _gives(project: Project, module: Module, function: ast.FunctionDef, e: ast.expr) -> str:
    """container: a list or dict that the call has made, by its syntax; tuple: one; an empty string: something else."""
    match e:
        case ast.Tuple(elts=elts):
            return "" if any(isinstance(x, ast.Starred) for x in elts) else "tuple"
        case ast.List() | ast.ListComp() | ast.Dict() | ast.DictComp():
            return "container"
        case ast.Call(func=f) if module.is_builtin(f, "list", "dict", "sorted") or module.imported(f) in TABLES:
            return "container"
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            both = {_gives(project, module, function, side) for side in (left, right)}
            return "container" if both == {"container"} else ""
        case ast.Call(func=ast.Attribute(attr="split" | "rsplit" | "splitlines" | "most_common" as attr)):
            return "" if attr in project.functions else "container"
        case ast.Name(id=name):
            bound = [b for b in module.bindings(name, function) if b.how != "augment"]
            if any(b.how != "assign" or b.value is None or isinstance(b.value, ast.Name) for b in bound):
                return ""
            kinds = {_gives(project, module, function, b.value) for b in bound if b.value is not None}
            return kinds.pop() if len(kinds) == 1 else ""
    return ""


def _may_catch_depth(module: Module) -> bool:
    """Whether the module could go on after a recursion that was too deep."""
    if module.names & {"RecursionError", "RuntimeError"}:
        return True
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Try):
            broad = any(h.type is None or dotted(h.type) in ("Exception", "BaseException") for h in node.handlers)
            called = (n.func for s in node.body for n in ast.walk(s) if isinstance(n, ast.Call))
            if broad and any(isinstance(f, ast.Name) and not module.is_builtin(f) for f in called):
                return True
        if isinstance(node, ast.Name) and node.id == "suppress":
            return True
    return False


def _is_gone_through(function: ast.FunctionDef, name: str) -> bool:
    """Whether a parameter is used as a list or dict rather than text or a number, as far as syntax tells."""
    for node in ast.walk(function):
        match node:
            case ast.For(iter=ast.Name(id=found)) | ast.comprehension(iter=ast.Name(id=found)):
                if found == name:
                    return True
            case ast.Call(func=ast.Attribute(value=ast.Name(id=found), attr="values" | "items" | "keys" | "get")):
                if found == name:
                    return True
    return False


def _trivial(function: ast.FunctionDef) -> bool:
    """Whether the body is so short that keeping its result costs more than making it."""
    work = sum(isinstance(n, (ast.Call, ast.For, ast.While, *FUNCTIONS)) for s in function.body for n in ast.walk(s))
    return work == 0


def _called_in_loop(project: Project, module: Module, function: ast.FunctionDef) -> bool:
    """Whether some loop or other function calls it, in its own file or in one that imports it."""
    calls: list[tuple[Module, ast.expr]] = [(module, use) for use in module.uses(function.name, module.tree)]
    for other in project.modules:
        if other is not module and function.name in other.names:
            for n in ast.walk(other.tree):
                if isinstance(n, (ast.Name, ast.Attribute)) and other.imported(n).endswith(f".{function.name}"):
                    calls.append((other, n))
    for home, use in calls:
        parent = home.parents[use]
        if isinstance(parent, ast.Call) and parent.func is use and not any(at is function for at in home.up(use)):
            for at in home.up(use):
                if isinstance(
                    at, (ast.For, ast.While, ast.ListComp, ast.GeneratorExp, ast.DictComp, ast.SetComp, *FUNCTIONS)
                ):
                    return True
    return False


def is_pure(project: Project, module: Module, function: ast.FunctionDef, seen: dict[ast.AST, bool]) -> bool:
    """Whether a call's result follows from plain arguments alone, and leaves no trace (by the syntax of its body)."""
    if function in seen:
        return seen[function]
    seen[function] = True  # a recursive call is as pure as the rest
    seen[function] = _is_pure(project, module, function, seen)
    return seen[function]


def _is_pure(project: Project, module: Module, function: ast.FunctionDef, seen: dict[ast.AST, bool]) -> bool:
    args = function.args
    if function.decorator_list or args.vararg or args.kwarg or module.dynamic:
        return False
    if any(not isinstance(d, ast.Constant) for d in (*args.defaults, *args.kw_defaults) if d is not None):
        return False
    if not _name_is_constant(project, module, function.name, module.tree):
        return False
    if any(
        isinstance(m, ast.Attribute) and isinstance(m.value, ast.Name) and m.value.id == function.name
        for m in ast.walk(module.tree)
    ):
        return False  # fib.calls += 1: the function is looked at as an object
    locals_made: dict[str, bool] = {}
    for node in ast.walk(function):
        if node is function or isinstance(node, (ast.arguments, ast.arg)):
            continue
        if not _quiet_node(project, module, function, node, seen, locals_made):
            return False
    return True


def _quiet_node(
    project: Project,
    module: Module,
    function: ast.FunctionDef,
    node: ast.AST,
    seen: dict[ast.AST, bool],
    made: dict[str, bool],
) -> bool:
    match node:
        case ast.FunctionDef() | ast.Lambda() | ast.ClassDef() | ast.AsyncFunctionDef() | ast.Try() | ast.TryStar():
            return False
        case ast.With() | ast.AsyncWith() | ast.AsyncFor() | ast.Await() | ast.Yield() | ast.YieldFrom():
            return False
        case ast.Global() | ast.Nonlocal() | ast.Import() | ast.ImportFrom() | ast.Delete() | ast.Match():
            return False
        case ast.Is() | ast.IsNot():
            return _only_none(module, node)
        case ast.Attribute():
            parent = module.parents[node]
            name = module.imported(node)
            if name.startswith("math.") and name.count(".") == 1 or _searches(name) or name in (*LETTERS, *TABLES):
                return isinstance(node.ctx, ast.Load)
            if node.attr in SEARCHES and isinstance(node.value, ast.Name) and _is_pattern(project, module, node.value):
                return isinstance(parent, ast.Call) and parent.func is node
            if not (isinstance(parent, ast.Call) and parent.func is node) or node.attr not in PURE_METHODS:
                return False
            if node.attr in project.functions:
                return False
            if node.attr in CHANGING_METHODS:
                return isinstance(node.value, ast.Name) and _made_here(module, function, node.value.id, made)
            return True
        case ast.Subscript(ctx=ast.Store(), value=ast.Subscript(value=ast.Name(id=name))):
            return _made_here(module, function, name, made) and all(
                isinstance(b.value, ast.ListComp) and isinstance(b.value.elt, (ast.List, ast.ListComp, ast.BinOp))
                for b in module.bindings(name, function)
            )
        case ast.Subscript(ctx=ast.Store()):
            return isinstance(node.value, ast.Name) and _made_here(module, function, node.value.id, made)
        case ast.AugAssign(target=ast.Name()):
            return True  # plain arguments (results are kept for no others) are never changed in place
        case ast.Call():
            return _pure_call(project, module, node, seen)
        case ast.Name(ctx=ast.Load()):
            return _pure_name(project, module, function, node)
        case ast.FormattedValue() | ast.SetComp() | ast.Set():
            return not isinstance(node, (ast.SetComp, ast.Set))  # the order of a set of text changes from run to run
    return True


def _only_none(module: Module, op: ast.AST) -> bool:
    """`x is None` only: other identities depend on how an equal value was made."""
    compare = module.parents[op]
    return isinstance(compare, ast.Compare) and all(
        isinstance(c, ast.Constant) and (c.value is None or isinstance(c.value, bool)) for c in compare.comparators
    )


def _made_here(module: Module, function: ast.FunctionDef, name: str, made: dict[str, bool]) -> bool:
    """Whether a local name only ever means a list or dict that this call made."""
    if name not in made:
        bound = module.bindings(name, function)
        made[name] = bool(bound) and all(
            b.how == "assign"
            and (
                isinstance(b.value, (ast.List, ast.ListComp, ast.Dict, ast.DictComp))
                or (isinstance(b.value, ast.BinOp) and isinstance(b.value.left, ast.List))
                or (
                    isinstance(b.value, ast.Call)
                    and (
                        module.is_builtin(b.value.func, "list", "dict", "sorted", "set")
                        or module.imported(b.value.func) in TABLES
                    )
                )
            )
            for b in bound
        )
    return made[name]


def _pure_call(project: Project, module: Module, call: ast.Call, seen: dict[ast.AST, bool]) -> bool:
    if any(isinstance(a, ast.Starred) for a in call.args) or any(k.arg is None for k in call.keywords):
        return False
    func = call.func
    if isinstance(func, ast.Attribute):
        return True  # looked at as an attribute
    if not isinstance(func, ast.Name):
        return False
    if module.is_builtin(func):
        if func.id in ("set", "frozenset"):
            # only where its order cannot be seen, or where it is filled one by one
            parent = module.parents[call]
            if isinstance(parent, ast.Assign) and not call.args:
                return True
            return isinstance(parent, ast.Call) and module.is_builtin(parent.func, "len", "sorted", "sum", "max", "min")
        return func.id in PURE_BUILTINS or func.id in ERRORS
    target = module.imported(func)
    if target.startswith("math.") or _searches(target) or target in TABLES:
        return True
    defs = project.functions.get(func.id, [])
    if len(defs) != 1 or defs[0][0] is not module or not isinstance(defs[0][1], ast.FunctionDef):
        return False
    if module.owner(func.id, func) is not module.tree or not isinstance(module.parents[defs[0][1]], ast.Module):
        return False
    return is_pure(project, module, defs[0][1], seen)


def _pure_name(project: Project, module: Module, function: ast.FunctionDef, node: ast.Name) -> bool:
    owner = module.owner(node.id, node)
    parent = module.parents[node]
    if owner is None:
        # a builtin, called or (as in `isinstance(x, int)`) named
        return module.is_builtin(node) and (
            node.id in PURE_BUILTINS or node.id in ERRORS or (isinstance(parent, ast.Call) and parent.func is node)
        )
    if owner is module.tree:
        if isinstance(parent, ast.Call) and parent.func is node:
            return True  # looked at as a call
        if isinstance(parent, ast.Attribute):
            name = module.imported(parent)
            if name.startswith("math.") or _searches(name) or name in LETTERS:
                return True
            if name in TABLES:
                return isinstance(module.parents[parent], ast.Call)
            if parent.attr in SEARCHES and _is_pattern(project, module, node):
                return True
        bound = module.bindings(node.id, owner)
        name = module.imported(node)
        if name.startswith("math.") or _searches(name) or name in TABLES:
            return isinstance(parent, ast.Call) and parent.func is node or name not in TABLES
        return (
            len(bound) == 1
            and bound[0].how == "assign"
            and (_constant(bound[0].value) or _fixed(project, module, node.id, bound[0].value))
            and isinstance(module.parents[module.statement(bound[0].node)], ast.Module)
            and not project.mentions(node.id, module)
        )
    # its own locals, and those of its comprehensions; nothing of a function around it
    at: ast.AST = owner
    while at is not function:
        if isinstance(at, (ast.Module, *FUNCTIONS, ast.ClassDef)):
            return False
        at = module.parents[at]
    return True


def _searches(name: str) -> bool:
    """Whether this is a function of `re` that looks for a pattern."""
    return name.startswith("re.") and name.removeprefix("re.") in SEARCHES


def _is_pattern(project: Project, module: Module, name: ast.Name) -> bool:
    """Whether a name of the module is a pattern compiled from constants, bound once, at its top."""
    if module.owner(name.id, name) is not module.tree or project.mentions(name.id, module):
        return False
    bound = module.bindings(name.id, module.tree)
    if len(bound) != 1 or bound[0].how != "assign":
        return False
    made = bound[0].value
    if not isinstance(made, ast.Call) or module.imported(made.func) != "re.compile":
        return False
    if not isinstance(module.parents[module.statement(bound[0].node)], ast.Module):
        return False
    return all(_flags(module, a) for a in (*made.args, *(k.value for k in made.keywords)))


def _flags(module: Module, e: ast.expr) -> bool:
    """Whether this is constant, flags of `re` among it."""
    if isinstance(e, ast.BinOp):
        return _flags(module, e.left) and _flags(module, e.right)
    return _constant(e) or module.imported(e).startswith("re.")


def _constant(e: ast.expr | None) -> bool:
    """A number, text, or tuple of them, written down."""
    match e:
        case ast.Constant():
            return True
        case ast.UnaryOp(operand=ast.Constant()):
            return True
        case ast.BinOp(left=left, right=right):
            return _constant(left) and _constant(right)
        case ast.Tuple(elts=elts):
            return all(map(_constant, elts))
    return False


def _fixed(project: Project, module: Module, name: str, made: ast.expr | None) -> bool:
    """Whether a container of constants, written down at the top of the module, is only ever looked at."""
    match made:
        case ast.List(elts=elts) | ast.Set(elts=elts):
            plain = all(map(_constant, elts))
        case ast.Dict(keys=keys, values=values):
            plain = all(k is not None and _constant(k) for k in keys) and all(map(_constant, values))
        case ast.Call(func=f, args=[given], keywords=[]) if module.is_builtin(f, "set", "frozenset", "list", "tuple"):
            plain = _constant(given) or isinstance(given, (ast.List, ast.Set)) and all(map(_constant, given.elts))
            plain = plain or _words(given)
        case ast.Call():
            plain = _words(made)
        case _:
            return False
    if project.dunders & {"__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__"}:
        return False  # what it is compared with gets hold of it
    uses = [u for u in module.uses(name, module.tree) if isinstance(u.ctx, ast.Load)]
    return plain and project.whole and all(use_kind(project, module, u) == "read" for u in uses)


def _words(e: ast.expr) -> bool:
    """`"a b c".split()`"""
    match e:
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str()), attr="split"), args=args, keywords=[]):
            return all(map(_constant, args))
    return False


def _name_is_constant(project: Project, module: Module, name: str, scope: ast.AST) -> bool:
    """Whether a function's name is bound once, so that a call means what is written there."""
    bound = module.bindings(name, scope)
    return (
        len(bound) == 1
        and bound[0].how == "def"
        and not any(
            isinstance(n, ast.Attribute) and n.attr == name and not isinstance(n.ctx, ast.Load)
            for m in project.modules
            for n in ast.walk(m.tree)
        )
    )
