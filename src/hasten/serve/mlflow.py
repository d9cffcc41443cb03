"""An artifact behind MLflow: `mlflow.pyfunc.load_model(folder)` calls `_load_pyfunc` (MLmodel's `loader_module`)."""

from __future__ import annotations

from typing import Any

from hasten.serve.served import Served, ServedNet, ServedTexts, load


class Pyfunc:
    """What MLflow asks: `predict(inputs, params)`, where `params={"method": "predict_proba"}` asks another method."""

    def __init__(self, served: Served | ServedNet | ServedTexts) -> None:
        self.served = served

    def predict(self, inputs: Any, params: dict[str, Any] | None = None) -> Any:
        """Raises `AttributeError` for a method that the model does not have."""
        method = (params or {}).get("method") or self.served.manifest.methods[0]
        if isinstance(self.served, ServedTexts) and getattr(inputs, "ndim", 1) == 2 and inputs.shape[1] == 1:
            inputs = inputs.iloc[:, 0] if hasattr(inputs, "iloc") else inputs[:, 0]  # one column, of texts
        return getattr(self.served, method)(inputs)


def _load_pyfunc(path: str) -> Pyfunc:
    return Pyfunc(load(path))
