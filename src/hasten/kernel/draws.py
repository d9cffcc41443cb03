"""Draws from the random streams of Python and of NumPy's legacy functions, global ones and instances.

The generator is compiled too (`runtime_random`), works on a copy of the state, and the state is written back at the
end: a kernel that gives up has drawn nothing.
"""

from __future__ import annotations

import ast

from hasten.kernel import containers, objects, once, seeded
from hasten.kernel.compiler import Unit, local
from hasten.kernel.kinds import (
    EXACT_FLOAT,
    FLOAT,
    INT,
    NPF8,
    Arr,
    Grow,
    Lst,
    Num,
    Obj,
    Pool,
    Row,
    Stream,
    Tup,
    Type,
    Unknown,
    Word,
    join,
    loose,
    num,
    scalar,
)
from hasten.kernel.values import V, bare, fail, impure

MODULES = {"random.": "python", "numpy.random.": "numpy"}
WIDE = 2**60  # integers beyond this are left to Python
PYTHON = frozenset(
    "random uniform gauss normalvariate expovariate randint randrange choice shuffle getrandbits"
    " betavariate gammavariate lognormvariate triangular sample choices".split()
)


def known(dotted: str) -> tuple[str, str] | None:
    """`("python", "gauss")` for `random.gauss`."""
    for prefix, kind in MODULES.items():
        if dotted.startswith(prefix):
            return kind, dotted.removeprefix(prefix)
    return None


def of_module(unit: Unit, kind: str, name: str, node: ast.Call) -> V:
    """A call of a module's function: it draws from the one stream that all such functions share."""
    stream = f"@{kind}_random"
    t = Stream(kind, stream)
    if unit.env.setdefault(stream, t) != t:
        fail("another stream", node)
    unit.extra.setdefault(stream, t)
    return call(unit, V(local(stream), t), name, node)


def call(unit: Unit, stream: V, name: str, node: ast.Call) -> V:
    """A draw. Raises `Refuse`."""
    t = stream.t
    assert isinstance(t, Stream)
    if any(k.arg is None for k in node.keywords):
        fail("starred argument", node)
    # where the program says `random.gauss` the guard looks at that, for an object at the object's own function
    spelt = ast.unparse(node.func) if t.root.startswith("@") else f"{local(t.root)}.{name}"
    found = unit.shared.drawn.setdefault(t.root, {})  # (what is drawn from a stream made here needs no guard)
    if name != "seed" or t.root != "@numpy_random":  # `np.random.seed` is no method of the stream
        found[name] = spelt
    if name == "seed":
        return seeded.reseeded(unit, t.kind, stream.code, node)
    if t.kind == "python":
        return python(unit, stream.code, name, node)
    from hasten.kernel import draws_numpy  # it builds on this module

    return draws_numpy.call(unit, stream.code, name, node)


def signature(node: ast.Call, names: str) -> list[ast.expr | None]:
    """The arguments in order of `names`; None for those not given."""
    order = names.split()
    if len(node.args) > len(order):
        fail("arguments of a random function", node)
    given: dict[str, ast.expr] = dict(zip(order, node.args, strict=False))
    for k in node.keywords:
        if k.arg not in order or k.arg in given:
            fail("arguments of a random function", node)
        assert k.arg is not None
        given[k.arg] = k.value
    # arguments are evaluated in the order written, which is theirs here unless keywords are turned around
    if list(given) != [n for n in order if n in given]:
        fail("keywords in another order", node)
    return [given.get(n) for n in order]


def as_floats(unit: Unit, nodes: list[ast.expr], node: ast.AST) -> tuple[list[str], bool]:
    """Codes of floats, and whether NumPy scalars are among them (then the result is one, if Python computes it)."""
    codes = []
    kinds: set[str] = set()
    for n in nodes:
        v = unit.single(unit.number(n))
        t = v.t
        if not isinstance(t, Num) or t.kind not in ("int", "float", "np.float64"):
            fail("argument of a random function", node)
        code = unit.sink(v)
        if t.rep == "i":
            code = f"float({bare(unit.ranged(code, t, -EXACT_FLOAT, EXACT_FLOAT))})"
        codes.append(bare(code))
        kinds.add(t.kind or "")
    return codes, "np.float64" in kinds


def whole(unit: Unit, node: ast.expr) -> tuple[str, tuple[int, int]]:
    v = unit.integer(node)
    if not isinstance(v.t, Num) or v.t.kind != "int":
        fail("argument of a random function", node)
    lo, hi = v.t.range
    return bare(unit.ranged(v.code, v.t, -WIDE, WIDE)), (max(lo, -WIDE), min(hi, WIDE))


def given(args: list[ast.expr | None], node: ast.AST) -> list[ast.expr]:
    if any(a is None for a in args):
        fail("arguments of a random function", node)
    return [a for a in args if a is not None]


