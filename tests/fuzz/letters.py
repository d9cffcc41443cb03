"""Programs that go through texts letter by letter (HST116): expressions over one character, with holes and hazards."""

from __future__ import annotations

from tests.fuzz.choices import Choices, Program

TEXTS = (
    "''", "'a'", "'Well, well: a TEXT!'", "'Stra\\u00dfe \\u0130stanbul \\u03a3\\u0391\\u03a3 \\ufb01'", "'e\\u0301 \\u0660 \\u00b2 \\u2160'",
    "'\\ud800x\\U0001f600'", "'12-34 (5) ab'", "'\\0\\t\\n\\x85'", "'aAbB' * 40",
)  # fmt: skip
OTHERS = (
    "['a', 'bc', '']", "['a', 3]", "('x', 'Y,')", "None", "b'ab'", "5", "{'a': 1, 'B': 2}", "Shout('abc, D')", "iter('a,B')", "[['a'], 'b']",
    "range(3)", "np.array(['a', 'B1'])", "{'a'}",
)  # fmt: skip
HEAD = """import string
import numpy as np


class Shout(str):
    def __iter__(self):
        return iter(str(self) + "!?")


KEEP = "abc ÄX"
VOWELS = {"e"}  # one: the order of several may be another once a table holds the same constant
MARKS = ["!", "?", "ab"]
TABLE = {"a": "4", "ß": "ss", "B": "", "x": "a"}
LIMIT = "m"


def own(c):
    return c


"""


def text_of(c: Choices, deep: int = 2) -> str:
    """An expression that is a string, mostly."""
    kind = c.integer(0, 7 if deep else 3)
    if kind == 0:
        hazards = ("own(ch)", "f'<{ch}>'", "chr(ord(ch) + 1)", "ch * 2", "str(ch)", "out", "other[0]", "3", "None")
        return c.mostly(("ch", "ch", "'-'", "''", "'ab'", "LIMIT", "'ß'"), hazards, 4)
    if kind == 1:
        return "ch"
    if kind == 2:
        return f"ch.{c.mostly(('lower', 'upper', 'casefold', 'swapcase', 'title', 'capitalize'), ('strip', 'encode'), 4)}()"
    if kind == 3:
        if c.chance(30):
            return c.mostly(("TABLE[ch]", "TABLE[ch.lower()]"), ("TABLE[ch + 'x']",), 8)
        return f"TABLE.get(ch, {c.mostly(('ch', 'LIMIT', 'KEEP'), ('None', 'other'), 4)})"
    if kind <= 5:
        return f"{text_of(c, deep - 1)} if {condition_of(c, deep - 1)} else {text_of(c, deep - 1)}"
    if kind == 6:
        return f"({text_of(c, deep - 1)} + {text_of(c, deep - 1)})"
    return f"({text_of(c, deep - 1)}).{c.pick(('lower', 'upper'))}()"


def condition_of(c: Choices, deep: int = 2) -> str:
    """An expression that is True or False, mostly."""
    kind = c.integer(0, 8 if deep else 4)
    if kind <= 1:
        how = "isalpha isdigit isalnum isspace isupper islower isnumeric isprintable isascii".split()
        return f"ch.{c.pick(tuple(how))}()"
    if kind == 2:
        within = c.mostly(("KEEP", "VOWELS", "MARKS", "TABLE", "string.punctuation", "'aB,'"), ("(1, 'a')", "other"), 4)
        return f"ch {c.pick(('in', 'not in'))} {within}"
    if kind == 3:
        return c.mostly(
            ("ch == 'b'", "ch != LIMIT", "'A' <= ch < LIMIT", "ch >= 'Z'", "ord(ch) < 97", "ord(ch) >= 0x10000"),
            ("ch < 3", "ch is LIMIT"),
            4,
        )
    if kind == 4:
        return c.mostly(("ch.isalpha()",), ("ch", "True", "other", "ch.startswith('a')", "len(ch) == 1"), 4)
    if kind <= 6:
        return f"({condition_of(c, deep - 1)} {c.pick(('and', 'or'))} {condition_of(c, deep - 1)})"
    if kind == 7:
        return f"not {condition_of(c, deep - 1)}"
    return f"({text_of(c, deep - 1)}) {c.pick(('in', 'not in'))} {c.pick(('KEEP', 'VOWELS'))}"


