"""Programs for HST217: frames that go through parts, masks, columns, groups, cells, writes and functions in a loop."""

from __future__ import annotations

from tests.fuzz.choices import Choices, Program
from tests.fuzz.columns import HEAD, calls

NUMBERS = ("'a'", "'b'", "'c'", "'k'")
REDUCE = ("mean", "sum", "max", "min", "std", "var", "median", "count", "nunique", "any", "all")


class Frames:
    """Expressions over frames: `names` are the variables that hold one."""

    def __init__(self, c: Choices, names: list[str], series: bool = False) -> None:
        self.c, self.names, self.series = c, names, series

    def one(self) -> str:
        return self.c.pick(self.names[::-1])

    def mask(self, f: str) -> str:
        c = self.c
        a, sign = c.pick(NUMBERS), c.pick((">", "<", "==", ">=", "!=", "<="))
        plain = f"{f}[{a}] {sign} {c.pick(('1', '2.5', '0', 'i', '3', 'nan', 'v'))}"
        return c.pick(
            (
                plain,
                f"{f}['s'] == {c.pick(('word', repr('x'), repr('nix')))}",
                f"({plain}) & ({f}['s'] != 'x')",
                f"({plain}) | {f}['f']",
                f"~{f}['f']",
                f"{f}.f",
                f"{f}['a'] > {f}['a'].mean()",
                f"{f}['a'] >= {f}['c']",
                f"{f}['s'].isin(['x', 'y'])",
                f"{f}[{a}].notna()",
                f"{f}['b'].between(1, 3)",
                f"{f}['s'] > 'x'",
                f"{self.one()}['a'] > 1",
                f"({f}['a'] > 0).values",
                f"{f}['s'].str.startswith('x')",
                f"{f}['f'] == True",
            )
        )

    def frame(self, f: str) -> str:
        c = self.c
        return c.pick(
            (
                f"{f}[{self.mask(f)}]",
                f"{f}[{self.mask(f)}]",
                f"{f}.loc[{self.mask(f)}]",
                f"{f}.sample(frac=1, replace=True, random_state=rng)",
                f"{f}.sample(n=2, random_state=i)",
                f"{f}.sample(frac={c.pick(('0.5', '1'))})",
                f"{f}.iloc[rng.integers(0, len({f}), 4)]",
                f"{f}.iloc[{c.pick(('1:3', ':2', '-3:', '2:', 'i:', '5:2', '::2'))}]",
                f"{f}.copy()",
                f"{f}[{self.mask(f)}].copy()",
                f"{f}.head({c.pick(('2', '0', '-1', '10'))})",
                f"{f}.tail({c.pick(('2', '0', '10'))})",
                f"{f}.sort_values({c.pick(NUMBERS)})",
                f"{f}.sort_values(['k', 'a']).reset_index(drop=True)",
                f"{f}.reset_index(drop=True)",
                f"{f}.dropna()",
                f"{f}.merge({self.one()}[['k', 'c']], on='k')",
                f"{f}[['a', 'k', 's', 'f', 'b', 'c']]",
                f"{f}.drop_duplicates('k')",
                f"{f}.query('b > 1')",
                f"{f}.assign(a={f}['b'] * 1.5)",
            )
        )

    def column(self, f: str) -> str:
        c = self.c
        a = c.pick(NUMBERS)
        if self.series and c.chance(40):
            return c.pick(
                (
                    "col",
                    "col.sample(frac=1, replace=True, random_state=rng)",
                    "col.iloc[rng.integers(0, len(col), 5)]",
                    "col[col > 1]",
                    "col.iloc[i:]",
                    "(col - col.mean())",
                    "col.sample(3, replace=True)",
                    "(col > 0)",
                    f"({f}['a'] - col)",
                    f"col[{f}['f']]",
                    "np.abs(col)",
                )
            )
        return c.pick(
            (
                f"{f}[{a}]",
                f"{f}.a",
                f"({f}['a'] * 2 + {f}['c'])",
                f"(-{f}[{a}])",
                f"np.{c.pick(('sqrt', 'abs', 'exp', 'log1p', 'sign'))}({f}[{a}])",
                f"{f}[{a}].abs()",
                f"({f}[{a}] / {f}['b'])",
                f"({c.pick(('1', '2.5', 'v'))} {c.pick(('-', '/', '+', '*'))} {f}[{a}])",
                f"({f}[{a}] - {f}[{a}].mean())",
                f"({f}[{a}] {c.pick(('//', '%', '**'))} 2)",
                f"{f}[{a}][{self.mask(f)}]",
                f"{f}.loc[{self.mask(f)}, {a}]",
                f"{f}[{a}].{c.pick(('cumsum()', 'rank()', 'diff()', 'fillna(0)', 'shift(1)', 'clip(0, 2)', 'astype(float)'))}",
                f"({f}[{a}] - {self.one()}[{a}])",
                f"({f}[{a}] > 1)",
                f"{f}['f']",
                f"{f}['s']",
                f"{f}[{a}].iloc[{c.pick(('1:', ':2', '-2:'))}]",
                f"(np.float64(2.0) * {f}[{a}])",
                f"({f}['f'] & ({f}[{a}] > 1))",
                f"{f}[{a}].clip({c.pick(('0, 2', '2, 0', '-1', 'upper=1.5', 'None, 1', 'v, 9.5', 'nan, 1', '0.0', '-0.0'))})",
                f"{f}[{a}].fillna({c.pick(('0', '0.5', 'v', 'nan', '-0.0'))})",
                f"({f}[{a}].clip(0, 2).fillna(1.0) / {f}[{a}].std())",
                f"{f}['a'].where({f}['f'])",
            )
        )

    def value(self, f: str) -> str:
        c = self.c
        a, col = c.pick(NUMBERS), self.column(f)
        label = c.pick(
            ("0", "i", "'x'", "'y'", "2", "word", "'r1'", f"{f}['a'].idxmax()", f"{f}['s'].iloc[0]", f"{f}.index[0]")
        )
        how = c.integer(0, 9)
        if how <= 2:
            return f"{col}.{c.pick(REDUCE)}()"
        return c.pick(
            (
                f"len({f})",
                f"{f}.shape",
                f"{f}.empty",
                f"{f}[{a}].iloc[{c.pick(('0', '-1', 'i', '2'))}]",
                f"{f}.iloc[{c.pick(('0', '-1', 'i'))}][{a}]",
                f"{f}.iloc[0].s",
                f"{f}.loc[{c.pick(('0', 'i', '1'))}, {c.pick((a, repr('s')))}]",
                f"{f}.at[i, {a}]",
                f"{f}.loc[{label}, {c.pick((a, repr('s')))}]",
                f"{f}.loc[{label}]['s']",
                f"{f}[{a}].{c.pick((f'loc[{label}]', f'at[{label}]', f'iloc[1:][{label}]'))}",
                f"{f}[{a}][{label}]",
                f"{f}[{a}].{c.pick(('idxmax()', 'idxmin()', 'item()', 'idxmax(skipna=False)'))}",
                f"{f}.loc[{f}[{a}].idxmax(), 's']",
                f"{f}.loc[{self.mask(f)}, {c.pick((a, repr('s')))}].values[{c.pick(('0', '-1'))}]",
                f"[(key, len(g)) for key, g in {f}.groupby({c.pick((repr(['k', 's']), repr(['s']), repr('f'), repr(['a', 'f'])))})]",
                f"{f}['s'].{c.pick(('nunique()', 'tolist()', 'value_counts().to_dict()', 'iloc[0]', 'mode().tolist()', 'unique().tolist()', 'max()'))}",
                f"{f}.groupby('s')[{a}].{c.pick(('mean', 'sum', 'max', 'std', 'count', 'median'))}()",
                f"{f}.groupby({c.pick((repr('k'), repr('f'), repr(['k', 's']), repr(['s'])))})[{a}].{c.pick(('mean', 'sum', 'size', 'first'))}()",
                f"{f}.groupby('s').size().to_dict()",
                f"{f}.groupby('s', sort=False)[{a}].agg(['mean', 'max'])",
                f"list({f}[{a}])",
                f"{f}[{a}].values.sum()",
                f"{f}[{a}].to_numpy().tolist()",
                f"{f}.index.tolist()",
                f"{f}.columns.tolist()",
                f"np.{c.pick(('mean', 'sum', 'std', 'median', 'max'))}({col})",
                f"np.percentile({f}[{a}], 30)",
                f"{f}[{a}].quantile(0.3)",
                f"{f}[{a}].std(ddof=0)",
                f"{f}[{a}].mean(skipna=False)",
                f"{f}.describe()",
                f"{f}.to_dict('list')",
                f"str({f})",
                f"sum({f}['b'])",
                f"max({f}['a'])",
                f"{f}.mean(numeric_only=True)",
                f"{f}['a'].corr({f}['c'])",
                f"'a' in {f}",
                f"[x for x in {f}[{a}]]",
                f"list(zip({f}['a'], {f}['s']))",
                f"({f}[{a}] > 1).sum()",
                f"({f}[{a}] == {f}[{a}].iloc[0]).mean()",
                f"{f}.zz.sum()",
                f"{f}['zz'].sum()",
                f"{f}[{a}].apply(lambda x: x + v)",
                f"{f}.apply(lambda r: r['a'] + r['b'], axis=1).sum()",
                f"np.where({f}[{a}] > 1, 1, 0).sum()",
                f"np.corrcoef({f}['a'], {f}['c'])[0, 1]",
                f"pd.concat([{f}, {self.one()}]).shape",
                f"{col}.tolist()",
                f"f\"{{{f}['a'].mean():.3f}} {{len({f})}}\"",
                f"{f}[{a}].unique().tolist()",
                f"{f}[{f}['a'] == {f}['a'].max()]['s'].tolist()",
                f"{f}.set_index('k')['a'].to_dict()",
                f"type({f}).__name__",
                f"[g['a'].sum() for _, g in {f}.groupby('k')]",
                f"{{k: len(g) for k, g in {f}.groupby('s')}}",
                f"helper({f}, i)",
                f"{f}[{a}].equals({f}['a'])",
                f"abs({col}).max()",
                f"round({f}[{a}].mean(), 2)",
                f"{f}.isna().sum().tolist()",
                f"{f}.sum(numeric_only=True).tolist()",
                f"({f}['a'] + {f}['b']).values.tolist()",
                f"{f}.iat[0, 0]",
                f"any({f}['f'])",
                f"{f}['f'].sum()",
                f"{f}[{a}].iloc[0] if len({f}) else None",
            )
        )


