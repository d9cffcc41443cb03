"""Records: dicts with strings as keys (rows of a CSV or JSON file, settings), read by kernels and given back."""

from __future__ import annotations

import pytest

from tests.kernel.differential import check, compiled, compiled_function, refusal, run

PRELUDE = "import heapq\nimport math\nimport numpy as np\nfrom collections import defaultdict\n"
ROWS = """
import random
draw = random.Random(4)
rows = [
    {"id": i, "price": draw.random() * 10, "qty": draw.randrange(5), "kind": draw.choice("abc"),
     "note": draw.choice([None, "x", ""]), "unit price (USD)": i * 0.5}
    for i in range(60)
]
"""


def test_rows_are_read_kept_and_given_back() -> None:
    text = """
    def f(rows, settings, n):
        total = 0.0
        best = None
        noted = 0
        groups = {}
        for k in range(n):
            for i, row in enumerate(rows):
                if row["kind"] == settings["kind"] and row["qty"] > k:
                    total += row["price"] * row["qty"] + row["unit price (USD)"]
                if best is None or row["price"] > best["price"]:
                    best = row
                if row["note"]:
                    noted += 1
                if row["note"] is None:
                    noted += 100
                for later in rows[i + 1 : i + 3]:
                    noted += later["qty"]
        for row in rows:
            if row["kind"] not in groups:
                groups[row["kind"]] = []
            groups[row["kind"]].append(row)
        top = max(rows, key=lambda r: (r["qty"], r["kind"]))
        return total, best, noted, top, len(groups)
    """
    c = compiled_function(text, ROWS + "args = (rows, {'kind': 'a', 'n': 1}, 3)", PRELUDE)
    check(c, ROWS + "args = (rows, {'kind': 'c', 'n': None}, 2)", fast=True)
    check(c, ROWS + "args = (rows[:1] * 3, {'kind': 'c'}, 2)", fast=True)  # one row in three places
    for change in (
        "rows[7]['price'] = 3",
        "rows[7]['price'] = None",
        "rows[7]['qty'] = 2.0",
        "rows[7]['qty'] = True",
        "rows[7]['qty'] = 2**70",
        "rows[7]['kind'] = 5",
        "rows[7]['note'] = 5",
        "del rows[7]['price']",
        "rows[7] = defaultdict(float, rows[7])",
        "rows[7] = [1]",
        "rows = tuple(rows)",
        "rows = []",
    ):
        setup = f"from collections import defaultdict\n{ROWS}{change}\nargs = (rows, {{'kind': 'a'}}, 2)"
        check(c, setup, fast=False)
    check(c, ROWS + "args = (rows, {'other': 'a'}, 2)", fast=False)


def test_given_back_are_the_very_dicts() -> None:
    text = """
    def f(rows, n):
        kept = [row for row in rows if row["x"] > n]
        by = {}
        for row in rows:
            by[row["k"]] = row
        first = sorted(rows, key=lambda row: -row["x"])[0]
        return kept, by, first
    """
    facts = "rows = [{'x': i % 7, 'k': str(i % 5)} for i in range(30)]\nargs = (rows, 3)\n"
    c = compiled_function(text, facts, PRELUDE)
    check(c, facts, fast=True)
    state = run(c.patched, facts, "new").state
    rows, (kept, by, first) = state["rows"], state["result"]
    assert {id(r) for r in kept} <= {id(r) for r in rows} and len(kept) == 12
    assert all(any(r is x for x in rows) for r in (*by.values(), first))


NESTED = """
orders = [
    {"id": i, "customer": {"name": "c%d" % (i % 4), "discount": 0.1 * (i % 3)}, "tags": [i, i + 1], "at": (i, 0.5),
     "lines": [{"sku": "s%d" % (j % 5), "price": 1.5 * j, "qty": i + j} for j in range(i % 6)]}
    for i in range(40)
]
"""


