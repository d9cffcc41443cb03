"""Networks of PyTorch that are asked one row at a time, and may be asked for all rows at once.

What is proved of a class of the file from its syntax: that its `forward` treats every row by itself. Each value in it
is followed with the number of its dimensions, the first of which is that of the rows: layers, elementwise functions,
softmax and means over other dimensions keep it; anything else refuses the class. While the program runs the module is
looked at before it is believed: types of layers, hooks, dropout and batch normalisation that would learn.

The other question is who would notice that no gradient is kept: results whose every use ends in numbers (`item`,
`argmax(...).item()`, a comparison) are worked out under `torch.no_grad`; where a tensor gets away, the loop runs as it
was unless gradients were off anyway.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from hasten.kernel import names
from hasten.passes.source.batch.loops import CHANGING_METHODS, Module, Refused, gradients_off, path_of

# layers that treat every row by itself whatever their state, and whose answer has as many dimensions
ALIKE = (
    "Linear Conv1d Conv2d Conv3d LayerNorm GroupNorm ReLU ReLU6 LeakyReLU ELU SELU CELU GELU SiLU Mish Sigmoid",
    "Tanh Hardtanh Hardswish Hardsigmoid Softplus Softsign LogSigmoid Identity MaxPool1d MaxPool2d AvgPool1d",
    "AvgPool2d AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveMaxPool1d AdaptiveMaxPool2d ZeroPad2d",
)
# {apart}, {forwarded}: names that are free in the file
FORWARDED = '''\
def {forwarded}(names, kinds, rows, used):
    """What model(row) gives for each of rows(), from few calls; None where that may not be the same.

    `kinds` gives classes whose `forward` treats every row by itself, with the layers that it uses. `used`: of the
    results only "numbers", so that none needs a gradient; "without" gradients; or as "tensors". Sums are rounded as
    for a single row. Whatever goes wrong is left for the loop to meet.
    """
    import contextlib

    import torch

    alike = (
{alike}
    ).split()

    def by_row(module):
        kind, own = type(module), torch.nn.Module
        held = vars(module)
        if any(held[name] for name in held if name.endswith("hooks")) or "forward" in held:
            return False
        if held.get("_compiled_call_impl") is not None:
            return False
        if kind.__call__ is not own.__call__ or kind.__getattr__ is not own.__getattr__:
            return False
        if kind in known:
            made = kind.forward.__module__ == __name__ and kind.forward.__qualname__ == kind.__qualname__ + ".forward"
            parts = [(getattr(module, name), wanted) for name, wanted in known[kind][1].items()]
            return made and all(type(part).__name__ == wanted and (type(part) is int or by_row(part))
                                for part, wanted in parts)
        if not kind.__module__.startswith("torch.nn.modules.") or kind.forward.__module__ != kind.__module__:
            return False
        name = kind.__name__
        if name == "Sequential":
            return all(type(part) not in known and by_row(part) for part in module)
        if name.startswith("BatchNorm"):
            return not module.training and module.running_mean is not None
        if name.startswith("Dropout") or name == "AlphaDropout":
            return not module.training
        if name in ("Softmax", "LogSoftmax"):
            return module.dim is not None and module.dim != 0
        if name == "Flatten":
            return module.start_dim >= 1
        if name == "Embedding":
            return module.max_norm is None
        if name in ("LSTM", "GRU", "RNN"):
            return module.batch_first and not (module.training and module.dropout)
        return name in alike

    try:
        known = kinds()  # how many dimensions they must be asked with, and the layers
        model, read, changed, updated = names()
        least = known.get(type(model), (2,))[0]
        everywhere = vars(torch.nn.modules.module)
        if any(held for name, held in everywhere.items() if name.startswith("_global_") and name.endswith("hooks")):
            return None
        weights = [*model.parameters(), *model.buffers()]
        if not by_row(model) or not {apart}([*read, *weights], changed, updated):
            return None
        if torch.is_autocast_enabled("cpu") or torch._C._len_torch_function_stack():
            return None
        if used == "tensors" and torch.is_grad_enabled() and any(weight.requires_grad for weight in weights):
            return None
        results, some, first, layers = [], [], None, torch.nn.functional

        class Alike(torch.overrides.TorchFunctionMode):
            """Layers whose sums are rounded otherwise for many rows than for one are asked one row at a time."""

            def __torch_function__(self, func, types, args=(), kwargs=None):
                kwargs = kwargs or {}
                answers = func(*args, **kwargs)
                if func not in (layers.linear, layers.conv1d, layers.conv2d, layers.conv3d):
                    return answers
                given, weight, bias = args[0], args[1], args[2] if len(args) > 2 else kwargs.get("bias")

                def alone(at):
                    return func(given[at:at + 1], *args[1:], **kwargs)

                def same(answers):
                    seen = range(0, len(given), max(1, len(given) // 16))
                    return all(torch.equal(answers[at:at + 1], alone(at)) for at in seen)

                if same(answers):
                    return answers
                if func is layers.linear and given.ndim == 2 and len(given) * weight.numel() <= 2**24:
                    answers = torch.bmm(given.unsqueeze(1), weight.t().expand(len(given), -1, -1)).squeeze(1)
                    answers = answers if bias is None else answers + bias
                    if same(answers):
                        return answers
                return torch.cat([alone(at) for at in range(len(given))])

        def ask():
            seen = sorted({0, len(some) // 2, len(some) - 1})
            with torch.set_grad_enabled(torch.is_grad_enabled() and used != "without"):
                alone = [model(some[at]).detach() for at in seen]
            threads = torch.get_num_threads()
            with contextlib.ExitStack() as after, torch.set_grad_enabled(False):
                if sum(weight.numel() for weight in weights) < 2**20:  # threads would wait for each other
                    after.callback(torch.set_num_threads, threads)
                    torch.set_num_threads(1)
                with Alike():
                    answers = model(torch.cat(some))
                if type(answers) is not torch.Tensor or answers.ndim < 1 or len(answers) != len(some):
                    raise ValueError("not an answer for each row")
                for again in (False, True):
                    if all(torch.equal(answers[at:at + 1], one) for at, one in zip(seen, alone)):
                        break
                    if again or not torch.isfinite(answers).all():
                        raise ValueError("other numbers than for a single row")
                    answers = torch.cat([model(row) for row in some])
            results.extend(answers[at:at + 1].clone() for at in range(len(some)))
            if len(results) * results[0].numel() > 2**26:
                raise ValueError("too many to keep")
            some.clear()

        for row in rows():
            first = row if first is None else first
            if type(row) is not torch.Tensor or row.requires_grad or row.device.type != "cpu":
                return None
            if row.ndim < least or len(row) != 1 or row.shape != first.shape or row.dtype != first.dtype:
                return None
            some.append(row)
            if len(some) >= max(16, min(1024, 2**16 // max(1, row.numel()))):  # bounded memory
                ask()
        if some:
            ask()
        return results if len(results) > 1 else None
    except Exception:
        return None
'''.replace("{alike}", ' "\n'.join(f'        "{line}' for line in ALIKE) + '"')
KEEP = frozenset(
    (
        " ".join(ALIKE)
        + " BatchNorm1d BatchNorm2d BatchNorm3d Dropout Dropout1d Dropout2d Dropout3d AlphaDropout Softmax LogSoftmax"
    ).split()
)  # layers whose answer has as many dimensions as what they are asked
RECURRENT = frozenset({"LSTM", "GRU", "RNN"})
ELEMENTWISE = frozenset(
    "relu sigmoid tanh exp log log1p sqrt abs clamp square sin cos neg gelu elu selu silu leaky_relu softplus "
    "logsigmoid hardtanh relu6 contiguous float double".split()
)
POOLS = frozenset("max_pool1d max_pool2d avg_pool1d avg_pool2d adaptive_avg_pool1d adaptive_avg_pool2d".split())
ALONG = frozenset({"softmax", "log_softmax", "cumsum"})  # one dimension, which stays
OVER = frozenset({"mean", "sum", "amax", "amin", "logsumexp", "prod"})  # one dimension, which goes
HEADS = ("torch.", "torch.nn.functional.", "torch.special.")


@dataclass(frozen=True)
class _Rows:
    """A tensor whose first dimension is that of the rows, with `least` dimensions at least; `exact` says how many there
    are where that is known: so many more than what `forward` is given has, or (`False`) than none."""

    least: int
    exact: tuple[bool, int] | None = None

    def fewer(self, gone: int) -> _Rows:
        """With so many dimensions less."""
        return _Rows(max(1, self.least - gone), None if self.exact is None else (self.exact[0], self.exact[1] - gone))


@dataclass(frozen=True)
class _Other:
    """What is no tensor of rows: "number" (the same whatever the rows are), "batch" (how many rows there are), "state"
    (of a recurrent layer, rows in the second dimension), "states" (two of these), or the recurrent layer that gave
    it."""

    kind: str


@dataclass
class Kind:
    """A class whose rows are treated by themselves: the layers (and whole numbers) its `forward` uses, by their types,
    and how many dimensions it must be asked with."""

    name: str
    parts: dict[str, str] = field(default_factory=dict)
    rank: int = 2


def kinds(module: Module) -> Mapping[str, Kind]:
    """The classes at the top level of the file that treat rows by themselves."""
    return _kinds(module.tree)


@lru_cache(maxsize=8)  # one file is asked about for call after call
def _kinds(tree: ast.Module) -> Mapping[str, Kind]:
    module, found = Module.of(tree), dict[str, Kind]()
    for node in module.tree.body:
        if isinstance(node, ast.ClassDef) and _plain(module, node):
            for rank in (2, 3):
                look = _Forward(module, node, found, Kind(node.name, rank=rank))
                try:
                    look.run()
                except Refused:
                    continue
                found[node.name] = look.kind
                break
    return found


def _plain(module: Module, node: ast.ClassDef) -> bool:
    stored = sum(
        (isinstance(n, ast.Name) and n.id == node.name and not isinstance(n.ctx, ast.Load))
        or (isinstance(n, (ast.ClassDef, ast.FunctionDef)) and n.name == node.name)
        for n in ast.walk(module.tree)
    )
    bases = [module.dotted(b) for b in node.bases]
    methods = {s.name for s in node.body if isinstance(s, ast.FunctionDef)}
    special = {m for m in methods if m.startswith("__")} - {"__init__"}
    simple = all(isinstance(s, (ast.FunctionDef, ast.Pass)) or _is_text(s) for s in node.body)
    return bases == ["torch.nn.Module"] and stored == 1 and simple and not special and not (
        node.decorator_list or node.keywords
    )  # fmt: skip


def _is_text(s: ast.stmt) -> bool:
    return isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant)


def _layers(module: Module, node: ast.ClassDef) -> dict[str, str]:
    """Attributes with what they are made by: a layer of PyTorch, a class of the file, or "int"."""
    found: dict[str, str] = {}
    for n in ast.walk(node):
        if not isinstance(n, (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.For, ast.withitem, ast.Delete)):
            continue
        targets = n.targets if isinstance(n, (ast.Assign, ast.Delete)) else [getattr(n, "target", None)]
        for t in (x for target in targets if target is not None for x in ast.walk(target)):
            if isinstance(t, ast.Attribute) and isinstance(t.value, ast.Name) and t.value.id == "self":
                made = _made(module, n.value) if isinstance(n, ast.Assign) else ""
                found[t.attr] = made if t.attr not in found else ""
    return found


def _made(module: Module, e: ast.expr) -> str:
    if isinstance(e, ast.Call):
        dotted = module.dotted(e.func)
        if dotted is not None and dotted.startswith("torch.nn."):
            return dotted.rpartition(".")[2]
        return e.func.id if isinstance(e.func, ast.Name) else ""
    return "int"  # looked at when the program runs


class _Forward:
    """Goes through a `forward`. Raises `Refused`."""

    def __init__(self, module: Module, node: ast.ClassDef, known: Mapping[str, Kind], kind: Kind) -> None:
        self.module, self.known, self.kind = module, known, kind
        self.layers = _layers(module, node)
        found = [s for s in node.body if isinstance(s, ast.FunctionDef) and s.name == "forward"]
        if len(found) != 1:
            raise Refused("no forward")
        self.function = found[0]
        self.env: dict[str, _Rows | _Other] = {}

    def run(self) -> None:
        a = self.function.args
        if self.function.decorator_list or len(a.args) != 2 or a.vararg or a.kwarg or a.kwonlyargs or a.posonlyargs:
            raise Refused("unusual parameters")
        if a.args[0].arg != "self" or a.defaults:
            raise Refused("unusual parameters")
        self.env[a.args[1].arg] = _Rows(self.kind.rank, (True, 0))
        body = [s for s in self.function.body if not _is_text(s)]
        for at, s in enumerate(body):
            if isinstance(s, ast.Return) and at == len(body) - 1 and s.value is not None:
                if not isinstance(self.value(s.value), _Rows):
                    raise Refused("it returns something else")
                return
            if not isinstance(s, ast.Assign) or len(s.targets) != 1:
                raise Refused(type(s).__name__)
            self.bind(s.targets[0], self.value(s.value))
        raise Refused("it returns nothing")

    def bind(self, target: ast.expr, value: _Rows | _Other) -> None:
        if isinstance(target, ast.Name):
            self.env[target.id] = value
            return
        pair = value.kind if isinstance(value, _Other) else ""
        if pair not in RECURRENT or not isinstance(target, ast.Tuple) or len(target.elts) != 2:
            raise Refused("an unusual assignment")
        self.bind(target.elts[0], _Rows(3, (False, 3)))
        last = target.elts[1]
        if isinstance(last, ast.Tuple):
            if pair != "LSTM":
                raise Refused("an unusual assignment")
            for t in last.elts:
                self.bind(t, _Other("state"))
        else:
            self.bind(last, _Other("states" if pair == "LSTM" else "state"))

    def value(self, e: ast.expr) -> _Rows | _Other:
        if isinstance(e, ast.Name) and e.id in self.env:
            return self.env[e.id]
        if isinstance(e, ast.Constant) and type(e.value) in (int, float):
            return _Other("number")
        if isinstance(e, ast.Tuple) and e.elts and all(self.value(x) == _Other("number") for x in e.elts):
            return _Other("number")
        if isinstance(e, ast.UnaryOp) and isinstance(e.op, (ast.USub, ast.UAdd)):
            return self.value(e.operand)
        if isinstance(e, ast.BinOp) and not isinstance(e.op, ast.MatMult):
            return self.both(self.value(e.left), self.value(e.right))
        if isinstance(e, ast.Subscript):
            return self.element(e)
        if isinstance(e, ast.Attribute) and isinstance(e.value, ast.Name) and e.value.id == "self":
            if self.layers.get(e.attr) != "int":
                raise Refused(f"self.{e.attr}")
            self.kind.parts[e.attr] = "int"
            return _Other("number")
        if isinstance(e, ast.Call):
            return self.call(e)
        raise Refused(ast.unparse(e))

    def both(self, a: _Rows | _Other, b: _Rows | _Other) -> _Rows | _Other:
        if isinstance(a, _Rows) and isinstance(b, _Rows):
            if a.exact is None or a.exact != b.exact:
                raise Refused("tensors that may be laid over each other otherwise")
            return a
        if any(isinstance(v, _Other) and v.kind != "number" for v in (a, b)):
            raise Refused("arithmetic of something else")
        return a if isinstance(a, _Rows) else b

    def element(self, e: ast.Subscript) -> _Rows | _Other:
        if (
            isinstance(e.value, ast.Attribute)
            and e.value.attr == "shape"
            and isinstance(self.value(e.value.value), _Rows)
        ):
            return self.size(e.slice)
        of = self.value(e.value)
        if isinstance(of, _Other) and of.kind == "state" and _whole(e.slice) is not None:
            return _Rows(2, (False, 2))
        if isinstance(of, _Other) and of.kind in RECURRENT and _whole(e.slice) == 0:
            return _Rows(3, (False, 3))
        parts = e.slice.elts if isinstance(e.slice, ast.Tuple) else [e.slice]
        first = parts[0]
        if not isinstance(of, _Rows) or not isinstance(first, ast.Slice) or first.lower or first.upper or first.step:
            raise Refused("rows are picked")
        gone = 0
        for p in parts[1:]:
            if isinstance(p, ast.Slice):
                bounds = [b for b in (p.lower, p.upper, p.step) if b is not None]
            else:
                bounds, gone = [p], gone + 1
            if any(self.value(b) != _Other("number") for b in bounds):
                raise Refused("an unusual index")
        return of.fewer(gone)

    def size(self, e: ast.expr) -> _Other:
        at = _whole(e)
        if at is None or at < 0:
            raise Refused("an unusual dimension")
        return _Other("number" if at else "batch")

    def call(self, e: ast.Call) -> _Rows | _Other:
        func = e.func
        if any(k.arg is None for k in e.keywords) or any(isinstance(a, ast.Starred) for a in e.args):
            raise Refused("starred arguments")
        if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name) and func.value.id == "self":
            if len(e.args) != 1 or e.keywords:
                raise Refused("a layer with several arguments")
            return self.layer(func.attr, self.value(e.args[0]))
        dotted = self.module.dotted(func)
        if dotted is not None:
            head, _, name = dotted.rpartition(".")
            if f"{head}." not in HEADS or not e.args:
                raise Refused(dotted)
            return self.function_of(name, self.value(e.args[0]), e.args[1:], e.keywords)
        if isinstance(func, ast.Attribute):
            return self.function_of(func.attr, self.value(func.value), e.args, e.keywords)
        raise Refused(ast.unparse(func))

    def layer(self, name: str, given: _Rows | _Other) -> _Rows | _Other:
        made = self.layers.get(name, "")
        if not isinstance(given, _Rows) or given.least < 2:
            raise Refused("a layer of something else")
        self.kind.parts[name] = made
        if made in KEEP:
            return given
        if made in RECURRENT and given.least >= 3:
            return _Other(made)
        if made == "Embedding":
            return given.fewer(-1)
        if made in ("Sequential", "Flatten"):
            return _Rows(2)
        known = self.known.get(made)
        if known is not None and given.least >= known.rank:
            return _Rows(1)
        raise Refused(f"self.{name}")

    def function_of(
        self, name: str, given: _Rows | _Other, args: Sequence[ast.expr], keywords: Sequence[ast.keyword]
    ) -> _Rows | _Other:
        if not isinstance(given, _Rows):
            raise Refused("a function of something else")
        named = {str(k.arg): k.value for k in keywords}
        if name == "size" and len(args) == 1 and not named:
            return self.size(args[0])
        if name in ELEMENTWISE or name in POOLS:
            if any(self.value(a) != _Other("number") for a in (*args, *named.values())):
                raise Refused("unusual arguments")
            return given
        if name in ("view", "reshape") and not named and len(args) > 1 and self.value(args[0]) == _Other("batch"):
            if any(self.value(a) != _Other("number") for a in args[1:]):
                raise Refused("an unusual shape")
            return _Rows(len(args), (False, len(args)))
        if name == "flatten" and len(args) == 1 and _whole(args[0]) == 1 and not named:
            return _Rows(2, (False, 2)) if given.least >= 2 else _Rows(1)
        place = named.pop("dim", None) if "dim" in named else args[0] if args else None
        rest = [v for k, v in named.items() if k != "keepdim"] + list(args[1:] if "dim" not in named else ())
        at = None if place is None else _whole(place)
        if at is None or rest or (at == 0) or (at < 0 and given.least + at < 1):
            raise Refused(f"{name} over rows")
        if name in ALONG and "keepdim" not in named:
            return given
        if name in OVER:
            return _Rows(max(1, given.least - 1)) if "keepdim" in named else given.fewer(1)
        if name == "squeeze" and "keepdim" not in named:
            return _Rows(max(1, given.least - 1))
        if name == "unsqueeze" and "keepdim" not in named:
            return given.fewer(-1)
        raise Refused(name)


def _whole(e: ast.expr) -> int | None:
    """A whole number that is written there."""
    if isinstance(e, ast.UnaryOp) and isinstance(e.op, ast.USub):
        inner = _whole(e.operand)
        return None if inner is None else -inner
    return e.value if isinstance(e, ast.Constant) and type(e.value) is int else None


# --- who notices that no gradient is kept ----------------------------------------------------------------------------

NUMBERS = frozenset(  # and whole or truth values, which have no gradient
    "item tolist detach size dim numel argmax argmin argsort eq ne gt ge lt le isnan isfinite isinf long int "
    "bool".split()
)
TENSORS = frozenset(
    "max min sum mean softmax log_softmax sigmoid exp log abs sqrt squeeze unsqueeze view reshape "
    "flatten float double topk norm clamp relu tanh std var pow round square cpu cross_entropy mse_loss l1_loss "
    "nll_loss binary_cross_entropy binary_cross_entropy_with_logits smooth_l1_loss huber_loss kl_div".split()
)
ENDS = frozenset({"int", "float", "bool", "len"})
COMPARED = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE)


def gets_away(
    module: Module, stmt: ast.AST, call: ast.expr, passes: Callable[[ast.Call], bool] = lambda call: False
) -> bool:
    """Whether a tensor made of the call's result may be seen by something that could tell a gradient from none.

    `passes` says of further calls that take it whether what they give is followed in its place.
    """
    above = {id(c): n for n in ast.walk(stmt) for c in ast.iter_child_nodes(n)}
    inside = {id(n) for n in ast.walk(stmt)}
    held: set[str] = set()
    todo: list[ast.AST] = [call]
    while todo:
        node = todo.pop()
        parent = above.get(id(node))
        match parent:
            case ast.Attribute(attr=attr):
                outer = above.get(id(parent))
                if isinstance(outer, ast.Call) and outer.func is parent:
                    if attr in TENSORS:
                        todo.append(outer)
                    elif attr not in NUMBERS:
                        return True
                elif attr in ("values", "indices"):
                    todo.append(parent)
                elif attr not in ("shape", "ndim", "dtype"):
                    return True
            case ast.Call(func=func) if func is not node:
                dotted = module.dotted(func) or ""
                head, _, name = dotted.rpartition(".")
                known = f"{head}." in HEADS and not any(k.arg == "out" for k in parent.keywords)
                if (known and name in TENSORS) or passes(parent):
                    todo.append(parent)
                elif not (known and name in NUMBERS) and module.builtin(func) not in ENDS:
                    return True
            case ast.Subscript(value=value) if value is node:
                todo.append(parent)
            case ast.Compare(ops=ops) if all(isinstance(op, COMPARED) for op in ops):
                pass
            case ast.BinOp() | ast.UnaryOp() | ast.BoolOp():
                todo.append(parent)
            case ast.If(test=test) | ast.IfExp(test=test) | ast.Assert(test=test) if test is node:
                pass
            case ast.Assign(targets=[target]) if parent is not stmt:
                for t in target.elts if isinstance(target, ast.Tuple) else [target]:
                    if not isinstance(t, ast.Name):
                        return True
                    if t.id not in held:
                        held.add(t.id)
                        loads = loads_of(module.tree, t.id, stmt)
                        if any(id(n) not in inside for n in loads):
                            return True
                        todo += loads
            case _:
                return True
    return False


def used(module: Module, stmt: ast.stmt, call: ast.expr) -> str:
    """What the results of a call are used as, in the words of the helper."""
    around = {
        gradients_off(s) for s in ast.walk(stmt) if isinstance(s, ast.With) and any(n is call for n in ast.walk(s))
    }
    numbers = not gets_away(module, stmt, call)
    if around == {"no_grad"} or (around - {""} and numbers):
        return "without"
    return "numbers" if numbers else "tensors"


def loads_of(tree: ast.AST, name: str, stmt: ast.AST) -> list[ast.Name]:
    """Where a name that `stmt` binds may be read: not in functions that have their own."""
    found: list[ast.Name] = []
    todo = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load):
            found.append(node)
        if isinstance(node, ast.FunctionDef) and not any(n is stmt for n in ast.walk(node)):
            a = node.args
            own = {p.arg for p in (*a.posonlyargs, *a.args, *a.kwonlyargs)} | names.bound(node.body)
            shared = any(isinstance(n, (ast.Global, ast.Nonlocal)) and name in n.names for n in ast.walk(node))
            if name in own and not shared:
                todo += [*node.decorator_list, *a.defaults, *(d for d in a.kw_defaults if d is not None)]
                continue
        todo += ast.iter_child_nodes(node)
    return found


def spelt(found: Mapping[str, Kind]) -> str:
    """The classes as a dict that the helper reads."""
    parts = [
        f"{k.name}: ({k.rank}, {{{', '.join(f'{a!r}: {made!r}' for a, made in k.parts.items())}}})"
        for k in found.values()
    ]
    return f"{{{', '.join(parts)}}}"


def calls(module: Module, node: ast.AST) -> Iterator[ast.Call]:
    """Calls of what may be a network: of a name or attribute, with one argument."""
    for n in ast.walk(node):
        if not isinstance(n, ast.Call) or len(n.args) != 1 or n.keywords or isinstance(n.args[0], ast.Starred):
            continue
        path = path_of(n.func)
        root = (path or "").split(".")[0]
        known = root in module.aliases or root in module.functions or module.builtin(ast.Name(root, ast.Load()))
        last = path.rpartition(".")[2] if path and "." in path else ""
        if path is not None and not known and last not in TENSORS | NUMBERS and not _method(module, last):
            yield n


def _method(module: Module, name: str) -> bool:
    return module.pure_method(name) or name in CHANGING_METHODS or name in module.own_methods
