"""HST209: reductions of parts of frames."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hasten.passes.source.columns.parts import Parts
from tests.passes.test_columns_support import HEAD, after, changes, check, frame_inputs

ALL = "out.append([{0}.mean(), {0}.sum(), {0}.min(), {0}.max(), {0}.std(), {0}.var(), {0}.std(ddof=0), {0}.median(), {0}.count()])"
LOOPS = {
    "window": "for i in range(len(df)):\n    w = df.iloc[max(0, i - 3):i + 1]\n    " + ALL.format("w['a']"),
    "window of ints": "for i in range(len(df)):\n    w = df.iloc[i - 4:i]\n    " + ALL.format("w['b']"),
    "computed": "for i in range(len(df) + 2):\n    w = df.iloc[i:i + 5]\n    for k in ['a', 'b', 'c']:\n        "
    + ALL.format("w[k]"),
    "types": "for i in range(len(df)):\n    out.append([type(x) for x in (df.iloc[i:i+2]['a'].mean(), df.iloc[i:i+2].b.sum(), df['b'].iloc[i:].max(), df['c'].iloc[:i].std())])",
    "direct": "for i in range(len(df)):\n    out.append(df['a'].iloc[i:i + 3].mean() - df.iloc[:i]['c'].sum())",
    "length": "for i in range(len(df)):\n    w = df.iloc[i - 2:i + 2]\n    if len(w) > 1 and not w.empty:\n        out.append((len(w), w.shape[0], len(w['a']), w['a'].iloc[0], w['a'].iloc[-1]))\n    else:\n        out.append(w['a'].max())",
    "range": "for i in range(len(df)):\n    x = df.loc[i, 'b'] if i in df.index else 2\n    near = df[(df['b'] >= x - 5) & (df['b'] <= x + 5)]\n    out.append(len(near))\n    "
    + ALL.format("near['a']"),
    "range of floats": "for x in [0, 1.5, -3.0, float('nan'), float('inf'), 2**70, True, None]:\n    near = df[(df.a > x) | (df['c'] != x)]\n    out.append((len(near), near.b.sum(), near['c'].std()))",
    "sorted": "df = df.sort_values('b')\nfor lo in [-7, 0, 3, 3.0, 2.5, 8, 99, float('nan'), np.int64(4), np.float64(5)]:\n    for hi in [lo + 1, lo - 1, 8, 1e9]:\n        p = df[(df['b'] >= lo) & (df['b'] < hi)]\n        q = df[(df['b'] > lo) & (df['b'] <= hi) & (df.a > 0)]\n        r = df[(df['b'] == lo) | (df['b'] != hi)]\n        out.append((len(p), p['a'].sum(), p['c'].std(), p['b'].idxmax() if len(p) else 0, len(q), q.b.mean(), len(r), r['a'].sum()))",
    "sorted floats": "df = df.sort_values('a')\nfor lo in [-7, 0, 3.5, float('nan'), float('inf'), -0.0]:\n    p = df[(df['a'] >= lo) & (df['a'] < lo + 9)]\n    q = df[(df['a'] > lo) & (df['a'] <= 4)]\n    r = df[df['a'] == lo]\n    out.append((len(p), p['a'].sum(), p['c'].std(), len(q), q.b.mean(), len(r)))",
    "text": "for s in ['x', 'y', 'none', 3, None, '']:\n    for b in range(3):\n        part = df[(df['s'] == s) & (df['b'] > b)]\n        if len(part) > 1:\n            out.append((len(part), part['a'].mean(), part['a'].std()))",
    "not text": "for s in ['x', 'y']:\n    part = df[df['s'] != s]\n    out.append((len(part), part['a'].mean()))",
    "loc": "for x in range(5):\n    out.append(df.loc[(df.b == x) | (df.a >= x)]['c'].max())",
    "column first": "for x in range(5):\n    out.append(df['c'][(df.b == x) | (df['a'] >= x)].mean())",
    "compared": "for i in range(len(df)):\n    w = df.iloc[i:i + 6]\n    out.append([(w['a'] > 0).mean(), (w['b'] == 3).sum(), (w.c <= 1.5).sum(), (w['a'] != 'x').sum(), (w['s'] == 'x').mean()])",
    "missing": "for i in range(len(df)):\n    out.append(df.iloc[i:i + 2]['zz'].mean())",
    "missing in mask": "for x in range(3):\n    out.append(df[(df.zz > x) & (df['a'] > x)]['a'].mean())",
    "wrong comparison": "for x in ['q', [1], (1, 2)]:\n    out.append(x)\n    out.append(df[(df['a'] > x)]['a'].mean())",
    "list key": "for x in [df['a'].tolist(), np.zeros(len(df)), df['b'], df['b'].iloc[::-1]]:\n    out.append(df[df['a'] >= x]['a'].sum())",
    "bad bounds": "for x in [1.5, 'a', None, np.int64(2), True]:\n    out.append(df.iloc[:x]['a'].mean())",
    "by numpy": "for i in range(len(df)):\n    w = df['a'].iloc[max(0, i - 3):i + 1]\n    out.append([np.mean(w), np.std(w), np.var(w, ddof=1), np.max(w), np.sum(w), np.median(w), np.percentile(df.iloc[i:i + 9]['c'], 30), np.mean(df.iloc[:i]['b']), w.values[-1], w.tolist(), w.unique().tolist()])",
    "options": "for i in range(len(df)):\n    w = df.iloc[i:i + 4]['a']\n    out.append((w.mean(skipna=False), w.sum(min_count=2), w.std(ddof=2), w.var(ddof=0), w.max(skipna=True), w.quantile(0.3), w.tolist()))",
    "series": "s = df['a']\nfor i in range(len(df)):\n    out.append((s.iloc[i:i + 3].mean(), s.iloc[:i].max()))",
    "while": "i = 0\nwhile i < len(df):\n    out.append(df.iloc[i:i + 2]['a'].sum())\n    i += 2",
    "comprehension": "out = [df['a'].iloc[max(0, i - 2):i + 1].mean() for i in range(len(df))]",
    "frame method": "for i in range(len(df)):\n    w = df.iloc[i:i + 4]\n    out.append((w.mean(numeric_only=True), w['a'].max()))",
    "picked columns": "for i in range(len(df)):\n    w = df.iloc[i:i + 4]\n    out.append((w[['a', 'b']].sum(), w['a'].max()))",
    "twice": "for i in range(3):\n    w = df.iloc[i:]\n    out.append(w['a'].mean())\nfor i in range(3):\n    w = df.iloc[:i]\n    out.append(w['a'].sum())",
}


def program(loop: str) -> str:
    return (
        f"{HEAD}def work(df):\n    out = []\n"
        + "".join(f"    {x}\n" for x in loop.splitlines())
        + "    return df, out\n"
    )


def big() -> list[Callable[[], dict[str, Any]]]:
    """Frames on which the order of summation shows: contiguous, strided, in several blocks."""
    rng = np.random.default_rng(3)
    n = 700
    base = pd.DataFrame(
        {
            "a": rng.normal(size=n) * 1e6,
            "b": rng.integers(0, 9, n),
            "c": rng.normal(size=n),
            "s": rng.choice(["x", "y"], n),
        }
    )
    strided = pd.DataFrame(rng.normal(size=(n, 3)), columns=list("abc"))
    frames = [
        base,
        strided,
        strided.T.copy().T,
        base[base.b > 2],
        base.iloc[::-2],
        base.assign(a=base.a.mask(base.a > 1e6)),
    ]
    return [lambda f=f: {"df": f.copy(deep=False)} for f in frames]


SEEN = frame_inputs()


@pytest.mark.parametrize("name", LOOPS)
@pytest.mark.filterwarnings("ignore")
def test_parts_give_the_same_on_every_frame(name: str) -> None:
    check(Parts(), program(LOOPS[name]), {}, SEEN)


@pytest.mark.parametrize(
    "loop",
    [
        "for i in range(0, len(df), 31):\n    w = df.iloc[i:]\n    for k in 'abc':\n        out.append((w[k].mean(), w[k].sum(), w[k].std(), w[k].var(ddof=0)))",
        "for i in range(9):\n    w = df[(df['b'] <= i) & (df['a'] > -1e6)]\n    for k in 'abc':\n        out.append((w[k].mean(), w[k].sum(), w[k].std(), len(w)))",
        "for i in range(9):\n    out.append((df['a'][df.c > i / 5].mean(), df.loc[df['c'] <= i / 5]['b'].std()))",
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_sums_have_the_same_bits(loop: str) -> None:
    check(Parts(), program(loop), {}, big())


@pytest.mark.parametrize(
    "loop",
    [
        "for i in range(3):\n    w = df.iloc[i:]\n    out.append(w)",
        "for i in range(3):\n    w = df.iloc[i:]\n    out.append(w['a'])",
        "for i in range(3):\n    w = df.iloc[i:]\n    w['a'] = 1\n    out.append(w['a'].mean())",
        "for i in range(3):\n    w = df.iloc[i:]\n    out.append(w['a'].mean())\nout.append(w)",
        "for i in range(3):\n    w = df.iloc[i:]\n    out.append(w['a'].mean())\n    df.loc[i, 'a'] = 0",
        "for i in range(3):\n    w = df.iloc[i:]\n    out.append(w['a'].mean())\n    df['a'] = 0",
        "for i in range(3):\n    w = df.iloc[i:]\n    out.append(lambda: w['a'].mean())",
        "for j in range(2):\n    w = 1\n    for i in range(3):\n        w = df.iloc[i:]\n        df['q'] = 0\n        out.append(w['a'].mean())\n    out.append(w)",
        "for j in range(2):\n    w = 1\n    df['q'] = 0\n    for i in range(3):\n        w = df.iloc[i:]\n        out.append(w['a'].mean())\n    out.append(w)",
        "for i in range(3):\n    w = df.iloc[i:]\n    out.append(other(w) + w['a'].mean())",
        "for i in range(3):\n    w = df.iloc[i:]\n    w = w.dropna()\n    out.append(w['a'].mean())",
        "for i in range(3):\n    out.append(df.iloc[i:]['a'].values[1:])",
        "for i in range(3):\n    out.append(df.iloc[i:])",
        "out.append(df.iloc[1:]['a'].mean())",
        "w = df\nfor i in range(3):\n    w = w.iloc[i:]\n    out.append(w['a'].mean())",
        "for i in range(3):\n    out.append(df[df['a'] > i]['a'].apply(out.append))",
    ],
)
def test_parts_that_go_elsewhere_stay(loop: str) -> None:
    assert not changes(Parts(), program(loop), {})


def test_a_part_that_others_may_read_stays() -> None:
    text = HEAD + "def peek():\n    return w\n\n\nfor i in range(3):\n    w = df.iloc[i:]\n    print(w['a'].mean())\n"
    assert not changes(Parts(), text, {}, function=None)
    alone = text.replace("return w", "return 1")
    assert not changes(Parts(), alone, {}, function=None, live_out=("w",))
    (change,) = changes(Parts(), alone, {}, function=None)
    assert "    w = df_parts.rows(i, None)\n    print(w['a'].mean())\n" in after(alone, change)


def test_parts_by_times_and_by_categories() -> None:
    n = 160
    rng = np.random.default_rng(5)
    base = pd.DataFrame(
        {
            "t": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 12, n), unit="D"),
            "k": pd.Categorical(rng.choice(["p", "q"], n)),
            "v": rng.normal(size=n),
        }
    )
    loop = (
        "for d in pd.date_range('2023-12-30', periods=18):\n    day = df[df['t'] == d]\n"
        "    if len(day) == 0:\n        out.append(0.0)\n    else:\n        out.append(float(day['v'].sum()))\n"
        "    both = df[(df['t'] <= d) & (df['k'] == 'p') & (df['t'] > d - pd.Timedelta(days=3))]\n"
        "    out.append((len(both), both['v'].mean(), (both['k'] == 'q').sum(), both['t'].max(), both.empty, both.shape[1]))"
    )
    frames = [
        base, base.sort_values("t"), base.astype({"t": "datetime64[s]"}), base.assign(t=base["t"].where(base["v"] > 0)),
        base.assign(t=base["t"].dt.tz_localize("UTC")), base.assign(t=base["t"].astype(str)), base.iloc[:0], base.set_index("k", drop=False),
    ]  # fmt: skip
    check(Parts(), program(loop), {}, [lambda f=f: {"df": f.copy()} for f in frames])
