"""The models that are measured: what they are, on which data, and how a user would train them.

Data is scikit-learn's own, or a real set from the shared folder (see `benchmarks.prepare`) with a generated one of the
same shape where that is missing; `Data.source` says which.
"""

from __future__ import annotations

import tarfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from sklearn import datasets
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
    VotingClassifier,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC

from benchmarks.prepare import real

SEED = 7
AMOUNTS = ["limit_bal", "age", "bill_amt1", "bill_amt2", "pay_amt1", "pay_amt2"]


@dataclass(frozen=True)
class Data:
    x: Any
    y: Any
    source: str


@dataclass(frozen=True)
class Case:
    """A model: `fit` trains it, `method` is what is asked of it."""

    name: str
    data: Callable[[], Data]
    model: Callable[[], Any]
    method: str = "predict_proba"
    hand: bool = False  # `hand.py` has a predictor written for it
    limit: int = 20_000  # rows at most
    budget: str = ""  # the metric of a second run, which may make it worse by a share (0.5%)


def own(loader: Callable[..., Any]) -> Callable[[], Data]:
    def data() -> Data:
        x, y = loader(return_X_y=True)
        return Data(x, y, f"scikit-learn: {loader.__name__.removeprefix('load_')}")

    return data


def machines() -> Data:
    """Milling machines: a kind and five readings; did it fail?"""
    found = real("ai4i2020/ai4i2020.csv")
    if found is not None:
        raw = pd.read_csv(found, encoding="utf-8-sig")
        x = pd.DataFrame(
            {
                "kind": raw["Type"].astype(object),
                "air": raw["Air temperature [K]"].astype(float),
                "process": raw["Process temperature [K]"].astype(float),
                "speed": raw["Rotational speed [rpm]"].astype(float),
                "torque": raw["Torque [Nm]"].astype(float),
                "wear": raw["Tool wear [min]"].astype(float),
            }
        )
        return Data(x, raw["Machine failure"].to_numpy(), "AI4I 2020 (UCI 601)")
    draw = np.random.default_rng(SEED)
    n = 10_000
    speed, torque, wear = draw.normal(1540, 180, n), draw.normal(40, 10, n), draw.uniform(0, 250, n)
    air = draw.normal(300, 2, n)
    x = pd.DataFrame(
        {
            "kind": draw.choice(np.array(["L", "M", "H"], object), n, p=[0.6, 0.3, 0.1]),
            "air": air, "process": air + draw.normal(10, 1, n), "speed": speed, "torque": torque, "wear": wear,
        }
    )  # fmt: skip
    risk = (wear - 200) / 20 + (torque - 60) / 8 + (1380 - speed) / 60
    return Data(x, (draw.random(n) < 1 / (1 + np.exp(-risk))).astype(int), "generated (shape of AI4I 2020)")


def clients() -> Data:
    """Credit-card clients: four categories and six numbers, some missing; will the next payment fail?"""
    found = real("uci_credit/UCI_Credit_Card.csv.gz")
    draw = np.random.default_rng(SEED)
    if found is not None:
        raw = pd.read_csv(found)
        raw.columns = [str(c).lower() for c in raw.columns]
        target = next(c for c in raw.columns if "default" in c)
        n = len(raw)
        schooling, marriage = (
            raw[[c for c in raw.columns if c.startswith(f"{what}_")]].to_numpy().argmax(axis=1)
            for what in ("education", "marriage")
        )
        x = pd.DataFrame(
            {
                "sex": np.where(raw["sex"] == 1, "m", "f").astype(object),
                "schooling": np.array([f"level {v}" for v in schooling], object),
                "marriage": np.array([f"status {v}" for v in marriage], object),
                "late": raw["pay_0"].map(lambda m: f"{int(m)} months").astype(object),
                **{c: raw[c].astype(float) for c in AMOUNTS},
            }
        )  # fmt: skip
        y, source = raw[target].to_numpy(), "credit-card clients (UCI 350)"
    else:
        n = 12_000
        x = pd.DataFrame(
            {
                "sex": draw.choice(np.array(["m", "f"], object), n),
                "schooling": draw.choice(np.array(["graduate", "university", "school", "other"], object), n),
                "marriage": draw.choice(np.array(["status 1", "status 2", "status 3"], object), n),
                "late": draw.choice(np.array(["-1 months", "0 months", "1 months", "2 months"], object), n),
                "limit_bal": draw.lognormal(11.7, 0.8, n), "age": draw.normal(35, 9, n),
                "bill_amt1": draw.lognormal(10, 1.5, n), "bill_amt2": draw.lognormal(10, 1.5, n),
                "pay_amt1": draw.lognormal(8, 1.5, n), "pay_amt2": draw.lognormal(8, 1.5, n),
            }
        )  # fmt: skip
        risk = (x["late"] == "2 months") * 2.0 - np.log(x["limit_bal"]) * 0.3 + 2
        y = (draw.random(n) < 1 / (1 + np.exp(-risk))).astype(int)
        source = "generated (shape of UCI credit-card clients)"
    x.loc[draw.random(n) < 0.03, "age"] = np.nan
    return Data(x, np.asarray(y), source)


