"""Passes about containers: which one to ask, and how often. `PASSES` lists one of each."""

from hasten.passes.source.containers.base import ContainerPass
from hasten.passes.source.containers.dates import IsoTime
from hasten.passes.source.containers.growth import CopyToGrow
from hasten.passes.source.containers.invariant import Invariant
from hasten.passes.source.containers.join_index import KeyIndex
from hasten.passes.source.containers.join_range import RangeIndex
from hasten.passes.source.containers.letters import Letters
from hasten.passes.source.containers.lookup import Lookup
from hasten.passes.source.containers.membership import Membership
from hasten.passes.source.containers.memo import Memo
from hasten.passes.source.containers.queue import Queue
from hasten.passes.source.containers.regex import Pattern
from hasten.passes.source.containers.set_sizes import SetSizes
from hasten.passes.source.containers.sorting import Sorting
from hasten.passes.source.containers.subsets import Subsets
from hasten.passes.source.containers.text import TextGrowth

PASSES: tuple[ContainerPass, ...] = (
    Membership(),
    Lookup(),
    Queue(),
    Sorting(),
    TextGrowth(),
    Pattern(),
    KeyIndex(),
    RangeIndex(),
    Invariant(),
    Memo(),
    CopyToGrow(),
    SetSizes(),
    Subsets(),
    IsoTime(),
    Letters(),
)

__all__ = ["PASSES", "ContainerPass"]
