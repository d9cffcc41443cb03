"""Programs for the passes over lists, dicts and strings (HST101 to HST111, HST114, HST116 to HST121): their shapes, with holes and hazards."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.fuzz.averages import averages
from tests.fuzz.choices import Choices, Program
from tests.fuzz.heaps import heaps
from tests.fuzz.letters import letters
from tests.fuzz.pairs import pairs
from tests.fuzz.recent import recent, so_far
from tests.fuzz.tallies import tallies

HEAD = '''import math
import re
from collections import deque

nan = float('nan')
inf = float('inf')


class Odd:
    """Equal to every number of its size."""

    def __init__(self, n):
        self.n = n

    def __eq__(self, other):
        return self.n == other

    def __hash__(self):
        return 7

    def __repr__(self):
        return f"Odd({self.n})"

    def __lt__(self, other):
        return True


def poke(items):
    if isinstance(items, list) and items:
        items.append(items[0])


'''
KINDS: dict[str, tuple[str, ...]] = {
    "ints": ("3", "1", "2", "0", "-1", "7", "2", "10**20"),
    "words": ("'a'", "'b'", "'ab'", "'c'", "''", "'b'"),
    "floats": ("1.5", "2.0", "0.0", "-0.0", "nan", "inf", "1.0"),
    "tuples": ("(1, 2)", "(1, 'a')", "(2, 1)", "(1.0, 2)", "()", "((1,), 2)", "(nan, 1)"),
    "mixed": ("1", "True", "1.0", "'a'", "None", "nan", "0", "False", "b'a'", "(1,)", "2**63", "float(2**63)"),
    "odd": ("Odd(1)", "1", "[1]", "Odd(2)", "2", "{1}", "1j", "range(2)"),
}
WHOLE = (
    "None", "'abc'", "(3, 1, 2)", "{3: 1, 1: 2}", "{1, 2}", "range(4)", "[]", "deque([1, 2, 3])", "b'ab'", "iter([1, 2, 3])",
    "np.array([1, 2, 3])", "[[1], [2]]", "type('L', (list,), {})([1, 2])", "5", "[1, 'a', None]", "[nan, nan]",
)  # fmt: skip


def items(c: Choices, kind: str, low: int = 0, high: int = 7) -> str:
    """The source of a list; now and then one object stands in it twice."""
    return f"[{', '.join(c.pick(KINDS[kind]) for _ in range(c.integer(low, high)))}]"


def one(c: Choices, kind: str) -> str:
    return c.pick(KINDS[kind])


def some_kind(c: Choices) -> str:
    return c.pick(("ints", "ints", "words", "floats", "tuples", "mixed", "odd"))


def hazard(c: Choices, xs: str, value: str) -> str:
    """A line that may change the list, by its name or by another one."""
    return c.pick(
        (
            f"{xs}.append({value})",
            f"if len({xs}) > 2: {xs}.pop()",
            f"if {xs}: {xs}[0] = {value}",
            f"other.append({value})",
            f"other = {xs}",
            f"{xs} = list({xs})",
            f"{xs} += [{value}]",
            f"poke({xs})",
            "poke(other)",
            f"{xs}.sort(key=repr)",
            f"if {value} in {xs}: {xs}.remove({value})",
            f"holder = [{xs}]",
            "for held in holder: poke(held)",
            f"print({xs})",
            f"{xs}.reverse()",
            f"if len(out) > 3: {xs}.clear()",
            "raise ValueError(len(out))",
            f"del {xs}[:1]",
            f"{xs} = {xs} + [{value}]",
            f"setattr(Odd, 'last', {xs})",
            f"{xs}.extend(other)",
        )
    )


def hazards(c: Choices, xs: str, value: str, percent: int = 35) -> list[str]:
    return [hazard(c, xs, value)] if c.chance(percent) else []


def body(lines: list[str], depth: int) -> str:
    return "".join(f"{'    ' * depth}{line}\n" for line in lines)


def shuffled(c: Choices, lines: list[str], more: list[str]) -> list[str]:
    """`more` put somewhere between the lines (never inside what belongs to one of them)."""
    out = list(lines)
    for line in more:
        places = [i for i in range(len(out) + 1) if i == len(out) or not out[i].startswith((" ", "else", "elif"))]
        out.insert(c.pick(places), line)
    return out


def two_lists(c: Choices, xs_kind: str, ys_kind: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Calls work(xs, ys, other): recorded with lists, later with anything, and with one list under two names."""
    recorded = tuple(
        f"({items(c, xs_kind, 1)}, {items(c, ys_kind)}, {items(c, xs_kind)})" for _ in range(c.integer(1, 3))
    )
    late = []
    for _ in range(c.integer(1, 4)):
        kind = some_kind(c)
        late.append(
            c.pick(
                (
                    f"({items(c, kind)}, {items(c, c.pick((ys_kind, kind)))}, {items(c, kind)})",
                    f"(lambda same: (same, {items(c, ys_kind)}, same))({items(c, kind)})",
                    f"(lambda same: (same, same, {items(c, kind)}))({items(c, kind)})",
                    f"({c.pick(WHOLE)}, {items(c, ys_kind)}, [])",
                    f"({items(c, kind)}, {c.pick(WHOLE)}, [])",
                    f"(lambda x: ([x, {one(c, kind)}], [x, {one(c, kind)}], [x]))({one(c, kind)})",
                )
            )
        )
    return recorded, tuple(late)


