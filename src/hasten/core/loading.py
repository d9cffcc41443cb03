"""What a program imports, and passes that make it import less: their changes concern the program as a whole.

No region can be replayed to verify such a change: a run of the whole program does, and it must show that the modules
that the change is meant to save are no longer loaded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Protocol, runtime_checkable

from hasten.core.recipe import Change, Risk
from hasten.core.source import SourceFile
from hasten.core.workload import ScriptWorkload


@dataclass(frozen=True)
class ModuleTime:
    """One module that a run imported: seconds in its own code, and with what it imported first (`total_s`)."""

    name: str
    own_s: float
    total_s: float


@dataclass(frozen=True)
class Loaded:
    """The modules that one run of the program imported, in the order in which they were done."""

    modules: tuple[ModuleTime, ...] = ()

    @cached_property
    def names(self) -> frozenset[str]:
        return frozenset(m.name for m in self.modules)

    def own_s(self, names: Iterable[str]) -> float:
        """Seconds in the code of these modules alone."""
        wanted = set(names)
        return sum(m.own_s for m in self.modules if m.name in wanted)

    def total_s(self, name: str) -> float:
        """Seconds for a module, its parents and what they imported first; 0.0 when it was not loaded."""
        parts = name.split(".")
        wanted = {".".join(parts[: n + 1]) for n in range(len(parts))}
        return sum(m.total_s for m in self.modules if m.name in wanted)


@dataclass(frozen=True, eq=False)
class Sources:
    """A workload with the Python files of its project that may take part in a run."""

    work: ScriptWorkload
    files: tuple[SourceFile, ...]


@dataclass(frozen=True)
class Saving:
    """A change, modules of which none may be loaded any more in a run of the changed program, and about what it saves.

    `saves_s` None means: the time of the modules that are gone, as a run shows it.
    """

    change: Change
    modules: tuple[str, ...]
    saves_s: float | None = None


@runtime_checkable
class StartupPass(Protocol):
    """One kind of change that lets the program import less. Pure and deterministic, as every pass."""

    code: ClassVar[str]
    name: ClassVar[str]
    risk: ClassVar[Risk]

    def savings(self, sources: Sources, loaded: Loaded) -> Iterator[Saving]: ...
