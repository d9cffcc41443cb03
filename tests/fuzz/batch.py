"""Programs for the passes that turn calls and arithmetic of single rows into whole arrays (HST401, HST402)."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from tests.fuzz.choices import Choices, Program

HEAD = "import math\nimport numpy as np\n\n\n"
NASTY = ("nan", "inf", "-inf", "0.0", "-0.0", "1e200", "1e-320", "-1e308")
PLAIN = ("1.5", "2.0", "-1.0", "0.5", "3.25", "0.1", "-2.5")
MODELS = {
    "LinearRegression": ("linear_model", "predict"),
    "LogisticRegression": ("linear_model", "predict_proba"),
    "DecisionTreeClassifier": ("tree", "predict"),
    "DecisionTreeRegressor": ("tree", "predict"),
    "StandardScaler": ("preprocessing", "transform"),
    "KNeighborsClassifier": ("neighbors", "predict"),
    "GaussianNB": ("naive_bayes", "predict_proba"),
    "Ridge": ("linear_model", "predict"),
}
for _module, _ in MODELS.values():
    importlib.import_module(f"sklearn.{_module}")  # before the time of a program is counted


def array(c: Choices, height: int, width: int, nasty: int = 0) -> str:
    cells = ", ".join(c.pick(NASTY) if c.chance(nasty) else c.pick(PLAIN) for _ in range(height * max(width, 1)))
    shape = f"({height}, {width})" if width else f"({height},)"
    return f"np.array([{cells}], float).reshape{shape}"


def calls(c: Choices) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Calls work(X, q, v): rows, one row, and a number for each row."""

    def plain(nasty: int, height: int) -> str:
        return f"({array(c, height, 3, nasty)}, {array(c, 3, 0, nasty)}, {array(c, height, 0, nasty)})"

    recorded = tuple(plain(0, c.integer(2, 6)) for _ in range(c.integer(1, 2)))
    late = []
    for _ in range(c.integer(1, 3)):
        n = c.integer(1, 6)
        late.append(
            c.pick(
                (
                    plain(25, n),
                    f"(np.empty((0, 3)), {array(c, 3, 0)}, np.empty(0))",
                    f"(lambda X: (X, X[0], X[:, 1]))({array(c, n, 3, 10)})",
                    f"({array(c, n, 3)}.astype(np.float32), {array(c, 3, 0)}, {array(c, n, 0)})",
                    f"(np.arange({3 * n}).reshape({n}, 3), np.arange(3), np.arange({n}))",
                    f"({array(c, n, 3)}.tolist(), {array(c, 3, 0)}, {array(c, n, 0)}.tolist())",
                    f"({array(c, n, 3)}, {array(c, 2, 0)}, {array(c, n, 0)})",
                    f"({array(c, n, 3)}[::-1], {array(c, 6, 0)}[::2], {array(c, n, 0)})",
                    f"({array(c, 3, n)}.T, {array(c, 3, 0)}, {array(c, n, 0)})",
                    f"({array(c, n, 3)}, 2.0, {array(c, n, 0)})",
                    f"(np.ma.array({array(c, n, 3)}), {array(c, 3, 0)}, None)",
                    f"({array(c, n, 3)}, {array(c, 3, 0)}, {array(c, max(n - 1, 1), 0)})",
                )
            )
        )
    return recorded, tuple(late)


