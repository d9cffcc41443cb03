"""Calls of NumPy that are one compiled function each: `np.interp(x, xp, fp)`, `np.average(x, weights=w)`.

A table says what each is given and gives. They are what loops over short rows call, where the call takes longer than
the work. Where NumPy would warn, raise, or choose between equals, the compiled function gives up, and NumPy does it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hasten.kernel import arrays_made
from hasten.kernel.arrays import FRESH, PURE_CALLS, apart, usable
from hasten.kernel.kinds import INT, NPF8, Arr, Num, Tup, Type, num
from hasten.kernel.values import V, bare, fail, may_round

if TYPE_CHECKING:
    from hasten.kernel.compiler import Unit

EXACT = 2**53
CALCULATES = frozenset({"sum", "mean", "max", "min", "std", "var", "copy", "dot", "any", "all"})  # methods
PLAIN = ("float64", "int64", "bool")  # of arrays whose elements are only put elsewhere
NUMBERS = frozenset({"int", "float", "np.int64", "np.float64"})


def _vector(*dtypes: str, dims: int = 1, odd: bool = False) -> Callable[[Num | Arr], bool]:
    return lambda t: isinstance(t, Arr) and t.dtype in dtypes and t.ndim == dims and (odd or dims == 1 or not t.odd)


# what a parameter may be, by a letter: v, i vectors of floats, ints; m a matrix of floats, o one in whatever order;
# 1, 2 any vector, matrix;
# x a number (taken for a float), f one that is a float, n an int
KINDS: Mapping[str, Callable[[Num | Arr], bool]] = {
    "v": _vector("float64"), "i": _vector("int64"), "m": _vector("float64", dims=2),
    "o": _vector("float64", dims=2, odd=True),
    "1": _vector(*PLAIN), "2": _vector(*PLAIN, dims=2),
    "x": lambda t: isinstance(t, Num) and t.kinds <= NUMBERS and t.rep in "if",
    "f": lambda t: isinstance(t, Num) and t.kinds <= {"float", "np.float64"},
    "n": lambda t: isinstance(t, Num) and t.kinds <= {"int", "np.int64"},
}  # fmt: skip


@dataclass(frozen=True)
class Form:
    """One way to call a function. `takes`: `name:letter` of each parameter, or `name=literal|literal`.

    `gives`: the letter of the result, "s" for an array like the first argument, "b" for a vector of truth values.
    `view`: NumPy gives a part of the same memory, and this a copy.
    """

    takes: str
    helper: str
    gives: str
    rounds: bool = False
    view: bool = False


def _by_axis(takes: str, rows: str, columns: str, gives: str) -> tuple[Form, Form]:
    """Of matrices, along their first or last axis."""
    return Form(f"{takes} axis=0|-2", rows, gives), Form(f"{takes} axis=1|-1", columns, gives)


def _by_mode(helper: str, usual: str) -> tuple[Form, ...]:
    """A sum of products for each place: `helper` and the mode, `usual` where none is named."""
    modes = [Form(f"a:v v:v mode='{mode}'", f"{helper}_{mode}", "v", rounds=True) for mode in ("full", "same", "valid")]
    return (Form("a:v v:v", f"{helper}_{usual}", "v", rounds=True), *modes)


# by the name of a function: the names of its parameters in their order, and the ways to call it
TABLE: Mapping[str, tuple[str, tuple[Form, ...]]] = {
    "average": ("a axis weights", (
        Form("a:v weights:v", "weighted_mean", "f"),
        Form("a:m weights:v axis=0|-2", "weighted_rows", "v", rounds=True),
        Form("a:m weights:v axis=1|-1", "weighted_columns", "v", rounds=True))),
    "roll": ("a shift axis", (
        Form("a:1 shift:n", "rolled", "s"), Form("a:1 shift:n axis=0|-1", "rolled", "s"),
        *_by_axis("a:2 shift:n", "rolled_rows", "rolled_columns", "s"))),
    "interp": ("x xp fp left right period", (
        Form("x:x xp:v fp:v", "interpolated", "f"), Form("x:v xp:v fp:v", "interpolated_each", "v"))),
    "digitize": ("x bins right", (
        Form("x:x bins:v", "bin_above", "n"), Form("x:v bins:v", "bins_above", "i"),
        Form("x:x bins:v right=False", "bin_above", "n"), Form("x:v bins:v right=False", "bins_above", "i"))),
    "searchsorted": ("a v side sorter", (
        Form("a:v v:v", "places_before", "i"), Form("a:v v:v side='left'", "places_before", "i"),
        Form("a:v v:v side='right'", "places_after", "i"))),
    "convolve": ("a v mode", _by_mode("folded", "full")),
    "correlate": ("a v mode", _by_mode("slid", "valid")),
    "trace": ("a offset axis1 axis2", (Form("a:o", "trace", "f"),)),
    "diag": ("v k", (Form("v:v", "diagonal_matrix", "m"), Form("v:o", "diagonal_of", "v", view=True))),
    "median": ("a axis", _by_axis("a:o", "middles_of_columns", "middles_of_rows", "v")),
    "cov": ("m y rowvar", (
        Form("m:o", "covariance_of_rows", "m", rounds=True),
        Form("m:o rowvar=False", "covariance_of_columns", "m", rounds=True))),
    "corrcoef": ("x y rowvar", (
        Form("x:o", "correlation_of_rows", "m", rounds=True),
        Form("x:o rowvar=False", "correlation_of_columns", "m", rounds=True))),
    "take": ("a indices axis", (
        Form("a:1 indices:i", "items_taken", "s"), Form("a:2 indices:i axis=0", "rows_taken", "s"))),
    "clip": ("a a_min a_max", (
        Form("a:n a_min:n a_max:n", "clipped_int", "n"), Form("a:f a_min:x a_max:x", "clipped", "f"))),
    "minimum": ("x1 x2", (Form("x1:n x2:n", "lesser_int", "n"),)),
    "maximum": ("x1 x2", (Form("x1:n x2:n", "greater_int", "n"),)),
    "sign": ("x", (Form("x:f", "sign_of", "f"),)),
    "fmod": ("x1 x2", (Form("x1:f x2:x", "fmod_of", "f"),)),
    "logaddexp": ("x1 x2", (Form("x1:f x2:f", "log_of_sum", "f", rounds=True),)),
    "power": ("x1 x2", (Form("x1:f x2:x", "power_of", "f", rounds=True),)),
    **dict.fromkeys(("deg2rad", "radians"), ("x", (
        Form("x:x", "radians_of", "f"), Form("x:v", "radians_of_each", "v")))),
    **dict.fromkeys(("rad2deg", "degrees"), ("x", (
        Form("x:x", "degrees_of", "f"), Form("x:v", "degrees_of_each", "v")))),
    "cumsum": ("a axis", _by_axis("a:m", "running_rows", "running_columns", "m")),
    "diff": ("a n axis prepend append", (
        Form("a:v n=2", "second_differences", "v"), Form("a:v prepend:x", "differences_after", "v"),
        Form("a:m", "steps_of_columns", "m"), *_by_axis("a:m", "steps_of_rows", "steps_of_columns", "m"))),
    "arange": ("start stop step", (
        Form("start:n stop:n step:n", "int_steps", "i"), Form("start:x stop:x step:x", "float_steps", "v"))),
    "tile": ("A reps", (Form("A:1 reps:n", "tiled", "s"),)),
    "repeat": ("a repeats axis", (Form("a:1 repeats:n", "each_repeated", "s"),)),
    "delete": ("arr obj axis", (
        Form("arr:1 obj:n", "without_item", "s"),
        *_by_axis("arr:2 obj:n", "without_row", "without_column", "s"))),
    "isin": ("element test_elements", (Form("element:i test_elements:i", "is_among", "b"),)),
    "nansum": ("a axis", (Form("a:v", "nan_sum", "f"),)),
    "nanmean": ("a axis", (Form("a:v", "nan_mean", "f"),)),
    "nanmax": ("a axis", (Form("a:v", "nan_largest", "f"),)),
    "nanvar": ("a axis", (Form("a:v", "nan_var", "f"),)),
    "nanstd": ("a axis", (Form("a:v", "nan_std", "f"),)),
    "nan_to_num": ("x", (Form("x:v", "without_nan", "v"),)),
    "nanmin": ("a axis", (Form("a:v", "nan_smallest", "f"),)),
    "ptp": ("a axis", (Form("a:v", "spread_between", "f"),)),
    "cross": ("a b", (Form("a:v b:v", "cross_product", "v"),)),
    "polyval": ("p x", (Form("p:v x:f", "polynomial", "f"), Form("p:v x:v", "polynomial_each", "v"))),
    "linalg.cholesky": ("a", (Form("a:m", "cholesky_factor", "m", rounds=True),)),
}  # fmt: skip


def known(u: Unit, short: str, node: ast.Call) -> V | None:
    """A call of one of these. None: of something else, or in another way."""
    if short not in TABLE or any(isinstance(a, ast.Starred) for a in node.args):
        return None
    order, forms = TABLE[short]
    named = order.split()
    given = dict(zip(named, node.args, strict=False))
    more = {k.arg: k.value for k in node.keywords if k.arg is not None}
    if len(node.args) > len(named) or len(more) < len(node.keywords) or more.keys() & given.keys():
        return None
    given |= more
    forms = tuple(f for f in forms if given.keys() == {_name(p) for p in f.takes.split()} and _literals(f, given))
    if not forms:
        return None
    lines = len(u.lines)
    literal = {_name(p) for p in forms[0].takes.split() if "=" in p}
    found = {name: arrays_made.argument(u, e, node) for name, e in given.items() if name not in literal}
    for form in forms:
        letters = dict(p.split(":") for p in form.takes.split() if ":" in p)
        if (
            letters.keys() == found.keys()
            and (not form.view or consumed(u, node))
            and all(_fits(letters[n], v) for n, v in found.items())
        ):
            return _made(u, short, form, letters, found, node)
    del u.lines[lines:]
    return None


# functions of two numbers over the items of a vector, one after another: the helper, or a function of `np`
REDUCED = {"add": "sum", "maximum": "max", "minimum": "min"}
ACCUMULATED = {
    "add": "running_sums", "multiply": "running_products", "maximum": "largest_so_far", "minimum": "smallest_so_far"
}  # fmt: skip


def one_by_one(u: Unit, func: ast.Attribute, node: ast.Call) -> V | None:
    """`np.maximum.accumulate(x)`, `np.add.reduce(x)` of a vector of floats. None: something else."""
    name = (u.module.dotted(func.value) or "").removeprefix("numpy.")
    table = {"accumulate": ACCUMULATED, "reduce": REDUCED}.get(func.attr, {})
    if name not in table or len(node.args) != 1 or node.keywords or not isinstance(func.value, ast.Attribute):
        return None
    from hasten.kernel import arrays_calls  # it calls this module

    v = arrays_made.argument(u, node.args[0], node)
    if not isinstance(v.t, Arr) or not KINDS["v"](v.t):
        fail(f"np.{name}.{func.attr} of this", node)
    if func.attr == "reduce":
        return arrays_calls.folded(u, table[name], v, [], [], node)
    return V(f"{u.helper(table[name])}({bare(usable(v.code))})", Arr("float64", 1))


def over_places(u: Unit, node: ast.expr) -> tuple[Type, str] | None:
    """What a loop over `np.ndindex(h, w)` or `np.ndenumerate(m)` goes over. None: something else."""
    called = u.module.dotted(node.func) if isinstance(node, ast.Call) else None
    if not isinstance(node, ast.Call) or called not in ("numpy.ndindex", "numpy.ndenumerate") or node.keywords:
        return None
    one = node.args[0].value if node.args and isinstance(node.args[0], ast.Starred) else next(iter(node.args), None)
    if called == "numpy.ndenumerate" and len(node.args) == 1 and one is node.args[0]:
        v = arrays_made.argument(u, node.args[0], node)
        if not isinstance(v.t, Arr) or v.t.dtype not in PLAIN[:2] or v.t.ndim != 2 or not v.leaf:
            fail("np.ndenumerate of this", node)
        number = num("np.float64" if v.t.dtype == "float64" else "np.int64")
        return Tup((Tup((INT, INT)), number)), f"{u.helper('places_and_items')}({bare(v.code)})"
    if called != "numpy.ndindex" or one is None:
        return None
    if len(node.args) == 2 and not any(isinstance(a, ast.Starred) for a in node.args):
        sizes = ", ".join(bare(u.integer(a).code) for a in node.args)
    elif len(node.args) == 1:
        v = u.expr(one)
        if not isinstance(v.t, Tup) or len(v.t.items) != 2:
            fail("np.ndindex of this", node)
        sizes = f"*{v.code}"
    else:
        fail("np.ndindex of this", node)
    return Tup((INT, INT)), f"{u.helper('places_of_grid')}({sizes})"


def consumed(u: Unit, node: ast.expr) -> bool:
    """Is a value only calculated with, by what stands around it and changes nothing? Then a copy does for a view."""
    everything = list(ast.walk(u.current)) if u.current is not None else []
    around = next((n for n in everything if any(c is node for c in ast.iter_child_nodes(n))), None)
    for n in everything:
        if isinstance(n, ast.Call) and not (u.module.dotted(n.func) or "").startswith(("numpy.", "math.")):
            method = isinstance(n.func, ast.Attribute) and n.func.attr in CALCULATES
            if not method and u.module.dotted(n.func) not in PURE_CALLS:
                return False
    if isinstance(around, ast.Call):
        return around.func is not node and (u.module.dotted(around.func) or "").removeprefix("numpy.") in FRESH
    if isinstance(around, ast.Attribute):
        return around.attr in CALCULATES
    return isinstance(around, (ast.BinOp, ast.UnaryOp, ast.Compare))


def _name(parameter: str) -> str:
    return parameter.partition("=")[0].partition(":")[0]


def _literals(form: Form, given: Mapping[str, ast.expr]) -> bool:
    """Are the arguments that must be spelt out what they must be?"""
    for p in form.takes.split():
        name, equals, options = p.partition("=")
        if equals:
            try:
                value = ast.literal_eval(given[name])
            except ValueError:
                return False
            if repr(value) not in options.split("|"):
                return False
    return True


def _fits(letter: str, v: V) -> bool:
    return isinstance(v.t, (Num, Arr)) and KINDS[letter](v.t)


def _made(u: Unit, short: str, form: Form, letters: Mapping[str, str], found: Mapping[str, V], node: ast.Call) -> V:
    if form.rounds:
        may_round(u, f"np.{short} may be rounded otherwise when compiled", node)
    code = f"{u.helper(form.helper)}({', '.join(_given(u, letters[name], v) for name, v in found.items())})"
    if form.gives in "fn":
        return V(code, NPF8 if form.gives == "f" else num("np.int64"))
    first = next(iter(found.values())).t
    if form.gives == "s":
        assert isinstance(first, Arr)
        return V(code, Arr(first.dtype, first.ndim))
    dtype = {"i": "int64", "b": "bool"}.get(form.gives, "float64")
    return V(code, Arr(dtype, 2 if form.gives == "m" else 1))


def _given(u: Unit, letter: str, v: V) -> str:
    """The code of an argument."""
    if isinstance(v.t, Arr):
        return bare(usable(v.code))
    if letter == "x" and isinstance(v.t, Num) and v.t.rep == "i":
        return f"float({bare(u.ranged(v.code, v.t, -EXACT, EXACT))})"
    return bare(u.sink(v))


# ---------------------------------------------------------------------- calls for what they do


def effect(u: Unit, node: ast.Call) -> bool:
    """`v.sort()`, `np.fill_diagonal(m, x)`, `np.add.at(v, places, x)` as statements. False: something else."""
    func = node.func
    if not isinstance(func, ast.Attribute) or node.keywords:
        return False
    dotted = u.module.dotted(func) or f"{u.module.dotted(func.value) or ''}.{func.attr}"
    if func.attr == "sort" and not node.args and isinstance(func.value, ast.Name):
        return _changed(u, "sorted_in_place", func.value, [], "1", node)
    if dotted == "numpy.fill_diagonal" and len(node.args) == 2:
        return _changed(u, "diagonal_filled", node.args[0], node.args[1:], "m", node, "x")
    if dotted == "numpy.add.at" and len(node.args) == 3:
        return _changed(u, "added_at", node.args[0], node.args[1:], "v", node, "ix") or _changed(
            u, "each_added_at", node.args[0], node.args[1:], "v", node, "iv"
        )
    return False


def _changed(
    u: Unit, helper: str, target: ast.expr, rest: list[ast.expr], letter: str, node: ast.Call, letters: str = ""
) -> bool:
    """Emits a call that changes an array with a name. False: it is none, or what it is given does not fit."""
    from hasten.kernel import objects  # it builds on this module

    if not isinstance(target, ast.Name) or objects.is_object(u, target) is not None:
        return False
    lines = len(u.lines)
    base = u.expr(target)
    if isinstance(base.t, Arr) and _fits(letter, base) and base.code.isidentifier():
        found = [arrays_made.argument(u, e, node) for e in rest]
        if all(_fits(k, v) for k, v in zip(letters, found, strict=True)):
            codes = [base.code]
            for k, v in zip(letters, found, strict=True):
                code = _given(u, k, v)
                codes.append(code if not isinstance(v.t, Arr) or apart(u, base.code, code) else f"{code}.copy()")
            u.mutated |= base.t.roots
            u.emit(f"{u.helper(helper)}({', '.join(codes)})")
            return True
    del u.lines[lines:]
    return False


__all__ = ["effect", "known", "one_by_one", "over_places"]