def written_columns(c: Choices, frames: Frames, f: str) -> list[str]:
    """Statements that write into a column of their own, in the loop or in a function."""
    a = c.pick(NUMBERS)
    value = c.pick(
        (
            "z[m] - z[m].mean()",
            "0.5",
            "v",
            "1",
            "z * 2",
            f"{f}.loc[m, {a}]",
            f"{f}[{a}]",
            "nan",
            "z[~m]",
            "list(z[m])",
            "z[m].values",
            "True",
        )
    )
    column = c.pick((frames.column(f), f"{f}[{a}].clip(0, 2)", f"({f}[{a}] * 1.5)", f"{f}[{a}]", f"{f}[{a}].fillna(0)"))
    key = c.pick(("m", "m", "m", f"{frames.mask(f)}", "0", "z > 1", "~m"))
    after = c.pick(
        (
            "out.append(z)",
            "out.append((z.sum(), z.tolist(), w.tolist()))",
            f"{f}['z'] = z\nz[m] = 3.0\nout.append({f}.z.tolist())",
        )
    )
    old = c.pick(("w = z > 1", "w = z[m]", "w = -z", "w = z.iloc[1:]"))
    return [
        f"z = {column}\nm = {frames.mask(f)}\n{old}\nz[{key}] = {value}\n{after}",
        f"z = {column}\nm = {frames.mask(f)}\nfor x in (1, 2):\n    z[m] {c.pick(('-=', '*=', '+='))} z[m].mean()\nout.append(z)",
        f"out.append(written({column}, {frames.mask(f)}))",
        f"out.append(spread({f}, {a}, v))",
    ]