def rows(c: Choices) -> Program:
    row = c.pick(("X[i]", "row", "X[i, :]"))
    head = (
        "for i, row in enumerate(X):"
        if row == "row" or c.chance(20)
        else c.pick(("for i in range(len(X)):", "for i in range(X.shape[0]):", "for i in range(1, len(X)):"))
    )

    def number(depth: int = 2) -> str:
        how = c.integer(0, 12 if depth else 3)
        if how == 0:
            return f"{c.pick(('np.sum', 'np.mean', 'np.max', 'np.min', 'np.std', 'np.median', 'np.argmax', 'np.linalg.norm', 'len', 'sum'))}({vector(depth - 1)})"
        if how == 1:
            return c.pick((f"{row}[0]", "v[i]", f"{row}[-1]", "X[i, 1]", "q[1]", "v[i]"))
        if how == 2:
            return c.pick(("2.5", "1.0", "scale", "0.5"))
        if how == 3:
            return f"np.dot({vector(0)}, {vector(0)})"
        if how in (4, 5, 6):
            return f"({number(depth - 1)} {c.pick(('+', '-', '*'))} {number(depth - 1)})"
        if how == 7:
            return f"({number(depth - 1)} / {c.pick(('2.0', number(0)))})"
        if how == 8:
            return f"{c.pick(('math.sqrt', 'math.exp', 'np.exp', 'np.sqrt', 'math.log', 'abs', 'np.tanh', 'math.sin'))}({c.pick((f'abs({number(depth - 1)})', number(0)))})"
        if how == 9:
            return f"({number(depth - 1)}) ** 2"
        if how == 10:
            return f"({vector(0)} @ {vector(0)})"
        if how == 11:
            return f"{c.pick(('max', 'min'))}({number(depth - 1)}, {number(0)})"
        return f"np.sqrt(np.sum(({vector(0)} - {vector(0)}) ** 2))"

    def vector(depth: int = 1) -> str:
        how = c.integer(0, 7 if depth > 0 else 1)
        if how == 0:
            return row
        if how == 1:
            return c.pick(("q", row, "q"))
        if how in (2, 3, 4):
            return f"({vector(depth - 1)} {c.pick(('-', '+', '*', '/'))} {c.pick((vector(depth - 1), number(0)))})"
        if how == 5:
            return f"{c.pick(('np.abs', 'np.exp', 'np.sqrt', 'np.square'))}({vector(depth - 1)})"
        if how == 6:
            return f"{row}[{c.pick((':2', '1:', '::2'))}]"
        return f"({vector(depth - 1)}) ** 2"

    uses = [
        f"d = {number()}",
        c.pick(
            (
                "out.append(d)",
                "if d < best:\n            best = d\n            at = i",
                f"total += {number(1)}",
                f"out.append({number()})",
                f"res[i] = {number(1)}",
                "out.append((i, d))",
                f"y = {vector(2)}\n        out.append(y.sum())",
                "res[i] = d",
            )
        ),
    ]
    if c.chance(30):
        uses.append(
            c.pick(
                (
                    f"out.append({number(1)})",
                    f"if {number(1)} > 1:\n            continue",
                    "if d > 5: break",
                    "print(d)",
                    f"X[i] = {vector(1)}",
                    f"q = {vector(1)}",
                    "v[i] = d",
                    "scale = scale * 0.5",
                    "if d < 0: raise ValueError(i)",
                    "q += X[i]",
                    "q[0] = d",
                    "X = X * 1.0",
                )
            )
        )
    text = (
        HEAD
        + f"def work(X, q, v):\n    out = []\n    best = float('inf')\n    at = -1\n    total = 0.0\n    scale = 2.5\n    d = 0.0\n    res = np.zeros(len(X))\n    {head}\n"
        + "".join(f"        {x}\n" for x in uses)
        + "    return out, best, at, total, res, d\n"
    )
    if c.chance(20):
        text = (
            HEAD
            + f"def work(X, q, v):\n    scale = 0.5\n    return {c.pick((f'[{number()} for i in range(len(X))]', f'np.array([{number()} for i in range(len(X))])', f'sum({number(1)} for i in range(len(X)))', f'min(range(len(X)), key=lambda i: {number(1)})'))}\n".replace(
                "row", "X[i]"
            )
        )
    return Program(text, *calls(c))


def models(c: Choices) -> Program:
    name = c.pick(tuple(MODELS))
    module, method = MODELS[name]
    one = c.pick(
        (
            "X[i:i + 1]",
            "X[i].reshape(1, -1)",
            "[X[i]]",
            "row.reshape(1, -1)",
            "np.array([X[i]])",
            "X[[i]]",
            "[[X[i, 0], X[i, 1], q[2]]]",
            "row[None, :]",
            "[[*X[i]]]",
        )
    )
    call = f"model.{method}({one})"
    use = c.pick(
        (
            f"p = {call}[0]\n        out.append(p)",
            f"out.append({call}[0])",
            f"p = {call}\n        out.append(p[0])",
            f"if i % 2:\n            out.append({call}[0])",
            f"p = {call}[0]\n        if np.max(p) > 0.5:\n            out.append(i)",
            f"out.append({call})",
        )
    )
    more = c.pick(
        (
            "pass",
            "pass",
            "pass",
            "X[i] = 0.0",
            "model.fit(X, y)",
            "if i == 3: break",
            "print(i)",
            "q = X[i]",
            "X[-1, 0] += 1.0",
            "n += 1",
        )
    )
    lines = [use, more]
    if c.chance(40):
        lines.reverse()
    head = (
        "for i, row in enumerate(X):"
        if "row" in one
        else c.pick(("for i in range(len(X)):", "for i in range(1, len(X)):", "for i in range(X.shape[0] - 1):"))
    )
    text = f"import numpy as np\nfrom sklearn.{module} import {name}\n\nrng = np.random.default_rng(0)\nA = rng.normal(size=(30, 3))\ny = (A[:, 0] > 0).astype(int)\nmodel = {name}().fit(A, y)\n\n\n"
    text += (
        f"def work(X, q, v):\n    out = []\n    n = 0\n    p = None\n    {head}\n"
        + "".join(f"        {x}\n" for x in lines)
        + "    return out, n, p\n"
    )
    return Program(text, *calls(c))


