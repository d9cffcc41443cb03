"""A neural net and its data, as users have them, as a workload: a module, and datasets, loaders, arrays or tensors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.api.models.fit import Complaints
from hasten.api.models.texts import takes_texts, task_of_net, text_workload
from hasten.core.model import FORWARD, ModelWorkload, Rows, Tensors
from hasten.serve.devices import CPU
from hasten.serve.net import Net, OnnxNet, is_net, parameters_of

TARGETS = ("labels", "label", "targets", "target", "y")  # what a mapping of a batch calls its targets
ON_CARD = "the module lies on a graphics card: it is asked there, and what is faster there or on the processor is kept"
PADS = ("attention_mask", "mask")  # where a mapping has one of these, shorter batches may be filled up with zeros


def net_workload(work: ModelWorkload, wrong: Complaints) -> ModelWorkload:
    """`work` with its module as a `Net` and its data as `Tensors` (or texts, behind a tokeniser: `texts.py`). What does
    not fit goes to `wrong`."""
    if isinstance(work.model, Net):
        return work
    if not isinstance(work.model, OnnxNet) and takes_texts(work):
        return text_workload(work, wrong)
    parameters = inputs_named(work.model)
    parts: dict[str, Any] = {}
    for name in ("valid", "test", "train"):
        given = getattr(work, name)
        if given is not None:
            try:
                parts[name] = net_rows(given, parameters)
            except (TypeError, ValueError) as error:
                wrong.add(f"{name}: {error}")
    wrong.raise_any()
    first = parts["valid"].x
    for name, rows in parts.items():
        if list(rows.x.arrays) != list(first.arrays):
            wrong.add(f"{name} has inputs {', '.join(rows.x.arrays)}, and valid has {', '.join(first.arrays)}")
    wrong.raise_any()
    net = work.model if isinstance(work.model, OnnxNet) else Net(work.model, tuple(first.arrays))
    answer = _probe(net, first, wrong)
    if isinstance(net, Net) and net.device != CPU:
        work = replace(work, notes=(*work.notes, ON_CARD))
    task = work.task if work.task != "other" else task_of_net(answer, parts["valid"].y)
    if task == "classification":
        net.classes_ = np.arange(answer.shape[1] if answer.ndim > 1 and answer.shape[1] > 1 else 2)
    return replace(work, model=net, methods=(FORWARD,), task=task, **parts)


def inputs_named(model: Any) -> list[str]:
    """The names of what a module or a graph takes, in order."""
    return list(model.names) if is_net(model) else parameters_of(model)


def net_rows(given: Any, parameters: Sequence[str]) -> Rows:
    """A `DataLoader`, a `Dataset`, a list of batches, `Rows` or `(X, y)` as rows of tensors.

    A batch or an item is `(x, y)`, `(a, b, ..., y)` or a mapping of inputs by the names of the module's parameters,
    its targets among them (`labels`, `label`, `targets`, `target`, `y`). Raises `TypeError` and `ValueError`.
    """
    if isinstance(given, tuple) and len(given) == 2:
        given = Rows(*given)
    if isinstance(given, Rows):
        return Rows(_inputs(given.x, parameters), None if given.y is None else _array(given.y))
    batches = list(_batches(given))
    if not batches:
        raise ValueError("it holds no rows")
    inputs = [b[0] for b in batches]
    targets = [b[1] for b in batches]
    x = {name: _joined(name, [_array(i[name]) for i in inputs], inputs) for name in inputs[0]}
    y = None if targets[0] is None else np.concatenate([np.atleast_1d(_array(t)) for t in targets])
    return Rows(_inputs(x if len(x) > 1 or "" not in x else x[""], parameters), y)


def _batches(given: Any) -> Iterator[tuple[dict[str, Any], Any]]:
    """Inputs by name (places, where they have none: "", "1", ...) and targets, batch by batch."""
    loader = given
    items = hasattr(given, "__getitem__") and hasattr(given, "__len__") and not hasattr(given, "batch_size")
    if items and not isinstance(given, (list, tuple)):
        loader = (
            _stacked_items([given[i] for i in range(at, min(at + 256, len(given)))]) for at in range(0, len(given), 256)
        )
    elif not hasattr(given, "__iter__"):
        raise TypeError(f"data of a net is a DataLoader, a Dataset, Rows or (X, y), not {type(given).__name__}")
    for batch in loader:
        yield _split(batch)


def _stacked_items(items: list[Any]) -> Any:
    from torch.utils.data import default_collate

    return default_collate(items)


def _split(batch: Any) -> tuple[dict[str, Any], Any]:
    if isinstance(batch, Mapping):
        name = next((t for t in TARGETS if t in batch), None)
        return {k: v for k, v in batch.items() if k != name}, None if name is None else batch[name]
    if isinstance(batch, (list, tuple)):
        if len(batch) == 2 and isinstance(batch[0], Mapping):
            return dict(batch[0]), batch[1]
        if len(batch) == 2 and isinstance(batch[0], (list, tuple)):
            return {str(i): a for i, a in enumerate(batch[0])}, batch[1]
        if len(batch) == 1:
            return {"": batch[0]}, None
        if len(batch) == 2:
            return {"": batch[0]}, batch[1]
        return {str(i): a for i, a in enumerate(batch[:-1])}, batch[-1]
    return {"": batch}, None


def _joined(name: str, arrays: list[NDArray[Any]], inputs: list[dict[str, Any]]) -> NDArray[Any]:
    """Batches of one input behind each other; where lengths differ and a mask says which are real, filled up."""
    shapes = {a.shape[1:] for a in arrays}
    if len(shapes) > 1:
        if len({len(s) for s in shapes}) > 1 or not any(p in inputs[0] for p in PADS):
            raise ValueError(
                f"{name or 'the input'} has rows of different shapes ({', '.join(map(str, sorted(shapes)[:4]))}): pad "
                f"them to one length, or give a mask ({' or '.join(PADS)}) beside them"
            )
        longest = np.max([a.shape[1:] for a in arrays], axis=0)
        arrays = [
            np.pad(a, [(0, 0), *((0, int(m - n)) for n, m in zip(a.shape[1:], longest, strict=True))]) for a in arrays
        ]
    return np.concatenate(arrays)


def _inputs(x: Any, parameters: Sequence[str]) -> Tensors:
    """Inputs by the names of the module's parameters."""
    if isinstance(x, Tensors):
        return x
    if isinstance(x, Mapping):
        if all(str(k).isdigit() for k in x):
            values = list(x.values())
            if len(values) > len(parameters):
                raise ValueError(f"{len(values)} inputs, and the module takes {', '.join(parameters)}")
            return Tensors({n: _array(v) for n, v in zip(parameters, values, strict=False)})
        unknown = [k for k in x if k not in parameters]
        if unknown:
            raise ValueError(f"no parameters of the module: {', '.join(map(str, unknown))} ({', '.join(parameters)})")
        return Tensors({n: _array(x[n]) for n in parameters if n in x})
    if isinstance(x, tuple):
        return _inputs({str(i): a for i, a in enumerate(x)}, parameters)
    if not parameters:
        raise ValueError("the module's forward takes no named parameter: name them, or wrap it in a module that does")
    return Tensors({parameters[0]: _array(x)})


def _array(value: Any) -> NDArray[Any]:
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    array = np.asarray(value)
    if array.dtype.kind not in "iufb":
        raise ValueError(f"a net takes numbers, and these are {array.dtype}")
    return array


def _probe(net: Net | OnnxNet, x: Tensors, wrong: Complaints) -> NDArray[Any]:
    """The scores of a few rows: does the net take the data at all?"""
    some = x.take(slice(0, 4))
    try:
        answer = net.forward(some)
    except Exception as error:
        shapes = ", ".join(f"{n}: {a.dtype} {a.shape}" for n, a in some.arrays.items())
        wrong.add(f"the net does not take its validation data ({shapes}): {type(error).__name__}: {error}")
        wrong.raise_any()
        raise
    if not answer.ndim or len(answer) != len(some):
        wrong.add(f"the net answers shape {answer.shape} to {len(some)} rows: its answers should have the rows first")
        wrong.raise_any()
    return answer