def membership(c: Choices) -> Program:
    kind = some_kind(c)
    where = c.pick(("xs", "xs", "xs", "KNOWN", "list(xs)", "table[0]"))
    value = one(c, kind)
    test = c.pick(
        (
            f"y in {where}",
            f"y not in {where}",
            f"(y, 1) in {where}",
            f"y in {where} and y in {where}",
            f"not y in {where}",
        )
    )
    keep = [f"if {test}:", f"    out.append({c.pick(('y', '(y, 1)', '1'))})"]
    if c.chance(30):
        keep += ["else:", "    " + c.pick(("out.append(None)", "xs.append(y)", f"xs.append({value})", "pass"))]
    loop = c.pick(("for y in ys:", "for i, y in enumerate(ys):", "while ys:"))
    first = ["y = ys.pop()"] if loop.startswith("while") else []
    lines = [*first, *shuffled(c, keep, hazards(c, "xs", c.pick(("y", value))))]
    text = f"{HEAD}KNOWN = {items(c, kind, 1)}\n\n\ndef work(xs, ys, other):\n    out = []\n    holder = []\n"
    text += "    table = [xs, other]\n" if "table" in where else ""
    if c.chance(20):
        text += f"    xs = {items(c, kind)}\n"
    if loop.startswith("for y") and c.chance(20) and not first:
        text += (
            "    return "
            + c.pick((f"[y for y in ys if {test}]", f"sum(1 for y in ys if {test})", f"{{y: {test} for y in ys}}"))
            + "\n"
        )
    else:
        text += f"    {loop}\n{body(lines, 2)}    return out, xs\n"
    return Program(text, *two_lists(c, kind, kind))


def positions(c: Choices) -> Program:
    kind = some_kind(c)
    how = c.pick(("index", "count"))
    lines = [c.pick((f"out.append(xs.{how}(y))", f"if xs.count(y): out.append(xs.{how}(y))", f"if y in xs: out.append(xs.{how}(y))",
                     f"out.append((y, xs.{how}(y)))", f"try: out.append(xs.{how}(y))\n        except ValueError as e: out.append(str(e))"))]  # fmt: skip
    lines = shuffled(c, lines, hazards(c, "xs", c.pick(("y", one(c, kind)))))
    text = f"{HEAD}def work(xs, ys, other):\n    out = []\n    holder = []\n    for y in ys:\n{body(lines, 2)}    return out, xs\n"
    return Program(text, *two_lists(c, kind, kind))


