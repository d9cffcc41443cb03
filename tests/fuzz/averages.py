"""Programs that ask `statistics` for averages (HST117, HST118): of lists, windows, generators, and of what is no float."""

from __future__ import annotations

from tests.fuzz.choices import Choices, Program

HEAD = """import statistics
import statistics as st
from collections import deque
from decimal import Decimal
from fractions import Fraction
from statistics import mean, pstdev
import numpy as np


class Odd(float):
    def as_integer_ratio(self):
        return 7, 2


"""
FLOATS = ("0.1", "0.25", "-3.5", "1e16", "-1e16", "1.0", "2.0", "0.30000000000000004", "1e-7", "123456.789", "1 / 3")
LATE = (
    "nan", "inf", "-inf", "-0.0", "0.0", "1e308", "-1e308", "5e-324", "1", "True", "2**70", "Odd(2.0)", "np.float64(0.1)", "np.float32(0.1)",
    "Decimal('0.1')", "Fraction(1, 3)", "None", "'x'", "1.5 + 0j",
)  # fmt: skip
FUNCTIONS = (
    "statistics.mean", "st.mean", "mean", "statistics.stdev", "pstdev", "st.variance", "statistics.pvariance",
)  # fmt: skip


def values(c: Choices, late: bool) -> str:
    items = [c.pick(LATE) if late and c.chance(12) else c.pick(FLOATS) for _ in range(c.integer(0 if late else 2, 9))]
    if c.chance(15):
        items = items[:1] * len(items)
    listed = f"[{', '.join(items)}]".replace("nan", "float('nan')").replace("inf", "float('inf')")
    forms = ("{}", "{}", "tuple({})", "deque({}, 5)", "deque({})")
    odd = (
        "iter({})",
        "np.array({}, dtype=object)",
        "dict.fromkeys({})",
        "None",
        "3.5",
        "range(4)",
        "map(abs, {})",
    )
    return c.mostly(forms, odd if late else forms, 20).format(listed)


def averages(c: Choices) -> Program:
    def call(of: str) -> str:
        return f"{c.pick(FUNCTIONS)}({of})"

    of = (
        "xs",
        "xs",
        "list(xs)[i:]",
        "list(xs)[:3]",
        "(x * 0.5 for x in xs)",
        "x - i for x in xs",
        "[x / 3 for x in xs]",
        "window",
    )
    lines = [
        c.pick(
            (
                f"out.append({call(c.pick(of))})",
                f"out.append(abs({call(c.pick(of))} - {call(c.pick(of))}) < 1e-6)",
                f"window.append(0.1 * i)\nout.append({call('window')})",
                f"if len(list(xs)) > i:\n    out.append(round({call(c.pick(of))}, 6))",
            )
        )
        for _ in range(c.integer(1, 3))
    ]
    body = ""
    for line in lines:
        inner = "".join(f"            {x}\n" for x in line.split("\n"))
        body += (
            f"        try:\n{inner}        except Exception as e:\n            out.append((type(e).__name__, e.args))\n"
        )
    text = f"{HEAD}def work(xs):\n    out = []\n    window = deque([0.5, 0.25], 4)\n    for i in range(3):\n{body}    return out, xs\n"
    return Program(
        text,
        tuple(f"({values(c, False)},)" for _ in range(2)),
        tuple(f"({values(c, True)},)" for _ in range(3)),
    )