def statement(c: Choices, frames: Frames, number: int) -> str:
    f = frames.one()
    how = c.integer(0, 19)
    if how <= 5:
        name = c.pick(("part", "sub", "part", f"p{number}"))
        line = f"{name} = {frames.frame(f)}"
        if name not in frames.names:
            frames.names.append(name)
        return line
    if how <= 12:
        return f"out.append({frames.value(f)})"
    if how == 13:
        return f"for key, g in {f}.groupby({c.pick((repr('k'), repr('s'), repr(['k', 's'])))}):\n    out.append((key, {frames.value('g')}))"
    if how == 14 and len(frames.names) > 1:
        part = c.pick(frames.names[1:])
        value = c.pick(
            (frames.column(part), frames.column(f), "1", "v", f"np.arange(len({part}))", f"list({part}['b'])", "'x'")
        )
        return f"{part}[{c.pick((repr('z'), repr('a'), repr('s')))}] = {value}"
    if how == 15 and c.chance(40):  # columns that nothing else reads, by masks
        new, value = c.pick(("nw", "n2")), c.pick(("v", "len(out)", frames.column("df"), f"df['a'].{c.pick(REDUCE)}()"))
        mask = c.pick((frames.mask("df"), "mask"))
        return (
            f"mask = {frames.mask('df')}\ndf.loc[{mask}, '{new}'] {c.pick(('=', '=', '+='))} {value}\n"
            f"out.append(df.loc[mask, {c.pick((repr(new), repr('a'), repr('b')))}].{c.pick(REDUCE)}())"
        )
    if how == 15:
        part = frames.one()
        return c.pick(
            (
                f"{part}.loc[{frames.mask(part)}, 'a'] = 0.5",
                f"{part}['a'] += 1",
                f"{part}.loc[0, 'b'] = 7",
                f"{part}.iloc[0, 0] = 2.0",
                f"{part}['b'] = rng.permutation({part}['b'].values)",
                f"{part}['f'] = ~{part}['f']",
                f"{part}['{c.pick(('s', 'z'))}'] = rng.permutation({part}['s'].to_numpy())\nout.append({part}[{part}.s == 'x']['a'].sum())",
                f"{part}['s'] = np.array(['x', {c.pick((repr('y'), 'None', '1', 'np.str_(2)'))}] * len({part}), dtype=object)[:len({part})]",
                f"{part}.at[0, 'a'] = v",
            )
        )
    if how == 16:
        return f"left, right = split({f}, v)\nout.append({frames.value('left')})\nout.append({frames.value('right')})"
    if how == 17:
        return f"m = {frames.mask(f)}\nout.append({f}[m]['a'].sum())\nout.append({f}[~m]['a'].tolist())"
    if how == 18:
        return c.pick(
            (
                f"row = {f}.iloc[0]\nout.append((row['a'], row.b, row['s'], row.get('zz', 1)))",
                f"for j in range(len({f})):\n    out.append({f}.loc[j, 'a'])",
                f"x = {frames.column(f)}\nout.append((x.mean(), len(x), x.max()))",
                f"n = 0\nwhile n < len({f}) and {f}.iloc[n]['b'] > 0:\n    n += 1\nout.append(n)",
                f"for j, r in {frames.frame(f)}.iterrows():\n    out.append((j, type(r['a']), r['a'], r.s, r.get('zz', 1)))",
                f"for _, r in {f}.iterrows():\n    if r['b'] > 1:\n        break\n    out.append((type(r['k']), r['k'], r['f'] & True))",
                f"out.append([(r['s'], r['c']) for _, r in {frames.frame(f)}.iterrows() if r['b'] != 0])",
                f"out += [(j, r.name, r.to_dict()) for j, r in {frames.frame(f)}.iterrows()]",
                f"print({f}['a'].sum())",
                f"out.append({f}[{frames.mask(f)}])",
                f"held = {f}\nheld['b'] = 1",
                *written_columns(c, frames, f),
            )
        )
    return f"if {f}[{c.pick(NUMBERS)}].{c.pick(REDUCE)}() > 1:\n    out.append({frames.value(f)})"


