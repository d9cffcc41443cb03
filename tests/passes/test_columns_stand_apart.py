"""HST217: frames that a loop writes into cell by cell, and others that are written beside those that are read."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from hasten.passes.source.columns.stand_in import StandIns
from tests.passes.test_columns_stand_in import frame
from tests.passes.test_columns_support import HEAD, after, changes, run, same

pytestmark = pytest.mark.skipif(int(pd.__version__.split(".")[0]) < 3, reason="offered from pandas 3 on")

FRAMES: list[Callable[[], pd.DataFrame]] = [
    lambda: frame(12),
    lambda: frame(1),
    lambda: frame(0),
    lambda: frame(12).assign(n=0, m=0.0),
    lambda: frame(12).assign(n=3, y=lambda d: d["y"].where(d["y"] > 0)).iloc[::-1],
    lambda: pd.concat([frame(4), frame(4)]),  # labels occur twice
    lambda: frame(8).set_index("t", drop=False).rename_axis(None),
    lambda: frame(8).set_index("f", drop=False),
    lambda: frame(8)[["k", "y", "x"]].astype(float).assign(n=0.0, m=0.0, t=1.0),  # rows may be views
    lambda: frame(8)[["k", "y"]].assign(t=lambda d: d["y"] + 7),
    lambda: frame(8)[["k", "y"]].assign(t=lambda d: d["y"] + 7, x=lambda d: d["y"], s=1, f=1),
    lambda: frame(8).set_index(["k", "s"], drop=False),
]
HISTORY = """
def work(df):
    for i, row in df.iterrows():
        past = df[(df["k"] == row["k"]) & (df["t"] < row["t"])]
        df.loc[i, "n"] = len(past)
        if len(past) > 0:
            df.at[i, "m"] = past["x"].mean()
        df.loc[i, "n"] += past.sort_values("x")["y"].sum()
    return df
"""
PROGRAMS = {
    "history": HISTORY,
    "by number": """
def work(df):
    for i in range(len(df)):
        part = df[df["k"] == df.loc[i, "k"]]
        df.at[i, "m"] = part["x"].max()
        if i > 0:
            df.loc[i, "n"] = df.loc[i - 1, "n"] + len(part)
        else:
            df.loc[i, "n"] = 0.0
    return df
""",
    "by group": """
def work(df):
    for k, g in df.groupby("k"):
        late = g[g["x"] > 0]
        for i in late.index:
            df.loc[i, "m"] = g["y"].sum() - len(late)
    return df
""",
    "tuples": """
def work(df):
    for row in df.itertuples():
        df.at[row.Index, "m"] = df[df["k"] == row.k]["y"].mean()
    return df
""",
    "functions": """
def form(games, key, before, n=3):
    past = games[((games["k"] == key) | (games["s"] == "a")) & (games["t"] < before)].tail(n)
    total = 0
    for _, g in past.iterrows():
        if g["f"]:
            total += g["y"]
    return total, len(past)

def last(games, key):
    some = games[games["k"] == key]
    if some.empty:
        return None
    return some.iloc[-1]

def work(df):
    out = []
    for i, row in df.iterrows():
        df.at[i, "m"] = 0.0
        extra = 1
        total, count = form(df, row["k"], row["t"])
        df.at[i, "m"] = total + extra
        row_of = last(df, row["k"])
        df.loc[i, "n"] = count if row_of is None else row_of["y"]
        out.append(repr(row.get("m")))
    return df, out
""",
    "masks": """
def work(df):
    out = []
    for k in df["k"].unique():
        mine = (df["k"] == k) & df["f"]
        df.loc[mine, "m"] = df.loc[mine, "x"].mean()
        df.loc[df["k"] == k, "n"] = df.loc[df["k"] == k, "y"] - df.loc[mine, "y"].sum()
        df.loc[mine, "m"] += 1
        out.append(df.loc[mine, "m"].sum())
    return df, out
""",
    "labels of parts": """
def work(df):
    for k in sorted(df["k"].unique()):
        labels = df[df["k"] == k].sort_values("t").index
        last = 0
        for i in labels:
            last = last + df.loc[i, "y"]
            df.loc[i, "m"] = last
        for i in list(df[df["k"] == k].dropna(subset=["x"]).index[1:]):
            df.loc[i, "n"] = df.loc[i, "m"] * 2
    return df
""",
    "rows whose dtype changes": """
def work(df):
    out = []
    for i in range(len(df)):
        part = df[df["y"] >= df.loc[i, "y"]]
        out.append(repr(df.iloc[i]["y"]))
        for _, p in part.iterrows():
            out.append(repr(p["y"]))
        df.loc[i, "m"] = 0.5
    return df, out
""",
    "a mask under a name": """
def work(df):
    for i, row in df.iterrows():
        mask = df["k"] == row["k"]
        df.loc[i, "n"] = df[mask]["x"].sum() - df.loc[mask]["y"].max() + abs(df[mask]["x"].iloc[0])
    return df
""",
    "the frame's own row": """
def work(df):
    for i, row in df.iterrows():
        df.loc[i, "m"] = df[df["k"] == row["k"]]["x"].sum() + row.get("m", 1.0)
    return df
""",
    "another frame": """
