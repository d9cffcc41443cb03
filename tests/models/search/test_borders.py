"""Rows at the borders of trees: every leaf is reached, from both sides of every test."""

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("sklearn")
from sklearn import ensemble, linear_model, tree

from hasten.search.models import borders as module
from hasten.search.models.borders import borders
from hasten.search.models.inputs import inputs_of, odd_rows

DRAW = np.random.default_rng(5)
X = DRAW.normal(size=(300, 4))
Y = (X[:, 0] > X[:, 1]).astype(int) + (X[:, 2] > 1)


@pytest.mark.parametrize("model", [tree.DecisionTreeClassifier(), ensemble.RandomForestClassifier(4, random_state=0)])
def test_every_leaf_is_reached_from_both_sides_of_every_test(model) -> None:
    model.fit(X, Y)
    rows = dict(borders(model, X[:20], 0))
    high, low = (rows[f"values that reach leaves, as {way} as they may be"] for way in ("high", "low"))
    trees = getattr(model, "estimators_", [model])
    for fitted in trees:
        leaves = set(np.flatnonzero(fitted.tree_.children_left < 0).tolist())
        assert set(fitted.apply(high).tolist()) >= leaves and set(fitted.apply(low).tolist()) >= leaves
        # the last value that goes left and the first that goes right, in float32, are asked at every test
        for node in np.flatnonzero(fitted.tree_.children_left >= 0):
            feature, threshold = fitted.tree_.feature[node], fitted.tree_.threshold[node]
            single = np.float32(threshold)
            last = single if single <= threshold else np.nextafter(single, np.float32(-np.inf))
            asked = set(np.concatenate([high, low])[:, feature].tolist())
            assert float(last) in asked and float(np.nextafter(last, np.float32(np.inf))) in asked
    rounded = rows["values that reach leaves, as high as they may be once they are rounded"]
    assert (rounded >= high).all() and (rounded.astype(np.float32) == high.astype(np.float32)).all()
    assert (rounded != high).any(axis=1).mean() > 0.5


def test_missing_values_come_to_every_test_that_they_can_reach() -> None:
    x = X.copy()
    x[DRAW.random(x.shape) < 0.1] = np.nan
    model = ensemble.HistGradientBoostingClassifier(max_iter=3).fit(x, Y)
    frame = pd.DataFrame(x, columns=list("abcd"))
    rows = dict(borders(model, frame, 0))
    missing = rows["NaN at tests of trees"]
    assert list(missing.columns) == list("abcd") and missing.isna().any(axis=1).all() and len(missing) > 10
    assert "values that reach leaves, as high as they may be once they are rounded" not in rows  # float64 throughout


def test_large_ensembles_are_drawn_from_the_same_rows_for_one_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LEAVES", 30)
    monkeypatch.setattr(module, "ENOUGH", 60)
    model = ensemble.RandomForestClassifier(12, random_state=0).fit(X, Y)
    a, b, c = (dict(borders(model, X[:20], seed)) for seed in (1, 1, 2))
    name = "values that reach leaves, as low as they may be"
    assert len(a[name]) == 30 and np.array_equal(a[name], b[name]) and not np.array_equal(a[name], c[name])


def test_what_is_no_ensemble_of_trees_over_numbers_has_none() -> None:
    model = tree.DecisionTreeClassifier().fit(X, Y)
    assert not list(borders(linear_model.LogisticRegression().fit(X, Y), X, 0))
    assert not list(borders(model, pd.DataFrame(X).assign(e="text"), 0))
    assert not list(borders(model, X[:, :3], 0)) and not list(borders(model, ["a", "b"], 0))
    assert not [n for n in inputs_of(X, (1,), 0, same=False, model=model).varied if "leaves" in n]
    assert [n for n in inputs_of(X, (1,), 0, model=model).varied if "leaves" in n]


def test_single_rows_are_asked_as_tables_and_as_dicts() -> None:
    frame = pd.DataFrame(X, columns=list("abcd")).assign(n=np.arange(300))
    inputs = inputs_of(frame, (1,), 0)
    assert len(inputs.rows) == len(inputs.dict_places) + len(odd_rows(frame, 0)) > len(inputs.dict_places)
    for table, as_dict in inputs.rows:
        np.testing.assert_equal(inputs.all[table].to_dict("records")[0], inputs.all[as_dict])
    values = np.concatenate([row.to_numpy() for row in odd_rows(frame, 0)])
    assert np.isnan(values).any() and np.isinf(values).any() and (values == -12345.678).any()
    assert not inputs_of(X, (1,), 0).rows and not odd_rows(pd.DataFrame({"t": ["a"]}), 0)
