"""Each backend alone, used as its own manual says; raises what it raises where it cannot serve a model."""

from __future__ import annotations

import contextlib
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Ask = Callable[[Any], Any]


def onnx_runtime(model: Any, x: Any, method: str, threads: int) -> Ask:
    """skl2onnx or onnxmltools in float32, without the map of probabilities."""
    import onnxruntime

    data = _graph(model, x)
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads, settings.log_severity_level = threads, 3
    session = onnxruntime.InferenceSession(data, settings, providers=["CPUExecutionProvider"])
    place = 1 if method in ("predict_proba", "decision_function") else 0
    names = [session.get_outputs()[place].name]
    inputs = [i.name for i in session.get_inputs()]
    if hasattr(x, "columns"):
        kinds = {n: (object if i.type == "tensor(string)" else np.float32) for n, i in
                 zip(inputs, session.get_inputs(), strict=True)}  # fmt: skip

        def frame(rows: Any) -> Any:
            return session.run(names, {n: rows[n].to_numpy().astype(k).reshape(-1, 1) for n, k in kinds.items()})[0]

        return frame
    if isinstance(x, list):
        return lambda rows: session.run(names, {inputs[0]: np.array(rows, object)})[0]
    return lambda rows: session.run(names, {inputs[0]: rows.astype(np.float32)})[0]


def _graph(model: Any, x: Any) -> bytes:
    root = type(model).__module__.partition(".")[0]
    if root == "catboost":
        with tempfile.TemporaryDirectory() as folder:
            model.save_model(f"{folder}/model.onnx", format="onnx")
            import onnx

            made = onnx.load(f"{folder}/model.onnx")
        for node in [n for n in made.graph.node if n.op_type == "ZipMap"]:
            made.graph.output.remove(next(o for o in made.graph.output if o.name == node.output[0]))
            made.graph.output.append(onnx.helper.make_tensor_value_info(node.input[0], onnx.TensorProto.FLOAT, None))
            made.graph.node.remove(node)
        return bytes(made.SerializeToString())
    if root in ("lightgbm", "xgboost"):
        import onnxmltools
        from onnxmltools.convert.common.data_types import FloatTensorType as Single

        types = [("X", Single([None, x.shape[1]]))]
        if root == "lightgbm":
            made = onnxmltools.convert_lightgbm(model.booster_, initial_types=types, zipmap=False, target_opset=15)
        else:
            made = onnxmltools.convert_xgboost(model, initial_types=types, target_opset=15)
        return bytes(made.SerializeToString())
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType

    if hasattr(x, "columns"):
        kinds: Any = [
            (str(n), (FloatTensorType if d.kind in "iuf" else StringTensorType)([None, 1])) for n, d in x.dtypes.items()
        ]
    elif isinstance(x, list):
        kinds = [("text", StringTensorType([None]))]
    else:
        kinds = [("X", FloatTensorType([None, x.shape[1]]))]
    final = model.steps[-1][1] if hasattr(model, "steps") else model
    options = {id(final): {"zipmap": False}} if hasattr(final, "classes_") else None
    return bytes(to_onnx(model, initial_types=kinds, options=options, target_opset={"": 18, "ai.onnx.ml": 3})
                 .SerializeToString())  # fmt: skip


def _treelite(model: Any) -> Any:
    import treelite

    root = type(model).__module__.partition(".")[0]
    if root == "lightgbm":
        return treelite.frontend.from_lightgbm(model.booster_)
    if root == "xgboost":
        return treelite.frontend.from_xgboost(model.get_booster())
    return treelite.sklearn.import_model(model)


def gtil(model: Any, x: Any, method: str, threads: int) -> Ask:
    import treelite

    trees = _treelite(model)
    dtype = np.dtype(trees.input_type)
    return lambda rows: treelite.gtil.predict(trees, rows.astype(dtype), nthread=threads)


def tl2cgen(model: Any, x: Any, method: str, threads: int) -> Ask:
    import tl2cgen as library

    place = Path(tempfile.mkdtemp(prefix="bench-tl2cgen-")) / "model.so"
    library.export_lib(_treelite(model), toolchain="gcc", libpath=str(place), params={"parallel_comp": 8}, nthread=2)
    predictor = library.Predictor(str(place), nthread=threads)
    return lambda rows: predictor.predict(library.DMatrix(rows))


def onedal(model: Any, x: Any, method: str, threads: int) -> Ask:
    import daal4py

    daal4py.daalinit(nthreads=threads)
    given = getattr(model, "booster_", None) or (model.get_booster() if hasattr(model, "get_booster") else model)
    made = daal4py.mb.convert_model(given)
    return made.predict_proba if method == "predict_proba" else made.predict  # type: ignore[no-any-return]


def booster(model: Any, x: Any, method: str, threads: int) -> Ask:
    root = type(model).__module__.partition(".")[0]
    if root == "lightgbm":
        inner = model.booster_
        return lambda rows: inner.predict(rows, num_threads=threads)
    if root == "xgboost":
        inner = model.get_booster()
        inner.set_param({"nthread": threads})
        return lambda rows: inner.inplace_predict(rows)
    if root == "catboost":
        return lambda rows: model.predict_proba(rows, thread_count=threads)
    raise TypeError("it has no booster")


def one_job(model: Any, x: Any, method: str, threads: int) -> Ask:
    """scikit-learn itself, with the settings of its own guide to fast predictions."""
    import sklearn

    if type(model).__module__.partition(".")[0] != "sklearn":
        raise TypeError("it is none of scikit-learn's")
    with contextlib.suppress(ValueError):
        model.set_params(n_jobs=1)
    sklearn.set_config(assume_finite=True, skip_parameter_validation=True)
    return getattr(model, method)  # type: ignore[no-any-return]


RIVALS: dict[str, Callable[[Any, Any, str, int], Ask]] = {
    "ONNX Runtime": onnx_runtime, "GTIL": gtil, "tl2cgen": tl2cgen, "oneDAL": onedal, "booster": booster,
    "settings": one_job,
}  # fmt: skip


def rival(name: str, model: Any, x: Any, method: str, threads: int) -> Ask:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return RIVALS[name](model, x, method, threads)
