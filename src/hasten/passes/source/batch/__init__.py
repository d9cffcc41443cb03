"""Calls made for one row at a time become one call for all rows (codes HST401 and HST402)."""

from hasten.passes.source.batch.calls import BatchedCalls
from hasten.passes.source.batch.rows import WholeArrayRows

PASSES = (BatchedCalls, WholeArrayRows)

__all__ = ["PASSES", "BatchedCalls", "WholeArrayRows"]
