"""Lists that grow by one name and are reached by a way that no name shows: nothing is offered."""

from __future__ import annotations

from pathlib import Path

import pytest

from hasten.passes.source.containers.recent import Recent
from hasten.passes.source.containers.so_far import SoFar
from tests.passes.test_containers_harness import left_alone

BASE = """
class A:
    def __init__(self):
        self.rows = []
        self.other = []
    def win(self, now): return [r for r in self.rows if now - r <= 5]
    def total(self): return sum(self.rows)
{more}
a = A()
for i in range(16):
    a.rows.append(i)
    print(a.win(i), a.total())
{line}
print(a.win(16), a.total(), a.rows)
"""
D = """
def f(n):
    rows = []
    for i in range(n):
        rows.append({{'t': i, 'v': i}})
        print(sum(r['v'] for r in rows), len([r for r in rows if i - r['t'] <= 5]))
    {line}
    print(sum(r['v'] for r in rows), len([r for r in rows if i - r['t'] <= 5]))
f(16)
"""
P: dict[str, str] = {}


def p(name: str, line: str, more: str = "", src: str = BASE) -> None:
    P[name] = src.format(line=line, more=more)


p(
    "jsoncls",
    "import json\nclass Enc(json.JSONEncoder):\n    def encode(self, o):\n        o.insert(0, 16)\n        return 'x'\njson.dumps(a.rows, cls=Enc)",
)
p(
    "bisectx",
    "import bisect\nclass S:\n    def __lt__(self, o):\n        o.insert(0, 16)\n        return False\nbisect.bisect_left([S()], a.rows)",
)
p("abcpop", "import collections.abc\ncollections.abc.MutableSequence.pop(a.rows)")
p("abcpop2", "from collections.abc import MutableSequence\nMutableSequence.reverse(a.rows)")
p("heapmax", "import heapq\nheapq._heapify_max(a.rows)")
p("heapsift", "import heapq\nheapq._siftdown(a.rows, 0, 9)")
p("fromkeys", "import collections\ncollections.OrderedDict.fromkeys('a', a.rows)['a'].pop(3)")
p(
    "ns",
    "from types import SimpleNamespace\nns = SimpleNamespace(update=lambda xs: xs.insert(0, 16))\nns.update(a.rows)",
)
p("reduce", "iter(a.rows).__reduce__()[1][0].pop(3)")
p("getattribute", "a.__getattribute__('rows').pop(3)")
p("getattribute2", "object.__getattribute__(a, 'rows').pop(3)")
p("getstate", "a.__getstate__()['rows'].pop(3)")
p("reduce_ex", "a.__reduce_ex__(2)[2]['rows'].pop(3)")
p("getmembers", "import inspect\ndict(inspect.getmembers(a))['rows'].pop(3)")
p("static", "import inspect\ninspect.getattr_static(a, 'rows').pop(3)")
p(
    "shuffle",
    "import random\nrng = random.Random(3)\nrng.shuffle(a.rows)",
    "class M:\n    def shuffle(self, xs):\n        return list(xs)\n",
)
p("defaults", "def g(*, xs=a.rows):\n    return len(xs)\ng.__kwdefaults__['xs'].pop(3)")
p(
    "closure",
    "def mk(xs):\n    def g():\n        return len(xs)\n    return g\ng = mk(a.rows)\ng.__closure__[0].cell_contents.pop(3)",
)
p("ior", "import operator\n    operator.ior(rows[3], {'t': 99, 'v': 99})", src=D)
p("dictinit", "rows[3].__init__(t=99, v=99)", src=D)
p("dictinit2", "dict.__init__(rows[3], t=99, v=99)", src=D)
p("setitemget", "rows[3].__setitem__('v', 99)", src=D)
p("mapmethod", "list(map(dict.update, rows, [{'t': 99, 'v': 99}] * 3))", src=D)
p("exec_except", "try:\n        raise ValueError(rows)\n    except ValueError as e:\n        e.args[0].pop(3)", src=D)
P["usrlist"] = """
from collections import UserList
u = UserList()
for i in range(16):
    u.data.append(i)
    print(sum(u.data), [x for x in u.data if i - x <= 5])
u.insert(0, 99)
print(sum(u.data), [x for x in u.data if 16 - x <= 5])
"""
P["ns2"] = """
from types import SimpleNamespace
xs = []
u = SimpleNamespace(rows=xs)
for i in range(16):
    u.rows.append(i)
    print(sum(u.rows), [x for x in u.rows if i - x <= 5])
xs.insert(0, 99)
print(sum(u.rows), [x for x in u.rows if 16 - x <= 5])
"""
P["ntup"] = (
    P["ns2"]
    .replace("from types import SimpleNamespace", "from collections import namedtuple\nN = namedtuple('N', 'rows')")
    .replace("SimpleNamespace(rows=xs)", "N(xs)")
)
P["mkdc"] = (
    P["ns2"]
    .replace(
        "from types import SimpleNamespace", "from dataclasses import make_dataclass\nN = make_dataclass('N', ['rows'])"
    )
    .replace("SimpleNamespace(rows=xs)", "N(xs)")
)
P["typ"] = (
    P["ns2"]
    .replace("from types import SimpleNamespace", "")
    .replace("SimpleNamespace(rows=xs)", "type('N', (), {'rows': xs})")
)
P["chainmap"] = """
from collections import ChainMap
u = ChainMap()
for i in range(16):
    u.maps.append({'a': i})
    print(sum(r['a'] for r in u.maps[1:]), [x for x in u.maps if i - x.get('a', 0) <= 5])
"""
P["getattr_"] = """
HOLD = {'rows': []}
class Prox:
    def __getattr__(self, name):
        return HOLD[name]
u = Prox()
for i in range(16):
    u.rows.append(i)
    print(sum(u.rows), [x for x in u.rows if i - x <= 5])
HOLD['rows'].insert(0, 99)
print(sum(u.rows), [x for x in u.rows if 16 - x <= 5])
"""
P["getattr_2"] = P["getattr_"].replace(
    "u = Prox()", "class B:\n    def __init__(self):\n        self.rows = []\nB()\nu = Prox()"
)
P["usrlist2"] = P["usrlist"].replace(
    "u = UserList()", "class B:\n    def __init__(self):\n        self.data = []\nB()\nu = UserList()"
)
P["choice"] = """
import random
class M:
    def choice(self, n):
        return []
def f():
    pool = [[], []]
    xs = random.choice(pool)
    for i in range(16):
        xs.append(i)
        print(sum(xs), [x for x in xs if i - x <= 5])
    for y in pool:
        y.insert(0, 99)
    print(sum(xs), [x for x in xs if 16 - x <= 5])
f()
"""
P["choice2"] = P["choice"].replace("import random", "import random\nrandom = random.Random(5)")
P["starret"] = """
def g(a, b, c):
    r = []
    return *a, r, *b
def f():
    ys = []
    p, xs, q = g([0, ys], [], 0)
    for i in range(16):
        xs.append(i)
        print(sum(xs), [x for x in xs if i - x <= 5])
    ys.insert(0, 99)
    print(sum(xs), [x for x in xs if 16 - x <= 5])
f()
"""
P["main"] = """
import __main__
xs = []
def f():
    for i in range(16):
        xs.append(i)
        print(sum(xs), [x for x in xs if i - x <= 5])
    getmain().insert(0, 99)
    print(sum(xs), [x for x in xs if 16 - x <= 5])
def getmain():
    return __main__.xs
__main__.xs = xs
f()
"""


