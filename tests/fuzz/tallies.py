"""Programs that count one by one (HST121), and such as ask for the same lists again (HST109)."""

from __future__ import annotations

import re

from tests.fuzz.choices import Choices, Program

HEAD = """import re
import collections
from collections import Counter, defaultdict

nan = float('nan')
WORD = re.compile(r'[a-z]+')
STOP = {'the'}
ENDS = ['s', 'ed']


class Loud(Counter):
    def __missing__(self, key):
        print('missing', key)
        return 10


def poke(table):
    if isinstance(table, dict) and table:
        table[next(iter(table))] = [1]


def first(text):
    return text[0]


"""
MADE = ("Counter()", "Counter()", "collections.Counter()", "defaultdict(int)", "{}", "dict()", "{'b': 3}", "given", "Loud()", "Counter(xs)", "defaultdict(float)")  # fmt: skip
COUNTS = (
    "counts[{k}] += 1",
    "counts[{k}] += 1",
    "counts[{k}] = counts.get({k}, 0) + 1",
    "if {k} in counts:\n    counts[{k}] += 1\nelse:\n    counts[{k}] = 1",
    "if {k} not in counts:\n    counts[{k}] = 0\ncounts[{k}] += 1",
    "counts[{k}] += 2",
    "tables[y][{k}] += 1",
    "counts[{k}] += 1.0",
)
KEYS = ("x", "x", "x", "x", "str(x)", "x[:1]", "(x, 1)", "first(x)", "x.lower()", "len(x)", "-x")
TESTS = (
    "",
    "",
    "",
    "x in STOP",
    "x not in STOP",
    "len(x) > 1",
    "counts[x] < 2",
    "x != 2 and x",
    "x in counts",
    "3 // x",
    "not first(x)",
)
BETWEEN = (
    "pass", "pass", "pass", "other = counts", "poke(counts)", "counts['z'] = None", "counts['b'] = 5", "out.append(counts)", "counts.clear()",
    "counts.update('ab')", "counts = Counter('b')", "print(counts)", "out.append(len(counts))", "held = [counts]", "counts['a'] += 7", "del counts['b']",
    "out.append(sorted(map(repr, counts)))", "f = lambda: counts",
)  # fmt: skip
LISTS = (
    "['a', 'b', 'a', 'the']", "['b', 'ab', 'b', 'b']", "[1, 2, 1, True, 1.0]", "'hello'", "['a', [], 'b']", "[]", "[(1, 2), (1, 2), (2, 1)]",
    "{'x': 1, 'y': 2}", "[nan, nan, 0.0, -0.0]", "iter('abca')", "None", "5", "['x', '', 'y']", "[0, 1, 2]", "['a', None, 'a']", "range(3)", "Counter('aab')",
    "(c for c in 'zzb')", "b'aab'", "[['a'], ['b']]",
)  # fmt: skip


def indented(lines: list[str], depth: int) -> str:
    return "".join(f"{'    ' * depth}{part}\n" for line in lines for part in line.split("\n"))


def tallies(c: Choices) -> Program:
    """A loop that counts, with what may come between that and the making of its table."""
    if c.chance(30):
        return lists_again(c)
    if c.chance(20):
        return boxes(c)
    key = c.mostly(("x",), KEYS, 40)
    count = c.mostly(COUNTS[:5], COUNTS, 15).format(k=key)
    test = c.pick(TESTS)
    body = [count]
    if test:
        shape = c.pick(("if", "if", "continue"))
        inner = count.replace("\n", "\n    ")
        body = [f"if {test}:\n    {inner}"] if shape == "if" else [f"if not ({test}):\n    continue", count]
    body += c.mostly(([],), (["out.append(x)"], ["break"]), 8)
    of = c.pick(("xs", "xs", "xs", "set(xs)", "sorted(xs)", "list(xs)", "[w for w in xs]", "xs, xs", "counts"))
    loop = f"for x in {of}:\n{indented(body, 1).rstrip()}"
    if c.chance(15):
        loop = f"for x, n in [(w, 1) for w in xs]:\n{indented(body, 1).rstrip()}"
    if c.chance(40):
        loop = f"for y in 'pq':\n{indented([loop], 1).rstrip()}"
    made = c.mostly(MADE[:4] if "if" not in count and "get" not in count else MADE[:6], MADE, 15)
    lines = [f"counts = {made}", c.mostly(("pass",), BETWEEN, 30), loop, c.pick(BETWEEN)]
    if c.chance(30):
        lines = [
            f"for round in range(2):\n{indented([lines[0], loop, c.pick(('kept[round] = counts', 'pass'))], 1).rstrip()}"
        ]
    if c.chance(25):
        inner = indented(lines, 1).rstrip()
        lines = [f"try:\n{inner}\nexcept (TypeError, KeyError, ZeroDivisionError) as e:\n    out.append(str(e))"]
    last = c.pick(("", "", "", "", ", x"))
    text = f"{HEAD}def work(xs, given):\n    out, kept, x, y = [], {{}}, None, 'p'\n    tables = defaultdict({c.pick(('Counter', 'Counter', 'int', 'dict'))})\n"
    text += "    counts = Counter()\n" if c.chance(8) else ""
    text += indented(lines, 1)
    text += f"    return out, kept, list(counts.items()), type(counts), tables{last}\n"
    tame = LISTS[:4]
    return Program(
        text,
        tuple(f"({c.pick(tame)}, {{}})" for _ in range(2)),
        tuple(f"({c.pick(LISTS)}, {c.pick(('{}', 'Counter(a=1)', 'None', '[]', '{1: 2}'))})" for _ in range(4)),
    )


