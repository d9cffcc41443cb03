"""Where time goes, and where something can be changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Region:
    """A function, or a run of statements (a block) of one statement list, that can be changed and replayed.

    Lines are 1-based and inclusive; for a function they cover decorators and body. `qualname` is the
    dotted name of the function (`Class.method`, `outer.<locals>.inner`) or, for a block, of the function
    around it (`""` at module level). For a block, `live_in` are the names it may read before writing
    them (with those of enclosing functions or the module), `live_out` the names it binds that anybody
    may read later. For a function, `live_in` are its parameters.
    """

    path: str
    first: int
    last: int
    kind: str  # "function" | "block"
    qualname: str
    live_in: tuple[str, ...] = ()
    live_out: tuple[str, ...] = ()
    globals_read: tuple[str, ...] = ()  # module-level data names it reads (not functions, classes, modules)
    share: float = 0.0  # of the program's time, 0..1, callees included

    @property
    def id(self) -> str:
        return f"{self.path}:{self.first}-{self.last}"

    def within(self, other: Region) -> bool:
        """True when this region's lines lie in the other's, or are the same."""
        return self.path == other.path and other.first <= self.first and self.last <= other.last


@dataclass(frozen=True)
class Finding:
    """A place where a pass can change something: where, what share of time, why, how much could be won.

    `code` names the pass. `detail` is the pass's own JSON-able note from `find` to `propose`; `region` is
    what has to be replayed to verify the change.
    """

    code: str
    region: Region
    first: int
    last: int
    reason: str
    remedy: str
    share: float = 0.0
    detail: dict[str, Any] = field(default_factory=dict, hash=False)

    @property
    def path(self) -> str:
        return self.region.path

    @property
    def headroom(self) -> float:
        """The most the whole program can gain from this place alone (Amdahl's law), as old/new."""
        return 1 / max(1 - self.share, 1e-3)
