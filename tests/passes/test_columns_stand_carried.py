"""HST217: Series that go on from round to round of a loop, each made of the one before and of rows of a frame."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hasten.passes.source.columns.stand_in import StandIns
from tests.passes.test_columns_support import HEAD, after, changes, run, same

pytestmark = pytest.mark.skipif(int(pd.__version__.split(".")[0]) < 3, reason="offered from pandas 3 on")

NAMES = ["a", "b", "c", "d"]
Given = dict[str, Any]


def given(n: int = 9) -> Given:
    rng = np.random.default_rng(4)
    days = pd.date_range("2024-01-30", periods=n)
    targets = {day: pd.Series(rng.random(4), index=NAMES) for day in days[::3]}
    moves = pd.DataFrame(np.round(rng.normal(0, 0.1, (n, 4)), 3), index=days, columns=NAMES)
    return {"moves": moves, "held": pd.Series([1.0, 2.0, 0.0, 4.0], index=NAMES), "targets": targets}


def changed(**how: Callable[[Any], Any]) -> Callable[[], Given]:
    return lambda: {name: how[name](x) if name in how else x for name, x in given().items()}


def each(change: Callable[[pd.Series], pd.Series]) -> Callable[[Any], Any]:
    return lambda targets: {day: change(s) for day, s in targets.items()}


INPUTS: list[Callable[[], Given]] = [
    given,
    lambda: given(1),
    lambda: given(0),
    changed(held=lambda s: s.iloc[::-1]),
    changed(held=lambda s: s.drop("b")),
    *(TWICE := [changed(held=lambda s: pd.concat([s, s])), changed(moves=lambda d: d.rename(columns={"b": "a"}))]),
    changed(held=lambda s: s.astype(int)),
    changed(held=lambda s: s.rename("worth"), targets=each(lambda s: s.rename("worth"))),
    changed(held=lambda s: s.rename(pd.Timestamp("2024-01-31"))),
    changed(held=lambda s: s * np.nan),
    changed(held=lambda s: s * -0.0),
    changed(held=lambda s: s.astype(object)),
    changed(held=lambda s: s.astype("float32")),
    changed(held=lambda s: s.set_axis(pd.Index(NAMES, dtype=object, name="fund"))),
    changed(held=lambda s: s > 1),
    changed(held=lambda s: 0.0),
    changed(held=lambda s: s.to_numpy()),
    changed(held=lambda s: s.to_frame().T.iloc[0]),
    changed(moves=lambda d: d.where(d > 0)),
    changed(moves=lambda d: d * np.inf),
    changed(moves=lambda d: (d * 10).astype(int)),
    changed(moves=lambda d: d.astype({"b": "float32"})),
    changed(moves=lambda d: d.assign(b=1)),
    changed(
        moves=lambda d: d.assign(b=1), held=lambda s: s.rename_axis("fund"), targets=each(lambda s: s.rename_axis("t"))
    ),
    changed(moves=lambda d: d.astype("float32"), held=lambda s: s.rename_axis("fund")),
    changed(moves=lambda d: d.assign(b="x")),
    changed(moves=lambda d: d[["d", "c", "b", "a"]]),
    changed(moves=lambda d: d.drop(columns="c")),
    changed(moves=lambda d: pd.concat([d, d])),
    changed(moves=lambda d: d.reset_index(drop=True)),
    changed(moves=lambda d: d.rename_axis(columns="fund")),
    changed(moves=lambda d: d.tz_localize("UTC")),
    changed(moves=lambda d: d.set_axis([f"r{k}" for k in range(len(d))])),
    changed(moves=lambda d: d.astype("Float64")),
    changed(targets=each(lambda s: s.iloc[:2])),
    changed(targets=each(lambda s: s.rename("t") * 1e300)),
    changed(targets=lambda t: dict.fromkeys(t, 2.0)),
    changed(targets=lambda t: dict.fromkeys(t, pd.Series([1.0, 2.0, 3.0, 4.0], index=NAMES))),
]
OFFERED = {
    "drift": """
def work(moves, held, targets):
    worth, mixes = {}, []
    for day in moves.index:
        held = held * (1 + moves.loc[day])
        total = held.sum()
        share = held / total
        if share.max() - share.min() > 0.5:
            held = total * share.clip(lower=0.1)
        mixes.append(share)
        worth[day] = held
    return held, worth, mixes, total if len(moves) else None
""",
    "targets": """