def queue(c: Choices) -> Program:
    start = c.pick(("[n]", "[n, n + 1]", "list(range(n))", "[n]", "[n] * 3", "xs"))
    grow = c.pick(("if x > 0: todo.append(x - 1)", "todo.extend(range(x))", "if x > 1: todo.insert(0, x // 2)", "if x > 2: todo += [x - 2]",
                   "if x: todo.append(x - 1); todo.append(x - 2)", "todo.extend(y for y in (x - 1, x - 3) if y > 0)"))  # fmt: skip
    look = c.pick(("out.append(x)", "out.append(len(todo))", "if todo: out.append(todo[-1])", "out.append(todo[:2])", "out.append(list(todo))",
                   "if x in todo: out.append('again')", "print(todo)", "out.append(todo == [1])", "if 3 in todo: todo.remove(3)",
                   "out.append(sorted(todo))", "todo.sort()", "held = todo", "if len(todo) > 1: todo[0], todo[-1] = todo[-1], todo[0]",
                   "for t in todo: out.append(t)", "out.append(sum(todo))", "todo.reverse()", "out.append(todo.index(x) if x in todo else -1)"))  # fmt: skip
    if c.chance(70):
        look = c.pick(
            (
                "out.append(x)",
                "out.append(len(todo))",
                "if todo: out.append(todo[-1])",
                "if x in todo: out.append('again')",
                "for t in todo: out.append(t)",
                "out.append(sum(todo))",
            )
        )
    nice = c.chance(60)
    test = (
        "todo" if nice else c.pick(("todo", "todo", "len(todo) > 0", "len(out) < 9", "todo and len(out) < 9", "True"))
    )
    take = (
        c.pick(
            (
                "x = todo.pop(0)",
                "x = todo.pop(0)",
                "x = todo.pop(0) if len(todo) % 2 else todo.pop()",
                "x = todo[0]; todo.pop(0)",
                "x = todo[0]; del todo[0]",
            )
        )
        if not nice
        else "x = todo.pop(0)"
    )
    if not nice and c.chance(25):
        take = f"try:\n{' ' * 12}{take}\n{' ' * 8}except IndexError as e:\n{' ' * 12}out.append(str(e)); break"
    end = "" if test == "todo" else "if len(out) > 12: break"
    lines = [take, *c.some([grow, look], 1, 2), "out.append(x)", "if len(out) > 30: break", *([end] if end else [])]
    give = "out, len(todo)" if nice else c.pick(("out", "out, len(todo)", "out, todo", "out, list(todo)"))
    text = f"{HEAD}def work(n, xs):\n    out = []\n    held = None\n    todo = {start}\n    while {test}:\n{body(lines, 2)}    return {give}\n"
    return Program(
        text,
        tuple(
            f"({c.pick(('3', '5', '4', '1'))}, {items(c, 'ints', 1, 4).replace('10**20', '6')})"
            for _ in range(c.integer(1, 2))
        ),
        tuple(
            f"({c.pick(('0', '2', '-1', '2.5', 'True', 'None'))}, {c.pick(('[]', '[1.5, 2]', '(1, 2)', '[5, 4]', 'deque([1, 2])'))})"
            for _ in range(2)
        ),
    )


def sorting(c: Choices) -> Program:
    kind = some_kind(c)
    value = one(c, kind)
    shape = c.integer(0, 3)
    more = hazards(c, "xs", c.pick(("y", value)), 15)
    if shape == 0:
        rev = c.pick(("", "", "", "", "reverse=True", "key=repr"))
        lines = [
            "xs.append(y)",
            f"xs.sort({rev})",
            c.pick(
                (
                    "out.append(xs[0])",
                    "out.append(len(xs))",
                    "if len(xs) > 3: out.append(xs.pop())",
                    "out.append(list(xs))",
                    "if len(xs) > 2: out.append(xs.pop(0))",
                )
            ),
        ]
        lines = shuffled(c, lines, more)
    else:
        part = c.pick(("[0]", "[-1]", "[:2]", "[:k]", "[-2:]", "[1]", "[::-1][0]", "[-k:]"))
        rev = c.pick(("", "", ", reverse=True", ", key=repr"))
        lines = shuffled(c, ["xs.append(y)" if c.chance(50) else "pass", f"out.append(sorted(xs{rev}){part})"], more)
    loop = c.pick(("for y in ys:", "for k, y in enumerate(ys):"))
    start = c.pick(("", "    xs = []\n", "    xs = list(xs)\n"))
    text = f"{HEAD}def work(xs, ys, other):\n    out = []\n    holder = []\n    k = {c.pick(('2', '1', '0', '-1'))}\n{start}    {loop}\n{body(lines, 2)}    return out, xs\n"
    return Program(text, *two_lists(c, kind, kind))


