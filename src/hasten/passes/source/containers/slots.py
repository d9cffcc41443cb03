"""Lists that only grow: whether all that the program ever does to a list is to put more at its end.

A closed-world answer by names. A *slot* is where a container may be found: an attribute of some name (of whatever
object), a variable, or what lies in the dict or list that one of these holds (`self.by_card[card]`). From one slot
on, all uses of its name in the project are looked at: each has to read, or to put at the end; what is put into a slot
has to be new or to come from another slot; and where a container is handed on (to a variable, a parameter, by `return`,
in a loop over `.items()`), that is a slot as well. A use that nothing can be told of ends the proof.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from hasten.passes.source.containers.effects import (
    OPERATORS,
    Project,
    _given,
    _is_generator,
    is_variable,
    use_kind,
)
from hasten.passes.source.containers.syntax import COMPREHENSIONS, Module, dotted
from hasten.passes.source.containers.words import of_made_class, renames, words_of

SETTERS = frozenset(
    "setattr delattr __dict__ __setattr__ __delattr__ vars __code__ __defaults__ attrgetter methodcaller "
    "get_objects get_referrers __getattribute__ __getstate__ __setstate__ __reduce__ __reduce_ex__ getmembers "
    "getmembers_static getattr_static getclosurevars cell_contents __closure__ __kwdefaults__ __globals__ f_locals "
    "f_globals __main__ import_module __import__ SimpleNamespace Namespace __set__ __delete__ __bases__ ctypes".split()
)
# who sees how long a list, and what is in it, is kept
COUNTING = frozenset("weakref gc getrefcount".split())
# Bases of classes whose attributes nobody but the project's own methods changes
PLAIN_BASES = frozenset("ABC object Protocol Generic Exception Enum".split())
# Attributes of objects of libraries, by words of programs that may have such
OF_LIBRARIES = {
    "data": {"UserList", "UserDict", "UserString"}, "maps": {"ChainMap"}, "queue": {"queue", "sched"},
    "handlers": {"logging"}, "filters": {"logging"}, "args": {"Exception", "partial"},
}  # fmt: skip
COMPARISONS = frozenset("__eq__ __ne__ __lt__ __le__ __gt__ __ge__ __contains__".split())
# Methods of lists that leave what was there where it was
GROWING = frozenset({"append", "extend"})
LOOKING = frozenset({"copy", "index", "count"})
WHOLE = ("len", "bool", "print", "str", "repr", "isinstance", "any", "all")
KEYS = ("sorted", "list", "set", "tuple", "iter", "enumerate", "max", "min", "frozenset", "sum", "zip", "reversed")
WINDOWS = ("_recent", "_recent_list", "_cut_off", "_so_far")  # what HST119 and HST122 put there
REPLACING = ("dataclasses.replace", "copy.replace")
# Modules by which objects, or what functions do, are reached otherwise than by their names
REACHING = frozenset("inspect types operator unittest mock ctypes gc copyreg weakref builtins dis code trace".split())
MAX_SLOTS = 40


@dataclass(frozen=True)
class Slot:
    """A place where a list may be found (depth 0), or a dict or list of such lists (depth 1)."""

    name: str
    depth: int
    module: Module | None = None  # of a variable
    scope: ast.AST | None = None

    def named(self, module: Module, node: ast.Attribute | ast.Name) -> bool:
        """Whether an attribute or name is the one that this place goes by."""
        if isinstance(node, ast.Attribute):
            return self.scope is None and node.attr == self.name
        return module is self.module and node.id == self.name and module.owner(node.id, node) is self.scope


class _Unknown(Exception):
    """A use that nothing can be told of."""


@dataclass(eq=False)
class Slots:
    """Where the list of an expression may be found, and all that is done to it.

    `judge(module, node)` may say of a use of a list that it is fine (True) or not (False); None leaves it to the rules
    here. `fresh(module, value)` may say so of a new list that is put into a slot.
    """

    project: Project
    judge: Callable[[Module, ast.expr], bool | None] = lambda module, node: None
    fresh: Callable[[Module, ast.expr], bool] = lambda module, value: True
    found: dict[Slot, None] = field(default_factory=dict)
    handed: int = 0  # how often a container goes from one slot to another
    made: list[tuple[Module, ast.expr]] = field(default_factory=list)  # new lists
    grown: list[tuple[Module, ast.AST]] = field(default_factory=list)  # where something is put at the end
    _families: dict[str, ast.AST] = field(default_factory=dict)  # the class at the root, by attribute
    _listed: bool = False  # some slot of depth 1 is a list
    _gone_through: list[tuple[Module, ast.expr]] = field(default_factory=list)
    _seen: set[tuple[str, ast.AST, int]] = field(default_factory=set)

    def holds(self, module: Module, e: ast.expr) -> bool:
        """Whether an expression means one of the lists that were found."""
        return self._slot(module, e, 0) in self.found

    @property
    def passing(self) -> bool:
        """Whether such lists come and go: variables of functions alone hold them, or some are given on the spot."""
        if all(slot.scope is not None and not isinstance(slot.scope, ast.Module) for slot in self.found):
            return True
        return any(
            isinstance(m.parents[value], (ast.Call, ast.keyword, ast.Return)) and not _is_empty(value)
            for m, value in self.made
        )

    def why_not(self, module: Module, e: ast.expr) -> str:
        """Why the list that `e` means might be changed otherwise; an empty string when it cannot be."""
        try:
            if why := _open_world(self.project):
                raise _Unknown(why)
            self._add(module, e, 0)
            self.handed = 0
            done = 0
            while done < len(self.found):
                if done >= MAX_SLOTS:
                    raise _Unknown("too many names")
                self._check(list(self.found)[done])
                done += 1
                if done == len(self.found) and self._listed:
                    for m, node in self._gone_through:
                        self._items_of(m, node)
                    self._gone_through.clear()
        except _Unknown as why:
            return str(why)
        return ""

    # -- slots

    def _slot(self, module: Module, e: ast.expr, depth: int) -> Slot | None:
        match e:
            case ast.Name():
                scope = module.owner(e.id, e)
                if scope is None or isinstance(scope, ast.ClassDef):
                    return None
                if isinstance(scope, ast.Module) and self.project.mentions(e.id, module):
                    return None
                return Slot(e.id, depth, module, scope)
            case ast.Attribute(attr=attr):
                if module.imported(e) or attr.startswith("__"):
                    return None
                return Slot(attr, depth)
            case ast.Subscript(value=value, slice=at) if not isinstance(at, ast.Slice) and depth == 0:
                return self._slot(module, value, 1)
            case ast.Call(func=ast.Attribute(value=value, attr="get" | "setdefault" | "pop")) if depth == 0:
                return self._slot(module, value, 1)
        return None

    def _add(self, module: Module, e: ast.expr, depth: int) -> None:
        slot = self._slot(module, e, depth)
        if slot is None:
            raise _Unknown(f"line {e.lineno}: {ast.unparse(e)[:40]} may be anything")
        self._known(module, e)
        self.handed += not isinstance(slot.scope, COMPREHENSIONS)  # whose variables end with it
        self.found.setdefault(slot)

    def _check(self, slot: Slot) -> None:
        if slot.scope is None:
            self._check_attribute(slot)
            return
        assert slot.module is not None
        for b in slot.module.bindings(slot.name, slot.scope):
            self._bound(slot.module, slot, b.node, b.how, _given(slot.module, b))
        for use in slot.module.uses(slot.name, slot.scope):
            if isinstance(use.ctx, ast.Load):
                self._used(slot.module, use, slot.depth)

    def _check_attribute(self, slot: Slot) -> None:
        project, name = self.project, slot.name
        if name in project.functions or name in project.classes:
            raise _Unknown(f"{name} is also a function")
        if {"__getattr__", "__getattribute__", "__get__", "__set__"} & project.dunders or of_made_class(project, name):
            raise _Unknown(f"{name} may be worked out, or of a class made by a call")
        if any(m.names & OF_LIBRARIES.get(name, set()) for m in project.modules):
            raise _Unknown(f"{name} may be of an object of a library")
        words = words_of(project)
        for _, call in words.given.get(name, ()):
            word = dotted(call.func).rpartition(".")[2]
            if word not in project.functions and word not in project.classes:
                raise _Unknown(f"line {call.lineno}: {name} is given")
        if not any(isinstance(n.ctx, ast.Store) for _, n in words.attributes.get(name, ())) and not any(
            b.how in ("assign", "declare")
            for m, cls in words.others
            if isinstance(cls, ast.ClassDef)
            for b in m.bindings(name, cls)
        ):
            raise _Unknown(f"{name} is nowhere bound")
        for module, node in words.attributes.get(name, ()):
            if isinstance(node.ctx, ast.Load):
                self._used(module, node, slot.depth)
            elif isinstance(node.ctx, ast.Store):
                self._known(module, node)
                self._owned(module, node)
                self._stored(module, node, slot.depth)
        for module, other in words.others:
            if isinstance(other, ast.ClassDef):
                for s in other.body:
                    self._in_class(module, other, s, slot)
            elif isinstance(other, ast.MatchClass) and (other.patterns or name in other.kwd_attrs):
                raise _Unknown(f"line {other.lineno}: taken by a pattern")
            elif isinstance(other, ast.Call):
                match other.args:
                    case [_, ast.Constant(value=str() as word), *_] if word != name:
                        pass
                    case _:
                        raise _Unknown(f"line {other.lineno}: getattr")

    def _known(self, module: Module, e: ast.expr) -> None:
        """What is bound, or comes in, by an attribute is of an object of the project's own: of one class with its
        descendants. Whoever only reads the attribute may do so of any object."""
        while not isinstance(e, (ast.Name, ast.Attribute)):
            match e:
                case ast.Subscript(value=inner) | ast.Call(func=ast.Attribute(value=inner)):
                    e = inner
                case _:
                    raise _Unknown(f"line {e.lineno}: {ast.unparse(e)[:40]} may be anything")
        if isinstance(e, ast.Attribute):
            family = self._family(module, e)
            if family is None or self._families.setdefault(e.attr, family) is not family:
                raise _Unknown(f"line {e.lineno}: {ast.unparse(e)[:40]} may be of any object")

    def _family(self, module: Module, node: ast.Attribute) -> ast.AST | None:
        """The class at the root of the class whose object an attribute is asked of: `self` in its methods, or a
        variable that holds nothing else; None where that is not known."""
        cls: ast.AST | None = None
        if isinstance(node.value, ast.Name):
            holder = module.function(node)
            if _is_self(module, node.value, holder):
                cls = module.parents[holder]
            else:
                owner = module.owner(node.value.id, node.value)
                bound = [] if owner is None else module.bindings(node.value.id, owner)
                values = [_given(module, b) for b in bound if b.how in ("assign", "unpack")]
                made = {dotted(v.func).rpartition(".")[2] if isinstance(v, ast.Call) else "" for v in values}
                if len(values) < len(bound):
                    return None
                named = [c for word in made for _, c in self.project.classes.get(word, ())]
                cls = named[0] if len(made) == len(named) == 1 else None
        for _ in range(MAX_SLOTS):
            bases = [dotted(b) for b in getattr(cls, "bases", ())]
            known = [c for b in bases for _, c in self.project.classes.get(b.rpartition(".")[2], ())]
            if not known:
                return cls
            if len(known) > 1:
                return None
            cls = known[0]
        return None

    def _owned(self, module: Module, node: ast.Attribute) -> None:
        """A class of a library may change what its objects have: `data` of a `UserList`."""
        holder = module.function(node)
        if isinstance(holder, ast.FunctionDef):
            name = self._of_library_class(module.parents[holder])
            if name:
                raise _Unknown(f"line {node.lineno}: an attribute of a class that inherits from {name}")

    def _of_library_class(self, node: ast.AST) -> str:
        """What class that the project does not have a class inherits from, if one does."""
        todo = [node]
        for cls in todo:
            for base in getattr(cls, "bases", ()):
                name = dotted(base.value if isinstance(base, ast.Subscript) else base).rpartition(".")[2]
                known = [c for _, c in self.project.classes.get(name, ())]
                if not known and name not in PLAIN_BASES or len(todo) > MAX_SLOTS:
                    return name or "something"
                todo += known
        return ""

    def _in_class(self, module: Module, cls: ast.ClassDef, s: ast.stmt, slot: Slot) -> None:
        """A field of a dataclass with a list or dict of its own, which no call gives, or nothing."""
        targets = s.targets if isinstance(s, ast.Assign) else [getattr(s, "target", None)]
        if not any(isinstance(n, ast.Name) and n.id == slot.name for t in targets if t for n in ast.walk(t)):
            return
        match s:
            case ast.AnnAssign(
                value=ast.Call(func=f, args=[], keywords=[ast.keyword(arg="default_factory", value=made)])
            ):
                if module.imported(f) != "dataclasses.field":
                    raise _Unknown(f"line {s.lineno}: a field")
            case _:
                raise _Unknown(f"line {s.lineno}: {slot.name} is bound in a class")
        if isinstance(made, ast.Lambda):
            self._into(module, made.body, slot.depth)
        elif not module.is_builtin(made, "list", "dict") or slot.depth == 0 and not self.fresh(module, made):
            raise _Unknown(f"line {s.lineno}: what it begins with")
        self._listed |= module.is_builtin(made, "list") and slot.depth > 0
        if cls.bases or cls.keywords:
            raise _Unknown(f"line {cls.lineno}: a class that inherits")
        place = [t.target.id for t in cls.body if isinstance(t, ast.AnnAssign) and isinstance(t.target, ast.Name)]
        for m in self.project.modules:
            for node in m.written:
                if isinstance(node, ast.ClassDef) and any(dotted(b).endswith(cls.name) for b in node.bases):
                    raise _Unknown(f"line {node.lineno}: a class that inherits")
                if isinstance(node, ast.Call) and (
                    dotted(node.func).rpartition(".")[2] == cls.name or m.imported(node.func) in REPLACING
                ):
                    words = {k.arg for k in node.keywords}
                    if slot.name in words or None in words or len(node.args) > place.index(slot.name):
                        raise _Unknown(f"line {node.lineno}: {slot.name} is given")
                    if any(isinstance(a, ast.Starred) for a in node.args):
                        raise _Unknown(f"line {node.lineno}: {slot.name} may be given")
            if any(a != b for a, b in renames(m) if b == cls.name):
                raise _Unknown(f"{cls.name} goes by another name")

    # -- what comes in

    def _bound(self, module: Module, slot: Slot, node: ast.AST, how: str, value: ast.expr | None) -> None:
        parent = module.parents[node]
        if how in ("declare", "delete"):
            return
        if how == "parameter":
            self._parameter(slot, node)
        elif how in ("assign", "unpack") and value is not None:
            if isinstance(parent, ast.NamedExpr) or isinstance(parent, ast.Assign) and len(parent.targets) > 1:
                raise _Unknown(f"line {parent.lineno}: bound with others")
            self._into(module, value, slot.depth)
        elif how == "augment" and slot.depth == 0 and isinstance(parent, ast.AugAssign):
            if not isinstance(parent.op, ast.Add) or self.judge(module, node) is False:  # type: ignore[arg-type]
                raise _Unknown(f"line {parent.lineno}: changed in place")
            self.grown.append((module, node))
        elif how == "unpack" and self._unpacked(module, node, slot.depth):
            pass
        elif self._item_of_slot(module, node) is None:
            raise _Unknown(f"line {getattr(node, 'lineno', 0)}: {slot.name} is bound otherwise")

    def _unpacked(self, module: Module, node: ast.AST, depth: int) -> bool:
        """`rows, names = load()`: what the function gives at this place comes in."""
        match module.parents[module.parents[node]], module.parents[node]:
            case ast.Assign(targets=[_], value=ast.Call() as call), ast.Tuple(elts=elts):
                at = [n is node for n in elts].index(True)
                return self._given_back(module, call, depth, (at, len(elts)))
        return False

    def _item_of_slot(self, module: Module, node: ast.AST) -> ast.expr | None:
        """The container whose items a loop gives to a name, if it is a slot already."""
        loop = module.parents[node]
        if isinstance(loop, ast.Tuple):
            loop = module.parents[loop]
        if not isinstance(loop, (ast.For, ast.comprehension)):
            return None
        match loop.iter:
            case ast.Call(func=ast.Attribute(value=value, attr="items" | "values")):
                pass
            case value:
                pass
        slot = self._slot(module, value, 1)
        if slot not in self.found:
            return None
        self._known(module, value)
        return value

    def _stored(self, module: Module, node: ast.Attribute, depth: int) -> None:
        parent = module.parents[node]
        if isinstance(parent, ast.AugAssign) and depth == 0 and isinstance(parent.op, ast.Add):
            if self.judge(module, node) is not False:
                self.grown.append((module, node))
                return
        elif isinstance(parent, ast.AnnAssign):
            if parent.value is not None:
                self._into(module, parent.value, depth)
            return
        elif isinstance(parent, ast.Assign) and parent.targets == [node]:
            self._into(module, parent.value, depth)
            return
        elif isinstance(parent, ast.Tuple):
            whole = module.parents[parent]
            if isinstance(whole, ast.Assign) and whole.targets == [parent] and isinstance(whole.value, ast.Tuple):
                given = whole.value.elts
                if len(given) == len(parent.elts) and not any(
                    isinstance(e, ast.Starred) for e in (*given, *parent.elts)
                ):
                    self._into(module, given[parent.elts.index(node)], depth)
                    return
        raise _Unknown(f"line {node.lineno}: .{node.attr} is bound otherwise")

    def _into(self, module: Module, value: ast.expr, depth: int) -> None:
        """A value that is put into a slot: new, or of another slot."""
        match value:
            case ast.IfExp(body=body, orelse=orelse):
                self._into(module, body, depth)
                self._into(module, orelse, depth)
                return
            case ast.BoolOp(values=values):
                for v in values:
                    self._into(module, v, depth)
                return
            case ast.Constant():
                return
        if depth == 0:
            if isinstance(value, ast.Subscript) and isinstance(value.slice, ast.Slice):
                new = "__getitem__" not in self.project.dunders  # of what is a list, a new one
            else:
                new = self.project.fresh_value(module, value)
            if new and self.fresh(module, value):
                self.made.append((module, value))
                return
        elif self._new_outer(module, value):
            return
        if isinstance(value, ast.Call) and self._given_back(module, value, depth):
            return
        if isinstance(value, ast.NamedExpr) or self._slot(module, value, depth) is None:
            raise _Unknown(f"line {value.lineno}: {ast.unparse(value)[:40]} is no new list")
        self._add(module, value, depth)

    def _new_outer(self, module: Module, value: ast.expr) -> bool:
        """A new dict or list of lists."""
        match value:
            case ast.Dict(values=values):
                if None in value.keys:
                    return False
                for v in values:
                    self._into(module, v, 0)
            case ast.DictComp(value=v):
                self._into(module, v, 0)
            case ast.List(elts=elts):
                self._listed = True
                for v in elts:
                    self._into(module, v, 0)
            case ast.ListComp(elt=v):
                self._listed = True
                self._into(module, v, 0)
            case ast.Call(func=f, args=args, keywords=[]) if module.imported(f) == "collections.defaultdict":
                match args:
                    case [] | [ast.Name(id="list" | "int" | "float" | "dict" | "set")]:
                        return True
                    case [ast.Lambda(body=made)]:
                        self._into(module, made, 0)
                    case _:
                        return False
            case ast.Call(func=f, args=[], keywords=[]) if module.is_builtin(f, "dict", "list"):
                self._listed |= module.is_builtin(f, "list")
            case _:
                return False
        return True

    # -- what is done with it

    def _used(self, module: Module, node: ast.expr, depth: int) -> None:
        if depth == 0 and self._looked_through(module, node):
            return
        said = self.judge(module, node) if depth == 0 else None
        if said is True:
            return
        parent = module.parents[node]
        known = said is None and (self._outer_use if depth else self._list_use)(module, node, parent)
        if not known and (said is False or not self._handed_on(module, node, parent, depth)):
            where = ast.unparse(parent) if isinstance(parent, ast.expr) else ast.unparse(node)
            raise _Unknown(f"line {node.lineno}: {where[:60]}")

    @staticmethod
    def _looked_through(module: Module, node: ast.expr) -> bool:
        """Whether a list is only given to a helper that looks at it."""
        call = module.parents[node]
        if not isinstance(call, ast.Call) or not call.args or call.args[0] is not node:
            return False
        return dotted(call.func) in WINDOWS and any(getattr(d, "name", "") in WINDOWS for d in module.put_there)

    def _list_use(self, module: Module, node: ast.expr, parent: ast.AST) -> bool:
        match parent:
            case ast.Attribute(attr=attr) if isinstance(node, ast.expr) and parent.value is node:
                call = module.parents[parent]
                called = isinstance(call, ast.Call) and call.func is parent and attr not in self.project.functions
                if attr in GROWING:
                    self.grown.append((module, node))
                return called and attr in GROWING | LOOKING
            case ast.BoolOp() | ast.Return() | ast.Assign() | ast.keyword():
                return use_kind(self.project, module, node) == "read"
            case ast.Subscript(ctx=ast.Load()) | ast.AugAssign():
                return use_kind(self.project, module, node) == "read"
            case ast.Subscript():
                return False
            case ast.Compare() if self.project.dunders & COMPARISONS:
                own = all(isinstance(op, (ast.In, ast.NotIn)) for op in parent.ops) and parent.left is not node
                return own or all(isinstance(op, (ast.Is, ast.IsNot)) for op in parent.ops)
        if isinstance(parent, ast.Call) and isinstance(parent.func, ast.Attribute) and not module.imported(parent.func):
            word, words = parent.func.attr, words_of(self.project)
            if word in words.names or word in words.given or of_made_class(self.project, word):
                return False  # an attribute that holds a function
        return use_kind(self.project, module, node) == "read"

    def _outer_use(self, module: Module, node: ast.expr, parent: ast.AST) -> bool:
        match parent:
            case ast.Subscript(value=value, slice=at) if value is node:
                if isinstance(at, ast.Slice):
                    return False
                holder = module.parents[parent]
                if isinstance(parent.ctx, ast.Load):
                    self._used(module, parent, 0)
                elif isinstance(parent.ctx, ast.Store):
                    if isinstance(holder, ast.AugAssign):
                        self.grown.append((module, node))
                        return isinstance(holder.op, ast.Add) and self.judge(module, parent) is not False
                    if not isinstance(holder, ast.Assign) or holder.targets != [parent]:
                        return False
                    self._into(module, holder.value, 0)
                return True
            case ast.Attribute(attr=attr, ctx=ast.Load()):
                call = module.parents[parent]
                if not isinstance(call, ast.Call) or call.func is not parent or call.keywords:
                    return False
                if attr in self.project.functions or any(isinstance(a, ast.Starred) for a in call.args):
                    return False
                if attr in ("get", "setdefault", "pop"):
                    for given in call.args[1:]:
                        self._into(module, given, 0)
                    self._used(module, call, 0)
                    return True
                if attr == "append" and len(call.args) == 1:
                    self._listed = True
                    self._into(module, call.args[0], 0)
                    return True
                if attr in ("items", "values"):
                    return self._gone(module, call, attr)
                return attr in ("keys", "clear")
            case ast.For(iter=it) | ast.comprehension(iter=it) if it is node:
                self._gone_through.append((module, node))
                return True
            case ast.Call(func=f) if node in parent.args and module.is_builtin(f, *WHOLE, *KEYS):
                if module.is_builtin(f, *KEYS):
                    self._gone_through.append((module, node))
                return True
            case ast.Compare():
                return all(isinstance(op, (ast.In, ast.NotIn, ast.Is, ast.IsNot)) for op in parent.ops)
            case ast.If() | ast.While() | ast.UnaryOp() | ast.Expr():
                return True
        return False

    def _gone(self, module: Module, call: ast.Call, attr: str) -> bool:
        """`for key, xs in by_key.items()`: the lists go by that name as well."""
        parent = module.parents[call]
        if isinstance(parent, ast.Call) and module.is_builtin(parent.func, "len"):
            return True
        if not isinstance(parent, (ast.For, ast.comprehension)) or parent.iter is not call:
            return False
        match parent.target, attr:
            case (ast.Tuple(elts=[_, ast.Name() as name]), "items") | (ast.Name() as name, "values"):
                self._add(module, name, 0)
                return True
        return False

    def _items_of(self, module: Module, node: ast.expr) -> None:
        """A list of lists that is gone through hands them out."""
        parent = module.parents[node]
        if not isinstance(parent, (ast.For, ast.comprehension)) or not isinstance(parent.target, ast.Name):
            raise _Unknown(f"line {node.lineno}: lists are handed out")
        self._add(module, parent.target, 0)

    def _handed_on(self, module: Module, node: ast.expr, parent: ast.AST, depth: int) -> bool:
        match parent:
            case ast.BoolOp() | ast.IfExp():
                if isinstance(parent, ast.BoolOp) or parent.test is not node:
                    self._used(module, parent, depth)
                return True
            case ast.Assign(targets=[ast.Name() | ast.Attribute() | ast.Subscript() as target], value=value):
                if value is not node:
                    return False
                self._add(module, target, depth)
                return True
            case ast.AnnAssign(target=ast.Name() | ast.Attribute() as target):
                self._add(module, target, depth)
                return True
            case ast.Return():
                return self._returned(module, parent, depth)
            case ast.Tuple(elts=elts) if isinstance(back := module.parents[parent], ast.Return):
                if any(isinstance(e, ast.Starred) for e in elts):
                    return False
                return self._returned(module, back, depth, (elts.index(node), len(elts)))
            case ast.Call() if node in parent.args:
                return self._passed(module, parent, parent.args.index(node), None, depth)
            case ast.keyword(arg=str() as word):
                call = module.parents[parent]
                return isinstance(call, ast.Call) and self._passed(module, call, -1, word, depth)
        return False

    # -- functions of the project, by their names

    def _plainly_called(self, function: ast.AST) -> list[tuple[Module, ast.Call]] | None:
        """All calls of functions of this name, where it is only ever called."""
        if not isinstance(function, ast.FunctionDef) or function.name.startswith("__") or _is_generator(function):
            return None
        name = function.name
        if name in self.project.attributes or name in self.project.classes:
            return None
        for home, f in self.project.functions.get(name, ()):
            if any(dotted(d) not in ("staticmethod", "abstractmethod") for d in f.decorator_list):
                return None
            if self._of_library_class(home.parents[f]):
                return None  # which may call it
        calls = []
        for module in self.project.modules:
            if any(a == name or b == name for a, b in renames(module)):
                return None
        words = words_of(self.project)
        for module, node in (*words.attributes.get(name, ()), *words.names.get(name, ())):
            if isinstance(node, ast.Name) and is_variable(module, node):
                continue
            call = module.parents[node]
            if not isinstance(call, ast.Call) or call.func is not node:
                return None
            calls.append((module, call))
        return calls

    def _returned(
        self, module: Module, statement: ast.Return, depth: int, place: tuple[int, int] | None = None
    ) -> bool:
        """What a function gives, alone or (place, length) as one of several, is looked at where it is called."""
        calls = self._plainly_called(module.function(statement))
        if calls is None:
            return False
        key = (f"from {place}", statement, depth)
        if key in self._seen:
            return True  # a function that calls itself
        self._seen.add(key)
        for m, call in calls:
            if place is None:
                self._used(m, call, depth)
                continue
            match m.parents[call]:
                case ast.Assign(targets=[ast.Tuple(elts=names)]) if len(names) == place[1]:
                    target = names[place[0]]
                case _:
                    return False
            if not isinstance(target, ast.Name) or any(isinstance(n, ast.Starred) for n in names):
                return False
            self._add(m, target, depth)
        return True

    def _given_back(self, module: Module, call: ast.Call, depth: int, place: tuple[int, int] | None = None) -> bool:
        """What a function of the project returns, alone or as one of several, comes in."""
        word = call.func.attr if isinstance(call.func, ast.Attribute) else dotted(call.func)
        functions = self.project.functions.get(word, [])
        if not functions or word in self.project.classes or _may_be_another(self.project, module, call.func):
            return False
        for home, function in functions:
            if self._plainly_called(function) is None:
                return False
            for node in ast.walk(function):
                if not isinstance(node, ast.Return) or home.function(node) is not function or node.value is None:
                    continue
                value, key = node.value, (f"into {place}", node, depth)
                if place is not None:
                    if not isinstance(value, ast.Tuple) or len(value.elts) != place[1]:
                        return False
                    if any(isinstance(e, ast.Starred) for e in value.elts):
                        return False
                    value = value.elts[place[0]]
                if key not in self._seen:
                    self._seen.add(key)
                    self._into(home, value, depth)
        return True

    def _passed(self, module: Module, call: ast.Call, at: int, word: str | None, depth: int) -> bool:
        func = call.func
        name = func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
        functions = self.project.functions.get(name, [])
        if not functions or name in self.project.classes or any(isinstance(a, ast.Starred) for a in call.args):
            return False
        if _may_be_another(self.project, module, func) or _of_class(self.project, func):
            return False
        for home, function in functions:
            if self._plainly_called(function) is None or function.args.vararg or function.args.kwarg:
                return False
            if _one_more(home, function, module, call):
                return False
            names = _parameters(home, function, func)
            wanted = word if word is not None else names[at] if at < len(names) else None
            if wanted is None:
                continue  # called with what it does not take
            self.handed += 1
            self.found.setdefault(Slot(wanted, depth, home, function))
        return True

    def arguments(self, module: Module, function: ast.AST | None, name: str) -> list[tuple[Module, ast.expr]] | None:
        """All that may be given for a parameter, by all calls of its function; None where that is not known."""
        calls = self._plainly_called(function) if function is not None else None
        if calls is None or not isinstance(function, ast.FunctionDef) or function.args.vararg or function.args.kwarg:
            return None
        args = function.args
        given = [(module, d) for d in (*args.defaults, *args.kw_defaults) if d is not None]
        for m, call in calls:
            names = _parameters(module, function, call.func)
            if any(isinstance(a, ast.Starred) for a in call.args) or any(k.arg is None for k in call.keywords):
                return None
            if _of_class(self.project, call.func) or _one_more(module, function, m, call):
                return None
            if name in names and len(call.args) > names.index(name):
                given.append((m, call.args[names.index(name)]))
            given += ((m, k.value) for k in call.keywords if k.arg == name)
        return given

    def _parameter(self, slot: Slot, node: ast.AST) -> None:
        given = None if slot.module is None else self.arguments(slot.module, slot.scope, slot.name)
        if given is None:
            raise _Unknown(f"line {getattr(node, 'lineno', 0)}: {slot.name} is given from anywhere")
        for m, value in given:
            self._into(m, value, slot.depth)


@lru_cache(maxsize=4)  # one project is asked about for site after site
def _open_world(project: Project) -> str:
    """Why names do not tell all that is done in a project; an empty string when they do."""
    if "__del__" in project.functions:
        return "objects that tell when they go"
    if not project.whole or project.threads:
        return project.threads or "a module of the project could not be read"
    augmented = any(
        isinstance(n, ast.AugAssign) and isinstance(n.op, ast.Add) for m in project.modules for n in m.written
    )
    if augmented and project.dunders & OPERATORS:
        return "`rows += other` may ask the other"
    for module in project.modules:
        for n in module.written:
            if isinstance(n, ast.Attribute) and not isinstance(n.ctx, ast.Load) and module.imported(n):
                return f"line {n.lineno}: what a module holds is bound anew"
            if isinstance(n, (ast.Import, ast.ImportFrom)) and (odd := _imported(n) & REACHING):
                return f"line {n.lineno}: {min(odd)} is imported"
        words = module.names & (SETTERS | COUNTING)
        if module.dynamic or words:
            return f"{module.source.path} uses {module.dynamic or min(words)}"
    return ""


def _is_empty(value: ast.expr) -> bool:
    """`[]`, `list()`"""
    return isinstance(value, ast.List) and not value.elts or isinstance(value, ast.Call) and not value.args


def _imported(statement: ast.Import | ast.ImportFrom) -> set[str]:
    """The packages that a statement imports from."""
    if isinstance(statement, ast.ImportFrom):
        return {(statement.module or "").split(".")[0]}
    return {a.name.split(".")[0] for a in statement.names}


def _may_be_another(project: Project, module: Module, func: ast.expr) -> bool:
    """Whether a function that goes by the name of one of the project may be another: any but a plain name of the
    project's own, and `self.method` within its class."""
    name = module.imported(func)
    if name:
        return not project._is_user_module(name)
    if isinstance(func, ast.Name):
        owner = module.owner(func.id, func)
        return owner is not None and not all(b.how in ("def", "import") for b in module.bindings(func.id, owner))
    return not (isinstance(func, ast.Attribute) and _own_method(module, func))


