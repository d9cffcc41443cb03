"""From a fitted model to ONNX graphs, by the converters of skl2onnx, onnxmltools and CatBoost."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hasten.core.model_pass import CannotServe
from hasten.passes.model.serving.onnx_trees import exact_trees, typed
from hasten.passes.model.serving.settings import inside
from hasten.serve.backends.onnx_file import OnnxFile

OPSETS = {"": 18, "ai.onnx.ml": 3}
BOOSTER_OPSET = 15  # the largest that onnxmltools takes for any of its libraries


@dataclass(frozen=True)
class Fed:
    """One input of a graph. `kind` is "matrix:float64" or "matrix:float32" (all columns, `width` of them; "rounded
    matrix:float64": through float32), "float64", "float32", "int64" or "text" (one column), "flat text" (no columns) or
    "flat lower text". `known` are the only texts that the model takes."""

    name: str
    kind: str
    width: int = 1
    known: tuple[str, ...] | None = None

    @property
    def option(self) -> list[Any]:
        """As `serve/backends/onnx.py` reads it."""
        return [self.name, self.kind, None if self.known is None else list(self.known)]


def graphs(model: Any, columns: Sequence[Fed], methods: tuple[str, ...], folder: Path) -> list[str]:
    """Write graphs that answer `methods` into `folder`; gives the files' names. Raises `CannotServe`."""
    if isinstance(model, OnnxFile):
        import onnx

        given = onnx.load_from_string(model.data)
        without_zipmap(given)
        (folder / "model.onnx").write_bytes(given.SerializeToString())
        return ["model.onnx"]
    made: list[str] = []
    wanted: list[tuple[str, bool]] = [("model.onnx", False)]
    if "decision_function" in methods:
        wanted.append(("raw.onnx", True))
    errors: list[str] = []
    for file, raw in wanted:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                data = _converted(model, columns, raw)
        except Exception as error:  # noqa: BLE001 - converters raise anything; what they say is the reason
            errors.append(said(error))
            continue
        (folder / file).write_bytes(data)
        made.append(file)
    if not made:
        raise CannotServe("; ".join(errors))
    return made


def _converted(model: Any, columns: Sequence[Fed], raw: bool) -> bytes:
    root = type(model).__module__.partition(".")[0]
    if root in ("lightgbm", "xgboost", "catboost"):
        return _booster(model, root, columns, raw)
    model = _copied(model)
    final = model.steps[-1][1] if hasattr(model, "steps") else model
    for each in inside(model):
        _register(type(each))
    _register_imputer()
    from skl2onnx import to_onnx

    inputs = [(fed.name, _type(fed)) for fed in columns]
    last: Exception | None = None
    for options in _options(model, final, raw):
        try:
            made = to_onnx(model, initial_types=inputs, options=options, target_opset=OPSETS)
        except NameError as error:  # an option that this model's converter does not know
            last = error
            continue
        if any(type(kind).__name__ == "DoubleTensorType" for _, kind in inputs):
            exact_trees(made, model)
            typed(made)
        return bytes(made.SerializeToString())
    raise CannotServe(f"no options fit: {last}")


def _copied(model: Any) -> Any:
    """The model with settings that the converters know, where they do not change what is converted."""
    from copy import deepcopy

    if not any(getattr(e, "flatten_transform", False) or plain_words(e) for e in inside(model)):
        return model
    model = deepcopy(model)
    for each in inside(model):
        if plain_words(each):
            each.lowercase = False  # done before the graph, which would need the machine's language for it
        if getattr(each, "flatten_transform", False):
            each.flatten_transform = False  # only of `transform`, which graphs of votes do not answer
    return model


def plain_words(step: Any) -> bool:
    """Whether it takes texts apart into words of two letters and more, as scikit-learn's vectorisers do by default."""
    return (
        getattr(step, "token_pattern", None) == r"(?u)\b\w\w+\b"
        and getattr(step, "analyzer", None) == "word"
        and step.tokenizer is None
        and step.preprocessor is None
        and step.strip_accents is None
    )


def _options(model: Any, final: Any, raw: bool) -> Iterator[Mapping[Any, Any] | None]:
    # the runtime's regular expressions know no word boundaries, and \w without accents
    words: dict[Any, Any] = {id(e): {"tokenexp": r"[\p{L}\p{N}_]{2,}"} for e in inside(model) if plain_words(e)}
    if raw:
        yield {id(final): {"zipmap": False, "raw_scores": True}, **words}
        yield {id(final): {"raw_scores": True}, **words}
        return
    if hasattr(final, "classes_"):
        yield {id(final): {"zipmap": False}, **words}
    if hasattr(final, "score_samples") and hasattr(final, "offset_"):
        yield {id(final): {"score_samples": True}, **words}
    yield words or None


def _type(fed: Fed) -> Any:
    from skl2onnx.common import data_types as t

    if "matrix:" in fed.kind:
        shape = [None, fed.width]
        return t.DoubleTensorType(shape) if fed.kind.endswith("64") else t.FloatTensorType(shape)
    if fed.kind.startswith("flat "):
        return t.StringTensorType([None])
    types = {"float64": t.DoubleTensorType, "float32": t.FloatTensorType, "int64": t.Int64TensorType}
    return types.get(fed.kind, t.StringTensorType)([None, 1])


def transform_graph(model: Any, file: Path, feed: Mapping[str, Any], x: Any, out: Path) -> bool:
    """Write the graph of `file` so that it gives what `model.transform(x)` gives: answers of the estimators inside,
    which the graph of votes or of a stack works out on its way. False where they are not found in it."""
    import onnx
    import onnxruntime

    made = onnx.load(str(file))
    graph = made.graph
    inner = [o for n in graph.node for o in n.output if o]
    del graph.output[:]
    graph.output.extend(onnx.ValueInfoProto(name=name) for name in inner)
    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 4
    # every value is kept as it is
    settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(made.SerializeToString(), settings, providers=["CPUExecutionProvider"])
    taken = {i.name for i in session.get_inputs()}
    values = dict(zip(inner, session.run(inner, {n: v for n, v in feed.items() if n in taken}), strict=True))
    wanted = np.asarray(model.transform(x))
    if wanted.ndim != 2:
        return False
    parts: list[str] = []
    at = 0
    while at < wanted.shape[1]:
        name = next((n for n, v in values.items() if _is_part(v, wanted, at)), None)
        if name is None:
            return False
        parts.append(name)
        at += values[name].shape[1]
    del graph.output[:]
    kind = onnx.TensorProto.DOUBLE if values[parts[0]].dtype == np.float64 else onnx.TensorProto.FLOAT
    graph.node.append(onnx.helper.make_node("Concat", parts, ["transformed"], axis=1))
    graph.output.append(onnx.helper.make_tensor_value_info("transformed", kind, [None, wanted.shape[1]]))
    out.write_bytes(made.SerializeToString())
    return True


def _is_part(value: Any, wanted: Any, at: int) -> bool:
    """Whether `value` is the columns of `wanted` from `at` on."""
    if not isinstance(value, np.ndarray) or value.dtype.kind != "f" or value.ndim != 2 or len(value) != len(wanted):
        return False
    part = wanted[:, at : at + value.shape[1]]
    return part.shape == value.shape and bool(np.allclose(value, part, rtol=1e-5, atol=1e-6))


def _register(kind: type) -> None:
    """Boosters inside a pipeline: skl2onnx learns their converters from onnxmltools."""
    root = kind.__module__.partition(".")[0]
    if root not in ("lightgbm", "xgboost"):
        return
    from skl2onnx import update_registered_converter
    from skl2onnx.common.shape_calculator import (
        calculate_linear_classifier_output_shapes as of_classes,
    )
    from skl2onnx.common.shape_calculator import (
        calculate_linear_regressor_output_shapes as of_numbers,
    )

    if root == "lightgbm":
        from onnxmltools.convert.lightgbm.operator_converters.LightGbm import convert_lightgbm as convert
    else:
        from onnxmltools.convert.xgboost.operator_converters.XGBoost import convert_xgboost as convert
    if kind.__name__.endswith("Classifier"):
        options = {"nocl": [True, False], "zipmap": [True, False, "columns"]}
        update_registered_converter(kind, kind.__name__, of_classes, convert, options=options)
    else:
        update_registered_converter(kind, kind.__name__, of_numbers, convert)


def _register_imputer() -> None:
    """Missing numbers filled in float64, which the operator for it does not know."""
    from skl2onnx import update_registered_converter
    from skl2onnx.common.data_types import DoubleTensorType
    from skl2onnx.operator_converters.imputer_op import convert_sklearn_imputer
    from skl2onnx.shape_calculators.imputer import calculate_sklearn_imputer_output_shapes
    from sklearn.impute import SimpleImputer

    def convert(scope: Any, operator: Any, container: Any) -> None:
        imputer, given = operator.raw_operator, operator.inputs
        doubles = all(isinstance(v.type, DoubleTensorType) for v in given)
        fills = np.asarray(imputer.statistics_)
        plain = fills.dtype.kind == "f" and np.isfinite(fills).all() and not imputer.add_indicator
        if not (doubles and plain and isinstance(imputer.missing_values, float) and np.isnan(imputer.missing_values)):
            convert_sklearn_imputer(scope, operator, container)
            return
        from onnx import TensorProto

        names = [v.full_name for v in given]
        if len(names) > 1:
            names = [scope.get_unique_variable_name("together")]
            container.add_node(
                "Concat", [v.full_name for v in given], names[0], axis=1, name=scope.get_unique_operator_name("Concat")
            )
        fill, missing = scope.get_unique_variable_name("fills"), scope.get_unique_variable_name("missing")
        container.add_initializer(fill, TensorProto.DOUBLE, [1, len(fills)], fills.tolist())
        container.add_node("IsNaN", names[0], missing, name=scope.get_unique_operator_name("IsNaN"))
        where = [missing, fill, names[0]]
        container.add_node("Where", where, operator.outputs[0].full_name, name=scope.get_unique_operator_name("Where"))

    update_registered_converter(SimpleImputer, "SklearnSimpleImputer", calculate_sklearn_imputer_output_shapes, convert)


def _booster(model: Any, root: str, columns: Sequence[Fed], raw: bool) -> bytes:
    import onnx

    fed = columns[0]
    if root == "catboost":
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "model.onnx"
            model.save_model(str(file), format="onnx")
            made = onnx.load_from_string(file.read_bytes())
        without_zipmap(made)
        _rename_input(made, fed.name)
    else:
        from onnxmltools.convert.common.data_types import FloatTensorType

        types = [(fed.name, FloatTensorType([None, fed.width]))]
        if root == "lightgbm":
            from onnxmltools import convert_lightgbm

            given = getattr(model, "booster_", model)
            made = convert_lightgbm(given, initial_types=types, zipmap=False, target_opset=BOOSTER_OPSET)
        else:
            from copy import deepcopy

            from onnxmltools import convert_xgboost

            given = deepcopy(model)  # the converter reads places out of names
            booster = given.get_booster() if hasattr(given, "get_booster") else given
            booster.feature_names = None
            booster.feature_types = None
            made = convert_xgboost(given, initial_types=types, target_opset=BOOSTER_OPSET)
    if raw:
        _no_transform(made)
    return bytes(made.SerializeToString())


def _no_transform(made: Any) -> None:
    """Raw scores in place of probabilities."""
    nodes = [n for n in made.graph.node if n.op_type == "TreeEnsembleClassifier"]
    if len(nodes) != 1:
        raise CannotServe("this graph gives no raw scores")
    for attribute in nodes[0].attribute:
        if attribute.name == "post_transform":
            attribute.s = b"NONE"


def without_zipmap(made: Any) -> None:
    """Take out the nodes that make lists of dicts out of probabilities."""
    import onnx

    graph = made.graph
    for node in [n for n in graph.node if n.op_type == "ZipMap"]:
        place = next(i for i, o in enumerate(graph.output) if o.name == node.output[0])
        graph.output[place].CopyFrom(onnx.helper.make_tensor_value_info(node.input[0], onnx.TensorProto.FLOAT, None))
        graph.node.remove(node)


def _rename_input(made: Any, name: str) -> None:
    graph = made.graph
    old = graph.input[0].name
    graph.input[0].name = name
    for node in graph.node:
        for i, given in enumerate(node.input):
            if given == old:
                node.input[i] = name


def said(error: Exception) -> str:
    """What a converter's exception says, in one line."""
    told = " ".join(str(error).split())[:250]
    return told if isinstance(error, CannotServe) else f"{type(error).__name__}: {told}"
