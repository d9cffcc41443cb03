"""Programs that ask for windows of lists that grow (HST119), or for something of the whole of them (HST122): in order or
not, of several kinds of rows, with hazards."""

from __future__ import annotations

from tests.fuzz.choices import Choices, Program

HEAD = """from collections import defaultdict, deque
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone


@dataclass
class Event:
    time: object
    value: int = 1


class Plain:
    def __init__(self, time, value):
        self.time = time
        self.value = value


"""
ROWS = {
    "Event(now, i)": ("e", "e.time", "e.value"),
    "Plain(now, i)": ("e", "e.time", "e.value"),
    "(now, i)": ("t, v", "t", "v"),
    "(i, now)": ("e", "e[1]", "e[0]"),
    "{'t': now, 'v': i}": ("e", "e['t']", "e['v']"),
    "now": ("e", "e", "1"),
}
TESTS = (
    "now - {k} <= span", "{k} >= now - span", "now < {k} + span", "now - span <= {k} <= now", "now - {k} < span and {v}",
    "({k} - now) * 2 > -span", "self.cut <= {k}", "{k} > now", "{k} < now", "not now - {k} > span",
)  # fmt: skip
FORMS = (
    "[{x} for {x} in {rows} if {test}]", "sum({v} for {x} in {rows} if {test})", "len([{v} for {x} in {rows} if {test}])",
    "{{{v} for {x} in {rows} if {test}}}", "max(({k} for {x} in {rows} if {test} if {v} != 2), default=None)",
    "any({v} == 3 for {x} in {rows} if {test})",
)  # fmt: skip
WHOLE = (
    "sum({k} for {x} in {rows})", "max({k} for {x} in {rows} if {v} != 2)", "min({v} for {x} in {rows})", "any({k} == 3 for {x} in {rows})",
    "len([1 for {x} in {rows} if {k} > 4])", "now in set({k} for {x} in {rows})", "len({{{v} % 3 for {x} in {rows}}})", "sum({rows}) / len({rows})",
    "sum({k} * 0.1 if {v} else {k} for {x} in {rows} if {k})", "max({rows})", "sum({k} != {v} for {x} in {rows})",
)  # fmt: skip
HAZARDS = (
    "pass", "pass", "pass", "self.rows{k} = self.rows{k}[-9:]", "held = self.rows{k}", "self.rows{k}.insert(0, e0)",
    "self.rows{k}.pop()", "self.rows{k} += [e0]", "self.rows{k}.extend([e0, e0])", "self.rows{k}.sort(key=str)",
    "self.other = self.rows{k}", "held = self.rows{k}; held.append(e0)", "self.keep(self.rows{k})", "len(self.rows{k})",
    "self.rows{k}.reverse()", "self.rows{k} = list(self.rows{k})", "self.cut = now", "print(len(self.mine()))",
)  # fmt: skip
STEPS = (
    "[i for i in range(24)]", "[0.5 * i for i in range(24)]", "[i // 3 for i in range(24)]", "[i - 1 for i in range(24)]",
)  # fmt: skip
LATE = (
    "[i for i in range(24)] + [3] + [i for i in range(25, 40)]", "[i if i % 5 else 0.5 * i for i in range(24)]",
    "[i for i in range(12)] + [float('nan')] * 2 + [i for i in range(12, 24)]", "[True] * 12 + [2] * 6", "['a', 'b'] * 9",
    "[datetime(2024, 1, 1) + timedelta(hours=i) for i in range(24)]", "[10**400 + i for i in range(20)]", "[-0.0, 0.0, 0] * 7",
    "[float('-inf')] + [0.5 * i for i in range(24)]", "[i for i in range(14)] + [None] + [i for i in range(14, 20)]", "[]",
    "[datetime(2024, 1, 1, tzinfo=timezone.utc)] * 12 + [datetime(2024, 1, 2)] * 2", "[24 - i for i in range(24)]",
)  # fmt: skip
SPANS = ("3", "3", "2.5", "0", "-1", "float('nan')", "float('inf')", "timedelta(hours=5)", "None", "10**400", "True")


def so_far(c: Choices) -> Program:
    """Programs that ask for something of all rows."""
    return recent(c, WHOLE)


def recent(c: Choices, forms: tuple[str, ...] = FORMS) -> Program:
    """Programs that ask for rows, or for something of them."""
    row = c.pick(tuple(ROWS))
    x, k, v = ROWS[row]
    keyed = c.chance(50)
    key = "[i % 2]" if keyed else ""
    rows = c.mostly((f"self.rows{key}",), ("self.mine()", "held", "self.other"), 15)
    made = (
        c.pick(("defaultdict(list)", "{0: [], 1: []}"))
        if keyed
        else c.mostly(("[]", "list()"), ("deque()", "list(range(2))"), 8)
    )
    asked = c.pick(forms).format(x=x, k=k, v=v, rows=rows, test=c.pick(TESTS).format(k=k, v=v))
    hazard = c.pick(HAZARDS).format(k=key)
    if c.chance(25):
        cut = c.pick(("now - {k} <= 9", "{k} > now - 5", "{k} >= self.cut")).format(k=k)
        hazard = f"self.rows{key} = [{x} for {x} in self.rows{key} if {cut}]"
    loop = f"for {x} in {rows}:\n            if {c.pick(TESTS).format(k=k, v=v)}:\n                total += 1"
    if c.chance(40):
        loop = (
            f"for {x} in {rows}:\n            if now - {k} > span:\n                continue\n            total += {v}"
        )
    lines = [f"self.rows{key}.append({row})", hazard, f"out.append({asked})" if c.chance(70) else loop]
    if c.chance(30):
        lines.reverse()
    change = c.mostly(
        ("pass",), ("e0.time = now", "e0['t'] = now", "setattr(self, 'rows', [])", "self.rows = mine"), 10
    )
    body = "".join(f"        {line}\n" for line in lines)
    text = (
        f"{HEAD}class Log:\n    def __init__(self):\n        self.rows = {made}\n        self.other = []\n        self.cut = 0\n\n"
        f"    def mine(self):\n        return self.rows{key.replace('i % 2', '0')}\n\n    def keep(self, xs):\n        {c.pick(('pass', 'xs.append(0)', 'len(xs)'))}\n\n"
        f"    def step(self, i, now, span, out):\n        held, total, mine = [], 0, []\n        e0 = {row}\n{body}        {change}\n"
        "        out.append(total)\n\n\n"
        "def work(steps, span):\n    log, out = Log(), []\n    for i, now in enumerate(steps):\n        try:\n"
        "            log.step(i, now, span, out)\n        except Exception as e:\n            out.append((type(e).__name__, e.args))\n"
        "    return [repr(x).replace(hex(id(x)), '') if type(x) is not list else len(x) for x in out]\n"
    )  # fmt: skip
    good = tuple(f"({c.pick(STEPS)}, {c.pick(SPANS[:3])})" for _ in range(2))
    late = tuple(f"({c.pick((*STEPS, *LATE))}, {c.pick(SPANS)})" for _ in range(3))
    return Program(text, good, late)