def test_records_within_records() -> None:
    text = """
    def f(orders, n):
        revenue = {}
        tags = 0
        for i in range(n):
            for order in orders:
                for line in order["lines"]:
                    k = line["sku"]
                    price = line["price"] * line["qty"] * (1 - order["customer"]["discount"])
                    revenue[k] = revenue.get(k, 0.0) + price
                tags += len(order["tags"]) + order["tags"][0] + order["at"][0]
                if order["lines"] and order["lines"][-1]["qty"] > 20:
                    tags += 1
        return revenue, tags
    """
    c = compiled_function(text, NESTED + "args = (orders, 2)", PRELUDE)
    check(c, NESTED + "args = (orders[::-1], 3)", fast=True)
    check(c, NESTED + "args = ([], 3)", fast=True)
    check(c, NESTED + "orders[5]['lines'][2]['qty'] = 1.0\nargs = (orders, 1)", fast=False)
    check(c, NESTED + "del orders[5]['customer']['discount']\nargs = (orders, 1)", fast=False)
    check(c, NESTED + "orders[5]['lines'] = None\nargs = (orders, 1)", fast=False)
    check(c, NESTED + "orders[5]['at'] = (1.0, 0.5)\nargs = (orders, 1)", fast=False)


GRID = """
import random
draw = random.Random(1)
graph = {(x, y): {} for x in range(6) for y in range(6)}
for x, y in graph:
    for dx, dy in ((0, 1), (1, 0), (0, -1), (-1, 0)):
        if (x + dx, y + dy) in graph:
            graph[x, y][x + dx, y + dy] = {"time": draw.random(), "kind": "lane", "n": x * y}
"""


def test_graph_of_records_keyed_by_tuples() -> None:
    text = """
    def way(previous, goal):
        path = [goal]
        while path[0] in previous:
            path.insert(0, previous[path[0]])
        return path

    def f(graph, start, goal):
        dist = {node: float("inf") for node in graph}
        dist[start] = 0.0
        previous = {}
        visited = set()
        queue = [(0.0, start)]
        while queue:
            d, node = heapq.heappop(queue)
            if node in visited:
                continue
            if node == goal:
                return d, way(previous, goal), len(visited)
            visited.add(node)
            for neighbour in graph[node]:
                new = d + graph[node][neighbour]["time"]
                if new < dist[neighbour]:
                    dist[neighbour] = new
                    previous[neighbour] = node
                    heapq.heappush(queue, (new, neighbour))
        return float("inf"), [], len(visited)
    """
    c = compiled_function(text, GRID + "args = (graph, (0, 0), (5, 5))", PRELUDE)
    check(c, GRID + "args = (graph, (2, 1), (0, 5))", fast=True)
    check(c, GRID + "graph[0, 0] = {}\nargs = (graph, (0, 0), (5, 5))", fast=True)
    check(c, GRID + "args = (graph, (0, 0), (9, 9))", fast=True)
    check(c, GRID + "graph[0, 0][0, 1, 2] = {'time': 1.0}\nargs = (graph, (0, 0), (5, 5))", fast=False)
    check(c, GRID + "graph[0, 0][7, 7] = {'time': 1.0}\nargs = (graph, (0, 0), (5, 5))", fast=False)
    check(c, GRID + "graph[0.0, 0] = {}\nargs = (graph, (0, 0), (5, 5))", fast=True)  # an equal key, the old one stays
    check(c, GRID + "graph[0.5, 0] = {}\nargs = (graph, (0, 0), (5, 5))", fast=False)
    check(c, GRID + "graph[True, False] = {}\nargs = (graph, (0, 0), (5, 5))", fast=True)
    check(c, GRID + "del graph[1, 1]\nargs = (graph, (0, 0), (5, 5))", fast=False)


def test_names_that_stand_for_other_dicts_in_between() -> None:
    text = """
    def f(graph, start, other):
        total = 0.0
        node = start
        for b in graph[node]:
            total += graph[node][b]["time"]
            node = other
            if b in graph[node]:
                total += graph[node][b]["time"] * 100
            node = start
        for b in graph[node]:
            for c in graph[b]:
                total += graph[b][c]["time"] * graph[node][b]["time"]
            for b in graph[start]:
                total += graph[start][b]["time"]
        for a in graph:
            for b in graph[a]:
                a = b
                if b in graph[a]:
                    total += graph[a][b]["time"]
        return total
    """
    c = compiled_function(text, GRID + "args = (graph, (0, 0), (5, 5))", PRELUDE)
    check(c, GRID + "args = (graph, (3, 3), (3, 5))", fast=True)


