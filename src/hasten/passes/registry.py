"""Every pass: the one list. One that does not meet the protocol to the letter is refused at registration."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from typing import Any

from hasten.config import nearest
from hasten.core.loading import StartupPass
from hasten.core.recipe import Pass, Risk

# module and class, in the order in which passes are asked
PASSES: tuple[tuple[str, str], ...] = (
    ("hasten.passes.source.containers.membership", "Membership"),
    ("hasten.passes.source.containers.lookup", "Lookup"),
    ("hasten.passes.source.containers.queue", "Queue"),
    ("hasten.passes.source.containers.sorting", "Sorting"),
    ("hasten.passes.source.containers.text", "TextGrowth"),
    ("hasten.passes.source.containers.regex", "Pattern"),
    ("hasten.passes.source.containers.join_index", "KeyIndex"),
    ("hasten.passes.source.containers.invariant", "Invariant"),
    ("hasten.passes.source.containers.memo", "Memo"),
    ("hasten.passes.source.containers.growth", "CopyToGrow"),
    ("hasten.passes.source.containers.join_range", "RangeIndex"),
    ("hasten.passes.source.repeats.steady", "RepeatedWork"),
    ("hasten.passes.source.containers.set_sizes", "SetSizes"),
    ("hasten.passes.source.containers.subsets", "Subsets"),
    ("hasten.passes.source.containers.dates", "IsoTime"),
    ("hasten.passes.source.containers.letters", "Letters"),
    ("hasten.passes.source.containers.averages", "Means"),
    ("hasten.passes.source.containers.averages", "Spreads"),
    ("hasten.passes.source.containers.recent", "Recent"),
    ("hasten.passes.source.containers.heap_order", "HeapOrder"),
    ("hasten.passes.source.containers.tallies", "Tallies"),
    ("hasten.passes.source.containers.so_far", "SoFar"),
    ("hasten.passes.source.columns.rows", "Rows"),
    ("hasten.passes.source.columns.apply_rows", "ApplyRows"),
    ("hasten.passes.source.columns.elementwise", "Elementwise"),
    ("hasten.passes.source.columns.groups", "Groups"),
    ("hasten.passes.source.columns.growth", "GrowingFrames"),
    ("hasten.passes.source.columns.lookup", "FilterPerKey"),
    ("hasten.passes.source.columns.cells", "Cells"),
    ("hasten.passes.source.columns.writes", "CellWrites"),
    ("hasten.passes.source.columns.parts", "Parts"),
    ("hasten.passes.source.columns.group_parts", "GroupParts"),
    ("hasten.passes.source.columns.together", "Together"),
    ("hasten.passes.source.columns.distinct", "Distinct"),
    ("hasten.passes.source.columns.enlarge", "Enlarged"),
    ("hasten.passes.source.columns.matches", "Matches"),
    ("hasten.passes.source.columns.kept", "KeptParts"),
    ("hasten.passes.source.columns.rolling", "WindowFunctions"),
    ("hasten.passes.source.columns.stand_in", "StandIns"),
    ("hasten.passes.source.jit", "Jit"),
    ("hasten.passes.source.batch.calls", "BatchedCalls"),
    ("hasten.passes.source.batch.rows", "WholeArrayRows"),
    ("hasten.passes.source.arrays.growing", "GrowingArrays"),
    ("hasten.passes.source.arrays.selection", "Selection"),
    ("hasten.passes.source.arrays.reductions", "ArrayReductions"),
    ("hasten.passes.source.arrays.groups", "MaskPerGroup"),
    ("hasten.passes.source.arrays.vectorized", "VectorizedFunctions"),
    ("hasten.passes.source.arrays.inverse", "InverseProduct"),
    ("hasten.passes.source.arrays.products", "ProductOrder"),
    ("hasten.passes.source.arrays.steady", "SteadyArrays"),
    ("hasten.passes.source.arrays.elements", "ElementLoops"),
    ("hasten.passes.source.arrays.picked", "PickedRows"),
    ("hasten.passes.source.arrays.stacked", "StackedProducts"),
    ("hasten.passes.source.arrays.ranges", "MaskPerRange"),
    ("hasten.passes.source.arrays.crossed", "AllProducts"),
    ("hasten.passes.source.estimators.cores", "ForestOnAllCores"),
    ("hasten.passes.source.estimators.metrics", "PlainScores"),
    ("hasten.passes.source.estimators.few_rows", "FewRows"),
    ("hasten.passes.source.torch_calls.loader", "WholeBatches"),
    ("hasten.passes.source.torch_calls.samples", "KeptSamples"),
    ("hasten.passes.source.torch_calls.gradients", "WithoutGradients"),
    ("hasten.passes.source.torch_calls.reads", "ElementsAtOnce"),
    ("hasten.passes.source.torch_calls.waits", "ReadLater"),
    ("hasten.passes.source.parallel.rounds", "Rounds"),
    ("hasten.passes.source.algorithms.nearest", "NearestRows"),
    ("hasten.passes.source.algorithms.windows", "SlidingWindows"),
    ("hasten.passes.source.algorithms.smooth", "BySmoothness"),
    ("hasten.passes.source.algorithms.grid", "HalvingSearch"),
    ("hasten.passes.source.algorithms.estimators", "OtherEstimators"),
    ("hasten.passes.source.torch_calls.settings", "NetSettings"),
)
# those that change the program's start as a whole (`hasten.core.loading`), asked last
STARTS: tuple[tuple[str, str], ...] = (
    ("hasten.passes.source.startup.later", "ImportsLater"),
    ("hasten.passes.source.startup.optimisers", "PlainOptimisers"),
    ("hasten.passes.source.startup.collector", "QuietCollector"),
)

_NEEDED = {"code": str, "name": str, "risk": Risk}
_METHODS = (("find", ["work", "region", "facts"]), ("propose", ["work", "finding", "facts"]))
_START_METHODS = (("savings", ["sources", "loaded"]),)


@cache
def all_passes() -> tuple[Pass, ...]:
    """One of each pass that looks at regions. Raises `TypeError` when one is not a pass, or two share a code."""
    return tuple(_made(PASSES, conformance))


@cache
def startup_passes() -> tuple[StartupPass, ...]:
    """One of each pass that looks at the program's start. Raises as `all_passes` does."""
    return tuple(_made(STARTS, startup_conformance))


