"""Draws from NumPy's `Generator` (`np.random.default_rng(seed)`).

Numba draws from the Generator that it is given, by NumPy's own algorithms; the door sets its state back where a
kernel gives up. What NumPy refuses (a negative scale, an empty range) and what Numba draws otherwise (beta of tiny
parameters) makes the kernel give up before it draws. `choice` and `dirichlet`, which Numba lacks, are built on those
draws as NumPy builds them (`_generator.pyx`).
"""

from __future__ import annotations

import ast

from hasten.kernel import draws
from hasten.kernel.compiler import Unit, as_float
from hasten.kernel.kinds import EXACT_FLOAT, FLOAT, INT, Arr, Grow, Lst, Num, Tup, Type, num
from hasten.kernel.values import V, bare, fail

ANY, NOT_NEGATIVE, POSITIVE, TENTH, SHARE, CHANCE, MEAN = (
    "", "not_negative", "positive", "at_least_a_tenth", "share", "chance", "mean_of_counts",
)  # fmt: skip
# the parameters of each distribution, the value of one not given, and what is looked at before
FLOATS: dict[str, list[tuple[str, float | None, str]]] = {
    "normal": [("loc", 0.0, ANY), ("scale", 1.0, NOT_NEGATIVE)],
    "exponential": [("scale", 1.0, NOT_NEGATIVE)],
    "gamma": [("shape", None, POSITIVE), ("scale", 1.0, NOT_NEGATIVE)],
    "standard_gamma": [("shape", None, POSITIVE)],
    "beta": [("a", None, TENTH), ("b", None, TENTH)],
    "lognormal": [("mean", 0.0, ANY), ("sigma", 1.0, NOT_NEGATIVE)],
    "laplace": [("loc", 0.0, ANY), ("scale", 1.0, NOT_NEGATIVE)],
    "logistic": [("loc", 0.0, ANY), ("scale", 1.0, NOT_NEGATIVE)],
    "rayleigh": [("scale", 1.0, NOT_NEGATIVE)],
    "chisquare": [("df", None, POSITIVE)],
    "weibull": [("a", None, POSITIVE)],
    "pareto": [("a", None, POSITIVE)],
    "power": [("a", None, POSITIVE)],
    "standard_t": [("df", None, POSITIVE)],
    "standard_cauchy": [],
    "standard_normal": [],
    "standard_exponential": [],
    "random": [],
}
INTS: dict[str, list[tuple[str, float | None, str]]] = {
    "poisson": [("lam", 1.0, MEAN)],
    "binomial": [("n", None, "int"), ("p", None, SHARE)],
    "geometric": [("p", None, CHANCE)],
}
COUNT = Num(frozenset({"int"}), 0, 2**40)  # more than any of these draws
ITEMS = frozenset({"float64", "int64", "bool"})


def call(u: Unit, rng: V, name: str, node: ast.Call) -> V:
    """A draw from a Generator. Raises `Refuse`."""
    if any(k.arg is None for k in node.keywords):
        fail("starred argument", node)
    u.shared.drawn.setdefault("@generator", {})  # the order of calls is to be kept
    if name in FLOATS or name in INTS:
        return distribution(u, rng.code, name, node)
    made = {"uniform": uniform, "integers": integers, "choice": choice, "permutation": permutation,
            "shuffle": shuffle, "dirichlet": dirichlet}.get(name)  # fmt: skip
    if made is None:
        fail(f"random {name}", node)
    return made(u, rng.code, node)


def distribution(u: Unit, rng: str, name: str, node: ast.Call) -> V:
    whole = name in INTS
    parameters = (INTS if whole else FLOATS)[name]
    *given, size = draws.signature(node, " ".join([*(p for p, _, _ in parameters), "size"]))
    codes = []
    for value, (what, default, check) in zip(given, parameters, strict=True):
        if value is None:
            if default is None:
                fail(f"rng.{name} without {what}", node)
            codes.append(repr(default))
        elif check == "int":
            codes.append(f"{u.helper('in_range')}({integer(u, value)[0]}, 0, {2**31})")
        else:
            codes.append(real(u, value, check, node))
    shape = sized(u, size, node)
    if shape is not None:
        return V(f"{rng}.{name}({', '.join([*codes, shape[0]])})", Arr("int64" if whole else "float64", shape[1]))
    drawn = f"{rng}.{name}({', '.join(codes)})"
    return V(f"{u.helper('in_range')}({drawn}, 0, {COUNT.range[1]})", COUNT) if whole else V(drawn, FLOAT)


def uniform(u: Unit, rng: str, node: ast.Call) -> V:
    low, high, size = draws.signature(node, "low high size")
    codes = [real(u, n, ANY, node) if n is not None else d for n, d in ((low, "0.0"), (high, "1.0"))]
    shape = sized(u, size, node)
    if shape is None:
        return V(f"{u.helper('generator_uniform')}({rng}, {', '.join(codes)})", FLOAT)
    return V(f"{u.helper('generator_uniforms')}({rng}, {', '.join(codes)}, {shape[0]})", Arr("float64", shape[1]))


