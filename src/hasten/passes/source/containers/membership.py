"""Membership in a list.

What it finds    `x in xs` or `x not in xs` inside a loop (or in a function that is called often), where `xs` is a
                 list or tuple, or `list(...)`, `.values`, `.tolist()` and the like of something that stays as it is;
                 also a list that only grows by `xs.append(...)` while it is asked.
Why it is slow   every test compares item after item; a set looks the value up by its hash.
Example          for w in words:                      stop_members, stop_kinds = _members(stop)
                     if w not in stop:           ->   for w in words:
                         keep(w)                          if (w not in stop_members if type(w) in stop_kinds else ...):
Safe when        nothing in the loop can change `xs` (proved from the syntax of the project), and, checked while it
                 runs, items and asked value are plain (str, int, float, bool, bytes, None, tuples of them), which are
                 found by hash exactly when they are found by comparison. Anything else asks the list, as before.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import ClassVar

from hasten.core.facts import ValueFact
from hasten.passes.source.containers.base import ContainerPass, Place
from hasten.passes.source.containers.effects import (
    MUTATORS,
    Frozen,
    deep_fresh,
    escapes,
    frozen_during,
    scalar_name,
    to_user_function,
    use_kind,
)
from hasten.passes.source.containers.meanwhile import no_lists
from hasten.passes.source.containers.syntax import COMPREHENSIONS, Module, Parts, dotted, root_name, same

PLAIN = """\
# Values of these types are equal exactly when a set or dict takes them for equal.
_PLAIN = frozenset({str, int, float, bool, bytes, type(None)})


"""

IS_PLAIN = """\
def _is_plain(x):
    return type(x) in _PLAIN or (type(x) is tuple and all(type(v) in _PLAIN for v in x))


