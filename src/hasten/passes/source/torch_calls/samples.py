"""Samples that are worked out once.

What it finds    loops over a `DataLoader` of a data set class of the project, whose `__getitem__` makes a sample of its
                 attributes: cuts and scales a row of a frame, looks words up, pads, converts.
Why it is slow   the same samples are worked out again in every epoch, one row at a time.
Example          for x, y in loader:  ->  for x, y in _kept_samples(loader):   # from the second epoch on, kept tensors
Safe when        `__getitem__`, and what it calls, only computes, by functions that are known to, from attributes,
                 arguments and variables of the file; nothing that runs writes into what the data set was made of. And
                 checked as it runs: before every epoch all that samples are made of (plain values, arrays, tensors,
                 frames) is what it was. Samplers, generator and collating are the loader's, so batches, their order
                 and the random stream are the same to the bit.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from typing import ClassVar

from hasten.core.recipe import Risk
from hasten.passes.source.containers.base import ContainerPass, Place
from hasten.passes.source.containers.effects import Project
from hasten.passes.source.containers.syntax import Module, Parts
from hasten.passes.source.torch_calls.loader import HELPER as WHOLE_BATCHES
from hasten.passes.source.torch_calls.loader import (
    OF_A_FILE,
    PLAIN,
    binds_torch,
    imports_torch,
    kind_of,
    loops,
    patched,
)
from hasten.passes.source.torch_calls.sample_code import Holders, SampleClass, classes

HELPER = '''\
class _KeptSamples:
    """A data set whose samples are worked out once, as long as what they are made of stays the same."""

    most_bytes = 2**28
    of = weakref.WeakKeyDictionary()

    def __init__(self):
        self.state, self.samples, self.bytes = None, {}, 0
        self.places, self.columns = {}, None  # the samples so far, row after row

    @classmethod
    def ready(cls, dataset):
        """The samples kept of a data set, where they are what it would give now; None where that cannot be told."""
        try:
            state = _state_of((vars(dataset), _variables_of(dataset)))
        except NameError:
            state = None  # of another class, or of a variable that there is not yet
        if state is None:
            return None
        kept = cls.of.get(dataset)
        if kept is None or kept.state != state:
            cls.of[dataset] = kept = cls()
            kept.state = state
        if len(kept.places) != len(kept.samples) and not torch.is_inference_mode_enabled():
            kept.places = {row: place for place, row in enumerate(kept.samples)}
            kept.columns = _stacked(list(kept.samples.values()))
        return kept

    def batch(self, dataset, rows):
        if self.columns is not None and all(type(row) is int and row in self.places for row in rows):
            places = torch.tensor([self.places[row] for row in rows])
            return [column[places] for column in self.columns]
        return torch.utils.data.default_collate([self.sample(dataset, row) for row in rows])

    def sample(self, dataset, row):
        if type(row) is not int:
            return dataset[row]
        if row not in self.samples:
            sample = dataset[row]
            size = _size_of(sample)
            if size is None or self.bytes + size > self.most_bytes:
                return sample
            self.samples[row] = sample
            self.bytes += size
        return self.samples[row]


class _Batches:
    """What a loader takes its batches from."""

    def __init__(self, dataset, base, kept):
        self.dataset, self.base, self.kept = dataset, base, kept

    def __len__(self):
        return len(self.dataset)

    def __getitems__(self, rows):
        dataset = self.dataset
        while type(dataset) is torch.utils.data.Subset:
            rows = [dataset.indices[row] for row in rows]
            dataset = dataset.dataset
        return self.kept.batch(self.base, rows)


def _kept_samples(loader):
    """The same batches in the same order as from `loader`, of samples that are kept from epoch to epoch."""
PLAIN    base = loader.dataset
    while type(base) is data.Subset:
        base = base.dataset
    kept = _KeptSamples.ready(base)
    if kept is None:
        return loader
    return data.DataLoader(
        _Batches(loader.dataset, base, kept), batch_sampler=loader.batch_sampler, collate_fn=lambda batch: batch,
        generator=loader.generator,
    )


def _variables_of(dataset):
    """What samples of a data set are made of besides its attributes."""
OTHERS    raise NameError(type(dataset))


def _stacked(rows):
    """Tensors of all samples, row after row, where every one consists of such tensors; else None."""
    if any(type(row) is not tuple or len(row) != len(rows[0]) for row in rows):
        return None
    for parts in zip(*rows):
        if any(type(p) is not torch.Tensor or p.shape != parts[0].shape or p.dtype != parts[0].dtype for p in parts):
            return None
    return [torch.stack(parts) for parts in zip(*rows)]


def _size_of(sample):
    """About how many bytes a sample of tensors and plain values takes; None for any other."""
    if type(sample) in (tuple, list, dict):
        sizes = [_size_of(part) for part in (sample.values() if type(sample) is dict else sample)]
        return None if None in sizes else 64 + sum(sizes)
    if type(sample) is torch.Tensor:
        plain = sample.device.type == "cpu" and sample.layout is torch.strided and not sample.requires_grad
        return sample.nbytes + 400 if plain and not sample.is_inference() else None
    return 64 + len(sample) if type(sample) is str else 64 if type(sample) in (int, float, bool) else None


class _Digest(pickle.Pickler):
    """Plain values by themselves; arrays, tensors and frames by what they hold."""

    def reducer_override(self, value):
        kind = type(value)
        if value in (list, str, complex, range, slice) if kind is type else kind in (complex, range, slice):
            return NotImplemented
        if kind is torch.Tensor and value.device.type == "cpu" and value.layout is torch.strided:
            if not value.requires_grad and value.dtype is not torch.bfloat16:
                return str, (repr(value.stride()), value.numpy())
        name = f"{kind.__module__.partition('.')[0]}.{kind.__name__}"
        if name == "numpy.ndarray" and not value.dtype.hasobject:
            held = hashlib.blake2b(value.tobytes()).hexdigest()
            return str, (f"{value.dtype.str} {value.shape} {value.strides} {held}",)
        if name in ("numpy.ndarray", "pandas.Index"):
            return list, (value.tolist(), name, str(value.dtype))
        if kind.__module__ == "numpy":
            return str, (name, value.item())
        if name == "pandas.RangeIndex":
            return str, (repr(value),)
        if name == "pandas.Series" and not value.attrs:
            return list, (value.name, str(value.dtype), value.index, value.to_numpy())
        if name == "pandas.DataFrame" and not value.attrs and value.columns.is_unique:
            return list, (value.index, value.columns, [value[column] for column in value.columns])
        raise TypeError(name)


def _state_of(values):
    """Bytes that tell plain values, arrays, tensors and frames from any others; None for anything else."""
    held = io.BytesIO()
    try:
        _Digest(held).dump(values)
    except (TypeError, AttributeError, ValueError, RuntimeError, pickle.PicklingError):
        return None
    return hashlib.blake2b(held.getvalue()).digest()


'''.replace("PLAIN", PLAIN)
IMPORTS = ("import hashlib\n", "import io\n", "import pickle\n", "import weakref\n")


class KeptSamples(ContainerPass):
    """See the module."""

    code: ClassVar[str] = "HST713"
    name: ClassVar[str] = "samples worked out once"
    risk: ClassVar[Risk] = Risk.EXACT

    def sites(self, place: Place) -> Iterator[Parts]:
        module = place.module
        if not imports_torch(module):
            return
        if not any(name.endswith("DataLoader") for m in place.project.modules for name in m.names):
            return
        project = place.project
        homes = [(m, c) for m, c in _classes(project) if m is module or not c.variables]
        found = [c for _, c in homes]
        if (
            not found
            or patched(project)
            or not project.whole
            or project.threads
            or any(m.dynamic for m in project.modules)
        ):
            return
        holders = Holders(project)
        held = holders.made_of(found)
        helper = HELPER.replace("OTHERS", "".join(_entry(kind_of(module, m, c.name), c) for m, c in homes))
        other = ["import os\n", OF_A_FILE] if "_is_of(" in helper else []
        added = IMPORTS if binds_torch(module) else (*IMPORTS, "import torch\n")
        for node, loader, last in loops(place, HELPER, WHOLE_BATCHES):
            if not _again(module, node) or holders.written(module, node) & held:
                continue
            yield Parts(
                title="work the samples out once",
                first=loader.lineno,
                last=last,
                reason="the same samples are worked out in every epoch, one at a time",
                remedy="keep them as tensors",
                replace=((loader, f"_kept_samples({module.text(loader)})"),),
                prelude=(*added, *other, helper),
                later=True,  # a second epoch gains by what the first has found
            )


@lru_cache(maxsize=8)
def _classes(project: Project) -> list[tuple[Module, SampleClass]]:
    return [(m, c) for m in project.modules for c in classes(m)]


def _entry(kind: str, made: SampleClass) -> str:
    names = ", ".join(made.variables) + ("," if len(made.variables) == 1 else "")
    return f"    if {kind}:\n        return ({names})\n"


def _again(module: Module, node: ast.AST) -> bool:
    """Whether the loop may run more than once."""
    around = (ast.For, ast.While, ast.FunctionDef, ast.AsyncFunctionDef)
    return any(
        isinstance(at, around) for at in module.up(node if isinstance(node, ast.For) else module.statement(node))
    )
