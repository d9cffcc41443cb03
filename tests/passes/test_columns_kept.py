"""HST215: filters in functions that are called again and again."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hasten.core.facts import Facts, RegionFacts
from hasten.core.finding import Region
from hasten.observe.describe import describe
from hasten.passes.source.columns.kept import KeptParts
from tests.passes.test_columns_support import HEAD, after, changes, frame_inputs, run, same, workload

pytestmark = pytest.mark.skipif(int(pd.__version__.split(".")[0]) < 3, reason="offered from pandas 3 on")

KEYS = "[0, 1, 3, 3.0, 2.5, 99, 'x', 'y', '', None, float('nan'), True, np.int64(3), np.float64(1), 2**70]"
ASKS = {
    "reduced": "m = df[df['b'] == k]\n    return len(m), m.empty, m.shape[0], m['a'].sum(), m['a'].mean(), m.c.max()",
    "given": "return df[df['b'] == k]",
    "given column": "return df[df['b'] == k]['a']",
    "two": "m = df[(df['s'] == 'x') & (df['b'] == k)]\n    return len(m), m['a'].tolist(), m['s'].tolist()",
    "two the other way": "return df[(df['b'] == k) & (df['s'] == 'x')]",
    "text": "return df[df['s'] == k], len(df[df.s == k])",
    "range": "return df[(df['b'] >= k) & (df['b'] < 5)]['a'].sum(), len(df[(df.b > k) | (df.a == 1)])",
    "range and key": "m = df[(df['s'] == 'x') & (df['b'] > k)]\n    return len(m), m['a'].sum()",
    "first": "m = df[df['b'] == k]\n    if m.empty:\n        return None\n    return m['a'].iloc[0], m['a'].iloc[-1], m['a'].values[0], m.iloc[0]['a']",
    "loc": "return df.loc[df['b'] == k], df.loc[df.b == k]['a'].max()",
    "unique": "m = df[df['b'] == k]\n    return list(m['a'].unique()), list(m['s'].unique()), m['a'].nunique(), m['a'].size",
    "early": "if k == 3:\n        return None\n    for j in range(3):\n        if len(df[df['b'] == j]) == 0:\n            return j\n    return df[df['b'] == k]['a'].sum()",
    "missing": "return df[df['zz'] == k]['a'].sum()",
}


def program(body: str, between: str = "pass", keys: str = KEYS) -> str:
    """A function that asks, and `work`, which calls it for every key, twice over."""
    return (
        f"{HEAD}def ask(df, k):\n    {body}\n\n\ndef work(df):\n    out = []\n    for turn in range(3):\n"
        f"        for k in {keys}:\n            try:\n                out.append(ask(df, k))\n"
        f"            except Exception as e:\n                out.append((type(e), e.args))\n            {between}\n    return df, out\n"
    )


def check(text: str, seen: dict[str, Any], others: list[Callable[[], dict[str, Any]]]) -> str:
    (change,) = changes(KeptParts(), text, seen, function="ask")
    new = after(text, change)
    for make in others:
        old_result, new_result = run(text, make), run(new, make)
        assert same(old_result, new_result), (old_result[0], new_result[0], new)
    return new


FRAME = pd.DataFrame(
    {"a": [1.0, 2.5, -3.0, 4.0], "b": [3, 1, 3, 0], "c": [0.5, 1.5, 2.5, 3.5], "s": ["x", "y", "x", "z"]}
)


@pytest.mark.parametrize("name", ASKS)
@pytest.mark.filterwarnings("ignore")
def test_filters_give_the_same_on_every_frame(name: str) -> None:
    check(program(ASKS[name]), {"df": FRAME, "k": 3}, frame_inputs(2))


CHANGES = {
    "cell": "df.loc[df.index[0], 'b'] = turn + 1",
    "cell by position": "df.iloc[0, df.columns.get_loc('b')] = turn + 2",
    "at": "df.at[df.index[-1], 'b'] = 3",
    "column": "df['b'] = df['b'] + 1",
    "other column": "df['a'] = 7.5",
    "other cell": "df.loc[df.index[0], 'a'] = -1.0",
    "mask": "df.loc[df['b'] == 3, 'b'] = 1",
    "text": "df.loc[df.index[1], 's'] = 'x'",
    "rows": "df.loc[len(df) + 100] = list(df.iloc[0])",
    "in place": "df.sort_values('b', inplace=True)",
    "dropped": "df.drop(df.index[:1], inplace=True)",
    "names": "df.columns = ['b', 'a', *df.columns[2:]]",
    "renamed": "df.rename(columns={'a': 'b', 'b': 'a'}, inplace=True)",
    "reversed": "df['b'] = df['b'].to_numpy()[::-1]",
    "update": "df.update(pd.DataFrame({'b': [5]}, index=df.index[:1]))",
    "where": "df.where(df['b'] != 3, inplace=True)",
    "index": "df.index = df.index[::-1]",
    "fillna": "df.fillna(3, inplace=True)",
    "another": "df = df.copy()",
    "swapped": "df['a'], df['b'] = df['b'], df['a']",
    "iadd": "df['b'] += 1",
}


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.filterwarnings("ignore")
def test_what_changes_the_frame_between_calls_is_seen(name: str) -> None:
    body = "m = df[(df['b'] == k) & (df['s'] == 'x')]\n    return len(m), m['a'].sum(), df[df['b'] == k], m['c'].max()"
    makes = [lambda: {"df": FRAME.copy()}, lambda: {"df": FRAME.astype({"b": "float64"})}, *frame_inputs(5)]
    check(program(body, CHANGES[name], "[0, 3, 1, 3]"), {"df": FRAME, "k": 3}, makes)


def test_times_and_categories() -> None:
    n = 200
    rng = np.random.default_rng(1)
    whole = pd.DataFrame(
        {
            "t": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 9, n), unit="D"),
            "k": pd.Categorical(rng.choice(["p", "q", "r"], n)),
            "v": rng.normal(size=n),
            "d": [pd.Timestamp("2024-01-01").date()] * n,
        }
    )
    times = [
        "pd.Timestamp('2024-01-03')", "pd.Timestamp('2024-01-03 00:00:01')", "'2024-01-03'", "'2024-01'", "'p'", "'nope'",
        "np.datetime64('2024-01-03')", "np.datetime64('2024-01-03T00:00:00.000000001')", "pd.NaT", "np.datetime64('NaT')",
        "pd.Timestamp('2024-01-03', tz='UTC')", "'2024-01-03T00:00+02:00'", "pd.Timestamp('2024-01-03').date()", "3", "None",
        "pd.Timestamp('2024-01-03').to_pydatetime()", "pd.Timestamp.max", "np.datetime64('9999-01-01')", "'9999-12-31'",
    ]  # fmt: skip
    body = (
        "m = df[(df['k'] == 'q') & (df['t'] == k)]\n    n = df[(df.t >= k) & (df.t < '2024-01-06')]\n"
        "    return len(m), m['v'].sum(), m['v'].tolist(), len(n), n['v'].mean(), df[df['t'] != k], df[df['k'] == k], df[df['d'] == k], n['t'].iloc[0]"
    )
    shuffled = [
        whole, whole.sort_values("t"), whole.astype({"t": "datetime64[s]"}), whole.astype({"t": "datetime64[ns]"}),
        whole.assign(t=whole["t"].where(whole["v"] > 0)), whole.assign(t=whole["t"].dt.tz_localize("UTC")),
        whole.assign(k=whole["k"].astype(str)), whole.assign(k=whole["k"].cat.set_categories(["q", "z"])),
        whole.assign(k=whole["k"].cat.codes.astype("category")), whole.set_index("t", drop=False), whole.iloc[:0], whole.iloc[:1],
    ]  # fmt: skip
    text = program(body, keys="[" + ", ".join(times) + "]")
    check(text, {"df": whole, "k": whole["t"][0]}, [lambda f=f: {"df": f.copy()} for f in shuffled])


def test_many_rows_have_an_index_of_their_own() -> None:
    rng = np.random.default_rng(3)
    n = 4000
    whole = pd.DataFrame(
        {
            "a": rng.normal(size=n),
            "b": rng.integers(0, 50, n),
            "c": rng.normal(size=n),
            "s": rng.choice(["x", "y", "z"], n),
        }
    )
    body = (
        "m = df[(df['b'] == k) & (df['s'] == 'y')]\n    n = df[(df['s'] == 'y') & (df['c'] > 0) & (df['b'] == k)]\n"
        "    return len(m), m['a'].sum(), m['a'].std(), m, n['a'].mean(), n"
    )
    for frame in (whole, whole.sort_values("b"), whole.sort_values("c", ignore_index=True)):
        check(
            program(body, keys="[*range(-1, 52), 3.0, 2.5]"), {"df": whole, "k": 3}, [lambda f=frame: {"df": f.copy()}]
        )


@pytest.mark.parametrize(
    "text",
    [
        "def ask(df, k):\n    df = df.copy()\n    return df[df['b'] == k]\n",
        "def ask(df, k):\n    m = df[df['b'] == k]\n    df['a'] = 1\n    return m\n",
        "def ask(df, k):\n    m = df[df['b'] == k]\n    df.loc[0, 'a'] = 1\n    return m\n",
        "def ask(df, k):\n    other(df)\n    return df[df['b'] == k]\n",
        "def ask(df, k):\n    yield df[df['b'] == k]\n",
        "def ask(df, k):\n    return (lambda: df[df['b'] == k])\n",
        "def ask(df, k):\n    df.a.array[0] = 3\n    return df[df['b'] == k]\n",
        "def ask(df, k):\n    return df[df['b'] == k]\n\n\nframe = pd.DataFrame(np.zeros((3, 2)), columns=list('ab'), copy=False)\n",
        "def ask(df, k):\n    return df[df['b'] == k]\n\n\nx = np.zeros(3)\nx.setflags(write=True)\n",
        "def ask(df, k):\n    return df.iloc[k:]\n",
    ],
)
def test_what_is_not_known_to_stay_is_left(text: str) -> None:
    assert not changes(KeptParts(), HEAD + text, {"df": FRAME, "k": 3}, function="ask")


def test_it_reads_well() -> None:
    text = (
        HEAD + "def rate_of(c, d):\n    match = rates[(rates['currency'] == c) & (rates['date'] < d)]\n"
        "    if len(match) == 0:\n        return None\n    return match['rate'].iloc[-1]\n\n\n"
        "rates = pd.DataFrame({'currency': ['USD'], 'date': [1], 'rate': [1.5]})\n"
    )
    rates = pd.DataFrame({"currency": ["USD"], "date": [1], "rate": [1.5]})
    (change,) = changes(KeptParts(), text, {"rates": rates}, function="rate_of")
    assert (
        "    rates_parts = _KeptParts.of(rates)\n    match = rates_parts.where(rates_parts.both("
        'rates_parts.test("currency", operator.eq, c), rates_parts.test("date", operator.lt, d)))\n'
    ) in after(text, change)
    assert change.later


CLASS = (
    HEAD
    + "class Clinic:\n    def __init__(self, df):\n        self.df = df\n\n    def history(self, k):\n        return self.df[self.df['b'] == k]\n\n"
    "    def cost(self, k):\n        mine = self.df[(self.df['b'] == k) & (self.df['s'] == 'x')]\n"
    "        return len(mine), mine['a'].sum(), len(self.df)\n\n\n"
    "def work(df):\n    out = []\n    clinic = Clinic(df)\n    for turn in range(3):\n        for k in [0, 3, 1, 99]:\n"
    "            out.append((clinic.history(k), clinic.cost(k)))\n        CHANGE\n    return df, out\n"
)


@pytest.mark.parametrize(
    "change",
    ["pass", "clinic.df = df.iloc[::-1]", "df.loc[df.index[:1], 'b'] = 3", "clinic.df['b'] += 1", "clinic.df = [1]"],
)
@pytest.mark.parametrize("method", ["history", "cost"])
@pytest.mark.filterwarnings("ignore")
def test_frames_that_are_attributes(method: str, change: str) -> None:
    text = CLASS.replace("CHANGE", change)
    work = workload(text)
    node = next(n for n in ast.walk(work.source("s.py").tree) if getattr(n, "name", None) == method)
    region = Region("s.py", node.lineno, node.end_lineno or 0, "function", f"Clinic.{method}", ("self", "k"))
    facts = Facts(regions={region.id: RegionFacts(region.id, types={"self.df": (describe(FRAME),)})})
    (finding,) = KeptParts().find(work, region, facts)
    (proposed,) = KeptParts().propose(work, finding, facts)
    new = after(text, proposed)
    assert "df_parts = _KeptParts.of(self.df)\n" in new
    for make in (lambda: {"df": FRAME.copy()}, *frame_inputs(9)):
        old_result, new_result = run(text, make), run(new, make)
        assert same(old_result, new_result), (old_result[:2], new_result[:2], new)


@pytest.mark.parametrize(
    "body",
    [
        "self.df = 1\n        return self.df[self.df['b'] == k]",
        "self.df['a'] = 1\n        return self.df[self.df['b'] == k]",
        "self.change()\n        return self.df[self.df['b'] == k]",
        "other(self.df)\n        return self.df[self.df['b'] == k]",
        "x = self.df\n        return self.df[self.df['b'] == k]",
        "self = k\n        return self.df[self.df['b'] == k]",
        "return self.df[k.df['b'] == k]",
    ],
)
def test_attributes_that_may_change_stay(body: str) -> None:
    text = HEAD + f"class A:\n    def change(self):\n        self.df = 3\n\n    def ask(self, k):\n        {body}\n"
    work = workload(text)
    node = next(n for n in ast.walk(work.source("s.py").tree) if getattr(n, "name", None) == "ask")
    region = Region("s.py", node.lineno, node.end_lineno or 0, "function", "A.ask", ("self", "k"))
    facts = Facts(regions={region.id: RegionFacts(region.id, types={"self.df": (describe(FRAME),)})})
    assert not list(KeptParts().find(work, region, facts))