def boxes(c: Choices) -> Program:
    """The table of an object, which others may get hold of."""
    count = c.mostly(COUNTS[:2], COUNTS, 20).format(k=c.mostly(("x",), KEYS, 30))
    test = c.pick(TESTS)
    inner = count.replace("\n", "\n    ")
    body = f"if {test}:\n    {inner}" if test else count
    loop = f"for x in {c.pick(('xs', 'xs', 'xs', 'sorted(xs)', 'set(xs)', 'self.each(xs)'))}:\n{indented([body], 1).rstrip()}"
    method = re.sub(r"\bcounts\b", "self.counts", loop)
    made = c.mostly(("Counter()",), [m for m in MADE[2:] if m != "Loud()"], 15).replace("(xs)", "()")
    between = c.mostly(
        ("pass",),
        ("held = box.counts", "poke(box.counts)", "box.counts['z'] = None", "box.counts['b'] += 2", "box.counts.clear()", "box.counts = {}", "box.more()",
         "out.append(len(box.counts))", "box.counts.update('ab')", "box = Box({})", "box.counts = Counter()", "del box.counts"),
        40,
    )  # fmt: skip
    each = "for x in xs:\n            yield x" if c.chance(50) else "self.counts = Counter()\n        return list(xs)"
    head = HEAD[: HEAD.index("class Loud")] + HEAD[HEAD.index("def poke") :]
    text = f"{head}class Box:\n    def __init__(self, given):\n        self.counts = {made}\n\n    def each(self, xs):\n        {each}\n\n"
    text += f"    def more(self):\n        {c.pick(('return len(self.counts)', 'self.other = self.counts', 'self.counts = Counter()'))}\n\n"
    text += f"    def add(self, xs, tables, y, given):\n{indented([method], 2)}        return self\n\n\n"
    text += "def work(xs, given):\n    out, held = [], None\n    box = Box(given)\n    tables = defaultdict(Counter)\n    for k in range(2):\n"
    lines = f"try:\n    box.add(xs, tables, 'p', given)\n    {between}\nexcept (AttributeError, TypeError, KeyError, ZeroDivisionError, IndexError) as e:\n    out.append(str(e))"
    text += f"{indented([lines], 2)}    return out, list(box.counts.items()), tables\n"
    return Program(
        text,
        tuple(f"({c.pick(LISTS[:4])}, {{}})" for _ in range(2)),
        tuple(f"({c.pick(LISTS)}, {c.pick(('{}', 'Counter(a=1)', '{1: 2}'))})" for _ in range(4)),
    )


def lists_again(c: Choices) -> Program:
    """A function of plain arguments that makes a list or dict, of which callers get copies of their own."""
    words = c.pick(
        ("text.split()", "WORD.findall(text)", "re.findall('[a-z]', text)", "list(text)", "text.lower().split(',')")
    )
    keep = c.pick(("w", "w.upper()", "w + 's'", "len(w)", "len(w) / 2", "[w]", "(w, 1)", "w if n else None", "n"))
    test = c.pick(("w not in STOP", "len(w) > n", "not w.endswith(ENDS[0])", "True", "w in ENDS", "w.isalpha()"))
    shape = c.integer(0, 3)
    if shape == 0:
        inner = [f"for w in {words}:\n    if {test}:\n        out.append({keep})"]
    elif shape == 1:
        inner = [f"out += [{keep} for w in {words} if {test}]"]
    elif shape == 2:
        inner = [f"for w in {words}:\n    out += [{keep}] * n"]
    else:
        inner = [
            f"found = {{}}\n    for w in {words}:\n        found[w] = {keep}".replace("\n    ", "\n"),
            "out = found",
        ]
    early = c.pick(
        ("", "", "if not text:\n    return []\n", "if n > 3:\n    return None\n", "if n < 0:\n    return 'none'\n")
    )
    body = [
        *([early.rstrip()] if early else []),
        "out = []",
        *inner,
        c.pick(
            (
                "return out",
                "return out",
                "return sorted(out)",
                "return out[:n]",
                "return list(out)",
                "return Counter(out)",
                "return len(out), n",
                "return Counter(out).most_common(n)",
            )
        ),
    ]
    use = c.pick(
        (
            "got.append('mine')",
            "got.sort(key=repr)",
            "pass",
            "got.clear()",
            "kept = got",
            "STOP.clear()",
            "got['x'] = 1",
            "ENDS.append('q')",
        )
    )
    text = f"{HEAD}def parts(text, n):\n{indented(body, 1)}\n\ndef work(text, n):\n    out = []\n    for k in range(3):\n        got = parts(text, n)\n        out.append(got if k else repr(got))\n        if isinstance(got, (list, dict)):\n"
    text += indented([f"try:\n    {use}\nexcept (AttributeError, TypeError) as e:\n    out.append(str(e))"], 3)
    text += "    return out, [a is b for a in out for b in out]\n"
    tame = ("('the rose is a rose', 2)", "('a b,c', 1)", "('x y x', 0)", "('', 1)")
    odd = (
        "(b'a b', 1)",
        "('a b', True)",
        "('a b', 1.0)",
        "('A b', -0.0)",
        "(None, 1)",
        "('a', 5)",
        "('a b', -1)",
        "(['a'], 1)",
        "(type('T', (str,), {})('a b'), 1)",
    )
    return Program(text, tuple(c.pick(tame) for _ in range(2)), tuple(c.pick((*tame, *odd)) for _ in range(5)))