def text_growth(c: Choices) -> Program:
    piece = c.pick(
        (
            "'a'",
            "f'{i}-'",
            "f'{i}'",
            "f'{i:03d}' + '\\n'",
            "chr(97 + i)",
            "'y' if i % 2 else 'z'",
            "','.join(names)",
            "'{}'.format(i)",
            "str(i)",
            "f'{i:03d}\\n'",
            "', '",
            "'x' * i",
            "names[i % 2]",
            "str(i) + ','",
            "'%d' % i",
            "'y' if i % 2 else 'z'",
            "chr(97 + i)",
            "repr(i)",
        )
    )
    more = c.pick(("pass", "pass", "n += 1", "if i == 3: break", "pass", "n += i", "names.append('r')", "if i % 2: continue", "s += '!'", "if i == 2: raise ValueError(i)", "if i % 2: continue", "print(len(s))", "t = s", "if s.endswith('3'): n += 1", "log(i)", "s += '!'", "if i == 2: raise ValueError(i)",
                   "s = s + '.'", "s = 'new'", "del names[:1]", "names.append(s)"))  # fmt: skip
    start = c.pick(("''", "'head:'", "f'{1}'", "'a' 'b'", "''", "str(5)"))
    loop = c.pick(("for i in range(6):", "for i in [1, 2, 3]:", "i = 0\nwhile i < 4:", "for i in range(0):"))
    lines = [f"s += {piece}", more]
    if c.chance(50):
        lines.reverse()
    if loop.startswith("i = 0"):
        lines.insert(0, "i += 1")
    if c.chance(20):
        loop = f"for j in range(2):\n    {loop.replace(chr(10), chr(10) + '    ')}"
        lines = ["    " + line for line in lines]
    around = c.chance(15)
    code = f"{loop}\n{body(lines, 1)}"
    if around:
        code = "try:\n" + "".join(f"    {line}\n" for line in code.splitlines()) + "except ValueError:\n    pass\n"
    text = f"{HEAD}def log(x):\n    {c.pick(('pass', 'print(x)', 'pass', 'print(len(s))', 'return s'))}\n\n\ns = {start}\nn = 0\nnames = ['p', 'q']\n{code}done = s\n\n\ndef work():\n    return done, n, names\n"
    return Program(text, ("()",))


def patterns(c: Choices) -> Program:
    pattern = c.pick(
        (
            "r'\\d+'",
            "'a'",
            "r'(\\w)(\\d)?'",
            "'[ab]+'",
            "'('",
            "''",
            "'(?i)B'",
            "r'\\s*,\\s*'",
            "b'a'",
            "r'^a|b$'",
            "r'(?P<n>a)'",
        )
    )
    flags = c.pick(("", "", ", re.I", ", flags=re.M", ", re.IGNORECASE | re.S"))
    how = c.pick(("match", "search", "fullmatch", "findall", "split", "finditer", "sub", "compile", "subn"))
    repl = c.pick(("'-'", "''", "r'\\1'", "lambda m: m.group(0) * 2", "'[\\\\g<0>]'"))
    if how in ("sub", "subn"):
        more = c.pick(
            ("", ", 1", ", count=1", flags.replace(", re", ", flags=re") if flags and "flags" not in flags else flags)
        )
        call = f"re.{how}({pattern}, {repl}, t{more})"
    elif how == "split":
        more = c.pick(("", ", 1", ", maxsplit=1"))
        call = f"re.split({pattern}, t{more})"
    elif how == "compile":
        call = f"re.compile({pattern}{flags}).{c.pick(('findall(t)', 'sub(' + repl + ', t)', 'pattern', 'flags', 'split(t)'))}"
    else:
        call = f"re.{how}({pattern}, t{flags})"
    value = {
        "match": f"getattr({call}, 'group', str)()",
        "search": f"bool({call})",
        "fullmatch": f"str({call})",
        "finditer": f"[m.span() for m in {call}]",
    }.get(how, call)
    lines = [f"out.append({value})"]
    if c.chance(20):
        lines = [
            "try:",
            f"    out.append({value})",
            f"except {c.pick(('TypeError', 're.error', 'Exception'))} as e:",
            "    out.append(str(e))",
        ]
    if c.chance(20):
        lines.append(c.pick(("re.purge()", "pattern = 'x'", "t = t[1:]", "if not t: break")))
    text = f"{HEAD}def work(texts):\n    out = []\n    for t in texts:\n{body(lines, 2)}    return out\n"
    texts = ("'a1 b22'", "'ab,ba'", "''", "'A\\nb'", "'\\u0663a'", "'x' * 50")
    made = tuple(f"([{', '.join(c.pick(texts) for _ in range(c.integer(1, 4)))}],)" for _ in range(c.integer(1, 2)))
    late = ("([b'a1', b''],)", "([None],)", "('abc',)", "([],)", "([bytearray(b'a')],)", "([1, 'a'],)", "None")
    return Program(text, made, tuple(x for x in c.some(late, 1, 4) if x != "None"))


