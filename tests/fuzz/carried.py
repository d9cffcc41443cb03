"""Programs for HST217: Series that go on from round to round, made of rows of a frame and of the Series before.

Whoever else holds one of them must see what is written into it, and nothing else; labels are matched as pandas does.
"""

from __future__ import annotations

from tests.fuzz.choices import Choices, Program
from tests.fuzz.columns import HEAD

MADE = """

def moves_of(seed, n, how):
    rng = np.random.default_rng(seed)
    moves = pd.DataFrame(np.round(rng.normal(0, 1, (n, 3)), 2), columns=["a", "b", "c"])
    if how == "days":
        return moves.set_axis(pd.date_range("2024-02-27", periods=n))
    if how == "nan":
        return moves.where(moves > 0)
    if how == "ints":
        return (moves * 9).astype(int)
    if how == "mixed":
        return moves.assign(b=1)
    if how == "texts":
        return moves.assign(b="x")
    if how == "other order":
        return moves[["c", "a", "b"]]
    if how == "less":
        return moves[["a", "b"]]
    if how == "twice":
        return moves.rename(columns={"b": "a"})
    if how == "named":
        return moves.rename_axis(columns="fund", index="day")
    if how == "again":
        return pd.concat([moves, moves])
    if how == "small":
        return moves.astype("float32")
    if how == "large":
        return moves * 1e307
    return moves


def held_of(how):
    held = pd.Series([1.0, -0.0, 2.5], index=["a", "b", "c"])
    if how == "named":
        return held.rename("w")
    if how == "ints":
        return held.astype(int)
    if how == "other order":
        return held.iloc[::-1]
    if how == "less":
        return held.drop("a")
    if how == "twice":
        return pd.concat([held, held])
    if how == "nan":
        return held.where(held > 0)
    if how == "objects":
        return held.astype(object)
    if how == "truths":
        return held > 0
    if how == "number":
        return 2.0
    if how == "empty":
        return held.iloc[:0]
    return held


def touched(x):
    x["a"] = 7.0
    return x.sum()


def stepped(x, row, k):
    x = x * k + row
    return x.clip(-5, 5)
"""
MOVES = (
    "plain",
    "days",
    "nan",
    "ints",
    "mixed",
    "texts",
    "other order",
    "less",
    "twice",
    "named",
    "again",
    "small",
    "large",
)
HELD = ("plain", "named", "ints", "other order", "less", "twice", "nan", "objects", "truths", "number", "empty")


