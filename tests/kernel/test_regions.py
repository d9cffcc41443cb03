"""Regions and the names that go in and out of them."""

from __future__ import annotations

import ast
import textwrap

import pytest

from hasten.core.finding import Region
from hasten.core.source import SourceFile
from hasten.kernel import names
from hasten.kernel.regions import regions_of
from hasten.kernel.runtime import HELPERS


def region(text: str, first: int, last: int | None = None, kind: str = "block", entry: bool = True) -> Region:
    source = SourceFile("a.py", textwrap.dedent(text).encode())
    found = [r for r in regions_of(source, entry=entry) if (r.first, r.last, r.kind) == (first, last or first, kind)]
    assert len(found) == 1, [r.id for r in regions_of(source, entry=entry)]
    return found[0]


def none_at(text: str, first: int) -> bool:
    source = SourceFile("a.py", textwrap.dedent(text).encode())
    return not any(r.first == first and r.kind == "block" for r in regions_of(source, entry=True))


def test_module_level_loop_takes_in_what_it_reads_and_gives_what_is_read_later() -> None:
    r = region("data = [1]\ntotal = 0\nfor d in data:\n    t = d\n    total += t\nprint(total)\n", 3, 5)
    assert r.live_in == ("data", "total")
    assert r.live_out == ("total",)


def test_a_name_bound_on_some_paths_only_keeps_its_old_value() -> None:
    r = region("z = 0\nxs = [1]\nfor x in xs:\n    if x > 3:\n        z = x\nprint(z)\n", 3, 5)
    assert "z" in r.live_in and r.live_out == ("z",)


def test_library_modules_give_out_every_name() -> None:
    r = region("xs = [1]\nfor x in xs:\n    y = x\n", 2, 3, entry=False)
    assert r.live_out == ("x", "y")


def test_globals_are_found_through_helpers_and_methods() -> None:
    text = """
    K = 2
    class A:
        def step(self):
            return K
    def f(n):
        return [A().step() for _ in range(n)]
    def g(n):
        return f(n)
    """
    assert region(text, 8, 9, "function").globals_read == ("K",)


def test_locals_used_by_a_later_closure_are_live_out() -> None:
    text = "def f(n):\n    s = 0\n    for i in range(n):\n        s += i\n    return lambda: s\n"
    assert region(text, 3, 4).live_out == ("s",)


def test_carried_by_an_outer_loop() -> None:
    text = "def f(n):\n    p = 0\n    for i in range(n):\n        for j in range(i):\n            p = p + j\n    return 1\n"
    assert region(text, 4, 5).live_out == ("p",)


@pytest.mark.parametrize(
    "text",
    [
        "def f(xs):\n    for x in xs:\n        return x\n",
        "def f(xs):\n    for x in xs:\n        yield x\n",
    ],
)
def test_blocks_that_control_leaves_are_no_regions(text: str) -> None:
    assert none_at(text, 2)


def test_break_inside_its_own_loop_is_fine_but_not_beyond() -> None:
    text = "for a in [1]:\n    for b in [2]:\n        break\n    else:\n        break\n"
    assert region(text, 1, 5)
    assert none_at(text, 2)


def test_statements_that_share_a_line_are_no_regions() -> None:
    assert none_at("a = 1; b = 2\n", 1)
    assert none_at("def f(self): self.x = 1\n", 1)


def test_prologue_is_offered_with_its_loop() -> None:
    r = region("out = []\nfor i in range(3):\n    out.append(i)\nprint(out)\n", 1, 3)
    assert r.live_in == () and r.live_out == ("out",)


def test_what_a_loop_fills_is_offered_without_what_was_loaded() -> None:
    text = "rows = load()\nsizes = [len(r) for r in rows]\nout, best = {}, None\nn = 0\nfor r in rows:\n    out[r] = sizes[n]\n"
    source = SourceFile("a.py", text.encode())
    lines = [(r.first, r.last) for r in regions_of(source, entry=True) if r.last == 6]
    assert (5, 6) in lines and (1, 6) in lines and (3, 6) in lines


