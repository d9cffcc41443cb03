"""`print(...)` in kernels: what it shows is noted while the kernel runs, and shown when that is done.

Nothing else that a kernel does can be seen from outside before its end, so that the lines come out as they did. What
is noted are numbers and strings; texts are made of them afterwards, by the program's own expressions. They are made
before anything is given back: where that raises, the original runs instead, and raises where it did.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hasten.kernel import making, names, objects
from hasten.kernel.kinds import INT, Grow, Num, Refuse, Slot, Tup, Unknown, Word
from hasten.kernel.values import V, fail

if TYPE_CHECKING:
    from hasten.kernel.compiler import Shared, Unit

BASE = "shown"  # and a number: names for the values
ORDER = "printed[]:site"  # the sites in the order in which they were come to
PURE = frozenset("str repr format int float bool abs len round min max sum ascii hex bin oct chr ord".split())
METHODS = frozenset(
    "format ljust rjust center zfill upper lower title capitalize strip lstrip rstrip replace join".split()
)


@dataclass(frozen=True)
class Site:
    """A call of print: the text of the tuple of its arguments, made of `shown_0`, ...; its keywords; its columns."""

    args: str
    keywords: str
    columns: tuple[str, ...]


def statement(u: Unit, node: ast.Call) -> None:
    """Notes what a call of print shows. Raises `Refuse`."""
    if any(isinstance(a, ast.Starred) for a in node.args) or u.inside:
        fail("print of such arguments", node)
    shared = u.shared
    if shared.module.bindings.get("print") or shared.module.bindings.get("zip") or shared.module.bindings.get("next"):
        fail("print, zip or next mean something else in this file", node)
    keywords = {k.arg: k.value for k in node.keywords}
    if set(keywords) - {"sep", "end", "flush"} or not all(isinstance(v, ast.Constant) for v in keywords.values()):
        fail("print with such keywords", node)
    if _nothing_else(u, node):
        fail("a loop that prints in every round, and works little", node)
    if any(word.startswith(f"{BASE}_") for word in u.module.identifiers):
        fail(f"names that begin like {BASE}_0", node)
    key = f"{u.module.source.path}:{node.lineno}:{node.col_offset}"
    place = shared.print_places.setdefault(key, len(shared.print_places))
    found = _Values(u)
    args = [found.taken(a) for a in node.args]
    columns = []
    lines = []
    for i, v in enumerate(found.values):
        name = f"printed_{place}[]:{BASE}_{i}"
        shared.columns.setdefault(name, f"{BASE}_{i}")
        lines.append(f"{u.local(name)}.append({making.kept(u, name, v, node)})")
        u.extra[name] = u.env[name] = shared.slots[name]
        columns.append(name)
    text = "(" + "".join(f"{ast.unparse(ast.fix_missing_locations(a))}, " for a in args) + ")"
    text = text if len(args) == 1 else text.replace(", )", ")")
    told = ", ".join(f"{name!r}: {ast.unparse(value)}" for name, value in keywords.items())
    shared.prints[place] = Site(text, f"{{{told}}}", tuple(columns))
    shared.columns.setdefault(ORDER, "site")
    objects.learn(u, ORDER, Slot(Grow(INT), empty=True))
    for line in [*lines, f"{u.local(ORDER)}.append({place})"]:
        u.emit(line)


def _nothing_else(u: Unit, node: ast.Call) -> bool:
    """Is printing the work of the loop around it?"""
    loops = [n for s in u.stmts for n in ast.walk(s) if isinstance(n, names.LOOPS)]
    around = [n for n in loops if any(isinstance(s, ast.Expr) and s.value is node for s in n.body)]
    if not around:
        return False
    inside = [n for s in around[0].body for n in ast.walk(s)]
    works = (*names.LOOPS, *names.COMPREHENSIONS)
    return not any(
        isinstance(n, works) or isinstance(n, ast.Call) and n is not node and u.module.dotted(n.func) is None
        for n in inside
    )


class _Values:
    """The numbers and strings in the arguments of a print, worked out in the kernel, in their order."""

    def __init__(self, u: Unit) -> None:
        self.u = u
        self.values: list[V] = []

    def taken(self, e: ast.expr) -> ast.expr:
        """The same expression of names for these values."""
        if isinstance(e, ast.Constant):
            return e
        count, values = len(self.u.lines), len(self.values)
        try:
            return self.parts(e)
        except Unknown:
            raise
        except Refuse as reason:
            del self.u.lines[count:], self.values[values:]
            if _text(e):
                raise
            refused = reason
        try:
            return self.whole(e)
        except Unknown:
            raise
        except Refuse:
            raise refused from None

    def whole(self, e: ast.expr) -> ast.expr:
        """One value."""
        v = self.u.single(self.u.expr(e))
        items = v.t.items if isinstance(v.t, Tup) else (v.t,)
        if not all(isinstance(t, (Num, Word)) for t in items) or isinstance(v.t, Tup) and not v.leaf:
            fail("print of such a thing", e)
        if any(isinstance(t, Word) and t.kind for t in items):
            fail("print of a member of an enumeration", e)
        self.values.append(v)
        return ast.Name(f"{BASE}_{len(self.values) - 1}", ast.Load())

    def parts(self, e: ast.expr) -> ast.expr:
        """What is made of values by formatting them."""
        u = self.u
        made = copy.copy(e)
        match e:
            case ast.JoinedStr(values=values):
                assert isinstance(made, ast.JoinedStr)
                made.values = [self.formatted(v) for v in values]
            case ast.BinOp(op=ast.Mod(), left=ast.Constant(value=str()), right=right):
                assert isinstance(made, ast.BinOp)
                if isinstance(right, ast.Tuple):
                    made.right = ast.Tuple([self.taken(x) for x in right.elts], ast.Load())
                else:
                    made.right = self.taken(right)
            case ast.BinOp(op=ast.Add() | ast.Mult(), left=left, right=right) if _text(e):
                assert isinstance(made, ast.BinOp)
                made.left, made.right = self.taken(left), self.taken(right)
            case ast.Call(func=ast.Attribute(value=value, attr=attr), args=args, keywords=keywords) if (
                attr in METHODS and _text(value)
            ):
                if any(isinstance(a, ast.Starred) for a in args) or any(k.arg is None for k in keywords):
                    fail("print of such arguments", e)
                inner = ast.Attribute(self.taken(value), attr, ast.Load())
                named = [ast.keyword(k.arg, self.taken(k.value)) for k in keywords]
                return ast.Call(inner, [self.taken(a) for a in args], named)
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if (
                name in PURE and u.module.dotted(e.func) == name
            ):
                if name in ("len", "sum", "min", "max") or any(isinstance(a, ast.Starred) for a in args):
                    return self.whole(e)
                return ast.Call(ast.Name(name, ast.Load()), [self.taken(a) for a in args], [])
            case ast.Tuple(elts=elts):
                return ast.Tuple([self.taken(x) for x in elts], ast.Load())
            case _:
                return self.whole(e)
        return made

    def formatted(self, e: ast.expr) -> ast.expr:
        """A part of an f-string."""
        if not isinstance(e, ast.FormattedValue):
            return e
        spec = e.format_spec
        value = self.taken(e.value)
        return ast.FormattedValue(value, e.conversion, None if spec is None else self.parts(spec))


def _text(e: ast.expr) -> bool:
    """Is it plain to see that it is a string?"""
    match e:
        case ast.Constant(value=value):
            return isinstance(value, str)
        case ast.JoinedStr():
            return True
        case ast.BinOp(op=ast.Mod(), left=left):
            return _text(left)
        case ast.BinOp(op=ast.Add() | ast.Mult(), left=left, right=right):
            return _text(left) or _text(right)
        case ast.Call(func=ast.Name(id="str" | "repr" | "format")):
            return True
        case ast.Call(func=ast.Attribute(value=value, attr=attr)):
            return attr in METHODS and _text(value)
    return False


def shown(
    shared: Shared, boxed: Mapping[str, str], undo: Iterable[str], given_up: str, local: Mapping[str, str]
) -> tuple[list[str], list[str]]:
    """Lines of the wrapper that make what is printed, and lines that print it. `boxed`: for each column the code of a
    value of the original, made of `<value>`; `local`: the wrapper's names of the columns."""
    if ORDER not in boxed:
        return [], []
    order = local[ORDER]
    makers, keywords = [], []
    for _, site in sorted(shared.prints.items()):
        text = site.args
        if not set(site.columns) <= set(boxed):
            makers.append("None")  # of an earlier round of the compiler only
            keywords.append("{}")
            continue
        names = [f"{BASE}_{i}" for i in range(len(site.columns))]
        for name, column in zip(names, site.columns, strict=True):
            text = re.sub(rf"\b{name}\b", boxed[column].replace("<value>", name), text)
        over = ", ".join(local[c] for c in site.columns)
        over = f"zip({over})" if len(names) > 1 else over or order
        makers.append(f"({text} for {', '.join(names) or '_'} in {over})")
        keywords.append(site.keywords)
    made = ["texts = (", *(f"    {maker}," for maker in makers), ")"]
    made += ["try:", f"    texts = [next(texts[place]) for place in {order}]", f"except {given_up}:"]
    made += [f"    {line}" for line in (*undo, "return None")]
    if any(k != "{}" for k in keywords):
        head = f"for args, place in zip(texts, {order}):"
        return made, [head, f"    print(*args, **({', '.join(keywords)},)[place])"]
    return made, ["for args in texts:", "    print(*args)"]
