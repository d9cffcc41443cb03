"""HST217: cells, rows and columns by label, labels that are found, groups of several keys, times that are missing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hasten.core.facts import Facts, RegionFacts
from hasten.core.finding import Region
from hasten.core.recipe import Recipe
from hasten.observe.describe import describe
from hasten.passes.source.columns.stand_in import StandIns
from tests.passes.test_columns_support import HEAD, changes, check, same, workload

pytestmark = pytest.mark.skipif(int(pd.__version__.split(".")[0]) < 3, reason="offered from pandas 3 on")
NAMES = list("cadbfe")


def table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "x": [1.5, -0.0, np.nan, 4.0, 2.5, 4.0],
            "n": [3, 1, 2, 2, 3, 1],
            "s": ["u", "v", "u", "w", "v", "u"],
            "t": pd.to_datetime(["2024-01-05", None, "2024-01-01", "2024-03-01", "2024-01-05", "2024-02-29"]),
            "b": [True, False, True, True, False, False],
            "o": [date(2024, 1, 1), date(2024, 1, 2), date(2024, 1, 1), date(2024, 1, 1), date(2024, 1, 2), date(2024, 1, 2)],
        },
        index=pd.Index(NAMES),
    )  # fmt: skip


def indexed(*labels: Any, **options: Any) -> Callable[[], pd.DataFrame]:
    return lambda: table().set_axis(pd.Index(labels, **options), axis=0)


TABLES: list[Callable[[], pd.DataFrame]] = [
    table,
    indexed(3, 1, 5, 0, 2, 4),
    indexed(0, 1, 2, 3, 4, 5),
    lambda: table().reset_index(drop=True),
    lambda: table().set_axis(pd.RangeIndex(1, 7), axis=0),
    lambda: table().set_axis(pd.RangeIndex(5, -1, -1), axis=0),
    indexed(*"abcabd"),  # labels that occur again
    indexed(1, 2, 3, 1, 2, 0),
    indexed("c", "a", None, "b", "f", "e"),
    indexed("c", 1, True, "a", 2.0, None, dtype=object),
    indexed("c", 1, 0, "a", 2, 3, dtype=object),
    indexed(True, False, 2, 3, 4, 5, dtype=object),
    indexed(0.0, 1.0, 2.0, 3.0, np.nan, 5.0),
    indexed(*NAMES, dtype="category"),
    indexed(*NAMES, dtype=object),
    indexed(3, 1, 5, 0, 2, 4, dtype="int32"),
    indexed(3, 1, 5, 0, 2, 4, dtype="uint64"),
    lambda: table().set_axis(pd.date_range("2024-01-01", periods=6), axis=0),
    lambda: table().set_axis(pd.date_range("2024-01-01", periods=6, unit="s"), axis=0),
    lambda: table().set_axis(pd.date_range("2024-01-01", periods=6, tz="UTC"), axis=0),
    lambda: table().set_axis(pd.DatetimeIndex(["2024-01-01", None, "2024-01-02", "2024-01-03", "2025", "2026"]), axis=0),
    lambda: table().set_axis(pd.MultiIndex.from_product([[0, 1], list("abc")]), axis=0),
    lambda: table().rename_axis("s"),
    lambda: table().rename_axis("n").assign(x=lambda d: d["x"].fillna(0.0)),
    lambda: table().iloc[:0],
    lambda: table().iloc[:1],
    lambda: table().assign(t=lambda d: d["t"].fillna(pd.Timestamp("1700-01-01"))),
    lambda: table().assign(t=pd.NaT, x=np.nan),
    lambda: table().assign(t=lambda d: d["t"].dt.tz_localize("UTC")),
    lambda: table().assign(s=lambda d: d["s"].astype("category"), n=lambda d: d["n"].astype("Int64")),
    lambda: table().assign(s=["u", None, "u", "v", 1, "u"], x=[np.inf, -np.inf, 1, 1, np.inf, -np.inf]),
    lambda: table().assign(x=[2**53, 2**53 + 1, 2**60, 2**60 + 1, -(2**62), 5]),
    lambda: table().assign(o=[1, True, 1.0, "u", None, np.nan], b=lambda d: d["b"].astype(object)),
    lambda: table()[["x", "n", "b"]],
    lambda: table().astype({"n": "int32"}),
    lambda: table().reset_index(drop=True).astype({"n": "int32", "b": "int8", "x": "float32"}),
]  # fmt: skip
KEYS = (
    '"a", "c", "zz", 0, 3, -1, True, 1.0, None, np.int64(2), np.str_("a"), (0, "a"), nan, pd.NaT, Text("a"),'
    ' pd.Timestamp("2024-01-03"), pd.Timestamp("2024-01-03", tz="UTC"), pd.Timestamp("2024-01-01").as_unit("s"),'
    ' np.datetime64("2024-01-02"), "2024-01-02", slice(0, 2), slice("a", "b"), ["a", "c"], np.array([True] * 6)'
)
TRIES = """
from datetime import date

nan = float("nan")


class Text(str):
    pass


