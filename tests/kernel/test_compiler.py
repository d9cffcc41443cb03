"""Kernels against the loops they came from."""

from __future__ import annotations

import pytest

from tests.kernel.differential import check, compiled, refusal

CASES = {
    "sum of products over an array": (
        """
        total = 0
        for i in range(n):
            total += x[i] * w[i]
        """,
        "x = np.arange(6.0); w = np.ones(6); n = 6",
        [
            ("x = np.arange(6.0); w = np.ones(6); n = 6", True),
            ("x = np.arange(6.0); w = np.ones(6); n = 0", False),
            ("x = np.arange(6.0); w = np.ones(6); n = 7", False),
            ("x = np.arange(6.0); w = np.ones(6); n = -3", False),
            ("x = np.arange(6.0); w = np.ones(6); n = 10**30", False),
            ("x = np.arange(6.0); w = np.ones(6); n = 6.0", False),
            ("x = np.arange(6.0)*1e308; w = np.ones(6); n = 6", False),
            ("x = np.full(6, np.inf); w = np.ones(6); n = 6", False),
            ("x = np.full(6, np.nan); w = np.ones(6); n = 6", None),
            ("x = np.arange(6); w = np.ones(6); n = 6", False),
            ("x = np.arange(6.0, dtype='f4'); w = np.ones(6); n = 6", False),
            ("x = np.arange(6.0, dtype='>f8'); w = np.ones(6); n = 6", False),
            ("x = np.arange(12.0)[::2]; w = np.ones(6); n = 6", None),
            ("x = np.arange(6.0); x.flags.writeable = False; w = np.ones(6); n = 6", True),
            ("x = np.matrix(np.arange(6.0)); w = np.ones(6); n = 1", False),
            ("x = list(range(6)); w = np.ones(6); n = 6", False),
            ("x = None; w = np.ones(6); n = 6", False),
            ("x = np.zeros(0); w = np.ones(6); n = 0", False),
        ],
    ),
    "best so far, appended and counted": (
        """
        best = 0.0
        where = -1
        count = 0
        for i, v in enumerate(x):
            if v > best:
                best = v
                where = i
            elif v < 0 and not (v < -1):
                count += 1
            out.append(v * 2)
            seen.append(i)
        """,
        "x = np.array([1.0, 3.0, 2.0]); out = []; seen = []",
        [
            ("x = np.array([1.0, 3.0, 2.0, -0.5, -2]); out = [7]; seen = []", True),
            ("x = np.array([-1.0, -2.0]); out = []; seen = []", True),
            ("x = np.array([]); out = []; seen = []", False),
            ("x = np.array([1.0, np.nan, 2.0]); out = []; seen = []", None),
            ("x = np.array([1.0, 3.0, 2.0]); out = []; seen = out", False),
            ("x = np.array([1e308, 3.0, 2.0]); out = []; seen = []", False),
            ("x = np.array([1.0]); out = None; seen = []", False),
        ],
    ),
    "integers of Python": (
        """
        a, b = 0, 1
        h = 17
        for i in range(n):
            a, b = b, a + b
            h = (h * 31 + i) % 1000003
            q = (a - 7) // k
            r = (a - 7) % k
            s = h >> 3 ^ i & 5 | 1
            t = -a
        """,
        "n = 20; k = -3",
        [
            ("n = 20; k = -3", True),
            ("n = 90; k = 3", True),
            ("n = 95; k = 3", False),
            ("n = 200; k = -3", False),
            ("n = 20; k = 0", False),
            ("n = True; k = 1", False),
            ("n = 20; k = 2**70", False),
            ("n = 0; k = 1", False),
        ],
    ),
    "floats of Python": (
        """
        acc = 1.0
        for v in xs:
            acc = acc * 0.5 + v / d
            f = v // d
            m = v % d
            p = v ** 3
            c = math.floor(v) + round(v)
            e = math.exp(v) + math.sqrt(v + 3.0)
            g = min(v, 0.25) + max(v, acc)
            k = int(v) if v > 0 else -1
        """,
        "xs = [0.5, -1.5, 2.5]; d = 2.0",
        [
            ("xs = [0.5, -1.5, 2.5, 3.5, -0.0, 0.0]; d = 2.0", True),
            ("xs = [0.5, -1.5, 2.5, 1e-320, -2.9999999]; d = -0.3", True),
            ("xs = [0.5, -1.5, 2.5]; d = 0.0", False),
            ("xs = [0.5, 1e300]; d = 2.0", False),
            ("xs = [0.5, math.inf]; d = 2.0", False),
            ("xs = [0.5, math.nan]; d = 2.0", False),
            ("xs = [0.5, -5.0]; d = 2.0", False),
            ("xs = [0.5, 1]; d = 2.0", False),
            ("xs = []; d = 2.0", False),
            ("xs = (0.5, 1.5); d = 2.0", False),
            ("xs = [0.5, 1.5]; d = 2", False),
            ("xs = [0.5, 1.5]; d = np.float64(2)", False),
            ("xs = [True, 1.5]; d = 2.0", False),
        ],
    ),
    "a list of lists, written": (
        """
        for t in range(steps):
            for i in range(1, len(grid) - 1):
                row = grid[i]
                for j in range(1, len(row) - 1):
                    grid[i][j] = (grid[i - 1][j] + row[j] + grid[i + 1][j]) / 3.0
        """,
        "grid = [[float(i * j) for j in range(4)] for i in range(4)]; steps = 2",
        [
            ("grid = [[float(i * j) for j in range(5)] for i in range(4)]; steps = 2; other = grid[1]", True),
            ("grid = [[1.0] * 4] * 4; steps = 1", False),
            ("grid = [[1.0, 2.0], [3.0]]; steps = 1", False),
            ("grid = [[1.0, 2.0, 3], [3.0, 1.0, 2.0], [1.0, 2.0, 3.0]]; steps = 1", False),
            ("grid = []; steps = 1", False),
        ],
    ),
    "overlapping arrays": (
        """
        for i in range(1, len(a)):
            a[i] = b[i - 1] + 1.0
            a[i] *= 2
            hits[i] += 1
        """,
        "a = np.zeros(5); b = np.ones(5); hits = np.zeros(5, int)",
        [
            ("a = np.zeros(5); b = np.ones(5); hits = np.zeros(5, int)", True),
            ("a = np.zeros(5); b = a; hits = np.zeros(5, int)", False),
            ("z = np.arange(9.0); a = z[:5]; b = z[2:7]; hits = np.zeros(5, int)", False),
            ("a = np.zeros(5); b = np.ones(3); hits = np.zeros(5, int)", False),
            ("a = np.zeros(5); b = np.ones(5); hits = np.zeros(5, int); a.flags.writeable = False", False),
            ("a = np.zeros(5); b = np.ones(5); hits = np.full(5, 2**63 - 1)", False),
        ],
    ),
    "small integers wrap": (
        """
        total = 0
        for i in range(len(p)):
            d = p[i] - q[i]
            total += int(p[i]) * 3
            m = p[i] / 2
            big = p[i] > 100
        """,
        "p = np.array([5, 200], 'u1'); q = np.array([1, 2], 'u1')",
        [
            ("p = np.array([5, 200], 'u1'); q = np.array([1, 2], 'u1')", True),
            ("p = np.array([5, 200], 'u1'); q = np.array([6, 2], 'u1')", False),
        ],
    ),
    "small integers beside Python's": (
        """
        for i in range(len(p)):
            d = p[i] + k
            big = p[i] > k
            q[i] = k
        """,
        "p = np.array([-100, 7], 'i1'); q = np.zeros(2, 'i1'); k = 20",
        [
            ("p = np.array([-100, 7], 'i1'); q = np.zeros(2, 'i1'); k = 20", True),
            ("p = np.array([-100, -7], 'i1'); q = np.zeros(2, 'i1'); k = 200", False),
            ("p = np.array([-100, 120], 'i1'); q = np.zeros(2, 'i1'); k = 20", False),
        ],
    ),
    "rows that take turns": (
        """
        for k in range(n):
            new = [0.0] * len(p)
            for i in range(1, len(p)):
                new[i] = p[i - 1] * 0.5 + k / 3
            p = new
        """,
        "p = [1.0, 2.0]; n = 2",
        [
            ("p = [1.0, 2.0]; q = p; n = 2", True),
            ("p = [1.0, 2.0]; q = p; n = 0", False),
            ("p = [1.0, 2]; n = 2", False),
        ],
    ),
    "int until a float is added": (
        """
        s = 0
        c = 0
        for v in xs:
            s += v
            c += 1
            if v > 2:
                s -= 1
        mean = s / c
        """,
        "xs = [1.0, 2.5, 3.5]",
        [
            ("xs = [1.0, 2.5, 3.5]", True),
            ("xs = [-0.0]", True),
            ("xs = [math.nan, 1e300]", True),
            ("xs = []", False),
        ],
    ),
    "dynamic programming": (
        """
        dp = [[0] * (m + 1) for _ in range(n + 1)]
        for i in range(1, n + 1):
            for j in range(1, m + 1):
                if u[i - 1] == v[j - 1]:
                    dp[i][j] = dp[i - 1][j - 1] + 1
                else:
                    dp[i][j] = max(dp[i - 1][j], dp[i][j - 1])
        answer = dp[n][m]
        """,
        "u = [1, 2, 3]; v = [2, 3, 4]; n = 3; m = 3",
        [
            ("u = [1, 2, 3, 5]; v = [2, 3, 4]; n = 4; m = 3", True),
            ("u = [1, 2, 3, 5]; v = [2, 3, 4]; n = 5; m = 3", False),
            ("u = [1, 2, 3, 2**70]; v = [2, 3, 4]; n = 4; m = 3", False),
            ("u = 'abc'; v = 'bcd'; n = 3; m = 3", False),
        ],
    ),
    "search with while, break and else": (
        """
        lo, hi = 0, len(keys) - 1
        found = False
        while lo <= hi:
            mid = (lo + hi) // 2
            if keys[mid] == want:
                found = True
                break
            if keys[mid] < want:
                lo = mid + 1
            else:
                hi = mid - 1
        else:
            mid = -1
        """,
        "keys = [1, 3, 5, 7]; want = 5",
        [
            ("keys = [1, 3, 5, 7]; want = 5", True),
            ("keys = [1, 3, 5, 7]; want = 4", True),
            ("keys = [1, 3, 5, 7]; want = 5.0", False),
        ],
    ),
    "helpers": (
        """
        acc = 0.0
        for i in range(len(x)):
            acc += shape(x[i], i)
        """,
        "x = [1.0, 2.0]",
        [
            ("x = [1.0, 2.0, -3.0]", True),
            ("x = [1.0, 2.0, 0.0]", False),
        ],
    ),
}
HIDE = {"a list of lists, written": ("row",), "rows that take turns": ("new",)}
PRELUDE = {
    "helpers": """import math
import numpy as np
SCALE = 2.5
def inner(v):
    return SCALE / v
def shape(v, i, power=3):
    if i % 2 == 0:
        return inner(v) ** power
    return float(i)
"""
}


@pytest.mark.parametrize("name", CASES)
def test_case(name: str) -> None:
    body, example, inputs = CASES[name]
    c = compiled(
        body,
        "import math\nimport numpy as np\n" + example,
        PRELUDE.get(name, "import math\nimport numpy as np\n"),
        hide=HIDE.get(name, ()),
    )
    for setup, fast in inputs:
        check(c, setup, fast=fast)


REFUSED = {
    "prints": ("for i in range(n):\n    print(i)\n", "n = 3"),
    "random": ("import random\nfor i in range(n):\n    s = random.random()\n", "n = 3"),
    "int or float by data": ("s = 0\nfor i in range(n):\n    s = s / 2 if i else 7 * n * n * n * n\n", "n = 3"),
    "and of numbers": ("for i in range(n):\n    s = i and 3\n", "n = 2"),
    "float32": ("s = 0\nfor i in range(n):\n    s += x[i]\n", "n = 2; x = np.ones(2, 'f4')"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    body, example = REFUSED[name]
    assert refusal(body, "import math\nimport numpy as np\n" + example)