def joins(c: Choices, ranged: bool = False) -> Program:
    shape = c.pick(("dict", "dict", "tuple", "object", "plain"))
    key = {"dict": "b['k']", "tuple": "b[0]", "object": "b.n", "plain": "b"}[shape]
    left = {"dict": "a['k']", "tuple": "a[0]", "object": "a.n", "plain": "a"}[shape]
    test = c.pick(
        (
            f"{key} == {left}",
            f"{left} == {key}",
            f"{key} == {left} and {left} != 2",
            f"{key} == {left} or {left} == 9",
            f"{key} != {left}",
            f"{key} == {left} and len(out) < 3",
        )
        if not ranged
        else (
            f"{left} <= {key} <= {left}",
            f"{left} <= {key} < {left} + 2",
            f"{left} - n < {key} <= {left}",
            f"{key} >= {left} and {key} < 3",
            f"9 > {key} > {left} and n < 5",
            f"{key} <= {left} and {key} > -{left}",
        )
    )
    asked = ""
    if shape == "dict" and not ranged and " or " not in test and c.chance(40):
        asked = c.mostly(("b['v']", "not b['w']", "b['v'] != 3"), ("b['x']", "b['k']"), 5)
        test = f"{asked} and {test}"
    if shape == "dict" and not ranged and c.chance(30):
        test = c.pick((f"{key} == {left} and a['v'] == b['v']", f"b['v'] == a['v'] and {test}"))
    act = c.pick(
        (
            "out.append((a, b))",
            c.mostly(
                ("b['v'] = False", "b['w'] = n > 0", "b['w'] = not n"), ("del b['v']", "b['w'] = out", "b.clear()"), 5
            )
            if asked
            else "out.append(b)",
            "n += 1",
            "out.append(b); break",
            "print('hit')",
            "left.append(a) if n > 90 else None",
            "if n == 2: raise KeyError(n)",
        )
    )
    inner = [f"if {test}:", f"    {act}", f"    {c.pick(('n += 1', 'pass', 'break'))}"]
    if c.chance(25):
        inner.append(c.pick(("else:\n                pass", "n += 0", "n += 1", "seen = b")))
    change = {
        "dict": "right[0]['k'] = 1",
        "tuple": "right.append((1, 2))",
        "object": "right[0].n = 1",
        "plain": "right.append(1)",
    }[shape]
    more = (
        [
            c.pick(
                (
                    change,
                    "right.pop()",
                    "right = right[1:]",
                    "a = a",
                    "right.reverse()",
                    "poke(right)",
                    "poke(other)",
                    "other.append(other[0])",
                )
            )
        ]
        if c.chance(30)
        else []
    )
    loop = "for b in right"
    if not ranged and c.chance(50):
        loop = c.pick(
            (
                "for i, b in enumerate(right)",
                "for b, w in zip(right, other)",
                "for i, b in table.items()",
                "for b in table.values()",
                "for b in right[1:]",
                "for i, (b, w) in enumerate(zip(right, other), 2)",
                "for b in reversed(right)",
            )
        )
        if c.chance(30):
            works = {"dict": "len(b['k'])", "tuple": "b[0] % 3", "object": "b.n // 2", "plain": "str(b)"}[shape]
            test = c.pick((f"{works} == {left}", f"{left} == {works}", f"({key} == 1) == {left}"))
        if c.chance(20):
            test = (
                f"{key} != 2 and {test}" if c.chance(50) else f"i != 1 and {test}" if "i" in loop.split()[1] else test
            )
        if "table" in loop:
            more.extend(
                [
                    c.pick(
                        (
                            "table[0] = right[0]",
                            "table.pop(1, None)",
                            "table['k'] = a",
                            "other.append(table)",
                            "table |= {}",
                        )
                    )
                ]
                if c.chance(25)
                else []
            )
    outer = shuffled(c, [f"{loop}:"], [])
    code = "    for a in left:\n"
    before = c.chance(50)
    code += body(more, 2) if before else ""
    code += body(outer, 2) + body(inner, 3)
    code += "" if before else body(more, 2)
    if c.chance(25):
        made = c.pick(
            (
                f"[b {loop} if {test}]",
                f"next((b {loop} if {test}), None)",
                f"sum(1 {loop} if {test})",
                f"any({test} {loop})",
            )
        )
        code = f"    for a in left:\n        out.append({made})\n"
    made = "    table = {i: b for i, b in enumerate(right)}\n" if "table" in code else ""
    text = f"{HEAD}def work(left, right, other):\n    out = []\n    n = 0\n    seen = None\n{made}{code}    return out, n, seen\n"

    def rows(kind: str, low: int = 0) -> str:
        keys = [one(c, kind) for _ in range(c.integer(low, 6))]
        made = {
            "dict": "{{'k': {0}, 'v': 1, 'w': 0}}" if c.chance(90) else "{{'k': {0}, 'v': None}}",
            "tuple": "({0}, 2)",
            "object": "Odd({0})",
            "plain": "{0}",
        }[shape]
        return f"[{', '.join(made.format(k) for k in keys)}]"

    kind = some_kind(c)
    recorded = tuple(f"({rows(kind, 1)}, {rows(kind, 1)}, {rows(kind)})" for _ in range(c.integer(1, 2)))
    late = []
    for _ in range(c.integer(1, 4)):
        other_kind = some_kind(c)
        late.append(
            c.pick(
                (
                    f"({rows(other_kind)}, {rows(c.pick((kind, other_kind)))}, [])",
                    f"(lambda same: ({rows(kind)}, same, same))({rows(other_kind)})",
                    f"(lambda same: (same, same, same))({rows(other_kind)})",
                    f"({rows(kind)}, {c.pick(WHOLE)}, [])",
                    f"({rows(kind)}, iter({rows(kind)}), [])",
                    f"({rows(kind)}, tuple({rows(kind)}), [])",
                )
            )
        )
    return Program(text, recorded, tuple(late))


