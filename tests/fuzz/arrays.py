"""Programs for the passes over wasteful NumPy (HST501 to HST515) and nearest rows (HST901).

Arrays long enough for them, with ties, NaN and zeros of both signs, and hands that change one under another name.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.fuzz.choices import Choices, Program

HEAD = """import numpy as np


def poke(items):
    if isinstance(items, np.ndarray) and items.size and items.dtype.kind in "if":
        items.flat[0] = 7


def look(items):
    return np.sum(items)


"""
TYPES = (
    "np.float64",
    "np.float64",
    "np.int64",
    "np.float32",
    "np.int32",
    "np.uint8",
    "bool",
    "object",
    "np.complex128",
    "'>f8'",
    "np.float16",
)
ODD = (
    "None", "2.5", "3", "'abc'", "[]", "[1.5, 2, -0.0]", "[1, True]", "(1, 2)", "np.array(5.0)", "np.array([])",
    "np.ma.array([1.0, 2.0, 3.0], mask=[0, 1, 0])", "np.matrix([[1.0, 2.0]])", "np.array(['b', 'a', 'b'])", "range(3)",
    "np.array([1, 'x', None], object)", "[[1, 2], [3]]", "[[1.0, 2.0], [3.0, 4.0]]", "np.zeros((0, 3))", "{1: 2}", "np.float32(1.5)",
    "np.array(['2024-01-01', '2024-01-02'], 'M8[D]')", "iter([1, 2])", "[nan, nan]", "[2**70, 1]",
)  # fmt: skip


def numbers(c: Choices, n: int, nasty: int, *, whole: bool = False) -> str:
    """The source of n numbers: most from a formula, so that long ones stay short to read, a few picked one by one."""
    seed = c.integer(0, 9)
    if whole:
        text = c.pick(
            (
                f"np.random.default_rng({seed}).permutation({n})",
                f"np.random.default_rng({seed}).integers(-9, 9, {n})",
                f"np.arange({n})",
            )
        )
    else:
        text = c.pick((f"np.random.default_rng({seed}).random({n})", f"np.random.default_rng({seed}).normal(size={n})",
                       f"np.random.default_rng({seed}).random({n}).round(1)", f"np.linspace(-1, 1, {n})"))  # fmt: skip
    if not n or not nasty:
        return text
    placed = [f"{c.integer(0, n - 1)}: {c.pick(('7', '-3', '2**53', '2**62', '-2**63') if whole else ('nan', 'inf', '-inf', '0.0', '-0.0', '1e300', '5e-324', 'nan'))}"
              for _ in range(c.integer(0, 3) if c.chance(nasty) else 0)]  # fmt: skip
    return f"put({text}, {{{', '.join(placed)}}})" if placed else text


PUT = "(lambda put: {0})(lambda a, places: [a.__setitem__(i, v) for i, v in places.items()] and a)"


def one(c: Choices, *, long: int = 200, nasty: int = 0, strange: int = 0, whole: bool = False) -> str:
    """The source of an array in one dimension, or of something else in so many of 100 cases."""
    if c.chance(strange):
        how = c.integer(0, 4)
        if how == 0:
            return c.pick(ODD)
        base = numbers(c, long, 0, whole=whole)
        return c.pick((f"{base}.astype({c.pick(TYPES)})", f"{base}[::-1]", f"{base}[::2]", f"{base}.tolist()", f"{base}.reshape(-1, 2)",
                       f"{base}.reshape(2, -1).T", f"{base}[:{c.integer(0, 5)}]", f"np.asfortranarray({base}.reshape(2, -1))"))  # fmt: skip
    return numbers(c, long, nasty, whole=whole)


def given(c: Choices, *sources: str) -> str:
    made = f"({', '.join(sources)},)"
    return PUT.format(made) if "put(" in made else made


def calls(
    c: Choices, make: Callable[[int, int], tuple[str, ...]], most: int = 3
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """`make(nasty, strange)` gives the sources of the arguments; now and then one object comes twice."""
    recorded = tuple(given(c, *make(0 if i == 0 else 20, 0)) for i in range(c.integer(1, 2)))
    late = []
    for _ in range(c.integer(1, most)):
        args = make(60, c.pick((0, 70)))
        if c.chance(15) and len(args) > 1:
            late.append(
                f"(lambda same: (same, same{''.join(', ' + a for a in args[2:])},))({PUT.format(args[0]) if 'put(' in args[0] else args[0]})"
            )
        else:
            late.append(given(c, *args))
    return recorded, tuple(late)


def body(lines: list[str], depth: int = 2) -> str:
    return "".join(f"{'    ' * depth}{line}\n" for line in lines)


# ---------------------------------------------------------------------- templates


def growing(c: Choices) -> Program:
    piece = c.pick(
        (
            "v",
            "v * 0.5",
            "[v, v]",
            "np.array([v])",
            "i",
            "v > 1",
            "[]",
            "xs[-1:]",
            "[v]",
            "(v, 1)",
            "np.arange(3)",
            "float(i)",
            "np.ones((1, 2))",
            "[[v, i]]",
            "np.full(2, v)",
            "[v, i]",
        )
    )
    grow = c.pick((f"xs = np.append(xs, {piece})", f"xs = np.append(xs, {piece})", f"xs = np.append(xs, {piece}, axis=0)", f"xs = np.concatenate((xs, {piece}))", f"xs = np.concatenate([xs, {piece}], axis=0)",
                   f"xs = np.vstack((xs, {piece}))", f"xs = np.vstack([xs, {piece}])", f"xs = np.hstack((xs, {piece}))", f"xs = np.append(arr=xs, values={piece})", f"xs = np.append({piece}, xs)"))  # fmt: skip
    start = c.pick(
        (
            "np.array([])",
            "np.empty((0, 2))",
            "np.array([], dtype=int)",
            "start",
            "np.zeros(2)",
            "[]",
            "np.zeros((1, 2))",
            "np.array([1, 2])",
            "start",
            "None",
            "np.empty(0, np.float32)",
        )
    )
    if start == "None":
        grow = (
            f"xs = np.array([v]) if xs is None else {grow[5:]}"
            if c.chance(50)
            else f"if xs is None:\n            xs = np.array([v])\n        else:\n            {grow}"
        )
    more = c.pick(("n += len(xs)", "n += xs.sum()", "out.append(xs.mean())", "out.append(len(xs))", "if len(xs) > 4: break", "if i == 2: continue", "xs[-1:] = 5", "n = n + np.max(xs)")) if c.chance(70) else c.pick(
        ("out.append(xs)", "held = xs", "xs = xs[1:]", "xs = xs * 2", "xs += 1", "poke(xs)", "n += look(xs)", "if i == 2: raise ValueError(len(xs))", "xs = np.array([])", "xs = xs.astype(float)", "print(xs)",
         "if i == 1: return xs, out, n", "out.append(xs[0])", "out.append(xs[:2])", "held = lambda: xs", "out.append(xs.T)"))  # fmt: skip
    lines = [grow, more] if c.chance(70) else [more, grow]
    if c.chance(25):
        lines.append(grow)
    loop = c.pick(("for i, v in enumerate(values):", "for i, v in enumerate(values):", "i = 0\n    while len(xs) < 7:"))
    if "while" in loop:
        lines = ["i += 1", "v = i * 1.5", *lines, "if i > 8: break"]
    text = (
        HEAD
        + f"def work(values, start):\n    out = []\n    n = 0\n    held = None\n    xs = {start}\n    {loop}\n{body(lines)}    {c.pick(('return xs, out, n', 'return xs, out, n', 'xs[:1] = 9' + chr(10) + '    return xs, start, n', 'return [xs, xs], n'))}\n"
    )

    def values(nasty: int, strange: int) -> tuple[str, ...]:
        simple = c.pick(("[1, 2, 3, 4]", "[1.5, 2.5, -1.0]", "[3, 1, 2, 0, 5, 6]"))
        odd = c.pick(("[1, 2.5, 'x']", "[]", "[2**62, 2**63, 2**64]", "[True, 1]", "[1j, 2]", "[nan, -0.0, 0.0]", "[None, 1]", "np.arange(4)", "np.array([1.5, 2.5], np.float32)", "[[1, 2], [3, 4]]", "[np.float32(1.1), 2.2]",
                      "np.arange(6).reshape(3, 2)", "['a', 'b']", "[np.arange(3), 1]", "(1, 2)", "{1: 2, 3: 4}", "[-2**63, 1]", "np.array([2, 3], np.uint8)"))  # fmt: skip
        begun = c.pick(
            (
                "np.array([0.5, 1.5])",
                "np.array([], dtype=np.float32)",
                "np.array([1, 2, 3])",
                "[0.0]",
                "np.zeros((1, 2))",
                "np.arange(4.0)[::2]",
                "np.asfortranarray(np.zeros((2, 2)))",
                "np.array(['a'])",
                "np.zeros(2, np.int8)",
            )
        )
        return (odd if nasty == 60 and c.chance(60) else simple), begun

    return Program(text, *calls(c, values))


def selection(c: Choices) -> Program:
    what = c.pick(("x", "x", "-x", "np.abs(x)", "x * 2", "x[:100]", "x + 1"))
    place = c.pick(
        (
            "[:k]",
            "[-k:]",
            "[::-1][:k]",
            "[:5]",
            "[-5:]",
            "[0]",
            "[-1]",
            "[:k + 1]",
            "[1:k + 1]",
            "[-k:][::-1]",
            "[:-k - 1:-1]",
            "[len(x) // 2]",
            "[k]",
            "[: k]",
            "[1:4]",
            "[-3]",
            "[int(0.9 * len(x))]",
        )
    )
    sort = c.pick(
        (
            f"np.argsort({what})",
            f"np.sort({what})",
            f"np.argsort({what})",
            f"({what}).argsort()",
            f"np.argsort({what}, kind='stable')",
            f"np.sort({what})",
            f"np.argsort({what}, axis=-1)",
            f"np.sort({what}, kind='quicksort')",
            "x.argsort()",
        )
    )
    if c.chance(12):
        sort, place = (
            c.pick((f"np.argsort({what}, axis=1)", "np.argsort(x, axis=1)", "np.argsort(x)")),
            c.pick(("[:, :k]", "[:, 0]", "[:, :3]", "[:, 1:k + 1]", "[:, -k:]")),
        )
    used = c.pick((f"out.append({sort}{place})", f"out.append(x[{sort}{place}])", f"s = {sort}\n        out.append(s{place})", f"s = {sort}\n        n = len(s)\n        out.append(s[n // 2])", f"s = {sort}\n        out.append((s[0], s[-1], s{place}))",
                   f"best = {sort}{place}\n        out.append(best)", f"s = {sort}[::-1]\n        out.append(s[:k])", f"out.append(np.mean({sort}{place}))", f"s = {sort}\n        out.append(s{place} + s{place})", f"out.append(look({sort}{place}))"))  # fmt: skip
    more = c.pick(
        (
            "pass",
            "pass",
            "k = k + 1",
            "x = x + 1",
            "k = len(out)",
            "x[0] = 3",
            "s = None",
            "out.append(s)",
            "poke(x)",
            "x = x[::-1]",
            "if k > 3: break",
        )
    )
    lines = [used, more] if c.chance(60) else [more, used]
    text = (
        HEAD
        + f"def work(x, k):\n    out = []\n    s = None\n    for _ in range({c.pick(('2', '3'))}):\n{body(lines)}    return out\n"
    )
    if c.chance(25):
        text = HEAD + f"def work(x, k):\n    s = {sort}\n    return s{place}, x\n"

    def values(nasty: int, strange: int) -> tuple[str, ...]:
        count = c.pick(
            ("5", "3", "1", *(("0", "-1", "70", "2.0", "np.int64(3)", "None", "True", "10**9") if nasty == 60 else ()))
        )
        size = c.pick((200, 120, 400))
        if ":, " in place:
            return f"{numbers(c, 20 * 120, nasty, whole=c.chance(30))}.reshape(20, 120)" if not strange else one(
                c, nasty=nasty, strange=strange
            ), count
        return one(c, long=size, nasty=nasty, strange=strange, whole=c.chance(35)), count

    return Program(text, *calls(c, values))


def reductions(c: Choices) -> Program:
    what = c.pick(
        (
            "x",
            "x == y",
            "x > 0",
            "x * y",
            "x",
            "x - y",
            "np.abs(x)",
            "x[1:]",
            "x != x",
            "x > y",
            "(x > 0) & (y > 0)",
            "x * 2.0",
            "x[x > 0]",
            "x.astype(int)",
            "np.diff(x)",
            "(x == y).astype(int)",
            "x ** 2",
            "x / y",
            "-x",
        )
    )
    how = c.pick(("sum", "sum", "max", "min", "any", "all", "sum"))
    call = f"{how}({what})" if not (how == "sum" and c.chance(12)) else f"sum({what}, {c.pick(('0', '1.5', '10'))})"
    use = c.pick(
        (
            f"out.append({call})",
            f"out.append({call} / len(x))",
            f"n += {call}",
            f"if {call}: out.append(1)",
            f"out.append((type({call}).__name__, {call}))",
            f"out.append({call} == {call})",
            f"out.append(int({call}))",
            f"out.append(f'{{{call}}}')",
        )
    )
    more = c.pick(("pass", "pass", "x = x + 1", "y = -y", "x[0] = 5"))
    text = (
        HEAD
        + f"def work(x, y):\n    out = []\n    n = 0\n    for _ in range(2):\n{body([use, more])}    return out, n\n"
    )

    def values(nasty: int, strange: int) -> tuple[str, ...]:
        size, whole = c.integer(1, 12), c.chance(40)
        return one(c, long=2 * size, nasty=nasty, strange=strange, whole=whole), one(
            c, long=2 * size, nasty=nasty, strange=strange // 3, whole=whole
        )

    return Program(text, *calls(c, values))


def groups(c: Choices) -> Program:
    mask = c.pick(("labels == k", "labels == k", "k == labels", "labels == values[i]", "labels != k"))
    use = c.pick((f"out.append(x[{mask}].mean())", f"out.append(x[{mask}])", f"out.append(np.where({mask})[0])", f"out.append(np.sum({mask}))", f"n += ({mask}).sum()", f"m = {mask}\n        out.append(x[m].sum())", f"m = {mask}\n        out.append((m.sum(), x[m].max() if m.any() else None))",
                  f"out.append(np.mean({mask}))", f"at = np.where({mask})[0]\n        out.append(x[at])", f"x[{mask}] = i", f"x[{mask}] += 1.5", f"out.append(x[{mask}, ].sum())", f"out.append(np.count_nonzero({mask}))", f"m = {mask}\n        x[m] = 0.5\n        out.append(x[~m].sum())",
                  f"out.append(labels[{mask}])", f"at = np.where({mask})\n        out.append(at)", f"out.append(len(x[{mask}]))", f"part = x[{mask}]\n        part[:1] = 9\n        out.append(part)", f"out.append(np.flatnonzero({mask}))", f"out.append(np.nonzero({mask})[0])"))  # fmt: skip
    more = (
        c.pick(
            (
                "labels[0] = k",
                "labels = labels[::-1]",
                "poke(labels)",
                "other[:1] = 2",
                "x[0] = 3.5",
                "labels = labels.copy()",
                "poke(x)",
                "k = 1",
                "if i: break",
            )
        )
        if c.chance(25)
        else "pass"
    )
    loop = (
        c.pick(
            (
                "for i, k in enumerate(np.unique(labels)):",
                "for i, k in enumerate(values):",
                "for i, k in enumerate(set(values)):",
                "for i, k in enumerate(sorted(set(values))):",
            )
        )
        if "values[i]" not in mask
        else "for i, k in enumerate(values):"
    )
    if c.chance(15):
        loop = "for i, k in enumerate(range(4)):" if "values[i]" not in mask else loop
    lines = [use, more] if c.chance(60) else [more, use]
    text = (
        HEAD
        + f"def work(labels, x, values):\n    out = []\n    n = 0\n    m = None\n    other = {c.pick(('labels', 'x', 'x.copy()', 'x.copy()', 'labels.copy()'))}\n    {loop}\n{body(lines)}    return out, n, x\n"
    )
    kind = c.pick(("int", "int", "text"))

    def values(nasty: int, strange: int) -> tuple[str, ...]:
        n = c.integer(2, 12)
        labels = f"np.array([{', '.join(c.pick(('0', '1', '2', '3', '1')) for _ in range(n))}])"
        keys = c.pick(("[0, 1, 2]", "[1, 3, 5]"))
        if kind == "text":
            labels = f"np.array([{', '.join(c.pick(('0', '1', '22', '')).join(chr(39) * 2) for _ in range(n))}])"
            keys = c.pick(("['0', '1']", "['1', '22', 'zz']"))
        if strange:
            labels = c.pick(
                (
                    f"{labels}.astype(float)",
                    f"{labels}.astype(object)",
                    f"{labels}.tolist()",
                    f"{labels}[::-1]",
                    f"{labels}.reshape(-1, 1)",
                    f"{labels}.astype(np.uint8)" if kind == "int" else labels,
                    c.pick(ODD),
                    f"np.array([nan, 1.0])[:{n}]",
                )
            )
        if nasty == 60 and c.chance(50):
            keys = c.pick(
                (
                    "[True, 1.0]",
                    "[None]",
                    "[nan, 1]",
                    "['1', 1]",
                    "[2**70]",
                    "[]",
                    "[[0, 1]]",
                    "np.array([0, 1])",
                    "[np.int64(1), np.uint8(2)]",
                    "['1\\0', '']",
                    "[np.str_('1')]",
                    "[1j]",
                    "[-1, 2**63]",
                    "[np.array([0, 1])]",
                )
            )
        table = c.pick(
            (
                f"np.arange({n}.0)",
                f"np.arange({n}.0)",
                f"np.arange({2 * n}.0).reshape({n}, 2)",
                f"np.arange({n}) * 3",
                *(
                    (f"np.arange({n + 1}.0)", f"list(range({n}))", f"np.arange({n}, dtype=np.float32)", "None")
                    if nasty == 60
                    else ()
                ),
            )
        )
        return labels, table, keys

    return Program(text, *calls(c, values))


def formula(c: Choices, depth: int, names: tuple[str, ...]) -> str:
    how = c.integer(0, 9 if depth else 1)
    if how == 0:
        return c.pick(names)
    if how == 1:
        return c.pick(("2", "0.5", "1.0", "-1", "3", *names))
    if how in (2, 3, 4):
        return (
            f"({formula(c, depth - 1, names)} {c.pick(('+', '-', '*', '/', '//', '%'))} {formula(c, depth - 1, names)})"
        )
    if how == 5:
        return f"({formula(c, depth - 1, names)} if {formula(c, depth - 1, names)} {c.pick(('>', '<', '==', '>='))} {formula(c, 0, names)} else {formula(c, depth - 1, names)})"
    if how == 6:
        return f"{c.pick(('abs', 'float', 'int', 'round', 'np.sqrt', 'np.abs', 'math.exp', 'math.sin', 'math.floor', 'bool'))}({formula(c, depth - 1, names)})"
    if how == 7:
        return f"{c.pick(('min', 'max'))}({formula(c, depth - 1, names)}, {formula(c, 0, names)})"
    if how == 8:
        return f"({formula(c, depth - 1, names)}) ** {c.pick(('2', '3', '0.5'))}"
    return f"-{formula(c, depth - 1, names)}"


def vectorized(c: Choices) -> Program:
    names = ("a", "b")[: c.integer(1, 2)]
    params = ", ".join(names)
    result = c.pick(
        (
            formula(c, 2, names),
            formula(c, 2, names),
            formula(c, 3, names),
            f"'hi' if {formula(c, 1, names)} > 1 else 'low'",
            f"{formula(c, 1, names)} > {formula(c, 1, names)}",
            f"({formula(c, 1, names)}, 1)",
            f"None if a > 1 else {formula(c, 1, names)}",
            f"{formula(c, 1, names)} if a > 0.5 else 0",
        )
    )
    told = c.pick(
        ("", "", "", ", otypes=[float]", ", otypes='d'", ", otypes=[np.float64]", ", otypes=[int]", ", cache=True")
    )
    head = HEAD.replace("import numpy", "import math\nimport numpy")
    if c.chance(50):
        head += f"step = np.vectorize(lambda {params}: {result}{told})\n\n\n"
    else:
        inner = c.pick(
            (
                "",
                f"    if {formula(c, 1, names)} > {formula(c, 0, names)}:\n        return {formula(c, 1, names)}\n",
                f"    a = {formula(c, 1, names)}\n",
                "    if a > 100:\n        raise ValueError(a)\n",
                f"    t = 0.0\n    for j in range(3):\n        t += {formula(c, 1, names)}\n    a = a + t\n",
            )
        )
        head += f"{'@np.vectorize' + chr(10) if not told else ''}def {'step' if not told else 'inner'}({params}):\n{inner}    return {result}\n\n\n"
        head += f"step = np.vectorize(inner{told})\n\n\n" if told else ""
    call = f"step({c.pick(('x', 'x', 'x * 2', 'x[1:]'))}{c.pick((', y', ', 2.0', ', 3', ', y')) if len(names) > 1 else ''})"
    use = c.pick(
        (
            f"return {call}",
            f"out = []\n    for i in range(2):\n        out.append({call})\n    return out",
            f"r = {call}\n    return r, r.dtype.name",
            f"x[:1] = 2\n    return {call}, x",
        )
    )
    text = head + f"def work(x, y):\n    {use}\n"
    whole = c.chance(35)

    def values(nasty: int, strange: int) -> tuple[str, ...]:
        n = c.integer(0 if nasty == 60 else 1, 6)
        return one(c, long=2 * n, nasty=nasty, strange=strange, whole=whole), c.pick(
            (one(c, long=2 * n, nasty=nasty, strange=strange // 2, whole=whole), "2.5", "3")
        ) if nasty == 60 else one(c, long=2 * n, whole=whole)

    return Program(text, *calls(c, values))


def products(c: Choices) -> Program:
    """Matrices are well conditioned and small in value: what rounds stays within the tolerance."""
    first = c.pick(("A", "np.linalg.inv(A)", "A.T", "np.linalg.inv(A)", "np.linalg.inv(A.T @ A)"))
    call = c.pick(
        (
            f"{first} @ B @ v",
            f"{first} @ v",
            f"{first}.dot(B).dot(v)",
            f"np.dot(np.dot({first}, B), v)",
            f"np.dot({first}, v)",
            f"{first} @ A.T @ v",
            f"{first} @ B @ B @ v",
            f"{first}.dot(v)",
            f"v @ {first} @ v",
            f"np.matmul({first}, v)",
            f"{first} @ B",
            "A @ B @ A @ v[:, None]",
        )
    )
    use = c.pick(
        (
            f"out.append({call})",
            f"w = {call}\n        out.append(w)",
            f"out.append(np.sum({call}))",
            f"v = {call}",
            f"out.append(({call}).tolist())",
        )
    )
    text = (
        HEAD
        + f"def work(A, B, v):\n    out = []\n    for i in range(2):\n{body([use, c.pick(('pass', 'A = A + 0.5', 'B[0] = 1', 'v = v * 0.5'))])}    return out, v\n"
    )

    def values(nasty: int, strange: int) -> tuple[str, ...]:
        n = c.pick((3, 5, 8))
        square = f"(np.random.default_rng({c.integer(0, 9)}).random(({n}, {n})) + {n} * np.eye({n}))"
        if strange:
            square = c.pick(
                (
                    f"{square}.astype(np.float32)",
                    f"{square}.tolist()",
                    f"np.arange({n * n}).reshape({n}, {n})",
                    f"np.zeros(({n}, {n}))",
                    f"np.full(({n}, {n}), nan)",
                    f"{square}[:2]",
                    f"np.asfortranarray({square})",
                    f"np.matrix({square})",
                    f"np.stack([{square}] * 2)",
                    f"{square}.astype(complex)",
                    c.pick(ODD),
                    f"np.array({square}, object)",
                    "np.zeros((0, 0))",
                )
            )
        other = c.pick(
            (
                f"np.random.default_rng(3).random(({n}, {n}))",
                f"np.eye({n})",
                *((f"np.ones(({n}, 2))", f"np.eye({n}, dtype=int)", f"np.ones({n})", "2.0") if nasty == 60 else ()),
            )
        )
        vector = c.pick(
            (
                f"np.arange({n}.0)",
                f"np.arange({n}.0)",
                *(
                    (
                        f"np.arange({n})",
                        f"np.ones(({n}, 1))",
                        f"np.ones(({n}, {2 * n}))",
                        f"[1.0] * {n}",
                        f"np.full({n}, inf)",
                        f"np.ones({n + 1})",
                        f"np.ones({2 * n})[::2]",
                        f"np.ones({n}, np.float32)",
                        f"np.zeros({n})",
                        "3.0",
                    )
                    if nasty == 60
                    else ()
                ),
            )
        )
        return square, other, vector

    return Program(text, *calls(c, values))


def stacked(c: Choices) -> Program:
    """A stack of matrices times one matrix."""
    shaped = c.pick(
        (
            "x.reshape(-1, 1, 4)",
            "np.reshape(x, (-1, 2, 4))",
            "x.reshape(-1, 2, 4)[:, ::-1]",
            "np.tanh(x)[:, None, None, :]",
            "x[None, :, None] + 0.5",
        )
    )
    call = c.pick(("y @ W", "np.matmul(y, W)", "np.dot(y, W)", "y.dot(W)", "(y + 1.0) @ W", "y @ W.T @ W"))
    use = c.pick(
        (
            f"out.append({call})",
            f"y = {call}\n        out.append(y)",
            f"out.append(np.sum({call}))",
            f"W[:1] = ({call})[0, :1]",
        )
    )
    text = (
        HEAD
        + f"def work(x, W):\n    out = []\n    for i in range(2):\n{body([f'y = {shaped}', use])}    return out, W\n"
    )

    def values(nasty: int, strange: int) -> tuple[str, ...]:
        n = c.pick((2, 4, 8))
        x = f"np.random.default_rng({c.integer(0, 9)}).random(({n}, 4))"
        W = f"np.random.default_rng({c.integer(0, 9)}).random((4, 4))"
        if nasty == 60:
            x = c.pick((x, f"{x}[:0]", f"{x}.T[:4].T", f"{x} * inf", f"{x} - nan", f"{x} * 1e200", f"-0.0 * {x}"))
            W = c.pick(
                (
                    W,
                    f"{W}.T",
                    f"{W}[:, :0]",
                    f"{W}[:3]",
                    f"{W}[0]",
                    f"{W} * 1e200",
                    f"{W} * nan",
                    f"{W}.astype(int)",
                    f"{W} + 1j",
                )
            )
        if strange:
            x, W = c.pick(
                (
                    (x, c.pick(ODD)),
                    (f"np.matrix({x})", W),
                    (c.pick(ODD), W),
                    (f"np.ma.array({x})", W),
                    (x, f"{W}.tolist()"),
                )
            )
        return x, W

    return Program(text, *calls(c, values))


def steady(c: Choices) -> Program:
    fixed = c.pick(
        (
            "np.linalg.inv(m)",
            "x[x > 0]",
            "m.T @ m",
            "np.unique(x)",
            "np.array(rows)",
            "x * 2.0",
            "x[mask]",
            "np.argsort(x)",
            "np.sqrt(np.abs(x))",
            "np.cumsum(x)",
            "x - x.mean()",
            "np.where(mask)[0]",
            "np.asarray(rows)",
            "x[mask] * 2",
            "m @ x[:3]",
            "np.cov(m)",
            "m[:, 0] * 2",
            "np.sort(x)[::-1]",
            "x.astype(int)",
            "x == 1.0",
            "np.outer(x, x)",
            "np.mean(m, axis=0)",
            "np.diff(x)",
            "np.zeros_like(x)",
            "np.ones(3) * 2",
        )
    )
    use = c.pick((f"out.append(float(np.sum({fixed})))", f"t = {fixed}\n        out.append(t.sum() * q)", f"out.append(({fixed}).max())", f"total += ({fixed}).sum() * q", f"t = {fixed}\n        out.append(len(t))", f"out.append(q * np.mean({fixed}))", f"out.append(({fixed})[0])", f"t = {fixed}\n        t[0] = q\n        out.append(t)",
                  f"out.append({fixed})", f"for z in {fixed}:\n            total += 1", f"t = {fixed}\n        total += t[0] if len(t) else 0", f"if np.any({fixed}):\n            total += q", f"t = {fixed}\n        out.append(t * q)", f"out.append(({fixed}).tolist())", f"out.append(np.dot({fixed}, {fixed}).sum())", f"t = {fixed}\n        t += 1\n        total += t.sum()"))  # fmt: skip
    more = c.pick(("x[0] = q", "x = x + 1", "poke(x)", "poke(other)", "other[:1] = q", "m[0, 0] += 1", "mask[0] = True", "rows.append(q)", "rows[0] = q", "x += 1", "mask = ~mask", "m = m * 1.5", "np.add(x, 1, out=x)", "x.sort()", "x.fill(2.0)", "view[0] = 5", "holder[0][:1] = 3", "np.put(x, 0, 4)", "x.flat[0] = 4", "out.append(look(x))", "if q > 2: break", "x.resize(3)", "np.copyto(x, 2.0)", "x.T[0] = 1",
                   "m.T[0] = 1", "x[:].fill(3)", "np.random.shuffle(x)", "setattr(x, 'shape', (-1, 1))", "[h.fill(1) for h in holder]", "x.itemset" if c.chance(5) else "pass")) if c.chance(45) else "pass"  # fmt: skip
    lines = [use, more] if c.chance(60) else [more, use]
    other = c.pick(("x.copy()", "m.copy()", "x", "m", "x.copy()"))
    held = c.chance(30)
    text = (
        HEAD
        + "def work(x, m, mask, rows, queries):\n    out = []\n    total = 0.0\n    t = None\n"
        + f"    other = {other}\n"
        + (
            f"    view = {c.pick(('x[1:]', 'x', 'm[0]', 'x.reshape(-1)', 'np.asarray(x)', 'x.T'))}\n    holder = [{c.pick(('x', 'm', 'other'))}]\n"
            if held or "view" in more or "holder" in more
            else ""
        )
    )
    text += f"    for q in queries:\n{body(lines)}    return out, total, x, m\n"

    def values(nasty: int, strange: int) -> tuple[str, ...]:
        n = c.integer(3, 8)
        x = one(c, long=2 * n, nasty=nasty, strange=strange)
        m = c.pick(
            (
                "np.random.default_rng(1).random((3, 3))",
                "(np.random.default_rng(2).random((3, 3)) + np.eye(3))",
                *(
                    (
                        "np.zeros((3, 3))",
                        "np.eye(3, dtype=int)",
                        "np.ones((3, 2))",
                        "np.matrix(np.eye(3))",
                        "np.eye(3).tolist()",
                        "np.eye(3).astype(object)",
                        "None",
                    )
                    if nasty == 60
                    else ()
                ),
            )
        )
        mask = c.pick(
            (
                f"np.arange({2 * n}) % 2 == 0",
                f"np.arange({2 * n}) > 1",
                *((f"[True] * {2 * n}", "None", f"np.arange({n})", "np.array([True])") if nasty == 60 else ()),
            )
        )
        rows = c.pick(
            (
                "[1.0, 2.0, 3.0]",
                "[1, 2, 3]",
                *(
                    ("[[1, 2], [3, 4]]", "[]", "(1, 2)", "[np.arange(2), np.arange(2)]", "[1, 'x']", "[[1], [2, 3]]")
                    if nasty == 60
                    else ()
                ),
            )
        )
        return (
            x,
            m,
            mask,
            rows,
            c.pick(
                (
                    "[1, 2, 3]",
                    "[0.5, 2.0]",
                    *(("[]", "[nan, 1.0]", "np.arange(3.0)", "[True, None]") if nasty == 60 else ()),
                )
            ),
        )

    return Program(text, *calls(c, values, 2))


def elements(c: Choices) -> Program:
    """Loops over elements: what each round reads and writes, and one array under two names."""
    nested = c.chance(35)
    at = ("M[i, j]", "M[i][j]", "a[i]", "b[j]") if nested else ("a[i]", "b[i]", "a[i]", "b[i]")
    if c.chance(15):
        at = (*at, c.pick(("a[i - 1]", "out[i - 1]", "a[-1]", "out[i]", "b[i + 1]", "a[n - 1 - i]", "a[0]", "y[i]")))

    def number() -> str:
        return (
            formula(c, c.integer(1, 2), (*at, c.pick(("i", "scale", "n", at[0]))))
            .replace("int(", "float(")
            .replace("bool(", "abs(")
        )

    place = (
        c.pick(("out[i, j]", "out[i][j]", "out[i]"))
        if nested
        else c.pick(("out[i]", "out[i]", "a[i]", "out[i + 1]", "out[n - 1 - i]", "b[i]", "y[i]"))
    )
    truth = f"{number()} {c.pick(('>', '<', '==', '>=', '!='))} {number()}"
    uses = (f"{place} = {number()}", f"{place} += {number()}", f"total += {number()}", f"if {truth}:\n#    count += 1", f"got.append({number()})",
            f"if {truth}:\n#    {place} = {number()}\n#else:\n#    {place} = {number()}", f"if {truth}:\n#    total += {number()}", f"t = {number()}\n#{place} = t * 2",
            f"total = total + {number()}", f"if {truth}:\n#    {place} = {number()}", f"{place} *= {number()}", f"count += {c.pick(('i', '1', 'int(a[i])'))}", f"total -= {number()}")  # fmt: skip
    lines = c.some(uses, 1, 2)
    if c.chance(15):
        lines.append(
            c.pick(
                (
                    "print(i)",
                    f"if {truth}:\n#    break",
                    "n = n - 1",
                    "out[0] = 1.0",
                    "scale = scale * 2",
                    "a[i] = 0.0",
                    f"if {truth}:\n#    continue",
                    "got.append(total)",
                )
            )
        )
    heads = (
        ["for i in range(M.shape[0]):", "for j in range(M.shape[1]):"]
        if nested
        else [
            c.pick(
                (
                    "for i in range(n):",
                    "for i in range(len(a)):",
                    "for i in range(1, len(a)):",
                    "for i in range(len(a) - 1):",
                    "for i, x in enumerate(a):",
                    "for i in range(0, n, 2):",
                    "for i in range(a.shape[0]):",
                )
            )
        ]
    )
    depth = 1 + len(heads)
    text = (
        HEAD.replace("import numpy", "import math\nimport numpy")
        + "def work(a, b, M):\n    n = len(a)\n    out = "
        + (
            "np.zeros((M.shape[0], M.shape[1]))"
            if nested
            else c.pick(
                ("np.zeros(n)", "np.empty_like(a)", "np.zeros(n + 1)", "np.zeros(n, dtype=int)", "[0.0] * n")
            ).replace("empty_like(a)", "zeros_like(a)")
        )
    )
    text += f"\n    y = {c.pick(('a', 'a[::-1]', 'b', 'a.copy()', 'b.copy()', 'a[1:]')) if ' y[' in str((lines, at)) else 'None'}\n    total = {c.pick(('0.0', '0', '1.5'))}\n    count = 0\n    got = []\n    scale = {c.pick(('2.0', '0.5', '3'))}\n    t = None\n"
    text += "".join(f"{'    ' * (k + 1)}{head}\n" for k, head in enumerate(heads)) + "".join(
        "    " * depth + line.lstrip("#") + "\n" for use in lines for line in use.split("\n")
    )
    text += "    return out, total, count, got, a, b\n"
    whole = c.chance(20)

    def values(nasty: int, strange: int) -> tuple[str, ...]:
        n = c.integer(2, 9) if not nasty else c.integer(0, 9)
        b = n if nasty < 60 or c.chance(70) else c.integer(0, 9)
        first = one(c, long=2 * n, nasty=nasty, strange=strange, whole=whole)
        matrix = (
            f"np.random.default_rng({c.integer(0, 9)}).normal(size=({2 * n}, {2 * b}))"
            if not strange
            else c.pick(
                (
                    f"np.random.default_rng(1).random(({2 * n}, {2 * b})).T",
                    f"np.full(({2 * n}, {2 * b}), 2)",
                    "np.zeros((0, 3))",
                    "[[1.0, 2.0], [3.0, 4.0]]",
                    f"np.full(({2 * n}, {2 * b}), nan)",
                    f"np.ones(({2 * n}, {2 * b}), np.float32)",
                )
            )
        )
        return first, one(c, long=2 * b, nasty=nasty, strange=strange // 2, whole=whole), matrix

    return Program(text, *calls(c, values))


def picked(c: Choices) -> Program:
    sign = c.pick(("<=", "<", ">", ">=", "==", "!="))
    test = c.pick(
        (
            f"row[j] {sign} t",
            f"row[0] {sign} t",
            f"row[j] * 2 {sign} t",
            f"t {sign} row[j]",
            f"row[j] {sign} t and row[0] > 0",
            f"row[0] - row[1] {sign} t",
            f"row[-1] / t {sign} 1",
        )
    )
    by_index = test.replace("row[", "X[i, ")
    text_of = c.pick((f"np.array([row for row in X if {test}])", f"[i for i in range(len(X)) if {by_index}]", f"[y[i] for i, row in enumerate(X) if {test}]", f"len([v for v in y if v {sign} t])", f"[v for v in y if v {sign} t]", f"[i for i, v in enumerate(y) if v {sign} t]",
                      f"np.array([y[i] for i in range(len(X)) if {by_index}])", f"[row for row in X if {test}]", f"sum([v for v in y if v {sign} t])", f"np.array([X[i] for i in range(len(y)) if y[i] {sign} t])", f"sum(1 for v in y if v {sign} t)", f"np.mean([v for v in y if v {sign} t])"))  # fmt: skip
    head = c.pick(("", "", f"    near = lambda row: {test}\n"))
    if head:
        text_of = text_of.replace(f"if {test}", "if near(row)")
    use = c.pick(
        (
            f"out.append({text_of})",
            f"part = {text_of}\n        out.append(len(part))",
            f"part = {text_of}\n        out.append((part, t))",
            f"left, right = {text_of}, {text_of}\n        out.append((left, right))",
        )
    )
    text = (
        HEAD
        + f"def work(X, y, values):\n    out = []\n    j = {c.pick(('1', '0', '-1', '2', '5'))}\n    t = 0.5\n{head}    for t in values:\n{body([use, c.pick(('pass', 'pass', 'j = 0', 'X[0, 0] = t', 'y = y * 2', 'poke(X)'))])}    return out\n"
    )

    def values(nasty: int, strange: int) -> tuple[str, ...]:
        n = c.integer(8, 12) if nasty < 60 else c.integer(0, 12)
        X = numbers(c, 3 * n, nasty, whole=c.chance(20)) + f".reshape({n}, 3)"
        if strange:
            X = c.pick(
                (
                    f"{X}.astype({c.pick(TYPES)})",
                    f"np.asfortranarray({X})",
                    f"{X}.tolist()",
                    f"{X}[::-1]",
                    f"np.ma.array({X})",
                    f"{X}[:, 0]",
                    c.pick(ODD),
                    f"{X}[:3]",
                )
            )
        y = (
            one(c, long=n, nasty=nasty, strange=0 if not strange else 30)
            .replace("reshape(2, -1)", "reshape(1, -1)")
            .replace("reshape(-1, 2)", "reshape(-1, 1)")
        )
        return (
            X,
            y,
            c.pick(
                (
                    "[0.5, 0.1]",
                    "[0.25]",
                    *(
                        (
                            "[1, 2]",
                            "[nan, 0.0]",
                            "[None]",
                            "['a']",
                            "[2**70]",
                            "[np.float32(0.5)]",
                            "[True]",
                            "np.array([0.5, -0.0])",
                            "[inf, -inf]",
                            "[1j]",
                            "[np.array([0.5])]",
                        )
                        if nasty == 60
                        else ()
                    ),
                )
            ),
        )

    return Program(text, *calls(c, values))


def nearest(c: Choices) -> Program:
    d = c.pick(
        (
            "np.sqrt(np.sum((X - q) ** 2, axis=1))",
            "np.linalg.norm(X - q, axis=1)",
            "np.sum((X - q) ** 2, axis=1)",
            "((X - q) ** 2).sum(axis=1)",
            "np.sqrt(((X - q) ** 2).sum(axis=1))",
            "np.sqrt(np.sum(np.square(X - q), axis=1))",
            "np.sqrt(np.sum((q - X) ** 2, axis=1))",
            "np.abs(X - q).sum(axis=1)",
        )
    )
    use = c.pick((f"d = {d}\n        out.append(np.argsort(d)[:k])", f"out.append(np.argmin({d}))", f"d = {d}\n        near = np.argsort(d)[:k]\n        out.append((near, d[near]))", f"d = {d}\n        out.append(np.where(d < r)[0])", f"d = {d}\n        best = np.argmin(d)\n        out.append((best, d[best]))",
                  f"d = {d}\n        at = np.where(d <= r)[0]\n        out.append((at, d[at]))", f"out.append(np.argsort({d})[:k])", f"d = {d}\n        near = np.argsort(d)[1:k + 1]\n        out.append(y[near].mean())", f"d = {d}\n        near = d.argsort()[:k]\n        out.append(y[near])", f"out.append(np.flatnonzero({d} < r))",
                  f"d = {d}\n        near = np.argsort(d, kind='stable')[:k]\n        out.append(near)", "diff = X - q\n        d = np.sqrt(np.sum(diff ** 2, axis=1))\n        out.append(np.argmin(d))"))  # fmt: skip
    more = (
        "pass"
        if c.chance(60)
        else c.pick(
            (
                "X[0] = q",
                "X = X * 2",
                "poke(X)",
                "y[0] = 1",
                "k = k + 1",
                "X[len(out)] = 0.5",
                "q[0] = 3",
                "X = X[::-1]",
                "if len(out) > 2: break",
            )
        )
    )
    lines = [use, more] if c.chance(60) else [more, use]
    text = (
        HEAD
        + f"def work(X, Q, k, r):\n    out = []\n    y = np.arange(len(X)) % 5\n    for q in Q:\n{body(lines)}    return out\n"
    )

    def values(nasty: int, strange: int) -> tuple[str, ...]:
        n, width = c.pick((400, 350)), c.pick((3, 4))
        X = f"np.random.default_rng({c.integer(0, 9)}).random(({n}, {width}))"
        if c.chance(40):
            X = c.pick(
                (
                    f"{X}.round(1)",
                    f"np.round({X})",
                    f"({X} * 4).round()",
                    f"({X} + 1e6)",
                    f"({X} * 1e-8)",
                    f"np.repeat({X}[:{n // 2}], 2, axis=0)",
                )
            )
        if nasty == 60 and c.chance(60):
            X = c.pick(
                (
                    f"({X} * 1e160)",
                    f"({X} * 1e-170)",
                    f"np.where({X} > 0.99, nan, {X})",
                    f"np.where({X} > 0.99, inf, {X})",
                    f"{X}.astype(np.float32)",
                    f"(({X}) * 9).astype(int)",
                    f"np.asfortranarray({X})",
                    f"({X} + 1e12)",
                    f"{X}[:10]",
                    f"np.zeros(({n}, {width}))",
                )
            )
        if strange:
            X = c.pick(
                (
                    f"{X}.tolist()",
                    f"np.ma.array({X})",
                    f"{X}[:, :1]",
                    f"np.zeros((0, {width}))",
                    f"{X}[::2]",
                    c.pick(ODD),
                )
            )
        Q = c.pick(
            (
                f"np.random.default_rng(20).random((5, {width}))",
                f"np.zeros((4, {width}))",
                f"np.random.default_rng(20).random((5, {width})).round(1)",
                *(
                    (
                        f"np.full((3, {width}), 1e170)",
                        f"np.full((3, {width}), nan)",
                        f"np.ones((4, {width}), int)",
                        f"[[0.5] * {width}] * 4",
                        "[0.5] * 4",
                        f"np.ones((3, {width + 1}))",
                        f"[np.ones({width}), 0.5, None]",
                    )
                    if nasty == 60
                    else ()
                ),
            )
        )
        return (
            X,
            Q,
            c.pick(("5", "1", "3", *(("0", "-1", "40", "399", "2.0", "np.int64(3)", "10**6") if nasty == 60 else ()))),
            c.pick(
                (
                    "0.5",
                    "0.3",
                    "1.0",
                    *(("0", "-1.0", "nan", "inf", "10**30", "np.float64(0.25)", "1e200") if nasty == 60 else ()),
                )
            ),
        )

    return Program(text, *calls(c, values, 2))


def ranges(c: Choices) -> Program:
    """Masks of ranges of an array that is long enough to be sorted, in enough rounds."""
    low = c.pick(("x >= e[i]", "x > e[i]", "e[i] <= x", "e[i] < x", "x >= k", "k <= x"))
    high = c.pick(("x < e[i + 1]", "x <= e[i + 1]", "e[i + 1] >= x", "x < e[i] + w", "x <= k + w", "x < w"))
    ends = (low, high) if c.chance(70) else (high, low)
    mask = c.pick(
        ("({}) & ({})", "({}) & ({})", "np.logical_and({}, {})", "np.bitwise_and({}, {})", "({}) | ({})")
    ).format(*ends)
    use = c.pick((f"out.append(t[{mask}].sum())", f"out.append(t[{mask}])", f"m = {mask}\n        out.append(t[m].sum())", f"out.append(np.sum({mask}))", f"out.append(({mask}).mean())", f"m = {mask}\n        out.append((m.sum(), m.any(), np.mean(m), t[m]))",
                  f"t[{mask}] = i", f"m = {mask}\n        t[m] += 1\n        out.append(m.sum())", f"out.append(x[{mask}])", f"part = t[{mask}]\n        part[:1] = 9\n        out.append(part)", f"m = {mask}\n        x[:1] = 0.25\n        out.append(t[m])"))  # fmt: skip
    more = c.pick(
        (
            "x[i] = k",
            "x = x[::-1]",
            "poke(x)",
            "other[:1] = 0.5",
            "t[0] = 3",
            "e[0] = k",
            "e = e[::-1]",
            "w = -w",
            "pass",
        )
    )
    lines = [use, more if c.chance(30) else "pass"]
    loop = c.pick(("for i, k in enumerate(e[:-1]):", "for i in range(len(e) - 1):\n        k = e[i]"))
    other = c.pick(("x", "t", "t.copy()", "x.copy()", "x[:]"))
    text = (
        HEAD
        + f"def work(x, t, e, w):\n    out = []\n    other = {other}\n    {loop}\n{body(lines)}    return out, x, t\n"
    )

    def values(nasty: int, strange: int) -> tuple[str, ...]:
        whole = c.chance(25)
        x = "np.arange(10_500) % 997" if whole else "np.sin(np.arange(10_500.0))"
        if strange:
            x = c.pick((f"({x})[:100]", f"({x}).astype(np.float32)", f"({x}).reshape(-1, 1)", f"({x})[::-1]", f"({x}).astype(object)",
                        "np.tile([0.0, -0.0, nan, inf, -inf, 0.5, 0.25], 1500)", "np.tile([0.0, -0.0, nan, 0.5], 2700)", f"list({x})", c.pick(ODD)))  # fmt: skip
        e = "np.arange(0, 990, 9)" if whole else "np.linspace(-1.0, 1.0, 90)"
        if nasty == 60 and c.chance(50):
            e = c.pick((f"list({e})", f"({e}).astype(object)", "[0.0, nan, -0.0, 0.5, inf] * 20", "[0, 1, 2**60, True, 2**70] * 20", f"({e}).astype(np.float32)",
                        f"({e}).tolist()", "[-0.5, -0.4] * 40 + ['a', None]", "[np.arange(3.0), 0.5] * 40", "[]"))  # fmt: skip
        t = c.pick(
            (
                "np.arange(10_500.0)",
                "np.arange(10_500)",
                "np.arange(21_000.0).reshape(-1, 2)",
                *(("np.arange(9.0)", "list(range(10_500))", "None") if strange else ()),
            )
        )
        return (
            x,
            t,
            e,
            c.pick(
                ("0.02", "0.001", "1", "-0.5", *(("nan", "2**60", "np.float32(0.1)", "True") if nasty == 60 else ()))
            ),
        )

    return Program(text, *calls(c, values, 2))


def crossed(c: Choices) -> Program:
    """A matrix times one row or column after another."""
    call = c.pick(
        (
            "A[i] @ B",
            "A[i, :] @ B",
            "B @ A[i]",
            "A[:, i] @ A[:, i:]",
            "A[:, i] @ A",
            "np.dot(A[i], B)",
            "B[1:] @ A[i]",
            "A[i] @ B.T",
            "A[:, i] @ B[:, ::-1]",
            "B.T @ A[i]",
            "A[i] @ B[:, :i]",
            "np.dot(B[i:], A[i])",
        )
    )
    use = c.pick(
        (
            f"out.append({call})",
            f"y = {call}\n        out.append(y)",
            f"C[i, :len({call})] = {call}",
            f"y = {call}\n        y += 1\n        out.append(y[::-1])",
            f"C[:len({call}), i] = {call} / 3.0",
        )
    )
    more = c.pick(
        (
            "A[i] = 0.5",
            "B[:1] = i",
            "other[:1] = 2.0",
            "poke(A)",
            "i += 1",
            "if i: break",
            "A = A * 2",
            "C = C + 1",
            "pass",
        )
    )
    before = c.pick(("pass", "A -= 0.25", "A -= np.mean(A, axis=0)", "B = B + 1"))
    loop = c.pick(
        ("range(len(A))", "range(n)", "range(1, n)", "range(n - 1, -1, -1)", "range(0, n, 2)", "range(-1, n)")
    )
    other = c.pick(("A", "B", "A.copy()", "A[:]"))
    lines = [use, more if c.chance(30) else "pass"]
    text = (
        HEAD
        + f"def work(A, B, n):\n    out = []\n    {before}\n    C = np.zeros((9, 9))\n    other = {other}\n    for i in {loop}:\n{body(lines)}    return out, A, B, C\n"
    )

    def values(nasty: int, strange: int) -> tuple[str, ...]:
        n = c.pick((2, 4, 5))
        A = f"np.random.default_rng({c.integer(0, 9)}).random(({n}, {n}))"
        B = f"np.random.default_rng({c.integer(0, 9)}).random(({n}, {c.pick((n, n, 3))}))"
        if nasty == 60:
            A = c.pick(
                (
                    A,
                    f"{A}[:0]",
                    f"{A}.T",
                    f"{A} * inf",
                    f"{A} - nan",
                    f"{A} * 1e200",
                    f"-0.0 * {A}",
                    f"{A}[:-1]",
                    f"np.where({A} > 0.5, nan, 1.0)",
                )
            )
            B = c.pick(
                (
                    B,
                    f"{B}.T",
                    f"{B}[:, :0]",
                    f"{B}[0]",
                    f"{B} * 1e200",
                    f"{B}.astype(int)",
                    f"{B} + 1j",
                    f"{B}.astype('f4')",
                )
            )
        if strange:
            A, B = c.pick(
                (
                    (A, c.pick(ODD)),
                    (f"np.matrix({A})", B),
                    (c.pick(ODD), B),
                    (f"np.ma.array({A})", B),
                    (A, f"{B}.tolist()"),
                    (f"{A}[None]", B),
                )
            )
        return (
            A,
            B,
            c.pick((f"{n}", f"{n}", f"{n - 1}", f"{n + 1}", "0", *(("2.0", "None", "True") if nasty == 60 else ()))),
        )

    return Program(text, *calls(c, values, 2))


TEMPLATES: dict[str, Callable[[Choices], Program]] = {
    "HST501": growing, "HST502": selection, "HST503": reductions, "HST504": groups, "HST505": vectorized, "HST506": products,
    "HST508": steady, "HST509": elements, "HST512": picked, "HST513": stacked, "HST514": ranges, "HST515": crossed, "HST901": nearest,
}  # fmt: skip


def program(c: Choices) -> Program:
    return TEMPLATES[c.pick(tuple(TEMPLATES))](c)
