"""Sources of argument values: ordinary ones, nasty ones of the same kind, and ones of kinds that nobody recorded."""

from __future__ import annotations

from tests.fuzz.choices import Choices

SMALL = ("0", "1", "2", "3", "5", "-1", "-2", "7", "10", "-7")
LARGE = (
    "2**31",
    "-2**31 - 1",
    "2**53",
    "2**53 + 1",
    "-2**53 - 1",
    "2**62",
    "2**63 - 1",
    "-2**63",
    "2**63",
    "-2**64",
    "10**30",
    "3037000500",
)
PLAIN_FLOATS = ("0.5", "1.0", "2.0", "-1.5", "0.25", "3.75", "-2.0", "0.1", "10.0")
NASTY_FLOATS = (
    "0.0",
    "-0.0",
    "nan",
    "inf",
    "-inf",
    "1e308",
    "-1e308",
    "5e-324",
    "1e-200",
    "2.0**53",
    "9.3e18",
    "0.5000000000000001",
    "2.5",
    "1e16",
)
WORDS = ("'a'", "'b'", "'ab'", "''", "'B'", "'abc'", "'10'")
NASTY_WORDS = ("'\\xe9'", "'\\U0001f600'", "'\\x00'", "'a b'", "'\\u0131'")
# what may come instead of anything
STRANGERS = (
    "None", "True", "3", "2.5", "'x'", "[]", "()", "{}", "set()", "[1, 2.5]", "[None, 1]", "(1, 2, 3)", "[True, False]",
    "np.int64(3)", "np.float64(2.5)", "np.float32(1.5)", "np.array([1, 2, 3])", "np.array([1.5, nan, -0.0])",
    "np.array([1, 2, 3], np.int32)", "np.array([1, 200], np.uint8)", "np.array([[1.0, 2.0], [3.0, 4.0]])",
    "np.arange(8.0)[::2]", "np.arange(6.0).reshape(2, 3).T", "np.array([1.0, 2.0], np.float32)", "np.array([], float)",
    "[[1.0, 2.0], [3.0]]", "[[]]", "[[1, 2], [3, 4]]", "{1: 2.5}", "{'a': 1}", "{1.0: 2, 2.0: 3}", "[2**70, 1]",
    "range(4)", "frozenset([1, 2])", "1j", "b'ab'", "[np.float64(1.5), np.float64(2.0)]", "[1, True, 2]", "[[1.0, 2], [3, 4.0]]",
    "type('L', (list,), {})([1, 2, 3])", "np.ma.array([1.0, 2.0])", "iter([1, 2])",
)  # fmt: skip


def an_int(c: Choices, nasty: int = 0) -> str:
    return c.pick(LARGE) if c.chance(nasty) else c.pick(SMALL)


def a_float(c: Choices, nasty: int = 0) -> str:
    return c.pick(NASTY_FLOATS) if c.chance(nasty) else c.pick(PLAIN_FLOATS)


def a_word(c: Choices, nasty: int = 0) -> str:
    return c.pick(NASTY_WORDS) if c.chance(nasty) else c.pick(WORDS)


