"""Fewer trees, fewer rounds, smaller trees: models of the same class, the original untouched, and still good."""

from __future__ import annotations

import pickle
import warnings
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")
from sklearn import ensemble, tree
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from hasten.core.model import ModelWorkload, Rows
from hasten.passes.model.reducing.contributions import contributions
from hasten.passes.model.reducing.fewer_rounds import FewerRounds, pursued
from hasten.passes.model.reducing.fewer_trees import FewerTrees, ordered
from hasten.passes.model.reducing.shallower import SmallerTrees
from hasten.passes.model.trees import read

CANCER, DIABETES = load_breast_cancer(return_X_y=True), load_diabetes(return_X_y=True)
DIGITS, IRIS = tuple(a[:700] for a in load_digits(return_X_y=True)), load_iris(return_X_y=True)


def work(model: Any, data: Any, learn: int = 300) -> ModelWorkload:
    x, y = data
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(x[:learn], y[:learn])
    return ModelWorkload(model, Rows(x[learn:], y[learn:]), train=Rows(x[:learn], y[:learn]))


def reduced(found: Any, given: ModelWorkload, at: int) -> Any:
    before = pickle.dumps(given.model)
    ladder = list(found.parameters(given))
    assert len(ladder) > 2
    made = found.reduce(given, ladder[at])
    assert type(made) is type(given.model)
    assert pickle.dumps(given.model) == before
    assert len(pickle.dumps(made)) < len(before)
    pickle.loads(pickle.dumps(made)).predict(given.valid.x)
    return made


@pytest.mark.parametrize(
    "model", [
        ensemble.RandomForestClassifier(40, random_state=0), ensemble.ExtraTreesClassifier(40, random_state=0),
        ensemble.BaggingClassifier(n_estimators=40, max_features=0.5, random_state=0),
    ], ids=lambda m: type(m).__name__,
)  # fmt: skip
def test_a_few_ordered_trees_are_as_good(model: Any) -> None:
    given = work(model, CANCER)
    made = reduced(FewerTrees(), given, 5)  # a fifth
    assert len(made.estimators_) == 8
    x, y = given.valid.x, given.valid.y
    assert made.score(x, y) > given.model.score(x, y) - 0.03
    np.testing.assert_allclose(made.predict_proba(x).sum(axis=1), 1)


def test_the_order_is_better_than_the_forests_own() -> None:
    given = work(ensemble.RandomForestRegressor(40, max_depth=6, random_state=0), DIABETES)
    assert given.train is not None
    order = ordered(given.model, given.train.x, given.train.y)
    assert sorted(order) == list(range(40))

    def error(trees: Any) -> float:
        said = np.mean([given.model.estimators_[i].predict(given.train.x) for i in trees], axis=0)
        return float(np.mean((said - given.train.y) ** 2))

    assert error(order[:5]) < error(range(5))


def test_isolation_forest() -> None:
    given = work(ensemble.IsolationForest(n_estimators=60, random_state=0), CANCER)
    made = reduced(FewerTrees(), given, 3)
    both = np.corrcoef(made.score_samples(given.valid.x), given.model.score_samples(given.valid.x))
    assert both[0, 1] > 0.95


def test_within_a_pipeline() -> None:
    given = work(make_pipeline(StandardScaler(), ensemble.RandomForestClassifier(30, random_state=0)), CANCER)
    made = reduced(FewerTrees(), given, 4)
    assert made.steps[0][1] is given.model.steps[0][1]
    assert made.score(given.valid.x, given.valid.y) > 0.9


def test_what_trees_say_adds_up() -> None:
    given = work(ensemble.HistGradientBoostingRegressor(max_iter=15), DIABETES)
    x = np.where(np.random.default_rng(0).random(given.valid.x.shape) < 0.2, np.nan, given.valid.x)
    forest = read(given.model)
    assert forest is not None
    np.testing.assert_allclose(contributions(forest, x).sum(axis=0) + forest.init[0], given.model.predict(x))


