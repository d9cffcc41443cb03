"""Every pass over models: the one list."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from hasten.core.model_pass import ReducingPass, ServingPass

# module and class, in the order in which they are tried: quick to build and likely best first, then those of which ONNX
# Runtime's figures tell what they can be, last the original, which costs most to ask where it is slow
SERVING: tuple[tuple[str, str], ...] = (
    ("hasten.passes.model.serving.generated", "GeneratedPredictor"),
    ("hasten.passes.model.serving.dense", "CompiledNumbers"),
    ("hasten.passes.model.serving.trees", "CompiledTrees"),
    ("hasten.passes.model.serving.combined", "CombinedMembers"),
    ("hasten.passes.model.serving.own_steps", "OwnFirstSteps"),
    ("hasten.passes.model.serving.coded", "CategoryCodes"),
    ("hasten.passes.model.serving.settings", "RunSettings"),
    ("hasten.passes.model.serving.booster", "NativeBooster"),
    ("hasten.passes.model.serving.onnx_runtime", "OnnxRuntime"),
    ("hasten.passes.model.serving.gtil", "Gtil"),
    ("hasten.passes.model.serving.daal", "DaalModel"),
    ("hasten.passes.model.serving.tl2cgen", "Tl2cgen"),
    ("hasten.passes.model.serving.original", "AsItIs"),
)
# those of nets: the float32 that all else is measured by, then what takes seconds and is likely best (first settings
# of each before the second of any: `search/models/candidates.py`)
NETS: tuple[tuple[str, str], ...] = (
    ("hasten.passes.model.nets.run", "OnnxRuntime"),
    ("hasten.passes.model.nets.run", "HalfPrecision"),
    ("hasten.passes.model.nets.machine", "MachineCodeInt8"),
    ("hasten.passes.model.nets.quantise", "OnnxInt8Dynamic"),
    ("hasten.passes.model.nets.machine", "MachineCode"),
    ("hasten.passes.model.nets.quantise", "OpenVinoInt8"),
    ("hasten.passes.model.nets.run", "OpenVino"),
    ("hasten.passes.model.nets.quantise", "OnnxInt8"),
    ("hasten.passes.model.nets.run", "TorchScript"),
    ("hasten.passes.model.nets.run", "Inductor"),
)
# how weights lie on disk, tried with what serves best at the end
STORING: tuple[tuple[str, str], ...] = (("hasten.passes.model.nets.stored", "FewBits"),)
REDUCING: tuple[tuple[str, str], ...] = (
    ("hasten.passes.model.reducing.distill", "Distillation"),
    ("hasten.passes.model.reducing.fewer_trees", "FewerTrees"),
    ("hasten.passes.model.reducing.fewer_rounds", "FewerRounds"),
    ("hasten.passes.model.reducing.shallower", "SmallerTrees"),
    ("hasten.passes.model.reducing.sparse", "SparseCoefficients"),
    ("hasten.passes.model.reducing.prototypes", "FewerPrototypes"),
    ("hasten.passes.model.reducing.rank", "LowerRank"),
)
# smaller nets: `search/models/nets.py` combines them
REDUCING_NETS: tuple[tuple[str, str], ...] = (
    ("hasten.passes.model.nets.finetune", "FineTune"),
    ("hasten.passes.model.nets.prune", "Prune"),
    ("hasten.passes.model.nets.layers", "FewerLayers"),
    ("hasten.passes.model.nets.factorise", "Factorise"),
    ("hasten.passes.model.texts.shorter", "ShorterTexts"),
    ("hasten.passes.model.nets.distil", "Distil"),
    ("hasten.passes.model.nets.smaller", "ThinTables"),
    ("hasten.passes.model.nets.smaller", "SparseWeights"),
)


@cache
def serving_passes(nets: bool = False) -> tuple[ServingPass, ...]:
    """One of each serving pass (of nets: `nets`). Raises `TypeError` when one is none."""
    found = [_made(module, name) for module, name in (NETS if nets else SERVING)]
    for each in found:
        if not isinstance(each, ServingPass):
            raise TypeError(f"{type(each).__name__} is no serving pass: it lacks a part of that protocol")
    return tuple(found)


@cache
def storing_passes() -> tuple[ServingPass, ...]:
    """One of each pass that stores a net's weights in fewer bits."""
    return tuple(_made(module, name) for module, name in STORING)


@cache
def reducing_passes(nets: bool = False) -> tuple[ReducingPass, ...]:
    """One of each reducing pass (of nets: `nets`). Raises `TypeError` when one is none."""
    found = [_made(module, name) for module, name in (REDUCING_NETS if nets else REDUCING)]
    for each in found:
        if not isinstance(each, ReducingPass):
            raise TypeError(f"{type(each).__name__} is no reducing pass: it lacks a part of that protocol")
    return tuple(found)


def model_pass(code: str) -> ServingPass | ReducingPass:
    """The pass with this code. Raises `KeyError`."""
    both: tuple[ServingPass | ReducingPass, ...] = (
        *serving_passes(), *serving_passes(nets=True), *storing_passes(), *reducing_passes(),
        *reducing_passes(nets=True),
    )  # fmt: skip
    return {p.code: p for p in both}[code]


def missing(found: ServingPass | ReducingPass) -> tuple[str, ...]:
    """The packages that the pass needs and this Python lacks (by their import names)."""
    return tuple(p for p in found.packages if find_spec(p) is None)


def _made(module: str, name: str) -> Any:
    return getattr(import_module(module), name)()
