"""Texts gone through letter by letter."""

from __future__ import annotations

from pathlib import Path

import pytest

from hasten.core.facts import Facts, RegionFacts, ValueFact
from hasten.core.recipe import Recipe
from hasten.passes.source.containers.letters import Letters
from tests.passes.test_containers_harness import changed, changes, check, left_alone, observe, work_of

# every kind of character: cases that grow (ß, İ), a final sigma, combining marks, digits of other scripts, surrogates
NASTY = r"""
TEXTS = ["", "Well, well: a TEXT!", "Straße İstanbul ΣΑΣ ﬁ", "e\u0301 \u0660\u0661 \u00b2 \u2160", "\ud800x\U0001f600",
         "a" * 50 + "\0\t\n\x85", "12-34 (5)"]
class Shout(str):
    def __iter__(self):
        return iter(str(self) + "!?")
OTHER = [Shout("abc, D"), ["a", "bc", "D", ","], ("x", "Y,"), {"a": 1}, ["a", 3], None, b"ab", iter("a,B")]
def shown(f):
    for t in TEXTS:
        print(ascii(f(t)), end=" ")
    for t in OTHER:
        try:
            found = f(t)
            print(ascii(found), type(found).__name__, end=" ")
        except (TypeError, AttributeError) as e:
            print(type(e).__name__, e, end=" ")
    print(ascii(f(TEXTS[2])), ascii(f(TEXTS[1])))
"""

CHANGED = {
    "looked up in a dict, from the end": "PAIRS = {'A': 'T', 'C': 'G', 'G': 'C', 'T': 'A', 'e': '', 'ab': 'x', 1: 'y'}\n" + NASTY + """
def f(text):
    out = ""
    try:
        for ch in reversed(text):
            out += PAIRS[ch]
    except KeyError as e:
        return out, e
    return out
def g(text):
    try:
        return "".join(PAIRS[ch.upper()] for ch in reversed(text[:2]))
    except KeyError as e:
        return e
def h(text):
    table = {"a": "b", "b": "a"}
    return "".join([table[c] if c in table else c for c in text])
def k(text):
    out = "-"
    for c in text.upper():
        if c in PAIRS:
            out = out + PAIRS[c]
        else:
            out += c + "."
    return out
TEXTS += ["ACGT", "ACeGTT", "ACGTx", "xACGT", "ab"]
shown(f), shown(g), shown(h), shown(k)
""",
    "letters that a loop counts": NASTY + """
def f(text):
    n = 0
    for c in text:
        if c == "a" or c == "L":
            n += 1
        elif c.isspace():
            n += 2
    return n
def g(text, n):
    for c in text:
        if c not in "aeiou":
            n += 1
        n += 0
    return n
shown(f)
for n in (True, 1.5, 2**70, -3, [], "a"):
    try:
        print(g("hello you", n), type(g("", n)))
    except TypeError as e:
        print(e)
""",
    "joined": "import string\n" + NASTY + """
def f(text):
    return "".join([c.lower() for c in text if c not in string.punctuation])
def g(text):
    return "".join(c if c.isalnum() or c in " -" else " " for c in text)
def h(text):
    return "".join(c.upper() if c.islower() else c.lower() if c != "x" else "[x]" for c in text if c > " " if not c.isdigit())
for each in (f, g, h):
    shown(each)
""",
    "counted": NASTY + """
VOWELS = {"a", "e", "i", "o", "u"}
def f(text):
    return sum(1 for c in text if c.isupper())
def g(text):
    return sum(c in VOWELS for c in text)
def h(text):
    return sum([c.lower() in VOWELS and "a" <= c <= "m" for c in text if ord(c) < 110])
for each in (f, g):
    shown(each)
for t in TEXTS:
    print(h(t), sum(1 for c in t.strip() if c == "l"))
""",
    "put together": NASTY + """
KEEP = "abcdefghijklmnopqrstuvwxyz "
def f(text):
    out = ""
    for ch in text:
        if ch.lower() in KEEP:
            out += ch.lower()
    return out
def g(text):
    marks = ["!", "?", "."]
    out = "> "
    for ch in text:  # each of them
        if ch in marks:
            continue
        if ch.isdigit():
            out = out + "#" + ch
        elif ch.isspace():
            out += "_"
        else:
            pass
    return out
def h(text):
    words = ""
    for n in range(2):
        for c in text.replace("l", "1").lower():
            words += "" if c == "e" else c + c
        words += "|"
    return words
for each in (f, g):
    shown(each)
for t in TEXTS:
    print(ascii(h(t)))
""",
    "a table of the program's": NASTY + """
LEET = {"a": "4", "e": "3", "ß": "ss"}
def f(text):
    return "".join(LEET.get(c, c) for c in text)
def g(text):
    swap = {"(": "[", ")": ""}
    kept = ""
    for c in text:
        kept += swap.get(c, c)
    return kept
for each in (f, g):
    shown(each)
""",
    "at the top of the file": """
text, made = "Some, Text", ""
for ch in text:
    if ch.isalpha():
        made += ch
for ch in "ab":
    print(ch)
print(made)
""",
    "what is built up is no text": """
class Log:
    def __init__(self): self.seen = []
    def __add__(self, other):
        self.seen.append(other)
        return self
def f(text, start):
    out = start
    for ch in text:
        if ch.isalpha():
            out += ch
    return out
print(f("a,b", "").upper(), f("a,b", Log()).seen)
try:
    f("a", 1)
except TypeError as e:
    print(e)
print(f("", 1))
""",
    "names of the helpers are taken": """
class _Letters_5: pass
_LETTERS_5 = 3
def f(text):
    return "".join(c for c in text if c.isalpha())
print(f("a1b"), _Letters_5.__name__, _LETTERS_5)
""",
    "brackets": """
def f(a, b):
    return "".join(c.upper() for c in a + b if c.isalpha()) + "".join(c for c in a if c not in ("a", "b"))
print(f("a-", "b"), "".join(c for c in ("xy" if f("a", "") else "z") if c != "x"))
""",
}  # fmt: skip

