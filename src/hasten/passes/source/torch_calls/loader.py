"""Batches that are taken from tensors at once.

What it finds    loops over a `DataLoader` whose data set is a `TensorDataset`, a part of one (`random_split`, `Subset`)
                 or a class of the project whose `__getitem__` gives rows of its tensors or arrays:
                 `return self.X[i], torch.tensor(self.y[i], dtype=torch.long)`.
Why it is slow   every row is taken by itself and the rows are stacked to a batch again: 2 to 3 microseconds a row in
                 place of 0.5, which is a tenth to a third of what the training of a small network takes.
Example          for x, y in loader:  ->  for x, y in _whole_batches(loader):   # tensor[rows]
Safe when        checked as it runs: a plain loader in this process, PyTorch's samplers and way to collate, contiguous
                 tensors in memory that need no gradient. Samplers and generator are the loader's, so batches, their
                 order and the random stream are the same to the bit. Anything else runs as before.
"""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

from hasten.core.recipe import Risk
from hasten.passes.source.containers.base import ContainerPass, Place
from hasten.passes.source.containers.effects import Project
from hasten.passes.source.containers.syntax import Module, Parts, dotted
from hasten.passes.source.estimators.base import defined, within

LOADER = "torch.utils.data.DataLoader"
DATASETS = ("torch.utils.data.Dataset", "torch.utils.data.dataset.Dataset")
AROUND = frozenset({"enumerate", "tqdm", "trange", "list", "zip"})
# of a helper: only a plain loader in this process goes on
PLAIN = """\
    data = torch.utils.data
    samplers = (data.RandomSampler, data.SequentialSampler, data.SubsetRandomSampler, data.WeightedRandomSampler)
    if type(loader) is not data.DataLoader or type(loader.batch_sampler) is not data.BatchSampler:
        return loader
    if loader.num_workers or loader.pin_memory or loader.collate_fn is not data.default_collate:
        return loader
    if type(loader.batch_sampler.sampler) not in samplers:
        return loader
"""
OF_A_FILE = '''\
def _is_of(dataset, name, path):
    """Whether a data set is of the class `name` of a file; `path` leads there from this one."""
    made = getattr(vars(type(dataset)).get("__getitem__"), "__code__", None)
    if type(dataset).__qualname__ != name or made is None:
        return False
    folder = os.path.dirname(_is_of.__code__.co_filename)
    return os.path.realpath(made.co_filename) == os.path.realpath(os.path.join(folder, path))


'''
HELPER = '''\
class _WholeBatches:
    """The rows of a data set, of which a loader takes all that a batch needs at once."""

    def __init__(self, dataset):
        self.dataset = dataset

    def __len__(self):
        return len(self.dataset)

    def __getitems__(self, indices):
        try:
            dataset, rows = self.dataset, indices
            while type(dataset) is torch.utils.data.Subset:
                dataset, rows = dataset.dataset, [dataset.indices[row] for row in rows]
            columns = _columns(dataset)
            if columns is not None and all(map(_whole_number, rows)):
                rows = [int(row) for row in rows]
                batch = [_taken(values, dtype, rows) for values, dtype in columns]
                if all(taken is not None for taken in batch):
                    return batch
        except IndexError:
            pass
        return torch.utils.data.default_collate([self.dataset[row] for row in indices])


def _whole_number(row):
    """Whether a sampler's index is a number, and no mask or slice."""
    kind = type(row)
    return kind is int or kind.__name__ == "int64" or (
        kind is torch.Tensor and row.dtype is torch.int64 and not row.ndim)


def _taken(values, dtype, rows):
    """These rows as one tensor; None where a row by itself may be converted otherwise."""
    if type(values) is torch.Tensor:
        return values[torch.tensor(rows)]
    taken = values[rows].copy()  # row after row, as they are stacked
    if dtype is not None and taken.dtype.char == "l" and not -2**53 < taken.min() <= taken.max() < 2**53:
        return None
    return torch.tensor(taken, dtype=dtype)


def _columns(dataset):
    """(values, type to convert to) of each part of a sample, where samples are their rows; else None."""
    if hasattr(dataset, "__getitems__"):
        return None
    if type(dataset) is torch.utils.data.TensorDataset:
        columns = [(tensor, None) for tensor in dataset.tensors]
OWN    else:
        return None
    return columns if all(_plain(values, dtype) for values, dtype in columns) else None


def _plain(values, dtype):
    """A contiguous tensor in memory without gradients, or an array whose rows convert alike one by one and at once."""
    if type(values) is torch.Tensor:
        own = values.is_inference() or values.is_complex() or values.is_quantized or values.requires_grad
        kept = values.device.type == "cpu" and values.layout is torch.strided and values.is_contiguous()
        return dtype is None and values.ndim > 0 and kept and not own
    if type(values).__module__ != "numpy" or type(values).__name__ != "ndarray" or min(values.strides, default=-1) < 0:
        return False
    if dtype is None:
        if not values.flags.writeable:
            return False  # PyTorch says so
        return values.dtype.char in "fdliB?" and values.ndim > 1 or values.dtype.char in "dl" and values.ndim == 1
    return values.dtype.char in ("fdliB" if dtype.is_floating_point else "liB") and values.ndim > 0


def _whole_batches(loader):
    """The same batches in the same order as from `loader`, from rows that are taken at once and not one by one."""
PLAIN    dataset = loader.dataset
    while type(dataset) is data.Subset:
        dataset = dataset.dataset
    if _columns(dataset) is None:
        return loader
    return data.DataLoader(
        _WholeBatches(loader.dataset), batch_sampler=loader.batch_sampler, collate_fn=lambda batch: batch,
        generator=loader.generator,
    )


'''.replace("PLAIN", PLAIN)
TYPES = frozenset(f"torch.{name}" for name in ("float32", "float", "float64", "double", "int64", "long"))
BRANCH = """\
    elif KIND:
        columns = [FIELDS]
"""