def keys(c: Choices) -> Program:
    return pairs(c) if c.chance(30) else joins(c)


def ranges(c: Choices) -> Program:
    return joins(c, ranged=True)


def invariants(c: Choices) -> Program:
    kind = c.pick(("ints", "floats", "ints", "words", "mixed", "tuples"))
    call = c.pick(("sum(xs)", "max(xs)", "min(xs)", "sorted(xs)[0]", "sorted(xs, reverse=True)[-1]", "y in set(xs)", "sum(xs) / len(xs)", "len(set(xs))", "max(d.values())", "sum(d.values())",
                   "sorted(d.items())[0]", "list(xs).index(y)", "min(xs) if xs else 0", "sorted(set(xs))[:1]", "tuple(xs)[0]", "y in list(d)"))  # fmt: skip
    use = c.pick(
        (
            f"out.append({call})",
            f"v = {call}",
            f"if y != {call}: out.append(y)",
            f"out.append(({call}, {call}))",
            f"if i > 1: out.append({call})",
        )
    )
    more = (
        c.pick(
            (
                "xs.append(y)",
                "d[y] = i",
                "d.clear()",
                "xs[0] = y",
                "poke(xs)",
                "xs = xs[1:]",
                "d = dict(d)",
                "other.append(1)",
                "out.append(i)",
                "d.pop(y, None)",
                "del xs[0]",
            )
        )
        if c.chance(40)
        else "pass"
    )
    lines = shuffled(c, [use], [more])
    text = f"{HEAD}def work(xs, ys, other):\n    out = []\n    v = None\n    d = {{x: i for i, x in enumerate(other) if type(x) is not list}}\n    for i, y in enumerate(ys):\n{body(lines, 2)}    return out, v, xs\n"
    return Program(text, *two_lists(c, kind, kind))