def test_grid_of_numbers() -> None:
    text = """
    def f(grid, n):
        total = 0
        for step in range(n):
            for (x, y), v in grid.items():
                for dx in (-1, 0, 1):
                    if (x + dx, y) in grid:
                        total += grid[(x + dx, y)] * v
                    total += grid.get((x, y + dx), step)
        return total, sorted(grid)[0], list(grid)[-1], len(grid)
    """
    c = compiled_function(text, "args = ({(x, y): x * y for x in range(9) for y in range(9)}, 2)", PRELUDE)
    check(c, "args = ({(-x, y): x - y for x in range(9) for y in range(5)}, 3)", fast=True)
    check(c, "args = ({(x, y): x * 0.5 for x in range(9) for y in range(5)}, 3)", fast=False)
    check(c, "args = ({(x, 2**64): x for x in range(9)}, 3)", fast=False)
    check(c, "args = ({(x, y): 2**62 for x in range(9) for y in range(9)}, 2)", fast=False)
    check(c, "args = ({}, 2)", fast=False)


def test_a_block_that_appends_records_to_a_list_from_outside() -> None:
    body = """
    for i in range(n):
        for row in rows:
            if row["x"] == i:
                out.append(row)
                last = row
    """
    c = compiled(body, "n = 3\nrows = [{'x': i % 4, 'y': None} for i in range(9)]\nout = []\n", PRELUDE)
    check(c, "n = 2\nrows = [{'x': i % 4, 'y': 1} for i in range(9)]\nout = [5]\n", fast=True)
    check(c, "n = 2\nrows = [{'x': 9, 'y': 1} for i in range(9)]\nout = [5]\n")
    check(c, "n = 2\nrows = out = [{'x': 9, 'y': 1} for i in range(3)]\n", fast=False)


TEXTS = """
rows = [
    {"price": "%.2f" % (i / 7), "qty": str(i % 5), "kind": "abc"[i % 3], "x": 0.5 * i, "n": i, "label": "q"}
    for i in range(60)
]
"""


def test_strings_that_are_read_as_numbers() -> None:
    text = """
    def f(rows, n):
        total = 0.0
        count = 0
        for k in range(n):
            for row in rows:
                amount = float(row["price"]) if row["price"] else -1.0
                if int(row["qty"]) > k:
                    total += amount * int(row["qty"])
                    count += int(row["qty"])
        return total, count
    """
    c = compiled_function(text, TEXTS + "args = (rows, 3)", PRELUDE)
    odd = "rows[3]['price'] = ' 1e3 '\nrows[4]['qty'] = '1_0'\nrows[5]['price'] = ''\n"
    check(c, TEXTS + odd + "args = (rows, 2)", fast=True)
    check(c, TEXTS + "rows[3]['price'] = 'inf'\nargs = (rows, 2)", fast=True)
    for change in ("['price'] = 'abc'", "['price'] = 3.5", "['qty'] = '9' * 30", "['qty'] = '1.0'", "['qty'] = None"):
        check(c, f"{TEXTS}rows[3]{change}\nargs = (rows, 2)", fast=False)


def test_values_change() -> None:
    text = """
    def f(rows, first, n):
        for k in range(n):
            for row in rows:
                row["x"] += row["n"] * first["x"]
                if row["x"] > 20:
                    row["label"] = "high"
                elif row["x"] > 10:
                    row["label"] = row["kind"]
                row["n"] = row["n"] + k
        return rows[0]["label"]
    """
    c = compiled_function(
        text, TEXTS + "for r in rows: r['n'] += 2**40\nargs = (rows, {'x': 0.5, 'y': 'z'}, 3)", PRELUDE
    )
    check(c, TEXTS + "args = (rows, {'x': 0.25}, 2)", fast=True)
    check(c, TEXTS + "rows[2]['x'] = float('nan')\nrows[3]['x'] = -0.0\nargs = (rows, {'x': -0.0}, 2)", fast=True)
    check(c, TEXTS + "args = (rows, rows[0], 2)", fast=False)  # what is read changes
    check(c, TEXTS + "args = (rows[:1] * 2, {'x': 0.25}, 2)", fast=False)
    check(c, TEXTS + "rows[9]['n'] = 2**63 - 1\nargs = (rows, {'x': 0.25}, 2)", fast=False)  # found out late
    check(c, TEXTS + "rows[9]['x'] = 3\nargs = (rows, {'x': 0.25}, 2)", fast=False)
    check(c, TEXTS + "del rows[9]['label']\nargs = (rows, {'x': 0.25}, 2)", fast=False)