def python(unit: Unit, s: str, name: str, node: ast.Call) -> V:
    if name not in PYTHON:
        fail(f"random.{name}", node)
    if name == "random":
        signature(node, "")
        return V(f"{unit.helper('random_float')}({s})", FLOAT)
    if name in ("uniform", "gauss", "normalvariate", "expovariate"):
        order = {"uniform": "a b", "expovariate": "lambd"}.get(name, "mu sigma")
        # defaults came with Python 3.11 and 3.12: only calls that all versions take
        codes, numpy_kind = as_floats(unit, given(signature(node, order), node), node)
        helper = {"gauss": "random_gauss", "uniform": "random_uniform", "normalvariate": "random_normal"}
        code = f"{unit.helper(helper.get(name, 'random_exponential'))}({s}, {', '.join(codes)})"
        return V(code, NPF8 if numpy_kind else FLOAT, pend=numpy_kind)
    if name == "lognormvariate":
        codes, numpy_kind = as_floats(unit, given(signature(node, "mu sigma"), node), node)
        if numpy_kind:
            fail("argument of a random function", node)
        return V(f"{unit.helper('exp_of')}({unit.helper('random_normal')}({s}, {', '.join(codes)}))", FLOAT)
    if name in ("betavariate", "gammavariate", "triangular"):
        codes, numpy_kind = as_floats(
            unit, given(signature(node, "low high mode" if name == "triangular" else "alpha beta"), node), node
        )
        if numpy_kind:
            fail("argument of a random function", node)
        short = {"betavariate": "beta", "gammavariate": "gamma"}.get(name, name)
        return V(f"{unit.helper('random_' + short)}({s}, {', '.join(codes)})", FLOAT)
    if name == "getrandbits":
        (bits,) = given(signature(node, "k"), node)
        return V(f"{unit.helper('random_bits')}({s}, {whole(unit, bits)[0]})", Num(frozenset({"int"}), 0, 2**62))
    if name in ("sample", "choices"):
        return several(unit, s, name, node)
    if name in ("randint", "randrange"):
        args = signature(node, "a b" if name == "randint" else "start stop")
        if name == "randrange" and args[1] is None and args[0] is not None:
            low, high = ("0", (0, 0)), whole(unit, args[0])
        else:
            first, second = given(args, node)
            low, high = whole(unit, first), whole(unit, second)
        more = 1 if name == "randint" else 0
        span = f"{high[0]} - ({low[0]})" if low[0] != "0" else high[0]
        if more:
            span += " + 1"
        t = Num(frozenset({"int"}), low[1][0], high[1][1] - 1 + more)
        if low[0] == "0":
            return V(f"{unit.helper('random_below')}({s}, {span})", t)
        if any(impure(a) for a in args if a is not None):
            fail("call in the arguments of a random function", node)
        return V(f"({low[0]} + {unit.helper('random_below')}({s}, {span}))", t)
    (seq,) = given(signature(node, "seq" if name == "choice" else "x"), node)
    if name == "choice" and isinstance(seq, (ast.List, ast.Tuple)) and seq.elts:
        return one_of(unit, s, seq, node)
    v = unit.expr(seq)
    if isinstance(v.t, Pool) and name == "choice":
        return V(f"{unit.helper('random_below')}({s}, {objects.length(unit, v).code})", Obj(v.t.path, many=True))
    flat = isinstance(v.t, Lst) and v.t.depth == 1 or isinstance(v.t, Arr) and v.t.ndim == 1
    grown = isinstance(v.t, Grow) and v.t.sink is None and not v.t.queue and _small(v.t.item)
    held = isinstance(v.t, Row) and name == "choice" and scalar(v.t.item)
    if isinstance(v.t, Grow) and v.t.item is None and v.t.sink is None:
        raise Unknown("what a list holds is not known")
    if not (flat or grown or held):
        fail(f"random.{name} of this", node)
    if name == "shuffle":
        if not isinstance(seq, ast.Name) or unit.effect is not node:
            fail("shuffle of this", node)
        if isinstance(v.t, (Lst, Arr)):
            unit.mutated |= v.t.roots
        return V(f"{unit.helper('random_shuffle')}({s}, {v.code})", INT)
    if not isinstance(seq, (ast.Name, ast.Attribute)):
        v = early(unit, seq, v, node)
    item: Type | None
    if isinstance(v.t, Row):
        from hasten.kernel import views  # it builds on this module

        where = f"{unit.helper('random_below')}({s}, {views.length(v.t, v.code)})"
        return V(views.element_of(unit, v.t.item, v.code, where), v.t.item)
    if isinstance(v.t, Grow) and v.t.item is not None and not isinstance(v.t.item, Num):
        return V(f"{v.code}[{unit.helper('random_below')}({s}, len({v.code}))]", v.t.item)
    if isinstance(v.t, Lst):
        item = Num(v.t.kinds)
    elif isinstance(v.t, Arr):
        item = num("np.bool" if v.t.dtype == "bool" else f"np.{v.t.dtype}")
    else:
        assert isinstance(v.t, Grow)
        item = v.t.item
    if not isinstance(item, Num) or item.kind is None:
        fail("choice of this", node)
    code = f"{v.code}[{unit.helper('random_below')}({s}, len({v.code}))]"
    if item.rep == "i" and item.kind not in ("int", "np.int64"):
        code = f"np.int64({code})"
    return V(code, item)


