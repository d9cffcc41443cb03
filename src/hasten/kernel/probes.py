"""Containers that are empty when they are handed to a function, which is what fills them.

    q = defaultdict(lambda: [0.0, 0.0])
    for _ in range(n):
        steps, reward = episode(q, rng)

What such a dict or list holds is told by the function: it is gone through once, with as much as is known, only to see
what it puts in or looks up.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from hasten.kernel import closures, containers, inner, unbound
from hasten.kernel.kinds import Grow, Live, Map, Pooled, Refuse, Together, Type, invariant, loose, rooted, settled

if TYPE_CHECKING:
    from hasten.kernel.compiler import Unit
    from hasten.kernel.program import Module


def learn(
    u: Unit, func: ast.FunctionDef, types: Mapping[str, Type], empty: Collection[str], spelt: Mapping[str, ast.expr],
    module: Module,
) -> None:  # fmt: skip
    """Widens what the arguments `empty` hold by what a function does with them. `spelt`: the arguments as written."""
    from hasten.kernel.compiler import Unit as Another  # it builds on this module

    shared, mark = u.shared, f"{func.name}:{func.lineno}"
    if mark in shared.probing or not all(p in spelt for p in empty):
        return
    func = closures.lifted(func)
    body = unbound.guarded(func.body, set(types), lambda name: shared.module.fresh(name, shared.taken))
    if body is None:
        return
    functions, taken, used = dict(shared.functions), set(shared.taken), set(shared.used)
    probe = Another(shared, "_probe", body, dict(types), function=True, lookup=u.lookup, module=module)
    probe.top = False
    probe.inner = inner.of(func)
    shared.probing.add(mark)
    try:
        probe.run()
    except (Live, Pooled, Together):
        return  # what asks for another way to hold things asks again when it is compiled
    except Refuse:
        pass  # as far as it comes
    finally:
        shared.probing.discard(mark)
        shared.functions.clear()
        shared.functions.update(functions)
        shared.taken.clear()
        shared.taken.update(taken)
        shared.used.clear()
        shared.used.update(used)
    for p in empty:
        found = probe.env.get(p)
        if isinstance(found, (Grow, Map)) and invariant(found) != invariant(types[p]) and _more(found, types[p]):
            containers.widen(u, spelt[p], rooted(loose(found), frozenset()))


def _more(found: Type, known: Type) -> bool:
    """Is more known than before?"""
    if isinstance(found, Map) and isinstance(known, Map):
        more = settled(found.key) and not settled(known.key)
        return more or settled(found.value) and not (settled(known.value) or known.keys_only)
    return settled(found) and not settled(known)
