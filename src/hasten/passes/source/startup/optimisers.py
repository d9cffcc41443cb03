"""Optimisers without the compiler.

What it finds    a program that trains with `torch.optim` and never compiles anything.
Why it is slow   the first optimiser that is made, and each step, import `torch._dynamo`, the machinery of
                 `torch.compile` (with SymPy and 800 other modules): about a second, as long as PyTorch itself takes.
Example          import torch    ->    import torch
                                       ...
                                       _plain_optimisers("Adam")
Safe when        nothing in the project compiles, exports or scripts, or looks at loaded modules, and all that it
                 imports is known not to. Then what PyTorch asks of the compiler there has no effect: the methods of an
                 optimiser are kept out of graphs that nobody draws. The methods themselves are the same. A run must
                 show that the machinery is no longer loaded.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from typing import ClassVar

from hasten.core.finding import Region
from hasten.core.loading import Loaded, Saving, Sources
from hasten.core.recipe import Change, Risk
from hasten.core.source import Edit, SourceFile
from hasten.passes.source.containers.syntax import module_of
from hasten.passes.source.startup.watchers import why_not

MACHINERY = "torch._dynamo"
# of PyTorch: they may compile, export or trace, or ask whether somebody does
COMPILES = frozenset(
    "compile compiler export _dynamo dynamo _inductor inductor jit fx func functorch _functorch vmap onnx "
    "distributed library _library _C checkpoint".split()
)
# of any object: modules compile themselves, and optimisers are looked into
LOOKS = frozenset("compile _dynamo hooked profile_hook_step __wrapped__".split())
# packages that compile nothing by themselves
PLAIN = frozenset(
    "torch torchvision numpy pandas scipy sklearn matplotlib PIL tqdm seaborn networkx yaml requests cv2 skimage "
    "imageio statsmodels nltk tabulate rich colorama psutil".split()
)
KINDS = frozenset(
    "Adadelta Adafactor Adagrad Adam Adamax AdamW ASGD LBFGS NAdam RAdam RMSprop Rprop SGD SparseAdam".split()
)
HELPER = '''\
def _plain_optimisers(*kinds):
    """Lets optimisers of these kinds work without loading the machinery of torch.compile, which nothing here uses."""
    import functools

    def eager(step):
        @functools.wraps(step)
        def stepped(self, *args, **kwargs):
            with torch.set_grad_enabled(self.defaults["differentiable"]):
                return step(self, *args, **kwargs)

        return stepped

    base = torch.optim.Optimizer
    for method in (base.add_param_group, base.zero_grad, base.state_dict, base.load_state_dict):
        plain = getattr(method, "__wrapped__", None)
        if plain is not None:
            plain.__dynamo_disable = plain  # asked for by PyTorch before it loads the machinery
    for kind in kinds:
        owner = next(c for c in getattr(torch.optim, kind).__mro__ if "step" in vars(c))
        step = vars(owner)["step"]
        if step.__code__.co_name == "_use_grad":
            owner.step = eager(step.__wrapped__)


'''


class PlainOptimisers:
    """See the module."""

    code: ClassVar[str] = "HST603"
    name: ClassVar[str] = "optimisers without the compiler"
    risk: ClassVar[Risk] = Risk.EXACT

    def savings(self, sources: Sources, loaded: Loaded) -> Iterator[Saving]:
        if MACHINERY not in loaded.names or why_not(sources) or _may_compile(sources):
            return
        kinds = sorted({kind for file in sources.files for kind in _made(file)})
        for file in sorted(sources.files, key=lambda f: f.path != sources.work.entry_path):
            place = _behind_imports(file)
            if place is None or "_plain_optimisers" in file.text or not kinds:
                continue
            names = ", ".join(f'"{kind}"' for kind in kinds)
            head = "" if _binds_torch(file) else "import torch\n"
            text = f"{head}\n\n{HELPER}_plain_optimisers({names})\n"
            edit = Edit(file.path, place + 1, place, text)
            title = f"{self.code} line {place}: {', '.join(kinds)} without the machinery of torch.compile"
            region = Region(file.path, place, place, "block", "")
            yield Saving(Change(self.code, title, region, (edit,)), (MACHINERY,))
            return


def _may_compile(sources: Sources) -> str:
    """What may compile, or look whether somebody does; empty when nothing."""
    own = {part.removesuffix(".py") for file in sources.files for part in file.path.split("/")}
    for file in sources.files:
        module = module_of(file)
        for node in ast.walk(file.tree):
            roots: set[str] = set()
            if isinstance(node, ast.Import):
                roots = {a.name.partition(".")[0] for a in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                roots = {(node.module or "").partition(".")[0]}
            foreign = roots - PLAIN - own - sys.stdlib_module_names
            if foreign:
                return f"{file.path} imports {min(foreign)}"
            words: set[str] = set()
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                words = {w for a in node.names for w in a.name.split(".")}
                words |= set((getattr(node, "module", None) or "").split("."))
                words = words if "torch" in roots else set()
            elif isinstance(node, ast.Attribute):
                # `re.compile` is something else
                base = module.imported(node.value).partition(".")[0]
                words = {node.attr} if base == "torch" else {node.attr} & LOOKS if not base else set()
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and "dynamo" in node.value:
                words = {"dynamo"}
            found = words & (COMPILES | LOOKS)
            if found:
                return f"{file.path} uses {min(found)}"
    return ""


def _made(file: SourceFile) -> Iterator[str]:
    """The kinds of PyTorch's own optimisers that a file names."""
    module = module_of(file)
    for node in ast.walk(file.tree):
        if isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Load):
            origin = module.imported(node)
            head, _, kind = origin.rpartition(".")
            if (head == "torch.optim" or head.startswith("torch.optim.")) and kind in KINDS:
                yield kind


def _behind_imports(file: SourceFile) -> int | None:
    """The last line of the imports at the head, where PyTorch is one of them."""
    last, loads = None, False
    for s in file.tree.body:
        if isinstance(s, (ast.Import, ast.ImportFrom)):
            end = s.end_lineno or s.lineno
            rest = file.lines[end - 1].encode()[s.end_col_offset or 0 :].strip()
            if rest and not rest.startswith(b"#") or s.col_offset:
                return None
            last = end
            found = [a.name for a in s.names] if isinstance(s, ast.Import) else [s.module or ""]
            relative = isinstance(s, ast.ImportFrom) and s.level
            loads = loads or not relative and any(name.partition(".")[0] == "torch" for name in found)
        elif not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant)):
            break
    return last if loads else None


def _binds_torch(file: SourceFile) -> bool:
    """Whether the name `torch` at the top level of the file means PyTorch, and nothing else."""
    module = module_of(file)
    bound = module.bindings("torch", file.tree)
    return bool(bound) and all(
        isinstance(b.node, ast.Import)
        and all(
            a.asname != "torch" and (a.asname or a.name.partition(".")[0] == a.name.partition(".")[0])
            for a in b.node.names
        )
        for b in bound
    )
