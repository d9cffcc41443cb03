"""HST401 beside objects of the program that keep a state from turn to turn."""

from __future__ import annotations

from pathlib import Path

import pytest

from hasten.passes.source.batch import BatchedCalls
from tests.passes.test_batch import rewritten, took_fast_path

ALARM = """
class Alarm:
    LIMIT = 0.4

    def __init__(self, rows=None):
        self.on = False
        self.since = 0
        self.history = []
        self.seen = {"n": 0}
        self.rows = rows

    def note(self, t, what):
        self.history.append((t, what))
        self.seen["n"] += 1

    def update(self, t, p):
        self.since += 1
        if p > self.LIMIT and not self.on:
            self.on, self.since = True, 0
            self.note(t, "raise")
        elif p < -self.LIMIT and self.on:
            self.on = False
            self.note(t, round(float(p), 6))
        return self.history
"""
LOOP = """
model = LinearRegression().fit(X, y)
alarm = Alarm()
smoothed, kept = 0.0, []
for t in range(len(X)):
    p = model.predict(X[t].reshape(1, -1))[0]
    smoothed = 0.8 * smoothed + 0.2 * p
    found = alarm.update(t, 0.5 * p + smoothed)
    kept.append(len(found))
print(kept, alarm.history, alarm.since, alarm.seen, round(float(X.sum()), 6))
"""
FAST = {
    "a state": ALARM + LOOP,
    "in a function, enumerate, two models": ALARM + """
def run(model, other, rows):
    alarm = Alarm()
    out = []
    for i, row in enumerate(rows):
        p = model.predict([row])[0] + other.predict(row.reshape(1, -1))[0]
        alarm.update(i, p)
        out.append(round(float(p), 6))
    return out, alarm.history
print(run(LinearRegression().fit(X, y), LinearRegression().fit(X, -y), X))
""",
    "it raises in the middle": ALARM.replace("return self.history", "return 1 / (30 - t)") + """
model = LinearRegression().fit(X, y)
alarm = Alarm()
try:
    for t in range(len(X)):
        alarm.update(t, model.predict(X[t].reshape(1, -1))[0] + 0.0)
except ZeroDivisionError as e:
    print(e, t, alarm.history)
""",
}  # fmt: skip
# the same, by the original loop: what is not so is seen while the program runs
SLOW = {
    "it holds the rows, and changes them": ALARM.replace("self.since += 1", "self.since += 1\n        self.rows[-1] += p")
    + LOOP.replace("Alarm()", "Alarm(X)"),
    "it holds a part of them, deep down": ALARM.replace("self.since += 1", "self.rows['a'][0][1] += p")
    + LOOP.replace("Alarm()", "Alarm({'a': [X[-1]]})"),
    "it holds itself": ALARM + LOOP.replace("smoothed, kept = 0.0, []", "alarm.rows = [alarm]\nsmoothed, kept = 0.0, []"),
    "it holds the model": ALARM.replace("self.since += 1", "self.rows['m'].append(1)")
    + LOOP.replace("Alarm()", "Alarm({'m': [], 'model': model})"),
    "another object with such a method": ALARM
    + LOOP.replace("alarm = Alarm()", "class Quiet:\n    history, since, seen = [], 0, {}\nalarm = Quiet()\n"
                   "import types\nalarm.__dict__['up' + 'date'] = lambda t, p: X[-1].__iadd__(p)"),
    "a function in the method's place": ALARM
    + LOOP.replace("alarm = Alarm()", "alarm = Alarm()\nvars(alarm)['update'] = lambda t, p: X[-1].__iadd__(p) is X or []"),
    "one that inherits": ALARM + LOOP.replace("alarm = Alarm()", "class Loud(Alarm):\n    def note(self, t, what):\n"
                                              "        X[-1] += 1\nalarm = Loud()"),
}  # fmt: skip
ALONE = {
    "rows of its own making": ALARM + LOOP.replace("X[t].reshape(1, -1)", "[[alarm.since, 1.0, 2.0]]"),
    "it is given a row, and changes it": ALARM.replace("return self.history", "p -= 1\n        return self.history")
    + LOOP.replace("0.5 * p + smoothed", "X[t + 1 if t < 59 else 0]"),
    "the whole of a file": ALARM.replace("self.since += 1", "X[-1] += p") + LOOP,
    "by way of a function": ALARM.replace("self.since += 1", "rows()[-1] += p") + "def rows():\n    return X\n" + LOOP,
    "a global that it keeps": ALARM.replace("self.since += 1", "self.rows = X\n        self.rows[-1] += p") + LOOP,
    "a list that all objects share": ALARM.replace("LIMIT = 0.4", "LIMIT = 0.4\n    shared = X\n").replace(
        "self.since += 1", "self.shared[-1] += p") + LOOP,
    "a property": ALARM.replace("    def note", "    @property\n    def level(self):\n        X[-1] += 1\n        return 0\n\n"
                                "    def note").replace("self.since += 1", "self.since += 1 + self.level") + LOOP,
    "a method put in its place": ALARM + LOOP.replace("smoothed, kept", "alarm.note = lambda t, w: X.fill(1)\nsmoothed, kept"),
    "another class in its place": ALARM + LOOP.replace("alarm = Alarm()", "Alarm.update = lambda s, t, p: X.fill(1) or []\n"
                                                       "alarm = Alarm()"),
    "attributes that do something": ALARM + "    def __setattr__(self, name, value):\n        X[-1] += 1\n"
                                            "        object.__setattr__(self, name, value)\n" + LOOP,
    "the model itself": ALARM.replace("self.since += 1", "model.coef_[0] += 1") + LOOP,
    "made anew in each turn": ALARM + LOOP.replace("    p = model", "    alarm = Alarm()\n    p = model"),
}  # fmt: skip


@pytest.mark.parametrize("case", FAST)
def test_batched(case: str, tmp_path: Path) -> None:
    texts = rewritten(BatchedCalls(), tmp_path, FAST[case])
    assert texts
    assert all(took_fast_path(text, "_one_call_for_all_rows") for text in texts)


@pytest.mark.parametrize("case", SLOW)
def test_seen_while_it_runs(case: str, tmp_path: Path) -> None:
    texts = rewritten(BatchedCalls(), tmp_path, SLOW[case])
    assert not any(took_fast_path(text, "_one_call_for_all_rows") for text in texts)


@pytest.mark.parametrize("case", ALONE)
def test_left_alone(case: str, tmp_path: Path) -> None:
    assert not rewritten(BatchedCalls(), tmp_path, ALONE[case])
