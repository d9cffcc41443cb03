"""HST210: groups of a frame, one after the other."""

from __future__ import annotations

import pytest

from hasten.passes.source.columns.group_parts import GroupParts
from tests.passes.test_columns_parts import big
from tests.passes.test_columns_support import HEAD, changes, check, frame_inputs

FUNCTIONS = """def summary(g):
    return pd.Series({"n": len(g), "top": g["a"].max(), "mean": g["a"].mean(), "x": (g["c"] > 0).sum(), "first": g["a"].iloc[0]})


def words(g):
    if len(g) > 2:
        return pd.Series({"s": "many", "n": len(g), "top": g["a"].max(), "any": g["c"].max() > 0, "b": g["b"].sum()})
    return pd.Series({"s": "few", "n": -1.5, "top": g["b"].max(), "any": False, "b": 0})


def counts(g):
    return pd.Series({"n": len(g), "b": g["b"].sum(), "least": g["b"].min()})


def listed(g):
    low = g["a"].min()
    return pd.Series([low, g["a"].max() - low, len(g)], index=["low", "range", "n"])


def changing(g):
    if g["a"].max() > 5:
        return pd.Series({"n": len(g)})
    return pd.Series({"n": len(g), "more": g["a"].sum()})


def held(g):
    out = {"n": len(g)}
    if g["b"].max() > 3:
        out["word"] = "x"
    else:
        out["word"] = None
    return pd.Series(out)


def large(g):
    return pd.Series({"n": len(g) + 2**60, "a": g["a"].mean(), "t": True})


def spread(g):
    return g["a"].max() - g["c"].std()


def of_key(g):
    return g["s"].iloc[0]


def kept(g):
    return g


"""
LOOPS = {
    "text": "for k, g in df.groupby('s'):\n    out.append((k, type(k), len(g), g['a'].mean(), g['a'].std(), g.b.sum(), g['c'].min()))",
    "number": "for k, g in df.groupby('b'):\n    out.append((k, type(k), g['a'].mean(), g['a'].iloc[0], g['b'].iloc[-1], (g['s'] == 'x').sum(), (g['s'] != 'x').mean()))",
    "two": "for k, g in df.groupby(['s', 'b'], sort=False):\n    out.append((k, [type(x) for x in k], g['a'].max(), g['s'].iloc[0], g['s'].nunique()))",
    "list of one": "for k, g in df.groupby(['s']):\n    out.append((k, type(k[0]), g['a'].mean()))",
    "unpacked": "for (s, b), g in df.groupby(['s', 'b']):\n    out.append((s, b, g['c'].sum()))",
    "floats": "for k, g in df.groupby('a', dropna=False):\n    out.append((k, type(k), g['b'].sum()))",
    "options": "for k, g in df.groupby('s', sort=False, as_index=False):\n    out.append((k, g['a'].mean()))",
    "missing": "for k, g in df.groupby('s'):\n    out.append(g['zz'].mean())",
    "computed": "for k, g in df.groupby('s'):\n    for c in ['a', 'b', 's']:\n        out.append((c, g[c].max(), (g[c] == 'x').sum(), g[c].iloc[0]))",
    "list": "out = [(k, g['a'].mean()) for k, g in df.groupby('s')]",
    "dict": "out = {k: len(g) for k, g in df.groupby('b') if g['a'].max() > 0}",
    "apply": "out = df.groupby('s').apply(summary)",
    "apply words": "out = df.groupby('s').apply(words)",
    "apply words of two": "out = df.groupby(['s', 'b'], sort=False).apply(words).reset_index()",
    "apply counts": "out = df.groupby('s').apply(counts)",
    "apply listed": "out = df.groupby('b').apply(listed)",
    "apply changing": "out = df.groupby('b').apply(changing)",
    "apply held": "out = df.groupby('b').apply(held)",
    "apply large": "out = df.groupby('s').apply(large)",
    "apply counts no index": "out = df.groupby('s', as_index=False).apply(counts)",
    "apply lambda series": "out = df.groupby(['s']).apply(lambda g: pd.Series({'m': g['a'].mean(), 'k': g['b'].max()}))",
    "apply first text": "out = df.groupby('b').apply(lambda g: g['s'].iloc[0])",
    "apply scalar": "out = df.groupby(['s', 'b']).apply(spread)",
    "apply key": "out = df.groupby('s').apply(of_key)",
    "apply lambda": "out = df.groupby('b', as_index=False).apply(lambda g: g['c'].sum())",
    "apply text": "out = df.groupby('b').apply(lambda g: (g['s'] == 'x').mean()).reset_index()",
}


def program(loop: str) -> str:
    return (
        f"{HEAD}{FUNCTIONS}def work(df):\n    out = []\n"
        + "".join(f"    {x}\n" for x in loop.splitlines())
        + "    return df, out\n"
    )


SEEN = frame_inputs()


@pytest.mark.parametrize("name", LOOPS)
@pytest.mark.filterwarnings("ignore")
def test_groups_give_the_same_on_every_frame(name: str) -> None:
    check(GroupParts(), program(LOOPS[name]), {}, SEEN)


@pytest.mark.filterwarnings("ignore")
def test_sums_have_the_same_bits() -> None:
    loop = "for k, g in df.groupby('b'):\n    for c in ['a', 'c']:\n        out.append((k, g[c].mean(), g[c].sum(), g[c].std(), g[c].var(ddof=0)))"
    check(GroupParts(), program(loop), {}, big())


@pytest.mark.parametrize(
    "loop",
    [
        "for k, g in df.groupby('s'):\n    out.append(g)",
        "for k, g in df.groupby('s'):\n    out.append(g['a'])",
        "for k, g in df.groupby('s'):\n    out.append(g['a'].mean())\nout.append(g)",
        "for k, g in df.groupby('s'):\n    out.append(g['a'].mean())\n    df['a'] = 0",
        "for k, g in df.groupby('s'):\n    g['a'] = 0\n    out.append(g['a'].mean())",
        "for k, g in df.groupby('s')['a']:\n    out.append(g.mean())",
        "for k, g in df.groupby(df['s']):\n    out.append(g['a'].mean())",
        "out = df.groupby('s').apply(kept)",
        "out = df.groupby('s').apply(lambda g: g.name + str(g['a'].mean()))",
        "out = df.groupby('s').apply(spread, include_groups=False)",
    ],
)
def test_groups_that_go_elsewhere_stay(loop: str) -> None:
    assert not changes(GroupParts(), program(loop), {})