def objects(c: Choices) -> Program:
    """One-row predictions whose results go to an object with a state."""
    lines = c.some(
        (
            "self.count += 1",
            "self.history.append(p)",
            "self.seen[t] = p",
            "self.total = 0.9 * self.total + float(np.sum(p))",
            "self.note(p)",
            "if self.count > 2: self.on = not self.on",
            "self.last, self.total = t, self.total + self.LIMIT",
        ),
        1,
        4,
    )
    if c.chance(45):
        lines.insert(
            c.integer(0, len(lines)),
            c.pick(
                (
                    "self.rows[-1] += 1.0",
                    "self.rows = given",
                    "self.history = given",
                    "given += 1",
                    "X[-1] += 1.0",
                    "model.fit(A, -y)",
                    "self.shared.append(t)",
                    "print(t)",
                    "if t == 2: raise ValueError(self.count)",
                    "self.update = None",
                    "self.history[0] = self",
                    "self.total += self.level",
                    "return self.seen[t + 1]",
                    "Alarm.LIMIT += 1",
                    "global y; y = t",
                )
            ),
        )
    lines.append(c.pick(("return self.history", "return self.total", "return None", "return self", "return t")))
    body = "".join(f"        {line}\n" for line in lines)
    more = c.pick(
        (
            "",
            "",
            "",
            "",
            "\n    @property\n    def level(self):\n        return 1\n",
            "\n    def __setattr__(self, name, value):\n        object.__setattr__(self, name, value)\n",
            "\n    def __len__(self):\n        return self.count\n",
        )
    )
    text = f"""import numpy as np
from sklearn.linear_model import LinearRegression

rng = np.random.default_rng(0)
A = rng.normal(size=(30, 3))
y = A[:, 0] - A[:, 1]
model = LinearRegression().fit(A, y)


class Alarm:
    LIMIT = 0.5
{c.pick(("", "", "", "    shared = []"))}

    def __init__(self, rows=None):
        self.count, self.total, self.on, self.last = 0, 0.0, False, None
        self.history, self.seen, self.rows = [], {{}}, rows

    def note(self, p):
        self.history.append(("noted", p))

    def update(self, t, p, given=None):
{body}{more}

def work(X, q, v):
    alarm = Alarm({c.pick(("", "", "", "[1, 2]", "X", "{'rows': [X]}", "q", "model", "v"))})
    {c.pick(("pass", "pass", "pass", "alarm.rows = X", "alarm.history = v", "Alarm.note = lambda self, p: None", "alarm.note = print"))}
    out = []
    for t in range(len(X)):
        p = model.predict({c.pick(("X[t].reshape(1, -1)", "[X[t]]", "X[t:t + 1]", "X[t][None, :]"))})[0]
        found = alarm.update(t, {c.pick(("p", "p", "0.5 * p + 1", "float(p)", "round(float(p), 3)"))}{c.pick(("", "", "", ", q", ", X[t]", ", given=v", ", [p]"))})
        {c.pick(("out.append(found)", "out.append(p)", "out.append(len(alarm.history))", "alarm.note(p)", "if found: out.append(t)"))}
    return out, alarm.history, alarm.count, alarm.total, alarm.seen, X, q
"""
    return Program(text, *calls(c))


TEMPLATES: dict[str, Callable[[Choices], Program]] = {"HST402": rows, "HST401": models, "HST401 objects": objects}


def program(c: Choices) -> Program:
    return TEMPLATES[c.pick(("HST402", "HST402", "HST401", "HST401 objects"))](c)
