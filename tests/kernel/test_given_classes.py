"""Classes that are given as values."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hasten.core.source import SourceFile
from tests.kernel.differential import Compiled, check, compiled_function

PRELUDE = """
class Count:
    label = "c"
    def __init__(self, start):
        self.total = start
    def step(self, x):
        self.total += x
        return self.total % 3 == 0

class Last:
    def __init__(self, start):
        self.seen = {}
        self.start = start
    def step(self, x):
        if x in self.seen:
            del self.seen[x]
            return True
        self.seen[x] = self.start
        return False

class Odd:
    def __init__(self, start):
        self.text = str(start)
    def step(self, x):
        return f"{x}" == self.text

class Child(Count):
    def step(self, x):
        return True

Given = Count
"""

RUN = """
def f(kind, start, xs):
    thing = kind(start)
    hits = 0
    for x in xs:
        if thing.step(x):
            hits += 1
    return {result}
"""


def made(result: str, *kinds: str, before: str = "") -> Compiled | str:
    """The function compiled from calls with each of these classes in turn."""
    text = PRELUDE + RUN.replace("{result}", result) + f"\n\n{before}\n"
    facts = f"args = ({kinds[0]}, 1, [1, 2])\nothers = [{', '.join(f'({k}, 1, [1, 2])' for k in kinds[1:])}]"
    try:
        return compiled_function(text, facts)
    except AssertionError as reason:
        return str(reason)


def called(c: Compiled, before: str = "pass") -> Compiled:
    """With a call for the class that `kind` names, after something has been done."""

    def other(source: SourceFile) -> SourceFile:
        tail = f"made = {{n: v for n, v in vars().items() if isinstance(v, type)}}\n{before}\n"
        tail += "result = f(made[kind] if kind in made else eval(kind), start, xs)\ndel made\n"
        return SourceFile(source.path, source.text.replace("result = f(*args)\n", tail).encode())

    return replace(c, original=other(c.original), patched=other(c.patched))


def test_a_kernel_for_each_class_that_can_have_one() -> None:
    c = made("(kind.__name__, hits)", "Count", "Odd", "Last")
    assert isinstance(c, Compiled)
    assert "if kind is Count" in c.patched.text and "if kind is Last" in c.patched.text
    assert "if kind is Odd" not in c.patched.text
    numbers = "[i * i % 11 for i in range(90)]"
    for kind, fast in (("Count", True), ("Last", True), ("Given", True)):
        check(called(c), f"kind = {kind!r}; start = 2; xs = {numbers}", fast=fast)
    for kind in ("Odd", "Child", "int", "None"):
        check(called(c), f"kind = {kind!r}; start = 2; xs = {numbers}", fast=None)


ODD = "property(lambda s: 4, lambda s, v: None)"


@pytest.mark.parametrize(
    "before",
    [
        "Count = Last",
        "Count.__name__ = 'Other'",
        "Count.step = Child.step",
        "Count.__init__ = lambda self, start: setattr(self, 'total', 7)",
        "Count.__setattr__ = lambda self, name, value: object.__setattr__(self, name, value + 1)",
        "Count.total = property(lambda s: 4, lambda s, v: None)",
        "Count.__getattribute__ = lambda self, name: 3 if name == 'total' else object.__getattribute__(self, name)",
        "Count = type('Count', (Child,), {})",
        f"same = Count\nsame.total = {ODD}",
        f"for same in (Last, Count):\n    same.total = {ODD}",
        f"kinds = {{'a': [Last, Count]}}\nkinds['a'][1].total = {ODD}",
        f"type(Count(3)).total = {ODD}",
        f"def change(cls):\n    cls.total = {ODD}\nchange(Count)",
        f"def pick(n):\n    return Count\npick(3).total = {ODD}",
        f"kinds = []\nkinds.append(Count)\nfor same in kinds:\n    same.total = {ODD}",
        "same = Count\nsame.step = lambda self, x: True",
        "same = Count\nsame.step = Child.step",
        "same = Count\nsame.__init__ = Last.__init__",
        "same = Count\nsame.__setattr__ = lambda self, name, value: object.__setattr__(self, name, value + 1)",
    ],
)
def test_a_class_that_is_no_longer_what_the_file_says(before: str) -> None:
    c = made("(kind.__name__, hits)", "Count", before=before)
    if isinstance(c, Compiled):
        check(called(c), "kind = 'Count'; start = 2; xs = [1, 2, 3, 4, 9]", fast=None)
    else:
        assert "Count" in c or "kind" in c


@pytest.mark.parametrize(
    "body",
    [
        "    kind = Last if start else kind\n    thing = kind(start)\n",
        "    thing = kind(start)\n    for kind in (Count, Last):\n        pass\n",
        "    thing = (lambda kind: kind)(Last)(start)\n    kind\n",
        "    Count = Last\n    thing = kind(start)\n",
        "    thing = [kind(start) for kind in (Last,)][0]\n",
    ],
)
def test_names_that_stand_for_more(body: str) -> None:
    text = PRELUDE + RUN.replace("    thing = kind(start)\n", body).replace("{result}", "hits")
    with pytest.raises(AssertionError):
        compiled_function(text, "args = (Count, 1, [1, 2])")
