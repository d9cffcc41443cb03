"""What answers of tabular models rest on, by shap: against the definition, and where it must not be asked."""

import itertools
import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, PolynomialFeatures, StandardScaler
from sklearn.svm import SVC

from hasten.core.model import ModelWorkload, Rows
from hasten.core.model_pass import CannotServe, Step
from hasten.observe.child import ChildFailed
from hasten.search.models import explaining, explaining_tables
from hasten.search.models.candidates import Candidate
from hasten.search.models.explaining_tables import Tables
from hasten.search.models.files import reduced_file
from hasten.search.models.refitting import can_refit, refitted
from hasten.verify import shapley
from hasten.verify.attributions import score_of
from hasten.verify.shapley import (
    LINEAR,
    SAMPLED,
    TREES,
    Cells,
    Shapley,
    background,
    exact,
    explained_rows,
    sampled,
    stands_for,
)

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(120, 3))
NEAR = np.where(X > 0, np.float32(29.2), np.nextafter(np.float32(29.2), np.float32(0)))  # neighbours in 32 bits
HOLES = np.where(DRAW.random(X.shape) < 0.2, np.nan, X)
TWO = (X[:, 0] * X[:, 1] + X[:, 2] > 0).astype(int)
THREE = np.digitize(X[:, 0] + X[:, 1] * X[:, 2], [-0.5, 0.5])
NUMBER = X[:, 0] * X[:, 1] + X[:, 2]
needs_shap = pytest.mark.skipif(not shapley.can_explain(X), reason="the extra `explain` is not installed")


def by_definition(ask, x, labels):
    """Shapley values of the first rows, from the answers to every set of columns."""
    some, usual = explained_rows(x), background(x)
    players = x.shape[1]
    subsets = [s for k in range(players + 1) for s in itertools.combinations(range(players), k)]
    rows = np.repeat(np.asarray(usual, float)[None, None], len(subsets), 0).repeat(len(some), 1)
    for at, s in enumerate(subsets):
        rows[at][:, :, list(s)] = np.asarray(some, float)[:, None, list(s)]
    made = rows.reshape(-1, players)
    of_each = None if labels is None else np.tile(np.repeat(labels[: len(some)], len(usual)), len(subsets))
    worth = dict(zip(subsets, score_of(ask(made), of_each).reshape(len(subsets), len(some), -1).mean(2), strict=True))
    out = np.zeros((len(some), players))
    for s, j in itertools.product(subsets, range(players)):
        if j not in s:
            weight = math.factorial(len(s)) * math.factorial(players - len(s) - 1) / math.factorial(players)
            out[:, j] += weight * (worth[tuple(sorted((*s, j)))] - worth[s])
    return out


def decisions(model):
    """What the leaves of a model add up to, one column a class."""

    def ask(x):
        if not hasattr(model, "decision_function"):
            return (model.predict_proba if hasattr(model, "predict_proba") else model.predict)(x)
        found = model.decision_function(x)
        return np.stack([-found, found], axis=1) if found.ndim == 1 else found

    return ask


@needs_shap
@pytest.mark.parametrize(
    ("model", "x", "y", "by"),
    [
        (RandomForestClassifier(8, random_state=0), NEAR, THREE, TREES),
        (RandomForestRegressor(8, random_state=0), X.astype(np.float32), NUMBER, TREES),
        (HistGradientBoostingClassifier(max_iter=4, min_samples_leaf=5), HOLES, TWO, TREES),
        (HistGradientBoostingClassifier(max_iter=2, min_samples_leaf=5), X, THREE, TREES),
        (GradientBoostingClassifier(n_estimators=8, random_state=0), X, TWO, TREES),
        (make_pipeline(SimpleImputer(), StandardScaler(), RandomForestClassifier(4, random_state=0)), HOLES, TWO, TREES),
        (make_pipeline(StandardScaler(), LogisticRegression()), X, TWO, LINEAR),
        (LogisticRegression(), X, THREE, LINEAR),
        (make_pipeline(SimpleImputer(), Ridge()), HOLES, NUMBER, LINEAR),
    ],
)  # fmt: skip
def test_what_is_looked_into_is_explained_exactly(model, x, y, by):
    model.fit(x, y)
    method = "predict_proba" if hasattr(model, "predict_proba") else "predict"
    answers = getattr(model, method)(x)
    labels = answers.argmax(1) if answers.ndim == 2 else None
    found = exact(model, x, method, labels)
    assert found.by == by
    expected = by_definition(decisions(model), x, labels)
    np.testing.assert_allclose(found.values, expected, atol=1e-6 * np.abs(expected).max())
    assert stands_for(found, {method: answers}, method, labels)
    assert not stands_for(found, {method: answers * 0.999}, method, labels)
    assert not stands_for(found, {method: y}, method, labels) and not stands_for(found, {}, method, labels)
    frame = pd.DataFrame(x, columns=["a", "a b", "c"])
    if by == TREES:
        np.testing.assert_array_equal(exact(model, frame.to_numpy(), method, labels).values, found.values)