def integers(u: Unit, rng: str, node: ast.Call) -> V:
    named = {k.arg: k for k in node.keywords}
    last = named.get("endpoint")
    if last is not None and not (isinstance(last.value, ast.Constant) and type(last.value.value) is bool):
        fail("rng.integers with an endpoint that is computed", node)
    more = int(last is not None and bool(last.value.value))  # type: ignore[attr-defined]
    plain = ast.Call(node.func, node.args, [k for k in node.keywords if k is not last])
    low, high, size = draws.signature(ast.copy_location(plain, node), "low high size")
    if low is None:
        fail("rng.integers without a range", node)
    first, bounds = integer(u, low)
    if high is None or isinstance(high, ast.Constant) and high.value is None:
        codes, t = ["0", first], Num(frozenset({"np.int64"}), 0, bounds[1] - 1 + more)
    else:
        second, above = integer(u, high)
        codes, t = [first, second], Num(frozenset({"np.int64"}), bounds[0], above[1] - 1 + more)
    if more:
        codes[1] += " + 1"
    shape = sized(u, size, node)
    if shape is not None:
        return V(f"{rng}.integers({', '.join([*codes, shape[0]])})", Arr("int64", shape[1]))
    return V(f"{rng}.integers({', '.join(codes)})", t)


def choice(u: Unit, rng: str, node: ast.Call) -> V:
    what, size, again, weights = draws.signature(node, "a size replace p")
    if what is None or again is not None and not isinstance(again, ast.Constant):
        fail("rng.choice with such arguments", node)
    without = isinstance(again, ast.Constant) and again.value is False
    if isinstance(again, ast.Constant) and again.value not in (True, False):
        fail("rng.choice with such arguments", node)
    item, count, codes = items(u, what, "choice", node)
    shape = sized(u, size, node)
    if weights is not None and not (isinstance(weights, ast.Constant) and weights.value is None):
        w = u.expr(weights)
        flat = isinstance(w.t, Arr) and (w.t.dtype, w.t.ndim) == ("float64", 1)
        listed = isinstance(w.t, Lst) and w.t.depth == 1 and w.t.kinds <= {"float", "np.float64"}
        if not (flat or listed) or without:
            fail("rng.choice with such probabilities", node)
        drawn = f"{u.helper('generator_weighted')}({rng}, {count}, {bare(w.code)}"
        if shape is not None:
            if shape[1] != 1:
                fail("rng.choice of such a shape", node)
            drawn = f"{u.helper('generator_weighted_many')}({rng}, {count}, {bare(w.code)}, {shape[0]}"
        drawn += ")"
    elif without:
        many = shape[0] if shape is not None else "1"
        if shape is not None and shape[1] != 1:
            fail("rng.choice of such a shape", node)
        drawn = f"{u.helper('generator_sample')}({rng}, {count}, {many})" + ("[0]" if shape is None else "")
    else:
        more = f", {shape[0]}" if shape is not None else ""
        drawn = f"{rng}.integers(0, {count}{more})"
    dims = shape[1] if shape is not None else 0
    if item is None or not codes:
        return V(drawn, Arr("int64", dims) if dims else COUNT if item is None else item)
    if not dims:
        return V(f"{codes}[{drawn}]", item)
    if dims != 1:
        fail("rng.choice of such a shape", node)
    dtype = {"np.float64": "float64", "np.int64": "int64", "np.bool": "bool"}[str(item.kind)]
    return V(f"{codes}[{drawn}]", Arr(dtype, 1))


def permutation(u: Unit, rng: str, node: ast.Call) -> V:
    (what,) = draws.given(draws.signature(node, "x"), node)
    item, count, code = items(u, what, "permutation", node)
    if item is None:
        return V(f"{u.helper('generator_permuted')}({rng}, np.arange({count}))", Arr("int64", 1))
    dtype = {"np.float64": "float64", "np.int64": "int64", "np.bool": "bool"}[str(item.kind)]
    return V(f"{u.helper('generator_permuted')}({rng}, {code})", Arr(dtype, 1))


