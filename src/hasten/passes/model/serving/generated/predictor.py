"""Puts a predictor together: the text of a module, its arrays, and what its backend must know."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from hasten.core.model_pass import CannotServe
from hasten.passes.model.serving.generated import helpers
from hasten.passes.model.serving.generated.answers import Answer, Head
from hasten.passes.model.serving.generated.blocks import Blocks, Raw
from hasten.passes.model.serving.generated.heads import head
from hasten.passes.model.serving.generated.heads.scores import dense
from hasten.passes.model.serving.generated.steps import translated
from hasten.passes.model.serving.generated.steps.checks import atoms
from hasten.passes.model.serving.generated.writer import Writer

SEARCHES = ("GridSearchCV", "RandomizedSearchCV", "HalvingGridSearchCV", "HalvingRandomSearchCV")
BACK = ("expm1", "exp", "square", "exp2", "log", "log1p", "sqrt")
PREDICTOR, ARRAYS, KEYS = "predictor.py", "arrays.npz", "keys.json"


@dataclass(frozen=True)
class InputColumn:
    """A column as the model's data has it. `lenient`: None means NaN (its dtype knows no other missing value)."""

    name: str
    number: bool
    lenient: bool
    date: bool = False


@dataclass(frozen=True)
class Inputs:
    """`form` is "frame", "array" or "texts"; `matrix`: the batch function takes one float64 matrix."""

    form: str
    columns: tuple[InputColumn, ...]
    matrix: bool


@dataclass(frozen=True)
class Written:
    """`used` are the places of the input columns that the functions take, in their order."""

    text: str
    arrays: Mapping[str, Any]
    keys: Mapping[str, Sequence[Any]]
    used: tuple[int, ...]
    takes: str
    row: bool
    packages: tuple[str, ...] = ()

    def write(self, folder: Path) -> None:
        (folder / PREDICTOR).write_text(self.text, encoding="utf-8")
        if self.arrays:
            np.savez(folder / ARRAYS, **self.arrays)
        if self.keys:
            (folder / KEYS).write_text(json.dumps(self.keys, ensure_ascii=False), encoding="utf-8")


def split(model: Any) -> tuple[list[Any], Any]:
    """The transformers of a fitted model in their order, and its final estimator (None: there is none)."""
    steps: list[Any] = []
    while (plain := unwrapped(model)) is not model or _is(model, "Pipeline"):
        if plain is not model:
            model = plain
            continue
        inner = [s for _, s in model.steps]
        steps += inner[:-1]
        model = inner[-1]
    if model is None or isinstance(model, str):
        return [*steps, model], None
    if hasattr(model, "transform") and not hasattr(model, "predict") and not _is(model, "PCA"):
        return [*steps, model], None
    if getattr(model, "_preprocessor", None) is not None and type(model).__name__.startswith("HistGradientBoosting"):
        return [*steps, model._preprocessor], _without_preprocessor(model)
    return steps, model


def _without_preprocessor(model: Any) -> Any:
    """Histogram gradient boosting that takes what its own encoder of categories makes."""
    inner = copy(model)
    inner._preprocessor = None
    if "feature_names_in_" in vars(inner):
        del inner.feature_names_in_
    return inner


def unwrapped(model: Any) -> Any:
    """What answers for a search over settings, or for a model of a transformed target."""
    if any(_is(model, name) for name in SEARCHES) and hasattr(model, "best_estimator_"):
        return model.best_estimator_
    return model.regressor_ if _is(model, "TransformedTargetRegressor") else model


def back(model: Any) -> str | None:
    """The function of NumPy that takes a transformed target back, where the model has one. Raises `CannotServe`."""
    while not _is(model, "TransformedTargetRegressor"):
        if (plain := unwrapped(model)) is model:
            if not _is(model, "Pipeline"):
                return None
            plain = model.steps[-1][1]
        model = plain
    step = model.transformer_
    name = next((n for n in BACK if getattr(step, "inverse_func", None) is getattr(np, n)), None)
    if name is None or not _is(step, "FunctionTransformer") or step.inv_kw_args or back(model.regressor_) is not None:
        raise CannotServe("a target that is transformed by something else than NumPy's functions")
    if model._training_dim != 1:
        raise CannotServe("several transformed targets")
    return name


