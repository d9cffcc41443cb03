"""Programs for filters that a function makes again and again (HST215), functions of windows (HST216) and sums of
windows that slide over a list (HST902)."""

from __future__ import annotations

from collections.abc import Callable

from tests.fuzz.choices import Choices, Program
from tests.fuzz.columns import HEAD, REDUCE, frame


def kept(c: Choices) -> Program:
    """A function filters a frame at each call; between the calls the frame is changed, in every way there is."""
    key = c.pick(("k", "k", "s", "b", "f"))
    test = c.pick(
        (
            f"df['{key}'] == x",
            f"df.{key} == x",
            f"(df['{key}'] == x) & (df['b'] == 1)",
            f"(df['{key}'] == x) & (df['s'] == 'x')",
        )
    )
    part = c.mostly(
        (f"df[{test}]", f"df.loc[{test}]", f"df[{test}]['a']", f"df.loc[{test}, 'a']"),
        (f"df[~({test})]", "df[df['a'] > x]", f"df[{test}].copy()"),
        8,
    )
    name = part.endswith(("'a']",))
    one = c.pick(REDUCE).removeprefix(".").removesuffix("()")
    use = [f"w = {part}"]
    use.append(
        c.mostly(
            (
                f"return w.{one}()" if name else f"return w['a'].{one}()",
                "return len(w)",
                "return w" + (".tolist()" if name else "['a'].tolist()"),
                "return (w.iloc[0] if len(w) else None)" if name else "return w['b'].iloc[-1] if not w.empty else -1",
                "return w" if name else "return w['c'].mean(), len(w)",
            ),
            ("return w, df", "w['a'] = 0\n    return len(w)", "df['a'] = 1\n    return len(w)", "return df"),
            8,
        )
    )
    changes = (
        "df.loc[df.index[0], 'a'] = 9.0", "df['a'] = df['a'] + 1", f"df['{key}'] = df['{key}'].to_numpy()[::-1]", "df.iat[0, 0] = 5.0",
        f"df.loc[:, '{key}'] = df['{key}'].iloc[0]", "df = df.iloc[1:]", "df = df.copy()", "df.sort_values('a', inplace=True)",
        "df.drop(df.index[:1], inplace=True)", "df.index = range(5, 5 + len(df))", "df['a'].iloc[0] = 3.0", "df.loc[len(df)] = df.iloc[0]",
        "df.rename(columns={'a': 'c', 'c': 'a'}, inplace=True)", f"df['{key}'].to_numpy()[:1] = x", "df.attrs['n'] = i",
        "df = pd.concat([df, df.iloc[:2]])", "df.insert(0, 'z', 1)", f"df['{key}'] = df['{key}'].astype(object)", "df.reset_index(drop=True, inplace=True)",
        "df.update(pd.DataFrame({'a': [7.0]}))", "df.pop('c')", "df.isetitem(0, 1)",
    )  # fmt: skip
    between = c.some(changes, 1, 2) if c.chance(60) else []
    lines = [
        f"        if i {c.pick(('==', '>', '%'))} {c.integer(1, 9)}:\n            {change}\n" for change in between
    ]
    text = (
        f"{HEAD}def part(df, x):\n    {use[0]}\n    {use[1]}\n\n\ndef work(df, xs):\n    out = []\n    for i, x in enumerate(xs):\n"
        f"{''.join(lines)}        out.append(part(df, x))\n    return out, df\n"
    )
    keys = {"k": "1, 2, 3, 4", "s": "'x', 'y', 'q'", "b": "1, 2, 0, 7", "f": "True, False"}[key]
    recorded = tuple(f"({frame(c, nasty=0)}, [{keys}] * {c.integer(4, 6)})" for _ in range(2))
    odd = (
        "nan",
        "None",
        "1.0",
        "True",
        "'1'",
        "2**70",
        "(1,)",
        "[1]",
        "np.int64(1)",
        "np.float64(nan)",
        "pd.NA",
        "1j",
    )
    late = tuple(
        f"({frame(c, nasty=c.pick((10, 30)), strange=c.chance(70))}, [{', '.join([keys, *c.some(odd, 0, 2)])}] * {c.integer(1, 3)})"
        for _ in range(c.integer(1, 3))
    )
    return Program(text, recorded, late)