def items(u: Unit, node: ast.expr, what: str, at: ast.Call) -> tuple[Num | None, str, str]:
    """What is chosen from: the type of an item (None for a range of ints), how many there are, and its code."""
    display = isinstance(node, (ast.Tuple, ast.List)) and what == "choice"
    if isinstance(node, ast.Tuple):  # to NumPy, the same
        node = ast.copy_location(ast.List(node.elts, ast.Load()), node)
    if (
        isinstance(node, ast.Call)
        and u.module.dotted(node.func) == "range"
        and len(node.args) == 1
        and not node.keywords
    ):
        if what == "choice":  # NumPy gives the items as its own integers
            count = u.integer(node.args[0])
            return num("np.int64"), f"{u.helper('in_range')}({bare(count.code)}, 1, {2**31 - 1})", ""
    v = u.expr(node)
    t = v.t
    if isinstance(t, Num):
        if t.kind not in ("int", "np.int64"):
            fail(f"rng.{what} of this", at)
        least = 0 if what == "permutation" else 1
        return None, f"{u.helper('in_range')}({bare(v.code)}, {least}, {2**31 - 1})", ""
    flat: Type | None = None
    if isinstance(t, Arr) and t.ndim == 1 and t.dtype in ITEMS:
        flat = num("np.bool" if t.dtype == "bool" else f"np.{t.dtype}")
    elif isinstance(t, Lst) and t.depth == 1 and len(t.kinds) == 1:
        (kind,) = t.kinds
        known = {
            "int": "np.int64",
            "bool": "np.bool",
            "float": "np.float64",
            "np.float64": "np.float64",
            "np.int64": "np.int64",
        }
        flat = num(known[kind]) if kind in known else None
    if not isinstance(flat, Num) or not (display or isinstance(node, (ast.Name, ast.Attribute))):
        fail(f"rng.{what} of this", at)
    if isinstance(node, ast.List):
        return flat, str(len(node.elts)), v.code
    return flat, f"{u.helper('in_range')}(len({v.code}), 1, {2**31 - 1})", v.code


def shuffle(u: Unit, rng: str, node: ast.Call) -> V:
    (what,) = draws.given(draws.signature(node, "x"), node)
    v = u.expr(what)
    flat = isinstance(v.t, Lst) and v.t.depth == 1 or isinstance(v.t, Arr) and v.t.ndim == 1
    grown = isinstance(v.t, Grow) and v.t.sink is None and isinstance(v.t.item, Num)
    if not (flat or grown) or not isinstance(what, ast.Name) or u.effect is not node:
        fail("shuffle of this", node)
    if isinstance(v.t, (Lst, Arr)):
        u.mutated |= v.t.roots
    return V(f"{u.helper('generator_shuffle')}({rng}, {v.code})", INT)


def dirichlet(u: Unit, rng: str, node: ast.Call) -> V:
    (what,) = draws.given(draws.signature(node, "alpha"), node)
    v = u.expr(what)
    flat = isinstance(v.t, Arr) and (v.t.dtype, v.t.ndim) == ("float64", 1)
    listed = isinstance(v.t, Lst) and v.t.depth == 1 and v.t.kinds <= {"float", "np.float64"}
    if not (flat or listed):
        fail("dirichlet of this", node)
    return V(f"{u.helper('generator_dirichlet')}({rng}, {bare(v.code)})", Arr("float64", 1))


# ---------------------------------------------------------------------- arguments


def real(u: Unit, node: ast.expr, check: str, at: ast.AST) -> str:
    """The code of a float, which the kernel looks at before it draws."""
    v = u.single(u.number(node))
    t = v.t
    if not isinstance(t, Num) or t.kind not in ("int", "float", "np.float64", "np.int64"):
        fail("argument of a random function", at)
    code = u.sink(v)
    if t.rep == "i":
        code = u.ranged(code, t, -EXACT_FLOAT, EXACT_FLOAT)
    code = as_float(code, t)
    return f"{u.helper(f'checked_{check}')}({code})" if check else code


def integer(u: Unit, node: ast.expr) -> tuple[str, tuple[int, int]]:
    """The code of an int, and its range."""
    v = u.integer(node)
    if not isinstance(v.t, Num) or v.t.kind not in ("int", "np.int64"):
        fail("argument of a random function", node)
    lo, hi = v.t.range
    return bare(u.ranged(v.code, v.t, -draws.WIDE, draws.WIDE)), (max(lo, -draws.WIDE), min(hi, draws.WIDE))


def sized(u: Unit, node: ast.expr | None, at: ast.AST) -> tuple[str, int] | None:
    """The code of a size and how many dimensions it has; None for a single number."""
    if node is None or isinstance(node, ast.Constant) and node.value is None:
        return None
    if isinstance(node, ast.Attribute) and node.attr == "shape":
        whole = u.expr(node)
        if isinstance(whole.t, Tup):
            return (whole.code if len(whole.t.items) > 1 else f"{whole.code}[0]"), len(whole.t.items)
    parts = node.elts if isinstance(node, (ast.Tuple, ast.List)) else [node]
    codes = []
    for part in parts:
        code, bounds = integer(u, part)
        codes.append(code if 0 <= bounds[0] <= bounds[1] <= 2**40 else f"{u.helper('in_range')}({code}, 0, {2**40})")
    if not codes:
        fail("size of a draw", at)
    if len(codes) == 1:
        return bare(codes[0]), 1
    return f"({', '.join(map(bare, codes))})", len(codes)