def _own_method(module: Module, func: ast.Attribute) -> bool:
    """`self.sample(rows)` in a class that has such a method."""
    holder = module.function(func)
    if not isinstance(func.value, ast.Name) or not _is_self(module, func.value, holder):
        return False
    cls = module.parents[holder]
    return any(isinstance(s, ast.FunctionDef) and s.name == func.attr for s in getattr(cls, "body", ()))


def _is_self(module: Module, name: ast.Name, holder: ast.AST) -> bool:
    """Whether a name in a method of a class is the object that the method was asked of."""
    if not isinstance(holder, ast.FunctionDef) or not isinstance(module.parents[holder], ast.ClassDef):
        return False
    if any(dotted(d) not in ("property", "abstractmethod") for d in holder.decorator_list) or not holder.args.args:
        return False
    first = holder.args.args[0].arg
    return name.id == first and len(module.bindings(first, holder)) == 1


def _of_class(project: Project, func: ast.expr) -> bool:
    """Whether a method is asked of its class, which takes the object first: `Account.put(account, rows)`."""
    return isinstance(func, ast.Attribute) and dotted(func.value).rpartition(".")[2] in project.classes


def _one_more(home: Module, function: ast.FunctionDef | ast.AsyncFunctionDef, module: Module, call: ast.Call) -> bool:
    """Whether a call gives as much as a method takes that is asked of its class, by whatever name that goes."""
    if not isinstance(call.func, ast.Attribute) or not isinstance(home.parents[function], ast.ClassDef):
        return False
    args = function.args
    needed = len(_parameters(home, function, call.func)) - len(args.defaults) + args.kw_defaults.count(None)
    return len(call.args) + len(call.keywords) > needed and not _own_method(module, call.func)


def _parameters(home: Module, function: ast.FunctionDef | ast.AsyncFunctionDef, func: ast.expr) -> list[str]:
    """The parameters that arguments by place go to, in a call by this expression."""
    names = [a.arg for a in (*function.args.posonlyargs, *function.args.args)]
    method = isinstance(home.parents[function], ast.ClassDef)
    plain = any(dotted(d) == "staticmethod" for d in function.decorator_list)
    return names[1:] if method and not plain and isinstance(func, ast.Attribute) else names