"""

MEMBERS = '''\
def _members(xs, *others):
    """The items of `xs` as a set, with the types of values that it can be asked for in place of `xs` (maybe none)."""
    # A list that also goes by one of the other names might change; other items may compare in their own way.
    if type(xs) in (list, tuple) and not any(xs is other for other in others):
        if _PLAIN.issuperset(map(type, xs)) or all(map(_is_plain, xs)):
            return set(xs), _PLAIN
    return set(), frozenset()


'''

LATE = '''\
def {name}(owner, *others):
    """`_members(owner.{attr})`; where it has no such attribute, the loop says so when it comes to it."""
    try:
        xs = owner.{attr}
    except AttributeError:
        return set(), frozenset()
    return _members(xs, *others)


'''

HOLDS = '''\
def _holds(members, kinds, xs, x):
    """`x in xs`, by the set `members` of its items where the types of values allow it."""
    if type(x) in kinds or (kinds and _is_plain(x)):
        return x in members
    return x in xs


'''

GROW = '''\
def _grow(members, kinds, x):
    """Adds the item that a list has got to its set; the types that the set can be asked for from now on."""
    if kinds and _is_plain(x):
        members.add(x)
        return kinds
    return frozenset()


'''

ONCE = '''\
def _members_once(xs, kept, *others):
    """`_members(xs)`, kept for as long as it is asked for the same list (which nothing changes)."""
    if any(xs is other for other in others):
        kept.clear()
        return set(), frozenset()
    if not kept or kept[0] is not xs:
        kept[:] = xs, _members(xs)
    return kept[1]


'''

COLUMN = '''\
def _column_members(make, kind):
    """The values that `make()` gives as a set, with the types of values it can be asked for in place of them."""
    try:
        xs = make()
    except Exception:  # whatever it is, the original expression raises it at its own place
        return set(), frozenset()
    if kind is list:
        return _members(xs)
    # an array compares by value: whole numbers with whole numbers, and text with text, as a set does
    if type(xs).__module__ == "numpy" and type(xs).__name__ == "ndarray" and xs.ndim == 1:
        items = xs.tolist()
        found = set(map(type, items))
        if xs.dtype.kind in "iu" and found <= {int}:
            return set(items), frozenset({int})
        if xs.dtype.kind == "O" and found <= {str}:
            return set(items), frozenset({str})
    if type(xs).__module__.startswith("pandas.") and type(xs).__name__ in ("ArrowStringArray", "StringArray"):
        items = xs.tolist()
        if set(map(type, items)) <= {str}:
            return set(items), frozenset({str})
    return set(), frozenset()


'''
PICK = '''\
def _pick(xs, key):
    """`xs[key]` where looking it up does nothing else and finds something, else None."""
    try:
        return xs[key] if type(xs) in (dict, list, tuple) and _is_plain(key) else None
    except (LookupError, TypeError):
        return None


'''
NEVER_LISTS = (ast.Dict, ast.DictComp, ast.Set, ast.SetComp, ast.JoinedStr, ast.Constant, ast.Compare)


class Membership(ContainerPass):
    """See the module."""

    code: ClassVar[str] = "HST101"
    name: ClassVar[str] = "membership in a list"

    def sites(self, place: Place) -> Iterator[Parts]:
        done: set[tuple[ast.stmt, str]] = set()
        module = place.module
        for statement in module.statements(place.region):
            for node in ast.walk(statement):
                if (
                    isinstance(node, ast.Compare)
                    and len(node.ops) == 1
                    and isinstance(node.ops[0], (ast.In, ast.NotIn))
                    and not by_set_already(module, node)
                ):
                    container = node.comparators[0]
                    if isinstance(container, ast.Name) or (
                        isinstance(container, ast.Attribute)
                        and isinstance(container.value, ast.Name)
                        and container.attr not in ("values", "index", "columns")
                    ):
                        yield from self._named(place, node, container, done)
                    elif isinstance(container, ast.Subscript):
                        yield from self._picked(place, node, container)
                    else:
                        yield from self._made(place, node, container)

    # -- a list with a name --------------------------------------------------------------------------------------

    def _named(
        self, place: Place, node: ast.Compare, container: ast.Name | ast.Attribute, done: set[tuple[ast.stmt, str]]
    ) -> Iterator[Parts]:
        module, project = place.module, place.project
        name = dotted(container)
        if not self._may_be_list(place, container):
            return
        function = module.function(node)
        if isinstance(function, (ast.Lambda, ast.ClassDef)):
            return
        if isinstance(container, ast.Name):
            scope = module.owner(container.id, container)
            if isinstance(scope, ast.Module) and function is not scope:
                if constant_global(place, container, scope):
                    yield from self._once(place, node, container, done)
                    return
        for stretch in stretches(place, node):
            growth = self._growth(module, stretch, container)
            allowed = no_lists(project, module, stretch)
            frozen = frozen_during(project, module, container, stretch, growth=growth, allowed=allowed)
            if not frozen.ok or not (
                ready(module, container, frozen, stretch) or perhaps_ready(module, container, frozen, stretch)
            ):
                continue
            if (stretch, name) in done:
                return
            done.add((stretch, name))
            parts = self._hoisted(place, stretch, container, frozen, growth)
            if parts is not None:
                yield parts
            return

    @staticmethod
    def _growth(module: Module, stretch: ast.stmt, container: ast.expr) -> list[ast.Expr]:
        """Statements `xs.append(...)` of the stretch, where nothing else is meant by its line."""
        out = []
        for n in ast.walk(stretch):
            if (
                isinstance(n, ast.Expr)
                and isinstance(n.value, ast.Call)
                and isinstance(n.value.func, ast.Attribute)
                and n.value.func.attr == "append"
                and same(n.value.func.value, container)
                and len(n.value.args) == 1
                and not n.value.keywords
                and not isinstance(n.value.args[0], ast.Starred)
                and not any(same(m, container) for m in ast.walk(n.value.args[0]))
                and module.function(n) is module.function(stretch)
            ):
                out.append(n)
        return out

    def _hoisted(
        self,
        place: Place,
        stretch: ast.stmt,
        container: ast.Name | ast.Attribute,
        frozen: Frozen,
        growth: list[ast.Expr],
    ) -> Parts | None:
        module = place.module
        tests = [
            n
            for n in ast.walk(stretch)
            if isinstance(n, ast.Compare)
            and len(n.ops) == 1
            and isinstance(n.ops[0], (ast.In, ast.NotIn))
            and same(n.comparators[0], container)
            and any(s is stretch for s in stretches(place, n))
        ]
        if not tests:
            return None
        name = dotted(container)
        base = name.replace(".", "_").lstrip("_") or "list"
        members, kinds = module.fresh(f"{base}_members"), module.fresh(f"{base}_kinds")
        tuples = holds_tuples(place, container, growth)
        replace: list[tuple[ast.AST, str]] = []
        prelude = [PLAIN, IS_PLAIN, MEMBERS]
        for t in tests:
            text, helper = test_text(module, t, name, members, kinds, tuples)
            replace.append((t, text))
            if helper:
                prelude.append(HOLDS)
        after = []
        for g in growth:
            text = f"{kinds} = _grow({members}, {kinds}, {name}[-1])"
            if module.whole_lines(g):
                after.append(
                    (g.end_lineno or g.lineno, f"{module.margin(g)}if {kinds}:\n{module.margin(g)}    {text}\n")
                )
            elif made_of_lists(place, container):
                replace.append((g, f"{module.text(g)}; {text}"))  # `if x not in seen: seen.append(x)` on one line
            else:
                return None
        if growth:
            prelude.append(GROW)
        made = f"_members({', '.join((name, *frozen.apart))})"
        if not ready(module, container, frozen, stretch) and isinstance(container, ast.Attribute):
            owner, attr = dotted(container.value), container.attr
            helper_name = module.fresh(f"_{attr.lstrip('_')}_members")
            prelude.append(LATE.format(name=helper_name, attr=attr))
            made = f"{helper_name}({', '.join((owner, *frozen.apart))})"
        return self._parts(place, stretch, replace, after, prelude, tests, (name, members, kinds), made)

    def _parts(
        self,
        place: Place,
        stretch: ast.stmt,
        replace: list[tuple[ast.AST, str]],
        after: list[tuple[int, str]],
        prelude: list[str],
        tests: list[ast.Compare],
        names: tuple[str, str, str],
        made: str,
    ) -> Parts:
        name, members, kinds = names
        margin = place.module.margin(stretch)
        setup = f"{margin}{members}, {kinds} = {made}\n"
        return Parts(
            title=f"look {name} up in a set",
            first=tests[0].lineno,
            last=max(t.end_lineno or t.lineno for t in tests),
            reason=f"every test goes through the items of {name}",
            remedy="a set of its items, made once before the loop",
            replace=tuple(replace),
            before=((stretch.lineno, setup),),
            after=tuple(after),
            prelude=tuple(prelude),
        )

    def _once(
        self, place: Place, node: ast.Compare, container: ast.Name, done: set[tuple[ast.stmt, str]]
    ) -> Iterator[Parts]:
        """A global list that nothing changes, asked in a function."""
        module = place.module
        statement = outer_line(module, node)
        function = module.function(node)
        if statement is None or (statement, container.id) in done or isinstance(function, ast.AsyncFunctionDef):
            return
        tests = [
            n
            for n in ast.walk(statement)
            if isinstance(n, ast.Compare)
            and len(n.ops) == 1
            and isinstance(n.ops[0], (ast.In, ast.NotIn))
            and same(n.comparators[0], container)
            and module.function(n) is function
        ]
        loops = [s for s in stretches(place, node) if isinstance(s, (ast.For, ast.While))]
        if loops:
            statement = loops[0]
            tests = [
                n
                for n in ast.walk(statement)
                if isinstance(n, ast.Compare)
                and len(n.ops) == 1
                and isinstance(n.ops[0], (ast.In, ast.NotIn))
                and same(n.comparators[0], container)
                and module.function(n) is function
            ]
            if (statement, container.id) in done:
                return
        done.add((statement, container.id))
        if not module.bound_before(container.id, module.tree, statement):
            return
        base = container.id.lower().lstrip("_") or "list"
        members, kinds = module.fresh(f"{base}_members"), module.fresh(f"{base}_kinds")
        kept = module.fresh(f"_{container.id.upper()}_KEPT")
        tuples = holds_tuples(place, container, [])
        replace = []
        prelude = [PLAIN, IS_PLAIN, MEMBERS, ONCE, f"{kept} = []\n\n\n"]
        for t in tests:
            text, helper = test_text(module, t, container.id, members, kinds, tuples)
            replace.append((t, text))
            if helper:
                prelude.append(HOLDS)
        given = ", ".join((container.id, kept, *_changed_there(module, statement)))
        setup = f"{module.margin(statement)}{members}, {kinds} = _members_once({given})\n"
        yield Parts(
            title=f"look {container.id} up in a set",
            first=tests[0].lineno,
            last=max(t.end_lineno or t.lineno for t in tests),
            reason=f"every test goes through the items of {container.id}",
            remedy="a set of its items, made once",
            replace=tuple(replace),
            before=((statement.lineno, setup),),
            prelude=tuple(prelude),
        )

    # -- a list in a dict or list ---------------------------------------------------------------------------------

    def _picked(self, place: Place, node: ast.Compare, container: ast.Subscript) -> Iterator[Parts]:
        """`x in near[node]`, in a loop that leaves `near`, what is in it, and `node` as they are."""
        module = place.module
        keys = container.slice
        if not isinstance(container.value, ast.Name) or isinstance(module.function(node), (ast.Lambda, ast.ClassDef)):
            return
        base = container.value
        match keys:
            case ast.Name():
                picked, roots = f"_pick({base.id}, {keys.id})", [base, keys]
            case ast.Subscript(value=ast.Name() as inner, slice=ast.Name() as at):
                picked, roots = f"_pick({base.id}, _pick({inner.id}, {at.id}))", [base, inner, at]
            case _:
                return
        for stretch in stretches(place, node):
            if not isinstance(stretch, (ast.For, ast.While)):
                continue
            if not all(ready(module, r, Frozen(), stretch) and self._stays(module, r, stretch) for r in roots):
                continue
            if not all(frozen_frame(place, r, stretch).ok for r in roots[:-1]):
                continue
            members = module.fresh(f"{base.id}_members")
            kinds = module.fresh(f"{base.id}_kinds")
            text = module.text(container)
            test, helper = test_text(module, node, text, members, kinds, tuples=not isinstance(node.left, ast.Name))
            yield Parts(
                title=f"look {text} up in a set",
                first=node.lineno,
                last=node.end_lineno or node.lineno,
                reason=f"every test goes through the items of {text}",
                remedy="a set of its items, made once before the loop",
                replace=((node, test),),
                before=((stretch.lineno, f"{module.margin(stretch)}{members}, {kinds} = _members({picked})\n"),),
                prelude=(PLAIN, IS_PLAIN, MEMBERS, PICK, *((HOLDS,) if helper else ())),
            )
            return

    @staticmethod
    def _stays(module: Module, name: ast.Name, stretch: ast.stmt) -> bool:
        """Whether a name means the same object all through the stretch."""
        scope = module.owner(name.id, name)
        if scope is None:
            return False
        inside = set(ast.walk(stretch))
        return not any(
            not isinstance(u.ctx, ast.Load) and (u in inside or module.function(u) is not module.function(stretch))
            for u in module.uses(name.id, scope)
        )

    # -- list(...), .values and the like ---------------------------------------------------------------------------

    def _made(self, place: Place, node: ast.Compare, container: ast.expr) -> Iterator[Parts]:
        module = place.module
        made = made_list(place, container)
        if made is None or isinstance(module.function(node), (ast.Lambda, ast.ClassDef)):
            return
        base, kind = made
        keys = {
            n.id: n for n in ast.walk(container) if isinstance(n, ast.Name) and n.id not in (base.id, "list", "tuple")
        }
        for stretch in stretches(place, node):
            frozen = frozen_frame(place, base, stretch)
            if not frozen.ok or not ready(module, base, frozen, stretch):
                continue
            if not all(ready(module, k, frozen, stretch) and self._stays(module, k, stretch) for k in keys.values()):
                continue
            members = module.fresh(f"{base.id}_members")
            kinds = module.fresh(f"{base.id}_kinds")
            text = module.text(container)
            test, helper = test_text(module, node, text, members, kinds, tuples=False)
            prelude = [PLAIN, IS_PLAIN, MEMBERS, COLUMN]
            if helper:
                # the list is only made where it is needed
                return
            make = f"lambda: {text}"
            if keys:
                # a defaultdict would make the entry: only a plain dict or list is looked into ahead of its time
                make = f"lambda: {text} if type({base.id}) in (dict, list) else None"
            setup = f"{module.margin(stretch)}{members}, {kinds} = _column_members({make}, {kind})\n"
            yield Parts(
                title=f"look values up in a set made once of {text}",
                first=node.lineno,
                last=node.end_lineno or node.lineno,
                reason=f"every test makes {text} and goes through it",
                remedy="a set of its items, made once before the loop",
                replace=((node, test),),
                before=((stretch.lineno, setup),),
                prelude=tuple(prelude),
            )
            return

    @staticmethod
    def _may_be_list(place: Place, container: ast.expr) -> bool:
        """False when facts or syntax say that it is something else, or that it is short."""
        name = dotted(container)
        seen = place.facts.of(place.region.id).types.get(name, ())
        if seen:
            lists = [f for f in seen if f.type in ("builtins.list", "builtins.tuple")]
            if not lists:
                return False
            if len(lists) == len(seen) and all((f.max_len if f.max_len is not None else 99) < 4 for f in lists):
                grows = place.module.names & {"append"}
                if not grows:
                    return False
        if isinstance(container, ast.Name):
            scope = place.module.owner(container.id, container)
            if scope is None:
                return False
            bound = place.module.bindings(container.id, scope)
            for b in bound:
                v = b.value
                if isinstance(v, NEVER_LISTS) or b.how in ("def", "import"):
                    return False
                if isinstance(v, ast.Call) and place.module.is_builtin(
                    v.func, "set", "dict", "frozenset", "str", "range"
                ):
                    return False
                if isinstance(v, ast.Call) and place.module.imported(v.func).startswith("collections."):
                    return False
        return True


def stretches(place: Place, node: ast.AST) -> list[ast.stmt]:
    """Statements of the region that run `node` again and again, outermost first: loops, and a statement that holds a
    comprehension around it. A setup can be put on a line before each. None where `node` may run later than its
    statement does."""
    module = place.module
    if runs_later(place, node):
        return []
    out: list[ast.stmt] = []
    function = module.function(node)
    child: ast.AST = node
    in_comprehension = False
    for at in module.up(node):
        if isinstance(at, COMPREHENSIONS):
            first = at.generators[0]
            if not (child is first and any(n is node for n in ast.walk(first.iter))):
                in_comprehension = True
        if isinstance(at, ast.stmt):
            repeats = (isinstance(at, ast.For) and child in at.body) or (
                isinstance(at, ast.While) and (child is at.test or child in at.body)
            )
            if in_comprehension and not isinstance(at, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)):
                repeats = True
            if repeats and module.whole_lines(at) and place.region.first <= at.lineno:
                if (at.end_lineno or at.lineno) <= place.region.last:
                    out.append(at)
                    in_comprehension = False
        if at is function:
            break
        child = at
    return out[::-1]


USED_UP = "all any dict frozenset list max min set sorted sum tuple".split()
USED_UP_BY = frozenset("collections.Counter collections.deque math.fsum math.prod numpy.fromiter".split())


def runs_later(place: Place, node: ast.AST) -> bool:
    """Is `node` in a generator expression that may outlive its statement? Then what it reads may change before."""
    module = place.module
    child = node
    for at in module.up(node):
        if isinstance(at, ast.stmt):
            return False
        if isinstance(at, ast.GeneratorExp):
            first = at.generators[0]
            at_once = child is first and any(n is node for n in ast.walk(first.iter))
            if not at_once and not _used_up(place, at):
                return True
        child = at
    return False


def _used_up(place: Place, generator: ast.GeneratorExp) -> bool:
    module = place.module
    user = module.parents[generator]
    if isinstance(user, (ast.For, ast.comprehension)):
        return user.iter is generator
    if not isinstance(user, ast.Call) or user.args[:1] != [generator]:
        return False
    if module.is_builtin(user.func, *USED_UP) or module.imported(user.func) in USED_UP_BY:
        return True
    method = user.func
    if not isinstance(method, ast.Attribute) or method.attr in place.project.functions:
        return False
    # a container takes all of it in at once
    return method.attr in ("extend", "update") or (method.attr == "join" and isinstance(method.value, ast.Constant))


def outer_line(module: Module, node: ast.AST) -> ast.stmt | None:
    """The innermost statement around `node`, in its function, before which a line can be put."""
    at: ast.AST = module.statement(node)
    while isinstance(at, ast.stmt):
        if isinstance(at, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            return None
        if module.whole_lines(at):
            return at
        parent = module.parents[at]
        while not isinstance(parent, (ast.stmt, ast.Module)):
            parent = module.parents[parent]
        at = parent
    return None


def _changed_there(module: Module, statement: ast.stmt) -> list[str]:
    """Names bound before the statement of what it changes in place, as far as lists are changed."""
    found: dict[str, ast.Name] = {}
    for n in ast.walk(statement):
        changed: ast.expr | None = None
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr in MUTATORS:
            changed = n.func.value
        elif isinstance(n, ast.Subscript) and isinstance(n.ctx, (ast.Store, ast.Del)):
            changed = n.value
        elif isinstance(n, ast.AugAssign):
            changed = n.target
        if isinstance(changed, ast.Name):
            found.setdefault(changed.id, changed)
    scopes = {name: module.owner(name, node) for name, node in found.items()}
    return sorted(n for n, scope in scopes.items() if scope is not None and module.bound_before(n, scope, statement))


def ready(module: Module, container: ast.expr, frozen: Frozen, stretch: ast.stmt) -> bool:
    """Whether the container and the names its guard tells it from have values before the stretch."""
    names = [*frozen.apart]
    root = root_name(container)
    if root is None:
        return False
    names.append(root.id)
    for name in names:
        probe = (
            root
            if name == root.id
            else next((n for n in ast.walk(stretch) if isinstance(n, ast.Name) and n.id == name), None)
        )
        if probe is None:
            return False
        scope = module.owner(name, probe)
        if scope is None or not module.bound_before(name, scope, stretch):
            return False
    if isinstance(container, ast.Attribute):
        # the attribute is read on every way into the loop's function, or set by every constructor: ask only for `self`
        cls = _class_of(module, root, stretch)
        init = next((f for f in cls if f.name == "__init__"), None)
        return init is not None and _sets(init, init.body, container.attr)
    return True


def perhaps_ready(module: Module, container: ast.expr, frozen: Frozen, stretch: ast.stmt) -> bool:
    """Whether the container is an attribute of `self` that some method of the class sets (`fit`, say), so that it is
    no more than missing before the stretch; the names its guard tells it from have values."""
    root = root_name(container)
    if not isinstance(container, ast.Attribute) or root is None or not ready(module, root, frozen, stretch):
        return False
    statements = {f: [s for s in ast.walk(f) if isinstance(s, ast.stmt)] for f in _class_of(module, root, stretch)}
    return any(_sets(f, inside, container.attr) for f, inside in statements.items())


def _class_of(module: Module, root: ast.Name, stretch: ast.stmt) -> list[ast.FunctionDef]:
    """The methods of the class that the stretch is in a method of, if `root` is what that one calls `self`."""
    function = module.function(stretch)
    args = getattr(function, "args", None)
    cls = module.parents.get(function)
    if args is None or not args.args or args.args[0].arg != root.id or not isinstance(cls, ast.ClassDef):
        return []
    return [s for s in cls.body if isinstance(s, ast.FunctionDef) and s.args.args]


def _sets(method: ast.FunctionDef, statements: Iterable[ast.stmt], attr: str) -> bool:
    """Whether one of the statements sets this attribute of what the method calls `self`."""
    own = method.args.args[0].arg
    return any(
        isinstance(s, (ast.Assign, ast.AnnAssign))
        and any(
            isinstance(t, ast.Attribute) and t.attr == attr and dotted(t.value) == own
            for t in (s.targets if isinstance(s, ast.Assign) else [s.target])
        )
        for s in statements
    )


def constant_global(place: Place, container: ast.Name, scope: ast.Module) -> bool:
    """A global that is bound to a fresh container and that nothing ever changes or hands on."""
    module, project = place.module, place.project
    if project.mentions(container.id, module) or project.threads or not project.whole:
        return False
    if not project.fresh_name(module, container.id, scope) or escapes(project, module, container.id, scope, None):
        return False
    for use in module.uses(container.id, scope):
        kind = use_kind(project, module, use)
        if kind not in ("read", "bind") or (kind == "bind" and module.function(use) is not scope):
            return False
    return all(b.how == "assign" for b in module.bindings(container.id, scope))


def holds_tuples(place: Place, container: ast.expr, growth: list[ast.Expr]) -> bool | None:
    """Whether the items are (also) tuples, as far as facts and syntax tell; None where they do not."""
    seen: tuple[ValueFact, ...] = place.facts.of(place.region.id).types.get(dotted(container), ())
    if any(i.type == "builtins.tuple" for f in seen for i in f.items):
        return True
    if not growth and not any(f.items for f in seen) and isinstance(container, ast.Name):
        scope = place.module.owner(container.id, container)
        bound = place.module.bindings(container.id, scope) if scope is not None else []
        if any(b.how == "assign" and isinstance(b.value, (ast.Call, ast.ListComp)) for b in bound):
            return None  # what a function or a comprehension makes
    return any(isinstance(g.value, ast.Call) and not isinstance(g.value.args[0], ast.Constant) for g in growth)


def made_of_lists(place: Place, container: ast.expr) -> bool:
    """Whether every binding of the name is a list display."""
    if not isinstance(container, ast.Name):
        return False
    scope = place.module.owner(container.id, container)
    bound = place.module.bindings(container.id, scope) if scope is not None else []
    return bool(bound) and all(b.how == "assign" and isinstance(b.value, (ast.List, ast.ListComp)) for b in bound)


def test_text(
    module: Module, test: ast.Compare, xs: str, members: str, kinds: str, tuples: bool | None
) -> tuple[str, bool]:
    """The membership test by set, and whether it needs `_holds`. `tuples`: are items tuples? None: nobody knows."""
    word = "not in" if isinstance(test.ops[0], ast.NotIn) else "in"
    probe = module.text(test.left)
    if isinstance(test.left, ast.Name) and tuples is None:
        other = f"{'not ' if word == 'not in' else ''}_holds({members}, {kinds}, {xs}, {probe})"
        return f"({probe} {word} {members} if type({probe}) in {kinds} else {other})", True
    if isinstance(test.left, ast.Name) and not tuples:
        return f"({probe} {word} {members} if type({probe}) in {kinds} else {probe} {word} {xs})", False
    if isinstance(test.left, ast.Constant) and type(test.left.value) in (str, int, float, bool, bytes):
        return f"({probe} {word} {members} if {kinds} else {probe} {word} {xs})", False
    call = f"_holds({members}, {kinds}, {xs}, {probe})"
    return (f"(not {call})" if word == "not in" else call), True


def by_set_already(module: Module, node: ast.Compare) -> bool:
    """Whether a test is part of what `test_text` writes: the set where the type allows it, else the list."""
    whole = module.parents.get(node)
    match whole:
        case ast.IfExp(
            body=ast.Compare() as body,
            orelse=ast.Call(func=ast.Name(id="_holds")) | ast.UnaryOp(operand=ast.Call(func=ast.Name(id="_holds"))),
        ):
            pass
        case ast.IfExp(body=ast.Compare() as body, orelse=ast.Compare() as orelse):
            if not same(body.left, orelse.left) or type(body.ops[0]) is not type(orelse.ops[0]):
                return False
        case _:
            return False
    match whole.test:
        case ast.Compare(left=ast.Call(func=ast.Name() as f, args=[arg], keywords=[]), ops=[ast.In()]):
            return module.is_builtin(f, "type") and same(arg, body.left)
        case ast.Name():
            return isinstance(body.left, ast.Constant)
    return False


def made_list(place: Place, e: ast.expr) -> tuple[ast.Name, str] | None:
    """`list(name)`, `df.c.values`, `df["c"].tolist()`: the name at the root, and what comes out (`list` or unknown)."""
    module, project = place.module, place.project
    match e:
        case ast.Call(func=ast.Name() as f, args=[arg], keywords=[]) if module.is_builtin(f, "list", "tuple"):
            inner: ast.expr = arg
            if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute) and not inner.args:
                if (
                    inner.func.attr not in ("keys", "values", "unique", "tolist")
                    or inner.func.attr in project.functions
                ):
                    return None
                inner = inner.func.value
            kind = "list"
        case ast.Call(func=ast.Attribute(attr="tolist" | "to_list" | "unique" as a, value=inner), args=[], keywords=[]):
            if a in project.functions:
                return None
            kind = "list" if a != "unique" else "None"
        case ast.Attribute(attr="values", value=inner):
            kind = "None"
        case _:
            return None
    if isinstance(inner, ast.Name):
        return (inner, kind)
    if isinstance(inner, ast.Attribute) and isinstance(inner.value, ast.Name) and inner.attr not in project.attributes:
        if inner.attr not in project.functions:
            return (inner.value, kind)
    if isinstance(inner, ast.Subscript) and isinstance(inner.value, ast.Name):
        if isinstance(inner.slice, ast.Name) and kind == "list" and isinstance(e, ast.Call):
            return (inner.value, kind)
        if isinstance(inner.slice, ast.Constant) and isinstance(inner.slice.value, str):
            return (inner.value, kind)
    return None


def frozen_frame(place: Place, base: ast.Name, stretch: ast.stmt) -> Frozen:
    """A frame, array or container that nothing in the stretch writes to, views of it included."""
    module, project = place.module, place.project
    scope = module.owner(base.id, base)
    if scope is None or isinstance(scope, ast.ClassDef):
        return Frozen(why_not="not bound here")
    inside = set(ast.walk(stretch))
    for use in module.uses(base.id, scope):
        if use in inside:
            if not isinstance(use.ctx, ast.Load) or not _reads_frame(place, use):
                return Frozen(why_not=f"line {use.lineno}: {base.id} may change")
        elif not isinstance(use.ctx, ast.Load) and module.function(use) is not scope:
            return Frozen(why_not=f"line {use.lineno}: {base.id} may change")
    if isinstance(scope, ast.Module) and project.mentions(base.id, module):
        return Frozen(why_not="used by another module")

    def apart(e: ast.expr) -> bool:
        root = root_name(e)
        if root is None:
            return project.fresh_value(module, e)
        owner = module.owner(root.id, root)
        if owner is None or (root.id == base.id and owner is scope):
            return False
        if e is root:
            if scalar_name(project, module, root.id, owner):
                return True  # numbers and text are never changed in place
            if not _own_container(place, root.id, owner):
                return False
            # made here; `base` is another object if it came from outside, or was made anew, or never got hold of this
            bound = module.bindings(base.id, scope)
            if owner is module.function(stretch) and all(b.how == "parameter" for b in bound):
                return True
            if project.fresh_name(module, base.id, scope):
                return True
            if _is_array(module, root.id, owner) or escapes(project, module, root.id, owner, None):
                return False
            return all(_shows_no_view(module, u) for u in module.uses(root.id, owner))
        return isinstance(e, ast.Subscript) and e.value is root and deep_fresh(project, module, root.id, owner)

    return Frozen(why_not=project.loud(module, [stretch], apart, arrays=True))


def _shows_no_view(module: Module, use: ast.Name) -> bool:
    """Whether a use of a container leaves nothing behind that follows its changes (`values()`, `zip`, an iterator)."""
    parent = module.parents[use]
    match parent:
        case ast.Assign() | ast.AnnAssign() | ast.AugAssign() | ast.Subscript() | ast.Compare() | ast.Return():
            return True
        case ast.Attribute(attr=attr):
            return attr in ("append", "extend", "get", "add", "update", "setdefault", "count", "index", "copy", "pop")
        case ast.Call():
            return module.is_builtin(parent.func, "len", "sum", "min", "max", "sorted", "list", "print", "any", "all")
    return False


def _is_array(module: Module, name: str, scope: ast.AST) -> bool:
    """Whether the name is bound to an array somewhere, of which there may be views."""
    return any(
        isinstance(b.value, ast.Call) and module.imported(b.value.func).startswith("numpy.")
        for b in module.bindings(name, scope)
    )


def _own_container(place: Place, name: str, scope: ast.AST) -> bool:
    """Whether `name` is only ever a builtin container, number or string that was made here: no view of anything."""
    module = place.module
    for b in module.bindings(name, scope):
        if b.how in ("augment", "declare"):
            continue
        ok = b.how == "assign" and isinstance(
            b.value, (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp, ast.Constant, ast.JoinedStr)
        )
        ok = ok or (
            isinstance(b.value, ast.Call) and module.is_builtin(b.value.func, "list", "dict", "set", "int", "float")
        )
        ok = ok or (
            isinstance(b.value, ast.Call)
            and module.imported(b.value.func)
            in (
                "collections.defaultdict",
                "collections.Counter",
                "numpy.zeros",
                "numpy.ones",
                "numpy.empty",
                "numpy.full",
            )
        )
        if not ok:
            return False
    return bool(module.bindings(name, scope))


READING_FRAME = frozenset(
    "iloc loc at iat values iterrows itertuples index columns shape items keys tolist to_list unique mean "
    "sum std var min max median head tail isin count nunique quantile get size dtype dtypes ndim T str dt "
    "abs cumsum to_numpy".split()
)


def _reads_frame(place: Place, use: ast.Name) -> bool:
    """Whether a use of a frame (`df.loc[i, c]`, `df["c"].mean()`, `len(df)`) only reads, and hands nothing on that a
    later statement could write through without naming it in a store (stores are checked apart)."""
    module, project = place.module, place.project
    parent = module.parents[use]
    if to_user_function(project, module, use):
        return True
    if isinstance(parent, ast.Call):
        return module.is_builtin(
            parent.func, "len", "list", "enumerate", "zip", "set", "sorted", "sum", "min", "max", "range"
        )
    if isinstance(parent, (ast.For, ast.comprehension, ast.Compare)):
        return True
    at: ast.AST = use
    while True:
        parent = module.parents[at]
        if isinstance(parent, ast.Attribute) and parent.value is at:
            if not isinstance(parent.ctx, ast.Load) or parent.attr in project.properties:
                return False
            call = module.parents[parent]
            if isinstance(call, ast.Call) and call.func is parent:
                if parent.attr not in READING_FRAME or parent.attr in project.functions:
                    return False
        elif isinstance(parent, ast.Subscript) and parent.value is at:
            if not isinstance(parent.ctx, ast.Load):
                return False
        elif not (isinstance(parent, ast.Call) and parent.func is at):
            return at is not use
        at = parent
