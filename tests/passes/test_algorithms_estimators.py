"""Estimators that learn the same sooner: offered under a quality alone, with settings that mean the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from hasten.core.contract import Contract
from hasten.core.facts import Facts
from hasten.kernel.regions import regions_of
from hasten.passes.source.algorithms.estimators import OTHERS, OtherEstimators
from hasten.search.loop import _wanted
from tests.passes.test_containers_harness import work_of

HEAD = """\
from sklearn.cluster import KMeans
from sklearn.ensemble import GradientBoostingClassifier, RandomForestRegressor as Forest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

"""


def made(root: Path, text: str) -> list[str]:
    work = work_of(root, HEAD + text)
    out = {}
    for region in regions_of(work.source("script.py"), entry=True):
        for finding in OtherEstimators().find(work, region, Facts()):
            for change in OtherEstimators().propose(work, finding, Facts()):
                assert change.quality
                assert not _wanted(change, Contract())
                after = change.apply(work).source("script.py").text
                compile(after, "script.py", "exec")
                out[after] = None
    return list(out)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("GradientBoostingClassifier()", "HistGradientBoostingClassifier(max_depth=3, early_stopping=False)"),
        (
            "GradientBoostingClassifier(n_estimators=20, max_depth=d, random_state=0)",
            "HistGradientBoostingClassifier(max_iter=20, max_depth=d, random_state=0, early_stopping=False)",
        ),
        ("Forest(50, n_jobs=-1)", None),
        ("Forest(n_estimators=50, n_jobs=-1)", "HistGradientBoostingRegressor(max_iter=50, early_stopping=False)"),
        ("Forest(bootstrap=False)", None),
        (
            "make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000, C=0.5))",
            'make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000, C=0.5, solver="newton-cholesky"))',
        ),
        ("LogisticRegression(penalty='l1', solver='saga')", None),
        ("SVC(kernel='linear', C=2)", "LinearSVC(C=2)"),
        ("SVC()", None),
        ("SVC(kernel='rbf')", None),
        ("SVC(kernel='linear', probability=True)", None),
        ("SVC(**settings)", None),
        ("KMeans(8, n_init=10)", "MiniBatchKMeans(n_clusters=8, n_init=10)"),
    ],
)
def test_settings(tmp_path: Path, text: str, wanted: str | None) -> None:
    found = made(tmp_path, f"model = {text}\nmodel.fit(X, y)\n")
    if wanted is None:
        assert not found
    else:
        (after,) = found
        assert f"model = {wanted}\n" in after


def test_one_change_for_each(tmp_path: Path) -> None:
    text = "models = {\n    'a': GradientBoostingClassifier(),\n    'b': LogisticRegression(),\n}\n"
    text += "for name, model in models.items():\n    model.fit(X, y)\n"
    found = made(tmp_path, text)
    assert len(found) == 2
    assert sum("from sklearn.ensemble import HistGradientBoostingClassifier\n" in after for after in found) == 1


@pytest.mark.parametrize(
    "text",
    [
        "model = GradientBoostingClassifier()\nprint(model.n_classes_)\n",  # nothing is fitted
        "model = GradientBoostingClassifier().fit(X, y)\nprint(model.feature_importances_)\n",
        "model = SVC(kernel='linear').fit(X, y)\nprint(model.predict_proba(X))\n",
        "def SVC(kernel):\n    return 1\nSVC(kernel='linear').fit(X, y)\n",
        "model = KMeans(3).fit(X)\nprint(eval('model'))\n",
        "HistGradientBoostingClassifier = None\nmodel = GradientBoostingClassifier()\nmodel.fit(X, y)\n",
    ],
)
def test_left_alone(tmp_path: Path, text: str) -> None:
    assert not made(tmp_path, text)


def test_the_others_exist() -> None:
    sklearn = pytest.importorskip("sklearn")
    from importlib import import_module

    assert sklearn
    for origin, other in OTHERS.items():
        module, _, name = origin.rpartition(".")
        old, new = getattr(import_module(module), name), getattr(import_module(other.module), other.name)
        assert set(other.settings) <= set(old().get_params())
        assert {*filter(None, other.settings.values()), *other.besides} <= set(new().get_params())
        assert not [a for a in other.lacks if a.startswith("predict") and hasattr(new, a)]
