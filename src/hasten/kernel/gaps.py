"""What is asked of a dict or set that keys may have been taken out of (see `runtime_loose`), or of any other.

Only a kernel that takes keys out has such ones, and then all that it makes are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hasten.kernel import views
from hasten.kernel.kinds import Map, Type
from hasten.kernel.values import V

if TYPE_CHECKING:
    from hasten.kernel.compiler import Unit


def keyed(u: Unit, name: str) -> str:
    """A helper for dicts or sets that the kernel makes; where keys are taken out, the one that knows of gaps."""
    return u.helper(f"{name}_loose" if u.shared.removing else name)


def with_gaps(u: Unit, t: Type | None) -> bool:
    """Is it a dict or set that keys may have been taken out of? (See `runtime_loose`.)"""
    return u.shared.removing and isinstance(t, Map) and not t.frozen


def settled_by(u: Unit, t: Type | None) -> str:
    """The helper that fills the gaps of such a dict; "" where there are none."""
    return u.helper("settled_loose") if with_gaps(u, t) and isinstance(t, Map) and not t.keys_only else ""


def items(u: Unit, d: V, i: int) -> str:
    """The code of the keys (0) or values (1) of a dict or set, to be gone over."""
    if not with_gaps(u, d.t):
        return f"{d.code}[{i}]"
    assert isinstance(d.t, Map)
    return f"{u.helper('settled_set_loose' if d.t.keys_only else 'settled_loose')}({d.code})[{i}]"


def placed(u: Unit, d: V) -> str:
    """The code of a dict's values by the places of keys."""
    return f"{d.code}[{3 if with_gaps(u, d.t) else 1}]"


def size(u: Unit, d: V) -> str:
    """The code of the number of keys."""
    return f"{u.helper('size_loose')}({d.code})" if with_gaps(u, d.t) else f"len({d.code}[0])"


def leaving(u: Unit, t: Map, code: str) -> tuple[str, str]:
    """The code of keys and values of a dict that leaves the kernel."""
    d = V(code, t)
    return items(u, d, 0), views.leaving(t.value, items(u, d, 1), settled=settled_by(u, t.value))
