"""Answers of treelite, tl2cgen, oneDAL, boosters' own libraries and other settings beside the originals'."""

from __future__ import annotations

import shutil
import threading
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import datasets, ensemble, linear_model, neighbors

from hasten.core.model_pass import CannotServe
from hasten.observe.child import Child
from hasten.passes.model.serving.booster import NativeBooster
from hasten.passes.model.serving.daal import DaalModel
from hasten.passes.model.serving.gtil import Gtil
from hasten.passes.model.serving.settings import RunSettings
from hasten.passes.model.serving.tl2cgen import Tl2cgen
from tests.models.cases import judged, served, split, work_of

pytestmark = pytest.mark.filterwarnings("ignore")
gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc")

ENSEMBLES = {
    "forest": lambda: ensemble.RandomForestClassifier(9, max_depth=5, random_state=0),
    "boosted": lambda: ensemble.GradientBoostingClassifier(n_estimators=4, random_state=0),
    "histograms": lambda: ensemble.HistGradientBoostingClassifier(max_iter=4),
}


def booster(name: str, kind: str) -> Any:
    library = pytest.importorskip(name)
    made = {
        "lightgbm": {"classes": "LGBMClassifier", "numbers": "LGBMRegressor"},
        "xgboost": {"classes": "XGBClassifier", "numbers": "XGBRegressor"},
        "catboost": {"classes": "CatBoostClassifier", "numbers": "CatBoostRegressor"},
    }[name][kind]
    quiet = {"lightgbm": {"verbose": -1}, "xgboost": {}, "catboost": {"verbose": 0, "allow_writing_files": False}}[name]
    return getattr(library, made)(n_estimators=6, **quiet)


def rows(kind: str) -> tuple[Any, Any, Any, Any]:
    if kind == "numbers":
        return split(*datasets.load_diabetes(return_X_y=True))
    return split(*datasets.load_wine(return_X_y=True))


@gcc
@pytest.mark.parametrize("name", ENSEMBLES)
@pytest.mark.parametrize("found", [Gtil(), Tl2cgen()], ids=["gtil", "tl2cgen"])
def test_ensembles(found: Any, name: str, tmp_path: Path) -> None:
    for package in found.packages:
        pytest.importorskip(package)
    a, b, c, d = rows("classes")
    labels = np.array(["low", "middle", "a high one"])
    verdict = judged(work_of(ENSEMBLES[name]().fit(a, labels[b]), c, labels[d]), found, tmp_path / "a")
    assert verdict.verdict == "accepted", verdict.reason


@gcc
def test_outliers(tmp_path: Path) -> None:
    pytest.importorskip("tl2cgen")
    a, _, c, _ = rows("classes")
    work = work_of(ensemble.IsolationForest(n_estimators=8, random_state=0).fit(a), c)
    assert work.methods == ("predict", "decision_function", "score_samples")
    verdict = judged(work, Tl2cgen(), tmp_path / "a")
    assert verdict.verdict == "accepted", verdict.reason


@pytest.mark.parametrize("kind", ["classes", "numbers"])
@pytest.mark.parametrize("name", ["lightgbm", "xgboost", "catboost"])
def test_boosters_themselves(name: str, kind: str, tmp_path: Path) -> None:
    a, b, c, d = rows(kind)
    work = work_of(booster(name, kind).fit(a, b), c, d)
    verdict = judged(work, NativeBooster(), tmp_path / "a")
    assert verdict.verdict == "accepted", verdict.reason
    assert verdict.agreement is not None and verdict.agreement.drift == 0


