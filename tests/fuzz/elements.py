"""Programs for HST509: loops over the elements of arrays, with what makes their rounds depend on each other now and then,
and arguments that overlap, end early, or are of other types."""

from __future__ import annotations

from tests.fuzz.arrays import HEAD, calls
from tests.fuzz.choices import Choices, Program


def expression(c: Choices, names: tuple[str, ...], depth: int = 2) -> str:
    if not depth or c.chance(25):
        return c.pick((*names, *names, "k", "1", "0.5", "2"))
    a, b = expression(c, names, depth - 1), expression(c, names, depth - 1)
    return c.pick(
        (f"{a} + {b}", f"({a} - {b})", f"{a} * {b}", f"({a}) / ({b})", f"abs({a})", f"-({a})", f"max({a}, {b})", f"min({a}, {b})",
         f"({a}) ** 2", f"np.sqrt(abs({a}))", f"math.exp(-abs({a}))", f"({a} if {b} > 0 else {b})", f"({a}) // ({b})", f"({a}) % ({b})",
         f"float({a})", f"int({a})", f"np.maximum({a}, {b})", f"scaled({a}, {b})")
    )  # fmt: skip


def test(c: Choices, names: tuple[str, ...]) -> str:
    a, b = expression(c, names, 1), expression(c, names, 1)
    plain = c.pick((f"{a} > {b}", f"{a} <= 0.3", f"0 < {a} < {b}", f"{a} == {b}", f"{a} != 0", f"not {a} > {b}"))
    return c.pick((plain, plain, f"{plain} and {b} < 1", f"{plain} or {a} > 2"))


def statements(c: Choices, names: tuple[str, ...], out: str, pad: str, most: int = 3) -> list[str]:
    """The body of a loop: `out` is the element that it may write."""
    lines: list[str] = []
    for _ in range(c.integer(1, most)):
        e = expression(c, names)
        line = c.pick(
            (f"{out} = {e}", f"{out} = {e}", f"{out} += {e}", f"total += {e}", f"total = total + {e}", f"total -= {e}", "count += 1", f"t = {e}",
             f"if {test(c, names)}:\n{pad}    {out} = {e}", f"if {test(c, names)}:\n{pad}    count += 1\n{pad}    total += {e}\n{pad}else:\n{pad}    total += 1",
             f"if {test(c, names)}:\n{pad}    continue", f"ys.append({e})", f"if {test(c, names)}:\n{pad}    ys.append({e})", f"{out} *= 2")
        )  # fmt: skip
        if c.chance(6):
            line = c.pick((f"{out} = total", f"total = {e}", f"if {test(c, names)}:\n{pad}    break", "print(count)", "poke(x)", "k = t", "x = y",
                           "out[0] = 5", "ys = ys[1:]", "total += out[0]", "i = 3"))  # fmt: skip
        lines.append(line)
        if line.startswith("t = "):
            names = (*names, "t")
    return lines


