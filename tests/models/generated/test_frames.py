"""Pipelines over frames of numbers and texts: every transformer beside the original."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_selector
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor, RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.feature_selection import SelectKBest
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor, Ridge, SGDClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import BernoulliNB, GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    KBinsDiscretizer,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
    TargetEncoder,
)
from sklearn.svm import SVC

from hasten.core.model import ModelWorkload, Rows
from hasten.core.model_pass import CannotServe
from hasten.passes.model.serving.generated import GeneratedPredictor
from hasten.verify.answers import agreement, asked
from tests.models.generated.same import check, served

CATEGORIES, NUMBERS = ["work", "edu", "sex"], ["age", "gain", "hours"]


def people(n: int = 560) -> pd.DataFrame:
    draw = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "age": draw.integers(17, 90, n),
            "work": draw.choice(["Private", "Self", "Gov", "Rare1", "Rare2"], n, p=[0.6, 0.2, 0.16, 0.02, 0.02]),
            "edu": draw.choice(["BSc", "MSc", "HS"], n),
            "gain": np.where(draw.random(n) < 0.9, 0, draw.exponential(5000, n)),
            "hours": draw.normal(40, 10, n),
            "sex": draw.choice(["M", "F"], n),
            "region": draw.integers(0, 6, n),
            "flag": draw.random(n) < 0.3,
        }
    )
    frame.loc[draw.random(n) < 0.1, "hours"] = np.nan
    frame.loc[draw.random(n) < 0.05, "work"] = np.nan
    return frame


X = people()
YES = (X.age / 40 + (X.edu == "MSc") + X.hours.fillna(40) / 40 + np.random.default_rng(2).normal(0, 1, len(X))) > 3
THREE = np.array(["low", "mid", "high"], object)[np.digitize(X.age, [35, 60])]
AMOUNT = X.age * 2.0 + X.gain / 1000


def columns(**more: Any) -> ColumnTransformer:
    return ColumnTransformer(
        [
            ("c", OneHotEncoder(handle_unknown="ignore"), CATEGORIES),
            ("n", make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler()), NUMBERS),
        ],
        **more,
    )


def one(name: str, step: Any, names: list[str]) -> ColumnTransformer:
    return ColumnTransformer([(name, step, names)])


MODELS: dict[str, tuple[Any, Any]] = {
    "logistic": (make_pipeline(columns(), LogisticRegression()), YES),
    "three classes of texts": (make_pipeline(columns(), LogisticRegression()), THREE),
    "weights": (make_pipeline(columns(transformer_weights={"c": 2.0, "n": 0.5}), Ridge()), AMOUNT),
    "two outputs": (make_pipeline(columns(), LinearRegression()), np.column_stack([AMOUNT, -AMOUNT])),
    "poisson": (make_pipeline(columns(), PoissonRegressor()), AMOUNT),
    "remainder": (make_pipeline(columns(remainder="passthrough"), LogisticRegression(max_iter=2000)), YES),
    "selectors": (
        make_pipeline(
            ColumnTransformer(
                [
                    ("c", OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude="number")),
                    ("n", make_pipeline(SimpleImputer(), StandardScaler()), [0, 3, 4]),
                ]
            ),
            LogisticRegression(max_iter=2000),
        ),
        YES,
    ),
    "constants and selection": (
        make_pipeline(
            ColumnTransformer(
                [
                    ("n", make_pipeline(SimpleImputer(), StandardScaler()), NUMBERS),
                    (
                        "c",
                        make_pipeline(
                            SimpleImputer(strategy="constant", fill_value="missing"),
                            OneHotEncoder(handle_unknown="ignore"),
                        ),
                        CATEGORIES,
                    ),
                ]
            ),
            SelectKBest(k=6),
            LogisticRegression(),
        ),
        YES,
    ),
    "no estimator": (
        ColumnTransformer([("n", StandardScaler(), ["age", "gain"]), ("f", "passthrough", ["flag"])]),
        None,
    ),
    "rare categories": (
        make_pipeline(
            ColumnTransformer(
                [
                    ("c", OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=0.05), CATEGORIES),
                    ("b", OneHotEncoder(drop="if_binary"), ["sex"]),
                    ("d", OneHotEncoder(drop="first", handle_unknown="ignore", sparse_output=False), ["edu"]),
                    ("f", OneHotEncoder(), ["region", "flag"]),
                ]
            ),
            LogisticRegression(max_iter=500),
        ),
        YES,
    ),
    "bins and ordinals": (
        make_pipeline(
            ColumnTransformer(
                [
                    ("n", KBinsDiscretizer(4, quantile_method="linear"), ["age", "region"]),
                    ("k", KBinsDiscretizer(3, encode="ordinal", quantile_method="linear"), ["age"]),
                    (
                        "o",
                        OrdinalEncoder(
                            handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2
                        ),
                        ["work", "region"],
                    ),
                ]
            ),
            LogisticRegression(max_iter=500),
        ),
        YES,
    ),
    "target": (
        make_pipeline(
            ColumnTransformer([("c", TargetEncoder(), CATEGORIES), ("n", MinMaxScaler(clip=True), ["age", "gain"])]),
            LogisticRegression(),
        ),
        YES,
    ),
    "target, three classes": (
        make_pipeline(
            ColumnTransformer([("c", TargetEncoder(), CATEGORIES), ("n", RobustScaler(), ["age", "gain"])]),
            SGDClassifier(loss="log_loss", random_state=0),
        ),
        THREE,
    ),
    "imputed texts": (
        make_pipeline(
            ColumnTransformer(
                [
                    ("c", Pipeline([("i", SimpleImputer(strategy="most_frequent")), ("o", OneHotEncoder(handle_unknown="ignore"))]), CATEGORIES),
                    ("k", make_pipeline(SimpleImputer(strategy="constant", fill_value="none"), OneHotEncoder()), ["work"]),
                    ("n", make_pipeline(SimpleImputer(strategy="constant", fill_value=0), PolynomialFeatures(2), StandardScaler()), NUMBERS),
                    ("m", MissingIndicator(), ["hours"]),
                ]
            ),
            LogisticRegression(max_iter=500),
        ),
        YES,
    ),
    "functions and powers": (
        make_pipeline(
            ColumnTransformer(
                [
                    ("l", FunctionTransformer(np.log1p), ["age", "gain"]),
                    ("q", make_pipeline(SimpleImputer(), PowerTransformer()), ["hours", "age"]),
                    ("u", QuantileTransformer(n_quantiles=50), ["age"]),
                    ("w", QuantileTransformer(n_quantiles=50, output_distribution="normal"), ["age"]),
                ]
            ),
            LogisticRegression(max_iter=500),
        ),
        YES,
    ),
    "union": (
        make_pipeline(
            one("n", SimpleImputer(), NUMBERS),
            FeatureUnion([("p", PCA(2, whiten=True)), ("k", SelectKBest(k=2)), ("s", StandardScaler())]),
            LogisticRegression(max_iter=500),
        ),
        YES,
    ),
    "normed, bernoulli": (
        make_pipeline(one("n", make_pipeline(SimpleImputer(), Normalizer()), NUMBERS), BernoulliNB(binarize=0.1)), YES,
    ),
    "binary": (make_pipeline(one("n", Binarizer(threshold=30.0), ["age"]), LogisticRegression()), YES),
    "normal": (make_pipeline(columns(), GaussianNB(var_smoothing=1e-3)), THREE),
    "vectors": (make_pipeline(columns(), SVC()), YES),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_a_pipeline_answers_as_the_original(name: str, tmp_path: Path) -> None:
    model, y = MODELS[name]
    check(model.fit(X[:500], None if y is None else y[:500]), X[500:], tmp_path)


@pytest.mark.parametrize("after", ["expm1", "square"])
def test_a_target_that_was_transformed(after: str, tmp_path: Path) -> None:
    before = {"expm1": np.log1p, "square": np.sqrt}[after]
    inner = make_pipeline(columns(), Ridge())
    model = TransformedTargetRegressor(inner, func=before, inverse_func=getattr(np, after))
    check(model.fit(X[:500], AMOUNT[:500]), X[500:], tmp_path)


def test_the_best_of_a_search(tmp_path: Path) -> None:
    search = GridSearchCV(make_pipeline(columns(), LogisticRegression()), {"logisticregression__C": [0.1, 1.0]}, cv=2)
    check(search.fit(X[:500], YES[:500]), X[500:], tmp_path)


@pytest.mark.parametrize(
    "model",
    [HistGradientBoostingClassifier(max_iter=3), RandomForestClassifier(5, random_state=0), KNeighborsClassifier()],
)
def test_other_models_stand_behind_generated_preprocessing(model: Any, tmp_path: Path) -> None:
    whole = make_pipeline(columns(), model).fit(X[:500], YES[:500])
    work = ModelWorkload(whole, Rows(X[500:]))
    assert {"inner": "HSM100"} in list(GeneratedPredictor().parameters(work))
    check(whole, X[500:], tmp_path, {"inner": "HSM100"})


def test_gaps_go_through_to_a_model_that_takes_them(tmp_path: Path) -> None:
    pre = ColumnTransformer(
        [
            ("o", OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), CATEGORIES),
            ("n", StandardScaler(), NUMBERS),
        ]
    )
    whole = make_pipeline(pre, HistGradientBoostingClassifier(max_iter=3)).fit(X[:500], YES[:500])
    check(whole, X[500:], tmp_path, {"inner": "HSM100"})


@pytest.mark.parametrize("kind", ["texts", "categories", "numbers"])
def test_categories_inside_histogram_boosting(kind: str, tmp_path: Path) -> None:
    x = X.drop(columns="flag")
    if kind == "categories":
        x = x.astype({"work": "category", "edu": "category", "sex": "category"})
        model = HistGradientBoostingClassifier(max_iter=5, categorical_features="from_dtype")
    elif kind == "texts":
        model = HistGradientBoostingRegressor(max_iter=5, categorical_features=["work", "edu", "sex"])
    else:
        x = x.drop(columns=["work", "edu", "sex"])
        model = HistGradientBoostingClassifier(max_iter=5, categorical_features=["region"])
    y = AMOUNT if kind == "texts" else YES
    check(model.fit(x[:500], y[:500]), x[500:], tmp_path, {"inner": "HSM100"})
    work = ModelWorkload(model, Rows(x[500:]))
    assert {"inner": "HSM102"} in list(GeneratedPredictor().parameters(work))


def test_dataframes_between_steps(tmp_path: Path) -> None:
    first = ColumnTransformer(
        [("i", SimpleImputer(), ["hours"])], remainder="passthrough", verbose_feature_names_out=False
    )
    then = ColumnTransformer(
        [("c", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["edu"])], remainder="drop"
    )
    then.transformers.append(("n", StandardScaler(), ["hours", "age"]))
    model = make_pipeline(first, then, LogisticRegression()).set_output(transform="pandas")
    check(model.fit(X[:500], YES[:500]), X[500:], tmp_path)
    frames = ColumnTransformer([("n", StandardScaler(), ["age"])]).set_output(transform="pandas").fit(X)
    with pytest.raises(CannotServe, match="gives DataFrames"):
        served(frames, X[500:], tmp_path / "whole")


def test_categories_that_are_numbers_in_objects(tmp_path: Path) -> None:
    """As objects they are not compared with a column of numbers: the original raises `TypeError` there."""
    x = X.assign(region=X.region.astype(object))
    model = make_pipeline(one("c", OneHotEncoder(handle_unknown="ignore"), ["region"]), LogisticRegression())
    check(model.fit(x[:500], YES[:500]), x[500:], tmp_path)


def test_none_in_a_column_of_objects_is_no_nan(tmp_path: Path) -> None:
    """A dtype of texts knows no None, but a frame that is made by hand may hold it: the encoder then knows it not."""
    model = make_pipeline(one("c", OneHotEncoder(handle_unknown="ignore"), ["work"]), LogisticRegression())
    made, _ = served(model.fit(X[:500], YES[:500]), X[500:], tmp_path)
    for n in (1, 2):
        rows = X[500 : 500 + n].assign(work=pd.Series([None] * n, dtype=object, index=range(500, 500 + n)))
        np.testing.assert_allclose(made.predict_proba(rows), model.predict_proba(rows), rtol=1e-12)


def test_columns_that_no_step_takes_may_be_missing(tmp_path: Path) -> None:
    whole = make_pipeline(one("n", StandardScaler(), ["gain"]), LogisticRegression()).fit(X[:500], YES[:500])
    made, _ = served(whole, X[500:], tmp_path)
    few = X[500:][["gain"]]
    np.testing.assert_array_equal(made.predict(few), whole.predict(few))
    np.testing.assert_allclose(made.predict_proba({"gain": 3.0}), whole.predict_proba(few.assign(gain=3.0))[:1])
    with pytest.raises(ValueError, match="gain"):
        made.predict(X[500:][["age"]])
    with pytest.raises(ValueError, match="gain"):
        made.predict({"age": 3})


def test_a_dict_takes_none_for_a_gap_and_names_what_is_wrong(tmp_path: Path) -> None:
    whole = make_pipeline(columns(), LogisticRegression()).fit(X[:500], YES[:500])
    made, _ = served(whole, X[500:], tmp_path)
    row = X[500:501].to_dict("records")[0]
    gap = X[500:501].assign(hours=np.nan, work=pd.Series([np.nan], index=[500], dtype="str"))
    np.testing.assert_allclose(made.predict_proba({**row, "hours": None, "work": None}), whole.predict_proba(gap))
    with pytest.raises(ValueError, match="'age'"):
        made.predict({k: v for k, v in row.items() if k != "age"})
    with pytest.raises(ValueError, match="could not convert"):
        made.predict({**row, "age": "old"})


def test_a_category_after_a_linear_model_is_one_look_up(tmp_path: Path) -> None:
    whole = make_pipeline(columns(), LogisticRegression()).fit(X[:500], YES[:500])
    served(whole, X[500:], tmp_path)
    text = (tmp_path / "parts" / "part" / "predictor.py").read_text()
    assert "hasten import" not in text and "sklearn" not in text and "import pandas" not in text
    assert "EDU_2.get(edu, 0.0)" in text


def test_columns_of_another_kind_are_refused_as_the_original_does(tmp_path: Path) -> None:
    whole = make_pipeline(columns(), LogisticRegression()).fit(X[:500], YES[:500])
    made, _ = served(whole, X[500:], tmp_path)
    some = X[500:510]
    for frame in (
        some.assign(age=some.age.astype(complex)),
        some.assign(age=pd.Timestamp("2020-01-01")),
        some.assign(edu=1.5),
        some.assign(edu=3),
        some.assign(edu=True),
        some.assign(edu=np.inf),
        some.assign(age=some.age.astype(str)),
        some.assign(age="old"),
        some.assign(hours=some.hours.astype("Float64")),
        some.assign(work=some.work.astype("category"), age=some.age.astype("category")),
    ):
        for rows in (frame, frame[:1]):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                old, new = asked(whole, rows, ("predict_proba",)), asked(made, rows, ("predict_proba",))
            found = agreement(old, new, len(rows))
            assert found.apart is None and found.drift < 1e-9, (rows.dtypes, found)


def test_odd_cells_of_one_row(tmp_path: Path) -> None:
    """One row goes by its cells: complex numbers, and what pandas calls NA among texts, are as the arrays have them."""
    model = make_pipeline(columns(), LogisticRegression()).fit(X[:500], YES[:500])
    made, _ = served(model, X[500:], tmp_path)
    row = X[500:501]
    for method in ("decision_function", "predict", "predict_proba"):
        with pytest.raises(ValueError, match="omplex"):
            getattr(made, method)(row.assign(age=np.array([3 + 1j])))
    for kind in ("Int64", "int64", "Float64", "bool", "category"):  # numbers where texts were
        odd = row.assign(edu=pd.Series([1], dtype="int64", index=row.index).astype(kind))
        old, new = asked(model, odd, ("predict_proba",)), asked(made, odd, ("predict_proba",))
        assert agreement(old, new, 1).apart is None, (kind, old, new)
    for cell in (pd.NaT, pd.NA, None, 10**30, "3.5", " 7 ", "old", True, np.int8(3), 1 + 0j):
        odd = row.assign(hours=pd.Series([cell], dtype=object, index=row.index))
        old, new = asked(model, odd, ("predict_proba",)), asked(made, odd, ("predict_proba",))
        found = agreement(old, new, 1)
        assert found.apart is None and found.drift < 1e-9, (cell, old, new)
    for cell in (pd.NA, pd.NaT, None, np.float64("nan"), np.float32("nan"), np.nan):
        odd = row.assign(work=pd.Series([cell], dtype=object, index=row.index))
        np.testing.assert_allclose(made.predict_proba(odd), model.predict_proba(odd), rtol=1e-12)


def test_columns_named_by_numbers(tmp_path: Path) -> None:
    frame = X[["age", "gain"]].set_axis([3, 8], axis=1)
    whole = make_pipeline(StandardScaler(), LogisticRegression()).fit(frame[:500], YES[:500])
    made, _ = served(whole, frame[500:], tmp_path)
    row = frame[500:501].to_dict("records")[0]
    np.testing.assert_allclose(made.predict_proba(row), whole.predict_proba(frame[500:501]))
    np.testing.assert_allclose(made.predict_proba(frame[500:]), whole.predict_proba(frame[500:]))


def test_texts_in_a_column(tmp_path: Path) -> None:
    frame = X.assign(note=X.edu + " likes " + X.sex.astype(object) + X.region.astype(str))
    pre = ColumnTransformer([("t", TfidfVectorizer(), "note"), ("n", StandardScaler(), ["age"])])
    check(make_pipeline(pre, LogisticRegression()).fit(frame[:500], YES[:500]), frame[500:], tmp_path)
    assert "def predict_proba_row(row)" in (tmp_path / "parts" / "part" / "predictor.py").read_text()


def test_texts_in_two_columns_and_several_classes(tmp_path: Path) -> None:
    frame = X.assign(note=X.edu + " likes " + X.sex.astype(object) + X.region.astype(str), other=X.edu + " " + X.sex)
    pre = ColumnTransformer(
        [
            ("t", TfidfVectorizer(ngram_range=(1, 2)), "note"), ("o", CountVectorizer(binary=True), "other"),
            ("c", OneHotEncoder(handle_unknown="ignore"), ["sex"]), ("n", StandardScaler(), ["age"]),
        ]
    )  # fmt: skip
    check(make_pipeline(pre, LogisticRegression()).fit(frame[:500], THREE[:500]), frame[500:], tmp_path)


def _doubled(x: Any) -> Any:
    return 2 * x


@pytest.mark.parametrize(
    ("step", "why"),
    [
        (FunctionTransformer(_doubled), "_doubled"),
        (FunctionTransformer(np.clip, kw_args={"a_min": 0, "a_max": 1}), "clip"),
    ],
)
def test_what_is_not_translated_is_refused(step: Any, why: str, tmp_path: Path) -> None:
    whole = make_pipeline(one("f", step, ["age"]), LogisticRegression()).fit(X, YES)
    with pytest.raises(CannotServe, match=why):
        GeneratedPredictor().build(ModelWorkload(whole, Rows(X)), tmp_path, {})
