"""HST201: loops over rows."""

from __future__ import annotations

import pytest

from hasten.passes.source.columns.rows import Rows
from tests.passes.test_columns_support import HEAD, after, changes, check, frame_inputs, frames

LOOPS = {
    "sum": "for i, row in df.iterrows():\n    total += row['a'] * row['b']",
    "append": "for i, row in df.iterrows():\n    out.append((i, row['a'], row.b, row['s'] if 's' in df else 0))",
    "types": "for _, row in df.iterrows():\n    out.append((type(row['a']), type(row['b']), row.get('c')))",
    "print": "for i, row in df.iterrows():\n    print(i, f\"{row['a']:.3f} {row['b']!r}\", row.c)",
    "label": "for i, row in df.iterrows():\n    i = 3\n    out.append((row.name, row['a'], i))",
    "enumerate": "for n, (i, row) in enumerate(df.iterrows(), 1):\n    out.append((n, i, row['a']))",
    "enumerate index only": "for n, (i, row) in enumerate(df.iterrows()):\n    out.append((n, i))",
    "break": "for i, row in df.iterrows():\n    if row['b'] > 8:\n        break\n    if row['a'] < 0: continue\n    out.append(row['c'])\nelse:\n    out.append('all')",
    "raise": "for i, row in df.iterrows():\n    out.append(row['a'])\n    1 / row['b']",
    "expression": "for i, row in df[df['a'] > 0].head(5).iterrows():\n    out.append(row['c'])",
    "division": "for i, row in df.iterrows():\n    total += row['a'] / row['b']",
    "dict": "d = {}\nfor i, row in df.iterrows():\n    d.setdefault(row['b'], []).append(row['a'])\nout = d",
    "writes": "for i, row in df.iterrows():\n    df.at[i, 'a'] = row['b'] + row['a'] + row['c']\n    out.append(row['a'])",
    "new column": "for i, row in df.iterrows():\n    df.loc[i, 'new'] = row['a']",
    "nested": "for i, row in df.iterrows():\n    for j, other in df.iterrows():\n        total += row['a'] * other['c']",
    "closure": "fs = []\nfor i, row in df.iterrows():\n    fs.append(lambda: row['a'])\nout = [f() for f in fs]",
    "i after": "for i, row in df.iterrows():\n    total = row['a']\nout = [total, i]",
    "multi-line": "for i, row in df.iterrows():\n    total = (\n        row['a']  # first\n        + row['b']\n    )\n    out.append('''\n  x''' + str(total))",
    "tuples": "for row in df.itertuples():\n    out.append((row.Index, row.a, type(row.b), row.c))",
    "tuples no index": "for row in df.itertuples(index=False):\n    out.append(row.a)",
    "tuples unused": "for row in df.itertuples():\n    total += 1",
    "strings": "for i, row in df.iterrows():\n    out.append((row['s'], type(row['s'])))",
    "deleted": "for i, row in df.iterrows():\n    out.append(row['a'])\n    df = df.iloc[1:]",
}
SOURCE = "def work(df):\n    total, out = 0, []\n{}\n    return df, total, out\n"


def program(loop: str) -> str:
    return HEAD + SOURCE.format(
        "\n".join(f"    {line}" if line != "  x''' + str(total))" else line for line in loop.splitlines())
    )


@pytest.mark.parametrize("name", LOOPS)
def test_loops_give_the_same_on_every_frame(name: str) -> None:
    check(Rows(), program(LOOPS[name]), {"df": frames()["mixed"]}, frame_inputs())


@pytest.mark.parametrize(
    "loop",
    [
        "for i, row in df.iterrows():\n    out.append(row)",
        "for i, row in df.iterrows():\n    total += row.sum()",
        "for i, row in df.iterrows():\n    row['a'] = 1\n    out.append(row['a'])",
        "for i, row in df.iterrows():\n    out.append(row['a'])\nout.append(row['b'])",
        "for i, row in df.iterrows():\n    out.append(row.size)",
        "for i, row in df.iterrows():\n    out.append(row['a'])\n    del row",
        "for pair in df.iterrows():\n    out.append(pair)",
        "for row in df.itertuples():\n    out.append(row[1])",
        "for row in df.itertuples():\n    out.append(row._1)",
        "for row in df.itertuples(name=None):\n    out.append(row.a)",
        "for row in df.itertuples():\n    out.append(row)",
        "for i, row in df.iterrows():\n    out.append(row['a'])\n    print(locals())",
    ],
)
def test_rows_that_are_used_otherwise_stay(loop: str) -> None:
    assert not changes(Rows(), program(loop), {"df": frames()["mixed"]})


def test_module_level_row_that_others_may_read_stays() -> None:
    text = HEAD + "def peek():\n    return row\nfor i, row in df.iterrows():\n    x = row['a']\n"
    assert not changes(Rows(), text, {"df": frames()["mixed"]}, function=None)
    text = HEAD + "for i, row in df.iterrows():\n    x = row['a']\n"
    assert not changes(Rows(), text, {"df": frames()["mixed"]}, function=None, live_out=("row",))
    (change,) = changes(Rows(), text, {"df": frames()["mixed"]}, function=None)
    assert "for row_a in row_as:" in after(text, change)
    for read in ("print(i)", "def later():\n    return i", "del i"):  # what the loop leaves behind is seen
        (change,) = changes(Rows(), f"{text}{read}\n", {"df": frames()["mixed"]}, function=None)
        assert "for i, row_a in zip(list(df.index), row_as):" in after(f"{text}{read}\n", change)


def test_body_keeps_its_text() -> None:
    (change,) = changes(Rows(), program(LOOPS["multi-line"]), {"df": frames()["mixed"]})
    assert "row_a  # first\n" in after(program(LOOPS["multi-line"]), change)


def test_what_was_changed_is_not_proposed_again() -> None:
    for loop in (
        "for i, row in df.iterrows():\n        out.append(row['a'])",
        "for r in df.itertuples():\n        out.append(r.a)",
    ):
        text = HEAD + f"def work(df):\n    out = []\n    {loop}\n    return out\n"
        (change,) = changes(Rows(), text, {"df": frames()["mixed"]})
        assert not changes(Rows(), after(text, change), {"df": frames()["mixed"]})
