"""Encoders of categories and bins: features that are functions of one code.

What a fitted encoder makes of each category (dropped, infrequent, missing, unknown ones too) is asked of the encoder
itself, so that its rules are nowhere written twice.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.core.model_pass import CannotServe
from hasten.passes.model.serving.generated import helpers
from hasten.passes.model.serving.generated.blocks import Block, Blocks, Code, Numbers, Raw, Table, source
from hasten.passes.model.serving.generated.steps.checks import checked
from hasten.passes.model.serving.generated.writer import Writer


def OneHotEncoder(est: Any, blocks: Blocks, w: Writer) -> Blocks:
    return _encoded(est, blocks, w, [int(n) for n in est._n_features_outs])


def OrdinalEncoder(est: Any, blocks: Blocks, w: Writer) -> Blocks:
    return _encoded(est, blocks, w, [1] * len(est.categories_))


def TargetEncoder(est: Any, blocks: Blocks, w: Writer) -> Blocks:
    each = len(est.classes_) if est.target_type_ == "multiclass" else 1
    return _encoded(est, blocks, w, [each] * len(est.categories_))


def _encoded(est: Any, blocks: Blocks, w: Writer, widths: Sequence[int]) -> Blocks:
    ends = np.cumsum([0, *widths])
    out: Blocks = []
    inputs = _single(blocks, w)
    for i, (array, scalar, number, lenient, name) in enumerate(inputs):
        keys = [_plain(k) for k in est.categories_[i].tolist()]
        nan = next((j for j, k in enumerate(keys) if k != k), None)
        values = _asked(est, i, est.categories_[i].tolist())[:, ends[i] : ends[i + 1]]
        other = _unknown(est, i)
        places = {k: j for j, k in enumerate(keys) if j != nan}
        if len(places) != len(keys) - (nan is not None):
            raise CannotServe("categories that are equal in Python")
        if other is not None:
            values = np.vstack([values, other[:, ends[i] : ends[i + 1]]])
        table = w.table(f"{name}_codes", list(places), list(places.values()))
        rest = len(keys) if other is not None else None
        texts = est.categories_[i].dtype.kind in "OUS"  # as objects they are not compared with numbers
        code = w.let(f"{name}_code", f"{w.helper(helpers.codes)}({array}, {table}, {nan}, {rest}, {name!r}, {texts})")
        out.append(Table(Code(code, scalar, tuple(keys), nan, rest, number, lenient), values))
    return out


def _single(blocks: Sequence[Block], w: Writer) -> list[tuple[str, str, bool, bool, str]]:
    """Each feature as an array (n,), an expression of one row, and what is known of it."""
    out = []
    for b in blocks:
        if isinstance(b, Raw):
            for i in range(b.width):
                source(w, b, i)
                out.append((b.arrays[i], b.scalars[i], b.number[i], b.lenient[i], b.names[i]))
        elif isinstance(b, Numbers):
            for i in range(b.width):
                if b.scalars is None:
                    w.row = False
                scalar = w.row_let("v", b.scalars[i].value) if b.scalars is not None else "0.0"
                out.append((f"{b.array}[:, {i}]", scalar, True, True, f"x{i}"))
        else:
            raise CannotServe("an encoder of what another encoder made")
    return out


def _plain(key: Any) -> Any:
    return key.item() if isinstance(key, np.generic) else key


def _asked(est: Any, column: int, values: Sequence[Any]) -> NDArray[np.float64]:
    """What the encoder makes of rows that hold `values` in one column, and a known category in the others."""
    x = np.empty((len(values), len(est.categories_)), object)
    for i, categories in enumerate(est.categories_):
        x[:, i] = categories.tolist()[0]
    for row, value in enumerate(values):
        x[row, column] = value
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        out = est.transform(x)
    return np.asarray(out.toarray() if hasattr(out, "toarray") else out, np.float64)


def _unknown(est: Any, column: int) -> NDArray[np.float64] | None:
    """What it makes of a value that it does not know; None: it refuses it."""
    categories = est.categories_[column]
    if categories.dtype.kind in "iufb":
        finite = [abs(float(c)) for c in categories.tolist() if c == c]
        stranger: Any = max(finite, default=0.0) + 1.5
    else:
        stranger = "\x00 never seen \x00"
    try:
        return _asked(est, column, [stranger])
    except ValueError:
        return None


def KBinsDiscretizer(est: Any, blocks: Blocks, w: Writer) -> Blocks:
    made = checked(blocks, w, nan=False, swallows=True)
    w.uses("from bisect import bisect_right")
    out: Blocks = []
    for i, edges in enumerate(est.bin_edges_):
        inner = np.asarray(edges, float)[1:-1]
        name = w.array("edges", inner)
        code = w.let("bin", f"np.searchsorted({name}, {made.array}[:, {i}], side='right')")
        scalar = "0"
        if made.scalars is not None:
            edge_text = w.constant("cuts", repr(tuple(inner.tolist())))
            scalar = f"bisect_right({edge_text}, {made.scalars[i].value})"
        else:
            w.row = False
        bins = int(est.n_bins_[i])
        values = np.arange(bins, dtype=float)[:, None] if est.encode == "ordinal" else np.eye(bins)
        out.append(Table(Code(code, scalar, None), values))
    return out
