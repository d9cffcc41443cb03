"""LightGBM, XGBoost and CatBoost by their own libraries, past their wrappers."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hasten.serve.answering import Answered

Run = Callable[[NDArray[np.float64]], NDArray[Any]]
Ask = Callable[[str], Run]
FLOAT64, NORMAL, RAW = 1, 0, 1  # LightGBM's codes


def _address(x: NDArray[Any]) -> int:
    place: int = x.__array_interface__["data"][0]
    return place


def _lightgbm(file: Path, threads: int | None) -> Ask:
    import lightgbm
    from lightgbm.basic import _LIB, _safe_call  # type: ignore[attr-defined, unused-ignore]

    booster = lightgbm.Booster(model_file=str(file))
    handle = booster._handle
    width, columns = booster.num_model_per_iteration(), booster.num_feature()
    many = f"num_threads={threads}".encode() if threads else b""
    row_fast, rows_of = _LIB.LGBM_BoosterPredictForMatSingleRowFast, _LIB.LGBM_BoosterPredictForMat
    kept = booster  # the handle lives as long as this

    def ask(output: str) -> Run:
        kind = {"answer": NORMAL, "margin": RAW}[output]
        mine = threading.local()  # a fast configuration holds buffers of its own

        def row_settings() -> Any:
            made = ctypes.c_void_p()
            _safe_call(
                _LIB.LGBM_BoosterPredictForMatSingleRowFastInit(
                    handle, ctypes.c_int(kind), ctypes.c_int(0), ctypes.c_int(-1), ctypes.c_int(FLOAT64),
                    ctypes.c_int32(columns), b"num_threads=1", ctypes.byref(made),
                )
            )  # fmt: skip
            length = ctypes.c_int64()
            mine.settings = made, length, ctypes.byref(length)
            return mine.settings

        def run(x: NDArray[np.float64]) -> NDArray[Any]:
            assert kept is not None
            n = len(x)
            out: NDArray[np.float64] = np.empty((n, width))
            if n == 1:
                settings, _, length = getattr(mine, "settings", None) or row_settings()
                status = row_fast(settings, ctypes.c_void_p(_address(x)), length, ctypes.c_void_p(_address(out)))
                if status:
                    _safe_call(status)
                return out
            length = ctypes.c_int64()
            _safe_call(
                rows_of(
                    handle, ctypes.c_void_p(_address(x)), ctypes.c_int(FLOAT64), ctypes.c_int32(n),
                    ctypes.c_int32(columns), ctypes.c_int(1), ctypes.c_int(kind), ctypes.c_int(0), ctypes.c_int(-1),
                    many, ctypes.byref(length), ctypes.c_void_p(_address(out)),
                )
            )  # fmt: skip
            return out

        return run

    return ask


def _xgboost(file: Path, threads: int | None) -> Ask:
    import json

    import xgboost
    from xgboost.core import _LIB, _check_call

    booster = xgboost.Booster(model_file=str(file))
    booster.set_param({"nthread": threads or 0})
    predict, handle, kept = _LIB.XGBoosterPredictFromDense, booster.handle, booster

    def ask(output: str) -> Run:
        kind = {"answer": 0, "margin": 1}[output]
        config = json.dumps(
            {"type": kind, "training": False, "iteration_begin": 0, "iteration_end": 0, "missing": float("nan"),
             "strict_shape": False, "cache_id": 0}
        ).encode()  # fmt: skip

        def run(x: NDArray[np.float64]) -> NDArray[Any]:
            assert kept is not None
            n, k = x.shape
            told = f'{{"data":[{_address(x)},true],"shape":[{n},{k}],"typestr":"<f8","version":3}}'.encode()
            shape, ndim = ctypes.POINTER(ctypes.c_uint64)(), ctypes.c_uint64()
            found = ctypes.POINTER(ctypes.c_float)()
            status = predict(handle, told, config, None, ctypes.byref(shape), ctypes.byref(ndim), ctypes.byref(found))
            if status:
                _check_call(status)
            sizes = shape[: ndim.value]
            out: NDArray[Any] = np.ctypeslib.as_array(found, tuple(sizes)).copy()  # the next call writes there again
            return out.reshape(n, -1)

        return run

    return ask


def _catboost(file: Path, threads: int | None) -> Ask:
    import catboost

    model = catboost.CatBoost()
    model.load_model(str(file))
    classes = len(getattr(model, "classes_", ()))
    names = {"answer": "Probability" if classes else "RawFormulaVal", "margin": "RawFormulaVal", "label": "Class"}
    if not classes:
        del names["label"]
    count = threads or -1

    def ask(output: str) -> Run:
        kind = names[output]

        def run(x: NDArray[np.float64]) -> NDArray[Any]:
            return np.asarray(model.predict(x, prediction_type=kind, thread_count=1 if len(x) < 64 else count))

        return run

    return ask


LIBRARIES = {"lightgbm": _lightgbm, "xgboost": _xgboost, "catboost": _catboost}


def opened(folder: Path, options: Mapping[str, Any], threads: int | None) -> Ask:
    """What gives a function for an output: "answer", "margin" (raw scores) or "label"."""
    return LIBRARIES[options["library"]](folder / options["file"], threads)


def load(folder: Path, options: Mapping[str, Any], threads: int | None) -> Answered:
    return Answered(opened(folder, options, threads), options["answers"])
