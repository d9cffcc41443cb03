"""Members of enumerations (`State.IDLE`), which are only compared, kept and handed on: numbers like those of strings.

A member is the one object of its kind, so that `==` and `is` say the same of two of them. Enumerations that are numbers
or strings at the same time (`IntEnum`), and members with two names, are left alone.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hasten.core.facts import ValueFact
from hasten.kernel import names
from hasten.kernel.kinds import BOOL, Num, Refuse, Word
from hasten.kernel.values import V, bare, fail, impure

if TYPE_CHECKING:
    from hasten.kernel.compiler import Shared, Unit
    from hasten.kernel.program import Module


class _Member(str):
    """The key of a member among the strings of a call: no string of the program equals it, and it spells the member."""

    __slots__ = ()

    def __repr__(self) -> str:
        return self.removeprefix("\0")


def members(module: Module, name: str) -> tuple[str, ...]:
    """The members of an enumeration of the file's top level, in order; none where it is another class."""
    if module.bindings.get(name, 0) != 1 or module.star_import or module.place:
        return ()
    node = next((n for n in module.tree.body if isinstance(n, ast.ClassDef) and n.name == name), None)
    if node is None or node.keywords or node.decorator_list or [_base(module, b) for b in node.bases] != [True]:
        return ()
    found: dict[str, object] = {}
    for s in node.body:
        if isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant) or isinstance(s, ast.Pass):
            continue
        if isinstance(s, ast.FunctionDef) and not s.name.startswith("_"):
            continue
        if not isinstance(s, ast.Assign) or len(s.targets) != 1 or not isinstance(s.targets[0], ast.Name):
            return ()
        member = s.targets[0].id
        if member.startswith("_") or member in found:
            return ()
        found[member] = _value(s.value)
    values = list(found.values())
    automatic = [v is ast.Call for v in values]
    distinct = (
        all(automatic) or not any(automatic) and None not in values and len(set(map(repr, values))) == len(values)
    )
    same_type = len(set(map(type, values))) == 1  # 1, 1.0 and True are one value
    changed = any(module.bindings.get("." + m, 0) for m in found)
    return tuple(found) if found and distinct and (all(automatic) or same_type) and not changed else ()


def _base(module: Module, base: ast.expr) -> bool:
    if isinstance(base, ast.Name):
        return module.bindings.get(base.id, 0) == 1 and _imported(module, base.id)
    return ast.unparse(base) == "enum.Enum" and module.imported("enum") and module.bindings.get("enum", 0) == 1


def _imported(module: Module, name: str) -> bool:
    return any(
        isinstance(s, ast.ImportFrom) and s.module == "enum" and not s.level and (a.asname or a.name) == name
        for s in module.tree.body
        for a in getattr(s, "names", [])
        if a.name == "Enum"
    )


def _value(node: ast.expr) -> object:
    """The value of a member, as far as it tells two apart: `ast.Call` for `auto()`, None for what is not known."""
    if isinstance(node, ast.Call):
        called = ast.unparse(node.func)
        return ast.Call if called in ("auto", "enum.auto") and not node.args and not node.keywords else None
    try:
        value: object = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError):
        return None
    return value if isinstance(value, (int, str)) and not isinstance(value, bool) else None


def _values(unit: Unit, name: str) -> tuple[object, ...]:
    """What the members of an enumeration stand for (`auto()` counts from 1); none where the name is something else."""
    if unit.module is not unit.shared.module or name in unit.env or name in unit.bound or name in unit.shadow:
        return ()
    found = members(unit.module, name)
    node = next((n for n in unit.module.tree.body if isinstance(n, ast.ClassDef) and n.name == name), None)
    if not found or node is None or any(isinstance(s, ast.FunctionDef) and s.name in ASKED for s in node.body):
        return ()
    values = [_value(s.value) for s in node.body if isinstance(s, ast.Assign)]
    return tuple(i if v is ast.Call else v for i, v in enumerate(values, 1))


ASKED = ("name", "value")


def by_value(unit: Unit, node: ast.Call) -> V | None:
    """`State(1)`: the member that stands for a number. None: a call of something else."""
    if not isinstance(node.func, ast.Name) or len(node.args) != 1 or node.keywords:
        return None
    name = node.func.id
    values = _values(unit, name)
    if not values or not all(type(v) is int and abs(v) < 2**62 for v in values):
        return None
    v = unit.expr(node.args[0])
    if not isinstance(v.t, Num) or v.t.kind != "int":
        fail(f"{name} of this", node)
    words = ", ".join(_word(unit, name, m) for m in members(unit.module, name))
    numbers = ", ".join(map(str, values))
    return V(f"{unit.helper('picked')}({bare(unit.sink(v))}, ({numbers},), ({words},))", Word(name))


