"""Texts gone through letter by letter.

What it finds    `"".join(c for c in text if c not in string.punctuation)`, `sum(1 for c in text if c.isupper())`, and
                 loops that put a text together from what each character of another one becomes, or count some.
Why it is slow   Python works every character out anew, 50 to 200 ns each, though a text has a few dozen of them.
Example          "".join(c.lower() for c in text if c.isalpha())   ->   text.translate(_LETTERS)
Safe when        what a character becomes follows from it alone, by its syntax: methods of strings, comparisons and
                 constants that nothing changes. Each character is asked about once, by the program's own expressions.
                 What is no plain string, looked at while it runs, goes through the original.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from hasten.passes.source.containers.base import ContainerPass, Place
from hasten.passes.source.containers.effects import use_kind
from hasten.passes.source.containers.memo import _constant, _fixed
from hasten.passes.source.containers.syntax import COMPREHENSIONS, Module, Parts, dotted

LETTERS = '''\
class {kind}(dict):
    """What becomes of each character of a text (for `str.translate`), worked out when it is met first."""

    def __missing__(self, code):
        self[code] = found = self.becomes(chr(code)) or None  # None: left out
        return found

    @staticmethod
    def becomes({ch}):
{body}


{table} = {kind}()


'''
EACH = '''\
def _each_letter(text, letters, otherwise):
    """`text` with each character as in `letters`; `otherwise(text)` for what is no plain string."""
    return text.translate(letters) if type(text) is str else otherwise(text)


'''
COUNTED = '''\
def _count_letters(text, letters, otherwise):
    """How many characters of `text` are in `letters`; `otherwise(text)` for what is no plain string."""
    return len(text.translate(letters)) if type(text) is str else otherwise(text)


'''
# a character that a dict does not have: `translate` would leave it as it is
MISSED = (
    "        self[code] = found = self.becomes(chr(code)) or None  # None: left out\n",
    """\
        try:
            self[code] = found = self.becomes(chr(code)) or None  # None: left out
        except KeyError:
            raise ValueError from None
