"""ONNX Runtime.

What it does     converts an estimator or a whole pipeline into ONNX graphs (skl2onnx, onnxmltools, CatBoost's own), and
                 lets ONNX Runtime answer: labels, probabilities, raw scores.
When it wins     single rows of anything (no validation, no Python inside), forests and boosters, whole pipelines.
Precision        float64 where the converter gives it; trees compare in float64 and add up in float32; else float32, and
                 the judge decides.
Traps            probabilities as lists of dicts (switched off), thread pools that wait busily (switched off), labels of
                 another dtype, converters that say float64 and give float32 (`onnx_graphs.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from hasten.core.model import ModelWorkload
from hasten.core.model_pass import Built, CannotServe, Parameters
from hasten.core.recipe import Risk
from hasten.passes.model.serving.answers_as import answers_as, matrix_of, some_rows
from hasten.passes.model.serving.onnx_graphs import Fed, plain_words
from hasten.passes.model.serving.onnx_trees import rounds_inputs
from hasten.serve.backends.onnx import session
from hasten.serve.backends.onnx_file import OnnxFile

BOOSTERS = ("lightgbm", "xgboost", "catboost")
FAMILIES = ("sklearn", *BOOSTERS)


@dataclass(frozen=True)
class OnnxRuntime:
    code: ClassVar[str] = "HSM111"
    name: ClassVar[str] = "ONNX Runtime"
    risk: ClassVar[Risk] = Risk.ROUNDING
    packages: ClassVar[tuple[str, ...]] = ("onnxruntime", "skl2onnx", "onnx")

    def parameters(self, work: ModelWorkload) -> Iterator[Parameters]:
        if type(work.model).__module__.partition(".")[0] in FAMILIES or isinstance(work.model, OnnxFile):
            yield {}

    def build(self, work: ModelWorkload, folder: Path, parameters: Parameters) -> Built:
        from hasten.passes.model.serving.onnx_graphs import graphs, said

        boosted = type(work.model).__module__.partition(".")[0] in BOOSTERS
        told: list[str] = []
        options: dict[str, Any] | None = None
        files: list[str] = []
        for precision in ("float32",) if boosted or isinstance(work.model, OnnxFile) else ("float64", "float32"):
            try:
                inputs = inputs_of(work, precision)
                files = graphs(work.model, inputs, work.methods, folder)
                options = self._answering(work, folder, files, inputs)
                break
            except Exception as error:  # noqa: BLE001 - converters raise anything; what they say is the reason
                told.append(f"{precision}: {said(error)}")
        if options is None:
            raise CannotServe("; ".join(told))
        used = {how["output"].partition("/")[0] for how in options["answers"].values()}
        for file in set(files) - used:
            (folder / file).unlink()
        return Built("onnx", work.methods, {**options, "files": sorted(used)}, ("onnxruntime",))

    def _answering(self, work: ModelWorkload, folder: Path, files: list[str], inputs: list[Fed]) -> dict[str, Any]:
        rows = some_rows(work)
        fed = [f.option for f in inputs]
        given = feed(fed, rows)
        outputs: dict[str, NDArray[Any]] = {}
        for file in files:
            graph = session(str(folder / file))
            taken = {i.name for i in graph.get_inputs()}
            fed = [[f[0] if f[0] in taken else "", *f[1:]] for f in fed]
            names = [o.name for o in graph.get_outputs() if o.type.startswith("tensor")]
            for name, raw in zip(names, graph.run(names, {n: v for n, v in given.items() if n in taken}), strict=True):
                outputs[f"{file}/{name}"] = np.asarray(raw)
        if "transform" in work.methods and "predict" in work.methods and "model.onnx" in files:
            from hasten.passes.model.serving.onnx_graphs import transform_graph

            if transform_graph(work.model, folder / "model.onnx", given, rows, folder / "transform.onnx"):
                files.append("transform.onnx")
                graph = session(str(folder / "transform.onnx"))
                outputs["transform.onnx/transformed"] = np.asarray(graph.run(None, dict(given))[0])
        offset = getattr(work.model, "offset_", None)
        plus = {"score_samples": float(offset)} if isinstance(offset, (int, float, np.floating)) else {}
        return {"inputs": fed, "answers": answers_as(work, outputs, rows, plus, by_scores=_by_scores(work.model))}


def feed(inputs: list[list[Any]], rows: Any) -> Mapping[str, Any]:
    """The rows as a graph is fed."""
    from hasten.serve.backends.onnx import Feeds

    feeds = Feeds(inputs)
    if feeds.matrix is not None:
        matrix = matrix_of(rows)
        assert matrix is not None
        name, dtype, rounded = feeds.matrix
        return {name: (matrix.astype(np.float32) if rounded else matrix).astype(dtype)}
    if hasattr(rows, "iloc") and hasattr(rows, "columns"):
        return feeds.columns([rows.iloc[:, i].to_numpy() for i in range(rows.shape[1])])
    return feeds.columns([np.asarray(rows, object)])


def inputs_of(work: ModelWorkload, precision: str) -> list[Fed]:
    """The inputs of a graph for these rows. Raises `CannotServe` for columns that are neither numbers nor texts."""
    x = work.valid.x
    matrix = matrix_of(x)
    if isinstance(work.model, OnnxFile):
        return of_file(work.model)
    named = _by_name(work.model)
    if matrix is not None and not named:
        rounded = "rounded " if precision == "float64" and rounds_inputs(work.model) else ""
        return [Fed("X", f"{rounded}matrix:{precision}", matrix.shape[1])]
    if not (hasattr(x, "columns") and hasattr(x, "iloc")):
        if isinstance(x, np.ndarray) and x.ndim > 1:
            raise CannotServe(f"rows of {x.dtype} are no numbers")
        first = work.model.steps[0][1] if hasattr(work.model, "steps") else work.model
        lower = plain_words(first) and first.lowercase and (first.encoding, first.decode_error) == ("utf-8", "strict")
        return [Fed("text", "flat lower text" if lower else "flat text")]
    encoded = _encoded(work.model, list(x.columns))
    fed = []
    for name, dtype in zip(x.columns, x.dtypes, strict=True):
        kind = getattr(dtype, "kind", "O")
        if kind in "mMc":
            raise CannotServe(f"column {name!r} is of dtype {dtype}")
        if kind in "iub" and name in encoded:
            fed.append(Fed(str(name), "int64"))
        elif kind in "iufb":
            fed.append(Fed(str(name), precision))
        else:
            fed.append(Fed(str(name), "text", known=encoded.get(name)))
    return fed


def of_file(model: OnnxFile) -> list[Fed]:
    """The inputs of a graph that is there already. Raises `CannotServe` for others than numbers and texts."""
    kinds = {"float": "float32", "double": "float64", "int64": "int64", "string": "text"}
    fed = []
    for name, kind, shape in model.inputs:
        held = kinds.get(kind.removeprefix("tensor(").removesuffix(")"))
        if held is None or len(shape) != 2:
            raise CannotServe(f"input {name} is {kind} of {len(shape)} dimensions")
        fed.append(Fed(name, held))
    if len(fed) > 1 or model.n_features_in_ == 1:
        return fed
    if fed[0].kind == "text":
        raise CannotServe("several columns of texts are one input")
    return [Fed(fed[0].name, f"matrix:{fed[0].kind}", model.n_features_in_)]


def _by_name(model: Any) -> bool:
    """Whether a pipeline begins by taking columns apart."""
    first = model.steps[0][1] if hasattr(model, "steps") else model
    return hasattr(first, "transformers_")


def _encoded(model: Any, columns: list[Any]) -> dict[Any, tuple[str, ...] | None]:
    """Columns that an encoder takes as categories; those that it refuses others of, with what it takes."""
    first = model.steps[0][1] if hasattr(model, "steps") else model
    out: dict[Any, tuple[str, ...] | None] = {}
    for _, transformer, names in getattr(first, "transformers_", ()):
        steps = [s for _, s in transformer.steps] if hasattr(transformer, "steps") else [transformer]
        for step in steps:
            if not hasattr(step, "categories_"):
                continue
            listed = [columns[n] if isinstance(n, int) else n for n in names] if not isinstance(names, str) else [names]
            for name, values in zip(listed, step.categories_, strict=False):
                strict = getattr(step, "handle_unknown", "error") == "error"
                out[name] = tuple(str(v) for v in values) if strict and step is steps[0] else None
    return out


def _by_scores(model: Any) -> bool:
    """Whether the original's label is that of the largest probability, the first of equal ones."""
    name = type(model).__name__
    root = type(model).__module__.partition(".")[0]
    return root in ("lightgbm", "xgboost") or any(w in name for w in ("RandomForest", "ExtraTree", "DecisionTree"))