def attribute(unit: Unit, v: V, node: ast.Attribute) -> V | None:
    """`state.name`, `state.value` of a member. None: another attribute."""
    if not isinstance(v.t, Word) or not v.t.kind or node.attr not in ASKED:
        return None
    values = _values(unit, v.t.kind)
    known = members(unit.module, v.t.kind)
    gives: tuple[object, ...] = known if node.attr == "name" else values
    same = {type(g) for g in gives}
    if not values or same not in ({str}, {int}):
        fail(f"{node.attr} of a member", node)
    if same == {int} and not all(isinstance(g, int) and abs(g) < 2**62 for g in gives):
        fail(f"{node.attr} of a member", node)
    words = unit.shared.words
    codes = [str(words.setdefault(g, len(words))) if isinstance(g, str) else str(g) for g in gives]
    here = ", ".join(_word(unit, v.t.kind, m) for m in known)
    code = f"{unit.helper('picked')}({bare(v.code)}, ({here},), ({', '.join(codes)},))"
    return V(code, Word() if same == {str} else Num(frozenset({"int"})))


def _word(unit: Unit, name: str, member_: str) -> str:
    unit.shared.enums.add(name)
    words = unit.shared.words
    return str(words.setdefault(_Member(f"\0{name}.{member_}"), len(words)))


def from_facts(shared: Shared, facts: Sequence[ValueFact]) -> Word | None:
    """The type of what was always a member of one enumeration of the file."""
    found = {f.type for f in facts}
    if len(found) != 1:
        return None
    name = found.pop().rpartition(".")[2]
    if not members(shared.module, name) or name in names.BUILTINS:
        return None
    shared.enums.add(name)
    return Word(name)


def member(unit: Unit, node: ast.Attribute) -> V | None:
    """`State.IDLE`; None for another attribute."""
    if not isinstance(node.value, ast.Name) or unit.module is not unit.shared.module:
        return None
    name = node.value.id
    if name in unit.env or name in unit.bound or name in unit.shadow or node.attr not in members(unit.module, name):
        return None
    return V(_word(unit, name, node.attr), Word(name), leaf=True)


def everyone(unit: Unit, node: ast.expr) -> tuple[Word, str] | None:
    """All members, as a loop over their enumeration goes over them; None for something else."""
    if not isinstance(node, ast.Name) or unit.module is not unit.shared.module:
        return None
    if node.id in unit.env or node.id in unit.bound or node.id in unit.shadow:
        return None
    found = [member(unit, ast.Attribute(node, m, ast.Load())) for m in members(unit.module, node.id)]
    codes = [v.code for v in found if v is not None]
    return (Word(node.id), f"({', '.join(codes)},)") if codes else None


def _two(unit: Unit, op: ast.cmpop, sides: Sequence[ast.expr]) -> V | None:
    """`level is not sensor.level`, of two members of one enumeration; None for anything else."""
    if not all(isinstance(e, (ast.Name, ast.Attribute)) for e in sides):
        return None
    count = len(unit.lines)
    try:
        a, b = (unit.expr(e) for e in sides)
    except Refuse:  # what may be None, and the like
        del unit.lines[count:]
        return None
    if not isinstance(a.t, Word) or not a.t.kind or a.t != b.t:
        del unit.lines[count:]
        return None
    return V(f"({bare(a.code)} {'==' if isinstance(op, ast.Is) else '!='} {bare(b.code)})", BOOL)


def compare(unit: Unit, node: ast.Compare) -> V | None:
    """`state is State.IDLE`, `state in (State.IDLE, State.BUSY)`; None for other comparisons."""
    op, right = node.ops[0], node.comparators[0]
    if len(node.ops) != 1:
        return None
    if isinstance(op, (ast.In, ast.NotIn)):
        if not isinstance(right, (ast.Tuple, ast.List, ast.Set)) or not right.elts:
            return None
        found = [member(unit, e) if isinstance(e, ast.Attribute) else None for e in right.elts]
        known = [v for v in found if v is not None]
        if len(known) != len(found):
            return None
        value = unit.expr(node.left)
        if not isinstance(value.t, Word) or impure(node.left):
            fail("`in` of members of an enumeration", node)
        parts = " or ".join(f"{value.code} == {v.code}" for v in known)
        return V(f"({'' if isinstance(op, ast.In) else 'not '}({parts}))", BOOL)
    if not isinstance(op, (ast.Is, ast.IsNot, ast.Eq, ast.NotEq)):
        return None
    sides = [node.left, right]
    if not any(isinstance(e, ast.Attribute) and member(unit, e) is not None for e in sides):
        return _two(unit, op, sides) if isinstance(op, (ast.Is, ast.IsNot)) else None
    a, b = (unit.expr(e) for e in sides)
    if not isinstance(a.t, Word) or not isinstance(b.t, Word) or isinstance(op, (ast.Is, ast.IsNot)) and a.t != b.t:
        fail("comparison with a member of an enumeration", node)
    sign = "==" if isinstance(op, (ast.Is, ast.Eq)) else "!="
    return V(f"({bare(a.code)} {sign} {bare(b.code)})", BOOL)
