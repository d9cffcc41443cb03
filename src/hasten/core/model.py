"""A trained model as a workload: what it answers, on which data, how good that is, and what must stay true of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

# what a model may be asked, in the order in which reports list it
METHODS = ("predict", "predict_proba", "decision_function", "transform", "score_samples")
FORWARD = "forward"  # and what a neural net answers
LATENCY, THROUGHPUT, SIZE, MEMORY = "latency", "throughput", "size", "memory"


@dataclass(frozen=True)
class Drop:
    """How much worse a metric may become: in the metric's own unit, or a share of the original's value."""

    value: float = 0.0
    relative: bool = True

    @classmethod
    def parse(cls, text: object) -> Drop:
        """`0.5%` (of the original's value), `0.005` (in the metric's unit) or 0. Raises `ValueError`."""
        said = str(text).strip()
        relative = said.endswith("%")
        try:
            value = math.nan if isinstance(text, bool) else float(said.removesuffix("%")) / (100 if relative else 1)
        except ValueError:
            value = math.nan
        if not (0 <= value < (1 if relative else math.inf)):
            raise ValueError(f"{text!r} is not a drop; write 0.5% (of the score) or 0.005 (in its unit)")
        return cls(value, relative or not value)

    def of(self, score: float) -> float:
        """The drop in the metric's unit, given the original's score."""
        return self.value * abs(score) if self.relative else self.value

    def __str__(self) -> str:
        return f"{100 * self.value:g}%" if self.relative else f"{self.value:g}"


@dataclass(frozen=True)
class ModelContract:
    """What must stay true of a model.

    Without `max_drop` the same predictions are asked for: no label changes, and scores (probabilities, decision values,
    predicted numbers) differ by at most `rtol` of the largest of their kind. With it, `metric` may become worse by
    that much: the whole 95% interval of the paired difference on validation data must be inside, and data that the
    search never saw must agree. `agree` is the share of labels that must stay as they were in either case.
    `objective` is what decides among what is good enough: `latency@N` rows, `throughput`, `size` or `memory`.
    `explain` is how far what answers rest on must stay: the least mean rank correlation of attributions with the
    original's (`verify/attributions.py`).
    `batches` and `threads` are the numbers of rows and of threads (None: one, and all) at which latency is measured.
    """

    metric: str = ""
    max_drop: Drop | None = None
    agree: float | None = None
    explain: float | None = None
    rtol: float = 1e-5
    objective: str = "latency@1"
    batches: tuple[int, ...] = (1, 256)
    threads: tuple[int, ...] | None = None
    require: float | None = None
    confidence: float = 0.95

    @property
    def same(self) -> bool:
        """Whether the same predictions are asked for."""
        return self.max_drop is None or self.max_drop.value == 0 and self.agree is not None

    @property
    def wanted(self) -> tuple[str, int]:
        """What the objective is, and at how many rows."""
        kind, _, rows = self.objective.partition("@")
        return kind, int(rows) if rows else (max(self.batches) if kind == THROUGHPUT else min(self.batches))


@dataclass(frozen=True)
class Tensors:
    """What a neural net is given for n rows: an array of shape (n, ...) for each parameter of `forward`, in order."""

    arrays: Mapping[str, Any]

    def __post_init__(self) -> None:
        """Raises `ValueError` where there are none, or their numbers of rows differ."""
        rows = {name: len(a) for name, a in self.arrays.items()}
        if len(set(rows.values())) != 1:
            told = ", ".join(f"{name}: {n}" for name, n in rows.items()) or "none"
            raise ValueError(f"inputs of a net have the same number of rows, and these have not: {told}")

    def __len__(self) -> int:
        return len(next(iter(self.arrays.values())))

    def take(self, places: Any) -> Tensors:
        """The rows at `places` (a slice or row numbers), in that order."""
        return Tensors({name: a[places] for name, a in self.arrays.items()})


@dataclass(frozen=True)
class Tokenised(Tensors):
    """`Tensors` that a tokeniser made of these texts, padded to the longest."""

    texts: tuple[str, ...] = ()

    def take(self, places: Any) -> Tokenised:
        """The rows at `places`, with their texts."""
        chosen = self.texts[places] if isinstance(places, slice) else tuple(self.texts[i] for i in places)
        return Tokenised({name: a[places] for name, a in self.arrays.items()}, chosen)


@dataclass(frozen=True)
class HeldTokeniser:
    """What an artifact holds of a tokeniser, as plain data.

    `kind` is "json" (a file of the library `tokenizers`), "source" (a Python module that was generated from the user's
    functions and what they use) or "named" (a function of an installed package). `files` are names and contents,
    `options` what the kind needs (`serve/tokens.py`). `inputs` are the net's, in order: name, what it holds ("ids",
    "mask", "types"; of other kinds than "json" always "array"), and dtype. `mask` is the input that says which places
    are text, where padding behind a row changes nothing: then it may be left out. `most` tokens are what the original
    answers at most (None: any number). `packages` are what it imports.
    """

    kind: str
    inputs: tuple[tuple[str, str, str], ...]
    files: tuple[tuple[str, str], ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    mask: str | None = None
    most: int | None = None
    packages: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _, _ in self.inputs)


@dataclass(frozen=True)
class Rows:
    """Rows with their targets. `x` is a DataFrame, an array of shape (n, columns), a sequence of n texts, or `Tensors`;
    `y` is an array of shape (n,) or (n, outputs), or None."""

    x: Any
    y: Any = None

    def __len__(self) -> int:
        return len(self.x)

    def take(self, places: Sequence[int] | Any) -> Rows:
        """The rows at `places`, in that order."""
        return Rows(taken(self.x, places), None if self.y is None else taken(self.y, places))


def taken(x: Any, places: Any) -> Any:
    """Some rows of a DataFrame, Series, array, list or `Tensors`: `places` is a slice or a sequence of row numbers."""
    if isinstance(x, Tensors):
        return x.take(places)
    if hasattr(x, "iloc"):
        return x.iloc[places]
    if isinstance(x, (list, tuple)):
        return x[places] if isinstance(places, slice) else [x[i] for i in places]
    return x[places]


@dataclass(frozen=True)
class ModelWorkload:
    """A trained model with the data that judges it.

    `valid` is what the search looks at; `test` certifies once, at the end. `train` is what changes of the model itself
    (distillation, pruning) may learn from; without it they learn from a part of `valid`, which then judges nothing.
    `methods` are those of `METHODS` that the model answers on this data. `task` is "classification", "regression" or
    "other". `metric` is the name of a scikit-learn scorer, or a callable `metric(y, predictions) -> float` where more
    is better.

    A neural net is an `nn.Module`; its data may be a `Dataset`, a `DataLoader`, or `Rows` of arrays or tensors. `free`
    are the axes, besides rows, of each of its inputs whose length varies from call to call (None: found by asking it).
    What makes it smaller trains again: by `loss(scores, y)` (a tensor of one number, less is better) instead of the
    usual one for its task, or by `fit(module, dataset)` instead of hasten's own trainer (a `TensorDataset` of the
    inputs in order, then the targets; it may return the module). `student` is a smaller module, taking the same inputs,
    that may learn from it. `original` is the model before it was reduced (None: this is it).

    A net whose data are texts has a `tokeniser`: a fast tokeniser of Hugging Face, a `tokenizers.Tokenizer`, or a
    function from a list of texts to what the module is called with (a mapping by the names of its parameters, a tuple
    in their order, or one array). `held` is what an artifact holds of it; it is found, not given. `labels` are names of
    the classes, in the order of the scores.
    """

    model: Any
    valid: Rows
    test: Rows | None = None
    train: Rows | None = None
    name: str = "model"
    task: str = "other"
    methods: tuple[str, ...] = ("predict",)
    metric: Any = None
    notes: tuple[str, ...] = field(default=())
    free: Mapping[str, tuple[int, ...]] | None = None
    loss: Callable[[Any, Any], Any] | None = None
    fit: Callable[[Any, Any], Any] | None = None
    student: Any = None
    original: Any = None
    tokeniser: Any = None
    held: HeldTokeniser | None = None
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """`(X, y)` will do for `Rows`."""
        for name in ("valid", "test", "train"):
            given = getattr(self, name)
            if isinstance(given, tuple):
                object.__setattr__(self, name, Rows(*given))
