"""Less room on disk, no less time: weights that are zero, and tables of embeddings of lower rank.

What changes     `SparseWeights`: the weights that matter least become zero, by their size beside the larger ones of
                 their own layer (LAMP) or of all; training keeps them so. `ThinTables`: a table of embeddings becomes
                 a narrower one and a matrix, by its singular values.
When it wins     where size is what is wanted: zeros are deflated away when weights lie in few bits (`stored.py`), and
                 in recommenders and small text classifiers tables are most of the bytes. No runtime is faster for
                 zeros that lie anywhere, so neither is tried for speed.
Risk             quality: both are trained again (`epochs`), and the judge decides by the budget.
Source           Lee et al., "Layer-Adaptive Sparsity for the Magnitude-Based Pruning", ICLR 2021.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from hasten.core.model import ModelWorkload
from hasten.core.model_pass import CannotServe, Parameters
from hasten.core.recipe import Risk
from hasten.passes.model.nets import export
from hasten.passes.model.nets.channels import ROUND
from hasten.passes.model.nets.finetune import can_train, finished
from hasten.passes.model.nets.learning import learner
from hasten.passes.model.nets.shapes import answers_alike
from hasten.serve.net import Net

ZEROS = (0.5, 0.7, 0.85, 0.93)  # of the weights
NARROWER = (0.5, 0.75)  # of a table's columns that go
MOSTLY = 0.3  # of a net's values, that tables hold where they are worth it
EPOCHS, STEPS = 10, 300  # at least
LAMP, MAGNITUDE = "lamp", "magnitude"


@dataclass(frozen=True)
class SparseWeights:
    """Weights that are zero, for room on disk."""

    code: ClassVar[str] = "HSM326"
    name: ClassVar[str] = "weights that are zero"
    risk: ClassVar[Risk] = Risk.QUALITY
    packages: ClassVar[tuple[str, ...]] = ("torch",)
    for_size: ClassVar[bool] = True

    def parameters(self, work: ModelWorkload) -> Iterator[Parameters]:
        if isinstance(work.model, Net) and _matrices(work.model.module):
            training = {"epochs": EPOCHS} if can_train(work) else {}
            for by in (LAMP, MAGNITUDE):
                for share in ZEROS:
                    yield {"by": by, "share": share, **training}

    def reduce(self, work: ModelWorkload, parameters: Parameters) -> Any:
        with export.quiet():
            module = learner(work.model)
            kept = masks(module, parameters["share"], parameters["by"])
            return finished(
                work, module, parameters, f"{parameters['share']:.0%} of the weights are zero", steps=STEPS, kept=kept
            )


def _matrices(module: Any) -> dict[str, Any]:
    """Weights in two or more dimensions, by name, each once."""
    return {n: p for n, p in module.named_parameters() if p.ndim > 1 and p.is_floating_point()}


def masks(module: Any, share: float, by: str) -> dict[str, Any]:
    """Which weights stay, by name; the others are made zero at once."""
    import torch

    found = _matrices(module)
    with torch.no_grad():
        scores = {n: _lamp(p) if by == LAMP else p.abs().flatten() for n, p in found.items()}
        everything = torch.cat(list(scores.values()))
        least = everything.sort().values[min(len(everything) - 1, int(share * len(everything)))]
        kept = {n: (scores[n] >= least).reshape(p.shape) for n, p in found.items()}
        for n, p in found.items():
            p.mul_(kept[n])
    return kept


def _lamp(weights: Any) -> Any:
    """The square of each weight over the sum of its layer's that are no smaller."""
    import torch

    square = weights.detach().flatten().double().square()
    order = square.argsort()
    rest = square[order].flip(0).cumsum(0).flip(0).clamp_min(1e-300)
    score = torch.empty_like(square)
    score[order] = square[order] / rest
    return score


@dataclass(frozen=True)
class ThinTables:
    """Tables of embeddings of lower rank, for room on disk."""

    code: ClassVar[str] = "HSM327"
    name: ClassVar[str] = "tables of lower rank"
    risk: ClassVar[Risk] = Risk.QUALITY
    packages: ClassVar[tuple[str, ...]] = ("torch",)
    for_size: ClassVar[bool] = True

    def parameters(self, work: ModelWorkload) -> Iterator[Parameters]:
        if not isinstance(work.model, Net):
            return
        held = sum(t.weight.numel() for _, t in _tables(work.model.module))
        if held and held >= MOSTLY * sum(p.numel() for p in work.model.module.parameters()):
            training = {"epochs": EPOCHS} if can_train(work) else {}
            for share in NARROWER:
                yield {"share": share, **training}

    def reduce(self, work: ModelWorkload, parameters: Parameters) -> Any:
        with export.quiet():
            net, inputs = work.model, export.example(work)
            module = learner(net)
            gone = []
            for name, table in list(_tables(module)):
                made = copy.deepcopy(module)
                rank = max(ROUND, int(table.embedding_dim * (1 - parameters["share"])) // ROUND * ROUND)
                if rank >= table.embedding_dim:
                    continue
                parent, _, last = name.rpartition(".")
                setattr(made.get_submodule(parent), last, thinner(table, rank))
                if answers_alike(net, copy.deepcopy(made).eval(), inputs):  # whose weights no code reads by name
                    module = made
                    gone.append(f"{name} {table.embedding_dim} to {rank}")
            if not gone:
                raise CannotServe("no table of embeddings can be narrower")
            return finished(work, module, parameters, f"columns of tables: {', '.join(gone)}", steps=STEPS)


def _tables(module: Any) -> Iterator[tuple[str, Any]]:
    from torch import nn

    for name, m in module.named_modules():
        plain = type(m) is nn.Embedding and m.max_norm is None and not m.scale_grad_by_freq and not m.sparse
        if name and plain and min(m.weight.shape) >= 2 * ROUND:
            yield name, m


def thinner(table: Any, rank: int) -> Any:
    """The table as a narrower one and a matrix."""
    import torch
    from torch import nn

    u, s, v = torch.linalg.svd(table.weight.detach().double(), full_matrices=False)
    root = s[:rank].sqrt()
    first = nn.Embedding(table.num_embeddings, rank, padding_idx=table.padding_idx)
    second = nn.Linear(rank, table.embedding_dim, bias=False)
    with torch.no_grad():
        first.weight.copy_((u[:, :rank] * root).to(first.weight.dtype))
        second.weight.copy_((root[:, None] * v[:rank]).T.to(second.weight.dtype))
    return nn.Sequential(first, second).train(table.training)