def _is(model: Any, name: str) -> bool:
    return type(model).__name__ == name and type(model).__module__.startswith("sklearn.")


def written(
    model: Any, inputs: Inputs, methods: tuple[str, ...], *, matrix_only: bool = False,
    single: frozenset[str] = frozenset(),
) -> Written:  # fmt: skip
    """The predictor of a fitted model; `matrix_only`: only what makes the matrix that its final estimator takes. The
    methods in `single` answer float32."""
    w = Writer([c.name for c in inputs.columns], inputs.matrix)
    w.row = not single
    steps, last = split(model)
    w.open = matrix_only or last is None
    blocks = _blocks(inputs, w)
    for step in steps:
        blocks = translated(step, blocks, w)
    if last is None and not matrix_only:
        if methods != ("transform",):
            raise CannotServe(f"{type(steps[-1]).__name__} answers more than transform")
        made = _transformed(steps)
        blocks = [dense(blocks, w)]
    elif matrix_only:
        made = Head({"matrix": Answer("x", of="x")}, matrix=True)
        blocks = [dense(blocks, w)]
    else:
        made = head(last, blocks, w, methods)
        absent = [m for m in methods if m not in made.answers]
        if absent:
            raise CannotServe(f"{type(last).__name__}: {', '.join(absent)} is not translated")
        if made.matrix:
            blocks = [dense(blocks, w)]
        if (function := back(model)) is not None:
            # the target's way back takes finite numbers only
            plain = made.answers["predict"].batch
            answer = Answer(f"np.{function}({w.helper(helpers.finite)}({plain}))")
            made = replace(made, answers={"predict": answer})
    dates = [inputs.columns[i].name for i in w.used if inputs.columns[i].date]
    if dates:
        raise CannotServe(f"dates in {', '.join(dates)}")
    answers = {
        m: replace(a, batch=f"np.asarray({a.batch}, np.float32)") if m in single else a for m, a in made.answers.items()
    }
    made = replace(made, answers=answers)
    return _Assembly(model, inputs, methods if not matrix_only else ("matrix",), w, made, blocks).written()


def _transformed(steps: Sequence[Any]) -> Head:
    # between steps DataFrames hold the same numbers
    if getattr(steps[-1], "_sklearn_output_config", {}).get("transform", "default") != "default":
        raise CannotServe(f"{type(steps[-1]).__name__} gives DataFrames (set_output)")
    if any(getattr(s, "sparse_output_", False) or getattr(s, "sparse_output", False) for s in steps):
        raise CannotServe("its transform gives a sparse matrix")
    return Head({"transform": Answer("x", of="x")}, matrix=True)


def _blocks(inputs: Inputs, w: Writer) -> Blocks:
    n = len(inputs.columns)
    if inputs.matrix:
        arrays = tuple(f"x[:, {i}]" for i in range(n))
    else:
        arrays = tuple(f"columns[@{i}@]" for i in range(n))  # their places are known once all that is used is
    return [
        Raw(
            arrays, tuple(w.parameters), tuple(w.names), tuple(c.number for c in inputs.columns),
            tuple(c.lenient for c in inputs.columns), tuple(range(n)),
        )
    ]  # fmt: skip


