"""An ONNX file as a model: it answers `predict` (and `predict_proba`) through ONNX Runtime, as a script would ask."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

KINDS = {
    "tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(int64)": np.int64, "tensor(int32)": np.int32,
    "tensor(string)": object, "tensor(bool)": np.bool_,
}  # fmt: skip


def opened(data: bytes) -> Any:
    """A session of ONNX Runtime with its own settings, as a script opens one."""
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 3
    return onnxruntime.InferenceSession(data, settings, providers=["CPUExecutionProvider"])


def is_of_rows(data: bytes) -> bool:
    """Whether a graph takes rows of a table: one matrix, or columns, and answers a row with labels, numbers or scores
    (at most two outputs)."""
    session = opened(data)
    inputs = session.get_inputs()
    if any(i.type == "tensor(string)" for i in inputs) or any(
        not o.type.startswith("tensor") for o in session.get_outputs()
    ):
        return True
    narrow = all(len(i.shape) == 2 and i.shape[1] == 1 or len(i.shape) == 1 for i in inputs)
    learned = any(d == "ai.onnx.ml" for d in _domains(data))
    return learned or narrow or (len(inputs) == 1 and len(inputs[0].shape) == 2 and inputs[0].type != "tensor(int64)")


def _domains(data: bytes) -> list[str]:
    try:
        import onnx
    except ImportError:
        return []
    return [i.domain for i in onnx.load_from_string(data).opset_import]


class OnnxFile:
    """A graph with one matrix as its input, or one input a column.

    With two outputs the first is labels and the second scores; with one it is the prediction. Probabilities as lists of
    dicts become arrays, in the order of the classes.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._open()
        outputs = self._session.get_outputs()
        self._outputs = [o.name for o in outputs]
        self.inputs = [(i.name, i.type, i.shape) for i in self._session.get_inputs()]
        unknown = [f"{name} ({kind})" for name, kind, _ in self.inputs if kind not in KINDS]
        if unknown:
            raise ValueError(f"inputs that are no columns: {', '.join(unknown)}")
        label = outputs[0].type in ("tensor(int64)", "tensor(string)")
        if len(outputs) > 1 and label:
            self.predict_proba = self._scores
            self.classes_ = self._classes()
        else:
            self._estimator_type = "regressor"
        self.n_features_in_ = (
            int(self.inputs[0][2][1])
            if len(self.inputs) == 1 and len(self.inputs[0][2]) == 2 and isinstance(self.inputs[0][2][1], int)
            else len(self.inputs)
        )
        if len(self.inputs) > 1:
            self.feature_names_in_ = np.array([name for name, _, _ in self.inputs], dtype=object)

    def _open(self) -> None:
        self._session = opened(self.data)

    def __getstate__(self) -> dict[str, Any]:
        return {"data": self.data}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["data"])  # type: ignore[misc]

    def _feed(self, x: Any) -> dict[str, NDArray[Any]]:
        if len(self.inputs) == 1:
            name, kind, shape = self.inputs[0]
            rows: NDArray[Any] = np.asarray(x, KINDS[kind])
            if rows.ndim == 1 and len(shape) == 2 and rows.dtype == object:
                rows = rows[:, None]
            if rows.ndim != len(shape):
                raise ValueError(f"expected {len(shape)} dimensions (rows, columns), got {rows.ndim}")
            return {name: rows}
        if hasattr(x, "columns") and hasattr(x, "iloc"):
            missing = [name for name, _, _ in self.inputs if name not in x.columns]
            if missing:
                raise ValueError(f"columns are missing: {', '.join(map(repr, missing))}")
            columns = [x[name].to_numpy() for name, _, _ in self.inputs]
        else:
            rows = np.asarray(x)
            if rows.ndim != 2 or rows.shape[1] != len(self.inputs):
                raise ValueError(f"expected shape (rows, {len(self.inputs)}), got {rows.shape}")
            columns = list(rows.T)
        return {
            name: np.asarray(column, KINDS[kind]).reshape([-1] + [1] * (len(shape) - 1))
            for (name, kind, shape), column in zip(self.inputs, columns, strict=True)
        }

    def _ask(self, place: int, x: Any) -> Any:
        try:
            return self._session.run([self._outputs[place]], self._feed(x))[0]
        except Exception as error:
            if type(error).__module__.partition(".")[0] == "onnxruntime":
                raise ValueError(str(error)) from None
            raise

    def predict(self, X: Any) -> NDArray[Any]:
        answer = np.asarray(self._ask(0, X))
        return answer.reshape(-1) if answer.ndim == 2 and answer.shape[1] == 1 else answer

    def _scores(self, X: Any) -> NDArray[Any]:
        answer = self._ask(1, X)
        if isinstance(answer, list):
            return np.array([[row[c] for c in self.classes_.tolist()] for row in answer], np.float32)
        return np.asarray(answer)

    def _classes(self) -> NDArray[Any]:
        """The labels, in the order of the scores, as the graph's classifier or its dicts hold them."""
        try:
            import onnx

            for node in onnx.load_from_string(self.data).graph.node:
                for attribute in node.attribute:
                    if attribute.name in ("classlabels_int64s", "classlabels_ints") and attribute.ints:
                        return np.array(list(attribute.ints))
                    if attribute.name == "classlabels_strings" and attribute.strings:
                        return np.array([s.decode() for s in attribute.strings])
        except ImportError:
            pass
        raise ValueError("the graph does not say which its classes are")
