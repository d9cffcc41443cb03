"""HST216: functions of windows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hasten.passes.source.columns.rolling import WindowFunctions
from tests.passes.test_columns_support import HEAD, after, changes, check

pytestmark = pytest.mark.skipif(int(pd.__version__.split(".")[0]) < 3, reason="offered from pandas 3 on")

BODIES = {
    "reductions": "w.mean() + w.std() - w.var() + w.max() * w.min() + w.sum() + w.median() + w.std(ddof=0)",
    "numpy": "np.mean(w) + np.std(w) - np.var(w, ddof=1) + np.max(w) * np.min(w) + np.sum(w)",
    "numpy of values": "np.median(w) + np.percentile(w, 90) + np.quantile(w, 0.1)",
    "missing or not": "(np.nanmean(w) + np.nanstd(w) - np.nanmax(w) * np.nanmin(w) if len(w) > 1 else np.nan) + np.nansum(w - 1)",
    "missing or not, of values": "np.nanmedian(w) + np.nanpercentile(w, 75) - np.nanquantile(w, 0.2) + np.nanvar(2 * w)",
    "positions": "(w.iloc[-1] - w.mean()) / w.std() + w.iloc[0] + w.values[-1] + len(w) + w.size",
    "too far": "w.iloc[3] + w.values[2]",
    "compared": "(w > 0).sum() + (w <= w0).mean() + (w == 2.0).any() - (w != 1).all()",
    "walked": "sum(w) - max(w) + min(w) + sorted(w)[0] + list(w)[-1]",
    "other": "w.count() + w.quantile(0.3) + w.skew() + w.nunique() + w.prod()",
    "arithmetic": "(1 + w).prod() - (w - w.mean()).std() + ((w - 1) ** 2).mean() / np.sum(2.5 / w) - np.prod(-w) + len(w * 2)",
    "arrays": "(np.arange(len(w)) * w).sum() + (w - np.ones(w.size)).max() + np.dot(w, np.arange(1.0, w.size + 1)) + np.dot(np.ones(w.size), w)",
    "numbers on the left": "(np.float64(2) * w).sum() + (np.int64(3) - w).mean() + (True + w).sum() + (w * w).sum() + (w * w.iloc[0]).min()",
    "of arithmetic": "(w + 1).iloc[0] + (w * 2).values[0] + sum(w - 1) + ((w / 2) > w0).sum() + (w ** 0.5).sum() + (w ** 9).sum() + (w ** -1).max()",
    "overflow": "(w * 1e200).sum() + (w ** 8).prod() + (w * 1e300 * 1e300).mean() + (w - 1e308).std()",
    "other lengths": "(w * np.ones(2)).sum()",
    "no number": "str(w.mean())",
    "raises": "1 / int(w.max() - w.min())",
    "none": "None if w.mean() > 1 else w.mean()",
}
WINDOWS = [
    "s.rolling(3)",
    "s.rolling(4, min_periods=1)",
    "s.expanding()",
    "s.rolling(3, center=True)",
    "df.rolling(2)",
    "df.groupby('k').rolling(2)['s']",
]


def program(body: str, windows: str) -> str:
    return (
        f"{HEAD}w0 = 1.5\n\n\ndef f(w):\n    return {body}\n\n\ndef work(s, df):\n    a = {windows}.apply(f)\n"
        f"    r = {windows}\n    b = r.apply(lambda w: {body}, raw=False)\n    return a, b, s\n"
    )


def inputs() -> list[Callable[[], dict[str, Any]]]:
    rng = np.random.default_rng(2)
    x = rng.normal(size=40) * 3
    columns = [
        pd.Series(x), pd.Series(np.round(x)).astype("int64"), pd.Series(x).mask(x > 4), pd.Series(x[:2]), pd.Series([], dtype=float),
        pd.Series(x * 1e150), pd.Series(x * 1e307), pd.Series([np.inf, 1, -np.inf, 2, 3.0, -0.0, 0.0, 5]), pd.Series(x > 0),
        pd.Series(x.astype("float32")), pd.Series(x, index=pd.date_range("2024", periods=40, freq="h"), name="v"),
        pd.Series(x, index=list("ab") * 20), pd.Series(["a", "b", "c"]), pd.Series(np.repeat(2.0, 9)),
    ]  # fmt: skip
    return [
        lambda c=c: {"s": c.copy(), "df": pd.DataFrame({"s": c, "t": c, "k": [i % 2 for i in range(len(c))]})} for c in columns
    ]  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.filterwarnings("ignore")
def test_windows_give_the_same(name: str) -> None:
    for windows in WINDOWS if name in ("reductions", "positions") else WINDOWS[:2]:
        check(WindowFunctions(), program(BODIES[name], windows), {}, inputs())


@pytest.mark.parametrize(
    "body",
    [
        "w", "w.index[0]", "w.idxmax()", "w.diff().mean()", "w.name", "(w - w.mean()).abs().sum()", "w.iloc[1:].mean()",
        "g(w)", "np.corrcoef(w, w)[0, 1]", "w[0]", "w.mean() if (w := 3) else 0", "(lambda: w.mean())()", "1.0", "w.apply(g).sum()",
        "np.mean(w, out=None)", "(w > w).sum()", "w.rank().iloc[-1]",
    ],
)  # fmt: skip
def test_what_may_show_more_than_values_stays(body: str) -> None:
    assert not changes(WindowFunctions(), f"{HEAD}def work(s):\n    return s.rolling(3).apply(lambda w: {body})\n", {})


def test_other_objects_and_options_stay() -> None:
    for call in (
        "s.apply(lambda w: w.mean())",
        "s.rolling(3).apply(lambda w: w.mean(), raw=True)",
        "r.apply(lambda w: w.mean())",
    ):
        assert not changes(WindowFunctions(), f"{HEAD}def work(s, r):\n    return {call}\n", {})


def test_it_reads_well() -> None:
    text = (
        HEAD
        + "def work(s):\n    r = s.rolling(5)\n    return r.apply(lambda w: w.max() - w.min()), r.apply(lambda w: w.mean())\n"
    )
    (change,) = changes(WindowFunctions(), text, {})
    assert (
        "return _apply_to_windows(r, lambda w: w.max() - w.min()), _apply_to_windows(r, lambda w: w.mean())\n"
        in after(text, change)
    )
