"""Forests grown on all cores: the same trees, and a model that shows no sign of it."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesRegressor, RandomForestClassifier, RandomForestRegressor

from hasten.passes.source.estimators.cores import FIT, ForestOnAllCores
from tests.passes.test_containers_harness import changed, left_alone

scope: dict[str, Any] = {"RandomForestClassifier": RandomForestClassifier, "ExtraTreesRegressor": ExtraTreesRegressor}
exec(FIT.replace("FORESTS", "RandomForestClassifier, ExtraTreesRegressor"), scope)
fit: Any = scope["_fit_on_all_cores"]
RNG = np.random.default_rng(0)
X, Y = RNG.random((120, 4)), RNG.integers(0, 3, 120)


@pytest.mark.parametrize(
    "options",
    [
        {"random_state": 0},
        {"random_state": 1, "max_depth": 3, "min_samples_leaf": 5, "bootstrap": True, "oob_score": True},
        {"random_state": 2, "max_features": None, "warm_start": True},
        {},
    ],
)
@pytest.mark.parametrize("kind", [RandomForestClassifier, ExtraTreesRegressor])
def test_same_forest(kind: Any, options: dict[str, Any]) -> None:
    kept = []
    for way in (lambda model: model.fit(X, Y), lambda model: fit(model, X, y=Y)):
        np.random.seed(7)
        model = kind(n_estimators=30, **options)
        assert way(model) is model
        if options.get("warm_start"):
            model.n_estimators = 40
            way(model)
        kept.append((pickle.dumps(model), np.random.random(), repr(model)))
    assert kept[0][1:] == kept[1][1:]
    assert kept[0][0] == kept[1][0]


def test_restored_when_it_fails() -> None:
    model = RandomForestClassifier()
    with pytest.raises(ValueError, match="inconsistent"):
        fit(model, X, Y[:5])
    assert model.n_jobs is None


def test_others_as_before(capsys: pytest.CaptureFixture[str]) -> None:
    class Own(RandomForestClassifier):
        def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
            print("jobs", self.n_jobs)
            return super().fit(X, y, sample_weight)

    fit(Own(n_estimators=3), X, Y)
    given = fit(RandomForestClassifier(n_estimators=3, n_jobs=1), X, Y)
    assert given.n_jobs == 1
    assert capsys.readouterr().out == "jobs None\n"
    assert fit(RandomForestRegressor(n_estimators=2), X, Y).n_jobs is None


def test_changed(tmp_path: Path) -> None:
    made = changed(
        ForestOnAllCores(),
        tmp_path,
        """
import numpy as np
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor as Forest
rng = np.random.default_rng(0)
X, y = rng.random((60, 3)), rng.integers(0, 2, 60)
model = RandomForestClassifier(n_estimators=5, random_state=1)
model.fit(X, y)
print(model, model.predict_proba(X[:2]), Forest(random_state=2).fit(X, y=y).predict(X[:2]))
""",
    )
    assert any("_fit_on_all_cores(model, X, y)" in t for t in made)
    assert any("_fit_on_all_cores(Forest(random_state=2), X, y=y).predict" in t for t in made)
    assert any("if type(model) not in (Forest, RandomForestClassifier,)" in t for t in made)


def test_left_alone(tmp_path: Path) -> None:
    left_alone(
        ForestOnAllCores(),
        tmp_path,
        """
import numpy as np
from sklearn.ensemble import RandomForestClassifier, GradientBoostingClassifier
rng = np.random.default_rng(0)
X, y = rng.random((60, 3)), rng.integers(0, 2, 60)
a = RandomForestClassifier(n_estimators=5, random_state=1, n_jobs=2)
a.fit(X, y)
b = GradientBoostingClassifier(n_estimators=5).fit(X, y)
print(a.predict(X[:2]), RandomForestClassifier(verbose=0, n_estimators=2, random_state=1).fit(X, y).predict(X[:2]))
""",
    )