def test_new_keys_come_in_the_order_they_were_put() -> None:
    text = """
    def f(rows, n):
        best = 0.0
        for row in rows:
            if row["n"] % 7 == 3:
                continue
            row["total"] = row["x"] * row["n"]
            if row["n"] % 7 == 4:
                continue
            row["share"] = row["total"] / 10
            row["flag"] = row["total"] > 50
            row["x"] = 1.5
            for other in rows[:n]:
                if other["n"] < row["n"] and other["x"] < 4:
                    best = max(best, row["share"])
        return best
    """
    c = compiled_function(text, TEXTS + "args = (rows, 30)", PRELUDE)
    check(c, TEXTS + "args = (rows, 9)", fast=True)
    check(c, TEXTS + "rows[3:] = [{'x': 0.5, 'n': 10}]\nargs = (rows, 9)", fast=True)
    check(c, TEXTS + "rows[5]['share'] = 1\nargs = (rows, 9)", fast=False)
    check(c, TEXTS + "rows[3]['total'] = 1.0\nargs = (rows, 9)", fast=False)


@pytest.mark.parametrize(
    "body",
    [
        "for row in rows:\n    row['a'] = 1\n    if row['x']:\n        row['b'] = 2\n",  # in which order?
        "for row in rows:\n    if row['x']:\n        row['a'] = 1\n    else:\n        row['a'] = 2\n",
        "for row in rows:\n    row['a'] = 'text'\n",
        "for row in rows:\n    row['a'] = None\n",
        "for row in rows:\n    row['a'] += 1\n",
        "for row in rows:\n    row['late'] = 1\n",
        "y = 0\nfor row in rows:\n    row['a'] = 1\n    y += 'a' in row\n",
        "y = 0\nfor row in rows:\n    row['a'] = 1\n    y += row.get('a', 2)\n",
        "y = 0.0\nfor row in rows:\n    y += float(row['name'])\n    row['name'] = 'b'\n",
        "for row in rows:\n    row['xs'] = [1]\n",
        "for row in rows:\n    row['x'] = 'a'\n",
        "for row in rows:\n    row['xs'][0] = 1\n",
        "for row in rows:\n    row['xs'].append(1)\n",
        "for row in rows:\n    del row['x']\n",
        "for row in rows:\n    row.update(x=row['x'])\n",
        "for row in rows:\n    y = row.pop('x')\n",
        "for row in rows:\n    y = row.setdefault('x', 1)\n",
        "y = 0\nfor row in rows:\n    y += row == rows[0]\n    y += row['x']\n",
        "y = 0\nfor row in rows:\n    y += row['x']\n    y += row in rows\n",
        "y = 0\nfor row in rows:\n    for k in row:\n        y += row['x']\n",
        "y = 0\nfor row in rows:\n    for k, v in row.items():\n        y += row['x']\n",
        "y = 0\nfor row in rows:\n    y += row['x'] + len(row)\n",
        "y = 0\nfor row in rows:\n    k = 'x'\n    y += row[k] + row['x']\n",
        "y = 0\nfor row in rows:\n    y += row['late'] + row['x']\n",
    ],
)
def test_refusals(body: str) -> None:
    rows = "rows = [{'x': i, 'name': 'a', 'xs': [1, 2]} for i in range(4)]\nrows[1]['late'] = 1\n"
    assert refusal(body, rows, PRELUDE)