def clients_numbers() -> Data:
    """The same clients as numbers: categories by their codes, no age as -1."""
    data = clients()
    x = data.x.copy()
    for name in x.columns:
        if not pd.api.types.is_numeric_dtype(x[name]):
            x[name] = pd.factorize(x[name], sort=True)[0].astype(float)
    return Data(x.fillna(-1.0).to_numpy(), data.y, data.source)


def sensor() -> Data:
    """The temperature of a machine five minutes on, from the last hour's."""
    found = real("nab_known_cause/nab_known.tar.gz")
    if found is not None:
        with tarfile.open(found) as held:
            name = next(n for n in held.getnames() if n.endswith("machine_temperature_system_failure.csv"))
            file = held.extractfile(name)
            assert file is not None
            values = pd.read_csv(file)["value"].to_numpy()
        source = "NAB: machine temperature"
    else:
        draw = np.random.default_rng(SEED)
        values = 80 + np.cumsum(draw.normal(0, 0.5, 20_000)) * 0.3 + draw.normal(0, 1, 20_000)
        source = "generated (shape of NAB's machine temperature)"
    last = np.lib.stride_tricks.sliding_window_view(values[:-1], 12)
    x = np.column_stack([last, last.mean(axis=1), last.std(axis=1), last[:, -1] - last[:, 0]])
    return Data(x, values[12:], source)


def messages() -> Data:
    """Short messages: spam or not."""
    found = real("sms_spam/sms.tsv")
    if found is not None:
        raw = [line.split("\t", 1) for line in found.read_text(encoding="utf-8").splitlines()[1:]]
        return Data([text for _, text in raw], np.array([label for label, _ in raw]), "SMS Spam Collection (UCI 228)")
    draw = np.random.default_rng(SEED)
    words = np.array([f"word{i}" for i in range(3000)])
    share = 1 / np.arange(1, 3001)
    y = draw.random(5000) < 0.15
    texts = [
        " ".join(draw.choice(words[::-1] if spam else words, draw.integers(4, 25), p=share / share.sum())) for spam in y
    ]
    return Data(texts, np.where(y, "spam", "ham"), "generated (shape of the SMS Spam Collection)")


def mixed(numbers: list[str], texts: list[str], *, fill: bool) -> ColumnTransformer:
    scaled = make_pipeline(SimpleImputer(strategy="median"), StandardScaler()) if fill else StandardScaler()
    return ColumnTransformer([("numbers", scaled, numbers), ("texts", OneHotEncoder(handle_unknown="ignore"), texts)])


def lightgbm(rounds: int = 100) -> Any:
    from lightgbm import LGBMClassifier

    return LGBMClassifier(n_estimators=rounds, verbose=-1, random_state=SEED)


def xgboost(**more: Any) -> Any:
    from xgboost import XGBClassifier

    return XGBClassifier(n_estimators=100, random_state=SEED, **more)


def catboost() -> Any:
    from catboost import CatBoostClassifier

    return CatBoostClassifier(iterations=100, verbose=0, allow_writing_files=False, random_seed=SEED)


