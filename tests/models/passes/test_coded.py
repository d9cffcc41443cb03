"""LightGBM trained on pandas' categories: the codes that it makes of them, by their place among all columns."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hasten.core.model_pass import CannotServe
from hasten.passes.model.serving.coded import CategoryCodes
from hasten.serve.native import compiler
from hasten.verify.answers import agreement, asked
from tests.models.cases import judged, served, work_of

lightgbm = pytest.importorskip("lightgbm")
pytestmark = [
    pytest.mark.filterwarnings("ignore"), pytest.mark.skipif(compiler() is None, reason="no C compiler here"),
]  # fmt: skip


def rows(n: int = 400) -> Any:
    draw = np.random.default_rng(0)
    town = pd.Categorical(np.where(draw.random(n) < 0.1, None, draw.choice(["Bern", "Genf", "Zug"], n)))
    return pd.DataFrame(
        {
            "size": pd.Categorical(draw.choice([10, 20, 30], n)),
            "v": np.where(draw.random(n) < 0.1, np.nan, draw.normal(size=n)),
            "town": town,
            "count": draw.integers(0, 9, n),
        }
    )


X = rows()
Y = (X.v.fillna(0) + (X.town == "Zug") * 2 + X["size"].astype(int) / 20 > 1.5).map({True: "yes", False: "no"})


def model() -> Any:
    return lightgbm.LGBMClassifier(n_estimators=8, verbose=-1, n_jobs=1).fit(X[:300], Y[:300])


@pytest.mark.parametrize("kind", ["classifier", "booster"])
def test_it_answers_as_lightgbm(kind: str, tmp_path: Path) -> None:
    made = model() if kind == "classifier" else model().booster_
    verdict = judged(work_of(made, X[300:], Y[300:]), CategoryCodes(), tmp_path)
    assert verdict.verdict == "accepted", verdict.reason
    assert verdict.agreement is not None and verdict.agreement.drift == 0


def test_frames_of_other_categories_dtypes_and_order(tmp_path: Path) -> None:
    original = model()
    made = served(work_of(original, X[300:], Y[300:]), CategoryCodes(), {}, tmp_path)
    some = X[300:340]
    town, size = some.town.cat, some["size"].cat
    frames = [
        some, some.assign(town=town.add_categories(["Basel", ""])), some.assign(town=town.remove_categories("Zug")),
        some.assign(town=town.reorder_categories(["Zug", "Bern", "Genf"])), some.assign(town=pd.Categorical(["Basel"] * 40)),
        some.assign(size=size.rename_categories({10: 99})), some.assign(town=pd.Categorical([None] * 40, ["Zug"])),
        some[["town", "v", "size", "count"]], some.assign(town=some.town.astype(object)), some[["v"]], some[:0],
        some.assign(v=some.v.astype("category")), some.assign(size=some["size"].astype(int)), some.assign(more=1),
        some.assign(count=some["count"].astype("Int64")), some.assign(v=some.v.astype(object)), some.to_numpy(),
        some.assign(v=pd.Timestamp("2024-01-01")), some.assign(count=np.inf),
    ]  # fmt: skip
    for i, frame in enumerate(frames):
        for given in (frame, frame[:1]):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                old, new = asked(original, given, ("predict_proba",)), asked(made, given, ("predict_proba",))
            found = agreement(old, new, len(given))
            assert found.apart is None and found.drift == 0, (i, found)


def test_dicts(tmp_path: Path) -> None:
    original = model()
    made = served(work_of(original, X[300:], Y[300:]), CategoryCodes(), {}, tmp_path)
    for i in range(300, 330):
        row = X.iloc[i].to_dict()
        np.testing.assert_array_equal(made.predict_proba(row), original.predict_proba(X[i : i + 1]))
    row = X.iloc[300].to_dict()
    unknown = original.predict_proba(X[300:301].assign(town=pd.Categorical(["Basel"])))
    np.testing.assert_array_equal(made.predict_proba({**row, "town": "Basel"}), unknown)
    for wrong in ({**row, "town": ["Bern"]}, {**row, "v": "high"}, {"v": 1.0}):
        with pytest.raises(ValueError, match=r"neither|could not convert|missing"):
            made.predict(wrong)


def test_what_is_none(tmp_path: Path) -> None:
    plain = lightgbm.LGBMClassifier(n_estimators=2, verbose=-1).fit(X[["v", "count"]], Y)
    assert list(CategoryCodes().parameters(work_of(plain, X[["v", "count"]], Y))) == []
    flags = X.assign(town=pd.Categorical([True, False] * 200))
    odd = lightgbm.LGBMClassifier(n_estimators=2, verbose=-1).fit(flags, Y)
    with pytest.raises(CannotServe, match="neither texts nor numbers"):
        CategoryCodes().build(work_of(odd, flags, Y), tmp_path, {})
