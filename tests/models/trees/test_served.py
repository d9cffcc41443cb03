"""The pass as the loop uses it: an artifact that is judged on data, varied inputs and dicts, beside the original."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sklearn")
from sklearn import ensemble
from sklearn.datasets import load_breast_cancer, load_iris

from hasten.core.model import METHODS, ModelContract, ModelWorkload, Rows
from hasten.core.model_pass import Step
from hasten.passes.model.serving.trees import CompiledTrees
from hasten.search.models import building
from hasten.search.models.inputs import inputs_of
from hasten.search.models.judge import Judge
from hasten.serve.native import compiler
from hasten.serve.served import load
from hasten.verify.answers import asked
from hasten.verify.schema import schema_of

pytestmark = pytest.mark.skipif(compiler() is None, reason="no C compiler here")
CANCER = load_breast_cancer(return_X_y=True, as_frame=True)
IRIS = load_iris(return_X_y=True, as_frame=True)


def _package(module: str, name: str, **options: Any) -> Callable[[], Any]:
    return lambda: getattr(pytest.importorskip(module), name)(**options)


MODELS: dict[str, tuple[Callable[[], Any], Any, bool]] = {
    "forest, frame": (lambda: ensemble.RandomForestClassifier(9, random_state=0), CANCER, True),
    "histograms, array": (lambda: ensemble.HistGradientBoostingClassifier(max_iter=9), CANCER, False),
    "isolation, array": (lambda: ensemble.IsolationForest(n_estimators=9, random_state=0), CANCER, False),
    "lightgbm, frame": (_package("lightgbm", "LGBMClassifier", n_estimators=9, verbose=-1, n_jobs=1), IRIS, True),
    "xgboost, array": (_package("xgboost", "XGBClassifier", n_estimators=9, n_jobs=1), IRIS, False),
    "catboost, frame": (
        _package("catboost", "CatBoostClassifier", iterations=9, verbose=0, allow_writing_files=False), IRIS, True,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_it_is_accepted(name: str, tmp_path: Path) -> None:
    make, (x, y), frame = MODELS[name]
    if not frame:
        x, y = x.to_numpy(), y.to_numpy()
    model = make()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(x) if name.startswith("isolation") else model.fit(x, y)
    methods = tuple(m for m in METHODS if hasattr(model, m) and m != "transform")
    work = ModelWorkload(model, Rows(x, y), methods=methods)
    assert list(CompiledTrees().parameters(work)) == [{}]
    inputs = inputs_of(x, (1,), 0, model=model)
    old = [asked(model, inputs.all[i], methods) for i in (0, *inputs.varied_places)]
    varied = dict(zip(inputs.varied, old[1:], strict=True))
    schema = schema_of(work.valid, varied)
    assert sum(name.startswith("values that reach leaves") for name in inputs.varied) >= 2
    alone = [asked(model, inputs.all[table], methods) for table, _ in inputs.rows]
    judge = Judge(ModelContract(), work, None, old[0], varied, 0, alone)
    building._read[str(tmp_path)] = work
    building.build(str(tmp_path), Step(CompiledTrees.code, ""), str(tmp_path / "made"), schema, name)
    served = load(tmp_path / "made", threads=1)
    new = [asked(served, inputs.all[i], methods) for i in (0, *inputs.varied_places)]
    rows = [tuple(asked(served, inputs.all[i], methods) for i in both) for both in inputs.rows]
    verdict = judge.of(new[0], dict(zip(inputs.varied, new[1:], strict=True)), rows)
    assert verdict.verdict == "accepted", verdict.reason
