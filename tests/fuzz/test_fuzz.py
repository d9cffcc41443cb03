"""The daily slice of the fuzzer: the same programs every day. `make fuzz` runs thousands of others."""

from __future__ import annotations

import pytest

from tests.fuzz.families import FAMILIES, Count, round_of

# programs, and the least share of them in which a recorded call must take the fast path: a fuzzer that proposes nothing
# finds nothing
SLICE = {
    "containers": (60, 0.35),
    "columns": (60, 0.35),
    "stand_ins": (15, 0.6),
    "cells": (12, 0.3),
    "carried": (10, 0.3),
    "arrays": (60, 0.35),
    "elements": (60, 0.35),
    "kernels": (60, 0.5),
    "objects": (12, 0.6),
    "statements": (12, 0.5),
    "batch": (40, 0.5),
    "windows": (30, 0.5),
    "startup": (40, 0.6),
    "estimators": (12, 0.3),
}


@pytest.mark.parametrize("name", SLICE)
def test_generated_programs_stay_as_they_were(name: str) -> None:
    cases, share = SLICE[name]
    count = Count()
    round_of(FAMILIES[name], cases, None, count)
    assert count.entered >= share * count.cases, "\n".join(count.lines(name))


def test_a_few_kernels_compiled() -> None:
    count = Count()
    round_of(FAMILIES["compiled"], 3, None, count)
    assert count.cases == 3
