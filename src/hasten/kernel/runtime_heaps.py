"""Heaps of kernels, as `heapq` keeps them: one text for every kind of item.

`{m}` tells which elements of an item are strings: those are compared by their places among all strings, `{ranks}`.
"""

from __future__ import annotations

from itertools import product

Text = tuple[str, str, tuple[str, ...]]  # name, body, and the helpers that it calls

STEPS: list[Text] = [
    ("heap_rise{m}", '''
def _heap_rise{m}(heap, at{ranks}):
    """Moves an item towards the front of a heap, to where it belongs."""
    item = heap[at]
    while at > 0:
        above = (at - 1) >> 1
        if not _heap_less{m}(item, heap[above]{ranks}):
            break
        heap[at] = heap[above]
        at = above
    heap[at] = item
''', ("heap_less{m}",)),
    ("heap_sink{m}", '''
def _heap_sink{m}(heap, first{ranks}):
    """Puts right a heap whose item `first` may be too large: by way of the leaves, as heapq does it."""
    item, at = heap[first], first
    below = 2 * at + 1
    while below < len(heap):
        if below + 1 < len(heap) and not _heap_less{m}(heap[below], heap[below + 1]{ranks}):
            below += 1
        heap[at] = heap[below]
        at, below = below, 2 * below + 1
    while at > first:
        above = (at - 1) >> 1
        if not _heap_less{m}(item, heap[above]{ranks}):
            break
        heap[at] = heap[above]
        at = above
    heap[at] = item
''', ("heap_less{m}",)),
    ("heap_push{m}", '''
def _heap_push{m}(heap, item{ranks}):
    """heappush(heap, item)"""
    heap.append(item)
    _heap_rise{m}(heap, len(heap) - 1{ranks})
''', ("heap_rise{m}",)),
    ("heap_pop{m}", '''
def _heap_pop{m}(heap{ranks}):
    """heappop(heap); raises when it is empty."""
    if len(heap) == 0:
        raise ValueError
    last = heap.pop()
    if len(heap) == 0:
        return last
    least = heap[0]
    heap[0] = last
    _heap_sink{m}(heap, 0{ranks})
    return least
''', ("heap_sink{m}",)),
    ("heap_order{m}", '''
def _heap_order{m}(heap{ranks}):
    """heapify(heap)"""
    for first in range(len(heap) // 2 - 1, -1, -1):
        _heap_sink{m}(heap, first{ranks})
''', ("heap_sink{m}",)),
    ("heap_replace{m}", '''
def _heap_replace{m}(heap, item{ranks}):
    """heapreplace(heap, item); raises when the heap is empty."""
    if len(heap) == 0:
        raise ValueError
    least = heap[0]
    heap[0] = item
    _heap_sink{m}(heap, 0{ranks})
    return least
''', ("heap_sink{m}",)),
    ("heap_push_pop{m}", '''
def _heap_push_pop{m}(heap, item{ranks}):
    """heappushpop(heap, item)"""
    if len(heap) == 0 or not _heap_less{m}(heap[0], item{ranks}):
        return item
    least = heap[0]
    heap[0] = item
    _heap_sink{m}(heap, 0{ranks})
    return least
''', ("heap_less{m}", "heap_sink{m}")),
]  # fmt: skip

LESS = '''
def _heap_less{m}(a, b{ranks}):
    """a < b; raises for NaN, because Python would ask whether two of them are the same object."""
    if a != a or b != b:
        raise ValueError
    return {test}
'''


LESS_OF_SOME = '''
def _heap_less{m}(a, b{ranks}):
    """a < b by the first elements; raises for NaN, and where these elements are equal."""
    first, second = {first}, {second}
    if first != first or second != second or first == second:
        raise ValueError
    return first < second
'''


def _of(marks: str) -> list[Text]:
    """The helpers for items whose elements are strings where `marks` has a 1; "": numbers only.

    An x at the end: what comes from there on is not compared."""
    some = marks.endswith("x")
    told = marks.removesuffix("x")

    def key(x: str) -> str:
        if some:
            parts = [f"ranks[{x}[{i}]]" if m == "1" else f"{x}[{i}]" for i, m in enumerate(told)]
            return f"({', '.join(parts)},)"
        if len(marks) < 2:
            return f"ranks[{x}]" if marks else x
        return f"({', '.join(f'ranks[{x}[{i}]]' if m == '1' else f'{x}[{i}]' for i, m in enumerate(marks))})"

    by_ranks = ", ranks" if "1" in marks else ""
    fill = {"m": f"_{marks}" if marks else "", "ranks": by_ranks, "test": f"{key('a')} < {key('b')}"}
    fill |= {"first": key("a"), "second": key("b")}
    texts = [("heap_less{m}", LESS_OF_SOME if some else LESS, ()), *STEPS]
    return [(n.format(**fill), body.format(**fill), tuple(x.format(**fill) for x in uses)) for n, body, uses in texts]


MARKS = ["", "1", *("".join(m) for size in (2, 3, 4) for m in product("01", repeat=size) if "1" in m)]
MARKS += ["".join(m) + "x" for size in (1, 2, 3) for m in product("01", repeat=size)]
COMPILED: list[Text] = [text for marks in MARKS for text in _of(marks)]