@dataclass(frozen=True)
class _Own:
    """A data set class of the file whose samples are rows of these attributes."""

    kind: str  # whether `dataset` is one
    fields: tuple[tuple[str, str], ...]  # with the type that they are converted to, or `None`


class WholeBatches(ContainerPass):
    """See the module."""

    code: ClassVar[str] = "HST712"
    name: ClassVar[str] = "batches at once"
    risk: ClassVar[Risk] = Risk.EXACT

    def sites(self, place: Place) -> Iterator[Parts]:
        module = place.module
        if not any(name.endswith("DataLoader") for m in place.project.modules for name in m.names):
            return
        if not imports_torch(module):
            return
        added = () if binds_torch(module) else ("import torch\n",)
        project = place.project
        plain = [] if patched(project) else _owned(project, module)
        if not plain and not any("TensorDataset" in m.names for m in place.project.modules):
            return  # nothing whose rows could be taken at once
        own = "".join(
            BRANCH.replace("KIND", o.kind).replace("FIELDS", ", ".join(f"(dataset.{f}, {d})" for f, d in o.fields))
            for o in plain
        )
        for _, loader, last in loops(place, HELPER):
            yield Parts(
                title="take the rows of a batch at once",
                first=loader.lineno,
                last=last,
                reason="a loader takes every row by itself and stacks them to batches",
                remedy="index the tensors with all rows of a batch",
                replace=((loader, f"_whole_batches({module.text(loader)})"),),
                prelude=(*added, *(["import os\n", OF_A_FILE] if "_is_of(" in own else []), HELPER.replace("OWN", own)),
            )


def loops(place: Place, *helpers: str) -> Iterator[tuple[ast.For | ast.comprehension, ast.expr, int]]:
    """The loops of the region over what may be a loader, but those of helpers: loop, loader, last line."""
    module = place.module
    ours = defined(*helpers) | {n.name for n in module.put_there if isinstance(n, (ast.FunctionDef, ast.ClassDef))}
    for statement in module.statements(place.region):
        for node in ast.walk(statement):
            if isinstance(node, (ast.For, ast.comprehension)) and not within(module, node, ours):
                loader = loader_in(place, node.iter)
                if loader is not None:
                    yield node, loader, (node if isinstance(node, ast.For) else loader).end_lineno or loader.lineno


def binds_torch(module: Module) -> bool:
    """Whether `torch` is PyTorch in this file: `import torch.utils.data` binds it too, and `torch` loads that."""
    bound = [b.node for b in module.bindings("torch", module.tree)]
    return bool(bound) and all(isinstance(n, ast.Import) and _as_itself(n) for n in bound)


def _as_itself(statement: ast.Import) -> bool:
    return any(a.asname is None and a.name.split(".")[0] == "torch" for a in statement.names)


def imports_torch(module: Module) -> bool:
    """Whether the file loads PyTorch at its head, so that a further import of it costs nothing."""
    return any(
        (isinstance(n, ast.Import) and any(a.name.split(".")[0] == "torch" for a in n.names))
        or (isinstance(n, ast.ImportFrom) and not n.level and (n.module or "").split(".")[0] == "torch")
        for n in module.tree.body
    )


def loader_in(place: Place, e: ast.expr) -> ast.expr | None:
    """The part of what a loop goes over that may be a loader."""
    module = place.module
    match e:
        case ast.Call(func=func, args=[first, *_]) if dotted(func).rpartition(".")[2] in AROUND:
            return loader_in(place, first)
        case ast.Name() | ast.Attribute() if dotted(e):
            seen = place.facts.of(place.region.id).types.get(dotted(e), ())
            if seen:
                return e if any(f.type.rpartition(".")[2] == "DataLoader" for f in seen) else None
            return e if _may_be_loader(module, e) else None
    return None