def work(df):
    out = []
    for key in (KEYS):
        for name in ("x", "t", "nope") if type(key) is not str else ("x", "n", "s", "t", "b"):
            try:
                value = READ
                out.append((type(value).__name__, repr(value), len(df[df["n"] > 1])))
            except Exception as e:
                out.append((type(e), str(e)))
    return out
"""
READS = {
    "a cell": "df.loc[key, name]",
    "a cell at": "df.at[key, name]",
    "a row": "df.loc[key]",
    "a row's cell": "df.loc[key][name]",
    "a column": "df[name].loc[key]",
    "a column at": "df[name].at[key]",
    "a column's label": "df[name][key]",
    "a part": "df[df['n'] > 1].loc[key, name]",
    "a part's row": "df[df['n'] > 1].loc[key, 'x':]",
    "another order": "df.iloc[::-1].iloc[1:].loc[key]['x']",
    "sorted": "df.sort_values('n').loc[key, name]",
    "numbered again": "df[df['n'] > 1].reset_index(drop=True).loc[key, name]",
    "a part of a column": "df[name][df['n'] > 1][key]",
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", READS)
def test_whatever_is_asked(name: str) -> None:
    text = HEAD + TRIES.replace("KEYS", KEYS).replace("READ", READS[name])
    tables = TABLES if name in ("a cell", "a column's label") else TABLES[::4]
    check(StandIns(), text, {"df": table()}, [lambda m=m: {"df": m()} for m in tables])


PROGRAMS = {
    "found labels": """
def work(df):
    out = []
    for n in (1, 2, 3, 4):
        part = df[df["n"] >= n]
        for name in ("x", "n", "b"):
            try:
                label = part[name].idxmax()
                out.append((type(label).__name__, label, part[name].idxmin(), part.loc[label, "s"], part.loc[label, "t"]))
                out.append(part[name].idxmax(skipna=True) == part[name].idxmax(0))
            except Exception as e:
                out.append((type(e), e.args))
    return out
""",
    "groups": """
def work(df):
    out = []
    for by in (["s", "n"], ["o"], "o", "b", "x", ["t", "b"], ["n", "n"], ["nope"], []):
        try:
            for key, g in df.groupby(by):
                out.append((type(key).__name__, repr(key), g["x"].sum(), g.loc[g["n"].idxmax(), "n"], g.index.tolist(), len(g)))
                out.append((g, g["t"].max(), g["n"].mean()))
            for key, g in df.groupby(by, sort=False):
                out.append((repr(key), g["b"].sum()))
        except Exception as e:
            out.append((type(e), str(e)))
    return out
""",
    "one value": """
def work(df):
    out = []
    for n in (1, 2, 7):
        for name in ("s", "x", "n", "t", "b"):
            part = df.loc[df["n"] == n, name]
            for take in ("first", "last", "third", "item"):
                try:
                    if take == "first":
                        value = df.loc[df["n"] == n, name].values[0]
                    elif take == "last":
                        value = part.values[-1]
                    elif take == "third":
                        value = df[df["s"] == "v"][name].values[2]
                    else:
                        value = df[df["n"] + 5 == n][name].item() if n == 7 else part.head(1).item()
                    out.append((type(value).__name__, repr(value)))
                except Exception as e:
                    out.append((type(e), str(e)))
    return out
""",
}


TIMES = """
def work(df):
    out = []
    first = pd.Timestamp("1677-09-21 00:12:43.145224193")
    for when in (pd.Timestamp("2024-01-05"), pd.NaT, None, "2024-01-05", first, np.datetime64("2024-01-05"), 3):
        try:
            late = MASK
            part = df[late]
            out.append((late.tolist(), repr(late), len(part), part["t"].max(), part["t"].min(), part["t"].isna().sum()))
            out.append(((part["t"] < df["t"].max()).sum(), (df["t"] <= df["t"]).tolist(), part["t"].tolist()))
            out.append((part["t"].nunique(), part["t"].notna().all(), part.sort_values("t")["x"].tolist()))
            out.append((repr(part["t"].iloc[0]), repr(part.iloc[-1]["t"]), (df["t"] != part["t"].max()).sum()))
        except Exception as e:
            out.append((type(e), str(e)))
    return out
"""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("sign", ["<", "<=", ">", ">=", "==", "!="])
def test_times_that_are_missing(sign: str) -> None:
    tables = [m for m in TABLES if "t" in m()][-9:-2:2] + TABLES[:1]
    for mask in (f"df['t'] {sign} when", f"when {sign} df['t']"):
        check(
            StandIns(), HEAD + TIMES.replace("MASK", mask), {"df": table()}, [lambda m=m: {"df": m()} for m in tables]
        )


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", PROGRAMS)
def test_programs(name: str) -> None:
    tables = TABLES[::4] + TABLES[-3:] if name == "groups" else TABLES[::2]
    check(StandIns(), HEAD + PROGRAMS[name], {"df": table()}, [lambda m=m: {"df": m()} for m in tables])


WHOLE = """
def price(row):
    kind = info.loc[row["k"], "s"]
    if pd.isna(row["v"]):
        return info.loc[row["k"], "x"]
    if kind == "u" and info.loc[row["k"], "n"] > 1:
        return row["v"] * 2
    return info.loc[row["k"], "x"] + row["v"]


