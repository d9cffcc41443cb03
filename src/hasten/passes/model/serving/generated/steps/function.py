"""Functions: those of NumPy that work number by number."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from hasten.core.model_pass import CannotServe
from hasten.passes.model.serving.generated.blocks import Blocks, Numbers, Scalar, joined, source
from hasten.passes.model.serving.generated.steps import one_raw
from hasten.passes.model.serving.generated.steps.checks import checked, guard
from hasten.passes.model.serving.generated.writer import Writer

# a function of NumPy, and what gives the same for one number (leaving the row function where it is not defined)
KNOWN = {
    "log1p": "math.log1p({0})", "log": "math.log({0})", "log2": "math.log2({0})", "log10": "math.log10({0})",
    "sqrt": "math.sqrt({0})", "exp": "math.exp({0})", "expm1": "math.expm1({0})", "square": "({0} * {0})",
    "sin": "math.sin({0})", "cos": "math.cos({0})", "tanh": "math.tanh({0})", "cbrt": None,
    "arcsinh": "math.asinh({0})", "absolute": "abs({0})", "abs": "abs({0})", "negative": "(-{0})",
    "reciprocal": "(1.0 / {0})",
}  # fmt: skip


def _only_checks(est: Any) -> bool:
    """Whether it is what histogram gradient boosting does to columns of numbers: float64 of any value."""
    from sklearn.utils import check_array

    func = est.func
    if not isinstance(func, partial) or func.func is not check_array or func.args or est.kw_args or est.validate:
        return False
    told = dict(func.keywords)
    return told.pop("dtype", None) == [np.float64] and told == {"ensure_all_finite": False}


def is_known(est: Any) -> bool:
    """Whether a FunctionTransformer's function is known here."""
    return est.func is None or _only_checks(est) or any(est.func is getattr(np, n) for n in KNOWN)


def FunctionTransformer(est: Any, blocks: Blocks, w: Writer) -> Blocks:
    if est.func is None:
        return [checked(blocks, w, nan=False)] if est.validate else blocks
    if _only_checks(est):
        made = joined(blocks, w)
        return [Numbers(w.let("floats", f"{made.array}.astype(np.float64, copy=False)"), made.width, made.scalars)]
    name = next((n for n in KNOWN if est.func is getattr(np, n)), None)
    if name is None or est.kw_args:
        raise CannotServe(
            f"a FunctionTransformer of {getattr(est.func, '__name__', 'a function')!r}, which is none of NumPy's"
        )
    raw = one_raw(blocks)
    if est.validate:
        made = checked(blocks, w, nan=False)
        array = w.let(name, f"np.{name}({made.array})")
    elif raw is not None and raw.places and not w.matrix:
        if not all(raw.number):
            raise CannotServe("a function of columns that are no numbers")
        # columns as they came: what is no number is refused by the function itself, with TypeError
        for i in range(raw.width):
            source(w, raw, i)
        array = w.let(name, f"np.stack([{', '.join(f'np.{name}({a})' for a in raw.arrays)}], axis=1)")
        made = Numbers(array, raw.width, tuple(Scalar(s) for s in raw.scalars))
    else:
        made = joined(blocks, w)
        array = w.let(name, f"np.{name}({made.array})")
    form = KNOWN[name]
    scalars = None
    if made.scalars is not None and form is not None:
        w.count(2 * made.width)
        if name in ("reciprocal", "exp", "tanh"):
            guard([Scalar(s.value) for s in made.scalars], w, nan=True)
        scalars = tuple(
            Scalar(form.format(w.row_let("v", s.value) if form.count("{0}") > 1 else s.value)) for s in made.scalars
        )
    return [Numbers(array, made.width, scalars)]
