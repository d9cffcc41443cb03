from __future__ import annotations

import ast

import pytest

from hasten.verify.derived import RESULT, Name, dependent, left_by
from hasten.verify.quality import printed

PROGRAM = """\
import numpy as np
def show(x, n=2):
    print(x)
    return n
def search(data):
    best = max(data)
    return best
def other():
    return 4
class Run:
    def __init__(self, best):
        self.score = best
    def tell(self, what):
        print(what)
        print("done")
best = search([1, 2])
rows = [1, 2]
n = other()
print(rows, n)
show(rows)
run = Run(best)
found = []
found.append(best + 1)
print(found)
for item in found:
    print(item)
if best > 3:
    print("big")
    show(n)
print(np.round(best))
print(np.sum(rows))
run.tell("x")
print(run.score)
with open("a") as f:
    f.write(str(best))
with open("b") as f:
    f.write("b")
"""


def test_what_depends_on_a_search() -> None:
    lines = dependent({"a.py": ast.parse(PROGRAM)}, [Name("a.py", "", "best")])
    text = PROGRAM.splitlines()
    data = {text[n - 1].strip() for _, n in lines.data}
    control = {text[n - 1].strip() for _, n in lines.control}
    assert control == {'print("big")', "show(n)"}
    assert {"print(found)", "print(item)", "if best > 3:", "print(np.round(best))", "print(run.score)"} <= data
    assert 'with open("a") as f:' in data
    assert not {"print(rows, n)", "print(np.sum(rows))", "show(rows)", 'with open("b") as f:', "print(x)"} & data
    assert not {'print("done")', "print(what)"} & data
    inside = (("a.py", 3), ("a.py", 29))
    assert lines.wrote(inside)  # a call that the search's result decides about
    assert not lines.wrote((("a.py", 3), ("a.py", 20)))
    assert not lines.wrote(())


def test_results_of_functions_and_locals_of_others() -> None:
    text = "def fit(d):\n    best = d\n    return best\ndef main():\n    a = fit(1)\n    best = 2\n    print(a)\n    print(best)\nmain()\n"
    lines = dependent({"a.py": ast.parse(text)}, [Name("a.py", "fit", RESULT)])
    assert ("a.py", 7) in lines.data
    assert ("a.py", 8) not in lines.data
    lines = dependent({"a.py": ast.parse(text)}, [Name("a.py", "main", "best")])
    assert ("a.py", 8) in lines.data
    assert ("a.py", 7) not in lines.data


def test_what_lines_leave() -> None:
    text = (
        "a = 1\nclass C:\n    def f(self, m):\n        if m:\n            self.best = b = m\n            m.fit(1)\n"
        "            self.model.fit(2)\n        return b\nprint(a)\n"
    )
    tree = ast.parse(text)
    assert left_by("a.py", tree, 1, 1) == {Name("a.py", "", "a")}
    assert left_by("a.py", tree, 5, 7) == {
        Name("a.py", "", ".best"), Name("a.py", "C.f", "b"), Name("a.py", "C.f", "m"), Name("a.py", "", ".model"),
    }  # fmt: skip
    assert left_by("a.py", tree, 8, 8) == {Name("a.py", "C.f", RESULT)}
    assert left_by("a.py", tree, 9, 9) == set()


@pytest.mark.parametrize(
    ("label", "text", "value"),
    [
        ("best score", "best score: 0.31\n", 0.31),
        ("best score", "gen 1 best score=3\ngen 2 best score=2 (x)\nbest scores 9\n", 2),
        ("cost", "total cost -> -1.5e-3 at 4\n", -1.5e-3),
        ("cost", "cost of 5 things\nmy_cost: 3\n", None),
        ("cost", "cost (round 3): 7\n", None),
        ("cost", "cost 0x10\ncost: inf\n", float("inf")),
    ],
)
def test_printed(label: str, text: str, value: float | None) -> None:
    assert printed(label, text) == value


OPTIMISED = """\
def train(model, rows):
    opt = Adam(model.parameters(), lr=0.1)
    for row in rows:
        opt.step()
        print("step")
def both(net, rows):
    train(net, rows)
net = Net()
other = Net()
rows = [1]
both(net, rows)
print(net(rows))
print(other(rows))
print(rows)
"""


def test_an_optimiser_changes_the_network_that_it_is_given() -> None:
    tree = ast.parse(OPTIMISED)
    found = left_by("a.py", tree, 2, 2)
    assert found == {Name("a.py", "train", "opt"), Name("a.py", "train", "model")}
    lines, text = dependent({"a.py": tree}, found), OPTIMISED.splitlines()
    data = {text[n - 1].strip() for _, n in lines.data}
    assert {"print(net(rows))", "opt.step()"} <= data
    assert not {"print(other(rows))", "print(rows)", 'print("step")'} & data
    held = ast.parse("self.opt = Adam(self.net.parameters())")
    assert left_by("a.py", held, 1, 1) == {Name("a.py", "", ".opt"), Name("a.py", "", ".net")}
    # a parameter that a function binds anew is not the caller's any more
    bound = ast.parse("def f(x):\n    x = search(x)\n    return 1\ny = [1]\nf(y)\nprint(y)\n")
    assert ("a.py", 6) not in dependent({"a.py": bound}, left_by("a.py", bound, 2, 2)).data
