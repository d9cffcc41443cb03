"""What kernels ask of strings that they know by their numbers: `len(word)`, its letters, `word.lower()`, `word[-2:]`.

A letter is a string too, and has a number. The wrapper looks at every string of the call once, when all have their
numbers, and makes arrays: where the letters of each begin, and what each question is answered with. What is made of a
string (`word.lower()`) gets a number as well; a kernel that asks that for what no question was answered for gives up.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hasten.kernel import words
from hasten.kernel.kinds import BOOL, INT, SIZE, Arr, Num, Refuse, Type, Word
from hasten.kernel.values import V, bare, fail, impure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hasten.kernel.compiler import Shared, Unit

TESTS = frozenset("isdigit isalpha isalnum isspace isupper islower istitle isdecimal isnumeric isidentifier".split())
PLACES = frozenset({"count", "find", "rfind"})
CHANGES = frozenset("lower upper strip lstrip rstrip title capitalize casefold swapcase replace".split())
STARTS, LETTERS = "@word_starts", "@word_letters"


@dataclass(frozen=True)
class Question:
    """What is asked of every string `w`: the code, and the type of the answers ("str", "int" or "bool")."""

    code: str
    kind: str


def _of(v: V) -> bool:
    return isinstance(v.t, Word) and not v.t.kind


def _array(u: Unit, name: str, dtype: str) -> str:
    u.extra.setdefault(name, Arr(dtype, 1))
    u.env.setdefault(name, Arr(dtype, 1))
    return u.local(name)


def spelt(u: Unit, v: V) -> str:
    """The code of the numbers of a string's letters."""
    u.shared.letters = True
    starts, letters = _array(u, STARTS, "int64"), _array(u, LETTERS, "int64")
    return f"{u.helper('letters_of')}({starts}, {letters}, {bare(v.code)})"


def length(u: Unit, v: V) -> V:
    """`len(word)`"""
    u.shared.letters = True
    _array(u, LETTERS, "int64")
    return V(f"{u.helper('length_of_word')}({_array(u, STARTS, 'int64')}, {bare(v.code)})", SIZE)


def asked(u: Unit, v: V, question: Question) -> V:
    """The answer to a question about a string."""
    known = u.shared.questions
    name = next((n for n, q in known.items() if q == question), None)
    if name is None:
        name = f"@word_answers_{len(known)}"
        known[name] = question
    code = f"{u.helper('answer_of')}({_array(u, name, 'bool' if question.kind == 'bool' else 'int64')}, {bare(v.code)})"
    types: dict[str, Type] = {"str": Word(), "bool": BOOL, "int": INT}
    return V(code, types[question.kind])


def element(u: Unit, v: V, node: ast.Subscript) -> V:
    """`word[0]`, `word[-2:]`"""
    if not isinstance(node.slice, ast.Slice):
        if isinstance(node.slice, ast.Tuple):
            fail("element of a string", node)
        return V(f"{spelt(u, v)}[{bare(u.integer(node.slice).code)}]", Word())
    parts = [node.slice.lower, node.slice.upper, node.slice.step]
    if not all(p is None or _number(p) for p in parts):
        fail("a part of a string between places that are computed", node)
    return asked(u, v, Question(f"w[{ast.unparse(node.slice)}]", "str"))


def _number(e: ast.expr) -> bool:
    e = e.operand if isinstance(e, ast.UnaryOp) and isinstance(e.op, ast.USub) else e
    return isinstance(e, ast.Constant) and type(e.value) is int


def method(u: Unit, v: V, name: str, node: ast.Call) -> V:
    """`word.lower()`, `word.endswith("ing")`"""
    texts = [a.value for a in node.args if isinstance(a, ast.Constant) and type(a.value) is str]
    if node.keywords or len(texts) < len(node.args):
        if name in ("startswith", "endswith") and len(node.args) == 1 and not node.keywords:
            return _ends(u, v, name, node)
        fail(f"{name} of a string with such arguments", node)
    code = f"w.{name}({', '.join(map(repr, texts))})"
    if name in TESTS and not texts or name in ("startswith", "endswith") and len(texts) == 1:
        return asked(u, v, Question(code, "bool"))
    if name in PLACES and len(texts) == 1:
        return asked(u, v, Question(code, "int"))
    if name in CHANGES and len(texts) == (2 if name == "replace" else len(texts[:1]) * name.endswith("strip")):
        return asked(u, v, Question(code, "str"))
    fail(f"method {name} of a string", node)


