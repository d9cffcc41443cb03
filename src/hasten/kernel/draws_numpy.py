"""Draws of NumPy's older functions (`np.random.choice(n)`, `rng.permutation(xs)` of a `RandomState`).

The algorithms are those of NumPy's `mtrand.pyx` and `legacy-distributions.c`; numbers drawn many at once are drawn one
after another. What NumPy refuses makes the kernel give up before it draws.
"""

from __future__ import annotations

import ast

from hasten.kernel import generators
from hasten.kernel.compiler import Unit
from hasten.kernel.draws import WIDE, as_floats, given, signature
from hasten.kernel.kinds import FLOAT, INT, Arr, Grow, Lst, Num, Tup, Word
from hasten.kernel.values import V, bare, fail

NAMES = frozenset(
    "rand random random_sample uniform randn standard_normal normal randint exponential choice permutation"
    " shuffle".split()
)


def call(u: Unit, s: str, name: str, node: ast.Call) -> V:
    """A draw from the stream `s`. Raises `Refuse`."""
    if name not in NAMES:
        fail(f"np.random.{name}", node)
    made = {"randint": randint, "choice": choice, "permutation": permutation, "shuffle": shuffle}.get(name)
    if made is not None:
        return made(u, s, node)
    if name in ("rand", "randn"):
        if node.keywords:
            fail(f"np.random.{name} with keywords", node)
        size: ast.expr | None = ast.copy_location(ast.Tuple(node.args, ast.Load()), node) if node.args else None
        return floats(u, s, "np_random_gauss" if name == "randn" else "random_float", [], size, node)
    if name in ("random", "random_sample", "standard_normal"):
        (size,) = signature(node, "size")
        return floats(u, s, "np_random_gauss" if name == "standard_normal" else "random_float", [], size, node)
    order = {"uniform": "low high size", "normal": "loc scale size"}.get(name, "scale size")
    *nodes, size = signature(node, order)
    defaults = (1.0,) if name == "exponential" else (0.0, 1.0)
    codes, _ = as_floats(
        u, [n if n is not None else ast.Constant(d) for n, d in zip(nodes, defaults, strict=True)], node
    )
    return floats(u, s, f"np_random_{name}", codes, size, node)


MANY = {
    "random_float": "np_random_floats", "np_random_gauss": "np_random_normals", "np_random_normal": "np_random_normals",
    "np_random_uniform": "np_random_uniforms", "np_random_exponential": "np_random_exponentials",
}  # fmt: skip


def floats(u: Unit, s: str, one: str, codes: list[str], size: ast.expr | None, node: ast.Call) -> V:
    """A float, or an array of them."""
    shape = generators.sized(u, size, node)
    if shape is None:
        return V(f"{u.helper(one)}({', '.join([s, *codes])})", FLOAT)
    if one == "np_random_gauss":
        codes = ["0.0", "1.0"]  # loc + scale * z with 0 and 1 changes -0.0 alone, and no z is zero
    return V(f"{u.helper(MANY[one])}({', '.join([s, *codes, shape[0]])})", Arr("float64", shape[1]))


def randint(u: Unit, s: str, node: ast.Call) -> V:
    first, last, size = signature(node, "low high size")
    if last is None or isinstance(last, ast.Constant) and last.value is None:
        (above,) = given([first], node)
        low, high = ("0", (0, 0)), generators.integer(u, above)
    else:
        below, above = given([first, last], node)
        low, high = generators.integer(u, below), generators.integer(u, above)
    shape = generators.sized(u, size, node)
    if shape is not None:
        return V(f"{u.helper('np_random_ints')}({s}, {low[0]}, {high[0]}, {shape[0]})", Arr("int64", shape[1]))
    t = Num(frozenset({"int"}), max(low[1][0], -WIDE), min(high[1][1] - 1, WIDE))
    return V(f"{u.helper('np_random_int')}({s}, {low[0]}, {high[0]})", t)