CASES: tuple[Case, ...] = (
    Case(
        "machines_linear", machines,
        lambda: make_pipeline(
            mixed(["air", "process", "speed", "torque", "wear"], ["kind"], fill=False),
            LogisticRegression(max_iter=1000),
        ), hand=True,
    ),
    Case(
        "clients_boosted", clients,
        lambda: make_pipeline(
            mixed(
                AMOUNTS, ["sex", "schooling", "marriage", "late"], fill=True,
            ),
            GradientBoostingClassifier(n_estimators=60, random_state=SEED),
        ), limit=6000,
    ),
    Case("messages_tfidf", messages, lambda: make_pipeline(TfidfVectorizer(), LogisticRegression()), hand=True),
    Case("random_forest", own(datasets.load_breast_cancer), lambda: RandomForestClassifier(100, random_state=SEED)),
    Case("forest_numbers", own(datasets.load_diabetes),
         lambda: RandomForestRegressor(100, max_depth=8, random_state=SEED), method="predict"),
    Case("extra_trees", own(datasets.load_digits), lambda: ExtraTreesClassifier(60, max_depth=9, random_state=SEED)),
    Case("gradient_boosting", own(datasets.load_wine), lambda: GradientBoostingClassifier(random_state=SEED)),
    Case("hist_boosting", own(datasets.load_breast_cancer), lambda: HistGradientBoostingClassifier(random_state=SEED)),
    Case("lightgbm", own(datasets.load_breast_cancer), lightgbm),
    Case("xgboost", own(datasets.load_digits), xgboost),
    Case("catboost", own(datasets.load_breast_cancer), catboost),
    Case("svc", own(datasets.load_digits), lambda: make_pipeline(StandardScaler(), SVC()), method="predict"),
    Case("mlp", own(datasets.load_digits),
         lambda: make_pipeline(StandardScaler(), MLPClassifier((64,), max_iter=80, random_state=SEED))),
    Case("neighbours", own(datasets.load_digits), lambda: KNeighborsClassifier(5)),
    Case("k_means", own(datasets.load_digits), lambda: KMeans(10, n_init=3, random_state=SEED), method="predict"),
    Case("voting", own(datasets.load_breast_cancer), lambda: VotingClassifier(
        [("linear", make_pipeline(StandardScaler(), LogisticRegression())),
         ("forest", RandomForestClassifier(30, random_state=SEED)), ("bayes", GaussianNB())], voting="soft")),
    Case("isolation_forest", own(datasets.load_wine), lambda: IsolationForest(random_state=SEED),
         method="decision_function"),
    Case("clients_forest", clients_numbers,
         lambda: RandomForestClassifier(200, min_samples_leaf=10, random_state=SEED), budget="roc_auc"),
    Case("clients_lightgbm", clients_numbers, lambda: lightgbm(200), budget="roc_auc"),
    Case("clients_hist", clients_numbers, lambda: HistGradientBoostingClassifier(max_iter=200, random_state=SEED),
         budget="roc_auc"),
    Case("clients_xgboost", clients_numbers, lambda: xgboost(max_depth=5, learning_rate=0.1), budget="roc_auc"),
    Case("clients_boosting", clients_numbers,
         lambda: GradientBoostingClassifier(n_estimators=150, random_state=SEED), limit=12_000, budget="roc_auc"),
    Case("sensor_forest", sensor, lambda: RandomForestRegressor(100, min_samples_leaf=5, random_state=SEED),
         method="predict", limit=12_000, budget="r2"),
)  # fmt: skip


@dataclass(frozen=True)
class Ready:
    """A trained model with rows that it has not seen: `valid` for hasten's search, `test` to certify, `fresh` for what
    was certified. `train` is what smaller models may learn from."""

    case: Case
    model: Any
    train: tuple[Any, Any]
    valid: tuple[Any, Any]
    test: tuple[Any, Any]
    fresh: tuple[Any, Any]
    source: str


def ready(case: Case) -> Ready:
    """Train on a half of the rows."""
    data = case.data()
    order = np.random.default_rng(SEED).permutation(len(data.y))[: case.limit]
    cuts = [0, *(int(share * len(order)) for share in (0.5, 0.68, 0.84)), len(order)]
    parts = [order[a:b] for a, b in pairwise(cuts)]
    train, valid, test, fresh = ((some(data.x, p), np.asarray(data.y)[p]) for p in parts)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = case.model().fit(*train)
    return Ready(case, model, train, valid, test, fresh, data.source)


def some(x: Any, places: Any) -> Any:
    """Some rows of a frame, an array or a list."""
    if hasattr(x, "iloc"):
        return x.iloc[places].reset_index(drop=True)
    return [x[i] for i in places] if isinstance(x, list) else x[places]
