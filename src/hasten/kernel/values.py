"""An expression of the program, as the code that a kernel has for it."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from hasten.kernel.kinds import Refuse, Type

if TYPE_CHECKING:
    from hasten.kernel.compiler import Unit

# how generated code spells a type
PY_TYPE = {"np.float64": "np.float64", "np.int64": "np.int64", "np.bool": "np.bool_"}


@dataclass(frozen=True)
class V:
    """An expression's code and type. `pend`: its float result is still to be checked for warnings.

    `tag` gives code for which of several kinds it is; `parts` are base and indexes of an element access.
    """

    code: str
    t: Type
    pend: bool = False
    tag: Callable[[], str] | None = None
    parts: tuple[str, tuple[str, ...]] | None = None
    leaf: bool = False
    single: tuple[str, V, V] | None = None  # the one operation on checked values that made it
    pair: tuple[str, str] | None = None  # of a value that may be None: is it? and what it is else
    lazy: object | None = None  # the tree of an expression of arrays (`arrays_tree.Node`)
    within: object | None = None  # where it lies in a container around it (`within.Within`)
    median_of: str | None = None  # the vector whose median it is: a zero's sign may depend on its order


def fail(reason: str, node: ast.AST | None = None) -> NoReturn:
    line = getattr(node, "lineno", None)
    raise Refuse(f"line {line}: {reason}" if line else reason)


def may_round(unit: Unit, what: str, node: ast.AST | None) -> None:
    """Notes that the kernel rounds otherwise than the program. Raises `Refuse` with `what`, where no bit may differ."""
    if unit.shared.exact:
        fail(what, node)
    unit.shared.rounding = True


def bare(code: str) -> str:
    """`code` without the parentheses around all of it."""
    if not (code.startswith("(") and code.endswith(")")):
        return code
    depth = 0
    for i, c in enumerate(code):
        depth += (c == "(") - (c == ")")
        if depth == 0 and i < len(code) - 1:
            return code
    inner = code[1:-1]
    depth = 0
    for c in inner:
        depth += (c in "([") - (c in ")]")
        if c == "," and depth == 0:
            return code  # a tuple
    return inner


PURE = frozenset(
    "int len abs min max float round bool sum any all sorted range set list zip enumerate reversed".split()
)


def impure(node: ast.AST) -> bool:
    """May evaluating it twice differ from evaluating it once (a list pops, a generator draws)?"""
    for n in ast.walk(node):
        if isinstance(n, ast.NamedExpr):
            return True
        if isinstance(n, ast.Call):
            f = n.func
            of_module = (
                isinstance(f, ast.Attribute) and isinstance(f.value, ast.Name) and f.value.id in ("math", "np", "numpy")
            )
            if not of_module and not (isinstance(f, ast.Name) and f.id in PURE):
                return True
    return False
