"""Passes over nets, behind a tokeniser: they see arrays, and what they build answers texts.

`inside` is a workload of texts as one of tensors, which is what every pass over nets looks at and changes; `with_texts`
puts the tokeniser in front of what a pass built.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.core.model import HeldTokeniser, ModelWorkload, Rows, Tokenised
from hasten.core.model_pass import Built
from hasten.passes.model.texts.held import written
from hasten.serve.net import TextNet
from hasten.serve.texts import MOST_ROWS
from hasten.serve.tokens import JSON, opened

ALIKE = 5e-6  # of the largest score: what another padding may change and be nothing but rounding
SOME = 24  # texts that tell whether padding changes answers
CALLS, MANY = 5, 8  # of a size that is timed; rows of the larger size
OVERHEAD, STEP = 64.0, 0.0  # where nothing can be timed


def inside(work: ModelWorkload) -> ModelWorkload:
    """The workload with its net alone, and its texts as what the tokeniser makes of them; any other as it is."""
    model = work.model
    if not isinstance(model, TextNet):
        return work
    parts: dict[str, Any] = {
        n: _tokenised(model, rows) for n in ("valid", "train") if (rows := getattr(work, n)) is not None
    }
    return replace(work, model=model.net, **parts)


def _tokenised(net: TextNet, rows: Rows) -> Rows:
    texts = [str(t) for t in rows.x]
    return Rows(Tokenised(net.tokens(texts), tuple(texts)), rows.y)


def without_padding(net: TextNet, held: HeldTokeniser, texts: Sequence[str]) -> str | None:
    """The input that says which places of a row are text, where the net answers a row alike whatever padding stands
    behind it; None where there is none, or padding changes answers."""
    asked = _some(net, texts)
    whole = net.tokens(asked)
    scores = net.net.forward(_tensors(whole))
    if scores.dtype.kind != "f" or not np.isfinite(scores).all():
        return None
    largest = float(np.abs(scores).max()) if scores.size else 0.0
    for mask in _masks(held, whole):
        lengths = _lengths(held, whole, mask)
        if lengths is None or not lengths.all() or lengths.min() == lengths.max() == _width(whole):
            continue
        width = _width(whole)
        for row, length in enumerate(lengths.tolist()):
            alone = {
                n: np.ascontiguousarray(
                    a[row : row + 1, :length] if a.ndim == 2 and a.shape[1] == width else a[row : row + 1]
                )
                for n, a in whole.items()
            }
            try:
                one = net.net.forward(_tensors(alone))
            except Exception:  # noqa: BLE001 - a module that takes one length only may raise anything
                return None
            if one.shape[1:] != scores.shape[1:] or not np.abs(one[0] - scores[row]).max() <= ALIKE * largest:
                return None
        return mask
    return None


def _some(net: TextNet, texts: Sequence[str]) -> list[str]:
    """Short, long and other texts of the data."""
    ordered = sorted(dict.fromkeys(texts), key=len)
    ends = ordered[:2] + ordered[-2:]
    return list(dict.fromkeys([*ends, *ordered[:: max(1, len(ordered) // SOME)]]))[:SOME]


def _tensors(arrays: dict[str, NDArray[Any]]) -> Any:
    from hasten.core.model import Tensors

    return Tensors(arrays)


def _masks(held: HeldTokeniser, arrays: dict[str, NDArray[Any]]) -> list[str]:
    """Inputs that may say which places are text."""
    named = [n for n, what, _ in held.inputs if what == "mask"]
    if held.kind == JSON:
        return named[:1]
    ones = [
        n for n, a in arrays.items()
        if a.ndim == 2 and a.shape[1] == _width(arrays) and a.dtype.kind in "iub" and np.isin(a, (0, 1)).all()
    ]  # fmt: skip
    return ones[:1]


def _width(arrays: dict[str, NDArray[Any]]) -> int:
    return max((a.shape[1] for a in arrays.values() if a.ndim == 2), default=0)


def _lengths(held: HeldTokeniser, arrays: dict[str, NDArray[Any]], mask: str) -> NDArray[np.int64] | None:
    """How long each row is, where padding stands behind what counts."""
    found = arrays[mask] != 0
    lengths = found.sum(axis=1).astype(np.int64)
    behind = np.array_equal(np.arange(found.shape[1]) < lengths[:, None], found)
    return lengths if behind else None


def free_axes(net: TextNet, held: HeldTokeniser, widths: set[int]) -> dict[str, tuple[int, ...]]:
    """Which axes of the net's inputs vary from call to call: the steps, unless all texts are made one length."""
    arrays = net.tokens(["a", "a"])
    free = len(widths) > 1 or held.mask is not None
    width = _width(arrays)
    return {n: (1,) if free and a.ndim == 2 and a.shape[1] == width else () for n, a in arrays.items()}


