"""Programs for calls of scikit-learn (HST701, HST702): scores of arrays of every sort, forests that are grown."""

# ruff: noqa: E731
from __future__ import annotations

from collections.abc import Callable

from tests.fuzz.choices import Choices, Program

SCORES = (
    "accuracy_score", "f1_score", "precision_score", "recall_score", "roc_auc_score", "mean_squared_error",
    "mean_absolute_error", "root_mean_squared_error", "r2_score",
)  # fmt: skip
PAIRS = ("cosine_similarity", "euclidean_distances")


def vector(c: Choices, n: int, kind: str, nasty: bool) -> str:
    if kind == "binary":
        cells = [c.pick(("0", "1", "1")) for _ in range(n)]
    elif kind == "score":
        cells = [c.pick(("0.5", "0.1", "0.9", "0.5", "0.25", "1.0", "0.0")) for _ in range(n)]
    else:
        cells = [c.pick(("1.5", "2.0", "-1.0", "0.0", "3.25", "0.1")) for _ in range(n)]
    if nasty and cells and c.chance(50):
        cells[c.integer(0, n - 1)] = c.pick(
            ("2", "nan", "inf", "-0.0", "1e200", "0.5", "-1", "1e-300", "True", "None", "2**53", "'a'", "10**30")
        )
    text = f"[{', '.join(cells)}]"
    if nasty and c.chance(50):
        shape = c.pick(
            (
                "{}",
                "tuple({})",
                "np.array({}, object)",
                "pd.Series({})",
                "np.array({}).reshape(-1, 1)",
                "np.array({}).astype(np.float32)",
                "np.array({}).astype(bool)",
                "np.array({}).astype(str)",
                "np.array({})[::-1]",
                "np.array({}).astype(np.int8)",
                "np.ma.array({})",
                "pd.Series({}).astype('Int64')",
                "pd.Series({}, index=range(1, 1 + len({})))",
                "np.array({})[:0]",
                "np.array({})[1:]",
            )
        )
        text = f"(lambda cells: {shape.format(*['cells'] * 2)})({text})"
    else:
        text = f"np.array({text})" if not c.chance(20) else text
    return text


def scores(c: Choices) -> Program:
    name = c.pick(SCORES)
    kind = {"accuracy_score": ("binary", "binary"), "roc_auc_score": ("binary", "score")}.get(
        name, ("binary", "binary") if SCORES.index(name) < 4 else ("number", "number")
    )
    second = c.pick(("b", "b > t", "(b > t).astype(int)", "b")) if kind[1] == "binary" else "b"
    options = (
        c.pick(("", "", "", ", zero_division=0", ", average='binary'", ", average='macro'", ", pos_label=0"))
        if name in SCORES[1:4]
        else c.pick(("", "", "", ", sample_weight=None", ", normalize=False" if name == "accuracy_score" else ""))
    )
    call = c.pick(
        (
            f"{name}(a, {second}{options})",
            f"metrics.{name}(a, {second}{options})",
            f"{name}(y_true=a, y_pred={second})" if kind[1] != "score" else f"{name}(a, b)",
        )
    )
    use = c.pick(
        (
            f"out.append({call})",
            f"s = {call}\n        if s > best:\n            best, at = s, t",
            f"out.append((t, {call}, type({call}).__name__))",
            f"total += {call}",
        )
    )
    text = f"import numpy as np\nimport pandas as pd\nfrom sklearn import metrics\nfrom sklearn.metrics import {name}\n\n\ndef work(a, b):\n    out, best, at, total = [], -1.0, None, 0.0\n    for t in (0.3, 0.6):\n        {use}\n    return out, best, at, total\n"

    def call_of(nasty: bool) -> str:
        n = c.integer(2, 8) if not nasty else c.integer(1, 8)
        m = n if not nasty or c.chance(85) else n + 1
        second_kind = "score" if " > t" in second else kind[1]
        return f"({vector(c, n, kind[0], nasty)}, {vector(c, m, second_kind, nasty)})"

    return Program(
        text,
        tuple(call_of(False) for _ in range(c.integer(1, 2))),
        tuple(call_of(True) for _ in range(c.integer(1, 4))),
    )


