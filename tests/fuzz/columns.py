"""Programs for the passes over frames (HST201 to HST213): their shapes, with holes, on frames of every sort."""

# ruff: noqa: E731, F541
from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from tests.fuzz.choices import Choices, Program

HEAD = "import math\nimport numpy as np\nimport pandas as pd\n\n\n"
FLOATS = ("1.5", "2.0", "-1.0", "0.5", "3.25", "10.0", "0.1")
NASTY = ("nan", "inf", "-inf", "0.0", "-0.0", "1e308", "-1e-320", "2.5", "2.0**60")
INTS = ("3", "1", "2", "0", "-1", "7", "4")
LARGE = ("2**53 + 1", "2**62", "-2**63", "2**31")
WORDS = ("'x'", "'y'", "'xy'", "'Z'")


def column(c: Choices, name: str, n: int, nasty: int, kind: str = "") -> str:
    kind = kind or {"a": "float", "c": "float", "b": "int", "k": "key", "s": "word", "f": "bool"}[name]
    pick: Callable[[], str]
    if kind == "float":
        pick = lambda: c.pick(NASTY) if c.chance(nasty) else c.pick(FLOATS)
    elif kind == "int":
        pick = lambda: c.pick(LARGE) if c.chance(nasty // 3) else c.pick(INTS)
    elif kind == "key":
        pick = lambda: c.pick(("1", "2", "3"))
    elif kind == "bool":
        pick = lambda: c.pick(("True", "False"))
    elif kind == "mixed":
        pick = lambda: c.pick(("1", "2.5", "'x'", "None", "True", "nan"))
    elif kind == "missing word":
        pick = lambda: c.pick(("'x'", "None", "'y'", "nan"))
    else:
        pick = lambda: c.pick(WORDS)
    return f"[{', '.join(pick() for _ in range(n))}]"


def frame(c: Choices, nasty: int = 0, strange: bool = False) -> str:
    """The source of a frame with columns a and c (floats), b (ints), k (keys), s (text), f (bools)."""
    n = 0 if nasty and c.chance(10) else c.integer(1 if nasty else 3, 8)
    names = ["a", "b", "c", "k", "s", "f"]
    cells = {name: column(c, name, n, nasty) for name in names}
    index = ""
    after = ""
    if strange:
        how = c.integer(0, 13)
        name = c.pick(("a", "b", "k", "s", "c"))
        if how == 0:
            index = f", index=[{', '.join(c.pick(('0', '1', '5', '2')) for _ in range(n))}]"
        elif how == 1:
            index = f", index=[{', '.join(repr(f'r{i}') for i in range(n))}]"
        elif how == 2:
            index = f", index=range({n}, 0, -1)"
        elif how == 3:
            cells[name] = column(c, name, n, nasty, c.pick(("mixed", "float", "int", "word", "bool", "missing word")))
        elif how == 4:
            after = f".astype({{{name!r}: {c.pick(('object', 'str', repr('category')))}}})"
        elif how == 5:
            after = (
                f".astype({{'b': {c.pick((repr('int32'), repr('Int64'), repr('float32'), repr('uint8'), repr('bool')))}}})"
                if not any(x in cells["b"] for x in ("*", "-"))
                else ""
            )
        elif how == 6:
            after = f".drop(columns=[{name!r}])"
        elif how == 7:
            after = f".rename(columns={{{name!r}: {c.pick((repr('a'), repr('zz'), '0'))}}})"
        elif how == 8:
            after = ".iloc[::-1]" if c.chance(50) else ".iloc[1:]"
        elif how == 9:
            after = f".set_index({name!r}, drop={c.pick(('False', 'True'))})"
        elif how == 10:
            cells[name] = f"pd.to_datetime([{', '.join(repr('2024-01-0' + str(i + 1)) for i in range(n))}])"
        elif how == 11:
            after = ".rename_axis('idx')" if c.chance(50) else ".rename_axis('cols', axis=1)"
        elif how == 12:
            after = "[['b', 'k']].assign(a=1, c=2, s='x', f=True)"
        else:
            index = f", index=pd.MultiIndex.from_arrays([range({n}), range({n})])"
    inner = ", ".join(f"{k!r}: {v}" for k, v in cells.items())
    return f"pd.DataFrame({{{inner}}}{index}){after}"


def calls(c: Choices, more: Callable[[bool], str] = lambda late: "") -> tuple[tuple[str, ...], tuple[str, ...]]:
    recorded = tuple(f"({frame(c, nasty=0 if i == 0 else 8)}, {more(False)})" for i in range(c.integer(1, 2)))
    late = [f"({frame(c, nasty=c.pick((10, 30)), strange=c.chance(70))}, {more(True)})" for _ in range(c.integer(1, 3))]
    return recorded, tuple(late)


# ---------------------------------------------------------------------- expressions of cells


class Cells:
    """Expressions over the cells of a row; `spell` says how a cell is read."""

    def __init__(self, c: Choices, spell: Callable[[str], str], names: tuple[str, ...] = ("a", "b", "c", "k")) -> None:
        self.c, self.spell, self.names = c, spell, names

    def number(self, depth: int = 2) -> str:
        c = self.c
        how = c.integer(0, 12 if depth else 1)
        if how == 0:
            return self.spell(c.pick(self.names))
        if how == 1:
            return c.pick(("2", "0.5", "1", "3", "-1.5", "0", "10"))
        if how in (2, 3, 4):
            return f"({self.number(depth - 1)} {c.pick(('+', '-', '*'))} {self.number(depth - 1)})"
        if how == 5:
            return f"({self.number(depth - 1)} / {c.pick(('2', '4.0', self.number(0)))})"
        if how == 6:
            return f"({self.number(depth - 1)} {c.pick(('//', '%'))} {c.pick(('2', '3', '0.7', self.number(0)))})"
        if how == 7:
            return (
                f"{c.pick(('abs', 'round', 'int', 'float', 'math.floor', 'np.abs', 'bool'))}({self.number(depth - 1)})"
            )
        if how == 8:
            return f"{c.pick(('min', 'max'))}({self.number(depth - 1)}, {self.number(depth - 1)})"
        if how == 9:
            return f"({self.number(depth - 1)} if {self.truth(depth - 1)} else {self.number(depth - 1)})"
        if how == 10:
            return f"{c.pick(('math.sqrt', 'math.exp', 'math.log', 'np.sqrt', 'np.log1p', 'math.sin'))}({c.pick((f'abs({self.number(depth - 1)})', self.number(0)))})"
        if how == 11:
            return f"({self.number(depth - 1)}) ** {c.pick(('2', '0.5', '3'))}"
        return f"-{self.spell(c.pick(self.names))}"

    def truth(self, depth: int = 1) -> str:
        c = self.c
        sign = c.pick((">", "<", "==", ">=", "!="))
        how = c.integer(0, 6 if depth else 0)
        if how <= 1:
            return f"{self.number(max(depth - 1, 0))} {sign} {self.number(0)}"
        if how == 2:
            return f"({self.truth(depth - 1)} {c.pick(('and', 'or'))} {self.truth(depth - 1)})"
        if how == 3:
            return f"not {self.truth(depth - 1)}"
        if how == 4 and len(self.names) > 1:
            return f"{self.spell('s')} {c.pick(('==', '!=', 'in', '<'))} {c.pick((WORDS[0], WORDS[1]))}"
        if how == 5:
            return f"pd.{c.pick(('isna', 'notna', 'isnull'))}({self.spell(c.pick(self.names))})"
        return f"{self.number(0)} < {self.number(0)} <= {self.number(0)}"

    def anything(self) -> str:
        c = self.c
        how = c.integer(0, 9)
        if how <= 4:
            return self.number()
        if how == 5:
            return self.truth(2)
        if how == 6:
            return f"{c.pick((WORDS[0], WORDS[2]))} if {self.truth()} else {c.pick((WORDS[1], self.spell('s') if len(self.names) > 1 else WORDS[3], 'None', self.number(0)))}"
        if how == 7 and len(self.names) > 1:
            return f"{self.spell('s')}{c.pick(('.upper()', ' + ' + WORDS[0], '.startswith(' + WORDS[0] + ')', '[0]', '.replace(' + WORDS[0] + ', ' + WORDS[1] + ')'))}"
        if how == 8:
            return f"({self.number(1)}, {self.number(0)})"
        return f"{self.number(1)} if {self.truth()} else {c.pick(('None', 'np.nan', '0', self.number(1)))}"


def bracket(name: str) -> Callable[[str], str]:
    return lambda column: f"{name}['{column}']"


def dotted(name: str) -> Callable[[str], str]:
    return lambda column: f"{name}.{column}"


def spelt(c: Choices, name: str) -> Callable[[str], str]:
    return c.pick((bracket(name), dotted(name)))


# ---------------------------------------------------------------------- templates


def rows(c: Choices) -> Program:
    head = c.pick(("for i, row in df.iterrows():", "for _, row in df.iterrows():", "for row in df.itertuples():", "for row in df.itertuples(index=False):",
                   "for n, (i, row) in enumerate(df.iterrows()):", "for i, row in df[df['k'] > 1].iterrows():"))  # fmt: skip
    e = Cells(c, dotted("row") if "itertuples" in head else spelt(c, "row"))
    i = "i" if "i, row" in head else "0"
    uses = (
        f"total += {e.number()}",
        f"out.append({e.anything()})",
        f"if {e.truth()}:\n            out.append({e.number(1)})",
        f"out.append(({i}, {e.number(1)}))",
        f"counts[{e.spell('k')}] = counts.get({e.spell('k')}, 0) + {e.number(1)}",
        f"if {e.truth()}:\n            {c.pick(('continue', 'break', 'raise ValueError(total)'))}",
        f"counts.setdefault({e.spell('s')}, []).append({e.number(1)})",
        f"out.append(type({e.spell('b')}).__name__)",
        f"print({e.spell('s')}, {e.number(0)})",
    )
    rare = (
        "out.append(row)",
        "df.loc[i, 'a'] = 0.0",
        "df['b'] = 1",
        "row['a'] = 5",
        "out.append(dict(row))",
        "out.append(len(row))",
        "last = row",
        "df = df.copy()",
        "out.append(row.name)",
        "del df['c']",
        "out.append(list(row))",
        "helper(row)",
    )
    lines = c.some(uses, 1, 3) + ([c.pick(rare)] if c.chance(20) else [])
    before = ""
    if c.chance(30):
        # the row before is remembered
        old = Cells(c, spelt(c, "last"))
        before = c.pick(("    last = None\n", "    last = None\n", "    last = 0\n", "    last = df.iloc[0]\n", ""))
        seen = c.pick(
            (
                f"out.append({old.number(1)} - {e.number(0)})",
                f"out.append({old.anything()})",
                f"total += {old.number()}",
            )
        )
        lines.append(f"if last is {c.pick(('not None', 'not None', 'None'))}:\n            {seen}")
        if c.chance(20):
            lines.append(
                c.pick(
                    (
                        "out.append(last)",
                        "other = last",
                        "out.append(len(last))",
                        "out.append(last == row)",
                        "last['a'] = 1",
                    )
                )
            )
        lines.append(
            c.pick(
                (
                    "last = row",
                    "last = row",
                    "last = first = row",
                    "other = row\n        last = other",
                    "if total > 1:\n            last = row",
                )
            )
        )
    after = (
        c.pick(("", "", "    out.append(last.a)\n", "    out.append(last is None)\n", "    out.append(last)\n"))
        if before
        else ""
    )
    body = "".join(f"        {line}\n" for line in lines)
    text = (
        HEAD
        + f"def helper(r):\n    return {Cells(c, dotted('r')).number(1)}\n\n\ndef work(df, flag):\n    total = 0.0\n    out = []\n    counts = {{}}\n{before}    {head}\n{body}{after}    return total, out, counts\n"
    )
    return Program(text, *calls(c, lambda late: "1"))


def table(c: Choices, key: str, late: bool) -> str:
    """The source of what a row function looks cells up in, by words or by keys."""
    keys = WORDS if key == "s" else ("1", "2", "3")
    held = c.pick((FLOATS, INTS, WORDS, (*FLOATS, *INTS)))
    if late and c.chance(50):
        held = c.pick((FLOATS, INTS, WORDS, ("None", "1"), ("True", "False"), LARGE, NASTY, ("[1]", "2.5")))
    cells = {k: c.pick(held) for k in keys if not c.chance(15)}
    if late and c.chance(20):
        cells[c.pick(("nan", "None", "True", "2.0", "(1, 2)", "object()"))] = c.pick(held)
    text = "{" + ", ".join(f"{k}: {v}" for k, v in cells.items()) + "}"
    how = c.integer(0, 12 if late else 9)
    if how >= 10:
        return c.pick((f"Counting({text})", f"pd.concat([pd.Series({text})] * 2)", f"list({text})", "None", "3", "{}"))
    return f"pd.Series({text})" if how == 9 and cells else text


def looked_up(c: Choices) -> Program:
    """Row functions that ask tables from around them, labels in variables, dates."""
    e, key = Cells(c, spelt(c, "row")), c.pick(("s", "k"))
    cell = f"row[{key!r}]"
    lookup = c.pick((f"flag[{cell}]", f"flag[{cell}]", f"flag.get({cell}, {c.pick(('0', '0.5', repr('x')))})", f"asked(flag, {cell})", f"FIXED[{cell}]"))  # fmt: skip
    date = c.pick(("row['d'].month", "row['d'].day * 2", "(row['d'] - START).days", "(START - row['d']).total_seconds()", "row['d'].weekday()"))  # fmt: skip
    expr = c.pick(
        (
            lookup,
            f"{e.number(1)} {c.pick(('+', '*', '-', '/'))} {lookup}",
            f"{lookup} {c.pick(('+', '*', '/', '>', '=='))} {e.number(0)}",
            f"{lookup} if {cell} {c.pick(('in', 'not in'))} flag else {e.number(1)}",
            f"{e.number(1)} if {e.truth()} else {lookup}",
            f"(row[label] - {lookup}) / {c.pick((lookup, '2', e.number(0)))}",
            f"row[label] + {e.number(0)}",
            f"{date} + {e.number(0)}",
            f"{date} if row['d'] {c.pick(('<', '>=', '!='))} START else {e.number(0)}",
            "row['d'].strftime('%m-%d') if row['d'].day > 1 else row['s']",
        )
    )
    defs = "START = pd.Timestamp('2024-01-03 12:00')\nFIXED = {'x': 1.5, 'y': 2, 'xy': -1, 'Z': 0, 1: 4, 2: 0.5, 3: 7}\n\n\n"
    defs += "class Counting(dict):\n    def __missing__(self, key):\n        self[key] = len(self)\n        return 1.5\n\n\n"
    defs += f"def asked(table, key):\n    return table[key] if key in table else {c.pick(('0', '-1.0', 'FIXED[key]'))}\n\n\n"
    days = "pd.to_datetime('2024-01-01') + pd.to_timedelta(np.arange(len(df)) * 31, unit='h')"
    labels = c.pick(("('a',)", "('a', 'c')", "('b', 'a')"))
    use = f"df = df.assign(d={days})\n    for label in {labels}:\n        out.append(df.apply(lambda row: {expr}, axis=1))\n"
    body = f"def work(df, flag):\n    out = []\n    {use}    return out, flag if type(flag) is Counting else 0\n"
    return Program(HEAD + defs + body, *calls(c, lambda late: table(c, key, late)))


def apply_rows(c: Choices) -> Program:
    e = Cells(c, spelt(c, "row"))
    if c.chance(50):
        f, defs = f"lambda row: {e.anything()}", ""
    else:
        f = "score"
        defs = f"def score(row):\n    x = {e.number(1)}\n    if {e.truth()}:\n        {c.pick((f'return {e.anything()}', f'x = {e.number(1)}', f'x += {e.number(1)}'))}\n"
        defs += f"    return {c.pick(('x', f'x + {e.number(1)}', e.anything()))}\n\n\n"
    call = c.pick(
        (
            f"df.apply({f}, axis=1)",
            f"df.apply({f}, axis='columns')",
            f"df.apply({f}, axis=1, result_type={c.pick((repr('expand'), 'None'))})",
            f"df[['a', 'b', 'c', 'k', 's']].apply({f}, axis=1)",
        )
    )
    use = c.pick(
        (
            f"return {call}",
            f"df['new'] = {call}\n    return df",
            f"return {call}.sum()",
            f"df = df.assign(new={call})\n    return df['new'], df",
            f"out = list({call})\n    return out",
        )
    )
    return Program(HEAD + defs + f"def work(df, flag):\n    {use}\n", *calls(c, lambda late: "1"))


def elementwise(c: Choices) -> Program:
    name = c.pick(("a", "b", "a", "s", "c", "b", "c", "f"))
    e = Cells(c, lambda column: "x", ("a",))
    if name == "s":
        expr = c.pick(
            (
                "x.upper()",
                "len(x)",
                "x + '!'",
                "x in ('x', 'y')",
                "x == 'x'",
                "x.startswith('x')",
                "x[0]",
                "1 if x == 'x' else 0",
                "x.strip().lower()",
                "TABLE.get(x)",
                "TABLE.get(x, 0)",
                "TABLE[x]",
                "f'{x}-'",
                "'x' in x",
            )
        )
    else:
        expr = c.pick(
            (
                e.anything(),
                e.number(),
                e.number(),
                e.truth(2),
                e.number(),
                e.anything(),
                "TABLE.get(x, -1)",
                "str(x)",
                "f'{x:.2f}'",
                "round(x, 1)",
                "int(x)",
                "x * x",
                "x if x > 0 else 0",
                "'hi' if x > 1 else 'lo'",
            )
        )
    f = f"lambda x: {expr}"
    defs = f"TABLE = {c.pick(('{}', '{1: 2, 3: 4}', repr({'x': 1, 'y': 2}), repr({'x': 1.5, 'y': None})))}\n\n\n"
    if c.chance(40):
        f = "change"
        defs += f"def change(x):\n    if {e.truth(1)}:\n        return {e.number(1)}\n    return {expr}\n\n\n"
    call = f"df['{name}'].{c.pick(('apply', 'map'))}({f})"
    if c.chance(8):
        call = f"df['{name}'].map({f}, na_action='ignore')"
    use = c.pick(
        (
            f"return {call}",
            f"df['new'] = {call}\n    return df",
            f"df['{name}'] = {call}\n    return df",
            f"return {call}.tolist()",
        )
    )
    return Program(HEAD + defs + f"def work(df, flag):\n    {use}\n", *calls(c, lambda late: "1"))


REDUCE = ("mean", "sum", "max", "min", "std", "count", "median", "var", "size", "nunique", "first")


def groups(c: Choices) -> Program:
    by = c.pick(("'k'", "'s'", "['k']", "'b'", "['k', 's']", "'k', sort=False", "'a'", "'f'", "['k', 'f']"))
    col = c.pick(("['a']", "['b']", "['c']"))
    if c.chance(15):
        by = c.pick(("'k', as_index=False", "'k', dropna=False", "df['k']", by))
        col = c.pick(("[['a', 'c']]", ".a", col))
    r = lambda: c.pick(
        (
            "g.mean()",
            "g.sum()",
            "g.max()",
            "g.min()",
            "g.std()",
            "len(g)",
            "g.count()",
            "g.median()",
            "g.iloc[0]",
            "(g > 1).sum()",
            "g.var(ddof=0)",
            "g.quantile(0.5)",
            "np.mean(g)",
        )
    )
    reduced = c.pick(
        (
            r(),
            f"{r()} - {r()}",
            f"{r()} / {r()}",
            f"{r()} if len(g) > 1 else 0",
            f"{r()} * 2 + {r()}",
            f"round({r()}, 2)",
            f"float({r()})",
        )
    )
    mapped = c.pick(
        (
            f"g - {r()}",
            f"(g - {r()}) / {r()}",
            f"g / {r()}",
            f"g.fillna({r()})",
            f"({r()} - g) * 2",
            f"{r()}",
            f"(g - {r()}) / ({r()} - {r()})",
            "g.rank()" if c.chance(30) else f"g + {r()}",
            f"g * 2 - {r()}",
        )
    )
    how = c.pick(("apply", "agg", "transform", "transform", "aggregate"))
    f = f"lambda g: {mapped if how == 'transform' else reduced}"
    defs = ""
    if c.chance(35):
        defs = f"def spread(g):\n    low = {r()}\n    return {c.pick((f'{r()} - low', reduced, 'low'))}\n\n\n"
        f = "spread"
    use = c.pick(
        (
            f"return df.groupby({by}){col}.{how}({f})",
            f"df['new'] = df.groupby({by}){col}.{how}({f})\n    return df",
            f"return df.groupby({by}){col}.{how}({f}).reset_index()",
        )
    )
    return Program(HEAD + defs + f"def work(df, flag):\n    {use}\n", *calls(c, lambda late: "1"))


def growth(c: Choices) -> Program:
    if c.chance(80):
        piece = c.pick(
            (
                "pd.DataFrame({'x': [v], 'y': ['t']})",
                "pd.DataFrame([{'x': v, 'y': 1}])",
                "df.iloc[i:i + 1]",
                "pd.DataFrame({'x': [v, v]}, index=[5, 6])",
                "df[df['k'] == v]",
                "pd.DataFrame()",
                "pd.DataFrame({'z': [v]}) if v == 2 else pd.DataFrame({'x': [v]})",
            )
        )
        step = c.pick(
            (
                f"out = pd.concat([out, {piece}])",
                f"out = pd.concat([out, {piece}], ignore_index=True)",
                f"out = pd.concat([{piece}, out])",
                f"out = pd.concat((out, {piece}), axis=0)",
                f"out = pd.concat([out, {piece}, {piece}])",
                f"out = pd.concat([out, {piece}], axis=1)",
            )
        )
        start = c.pick(
            (
                "out = pd.DataFrame()",
                "out = pd.DataFrame(columns=['x', 'y'])",
                "out = df",
                "out = df.head(1)",
                "out = pd.DataFrame({'x': [1.5]})",
            )
        )
    else:
        piece = c.pick(("v", "v * 0.5", "[v, v]", "np.array([v])", "str(v)", "v > 1", "[]", "None if v == 2 else v"))
        step = c.pick(
            (
                f"out = np.append(out, {piece})",
                f"out = np.append(out, {piece}, axis=0)",
                f"out = np.concatenate([out, [{piece}]])",
                f"out = np.hstack([out, {piece}])",
                f"out = np.append({piece}, out)",
                f"out = np.vstack([out, {piece}])",
            )
        )
        start = c.pick(
            (
                "out = np.array([])",
                "out = np.array([], dtype=int)",
                "out = np.zeros(0)",
                "out = []",
                "out = np.array([1, 2])",
                "out = df['a'].to_numpy()",
                "out = np.empty((0, 1))",
            )
        )
    more = c.pick(
        (
            "pass",
            "pass",
            "n += len(out)",
            "if v == 3: break",
            "if v == 3: continue",
            "held.append(out)",
            "if v == 2: raise ValueError(len(out))",
            "print(v)",
            "n += v",
            "if len(out) > 2: out = out[:1]",
        )
    )
    lines = [step, more]
    if c.chance(40):
        lines.reverse()
    text = (
        HEAD
        + f"def work(df, values):\n    n = 0\n    held = []\n    {start}\n    for i, v in enumerate(values):\n"
        + "".join(f"        {x}\n" for x in lines)
        + "    return out, n, held\n"
    )
    return Program(
        text,
        *calls(
            c,
            lambda late: c.pick(
                (
                    "[1, 2, 3]",
                    "[3, 2]",
                    "range(4)",
                    *(
                        (
                            "[]",
                            "[1.5, 2]",
                            "[True, 2]",
                            "['p', 2]",
                            "np.array([2, 3], np.int32)",
                            "(1, None)",
                            "[nan]",
                            "[np.float32(1.5)]",
                        )
                        if late
                        else ()
                    ),
                )
            ),
        ),
    )


def lookups(c: Choices) -> Program:
    key = c.pick(("k", "k", "s", "b", "a"))
    mask = c.pick(
        (
            f"df['{key}'] == x",
            f"df.{key} == x",
            f"x == df['{key}']",
            f"df['{key}'] != x",
            f"(df['{key}'] == x) & (df['b'] > 0)",
        )
    )
    part = c.pick((f"df[{mask}]", f"df.loc[{mask}]"))
    read = c.pick(
        (
            f"{part}['c'].iloc[0]",
            f"{part}['c'].values[0]",
            f"len({part})",
            f"{part}['c'].sum()",
            f"{part}['c'].mean()",
            f"{part}.iloc[0]['c']",
            f"{part}['c'].tolist()",
            f"{part}",
            f"{part}['s'].iloc[0]",
            f"df.loc[{mask}, 'c'].iloc[0]",
            f"df.loc[{mask}, 'c'].item()",
            f"{part}.shape[0]",
            f"{part}.empty",
            f"df.loc[{mask}, 'b'].max()",
            f"{part}.index[0]",
            f"df[{mask}][['a', 'c']].to_dict('records')",
            f"{part}['c'].count()",
        )
    )
    use = c.pick(
        (
            f"out.append({read})",
            f"part = {part}\n        if len(part) > 0:\n            out.append(part['c'].iloc[0])",
            f"part = {part}\n        out.append(part['c'].max() - part['b'].min())",
            f"total = total + {read}",
            f"if not {part}.empty:\n            out.append({read})",
            f"match = {part}\n        if match.empty:\n            continue\n        row = match.iloc[0]\n        out.append(row['c'] * 2)",
        )
    )
    more = c.pick(
        (
            "pass",
            "pass",
            "pass",
            "df.loc[df.index[0], 'c'] = 9.0",
            "df = df[1:]",
            "df['k'] = 1",
            "out.append(x)",
            "other['c'] = 1",
            "if total > 5: break",
        )
    )
    lines = [use, more]
    if c.chance(50):
        lines.reverse()
    keys = {"k": "[1, 2, 3, 2]", "s": "['x', 'y', 'zz']", "b": "[3, 1, 0]", "a": "[1.5, 2.0]"}[key]
    text = (
        HEAD
        + "def work(df, values):\n    out = []\n    total = 0\n    other = OTHER\n    for x in values:\n"
        + "".join(f"        {x}\n" for x in lines)
        + "    return out, total, df\n"
    )
    late = (
        "[True, 1.0, 2]",
        "[None, 'x']",
        "[nan, 2]",
        "[]",
        "[2**70, -1]",
        "['x', 1]",
        "[(1,), 1]",
        "np.array([1, 2])",
        "pd.Series([1, 2])",
        "[np.int64(1), np.float32(2.0)]",
        "[[1, 2, 3]]",
        "[pd.NA]",
        "[1j]",
    )
    return Program(text, *calls(c, lambda is_late: c.pick(late) if is_late and c.chance(60) else keys))


def cells(c: Choices) -> Program:
    read = lambda col: c.pick(
        (
            f"df.iloc[i]['{col}']",
            f"df.loc[i, '{col}']",
            f"df.at[i, '{col}']",
            f"df['{col}'].iloc[i]",
            f"df['{col}'][i]",
            f"df.iloc[i].{col}",
            f"df['{col}'].values[i]",
            f"df.{col}[i]",
            f"df.iloc[i, 0]",
            f"df['{col}'].loc[i]",
            f"df.loc[i]['{col}']",
            f"df.iat[i, 1]",
            f"df.iloc[i - 1]['{col}']",
            f"df.loc[i + 1, '{col}']",
            f"df.loc[i, name]",
        )
    )
    e = Cells(c, read)
    use = c.some(
        (
            f"total += {e.number(1)}",
            f"out.append({e.anything()})",
            f"if {e.truth()}:\n            out.append({e.number(1)})",
            f"out.append({read('s')})",
            f"out.append(type({read('b')}).__name__)",
            f"total = max(total, {read('a')})",
        ),
        1,
        2,
    )
    use += (
        [
            c.pick(
                (
                    "df.loc[i, 'a'] = 1.0",
                    "df['b'] = 2",
                    "df = df.copy()",
                    "other.loc[0, 'a'] = 3.0",
                    "df.drop(0)",
                    "del df['c']",
                    "break",
                )
            )
        ]
        if c.chance(15)
        else []
    )
    loop = c.pick(
        (
            "for i in range(len(df)):",
            "for i in df.index:",
            "for i in range(1, len(df)):",
            "for i in range(df.shape[0]):",
            "for i in values:",
            "for i in range(len(df) - 1):",
        )
    )
    text = (
        HEAD
        + f"def work(df, values):\n    out = []\n    total = 0.0\n    other = OTHER\n    name = 'a'\n    {loop}\n"
        + "".join(f"        {x}\n" for x in use)
        + "    return out, total\n"
    )
    return Program(
        text,
        *calls(
            c,
            lambda late: c.pick(
                (
                    "[0, 1, 2]",
                    "[2, 0]",
                    *(
                        (
                            "[-1]",
                            "[99]",
                            "[True]",
                            "[1.0]",
                            "['r0']",
                            "[None]",
                            "[np.int64(1)]",
                            "[slice(0, 2)]",
                            "[[0, 1]]",
                            "[0.5]",
                        )
                        if late
                        else ()
                    ),
                )
            ),
        ),
    )


def writes(c: Choices) -> Program:
    col = c.pick(("'a'", "'b'", "'new'", "'s'", "'a'"))
    place = c.pick((f"df.at[i, {col}]", f"df.loc[i, {col}]", f"df.iloc[i, 0]", f"df.iat[i, 0]"))
    read = lambda name: c.pick(
        (f"df.at[i, '{name}']", f"df.loc[i, '{name}']", f"df['{name}'].iloc[i]", f"df.loc[i - 1, '{name}']")
    )
    e = Cells(c, read)
    value = c.pick(
        (e.number(1), "i", "i * 0.5", "'t'", "None", "i > 1", e.number(2), "np.nan", "float(i)", f"{read('s')}.upper()")
    )
    lines = [
        c.pick(
            (
                f"{place} = {value}",
                f"{place} += {value}",
                f"if {e.truth()}:\n            {place} = {value}",
                f"if i > 1:\n            {place} = {value}\n        else:\n            {place} = {c.pick(('0', '0.5', value))}",
            )
        )
    ]
    if c.chance(25):
        lines.append(
            c.pick(
                (
                    "total += df['a'].sum()",
                    "print(len(df))",
                    "other = df.copy()",
                    "if i == 2: raise ValueError(i)",
                    "if i == 3: break",
                    f"total += {read('a')}",
                    "df = df",
                    "held.append(df)",
                )
            )
        )
    start = c.pick(
        (
            "df = df.copy()",
            "pass",
            "df['new'] = 0.0",
            "df['new'] = 0",
            "df = df.reset_index(drop=True)",
            "df['new'] = ''",
        )
    )
    loop = c.pick(
        (
            "for i in range(len(df)):",
            "for i in df.index:",
            "for i in range(1, len(df)):",
            "for i, row in df.iterrows():",
            "for i in df[df['k'] > 1].index:",
            "for i, row in part.iterrows():",
            "for i in part.index:",
            "for i in (1, 3, 99):",
            "for i in values:",
        )
    )
    start += c.pick(
        (
            "\n    part = df[df['a'] > 0]",
            "\n    part = df.head(3)",
            "\n    part = df",
            "\n    part = held[0] if held else df",
        )
    )
    if "in part" in loop and c.chance(50):
        lines.append(c.pick(("total += part['a'].sum()", "total += part.loc[i, 'b']", "held.append(part.at[i, 'a'])")))
    text = (
        HEAD
        + f"def work(df, values):\n    total = 0.0\n    held = []\n    other = None\n    {start}\n    {loop}\n"
        + "".join(f"        {x}\n" for x in lines)
        + "    return df, total, other\n"
    )
    return Program(text, *calls(c, lambda late: "1"))


def parts(c: Choices) -> Program:
    col = c.pick(("a", "b", "c", "a"))
    part = c.pick(
        (
            "df.iloc[max(0, i - 2):i + 1]",
            "df[i:i + 3]",
            "df[(df['b'] >= i) & (df['b'] < i + 3)]",
            "df[df['a'] > i]",
            "df.iloc[:i]",
            "df[df['k'] == i]",
            "df.loc[i:i + 2]",
            "df[df['s'] == 'x']",
            "df.iloc[i:]",
            "df[(df.k == i) | (df.b > 2)]",
            "df.iloc[-i:]",
            "df[~(df['a'] > 1)]",
        )
    )
    r = lambda base: f"{base}['{c.pick((col, 'a', 'b'))}'].{c.pick((*REDUCE, 'sum', 'mean', 'max'))}()".replace(
        ".size()", ".size"
    ).replace(".first()", ".iloc[0]")
    use = c.some(
        (
            f"out.append({r(part)})",
            f"w = {part}\n        out.append({r('w')})",
            f"w = {part}\n        if len(w) > 1:\n            out.append({r('w')} - {r('w')})",
            f"w = {part}\n        out.append((len(w), {r('w')}))",
            f"w = {part}['{col}']\n        out.append(w.max() - w.min())",
            f"out.append(({part}['{col}'] > 1).sum())",
            f"out.append(np.mean({part}['{col}']))",
            f"w = {part}\n        out.append((w['a'] * w['b']).sum())",
            f"w = {part}['{col}']\n        out.append(w.iloc[0] if len(w) else None)",
            f"out.append({r(part)} if not {part}.empty else 0)",
        ),
        1,
        2,
    )
    use += (
        [
            c.pick(
                (
                    "df.loc[0, 'a'] = 9.0",
                    "df = df[1:]",
                    "out.append(w)",
                    "df['a'] = df['a'] + 1",
                    "w['a'] = 1",
                    "other['b'] = 1",
                    "if i > 2: break",
                )
            )
        ]
        if c.chance(15)
        else []
    )
    text = (
        HEAD
        + f"def work(df, n):\n    out = []\n    w = None\n    other = OTHER\n    for i in range({c.pick(('1, n', 'n', '0, n, 2', 'len(df)'))}):\n"
        + "".join(f"        {x}\n" for x in use)
        + "    return out\n"
    )
    return Program(text, *calls(c, lambda late: c.pick(("5", "4", *(("0", "-1", "12", "True") if late else ())))))


def group_parts(c: Choices) -> Program:
    by = c.pick(
        (
            "'k'",
            "'k'",
            "'s'",
            "['k', 's']",
            "'k', sort=False",
            "'b'",
            "['k']",
            "'a'",
            "df['k']" if c.chance(20) else "'k'",
        )
    )
    r = lambda: f"g['{c.pick(('a', 'b', 'c'))}'].{c.pick(REDUCE)}()".replace(".size()", ".size").replace(
        ".first()", ".iloc[0]"
    )
    e = c.pick(
        (
            r(),
            f"{r()} - {r()}",
            f"({r()}, len(g))",
            r(),
            f"{r()} / {r()}",
            f"({r()}, {r()})",
            f"[{r()}, {r()}]",
            f"(g['a'] > {c.pick(('1', '0.5'))}).sum()",
            f"{{'m': {r()}, 'n': {r()}}}",
            f"{r()} if len(g) > 1 else None",
            f"float({r()})",
            f"np.max(g['a']) - {r()}",
            f"(g['a'] * g['b']).sum() / {r()}",
            "g.shape[0]",
            "g['s'].iloc[0]",
            "g['a'].tolist()",
            f"g['a'].quantile(0.5) - {r()}",
            "g['a'].sort_values().iloc[0]",
            "g['s'].nunique()",
            "g['a'].idxmax()",
            "g['a'].cumsum().iloc[-1]",
        )
    )
    if c.chance(60):
        use = c.pick(
            (
                f"out[key] = {e}",
                f"out[key] = {e}",
                f"rows.append({e})",
                f"rows.append((key, {e}))",
                f"total = {r()}\n        if total > 1:\n            rows.append(key)",
                "x = g['a']\n        rows.append(x.max() - x.min())",
            )
        )
        more = (
            "pass"
            if c.chance(60)
            else c.pick(
                (
                    "pass",
                    "rows.append(g)",
                    "g['a'] = 1",
                    "df['a'] = 0",
                    "if len(rows) > 1: break",
                    "print(key)",
                    "df = df[1:]",
                    "last = g",
                )
            )
        )
        text = (
            HEAD
            + f"def work(df, flag):\n    out = {{}}\n    rows = []\n    last = None\n    for key, g in df.groupby({by}):\n        {use}\n        {more}\n    return out, rows\n"
        )
    else:
        defs, f = (
            "",
            f"lambda g: {c.pick((e, f'pd.Series({{{chr(39)}p{chr(39)}: {r()}, {chr(39)}q{chr(39)}: {r()}}})', e))}",
        )
        if c.chance(50):
            defs, f = (
                f"def describe(g):\n    n = {r()}\n    if len(g) > 1:\n        return {e}\n    return {c.pick(('n', r(), e))}\n\n\n",
                "describe",
            )
        text = (
            HEAD
            + defs
            + f"def work(df, flag):\n    {c.pick(('return', 'out ='))} df.groupby({by}).apply({f}{c.pick(('', '', ', include_groups=False'))})\n    return out\n"
        )
        text = text.replace("    return df.groupby", "    out = df.groupby")
    return Program(text, *calls(c, lambda late: "1"))


def together(c: Choices) -> Program:
    uses = (
        "part = df[df['k'] == x]",
        "out.append(part['a'].mean() if len(part) else 0.0)",
        "total += df.loc[i, 'a'] * df.at[i, 'b']",
        "rows = pd.concat([rows, pd.DataFrame({'x': [x], 't': [total]})], ignore_index=True)",
        "out.append(df.iloc[i]['c'])",
        "out.append(df.iloc[max(0, i - 2):i + 1]['a'].sum())",
        "out.append(other[other['k'] == x]['c'].iloc[0] if x in (1, 2) else None)",
        "window = df.iloc[i:i + 3]",
        "out.append(window['b'].max() if len(window) else None)",
        "arr = np.append(arr, total)",
    )
    lines = ["part = df[df['k'] == x]", "window = df.iloc[i:i + 2]", *c.some(uses, 2, 5)]
    if c.chance(20):
        lines.insert(
            c.integer(0, len(lines)),
            c.pick(
                (
                    "df.loc[i, 'a'] = total",
                    "other['c'] = 0.0",
                    "df = df",
                    "out.append(part)",
                    "rows = rows[:1]",
                    "if i > 2: break",
                    "out.append(len(rows))",
                )
            ),
        )
    text = (
        HEAD
        + "def work(df, values):\n    out = []\n    total = 0.0\n    other = OTHER\n    rows = pd.DataFrame()\n    arr = np.array([])\n    for i, x in enumerate(values):\n"
        + "".join(f"        {x}\n" for x in lines)
        + "    return out, total, rows, arr\n"
    )
    return Program(
        text,
        *calls(
            c,
            lambda late: c.pick(
                ("[1, 2, 3]", "[2, 1]", *(("[]", "[None]", "[1.0, 2]", "['x']", "[1] * 9") if late else ()))
            ),
        ),
    )


def distinct(c: Choices) -> Program:
    """Values that occur again and again: columns are made longer."""
    name = c.pick(("s", "s", "k", "d"))
    if name == "s":
        step = lambda: c.pick(
            (
                ".str.lower()",
                ".str.strip()",
                ".str.upper()",
                ".str.replace('x', 'y')",
                ".str.len()",
                ".str[0]",
                ".str.contains('x')",
                ".str.split('y')",
                ".str.startswith('x')",
                ".str.zfill(4)",
                ".map(clean)",
                ".apply(clean)",
                ".map(lambda v: v + '!')",
                ".str.title()",
                ".str.slice(0, 1)",
                ".str.extract('(x)', expand=False)",
                ".str.cat(sep='')",
                ".str.get(1)",
                ".map({'x': 1})",
                ".str.isalpha()",
            )
        )
    elif name == "k":
        step = lambda: c.pick(
            (
                ".map(clean)",
                ".apply(clean)",
                ".map(lambda v: v * 2)",
                ".apply(lambda v: str(v))",
                ".astype(str)",
                ".map(lambda v: [v])",
                ".map(lambda v: None if v == 2 else v)",
                ".map({1: 'a', 2: 'b'})",
            )
        )
    else:
        step = lambda: c.pick(
            (
                ".dt.strftime('%Y-%m')",
                ".dt.year",
                ".dt.month_name()",
                ".dt.day",
                ".map(clean)",
                ".dt.floor('D')",
                ".apply(lambda v: v.day)",
                ".dt.weekday",
                ".astype(str)",
            )
        )
    chain = step() + (step() if c.chance(40) and name == "s" else "")
    result = c.pick(
        (
            "str(v) + '.'",
            "len(str(v))",
            "(v, 1)",
            "[v]",
            "v",
            "None if v == 'x' else v",
            "1 if str(v) > 'b' else 0.5",
            "str(v).upper().strip()",
            "math.nan if v == 'x' else 2",
            "TABLE.get(v, 'none')",
            "TABLE.setdefault(v, len(TABLE))",
            "SEEN.append(v)",
            "hash(v) % 7",
        )
    )
    defs = f"TABLE = {{'x': 'ex', 1: 'one'}}\nSEEN = []\n\n\ndef clean(v):\n    {c.pick(('pass', 'pass', 'v = v', 'print(v)' if c.chance(30) else 'pass', 'if v is None: return 0'))}\n    return {result}\n\n\n"
    long = c.pick(("pd.concat([df] * 4)", "pd.concat([df] * 4, ignore_index=True)", "pd.concat([df, df, df])"))
    use = c.pick(
        (
            f"return df['{name}']{chain}",
            f"df['new'] = df['{name}']{chain}\n    return df",
            f"df['{name}'] = df['{name}']{chain}\n    return df",
            f"return df['{name}']{chain}.value_counts()",
            f"out = df['{name}']{chain}\n    out.iloc[:1] = out.iloc[-1:]\n    return out, df",
        )
    )
    text = (
        HEAD
        + defs
        + f"def work(df, flag):\n    df = {long}\n    df['d'] = pd.to_datetime('2024-01-01') + pd.to_timedelta(df['k'].map({{1: 0, 2: 31, 3: 60}}), unit='D')\n    {use}\n"
    )
    if name != "d":
        text = re.sub(r"    df\['d'\] = .*\n", "", text)
    return Program(text, *calls(c, lambda late: "1"))


def enlarged(c: Choices) -> Program:
    row = c.pick(
        (
            "[v, i]",
            "[v, 't']",
            "[v * 0.5, i]",
            "{'x': v, 'y': i}",
            "[v, None]",
            "[float(v), str(i)]",
            "[v, [i]]",
            "[v]",
            "(v, i)",
            "[v, i > 1]",
            "[v, i if i else 0.5]",
            "{'y': i, 'x': v}",
            "[i, v]",
            "pd.Series([v, i], index=['x', 'y'])",
            "[np.nan, i]",
            "v",
            "{'x': v}",
            "[v, pd.Timestamp('2024-01-01')]",
        )
    )
    place = c.pick(("len(df)", "len(df)", "i", "len(df.index)", "df.shape[0]", "i * 2", "'r'", "v"))
    start = c.pick(
        (
            "df = pd.DataFrame(columns=['x', 'y'])",
            "df = pd.DataFrame(columns=['x', 'y'])",
            "df = pd.DataFrame({'x': [1.5], 'y': [2]})",
            "df = pd.DataFrame({'x': [], 'y': []})",
            "df = pd.DataFrame({'x': [1, 2], 'y': ['a', 'b']})",
            "df = pd.DataFrame(columns=['x', 'y'], dtype=float)",
            "df = pd.DataFrame({'x': [1.5], 'y': [2]}, index=[4])",
            "df = pd.DataFrame([[1, 2]], columns=['x', 'x'])",
        )
    )
    more = (
        "pass"
        if c.chance(65)
        else c.pick(
            (
                "n += len(df)",
                "if v == 3: break",
                "held.append(df)",
                "df['x'] = 1",
                "if i == 1: continue",
                "print(len(df))",
                "if v == 2: raise ValueError(len(df))",
                "df = df.copy()",
                "n += v",
                "df.loc[0, 'x'] = 9",
            )
        )
    )
    lines = [f"df.loc[{place}] = {row}", more] if c.chance(60) else [more, f"df.loc[{place}] = {row}"]
    text = (
        HEAD
        + f"def work(values, flag):\n    n = 0\n    held = []\n    {start}\n    for i, v in enumerate(values):\n"
        + "".join(f"        {x}\n" for x in lines)
        + "    return df, n, held\n"
    )
    pick = lambda late: c.pick(
        (
            "[1, 2, 3]",
            "[3.5, 2.0]",
            "[2, 2, 1, 5]",
            *(
                (
                    "[]",
                    "[1, 2.5]",
                    "['a', 'b']",
                    "[True, False]",
                    "[None, 1]",
                    "[nan, 1.0]",
                    "[2**63, 1]",
                    "[1, 'a', 2.5]",
                    "np.array([1, 2], np.int8)",
                    "[1j]",
                    "[[1], [2]]",
                    "[pd.NaT, 1]",
                    "[(1, 2)]",
                )
                if late
                else ()
            ),
        )
    )
    return Program(
        text,
        tuple(f"({pick(False)}, 1)" for _ in range(c.integer(1, 2))),
        tuple(f"({pick(True)}, 1)" for _ in range(c.integer(1, 3))),
    )


def shared(make: Callable[[Choices], Program]) -> Callable[[Choices], Program]:
    """Now and then another name holds the frame too; else a copy of it."""

    def program(c: Choices) -> Program:
        same = c.chance(12)
        made = make(c)
        return replace(made, text=made.text.replace("OTHER", "df" if same else "df.copy()"))

    return program


TEMPLATES: dict[str, Callable[[Choices], Program]] = {
    "HST201": rows, "HST202": apply_rows, "HST203": elementwise, "HST204": groups, "HST205": growth, "HST206": shared(lookups),
    "HST207": shared(cells), "HST208": writes, "HST209": shared(parts), "HST210": group_parts, "HST211": shared(together),
    "HST212": distinct, "HST213": enlarged, "HST202 tables": looked_up,
}  # fmt: skip


def program(c: Choices) -> Program:
    return TEMPLATES[c.pick(tuple(TEMPLATES))](c)
