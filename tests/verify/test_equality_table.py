"""Every line of docs/equality.md holds: its examples are run, and no line is without them."""

from __future__ import annotations

import enum
import functools
import io
import pickle
import re
import sys
import types
from array import array
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from random import Random
from threading import Lock
from typing import Any
from weakref import ref

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from hasten.core.contract import Contract
from hasten.observe import snapshot
from hasten.observe.text import text_difference
from hasten.verify.equality import difference

PAGE = (Path(__file__).parents[2] / "docs" / "equality.md").read_text(encoding="utf-8")
NOT_EXACT = "(not with `--exact`)"
CONTRACTS = (Contract(), Contract(exact=True))


@dataclass(frozen=True)
class Line:
    part: str
    what: str
    same: tuple[str, ...]
    rounded: frozenset[str]  # of these, those that --exact tells apart
    other: tuple[str, ...]


def lines() -> Iterator[Line]:
    part = ""
    for line in PAGE.splitlines():
        part = line[3:] if line.startswith("## ") else part
        cells = [cell.strip() for cell in line.strip("|").split(" | ")] if line.startswith("| ") else []
        if len(cells) != 4 or cells[0] in ("what", "---"):
            continue
        same, other = (tuple(re.findall(r"`([^`]+)`", cell.replace(NOT_EXACT, ""))) for cell in cells[2:])
        rounded = frozenset(re.findall(r"`([^`]+)` \(not with", cells[2]))
        yield Line(part, cells[0], same, rounded, other)


LINES = list(lines())


@pytest.fixture(scope="module")
def names() -> dict[str, Any]:
    """What the examples see: the page's own code, run in a module of its own."""
    module = types.ModuleType("_equality_page")
    sys.modules[module.__name__] = module
    module.__dict__.update(
        np=np, pd=pd, sp=sp, enum=enum, re=re, nan=float("nan"), inf=float("inf"), array=array, Counter=Counter,
        OrderedDict=OrderedDict, defaultdict=defaultdict, deque=deque, UTC=UTC, date=date, datetime=datetime,
        Decimal=Decimal, Fraction=Fraction, Random=Random, partial=functools.partial, StringIO=io.StringIO,
        MappingProxyType=types.MappingProxyType, Lock=Lock, sha256=sha256, ref=ref,
    )  # fmt: skip
    code = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert code is not None
    exec(compile(code[1], "docs/equality.md", "exec"), module.__dict__)
    return module.__dict__


def pair(text: str, names: dict[str, Any]) -> tuple[Any, Any]:
    if "torch" in text or "grown" in text:
        names["torch"] = pytest.importorskip("torch")
    if "pl." in text:
        names["pl"] = pytest.importorskip("polars")
    made = eval(f"({text})", names)
    assert type(made) is tuple and len(made) == 2, text
    return made


def test_the_page_has_lines_of_every_kind() -> None:
    assert {line.part for line in LINES} == {
        "Python",
        "NumPy and SciPy",
        "pandas",
        "polars",
        "torch and estimators",
        "Whole runs",
    }
    assert len(LINES) > 45
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith(("| what |", "| ---"))]
    assert len(rows) == len(LINES), "a line of a table that is not read"


@pytest.mark.parametrize("line", LINES, ids=lambda line: f"{line.part}: {line.what}")
def test_a_line_holds(line: Line, names: dict[str, Any]) -> None:
    assert line.same and line.other, "a line without examples"
    if line.part == "Whole runs":
        for text in (*line.same, *line.other):
            a, b = eval(f"({text})")
            for rtol in (CONTRACTS[0].tolerance, 0.0):
                same = text in line.same and not (text in line.rounded and rtol == 0.0)
                assert (text_difference(a, b, rtol=rtol) is None) == same, text
        return
    for text in (*line.same, *line.other):
        for contract in CONTRACTS:
            same = text in line.same and not (text in line.rounded and contract.exact)
            for turned in (False, True):
                a, b = pair(text, names)[:: -1 if turned else 1]
                assert (difference(a, b, contract) is None) == same, text
                a, b = pair(text, names)[:: -1 if turned else 1]
                assert (difference([1, {"k": a}], [1, {"k": b}], contract) is None) == same, f"inside: {text}"


def test_what_is_said_of_attributes_order_and_of_eq(names: dict[str, Any]) -> None:
    """A class is compared by state without being asked: `__eq__`, `__hash__`, `__iter__` and `__len__` may raise."""

    class Trap(list):  # type: ignore[type-arg]
        def __eq__(self, other: object) -> bool:
            raise AssertionError("asked")

        __hash__ = None  # type: ignore[assignment]
        __iter__ = __len__ = __bool__ = __getitem__ = __eq__  # type: ignore[assignment]

    for contract in CONTRACTS:
        assert difference(Trap([1]), Trap([1]), contract) is None
        assert difference(Trap([1]), Trap([2]), contract) is not None
    a, b = names["Point"](1), names["Point"](1)
    a.y, b.z = 1, 1
    b.y, a.z = 1, 1
    assert difference(a, b, CONTRACTS[0]) is None


def test_a_snapshot_keeps_what_a_tensor_has_gathered(names: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch")
    weight = torch.nn.Parameter(torch.ones(2))
    weight.grad = torch.full((2,), 3.0)
    names["torch"] = torch
    for value in (names["grown"](2.0), weight):
        both = pickle.loads(snapshot.dumps([value, value]))
        assert difference([value, value], both, CONTRACTS[1]) is None
        both[0].grad += 1
        assert "grad" in (difference([value, value], both, CONTRACTS[0]) or "")