WRITTEN = """

def spread(p, name, v):
    z = scaled(p[name])
    for k in p["k"].unique():
        m = p["k"] == k
        z[m] = z[m] - z[m].mean()
    return z, v * z + 1


def scaled(x):
    z = (x - x.mean()) / x.std()
    return z.clip(-1, 1).fillna(0.0)


def written(z, m):
    z[m] = 0.5
    return z
"""


def program(c: Choices) -> Program:
    inner = Frames(c, ["p"])
    helper = f"def helper(p, n):\n    q = {inner.frame('p')}\n    return {inner.value('p')}, {inner.value('q')}, n\n"
    split = f"def split(p, v):\n    m = {inner.mask('p').replace('word', repr('x')).replace(' i', ' 1')}\n    return p[m], p[~m]\n"
    helper = helper.replace("rng.", "np.random.").replace("random_state=rng", "random_state=3").replace("=i)", "=4)")
    split += WRITTEN
    series = c.chance(30)
    frames = Frames(c, ["df"], series)
    lines = [statement(c, frames, n) for n in range(c.integer(2, 6))]
    caught = c.chance(60)
    body = ""
    for line in lines:
        text = "".join(f"{x}\n" for x in line.split("\n"))
        if caught:
            text = (
                "try:\n"
                + "".join(f"    {x}\n" for x in line.split("\n"))
                + ("except Exception as e:\n    out.append((type(e).__name__, e.args))\n")
            )
        body += "".join(f"        {x}\n" for x in text.splitlines())
    head = c.pick(
        (
            "for i in range(3):",
            "for i, v in enumerate((1.0, 2.5)):",
            "for i in (0, 1):",
            "i = -1\n    while i < 2:\n        i += 1",
        )
    )
    before = "".join(f"    {name} = None\n" for name in ("part", "sub") if c.chance(5))
    before += f"    col = df[{c.pick((*NUMBERS, repr('s')))}]\n" if series else ""
    if c.chance(20):
        near = Frames(c, ["df"])
        before += f"    def near(x):\n        p = {near.frame('df')}\n        return x, {near.value('df')}, {near.value('p')}\n"
        body += "        out.append(near(i))\n" if not caught else ""
        body += "        try:\n            out.append(near(i))\n        except Exception as e:\n            out.append(e.args)\n"
    maker = c.pick(("np.random.default_rng(3)", "np.random.RandomState(3)"))
    if "RandomState" in maker:
        body = body.replace("rng.integers", "rng.randint")
    text = (
        f"{HEAD}i = word = v = n = 1\n\n\n{helper}\n\n{split}\n\ndef work(df, word):\n    out = []\n    v = 1.5\n    rng = {maker}\n{before}"
        f"    {head}\n{body}    return out, df\n"
    )
    return Program(
        text, *calls(c, lambda late: c.pick(("'x'", "'y'", "'nix'", "None", "3") if late else ("'x'", "'y'")))
    )
