"""Deques that a kernel makes: `self.recent = deque()`, `defaultdict(deque)`, `window = deque(maxlen=20)`.

They are lists of the kernel, whose type knows that they are not (`Grow.made`): what Python refuses of a deque, or does
to it in another way than to a list, is refused. How many one holds at most has to be a number that the program spells
out. A loop over a deque that changes meanwhile is an error in Python: there is no kernel of a statement with both.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from hasten.kernel import deques, names
from hasten.kernel.kinds import Grow, Num, Refuse, Tup, Unknown, container, loose, scalar
from hasten.kernel.values import V, bare, fail

if TYPE_CHECKING:
    from hasten.kernel.compiler import Unit
    from hasten.kernel.program import Module


def empty(most: int = -1) -> Grow:
    """The type of one that has nothing in it yet."""
    return Grow(None, queue=True, made=True, most=most)


def is_made(module: Module, node: ast.AST) -> bool:
    """Is it `deque()`, or `deque(maxlen=20)`?"""
    if not isinstance(node, ast.Call) or not deques.is_deque(module, node):
        return False
    limit = deques.limit(node)
    return (not node.args or _nothing(node.args[0])) and (limit is None or isinstance(limit, ast.Constant))


def _nothing(node: ast.expr) -> bool:
    return isinstance(node, (ast.List, ast.Tuple)) and not node.elts


def made(u: Unit, name: str, node: ast.Call) -> V | None:
    """`deque()`, `deque(maxlen=20)`, `deque(xs)`. None: a call of something else."""
    if name != "collections.deque":
        return None
    if not deques.is_deque(u.module, node):
        fail("deque of this", node)
    t = empty(_most(u, node))
    from hasten.kernel import containers  # it builds on this module

    if not node.args or _nothing(node.args[0]):
        hint = u.hint
        if isinstance(hint, Grow) and (hint.made, hint.most) == (t.made, t.most):
            t = replace(t, item=hint.item)
        return containers.empty_list(u, t)
    if t.most >= 0:
        fail("a deque of other things that has a greatest length", node)
    v = containers.sequence(u, node.args[0])
    item = loose(containers.item_type(v, node))
    if container(item):
        fail("a deque of containers", node)
    if isinstance(item, Num) and item.kind is None:
        fail("deque of mixed types", node)
    return V(v.code if v.code.startswith("[") else f"{u.helper('as_list')}({v.code})", replace(t, item=item))


def _most(u: Unit, node: ast.Call) -> int:
    """How many it holds at most; -1 where that is not limited. Raises `Refuse` where it is not known."""
    limit = deques.limit(node)
    if limit is None:
        return -1
    count = len(u.lines)
    v = u.expr(limit)
    known = isinstance(v.t, Num) and v.t.kind == "int" and v.t.lo is not None and v.t.lo == v.t.hi
    if not known or len(u.lines) != count:
        fail("how many a deque holds at most is not known", node)
    assert isinstance(v.t, Num) and v.t.lo is not None
    if v.t.lo < 0:
        fail("a deque of less than nothing", node)
    return v.t.lo


def with_limits(
    module: Module, body: Sequence[ast.stmt], given: ast.arguments
) -> tuple[list[ast.stmt], tuple[str, ...]]:
    """The statements of an `__init__` with the defaults of its parameters (`keep=200`) where these say how many a deque
    holds at most; and those parameters, which no call may give then."""
    plain = given.args[len(given.args) - len(given.defaults) :]
    defaults = {
        p.arg: d for p, d in zip(plain, given.defaults, strict=True)
        if isinstance(d, ast.Constant) and type(d.value) is int
    }  # fmt: skip
    defaults = {p: d for p, d in defaults.items() if p not in names.bound(body)}
    known: dict[str, None] = {}
    out = copy.deepcopy(list(body))
    for n in (n for s in out for n in ast.walk(s)):
        if not isinstance(n, ast.Call) or not deques.is_deque(module, n):
            continue
        limit = deques.limit(n)
        if not isinstance(limit, ast.Name) or limit.id not in defaults:
            continue
        known[limit.id] = None
        if n.keywords:
            n.keywords[0].value = defaults[limit.id]
        else:
            n.args[1] = defaults[limit.id]
    return (out, tuple(known)) if known else (list(body), ())


# ---------------------------------------------------------------------- what is done with them


def append(u: Unit, base: V, item: str) -> None:
    """One more at its end, for which the first makes way where it is full."""
    assert isinstance(base.t, Grow)
    u.turned += 1
    if base.t.most < 0:
        u.emit(f"{base.code}.append({item})")
    else:
        u.emit(f"{u.helper('push')}({base.code}, {base.t.most}, {item})")


def effect(u: Unit, base: V, func: ast.Attribute, node: ast.Call) -> bool:
    """`q.append(x)`, `q.appendleft(x)`, `q.clear()`, `q.popleft()` as statements. False: another one."""
    from hasten.kernel import containers  # it builds on this module

    t, name = base.t, func.attr
    assert isinstance(t, Grow)
    if name == "clear" and not node.args and not node.keywords:
        u.turned += 1
        u.emit(f"{base.code}.clear()")
        return True
    if name in ("pop", "popleft"):
        return False
    if not t.made or name not in ("append", "appendleft", "extend") or len(node.args) != 1 or node.keywords:
        fail(f"{name} of a deque", node)
    if name == "extend":
        more = containers.sequence(u, node.args[0])
        item = loose(containers.item_type(more, node))
        if t.most >= 0 or not scalar(item) and not isinstance(item, Tup) or isinstance(item, Num) and item.kind is None:
            fail("extension of such a deque", node)
        containers.widen(u, func.value, replace(t, item=item, root=None))
        u.turned += 1
        u.emit(f"{u.helper('extend')}({base.code}, {more.code})")
        return True
    v = containers.item_value(u, node.args[0], t.item)
    containers.widen(u, func.value, replace(t, item=loose(v.t), root=None))
    if name == "append":
        append(u, base, bare(u.sink(v)))
        return True
    if t.most >= 0:
        fail("appendleft of a deque that has a greatest length", node)
    u.turned += 1
    u.emit(f"{base.code}.insert(0, {bare(u.sink(v))})")
    return True


def taken(u: Unit, base: V, func: ast.Attribute, node: ast.Call) -> V:
    """`q.popleft()` and `q.pop()`."""
    t = base.t
    assert isinstance(t, Grow)
    if func.attr not in ("pop", "popleft") or node.args or node.keywords:
        fail(f"{func.attr} of a deque", node)
    if t.item is None:
        raise Unknown("what a list holds is not known")
    if container(t.item):
        fail("a deque of containers", node)
    u.turned += 1
    return V(f"{base.code}.pop({'0' if func.attr == 'popleft' else ''})", t.item)


def walked(u: Unit, begun: int, s: ast.stmt) -> None:
    """After a statement (or test): raises `Refuse` where it goes over a deque and changes one."""
    if any(u.turned > n for n in u.walks[begun:]) or len(u.walks) > begun and u.shared.recursive:
        fail("a loop over a deque that may change", s)
    del u.walks[begun:]


# ---------------------------------------------------------------------- the way out


def boxed(t: Grow, items: str) -> str:
    """The code of the deque that leaves, of a list of its items."""
    if not t.made:
        raise Refuse("a deque from outside is part of a result")
    return f"collections.deque({items}{'' if t.most < 0 else f', {t.most}'})"