def every_pass() -> list[Pass | StartupPass]:
    """Both kinds, in the order in which they are asked."""
    return [*all_passes(), *startup_passes()]


def _made(places: Sequence[tuple[str, str]], checked: Callable[[object], list[str]]) -> list[Any]:
    found: list[Any] = []
    for module, name in places:
        pass_: Any = getattr(import_module(module), name)()
        mistakes = checked(pass_)
        if mistakes:
            raise TypeError(f"{module}.{name} is not a pass: {'; '.join(mistakes)}")
        found.append(pass_)
    codes = [p.code for p in found]
    twice = sorted({c for c in codes if codes.count(c) > 1})
    if twice:
        raise TypeError(f"two passes share the code {', '.join(twice)}")
    return found


def conformance(pass_: object) -> list[str]:
    """What keeps an object from being a pass: missing, mistyped or misspelt attributes, other signatures."""
    return _mistakes(pass_, _METHODS)


def startup_conformance(pass_: object) -> list[str]:
    """What keeps an object from being a pass of the program's start."""
    return _mistakes(pass_, _START_METHODS)


def _mistakes(pass_: object, methods: Sequence[tuple[str, list[str]]]) -> list[str]:
    cls = type(pass_)
    bad = []
    for name, kind in _NEEDED.items():
        value = getattr(cls, name, None)
        if value is None:
            near = nearest(name, [n for n in vars(cls) if not n.startswith("_")])
            bad.append(f"it has no class attribute {name!r}{near}")
        elif not isinstance(value, kind):
            bad.append(f"{name} is {value!r}, not of type {kind.__name__}")
    for name, parameters in methods:
        method = getattr(cls, name, None)
        if not callable(method):
            bad.append(f"it has no method {name!r}")
            continue
        given = [p for p in inspect.signature(method).parameters if p != "self"]
        if given != parameters:
            bad.append(f"{name} takes ({', '.join(given)}), not ({', '.join(parameters)})")
    protocol = [*_NEEDED, *(name for name, _ in methods)]
    for name in vars(cls):
        # a misspelt attribute would silently leave the inherited one in force
        if not name.startswith("_") and name not in protocol and (close := get_close_matches(name, protocol, 1, 0.75)):
            bad.append(f"{name!r} is not part of the protocol; did you mean {close[0]!r}?")
    if not documentation(pass_):
        bad.append("neither it nor its module has a docstring")
    return bad


def documentation(pass_: object) -> str:
    """The module's docstring (what it finds, why it is slow, example, when it is safe), else the class's own."""
    cls = type(pass_)
    module = inspect.getmodule(cls)
    own = cls.__dict__.get("__doc__") or ""
    if own.startswith(f"{cls.__name__}("):
        own = ""  # what dataclass writes
    texts = [inspect.cleandoc(t) for t in (module.__doc__ if module else "", own) if t]
    return max(texts, key=len, default="")
