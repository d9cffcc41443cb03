"""The helpers that patched programs get, against what they stand for, on hostile values."""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable
from heapq import nlargest, nsmallest
from itertools import islice
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hasten.passes.source.containers import join_index, lookup, membership, sorting

NAN = float("nan")


class Odd:
    """Equal to 1 and to text, and not hashable."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return other == 1 or isinstance(other, str)


class Same(str):
    """Text that equals everything."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = str.__hash__


HOSTILE: list[Any] = [0, 1, True, False, 1.0, -0.0, 0.0, NAN, float("nan"), 2**53, 2.0**53, 2**53 + 1, 10**30, 1e30]
HOSTILE += ["", "a", b"a", None, (), (1,), (1.0,), (NAN,), (True, "a"), ([1],), [1], {}, Odd(), Same("z"), 1 + 0j]
values = st.sampled_from(HOSTILE)
lists = st.one_of(
    st.lists(values, max_size=8),
    st.lists(st.sampled_from(HOSTILE[:20]), max_size=8),
    st.lists(st.sampled_from([0, 1, 2, True]), max_size=8),
    st.lists(st.floats(-2, 2), max_size=8),
)


def helpers(*texts: str) -> dict[str, Any]:
    names: dict[str, Any] = {"insort": insort, "islice": islice, "nlargest": nlargest, "nsmallest": nsmallest}
    for text in texts:
        exec(text, names)
    return names


H = helpers(
    membership.PLAIN,
    membership.IS_PLAIN,
    membership.MEMBERS,
    membership.HOLDS,
    membership.GROW,
    membership.ONCE,
    lookup.TABLE,
    lookup.INDEX,
    lookup.COUNT,
    join_index.BY_KEY,
    join_index.MATCHING,
    join_index.POSITIONS,
    sorting.ORDER,
    sorting.INSERT,
    sorting.ENDS,
    sorting.FIRST,
)


def outcome(call: Callable[[], Any]) -> Any:
    """What a call gives or raises, with the types and signs of all that is in it."""
    try:
        return shape(call())
    except Exception as e:  # noqa: BLE001  (any error has to be the same)
        return type(e).__name__, str(e)


def shape(x: Any) -> Any:
    if isinstance(x, (list, tuple)):
        return type(x).__name__, [shape(v) for v in x]
    return type(x).__name__, repr(x)


@settings(max_examples=300, deadline=None)
@given(lists, values)
def test_members(xs: list[Any], x: Any) -> None:
    members, kinds = H["_members"](xs)
    assert (x in members if type(x) in kinds else x in xs) == (x in xs)
    assert H["_holds"](members, kinds, xs, x) == (x in xs)
    assert H["_members"](xs, xs)[1] == frozenset()


@settings(max_examples=300, deadline=None)
@given(lists, lists)
def test_growing_members(xs: list[Any], more: list[Any]) -> None:
    xs = list(xs)
    members, kinds = H["_members"](xs)
    for x in more:
        assert H["_holds"](members, kinds, xs, x) == (x in xs)
        xs.append(x)
        kinds = H["_grow"](members, kinds, x)


@settings(max_examples=300, deadline=None)
@given(lists, values)
def test_positions_and_counts(xs: list[Any], x: Any) -> None:
    table = H["_tally"](xs)
    assert outcome(lambda: H["_index_of"](xs, table, x)) == outcome(lambda: xs.index(x))
    assert H["_count_of"](xs, table, x) == xs.count(x)


@settings(max_examples=300, deadline=None)
@given(lists, values)
def test_rows_with_a_key(xs: list[Any], x: Any) -> None:
    index = H["_by_key"](xs, lambda v: v, ())
    wanted = [id(v) for v in xs if v == x]
    assert [id(v) for v in H["_matching"](xs, index, lambda: x) if v == x] == wanted
    span = range(1, len(xs))
    found = [n for n in H["_matching_positions"](span, xs, index, lambda: x) if xs[n] == x]
    assert found == [n for n in span if xs[n] == x]


@settings(max_examples=300, deadline=None)
@given(lists)
def test_sorted_one_by_one(ys: list[Any]) -> None:
    def slow() -> list[Any]:
        xs: list[Any] = []
        for y in ys:
            xs.append(y)
            xs.sort()
        return xs

    def fast() -> list[Any]:
        xs: list[Any] = []
        kind = None
        for y in ys:
            kind = H["_insert_sorted"](xs, y, kind)
        return xs

    assert outcome(fast) == outcome(slow)


@settings(max_examples=300, deadline=None)
@given(lists)
def test_ends_of_sorted(xs: list[Any]) -> None:
    assert outcome(lambda: H["_smallest"](xs)) == outcome(lambda: sorted(xs)[0])
    assert outcome(lambda: H["_largest"](xs)) == outcome(lambda: sorted(xs)[-1])
    assert outcome(lambda: H["_first_sorted"](xs, 2, False)) == outcome(lambda: sorted(xs)[:2])
    assert outcome(lambda: H["_first_sorted"](xs, 2, True)) == outcome(lambda: sorted(xs, reverse=True)[:2])