ALONE = {
    "a dict that changes": """
pairs = {"a": "b", "b": "a"}
def f(text):
    return "".join(pairs[c] for c in text)
print(f("ab"))
pairs["a"] = "x"
print(f("ab"))
""",
    "a dict of numbers": """
PAIRS = {"a": 1, "b": "a"}
def f(text):
    out = ""
    for c in text:
        out += PAIRS[c]
    return out
try:
    print(f("ba"))
except TypeError as e:
    print(e)
""",
    "counted and put together": """
def f(text):
    n = ""
    for c in text:
        if c == "a":
            n += 1
        else:
            n += c
    return n
try:
    print(f("ba"))
except TypeError as e:
    print(e)
""",
    "a list that changes": """
bad = ["a"]
def f(text):
    return "".join(c for c in text if c not in bad)
print(f("abc"))
bad.append("b")
print(f("abc"))
""",
    "a local list that changes": """
def f(text):
    seen = ["a"]
    for k in range(3):
        print("".join(c for c in text if c not in seen))
        seen.append("bcd"[k])
f("abcd")
""",
    "a name bound twice": """
KEEP = "a"
def f(text):
    return "".join(c for c in text if c in KEEP)
print(f("abc"))
KEEP = "ab"
print(f("abc"))
""",
    "it depends on what came before": """
def f(text):
    out, last = "", ""
    for c in text:
        if c != last:
            out += c
        last = c
    return out
def g(text):
    out = ""
    for c in text:
        if c not in out:
            out += c
    return out
print(f("aabb"), g("abab"))
""",
    "it may fail": """
def g(text, k):
    return "".join(chr(ord(c) + k) for c in text)
try:
    print(g("a", 1), g("a", -98))
except ValueError as e:
    print(e)
""",
    "a function of the program, which prints": """
def keep(c):
    print(c)
    return c > "a"
def f(text):
    return "".join(c for c in text if keep(c))
print(f("aab"))
""",
    "the last character is read": """
def f(text):
    out = ""
    for c in text:
        if c.isalpha():
            out += c
    return out, c
print(f("ab1"))
""",
    "string has another set": """
import string
def f(text):
    return "".join(c for c in text if c not in string.punctuation)
string.punctuation = "ab"
print(f("abc"))
""",
    "another separator": 'def f(t):\n    return "-".join(c for c in t if c.isalpha())\nprint(f("a1b"))\n',
    "words": 'def f(t):\n    return sum(len(c) for c in t if c.isalpha())\nprint(f(["ab", "c1"]))\n',
    "a method of its own": """
class Text(str):
    def isalpha(self):
        return True
def f(text):
    out = ""
    for c in text:
        d = Text(c)
        if d.isalpha():
            out += c
    return out
print(f("a1"))
""",
}


@pytest.mark.parametrize("source", CHANGED.values(), ids=CHANGED)
def test_changed(source: str, tmp_path: Path) -> None:
    changed(Letters(), tmp_path, source)


@pytest.mark.parametrize("source", ALONE.values(), ids=ALONE)
def test_left_alone(source: str, tmp_path: Path) -> None:
    left_alone(Letters(), tmp_path, source)


def test_other_types_were_recorded(tmp_path: Path) -> None:
    source = 'def f(t):\n    return "".join(c for c in t if c.isalpha())\nprint(f(["a", "1"]))\n'
    for kind, found in (("builtins.list", False), ("builtins.str", True)):
        types = {"t": (ValueFact(kind),)}
        facts = Facts(regions={"script.py:1-2": RegionFacts("script.py:1-2", types=types)})
        assert bool(check(Letters(), tmp_path, source, facts)) is found


def test_once_more_in_a_file_that_has_one(tmp_path: Path) -> None:
    """A table of an earlier round stays in front of nothing that it needs."""
    source = 'def f(t):\n    return "".join(c for c in t if c.isalpha())\nprint(f("a1"))\n'
    (first,) = changed(Letters(), tmp_path, source)
    more = first.replace("print(f(", 'def g(t):\n    return "".join(c for c in t if c.isdigit())\nprint(g("a1"), f(')
    changed(Letters(), tmp_path, more)


def test_changes_of_two_functions_together(tmp_path: Path) -> None:
    """Each change has tables of its own names."""
    source = """
def f(t):
    return "".join(c for c in t if c.isalpha())
def g(t):
    return sum(c.isdigit() for c in t) + sum(c.isupper() for c in t)
print(f("a1B"), g("a1B"), f("x"), g("22"))
"""
    work = work_of(tmp_path, source)
    both = [c for c in changes(Letters(), work) if c.region.kind == "function" and c.title.count(":") == 1]
    chosen = {c.region.first: c for c in reversed(both)}
    assert len(chosen) == 2
    new = Recipe(tuple(chosen.values())).apply(work).source("script.py").text
    assert observe(new) == observe(source), new
