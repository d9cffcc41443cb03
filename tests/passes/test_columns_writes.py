"""HST208: cells written one at a time."""

from __future__ import annotations

import pytest

from hasten.passes.source.columns.writes import CellWrites
from tests.passes.test_columns_support import HEAD, changes, check, frame_inputs, frames

LOOPS = {
    "existing": "for i in range(len(df)):\n    df.at[i, 'a'] = df.loc[i, 'c'] * 2",
    "new": "for i in range(len(df)):\n    df.loc[i, 'new'] = df['a'].iloc[i] + 1",
    "new text": "for i in range(len(df)):\n    df.loc[i, 'new'] = 'x' if df.at[i, 'a'] > 0 else 'y'",
    "new flag": "df['flag'] = 0\nfor i in df.index:\n    if df.at[i, 'a'] > 0:\n        df.at[i, 'flag'] = 1",
    "new int": "for i, row in df.iterrows():\n    df.at[i, 'k'] = int(row['b'])",
    "bool": "df['f'] = False\nfor i in range(len(df)):\n    df.loc[i, 'f'] = bool(df.loc[i, 'a'] > 0)",
    "misfits": "for i in range(len(df)):\n    df.at[i, 'b'] = 1.5 if i == 3 else i\n    print(i)",
    "lossless": "for i in range(len(df)):\n    df.loc[i, 'b'] = 2.0",
    "two": "df['p'] = 0.0\ndf['q'] = ''\nfor i in range(1, len(df)):\n    df.at[i, 'p'] = df.at[i - 1, 'a'] - i\n    df.at[i, 'q'] = 'w%d' % i",
    "raises": "for i in range(len(df)):\n    df.at[i, 'a'] = 1.0 / (5 - i)",
    "returns": "for i in range(len(df)):\n    df.at[i, 'a'] = 7\n    if i == 4:\n        return i",
    "objects": "df['o'] = None\nfor i in range(len(df)):\n    df.at[i, 'o'] = 'x'",
    "huge": "df['n'] = 0\nfor i in range(len(df)):\n    df.at[i, 'n'] = 2 ** (i * 8)",
    "nan": "for i in range(len(df)):\n    df.at[i, 'a'] = np.nan",
}


def program(loop: str) -> str:
    body = "".join(f"    {x}\n" for x in loop.splitlines())
    return (
        HEAD
        + f"def work(df):\n    other = df.copy(deep=False)\n{body}    return df, other, df.dtypes.astype(str).tolist()\n"
    )


@pytest.mark.parametrize("name", LOOPS)
def test_writes_give_the_same_on_every_frame(name: str) -> None:
    check(CellWrites(), program(LOOPS[name]), {"df": frames()["mixed"]}, frame_inputs())


@pytest.mark.parametrize(
    "loop",
    [
        "for i in range(1, len(df)):\n    df.at[i, 'a'] = df.at[i - 1, 'a'] + 1",
        "for i in range(len(df)):\n    df.at[i, 'a'] = 1\n    print(df)",
        "for i in range(len(df)):\n    df.at[i, 'a'] = df['a'].sum()",
        "for i in range(9):\n    df.at[i, 'a'] = 1",
        "for i in range(len(df)):\n    df.at[i, 'a'] = 1\n    df = df + 1",
        "for i in range(len(df)):\n    df.at[i, 'a'] += 1",
        "for i in range(len(df)):\n    i = 5\n    df.at[i, 'a'] = 1",
        "for i in range(len(df)):\n    df.loc[df.a > 1, 'a'] = i",
    ],
)
def test_frames_that_are_looked_at_stay(loop: str) -> None:
    assert not changes(CellWrites(), program(loop), {"df": frames()["mixed"]})