def test_helpers_of_earlier_changes_are_no_regions() -> None:
    helper = HELPERS["word_ranks"].text
    theirs = helper.replace("ranks[numbers[word]] = rank", "ranks[numbers[word]] = rank + 1")
    for text, some in ((helper, False), (theirs, True)):
        assert any(regions_of(SourceFile("a.py", text.encode()), entry=True)) is some


def test_reads_sees_through_comprehensions_and_lambdas() -> None:
    tree = ast.parse("y = [a for a in b if a > c]\nz = lambda q: q + r\ndef f(p=s):\n    global g\n    g = t\n")
    assert names.reads(tree.body) == {"b", "c", "r", "s", "t", "g"}


def test_flow_of_try_and_while() -> None:
    tree = ast.parse("try:\n    v = g()\nexcept E:\n    v = 1\nwhile c:\n    w = 1\n")
    result = names.flow(tree.body)
    assert result.sure == {"v"}
    assert result.exposed == {"g", "E", "c"}


@pytest.mark.parametrize(
    ("text", "exposed"),
    [
        ("x: int\nprint(x)\n", True),
        ("x: int = 1\nprint(x)\n", False),
        ("if c and (x := g()):\n    pass\nprint(x)\n", True),
        ("if (x := g()) > 1:\n    pass\nprint(x)\n", False),
        ("y = 1 < c < (x := 3)\nprint(x)\n", True),
        ("y = (x := 1) if c else 2\nprint(x)\n", True),
        ("y = [x := i for i in c]\nprint(x)\n", True),
        ("f((x := 1))\nprint(x)\n", False),
    ],
)
def test_what_is_surely_bound(text: str, exposed: bool) -> None:
    assert ("x" in names.flow(ast.parse(text).body).exposed) is exposed


def test_a_variable_of_a_comprehension_or_of_another_function_is_not_read_later() -> None:
    text = "for i in range(3):\n    j = i\nxs = [i for i in range(3)]\ndef f(j):\n    return j\n"
    assert region(text, 1, 2).live_out == ()


LOOP = "for i in xs:\n    y = i\n"


@pytest.mark.parametrize(
    ("rest", "out"),
    [
        ("for i in ys:\n    print(i)\n", ()),  # a name of another loop's own
        ("for k, (i, *y) in ys:\n    print([i for _ in y], y)\n", ()),
        ("for i in ys:\n    pass\nelse:\n    print(i)\n", ("i",)),  # there may be no round
        ("for i in i:\n    pass\n", ("i",)),
        ("for ys[i] in ys:\n    pass\n", ("i",)),
        ("for i in ys:\n    i += 1\nprint(y)\n", ("y",)),
        ("def f():\n    print(i)\nfor i in ys:\n    f()\n", ("i",)),
        ("for i in ys:\n    fs.append(lambda: i)\n", ()),  # made when the name holds the other loop's value
        ("for i in ys:\n    fs.append(x + i for x in ys)\n", ()),
        ("for i in ys:\n    def f():\n        return i\n", ()),
        ("while ys:\n    i += 1\n", ("i",)),
        ("for i in ys:\n    del i\n", ()),
    ],
)
def test_what_another_loop_binds_itself_is_not_live_out(rest: str, out: tuple[str, ...]) -> None:
    assert region(LOOP + rest, 1, 2).live_out == out
    within = "def f(xs, ys, fs):\n" + textwrap.indent(LOOP + rest, "    ")
    assert region(within, 2, 3).live_out == out


def test_a_loop_around_the_block_does_not_hide_what_it_binds() -> None:
    text = "for i in ys:\n    for i in xs:\n        y = i\n    print(i)\n"
    assert region(text, 2, 3).live_out == ("i",)
    text = "for k in ys:\n    for i in xs:\n        y = i\n    for i in ys:\n        print(i)\n"
    assert region(text, 2, 3).live_out == ()


NAMED = "rows = []\nfor x in [1, 2]:\n    late = x\n    rows.append(late)\n"


