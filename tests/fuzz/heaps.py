"""Programs with heaps of objects that compare in Python (HST120), by several kinds of comparisons, with hazards."""

from __future__ import annotations

from tests.fuzz.choices import Choices, Program

HEAD = """import heapq
from dataclasses import dataclass, field
from functools import total_ordering
from heapq import heappop, heappush


"""
DATACLASSES = (
    "@dataclass(order=True)\nclass Item:\n    a: object\n    b: int\n    c: object = field(compare=False, default=None)\n",
    "@dataclass(order=True, frozen=True)\nclass Item:\n    a: object\n    b: int\n    c: object = None\n",
    "@dataclass(order=True)\nclass Item:\n    a: object = field()\n    b: int = field(compare=False)\n    c: object = 0\n",
    "@dataclass(order=True)\nclass Item:\n    a: object\n    b: int\n    c: object = 0\n\n    def __post_init__(self):\n        self.b = -self.b\n",
    "@dataclass\nclass Item:\n    a: object\n    b: int\n    c: object = 0\n",
)
LESS = (
    "return self.a < other.a", "return (self.a, self.b) < (other.a, other.b)", "return self.b < other.b", "return self.a > other.a",
    "if self.a != other.a:\n            return self.a < other.a\n        return self.b > other.b",
    "if self.a == other.a:\n            return self.b < other.b\n        return self.a < other.a",
    "if not isinstance(other, Item):\n            return NotImplemented\n        return (self.b, self.a) < (other.b, other.a)",
    "return (-self.b, self.a) < (-other.b, other.a)", "print('asked', end=' ')\n        return self.a < other.a", "return (self.a, self.b) < (other.b, other.a)",
)  # fmt: skip
SAFE = (
    "pass",
    "out.append(len(heap))",
    "out.append(heap[0].b)",
    "heappush(heap, Item(v, 7))",
    "out.append(heapq.heappushpop(heap, Item(v, i)).b)",
    "held = heappop(heap).c",
)
HAZARDS = (
    "pass", "pass", "pass", "pass", "out.append(heap[0].b)", "heap[0].a = 1", "out.append(len(heap))", "heapq.heapify(heap)", "heap.append(item)", "held = heap",
    "out.append([x.b for x in heap])", "print(heap)", "item.a = 3", "item = None", "push(heap, Item(v, 7))", "push(heap, v)", "heap.sort()", "out.append(heap[-1].b)",
    "out.append(heapq.heappushpop(heap, Item(v, i)).b)", "item = heappop(heap)\n            heappush(heap, item)", "heap = [Item(v, 1)]", "kept = [heap]", "if heap: heap[0].c = v",
)  # fmt: skip
VALUES = (
    "[5, 3, 9, 3, 1, 7, 3]", "[0.5, 0.25, 0.5, 0.75]", "[2, 1]", "[]", "[1]",
)  # fmt: skip
LATE = (
    "[float('nan'), 1.0, 0.5, float('nan'), 2.0]", "[nan, 1.0, nan, 0.5, nan] * 2", "['b', 'a', 'c', 'a']", "[None, None]", "[None]", "[1, 'a', 2]", "[0.0, -0.0, False, 0]",
    "[(1, 2), (1,), (1, nan)]", "[[2], [1], [1, 3]]", "[2**70, 0.5, 1e300]", "[True, 2, 1.5]", "[1j, 1j]", "[{1}, {1, 2}, {3}]",
)  # fmt: skip


def heaps(c: Choices) -> Program:
    """Objects go into a heap and come out again."""
    if c.chance(40):
        cls = c.pick(DATACLASSES)
    else:
        own = (
            ""
            if c.chance(80)
            else c.pick(
                ("    def __eq__(self, other):\n        return self.b == other.b\n\n", "    __hash__ = None\n\n")
            )
        )
        base = c.mostly(("",), ("(Base)", "(object)"), 15)
        top = c.mostly(("",), ("@total_ordering\n",), 15)
        cls = (
            f"class Base:\n    pass\n\n\n{top}class Item{base}:\n    def __init__(self, a, b, c=None):\n        self.a = a\n        self.b = b\n        self.c = c\n\n{own}"
            f"    def __lt__(self, other):\n        {c.mostly(LESS[:3] + LESS[4:7], LESS, 25)}\n"
        )  # fmt: skip
    push = (
        "def push(heap, item):\n    heappush(heap, item)\n\n\n"
        if not c.chance(8)
        else "def push(heap, item):\n    heap.append(item)\n\n\n"
    )
    put = c.pick(
        (
            "heappush(heap, Item(v, i, 'x'))",
            "heapq.heappush(heap, item)",
            "push(heap, item)",
            "heappush(heap, Item(b=i, a=v))",
        )
    )
    lines = [put, c.mostly(SAFE, HAZARDS, 30), c.mostly(SAFE, HAZARDS, 10)]
    if c.chance(30):
        lines[:2] = lines[1::-1]
    body = "".join(f"            {line}\n" for line in lines)
    made = c.mostly(("[]", "list()"), ("[Item(4, 4)]", "list(other)", "other"), 15)
    text = (
        f"{HEAD}nan = float('nan')\n\n\n{cls}\n\n{push}def work(values, other):\n    heap, out, held, kept = {made}, [], None, None\n"
        f"    for i, v in enumerate(values):\n        item = Item(v, i % 3)\n        try:\n{body}        except Exception as e:\n            out.append((type(e).__name__, e.args))\n"
        "    while heap:\n        try:\n            found = heapq.heappop(heap)\n            out.append((repr(found.a), found.b))\n"
        "        except Exception as e:\n            out.append((type(e).__name__, e.args))\n            break\n    return out, held is None, kept is None, len(other)\n"
    )  # fmt: skip
    good = tuple(f"({c.pick(VALUES)}, [])" for _ in range(2))
    late = tuple(
        f"({c.pick((*VALUES, *LATE))}, [])".replace("nan,", "float('nan'),").replace("nan)", "float('nan'))")
        for _ in range(3)
    )
    return Program(text, good, late)
