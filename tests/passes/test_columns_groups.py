"""HST204: Python functions of every group."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hasten.core.recipe import Risk
from hasten.passes.source.columns.groups import Groups
from tests.passes.test_columns_support import HEAD, Sub, after, changes, check, run, same

CALLS = {
    "spread": ".apply(lambda g: g.max() - g.min())",
    "count": ".apply(lambda g: len(g))",
    "size": ".agg(lambda g: g.size)",
    "sum": ".agg(lambda g: g.sum())",
    "mean": ".apply(lambda x: x.mean())",
    "std": ".apply(lambda x: x.std())",
    "var": ".aggregate(lambda x: x.var(ddof=0))",
    "share": ".apply(lambda g: g.count() / len(g))",
    "median": ".agg(lambda g: g.median() * 2)",
    "ratio": ".apply(lambda g: g.max() / g.min())",
    "cv": ".apply(lambda g: g.std() / g.mean())",
    "words": ".apply(lambda g: 'wide' if g.max() - g.min() > 2 else 'narrow')",
    "named": ".apply(spread)",
    "unique": ".apply(lambda g: g.nunique())",
    "center": ".transform(lambda g: g - g.mean())",
    "scale": ".transform(lambda g: (g - g.mean()) / g.std())",
    "part": ".transform(lambda g: g / g.sum())",
    "broadcast": ".transform(lambda g: g.max())",
    "above": ".transform(lambda g: g - g.min())",
    "mixed": ".agg(lambda g: 0 if g.count() < 2 else g.max() / 2)",
}


def inputs() -> list[Callable[[], dict[str, Any]]]:
    rng = np.random.default_rng(0)
    base = pd.DataFrame({"k": list("babcbaabcb"), "v": rng.normal(size=10) * 5, "j": [1, 2] * 5})
    ints = base.assign(v=rng.integers(-5, 9, 10))
    frames = [
        base,
        ints,
        base.assign(v=base.v.mask(base.v > 2)),
        base.assign(v=np.nan),
        base.assign(v=0.0),
        base.assign(v=np.inf),
        base.iloc[:0],
        base.iloc[:1],
        base.assign(k=[None, "a"] * 5),
        base.astype({"k": "category"}),
        base.assign(k=pd.Categorical(base.k, categories=list("abcdz"))),
        base.assign(k=[3, 1] * 5),
        base.assign(k=[np.nan, 1.5] * 5),
        base.assign(k=base.j > 1),
        ints.assign(v=ints.v * 2**60),
        base.set_axis([1] * 10),
        base.iloc[::-1],
        base[base.v > 0],
        Sub(base),
        base.astype({"v": "float32"}),
        ints.astype({"v": "Int64"}),
        ints.astype({"v": object}),
        base.assign(v="x"),
        base.assign(k=pd.to_datetime(["2020", "2021"] * 5)),
        base.drop(columns="v"),
        base.drop(columns="k"),
        base.assign(v=base.j > 1),
        base.assign(v=1e308),
        base.rename_axis("k"),
        base.astype({"k": object}),
        ints.astype({"v": "i1"}),
        base.assign(k=pd.array([1, None] * 5, dtype="Int64")),
    ]
    return [lambda f=f: {"df": f.copy()} for f in frames]


def close(a: Any, b: Any) -> bool:
    """The same but for the last bits of floats."""
    if isinstance(a, pd.Series) and isinstance(b, pd.Series) and a.dtype == b.dtype == float and len(a) == len(b):
        finite = a.to_numpy()[np.isfinite(a.to_numpy())]
        scale = max(1.0, float(np.abs(finite).max(initial=0.0)))
        nan = np.array_equal(a.isna(), b.isna())
        return (
            nan
            and same(a.index, b.index)
            and same(a.name, b.name)
            and bool(np.allclose(a, b, rtol=1e-12, atol=1e-13 * scale, equal_nan=True))
        )
    return same(a, b)


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("keys", ["'k'", "['k', 'j']", "'k', sort=False"])
def test_groups_give_the_same_on_every_frame(name: str, keys: str) -> None:
    text = (
        HEAD
        + f"def spread(g):\n    top = g.max()\n    return top - g.min()\ndef work(df):\n    return df.groupby({keys})['v']{CALLS[name]}\n"
    )
    for seen in (0, 1) if keys == "'k'" else (0,):
        found = changes(Groups(), text, inputs()[seen]())
        assert found
        for change in found:
            new = after(text, change)
            for make in inputs():
                for part, (x, y) in enumerate(zip(run(text, make), run(new, make), strict=True)):
                    equal = same(x, y) if change.risk is Risk.EXACT else close(x, y)
                    assert equal, f"{part} differs\n{x!r}\n{y!r}\non {make()!r}\n{new}"


@pytest.mark.parametrize(
    "call",
    [
        ".apply(lambda g: g.iloc[0])",
        ".apply(lambda g: g.sum(min_count=1))",
        ".apply(lambda g: g)",
        ".transform(lambda g: g if g.max() > 2 else -g)",
        ".transform(lambda g: g.fillna(g.mean()))",
        ".apply(lambda g: 1 if g.mean() > 0 else 0)",
        ".apply(lambda g: sum(g))",
        ".apply(lambda g: print(g.max()))",
        ".apply(np.mean)",
    ],
)
def test_other_functions_stay(call: str) -> None:
    assert not changes(Groups(), HEAD + f"def work(df):\n    return df.groupby('k')['v']{call}\n", inputs()[0]())


def test_the_index_of_a_transform_is_an_object_of_its_own() -> None:
    """Found by the fuzzer: a name given to the result's index became the name of the frame's."""
    text = HEAD + (
        "def work(df):\n"
        "    out = df.groupby('k')['v'].transform(lambda g: g - g.mean())\n"
        "    out.index.name = 'row'\n"
        "    return out, df.index.name\n"
    )
    base = pd.DataFrame({"k": list("aabb"), "v": [1.5, 2.0, 0.5, 4.0]})
    (change, *_) = changes(Groups(), text, {"df": base})
    assert run(after(text, change), lambda: {"df": base.copy()})[0][1] is None


def test_keys_that_are_a_level_of_the_index() -> None:
    """Found by the fuzzer: they were looked for among the columns."""
    text = HEAD + "def work(df):\n    return df.groupby('k')['v'].apply(lambda g: g.mean() - g.min())\n"
    base = pd.DataFrame({"k": list("aabb"), "v": [1.5, 2.0, 0.5, 4.0]})
    check(Groups(), text, {"df": base}, [lambda: {"df": base.set_index("k")}, lambda: {"df": base.copy()}])
