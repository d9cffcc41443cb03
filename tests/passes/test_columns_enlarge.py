"""HST213: rows that are put behind a frame one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from hasten.passes.source.columns.enlarge import Enlarged
from tests.passes.test_columns_support import HEAD, after, changes, check, run

STARTS = {
    "named columns": "pd.DataFrame(columns=['a', 'b', 's'])",
    "one row": "pd.DataFrame({'a': [1], 'b': [0.5], 's': ['x']})",
    "typed": "pd.DataFrame({'a': pd.Series(dtype='int64'), 'b': pd.Series(dtype='float64'), 's': pd.Series(dtype='str')})",
    "objects": "pd.DataFrame(columns=['a', 'b', 's'], dtype=object)",
    "labels": "pd.DataFrame({'a': [1], 'b': [0.5], 's': ['x']}, index=[4])",
    "named index": "pd.DataFrame({'a': [1, 2], 'b': [0.5, 1], 's': ['x', 'y']}, index=pd.RangeIndex(2, name='n'))",
    "big": "pd.DataFrame({'a': [2**62], 'b': [0.5], 's': ['x']})",
    "nothing": "pd.DataFrame()",
    "categories": "pd.DataFrame({'a': [1], 'b': [0.5], 's': pd.Categorical(['x'])})",
}
STEPS = {
    "counted": "out.loc[len(out)] = [x, x / 2 if x else 0.0, str(x)]",
    "index counted": "out.loc[len(out.index)] = [x, 0.5, 'k']",
    "shape": "out.loc[out.shape[0]] = [x, 1.5, None]",
    "dict": "out.loc[len(out)] = {'a': x, 'b': 2.5, 's': 'z'}",
    "dict in another order": "out.loc[len(out)] = {'s': 'z', 'b': 2.5, 'a': x}",
    "dict with a gap": "out.loc[len(out)] = {'a': x, 's': 'z'}",
    "numbered": "out.loc[n] = [n, x, 'q']",
    "from one": "n = n + 1\n    out.loc[n] = [n, 0.25, 'q']",
    "cells of every kind": "out.loc[len(out)] = [n, x, x]",
    "a name": "row = [n, 0.5, 'k']\n    out.loc[len(out)] = row\n    row.append(1)\n    row[0] = 'gone'",
    "tuple": "out.loc[len(out)] = (n, 0.5, 'k')",
    "one value": "out.loc[len(out)] = 0",
    "too short": "out.loc[len(out)] = [n, 0.5, 'k'][: 3 - (n == 3)]",
    "series": "out.loc[len(out)] = pd.Series([n, 0.5, 'k'], index=['a', 'b', 's'])",
    "sometimes": "print(n)\n    if n % 2:\n        out.loc[len(out)] = [n, np.float64(n), 'k']",
    "raises": "out.loc[len(out)] = [n, 1 / (3 - n), 'k']",
    "whole and fractions": "out.loc[len(out)] = [n, n if n < 2 else n / 4, 'k']",
}


def program(start: str, step: str) -> str:
    lines = step.splitlines()
    body = "".join(f"        {line.removeprefix('    ') if k else line}\n" for k, line in enumerate(lines))
    text = f"def work(xs):\n    out = {start}\n    for n, x in enumerate(xs):\n{body}    return out, out.index, out.dtypes\n"
    return HEAD + text


def inputs() -> list[Callable[[], dict[str, Any]]]:
    values: list[list[Any]] = [
        [1, 2, 3, 4, 5],
        [1, 2, 2.5, 3, 3.0, 4],
        [1.5, np.nan, -0.0, np.inf, 2.0],
        [1, 2, True, 3],
        [1, 2, None, 3],
        [1, 2, 2**60, 3, 2**70, 4],
        [np.int64(3), np.float64(2), np.int8(1), np.float32(0.1)],
        [],
        [7],
    ]
    return [lambda v=v: {"xs": list(v)} for v in values]


PAIRS = [
    (start, step)
    for start in STARTS
    for step in STEPS
    if step in ("counted", "whole and fractions") or start in ("named columns", "one row")
]


@pytest.mark.parametrize(("start", "step"), PAIRS)
@pytest.mark.filterwarnings("ignore")
def test_rows_give_the_same_frame(start: str, step: str) -> None:
    check(Enlarged(), program(STARTS[start], STEPS[step]), {}, inputs())


@pytest.mark.parametrize("step", ["counted", "dict", "numbered"])
@pytest.mark.parametrize("start", ["named columns", "one row"])
def test_rows_wait_for_the_end(start: str, step: str) -> None:
    """Few rows are put behind at once: the others wait."""
    text = program(STARTS[start], STEPS[step])
    (change,) = changes(Enlarged(), text, {})
    new = after(text, change).replace("        self.flush()\n", "        print('at once')\n        self.flush()\n")
    xs = [k + 0.5 for k in range(50)] if step == "numbered" else list(range(50))
    out = run(new, lambda: {"xs": xs})[2]
    assert out.count("at once") <= 3


@pytest.mark.parametrize(
    "body",
    [
        "out = make()\nfor x in xs:\n    out.loc[len(out)] = [x]",
        "out = pd.DataFrame(columns=['a'])\nother = out\nfor x in xs:\n    out.loc[len(out)] = [x]\n    print(len(other))",
        "out = pd.DataFrame(columns=['a'])\nfor x in xs:\n    out.loc[len(out)] = [x]\n    print(out)",
        "out = pd.DataFrame(columns=['a'])\nfor x in xs:\n    out.loc[len(out)] = [len(out)]",
        "out = pd.DataFrame(columns=['a'])\nfor x in xs:\n    out.loc[len(out), 'a'] = x",
        "out = pd.DataFrame(columns=['a'])\nfor x in xs:\n    out.loc[f(x)] = [x]",
        "out = pd.DataFrame(columns=['a'])\ntry:\n    for x in xs:\n        out.loc[len(out)] = [x]\nexcept ValueError:\n    pass",
        "out = pd.DataFrame(columns=['a'])\ndef g():\n    return len(out)\nfor x in xs:\n    g()\n    out.loc[len(out)] = [x]",
        "for x in xs:\n    out.loc[len(out)] = [x]",
        "out = pd.DataFrame(columns=['a'])\nout = out.T\nfor x in xs:\n    out.loc[len(out)] = [x]",
    ],
)
def test_what_is_looked_at_stays(body: str) -> None:
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    assert not changes(Enlarged(), f"{HEAD}def work(xs, out=None):\n{lines}    return out\n", {})