class Series:
    """Expressions of Series: `names` stand for them."""

    def __init__(self, c: Choices, row: str) -> None:
        self.c, self.row, self.names = c, row, ["held", "held", "x", "row"]

    def one(self, depth: int = 1) -> str:
        c = self.c
        if depth < 0 or c.chance(25):
            return c.pick((*self.names, self.row, self.row))
        how = c.integer(0, 9)
        if how <= 3:
            return f"({self.one(depth - 1)} {c.pick('+-*/')} {self.one(depth - 1)})"
        if how <= 5:
            return f"({c.pick(('1', '0.5', 'k', '2'))} {c.pick('+-*/')} {self.one(depth - 1)})"
        s = self.one(depth - 1)
        return c.pick(
            (
                f"{s}.abs()",
                f"(-{s})",
                f"{s}.clip(0, 2)",
                f"{s}.fillna(0.5)",
                f"np.{c.pick(('sqrt', 'exp', 'abs'))}({s})",
                f"np.{c.pick(('maximum', 'minimum'))}({s}, {c.pick(('0.0', '1', self.row, self.one(0)))})",
                f"np.maximum({self.row}, {s})",
                f"stepped({s}, {self.row}, 0.5)",
                f"{s}.{c.pick(('cumsum()', 'copy()', 'round(1)', 'sort_values()', 'rank()', 'rename(chr(97))'))}",
                f"{s}[{s} > 0]",
                f"{s}.iloc[1:]",
                f"others[{c.pick(('0', '1', '-1'))}]",
                f"pd.Series({s}, name='q')",
            )
        )

    def value(self) -> str:
        c, s = self.c, self.one()
        return c.pick(
            (
                f"{s}.{c.pick(('sum', 'mean', 'max', 'min', 'std', 'median', 'idxmax', 'any', 'count'))}()",
                f"{s}['a']",
                f"{s}.iloc[-1]",
                f"{s}.tolist()",
                f"{s}.name",
                f"({s} > {self.one()}).sum()",
                f"({s} == {self.one()}).any()",
                f"list({s}.index)",
                f"{s}.to_dict()",
                f"len({s})",
                f"str({s})",
                f"'a' in {s}",
                f"f'{{{s}.sum():.3f}}'",
                f"np.sum({s})",
                f"type({s}).__name__",
                f"({s}).values.sum()",
                s,
                s,
            )
        )

    def statement(self) -> str:
        c = self.c
        how = c.integer(0, 15)
        if how <= 4:
            return f"held = {self.one()}"
        if how <= 6:
            return f"x = {self.one()}"
        if how <= 9:
            return f"out.append({self.value()})"
        if how == 10:
            return f"if {self.one()}.sum() > k:\n    held = {self.one()}"
        if how == 11:
            return c.pick(("past.append(held)", "kept[k] = held", "past.append((held, x))", "kept[k] = x"))
        if how == 12:
            return c.pick(("held = past[-1]", "held = kept.get(k - 1, held)", "x = held", "held = others[0]"))
        return c.mostly(
            ("count += 1", "total += k * 0.5", "kept[k] = total", "held = held - held.mean()", "held, x = x, held"),
            (
                f"held[{c.pick((repr('a'), 'x > 0', '0'))}] = 3.0",
                f"{c.pick(('held', 'x', 'row'))} {c.pick(('+=', '*=', '-='))} {c.pick(('1', 'k', self.one(0)))}",
                "past[-1] *= 2",
                "past[-1]['b'] = 4.0",
                "kept[0] += 1",
                f"out.append(touched({c.pick(('held', 'x', 'others[0]', 'past[-1]'))}))",
                "others[0]['c'] = 8.0",
                "held.index.name = 'n'",
                "held.name = 'm'",
                "others[1] *= 3",
            ),
            25,
        )


def program(c: Choices) -> Program:
    head, row = c.pick(
        (
            ("for k in range(len(moves)):\n        day = moves.index[k]", "moves.iloc[k]"),
            ("for k, day in enumerate(moves.index):\n        pass", "moves.loc[day]"),
            ("for day, row in moves.iterrows():\n        k = len(out)", "row"),
            ("k = -1\n    while k + 1 < len(moves):\n        k += 1", "moves.iloc[k]"),
        )
    )
    series = Series(c, row)
    lines = ["if np.size(held) > 40:\n    break"]
    lines += [f"row = {row}"] if row != "row" else []
    for _ in range(c.integer(2, 6)):
        line = series.statement()
        if c.chance(30):
            inner = "".join(f"    {x}\n" for x in line.split("\n"))
            line = f"try:\n{inner}except Exception as e:\n    out.append((type(e).__name__, e.args))"
        lines.append(line)
    body = "".join(f"        {x}\n" for line in lines for x in line.split("\n"))
    after = c.pick(
        ("", "", "    held['a'] = 66.0\n", "    past[0]['b'] = 55.0\n", "    held.index.name = 'z'\n", "    x *= 2\n")
    )
    text = (
        f"{HEAD}{MADE}\n\ndef work(moves, held, others):\n    out, past, kept = [], [held], {{0: 0.0}}\n    count, total = 0, 0.0\n"
        f"    x = row = {c.pick(('held', 'held * 2', '0.5', 'others[1]'))}\n    {head}\n{body}{after}"
        f"    return out, held, x, past, kept, count, total, others, held is past[-1], moves.columns.name\n"
    )
    plain = c.pick(("plain", "days"))
    recorded = (f"(moves_of(1, 3, {plain!r}), held_of('plain'), [held_of('plain'), held_of('named')])",)
    late = tuple(
        f"(moves_of({c.integer(1, 99)}, {c.integer(0, 4)}, {c.pick(MOVES)!r}), held_of({c.pick(HELD)!r}), "
        f"[held_of({c.pick(HELD)!r}), held_of({c.pick(HELD)!r})])"
        for _ in range(3)
    )
    return Program(text, recorded, late)
