"""Values of calls that are looked at more than once: they get names, so that nothing is drawn or popped again.

    x = min(max(x + random.gauss(0, 1), 0), size)

The type of such an `x` (0 is an int) is told by comparing, which needs the numbers a second time.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hasten.kernel import splices
from hasten.kernel.kinds import Num
from hasten.kernel.values import V, bare, impure

if TYPE_CHECKING:
    from hasten.kernel.compiler import Unit


@dataclass(frozen=True)
class Once:
    """Gives values of calls names, in the order in which they are worked out; `sure`: each can be looked at again."""

    unit: Unit
    sure: bool
    needed: bool

    def __call__(self, node: ast.expr, v: V) -> V:
        u = self.unit
        if not self.needed or isinstance(node, ast.Constant) or not isinstance(v.t, Num):
            return v
        name = f"once_{node.lineno}_{node.col_offset}"
        tag = v.tag
        if v.t.kind is None and tag is not None:
            emit_once(u, node, f"{name}_kind", u.tag(v))
            tag = lambda: f"{name}_kind"  # noqa: E731
        emit_once(u, node, name, bare(u.sink(v)))
        return V(name, v.t, tag=tag)


def emit_once(u: Unit, node: ast.expr, name: str, code: str) -> None:
    """Gives an expression a name, unless it has it already (some are looked at twice): what it calls runs once."""
    at = u.named_draws.get((id(node), name), -1)
    if not 0 <= at < len(u.lines) or not u.lines[at].lstrip().startswith(f"{name} = "):
        u.emit(f"{name} = {code}")
        u.named_draws[id(node), name] = len(u.lines) - 1


def named(u: Unit, node: ast.Call) -> Once:
    """For `min(max(x + draw(), 0), size)`, which is evaluated before all else of its statement: its arguments may get
    names, so that what tells which of them it is does not draw again."""
    if not impure(node):
        return Once(u, True, False)
    s = u.current
    first = s is not None and not u.inside and splices.moment(s, node) == splices.FIRST
    first = first and not isinstance(s, ast.While) and f"once_{node.lineno}" not in u.module.identifiers
    return Once(u, first, first)