def rolling(c: Choices) -> Program:
    def number() -> str:
        return c.mostly((
            "w.mean()", "w.max()", "w.min()", "w.sum()", "w.std()", "w.iloc[-1]", "w.iloc[0]", "len(w)", "(w > 1).sum()", "np.max(w)",
            "np.mean(w)", "(w * 2 + 1).sum()", "(1 + w).prod()", "w.median()", "w.quantile(0.25)", "w.size", "np.sum(w ** 2)",
            "np.dot(w, w)", "w.tolist()[0]", "sum(w)", "max(w)", "abs(w).max()", "w.count()", "(-w).min()", "np.nanmean(w)", "w.var()",
        ),
        (
            "w[0]", "w.index[0]", "w.idxmax()", "w.name", "w.values[0]", "w.loc[0]", "w.diff().sum()", "w.shift(1).max()", "w.sum(skipna=False)",
            "(w > w.mean()).mean()", "print(len(w)) or 0", "w.to_numpy()[-1]", "w.iloc[-2]",
        ), 8)  # fmt: skip

    body = c.pick(
        (
            number(),
            f"{number()} - {number()}",
            f"{number()} / ({number()} + 1)",
            f"{number()} if {number()} > 0 else {number()}",
            f"abs({number()}) + {number()}",
        )
    )
    given = c.mostly(
        ("3", "2", "4", "3, min_periods=1", "3, center=True", "window=2"),
        ("0", "1", "n", "3, closed='left'", "'2D'", "3, step=2"),
        8,
    )
    windows = c.mostly(
        (
            f"df['{c.pick('abc')}'].rolling({given})",
            f"df['a'].expanding({c.pick(('', '2'))})",
            f"df.rolling({given})['c']",
        ),
        (f"df[['a', 'c']].rolling({given})", f"df.groupby('k')['a'].rolling({given})"),
        8,
    )
    raw = c.mostly(("",), (", raw=True", ", raw=False", ", args=(1,)"), 8)
    if c.chance(50):
        text = f"{HEAD}def work(df, n):\n    return {windows}.apply(lambda w: {body}{raw})\n"
    else:
        text = f"{HEAD}def work(df, n):\n    def of(w):\n        x = {number()}\n        return x + ({body})\n    return {windows}.apply(of{raw}), n\n"
    recorded = tuple(f"({frame(c, nasty=0 if i == 0 else 8)}, 2)" for i in range(2))
    late = tuple(
        f"({frame(c, nasty=c.pick((10, 30)), strange=c.chance(60))}, {c.pick(('2', '1', '0', '-1', '50'))})"
        for _ in range(3)
    )
    return Program(text, recorded, late)


def sliding(c: Choices) -> Program:
    kind = c.pick(("sum", "sum", "max", "min"))
    window = c.mostly(
        ("xs[i:i + w]", "xs[i - w + 1:i + 1]", "xs[i:i + 3]", "xs[i - 2:i]", "xs[i + 1:i + 1 + w]", "xs[i - w:i]"),
        ("xs[i:w]", "xs[:i]", "xs[i::2]", "xs[-i:]", "xs[i:i + w:1]", "ys[i:i + w]"),
        8,
    )
    turns = c.mostly(
        ("len(xs) - w + 1", "w, len(xs) - w", "w, len(xs)", "60, 120", "2, n"),
        ("0", "len(xs)", "n, 0, -1", "0, n, 2", "-3, 60"),
        8,
    )
    value = c.pick(
        (
            f"{kind}({window})",
            f"{kind}({window}) / w",
            f"({kind}({window}), i)",
            f"{kind}({window}) - xs[i]",
            f"round({kind}({window}), 3)",
        )
    )
    hazard = c.mostly(
        ("pass",),
        (
            "xs.append(1.0)",
            "xs[i] = 0.5",
            "ys.append(i)",
            "w = 3",
            "if i == 70: w += 1",
            "xs = ys",
            "if i > 80: break",
            "i = 3",
            "n = w",
        ),
        25,
    )
    if c.chance(40):
        body = f"    out = [{value} for i in range({turns})]\n"
    else:
        body = f"    for i in range({turns}):\n        out.append({value})\n        {hazard}\n"
    text = f"def work(xs, w, n, ys):\n    out = []\n{body}    return out, xs, ys\n"
    plain = (
        "[i * 0.37 % 5 - 2 for i in range({})]", "[(i * 7919) % 23 - 11 for i in range({})]", "[float(i % 4) for i in range({})]",
        "[0.1 * (-1) ** i for i in range({})]",
    )  # fmt: skip
    odd = (
        *plain, "[float('nan')] * {}", "[0.0, -0.0] * {}", "[2**62, 1] * {}", "[True, False, 1] * {}", "[1, 2.5] * {}", "[2**80] * {}", "['a'] * {}",
        "tuple(range({}))", "[float('inf'), float('-inf'), 1.0] * {}", "[1e308] * {}", "range({})", "[[1], [2]] * {}", "[None] * {}",
    )  # fmt: skip

    def one(options: tuple[str, ...], late: bool) -> str:
        xs = c.pick(options).format(c.integer(90, 150))
        width = c.pick(("3", "7", "5", "2")) if not late else c.pick(("3", "1", "0", "-1", "200", "2.0", "True", "7"))
        n = c.pick(("90", "100")) if not late else c.pick(("90", "500", "0", "-5"))
        given = f"{xs}, {width}, {n}, [1.0] * 100"
        return f"(lambda xs: (xs, {width}, {n}, xs))({xs})" if late and c.chance(25) else f"({given})"

    return Program(text, tuple(one(plain, False) for _ in range(2)), tuple(one(odd, True) for _ in range(4)))


TEMPLATES: dict[str, Callable[[Choices], Program]] = {"HST215": kept, "HST216": rolling, "HST902": sliding}


def program(c: Choices) -> Program:
    return TEMPLATES[c.pick(tuple(TEMPLATES))](c)