def memos(c: Choices) -> Program:
    shape = c.integer(0, 4)
    if shape == 0:
        base = c.pick(("n < 2", "n <= 1", "n == 0 or n == 1", "not n > 1"))
        rec = c.pick(
            (
                "f(n - 1) + f(n - 2)",
                "f(n - 1) * 2 - f(n - 2)",
                "f(n - 1) + f(n - 1) % 3",
                "f(n // 2) + f(n - 2) / 2",
                "max(f(n - 1), f(n - 2)) + n",
                "str(f(n - 1)) + str(f(n - 2))",
            )
        )
        code = f"def f(n):\n    if {base}:\n        return {c.pick(('n', '1', 'n * 1.0', '0.0', 'math.nan', '[n]', '-n'))}\n    return {rec}\n\n\ndef work(n, xs):\n    return f(n)\n"
        return Program(
            HEAD + code,
            tuple(f"({c.pick(('7', '5', '9'))}, [])" for _ in range(c.integer(1, 2))),
            tuple(
                c.some(
                    (
                        "(True, [])",
                        "(3.0, [])",
                        "(-0.0, [])",
                        "(0, [])",
                        "('a', [])",
                        "(None, [])",
                        "(2.5, [])",
                        "(8, [])",
                        "(math.inf, [])" if base == "x" else "(1.0, [])",
                    ),
                    1,
                    5,
                )
            ),
        )
    params = c.pick(("a", "a, b", "a, b=2"))
    expr = c.pick(
        (
            "a * 2",
            "a ** 2 + 1",
            "math.sqrt(abs(a))",
            "str(a).upper()",
            "a if a > 0 else -a",
            "(a, 1)",
            "[a]",
            "a / 2",
            "round(a, 1)",
            "a % 3 == 0",
            "len(str(a))",
            "TABLE[0] + a",
            "-a",
            "a + 0.0",
        )
    )
    loop = [
        "total = 0",
        f"for i in range({c.pick(('3', '5'))}):",
        f"    total = total {c.pick(('+ i', '+ len(str(a))', '* 1'))}",
    ]
    lines = [
        *(loop if c.chance(50) else []),
        c.pick(
            (
                "pass",
                "pass",
                "pass",
                "pass",
                "if a is None: raise ValueError('none')",
                "COUNT.append(a)",
                "print(a)",
                "global LAST; LAST = a",
            )
        ),
        f"return {expr}",
    ]
    call = {
        "a": "f(x)",
        "a, b": c.pick(("f(x, 1)", "f(x, y)", "f(b=1, a=x)")),
        "a, b=2": c.pick(("f(x)", "f(x, 2)", "f(x, b=y)")),
    }[params]
    text = f"{HEAD}COUNT = []\nLAST = 0\nTABLE = [1, 2]\n\n\ndef f({params}):\n{body(lines, 1)}\n\ndef work(y, xs):\n    out = []\n    for x in xs:\n        out.append({call})\n        {c.pick(('pass', 'out[-1:] = out[-1:]', 'TABLE[0] += 1', 'if type(out[-1]) is list: out[-1].append(1)'))}\n    return out\n"
    recorded = tuple(
        f"(1, [{', '.join(c.pick(('1', '2', '1', '3', '2')) for _ in range(6))}])" for _ in range(c.integer(1, 2))
    )
    late = (
        "(1, [1, 1.0, True, 1])",
        "(0, [0.0, -0.0, 0, False])",
        "(nan, [nan, nan, 1])",
        "(1, ['a', 'a', b'a'])",
        "(None, [None, 1])",
        "([1], [2, 2])",
        "(1, [[1], [1]])",
        "(2.0, [2**63, 2**63, 10**30])",
        "(1, [1j, Odd(1), Odd(1)])",
    )
    return Program(text, recorded, tuple(c.some(late, 1, 5)))


def copies(c: Choices) -> Program:
    grow = c.pick(
        (
            "xs = xs + [y]",
            "xs = xs + [y]",
            "xs = xs + [y * 2]",
            "xs = xs + [y, y]",
            "xs = [y] + xs",
            "xs = xs + other",
            "xs = xs + (y,)",
            "xs = xs + list((y,))",
            "xs = xs + [f(y)]",
        )
    )
    more = c.pick(
        (
            "pass",
            "held = xs",
            "out.append(xs)",
            "out.append(len(xs))",
            "out.append(xs[-1])",
            "for z in xs: out.append(z)",
            "out.append(tuple(xs))",
            "if len(xs) > 3: xs = []",
            "held = [xs]",
            "print(xs)",
            "xs[0] = y",
            "g = lambda: xs",
            "if y == 2: raise ValueError(xs)",
            "out = out + [y]",
        )
    )
    start = c.pick(
        ("xs = []", "xs = [1, 2]", "xs = list(other)", "xs = [y for y in ys]", "xs = other", "xs = held = []")
    )
    more = "out.append(len(xs))" if c.chance(50) else more
    lines = [grow, more]
    if c.chance(40):
        lines.reverse()
    loop = c.pick(("for y in ys:", "for y in xs[:4]:", "for y in list(ys):", "while len(xs) < 5:"))
    if loop.startswith("while"):
        lines = ["y = len(xs)", *lines, "if len(out) > 9: break", "out.append(0)"]
    text = f"    out = []\n    held = None\n    {start}\n    {loop}\n{body(lines, 2)}    return out, xs, held\n"
    if c.chance(90):
        text = re.sub(r"\bxs\b", "zs", text)
    text = f"{HEAD}def f(y):\n    return y\n\n\ndef work(xs, ys, other):\n{text}"
    return Program(text, *two_lists(c, "ints", "ints"))