@needs_shap
@pytest.mark.parametrize(
    ("model", "x"),
    [
        (HistGradientBoostingClassifier(max_iter=4, categorical_features=[0]), np.round(np.abs(X))),
        (SVC(), X),
        (make_pipeline(PolynomialFeatures(), Ridge()), X),  # columns meet
        (make_pipeline(SimpleImputer(add_indicator=True), Ridge()), HOLES),
        (RandomForestClassifier(4), pd.DataFrame(X, columns=[*"abc"]).assign(d="x")),
    ],
)
def test_what_cannot_be_looked_into_is_refused(model, x):
    if isinstance(x, pd.DataFrame):
        model = make_pipeline(make_column_transformer((OneHotEncoder(), ["d"])), model)
    model.fit(x, TWO)
    method = "predict" if not hasattr(model, "predict_proba") else "predict_proba"
    assert exact(model, x, method, np.zeros(120, int) if method == "predict_proba" else None) is None


def test_cells_are_told_apart_by_what_they_hold():
    table = pd.DataFrame({
        "n": [1.0, np.nan, -0.0, 0.0, 1.0], "i": pd.array([1, None, 3, 1, 1], dtype="Int64"), "t": ["x", None, "y", "x", ""],
        "c": pd.Categorical(["b", "a", None, "b", "b"], categories=["b", "a", "z"]), "b": [True, False, True, True, False],
        "o": [1, True, 1.0, None, "1"], "d": pd.to_datetime(["2020-01-01", None, "2021-01-01", "2020-01-01", "2022-01-01"]),
    })  # fmt: skip
    twice = pd.concat([table, table], axis=1)  # names that are there twice
    for each in (table, twice):
        made = Cells(each)
        pd.testing.assert_frame_equal(made.rows(made.codes), each)
        assert np.signbit(made.rows(made.codes).iloc[2, 0]) and not np.signbit(made.rows(made.codes).iloc[3, 0])
        mixed = made.codes[[0]].copy()
        mixed[0, 3] = made.codes[1, 3]
        assert made.rows(mixed).iloc[0, 3] == "a" and made.rows(mixed).dtypes.equals(each.dtypes)
    assert [type(v) for v in made.rows(made.codes).iloc[:, 5]] == [type(v) for v in table["o"]]
    wide = Cells(np.arange(300.0).reshape(3, 100))
    assert wide.codes.shape == (3, 64)
    np.testing.assert_array_equal(wide.rows(wide.codes[[2, 0]]), np.arange(300.0).reshape(3, 100)[[2, 0]])
    words = np.array([["a", 1], ["b", None]], dtype=object)
    assert Cells(words).rows(Cells(words).codes).tolist() == words.tolist()


@needs_shap
def test_whatever_answers_is_asked():
    weights = np.array([3.0, -2.0, 0.5])
    before = np.random.get_state()[1].copy()
    found = sampled(lambda x: x @ weights, X, None, 60.0)
    np.testing.assert_allclose(found.values, (X[:32] - background(X).mean(0)) * weights, atol=1e-9)
    np.testing.assert_array_equal(np.random.get_state()[1], before)
    assert found.by == SAMPLED and 1 <= found.orders <= 4
    model = SVC(random_state=0).fit(X, THREE)
    labels = model.decision_function(X).argmax(1)
    found = sampled(model.decision_function, X, labels, 60.0, orders=3)
    expected = by_definition(model.decision_function, X, labels)
    np.testing.assert_allclose(found.values, expected, atol=0.1 * np.abs(expected).max())
    again = sampled(model.decision_function, X, labels, 60.0, orders=3)
    np.testing.assert_array_equal(found.values, again.values)
    frame = pd.DataFrame({"n": X[:, 0], "t": np.where(X[:, 1] > 0, "up", "down")})
    score = lambda f: f["n"].to_numpy() + 10.0 * (f["t"].to_numpy() == "up")  # noqa: E731
    found = sampled(score, frame, None, 60.0)
    up = (frame["t"] == "up").to_numpy()
    np.testing.assert_allclose(found.values[:, 1], 10.0 * (up[:32] - background(pd.Series(up)).mean()), atol=1e-9)