def work(moves, held, targets):
    turned, paid = [], 0.0
    for day in moves.index[moves.index >= min(targets)]:
        if day > min(targets):
            grown = held * (1 + moves.loc[day])
            held = grown / grown.sum()
        if day in targets:
            turned.append((targets[day] - held).abs().sum())
            paid += 0.001 * turned[-1]
            held = targets[day]
    return turned, paid, held, held is targets.get(max(targets))
""",
    "looked at": """
def work(moves, held, targets):
    out = []
    for day in moves.index:
        row = moves.loc[day]
        before = held
        held = held + row
        out.append((held["a"], held.iloc[-1], "a" in held, len(held), held.idxmax(), (held > before).sum()))
        out.append((held[held > 1].sum(), held.to_dict(), held.round(1).tolist(), held.dot(row), np.exp(row).max()))
        out.append((list(held.index), [x for x in held], held.name, str(held), f"{row.sum():.2f} {held.mean():.3f}"))
        out.append((row.abs().max(), row.idxmin(), (row < 0).any(), -row, row.values.sum(), np.maximum(row, 0.0).sum()))
        out.append(held.where(held > 0, 0.0).sort_values())
        held = held - before.mean()
    return out, held
""",
    "iterrows": """
def work(moves, held, targets):
    seen = []
    for day, row in moves.iterrows():
        held = (held - row) * 0.5
        seen.append(row * 2)
        if row.sum() > 0:
            seen.append((day, row.name, row["a"], held.std(), row.median()))
    return seen, held
""",
    "functions": """
def step(state, row, fee):
    state = state * (1 + row)
    return state * (1 - fee)


def worth(state):
    best = state.max()
    return state.sum() - best


def work(moves, held, targets):
    out = []
    k = 0
    while k < len(moves):
        held = step(held, moves.iloc[k], 0.01)
        out.append(worth(held))
        k += 1
    return out, held
""",
    "made inside": """
def work(moves, held, targets):
    ends = []
    for fee in (0.0, 0.1):
        part = pd.Series(1.0, index=moves.columns)
        for day in moves.index:
            part = part * (1 + moves.loc[day]) - fee
        ends.append(part.sum())
        ends.append(part.max())
    return ends
""",
    "held by others afterwards": """
def work(moves, held, targets):
    past = [held]
    for day in moves.index:
        held = held * (1 + moves.loc[day])
        past.append(held)
    held["a"] = 77.0
    held.index.name = "z"
    past[0]["b"] = 55.0
    return past, held is past[-1], moves.columns.name
""",
    "left early": """
def work(moves, held, targets):
    for day in moves.index:
        held = held + moves.loc[day]
        if held.min() < -0.05:
            return day, held
        if held.max() > 4.2:
            break
    else:
        held = held.sum()
    return held
""",
}
REFUSED = {
    "written": "held = held * (1 + moves.loc[day]); held['a'] = 0.0",
    "written by place": "held = held * (1 + moves.loc[day]); held.iloc[0] = 0.0",
    "written by another name": "other = held; held = held * (1 + moves.loc[day]); other['a'] = 0.0",
    "written where it was put": "held = held * (1 + moves.loc[day]); LOG.append(held); LOG[-1]['a'] = 5.0",
    "in place where it was put": "held = held * (1 + moves.loc[day]); LOG.append(held); LOG[-1] *= 2",
    "in place": "held *= 1 + moves.loc[day]",
    "in place under another name": "held = held * (1 + moves.loc[day]); x = held; x *= 2",
    "in place where it is from": "held = targets[day] if day in targets else held * (1 + moves.loc[day]); targets[min(targets)] += 1",
    "in place before": "s = targets[min(targets)]; held = s; held = held * (1 + moves.loc[day]); s += 1; LOG.append(s)",
    "in place of what was taken": "s = held.copy() * moves.loc[day]; held = s; s += 1; LOG.append(held.sum())",
    "by a function": "held = held * (1 + moves.loc[day]); bump(held); LOG.append(held.sum())",
    "by a function, what it is from": "bump(targets[min(targets)]); held = targets[min(targets)] * (1 + moves.loc[day]); held = targets[min(targets)]",
    "by another library": "held = held * (1 + moves.loc[day]); np.add(held, 1, out=held)",
    "index": "held = held * (1 + moves.loc[day]); held.index.name = 'x'",
    "which one": "held = held * (1 + moves.loc[day]); LOG.append(held is targets)",
    "gone": "held = held * (1 + moves.loc[day]); x = held; del held; held = x",
    "kept by an object": "held = held * (1 + moves.loc[day]); BOX.held = held; BOX.held['a'] = 1.0",
}
SEEN = {
    "plainly": "held = held * (1 + moves.loc[day])",
    "put away": "held = held * (1 + moves.loc[day]); LOG.append(held); LOG.append((held, moves.loc[day].sum()))",
    "what was before": "before = held; held = held * (1 + moves.loc[day]) + before; LOG.append(held - before)",
    "made anew": "held = pd.Series(held * 2.0, name='n') + moves.loc[day] if day in targets else targets[min(targets)] - held",
    "several at once": "held, k = held * (1 + moves.loc[day]), 2; LOG.append(held.sum() + k)",
    "asked later": "held = held * (1 + moves.loc[day]); LOG.append(lambda: held.sum())",
    "walrus": "LOG.append((held := held * (1 + moves.loc[day])).sum())",
}
AROUND = """
LOG = []