def pairs(c: Choices) -> Program:
    name = c.pick(PAIRS)
    call = c.pick(
        (
            f"{name}(X)",
            f"{name}(X, Y)",
            f"{name}([X[i]], [X[j]])[0][0]",
            f"{name}(X[i].reshape(1, -1), Y)",
            f"{name}(X[i:i + 1], X)[0]",
            f"{name}(X, dense_output=True)" if name == "cosine_similarity" else f"{name}(X, squared=True)",
        )
    )
    text = f"import numpy as np\nimport pandas as pd\nfrom sklearn.metrics.pairwise import {name}\n\n\ndef work(X, Y):\n    out = []\n    for i in range(len(X)):\n        for j in range(2):\n            out.append({call})\n    return out\n"

    def call_of(nasty: bool) -> str:
        tables = []
        for _ in range(2):
            n = c.integer(2, 3)
            base = f"np.random.default_rng({c.integer(0, 5)}).random(({n}, 3))"
            if nasty:
                base = c.pick(
                    (
                        base,
                        f"{base}.tolist()",
                        f"np.zeros(({n}, 3))",
                        f"{base}.astype(np.float32)",
                        f"np.full(({n}, 3), nan)",
                        f"np.arange({3 * n}).reshape({n}, 3)",
                        f"{base}[:, :2]",
                        f"{base} * 1e200",
                        f"{base}.T",
                        f"pd.DataFrame({base})",
                        f"np.array({base}, object)",
                        f"{base}[:0]",
                        f"{base}[::-1]",
                        f"np.full(({n}, 3), True)",
                    )
                )
            tables.append(base)
        return f"({', '.join(tables)})"

    return Program(text, (call_of(False),), tuple(call_of(True) for _ in range(c.integer(1, 3))))


def forests(c: Choices) -> Program:
    name = c.pick(("RandomForestClassifier", "RandomForestRegressor", "ExtraTreesClassifier", "ExtraTreesRegressor"))
    options = c.pick(
        (
            "random_state=0",
            "random_state=0, max_depth=2",
            "",
            "random_state=np.random.RandomState(3)",
            "random_state=1, bootstrap=True, oob_score=True",
            "random_state=0, warm_start=True",
            "random_state=2, n_jobs=1",
            "random_state=0, max_features=1",
        )
    )
    use = c.pick(
        (
            "model.fit(X, y)",
            "model = model.fit(X, y)",
            "model.fit(X, y, sample_weight=w)",
            "model.fit(X[:0], y[:0])" if c.chance(20) else "model.fit(X, y)",
            f"model = {name}(n_estimators=2).fit(X, y)",
        )
    )
    text = f"import warnings\nimport numpy as np\nfrom sklearn.ensemble import {name}\n\n\ndef work(X, y, w):\n    out = []\n    for depth in (1, 2):\n        model = {name}(n_estimators=3{', ' + options if options else ''})\n        {use}\n        out.append((model.predict(X), model.feature_importances_, model.n_jobs, sorted(model.get_params()), model.get_params()['n_jobs']))\n    return out, np.random.rand()\n"
    make = lambda n, late: (
        f"(np.random.default_rng({n}).random((12, 3)), {c.pick(('np.arange(12) % 2', 'np.arange(12) % 3', *(('np.array(list(' + repr('ab' * 6) + '))', 'np.full(12, nan)', 'np.arange(11)', 'np.zeros(12)') if late else ())))}, np.ones(12))"
    )
    return Program(text, (make(1, False),), (make(2, True),))


TEMPLATES: dict[str, Callable[[Choices], Program]] = {"HST702": scores, "HST702 of rows": pairs, "HST701": forests}


def program(c: Choices) -> Program:
    return TEMPLATES[c.pick(("HST702", "HST702", "HST702", "HST702 of rows", "HST702 of rows", "HST701"))](c)