def test_one_lightgbm_row_from_several_threads(tmp_path: Path) -> None:
    a, b, c, d = rows("classes")
    model = booster("lightgbm", "classes").fit(a, b)
    made = served(work_of(model, c, d), NativeBooster(), {}, tmp_path / "a")
    right = model.predict_proba(c)
    wrong: list[int] = []

    def ask(start: int) -> None:
        for i in range(start, start + 200):
            k = i % len(c)
            if not np.array_equal(made.predict_proba(c[k : k + 1])[0], right[k]):
                wrong.append(k)

    threads = [threading.Thread(target=ask, args=(17 * t,)) for t in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


@pytest.mark.parametrize("name", ["xgboost", "catboost"])
def test_onedal(name: str, tmp_path: Path) -> None:
    # looked for, not imported, and asked in a process of its own: OpenVINO, which other tests load, brings an older TBB
    if find_spec("daal4py") is None or find_spec(name) is None:
        pytest.skip(f"needs daal4py and {name}")
    with Child() as child:
        verdict, reason = child.ask("tests.models.passes.test_libraries:onedal", name, str(tmp_path / "a"))
    assert verdict == "accepted", reason


def onedal(name: str, folder: str) -> tuple[str, str]:
    """The verdict on a booster that oneDAL answers for."""
    a, b, c, d = rows("numbers")
    verdict = judged(work_of(booster(name, "numbers").fit(a, b), c, d), DaalModel(), Path(folder))
    return verdict.verdict, verdict.reason


@pytest.mark.parametrize(
    "model",
    [ensemble.RandomForestClassifier(5, n_jobs=2, random_state=0), neighbors.KNeighborsClassifier(3)],
    ids=["forest", "neighbours"],
)
def test_settings(model: Any, tmp_path: Path) -> None:
    a, b, c, d = rows("classes")
    work = work_of(model.fit(a, b), c, d)
    verdict = judged(work, RunSettings(), tmp_path / "a")
    assert verdict.verdict == "accepted", verdict.reason
    assert getattr(model, "n_jobs", None) in (None, 2)  # the user's model is as it was


def test_settings_of_what_has_none() -> None:
    pandas = pytest.importorskip("pandas")
    from sklearn.compose import make_column_transformer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x, y = datasets.load_wine(return_X_y=True, as_frame=True)
    assert isinstance(x, pandas.DataFrame)
    made = make_pipeline(make_column_transformer((StandardScaler(), ["hue"])), linear_model.LogisticRegression())
    assert list(RunSettings().parameters(work_of(made.fit(x, y), x, y))) == []


@gcc
def test_a_library_that_does_not_load_is_compiled_again(tmp_path: Path) -> None:
    pytest.importorskip("tl2cgen")
    from hasten.serve.backends.tl2cgen import LIBRARY, opened

    a, b, c, d = rows("classes")
    work = work_of(ENSEMBLES["forest"]().fit(a, b), c, d)
    folder = tmp_path / "part"
    folder.mkdir()
    built = Tl2cgen().build(work, folder, {})
    before = opened(folder, built.options, 1)("answer")(c)
    (folder / LIBRARY).unlink()  # the loaded one must not change under this process
    (folder / LIBRARY).write_bytes(b"of another machine")
    np.testing.assert_array_equal(opened(folder, built.options, 1)("answer")(c), before)
    many = np.repeat(c, 20, axis=0)
    np.testing.assert_array_equal(opened(folder, built.options, 2)("answer")(many), np.repeat(before, 20, axis=0))


@gcc
def test_bits_of_a_number_that_look_like_a_missing_one(tmp_path: Path) -> None:
    pytest.importorskip("tl2cgen")
    a, b, c, d = rows("classes")
    model = ENSEMBLES["histograms"]().fit(a, b)
    made = served(work_of(model, c, d), Tl2cgen(), {}, tmp_path / "a")
    odd = c.copy()
    odd.view(np.uint64)[:] |= np.uint64(0xFFFFFFFF)
    np.testing.assert_allclose(made.predict_proba(odd), model.predict_proba(odd), rtol=1e-12)


def test_too_many_nodes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tl2cgen")
    from hasten.passes.model.serving import tl2cgen

    monkeypatch.setattr(tl2cgen, "MOST_NODES", 3)
    a, b, c, d = rows("classes")
    with warnings.catch_warnings(), pytest.raises(CannotServe, match="nodes"):
        Tl2cgen().build(work_of(ENSEMBLES["forest"]().fit(a, b), c, d), tmp_path, {})
