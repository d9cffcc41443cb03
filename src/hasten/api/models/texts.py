"""A net of texts and its data, as users have them, as a workload: a module, its tokeniser, and texts with targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.api.models.fit import Complaints
from hasten.core.model import FORWARD, ModelWorkload, Rows
from hasten.passes.model.texts.behind import free_axes, most_tokens, without_padding
from hasten.passes.model.texts.held import NoTokeniser, found, odd_texts
from hasten.serve.net import Net, TextNet, parameters_of
from hasten.serve.tokens import strings

LOOKED_AT = 2000  # texts on which a tokeniser is compared with what is held of it


def takes_texts(work: ModelWorkload) -> bool:
    """Whether a net is given texts."""
    return work.tokeniser is not None or isinstance(work.model, TextNet) or _first_text(work.valid) is not None


def text_workload(work: ModelWorkload, wrong: Complaints) -> ModelWorkload:
    """`work` with its module behind its tokeniser, its data as lists of texts. What does not fit goes to `wrong`."""
    if isinstance(work.model, TextNet):
        return work
    if work.tokeniser is None:
        wrong.add(
            "the data are texts: which tokeniser makes the module's inputs of them? ModelWorkload(..., tokeniser=...): "
            "one of Hugging Face, of the library tokenizers, or a function of a list of texts"
        )
    parts: dict[str, Any] = {}
    for name in ("valid", "test", "train"):
        given = getattr(work, name)
        if given is not None:
            try:
                parts[name] = text_rows(given)
            except (TypeError, ValueError) as error:
                wrong.add(f"{name}: {error}")
    wrong.raise_any()
    texts = list(parts["valid"].x)
    made = None
    try:
        made = found(work.tokeniser, parameters_of(work.model), texts[:LOOKED_AT], longest_of(work.model))
    except NoTokeniser as error:
        wrong.add(str(error))
    wrong.raise_any()
    assert made is not None
    net = TextNet(Net(work.model, made.held.names), made.ask)
    answer = _probe(net, texts, wrong)
    held = replace(made.held, mask=without_padding(net, made.held, texts))
    widths = {_width(net, t) for t in ("a", *sorted(texts, key=len)[-2:], *odd_texts(texts)[-4:])}
    free = free_axes(net, held, widths)
    if any(free.values()) and not _answered(net, odd_texts(texts)[-1]):
        known = max(_width(net, t) for t in sorted(texts, key=len)[-2:])
        held = replace(held, most=most_tokens(net, held, known))
    task = work.task if work.task != "other" else task_of_net(answer, parts["valid"].y)
    if task == "classification":
        net.net.classes_ = np.arange(answer.shape[1] if answer.ndim > 1 and answer.shape[1] > 1 else 2)
    notes = work.notes
    if held.mask is None and len(widths) > 1:
        notes = (*notes, "answers change with the padding of the longest text in a call: it stays as it is")
    return replace(work, model=net, methods=(FORWARD,), task=task, held=held, free=free, notes=notes, **parts)


def text_rows(given: Any) -> Rows:
    """Texts and targets: `Rows`, `(texts, y)`, or a `Dataset`, `DataLoader` or list of batches or items with texts.
    Raises `TypeError` and `ValueError`."""
    if isinstance(given, tuple) and len(given) == 2:
        given = Rows(*given)
    if isinstance(given, Rows):
        return Rows(strings(given.x), None if given.y is None else _targets(given.y))
    if not hasattr(given, "__iter__") and not hasattr(given, "__getitem__"):
        raise TypeError(f"texts come as Rows, (texts, y), a Dataset or a DataLoader, not {type(given).__name__}")
    items = given if hasattr(given, "__iter__") else (given[i] for i in range(len(given)))
    texts: list[str] = []
    targets: list[Any] = []
    for item in items:
        x, y = item if isinstance(item, (tuple, list)) and len(item) == 2 else (item, None)
        one = isinstance(x, str)
        texts += [x] if one else strings(x)
        if y is not None:
            targets += [_number(y)] if one else list(_targets(y))
    if targets and len(targets) != len(texts):
        raise ValueError(f"{len(texts)} texts, and {len(targets)} targets")
    return Rows(strings(texts), np.asarray(targets) if targets else None)


def longest_of(module: Any) -> int | None:
    """How many tokens a model of Hugging Face takes at most, by its configuration."""
    config = getattr(module, "config", None)
    most = getattr(config, "max_position_embeddings", None)
    if not isinstance(most, int) or most <= 0:
        return None
    # positions of these begin behind that of padding
    shifted = getattr(config, "model_type", "") in (
        "roberta",
        "xlm-roberta",
        "camembert",
        "mpnet",
        "longformer",
        "xmod",
    )
    return most - (int(getattr(config, "pad_token_id", None) or 0) + 1 if shifted else 0)


def _first_text(given: Any) -> str | None:
    """The first of some data, where that is a text."""
    x: Any = given.x if isinstance(given, Rows) else given[0] if isinstance(given, tuple) and given else None
    if x is None and not isinstance(given, Rows):
        try:
            x = given[0]
        except Exception:  # noqa: BLE001 - a loader, or a user's own class, may raise anything
            return None
    try:
        first = x if isinstance(x, str) else x.iloc[0] if hasattr(x, "iloc") else x[0]
    except Exception:  # noqa: BLE001 - as above
        return None
    return first if isinstance(first, str) else None


def _targets(y: Any) -> NDArray[Any]:
    value = y.detach().cpu().numpy() if hasattr(y, "detach") else np.asarray(y)
    if value.dtype.kind not in "iufb":
        raise ValueError(f"targets of a net are numbers, and these are {value.dtype}: give the numbers of the classes")
    return np.asarray(value)


def _number(y: Any) -> Any:
    return y.item() if hasattr(y, "item") else y


def _probe(net: TextNet, texts: Sequence[str], wrong: Complaints) -> NDArray[Any]:
    some = list(texts[:4])
    try:
        answer = net.forward(some)
    except Exception as error:
        wrong.add(f"the net does not take what its tokeniser makes of the data: {type(error).__name__}: {error}")
        wrong.raise_any()
        raise
    if not answer.ndim or len(answer) != len(some):
        wrong.add(f"the net answers shape {answer.shape} to {len(some)} texts: its answers should have the rows first")
        wrong.raise_any()
    return answer


def _width(net: TextNet, text: str) -> int:
    """Steps that a text becomes; 0 where the tokeniser refuses it."""
    try:
        return max((a.shape[1] for a in net.tokens([text]).values() if a.ndim == 2), default=0)
    except Exception:  # noqa: BLE001 - a tokeniser may refuse odd texts in its own way
        return 0


def _answered(net: TextNet, text: str) -> bool:
    try:
        net.forward([text])
    except Exception:  # noqa: BLE001 - a module may refuse what is too long in its own way
        return False
    return True


def task_of_net(answer: NDArray[Any], y: NDArray[Any] | None) -> str:
    """Whole numbers as targets, one a row, are classes."""
    if y is None or answer.dtype.kind != "f":
        return "other"
    if y.dtype.kind in "iub" and y.ndim == 1 and (answer.ndim == 1 or answer.ndim == 2):
        return "classification"
    return "regression" if y.dtype.kind == "f" and y.size == answer[:1].size * len(y) else "other"
