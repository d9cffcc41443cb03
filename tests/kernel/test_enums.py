"""Members of enumerations in kernels."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hasten.core.source import SourceFile
from hasten.kernel import enums
from hasten.kernel.program import Module
from tests.kernel.differential import check, compiled, refusal

LIGHTS = """
import random
from enum import Enum, auto


class State(Enum):
    '''Of a light.'''

    RED = auto()
    GREEN = auto()
    BROKEN = auto()

    def label(self):
        return self.name.lower()


class Side(Enum):
    LEFT = "left"
    RIGHT = "right"


class Light:
    def __init__(self, state, side):
        self.state = state
        self.side = side
        self.waited = 0
        self.partner = None

    def tick(self, rng, worn):
        if self.state is State.BROKEN:
            return
        self.waited += 1
        if self.waited > 2:
            self.waited = 0
            self.state = State.GREEN if self.state == State.RED else State.RED
        if rng.random() < worn and self.side is not Side.LEFT:
            self.state = State.BROKEN


class Street:
    def __init__(self, lights):
        self.lights = lights
        self.mode = Side.LEFT

    def run(self, rng, worn, first):
        going = 0
        for light in self.lights:
            light.tick(rng, worn)
            if light.state in (State.GREEN, State.RED) and light.side == self.mode:
                going += 1
            if light.state != first:
                going += 10
        if going % 3 == 0:
            self.mode = Side.RIGHT if self.mode is Side.LEFT else Side.LEFT
        return going


lights = [Light(State.RED if k % 2 else State.GREEN, Side.LEFT if k % 3 else Side.RIGHT) for k in range(many)]
street = Street(lights)
first = State.RED
"""
START = "import random\nrng, n, worn, many, total = random.Random(4), 9, 0.1, 7, 0\n"
AFTER = "final = [(x.state.name, x.side.name, x.waited) for x in lights], street.mode.name, total\n"
LOOP = "for k in range(n):\n    total += street.run(rng, worn, first)\n"
ALL = compiled(
    LOOP, START, prelude=LIGHTS, hide=("k",), after=AFTER + "assert all(type(x.state) is State for x in lights)"
)
ALL = replace(ALL, outs=("final",))


@pytest.mark.parametrize(
    ("change", "fast"),
    [
        ("", True),
        ("first = State.BROKEN", True),
        ("first = Side.LEFT", False),
        ("first = None", False),
        ("first = 'RED'", False),
        ("first = 1", False),
        ("lights[0].state = 'RED'", False),
        ("lights[0].state = None", False),
        ("lights[0].state = Side.RIGHT", False),
        ("lights[1] = lights[0]", False),
        ("street.mode = Side.RIGHT", True),
        ("street.mode = 2", False),
        ("class Other(Enum):\n    RED = 1\nlights[2].state = Other.RED", False),
    ],
)
def test_lights(change: str, fast: bool) -> None:
    hook = "first = State.RED\n"
    old, new = (
        replace(s, data=s.text.replace(hook, f"{hook}{change}\n").encode()) for s in (ALL.original, ALL.patched)
    )
    check(replace(ALL, original=old, patched=new), START, fast=fast)


@pytest.mark.parametrize(
    "body",
    [
        "for x in lights:\n    if x.state < State.RED:\n        total += 1",
        "for x in lights:\n    total += len(x.side.other)",
        "for x in lights:\n    x.state = State(x.waited + 0.5)",
        "for x in lights:\n    total += len(x.state.label())",
        "for x in lights:\n    x.state = 'RED'",
        "for x in lights:\n    x.state = Side.LEFT",
        "for x in lights:\n    if x.state is 'RED':\n        total += 1",
        "for x in lights:\n    if x.state is Side.LEFT:\n        total += 1",
    ],
)
def test_refusals(body: str) -> None:
    assert refusal(body, START, prelude=LIGHTS)


def test_names_values_and_members_by_value() -> None:
    body = """
    for x in lights:
        x.state = State(x.waited)
        total += x.state.value * 10 + (x.state.name == "GREEN") + (x.side.value == "left") + (x.side.name == "RIGHT")
    """
    c = compiled(body, START, prelude=LIGHTS, hide=("x",), after=AFTER)
    hook = "first = State.RED\n"
    for waited, fast in (("1 + i % 3", True), ("i % 4", False), ("True", False)):  # nothing has the value 0
        more = f"{hook}for i, x in enumerate(lights): x.waited = {waited}\n"
        old, new = (replace(s, data=s.text.replace(hook, more).encode()) for s in (c.original, c.patched))
        check(replace(c, original=old, patched=new, outs=("final", "total")), START, fast=fast)


def test_each_member_is_true() -> None:
    c = compiled("for x in lights:\n    if x.state:\n        total += 1", START, prelude=LIGHTS, hide=("x",))
    check(replace(c, outs=("total",)), START, fast=True)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("from enum import Enum\nclass E(Enum):\n    A = 1\n    B = 2", "A B"),
        ("import enum\nclass E(enum.Enum):\n    A = 'a'\n    B = 'b'", "A B"),
        ("from enum import Enum, auto\nclass E(Enum):\n    A = auto()\n    B = auto()", "A B"),
        ("from enum import Enum\nclass E(Enum):\n    A = 1\n    B = 1", ""),  # one member with two names
        ("from enum import Enum\nclass E(Enum):\n    A = 1\n    B = True", ""),
        ("from enum import Enum\nclass E(Enum):\n    A = 1\n    B = 1.0", ""),
        ("from enum import Enum, auto\nclass E(Enum):\n    A = auto()\n    B = 1", ""),
        ("from enum import Enum\nclass E(Enum):\n    A = object()", ""),
        ("from enum import IntEnum\nclass E(IntEnum):\n    A = 1", ""),
        ("from enum import Enum\nclass E(str, Enum):\n    A = 'a'", ""),
        ("from enum import Flag as Enum\nclass E(Enum):\n    A = 1", ""),
        ("class Enum: pass\nclass E(Enum):\n    A = 1", ""),
        ("from enum import Enum\nclass E(Enum):\n    A = 1\n    def __eq__(self, other):\n        return True", ""),
        ("from enum import Enum\nclass E(Enum):\n    A = 1\n    @property\n    def x(self):\n        return 1", "A"),
        ("from enum import Enum\nclass E(Enum):\n    A = 1\nE.A = 2", ""),
        ("from enum import Enum\nclass E(Enum):\n    A = 1\nE = 3", ""),
        ("from enum import Enum\n@print\nclass E(Enum):\n    A = 1", ""),
    ],
)
def test_which_members(text: str, found: str) -> None:
    assert " ".join(sorted(enums.members(Module(SourceFile("a.py", text.encode())), "E"))) == found
