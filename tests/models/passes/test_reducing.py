"""Reductions: smaller models of the right kind, and the one that was given left as it was."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC, SVR

from hasten.core.model import ModelWorkload, Rows
from hasten.passes.model.reducing.distill import LEAVES, Distillation
from hasten.passes.model.reducing.prototypes import FewerPrototypes
from hasten.passes.model.reducing.rank import LowerRank
from hasten.passes.model.reducing.sparse import SparseCoefficients
from hasten.passes.model.registry import reducing_passes
from tests.models.conftest import people


def work(model: Any, x: Any, y: Any, learn: bool = True) -> ModelWorkload:
    """Trained on the even rows, which smaller models may learn from; judged by the odd ones."""
    even, odd = Rows(x, y).take(list(range(0, len(y), 2))), Rows(x, y).take(list(range(1, len(y), 2)))
    return ModelWorkload(model.fit(even.x, even.y), odd, train=even if learn else None)


def reductions(found: Any, given: ModelWorkload) -> list[tuple[Any, Any]]:
    """(parameters, reduced model) of all that the pass proposes; the model that was given stays as it was."""
    before = pickle.dumps(given.model)
    made = [(p, found.reduce(given, p)) for p in found.parameters(given)]
    assert pickle.dumps(given.model) == before
    for _, model in made:
        assert model is not given.model
        old, new = given.model, model
        for method in ("predict", "predict_proba", "decision_function"):
            if hasattr(old, method):
                a, b = getattr(old, method)(given.valid.x), getattr(new, method)(given.valid.x)
                assert a.shape == b.shape
                assert a.dtype == b.dtype
        if hasattr(old, "classes_"):
            assert np.array_equal(old.classes_, new.classes_)
    return made


def test_a_forest_is_distilled_into_smaller_ones_that_agree() -> None:
    x, y = load_breast_cancer(return_X_y=True)
    given = work(RandomForestClassifier(100, random_state=0), x, y)
    made = reductions(Distillation(), given)
    assert {p["student"] for p, _ in made} == {*LEAVES, "tree", "linear"}
    rounds = [p["rounds"] for p, _ in made if p["student"] == "boosting"]
    assert rounds == sorted(rounds, reverse=True)  # from the gentlest to the boldest
    agree = max((m.predict(given.valid.x) == given.model.predict(given.valid.x)).mean() for _, m in made)
    assert agree > 0.95


def test_students_keep_classes_that_are_never_likely_and_labels_that_are_words() -> None:
    x, y = load_iris(return_X_y=True)
    names = np.array(["setosa", "versicolor", "virginica"], dtype=object)[y]
    given = work(RandomForestClassifier(20, random_state=0), x, names)
    some = ModelWorkload(given.model, given.valid, train=Rows(x[:50].repeat(2, axis=0), None))  # of one class only
    for _, model in reductions(Distillation(), some):
        assert list(model.classes_) == ["setosa", "versicolor", "virginica"]


def test_whole_pipelines_are_distilled_behind_their_preprocessing() -> None:
    frame = people(400)
    steps = [("n", StandardScaler(), ["age", "income"]), ("c", OneHotEncoder(handle_unknown="ignore"), ["city"])]
    model = make_pipeline(ColumnTransformer(steps), RandomForestClassifier(50, random_state=0))
    given = work(model, frame.drop(columns="bought"), frame["bought"].to_numpy())
    for _, made in reductions(Distillation(), given):
        assert made.steps[0][1] is model.steps[0][1]


def test_students_are_smaller_than_their_teachers() -> None:
    x, y = load_breast_cancer(return_X_y=True)
    few = work(RandomForestClassifier(3, max_depth=3, random_state=0), x, y)
    assert [p for p in Distillation().parameters(few) if p["student"] in LEAVES] == []
    many = work(RandomForestClassifier(60, random_state=0), x, y)
    assert any(p["student"] in LEAVES for p in Distillation().parameters(many))


def test_students_learn_from_targets_as_well_as_from_the_teacher() -> None:
    x, y = load_breast_cancer(return_X_y=True)
    teacher = RandomForestClassifier(5, random_state=0).fit(x[:400], 1 - y[:400])  # it knows nothing
    given = ModelWorkload(teacher, Rows(x[400:], y[400:]), train=Rows(x[:400], y[:400]))
    p = Distillation().reduce(given, {"student": "boosting", "rounds": 8}).predict_proba(x[:400])
    assert p.max() < 0.8  # half of what it learnt contradicts the other half
    alone = ModelWorkload(teacher, Rows(x[400:], y[400:]), train=Rows(x[:400], None))
    p = Distillation().reduce(alone, {"student": "boosting", "rounds": 8}).predict_proba(x[:400])
    assert p.max() > 0.9


def test_sparse_rows_have_students_that_take_them() -> None:
    texts = [f"good fine day number{i % 7}" for i in range(60)] + [f"bad poor night number{i % 7}" for i in range(60)]
    given = work(
        make_pipeline(TfidfVectorizer(), RandomForestClassifier(60, random_state=0)), texts, np.repeat([1, 0], 60)
    )
    small = Distillation().reduce(given, {"student": "boosting", "rounds": 8})
    assert (small.predict(given.valid.x) == given.valid.y).all()


def test_numbers_are_distilled_too() -> None:
    x, y = load_diabetes(return_X_y=True)
    given = work(RandomForestRegressor(50, random_state=0), x, y)
    made = reductions(Distillation(), given)
    told = given.model.predict(given.valid.x)
    assert max(np.corrcoef(m.predict(given.valid.x), told)[0, 1] for _, m in made) > 0.9


@pytest.mark.parametrize("model", [LogisticRegression(max_iter=3000), RandomForestClassifier(5)])
def test_nothing_to_learn_from_or_nothing_smaller(model: Any) -> None:
    x, y = load_breast_cancer(return_X_y=True)
    linear = isinstance(model, LogisticRegression)
    assert list(Distillation().parameters(work(model, StandardScaler().fit_transform(x), y, learn=linear))) == []


def test_small_coefficients_go_first() -> None:
    draw = np.random.default_rng(0)
    x = draw.normal(size=(400, 30)) * np.geomspace(1e-3, 1, 30)
    given = work(LogisticRegression(), x, (x[:, -1] + x[:, -2] > 0).astype(int))
    made = reductions(SparseCoefficients(), given)
    zeros = [int((m.coef_ == 0).sum()) for _, m in made]
    assert zeros == sorted(zeros) == [9, 15, 21, 24, 27, 28]
    assert made[-1][1].coef_[0, -2:].all()
    assert (made[0][1].predict(given.valid.x) == given.model.predict(given.valid.x)).mean() > 0.97


def test_words_that_hardly_count_are_left_out() -> None:
    texts = [f"good fine day number{i}" for i in range(60)] + [f"bad poor night number{i}" for i in range(60)]
    given = work(make_pipeline(TfidfVectorizer(), LogisticRegression()), texts, np.repeat([1, 0], 60))
    made = reductions(SparseCoefficients(), given)
    assert (made[-2][1].predict(given.valid.x) == given.model.predict(given.valid.x)).mean() > 0.95


@pytest.mark.parametrize("model", [KNeighborsClassifier(3), KNeighborsRegressor(3), SVC(), SVR()])
def test_fewer_stored_rows(model: Any) -> None:
    x, y = load_digits(return_X_y=True)
    numbers = type(model).__name__ in ("KNeighborsRegressor", "SVR")
    given = work(model, x, y.astype(float) if numbers else y)
    made = reductions(FewerPrototypes(), given)
    kept = [len(m._fit_X) if hasattr(m, "_fit_X") else len(m.support_) for _, m in made]
    assert kept == sorted(kept, reverse=True)
    assert kept[-1] < kept[0]
    if hasattr(given.model, "classes_"):
        assert (made[0][1].predict(given.valid.x) == given.model.predict(given.valid.x)).mean() > 0.9


def test_fewer_components() -> None:
    x, y = load_diabetes(return_X_y=True)
    wide = np.hstack([x, x**2])
    given = work(make_pipeline(StandardScaler(), PCA(12), Ridge()), wide, y)
    made = reductions(LowerRank(), given)
    assert [m.steps[1][1].n_components_ for _, m in made] == [9, 7, 4, 3, 1]
    assert list(LowerRank().parameters(work(make_pipeline(PCA(2), Ridge()), wide, y))) == []


def test_all_are_registered_under_codes_of_their_own() -> None:
    codes = [p.code for p in reducing_passes()]
    assert len(set(codes)) == len(codes) >= 4