def test_all_trees_keep_their_weight() -> None:
    said = np.random.default_rng(0).normal(size=(6, 50))
    chosen, weight = pursued(said, 6)
    assert list(chosen) == list(range(6))
    np.testing.assert_allclose(weight, 1)


def _boosters() -> list[Any]:
    made: list[Any] = [
        (ensemble.GradientBoostingClassifier(n_estimators=40, random_state=0), CANCER),
        (ensemble.GradientBoostingClassifier(n_estimators=12, random_state=0), DIGITS),
        (ensemble.GradientBoostingRegressor(n_estimators=60, random_state=0), DIABETES),
        (ensemble.HistGradientBoostingClassifier(max_iter=40), CANCER),
        (ensemble.HistGradientBoostingRegressor(max_iter=60), DIABETES),
    ]
    for package, kind, options, data in (
        ("lightgbm", "LGBMClassifier", {"verbose": -1}, CANCER), ("lightgbm", "LGBMClassifier", {"verbose": -1}, IRIS),
        ("lightgbm", "LGBMRegressor", {"verbose": -1}, DIABETES), ("xgboost", "XGBClassifier", {}, CANCER),
        ("xgboost", "XGBClassifier", {}, DIGITS), ("xgboost", "XGBRegressor", {}, DIABETES),
    ):  # fmt: skip
        made.append((package, kind, options, data))
    return made


@pytest.mark.parametrize("told", _boosters(), ids=lambda t: f"{t[1] if len(t) == 4 else type(t[0]).__name__}")
def test_half_the_rounds_say_nearly_the_same(told: Any) -> None:
    if len(told) == 4:
        package, kind, options, data = told
        model = getattr(pytest.importorskip(package), kind)(n_estimators=40, n_jobs=1, **options)
    else:
        model, data = told
    learn = 120 if data is IRIS else 300
    given = work(model, data, learn)
    made = reduced(FewerRounds(), given, 3)
    x = given.valid.x if data is not IRIS else IRIS[0]
    raw = "predict_proba" if hasattr(model, "predict_proba") else "predict"
    old, new = getattr(given.model, raw)(x), getattr(made, raw)(x)
    assert new.dtype == old.dtype
    assert np.mean(np.abs(new - old)) < 0.1 * np.std(old)
    forest, whole = read(made), read(given.model)
    assert forest is not None and whole is not None
    assert len(forest.trees) <= 0.55 * len(whole.trees)


def test_catboost(tmp_path: Any) -> None:
    catboost = pytest.importorskip("catboost")
    given = work(catboost.CatBoostClassifier(iterations=20, verbose=0, train_dir=str(tmp_path)), CANCER)
    ladder = list(FewerRounds().parameters(given))
    made = FewerRounds().reduce(given, ladder[3])
    assert made.tree_count_ == 10 and given.model.tree_count_ == 20
    assert made.score(given.valid.x, given.valid.y) > 0.9


@pytest.mark.parametrize(
    "model", [
        tree.DecisionTreeClassifier(random_state=0), ensemble.RandomForestClassifier(9, random_state=0),
        ensemble.ExtraTreesClassifier(9, random_state=0),
    ], ids=lambda m: type(m).__name__,
)  # fmt: skip
def test_smaller_trees(model: Any) -> None:
    given = work(model, DIGITS, 600)
    made = reduced(SmallerTrees(), given, 1)
    trees = getattr(made, "estimators_", [made])
    leaves = list(SmallerTrees().parameters(given))[1]["leaves"]
    assert all(int(t.tree_.n_leaves) <= leaves for t in trees)
    assert made.score(given.valid.x, given.valid.y) > given.model.score(given.valid.x, given.valid.y) - 0.15
    assert read(made) is not None


def test_a_merged_leaf_answers_as_its_node_did() -> None:
    given = work(tree.DecisionTreeRegressor(random_state=0), DIABETES)
    made = reduced(SmallerTrees(), given, -1)
    best_first = tree.DecisionTreeRegressor(random_state=0, max_leaf_nodes=8).fit(given.train.x, given.train.y)  # type: ignore[union-attr]
    np.testing.assert_allclose(made.predict(given.valid.x), best_first.predict(given.valid.x))
