"""HST205: frames that grow in a loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hasten.passes.source.columns.growth import GrowingFrames
from tests.passes.test_columns_support import HEAD, changes, check, frame_inputs, frames

LOOPS = {
    "frames": "out = pd.DataFrame()\nfor x in xs:\n    out = pd.concat([out, pd.DataFrame({'v': [x], 'w': [1]})], ignore_index=True)",
    "index kept": "out = pd.DataFrame(columns=['v'])\nfor x in xs:\n    row = pd.DataFrame({'v': [x]})\n    out = pd.concat([out, row])",
    "some": "out = pd.DataFrame({'v': [0]})\nfor x in xs:\n    if x is None:\n        continue\n    print(x)\n    out = pd.concat([out, pd.DataFrame({'v': x}, index=[0])])",
    "other columns": "out = None\nfor n, x in enumerate(xs):\n    out = pd.concat([out, pd.DataFrame({'v%d' % (n % 3): [x]})], ignore_index=True)",
    "name used again": "out = pd.DataFrame()\nfor x in xs:\n    row = pd.DataFrame([{'v': x, 'w': 1}])\n    out = pd.concat([out, row], ignore_index=True)\nfor _, row in out.iterrows():\n    print(row['v'])",
    "name read after": "out = pd.DataFrame()\nrow = None\nfor x in xs:\n    row = pd.DataFrame([{'v': x, 'w': 1}])\n    out = pd.concat([out, row], ignore_index=True)\nif row is not None:\n    row['v'] = 7\n    print(row, type(row))",
    "nested": "out = pd.DataFrame()\nfor x in xs:\n    for y in xs:\n        out = pd.concat([out, pd.DataFrame({'v': [x], 'y': [y]})])",
}


def inputs() -> list[Callable[[], dict[str, Any]]]:
    values: list[list[Any]] = [
        [1.5, 2.5, -0.0, 4.0],
        [1, 2, 3, 4],
        [1, 2.5, 3, 2**53 + 1],
        [1, "a", 2],
        ["a", "bbbb", "c"],
        [True, 2, None],
        [None, 1.0, 2.0],
        [],
        [7],
        [2**70, 1, 2],
        [np.float32(1.1), 2.5, 3],
        [np.nan, 1, 2, 3],
        [pd.Timestamp("2020"), pd.Timestamp("2021"), None],
        [True, False, True],
        [np.int8(3), np.int16(300), 4],
        [1j, 2.0, 3],
        [np.uint64(2**63), 1, 2, 3],
    ]
    return [lambda v=v: {"xs": list(v)} for v in values]


def program(loop: str) -> str:
    return HEAD + "def work(xs):\n" + "".join(f"    {x}\n" for x in loop.splitlines()) + "    return out\n"


@pytest.mark.parametrize("name", LOOPS)
@pytest.mark.filterwarnings("ignore")
def test_growth_gives_the_same(name: str) -> None:
    check(GrowingFrames(), program(LOOPS[name]), {}, inputs())


@pytest.mark.parametrize(
    "loop",
    [
        "out = np.array([])\nfor x in xs:\n    out = np.append(out, x)\n    print(len(out))",
        "out = np.array([])\ntry:\n    for x in xs:\n        out = np.append(out, x)\nexcept ValueError:\n    pass",
        "for x in xs:\n    out = np.append(out, x)",
        "out = np.array([])\nfor x in xs:\n    out = np.append(out, out[-1] + x)",
        "out = np.array([])\nfor x in xs:\n    out = np.append(out, x)\n    yield out",
        "out = np.zeros((1, 2))\nfor x in xs:\n    out = np.append(out, x, axis=0)",
        "out = np.array([])\nfor x in xs:\n    out = np.append(out, x)",  # HST501
        "out = pd.DataFrame()\nfor x in xs:\n    out = pd.concat([out, pd.DataFrame({'a': [x]})])\n    print(len(out))",
        "out = pd.DataFrame()\nrow = pd.DataFrame({'a': [1]})\nfor x in xs:\n    row['a'] = x\n    out = pd.concat([out, row])",
        "out = pd.DataFrame()\nfor x in xs:\n    out = pd.concat([out, x])",
        "out = np.array([])\ndef size():\n    return len(out)\nfor x in xs:\n    size()\n    out = np.append(out, x)",
    ],
)
def test_what_is_looked_at_stays(loop: str) -> None:
    assert not changes(GrowingFrames(), program(loop), {})


ROWS = {
    "lists": "pd.DataFrame({'k': [k], 'n': [n], 'w': [str(k)], 'm': [n / 2 if n % 3 else np.float64(0.25)]})",
    "dict": "pd.DataFrame([{'k': k, 'n': n}])",
    "mixed": "pd.DataFrame([{'k': k, 'n': n if n < 4 else n / 2}])",
    "missing": "pd.DataFrame([{'k': k, 'n': None if n == 5 else n}])",
    "huge": "pd.DataFrame([{'k': k, 'n': 2**62 * n}])",
    "flag": "pd.DataFrame({'k': [k], 'n': [n > 3]})",
    "other columns": "pd.DataFrame([{'k': k, 'n': n} if n != 4 else {'n': n, 'x': 1.5}])",
    "two rows": "pd.DataFrame([{'k': k, 'n': n}, {'k': k, 'n': 0}])",
    "columns of two": "pd.DataFrame({'k': [k, k], 'n': [n, 0]})",
    "nothing": "pd.DataFrame([{}])",
    "an array": "pd.DataFrame([{'k': k, 'n': np.array(n)}])",
}
STARTS = [
    "pd.DataFrame()",
    "pd.DataFrame(columns=['k', 'n'])",
    "pd.DataFrame({'k': [1.5], 'n': [2.5]})",
    "df[['a', 'b']]",
]


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("named", [False, True])
@pytest.mark.filterwarnings("ignore")
def test_rows_of_plain_cells_make_one_frame(name: str, start: str, named: bool) -> None:
    step = f"        row = {ROWS[name]}\n" if named else ""
    part = "row" if named else ROWS[name]
    text = f"{HEAD}def work(df):\n    table = {start}\n    for n, k in enumerate(df['b']):\n{step}"
    text += f"        table = pd.concat([table, {part}], ignore_index=True)\n    return table\n"
    check(GrowingFrames(), text, {"df": frames()["mixed"]}, frame_inputs(9))
