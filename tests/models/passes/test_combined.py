"""Combinations of models beside the originals: votes, stacks, bags, calibration, one model a class or an output."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import datasets
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import (
    AdaBoostRegressor,
    BaggingClassifier,
    BaggingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV, TunedThresholdClassifierCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputRegressor
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from hasten.core.model_pass import CannotServe
from hasten.passes.model.serving.combined import CombinedMembers
from hasten.passes.model.serving.combined.kinds import combination
from hasten.passes.model.serving.generated import GeneratedPredictor
from hasten.serve.native import compiler
from tests.models.cases import judged, served, split, work_of
from tests.models.conftest import people

pytestmark = [
    pytest.mark.filterwarnings("ignore"), pytest.mark.skipif(compiler() is None, reason="no C compiler here"),
]  # fmt: skip
WINE = split(*datasets.load_wine(return_X_y=True))
NAMES = np.array(["low", "middle", "a high one"])
CANCER = split(*datasets.load_breast_cancer(return_X_y=True))
DIABETES = split(*datasets.load_diabetes(return_X_y=True))
TREE, FOREST = DecisionTreeClassifier(max_depth=3, random_state=0), RandomForestClassifier(5, random_state=0)
NUMBERS = DecisionTreeRegressor(max_depth=4, random_state=0)


def linear() -> Any:
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=200))


TWO = {
    "calibrated": lambda: CalibratedClassifierCV(GaussianNB(), cv=2),
    "calibrated by steps": lambda: CalibratedClassifierCV(FOREST, cv=2, method="isotonic"),
    "calibrated as a whole": lambda: CalibratedClassifierCV(linear(), cv=2, ensemble=False),
    "stack beside rows": lambda: StackingClassifier([("t", TREE), ("l", linear())], final_estimator=TREE, cv=2, passthrough=True),
    "bag of columns": lambda: BaggingClassifier(linear(), 3, max_features=0.5, random_state=0),
    "another threshold": lambda: FixedThresholdClassifier(FOREST, threshold=0.3, pos_label=0),
    "a tuned threshold": lambda: TunedThresholdClassifierCV(linear(), cv=2),
    "searched": lambda: GridSearchCV(FOREST, {"max_depth": [2, 3]}, cv=2),
}  # fmt: skip
THREE = {
    "soft votes": lambda: VotingClassifier([("t", TREE), ("l", linear()), ("n", GaussianNB())], voting="soft", weights=[2, 1, 0.5]),
    "hard votes": lambda: VotingClassifier([("t", TREE), ("l", linear()), ("n", GaussianNB())]),
    "weighed votes": lambda: VotingClassifier([("t", TREE), ("l", linear())], weights=[1, 3], flatten_transform=False),
    "stack": lambda: StackingClassifier([("t", TREE), ("l", LinearSVC())], cv=2),
    "votes of a bag": lambda: BaggingClassifier(make_pipeline(StandardScaler(), LinearSVC()), 3, random_state=0),
    "one against the rest": lambda: OneVsRestClassifier(linear()),
    "calibrated": lambda: CalibratedClassifierCV(LinearSVC(), cv=2),
}  # fmt: skip
AMOUNT = {
    "mean": lambda: VotingRegressor([("t", NUMBERS), ("r", Ridge())], weights=[1, 2]),
    "stack": lambda: StackingRegressor([("t", NUMBERS), ("r", Ridge())], cv=2),
    "bag": lambda: BaggingRegressor(Ridge(), 4, random_state=0),
    "median": lambda: AdaBoostRegressor(NUMBERS, n_estimators=4, random_state=0),
    "scaled target": lambda: TransformedTargetRegressor(NUMBERS, transformer=MinMaxScaler((1, 3))),
    "logarithms": lambda: TransformedTargetRegressor(RandomForestRegressor(4, random_state=0), func=np.log1p, inverse_func=np.expm1),
    "a member as it is": lambda: VotingRegressor([("k", KNeighborsRegressor()), ("r", Ridge())]),
}  # fmt: skip


@pytest.mark.parametrize("name", TWO)
def test_two_classes(name: str, tmp_path: Path) -> None:
    a, b, c, d = CANCER
    verdict = judged(work_of(TWO[name]().fit(a[:, :6], b), c[:, :6], d), CombinedMembers(), tmp_path)
    assert verdict.verdict == "accepted", verdict.reason


@pytest.mark.parametrize("name", THREE)
def test_three_classes_of_texts(name: str, tmp_path: Path) -> None:
    a, b, c, d = WINE
    work = work_of(THREE[name]().fit(a[:, :6], NAMES[b]), c[:, :6], NAMES[d])
    verdict = judged(work, CombinedMembers(), tmp_path)
    assert verdict.verdict == "accepted", verdict.reason


@pytest.mark.parametrize("name", AMOUNT)
def test_numbers(name: str, tmp_path: Path) -> None:
    a, b, c, d = DIABETES
    verdict = judged(work_of(AMOUNT[name]().fit(a[:, :6], b), c[:, :6], d), CombinedMembers(), tmp_path)
    assert verdict.verdict == "accepted", verdict.reason


def test_several_outputs(tmp_path: Path) -> None:
    a, _, c, _ = DIABETES
    model = MultiOutputRegressor(NUMBERS).fit(a[:, :6], a[:, 6:])
    verdict = judged(work_of(model, c[:, :6], c[:, 6:]), CombinedMembers(), tmp_path)
    assert verdict.verdict == "accepted", verdict.reason


def pre() -> Any:
    steps = [("n", StandardScaler(), ["age", "income"]), ("c", OneHotEncoder(handle_unknown="ignore"), ["city"])]
    return ColumnTransformer(steps)


def test_a_stack_beside_its_rows_takes_frames_and_dicts(tmp_path: Path) -> None:
    frame = people(300)
    x, y = frame[["age", "income"]], frame["bought"]
    members = [("l", linear()), ("t", TREE)]
    model = StackingClassifier(members, final_estimator=LogisticRegression(), cv=2, passthrough=True)
    work = work_of(model.fit(x[:200], y[:200]), x[200:], y[200:])
    verdict = judged(work, CombinedMembers(), tmp_path / "a")
    assert verdict.verdict == "accepted", verdict.reason
    made = served(work, CombinedMembers(), {}, tmp_path / "b")
    rows = x.iloc[210:213].to_dict("records")
    expected = model.predict_proba(x[210:213])
    np.testing.assert_allclose(made.predict_proba(rows), expected, rtol=1e-9)
    np.testing.assert_allclose(made.predict_proba(dict(reversed(rows[0].items()))), expected[:1], rtol=1e-9)


def test_pipelines_that_vote_take_frames_and_dicts(tmp_path: Path) -> None:
    frame = people(300)
    x, y = frame.drop(columns="bought"), frame["bought"]
    members = [("l", make_pipeline(pre(), LogisticRegression())), ("t", make_pipeline(pre(), TREE))]
    work = work_of(VotingClassifier(members, voting="soft").fit(x[:200], y[:200]), x[200:], y[200:])
    verdict = judged(work, CombinedMembers(), tmp_path / "a")
    assert verdict.verdict == "accepted", verdict.reason
    made = served(work, CombinedMembers(), {}, tmp_path / "b")
    row = x.iloc[210].to_dict()
    np.testing.assert_allclose(made.predict_proba(row), work.model.predict_proba(x[210:211]), rtol=1e-12)
    with pytest.raises(ValueError, match="'city'"):
        made.predict({k: v for k, v in row.items() if k != "city"})
    text = json.loads((tmp_path / "b" / "manifest.json").read_text())
    assert [p["part"]["backend"] for p in text["parts"]["part"]["options"]["parts"]] == ["generated", "generated"]


def test_a_combination_behind_preprocessing(tmp_path: Path) -> None:
    frame = people(300)
    x, y = frame.drop(columns="bought"), frame["bought"]
    model = make_pipeline(pre(), CalibratedClassifierCV(TREE, cv=2)).fit(x[:200], y[:200])
    verdict = judged(work_of(model, x[200:], y[200:]), GeneratedPredictor(), tmp_path, {"inner": "HSM103"})
    assert verdict.verdict == "accepted", verdict.reason


def test_labels_that_a_frozen_model_keeps(tmp_path: Path) -> None:
    a, b, c, d = WINE
    inner = linear().fit(a, NAMES[b])
    model = CalibratedClassifierCV(FrozenEstimator(inner)).fit(a, NAMES[b])
    verdict = judged(work_of(model, c, NAMES[d]), CombinedMembers(), tmp_path)
    assert verdict.verdict == "accepted", verdict.reason


def test_what_is_no_gain_is_refused(tmp_path: Path) -> None:
    a, b, c, d = DIABETES
    model = BaggingRegressor(KNeighborsRegressor(metric="manhattan"), 2, random_state=0).fit(a, b)
    with pytest.raises(CannotServe, match="none of its members"):
        CombinedMembers().build(work_of(model, c, d), tmp_path, {})
    odd = TransformedTargetRegressor(Ridge(), func=np.cbrt, inverse_func=lambda v: v**3).fit(a, b)
    assert list(CombinedMembers().parameters(work_of(odd, c, d))) == []
    assert combination(Ridge().fit(a, b)) is None


def test_members_that_know_some_classes_only(tmp_path: Path) -> None:
    x, y = datasets.load_iris(return_X_y=True)
    y = np.where(np.arange(len(y)) == 149, 3, y)  # one row of a fourth class, which most bags miss
    model = BaggingClassifier(linear(), 4, max_samples=40, random_state=1).fit(x, y)
    assert any(len(e.classes_) < 4 for e in model.estimators_)
    verdict = judged(work_of(model, x[::2], y[::2]), CombinedMembers(), tmp_path)
    assert verdict.verdict == "accepted", verdict.reason
