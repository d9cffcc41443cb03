"""Passes over trained models, and what they make.

A *reducing* pass makes another model of the same kind (fewer trees, fewer features), a *serving* pass makes a part of
an artifact that answers for a model. A candidate is at most some reductions and one serving pass with its parameters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol, runtime_checkable

from hasten.core.model import ModelWorkload
from hasten.core.recipe import Risk

Parameters = Mapping[str, Any]


@dataclass(frozen=True)
class Step:
    """One pass with its parameters: serialises, replays."""

    code: str
    title: str
    parameters: Parameters = field(default_factory=dict)


@dataclass(frozen=True)
class Built:
    """What a serving pass left in its folder: the backend that answers from it, for which methods, with which options.

    `packages` are those that answering imports besides NumPy.
    """

    backend: str
    methods: tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    packages: tuple[str, ...] = ()


class CannotServe(Exception):
    """Raised by `build` when it finds that it cannot serve this model; the message says what stands in the way."""


@runtime_checkable
class ServingPass(Protocol):
    """One way to answer for a model.

    `parameters` yields the settings worth trying, likely best first, and nothing where the pass does not apply; it only
    looks. `build` runs in a process of its own under a deadline and may raise `CannotServe`. `packages` are what it
    needs to build: where one is missing the pass is left out, and the report says so.
    """

    code: ClassVar[str]
    name: ClassVar[str]
    risk: ClassVar[Risk]
    packages: ClassVar[tuple[str, ...]]

    def parameters(self, work: ModelWorkload) -> Iterator[Parameters]: ...

    def build(self, work: ModelWorkload, folder: Path, parameters: Parameters) -> Built: ...


@runtime_checkable
class ReducingPass(Protocol):
    """One way to make a smaller or simpler model of the same kind, within a quality budget.

    `parameters` yields settings from the gentlest to the boldest. `reduce` runs in a process of its own under a
    deadline; it may learn from `work.train` only, and leaves `work.model` as it was. It gives the model, or the whole
    workload where more than the model is another (what a tokeniser makes of its texts).
    """

    code: ClassVar[str]
    name: ClassVar[str]
    risk: ClassVar[Risk]
    packages: ClassVar[tuple[str, ...]]

    def parameters(self, work: ModelWorkload) -> Iterator[Parameters]: ...

    def reduce(self, work: ModelWorkload, parameters: Parameters) -> Any: ...
