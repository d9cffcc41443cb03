"""Stands for line_profiler's class of the same name, so that tests need not install it."""

from __future__ import annotations


class LineStats:
    timings: object
    unit: float