class _Assembly:
    def __init__(
        self, model: Any, inputs: Inputs, methods: tuple[str, ...], w: Writer, made: Head, blocks: Blocks
    ) -> None:
        self.model, self.inputs, self.methods, self.w, self.head, self.blocks = model, inputs, methods, w, made, blocks
        self.strict = inputs.form == "frame" and not _by_name(model)
        everything = inputs.matrix or self.strict or inputs.form != "frame"
        self.named = inputs.form != "texts"  # whether a row has names
        self.used = tuple(range(len(inputs.columns))) if everything else tuple(sorted(w.used))
        self.given = "x" if inputs.matrix else "columns"

    def written(self) -> Written:
        w, made = self.w, self.head
        body: list[str] = []
        row = w.row
        if made.matrix:
            features = dense(self.blocks, w)
            names = (
                atoms(features, w) if row and features.scalars is not None and len(features.scalars) <= 200 else None
            )
            row = row and w.row and names is not None
            body.append(_function("_features", self.given, w.lines, features.array, "The matrix that the model takes."))
            body.append(_function("_scores", "x", made.lines, "z", "")) if made.lines else None
            if row and names is not None:
                text = f"np.array([[{', '.join(names)}]], np.float64)"
                body.append(_function("_row_features", self._signature(), w.row_lines, text, "`_features` of one row."))
        else:
            row = row and made.row is not None
            body.append(_function("_scores", self.given, w.lines, "z", "The scores of rows."))
            if row and made.row is not None:
                lines = list(w.row_lines)
                for name, text in zip(made.row_names, made.row, strict=True):
                    lines.append(f"{name} = {text}")
                together = " + ".join(made.row_names)
                if len(made.row_names) > 1:
                    lines.append(f"total = {together}")
                    together = "total"
                lines += [f"if {together} - {together} != 0.0:", '    raise ValueError("not finite")']
                body.append(
                    _function("_score", self._signature(), lines, ", ".join(made.row_names), "`_scores` of one row.")
                )
        for method in self.methods:
            body.append(self._batch(method))
            if row:
                body.append(self._cells(method))
                if self.named:
                    body.append(self._row(method))
        if row and self.named:
            body.append(self._columns())
        text = _resolved("\n\n\n".join([*self._head(row), *body]) + "\n", self.used)
        packages = tuple(sorted(w.packages))
        takes = "matrix" if self.inputs.matrix else ("texts" if self.inputs.form == "texts" else "cells")
        return Written(text, w.arrays, w.keys, self.used, takes, row, packages)

    # --- pieces ----------------------------------------------------------------------------------------------------

    def _head(self, row: bool) -> list[str]:
        w = self.w
        name = type(self.model).__name__
        what = "columns" if not self.inputs.matrix else "a float64 matrix (n, columns)"
        told = [
            f'"""{name}, written out with its fitted parameters by hasten. It needs NumPy only.',
            "",
            f"`{self.methods[0]}({self.given})` takes {what}" + (
                f"; `{self.methods[0]}_row(row)` one row as a dict." if row and self.named else "."
            ),
            '"""',
        ]  # fmt: skip
        lines = ["import math"]
        if w.arrays or w.keys:
            lines.append("from pathlib import Path")
        lines += sorted(w.imports)
        if w.keys:
            lines.insert(0, "import json")
        lines += ["", "import numpy as np"]
        constants = []
        if w.arrays:
            constants.append(f'with np.load(Path(__file__).with_name("{ARRAYS}")) as file:\n    ARRAYS = dict(file)')
        if w.keys:
            constants.append(f'KEYS = json.loads(Path(__file__).with_name("{KEYS}").read_text(encoding="utf-8"))')
        if row and self.named:
            constants.append(f"NAMES = {tuple(self.w.names[i] for i in self.used)!r}")
            if not self.inputs.matrix:
                some = [self.inputs.columns[i] for i in self.used]
                constants.append(f"NUMBERS = {tuple(c.number for c in some)}  # columns of numbers")
                constants.append(f"LENIENT = {tuple(c.lenient for c in some)}  # columns in which None is NaN")
        if row:
            constants.append("UNUSUAL = (LookupError, TypeError, ValueError, ArithmeticError, AttributeError)")
        out = ["\n".join(told) + "\n\n" + "\n".join(lines) + "\n\n" + "\n".join([*constants, *w.constants])]
        helpers = w.helper_text()
        return [*out, *([helpers] if helpers else []), *w.functions]

    def _signature(self) -> str:
        return ", ".join(self.w.parameters[i] for i in self.used)

    def _batch(self, method: str) -> str:
        answer = self.head.answers[method]
        lines = [f"if not len({self._first()}):"]
        lines.append('    raise ValueError("Found array with 0 sample(s) while a minimum of 1 is required")')
        if self.head.matrix:
            lines.append(f"x = _features({self.given})")
            if answer.of == "z":
                lines.append("z = _scores(x)")
        else:
            lines.append(f"z = _scores({self.given})")
        return _function(method, self.given, lines, answer.batch, f"`{method}` of rows.")

    def _first(self) -> str:
        return "x" if self.inputs.matrix else "columns[0]"

    def _ask(self, method: str, arguments: str) -> list[str]:
        """Lines that ask for one row, the last of which returns."""
        answer = self.head.answers[method]
        if self.head.matrix:
            lines = [f"x = _row_features({arguments})"]
            if answer.of == "z":
                lines.append("z = _scores(x)")
            return [*lines, f"return {answer.batch}"]
        names = self.head.row_names
        lines = [f"{', '.join(names)} = _score({arguments})"]
        if answer.row is not None:
            return [*lines, *answer.row]
        again = "z = np.array([z])" if names == ["z"] else f"z = np.array([[{', '.join(names)}]])"
        return [*lines, again, f"return {answer.batch}"]

    def _cells(self, method: str) -> str:
        order = ", in the order of `NAMES`" if self.named else ""
        told = f'"""`{method}` of one row given as its cells{order}."""'
        return _lines(f"def {method}_cells(cells):", told, self._ask(method, "*cells"))

    def _row(self, method: str) -> str:
        arguments = ", ".join(f"row[{self.w.names[i]!r}]" for i in self.used)
        lines = self._ask(method, arguments)
        if self.strict:
            lines.insert(0, f"if len(row) != {len(self.used)}:")
            lines.insert(1, f"    return {method}(_columns(row))")
        wrapped = ["try:", *(f"    {x}" for x in lines)]
        wrapped += [
            "except UNUSUAL:  # arrays tell what is wrong, if anything is",
            f"    return {method}(_columns(row))",
        ]
        return _lines(f"def {method}_row(row):", f'"""`{method}` of one row, a dict by column names."""', wrapped)

    def _columns(self) -> str:
        """From a dict to what the batch functions take."""
        lines = [
            "row = {str(name): value for name, value in row.items()}",
            "missing = [n for n in NAMES if n not in row]",
            "if missing:",
            '    raise ValueError(f"columns are missing: {missing}")',
        ]
        if self.strict:
            lines += [
                "if len(row) != len(NAMES):",
                '    raise ValueError(f"not columns of the training data: {[n for n in row if n not in NAMES]}")',
            ]
        if self.inputs.matrix:
            end = "np.array([[math.nan if row[n] is None else row[n] for n in NAMES]], np.float64)"
            return _function("_columns", "row", lines, end, "A row as arrays.")
        lines.append("columns = []")
        lines.append("for name, number, lenient in zip(NAMES, NUMBERS, LENIENT):")
        lines.append("    value = math.nan if lenient and row[name] is None else row[name]")
        lines.append("    column = np.empty(1, np.float64 if number else object)")
        lines.append("    column[0] = value")
        lines.append("    columns.append(column)")
        return _function("_columns", "row", lines, "columns", "A row as arrays.")


def _by_name(model: Any) -> bool:
    """Whether columns are looked up by name, so that others may stand beside them."""
    while (plain := unwrapped(model)) is not model or _is(model, "Pipeline"):
        model = plain if plain is not model else model.steps[0][1]
    return type(model).__name__ == "ColumnTransformer" or getattr(model, "_preprocessor", None) is not None


def _function(name: str, arguments: str, lines: Sequence[str], result: str, told: str) -> str:
    return _lines(f"def {name}({arguments}):", f'"""{told}"""' if told else "", [*lines, f"return {result}"])


def _lines(head_: str, told: str, lines: Sequence[str]) -> str:
    return "\n".join([head_, *([f"    {told}"] if told else []), *(f"    {x}" for x in lines)])


def _resolved(text: str, used: tuple[int, ...]) -> str:
    """Write the places of columns among those in use."""
    for at, place in enumerate(used):
        text = text.replace(f"columns[@{place}@]", f"columns[{at}]")
    return text