""",
)
KNOWN = '''\
def _known_letters(text, letters, step):
    """What becomes of each character of `text` (`step` -1: from its end); None for no plain string, or one unknown."""
    if type(text) is not str:
        return None
    try:
        return text[::step].translate(letters)
    except ValueError:
        return None


'''
EACH_KNOWN = '''\
def _each_known_letter(text, letters, step, otherwise):
    """What becomes of each character of `text`; `otherwise(text)` where that is not known."""
    made = _known_letters(text, letters, step)
    return otherwise(text) if made is None else made


'''
TEXTS = frozenset("lower upper casefold swapcase title capitalize".split())
TESTS = frozenset(
    "isalpha isdigit isalnum isspace isupper islower isnumeric isdecimal isprintable isascii istitle".split()
)
SETS = frozenset(
    "punctuation ascii_letters ascii_lowercase ascii_uppercase digits hexdigits octdigits whitespace printable".split()
)
ORDERS = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE)


@dataclass
class _Letter:
    """Judges what is made of one character, the name `ch`. Constants of the function around are written out."""

    place: Place
    at: ast.stmt
    ch: str
    swapped: dict[str, ast.expr] = field(default_factory=dict)
    fails: bool = False  # for a character that a dict does not have

    def text(self, e: ast.expr) -> bool:
        """Whether `e` is a string, worked out from the character alone, and fails with a KeyError if at all."""
        match e:
            case ast.Name(id=name) if name == self.ch:
                return True
            case ast.Constant(value=str()):
                return True
            case ast.Name():
                value = self._value(e)
                return isinstance(value, ast.Constant) and isinstance(value.value, str)
            case ast.IfExp():
                return self.test(e.test) and self.text(e.body) and self.text(e.orelse)
            case ast.BinOp(op=ast.Add()):
                return self.text(e.left) and self.text(e.right)
            case ast.Call(func=ast.Attribute(value=value, attr=attr), args=[], keywords=[]) if attr in TEXTS:
                return self.text(value)
            case ast.Call(func=ast.Attribute(value=ast.Name() as table, attr="get"), args=[a, b], keywords=[]):
                found = self._value(table)
                plain = isinstance(found, ast.Dict) and all(_is_text(v) for v in found.values)
                return plain and self.text(a) and self.text(b)
            case ast.Subscript(value=ast.Name() as table, slice=key):
                found = self._value(table)
                plain = isinstance(found, ast.Dict) and all(_is_text(v) for v in found.values)
                self.fails = True
                return plain and self.text(key)
        return False

    def test(self, e: ast.expr) -> bool:
        """Whether `e` is True or False, worked out from the character alone, and never fails."""
        match e:
            case ast.BoolOp():
                return all(map(self.test, e.values))
            case ast.UnaryOp(op=ast.Not()):
                return self.test(e.operand)
            case ast.Call(func=ast.Attribute(value=value, attr=attr), args=[], keywords=[]) if attr in TESTS:
                return self.text(value)
            case ast.Compare(ops=[ast.In() | ast.NotIn()], comparators=[within]):
                return self.text(e.left) and self._container(within)
            case ast.Compare() if all(isinstance(op, ORDERS) for op in e.ops):
                sides = [e.left, *e.comparators]
                return all(map(self.text, sides)) or all(map(self._number, sides))
        return False

    def _number(self, e: ast.expr) -> bool:
        match e:
            case ast.Constant(value=int()):
                return True
            case ast.Call(func=ast.Name(id="ord") as f, args=[ast.Name(id=name)], keywords=[]):
                return name == self.ch and self.place.module.is_builtin(f)
        return False

    def _container(self, e: ast.expr) -> bool:
        """Something that a string is looked for in."""
        match e:
            case ast.Name():
                value = self._value(e)
                if isinstance(value, ast.Constant):
                    return isinstance(value.value, str)
                return value is not None
            case ast.Attribute():
                name = self.place.module.imported(e)
                own = name.removeprefix("string.") in SETS and name.startswith("string.")
                root = dotted(e).partition(".")[0]
                return (
                    own
                    and not self.place.project._is_user_module("string")
                    and e.attr not in self.place.project.attributes
                    and self.place.module.owner(root, e) is self.place.module.tree
                )
            case ast.Constant() | ast.Call() | ast.BinOp():
                return self.text(e)
            case ast.Tuple(elts=elts) | ast.List(elts=elts) | ast.Set(elts=elts):
                return all(map(_constant, elts))
        return False

    def _value(self, name: ast.Name) -> ast.expr | None:
        """The constant (or container of constants) that a name always means here."""
        if name.id in self.swapped:
            return self.swapped[name.id]
        module, project = self.place.module, self.place.project
        owner = module.owner(name.id, name)
        if owner is None or isinstance(owner, (ast.ClassDef, *COMPREHENSIONS)):
            return None
        bound = module.bindings(name.id, owner)
        if len(bound) != 1 or bound[0].how != "assign" or not isinstance(module.parents[bound[0].node], ast.Assign):
            return None
        value, made = bound[0].value, module.statement(bound[0].node)
        if not isinstance(made, ast.Assign) or len(made.targets) != 1:
            return None
        if owner is module.tree:
            if module.parents[made] is not module.tree or project.mentions(name.id, module):
                return None
            return value if _constant(value) or _fixed(project, module, name.id, value) else None
        if owner is not module.function(self.at) or not module.bound_before(name.id, owner, self.at):
            return None
        match value:
            case ast.List(elts=elts) | ast.Set(elts=elts):
                plain = all(map(_constant, elts)) and not project.dunders & {"__eq__"}
                uses = [u for u in module.uses(name.id, owner) if isinstance(u.ctx, ast.Load)]
                plain = plain and all(_looked_for(module, u) for u in uses)
            case ast.Dict(keys=keys, values=values):
                plain = all(k is not None and _constant(k) for k in keys) and all(map(_constant, values))
                uses = [u for u in module.uses(name.id, owner) if isinstance(u.ctx, ast.Load)]
                plain = plain and all(use_kind(project, module, u) == "read" for u in uses)
            case _:
                plain = _constant(value)
        if not plain or value is None:
            return None
        self.swapped[name.id] = value
        return value

    def written(self, node: ast.AST) -> str:
        """Source in which constants of the function around are written out."""
        return ast.unparse(ast.fix_missing_locations(_Swap(self.swapped).visit(copy.deepcopy(node))))


class _Swap(ast.NodeTransformer):
    def __init__(self, table: dict[str, ast.expr]) -> None:
        self.table = table

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return self.table.get(node.id, node)


def _is_text(e: ast.expr) -> bool:
    return isinstance(e, ast.Constant) and isinstance(e.value, str)


def _looked_for(module: Module, use: ast.Name) -> bool:
    """Whether a list is only asked whether something is in it."""
    parent = module.parents[use]
    return isinstance(parent, ast.Compare) and use in parent.comparators and all(
        isinstance(op, (ast.In, ast.NotIn)) for op in parent.ops
    )  # fmt: skip


class Letters(ContainerPass):
    """See the module."""

    code: ClassVar[str] = "HST116"
    name: ClassVar[str] = "text letter by letter"

    def sites(self, place: Place) -> Iterator[Parts]:
        module = place.module
        names: list[str] = []
        for statement in module.statements(place.region):
            for node in ast.walk(statement):
                parts = None
                if isinstance(node, (ast.For, ast.Call)) and _instead(module, node):
                    continue
                if isinstance(node, ast.For):
                    parts = _loop(place, node, names)
                elif isinstance(node, ast.Call) and not isinstance(module.scope(node), ast.ClassDef):
                    parts = _joined(place, node, names)
                if parts is not None:
                    yield parts


def _parts(first: ast.AST, replace: tuple[ast.AST, str], prelude: tuple[str, ...]) -> Parts:
    return Parts(
        title="each character of a text worked out once",
        first=getattr(first, "lineno", 0),
        last=getattr(first, "end_lineno", 0),
        reason="Python works out what becomes of every character of a text",
        remedy="a table that str.translate looks characters up in",
        replace=(replace,),
        prelude=prelude,
    )


def _instead(module: Module, node: ast.AST) -> bool:
    """Does it stand beside a table of letters, for what is no plain string?"""
    for at in module.up(node):
        if isinstance(at, ast.If) and at.orelse and "_letters" in ast.unparse(at.body[0]).lower():
            return True
        if isinstance(at, ast.Lambda) and isinstance(call := module.parents[at], ast.Call):
            return isinstance(call.func, ast.Name) and call.func.id in (
                "_each_letter", "_each_known_letter", "_count_letters",
            )  # fmt: skip
    return False


def _maybe_text(place: Place, e: ast.expr) -> bool:
    seen = place.facts.of(place.region.id).types.get(e.id, ()) if isinstance(e, ast.Name) else ()
    return not seen or any(f.type == "builtins.str" for f in seen)


def _backwards(module: Module, e: ast.expr) -> ast.expr | None:
    """The text in `reversed(text)`."""
    match e:
        case ast.Call(func=ast.Name(id="reversed") as f, args=[text], keywords=[]) if module.is_builtin(f):
            return text
    return None


def _table(
    module: Module, at: ast.AST, ch: str, body: Sequence[str], names: list[str], fails: bool = False
) -> tuple[str, str]:
    """The name of a table of characters, and its text. Named by its line: other changes of the file have theirs."""
    line = getattr(at, "lineno", 0)
    kind, table = module.fresh(f"_Letters_{line}", names), module.fresh(f"_LETTERS_{line}", names)
    names += [kind, table]
    text = LETTERS.replace(*MISSED) if fails else LETTERS
    return table, text.format(kind=kind, table=table, ch=ch, body="\n".join(f"        {line}" for line in body))


def _joined(place: Place, call: ast.Call, names: list[str]) -> Parts | None:
    """`"".join(... for ch in text if ...)`, `sum(1 for ch in text if ...)` and `sum(test of ch for ch in text)`."""
    module = place.module
    match call:
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=""), attr="join"), args=[made], keywords=[]):
            counts = False
        case ast.Call(func=ast.Name(id="sum") as f, args=[made], keywords=[]) if module.is_builtin(f):
            counts = True
        case _:
            return None
    if not isinstance(made, (ast.GeneratorExp, ast.ListComp)) or len(made.generators) != 1:
        return None
    gen = made.generators[0]
    if gen.is_async or not isinstance(gen.target, ast.Name) or not _maybe_text(place, gen.iter):
        return None
    if any(isinstance(n, (ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom)) for n in ast.walk(call)):
        return None
    letter = _Letter(place, module.statement(call), gen.target.id)
    tests = list(gen.ifs)
    if counts and not (isinstance(made.elt, ast.Constant) and made.elt.value == 1 and type(made.elt.value) is int):
        tests.append(made.elt)
    if not all(map(letter.test, tests)) or not counts and not letter.text(made.elt):
        return None
    back = _backwards(module, gen.iter)
    if isinstance(gen.iter, ast.Constant) or counts and not tests:
        return None
    if back is not None and isinstance(back, ast.Starred):
        return None
    given = module.fresh("text")
    ch = gen.target.id
    becomes = ast.Name(ch, ast.Load()) if counts else made.elt
    if tests:
        every = ast.BoolOp(ast.And(), tests) if len(tests) > 1 else tests[0]
        becomes = ast.IfExp(every, becomes, ast.Constant(""))
    elif isinstance(becomes, ast.Name):
        return None  # the text itself
    if counts and (letter.fails or back is not None):
        return None
    table, made_once = _table(module, call, ch, [f"return {letter.written(becomes)}"], names, letter.fails)
    other = copy.deepcopy(made)
    other.generators[0].iter = ast.Name(given, ast.Load())
    if back is not None:
        other.generators[0].iter = ast.Call(ast.Name("reversed", ast.Load()), [ast.Name(given, ast.Load())], [])
    asked = copy.copy(call)
    asked.args = [other]
    # its own constants are written out in the table only
    over = gen.iter if back is None else back
    source = module.text(over)
    if not isinstance(over, (ast.Name, ast.Attribute, ast.Call, ast.Subscript)):
        source = f"({source})"
    otherwise = f"lambda {given}: {ast.unparse(ast.fix_missing_locations(asked))}"
    if letter.fails or back is not None:
        step = 1 if back is None else -1
        prelude = (KNOWN, EACH_KNOWN, made_once)
        return _parts(call, (call, f"_each_known_letter({source}, {table}, {step}, {otherwise})"), prelude)
    text = f"{source}, {table}, {otherwise}"
    helper = "_count_letters" if counts else "_each_letter"
    return _parts(call, (call, f"{helper}({text})"), (COUNTED if counts else EACH, made_once))


def _loop(place: Place, loop: ast.For, names: list[str]) -> Parts | None:
    """`for ch in text: if ...: out += ...`"""
    module = place.module
    if not isinstance(loop.target, ast.Name) or loop.orelse or not module.whole_lines(loop):
        return None
    if isinstance(module.scope(loop), ast.ClassDef) or not _maybe_text(place, loop.iter):
        return None
    ch, scope = loop.target.id, module.owner(loop.target.id, loop.target)
    if scope is None or scope is not module.function(loop) or not _only_here(place, loop, ch, scope):
        return None
    outs = {n.id for s in loop.body for n in ast.walk(s) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
    outs -= {ch}
    if len(outs) != 1:
        return None
    (out,) = outs
    if module.owner(out, loop.body[0]) is not scope or not module.bound_before(out, scope, loop):
        return None
    if any(isinstance(n, ast.Name) and n.id == out for n in ast.walk(loop.iter)):
        return None
    if any(isinstance(n, ast.NamedExpr) for n in ast.walk(loop.iter)) or "\n" in module.text(loop.iter):
        return None
    letter = _Letter(place, loop, ch)
    counts = _counts(loop.body)
    lines = _body(letter, loop.body, out, "", counts)
    if lines is None or not any(f"{out} +=" in line for line in lines) or _long_strings(loop):
        return None
    back = _backwards(module, loop.iter)
    if isinstance(back, ast.Starred) or counts and (letter.fails or back is not None):
        return None
    table, made_once = _table(module, loop, ch, [f"{out} = ''", *lines, f"return {out}"], names, letter.fails)
    margin = module.margin(loop)
    over = loop.iter if back is None else back
    text, before = module.text(over), ""
    if not isinstance(over, ast.Name):
        text = module.fresh("text", names)
        names.append(text)
        before = f"{text} = {module.text(over)}\n{margin}"
    written = module.source.segment(loop) or ""
    original = written.splitlines(keepends=True)
    if before:
        old = f"for {ch} in {module.text(loop.iter)}:"
        if not written.startswith(old):
            return None
        again_over = text if back is None else f"reversed({text})"
        original = (f"for {ch} in {again_over}:" + written[len(old) :]).splitlines(keepends=True)
    again = "".join(f"    {line}" if line.strip() and at else line for at, line in enumerate(original))
    if letter.fails or back is not None:
        made = module.fresh("made_of_letters", names)
        names.append(made)
        new = (
            f"{before}{made} = _known_letters({text}, {table}, {1 if back is None else -1})\n"
            f"{margin}if {made} is not None and type({out}) is str:\n{margin}    {out} += {made}\n"
            f"{margin}else:\n{margin}    {again}"
        )
        return _parts(loop, (loop, new), (KNOWN, made_once))
    more = f"{text}.translate({table})"
    kind, more = ("int", f"len({more})") if counts else ("str", more)
    new = (
        f"{before}if type({text}) is str and type({out}) is {kind}:\n{margin}    {out} += {more}\n"
        f"{margin}else:\n{margin}    {again}"
    )
    return _parts(loop, (loop, new), (made_once,))


def _counts(body: Sequence[ast.stmt]) -> bool:
    """Is a number added to at some place? (Then at all of them, see `_body`.)"""
    return any(
        isinstance(n, ast.AugAssign) and isinstance(n.value, ast.Constant) and type(n.value.value) is int
        for s in body
        for n in ast.walk(s)
    )


def _long_strings(node: ast.AST) -> bool:
    return any(
        isinstance(n, (ast.Constant, ast.JoinedStr)) and (n.end_lineno or n.lineno) != n.lineno for n in ast.walk(node)
    )


def _only_here(place: Place, loop: ast.For, ch: str, scope: ast.AST) -> bool:
    """Whether nobody reads the loop's last character after it."""
    module = place.module
    if scope is module.tree and (place.project.mentions(ch, module) or place.project.dunders & {"__getattr__"}):
        return False
    if any(b.how == "declare" for b in module.bindings(ch, scope)):
        return False
    inside = set(ast.walk(loop))
    for use in module.uses(ch, scope):
        if not isinstance(use.ctx, ast.Load):
            if isinstance(use.ctx, ast.Del):
                return False
            continue
        if use in inside:
            if use in set(ast.walk(loop.iter)):
                return False
            continue
        loops = [at for at in module.up(use) if isinstance(at, ast.For)]
        if not any(isinstance(f.target, ast.Name) and f.target.id == ch and _in_body(f, use) for f in loops):
            return False
        if module.function(use) is not scope:
            return False
    return True


