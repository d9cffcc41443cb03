"""Small trained models with their data, and a progress that stays silent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler


def people(rows: int, seed: int = 0) -> pd.DataFrame:
    """A frame with numbers, gaps, texts and a target `bought` of "no" and "yes"."""
    draw = np.random.default_rng(seed)
    age = draw.integers(18, 80, rows).astype(float)
    income = draw.lognormal(10, 0.5, rows)
    city = draw.choice(["Bern", "Genf", "Zug"], rows)
    score = 0.05 * (age - 45) + np.log(income / 22000) + (city == "Zug") + draw.normal(0, 0.5, rows)
    return pd.DataFrame({"age": age, "income": income, "city": city, "bought": np.where(score > 0.3, "yes", "no")})


def pipeline(frame: pd.DataFrame) -> Any:
    """A ColumnTransformer and a logistic regression, trained on `frame`."""
    steps = [("n", StandardScaler(), ["age", "income"]), ("c", OneHotEncoder(handle_unknown="ignore"), ["city"])]
    made = make_pipeline(ColumnTransformer(steps), LogisticRegression())
    return made.fit(frame.drop(columns="bought"), frame["bought"])


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `model.joblib` and `valid.csv`."""
    folder = tmp_path_factory.mktemp("model")
    joblib.dump(pipeline(people(300)), folder / "model.joblib")
    people(200, seed=1).to_csv(folder / "valid.csv", index=False)
    return folder
