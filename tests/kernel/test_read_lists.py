"""Lists of floats that are read from where they lie in memory: what they hold, or None, as by any other way."""

from __future__ import annotations

import gc
import math
import random
import struct
import sys
import threading
from typing import Any

import numpy as np
import pytest

from hasten.kernel.runtime import HELPERS, closure

N = 40  # rows and columns: more numbers than are taken one by one


class Own(float):
    """A float with more to it."""


@pytest.fixture(scope="module")
def helpers() -> dict[str, Any]:
    space: dict[str, Any] = {}
    exec("import ctypes, functools, itertools, marshal, sys\nimport numpy as np\nfrom numba import njit\n", space)
    for name in closure({"typed_list", "typed_rows", "typed_levels", "mixed_numbers"}):
        exec(HELPERS[name].text.replace("cache=True, ", ""), space)
    return space


@pytest.fixture(params=["read", "packed"])
def known(request: pytest.FixtureRequest, helpers: dict[str, Any]) -> Any:
    """The helpers, on a Python whose memory is known and on another."""
    before = helpers["_memory"]
    if request.param == "packed":
        helpers["_memory"] = lambda: None
    yield helpers
    helpers["_memory"] = before


def rows(seed: int = 0) -> list[list[float]]:
    rng = random.Random(seed)
    return [[rng.gauss(0, 1) for _ in range(N)] for _ in range(N)]


def bits(values: Any) -> list[bytes]:
    return [struct.pack("d", x) for x in values]


def test_this_python_is_known(helpers: dict[str, Any]) -> None:
    supported = sys.implementation.name == "cpython" and (3, 9) <= sys.version_info < (3, 15) and sys.maxsize > 2**32
    assert (helpers["_memory"]() is not None) == (supported and object.__basicsize__ == 16)


def test_every_bit_is_read(known: dict[str, Any]) -> None:
    given = rows()
    edges = [-0.0, 0.0, math.inf, -math.inf, math.nan, -math.nan, 5e-324, 1.7976931348623157e308]
    given[3][: len(edges)] = edges
    given[5] = given[4]  # one list twice
    given[7][9] = given[7][8]
    array = known["_typed_rows"](given, float, np.float64)
    assert array.shape == (N, N)
    assert array.dtype == np.float64
    assert array.flags.c_contiguous
    assert array.flags.writeable
    assert bits(array.flat) == bits(x for row in given for x in row)
    flat = [x for row in given for x in row]
    array = known["_typed_list"](flat, float, np.float64)
    assert array.ndim == 1
    assert array.flags.writeable
    assert bits(array) == bits(flat)
    numbers, kinds = known["_mixed_numbers"](given, 2, {int: 1, float: 2})
    assert numbers.shape == kinds.shape == (N, N)
    assert set(kinds.flat) == {2}
    assert bits(numbers.flat) == bits(flat)
    deep = known["_typed_levels"]([given, given, rows(1)], float, np.float64, 3)
    assert deep.shape == (3, N, N)
    assert bits(deep[2].flat) == bits(x for row in rows(1) for x in row)


OTHERS = [1, True, None, "1.0", Own(1.0), np.float64(1.0), 1j, [1.0], 2**80, object()]


@pytest.mark.parametrize("other", OTHERS, ids=lambda x: type(x).__name__)
@pytest.mark.parametrize("at", [0, N * N // 2, N * N - 1])
def test_anything_else_is_seen(known: dict[str, Any], other: Any, at: int) -> None:
    flat = [x for row in rows() for x in row]
    flat[at] = other
    assert known["_typed_list"](flat, float, np.float64) is None
    square = [flat[i : i + N] for i in range(0, N * N, N)]
    assert known["_typed_rows"](square, float, np.float64) is None
    mixed = known["_mixed_numbers"](square, 2, {int: 1, float: 2})
    assert (mixed is not None) == (type(other) is int and other == 1)
    if mixed is not None:
        assert mixed[1].ravel()[at] == 1
        assert mixed[1].sum() == 2 * N * N - 1


def test_lists_of_other_lengths_are_seen(known: dict[str, Any]) -> None:
    for change in ("x[-1].pop()", "x[2].append(1.0)", "x.append([])", "x[0].clear()"):
        given = rows()
        eval(change, {"x": given})
        assert known["_typed_rows"](given, float, np.float64) is None
    given = rows()
    given[1] = tuple(given[1])  # type: ignore[call-overload]
    assert known["_typed_rows"](given, float, np.float64) is None
    assert known["_typed_rows"]([], float, np.float64) is None
    assert known["_typed_list"]([], float, np.float64) is None


def test_lists_that_grew_and_shrank(known: dict[str, Any]) -> None:
    """A list may have room for more than it holds, and its items may have moved."""
    given = [[float(i) for i in range(1000)] for _ in range(N)]
    for row in given:
        del row[N:]
        row[:] = reversed(row)
    array = known["_typed_rows"](given, float, np.float64)
    assert array.tolist() == [[float(N - 1 - i) for i in range(N)]] * N


def test_what_was_read_is_a_copy(known: dict[str, Any]) -> None:
    given = rows()
    array = known["_typed_rows"](given, float, np.float64)
    first = given[0][0]
    array[:] = 0.0
    assert given[0][0] == first
    given = rows(1)
    del given
    gc.collect()
    assert not array.any()


def test_while_another_thread_changes_the_lists(known: dict[str, Any]) -> None:
    given = rows()
    stop = threading.Event()

    def change() -> None:
        while not stop.is_set():
            given[0] = [float(len(given))] * N
            given.append(given[0])
            given[1].append(1.5)
            given[1].pop()
            given.pop()

    other = threading.Thread(target=change)
    other.start()
    try:
        for _ in range(100):
            array = known["_typed_rows"](given, float, np.float64)
            assert array is None or array.shape[1] == N
    finally:
        stop.set()
        other.join()