@pytest.mark.parametrize(
    ("rest", "out"),
    [
        ("d = {'late': rows}\nprint(d['late'], d[['late', 'x']])\n", ()),
        ("__all__ = ['late']\n", ("late",)),
        ("print(rows.late('late'))\n", ("late",)),
        ("import sys\nprint(getattr(sys.modules['__main__'], 'late'))\n", ("late",)),
        ("import sys\nprint(sys.modules[__name__].__dict__['late'])\n", ("late",)),
        ("import sys\nprint(sys._getframe().f_globals['late'])\n", ("late",)),
        ("import importlib as i\nd = i.import_module(__name__).__dict__\nprint(d['late'])\n", ("late",)),
        ("from operator import attrgetter as a\nprint([a(n)(rows) for n in {'late': 1}])\n", ("late",)),
        ("print([getattr(rows, n) for n in {'late': 1}])\n", ("late",)),
        ("def f():\n    pass\n\n\nprint(f.__globals__['late'])\n", ("late",)),
        ("print(vars()['late'])\n", ("late", "x")),
        ("print({'a': late, 'late': 2})\n", ("late",)),
        ("print({x: 'late' for x in rows})\n", ("late",)),
        ("names = ('late',)\n", ("late",)),
    ],
)
def test_a_key_of_that_name_reads_no_variable(rest: str, out: tuple[str, ...]) -> None:
    assert region(NAMED + rest, 2, 4).live_out == out


@pytest.mark.parametrize(
    ("before", "rest", "out"),
    [
        ("", "i = 1\nprint(i)\n", ()),
        ("", "for k in ys:\n    y = k\n    print(y)\n", ()),
        ("", "for k in ys:\n    if k:\n        y = k\n    print(y)\n", ("y",)),
        ("", "for k in ys:\n    print(y)\n    y = k\n", ("y",)),
        ("", "while ys:\n    y = 1\nprint(y)\n", ("y",)),
        ("", "try:\n    y = g()\nexcept E:\n    print(y)\n", ("y",)),
        ("", "with g():\n    y = 1\nprint(y)\n", ("y",)),
        ("", "y += 1\n", ("y",)),
        ("", "del y\n", ("y",)),
        ("", "y = y\n", ("y",)),
        ("", "y = 0\ndef f():\n    return y\n", ()),
        ("", "def f():\n    return y\ny = 0\nf()\n", ("y",)),
        ("def f():\n    return y\n", "y = 0\nf()\n", ("y",)),  # f may be called in between
        ("f = lambda: y\n", "y = 0\n", ("y",)),
        ("gen = (y for x in g)\n", "y = 0\n", ("y",)),
        ("class A:\n    def f(self):\n        return y\n", "y = 0\n", ("y",)),
        ("print(y)\n", "y = 0\n", ()),
        ("def f(y):\n    return y\n", "y = f(0)\n", ()),
    ],
)
def test_what_is_bound_before_it_is_read_is_not_live_out(before: str, rest: str, out: tuple[str, ...]) -> None:
    lines = before.count("\n")
    assert region(before + LOOP + rest, lines + 1, lines + 2).live_out == out
    within = "def g(xs, ys, g):\n" + textwrap.indent(before + LOOP + rest, "    ")
    assert region(within, lines + 2, lines + 3).live_out == out


def test_what_a_loop_around_reads_in_its_next_round_is_live_out() -> None:
    text = "for k in ys:\n    print(y)\n" + textwrap.indent(LOOP, "    ") + "y = 1\n"
    assert region(text, 3, 4).live_out == ("y",)


@pytest.mark.parametrize("text", ["df.query('a > @y')\n", "df = df.eval('b = a + @y')\n", "z = pd.eval(f'{df} * y')\n"])
def test_what_an_expression_in_a_string_reads_is_live_out(text: str) -> None:
    assert region(LOOP + text, 1, 2).live_out == ("y",)
    within = "def g(xs, df):\n" + textwrap.indent(LOOP + text, "    ")
    assert region(within, 2, 3).live_out == ("y",)
    assert region(LOOP + "print('y')\nprint('z > @y')\n", 1, 2).live_out == ("y",), "a name in quotes"
    assert region(LOOP + "net.eval()\nprint('z > @y')\n", 1, 2).live_out == ()