SUBSET_TESTS = ("a <= b", "a.issubset(b)", "b >= a", "b.issuperset(a)", "a < b", "a <= b and a")
SET_CHANGES = (
    "pass", "a.add(1)", "a |= {1}", "xs.append(a)", "xs[0].discard(1)", "xs = xs[1:]", "other.append(a)", "poke(xs)",
    "grow(a)", "out.append(a)", "for one in other: one.discard(2)", "a = frozenset(a)", "b = a", "xs.sort(key=len)",
)  # fmt: skip


def some_sets(c: Choices, late: bool) -> str:
    """The source of a list of sets; late ones hold anything, or are something else."""
    if late and c.chance(20):
        return c.pick(WHOLE)
    made = []
    for _ in range(c.integer(0, 6)):
        kind = c.pick(tuple(KINDS)) if late and c.chance(40) else c.pick(("ints", "ints", "words", "mixed", "tuples"))
        held = [p for p in c.some(KINDS[kind], 0, 4) if p not in ("[1]", "{1}") and not p.startswith("Odd")]
        whole = f"{{{', '.join(held)}}}" if held else "set()"
        form = c.pick(("{}", "frozenset({})", "frozenset({})", "list({})" if late else "{}", "T({})" if late else "{}"))
        made.append(form.format(whole))
    return f"[{', '.join(made)}]"


def subsets(c: Choices) -> Program:
    """Sets that hold all of some items; nothing in the file says what it equals."""
    test = c.pick(SUBSET_TESTS)
    start = c.pick(("0", "0", "5", "True", "0.5", "len(out)"))
    loop = [f"n = {start}", "for b in xs:", f"    if {test}:", "        n += 1", "out.append(n)"]
    forms = (f"sum(1 for b in xs if {test})", f"sum({test} for b in xs)", f"len([b for b in xs if {test}])")
    lines = loop if c.chance(50) else [f"out.append({c.pick(forms)})"]
    change = c.pick(SET_CHANGES) if c.chance(50) else "pass"
    lines = [*lines, change] if c.chance(60) else [change, *lines]
    last = c.pick(("", "", ", b")) if lines[0].startswith("n =") else ""
    rule = "class T(frozenset):\n    def __contains__(self, x):\n        print('asked')\n        return x == 1\n\n\n"
    grow = "def grow(a):\n    if isinstance(a, set):\n        a.add(2)\n\n\n"
    head = HEAD[: HEAD.index("class Odd")] + HEAD[HEAD.index("def poke") :] + rule + grow
    text = (
        f"{head}def work(xs, ys, other):\n    out = []\n    b = None\n    for a in ys:\n{body(lines, 2)}"
        f"    return out, xs, ys, other{last}\n"
    )
    calls = []
    for late in (False, False, True, True, True):
        one, two, three = (some_sets(c, late) for _ in range(3))
        same = (
            f"(lambda same: (same, {c.pick(('same', 'same[:]', two))}, {c.pick(('same[1:]', 'same', three))}))({one})"
        )
        calls.append(same if c.chance(40) and one.startswith("[") else f"({one}, {two}, {three})")
    return Program(text, tuple(calls[:2]), tuple(calls[2:]))


TEMPLATES: dict[str, Callable[[Choices], Program]] = {
    "HST101": membership, "HST102": positions, "HST103": queue, "HST104": sorting, "HST105": text_growth, "HST106": patterns,
    "HST107": keys, "HST108": invariants, "HST109": memos, "HST110": copies,
    "HST111": ranges, "HST114": subsets, "HST116": letters, "HST117": averages, "HST119": recent, "HST120": heaps, "HST122": so_far, "HST121": tallies,
}  # fmt: skip


def program(c: Choices) -> Program:
    return TEMPLATES[c.pick(tuple(TEMPLATES))](c)
