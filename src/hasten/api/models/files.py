"""Reading trained models and tables from files. Nothing here says whether they fit each other: `fit.py` does."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hasten.config import nearest
from hasten.core.model import Rows, Tensors
from hasten.errors import TargetError, UsageError
from hasten.serve.packages import to_install

# how a model's file is called, and whether reading it runs code that is in it
MODEL_FILES: Mapping[str, bool] = {
    ".joblib": True, ".pkl": True, ".pickle": True, ".skops": False, ".onnx": False, ".txt": False, ".lgb": False,
    ".json": False, ".ubj": False, ".cbm": False, ".pt2": True,
}  # fmt: skip
TABLES = (".csv", ".parquet", ".arrow", ".feather", ".npz")


@dataclass(frozen=True)
class Table:
    """Columns as a DataFrame, or (`.npz`) an array `X` with its `y`."""

    frame: Any = None
    x: Any = None
    y: Any = None

    @property
    def names(self) -> list[str]:
        return [] if self.frame is None else [str(c) for c in self.frame.columns]


def is_model(target: str) -> bool:
    """Whether `target` names the file of a trained model, or the folder of a text model of Hugging Face."""
    if "::" in target:
        return False
    from hasten.api.models.folders import is_folder

    return Path(target).suffix.lower() in MODEL_FILES or is_folder(target)


def read_model(path: Path, *, trust: bool) -> Any:
    """The model in `path`. Raises `UsageError` where reading it would run code and `trust` is not given, and
    `TargetError` for what cannot be read, or was made by another version of its library."""
    suffix = path.suffix.lower()
    if not path.is_file():
        here = [p.name for p in path.parent.glob(f"*{suffix}")] if path.parent.is_dir() else []
        raise UsageError(f"{path}: no such file{nearest(path.name, here)}")
    if MODEL_FILES[suffix] and not trust:
        raise UsageError(
            f"{path}: reading a {suffix} file runs code that is in it. If you trust who made it, add --trust "
            "(from Python: trust=True); .skops files run none"
        )
    readers: dict[str, Callable[[Path], Any]] = {
        ".joblib": _joblib, ".pkl": _pickle, ".pickle": _pickle, ".skops": _skops, ".onnx": _onnx, ".txt": _lightgbm,
        ".lgb": _lightgbm, ".json": _xgboost, ".ubj": _xgboost, ".cbm": _catboost, ".pt2": _exported,
    }  # fmt: skip
    for folder in (str(path.resolve().parent), str(Path.cwd())):  # where its own classes may be defined
        if folder not in sys.path:
            sys.path.append(folder)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            model = readers[suffix](path)
        except ModuleNotFoundError as error:
            needs = to_install([str(error.name)])
            raise TargetError(f"{path}: reading it needs {error.name}: pip install {needs}") from error
        except TargetError:
            raise
        except Exception as error:
            raise TargetError(
                f"{path} cannot be read as {suffix}: {type(error).__name__}: {error}; was it made by another version "
                "of its library, or cut short?"
            ) from error
    for warning in caught:
        if type(warning.message).__name__ == "InconsistentVersionWarning":
            made, have = (getattr(warning.message, n) for n in ("original_sklearn_version", "current_sklearn_version"))
            raise TargetError(
                f"{path} was made by scikit-learn {made}, and {have} is installed: its answers may differ. "
                f"pip install scikit-learn=={made}, or train and save it again"
            )
    return model


def read_table(path: Path) -> Table:
    """The table in `path`. Raises `UsageError` for a file that is not there or of no kind that is known, and
    `TargetError` for one that cannot be read."""
    suffix = path.suffix.lower()
    if suffix not in TABLES:
        raise UsageError(f"{path}: data comes as {', '.join(TABLES)}")
    if not path.is_file():
        here = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        raise UsageError(f"{path}: no such file{nearest(path.name, here)}")
    try:
        if suffix == ".npz":
            return _npz(path)
        import pandas as pd

        if suffix == ".csv":
            return Table(pd.read_csv(path))
        return Table(pd.read_parquet(path) if suffix == ".parquet" else pd.read_feather(path))
    except ImportError as error:
        raise TargetError(f"{path}: reading it needs a package: {error}") from error
    except TargetError:
        raise
    except Exception as error:
        raise TargetError(f"{path} cannot be read as {suffix}: {type(error).__name__}: {error}") from error


def read_tensors(path: Path, names: Sequence[str]) -> Rows:
    """The inputs of a net and its targets in an `.npz` file: arrays by the names of its inputs (`X`, where it has one),
    and `y`. Raises `UsageError` and `TargetError`."""
    import numpy as np

    if path.suffix.lower() != ".npz" or not path.is_file():
        raise UsageError(f"{path}: data of a net is an .npz file that is there")
    with np.load(path, allow_pickle=False) as data:
        held = {name: data[name] for name in data.files}
    y = held.pop("y", None)
    if len(names) == 1 and names[0] not in held and "X" in held:
        held[names[0]] = held.pop("X")
    others = [n for n in held if n not in names]
    if others or not held:
        raise TargetError(
            f"{path} holds {', '.join(held) or 'nothing'}; the net takes {', '.join(names)}, and `y` are targets"
        )
    try:
        return Rows(Tensors({n: held[n] for n in names if n in held}), y)
    except ValueError as error:
        raise TargetError(f"{path}: {error}") from None


def _npz(path: Path) -> Table:
    import numpy as np

    with np.load(path, allow_pickle=False) as data:
        names = set(data.files)
        if not {"X", "y"} <= names:
            raise TargetError(f"{path} holds {', '.join(sorted(names)) or 'nothing'}; it should hold `X` and `y`")
        return Table(x=data["X"], y=data["y"])


def _joblib(path: Path) -> Any:
    import joblib

    return joblib.load(path)


def _pickle(path: Path) -> Any:
    import pickle

    with path.open("rb") as file:
        return pickle.load(file)


def _skops(path: Path) -> Any:
    import skops.io

    unknown = skops.io.get_untrusted_types(file=path)
    if unknown:
        raise TargetError(
            f"{path} holds types that skops does not know to be harmless: {', '.join(unknown)}. "
            "If you trust who made it, save it as .joblib and give --trust"
        )
    return skops.io.load(path)


def _onnx(path: Path) -> Any:
    """A graph over rows of a table as a model of rows; any other as a net."""
    from hasten.serve.backends.onnx_file import OnnxFile, is_of_rows
    from hasten.serve.net import OnnxNet

    data = path.read_bytes()
    return OnnxFile(data) if is_of_rows(data) else OnnxNet(data)


def _exported(path: Path) -> Any:
    """An exported program. Its constants may be pickles."""
    import torch

    return torch.export.load(path).module()


def _lightgbm(path: Path) -> Any:
    import lightgbm

    return lightgbm.Booster(model_file=path)


def _xgboost(path: Path) -> Any:
    import json

    import xgboost

    booster = xgboost.Booster(model_file=path)
    objective = json.loads(booster.save_config())["learner"]["objective"]["name"]
    kind = "classifier" if objective.startswith(("binary:", "multi:")) else "regressor"
    model = xgboost.XGBClassifier() if kind == "classifier" else xgboost.XGBRegressor()
    model.load_model(path)
    return model


def with_arrays(model: Any) -> Any:
    """A bare booster of XGBoost, which takes its own `DMatrix` only, as a model that takes arrays and DataFrames and
    answers `predict` as the booster does; any other model as it is."""
    if type(model).__name__ != "Booster" or type(model).__module__.partition(".")[0] != "xgboost":
        return model
    import xgboost

    made = xgboost.XGBRegressor()
    made.load_model(model.save_raw("ubj"))
    return made


def _catboost(path: Path) -> Any:
    import catboost

    probe = catboost.CatBoost()
    probe.load_model(str(path))
    classes = getattr(probe, "classes_", None)
    model = catboost.CatBoostClassifier() if classes is not None and len(classes) else catboost.CatBoostRegressor()
    model.load_model(str(path))
    return model
