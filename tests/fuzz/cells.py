"""Programs for HST217: loops that write cells of a frame while they read parts of it, cell by cell and by masks.

What stands in for the frame must never show a column as it was before the loop wrote into it, nor take a mask by places
where pandas takes it by labels.
"""

from __future__ import annotations

from tests.fuzz.choices import Choices, Program
from tests.fuzz.columns import HEAD, calls

NUMBERS = ("'k'", "'a'", "'b'", "'c'")
REDUCE = ("sum()", "mean()", "max()", "std()", "count()", "nunique()", "iloc[0]", "iloc[-1]", "tolist()")
# how the loop goes: its head, and the label of the row (none: parts by key)
HEADS = (
    ("for i, row in df.iterrows():\n        k, t = row['k'], row['a']", "i"),
    ("for i in range(len(df)):\n        k, t = df.loc[i, 'k'], df.at[i, 'a']", "i"),
    ("for k in df['k'].unique():\n        t = df[df['k'] == k]['a'].max()", ""),
    ("for row in df.itertuples():\n        k, t = row.k, row.a", "row.Index"),
    ("for i in df[df['b'] > 0].index:\n        k, t = df.loc[i, 'k'], df.loc[i, 'a']", "i"),
)


class Parts:
    """Expressions over the frame and its parts, whose names are `names`."""

    def __init__(self, c: Choices, names: list[str]) -> None:
        self.c, self.names = c, names

    def mask(self, f: str, depth: int = 0) -> str:
        c = self.c
        one = c.mostly(
            (
                f"{f}['k'] == k",
                f"{f}[{c.pick(NUMBERS)}] > {c.pick(('0', '1', 'k'))}",
                f"{f}['s'] == 'x'",
                f"{f}['f']",
                f"~{f}['f']",
                f"{f}['a'] < t",
                f"{f}['b'] != 2",
                f"{f}['s'].isin(['x', 'y'])",
                f"{f}[{c.pick(NUMBERS)}].notna()",
            ),
            (f"{f}['m'] > 0",),
            10,
        )
        if depth < 1 and c.chance(35):
            return f"({one}) {c.pick('&|')} ({self.mask(f, 1)})"
        return one

    def value(self, f: str) -> str:
        c = self.c
        a, how = c.pick(NUMBERS), c.pick(REDUCE)
        return c.mostly(
            (
                f"len({f})",
                f"{f}[{a}].{how}",
                f"{f}[{self.mask(f)}]['a'].{how}",
                f"{f}.loc[{self.mask(f)}, {a}].{how}",
                f"{f}.empty",
                f"{f}.shape[0]",
                f"{f}.sort_values('a')['b'].tolist()",
                f"{f}.iloc[0]['b']",
                f"{f}.iloc[-1]['s']",
                f"{f}.iloc[1:3]['a'].sum()",
                f"{f}.head(3)['b'].sum()",
                f"helper({f}, k)",
                f"[repr(q['b']) for _, q in {f}.iterrows()]",
                f"{f}[{a}].iloc[0] if len({f}) else None",
                f"{f}.dropna(subset=['a'])['a'].sum()",
                f"{f}.groupby('s')['a'].mean().to_dict()",
                f"near({f})",
            ),
            (f"{f}.loc[{self.mask(f)}, 'm'].{how}", f"{f}[['m', 'a']].values.tolist()", f"{f}.iloc[0].tolist()"),
            15,
        )

    def part(self) -> str:
        c = self.c
        name, f = c.pick(("part", "sub")), c.pick(self.names[::-1])
        tail = c.pick(("", "", ".tail(4)", ".copy()", ".sort_values('a')"))
        line = f"{name} = {f}[{self.mask(c.pick(self.names[::-1]) if c.chance(15) else f)}]{tail}"
        if name not in self.names:
            self.names.append(name)
        return line


def statement(c: Choices, parts: Parts, label: str) -> str:
    f, new, sign = c.pick(parts.names[::-1]), c.pick(("'m'", "'m'", "'n'")), c.pick(("=", "=", "+="))
    how = c.integer(0, 19)
    if how <= 5:
        return parts.part()
    if how <= 9:
        return f"out.append({parts.value(f)})"
    if how <= 11:
        value = c.pick(
            ("1", "0.5", "k", "df.loc[msk, 'b'].mean()", "df.loc[msk, 'a'] * 2", "df[msk]['b'].sum()", "df[msk]['m']")
        )
        return f"msk = {parts.mask('df')}\ndf.loc[msk, {new}] {sign} {value}"
    if how == 12:
        return f"for j, q in {f}.iterrows():\n    out.append((j, repr(q[{c.pick(NUMBERS)}]), q['s']))"
    if how == 13 or not label:
        return f"if len({f}) > 2:\n    df.loc[{parts.mask('df')}, {new}] = len({f})"
    value = c.pick(("1", "2.5", f"len({f})", f"{f}[{c.pick(NUMBERS)}].sum()", f"helper({f}, k)[0]", parts.value(f)))
    return f"df.{c.pick(('at', 'loc'))}[{label}, {new}] {sign} {value}"


def program(c: Choices) -> Program:
    inner = Parts(c, ["p"])
    chosen = inner.mask("p").replace("< t", "> p['a'].min()")
    helper = (
        f"def helper(p, k):\n    q = p[{chosen}]\n    n = 0\n    for _, z in q.iterrows():\n        n += z['b']\n"
        f"    return n, len(q), q[{c.pick(NUMBERS)}].{c.pick(REDUCE)}\n"
    )
    head, label = c.pick(HEADS)
    parts = Parts(c, ["df"])
    caught = c.chance(70)
    body = ""
    for _ in range(c.integer(2, 5)):
        lines = statement(c, parts, label).split("\n")
        if caught and not lines[0].startswith(("part", "sub")):
            raised = "    out.append((type(e).__name__, str(e)[:60]))"
            lines = ["try:", *(f"    {x}" for x in lines), "except Exception as e:", raised]
        body += "".join(f"        {x}\n" for x in lines)
    made = c.pick(("df['m'] = 0.0\n    ", "df['m'] = 0.0\n    df['n'] = 0\n    ", ""))
    near = "def near(p):\n        return p[p['k'] == k]['a'].sum(), len(df[df['b'] == k])\n\n    "
    text = (
        f"{HEAD}{helper}\n\ndef work(df):\n    out = []\n    part = sub = msk = df\n    {made}{near}{head}\n{body}"
        "    return df, out\n"
    )
    return Program(text, *calls(c))