def _ends(u: Unit, v: V, name: str, node: ast.Call) -> V:
    """`word.endswith(suffix)`"""
    other = u.expr(node.args[0])
    if not _of(other):
        fail(f"{name} with this", node)
    helper = u.helper("starts_with" if name == "startswith" else "ends_with")
    return V(f"{helper}({spelt(u, v)}, {spelt(u, other)})", BOOL)


def holds(u: Unit, whole: V, part: V, sign: str) -> V:
    """`part in whole`, of strings."""
    return V(f"({sign}{u.helper('holds_letters')}({spelt(u, whole)}, {spelt(u, part)}))", BOOL)


def compare(u: Unit, node: ast.Compare) -> V | None:
    """`c in "aeiou"`, `"x" in word`, `part in word`. None: something else."""
    if len(node.ops) != 1 or not isinstance(node.ops[0], (ast.In, ast.NotIn)) or not u.shared.as_words:
        return None
    left, right = node.left, node.comparators[0]
    if not words.is_text(right) and (isinstance(right, (ast.Tuple, ast.List, ast.Set)) or not _is(u, right)):
        return None
    if not words.is_text(left) and not _is(u, left) or impure(node):
        return None
    return holds(u, u.expr(right), u.expr(left), "" if isinstance(node.ops[0], ast.In) else "not ")


def _is(u: Unit, e: ast.expr) -> bool:
    if not isinstance(e, (ast.Name, ast.Attribute, ast.Subscript, ast.Call)):
        return False
    t = words.kind_of(u, e)
    return isinstance(t, Word) and not t.kind


def ord_of(u: Unit, v: V) -> V:
    """`ord(c)`"""
    found = asked(u, v, Question("ord(w) if len(w) == 1 else -1", "int"))
    return V(f"{u.helper('code_point')}({bare(found.code)})", Num(frozenset({"int"}), 0, 0x10FFFF))


def lines(shared: Shared, types: Mapping[str, Type], numbers: str) -> list[str]:
    """Lines of the wrapper that make the arrays. `numbers` names the dict of the strings' numbers."""
    wanted = [n for n in shared.questions if n in types]
    if not wanted and STARTS not in types and LETTERS not in types:
        return []
    if shared.enums:
        raise Refuse("the letters of strings, with members of enumerations among them")
    numbered = f"{shared.helper('number_letters')}({numbers})"
    found = [numbered] if shared.letters else []
    questions = sorted(((n, shared.questions[n]) for n in wanted), key=lambda x: x[1].kind != "str")
    changes = sum(q.kind == "str" for _, q in questions)
    for at, (name, q) in enumerate(questions):
        if shared.letters and at == changes > 0:
            found.append(numbered)  # what was made has letters too
        if q.kind == "str":
            told = f"[{numbers}.setdefault({q.code}, len({numbers})) for w in [*{numbers}]]"
        else:
            told = f"[{q.code} for w in {numbers}]"
        dtype = "np.bool_" if q.kind == "bool" else "np.int64"
        found.append(f"{_local(name)} = np.array({told}, {dtype})")
    if STARTS in types or LETTERS in types:
        found.append(f"{_local(STARTS)}, {_local(LETTERS)} = {shared.helper('word_letters')}({numbers})")
    return found


def is_answer(name: str) -> bool:
    """Is it the name at the door of one of these arrays?"""
    return name.startswith("@word_")


def _local(name: str) -> str:
    from hasten.kernel.compiler import local  # it imports what this module builds on

    return local(name)