def _may_be_loader(module: Module, e: ast.expr) -> bool:
    if isinstance(e, ast.Attribute):
        # self.loader: assigned from a loader somewhere in the file
        values = [
            n.value
            for n in ast.walk(module.tree)
            if isinstance(n, ast.Assign) and any(isinstance(t, ast.Attribute) and t.attr == e.attr for t in n.targets)
        ]
        return any(isinstance(v, ast.Call) and module.imported(v.func) == LOADER for v in values)
    assert isinstance(e, ast.Name)
    scope = module.owner(e.id, e)
    if scope is None:
        return False
    for bound in module.bindings(e.id, scope):
        if bound.how in ("parameter", "unpack"):
            return True
        if isinstance(bound.value, ast.Call) and module.imported(bound.value.func) == LOADER:
            return True
    return False


@lru_cache(maxsize=8)
def patched(project: Project) -> bool:
    """Whether a class may get another `__getitem__` than the one that is written in it."""
    if {"__getitem__", "__getitems__"} & project.attributes:
        return True
    ours = defined(OF_A_FILE)
    named = ((m, n) for m in project.modules for n in m.written if isinstance(n, ast.Constant))
    return any(n.value == "__getitem__" and not within(m, n, ours) for m, n in named)


def kind_of(module: Module, home: Module, name: str) -> str:
    """An expression that says in `module` whether `dataset` is of this class of `home`."""
    if home is module:
        return f"type(dataset) is {name}"
    path = posixpath.relpath(home.source.path, posixpath.dirname(module.source.path) or ".")
    return f'_is_of(dataset, "{name}", "{path}")'


@lru_cache(maxsize=8)
def _owned(project: Project, home: Module) -> list[_Own]:
    return [o for m in project.modules for o in _own(home, m)]


def _own(home: Module, module: Module) -> Iterator[_Own]:
    """Data set classes at the top level of `module` that do nothing but give rows of their attributes, for loops of
    `home`."""
    for node in module.tree.body:
        if not isinstance(node, ast.ClassDef) or node.decorator_list or node.keywords or len(node.bases) != 1:
            continue
        if module.imported(node.bases[0]) not in DATASETS or len(module.bindings(node.name, module.tree)) != 1:
            continue
        methods = [s for s in node.body if isinstance(s, ast.FunctionDef)]
        named = {m.name for m in methods}
        other = [s for s in node.body if not isinstance(s, (ast.FunctionDef, ast.Expr, ast.Pass))]
        if other or len(named) != len(methods) or {"__getattr__", "__getattribute__", "__getitems__"} & named:
            continue
        if any(m.decorator_list for m in methods):
            continue
        fields = next((_fields(module, m) for m in methods if m.name == "__getitem__"), ())
        if fields and not named.intersection(f for f, _ in fields):
            yield _Own(kind_of(home, module, node.name), fields)


def _fields(module: Module, method: ast.FunctionDef) -> tuple[tuple[str, str], ...]:
    """`X` and `y` of `return self.X[i], torch.tensor(self.y[i], dtype=torch.long)`, with their types; else nothing."""
    if len(method.args.args) != 2 or method.args.vararg or method.args.kwarg or method.args.kwonlyargs:
        return ()
    me, index = (a.arg for a in method.args.args)
    body = [s for s in method.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    parts: dict[str, ast.expr] = {}
    for s in body[:-1]:
        if not (isinstance(s, ast.Assign) and len(s.targets) == 1 and isinstance(s.targets[0], ast.Name)):
            return ()
        if s.targets[0].id in (me, index, *parts):
            return ()
        parts[s.targets[0].id] = s.value
    if not body or not isinstance(body[-1], ast.Return) or not isinstance(body[-1].value, ast.Tuple):
        return ()
    found = []
    for item in body[-1].value.elts:
        value = parts.get(item.id) if isinstance(item, ast.Name) else item
        field = _field(module, value, me, index)
        if field is None:
            return ()
        found.append(field)
    used = {item.id for item in body[-1].value.elts if isinstance(item, ast.Name)}
    return tuple(found) if used >= parts.keys() else ()


def _field(module: Module, value: ast.expr | None, me: str, index: str) -> tuple[str, str] | None:
    match value:
        case ast.Subscript(value=ast.Attribute(value=ast.Name(id=owner), attr=attr), slice=ast.Name(id=at)) if (
            owner == me and at == index
        ):
            return attr, "None"
        case ast.Call(func=func, args=[given], keywords=[ast.keyword(arg="dtype", value=dtype)]):
            field, kind = _field(module, given, me, index), module.imported(dtype)
            if module.imported(func) == "torch.tensor" and kind in TYPES and field is not None and field[1] == "None":
                return field[0], kind
    return None