def _in_body(loop: ast.For, node: ast.AST) -> bool:
    return any(n is node for s in loop.body for n in ast.walk(s))


def _body(letter: _Letter, body: Sequence[ast.stmt], out: str, margin: str, counts: bool = False) -> list[str] | None:
    """The body as that of a function of the character that gives what is added to `out` (`counts`: as many letters)."""
    lines: list[str] = []
    for s in body:
        match s:
            case (
                ast.AugAssign(target=ast.Name(id=name) as same, op=ast.Add(), value=value)
                | ast.Assign(
                    targets=[ast.Name(id=name)], value=ast.BinOp(left=ast.Name() as same, op=ast.Add(), right=value)
                )
            ) if name == same.id == out:
                if counts:
                    if not isinstance(value, ast.Constant) or type(value.value) is not int or not 0 <= value.value < 9:
                        return None
                    lines.append(f"{margin}{out} += {'x' * value.value!r}")
                    continue
                if not letter.text(value) or _mentions(value, out):
                    return None
                lines.append(f"{margin}{out} += {letter.written(value)}")
            case ast.If():
                if not letter.test(s.test) or _mentions(s.test, out):
                    return None
                inner = _body(letter, s.body, out, margin + "    ", counts)
                other = _body(letter, s.orelse, out, margin + "    ", counts)
                if inner is None or other is None:
                    return None
                lines += [f"{margin}if {letter.written(s.test)}:", *inner]
                if s.orelse:
                    lines += [f"{margin}else:", *other]
            case ast.Continue():
                lines.append(f"{margin}return {out}")
            case ast.Pass() | ast.Expr(value=ast.Constant()):
                lines.append(f"{margin}pass")
            case _:
                return None
    return lines


def _mentions(e: ast.expr, name: str) -> bool:
    return any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(e))
