"""Programs for the start-up passes (HST601, HST602): names of imports used in every place where a name can stand."""

from __future__ import annotations

from collections.abc import Sequence

from hasten.core.loading import Loaded, ModuleTime, Sources
from hasten.core.recipe import Change
from hasten.core.source import SourceFile
from hasten.core.workload import ScriptWorkload
from tests.fuzz.choices import Choices, Program
from tests.fuzz.engine import PATH, workload

# the import, the name it binds, an expression that uses it
IMPORTS = (
    ("import json", "json", "json.dumps([x])"),
    ("import datetime as dt", "dt", "dt.date(2024, 1, 1 + x % 9).isoformat()"),
    ("from statistics import mean", "mean", "mean([x, 2])"),
    ("from fractions import Fraction as Part", "Part", "str(Part(x, 3))"),
    ("import textwrap", "textwrap", "textwrap.fill('a b ' * 3, 4)"),
    ("import string, csv", "string", "string.digits[x % 10]"),
    ("from decimal import Decimal, getcontext", "Decimal", "str(Decimal(x) / 4)"),
    ("import xml.dom.minidom", "xml", "xml.__name__"),
    ("import numpy as np", "np", "float(np.sum([x, 1]))"),
    ("from html import escape", "escape", "escape('<' * (x % 3))"),
    ("import difflib  # kept", "difflib", "difflib.get_close_matches('ab', ['abc', str(x)])"),
)
LOADED = Loaded(
    tuple(
        ModuleTime(name, 0.05, 0.1)
        for name in "json datetime statistics fractions textwrap string csv decimal xml xml.dom xml.dom.minidom numpy "
        "html difflib".split()
    )
)


def changes(program: Program, passes: Sequence[object]) -> list[Change]:
    """What the passes would save, if a run showed that all these modules are loaded."""
    work: ScriptWorkload = workload(program.text)
    sources = Sources(work, (SourceFile(PATH, program.text.encode()),))
    return [s.change for p in passes for s in p.savings(sources, LOADED)]  # type: ignore[attr-defined]


def program(c: Choices) -> Program:
    chosen = c.some(IMPORTS, 1, 3)
    lines = [f"{line}  # noqa" if c.chance(8) else line for line, _, _ in chosen]
    body: list[str] = []
    used = []
    for number in range(c.integer(1, 3)):
        _, name, use = c.pick(chosen)
        function = f"part_{number}"
        used.append(function)
        body.append(
            c.pick(
                (
                    f"def {function}(x):\n    return {use}\n",
                    f"def {function}(x):\n    if x > 3:\n        return {use}\n    return x\n",
                    f"def {function}(x):\n    return [{use} for x in range(2)]\n",
                    f"def {function}(x):\n    inner = lambda x: {use}\n    return inner(x) if x != 2 else None\n",
                    f"def {function}(x):\n    def inner():\n        return {use}\n    return inner()\n",
                    f"def {function}(x, y={use.replace('x', '1') if 'xml' not in use and 'text' not in use and 'ex' not in use else name}):\n    return str(y)[:9], x\n",
                    f"def {function}(x):\n    try:\n        return {use}\n    except NameError as e:\n        return str(e)\n",
                    f"def {function}(x):\n    return {name!r} in globals(), x\n",
                    f"class {function}:\n    kept = {name}\n\n    def __init__(self, x):\n        self.got = {use}\n",
                    f"def {function}(x):\n    global {name}\n    got = {use}\n    {name} = {name}\n    return got\n",
                    f"def {function}(x):\n    {name} = None\n    return {name}, x\n",
                    f"def {function}({name}):\n    return {name}\n",
                    f"def {function}(x):\n    for {name} in range(2):\n        x += {name}\n    return x\n",
                    f"def {function}(x):\n    yielded = (({use}) for _ in range(2))\n    return list(yielded)\n",
                    f"def {function}(x):\n    return eval({use!r})\n",
                    f"def {function}(x: '{name}') -> {name if c.chance(30) else 'int'}:\n    return {use}\n",
                    f"def {function}(x):\n    import {c.pick(('json', 'csv', 'string'))}\n    return {use}\n",
                    f"def {function}(x):\n    if x == 1:\n        {name} = 4\n    return {name}\n",
                    f"def {function}(x):\n    return f'{{{use}}}'\n"
                    if "'" not in use
                    else f"def {function}(x):\n    return {use}\n",
                    f"def {function}(x):\n    match x:\n        case {name}:\n            return {name}\n",
                    f"def {function}(x):\n    return [{name} := x, {name}]\n",
                    f"def {function}(x):\n    while x > 2:\n        x -= 1\n        last = {use}\n        if x == 2:\n            return last\n    return {use} if x else 0\n",
                    f"def {function}(x):\n    class Inner:\n        got = {use}\n    return Inner.got\n",
                    f"def {function}(x):\n    return vars().get({name!r}), x\n",
                    f"def {function}(x):\n    del x\n    x = 3\n    return {use}\n",
                )
            )
        )
    _, name, use = c.pick(chosen)
    top = c.pick(
        (
            "",
            "",
            "",
            f"x = 2\nfirst = {use}\n",
            f"if __name__ == 'nothing':\n    x = 1\n    print({use})\n",
            f"try:\n    {name}\nexcept NameError:\n    found = False\n",
            f"{name}_2 = {name}.__name__\n",
            f"{name} = {name}\n",
            f"del {name}\n",
            f"if 1 > 2:\n    {lines[0]}\n",
            f"kept = [{name}]\n",
            f"__all__ = [{name!r}]\n",
            f"x = 1\nlater = lambda: {use}\n",
            "import warnings\nwarnings.simplefilter('ignore')\n",
            f"def again():\n    return {name}\n\n\nagain()\n",
        )
    )
    calls = ", ".join(f"str({f}(x))[:60].split(' object')[0]" if not c.chance(20) else f"callable({f})" for f in used)
    doc = c.pick(("", '"""What it does."""\n', "# a remark\n", "from __future__ import annotations\n\n"))
    text = (
        doc
        + "\n".join(lines)
        + "\n\n\n"
        + top
        + "\n\n"
        + "\n\n".join(body)
        + f"\n\ndef work(x):\n    if x == 7:\n        return {c.pick(('0', use))}\n    return {calls}\n"
    )
    return Program(text, (c.pick(("(1,)", "(5,)", "(2,)")),), ("(1,)", "(2,)", "(7,)", "(4,)"))