MADE = """
class B:
    v = 1
class E(B):
    def __init__(self, t):
        self.t = t
{cls}
def f(n):
    rows = []
    for i in range(n):
        rows.append(E(i))
        print(sum(r.v for r in rows), len([r for r in rows if i - r.t <= 5]))
        if i == 14:
            {line}
f(18)
"""
P["other bases"] = MADE.format(cls="class B2:\n    v = 50", line="E.__bases__ = (B2,)").replace("r.t <=", "r.v <=")
P["constructor by name"] = MADE.format(cls="    v = 1\n    reset = __init__", line="rows[3].reset(99)").replace(
    "r.v", "r.t"
)
P["constructor of a base"] = (
    MADE.format(cls="class C(E):\n    def reset(self, t):\n        super().__init__(t)", line="rows[3].reset(9)")
    .replace("(E(i))", "(C(i))")
    .replace("r.v", "r.t")
)
P["slot of a class"] = (
    MADE.format(cls="", line="E.t.__set__(rows[3], 99)")
    .replace("r.v", "r.t")
    .replace("class E(B):", "class E(B):\n    __slots__ = ('t',)")
)


p("iadd", "class S:\n    def __radd__(self, x):\n        x.insert(0, 99)\n        return x\na.rows += S()")


KEEP = "class K:\n    def keep(self, xs): self.insert(0, 99)\n"
for n, base in enumerate(("[K][0]", "type(K())", "K().__class__")):
    p(f"asked of its class {n}", KEEP + base + ".keep(a.rows, [1])")
p(
    "a function of a library bound anew",
    "import json\nold = json.dumps\njson.dumps = lambda x: x.insert(0, 99)\njson.dumps(a.rows)\njson.dumps = old",
)
p("what reaches objects otherwise", "import types\nprint(types.FunctionType)")
p("what a module holds bound anew", "import math\nmath.tau_2 = 1")
p(
    "a method of whatever object",
    "class K:\n    def look(self, xs): return len(xs)\ndef h(k): return k.look(a.rows)\nh(K())",
)
p("an attribute of whatever object", "def h(o): o.rows = [1, 2]\nh(a)")


@pytest.mark.parametrize("source", P.values(), ids=P)
def test_nothing_is_offered(source: str, tmp_path: Path) -> None:
    left_alone(Recent(), tmp_path, source)
    left_alone(SoFar(), tmp_path, source)


def test_a_method_of_another_file_asked_of_its_class(tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text(KEEP)
    source = "from other import K\n" + BASE.format(more="", line="K.keep(a.rows, [1])")
    left_alone(Recent(), tmp_path, source)
    left_alone(SoFar(), tmp_path, source)
