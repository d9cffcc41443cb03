"""Dicts and lists within others that are asked in loops: no view of the inner container is made."""

from __future__ import annotations

import re

import pytest

from tests.kernel.differential import check, compiled, compiled_function

ASKED = compiled_function(
    """
    def score(table, u, v, default):
        total = 0.0
        if v in table[u]:
            total += table[u][v]
        return total + table[u].get(v, default)

    def f(table, graph, rows, listed, pairs, at):
        out = []
        for u, v in pairs:
            out.append(score(table, u, v, -0.5))
            if v not in listed[u]:
                out.append(0.25)
            else:
                out.append(listed[u][v])
            for u in range(len(rows)):
                if len(rows[u]) > 1:
                    out.append(rows[u][at] + rows[u][len(rows[u]) - 1])
                out.append(rows[at][0] + len(rows[at]))
            near = graph[v]
            for k in range(len(graph[v])):
                out.append(float(graph[v][k] + near[-1 - k] * len(graph[near[k]])))
        return out
    """,
    """
    args = ({0: {1: 1.5, 2: 2.5}, 1: {0: 3.0, 5: 1.0}, 2: {9: 2.0}}, {0: [1, 2], 1: [0], 2: [0, 1, 2]}, [[1.0, 2.0], [0.5]], [{0: 1.0}, {1: 2.0}, {2: 3.0, 0: 4.0}],
            [(0, 1), (1, 0), (2, 2)], -1)
    """,
)
SETUP = "args = ({store}, {graph}, {rows}, {listed}, {pairs}, {at})"
GIVEN = {
    "store": "{0: {1: 1.5, 2: 2.5}, 1: {0: 3.0, 5: 1.0}, 2: {9: 2.0}}",
    "graph": "{0: [1, 2], 1: [0], 2: [0, 1, 2]}",
    "rows": "[[1.0, 2.0], [0.5]]",
    "listed": "[{0: 1.0}, {1: 2.0}, {2: 3.0, 0: 4.0}]",
    "pairs": "[(0, 1), (1, 0), (2, 2)]",
    "at": "-1",
}


def test_no_views() -> None:
    text = ASKED.patched.text
    assert not re.search(r"_dict_at\(|_has_int\(_", text)
    assert re.search(r"_has_within\(starts_of_table, begins_of_table, ", text)
    assert "_item_within(starts_of_rows, " in text and "_size_within(starts_of_graph, " in text


@pytest.mark.parametrize(
    ("other", "fast"),
    [
        ({}, True),
        ({"at": "0"}, True),
        ({"at": "-2"}, None),  # no such item in the second row
        ({"at": "5"}, None),
        ({"rows": "[[1.0, 2.0], []]", "at": "0"}, None),
        ({"pairs": "[(0, 1), (-1, 0)]"}, None),  # a key that is missing, and an index that is not
        ({"listed": "[{}, {}, {}]"}, None),
        ({"store": "{0: {}, 1: {}, 2: {}}"}, None),
        ({"store": "{i: {j * 7919 - 3: j / 7 for j in range(i, 50)} for i in range(3)}"}, True),
        ({"store": "{i: {j << 40: j / 7 for j in range(50)} for i in range(3)}", "pairs": "[(0, 2), (1, 1)]"}, True),
        ({"graph": "{0: [1, 2], 1: [], 2: [0]}"}, None),
        ({"graph": "{0: [1, 7], 1: [0], 2: [0]}"}, None),  # what is found leads nowhere
        ({"pairs": "[]"}, True),
        ({"store": "{0: {1: float('nan')}, 1: {0: -0.0}, 2: {2: float('inf')}}"}, None),
        ({"store": "{0: {1: 1.5}, 1: {0: 2}, 2: {}}"}, False),
        ({"graph": "{0: (1, 2), 1: [0], 2: [0]}"}, False),
    ],
)
def test_asked(other: dict[str, str], fast: bool | None) -> None:
    check(ASKED, SETUP.format(**{**GIVEN, **other}), fast=fast)


def test_a_dict_that_has_a_second_name() -> None:
    made = compiled(
        """
        total = 0.0
        for k in table:
            row = table[k]
            table_k = table[2]
            for j in row:
                total += table[k][j] * 2 + row[j] + table_k[1]
                k = 2
        """,
        "table = {1: {1: 2.0, 3: 1.0}, 2: {1: 4.0, 3: 0.5}}",
        hide=("row", "table_k"),
    )
    for setup in ("table = {1: {1: 2.0, 3: 1.0}, 2: {1: 4.0, 3: 0.5}}", "table = {5: {1: 2.0, 7: 1.0}, 2: {1: 4.0}}"):
        check(made, setup, fast=None)