def work(df):
    for other in [df.copy(), df]:
        other["z"] = 0.0
        for i, row in other.iterrows():
            other.loc[i, "z"] = df[df["k"] == row["k"]]["x"].sum()
            other.loc[i, "x"] = df[df["x"] > row["x"]]["x"].sum()
    return df, other
""",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_same_from_whatever_frame(name: str) -> None:
    changed = text = HEAD + PROGRAMS[name]
    for change in changes(StandIns(), text, {"df": frame(), "other": frame()}):
        changed = after(text, change)
    assert "_Rows.of" in changed
    for make in FRAMES:
        inputs = lambda make=make: {"df": make()}  # noqa: E731
        old, new = run(text, inputs), run(changed, inputs)
        assert same(old, new), (make().dtypes, old[:2], new[:2])


REFUSED_IN_FUNCTIONS = {
    "reads it": "return part['x'].sum() + part['m'].sum()",
    "a mask reads it": "return part[part['m'] > 0]['x'].sum()",
    "writes it": "part.loc[part.index[0], 'x'] = 1.0\n    return part['x'].sum()",
    "writes a column": "part['x'] = 1.0\n    return part['x'].sum()",
    "all columns": "return part.sum(numeric_only=True).sum()",
    "hands it on": "return HOOK(part)",
    "rows that read it": "t = 0\n    for _, p in part.iterrows():\n        t += p['m']\n    return t",
    "gives it back": "return part, part['x'].sum()",
    "a computed column": "return part[HOOK.__name__].sum()",
}


@pytest.mark.parametrize("name", REFUSED_IN_FUNCTIONS)
def test_refused_in_functions(name: str) -> None:
    text = (
        f"{HEAD}HOOK = len\n\n\ndef asked(df, k):\n    part = df[df['k'] == k]\n    {REFUSED_IN_FUNCTIONS[name]}\n\n\n"
        "def work(df):\n    for i, row in df.iterrows():\n        found = asked(df, row['k'])\n        df.loc[i, 'm'] = 2.0\n"
        "    return df, found\n"
    )
    assert changes(StandIns(), text, {"df": frame().assign(m=0.0)}) == []


LOOP = "for i, row in df.iterrows():\n        past = df[df['k'] == row['k']]\n        "
REFUSED = {
    "a column that is read": LOOP + "df.loc[i, 'x'] = past['x'].mean()",
    "a mask reads it": LOOP + "df.loc[i, 'm'] = len(past[past['m'] > 0])",
    "under a name": LOOP + "mask = df['k'] == 1\n        df.loc[i, 'm'] = df[mask]['m'].sum() + past['x'].sum()",
    "a row reads it": LOOP + "df.loc[i, 'm'] = past['x'].sum() + past.iloc[0]['m']",
    "rows without missing": LOOP + "df.loc[i, 'm'] = past.dropna()['x'].sum()",
    "new labels for some": "for i in list(df['x'].sort_values(ignore_index=True).index):\n        df.loc[i, 'm'] = df[df['k'] == 1]['x'].sum()",
    "a label more": "for i in df[df['k'] == 1].index.append(pd.Index([99])):\n        df.loc[i, 'm'] = df[df['k'] == 1]['x'].sum()",
    "a list of labels": "for i in [*df.index, 77]:\n        df.loc[i, 'm'] = df[df['k'] == 1]['x'].sum()",
    "handed on whole": LOOP + "df.loc[i, 'm'] = past['x'].sum() + HOOK(past)",
    "all columns": LOOP + "df.loc[i, 'm'] = past['x'].sum() + past.count().sum()",
    "sorted by it": LOOP + "df.loc[i, 'm'] = past.sort_values('m')['x'].iloc[0]",
    "new labels": LOOP + "df.loc[i + 1, 'm'] = past['x'].sum()",
    "labels of another": "for i in OTHER.index:\n        df.loc[i, 'm'] = df[df['k'] == i]['x'].sum()",
    "labels anew": "for k, g in df.groupby('k'):\n        g = g.sort_values('x', ignore_index=True)\n        for i in g.index:\n            df.loc[i, 'm'] = g['x'].sum()",
    "a label bound again": LOOP + "i = len(past)\n        df.loc[i, 'm'] = past['x'].sum()",
    "a computed column": LOOP + "df.loc[i, row['s']] = past['x'].sum()",
    "a whole column": LOOP + "df.loc[i, 'm'] = past['x'].sum()\n        df['x'] = 1.0",
    "many rows": LOOP + "df.loc[past.index, 'm'] = past['x'].sum()",
    "one name of two": LOOP + "df.loc[i, 'm'] = past['x'].sum()\n        past = past['m']\n        n = HOOK(past)",
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    text = f"{HEAD}HOOK = len\nOTHER = pd.DataFrame()\n\n\ndef work(df):\n    {REFUSED[name]}\n    return df\n"
    assert changes(StandIns(), text, {"df": frame()}) == []


def test_the_same_object_under_another_name() -> None:
    text = HEAD + (
        "def work(df):\n    other = df\n    n = 0\n    for k in range(3):\n        n += df[df['k'] == k]['x'].sum()\n"
        "        other.loc[0, 'x'] = 5.0\n    return n, df\n"
    )
    (change,) = changes(StandIns(), text, {"df": frame()})
    changed = after(text, change)
    inputs = lambda: {"df": frame()}  # noqa: E731
    assert "_others" in changed and same(run(text, inputs), run(changed, inputs))
