"""A name that stands for one thing after another (`x = conv(x)`, `x = x.reshape(n, m)`) as a name for each of them.

Compiled code gives each name one type. What the statements of a function's own list bind holds from there to the next
such statement, so each of these bindings may have a name of its own; what loops and branches bind in between stays with
the name that holds there.
"""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hasten.kernel.program import Module

SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def split(stmts: Sequence[ast.stmt], given: set[str], fresh: Callable[[str], str]) -> list[ast.stmt]:
    """The statements with new names for later bindings. `given`: what is bound before them."""
    count = Counter(s.targets[0].id for s in stmts if _plain(s))  # type: ignore[attr-defined]
    wanted = {n for n, times in count.items() if times > 1 or n in given} - _kept(stmts)
    seen = set(given)
    now: dict[str, str] = {}
    out: list[ast.stmt] = []
    for s in stmts:
        new = copy.deepcopy(s)
        target = new.targets[0] if isinstance(new, ast.Assign) and _plain(new) else None
        for n in ast.walk(new):
            if isinstance(n, ast.Name) and n is not target:
                n.id = now.get(n.id, n.id)
        if isinstance(target, ast.Name):
            name = target.id
            if name in wanted and name in seen:
                now[name] = target.id = fresh(name)
            seen.add(name)
        else:
            seen |= {n.id for n in ast.walk(s) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        out.append(new)
    return out


def lists_apart(module: Module, stmts: Sequence[ast.stmt], fresh: Callable[[str], str]) -> list[ast.stmt]:
    """`errors = []`, which is filled and then made an array of the same name (`errors = np.array(errors)`), with a
    name of its own for the list: nobody else sees the name while it stands for that."""
    if not any(_turned(module, s) for top in stmts for s in ast.walk(top)):
        return list(stmts)
    copied = copy.deepcopy(list(stmts))
    kept = _kept(copied)
    for body in _lists(copied):
        for at, s in enumerate(body):
            name = _turned(module, s)
            if not name or name in kept:
                continue
            first = next((i for i in range(at) if _begun(body[i], name)), None)
            if first is None or any(_begun(x, name) for x in body[first + 1 : at]):
                continue
            if _leaves_early(body[first:at]):
                continue  # somebody may see the list
            new = fresh(f"{name}_list")
            value = s.value  # type: ignore[attr-defined]
            for x in (*body[first:at], value):
                for n in ast.walk(x):
                    if isinstance(n, ast.Name) and n.id == name:
                        n.id = new
    return copied


def _turned(module: Module, s: ast.AST) -> str:
    """The name in `xs = np.array(xs)`."""
    if not isinstance(s, ast.Assign) or not _plain(s) or not isinstance(s.value, ast.Call):
        return ""
    name = s.targets[0].id  # type: ignore[attr-defined]
    if not (module.dotted(s.value.func) or "").startswith("numpy.") or not _mentions([s.value], name):
        return ""
    return str(name)


def _begun(s: ast.stmt, name: str) -> bool:
    return isinstance(s, ast.Assign) and _plain(s) and s.targets[0].id == name  # type: ignore[attr-defined]


def _mentions(nodes: Sequence[ast.AST], name: str) -> int:
    return sum(isinstance(n, ast.Name) and n.id == name for node in nodes for n in ast.walk(node))


def _leaves_early(body: Sequence[ast.stmt]) -> bool:
    """May a block end here?"""
    return any(isinstance(n, (ast.Break, ast.Continue)) for s in body for n in _own_jumps(s))


def _own_jumps(s: ast.stmt) -> list[ast.AST]:
    if isinstance(s, (ast.For, ast.While)):
        return [n for x in s.orelse for n in _own_jumps(x)]
    found: list[ast.AST] = [s]
    for field in ("body", "orelse"):
        for x in getattr(s, field, []):
            found += _own_jumps(x)
    return found


def _lists(stmts: list[ast.stmt]) -> list[list[ast.stmt]]:
    """Every run of statements."""
    found = [stmts]
    for s in stmts:
        if not isinstance(s, SCOPES):
            for field in ("body", "orelse"):
                inner = getattr(s, field, None)
                if isinstance(inner, list):
                    found += _lists(inner)
    return found


def _plain(s: ast.stmt) -> bool:
    return isinstance(s, ast.Assign) and len(s.targets) == 1 and isinstance(s.targets[0], ast.Name)


def _kept(stmts: Sequence[ast.stmt]) -> set[str]:
    """Names that mean more than one variable, or whose end matters."""
    found: set[str] = set()
    for s in stmts:
        for n in ast.walk(s):
            if isinstance(n, SCOPES):
                found |= {m.id for m in ast.walk(n) if isinstance(m, ast.Name)}
                found |= {m.arg for m in ast.walk(n) if isinstance(m, ast.arg)}
                found.add(getattr(n, "name", ""))
            elif isinstance(n, ast.comprehension):
                found |= {m.id for m in ast.walk(n.target) if isinstance(m, ast.Name)}
            elif isinstance(n, (ast.Global, ast.Nonlocal)):
                found |= set(n.names)
            elif isinstance(n, ast.ExceptHandler):
                found.add(n.name or "")
            elif isinstance(n, ast.Name) and isinstance(n.ctx, ast.Del):
                found.add(n.id)
            elif isinstance(n, (ast.Import, ast.ImportFrom)):
                found |= {(a.asname or a.name).partition(".")[0] for a in n.names}
            elif isinstance(n, (ast.MatchAs, ast.MatchStar)):
                found.add(n.name or "")
            elif isinstance(n, ast.MatchMapping):
                found.add(n.rest or "")
    return found
