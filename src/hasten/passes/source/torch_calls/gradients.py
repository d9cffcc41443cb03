"""Results that nobody asks gradients of.

What it finds    calls of networks of PyTorch whose results end in numbers, outside `no_grad` and `inference_mode`:
                 `correct += (net(x).argmax(1) == y).sum().item()`.
Why it is slow   every operation notes how its gradient would be worked out, and all values between are kept for that.
Example          net(x)  ->  _without_gradients(net)(x)
Safe when        every use of the result, followed through names, arithmetic, losses and PyTorch's functions, ends in a
                 number, a comparison or `detach`. And checked as it runs: the network consists of PyTorch's layers and
                 of classes of the file whose code cannot tell whether gradients are kept, without hooks. Layers that
                 round otherwise without gradients (LSTM, attention in evaluation mode) are left alone.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import ClassVar

from hasten.core.recipe import Risk
from hasten.passes.source.batch.forwards import gets_away
from hasten.passes.source.batch.loops import Module as Loops
from hasten.passes.source.batch.loops import gradients_off
from hasten.passes.source.containers.base import ContainerPass, Place
from hasten.passes.source.containers.effects import is_variable
from hasten.passes.source.containers.syntax import FUNCTIONS, Module, Parts, dotted, root_name
from hasten.passes.source.estimators.base import calls
from hasten.passes.source.torch_calls.loader import binds_torch, imports_torch

HELPER = '''\
def _without_gradients(net, losses=tuple):
    """`net`, keeping no gradients where nothing could tell that: of its results only numbers are made."""
    layers = (
        "Linear Bilinear Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d LayerNorm GroupNorm"
        " BatchNorm1d BatchNorm2d BatchNorm3d InstanceNorm1d InstanceNorm2d Embedding EmbeddingBag ReLU"
        " ReLU6 LeakyReLU PReLU ELU SELU CELU GELU SiLU Mish Sigmoid Tanh Hardtanh Hardswish Softplus LogSigmoid"
        " Softmax LogSoftmax Dropout Dropout1d Dropout2d Identity Flatten Unflatten Sequential ModuleList ModuleDict"
        " MaxPool1d MaxPool2d MaxPool3d AvgPool1d AvgPool2d AvgPool3d AdaptiveAvgPool1d AdaptiveAvgPool2d"
        " AdaptiveMaxPool1d AdaptiveMaxPool2d ZeroPad2d ReflectionPad2d Upsample PixelShuffle CosineSimilarity"
    ).split()
    everywhere = vars(torch.nn.modules.module)
    if not torch.is_grad_enabled() or not isinstance(net, torch.nn.Module) or torch._C._len_torch_function_stack():
        return net
    if any(held for name, held in everywhere.items() if name.startswith("_global_") and name.endswith("hooks")):
        return net
    try:
        after = losses()
    except (NameError, AttributeError):
        return net
    for part in (*net.modules(), *after):
        kind, held = type(part), vars(part)
        library = kind.__module__.startswith("torch.nn.modules.") and kind.forward.__module__ == kind.__module__
        known = library and (kind.__name__ in layers or kind.__module__ == "torch.nn.modules.loss")
        if not (known or kind in (OWN)) or "forward" in held or held.get("_compiled_call_impl") is not None:
            return net
        if part._forward_hooks or part._forward_pre_hooks or part._backward_hooks or part._backward_pre_hooks:
            return net

    def without(*args, **options):
        with torch.no_grad():
            return net(*args, **options)

    return without


'''
# what can tell whether gradients are kept, or keeps what `forward` is given
TELLS = frozenset(
    "autograd grad grad_fn requires_grad requires_grad_ retain_grad is_leaf backward is_grad_enabled enable_grad"
    " set_grad_enabled checkpoint saved_tensors_hooks register_hook no_grad inference_mode"
    " is_inference_mode_enabled setattr __dict__ __setattr__ vars numpy asarray __array__ deepcopy save".split()
)
KEEPS = frozenset("append extend insert add update setdefault appendleft put push register_buffer put_nowait".split())
FILE = frozenset({"saved_tensors_hooks", "detect_anomaly", "set_detect_anomaly", "__torch_dispatch__"})


class WithoutGradients(ContainerPass):
    """See the module."""

    code: ClassVar[str] = "HST714"
    name: ClassVar[str] = "no gradients where none are used"
    risk: ClassVar[Risk] = Risk.EXACT

    def sites(self, place: Place) -> Iterator[Parts]:
        module = place.module
        others = [m for m in place.project.modules if m is not module]
        if not imports_torch(module) or any(FILE & m.names for m in (module, *others)):
            return
        imported = any(PurePosixPath(place.region.path).stem in m.names for m in others)
        added = () if binds_torch(module) else ("import torch\n",)
        own = ", ".join(_own(module))
        helper = HELPER.replace("OWN", f"{own}," if own else "")
        for call in calls(place, HELPER):
            losses = _losses(module, call)
            if losses is None or (imported and module.function(call) is module.tree):
                continue
            asked = module.text(call.func)
            after = f", lambda: ({', '.join(losses)},)" if losses else ""
            yield Parts(
                title=f"{asked} without gradients",
                first=call.lineno,
                last=call.end_lineno or call.lineno,
                reason="gradients are kept of results that only numbers are made of",
                remedy="work them out under torch.no_grad()",
                replace=((call.func, f"_without_gradients({asked}{after})"),),
                prelude=(*added, helper),
            )


def _losses(module: Module, call: ast.Call) -> list[str] | None:
    """The loss functions that the result of what may be a network goes through, if it ends in numbers; else None."""
    func = call.func
    root = root_name(func)
    if not isinstance(func, (ast.Name, ast.Attribute)) or root is None or not dotted(func) or not call.args:
        return None
    if not is_variable(module, root):
        return None
    if isinstance(func, ast.Attribute) and (func.attr in _methods(module) or root.id != "self"):
        return None  # `self.net(x)` may be a network, `x.view(1)` is none
    scope = module.function(call)
    if isinstance(scope, (ast.Lambda, ast.ClassDef)) or (isinstance(scope, ast.FunctionDef) and _forward(scope)):
        return None
    if any(_off(at) for at in module.up(call)):
        return None
    losses: dict[str, None] = {}

    def passes(taken: ast.Call) -> bool:
        name = dotted(taken.func)
        parts = name.split(".")
        if len(taken.args) < 2 or taken.keywords or len(parts) > 2 or (len(parts) == 2 and parts[0] != "self"):
            return False
        held = root_name(taken.func)
        if held is None or not is_variable(module, held):
            return False
        if len(parts) == 2 and parts[1] in _methods(module):
            return False
        losses[name] = None
        return True

    if gets_away(Loops.of(module.tree), scope, call, passes):
        return None
    return list(losses)


def _off(node: ast.AST) -> bool:
    """Whether gradients are off already in what lies in this."""
    if isinstance(node, ast.FunctionDef):
        return any(dotted(n).endswith(("no_grad", "inference_mode")) for d in node.decorator_list for n in ast.walk(d))
    return isinstance(node, ast.With) and bool(gradients_off(node))


def _forward(function: ast.FunctionDef) -> bool:
    return function.name in ("forward", "__call__")


def _methods(module: Module) -> frozenset[str]:
    return Loops.of(module.tree).own_methods


def _own(module: Module) -> Iterator[str]:
    """Classes of networks at the top level of the file whose code cannot tell whether gradients are kept."""
    for node in module.tree.body:
        if not isinstance(node, ast.ClassDef) or node.decorator_list or node.keywords or len(node.bases) != 1:
            continue
        if module.imported(node.bases[0]) not in ("torch.nn.Module", "torch.nn.modules.module.Module"):
            continue
        if len(module.bindings(node.name, module.tree)) == 1 and all(_blind(module, s) for s in node.body):
            yield node.name


def _blind(module: Module, statement: ast.stmt) -> bool:
    """Whether a part of the class neither looks for gradients nor keeps what it is given."""
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return True
    if not isinstance(statement, ast.FunctionDef) or statement.decorator_list:
        return False
    if statement.name.startswith("__"):
        return statement.name == "__init__"  # runs before; what it registers is looked at as it runs
    for node in ast.walk(statement):
        if isinstance(node, (*FUNCTIONS, ast.ClassDef, ast.Global, ast.Nonlocal)) and node is not statement:
            return False
        if isinstance(node, (ast.Attribute, ast.Subscript)) and not isinstance(node.ctx, ast.Load):
            return False
        if isinstance(node, (ast.Attribute, ast.Name)):
            name = node.attr if isinstance(node, ast.Attribute) else node.id
            if name in TELLS | KEEPS or (name.endswith("_") and not name.startswith("_")):
                return False
        if isinstance(node, (ast.Yield, ast.YieldFrom, ast.Await, ast.NamedExpr, ast.AugAssign)):
            return False
        if isinstance(node, ast.FormattedValue) and not isinstance(node.value, (ast.Attribute, ast.Call)):
            return False  # the text of a tensor names what it came from
        if isinstance(node, ast.Call) and not _told(module, node.func):
            return False
    return True


def _told(module: Module, func: ast.expr) -> bool:
    """Whether a call inside a network is one of PyTorch, of a part of the network or of what Python has built in."""
    if isinstance(func, ast.Name):
        return module.is_builtin(
            func, "len", "range", "int", "float", "zip", "enumerate", "reversed", "tuple", "list"
        ) or (module.imported(func).startswith("torch."))
    root = root_name(func)
    if root is None:
        return isinstance(func, ast.Attribute)  # a method of what another call gave
    owner = module.owner(root.id, root)
    if module.imported(root):
        return module.imported(func).startswith(("torch.", "math."))
    return owner is not None and owner is not module.tree