class Box:
    pass


BOX = Box()


def bump(x):
    x["a"] += 1


def work(moves, held, targets):
    first = held
    for day in moves.index:
        {0}
    held = held * 1 if len(moves) > 3 else held
    return held, first, [x() if callable(x) else x for x in LOG], getattr(BOX, "held", None)
"""


def proposed(text: str) -> list[str]:
    seen = given() | {n: given()["held"] for n in ("part", "state", "row")}
    return [after(text, c) for c in changes(StandIns(), text, seen)]


@pytest.mark.parametrize("name", OFFERED)
def test_the_same_from_whatever_series(name: str) -> None:
    text = HEAD + OFFERED[name]
    new = proposed(text)
    assert new and all("_taken" in t or name in ("left early",) for t in new), new
    for program in new:
        for make in INPUTS if name in ("targets", "looked at", "iterrows") else INPUTS[::3]:
            old = run(text, make)
            assert same(old, run(program, make)), (make(), old[:2], run(program, make)[:2])


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_written_is_seen_by_all(name: str) -> None:
    text = HEAD + AROUND.format(REFUSED[name])
    assert proposed(text) == []


@pytest.mark.parametrize("name", SEEN)
def test_who_else_sees_the_series(name: str) -> None:
    text = HEAD + AROUND.format(SEEN[name])
    (program,) = proposed(text)
    for make in (m for m in INPUTS[::3] if m not in TWICE):  # labels that come twice are four after a sum, and so on
        old = run(text, make)
        assert same(old[:5], run(program, make)[:5]), (make(), old[:2], run(program, make)[:2])


def test_a_loop_that_may_be_left_by_an_error() -> None:
    for around in ("try:\n        {0}\n    except KeyError:\n        pass", "with open('x') as f:\n        {0}"):
        loop = "for day in [*moves.index, 5]:\n            held = held * (1 + moves.loc[day])"
        text = f"{HEAD}\ndef work(moves, held, targets):\n    {around.format(loop)}\n    return held, type(held)\n"
        for program in proposed(text):
            assert same(run(text, given), run(program, given))


def test_variables_that_others_read() -> None:
    loop = "    for day in moves.index:\n        held = held * (1 + moves.loc[day])\n        LOG.append(total())\n"
    inner = f"def work(moves, held, targets):\n    def total():\n        return type(held), held.sum()\n{loop}    return held\n"
    for text in (f"{HEAD}\nLOG = []\n\n\n{inner}",):
        for program in proposed(text):
            assert same(run(text, given), run(program, given))


def test_what_other_files_may_write_into() -> None:
    for line in (
        "BOOK.settle(held)",
        "BOOK.settle(past)",
        "past.append(held); BOOK.halve(past)",
        "BOOK.kept[day] = held",
        "settle(targets)",
    ):
        loop = f"    past = [held]\n    for day in moves.index:\n        held = held * (1 + moves.loc[day])\n        {line}\n"
        more = "        held = targets[day] if day in targets else held\n"
        text = (
            f"{HEAD}from book import BOOK, settle\n\n\ndef work(moves, held, targets):\n{loop}{more}    return held\n"
        )
        assert proposed(text) == [], line
        assert proposed(text.replace(line, "past.append(held)")), line


@pytest.mark.parametrize("asked", ["held @ moves.loc[day]", "held < moves.loc[day]", "moves.loc[day] @ held"])
def test_a_series_on_the_left_gives_the_labels(asked: str) -> None:
    text = HEAD + AROUND.format(f"held = held * (1 + moves.loc[day]); LOG.append({asked})")
    (program,) = proposed(text)
    for make in (m for m in INPUTS if m not in TWICE):
        assert same(run(text, make), run(program, make)), make()
