"""What the samples of a data set are made of: classes whose `__getitem__` only computes, and who may write into what
they read."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from hasten.passes.source.containers.effects import MUTATORS, Project
from hasten.passes.source.containers.syntax import COMPREHENSIONS, Module
from hasten.passes.source.torch_calls.loader import DATASETS

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef

BUILTINS = frozenset(
    "len int float str bool min max range enumerate zip sorted list tuple dict set frozenset abs round sum any all "
    "reversed ord chr divmod isinstance slice complex".split()
)
OF_NUMPY = frozenset(
    "array asarray ascontiguousarray zeros ones full zeros_like ones_like full_like arange linspace eye clip log "
    "log1p log2 log10 exp expm1 sqrt square abs absolute sin cos tan tanh power maximum minimum mean std var sum "
    "min max prod median percentile quantile pad concatenate stack hstack vstack column_stack where isnan isfinite "
    "nan_to_num float32 float64 int64 int32 int16 int8 uint8 bool_ transpose expand_dims squeeze ravel reshape "
    "moveaxis swapaxes flip fliplr flipud rot90 roll argmax argmin argsort sort unique diff cumsum dot matmul outer "
    "floor ceil round sign searchsorted interp tile repeat atleast_1d atleast_2d newaxis pi nan inf e".split()
)
OF_TORCH = frozenset(
    "tensor as_tensor from_numpy FloatTensor LongTensor zeros ones full arange stack cat clamp log log1p exp sqrt "
    "abs mean std sum where flip roll sin cos tanh sigmoid float float32 float64 double half float16 long int64 int "
    "int32 int16 int8 uint8 bool zeros_like ones_like nn.functional.one_hot nn.functional.pad "
    "nn.functional.normalize".split()
)
OF_OTHERS = {
    "numpy": OF_NUMPY,
    "torch": OF_TORCH,
    "math": frozenset("log log1p log2 log10 exp sqrt sin cos tan tanh floor ceil pi e inf nan isnan pow fabs".split()),
    "re": frozenset("sub findall split match search fullmatch".split()),
    "json": frozenset({"loads"}),
    "string": frozenset("punctuation digits ascii_lowercase ascii_uppercase ascii_letters whitespace".split()),
}
# of texts, numbers, dicts and lists, arrays, tensors and frames: all leave what they belong to as it is
METHODS = frozenset(
    "lower upper title capitalize casefold strip lstrip rstrip split rsplit splitlines replace join startswith "
    "endswith find rfind index count isalpha isdigit isalnum isspace isupper islower zfill ljust rjust translate "
    "removeprefix removesuffix encode format get keys values items copy astype reshape ravel flatten transpose "
    "squeeze unsqueeze mean std var sum min max prod round clip tolist item tobytes float double long int half bool "
    "type view contiguous permute t clone detach numpy to_numpy abs sqrt exp log clamp argmax argmin argsort cumsum "
    "repeat expand flip roll any all dot matmul size dim numel to_list fillna isna notna bit_length".split()
)
GROWS = frozenset("append extend insert sort reverse update add setdefault".split())  # of what is made here only
# of PyTorch: what tensors are made like, from now on
SETTINGS = frozenset({"set_default_dtype", "set_default_device", "set_default_tensor_type", "set_flush_denormal"})
SPECIAL = frozenset({"__init__", "__len__", "__getitem__"})
WRITERS = frozenset("copyto put place putmask fill_diagonal shuffle setattr delattr heappush heappop".split())
CHANGES = MUTATORS | frozenset("fill put resize itemset partition setflags byteswap isetitem insert update".split())
LOADERS = frozenset({"DataLoader", "len", "print", "range", "isinstance", "type", "str", "repr", "int", "float"})


class _Unknown(Exception):
    """Something in a function may do more than compute."""


@dataclass(frozen=True)
class SampleClass:
    """A data set class of the file; `variables` are those of the file that its samples are made of, `fields` its own
    attributes."""

    name: str
    variables: tuple[str, ...]
    fields: frozenset[str]


def classes(module: Module) -> Iterator[SampleClass]:
    """Data set classes at the top level of the file whose samples follow from plain values."""
    if module.names & SETTINGS or any(isinstance(n, ast.With) and _device(n) for n in ast.walk(module.tree)):
        return
    for node in module.tree.body:
        if not isinstance(node, ast.ClassDef) or node.decorator_list or node.keywords or len(node.bases) != 1:
            continue
        if module.imported(node.bases[0]) not in DATASETS or len(module.bindings(node.name, module.tree)) != 1:
            continue
        methods = {s.name: s for s in node.body if isinstance(s, ast.FunctionDef)}
        plain = all(isinstance(s, (ast.FunctionDef, ast.Pass)) or _is_text(s) for s in node.body)
        doubled = len(methods) != sum(isinstance(s, ast.FunctionDef) for s in node.body)
        special = {name for name in methods if name.startswith("__")} - SPECIAL
        if not plain or doubled or special or any(m.decorator_list for m in methods.values()):
            continue
        if not {"__getitem__", "__len__"} <= methods.keys() or len(methods["__getitem__"].args.args) != 2:
            continue
        look = _Look(module, methods)
        try:
            look.function(methods["__getitem__"])
            look.function(methods["__len__"])
        except _Unknown:
            continue
        yield SampleClass(node.name, tuple(sorted(look.variables)), frozenset(look.fields))


def _is_text(s: ast.stmt) -> bool:
    return isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant)


def _device(node: ast.With) -> bool:
    """`with device:` makes tensors elsewhere."""
    return any(not isinstance(item.context_expr, ast.Call) for item in node.items)


@dataclass
class _Look:
    """Goes through the functions that make a sample. Raises `_Unknown`."""

    module: Module
    methods: dict[str, ast.FunctionDef]
    variables: set[str] = field(default_factory=set)
    fields: set[str] = field(default_factory=set)
    seen: set[ast.AST] = field(default_factory=set)

    def function(self, function: Function) -> None:
        if function in self.seen:
            return
        self.seen.add(function)
        a = function.args
        if isinstance(function, ast.AsyncFunctionDef) or function.decorator_list or a.vararg or a.kwarg:
            raise _Unknown
        for default in (*a.defaults, *a.kw_defaults):
            if default is not None and not isinstance(default, ast.Constant):
                raise _Unknown
        me = a.args[0].arg if function in self.methods.values() and a.args else ""
        if me and len(self.module.bindings(me, function)) != 1:
            raise _Unknown
        for statement in function.body:
            for node in _code(statement):
                self.node(node, function, me)

    def node(self, node: ast.AST, home: Function, me: str) -> None:
        match node:
            case ast.Assign() | ast.AnnAssign() | ast.NamedExpr() | ast.For() | ast.comprehension():
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                for target in targets:
                    self.target(target, home)
            case ast.AugAssign(target=target):
                name = target.value if isinstance(target, ast.Subscript) else target
                if not self.new(name, home):
                    raise _Unknown
            case ast.Call():
                self.call(node, home, me)
            case ast.Name(ctx=ast.Load()):
                self.name(node, me)
            case ast.Attribute(ctx=ast.Load()):
                origin = self.module.imported(node)
                if isinstance(node.value, ast.Name) and node.value.id == me:
                    if node.attr not in self.methods:
                        self.fields.add(node.attr)
                    elif not self.called(node):
                        raise _Unknown
                elif origin and not self.called(node) and not self.inside(node) and not computes(origin):
                    raise _Unknown
            case ast.stmt():
                kinds = (ast.Return, ast.If, ast.While, ast.Expr, ast.Pass, ast.Assert, ast.Raise)
                if not isinstance(node, (*kinds, ast.Break, ast.Continue)):
                    raise _Unknown
            case ast.Await() | ast.Yield() | ast.YieldFrom() | ast.Lambda() | ast.GeneratorExp():
                if not isinstance(node, (ast.Lambda, ast.GeneratorExp)):
                    raise _Unknown

    def called(self, node: ast.AST) -> bool:
        parent = self.module.parents[node]
        return isinstance(parent, ast.Call) and parent.func is node

    def inside(self, node: ast.AST) -> bool:
        return isinstance(self.module.parents[node], ast.Attribute)

    def target(self, target: ast.expr, home: Function) -> None:
        if isinstance(target, (ast.Tuple, ast.List)):
            for part in target.elts:
                self.target(part, home)
        elif isinstance(target, ast.Subscript):
            if not self.new(target.value, home):
                raise _Unknown
        elif not isinstance(target, ast.Name) or isinstance(self.module.owner(target.id, target), ast.Module):
            raise _Unknown

    def new(self, e: ast.expr, home: Function) -> bool:
        """Whether a name of the function only ever means something that the function has made."""
        if not isinstance(e, ast.Name) or self.module.owner(e.id, e) is not home:
            return False
        bound = [b for b in self.module.bindings(e.id, home) if b.how not in ("augment", "declare")]
        return bool(bound) and all(
            b.how == "assign" and b.value is not None and self.made(b.value, e.id) for b in bound
        )

    def made(self, value: ast.expr, name: str) -> bool:
        match value:
            case ast.List() | ast.Dict() | ast.Set() | ast.ListComp() | ast.DictComp() | ast.SetComp() | ast.Constant():
                return True
            case ast.BinOp():
                return True  # of numbers, arrays and lists: a new one
            case ast.Call(func=ast.Attribute(attr="copy" | "clone" | "split" | "tolist")):
                return True
            case ast.Call(func=func, args=args):
                makes = self.module.imported(func).rpartition(".")[2] in (
                    "zeros",
                    "ones",
                    "full",
                    "array",
                    "tensor",
                    "arange",
                )
                return (
                    makes
                    and not value.keywords
                    or self.module.is_builtin(func, "list", "dict", "set", "sorted")
                    or (makes and all(k.arg in ("dtype", "fill_value") for k in value.keywords) and bool(args))
                )
        return False

    def name(self, node: ast.Name, me: str) -> None:
        module = self.module
        scope = module.owner(node.id, node)
        if node.id == me:
            parent = module.parents[node]
            if not (isinstance(parent, ast.Attribute) and parent.value is node):
                raise _Unknown  # handed on
            return
        if scope is None:
            if not module.is_builtin(node) or node.id not in BUILTINS | {"map", "filter", "None"} | _ERRORS:
                raise _Unknown
            return
        if scope is not module.tree:
            return
        if module.imported(node):
            if not (self.inside(node) or self.called(node) or computes(module.imported(node))):
                raise _Unknown
            return
        bound = module.bindings(node.id, module.tree)
        if all(b.how in ("assign", "unpack", "augment", "declare", "loop") for b in bound):
            self.variables.add(node.id)
        elif not self.called(node) and not self.mapped(node):
            raise _Unknown
        elif len(bound) == 1 and isinstance(bound[0].node, ast.FunctionDef):
            self.function(bound[0].node)
        else:
            raise _Unknown

    def mapped(self, node: ast.AST) -> bool:
        parent = self.module.parents[node]
        return isinstance(parent, ast.Call) and self.module.is_builtin(parent.func, "map", "filter")

    def call(self, call: ast.Call, home: Function, me: str) -> None:
        func, module = call.func, self.module
        if any(k.arg in ("out", "inplace") for k in call.keywords):
            raise _Unknown
        origin = module.imported(func)
        if origin:
            if not computes(origin):
                raise _Unknown
            return
        if isinstance(func, ast.Name):
            scope = module.owner(func.id, func)
            if (
                scope is None
                or scope is module.tree
                and not all(b.how in ("assign", "unpack") for b in module.bindings(func.id, module.tree))
            ):
                return  # `name` looks at it
            raise _Unknown
        if not isinstance(func, ast.Attribute):
            raise _Unknown
        if isinstance(func.value, ast.Name) and func.value.id == me:
            if func.attr not in self.methods or func.attr in SPECIAL - {"__len__"}:
                raise _Unknown
            self.function(self.methods[func.attr])
        elif func.attr in GROWS:
            if not self.new(func.value, home):
                raise _Unknown
        elif func.attr not in METHODS:
            raise _Unknown


_ERRORS = frozenset("ValueError IndexError KeyError TypeError NotImplementedError RuntimeError".split())


def computes(origin: str) -> bool:
    root, _, rest = origin.partition(".")
    return rest in OF_OTHERS.get(root, ())


def _code(statement: ast.stmt) -> Iterator[ast.AST]:
    """Every node that runs: annotations of variables do not."""
    todo: list[ast.AST] = [statement]
    while todo:
        node = todo.pop()
        yield node
        if isinstance(node, ast.AnnAssign):
            todo += [node.target, *([node.value] if node.value is not None else [])]
        else:
            todo += ast.iter_child_nodes(node)


# ---- who may write


@dataclass(frozen=True)
class Holders:
    """Under which names, of variables and attributes, somebody may hold or write into something. By name alone, over
    all files of the project, so that a doubt is a yes."""

    project: Project

    def made_of(self, found: Iterable[SampleClass]) -> frozenset[str]:
        """Names under which somebody may hold what the samples of these classes are made of."""
        found = list(found)
        own = {c.name for c in found}
        held: set[str] = {name for c in found for name in (*c.variables, *c.fields)}
        flows: list[tuple[set[str], set[str]]] = []
        for each in self.project.modules:
            for node in ast.walk(each.tree):
                if isinstance(node, ast.Call) and _last(node.func) in own:
                    for given in (*node.args, *(k.value for k in node.keywords)):
                        held |= self.names(each, given)
                if isinstance(node, ast.FunctionDef) and node.name == "__init__":
                    around = each.parents[node]
                    if isinstance(around, ast.ClassDef) and around.name in own:
                        held |= {a.arg for a in (*node.args.args, *node.args.kwonlyargs)}
                for targets, value in self.bindings(each, node):
                    if isinstance(value, ast.Call) and _last(value.func) in own:
                        held |= targets
                    if not (isinstance(value, ast.Call) and _last(value.func) in LOADERS):
                        flows.append((targets, self.names(each, value)))
        held.discard("self")
        while True:
            before = len(held)
            for targets, names in flows:
                if targets & held:
                    held |= names
                if names & held:
                    held |= targets
            held -= {"self", *own}
            if len(held) == before:
                return frozenset(held)

    def bindings(self, module: Module, node: ast.AST) -> Iterator[tuple[set[str], ast.expr]]:
        if isinstance(node, ast.Assign):
            yield set().union(*(self.targets(module, target) for target in node.targets)), node.value
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
            yield self.targets(module, node.target), node.value
        elif isinstance(node, (ast.For, ast.comprehension)):
            yield self.targets(module, node.target), node.iter

    def targets(self, module: Module, target: ast.expr) -> set[str]:
        """What gets a value: a name, an attribute, something held by one."""
        if isinstance(target, (ast.Tuple, ast.List)):
            return set().union(*(self.targets(module, part) for part in target.elts))
        while isinstance(target, (ast.Subscript, ast.Starred)):
            target = target.value
        return {target.attr} if isinstance(target, ast.Attribute) else self.names(module, target)

    def names(self, module: Module, node: ast.AST) -> set[str]:
        """Variables in an expression, and attributes that the project sets; none that are modules or only called."""
        out: set[str] = set()
        called = {id(n.func) for n in ast.walk(node) if isinstance(n, ast.Call)}
        for n in ast.walk(node):
            if id(n) in called:
                continue
            if isinstance(n, ast.Name) and not module.imported(n):
                out.add(n.id)
            elif isinstance(n, ast.Attribute) and n.attr in self.project.attributes:
                out.add(n.attr)
        return out

    def written(self, module: Module, loop: ast.For | ast.comprehension) -> frozenset[str]:
        """Names that what runs during the loop may write into."""
        whole: ast.AST = loop
        if isinstance(loop, ast.comprehension):
            whole = next(at for at in module.up(loop) if isinstance(at, COMPREHENSIONS))
        todo: list[tuple[Module, ast.AST]] = [(module, whole)]
        # operators, calls of objects and hooks run without being named
        for name, defs in self.project.functions.items():
            hidden = name == "forward" or name.startswith("__") and name not in SPECIAL
            todo += [(m, d) for m, d in defs if hidden or d.decorator_list]
        done: set[ast.AST] = set()
        out: set[str] = set()
        while todo:
            home, at = todo.pop()
            if at in done:
                continue
            done.add(at)
            for n in ast.walk(at):
                out |= self.writes(home, n)
                name = n.id if isinstance(n, ast.Name) else n.attr if isinstance(n, ast.Attribute) else ""
                todo += self.project.functions.get(name, ())
                for m, made in self.project.classes.get(name, ()):
                    todo += [(m, s) for s in made.body if isinstance(s, ast.FunctionDef) and s.name == "__init__"]
        return frozenset(out)

    def writes(self, module: Module, n: ast.AST) -> set[str]:
        if isinstance(n, (ast.Subscript, ast.Attribute)) and not isinstance(n.ctx, ast.Load):
            return self.names(module, n.value) | ({n.attr} if isinstance(n, ast.Attribute) else set())
        if isinstance(n, ast.AugAssign):
            return self.names(module, n.target)
        if not isinstance(n, ast.Call):
            return set()
        name, into = _last(n.func), [k.value for k in n.keywords if k.arg == "out"]
        if isinstance(n.func, ast.Attribute):
            in_place = name in CHANGES or name.endswith("_") and not name.endswith("__")
            if in_place or any(k.arg == "inplace" for k in n.keywords):
                into.append(n.func.value)
        if name in WRITERS:
            into += n.args
        return set().union(*(self.names(module, e) for e in into))


def _last(func: ast.expr) -> str:
    return func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
