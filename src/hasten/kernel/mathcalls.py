"""Calls of arithmetic functions beyond the plain ones of a math library: `round(x, 2)`, `divmod`, `math.hypot`, ..."""

from __future__ import annotations

import ast

from hasten.kernel.compiler import Unit, as_float
from hasten.kernel.kinds import EXACT_FLOAT, FLOAT, INT, NPF8, Num, Tup
from hasten.kernel.values import V, bare, fail, impure

PY_REAL = frozenset({"int", "float"})
REAL = PY_REAL | {"np.float64", "np.int64"}


def call(unit: Unit, name: str, node: ast.Call) -> V | None:
    """The call, or None when it is not one of these. Raises `Refuse`."""
    args = node.args
    if name in ("round", "numpy.round") and len(args) in (1, 2):
        if name == "round" and len(args) == 1:
            return None
        return rounded(unit, args, name != "round", node)
    if name == "divmod" and len(args) == 2:
        return divided(unit, args, node)
    if name == "pow" and len(args) == 2:
        a, b = unit.number(args[0]), unit.number(args[1])
        return unit.binary(ast.Pow(), a, b, ast.copy_location(ast.BinOp(args[0], ast.Pow(), args[1]), node))
    if name == "pow" and len(args) == 3:
        codes = [integer(unit, a, node) for a in args]
        return V(f"{unit.helper('pow_mod')}({', '.join(codes)})", INT)
    if name == "math.pow" and len(args) == 2:
        x, y = (V(real(unit, a, node), FLOAT) for a in args)
        power = ast.copy_location(ast.BinOp(args[0], ast.Pow(), args[1]), node)
        return unit.float_op("Pow", x, y, FLOAT, None, power)
    if name in ("math.hypot", "numpy.hypot", "numpy.arctan2"):
        return inexact(unit, name, [real(unit, a, node) for a in args], node)
    if name == "math.fmod" and len(args) == 2:
        return V(f"{unit.helper('fmod_float')}({', '.join(real(unit, a, node) for a in args)})", FLOAT)
    if name == "math.log" and len(args) == 2:
        logs = [f"{unit.helper('math_value')}(math.log({x}), {x})" for x in (real(unit, a, node) for a in args)]
        if any(impure(a) for a in args):
            fail("call in the arguments of math.log", node)
        return V(f"({' / '.join(logs)})", FLOAT)
    if name == "math.fabs" and len(args) == 1:
        v = unit.number(args[0])
        if isinstance(v.t, Num) and v.t.rep == "i":
            return V(f"abs(float({bare(v.code)}))", FLOAT)
        return None
    if name in ("math.trunc", "math.floor", "math.ceil") and len(args) == 1:
        v = unit.number(args[0])
        if isinstance(v.t, Num) and v.t.kinds == {"int"}:
            return v
        if name == "math.trunc" and isinstance(v.t, Num) and v.t.rep == "f" and "int" not in v.t.kinds:
            return V(f"{unit.helper('to_int')}({bare(unit.sink(v))})", INT)
        return None
    if name == "math.gcd" and len(args) == 2:
        codes = [integer(unit, a, node) for a in args]
        return V(f"{unit.helper('gcd')}({', '.join(codes)})", Num(frozenset({"int"}), 0, None))
    if name == "math.isqrt" and len(args) == 1:
        return V(f"{unit.helper('isqrt')}({integer(unit, args[0], node)})", Num(frozenset({"int"}), 0, 2**31))
    if name in ("numpy.maximum", "numpy.minimum") and len(args) == 2:
        vs = [unit.number(a) for a in args]
        if not any(isinstance(v.t, Num) and v.t.rep == "f" for v in vs):
            fail(f"{name} of integers", node)
        codes2 = [exact_real(unit, v, node) for v in vs]
        return V(f"{unit.helper('np_' + name.removeprefix('numpy.'))}({', '.join(codes2)})", NPF8)
    return None


def integer(unit: Unit, arg: ast.expr, node: ast.AST) -> str:
    v = unit.integer(arg)
    if not isinstance(v.t, Num) or v.t.kinds != {"int"}:
        fail("argument that is not a Python int", node)
    return bare(v.code)


def real(unit: Unit, arg: ast.expr, node: ast.AST) -> str:
    """A number as a float, rounded as `float()` rounds it."""
    v = unit.number(arg)
    if not isinstance(v.t, Num) or not v.t.kinds <= REAL:
        fail("argument of a math function", node)
    if v.t.rep == "f" and "int" in v.t.kinds:
        fail("argument that may be int or float", node)
    return bare(as_float(unit.sink(v), v.t))


def exact_real(unit: Unit, v: V, node: ast.AST) -> str:
    if not isinstance(v.t, Num) or not v.t.kinds <= REAL:
        fail("argument of a math function", node)
    if v.t.rep == "i":
        return f"float({bare(unit.ranged(v.code, v.t, -EXACT_FLOAT, EXACT_FLOAT))})"
    return bare(unit.sink(v))


def inexact(unit: Unit, name: str, codes: list[str], node: ast.AST) -> V:
    """Functions that CPython and NumPy compute by code of their own: equal but for the last bit."""
    if unit.shared.exact:
        fail(f"{name} may be rounded otherwise when compiled", node)
    out = NPF8 if name.startswith("numpy.") else FLOAT
    if name == "numpy.arctan2" and len(codes) == 2:
        unit.shared.rounding = True
        return V(f"{unit.helper('finite')}(math.atan2({', '.join(codes)}))", out)
    if not (len(codes) == 2 or (len(codes) == 3 and name == "math.hypot")):
        fail(name, node)
    unit.shared.rounding = True
    helper = unit.helper("hypot_float")
    code = f"{helper}({codes[0]}, {codes[1]})"
    return V(f"{helper}({code}, {codes[2]})" if len(codes) == 3 else code, out)


def divided(unit: Unit, args: list[ast.expr], node: ast.Call) -> V:
    if any(impure(a) for a in args):
        fail("call in the arguments of divmod", node)
    a, b = unit.number(args[0]), unit.number(args[1])
    for v in (a, b):
        if not isinstance(v.t, Num) or v.t.kind not in PY_REAL:
            fail("divmod of this", node)
    parts = [unit.binary(op, a, b, node) for op in (ast.FloorDiv(), ast.Mod())]
    return V(f"({', '.join(bare(unit.sink(p)) for p in parts)})", Tup(tuple(p.t for p in parts)))


def rounded(unit: Unit, args: list[ast.expr], numpy: bool, node: ast.Call) -> V:
    """`round` to a literal number of decimals."""
    digits = 0
    if len(args) == 2:
        if not isinstance(args[1], ast.Constant) or type(args[1].value) is not int or not 0 <= args[1].value <= 15:
            fail("round to a computed number of digits", node)
        digits = args[1].value
    v = unit.number(args[0])
    t = v.t
    if not isinstance(t, Num):
        fail("round of this", node)
    if t.kinds == {"int"} and not numpy:
        return v
    if t.kind not in ("float", "np.float64"):
        fail("round of a value whose type depends on the data", node)
    code = bare(unit.sink(v))
    scale = f"{10.0**digits!r}"
    if numpy or t.kind == "np.float64":
        return V(f"{unit.helper('np_round')}({code}, {scale})", NPF8)
    return V(f"{unit.helper('round_digits')}({code}, {scale})", FLOAT)