@needs_shap
def test_time_bounds_what_is_asked():
    now = [0.0]

    def slow(x):
        now[0] += 1.0
        return x.sum(1)

    clock = lambda: now[0]  # noqa: E731
    assert sampled(slow, X, None, 20.0, clock=clock) is None  # 32 rows of one second each
    assert sampled(slow, X, None, 70.0, clock=clock).orders == 2
    assert sampled(slow, X, None, 1.0, orders=9, clock=clock) is None  # and it is given up on the way


def test_without_shap_there_is_none(monkeypatch):
    monkeypatch.setattr(shapley, "find_spec", lambda name: None)
    assert not shapley.can_explain(X)
    monkeypatch.setattr(shapley, "find_spec", lambda name: object())
    assert shapley.can_explain(X) and shapley.can_explain(pd.DataFrame(X))
    assert not shapley.can_explain(["a text"] * 9) and not shapley.can_explain(X[0]) and not shapley.can_explain(X[:1])


def test_another_fit_is_the_control():
    whole = Rows(X, TWO)
    model = make_pipeline(StandardScaler(), RandomForestClassifier(4, random_state=0)).fit(X, TWO)
    work = ModelWorkload(model, whole, train=whole)
    assert (
        can_refit(work)
        and not can_refit(ModelWorkload(model, whole))
        and not can_refit(ModelWorkload(print, whole, train=whole))
    )
    other = refitted(work, 1)
    assert other[-1].random_state == 1 and model[-1].random_state == 0
    assert (other.predict_proba(X) != model.predict_proba(X)).any()
    np.testing.assert_array_equal(other.predict_proba(X), refitted(work, 1).predict_proba(X))
    rare = Rows(X, np.arange(120) // 2)
    with pytest.raises(CannotServe, match="classes"):
        refitted(ModelWorkload(RandomForestClassifier(2).fit(X, rare.y), rare, train=rare), 1)


OLD = DRAW.normal(size=(32, 6))
SCORES = DRAW.random((32, 2))


def loop_of(tmp_path, *, looked=(None, None), asked=(None, None), left_s=1e9, **contract):
    """A loop whose processes answer with these, in turn; with all that was asked of them."""
    asked_for, noted = [], {}

    def answer(kind, replies):
        def ask(*args, deadline_s):
            name = next(a for a in args if isinstance(a, str))
            asked_for.append((kind, name, args))
            if name == "refit":
                return str(tmp_path / "refit" / "workload.pkl")
            found = replies[sum(a[0] == kind and a[1] != "refit" for a in asked_for) - 1]
            if isinstance(found, Exception):
                raise found
            return found

        return ask

    loop = SimpleNamespace(
        scratch=tmp_path, written=tmp_path / "workload.pkl", threads=[1], race_s=lambda n: 1.0, ask_s=1.0,
        work=ModelWorkload(RandomForestClassifier(), Rows(X, TWO), train=Rows(X, TWO)), note=lambda **more: noted.update(more),
        contract=SimpleNamespace(**{"same": False, "explain": None} | contract), original=Candidate((Step("HSM100", "original"),)),
        answers={"predict_proba": SCORES}, candidates=[], out=SimpleNamespace(record=SimpleNamespace(notes=())),
        session=SimpleNamespace(left_s=left_s, progress=SimpleNamespace(note=lambda text: None, stage=lambda *a: None)),
        processes=SimpleNamespace(
            build=answer("build", looked), aside=answer("aside", asked), patience_s=lambda: 9.0,
            answers=lambda c, places: [{"predict_proba": SCORES}],
        ),
    )  # fmt: skip
    return loop, asked_for, noted


CUT = Candidate((Step("HSM202", "fewer rounds", {"rounds": 9}), Step("HSM102", "compiled trees")))
LABELS = SCORES.argmax(1)


def of_model(values, by=TREES, scores=None):
    return Shapley(values, by, scores=score_of(SCORES, LABELS) if scores is None else scores)


def test_trees_are_looked_into_and_the_control_beside_them(tmp_path, monkeypatch):
    monkeypatch.setattr(shapley, "find_spec", lambda name: object())
    loop, asked_for, noted = loop_of(tmp_path, looked=[of_model(OLD), of_model(2 * OLD), of_model(-OLD)])
    reduced_file(loop, CUT.steps[:1]).write_bytes(b"")
    assert explaining.explained_enough(loop, CUT) is None
    assert noted["explained"].correlation == pytest.approx(1) and noted["explained"].by == TREES
    assert noted["control"].correlation == pytest.approx(-1) and "fitted again" in noted["control"].of
    assert [(k, n) for k, n, _ in asked_for] == [("build", n) for n in ("shapley", "shapley", "refit", "shapley")]


def test_a_model_that_was_not_reduced_is_looked_into_once(tmp_path, monkeypatch):
    monkeypatch.setattr(shapley, "find_spec", lambda name: object())
    for scores, by in ((None, TREES), (np.zeros(32), SAMPLED)):
        old = of_model(OLD, scores=scores)
        loop, asked_for, _ = loop_of(tmp_path, looked=[old], asked=[Shapley(OLD, SAMPLED, 3)] * 2)
        loop.written.write_bytes(b"")
        found = Tables.of(loop, ("predict_proba", LABELS)).compared(Candidate((CUT.steps[1],)), 100.0)
        assert found.by == by and found.correlation == pytest.approx(1)
        assert [kind for kind, _, _ in asked_for] == ["build"] + ["aside"] * 2 * (by == SAMPLED)


@pytest.mark.parametrize(
    "second", [None, of_model(OLD, LINEAR), of_model(OLD, scores=np.zeros(32)), of_model(OLD[:, :5])]
)
def test_what_is_not_shown_to_stand_for_what_is_served_is_asked_instead(tmp_path, monkeypatch, second):
    monkeypatch.setattr(shapley, "find_spec", lambda name: object())
    asked = [Shapley(OLD, SAMPLED, 3), Shapley(OLD[:, ::-1], SAMPLED, 3)]
    loop, asked_for, _ = loop_of(tmp_path, looked=[of_model(OLD), second], asked=asked)
    reduced_file(loop, CUT.steps[:1]).write_bytes(b"")
    found = Tables.of(loop, ("predict_proba", LABELS)).compared(CUT, 100.0)
    assert found.by == SAMPLED and found.correlation < 0.9
    orders = [args[-1] for kind, _, args in asked_for if kind == "aside"]
    assert orders == [None, 3]  # as many of the candidate as of the original


def test_occlusion_is_what_is_left(tmp_path, monkeypatch):
    monkeypatch.setattr(explaining, "_attributions", lambda loop, c, scores, deadline_s: OLD)
    late = ChildFailed("late", "had not answered")
    for spec, asked, left_s in (
        (None, (), 1e9),
        (object(), (None, None), 1e9),
        (object(), (late,), 1e9),
        (object(), (), 5.0),
    ):
        monkeypatch.setattr(shapley, "find_spec", lambda name, spec=spec: spec)
        loop, asked_for, noted = loop_of(tmp_path, asked=asked, left_s=left_s)
        explaining.explained_enough(loop, Candidate((Step("HSM102", "compiled trees"),)))
        assert noted["explained"].by == "occlusion", (spec, asked)
        assert noted["control"] is None if "control" in noted else True
        assert bool(asked_for) == bool(asked)


def test_what_the_contract_asks_holds_for_what_was_found(tmp_path, monkeypatch):
    monkeypatch.setattr(shapley, "find_spec", lambda name: object())
    for new, told in ((OLD, None), (-OLD, "agree with the original's by -1.000, and 0.9 is asked for")):
        loop, _, noted = loop_of(
            tmp_path, asked=[Shapley(OLD, SAMPLED, 1), Shapley(new, SAMPLED, 1)], same=True, explain=0.9
        )
        found = explaining.explained_enough(loop, Candidate((Step("HSM102", "compiled trees"),)))
        assert (found is None) if told is None else (told in found)
        assert "control" not in noted


def test_others_on_the_front_are_looked_into_only(tmp_path, monkeypatch):
    monkeypatch.setattr(shapley, "find_spec", lambda name: object())
    monkeypatch.setattr(explaining, "_attributions", lambda loop, c, scores, deadline_s: OLD)
    loop, asked_for, _ = loop_of(tmp_path, looked=[of_model(OLD), of_model(OLD)])
    reduced_file(loop, CUT.steps[:1]).write_bytes(b"")
    other = Candidate((Step("HSM210", "distilled"), CUT.steps[1]))
    for c in (CUT, other):
        c.note(verdict="accepted", front=True)
        c.latencies[1, 1, "rows"] = 1.0
    loop.candidates = [loop.original, CUT, other]
    explaining.explain_front(loop)
    assert CUT.record.explained.by == TREES and other.record.explained.by == "occlusion"
    assert not [kind for kind, _, _ in asked_for if kind == "aside"]
    assert explaining_tables.MOST_S < explaining_tables.LOADING_S
