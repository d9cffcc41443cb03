"""Records that a kernel makes: dict displays with strings as keys."""

from __future__ import annotations

import pytest

from tests.kernel.differential import check, compiled, compiled_function, refusal, run

PRELUDE = "import math\nimport numpy as np\n"
ROWS = """
rows = [{"id": i, "price": (i * 7 % 11) / 4, "qty": i % 5, "kind": "abc"[i % 3]} for i in range(40)]
"""


def test_rows_of_results() -> None:
    text = """
    def summary(xs):
        total = 0.0
        for x in xs:
            total += x
        return {"n": len(xs), "mean": total / len(xs)}

    def f(rows, n):
        out = []
        for row in rows:
            total = 0
            for other in rows:
                if other["kind"] == row["kind"]:
                    total += other["qty"]
            out.append({"id": row["id"], "total": total, "kind": row["kind"], "from": row, "at": (total, 0.5)})
        out.sort(key=lambda r: -r["total"])
        found = summary([row["price"] for row in rows])
        far = [r for r in out if abs(r["total"] - found["mean"]) > n and "id" in r and r.get("kind") != "z"]
        return out, found["n"], far[0]
    """
    c = compiled_function(text, ROWS + "args = (rows, 3)", PRELUDE)
    check(c, ROWS + "args = (rows[5:30], 1)", fast=True)
    check(c, ROWS + "args = ([], 1)", fast=False)
    check(c, ROWS + "rows[3]['price'] = 1\nargs = (rows, 1)", fast=False)


STATS = """
def f(rows, n):
    stats = {}
    for row in rows:
        k = row["kind"]
        if k not in stats:
            stats[k] = {"count": 0, "total": 0, "last": row["id"], "label": "none"}
        s = stats[k]
        s["count"] += 1
        if row["qty"] > n:
            s["total"] += row["price"]
        else:
            stats[k]["total"] += row["id"]
        stats[k]["last"] = row["id"]
        if s["count"] > 10:
            s["label"] = "many"
    best = None
    for k in stats:
        if best is None or stats[k]["total"] > best["total"]:
            best = stats[k]
    return stats, best
"""


def test_values_change_and_records_stay_the_same_ones() -> None:
    c = compiled_function(STATS, ROWS + "for r in rows: r['id'] += 2**40\nargs = (rows, 3)", PRELUDE)
    for n in (-1, 1, 9):  # floats only, both, and ints only
        check(c, f"{ROWS}args = (rows, {n})", fast=True)
        stats, best = run(c.patched, f"{ROWS}args = (rows, {n})", "new").state["result"]
        assert any(best is s for s in stats.values())
    check(c, ROWS + "rows[3]['id'] = 2**60\nargs = (rows, 3)", fast=False)  # no float64 holds the sum
    check(c, ROWS + "rows[3]['price'] = float('nan')\nargs = (rows, -1)", fast=None)
    check(c, "args = ([], 3)", fast=True)


def test_two_names_of_one_record() -> None:
    text = """
    def f(xs, n):
        a = {"v": 1.0, "w": 2.0}
        b = a
        c = [a, b, {"v": 3.0, "w": 4.0}]
        for i in range(n):
            b["v"] += xs[i]
            c[i % 3]["w"] -= 1
        spare = {"v": 0.0, "w": -0.0}
        if n > 5:
            a = spare
        return a, c
    """
    c = compiled_function(text, "args = ([1.5, 2.5, 9.0], 3)", PRELUDE)
    setup = "args = ([1.5, 2.5, -9.0, 0.25], 4)"
    check(c, setup, fast=True)
    a, many = run(c.patched, setup, "new").state["result"]
    assert many[0] is a and many[1] is a and many[2] is not a
    check(c, "args = ([1.5], 3)", fast=False)


def test_a_record_that_is_only_used_inside_is_no_dict() -> None:
    body = """
    for i in range(n):
        p = {"x": i, "y": 2 * i}
        total += p["x"] * p["y"]
        out.append({"i": i, "total": total})
    """
    c = compiled(body, "n = 4\ntotal = 0\nout = []\n", PRELUDE, hide=("p",))
    check(c, "n = 9\ntotal = 3\nout = ['first']\n", fast=True)
    assert c.patched.text.count("for value_0") == 1


@pytest.mark.parametrize(
    "body",
    [
        "for i in range(n):\n    r = {'a': i, 'b': 'x'}\n    r['c'] = 1\n    m += r['a']\n",
        "for i in range(n):\n    r = {'a': i, 'b': 'x'}\n    del r['a']\n",
        "for i in range(n):\n    r = {'a': i, 'b': None}\n    m += r['a']\n",
        "for i in range(n):\n    r = {'a': i, 'b': [1]}\n    m += r['a']\n",
        "for i in range(n):\n    r = {'a': i, 'b': 'x'}\n    for k in r:\n        m += 1\n",
        "for i in range(n):\n    r = {'a': i, 'b': 'x'}\n    m += r == {'a': 1, 'b': 'x'}\n",
        "for i in range(n):\n    r = {'a': i, 'b': 'x', 'a': 2}\n    m += r['a']\n",
        "for i in range(n):\n    r = {'a': i, 'b': 'x'}\n    k = 'a'\n    m += r[k]\n",
        "for i in range(n):\n    r = {'a': i, 'b': 'x'}\n    r['b'] = i\n",
        "rs = []\nfor i in range(n):\n    rs.append({'a': i, 'b': 'x'})\n    if i:\n        rs.append({'a': i, 'c': 'x'})\n",
        "r = {'a': 0, 'b': 'x'}\nfor i in range(n):\n    r = {'a': r, 'b': 'x'}\n",
    ],
)
def test_refusals(body: str) -> None:
    assert refusal(body, "n = 2\nm = 0\n", PRELUDE)