def total(k):
    return info.loc[k, "n"]


out = []
rows = pd.DataFrame({"k": keys, "v": [1.0, None, 2.0, 3.0]})
try:
    rows["p"] = rows.apply(price, axis=1)
    out.append([total(k) for k in rows["k"]])
except Exception as e:
    out.append((type(e), e.args))
out.append((rows, type(info).__name__))
"""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("keys", [["c", "a", "d", "a"], [0, 3, 1, 0], [True, 1, 0, 2]])
def test_functions_of_rows(keys: list[Any]) -> None:
    text = HEAD + WHOLE
    work = workload(text)
    region = Region("s.py", 1, max(n.end_lineno or 0 for n in work.source("s.py").tree.body), "block", "", (), ())
    types = {"info": (describe(table()),), "rows": (describe(pd.DataFrame({"k": ["a"], "v": [1.0]})),)}
    facts = Facts(regions={region.id: RegionFacts(region.id, types=types)})
    found = [c for f in StandIns().find(work, region, facts) for c in StandIns().propose(work, f, facts)]
    assert len(found) == 2
    new = Recipe(tuple(found)).apply(work).source("s.py").text
    for make in TABLES:
        ran = []
        for program in (text, new):
            space: dict[str, Any] = {"__name__": "s", "info": make(), "keys": keys}
            exec(compile(program, "s.py", "exec"), space)
            ran.append((space["out"], space["info"]))
        assert same(ran[0], ran[1]), (make(), ran)


def test_a_cell_that_is_kept() -> None:
    """What a cell's place gives may be anything: it goes on as the real thing."""
    text = f"{HEAD}\ndef work(df, k):\n    out = []\n    for i in range(3):\n        out.append(df.loc[k, 'x'])\n    return out\n"
    (change,) = changes(StandIns(), text, {"df": table()})
    assert change is not None
    given: list[Any] = ["a", slice(None), slice("a", "d"), ["a", "b"], np.array([True] * 6), lambda d: d["n"] > 1]
    check(StandIns(), text, {"df": table()}, [lambda k=k: {"df": table(), "k": k} for k in given])


SHORT = """
def work(df):
    out = []
    for other in (2, 2.5, True, np.int64(2), 2**40, "2", float("nan"), df["x"], df["w"]):
        try:
            for late in (df["n"] < other, df["n"] <= other, df["n"] > other, df["n"] >= other, df["n"] == other, df["n"] != other, other < df["n"], other == df["n"]):
                part = df[late]
                out.append((late.tolist(), repr(late), repr(part), part["n"].tolist(), part["n"].nunique(), repr(part["n"].max()), repr(part["n"].sum()), repr(part["n"].mean()), part["n"].isna().sum()))
            out.append((repr(df["n"].iloc[0]), type(df["n"].iloc[0]).__name__, type(df.iloc[0]["n"]).__name__, df["n"].between(1, 2).tolist(), repr(df["n"] + 1), repr(-df["n"]), repr(df["n"] * df["x"])))
            out.append((repr(df["n"].std()), repr(df["n"].median()), repr(df["n"].abs()), repr(df["n"].clip(1, 2)), repr(df["n"].isin([1, 2])), repr(df["n"].unique()), repr(df["n"].values), repr(np.sqrt(df["n"])), list(df["n"]), repr(df["n"].head(1).item()), repr(df["n"].idxmax()), repr(df["n"].quantile(0.3))))
            for key, g in df.groupby("n"):
                out.append((type(key).__name__, repr(key), g["x"].sum(), repr(g["n"].iloc[0]), g["n"].tolist()))
            out.append(repr(df.groupby("s")["n"].mean()) + repr(df.groupby("n")["x"].sum()) + repr(df.groupby("s")["n"].sum()) + repr(df.sort_values("n")))
            out.append(repr(df.groupby("n").apply(lambda g: g["x"].sum())))
            q = df[df["x"] > 1]
            q["z"] = q["n"]
            out.append((repr(q[q["z"] > 1]), repr(q["z"].sum())))
            for j in range(len(df)):
                out.append((repr(df.loc[j, "n"]), repr(df["n"][j]), repr(df.at[j, "n"])))
        except Exception as e:
            out.append((type(e), str(e)))
    return out
"""


@pytest.mark.filterwarnings("ignore")
def test_short_whole_numbers() -> None:
    def made(dtype: str, labels: bool) -> Callable[[], pd.DataFrame]:
        kept = table() if labels else table().reset_index(drop=True)
        return lambda: kept.astype({"n": dtype}).assign(w=np.arange(6, dtype="int32"))

    makes = [made("int32", True), made("int32", False), made("int8", True), made("uint32", False)]
    seen = {"df": makes[0]()}
    check(StandIns(), HEAD + SHORT, seen, [lambda m=m: {"df": m()} for m in [*makes, lambda: makes[0]().iloc[:0]]])