def loop(c: Choices) -> str:
    pad = "        "
    how = c.integer(0, 5)
    if how <= 2:
        head = c.pick(
            (
                "for i in range(len(x)):",
                "for i in range(n):",
                "for i in range(1, n - 1):",
                "for i in range(x.shape[0]):",
                "for i in range(2, len(y)):",
            )
        )
        reads = ("x[i]", "y[i]", c.pick(("x[i - 1]", "y[i + 1]", "x[0]", "out[i]", "i", "xs[i]", "M[i, 1]")))
        out = c.pick(("out[i]", "out[i]", "out[i]", "x[i]", "out[i + 1]", "xs[i]"))
        return f"    {head}\n" + "".join(f"{pad}{s}\n" for s in statements(c, reads, out, pad))
    if how == 3:
        head, reads = c.pick((("for v in x:", ("v",)), ("for i, v in enumerate(x):", ("v", "y[i]", "i")), ("for v, w in zip(x, y):", ("v", "w")),
                              ("for v, w in zip(xs, x):", ("v", "w")), ("for v in xs:", ("v",))))  # fmt: skip
        return f"    {head}\n" + "".join(
            f"{pad}{s}\n" for s in statements(c, reads, "out[i]" if "i," in head else "t", pad)
        )
    deep = pad + "    "
    if how == 4:
        reads = (
            "M[i, j]",
            c.pick(("x[i]", "M[i][j]", "M[j, i]", "M[i, 0]", "M[i - 1, j]")),
            c.pick(("x[j]", "y[j]", "j", "i", "y[i]")),
        )
        out = c.pick(("N[i, j]", "N[i, j]", "out[i]", "out[j]", "N[j, i]"))
        body = "".join(f"{deep}{s}\n" for s in statements(c, reads, out, deep, 2))
        return f"    for i in range(M.shape[0]):\n        for j in range({c.pick(('M.shape[1]', 'n', '3', '1, M.shape[1]'))}):\n{body}"
    reads = ("M[i, j]", "y[j]", c.pick(("x[i]", "j", "s")))
    grows = c.pick(
        (
            "s += M[i, j] * y[j]",
            "s += M[i][j]",
            f"s += {expression(c, reads)}",
            f"s = {expression(c, reads)}",
            f"if {test(c, reads)}:\n{deep}    s += M[i, j]",
        )
    )
    end = c.pick(
        (
            "out[i] = s",
            "total += s",
            "out[i] = s / n",
            "ys.append(s)",
            "if s > 0:\n            out[i] = s\n            count += 1",
        )
    )
    start = c.pick(("0.0", "0.0", "0", "x[i]"))
    return f"    for i in range(len(M)):\n        s = {start}\n        for j in range(M.shape[1]):\n{deep}{grows}\n        {end}\n"


def program(c: Choices) -> Program:
    parts = [loop(c) for _ in range(c.integer(1, 2))]
    text = HEAD.replace("import numpy", "import math\n\nimport numpy", 1)
    text += "def scaled(a, b):\n    if b > 1:\n        return a * b\n    return a + b\n\n\n"
    text += (
        "def work(x, y, out, M, N, xs, n, k):\n    total = 0.0\n    count = 0\n    ys = []\n    t = 0.5\n    i = 0\n"
    )
    text += "".join(parts) + c.pick(("    return total, count, ys, out, N", "    return total, count, ys, i"))

    def values(nasty: int, strange: int) -> tuple[str, ...]:
        seed, n = c.integer(0, 9), c.pick((5, 4, 7))
        made = f"np.random.default_rng({seed})"
        whole = c.chance(15)
        one = [f"{made}.integers(-5, 5, {n})" if whole else f"{made}.normal(size={n}).round(2)" for _ in range(3)]
        if c.chance(nasty):
            items = ", ".join(
                c.pick(("nan", "inf", "-0.0", "0.0", "1e308", "-1e308", "5e-324", "1.5")) for _ in range(n)
            )
            one[c.integer(0, 1)] = f"np.array([{items}])"
        if c.chance(strange):
            odd = (f"{one[0]}.tolist()", f"{one[0]}.astype(np.float32)", f"{one[0]}[::-1]", f"{one[0]}[:2]", "np.zeros(0)", f"{one[0]}.astype(object)",
                   f"np.ma.array({one[0]})", "[1.5, 2, True]", f"{one[0]} > 0", f"np.lib.stride_tricks.as_strided(np.zeros(1), ({n},), (0,))", "None",
                   f"{one[0]}.reshape(-1, 1)", f"np.full({n}, 2**62)")  # fmt: skip
            one[c.integer(0, 2)] = c.pick(odd)
        matrix = f"{made}.normal(size=({n}, {c.pick((n, n, 3))})).round(2)"
        if c.chance(strange):
            matrix = c.pick(
                (
                    f"{matrix}.T",
                    f"np.asfortranarray({matrix})",
                    f"{matrix}[:, ::2]",
                    f"{matrix} * 1e200",
                    f"{matrix}.astype(int)",
                    "np.zeros((0, 3))",
                )
            )
        listed = f"{made}.normal(size={n}).round(2).tolist()"
        if c.chance(strange):
            listed = c.pick((f"list({one[0]})", "[]", "[1, 2.5, -0.0, nan, 3.0]", f"list(range({n}))", "[True] * 9"))
        return (*one, matrix, f"np.zeros(({n}, {n}))", listed, str(c.pick((n, n, n - 1, 0, n + 2, -1)) if nasty else n), c.pick(("0.5", "2", "np.float64(1.5)")))  # fmt: skip

    return Program(text + "\n", *calls(c, values))