def shortened(held: HeldTokeniser, tokens: int) -> HeldTokeniser:
    """A tokeniser that makes at most so many tokens of a text: the first ones, and what it puts around every text."""
    if held.kind != JSON:
        return replace(held, options={**held.options, "cut": tokens})
    ((name, text),) = held.files
    written = json.loads(text)
    before = written["truncation"] or {"direction": "Right", "strategy": "LongestFirst", "stride": 0}
    written["truncation"] = {**before, "max_length": tokens}
    padding = dict(held.options["padding"])
    padding["length"] = None if padding["length"] is None else min(padding["length"], tokens)
    file = (name, json.dumps(written, ensure_ascii=False, separators=(",", ":")))
    return replace(held, files=(file,), options={**held.options, "padding": padding})


def behind(work: ModelWorkload, held: HeldTokeniser | None) -> ModelWorkload:
    """A workload of tensors behind another way to hold its tokeniser: its texts are tokenised again."""
    if held is None or held == work.held:
        return work
    with tempfile.TemporaryDirectory(prefix="hasten-tokeniser-") as place:
        written(held, Path(place))
        tokenise = opened(held, Path(place))

        def again(rows: Rows | None) -> Rows | None:
            if rows is None or not isinstance(rows.x, Tokenised):
                return rows
            arrays = dict(zip(held.names, tokenise(list(rows.x.texts)).arrays(), strict=True))
            return Rows(Tokenised(arrays, rows.x.texts), rows.y)

        valid = again(work.valid)
        assert valid is not None
        return replace(work, held=held, valid=valid, train=again(work.train))


def with_texts(work: ModelWorkload, built: Built, folder: Path) -> Built:
    """What a pass built in `folder`, behind the tokeniser; anything but a net that was given texts as it is."""
    held = work.held
    if held is None or not isinstance(work.valid.x, Tokenised):
        return built
    written(held, folder)
    overhead, step = _costs(work.valid.x, built, folder) if held.mask is not None else (OVERHEAD, STEP)
    told = asdict(replace(held, files=()))
    options = {
        "backend": built.backend, "net": dict(built.options), "tokeniser": told, "overhead": overhead, "step": step,
    }  # fmt: skip
    return Built("texts", built.methods, options, tuple(dict.fromkeys((*built.packages, *held.packages))))


def _costs(x: Tokenised, built: Built, folder: Path) -> tuple[float, float]:
    """What a call costs, and each place of its length, in tokens of one more row: for `serve/texts.py`."""
    from hasten.serve.backends import BACKENDS

    width = _width(dict(x.arrays))
    short, long = max(1, width // 6), max(2, width // 2)
    try:
        # torch's threads are those of this whole process
        threads = None if "torch" in built.packages else 1
        ask = import_module(BACKENDS[built.backend]).load(folder, built.options, threads).method("forward")
        one, longer = _took(ask, x, 1, short), _took(ask, x, 1, long)
        many = _took(ask, x, min(MANY, MOST_ROWS), long)
    except Exception:  # noqa: BLE001 - grouping is for speed only: without figures a guess will do
        return OVERHEAD, STEP
    token = (many - longer) / (long * (MANY - 1))
    if not token > 0 or long == short:
        return OVERHEAD, STEP
    place = max(0.0, (longer - one) / (long - short) - token)
    return round(min(1e5, max(0.0, longer - long * (place + token)) / token), 1), round(min(1e3, place / token), 2)


def _took(ask: Callable[[list[NDArray[Any]]], Any], x: Tokenised, rows: int, width: int) -> float:
    """The shortest time of a few calls, s."""
    whole = _width(dict(x.arrays))
    places = np.arange(rows) % len(x)
    given = [
        np.ascontiguousarray(a[places, :width] if a.ndim == 2 and a.shape[1] == whole else a[places])
        for a in x.arrays.values()
    ]
    times = []
    for _ in range(CALLS):
        start = time.perf_counter()
        ask(given)
        times.append(time.perf_counter() - start)
    return min(times)


def most_tokens(net: TextNet, held: HeldTokeniser, known: int) -> int | None:
    """The most tokens of one text that the net answers, where it refuses longer ones that its tokeniser lets through;
    `known` are answered."""
    low, high = known, known
    while high < 16 * known + 64:
        high *= 2
        if not _answers(net, held, high):
            break
        low = high
    else:
        return None
    while low + 1 < high:
        middle = (low + high) // 2
        low, high = (middle, high) if _answers(net, held, middle) else (low, middle)
    return low


def _answers(net: TextNet, held: HeldTokeniser, length: int) -> bool:
    """Whether the net answers a row of so many tokens."""
    arrays = net.tokens(["a"])
    width = _width(arrays)
    made = {
        n: np.ascontiguousarray(np.resize(a, (1, length))) if a.ndim == 2 and a.shape[1] == width else a
        for n, a in arrays.items()
    }
    try:
        net.net.forward(_tensors(made))
    except Exception:  # noqa: BLE001 - what it refuses it refuses in its own way
        return False
    return True