def choice(u: Unit, s: str, node: ast.Call) -> V:
    what, size, again, weights = signature(node, "a size replace p")
    if what is None or again is not None and not isinstance(again, ast.Constant):
        fail("np.random.choice with such arguments", node)
    if isinstance(again, ast.Constant) and again.value not in (True, False):
        fail("np.random.choice with such arguments", node)
    without = isinstance(again, ast.Constant) and again.value is False
    item, count, code = generators.items(u, what, "choice", node)
    shape = generators.sized(u, size, node)
    if weights is not None and not (isinstance(weights, ast.Constant) and weights.value is None):
        w = u.expr(weights)
        flat = isinstance(w.t, Arr) and (w.t.dtype, w.t.ndim) == ("float64", 1)
        listed = isinstance(w.t, Lst) and w.t.depth == 1 and w.t.kinds <= {"float", "np.float64"}
        if not (flat or listed) or without or shape is not None and shape[1] != 1:
            fail("np.random.choice with such probabilities", node)
        more = f", {shape[0]}" if shape is not None else ""
        helper = u.helper("np_random_weighted_many" if more else "np_random_weighted")
        drawn = f"{helper}({s}, {count}, {bare(w.code)}{more})"
    elif without:
        if shape is not None and shape[1] != 1:
            fail("np.random.choice of such a shape", node)
        drawn = f"{u.helper('np_random_sample')}({s}, {count}, {shape[0] if shape is not None else '1'})"
        drawn += "[0]" if shape is None else ""
    elif shape is not None:
        drawn = f"{u.helper('np_random_ints')}({s}, 0, {count}, {shape[0]})"
    else:
        drawn = f"{u.helper('np_random_int')}({s}, 0, {count})"
    dims = shape[1] if shape is not None else 0
    if item is None or not code:
        kind = "int" if item is None else "np.int64"  # what an array of a range holds
        return V(drawn, Arr("int64", dims) if dims else Num(frozenset({kind}), 0, 2**31))
    if not dims:
        return V(f"{code}[{drawn}]", item)
    dtype = {"np.float64": "float64", "np.int64": "int64", "np.bool": "bool"}[str(item.kind)]
    if dims == 1:
        return V(f"{code}[{drawn}]", Arr(dtype, 1))
    return V(f"{u.helper('taken_grid')}({code}, {drawn})", Arr(dtype, dims))


def permutation(u: Unit, s: str, node: ast.Call) -> V:
    (what,) = given(signature(node, "x"), node)
    lines = len(u.lines)
    v = u.expr(what)
    if isinstance(v.t, Arr) and v.t.ndim == 2 and isinstance(what, (ast.Name, ast.Attribute)) and not v.t.odd:
        places = f"{u.helper('np_random_order')}({s}, len({v.code}))"
        return V(f"{u.helper('rows_at')}({v.code}, {places})", Arr(v.t.dtype, 2))
    del u.lines[lines:]
    item, count, code = generators.items(u, what, "permutation", node)
    if item is None:
        return V(f"{u.helper('np_random_order')}({s}, {count})", Arr("int64", 1))
    dtype = {"np.float64": "float64", "np.int64": "int64", "np.bool": "bool"}[str(item.kind)]
    return V(f"{code}[{u.helper('np_random_order')}({s}, len({code}))]", Arr(dtype, 1))


def shuffle(u: Unit, s: str, node: ast.Call) -> V:
    (what,) = given(signature(node, "x"), node)
    v = u.expr(what)
    if not isinstance(what, ast.Name) or u.effect is not node:
        fail("shuffle of this", node)
    if isinstance(v.t, Arr) and v.t.ndim == 2:
        u.mutated |= v.t.roots
        return V(f"{u.helper('np_random_shuffle_rows')}({s}, {v.code})", INT)
    flat = isinstance(v.t, Lst) and v.t.depth == 1 or isinstance(v.t, Arr) and v.t.ndim == 1
    grown = isinstance(v.t, Grow) and v.t.sink is None and not v.t.queue and isinstance(v.t.item, (Num, Tup, Word))
    if not (flat or grown):
        fail("shuffle of this", node)
    if isinstance(v.t, (Lst, Arr)):
        u.mutated |= v.t.roots
    return V(f"{u.helper('np_random_shuffle')}({s}, {v.code})", INT)