def value(c: Choices, kind: str, nasty: int = 0, least: int = 1) -> str:
    """The source of a value of this kind; `nasty` is the percentage of nasty elements."""
    n = 0 if nasty and c.chance(10) else c.integer(least, 7)
    if kind == "int":
        return an_int(c, nasty)
    if kind == "float":
        return a_float(c, nasty)
    if kind == "bool":
        return c.pick(("False", "True"))
    if kind == "word":
        return a_word(c, nasty)
    if kind == "text":
        return repr("".join(c.pick("ab1 Zx-") for _ in range(n)))
    if kind == "ints":
        return f"[{', '.join(an_int(c, nasty) for _ in range(n))}]"
    if kind == "floats":
        return f"[{', '.join(a_float(c, nasty) for _ in range(n))}]"
    if kind == "bools":
        return f"[{', '.join(c.pick(('False', 'True')) for _ in range(n))}]"
    if kind == "words":
        return f"[{', '.join(a_word(c, nasty) for _ in range(n))}]"
    if kind in ("rows", "irows"):
        height, width = c.integer(1, 4), c.integer(1, 4)
        one = a_float if kind == "rows" else an_int
        return f"[{', '.join('[' + ', '.join(one(c, nasty) for _ in range(width)) + ']' for _ in range(height))}]"
    if kind == "lists":  # of any length
        rows = [", ".join(an_int(c, nasty) for _ in range(c.integer(1, 4))) for _ in range(n)]
        return f"[{', '.join(f'[{row}]' for row in rows)}]"
    if kind == "pairs":
        return f"[{', '.join(f'({an_int(c, nasty)}, {a_float(c, nasty)})' for _ in range(n))}]"
    if kind == "points":
        return f"[{', '.join(f'({an_int(c)}, {an_int(c)})' for _ in range(n))}]"
    if kind == "farray":
        return f"np.array([{', '.join(a_float(c, nasty) for _ in range(n))}], np.float64)"
    if kind == "iarray":
        values = (
            c.pick(("2**53", "2**63 - 1", "-2**63", "2**62")) if c.chance(nasty) else c.pick(SMALL) for _ in range(n)
        )
        return f"np.array([{', '.join(values)}], np.int64)"
    if kind == "narrow":
        return f"np.array([{', '.join(c.pick(('1', '2', '7', '100', '120')) for _ in range(n))}], np.int8)"
    if kind == "barray":
        return f"np.array([{', '.join(c.pick(('False', 'True')) for _ in range(n))}], bool)"
    if kind == "grid":
        height, width = c.integer(1, 4), c.integer(1, 4)
        cells = ", ".join(a_float(c, nasty) for _ in range(height * width))
        return f"np.array([{cells}], np.float64).reshape({height}, {width})"
    if kind == "counts":
        return f"{{{', '.join(f'{k}: {an_int(c, nasty)}' for k in c.some(SMALL, least, 6))}}}"
    if kind == "weights":
        return f"{{{', '.join(f'{k}: {a_float(c, nasty)}' for k in c.some(SMALL, least, 6))}}}"
    if kind == "byword":
        return f"{{{', '.join(f'{k}: {an_int(c, nasty)}' for k in c.some(WORDS, least, 5))}}}"
    if kind == "graph":
        rows = (f"{k}: [{', '.join(c.pick(SMALL) for _ in range(c.integer(1, 3)))}]" for k in c.some(SMALL, 1, 5))
        return f"{{{', '.join(rows)}}}"
    if kind == "set":
        found = c.some((*SMALL, *LARGE) if nasty else SMALL, least, 6)
        return f"{{{', '.join(found)}}}" if found else "set()"
    if kind == "rng":
        return f"np.random.default_rng({c.integer(0, 5)})"
    if kind == "stream":
        return f"random.Random({c.integer(0, 5)})"
    if kind == "thing":
        return f"Thing({a_float(c, nasty)}, {an_int(c, nasty)})"
    if kind == "things":
        return f"[{', '.join(f'Thing({a_float(c, nasty)}, {an_int(c, nasty)})' for _ in range(n))}]"
    raise ValueError(kind)


def calls(c: Choices, kinds: tuple[str, ...], nasty: int = 6) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Recorded calls, all of the same kinds, and late ones: nasty, of other kinds, or with one object given twice."""
    recorded = tuple(_args([value(c, k, nasty=0 if i == 0 else nasty) for k in kinds]) for i in range(c.integer(1, 3)))
    late = []
    for _ in range(c.integer(1, 4)):
        args = [value(c, k, nasty=25, least=0) for k in kinds]
        how = c.integer(0, 3)
        if how == 1:
            args[c.integer(0, len(args) - 1)] = c.pick(STRANGERS)
        elif how == 2 and len(args) > 1:
            at, other = c.some(range(len(args)), 2, 2)
            late.append(
                f"(lambda same: ({', '.join('same' if i in (at, other) else a for i, a in enumerate(args))},))({args[at]})"
            )
            continue
        elif how == 3 and "array" in kinds[0]:
            # views of one array
            late.append(
                f"(lambda base: ({', '.join('base[1:]' if i == 0 else 'base[:-1]' if k == kinds[0] else a for i, (k, a) in enumerate(zip(kinds, args, strict=True)))},))({value(c, kinds[0], least=3)})"
            )
            continue
        late.append(_args(args))
    return recorded, tuple(late)


def _args(values: list[str]) -> str:
    return f"({', '.join(values)},)"
