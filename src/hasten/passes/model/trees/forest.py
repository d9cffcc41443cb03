"""A fitted tree ensemble as flat arrays, whatever library fitted it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

# what a node does with NaN; ZERO_TOO is added where zeros count as missing
RIGHT, LEFT, AS_ZERO, ZERO_TOO = 0, 1, 2, 4
# how sums become scores, and scores labels: as in serve/backends/trees/trees.c
TRANSFORMS = (
    "sum", "mean", "pair", "softmax", "exp", "sigmoid", "affine", "paths", "differ", "square", "log1pexp",
    "xgboost pair", "xgboost softmax", "xgboost sigmoid", "xgboost exp", "votes",
)  # fmt: skip
LABELS = ("none", "argmax", "above", "not below", "negative")


@dataclass(frozen=True)
class Categories:
    """A node that asks for a category. `left[c]` says whether category `c` goes left; NaN and what is outside go where
    the flags say."""

    left: NDArray[np.bool_]
    nan_left: bool
    outside_left: bool
    whole: bool = False  # 3.5 is no category (else it is 3)


@dataclass(frozen=True)
class Tree:
    """Nodes by number, node 0 is the root. A value goes left where it is <= `threshold`; leaves have `left` -1.

    `missing` is what a node does with NaN. `value` has shape (nodes, width); its sums are added to outputs
    `out`, `out` + 1, ...
    """

    feature: NDArray[np.int64]
    threshold: NDArray[np.float64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    missing: NDArray[np.int64]
    value: NDArray[np.float64]
    out: int = 0
    categories: Mapping[int, Categories] = field(default_factory=dict)


@dataclass(frozen=True)
class Symmetric:
    """A tree with one test a level: bit i of a leaf's number is set where the value is > `threshold[i]`."""

    feature: NDArray[np.int64]
    threshold: NDArray[np.float64]
    missing: NDArray[np.int64]
    value: NDArray[np.float64]
    out: int = 0


@dataclass(frozen=True)
class Answer:
    """How sums become what one method answers: `transform` of `TRANSFORMS`, then `label` of `LABELS`.

    `shape` is that of a row's answer: () or (k,). `classes` are given by place where `label` is not "none".
    """

    transform: str = "sum"
    shape: tuple[int, ...] = ()
    a: float = 1.0
    b: float = 0.0
    label: str = "none"
    c: float = 0.0
    classes: NDArray[Any] | None = None
    dtype: str = "float64"


@dataclass(frozen=True)
class Forest:
    """All trees, summed in order, starting at `init` (one value an output).

    `width` is 1 where each tree adds to one output, else the number of outputs. `single`: inputs are compared as
    float32. `sum_single`: sums are rounded to float32 after each tree. What is refused raises `ValueError`.
    """

    features: int
    outputs: int
    width: int
    trees: Sequence[Tree | Symmetric]
    init: NDArray[np.float64]
    answers: Mapping[str, Answer]
    single: bool = True
    sum_single: bool = False
    refuse_nan: bool = False
    refuse_inf: bool = False
    refuse_inf_category: bool = False  # infinity in a column of categories
