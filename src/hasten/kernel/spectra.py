"""Calls of NumPy on signals and small systems: `np.fft.rfft(x)`, `np.hanning(n)`, `np.corrcoef(x, y)`,
`np.linalg.inv(a)`.

A transform is worked out by another algorithm than NumPy's, and cosines come from another library: all but the
frequencies may differ in the last bits.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from hasten.kernel import arrays_made
from hasten.kernel.arrays import node_of, usable, value
from hasten.kernel.arrays_tree import Node
from hasten.kernel.kinds import NPF8, Arr, Num
from hasten.kernel.values import V, bare, fail, may_round

if TYPE_CHECKING:
    from hasten.kernel.compiler import Unit

WINDOWS = {"hanning": "0.5, 0.5, 0.0", "hamming": "0.54, 0.46, 0.0", "blackman": "0.42, 0.5, 0.08"}
FREQUENCIES = {"fft.rfftfreq": False, "fft.fftfreq": True}
TRANSFORMS = frozenset({"fft.rfft", "fft.fft"})
SYSTEMS = {"linalg.inv": "inverse", "linalg.det": "determinant", "linalg.solve": "solved"}
TOGETHER = {"corrcoef": "correlations", "cov": "covariances"}


def known(u: Unit, short: str, node: ast.Call) -> V | None:
    """A call of NumPy. None: of another function."""
    if short in WINDOWS and len(node.args) == 1 and not node.keywords:
        may_round(u, f"np.{short} may be rounded otherwise when compiled", node)
        return V(f"{u.helper('cosine_window')}({_count(u, node.args[0], node)}, {WINDOWS[short]})", Arr("float64", 1))
    if short in FREQUENCIES:
        return frequencies(u, short, node)
    if short in TRANSFORMS:
        return transform(u, short, node)
    if short in SYSTEMS:
        return system(u, short, node)
    if short in TOGETHER and len(node.args) == 2:
        if node.keywords:
            fail(f"np.{short} with keywords", node)
        may_round(u, f"np.{short} may be rounded otherwise when compiled", node)
        codes = [_vector(u, a, ("float64",), node).code for a in node.args]
        return V(f"{u.helper(TOGETHER[short])}({', '.join(map(bare, codes))})", Arr("float64", 2))
    return None


def system(u: Unit, short: str, node: ast.Call) -> V:
    """`np.linalg.inv(a)`, `np.linalg.solve(a, b)`: by elimination with pivots, as the library does it."""
    if len(node.args) != 1 + (short == "linalg.solve") or node.keywords:
        fail(f"np.{short} with such arguments", node)
    vs = [arrays_made.argument(u, a, node) for a in node.args]
    dims = [v.t.ndim if isinstance(v.t, Arr) and v.t.dtype == "float64" else 0 for v in vs]
    if dims not in ([2], [2, 1], [2, 2]):
        fail(f"np.{short} of this", node)
    may_round(u, f"np.{short} may be rounded otherwise when compiled", node)
    helper = u.helper("solved_rows" if dims == [2, 2] else SYSTEMS[short])
    code = f"{helper}({', '.join(bare(usable(v.code)) for v in vs)})"
    return V(code, NPF8) if short == "linalg.det" else V(code, Arr("float64", dims[-1]))


def _count(u: Unit, arg: ast.expr, node: ast.AST) -> str:
    v = u.integer(arg)
    if not isinstance(v.t, Num) or v.t.kinds != {"int"}:
        fail("a number of places that is no int", node)
    return bare(u.ranged(v.code, v.t, -(2**31), 2**31))


def _vector(u: Unit, arg: ast.expr, dtypes: tuple[str, ...], node: ast.AST) -> V:
    v = arrays_made.argument(u, arg, node)
    if not isinstance(v.t, Arr) or v.t.ndim != 1 or v.t.dtype not in dtypes:
        fail(f"{ast.unparse(arg)} is no vector of floats", node)
    return V(usable(v.code), v.t, leaf=v.leaf)


def frequencies(u: Unit, short: str, node: ast.Call) -> V:
    """`np.fft.rfftfreq(n, d=1 / rate)`"""
    named = {k.arg: k.value for k in node.keywords}
    args = list(node.args)
    if len(args) == 1 and "d" in named:
        args.append(named.pop("d"))
    if not 1 <= len(args) <= 2 or named:
        fail(f"np.{short} with such arguments", node)
    count = _count(u, args[0], node)
    step = "1.0"
    if len(args) == 2:
        v = u.single(u.number(args[1]))
        if not isinstance(v.t, Num) or v.t.kind not in ("int", "float", "np.float64"):
            fail(f"np.{short} with such a step", node)
        step = bare(u.sink(v))
        if v.t.rep == "i":
            step = f"float({bare(u.ranged(v.code, v.t, -(2**21), 2**21))})"  # n * d is exact then
    return V(f"{u.helper('frequencies')}({count}, {step}, {FREQUENCIES[short]})", Arr("float64", 1))


def transform(u: Unit, short: str, node: ast.Call) -> V:
    """`np.fft.rfft(x)`"""
    if len(node.args) != 1 or node.keywords:
        fail(f"np.{short} with such arguments", node)
    may_round(u, f"np.{short} may be rounded otherwise when compiled", node)
    real = short == "fft.rfft"
    v = _vector(u, node.args[0], ("float64",) if real else ("float64", "complex128"), node)
    assert isinstance(v.t, Arr)
    code = bare(v.code)
    if not real and v.t.dtype == "float64":
        code = f"{u.helper('as_complex')}({code})"
    return V(f"{u.helper('real_fourier' if real else 'fourier')}({code})", Arr("complex128", 1))


def part(u: Unit, v: V, node: ast.Attribute) -> V:
    """`z.real`, `z.imag` of complex numbers that nobody changes: in NumPy it is a part of the same memory."""
    t = v.t
    if not isinstance(t, Arr) or t.dtype != "complex128" or t.roots:
        fail(f"attribute {node.attr} of this", node)
    if not isinstance(node.value, ast.Call) and not (isinstance(node.value, ast.Name) and _steady(u, node.value.id)):
        fail(f"{node.attr} of an array that may change", node)
    made = node_of(u, v, node)
    return value(u, Node(node.attr, "float64", t.ndim, (made,), loop=("complex128",), pend=made.pend))


def _steady(u: Unit, name: str) -> bool:
    """Is an array of this name only calculated with, and in no other hands?"""
    for s in u.stmts:
        for n in ast.walk(s):
            inside = [c for c in ast.iter_child_nodes(n) if isinstance(c, ast.Name) and c.id == name]
            if not inside or isinstance(n, (ast.BinOp, ast.UnaryOp, ast.Compare, ast.Attribute)):
                continue
            if isinstance(n, ast.Assign) and n.value not in inside:
                continue
            if isinstance(n, ast.Call) and n.func not in inside:
                called = u.module.dotted(n.func) or ""
                if called in ("abs", "len") or called.startswith("numpy."):
                    continue
            if not isinstance(n, ast.Subscript) or not isinstance(n.ctx, ast.Load) or isinstance(n.slice, ast.Slice):
                return False
    return True