def counting(c: Choices, margin: str) -> list[str]:
    """How a loop over a text counts some of its characters."""
    lines = []
    for head in ("if", *c.pick(((), ("elif",), ("else",), ("elif", "else")))):
        lines.append(f"{margin}{head}:" if head == "else" else f"{margin}{head} {condition_of(c)}:")
        lines.append(
            f"{margin}    {c.mostly(('out += 1', 'out += 2', 'out += 0', 'pass', 'continue'), ('out += True', 'out += -1', 'out += 1.0'), 6)}"
        )
    return lines


def statements(c: Choices, margin: str, deep: int = 2) -> list[str]:
    """What a loop over a text does with each character."""
    lines: list[str] = []
    for _ in range(c.integer(1, 2)):
        kind = c.integer(0, 7)
        if kind <= 3 or not deep:
            lines.append(f"{margin}out {c.pick(('+=', '= out +'))} ({text_of(c)})")
        elif kind <= 6:
            for head in ("if", *c.pick(((), (), ("elif",), ("else",), ("elif", "else")))):
                lines.append(f"{margin}{head}:" if head == "else" else f"{margin}{head} {condition_of(c)}:")
                lines += statements(c, margin + "    ", deep - 1)
        else:
            hazards = (
                "break",
                "n += 1",
                "ch = ch.lower()",
                "out = out + ch + out",
                "seen.append(ch)",
                "out = ch + out",
            )
            lines.append(margin + c.mostly(("continue", "pass"), hazards, 4))
    return lines


def letters(c: Choices) -> Program:
    kind = c.integer(0, 4)
    kept = f" if {condition_of(c)}" if c.chance(60) else ""
    over = c.mostly(
        ("text", "text", "text.lower()", "text.strip()", "text[1:]", "reversed(text)", "reversed(text[:3])"),
        ("text + other", "list(text)", "reversed(list(text))"),
        4,
    )
    if kind == 0:
        made = f"{text_of(c)} for ch in {over}{kept}"
        body = [
            f"    out = {c.mostly((repr(''),), (repr(' '), 'other'), 4)}.join({c.pick(('{}', '[{}]')).format(made)})"
        ]
    elif kind == 1:
        made = c.mostly(
            (f"1 for ch in {over}{kept}", f"{condition_of(c)} for ch in {over}{kept}"),
            (f"2 for ch in {over}{kept}",),
            4,
        )
        body = [f"    out = {c.mostly(('sum({})', 'sum([{}])'), ('sum(({}), 1)',), 4).format(made)}"]
    elif kind == 2:
        body = [f"    out = {c.mostly(('0', '3'), ('other', 'True', '0.5'), 4)}", f"    for ch in {over}:"]
        body += counting(c, "        ")
    else:
        body = [f"    out = {c.mostly((repr(''), repr('> ')), ('other', 'text', '3'), 4)}"]
        body += [f"    for ch in {over}:", *statements(c, "        ")]
        if c.chance(4):
            body += ["    else:", "        out += '.'"]
    body.append(
        c.mostly(
            ("    seen.append(out)",),
            ("    n = ch", "    TABLE['a'] = 'z'", "    MARKS.append('a')", "    KEEP = 3"),
            4,
        )
    )
    text = (
        HEAD + "def work(text, other):\n    seen, n = [], 0\n" + "\n".join(body) + "\n    return out, seen, n, other\n"
    )
    text += c.mostly(
        ("",),
        (
            "\n\nKEEP = 'xyz'\n",
            "\n\nVOWELS.add('b')\n",
            "\n\ndef ord(x):\n    return 3\n",
            "\n\nTABLE = dict(TABLE, c=5)\n",
        ),
        4,
    )
    early = [f"({c.pick(TEXTS)}, {c.pick(TEXTS)})" for _ in range(3)]
    late = [f"({c.pick(TEXTS if c.chance(40) else OTHERS)}, {c.pick((*TEXTS, *OTHERS))})" for _ in range(5)]
    return Program(text, tuple(early), tuple(late))
