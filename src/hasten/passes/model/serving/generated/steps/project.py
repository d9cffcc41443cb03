"""Projections and products of features, and features of kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.core.model_pass import CannotServe
from hasten.passes.model.serving.generated import helpers
from hasten.passes.model.serving.generated.blocks import Blocks, Counts, Numbers, Pieces, Scalar, Table
from hasten.passes.model.serving.generated.heads.scores import scored_as
from hasten.passes.model.serving.generated.steps.checks import atoms, checked
from hasten.passes.model.serving.generated.writer import Writer


def PCA(est: Any, blocks: Blocks, w: Writer) -> Blocks:
    components = np.asarray(est.components_, float)
    mean = np.asarray(est.mean_, float).reshape(1, -1)
    over = None
    if est.whiten:
        over = np.sqrt(np.asarray(est.explained_variance_, float))
        over = np.maximum(over, np.finfo(over.dtype).eps)
    return [_projected(blocks, components, -(mean @ components.T).ravel(), over, w)]


IncrementalPCA = PCA


def TruncatedSVD(est: Any, blocks: Blocks, w: Writer) -> Blocks:
    components = np.asarray(est.components_, float)
    return [_projected(blocks, components, np.zeros(len(components)), None, w)]


def LinearDiscriminantAnalysis(est: Any, blocks: Blocks, w: Writer) -> Blocks:
    number = est._max_components
    scalings = np.asarray(est.scalings_, float)[:, :number]
    made = checked(blocks, w, nan=False)
    x = made.array if est.solver == "eigen" else f"({made.array} - {w.array('mean', est.xbar_)})"
    array = w.let("projected", f"{x} @ {w.array('scalings', scalings)}")
    return [Numbers(array, scalings.shape[1], None)]


def _projected(
    blocks: Blocks, components: NDArray[np.float64], bias: NDArray[np.float64], over: Any, w: Writer
) -> Numbers:
    """x @ components.T + bias, / over."""
    if any(isinstance(b, (Counts, Table, Pieces)) for b in blocks):
        array, scalars = scored_as("projected", blocks, components, bias, w)
        made = Numbers(array, len(components), None if scalars is None else tuple(map(Scalar, scalars)))
    else:
        given = checked(blocks, w, nan=False)
        text = f"{given.array} @ {w.array('components', components.T)}"
        array = w.let("projected", f"{text} + {w.array('offset', bias)}" if bias.any() else text)
        made = Numbers(array, len(components), _products(given, components, bias, w))
    if over is None:
        return made
    whitened = w.let("whitened", f"{made.array} / {w.array('scale', over)}")
    scalars = None
    if made.scalars is not None:
        scalars = [f"({s.value} / {w.number(o)})" for s, o in zip(made.scalars, over, strict=True)]
    return Numbers(whitened, made.width, None if scalars is None else tuple(map(Scalar, scalars)))


def _products(
    given: Numbers, components: NDArray[np.float64], bias: NDArray[np.float64], w: Writer
) -> tuple[Scalar, ...] | None:
    if given.scalars is None or not w.row:
        return None
    w.count(components.size)
    if not w.row:
        return None
    names = atoms(given, w) or []
    out = []
    for line, b in zip(components.tolist(), bias.tolist(), strict=True):
        terms = " + ".join(f"{n} * {w.number(c)}" for n, c in zip(names, line, strict=True))
        out.append(Scalar(w.row_let("p", f"{terms} + {w.number(b)}")))
    return tuple(out)


def PolynomialFeatures(est: Any, blocks: Blocks, w: Writer) -> Blocks:
    made = checked(blocks, w, nan=False)
    powers = np.asarray(est.powers_)
    if not len(powers):
        raise CannotServe("polynomial features without any")
    # each product is one of two that are there already: a lower one, and a feature
    x = made.array
    steps: list[
        tuple[int, int]
    ] = []  # of the products so far: place of the lower one (-1: none), feature (-1: the one)
    places: dict[tuple[int, ...], int] = {}
    order: list[tuple[int, ...]] = []

    def place(power: tuple[int, ...]) -> int:
        if power in places:
            return places[power]
        last = max((i for i, p in enumerate(power) if p), default=-1)
        if last < 0:
            steps.append((-1, -1))
        else:
            lower = tuple(p - (i == last) for i, p in enumerate(power))
            steps.append((place(lower) if any(lower) else -1, last))
        places[power] = len(order)
        order.append(power)
        return places[power]

    wanted = [place(tuple(int(p) for p in power)) for power in powers]
    lower = [a for a, _ in steps]
    features = [b for _, b in steps]
    names_ = [w.array(hint, np.array(v)) for hint, v in (("lower", lower), ("feature", features))]
    array = w.let("products", f"{w.helper(helpers.products)}({x}, {', '.join(names_)})")
    if wanted != list(range(len(steps))):
        array = w.let("products", f"{array}[:, {w.array('wanted', np.array(wanted))}]")
    scalars = None
    names = atoms(made, w) if w.row else None
    w.count(len(steps))
    if names is not None and w.row:
        texts: list[str] = []
        for a, b in steps:
            if b < 0:
                texts.append("1.0")
            elif a < 0:
                texts.append(names[b])
            else:
                texts.append(w.row_let("m", f"{texts[a]} * {names[b]}"))
        scalars = tuple(Scalar(texts[i]) for i in wanted)
    return [Numbers(array, len(wanted), scalars)]


def RBFSampler(est: Any, blocks: Blocks, w: Writer) -> Blocks:
    made = checked(blocks, w, nan=False, swallows=True)
    weights = np.asarray(est.random_weights_)
    if weights.dtype != np.float64:
        raise CannotServe("features that were drawn in another precision")
    scale = float((2.0 / est.n_components) ** 0.5)
    offset = w.array("offset", np.asarray(est.random_offset_, float))
    array = w.let("waves", f"np.cos({made.array} @ {w.array('weights', weights)} + {offset}) * {w.number(scale)}")
    return [Numbers(array, int(est.n_components), None)]


def Nystroem(est: Any, blocks: Blocks, w: Writer) -> Blocks:
    if est.kernel != "rbf":
        raise CannotServe(f"the kernel {est.kernel!r}")
    made = checked(blocks, w, nan=False, swallows=True)
    vectors = np.asarray(est.components_, float)
    gamma = 1.0 / vectors.shape[1] if est.gamma is None else float(est.gamma)
    near = f"{w.helper(helpers.rbf)}({made.array}, {rbf_around(vectors, w)}, {w.number(gamma)})"
    array = w.let("near", f"{near} @ {w.array('turned', np.asarray(est.normalization_, float).T)}")
    return [Numbers(array, int(est.normalization_.shape[0]), None)]


def rbf_around(vectors: NDArray[np.float64], w: Writer) -> str:
    """What `helpers.rbf` takes of vectors: around their middle, as squares of large numbers would cost digits."""
    middle = vectors.mean(axis=0)
    some = vectors - middle
    names = [w.array("middle", middle), w.array("vectors", some.T), w.array("squares", (some**2).sum(axis=1))]
    return ", ".join(names)
