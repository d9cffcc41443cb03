"""Namedtuples: read by attribute, by place and by unpacking, joined, sorted, kept, made and given back."""

from __future__ import annotations

from tests.kernel.differential import check, compiled, compiled_function, refusal, run

PRELUDE = """
import math
from collections import namedtuple
from typing import NamedTuple

Patient = namedtuple("Patient", "id arm age time event")
Step = namedtuple("Step", ["time", "n", "survival"])


class Point(NamedTuple):
    x: float
    y: float
    name: str = "p"

    def norm(self, k):
        return math.sqrt(self.x * self.x + self.y * self.y) * k

    @property
    def total(self):
        return self.x + self.y


class Tagged(namedtuple("Tagged", "x y")):
    __slots__ = ()
"""
PATIENTS = (
    PRELUDE
    + """
import random
draw = random.Random(3)
patients = [
    Patient("p%d" % i, draw.choice("abc"), draw.randrange(90), round(draw.random() * 9, 1), draw.randrange(2))
    for i in range(60)
]
"""
)


def test_survival_of_patients() -> None:
    text = """
    def times(patients):
        return sorted(set(p.time for p in patients if p.event == 1))

    def at_risk(patients, t):
        return len([p for p in patients if p.time >= t])

    def f(patients, others, arm):
        curve = []
        s = 1.0
        for t in times(patients + others):
            n = at_risk(patients, t) + at_risk(others, t)
            d = len([p for p in patients if p.time == t and p.event == 1])
            s = s * (1 - d / n)
            curve.append(Step(t, n, survival=s))
        oldest = None
        ages = 0
        for p in patients:
            if oldest is None or p.age > oldest.age:
                oldest = p
            if p[1] == arm:
                ages += p[-3]
        kept = sorted([p for p in patients + others if p.event], key=lambda p: (-p.age, p.id))
        return curve, oldest, ages, kept
    """
    facts = PATIENTS + "args = (patients[:30], patients[30:], 'a')"
    c = compiled_function(text, facts, PRELUDE)
    check(c, PATIENTS + "args = (patients[:10], patients[5:], 'b')", fast=True)  # some of them in both lists
    check(c, PATIENTS + "args = ([], [], 'b')", fast=True)
    state = run(c.patched, PATIENTS + "args = (patients[:10], patients[20:], 'b')", "new").state
    curve, oldest, _, kept = state["result"]
    assert type(curve[0]).__name__ == "Step" and any(oldest is p for p in state["patients"])
    assert all(any(p is q for q in state["patients"]) for p in kept)
    for change in (
        "patients[7] = patients[7]._replace(time=3)",
        "patients[7] = patients[7]._replace(age=2**70)",
        "patients[7] = patients[7]._replace(age=None)",
        "patients[7] = tuple(patients[7])",
        "patients[7] = tuple.__new__(Patient, (1, 2))",
        "patients[7] = Step(1, 2, 3)",
        "Patient.age = property(lambda p: 7)",
        "class Other(Patient):\\n    def __getitem__(self, i): return 1\\npatients[3] = Other(*patients[3])",
        "Step = namedtuple('Step', 'n time survival')",
        "Step = lambda time, n, survival: (time, n, survival)",
    ):
        change = change.replace("\\n", "\n")
        check(c, f"{PATIENTS}{change}\nargs = (patients, patients, 'b')", fast=None)


# the objects of a setup are of its own class: they become objects of the snippet's
OWN = """
def own(p):
    return Point(*p) if type(p).__name__ == "Point" else p


try:
    args[0][:] = map(own, args[0])
    args[1].update({k: own(p) for k, p in args[1].items()})
    args = (*args[:2], own(args[2]), args[3])
except NameError:
    pass
"""


def test_methods_unpacking_and_dicts() -> None:
    text = """
    def f(points, by_name, origin, n):
        out = []
        far = 0.0
        for k in range(n):
            for x, y, name in points:
                far += x * y + k
                if name == "q":
                    far -= 1.0
            for p in points:
                far += p.norm(2.0) - p.total + origin.x
                ox, oy, _ = origin
                far += ox - oy
        for name, p in by_name.items():
            if p.name != name:
                out.append(p)
        made = [Point(p.y, p.x) for p in points]
        made.append(Point(0.5, y=far))
        return far, out, max(points, key=lambda p: p.x), made
    """
    setup = (
        PRELUDE
        + """
points = [Point(i * 0.5, (i * 7) % 5 - 2.0, "pq"[i % 2]) for i in range(20)]
by_name = {"a": points[0], "p": points[2], "c": Point(1.0, 2.0, "zz")}
"""
    )
    c = compiled_function(text, setup + "args = (points, by_name, Point(0.5, 1.5), 3)", PRELUDE + OWN)
    check(c, setup + "args = (points[3:], by_name, Point(-0.5, 1.5), 2)", fast=True)
    check(c, setup + "args = (points, by_name, Point(1, 1.5), 2)", fast=False)
    check(c, setup + "args = (points, by_name, Tagged(1.0, 1.5), 2)", fast=False)
    check(c, setup + "args = (points, by_name, None, 2)", fast=False)
    check(c, setup + "points = [Point(*p) for p in points]\nargs = (points, by_name, Tagged(1.0, 1.5), 2)", fast=False)
    check(c, setup + "points[0] = points[0]._replace(y=1e400)\nargs = (points, by_name, Point(1.0, 1.5), 2)")
    more = "class Loud(Point):\n    def norm(self, k): return 7.0\npoints[1] = Loud(*points[1])\n"
    check(c, setup + more + "args = (points, by_name, Point(1.0, 1.5), 2)", fast=False)


def test_what_is_left_alone() -> None:
    setup = PRELUDE + "points = [Point(1.0 * i, 2.0) for i in range(9)]\ntotal = 0\nfound = []\n"
    head = PRELUDE

    def why(body: str) -> str:
        return refusal(body, setup, head)

    assert "namedtuple" in why("for p in points:\n    total += p._asdict()['x']")
    assert "in" in why("for p in points:\n    total += 1.0 in p")
    assert why("for p in points:\n    total += len(p)")
    assert why("for p in points:\n    found.append(p._replace(x=2.0))")
    assert why("for p in points:\n    for i in range(2):\n        total += p[i]")
    assert why("for p in points:\n    if p == points[0]:\n        total += 1")
    assert why("for p in points:\n    x, y = p\n    total += x")
    assert why("for p in points:\n    total += hash(p)")


def test_a_block_with_namedtuples_within_records() -> None:
    text = """
    for row in rows:
        for p in row["path"]:
            total += p.x * row["weight"]
        if row["end"].y > best.y:
            best = row["end"]
    """
    setup = (
        PRELUDE
        + """
rows = [{"path": [Point(i + j * 0.5, 1.0) for j in range(i % 4)], "weight": 0.5 * i, "end": Point(0.0, i % 7 * 1.0)}
        for i in range(12)]
best = Point(0.0, 1.0, "first")
total = 0.0
"""
    )
    c = compiled(text, setup, PRELUDE)
    check(c, setup + "rows = rows[2:9]", fast=True)
    check(c, setup + "rows[3]['path'][1] = (1.0, 2.0, 'x')", fast=False)
    state = run(c.patched, setup, "new").state
    assert any(state["best"] is row["end"] for row in state["rows"])