def early(unit: Unit, seq: ast.expr, v: V, node: ast.Call) -> V:
    """A list that has no name gets one: its code stands for it twice."""
    if unit.inside or isinstance(unit.current, ast.While) or not containers.evaluated_first(unit.current, node):
        fail("choice of this", node)
    name = f"chosen_of_{node.lineno}_{node.col_offset}"
    once.emit_once(unit, seq, name, v.code)
    return V(name, v.t)


def one_of(unit: Unit, s: str, seq: ast.List | ast.Tuple, node: ast.Call) -> V:
    """`random.choice([1, 2, 2])`"""
    vs = [unit.single(unit.expr(e)) for e in seq.elts]
    if any(impure(e) for e in seq.elts):
        fail("choice of this", node)
    t = vs[0].t
    for v in vs[1:]:
        same = isinstance(v.t, Num) and isinstance(t, Num) and v.t.kinds == t.kinds
        if not same and v.t != t or isinstance(v.t, Num) and v.t.kind not in ("int", "float", "bool"):
            fail("choice of several kinds of things", node)
        t = join(t, v.t)
    if not isinstance(t, (Num, Word)) and not (isinstance(t, Tup) and all(isinstance(i, (Num, Word)) for i in t.items)):
        fail("choice of such things", node)
    codes = ", ".join(bare(unit.sink(v)) if isinstance(v.t, Num) else v.code for v in vs)
    return V(f"({codes},)[{unit.helper('random_below')}({s}, {len(vs)})]", loose(t))


def several(unit: Unit, s: str, name: str, node: ast.Call) -> V:
    """`random.sample(xs, 5)` and `random.choices(xs, weights, k=5)`."""
    if name == "sample":
        seq, count = given(signature(node, "population k"), node)
        weights = None
    else:
        if len(node.args) > 2:
            fail("arguments of a random function", node)
        words = {k.arg: k.value for k in node.keywords}
        seq = node.args[0] if node.args else fail("arguments of a random function", node)
        weights = node.args[1] if len(node.args) > 1 else words.pop("weights", None)
        count = words.pop("k", ast.copy_location(ast.Constant(1), node))
        if words or len(node.args) > 1 and "weights" in {k.arg for k in node.keywords}:
            fail("arguments of a random function", node)
        order = [k.arg for k in node.keywords]
        if order != [n for n in ("weights", "k") if n in order]:
            fail("keywords in another order", node)
    first = ""
    if isinstance(seq, ast.Call) and unit.module.dotted(seq.func) == "range":
        if len(seq.args) > 2 or impure(seq):
            fail(f"random.{name} of this", node)
        _, parts = unit.range_of(seq)
        low, high = (parts[0], parts[1]) if len(parts) == 2 else ("0", parts[0])
        first, size = low, f"max({high} - {low}, 0)" if len(parts) == 2 else f"max({high}, 0)"
        v = V("", Lst(frozenset({"int"})))
    else:
        v = unit.expr(seq)
        if not v.code.isidentifier():
            v = early(unit, seq, v, node)
        size = objects.length(unit, v).code if isinstance(v.t, Pool) else f"len({v.code})"
    if any(impure(e) for e in (count, *([weights] if weights is not None else []))):
        fail("call in the arguments of a random function", node)
    k = whole(unit, count)[0]
    if weights is None:
        places = f"{unit.helper('random_places' if name == 'sample' else 'random_choices')}({s}, {size}, {k})"
    else:
        given_weights = unit.listed(weights)
        if not isinstance(unit.item_of(given_weights), Num) or unit.item_of(given_weights).kind not in ("int", "float"):
            fail("weights of a random choice", node)
        code = given_weights.code
        places = f"{unit.helper('random_weighted')}({s}, {size}, {code}, {k})"
    t = v.t
    if first:
        return V(places if first == "0" else f"({first} + {places})", Lst(frozenset({"int"})))
    if isinstance(t, Lst) and t.depth == 1:
        return V(f"{v.code}[{places}]", Lst(t.kinds))
    if isinstance(t, Pool):
        return V(f"[place for place in {places}]", Grow(Obj(t.path, many=True)))
    if isinstance(t, Grow) and t.item is None and t.sink is None:
        raise Unknown("what a list holds is not known")
    if isinstance(t, Grow) and t.sink is None and not t.queue and t.item is not None and _small(t.item):
        return V(f"[{v.code}[place] for place in {places}]", Grow(t.item))
    if isinstance(t, Row) and scalar(t.item):
        from hasten.kernel import views  # it builds on this module

        return V(f"[{views.element_of(unit, t.item, v.code, 'place')} for place in {places}]", Grow(t.item))
    fail(f"random.{name} of this", node)


def _small(t: Type | None) -> bool:
    """A number, a string, a record or a tuple of such: an item that may change its place."""
    return scalar(t) or isinstance(t, Tup) and all(map(_small, t.items))
